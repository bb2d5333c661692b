//! Random histories, stored step by step on both engines: the rows of measures are those that whole lives add up to, every
//! figure is the sum of the pure twin over them, and the cases behind a figure add up to it.

use crate::lives::{at, district, migrations, unit};
use access::{AccountId, Role, UnitId};
use cases::measures::{Column, Measures, UnitColumn};
use cases::model::{Case, CaseEvent, Place, Reported, Satisfaction, Standard, VerifyOutcome};
use cases::rules::{
    self, Actor, CityRules, ClockCommand as Clock, Command, Facts, FairCommand, JointCommand,
};
use cases::{CaseId, sql};
use evaluation::condition::{Mode, Moment};
use evaluation::definitions::{DefinitionSet, built_in};
use evaluation::figures;
use evaluation::model::{GROUPINGS, Share};
use evaluation::ops::{self, ByDefinition, Drill};
use evaluation::sql::Summand;
use evaluation::{By, Period};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::CaseNumber;
use kernel::id::Id;
use kernel::{Calendar, ManualClock};
use matters::{MatterId, Reference};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{AuditEvent, StoreError};
use testdb::TestDb;
use testkit::rng::Rng;

fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

fn number(when: Timestamp, sequence: u32) -> CaseNumber {
    let day = TimeZone::get("Asia/Shanghai")
        .unwrap()
        .to_datetime(when)
        .date();
    CaseNumber::new(district(), day, sequence).unwrap()
}

/// Any command of the desk, the street, the units or the program.
fn command(rng: &mut Rng, case: Option<&Case>, now: Timestamp, sequence: u32) -> Command {
    let standard = |limit: Option<&str>| Standard {
        matter: MatterId(id(50)),
        code: "C0101".into(),
        catalogue: "test".into(),
        rule: 1,
        condition: "缺失".into(),
        limit: limit.map(|l| l.parse().unwrap()),
        closings: Vec::new(),
        evidence: None,
        legal_basis: None,
        edition: None,
    };
    let note = || "看过".to_owned();
    if case.is_none() {
        let (on_the_spot, asking) = (rng.chance(0.1), rng.chance(0.4));
        return Command::Report(Box::new(Reported {
            district: district(),
            number: number(now, sequence),
            reported_at: now,
            channel: (*rng.pick(&["patrol", "hotline", "web"])).into(),
            matter: Some(MatterId(id(50))),
            description: "井盖缺失".into(),
            place: Place {
                division: Some(rng.pick(&["410102001001", "410103001001"]).parse().unwrap()),
                ..Place::default()
            },
            subject: asking.then(|| id(70)),
            attachments: Vec::new(),
            verify: rng.chance(0.5),
            self_handled: on_the_spot.then(note),
            confidential: false,
            same_as: None,
            nature: None,
            nature_assumed: false,
            askable: None,
            requested: asking,
            notify: false,
        }));
    }
    match rng.below(27) {
        0 | 1 => Command::Verify {
            outcome: *rng.pick(&[VerifyOutcome::Yes, VerifyOutcome::Yes, VerifyOutcome::No]),
            note: note(),
            attachments: Vec::new(),
        },
        2 => Command::LapseVerify,
        3 | 4 => Command::Accept {
            matter: None,
            urgent: rng.chance(0.2),
        },
        5 => Command::TakeTask {
            to: Some(AccountId(id(3))),
        },
        6 | 7 => Command::Register {
            standard: standard(*rng.pick(&[Some("48UH"), Some("4UH"), None])),
        },
        8 => Command::ConfirmSelfHandling,
        9 | 10 => Command::Dispatch {
            unit: unit(u8::from(rng.chance(0.5))),
            basis: String::new(),
        },
        11 | 12 => Command::Sign,
        13 => Command::Return { reason: note() },
        14 => Command::Rule {
            unit: unit(0),
            reason: note(),
        },
        15 | 16 => Command::ReportBack {
            result: note(),
            attachments: Vec::new(),
        },
        17 | 18 => Command::Check {
            passed: rng.chance(0.6),
            note: note(),
            attachments: Vec::new(),
        },
        19 => Command::LapseCheck,
        20 => Command::Close {
            closing: "修复".into(),
        },
        21 => Command::CallBack {
            contacted: *rng.pick(&[None, Some(true), Some(false)]),
            solved: *rng.pick(&[None, Some(true), Some(false)]),
            satisfaction: *rng.pick(Satisfaction::ALL),
            missing: Vec::new(),
            note: String::new(),
        },
        22 => Command::Clock(Clock::RequestExtension { reason: note() }),
        23 => Command::Clock(if rng.chance(0.5) {
            Clock::EndorseExtension
        } else {
            Clock::GrantExtension
        }),
        24 => Command::Clock(if rng.chance(0.5) {
            Clock::RequestSuspension {
                reason: note(),
                until: TimeZone::UTC.to_datetime(now).date().tomorrow().unwrap(),
            }
        } else if rng.chance(0.6) {
            Clock::Suspend
        } else {
            Clock::Resume
        }),
        25 => match rng.below(3) {
            0 => Command::Fair(FairCommand::Reopen {
                reason: note(),
                to_dispatch: rng.chance(0.5),
            }),
            // A reorganisation: the work of one unit goes on in another.
            _ => Command::Joint(JointCommand::ChangeUnit {
                from: unit(0),
                to: unit(2),
                why: note(),
            }),
        },
        _ if rng.chance(0.06) => Command::RequestVoid { reason: note() },
        _ if rng.chance(0.06) => Command::Void { reason: note() },
        _ if rng.chance(0.06) => Command::NotAccept { reason: note() },
        _ if rng.chance(0.06) => Command::NotRegister { reason: note() },
        _ => Command::Note {
            text: note(),
            attachments: Vec::new(),
            mentions: Vec::new(),
        },
    }
}

