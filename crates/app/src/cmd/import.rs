//! `shiyu import cases FILE --map MAP.toml`: a file of another system becomes cases.

use super::import_reference::ReferenceFile;
use super::speech::Speech;
use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::SystemRole;
use cases::import::{ImportMap, Options, Outcome};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::sync::Arc;

/// Bring in records from files.
#[derive(Args)]
pub struct Import {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    speech: Speech,
}

#[derive(Subcommand)]
enum What {
    Cases(Cases),
    #[command(flatten)]
    Reference(ReferenceFile),
}

/// Cases of another system, by a map that says which column means what.
#[derive(Args)]
struct Cases {
    /// A CSV file in UTF-8.
    file: PathBuf,
    /// The map (TOML).
    #[arg(long)]
    map: PathBuf,
    /// Draw square cells of so many metres where points lie in none.
    #[arg(long, value_name = "METRES")]
    draw_grid: Option<u32>,
    /// List rejected rows in this CSV file: line,id,field,value,reason.
    #[arg(long, value_name = "FILE.csv")]
    rejects: Option<PathBuf>,
}

impl Import {
    /// Runs the import.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        match self.what {
            What::Cases(args) => args.run(common, self.speech),
            What::Reference(file) => file.run(common, self.speech),
        }
    }
}

impl Cases {
    /// Refuses a list of rejects that would be written over what is read.
    fn check_rejects(&self) -> Result<(), Failure> {
        let Some(rejects) = &self.rejects else {
            return Ok(());
        };
        // What is not there yet has no canonical path, and nothing to lose.
        let Ok(rejects) = rejects.canonicalize() else {
            return Ok(());
        };
        for read in [&self.file, &self.map] {
            if read.canonicalize().is_ok_and(|read| read == rejects) {
                let message = format!("{} is read by this import", rejects.display());
                return Err(Failure::unusable("unwritable_rejects", message).field("rejects"));
            }
        }
        Ok(())
    }

    fn run(self, common: &Common, speech: Speech) -> Result<Done, Failure> {
        let text = std::fs::read_to_string(&self.map).map_err(|e| {
            Failure::unusable(
                "unreadable_map",
                format!("cannot read {}: {e}", self.map.display()),
            )
            .field("map")
        })?;
        let map = ImportMap::parse(&text).map_err(|e| speech.failure(e))?;
        if !self.file.is_file() {
            let shown = self.file.display();
            // It is read twice, so a pipe will not do either.
            let message = if self.file.exists() {
                format!("{shown} is not a regular file")
            } else {
                format!("there is no file {shown}")
            };
            return Err(Failure::unusable("unreadable_file", message).field("file"));
        }
        self.check_rejects()?;
        let program = Program::open(common)?;
        let ctx = program.ready(SystemRole::Importer)?;
        let bar = ProgressBar::new_spinner();
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
                .expect("a template we wrote"),
        );
        let options = Options {
            file: self.file,
            draw_grid_m: self.draw_grid,
            told: match self.rejects {
                Some(_) => Some((Arc::new(Speech::words()?), speech.lang())),
                None => None,
            },
            rejects: self.rejects,
        };
        let outcome = cases::import::run(
            &ctx,
            &program.reference,
            &map,
            &options,
            &mut |so_far: &Outcome| {
                bar.set_message(format!(
                    "{} read, {} imported, {} rejected",
                    so_far.read, so_far.imported, so_far.rejected
                ));
                bar.tick();
            },
        );
        bar.finish_and_clear();
        let outcome = outcome.map_err(|e| speech.failure(e))?;
        let text = format!(
            "{} read: {} imported, {} unchanged, {} updated, {} rejected; {} placed, {} unplaced",
            outcome.read,
            outcome.imported,
            outcome.unchanged,
            outcome.updated,
            outcome.rejected,
            outcome.placed,
            outcome.unplaced
        );
        Done::new(&outcome, text)
    }
}
