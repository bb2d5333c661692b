//! `shiyu facts rebuild [--check]`: the figures made again from the record, or compared with it.
//! `shiyu facts query "SELECT …"`: figures asked for by SQL of one's own, over views without personal fields.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure, write_file};
use access::SystemRole;
use cases::facts::CaseFacts;
use clap::{Args as ClapArgs, Subcommand};
use facts::ops::{self, QueryError};
use facts::{UpkeepError, rebuild};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;
use store::sandbox::{Answer, SandboxError};

/// Figures: make them again from the record, ask for them by SQL.
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Rebuild(Rebuild),
    Query(Query),
}

/// Make all figures again from the record; may run while the program serves.
#[derive(ClapArgs)]
struct Rebuild {
    /// Change nothing: count afresh, and fail when the figures differ.
    #[arg(long)]
    check: bool,
}

/// Ask for figures by one SELECT over the views (docs/facts.md). Small cells are hidden; every query is recorded.
#[derive(ClapArgs)]
struct Query {
    /// The query.
    #[arg(value_name = "SELECT")]
    sql: String,
    /// Print CSV instead of a table.
    #[arg(long)]
    csv: bool,
    /// Write CSV to this file instead of printing.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[arg(from_global)]
    json: bool,
}

impl Args {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        match self.what {
            What::Rebuild(args) => args.run(common),
            What::Query(args) => args.run(common),
        }
    }
}

impl From<UpkeepError> for Failure {
    fn from(error: UpkeepError) -> Self {
        let code = match error {
            UpkeepError::Zone { .. } => "other_timezone",
            UpkeepError::NeedsRebuild => "needs_rebuild",
            UpkeepError::Running(_) => "running",
            UpkeepError::Unquiet => "unquiet",
            UpkeepError::GivenUp => "given_up",
            UpkeepError::Store(error) => return error.into(),
        };
        Self::other(code, error.to_string())
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let code = match error {
            QueryError::Forbidden(_) => "refused",
            QueryError::Busy => "busy",
            QueryError::Store(error) | QueryError::Query(SandboxError::Store(error)) => {
                return error.into();
            }
            QueryError::Query(SandboxError::TooLong(_)) => "query_too_long",
            QueryError::Query(SandboxError::TooLarge(_)) => "query_too_large",
            // The argument cannot be used, and nothing was done.
            QueryError::Query(error) => {
                return Self::unusable("unusable_query", error.to_string()).field("sql");
            }
        };
        Self::other(code, error.to_string())
    }
}

impl Query {
    fn run(self, common: &Common) -> Result<Done, Failure> {
        if self.csv && self.json && self.out.is_none() {
            return Err(Failure::unusable(
                "missing_option",
                "with --json a document goes to a file: give --out FILE",
            )
            .field("out"));
        }
        let program = Program::open(common)?;
        let ctx = program.system(SystemRole::Operator);
        facts::catch_up(&ctx, &CaseFacts::source(program.config.timezone.clone()))?;
        let answer = ops::query_blocking(&ctx.renewed(), &self.sql)?;
        if let Some(path) = self.out {
            write_file(&path, &ops::csv(&answer))?;
            let (rows, more) = (
                answer.rows.len(),
                if answer.is_cut {
                    ", and more were left out"
                } else {
                    ""
                },
            );
            return Done::new(
                &json!({ "file": path, "rows": rows, "cut": answer.is_cut }),
                format!("{} written, {rows} rows{more}", path.display()),
            );
        }
        let rows: Vec<Vec<serde_json::Value>> = answer
            .rows
            .iter()
            .map(|row| row.iter().map(ops::json).collect())
            .collect();
        let text = if self.csv {
            String::from_utf8_lossy(&ops::csv(&answer)).into_owned()
        } else {
            in_columns(&answer)
        };
        let json = json!({ "columns": answer.columns, "rows": rows, "cut": answer.is_cut });
        Done::new(&json, text)
    }
}

/// A table for people, its columns as wide as their widest cell.
fn in_columns(answer: &Answer) -> String {
    let lines: Vec<Vec<String>> = std::iter::once(answer.columns.clone())
        .chain(
            answer
                .rows
                .iter()
                .map(|row| row.iter().map(ops::cell).collect()),
        )
        .collect();
    let width = |n: usize| {
        let cells = lines.iter().filter_map(|line| line.get(n));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..answer.columns.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    if answer.is_cut {
        text.push_str("… and more\n");
    }
    text
}

impl Rebuild {
    fn run(self, common: &Common) -> Result<Done, Failure> {
        let program = Program::open(common)?;
        let began = Instant::now();
        if self.check {
            let ctx = program.system(SystemRole::Operator);
            let source = CaseFacts::source(program.config.timezone.clone());
            let bar = bar();
            let checked = rebuild::check(&ctx, &source, |cases| bar.set_position(cases))?;
            bar.finish_and_clear();
            let tables: serde_json::Map<_, _> = checked
                .tables
                .iter()
                .map(|(table, rows)| ((*table).to_owned(), json!(rows)))
                .collect();
            if checked.differences > 0 {
                let wrong = json!(tables);
                return Err(Failure::other(
                    "figures_differ",
                    format!(
                        "{} rows differ from a fresh count: {wrong}; run `shiyu facts rebuild`",
                        checked.differences
                    ),
                ));
            }
            let answer = json!({
                "cases": checked.cases, "differences": 0, "tables": tables, "seconds": began.elapsed().as_secs_f64()
            });
            return Done::new(
                &answer,
                format!(
                    "{} cases; the figures are those of the record",
                    checked.cases
                ),
            );
        }
        let rebuilt = rebuild(&program)?;
        let answer = json!({
            "cases": rebuilt.cases, "generation": rebuilt.generation, "seconds": began.elapsed().as_secs_f64()
        });
        Done::new(&answer, format!("{} cases counted", rebuilt.cases))
    }
}

/// Makes all figures from the record, with a bar.
pub(super) fn rebuild(program: &Program) -> Result<rebuild::Rebuilt, Failure> {
    let ctx = program.system(SystemRole::Operator);
    let source = CaseFacts::source(program.config.timezone.clone());
    let bar = bar();
    let rebuilt = rebuild::rebuild(&ctx, &source, |cases| bar.set_position(cases))?;
    bar.finish_and_clear();
    Ok(rebuilt)
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {human_pos} cases, {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}