/// The steps of a life: the case and its new events after each.
fn life(rng: &mut Rng, sequence: u32) -> Vec<(Case, Vec<CaseEvent>)> {
    let (tz, city) = (
        TimeZone::get("Asia/Shanghai").unwrap(),
        CityRules::default(),
    );
    let mut now = at("03-20 08:00") + SignedDuration::from_secs(i64::from(sequence) * 4_000);
    let mut case: Option<Case> = None;
    let mut steps = Vec::new();
    for _ in 0..120 {
        let command = command(rng, case.as_ref(), now, sequence);
        let act = command.act().as_str();
        let is_program = act.starts_with("lapse") || act == "change_unit";
        let own = matches!(
            act,
            "sign" | "return" | "report_back" | "request_extension" | "request_suspension"
        );
        let actor = Actor {
            kind: if is_program { "system" } else { "staff" },
            account: Some(id(1 + u8::try_from(rng.below(3)).unwrap())),
            roles: if is_program {
                Vec::new()
            } else {
                Role::ALL.to_vec()
            },
            unit: case.as_ref().and_then(|c| c.unit).filter(|_| own),
            is_program,
            behalf: None,
            ties: cases::rules::Ties::default(),
        };
        let facts = Facts {
            now,
            actor: &actor,
            calendar: Calendar::cn(),
            tz: &tz,
            rules: &city,
            on_duty: rng.chance(0.5).then(|| AccountId(id(2))),
        };
        let Ok(events) = rules::decide(case.as_ref(), command, &facts) else {
            continue;
        };
        case = events.iter().fold(case, rules::apply);
        if let Some(case) = &mut case {
            let mut tail = [0; 10];
            tail[6..].copy_from_slice(&sequence.to_be_bytes());
            case.id = rules::new_case_id(case.reported_at, tail);
            steps.push((case.clone(), events));
        }
        now += SignedDuration::from_mins(i64::try_from(rng.below(900)).unwrap());
    }
    steps
}

/// Lives of one seed, stored step by step: sometimes several steps in one write. Answers them as they ended.
fn lay(
    db: &TestDb,
    clock: &Arc<ManualClock>,
    seed: u64,
    count: u32,
) -> Vec<(Case, Vec<CaseEvent>)> {
    let mut rng = Rng::new(seed);
    let mut ended = Vec::new();
    for sequence in 1..=count {
        let steps = life(&mut rng, sequence);
        let mut all: Vec<CaseEvent> = Vec::new();
        let mut waiting: Vec<CaseEvent> = Vec::new();
        let mut stored: Option<Case> = None;
        let last = steps.len() - 1;
        for (n, (case, events)) in steps.into_iter().enumerate() {
            waiting.extend(events);
            if n != last && stored.is_some() && rng.chance(0.4) {
                continue;
            }
            let (new, before) = (std::mem::take(&mut waiting), stored.replace(case.clone()));
            all.extend(new.clone());
            let ctx = db.system(clock);
            let written = case.clone();
            ctx.write_blocking::<_, StoreError, _>(move |mut w| {
                match &before {
                    None => sql::insert(&mut w, &written, &new)?,
                    Some(before) => sql::update(&mut w, &written, before, &new)?,
                }
                w.commit(AuditEvent::done("test.step", "case", "test"), ())
            })
            .unwrap();
            if n == last {
                ended.push((case, all.clone()));
            }
        }
    }
    ended
}

