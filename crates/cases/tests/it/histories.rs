//! Random histories: any commands by anybody against the pure rules. Whatever people try, the laws hold. The seed of a
//! failure is printed by proptest and kept beside this file.

use crate::calendars::calendars;
use access::{AccountId, LeftUnit, Role, UnitId};
use cases::model::{
    Ask, Case, CaseEvent, Claimant, Interest, JointFact, NotOpen, Place, Reported, Satisfaction,
    Standard, VerifyOutcome,
};
use cases::moves::Act;
use cases::record::{Answer, AnswerKind, AnswerParts, Appeal, AppealStage, Draft, Exclusion};
use cases::rules::{
    self, Actor, AnswerCommand as Reply, ApprovedEnds, Behalf, CityRules, ClockCommand as Clock,
    Command, Facts, FairCommand as Fair, JointCommand as Joint, Refusal, Ties,
};
use cases::{CaseId, Fact, Stage, State};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use kernel::deadline::Light;
use kernel::id::Id;
use kernel::{Calendar, Timestamp};
use matters::MatterId;
use proptest::prelude::*;

pub fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}
pub fn unit(n: u8) -> UnitId {
    UnitId(id(100 + n))
}

/// Somebody with up to three roles or with all of them, perhaps of one of four units, perhaps in a colleague's place; now
/// and then the program itself.
pub fn actor() -> impl Strategy<Value = Actor> {
    let roles = prop_oneof![
        prop::sample::subsequence(Role::ALL.to_vec(), 0..=3),
        Just(Role::ALL.to_vec())
    ];
    let behalf = prop::option::weighted(0.1, (1..7_u8, prop::option::of(0..4_u8))).prop_map(|b| {
        b.map(|(account, own)| Behalf {
            account: id(account),
            own_unit: own.map(unit),
        })
    });
    // Of a unit that took over from another, or left one some time.
    let took_over = prop::option::weighted(0.2, ((0..4_u8).prop_map(unit), any::<bool>()));
    let left = prop::option::weighted(0.2, (0..4_u8, 0..6_000_i64)).prop_map(|l| {
        l.map(|(n, minutes)| LeftUnit {
            unit: unit(n),
            until: testdb::monday() + SignedDuration::from_mins(minutes),
        })
    });
    let ties = (took_over, left).prop_map(|(took_over, left)| Ties {
        // As a deputy one may be tied to what the own unit took over and not appeal for it.
        inherited: (took_over.iter().filter(|(_, is_heir)| *is_heir))
            .map(|(unit, _)| *unit)
            .collect(),
        took_over: took_over.into_iter().map(|(unit, _)| unit).collect(),
        left: left.into_iter().collect(),
    });
    let who = (roles, 0..6_u8, 0..6_u8, 0..12_u8, behalf, ties);
    who.prop_map(|(roles, of, account, kind, behalf, ties)| {
        match kind {
            // The requester, by the link.
            1 => Actor {
                kind: "stranger",
                account: None,
                unit: None,
                roles: Vec::new(),
                is_program: false,
                behalf: None,
                ties: Ties::default(),
            },
            _ => Actor {
                kind: if kind == 0 { "system" } else { "staff" },
                account: Some(id(account + 1)),
                unit: (of < 4).then(|| unit(of)),
                roles: if kind == 0 { Vec::new() } else { roles },
                is_program: kind == 0,
                behalf: behalf.filter(|_| kind != 0),
                ties: if kind == 0 { Ties::default() } else { ties },
            },
        }
    })
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("因为".to_owned()), 1 => Just(String::new()), 1 => "\\PC{0,12}"]
}

/// The class of a case.
pub fn matter() -> MatterId {
    MatterId(id(50))
}

/// A registration condition of a class.
pub fn standard(matter: u8, closings: Vec<String>) -> Standard {
    Standard {
        matter: MatterId(id(matter)),
        code: "C0101".into(),
        catalogue: "test".into(),
        rule: 1,
        condition: "缺失".into(),
        limit: Some("4工作时".parse().unwrap()),
        closings,
        evidence: None,
        legal_basis: Some("城市道路管理条例第二十三条".into()),
        edition: None,
    }
}

