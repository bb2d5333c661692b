//! What turned yellow or red between two moments: four walks along indexes, whatever the number of open clocks.

use crate::model::{CaseId, State};
use access::UnitId;
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::deadline::Light;
use store::{FromRow, Read, Row, StoreError, StoreResult, ToValue, Value};

/// Which of the clocks of a case turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clock {
    /// That of the stage it is in ([`crate::Stage::of`]), other than handling.
    Stage,
    /// That of handling, from the dispatch on.
    Handling,
}

/// A clock that turned yellow or red.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// When it turned.
    pub at: Timestamp,
    /// [`Light::Soon`] or [`Light::Late`].
    pub light: Light,
    /// Which clock.
    pub clock: Clock,
    /// The district that keeps the record.
    pub district: DistrictCode,
    /// The case.
    pub id: CaseId,
    /// Its number.
    pub number: CaseNumber,
    /// Where it stands now.
    pub state: State,
    /// The handling unit.
    pub unit: Option<UnitId>,
}

impl FromRow for Turned {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let (light, clock) = match row.get::<i64>(0)? {
            0 => (Light::Soon, Clock::Stage),
            1 => (Light::Late, Clock::Stage),
            2 => (Light::Soon, Clock::Handling),
            3 => (Light::Late, Clock::Handling),
            other => return Err(StoreError::Engine(format!("no part {other}"))),
        };
        Ok(Self {
            light,
            clock,
            at: row.get(1)?,
            district: row.get(2)?,
            id: row.get(3)?,
            number: row.get(4)?,
            state: row.get(5)?,
            unit: row.get(6)?,
        })
    }
}

/// Whose cases are looked through.
#[derive(Debug, Clone, Default)]
pub struct Within {
    /// Only in these districts of record; empty means all.
    pub districts: Vec<DistrictCode>,
    /// Only handled by this unit.
    pub unit: Option<UnitId>,
}

/// The four clocks and what must hold of a case for each; the words are those of the indexes.
const PARTS: [(&str, &str); 4] = [
    ("stage_soon_at", "stage_soon_at IS NOT NULL"),
    ("stage_due_at", "stage_due_at IS NOT NULL"),
    ("soon_at", "soon_at IS NOT NULL"),
    ("due_at", "pressing IS NOT NULL AND handled_at IS NULL"),
];

/// The clocks that turned after `from` and not after `to`, the first ones first; at most `limit`. One statement.
///
/// A clock that is due at `t` is red from the moment after `t`; in this list it stands at `t`.
pub fn turned(
    r: &mut Read<'_>,
    within: &Within,
    (from, to): (Timestamp, Timestamp),
    limit: i64,
) -> StoreResult<Vec<Turned>> {
    let mut values: Vec<Value> = vec![from.to_value(), to.to_value()];
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut scope = String::new();
    if !within.districts.is_empty() {
        let list: Vec<String> = within
            .districts
            .iter()
            .map(|d| bind(d.to_value()))
            .collect();
        scope.push_str(&format!(" AND district IN ({})", list.join(", ")));
    }
    if let Some(unit) = within.unit {
        scope.push_str(&format!(" AND unit_id = {}", bind(unit.to_value())));
    }
    let parts: Vec<String> = PARTS
        .iter()
        .enumerate()
        .map(|(n, (at, open))| {
            format!(
                "SELECT * FROM (SELECT {n} AS part, {at} AS at, district, id, number, state, unit_id FROM cases \
                 WHERE {at} > $1 AND {at} <= $2 AND {open}{scope} ORDER BY {at} LIMIT {limit}) AS p{n}"
            )
        })
        .collect();
    let sql = format!(
        "SELECT part, at, district, id, number, state, unit_id FROM ({}) AS t ORDER BY at, part, id LIMIT {limit}",
        parts.join(" UNION ALL ")
    );
    r.all(&sql, &values)
}
