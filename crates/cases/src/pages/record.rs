//! GET /call-backs — who still has to be called; GET /reviews — appeals, exclusions and drafts that wait for a decision.

use super::line::Line;
use crate::ops::desk::moments;
use crate::ops::{self, CaseError};
use crate::service::Cases;
use access::{Ctx, Fault, Query, show};
use askama::Template;
use axum::response::Response;
use kernel::{Cursor, Page, PageSize};
use serde::Deserialize;
use ui::{Html, Pager, Ui};

#[derive(Deserialize)]
pub(super) struct Wanted {
    after: Option<Cursor>,
}

/// A case of one of the two lists.
pub(super) struct WaitLine {
    pub line: Line,
    /// Since when it is over; empty while it goes on.
    pub ended: Html,
}

#[derive(Template)]
#[template(path = "cases_waits.html")]
pub(super) struct WaitsPage {
    pub ui: Ui,
    pub title: String,
    /// A sentence that says what stands here.
    pub about: String,
    pub empty: String,
    /// The column of what is waited for.
    pub has_wait: bool,
    pub lines: Vec<WaitLine>,
    pub pager: Pager,
}

pub(super) async fn calls(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let page = ops::calls(&ctx, PageSize::default(), wanted.after.as_ref()).await;
    // words: cases-calls-*, cases-menu-*
    let words = (
        "cases-menu-calls",
        "cases-calls-about",
        "cases-calls-empty",
        false,
    );
    waits(&ctx, ui, page, "/call-backs", wanted.after.is_some(), words)
}

pub(super) async fn reviews(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let page = ops::reviews(&ctx, PageSize::default(), wanted.after.as_ref()).await;
    // words: cases-reviews-*
    let words = (
        "cases-menu-reviews",
        "cases-reviews-about",
        "cases-reviews-empty",
        true,
    );
    waits(&ctx, ui, page, "/reviews", wanted.after.is_some(), words)
}

fn waits(
    ctx: &Ctx,
    ui: Ui,
    page: Result<Page<crate::Case>, CaseError>,
    address: &str,
    is_later: bool,
    (title, about, empty, has_wait): (&str, &str, &str, bool),
) -> Result<Response, Fault> {
    let page = page?;
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let at = moments(&cases, &city, ui.now);
    let lines: Vec<WaitLine> = page
        .items
        .iter()
        .map(|case| WaitLine {
            line: Line::of(&ui, &city, &at, case),
            ended: case.closed_at.map(|at| ui.time(at)).unwrap_or_default(),
        })
        .collect();
    let pager = Pager {
        previous: is_later.then(|| address.to_owned()),
        next: page.next.map(|after| format!("{address}?after={after}")),
        shown: lines.len() as u64,
        total: None,
    };
    show(&WaitsPage {
        title: ui.t(title),
        about: ui.t(about),
        empty: ui.t(empty),
        has_wait,
        lines,
        pager,
        ui,
    })
}
