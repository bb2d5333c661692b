//! Random histories: any commands by anybody against the pure rules. Whatever people try, the laws hold. The seed of a
//! failure is printed by proptest and kept beside this file.

use access::{AccountId, Role, UnitId};
use cases::model::{Case, CaseEvent, Place, Reported, Satisfaction, Standard, VerifyOutcome};
use cases::rules::{self, Actor, CityRules, ClockCommand as Clock, Command, Facts};
use cases::{CaseId, Fact, State};
use jiff::tz::TimeZone;
use kernel::id::Id;
use kernel::{Calendar, Timestamp};
use matters::MatterId;
use proptest::prelude::*;

fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}
fn unit(n: u8) -> UnitId {
    UnitId(id(100 + n))
}

/// Somebody with up to three roles or with all of them, perhaps of one of two units; now and then the program itself.
fn actor() -> impl Strategy<Value = Actor> {
    let roles = prop_oneof![
        prop::sample::subsequence(Role::ALL.to_vec(), 0..=3),
        Just(Role::ALL.to_vec())
    ];
    (roles, 0..4_u8, 0..6_u8, 0..12_u8).prop_map(|(roles, of, account, kind)| Actor {
        kind: if kind == 0 { "system" } else { "staff" },
        account: Some(id(account + 1)),
        unit: (of < 2).then(|| unit(of)),
        roles: if kind == 0 { Vec::new() } else { roles },
        is_program: kind == 0,
    })
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("因为".to_owned()), 1 => Just(String::new()), 1 => "\\PC{0,12}"]
}

fn command() -> impl Strategy<Value = Command> {
    let standard = |matter: u8, closings: Vec<String>| Standard {
        matter: MatterId(id(matter)),
        code: "C0101".into(),
        catalogue: "test".into(),
        rule: 1,
        condition: "缺失".into(),
        limit: Some("4工作时".parse().unwrap()),
        closings,
    };
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
        1 => words().prop_map(|note| Command::CallBack { contacted: None, solved: Some(true), satisfaction: Satisfaction::Satisfied, note }),
        1 => words().prop_map(|reason| Command::RequestVoid { reason }),
        1 => words().prop_map(|reason| Command::RefuseVoid { reason }),
        1 => words().prop_map(|reason| Command::Void { reason }),
        1 => (1..4_u32).prop_map(|n| Command::Merge { into: format!("330102-20260316-{n:05}").parse().unwrap() }),
        1 => Just(Command::Unmerge),
        1 => Just(Command::ConfirmSelfHandling),
        1 => words().prop_map(|text| Command::Note { text, attachments: Vec::new() }),
        6 => clock().prop_map(Command::Clock),
    ]
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
        1 => words().prop_map(|text| Clock::Answer { text }),
        1 => Just(Clock::LapseWaiting),
    ]
}

fn report(verify: bool, self_handled: bool) -> Command {
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
        confidential: false,
        same_as: None,
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
    if before.state.is_final() {
        let may = case.state == before.state || matches!(event.fact, Fact::Unmerged);
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
    prop_assert!(case.granted <= 2 && case.suspensions <= 1);
    match &event.fact {
        // More time is granted before the deadline, by somebody else than who endorsed it, and moves it away.
        Fact::Extended { due_at, .. } => {
            prop_assert!(event.at < before.due_at.unwrap() && *due_at > before.due_at.unwrap());
            prop_assert!(before.extension.as_ref().unwrap().endorsed_by != event.by.account);
            prop_assert!(!own, "the handling unit gave itself more time");
        }
        // What was late before the clock stopped stays late by as much; else no time is lost or won.
        Fact::Resumed { due_at, .. }
        | Fact::RequesterAnswered { due_at, .. }
        | Fact::WaitLapsed { due_at, .. } => {
            let (due, was) = (due_at.unwrap(), before.due_at.unwrap());
            let stopped = before.pauses.last().unwrap().from;
            let kept = if was <= stopped {
                due == was
            } else {
                due >= was
            };
            prop_assert!(kept, "a pause from {stopped} moved {was} to {due}");
        }
        _ => {}
    }
    // Facts are never overwritten.
    prop_assert!(before.registered_at.is_none() || case.registered_at == before.registered_at);
    prop_assert!(before.dispatched_at.is_none() || case.dispatched_at == before.dispatched_at);
    prop_assert_eq!(case.reported_at, before.reported_at);
    prop_assert_eq!(case.number, before.number);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn whatever_people_try_the_laws_hold(
        verify in any::<bool>(),
        self_handled in prop::bool::weighted(0.2),
        tries in prop::collection::vec((actor(), command(), 1..90_i64), 0..250),
    ) {
        let tz = TimeZone::get("Asia/Shanghai").unwrap();
        let (calendar, city) = (Calendar::cn(), CityRules::default());
        fn facts<'a>(now: Timestamp, actor: &'a Actor, calendar: &'a Calendar, tz: &'a TimeZone, rules: &'a CityRules) -> Facts<'a> {
            Facts { now, actor, calendar, tz, rules, on_duty: Some(AccountId(id(2))) }
        }
        let stranger = Actor { kind: "stranger", account: None, roles: Vec::new(), unit: None, is_program: false };
        let mut now = testdb::monday();
        let mut life = rules::decide(None, report(verify, self_handled), &facts(now, &stranger, calendar, &tz, &city)).unwrap();
        let case_id = CaseId(id(77));
        let mut case = rules::replay(case_id, &life).unwrap();
        for (actor, command, minutes) in tries {
            now = now.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
            let act = command.act();
            let may = rules::may(&case, act, &actor);
            match rules::decide(Some(&case), command, &facts(now, &actor, calendar, &tz, &city)) {
                Ok(events) => {
                    prop_assert!(may.is_ok(), "{} was done although it may not: {:?}", act.as_str(), may);
                    prop_assert!(!events.is_empty());
                    for event in &events {
                        let before = case.clone();
                        case = rules::apply(Some(case), event).unwrap();
                        laws(&case, Some(&before), event)?;
                    }
                    life.extend(events);
                }
                Err(refusal) => prop_assert!(!refusal.code().is_empty()),
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
