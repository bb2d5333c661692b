//! Lists beyond those of `sql.rs`: tasks of a worker, suspected duplicates, channels, what changed since a version.

use crate::model::{Case, CaseEvent, CaseId};
use crate::service::Channel;
use access::{AccountId, UnitId};
use jiff::Timestamp;
use kernel::codes::{DistrictCode, GridCode};
use kernel::id::Id;
use matters::MatterId;
use store::{FromRow, FromValue, Read, Row, StoreResult, ToValue, Value, ValueRef, Write, params};

/// A `body` column read into a case.
pub struct CaseBody(pub Case);

impl FromValue for CaseBody {
    fn from_value(value: ValueRef<'_>) -> Result<Self, store::DecodeError> {
        let text = String::from_value(value)?;
        serde_json::from_str(&text)
            .map(Self)
            .map_err(|e| store::DecodeError(e.to_string()))
    }
}

impl FromRow for CaseBody {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        row.get(0)
    }
}

/// Every channel, in the order shown to people. An import adds a handful a source.
pub fn channels(r: &mut Read<'_>) -> StoreResult<Vec<Channel>> {
    r.all(
        "SELECT code, name_zh, name_en, verify, reviewed FROM channels ORDER BY position, code",
        &[],
    )
}

/// Adds or changes a channel; it counts as reviewed. A new one stands behind those that are there.
pub fn put_channel(w: &mut Write<'_>, channel: &Channel) -> StoreResult<()> {
    w.exec(
        "INSERT INTO channels (code, name_zh, name_en, verify, source, reviewed, position) VALUES ($1, $2, $3, $4, 'shiyu', 1, 900) \
         ON CONFLICT (code) DO UPDATE SET name_zh = $2, name_en = $3, verify = $4, reviewed = 1",
        params![channel.code, channel.name_zh, channel.name_en, channel.verify],
    )
    .map(|_| ())
}

/// Which open tasks a worker may take.
#[derive(Debug, Clone)]
pub struct TaskFilter {
    /// Only in these districts of record; empty means all.
    pub districts: Vec<DistrictCode>,
    /// Given to this worker, or to nobody.
    pub worker: AccountId,
    /// Not the checks of what this unit handled: nobody checks the own unit.
    pub not_unit: Option<UnitId>,
    /// Only after this task: its due time and its case.
    pub after: Option<(Timestamp, CaseId)>,
}

