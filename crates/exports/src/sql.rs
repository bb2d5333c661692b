//! Statements and rows of exports.

use crate::files::FileKey;
use crate::model::{Asked, Export, ExportId, State, Why};
use access::AccountId;
use access::ops::orders::Orderer;
use jiff::Timestamp;
use kernel::id::Id;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{DecodeError, FromRow, FromValue, Read, Row, StoreResult, ValueRef, Write, params};

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

const EXPORTS: &str = "SELECT e.id, e.account_id, coalesce(a.name, ''), e.orderer, e.asked, e.state, e.why, e.asked_at, \
     e.begun, e.run, e.expected, e.written, e.bytes, e.sha256, e.ended_at, e.kept_to \
     FROM exports e LEFT JOIN accounts a ON a.id = e.account_id";

impl FromRow for Export {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self {
            id: row.get(0)?,
            account: row.get(1)?,
            name: row.get(2)?,
            orderer: row.get::<Kept<Orderer>>(3)?.0,
            asked: row.get::<Kept<Asked>>(4)?.0,
            state: row.get(5)?,
            why: row.get(6)?,
            asked_at: row.get(7)?,
            begun: row.get(8)?,
            run: row.get(9)?,
            expected: row.get(10)?,
            written: row.get(11)?,
            bytes: row.get(12)?,
            sha256: row.get(13)?,
            ended_at: row.get(14)?,
            kept_to: row.get(15)?,
        })
    }
}

/// The newest exports, of one account or of all. One statement.
pub fn newest(r: &mut Read<'_>, account: Option<AccountId>, most: i64) -> StoreResult<Vec<Export>> {
    let end = "ORDER BY e.asked_at DESC, e.id DESC";
    match account {
        Some(account) => r.all(
            &format!("{EXPORTS} WHERE e.account_id = $1 {end} LIMIT $2"),
            params![account, most],
        ),
        None => r.all(&format!("{EXPORTS} {end} LIMIT $1"), params![most]),
    }
}

/// One export. One statement.
pub fn one(r: &mut Read<'_>, id: ExportId) -> StoreResult<Option<Export>> {
    r.opt(&format!("{EXPORTS} WHERE e.id = $1"), params![id])
}

/// How many of an account the program has still to write, and how many files of it are kept.
pub fn how_many(r: &mut Read<'_>, account: AccountId) -> StoreResult<(i64, i64)> {
    let sql = "SELECT CAST(coalesce(sum(CASE WHEN state IN ('waiting', 'running') THEN 1 ELSE 0 END), 0) AS BIGINT), \
               CAST(coalesce(sum(CASE WHEN state = 'done' THEN 1 ELSE 0 END), 0) AS BIGINT) \
               FROM exports WHERE account_id = $1";
    r.one(sql, params![account])
}

/// Adds an export that waits.
pub fn insert(
    w: &mut Write<'_>,
    id: ExportId,
    orderer: &Orderer,
    asked: &Asked,
) -> StoreResult<()> {
    let now = w.now();
    let sql = "INSERT INTO exports (id, account_id, orderer, asked, state, asked_at, begun, written) \
               VALUES ($1, $2, $3, $4, $5, $6, 0, 0)";
    let (who, what) = (json(orderer), json(asked));
    w.exec(
        sql,
        params![id, orderer.account, who, what, State::Waiting, now],
    )
    .map(|_| ())
}

/// The exports that wait, and those that whoever wrote them left lying, the earliest first.
pub fn due(r: &mut Read<'_>, now: Timestamp, limit: i64) -> StoreResult<Vec<Export>> {
    let sql = format!(
        "{EXPORTS} WHERE e.state IN ('waiting', 'running') AND (e.state = 'waiting' OR e.leased_to < $1) \
         ORDER BY e.asked_at, e.id LIMIT $2"
    );
    r.all(&sql, params![now, limit])
}

/// Takes an export that is due for a run; somebody else's run in between is a conflict.
pub fn take(w: &mut Write<'_>, id: ExportId, run: Id, leased_to: Timestamp) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE exports SET state = 'running', run = $2, leased_to = $3, begun = begun + 1, written = 0, expected = NULL \
               WHERE id = $1 AND (state = 'waiting' OR (state = 'running' AND leased_to < $4))";
    w.exec_one(sql, params![id, run, leased_to, now])
}

