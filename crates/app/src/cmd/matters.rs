//! `shiyu matters check FILE`: reads the sheet of a catalogue and says what is wrong with it. Needs no database.

use super::deadline::clock;
use super::import_reference::read_file;
use super::speech::{MOST_TOLD, Speech};
use crate::output::{Done, Failure};
use clap::{Args, Subcommand};
use kernel::deadline::ParseOptions;
use matters::MatterKind;
use std::path::PathBuf;

/// Work on catalogues.
#[derive(Args)]
pub struct Matters {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Check(Check),
}

/// Count the classes and conditions of a sheet and list the lines that would be refused.
#[derive(Args)]
struct Check {
    /// A CSV file in UTF-8, or a workbook (.xlsx).
    file: PathBuf,
    #[command(flatten)]
    clocks: Clocks,
    #[command(flatten)]
    speech: Speech,
}

/// What the sheet leaves open: which clock bare days and hours mean, and of which kind its classes are.
#[derive(Args)]
pub struct Clocks {
    /// Which clock a bare 天 or D means; without it such a limit is refused.
    #[arg(long, value_name = "wd|cd|ud")]
    bare_days: Option<String>,
    /// Which clock a bare 小时 or h means; without it such a limit is refused.
    #[arg(long, value_name = "wh|uh")]
    bare_hours: Option<String>,
    /// Component or event, where neither a column nor the name of the worksheet says so.
    #[arg(long, value_name = "component|event|other")]
    pub kind: Option<MatterKind>,
}

impl Clocks {
    /// As the reader of limits takes them.
    pub fn options(&self) -> Result<ParseOptions, Failure> {
        Ok(ParseOptions {
            bare_days: clock("bare_days", self.bare_days.as_deref(), true)?,
            bare_hours: clock("bare_hours", self.bare_hours.as_deref(), false)?,
        })
    }
}

impl Matters {
    /// Runs the command.
    pub fn run(self) -> Result<Done, Failure> {
        let What::Check(args) = self.what;
        let options = matters::import::SheetOptions {
            limits: args.clocks.options()?,
            kind: args.clocks.kind,
        };
        let check = matters::ops::check(&read_file(&args.file)?, options);
        let check = check.map_err(|e| args.speech.failure(e))?;
        let mut text = format!(
            "{} rows: {} classes ({} components, {} events) with {} conditions, {} without limit; {} rows refused",
            check.rows,
            check.classes,
            check.components,
            check.events,
            check.conditions,
            check.without_limit,
            check.rejected
        );
        if !check.ignored_columns.is_empty() {
            let ignored = check.ignored_columns.join(", ");
            text.push_str(&format!("\n  columns that are not read: {ignored}"));
        }
        let told = args.speech.rejects(&check.errors)?;
        for (told, e) in told.iter().zip(&check.errors) {
            text.push_str(&format!("\n  {told} ({})", e.value));
        }
        if check.errors.len() > MOST_TOLD {
            text.push_str(&format!(
                "\n  … and {} more (--json lists them)",
                check.errors.len() - MOST_TOLD
            ));
        }
        Done::new(&check, text)
    }
}
