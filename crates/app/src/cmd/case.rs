//! `shiyu case show|list`: what the record says, for scripts.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use cases::service::{Cases, CasesConfig};
use clap::{Args, Subcommand};
use std::sync::Arc;

/// Cases of the record.
#[derive(Args)]
pub struct Case {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// One case with its events.
    Show {
        /// Its number.
        number: String,
    },
    /// Cases, newest first.
    List {
        /// Only in this state, or one of the groups open, closed, duplicate, transferred, void.
        #[arg(long)]
        state: Option<String>,
        /// Only of this district of record (six digits).
        #[arg(long)]
        district: Option<String>,
        /// How many (1 to 200).
        #[arg(long)]
        limit: Option<u64>,
        /// The key in `next` of the page before.
        #[arg(long, value_name = "KEY")]
        after: Option<String>,
    },
}

impl Case {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let mut program = Program::open(common)?;
        let cases = Cases::new(
            program.reference.clone(),
            CasesConfig::new(program.config.district),
        );
        program.services.add(Arc::new(cases));
        let ctx = program.ready(SystemRole::Operator)?;
        let json = match self.what {
            What::Show { number } => cases::ops::show_json(&ctx, parsed("number", &number)?),
            What::List {
                state,
                district,
                limit,
                after,
            } => {
                let district = district.map(|d| parsed("district", &d)).transpose()?;
                cases::ops::list_json(&ctx, state.as_deref(), district, limit, after.as_deref())
            }
        };
        let json = json.map_err(failure)?;
        let text = serde_json::to_string_pretty(&json)
            .map_err(|e| Failure::other("json", e.to_string()))?;
        Ok(Done { json, text })
    }
}

fn parsed<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, Failure>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|e: T::Err| Failure::unusable("unusable_option", e.to_string()).field(field))
}

fn failure(error: cases::ops::CaseError) -> Failure {
    use access::Problem as _;
    let status = error.status();
    let mut failure = if status.is_client_error() && status != axum::http::StatusCode::NOT_FOUND {
        Failure::unusable("unusable_option", error.to_string())
    } else if status == axum::http::StatusCode::NOT_FOUND {
        Failure::other("not_found", error.to_string())
    } else {
        Failure::other("failed", error.to_string())
    };
    failure.field = error.field().map(|f| f.to_string());
    failure
}
