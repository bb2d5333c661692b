//! Statements and rows of facts, except those that read figures ([`crate::figures`]). Nothing else writes these tables.

use crate::delta::{Cell, Delta, PlaceDay, SpanCell, Spot};
use crate::model::{BUCKETS, Contribution, Measure, OF_PLACES, OF_REPORTS};
use crate::upkeep::{CaseKey, Record};
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use std::collections::HashMap;
use store::{FromRow, Merge, Read, Row, StoreError, StoreResult, ToValue, Value, Write, params};

store::record! {
    /// One complete making of the figures.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Generation {
        /// Its number.
        pub number: i64,
        /// The time zone of its days.
        pub zone: String,
        /// Whether readers look at it.
        pub is_current: bool,
        /// When its making began.
        pub started_at: Timestamp,
        /// When it became the current one.
        pub ready_at: Option<Timestamp>,
        /// Up to when it had everything, when it was last written to.
        pub as_of: Timestamp,
    }
}

const GENERATION: &str = "generation, zone, is_current, started_at, ready_at, as_of";

pub fn generations(r: &mut Read<'_>) -> StoreResult<Vec<Generation>> {
    r.all(
        &format!("SELECT {GENERATION} FROM facts_generations ORDER BY generation"),
        &[],
    )
}

pub fn current(r: &mut Read<'_>) -> StoreResult<Option<Generation>> {
    r.opt(
        &format!("SELECT {GENERATION} FROM facts_generations WHERE is_current = 1"),
        &[],
    )
}

pub fn add_generation(
    w: &mut Write<'_>,
    number: i64,
    zone: &str,
    is_current: bool,
) -> StoreResult<()> {
    let now = w.now();
    let ready = is_current.then_some(now);
    w.derive(
        "INSERT INTO facts_generations (generation, zone, is_current, started_at, ready_at, as_of) VALUES ($1, $2, $3, $4, $5, $4)",
        params![number, zone, is_current, now, ready],
    )
    .map(|_| ())
}

/// Makes a generation the one that readers see.
pub fn make_current(w: &mut Write<'_>, number: i64) -> StoreResult<()> {
    let now = w.now();
    w.derive(
        "UPDATE facts_generations SET is_current = 0 WHERE is_current = 1",
        &[],
    )?;
    w.derive(
        "UPDATE facts_generations SET is_current = 1, ready_at = $2 WHERE generation = $1",
        params![number, now],
    )
    .map(|_| ())
}

pub fn set_as_of(w: &mut Write<'_>, number: i64, as_of: Timestamp) -> StoreResult<()> {
    w.derive(
        "UPDATE facts_generations SET as_of = $2 WHERE generation = $1",
        params![number, as_of],
    )
    .map(|_| ())
}

pub fn drop_generation(w: &mut Write<'_>, number: i64) -> StoreResult<()> {
    w.derive(
        "DELETE FROM facts_districts WHERE generation = $1",
        params![number],
    )?;
    w.derive(
        "DELETE FROM facts_generations WHERE generation = $1",
        params![number],
    )
    .map(|_| ())
}

/// The tables of rows of a generation, each with its key after district and generation.
pub const TABLES: [(&str, &str); 5] = [
    ("facts_cases", "case_id"),
    ("facts_rollups", "cube, day, place, matter, unit, word"),
    ("facts_spots", "day, place, matter"),
    ("facts_places", "day, place"),
    ("facts_durations", "cube, day, place, matter, unit, span"),
];

/// Removes at most `limit` rows of a generation from a table; answers how many.
pub fn clear(
    w: &mut Write<'_>,
    (table, key): (&str, &str),
    district: DistrictCode,
    generation: i64,
    limit: i64,
) -> StoreResult<u64> {
    let sql = format!(
        "DELETE FROM {table} WHERE district = $1 AND generation = $2 AND ({key}) IN \
         (SELECT {key} FROM {table} WHERE district = $1 AND generation = $2 LIMIT $3)"
    );
    w.derive(&sql, params![district, generation, limit])
}

pub fn districts(r: &mut Read<'_>, generation: i64) -> StoreResult<Vec<DistrictCode>> {
    let sql = "SELECT district FROM facts_districts WHERE generation = $1 ORDER BY district";
    Ok(r.all::<(DistrictCode,)>(sql, params![generation])?
        .into_iter()
        .map(|d| d.0)
        .collect())
}

pub fn add_districts(
    w: &mut Write<'_>,
    generation: i64,
    districts: impl IntoIterator<Item = DistrictCode>,
) -> StoreResult<()> {
    let rows: Vec<Vec<Value>> = districts
        .into_iter()
        .map(|d| params![d, generation].to_vec())
        .collect();
    let columns = ["district", "generation"];
    w.derive_merge("facts_districts", &columns, 2, Merge::Replace, &rows)
}

