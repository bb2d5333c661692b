//! What moves or stops the clock of handling: extension (延期), suspension (挂账), waiting for the requester.
//!
//! Sources: `GB/T 30428.6-2017` leaves the times to the city; practice as in the sources of `domain.md` §1.6: an extension adds
//! one original limit, at most twice, is asked for and granted before the deadline, and takes two people of two levels; a
//! suspension happens once, has an end at most a year away, and ends by itself; while a question waits for the requester the
//! clock stands still, and so many questions may be asked until the case ends. How often and how long is data of the city
//! ([`super::CityRules`]). None of it changes what happened before: a case that was late stays late.

use super::{Actor, Facts, Refusal, at_most, due, recompute, text};
use crate::model::{Case, CaseEvent, ExtensionRequest, Fact, State, SuspensionRequest, Timed};
use crate::moves::Act;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use kernel::deadline::{Limit, Pause, deadline};
use serde::{Deserialize, Serialize};

/// What somebody, or the program, wants done to the clock of handling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are those of the facts they lead to"
)]
pub enum ClockCommand {
    /// 申请延期
    RequestExtension { reason: String },
    /// 延期初审 — the first level agrees.
    EndorseExtension,
    /// 批准延期 — the second level agrees: one more original limit.
    GrantExtension,
    /// 不同意延期
    RefuseExtension { reason: String },
    /// 申请挂账 until the morning of a day.
    RequestSuspension { reason: String, until: Date },
    /// 批准挂账
    Suspend,
    /// 不同意挂账
    RefuseSuspension { reason: String },
    /// 恢复 — before the suspension ends by itself.
    Resume,
    /// The suspension's end has come.
    LapseSuspension,
    /// 补充询问 — a question only the requester can answer.
    AskRequester { question: String },
    /// 反映人答复
    Answer { text: String, how: String },
    /// No answer came in time; the clock runs on.
    LapseWaiting,
    /// A calendar changed. Refused as [`Refusal::NotAsked`] where nothing moves.
    Recompute,
}

impl ClockCommand {
    /// Its row in the table of moves.
    pub fn act(&self) -> Act {
        match self {
            Self::RequestExtension { .. } => Act::RequestExtension,
            Self::EndorseExtension => Act::EndorseExtension,
            Self::GrantExtension => Act::GrantExtension,
            Self::RefuseExtension { .. } => Act::RefuseExtension,
            Self::RequestSuspension { .. } => Act::RequestSuspension,
            Self::Suspend => Act::Suspend,
            Self::RefuseSuspension { .. } => Act::RefuseSuspension,
            Self::Resume => Act::Resume,
            Self::LapseSuspension => Act::LapseSuspension,
            Self::AskRequester { .. } => Act::AskRequester,
            Self::Answer { .. } => Act::Answer,
            Self::LapseWaiting => Act::LapseWaiting,
            Self::Recompute => Act::Recompute,
        }
    }
}

