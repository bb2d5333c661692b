//! Statements of bulk acts, and of what an account set up at the desk.

use crate::bulk::{Bulk, BulkCase, BulkState, BulkStep, Outcome};
use access::AccountId;
use access::ops::orders::Orderer;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::CaseNumber;
use kernel::id::Id;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{
    DecodeError, FromRow, FromValue, Read, Row, StoreResult, Value, ValueRef, Write, params,
};

/// Whoever carries a bulk act out holds it for so long after each case; then another process goes on.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// What is over is shown for so long; where cases were left out, until it was seen, a day at most.
const SHOWN: SignedDuration = SignedDuration::from_mins(5);
const SHOWN_LEFT: SignedDuration = SignedDuration::from_hours(24);
/// What is over is kept for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(31 * 24);

/// A value kept as JSON in one column.
struct Kept<T>(T);

impl<T: DeserializeOwned> FromValue for Kept<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        let text = String::from_value(value)?;
        serde_json::from_str(&text)
            .map(Self)
            .map_err(|e| DecodeError(format!("{text:?}: {e}")))
    }
}

fn json(of: &impl Serialize) -> String {
    serde_json::to_string(of).expect("what is kept is made of what JSON can hold")
}

/// A list that an account comes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFilter {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What it asks: the query of the desk's address.
    pub asked: String,
}

/// What stands at the desk for one account: its filters in their order, its bulk acts the earliest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// Its filters.
    pub filters: Vec<SavedFilter>,
    /// Its bulk acts that are not over, or are over and were not seen.
    pub bulks: Vec<Bulk>,
}

const BULK: &str = "SELECT 'bulk' AS kind, b.id AS id, b.state AS a, b.step AS b, b.due_at AS n, \
     (SELECT count(*) FROM bulk_cases c WHERE c.bulk_id = b.id) AS cases, \
     (SELECT count(*) FROM bulk_cases c WHERE c.bulk_id = b.id AND c.outcome = 'done') AS done, \
     (SELECT count(*) FROM bulk_cases c WHERE c.bulk_id = b.id AND c.outcome = 'left') AS left_out FROM bulk_acts b";

struct OwnRow(String, Id, String, String, i64, [i64; 3]);

impl FromRow for OwnRow {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self(
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            [row.get(5)?, row.get(6)?, row.get(7)?],
        ))
    }
}

impl FromRow for Bulk {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self {
            id: row.get(1)?,
            state: row.get(2)?,
            step: row.get::<Kept<BulkStep>>(3)?.0,
            due_at: row.get(4)?,
            cases: row.get(5)?,
            done: row.get(6)?,
            left: row.get(7)?,
        })
    }
}

/// What stands at the desk for an account. One statement.
pub fn own(r: &mut Read<'_>, account: AccountId, now: Timestamp) -> StoreResult<Own> {
    let since = |span: SignedDuration| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    let sql = format!(
        "SELECT * FROM (SELECT 'filter' AS kind, id, name AS a, asked AS b, place AS n, 0 AS cases, 0 AS done, 0 AS left_out \
         FROM desk_filters WHERE account_id = $1 \
         UNION ALL SELECT * FROM ({BULK} WHERE b.account_id = $1 AND b.asked_at > $2 AND b.seen_at IS NULL AND b.state <> 'stopped') AS f \
         WHERE f.a <> 'done' OR f.left_out > 0 OR f.n > $3) AS o ORDER BY o.kind, o.n, o.id LIMIT 60"
    );
    let mut own = Own::default();
    let values = params![account, since(SHOWN_LEFT), since(SHOWN)];
    for OwnRow(kind, id, a, b, n, [cases, done, left]) in r.all::<OwnRow>(&sql, values)? {
        if kind == "filter" {
            let (name, asked) = (a, b);
            own.filters.push(SavedFilter { id, name, asked });
            continue;
        }
        let wrong = |reason: String| store::StoreError::Engine(format!("bulk act {id}: {reason}"));
        own.bulks.push(Bulk {
            id,
            step: serde_json::from_str(&b).map_err(|e| wrong(e.to_string()))?,
            state: a.parse().map_err(wrong)?,
            due_at: Timestamp::from_microsecond(n).map_err(|e| wrong(e.to_string()))?,
            cases,
            done,
            left,
        });
    }
    Ok(own)
}

/// A bulk act of an account. One statement.
pub fn bulk(r: &mut Read<'_>, id: Id, account: AccountId) -> StoreResult<Option<Bulk>> {
    let sql = format!("{BULK} WHERE b.id = $1 AND b.account_id = $2");
    r.opt(&sql, params![id, account])
}

