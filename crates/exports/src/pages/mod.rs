//! GET and POST /exports — one's own exports, and a form for the next one. GET /exports/{id} — how far one is, its hash, its
//! file; begin anew, remove.

#[cfg(test)]
mod tests;

use crate::http::file;
use crate::model::{Asked, Export, ExportError, ExportId, Kind, State, Why};
use crate::ops::{self, Offered};
use access::{Ctx, Fault, Fields, Go, Path, Permission, Problem as _, Routes, show, show_as};
use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use kernel::id::Id;
use ui::{Choice, Crumb, FormState, Html, Lang, Tone, Ui};
use vault::Purpose;

/// Exports on the page.
const MOST: i64 = 50;

pub(crate) fn add(routes: Routes) -> Routes {
    let export = Permission::CaseExport;
    routes
        .on(Method::GET, "/exports", export, list)
        .on(Method::POST, "/exports", export, ask)
        .on(Method::GET, "/exports/{id}", export, one)
        .on(Method::GET, "/exports/{id}/file", export, file)
        .on(Method::POST, "/exports/{id}/again", export, again)
        .on(Method::POST, "/exports/{id}/remove", export, remove)
}

// words: exports-menu* exports-kind-* exports-state-* exports-why-* exports-error-* exports-begun-again* exports-removed*
fn kind_word(ui: &Ui, kind: Kind) -> String {
    ui.t(match kind {
        Kind::CasesCsv => "exports-kind-cases-csv",
        Kind::CasesGeojson => "exports-kind-cases-geojson",
        Kind::FactsParquet => "exports-kind-facts-parquet",
    })
}

fn state_word(state: State) -> (&'static str, &'static str) {
    match state {
        State::Waiting => ("exports-state-waiting", "info"),
        State::Running => ("exports-state-running", "info"),
        State::Done => ("exports-state-done", "good"),
        State::Failed => ("exports-state-failed", "bad"),
        State::Removed => ("exports-state-removed", "info"),
    }
}

/// The days asked for.
fn period_word(ui: &Ui, asked: &Asked) -> String {
    match (asked.from, asked.to) {
        _ if !asked.kind.is_of_cases() => ui.t("exports-all-cases"),
        (None, None) => ui.t("exports-all-cases"),
        (Some(from), None) => ui.tn("exports-since", "from", ui.date_long(from).as_str()),
        (None, Some(to)) => ui.tn("exports-until", "to", ui.date_long(to).as_str()),
        (Some(from), Some(to)) => ui.t2(
            "exports-between",
            "from",
            ui.date_long(from).as_str(),
            "to",
            ui.date_long(to).as_str(),
        ),
    }
}

fn purpose_word(ui: &Ui, purposes: &[Purpose], code: &str) -> String {
    let known = purposes.iter().find(|p| p.code == code);
    known.map_or_else(|| code.to_owned(), |p| name_of(ui, p))
}

fn name_of(ui: &Ui, purpose: &Purpose) -> String {
    match ui.lang {
        Lang::Zh => purpose.name_zh.clone(),
        Lang::En => purpose.name_en.clone(),
    }
}

/// Rows of the file, or how much of it is written.
fn rows_word(ui: &Ui, export: &Export) -> String {
    match (export.state, percent(export)) {
        (State::Running, Some(percent)) => ui.percent(percent as f64 / 100.0),
        (State::Done, _) => ui.num(export.written),
        (State::Removed, _) if export.sha256.is_some() => ui.num(export.written),
        _ => "–".to_owned(),
    }
}

/// How far it is, of a hundred; none while that is not known.
fn percent(export: &Export) -> Option<i64> {
    let expected = export
        .expected
        .filter(|expected| export.state == State::Running && *expected > 0)?;
    Some((export.written * 100 / expected).clamp(0, 100))
}

struct Line {
    href: String,
    kind: String,
    period: String,
    has_people: bool,
    by: String,
    when: Html,
    rows: String,
    state: &'static str,
    tone: &'static str,
    until: Html,
}

#[derive(Template)]
#[template(path = "exports.html")]
struct ListPage {
    ui: Ui,
    form: FormState,
    kinds: Vec<Choice>,
    purposes: Vec<Choice>,
    lines: Vec<Line>,
    /// Those of everybody are listed.
    is_of_all: bool,
}

