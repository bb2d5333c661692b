//! `shiyu import divisions|grid|units|matters|duties|calendar FILE`: reference data from files.

use super::matters::Clocks;
use super::speech::{MOST_TOLD, Speech};
use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::{Ctx, SystemRole};
use clap::{Args, Subcommand};
use grid::Report;
use grid::ops::ImportOptions;
use jiff::civil::Date;
use kernel::Crs;
use matters::ops::CatalogueOptions;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The kinds of reference data that files bring in.
#[derive(Subcommand)]
pub enum ReferenceFile {
    /// Divisions: CSV (code,name[,parent,…]) or GeoJSON polygons with adcode and name.
    Divisions(Territory),
    /// Unit grids: GeoJSON polygons with a 15-digit code; or beats: CSV (beat,name,grid).
    Grid(Territory),
    /// Units: CSV or .xlsx (code,name,kind[,parent,division,phone,…]).
    Units(Sheet),
    /// A catalogue: CSV or .xlsx (kind,major,minor,name_zh,rule_no,condition,limit[,…], or 大类代码, 小类代码, 立案条件 …).
    Matters(Catalogue),
    /// Who is responsible: CSV or .xlsx (matter,division or beat,handling[,competent,owning,maintaining,…]).
    Duties(Sheet),
    /// The list of tasks for grid workers: CSV (list,code,name,approved_by,approved_on[,task,matter,…]).
    GridItems(File),
    /// A working-day calendar: JSON or text.
    Calendar(File),
    /// A set of definitions of rates and scores: TOML or JSON.
    Definitions(File),
}

/// A file and nothing else to say about it.
#[derive(Args)]
pub struct File {
    /// The file, in UTF-8; a name that ends in .gz is unpacked.
    file: PathBuf,
}

/// A sheet and where it comes from.
#[derive(Args)]
pub struct Sheet {
    #[command(flatten)]
    file: File,
    /// Where the rows come from; by default the file's name.
    #[arg(long)]
    source: Option<String>,
}

/// A file of the territory and the system of its coordinates.
#[derive(Args)]
pub struct Territory {
    #[command(flatten)]
    sheet: Sheet,
    /// The system of the coordinates: wgs84, cgcs2000, gcj02 or bd09.
    #[arg(long, default_value = "wgs84")]
    crs: Crs,
}

/// A catalogue's sheet and what it is.
#[derive(Args)]
pub struct Catalogue {
    #[command(flatten)]
    sheet: Sheet,
    /// The word for this catalogue in this version; by default the file's name.
    #[arg(long)]
    catalogue: Option<String>,
    /// The standard it follows.
    #[arg(long, default_value = "local")]
    standard: String,
    /// Its version.
    #[arg(long = "catalogue-version", default_value = "1")]
    catalogue_version: String,
    /// First day in force.
    #[arg(long)]
    valid_from: Option<Date>,
    /// Last day in force.
    #[arg(long)]
    valid_to: Option<Date>,
    /// From which day on classes that changed say the new [default: today].
    #[arg(long, value_name = "DATE")]
    effective: Option<Date>,
    #[command(flatten)]
    clocks: Clocks,
}

impl ReferenceFile {
    /// Runs the import.
    pub fn run(self, common: &Common, speech: Speech) -> Result<Done, Failure> {
        let ctx = || Program::open(common)?.ready(SystemRole::Operator);
        let report = match self {
            Self::Divisions(args) => {
                let (bytes, options) = args.read()?;
                grid::ops::import_divisions(&ctx()?, &bytes, &options)
            }
            Self::Grid(args) => {
                let (bytes, options) = args.read()?;
                grid::ops::import_grids(&ctx()?, &bytes, &options)
            }
            Self::Units(args) => {
                actors::ops::import_units(&ctx()?, &read_file(&args.file.file)?, &args.source())
            }
            Self::Duties(args) => {
                matters::ops::import_duties(&ctx()?, &read_file(&args.file.file)?, &args.source())
            }
            Self::GridItems(args) => matters::items::import(&ctx()?, &read_file(&args.file)?),
            Self::Calendar(args) => matters::ops::import_calendar(&ctx()?, &read_file(&args.file)?),
            Self::Matters(args) => return args.run(&ctx()?, speech),
            Self::Definitions(args) => return definitions(&ctx()?, &read_file(&args.file)?),
        };
        done(&report.map_err(|e| speech.failure(e))?, speech)
    }
}

