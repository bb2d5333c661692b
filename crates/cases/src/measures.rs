//! 计量 — the row of measures of a case: moments and small numbers, which evaluations sum (domain facts §1.8).
//!
//! A pure fold over the life: [`Measures::of`] takes the case as it stands and its events. Some columns say how the case
//! stands ([`Op::Now`]), the others gather what an event said once and the case does not keep ([`Op::First`],
//! [`Op::Last`], [`Op::Add`]). Each gathering is a function of the old value and the new one, so that a step writes its
//! row in one statement without reading it first, and `replay` finds the same row by folding the whole life.
//!
//! Invariant: moments, not verdicts. Whether something was late by the end of a period is asked when the period is asked
//! for. Nobody's name, account or words are here.

use crate::facts::PATROL_CHANNELS;
use crate::model::{
    Case, CaseEvent, Fact, JointFact, Satisfaction, State, TaskKind, VerifyOutcome,
};
use crate::stage::Stage;
use access::UnitId;
use jiff::{SignedDuration, Timestamp};
use store::{ToValue, Value};

/// What becomes of a column when the life goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// It says how the case stands now.
    Now,
    /// It keeps the first value.
    First,
    /// It takes the last value.
    Last,
    /// It adds up.
    Add,
    /// It keeps the first value of the last round of its stage, which begins with a column of its own ([`begin_of`]).
    Round,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $op:ident),* $(,)?) => {
        /// The numbers of the row: moments in microseconds UTC, flags (1, or 0 where "no" was said), counts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column { $($(#[$doc])* $variant),* }
        impl Column {
            /// All of them, in the order of the row.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The name of the column.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),* } }
            /// What becomes of it when the life goes on.
            pub const fn op(self) -> Op { match self { $(Self::$variant => Op::$op),* } }
        }
    };
}

