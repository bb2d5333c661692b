//! Several units on one case: helpers (协办), a split and its joining (拆分、合并), the first receiver (首接负责), a whistle
//! (吹哨), a claim (认领), and the move to another unit when units are reorganised.
//!
//! Sources: 北京市接诉即办工作条例 art. 14 (首接负责: the first receiver leads and cannot shift; the others report to it in
//! time), art. 16 (吹哨报到), `rights.md` (claims). A part is no case of its own: it has a unit, a limit and an answer, but the
//! case stays one row with one clock and counts once. While the clock of handling stands still the parts' clocks do too.

use super::clocks::timed;
use super::{Actor, CityRules, Facts, Refusal, pictures, recompute, text};
use crate::model::{
    Ask, Case, CaseEvent, Claim, Claimant, Fact, Interest, JointFact, Moved, NotOpen, Part,
    PartDue, PartKind, PartMoved, State,
};
use crate::moves::Act;
use access::{Role, UnitId};
use kernel::deadline::{Limit, Pause, deadline};
use kernel::id::Id;
use serde::{Deserialize, Serialize};

/// The most parts a case may ever have.
pub const MOST_PARTS: usize = 24;
/// The most shares of one split, and units of one whistle.
pub const MOST_SHARES: usize = 8;

/// What somebody wants done where several work on one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are those of the facts they lead to"
)]
pub enum JointCommand {
    /// 协办
    AskHelp {
        unit: UnitId,
        ask: String,
        limit: Limit,
    },
    /// 拆分
    Split { shares: Vec<Ask> },
    /// A unit answers its part.
    AnswerPart {
        part: u32,
        answer: String,
        attachments: Vec<Id>,
    },
    /// A part is taken back.
    RecallPart { part: u32, reason: String },
    /// 首接负责
    NameFirst { reason: String },
    /// 被投诉单位
    NameParty { unit: UnitId },
    /// 吹哨. `is_street`: the caller's unit is one of a street, and the case lies in it.
    Whistle {
        units: Vec<UnitId>,
        ask: String,
        limit: Option<Limit>,
        is_street: bool,
    },
    /// 认领, by the unit of whoever acts.
    Claim { claimant: Claimant },
    /// The claimant shows what it did.
    ShowClaim {
        result: String,
        attachments: Vec<Id>,
    },
    /// The claim ends before its time.
    DropClaim { reason: String },
    /// Nothing was shown in time.
    LapseClaim,
    /// 机构调整
    ChangeUnit {
        from: UnitId,
        to: UnitId,
        why: String,
    },
}

impl JointCommand {
    /// Its row in the table of moves.
    pub fn act(&self) -> Act {
        match self {
            Self::AskHelp { .. } => Act::AskHelp,
            Self::Split { .. } => Act::Split,
            Self::AnswerPart { .. } => Act::AnswerPart,
            Self::RecallPart { .. } => Act::RecallPart,
            Self::NameFirst { .. } => Act::NameFirst,
            Self::NameParty { .. } => Act::NameParty,
            Self::Whistle { .. } => Act::Whistle,
            Self::Claim { .. } => Act::Claim,
            Self::ShowClaim { .. } => Act::ShowClaim,
            Self::DropClaim { .. } => Act::DropClaim,
            Self::LapseClaim => Act::LapseClaim,
            Self::ChangeUnit { .. } => Act::ChangeUnit,
        }
    }
    /// The words of people in it, to be masked before they are stored.
    #[must_use]
    pub fn masked(mut self, mask: impl Fn(&str) -> String) -> Self {
        match &mut self {
            Self::AskHelp { ask: words, .. }
            | Self::AnswerPart { answer: words, .. }
            | Self::RecallPart { reason: words, .. }
            | Self::NameFirst { reason: words }
            | Self::Whistle { ask: words, .. }
            | Self::ShowClaim { result: words, .. }
            | Self::DropClaim { reason: words } => *words = mask(words),
            Self::Split { shares } => shares.iter_mut().for_each(|s| s.ask = mask(&s.ask)),
            Self::NameParty { .. }
            | Self::Claim { .. }
            | Self::LapseClaim
            | Self::ChangeUnit { .. } => {}
        }
        self
    }
}

/// Why a command of several units is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JointRefusal {
    /// Another unit still owes an answer.
    #[error("parts {parts} are not answered: recall them with a reason or wait")]
    PartsOpen {
        /// Their numbers.
        parts: String,
    },
    /// There is no such part, or it has ended.
    #[error("there is no open part {part}")]
    NoPart {
        /// Which.
        part: u32,
    },
    /// The part belongs to another unit.
    #[error("part {part} is for another unit")]
    NotYourPart {
        /// Which.
        part: u32,
    },
    /// The unit leads the case, or has such a part already.
    #[error("this unit works on the case already")]
    WorksAlready,
    /// Fewer than two shares, or a unit twice.
    #[error("a split needs 2 to {MOST_SHARES} shares of different units")]
    Shares,
    /// The case is split already.
    #[error("the case is split; its shares must end first")]
    IsSplit,
    /// Too many parts.
    #[error("a case has at most {MOST_PARTS} parts")]
    TooManyParts,
    /// 首接负责
    #[error(
        "this unit was told first: it leads and may not pass the case on; it may ask others to help"
    )]
    FirstReceiver,
    /// Only a unit of a street whistles, for what lies in its street.
    #[error("only the unit of a street whistles, for what lies in its street")]
    NotAStreet,
    /// Nobody was named.
    #[error("name 1 to {MOST_SHARES} units to call")]
    NobodyCalled,
    /// Claims are for enterprises, organisations and residents' groups.
    #[error("claims are for enterprises, social and mass organisations and residents' groups")]
    NotOfSociety,
    /// The claimant did not subscribe to the matter at the place.
    #[error("this unit has not subscribed to the matter at this place")]
    NotSubscribed,
    /// The case is not open to claims.
    #[error("this case is not open to claims: {}", .0.as_str())]
    NotOpen(NotOpen),
    /// The claimant has an interest in the case.
    #[error("a claim is refused to whoever is, or stands above or below, the {} of the case", .0.as_str())]
    Interested(Interest),
    /// Somebody claims it already.
    #[error("the case is claimed already")]
    Claimed,
    /// Nobody claims it, or somebody else does.
    #[error("this unit has no claim on the case")]
    NoClaim,
    /// What was done has to be shown.
    #[error("what was done is shown with at least one picture or document")]
    NoEvidence,
    /// The case is not with that unit.
    #[error("the case is not with this unit")]
    NotWithUnit,
}

