//! Random histories of several cases that are merged, taken apart, reopened, refused and voided by anybody: whatever people
//! try, everybody who asked is answered, and is called back when the matter is over. The seed of a failure is printed by
//! proptest.

use crate::calendars::calendars;
use crate::histories::{actor, id, matter, report, standard, unit};
use access::Role;
use cases::model::{Satisfaction, VerifyOutcome};
use cases::record::AnswerParts;
use cases::rules::merging::{self, Others};
use cases::rules::{
    self, Actor, AnswerCommand as Reply, CityRules, Command, Facts, FairCommand as Fair, Refusal,
};
use cases::{Case, CaseEvent, CaseId, State};
use jiff::tz::TimeZone;
use kernel::codes::CaseNumber;
use kernel::{Calendar, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// So many cases there are.
const CASES: u32 = 6;

#[derive(Clone)]
struct World {
    cases: BTreeMap<CaseNumber, (Case, Vec<CaseEvent>)>,
    now: Timestamp,
    calendar: Calendar,
    tz: TimeZone,
    rules: CityRules,
}

/// A move with all that it does to other cases: all of it, or nothing.
struct Moving<'w> {
    world: &'w mut World,
    actor: &'w Actor,
}

impl Others for Moving<'_> {
    type Error = Refusal;
    fn find(&mut self, number: &CaseNumber) -> Result<Option<Case>, Refusal> {
        Ok(self.world.cases.get(number).map(|(case, _)| case.clone()))
    }
    fn merged_into(&mut self, number: &CaseNumber) -> Result<Vec<Case>, Refusal> {
        let all = self.world.cases.values().map(|(case, _)| case);
        let within = all.filter(|c| {
            let chain = self.world.chain(c.number);
            chain[1..].iter().any(|c| c.number == *number)
        });
        Ok(within.cloned().collect())
    }
    fn make(&mut self, other: &Case, command: Fair, _: &CaseNumber) -> Result<Case, Refusal> {
        self.world.decide(other, Command::Fair(command), self.actor)
    }
}

impl World {
    fn decide(&mut self, case: &Case, command: Command, actor: &Actor) -> Result<Case, Refusal> {
        let facts = Facts {
            now: self.now,
            actor,
            calendar: &self.calendar,
            tz: &self.tz,
            rules: &self.rules,
            on_duty: None,
        };
        let events = rules::decide(Some(case), command, &facts)?;
        let (row, life) = self.cases.get_mut(&case.number).unwrap();
        *row = events.iter().fold(Some(row.clone()), rules::apply).unwrap();
        life.extend(events);
        Ok(row.clone())
    }

    /// A case and those it leads to by merges.
    fn chain(&self, number: CaseNumber) -> Vec<Case> {
        let mut chain: Vec<Case> = Vec::new();
        let mut next = Some(number);
        while let Some((case, _)) = next.and_then(|n| self.cases.get(&n)) {
            assert!(chain.len() <= self.cases.len(), "merges go in circles");
            chain.push(case.clone());
            next = case.merged_into;
        }
        chain
    }
    fn end(&self, case: &Case) -> Case {
        self.chain(case.number).pop().unwrap()
    }

    /// As `cases::ops::act` does it: where a merge goes on is looked up, the other side moves with the case, and a refusal
    /// leaves everything as it was.
    fn act(&mut self, number: CaseNumber, command: Command, actor: &Actor) -> Result<(), Refusal> {
        let case = self.cases[&number].0.clone();
        rules::may(&case, command.act(), actor)?;
        let is_said = matches!(
            command,
            Command::CallBack { .. } | Command::Fair(Fair::Rate { .. })
        );
        let end = self.end(&case);
        if is_said && case.state == State::Merged && !end.state.is_final() {
            return Err(Refusal::NotOver { into: end.number });
        }
        let command = match command {
            Command::Merge { into } => {
                let chain = self.chain(into);
                let by = (actor, &self.rules);
                let into = merging::goes_on(&case, into, &chain, |_| true, by)?;
                Command::Merge { into }
            }
            other => other,
        };
        let mut after = self.clone();
        let mut others = Moving {
            world: &mut after,
            actor,
        };
        merging::beside(&mut others, &case, &command)?;
        after.decide(&case, command, actor)?;
        *self = after;
        Ok(())
    }

