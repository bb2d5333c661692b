//! What a case is: its state, its events, and the row they add up to. Plain types, no I/O.

use crate::record::{Answer, Record};
use crate::stage::{Clocks, HeldStage, Stage};
use access::{AccountId, Role, UnitId};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::codes::{CaseNumber, DistrictCode, DivisionCode, GridCode};
use kernel::deadline::{Limit, Pause};
use kernel::geo::{Crs, Point};
use kernel::id::Id;
use matters::{Catalogue, Condition, MatterClass, MatterId};
use serde::{Deserialize, Serialize};

kernel::typed_id! {
    /// 案件 — one matter reported or found. Its head is the time it was reported.
    CaseId
}
store::id_value!(CaseId);

#[path = "model_joint.rs"]
mod joint;
pub use joint::{
    Ask, Claim, Claimant, Interest, Joint, JointFact, NotOpen, Part, PartDue, PartKind, Timed,
};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them, in the order shown to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in the store, the API and files.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(format!(concat!("unknown ", stringify!($name), " {:?}"), text)) }
            }
        }
        store::text_value!($name);
    };
}
pub(crate) use words;

words! {
    /// 状态 — where a case stands.
    State {
        /// 待核实 — a worker goes and looks whether the report is true.
        PendingVerify = "pending_verify",
        /// 待受理
        PendingAccept = "pending_accept",
        /// 不予受理
        NotAccepted = "not_accepted",
        /// 待立案
        PendingRegister = "pending_register",
        /// 不予立案
        NotRegistered = "not_registered",
        /// 待派遣
        PendingDispatch = "pending_dispatch",
        /// 待协调 — returned three times: a coordinator rules whose duty it is.
        Coordinating = "coordinating",
        /// 待签收
        PendingSign = "pending_sign",
        /// 处置中
        Handling = "handling",
        /// 挂账 — suspended until a day; the clock stands still.
        Suspended = "suspended",
        /// 待反映人答复 — a question only the requester can answer; the clock stands still.
        Waiting = "waiting",
        /// 待核查 — a worker goes and looks whether it is really fixed.
        PendingCheck = "pending_check",
        /// 待结案
        PendingClose = "pending_close",
        /// 结案
        Closed = "closed",
        /// 自处置待审核 — put right on the spot by whoever found it.
        SelfHandledAudit = "self_handled_audit",
        /// 自处置归档
        SelfHandled = "self_handled",
        /// 并案 — a duplicate of another case.
        Merged = "merged",
        /// 作废
        Voided = "voided",
        /// 移出 — left this system (known only from files).
        Transferred = "transferred",
        /// 直接办结 — the desk answered it itself; counted apart from the work of units.
        AnsweredDirectly = "answered_directly",
    }
}

impl State {
    /// Whether the life of the case is over (a call-back, a note or undoing a merge may still follow).
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::NotAccepted
                | Self::NotRegistered
                | Self::Closed
                | Self::SelfHandled
                | Self::Merged
                | Self::Voided
                | Self::Transferred
                | Self::AnsweredDirectly
        )
    }
}

words! {
    /// What a verification on the spot found (核实).
    VerifyOutcome {
        /// 属实
        Yes = "yes",
        /// 不属实
        No = "no",
        /// 未找到
        NotFound = "not_found",
    }
}

words! {
    /// What the requester said when called back (回访).
    Satisfaction {
        /// 满意
        Satisfied = "satisfied",
        /// 基本满意
        Acceptable = "acceptable",
        /// 不满意
        Dissatisfied = "dissatisfied",
        /// 未联系上、未表态
        Unknown = "unknown",
    }
}

/// Where something is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The point in WGS 84 (CGCS2000 is the same to a metre).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// The point as it came, when it came in another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<(Crs, f64, f64)>,
    /// The unit grid it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<GridCode>,
    /// The community, street or district, as far as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<DivisionCode>,
    /// The address in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Place {
    /// The smallest division known around it: for what a division sets, such as its hours.
    pub fn here(&self) -> Option<DivisionCode> {
        self.grid.map(GridCode::community).or(self.division)
    }
}

/// Who made an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// `staff`, `resident`, `stranger`, `system`.
    pub kind: String,
    /// The account, or the fixed id of a part of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Id>,
    /// The role in which it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The unit of whoever did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// 代理 — whose place the account took, while that colleague was on leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf: Option<Id>,
}

