//! The rules of a case's life: `decide` says what a command leads to, `apply` adds an event to a case.
//!
//! Pure: facts come in as arguments, `now` among them; nothing is looked up, nothing is stored. The simulator and the
//! maker of the sample city call the same functions as the desk.

pub mod answer;
mod apply;
mod clocks;
pub mod fairness;
mod joint;
pub mod likeness;
pub mod merging;
mod recompute;
mod stages;

pub use answer::{AnswerCommand, ApprovedEnds, Approvers};
pub use apply::{apply, replay};
pub use clocks::ClockCommand;
pub use fairness::FairCommand;
pub use joint::{JointCommand, JointRefusal, MOST_PARTS, MOST_SHARES, evidence_owed_for};

use crate::lists::NatureCode;
use crate::model::{
    By, Case, CaseEvent, CaseId, Fact, Imported, Place, Reported, Satisfaction, Standard, State,
    TaskKind, VerifyOutcome,
};
use crate::moves::{self, Act, Who};
use crate::record::Answer;
use crate::stage::{Stage, StageLimit};
use access::{AccountId, LeftUnit, Role, UnitId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::calendar::Calendar;
use kernel::codes::CaseNumber;
use kernel::deadline::{ClockKind, Limit, deadline};
use kernel::id::Id;
use matters::MatterId;
use serde::{Deserialize, Serialize};

/// The longest text a person may write into a case, in characters.
pub const MAX_TEXT: usize = 4000;
/// The most pictures and documents of one step.
pub const MAX_ATTACHMENTS: usize = 12;

access::city_settings! {
    /// What a city sets: data, never constants in the rules. A new rule is one line here and two words in each language file
    /// (`docs/settings.md`).
    pub struct CityRules of "cases" {
        /// 核实 — how long a look on the spot may take before registration; also the clock of the worker's task (vendors: 24 h).
        pub limit_verify: StageLimit = "24紧急工作时",
        /// 受理
        pub limit_accept: StageLimit = "2工作时",
        /// 立案
        pub limit_register: StageLimit = "2工作时",
        /// 派遣
        pub limit_dispatch: StageLimit = "2工作时",
        /// 协调
        pub limit_coordinate: StageLimit = "2工作日",
        /// 签收
        pub limit_sign: StageLimit = "1工作日",
        /// 核查 — how long a check may take; also the clock of the worker's task (vendors: 2 h).
        pub limit_check: StageLimit = "2紧急工作时",
        /// 结案
        pub limit_close: StageLimit = "1工作日",
        /// 自处置审核
        pub limit_audit: StageLimit = "2工作日",
        /// 回访
        pub limit_call_back: StageLimit = "3工作日",
        /// From this share of a limit on the light is yellow, in percent (`domain.md` §1.5: 80).
        pub soon_percent: u32 [1.0, 99.0] = "80",
        /// The return after which a coordinator rules.
        pub returns_to_coordinator: u32 [1.0, 20.0] = "3",
        /// How often one limit may be extended (延期), each time by the original limit.
        pub most_extensions: u32 [0.0, 20.0] = "2",
        /// How often a case may be suspended (挂账).
        pub most_suspensions: u32 [0.0, 20.0] = "1",
        /// The most days of a suspension.
        pub longest_suspension_days: u32 [1.0, 3660.0] = "365",
        /// How many questions the requester may be asked until the case ends, each of which stops the clock.
        pub most_questions: u32 [0.0, 20.0] = "3",
        /// How long a question to the requester holds the clock before it runs on without an answer.
        pub answer_limit: Limit = "5工作日",
        /// 认领 — how long a claim stands before something has to be shown.
        pub claim_limit: Limit = "24紧急工作时",
        /// 吹哨报到 — how long a unit that was whistled for has to respond.
        pub whistle_limit: Limit = "4工作时",
        /// 首接负责 for every case: the unit that has signed for a case leads it and may not return it; what a unit objects to
        /// before, a coordinator rules on.
        pub first_receiver_leads: bool = "no",
        /// 诉求性质 — what a contact is taken for that names none, as a code of the city's list; empty = it is left open.
        pub usual_nature: NatureCode = "help",
        /// 取证 — a unit that reports back shows what the registration condition asks for (取证要求), where it asks for
        /// something: at least one picture or document.
        pub evidence_must_be_shown: bool = "yes",
        /// A case that somebody asked for is closed only with an answer that a person wrote and a head agreed to.
        pub answer_must_be_written: bool = "no",
        /// What else ends only with an answer that the desk wrote and a shift leader agreed to: refusals, what was put right on
        /// the spot, answers of the desk itself.
        pub answers_approved: ApprovedEnds = "无",
        /// Who agrees to a draft.
        pub answer_approvers: Approvers = "shift_leader, department_lead",
        /// So many days after it ended the requester may reopen a case.
        pub reopen_days: u32 [1.0, 365.0] = "15",
        /// How often a case may be reopened.
        pub most_reopenings: u32 [0.0, 20.0] = "2",
        /// The limit of a reopened case, for all of the round that a reopening begins; none = that of its standard.
        pub reopen_limit: Option<Limit> = "无",
        /// So many days after it ended the requester may rate it.
        pub rate_days: u32 [1.0, 365.0] = "90",
        /// Two reports of a class that are not farther apart are suspected to be one (domain facts §3.1: 50 m), in metres.
        pub duplicate_radius_m: f64 [1.0, 2000.0] = "50",
        /// Nor farther apart in time, in hours (24).
        pub duplicate_hours: u32 [1.0, 1440.0] = "24",
        /// Of a report placed by its unit grid only (one of the two has no point) another of the class in the same grid is suspected
        /// within the hours.
        pub duplicate_same_grid: bool = "yes",
        /// At most so many suspects are shown.
        pub duplicate_most: u32 [1.0, 50.0] = "10",
        /// 批量办理 — so long an act for several cases waits before it is carried out, so that it can be stopped, in seconds. Never
        /// less than 20: people who work by the keyboard or by ear need that long, and may hold it for longer (WCAG 2.2.1).
        pub bulk_wait_s: u32 [20.0, 120.0] = "20",
    }
}

impl CityRules {
    /// The limit of a stage; handling has the one of its standard.
    pub fn stage_limit(&self, stage: Stage) -> Option<&StageLimit> {
        Some(match stage {
            Stage::Verify => &self.limit_verify,
            Stage::Accept => &self.limit_accept,
            Stage::Register => &self.limit_register,
            Stage::Dispatch => &self.limit_dispatch,
            Stage::Coordinate => &self.limit_coordinate,
            Stage::Sign => &self.limit_sign,
            Stage::Handle => return None,
            Stage::Check => &self.limit_check,
            Stage::Close => &self.limit_close,
            Stage::Audit => &self.limit_audit,
            Stage::CallBack => &self.limit_call_back,
        })
    }
    /// The clock of a worker's task: the limit of its stage, and a day where the city sets none, since a task that nobody
    /// does must go on some time.
    pub fn task_limit(&self, kind: TaskKind, channel: &str, urgent: bool) -> Limit {
        let of = match kind {
            TaskKind::Verify => &self.limit_verify,
            TaskKind::Check => &self.limit_check,
        };
        of.of(channel, urgent).unwrap_or_else(|| {
            Limit::new(24, ClockKind::UrgentHours).expect("a small number is a limit")
        })
    }
}

/// Who gives a command.
#[derive(Debug, Clone)]
pub struct Actor {
    /// `staff`, `resident`, `stranger`, `system`.
    pub kind: &'static str,
    /// The account.
    pub account: Option<Id>,
    /// All roles held.
    pub roles: Vec<Role>,
    /// The unit.
    pub unit: Option<UnitId>,
    /// The program itself: timers and importers.
    pub is_program: bool,
    /// 代理 — roles and unit are those of a colleague on leave whose place the account takes.
    pub behalf: Option<Behalf>,
    /// What ties it to the work of units that it is not of.
    pub ties: Ties,
}

/// Whose work somebody judges no more than that of the own unit: what the own unit took over, and what the units that one
/// belonged to before had by then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ties {
    /// The units that ended and whose work the own unit took over by a reorganisation; a deputy's own unit and that of whoever
    /// is on leave both count.
    pub took_over: Vec<UnitId>,
    /// Of those, the ones whose work is that of the unit acted for: it appeals in their place, as they are not there to.
    pub inherited: Vec<UnitId>,
    /// The units that the account belonged to, and those that they had taken over, each with until when.
    pub left: Vec<LeftUnit>,
}

