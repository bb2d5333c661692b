//! `shiyu facts rebuild [--check]`: the figures made again from the record, or compared with it.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use cases::facts::CaseFacts;
use clap::{Args as ClapArgs, Subcommand};
use facts::{UpkeepError, rebuild};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::time::Instant;

/// Figures: make them again from the record.
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Rebuild(Rebuild),
}

/// Make all figures again from the record; may run while the program serves.
#[derive(ClapArgs)]
struct Rebuild {
    /// Change nothing: count afresh, and fail when the figures differ.
    #[arg(long)]
    check: bool,
}

impl Args {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        match self.what {
            What::Rebuild(args) => args.run(common),
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
            UpkeepError::Store(error) => return error.into(),
        };
        Self::other(code, error.to_string())
    }
}

impl Rebuild {
    fn run(self, common: &Common) -> Result<Done, Failure> {
        let program = Program::open(common)?;
        let ctx = program.system(SystemRole::Operator);
        let source = CaseFacts::source(program.config.timezone.clone());
        let bar = bar();
        #[expect(
            clippy::disallowed_methods,
            reason = "how long it took is told to the operator and decides nothing"
        )]
        let began = Instant::now();
        if self.check {
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
        let rebuilt = rebuild::rebuild(&ctx, &source, |cases| bar.set_position(cases))?;
        bar.finish_and_clear();
        let answer = json!({
            "cases": rebuilt.cases, "generation": rebuilt.generation, "seconds": began.elapsed().as_secs_f64()
        });
        Done::new(&answer, format!("{} cases counted", rebuilt.cases))
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {human_pos} cases, {per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}