/// What the standard says about a matter, as chosen at registration and kept with the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standard {
    /// The class; it belongs to one catalogue version, so the case keeps meaning what it meant.
    pub matter: MatterId,
    /// The class code in its catalogue, such as `C0101`.
    pub code: String,
    /// The catalogue version.
    pub catalogue: String,
    /// The number of the registration condition.
    pub rule: u32,
    /// The condition's words.
    pub condition: String,
    /// The limit for handling, if the condition has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What closing may be called, such as 恢复 or 更换或修复; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closings: Vec<String>,
    /// 取证要求 — what has to be shown; none in lives of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Law, clause; none in lives of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// Which version of the class said so; none in lives of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Box<Edition>>,
}

impl Standard {
    /// A registration condition of a class as it counts now, to be kept with a case.
    pub fn of(class: &MatterClass, condition: &Condition, catalogue: Option<&Catalogue>) -> Self {
        let (standard, of_standard) = catalogue
            .map(|c| (c.standard.clone(), c.version.clone()))
            .unwrap_or_default();
        Self {
            matter: class.id,
            code: class.code.clone(),
            catalogue: class.catalogue.clone(),
            rule: condition.rule_no,
            condition: condition.text.clone(),
            limit: condition.limit,
            closings: condition.closing.clone(),
            evidence: condition.evidence.clone(),
            legal_basis: condition.legal_basis.clone(),
            edition: Some(Box::new(Edition {
                version: class.version,
                valid_from: class.valid_from,
                standard,
                of_standard,
            })),
        }
    }
    /// The words of what the condition wants shown; none where it wants nothing. A sheet that says 无 asks for nothing.
    pub fn asks_to_see(&self) -> Option<&str> {
        let words = self.evidence.as_deref()?.trim();
        let says_none = ["", "无", "无需", "不需要", "-", "—", "/"].contains(&words)
            || words.eq_ignore_ascii_case("none");
        (!says_none).then_some(words)
    }
}

/// 版本 — the version of a class under which a case was registered. It stays what it was when newer ones come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// The number of the version of the class, from 1.
    pub version: u32,
    /// The first day of that version; none where it had counted since ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// The standard that the catalogue followed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub standard: String,
    /// The version of that standard.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of_standard: String,
}

/// One fact in the life of a case. Never changed afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseEvent {
    /// Its place in the life, from 1.
    pub seq: u32,
    /// When it was recorded.
    pub at: Timestamp,
    /// When it was done, where it was recorded later, such as an act made without a network. Clocks run on `at`: nobody's
    /// device can turn them back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// By whom.
    pub by: By,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
    /// What it says about clocks: the stage it begins, when that is due, when handling turns yellow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clocks: Option<Box<Clocks>>,
}