impl JointRefusal {
    /// A stable word for the API and the language files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PartsOpen { .. } => "cases.parts_open",
            Self::NoPart { .. } => "cases.no_part",
            Self::NotYourPart { .. } => "cases.not_your_part",
            Self::WorksAlready => "cases.works_already",
            Self::Shares => "cases.shares",
            Self::IsSplit => "cases.is_split",
            Self::TooManyParts => "cases.too_many_parts",
            Self::FirstReceiver => "cases.first_receiver",
            Self::NotAStreet => "cases.not_a_street",
            Self::NobodyCalled => "cases.nobody_called",
            Self::NotOfSociety => "cases.not_of_society",
            Self::NotSubscribed => "cases.not_subscribed",
            Self::NotOpen(NotOpen::Class) => "cases.not_open_class",
            Self::NotOpen(NotOpen::Nature) => "cases.not_open_nature",
            Self::Interested(_) => "cases.interested",
            Self::Claimed => "cases.claimed",
            Self::NoClaim => "cases.no_claim",
            Self::NoEvidence => "cases.no_evidence",
            Self::NotWithUnit => "cases.not_with_unit",
        }
    }
    /// Whether it is about who asks.
    pub fn is_forbidden(&self) -> bool {
        matches!(
            self,
            Self::NotYourPart { .. }
                | Self::NotAStreet
                | Self::NotOfSociety
                | Self::NotSubscribed
                | Self::Interested(_)
                | Self::NoClaim
        )
    }
    /// Whether it is about how the case stands at the moment.
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::PartsOpen { .. }
                | Self::NoPart { .. }
                | Self::WorksAlready
                | Self::IsSplit
                | Self::TooManyParts
                | Self::FirstReceiver
                | Self::NotOpen(_)
                | Self::Claimed
                | Self::NotWithUnit
        )
    }
    /// The field at fault.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoPart { .. } | Self::NotYourPart { .. } => Some("part"),
            Self::WorksAlready => Some("unit"),
            Self::Shares => Some("shares"),
            Self::NobodyCalled => Some("units"),
            Self::NoEvidence => Some("attachments"),
            _ => None,
        }
    }
    /// Words for the sentence.
    pub fn args(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::PartsOpen { parts } => vec![("parts", parts.clone())],
            Self::NoPart { part } | Self::NotYourPart { part } => vec![("part", part.to_string())],
            Self::Interested(interest) => vec![("interest", interest.as_str().to_owned())],
            _ => Vec::new(),
        }
    }
}

impl From<JointRefusal> for Refusal {
    fn from(refusal: JointRefusal) -> Self {
        Self::Joint(refusal)
    }
}

/// Whether the actor's unit has the case.
fn leads(case: &Case, actor: &Actor) -> bool {
    case.unit.is_some() && case.unit == actor.unit
}

fn is_dispatcher(actor: &Actor) -> bool {
    actor.roles.contains(&Role::Dispatcher)
}

/// Whether somebody may make a move of several units as the case stands, whatever its words.
pub(super) fn may(case: &Case, act: Act, actor: &Actor) -> Result<(), Refusal> {
    let joint = &case.joint;
    match act {
        // The lead, or the dispatcher for it.
        Act::AskHelp | Act::Split | Act::RecallPart
            if !leads(case, actor) && !is_dispatcher(actor) =>
        {
            Err(Refusal::NotYourUnit { act: act.as_str() })
        }
        Act::Split if joint.is_split() => Err(JointRefusal::IsSplit.into()),
        Act::RecallPart if joint.open().next().is_none() => {
            Err(JointRefusal::NoPart { part: 0 }.into())
        }
        Act::AnswerPart => {
            let own = joint.open().any(|p| Some(p.unit) == actor.unit);
            if own {
                Ok(())
            } else {
                Err(JointRefusal::NotYourPart { part: 0 }.into())
            }
        }
        Act::NameFirst if joint.first.is_some() && joint.first == case.unit => {
            Err(Refusal::AlreadyAsked)
        }
        Act::Return if joint.first.is_some() && joint.first == case.unit => {
            Err(JointRefusal::FirstReceiver.into())
        }
        Act::ReportBack => match open_parts(case) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(()),
        },
        Act::Claim if leads(case, actor) => {
            Err(JointRefusal::Interested(Interest::Handling).into())
        }
        Act::Claim if joint.claim.is_some() => Err(JointRefusal::Claimed.into()),
        Act::ShowClaim if joint.claim.as_ref().map(|c| c.unit) != actor.unit => {
            Err(JointRefusal::NoClaim.into())
        }
        Act::DropClaim => match &joint.claim {
            Some(claim)
                if Some(claim.unit) == actor.unit || leads(case, actor) || is_dispatcher(actor) =>
            {
                Ok(())
            }
            _ => Err(JointRefusal::NoClaim.into()),
        },
        Act::LapseClaim if joint.claim.as_ref().is_none_or(|c| c.shown_at.is_some()) => {
            Err(JointRefusal::NoClaim.into())
        }
        _ => Ok(()),
    }
}