/// Whether somebody may make a move of the clock as the case stands, whatever its words and whatever the hour.
pub(super) fn may(case: &Case, act: Act, actor: &Actor) -> Result<(), Refusal> {
    match act {
        Act::RequestExtension if case.extension.is_some() => Err(Refusal::AlreadyAsked),
        Act::RequestSuspension if case.suspension.is_some() => Err(Refusal::AlreadyAsked),
        Act::RefuseExtension | Act::EndorseExtension if case.extension.is_none() => {
            Err(Refusal::NotAsked)
        }
        Act::EndorseExtension => match &case.extension {
            Some(asked) if asked.endorsed => Err(Refusal::AlreadyAsked),
            Some(asked) if actor.is_or_stands_for(asked.asked_by) => Err(Refusal::SamePerson),
            _ => Ok(()),
        },
        Act::GrantExtension => match &case.extension {
            None => Err(Refusal::NotAsked),
            Some(asked) if !asked.endorsed => Err(Refusal::NotEndorsed),
            Some(asked)
                if asked.endorsed_by == actor.account
                    || actor.is_or_stands_for(asked.endorsed_by)
                    || actor.is_or_stands_for(asked.asked_by) =>
            {
                Err(Refusal::SamePerson)
            }
            Some(_) => Ok(()),
        },
        Act::Suspend | Act::RefuseSuspension if case.suspension.is_none() => Err(Refusal::NotAsked),
        Act::Suspend
            if case
                .suspension
                .as_ref()
                .is_some_and(|asked| actor.is_or_stands_for(asked.asked_by)) =>
        {
            Err(Refusal::SamePerson)
        }
        Act::AskRequester if !can_be_asked(case) => Err(Refusal::NoRequester),
        // A department takes up its own case again; the desk takes up any.
        Act::Resume
            if case.unit != actor.unit && actor.roles.iter().all(|r| r.is_of_departments()) =>
        {
            Err(Refusal::NotYourUnit { act: act.as_str() })
        }
        _ => Ok(()),
    }
}

/// Whether somebody who asked could be asked back. Whoever typed a report for another, or found it on patrol, is no requester:
/// a question to nobody would only stop the clock. Lives of before it was kept say no more than whether there was somebody.
fn can_be_asked(case: &Case) -> bool {
    let somebody = case.subject.is_some() || case.reporter.is_some();
    case.record.requested && case.record.askable.unwrap_or(somebody)
}

/// Whether a move of the clock is still possible now, whatever its words: what the city bounds, and by when.
pub(super) fn bounds(case: &Case, act: Act, facts: &Facts<'_>) -> Result<(), Refusal> {
    let rules = facts.rules;
    match act {
        Act::RequestExtension => {
            in_time(case, act, facts)?;
            at_most(act, case.granted, rules.most_extensions)
        }
        Act::EndorseExtension | Act::GrantExtension => in_time(case, act, facts),
        Act::RequestSuspension => at_most(act, case.suspensions, rules.most_suspensions),
        // Asked for yesterday until this morning: there is nothing left to suspend.
        Act::Suspend
            if case
                .suspension
                .as_ref()
                .is_some_and(|s| s.until <= facts.now) =>
        {
            Err(Refusal::TooLate { act: act.as_str() })
        }
        Act::AskRequester => at_most(act, case.questions, rules.most_questions),
        _ => Ok(()),
    }
}

/// What a command about the clock leads to.
pub(super) fn decide(
    case: &Case,
    command: ClockCommand,
    facts: &Facts<'_>,
) -> Result<Fact, Refusal> {
    let act = command.act();
    may(case, act, facts.actor)?;
    bounds(case, act, facts)?;
    Ok(match command {
        ClockCommand::RequestExtension { reason } => Fact::ExtensionRequested {
            reason: text("reason", &reason)?,
        },
        ClockCommand::EndorseExtension => Fact::ExtensionEndorsed,
        ClockCommand::GrantExtension => {
            let (due_at, provisional) = due_of(case, case.granted + 1, &case.pauses, facts)?;
            let due_at = due_at.ok_or(Refusal::NoLimit)?;
            Fact::Extended {
                due_at,
                provisional,
            }
        }
        ClockCommand::RefuseExtension { reason } => Fact::ExtensionRefused {
            reason: text("reason", &reason)?,
        },
        ClockCommand::RequestSuspension { reason, until } => {
            let reason = text("reason", &reason)?;
            let until = end_of_suspension(until, facts)?;
            Fact::SuspensionRequested { reason, until }
        }
        ClockCommand::Suspend => {
            let asked = case.suspension.as_ref().ok_or(Refusal::NotAsked)?;
            let until = asked.until;
            Fact::Suspended { until }
        }
        ClockCommand::RefuseSuspension { reason } => Fact::SuspensionRefused {
            reason: text("reason", &reason)?,
        },
        ClockCommand::Resume | ClockCommand::LapseSuspension => {
            let (due_at, provisional) = due_after_pause(case, facts)?;
            Fact::Resumed {
                due_at,
                provisional,
            }
        }
        ClockCommand::AskRequester { question } => {
            let limit = facts.rules.answer_limit;
            let until = due(limit, facts)?;
            Fact::RequesterAsked {
                question: text("question", &question)?,
                until: until.at,
                nth: case.questions + 1,
                timed: Some(timed(limit, &until, facts)),
            }
        }
        ClockCommand::Answer { text: words, how } => {
            let (due_at, provisional) = due_after_pause(case, facts)?;
            let how = match facts.actor.kind {
                // Whoever writes it down for the requester says how it was said.
                "staff" => text("how", &how)?,
                _ => String::new(),
            };
            Fact::RequesterAnswered {
                text: text("text", &words)?,
                how,
                due_at,
                provisional,
            }
        }
        ClockCommand::Recompute => {
            let said = recompute::recomputed(case, facts)?.ok_or(Refusal::NotAsked)?;
            Fact::Recomputed(Box::new(said))
        }
        ClockCommand::LapseWaiting => {
            let (due_at, provisional) = due_after_pause(case, facts)?;
            Fact::WaitLapsed {
                due_at,
                provisional,
            }
        }
    })
}

