//! Files of the territory: divisions as CSV or GeoJSON, cells as GeoJSON, beats as CSV.
//!
//! Coordinates are converted to WGS 84 here, at the border. A row is read without knowing what the store holds.

use crate::area::{Area, AreaError};
use crate::batch::Keyed;
use crate::guard;
use crate::model::{Division, UnitGrid};
use crate::report::{ImportError, Reject, Remark};
use crate::sheet::{self, Column, Sheet, SheetRow, optional, required};
use crate::why::Why;
use jiff::civil::Date;
use kernel::geo::Crs;
use kernel::{DivisionCode, GridCode};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What a file says about a division; what it does not say stays as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct DivisionRow {
    line: u64,
    code: DivisionCode,
    name: Option<String>,
    name_en: Option<String>,
    parent: Option<DivisionCode>,
    validity: (Option<Date>, Option<Date>),
    residents: Option<i64>,
    households: Option<i64>,
    shape: Option<Area>,
    crossing: Option<AreaError>,
}

impl Keyed for DivisionRow {
    type Key = DivisionCode;
    fn key(&self) -> DivisionCode {
        self.code
    }
    fn line(&self) -> u64 {
        self.line
    }
}

impl DivisionRow {
    /// The division that this row and what was known come to. A drawn division that a register names becomes a real one.
    pub fn lay_over(&self, known: Option<&Division>, source: &str) -> Division {
        let name = || self.name.clone().unwrap_or_else(|| self.code.to_string());
        let before = known
            .cloned()
            .unwrap_or_else(|| Division::new(self.code, name(), source));
        let drawn = before.drawn && self.name.is_none();
        Division {
            name: self.name.clone().unwrap_or(before.name),
            name_en: self.name_en.clone().or(before.name_en),
            parent: self.parent.or(before.parent),
            valid_from: self.validity.0.or(before.valid_from),
            valid_to: self.validity.1.or(before.valid_to),
            residents: self.residents.or(before.residents),
            households: self.households.or(before.households),
            shape: self.shape.clone().or(before.shape),
            drawn,
            ..before
        }
    }
    /// What a person should look at.
    pub fn warning(&self) -> Option<Remark> {
        let fault = self.crossing.as_ref()?;
        let remark = Remark::new("crossing", format!("division {}: {fault}", self.code));
        let at = match fault {
            AreaError::Crossing { lon, lat } => format!("{lon:.6}, {lat:.6}"),
            _ => String::new(),
        };
        Some(remark.with("division", self.code).with("at", at))
    }
    /// The code.
    pub fn code(&self) -> DivisionCode {
        self.code
    }
    /// The border, if the file has one.
    pub fn shape(&self) -> Option<&Area> {
        self.shape.as_ref()
    }
}

const DIVISION_COLUMNS: [Column; 8] = [
    required(
        "code",
        &["adcode", "代码", "编码", "区划代码", "统计用区划代码"],
    ),
    required("name", &["名称", "区划名称"]),
    optional("name_en", &["英文名"]),
    optional("parent", &["parent_code", "上级", "上级代码"]),
    optional("valid_from", &["起始日期", "启用日期"]),
    optional("valid_to", &["终止日期", "停用日期"]),
    optional("residents", &["population", "常住人口", "人口"]),
    optional("households", &["户数"]),
];

/// Whether a file is JSON rather than CSV: its first character that is not a blank is `{` or `[`.
pub fn is_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    bytes
        .iter()
        .find(|b| !b.is_ascii_whitespace())
        .is_some_and(|b| matches!(b, b'{' | b'['))
}

/// Reads divisions: a CSV with `code,name[,parent,…]` whose codes have 2, 4, 6, 9 or 12 digits, or GeoJSON polygons with
/// `adcode` (or `code`, `id`) and `name`.
///
/// # Errors
/// A file that cannot be used at all; single rows are refused one by one.
pub fn divisions(bytes: &[u8], crs: Crs) -> Result<Vec<Result<DivisionRow, Reject>>, ImportError> {
    if is_json(bytes) {
        return Ok(features(bytes)?
            .iter()
            .map(|f| division_feature(f, crs))
            .collect());
    }
    let sheet = Sheet::open(bytes, &DIVISION_COLUMNS)?;
    Ok(sheet.rows().map(|row| division_row(&row?)).collect())
}

