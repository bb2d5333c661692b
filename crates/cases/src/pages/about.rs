//! GET /about — what runs here: version, engine, how much there is.

use crate::ops::{ListQuery, counts_by_state};
use crate::service::Cases;
use access::{Ctx, Fault, Permission, show as show_page};
use askama::Template;
use axum::response::Response;
use store::Engine;
use ui::Ui;

/// One figure.
pub struct Figure {
    /// What is counted.
    pub label: String,
    /// How many.
    pub count: u64,
}

#[derive(Template)]
#[template(path = "cases_about.html")]
pub(super) struct AboutPage {
    pub ui: Ui,
    pub version: &'static str,
    pub engine: String,
    pub figures: Vec<Figure>,
}

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    // words: cases-about-*
    let mut figures: Vec<Figure> = [
        ("cases-about-divisions", city.territory.divisions().count()),
        ("cases-about-grids", city.territory.grids().len()),
        ("cases-about-units", city.units.in_force().count()),
        ("cases-about-matters", city.matters.classes().len()),
        ("cases-about-duties", city.duties.len()),
    ]
    .into_iter()
    .map(|(key, n)| Figure {
        label: ui.t(key),
        count: n as u64,
    })
    .collect();
    // The system administrator configures and sees no case, also not how many there are.
    if ctx.principal().may(Permission::CaseRead) {
        let counts = counts_by_state(&ctx, ListQuery::default()).await?;
        let cases: i64 = counts.iter().map(|(_, n)| n).sum();
        figures.push(Figure {
            label: ui.t("cases-about-cases"),
            count: u64::try_from(cases).unwrap_or(0),
        });
    }
    show_page(&AboutPage {
        ui,
        version: env!("CARGO_PKG_VERSION"),
        engine: match ctx.db().engine() {
            Engine::Sqlite => "SQLite".into(),
            Engine::Postgres => "PostgreSQL".into(),
        },
        figures,
    })
}
