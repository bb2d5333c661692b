//! GET /warnings/{id}, POST /warnings/{id}/{act} — one finding: what it says, its curve and places, its history, what may
//! be done.

use super::sketch::{Marked, draw};
use super::{Row, SightCells, crumbs, day, in_lang, map, verdict};
use crate::control;
use crate::model::{Level, Verdict, WarningId};
use crate::ops::{self, Details, WarningError};
use crate::sql::{CaseBehind, Curve, Mark};
use crate::{view, words};
use access::{Ctx, Fault, Fields, Go, Permission, Principal, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cases::service::Cases;
use jiff::civil::Date;
use matters::City;
use std::collections::BTreeMap;
use ui::chart::{LineChart, Series};
use ui::{Choice, Crumb, Entry, FormState, Html, Tone, Ui};

/// A place of a finding.
pub(super) struct PlaceRow {
    name: String,
    /// Cases behind the finding there; none where the reader may not see cases.
    cases: Option<u64>,
}

/// A case behind a finding.
pub(super) struct CaseRow {
    href: String,
    number: String,
    state: String,
    reported: Html,
    place: String,
}

/// A beat of preventive work.
pub(super) struct BeatCells {
    beat: String,
    is_control: bool,
    case: String,
    href: String,
}

/// What the reader may do.
#[derive(Clone, Copy, Default)]
pub(super) struct May {
    pub judge: bool,
    pub task: bool,
    pub cases: bool,
}

impl May {
    fn of(principal: &Principal) -> Self {
        Self {
            judge: principal.may(Permission::WarningJudge),
            task: principal.may(Permission::WarningTask),
            cases: principal.may(Permission::CaseRead),
        }
    }
}

#[derive(Template)]
#[template(path = "warning_one.html")]
pub(super) struct OnePage {
    pub ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
    refused: String,
    row: Row,
    matter: String,
    place: String,
    began: String,
    first_seen: String,
    chart: LineChart,
    sketch: Html,
    places: Vec<PlaceRow>,
    cases: Vec<CaseRow>,
    sights: Vec<SightCells>,
    history: Vec<Entry>,
    beats: Vec<BeatCells>,
    verdicts: Vec<Choice>,
    seed: String,
    /// What may be done now.
    may_see: bool,
    may_dismiss: bool,
    may_judge: bool,
    may_task: bool,
    may_cases: bool,
}

/// What the page is made of.
pub(super) struct Sheet<'a> {
    pub city: &'a City,
    pub details: &'a Details,
    pub behind: &'a [CaseBehind],
    pub may: May,
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    access::Path(id): access::Path<WarningId>,
) -> Result<Response, Fault> {
    let page = page(&ctx, ui, id, FormState::new(), String::new()).await?;
    show_page(&page)
}

async fn page(
    ctx: &Ctx,
    ui: Ui,
    id: WarningId,
    form: FormState,
    refused: String,
) -> Result<OnePage, Fault> {
    let city = ctx.service::<Cases>().city();
    let details = ops::details(ctx, id).await?;
    let behind = ops::behind(ctx, &city, &details.warning).await?;
    let sheet = Sheet {
        city: &city,
        details: &details,
        behind: &behind,
        may: May::of(ctx.principal()),
    };
    let mut page = page_of(ui, &sheet, form, refused);
    let map = map::draw(ctx, &page.ui, &city, std::slice::from_ref(&details.warning));
    if !map.is_empty() {
        page.sketch = map;
    }
    Ok(page)
}