fn command() -> impl Strategy<Value = Command> {
    let matter = || prop::option::of((50..52_u8).prop_map(|n| MatterId(id(n))));
    let units = || (0..2_u8).prop_map(unit);
    prop_oneof![
        1 => words().prop_map(|note| Command::Verify { outcome: VerifyOutcome::Yes, note, attachments: Vec::new() }),
        1 => Just(Command::LapseVerify),
        1 => prop::option::of((1..7_u8).prop_map(|n| AccountId(id(n)))).prop_map(|to| Command::TakeTask { to }),
        3 => (matter(), any::<bool>()).prop_map(|(matter, urgent)| Command::Accept { matter, urgent }),
        1 => words().prop_map(|reason| Command::NotAccept { reason }),
        1 => matter().prop_map(|matter| Command::Correct { matter, place: None }),
        3 => (50..52_u8).prop_map(move |m| Command::Register { standard: standard(m, vec!["更换".into()]) }),
        1 => words().prop_map(|reason| Command::NotRegister { reason }),
        3 => (units(), words()).prop_map(|(unit, basis)| Command::Dispatch { unit, basis }),
        3 => Just(Command::Sign),
        1 => words().prop_map(|reason| Command::Return { reason }),
        1 => (units(), words()).prop_map(|(unit, reason)| Command::Rule { unit, reason }),
        1 => Just(Command::Assign { handler: AccountId(id(3)) }),
        3 => words().prop_map(|result| Command::ReportBack { result, attachments: Vec::new() }),
        3 => (any::<bool>(), words()).prop_map(|(passed, note)| Command::Check { passed, note, attachments: Vec::new() }),
        1 => Just(Command::LapseCheck),
        3 => prop_oneof![Just("更换".to_owned()), words()].prop_map(|closing| Command::Close { closing }),
        1 => words().prop_map(|note| Command::CallBack { contacted: None, solved: Some(true), satisfaction: Satisfaction::Satisfied, missing: Vec::new(), note }),
        1 => words().prop_map(|reason| Command::RequestVoid { reason }),
        1 => words().prop_map(|reason| Command::RefuseVoid { reason }),
        1 => words().prop_map(|reason| Command::Void { reason }),
        1 => (1..4_u32).prop_map(|n| Command::Merge { into: format!("330102-20260316-{n:05}").parse().unwrap() }),
        1 => Just(Command::Unmerge),
        1 => Just(Command::ConfirmSelfHandling),
        1 => words().prop_map(|text| Command::Note { text, attachments: Vec::new(), mentions: Vec::new() }),
        6 => clock().prop_map(Command::Clock),
        4 => reply().prop_map(Command::Reply),
        6 => fair().prop_map(Command::Fair),
        9 => joint().prop_map(Command::Joint),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    let parts = || {
        words().prop_map(|done| AnswerParts {
            done,
            ..AnswerParts::default()
        })
    };
    prop_oneof![
        1 => any::<bool>().prop_map(|confidential| Reply::SetNature { nature: "help".into(), confidential }),
        2 => (parts(), any::<bool>()).prop_map(|(parts, is_direct)| Reply::DraftAnswer {
            parts,
            kind: if is_direct { AnswerKind::Direct } else { AnswerKind::Handled },
            doors: Vec::new(),
        }),
        2 => Just(Reply::ApproveAnswer),
        1 => words().prop_map(|reason| Reply::ReturnAnswer { reason }),
        1 => (parts(), any::<bool>()).prop_map(|(parts, direct)| Reply::AnswerDirectly { parts, direct }),
    ]
}

fn fair() -> impl Strategy<Value = Fair> {
    let counts = prop_oneof![
        Just("late"),
        Just("rework"),
        Just("dissatisfied"),
        Just("noise")
    ];
    prop_oneof![
        2 => (counts, words(), words()).prop_map(|(count, reason, evidence)| Fair::LodgeAppeal {
            count: count.into(),
            reason,
            evidence,
            attachments: Vec::new(),
        }),
        2 => Just(Fair::EndorseAppeal),
        2 => Just(Fair::GrantAppeal),
        1 => words().prop_map(|reason| Fair::RefuseAppeal { reason }),
        1 => words().prop_map(|words| Fair::AskExclusion { reason: "in_court".into(), words }),
        1 => Just(Fair::GrantExclusion),
        1 => words().prop_map(|reason| Fair::RefuseExclusion { reason }),
        2 => words().prop_map(|note| Fair::Rate {
            contacted: None,
            solved: Some(false),
            satisfaction: Satisfaction::Dissatisfied,
            missing: vec!["not_done".into()],
            note,
        }),
        2 => (words(), any::<bool>()).prop_map(|(reason, to_dispatch)| Fair::Reopen { reason, to_dispatch }),
        1 => words().prop_map(|text| Fair::AddMessage { text }),
        1 => (1..5_u32, any::<bool>()).prop_map(|(n, owed)| Fair::Join { number: other(n), owed }),
        1 => (1..5_u32).prop_map(|n| Fair::Part { number: other(n) }),
    ]
}

fn other(n: u32) -> kernel::CaseNumber {
    format!("330102-20260316-{n:05}").parse().unwrap()
}

fn clock() -> impl Strategy<Value = Clock> {
    prop_oneof![
        2 => words().prop_map(|reason| Clock::RequestExtension { reason }),
        2 => Just(Clock::EndorseExtension),
        2 => Just(Clock::GrantExtension),
        1 => words().prop_map(|reason| Clock::RefuseExtension { reason }),
        2 => (words(), 1..500_i32).prop_map(|(reason, days)| Clock::RequestSuspension {
            reason,
            until: jiff::civil::date(2026, 3, 15).saturating_add(jiff::Span::new().days(days)),
        }),
        2 => Just(Clock::Suspend),
        1 => words().prop_map(|reason| Clock::RefuseSuspension { reason }),
        1 => Just(Clock::Resume),
        1 => Just(Clock::LapseSuspension),
        2 => words().prop_map(|question| Clock::AskRequester { question }),
        1 => (words(), words()).prop_map(|(text, how)| Clock::Answer { text, how }),
        1 => Just(Clock::LapseWaiting),
        4 => Just(Clock::Recompute),
    ]
}

fn joint() -> impl Strategy<Value = Joint> {
    let units = || (0..4_u8).prop_map(unit);
    let limit = || {
        prop_oneof![Just("4工作时"), Just("2工作日"), Just("6紧急工作时")]
            .prop_map(|l| l.parse().unwrap())
    };
    let ask =
        move || (units(), words(), limit()).prop_map(|(unit, ask, limit)| Ask { unit, ask, limit });
    let files = || prop_oneof![2 => Just(vec![id(8)]), 1 => Just(Vec::new())];
    let claimant = (
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.8),
        prop::option::weighted(0.1, Just(NotOpen::Nature)),
        prop::option::weighted(0.2, Just(Interest::Owning)),
    )
        .prop_map(
            |(is_of_society, is_subscribed, not_open, interest)| Claimant {
                is_of_society,
                is_subscribed,
                not_open,
                interest,
            },
        );
    prop_oneof![
        3 => ask().prop_map(|a| Joint::AskHelp { unit: a.unit, ask: a.ask, limit: a.limit }),
        2 => prop::collection::vec(ask(), 0..4).prop_map(|shares| Joint::Split { shares }),
        4 => (0..6_u32, words(), files()).prop_map(|(part, answer, attachments)| Joint::AnswerPart { part, answer, attachments }),
        2 => (0..6_u32, words()).prop_map(|(part, reason)| Joint::RecallPart { part, reason }),
        1 => words().prop_map(|reason| Joint::NameFirst { reason }),
        1 => units().prop_map(|unit| Joint::NameParty { unit }),
        1 => (prop::collection::vec(units(), 0..3), words(), any::<bool>())
            .prop_map(|(units, ask, is_street)| Joint::Whistle { units, ask, limit: None, is_street }),
        4 => claimant.prop_map(|claimant| Joint::Claim { claimant }),
        3 => (words(), files()).prop_map(|(result, attachments)| Joint::ShowClaim { result, attachments }),
        1 => words().prop_map(|reason| Joint::DropClaim { reason }),
        1 => Just(Joint::LapseClaim),
        1 => (units(), units(), words()).prop_map(|(from, to, why)| Joint::ChangeUnit { from, to, why }),
    ]
}