/// Whether people of these units, with what ties them to others, have work of their own in a case: of the round that runs or
/// of one before. Whoever had left a unit before any unit had the case has none by it.
pub fn is_work_of(case: &Case, units: impl Iterator<Item = UnitId>, ties: &Ties) -> bool {
    let since = case.dispatched_at.unwrap_or(case.reported_at);
    let left = ties
        .left
        .iter()
        .filter(|l| l.until >= since)
        .map(|l| l.unit);
    units
        .chain(ties.took_over.iter().copied())
        .chain(left)
        .any(|unit| case.has_work_of(unit))
}

/// In whose place somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behalf {
    /// The colleague on leave.
    pub account: Id,
    /// The deputy's own unit, whose work the deputy does not judge either.
    pub own_unit: Option<UnitId>,
}

impl Actor {
    /// Whether the actor, or the unit a deputy comes from, has its own work in the case: then it does not judge it.
    pub fn has_work_in(&self, case: &Case) -> bool {
        let own = self.behalf.and_then(|b| b.own_unit);
        is_work_of(case, self.unit.into_iter().chain(own), &self.ties)
    }
    /// Whether this person, in the own place or in another's, is the one meant; or acts in that one's place.
    pub fn is_or_stands_for(&self, other: Option<Id>) -> bool {
        other.is_some() && (other == self.account || other == self.behalf.map(|b| b.account))
    }
}

/// All that a decision looks at besides the case and the command.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The present moment.
    pub now: Timestamp,
    /// Who acts.
    pub actor: &'a Actor,
    /// The working calendar.
    pub calendar: &'a Calendar,
    /// The city's time zone.
    pub tz: &'a TimeZone,
    /// What the city sets.
    pub rules: &'a CityRules,
    /// The worker on duty where the case lies, if anybody is.
    pub on_duty: Option<AccountId>,
}

