//! The words of which definitions are made: each is a sum over the rows of measures (domain facts §1.8).
//!
//! A word is code, because it says how a column of the record counts in a period; which words stand over which is data.
//! Nothing from outside the record is a word: no estimate of under-reporting, no figure about a person. That is so by
//! type: a word reads [`cases::measures::Column`] and nothing else.

use crate::condition::{Amount, Is};
use cases::measures::{Column as C, UnitColumn as U};
use cases::{Stage, State as S};

/// One word.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// Its name in definitions.
    pub name: &'static str,
    /// What it sums.
    pub amount: Amount,
    /// By unit it counts for the unit of this column, whose act it is; without one, and where the column is empty, for the unit
    /// that has the case.
    pub of: Option<U>,
}

impl Word {
    /// The same, counted for the unit whose act it is.
    const fn of(self, unit: U) -> Self {
        Self {
            of: Some(unit),
            ..self
        }
    }
}

/// Words of a stage, counted for the unit whose act it is.
const fn all_of(mut words: [Word; 6], unit: U) -> [Word; 6] {
    let mut n = 0;
    while n < words.len() {
        words[n] = words[n].of(unit);
        n += 1;
    }
    words
}

/// The word of this name.
pub fn word(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|w| w.name == name)
}

/// States in which a case left the count, whatever happened to it before.
const GONE: &[S] = &[S::Voided, S::Merged, S::Transferred];
const OVER: &[S] = &[S::Closed, S::Voided, S::Merged, S::Transferred];
const FINAL: &[S] = &[
    S::NotAccepted,
    S::NotRegistered,
    S::Closed,
    S::SelfHandled,
    S::Merged,
    S::Voided,
    S::Transferred,
    S::AnsweredDirectly,
];

/// The case was not over by the end of the period.
const GOING: Is = Is::Any(&[
    Is::AfterEnd(C::ClosedAt),
    Is::All(&[Is::Empty(C::ClosedAt), Is::NotIn(FINAL)]),
]);
/// A unit's work: dispatched here, or brought in with a file. On-the-spot handling by the finder is not.
const UNIT_WORK: Is = Is::Any(&[Is::Known(C::DispatchedAt), Is::AtLeast(C::Imported, 1)]);
/// In the hands of a unit before the end of the period.
const WITH_UNIT: Is = Is::Any(&[
    Is::BeforeEnd(C::DispatchedAt),
    Is::All(&[Is::AtLeast(C::Imported, 1), Is::BeforeEnd(C::ReportedAt)]),
]);
const STILL_COUNTS: Is = Is::Any(&[Is::NotIn(GONE), Is::AfterEnd(C::ClosedAt)]);

/// 应结案 — handled in the period, or unhandled at its end (or now) with the deadline passed. Cases that had ended
/// otherwise by then (void, merged, left the system) are not due, whether handled before or not.
const DUE: Is = Is::All(&[
    UNIT_WORK,
    Is::Any(&[
        Is::All(&[Is::Within(C::HandledAt), STILL_COUNTS]),
        Is::All(&[
            Is::Passed(C::DueAt),
            Is::Passed(C::ReportedAt),
            Is::Any(&[
                Is::AfterEnd(C::HandledAt),
                Is::All(&[Is::Empty(C::HandledAt), Is::AfterEnd(C::ClosedAt)]),
                Is::All(&[
                    Is::Empty(C::HandledAt),
                    Is::Empty(C::ClosedAt),
                    Is::NotIn(OVER),
                ]),
            ]),
        ]),
    ]),
]);
const CLOSED: Is = Is::All(&[Is::In(&[S::Closed]), Is::Within(C::ClosedAt)]);
const UNHANDLED: Is = Is::All(&[
    WITH_UNIT,
    Is::Any(&[
        Is::AfterEnd(C::HandledAt),
        Is::All(&[Is::Empty(C::HandledAt), GOING]),
    ]),
]);
const HANDLED: Is = Is::All(&[UNIT_WORK, Is::Within(C::HandledAt), STILL_COUNTS]);

const fn cases(name: &'static str, is: Is) -> Word {
    Word {
        name,
        amount: Amount::Cases(is),
        of: None,
    }
}