/// An id that may be absent: the key of a row cannot hold NULL, so none is no bytes.
fn id_value(id: Option<Id>) -> Value {
    Value::Blob(id.map_or_else(Vec::new, |id| id.bytes().to_vec()))
}

/// Reads what [`id_value`] wrote, or NULL where a statement does not ask for it.
pub fn id_of(row: &Row<'_>, column: usize) -> StoreResult<Option<Id>> {
    let bytes: Option<Vec<u8>> = row.get(column)?;
    let Some(bytes) = bytes.filter(|b| !b.is_empty()) else {
        return Ok(None);
    };
    let bytes: [u8; 16] = bytes
        .try_into()
        .map_err(|_| StoreError::Engine("an id of a figure has not 16 bytes".into()))?;
    Ok(Some(Id::from_bytes(bytes)))
}

pub const CASE_COLUMNS: &[&str] = &[
    "district",
    "generation",
    "case_id",
    "version",
    "place",
    "matter",
    "unit",
    "channel",
    "state",
    "kind",
    "patrol",
    "reported_day",
    "accepted_day",
    "registered_day",
    "dispatched_day",
    "handled_day",
    "closed_day",
    "on_time",
    "reworked_day",
    "extended_day",
    "ended_day",
    "due_day",
    "overdue_from",
    "overdue_to",
    "accept_s",
    "handle_s",
    "close_s",
];

pub fn case_row(generation: i64, record: &Record) -> Vec<Value> {
    let c = &record.contribution;
    params![
        record.key.district,
        generation,
        record.key.id,
        record.version,
        c.place,
        id_value(c.matter),
        id_value(c.unit),
        c.channel,
        c.state,
        c.kind,
        c.patrol,
        c.reported,
        c.accepted,
        c.registered,
        c.dispatched,
        c.handled,
        c.closed,
        c.on_time,
        c.reworked,
        c.extended,
        c.ended,
        c.due,
        c.overdue_from,
        c.overdue_to,
        c.accept_s,
        c.handle_s,
        c.close_s
    ]
    .to_vec()
}

/// A contribution out of the columns from `place` on.
fn contribution(row: &Row<'_>, first: usize) -> StoreResult<Contribution> {
    let at = |n: usize| first + n;
    Ok(Contribution {
        place: row.get(at(0))?,
        matter: id_of(row, at(1))?,
        unit: id_of(row, at(2))?,
        channel: row.get(at(3))?,
        state: row.get(at(4))?,
        kind: row.get(at(5))?,
        patrol: row.get(at(6))?,
        reported: row.get(at(7))?,
        accepted: row.get(at(8))?,
        registered: row.get(at(9))?,
        dispatched: row.get(at(10))?,
        handled: row.get(at(11))?,
        closed: row.get(at(12))?,
        on_time: row.get(at(13))?,
        reworked: row.get(at(14))?,
        extended: row.get(at(15))?,
        ended: row.get(at(16))?,
        due: row.get(at(17))?,
        overdue_from: row.get(at(18))?,
        overdue_to: row.get(at(19))?,
        accept_s: row.get(at(20))?,
        handle_s: row.get(at(21))?,
        close_s: row.get(at(22))?,
    })
}

/// Where the contribution begins in [`CASE_COLUMNS`].
const CONTRIBUTION: usize = 4;

struct Kept(Id, Contribution);
impl FromRow for Kept {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self(row.get(0)?, contribution(row, 1)?))
    }
}

