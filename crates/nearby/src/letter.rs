//! The words of the letters: the first, which asks whether it is wanted, and the digest. Pure.

use crate::model::{Entry, Subscription};
use crate::pages::{place_name, stand_sentence};
use matters::City;
use ui::Ui;

/// The most entries of one digest; the rest is behind a link.
const MOST_TOLD: usize = 30;

/// A letter in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worded {
    /// One line.
    pub title: String,
    /// The text.
    pub text: String,
    /// What stands below the text: where the subscription is confirmed or ended.
    pub link: String,
    /// Where one POST ends it; empty for the first letter, which leads to nothing unless it is confirmed.
    pub ends_at: String,
}

/// The first letter.
pub fn confirm(ui: &Ui, city: &City, one: &Subscription, base: &str, link: &str) -> Worded {
    let place = place_name(ui, city, one.place);
    Worded {
        title: ui.tn("nearby-letter-confirm-title", "place", place.as_str()),
        text: ui.tn("nearby-letter-confirm", "place", place.as_str()),
        link: format!("{base}/near/confirm/{link}"),
        ends_at: String::new(),
    }
}

/// What is new at a place.
pub fn digest(
    ui: &Ui,
    city: &City,
    one: &Subscription,
    base: &str,
    link: &str,
    entries: &[&Entry],
) -> Worded {
    let place = place_name(ui, city, one.place);
    let count = entries.len() as u64;
    let mut parts: Vec<String> = entries
        .iter()
        .take(MOST_TOLD)
        .map(|entry| told(ui, city, base, entry))
        .collect();
    let more = entries.len().saturating_sub(MOST_TOLD);
    if more > 0 {
        parts.push(ui.tn("nearby-letter-more", "n", more as u64));
    }
    parts.push(format!(
        "{}\n{base}/near?place={}",
        ui.t("nearby-letter-all"),
        one.place
    ));
    parts.push(ui.t("nearby-letter-end"));
    let stop = format!("{base}/near/stop/{link}");
    Worded {
        title: ui.t2("nearby-letter-title", "place", place, "n", count),
        text: parts.join("\n\n"),
        link: stop.clone(),
        ends_at: stop,
    }
}

/// An entry as a few lines of text.
fn told(ui: &Ui, city: &City, base: &str, entry: &Entry) -> String {
    let class = city.matter(entry.matter);
    let name = class.map(|c| c.name(ui.lang.tag())).unwrap_or_default();
    let place = entry.place.map(|p| place_name(ui, city, p));
    let mut lines = vec![
        ui.t2(
            "nearby-entry-title",
            "matter",
            name,
            "place",
            place.unwrap_or_default(),
        ),
        stand_sentence(ui, entry),
    ];
    if !entry.words.is_empty() {
        lines.push(entry.words.clone());
    }
    lines.push(format!("{base}/near/matters/{}", entry.number));
    lines.join("\n")
}