    /// The next step on the way to the end, by whoever has to do it.
    fn advance(&mut self, number: CaseNumber) -> Result<(), Refusal> {
        let case = &self.cases[&number].0;
        let note = String::new;
        let (by_unit, command) = match case.state {
            State::PendingVerify => (
                false,
                Command::Verify {
                    outcome: VerifyOutcome::Yes,
                    note: note(),
                    attachments: Vec::new(),
                },
            ),
            State::PendingAccept => (
                false,
                Command::Accept {
                    matter: Some(matter()),
                    urgent: false,
                },
            ),
            State::PendingRegister => (
                false,
                Command::Register {
                    standard: standard(50, Vec::new()),
                },
            ),
            State::PendingDispatch => (
                false,
                Command::Dispatch {
                    unit: case.ruled.unwrap_or(unit(0)),
                    basis: note(),
                },
            ),
            State::Coordinating => (
                false,
                Command::Rule {
                    unit: unit(0),
                    reason: "三定方案".into(),
                },
            ),
            State::PendingSign => (true, Command::Sign),
            State::Handling => (
                true,
                Command::ReportBack {
                    result: "已更换".into(),
                    attachments: Vec::new(),
                },
            ),
            State::PendingCheck => (
                false,
                Command::Check {
                    passed: true,
                    note: note(),
                    attachments: Vec::new(),
                },
            ),
            State::PendingClose => (
                false,
                Command::Close {
                    closing: "更换".into(),
                },
            ),
            State::SelfHandledAudit => (false, Command::ConfirmSelfHandling),
            state => {
                return Err(Refusal::NotNow {
                    act: "",
                    state: state.as_str(),
                });
            }
        };
        let by = if by_unit { of_unit(case) } else { desk() };
        self.act(number, command, &by)
    }

    /// Nobody who asked is passed over.
    fn check(&self) -> Result<(), TestCaseError> {
        let all = || self.cases.values().map(|(case, _)| case);
        for case in all() {
            let chain = self.chain(case.number);
            let end = chain.last().unwrap();
            prop_assert!(end.state != State::Merged, "{} rests nowhere", case.number);
            // Both sides of a merge say the same, and the one that goes on owes as long as somebody asked.
            for (a, b) in chain.iter().zip(&chain[1..]) {
                let joined: Vec<_> = b
                    .record
                    .joined
                    .iter()
                    .filter(|j| j.number == a.number)
                    .collect();
                prop_assert_eq!(joined.len(), 1, "{} does not know {}", b.number, a.number);
                prop_assert_eq!(joined[0].owed, rules::answer::is_owed(a));
            }
            for joined in &case.record.joined {
                let other = &self.cases[&joined.number].0;
                prop_assert_eq!(other.merged_into, Some(case.number));
            }
            let is_over = end.state.is_final();
            prop_assert!(
                !(is_over && case.record.requested) || end.record.answer.is_some(),
                "whoever asked in {} was not answered when {} ended as {}",
                case.number,
                end.number,
                end.state
            );
            // Whoever is to be told is called after the end; only what is void calls nobody of its own.
            let is_asked = case.record.requested && case.subject.is_some();
            if is_over && is_asked && case.state != State::Voided {
                let called = case.call_back.as_ref().map(|c| c.at);
                let is_called = called.is_some_and(|at| Some(at) >= end.closed_at);
                prop_assert!(
                    is_called != merging::is_call_due(case, end),
                    "the requester of {} was called {called:?}, {} ended as {} {:?}",
                    case.number,
                    end.number,
                    end.state,
                    end.closed_at
                );
            }
            prop_assert!(
                is_over || !merging::is_call_due(case, end),
                "called before the end"
            );
        }
        // Each requester is one voice of one matter.
        let roots = all().filter(|c| c.state != State::Merged);
        let voices: usize = roots
            .map(|root| {
                all()
                    .filter(|c| self.end(c).number == root.number)
                    .filter(|c| c.record.requested)
                    .count()
            })
            .sum();
        prop_assert_eq!(voices, all().filter(|c| c.record.requested).count());
        Ok(())
    }
}

fn number(n: u32) -> CaseNumber {
    format!("330102-20260316-{n:05}").parse().unwrap()
}

fn desk() -> Actor {
    Actor {
        kind: "staff",
        account: Some(id(5)),
        unit: None,
        roles: Role::ALL.to_vec(),
        is_program: false,
        behalf: None,
        ties: cases::rules::Ties::default(),
    }
}

fn of_unit(case: &Case) -> Actor {
    Actor {
        account: Some(id(6)),
        unit: case.unit,
        roles: vec![Role::Handler, Role::DepartmentLead],
        ..desk()
    }
}

fn requester() -> Actor {
    Actor {
        kind: "stranger",
        account: None,
        roles: Vec::new(),
        ..desk()
    }
}

