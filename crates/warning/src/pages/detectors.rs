//! GET /warnings/detectors — what detectors and preventive work have been worth, how they are set, who is patrolled how
//! much. POST /warnings/detectors/{code} — setting one anew.

use super::{crumbs, day, detector_word, in_lang};
use crate::hours::{self, StreetHours};
use crate::model::{Detector, Level, Method};
use crate::ops::{self, WarningError, Worth};
use crate::performance::Performance;
use crate::words;
use access::{Ctx, Fault, Fields, Go, Path, Permission, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cases::service::Cases;
use matters::City;
use std::collections::BTreeMap;
use ui::{Choice, Crumb, FormState, Html, Tone, Ui};

/// At most so many streets are listed, the least patrolled first.
const MOST_STREETS: usize = 200;

/// What one detector has been worth, as cells.
pub(super) struct WorthRow {
    detector: String,
    findings: u32,
    unjudged: u32,
    precision: Html,
    known_cause: u32,
    false_alarms: String,
    delay: String,
    lead: String,
    days: u32,
}

/// A field of a detector's form.
pub(super) struct KnobField {
    name: String,
    label: String,
    help: String,
}

/// A detector with its form. Field names carry its code, so that ids on the page differ.
pub(super) struct DetectorForm {
    code: String,
    title: String,
    level_field: String,
    enabled_field: String,
    enabled: bool,
    levels: Vec<Choice>,
    knobs: Vec<KnobField>,
    version: u32,
    about: String,
}

/// A street with its hours of patrol.
pub(super) struct StreetRow {
    name: String,
    hours: String,
    residents: String,
    per_thousand: String,
}

/// How preventive work ended.
pub(super) struct BeatsRow {
    is_control: bool,
    opened: i64,
    over: i64,
    nothing: i64,
}

/// A day that was looked at.
pub(super) struct RunRow {
    day: String,
    detector: String,
    series: i64,
    too_short: i64,
    signals: i64,
    seed: String,
}

#[derive(Template)]
#[template(path = "warning_detectors.html")]
pub(super) struct DetectorsPage {
    pub ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
    worth: Vec<WorthRow>,
    detectors: Vec<DetectorForm>,
    beats: Vec<BeatsRow>,
    runs: Vec<RunRow>,
    streets: Vec<StreetRow>,
    may_manage: bool,
}

fn days(ui: &Ui, n: Option<f64>) -> String {
    n.map_or_else(
        || "—".to_owned(),
        |n| ui.tn("warning-days", "n", format!("{n:.1}")),
    )
}

/// What a detector is called: its method where it is known, else its code.
pub(super) fn named(ui: &Ui, detectors: &[Detector], code: &str) -> String {
    let found = detectors.iter().find(|d| d.code == code);
    found.map_or_else(|| detector_word(ui, code), |d| title(ui, d))
}

// words: warning-method-*
fn title(ui: &Ui, detector: &Detector) -> String {
    ui.t2(
        "warning-detector-title",
        "code",
        detector_word(ui, &detector.code).as_str(),
        "method",
        ui.t(&format!("warning-method-{}", detector.method))
            .as_str(),
    )
}

fn worth_row(ui: &Ui, detectors: &[Detector], p: &Performance) -> WorthRow {
    let judged = p.real + p.known_cause + p.false_alarms;
    WorthRow {
        detector: named(ui, detectors, &p.detector),
        findings: p.findings,
        unjudged: p.unjudged,
        precision: ui.rate(u64::from(p.real), u64::from(judged)),
        known_cause: p.known_cause,
        false_alarms: p.false_per_30_days.map_or_else(
            || "—".to_owned(),
            |rate| {
                ui.t2(
                    "warning-false-rate",
                    "n",
                    u64::from(p.false_alarms),
                    "rate",
                    format!("{rate:.1}").as_str(),
                )
            },
        ),
        delay: days(ui, p.delay_days),
        lead: days(ui, p.lead_days),
        days: p.days,
    }
}

// words: warning-knob-* warning-about-*
fn detector_form(ui: &Ui, detector: &Detector) -> DetectorForm {
    let code = &detector.code;
    let knobs = detector.method.knobs().iter().map(|knob| {
        let word = knob.name.replace('_', "-");
        let bound = |n: f64| {
            if knob.is_whole {
                format!("{n:.0}")
            } else {
                format!("{n}")
            }
        };
        KnobField {
            name: format!("{code}.{}", knob.name),
            label: ui.t(&format!("warning-knob-{word}")),
            help: ui.ta(
                "warning-knob-bounds",
                &[
                    ("least", &bound(knob.least)),
                    ("most", &bound(knob.most)),
                    ("usual", &bound(knob.usual)),
                ],
            ),
        }
    });
    let levels = match detector.method {
        Method::Scan => &[Level::Grid, Level::Community, Level::Street][..],
        Method::EarsC2 | Method::Farrington | Method::Cusum => &[Level::Street, Level::District],
    };
    DetectorForm {
        code: code.clone(),
        title: title(ui, detector),
        level_field: format!("{code}.level"),
        enabled_field: format!("{code}.enabled"),
        enabled: detector.enabled,
        levels: levels
            .iter()
            .map(|l| Choice::new(l.as_str(), ui.t(&format!("warning-level-{l}"))))
            .collect(),
        knobs: knobs.collect(),
        version: detector.version,
        about: ui.t(&format!("warning-about-{}", detector.method)),
    }
}

/// The values of all forms.
fn values(detectors: &[Detector]) -> FormState {
    let mut form = FormState::new();
    for detector in detectors {
        let code = &detector.code;
        form = form.with(&format!("{code}.level"), detector.level.as_str());
        for (name, value) in detector.settings() {
            form = form.with(&format!("{code}.{name}"), value.to_string());
        }
        if detector.enabled {
            form = form.with(&format!("{code}.enabled"), "1");
        }
    }
    form
}

fn street_row(ui: &Ui, city: &City, street: &StreetHours) -> StreetRow {
    let dash = || "—".to_owned();
    StreetRow {
        name: in_lang(ui, &words::name(&city.territory, street.street.as_str())),
        hours: format!("{:.0}", street.hours),
        residents: street.residents.map_or_else(dash, |n| ui.num(n)),
        per_thousand: street.per_thousand.map_or_else(dash, |n| format!("{n:.1}")),
    }
}

pub(super) fn page_of(
    ui: Ui,
    city: &City,
    detectors: &[Detector],
    worth: &Worth,
    form: Option<FormState>,
    may_manage: bool,
) -> DetectorsPage {
    DetectorsPage {
        crumbs: crumbs(&ui),
        form: form.unwrap_or_else(|| values(detectors)),
        worth: worth
            .detectors
            .iter()
            .map(|p| worth_row(&ui, detectors, p))
            .collect(),
        detectors: detectors.iter().map(|d| detector_form(&ui, d)).collect(),
        beats: worth
            .beats
            .iter()
            .map(|(is_control, opened, over, nothing)| BeatsRow {
                is_control: *is_control,
                opened: *opened,
                over: *over,
                nothing: *nothing,
            })
            .collect(),
        runs: worth
            .runs
            .iter()
            .map(|r| RunRow {
                day: day(&ui, r.day),
                detector: named(&ui, detectors, &r.detector),
                series: r.series,
                too_short: r.too_short,
                signals: r.signals,
                seed: r.seed.to_string(),
            })
            .collect(),
        streets: hours::by_street(&city.territory)
            .iter()
            .take(MOST_STREETS)
            .map(|s| street_row(&ui, city, s))
            .collect(),
        may_manage,
        ui,
    }
}

async fn page(ctx: &Ctx, ui: Ui, form: Option<FormState>) -> Result<DetectorsPage, Fault> {
    let city = ctx.service::<Cases>().city();
    let detectors = ops::detectors(ctx).await?;
    let worth = ops::worth(ctx).await?;
    let may_manage = ctx.principal().may(Permission::WarningManage);
    Ok(page_of(ui, &city, &detectors, &worth, form, may_manage))
}

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    show_page(&page(&ctx, ui, None).await?)
}

