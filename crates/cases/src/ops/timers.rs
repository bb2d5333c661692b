//! Clocks that have run out: a verification nobody made leaves the decision to the acceptor, a check nobody made goes back
//! to the pool, a suspension or a wait for an answer ends. Each in a transaction of its own, so that one bad case stops
//! no other.

use super::{CaseError, actor_of};
use crate::lists::Lists;
use crate::model::{Case, State};
use crate::rules::{self, Actor, ClockCommand, Command, Facts};
use crate::service::Cases;
use crate::sql;
use access::Ctx;
use jiff::Timestamp;
use matters::City;
use std::sync::Arc;
use store::{AuditEvent, Sealed, Write};

/// The most clocks of one run; the next run takes the rest.
const MOST_AT_ONCE: i64 = 500;

pub(super) struct Job {
    pub city: Arc<City>,
    pub lists: Arc<Lists>,
    pub actor: Actor,
    pub seen: Case,
}

/// Makes the moves of timers that have run out by now; answers how many it made. Called by the program itself, about once
/// a minute; several processes may run it at once.
///
/// # Errors
/// The store's, when the list cannot be read. A single case that fails is logged and left for the next run.
pub async fn run_timers(ctx: &Ctx) -> Result<usize, CaseError> {
    let ctx = ctx.renewed();
    let now = ctx.now();
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let lists = cases.lists(&ctx).await?;
    let due: Result<Vec<Case>, CaseError> = ctx
        .read(move |r| Ok(sql::lapsed_timers(r, now, MOST_AT_ONCE)?))
        .await;
    let mut made = 0;
    for seen in due? {
        let number = seen.number;
        let job = Job {
            city: city.clone(),
            lists: lists.clone(),
            actor: actor_of(ctx.principal(), &city.units),
            seen,
        };
        match ctx.write(move |w| lapse(w, &job)).await {
            Ok(true) => made += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%number, %error, "the clock of case {number} could not lapse; the next run tries again")
            }
        }
    }
    Ok(made)
}

fn command_at(case: &Case, now: Timestamp) -> Option<Command> {
    case.timer().filter(|(_, due_at)| *due_at < now)?;
    match case.state {
        State::PendingVerify => Some(Command::LapseVerify),
        State::PendingCheck => Some(Command::LapseCheck),
        State::Suspended => Some(Command::Clock(ClockCommand::LapseSuspension)),
        State::Waiting => Some(Command::Clock(ClockCommand::LapseWaiting)),
        _ => None,
    }
}

fn lapse(mut w: Write<'_>, job: &Job) -> Result<Sealed<bool>, CaseError> {
    let now = w.now();
    // Somebody may have done the task, or taken it, since the list was read.
    let before = sql::by_id(&mut w, job.seen.district, job.seen.id)?;
    let Some((before, command)) =
        before.and_then(|case| command_at(&case, now).map(|command| (case, command)))
    else {
        return Ok(w.unchanged(false)?);
    };
    let (_, event) = make(&mut w, job, &before, command)?;
    Ok(w.commit(event, true)?)
}

pub(super) fn facts<'a>(job: &'a Job, case: &Case, now: Timestamp) -> Facts<'a> {
    Facts {
        now,
        actor: &job.actor,
        calendar: job.city.calendar_at(case.place.here()),
        tz: &job.city.timezone,
        rules: &job.lists.rules,
        on_duty: None,
    }
}

/// Makes one move that no member of staff makes: the program's by a timer, what a requester does. Answers the
/// case as it is then, and the entry of the audit trail.
pub(super) fn make(
    w: &mut Write<'_>,
    job: &Job,
    before: &Case,
    command: Command,
) -> Result<(Case, AuditEvent), CaseError> {
    let act = command.act();
    let facts = facts(job, before, w.now());
    let events = rules::decide(Some(before), command, &facts)
        .map_err(|refusal| CaseError::Rule { act, refusal })?;
    let case = events
        .iter()
        .fold(Some(before.clone()), rules::apply)
        .expect("an event never takes a case away");
    sql::update(w, &case, before, &events)?;
    let detail = serde_json::json!({ "from": before.state.as_str(), "to": case.state.as_str(), "version": case.version });
    let event = AuditEvent::done(act.audit(), "case", case.number.to_string())
        .district(case.district.as_str())
        .detail(detail);
    Ok((case, event))
}
