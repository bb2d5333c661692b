//! GET /topics/{id}, POST /topics/{id}/{act} — one topic: its curve and what became of it, measures, cases, history, and
//! what may be done.

use super::form::read_unit;
use super::{class_names, crumbs, place_name, standing, unit_name};
use crate::effect::{Effect, Silence, Verdict};
use crate::http::move_of;
use crate::model::{Measure, MeasureStanding, Standing, TopicId};
use crate::ops::{self, Details, NewMeasure, TopicError};
use access::{Ctx, Fault, Fields, Go, Path, Permission, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cases::service::Cases;
use cases::words::state_key;
use jiff::civil::Date;
use kernel::codes::CaseNumber;
use matters::City;
use ui::chart::{LineChart, Series};
use ui::{Choice, Crumb, Entry, FormState, Html, Tone, Ui};

/// A measure with its form.
pub(super) struct MeasureRow {
    seq: i64,
    words: String,
    unit: String,
    unit_code: String,
    due: String,
    due_on: String,
    is_late: bool,
    standing: String,
    word: &'static str,
    done: String,
    may_change: bool,
}

/// A case of the topic.
pub(super) struct CaseRow {
    href: String,
    number: String,
    class: String,
    state: String,
    reported: Html,
}

/// What the reader may do.
#[derive(Clone, Copy, Default)]
pub(super) struct May {
    pub manage: bool,
    /// Add measures: managers, and the unit that answers.
    pub act: bool,
    pub cases: bool,
    /// The reader's own unit.
    pub unit: Option<access::UnitId>,
}

#[derive(Template)]
#[template(path = "topics_one.html")]
pub(super) struct OnePage {
    pub ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
    refused: String,
    href: String,
    title: String,
    question: String,
    standing: String,
    tone: &'static str,
    about: String,
    place: String,
    unit: String,
    month: String,
    started: String,
    ended: String,
    words: String,
    result: String,
    version: i64,
    incidents: u64,
    voices: u64,
    open: u64,
    /// What became of it, in a sentence.
    change: String,
    change_note: String,
    chart: Option<LineChart>,
    measures: Vec<MeasureRow>,
    measure_standings: Vec<Choice>,
    cases: Vec<CaseRow>,
    history: Vec<Entry>,
    may_cases: bool,
    may_manage: bool,
    may_measure: bool,
    may_choose: bool,
    may_start: bool,
    may_end: bool,
    may_drop: bool,
    may_reopen: bool,
}

fn measure_word(ui: &Ui, standing: MeasureStanding) -> String {
    let word = standing.as_str().replace('_', "-");
    ui.t(&format!("topics-measure-{word}"))
}

fn measure_row(
    ui: &Ui,
    city: &City,
    m: &Measure,
    today: Date,
    may: May,
    is_over: bool,
) -> MeasureRow {
    let is_open = matches!(
        m.standing,
        MeasureStanding::Planned | MeasureStanding::UnderWay
    );
    let date = |d: Option<Date>| d.map(|d| ui.date_text(d)).unwrap_or_default();
    MeasureRow {
        seq: m.seq,
        words: m.words.clone(),
        unit: unit_name(ui, city, m.unit),
        unit_code: m
            .unit
            .and_then(|u| city.unit(u))
            .map(|u| u.code.clone())
            .unwrap_or_default(),
        due: date(m.due_on),
        due_on: m.due_on.map(|d| d.to_string()).unwrap_or_default(),
        is_late: is_open && m.due_on.is_some_and(|d| d < today),
        standing: measure_word(ui, m.standing),
        word: m.standing.as_str(),
        done: date(m.done_on),
        may_change: !is_over
            && (may.manage || may.act || may.unit.is_some_and(|own| m.unit == Some(own))),
    }
}

/// What became of it, in a sentence with its limits; and why nothing is said.
fn told(ui: &Ui, effect: Option<&Effect>) -> (String, String) {
    let Some(effect) = effect else {
        return (ui.t("topics-no-curve"), String::new());
    };
    let change = match &effect.change {
        Ok(change) => change,
        Err(Silence::NotBegun) => return (ui.t("topics-not-begun"), String::new()),
        Err(Silence::TooLittleBefore) => return (ui.t("topics-too-little"), String::new()),
        Err(Silence::TooEarly) => return (ui.t("topics-too-early"), String::new()),
    };
    let apart = |ratio: f64| ui.percent((ratio - 1.0).abs()).to_string();
    let sentence = match change.verdict {
        Verdict::Fewer => ui.ta(
            "topics-fewer",
            &[
                ("share", &apart(change.ratio)),
                ("least", &apart(change.hi)),
                ("most", &apart(change.lo)),
            ],
        ),
        Verdict::More => ui.ta(
            "topics-more",
            &[
                ("share", &apart(change.ratio)),
                ("least", &apart(change.lo)),
                ("most", &apart(change.hi)),
            ],
        ),
        Verdict::Unclear => ui.t2(
            "topics-unclear",
            "lo",
            ui.percent(change.lo).to_string(),
            "hi",
            ui.percent(change.hi).to_string(),
        ),
    };
    let number = |n: f64| format!("{n:.1}");
    let note = ui.ta(
        "topics-change-note",
        &[
            ("before", &number(change.before)),
            ("weeksbefore", &change.weeks_before.to_string()),
            ("after", &number(change.after)),
            ("weeksafter", &change.weeks_after.to_string()),
        ],
    );
    (sentence, note)
}

/// Incidents a week, the same weeks of last year thin, what the weeks before let expect as a band.
fn chart(ui: &Ui, effect: &Effect) -> LineChart {
    let weeks = &effect.weeks;
    let mut series = vec![Series {
        name: ui.t("topics-incidents"),
        values: weeks.iter().map(|w| Some(f64::from(w.incidents))).collect(),
        comparison: false,
    }];
    if weeks.iter().any(|w| w.last_year.is_some()) {
        series.push(Series {
            name: ui.t("topics-last-year"),
            values: weeks.iter().map(|w| w.last_year.map(f64::from)).collect(),
            comparison: true,
        });
    }
    if weeks.iter().any(|w| w.voices != w.incidents) {
        series.push(Series {
            name: ui.t("topics-voices"),
            values: weeks.iter().map(|w| Some(f64::from(w.voices))).collect(),
            comparison: true,
        });
    }
    let has_band = weeks.iter().any(|w| w.expected.is_some());
    LineChart {
        title: ui.t("topics-curve"),
        across: weeks
            .iter()
            .map(|w| {
                let label = format!("{:02}-{:02}", w.monday.month(), w.monday.day());
                if Some(w.monday) == effect.began {
                    format!("▶{label}")
                } else {
                    label
                }
            })
            .collect(),
        series,
        band: if has_band {
            weeks.iter().map(|w| w.expected).collect()
        } else {
            Vec::new()
        },
        band_name: ui.t("topics-expected"),
    }
}

pub(super) fn page_of(
    ui: Ui,
    city: &City,
    details: &Details,
    may: May,
    form: FormState,
    refused: String,
) -> OnePage {
    let topic = &details.topic;
    let today = ui.now.to_zoned(ui.site.time_zone.clone()).date();
    let (word, tone) = standing(&ui, topic.standing);
    let (change, change_note) = told(&ui, details.effect.as_ref());
    let is_over = topic.standing.is_over();
    let date = |d: Option<Date>| d.map(|d| ui.date_long(d)).unwrap_or_default();
    let is_new = matches!(topic.standing, Standing::Proposed | Standing::Chosen);
    OnePage {
        crumbs: crumbs(&ui),
        href: format!("/topics/{}", topic.id),
        title: topic.title.clone(),
        question: topic.question.clone(),
        standing: word,
        tone,
        about: class_names(&ui, city, &topic.matters),
        place: place_name(&ui, city, topic.place),
        unit: unit_name(&ui, city, topic.unit),
        month: topic.month.clone().unwrap_or_default(),
        started: date(topic.started_on),
        ended: date(topic.ended_on),
        words: topic.words.clone(),
        result: topic.result.clone(),
        version: topic.version,
        incidents: details.tally.incidents.unsigned_abs(),
        voices: details.tally.voices.unsigned_abs(),
        open: details.tally.open.unsigned_abs(),
        change,
        change_note,
        chart: details
            .effect
            .as_ref()
            .filter(|e| e.weeks.len() > 1)
            .map(|e| chart(&ui, e)),
        measures: details
            .measures
            .iter()
            .map(|m| measure_row(&ui, city, m, today, may, is_over))
            .collect(),
        measure_standings: MeasureStanding::ALL
            .iter()
            .map(|s| Choice::new(s.as_str(), measure_word(&ui, *s)))
            .collect(),
        cases: details
            .cases
            .iter()
            .map(|c| CaseRow {
                href: format!("/cases/{}", c.number),
                number: c.number.to_string(),
                class: c
                    .matter
                    .map(|m| class_names(&ui, city, &[m]))
                    .unwrap_or_default(),
                state: ui.t(state_key(c.state)),
                reported: ui.time(c.reported_at),
            })
            .collect(),
        history: details
            .marks
            .iter()
            .map(|m| entry(&ui, details, m))
            .collect(),
        may_cases: may.cases,
        may_manage: may.manage && !is_over,
        may_measure: (may.manage || may.act) && !is_over,
        may_choose: may.manage && is_new,
        may_start: may.manage && is_new,
        may_end: may.manage && topic.standing == Standing::UnderWay,
        may_drop: may.manage && !is_over,
        may_reopen: may.manage && is_over,
        form,
        refused,
        ui,
    }
}

fn entry(ui: &Ui, details: &Details, mark: &crate::model::Mark) -> Entry {
    let who = mark.account.and_then(|a| details.names.get(&a)).cloned();
    // Notes of measures begin with the word of their standing.
    let note = match mark.mark.as_str() {
        "measure" => mark
            .note
            .split_once(' ')
            .and_then(|(word, rest)| {
                let standing: MeasureStanding = word.parse().ok()?;
                Some(ui.t2(
                    "topics-measure-said",
                    "standing",
                    measure_word(ui, standing).as_str(),
                    "words",
                    rest,
                ))
            })
            .unwrap_or_else(|| mark.note.clone()),
        "cases" => ui.tn("topics-added", "n", mark.note.parse::<u64>().unwrap_or(0)),
        // The day of a start or an end.
        _ => mark
            .note
            .parse::<jiff::civil::Date>()
            .map_or_else(|_| mark.note.clone(), |day| ui.date_long(day)),
    };
    Entry {
        when: ui.time(mark.at),
        what: ui.t(&format!("topics-mark-{}", mark.mark)),
        who: who.unwrap_or_default(),
        note,
        tone: "",
        link: None,
    }
}

fn may(ctx: &Ctx, details: &Details) -> May {
    let own = ctx.principal().unit();
    let acts = ctx.require(Permission::TopicAct).is_ok();
    May {
        manage: ctx.require(Permission::TopicManage).is_ok(),
        act: acts && own.is_some() && own == details.topic.unit,
        cases: ctx.require(Permission::CaseRead).is_ok(),
        unit: own.filter(|_| acts),
    }
}

async fn page(
    ctx: &Ctx,
    ui: Ui,
    id: TopicId,
    form: FormState,
    refused: String,
) -> Result<OnePage, Fault> {
    let city = ctx.service::<Cases>().city();
    let details = ops::details(ctx, &city, id).await?;
    let may = may(ctx, &details);
    Ok(page_of(ui, &city, &details, may, form, refused))
}

pub(super) async fn show(ctx: Ctx, ui: Ui, Path(id): Path<TopicId>) -> Result<Response, Fault> {
    show_page(&page(&ctx, ui, id, FormState::new(), String::new()).await?)
}

pub(super) async fn act(
    ctx: Ctx,
    ui: Ui,
    Path((id, act)): Path<(TopicId, String)>,
    fields: Fields,
) -> Result<Response, Fault> {
    match done(&ctx, &ui, id, &act, &fields).await {
        Ok(Some(sentence)) => Ok(Go::to(format!("/topics/{id}"))
            .saying(Tone::Good, sentence)
            .into_response()),
        Ok(None) => Err(Fault::not_found()),
        Err(error @ (TopicError::Store(_) | TopicError::Refused(_) | TopicError::NotFound(_))) => {
            Err(error.into())
        }
        Err(error) => {
            let fault = Fault::from(error);
            let sentence = fault
                .sentence(&ui.site.words, ui.lang)
                .unwrap_or_else(|| fault.detail().to_owned());
            let status = match fault.status() {
                status if status.is_client_error() => status,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            show_as(status, &page(&ctx, ui, id, fields.form(), sentence).await?)
        }
    }
}

/// Does it; none for an act that is not known.
async fn done(
    ctx: &Ctx,
    ui: &Ui,
    id: TopicId,
    act: &str,
    fields: &Fields,
) -> Result<Option<String>, TopicError> {
    let city = ctx.service::<Cases>().city();
    let today = city.local_date(ctx.now());
    Ok(Some(match act {
        "choose" | "start" | "end" | "drop" | "reopen" => {
            let version = fields.get("version").parse().unwrap_or(0);
            let (month, day) = (Some(fields.get("month")), Some(fields.get("day")));
            let to = move_of(act, month, day, fields.get("result"), today)?;
            ops::move_to(ctx, id, version, to).await?;
            ui.t("topics-done-moved")
        }
        "gather" => ui.tn("topics-done-cases", "n", ops::gather(ctx, id).await?),
        "cases" => {
            let numbers: Result<Vec<CaseNumber>, TopicError> = fields
                .get("numbers")
                .split([',', '，', ' ', '\n', '\r', ';'])
                .filter(|n| !n.is_empty())
                .map(|n| {
                    n.parse()
                        .map_err(|_: kernel::codes::CodeError| TopicError::unknown("numbers", n))
                })
                .collect();
            ui.tn(
                "topics-done-cases",
                "n",
                ops::add_cases(ctx, id, &numbers?).await?,
            )
        }
        "remove" => {
            let given = fields.get("number");
            let number = given
                .parse()
                .map_err(|_: kernel::codes::CodeError| TopicError::unknown("numbers", given))?;
            ops::remove_case(ctx, id, number).await?;
            ui.t("topics-done-removed")
        }
        "measure" => {
            let due_on = match fields.get("due_on") {
                "" => None,
                text => Some(text.parse().map_err(|_| {
                    TopicError::field("due_on", "topics.bad_day", "expected YYYY-MM-DD")
                })?),
            };
            let standing = match fields.get("standing") {
                "" => MeasureStanding::Planned,
                word => word
                    .parse()
                    .map_err(|e: String| TopicError::field("standing", "topics.bad_query", e))?,
            };
            let new = NewMeasure {
                seq: fields.get("seq").parse().ok(),
                words: fields.get("words").to_owned(),
                unit: read_unit(&city, fields.get("unit"))?,
                due_on,
                standing,
            };
            ops::put_measure(ctx, &city, id, new).await?;
            ui.t("topics-done-measure")
        }
        _ => return Ok(None),
    }))
}
