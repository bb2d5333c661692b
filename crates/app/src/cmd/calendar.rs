//! `shiyu calendar import FILE`, `shiyu calendar status`, `shiyu calendar recompute`: what a calendar changes, how far the open
//! deadlines follow it, and making them follow now.

use super::import_reference::read_file;
use super::speech::Speech;
use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use cases::ops::Run;
use cases::service::{Cases, CasesConfig};
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use kernel::DivisionCode;
use matters::calendar_file::FileOptions;
use matters::ops::{CalendarOptions, import_calendar_file};
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

/// Work on the working-day calendar.
#[derive(Args)]
pub struct Calendar {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Import(Import),
    /// How far open deadlines have been computed again after the last change.
    Status,
    /// Compute open deadlines again now, if the calendars changed (a running server does so by itself).
    Recompute,
}

/// Bring in a calendar: holiday-cn JSON, ICS, CSV (date,kind[,name]), or the program's own JSON or text.
#[derive(Args)]
struct Import {
    /// The file, in UTF-8; a name that ends in .gz is unpacked.
    file: PathBuf,
    /// Only tell what would change.
    #[arg(long)]
    dry_run: bool,
    /// Only in this division (twelve digits): its own hours, its own holidays.
    #[arg(long, value_name = "CODE")]
    division: Option<DivisionCode>,
    /// The version it is kept under [default: the one of the file, else its years].
    #[arg(long = "calendar-version", value_name = "NAME")]
    calendar_version: Option<String>,
    /// A year that an ICS or CSV file knows whole (may be given several times) [default: those whose National Day it names].
    #[arg(long, value_name = "YYYY")]
    year: Vec<i16>,
    /// Why it is loaded.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    speech: Speech,
}

impl Calendar {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        match self.what {
            What::Import(args) => args.run(common),
            What::Status => with_cases(common, |ctx, runtime, tz| {
                let run = runtime
                    .block_on(cases::ops::last_run(ctx))
                    .map_err(case_failure)?;
                told(run.as_ref(), tz)
            }),
            What::Recompute => with_cases(common, |ctx, runtime, tz| {
                let shows = std::io::stderr().is_terminal();
                let tell = move |run: &Run| {
                    if shows {
                        // A terminal that is gone needs no progress.
                        let _ = write!(
                            std::io::stderr(),
                            "\r{} of {} looked at, {} moved",
                            run.seen,
                            run.total,
                            run.moved
                        );
                    }
                };
                let done = runtime
                    .block_on(cases::ops::recompute(ctx, tell))
                    .map_err(case_failure)?;
                if shows {
                    crate::output::tell("");
                }
                let run = match done {
                    Some(run) => Some(run),
                    None => runtime
                        .block_on(cases::ops::last_run(ctx))
                        .map_err(case_failure)?,
                };
                told(run.as_ref(), tz)
            }),
        }
    }
}

fn with_cases(
    common: &Common,
    work: impl FnOnce(&access::Ctx, &tokio::runtime::Runtime, &TimeZone) -> Result<Done, Failure>,
) -> Result<Done, Failure> {
    let mut program = Program::open(common)?;
    let config = CasesConfig::new(program.config.district);
    let cases = Cases::new(program.reference.clone(), config);
    program.services.add(Arc::new(cases));
    let ctx = program.ready(SystemRole::Operator)?;
    let runtime =
        tokio::runtime::Runtime::new().map_err(|e| Failure::other("runtime", e.to_string()))?;
    work(&ctx, &runtime, &program.config.timezone)
}

fn case_failure(error: cases::ops::CaseError) -> Failure {
    Failure::other("recompute", error.to_string())
}

fn told(run: Option<&Run>, tz: &TimeZone) -> Result<Done, Failure> {
    let Some(run) = run else {
        let json = json!({ "run": null });
        return Done::new(&json, "open deadlines were never computed again".to_owned());
    };
    let at = |at| cases::ops::view::stamp(at, tz);
    let json: Value = json!({ "run": {
        "calendars": run.calendars, "started_at": at(run.started_at), "updated_at": at(run.updated_at),
        "finished_at": run.finished_at.map(at), "total": run.total, "seen": run.seen, "moved": run.moved, "failed": run.failed,
    }});
    let end = run.finished_at.map_or_else(
        || "not finished".to_owned(),
        |t| format!("finished {}", at(t)),
    );
    let text = format!(
        "{} of {} open deadlines looked at, {} moved, {} failed; {end}",
        run.seen, run.total, run.moved, run.failed
    );
    Done::new(&json, text)
}

impl Import {
    fn run(self, common: &Common) -> Result<Done, Failure> {
        let bytes = read_file(&self.file)?;
        let options = CalendarOptions {
            file: FileOptions {
                version: self.calendar_version,
                years: self.year,
                source: self
                    .file
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned()),
            },
            division: self.division,
            reason: self.reason,
            dry_run: self.dry_run,
        };
        let ctx = Program::open(common)?.ready(SystemRole::Operator)?;
        let report =
            import_calendar_file(&ctx, &bytes, &options).map_err(|e| self.speech.failure(e))?;
        let what = match (report.unchanged, report.dry_run) {
            (true, _) => "is there already",
            (false, true) => "would be loaded",
            (false, false) => "is loaded; a running server computes open deadlines again",
        };
        let mut text = format!(
            "calendar version {} {what}: {} days change",
            report.version, report.changes.total
        );
        for day in report.changes.days.iter().take(20) {
            let or_off = |hours: &str| {
                if hours.is_empty() {
                    "off".to_owned()
                } else {
                    hours.to_owned()
                }
            };
            text.push_str(&format!(
                "\n  {} {} → {} {}",
                day.date,
                or_off(&day.was),
                or_off(&day.becomes),
                day.name
            ));
        }
        let more = report.changes.total.saturating_sub(20);
        if more > 0 {
            text.push_str(&format!("\n  … and {more} more (--json lists them)"));
        }
        Done::new(&report, text)
    }
}
