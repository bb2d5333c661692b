//! What a case says in a file, as CSV and as GeoJSON. Pure: the record, the moment of the zone and what the vault showed are
//! arguments.

use cases::Case;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::codes::{DivisionCode, DivisionLevel};
use kernel::geo::Point;
use matters::City;
use serde_json::{Value, json};
use std::io::{self, Write};
use vault::Field;

/// The columns of every file of cases, in order.
pub const COLUMNS: [&str; 22] = [
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
/// The columns that come after them where a purpose was stated.
pub const PERSONAL: [Field; 2] = [Field::Name, Field::Phone];

/// What the vault showed of a requester, in the order of [`PERSONAL`]; empty where it shows nothing.
pub type Personal = [String; PERSONAL.len()];

/// The form of a file of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, for spreadsheets.
    Csv,
    /// RFC 7946, for maps.
    Geojson,
}

/// Whether nothing below the street is said of a case to whoever may not read cases: it is of a class of disputes, health
/// or petitions, nobody has classed it yet (the same as in the figures, see [`crate::facts_file`]), or it was reported in
/// confidence.
pub fn is_told_by_street(case: &Case, city: &City) -> bool {
    let class = case.matter.and_then(|id| city.matter(id));
    case.confidential || class.is_none_or(warning::guard::is_sensitive)
}

/// The street of a division, or what is known if it is less.
fn street(mut division: DivisionCode) -> DivisionCode {
    while division.level().digits() > DivisionLevel::Street.digits() {
        let Some(parent) = division.parent() else {
            break;
        };
        division = parent;
    }
    division
}

/// Tells cases in the columns of a file.
#[derive(Clone, Copy)]
pub struct Teller<'t> {
    /// Names of classes and units.
    pub city: &'t City,
    /// The zone of the times.
    pub tz: &'t TimeZone,
    /// With the columns of people.
    pub has_people: bool,
    /// Whoever gets the file may read cases: nothing is told by its street only.
    pub reads_cases: bool,
}

/// A case told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its number.
    pub number: String,
    /// Where it is, as far as the file says.
    pub point: Option<Point>,
    /// Its cells, as many as there are columns.
    pub cells: Vec<String>,
}

impl Teller<'_> {
    /// The columns of the file.
    pub fn columns(&self) -> Vec<&'static str> {
        let personal = PERSONAL
            .iter()
            .filter(|_| self.has_people)
            .map(|f| f.as_str());
        COLUMNS.into_iter().chain(personal).collect()
    }

    /// One case with what the vault showed of its requester.
    pub fn tell(&self, case: &Case, people: Personal) -> Told {
        let time = |at: Option<Timestamp>| at.map_or_else(String::new, |at| self.time(at));
        let text = |t: Option<&str>| t.unwrap_or_default().to_owned();
        let matter = case.matter.and_then(|id| self.city.matter(id));
        let unit = case.unit.and_then(|id| self.city.unit(id));
        let by_street = !self.reads_cases && is_told_by_street(case, self.city);
        let point = case.place.point.filter(|_| !by_street);
        let grid = case.place.grid.filter(|_| !by_street);
        let division = case.place.division;
        let division = division.map(|d| if by_street { street(d) } else { d });
        let mut cells = vec![
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
            grid.map_or_else(String::new, |g| g.to_string()),
            division.map_or_else(String::new, |d| d.to_string()),
            point.map_or_else(String::new, |p| p.lon().to_string()),
            point.map_or_else(String::new, |p| p.lat().to_string()),
            // Words say where as well.
            text(Some(case.description.as_str()).filter(|_| !by_street)),
        ];
        if self.has_people {
            cells.extend(people);
        }
        Told {
            number: case.number.to_string(),
            point,
            cells,
        }
    }

    fn time(&self, at: Timestamp) -> String {
        at.display_with_offset(self.tz.to_offset(at)).to_string()
    }
}

/// A file of cases that is being written.
pub struct CasesFile<W: Write> {
    columns: Vec<&'static str>,
    out: Out<W>,
}

enum Out<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Geojson { out: W, is_first: bool },
}

/// By this mark spreadsheets know UTF-8.
const MARK: &str = "\u{feff}";

