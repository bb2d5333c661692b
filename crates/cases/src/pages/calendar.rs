//! GET /calendar — a year of working days, off days, days worked to make up, and hours, for the city or a division; GET and
//! POST /calendar/day/{date} — one day changed by hand, with a reason.

use crate::ops::{self, Run};
use crate::service::Cases;
use access::{Ctx, Fault, Fields, Go, Path, Permission, Query, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};
use kernel::calendar::{CalendarFlaw, DayKind, WorkPeriod};
use kernel::{Calendar, DivisionCode};
use matters::calendars::{Layer, days_of, hours_text, stretches};
use matters::ops::{DayChange, DayError, change_day};
use matters::{City, Reference};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use ui::{Choice, FormState, Html, Tone, Ui};

/// Versions shown of those that were loaded, the last ones.
const SHOWN: usize = 20;
/// Years that a page shows: those a calendar can say anything about.
pub(crate) const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;

#[derive(Deserialize)]
pub(super) struct Wanted {
    year: Option<i16>,
    division: Option<String>,
}

/// One day of the grid.
pub struct Cell {
    /// The day of the month.
    pub day: i8,
    /// `off`, `makeup`, `weekend`, `hours` or empty for a usual working day.
    pub kind: &'static str,
    /// 休 or 班; empty for usual days.
    pub mark: String,
    /// What it is, in words.
    pub title: String,
    /// Where it is changed; empty for readers.
    pub href: String,
}

/// One month of the grid: weeks from Monday.
pub struct Month {
    /// Its name.
    pub name: String,
    /// The weeks.
    pub weeks: Vec<Vec<Option<Cell>>>,
}

/// A stretch of the year with the same hours.
pub struct HoursRow {
    /// From when to when.
    pub days: String,
    /// The hours.
    pub hours: String,
}

/// One version that was loaded.
pub struct VersionRow {
    /// Its name.
    pub version: String,
    /// Where it holds.
    pub place: String,
    /// When it was loaded.
    pub when: Html,
    /// Why; else where it comes from.
    pub why: String,
}

#[derive(Template)]
#[template(path = "cases_calendar.html")]
pub(super) struct CalendarPage {
    pub ui: Ui,
    pub year: String,
    pub previous: String,
    pub next: String,
    pub form: FormState,
    pub divisions: Vec<Choice>,
    pub place: String,
    pub version: String,
    pub is_loaded: bool,
    pub worked: usize,
    pub weekdays: Vec<String>,
    pub months: Vec<Month>,
    pub hours: Vec<HoursRow>,
    pub versions: Vec<VersionRow>,
    /// How far open deadlines have been computed again; empty if never.
    pub run: String,
    /// Whether the reader may bring one in.
    pub may_change: bool,
}

fn place_name(ui: &Ui, city: &City, division: Option<DivisionCode>) -> String {
    division.map_or_else(
        || ui.t("cases-calendar-city"),
        |d| city.territory.name_in(d, ui.lang),
    )
}

fn divisions(city: &City, lang: ui::Lang) -> Vec<Choice> {
    let divisions = city.divisions_with_calendars(lang);
    let choices = divisions.map(|(code, name)| Choice::new(code.to_string(), name));
    choices.collect()
}

fn division_of(text: Option<&str>) -> Result<Option<DivisionCode>, Fault> {
    let text = text.map(str::trim).filter(|t| !t.is_empty());
    text.map(|t| {
        t.parse().map_err(|e: kernel::codes::CodeError| {
            Fault::invalid("division", "access.invalid_field", e.to_string())
                .arg("field", "division")
        })
    })
    .transpose()
}

fn query(division: Option<DivisionCode>) -> String {
    division
        .map(|d| format!("?division={d}"))
        .unwrap_or_default()
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let this_year = city.local_date(ui.now).year();
    let year = wanted
        .year
        .filter(|y| YEARS.contains(y))
        .unwrap_or(this_year);
    let division = division_of(wanted.division.as_deref())?;
    let run = ops::last_run(&ctx).await?;
    let may_change = ctx.principal().may(Permission::ReferenceManage);
    show_page(&page(ui, &city, year, division, run.as_ref(), may_change))
}