/// An extension is asked for, endorsed and granted before the deadline: later it would hide that a case was late.
fn in_time(case: &Case, act: Act, facts: &Facts<'_>) -> Result<(), Refusal> {
    if case.limit_of_handling().is_none() {
        return Err(Refusal::NoLimit);
    }
    match case.due_at {
        Some(due) if facts.now >= due => Err(Refusal::TooLate { act: act.as_str() }),
        _ => Ok(()),
    }
}

/// The morning of the day on which a suspension ends.
fn end_of_suspension(until: Date, facts: &Facts<'_>) -> Result<Timestamp, Refusal> {
    let today = facts.tz.to_datetime(facts.now).date();
    let days = i64::from(facts.rules.longest_suspension_days);
    let refusal = || Refusal::OutOfRange {
        field: "until",
        from: today.saturating_add(1.day()).to_string(),
        to: today.saturating_add(days.days()).to_string(),
    };
    if until <= today || until > today.saturating_add(days.days()) {
        return Err(refusal());
    }
    let morning = until.to_zoned(facts.tz.clone()).map_err(|_| refusal())?;
    Ok(morning.timestamp())
}

/// When handling is due under so many extensions and pauses. A case without a limit of its own keeps what it has.
pub(super) fn due_of(
    case: &Case,
    extensions: u32,
    pauses: &[Pause],
    facts: &Facts<'_>,
) -> Result<(Option<Timestamp>, bool), Refusal> {
    let (Some(limit), Some(from)) = (case.limit_of_handling(), case.due_from) else {
        return Ok((case.due_at, case.provisional));
    };
    let wrong = |e: &dyn std::fmt::Display| Refusal::Deadline(e.to_string());
    let amount = limit
        .amount()
        .checked_mul(extensions + 1)
        .ok_or_else(|| wrong(&"the limit is too long"))?;
    let whole = Limit::new(amount, limit.clock()).map_err(|e| wrong(&e))?;
    let due = deadline(from, whole, facts.calendar, facts.tz, pauses).map_err(|e| wrong(&e))?;
    Ok((Some(due.at), due.provisional))
}

/// When handling is due after the pause that ends now. A deadline that came with a file moves by the length of the pause.
fn due_after_pause(case: &Case, facts: &Facts<'_>) -> Result<(Option<Timestamp>, bool), Refusal> {
    let mut pauses = case.pauses.clone();
    let since = close(&mut pauses, facts.now);
    if case.limit_of_handling().is_some() {
        return due_of(case, case.granted, &pauses, facts);
    }
    let moved = match (case.due_at, since) {
        (Some(due), Some(since)) if since < due => Some(due + facts.now.duration_since(since)),
        (due, _) => due,
    };
    Ok((moved, case.provisional))
}

