//! Statements that keep what is open right when the ground moves: whistles under another calendar, and whistles, hand-overs
//! and subscriptions of units that are reorganised.

use crate::model::{Call, Standing, Whistle};
use crate::sql::{CALL, WHISTLE};
use access::UnitId;
use kernel::Due;
use kernel::id::Id;
use store::{Read, StoreResult, Write, params};

/// Whistles that go on and whose limit is known, with a unit that has not answered; in the order of their ids. One statement.
pub fn open_limits(r: &mut Read<'_>, after: Id, limit: i64) -> StoreResult<Vec<Whistle>> {
    let sql = format!(
        "SELECT {WHISTLE} FROM whistles WHERE ended_at IS NULL AND limit_text IS NOT NULL AND id > $1 \
         AND EXISTS (SELECT 1 FROM whistle_calls c WHERE c.district = whistles.district AND c.whistle = whistles.id \
         AND c.standing = 'called') ORDER BY id LIMIT $2"
    );
    r.all(&sql, params![after, limit])
}

/// Another calendar moves the limit of a whistle, for those who have not answered: what was answered is a fact. Answers
/// whether it was still as it was read.
pub fn move_limit(
    w: &mut Write<'_>,
    before: &Whistle,
    due: &Due,
    calendar: &str,
) -> StoreResult<bool> {
    let sql = "UPDATE whistles SET due_at = $3, provisional = $4, calendar = $5, \
               was_due_at = CASE WHEN due_at <> $3 THEN due_at ELSE was_due_at END \
               WHERE district = $1 AND id = $2 AND ended_at IS NULL AND due_at = $6";
    let values = params![
        before.district,
        before.id,
        due.at,
        due.provisional,
        calendar,
        before.due_at
    ];
    if w.exec(sql, values)? == 0 {
        return Ok(false);
    }
    let sql = "UPDATE whistle_calls SET due_at = $3 WHERE district = $1 AND whistle = $2 AND standing = 'called'";
    w.exec(sql, params![before.district, before.id, due.at])?;
    Ok(true)
}

/// Whistles of a unit that go on. One statement.
pub fn whistled_by(r: &mut Read<'_>, unit: UnitId) -> StoreResult<Vec<Whistle>> {
    let sql = format!(
        "SELECT {WHISTLE} FROM whistles WHERE unit = $1 AND ended_at IS NULL ORDER BY id LIMIT 1000"
    );
    r.all(&sql, params![unit])
}

/// Whistles that go on and call a unit. One statement.
pub fn calling(r: &mut Read<'_>, unit: UnitId) -> StoreResult<Vec<Whistle>> {
    let sql = format!(
        "SELECT {WHISTLE} FROM whistles WHERE ended_at IS NULL AND EXISTS (SELECT 1 FROM whistle_calls c \
         WHERE c.district = whistles.district AND c.whistle = whistles.id AND c.unit = $1) ORDER BY id LIMIT 1000"
    );
    r.all(&sql, params![unit])
}

/// A whistle goes on as another unit's. Where that one was called by it and has not answered, the call ends: nobody answers
/// the own whistle.
pub fn whistle_to(
    w: &mut Write<'_>,
    whistle: &Whistle,
    from: UnitId,
    to: UnitId,
) -> StoreResult<bool> {
    let sql = "UPDATE whistles SET unit = $4, was_unit = $3 WHERE district = $1 AND id = $2 AND unit = $3 AND ended_at IS NULL";
    if w.exec(sql, params![whistle.district, whistle.id, from, to])? == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM whistle_calls WHERE district = $1 AND whistle = $2 AND unit = $3 AND standing = 'called'";
    w.exec(sql, params![whistle.district, whistle.id, to])?;
    Ok(true)
}

/// A call goes on as another unit's. Where that unit is called already, or whistles itself, it answers once: a call that
/// was not answered then ends with its unit, and one that was stays as it is. Answers whether anything changed.
pub fn call_to(
    w: &mut Write<'_>,
    whistle: &Whistle,
    from: UnitId,
    to: UnitId,
) -> StoreResult<bool> {
    let sql = format!(
        "SELECT {CALL} FROM whistle_calls WHERE district = $1 AND whistle = $2 AND unit = $3"
    );
    let Some(call) = w.opt::<Call>(&sql, params![whistle.district, whistle.id, from])? else {
        return Ok(false);
    };
    let whistler = "SELECT unit FROM whistles WHERE district = $1 AND id = $2";
    let (whistler,) = w.one::<(UnitId,)>(whistler, params![whistle.district, whistle.id])?;
    let other = w.opt::<Call>(&sql, params![whistle.district, whistle.id, to])?;
    if whistler != to && other.is_none() {
        let sql = "UPDATE whistle_calls SET unit = $4, was_unit = $3 WHERE district = $1 AND whistle = $2 AND unit = $3";
        return Ok(w.exec(sql, params![whistle.district, whistle.id, from, to])? == 1);
    }
    if call.standing != Standing::Called {
        return Ok(false);
    }
    let sql = "DELETE FROM whistle_calls WHERE district = $1 AND whistle = $2 AND unit = $3 AND standing = 'called'";
    Ok(w.exec(sql, params![whistle.district, whistle.id, from])? == 1)
}

/// Whether a unit has hand-overs that nobody has taken over.
pub fn has_handovers(r: &mut Read<'_>, unit: UnitId) -> StoreResult<bool> {
    let sql =
        "SELECT count(*) FROM handovers WHERE desk = 'unit' AND unit = $1 AND taken_at IS NULL";
    Ok(r.one::<(i64,)>(sql, params![unit])?.0 > 0)
}

/// Hand-overs of a unit that nobody has taken over go to another. Answers how many.
pub fn handovers_to(w: &mut Write<'_>, from: UnitId, to: UnitId) -> StoreResult<u64> {
    let sql =
        "UPDATE handovers SET unit = $2 WHERE desk = 'unit' AND unit = $1 AND taken_at IS NULL";
    w.exec(sql, params![from, to])
}

/// A subscription goes on as another unit's. Answers whether it was still there.
pub fn subscription_to(w: &mut Write<'_>, id: Id, from: UnitId, to: UnitId) -> StoreResult<bool> {
    let sql = "UPDATE subscriptions SET unit = $3 WHERE id = $1 AND unit = $2";
    Ok(w.exec(sql, params![id, from, to])? == 1)
}