impl FromRow for BulkCase {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let outcome: String = row.get(2)?;
        Ok(Self {
            number: row.get(0)?,
            version: row.get(1)?,
            outcome: match outcome.as_str() {
                "done" => Outcome::Done,
                "left" => Outcome::Left(row.get::<Kept<_>>(3)?.0),
                _ => Outcome::Open,
            },
        })
    }
}

/// The cases of a bulk act, as they were picked. One statement.
pub fn cases_of(r: &mut Read<'_>, id: Id) -> StoreResult<Vec<BulkCase>> {
    let sql =
        "SELECT number, version, outcome, reason FROM bulk_cases WHERE bulk_id = $1 ORDER BY place";
    r.all(sql, params![id])
}

/// Whose bulk act this is; none if there is no such.
pub fn holder(r: &mut Read<'_>, id: Id) -> StoreResult<Option<AccountId>> {
    let sql = "SELECT account_id FROM bulk_acts WHERE id = $1";
    Ok(r.opt::<(AccountId,)>(sql, params![id])?.map(|h| h.0))
}

/// How many of an account are not over.
pub fn how_many_open(r: &mut Read<'_>, account: AccountId) -> StoreResult<i64> {
    let sql = "SELECT count(*) FROM bulk_acts WHERE account_id = $1 AND finished_at IS NULL";
    Ok(r.one::<(i64,)>(sql, params![account])?.0)
}

/// A bulk act about to be asked for.
#[derive(Debug, Clone)]
pub struct NewBulk {
    /// Its id, made with the page that asks, so that sending it twice asks once.
    pub id: Id,
    /// What is asked.
    pub step: BulkStep,
    /// The cases with the version the person saw.
    pub cases: Vec<(CaseNumber, u32)>,
}

/// Stores a bulk act that is carried out at `due_at`.
pub fn insert(
    w: &mut Write<'_>,
    new: &NewBulk,
    orderer: &Orderer,
    due_at: Timestamp,
) -> StoreResult<()> {
    let now = w.now();
    let sql = "INSERT INTO bulk_acts (id, account_id, orderer, step, state, asked_at, due_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (who, step) = (json(orderer), json(&new.step));
    let waiting = BulkState::Waiting;
    w.exec(
        sql,
        params![new.id, orderer.account, who, step, waiting, now, due_at],
    )?;
    let rows: Vec<Vec<Value>> = new
        .cases
        .iter()
        .zip(0_u32..)
        .map(|((number, version), place)| {
            store::values![number.district(), new.id, number, version, place, "open"].to_vec()
        })
        .collect();
    let columns = [
        "district", "bulk_id", "number", "version", "place", "outcome",
    ];
    w.bulk("bulk_cases", &columns, &rows)
}

/// Removes what an account's bulk acts of long ago left here; the record of the cases stays.
pub fn forget_old(w: &mut Write<'_>, account: AccountId) -> StoreResult<()> {
    let before = w.now().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    let old = "SELECT id FROM bulk_acts WHERE account_id = $1 AND finished_at < $2";
    w.exec(
        &format!("DELETE FROM bulk_cases WHERE bulk_id IN ({old})"),
        params![account, before],
    )?;
    w.exec(
        "DELETE FROM bulk_acts WHERE account_id = $1 AND finished_at < $2",
        params![account, before],
    )
    .map(|_| ())
}

/// Ends a bulk act that still waits; somebody else's beginning in between is a conflict.
pub fn stop(w: &mut Write<'_>, id: Id) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE bulk_acts SET state = 'stopped', finished_at = $2 WHERE id = $1 AND state IN ('waiting', 'held')";
    w.exec_one(sql, params![id, now])
}

/// Holds a bulk act that still waits; one that has begun in between is a conflict.
pub fn hold(w: &mut Write<'_>, id: Id) -> StoreResult<()> {
    let sql = "UPDATE bulk_acts SET state = 'held' WHERE id = $1 AND state = 'waiting'";
    w.exec_one(sql, params![id])
}

/// Makes a bulk act that has not begun due at once; one that has begun in between is a conflict.
pub fn begin_now(w: &mut Write<'_>, id: Id) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE bulk_acts SET state = 'waiting', due_at = $2 WHERE id = $1 AND state IN ('waiting', 'held')";
    w.exec_one(sql, params![id, now])
}

/// Notes that the account saw how it came out.
pub fn set_seen(w: &mut Write<'_>, id: Id) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE bulk_acts SET seen_at = $2 WHERE id = $1";
    w.exec_one(sql, params![id, now])
}