columns! {
    /// When it was reported.
    ReportedAt = "reported_at" Now,
    /// Until when it counts: the last of its moments once it is over, else the end of time. A call that is owed counts as long
    /// as a city may let its requesters be called ([`LONGEST_CALL`]).
    CountsUntil = "counts_until" Now,
    /// It came with a file.
    Imported = "imported" Now,
    /// The administration found it itself.
    Patrol = "patrol" Now,
    /// Urgent.
    Urgent = "urgent" Now,
    /// Put right on the spot by whoever found it (自处置).
    SelfHandled = "self_handled" Now,
    /// When it was accepted.
    AcceptedAt = "accepted_at" Now,
    /// When it was registered.
    RegisteredAt = "registered_at" Now,
    /// When it was first dispatched.
    DispatchedAt = "dispatched_at" Now,
    /// When handling is due; empty without a limit and while the clock stands still.
    DueAt = "due_at" Now,
    /// When the unit last said that it was done, unless a check failed since.
    HandledAt = "handled_at" Now,
    /// When it was over.
    ClosedAt = "closed_at" Now,
    /// When a check last failed.
    ReworkedAt = "reworked_at" Now,
    /// When more time was last granted.
    ExtendedAt = "extended_at" Now,
    /// How often it was dispatched.
    Dispatches = "dispatches" Now,
    /// How often a unit returned it.
    Returns = "returns" Now,
    /// How often a check failed.
    Reworks = "reworks" Now,
    /// How often more time was granted.
    Extensions = "extensions" Now,
    /// How often it was suspended.
    Suspensions = "suspensions" Now,
    /// When the requester was last called back.
    CalledBackAt = "called_back_at" Now,
    /// The requester said: the unit got in touch (1), or did not (0).
    Contacted = "contacted" Now,
    /// The requester said: it is solved (1), or is not (0).
    Solved = "solved" Now,
    /// The requester said: satisfied (3), acceptable (2), dissatisfied (1).
    Satisfaction = "satisfaction" Now,
    /// When it was last reopened at its requester's wish.
    ReopenedAt = "reopened_at" Now,
    /// A round before a reopening was handled late: 1, or 2 where appeals made every such round exempt.
    LateBefore = "late_before" Now,
    /// After an appeal its lateness does not count (免责); the lateness stays visible.
    Exempt = "exempt" Now,
    /// What else appeals made exempt, as bits: see [`FORGIVABLE`].
    Forgiven = "forgiven" Now,
    /// After a review its call-back is left out of the rates (剔除); it stays visible.
    Excluded = "excluded" Now,
    /// Answered at the desk (直接办结).
    Direct = "direct" Now,
    /// Since when it was to be verified (应核实).
    VerifyFrom = "verify_from" First,
    /// By when.
    VerifyDue = "verify_due" First,
    /// When nobody had looked in time, and it went on without (核实超时).
    VerifyLapsedAt = "verify_lapsed_at" First,
    /// A worker was on duty at the place when it was reported.
    InBeat = "in_beat" First,
    /// Since when somebody was to decide on accepting it.
    AcceptFrom = "accept_from" First,
    /// By when.
    AcceptDue = "accept_due" First,
    /// When that was decided: accepted, refused, or answered at the desk.
    AcceptDone = "accept_done" First,
    /// Since when somebody was to decide on registering it.
    RegisterFrom = "register_from" First,
    /// By when.
    RegisterDue = "register_due" First,
    /// When that was decided, either way.
    RegisterDone = "register_done" First,
    /// Since when it was to be dispatched.
    DispatchFrom = "dispatch_from" First,
    /// By when.
    DispatchDue = "dispatch_due" First,
    /// When a unit first said that it was done.
    FirstHandledAt = "first_handled_at" First,
    /// Since when the unit to which it was first dispatched was to sign for it.
    SignFrom = "sign_from" First,
    /// By when.
    SignDue = "sign_due" First,
    /// When it signed for it, or returned it unsigned.
    SignDone = "sign_done" First,
    /// Since when a coordinator was to rule on it.
    CoordinateFrom = "coordinate_from" First,
    /// By when.
    CoordinateDue = "coordinate_due" First,
    /// When the coordinator ruled.
    CoordinateDone = "coordinate_done" First,
    /// Since when what was put right on the spot was to be audited.
    AuditFrom = "audit_from" First,
    /// By when.
    AuditDue = "audit_due" First,
    /// When it was audited.
    AuditDone = "audit_done" First,
    /// When somebody had looked whether it was true.
    VerifiedAt = "verified_at" Last,
    /// It was true (1), or was not, or was not found (0).
    VerifiedTrue = "verified_true" Last,
    /// Since when it was last to be checked (应核查).
    CheckFrom = "check_from" Last,
    /// By when: the first deadline of that round; a task that lapsed or changed hands makes it no later.
    CheckDue = "check_due" Last,
    /// When it was last checked.
    CheckedAt = "checked_at" Last,
    /// Since when its requester was last to be called back (应回访): when it was over.
    CallFrom = "call_from" Round,
    /// By when.
    CallDue = "call_due" Round,
    /// When the requester was first called back in that round, or said it unasked. What is said again later moves nothing.
    CallDone = "call_done" Round,
    /// Since when it was last to be closed.
    CloseFrom = "close_from" Last,
    /// By when.
    CloseDue = "close_due" Last,
    /// When it was closed in that round (结案); a reopening leaves it.
    CloseDone = "close_done" Round,
    /// When a unit last returned it.
    ReturnedAt = "returned_at" Last,
    /// When a unit last returned it after handling had been due: late, whatever limit the next unit gets.
    LateReturnedAt = "late_returned_at" Last,
    /// When it was last suspended.
    SuspendedAt = "suspended_at" Last,
    /// When the requester was sent a written answer.
    AnsweredAt = "answered_at" Last,
    /// How often a unit said that it was done.
    Handlings = "handlings" Add,
    /// How often the unit whose work last failed a check has failed it, since another's last did ([`UnitColumn::Reworked`]).
    UnitReworks = "unit_reworks" Add,
    /// It was dispatched to another unit than the first (错误派遣).
    Redirected = "redirected" First,
    /// A unit that did something to it is another than the one that has it ([`UnitColumn`]): the few rows in which it matters
    /// whose act a figure counts.
    Apart = "apart" Now,
}

/// The units whose act a column of the row tells. A case may go on to others: what one of them did stays its own, whoever has
/// the case now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitColumn {
    /// The unit to which it was first dispatched.
    First,
    /// The unit that last returned it.
    Returned,
    /// The unit whose work last failed a check.
    Reworked,
    /// The unit that was last granted more time.
    Extended,
    /// The unit that last had it suspended.
    Suspended,
    /// The unit that had handled it when its requester last reopened it.
    Reopened,
    /// The unit that was late in a round before a reopening.
    Late,
    /// The unit that handled the case into which this one was merged, when its requester was called back.
    Rated,
    /// The unit that last returned it after handling had been due.
    LateReturned,
}

