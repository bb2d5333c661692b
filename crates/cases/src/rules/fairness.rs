//! Fairness to the record: appeal and exemption (申诉), leaving a call-back out of the rates (剔除), what the requester says
//! (回访、评价), and reopening (重新办理).
//!
//! Sources: `domain.md` §1.7 ("appeal against overtime: only after closing, only by the department, once per case; dispatcher
//! then acceptor decide; approval sets an exemption flag; original overtime stays visible"), §3.2 (art. 8, 12, 23), §3.3
//! (剔除 "must be reviewed and visible"). None of it changes a fact: flags stand beside them.

use super::{Actor, Facts, Refusal, at_most, due, optional_text, pictures, text};
use crate::model::{CallBack, Case, CaseEvent, Fact, Satisfaction, State};
use crate::moves::Act;
use crate::record::{Appeal, AppealStage, Exclusion, Joined, Round};
use access::{Role, UnitId};
use jiff::{SignedDuration, Timestamp};
use kernel::codes::CaseNumber;
use kernel::id::Id;
use serde::{Deserialize, Serialize};

/// How often a requester may rate by the link after each end: a changed rating is a second fact, not a flood.
pub const MOST_RATINGS: u32 = 5;
/// How many messages a requester may add to a case by the link.
pub const MOST_MESSAGES: u32 = 20;
/// The most cases that are merged into one: a crowd of more is a topic, not a duplicate.
pub const MOST_JOINED: usize = 500;
/// The most reasons of a dissatisfied requester that are kept.
const MOST_MISSING: usize = 10;

/// What somebody wants done about how a case counts, or what its requester says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are those of the facts they lead to"
)]
pub enum FairCommand {
    /// 申诉
    LodgeAppeal {
        count: String,
        reason: String,
        evidence: String,
        attachments: Vec<Id>,
    },
    /// 申诉初审同意
    EndorseAppeal,
    /// 申诉终审同意
    GrantAppeal,
    /// 申诉不同意
    RefuseAppeal { reason: String },
    /// 申请剔除
    AskExclusion { reason: String, words: String },
    /// 同意剔除
    GrantExclusion,
    /// 不同意剔除
    RefuseExclusion { reason: String },
    /// 评价 — the requester rates by the link.
    Rate {
        contacted: Option<bool>,
        solved: Option<bool>,
        satisfaction: Satisfaction,
        missing: Vec<String>,
        note: String,
    },
    /// 重新办理. `to_dispatch`: the unit is no longer there, or none had it.
    Reopen { reason: String, to_dispatch: bool },
    /// 补充说明 — the requester adds something.
    AddMessage { text: String },
    /// Another case is merged into this one.
    Join { number: CaseNumber, owed: bool },
    /// That merge is undone.
    Part { number: CaseNumber },
    /// 再次回访 — the case it was merged into was reopened.
    RenewCall,
}

impl FairCommand {
    /// Its row in the table of moves.
    pub fn act(&self) -> Act {
        match self {
            Self::LodgeAppeal { .. } => Act::LodgeAppeal,
            Self::EndorseAppeal => Act::EndorseAppeal,
            Self::GrantAppeal => Act::GrantAppeal,
            Self::RefuseAppeal { .. } => Act::RefuseAppeal,
            Self::AskExclusion { .. } => Act::AskExclusion,
            Self::GrantExclusion => Act::GrantExclusion,
            Self::RefuseExclusion { .. } => Act::RefuseExclusion,
            Self::Rate { .. } => Act::Rate,
            Self::Reopen { .. } => Act::Reopen,
            Self::AddMessage { .. } => Act::AddMessage,
            Self::Join { .. } => Act::Join,
            Self::Part { .. } => Act::Part,
            Self::RenewCall => Act::RenewCall,
        }
    }
}

