//! A finding in words, from the city's snapshot: what the API, the pages and the command line have in common.

use crate::counts::days_between;
use crate::track::Track;
use crate::words::{self, Both, Said};
use matters::{City, MatterId};

/// A class in both languages.
pub fn class(city: &City, id: MatterId) -> Both {
    city.matter(id).map_or_else(
        || Both {
            zh: id.to_string(),
            en: id.to_string(),
        },
        |class| Both {
            zh: class.name("zh").to_owned(),
            en: class.name("en").to_owned(),
        },
    )
}

/// Where a finding lies.
pub fn place(city: &City, track: &Track) -> Both {
    words::place(&city.territory, track.level, &track.places)
}

/// What a finding says.
pub fn sentence(city: &City, track: &Track) -> Both {
    words::sentence(&Said {
        category: &class(city, track.category),
        place: &place(city, track),
        days: days_between(track.now.from, track.now.to) + 1,
        observed: track.now.observed,
        expected: track.now.expected,
        recurrence_days: track.now.recurrence_days,
    })
}
