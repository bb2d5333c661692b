//! Statements and rows of connectors and hand-overs. Nothing else in the program writes these tables.

use crate::model::{Connector, Handover, Pace, Standing, Stranded, Told, Trouble};
use crate::rules::{CALM, LONG_CALM};
use access::{AccountId, UnitId};
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use store::{Read, StoreResult, ToValue, Value, Write, params};

macro_rules! connector {
    () => {
        "id, version, name, kind, unit_id, account_id, url, topics, ack_minutes, timeout_s, enabled, stranded"
    };
}
macro_rules! handover {
    () => {
        "district, connector_id, case_id, event_seq, place, case_no, event, made_at, state, attempts, ack_due_at, sent_at, \
         taken_at, failure"
    };
}

/// All connectors by name; there are few. One statement.
pub(crate) fn connectors(r: &mut Read<'_>) -> StoreResult<Vec<Connector>> {
    r.all(
        concat!(
            "SELECT ",
            connector!(),
            " FROM connectors ORDER BY name, id LIMIT 1000"
        ),
        &[],
    )
}

/// One connector.
pub(crate) fn connector(r: &mut Read<'_>, id: Id) -> StoreResult<Option<Connector>> {
    r.opt(
        concat!("SELECT ", connector!(), " FROM connectors WHERE id = $1"),
        params![id],
    )
}

/// The connector in use of a unit: the oldest, if it has several.
pub(crate) fn of_unit(r: &mut Read<'_>, unit: UnitId) -> StoreResult<Option<Connector>> {
    let sql = concat!(
        "SELECT ",
        connector!(),
        " FROM connectors WHERE unit_id = $1 AND kind = 'unit' AND enabled = 1 ORDER BY id LIMIT 1"
    );
    r.opt(sql, params![unit])
}

/// Adds a connector.
pub(crate) fn insert(w: &mut Write<'_>, c: &Connector) -> StoreResult<()> {
    let now = w.now();
    let sql = concat!(
        "INSERT INTO connectors (",
        connector!(),
        ", created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)"
    );
    let Connector {
        id,
        version,
        name,
        kind,
        unit,
        account,
        url,
        topics,
        ack_minutes,
        timeout_s,
        enabled,
        stranded,
    } = c;
    w.exec(
        sql,
        params![
            id,
            version,
            name,
            kind,
            unit,
            account,
            url,
            topics,
            ack_minutes,
            timeout_s,
            enabled,
            stranded,
            now
        ],
    )
    .map(|_| ())
}

/// Changes a connector, if nobody did since its version.
pub(crate) fn update(w: &mut Write<'_>, c: &Connector) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE connectors SET version = version + 1, name = $3, url = $4, topics = $5, ack_minutes = $6, timeout_s = $7, \
               enabled = $8, changed_at = $9 WHERE id = $1 AND version = $2";
    w.exec_one(
        sql,
        params![
            c.id,
            c.version,
            c.name,
            c.url,
            c.topics,
            c.ack_minutes,
            c.timeout_s,
            c.enabled,
            now
        ],
    )
}

/// Gives the system of a unit to another unit.
pub(crate) fn give_to(w: &mut Write<'_>, id: Id, to: UnitId) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE connectors SET version = version + 1, unit_id = $2, stranded = '', changed_at = $3 WHERE id = $1";
    w.exec_one(sql, params![id, to, now])
}

/// Notes why the system of a unit that has ended stays behind.
pub(crate) fn strand(w: &mut Write<'_>, id: Id, why: Stranded) -> StoreResult<()> {
    w.exec_one(
        "UPDATE connectors SET stranded = $2 WHERE id = $1",
        params![id, why],
    )
}

/// Names the technical account of a connector.
pub(crate) fn set_account(w: &mut Write<'_>, id: Id, account: AccountId) -> StoreResult<()> {
    w.exec_one(
        "UPDATE connectors SET account_id = $2 WHERE id = $1",
        params![id, account],
    )
}

/// Adds a hand-over unless it is there; answers whether it is new. `next_at` none = it is never sent, only pulled.
pub(crate) fn add(
    w: &mut Write<'_>,
    h: &Handover,
    next_at: Option<Timestamp>,
) -> StoreResult<bool> {
    let sql = concat!(
        "INSERT INTO connector_handovers (",
        handover!(),
        ", next_at, told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0) \
         ON CONFLICT (district, connector_id, case_id, event_seq) DO NOTHING"
    );
    let next = next_at.unwrap_or(Timestamp::MAX);
    let n = w.exec(
        sql,
        params![
            h.district,
            h.connector,
            h.case,
            h.event_seq,
            h.place,
            h.case_no,
            h.event,
            h.made_at,
            h.state,
            h.attempts,
            h.ack_due_at,
            h.sent_at,
            h.taken_at,
            h.failure,
            next
        ],
    )?;
    Ok(n == 1)
}

/// The hand-overs of a connector after a place, in order. One statement.
pub(crate) fn after(
    r: &mut Read<'_>,
    connector: Id,
    place: i64,
    seq: i64,
    limit: i64,
) -> StoreResult<Vec<Handover>> {
    let sql = concat!(
        "SELECT ",
        handover!(),
        " FROM connector_handovers WHERE connector_id = $1 AND (place > $2 OR (place = $2 AND event_seq > $3)) ORDER BY place, event_seq LIMIT $4"
    );
    r.all(sql, params![connector, place, seq, limit])
}