fn list_page(
    ui: Ui,
    form: FormState,
    offered: &Offered,
    exports: &[Export],
    is_of_all: bool,
) -> ListPage {
    let kinds = offered.kinds.iter().map(|kind| {
        let help = ui.t(match kind {
            Kind::CasesCsv => "exports-kind-cases-csv-help",
            Kind::CasesGeojson => "exports-kind-cases-geojson-help",
            Kind::FactsParquet => "exports-kind-facts-parquet-help",
        });
        Choice::new(kind.as_str(), kind_word(&ui, *kind)).help(help)
    });
    let purposes = offered
        .purposes
        .iter()
        .map(|p| Choice::new(p.code.as_str(), name_of(&ui, p)));
    let lines = exports.iter().map(|export| {
        let (state, tone) = state_word(export.state);
        Line {
            href: format!("/exports/{}", export.id),
            kind: kind_word(&ui, export.asked.kind),
            period: period_word(&ui, &export.asked),
            has_people: export.asked.purpose.is_some(),
            by: export.name.clone(),
            when: ui.time(export.asked_at),
            rows: rows_word(&ui, export),
            state,
            tone,
            until: ui.time_or_dash(export.kept_to),
        }
    });
    ListPage {
        kinds: kinds.collect(),
        purposes: purposes.collect(),
        lines: lines.collect(),
        is_of_all,
        form,
        ui,
    }
}

async fn listed(ctx: &Ctx, ui: Ui, form: FormState) -> Result<ListPage, Fault> {
    let offered = ops::offered(ctx).await?;
    let exports = ops::newest(ctx, MOST).await?;
    let is_of_all = ctx.principal().may(Permission::AuditRead);
    Ok(list_page(ui, form, &offered, &exports, is_of_all))
}

fn new_id(ctx: &Ctx) -> ExportId {
    ExportId(Id::new(ctx.now(), rand::random()))
}

async fn list(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let form = FormState::new()
        .with("id", new_id(&ctx).to_string())
        .with("kind", Kind::CasesCsv.as_str());
    show(&listed(&ctx, ui, form).await?)
}

fn asked(fields: &Fields) -> Result<(Option<ExportId>, Asked), Fault> {
    let purpose = fields.get("purpose");
    let asked = Asked {
        kind: fields.need("kind")?,
        from: fields.read("from")?,
        to: fields.read("to")?,
        purpose: (!purpose.is_empty()).then(|| purpose.to_owned()),
    };
    Ok((fields.read("id")?, asked))
}