/// Six words of a stage: 应X, X, 按期X, 超期X, 待X, 超期待X. Like 应结案, what still lies inside its limit is not needed yet.
/// `$pending`: the stage goes on at the end of the period. `$ended`: it ended in the period, done or not.
macro_rules! stage {
    ($need:literal, $done:literal, $in_time:literal, $overtime:literal, $to:literal, $overtime_to:literal, $from:ident, $due:ident, $at:ident, $pending:expr) => {
        stage!(
            $need,
            $done,
            $in_time,
            $overtime,
            $to,
            $overtime_to,
            $from,
            $due,
            $at,
            $pending,
            Is::Within(C::$at)
        )
    };
    ($need:literal, $done:literal, $in_time:literal, $overtime:literal, $to:literal, $overtime_to:literal, $from:ident, $due:ident, $at:ident, $pending:expr, $ended:expr) => {
        [
            cases(
                $need,
                Is::All(&[
                    Is::Known(C::$due),
                    Is::Any(&[
                        $ended,
                        Is::All(&[Is::BeforeEnd(C::$from), Is::Passed(C::$due), $pending]),
                    ]),
                ]),
            ),
            cases($done, Is::Within(C::$at)),
            cases(
                $in_time,
                Is::All(&[
                    Is::Known(C::$due),
                    Is::Within(C::$at),
                    Is::InTime {
                        done: C::$at,
                        due: C::$due,
                    },
                ]),
            ),
            cases(
                $overtime,
                Is::All(&[
                    Is::Within(C::$at),
                    Is::Late {
                        done: C::$at,
                        due: C::$due,
                    },
                ]),
            ),
            cases($to, Is::All(&[Is::BeforeEnd(C::$from), $pending])),
            cases(
                $overtime_to,
                Is::All(&[Is::BeforeEnd(C::$from), $pending, Is::Overdue(C::$due)]),
            ),
        ]
    };
}

/// Not done by the end of the period, and the case not over.
macro_rules! not_by_end {
    ($at:ident) => {
        Is::All(&[Is::Any(&[Is::Empty(C::$at), Is::AfterEnd(C::$at)]), GOING])
    };
}
/// A task that nobody did in time ends when the case goes on without: it was needed, and is neither done nor still to do.
const VERIFY: [Word; 6] = stage!(
    "need_verify",
    "verify",
    "in_time_verify",
    "overtime_verify",
    "to_verify",
    "overtime_to_verify",
    VerifyFrom,
    VerifyDue,
    VerifiedAt,
    Is::All(&[
        not_by_end!(VerifiedAt),
        Is::Any(&[
            Is::Empty(C::VerifyLapsedAt),
            Is::AfterEnd(C::VerifyLapsedAt)
        ]),
    ]),
    Is::Any(&[Is::Within(C::VerifiedAt), Is::Within(C::VerifyLapsedAt)])
);
const ACCEPT: [Word; 6] = stage!(
    "need_accept",
    "accept_decided",
    "in_time_accept",
    "overtime_accept",
    "to_accept",
    "overtime_to_accept",
    AcceptFrom,
    AcceptDue,
    AcceptDone,
    not_by_end!(AcceptDone)
);
const REGISTER: [Word; 6] = stage!(
    "need_register",
    "register_decided",
    "in_time_register",
    "overtime_register",
    "to_register",
    "overtime_to_register",
    RegisterFrom,
    RegisterDue,
    RegisterDone,
    not_by_end!(RegisterDone)
);
const DISPATCH: [Word; 6] = stage!(
    "need_dispatch",
    "dispatch_done",
    "in_time_dispatch",
    "overtime_dispatch",
    "to_dispatch",
    "overtime_to_dispatch",
    DispatchFrom,
    DispatchDue,
    DispatchedAt,
    not_by_end!(DispatchedAt)
);
/// A round of checking is open when the last check came before it began.
const CHECK: [Word; 6] = stage!(
    "need_check",
    "check",
    "in_time_check",
    "overtime_check",
    "to_check",
    "overtime_to_check",
    CheckFrom,
    CheckDue,
    CheckedAt,
    Is::All(&[
        Is::Any(&[
            Is::Empty(C::CheckedAt),
            Is::AfterEnd(C::CheckedAt),
            Is::Before(C::CheckedAt, C::CheckFrom),
        ]),
        GOING,
    ])
);
/// Of the round that was checked last. A case that goes on after it was closed waits for no closing until its next check passed.
const CLOSE: [Word; 6] = stage!(
    "need_close",
    "close",
    "in_time_close",
    "overtime_close",
    "to_close",
    "overtime_to_close",
    CloseFrom,
    CloseDue,
    CloseDone,
    Is::Any(&[
        Is::AfterEnd(C::CloseDone),
        Is::All(&[
            Is::Empty(C::CloseDone),
            Is::Any(&[Is::In(&[S::PendingClose]), Is::AfterEnd(C::ClosedAt)]),
        ]),
    ])
);