/// Ends the pause that is open, if one is; answers since when it lasted.
fn close(pauses: &mut [Pause], at: Timestamp) -> Option<Timestamp> {
    let open = pauses.last_mut().filter(|p| p.to.is_none())?;
    open.to = Some(at.max(open.from));
    Some(open.from)
}

/// What an event of the clock makes of a case.
pub(super) fn change(case: &mut Case, event: &CaseEvent) {
    let at = event.at;
    match &event.fact {
        Fact::ExtensionRequested { reason } => {
            case.extension = Some(ExtensionRequest {
                reason: reason.clone(),
                endorsed: false,
                endorsed_by: None,
                asked_by: event.by.account,
            });
        }
        Fact::ExtensionEndorsed => {
            if let Some(asked) = &mut case.extension {
                asked.endorsed = true;
                asked.endorsed_by = event.by.account;
            }
        }
        Fact::Extended {
            due_at,
            provisional,
        } => {
            case.extension = None;
            case.extensions += 1;
            case.granted += 1;
            case.extended_at = Some(at);
            case.due_at = Some(*due_at);
            case.provisional = *provisional;
        }
        Fact::ExtensionRefused { .. } => case.extension = None,
        Fact::SuspensionRequested { reason, until } => {
            case.suspension = Some(SuspensionRequest {
                reason: reason.clone(),
                until: *until,
                asked_by: event.by.account,
            });
        }
        Fact::Suspended { until } => {
            case.suspensions += 1;
            stop(case, at, *until);
            case.state = State::Suspended;
        }
        Fact::SuspensionRefused { .. } => case.suspension = None,
        Fact::RequesterAsked {
            question,
            until,
            nth,
            timed,
        } => {
            case.questions = *nth;
            case.question = Some(question.clone());
            stop(case, at, *until);
            case.wait.clone_from(timed);
            case.state = State::Waiting;
        }
        Fact::Resumed {
            due_at,
            provisional,
        }
        | Fact::RequesterAnswered {
            due_at,
            provisional,
            ..
        }
        | Fact::WaitLapsed {
            due_at,
            provisional,
        } => {
            go_on(case, at);
            case.due_at = *due_at;
            case.provisional = *provisional;
            case.state = State::Handling;
        }
        _ => {}
    }
}

/// What the end of a limit rests on, to be kept with it.
pub(super) fn timed(limit: Limit, due: &kernel::Due, facts: &Facts<'_>) -> Timed {
    Timed {
        limit,
        calendar: facts.calendar.version().to_owned(),
        provisional: due.provisional,
    }
}

/// The clock stands still. What was asked for and not decided is over.
fn stop(case: &mut Case, at: Timestamp, until: Timestamp) {
    withdraw(case);
    case.pauses.push(Pause { from: at, to: None });
    case.paused_until = Some(until);
}

/// The clock runs on, if it stood still.
pub(super) fn go_on(case: &mut Case, at: Timestamp) {
    close(&mut case.pauses, at);
    case.paused_until = None;
    case.wait = None;
    case.question = None;
}

impl Case {
    /// 待审批 — which request about the clock waits for a decision: `extension` for the first of two levels, `endorsed` for
    /// the second, `suspension`. None when nobody asked. With two requests the one for more time goes first.
    pub fn asked(&self) -> Option<&'static str> {
        match (&self.extension, &self.suspension) {
            (Some(asked), _) if asked.endorsed => Some("endorsed"),
            (Some(_), _) => Some("extension"),
            (None, Some(_)) => Some("suspension"),
            (None, None) => None,
        }
    }
}

/// Requests about the clock are over when the unit has the case no longer.
pub(super) fn withdraw(case: &mut Case) {
    case.extension = None;
    case.suspension = None;
}
