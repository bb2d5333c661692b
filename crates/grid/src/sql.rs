//! Statements and rows of the territory.

use crate::area::Area;
use crate::model::{Beat, Division, Lattice, Shift, UnitGrid};
use jiff::civil::Date;
use kernel::{DistrictCode, DivisionCode, GridCode};
use std::collections::BTreeMap;
use store::{Read, StoreResult, ToValue, Value, Write, params};

const DIVISIONS: &str = "SELECT code, name, name_en, parent, valid_from, valid_to, residents, households, shape, drawn, source FROM divisions";
const GRIDS: &str =
    "SELECT code, shape, area_m2, land_use, valid_from, valid_to, drawn, source FROM unit_grids";

/// A part of the reference data whose changes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Divisions, cells, beats.
    Territory,
    /// Units.
    Units,
    /// Catalogues, classes, conditions.
    Catalogue,
    /// Responsibilities.
    Duties,
    /// Calendar versions.
    Calendars,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 5] = [
        Self::Territory,
        Self::Units,
        Self::Catalogue,
        Self::Duties,
        Self::Calendars,
    ];

    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Territory => "territory",
            Self::Units => "units",
            Self::Catalogue => "catalogue",
            Self::Duties => "duties",
            Self::Calendars => "calendars",
        }
    }
}

/// How often each part has changed.
pub fn changes(r: &mut Read<'_>) -> StoreResult<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = r.all(
        "SELECT part, counter FROM reference_changes UNION ALL SELECT 'settings', coalesce(max(seq), 0) FROM city_settings ORDER BY part",
        &[],
    )?;
    Ok(rows.into_iter().collect())
}

/// Notes that a part has changed, in the transaction that changes it.
pub fn bump(w: &mut Write<'_>, part: Part) -> StoreResult<()> {
    w.exec_one(
        "UPDATE reference_changes SET counter = counter + 1 WHERE part = $1",
        params![part.as_str()],
    )
}

/// Every division. A register of a whole country has about 45,000 rows.
pub fn all_divisions(r: &mut Read<'_>) -> StoreResult<Vec<Division>> {
    r.all(&format!("{DIVISIONS} ORDER BY code"), &[])
}

/// One division.
pub fn division(r: &mut Read<'_>, code: DivisionCode) -> StoreResult<Option<Division>> {
    r.opt(&format!("{DIVISIONS} WHERE code = $1"), params![code])
}

fn division_values(d: &Division) -> Vec<Value> {
    params![
        d.code,
        d.name,
        d.name_en,
        d.level().as_str(),
        d.parent,
        d.valid_from,
        d.valid_to,
        d.residents,
        d.households,
        d.shape,
        d.drawn,
        d.source
    ]
    .to_vec()
}

/// Adds divisions that are not there yet.
pub fn insert_divisions(w: &mut Write<'_>, divisions: &[Division]) -> StoreResult<()> {
    let rows: Vec<_> = divisions.iter().map(division_values).collect();
    w.bulk(
        "divisions",
        &[
            "code",
            "name",
            "name_en",
            "level",
            "parent",
            "valid_from",
            "valid_to",
            "residents",
            "households",
            "shape",
            "drawn",
            "source",
        ],
        &rows,
    )
}

/// Rewrites a division.
pub fn update_division(w: &mut Write<'_>, division: &Division) -> StoreResult<()> {
    w.exec_one(
        "UPDATE divisions SET name = $2, name_en = $3, level = $4, parent = $5, valid_from = $6, valid_to = $7, \
         residents = $8, households = $9, shape = $10, drawn = $11, source = $12 WHERE code = $1",
        &division_values(division),
    )
}

/// Every cell, in force or not.
pub fn all_grids(r: &mut Read<'_>) -> StoreResult<Vec<UnitGrid>> {
    r.all(&format!("{GRIDS} ORDER BY code"), &[])
}

/// The cells whose code begins with a prefix of digits.
pub fn grids_beginning(r: &mut Read<'_>, prefix: &str) -> StoreResult<Vec<UnitGrid>> {
    // ':' follows '9' in every collation that orders ASCII, and codes hold digits only.
    let sql = format!("{GRIDS} WHERE code >= $1 AND code < $2 ORDER BY code");
    r.all(&sql, params![prefix, next_prefix(prefix)])
}

/// The smallest text of digits above everything that begins with `prefix`: the last digit that is not 9, plus one.
fn next_prefix(prefix: &str) -> String {
    let head = prefix.trim_end_matches('9');
    match head.char_indices().last() {
        Some((at, last)) => {
            let next = char::from_digit(last.to_digit(10).unwrap_or(9) + 1, 10).unwrap_or('9');
            format!("{}{next}", &head[..at])
        }
        None => "a".into(),
    }
}

fn grid_values(g: &UnitGrid) -> Vec<Value> {
    params![
        g.code,
        g.shape,
        g.area_m2,
        g.land_use,
        g.valid_from,
        g.valid_to,
        g.drawn,
        g.source
    ]
    .to_vec()
}

/// Adds cells that are not there yet.
pub fn insert_grids(w: &mut Write<'_>, grids: &[UnitGrid]) -> StoreResult<()> {
    let rows: Vec<_> = grids.iter().map(grid_values).collect();
    w.bulk(
        "unit_grids",
        &[
            "code",
            "shape",
            "area_m2",
            "land_use",
            "valid_from",
            "valid_to",
            "drawn",
            "source",
        ],
        &rows,
    )
}