/// What the raw facts say about a count in the round that ended last; none for a count that the program has no fact for.
fn raw(case: &Case, count: &str) -> Option<bool> {
    match count {
        "late" => Some(is_late(case)),
        "rework" => Some(case.reworks > 0),
        "return" => Some(case.returns > 0),
        "extension" => Some(case.extensions > 0),
        "reopened" => Some(!case.record.rounds.is_empty()),
        "dissatisfied" => Some(
            case.call_back
                .as_ref()
                .is_some_and(|c| c.satisfaction == Satisfaction::Dissatisfied),
        ),
        "unsolved" => Some(
            case.call_back
                .as_ref()
                .is_some_and(|c| c.solved == Some(false)),
        ),
        _ => None,
    }
}

/// Which round an appeal against a count is about: the last in which the raw facts hold it against the unit; none where they
/// hold nothing. A round that was handled late stays late whatever came after, so an appeal reaches it after a reopening too,
/// if it was the round of the unit that has the case or of one whose work that took over. A return, a failed check and more
/// time belong to the round in which they last happened. What a requester said, and what the program has no fact for, is that
/// of the round that ended last: what was said before a reopening counts nowhere any more.
pub fn appealed_round(case: &Case, count: &str, took_over: &[UnitId]) -> Option<usize> {
    let record = &case.record;
    let last = record.rounds.len();
    if count == "late" && !is_late(case) {
        let is_its_own =
            |r: &Round| r.unit == case.unit || r.unit.is_some_and(|unit| took_over.contains(&unit));
        return record
            .rounds
            .iter()
            .rposition(|r| r.is_late() && is_its_own(r));
    }
    if raw(case, count) == Some(false) {
        return None;
    }
    let at = |at: Option<Timestamp>| at.map_or(last, |at| record.round_at(at));
    Some(match count {
        "rework" => at(case.reworked_at),
        "extension" => at(case.extended_at),
        "return" => record.returned_in,
        _ => last,
    })
}

/// Whether handling ended after its deadline in a round that a reopening ended: it counts as late for ever.
pub fn was_late_before(case: &Case) -> bool {
    case.record.rounds.iter().any(Round::is_late)
}

/// Whether handling ended after its deadline in the round that is or ended last: the raw fact, whatever was exempted.
pub fn is_late(case: &Case) -> bool {
    matches!((case.handled_at, case.due_at), (Some(handled), Some(due)) if handled > due)
}

/// Until when something may be done that is possible for so many days after the end.
pub fn window(case: &Case, days: u32) -> Option<Timestamp> {
    let days = SignedDuration::from_hours(24 * i64::from(days));
    case.closed_at?.checked_add(days).ok()
}

/// A person who writes what the requester says must be of the desk.
fn of_the_desk(act: Act, actor: &Actor) -> Result<(), Refusal> {
    const DESK: [Role; 3] = [Role::Acceptor, Role::Checker, Role::ShiftLeader];
    if actor.kind != "staff" || DESK.iter().any(|r| actor.roles.contains(r)) {
        return Ok(());
    }
    Err(Refusal::WrongRole {
        act: act.as_str(),
        roles: DESK.map(Role::as_str).join(", "),
    })
}

