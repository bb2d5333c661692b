//! One act for several cases: it waits a short while, can be stopped or held until then, and is carried out by the program
//! itself, also when the page is closed or the program was started again meanwhile.
//!
//! Invariants: each case is decided by itself through [`super::act_with`], under the rights the account has *then*, and only
//! as the person saw it (its version); what was done to a case and the note that it was done are one transaction, so that
//! nothing is done twice. What was done is never taken back here: the record is what happened.

use super::{CaseError, Reach, act_with, find, is_open_to};
use crate::bulk::{Bulk, BulkCase, BulkState, BulkStep, MOST_AT_ONCE, MOST_CASES, Outcome, Reason};
use crate::rules::{MAX_TEXT, Refusal};
use crate::service::Cases;
use crate::sql_bulk::{self, NewBulk, Own};
use access::ops::orders::{self, Orderer};
use access::{AccountId, Ctx, Permission, Refused};
use jiff::SignedDuration;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use std::collections::BTreeSet;
use store::{AuditEvent, StoreError};

/// Bulk acts begun in one look.
const MOST_DUE: i64 = 10;

/// Asks for a bulk act. It `waits` as long as the city has set, or is due at once. Asked for twice under one id, it is
/// there once.
///
/// # Errors
/// No case, or too many; a field of the act that is missing or unknown; too many at once; the lack of a permission.
pub async fn ask(ctx: &Ctx, new: NewBulk, waits: bool) -> Result<(), CaseError> {
    Reach::of(ctx)?;
    let orderer = staff(ctx)?;
    is_open_to(ctx.principal(), new.step.act())?;
    let cases = ctx.service::<Cases>();
    let new = checked(&cases, new)?;
    let wait_s = if waits { cases.rules().bulk_wait_s } else { 0 };
    let due_at = ctx
        .now()
        .checked_add(SignedDuration::from_secs(i64::from(wait_s)))
        .unwrap_or(ctx.now());
    ctx.write(move |mut w| {
        match sql_bulk::holder(&mut w, new.id)? {
            Some(holder) if holder == orderer.account => return Ok(w.unchanged(())?),
            Some(_) => return Err(CaseError::field("id", "cases.bulk_id", "this id is taken")),
            None => {}
        }
        if sql_bulk::how_many_open(&mut w, orderer.account)? >= MOST_AT_ONCE {
            let reason = format!("at most {MOST_AT_ONCE} at once");
            return Err(CaseError::field("case", "cases.bulk_busy", reason));
        }
        sql_bulk::forget_old(&mut w, orderer.account)?;
        sql_bulk::insert(&mut w, &new, &orderer, due_at)?;
        let detail = serde_json::json!({
            "act": new.step.act().as_str(), "cases": new.cases.len(), "due": due_at.to_string()
        });
        let event = AuditEvent::done("desk.bulk", "bulk_act", new.id.to_string()).detail(detail);
        Ok(w.commit(event, ())?)
    })
    .await
}

fn staff(ctx: &Ctx) -> Result<Orderer, CaseError> {
    Orderer::of(ctx).ok_or(CaseError::Refused(Refused {
        permission: Permission::CaseRead,
    }))
}

/// What is asked, each case once, in the form it is kept.
fn checked(cases: &Cases, new: NewBulk) -> Result<NewBulk, CaseError> {
    let mut seen = BTreeSet::new();
    let mut picked = new.cases;
    picked.retain(|(number, _)| seen.insert(number.to_string()));
    if picked.is_empty() {
        let reason = "pick at least one case";
        return Err(CaseError::field("case", "cases.bulk_none", reason));
    }
    if picked.len() > MOST_CASES {
        let reason = format!("at most {MOST_CASES} cases at once");
        return Err(CaseError::field("case", "cases.bulk_many", reason));
    }
    let act = new.step.act();
    let step = match new.step {
        BulkStep::NotAccept { reason } => {
            let reason = super::act::masked(reason.trim());
            let refusal = match reason.chars().count() {
                0 => Some(Refusal::Missing { field: "reason" }),
                n if n > MAX_TEXT => Some(Refusal::TooLong {
                    field: "reason",
                    most: MAX_TEXT,
                }),
                _ => None,
            };
            if let Some(refusal) = refusal {
                return Err(CaseError::Rule { act, refusal });
            }
            BulkStep::NotAccept { reason }
        }
        BulkStep::Correct { matter } => {
            let city = cases.city();
            super::report::class_in_force(&city, matter, city.on())?;
            BulkStep::Correct { matter }
        }
        step => step,
    };
    Ok(NewBulk {
        id: new.id,
        step,
        cases: picked,
    })
}

