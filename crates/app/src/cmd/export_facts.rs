//! `shiyu export facts --format parquet --out FILE`: what every case counts as, for DuckDB, Polars, Spark and the like. What
//! stands in the file is said in `exports`; columns are explained in `docs/facts.md`.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure, beside, unwritable};
use access::SystemRole;
use cases::facts::CaseFacts;
use clap::{Args, ValueEnum};
use exports::WriteError;
use exports::facts_file::{self, FactsFile};
use serde_json::json;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use store::{AuditEvent, StoreError};

/// What every case counts as, one row a case, without personal fields.
#[derive(Args)]
pub struct Facts {
    /// The format.
    #[arg(long, value_enum)]
    format: Format,
    /// The file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Parquet,
}

impl Facts {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let Format::Parquet = self.format;
        // With the reference data: which classes are sensitive stands there.
        let program = Program::open(common)?;
        let ctx = program.ready(SystemRole::Operator)?;
        let source = CaseFacts::source(program.config.timezone.clone());
        facts::catch_up(&ctx, &source)?;
        let sensitive = facts_file::sensitive(&program.reference.current());
        // Written beside it: a run that fails leaves what was there.
        let path = self.out.clone();
        let partial = beside(&self.out);
        let file = File::create(&partial).map_err(|e| unwritable(&path, &e))?;
        let mut file = Some(file);
        let written = ctx.snapshot_blocking::<_, WriteError, _>(move |r| {
            let file = file
                .take()
                .ok_or_else(|| io::Error::other("an export cannot be begun twice"))?;
            let mut file = FactsFile::begin(BufWriter::new(file), &sensitive)?;
            let rows = exports::write::facts(r, &[], &mut file, &mut |_| Ok(()))?;
            let (file, by_street) = file.finish()?;
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            Ok((rows, by_street))
        });
        let (rows, by_street) = match written {
            Ok(written) => written,
            Err(error) => {
                let _ = std::fs::remove_file(&partial);
                return Err(match error {
                    WriteError::File(error) => unwritable(&path, &error),
                    error => error.into(),
                });
            }
        };
        std::fs::rename(&partial, &self.out).map_err(|e| unwritable(&self.out, &e))?;
        ctx.renewed().write_blocking::<_, StoreError, _>(move |w| {
            let event = AuditEvent::done("facts.export", "facts", "parquet");
            w.commit(event.detail(json!({ "rows": rows })), ())
        })?;
        Done::new(
            &json!({ "file": self.out, "rows": rows, "by_street": by_street }),
            format!("{rows} cases, {by_street} of them told by their street"),
        )
    }
}