async fn ask(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let tried = match asked(&fields) {
        Ok((id, asked)) => {
            let id = id.unwrap_or_else(|| new_id(&ctx));
            match ops::ask(&ctx, id, asked).await {
                Ok(()) => return Ok(Go::to(format!("/exports/{id}")).into_response()),
                Err(error @ (ExportError::Field { .. } | ExportError::Enough { .. })) => {
                    (error.status(), Fault::from(error))
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(fault) => (StatusCode::UNPROCESSABLE_ENTITY, fault),
    };
    let (status, fault) = tried;
    let mut form = fields.form();
    let field = fault.field_name().unwrap_or("kind").to_owned();
    let sentence = fault.sentence(&ui.site.words, ui.lang);
    let sentence = sentence.unwrap_or_else(|| fault.detail().to_owned());
    form.fault(&field, sentence);
    show_as(status, &listed(&ctx, ui, form).await?)
}

#[derive(Template)]
#[template(path = "export.html")]
struct OnePage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    file_href: String,
    again_href: String,
    remove_href: String,
    kind: String,
    state: &'static str,
    tone: &'static str,
    why: Option<&'static str>,
    progress: String,
    /// How far it is, of a hundred; none while that is not known.
    percent: Option<i64>,
    is_open: bool,
    is_done: bool,
    may_fetch: bool,
    may_begin: bool,
    /// It was too large: begun again as it is, it would be again.
    wants_less: bool,
    may_remove: bool,
    period: String,
    purpose: String,
    by: String,
    asked_at: Html,
    ended_at: Option<Html>,
    until: Option<Html>,
    file: String,
    rows: String,
    size: String,
    sha256: String,
}

fn why_word(why: Why) -> &'static str {
    use Why as W;
    match why {
        W::NoRights => "exports-why-no-rights",
        W::TooMany => "exports-why-too-many",
        W::TooManyPeople => "exports-why-too-many-people",
        W::Interrupted => "exports-why-interrupted",
        W::Disk => "exports-why-disk",
        W::Fault => "exports-why-fault",
        W::ByOwner => "exports-why-by-owner",
        W::ByTime => "exports-why-by-time",
        W::ByErasure => "exports-why-by-erasure",
    }
}

fn one_page(ui: Ui, export: Export, purposes: &[Purpose], is_own: bool) -> OnePage {
    let (state, tone) = state_word(export.state);
    let is_done = export.state == State::Done;
    let is_too_large = matches!(export.why, Some(Why::TooMany | Why::TooManyPeople));
    let size = export.bytes.and_then(|n| u64::try_from(n).ok());
    OnePage {
        crumbs: vec![Crumb {
            label: ui.t("exports-title"),
            href: "/exports".into(),
        }],
        file_href: format!("/exports/{}/file", export.id),
        again_href: format!("/exports/{}/again", export.id),
        remove_href: format!("/exports/{}/remove", export.id),
        kind: kind_word(&ui, export.asked.kind),
        state,
        tone,
        why: export.why.map(why_word),
        progress: match (export.state, export.expected) {
            (State::Waiting, _) => ui.t("exports-waits"),
            (_, Some(expected)) => {
                ui.t2("exports-progress", "done", export.written, "of", expected)
            }
            (_, None) => ui.t("exports-begins"),
        },
        percent: percent(&export),
        is_open: export.state.is_open(),
        is_done,
        may_fetch: is_done && is_own,
        may_begin: export.state == State::Failed && is_own && !is_too_large,
        wants_less: is_own && is_too_large,
        may_remove: export.state != State::Removed && is_own,
        period: period_word(&ui, &export.asked),
        purpose: export
            .asked
            .purpose
            .as_deref()
            .map_or_else(String::new, |code| purpose_word(&ui, purposes, code)),
        by: export.name.clone(),
        asked_at: ui.time(export.asked_at),
        ended_at: export.ended_at.map(|at| ui.time(at)),
        until: export.kept_to.map(|at| ui.time(at)),
        file: export.file_name().unwrap_or_default(),
        rows: rows_word(&ui, &export),
        size: size.map_or_else(String::new, |n| ui.bytes(n)),
        sha256: export.sha256.unwrap_or_default(),
        ui,
    }
}

async fn one(ctx: Ctx, ui: Ui, Path(id): Path<ExportId>) -> Result<Response, Fault> {
    let (export, is_own) = ops::one(&ctx, id).await?;
    let purposes = ctx
        .read::<_, ExportError, _>(|r| Ok(crate::people::purposes(r)?))
        .await?;
    show(&one_page(ui, export, &purposes, is_own))
}

fn answered(
    ui: &Ui,
    done: Result<(), ExportError>,
    to: String,
    tone: Tone,
    word: &str,
) -> Result<Response, Fault> {
    match done {
        Ok(()) => Ok(Go::to(to).saying(tone, ui.t(word)).into_response()),
        Err(error @ (ExportError::NotNow | ExportError::Enough { .. })) => {
            let fault = Fault::from(error);
            let sentence = fault.sentence(&ui.site.words, ui.lang);
            let sentence = sentence.unwrap_or_else(|| fault.detail().to_owned());
            Ok(Go::to(to).saying(Tone::Warn, sentence).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn again(ctx: Ctx, ui: Ui, Path(id): Path<ExportId>) -> Result<Response, Fault> {
    let done = ops::again(&ctx, id).await;
    let to = format!("/exports/{id}");
    answered(&ui, done, to, Tone::Info, "exports-begun-again")
}

async fn remove(ctx: Ctx, ui: Ui, Path(id): Path<ExportId>) -> Result<Response, Fault> {
    let done = ops::remove(&ctx, id).await;
    answered(
        &ui,
        done,
        "/exports".to_owned(),
        Tone::Good,
        "exports-removed",
    )
}