/// What somebody wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the fields are those of the facts they lead to"
)]
pub enum Command {
    #[serde(skip)]
    Report(Box<Reported>),
    #[serde(skip)]
    Import(Box<Imported>),
    #[serde(skip)]
    UpdateImport {
        old: Box<Imported>,
        new: Box<Imported>,
    },
    Verify {
        outcome: VerifyOutcome,
        #[serde(default)]
        note: String,
        #[serde(default)]
        attachments: Vec<Id>,
    },
    #[serde(skip)]
    LapseVerify,
    TakeTask {
        #[serde(default)]
        to: Option<AccountId>,
    },
    Accept {
        #[serde(default)]
        matter: Option<MatterId>,
        #[serde(default)]
        urgent: bool,
    },
    NotAccept {
        reason: String,
    },
    Correct {
        #[serde(default)]
        matter: Option<MatterId>,
        #[serde(default)]
        place: Option<Place>,
    },
    Register {
        standard: Standard,
    },
    NotRegister {
        reason: String,
    },
    Dispatch {
        unit: UnitId,
        #[serde(default)]
        basis: String,
    },
    Sign,
    Return {
        reason: String,
    },
    Rule {
        unit: UnitId,
        reason: String,
    },
    Assign {
        handler: AccountId,
    },
    ReportBack {
        result: String,
        #[serde(default)]
        attachments: Vec<Id>,
    },
    Check {
        passed: bool,
        #[serde(default)]
        note: String,
        #[serde(default)]
        attachments: Vec<Id>,
    },
    #[serde(skip)]
    LapseCheck,
    Close {
        closing: String,
    },
    CallBack {
        #[serde(default)]
        contacted: Option<bool>,
        #[serde(default)]
        solved: Option<bool>,
        satisfaction: Satisfaction,
        #[serde(default)]
        missing: Vec<String>,
        #[serde(default)]
        note: String,
    },
    RequestVoid {
        reason: String,
    },
    RefuseVoid {
        reason: String,
    },
    Void {
        reason: String,
    },
    Merge {
        into: CaseNumber,
    },
    Unmerge,
    ConfirmSelfHandling,
    Note {
        text: String,
        #[serde(default)]
        attachments: Vec<Id>,
        #[serde(default)]
        mentions: Vec<AccountId>,
    },
    /// What moves or stops the clock of handling.
    #[serde(skip)]
    Clock(ClockCommand),
    /// Nature and answer.
    #[serde(skip)]
    Reply(AnswerCommand),
    /// Appeal, exclusion, rating, reopening.
    #[serde(skip)]
    Fair(FairCommand),
    /// A command that may end a case, with the answer that the city's template makes of the record: it goes out where one is
    /// owed and nobody wrote one.
    #[serde(skip)]
    Answered {
        command: Box<Command>,
        words: Box<Answer>,
    },
    /// What the requester of a merged case says, with the unit that handled the case it went into: it is about that unit.
    #[serde(skip)]
    OfMerged {
        command: Box<Command>,
        unit: Option<UnitId>,
    },
    /// What several units do on one case.
    #[serde(skip)]
    Joint(JointCommand),
}

impl Command {
    /// Its row in the table of moves.
    pub fn act(&self) -> Act {
        match self {
            Self::Report(_) => Act::Report,
            Self::Import(_) => Act::Import,
            Self::UpdateImport { .. } => Act::UpdateImport,
            Self::Verify { .. } => Act::Verify,
            Self::LapseVerify => Act::LapseVerify,
            Self::TakeTask { .. } => Act::TakeTask,
            Self::Accept { .. } => Act::Accept,
            Self::NotAccept { .. } => Act::NotAccept,
            Self::Correct { .. } => Act::Correct,
            Self::Register { .. } => Act::Register,
            Self::NotRegister { .. } => Act::NotRegister,
            Self::Dispatch { .. } => Act::Dispatch,
            Self::Sign => Act::Sign,
            Self::Return { .. } => Act::Return,
            Self::Rule { .. } => Act::Rule,
            Self::Assign { .. } => Act::Assign,
            Self::ReportBack { .. } => Act::ReportBack,
            Self::Check { .. } => Act::Check,
            Self::LapseCheck => Act::LapseCheck,
            Self::Close { .. } => Act::Close,
            Self::CallBack { .. } => Act::CallBack,
            Self::RequestVoid { .. } => Act::RequestVoid,
            Self::RefuseVoid { .. } => Act::RefuseVoid,
            Self::Void { .. } => Act::Void,
            Self::Merge { .. } => Act::Merge,
            Self::Unmerge => Act::Unmerge,
            Self::ConfirmSelfHandling => Act::ConfirmSelfHandling,
            Self::Note { .. } => Act::Note,
            Self::Clock(command) => command.act(),
            Self::Reply(command) => command.act(),
            Self::Fair(command) => command.act(),
            Self::Answered { command, .. } | Self::OfMerged { command, .. } => command.act(),
            Self::Joint(command) => command.act(),
        }
    }
}

