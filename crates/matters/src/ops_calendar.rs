//! Use cases of calendars: look at what a file would change, bring it in, change one day with a reason.

use crate::calendar_file::{self, FileOptions};
use crate::calendars::{Calendars, Changes, Layer, changes};
use crate::sql;
use access::{Ctx, Permission, Saying, Word};
use grid::Part;
use grid::batch::Plan;
use grid::report::{ImportError, Report, fingerprint};
use jiff::civil::{Date, date};
use kernel::calendar::{CalendarError, DayKind, WorkPeriod};
use kernel::{Calendar, DivisionCode};
use serde::Serialize;
use store::{AuditEvent, Sealed, StoreError, StoreResult, Write};

/// How a file of a calendar is brought in.
#[derive(Debug, Clone, Default)]
pub struct CalendarOptions {
    /// What the file is.
    pub file: FileOptions,
    /// Only in this division; none: in the whole city.
    pub division: Option<DivisionCode>,
    /// Why it is loaded.
    pub reason: Option<String>,
    /// Only tell what would change.
    pub dry_run: bool,
}

/// What a calendar that was brought in changes, or would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CalendarReport {
    /// The version it is kept under.
    pub version: String,
    /// Only in this division.
    #[schema(value_type = Option<String>)]
    pub division: Option<DivisionCode>,
    /// It is there already with the same content; nothing was changed.
    pub unchanged: bool,
    /// Nothing was written: this is what would change.
    pub dry_run: bool,
    /// What changes from the day before the first to the day after the last year it speaks about.
    #[serde(flatten)]
    pub changes: Changes,
}

/// The longest version name.
const LONGEST_VERSION: usize = 80;
/// Years looked through for changes at most, around the days that a calendar names.
const MOST_YEARS: i16 = 40;

/// Brings in a calendar: the notice of a year, a city's own hours, a local holiday. With `dry_run` nothing is written.
///
/// # Errors
/// An unusable file, or a version that is there with other content (nothing is written), or the store's.
pub fn import_calendar_file(
    ctx: &Ctx,
    bytes: &[u8],
    options: &CalendarOptions,
) -> Result<CalendarReport, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    let text = grid::sheet::text(bytes)?;
    let calendar = calendar_file::read(text, &options.file).map_err(unreadable_calendar)?;
    let layer = checked(ctx, calendar, options)?;
    let stored = ctx.read_blocking::<_, StoreError, _>(sql::all_calendars)?;
    let calendars = Calendars::build(Calendar::cn(), stored);
    let version = layer.calendar.version().to_owned();
    let is_known = known(&calendars, &layer)?;
    if !is_known {
        announced(&calendars, &layer, &options.file.years)?;
    }
    let found = changes_of(&calendars, &layer);
    if !is_known && !options.dry_run {
        let file = fingerprint(bytes);
        ctx.renewed()
            .write_blocking::<(), StoreError, _>(move |w| store_layer(w, &layer, &file))?;
    }
    Ok(CalendarReport {
        version,
        division: options.division,
        unchanged: is_known,
        dry_run: options.dry_run,
        changes: found,
    })
}

/// A file that is no calendar, with the place and the reason.
pub fn unreadable_calendar(error: CalendarError) -> ImportError {
    let wrong = ImportError::unusable("unreadable_calendar", &error);
    match error {
        CalendarError::Line { line, reason } => wrong
            .on_line(line as u64)
            .telling(grid::Why::from(reason).word()),
        // words: grid-reject-at
        CalendarError::Field { field, reason } => {
            let args = vec![
                ("at", Word::Text(field)),
                ("reason", grid::Why::from(reason).word()),
            ];
            wrong.telling(Saying::new("grid-reject-at", args).into())
        }
    }
}

/// [`import_calendar_file`] with nothing said about the file, told as imports of other files are.
///
/// # Errors
/// The same.
pub fn import_calendar(ctx: &Ctx, bytes: &[u8]) -> Result<Report, ImportError> {
    let done = import_calendar_file(ctx, bytes, &CalendarOptions::default())?;
    Ok(Report {
        read: 1,
        imported: u64::from(!done.unchanged),
        unchanged: u64::from(done.unchanged),
        ..Report::default()
    })
}