/// What can happen in the life of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Fact {
    /// 上报 — somebody reported.
    Reported(Box<Reported>),
    /// What a file of another system says about a case; one event, nothing invented.
    Imported(Box<Imported>),
    /// A later file says something else.
    ImportUpdated {
        /// What the record said.
        old: Box<Imported>,
        /// What the file says now.
        new: Box<Imported>,
    },
    /// 核实 — what a look on the spot found.
    Verified {
        /// The finding.
        outcome: VerifyOutcome,
        /// In words.
        note: String,
        /// Pictures.
        attachments: Vec<Id>,
    },
    /// Nobody verified within the clock; the acceptor decides without it.
    VerifyLapsed,
    /// A task went to somebody, or to the pool of all workers.
    TaskGiven {
        /// `verify` or `check`.
        task: TaskKind,
        /// To whom; none = pool.
        to: Option<AccountId>,
        /// Its own deadline.
        due_at: Timestamp,
        /// What that rests on; none in lives of before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timed: Option<Timed>,
    },
    /// 受理
    Accepted {
        /// The class given by the acceptor.
        matter: MatterId,
        /// Urgent.
        urgent: bool,
    },
    /// 不予受理
    NotAccepted {
        /// Why.
        reason: String,
    },
    /// The class or the place was put right before registration.
    Corrected {
        /// The new class, if changed.
        matter: Option<MatterId>,
        /// The new place, if changed.
        place: Option<Place>,
    },
    /// 立案
    Registered {
        /// The standard it is registered under.
        standard: Standard,
    },
    /// 不予立案
    NotRegistered {
        /// Why.
        reason: String,
    },
    /// 派遣
    Dispatched {
        /// The handling unit.
        unit: UnitId,
        /// Why this unit: the duty row, the ruling, or the dispatcher's words.
        basis: String,
        /// When handling is due; none without a limit.
        due_at: Option<Timestamp>,
        /// The calendar did not reach that far.
        provisional: bool,
    },
    /// 签收
    Signed,
    /// 回退、退单 — not our duty, with the reason.
    Returned {
        /// Why.
        reason: String,
        /// It was returned so often (the city says how often) that a coordinator rules next.
        to_coordinator: bool,
        /// The unit had said in this round that it was done, and a check had failed: its work is in the case. Not told in lives
        /// of before it was kept.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        worked: bool,
        /// The deadline of handling had passed: the unit kept it too long, whatever limit the next one gets. Not told in lives of
        /// before it was kept.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
    },
    /// 协调 — whose duty it is, after repeated returns. This unit may not return it again.
    Ruled {
        /// The unit.
        unit: UnitId,
        /// Why.
        reason: String,
    },
    /// A handler inside the unit.
    Assigned {
        /// Who.
        handler: AccountId,
    },
    /// 申请延期 — the unit asks for more time.
    ExtensionRequested {
        /// Why.
        reason: String,
    },
    /// 延期初审 — the first of two levels agrees.
    ExtensionEndorsed,
    /// 延期 — one more original limit.
    Extended {
        /// When handling is due now.
        due_at: Timestamp,
        /// The calendar did not reach that far.
        provisional: bool,
    },
    /// No more time.
    ExtensionRefused {
        /// Why.
        reason: String,
    },
    /// 申请挂账 — the unit asks to let the clock stand still.
    SuspensionRequested {
        /// Why.
        reason: String,
        /// Until when.
        until: Timestamp,
    },
    /// 挂账
    Suspended {
        /// Until when; then it goes on by itself.
        until: Timestamp,
    },
    /// The clock does not stand still.
    SuspensionRefused {
        /// Why.
        reason: String,
    },
    /// 恢复 — the suspension is over.
    Resumed {
        /// When handling is due now.
        due_at: Option<Timestamp>,
        /// The calendar did not reach that far.
        provisional: bool,
    },
    /// 补充询问 — a question only the requester can answer.
    RequesterAsked {
        /// The question.
        question: String,
        /// How long the clock waits for an answer.
        until: Timestamp,
        /// Which question of this round of handling it is; none in lives of before questions were counted.
        #[serde(default, skip_serializing_if = "is_zero")]
        nth: u32,
        /// What the end of the wait rests on; none in lives of before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timed: Option<Timed>,
    },
    /// 反映人答复
    RequesterAnswered {
        /// The answer, with names, phone and ID numbers and mail addresses masked.
        text: String,
        /// Where somebody wrote it down for the requester: by which way and when it was said.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        how: String,
        /// When handling is due now.
        due_at: Option<Timestamp>,
        /// The calendar did not reach that far.
        provisional: bool,
    },
    /// No answer came in time.
    WaitLapsed {
        /// When handling is due now.
        due_at: Option<Timestamp>,
        /// The calendar did not reach that far.
        provisional: bool,
    },
    /// 重算 — a calendar changed, and with it what is due when: before and after.
    Recomputed(Box<Recomputed>),
    /// 反馈 — the unit says it is done.
    ReportedBack {
        /// What was done.
        result: String,
        /// Pictures after.
        attachments: Vec<Id>,
    },
    /// 核查 — it is really fixed, or not (返工).
    Checked {
        /// Passed.
        passed: bool,
        /// In words.
        note: String,
        /// Pictures.
        attachments: Vec<Id>,
        /// After a failed check: the new deadline of the rework.
        due_at: Option<Timestamp>,
    },
    /// A check task nobody did within its clock went back to the pool.
    CheckLapsed {
        /// The new deadline of the task.
        due_at: Timestamp,
        /// What that rests on; none in lives of before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timed: Option<Timed>,
    },
    /// 结案
    Closed {
        /// What closing is called.
        closing: String,
    },
    /// 回访
    CalledBack {
        /// Did the unit contact you.
        contacted: Option<bool>,
        /// Is it solved.
        solved: Option<bool>,
        /// Are you satisfied.
        satisfaction: Satisfaction,
        /// What is missing: codes of the city's list of reasons. The unit reads these, never who said it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<String>,
        /// In words.
        note: String,
        /// Of a case that was merged: the unit that handled the one it went into, of which this is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitId>,
        /// An exclusion stood that was about what had been said before: it is not about this. Not told in lives of before it
        /// was kept.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        anew: bool,
    },
    /// The acceptor asks the shift leader to void the case.
    VoidRequested {
        /// Why.
        reason: String,
        /// Who asked: that person does not decide. None in lives of before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_by: Option<Id>,
    },
    /// The shift leader does not void it.
    VoidRefused {
        /// Why.
        reason: String,
    },
    /// 作废
    Voided {
        /// Why.
        reason: String,
    },
    /// 并案 — the same matter as another case.
    Merged {
        /// The case that goes on.
        into: CaseNumber,
        /// The clock of the stage it was in; none in lives of before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<Box<HeldStage>>,
    },
    /// The merge was a mistake.
    Unmerged,
    /// 自处置 audited: it counts as handled on the spot.
    SelfHandlingConfirmed,
    /// A note in the file.
    Noted {
        /// The words.
        text: String,
        /// Pictures and documents.
        attachments: Vec<Id>,
        /// The colleagues it names (`@login`); each may see the case.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<AccountId>,
    },
    /// 诉求性质 — what kind of contact it is.
    NatureSet {
        /// A code of the city's list.
        nature: String,
        /// It is confidential by that nature, or was before.
        confidential: bool,
    },
    /// 拟答复 — the unit drafts the answer.
    AnswerDrafted {
        /// The words.
        answer: Box<Answer>,
    },
    /// 答复审核同意 — a head, another person, agrees.
    AnswerApproved,
    /// 答复退回修改
    AnswerReturned {
        /// Why.
        reason: String,
    },
    /// 答复 — the answer goes out: the requester can read it by the link. Just before the fact that ends the case.
    AnswerSent {
        /// The words.
        answer: Box<Answer>,
    },
    /// 直接办结 — ended by the answer before it, at the desk; no unit worked on it.
    AnsweredDirectly,
    /// 申诉 — the handling unit asks that a count against it be exempt.
    AppealLodged {
        /// Against which count: a code of the city's list.
        count: String,
        /// Why.
        reason: String,
        /// What proves it, in words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        evidence: String,
        /// Pictures and documents that prove it.
        attachments: Vec<Id>,
        /// The round it is about: how many reopenings came before. None in lives of before it was kept: the one that ended last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        round: Option<usize>,
    },
    /// 申诉初审同意 — the first of two reviewers agrees.
    AppealEndorsed,
    /// 申诉终审同意 — the count is exempt. The raw fact stays: this is a flag beside it.
    AppealGranted,
    /// 申诉不同意
    AppealRefused {
        /// Why.
        reason: String,
    },
    /// 申请剔除 — the call-back shall be left out of the rates.
    ExclusionAsked {
        /// Why: a code of the city's list.
        reason: String,
        /// In words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        words: String,
    },
    /// 同意剔除 — another person agrees: the call-back counts in no rate, and that is shown.
    ExclusionGranted,
    /// 不同意剔除
    ExclusionRefused {
        /// Why.
        reason: String,
    },
    /// 重新办理 — the requester is not content and the case goes on. Each is one fact of its own; how the round before had
    /// ended stays in [`crate::record::Record::rounds`].
    Reopened {
        /// Why.
        reason: String,
        /// When handling is due now; none where it has to be dispatched first, or has no limit.
        due_at: Option<Timestamp>,
        /// The calendar did not reach that far.
        provisional: bool,
        /// It goes to the dispatcher, not straight back to its unit.
        to_dispatch: bool,
        /// The limit that the city gives a reopened case, for all of the round that begins; none where that is the one of its
        /// standard, and in lives of before it was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Limit>,
    },
    /// 补充说明 — the requester added something.
    RequesterAdded {
        /// The words, with names, phone and ID numbers and mail addresses masked.
        text: String,
    },
    /// 并入来案 — another case was merged into this one; its requester is answered and called back as well.
    Joined {
        /// That case.
        number: CaseNumber,
        /// An answer is owed to its requester.
        owed: bool,
    },
    /// The merge was undone.
    Parted {
        /// That case.
        number: CaseNumber,
    },
    /// 再次回访 — the case it was merged into was reopened: its requester is called again when that is over.
    CallRenewed,
    /// What happens when several work on one case. (Must stay the last: a word that is none of the above is looked for there.)
    #[serde(untagged)]
    Joint(JointFact),
}