pub(super) async fn change(
    ctx: Ctx,
    ui: Ui,
    Path(code): Path<String>,
    fields: Fields,
) -> Result<Response, Fault> {
    let known = ops::detectors(&ctx).await?;
    let Some(detector) = known.iter().find(|d| d.code == code) else {
        return Err(Fault::not_found());
    };
    let error = match wanted(detector, &fields) {
        Ok((level, enabled, settings)) => {
            match ops::change_detector(&ctx, &code, detector.method, level, enabled, settings).await
            {
                Ok(_) => {
                    let sentence = ui.tn("warning-done-detector", "code", code.as_str());
                    return Ok(Go::to("/warnings/detectors")
                        .saying(Tone::Good, sentence)
                        .into_response());
                }
                Err(error @ WarningError::Field { .. }) => error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(error) => error,
    };
    // What was sent, over what the other detectors have.
    let mut form = values(&known);
    for name in detector
        .method
        .knobs()
        .iter()
        .map(|k| k.name)
        .chain(["level"])
    {
        let field = format!("{code}.{name}");
        form = form.with(&field, fields.get(&field));
    }
    let fault = Fault::from(error);
    let sentence = fault
        .sentence(&ui.site.words, ui.lang)
        .unwrap_or_else(|| fault.detail().to_owned());
    let field = fault.field_name().unwrap_or("level").to_owned();
    form.fault(&format!("{code}.{field}"), sentence);
    show_as(
        StatusCode::UNPROCESSABLE_ENTITY,
        &page(&ctx, ui, Some(form)).await?,
    )
}

type Settings = (Level, bool, BTreeMap<String, f64>);

/// What a form says about a detector.
fn wanted(detector: &Detector, fields: &Fields) -> Result<Settings, WarningError> {
    let code = &detector.code;
    let level = fields
        .get(&format!("{code}.level"))
        .parse()
        .map_err(|reason: String| WarningError::field("level", "warning.bad_setting", reason))?;
    let mut settings = BTreeMap::new();
    for knob in detector.method.knobs() {
        let text = fields.get(&format!("{code}.{}", knob.name));
        let value: f64 = text.parse().map_err(|_| {
            let text: String = text.chars().take(40).collect();
            let reason = format!("{text:?} is no number");
            WarningError::field(knob.name, "warning.bad_setting", reason)
        })?;
        settings.insert(knob.name.to_owned(), value);
    }
    let enabled = !fields.get(&format!("{code}.enabled")).is_empty();
    Ok((level, enabled, settings))
}