/// `$from` … for a list of so many values, filled up to a power of two by repeating the last: few texts.
pub fn padded(values: &mut Vec<Value>, list: impl Iterator<Item = Value>) -> String {
    let first = values.len() + 1;
    values.extend(list);
    let last = values.last().cloned().unwrap_or(Value::Null);
    let wanted = (values.len() + 1 - first).max(1).next_power_of_two();
    values.resize(first - 1 + wanted, last);
    (first..first + wanted)
        .map(|n| format!("${n}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Cases asked for in one statement at most.
const AT_ONCE: usize = 256;

/// What cases counted as when they were last looked at.
pub fn kept(
    r: &mut Read<'_>,
    generation: i64,
    keys: &[CaseKey],
) -> StoreResult<HashMap<CaseKey, Contribution>> {
    let mut found = HashMap::with_capacity(keys.len());
    for some in keys.chunk_by(|a, b| a.district == b.district) {
        for some in some.chunks(AT_ONCE) {
            let district = some[0].district;
            let mut values = params![district, generation].to_vec();
            let list = padded(&mut values, some.iter().map(|k| k.id.to_value()));
            let sql = format!(
                "SELECT case_id, {} FROM facts_cases WHERE district = $1 AND generation = $2 AND case_id IN ({list})",
                CASE_COLUMNS[CONTRIBUTION..].join(", ")
            );
            for Kept(id, contribution) in r.all(&sql, &values)? {
                found.insert(CaseKey { district, id }, contribution);
            }
        }
    }
    Ok(found)
}

/// Keeps what cases count as now.
pub fn keep(w: &mut Write<'_>, generation: i64, records: &[Record]) -> StoreResult<()> {
    let rows: Vec<Vec<Value>> = records.iter().map(|r| case_row(generation, r)).collect();
    w.derive_merge("facts_cases", CASE_COLUMNS, 3, Merge::Replace, &rows)
}

/// Forgets a case that is no more.
pub fn forget(w: &mut Write<'_>, generation: i64, key: CaseKey) -> StoreResult<()> {
    w.derive(
        "DELETE FROM facts_cases WHERE district = $1 AND generation = $2 AND case_id = $3",
        params![key.district, generation, key.id],
    )
    .map(|_| ())
}

const ROLLUP_KEY: [&str; 8] = [
    "district",
    "generation",
    "cube",
    "day",
    "place",
    "matter",
    "unit",
    "word",
];
const SPOT_KEY: [&str; 5] = ["district", "generation", "day", "place", "matter"];
const PLACE_KEY: [&str; 4] = ["district", "generation", "day", "place"];
const DURATION_KEY: [&str; 8] = [
    "district",
    "generation",
    "cube",
    "day",
    "place",
    "matter",
    "unit",
    "span",
];
/// The columns of the buckets of a histogram, in their order.
pub const BUCKET_COLUMNS: [&str; BUCKETS] = [
    "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "b10", "b11", "b12", "b13", "b14",
    "b15", "b16",
];

/// Rows of one derived table.
pub struct Rows {
    pub table: &'static str,
    pub columns: Vec<&'static str>,
    /// How many columns are the key.
    pub key: usize,
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// Hands the rows over in parts of at most so many, in their order.
    pub fn in_parts<E>(
        mut self,
        most: usize,
        mut to: impl FnMut(Self) -> Result<(), E>,
    ) -> Result<(), E> {
        while !self.rows.is_empty() {
            let rest = self.rows.split_off(self.rows.len().min(most));
            to(Self {
                table: self.table,
                columns: self.columns.clone(),
                key: self.key,
                rows: std::mem::replace(&mut self.rows, rest),
            })?;
        }
        Ok(())
    }
}

/// The rows of a delta in the order of their keys, those apart for which `is_new` says that no such row can be there.
pub fn rows_of(
    generation: i64,
    delta: &Delta,
    is_new: impl Fn(DistrictCode, i64, i64) -> bool,
) -> (Vec<Rows>, Vec<Rows>) {
    let measures = Measure::ALL.iter().map(|m| m.as_str());
    let rollup: Vec<&'static str> = ROLLUP_KEY.into_iter().chain(measures.clone()).collect();
    let spot: Vec<&'static str> = SPOT_KEY
        .into_iter()
        .chain(measures.take(OF_REPORTS))
        .collect();
    let place_day: Vec<&'static str> = PLACE_KEY
        .into_iter()
        .chain(OF_PLACES.map(Measure::as_str))
        .collect();
    let duration: Vec<&'static str> = DURATION_KEY
        .into_iter()
        .chain(["seconds"])
        .chain(BUCKET_COLUMNS)
        .collect();
    let empty = || {
        [
            ("facts_rollups", rollup.clone(), ROLLUP_KEY.len()),
            ("facts_spots", spot.clone(), SPOT_KEY.len()),
            ("facts_places", place_day.clone(), PLACE_KEY.len()),
            ("facts_durations", duration.clone(), DURATION_KEY.len()),
        ]
        .map(|(table, columns, key)| Rows {
            table,
            columns,
            key,
            rows: Vec::new(),
        })
    };
    let (mut fresh, mut merged) = (empty(), empty());
    let mut put = |kind: usize, district, cube, day, row: Vec<Value>| {
        let into = if is_new(district, cube, day) {
            &mut fresh
        } else {
            &mut merged
        };
        into[kind].rows.push(row);
    };
    let mut cells: Vec<_> = delta.cells.iter().collect();
    cells.sort_unstable_by_key(|(c, _)| {
        (c.district, c.cube, c.day, c.place, c.matter, c.unit, c.word)
    });
    for (c, counts) in cells {
        let Cell {
            district,
            cube,
            day,
            place,
            matter,
            unit,
            word,
        } = *c;
        let mut row = params![
            district,
            generation,
            cube,
            day,
            place,
            id_value(matter),
            id_value(unit),
            delta.words.word(word)
        ]
        .to_vec();
        row.extend(counts.iter().map(ToValue::to_value));
        put(0, district, cube, day, row);
    }
    let mut spots: Vec<_> = delta.spots.iter().collect();
    spots.sort_unstable_by_key(|(s, _)| (s.district, s.day, s.place, s.matter));
    for (s, counts) in spots {
        let Spot {
            district,
            day,
            place,
            matter,
        } = *s;
        let mut row = params![district, generation, day, place, id_value(matter)].to_vec();
        row.extend(counts.iter().map(ToValue::to_value));
        put(1, district, 0, day, row);
    }
    let mut places: Vec<_> = delta.places.iter().collect();
    places.sort_unstable_by_key(|(p, _)| **p);
    for (p, counts) in places {
        let PlaceDay {
            district,
            day,
            place,
        } = *p;
        let mut row = params![district, generation, day, place].to_vec();
        row.extend(counts.iter().map(ToValue::to_value));
        put(2, district, 0, day, row);
    }
    let mut spans: Vec<_> = delta.spans.iter().collect();
    spans.sort_unstable_by_key(|(s, _)| {
        let c = &s.cell;
        (c.district, c.cube, c.day, c.place, c.matter, c.unit, s.span)
    });
    for (SpanCell { cell: c, span }, lengths) in spans {
        let mut row = params![
            c.district,
            generation,
            c.cube,
            c.day,
            c.place,
            id_value(c.matter),
            id_value(c.unit),
            span.number(),
            lengths.seconds
        ]
        .to_vec();
        row.extend(lengths.buckets.iter().map(ToValue::to_value));
        put(3, c.district, c.cube, c.day, row);
    }
    (fresh.into(), merged.into())
}

/// Adds rows to what is there.
pub fn merge(w: &mut Write<'_>, rows: &[Rows]) -> StoreResult<()> {
    rows.iter()
        .try_for_each(|r| w.derive_merge(r.table, &r.columns, r.key, Merge::Add, &r.rows))
}

/// How rows of two generations differ: in how many rows, table by table. Rows of nothing but zeros are no difference.
pub fn differences(r: &mut Read<'_>, a: i64, b: i64) -> StoreResult<Vec<(&'static str, i64)>> {
    let measures: Vec<&str> = Measure::ALL.iter().map(|m| m.as_str()).collect();
    let any = |columns: &[&str]| {
        columns
            .iter()
            .map(|c| format!("{c} <> 0"))
            .collect::<Vec<_>>()
            .join(" OR ")
    };
    let without = |columns: &[&str]| -> Vec<String> {
        columns
            .iter()
            .filter(|c| **c != "generation")
            .map(|c| (*c).to_owned())
            .collect()
    };
    let mut rollup = without(&ROLLUP_KEY);
    rollup.extend(measures.iter().map(|m| (*m).to_owned()));
    let mut spot = without(&SPOT_KEY);
    spot.extend(measures[..OF_REPORTS].iter().map(|m| (*m).to_owned()));
    let of_places = OF_PLACES.map(Measure::as_str);
    let mut place_day = without(&PLACE_KEY);
    place_day.extend(of_places.iter().map(|m| (*m).to_owned()));
    let lengths: Vec<&str> = ["seconds"].into_iter().chain(BUCKET_COLUMNS).collect();
    let mut duration = without(&DURATION_KEY);
    duration.extend(lengths.iter().map(|c| (*c).to_owned()));
    let tables: [(&'static str, Vec<String>, String); 5] = [
        // The version tells how often a case was looked at, not what it counts as.
        (
            "facts_cases",
            without(CASE_COLUMNS)
                .into_iter()
                .filter(|c| c != "version")
                .collect(),
            "1 = 1".into(),
        ),
        ("facts_rollups", rollup, any(&measures)),
        ("facts_spots", spot, any(&measures[..OF_REPORTS])),
        ("facts_places", place_day, any(&of_places)),
        ("facts_durations", duration, any(&lengths)),
    ];
    let mut found = Vec::new();
    for (table, columns, is_any) in tables {
        let side = |n: usize| {
            format!(
                "SELECT {} FROM {table} WHERE generation = ${n} AND ({is_any})",
                columns.join(", ")
            )
        };
        let sql = format!(
            "SELECT count(*) FROM (SELECT * FROM ({} EXCEPT {}) x UNION ALL SELECT * FROM ({} EXCEPT {}) y) z",
            side(1),
            side(2),
            side(2),
            side(1)
        );
        found.push((table, r.one::<(i64,)>(&sql, params![a, b])?.0));
    }
    Ok(found)
}