/// What another calendar makes of the clocks of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recomputed {
    /// The calendar version it is computed with now.
    pub calendar: String,
    /// The deadline of handling, if it moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Moved>,
    /// The deadline of the stage it is in, if that moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Moved>,
    /// The stage it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Stage>,
    /// The deadline of the task in the street, if that moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskMoved>,
    /// The end of the wait for the requester, if that moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Moved>,
    /// The end of a claim that has shown nothing yet, if that moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Moved>,
    /// The deadlines of parts that move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartMoved>,
}

/// The deadline of a task in the street before and after another calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskMoved {
    /// Verify or check.
    pub task: TaskKind,
    /// Before and after.
    #[serde(flatten)]
    pub moved: Moved,
}

/// The deadline of a part before and after another calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartMoved {
    /// Which part.
    pub part: u32,
    /// Before and after.
    #[serde(flatten)]
    pub moved: Moved,
}

/// A deadline before and after another calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// When it was due.
    pub was_due_at: Timestamp,
    /// That was provisional.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_provisional: bool,
    /// The calendar version that said so; none in lives of before versions were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_calendar: Option<String>,
    /// When it is due.
    pub due_at: Timestamp,
    /// When it turns yellow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soon_at: Option<Timestamp>,
    /// This too is provisional.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