/// Whether anything of a case was ever handed over to a connector. One statement.
pub(crate) fn was_handed_over(
    r: &mut Read<'_>,
    connector: Id,
    district: DistrictCode,
    case: Id,
) -> StoreResult<bool> {
    let sql = "SELECT event_seq FROM connector_handovers WHERE district = $1 AND connector_id = $2 AND case_id = $3 ORDER BY event_seq LIMIT 1";
    Ok(r.opt::<(i64,)>(sql, params![district, connector, case])?
        .is_some())
}

/// Notes that the other side has what there is of a case up to an event of its life; answers how many hand-overs were not
/// taken before.
pub(crate) fn take(w: &mut Write<'_>, connector: Id, case: Id, up_to: u32) -> StoreResult<u64> {
    let now = w.now();
    let sql = "UPDATE connector_handovers SET state = 'taken', taken_at = $3 WHERE connector_id = $1 AND case_id = $2 AND event_seq <= $4 AND state IN ('waiting', 'sent', 'failed')";
    w.exec(sql, params![connector, case, now, up_to])
}

/// Hand-overs whose time to be sent has come. One statement.
pub(crate) fn due(r: &mut Read<'_>, now: Timestamp, limit: i64) -> StoreResult<Vec<Handover>> {
    let sql = concat!(
        "SELECT ",
        handover!(),
        " FROM connector_handovers WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at, place, event_seq LIMIT $2"
    );
    r.all(sql, params![now, limit])
}

fn key(h: &Handover) -> Vec<Value> {
    vec![
        h.district.to_value(),
        h.connector.to_value(),
        h.case.to_value(),
        i64::from(h.event_seq).to_value(),
    ]
}

const KEY: &str = "district = $1 AND connector_id = $2 AND case_id = $3 AND event_seq = $4";

/// Takes a hand-over until `until`; answers `false` when another worker took it first.
pub(crate) fn claim(w: &mut Write<'_>, h: &Handover, until: Timestamp) -> StoreResult<bool> {
    let mut values = key(h);
    values.extend([i64::from(h.attempts).to_value(), until.to_value()]);
    let sql = format!(
        "UPDATE connector_handovers SET attempts = attempts + 1, next_at = $6 WHERE {KEY} AND attempts = $5 AND state = 'waiting'"
    );
    Ok(w.exec(&sql, &values)? == 1)
}

/// Notes how a sending ended, if the hand-over still stands where it was taken.
pub(crate) fn settle(
    w: &mut Write<'_>,
    h: &Handover,
    state: Standing,
    next_at: Timestamp,
    sent_at: Option<Timestamp>,
    failure: &str,
) -> StoreResult<u64> {
    let mut values = key(h);
    let failure = failure.to_owned();
    values.extend([
        i64::from(h.attempts + 1).to_value(),
        state.to_value(),
        next_at.to_value(),
        sent_at.to_value(),
        failure.to_value(),
    ]);
    let sql = format!(
        "UPDATE connector_handovers SET state = $6, next_at = $7, sent_at = $8, failure = $9 WHERE {KEY} AND attempts = $5 AND state = 'waiting'"
    );
    w.exec(&sql, &values)
}

/// What is stuck, the oldest first: of everybody, or of one connector. One statement.
pub(crate) fn stuck(
    r: &mut Read<'_>,
    now: Timestamp,
    connector: Option<Id>,
    limit: i64,
) -> StoreResult<Vec<Handover>> {
    let head = concat!(
        "SELECT ",
        handover!(),
        " FROM connector_handovers WHERE state IN ('waiting', 'sent', 'failed') AND (state = 'failed' OR ack_due_at < $1)"
    );
    match connector {
        Some(id) => r.all(
            &format!("{head} AND connector_id = $2 ORDER BY ack_due_at, place LIMIT $3"),
            params![now, id, limit],
        ),
        None => r.all(
            &format!("{head} ORDER BY ack_due_at, place LIMIT $2"),
            params![now, limit],
        ),
    }
}

/// At which connectors something is stuck, and in which way. One statement.
pub(crate) fn troubles(r: &mut Read<'_>, now: Timestamp) -> StoreResult<Vec<(Id, Trouble)>> {
    let sql = "SELECT connector_id, CASE WHEN state = 'failed' THEN 'failed' ELSE 'late' END FROM connector_handovers \
               WHERE state IN ('waiting', 'sent', 'failed') AND (state = 'failed' OR ack_due_at < $1) GROUP BY 1, 2 ORDER BY 1, 2";
    r.all(sql, params![now])
}

