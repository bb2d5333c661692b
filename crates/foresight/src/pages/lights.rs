//! GET /forecast/lights — how the last week compares with its forecast, as a piece that other pages fetch: the city and its
//! districts, each with the limits its light comes from.
//!
//! A page includes it by `<div hx-get="/forecast/lights" hx-trigger="load"><a href="/forecast">…</a></div>`; without script
//! the link is what there is. Whoever shows it needs to know nothing of this crate.

use super::{AGAIN_S, Row, feed_words, place_name, row};
use crate::ops::{self, ForesightError, Prospect, Question};
use access::{Ctx, Fault, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use cases::service::Cases;
use matters::City;
use ui::Ui;

#[derive(Template)]
#[template(path = "foresight_lights.html")]
pub(super) struct LightsPiece {
    ui: Ui,
    /// What is wrong with the feed; empty where nothing is.
    feed: String,
    rows: Vec<Row>,
}

/// The work goes on: the piece asks again by itself.
#[derive(Template)]
#[template(path = "foresight_lights_working.html")]
pub(super) struct WorkingPiece {
    pub(super) ui: Ui,
    pub(super) again_s: u32,
}

pub(super) async fn lights(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    match ops::forecast(&ctx, &city, Question::default()).await {
        Err(ForesightError::Working) => {
            let again_s = AGAIN_S;
            show_as(StatusCode::ACCEPTED, &WorkingPiece { ui, again_s })
        }
        found => show_as(StatusCode::OK, &piece(ui, &city, &*found?)),
    }
}

pub(super) fn piece(ui: Ui, city: &City, prospect: &Prospect) -> LightsPiece {
    let outlook = &prospect.outlook;
    let names = prospect.places.iter().map(|p| place_name(&ui, city, *p));
    let places = names
        .zip(&outlook.places)
        .map(|(name, line)| row(&ui, name, line));
    let whole = row(&ui, ui.t("foresight-together"), &outlook.whole);
    let rows = if prospect.places.is_empty() {
        Vec::new()
    } else {
        std::iter::once(whole).chain(places).collect()
    };
    LightsPiece {
        feed: feed_words(&ui, prospect),
        rows,
        ui,
    }
}
