//! `shiyu export cases --format csv|geojson [--from --to] [--purpose CODE] [--out FILE]`: cases for other programs.
//!
//! No personal field leaves without `--purpose`; with it, each look into the vault is recorded as any other look.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::{Ctx, SystemRole};
use cases::Case;
use cases::sql::{self, Filter};
use clap::{Args, Subcommand, ValueEnum};
use evaluation::Period;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use matters::City;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use vault::Field;

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

/// Rows read at once.
const PAGE: i64 = 1000;
const COLUMNS: [&str; 22] = [
    "number",
    "state",
    "channel",
    "matter",
    "matter_name",
    "unit",
    "unit_name",
    "reported_at",
    "accepted_at",
    "registered_at",
    "dispatched_at",
    "due_at",
    "handled_at",
    "closed_at",
    "closing",
    "source",
    "row_id",
    "grid",
    "division",
    "lon",
    "lat",
    "description",
];
const PERSONAL: [Field; 2] = [Field::Name, Field::Phone];

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
        let filter = self.filter(&program.config.timezone)?;
        let people = self
            .purpose
            .as_ref()
            .map(|purpose| People::open(&program, &ctx, purpose))
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
            tz: &program.config.timezone,
            people: people.as_ref(),
        };
        let rows = match self.format {
            Format::Csv => csv_file(&ctx, filter, &teller, out),
            Format::Geojson => geojson_file(&ctx, filter, &teller, out),
        }?;
        let text = if self.out.is_some() {
            format!("{rows} cases")
        } else {
            String::new()
        };
        Done::new(&json!({ "file": self.out, "rows": rows }), text)
    }

    fn filter(&self, tz: &TimeZone) -> Result<Filter, Failure> {
        let first = self.from.unwrap_or(jiff::civil::date(1970, 1, 1));
        let last = self.to.unwrap_or(jiff::civil::date(9000, 1, 1));
        let period = Period::days(first, last, tz)
            .map_err(|e| Failure::unusable("unusable_period", e.to_string()).field("to"))?;
        Ok(Filter {
            from: self.from.map(|_| period.start),
            to: self.to.map(|_| period.end),
            ..Filter::default()
        })
    }
}

fn unwritable(path: &Option<PathBuf>, error: &dyn std::fmt::Display) -> Failure {
    let name = path
        .as_ref()
        .map_or_else(|| "standard output".to_owned(), |p| p.display().to_string());
    Failure::unusable("unwritable_file", format!("cannot write {name}: {error}")).field("out")
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::other(
        "write",
        format!("the export could not be written to its end: {error}"),
    )
}

/// What opens the vault for an export.
struct People {
    keys: vault::Keys,
    purpose: String,
    runtime: tokio::runtime::Runtime,
    ctx: Ctx,
}

impl People {
    fn open(program: &Program, ctx: &Ctx, purpose: &str) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|e| Failure::other("runtime", e.to_string()))?;
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
        Ok(Self {
            keys,
            purpose: purpose.to_owned(),
            runtime,
            ctx: ctx.clone(),
        })
    }

    /// The requester's name and phone; empty where none is kept, erased, or confidential.
    fn of(&self, case: &Case) -> Result<Vec<String>, Failure> {
        let Some(subject) = case.subject else {
            return Ok(vec![String::new(); PERSONAL.len()]);
        };
        let ctx = self.ctx.renewed();
        let look = vault::ops::look(
            &ctx,
            &self.keys,
            case.district,
            subject,
            &PERSONAL,
            &self.purpose,
        );
        let found = match self.runtime.block_on(look) {
            Ok(found) => found,
            Err(vault::VaultError::Erased | vault::VaultError::Confidential) => Vec::new(),
            Err(error) => return Err(Failure::other("vault", error.to_string())),
        };
        Ok(PERSONAL
            .map(|field| {
                found
                    .iter()
                    .find(|(f, _)| *f == field)
                    .map_or_else(String::new, |(_, text)| text.clone())
            })
            .to_vec())
    }
}

/// Tells a case in the columns of an export.
struct Teller<'p> {
    city: &'p City,
    tz: &'p TimeZone,
    people: Option<&'p People>,
}