/// Whether somebody may make a move of fairness as the case stands, whatever its words and whatever the hour.
pub(super) fn may(case: &Case, act: Act, actor: &Actor) -> Result<(), Refusal> {
    let appeal = case.record.appeal.as_ref();
    let stage = appeal.map(|a| a.stage);
    match act {
        Act::LodgeAppeal if appeal.is_some() => Err(Refusal::UsedUp {
            act: act.as_str(),
            most: 1,
        }),
        Act::EndorseAppeal => match stage {
            Some(AppealStage::Lodged) => not_by(appeal.and_then(|a| a.by), actor),
            Some(AppealStage::Endorsed) => Err(Refusal::AlreadyAsked),
            _ => Err(Refusal::NotAsked),
        },
        Act::GrantAppeal => match appeal.filter(|a| a.stage.is_open()) {
            None => Err(Refusal::NotAsked),
            Some(a) if a.stage == AppealStage::Lodged => Err(Refusal::NotEndorsed),
            Some(a) => {
                not_by(a.endorsed_by, actor)?;
                not_by(a.by, actor)
            }
        },
        Act::RefuseAppeal => match appeal.filter(|a| a.stage.is_open()) {
            None => Err(Refusal::NotAsked),
            // The second reviewer is another person than the first, whichever way it goes.
            Some(a) => {
                not_by(a.endorsed_by, actor)?;
                not_by(a.by, actor)
            }
        },
        Act::AskExclusion => match (&case.call_back, &case.record.exclusion) {
            (None, _) => Err(Refusal::NotRated),
            (_, Some(e)) if e.granted.is_none() => Err(Refusal::AlreadyAsked),
            (_, Some(_)) => Err(Refusal::UsedUp {
                act: act.as_str(),
                most: 1,
            }),
            _ => Ok(()),
        },
        Act::GrantExclusion | Act::RefuseExclusion => match &case.record.exclusion {
            Some(e) if e.granted.is_none() => not_by(e.by, actor),
            _ => Err(Refusal::NotAsked),
        },
        Act::Rate if actor.kind == "staff" || actor.is_program => Err(Refusal::WrongRole {
            act: act.as_str(),
            roles: "requester".into(),
        }),
        Act::Rate | Act::Reopen | Act::AddMessage if !super::answer::is_owed(case) => {
            Err(Refusal::NoRequester)
        }
        Act::Reopen | Act::AddMessage => of_the_desk(act, actor),
        // What was said in person in this round is not overwritten by what somebody writes down for them.
        Act::CallBack if case.record.ratings_used > 0 => Err(Refusal::SaidInPerson),
        Act::RenewCall if case.call_back.is_none() => Err(Refusal::NotRated),
        _ => Ok(()),
    }
}

/// Whether a move of fairness is still possible now, whatever its words: how often, and by when.
pub(super) fn bounds(case: &Case, act: Act, facts: &Facts<'_>) -> Result<(), Refusal> {
    let rules = facts.rules;
    match act {
        Act::Rate => {
            // What was merged ended elsewhere: the caller looks at when that case ended.
            if case.state != State::Merged {
                in_window(case, act, rules.rate_days, facts)?;
            }
            at_most(act, case.record.ratings_used, MOST_RATINGS)
        }
        Act::Reopen => {
            in_window(case, act, rules.reopen_days, facts)?;
            let used = u32::try_from(case.record.rounds.len()).unwrap_or(u32::MAX);
            at_most(act, used, rules.most_reopenings)
        }
        Act::AddMessage if facts.actor.kind != "staff" => {
            at_most(act, case.record.messages_used, MOST_MESSAGES)
        }
        _ => Ok(()),
    }
}

/// Two levels are two people, and whoever takes the first one's place is not the second. Nobody in particular (the program)
/// is not the same person as anybody.
fn not_by(first: Option<Id>, actor: &Actor) -> Result<(), Refusal> {
    match actor.is_or_stands_for(first) {
        true => Err(Refusal::SamePerson),
        false => Ok(()),
    }
}

