//! How several work on one case: parts of helpers and of a split, a claim, units called by a whistle. Plain types, no I/O.

use access::UnitId;
use jiff::Timestamp;
use kernel::deadline::Limit;
use kernel::id::Id;
use serde::{Deserialize, Serialize};

super::words! {
    /// Why a part of a case is with another unit.
    PartKind {
        /// 协办 — the lead unit keeps the case and asks for help with it.
        Help = "help",
        /// 拆分 — the case was split: every share has its own unit, limit and answer; they are joined when all have ended.
        Share = "share",
    }
}

/// A part of a case that a unit answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its number within the case, from 1; never used again.
    pub no: u32,
    /// Help or share.
    pub kind: PartKind,
    /// Whose part it is.
    pub unit: UnitId,
    /// What is asked.
    pub ask: String,
    /// How long the unit has, by its clock.
    pub limit: Limit,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When the answer is due.
    pub due_at: Timestamp,
    /// The calendar did not reach that far.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// The calendar version by which it is due; none in lives of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalled_at: Option<Timestamp>,
}

impl Part {
    /// Whether an answer is still owed.
    pub fn is_open(&self) -> bool {
        self.answered_at.is_none() && self.recalled_at.is_none()
    }
}

/// What the end of a limit rests on, so that another calendar can move it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timed {
    /// How long.
    pub limit: Limit,
    /// The calendar version by which it was computed.
    pub calendar: String,
    /// That calendar did not reach so far.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

/// 认领 — an enterprise, an organisation or a residents' group that offers to do the work. Clock and duty stay with the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who claims.
    pub unit: UnitId,
    /// When.
    pub at: Timestamp,
    /// When the claim is over if nothing was shown by then.
    pub until: Timestamp,
    /// Its limit, and the calendar by which it ends; none in lives of before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed: Option<Timed>,
    /// When the claimant showed what it did; then the claim waits for the unit and no longer lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_at: Option<Timestamp>,
}

/// Who works on a case besides its unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joint {
    /// Parts, in the order of their numbers; those that have ended stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The claim that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// Whose work under a claim was shown: they never judge the case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claimants: Vec<UnitId>,
    /// 首接负责 — this unit was told first: it leads and may not pass the case on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<UnitId>,
    /// The enterprise or organisation that is complained of. Never a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<UnitId>,
    /// Units that worked on the round that runs and have the case no longer: they never judge it. Those of rounds before are
    /// in [`crate::record::Record::rounds`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worked: Vec<UnitId>,
    /// 吹哨 — units that were called to the case; they see it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called: Vec<UnitId>,
    /// Units of the street that called others to a case that is not their own; they see it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<UnitId>,
}

impl Joint {
    /// Whether nobody besides the unit has to do with the case.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
    /// The part of this number.
    pub fn part(&self, no: u32) -> Option<&Part> {
        self.parts.iter().find(|p| p.no == no)
    }
    /// The parts whose answer is still owed.
    pub fn open(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|p| p.is_open())
    }
    /// Whether the case is split into shares of which one is still open.
    pub fn is_split(&self) -> bool {
        self.open().any(|p| p.kind == PartKind::Share)
    }
    /// Whether a unit may see the case because it has or had a part in it, was called to it, or called others to it. A
    /// claimant may not: it sees place, class and redacted text on a page of its own.
    pub fn shows_to(&self, unit: UnitId) -> bool {
        self.parts.iter().any(|p| p.unit == unit)
            || self.called.contains(&unit)
            || self.callers.contains(&unit)
    }
    /// Whether a unit has something to do with the case that goes on: it owes a part, claims it, was called to it, called
    /// others to it, or is complained of.
    pub fn has_to_do_with(&self, unit: UnitId) -> bool {
        self.open().any(|p| p.unit == unit)
            || self.claim.as_ref().is_some_and(|c| c.unit == unit)
            || self.called.contains(&unit)
            || self.callers.contains(&unit)
            || self.party == Some(unit)
    }
    /// Whether a unit's own work is in the case: then it does not judge it.
    pub fn has_work_of(&self, unit: UnitId) -> bool {
        self.parts
            .iter()
            .any(|p| p.unit == unit && p.recalled_at.is_none())
            || self.claim.as_ref().is_some_and(|c| c.unit == unit)
            || self.claimants.contains(&unit)
            || self.worked.contains(&unit)
    }
    /// A unit worked on the case that has it no longer.
    pub(crate) fn worked_by(&mut self, unit: UnitId) {
        if !self.worked.contains(&unit) {
            self.worked.push(unit);
        }
    }
}