/// 取证 — what a unit has to show when it answers its share of a split (拆分): it handles that share, and every department that
/// handles shows what it did (`domain.md` §1.7, step 6). A helper (协办) handles nothing of its own; the lead shows it.
pub fn evidence_owed_for<'c>(case: &'c Case, part: &Part, rules: &CityRules) -> Option<&'c str> {
    match part.kind {
        PartKind::Share => super::evidence_owed(case, rules),
        PartKind::Help => None,
    }
}

/// Whether there is room for what a move of several units adds at least, whatever its words.
pub(super) fn bounds(case: &Case, act: Act) -> Result<(), Refusal> {
    match act {
        Act::AskHelp => room_for(case, 1),
        Act::Split => room_for(case, 2),
        _ => Ok(()),
    }
}

/// The refusal of a report back while others still owe their answer.
fn open_parts(case: &Case) -> Option<JointRefusal> {
    let open: Vec<String> = case.joint.open().map(|p| p.no.to_string()).collect();
    (!open.is_empty()).then(|| JointRefusal::PartsOpen {
        parts: open.join(", "),
    })
}

/// What a command of several units leads to.
pub(super) fn decide(
    case: &Case,
    command: JointCommand,
    facts: &Facts<'_>,
) -> Result<Vec<Fact>, Refusal> {
    may(case, command.act(), facts.actor)?;
    bounds(case, command.act())?;
    let next = case.joint.parts.last().map_or(1, |p| p.no + 1);
    let one = |fact| Ok(vec![Fact::Joint(fact)]);
    match command {
        JointCommand::AskHelp { unit, ask, limit } => {
            room_for(case, 1)?;
            let is_there = case.joint.open().any(|p| p.unit == unit);
            if case.unit == Some(unit) || is_there {
                return Err(JointRefusal::WorksAlready.into());
            }
            let due = due_of(limit, facts, &[], facts.now)?;
            one(JointFact::HelpAsked {
                part: next,
                unit,
                ask: text("ask", &ask)?,
                limit,
                due_at: due.at,
                provisional: due.provisional,
                calendar: Some(facts.calendar.version().to_owned()),
            })
        }
        JointCommand::Split { shares } => {
            room_for(case, shares.len())?;
            let mut units: Vec<UnitId> = shares.iter().map(|s| s.unit).collect();
            units.sort_unstable();
            units.dedup();
            if !(2..=MOST_SHARES).contains(&shares.len()) || units.len() < shares.len() {
                return Err(JointRefusal::Shares.into());
            }
            let mut dues = Vec::with_capacity(shares.len());
            let mut asked = Vec::with_capacity(shares.len());
            for (part, share) in (next..).zip(shares) {
                let due = due_of(share.limit, facts, &[], facts.now)?;
                dues.push(PartDue {
                    part,
                    due_at: due.at,
                    provisional: due.provisional,
                    calendar: Some(facts.calendar.version().to_owned()),
                });
                asked.push(Ask {
                    ask: text("ask", &share.ask)?,
                    ..share
                });
            }
            one(JointFact::Split {
                first: next,
                shares: asked,
                dues,
            })
        }
        JointCommand::AnswerPart {
            part,
            answer,
            attachments,
        } => {
            let found = open_part(case, part)?;
            if Some(found.unit) != facts.actor.unit {
                return Err(JointRefusal::NotYourPart { part }.into());
            }
            if attachments.is_empty()
                && let Some(evidence) = evidence_owed_for(case, found, facts.rules)
            {
                return Err(Refusal::EvidenceOwed {
                    evidence: evidence.to_owned(),
                });
            }
            let answered = JointFact::PartAnswered {
                part,
                answer: text("answer", &answer)?,
                attachments: pictures(attachments)?,
            };
            Ok(ended(case, part, answered))
        }
        JointCommand::RecallPart { part, reason } => {
            open_part(case, part)?;
            let reason = text("reason", &reason)?;
            Ok(ended(case, part, JointFact::PartRecalled { part, reason }))
        }
        JointCommand::NameFirst { reason } => {
            let unit = case.unit.ok_or(Refusal::Missing { field: "unit" })?;
            let reason = text("reason", &reason)?;
            one(JointFact::FirstNamed { unit, reason })
        }
        JointCommand::NameParty { unit } => one(JointFact::PartyNamed { unit }),
        JointCommand::Whistle {
            mut units,
            ask,
            limit,
            is_street,
        } => {
            let by_unit = facts
                .actor
                .unit
                .filter(|_| is_street)
                .ok_or(JointRefusal::NotAStreet)?;
            units.sort_unstable();
            units.dedup();
            if units.is_empty() || units.len() > MOST_SHARES {
                return Err(JointRefusal::NobodyCalled.into());
            }
            if units.contains(&by_unit) {
                return Err(JointRefusal::WorksAlready.into());
            }
            let ask = text("ask", &ask)?;
            let limit = limit.unwrap_or(facts.rules.whistle_limit);
            let due = due_of(limit, facts, &[], facts.now)?;
            one(JointFact::Whistled {
                by_unit,
                units,
                ask,
                due_at: due.at,
                timed: Some(timed(limit, &due, facts)),
                from_outside: case.unit != Some(by_unit) && !case.joint.shows_to(by_unit),
            })
        }
        JointCommand::Claim { claimant } => claim(&claimant, facts),
        JointCommand::ShowClaim {
            result,
            attachments,
        } => {
            let unit = facts.actor.unit.ok_or(JointRefusal::NoClaim)?;
            let result = text("result", &result)?;
            if attachments.is_empty() {
                return Err(JointRefusal::NoEvidence.into());
            }
            one(JointFact::ClaimShown {
                unit,
                result,
                attachments: pictures(attachments)?,
            })
        }
        JointCommand::DropClaim { reason } => {
            let claim = case.joint.claim.as_ref().ok_or(JointRefusal::NoClaim)?;
            let reason = text("reason", &reason)?;
            one(JointFact::ClaimDropped {
                unit: claim.unit,
                reason,
            })
        }
        JointCommand::LapseClaim => {
            let claim = case.joint.claim.as_ref().ok_or(JointRefusal::NoClaim)?;
            if claim.until > facts.now {
                return Err(JointRefusal::NoClaim.into());
            }
            one(JointFact::ClaimLapsed { unit: claim.unit })
        }
        JointCommand::ChangeUnit { from, to, why } => {
            let has = case.unit == Some(from)
                || case.ruled == Some(from)
                || case.joint.has_to_do_with(from);
            if !has || from == to {
                return Err(JointRefusal::NotWithUnit.into());
            }
            let why = text("why", &why)?;
            let worked = case.unit == Some(from) && case.state != State::PendingSign;
            one(JointFact::UnitChanged {
                from,
                to,
                why,
                worked,
            })
        }
    }
}

