//! Statements and rows of notices. Nothing else in the program writes these tables.

use crate::model::{DeliveryState, Failure, Notice, Template};
use access::{AccountId, UnitId};
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use store::{Read, StoreResult, ToValue, Value, Write, params};

/// A notice about to be stored: one recipient.
pub(crate) struct Row<'a> {
    pub district: DistrictCode,
    pub id: Id,
    pub once: &'a str,
    pub kind: &'a str,
    pub account: Option<AccountId>,
    pub subject: Option<Id>,
    pub unit: Option<UnitId>,
    pub path: &'a str,
    pub places: &'a str,
}

const INSERT: &str = "INSERT INTO notices (district, id, once, kind, account_id, subject_id, unit_id, path, places, at, read_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL) ON CONFLICT (district, once) DO NOTHING";

/// Stores a notice unless one of its key is there; answers whether it is new.
pub(crate) fn insert(w: &mut Write<'_>, row: &Row<'_>) -> StoreResult<bool> {
    let now = w.now();
    let n = w.exec(
        INSERT,
        params![
            row.district,
            row.id,
            row.once,
            row.kind,
            row.account,
            row.subject,
            row.unit,
            row.path,
            row.places,
            now
        ],
    )?;
    Ok(n == 1)
}

const INSERT_DELIVERY: &str = "INSERT INTO notice_deliveries (district, notice_id, channel, state, attempts, next_at, tried_at, sent_at, failure) \
     VALUES ($1, $2, $3, $4, 0, $5, NULL, NULL, $6)";

/// Adds the way of a notice by a channel.
pub(crate) fn insert_delivery(
    w: &mut Write<'_>,
    district: DistrictCode,
    notice: Id,
    channel: &str,
    state: DeliveryState,
    failure: &str,
) -> StoreResult<()> {
    let now = w.now();
    w.exec(
        INSERT_DELIVERY,
        params![district, notice, channel, state, now, failure],
    )
    .map(|_| ())
}

store::record! {
    /// How an account wants to be told.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Wishes {
        /// The account.
        pub account: AccountId,
        /// Where its addresses lie in the vault.
        pub subject: Id,
        /// `zh-CN` or `en`.
        pub lang: String,
        /// By e-mail.
        pub email: bool,
        /// By the gateway.
        pub gateway: bool,
    }
}