/// What a unit is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Which unit.
    pub unit: UnitId,
    /// What for.
    pub ask: String,
    /// How long it has.
    pub limit: Limit,
}

/// A new deadline of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartDue {
    /// Which part.
    pub part: u32,
    /// When its answer is due now.
    pub due_at: Timestamp,
    /// The calendar did not reach that far.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// The calendar version that says so; none in lives of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

super::words! {
    /// What a claimant must not be to the case.
    Interest {
        /// 处置单位
        Handling = "handling",
        /// 权属单位
        Owning = "owning",
        /// 养护单位
        Maintaining = "maintaining",
        /// 主管部门
        Competent = "competent",
        /// 被投诉单位
        Party = "party",
    }
}

super::words! {
    /// Why a case is not open to claims.
    NotOpen {
        /// Its class is not one whose cases are public.
        Class = "class",
        /// It is a person's request for help, or a report in confidence.
        Nature = "nature",
    }
}

/// What is known of somebody who wants to claim a case, looked up before the rules decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimant {
    /// It is an enterprise, a social organisation, a mass organisation or a residents' group.
    pub is_of_society: bool,
    /// It subscribed to the matter at the place.
    pub is_subscribed: bool,
    /// Why the case is not open to claims at all.
    pub not_open: Option<NotOpen>,
    /// What it, or a unit above or below it, is to the case.
    pub interest: Option<Interest>,
}

/// What can happen when several work on one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JointFact {
    /// 协办 — a unit is asked to help.
    HelpAsked {
        /// The number of its part.
        part: u32,
        /// Which unit.
        unit: UnitId,
        /// What is asked.
        ask: String,
        /// How long it has.
        limit: Limit,
        /// When the answer is due.
        due_at: Timestamp,
        /// The calendar did not reach that far.
        provisional: bool,
        /// The calendar version that says so; none in lives of before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calendar: Option<String>,
    },
    /// 拆分 — the case is split into shares; it stays one case.
    Split {
        /// The number of the first share; the others follow.
        first: u32,
        /// The shares in order.
        shares: Vec<Ask>,
        /// When each is due, in the same order.
        dues: Vec<PartDue>,
    },
    /// A part was answered.
    PartAnswered {
        /// Which.
        part: u32,
        /// What was found and done.
        answer: String,
        /// Pictures and documents.
        attachments: Vec<Id>,
    },
    /// A part was taken back.
    PartRecalled {
        /// Which.
        part: u32,
        /// Why.
        reason: String,
    },
    /// 合并 — the last share has ended: the case is one again.
    SharesJoined,
    /// The clock stood still: the parts are due later.
    PartsMoved {
        /// Their new deadlines.
        dues: Vec<PartDue>,
    },
    /// 首接负责 — the unit leads because it was told first; it may not pass the case on.
    FirstNamed {
        /// Which unit.
        unit: UnitId,
        /// Why.
        reason: String,
    },
    /// An enterprise or organisation is complained of.
    PartyNamed {
        /// Which.
        unit: UnitId,
    },
    /// 吹哨 — a street called units to the case.
    Whistled {
        /// Whose whistle.
        by_unit: UnitId,
        /// Who was called.
        units: Vec<UnitId>,
        /// What for.
        ask: String,
        /// When each has to have responded.
        due_at: Timestamp,
        /// What that rests on; none in lives of before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timed: Option<Timed>,
        /// The case is another unit's: the street that whistled for it sees it from now on.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        from_outside: bool,
    },
    /// 认领
    Claimed {
        /// By whom.
        unit: UnitId,
        /// When it is over if nothing was shown.
        until: Timestamp,
        /// What that rests on; none in lives of before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timed: Option<Timed>,
    },
    /// The claimant shows what it did.
    ClaimShown {
        /// Whose claim.
        unit: UnitId,
        /// What was done.
        result: String,
        /// Pictures and documents: at least one.
        attachments: Vec<Id>,
    },
    /// The claimant gives up, or the desk or the unit ends the claim.
    ClaimDropped {
        /// Whose claim.
        unit: UnitId,
        /// Why.
        reason: String,
    },
    /// Nothing was shown in time.
    ClaimLapsed {
        /// Whose claim.
        unit: UnitId,
    },
    /// 机构调整 — a unit of the case merged or was split; its work goes on in another.
    UnitChanged {
        /// The unit until now.
        from: UnitId,
        /// The unit from now on.
        to: UnitId,
        /// Which reorganisation.
        why: String,
        /// The unit until now had signed for the case: its work is in it. Not told in lives of before it was kept.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        worked: bool,
    },
}