/// Why a command is refused. Each has a code for the words in the language files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The table of moves has no such move from this state.
    #[error("a case that is {state} cannot be moved by {act}")]
    NotNow {
        /// What was wanted.
        act: &'static str,
        /// Where the case stands.
        state: &'static str,
    },
    /// The actor has none of the roles that may.
    #[error("{act} needs one of the roles {roles}")]
    WrongRole {
        /// What was wanted.
        act: &'static str,
        /// Which roles may.
        roles: String,
    },
    /// Only the handling unit may.
    #[error("{act} is for the handling unit only")]
    NotYourUnit {
        /// What was wanted.
        act: &'static str,
    },
    /// The handling unit may not judge its own work.
    #[error("the handling unit may not {act} its own case")]
    OwnUnit {
        /// What was wanted.
        act: &'static str,
    },
    /// The requester has said it in person: nobody says it for them any more.
    #[error("the requester has said it in person")]
    SaidInPerson,
    /// The task was given to somebody else.
    #[error("this task was given to somebody else")]
    NotYourTask,
    /// A field must be filled.
    #[error("{field} is needed")]
    Missing {
        /// Which field.
        field: &'static str,
    },
    /// A text is longer than allowed.
    #[error("{field} has more than {most} characters")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// How many are allowed.
        most: usize,
    },
    /// Too many pictures in one step.
    #[error("more than {most} attachments")]
    TooMany {
        /// How many are allowed.
        most: usize,
    },
    /// The standard does not know this closing condition.
    #[error("{closing:?} is not one of the closing conditions: {known}")]
    UnknownClosing {
        /// What was given.
        closing: String,
        /// Which there are.
        known: String,
    },
    /// The condition asks for evidence, and none was shown.
    #[error(
        "the registration condition asks for evidence ({evidence}); add a picture or a document of it"
    )]
    EvidenceOwed {
        /// What, in the words of the condition.
        evidence: String,
    },
    /// The standard belongs to another class than the case.
    #[error("the standard is of class {standard}, the case of another")]
    OtherClass {
        /// The standard's.
        standard: String,
    },
    /// After a ruling the unit may not return the case.
    #[error("a coordinator has ruled that this is your duty; it cannot be returned again")]
    Ruled,
    /// After a ruling only the ruled unit may be dispatched to.
    #[error("a coordinator has ruled another unit")]
    AgainstRuling,
    /// A case cannot be merged into itself or into one that is a duplicate.
    #[error("a case cannot be merged into {into}")]
    MergeTarget {
        /// The target.
        into: CaseNumber,
    },
    /// A unit had the case, and the other is not about the same by class, place and time: another person has to agree.
    #[error(
        "a unit had this case, and {into} has another class or lies farther off than the city's rule for duplicates; another person has to ask for a void before"
    )]
    NotAlike {
        /// The target.
        into: CaseNumber,
    },
    /// Nobody asked for a void.
    #[error("nobody asked for a void")]
    NoVoidRequest,
    /// An imported duplicate has no known original here.
    #[error("this case was a duplicate in its source; there is no merge to undo")]
    NoMerge,
    /// The deadline cannot be told.
    #[error("{0}")]
    Deadline(String),
    /// The case has no limit that could be extended.
    #[error("this case has no limit of its own")]
    NoLimit,
    /// What had to be done before the deadline comes after it.
    #[error("the deadline has passed; {act} is possible before it only")]
    TooLate {
        /// What was wanted.
        act: &'static str,
    },
    /// As often as the city allows.
    #[error("{act} was used {most} times, as often as is allowed")]
    UsedUp {
        /// What was wanted.
        act: &'static str,
        /// How often is allowed.
        most: u32,
    },
    /// The same was asked for and is not decided yet.
    #[error("a request is waiting for a decision already")]
    AlreadyAsked,
    /// Nobody asked for it.
    #[error("nobody asked for it")]
    NotAsked,
    /// Two levels are two people.
    #[error("another person than the one before decides")]
    SamePerson,
    /// The first level has not agreed yet.
    #[error("the first of the two levels has not agreed yet")]
    NotEndorsed,
    /// A date outside what is allowed.
    #[error("{field} must lie between {from} and {to}")]
    OutOfRange {
        /// Which field.
        field: &'static str,
        /// The first day allowed.
        from: String,
        /// The last day allowed.
        to: String,
    },
    /// There is nobody to ask.
    #[error("this case has no requester who could be asked")]
    NoRequester,
    /// The city demands an answer that a person wrote.
    #[error("the requester has to be answered before the case is closed")]
    NotAnswered,
    /// The draft waits for a head.
    #[error("the draft of the answer waits for a head, another person than who wrote it")]
    NotApproved,
    /// A head sent the draft back, and nobody has written another.
    #[error(
        "the draft of the answer was sent back; it has to be written anew or agreed to before the case is closed"
    )]
    AnswerReturned,
    /// A contact of this nature is not answered at the desk.
    #[error("a contact of this nature is not answered at the desk")]
    NotDirect,
    /// The raw facts say nothing that could be appealed against.
    #[error("the record holds no {count} against the unit")]
    NothingToAppeal {
        /// The count.
        count: String,
    },
    /// Nobody has rated it, so there is nothing to leave out.
    #[error("nobody has answered a call-back yet")]
    NotRated,
    /// Too late after the end, or not over at all.
    #[error("{act} is possible within {days} days after the end")]
    WindowClosed {
        /// What was wanted.
        act: &'static str,
        /// How many days.
        days: u32,
    },
    /// The case it was merged into is not over yet.
    #[error("the case goes on in {into}, which is not over yet")]
    NotOver {
        /// That case.
        into: CaseNumber,
    },
    /// The target of a merge leads back to the case.
    #[error("{into} is merged into this very case")]
    MergeCycle {
        /// The target.
        into: CaseNumber,
    },
    /// What only several units can be refused.
    #[error(transparent)]
    Joint(JointRefusal),
}