/// Stops a bulk act that still waits; answers `false` where it was begun already: what is done stays done.
///
/// # Errors
/// There is no such bulk act of this account; the store's.
pub async fn stop(ctx: &Ctx, id: Id) -> Result<bool, CaseError> {
    let account = staff(ctx)?.account;
    ctx.write(move |mut w| {
        let found = sql_bulk::bulk(&mut w, id, account)?.ok_or_else(|| missing(id))?;
        if !found.state.is_stoppable() {
            return Ok(w.unchanged(false)?);
        }
        sql_bulk::stop(&mut w, id)?;
        let event = AuditEvent::done("desk.bulk_stop", "bulk_act", id.to_string());
        Ok(w.commit(event, true)?)
    })
    .await
}

/// Holds a bulk act that still waits: nothing happens until the account lets it begin ([`begin_now`]) or stops it. Answers
/// `false` where it was begun already.
///
/// # Errors
/// As [`stop`].
pub async fn hold(ctx: &Ctx, id: Id) -> Result<bool, CaseError> {
    let account = staff(ctx)?.account;
    ctx.write(move |mut w| {
        let found = sql_bulk::bulk(&mut w, id, account)?.ok_or_else(|| missing(id))?;
        if found.state != BulkState::Waiting {
            return Ok(w.unchanged(found.state == BulkState::Held)?);
        }
        sql_bulk::hold(&mut w, id)?;
        let event = AuditEvent::done("desk.bulk_hold", "bulk_act", id.to_string());
        Ok(w.commit(event, true)?)
    })
    .await
}

/// Lets a bulk act that waits or is held begin at once. One that has begun, or was stopped, stays as it is.
///
/// # Errors
/// As [`stop`].
pub async fn begin_now(ctx: &Ctx, id: Id) -> Result<(), CaseError> {
    let account = staff(ctx)?.account;
    ctx.write(move |mut w| {
        let found = sql_bulk::bulk(&mut w, id, account)?.ok_or_else(|| missing(id))?;
        if !found.state.is_stoppable() {
            return Ok(w.unchanged(())?);
        }
        sql_bulk::begin_now(&mut w, id)?;
        let event = AuditEvent::done("desk.bulk_go", "bulk_act", id.to_string());
        Ok(w.commit(event, ())?)
    })
    .await
}

/// Notes that the account saw how a bulk act came out: it is no longer shown at the desk.
///
/// # Errors
/// As [`stop`].
pub async fn seen(ctx: &Ctx, id: Id) -> Result<(), CaseError> {
    let account = staff(ctx)?.account;
    ctx.write(move |mut w| {
        let found = sql_bulk::bulk(&mut w, id, account)?.ok_or_else(|| missing(id))?;
        if !found.state.is_over() {
            return Ok(w.unchanged(())?);
        }
        sql_bulk::set_seen(&mut w, id)?;
        let event = AuditEvent::done("desk.bulk_seen", "bulk_act", id.to_string());
        Ok(w.commit(event, ())?)
    })
    .await
}

fn missing(id: Id) -> CaseError {
    CaseError::not_found(id)
}

/// A bulk act of the reader's own account. One statement.
///
/// # Errors
/// There is none; the store's.
pub async fn one(ctx: &Ctx, id: Id) -> Result<Bulk, CaseError> {
    let account = staff(ctx)?.account;
    let found: Result<Option<Bulk>, CaseError> =
        ctx.read(move |r| Ok(sql_bulk::bulk(r, id, account)?)).await;
    found?.ok_or_else(|| missing(id))
}

/// The same with its cases. Two statements.
///
/// # Errors
/// As [`one`].
pub async fn with_cases(ctx: &Ctx, id: Id) -> Result<(Bulk, Vec<BulkCase>), CaseError> {
    let account = staff(ctx)?.account;
    let found: Result<Option<_>, CaseError> = ctx
        .read(move |r| {
            let Some(bulk) = sql_bulk::bulk(r, id, account)? else {
                return Ok(None);
            };
            Ok(Some((bulk, sql_bulk::cases_of(r, id)?)))
        })
        .await;
    found?.ok_or_else(|| missing(id))
}

/// What stands at the desk for the reader's own account. One statement; nothing for whoever is no member of staff.
///
/// # Errors
/// The store's.
pub async fn own(ctx: &Ctx) -> Result<Own, CaseError> {
    let Some(orderer) = Orderer::of(ctx) else {
        return Ok(Own::default());
    };
    let (account, now): (AccountId, _) = (orderer.account, ctx.now());
    ctx.read(move |r| Ok(sql_bulk::own(r, account, now)?)).await
}