fn period() -> Period {
    let day = |text: &str| format!("2019-{text}").parse().unwrap();
    Period::days(
        day("04-01"),
        day("04-10"),
        &TimeZone::get("Asia/Shanghai").unwrap(),
    )
    .unwrap()
}

/// What the twin says of a side of a definition over some rows: of those that count for this unit, or of all.
fn twin(
    rows: &[(CaseId, Measures)],
    summands: &[Summand],
    unit: Option<Option<UnitId>>,
    at: &Moment,
    mode: Mode,
) -> i64 {
    rows.iter()
        .map(|(_, row)| of_row(row, summands, unit, at, mode))
        .sum()
}

/// The same of one row.
fn of_row(
    row: &Measures,
    summands: &[Summand],
    unit: Option<Option<UnitId>>,
    at: &Moment,
    mode: Mode,
) -> i64 {
    let counts = |s: &&Summand| {
        s.filters.iter().all(|f| f.lets(row)) && unit.is_none_or(|unit| row.unit_of(s.of) == unit)
    };
    let summands = summands.iter().filter(counts);
    summands.map(|s| s.amount.of(row, at, mode)).sum()
}

fn compare(
    db: &TestDb,
    clock: &Arc<ManualClock>,
    set: &DefinitionSet,
    rows: &[(CaseId, Measures)],
    reviewed: bool,
) {
    let ctx = db.system(clock);
    let reference = Reference::new(TimeZone::get("Asia/Shanghai").unwrap());
    reference.refresh_blocking(&ctx).unwrap();
    let city = reference.current();
    let moment = Moment::of(period(), ctx.now());
    let (mut numbers, mut not_zero) = (0, 0);
    for by in GROUPINGS {
        let asked = ByDefinition {
            set: set.id.clone(),
            by,
            period: period(),
        };
        let (_, figures) = ops::by_definition_blocking(&ctx, &city, &asked).unwrap();
        for definition in &set.definitions {
            for denominator in [false, true] {
                let summands = figures::summands(definition, denominator);
                let of = |share: Share| {
                    if denominator {
                        share.denominator
                    } else {
                        share.numerator
                    }
                };
                let sum: i64 = figures
                    .rows
                    .iter()
                    .map(|l| of(l.rates[&definition.id].share()))
                    .sum();
                let expected = twin(rows, &summands, None, &moment, Mode::Raw);
                assert_eq!(
                    sum, expected,
                    "{} by {by:?}, below: {denominator}",
                    definition.id
                );
                for line in &figures.rows {
                    let figure = &line.rates[&definition.id];
                    let number = of(figure.share());
                    numbers += 1;
                    if !matches!(by, By::City | By::Unit) {
                        continue;
                    }
                    // No unit of these tests is in the reference data, so the key is its id.
                    let unit = (by == By::Unit).then(|| line.key.parse::<Id>().ok().map(UnitId));
                    assert_eq!(
                        number,
                        twin(rows, &summands, unit, &moment, Mode::Raw),
                        "{} of {}, below: {denominator}",
                        definition.id,
                        line.key
                    );
                    if reviewed {
                        let after = figure.after_review.map_or(number, of);
                        assert_eq!(
                            after,
                            twin(rows, &summands, unit, &moment, Mode::AfterReview),
                            "{} of {} after review, below: {denominator}",
                            definition.id,
                            line.key
                        );
                    }
                    if number == 0 {
                        continue;
                    }
                    not_zero += 1;
                    // The cases behind it, page by page.
                    let mut drill = Drill {
                        of: asked.clone(),
                        definition: definition.id.clone(),
                        count: None,
                        denominator,
                        after_review: false,
                        key: line.key.clone(),
                        before: None,
                        limit: 7,
                    };
                    let (mut total, mut seen) = (0, BTreeMap::new());
                    loop {
                        let page = ops::behind_blocking(&ctx, &city, &drill).unwrap();
                        for case in &page {
                            total += case.counts;
                            assert!(seen.insert(case.id, ()).is_none(), "a case stands twice");
                            let (_, row) = rows.iter().find(|(id, ..)| id.0 == case.id).unwrap();
                            assert_eq!(
                                case.counts,
                                of_row(row, &summands, unit, &moment, Mode::Raw)
                            );
                        }
                        let Some(last) = page.last() else { break };
                        drill.before = Some(last.id);
                    }
                    assert_eq!(
                        total, number,
                        "behind {} of {} by {by:?}",
                        definition.id, line.key
                    );
                }
            }
        }
    }
    assert!(
        numbers > 500 && not_zero > 60,
        "too thin: {numbers}, {not_zero}"
    );
}