impl Refusal {
    /// A stable word for the API and the language files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotNow { .. } => "not_now",
            Self::WrongRole { .. } => "wrong_role",
            Self::NotYourUnit { .. } => "not_your_unit",
            Self::OwnUnit { .. } => "own_unit",
            Self::SaidInPerson => "said_in_person",
            Self::NotYourTask => "not_your_task",
            Self::Missing { .. } => "missing",
            Self::TooLong { .. } => "too_long",
            Self::TooMany { .. } => "too_many",
            Self::UnknownClosing { .. } => "unknown_closing",
            Self::EvidenceOwed { .. } => "evidence_owed",
            Self::OtherClass { .. } => "other_class",
            Self::Ruled => "ruled",
            Self::AgainstRuling => "against_ruling",
            Self::MergeTarget { .. } => "merge_target",
            Self::NotAlike { .. } => "not_alike",
            Self::NoVoidRequest => "no_void_request",
            Self::NoMerge => "no_merge",
            Self::Deadline(_) => "deadline",
            Self::NoLimit => "no_limit",
            Self::TooLate { .. } => "too_late",
            Self::UsedUp { .. } => "used_up",
            Self::AlreadyAsked => "already_asked",
            Self::NotAsked => "not_asked",
            Self::SamePerson => "same_person",
            Self::NotEndorsed => "not_endorsed",
            Self::OutOfRange { .. } => "out_of_range",
            Self::NoRequester => "no_requester",
            Self::NotAnswered => "not_answered",
            Self::NotApproved => "not_approved",
            Self::AnswerReturned => "answer_returned",
            Self::NotDirect => "not_direct",
            Self::NothingToAppeal { .. } => "nothing_to_appeal",
            Self::NotRated => "not_rated",
            Self::WindowClosed { .. } => "window_closed",
            Self::NotOver { .. } => "not_over",
            Self::MergeCycle { .. } => "merge_cycle",
            Self::Joint(refusal) => refusal.code().trim_start_matches("cases."),
        }
    }
    /// The field at fault, if there is one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Missing { field }
            | Self::TooLong { field, .. }
            | Self::OutOfRange { field, .. } => Some(field),
            Self::TooMany { .. } | Self::EvidenceOwed { .. } => Some("attachments"),
            Self::UnknownClosing { .. } => Some("closing"),
            Self::OtherClass { .. } => Some("standard"),
            Self::AgainstRuling => Some("unit"),
            Self::MergeTarget { .. } | Self::MergeCycle { .. } | Self::NotAlike { .. } => {
                Some("into")
            }
            Self::NothingToAppeal { .. } => Some("count"),
            Self::NotDirect => Some("nature"),
            Self::Joint(refusal) => refusal.field(),
            _ => None,
        }
    }
    /// Whether this is about who asks rather than about what is asked.
    pub fn is_forbidden(&self) -> bool {
        matches!(
            self,
            Self::WrongRole { .. }
                | Self::NotYourUnit { .. }
                | Self::OwnUnit { .. }
                | Self::NotYourTask
                | Self::SamePerson
        ) || matches!(self, Self::Joint(refusal) if refusal.is_forbidden())
    }
}

/// Decides what a command leads to. `case` is none before the first event.
///
/// # Errors
/// [`Refusal`], and then nothing has happened.
pub fn decide(
    case: Option<&Case>,
    command: Command,
    facts: &Facts<'_>,
) -> Result<Vec<CaseEvent>, Refusal> {
    let act = command.act();
    let (command, words, of_unit) = match command {
        Command::Answered { command, words } => (*command, Some(*words), None),
        Command::OfMerged { command, unit } => (*command, None, unit),
        command => (command, None, None),
    };
    let state = case.map(|c| c.state);
    let row = moves::find(state, act).ok_or_else(|| Refusal::NotNow {
        act: act.as_str(),
        state: state.map_or("new", State::as_str),
    })?;
    let role = role_for(row.by, act, facts.actor)?;
    if let Some(case) = case {
        guard_unit(case, act, facts.actor)?;
    }
    let mut facts_of_move = outcome(case, command, facts)?;
    for fact in &mut facts_of_move {
        if let Fact::CalledBack { unit, .. } = fact {
            *unit = of_unit;
        }
    }
    let facts_of_move = match case {
        Some(case) => answer::before_the_end(case, facts_of_move, words, facts)?,
        None => facts_of_move,
    };
    let first = case.map_or(0, |c| c.version);
    let by = By {
        kind: facts.actor.kind.to_owned(),
        account: facts.actor.account,
        role,
        unit: facts.actor.unit,
        on_behalf: facts.actor.behalf.map(|b| b.account),
    };
    let mut events = Vec::with_capacity(facts_of_move.len());
    let mut before = case.cloned();
    for (seq, fact) in (first + 1..).zip(facts_of_move) {
        let mut event = CaseEvent {
            seq,
            at: facts.now,
            done_at: None,
            by: by.clone(),
            fact,
            clocks: None,
        };
        let mut after = apply(before.clone(), &event);
        if let Some(case) = &after
            && let Some(clocks) = stages::clocks(before.as_ref(), case, &event.fact, facts)?
        {
            event.clocks = Some(Box::new(clocks));
            after = apply(before, &event);
        }
        before = after;
        events.push(event);
    }
    debug_assert!(
        lands(case, row, &events),
        "{} leads where the table does not allow",
        act.as_str()
    );
    Ok(events)
}

/// Whether somebody may make a move on a case as it stands now, whatever the words and pictures of it: the table of
/// moves, the role, the separation of handling from judging. [`decide`] asks the same and then looks at the content.
///
/// # Errors
/// [`Refusal`].
pub fn may(case: &Case, act: Act, actor: &Actor) -> Result<(), Refusal> {
    let not_now = || Refusal::NotNow {
        act: act.as_str(),
        state: case.state.as_str(),
    };
    let row = moves::find(Some(case.state), act).ok_or_else(not_now)?;
    role_for(row.by, act, actor)?;
    guard_unit(case, act, actor)?;
    match act {
        Act::Verify | Act::Check => not_somebody_elses(case, actor),
        Act::TakeTask if !is_of_the_desk(actor) => not_somebody_elses(case, actor),
        Act::Return if case.ruled.is_some() && case.ruled == case.unit => Err(Refusal::Ruled),
        Act::RefuseVoid if case.void_requested.is_none() => Err(Refusal::NoVoidRequest),
        Act::Unmerge if case.before.is_none() => Err(Refusal::NoMerge),
        Act::Void | Act::ConfirmSelfHandling => by_another(case, act, actor),
        _ => {
            clocks::may(case, act, actor)?;
            answer::may(case, act, actor)?;
            fairness::may(case, act, actor)
        }
    }?;
    joint::may(case, act, actor)
}

/// Whether a move that somebody [`may`] make is still possible, whatever its words: what the city bounds, and by when. What this
/// refuses [`decide`] refuses with the same word, so that nobody is offered what is refused afterwards.
///
/// # Errors
/// [`Refusal`].
pub fn bounds(case: &Case, act: Act, facts: &Facts<'_>) -> Result<(), Refusal> {
    // The unit that has signed for a case leads it, where the city says so.
    if act == Act::Return && facts.rules.first_receiver_leads && has_signed(case) {
        return Err(JointRefusal::FirstReceiver.into());
    }
    clocks::bounds(case, act, facts)?;
    fairness::bounds(case, act, facts)?;
    joint::bounds(case, act)
}

