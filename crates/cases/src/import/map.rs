//! The map of an import: which column means what. Read from TOML; every mistake names its key.

use crate::import::times::{Formats, Written};
use crate::model::ImportStatus;
use grid::{ImportError, Why};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use kernel::codes::{CodeError, DistrictCode};
use kernel::geo::{Crs, GeoError};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The district of imported rows that lie in no known cell, where the map names none.
pub const DEFAULT_DISTRICT: &str = "990001";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written_ {
    source: String,
    timezone: Option<String>,
    crs: Option<String>,
    district: Option<String>,
    columns: BTreeMap<String, String>,
    #[serde(default)]
    time: TimeSection,
    status: Option<BTreeMap<String, String>>,
    #[serde(default)]
    missing: MissingSection,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct TimeSection {
    #[serde(default)]
    formats: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct MissingSection {
    #[serde(default)]
    time: Vec<String>,
    #[serde(default)]
    point: Vec<[f64; 2]>,
}

/// What a column can mean.
pub const FIELDS: [&str; 12] = [
    "id",
    "reported_at",
    "closed_at",
    "due_at",
    "matter",
    "unit",
    "channel",
    "description",
    "address",
    "lat",
    "lon",
    "status",
];

/// A map that has been checked.
#[derive(Debug, Clone)]
pub struct ImportMap {
    /// With the row's own id, what makes the import repeatable.
    pub source: String,
    /// The zone of times without one.
    pub timezone: TimeZone,
    /// The system of the points.
    pub crs: Crs,
    /// The district of record of rows that lie in no cell.
    pub district: DistrictCode,
    /// Field → column name.
    pub columns: BTreeMap<String, String>,
    /// How times are written.
    pub formats: Formats,
    /// Value in the file → what it means; none = closed where there is an end time.
    pub status: Option<BTreeMap<String, ImportStatus>>,
    /// Times that mean "not known".
    pub missing_times: Vec<DateTime>,
    /// Points that mean "not known": latitude, longitude.
    pub missing_points: Vec<[f64; 2]>,
}

/// Formats tried where the map names none: ISO 8601 with or without a zone, and a plain date.
const ISO: [&str; 5] = [
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
];

impl ImportMap {
    /// Reads a map.
    ///
    /// # Errors
    /// [`ImportError::Unusable`] naming the key at fault.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let written: Written_ = toml::from_str(text).map_err(|e| {
            let line = e
                .span()
                .map(|s| text[..s.start.min(text.len())].matches('\n').count() as u64 + 1);
            let error = ImportError::unusable("unreadable_map", e.message());
            match line {
                Some(line) => error.on_line(line),
                None => error,
            }
        })?;
        Self::check(written)
    }

    fn check(written: Written_) -> Result<Self, ImportError> {
        let wrong = |key: &str, why: Why| ImportError::because("unusable_map", why).at(key);
        let source = written.source.trim().to_owned();
        if source.is_empty() || source.chars().count() > 100 {
            return Err(wrong(
                "source",
                Why::new(
                    "map_source",
                    "the source needs a name of 1 to 100 characters",
                ),
            ));
        }
        let zone = written.timezone.as_deref().unwrap_or("Asia/Shanghai");
        let timezone = TimeZone::get(zone).map_err(|e| {
            let why = Why::new("map_timezone", format!("unknown time zone {zone:?}: {e}"));
            wrong("timezone", why.with("given", zone))
        })?;
        let crs = written
            .crs
            .as_deref()
            .unwrap_or("wgs84")
            .parse()
            .map_err(|e: GeoError| {
                let why = Why::new("map_crs", e);
                wrong(
                    "crs",
                    why.with("given", written.crs.as_deref().unwrap_or_default()),
                )
            })?;
        let district = written.district.as_deref().unwrap_or(DEFAULT_DISTRICT);
        let district = district
            .parse()
            .map_err(|e: CodeError| wrong("district", Why::new("map_district", e)))?;
        for (field, column) in &written.columns {
            let key = format!("columns.{field}");
            if !FIELDS.contains(&field.as_str()) {
                let known = FIELDS.join(", ");
                let text = format!("a column cannot mean {field:?}; it can mean {known}");
                let why = Why::new("map_meaning", text).with("field", field);
                return Err(wrong(&key, why.whole("known", known)));
            }
            grid::guard::check_column(column).map_err(|e| wrong(&key, e.into()))?;
        }
        for field in ["id", "reported_at"] {
            if !written.columns.contains_key(field) {
                let text = format!("the map must say which column is {field}");
                let why = Why::new("map_column_needed", text).with("field", field);
                return Err(wrong(&format!("columns.{field}"), why));
            }
        }
        if written.columns.contains_key("lat") != written.columns.contains_key("lon") {
            let why = Why::new("map_point", "lat and lon go together");
            return Err(wrong("columns", why));
        }
        if written.status.is_some() && !written.columns.contains_key("status") {
            let why = Why::new(
                "map_states",
                "the map has a table of states but no column for them",
            );
            return Err(wrong("columns.status", why));
        }
        let status = written
            .status
            .map(|table| read_status(&table))
            .transpose()?;
        let formats = if written.time.formats.is_empty() {
            ISO.map(str::to_owned).to_vec()
        } else {
            written.time.formats
        };
        if let Some(bad) = formats.iter().find(|f| !is_format(f)) {
            let text = format!(
                "cannot use the time format {bad:?}: a format needs a date, such as %Y-%m-%d"
            );
            let why = Why::new("map_format", text).with("given", bad);
            return Err(wrong("time.formats", why));
        }
        let formats = Formats::new(&formats);
        let iso = Formats::new(&ISO.map(str::to_owned));
        let missing_times = written
            .missing
            .time
            .iter()
            .map(|text| {
                let read = formats.read(text).or_else(|| iso.read(text));
                read.map(|w: Written| w.wall(&timezone)).ok_or_else(|| {
                    let why = Why::new("map_time", format!("cannot read the time {text:?}"));
                    wrong("missing.time", why.with("given", text))
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            source,
            timezone,
            crs,
            district,
            columns: written.columns,
            formats,
            status,
            missing_times,
            missing_points: written.missing.point,
        })
    }

    /// Where each field stands in a header.
    ///
    /// # Errors
    /// Names the column that is not there, or there twice, or that no import may bring, mapped or not.
    pub fn places(&self, header: &[String]) -> Result<Places, ImportError> {
        for column in header {
            grid::guard::check_column(column).map_err(|e| {
                ImportError::unusable("refused_column", e.to_string()).at(column.trim())
            })?;
        }
        let mut places = Places::default();
        for (field, column) in &self.columns {
            let mut found = header
                .iter()
                .enumerate()
                .filter(|(_, h)| h.trim() == column.trim());
            let key = format!("columns.{field}");
            let Some((place, _)) = found.next() else {
                let known: Vec<&str> = header.iter().map(|h| h.trim()).collect();
                let known = known.join(", ");
                let text = format!("the file has no column {column:?}; it has {known}");
                let why = Why::new("map_missing_column", text)
                    .with("name", column)
                    .whole("known", known);
                return Err(ImportError::because("missing_column", why).at(&key));
            };
            if found.next().is_some() {
                return Err(ImportError::unusable(
                    "doubled_column",
                    format!("the file has two columns {column:?}"),
                )
                .at(&key));
            }
            places.set(field, place);
        }
        places.width = header.len();
        Ok(places)
    }
}

/// A format is usable when it reads back what it writes.
fn is_format(format: &str) -> bool {
    let sample = jiff::civil::date(2026, 11, 23)
        .at(13, 5, 9, 0)
        .to_zoned(TimeZone::UTC)
        .expect("a moment in UTC");
    let written = jiff::fmt::strtime::format(format, &sample);
    written.is_ok_and(|text| Formats::new(&[format.to_owned()]).read(&text).is_some())
}

fn read_status(
    table: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, ImportStatus>, ImportError> {
    table
        .iter()
        .map(|(value, word)| {
            let status = word.parse().map_err(|_| {
                let known: Vec<&str> = ImportStatus::ALL.iter().map(|s| s.as_str()).collect();
                let known = known.join(", ");
                let text = format!("{word:?} is not a status; it can be {known}");
                let why = Why::new("map_status", text)
                    .with("given", word)
                    .with("known", known);
                ImportError::because("unusable_map", why).at(&format!("status.{value}"))
            })?;
            Ok((value.trim().to_owned(), status))
        })
        .collect()
}

/// Where each field stands in a record.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Field → position, in the order of [`FIELDS`].
    by_field: [Option<usize>; FIELDS.len()],
    /// How many fields a record has.
    pub width: usize,
}

impl Places {
    fn set(&mut self, field: &str, place: usize) {
        if let Some(n) = FIELDS.iter().position(|f| *f == field) {
            self.by_field[n] = Some(place);
        }
    }
    /// The trimmed text of a field; empty where the map has no such column.
    pub fn text<'r>(&self, field: &str, record: &'r [String]) -> &'r str {
        let place = FIELDS
            .iter()
            .position(|f| *f == field)
            .and_then(|n| self.by_field[n]);
        place
            .and_then(|p| record.get(p))
            .map_or("", |text| text.trim())
    }
    /// The texts of all mapped columns, in one order: what "the same content" compares.
    pub fn content<'r>(&self, record: &'r [String]) -> impl Iterator<Item = &'r str> {
        self.by_field
            .into_iter()
            .map(|p| p.and_then(|p| record.get(p)).map_or("", |text| text.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHICAGO: &str = r#"
        source = "chicago"
        timezone = "America/Chicago"
        [columns]
        id = "Number"
        reported_at = "Created"
        status = "Status"
        [time]
        formats = ["%Y-%m-%d"]
        [status]
        "Completed" = "closed"
        [missing]
        time = ["1900-01-01"]
        point = [[0.0, 0.0]]
    "#;

    fn fault(text: &str) -> (Option<String>, String) {
        match ImportMap::parse(text) {
            Err(ImportError::Unusable { field, message, .. }) => (field, message),
            other => panic!("expected an unusable map, got {other:?}"),
        }
    }

    #[test]
    fn a_whole_map_is_read() {
        let map = ImportMap::parse(CHICAGO).unwrap();
        assert_eq!(map.district.to_string(), DEFAULT_DISTRICT);
        assert_eq!(map.status.unwrap()["Completed"], ImportStatus::Closed);
        assert_eq!(map.missing_times.len(), 1);
    }

    #[test]
    fn each_mistake_names_its_key() {
        let swapped = |from: &str, to: &str| fault(&CHICAGO.replace(from, to)).0.unwrap();
        assert_eq!(swapped("America/Chicago", "Mars/Olympus"), "timezone");
        assert_eq!(swapped("id = \"Number\"", ""), "columns.id");
        assert_eq!(swapped("status = \"Status\"", ""), "columns.status");
        assert_eq!(swapped("= \"closed\"", "= \"done\""), "status.Completed");
        assert_eq!(
            swapped("id = \"Number\"", "id = \"Number\"\ncolour = \"x\""),
            "columns.colour"
        );
        assert_eq!(
            swapped("id = \"Number\"", "id = \"Number\"\nlat = \"y\""),
            "columns"
        );
        assert_eq!(swapped("%Y-%m-%d", "%Q"), "time.formats");
        assert_eq!(swapped("1900-01-01", "never"), "missing.time");
        assert_eq!(swapped("id = \"Number\"", "id = \"信用分\""), "columns.id");
    }

    #[test]
    fn a_file_with_a_refused_column_is_refused_whole() {
        let map = ImportMap::parse(CHICAGO).unwrap();
        let header = ["Number", "Created", "Status", "信用分"].map(str::to_owned);
        map.places(&header[..3]).unwrap();
        match map.places(&header) {
            Err(ImportError::Unusable { code, field, .. }) => {
                assert_eq!((code, field.as_deref()), ("refused_column", Some("信用分")));
            }
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    #[test]
    fn garbage_is_refused_without_panic() {
        for text in [
            "",
            "source",
            "= =",
            "source = 3",
            "[columns]",
            "\u{0}",
            "source = \"x\"\n[columns]\nid = 3",
        ] {
            assert!(ImportMap::parse(text).is_err(), "{text:?}");
        }
    }
}
