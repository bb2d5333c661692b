//! Following the outbox: each event that concerns another system becomes a hand-over, in the transaction that moves the
//! reader on. Killed anywhere, it goes on where it was, and a repetition changes nothing.

use crate::model::{Connector, ConnectorError, Handover, Kind, Standing, order_events};
use crate::sql;
use access::Ctx;
use cases::model::JointFact;
use cases::ops::view::event_word;
use cases::rules::apply;
use cases::{Case, CaseId, Fact};
use jiff::SignedDuration;
use kernel::DistrictCode;
use kernel::id::Id;
use serde::Deserialize;
use store::{AuditEvent, Read, StoreError, StoreResult};

/// The name under which connectors read the outbox.
pub const READER: &str = "connectors";
/// Rows passed in one step.
const ROWS: u32 = 200;

#[derive(Deserialize)]
struct Moved {
    from: u32,
    to: u32,
}

/// From now on the outbox is kept for connectors. Answers whether it was not before.
///
/// # Errors
/// The store's.
pub async fn begin(ctx: &Ctx) -> Result<bool, ConnectorError> {
    ctx.write::<_, ConnectorError, _>(|mut w| {
        if w.outbox_position(READER)?.is_some() {
            return Ok(w.unchanged(false)?);
        }
        let end = w.outbox_horizon()?;
        w.outbox_enter(READER, end)?;
        Ok(w.unchanged(true)?)
    })
    .await
}

struct Found {
    from: i64,
    to: i64,
    made: Vec<(Handover, bool)>,
    /// The unit signed for it or answered its part: whoever did has the order.
    signed: Vec<(Id, Id, u32)>,
}

fn look(r: &mut Read<'_>) -> StoreResult<Option<Found>> {
    let Some(from) = r.outbox_position(READER)? else {
        return Ok(None);
    };
    let rows = r.outbox_after(from, ROWS)?;
    let Some(to) = rows.last().map(|row| row.seq) else {
        return Ok(None);
    };
    let mut found = Found {
        from,
        to,
        made: Vec::new(),
        signed: Vec::new(),
    };
    let connectors: Vec<Connector> = sql::connectors(r)?
        .into_iter()
        .filter(|c| c.enabled)
        .collect();
    if connectors.is_empty() {
        return Ok(Some(found));
    }
    for row in rows.iter().filter(|row| row.topic == "case.moved") {
        let wrong = |e: &dyn std::fmt::Display| {
            StoreError::Engine(format!("row {} of the outbox: {e}", row.seq))
        };
        let district: DistrictCode = row.district.parse().map_err(|e| wrong(&e))?;
        let moved: Moved = serde_json::from_str(&row.body).map_err(|e| wrong(&e))?;
        let id = CaseId(row.object_id);
        let Some(case) = cases::sql::by_id(r, district, id)? else {
            continue;
        };
        let life = cases::sql::events(r, district, id)?;
        let mut so_far: Option<Case> = None;
        for event in &life {
            let is_asked = (moved.from..=moved.to).contains(&event.seq);
            let before = so_far.clone().filter(|_| is_asked);
            so_far = apply(so_far, event);
            if !is_asked {
                continue;
            }
            let orders = match (&before, &so_far) {
                (Some(before), Some(after)) => order_events(before, after, event),
                _ => Vec::new(),
            };
            let word = event_word(&event.fact);
            let is_own_step = matches!(
                event.fact,
                Fact::Signed | Fact::Joint(JointFact::PartAnswered { .. })
            );
            for connector in &connectors {
                if is_own_step && connector.unit.is_some() && connector.unit == event.by.unit {
                    found.signed.push((connector.id, id.0, event.seq));
                }
                let Some(meaning) = connector.hears(&orders, &word) else {
                    continue;
                };
                let handover = Handover {
                    district,
                    connector: connector.id,
                    case: id.0,
                    event_seq: event.seq,
                    place: row.seq,
                    case_no: case.number.to_string(),
                    event: if connector.kind == Kind::Events {
                        word.clone()
                    } else {
                        meaning.to_owned()
                    },
                    made_at: event.at,
                    state: Standing::Waiting,
                    attempts: 0,
                    ack_due_at: event.at + SignedDuration::from_mins(connector.ack_minutes),
                    sent_at: None,
                    taken_at: None,
                    failure: String::new(),
                };
                found.made.push((handover, !connector.url.is_empty()));
            }
        }
    }
    Ok(Some(found))
}

/// Passes the next rows of the outbox; answers how many hand-overs were made, none when there is nothing to pass.
///
/// # Errors
/// The store's.
pub async fn step(ctx: &Ctx) -> Result<Option<u32>, ConnectorError> {
    let ctx = ctx.renewed();
    let found = ctx.read::<_, ConnectorError, _>(|r| Ok(look(r)?)).await?;
    let Some(found) = found else {
        return Ok(None);
    };
    ctx.write::<_, ConnectorError, _>(move |mut w| {
        if !w.outbox_advance(READER, found.from, found.to)? {
            return Ok(w.unchanged(Some(0))?);
        }
        if found.made.is_empty() && found.signed.is_empty() {
            return Ok(w.unchanged(Some(0))?);
        }
        let now = w.now();
        let mut made = 0;
        for (handover, is_called) in &found.made {
            made += u32::from(sql::add(&mut w, handover, is_called.then_some(now))?);
        }
        // What came after the signature is not taken by it, though it is read in the same step.
        for (connector, case, seq) in &found.signed {
            sql::take(&mut w, *connector, *case, *seq)?;
        }
        let event = AuditEvent::done("connector.hand_over", "outbox", found.to.to_string()).detail(
            serde_json::json!({ "from": found.from, "made": made, "signed": found.signed.len() }),
        );
        Ok(w.commit(event, Some(made))?)
    })
    .await
}

/// Follows until there is nothing to pass; answers how many hand-overs were made.
///
/// # Errors
/// The store's.
pub async fn follow(ctx: &Ctx) -> Result<u32, ConnectorError> {
    let mut made = 0;
    while let Some(n) = step(ctx).await? {
        made += n;
    }
    Ok(made)
}