/// The bulk acts that are due, and those that whoever carried them out left lying.
pub fn due(r: &mut Read<'_>, now: Timestamp, limit: i64) -> StoreResult<Vec<Id>> {
    let sql = "SELECT id FROM bulk_acts WHERE finished_at IS NULL AND due_at <= $1 \
               AND (state = 'waiting' OR leased_to < $1) ORDER BY due_at, id LIMIT $2";
    let rows = r.all::<(Id,)>(sql, params![now, limit])?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// What whoever carries it out needs to know.
pub fn to_do(r: &mut Read<'_>, id: Id) -> StoreResult<Option<(Orderer, BulkStep)>> {
    let sql = "SELECT orderer, step FROM bulk_acts WHERE id = $1";
    let found = r.opt::<(Kept<Orderer>, Kept<BulkStep>)>(sql, params![id])?;
    Ok(found.map(|(orderer, step)| (orderer.0, step.0)))
}

/// Takes a bulk act that is due; answers whether it is ours now.
pub fn take(w: &mut Write<'_>, id: Id) -> StoreResult<bool> {
    let now = w.now();
    let sql = "UPDATE bulk_acts SET state = 'running', leased_to = $2 WHERE id = $1 AND finished_at IS NULL \
               AND due_at <= $3 AND (state = 'waiting' OR leased_to < $3)";
    Ok(w.exec(sql, params![id, lease(now), now])? == 1)
}

fn lease(now: Timestamp) -> Timestamp {
    now.checked_add(LEASE).unwrap_or(Timestamp::MAX)
}

/// Notes how a case came out, once: a second try is a conflict. Holds the bulk act for some time more.
pub fn set_outcome(
    w: &mut Write<'_>,
    id: Id,
    number: &CaseNumber,
    outcome: &Outcome,
) -> StoreResult<()> {
    let (word, reason) = match outcome {
        Outcome::Open => ("open", None),
        Outcome::Done => ("done", None),
        Outcome::Left(reason) => ("left", Some(json(reason))),
    };
    let sql = "UPDATE bulk_cases SET outcome = $4, reason = $5 WHERE district = $1 AND bulk_id = $2 AND number = $3 AND outcome = 'open'";
    w.exec_one(sql, params![number.district(), id, number, word, reason])?;
    let now = w.now();
    let sql = "UPDATE bulk_acts SET leased_to = $2 WHERE id = $1";
    w.exec_one(sql, params![id, lease(now)])
}

/// Ends a bulk act.
pub fn finish(w: &mut Write<'_>, id: Id) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE bulk_acts SET state = 'done', finished_at = $2 WHERE id = $1 AND finished_at IS NULL";
    w.exec_one(sql, params![id, now])
}

/// The filters of an account, in their order.
pub fn filters(r: &mut Read<'_>, account: AccountId) -> StoreResult<Vec<SavedFilter>> {
    struct Filter(SavedFilter);
    impl FromRow for Filter {
        fn from_row(row: &Row<'_>) -> StoreResult<Self> {
            Ok(Self(SavedFilter {
                id: row.get(0)?,
                name: row.get(1)?,
                asked: row.get(2)?,
            }))
        }
    }
    let sql = "SELECT id, name, asked FROM desk_filters WHERE account_id = $1 ORDER BY place, id LIMIT 60";
    let rows = r.all::<Filter>(sql, params![account])?;
    Ok(rows.into_iter().map(|f| f.0).collect())
}

/// Adds a filter behind the others.
pub fn insert_filter(
    w: &mut Write<'_>,
    account: AccountId,
    filter: &SavedFilter,
) -> StoreResult<()> {
    let now = w.now();
    let sql = "INSERT INTO desk_filters (id, account_id, name, place, asked, made_at) VALUES ($1, $2, $3, \
               (SELECT coalesce(max(place), 0) + 1 FROM desk_filters WHERE account_id = $2), $4, $5)";
    w.exec(
        sql,
        params![filter.id, account, filter.name, filter.asked, now],
    )
    .map(|_| ())
}

/// Gives a filter of an account another name; answers whether there was one.
pub fn rename_filter(
    w: &mut Write<'_>,
    account: AccountId,
    id: Id,
    name: &str,
) -> StoreResult<bool> {
    let sql = "UPDATE desk_filters SET name = $3 WHERE id = $1 AND account_id = $2";
    Ok(w.exec(sql, params![id, account, name])? == 1)
}

/// Removes a filter of an account; answers whether there was one.
pub fn remove_filter(w: &mut Write<'_>, account: AccountId, id: Id) -> StoreResult<bool> {
    let sql = "DELETE FROM desk_filters WHERE id = $1 AND account_id = $2";
    Ok(w.exec(sql, params![id, account])? == 1)
}