pub fn report(verify: bool, self_handled: bool, requested: bool) -> Command {
    Command::Report(Box::new(Reported {
        district: "330102".parse().unwrap(),
        number: "330102-20260316-00001".parse().unwrap(),
        reported_at: testdb::monday(),
        channel: "web".into(),
        matter: None,
        description: "井盖缺失".into(),
        place: Place::default(),
        subject: Some(id(9)),
        attachments: Vec::new(),
        verify,
        self_handled: self_handled.then(|| "已扶正".to_owned()),
        notify: false,
        confidential: false,
        same_as: None,
        nature: None,
        nature_assumed: false,
        askable: None,
        requested,
    }))
}

/// What must be true of every event in every life.
fn laws(case: &Case, before: Option<&Case>, event: &CaseEvent) -> Result<(), TestCaseError> {
    let Some(before) = before else { return Ok(()) };
    prop_assert_eq!(case.version, before.version + 1);
    let own = before.unit.is_some() && before.unit == event.by.unit;
    match &event.fact {
        Fact::Closed { .. } | Fact::Checked { .. } | Fact::CalledBack { .. } => {
            prop_assert!(!own, "the handling unit judged its own case")
        }
        Fact::Signed
        | Fact::ReportedBack { .. }
        | Fact::Returned { .. }
        | Fact::Assigned { .. } => prop_assert!(own, "another unit handled"),
        _ => {}
    }
    match &event.fact {
        Fact::Voided { .. } => {
            prop_assert!(before.dispatched_at.is_none() || before.void_requested.is_some());
            let asked = before.void_asked_by;
            prop_assert!(!is_by(asked, event), "whoever asked for the void gave it");
        }
        // The clock waits for somebody who can answer, and what staff write down for them says how it was said.
        Fact::RequesterAsked { .. } => prop_assert!(before.record.requested),
        Fact::RequesterAnswered { how, .. } => {
            prop_assert_eq!(how.is_empty(), event.by.kind != "staff");
        }
        Fact::SelfHandlingConfirmed => prop_assert!(
            !is_by(before.reporter, event),
            "whoever put it right confirmed it"
        ),
        _ => {}
    }
    if case.state.is_final() != before.state.is_final() {
        prop_assert!(
            !own,
            "the handling unit ended its own case, or took it up: {:?}",
            event.fact
        );
    }
    // Whoever had a hand in it judges nothing, neither in the own place nor in a colleague's.
    if matches!(
        event.fact,
        Fact::Closed { .. }
            | Fact::Checked { .. }
            | Fact::CalledBack { .. }
            | Fact::Suspended { .. }
    ) {
        let hand = event.by.unit.is_some_and(|u| before.joint.has_work_of(u));
        prop_assert!(!hand, "a helper or claimant judged the case");
    }
    // The unit reports back only when everybody else's part has ended; and a case that is with no unit has no open part.
    if matches!(event.fact, Fact::ReportedBack { .. }) {
        prop_assert_eq!(before.joint.open().count(), 0);
    }
    let with_unit = matches!(
        case.state,
        State::PendingSign | State::Handling | State::Suspended | State::Waiting
    );
    prop_assert!(
        with_unit || case.joint.open().count() == 0,
        "an open part in {}",
        case.state
    );
    prop_assert!(
        with_unit || case.joint.claim.is_none(),
        "a claim in {}",
        case.state
    );
    if let Fact::Joint(fact) = &event.fact {
        // Several units are one case with one clock: nothing of them touches the unit's deadline or the state.
        prop_assert_eq!(case.due_at, before.due_at);
        prop_assert_eq!(case.state, before.state);
        prop_assert_eq!(&case.pauses, &before.pauses);
        if !matches!(fact, JointFact::UnitChanged { .. }) {
            prop_assert_eq!(case.unit, before.unit);
        }
        match fact {
            JointFact::Claimed { unit, .. } => {
                prop_assert!(Some(*unit) != before.unit && before.joint.claim.is_none());
            }
            JointFact::PartAnswered { part, .. } => {
                let part = before.joint.part(*part).unwrap();
                prop_assert!(part.is_open() && Some(part.unit) == event.by.unit);
            }
            JointFact::SharesJoined => prop_assert!(!case.joint.is_split()),
            JointFact::ClaimShown { attachments, .. } => prop_assert!(!attachments.is_empty()),
            _ => {}
        }
    }
    // A part ends once, and its number is never another's.
    for part in &before.joint.parts {
        let now = case.joint.part(part.no).unwrap();
        prop_assert!(
            part.is_open() || now == part,
            "part {} changed after its end",
            part.no
        );
    }
    if before.state.is_final() {
        let may = case.state == before.state
            || matches!(event.fact, Fact::Unmerged | Fact::Reopened { .. });
        prop_assert!(
            may,
            "{} came back to life by {:?}",
            before.state,
            event.fact
        );
    }
    if case.state == State::Closed && before.state != State::Closed {
        prop_assert!(
            case.accepted_at.is_some()
                && case.registered_at.is_some()
                && case.dispatched_at.is_some()
                && case.handled_at.is_some()
        );
        prop_assert_eq!(before.state, State::PendingClose);
    }
    // No clock runs in a suspension or while the requester is asked, and it runs in every other state.
    let stands = matches!(case.state, State::Suspended | State::Waiting);
    prop_assert_eq!(case.pauses.last().is_some_and(|p| p.to.is_none()), stands);
    prop_assert_eq!(case.paused_until.is_some(), stands);
    prop_assert!(case.granted <= 2 && case.suspensions <= 1 && case.questions <= 3);
    match &event.fact {
        // More time is granted before the deadline, by somebody else than who endorsed it, and moves it away.
        Fact::Extended { due_at, .. } => {
            prop_assert!(event.at < before.due_at.unwrap() && *due_at > before.due_at.unwrap());
            prop_assert!(before.extension.as_ref().unwrap().endorsed_by != event.by.account);
            prop_assert!(!own, "the handling unit gave itself more time");
        }
        // Parts were due before and are due later, never sooner.
        Fact::Joint(JointFact::PartsMoved { dues }) => {
            for due in dues {
                prop_assert!(due.due_at >= before.joint.part(due.part).unwrap().due_at);
            }
        }
        // What was late before the clock stopped stays late by as much; else no time is lost or won.
        Fact::Resumed { due_at, .. }
        | Fact::RequesterAnswered { due_at, .. }
        | Fact::WaitLapsed { due_at, .. } => {
            let (due, was) = (due_at.unwrap(), before.due_at.unwrap());
            let stopped = before.pauses.last().unwrap().from;
            // Another calendar than the one before the pause may say anything.
            let same = before.calendar.as_ref() == event.clocks.as_ref().map(|c| &c.calendar);
            let kept = if !same {
                true
            } else if was <= stopped {
                due == was
            } else {
                due >= was
            };
            prop_assert!(kept, "a pause from {stopped} moved {was} to {due}");
        }
        // What another calendar moves keeps what it was: the old deadline is never lost from the record.
        Fact::Recomputed(said) => {
            prop_assert!(
                said.handling.is_some()
                    || said.stage.is_some()
                    || said.wait.is_some()
                    || said.claim.is_some()
                    || !said.parts.is_empty()
            );
            if let Some(moved) = &said.wait {
                prop_assert_eq!(
                    (Some(moved.was_due_at), Some(moved.due_at)),
                    (before.paused_until, case.paused_until)
                );
                prop_assert_eq!(case.state, State::Waiting);
            }
            for of in &said.parts {
                let (was, now) = (before.joint.part(of.part), case.joint.part(of.part));
                prop_assert_eq!(was.map(|p| p.due_at), Some(of.moved.was_due_at));
                prop_assert_eq!(now.map(|p| p.due_at), Some(of.moved.due_at));
                prop_assert!(was.is_some_and(|p| p.is_open()) && !stands);
            }
            prop_assert_eq!(case.state, before.state);
            if let Some(moved) = &said.handling {
                prop_assert_eq!(
                    (Some(moved.was_due_at), Some(moved.due_at)),
                    (before.due_at, case.due_at)
                );
                prop_assert_eq!(&moved.was_calendar, &before.calendar);
                prop_assert!(
                    before.handled_at.is_none() && !stands,
                    "a clock that does not run was moved"
                );
            }
            if let Some(moved) = &said.stage {
                prop_assert_eq!(
                    (Some(moved.was_due_at), Some(moved.due_at)),
                    (before.stage_due_at, case.stage_due_at)
                );
            }
        }
        _ => {}
    }
    fairness(case, before, event, own)?;
    // Whoever waits for something waits in a stage that began with an event; each has its own limit, handling its standard's.
    match Stage::of(case) {
        None => prop_assert!(case.stage_from.is_none() && case.stage_due_at.is_none()),
        Some(Stage::Handle) => {
            prop_assert!(case.stage_from.is_some() && case.stage_due_at.is_none())
        }
        Some(_) => prop_assert!(case.stage_from.is_some() && case.stage_due_at > case.stage_from),
    }
    if matches!(event.fact, Fact::Recomputed(_)) {
        prop_assert_eq!(case.stage_from, before.stage_from);
    } else if event.fact == Fact::Unmerged {
        // What had begun before the merge goes on.
        let held = before.held.as_deref().unwrap();
        prop_assert_eq!(case.stage_from, Some(held.from));
        prop_assert!(
            held.calendar != case.stage_calendar || held.clock.due_at == case.stage_due_at
        );
    } else if let Fact::Merged { held, .. } = &event.fact {
        let held = held.as_deref().unwrap();
        prop_assert_eq!(
            (Some(held.from), held.clock.due_at),
            (before.stage_from, before.stage_due_at)
        );
    } else if Stage::of(case) == Stage::of(before) {
        prop_assert_eq!(
            (case.stage_from, case.stage_due_at),
            (before.stage_from, before.stage_due_at)
        );
    } else if Stage::of(case).is_some() {
        prop_assert_eq!(case.stage_from, Some(event.at));
    }
    prop_assert!(case.stage_soon_at <= case.stage_due_at);
    // Handling turns yellow before it turns red; while its clock stands still it turns nothing.
    prop_assert!(!stands || case.handling_soon().is_none() && case.stage_due().is_none());
    if let (Some(soon), Some(due)) = (case.handling_soon(), case.handling_due()) {
        prop_assert!(case.due_from.unwrap() < soon && soon < due);
        prop_assert_eq!(case.handling_light(due), Some(Light::Soon));
        prop_assert_eq!(
            case.handling_light(due + SignedDuration::from_secs(1)),
            Some(Light::Late)
        );
    }
    // Facts are never overwritten.
    prop_assert!(before.registered_at.is_none() || case.registered_at == before.registered_at);
    prop_assert!(before.dispatched_at.is_none() || case.dispatched_at == before.dispatched_at);
    prop_assert_eq!(case.reported_at, before.reported_at);
    prop_assert_eq!(case.number, before.number);
    Ok(())
}