words! {
    /// The two tasks of a worker in the street.
    TaskKind {
        /// 核实
        Verify = "verify",
        /// 核查
        Check = "check",
    }
}

/// A report as it came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// The district that keeps the record; it never changes.
    pub district: DistrictCode,
    /// The number.
    pub number: CaseNumber,
    /// When whoever reports says it was seen (an offline report arrives later than it was made).
    pub reported_at: Timestamp,
    /// By which channel.
    pub channel: String,
    /// The class, if the reporter or the desk knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
    /// What is the matter, with names, phone and ID numbers and mail addresses masked.
    pub description: String,
    /// Where.
    pub place: Place,
    /// The requester in the vault, if one gave a name or a contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Id>,
    /// Pictures and documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Id>,
    /// It needs a look on the spot first.
    pub verify: bool,
    /// It was put right on the spot: how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_handled: Option<String>,
    /// The requester asked that the handling unit never learns who reported, or the class is so by nature (举报).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confidential: bool,
    /// The case that whoever reports says it is the same as: a hint for the desk, which decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<CaseNumber>,
    /// 诉求性质 — a code of the city's list, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nature: Option<String>,
    /// Nobody named that nature: it is the city's usual one, until a person of the desk sets it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nature_assumed: bool,
    /// Somebody beside the city's own staff asks: an answer and a call-back are owed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requested: bool,
    /// The requester agreed to be told how the matter goes, by the contact in the vault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notify: bool,
    /// Whoever asks can be asked back: left a phone number or a mail address, a name with the own link, or came by an own
    /// account. None in lives of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub askable: Option<bool>,
}

words! {
    /// What a file says about where a case stands.
    ImportStatus {
        /// It is over.
        Closed = "closed",
        /// It is going on.
        Open = "open",
        /// It is a duplicate of another case.
        Duplicate = "duplicate",
        /// It left that system.
        Transferred = "transferred",
        /// It was void.
        Void = "void",
    }
}

/// What a file of another system says about a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// The district that keeps the record.
    pub district: DistrictCode,
    /// The number given here.
    pub number: CaseNumber,
    /// The source's name, from the map.
    pub source: String,
    /// The row's own id.
    pub row_id: String,
    /// When it was reported.
    pub reported_at: Timestamp,
    /// When it ended, if the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// When it was due, if the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Where it stands.
    pub status: ImportStatus,
    /// The class, as a local entry of the source or one of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
    /// The unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// The channel.
    pub channel: String,
    /// What is the matter, masked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where.
    pub place: Place,
    /// What was odd about the row and was kept: `due_before_report`, `end_on_open_row`, `unknown_end` …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A task of a worker in the street.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Verify or check.
    pub kind: TaskKind,
    /// Whose; none = anybody's of the pool.
    pub assignee: Option<AccountId>,
    /// When it is due.
    pub due_at: Timestamp,
    /// What that rests on; none in lives of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<TaskClock>,
}

/// What the deadline of a task rests on, so that another calendar can move it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskClock {
    /// Since when it runs.
    pub from: Timestamp,
    /// Under which limit, by which calendar.
    #[serde(flatten)]
    pub timed: Timed,
}

/// 延期申请 — a request for more time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionRequest {
    /// Why.
    pub reason: String,
    /// The first of two levels has agreed.
    pub endorsed: bool,
    /// Who that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endorsed_by: Option<Id>,
    /// Who asked: that person decides at no level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Id>,
}