/// What [`import_calendar_file`] would do: the version is the one row, and each day that changes is shown with its hours.
///
/// # Errors
/// As [`import_calendar_file`].
pub fn plan_calendar(
    ctx: &Ctx,
    bytes: &[u8],
    options: &CalendarOptions,
) -> Result<Plan, ImportError> {
    let look = CalendarOptions {
        dry_run: true,
        ..options.clone()
    };
    let found = import_calendar_file(ctx, bytes, &look)?;
    let mut report = Report {
        read: 1,
        imported: u64::from(!found.unchanged),
        unchanged: u64::from(found.unchanged),
        ..Report::default()
    };
    if found.unchanged {
        return Ok(Plan::new(report));
    }
    report.show(1, true, || found.version.clone());
    let or_off = |hours: &str| if hours.is_empty() { "—" } else { hours }.to_owned();
    for day in &found.changes.days {
        report.show(1, false, || {
            let (was, becomes) = (or_off(&day.was), or_off(&day.becomes));
            format!("{} {}: {was} → {becomes}", day.date, day.name)
        });
    }
    let bytes = bytes.to_vec();
    let options = CalendarOptions {
        dry_run: false,
        ..options.clone()
    };
    Ok(Plan::new(report).then(move |ctx, progress| {
        import_calendar_file(ctx, &bytes, &options)?;
        progress(1);
        Ok(())
    }))
}

fn checked(ctx: &Ctx, calendar: Calendar, options: &CalendarOptions) -> Result<Layer, ImportError> {
    let says_nothing = calendar.years().next().is_none()
        && calendar.days().next().is_none()
        && !calendar.states_hours();
    if says_nothing {
        return Err(ImportError::unusable(
            "empty_calendar",
            "the calendar names no year, no day and no hours",
        ));
    }
    let version = calendar.version();
    let is_name = !version.is_empty()
        && version.chars().count() <= LONGEST_VERSION
        && version.chars().all(|c| !c.is_control() && c != '/');
    if !is_name {
        let message = format!(
            "a calendar version is 1 to {LONGEST_VERSION} characters without a slash, not {:?}",
            version.chars().take(LONGEST_VERSION).collect::<String>()
        );
        return Err(ImportError::unusable("bad_version", message).at("version"));
    }
    Ok(Layer {
        calendar,
        division: options.division,
        loaded_at: ctx.now(),
        reason: options.reason.clone().filter(|r| !r.trim().is_empty()),
        loaded_by: ctx.principal().actor().id,
    })
}

/// Whether the version is there with the same content.
fn known(calendars: &Calendars, layer: &Layer) -> Result<bool, ImportError> {
    let version = layer.calendar.version();
    let text = layer.calendar.to_text();
    let own = Calendar::cn();
    let same = if version == own.version() {
        Some(own.to_text() == text)
    } else {
        let found = calendars
            .layers()
            .iter()
            .find(|l| l.calendar.version() == version);
        found.map(|l| l.calendar.to_text() == text && l.division == layer.division)
    };
    match same {
        None => Ok(false),
        Some(true) => Ok(true),
        Some(false) => {
            let message = format!(
                "calendar version {version:?} is there with other content, and deadlines refer to it: give the new one another version"
            );
            Err(ImportError::unusable("version_taken", message).at("version"))
        }
    }
}

/// Whether every year that it claims to know is announced: by itself, by what is loaded where it holds, or by the person who
/// says so.
fn announced(calendars: &Calendars, layer: &Layer, said: &[i16]) -> Result<(), ImportError> {
    let loaded = calendars.at(layer.division);
    let names_day = |year: i16| layer.calendar.days().any(|(d, ..)| d.year() == year);
    let is_known = |year: i16| loaded.is_loaded(year) || (said.contains(&year) && names_day(year));
    match calendar_file::not_announced(&layer.calendar, is_known) {
        None => Ok(()),
        Some(year) => {
            let message = format!(
                "the file claims to know {year} but does not name its National Day ({year}-10-01) as off, as the notice of every year does: deadlines of {year} stay provisional until it is announced"
            );
            Err(ImportError::unusable("year_not_announced", message).at(&year.to_string()))
        }
    }
}