impl UnitColumn {
    /// All of them, in the order of the row.
    pub const ALL: [Self; 9] = [
        Self::First,
        Self::Returned,
        Self::Reworked,
        Self::Extended,
        Self::Suspended,
        Self::Reopened,
        Self::Late,
        Self::Rated,
        Self::LateReturned,
    ];
    /// The name of the column.
    pub const fn name(self) -> &'static str {
        HEAD[FIRST_UNIT + self as usize]
    }
    /// What becomes of it when the life goes on.
    const fn op(self) -> Op {
        match self {
            Self::First => Op::First,
            Self::Returned
            | Self::Reworked
            | Self::Extended
            | Self::Suspended
            | Self::LateReturned => Op::Last,
            Self::Reopened | Self::Late | Self::Rated => Op::Now,
        }
    }
}

/// The count that an appeal makes exempt when it is about lateness.
const LATE: &str = "late";

/// The other counts that an appeal makes exempt (免责): the word, its bit in [`Column::Forgiven`], the column that counts it.
pub const FORGIVABLE: [(&str, i64, Column); 6] = [
    ("rework", 1, Column::ReworkedAt),
    ("return", 2, Column::ReturnedAt),
    ("extension", 4, Column::ExtendedAt),
    ("dissatisfied", 8, Column::Satisfaction),
    ("unsolved", 16, Column::Solved),
    ("reopened", 32, Column::ReopenedAt),
];

/// Nobody is called back later than so long after the end: the longest window that a city may set (`cases.rate_days`).
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(24 * 365);

/// How many numbers a row has.
const NUMBERS: usize = Column::ALL.len();

/// How many units a row names besides the one that has the case.
const UNITS: usize = UnitColumn::ALL.len();

/// The names of the columns that are not numbers, in the order of the row.
const HEAD: [&str; 17] = [
    "district",
    "case_id",
    "unit_id",
    "matter_id",
    "channel",
    "division",
    "state",
    "nature",
    "first_unit",
    "returned_unit",
    "reworked_unit",
    "extended_unit",
    "suspended_unit",
    "reopened_unit",
    "late_unit",
    "rated_unit",
    "late_returned_unit",
];

/// The row of measures of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// How the case stands, in columns that are no numbers.
    head: Vec<Value>,
    /// The unit that has it.
    unit: Option<UnitId>,
    /// By [`UnitColumn`].
    units: [Option<UnitId>; UNITS],
    numbers: [Option<i64>; NUMBERS],
}

impl Measures {
    /// The row that a whole life adds up to.
    pub fn of(case: &Case, events: &[CaseEvent]) -> Self {
        let mut row = Self::standing(case);
        row.gather(events, None);
        row.set(Column::Apart, row.is_apart().then_some(1));
        row
    }

    /// The unit whose act a figure counts: that of the column, else the one that has the case.
    pub fn unit_of(&self, column: Option<UnitColumn>) -> Option<UnitId> {
        column
            .and_then(|column| self.units[column as usize])
            .or(self.unit)
    }

    /// Whether it matters whose act a figure counts.
    fn is_apart(&self) -> bool {
        self.units.iter().flatten().any(|u| Some(*u) != self.unit)
    }

    /// A number of the row; none = not.
    pub fn get(&self, column: Column) -> Option<i64> {
        self.numbers[column as usize]
    }

    /// A row that says just this: for proofs about what a figure does with a life that is told in numbers.
    pub fn told(state: State, channel: &str, numbers: &[(Column, i64)]) -> Self {
        let mut row = Self {
            head: vec![Value::Null; HEAD.len()],
            unit: None,
            units: [None; UNITS],
            numbers: [None; NUMBERS],
        };
        row.head[CHANNEL] = channel.to_value();
        row.head[STATE] = state.to_value();
        for (column, value) in numbers {
            row.set(*column, Some(*value));
        }
        row
    }

