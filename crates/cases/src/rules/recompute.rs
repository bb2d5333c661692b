//! 重算 — another calendar, other deadlines: what is due when is computed again for a clock that runs, and the event keeps
//! both answers and the calendar versions they rest on.
//!
//! A clock that has ended, or that stands still, is left alone: the first is a fact, the second is computed anyway when it
//! goes on. Computing twice with one calendar changes nothing the second time.

use super::{Facts, Refusal, clocks, stages};
use crate::model::{Case, Moved, Recomputed};
use crate::stage::{Stage, StageClock};
use jiff::Timestamp;

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
    let has_limit = case.standard.as_ref().is_some_and(|s| s.limit.is_some());
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
    Ok((stage.is_some() || handling.is_some()).then(|| Recomputed {
        calendar: calendar.to_owned(),
        handling,
        of: stage.as_ref().and(Stage::of(case)),
        stage,
    }))
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
}