testdb::both_engines!(
    measures_and_figures_of_random_histories_agree,
    &migrations(),
    |db| {
        let seed = std::env::var("SHIYU_SEED")
            .ok()
            .and_then(|s| s.parse().ok())
            .unwrap_or(20_261_129);
        println!("seed {seed}; repeat with SHIYU_SEED={seed}");
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let lives = lay(db, &clock, seed, 120);
        let replayed = cases::replay::replay(&db.system(&clock)).unwrap();
        assert_eq!(
            (replayed.cases, replayed.mismatches),
            (120, 0),
            "{:?}",
            replayed.differing
        );

        let set = built_in().remove(0);
        let rows = |exempt: &dyn Fn(usize) -> bool,
                    excluded: &dyn Fn(usize) -> bool|
         -> Vec<(CaseId, Measures)> {
            lives
                .iter()
                .enumerate()
                .map(|(n, (case, events))| {
                    let row = Measures::of(case, events)
                        .with(Column::Exempt, exempt(n).then_some(1))
                        .with(Column::Excluded, excluded(n).then_some(1));
                    (case.id, row)
                })
                .collect()
        };
        let all = rows(&|_| false, &|_| false);
        // Acts of units that no longer have the case are among them; the rarer ones have tests of their own.
        for column in UnitColumn::ALL {
            let apart = all
                .iter()
                .filter(|(_, row)| row.unit_of(Some(column)) != row.unit_of(None))
                .count();
            println!("{column:?}: {apart}");
            let is_rare = matches!(
                column,
                UnitColumn::Extended | UnitColumn::Suspended | UnitColumn::Late | UnitColumn::Rated
            );
            assert!(apart > 0 || is_rare, "{column:?}");
        }
        compare(db, &clock, &set, &all, false);
        // Every stage had a limit of its own: on time is a share of something.
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        let asked = ByDefinition {
            set: set.id.clone(),
            by: By::City,
            period: Period::days(day("03-20"), day("04-30"), &zone).unwrap(),
        };
        let ctx = db.system(&clock);
        let (_, figures) =
            ops::by_definition_blocking(&ctx, &Reference::new(zone).current(), &asked).unwrap();
        for stage in ["accept", "register", "dispatch", "close"] {
            let definition = format!("{stage}_on_time/need_{stage}");
            let share = figures.rows[0].rates[&definition].share();
            assert!(
                share.denominator > 0 && share.numerator > 0 && share.numerator < share.denominator,
                "{definition}: {share:?}"
            );
        }

        // A review forgives some and leaves some out: raw stays what it was, after review is what the twin says.
        let exempt = |n: usize| n.is_multiple_of(5);
        let excluded = |n: usize| n.is_multiple_of(7);
        for (n, (case, _)) in lives.iter().enumerate() {
            let (case, exempt, excluded) = (
                case.clone(),
                exempt(n).then_some(1_i64),
                excluded(n).then_some(1_i64),
            );
            db.system(&clock).write_blocking::<_, StoreError, _>(move |mut w| {
            let sql = "UPDATE case_measures SET exempt = $3, excluded = $4 WHERE district = $1 AND case_id = $2";
            w.exec_one(sql, store::params![case.district, case.id, exempt, excluded])?;
            w.commit(AuditEvent::done("test.review", "case", "test"), ())
        }).unwrap();
        }
        compare(db, &clock, &set, &rows(&exempt, &excluded), true);
    }
);

testdb::both_engines!(
    a_lost_or_wrong_row_of_measures_is_found_and_made_again,
    &migrations(),
    |db| {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        lay(db, &clock, 7, 12);
        let run = |text: &'static str| {
            db.system(&clock)
                .write_blocking::<_, StoreError, _>(move |mut w| {
                    w.exec(text, &[])?;
                    w.commit(AuditEvent::done("test.spoil", "case", "test"), ())
                })
                .unwrap();
        };
        let replayed = || cases::replay::replay(&db.system(&clock)).unwrap();
        run("UPDATE case_measures SET accept_from = 1 WHERE accept_from IS NOT NULL");
        let found = replayed();
        assert!(
            found.mismatches > 5 && found.differing[0].contains("accept_from"),
            "{:?}",
            found.differing
        );
        run("DELETE FROM case_measures");
        assert_eq!(replayed().mismatches, 12);
        assert_eq!(
            cases::replay::measure(&db.system(&clock), |_| {}).unwrap(),
            12
        );
        assert_eq!(replayed().mismatches, 0);
        assert_eq!(
            cases::replay::measure(&db.system(&clock), |_| {}).unwrap(),
            0
        );
    }
);