/// Headers of a sheet of divisions that nobody asked for.
pub fn ignored_in_divisions(bytes: &[u8]) -> Vec<String> {
    if is_json(bytes) {
        return Vec::new();
    }
    Sheet::open(bytes, &DIVISION_COLUMNS).map_or_else(|_| Vec::new(), |s| s.ignored())
}

fn division_row(row: &SheetRow<'_>) -> Result<DivisionRow, Reject> {
    let code = |name: &str| row.division(name);
    Ok(DivisionRow {
        line: row.line,
        code: code("code")?.ok_or_else(|| Reject::new(row.line, "code", "", Why::empty()))?,
        name: row.words("name")?,
        name_en: row.words("name_en")?,
        parent: code("parent")?,
        validity: row.validity()?,
        residents: row.count("residents")?,
        households: row.count("households")?,
        shape: None,
        crossing: None,
    })
}

/// One feature of a collection.
struct Feature {
    at: u64,
    properties: Map<String, Value>,
    geometry: Value,
}

impl Feature {
    /// The first of several properties that has a value, as text; numbers lose nothing.
    fn text(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .find_map(|name| match self.properties.get(*name)? {
                Value::String(s) if !s.trim().is_empty() => Some(s.trim().to_owned()),
                Value::Number(n) => Some(n.to_string()),
                _ => None,
            })
    }
    fn words(&self, names: &[&str]) -> Result<Option<String>, Reject> {
        let Some(text) = self.text(names) else {
            return Ok(None);
        };
        guard::check_text(&text).map_err(|e| Reject::new(self.at, names[0], "", e))?;
        if text.chars().count() > sheet::MAX_VALUE_CHARS {
            return Err(Reject::new(
                self.at,
                names[0],
                &text,
                Why::too_long(sheet::MAX_VALUE_CHARS),
            ));
        }
        Ok(Some(text))
    }
    fn need(&self, names: &[&str]) -> Result<String, Reject> {
        self.text(names).ok_or_else(|| {
            Reject::new(
                self.at,
                names[0],
                "",
                Why::new("no_property", "the feature has no such property"),
            )
        })
    }
    fn date(&self, names: &[&str]) -> Result<Option<Date>, Reject> {
        let Some(text) = self.text(names) else {
            return Ok(None);
        };
        let date = Date::strptime("%Y-%m-%d", &text);
        date.map(Some)
            .map_err(|_| Reject::new(self.at, names[0], &text, Why::no_date()))
    }
    fn validity(&self) -> Result<(Option<Date>, Option<Date>), Reject> {
        let (from, to) = (
            self.date(&["valid_from", "起始日期", "初始日期"])?,
            self.date(&["valid_to", "终止日期"])?,
        );
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(Reject::new(self.at, "valid_to", "", Why::backward()));
        }
        Ok((from, to))
    }
    fn count(&self, names: &[&str]) -> Result<Option<i64>, Reject> {
        let Some(text) = self.text(names) else {
            return Ok(None);
        };
        match text.parse::<i64>() {
            Ok(n) if n >= 0 => Ok(Some(n)),
            _ => Err(Reject::new(self.at, names[0], &text, Why::no_count())),
        }
    }
    fn shape(&self, crs: Crs) -> Result<Area, Reject> {
        Area::from_geojson(&self.geometry, crs).map_err(|e| Reject::new(self.at, "geometry", "", e))
    }
}

fn features(bytes: &[u8]) -> Result<Vec<Feature>, ImportError> {
    let bad = |message: String| ImportError::unusable("unreadable_geojson", message);
    let text = sheet::text(bytes)?;
    let mut root: Value = serde_json::from_str(text)
        .map_err(|e| bad(format!("not JSON: {e}")).on_line(e.line() as u64))?;
    check_crs_member(&root)?;
    let list = match root.get("type").and_then(Value::as_str) {
        Some("FeatureCollection") => match root.get_mut("features").map(Value::take) {
            Some(Value::Array(list)) => list,
            _ => return Err(bad("the collection has no list of features".into()).at("features")),
        },
        Some("Feature") => vec![root],
        other => {
            let found = other.unwrap_or("none");
            return Err(bad(format!(
                "type is {found:?}, expected FeatureCollection or Feature"
            ))
            .at("type"));
        }
    };
    let mut checked = HashSet::new();
    let mut out = Vec::with_capacity(list.len());
    for (at, mut feature) in (1..).zip(list) {
        let properties = match feature.get_mut("properties").map(Value::take) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        for name in properties.keys() {
            if !checked.contains(name) {
                guard::check_column(name)
                    .map_err(|e| ImportError::unusable("forbidden_column", e).at(name))?;
                checked.insert(name.clone());
            }
        }
        let geometry = feature
            .get_mut("geometry")
            .map(Value::take)
            .unwrap_or_default();
        out.push(Feature {
            at,
            properties,
            geometry,
        });
    }
    Ok(out)
}