    /// The same row with this number instead.
    #[must_use]
    pub fn with(mut self, column: Column, value: Option<i64>) -> Self {
        self.set(column, value);
        self
    }

    /// The same row of this channel and nature.
    #[must_use]
    pub fn of_contact(mut self, channel: &str, nature: Option<&str>) -> Self {
        self.head[CHANNEL] = channel.to_value();
        self.head[NATURE] = nature.map(str::to_owned).to_value();
        self
    }

    /// By which channel the case came.
    pub fn channel(&self) -> &str {
        self.text(CHANNEL).unwrap_or_default()
    }
    /// The word of the state in which it stands.
    pub fn state(&self) -> &str {
        self.text(STATE).unwrap_or_default()
    }
    /// Its nature, if it has one.
    pub fn nature(&self) -> Option<&str> {
        self.text(NATURE)
    }
    fn text(&self, at: usize) -> Option<&str> {
        match &self.head[at] {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The row in the order of [`COLUMNS`].
    pub fn values(&self) -> Vec<Value> {
        let mut values = self.head.clone();
        values.extend(self.units.iter().map(ToValue::to_value));
        values.extend(self.numbers.iter().map(ToValue::to_value));
        values
    }

    /// How the case stands: what needs no event.
    fn standing(case: &Case) -> Self {
        let state = case.state;
        let mut row = Self {
            head: store::values![
                case.district,
                case.id,
                case.unit,
                case.matter,
                case.channel,
                case.place.division,
                state,
                case.record.nature
            ]
            .into(),
            unit: case.unit,
            units: [None; UNITS],
            numbers: [None; NUMBERS],
        };
        let call_back = case.call_back.as_ref();
        let moments = [
            (Column::ReportedAt, Some(case.reported_at)),
            (Column::AcceptedAt, case.accepted_at),
            (Column::RegisteredAt, case.registered_at),
            (Column::DispatchedAt, case.dispatched_at),
            (Column::HandledAt, case.handled_at),
            (Column::ClosedAt, case.closed_at),
            (Column::ReworkedAt, case.reworked_at),
            (Column::ExtendedAt, case.extended_at),
            (Column::CalledBackAt, call_back.map(|c| c.at)),
            (
                Column::ReopenedAt,
                case.record.rounds.last().map(|round| round.reopened_at),
            ),
        ];
        let last = moments.iter().filter_map(|(_, at)| *at).max();
        for (column, at) in moments {
            row.set(column, at.map(micros));
        }
        row.set(Column::DueAt, case.counted_due().map(micros));
        let owed_until = case
            .closed_at
            .filter(|_| Stage::of(case) == Some(Stage::CallBack))
            .and_then(|at| at.checked_add(LONGEST_CALL).ok());
        let until = last
            .filter(|_| state.is_final())
            .max(owed_until)
            .map_or(i64::MAX, micros);
        row.set(Column::CountsUntil, Some(until));
        let exclusion = case.record.exclusion.as_ref();
        let is_excluded = exclusion.is_some_and(|e| e.granted == Some(true));
        let is_self_handled = matches!(state, State::SelfHandledAudit | State::SelfHandled);
        for (column, is) in [
            (Column::Imported, case.source.is_some()),
            (
                Column::Patrol,
                PATROL_CHANNELS.contains(&case.channel.as_str()),
            ),
            (Column::Urgent, case.urgent),
            (Column::SelfHandled, is_self_handled),
            (Column::Direct, state == State::AnsweredDirectly),
            (Column::Exempt, case.record.exempt.iter().any(|c| c == LATE)),
            (Column::Excluded, is_excluded),
        ] {
            row.set(column, is.then_some(1));
        }
        // Of several the one that counts: not exempt before exempt, the last of them.
        let late = case.record.rounds.iter().filter(|round| round.is_late());
        let late = late
            .rev()
            .map(|round| {
                (
                    i64::from(round.exempt.iter().any(|c| c == LATE)) + 1,
                    round.unit,
                )
            })
            .min_by_key(|(how, _)| *how);
        row.set(Column::LateBefore, late.map(|(how, _)| how));
        row.units[UnitColumn::Late as usize] = late.and_then(|(_, unit)| unit);
        row.units[UnitColumn::Reopened as usize] =
            case.record.rounds.last().and_then(|round| round.unit);
        row.units[UnitColumn::Rated as usize] = call_back.and_then(|c| c.unit);
        let forgiven = FORGIVABLE
            .iter()
            .filter(|(count, _, column)| is_forgiven(case, count, *column));
        let forgiven: i64 = forgiven.map(|(_, bit, _)| bit).sum();
        row.set(Column::Forgiven, (forgiven > 0).then_some(forgiven));
        for (column, times) in [
            (Column::Dispatches, case.dispatches),
            (Column::Returns, case.returns),
            (Column::Reworks, case.reworks),
            (Column::Extensions, case.extensions),
            (Column::Suspensions, case.suspensions),
        ] {
            row.set(column, (times > 0).then_some(i64::from(times)));
        }
        let said = |answer: Option<bool>| answer.map(i64::from);
        row.set(Column::Contacted, call_back.and_then(|c| said(c.contacted)));
        row.set(Column::Solved, call_back.and_then(|c| said(c.solved)));
        let satisfaction = call_back.and_then(|c| match c.satisfaction {
            Satisfaction::Satisfied => Some(3),
            Satisfaction::Acceptable => Some(2),
            Satisfaction::Dissatisfied => Some(1),
            Satisfaction::Unknown => None,
        });
        row.set(Column::Satisfaction, satisfaction);
        row
    }

    fn set(&mut self, column: Column, value: Option<i64>) {
        self.numbers[column as usize] = value;
    }

    /// Takes in a value as the column's [`Op`] says.
    fn put(&mut self, column: Column, value: i64) {
        let old = self.get(column);
        let new = match column.op() {
            Op::Now | Op::Last => value,
            Op::First | Op::Round => old.unwrap_or(value),
            Op::Add => old.unwrap_or(0) + value,
        };
        self.set(column, Some(new));
    }

    /// Whether the round of this stage that runs is the one that is measured.
    fn is_first_round(&self, stage: Stage) -> bool {
        match stage {
            Stage::Accept => self.get(Column::AcceptDone).is_none(),
            Stage::Register => self.get(Column::RegisterDone).is_none(),
            Stage::Dispatch => self.units[UnitColumn::First as usize].is_none(),
            Stage::Sign => self.get(Column::SignDone).is_none(),
            Stage::Coordinate => self.get(Column::CoordinateDone).is_none(),
            _ => true,
        }
    }

    /// Takes in what events said. `holder` has the case before them.
    fn gather(&mut self, events: &[CaseEvent], mut holder: Option<UnitId>) {
        let mut before: Option<&CaseEvent> = None;
        for event in events {
            self.take(event, before, holder);
            holder = after(event, holder);
            before = Some(event);
        }
    }

    fn take(&mut self, event: &CaseEvent, before: Option<&CaseEvent>, holder: Option<UnitId>) {
        use Column as C;
        let at = micros(event.at);
        if let Some(clocks) = event.clocks.as_deref()
            && let Some(stage) = clocks.begins
        {
            if stage == Stage::CallBack {
                for column in [C::CallFrom, C::CallDue, C::CallDone] {
                    self.set(column, None);
                }
                self.put(C::CallFrom, at);
            }
            let due_at = clocks.stage.as_ref().and_then(|clock| clock.due_at);
            if let (Some(column), Some(due_at)) = (due_of(stage), due_at) {
                self.put(column, micros(due_at));
            }
        }
        match &event.fact {
            // A report of the street that was put right at once needs nobody's decision on accepting it.
            Fact::Reported(report) if !report.verify && report.self_handled.is_none() => {
                self.put(C::AcceptFrom, at);
            }
            Fact::Reported(report) if report.self_handled.is_some() => self.put(C::AuditFrom, at),
            Fact::SelfHandlingConfirmed => self.put(C::AuditDone, at),
            Fact::TaskGiven {
                task: TaskKind::Verify,
                to,
                due_at,
                ..
            } => {
                self.put(C::VerifyFrom, at);
                self.put(C::VerifyDue, micros(*due_at));
                self.put(C::InBeat, i64::from(to.is_some()));
            }
            Fact::Verified { outcome, .. } => {
                self.put(C::VerifiedAt, at);
                self.put(C::VerifiedTrue, i64::from(*outcome == VerifyOutcome::Yes));
                self.put(C::AcceptFrom, at);
            }
            Fact::VerifyLapsed => {
                self.put(C::VerifyLapsedAt, at);
                self.put(C::AcceptFrom, at);
            }
            Fact::Accepted { .. } => {
                self.put(C::AcceptFrom, at);
                self.put(C::AcceptDone, at);
                self.put(C::RegisterFrom, at);
            }
            // An answer of the desk is a decision on accepting the matter as well as a refusal is.
            Fact::NotAccepted { .. } | Fact::AnsweredDirectly => {
                self.put(C::AcceptFrom, at);
                self.put(C::AcceptDone, at);
            }
            Fact::Registered { .. } => {
                self.put(C::RegisterDone, at);
                self.put(C::DispatchFrom, at);
            }
            Fact::NotRegistered { .. } => self.put(C::RegisterDone, at),
            Fact::Dispatched { unit, .. } => {
                self.put(C::SignFrom, at);
                match &mut self.units[UnitColumn::First as usize] {
                    first @ None => *first = Some(*unit),
                    Some(first) if first != unit => self.put(C::Redirected, 1),
                    Some(_) => {}
                }
            }
            Fact::Signed => self.put(C::SignDone, at),
            Fact::Ruled { .. } => self.put(C::CoordinateDone, at),
            Fact::ReportedBack { .. } => {
                self.put(C::FirstHandledAt, at);
                self.put(C::Handlings, 1);
                self.put(C::CheckFrom, at);
            }
            // The task that begins a round comes with the unit's answer; a later one only changes hands.
            Fact::TaskGiven {
                task: TaskKind::Check,
                due_at,
                ..
            } if before.is_some_and(|b| matches!(b.fact, Fact::ReportedBack { .. })) => {
                self.put(C::CheckDue, micros(*due_at));
            }
            Fact::Checked { passed, .. } => {
                self.put(C::CheckedAt, at);
                if *passed {
                    self.set(C::CloseDone, None);
                    self.put(C::CloseFrom, at);
                } else {
                    let last =
                        std::mem::replace(&mut self.units[UnitColumn::Reworked as usize], holder);
                    if last.is_some() && last != holder {
                        self.set(C::UnitReworks, None);
                    }
                    self.put(C::UnitReworks, 1);
                }
            }
            Fact::Closed { .. } => self.put(C::CloseDone, at),
            Fact::AnswerSent { .. } => self.put(C::AnsweredAt, at),
            Fact::CalledBack { .. } => self.put(C::CallDone, at),
            // Another calendar moves the limit that is measured, while it runs.
            Fact::Recomputed(said) => {
                if let (Some(stage), Some(moved)) = (said.of, &said.stage)
                    && let Some(column) = due_of(stage)
                    && self.get(column).is_some()
                    && self.is_first_round(stage)
                {
                    self.set(column, Some(micros(moved.due_at)));
                }
                // A task of a round that has changed hands since is not the one that is measured.
                if let Some(of) = &said.task
                    && let column = task_due_of(of.task)
                    && self.get(column) == Some(micros(of.moved.was_due_at))
                {
                    self.set(column, Some(micros(of.moved.due_at)));
                }
            }
            Fact::Returned {
                to_coordinator,
                late,
                ..
            } => {
                self.put(C::ReturnedAt, at);
                self.units[UnitColumn::Returned as usize] = holder;
                if *late {
                    self.put(C::LateReturnedAt, at);
                    self.units[UnitColumn::LateReturned as usize] = holder;
                }
                // It was not signed for, but the unit has decided.
                self.put(C::SignDone, at);
                if *to_coordinator {
                    self.put(C::CoordinateFrom, at);
                }
            }
            Fact::Suspended { .. } => {
                self.put(C::SuspendedAt, at);
                self.units[UnitColumn::Suspended as usize] = holder;
            }
            Fact::Extended { .. } => self.units[UnitColumn::Extended as usize] = holder,
            _ => {}
        }
    }
}

/// Whether an appeal made exempt what a column counts. A return, a failed check and an extension stay those of the round in which
/// they last happened, and so does what was decided about them since; what a requester said is that of the round that goes on.
fn is_forgiven(case: &Case, count: &str, column: Column) -> bool {
    let rounds = &case.record.rounds;
    let round_of = |at: Option<Timestamp>| at.map_or(rounds.len(), |at| case.record.round_at(at));
    let happened_in = match column {
        Column::ReworkedAt => round_of(case.reworked_at),
        Column::ExtendedAt => round_of(case.extended_at),
        Column::ReturnedAt => case.record.returned_in,
        _ => rounds.len(),
    };
    let since = rounds.iter().map(|r| &r.exempt).skip(happened_in);
    since
        .chain([&case.record.exempt])
        .any(|exempt| exempt.iter().any(|c| c == count))
}

/// Who has the case after an event, as [`crate::rules::apply`] has it.
fn after(event: &CaseEvent, holder: Option<UnitId>) -> Option<UnitId> {
    match &event.fact {
        Fact::Imported(import) => import.unit,
        Fact::Dispatched { unit, .. } => Some(*unit),
        Fact::Returned { .. } => None,
        Fact::Reopened {
            to_dispatch: true, ..
        } => None,
        Fact::Joint(JointFact::UnitChanged { from, to, .. }) if holder == Some(*from) => Some(*to),
        _ => holder,
    }
}

/// The column that begins a round of the stage of a column that keeps the first value of each.
const fn begin_of(column: Column) -> Column {
    match column {
        Column::CloseDone => Column::CloseFrom,
        _ => Column::CallFrom,
    }
}

/// The columns that keep until when a stage was to be done, with the states of the case in that stage and the column of what
/// ended its first round (which is the one that is measured) if only that is; for a call-back that of what ended this round.
const DUES: [(Stage, Column, &[State], Option<&str>); 8] = [
    (
        Stage::Accept,
        Column::AcceptDue,
        &[State::PendingAccept],
        Some("accept_done"),
    ),
    (
        Stage::Register,
        Column::RegisterDue,
        &[State::PendingRegister],
        Some("register_done"),
    ),
    (
        Stage::Dispatch,
        Column::DispatchDue,
        &[State::PendingDispatch],
        Some("first_unit"),
    ),
    (
        Stage::Sign,
        Column::SignDue,
        &[State::PendingSign],
        Some("sign_done"),
    ),
    (
        Stage::Coordinate,
        Column::CoordinateDue,
        &[State::Coordinating],
        Some("coordinate_done"),
    ),
    (
        Stage::Audit,
        Column::AuditDue,
        &[State::SelfHandledAudit],
        Some("audit_done"),
    ),
    (Stage::Close, Column::CloseDue, &[State::PendingClose], None),
    (
        Stage::CallBack,
        Column::CallDue,
        Stage::CALLED_BACK,
        Some("called_back_at"),
    ),
];

/// The column that keeps until when a stage was to be done; the others have tasks or clocks of their own.
fn due_of(stage: Stage) -> Option<Column> {
    let found = DUES.iter().find(|(of, ..)| *of == stage)?;
    Some(found.1)
}

/// The column that keeps until when a task in the street was to be done.
pub(crate) fn task_due_of(task: TaskKind) -> Column {
    match task {
        TaskKind::Verify => Column::VerifyDue,
        TaskKind::Check => Column::CheckDue,
    }
}

/// The part of an update of rows that gives limits moved by another calendar to the measures of cases that are in those
/// stages: what [`Fact::Recomputed`] does to one row, in SQL.
pub(crate) fn set_moved_dues() -> String {
    let of_case = "SELECT c.stage_due_at FROM cases c WHERE c.district = case_measures.district AND c.id = case_measures.case_id";
    let set = DUES.map(|(_, column, states, ended)| {
        let name = column.name();
        let states: Vec<String> = states.iter().map(|s| format!("'{s}'")).collect();
        let states = states.join(", ");
        let first = ended.map_or(String::new(), |ended| format!(" AND {ended} IS NULL"));
        format!(
            "{name} = CASE WHEN state IN ({states}) AND {name} IS NOT NULL{first} THEN ({of_case}) ELSE {name} END"
        )
    });
    set.join(", ")
}

/// Where some columns stand in [`HEAD`].
const CHANNEL: usize = 4;
const STATE: usize = 6;
const NATURE: usize = 7;
const FIRST_UNIT: usize = 8;

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The columns of `case_measures`, in the order of [`Measures::values`].
pub const COLUMNS: &[&str] = &{
    let mut all = [""; HEAD.len() + NUMBERS];
    let mut n = 0;
    while n < HEAD.len() {
        all[n] = HEAD[n];
        n += 1;
    }
    let mut n = 0;
    while n < NUMBERS {
        all[HEAD.len() + n] = Column::ALL[n].name();
        n += 1;
    }
    all
};

/// What a step changes of a row that is there: the text, which is always the same, and its values. A column that gathers
/// is computed by the engine from its old value, as [`Op`] says. `holder` had the case before the step.
pub fn update(
    case: &Case,
    holder: Option<UnitId>,
    new: &[CaseEvent],
) -> (&'static str, Vec<Value>) {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let units = UnitColumn::ALL.map(unit_after);
        let set: Vec<String> = COLUMNS
            .iter()
            .zip(1..)
            // District and id never change.
            .skip(2)
            .map(|(name, n)| {
                let unit = UnitColumn::ALL.iter().find(|c| c.name() == *name);
                if let Some(unit) = unit {
                    return format!("{name} = {}", units[*unit as usize]);
                }
                let column = Column::ALL.iter().find(|c| c.name() == *name);
                match column.map(|c| c.op()) {
                    // The engine knows the units of steps before.
                    _ if column == Some(&Column::Apart) => {
                        let other = units.each_ref().map(|unit| format!("{unit} <> $3"));
                        format!(
                            "{name} = CASE WHEN {} OR $3 IS NULL AND coalesce({}) IS NOT NULL THEN 1 ELSE CAST(${n} AS BIGINT) END",
                            other.join(" OR "),
                            units.join(", ")
                        )
                    }
                    // Another unit than the first: the engine knows the first of steps before.
                    Some(Op::First) if column == Some(&Column::Redirected) => format!(
                        "{name} = CASE WHEN first_unit <> ${} THEN 1 ELSE coalesce({name}, ${n}) END",
                        FIRST_UNIT + 1
                    ),
                    // Begun anew where another unit's work failed before, which the engine knows; or within the step.
                    Some(Op::Add) if column == Some(&Column::UnitReworks) => format!(
                        "{name} = CASE WHEN reworked_unit <> ${} OR CAST(${n} AS BIGINT) < 0 THEN abs(CAST(${n} AS BIGINT)) ELSE coalesce({name} + ${n}, ${n}, {name}) END",
                        FIRST_UNIT + UnitColumn::Reworked as usize + 1
                    ),
                    Some(Op::First) => format!("{name} = coalesce({name}, ${n})"),
                    Some(Op::Last) => format!("{name} = coalesce(${n}, {name})"),
                    Some(Op::Round) => {
                        let begin = column.map_or(Column::CallFrom, |c| begin_of(*c));
                        format!(
                            "{name} = CASE WHEN ${} <> coalesce({}, 0) THEN ${n} ELSE coalesce({name}, ${n}) END",
                            HEAD.len() + begin as usize + 1,
                            begin.name()
                        )
                    }
                    Some(Op::Add) => format!("{name} = coalesce({name} + ${n}, ${n}, {name})"),
                    Some(Op::Now) | None => format!("{name} = ${n}"),
                }
            })
            .collect();
        format!(
            "UPDATE case_measures SET {} WHERE district = $1 AND case_id = $2",
            set.join(", ")
        )
    });
    let mut row = Measures::standing(case);
    row.gather(new, holder);
    let fails = |e: &&CaseEvent| matches!(e.fact, Fact::Checked { passed: false, .. });
    let failed = i64::try_from(new.iter().filter(fails).count()).unwrap_or(i64::MAX);
    // The works of several units failed in one step: told by its sign, as the text has it.
    if let Some(of_last) = row.get(Column::UnitReworks).filter(|n| *n < failed) {
        row.set(Column::UnitReworks, Some(-of_last));
    }
    (&TEXT, row.values())
}

/// What a step makes of a unit of the row, in SQL.
fn unit_after(column: UnitColumn) -> String {
    let (name, n) = (column.name(), FIRST_UNIT + column as usize + 1);
    match column.op() {
        Op::First => format!("coalesce({name}, ${n})"),
        Op::Last => format!("coalesce(${n}, {name})"),
        Op::Now | Op::Add | Op::Round => format!("${n}"),
    }
}
