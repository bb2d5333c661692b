//! Statements and rows of dispatch. Nothing else in the program writes these tables.

use crate::model::{
    Call, CaseKey, ClaimOutcome, ClaimRow, Mark, Mention, Standing, UnitPart, Whistle,
};
use access::{AccountId, UnitId};
use cases::sql_lists::CaseBody;
use cases::{Case, CaseId};
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use store::{Read, StoreResult, ToValue, Value, Write, params};

/// The parts of a case as they are now, in place of those that were known.
pub fn lay_parts(w: &mut Write<'_>, case: &Case) -> StoreResult<()> {
    let sql = "INSERT INTO case_parts (district, case_id, part, unit, kind, due_at, is_open) VALUES ($1, $2, $3, $4, $5, $6, $7) \
               ON CONFLICT (district, case_id, part) DO UPDATE SET unit = excluded.unit, due_at = excluded.due_at, is_open = excluded.is_open";
    for part in &case.joint.parts {
        let values = params![
            case.district,
            case.id,
            part.no,
            part.unit,
            part.kind,
            part.due_at,
            part.is_open()
        ];
        w.exec(sql, values)?;
    }
    Ok(())
}

/// The parts of a unit with their cases: the open ones by their due time, or those that have ended. One statement.
pub fn parts_of(
    r: &mut Read<'_>,
    unit: UnitId,
    is_open: bool,
    limit: i64,
) -> StoreResult<Vec<UnitPart>> {
    let order = if is_open { "" } else { " DESC" };
    let sql = format!(
        "SELECT p.part, p.unit, p.due_at, p.is_open, c.body FROM case_parts p \
         JOIN cases c ON c.district = p.district AND c.id = p.case_id \
         WHERE p.unit = $1 AND p.is_open = $2 ORDER BY p.due_at{order}, p.case_id{order}, p.part LIMIT $3"
    );
    let mut found = Vec::new();
    r.each(&sql, params![unit, is_open, limit], |row| {
        found.push(UnitPart {
            part: row.get(0)?,
            unit: row.get(1)?,
            due_at: row.get(2)?,
            is_open: row.get(3)?,
            case: row.get::<CaseBody>(4)?.0,
        });
        Ok(true)
    })?;
    Ok(found)
}

/// How many parts a unit owes.
pub fn count_parts(r: &mut Read<'_>, unit: UnitId) -> StoreResult<i64> {
    let sql = "SELECT count(*) FROM case_parts WHERE unit = $1 AND is_open = 1";
    Ok(r.one::<(i64,)>(sql, params![unit])?.0)
}

/// Notes that somebody was named in a note.
pub fn mention(
    w: &mut Write<'_>,
    (district, case): CaseKey,
    seq: u32,
    account: AccountId,
    at: Timestamp,
    by: Option<Id>,
) -> StoreResult<()> {
    let sql = "INSERT INTO mentions (district, case_id, seq, account, at, by_account, seen_at) VALUES ($1, $2, $3, $4, $5, $6, NULL) \
               ON CONFLICT (district, case_id, seq, account) DO NOTHING";
    w.exec(sql, params![district, case, seq, account, at, by])
        .map(|_| ())
}

/// Where somebody was named, newest first. One statement.
pub fn mentions_of(r: &mut Read<'_>, account: AccountId, limit: i64) -> StoreResult<Vec<Mention>> {
    let sql = "SELECT district, case_id, seq, at, by_account, seen_at FROM mentions WHERE account = $1 ORDER BY at DESC, case_id, seq LIMIT $2";
    r.all(sql, params![account, limit])
}

/// Notes that everything up to a moment was read. Answers how many were new.
pub fn see_mentions(w: &mut Write<'_>, account: AccountId, up_to: Timestamp) -> StoreResult<u64> {
    let now = w.now();
    let sql =
        "UPDATE mentions SET seen_at = $3 WHERE account = $1 AND seen_at IS NULL AND at <= $2";
    w.exec(sql, params![account, up_to, now])
}