/// What may be done so often, and no more often.
fn at_most(act: Act, used: u32, most: u32) -> Result<(), Refusal> {
    match used >= most {
        true => Err(Refusal::UsedUp {
            act: act.as_str(),
            most,
        }),
        false => Ok(()),
    }
}

/// What takes two people who are not one: a void of what somebody asked to void, and of whatever a unit had, since it takes
/// the case out of every figure of that unit; what was put right on the spot, by whoever reported it.
fn by_another(case: &Case, act: Act, actor: &Actor) -> Result<(), Refusal> {
    let first = match act {
        Act::Void if case.void_requested.is_none() && case.dispatched_at.is_some() => {
            return Err(Refusal::NoVoidRequest);
        }
        Act::Void => case.void_asked_by,
        Act::ConfirmSelfHandling => case.reporter,
        _ => None,
    };
    match actor.is_or_stands_for(first) {
        true => Err(Refusal::SamePerson),
        false => Ok(()),
    }
}

/// The desk gives tasks to others and takes them back; workers take their own.
fn is_of_the_desk(actor: &Actor) -> bool {
    actor
        .roles
        .iter()
        .any(|r| matches!(r, Role::Acceptor | Role::ShiftLeader))
}

/// Whether the events lead to a state that the table's row allows.
fn lands(case: Option<&Case>, row: &moves::Move, events: &[CaseEvent]) -> bool {
    let after = events.iter().fold(case.cloned(), apply).map(|c| c.state);
    match (case.map(|c| c.state), after) {
        (Some(before), Some(after)) => {
            row.to.contains(&after)
                || after == before && (row.to.is_empty() || row.act == Act::UpdateImport)
        }
        (None, Some(after)) => row.to.contains(&after),
        (_, None) => false,
    }
}

fn role_for(who: Who, act: Act, actor: &Actor) -> Result<Option<Role>, Refusal> {
    match who {
        Who::Anybody => Ok(actor.roles.first().copied()),
        Who::Program if actor.is_program => Ok(None),
        Who::Program => Err(Refusal::WrongRole {
            act: act.as_str(),
            roles: "program".into(),
        }),
        Who::Roles(roles) => match roles.iter().find(|r| actor.roles.contains(r)) {
            Some(role) => Ok(Some(*role)),
            None => {
                let roles = roles
                    .iter()
                    .map(|r| r.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                Err(Refusal::WrongRole {
                    act: act.as_str(),
                    roles,
                })
            }
        },
    }
}

/// 两权分立: only the handling unit handles, and it never verifies, checks, calls back or ends its own case, by whatever move.
fn guard_unit(case: &Case, act: Act, actor: &Actor) -> Result<(), Refusal> {
    let own = case.unit.is_some() && case.unit == actor.unit;
    let inherited = (case.unit).is_some_and(|unit| actor.ties.inherited.contains(&unit));
    let judged_by_own = actor.has_work_in(case);
    match act {
        Act::Sign
        | Act::Return
        | Act::Assign
        | Act::ReportBack
        | Act::RequestExtension
        | Act::RequestSuspension
        | Act::AskRequester
            if !own =>
        {
            Err(Refusal::NotYourUnit { act: act.as_str() })
        }
        // What a unit that ended had closed, its heir answers for.
        Act::LodgeAppeal if !own && !inherited => Err(Refusal::NotYourUnit { act: act.as_str() }),
        // What the desk ends, the desk answers.
        Act::DraftAnswer if !own && !moves::AT_THE_DESK.contains(&case.state) => {
            Err(Refusal::NotYourUnit { act: act.as_str() })
        }
        Act::Check
        | Act::Close
        | Act::CallBack
        | Act::EndorseExtension
        | Act::GrantExtension
        | Act::RefuseExtension
        | Act::Suspend
        | Act::RefuseSuspension
        | Act::EndorseAppeal
        | Act::GrantAppeal
        | Act::RefuseAppeal
        | Act::GrantExclusion
        | Act::RefuseExclusion
        | Act::Rate
        | Act::Reopen
        | Act::AddMessage
        | Act::ConfirmSelfHandling
        | Act::Void
        | Act::RefuseVoid
        | Act::Merge
        | Act::Unmerge
            if judged_by_own =>
        {
            Err(Refusal::OwnUnit { act: act.as_str() })
        }
        _ => Ok(()),
    }
}

fn text(field: &'static str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::Missing { field });
    }
    optional_text(field, text)
}

fn optional_text(field: &'static str, text: &str) -> Result<String, Refusal> {
    if text.chars().count() > MAX_TEXT {
        return Err(Refusal::TooLong {
            field,
            most: MAX_TEXT,
        });
    }
    Ok(text.trim().to_owned())
}

fn pictures(attachments: Vec<Id>) -> Result<Vec<Id>, Refusal> {
    if attachments.len() > MAX_ATTACHMENTS {
        Err(Refusal::TooMany {
            most: MAX_ATTACHMENTS,
        })
    } else {
        Ok(attachments)
    }
}

fn due(limit: Limit, facts: &Facts<'_>) -> Result<kernel::deadline::Due, Refusal> {
    deadline(facts.now, limit, facts.calendar, facts.tz, &[])
        .map_err(|e| Refusal::Deadline(e.to_string()))
}