/// What a command of fairness leads to.
pub(super) fn decide(
    case: &Case,
    command: FairCommand,
    facts: &Facts<'_>,
) -> Result<Fact, Refusal> {
    let act = command.act();
    may(case, act, facts.actor)?;
    bounds(case, act, facts)?;
    let rules = facts.rules;
    Ok(match command {
        FairCommand::LodgeAppeal {
            count,
            reason,
            evidence,
            attachments,
        } => {
            let count = text("count", &count)?;
            let Some(round) = appealed_round(case, &count, &facts.actor.ties.took_over) else {
                return Err(Refusal::NothingToAppeal { count });
            };
            let evidence = match attachments.is_empty() {
                true => text("evidence", &evidence)?,
                false => optional_text("evidence", &evidence)?,
            };
            Fact::AppealLodged {
                count,
                reason: text("reason", &reason)?,
                evidence,
                attachments: pictures(attachments)?,
                round: Some(round),
            }
        }
        FairCommand::EndorseAppeal => Fact::AppealEndorsed,
        FairCommand::GrantAppeal => Fact::AppealGranted,
        FairCommand::RefuseAppeal { reason } => Fact::AppealRefused {
            reason: text("reason", &reason)?,
        },
        FairCommand::AskExclusion { reason, words } => Fact::ExclusionAsked {
            reason: text("reason", &reason)?,
            words: optional_text("words", &words)?,
        },
        FairCommand::GrantExclusion => Fact::ExclusionGranted,
        FairCommand::RefuseExclusion { reason } => Fact::ExclusionRefused {
            reason: text("reason", &reason)?,
        },
        FairCommand::Rate {
            contacted,
            solved,
            satisfaction,
            missing,
            note,
        } => said(case, contacted, solved, satisfaction, missing, &note)?,
        FairCommand::Reopen {
            reason,
            to_dispatch,
        } => {
            // Which limit runs afterwards: the city's for reopened cases, else that of the standard, and never that of the
            // round before.
            let next = Case {
                round_limit: rules.reopen_limit,
                ..case.clone()
            };
            let limit = next.limit_of_handling();
            let is_with_unit = case.state == State::Closed && !to_dispatch && case.unit.is_some();
            // The limit begins when the unit has it: at once, or at the next dispatch.
            let due = match limit.filter(|_| is_with_unit) {
                Some(limit) => Some(due(limit, facts)?),
                None => None,
            };
            Fact::Reopened {
                reason: text("reason", &reason)?,
                due_at: due.as_ref().map(|d| d.at),
                provisional: due.is_some_and(|d| d.provisional),
                to_dispatch: !is_with_unit,
                limit: next.round_limit,
            }
        }
        FairCommand::AddMessage { text: words } => Fact::RequesterAdded {
            text: text("text", &words)?,
        },
        FairCommand::Join { number, owed } => {
            let joined = case.record.joined.iter().find(|j| j.number == number);
            // It may say anew whether an answer is owed on its account.
            let is_here = joined.is_some_and(|j| j.owed == owed);
            if number == case.number || case.merged_into == Some(number) {
                return Err(Refusal::MergeCycle { into: case.number });
            }
            if is_here || joined.is_none() && case.record.joined.len() >= MOST_JOINED {
                return Err(Refusal::MergeTarget { into: case.number });
            }
            Fact::Joined { number, owed }
        }
        FairCommand::Part { number } => {
            if case.record.joined.iter().all(|j| j.number != number) {
                return Err(Refusal::NoMerge);
            }
            Fact::Parted { number }
        }
        FairCommand::RenewCall => Fact::CallRenewed,
    })
}

/// What a requester said, as a fact. `missing` are codes of the city's list; the caller has checked them. A changed rating is
/// a second fact: what was asked or agreed to about the one before is not about this one.
pub(super) fn said(
    case: &Case,
    contacted: Option<bool>,
    solved: Option<bool>,
    satisfaction: Satisfaction,
    missing: Vec<String>,
    note: &str,
) -> Result<Fact, Refusal> {
    if missing.len() > MOST_MISSING {
        return Err(Refusal::TooMany { most: MOST_MISSING });
    }
    Ok(Fact::CalledBack {
        contacted,
        solved,
        satisfaction,
        missing,
        note: optional_text("note", note)?,
        unit: None,
        anew: case.record.exclusion.is_some(),
    })
}

fn in_window(case: &Case, act: Act, days: u32, facts: &Facts<'_>) -> Result<(), Refusal> {
    match window(case, days) {
        Some(until) if facts.now <= until => Ok(()),
        _ => Err(Refusal::WindowClosed {
            act: act.as_str(),
            days,
        }),
    }
}

