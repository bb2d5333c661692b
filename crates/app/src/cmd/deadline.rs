//! `shiyu deadline`: when something is due, told from the start and the limit. Needs no database.

use crate::config::Common;
use crate::output::{Done, Failure};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use kernel::Calendar;
use kernel::deadline::{ClockKind, DeadlineError, Limit, LimitError, ParseOptions, deadline};
use serde::Serialize;
use std::borrow::Cow;

/// Tells when something is due.
#[derive(clap::Args)]
pub struct Args {
    /// When the clock starts: 2026-02-13T17:00:00+08:00, or local time as 2026-02-13T17:00.
    #[arg(long, value_name = "TIME")]
    start: String,
    /// The limit: 4工作时, 2紧急工作时, 5工作日, 7自然日, or 4WH, 2UH, 5WD, 7CD.
    #[arg(long)]
    limit: String,
    /// The working-day calendar: cn (carried by the program), none, or a file (JSON or text).
    #[arg(long, default_value = "cn", value_name = "cn|none|FILE")]
    calendar: String,
    /// Which clock a bare 天 or D means; without it such a limit is refused.
    #[arg(long, value_name = "wd|cd|ud")]
    bare_days: Option<String>,
    /// Which clock a bare 小时 or h means; without it such a limit is refused.
    #[arg(long, value_name = "wh|uh")]
    bare_hours: Option<String>,
    /// The local time zone [default: that of the configuration, else Asia/Shanghai].
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
}

/// What the command prints.
#[derive(Serialize)]
struct Answer {
    due: String,
    provisional: bool,
}

impl Args {
    /// Runs the command.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let tz = match &self.timezone {
            Some(name) => TimeZone::get(name)
                .map_err(|_| unusable("timezone", format!("unknown time zone {name:?}")))?,
            None => common.load()?.timezone,
        };
        let start = read_start(&self.start, &tz).map_err(|message| unusable("start", message))?;
        let options = ParseOptions {
            bare_days: clock("bare_days", self.bare_days.as_deref(), true)?,
            bare_hours: clock("bare_hours", self.bare_hours.as_deref(), false)?,
        };
        let limit = Limit::parse(&self.limit, options).map_err(|e| {
            let hint = match e {
                LimitError::Bare { .. } => " (or say which by --bare-days or --bare-hours)",
                _ => "",
            };
            unusable("limit", format!("{e}{hint}"))
        })?;
        let calendar = read_calendar(&self.calendar)?;
        let due = deadline(start, limit, &calendar, &tz, &[]).map_err(|e| match e {
            DeadlineError::OutOfRange { .. } => unusable("limit", e.to_string()),
            DeadlineError::BackwardPause { .. } => Failure::other("deadline", e.to_string()),
        })?;
        let offset = tz.to_offset(due.at);
        let answer = Answer {
            due: due.at.display_with_offset(offset).to_string(),
            provisional: due.provisional,
        };
        let note = if answer.provisional {
            " (provisional: the calendar of that year is not loaded)"
        } else {
            ""
        };
        let text = format!("{}{note}", answer.due);
        Done::new(&answer, text)
    }
}

fn unusable(field: &str, message: String) -> Failure {
    Failure::unusable("unusable_argument", message).field(field)
}

/// Reads an instant with an offset, a time with a zone of its own in brackets, or a local date and time of `tz`.
fn read_start(text: &str, tz: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    let refuse = || {
        format!("cannot read time {text:?}: expected 2026-02-13T17:00:00+08:00 or 2026-02-13T17:00")
    };
    // The other two would read past the brackets, and 17:00 in Tokyo would become 17:00 here.
    if text.contains('[') {
        let at: Zoned = text.parse().map_err(|_| refuse())?;
        return Ok(at.timestamp());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    // A date alone would silently mean midnight.
    if !text.contains(':') {
        return Err(refuse());
    }
    let local: DateTime = text.parse().map_err(|_| refuse())?;
    tz.to_timestamp(local)
        .map_err(|_| format!("time {text:?} lies outside the range of time"))
}

/// The clock that a bare unit means, as `--bare-days` and `--bare-hours` name it.
pub(super) fn clock(
    field: &'static str,
    text: Option<&str>,
    days: bool,
) -> Result<Option<ClockKind>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let clock = text
        .parse::<ClockKind>()
        .ok()
        .filter(|clock| clock.counts_days() == days);
    let expected = if days { "wd, cd or ud" } else { "wh or uh" };
    clock.map(Some).ok_or_else(|| {
        unusable(
            field,
            format!("unknown clock {text:?}: expected {expected}"),
        )
    })
}

fn read_calendar(name: &str) -> Result<Cow<'static, Calendar>, Failure> {
    match name {
        "cn" => Ok(Cow::Borrowed(Calendar::cn())),
        "none" => Ok(Cow::Owned(Calendar::none())),
        path => {
            let text = std::fs::read_to_string(path).map_err(|e| {
                unusable(
                    "calendar",
                    format!("cannot read calendar file {path:?}: {e}"),
                )
            })?;
            let calendar = matters::calendar_file::read(&text, &Default::default())
                .map_err(|e| unusable("calendar", format!("{path}: {e}")))?;
            let known = |year| Calendar::cn().is_loaded(year);
            if let Some(year) = matters::calendar_file::not_announced(&calendar, known) {
                let why = format!(
                    "{path}: {year} is not announced: its National Day is not named as off"
                );
                return Err(unusable("calendar", why));
            }
            Ok(Cow::Owned(calendar))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_means_what_it_says() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        let read = |text| read_start(text, &shanghai).map(|at| at.to_string());
        let nine = Ok("2026-02-13T09:00:00Z".to_owned());
        for text in [
            "2026-02-13T17:00",
            "2026-02-13 17:00:00",
            "2026-02-13T09:00:00Z",
            "2026-02-13T18:00:00+09:00",
            "2026-02-13T18:00[Asia/Tokyo]",
            "2026-02-13T17:00+08:00[Asia/Shanghai]",
        ] {
            assert_eq!(read(text), nine, "{text}");
        }
        for text in [
            "",
            "2026-02-13",
            "2026-02-30T10:00",
            "2026-02-13T24:00",
            "2026-02-13T17:00[Mars/Olympus]",
            "2026-02-13T17:00+08:00[Asia/Tokyo]",
            "[",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
