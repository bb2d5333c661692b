//! The rules of a case's life: `decide` says what a command leads to, `apply` adds an event to a case.
//!
//! Pure: facts come in as arguments, `now` among them; nothing is looked up, nothing is stored. The simulator and the
//! maker of the sample city call the same functions as the desk.

use crate::model::{
    By, CallBack, Case, CaseEvent, CaseId, Fact, ImportStatus, Imported, Place, Reported,
    Satisfaction, Standard, State, Task, TaskKind, VerifyOutcome,
};
use crate::moves::{self, Act, Who};
use access::{AccountId, Role, UnitId};
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

/// What a city sets: data, never constants in the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CityRules {
    /// The clock of a verification (vendors: 24 h).
    pub verify_limit: Limit,
    /// The clock of a check (vendors: 2 h).
    pub check_limit: Limit,
    /// The return after which a coordinator rules.
    pub returns_to_coordinator: u32,
}

impl Default for CityRules {
    fn default() -> Self {
        let hours =
            |n| Limit::new(n, ClockKind::UrgentHours).expect("a small number of hours is a limit");
        Self {
            verify_limit: hours(24),
            check_limit: hours(2),
            returns_to_coordinator: 3,
        }
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
    },
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
    /// Nobody asked for a void.
    #[error("nobody asked for a void")]
    NoVoidRequest,
    /// An imported duplicate has no known original here.
    #[error("this case was a duplicate in its source; there is no merge to undo")]
    NoMerge,
    /// The deadline cannot be told.
    #[error("{0}")]
    Deadline(String),
}

impl Refusal {
    /// A stable word for the API and the language files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotNow { .. } => "not_now",
            Self::WrongRole { .. } => "wrong_role",
            Self::NotYourUnit { .. } => "not_your_unit",
            Self::OwnUnit { .. } => "own_unit",
            Self::NotYourTask => "not_your_task",
            Self::Missing { .. } => "missing",
            Self::TooLong { .. } => "too_long",
            Self::TooMany { .. } => "too_many",
            Self::UnknownClosing { .. } => "unknown_closing",
            Self::OtherClass { .. } => "other_class",
            Self::Ruled => "ruled",
            Self::AgainstRuling => "against_ruling",
            Self::MergeTarget { .. } => "merge_target",
            Self::NoVoidRequest => "no_void_request",
            Self::NoMerge => "no_merge",
            Self::Deadline(_) => "deadline",
        }
    }
    /// The field at fault, if there is one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Missing { field } | Self::TooLong { field, .. } => Some(field),
            Self::TooMany { .. } => Some("attachments"),
            Self::UnknownClosing { .. } => Some("closing"),
            Self::OtherClass { .. } => Some("standard"),
            Self::AgainstRuling => Some("unit"),
            Self::MergeTarget { .. } => Some("into"),
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
        )
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
    let state = case.map(|c| c.state);
    let row = moves::find(state, act).ok_or_else(|| Refusal::NotNow {
        act: act.as_str(),
        state: state.map_or("new", State::as_str),
    })?;
    let role = role_for(row.by, act, facts.actor)?;
    if let Some(case) = case {
        guard_unit(case, act, facts.actor)?;
    }
    let facts_of_move = outcome(case, command, facts)?;
    let first = case.map_or(0, |c| c.version);
    let by = By {
        kind: facts.actor.kind.to_owned(),
        account: facts.actor.account,
        role,
        unit: facts.actor.unit,
    };
    let events: Vec<CaseEvent> = (first + 1..)
        .zip(facts_of_move)
        .map(|(seq, fact)| CaseEvent {
            seq,
            at: facts.now,
            by: by.clone(),
            fact,
        })
        .collect();
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
        _ => Ok(()),
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

