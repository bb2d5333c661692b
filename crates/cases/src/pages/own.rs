//! GET /my-reports — what a resident reported with the account that is signed in; GET and POST below /my-reports/{number} — one
//! of it, as by the private link.

use super::track::{self, Door};
use crate::model::Case;
use crate::ops::{self, Proof, Tracked};
use crate::service::Cases;
use access::{Ctx, Fault, Fields, Path, Permission, Query, Routes, show as show_page};
use askama::Template;
use axum::http::Method;
use axum::response::Response;
use kernel::codes::CaseNumber;
use kernel::{Cursor, PageSize};
use matters::City;
use serde::Deserialize;
use ui::{Html, Pager, Ui};

pub(super) fn add(routes: Routes) -> Routes {
    let own = Permission::CaseOwn;
    let post = || Method::POST;
    routes
        .on(Method::GET, "/my-reports", own, list)
        .on(Method::GET, "/my-reports/{number}", own, show)
        .on(post(), "/my-reports/{number}/answer", own, answer)
        .on(post(), "/my-reports/{number}/rate", own, rate)
        .on(post(), "/my-reports/{number}/reopen", own, reopen)
        .on(post(), "/my-reports/{number}/message", own, message)
}

/// The characters of a description in the list.
const SHORT: usize = 60;

/// One report of the list.
pub struct Row {
    /// Where it is followed.
    pub href: String,
    /// The beginning of its words, else its class.
    pub about: String,
    /// Its number.
    pub number: String,
    /// When it was reported.
    pub when: Html,
    /// How it stands, in a sentence.
    pub stands: String,
    /// By when, or what happens next; empty where nothing is promised.
    pub promise: String,
    /// The key of what waits for the reader; empty if nothing.
    pub waits: &'static str,
}

#[derive(Template)]
#[template(path = "cases_own.html")]
pub(super) struct OwnPage {
    pub ui: Ui,
    pub rows: Vec<Row>,
    pub pager: Pager,
}

/// What waits for the requester: a question before a rating.
fn waits(tracked: &Tracked) -> &'static str {
    // words: cases-own-*
    let is_rated = tracked.own.call_back.is_some();
    if tracked.own.question.is_some() {
        "cases-own-question"
    } else if tracked.may_rate && !is_rated {
        "cases-own-rate"
    } else {
        ""
    }
}

/// The beginning of the own words: by them a person knows the matter again.
fn words_of(own: &Case) -> Option<String> {
    let words = own.description.trim();
    let short: String = words.chars().take(SHORT).collect();
    let more = if short.len() < words.len() { "…" } else { "" };
    (!words.is_empty()).then(|| format!("{short}{more}"))
}

/// The promised date; before there is one, what happens next and by when.
fn promise(ui: &Ui, end: &Case) -> String {
    match end
        .due_at
        .filter(|_| !end.state.is_final() && end.handled_at.is_none())
    {
        Some(at) => ui.tn("cases-own-due", "time", ui.time_text(at)),
        None => super::report::next_promise(ui, end),
    }
}

pub(super) fn row(ui: &Ui, city: &City, tracked: &Tracked) -> Row {
    let (own, end) = (&tracked.own, &tracked.end);
    let class = end.matter.and_then(|m| city.matter(m));
    // words: cases-stands-*
    let state = end.state.as_str().replace('_', "-");
    Row {
        href: format!("/my-reports/{}", own.number),
        about: words_of(own).unwrap_or_else(|| {
            class
                .map(|c| c.name(ui.lang.tag()).to_owned())
                .unwrap_or_default()
        }),
        number: own.number.to_string(),
        when: ui.time(own.reported_at),
        stands: ui.t(&format!("cases-stands-{state}")),
        promise: promise(ui, end),
        waits: waits(tracked),
    }
}

#[derive(Deserialize)]
struct Wanted {
    after: Option<Cursor>,
}

async fn list(ctx: Ctx, ui: Ui, Query(wanted): Query<Wanted>) -> Result<Response, Fault> {
    let page = ops::own_cases(&ctx, PageSize::default(), wanted.after.as_ref()).await?;
    let city = ctx.service::<Cases>().city();
    let rows: Vec<Row> = page.items.iter().map(|t| row(&ui, &city, t)).collect();
    show_page(&OwnPage {
        pager: Pager {
            previous: wanted.after.is_some().then(|| "/my-reports".to_owned()),
            next: page.next.map(|after| format!("/my-reports?after={after}")),
            shown: rows.len() as u64,
            total: None,
        },
        rows,
        ui,
    })
}

fn door(number: CaseNumber) -> Door<'static> {
    Door {
        proof: Proof::Account(number),
        address: format!("/my-reports/{number}"),
    }
}

async fn show(ctx: Ctx, ui: Ui, Path(number): Path<CaseNumber>) -> Result<Response, Fault> {
    track::own(&ctx, ui, &door(number)).await
}

async fn answer(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    track::answered(&ctx, ui, &door(number), &fields).await
}

async fn rate(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    track::rated(&ctx, ui, &door(number), &fields).await
}

async fn reopen(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    track::reopened(&ctx, ui, &door(number), &fields).await
}

async fn message(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
    fields: Fields,
) -> Result<Response, Fault> {
    track::added(&ctx, ui, &door(number), &fields).await
}