/// The page of a year.
pub(super) fn page(
    ui: Ui,
    city: &Arc<City>,
    year: i16,
    division: Option<DivisionCode>,
    run: Option<&Run>,
    may_change: bool,
) -> CalendarPage {
    let calendar = city.calendar_at(division).clone();
    let link = |year: i16| {
        let of = division
            .map(|d| format!("&division={d}"))
            .unwrap_or_default();
        if YEARS.contains(&year) {
            format!("/calendar?year={year}{of}")
        } else {
            String::new()
        }
    };
    let names: HashMap<Date, &str> = calendar.days().map(|(d, _, name)| (d, name)).collect();
    let usual = usual_hours(&calendar, year);
    let months = (1..=12)
        .map(|month| Month {
            name: ui.t(&format!("cases-month-{month}")),
            weeks: weeks(year, month, |on| {
                cell(&ui, &calendar, &names, &usual, on, division, may_change)
            }),
        })
        .collect();
    let worked = days_of(year).filter(|d| calendar.is_workday(*d)).count();
    // words: cases-month-* cases-weekday-*
    let weekdays = (1..=7)
        .map(|n| ui.t(&format!("cases-weekday-{n}")))
        .collect();
    let versions = city
        .calendars
        .layers()
        .iter()
        .rev()
        .take(SHOWN)
        .map(|layer| version_row(&ui, city, layer))
        .collect();
    CalendarPage {
        year: year.to_string(),
        previous: link(year - 1),
        next: link(year + 1),
        form: FormState::new()
            .with(
                "division",
                division.map(|d| d.to_string()).unwrap_or_default(),
            )
            .with("year", year.to_string()),
        divisions: divisions(city, ui.lang),
        place: place_name(&ui, city, division),
        version: calendar.version().to_owned(),
        is_loaded: calendar.is_loaded(year),
        worked,
        weekdays,
        months,
        hours: hours_rows(&ui, &calendar, year),
        versions,
        run: run.map(|run| run_words(&ui, run)).unwrap_or_default(),
        may_change,
        ui,
    }
}

fn weeks(year: i16, month: i8, mut cell: impl FnMut(Date) -> Cell) -> Vec<Vec<Option<Cell>>> {
    let first = date(year, month, 1);
    let mut week: Vec<Option<Cell>> = Vec::with_capacity(7);
    week.extend((0..first.weekday().to_monday_zero_offset()).map(|_| None));
    let mut weeks = Vec::new();
    for on in first.series(1.day()).take_while(|d| d.month() == month) {
        week.push(Some(cell(on)));
        if week.len() == 7 {
            weeks.push(std::mem::take(&mut week));
        }
    }
    if !week.is_empty() {
        week.resize_with(7, || None);
        weeks.push(week);
    }
    weeks
}

/// The hours of most working days of a year.
fn usual_hours(calendar: &Calendar, year: i16) -> String {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for on in days_of(year).filter(|d| calendar.is_workday(*d)) {
        *counts
            .entry(hours_text(calendar.periods_on(on)))
            .or_default() += 1;
    }
    let most = counts
        .into_iter()
        .max_by_key(|(hours, n)| (*n, hours.clone()));
    most.map(|(hours, _)| hours).unwrap_or_default()
}

fn cell(
    ui: &Ui,
    calendar: &Calendar,
    names: &HashMap<Date, &str>,
    usual: &str,
    on: Date,
    division: Option<DivisionCode>,
    may_change: bool,
) -> Cell {
    let is_weekend = matches!(on.weekday(), Weekday::Saturday | Weekday::Sunday);
    let hours = hours_text(calendar.periods_on(on));
    let (kind, key, mark) = match (calendar.is_workday(on), is_weekend) {
        (false, true) if !names.contains_key(&on) => {
            ("weekend", "cases-calendar-weekend", String::new())
        }
        (false, _) => ("off", "cases-calendar-off", ui.t("cases-calendar-off-mark")),
        (true, true) => (
            "makeup",
            "cases-calendar-makeup",
            ui.t("cases-calendar-makeup-mark"),
        ),
        (true, false) if hours != usual => ("hours", "cases-calendar-hours", String::new()),
        (true, false) => ("", "cases-calendar-work", String::new()),
    };
    // words: cases-calendar-*
    let name = names.get(&on).copied().unwrap_or_default();
    let parts = [ui.date_long(on), name.to_owned(), ui.t(key), hours];
    let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    Cell {
        day: on.day(),
        kind,
        mark,
        title: parts.join(" · "),
        href: if may_change {
            format!("/calendar/day/{on}{}", query(division))
        } else {
            String::new()
        },
    }
}

fn hours_rows(ui: &Ui, calendar: &Calendar, year: i16) -> Vec<HoursRow> {
    stretches(calendar, year)
        .into_iter()
        .map(|(from, to, hours)| HoursRow {
            days: if from == to {
                ui.date_long(from)
            } else {
                let (from, to) = (ui.date_long(from), ui.date_long(to));
                ui.t2(
                    "cases-calendar-from-to",
                    "from",
                    from.as_str(),
                    "to",
                    to.as_str(),
                )
            },
            hours,
        })
        .collect()
}

fn version_row(ui: &Ui, city: &City, layer: &Layer) -> VersionRow {
    VersionRow {
        version: layer.calendar.version().to_owned(),
        place: place_name(ui, city, layer.division),
        when: ui.time(layer.loaded_at),
        why: layer
            .reason
            .clone()
            .unwrap_or_else(|| layer.calendar.source().to_owned()),
    }
}

fn run_words(ui: &Ui, run: &Run) -> String {
    let when = ui.time_text(run.finished_at.unwrap_or(run.updated_at));
    let key = if run.finished_at.is_some() {
        "cases-calendar-run-done"
    } else {
        "cases-calendar-run-going"
    };
    ui.ta(
        key,
        &[
            ("seen", &run.seen),
            ("total", &run.total),
            ("moved", &run.moved),
            ("when", &when.as_str()),
        ],
    )
}