fn marks(from: usize, n: usize) -> String {
    (from..from + n)
        .map(|i| format!("${i}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// How accounts want to be told, of those that said so. One statement.
pub(crate) fn wishes(r: &mut Read<'_>, accounts: &[AccountId]) -> StoreResult<Vec<Wishes>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let values: Vec<Value> = accounts.iter().map(ToValue::to_value).collect();
    let sql = format!(
        "SELECT account_id, subject_id, lang, email, gateway FROM notice_addresses WHERE account_id IN ({})",
        marks(1, accounts.len())
    );
    r.all(&sql, &values)
}

/// Keeps how an account wants to be told.
pub(crate) fn set_wishes(w: &mut Write<'_>, wishes: &Wishes) -> StoreResult<()> {
    let now = w.now();
    let sql = "INSERT INTO notice_addresses (account_id, subject_id, lang, email, gateway, changed_at) VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (account_id) DO UPDATE SET subject_id = excluded.subject_id, lang = excluded.lang, \
               email = excluded.email, gateway = excluded.gateway, changed_at = excluded.changed_at";
    let Wishes {
        account,
        subject,
        lang,
        email,
        gateway,
    } = wishes;
    w.exec(sql, params![account, subject, lang, email, gateway, now])
        .map(|_| ())
}

/// How many notices an account has not read; the count stops at 100. One statement.
pub(crate) fn unread(r: &mut Read<'_>, account: AccountId) -> StoreResult<u64> {
    let sql = "SELECT count(*) FROM (SELECT 1 AS one FROM notices WHERE account_id = $1 AND read_at IS NULL LIMIT 100) AS few";
    let (n,): (i64,) = r.one(sql, params![account])?;
    Ok(u64::try_from(n).unwrap_or(0))
}

const COLUMNS: &str = "district, id, kind, account_id, subject_id, path, places, at, read_at";

/// The notices of an account, newest first. One statement.
pub(crate) fn of_account(
    r: &mut Read<'_>,
    account: AccountId,
    only_unread: bool,
    before: Option<Id>,
    limit: i64,
) -> StoreResult<Vec<Notice>> {
    let unread = if only_unread {
        "AND read_at IS NULL"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM notices WHERE account_id = $1 {unread} AND id < $2 ORDER BY id DESC LIMIT $3"
    );
    let before = before.unwrap_or(Id::from_bytes([0xff; 16]));
    r.all(&sql, params![account, before, limit])
}

/// One notice of an account.
pub(crate) fn one_of(r: &mut Read<'_>, account: AccountId, id: Id) -> StoreResult<Option<Notice>> {
    let sql = format!("SELECT {COLUMNS} FROM notices WHERE account_id = $1 AND id = $2");
    r.opt(&sql, params![account, id])
}

/// Marks notices of an account as read; none = all. Answers how many were not before.
pub(crate) fn mark_read(
    w: &mut Write<'_>,
    account: AccountId,
    ids: Option<&[Id]>,
) -> StoreResult<u64> {
    let mut values: Vec<Value> = store::values![account, w.now()].into();
    let which = match ids {
        Some([]) => return Ok(0),
        Some(ids) => {
            values.extend(ids.iter().map(ToValue::to_value));
            format!(" AND id IN ({})", marks(3, ids.len()))
        }
        None => String::new(),
    };
    w.exec(
        &format!(
            "UPDATE notices SET read_at = $2 WHERE account_id = $1 AND read_at IS NULL{which}"
        ),
        &values,
    )
}

store::record! {
    /// A delivery whose time has come, with what it carries.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Due {
        /// The district of the notice.
        pub district: DistrictCode,
        /// The notice.
        pub notice: Id,
        /// By which channel.
        pub channel: String,
        /// How often it was tried before.
        pub attempts: u32,
        /// Its kind.
        pub kind: String,
        /// The account it is for.
        pub account: Option<AccountId>,
        /// The requester it is for.
        pub subject: Option<Id>,
        /// The page it leads to.
        pub path: String,
        /// The words its template asks for, as JSON.
        pub places: String,
    }
}

const DUE: &str = "SELECT d.district, d.notice_id, d.channel, d.attempts, n.kind, n.account_id, n.subject_id, n.path, n.places \
     FROM notice_deliveries d JOIN notices n ON n.district = d.district AND n.id = d.notice_id \
     WHERE d.state = 'waiting' AND d.next_at <= $1 ORDER BY d.next_at, d.notice_id LIMIT $2";

/// Deliveries whose time has come, the oldest first. One statement.
pub(crate) fn due(r: &mut Read<'_>, now: Timestamp, limit: i64) -> StoreResult<Vec<Due>> {
    r.all(DUE, params![now, limit])
}

/// Takes a delivery until `until`; answers `false` when another worker took it first.
pub(crate) fn claim(w: &mut Write<'_>, due: &Due, until: Timestamp) -> StoreResult<bool> {
    let sql = "UPDATE notice_deliveries SET attempts = attempts + 1, next_at = $5, tried_at = $6 \
               WHERE district = $1 AND notice_id = $2 AND channel = $3 AND attempts = $4 AND state = 'waiting'";
    let now = w.now();
    let n = w.exec(
        sql,
        params![
            due.district,
            due.notice,
            due.channel,
            due.attempts,
            until,
            now
        ],
    )?;
    Ok(n == 1)
}

/// Notes how a try ended, if the delivery still stands where it was taken.
pub(crate) fn settle(
    w: &mut Write<'_>,
    due: &Due,
    state: DeliveryState,
    next_at: Timestamp,
    failure: &str,
) -> StoreResult<u64> {
    let sent_at = (state == DeliveryState::Sent).then(|| w.now());
    let sql = "UPDATE notice_deliveries SET state = $5, next_at = $6, sent_at = $7, failure = $8 \
               WHERE district = $1 AND notice_id = $2 AND channel = $3 AND attempts = $4 AND state = 'waiting'";
    let attempts = due.attempts + 1;
    w.exec(
        sql,
        params![
            due.district,
            due.notice,
            due.channel,
            attempts,
            state,
            next_at,
            sent_at,
            failure
        ],
    )
}

const FAILED: &str = "SELECT d.district, d.notice_id, n.kind, n.path, n.at, d.channel, d.attempts, d.tried_at, d.failure, \
     CASE WHEN d.state = 'waiting' THEN d.next_at END \
     FROM notice_deliveries d JOIN notices n ON n.district = d.district AND n.id = d.notice_id \
     WHERE d.failure <> '' AND d.state IN ('failed', 'waiting') AND d.notice_id < $1 ORDER BY d.notice_id DESC, d.channel LIMIT $2";

/// Deliveries that failed, whether they are to be tried again or were given up, the newest first. One statement.
pub(crate) fn failed(
    r: &mut Read<'_>,
    before: Option<Id>,
    limit: i64,
) -> StoreResult<Vec<Failure>> {
    let before = before.unwrap_or(Id::from_bytes([0xff; 16]));
    r.all(FAILED, params![before, limit])
}

/// How many deliveries were given up, and how many failed and are to be tried again.
pub(crate) fn count_failed(r: &mut Read<'_>) -> StoreResult<(i64, i64)> {
    let sql = "SELECT CAST(coalesce(sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) AS BIGINT), \
               CAST(coalesce(sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0) AS BIGINT) \
               FROM notice_deliveries WHERE failure <> '' AND state IN ('failed', 'waiting')";
    r.one(sql, &[])
}

/// The oldest delivery that should have been tried by `before`; none when the worker keeps up.
pub(crate) fn oldest_due(r: &mut Read<'_>, before: Timestamp) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT next_at FROM notice_deliveries WHERE state = 'waiting' AND next_at < $1 ORDER BY next_at LIMIT 1";
    Ok(r.opt::<(Timestamp,)>(sql, params![before])?
        .map(|row| row.0))
}

/// Lets what failed begin anew: that of one notice, or all; by one channel, or by all channels of the program. What a unit
/// without anybody was to read is told another way ([`unheard`]); left out is what is tried again by `soon` anyway, or is being
/// tried.
pub(crate) fn again(
    w: &mut Write<'_>,
    notice: Option<Id>,
    channel: Option<&str>,
    soon: Timestamp,
) -> StoreResult<u64> {
    let mut values: Vec<Value> = store::values![w.now(), soon].into();
    let mut sql = "UPDATE notice_deliveries SET state = 'waiting', attempts = 0, next_at = $1, failure = '' \
                   WHERE failure <> '' AND state IN ('failed', 'waiting') AND (state = 'failed' OR next_at > $2) AND channel <> 'in_app'"
        .to_owned();
    for (column, value) in [
        ("notice_id", notice.map(|id| id.to_value())),
        ("channel", channel.map(|name| name.to_value())),
    ] {
        if let Some(value) = value {
            values.push(value);
            sql.push_str(&format!(" AND {column} = ${}", values.len()));
        }
    }
    w.exec(&sql, &values)
}

store::record! {
    /// A notice to a unit in which nobody had an account.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Unheard {
        /// The district of the notice.
        pub district: DistrictCode,
        /// The notice.
        pub notice: Id,
        /// The key that makes it once, of the unit as its recipient.
        pub once: String,
        /// The unit.
        pub unit: UnitId,
        /// Its kind.
        pub kind: String,
        /// The page it leads to.
        pub path: String,
        /// The words its template asks for, as JSON.
        pub places: String,
    }
}

/// Notices that stand in the list because their unit had nobody, the newest first: one, or so many. One statement.
pub(crate) fn unheard(
    r: &mut Read<'_>,
    notice: Option<Id>,
    limit: i64,
) -> StoreResult<Vec<Unheard>> {
    let mut values: Vec<Value> = store::values![limit].into();
    let one = notice.map_or("", |id| {
        values.push(id.to_value());
        "AND d.notice_id = $2"
    });
    let sql = format!(
        "SELECT d.district, d.notice_id, n.once, n.unit_id, n.kind, n.path, n.places \
         FROM notice_deliveries d JOIN notices n ON n.district = d.district AND n.id = d.notice_id \
         WHERE d.state = 'failed' AND d.channel = 'in_app' AND n.unit_id IS NOT NULL {one} ORDER BY d.notice_id DESC LIMIT $1"
    );
    r.all(&sql, &values)
}

/// Notes that people of the unit were told now.
pub(crate) fn heard(w: &mut Write<'_>, unheard: &Unheard) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE notice_deliveries SET state = 'sent', attempts = attempts + 1, tried_at = $3, sent_at = $3, failure = '' \
               WHERE district = $1 AND notice_id = $2 AND channel = 'in_app' AND state = 'failed'";
    w.exec_one(sql, params![unheard.district, unheard.notice, now])
}

/// Takes a failure off the list: somebody has looked, and nothing more is to be done.
pub(crate) fn dismiss(w: &mut Write<'_>, notice: Id) -> StoreResult<u64> {
    w.exec(
        "UPDATE notice_deliveries SET state = 'dropped' WHERE state = 'failed' AND notice_id = $1",
        params![notice],
    )
}

/// Removes notices older than `before`, some thousands at once, with their ways.
pub(crate) fn forget(w: &mut Write<'_>, before: Timestamp, limit: i64) -> StoreResult<u64> {
    let old: Vec<(DistrictCode, Id)> = w.all(
        "SELECT district, id FROM notices WHERE at < $1 ORDER BY at LIMIT $2",
        params![before, limit],
    )?;
    for (district, id) in &old {
        w.exec(
            "DELETE FROM notice_deliveries WHERE district = $1 AND notice_id = $2",
            params![district, id],
        )?;
        w.exec(
            "DELETE FROM notices WHERE district = $1 AND id = $2",
            params![district, id],
        )?;
    }
    Ok(old.len() as u64)
}

/// All templates by kind and language; there are few. One statement.
pub(crate) fn templates(r: &mut Read<'_>) -> StoreResult<Vec<Template>> {
    r.all(
        "SELECT kind, lang, title, body, places, version FROM notice_templates ORDER BY kind, lang DESC LIMIT 1000",
        &[],
    )
}

/// Words a kind anew, if nobody did since `version`.
pub(crate) fn set_template(w: &mut Write<'_>, template: &Template) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE notice_templates SET title = $3, body = $4, version = version + 1, changed_at = $6 \
               WHERE kind = $1 AND lang = $2 AND version = $5";
    let Template {
        kind,
        lang,
        title,
        body,
        version,
        ..
    } = template;
    w.exec_one(sql, params![kind, lang, title, body, version, now])
}