pub(super) fn page_of(ui: Ui, sheet: &Sheet<'_>, form: FormState, refused: String) -> OnePage {
    let Sheet {
        city,
        details,
        behind,
        may,
    } = sheet;
    let warning = &details.warning;
    let track = &warning.track;
    let is_open = matches!(
        warning.standing,
        crate::model::Standing::New | crate::model::Standing::Seen
    );
    let marked = [Marked {
        number: 0,
        level: track.level,
        codes: &track.places,
    }];
    OnePage {
        crumbs: crumbs(&ui),
        row: Row::of(&ui, city, warning, 1),
        matter: in_lang(&ui, &view::class(city, track.category)),
        place: in_lang(&ui, &view::place(city, track)),
        began: day(&ui, track.began),
        first_seen: day(&ui, track.first_seen),
        chart: chart(&ui, &warning.curve),
        sketch: draw(&city.territory, &marked, &ui.t("warning-map")),
        places: places(&ui, sheet),
        cases: behind.iter().map(|c| case_row(&ui, city, c)).collect(),
        sights: details
            .sights
            .iter()
            .rev()
            .map(|s| SightCells::of(&ui, s))
            .collect(),
        history: details
            .marks
            .iter()
            .map(|m| entry(&ui, details, m))
            .collect(),
        beats: details
            .beats
            .iter()
            .map(|b| BeatCells {
                beat: city
                    .territory
                    .beat(&b.beat)
                    .map_or_else(|| b.beat.clone(), |beat| beat.name.clone()),
                is_control: b.is_control,
                case: b.case.to_string(),
                href: format!("/cases/{}", b.case),
            })
            .collect(),
        verdicts: Verdict::ALL
            .iter()
            .map(|v| Choice::new(v.as_str(), verdict(&ui, *v)))
            .collect(),
        seed: details
            .beats
            .first()
            .map_or_else(String::new, |b| b.seed.to_string()),
        may_see: may.judge && warning.standing == crate::model::Standing::New,
        may_dismiss: may.judge && is_open,
        may_judge: may.judge,
        may_task: may.task && is_open,
        may_cases: may.cases,
        form,
        refused,
        ui,
    }
}

/// The days of a finding: what was, and what is usual.
fn chart(ui: &Ui, curve: &Curve) -> LineChart {
    let short = |date: Date| format!("{:02}-{:02}", date.month(), date.day());
    let line = |name: String, values: Vec<Option<f64>>, comparison| Series {
        name,
        values,
        comparison,
    };
    let days = &curve.days;
    LineChart {
        title: ui.t("warning-curve"),
        across: days.iter().map(|(date, _)| short(*date)).collect(),
        series: vec![
            line(
                ui.t("warning-curve-incidents"),
                days.iter().map(|(_, n)| Some(f64::from(*n))).collect(),
                false,
            ),
            line(
                ui.t("warning-curve-usual"),
                days.iter().map(|_| Some(curve.usual)).collect(),
                true,
            ),
        ],
        ..LineChart::default()
    }
}

fn places(ui: &Ui, sheet: &Sheet<'_>) -> Vec<PlaceRow> {
    let track = &sheet.details.warning.track;
    let territory = &sheet.city.territory;
    let mut by_cell: BTreeMap<String, u64> = BTreeMap::new();
    for case in sheet.behind {
        if let Some(grid) = case.grid {
            *by_cell.entry(grid.to_string()).or_default() += 1;
        }
    }
    let row = |code: &String| {
        let name = if track.level == Level::Grid {
            let community = code.get(..12).unwrap_or_default();
            let name = in_lang(ui, &words::name(territory, community));
            ui.t2(
                "warning-cell",
                "place",
                name.as_str(),
                "code",
                code.as_str(),
            )
        } else {
            in_lang(ui, &words::name(territory, code))
        };
        let cases = by_cell
            .iter()
            .filter(|(cell, _)| cell.starts_with(code.trim_end_matches("000")))
            .map(|(_, n)| n)
            .sum();
        PlaceRow {
            name,
            cases: sheet.may.cases.then_some(cases),
        }
    };
    track.places.iter().map(row).collect()
}