#[derive(Deserialize)]
pub(super) struct OfDivision {
    division: Option<String>,
}

#[derive(Template)]
#[template(path = "cases_calendar_day.html")]
pub(super) struct DayPage {
    pub ui: Ui,
    pub date: String,
    pub title: String,
    pub back: String,
    pub is_now: String,
    pub place: String,
    pub form: FormState,
    pub kinds: Vec<Choice>,
    pub divisions: Vec<Choice>,
}

pub(super) fn day_page(
    ui: Ui,
    city: &Arc<City>,
    on: Date,
    division: Option<DivisionCode>,
    form: Option<FormState>,
) -> DayPage {
    let calendar = city.calendar_at(division);
    let hours = hours_text(calendar.periods_on(on));
    let is_now = if hours.is_empty() {
        ui.t("cases-calendar-is-off")
    } else {
        ui.tn("cases-calendar-is-worked", "hours", hours.as_str())
    };
    let kind = if hours.is_empty() { "work" } else { "off" };
    let of = division
        .map(|d| format!("&division={d}"))
        .unwrap_or_default();
    DayPage {
        date: on.to_string(),
        title: ui.date_long(on),
        back: format!("/calendar?year={}{of}", on.year()),
        is_now,
        place: place_name(&ui, city, division),
        form: form.unwrap_or_else(|| {
            FormState::new().with("kind", kind).with(
                "division",
                division.map(|d| d.to_string()).unwrap_or_default(),
            )
        }),
        kinds: vec![
            Choice::new("off", ui.t("cases-calendar-make-off")),
            Choice::new("work", ui.t("cases-calendar-make-work")),
        ],
        divisions: divisions(city, ui.lang),
        ui,
    }
}

pub(super) async fn day(
    ctx: Ctx,
    ui: Ui,
    Path(on): Path<Date>,
    Query(of): Query<OfDivision>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let division = division_of(of.division.as_deref())?;
    show_page(&day_page(ui, &city, on, division, None))
}

/// The fields of the form as a change, or the field at fault with a sentence.
fn read(ui: &Ui, on: Date, fields: &Fields) -> Result<DayChange, (&'static str, String)> {
    let kind = match fields.get("kind") {
        "off" => DayKind::Off,
        "work" => DayKind::Work,
        _ => return Err(("kind", ui.t("cases-calendar-no-kind"))),
    };
    let hours = fields.get("hours");
    let periods: Result<Vec<WorkPeriod>, CalendarFlaw> = hours
        .split([' ', ',', '，', '、'])
        .filter(|p| !p.is_empty())
        .map(|p| p.replace(['–', '—', '至'], "-").parse())
        .collect();
    let periods = periods.map_err(|_| ("hours", ui.t("cases-calendar-bad-hours")))?;
    let division = division_of(Some(fields.get("division")))
        .map_err(|fault| ("division", fault.detail().to_owned()))?;
    Ok(DayChange {
        date: on,
        kind,
        periods: (!periods.is_empty()).then_some(periods),
        division,
        reason: fields.get("reason").to_owned(),
    })
}

pub(super) async fn change(
    ctx: Ctx,
    ui: Ui,
    Path(on): Path<Date>,
    fields: Fields,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let again = |ui: Ui, field: &'static str, sentence: String| {
        let mut form = fields.form();
        form.fault(field, sentence);
        let division = division_of(Some(fields.get("division"))).ok().flatten();
        let page = day_page(ui, &city, on, division, Some(form));
        show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
    };
    let wanted = match read(&ui, on, &fields) {
        Ok(wanted) => wanted,
        Err((field, sentence)) => return again(ui, field, sentence),
    };
    let division = wanted.division;
    match change_day(&ctx, wanted).await {
        Ok(version) => {
            // Other processes look once a second; this one shows what was just done.
            if let Some(reference) = ctx.service_if_any::<Reference>() {
                reference.refresh(&ctx).await?;
            }
            let said = ui.tn("cases-calendar-changed", "version", version.as_str());
            let of = division
                .map(|d| format!("&division={d}"))
                .unwrap_or_default();
            let to = format!("/calendar?year={}{of}", on.year());
            Ok(Go::to(to).saying(Tone::Good, said).into_response())
        }
        Err(DayError::NoReason | DayError::LongReason(_)) => {
            let sentence = ui.tn(
                "cases-calendar-reason-needed",
                "most",
                matters::ops::LONGEST_REASON,
            );
            again(ui, "reason", sentence)
        }
        Err(DayError::Hours(_)) => {
            let sentence = ui.t("cases-calendar-bad-hours");
            again(ui, "hours", sentence)
        }
        Err(DayError::Refused(error)) => Err(error.into()),
        Err(DayError::Store(error)) => Err(error.into()),
    }
}
