//! `shiyu export cases --format csv|geojson [--from --to] [--purpose CODE] [--out FILE]`: cases for other programs. What
//! stands in the file is said in `exports`, which writes the same for the pages.
//!
//! No personal field leaves without `--purpose`; with it, each look into the vault is recorded as any other look.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::{Ctx, SystemRole};
use clap::{Args, Subcommand, ValueEnum};
use exports::cases_file::{self, CasesFile, Teller};
use exports::{People, WriteError};
use jiff::civil::Date;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Take records out as files.
#[derive(Args)]
pub struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Cases(Cases),
    Facts(super::export_facts::Facts),
}

/// Cases, newest first.
#[derive(Args)]
struct Cases {
    /// The format.
    #[arg(long, value_enum)]
    format: Format,
    /// Only reported on or after this local date.
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Only reported on or before this local date.
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// With the requesters' names and phones, for this purpose (a code of the table of purposes); each look is recorded.
    #[arg(long, value_name = "CODE")]
    purpose: Option<String>,
    /// The file; else standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Geojson,
}

impl From<Format> for cases_file::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Geojson => Self::Geojson,
        }
    }
}

impl Export {
    /// Runs it.
    pub fn run(self, common: &Common, json: bool) -> Result<Done, Failure> {
        match self.what {
            What::Cases(args) => args.run(common, json),
            What::Facts(args) => args.run(common),
        }
    }
}

impl Cases {
    fn run(self, common: &Common, json: bool) -> Result<Done, Failure> {
        if json && self.out.is_none() {
            return Err(Failure::unusable(
                "missing_option",
                "with --json a document goes to a file: give --out FILE",
            )
            .field("out"));
        }
        let program = Program::open(common)?;
        let ctx = program.ready(SystemRole::Operator)?;
        let tz = &program.config.timezone;
        let filter = exports::write::filter(self.from, self.to, tz)
            .map_err(|e| Failure::unusable("unusable_period", e.to_string()).field("to"))?;
        // Looks wait for the store's answer on this thread, so something else has to drive it.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|e| Failure::other("runtime", e.to_string()))?;
        let people = self
            .purpose
            .as_ref()
            .map(|purpose| people(&program, &ctx, purpose, &runtime))
            .transpose()?;
        let out: Box<dyn Write> = match &self.out {
            Some(path) => Box::new(BufWriter::new(
                File::create(path).map_err(|e| unwritable(&self.out, &e))?,
            )),
            None => Box::new(BufWriter::new(std::io::stdout())),
        };
        let city = program.reference.current();
        let teller = Teller {
            city: &city,
            tz,
            has_people: people.is_some(),
            reads_cases: true,
        };
        let begun = CasesFile::begin(out, self.format.into(), teller.columns(), false);
        let mut file = begun.map_err(WriteError::from)?;
        let rows = exports::write::cases(
            &ctx,
            filter,
            &teller,
            people.as_ref(),
            &mut file,
            &mut |_| Ok(()),
        )?;
        file.finish()
            .and_then(|mut out| out.flush())
            .map_err(WriteError::from)?;
        let text = if self.out.is_some() {
            format!("{rows} cases")
        } else {
            String::new()
        };
        Done::new(&json!({ "file": self.out, "rows": rows }), text)
    }
}

fn unwritable(path: &Option<PathBuf>, error: &dyn std::fmt::Display) -> Failure {
    let name = path
        .as_ref()
        .map_or_else(|| "standard output".to_owned(), |p| p.display().to_string());
    Failure::unusable("unwritable_file", format!("cannot write {name}: {error}")).field("out")
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let message = error.to_string();
        match error {
            WriteError::Store(error) => error.into(),
            WriteError::Vault(_) => Self::other("vault", message),
            WriteError::File(_) | WriteError::Stopped(_) => Self::other("write", message),
        }
    }
}

/// What opens the vault for an export.
fn people(
    program: &Program,
    ctx: &Ctx,
    purpose: &str,
    runtime: &Runtime,
) -> Result<People, Failure> {
    let master = crate::serve::master_keys(&program.config.data_dir)?;
    let keys = runtime
        .block_on(vault::ops::open_keys(ctx, master))
        .map_err(|e| Failure::unusable("unusable_key", e.to_string()))?;
    let known = ctx.read_blocking::<_, store::StoreError, _>(vault::ops::purposes)?;
    if !known.iter().any(|p| p.code == purpose) {
        let known: Vec<&str> = known.iter().map(|p| p.code.as_str()).collect();
        let message = format!(
            "unknown purpose {purpose:?}: expected one of {}",
            known.join(", ")
        );
        return Err(Failure::unusable("unknown_purpose", message).field("purpose"));
    }
    Ok(People::new(
        Arc::new(keys),
        purpose.to_owned(),
        runtime.handle().clone(),
    ))
}
