//! Statements that read of cases what figures need: dimensions and times, nothing of people.

use crate::model::State;
use ::facts::upkeep::CaseKey;
use jiff::Timestamp;
use kernel::codes::{DistrictCode, DivisionCode, GridCode};
use kernel::id::Id;
use store::{Read, StoreResult, ToValue, Value, params};

store::record! {
    /// What figures need of a case.
    pub struct FactRow {
        pub district: DistrictCode,
        pub id: Id,
        pub version: i64,
        pub grid: Option<GridCode>,
        pub division: Option<DivisionCode>,
        pub matter: Option<Id>,
        pub unit: Option<Id>,
        pub channel: String,
        pub state: State,
        pub is_imported: bool,
        pub reported_at: Timestamp,
        pub accepted_at: Option<Timestamp>,
        pub registered_at: Option<Timestamp>,
        pub dispatched_at: Option<Timestamp>,
        pub due_at: Option<Timestamp>,
        pub handled_at: Option<Timestamp>,
        pub closed_at: Option<Timestamp>,
        pub reworked_at: Option<Timestamp>,
        pub extended_at: Option<Timestamp>,
    }
}

const COLUMNS: &str = "district, id, version, grid, division, matter_id, unit_id, channel, state, \
    CASE WHEN source IS NULL THEN 0 ELSE 1 END, reported_at, accepted_at, registered_at, dispatched_at, due_at, \
    handled_at, closed_at, reworked_at, extended_at";

/// Cases asked for in one statement at most.
const AT_ONCE: usize = 256;

/// These cases; keys come in order, those of no case are left out.
pub fn rows(r: &mut Read<'_>, keys: &[CaseKey]) -> StoreResult<Vec<FactRow>> {
    let mut found = Vec::with_capacity(keys.len());
    for some in keys.chunk_by(|a, b| a.district == b.district) {
        for some in some.chunks(AT_ONCE) {
            // Filled up to a few sizes by repeating the last, so that few statements are prepared.
            let wanted = some.len().next_power_of_two();
            let ids = some.iter().chain(std::iter::repeat(&some[some.len() - 1]));
            let mut values: Vec<Value> = params![some[0].district].to_vec();
            values.extend(ids.take(wanted).map(|k| k.id.to_value()));
            let list: Vec<String> = (2..=wanted + 1).map(|n| format!("${n}")).collect();
            let sql = format!(
                "SELECT {COLUMNS} FROM cases WHERE district = $1 AND id IN ({})",
                list.join(", ")
            );
            found.extend(r.all::<FactRow>(&sql, &values)?);
        }
    }
    Ok(found)
}

/// All cases in the order of their keys, the next `limit` after `after`.
pub fn page(r: &mut Read<'_>, after: Option<CaseKey>, limit: i64) -> StoreResult<Vec<FactRow>> {
    match after {
        None => r.all(
            &format!("SELECT {COLUMNS} FROM cases ORDER BY district, id LIMIT $1"),
            params![limit],
        ),
        Some(after) => r.all(
            &format!(
                "SELECT {COLUMNS} FROM cases WHERE (district, id) > ($1, $2) ORDER BY district, id LIMIT $3"
            ),
            params![after.district, after.id, limit],
        ),
    }
}
