//! Statements of the list of unclear duties: cases that a unit returned, and what it said.

use crate::model::{Case, CaseId, Fact};
use crate::sql_lists::CaseBody;
use access::UnitId;
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use store::{Read, StoreResult, ToValue, Value};

/// Cases reported since a moment that were returned at least once, newest first. Walks the cases of that time: the body of
/// a case names returns only where there are some.
pub fn returned(
    r: &mut Read<'_>,
    since: Timestamp,
    districts: &[DistrictCode],
    unit: Option<UnitId>,
    most: i64,
) -> StoreResult<Vec<Case>> {
    let mut values: Vec<Value> = vec![Id::floor(since).to_value()];
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut wheres = vec!["id >= $1 AND body LIKE '%\"returns\":%'".to_owned()];
    if !districts.is_empty() {
        let places: Vec<String> = districts.iter().map(|d| bind(d.to_value())).collect();
        wheres.push(format!("district IN ({})", places.join(", ")));
    }
    if let Some(unit) = unit {
        wheres.push(format!("unit_id = {}", bind(unit.to_value())));
    }
    let limit = bind(most.to_value());
    let sql = format!(
        "SELECT body FROM cases WHERE {} ORDER BY id DESC LIMIT {limit}",
        wheres.join(" AND ")
    );
    let rows: Vec<CaseBody> = r.all(&sql, &values)?;
    Ok(rows.into_iter().map(|CaseBody(case)| case).collect())
}

store::record! {
    /// One return of a case, as it is stored.
    pub struct ReturnRow {
        /// The case.
        pub case_id: CaseId,
        /// When.
        pub at: Timestamp,
        /// The unit of whoever returned it.
        pub unit: Option<UnitId>,
        /// The fact, as JSON.
        pub fact: String,
    }
}

/// Every return of these cases, in order. One statement.
pub fn returns_of(r: &mut Read<'_>, cases: &[Case]) -> StoreResult<Vec<ReturnRow>> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = Vec::with_capacity(2 * cases.len());
    let mut keys = Vec::with_capacity(cases.len());
    for case in cases {
        values.push(case.district.to_value());
        values.push(case.id.to_value());
        let n = values.len();
        keys.push(format!("(district = ${} AND case_id = ${n})", n - 1));
    }
    let sql = format!(
        "SELECT case_id, at, actor_unit, fact FROM case_events WHERE ({}) AND fact LIKE '%\"event\":\"returned\"%' ORDER BY case_id, seq",
        keys.join(" OR ")
    );
    r.all(&sql, &values)
}

/// The unit to which a case was sent first.
pub fn first_receiver(r: &mut Read<'_>, case: &Case) -> StoreResult<Option<UnitId>> {
    let sql = "SELECT fact FROM case_events WHERE district = $1 AND case_id = $2 AND fact LIKE '%\"event\":\"dispatched\"%' ORDER BY seq LIMIT 1";
    let row: Option<(String,)> = r.opt(sql, store::params![case.district, case.id])?;
    Ok(row.and_then(|(fact,)| match serde_json::from_str(&fact) {
        Ok(Fact::Dispatched { unit, .. }) => Some(unit),
        _ => None,
    }))
}