pub(crate) const WHISTLE: &str = "district, id, case_id, seq, unit, division, address, ask, at, due_at, ended_at, limit_text, provisional, calendar, was_due_at, was_unit";
pub(crate) const CALL: &str = "district, whistle, unit, due_at, standing, responded_at, arrived_at, words, of_unit, of_unit_why, of_whistle, of_whistle_why, was_unit";

/// A whistle and those it calls. One of a case is kept once, whoever reads its event again.
pub fn insert_whistle(w: &mut Write<'_>, whistle: &Whistle, units: &[UnitId]) -> StoreResult<()> {
    if let (Some(case), Some(seq)) = (whistle.case, whistle.seq) {
        let sql = "SELECT count(*) FROM whistles WHERE district = $1 AND case_id = $2 AND seq = $3";
        if w.one::<(i64,)>(sql, params![whistle.district, case, seq])?
            .0
            > 0
        {
            return Ok(());
        }
    }
    let sql = format!(
        "INSERT INTO whistles ({WHISTLE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    );
    let values = params![
        whistle.district,
        whistle.id,
        whistle.case,
        whistle.seq,
        whistle.unit,
        whistle.division,
        whistle.address,
        whistle.ask,
        whistle.at,
        whistle.due_at,
        whistle.ended_at,
        whistle.limit_text,
        whistle.provisional,
        whistle.calendar,
        whistle.was_due_at,
        whistle.was_unit
    ];
    w.exec(&sql, values)?;
    let sql = format!(
        "INSERT INTO whistle_calls ({CALL}) VALUES ($1, $2, $3, $4, $5, NULL, NULL, '', NULL, '', NULL, '', NULL)"
    );
    for unit in units {
        let values = params![
            whistle.district,
            whistle.id,
            unit,
            whistle.due_at,
            Standing::Called
        ];
        w.exec(&sql, values)?;
    }
    Ok(())
}

/// A whistle.
pub fn whistle(r: &mut Read<'_>, id: Id) -> StoreResult<Option<Whistle>> {
    r.opt(
        &format!("SELECT {WHISTLE} FROM whistles WHERE id = $1"),
        params![id],
    )
}

/// Those it called, in the order of their codes' ids.
pub fn calls(r: &mut Read<'_>, whistles: &[Id]) -> StoreResult<Vec<Call>> {
    if whistles.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (1..=whistles.len()).map(|n| format!("${n}")).collect();
    let values: Vec<Value> = whistles.iter().map(ToValue::to_value).collect();
    let sql = format!(
        "SELECT {CALL} FROM whistle_calls WHERE whistle IN ({}) ORDER BY whistle, unit",
        places.join(", ")
    );
    r.all(&sql, &values)
}

/// The condition that a column is one of these districts; nothing where none is named.
fn among(column: &str, districts: &[DistrictCode], values: &mut Vec<Value>) -> String {
    if districts.is_empty() {
        return String::new();
    }
    let places: Vec<String> = districts
        .iter()
        .map(|district| {
            values.push(district.to_value());
            format!("${}", values.len())
        })
        .collect();
    format!(" AND {column} IN ({})", places.join(", "))
}

/// Which whistles a list asks for.
#[derive(Debug, Clone)]
pub enum Side {
    /// Of every unit, in these districts; in all where none is named: for the desk and the leaders.
    Within(Vec<DistrictCode>),
    /// Whistled by this unit, or calling it.
    Of(UnitId),
}

/// A page of whistles, newest first, older than `before`. One statement.
pub fn whistles(
    r: &mut Read<'_>,
    side: &Side,
    before: Option<(Timestamp, Id)>,
    limit: i64,
) -> StoreResult<Vec<Whistle>> {
    let (at, id) = before.unwrap_or((Timestamp::MAX, Id::from_bytes([255; 16])));
    let mut values = params![at, id, limit].to_vec();
    let own = match side {
        Side::Within(districts) => among("district", districts, &mut values),
        Side::Of(unit) => {
            values.push(unit.to_value());
            " AND (unit = $4 OR EXISTS (SELECT 1 FROM whistle_calls c WHERE c.district = whistles.district AND c.whistle = whistles.id AND c.unit = $4))".to_owned()
        }
    };
    let sql = format!(
        "SELECT {WHISTLE} FROM whistles WHERE (at, id) < ($1, $2){own} ORDER BY at DESC, id DESC LIMIT $3"
    );
    r.all(&sql, &values)
}

/// Whistles for one case.
pub fn whistles_of_case(r: &mut Read<'_>, (district, case): CaseKey) -> StoreResult<Vec<Whistle>> {
    let sql = format!(
        "SELECT {WHISTLE} FROM whistles WHERE district = $1 AND case_id = $2 ORDER BY at DESC LIMIT 20"
    );
    r.all(&sql, params![district, case])
}

/// Calls that a unit has not answered of whistles that last, the most pressing first.
pub fn open_calls(r: &mut Read<'_>, unit: UnitId, limit: i64) -> StoreResult<Vec<Call>> {
    let sql = format!(
        "SELECT {CALL} FROM whistle_calls WHERE unit = $1 AND standing = 'called' AND EXISTS (SELECT 1 FROM whistles w \
         WHERE w.district = whistle_calls.district AND w.id = whistle_calls.whistle AND w.ended_at IS NULL) \
         ORDER BY due_at, whistle LIMIT $2"
    );
    r.all(&sql, params![unit, limit])
}

/// One call, as it stands.
pub fn call(r: &mut Read<'_>, whistle: Id, unit: UnitId) -> StoreResult<Option<Call>> {
    let sql = format!("SELECT {CALL} FROM whistle_calls WHERE whistle = $1 AND unit = $2");
    r.opt(&sql, params![whistle, unit])
}

/// What a unit answers, where its call still stands as it `was`; answers `false` when another answer came first.
pub fn answer_call(w: &mut Write<'_>, call: &Call, was: Standing) -> StoreResult<bool> {
    let sql = "UPDATE whistle_calls SET standing = $4, responded_at = $5, arrived_at = $6, words = $7 \
               WHERE district = $1 AND whistle = $2 AND unit = $3 AND standing = $8";
    let values = params![
        call.district,
        call.whistle,
        call.unit,
        call.standing,
        call.responded_at,
        call.arrived_at,
        call.words,
        was
    ];
    Ok(w.exec(sql, values)? == 1)
}

/// How the whistler judges a unit.
pub fn mark_unit(w: &mut Write<'_>, call: &Call, mark: Mark, why: &str) -> StoreResult<()> {
    let sql = "UPDATE whistle_calls SET of_unit = $4, of_unit_why = $5 \
               WHERE district = $1 AND whistle = $2 AND unit = $3 AND of_unit IS NULL";
    w.exec_one(
        sql,
        params![call.district, call.whistle, call.unit, mark, why],
    )
}

/// How a unit judges the whistle.
pub fn mark_whistle(w: &mut Write<'_>, call: &Call, mark: Mark, why: &str) -> StoreResult<()> {
    let sql = "UPDATE whistle_calls SET of_whistle = $4, of_whistle_why = $5 \
               WHERE district = $1 AND whistle = $2 AND unit = $3 AND of_whistle IS NULL";
    w.exec_one(
        sql,
        params![call.district, call.whistle, call.unit, mark, why],
    )
}

/// The whistler ends it.
pub fn end_whistle(w: &mut Write<'_>, whistle: &Whistle) -> StoreResult<()> {
    let now = w.now();
    let sql =
        "UPDATE whistles SET ended_at = $3 WHERE district = $1 AND id = $2 AND ended_at IS NULL";
    w.exec_one(sql, params![whistle.district, whistle.id, now])
}

/// Every call of a stretch of time with who whistled and when that ended: what figures are made of.
pub fn calls_between(
    r: &mut Read<'_>,
    from: Timestamp,
    to: Timestamp,
) -> StoreResult<Vec<(UnitId, Option<Timestamp>, Call)>> {
    let columns: Vec<String> = CALL.split(", ").map(|c| format!("c.{c}")).collect();
    let sql = format!(
        "SELECT {}, w.unit, w.ended_at FROM whistles w JOIN whistle_calls c ON c.district = w.district AND c.whistle = w.id \
         WHERE w.at >= $1 AND w.at < $2 ORDER BY w.at, w.id, c.unit LIMIT 100000",
        columns.join(", ")
    );
    let mut found = Vec::new();
    r.each(&sql, params![from, to], |row| {
        let call = <Call as store::FromRow>::from_row(row)?;
        found.push((row.get(13)?, row.get(14)?, call));
        Ok(true)
    })?;
    Ok(found)
}

/// A claim is written with the move that makes it.
pub fn insert_claim(w: &mut Write<'_>, case: &Case) -> StoreResult<()> {
    let Some(claim) = &case.joint.claim else {
        return Ok(());
    };
    let sql = "INSERT INTO claims (district, case_id, at, unit, until_at, shown_at, ended_at, outcome) VALUES ($1, $2, $3, $4, $5, NULL, NULL, 'open')";
    let values = params![case.district, case.id, claim.at, claim.unit, claim.until];
    w.exec(sql, values).map(|_| ())
}

/// What a case says of its claims, laid over the rows that are open: shown, or over.
pub fn lay_claims(w: &mut Write<'_>, case: &Case, end: ClaimOutcome) -> StoreResult<()> {
    let now = w.now();
    match &case.joint.claim {
        Some(claim) => {
            let sql = "UPDATE claims SET shown_at = $4, until_at = $5, unit = $6 WHERE district = $1 AND case_id = $2 AND at = $3";
            let values = params![
                case.district,
                case.id,
                claim.at,
                claim.shown_at,
                claim.until,
                claim.unit
            ];
            w.exec(sql, values)?;
        }
        None => {
            let sql = "UPDATE claims SET ended_at = $3, outcome = CASE WHEN shown_at IS NULL THEN $4 ELSE 'shown' END \
                       WHERE district = $1 AND case_id = $2 AND ended_at IS NULL";
            w.exec(sql, params![case.district, case.id, now, end])?;
        }
    }
    Ok(())
}

const CLAIM: &str = "district, case_id, at, unit, until_at, shown_at, ended_at, outcome";

/// Claims whose time is over and that showed nothing.
pub fn lapsed_claims(
    r: &mut Read<'_>,
    now: Timestamp,
    limit: i64,
) -> StoreResult<Vec<(DistrictCode, CaseId)>> {
    let sql = "SELECT district, case_id FROM claims WHERE ended_at IS NULL AND shown_at IS NULL AND until_at <= $1 ORDER BY until_at LIMIT $2";
    r.all(sql, params![now, limit])
}

/// A unit's claims with their cases, newest first. One statement.
pub fn claims_of(r: &mut Read<'_>, unit: UnitId, limit: i64) -> StoreResult<Vec<(ClaimRow, Case)>> {
    let columns: Vec<String> = CLAIM.split(", ").map(|c| format!("k.{c}")).collect();
    let sql = format!(
        "SELECT {}, c.body FROM claims k JOIN cases c ON c.district = k.district AND c.id = k.case_id \
         WHERE k.unit = $1 ORDER BY k.at DESC LIMIT $2",
        columns.join(", ")
    );
    let mut found = Vec::new();
    r.each(&sql, params![unit, limit], |row| {
        let claim = <ClaimRow as store::FromRow>::from_row(row)?;
        found.push((claim, row.get::<CaseBody>(8)?.0));
        Ok(true)
    })?;
    Ok(found)
}