/// 两权分立: only the handling unit handles, and it never verifies, checks, closes or calls back its own case.
fn guard_unit(case: &Case, act: Act, actor: &Actor) -> Result<(), Refusal> {
    let own = case.unit.is_some() && case.unit == actor.unit;
    match act {
        Act::Sign | Act::Return | Act::Assign | Act::ReportBack if !own => {
            Err(Refusal::NotYourUnit { act: act.as_str() })
        }
        Act::Check | Act::Close | Act::CallBack if own => {
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

fn task(kind: TaskKind, to: Option<AccountId>, facts: &Facts<'_>) -> Result<Fact, Refusal> {
    let limit = match kind {
        TaskKind::Verify => facts.rules.verify_limit,
        TaskKind::Check => facts.rules.check_limit,
    };
    Ok(Fact::TaskGiven {
        task: kind,
        to,
        due_at: due(limit, facts)?.at,
    })
}

/// When handling is due after a dispatch at `facts.now` under the standard's limit.
fn handling_due(
    standard: Option<&Standard>,
    facts: &Facts<'_>,
) -> Result<(Option<Timestamp>, bool), Refusal> {
    match standard.and_then(|s| s.limit) {
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
            vec![task(kind, to, facts)?]
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
                match (case.standard.as_ref(), case.due_at, case.source.is_some()) {
                    (None, due, true) => (due, case.provisional),
                    (standard, _, _) => handling_due(standard, facts)?,
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
            let to_coordinator =
                case.ruled.is_none() && case.returns + 1 >= facts.rules.returns_to_coordinator;
            vec![Fact::Returned {
                reason: text("reason", &reason)?,
                to_coordinator,
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
            let done = Fact::ReportedBack {
                result: text("result", &result)?,
                attachments: pictures(attachments)?,
            };
            vec![done, task(TaskKind::Check, facts.on_duty, facts)?]
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
        Command::LapseCheck => vec![Fact::CheckLapsed {
            due_at: due(facts.rules.check_limit, facts)?.at,
        }],
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
            note,
        } => {
            vec![Fact::CalledBack {
                contacted,
                solved,
                satisfaction,
                note: optional_text("note", &note)?,
            }]
        }
        Command::RequestVoid { reason } => vec![Fact::VoidRequested {
            reason: text("reason", &reason)?,
        }],
        Command::RefuseVoid { reason } => {
            if case.void_requested.is_none() {
                return Err(Refusal::NoVoidRequest);
            }
            vec![Fact::VoidRefused {
                reason: text("reason", &reason)?,
            }]
        }
        Command::Void { reason } => vec![Fact::Voided {
            reason: text("reason", &reason)?,
        }],
        Command::Merge { into } => {
            if into == case.number {
                return Err(Refusal::MergeTarget { into });
            }
            vec![Fact::Merged { into }]
        }
        Command::Unmerge => {
            if case.before.is_none() {
                return Err(Refusal::NoMerge);
            }
            vec![Fact::Unmerged]
        }
        Command::ConfirmSelfHandling => vec![Fact::SelfHandlingConfirmed],
        Command::Note {
            text: words,
            attachments,
        } => {
            vec![Fact::Noted {
                text: text("text", &words)?,
                attachments: pictures(attachments)?,
            }]
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
            let mut events = vec![Fact::Reported(report)];
            if verify {
                events.push(task(TaskKind::Verify, facts.on_duty, facts)?);
            }
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

/// Adds an event to a case. Total: it never fails, so that every stored life can be read for ever.
///
/// A life begins with `Reported` or `Imported`; the id is given by [`begun`]. Any other first event is ignored.
pub fn apply(case: Option<Case>, event: &CaseEvent) -> Option<Case> {
    match (case, &event.fact) {
        (None, Fact::Reported(report)) => Some(reported(report, event)),
        (None, Fact::Imported(import)) => Some(imported(import, event)),
        (None, _) => None,
        (Some(mut case), _) => {
            case.version = event.seq;
            case.updated_at = event.at;
            change(&mut case, event);
            Some(case)
        }
    }
}

/// Rebuilds a case from its events.
pub fn replay(id: CaseId, events: &[CaseEvent]) -> Option<Case> {
    events
        .iter()
        .fold(None, apply)
        .map(|case| Case { id, ..case })
}

fn blank(number: CaseNumber, event: &CaseEvent, reported_at: Timestamp) -> Case {
    Case {
        // The id is not part of any event: whoever stores or replays the life sets it.
        id: CaseId(Id::floor(reported_at)),
        district: number.district(),
        number,
        version: event.seq,
        state: State::PendingAccept,
        channel: String::new(),
        reported_at,
        description: String::new(),
        place: Place::default(),
        matter: None,
        standard: None,
        subject: None,
        source: None,
        reporter: None,
        urgent: false,
        confidential: false,
        task: None,
        verified: None,
        accepted_at: None,
        registered_at: None,
        dispatched_at: None,
        unit: None,
        handler: None,
        due_from: None,
        due_at: None,
        provisional: false,
        handled_at: None,
        closed_at: None,
        closing: None,
        returns: 0,
        ruled: None,
        reworks: 0,
        reworked_at: None,
        dispatches: 0,
        extensions: 0,
        extended_at: None,
        merged_into: None,
        before: None,
        void_requested: None,
        reason: None,
        call_back: None,
        updated_at: event.at,
    }
}

fn reported(report: &Reported, event: &CaseEvent) -> Case {
    let state = match (&report.self_handled, report.verify) {
        (Some(_), _) => State::SelfHandledAudit,
        (None, true) => State::PendingVerify,
        (None, false) => State::PendingAccept,
    };
    Case {
        district: report.district,
        state,
        channel: report.channel.clone(),
        description: report.description.clone(),
        place: report.place.clone(),
        matter: report.matter,
        subject: report.subject,
        confidential: report.confidential,
        reporter: event.by.account,
        handled_at: report.self_handled.as_ref().map(|_| event.at),
        ..blank(report.number, event, report.reported_at)
    }
}

fn imported(import: &Imported, event: &CaseEvent) -> Case {
    let mut case = blank(import.number, event, import.reported_at);
    case.district = import.district;
    case.source = Some((import.source.clone(), import.row_id.clone()));
    take_over(&mut case, import);
    case
}

/// Makes the case say what the file says, and nothing more.
fn take_over(case: &mut Case, import: &Imported) {
    case.state = match import.status {
        ImportStatus::Open => State::PendingAccept,
        ImportStatus::Closed => State::Closed,
        ImportStatus::Duplicate => State::Merged,
        ImportStatus::Transferred => State::Transferred,
        ImportStatus::Void => State::Voided,
    };
    case.reported_at = import.reported_at;
    case.channel.clone_from(&import.channel);
    case.description.clone_from(&import.description);
    case.place.clone_from(&import.place);
    case.matter = import.matter;
    case.unit = import.unit;
    case.due_at = import.due_at;
    case.closed_at = import.closed_at;
    case.handled_at = import
        .closed_at
        .filter(|_| import.status == ImportStatus::Closed);
}

fn change(case: &mut Case, event: &CaseEvent) {
    let at = event.at;
    match &event.fact {
        Fact::Reported(_) | Fact::Imported(_) => {}
        Fact::ImportUpdated { new, .. } => {
            // Once people have acted here, the file no longer moves the case; what it says stays in the event.
            if case.is_as_imported() {
                take_over(case, new);
            }
        }
        Fact::Verified { outcome, .. } => {
            case.verified = Some(*outcome);
            case.task = None;
            case.state = State::PendingAccept;
        }
        Fact::VerifyLapsed => {
            case.task = None;
            case.state = State::PendingAccept;
        }
        Fact::TaskGiven { task, to, due_at } => {
            case.task = Some(Task {
                kind: *task,
                assignee: *to,
                due_at: *due_at,
            })
        }
        Fact::Accepted { matter, urgent } => {
            case.matter = Some(*matter);
            case.urgent = *urgent;
            case.accepted_at = Some(at);
            case.state = State::PendingRegister;
        }
        Fact::NotAccepted { reason } => end(case, State::NotAccepted, at, Some(reason)),
        Fact::Corrected { matter, place } => {
            if let Some(matter) = matter {
                case.matter = Some(*matter);
            }
            if let Some(place) = place {
                case.place = place.clone();
            }
        }
        Fact::Registered { standard } => {
            case.matter = Some(standard.matter);
            case.standard = Some(standard.clone());
            case.registered_at = Some(at);
            case.state = State::PendingDispatch;
        }
        Fact::NotRegistered { reason } => end(case, State::NotRegistered, at, Some(reason)),
        Fact::Dispatched {
            unit,
            due_at,
            provisional,
            ..
        } => {
            case.unit = Some(*unit);
            case.handler = None;
            case.dispatched_at = case.dispatched_at.or(Some(at));
            case.dispatches += 1;
            case.due_from = Some(at);
            case.due_at = *due_at;
            case.provisional = *provisional;
            case.state = State::PendingSign;
        }
        Fact::Signed => case.state = State::Handling,
        Fact::Returned { to_coordinator, .. } => {
            case.returns += 1;
            case.handler = None;
            case.unit = None;
            case.state = if *to_coordinator {
                State::Coordinating
            } else {
                State::PendingDispatch
            };
        }
        Fact::Ruled { unit, .. } => {
            case.ruled = Some(*unit);
            case.state = State::PendingDispatch;
        }
        Fact::Assigned { handler } => case.handler = Some(*handler),
        Fact::ReportedBack { .. } => {
            case.handled_at = Some(at);
            case.state = State::PendingCheck;
        }
        Fact::Checked { passed, due_at, .. } => {
            case.task = None;
            if *passed {
                case.state = State::PendingClose;
            } else {
                case.reworks += 1;
                case.reworked_at = Some(at);
                case.handled_at = None;
                case.due_at = due_at.or(case.due_at);
                case.state = State::Handling;
            }
        }
        Fact::CheckLapsed { due_at } => {
            case.task = Some(Task {
                kind: TaskKind::Check,
                assignee: None,
                due_at: *due_at,
            })
        }
        Fact::Closed { closing } => {
            case.closing = Some(closing.clone());
            end(case, State::Closed, at, None);
        }
        Fact::CalledBack {
            contacted,
            solved,
            satisfaction,
            ..
        } => {
            case.call_back = Some(CallBack {
                at,
                contacted: *contacted,
                solved: *solved,
                satisfaction: *satisfaction,
            });
        }
        Fact::VoidRequested { reason } => case.void_requested = Some(reason.clone()),
        Fact::VoidRefused { .. } => case.void_requested = None,
        Fact::Voided { reason } => {
            case.void_requested = None;
            end(case, State::Voided, at, Some(reason));
        }
        Fact::Merged { into } => {
            case.before = Some(case.state);
            case.merged_into = Some(*into);
            end(case, State::Merged, at, None);
        }
        Fact::Unmerged => {
            case.state = case.before.take().unwrap_or(State::PendingAccept);
            case.merged_into = None;
            case.closed_at = None;
        }
        Fact::SelfHandlingConfirmed => end(case, State::SelfHandled, at, None),
        Fact::Noted { .. } => {}
    }
}

fn end(case: &mut Case, state: State, at: Timestamp, reason: Option<&String>) {
    case.state = state;
    case.closed_at = Some(at);
    case.reason = reason.cloned().or_else(|| case.reason.take());
    if state != State::Merged {
        case.task = None;
    }
}

impl Case {
    /// Whether nothing but files has spoken about this case.
    pub fn is_as_imported(&self) -> bool {
        self.source.is_some()
            && self.accepted_at.is_none()
            && self.reason.is_none()
            && self.verified.is_none()
            && self.merged_into.is_none()
    }
}