/// Every guard of a claim (`rights.md`), in the order in which a claimant should learn of it.
fn claim(claimant: &Claimant, facts: &Facts<'_>) -> Result<Vec<Fact>, Refusal> {
    if !claimant.is_of_society {
        return Err(JointRefusal::NotOfSociety.into());
    }
    if !claimant.is_subscribed {
        return Err(JointRefusal::NotSubscribed.into());
    }
    if let Some(why) = claimant.not_open {
        return Err(JointRefusal::NotOpen(why).into());
    }
    if let Some(interest) = claimant.interest {
        return Err(JointRefusal::Interested(interest).into());
    }
    let unit = facts.actor.unit.ok_or(JointRefusal::NotOfSociety)?;
    let limit = facts.rules.claim_limit;
    let until = due_of(limit, facts, &[], facts.now)?;
    Ok(vec![Fact::Joint(JointFact::Claimed {
        unit,
        until: until.at,
        timed: Some(timed(limit, &until, facts)),
    })])
}

/// The end of a part, and the joining if it was the last share of a split.
fn ended(case: &Case, part: u32, fact: JointFact) -> Vec<Fact> {
    let is_share = |p: &&Part| p.kind == PartKind::Share;
    let was_last = case.joint.part(part).filter(is_share).is_some()
        && !case.joint.open().filter(is_share).any(|p| p.no != part);
    let mut facts = vec![Fact::Joint(fact)];
    if was_last {
        facts.push(Fact::Joint(JointFact::SharesJoined));
    }
    facts
}

fn open_part(case: &Case, part: u32) -> Result<&Part, Refusal> {
    let found = case.joint.part(part).filter(|p| p.is_open());
    found.ok_or_else(|| JointRefusal::NoPart { part }.into())
}

fn room_for(case: &Case, more: usize) -> Result<(), Refusal> {
    if case.joint.parts.len() + more > MOST_PARTS {
        return Err(JointRefusal::TooManyParts.into());
    }
    Ok(())
}

fn due_of(
    limit: Limit,
    facts: &Facts<'_>,
    pauses: &[Pause],
    from: jiff::Timestamp,
) -> Result<kernel::deadline::Due, Refusal> {
    deadline(from, limit, facts.calendar, facts.tz, pauses)
        .map_err(|e| Refusal::Deadline(e.to_string()))
}

/// When a part is due: by its own limit from when it was asked, less what stood still since.
fn due_of_part(
    part: &Part,
    pauses: &[Pause],
    facts: &Facts<'_>,
) -> Result<kernel::deadline::Due, Refusal> {
    let since = part.asked_at;
    let own: Vec<Pause> = pauses
        .iter()
        .filter(|p| p.to.is_some_and(|to| to > since))
        .map(|p| Pause {
            from: p.from.max(since),
            ..*p
        })
        .collect();
    due_of(part.limit, facts, &own, since)
}

/// What another calendar makes of the parts whose answer is owed. While the clock of handling stands still theirs do too,
/// and are computed when it goes on.
pub(super) fn recomputed_parts(case: &Case, facts: &Facts<'_>) -> Result<Vec<PartMoved>, Refusal> {
    let mut parts = Vec::new();
    if case.paused_until.is_some() {
        return Ok(parts);
    }
    for part in case.joint.open() {
        if part.calendar.as_deref() == Some(facts.calendar.version()) {
            continue;
        }
        let due = due_of_part(part, &case.pauses, facts)?;
        let was = (part.due_at, part.provisional, part.calendar.as_deref());
        if let Some(moved) = recompute::moved_limit(was, &due) {
            parts.push(PartMoved {
                part: part.no,
                moved,
            });
        }
    }
    Ok(parts)
}

/// What another calendar makes of a claim that has shown nothing. One of before limits were kept stays as it is.
pub(super) fn recomputed_claim(case: &Case, facts: &Facts<'_>) -> Result<Option<Moved>, Refusal> {
    let Some(claim) = case.joint.claim.as_ref().filter(|c| c.shown_at.is_none()) else {
        return Ok(None);
    };
    match &claim.timed {
        Some(t) if t.calendar != facts.calendar.version() => {
            let due = due_of(t.limit, facts, &[], claim.at)?;
            let was = (claim.until, t.provisional, Some(t.calendar.as_str()));
            Ok(recompute::moved_limit(was, &due))
        }
        _ => Ok(None),
    }
}

