//! `shiyu units reorganise FILE --on DATE --why NAME [--dry-run]`: units merge or split on a day.

use super::import_reference::read_file;
use super::speech::Speech;
use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::{Problem as _, SystemRole};
use cases::service::{Cases, CasesConfig};
use clap::{Args, Subcommand};
use dispatch::ops::{DispatchError, reorganise};
use jiff::civil::Date;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Work on units.
#[derive(Args)]
pub struct Units {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Reorganise(Reorganise),
}

/// Units merge or split on a day: duties end and begin on it, open cases and what else is open move when it has come. There is no way back; look
/// at it with --dry-run first.
#[derive(Args)]
struct Reorganise {
    /// A CSV file in UTF-8: from,to[,matter,division], each row a unit's work that another takes over.
    file: PathBuf,
    /// The first day under the new units: today or later.
    #[arg(long, value_name = "DATE")]
    on: Date,
    /// What people call it; it stands in every case that moves [default: the file's name].
    #[arg(long)]
    why: Option<String>,
    /// Only tell what it would do.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    speech: Speech,
}

impl Units {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let What::Reorganise(args) = self.what;
        let speech = args.speech;
        let failure = |error: DispatchError| {
            let told = speech.refused(failure(&error), &error);
            match error {
                DispatchError::Store(error) => error.into(),
                _ => told,
            }
        };
        let lines = reorganise::read(&read_file(&args.file)?).map_err(|e| speech.failure(e))?;
        let mut program = Program::open(common)?;
        let config = CasesConfig::new(program.config.district);
        let cases = Cases::new(program.reference.clone(), config);
        program.services.add(Arc::new(cases));
        let ctx = program.ready(SystemRole::Operator)?;
        let runtime =
            tokio::runtime::Runtime::new().map_err(|e| Failure::other("runtime", e.to_string()))?;
        let name = || {
            args.file
                .file_stem()
                .map(|s| s.to_string_lossy().into_owned())
        };
        let why = args.why.clone().or_else(name).unwrap_or_default();
        let (preview, moved) = if args.dry_run {
            let preview = runtime.block_on(reorganise::preview(&ctx, lines, args.on));
            (preview.map_err(failure)?, 0)
        } else {
            let ordered = runtime.block_on(reorganise::order(&ctx, lines, args.on, &why));
            let ordered = ordered.map_err(failure)?;
            // The cases are decided under the new register.
            program.reference.refresh_blocking(&ctx)?;
            let moved = runtime.block_on(reorganise::move_all(&ctx.renewed()));
            (ordered, moved.map_err(failure)?)
        };
        let open: usize = preview.cases.iter().map(|m| m.cases).sum();
        let text = format!(
            "{} on {}: {} units end, {} duties end, {} begin, {open} open cases, {} other open matters, {moved} moved; \
             {} of {} accounts go along{}",
            if args.dry_run {
                "would reorganise"
            } else {
                "reorganised"
            },
            preview.on,
            preview.ended_units.len(),
            preview.duties_ended,
            preview.duties_begun,
            preview.beside,
            preview.accounts_moved,
            preview.accounts,
            if preview.at_once {
                ""
            } else {
                " (the rest when the day has come)"
            },
        );
        let json = json!({
            "dry_run": args.dry_run, "on": preview.on, "units_ended": preview.ended_units,
            "duties_ended": preview.duties_ended, "duties_begun": preview.duties_begun,
            "cases": preview.cases, "beside": preview.beside, "accounts_moved": preview.accounts_moved,
            "accounts_left": preview.accounts - preview.accounts_moved, "moved": moved,
        });
        Done::new(&json, text)
    }
}

fn failure(error: &DispatchError) -> Failure {
    let field = error.field();
    let message = error.to_string();
    let mut failure = match error {
        DispatchError::Field { code, .. } => Failure::unusable(code, message),
        _ => Failure::other("refused", message),
    };
    failure.field = field;
    failure
}