/// A page of open tasks, the most pressing first. One statement.
pub fn tasks(r: &mut Read<'_>, filter: &TaskFilter, limit: i64) -> StoreResult<Vec<Case>> {
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut wheres = vec![format!(
        "task_kind IN ('verify', 'check') AND state IN ('pending_verify', 'pending_check') AND (task_assignee = {} OR task_assignee IS NULL)",
        bind(filter.worker.to_value())
    )];
    if !filter.districts.is_empty() {
        let list: Vec<String> = filter
            .districts
            .iter()
            .map(|d| bind(d.to_value()))
            .collect();
        wheres.push(format!("district IN ({})", list.join(", ")));
    }
    if let Some(unit) = filter.not_unit {
        wheres.push(format!(
            "(unit_id IS NULL OR unit_id <> {})",
            bind(unit.to_value())
        ));
    }
    if let Some((due_at, id)) = filter.after {
        let (due_at, id) = (bind(due_at.to_value()), bind(id.to_value()));
        wheres.push(format!("(task_due_at, id) > ({due_at}, {id})"));
    }
    let limit = bind(limit.to_value());
    let sql = format!(
        "SELECT body FROM cases WHERE {} ORDER BY task_due_at, id LIMIT {limit}",
        wheres.join(" AND ")
    );
    Ok(r.all::<CaseBody>(&sql, &values)?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

/// Cases of a class in a box and a stretch of time, newest first: candidates for duplicates.
#[derive(Debug, Clone, Copy)]
pub struct Near {
    /// The district that keeps their record.
    pub district: DistrictCode,
    /// The class.
    pub matter: MatterId,
    /// Reported not before.
    pub from: Timestamp,
    /// Reported before.
    pub to: Timestamp,
    /// Degrees: west, south, east, north; none where no point is known.
    pub within: Option<[f64; 4]>,
    /// The unit grid in which one of two without a point lies as well; none where that is no reason.
    pub grid: Option<GridCode>,
}

/// The candidates of [`Near`]. One statement over the days of one district.
pub fn near(r: &mut Read<'_>, near: &Near, limit: i64) -> StoreResult<Vec<Case>> {
    let mut values: Vec<Value> = [
        near.district.to_value(),
        Id::floor(near.from).to_value(),
        Id::floor(near.to).to_value(),
        near.matter.to_value(),
        limit.to_value(),
    ]
    .into();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let within = near.within.map(|[west, south, east, north]| {
        format!(
            "lon BETWEEN {} AND {} AND lat BETWEEN {} AND {}",
            bind(west.to_value()),
            bind(east.to_value()),
            bind(south.to_value()),
            bind(north.to_value())
        )
    });
    let grid = near
        .grid
        .map(|grid| format!("grid = {}", bind(grid.to_value())));
    let place = match (within, grid) {
        // Where this one has a point, the distance to those that have one counts.
        (Some(within), Some(grid)) => format!("(({within}) OR (lon IS NULL AND {grid}))"),
        (Some(within), None) => within,
        (None, Some(grid)) => grid,
        (None, None) => return Ok(Vec::new()),
    };
    let sql = format!(
        "SELECT body FROM cases WHERE district = $1 AND id >= $2 AND id < $3 AND matter_id = $4 AND {place} \
         AND state NOT IN ('merged', 'voided', 'transferred') ORDER BY id DESC LIMIT $5"
    );
    Ok(r.all::<CaseBody>(&sql, &values)?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

/// What happened to a case after a version somebody saw.
pub fn events_after(
    r: &mut Read<'_>,
    district: DistrictCode,
    id: CaseId,
    version: u32,
) -> StoreResult<Vec<CaseEvent>> {
    let sql = format!(
        "{} FROM case_events WHERE district = $1 AND case_id = $2 AND seq > $3 ORDER BY seq LIMIT 50",
        crate::sql::READ_EVENT
    );
    r.all(&sql, params![district, id, version])
}

/// The numbers of some cases, by id. One statement; keys of no case are left out.
pub fn numbers(
    r: &mut Read<'_>,
    keys: &[(DistrictCode, CaseId)],
) -> StoreResult<std::collections::HashMap<CaseId, String>> {
    if keys.is_empty() {
        return Ok(std::collections::HashMap::new());
    }
    let mut values: Vec<Value> = Vec::new();
    let mut wheres = Vec::new();
    for (district, id) in keys {
        values.extend([district.to_value(), id.to_value()]);
        let n = values.len();
        wheres.push(format!("(district = ${} AND id = ${n})", n - 1));
    }
    let sql = format!("SELECT id, number FROM cases WHERE {}", wheres.join(" OR "));
    Ok(r.all::<(CaseId, String)>(&sql, &values)?
        .into_iter()
        .collect())
}

/// Some cases, by id. One statement; keys of no case are left out.
pub fn by_keys(
    r: &mut Read<'_>,
    keys: &[(DistrictCode, CaseId)],
) -> StoreResult<std::collections::HashMap<CaseId, Case>> {
    if keys.is_empty() {
        return Ok(std::collections::HashMap::new());
    }
    let mut values: Vec<Value> = Vec::new();
    let mut wheres = Vec::new();
    for (district, id) in keys {
        values.extend([district.to_value(), id.to_value()]);
        let n = values.len();
        wheres.push(format!("(district = ${} AND id = ${n})", n - 1));
    }
    let sql = format!("SELECT body FROM cases WHERE {}", wheres.join(" OR "));
    Ok(r.all::<CaseBody>(&sql, &values)?
        .into_iter()
        .map(|b| (b.0.id, b.0))
        .collect())
}

/// Single events of cases, by case and place in its life. One statement.
pub fn events_of(
    r: &mut Read<'_>,
    wanted: &[(DistrictCode, CaseId, u32)],
) -> StoreResult<std::collections::HashMap<(CaseId, u32), CaseEvent>> {
    let mut found = std::collections::HashMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    let mut values: Vec<Value> = Vec::new();
    let mut wheres = Vec::new();
    for (district, id, seq) in wanted {
        values.extend([district.to_value(), id.to_value(), seq.to_value()]);
        let n = values.len();
        wheres.push(format!(
            "(district = ${} AND case_id = ${} AND seq = ${n})",
            n - 2,
            n - 1
        ));
    }
    let sql = format!(
        "{}, case_id FROM case_events WHERE {}",
        crate::sql::READ_EVENT,
        wheres.join(" OR ")
    );
    r.each(&sql, &values, |row| {
        let event = CaseEvent::from_row(row)?;
        found.insert((row.get(9)?, event.seq), event);
        Ok(true)
    })?;
    Ok(found)
}