impl Teller<'_> {
    fn columns(&self) -> Vec<&'static str> {
        let personal = PERSONAL
            .iter()
            .filter(|_| self.people.is_some())
            .map(|f| f.as_str());
        COLUMNS.into_iter().chain(personal).collect()
    }

    fn row(&self, case: &Case) -> Result<Vec<String>, Failure> {
        let time = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, |at| self.time(at));
        let text = |t: Option<&str>| t.unwrap_or_default().to_owned();
        let matter = case.matter.and_then(|id| self.city.matter(id));
        let unit = case.unit.and_then(|id| self.city.unit(id));
        let point = case.place.point;
        let mut row = vec![
            case.number.to_string(),
            case.state.to_string(),
            case.channel.clone(),
            text(matter.map(|m| m.code.as_str())),
            text(matter.map(|m| m.name_zh.as_str())),
            text(unit.map(|u| u.code.as_str())),
            text(unit.map(|u| u.name_zh.as_str())),
            time(Some(case.reported_at)),
            time(case.accepted_at),
            time(case.registered_at),
            time(case.dispatched_at),
            time(case.due_at),
            time(case.handled_at),
            time(case.closed_at),
            text(case.closing.as_deref()),
            text(case.source.as_ref().map(|s| s.0.as_str())),
            text(case.source.as_ref().map(|s| s.1.as_str())),
            case.place.grid.map_or_else(String::new, |g| g.to_string()),
            case.place
                .division
                .map_or_else(String::new, |d| d.to_string()),
            point.map_or_else(String::new, |p| p.lon().to_string()),
            point.map_or_else(String::new, |p| p.lat().to_string()),
            case.description.clone(),
        ];
        if let Some(people) = self.people {
            row.extend(people.of(case)?);
        }
        Ok(row)
    }

    fn time(&self, at: jiff::Timestamp) -> String {
        at.display_with_offset(self.tz.to_offset(at)).to_string()
    }
}

/// Hands over every case of the filter, page by page, in bounded memory.
fn each(
    ctx: &Ctx,
    mut filter: Filter,
    mut tell: impl FnMut(&Case) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut rows = 0;
    loop {
        let wanted = filter.clone();
        let page =
            ctx.read_blocking::<_, store::StoreError, _>(move |r| sql::list(r, &wanted, PAGE))?;
        let Some(last) = page.last() else {
            return Ok(rows);
        };
        filter.before = Some(last.id);
        for case in &page {
            tell(case)?;
            rows += 1;
        }
    }
}

fn csv_file(
    ctx: &Ctx,
    filter: Filter,
    teller: &Teller<'_>,
    out: Box<dyn Write>,
) -> Result<u64, Failure> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(teller.columns()).map_err(broken)?;
    let rows = each(ctx, filter, |case| {
        // A spreadsheet would run a text that begins like a formula.
        let row = teller.row(case)?.into_iter().map(|text| {
            if text.starts_with(['=', '+', '@']) {
                format!("'{text}")
            } else {
                text
            }
        });
        writer.write_record(row).map_err(broken)
    })?;
    writer.flush().map_err(broken)?;
    Ok(rows)
}

fn geojson_file(
    ctx: &Ctx,
    filter: Filter,
    teller: &Teller<'_>,
    mut out: Box<dyn Write>,
) -> Result<u64, Failure> {
    let columns = teller.columns();
    out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")
        .map_err(broken)?;
    let mut is_first = true;
    let rows = each(ctx, filter, |case| {
        let properties: serde_json::Map<String, Value> = columns
            .iter()
            .zip(teller.row(case)?)
            .filter(|(name, text)| !text.is_empty() && !matches!(**name, "lon" | "lat"))
            .map(|(name, text)| ((*name).to_owned(), Value::from(text)))
            .collect();
        let geometry = case
            .place
            .point
            .map(|p| json!({ "type": "Point", "coordinates": [p.lon(), p.lat()] }));
        let feature = json!({ "type": "Feature", "id": case.number.to_string(), "geometry": geometry, "properties": properties });
        let comma = if std::mem::take(&mut is_first) {
            "\n"
        } else {
            ",\n"
        };
        write!(out, "{comma}{feature}").map_err(broken)
    })?;
    out.write_all(b"\n]}\n")
        .and_then(|()| out.flush())
        .map_err(broken)?;
    Ok(rows)
}