/// Signed for, or returned unsigned: the unit decided. It is the first dispatch that is measured, so it is the first unit's.
const SIGN: [Word; 6] = all_of(
    stage!(
        "need_sign",
        "sign",
        "in_time_sign",
        "overtime_sign",
        "to_sign",
        "overtime_to_sign",
        SignFrom,
        SignDue,
        SignDone,
        not_by_end!(SignDone)
    ),
    U::First,
);
const COORDINATE: [Word; 6] = stage!(
    "need_coordinate",
    "coordinate",
    "in_time_coordinate",
    "overtime_coordinate",
    "to_coordinate",
    "overtime_to_coordinate",
    CoordinateFrom,
    CoordinateDue,
    CoordinateDone,
    not_by_end!(CoordinateDone)
);
/// What was put right on the spot.
const AUDIT: [Word; 6] = stage!(
    "need_audit",
    "audit",
    "in_time_audit",
    "overtime_audit",
    "to_audit",
    "overtime_to_audit",
    AuditFrom,
    AuditDue,
    AuditDone,
    not_by_end!(AuditDone)
);

/// 回访, of the round that ended last: a case that goes on again owes none until it is over. Cases that were merged have no clock of
/// their own, their requesters are called when the case they went into is over.
const CALL_BACK: [Word; 6] = stage!(
    "need_call_back",
    "call_back",
    "in_time_call_back",
    "overtime_call_back",
    "to_call_back",
    "overtime_to_call_back",
    CallFrom,
    CallDue,
    CallDone,
    Is::All(&[
        Is::Any(&[Is::Empty(C::CallDone), Is::AfterEnd(C::CallDone)]),
        Is::In(Stage::CALLED_BACK),
        Is::BeforeEnd(C::ClosedAt),
    ])
);