/// Adds a set of definitions: a new version, or nothing where the same one is there.
fn definitions(ctx: &Ctx, bytes: &[u8]) -> Result<Done, Failure> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Failure::unusable("not_utf8", format!("the file is not UTF-8: {e}")))?;
    let (set, is_new) = evaluation::ops::import_set(ctx, text).map_err(super::evaluate::failed)?;
    let json = serde_json::json!({
        "set": set.id, "version": set.version, "definitions": set.definitions.len(),
        "composites": set.composites.len(), "imported": u8::from(is_new), "unchanged": u8::from(!is_new),
    });
    let what = if is_new {
        "imported"
    } else {
        "is there already, unchanged"
    };
    Done::new(&json, format!("{}@{} {what}", set.id, set.version))
}

impl Sheet {
    fn source(&self) -> String {
        self.source.clone().unwrap_or_else(|| stem(&self.file.file))
    }
}

impl Territory {
    /// The file's bytes and how to read them.
    pub fn read(&self) -> Result<(Vec<u8>, ImportOptions), Failure> {
        let options = ImportOptions {
            source: self.sheet.source(),
            crs: self.crs,
        };
        Ok((read_file(&self.sheet.file.file)?, options))
    }
}

impl Catalogue {
    fn run(self, ctx: &Ctx, speech: Speech) -> Result<Done, Failure> {
        let bytes = read_file(&self.sheet.file.file)?;
        let options = CatalogueOptions {
            id: self
                .catalogue
                .unwrap_or_else(|| stem(&self.sheet.file.file)),
            standard: self.standard,
            version: self.catalogue_version,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            source: self
                .sheet
                .source
                .unwrap_or_else(|| stem(&self.sheet.file.file)),
            limits: self.clocks.options()?,
            effective: self.effective,
            kind: self.clocks.kind,
        };
        let report = matters::ops::import_matters(ctx, &bytes, &options);
        done(&report.map_err(|e| speech.failure(e))?, speech)
    }
}

/// The file's name without folder and endings.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// Reads a file of reference data whole; they are bounded.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let refuse = |reason: String| {
        let message = format!("cannot read {}: {reason}", path.display());
        Failure::unusable("unreadable_file", message).field("file")
    };
    let file = std::fs::File::open(path).map_err(|e| refuse(e.to_string()))?;
    let packed = path.extension().is_some_and(|e| e == "gz");
    let bound = grid::sheet::MAX_FILE_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let read = if packed {
        flate2::read::GzDecoder::new(file)
            .take(bound)
            .read_to_end(&mut bytes)
    } else {
        file.take(bound).read_to_end(&mut bytes)
    };
    read.map_err(|e| refuse(e.to_string()))?;
    Ok(bytes)
}

/// The outcome of an import as the command line tells it.
pub fn done(report: &Report, speech: Speech) -> Result<Done, Failure> {
    use std::fmt::Write as _;
    let r = report;
    let mut text = format!(
        "{} read: {} imported, {} unchanged, {} updated, {} rejected",
        r.read, r.imported, r.unchanged, r.updated, r.rejected
    );
    for told in speech.rejects(&r.rejects)? {
        let _ = write!(text, "\n  {told}");
    }
    for told in speech.remarks(&r.warnings)? {
        let _ = write!(text, "\n  {told}");
    }
    let shown = r.rejects.len().min(MOST_TOLD) + r.warnings.len().min(MOST_TOLD);
    let more = r.rejects.len() + r.warnings.len() - shown;
    if more > 0 {
        let _ = write!(text, "\n  … and {more} more (--json lists them)");
    }
    Done::new(report, text)
}
