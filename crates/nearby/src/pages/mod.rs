//! The pages: a place with its list and map, one matter, and what becomes of a subscription. They work without script.

mod near;
mod subscription;

use crate::model::Entry;
use access::{Permission, Routes};
use axum::http::Method;
use grid::Division;
use jiff::Timestamp;
use kernel::codes::{DivisionCode, DivisionLevel};
use matters::City;
use ui::{Lang, Ui};

/// Adds the pages to the calls.
pub fn add(routes: Routes) -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let everybody = Permission::Public;
    routes
        .on(get(), "/near", everybody, near::show)
        .on(get(), "/near/matters/{number}", everybody, near::one)
        .on(post(), "/near/subscribe", everybody, near::subscribe)
        .on(
            get(),
            "/near/confirm/{link}",
            everybody,
            subscription::ask_confirm,
        )
        .on(
            post(),
            "/near/confirm/{link}",
            everybody,
            subscription::confirm,
        )
        .on(
            get(),
            "/near/stop/{link}",
            everybody,
            subscription::ask_stop,
        )
}

pub(crate) use subscription::stop;

/// A division with those above it up to the district, as people read it.
pub(crate) fn place_name(ui: &Ui, city: &City, place: DivisionCode) -> String {
    let territory = &city.territory;
    let above = territory.ancestors(place).into_iter();
    let mut path: Vec<&Division> = territory
        .division(place)
        .into_iter()
        .chain(above)
        .filter(|d| d.level() >= DivisionLevel::District)
        .collect();
    let separator = match ui.lang {
        Lang::Zh => {
            path.reverse();
            " "
        }
        Lang::En => ", ",
    };
    let names: Vec<&str> = path.iter().map(|d| d.name_in(ui.lang)).collect();
    names.join(separator)
}

/// The date of a moment with its year, without nearness: a feed and a letter are read on another day.
pub(crate) fn date(ui: &Ui, at: Timestamp) -> String {
    ui.date_long(at.to_zoned(ui.site.time_zone.clone()).date())
}

/// Where an entry stands and its dates, as a sentence.
pub(crate) fn stand_sentence(ui: &Ui, entry: &Entry) -> String {
    let stand = ui.t(entry.stand.key());
    let reported = date(ui, entry.reported_at);
    match (entry.ended_at, entry.due_at) {
        (Some(ended), _) => ui.ta(
            "nearby-sentence-ended",
            &[
                ("stand", &stand),
                ("reported", &reported),
                ("ended", &date(ui, ended)),
            ],
        ),
        // words: nearby-sentence-*
        (None, Some(due)) => ui.ta(
            if entry.is_late(ui.now) {
                "nearby-sentence-late"
            } else {
                "nearby-sentence-due"
            },
            &[
                ("stand", &stand),
                ("reported", &reported),
                ("due", &date(ui, due)),
            ],
        ),
        (None, None) => ui.t2(
            "nearby-sentence",
            "stand",
            stand.as_str(),
            "reported",
            reported.as_str(),
        ),
    }
}

#[cfg(test)]
mod tests;
