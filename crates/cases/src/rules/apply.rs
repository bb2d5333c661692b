//! `apply`: what an event makes of a case. Total and without any rule, so that every stored life reads the same for ever.

use super::{answer, clocks, fairness, joint, recompute, stages};
use crate::model::{
    Case, CaseEvent, CaseId, Fact, ImportStatus, Imported, Place, Reported, State, Task, TaskClock,
    TaskKind, Timed,
};
use crate::record::{AnswerKind, AppealStage, Record};
use crate::stage::Stage;
use access::UnitId;
use jiff::Timestamp;
use kernel::codes::CaseNumber;
use kernel::id::Id;

/// Adds an event to a case. Total: it never fails, so that every stored life can be read for ever.
///
/// A life begins with `Reported` or `Imported`; the id is given by [`begun`]. Any other first event is ignored.
pub fn apply(case: Option<Case>, event: &CaseEvent) -> Option<Case> {
    let before = case.as_ref().and_then(Stage::of);
    let mut case = match (case, &event.fact) {
        (None, Fact::Reported(report)) => reported(report, event),
        (None, Fact::Imported(import)) => imported(import, event),
        (None, _) => return None,
        (Some(mut case), _) => {
            case.version = event.seq;
            case.updated_at = event.at;
            change(&mut case, event);
            case
        }
    };
    stages::change(&mut case, before, event);
    Some(case)
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
        same_as: None,
        notify: false,
        task: None,
        verified: None,
        accepted_at: None,
        registered_at: None,
        dispatched_at: None,
        unit: None,
        handler: None,
        round_limit: None,
        due_from: None,
        due_at: None,
        provisional: false,
        soon_at: None,
        calendar: None,
        stage_from: None,
        stage_limit: None,
        stage_due_at: None,
        stage_soon_at: None,
        stage_provisional: false,
        stage_calendar: None,
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
        extension: None,
        suspension: None,
        suspensions: 0,
        questions: 0,
        granted: 0,
        pauses: Vec::new(),
        paused_until: None,
        wait: None,
        question: None,
        merged_into: None,
        before: None,
        held: None,
        void_requested: None,
        void_asked_by: None,
        reason: None,
        call_back: None,
        record: Record::default(),
        joint: crate::model::Joint::default(),
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
        same_as: report.same_as,
        record: Record {
            nature: report.nature.clone(),
            nature_assumed: report.nature_assumed,
            requested: report.requested,
            askable: report.askable,
            ..Record::default()
        },
        notify: report.notify,
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

fn task_clock(timed: Option<&Timed>, from: Timestamp) -> Option<TaskClock> {
    timed.cloned().map(|timed| TaskClock { from, timed })
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
        Fact::TaskGiven {
            task,
            to,
            due_at,
            timed,
        } => {
            case.task = Some(Task {
                kind: *task,
                assignee: *to,
                due_at: *due_at,
                clock: task_clock(timed.as_ref(), at),
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
            // What the desk had drafted for an end of its own is no answer to what a unit does.
            let draft = case.record.draft.take();
            case.record.draft = draft.filter(|d| d.answer.kind == AnswerKind::Handled);
            case.dispatched_at = case.dispatched_at.or(Some(at));
            case.dispatches += 1;
            case.due_from = Some(at);
            case.due_at = *due_at;
            case.provisional = *provisional;
            // A new limit begins: what stood still or was granted belonged to the one before.
            case.pauses.clear();
            case.granted = 0;
            case.state = State::PendingSign;
        }
        Fact::Signed => case.state = State::Handling,
        Fact::ExtensionRequested { .. }
        | Fact::ExtensionEndorsed
        | Fact::Extended { .. }
        | Fact::ExtensionRefused { .. }
        | Fact::SuspensionRequested { .. }
        | Fact::Suspended { .. }
        | Fact::SuspensionRefused { .. }
        | Fact::Resumed { .. }
        | Fact::RequesterAsked { .. }
        | Fact::RequesterAnswered { .. }
        | Fact::WaitLapsed { .. } => clocks::change(case, event),
        Fact::Recomputed(said) => recompute::change(case, said),
        Fact::Returned {
            to_coordinator,
            worked,
            ..
        } => {
            if let Some(unit) = case.unit.filter(|_| *worked) {
                case.joint.worked_by(unit);
            }
            case.returns += 1;
            case.record.returned_in = case.record.rounds.len();
            clocks::withdraw(case);
            joint::finish(case, at);
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
        Fact::ReportedBack { result, .. } => {
            if answer::is_owed(case) {
                case.record.result = Some(result.clone());
            }
            case.handled_at = Some(at);
            clocks::withdraw(case);
            joint::finish(case, at);
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
                // What was to be answered was not so: the draft needs its head again.
                if let Some(draft) = &mut case.record.draft {
                    draft.approved = false;
                }
                case.due_at = due_at.or(case.due_at);
                case.state = State::Handling;
            }
        }
        Fact::CheckLapsed { due_at, timed } => {
            case.task = Some(Task {
                kind: TaskKind::Check,
                assignee: None,
                due_at: *due_at,
                clock: task_clock(timed.as_ref(), at),
            })
        }
        Fact::Closed { closing } => {
            case.closing = Some(closing.clone());
            end(case, State::Closed, at, None);
        }
        Fact::NatureSet { .. }
        | Fact::AnswerDrafted { .. }
        | Fact::AnswerApproved
        | Fact::AnswerReturned { .. }
        | Fact::AnswerSent { .. }
        | Fact::AnsweredDirectly => answer::change(case, event),
        Fact::CalledBack { .. }
        | Fact::AppealLodged { .. }
        | Fact::AppealEndorsed
        | Fact::AppealGranted
        | Fact::AppealRefused { .. }
        | Fact::ExclusionAsked { .. }
        | Fact::ExclusionGranted
        | Fact::ExclusionRefused { .. }
        | Fact::Reopened { .. }
        | Fact::RequesterAdded { .. }
        | Fact::Joined { .. }
        | Fact::Parted { .. }
        | Fact::CallRenewed => fairness::change(case, event),
        Fact::VoidRequested { reason, asked_by } => {
            case.void_requested = Some(reason.clone());
            case.void_asked_by = *asked_by;
        }
        Fact::VoidRefused { .. } => {
            case.void_requested = None;
            case.void_asked_by = None;
        }
        Fact::Voided { reason } => {
            case.void_requested = None;
            case.void_asked_by = None;
            end(case, State::Voided, at, Some(reason));
        }
        Fact::Merged { into, held } => {
            case.before = Some(case.state);
            case.held.clone_from(held);
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
        Fact::Joint(fact) => joint::change(case, event, fact),
    }
}

/// The life is over, or rests in another case.
pub(super) fn end(case: &mut Case, state: State, at: Timestamp, reason: Option<&String>) {
    clocks::withdraw(case);
    clocks::go_on(case, at);
    joint::finish(case, at);
    case.state = state;
    case.closed_at = Some(at);
    case.reason = reason.cloned().or_else(|| case.reason.take());
    if state != State::Merged {
        case.task = None;
    }
}

impl Fact {
    /// Whether the clock of handling runs on from here.
    pub(super) fn ends_a_pause(&self) -> bool {
        matches!(
            self,
            Self::Resumed { .. } | Self::RequesterAnswered { .. } | Self::WaitLapsed { .. }
        )
    }
}

impl Case {
    /// Whether a unit's own work is in the case: it has it, had it in this round or one before, has a part or a claim in it.
    /// Whoever is of it does not judge the case.
    pub fn has_work_of(&self, unit: UnitId) -> bool {
        self.unit == Some(unit)
            || self.joint.has_work_of(unit)
            || self.record.rounds.iter().any(|r| r.unit == Some(unit))
    }
    /// Whether it is only one voice more on another matter: whoever reported it says that it is the same, and nobody has found
    /// that it is a matter of its own. Everybody knows the matter already, so there is nothing to show of this.
    pub fn is_a_voice(&self) -> bool {
        let is_open_question = self.registered_at.is_none() && !self.state.is_final();
        self.same_as.is_some() && (is_open_question || self.state == State::Merged)
    }
    /// The clock that the program watches, and when it runs out: that of the open task, or the end of a pause. In words of
    /// the row: `verify`, `check`, `resume`. (The clock of a claim is watched by whoever keeps the claims.)
    pub fn timer(&self) -> Option<(&'static str, Timestamp)> {
        let task = self.task.as_ref().map(|t| (t.kind.as_str(), t.due_at));
        task.or_else(|| Some(("resume", self.paused_until?)))
    }
    /// Since when its requester may be called back (回访); none where nobody left a
    /// contact, or it was answered since it ended.
    /// What was merged waits in its list until the case it went into is over.
    pub fn call_at(&self) -> Option<Timestamp> {
        let is_over = self.state == State::Merged || Stage::CALLED_BACK.contains(&self.state);
        let is_asked = self.record.requested && self.subject.is_some();
        self.closed_at
            .filter(|_| is_over && is_asked && self.call_back.is_none())
    }
    /// Why what the requester last said counts in no rate, as a code of the city's list; none where it counts.
    pub fn left_out(&self) -> Option<&str> {
        let exclusion = self.record.exclusion.as_ref();
        let granted = exclusion.filter(|e| e.granted == Some(true))?;
        Some(&granted.reason)
    }
    /// Which decision of a reviewer or a head the case waits for, in words of the row: `appeal`, `appeal_second`,
    /// `exclusion`, `answer`.
    pub fn waits_for(&self) -> Option<&'static str> {
        match self.record.appeal.as_ref().map(|a| a.stage) {
            Some(AppealStage::Lodged) => return Some("appeal"),
            Some(AppealStage::Endorsed) => return Some("appeal_second"),
            _ => {}
        }
        if (self.record.exclusion.as_ref()).is_some_and(|e| e.granted.is_none()) {
            return Some("exclusion");
        }
        let is_drafted =
            (self.record.draft.as_ref()).is_some_and(|d| !d.approved && d.returned.is_none());
        (is_drafted && !self.state.is_final()).then_some("answer")
    }
    /// Whether nothing but files has spoken about this case.
    pub fn is_as_imported(&self) -> bool {
        self.source.is_some()
            && self.accepted_at.is_none()
            && self.reason.is_none()
            && self.verified.is_none()
            && self.merged_into.is_none()
    }
}
