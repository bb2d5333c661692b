//! 重算 — another calendar, other deadlines: what is due when is computed again for a clock that runs, and the event keeps
//! both answers and the calendar versions they rest on. Besides the stage and handling these are the clocks of a task in the
//! street, of parts, of a claim, and of the wait for the requester.
//!
//! A clock that has ended, or that stands still, is left alone: the first is a fact, the second is computed anyway when it
//! goes on. Computing twice with one calendar changes nothing the second time.

use super::{Facts, Refusal, clocks, joint, stages};
use crate::model::{Case, Moved, Recomputed, State, TaskMoved, Timed};
use crate::stage::{Stage, StageClock};
use jiff::Timestamp;
use kernel::deadline::{Due, deadline};

/// What another calendar makes of the clocks of a case; none when nothing moves.
///
/// # Errors
/// A deadline that cannot be told.
pub fn recomputed(case: &Case, facts: &Facts<'_>) -> Result<Option<Recomputed>, Refusal> {
    let calendar = facts.calendar.version();
    let mut stage = None;
    if let (Some(limit), Some(from), Some(due)) =
        (case.stage_limit, case.stage_from, case.stage_due_at)
        && case.stage_calendar.as_deref() != Some(calendar)
    {
        let now = stages::stage_clock(from, Some(limit), facts)?;
        let was = (due, case.stage_provisional, case.stage_calendar.as_deref());
        stage = moved(was, now);
    }
    let mut handling = None;
    let has_limit = case.limit_of_handling().is_some();
    if let Some(due) = case
        .handling_due()
        .filter(|_| has_limit && case.due_from.is_some())
        && case.calendar.as_deref() != Some(calendar)
    {
        let (due_at, provisional) = clocks::due_of(case, case.granted, &case.pauses, facts)?;
        let next = Case {
            due_at,
            provisional,
            ..case.clone()
        };
        let soon_at = stages::soon_of_handling(&next, facts)?;
        let was = (due, case.provisional, case.calendar.as_deref());
        let now = StageClock {
            limit: None,
            due_at,
            soon_at,
            provisional,
        };
        handling = moved(was, now);
    }
    let task = recomputed_task(case, facts)?;
    let wait = recomputed_wait(case, facts)?;
    let claim = joint::recomputed_claim(case, facts)?;
    let parts = joint::recomputed_parts(case, facts)?;
    let is_moved = [&stage, &handling, &wait, &claim]
        .iter()
        .any(|moved| moved.is_some());
    Ok(
        (is_moved || task.is_some() || !parts.is_empty()).then(|| Recomputed {
            calendar: calendar.to_owned(),
            handling,
            of: stage.as_ref().and(Stage::of(case)),
            stage,
            task,
            wait,
            claim,
            parts,
        }),
    )
}

/// What another calendar makes of the deadline of an open task in the street. One of before limits were kept stays as it is.
fn recomputed_task(case: &Case, facts: &Facts<'_>) -> Result<Option<TaskMoved>, Refusal> {
    let Some((task, clock)) = case
        .task
        .as_ref()
        .and_then(|t| Some((t, t.clock.as_ref()?)))
    else {
        return Ok(None);
    };
    let is_open = matches!(case.state, State::PendingVerify | State::PendingCheck);
    if !is_open || clock.timed.calendar == facts.calendar.version() {
        return Ok(None);
    }
    let due = deadline(clock.from, clock.timed.limit, facts.calendar, facts.tz, &[])
        .map_err(|e| Refusal::Deadline(e.to_string()))?;
    let was = (
        task.due_at,
        clock.timed.provisional,
        Some(clock.timed.calendar.as_str()),
    );
    Ok(moved_limit(was, &due).map(|moved| TaskMoved {
        task: task.kind,
        moved,
    }))
}

/// What another calendar makes of the end of a wait for the requester. One of before limits were kept stays as it is.
fn recomputed_wait(case: &Case, facts: &Facts<'_>) -> Result<Option<Moved>, Refusal> {
    let (Some(wait), Some(until)) = (&case.wait, case.paused_until) else {
        return Ok(None);
    };
    let since = case
        .pauses
        .last()
        .filter(|p| p.to.is_none())
        .map(|p| p.from);
    let Some(since) =
        since.filter(|_| case.state == State::Waiting && wait.calendar != facts.calendar.version())
    else {
        return Ok(None);
    };
    let due = deadline(since, wait.limit, facts.calendar, facts.tz, &[])
        .map_err(|e| Refusal::Deadline(e.to_string()))?;
    let was = (until, wait.provisional, Some(wait.calendar.as_str()));
    Ok(moved_limit(was, &due))
}

/// A limit without a yellow: what moved, if anything did.
pub(super) fn moved_limit(was: (Timestamp, bool, Option<&str>), now: &Due) -> Option<Moved> {
    moved(
        was,
        StageClock {
            limit: None,
            due_at: Some(now.at),
            soon_at: None,
            provisional: now.provisional,
        },
    )
}

fn moved(
    (was_due_at, was_provisional, calendar): (Timestamp, bool, Option<&str>),
    now: StageClock,
) -> Option<Moved> {
    let due_at = now.due_at?;
    (due_at != was_due_at || now.provisional != was_provisional).then(|| Moved {
        was_due_at,
        was_provisional,
        was_calendar: calendar.map(str::to_owned),
        due_at,
        soon_at: now.soon_at,
        provisional: now.provisional,
    })
}

/// What the event makes of the case. Total.
pub(super) fn change(case: &mut Case, said: &Recomputed) {
    if let Some(moved) = &said.handling {
        case.due_at = Some(moved.due_at);
        case.soon_at = moved.soon_at;
        case.provisional = moved.provisional;
        case.calendar = Some(said.calendar.clone());
    }
    if let Some(moved) = &said.stage {
        case.stage_due_at = Some(moved.due_at);
        case.stage_soon_at = moved.soon_at;
        case.stage_provisional = moved.provisional;
        case.stage_calendar = Some(said.calendar.clone());
    }
    let rests = |timed: Option<&mut Timed>, moved: &Moved| {
        if let Some(timed) = timed {
            timed.calendar.clone_from(&said.calendar);
            timed.provisional = moved.provisional;
        }
    };
    if let Some(TaskMoved { moved, .. }) = &said.task
        && let Some(task) = &mut case.task
    {
        task.due_at = moved.due_at;
        rests(task.clock.as_mut().map(|c| &mut c.timed), moved);
    }
    if let Some(moved) = &said.wait {
        case.paused_until = Some(moved.due_at);
        rests(case.wait.as_mut(), moved);
    }
    if let Some(moved) = &said.claim
        && let Some(claim) = &mut case.joint.claim
    {
        claim.until = moved.due_at;
        rests(claim.timed.as_mut(), moved);
    }
    for of in &said.parts {
        if let Some(part) = joint::part_mut(case, of.part) {
            part.due_at = of.moved.due_at;
            part.provisional = of.moved.provisional;
            part.calendar = Some(said.calendar.clone());
        }
    }
}
