//! GET /api/v1/calendar — a year of working days and hours at a place; POST — a calendar brought in, or looked at first: what
//! `shiyu calendar import` and `shiyu calendar status` say.

use crate::ops::{self, Run, view::stamp};
use crate::pages::CALENDAR_YEARS;
use crate::service::Cases;
use access::{Ctx, Fault, Fields, Json, Operation, Permission, Query, Routes, Upload};
use axum::http::Method;
use grid::ImportError;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use kernel::DivisionCode;
use matters::calendar_file::FileOptions;
use matters::calendars::{Layer, days_of, hours_text, stretches};
use matters::ops::{CalendarOptions, CalendarReport, LONGEST_REASON, import_calendar_file};
use matters::{City, Reference};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// The largest file of a calendar: forty years of notices are far below.
const MOST_BYTES: usize = 4 << 20;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .on_api(
            Method::GET,
            "/api/v1/calendar",
            Permission::ReferenceRead,
            show,
            Operation::new("shows a year of working days, days off and hours, for the city or a division")
                .query::<i16>("year", "the year, 2000 to 2100; the present one without it")
                .query::<String>("division", "a division of 12 digits; the city without it")
                .answers::<CalendarView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/calendar",
            Permission::ReferenceManage,
            bring,
            Operation::new("brings in a calendar, or tells what it would change")
                .about("holiday-cn JSON, ICS, CSV (date,kind[,name]), or the program's own JSON or text. Open deadlines are computed again by a job; `GET` shows how far it is.")
                .body_of::<CalendarForm>("multipart/form-data")
                .answers::<CalendarReport>(200),
        )
        .takes(MOST_BYTES + (1 << 20))
}

/// The form: one file, and what it leaves open.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "the description of the form; its parts are read one by one"
)]
struct CalendarForm {
    /// The file, in UTF-8.
    #[schema(format = Binary)]
    file: String,
    /// 1: only tell what would change.
    dry_run: Option<String>,
    /// Only in this division (12 digits): its own hours, its own holidays.
    division: Option<String>,
    /// The version it is kept under; without it the one of the file, else its years.
    version: Option<String>,
    /// A year that an ICS or CSV file knows whole; several with commas.
    years: Option<String>,
    /// Why it is loaded.
    reason: Option<String>,
}

/// A day that a week alone does not tell: off on a weekday, worked on a weekend, named.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarDayView {
    /// Which day.
    #[schema(value_type = String)]
    date: Date,
    /// It is worked.
    is_worked: bool,
    /// Its hours; empty where it is off.
    hours: String,
    /// The holiday's name, or why.
    name: String,
}

/// A stretch of the year with the same hours; days off belong to the stretch around them.
#[derive(Debug, Serialize, ToSchema)]
struct StretchView {
    /// Its first working day.
    #[schema(value_type = String)]
    from: Date,
    /// Its last working day.
    #[schema(value_type = String)]
    to: Date,
    /// Such as `08:00-12:00 14:00-18:00`.
    hours: String,
}

/// A version that was loaded.
#[derive(Debug, Serialize, ToSchema)]
struct VersionView {
    /// Its name.
    version: String,
    /// Only in this division; null for the city.
    division: Option<String>,
    /// When it was loaded.
    loaded_at: String,
    /// Why.
    reason: Option<String>,
    /// Where it comes from.
    source: String,
}

/// How far open deadlines have been computed again after the last change.
#[derive(Debug, Serialize, ToSchema)]
struct RecomputationView {
    /// When it began.
    started_at: String,
    /// When it was done; null while it goes on.
    finished_at: Option<String>,
    /// Open deadlines when it began.
    total: i64,
    /// Looked at.
    seen: i64,
    /// Moved, or made firm.
    moved: i64,
    /// Could not be computed.
    failed: i64,
}

/// A year of the calendar in force at a place.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarView {
    /// The year.
    year: i16,
    /// The division asked for; null for the city.
    division: Option<String>,
    /// The version that deadlines of this place are computed with.
    version: String,
    /// The year is known; else its deadlines are provisional.
    is_loaded: bool,
    /// The years that are known.
    years: Vec<i16>,
    /// Working days of the year.
    worked: usize,
    /// Days that the week alone does not tell.
    days: Vec<CalendarDayView>,
    /// The hours, stretch by stretch.
    hours: Vec<StretchView>,
    /// Every version loaded here, in the order they were loaded.
    versions: Vec<VersionView>,
    /// How far open deadlines follow the last change; null if they never had to.
    run: Option<RecomputationView>,
}

#[derive(Deserialize)]
struct Wanted {
    year: Option<i16>,
    division: Option<DivisionCode>,
}