/// What is stuck at a connector in one way for the longest. One statement.
pub(crate) fn first_stuck(
    r: &mut Read<'_>,
    now: Timestamp,
    connector: Id,
    trouble: Trouble,
) -> StoreResult<Option<Handover>> {
    let head = concat!(
        "SELECT ",
        handover!(),
        " FROM connector_handovers WHERE connector_id = $1"
    );
    let which = match trouble {
        Trouble::Late => "state IN ('waiting', 'sent')",
        Trouble::Failed => "state = 'failed'",
    };
    // What was given up is stuck however much time it had.
    let until = match trouble {
        Trouble::Late => now,
        Trouble::Failed => Timestamp::MAX,
    };
    let sql = format!("{head} AND {which} AND ack_due_at < $2 ORDER BY ack_due_at, place LIMIT 1");
    r.opt(&sql, params![connector, until])
}

/// What people were told of connectors and is not over. One statement.
pub(crate) fn told(r: &mut Read<'_>) -> StoreResult<Vec<Told>> {
    r.all(
        "SELECT connector_id, trouble, since FROM connector_troubles ORDER BY connector_id, trouble LIMIT 2000",
        &[],
    )
}

/// Notes that people are told of what is the matter with a connector; answers `false` when they were before.
pub(crate) fn begin_trouble(
    w: &mut Write<'_>,
    connector: Id,
    trouble: Trouble,
) -> StoreResult<bool> {
    let now = w.now();
    let sql = "INSERT INTO connector_troubles (connector_id, trouble, since) VALUES ($1, $2, $3) ON CONFLICT (connector_id, trouble) DO NOTHING";
    Ok(w.exec(sql, params![connector, trouble, now])? == 1)
}

/// Notes that it is over; answers `false` when it was before.
pub(crate) fn end_trouble(w: &mut Write<'_>, connector: Id, trouble: Trouble) -> StoreResult<bool> {
    let sql = "DELETE FROM connector_troubles WHERE connector_id = $1 AND trouble = $2";
    Ok(w.exec(sql, params![connector, trouble])? == 1)
}

/// How a connector kept its time of late, and in the district of which case it had to last. What a subscriber was sent, it has
/// taken. One statement.
pub(crate) fn pace(r: &mut Read<'_>, told: &Told, now: Timestamp) -> StoreResult<Pace> {
    let had = "coalesce(taken_at, sent_at)";
    let late = format!(
        "state IN ('waiting', 'sent', 'taken') AND ack_due_at <= $3 AND ({had} IS NULL OR {had} > ack_due_at)"
    );
    let ever = |what: &str| {
        format!("CAST(coalesce(max(CASE WHEN {what} THEN 1 ELSE 0 END), 0) AS BIGINT)")
    };
    let sql = format!(
        "SELECT {}, {}, {} FROM connector_handovers WHERE connector_id = $1 AND ack_due_at > $4",
        ever(&format!(
            "state = 'taken' AND made_at > $2 AND {had} <= ack_due_at"
        )),
        ever(&format!("{late} AND ack_due_at > $5")),
        ever(&late),
    );
    r.one(
        &sql,
        params![told.connector, told.since, now, now - LONG_CALM, now - CALM],
    )
}

/// The district of what was handed over to a connector last. One statement.
pub(crate) fn last_district(r: &mut Read<'_>, connector: Id) -> StoreResult<Option<DistrictCode>> {
    let sql = "SELECT district FROM connector_handovers WHERE connector_id = $1 ORDER BY place DESC, event_seq DESC LIMIT 1";
    Ok(r.opt::<(DistrictCode,)>(sql, params![connector])?
        .map(|row| row.0))
}

/// How many hand-overs are stuck: of everybody, or of one connector.
pub(crate) fn count_stuck(
    r: &mut Read<'_>,
    now: Timestamp,
    connector: Option<Id>,
) -> StoreResult<i64> {
    let sql = "SELECT count(*) FROM connector_handovers WHERE state IN ('waiting', 'sent', 'failed') AND (state = 'failed' OR ack_due_at < $1)";
    let found: (i64,) = match connector {
        Some(id) => r.one(&format!("{sql} AND connector_id = $2"), params![now, id])?,
        None => r.one(sql, params![now])?,
    };
    Ok(found.0)
}

/// Lets a hand-over begin anew: sent at once where the other side is called, with a new time to acknowledge it.
pub(crate) fn again(
    w: &mut Write<'_>,
    connector: &Connector,
    case: Id,
    seq: u32,
    until: Timestamp,
) -> StoreResult<u64> {
    let now = w.now();
    let next = if connector.url.is_empty() {
        Timestamp::MAX
    } else {
        now
    };
    let sql = "UPDATE connector_handovers SET state = 'waiting', attempts = 0, next_at = $4, ack_due_at = $5, failure = '' \
               WHERE connector_id = $1 AND case_id = $2 AND event_seq = $3 AND state IN ('waiting', 'sent', 'failed')";
    w.exec(sql, params![connector.id, case, seq, next, until])
}

/// Takes a hand-over off the list: somebody has looked.
pub(crate) fn dismiss(w: &mut Write<'_>, connector: Id, case: Id, seq: u32) -> StoreResult<u64> {
    let sql = "UPDATE connector_handovers SET state = 'dropped' WHERE connector_id = $1 AND case_id = $2 AND event_seq = $3 AND state IN ('waiting', 'sent', 'failed')";
    w.exec(sql, params![connector, case, seq])
}
