//! `shiyu replay`: every case rebuilt from its events and compared with its row.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use clap::Args;

/// Rebuild every case from its events and compare it with its row.
#[derive(Args)]
pub struct Replay {}

impl Replay {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let program = Program::open(common)?;
        let found = cases::replay::replay(&program.system(SystemRole::Operator))?;
        let mut text = format!(
            "{} cases, {} events, {} mismatches",
            found.cases, found.events, found.mismatches
        );
        for case in &found.differing {
            text.push_str("\n  ");
            text.push_str(case);
        }
        Done::new(&found, text)
    }
}
