//! Decisions: what everybody may know of a case, which place is meant, what an address is, when a digest is due. Pure.

use crate::model::{Entry, NearError, Stand, Subscription};
use cases::Case;
use grid::model::in_force;
use grid::{Division, Territory};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{DivisionCode, DivisionLevel};
use kernel::geo::Point;
use matters::{City, MatterClass};
use open311::place::street_of;
use open311::sql::Shown;
use sha2::{Digest as _, Sha256};

/// How far back the list goes: what was reported earlier is history, not what happens.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(365 * 24);
/// A subscription that nobody confirmed is removed after so long.
pub const CONFIRM_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// Digests are made from this local hour on.
pub const DIGEST_FROM_HOUR: i8 = 8;
/// What was written within this time may still be on its way into the store; the next digest tells of it.
pub const SETTLING: SignedDuration = SignedDuration::from_secs(60);
/// Classes a subscription may name.
pub const MOST_CLASSES: usize = 20;

/// What everybody may know of a public case; none of one that is not.
pub fn entry(city: &City, shown: &Shown) -> Option<Entry> {
    let case = &shown.case;
    if !open311::ops::is_public(city, case) {
        return None;
    }
    let is_open = !case.state.is_final();
    let words = shown.text.clone().unwrap_or_default();
    Some(Entry {
        id: case.id,
        number: case.number,
        matter: case.matter?,
        stand: Stand::of(case.state)?,
        is_open,
        place: street_of(&city.territory, case.place.here()?),
        reported_at: case.reported_at,
        due_at: case.due_at.filter(|_| is_open),
        broken_from: broken_from(case).filter(|_| is_open),
        ended_at: case.closed_at.filter(|_| !is_open),
        changed_at: changed_at(case, shown.reviewed_at.filter(|_| !words.is_empty())),
        words,
    })
}

/// On time is judged by the end of handling, as everywhere: what was done in time and is looked at is not late.
fn broken_from(case: &Case) -> Option<Timestamp> {
    let is_kept = |due: &Timestamp| case.handled_at.is_some_and(|handled| handled <= *due);
    case.counted_due().filter(|due| !is_kept(due))
}

/// When what everybody may know last changed. Notes and looks inside the house move no public fact, so they move not this.
fn changed_at(case: &Case, words_at: Option<Timestamp>) -> Timestamp {
    [
        case.accepted_at,
        case.registered_at,
        case.dispatched_at,
        case.due_from,
        case.extended_at,
        case.handled_at,
        case.reworked_at,
        case.closed_at,
        words_at,
    ]
    .into_iter()
    .flatten()
    .fold(case.reported_at, Timestamp::max)
}

/// A place by its code, as far as there is news of it: a division from the district to the community.
///
/// # Errors
/// `place`, for what is no code or no division of this city.
pub fn place(territory: &Territory, text: &str) -> Result<DivisionCode, NearError> {
    let wrong = |reason: String| NearError::field("place", "nearby.place", reason);
    let code: DivisionCode = text
        .trim()
        .parse()
        .map_err(|e: kernel::codes::CodeError| wrong(e.to_string()))?;
    match territory.division(code) {
        Some(_) if code.level() >= DivisionLevel::District => Ok(code),
        _ => Err(wrong(format!("there is no place {code}"))),
    }
}

/// The place around a point: its street, or the smallest larger division where no street is known.
///
/// # Errors
/// `lon` or `lat`, for what is no point or lies outside the city.
pub fn place_at(territory: &Territory, lon: &str, lat: &str) -> Result<DivisionCode, NearError> {
    let degrees = |field: &'static str, text: &str| -> Result<f64, NearError> {
        let wrong = |reason: &str| NearError::field(field, "nearby.point", reason);
        let read = text.trim().parse::<f64>();
        read.ok()
            .filter(|x| x.is_finite())
            .ok_or_else(|| wrong("is not a number of degrees"))
    };
    let (lon, lat) = (degrees("lon", lon)?, degrees("lat", lat)?);
    let point = Point::new(lon, lat)
        .map_err(|_| NearError::field("lon", "nearby.point", "is no point on the earth"))?;
    territory
        .division_at(point)
        .and_then(|division| street_of(territory, division))
        .ok_or_else(|| NearError::field("lon", "nearby.outside", "lies outside the city"))
}