fn task(
    kind: TaskKind,
    to: Option<AccountId>,
    (channel, urgent): (&str, bool),
    facts: &Facts<'_>,
) -> Result<Fact, Refusal> {
    let limit = facts.rules.task_limit(kind, channel, urgent);
    let due = due(limit, facts)?;
    Ok(Fact::TaskGiven {
        task: kind,
        to,
        due_at: due.at,
        timed: Some(clocks::timed(limit, &due, facts)),
    })
}

/// 取证 — what the unit has to show when it says that it is done, in the words of the condition the case is registered
/// under: at least one picture or document. None where the condition asks for nothing, where the city does not insist, and
/// where whoever claimed the matter has shown it.
pub fn evidence_owed<'c>(case: &'c Case, rules: &CityRules) -> Option<&'c str> {
    let is_shown = (case.joint.claim.as_ref()).is_some_and(|claim| claim.shown_at.is_some());
    case.standard
        .as_ref()
        .filter(|_| rules.evidence_must_be_shown && !is_shown)
        .and_then(Standard::asks_to_see)
}

/// Whether the unit that has the case has signed for it, in this round or in one that a reopening ended.
fn has_signed(case: &Case) -> bool {
    case.state == State::Handling || case.record.rounds.iter().any(|r| r.unit == case.unit)
}

/// Whether the unit that has the case has said in this round that it was done: its work is in it, also when it returns it.
fn was_handled(case: &Case) -> bool {
    (case.reworked_at).is_some_and(|at| case.due_from.is_none_or(|from| at >= from))
}

/// When handling is due after a dispatch at `facts.now` under the limit that runs.
fn handling_due(
    limit: Option<Limit>,
    facts: &Facts<'_>,
) -> Result<(Option<Timestamp>, bool), Refusal> {
    match limit {
        Some(limit) => due(limit, facts).map(|d| (Some(d.at), d.provisional)),
        None => Ok((None, false)),
    }
}

fn not_somebody_elses(case: &Case, actor: &Actor) -> Result<(), Refusal> {
    match case.task.as_ref().and_then(|t| t.assignee) {
        Some(assignee) if Some(assignee.0) != actor.account => Err(Refusal::NotYourTask),
        _ => Ok(()),
    }
}