/// 挂账申请 — a request to let the clock stand still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionRequest {
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Timestamp,
    /// Who asked: that person does not decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Id>,
}

/// What the requester answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallBack {
    /// When.
    pub at: Timestamp,
    /// Did the unit contact you.
    pub contacted: Option<bool>,
    /// Is it solved.
    pub solved: Option<bool>,
    /// Are you satisfied.
    pub satisfaction: Satisfaction,
    /// What is missing: codes of the city's list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Of a case that was merged: the unit that handled the one it went into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
}

/// The case as its events add up to: what the row holds, and all that rules look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The district that keeps the record.
    pub district: DistrictCode,
    /// Its number.
    pub number: CaseNumber,
    /// How many events it has: the version two people must not both write.
    pub version: u32,
    /// Where it stands.
    pub state: State,
    /// By which channel it came.
    pub channel: String,
    /// When it was reported.
    pub reported_at: Timestamp,
    /// What is the matter.
    pub description: String,
    /// Where.
    pub place: Place,
    /// The class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
    /// The standard it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<Standard>,
    /// The requester in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Id>,
    /// The source and the row's id of an imported case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<(String, String)>,
    /// The account that reported it, when a member of staff or a resident with an account did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<Id>,
    /// Urgent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    /// The handling unit never learns who reported.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confidential: bool,
    /// The case that whoever reported says it is the same as; whether it is, the desk decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<CaseNumber>,
    /// The requester agreed to be told how the matter goes, by the contact in the vault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notify: bool,
    /// The task in the street that is open now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// What the verification found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<VerifyOutcome>,
    /// When it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// When it was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Timestamp>,
    /// When it was first dispatched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatched_at: Option<Timestamp>,
    /// The handling unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// The handler inside the unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<AccountId>,
    /// The limit of this round, where a reopening gave it one of its own; which one runs says [`Case::limit_of_handling`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_limit: Option<Limit>,
    /// When the clock of handling began: the last dispatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_from: Option<Timestamp>,
    /// When handling is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The calendar does not reach that far yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// When handling turns yellow; see [`Case::handling_soon`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soon_at: Option<Timestamp>,
    /// The calendar version by which handling is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// When the stage it is in began ([`crate::Stage::of`]). None in lives of before there were stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_from: Option<Timestamp>,
    /// The limit of that stage as the city had it then. None for handling, which has [`Case::limit_of_handling`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_limit: Option<Limit>,
    /// When that stage is due. None for handling, which has [`Case::due_at`]; [`Case::stage_due`] knows both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_due_at: Option<Timestamp>,
    /// When that stage turns yellow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_soon_at: Option<Timestamp>,
    /// The calendar did not reach that far when the stage began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stage_provisional: bool,
    /// The calendar version by which the stage is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_calendar: Option<String>,
    /// When the unit last said it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handled_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// What closing was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
    /// How often a unit returned it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub returns: u32,
    /// A coordinator ruled that this unit handles it; it may not return it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ruled: Option<UnitId>,
    /// How often a check failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reworks: u32,
    /// When a check last failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reworked_at: Option<Timestamp>,
    /// How often it was dispatched.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dispatches: u32,
    /// How often its limit was extended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub extensions: u32,
    /// When it was last extended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_at: Option<Timestamp>,
    /// How often the limit that runs now was extended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub granted: u32,
    /// A request for more time that waits for a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<ExtensionRequest>,
    /// A request to let the clock stand still that waits for a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<SuspensionRequest>,
    /// How often it was suspended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub suspensions: u32,
    /// How many questions the requester was asked in this round of handling.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub questions: u32,
    /// When the clock of handling stood still; the last one is open while it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// When the pause that is open ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Timestamp>,
    /// What the end of a wait for the requester rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Timed>,
    /// What the requester is being asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The case that goes on in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<CaseNumber>,
    /// Where it stood before it was merged or a void was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<State>,
    /// The clock of the stage in which it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Box<HeldStage>>,
    /// Somebody asked to void it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_requested: Option<String>,
    /// Who that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_asked_by: Option<Id>,
    /// Why it was not accepted, not registered or voided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the requester answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_back: Option<CallBack>,
    /// Nature, answer, appeal, reopening: what the record keeps beside the way through the offices.
    #[serde(default, skip_serializing_if = "Record::is_empty")]
    pub record: Record,
    /// Who works on it besides its unit.
    #[serde(default, skip_serializing_if = "Joint::is_empty")]
    pub joint: Joint,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}