/// The old `crs` member must not contradict what is read: degrees of WGS 84 or CGCS2000.
fn check_crs_member(root: &Value) -> Result<(), ImportError> {
    let Some(name) = root.pointer("/crs/properties/name").and_then(Value::as_str) else {
        return Ok(());
    };
    if ["CRS84", "4326", "4490"]
        .iter()
        .any(|known| name.ends_with(known))
    {
        return Ok(());
    }
    let message = format!(
        "the file says its coordinates are in {name:?}: convert it to degrees of WGS 84 or CGCS2000"
    );
    Err(ImportError::unusable("unknown_crs", message).at("crs"))
}

fn division_feature(f: &Feature, crs: Crs) -> Result<DivisionRow, Reject> {
    const CODE: [&str; 6] = ["adcode", "code", "id", "CODE", "区划代码", "代码"];
    let code = f.need(&CODE)?;
    let code = DivisionCode::padded(&code).map_err(|e| Reject::new(f.at, "adcode", &code, e))?;
    let shape = f.shape(crs)?;
    let crossing = shape.check_simple().err();
    Ok(DivisionRow {
        line: f.at,
        code,
        name: f.words(&["name", "NAME", "名称", "区划名称"])?,
        name_en: f.words(&["name_en", "英文名"])?,
        parent: None,
        validity: f.validity()?,
        residents: f.count(&["residents", "常住人口"])?,
        households: f.count(&["households", "户数"])?,
        shape: Some(shape),
        crossing,
    })
}

/// What a file says about a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    line: u64,
    code: GridCode,
    shape: Area,
    land_use: Option<String>,
    validity: (Option<Date>, Option<Date>),
}

impl Keyed for GridRow {
    type Key = GridCode;
    fn key(&self) -> GridCode {
        self.code
    }
    fn line(&self) -> u64 {
        self.line
    }
}

impl GridRow {
    /// The cell that this row and what was known come to.
    pub fn lay_over(&self, known: Option<&UnitGrid>, source: &str) -> UnitGrid {
        let made = || UnitGrid::new(self.code, self.shape.clone(), false, source);
        let before = known.cloned().unwrap_or_else(made);
        UnitGrid {
            area_m2: self.shape.square_metres(),
            shape: self.shape.clone(),
            land_use: self.land_use.clone().or(before.land_use),
            valid_from: self.validity.0.or(before.valid_from),
            valid_to: self.validity.1.or(before.valid_to),
            drawn: false,
            ..before
        }
    }
}

/// Reads cells: GeoJSON polygons with a fifteen-digit `code`. A border that is open or crosses itself is refused.
///
/// # Errors
/// A file that cannot be used at all; single features are refused one by one.
pub fn grids(bytes: &[u8], crs: Crs) -> Result<Vec<Result<GridRow, Reject>>, ImportError> {
    Ok(features(bytes)?
        .iter()
        .map(|f| grid_feature(f, crs))
        .collect())
}

fn grid_feature(f: &Feature, crs: Crs) -> Result<GridRow, Reject> {
    let code = f.need(&[
        "code",
        "grid",
        "bgid",
        "BGID",
        "id",
        "网格编码",
        "单元网格代码",
    ])?;
    let code: GridCode = code
        .parse()
        .map_err(|e: kernel::CodeError| Reject::new(f.at, "code", &code, e))?;
    let shape = f.shape(crs)?;
    shape
        .check_simple()
        .map_err(|e| Reject::new(f.at, "geometry", "", e))?;
    Ok(GridRow {
        line: f.at,
        code,
        shape,
        land_use: f.words(&["land_use", "用地", "土地利用"])?,
        validity: f.validity()?,
    })
}

/// One row of a sheet of beats: a cell of a beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeatRow {
    /// The physical line.
    pub line: u64,
    /// The beat's code.
    pub beat: String,
    /// The beat's name.
    pub name: Option<String>,
    /// The cell.
    pub grid: GridCode,
}

