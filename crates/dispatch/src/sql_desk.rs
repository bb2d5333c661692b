//! Statements of hand-overs, subscriptions, open matters for claimants, and reorganisations.

use crate::model::{Handover, Subscription};
use access::UnitId;
use cases::Case;
use cases::sql_lists::CaseBody;
use jiff::civil::Date;
use kernel::id::Id;
use matters::MatterId;
use store::{Read, StoreResult, ToValue, Value, Write, params};

const HANDOVER: &str =
    "id, desk, unit, given_at, given_by, open_work, words, taken_at, taken_by, taken_words";

/// A hand-over is given.
pub fn give(w: &mut Write<'_>, h: &Handover) -> StoreResult<()> {
    let sql = format!(
        "INSERT INTO handovers ({HANDOVER}) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, '')"
    );
    let values = params![
        h.id,
        h.desk,
        h.unit,
        h.given_at,
        h.given_by,
        h.open_work,
        h.words
    ];
    w.exec(&sql, values).map(|_| ())
}

/// It is taken over, once.
pub fn take(w: &mut Write<'_>, id: Id, by: Id, words: &str) -> StoreResult<()> {
    let now = w.now();
    let sql = "UPDATE handovers SET taken_at = $2, taken_by = $3, taken_words = $4 WHERE id = $1 AND taken_at IS NULL";
    w.exec_one(sql, params![id, now, by, words])
}

/// One hand-over.
pub fn handover(r: &mut Read<'_>, id: Id) -> StoreResult<Option<Handover>> {
    r.opt(
        &format!("SELECT {HANDOVER} FROM handovers WHERE id = $1"),
        params![id],
    )
}

/// The latest hand-overs of some desks, or of a unit. One statement.
pub fn handovers(
    r: &mut Read<'_>,
    desks: &[&str],
    unit: Option<UnitId>,
    limit: i64,
) -> StoreResult<Vec<Handover>> {
    let mut values: Vec<Value> = params![limit].to_vec();
    let mut wheres = Vec::new();
    if !desks.is_empty() {
        let places: Vec<String> = desks
            .iter()
            .map(|d| {
                values.push(d.to_value());
                format!("${}", values.len())
            })
            .collect();
        wheres.push(format!("desk IN ({})", places.join(", ")));
    }
    if let Some(unit) = unit {
        values.push(unit.to_value());
        wheres.push(format!("(desk = 'unit' AND unit = ${})", values.len()));
    }
    if wheres.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {HANDOVER} FROM handovers WHERE {} ORDER BY given_at DESC, id DESC LIMIT $1",
        wheres.join(" OR ")
    );
    r.all(&sql, &values)
}

/// A subscription is made.
pub fn subscribe(w: &mut Write<'_>, s: &Subscription) -> StoreResult<()> {
    let sql = "INSERT INTO subscriptions (id, unit, catalogue, matter, division, made_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let values = params![s.id, s.unit, s.catalogue, s.matter, s.division, s.made_at];
    w.exec(sql, values).map(|_| ())
}

/// A subscription ends. Answers whether it was the unit's.
pub fn unsubscribe(w: &mut Write<'_>, id: Id, unit: UnitId) -> StoreResult<u64> {
    w.exec(
        "DELETE FROM subscriptions WHERE id = $1 AND unit = $2",
        params![id, unit],
    )
}

/// What a unit subscribed to.
pub fn subscriptions(r: &mut Read<'_>, unit: UnitId) -> StoreResult<Vec<Subscription>> {
    let sql = "SELECT id, unit, catalogue, matter, division, made_at FROM subscriptions WHERE unit = $1 ORDER BY made_at, id LIMIT 100";
    r.all(sql, params![unit])
}

