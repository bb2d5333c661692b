//! `shiyu search status|rebuild`: how far the index of the search has come; made again from the record.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use cases::ops::search;
use clap::{Args as ClapArgs, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::time::Instant;

/// The search over cases: how far its index has come, and making it again.
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say how far the index has come with the cases that were there before it.
    Status,
    /// Look at all cases again, the newest first; may run while the program serves.
    Rebuild,
}

impl Args {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let program = Program::open(common)?;
        match self.what {
            What::Status => {
                let ctx = program.system(SystemRole::Operator);
                let standing = runtime()?.block_on(search::standing(&ctx))?;
                let Some(standing) = standing else {
                    let answer =
                        json!({ "begun": false, "seen": 0, "total": 0, "finished": false });
                    let text = "not begun: the program makes the index when it serves";
                    return Done::new(&answer, text.to_owned());
                };
                let answer = json!({
                    "begun": true, "seen": standing.seen, "total": standing.total, "finished": standing.is_finished
                });
                let text = if standing.is_finished {
                    format!("all cases can be found; {} were looked at", standing.seen)
                } else {
                    format!("{} of {} cases so far", standing.seen, standing.total)
                };
                Done::new(&answer, text)
            }
            What::Rebuild => {
                let began = Instant::now();
                let cases = rebuild(&program)?;
                let answer = json!({ "cases": cases, "seconds": began.elapsed().as_secs_f64() });
                Done::new(&answer, format!("{cases} cases can be found"))
            }
        }
    }
}

/// Makes the index of the search from the record, with a bar; answers of how many cases.
pub(super) fn rebuild(program: &Program) -> Result<i64, Failure> {
    let ctx = program.system(SystemRole::Operator);
    let bar = bar();
    let cases = runtime()?.block_on(search::rebuild(&ctx, |seen, total| {
        bar.set_length(u64::try_from(total).unwrap_or_default());
        bar.set_position(u64::try_from(seen).unwrap_or_default());
    }))?;
    bar.finish_and_clear();
    Ok(cases)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::other("runtime", e.to_string()))
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{wide_bar} {human_pos} of {human_len} cases, {per_sec}, {eta}",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}