/// After the clock of handling stood still: the parts that are open are due later by as much, each by its own clock.
pub(super) fn after_pause(case: &Case, facts: &Facts<'_>) -> Result<Option<Fact>, Refusal> {
    let mut pauses = case.pauses.clone();
    let Some(open) = pauses.last_mut().filter(|p| p.to.is_none()) else {
        return Ok(None);
    };
    open.to = Some(facts.now.max(open.from));
    let mut dues = Vec::new();
    for part in case.joint.open() {
        let due = due_of_part(part, &pauses, facts)?;
        if (due.at, due.provisional) != (part.due_at, part.provisional) {
            dues.push(PartDue {
                part: part.no,
                due_at: due.at,
                provisional: due.provisional,
                calendar: Some(facts.calendar.version().to_owned()),
            });
        }
    }
    Ok((!dues.is_empty()).then_some(Fact::Joint(JointFact::PartsMoved { dues })))
}

/// What an event of several units makes of a case. The clock, the deadline and the state of handling are never touched.
pub(super) fn change(case: &mut Case, event: &CaseEvent, fact: &JointFact) {
    let at = event.at;
    match fact {
        JointFact::HelpAsked {
            part,
            unit,
            ask,
            limit,
            due_at,
            provisional,
            calendar,
        } => case.joint.parts.push(Part {
            no: *part,
            kind: PartKind::Help,
            unit: *unit,
            ask: ask.clone(),
            limit: *limit,
            asked_at: at,
            due_at: *due_at,
            provisional: *provisional,
            calendar: calendar.clone(),
            answered_at: None,
            recalled_at: None,
        }),
        JointFact::Split { shares, dues, .. } => {
            let new = shares.iter().zip(dues).map(|(share, due)| Part {
                no: due.part,
                kind: PartKind::Share,
                unit: share.unit,
                ask: share.ask.clone(),
                limit: share.limit,
                asked_at: at,
                due_at: due.due_at,
                provisional: due.provisional,
                calendar: due.calendar.clone(),
                answered_at: None,
                recalled_at: None,
            });
            case.joint.parts.extend(new);
        }
        JointFact::PartAnswered { part, .. } => {
            if let Some(part) = part_mut(case, *part) {
                part.answered_at = Some(at);
            }
        }
        JointFact::PartRecalled { part, .. } => {
            if let Some(part) = part_mut(case, *part) {
                part.recalled_at = Some(at);
            }
        }
        JointFact::SharesJoined => {}
        JointFact::PartsMoved { dues } => {
            for due in dues {
                if let Some(part) = part_mut(case, due.part) {
                    part.due_at = due.due_at;
                    part.provisional = due.provisional;
                    part.calendar.clone_from(&due.calendar);
                }
            }
        }
        JointFact::FirstNamed { unit, .. } => case.joint.first = Some(*unit),
        JointFact::PartyNamed { unit } => case.joint.party = Some(*unit),
        JointFact::Whistled {
            by_unit,
            units,
            from_outside,
            ..
        } => {
            if *from_outside {
                case.joint.callers.push(*by_unit);
            }
            for unit in units {
                if !case.joint.called.contains(unit) {
                    case.joint.called.push(*unit);
                }
            }
        }
        JointFact::Claimed { unit, until, timed } => {
            case.joint.claim = Some(Claim {
                unit: *unit,
                at,
                until: *until,
                timed: timed.clone(),
                shown_at: None,
            });
        }
        JointFact::ClaimShown { unit, .. } => {
            if let Some(claim) = &mut case.joint.claim {
                claim.shown_at = Some(at);
            }
            if !case.joint.claimants.contains(unit) {
                case.joint.claimants.push(*unit);
            }
        }
        JointFact::ClaimDropped { .. } | JointFact::ClaimLapsed { .. } => case.joint.claim = None,
        JointFact::UnitChanged {
            from, to, worked, ..
        } => {
            if *worked {
                case.joint.worked_by(*from);
            }
            change_unit(case, *from, *to);
        }
    }
}

pub(super) fn part_mut(case: &mut Case, no: u32) -> Option<&mut Part> {
    case.joint.parts.iter_mut().find(|p| p.no == no)
}

/// The work of one unit goes on in another; parts that have ended stay where they were.
fn change_unit(case: &mut Case, from: UnitId, to: UnitId) {
    let moved = |unit: &mut Option<UnitId>| {
        if *unit == Some(from) {
            *unit = Some(to);
        }
    };
    if case.unit == Some(from) {
        // The handler may belong to either of the new units: its head gives the case out again.
        case.handler = None;
    }
    moved(&mut case.unit);
    moved(&mut case.ruled);
    moved(&mut case.joint.first);
    for part in case.joint.parts.iter_mut().filter(|p| p.is_open()) {
        if part.unit == from {
            part.unit = to;
        }
    }
    moved(&mut case.joint.party);
    if let Some(claim) = &mut case.joint.claim
        && claim.unit == from
    {
        claim.unit = to;
    }
    for units in [&mut case.joint.called, &mut case.joint.callers] {
        if units.contains(&from) {
            units.retain(|unit| ![from, to].contains(unit));
            units.push(to);
        }
    }
}