/// Whether an event is the deed of somebody, or was done in that one's place.
fn is_by(somebody: Option<Id>, event: &CaseEvent) -> bool {
    somebody.is_some() && (somebody == event.by.account || somebody == event.by.on_behalf)
}

/// Whether an event says how the work of a unit was, how it counts, or that it is over.
fn judges(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Checked { .. }
            | Fact::Closed { .. }
            | Fact::CalledBack { .. }
            | Fact::ExclusionGranted
            | Fact::ExclusionRefused { .. }
            | Fact::AppealEndorsed
            | Fact::AppealGranted
            | Fact::AppealRefused { .. }
            | Fact::Extended { .. }
            | Fact::Suspended { .. }
            | Fact::Reopened { .. }
            | Fact::Voided { .. }
            | Fact::VoidRefused { .. }
            | Fact::Merged { .. }
            | Fact::Unmerged
            | Fact::SelfHandlingConfirmed
    )
}

/// Nobody judges a case whose unit, the one before, or one that it took over, handled a round of it. `handled` are the units
/// that said they were done, and those to which their work went while the case was going on.
fn nobody_judges_own_work(
    case: &Case,
    events: &[CaseEvent],
    actor: &Actor,
    handled: &[UnitId],
) -> Result<(), TestCaseError> {
    if !events.iter().any(|e| judges(&e.fact)) {
        return Ok(());
    }
    let own = actor.behalf.and_then(|b| b.own_unit);
    let of = [actor.unit, own].into_iter().flatten();
    let left = actor.ties.left.iter();
    let left = left.filter(|l| case.dispatched_at.is_some_and(|at| l.until >= at));
    let tied = of
        .chain(actor.ties.took_over.iter().copied())
        .chain(left.map(|l| l.unit));
    for unit in tied {
        prop_assert!(
            !handled.contains(&unit),
            "{unit} had handled a round, and somebody tied to it judged: {:?}",
            events.last().map(|e| &e.fact)
        );
    }
    Ok(())
}

