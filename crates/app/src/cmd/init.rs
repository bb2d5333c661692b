//! `shiyu init`: makes the database where there is none, and brings its schema up to date. Idempotent.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use clap::Args;

/// Make the database, or bring its schema up to date.
#[derive(Args)]
pub struct Init {}

impl Init {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let (program, applied) = Program::init(common)?;
        let text = match applied.as_slice() {
            [] => format!("{} is up to date", program.db.url()),
            _ => format!(
                "{} is ready ({} migrations applied)",
                program.db.url(),
                applied.len()
            ),
        };
        Done::new(
            &serde_json::json!({ "db": program.db.url(), "applied": applied }),
            text,
        )
    }
}