impl<W: Write> CasesFile<W> {
    /// Begins a file; `is_marked` puts the mark of UTF-8 before a CSV file, which programs that read CSV want as little as
    /// spreadsheets want to be without it.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(
        mut out: W,
        format: Format,
        columns: Vec<&'static str>,
        is_marked: bool,
    ) -> io::Result<Self> {
        let out = match format {
            Format::Csv => {
                if is_marked {
                    out.write_all(MARK.as_bytes())?;
                }
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(&columns)?;
                Out::Csv(Box::new(writer))
            }
            Format::Geojson => {
                out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
                Out::Geojson {
                    out,
                    is_first: true,
                }
            }
        };
        Ok(Self { columns, out })
    }

    /// Writes one case.
    ///
    /// # Errors
    /// The writer's.
    pub fn add(&mut self, told: Told) -> io::Result<()> {
        match &mut self.out {
            Out::Csv(writer) => Ok(writer.write_record(
                told.cells
                    .into_iter()
                    .map(|cell| kernel::sheet::guarded(&cell).into_owned()),
            )?),
            Out::Geojson { out, is_first } => {
                let properties: serde_json::Map<String, Value> = self
                    .columns
                    .iter()
                    .zip(told.cells)
                    .filter(|(name, text)| !text.is_empty() && !matches!(**name, "lon" | "lat"))
                    .map(|(name, text)| ((*name).to_owned(), Value::from(text)))
                    .collect();
                let geometry = told
                    .point
                    .map(|p| json!({ "type": "Point", "coordinates": [p.lon(), p.lat()] }));
                let feature = json!({ "type": "Feature", "id": told.number, "geometry": geometry, "properties": properties });
                let comma = if std::mem::take(is_first) {
                    "\n"
                } else {
                    ",\n"
                };
                write!(out, "{comma}{feature}")
            }
        }
    }

    /// Ends the file; answers what it was written to, flushed.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(self) -> io::Result<W> {
        match self.out {
            Out::Csv(writer) => writer
                .into_inner()
                .map_err(|error| io::Error::other(error.to_string())),
            Out::Geojson { mut out, .. } => {
                out.write_all(b"\n]}\n")?;
                out.flush()?;
                Ok(out)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, cells: &[&str], is_marked: bool) -> String {
        let columns = vec!["number", "lon", "description"];
        let mut file = CasesFile::begin(Vec::new(), format, columns, is_marked).expect("memory");
        let told = Told {
            number: cells[0].into(),
            point: Point::new(120.5, 30.25).ok(),
            cells: cells.iter().map(|c| (*c).to_owned()).collect(),
        };
        file.add(told).expect("memory");
        String::from_utf8(file.finish().expect("memory")).expect("UTF-8")
    }

    #[test]
    fn no_cell_becomes_a_formula_and_a_negative_number_stays_one() {
        for text in [
            "=1+1", "+86 138", "@SUM(A1)", "-1+2", "- 漏水", "\tx", "\rx",
        ] {
            let csv = written(Format::Csv, &["1", "-120.5", text], false);
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let row = reader.records().next().expect("a row").expect("it reads");
            assert_eq!(&row[1], "-120.5");
            assert_eq!(row[2], format!("'{text}"));
        }
        let plain = written(Format::Csv, &["1", "", "井盖, \"缺失\"\n第二行"], false);
        assert_eq!(
            plain,
            "number,lon,description\n1,,\"井盖, \"\"缺失\"\"\n第二行\"\n"
        );
    }

    #[test]
    fn the_mark_stands_before_the_head_and_only_where_it_is_wanted() {
        let marked = written(Format::Csv, &["1", "", ""], true);
        let bare = written(Format::Csv, &["1", "", ""], false);
        assert_eq!(marked, format!("\u{feff}{bare}"));
    }

    #[test]
    fn a_feature_has_its_point_and_what_is_known() {
        let text = written(Format::Geojson, &["1", "120.5", "=1"], true);
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let feature = &json["features"][0];
        assert_eq!(feature["geometry"]["coordinates"], json!([120.5, 30.25]));
        assert_eq!(
            feature["properties"],
            json!({ "number": "1", "description": "=1" })
        );
        let empty = CasesFile::begin(Vec::new(), Format::Geojson, Vec::new(), false)
            .and_then(CasesFile::finish)
            .expect("memory");
        let empty: Value = serde_json::from_slice(&empty).expect("JSON");
        assert_eq!(empty["features"], json!([]));
    }

    #[test]
    fn a_community_is_told_by_its_street() {
        let code = |text: &str| text.parse::<DivisionCode>().expect("a code");
        assert_eq!(street(code("330102001003")), code("330102001000"));
        assert_eq!(street(code("330102001000")), code("330102001000"));
        assert_eq!(street(code("330102000000")), code("330102000000"));
    }
}
