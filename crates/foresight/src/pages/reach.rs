//! GET /under-reporting — places to go to and ask: a map beside the list, always with limits, never finer than a street.
//!
//! The page is public and leads to visits. What it shows comes from [`crate::reach`], whose corrected numbers can be told
//! to a reader and handed to nothing else.

use super::division_name;
use crate::ops::{self, Reached};
use crate::reach::{Reach, STANDS_DAYS, Street};
use access::{Ctx, Fault, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use cases::service::Cases;
use grid::{TileSet, Tiles};
use kernel::codes::{DivisionCode, DivisionLevel};
use matters::City;
use std::collections::BTreeMap;
use ui::{Html, Scale, Shade, Shading, Ui};

/// One street of the list.
pub(super) struct StreetRow {
    name: String,
    incidents: String,
    pub(super) ratio: String,
    is_low: bool,
    correction: String,
}

#[derive(Template)]
#[template(path = "foresight_reach.html")]
pub(super) struct ReachPage {
    ui: Ui,
    /// Where to go and ask.
    pub(super) low: Vec<String>,
    /// What the whole city is like; empty where nothing can be said.
    city_words: String,
    /// Empty where the territory has no borders, or the island was not built: then the list is what there is.
    map: Html,
    pub(super) rows: Vec<StreetRow>,
    hidden: String,
    /// Effects of facts of places.
    effects: Vec<String>,
    period: String,
}

pub(super) async fn under_reporting(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let reached = ops::reached(&ctx, &city).await?;
    let tiles = ctx.service_if_any::<Tiles>();
    show_as(
        StatusCode::OK,
        &reach_page(ui, &city, tiles.as_deref(), &reached),
    )
}

pub(super) fn reach_page(
    ui: Ui,
    city: &City,
    tiles: Option<&Tiles>,
    reached: &Reached,
) -> ReachPage {
    let name = |street: &Street| {
        code_of(reached, street).map_or_else(
            || ui.t("foresight-small-streets"),
            |code| division_name(&ui, city, code),
        )
    };
    let streets = reached.reach.as_ref().map_or(&[][..], |r| &r.streets);
    let rows = streets.iter().map(|s| StreetRow {
        name: name(s),
        incidents: ui.num(s.incidents),
        ratio: factor(s.ratio.ratio, s.ratio.lo, s.ratio.hi),
        is_low: s.is_low,
        correction: s
            .correction
            .map_or_else(|| ui.t("foresight-no-estimate"), |c| c.told(&ui)),
    });
    let from = ui.date_long(reached.from);
    ReachPage {
        low: streets.iter().filter(|s| s.is_low).map(name).collect(),
        rows: rows.collect(),
        city_words: reached
            .reach
            .as_ref()
            .map_or_else(String::new, |r| city_words(&ui, r)),
        map: tiles.map_or_else(Html::default, |t| map(&ui, city, t, reached)),
        hidden: match reached.reach.as_ref().map_or(0, |r| r.hidden) {
            0 => String::new(),
            n => ui.tn("foresight-hidden", "n", n),
        },
        effects: reached
            .reach
            .as_ref()
            .map_or_else(Vec::new, |r| effects(&ui, r)),
        period: ui.tn("foresight-reach-period", "from", from.as_str()),
        ui,
    }
}

/// The street of an estimate of its own; none for the small ones together.
fn code_of(reached: &Reached, street: &Street) -> Option<DivisionCode> {
    reached.streets.get(street.street?).copied()
}

fn map(ui: &Ui, city: &City, tiles: &Tiles, reached: &Reached) -> Html {
    let mut map = tiles.map(ui.t("foresight-ratio"), &[TileSet::Divisions]);
    if map.bounds.is_none() || reached.reach.is_none() {
        return Html::default();
    }
    let (shading, marked) = shaded(ui, city, reached);
    map.shading = Some(shading);
    map.marked = marked;
    map.show(ui)
}

/// Every street of the territory with its ratio, and the codes of those to go to. A street with too few incidents for an
/// estimate of its own is hatched and tells no number. Nothing finer than a street gets a shade.
pub(super) fn shaded(ui: &Ui, city: &City, reached: &Reached) -> (Shading, Vec<String>) {
    let streets = reached.reach.as_ref().map_or(&[][..], |r| &r.streets);
    let known: BTreeMap<DivisionCode, &Street> = streets
        .iter()
        .filter_map(|s| Some((code_of(reached, s)?, s)))
        .collect();
    let of_city = city.territory.divisions().map(|d| d.code);
    let codes = of_city
        .filter(|code| code.level() == DivisionLevel::Street)
        .chain(known.keys().copied());
    let shade = |code: DivisionCode| {
        let name = division_name(ui, city, code);
        let street = known.get(&code);
        let told = street.map_or_else(
            || ui.t("foresight-too-few"),
            |s| {
                ui.t2(
                    "foresight-shade",
                    "ratio",
                    factor(s.ratio.ratio, s.ratio.lo, s.ratio.hi).as_str(),
                    "n",
                    s.incidents,
                )
            },
        );
        let shade = Shade {
            code: code.to_string(),
            value: street.map(|s| s.ratio.ratio),
            text: ui.t2(
                "ui-map-shade",
                "name",
                name.as_str(),
                "value",
                told.as_str(),
            ),
            href: String::new(),
        };
        (code, shade)
    };
    let places: BTreeMap<DivisionCode, Shade> = codes.map(shade).collect();
    let low = known.iter().filter(|(_, s)| s.is_low);
    let shading = Shading {
        set: TileSet::Divisions.as_str(),
        name: ui.t("foresight-ratio"),
        scale: Scale::Ratio,
        places: places.into_values().collect(),
    };
    (shading, low.map(|(code, _)| code.to_string()).collect())
}

/// A factor with its limits: never the one without the other.
fn factor(value: f64, lo: f64, hi: f64) -> String {
    format!("{value:.2} ({lo:.2}–{hi:.2})")
}

fn city_words(ui: &Ui, reach: &Reach) -> String {
    let rate = reach.rate;
    ui.ta(
        "foresight-reach-city",
        &[
            ("incidents", &ui.num(reach.incidents)),
            ("again", &ui.num(reach.again)),
            (
                "rate",
                &format!("{:.3} ({:.3}–{:.3})", rate.ratio, rate.lo, rate.hi),
            ),
            ("days", &format!("{STANDS_DAYS:.0}")),
        ],
    )
}

fn effects(ui: &Ui, reach: &Reach) -> Vec<String> {
    // words: foresight-fact-*
    let one = |e: &crate::reach::Effect| {
        let fact = ui.t(&format!("foresight-fact-{}", e.fact.as_str()));
        let by = factor(e.factor, e.lo, e.hi);
        ui.t2(
            "foresight-effect",
            "fact",
            fact.as_str(),
            "factor",
            by.as_str(),
        )
    };
    reach.effects.iter().map(one).collect()
}
