//! Statements and rows of units.

use crate::model::{Unit, UnitId};
use kernel::PageSize;
use store::{Read, StoreResult, Value, Write, params};

const UNITS: &str = "SELECT id, code, name_zh, name_en, kind, parent, division, phone, valid_from, valid_to, source, reviewed FROM units";

/// Every unit, ascending by code.
pub fn all(r: &mut Read<'_>) -> StoreResult<Vec<Unit>> {
    r.all(&format!("{UNITS} ORDER BY code"), &[])
}

/// One unit by its code.
pub fn by_code(r: &mut Read<'_>, code: &str) -> StoreResult<Option<Unit>> {
    r.opt(&format!("{UNITS} WHERE code = $1"), params![code])
}

/// One unit.
pub fn get(r: &mut Read<'_>, id: UnitId) -> StoreResult<Option<Unit>> {
    r.opt(&format!("{UNITS} WHERE id = $1"), params![id])
}

/// The units after a code, one more than a page holds.
pub fn page(r: &mut Read<'_>, after: &str, size: PageSize) -> StoreResult<Vec<Unit>> {
    let sql = format!("{UNITS} WHERE code > $1 ORDER BY code LIMIT $2");
    r.all(&sql, params![after, size.probe()])
}

fn values(u: &Unit) -> Vec<Value> {
    params![
        u.id,
        u.code,
        u.name_zh,
        u.name_en,
        u.kind,
        u.parent,
        u.division,
        u.phone,
        u.valid_from,
        u.valid_to,
        u.source,
        u.reviewed
    ]
    .to_vec()
}

/// Which units took over the work of units that ended: the one that ended first.
pub fn heirs(r: &mut Read<'_>) -> StoreResult<Vec<(UnitId, UnitId)>> {
    r.all("SELECT unit, heir FROM unit_heirs ORDER BY unit, heir", &[])
}

/// Notes that a unit took over work of one that ended. Twice is once.
pub fn insert_heir(w: &mut Write<'_>, unit: UnitId, heir: UnitId) -> StoreResult<()> {
    w.exec(
        "INSERT INTO unit_heirs (unit, heir) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        params![unit, heir],
    )
    .map(|_| ())
}

/// Adds units that are not there yet.
pub fn insert(w: &mut Write<'_>, units: &[Unit]) -> StoreResult<()> {
    let rows: Vec<_> = units.iter().map(values).collect();
    w.bulk(
        "units",
        &[
            "id",
            "code",
            "name_zh",
            "name_en",
            "kind",
            "parent",
            "division",
            "phone",
            "valid_from",
            "valid_to",
            "source",
            "reviewed",
        ],
        &rows,
    )
}

/// Rewrites a unit; its id stays.
pub fn update(w: &mut Write<'_>, unit: &Unit) -> StoreResult<()> {
    w.exec_one(
        "UPDATE units SET code = $2, name_zh = $3, name_en = $4, kind = $5, parent = $6, division = $7, phone = $8, \
         valid_from = $9, valid_to = $10, source = $11, reviewed = $12 WHERE id = $1",
        &values(unit),
    )
}