fn case_row(ui: &Ui, city: &City, case: &CaseBehind) -> CaseRow {
    // words: cases-state-*
    let state = case.state.as_str().replace('_', "-");
    CaseRow {
        href: format!("/cases/{}", case.number),
        number: case.number.to_string(),
        state: ui.t(&format!("cases-state-{state}")),
        reported: ui.time(case.reported_at),
        place: case.grid.map_or_else(String::new, |grid| {
            in_lang(ui, &words::name(&city.territory, grid.community().as_str()))
        }),
    }
}

fn entry(ui: &Ui, details: &Details, mark: &Mark) -> Entry {
    // words: warning-mark-*
    let what = match mark.verdict {
        Some(said) => ui.tn("warning-mark-verdict", "verdict", verdict(ui, said)),
        None => ui.t(&format!("warning-mark-{}", mark.mark)),
    };
    let who = mark
        .account
        .and_then(|account| details.names.get(&account))
        .cloned()
        .unwrap_or_default();
    Entry {
        when: ui.time(mark.at),
        what,
        who,
        note: mark.reason.clone(),
        tone: "",
        link: None,
    }
}

pub(super) async fn act(
    ctx: Ctx,
    ui: Ui,
    access::Path((id, act)): access::Path<(WarningId, String)>,
    fields: Fields,
) -> Result<Response, Fault> {
    match done(&ctx, &ui, id, &act, &fields).await {
        Ok(Some(sentence)) => Ok(Go::to(format!("/warnings/{id}"))
            .saying(Tone::Good, sentence)
            .into_response()),
        Ok(None) => Err(Fault::not_found()),
        Err(
            error @ (WarningError::Store(_) | WarningError::Refused(_) | WarningError::NotFound(_)),
        ) => Err(error.into()),
        Err(error) => refused(&ctx, ui, id, &act, &fields, error).await,
    }
}

/// Does it; none for an act that is not known.
async fn done(
    ctx: &Ctx,
    ui: &Ui,
    id: WarningId,
    act: &str,
    fields: &Fields,
) -> Result<Option<String>, WarningError> {
    Ok(Some(match act {
        "seen" => {
            ops::see(ctx, id).await?;
            ui.t("warning-done-seen")
        }
        "dismiss" => {
            ops::dismiss(ctx, id, fields.get("dismiss_reason")).await?;
            ui.t("warning-done-dismissed")
        }
        "verdict" => {
            let verdict = fields.get("verdict").parse().map_err(|reason: String| {
                WarningError::field("verdict", "warning.bad_verdict", reason)
            })?;
            ops::judge(ctx, id, verdict, fields.get("reason")).await?;
            ui.t("warning-done-verdict")
        }
        "task" => {
            let city = ctx.service::<Cases>().city();
            let seed = control::new_seed();
            let opened = ops::open_task(ctx, &city, id, fields.get("note"), seed).await?;
            ui.t2(
                "warning-done-task",
                "chosen",
                opened.chosen.len() as u64,
                "control",
                opened.control.len() as u64,
            )
        }
        _ => return Ok(None),
    }))
}

/// The page again, with what was entered and what is wrong with it.
async fn refused(
    ctx: &Ctx,
    ui: Ui,
    id: WarningId,
    act: &str,
    fields: &Fields,
    error: WarningError,
) -> Result<Response, Fault> {
    let fault = Fault::from(error);
    let sentence = fault
        .sentence(&ui.site.words, ui.lang)
        .unwrap_or_else(|| fault.detail().to_owned());
    let mut form = fields.form();
    let shown = match (act, fault.field_name()) {
        ("dismiss", Some("reason")) => Some("dismiss_reason"),
        ("task", Some("reason")) => Some("note"),
        ("verdict", Some(field @ ("reason" | "verdict"))) => Some(field),
        _ => None,
    };
    let above = match shown {
        Some(field) => {
            form.fault(field, sentence);
            String::new()
        }
        None => sentence,
    };
    let status = match fault.status() {
        status if status.is_client_error() => status,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    show_as(status, &page(ctx, ui, id, form, above).await?)
}