/// Rewrites a cell.
pub fn update_grid(w: &mut Write<'_>, grid: &UnitGrid) -> StoreResult<()> {
    w.exec_one(
        "UPDATE unit_grids SET shape = $2, area_m2 = $3, land_use = $4, valid_from = $5, valid_to = $6, drawn = $7, source = $8 WHERE code = $1",
        &grid_values(grid),
    )
}

/// The lattice of a district's drawn cells, if any were drawn for points.
pub fn lattice(r: &mut Read<'_>, district: DistrictCode) -> StoreResult<Option<Lattice>> {
    r.opt(
        "SELECT district, metres, west, north, step_lon, step_lat, first_street FROM drawn_lattices WHERE district = $1",
        params![district],
    )
}

/// Keeps the lattice of a district.
pub fn insert_lattice(w: &mut Write<'_>, l: &Lattice) -> StoreResult<()> {
    w.exec(
        "INSERT INTO drawn_lattices (district, metres, west, north, step_lon, step_lat, first_street) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![l.district, l.metres, l.west, l.north, l.step_lon, l.step_lat, l.first_street],
    )
    .map(|_| ())
}

store::record! {
    struct BeatRow {
        code: String,
        name: String,
        valid_from: Option<Date>,
        valid_to: Option<Date>,
        source: String,
    }
}

store::record! {
    struct ShiftRow {
        beat: String,
        worker: access::AccountId,
        weekday: i16,
        from_min: u16,
        to_min: u16,
    }
}

/// Every beat with its cells and shifts.
pub fn all_beats(r: &mut Read<'_>) -> StoreResult<Vec<Beat>> {
    let rows: Vec<BeatRow> = r.all(
        "SELECT code, name, valid_from, valid_to, source FROM beats ORDER BY code",
        &[],
    )?;
    let mut beats: BTreeMap<String, Beat> = rows
        .into_iter()
        .map(|row| {
            let BeatRow {
                code,
                name,
                valid_from,
                valid_to,
                source,
            } = row;
            let beat = Beat {
                code: code.clone(),
                name,
                valid_from,
                valid_to,
                source,
                grids: Vec::new(),
                shifts: Vec::new(),
            };
            (code, beat)
        })
        .collect();
    let grids: Vec<(String, GridCode)> =
        r.all("SELECT beat, grid FROM beat_grids ORDER BY beat, grid", &[])?;
    for (beat, grid) in grids {
        if let Some(beat) = beats.get_mut(&beat) {
            beat.grids.push(grid);
        }
    }
    let shifts: Vec<ShiftRow> = r.all(
        "SELECT beat, account, weekday, from_min, to_min FROM beat_shifts ORDER BY beat, position",
        &[],
    )?;
    for row in shifts {
        if let Some(beat) = beats.get_mut(&row.beat) {
            let ShiftRow {
                worker,
                weekday,
                from_min,
                to_min,
                ..
            } = row;
            let weekday = i8::try_from(weekday).unwrap_or_default();
            beat.shifts.push(Shift {
                worker,
                weekday,
                from_min,
                to_min,
            });
        }
    }
    Ok(beats.into_values().collect())
}

/// Writes a beat as it shall be: its row, cells and shifts.
pub fn save_beat(w: &mut Write<'_>, beat: &Beat) -> StoreResult<()> {
    for table in ["beat_grids", "beat_shifts"] {
        w.exec(
            &format!("DELETE FROM {table} WHERE beat = $1"),
            params![beat.code],
        )?;
    }
    let row = params![
        beat.code,
        beat.name,
        beat.valid_from,
        beat.valid_to,
        beat.source
    ]
    .to_vec();
    let known = w.exec(
        "UPDATE beats SET name = $2, valid_from = $3, valid_to = $4, source = $5 WHERE code = $1",
        &row,
    )?;
    if known == 0 {
        w.exec(
            "INSERT INTO beats (code, name, valid_from, valid_to, source) VALUES ($1, $2, $3, $4, $5)",
            &row,
        )?;
    }
    let grids: Vec<_> = beat
        .grids
        .iter()
        .map(|g| vec![beat.code.to_value(), g.to_value()])
        .collect();
    w.bulk("beat_grids", &["beat", "grid"], &grids)?;
    let shifts: Vec<_> = (0_i64..)
        .zip(&beat.shifts)
        .map(|(position, s)| {
            let weekday = i16::from(s.weekday);
            params![beat.code, position, s.worker, weekday, s.from_min, s.to_min].to_vec()
        })
        .collect();
    w.bulk(
        "beat_shifts",
        &[
            "beat", "position", "account", "weekday", "from_min", "to_min",
        ],
        &shifts,
    )
}

/// A border as the store keeps it, for pages that show one shape only.
pub fn division_shape(r: &mut Read<'_>, code: DivisionCode) -> StoreResult<Option<Area>> {
    let row: Option<(Option<Area>,)> =
        r.opt("SELECT shape FROM divisions WHERE code = $1", params![code])?;
    Ok(row.and_then(|row| row.0))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_prefix_ends_where_the_next_begins() {
        assert_eq!(super::next_prefix("990001"), "990002");
        assert_eq!(super::next_prefix("99000199"), "990002");
        assert_eq!(super::next_prefix("99"), "a");
    }
}
