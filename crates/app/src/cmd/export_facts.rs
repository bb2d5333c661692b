//! `shiyu export facts --format parquet --out FILE`: what every case counts as, for DuckDB, Polars, Spark and the like.
//!
//! One row group a page of cases, so that memory stays flat. Columns are explained in `docs/facts.md`.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure, beside, unwritable};
use access::SystemRole;
use cases::facts::CaseFacts;
use clap::{Args, ValueEnum};
use facts::Kind as Report;
use facts::model::Level;
use facts::parquet::{Column, Kind, Values, Writer};
use facts::rows::{self, CaseRow, DAYS, SPANS};
use serde_json::json;
use std::collections::BTreeSet;
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

/// Cases of a row group.
const AT_ONCE: u32 = 50_000;

impl Facts {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let Format::Parquet = self.format;
        // With the reference data: which classes are sensitive stands there.
        let program = Program::open(common)?;
        let ctx = program.ready(SystemRole::Operator)?;
        let source = CaseFacts::source(program.config.timezone.clone());
        facts::catch_up(&ctx, &source)?;
        let sensitive = sensitive(&program.reference.current());
        // Written beside it: a run that fails leaves what was there.
        let path = self.out.clone();
        let partial = beside(&self.out);
        let file = File::create(&partial).map_err(|e| unwritable(&path, &e))?;
        let mut file = Some(file);
        let written = ctx.snapshot_blocking::<_, Failure, _>(move |r| {
            let file = file
                .take()
                .ok_or_else(|| Failure::other("write", "an export cannot be begun twice"))?;
            write(r, file, &sensitive).map_err(|error| match error {
                Unwritten::Store(error) => error.into(),
                Unwritten::File(error) => unwritable(&path, &error),
            })
        });
        let (rows, by_street) = match written {
            Ok(written) => written,
            Err(failure) => {
                let _ = std::fs::remove_file(&partial);
                return Err(failure);
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

/// Classes of disputes, health and petitions, as `catalogue/code`: their cases are exported by street (`rights.md`).
fn sensitive(city: &matters::City) -> BTreeSet<String> {
    let classes = city.matters.classes().iter();
    classes
        .filter(|class| warning::guard::is_sensitive(class))
        .map(|class| format!("{}/{}", class.catalogue, class.code))
        .collect()
}

/// Whether a case is told by its street: one of a sensitive class, and one whose subject nobody has classed yet.
fn is_told_by_street(case: &CaseRow, sensitive: &BTreeSet<String>) -> bool {
    case.matter.as_ref().is_none_or(|m| sensitive.contains(m))
}

enum Unwritten {
    Store(StoreError),
    File(io::Error),
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// The texts of a row, by the name of their column.
type Text = fn(&CaseRow) -> Option<String>;
const TEXTS: [(&str, Text); 9] = [
    ("district", |c| Some(c.district.to_string())),
    ("place", |c| Some(c.place.to_string())),
    ("matter", |c| c.matter.clone()),
    ("matter_name", |c| c.matter_name.clone()),
    ("unit", |c| c.unit.clone()),
    ("unit_name", |c| c.unit_name.clone()),
    ("channel", |c| Some(c.channel.clone())),
    ("state", |c| Some(c.state.clone())),
    ("kind", |c| Some(kind(c.kind).to_owned())),
];
type Flag = fn(&CaseRow) -> bool;
const FLAGS: [(&str, Flag); 2] = [("patrol", |c| c.patrol), ("on_time", |c| c.on_time)];

fn kind(kind: Report) -> &'static str {
    match kind {
        Report::Incident => "incident",
        Report::Voice => "voice",
        Report::Void => "void",
    }
}

fn columns() -> Vec<Column> {
    let column = |kind| move |name| Column { name, kind };
    TEXTS
        .map(|t| t.0)
        .map(column(Kind::Text))
        .into_iter()
        .chain(FLAGS.map(|f| f.0).map(column(Kind::Boolean)))
        .chain(DAYS.map(column(Kind::Date)))
        .chain(SPANS.map(column(Kind::Integer)))
        .collect()
}

fn values(page: &[CaseRow]) -> Vec<Values> {
    let texts = TEXTS.map(|(_, text)| Values::Text(page.iter().map(text).collect()));
    let flags =
        FLAGS.map(|(_, flag)| Values::Boolean(page.iter().map(|c| Some(flag(c))).collect()));
    let day = |c: &CaseRow, n: usize| c.days[n].and_then(|day| i32::try_from(day).ok());
    let days = (0..DAYS.len()).map(|n| Values::Date(page.iter().map(|c| day(c, n)).collect()));
    let spans =
        (0..SPANS.len()).map(|n| Values::Integer(page.iter().map(|c| c.spans[n]).collect()));
    texts
        .into_iter()
        .chain(flags)
        .chain(days)
        .chain(spans)
        .collect()
}

/// Answers how many cases were written, and how many of them were told by their street.
fn write(
    r: &mut store::Read<'_>,
    file: File,
    sensitive: &BTreeSet<String>,
) -> Result<(u64, u64), Unwritten> {
    let mut writer = Writer::new(BufWriter::new(file), &columns())?;
    let mut by_street = 0;
    let cases = rows::each::<Unwritten>(r, &[], AT_ONCE, |mut page| {
        for case in page
            .iter_mut()
            .filter(|case| is_told_by_street(case, sensitive))
        {
            case.place = case.place.at(Level::Street);
            by_street += 1;
        }
        Ok(writer.group(&values(&page))?)
    })?;
    let file = writer
        .finish()?
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok((cases, by_street))
}
