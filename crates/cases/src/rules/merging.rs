//! 并案 — what a merge, undoing it and a reopening mean for the cases on the other side, so that nobody who asked is passed
//! over: every requester of a merged case is answered with the case it went into, and called back when that is over.
//!
//! Pure: whoever stores looks the other cases up and hands them in.

use super::{Actor, CityRules, Command, FairCommand, Refusal, answer};
use crate::advice::{Asked, alike_by_rule};
use crate::model::{Case, State};
use kernel::codes::CaseNumber;

/// How many merges one after another are followed. Files may hold circles.
const LONGEST_CHAIN: usize = 50;

/// Where a merge into `into` goes on: `chain` is that case and those it leads to by merges, in order. The end must be there
/// for whoever merges (`holds`), and be neither void nor gone.
///
/// A merge takes a case out of every figure of the unit that had it, as a void does. So where a unit had it, the end is what the
/// city takes for a duplicate (one class, near in place and time), or another person has asked for a void before.
///
/// # Errors
/// [`Refusal::MergeCycle`], [`Refusal::MergeTarget`], [`Refusal::NotAlike`], [`Refusal::SamePerson`].
pub fn goes_on(
    case: &Case,
    into: CaseNumber,
    chain: &[Case],
    holds: impl Fn(&Case) -> bool,
    (actor, rules): (&Actor, &CityRules),
) -> Result<CaseNumber, Refusal> {
    if into == case.number || chain.iter().any(|c| c.number == case.number) {
        return Err(Refusal::MergeCycle { into });
    }
    let is_open_to = |end: &Case| {
        let is_gone = matches!(
            end.state,
            State::Merged | State::Voided | State::Transferred
        );
        !is_gone && holds(end) && chain.first().is_some_and(&holds)
    };
    match chain.last() {
        Some(end) if is_open_to(end) => {
            let (radius_m, hours) = (rules.duplicate_radius_m, f64::from(rules.duplicate_hours));
            let is_alike = || alike_by_rule(&Asked::of(case), end, radius_m, hours).is_some();
            if case.dispatched_at.is_none() || is_alike() {
                Ok(end.number)
            } else if case.void_requested.is_none() {
                Err(Refusal::NotAlike { into })
            } else if actor.is_or_stands_for(case.void_asked_by) {
                Err(Refusal::SamePerson)
            } else {
                Ok(end.number)
            }
        }
        _ => Err(Refusal::MergeTarget { into }),
    }
}

/// The other cases, to whoever carries out a move: the store, or a world of a test.
pub trait Others {
    /// Why it could not go on.
    type Error;
    /// A case by its number.
    ///
    /// # Errors
    /// The store's.
    fn find(&mut self, number: &CaseNumber) -> Result<Option<Case>, Self::Error>;
    /// The cases that were merged into one, chains included.
    ///
    /// # Errors
    /// The store's.
    fn merged_into(&mut self, number: &CaseNumber) -> Result<Vec<Case>, Self::Error>;
    /// Makes a move on another case, on account of `of`; answers that case as it is then.
    ///
    /// # Errors
    /// A refusal; the store's. Then nothing at all has happened.
    fn make(
        &mut self,
        other: &Case,
        command: FairCommand,
        of: &CaseNumber,
    ) -> Result<Case, Self::Error>;
}

/// What a merge, undoing it and a reopening do to the cases on the other side: requesters are more or fewer, or have to be
/// called again. `case` is the one that moves, as it stands before.
///
/// # Errors
/// Those of [`Others`].
pub fn beside<O: Others>(others: &mut O, case: &Case, command: &Command) -> Result<(), O::Error> {
    // What requesters of cases merged into this one had said is about the end before.
    let begins_anew = matches!(
        command,
        Command::Unmerge | Command::Fair(FairCommand::Reopen { .. })
    );
    if begins_anew {
        renew_calls(others, case)?;
    }
    let number = case.number;
    let mut next = match command {
        Command::Merge { into } => {
            let owed = answer::is_owed(case);
            Some((*into, FairCommand::Join { number, owed }))
        }
        Command::Unmerge => case
            .merged_into
            .map(|into| (into, FairCommand::Part { number })),
        _ => None,
    };
    let mut of = number;
    for _ in 0..LONGEST_CHAIN {
        let Some((number, fair)) = next.take() else {
            break;
        };
        let Some(other) = others.find(&number)? else {
            break;
        };
        // Merges made before cases knew who joined them have nothing to part.
        let is_known = other.record.joined.iter().any(|j| j.number == of);
        if !is_known && !matches!(command, Command::Merge { .. }) {
            break;
        }
        let after = others.make(&other, fair, &of)?;
        next = passed_on(&other, &after);
        of = after.number;
    }
    Ok(())
}

/// What a change of the requesters of a case that is merged itself does to the case it went into: that one owes an answer on
/// its account as long as somebody asked, and no longer.
fn passed_on(before: &Case, after: &Case) -> Option<(CaseNumber, FairCommand)> {
    let owed = answer::is_owed(after);
    if after.state != State::Merged || owed == answer::is_owed(before) {
        return None;
    }
    let number = after.number;
    Some((after.merged_into?, FairCommand::Join { number, owed }))
}

/// 再次回访 — the case goes on: whoever was merged into it and was called is called again when it is over.
fn renew_calls<O: Others>(others: &mut O, case: &Case) -> Result<(), O::Error> {
    if case.record.joined.is_empty() {
        return Ok(());
    }
    for other in others.merged_into(&case.number)? {
        if other.state == State::Merged && other.call_back.is_some() {
            others.make(&other, FairCommand::RenewCall, &case.number)?;
        }
    }
    Ok(())
}

/// Whether the requester of a case is to be called back. `end` is where its matter goes on: the case itself, or the last of
/// those it was merged into.
pub fn is_call_due(case: &Case, end: &Case) -> bool {
    case.call_at().is_some() && end.state.is_final() && end.state != State::Merged
}