/// What is tried: a step on the way, or a command.
#[derive(Debug, Clone)]
enum Try {
    Advance,
    Do(Command),
}

fn tries() -> impl Strategy<Value = Try> {
    let why = || "因为".to_owned();
    let reopen = move |to_dispatch| {
        Command::Fair(Fair::Reopen {
            reason: why(),
            to_dispatch,
        })
    };
    let said = |is_by_phone| {
        let (contacted, solved, note) = (None, Some(true), String::new());
        let satisfaction = Satisfaction::Satisfied;
        let missing = Vec::new();
        if is_by_phone {
            Command::CallBack {
                contacted,
                solved,
                satisfaction,
                missing,
                note,
            }
        } else {
            Command::Fair(Fair::Rate {
                contacted,
                solved,
                satisfaction,
                missing,
                note,
            })
        }
    };
    let parts = AnswerParts {
        done: "已说明".into(),
        ..AnswerParts::default()
    };
    prop_oneof![
        12 => Just(Try::Advance),
        8 => (1..=CASES).prop_map(|n| Try::Do(Command::Merge { into: number(n) })),
        4 => Just(Try::Do(Command::Unmerge)),
        3 => any::<bool>().prop_map(move |to| Try::Do(reopen(to))),
        4 => any::<bool>().prop_map(move |by_phone| Try::Do(said(by_phone))),
        1 => Just(Try::Do(Command::NotAccept { reason: why() })),
        1 => Just(Try::Do(Command::NotRegister { reason: why() })),
        1 => Just(Try::Do(Command::Void { reason: why() })),
        1 => Just(Try::Do(Command::Return { reason: why() })),
        1 => Just(Try::Do(Command::Check { passed: false, note: why(), attachments: Vec::new() })),
        1 => Just(Try::Do(Command::Reply(Reply::AnswerDirectly { parts, direct: true }))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_merged_and_taken_apart_everybody_who_asked_is_answered_and_called(
        reports in prop::collection::vec((any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.7)), CASES as usize),
        calendars in calendars(),
        tries in prop::collection::vec((1..=CASES, tries(), prop::option::weighted(0.15, actor()), 1..600_i64), 0..120),
    ) {
        let mut world = World {
            cases: BTreeMap::new(),
            now: testdb::monday(),
            calendar: calendars[0].clone(),
            tz: TimeZone::get("Asia/Shanghai").unwrap(),
            rules: CityRules::default(),
        };
        for (n, (verify, self_handled, requested)) in (1..).zip(reports) {
            let mut first = report(verify, self_handled, requested);
            if let Command::Report(report) = &mut first {
                report.number = number(n);
            }
            let by = requester();
            let facts = Facts { now: world.now, actor: &by, calendar: &world.calendar, tz: &world.tz, rules: &world.rules, on_duty: None };
            let life = rules::decide(None, first, &facts).unwrap();
            let case = rules::replay(CaseId(id(70 + n as u8)), &life).unwrap();
            world.cases.insert(number(n), (case, life));
        }
        for (n, what, anybody, minutes) in tries {
            world.now = world.now.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
            world.calendar = calendars[minutes as usize % calendars.len()].clone();
            let case = world.cases[&number(n)].0.clone();
            let done = match what {
                Try::Advance => world.advance(number(n)),
                Try::Do(command) => {
                    let by = anybody.unwrap_or_else(|| match command {
                        Command::Return { .. } => of_unit(&case),
                        Command::Fair(Fair::Rate { .. } | Fair::Reopen { .. }) => requester(),
                        _ => desk(),
                    });
                    world.act(number(n), command, &by)
                }
            };
            if let Err(refusal) = done {
                prop_assert!(!refusal.code().is_empty());
            }
            world.check()?;
        }
        // Whatever is open is brought to its end; then each requester waits to be called, can be, and waits no more.
        for n in 1..=CASES {
            while world.advance(number(n)).is_ok() {}
            world.check()?;
        }
        for n in 1..=CASES {
            let case = world.cases[&number(n)].0.clone();
            prop_assert!(case.state.is_final());
            let is_due = merging::is_call_due(&case, &world.end(&case));
            let call = Command::CallBack { contacted: None, solved: None, satisfaction: Satisfaction::Satisfied, missing: Vec::new(), note: String::new() };
            if is_due {
                world.act(number(n), call, &desk()).unwrap();
            }
            let case = &world.cases[&number(n)].0;
            prop_assert!(!merging::is_call_due(case, &world.end(case)));
        }
        world.check()?;
        for (case, life) in world.cases.values() {
            prop_assert_eq!(rules::replay(case.id, life), Some(case.clone()));
        }
    }
}