fn outcome(case: Option<&Case>, command: Command, facts: &Facts<'_>) -> Result<Vec<Fact>, Refusal> {
    let Some(case) = case else {
        return begin(command, facts);
    };
    Ok(match command {
        Command::Report(_) | Command::Import(_) => {
            return Err(Refusal::NotNow {
                act: "report",
                state: case.state.as_str(),
            });
        }
        Command::UpdateImport { old, new } => vec![Fact::ImportUpdated { old, new }],
        Command::Verify {
            outcome,
            note,
            attachments,
        } => {
            not_somebody_elses(case, facts.actor)?;
            vec![Fact::Verified {
                outcome,
                note: optional_text("note", &note)?,
                attachments: pictures(attachments)?,
            }]
        }
        Command::LapseVerify => vec![Fact::VerifyLapsed],
        Command::TakeTask { to } => {
            let kind = case.task.as_ref().map_or(TaskKind::Verify, |t| t.kind);
            let from_the_street = !is_of_the_desk(facts.actor);
            // A worker takes from the pool; only the desk takes from somebody and gives to another.
            if from_the_street {
                not_somebody_elses(case, facts.actor)?;
            }
            let to = if from_the_street {
                facts.actor.account.map(AccountId)
            } else {
                to
            };
            vec![task(kind, to, (&case.channel, case.urgent), facts)?]
        }
        Command::Accept { matter, urgent } => {
            let matter = matter
                .or(case.matter)
                .ok_or(Refusal::Missing { field: "matter" })?;
            vec![Fact::Accepted { matter, urgent }]
        }
        Command::NotAccept { reason } => vec![Fact::NotAccepted {
            reason: text("reason", &reason)?,
        }],
        Command::Correct { matter, place } => {
            if matter.is_none() && place.is_none() {
                return Err(Refusal::Missing { field: "matter" });
            }
            vec![Fact::Corrected { matter, place }]
        }
        Command::Register { standard } => {
            if case.matter.is_some_and(|m| m != standard.matter) {
                return Err(Refusal::OtherClass {
                    standard: standard.code,
                });
            }
            vec![Fact::Registered { standard }]
        }
        Command::NotRegister { reason } => vec![Fact::NotRegistered {
            reason: text("reason", &reason)?,
        }],
        Command::Dispatch { unit, basis } => {
            if case.ruled.is_some_and(|ruled| ruled != unit) {
                return Err(Refusal::AgainstRuling);
            }
            // Each dispatch starts the limit of the unit it goes to. A case from a file keeps the deadline of its file.
            let (due_at, provisional) =
                match (case.limit_of_handling(), &case.standard, &case.source) {
                    (None, None, Some(_)) => (case.due_at, case.provisional),
                    (limit, ..) => handling_due(limit, facts)?,
                };
            vec![Fact::Dispatched {
                unit,
                basis: optional_text("basis", &basis)?,
                due_at,
                provisional,
            }]
        }
        Command::Sign => vec![Fact::Signed],
        Command::Return { reason } => {
            if case.ruled.is_some() && case.ruled == case.unit {
                return Err(Refusal::Ruled);
            }
            joint::may(case, Act::Return, facts.actor)?;
            bounds(case, Act::Return, facts)?;
            let leads = facts.rules.first_receiver_leads;
            // Where whoever receives it first leads, an objection before signing is for a coordinator to rule on: no unit passes a
            // case on by not signing for it (`domain.md` §3.2, art. 12 and 14).
            let is_last = leads || case.returns + 1 >= facts.rules.returns_to_coordinator;
            let to_coordinator = case.ruled.is_none() && is_last;
            vec![Fact::Returned {
                reason: text("reason", &reason)?,
                to_coordinator,
                worked: was_handled(case),
                late: case.counted_due().is_some_and(|due| facts.now > due),
            }]
        }
        Command::Rule { unit, reason } => vec![Fact::Ruled {
            unit,
            reason: text("reason", &reason)?,
        }],
        Command::Assign { handler } => vec![Fact::Assigned { handler }],
        Command::ReportBack {
            result,
            attachments,
        } => {
            joint::may(case, Act::ReportBack, facts.actor)?;
            let result = text("result", &result)?;
            if attachments.is_empty()
                && let Some(evidence) = evidence_owed(case, facts.rules)
            {
                return Err(Refusal::EvidenceOwed {
                    evidence: evidence.to_owned(),
                });
            }
            let done = Fact::ReportedBack {
                result,
                attachments: pictures(attachments)?,
            };
            let of = (case.channel.as_str(), case.urgent);
            vec![done, task(TaskKind::Check, facts.on_duty, of, facts)?]
        }
        Command::Check {
            passed,
            note,
            attachments,
        } => {
            not_somebody_elses(case, facts.actor)?;
            let note = if passed {
                optional_text("note", &note)?
            } else {
                text("note", &note)?
            };
            // Rework runs on the old deadline: what was late stays late (facts are never overwritten).
            vec![Fact::Checked {
                passed,
                note,
                attachments: pictures(attachments)?,
                due_at: None,
            }]
        }
        Command::LapseCheck => {
            let limit = facts
                .rules
                .task_limit(TaskKind::Check, &case.channel, case.urgent);
            let due = due(limit, facts)?;
            vec![Fact::CheckLapsed {
                due_at: due.at,
                timed: Some(clocks::timed(limit, &due, facts)),
            }]
        }
        Command::Close { closing } => {
            let closing = text("closing", &closing)?;
            if let Some(standard) = &case.standard
                && !standard.closings.is_empty()
                && !standard.closings.contains(&closing)
            {
                return Err(Refusal::UnknownClosing {
                    closing,
                    known: standard.closings.join("、"),
                });
            }
            vec![Fact::Closed { closing }]
        }
        Command::CallBack {
            contacted,
            solved,
            satisfaction,
            missing,
            note,
        } => {
            fairness::may(case, Act::CallBack, facts.actor)?;
            vec![fairness::said(
                case,
                contacted,
                solved,
                satisfaction,
                missing,
                &note,
            )?]
        }
        Command::RequestVoid { reason } => vec![Fact::VoidRequested {
            reason: text("reason", &reason)?,
            asked_by: facts.actor.account,
        }],
        Command::RefuseVoid { reason } => {
            if case.void_requested.is_none() {
                return Err(Refusal::NoVoidRequest);
            }
            vec![Fact::VoidRefused {
                reason: text("reason", &reason)?,
            }]
        }
        Command::Void { reason } => {
            by_another(case, Act::Void, facts.actor)?;
            vec![Fact::Voided {
                reason: text("reason", &reason)?,
            }]
        }
        Command::Merge { into } => {
            if into == case.number {
                return Err(Refusal::MergeTarget { into });
            }
            let held = stages::held(case);
            vec![Fact::Merged { into, held }]
        }
        Command::Unmerge => {
            if case.before.is_none() {
                return Err(Refusal::NoMerge);
            }
            // What was said is about the case it had gone into; its own matter goes on.
            let renewed = case.call_back.is_some().then_some(Fact::CallRenewed);
            renewed.into_iter().chain([Fact::Unmerged]).collect()
        }
        Command::ConfirmSelfHandling => {
            by_another(case, Act::ConfirmSelfHandling, facts.actor)?;
            vec![Fact::SelfHandlingConfirmed]
        }
        Command::Note {
            text: words,
            attachments,
            mentions,
        } => {
            vec![Fact::Noted {
                text: text("text", &words)?,
                attachments: pictures(attachments)?,
                mentions,
            }]
        }
        Command::Clock(command) => {
            let fact = clocks::decide(case, command, facts)?;
            let moved = if fact.ends_a_pause() {
                joint::after_pause(case, facts)?
            } else {
                None
            };
            std::iter::once(fact).chain(moved).collect()
        }
        Command::Joint(command) => joint::decide(case, command, facts)?,
        Command::Reply(command) => answer::decide(case, command, facts)?,
        Command::Fair(command) => vec![fairness::decide(case, command, facts)?],
        Command::Answered { command, .. } | Command::OfMerged { command, .. } => {
            outcome(Some(case), *command, facts)?
        }
    })
}

/// The first event of a life.
fn begin(command: Command, facts: &Facts<'_>) -> Result<Vec<Fact>, Refusal> {
    match command {
        Command::Report(report) => {
            text("description", &report.description)?;
            text("channel", &report.channel)?;
            pictures(report.attachments.clone())?;
            if let Some(how) = &report.self_handled {
                text("self_handled", how)?;
            }
            let verify = report.verify && report.self_handled.is_none();
            let task = verify
                .then(|| {
                    task(
                        TaskKind::Verify,
                        facts.on_duty,
                        (&report.channel, false),
                        facts,
                    )
                })
                .transpose()?;
            let mut events = vec![Fact::Reported(report)];
            events.extend(task);
            Ok(events)
        }
        Command::Import(import) => Ok(vec![Fact::Imported(import)]),
        other => Err(Refusal::NotNow {
            act: other.act().as_str(),
            state: "new",
        }),
    }
}

/// The id of a case that begins with this event: its head is the time of the report.
pub fn new_case_id(reported_at: Timestamp, random: [u8; 10]) -> CaseId {
    CaseId(Id::new(reported_at, random))
}