/// The divisions of a level to choose from: in force on a day, below one or all.
pub fn choices(territory: &Territory, below: Option<DivisionCode>, on: Date) -> Vec<&Division> {
    let is_there = |d: &&Division| in_force(d.valid_from, d.valid_to, on);
    match below {
        Some(place) => territory.children(place).filter(is_there).collect(),
        None => {
            let districts = territory.divisions().filter(is_there);
            districts
                .filter(|d| d.level() == DivisionLevel::District)
                .collect()
        }
    }
}

/// The public classes that people choose from, each code once.
pub fn classes(city: &City) -> Vec<&MatterClass> {
    let public = open311::ops::public_classes(city);
    let mut classes: Vec<&MatterClass> = city
        .matters
        .choices()
        .filter(|c| public.contains(&c.id))
        .collect();
    classes.sort_by(|a, b| a.code.cmp(&b.code));
    classes.dedup_by(|a, b| a.code == b.code);
    classes
}

/// A mail address as it was typed, without space around it. What a mail program would read as more than one, or as a name
/// with an address, is none.
///
/// # Errors
/// `email`, for what is none.
pub fn address(text: &str) -> Result<String, NearError> {
    let text = text.trim();
    if kernel::contact::is_mail_address(text) {
        Ok(text.to_owned())
    } else {
        let reason = "is no mail address";
        Err(NearError::field("email", "nearby.email", reason))
    }
}

/// What the store keeps of a link: 256 random bits need no salt. None of what is no link of ours.
pub fn link_hash(link: &str) -> Option<[u8; 32]> {
    let is_ours = link.len() == 64
        && link
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    is_ours.then(|| Sha256::digest(link.as_bytes()).into())
}

/// The local day for which digests are due; none before the hour from which they are made.
pub fn digest_day(now: Timestamp, tz: &TimeZone) -> Option<Date> {
    let local = now.to_zoned(tz.clone());
    (local.hour() >= DIGEST_FROM_HOUR).then(|| local.date())
}

/// Whether a digest for a subscription tells of an entry: of its classes, changed in the stretch that it is about.
pub fn is_news(
    subscription: &Subscription,
    code: &str,
    entry: &Entry,
    since: Timestamp,
    until: Timestamp,
) -> bool {
    subscription.wants(code) && (since..until).contains(&entry.changed_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_one_and_only_one() {
        for fine in [
            "li@city.example",
            " Li.Lei+near@a-b.gov.cn ",
            "李@例子.中国",
        ] {
            assert_eq!(address(fine).unwrap(), fine.trim(), "{fine}");
        }
        let long = format!("{}@city.example", "a".repeat(250));
        for wrong in [
            "",
            "li",
            "@city.example",
            "li@",
            "li@city",
            "li@city..example",
            "li@-city.example",
            "li@a.example,wang@b.example",
            "Li <li@city.example>",
            "li@city.example\r\nBcc: wang@city.example",
            "li li@city.example",
            "li@wang@city.example",
            &long,
        ] {
            let error = address(wrong).unwrap_err();
            assert_eq!(
                access::Problem::field(&error).as_deref(),
                Some("email"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn digests_are_made_from_eight_on() {
        let tz = TimeZone::get("Asia/Shanghai").unwrap();
        let at = |text: &str| digest_day(text.parse().unwrap(), &tz);
        assert_eq!(at("2026-03-16T07:59:59+08:00"), None);
        assert_eq!(
            at("2026-03-16T08:00:00+08:00"),
            Some(jiff::civil::date(2026, 3, 16))
        );
        assert_eq!(
            at("2026-03-16T23:59:59+08:00"),
            Some(jiff::civil::date(2026, 3, 16))
        );
    }

    #[test]
    fn only_a_link_of_ours_has_a_hash() {
        assert!(link_hash(&"0f".repeat(32)).is_some());
        for wrong in [
            "",
            "0f",
            &"0F".repeat(32),
            &"zz".repeat(32),
            &"0f".repeat(33),
        ] {
            assert_eq!(link_hash(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}", other in ".{0,30}") {
            let territory = Territory::default();
            let _ = address(&text);
            let _ = link_hash(&text);
            prop_assert!(place(&territory, &text).is_err());
            prop_assert!(place_at(&territory, &text, &other).is_err());
        }
        #[test]
        fn no_point_of_an_empty_city_has_a_place(lon in -200.0..200.0_f64, lat in -100.0..100.0_f64) {
            let found = place_at(&Territory::default(), &lon.to_string(), &lat.to_string());
            prop_assert!(found.is_err());
        }
    }
}