const BEAT_COLUMNS: [Column; 3] = [
    required("beat", &["责任网格", "责任网格编码"]),
    optional("name", &["名称", "责任网格名称"]),
    required("grid", &["单元网格", "网格编码"]),
];

/// Reads beats: a CSV with `beat,name,grid`, one line for each cell of a beat.
///
/// # Errors
/// A file that cannot be used at all; single rows are refused one by one.
pub fn beats(bytes: &[u8]) -> Result<Vec<Result<BeatRow, Reject>>, ImportError> {
    let sheet = Sheet::open(bytes, &BEAT_COLUMNS)?;
    let read = |row: SheetRow<'_>| {
        let grid = row.parse::<GridCode>("grid", "bad_code")?;
        Ok(BeatRow {
            line: row.line,
            beat: row.words("beat")?.unwrap_or_default(),
            name: row.words("name")?,
            grid: grid.ok_or_else(|| Reject::new(row.line, "grid", "", Why::empty()))?,
        })
    };
    Ok(sheet.rows().map(|row| read(row?)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_any_length_is_padded_and_a_bad_one_says_why() {
        let csv = "\u{feff}code,name,cityCode\n11,北京市,\n110101,东城区,1101\n110101001,东华门街道,1101\n1101019,坏,\n11010A,坏,\n,坏,\n110102,\"\",\n";
        let rows = divisions(csv.as_bytes(), Crs::Wgs84).unwrap();
        let codes: Vec<_> = rows.iter().flatten().map(|r| r.code.to_string()).collect();
        assert_eq!(codes, ["110000000000", "110101000000", "110101001000"]);
        let bad: Vec<_> = rows
            .iter()
            .filter_map(|r| r.as_ref().err())
            .map(|r| (r.line, r.field.as_str()))
            .collect();
        assert_eq!(bad, [(5, "code"), (6, "code"), (7, "code"), (8, "name")]);
    }

    #[test]
    fn features_are_read_with_text_or_number_codes_and_converted() {
        let ring = "[[118.0,24.5],[118.1,24.5],[118.1,24.6],[118.0,24.5]]";
        let json = format!(
            r#"{{"type":"FeatureCollection","features":[
            {{"type":"Feature","properties":{{"adcode":350203,"name":"思明区"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}},
            {{"type":"Feature","properties":{{"name":"海沧区","id":"350205"}},"geometry":{{"type":"MultiPolygon","coordinates":[[{ring}]]}}}},
            {{"type":"Feature","properties":{{"adcode":"100000_JD","name":""}},"geometry":null}},
            {{"type":"Feature","properties":{{"name":"x"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}},
            7]}}"#
        );
        let rows = divisions(json.as_bytes(), Crs::Gcj02).unwrap();
        assert_eq!(rows.iter().filter(|r| r.is_ok()).count(), 2);
        let shape = rows[0].as_ref().unwrap().shape.as_ref().unwrap();
        let moved = (shape.bounds().west - 118.0).abs();
        assert!(
            (0.003..0.007).contains(&moved),
            "GCJ-02 lies about 490 m east of WGS 84 there: {moved}"
        );
    }

    #[test]
    fn a_file_in_an_unknown_system_or_of_another_kind_is_refused_whole() {
        for (json, code) in [
            (
                r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4552"}},"features":[]}"#,
                "unknown_crs",
            ),
            (r#"{"type":"Topology"}"#, "unreadable_geojson"),
            (r#"{"type":"FeatureCollection"}"#, "unreadable_geojson"),
            (
                r#"{"type":"FeatureCollection","features":[{"properties":{"信用分":1}}]}"#,
                "forbidden_column",
            ),
            ("{", "unreadable_geojson"),
        ] {
            match divisions(json.as_bytes(), Crs::Wgs84) {
                Err(ImportError::Unusable { code: found, .. }) => assert_eq!(found, code, "{json}"),
                other => panic!("{json}: {other:?}"),
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), text in "\\PC{0,200}") {
            for input in [&bytes[..], text.as_bytes(), format!("{{{text}}}").as_bytes(), format!("code,name,beat,grid\n{text}").as_bytes()] {
                let _ = (divisions(input, Crs::Bd09), grids(input, Crs::Wgs84), beats(input));
            }
        }
    }
}