const LIFE: &[Word] = &[
    // 上报
    cases("report", Is::Within(C::ReportedAt)),
    cases(
        "public_report",
        Is::All(&[Is::Within(C::ReportedAt), Is::Empty(C::Patrol)]),
    ),
    cases(
        "patrol_report",
        Is::All(&[Is::Within(C::ReportedAt), Is::AtLeast(C::Patrol, 1)]),
    ),
    cases(
        "urgent",
        Is::All(&[Is::Within(C::ReportedAt), Is::AtLeast(C::Urgent, 1)]),
    ),
    // 有效上报: in the end registered; one vendor counts what was voided afterwards as well.
    cases(
        "valid_report",
        Is::All(&[
            Is::Within(C::ReportedAt),
            Is::Known(C::RegisteredAt),
            Is::NotIn(&[S::Voided]),
        ]),
    ),
    cases(
        "valid_report_or_void",
        Is::All(&[Is::Within(C::ReportedAt), Is::Known(C::RegisteredAt)]),
    ),
    // 核实属实的公众举报; 漏报: the same where a worker was on duty.
    cases(
        "public_valid",
        Is::All(&[
            Is::Within(C::VerifiedAt),
            Is::AtLeast(C::VerifiedTrue, 1),
            Is::Empty(C::Patrol),
        ]),
    ),
    cases(
        "missed",
        Is::All(&[
            Is::Within(C::VerifiedAt),
            Is::AtLeast(C::VerifiedTrue, 1),
            Is::Empty(C::Patrol),
            Is::AtLeast(C::InBeat, 1),
        ]),
    ),
    // 受理, 立案, 派遣
    cases("accept", Is::Within(C::AcceptedAt)),
    cases(
        "not_accept",
        Is::All(&[Is::In(&[S::NotAccepted]), Is::Within(C::ClosedAt)]),
    ),
    cases("register", Is::Within(C::RegisteredAt)),
    cases(
        "not_register",
        Is::All(&[Is::In(&[S::NotRegistered]), Is::Within(C::ClosedAt)]),
    ),
    cases(
        "register_kept",
        Is::All(&[
            Is::Within(C::RegisteredAt),
            Is::Any(&[Is::NotIn(&[S::Voided]), Is::AfterEnd(C::ClosedAt)]),
        ]),
    ),
    // 立案数 in time: those not registered are in `in_time_register`, which counts decisions.
    cases(
        "in_time_registered",
        Is::All(&[
            Is::Within(C::RegisteredAt),
            Is::InTime {
                done: C::RegisteredAt,
                due: C::RegisterDue,
            },
        ]),
    ),
    cases("dispatch", Is::Within(C::DispatchedAt)),
    cases(
        "accurate_dispatch",
        Is::All(&[Is::Within(C::DispatchedAt), Is::Empty(C::Redirected)]),
    )
    .of(U::First),
    cases(
        "wrong_dispatch",
        Is::All(&[Is::Within(C::DispatchedAt), Is::AtLeast(C::Redirected, 1)]),
    )
    .of(U::First),
    // 退单: it counts for the unit that returned it, whoever has it since.
    cases("back", Is::Within(C::ReturnedAt)).of(U::Returned),
    // 核实超时: nobody looked in time.
    cases("lapsed_verify", Is::Within(C::VerifyLapsedAt)),
    // 超期退单: kept beyond the deadline of handling and then returned. The next unit's limit hides nothing of it, and the next
    // unit has nothing to do with it.
    cases("overtime_back", Is::Within(C::LateReturnedAt)).of(U::LateReturned),
    // 核实、核查任务: the program sends them at once.
    cases("send_verify", Is::Within(C::VerifyFrom)),
    cases("send_check", Is::Within(C::CheckFrom)),
    // 处置
    cases(
        "need_dispose",
        Is::All(&[
            WITH_UNIT,
            Is::Any(&[
                Is::All(&[Is::SinceStart(C::HandledAt), STILL_COUNTS]),
                Is::All(&[Is::Empty(C::HandledAt), GOING]),
            ]),
        ]),
    ),
    cases("dispose", HANDLED),
    cases(
        "in_time_dispose",
        Is::All(&[
            HANDLED,
            Is::Known(C::DueAt),
            Is::InTime {
                done: C::HandledAt,
                due: C::DueAt,
            },
        ]),
    )
    .of(U::Late),
    cases(
        "overtime_dispose",
        Is::All(&[
            HANDLED,
            Is::Late {
                done: C::HandledAt,
                due: C::DueAt,
            },
        ]),
    )
    .of(U::Late),
    cases("to_dispose", UNHANDLED),
    cases(
        "overtime_to_dispose",
        Is::All(&[UNHANDLED, Is::Overdue(C::DueAt)]),
    ),
    cases(
        "handled_ever",
        Is::All(&[
            UNIT_WORK,
            Is::Any(&[
                Is::Within(C::FirstHandledAt),
                Is::Within(C::HandledAt),
                Is::Within(C::ReworkedAt),
            ]),
        ]),
    ),
    // 结案
    cases("need_archive", DUE),
    cases(
        "need_archive_with_limit",
        Is::All(&[Is::Known(C::DueAt), DUE]),
    ),
    cases("archive", CLOSED),
    cases(
        "in_time_archive",
        Is::All(&[
            CLOSED,
            Is::Known(C::DueAt),
            Is::InTime {
                done: C::HandledAt,
                due: C::DueAt,
            },
        ]),
    )
    .of(U::Late),
    cases(
        "overtime_archive",
        Is::All(&[
            CLOSED,
            Is::Late {
                done: C::HandledAt,
                due: C::DueAt,
            },
        ]),
    )
    .of(U::Late),
    cases(
        "to_archive",
        Is::All(&[Is::BeforeEnd(C::ReportedAt), GOING]),
    ),
    cases(
        "reported_to_archive",
        Is::All(&[Is::Within(C::ReportedAt), GOING]),
    ),
    cases(
        "self_handled",
        Is::All(&[Is::In(&[S::SelfHandled]), Is::Within(C::ClosedAt)]),
    ),
    // 直接办结: answered at the desk, apart from the work of units.
    cases(
        "direct",
        Is::All(&[Is::AtLeast(C::Direct, 1), Is::Within(C::ClosedAt)]),
    ),
    cases("answered", Is::Within(C::AnsweredAt)),
    // 返工, 延期, 挂账, 作废
    cases("rework", Is::Within(C::ReworkedAt)).of(U::Reworked),
    // 多次返工: one unit's, not one failed check each of several.
    cases(
        "multi_rework",
        Is::All(&[Is::Within(C::ReworkedAt), Is::AtLeast(C::UnitReworks, 2)]),
    )
    .of(U::Reworked),
    cases("extension", Is::Within(C::ExtendedAt)).of(U::Extended),
    cases("suspension", Is::Within(C::SuspendedAt)).of(U::Suspended),
    cases(
        "cancel",
        Is::All(&[Is::In(&[S::Voided]), Is::Within(C::ClosedAt)]),
    ),
    cases(
        "cancel_registered",
        Is::All(&[
            Is::In(&[S::Voided]),
            Is::Within(C::ClosedAt),
            Is::Known(C::RegisteredAt),
        ]),
    ),
    // 重开: taken up again at the requester's wish.
    cases("reopen", Is::Within(C::ReopenedAt)).of(U::Reopened),
    cases(
        "merged",
        Is::All(&[Is::In(&[S::Merged]), Is::Within(C::ClosedAt)]),
    ),
    cases("exempt", Is::All(&[CLOSED, Is::AtLeast(C::Exempt, 1)])),
    cases("excluded", Is::All(&[CLOSED, Is::AtLeast(C::Excluded, 1)])),
    // 回访: who did not answer a question is in none of its denominators. What the requester of a merged case says is about the
    // unit that handled the case it went into.
    cases("return_visit", Is::Within(C::CalledBackAt)).of(U::Rated),
    cases(
        "asked_contacted",
        Is::All(&[Is::Within(C::CalledBackAt), Is::Known(C::Contacted)]),
    )
    .of(U::Rated),
    cases(
        "contacted",
        Is::All(&[Is::Within(C::CalledBackAt), Is::AtLeast(C::Contacted, 1)]),
    )
    .of(U::Rated),
    cases(
        "asked_solved",
        Is::All(&[Is::Within(C::CalledBackAt), Is::Known(C::Solved)]),
    )
    .of(U::Rated),
    cases(
        "solved",
        Is::All(&[Is::Within(C::CalledBackAt), Is::AtLeast(C::Solved, 1)]),
    )
    .of(U::Rated),
    cases(
        "asked_satisfied",
        Is::All(&[Is::Within(C::CalledBackAt), Is::Known(C::Satisfaction)]),
    )
    .of(U::Rated),
    cases(
        "satisfied",
        Is::All(&[Is::Within(C::CalledBackAt), Is::AtLeast(C::Satisfaction, 3)]),
    )
    .of(U::Rated),
    cases(
        "satisfied_or_acceptable",
        Is::All(&[Is::Within(C::CalledBackAt), Is::AtLeast(C::Satisfaction, 2)]),
    )
    .of(U::Rated),
    cases(
        "dissatisfied",
        Is::All(&[Is::Within(C::CalledBackAt), Is::Equals(C::Satisfaction, 1)]),
    )
    .of(U::Rated),
    // How long it took, in seconds.
    Word {
        name: "accept_seconds",
        amount: Amount::Seconds {
            from: C::ReportedAt,
            to: C::AcceptedAt,
            is: Is::Within(C::AcceptedAt),
        },
        of: None,
    },
    Word {
        name: "handle_seconds",
        amount: Amount::Seconds {
            from: C::DispatchedAt,
            to: C::HandledAt,
            is: Is::All(&[Is::Known(C::DispatchedAt), HANDLED]),
        },
        of: None,
    },
    cases(
        "handle_timed",
        Is::All(&[Is::Known(C::DispatchedAt), HANDLED]),
    ),
    Word {
        name: "handlings",
        amount: Amount::Times(C::Handlings, HANDLED),
        of: None,
    },
];

const COUNT: usize = LIFE.len() + 60;

/// All words.
pub static WORDS: [Word; COUNT] = {
    let mut all = [LIFE[0]; COUNT];
    let mut n = 0;
    while n < LIFE.len() {
        all[n] = LIFE[n];
        n += 1;
    }
    let stages = [
        VERIFY, ACCEPT, REGISTER, DISPATCH, CHECK, CLOSE, SIGN, COORDINATE, AUDIT, CALL_BACK,
    ];
    let mut stage = 0;
    while stage < stages.len() {
        let mut word = 0;
        while word < 6 {
            all[n] = stages[stage][word];
            n += 1;
            word += 1;
        }
        stage += 1;
    }
    all
};
