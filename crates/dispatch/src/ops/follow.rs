//! Keeping the lists of several units up: parts, whistles, mentions, claims. They follow the outbox, so that a step of a
//! case costs no statement more; a list is behind by a second or two.

use crate::model::{CaseKey, ClaimOutcome, Whistle};
use crate::sql;
use access::Ctx;
use cases::model::JointFact;
use cases::rules::JointCommand;
use cases::{CaseEvent, CaseId, Fact};
use kernel::codes::DistrictCode;
use kernel::id::Id;
use serde::Deserialize;
use store::{AuditEvent, OutboxRow, StoreError, StoreResult, Write};

/// The name under which the outbox keeps what was not read yet.
const READER: &str = "dispatch/1";
/// Rows looked at in one step.
const ROWS: u32 = 500;
/// Claims ended in one run.
const MOST_CLAIMS: i64 = 200;

#[derive(Deserialize)]
struct Body {
    from: u32,
    to: u32,
    #[serde(default)]
    joint: bool,
}

/// What a batch of recomputed cases says: those with a part or a claim that moved.
#[derive(Deserialize)]
struct Recomputed {
    #[serde(default)]
    joint: Vec<(DistrictCode, Id)>,
}

/// Reads what the outbox has for these lists, to its end; answers how many cases were laid over. Several processes may
/// call it at once: each step is made by one of them. Must not be called on an async thread.
///
/// # Errors
/// The store's.
pub fn catch_up(ctx: &Ctx) -> StoreResult<u64> {
    let mut laid = 0;
    while let Some(cases) = step(&ctx.renewed())? {
        laid += cases;
    }
    Ok(laid)
}

fn step(ctx: &Ctx) -> StoreResult<Option<u64>> {
    let (from, rows) = ctx.read_blocking::<_, StoreError, _>(|r| {
        let from = r.outbox_position(READER)?;
        let rows = r.outbox_after(from.unwrap_or(0), ROWS)?;
        Ok((from, rows))
    })?;
    let Some(from) = from else {
        // The first time everything that is still there is read.
        ctx.write_blocking::<_, StoreError, _>(|mut w| {
            if w.outbox_position(READER)?.is_none() {
                w.outbox_enter(READER, 0)?;
            }
            w.unchanged(())
        })?;
        return Ok(Some(0));
    };
    let Some(to) = rows.last().map(|row| row.seq) else {
        return Ok(None);
    };
    let mut wanted: Vec<(CaseKey, u32, u32)> = Vec::new();
    for row in &rows {
        if row.topic == "case.recomputed" {
            // Another calendar moved parts and claims: the lists say when they are due now.
            let body: Recomputed = serde_json::from_str(&row.body).map_err(|e| wrong(row, &e))?;
            let keys = body.joint.into_iter();
            wanted.extend(keys.map(|(district, id)| ((district, CaseId(id)), 1, 0)));
            continue;
        }
        if row.topic != "case.moved" {
            continue;
        }
        let body: Body = serde_json::from_str(&row.body).map_err(|e| wrong(row, &e))?;
        if body.joint {
            let district: DistrictCode = row.district.parse().map_err(|e| wrong(row, &e))?;
            wanted.push(((district, CaseId(row.object_id)), body.from, body.to));
        }
    }
    ctx.write_blocking::<_, StoreError, _>(move |mut w| {
        if !w.outbox_advance(READER, from, to)? {
            return w.unchanged(Some(0));
        }
        if wanted.is_empty() {
            return w.unchanged(Some(0));
        }
        for (key, from, to) in &wanted {
            lay(&mut w, *key, *from, *to)?;
        }
        let laid = wanted.len() as u64;
        let event = AuditEvent::done("dispatch.lists", "outbox", to.to_string())
            .detail(serde_json::json!({ "cases": laid }));
        w.commit(event, Some(laid))
    })
}

fn wrong(row: &OutboxRow, reason: &dyn std::fmt::Display) -> StoreError {
    StoreError::Engine(format!("row {} of the outbox: {reason}", row.seq))
}

/// Lays a case over the lists as it is now, and what its events from `from` to `to` say; none where `from` is more.
fn lay(w: &mut Write<'_>, (district, id): CaseKey, from: u32, to: u32) -> StoreResult<()> {
    let Some(case) = cases::sql::by_id(w, district, id)? else {
        return Ok(());
    };
    sql::lay_parts(w, &case)?;
    let events = if from > to {
        Vec::new()
    } else {
        cases::sql_lists::events_after(w, district, id, from.saturating_sub(1))?
    };
    let mut end = ClaimOutcome::Past;
    for event in events.iter().filter(|e| e.seq <= to) {
        match &event.fact {
            Fact::Noted { mentions, .. } => {
                for account in mentions {
                    let (at, by) = (event.at, event.by.account);
                    sql::mention(w, (district, id), event.seq, *account, at, by)?;
                }
            }
            Fact::Joint(JointFact::ClaimDropped { .. }) => end = ClaimOutcome::Dropped,
            Fact::Joint(JointFact::ClaimLapsed { .. }) => end = ClaimOutcome::Lapsed,
            _ => whistled(w, &case, event)?,
        }
    }
    sql::lay_claims(w, &case, end)
}

/// The row of a whistle, where an event of a case is one. Twice is once.
pub(super) fn whistled(
    w: &mut Write<'_>,
    case: &cases::Case,
    event: &CaseEvent,
) -> StoreResult<()> {
    let Fact::Joint(JointFact::Whistled {
        by_unit,
        units,
        ask,
        due_at,
        timed,
        ..
    }) = &event.fact
    else {
        return Ok(());
    };
    let whistle = Whistle {
        district: case.district,
        id: Id::new(event.at, rand::random()),
        case: Some(case.id),
        seq: Some(event.seq),
        unit: *by_unit,
        // The smallest place known, whose hours hold for its limit.
        division: case.place.here(),
        address: case.place.address.clone().unwrap_or_default(),
        ask: ask.clone(),
        at: event.at,
        due_at: *due_at,
        ended_at: None,
        limit_text: timed.as_ref().map(|t| t.limit.to_string()),
        provisional: timed.as_ref().is_some_and(|t| t.provisional),
        calendar: timed.as_ref().map(|t| t.calendar.clone()),
        was_due_at: None,
        was_unit: None,
    };
    sql::insert_whistle(w, &whistle, units)
}

/// Ends the claims whose time is over; answers how many. Called by the program itself.
///
/// # Errors
/// The store's.
pub async fn lapse_claims(ctx: &Ctx) -> Result<usize, super::DispatchError> {
    let ctx = ctx.renewed();
    let now = ctx.now();
    let over: Vec<CaseKey> = ctx
        .read(move |r| sql::lapsed_claims(r, now, MOST_CLAIMS))
        .await?;
    let mut ended = 0;
    for (district, id) in over {
        let beside = move |w: &mut Write<'_>, after: Option<&cases::Case>| {
            // Where the rules refuse, the claim ended otherwise: the row follows the case.
            let case = match after {
                Some(case) => Some(case.clone()),
                None => cases::sql::by_id(w, district, id)?,
            };
            if let Some(case) = case {
                sql::lay_claims(w, &case, ClaimOutcome::Lapsed)?;
            }
            let event = AuditEvent::done("claim.end", "case", id.to_string());
            Ok(vec![event.district(district.as_str())])
        };
        let done =
            cases::ops::joint::by_program(&ctx, (district, id), JointCommand::LapseClaim, beside);
        match done.await {
            Ok(Some(_)) => ended += 1,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%district, case = %id, %error, "a claim could not be ended; the next run tries again");
            }
        }
    }
    Ok(ended)
}