/// What an event of fairness makes of a case.
pub(super) fn change(case: &mut Case, event: &CaseEvent) {
    let at = event.at;
    match &event.fact {
        Fact::CalledBack {
            contacted,
            solved,
            satisfaction,
            missing,
            unit,
            anew,
            ..
        } => {
            if event.by.kind != "staff" {
                case.record.ratings_used += 1;
            }
            if *anew {
                case.record.exclusion = None;
            }
            case.call_back = Some(CallBack {
                at,
                contacted: *contacted,
                solved: *solved,
                satisfaction: *satisfaction,
                missing: missing.clone(),
                unit: *unit,
            });
        }
        Fact::AppealLodged {
            count,
            reason,
            evidence,
            round,
            ..
        } => {
            case.record.appeal = Some(Appeal {
                count: count.clone(),
                reason: reason.clone(),
                evidence: evidence.clone(),
                by: event.by.account,
                endorsed_by: None,
                stage: AppealStage::Lodged,
                refused: None,
                round: round.unwrap_or(case.record.rounds.len()),
            });
        }
        Fact::AppealEndorsed => {
            if let Some(appeal) = &mut case.record.appeal {
                appeal.stage = AppealStage::Endorsed;
                appeal.endorsed_by = event.by.account;
            }
        }
        Fact::AppealGranted => {
            if let Some(appeal) = &mut case.record.appeal {
                appeal.stage = AppealStage::Granted;
                // It is about that round, also when the case was reopened meanwhile.
                let exempt = match case.record.rounds.get_mut(appeal.round) {
                    Some(round) => &mut round.exempt,
                    None => &mut case.record.exempt,
                };
                exempt.push(appeal.count.clone());
            }
        }
        Fact::AppealRefused { reason } => {
            if let Some(appeal) = &mut case.record.appeal {
                appeal.stage = AppealStage::Refused;
                appeal.refused = Some(reason.clone());
            }
        }
        Fact::ExclusionAsked { reason, words } => {
            case.record.exclusion = Some(Exclusion {
                reason: reason.clone(),
                words: words.clone(),
                by: event.by.account,
                granted: None,
            });
        }
        Fact::ExclusionGranted | Fact::ExclusionRefused { .. } => {
            if let Some(exclusion) = &mut case.record.exclusion {
                exclusion.granted = Some(matches!(event.fact, Fact::ExclusionGranted));
            }
        }
        Fact::Reopened {
            reason,
            due_at,
            provisional,
            to_dispatch,
            limit,
        } => {
            reopen(case, at, reason, (*due_at, *provisional), *to_dispatch);
            case.round_limit = *limit;
        }
        Fact::Joined { number, owed } => {
            let joined = &mut case.record.joined;
            match joined.iter_mut().find(|j| j.number == *number) {
                Some(known) => known.owed = *owed,
                None => joined.push(Joined {
                    number: *number,
                    owed: *owed,
                }),
            }
        }
        // What was said stays in the life; it is about a round that is over.
        Fact::CallRenewed => {
            case.call_back = None;
            case.record.exclusion = None;
            case.record.ratings_used = 0;
        }
        Fact::Parted { number } => case.record.joined.retain(|j| j.number != *number),
        Fact::RequesterAdded { .. } if event.by.kind != "staff" => {
            case.record.messages_used += 1;
        }
        _ => {}
    }
}

/// The round that ended is put away as it was, and the next one begins.
fn reopen(
    case: &mut Case,
    at: Timestamp,
    reason: &str,
    (due_at, provisional): (Option<Timestamp>, bool),
    to_dispatch: bool,
) {
    let record = &mut case.record;
    let round = Round {
        reopened_at: at,
        reason: reason.to_owned(),
        unit: case.unit,
        due_at: case.due_at,
        handled_at: case.handled_at.take(),
        closed_at: case.closed_at.take(),
        closing: case.closing.take(),
        call_back: case.call_back.take(),
        exclusion: record.exclusion.take(),
        answer: record.answer.take(),
        exempt: std::mem::take(&mut record.exempt),
    };
    record.rounds.push(round);
    record.ratings_used = 0;
    record.draft = None;
    case.pauses.clear();
    case.granted = 0;
    case.questions = 0;
    case.handler = None;
    case.due_from = due_at.map(|_| at);
    case.due_at = due_at;
    case.provisional = provisional;
    case.state = match (case.state, to_dispatch) {
        // What the desk had answered is looked at again by the desk.
        (State::AnsweredDirectly, _) => State::PendingAccept,
        (_, true) => {
            case.unit = None;
            State::PendingDispatch
        }
        (_, false) => State::PendingSign,
    };
}