/// An appeal is the handling unit's, or that of the unit which took its work over when it ended.
fn only_the_unit_or_its_heir_appeals(
    case: &Case,
    events: &[CaseEvent],
    actor: &Actor,
) -> Result<(), TestCaseError> {
    let is_appeal = |e: &CaseEvent| matches!(e.fact, Fact::AppealLodged { .. });
    let mut of = (actor.unit.iter()).chain(&actor.ties.inherited);
    prop_assert!(
        !events.iter().any(is_appeal) || of.any(|unit| case.unit == Some(*unit)),
        "another than the unit appealed"
    );
    Ok(())
}

/// Adds the units whose work an event says is in the case.
fn whose_work(before: &Case, event: &CaseEvent, handled: &mut Vec<UnitId>) {
    match &event.fact {
        Fact::ReportedBack { .. } => handled.extend(event.by.unit),
        Fact::Joint(JointFact::UnitChanged { from, to, .. })
            if before.unit == Some(*from) && before.state != State::PendingSign =>
        {
            handled.extend([*from, *to]);
        }
        _ => {}
    }
}

/// The laws of appeal, answer, call-back and reopening.
fn fairness(case: &Case, before: &Case, event: &CaseEvent, own: bool) -> Result<(), TestCaseError> {
    // What a case counted when it ended: an appeal or an exclusion changes none of it.
    let raw = |c: &Case| {
        (
            c.due_at,
            c.handled_at,
            c.closed_at,
            c.reworks,
            c.returns,
            c.extensions,
            c.call_back.clone(),
            c.state,
        )
    };
    let appeal = before.record.appeal.as_ref();
    match &event.fact {
        Fact::AppealLodged { count, round, .. } => {
            prop_assert!(before.state == State::Closed);
            prop_assert!(appeal.is_none(), "a second appeal");
            let about = rules::fairness::appealed_round(before, count, &[]);
            prop_assert!(about.is_some() && about == *round, "{count} was not so");
            prop_assert_eq!(case.record.appeal.as_ref().map(|a| a.round), about);
            prop_assert_eq!(raw(case), raw(before));
        }
        Fact::AppealEndorsed | Fact::AppealGranted | Fact::AppealRefused { .. } => {
            prop_assert!(!own, "the unit reviewed its own appeal");
            prop_assert_eq!(raw(case), raw(before));
            let appeal = appeal.unwrap();
            prop_assert!(!is_by(appeal.by, event));
            if event.fact == Fact::AppealGranted {
                prop_assert!(appeal.endorsed_by.is_some() && !is_by(appeal.endorsed_by, event));
                let flags = |c: &Case| {
                    c.record.exempt.len()
                        + c.record
                            .rounds
                            .iter()
                            .map(|r| r.exempt.len())
                            .sum::<usize>()
                };
                prop_assert_eq!(flags(case), flags(before) + 1);
            }
        }
        Fact::ExclusionAsked { .. } => {
            prop_assert!(before.call_back.is_some());
            prop_assert_eq!(raw(case), raw(before));
        }
        Fact::ExclusionGranted | Fact::ExclusionRefused { .. } => {
            prop_assert!(!own, "the unit reviewed its own exclusion");
            prop_assert!(!is_by(before.record.exclusion.as_ref().unwrap().by, event));
            prop_assert_eq!(raw(case), raw(before));
        }
        Fact::AnswerApproved => {
            let draft = before.record.draft.as_ref().unwrap();
            prop_assert!(!is_by(draft.by, event), "whoever wrote it agreed to it");
        }
        Fact::Closed { .. } => {
            // The answer went out just before, and no draft was passed over.
            let owed = rules::answer::is_owed(before);
            prop_assert_eq!(
                owed,
                before.record.answer.is_some() && before.record.draft.is_none() && owed
            );
        }
        Fact::AnswerSent { .. } => {
            prop_assert!(
                before.record.answer.is_none() || before.state == State::Merged,
                "it goes out once"
            );
        }
        Fact::Reopened {
            due_at,
            to_dispatch,
            ..
        } => {
            prop_assert!(!own, "the unit reopened its own case");
            prop_assert!(rules::answer::is_owed(before));
            prop_assert_eq!(case.record.rounds.len(), before.record.rounds.len() + 1);
            prop_assert!(case.record.rounds.len() <= 2);
            // How the round before ended is kept, and the unit has it again with a deadline ahead.
            let round = case.record.rounds.last().unwrap();
            prop_assert_eq!(
                (
                    round.due_at,
                    round.handled_at,
                    round.closed_at,
                    round.call_back.clone()
                ),
                (
                    before.due_at,
                    before.handled_at,
                    before.closed_at,
                    before.call_back.clone()
                )
            );
            prop_assert!(case.closed_at.is_none() && case.record.answer.is_none());
            if case.state == State::PendingSign {
                prop_assert!(case.unit == before.unit && !to_dispatch);
                prop_assert!(due_at.unwrap() > event.at);
            }
        }
        Fact::CalledBack { .. } => {
            prop_assert!(!own, "the unit called back its own case");
            prop_assert!(case.record.ratings_used <= rules::fairness::MOST_RATINGS);
        }
        _ => {}
    }
    prop_assert!(case.record.rounds.len() >= before.record.rounds.len());
    // Nobody who asked is passed over: a contact that was left and not called yet waits in the list.
    if case.state == State::Closed && case.record.requested && case.call_back.is_none() {
        prop_assert_eq!(case.call_at(), case.closed_at);
    }
    if case.confidential != before.confidential {
        prop_assert!(case.confidential, "a promise was taken back");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn whatever_people_try_the_laws_hold(
        verify in any::<bool>(),
        self_handled in prop::bool::weighted(0.2),
        requested in prop::bool::weighted(0.7),
        must_be_written in prop::bool::weighted(0.3),
        (refused, self_handled_written, direct) in (prop::bool::weighted(0.3), prop::bool::weighted(0.3), prop::bool::weighted(0.3)),
        calendars in calendars(),
        tries in prop::collection::vec((actor(), command(), 1..90_i64), 0..250),
    ) {
        let tz = TimeZone::get("Asia/Shanghai").unwrap();
        let answers_approved = ApprovedEnds { refused, self_handled: self_handled_written, direct };
        let city = CityRules { answer_must_be_written: must_be_written, answers_approved, ..CityRules::default() };
        // Calendars in which other days are worked, at other hours: another comes into force by a recomputation.
        let mut in_force = 0;
        fn facts<'a>(now: Timestamp, actor: &'a Actor, calendar: &'a Calendar, tz: &'a TimeZone, rules: &'a CityRules) -> Facts<'a> {
            Facts { now, actor, calendar, tz, rules, on_duty: Some(AccountId(id(2))) }
        }
        let stranger = Actor { kind: "stranger", account: None, roles: Vec::new(), unit: None, is_program: false, behalf: None, ties: Ties::default() };
        let mut now = testdb::monday();
        // What was put right on the spot a worker reports.
        let worker = Actor { kind: "staff", account: Some(id(3)), roles: vec![Role::Collector], ..stranger.clone() };
        let reporter = if self_handled { &worker } else { &stranger };
        let mut life = rules::decide(None, report(verify, self_handled, requested), &facts(now, reporter, &calendars[0], &tz, &city)).unwrap();
        let case_id = CaseId(id(77));
        let mut case = rules::replay(case_id, &life).unwrap();
        let mut handled = Vec::new();
        for (actor, command, minutes) in tries {
            now = now.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
            let act = command.act();
            let before_all = case.clone();
            let may = rules::may(&case, act, &actor);
            let is_another = command == Command::Clock(Clock::Recompute) && actor.is_program;
            if is_another {
                in_force = (in_force + 1) % calendars.len();
            }
            let at = facts(now, &actor, &calendars[in_force], &tz, &city);
            let bounds = rules::bounds(&case, act, &at);
            match rules::decide(Some(&case), command, &at) {
                Ok(events) => {
                    prop_assert!(may.is_ok(), "{} was done although it may not: {:?}", act.as_str(), may);
                    prop_assert!(bounds.is_ok(), "{} was done although it was not offered: {:?}", act.as_str(), bounds);
                    prop_assert!(!events.is_empty());
                    nobody_judges_own_work(&before_all, &events, &actor, &handled)?;
                    only_the_unit_or_its_heir_appeals(&before_all, &events, &actor)?;
                    for event in &events {
                        let before = case.clone();
                        case = rules::apply(Some(case), event).unwrap();
                        laws(&case, Some(&before), event)?;
                        whose_work(&before, event, &mut handled);
                    }
                    // Nothing ends without an answer that two people made where the city wants it so.
                    if rules::answer::is_owed(&before_all) {
                        let two_made_it = |kind| (before_all.record.draft.as_ref())
                            .is_some_and(|d| d.answer.kind == kind && (d.approved || d.by != actor.account));
                        for event in &events {
                            let is_right = match event.fact {
                                Fact::NotAccepted { .. } | Fact::NotRegistered { .. } => !refused || two_made_it(AnswerKind::Refused),
                                Fact::AnsweredDirectly => !direct || two_made_it(AnswerKind::Direct),
                                Fact::SelfHandlingConfirmed => !(self_handled_written || must_be_written) || two_made_it(AnswerKind::Handled),
                                _ => true,
                            };
                            prop_assert!(is_right, "{:?} went out as nobody agreed to", event.fact);
                        }
                    }
                    let own = actor.behalf.and_then(|b| b.own_unit);
                    let judged = events.iter().any(|e| matches!(e.fact, Fact::Closed { .. } | Fact::Checked { .. } | Fact::CalledBack { .. }));
                    let closed = events.iter().any(|e| matches!(e.fact, Fact::Closed { .. } | Fact::SelfHandlingConfirmed));
                    let sent_back = before_all.record.draft.as_ref().is_some_and(|d| d.returned.is_some());
                    prop_assert!(!closed || !sent_back || !rules::answer::is_owed(&before_all), "what was sent back went out");
                    prop_assert!(!judged || own.is_none() || own != before_all.unit, "a deputy judged the own unit's case");
                    life.extend(events);
                    if is_another {
                        let again = rules::decide(Some(&case), Command::Clock(Clock::Recompute), &at);
                        prop_assert_eq!(again, Err(rules::Refusal::NotAsked), "twice is once");
                    }
                }
                Err(refusal) => {
                    prop_assert!(!refusal.code().is_empty());
                    // What is said beside the page is what it would be refused with.
                    if may.is_ok() && let Err(said) = bounds {
                        prop_assert_eq!(said, refusal);
                    }
                }
            }
        }
        prop_assert_eq!(rules::replay(case_id, &life), Some(case.clone()));
        // What is stored is read back the same.
        let stored = serde_json::to_string(&life).unwrap();
        prop_assert_eq!(serde_json::from_str::<Vec<CaseEvent>>(&stored).unwrap(), life);
        let body = serde_json::to_string(&case).unwrap();
        prop_assert_eq!(serde_json::from_str::<Case>(&body).unwrap(), case);
    }
}

#[test]
fn whoever_takes_a_colleagues_place_is_not_the_other_person_that_decides() {
    let tz = TimeZone::get("Asia/Shanghai").unwrap();
    let (city, now) = (CityRules::default(), testdb::monday());
    let head = |behalf: Option<u8>| Actor {
        kind: "staff",
        account: Some(id(5)),
        roles: Role::ALL.to_vec(),
        unit: Some(unit(3)),
        is_program: false,
        behalf: behalf.map(|n| Behalf {
            account: id(n),
            own_unit: None,
        }),
        ties: Ties::default(),
    };
    let facts = |actor| Facts {
        now,
        actor,
        calendar: Calendar::cn(),
        tz: &tz,
        rules: &city,
        on_duty: None,
    };
    let stranger = Actor {
        kind: "stranger",
        account: None,
        roles: Vec::new(),
        unit: None,
        ..head(None)
    };
    let life = rules::decide(None, report(false, false, true), &facts(&stranger)).unwrap();
    let mut case = rules::replay(CaseId(id(77)), &life).unwrap();
    // Colleague 1 did the first step, colleague 2 had no part in it.
    let appeal = |stage, endorsed_by| Appeal {
        count: "late".into(),
        reason: "因为".into(),
        evidence: String::new(),
        by: Some(id(1)),
        endorsed_by,
        stage,
        refused: None,
        round: 0,
    };
    let decides = |case: &Case, act: Act| {
        assert_eq!(rules::may(case, act, &head(None)), Ok(()), "{act:?}");
        assert_eq!(rules::may(case, act, &head(Some(2))), Ok(()), "{act:?}");
        assert_eq!(
            rules::may(case, act, &head(Some(1))),
            Err(Refusal::SamePerson),
            "{act:?}"
        );
    };
    case.state = State::Closed;
    case.record.appeal = Some(appeal(AppealStage::Lodged, None));
    decides(&case, Act::EndorseAppeal);
    case.record.appeal = Some(Appeal {
        by: Some(id(4)),
        ..appeal(AppealStage::Endorsed, Some(id(1)))
    });
    decides(&case, Act::GrantAppeal);
    decides(&case, Act::RefuseAppeal);
    case.record.exclusion = Some(Exclusion {
        reason: "in_court".into(),
        words: String::new(),
        by: Some(id(1)),
        granted: None,
    });
    decides(&case, Act::GrantExclusion);
    decides(&case, Act::RefuseExclusion);
    case.state = State::PendingClose;
    case.record.draft = Some(Draft {
        answer: Answer::default(),
        by: Some(id(1)),
        approved: false,
        returned: None,
    });
    decides(&case, Act::ApproveAnswer);
    decides(&case, Act::ReturnAnswer);
    let (for_one, for_another) = (head(Some(1)), head(Some(2)));
    let closes = |case: &Case, actor| {
        let closing = "更换".to_owned();
        let closed = rules::decide(Some(case), Command::Close { closing }, &facts(actor));
        closed.map(|events| events.len())
    };
    assert_eq!(closes(&case, &for_one), Err(Refusal::NotApproved));
    assert_eq!(closes(&case, &for_another), Ok(3));
}
