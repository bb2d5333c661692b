//! GET /warnings/backtests, POST /warnings/backtests, GET /warnings/backtests/{id} — what would have been warned of. Long
//! work: it is begun, may be left, and is there later.

use super::{SightCells, crumbs, day, detector_word, in_lang, verdict};
use crate::backtest::{Outcome, Warned};
use crate::control;
use crate::http::backtests::day as read_day;
use crate::ops::{self, Ask, Stand, WarningError};
use crate::sql::BacktestRow;
use crate::{jobs, view};
use access::{Ctx, Fault, Fields, Go, Path, Permission, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cases::service::Cases;
use jiff::ToSpan as _;
use jiff::civil::Date;
use kernel::id::Id;
use matters::City;
use ui::{Crumb, FormState, Html, Ui};

/// A back-test in the list.
pub(super) struct TestRow {
    href: String,
    period: String,
    asked: Html,
    stand: String,
    warnings: String,
}

#[derive(Template)]
#[template(path = "warning_backtests.html")]
pub(super) struct BacktestsPage {
    pub ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
    refused: String,
    tests: Vec<TestRow>,
    may_manage: bool,
}

/// A warning that would have come.
pub(super) struct WarnedRow {
    sentence: String,
    first_seen: String,
    last_seen: String,
    began: String,
    verdict: String,
    now: SightCells,
    seen_days: usize,
}

/// One detector of a back-test.
pub(super) struct DetectorRow {
    code: String,
    days: u32,
    findings: u32,
    by_chance: u32,
    real: u32,
    false_alarms: u32,
}

#[derive(Template)]
#[template(path = "warning_backtest.html")]
pub(super) struct BacktestPage {
    pub ui: Ui,
    crumbs: Vec<Crumb>,
    period: String,
    seed: String,
    /// While it runs: steps done and all.
    running: Option<(i64, i64)>,
    /// Why there is no outcome; empty where there is one.
    trouble: String,
    warned: Vec<WarnedRow>,
    detectors: Vec<DetectorRow>,
    is_done: bool,
}

fn period(ui: &Ui, from: Date, to: Date) -> String {
    ui.t2(
        "warning-window",
        "from",
        day(ui, from).as_str(),
        "to",
        day(ui, to).as_str(),
    )
}

fn test_row(ui: &Ui, row: &BacktestRow) -> TestRow {
    let (stand, warnings) = match row.stand(ui.now) {
        Stand::Running(done) => (
            ui.t2(
                "warning-backtest-running",
                "done",
                done.unsigned_abs(),
                "all",
                row.steps.unsigned_abs(),
            ),
            "—".to_owned(),
        ),
        Stand::Done(outcome) => (ui.t("warning-backtest-done"), ui.num(outcome.warned.len())),
        Stand::Failed(_) => (ui.t("warning-backtest-failed"), "—".to_owned()),
        Stand::Left => (ui.t("warning-backtest-left"), "—".to_owned()),
    };
    TestRow {
        href: format!("/warnings/backtests/{}", row.id),
        period: period(ui, row.from, row.to),
        asked: ui.time(row.asked_at),
        stand,
        warnings,
    }
}

pub(super) fn list_of(
    ui: Ui,
    rows: &[BacktestRow],
    form: FormState,
    refused: String,
    may_manage: bool,
) -> BacktestsPage {
    BacktestsPage {
        crumbs: crumbs(&ui),
        tests: rows.iter().map(|r| test_row(&ui, r)).collect(),
        form,
        refused,
        may_manage,
        ui,
    }
}

pub(super) async fn list(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let today = ctx.service::<Cases>().city().local_date(ctx.now());
    // The last eight weeks that are over.
    let form = FormState::new()
        .with("from", today.saturating_sub(56.days()).to_string())
        .with("to", today.saturating_sub(1.days()).to_string());
    let rows = ops::backtests(&ctx).await?;
    let may_manage = ctx.principal().may(Permission::WarningManage);
    show_page(&list_of(ui, &rows, form, String::new(), may_manage))
}

/// What the form asks for.
fn asked(ctx: &Ctx, city: &City, fields: &Fields) -> Result<Ask, WarningError> {
    let date = |field: &'static str| read_day(field, fields.get(field));
    let (from, to) = (date("from")?, date("to")?);
    Ask::new(from, to, control::new_seed(), city.local_date(ctx.now()))
}

pub(super) async fn begin(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let begun = match asked(&ctx, &city, &fields) {
        Ok(ask) => jobs::begin_backtest(&ctx, city, ask).await,
        Err(error) => Err(error),
    };
    let error = match begun {
        Ok(id) => return Ok(Go::to(format!("/warnings/backtests/{id}")).into_response()),
        Err(error @ (WarningError::Field { .. } | WarningError::Running)) => error,
        Err(error) => return Err(error.into()),
    };
    let fault = Fault::from(error);
    let sentence = fault
        .sentence(&ui.site.words, ui.lang)
        .unwrap_or_else(|| fault.detail().to_owned());
    let mut form = fields.form();
    let above = match fault.field_name() {
        Some(field) => {
            form.fault(field, sentence);
            String::new()
        }
        None => sentence,
    };
    let rows = ops::backtests(&ctx).await?;
    show_as(
        StatusCode::UNPROCESSABLE_ENTITY,
        &list_of(ui, &rows, form, above, true),
    )
}

pub(super) async fn show(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let row = ops::backtest(&ctx, id).await?;
    show_page(&page_of(ui, &city, &row))
}

pub(super) fn page_of(ui: Ui, city: &City, row: &BacktestRow) -> BacktestPage {
    let stand = row.stand(ui.now);
    let trouble = match &stand {
        Stand::Failed(why) => ui.tn("warning-backtest-why", "why", why.as_str()),
        Stand::Left => ui.t("warning-backtest-left"),
        Stand::Running(_) | Stand::Done(_) => String::new(),
    };
    let (warned, detectors) = match &stand {
        Stand::Done(outcome) => (
            outcome
                .warned
                .iter()
                .map(|w| warned_row(&ui, city, w))
                .collect(),
            detector_rows(&ui, outcome),
        ),
        _ => (Vec::new(), Vec::new()),
    };
    BacktestPage {
        crumbs: [
            crumbs(&ui),
            vec![Crumb {
                label: ui.t("warning-backtests"),
                href: "/warnings/backtests".to_owned(),
            }],
        ]
        .concat(),
        period: period(&ui, row.from, row.to),
        seed: row.seed.to_string(),
        running: match stand {
            Stand::Running(done) => Some((done, row.steps)),
            _ => None,
        },
        is_done: matches!(stand, Stand::Done(_)),
        trouble,
        warned,
        detectors,
        ui,
    }
}

fn warned_row(ui: &Ui, city: &City, warned: &Warned) -> WarnedRow {
    let track = &warned.track;
    let mut days: Vec<Date> = warned.sights.iter().map(|s| s.day).collect();
    days.dedup();
    WarnedRow {
        sentence: in_lang(ui, &view::sentence(city, track)),
        first_seen: day(ui, track.first_seen),
        last_seen: day(ui, track.last_seen),
        began: day(ui, track.began),
        verdict: warned
            .verdict
            .map_or_else(|| "—".to_owned(), |v| verdict(ui, v)),
        now: SightCells::of(ui, &track.now),
        seen_days: days.len(),
    }
}

fn detector_rows(ui: &Ui, outcome: &Outcome) -> Vec<DetectorRow> {
    outcome
        .performance
        .iter()
        .map(|p| DetectorRow {
            code: detector_word(ui, &p.detector),
            days: p.days,
            findings: p.findings,
            by_chance: outcome.by_chance.get(&p.detector).copied().unwrap_or(0),
            real: p.real,
            false_alarms: p.false_alarms,
        })
        .collect()
}
