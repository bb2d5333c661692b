//! 交接班 — what is open at a desk when a shift ends, what the next one must know, and that it took over.
//!
//! A desk is a role of the desk (acceptors, shift leaders, dispatchers, checkers) or a handling unit. Nobody takes over
//! from themselves; what was given never changes.

use super::{DispatchError, needed, optional, own_account};
use crate::model::{Handover, OpenWork};
use crate::{sql, sql_desk};
use access::{AccountId, Ctx, Permission, Principal, Role, UnitId};
use cases::model::State;
use cases::ops::ListQuery;
use kernel::PageSize;
use kernel::id::Id;
use std::collections::HashMap;
use store::{AuditEvent, StoreError};

/// The word of a unit's desk.
pub const UNIT: &str = "unit";
/// Shown of each list.
const MOST: i64 = 30;
/// The most pressing cases written down.
const PRESSING: u64 = 20;

/// The desks of a principal: those of its roles, and its unit's.
pub fn desks_of(principal: &Principal) -> (Vec<&'static str>, Option<UnitId>) {
    let Principal::Staff(staff) = principal else {
        return (Vec::new(), None);
    };
    let of_desk = [
        Role::Acceptor,
        Role::ShiftLeader,
        Role::Dispatcher,
        Role::Checker,
    ];
    let desks = of_desk
        .into_iter()
        .filter(|r| staff.roles.contains(r))
        .map(Role::as_str)
        .collect();
    let handles = staff.roles.iter().any(|r| r.is_of_departments());
    (desks, staff.unit.filter(|_| handles))
}

/// The states whose cases lie at a desk.
fn states_of(desk: &str) -> &'static [State] {
    match desk {
        "acceptor" => &[
            State::PendingVerify,
            State::PendingAccept,
            State::SelfHandledAudit,
        ],
        "shift_leader" => &[State::PendingRegister, State::PendingClose],
        "dispatcher" => &[State::PendingDispatch, State::Coordinating],
        "checker" => &[
            State::PendingVerify,
            State::PendingCheck,
            State::PendingClose,
        ],
        _ => &[
            State::PendingSign,
            State::Handling,
            State::Suspended,
            State::Waiting,
        ],
    }
}

/// What is open at a desk now, within what the caller may see.
///
/// # Errors
/// [`DispatchError`].
pub async fn open_work(ctx: &Ctx, desk: &str) -> Result<OpenWork, DispatchError> {
    let (desks, unit) = desks_of(ctx.principal());
    let is_unit = desk == UNIT && unit.is_some();
    if !is_unit && !desks.contains(&desk) {
        return Err(DispatchError::field(
            "desk",
            "dispatch.not_your_desk",
            "this is no desk of this account",
        ));
    }
    let states = states_of(desk);
    let query = ListQuery {
        states: states.to_vec(),
        unit: unit.filter(|_| is_unit),
        ..ListQuery::default()
    };
    let counts = cases::ops::counts_by_state(ctx, query.clone()).await?;
    let size = PageSize::new(PRESSING).unwrap_or_default();
    let listed = cases::ops::list(ctx, ListQuery { size, ..query }).await?;
    let mut open: Vec<&cases::Case> = listed.items.iter().collect();
    open.sort_by_key(|c| (c.due_at.is_none(), c.due_at, c.id));
    let (parts, calls) = match unit.filter(|_| is_unit) {
        Some(unit) => {
            ctx.read(move |r| -> Result<_, StoreError> {
                let parts = sql::count_parts(r, unit)?;
                let calls = sql::open_calls(r, unit, 1000)?.len();
                Ok((parts, i64::try_from(calls).unwrap_or(i64::MAX)))
            })
            .await?
        }
        None => (0, 0),
    };
    Ok(OpenWork {
        states: counts
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .map(|(state, n)| (state.as_str().to_owned(), n))
            .collect(),
        pressing: open.iter().map(|c| c.number.to_string()).collect(),
        parts,
        calls,
    })
}

/// Gives a desk over to the next shift.
///
/// # Errors
/// [`DispatchError`].
pub async fn give(ctx: &Ctx, desk: &str, words: &str) -> Result<Id, DispatchError> {
    ctx.require(Permission::CaseRead)?;
    let open = open_work(ctx, desk).await?;
    let (_, unit) = desks_of(ctx.principal());
    let handover = Handover {
        id: Id::new(ctx.now(), rand::random()),
        desk: desk.to_owned(),
        unit: unit.filter(|_| desk == UNIT),
        given_at: ctx.now(),
        given_by: own_account(ctx)?,
        open_work: serde_json::to_string(&open).expect("counts and numbers are always JSON"),
        words: needed("words", words)?,
        taken_at: None,
        taken_by: None,
        taken_words: String::new(),
    };
    let id = handover.id;
    ctx.write(move |mut w| -> Result<_, StoreError> {
        sql_desk::give(&mut w, &handover)?;
        let event = AuditEvent::done("handover.give", "handover", handover.id.to_string())
            .detail(serde_json::json!({ "desk": handover.desk }));
        w.commit(event, ())
    })
    .await?;
    Ok(id)
}

/// Takes a desk over: somebody else of the same desk.
///
/// # Errors
/// [`DispatchError`].
pub async fn take(ctx: &Ctx, id: Id, words: &str) -> Result<(), DispatchError> {
    ctx.require(Permission::CaseRead)?;
    let me = own_account(ctx)?;
    let behalf = match ctx.principal() {
        Principal::Staff(staff) => staff.behalf.as_ref().map(|b| b.account),
        _ => None,
    };
    let (desks, unit) = desks_of(ctx.principal());
    let words = optional("words", words)?;
    ctx.write(move |mut w| {
        let found = sql_desk::handover(&mut w, id)?
            .filter(|h| {
                desks.contains(&h.desk.as_str())
                    || h.desk == UNIT && h.unit == unit && unit.is_some()
            })
            .ok_or(DispatchError::NotFound("handover"))?;
        // Neither the one who gave it, nor a deputy in that one's place.
        if found.given_by == me || Some(found.given_by) == behalf {
            return Err(DispatchError::NotYours {
                code: "dispatch.own_handover",
                reason: "nobody takes over from themselves",
            });
        }
        if found.taken_at.is_some() {
            return Err(DispatchError::NotNow {
                code: "dispatch.taken",
                reason: "this was taken over already",
            });
        }
        sql_desk::take(&mut w, id, me.0, &words)?;
        let event = AuditEvent::done("handover.take", "handover", id.to_string());
        Ok(w.commit(event, ())?)
    })
    .await
}

/// The latest hand-overs of the caller's desks, with the names of whoever gave and took. Two statements.
///
/// # Errors
/// [`DispatchError`].
pub async fn list(ctx: &Ctx) -> Result<(Vec<Handover>, HashMap<AccountId, String>), DispatchError> {
    ctx.require(Permission::CaseRead)?;
    let (desks, unit) = desks_of(ctx.principal());
    let found = ctx
        .read(move |r| -> Result<_, StoreError> {
            let found = sql_desk::handovers(r, &desks, unit, MOST)?;
            let mut ids: Vec<AccountId> = found
                .iter()
                .flat_map(|h| std::iter::once(h.given_by).chain(h.taken_by))
                .collect();
            ids.sort_unstable();
            ids.dedup();
            let names = access::ops::accounts::names(r, &ids)?;
            Ok((found, names))
        })
        .await?;
    Ok(found)
}