/// What a version changes where it holds, over the years it speaks about and the one after.
fn changes_of(calendars: &Calendars, layer: &Layer) -> Changes {
    let here = layer.division;
    let after = calendars.with(&layer.calendar, here);
    let before = calendars.at(here);
    let this_year = layer.loaded_at.to_zoned(jiff::tz::TimeZone::UTC).year();
    let named = layer.calendar.days().map(|(d, ..)| d.year());
    let years: Vec<i16> = named.chain(layer.calendar.years()).collect();
    let (mut first, mut last) = (
        years.iter().min().copied().unwrap_or(this_year),
        years.iter().max().copied().unwrap_or(this_year),
    );
    if layer.calendar.states_hours() {
        let (from, to) = layer.calendar.valid();
        first = first.min(from.map_or(this_year, Date::year));
        last = last.max(to.map_or(this_year + 1, Date::year));
    }
    let first = first.max(last.saturating_sub(MOST_YEARS));
    changes(before, &after, date(first, 1, 1), date(last, 12, 31))
}

fn store_layer(mut w: Write<'_>, layer: &Layer, file: &str) -> StoreResult<Sealed<()>> {
    sql::insert_calendar(&mut w, layer)?;
    grid::sql::bump(&mut w, Part::Calendars)?;
    let event = AuditEvent::done("calendar.import", "calendar", layer.calendar.version());
    let detail = serde_json::json!({
        "file": file, "division": layer.division.map(|d| d.to_string()), "reason": layer.reason,
    });
    w.commit(event.detail(detail), ())
}

/// One day that a city changes: an emergency, a local holiday, an afternoon off.
#[derive(Debug, Clone)]
pub struct DayChange {
    /// Which day.
    pub date: Date,
    /// Off or worked.
    pub kind: DayKind,
    /// With these hours; none: the usual ones.
    pub periods: Option<Vec<WorkPeriod>>,
    /// Only in this division; none: in the whole city.
    pub division: Option<DivisionCode>,
    /// Why. It is the day's name.
    pub reason: String,
}

/// Why a day cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// The reader may not.
    #[error(transparent)]
    Refused(#[from] access::Refused),
    /// Without a reason nobody knows later why.
    #[error("a reason is needed")]
    NoReason,
    /// The reason is too long.
    #[error("the reason has more than {0} characters")]
    LongReason(usize),
    /// Hours that overlap.
    #[error("{0}")]
    Hours(String),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The longest reason of a changed day.
pub const LONGEST_REASON: usize = 200;

/// Changes one day as a version of its own over all others; answers the version. Call [`crate::Reference::refresh`] after.
///
/// # Errors
/// [`DayError`].
pub async fn change_day(ctx: &Ctx, change: DayChange) -> Result<String, DayError> {
    ctx.require(Permission::ReferenceManage)?;
    let reason = change.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(DayError::NoReason);
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(DayError::LongReason(LONGEST_REASON));
    }
    let by = ctx.principal().actor().id;
    // Checked once before the transaction: the closure may run again.
    let build = move |version: &str| {
        let periods = change
            .periods
            .clone()
            .filter(|_| change.kind == DayKind::Work);
        Calendar::one_day(version, "day", change.date, change.kind, &reason, periods)
            .map(|calendar| (calendar, reason.clone()))
    };
    build("check").map_err(|e| DayError::Hours(e.to_string()))?;
    let (on, division) = (change.date, change.division);
    ctx.write(move |mut w| {
        let head = format!("day-{on}");
        let number = sql::versions_like(&mut w, &head)? + 1;
        let version = format!("{head}-{number}");
        let (calendar, reason) =
            build(&version).map_err(|e| DayError::Hours(e.to_string()))?;
        let layer = Layer {
            calendar,
            division,
            loaded_at: w.now(),
            reason: Some(reason),
            loaded_by: by,
        };
        sql::insert_calendar(&mut w, &layer)?;
        grid::sql::bump(&mut w, Part::Calendars)?;
        let detail = serde_json::json!({
            "date": on.to_string(), "division": division.map(|d| d.to_string()), "reason": layer.reason,
        });
        let event = AuditEvent::done("calendar.change_day", "calendar", version.clone());
        Ok(w.commit(event.detail(detail), version)?)
    })
    .await
}
