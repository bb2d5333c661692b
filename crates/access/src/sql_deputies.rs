//! Statements and rows of deputies.

use crate::ops::deputies::{Deputy, NewDeputy};
use crate::principal::AccountId;
use jiff::Timestamp;
use kernel::id::Id;
use store::{Read, StoreResult, Write, params};

const COLUMNS: &str = "d.id, d.account, a.login, a.name, d.deputy, b.login, b.name, d.from_at, d.to_at, d.reason, d.ended_at";
const TABLES: &str =
    "deputies d JOIN accounts a ON a.id = d.account JOIN accounts b ON b.id = d.deputy";

/// What stands in a row of its own.
pub(crate) fn one(r: &mut Read<'_>, id: Id) -> StoreResult<Option<Deputy>> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE d.id = $1");
    r.opt(&sql, params![id])
}

/// What concerns an account, as the one away or as the deputy, and is not over at a moment; the earliest first.
pub(crate) fn of(r: &mut Read<'_>, account: AccountId, at: Timestamp) -> StoreResult<Vec<Deputy>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE (d.account = $1 OR d.deputy = $1) AND d.to_at > $2 AND d.ended_at IS NULL \
         ORDER BY d.from_at, d.id LIMIT 100"
    );
    r.all(&sql, params![account, at])
}

/// All that is not over at a moment; the earliest first.
pub(crate) fn all(r: &mut Read<'_>, at: Timestamp) -> StoreResult<Vec<Deputy>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE d.to_at > $1 AND d.ended_at IS NULL ORDER BY d.from_at, d.id LIMIT 200"
    );
    r.all(&sql, params![at])
}

/// Whether an account has another deputy in a stretch of time.
pub(crate) fn overlaps(
    r: &mut Read<'_>,
    account: AccountId,
    from: Timestamp,
    to: Timestamp,
) -> StoreResult<bool> {
    let sql = "SELECT count(*) FROM deputies WHERE account = $1 AND from_at < $3 AND to_at > $2 AND ended_at IS NULL";
    Ok(r.one::<(i64,)>(sql, params![account, from, to])?.0 > 0)
}

/// Adds one.
pub(crate) fn insert(w: &mut Write<'_>, new: &NewDeputy, made_by: Id) -> StoreResult<()> {
    let now = w.now();
    let sql = "INSERT INTO deputies (id, account, deputy, from_at, to_at, reason, made_by, made_at, ended_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)";
    let values = params![
        new.id,
        new.account,
        new.deputy,
        new.from,
        new.to,
        new.reason,
        made_by,
        now
    ];
    w.exec(sql, values).map(|_| ())
}

/// Ends one before its time.
pub(crate) fn end(w: &mut Write<'_>, id: Id) -> StoreResult<()> {
    let now = w.now();
    w.exec_one(
        "UPDATE deputies SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL",
        params![id, now],
    )
}

/// Under which a session acts from now on.
pub(crate) fn act_under(w: &mut Write<'_>, session: &[u8; 32], id: Option<Id>) -> StoreResult<()> {
    w.exec_one(
        "UPDATE sessions SET acting_under = $2 WHERE token = $1",
        params![session, id],
    )
}