/// Notes how far a run is, and holds the export for some time more. That it was removed meanwhile is a conflict.
pub fn set_progress(
    w: &mut Write<'_>,
    key: FileKey,
    written: i64,
    expected: i64,
    leased_to: Timestamp,
) -> StoreResult<()> {
    let sql = "UPDATE exports SET written = $3, expected = $4, leased_to = $5 WHERE id = $1 AND run = $2 AND state = 'running'";
    w.exec_one(sql, params![key.id, key.run, written, expected, leased_to])
}

/// What came of a run that was written to its end.
pub struct Finished {
    /// Rows.
    pub rows: i64,
    /// Bytes.
    pub bytes: i64,
    /// The hash.
    pub sha256: String,
    /// Until when the file is kept.
    pub kept_to: Timestamp,
}

/// Ends a run with its file.
pub fn finish(w: &mut Write<'_>, key: FileKey, end: &Finished) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE exports SET state = 'done', written = $3, expected = $3, bytes = $4, sha256 = $5, ended_at = $6, \
               kept_to = $7, leased_to = NULL WHERE id = $1 AND run = $2 AND state = 'running'";
    w.exec_one(
        sql,
        params![
            key.id,
            key.run,
            end.rows,
            end.bytes,
            end.sha256,
            now,
            end.kept_to
        ],
    )
}

/// Ends a run without a file.
pub fn fail(w: &mut Write<'_>, key: FileKey, why: Why) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE exports SET state = 'failed', why = $3, ended_at = $4, leased_to = NULL \
               WHERE id = $1 AND run = $2 AND state = 'running'";
    w.exec_one(sql, params![key.id, key.run, why, now])
}

/// Lets one that failed wait again.
pub fn again(w: &mut Write<'_>, id: ExportId, orderer: &Orderer) -> StoreResult<()> {
    let who = json(orderer);
    let sql = "UPDATE exports SET state = 'waiting', orderer = $2, why = NULL, ended_at = NULL, run = NULL, begun = 0, \
               written = 0, expected = NULL WHERE id = $1 AND state = 'failed'";
    w.exec_one(sql, params![id, who])
}

/// The file is gone, or will not be made.
pub fn set_removed(w: &mut Write<'_>, id: ExportId, seen: State, why: Why) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE exports SET state = 'removed', why = $3, ended_at = $4, kept_to = NULL, leased_to = NULL \
               WHERE id = $1 AND state = $2";
    w.exec_one(sql, params![id, seen, why, now])
}

/// Exports whose file's time is over.
pub fn expired(r: &mut Read<'_>, now: Timestamp, limit: i64) -> StoreResult<Vec<Export>> {
    let sql = format!(
        "{EXPORTS} WHERE e.kept_to IS NOT NULL AND e.kept_to <= $1 AND e.state = 'done' ORDER BY e.kept_to, e.id LIMIT $2"
    );
    r.all(&sql, params![now, limit])
}

/// Exports whose file is kept; few, since an account keeps few.
pub fn kept(r: &mut Read<'_>) -> StoreResult<Vec<Export>> {
    let sql = format!(
        "{EXPORTS} WHERE e.kept_to IS NOT NULL AND e.state = 'done' ORDER BY e.kept_to, e.id"
    );
    r.all(&sql, &[])
}

/// Whether a run was shown a person: then its file names that person.
pub fn looked_at(r: &mut Read<'_>, run: Id, subject: Id) -> StoreResult<bool> {
    let sql = "SELECT count(*) FROM audit WHERE object_kind = 'subject' AND object_id = $1 AND action = 'vault.look' \
               AND outcome = 'done' AND request = $2";
    Ok(r.one::<(i64,)>(sql, params![subject.to_string(), run])?.0 > 0)
}

/// The runs whose files belong to an export as it stands.
pub fn living(r: &mut Read<'_>) -> StoreResult<Vec<(ExportId, Id)>> {
    r.all(
        "SELECT id, run FROM exports WHERE state IN ('running', 'done') AND run IS NOT NULL ORDER BY id",
        &[],
    )
}

/// How many exports ended without a file, or their file went, before a moment.
pub fn how_many_over(r: &mut Read<'_>, before: Timestamp) -> StoreResult<i64> {
    let sql = "SELECT count(*) FROM exports WHERE state IN ('failed', 'removed') AND ended_at < $1";
    Ok(r.one::<(i64,)>(sql, params![before])?.0)
}

/// Forgets exports that ended without a file, or whose file went, before a moment; answers how many.
pub fn forget(w: &mut Write<'_>, before: Timestamp) -> StoreResult<u64> {
    let sql = "DELETE FROM exports WHERE state IN ('failed', 'removed') AND ended_at < $1";
    w.exec(sql, params![before])
}
