//! What a case counts as, as Parquet, for DuckDB, Polars, Spark and the like. Pure. Columns are explained in
//! `docs/facts.md`.

use facts::Kind as Report;
use facts::model::Level;
use facts::parquet::{Column, Kind, Values, Writer};
use facts::rows::{CaseRow, DAYS, SPANS};
use matters::City;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Classes of disputes, health and petitions, as `catalogue/code`: their cases are exported by street (`rights.md`).
pub fn sensitive(city: &City) -> BTreeSet<String> {
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

/// A file of what cases count as that is being written; one row group a page of cases, so that memory stays flat.
pub struct FactsFile<'s, W: Write> {
    writer: Writer<W>,
    sensitive: &'s BTreeSet<String>,
    by_street: u64,
}

impl<'s, W: Write> FactsFile<'s, W> {
    /// Begins a file; cases of these classes are told by their street ([`sensitive`]).
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(out: W, sensitive: &'s BTreeSet<String>) -> io::Result<Self> {
        Ok(Self {
            writer: Writer::new(out, &columns())?,
            sensitive,
            by_street: 0,
        })
    }

    /// Writes a page of cases.
    ///
    /// # Errors
    /// The writer's.
    pub fn add(&mut self, mut page: Vec<CaseRow>) -> io::Result<()> {
        for case in page
            .iter_mut()
            .filter(|case| is_told_by_street(case, self.sensitive))
        {
            case.place = case.place.at(Level::Street);
            self.by_street += 1;
        }
        self.writer.group(&values(&page))
    }

    /// Ends the file; answers what it was written to, and how many cases were told by their street.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(self) -> io::Result<(W, u64)> {
        Ok((self.writer.finish()?, self.by_street))
    }
}