/// Cases of some classes that a unit has and nobody else has claimed, newest first. One statement.
pub fn open_to_claim(r: &mut Read<'_>, classes: &[MatterId], limit: i64) -> StoreResult<Vec<Case>> {
    if classes.is_empty() {
        return Ok(Vec::new());
    }
    // The index of classes has them by state; each class is asked for by itself.
    let mut values: Vec<Value> = Vec::new();
    let mut parts = Vec::new();
    for class in classes {
        values.push(class.to_value());
        let place = values.len();
        for state in ["pending_sign", "handling"] {
            parts.push(format!(
                "SELECT * FROM (SELECT id, body FROM cases WHERE matter_id = ${place} AND state = '{state}' ORDER BY id DESC LIMIT {limit}) AS p{}",
                parts.len()
            ));
        }
    }
    let sql = format!(
        "SELECT body FROM ({}) AS k ORDER BY id DESC LIMIT {limit}",
        parts.join(" UNION ALL ")
    );
    Ok(r.all::<CaseBody>(&sql, &values)?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

store::record! {
    /// 机构调整 — an order and how far it has come.
    #[derive(Debug, Clone)]
    pub struct Order {
        /// Its id.
        pub id: Id,
        /// From which day on it holds.
        pub day: Date,
        /// What people call it.
        pub why: String,
        /// The rows, as JSON.
        pub body: String,
        /// When it was entered.
        pub made_at: jiff::Timestamp,
        /// When all its cases had moved.
        pub done_at: Option<jiff::Timestamp>,
        /// How many cases moved so far.
        pub cases: i64,
    }
}

const ORDER: &str = "id, day, why, body, made_at, done_at, cases";

/// An order is entered.
pub fn insert_order(w: &mut Write<'_>, order: &Order) -> StoreResult<()> {
    let sql = format!("INSERT INTO reorganisations ({ORDER}) VALUES ($1, $2, $3, $4, $5, NULL, 0)");
    let values = params![order.id, order.day, order.why, order.body, order.made_at];
    w.exec(&sql, values).map(|_| ())
}

/// Orders, the latest first.
pub fn orders(r: &mut Read<'_>, limit: i64) -> StoreResult<Vec<Order>> {
    let sql = format!("SELECT {ORDER} FROM reorganisations ORDER BY made_at DESC, id LIMIT $1");
    r.all(&sql, params![limit])
}

/// The orders of a day, done or not.
pub fn orders_of(r: &mut Read<'_>, day: Date) -> StoreResult<Vec<Order>> {
    let sql =
        format!("SELECT {ORDER} FROM reorganisations WHERE day = $1 ORDER BY made_at LIMIT 1000");
    r.all(&sql, params![day])
}

/// Orders whose day has come and whose cases have not all moved.
pub fn due_orders(r: &mut Read<'_>, today: Date) -> StoreResult<Vec<Order>> {
    let sql = format!(
        "SELECT {ORDER} FROM reorganisations WHERE done_at IS NULL AND day <= $1 ORDER BY day, made_at"
    );
    r.all(&sql, params![today])
}

/// Orders whose day has come and of which it is not noted yet which units took over.
pub fn orders_without_heirs(r: &mut Read<'_>, today: Date) -> StoreResult<Vec<Order>> {
    let sql = format!(
        "SELECT {ORDER} FROM reorganisations WHERE heirs_noted = 0 AND day <= $1 ORDER BY day, made_at"
    );
    r.all(&sql, params![today])
}

/// It is noted which units took over by an order; answers whether it was not before.
pub fn heirs_noted(w: &mut Write<'_>, id: Id) -> StoreResult<bool> {
    let sql = "UPDATE reorganisations SET heirs_noted = 1 WHERE id = $1 AND heirs_noted = 0";
    Ok(w.exec(sql, params![id])? > 0)
}

/// One more case of an order has moved.
pub fn count_moved(w: &mut Write<'_>, id: Id) -> StoreResult<()> {
    w.exec_one(
        "UPDATE reorganisations SET cases = cases + 1 WHERE id = $1",
        params![id],
    )
}

/// All cases of an order have moved.
pub fn finish_order(w: &mut Write<'_>, id: Id) -> StoreResult<()> {
    let now = w.now();
    w.exec_one(
        "UPDATE reorganisations SET done_at = $2 WHERE id = $1",
        params![id, now],
    )
}

/// The states of cases that are going on.
const GOING: &str = "'pending_verify', 'pending_accept', 'pending_register', 'pending_dispatch', 'coordinating', 'pending_sign', 'handling', 'suspended', 'waiting', 'pending_check', 'pending_close', 'self_handled_audit'";

/// Open cases that a unit has, has an open part in, or was ruled to get; some hundreds at once.
pub fn open_cases_of(r: &mut Read<'_>, unit: UnitId, limit: i64) -> StoreResult<Vec<Case>> {
    let ruled = format!("%\"ruled\":\"{unit}\"%");
    let sql = format!(
        "SELECT body FROM cases WHERE unit_id = $1 AND state IN ({GOING}) \
         UNION ALL SELECT body FROM cases WHERE state = 'pending_dispatch' AND unit_id IS NULL AND body LIKE $3 \
         UNION ALL SELECT c.body FROM case_parts p JOIN cases c ON c.district = p.district AND c.id = p.case_id \
         WHERE p.unit = $1 AND p.is_open = 1 AND (c.unit_id IS NULL OR c.unit_id <> $1) LIMIT $2"
    );
    Ok(r.all::<CaseBody>(&sql, params![unit, limit, ruled])?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

/// Open cases that a unit claims, or to which a whistle that goes on calls it; some hundreds at once.
pub fn cases_beside(r: &mut Read<'_>, unit: UnitId, limit: i64) -> StoreResult<Vec<Case>> {
    let sql = format!(
        "SELECT c.body FROM claims k JOIN cases c ON c.district = k.district AND c.id = k.case_id \
         WHERE k.unit = $1 AND k.ended_at IS NULL AND c.state IN ({GOING}) \
         UNION ALL SELECT c.body FROM whistle_calls l JOIN whistles w ON w.district = l.district AND w.id = l.whistle \
         JOIN cases c ON c.district = w.district AND c.id = w.case_id \
         WHERE l.unit = $1 AND w.ended_at IS NULL AND c.state IN ({GOING}) LIMIT $2"
    );
    Ok(r.all::<CaseBody>(&sql, params![unit, limit])?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

/// Units that have ended and have cases that go on, or owe a part of one: a part that was asked for just before its unit
/// ended is in the list of parts only afterwards. One statement along the index of units.
pub fn ended_with_open_cases(r: &mut Read<'_>, today: Date) -> StoreResult<Vec<UnitId>> {
    let sql = format!(
        "SELECT u.id FROM units u WHERE u.valid_to < $1 AND (EXISTS (SELECT 1 FROM cases c WHERE c.unit_id = u.id AND c.state IN ({GOING})) \
         OR EXISTS (SELECT 1 FROM case_parts p WHERE p.unit = u.id AND p.is_open = 1)) \
         ORDER BY u.id LIMIT 100"
    );
    let rows: Vec<(UnitId,)> = r.all(&sql, params![today])?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}