/// Carries out what is due; answers how many bulk acts were ended. Called by the program itself, about twice a second;
/// several processes may call it at once: each bulk act is carried out by one of them, and goes on with another when that
/// one dies.
///
/// # Errors
/// The store's. What could not be ended is tried again when its lease is over.
pub async fn run_due(system: &Ctx) -> Result<usize, CaseError> {
    let system = system.renewed();
    let now = system.now();
    let due: Result<Vec<Id>, CaseError> = system
        .read(move |r| Ok(sql_bulk::due(r, now, MOST_DUE)?))
        .await;
    let mut ended = 0;
    for id in due? {
        match carry_out(&system, id).await {
            Ok(true) => ended += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%id, %error, "bulk act {id} could not be ended; it is tried again");
            }
        }
    }
    Ok(ended)
}

/// Carries one out; answers `false` where another process has it.
async fn carry_out(system: &Ctx, id: Id) -> Result<bool, CaseError> {
    if !take(system, id).await? {
        return Ok(false);
    }
    let found: Result<_, CaseError> = system
        .renewed()
        .read(move |r| {
            let cases = sql_bulk::cases_of(r, id)?;
            Ok(sql_bulk::to_do(r, id)?.map(|to_do| (to_do, cases)))
        })
        .await;
    let Some(((orderer, step), cases)) = found? else {
        return Ok(false);
    };
    for case in cases.iter().filter(|c| c.outcome == Outcome::Open) {
        let done = match orders::permit(system, &orderer, Permission::CaseRead).await? {
            Some(ctx) => one_case(&ctx, id, &step, case).await,
            None => Err(Left::Because(Reason::no_rights())),
        };
        match done {
            Ok(()) => {}
            Err(Left::Because(reason)) => leave_out(system, id, case.number, reason).await?,
            Err(Left::Later(error)) => return Err(error),
        }
    }
    end(system, id).await?;
    Ok(true)
}

async fn take(system: &Ctx, id: Id) -> Result<bool, CaseError> {
    let taken: Result<bool, CaseError> = system
        .renewed()
        .write(move |mut w| {
            let now = w.now();
            if !sql_bulk::due(&mut w, now, MOST_DUE)?.contains(&id) {
                return Ok(w.unchanged(false)?);
            }
            if !sql_bulk::take(&mut w, id)? {
                return Err(StoreError::Conflict.into());
            }
            let event = AuditEvent::done("desk.bulk_begin", "bulk_act", id.to_string());
            Ok(w.commit(event, true)?)
        })
        .await;
    match taken {
        // Another process was faster.
        Err(CaseError::Store(StoreError::Conflict)) => Ok(false),
        other => other,
    }
}

/// Why a case was not done.
enum Left {
    /// It was refused, and stays as it is.
    Because(Reason),
    /// The store could not; all the rest waits for the next try.
    Later(CaseError),
}

impl From<CaseError> for Left {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::Store(StoreError::Conflict) => Self::Because(Reason::of(&error)),
            CaseError::Store(_) => Self::Later(error),
            _ => Self::Because(Reason::of(&error)),
        }
    }
}

async fn one_case(ctx: &Ctx, id: Id, step: &BulkStep, picked: &BulkCase) -> Result<(), Left> {
    let number = picked.number;
    let case = find(ctx, number).await?;
    let steps = vec![step.of(&case)];
    act_with(ctx, number, Some(picked.version), steps, move |w, _| {
        sql_bulk::set_outcome(w, id, &number, &Outcome::Done)?;
        Ok(Vec::new())
    })
    .await?;
    Ok(())
}

async fn leave_out(
    system: &Ctx,
    id: Id,
    number: CaseNumber,
    reason: Reason,
) -> Result<(), CaseError> {
    system
        .renewed()
        .write(move |mut w| {
            let detail = serde_json::json!({ "why": reason.code, "bulk": id });
            let left = Outcome::Left(reason.clone());
            sql_bulk::set_outcome(&mut w, id, &number, &left)?;
            let event = AuditEvent::done("desk.bulk_leave", "case", number.to_string())
                .district(number.district().as_str())
                .detail(detail);
            Ok(w.commit(event, ())?)
        })
        .await
}

async fn end(system: &Ctx, id: Id) -> Result<(), CaseError> {
    system
        .renewed()
        .write(move |mut w| {
            let cases = sql_bulk::cases_of(&mut w, id)?;
            let done = cases.iter().filter(|c| c.outcome == Outcome::Done).count();
            let detail = serde_json::json!({ "done": done, "left": cases.len() - done });
            sql_bulk::finish(&mut w, id)?;
            let event =
                AuditEvent::done("desk.bulk_end", "bulk_act", id.to_string()).detail(detail);
            Ok(w.commit(event, ())?)
        })
        .await
}