/// The unit has the case no longer: open parts end with it, and so does a claim.
pub(super) fn finish(case: &mut Case, at: jiff::Timestamp) {
    for part in case.joint.parts.iter_mut().filter(|p| p.is_open()) {
        part.recalled_at = Some(at);
    }
    case.joint.claim = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Place, Reported, Standard};
    use crate::rules::{self, CityRules, ClockCommand, Command};
    use crate::{CaseId, rules::apply};
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use kernel::Calendar;
    use matters::MatterId;

    fn id(n: u8) -> Id {
        Id::from_bytes([n; 16])
    }
    fn unit(n: u8) -> UnitId {
        UnitId(id(n))
    }
    fn by(roles: &[Role], of: u8, account: u8) -> Actor {
        Actor {
            kind: "staff",
            account: Some(id(account)),
            roles: roles.to_vec(),
            unit: Some(unit(of)),
            is_program: false,
            behalf: None,
            ties: rules::Ties::default(),
        }
    }
    const LEAD: u8 = 1;
    const HELPER: u8 = 2;
    const OTHER: u8 = 3;
    const GROUP: u8 = 4;

    struct Life {
        case: Case,
        now: Timestamp,
        rules: CityRules,
    }
    impl Life {
        /// A case that its unit is handling since Monday, 8:00.
        fn handling() -> Self {
            let now: Timestamp = "2026-03-16T08:00+08:00".parse().unwrap();
            let mut life = Self {
                case: blank(now),
                now,
                rules: CityRules::default(),
            };
            let desk = [Role::Acceptor, Role::ShiftLeader, Role::Dispatcher];
            let matter = MatterId(id(50));
            let standard = Standard {
                matter,
                code: "C0101".into(),
                catalogue: "t".into(),
                rule: 1,
                condition: "缺失".into(),
                limit: Some("2工作日".parse().unwrap()),
                closings: Vec::new(),
                evidence: None,
                legal_basis: None,
                edition: None,
            };
            let desk = by(&desk, 9, 9);
            life.must(
                &desk,
                Command::Accept {
                    matter: Some(matter),
                    urgent: false,
                },
            );
            life.must(&desk, Command::Register { standard });
            life.must(
                &desk,
                Command::Dispatch {
                    unit: unit(LEAD),
                    basis: String::new(),
                },
            );
            life.must(&lead(), Command::Sign);
            life
        }
        fn try_(&mut self, actor: &Actor, command: Command) -> Result<(), Refusal> {
            let tz = TimeZone::get("Asia/Shanghai").unwrap();
            let facts = Facts {
                now: self.now,
                actor,
                calendar: Calendar::cn(),
                tz: &tz,
                rules: &self.rules,
                on_duty: None,
            };
            for event in rules::decide(Some(&self.case), command, &facts)? {
                self.case = apply(Some(self.case.clone()), &event).unwrap();
            }
            Ok(())
        }
        fn must(&mut self, actor: &Actor, command: Command) {
            self.try_(actor, command).unwrap();
        }
        fn joint(&mut self, actor: &Actor, command: JointCommand) -> Result<(), Refusal> {
            self.try_(actor, Command::Joint(command))
        }
        fn at(&mut self, text: &str) {
            self.now = text.parse().unwrap();
        }
    }
    fn blank(now: Timestamp) -> Case {
        let report = Reported {
            notify: false,
            district: "330102".parse().unwrap(),
            number: "330102-20260316-00001".parse().unwrap(),
            reported_at: now,
            channel: "web".into(),
            matter: None,
            description: "井盖缺失".into(),
            place: Place::default(),
            subject: Some(id(7)),
            attachments: Vec::new(),
            verify: false,
            self_handled: None,
            confidential: false,
            same_as: None,
            nature: None,
            nature_assumed: false,
            askable: None,
            requested: false,
        };
        let event = CaseEvent {
            seq: 1,
            at: now,
            done_at: None,
            clocks: None,
            by: crate::model::By {
                kind: "stranger".into(),
                account: None,
                role: None,
                unit: None,
                on_behalf: None,
            },
            fact: Fact::Reported(Box::new(report)),
        };
        rules::replay(CaseId(id(77)), &[event]).unwrap()
    }
    fn lead() -> Actor {
        by(&[Role::DepartmentLead, Role::Handler], LEAD, 1)
    }
    fn helper() -> Actor {
        by(&[Role::Handler], HELPER, 2)
    }
    fn checker(of: u8) -> Actor {
        by(&[Role::Checker, Role::ShiftLeader], of, 5)
    }
    fn help(of: u8) -> JointCommand {
        JointCommand::AskHelp {
            unit: unit(of),
            ask: "请查管线".into(),
            limit: "4工作时".parse().unwrap(),
        }
    }
    fn answer(part: u32) -> JointCommand {
        JointCommand::AnswerPart {
            part,
            answer: "已查".into(),
            attachments: Vec::new(),
        }
    }
    fn report_back() -> Command {
        Command::ReportBack {
            result: "修好".into(),
            attachments: vec![id(8)],
        }
    }
    fn recall(part: u32) -> JointCommand {
        JointCommand::RecallPart {
            part,
            reason: "不再需要".into(),
        }
    }
    fn split() -> JointCommand {
        let share = |of| Ask {
            unit: unit(of),
            ask: "一部分".into(),
            limit: "1工作日".parse().unwrap(),
        };
        JointCommand::Split {
            shares: vec![share(HELPER), share(OTHER)],
        }
    }
    fn claim_by(claimant: Claimant) -> JointCommand {
        JointCommand::Claim { claimant }
    }
    fn fit() -> Claimant {
        Claimant {
            is_of_society: true,
            is_subscribed: true,
            ..Claimant::default()
        }
    }
    fn group() -> Actor {
        by(&[Role::Handler], GROUP, 4)
    }
    fn code(result: Result<(), Refusal>) -> &'static str {
        result.unwrap_err().code()
    }

    #[test]
    fn the_lead_reports_back_only_when_no_helper_owes_an_answer() {
        let mut life = Life::handling();
        life.joint(&lead(), help(HELPER)).unwrap();
        assert_eq!(code(life.try_(&lead(), report_back())), "parts_open");
        life.joint(&helper(), answer(1)).unwrap();
        life.must(&lead(), report_back());
        assert_eq!(life.case.state, State::PendingCheck);
    }

    #[test]
    fn a_part_recalled_with_a_reason_lets_the_lead_report_back() {
        let mut life = Life::handling();
        life.joint(&lead(), help(HELPER)).unwrap();
        let silent = JointCommand::RecallPart {
            part: 1,
            reason: " ".into(),
        };
        assert_eq!(code(life.joint(&lead(), silent)), "missing");
        life.joint(&lead(), recall(1)).unwrap();
        assert_eq!(code(life.joint(&helper(), answer(1))), "not_your_part");
        life.must(&lead(), report_back());
    }

    #[test]
    fn only_the_lead_or_the_dispatcher_asks_and_only_the_helper_answers() {
        let mut life = Life::handling();
        assert_eq!(code(life.joint(&helper(), help(OTHER))), "not_your_unit");
        let dispatcher = by(&[Role::Dispatcher], 9, 9);
        life.joint(&dispatcher, help(HELPER)).unwrap();
        assert_eq!(code(life.joint(&lead(), answer(1))), "not_your_part");
        assert_eq!(code(life.joint(&lead(), help(LEAD))), "works_already");
        assert_eq!(code(life.joint(&lead(), help(HELPER))), "works_already");
    }

    #[test]
    fn a_helper_never_checks_the_case() {
        let mut life = Life::handling();
        life.joint(&lead(), help(HELPER)).unwrap();
        life.joint(&helper(), answer(1)).unwrap();
        life.must(&lead(), report_back());
        let check = || Command::Check {
            passed: true,
            note: String::new(),
            attachments: Vec::new(),
        };
        assert_eq!(code(life.try_(&checker(HELPER), check())), "own_unit");
        life.must(&checker(OTHER), check());
    }

    #[test]
    fn a_split_is_joined_when_its_last_share_ends_and_stays_one_case() {
        let mut life = Life::handling();
        let due = life.case.due_at;
        life.joint(&lead(), split()).unwrap();
        assert!(life.case.joint.is_split());
        assert_eq!(code(life.joint(&lead(), split())), "is_split");
        let before = life.case.version;
        life.joint(&helper(), answer(1)).unwrap();
        assert_eq!(life.case.version, before + 1);
        life.joint(&by(&[Role::Handler], OTHER, 3), answer(2))
            .unwrap();
        // The answer and the joining.
        assert_eq!(life.case.version, before + 3);
        assert!(!life.case.joint.is_split());
        assert_eq!(life.case.due_at, due, "the clock of the case is its own");
        life.must(&lead(), report_back());
    }

    #[test]
    fn one_share_is_no_split() {
        let mut life = Life::handling();
        let share = Ask {
            unit: unit(HELPER),
            ask: "全部".into(),
            limit: "1工作日".parse().unwrap(),
        };
        let one = JointCommand::Split {
            shares: vec![share.clone()],
        };
        let twice = JointCommand::Split {
            shares: vec![share.clone(), share],
        };
        assert_eq!(code(life.joint(&lead(), one)), "shares");
        assert_eq!(code(life.joint(&lead(), twice)), "shares");
    }

    #[test]
    fn the_first_receiver_cannot_pass_the_case_on() {
        let mut life = Life::handling();
        let name = JointCommand::NameFirst {
            reason: "居民先到窗口".into(),
        };
        let dispatcher = by(&[Role::Dispatcher], 9, 9);
        life.joint(&dispatcher, name).unwrap();
        let back = || Command::Return {
            reason: "非职责".into(),
        };
        assert_eq!(code(life.try_(&lead(), back())), "first_receiver");
        // As a rule of the city: whoever signed for it leads.
        let mut other = Life::handling();
        other.rules.first_receiver_leads = true;
        assert_eq!(code(other.try_(&lead(), back())), "first_receiver");
        other.rules.first_receiver_leads = false;
        other.must(&lead(), back());
    }

    #[test]
    fn parts_stand_still_with_the_case() {
        let mut life = Life::handling();
        life.case.record.requested = true;
        life.joint(&lead(), help(HELPER)).unwrap();
        let due = life.case.joint.parts[0].due_at;
        assert_eq!(due, "2026-03-16T12:00+08:00".parse().unwrap());
        life.at("2026-03-16T10:00+08:00");
        let ask = ClockCommand::AskRequester {
            question: "哪一处？".into(),
        };
        life.must(&lead(), Command::Clock(ask));
        life.at("2026-03-17T08:00+08:00");
        let said = ClockCommand::Answer {
            text: "北侧".into(),
            how: "电话".into(),
        };
        life.must(&lead(), Command::Clock(said));
        // Two of the four hours were used on Monday; two are left on Tuesday.
        let moved = life.case.joint.parts[0].due_at;
        assert_eq!(moved, "2026-03-17T10:00+08:00".parse().unwrap());
    }

    #[test]
    fn a_case_that_leaves_its_unit_takes_its_parts_along() {
        let mut life = Life::handling();
        life.joint(&lead(), help(HELPER)).unwrap();
        life.joint(&group(), claim_by(fit())).unwrap();
        life.must(
            &lead(),
            Command::Return {
                reason: "非职责".into(),
            },
        );
        assert_eq!(life.case.joint.open().count(), 0);
        assert_eq!(life.case.joint.claim, None);
    }

    #[test]
    fn every_guard_of_a_claim_refuses() {
        let mut life = Life::handling();
        let tries = [
            (
                Claimant {
                    is_of_society: false,
                    ..fit()
                },
                "not_of_society",
            ),
            (
                Claimant {
                    is_subscribed: false,
                    ..fit()
                },
                "not_subscribed",
            ),
            (
                Claimant {
                    not_open: Some(NotOpen::Class),
                    ..fit()
                },
                "not_open_class",
            ),
            (
                Claimant {
                    not_open: Some(NotOpen::Nature),
                    ..fit()
                },
                "not_open_nature",
            ),
            (
                Claimant {
                    interest: Some(Interest::Owning),
                    ..fit()
                },
                "interested",
            ),
            (
                Claimant {
                    interest: Some(Interest::Party),
                    ..fit()
                },
                "interested",
            ),
        ];
        for (claimant, why) in tries {
            assert_eq!(code(life.joint(&group(), claim_by(claimant))), why);
            assert_eq!(life.case.joint.claim, None);
        }
    }

    #[test]
    fn a_claim_leaves_clock_and_duty_with_the_unit_and_needs_evidence() {
        let mut life = Life::handling();
        let (due, holder) = (life.case.due_at, life.case.unit);
        life.joint(&group(), claim_by(fit())).unwrap();
        assert_eq!(code(life.joint(&group(), claim_by(fit()))), "claimed");
        assert_eq!((life.case.due_at, life.case.unit), (due, holder));
        let show = |files: Vec<Id>| JointCommand::ShowClaim {
            result: "已清理".into(),
            attachments: files,
        };
        assert_eq!(
            code(life.joint(&helper(), show(vec![id(8)]))),
            "no_claim",
            "somebody else's claim"
        );
        assert_eq!(code(life.joint(&group(), show(Vec::new()))), "no_evidence");
        life.joint(&group(), show(vec![id(8)])).unwrap();
        assert_eq!(life.case.state, State::Handling, "the unit answers for it");
        assert_eq!(
            code(life.joint(&program(), JointCommand::LapseClaim)),
            "no_claim"
        );
        life.must(&lead(), report_back());
        let check = Command::Check {
            passed: true,
            note: String::new(),
            attachments: Vec::new(),
        };
        assert_eq!(code(life.try_(&checker(GROUP), check)), "own_unit");
    }

    fn program() -> Actor {
        Actor {
            kind: "system",
            account: None,
            roles: Vec::new(),
            unit: None,
            is_program: true,
            behalf: None,
            ties: rules::Ties::default(),
        }
    }

    #[test]
    fn a_claim_lapses_after_a_day() {
        let mut life = Life::handling();
        life.joint(&group(), claim_by(fit())).unwrap();
        let until = life.case.joint.claim.as_ref().unwrap().until;
        assert_eq!(until, "2026-03-17T08:00+08:00".parse().unwrap());
        assert_eq!(
            code(life.joint(&program(), JointCommand::LapseClaim)),
            "no_claim",
            "not before its time"
        );
        life.now = until;
        life.joint(&program(), JointCommand::LapseClaim).unwrap();
        assert_eq!(life.case.joint.claim, None);
    }

    #[test]
    fn only_a_street_whistles() {
        let mut life = Life::handling();
        let whistle = |is_street, units: Vec<UnitId>| JointCommand::Whistle {
            units,
            ask: "到场会商".into(),
            limit: None,
            is_street,
        };
        let lead = lead();
        let to = vec![unit(HELPER)];
        assert_eq!(
            code(life.joint(&lead, whistle(false, to.clone()))),
            "not_a_street"
        );
        assert_eq!(
            code(life.joint(&lead, whistle(true, Vec::new()))),
            "nobody_called"
        );
        assert!(!life.case.joint.shows_to(unit(HELPER)));
        life.joint(&lead, whistle(true, to)).unwrap();
        assert!(life.case.joint.shows_to(unit(HELPER)));
    }

    #[test]
    fn a_reorganisation_moves_open_work_and_leaves_what_has_ended() {
        let mut life = Life::handling();
        let (due, from) = (life.case.due_at, unit(HELPER));
        life.joint(&lead(), help(HELPER)).unwrap();
        life.joint(&helper(), answer(1)).unwrap();
        life.joint(&lead(), help(HELPER)).unwrap();
        let change = |from, to| JointCommand::ChangeUnit {
            from,
            to,
            why: "机构改革".into(),
        };
        assert_eq!(
            code(life.joint(&lead(), change(from, unit(OTHER)))),
            "wrong_role"
        );
        life.joint(&program(), change(from, unit(OTHER))).unwrap();
        let units: Vec<UnitId> = life.case.joint.parts.iter().map(|p| p.unit).collect();
        assert_eq!(units, [from, unit(OTHER)]);
        life.joint(&program(), change(unit(LEAD), unit(OTHER)))
            .unwrap();
        assert_eq!((life.case.unit, life.case.due_at), (Some(unit(OTHER)), due));
        assert_eq!(
            code(life.joint(&program(), change(unit(LEAD), unit(OTHER)))),
            "not_with_unit"
        );
    }

    #[test]
    fn a_deputy_judges_neither_the_own_units_case_nor_the_own_request() {
        let mut life = Life::handling();
        let mut handler = lead();
        handler.roles.push(Role::Dispatcher);
        let ask = ClockCommand::RequestExtension {
            reason: "等配件".into(),
        };
        life.must(&handler, Command::Clock(ask));
        // The same person, now in the place of a dispatcher of another unit.
        let deputy = Actor {
            roles: vec![Role::Dispatcher, Role::ShiftLeader, Role::Checker],
            unit: Some(unit(9)),
            behalf: Some(crate::rules::Behalf {
                account: id(40),
                own_unit: None,
            }),
            ..lead()
        };
        assert_eq!(
            code(life.try_(&deputy, Command::Clock(ClockCommand::EndorseExtension))),
            "same_person"
        );
        life.must(&lead(), report_back());
        let of_lead = Actor {
            behalf: Some(crate::rules::Behalf {
                account: id(40),
                own_unit: Some(unit(LEAD)),
            }),
            ..deputy
        };
        let check = Command::Check {
            passed: true,
            note: String::new(),
            attachments: Vec::new(),
        };
        assert_eq!(code(life.try_(&of_lead, check)), "own_unit");
    }
}