fn run_view(run: &Run, tz: &TimeZone) -> RecomputationView {
    RecomputationView {
        started_at: stamp(run.started_at, tz),
        finished_at: run.finished_at.map(|at| stamp(at, tz)),
        total: run.total,
        seen: run.seen,
        moved: run.moved,
        failed: run.failed,
    }
}

fn version_view(layer: &Layer, tz: &TimeZone) -> VersionView {
    VersionView {
        version: layer.calendar.version().to_owned(),
        division: layer.division.map(|d| d.to_string()),
        loaded_at: stamp(layer.loaded_at, tz),
        reason: layer.reason.clone(),
        source: layer.calendar.source().to_owned(),
    }
}

fn view(city: &City, year: i16, division: Option<DivisionCode>, run: Option<&Run>) -> CalendarView {
    let calendar = city.calendar_at(division);
    let names: HashMap<Date, &str> = calendar.days().map(|(d, _, name)| (d, name)).collect();
    let tz = &city.timezone;
    let days = days_of(year).filter_map(|date| {
        let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let is_worked = calendar.is_workday(date);
        let name = names.get(&date);
        (is_worked == is_weekend || name.is_some()).then(|| CalendarDayView {
            date,
            is_worked,
            hours: hours_text(calendar.periods_on(date)),
            name: name.copied().unwrap_or_default().to_owned(),
        })
    });
    CalendarView {
        year,
        division: division.map(|d| d.to_string()),
        version: calendar.version().to_owned(),
        is_loaded: calendar.is_loaded(year),
        years: calendar.years().collect(),
        worked: days_of(year).filter(|d| calendar.is_workday(*d)).count(),
        days: days.collect(),
        hours: stretches(calendar, year)
            .into_iter()
            .map(|(from, to, hours)| StretchView { from, to, hours })
            .collect(),
        versions: city
            .calendars
            .layers()
            .iter()
            .map(|layer| version_view(layer, tz))
            .collect(),
        run: run.map(|run| run_view(run, tz)),
    }
}

async fn show(ctx: Ctx, Query(wanted): Query<Wanted>) -> Result<Json<CalendarView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let year = wanted
        .year
        .unwrap_or_else(|| city.local_date(ctx.now()).year());
    if !CALENDAR_YEARS.contains(&year) {
        let (first, last) = (CALENDAR_YEARS.start(), CALENDAR_YEARS.end());
        let why = format!("year: expected {first} to {last}, not {year}");
        return Err(Fault::invalid("year", "access.invalid_field", why).arg("field", "year"));
    }
    let run = ops::last_run(&ctx).await?;
    Ok(Json(view(&city, year, wanted.division, run.as_ref())))
}

/// Years, parted by commas.
fn years(fields: &Fields) -> Result<Vec<i16>, Fault> {
    let words = fields.all("years").flat_map(|text| text.split(','));
    let years = words.map(str::trim).filter(|word| !word.is_empty());
    years
        .map(|word| {
            let year = word.parse().ok().filter(|y| (1949..=2200).contains(y));
            year.ok_or_else(|| {
                let why = format!("{:?} is no year", word.chars().take(20).collect::<String>());
                Fault::invalid("years", "access.invalid_field", why).arg("field", "years")
            })
        })
        .collect()
}

fn reason(fields: &Fields) -> Result<Option<String>, Fault> {
    let text = fields.get("reason");
    if text.chars().count() > LONGEST_REASON {
        let why = format!("reason: longer than {LONGEST_REASON} characters");
        return Err(Fault::invalid("reason", "access.invalid_field", why).arg("field", "reason"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

async fn bring(ctx: Ctx, upload: Upload) -> Result<Json<CalendarReport>, Fault> {
    let Upload { fields, files } = upload;
    let written = |name: &str| {
        let text = fields.get(name);
        (!text.is_empty()).then(|| text.to_owned())
    };
    let file = files.into_iter().find(|f| f.field == "file");
    let file =
        file.ok_or_else(|| ImportError::unusable("no_file", "no file in the field `file`"))?;
    let options = CalendarOptions {
        file: FileOptions {
            version: written("version"),
            years: years(&fields)?,
            source: Some(file.name.clone()),
        },
        division: fields.read("division")?,
        reason: reason(&fields)?,
        dry_run: fields.flag("dry_run")?,
    };
    let worker = ctx.clone();
    let done =
        tokio::task::spawn_blocking(move || import_calendar_file(&worker, &file.bytes, &options))
            .await
            .map_err(|e| Fault::internal(format!("a calendar could not be read: {e}")))??;
    if !done.dry_run && !done.unchanged {
        // Other processes look once a second; this one answers by what was just done.
        let reference = ctx.service::<Reference>();
        reference.refresh(&ctx.renewed()).await?;
    }
    Ok(Json(done))
}
