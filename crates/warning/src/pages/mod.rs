//! The pages of warnings: the list with its map, one finding, the detectors and their worth, back-tests.
//!
//! They show what `ops` answers; every page works without script, and every map and chart has its list or table.

mod backtests;
mod detectors;
mod list;
mod map;
mod one;
mod sketch;

use crate::model::{Standing, Verdict};
use crate::sql::Warning;
use crate::track::Sight;
use crate::view;
use crate::words::Both;
use access::{Permission, Routes};
use axum::http::Method;
use jiff::civil::Date;
use matters::City;
use ui::{Crumb, Ui};

/// Adds the pages to the calls of warnings.
pub fn add(routes: Routes) -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, manage) = (Permission::WarningRead, Permission::WarningManage);
    routes
        .on(get(), "/warnings", read, list::show)
        .on(post(), "/warnings/runs", manage, list::look)
        .on(get(), "/warnings/detectors", read, detectors::show)
        .on(
            post(),
            "/warnings/detectors/{code}",
            manage,
            detectors::change,
        )
        .on(get(), "/warnings/backtests", read, backtests::list)
        .on(post(), "/warnings/backtests", manage, backtests::begin)
        .on(get(), "/warnings/backtests/{id}", read, backtests::show)
        .on(get(), "/warnings/{id}", read, one::show)
        .on(
            post(),
            "/warnings/{id}/{act}",
            Permission::WarningRead,
            one::act,
        )
}

// words: warning-standing-* warning-verdict-* warning-level-* warning-method-*

/// The word of a standing, with how it is meant.
fn standing(ui: &Ui, standing: Standing) -> (String, &'static str) {
    let tone = match standing {
        Standing::New => "warn",
        Standing::Seen => "info",
        Standing::Task => "good",
        Standing::Dismissed => "info",
    };
    (ui.t(&format!("warning-standing-{standing}")), tone)
}

/// The word of a verdict.
fn verdict(ui: &Ui, verdict: Verdict) -> String {
    ui.t(&format!(
        "warning-verdict-{}",
        verdict.as_str().replace('_', "-")
    ))
}

fn in_lang(ui: &Ui, both: &Both) -> String {
    both.in_lang(ui.lang.tag()).to_owned()
}

/// A day as people say it, with its weekday's neighbours in mind: 3 月 10 日.
fn day(ui: &Ui, date: Date) -> String {
    ui.date_text(date)
}

/// An expected number as people read it.
fn expected(n: f64) -> String {
    if n < 9.95 {
        format!("{n:.1}")
    } else {
        format!("{n:.0}")
    }
}

/// How rare something is: a number of days, of years, or beyond.
fn rarity(ui: &Ui, days: f64) -> String {
    if days >= crate::detect::LONGEST_RECURRENCE_DAYS {
        return ui.t("warning-rarer");
    }
    if days >= 3650.0 {
        return ui.tn("warning-once-years", "n", (days / 365.25).round() as u64);
    }
    ui.tn("warning-once-days", "n", days.round() as u64)
}

/// A finding in a list.
struct Row {
    href: String,
    sentence: String,
    standing: String,
    tone: &'static str,
    /// Empty where nobody has judged it.
    verdict: String,
    window: String,
    now: SightCells,
    last_seen: String,
    /// Its number on the map.
    mark: usize,
}

/// The numbers of a sight as cells of a table.
struct SightCells {
    day: String,
    detector: String,
    window: String,
    observed: u32,
    voices: u32,
    expected: String,
    rarity: String,
    p: String,
    places: u32,
}

fn window(ui: &Ui, sight: &Sight) -> String {
    if sight.from == sight.to {
        day(ui, sight.to)
    } else {
        ui.t2(
            "warning-window",
            "from",
            day(ui, sight.from).as_str(),
            "to",
            day(ui, sight.to).as_str(),
        )
    }
}

/// What a detector is called: those of the program have words, those of a city the name it gave.
// words: warning-named-*
fn detector_word(ui: &Ui, code: &str) -> String {
    let key = format!("warning-named-{code}");
    if ui.site.words.has(&key) {
        ui.t(&key)
    } else {
        code.to_owned()
    }
}

impl SightCells {
    fn of(ui: &Ui, sight: &Sight) -> Self {
        Self {
            day: day(ui, sight.day),
            detector: ui.t2(
                "warning-detector-version",
                "code",
                detector_word(ui, &sight.detector).as_str(),
                "version",
                sight.version.to_string().as_str(),
            ),
            window: window(ui, sight),
            observed: sight.observed,
            voices: sight.voices,
            expected: expected(sight.expected),
            rarity: rarity(ui, sight.recurrence_days),
            p: if sight.p < 0.001 {
                format!("{:.0e}", sight.p)
            } else {
                format!("{:.3}", sight.p)
            },
            places: sight.places,
        }
    }
}

impl Row {
    fn of(ui: &Ui, city: &City, warning: &Warning, mark: usize) -> Self {
        let (word, tone) = standing(ui, warning.standing);
        Self {
            href: format!("/warnings/{}", warning.id),
            sentence: in_lang(ui, &view::sentence(city, &warning.track)),
            standing: word,
            tone,
            verdict: warning.verdict.map_or_else(String::new, |v| verdict(ui, v)),
            window: window(ui, &warning.track.now),
            now: SightCells::of(ui, &warning.track.now),
            last_seen: day(ui, warning.track.last_seen),
            mark,
        }
    }
}

/// The way back to the list.
fn crumbs(ui: &Ui) -> Vec<Crumb> {
    vec![Crumb {
        label: ui.t("warning-title"),
        href: "/warnings".to_owned(),
    }]
}

#[cfg(test)]
mod tests;
