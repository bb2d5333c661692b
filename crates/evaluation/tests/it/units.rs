//! Whose it was: what a unit did stays its own when the case goes on to another, and every case is counted for one unit.

use crate::city;
use crate::lives::{Did, dispatched, district, migrations, told, unit};
use crate::through_ops;
use access::UnitId;
use cases::model::Satisfaction;
use cases::ops::{self as cases_ops, Step};
use cases::{rules, sql};
use evaluation::model::Share;
use evaluation::ops::{self, ByDefinition, Drill};
use evaluation::{By, Period};
use jiff::tz::TimeZone;
use kernel::ManualClock;
use kernel::codes::CaseNumber;
use matters::Reference;
use std::sync::Arc;
use store::{AuditEvent, StoreError};
use testdb::TestDb;

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

/// A rate of each unit that has one: its name, numerator, denominator.
type OfUnits = Vec<(String, i64, i64)>;

/// A city that holds these lives, so many of each.
struct Lived<'d> {
    db: &'d TestDb,
    clock: Arc<ManualClock>,
}

impl<'d> Lived<'d> {
    fn new(db: &'d TestDb, lives: &[(u32, Vec<(&str, Did)>)]) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let mut n = 0_u32;
        for (copies, steps) in lives {
            let (case, events) = told(steps);
            for _ in 0..*copies {
                n += 1;
                let (mut case, events) = (case.clone(), events.clone());
                let mut tail = [0; 10];
                tail[6..].copy_from_slice(&n.to_be_bytes());
                case.id = rules::new_case_id(case.reported_at, tail);
                case.number = CaseNumber::new(district(), case.number.day(), n).unwrap();
                db.system(&clock)
                    .write_blocking::<_, StoreError, _>(move |mut w| {
                        sql::insert(&mut w, &case, &events)?;
                        w.commit(AuditEvent::done("test.life", "case", "test"), ())
                    })
                    .unwrap();
            }
        }
        Self { db, clock }
    }
    fn asked() -> ByDefinition {
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        ByDefinition {
            set: "standard".into(),
            by: By::Unit,
            period: Period::days(day("04-01"), day("04-30"), &zone()).unwrap(),
        }
    }
    /// A rate of every unit that has one, and the same of the whole city.
    fn rate(&self, definition: &str) -> (OfUnits, (i64, i64)) {
        let reference = Reference::new(zone());
        reference
            .refresh_blocking(&self.db.system(&self.clock))
            .unwrap();
        let of = |by: By| {
            let asked = ByDefinition {
                by,
                ..Self::asked()
            };
            let ctx = self.db.system(&self.clock);
            let found = ops::by_definition_blocking(&ctx, &reference.current(), &asked);
            found.unwrap().1.rows
        };
        let share = |line: &evaluation::figures::Line| line.rates[definition].share();
        let units = of(By::Unit).into_iter().map(|line| {
            let Share {
                numerator,
                denominator,
                ..
            } = share(&line);
            let name = [0, 1]
                .into_iter()
                .find(|n| line.key == unit(*n).to_string())
                .map_or(line.key.clone(), |n| ["A", "B"][usize::from(n)].to_owned());
            (name, numerator, denominator)
        });
        let mut units: Vec<_> = units.filter(|(_, n, d)| *n != 0 || *d != 0).collect();
        units.sort();
        let city = share(&of(By::City)[0]);
        (units, (city.numerator, city.denominator))
    }
    fn behind(&self, definition: &str, of: UnitId) -> Vec<Option<UnitId>> {
        let reference = Reference::new(zone());
        let drill = Drill {
            of: Self::asked(),
            definition: definition.into(),
            count: None,
            denominator: false,
            after_review: false,
            key: of.to_string(),
            before: None,
            limit: 50,
        };
        let ctx = self.db.system(&self.clock);
        let found = ops::behind_blocking(&ctx, &reference.current(), &drill).unwrap();
        found.into_iter().map(|c| c.unit.map(UnitId)).collect()
    }
}

fn a(n: i64, d: i64) -> (String, i64, i64) {
    ("A".to_owned(), n, d)
}
fn b(n: i64, d: i64) -> (String, i64, i64) {
    ("B".to_owned(), n, d)
}

testdb::both_engines!(
    what_a_unit_returned_and_signed_for_stays_its_own,
    &migrations(),
    |db| {
        let on = |mut steps: Vec<(&'static str, Did)>, more: &[(&'static str, Did)]| {
            steps.extend(more);
            steps
        };
        let closed = [
            ("04-04 10:00", Did::ReportBack),
            ("04-04 15:00", Did::Pass),
            ("04-04 15:00", Did::Close),
        ];
        let mut returned = dispatched("04-02 10:00");
        // Returned unsigned, after a day.
        returned.pop();
        returned.extend([
            ("04-03 10:00", Did::Return),
            ("04-03 11:00", Did::DispatchOther),
            ("04-03 12:00", Did::Sign),
        ]);
        let city = Lived::new(
            db,
            &[
                (3, on(returned, &closed)),
                (1, on(dispatched("04-02 10:00"), &closed)),
            ],
        );
        // Of the cases that were given to A, it returned three; B returned none.
        assert_eq!(city.rate("back/dispatch"), (vec![a(3, 4)], (3, 4)));
        assert_eq!(
            city.rate("dispatch_accurate/dispatch"),
            (vec![a(1, 4)], (1, 4))
        );
        assert_eq!(city.rate("sign_on_time/need_sign").0.len(), 1);
        // What each handled is its own.
        assert_eq!(
            city.rate("dispose/need_dispose"),
            (vec![a(1, 1), b(3, 3)], (4, 4))
        );
        // The number leads to the very cases, which are with B.
        assert_eq!(city.behind("back/dispatch", unit(0)), [Some(unit(1)); 3]);
        assert_eq!(city.behind("back/dispatch", unit(1)), []);
        assert_eq!(
            city.behind("dispose/need_dispose", unit(1)),
            [Some(unit(1)); 3]
        );
    }
);

testdb::both_engines!(
    what_a_unit_kept_beyond_its_deadline_and_then_returned_is_late_and_its_own,
    &migrations(),
    |db| {
        let given = |more: &[(&'static str, Did)]| {
            let mut steps = dispatched("04-02 10:00");
            steps.extend(more);
            steps
        };
        // The limit is 48 hours: until the 4th, ten o'clock. The next unit gets as much anew, and keeps it.
        let late = given(&[
            ("04-06 10:00", Did::Return),
            ("04-06 11:00", Did::DispatchOther),
            ("04-06 12:00", Did::Sign),
            ("04-06 15:00", Did::ReportBack),
            ("04-06 16:00", Did::Pass),
            ("04-06 16:00", Did::Close),
        ]);
        let in_time = given(&[
            ("04-04 10:00", Did::Return),
            ("04-04 11:00", Did::DispatchOther),
            ("04-04 12:00", Did::Sign),
            ("04-04 15:00", Did::ReportBack),
            ("04-04 16:00", Did::Pass),
            ("04-04 16:00", Did::Close),
        ]);
        // Late once; that the other unit returned it in time afterwards takes nothing back.
        let twice = given(&[
            ("04-06 10:00", Did::Return),
            ("04-06 11:00", Did::DispatchOther),
            ("04-06 12:00", Did::Return),
            ("04-06 13:00", Did::DispatchOther),
            ("04-06 14:00", Did::Sign),
            ("04-06 15:00", Did::ReportBack),
            ("04-06 16:00", Did::Pass),
            ("04-06 16:00", Did::Close),
        ]);
        let city = Lived::new(db, &[(1, late), (1, in_time), (1, twice)]);
        assert_eq!(
            city.rate("overtime_back/dispatch"),
            (vec![a(2, 2), b(0, 1)], (2, 3))
        );
        assert_eq!(
            city.behind("overtime_back/dispatch", unit(0)),
            [Some(unit(1)); 2],
            "the cases are with the other unit"
        );
        // What the other unit handled in time is in time, and its own.
        assert_eq!(
            city.rate("dispose_on_time/dispose"),
            (vec![b(3, 3)], (3, 3))
        );
    }
);

testdb::both_engines!(
    what_went_wrong_before_a_case_moved_on_is_not_the_next_units,
    &migrations(),
    |db| {
        let mut steps = vec![("04-02 10:00", Did::ReportAsking)];
        steps.extend(
            [Did::Accept, Did::Register, Did::Dispatch, Did::Sign].map(|did| ("04-02 10:00", did)),
        );
        steps.extend([
            // More time, a failed check, and late all the same.
            ("04-03 10:00", Did::AskMoreTime),
            ("04-03 11:00", Did::EndorseMoreTime),
            ("04-03 12:00", Did::GrantMoreTime),
            ("04-04 10:00", Did::ReportBack),
            ("04-04 11:00", Did::Fail),
            ("04-12 10:00", Did::ReportBack),
            ("04-12 11:00", Did::Pass),
            ("04-12 12:00", Did::Close),
            ("04-13 10:00", Did::ReopenElsewhere),
            ("04-13 11:00", Did::DispatchOther),
            ("04-13 12:00", Did::Sign),
            ("04-13 15:00", Did::ReportBack),
            ("04-13 16:00", Did::Pass),
            ("04-13 17:00", Did::Close),
        ]);
        let city = Lived::new(db, &[(1, steps)]);
        for definition in [
            "rework/need_archive",
            "extension/need_archive",
            "reopen/archive",
        ] {
            assert_eq!(
                city.rate(definition),
                (vec![a(1, 1)], (1, 1)),
                "{definition}"
            );
            assert_eq!(city.behind(definition, unit(0)), [Some(unit(1))]);
        }
        // The lateness of the first round is A's, and so is the case where it counts as late.
        for definition in [
            "dispose_on_time/dispose",
            "closing_on_time/need_archive_with_limit",
        ] {
            assert_eq!(
                city.rate(definition),
                (vec![a(0, 1)], (0, 1)),
                "{definition}"
            );
        }
        // It was B that had it closed in the end.
        assert_eq!(city.rate("closing/need_archive"), (vec![b(1, 1)], (1, 1)));
    }
);

testdb::both_engines!(
    what_the_requester_of_a_merged_case_says_is_about_the_unit_that_handled_the_other,
    &through_ops::migrations(),
    |db| {
        let city = city::City::new(db);
        let main = city.report("collector", city.cover("patrol")).case.number;
        let asking = || {
            let mut new = city.cover("web");
            new.contact.phone = Some("13800138000".into());
            city.report("stranger", new)
        };
        let (by_phone, by_link) = (asking(), asking());
        for merged in [&by_phone, &by_link] {
            let merge = vec![Step::Merge { into: main }];
            city.act("acceptor", merged.case.number, merge).unwrap();
        }
        let accept = Step::Accept {
            matter: None,
            urgent: false,
        };
        let dispatch = Step::Dispatch {
            unit: None,
            basis: String::new(),
        };
        city.act(
            "desk",
            main,
            vec![accept, Step::Register { rule: None }, dispatch],
        )
        .unwrap();
        let done = Step::ReportBack {
            result: "已更换".into(),
            attachments: Vec::new(),
        };
        city.act("water", main, vec![Step::Sign, done]).unwrap();
        let check = Step::Check {
            passed: true,
            note: String::new(),
            attachments: Vec::new(),
        };
        city.act("checker", main, vec![check]).unwrap();
        let close = Step::Close {
            closing: "更换".into(),
        };
        city.act("shift_leader", main, vec![close]).unwrap();
        let call = Step::CallBack {
            contacted: Some(true),
            solved: Some(true),
            satisfaction: Satisfaction::Satisfied,
            missing: Vec::new(),
            note: String::new(),
        };
        city.act("acceptor", by_phone.case.number, vec![call])
            .unwrap();
        let said = cases::rules::FairCommand::Rate {
            contacted: Some(true),
            solved: Some(false),
            satisfaction: Satisfaction::Dissatisfied,
            missing: Vec::new(),
            note: String::new(),
        };
        let proof = cases_ops::Proof::Link {
            token: &by_link.link,
            client: None,
        };
        let stranger = city.ctx("stranger");
        city.run(cases_ops::rate(&stranger, proof, said)).unwrap();
        city.replays();

        let reference = Reference::new(zone());
        reference.refresh_blocking(&city.system()).unwrap();
        let day = zone().to_datetime(city.system().now()).date();
        let asked = ByDefinition {
            set: "standard".into(),
            by: By::Unit,
            period: Period::days(day, day, &zone()).unwrap(),
        };
        let found = ops::by_definition_blocking(&city.system(), &reference.current(), &asked);
        let rows = found.unwrap().1.rows;
        let of = |key: &str| {
            let line = rows.iter().find(|l| l.key == key);
            line.map(|l| l.rates["satisfied/asked_satisfied"].share())
        };
        assert_eq!(of("WATER"), Some(Share::of(1, 2)));
        assert!(of("unknown").is_none_or(|s| s.denominator == 0));
        // The merge was a mistake: what was said is about nothing any more.
        let undo = vec![Step::Unmerge];
        city.act("acceptor", by_phone.case.number, undo).unwrap();
        city.replays();
    }
);

testdb::both_engines!(
    a_department_counts_what_it_returned_and_not_what_another_did_with_it,
    &through_ops::migrations(),
    |db| {
        let city = city::City::new(db);
        let number = city.case_at(cases::State::PendingSign).number;
        let back = Step::Return {
            reason: "不属于我们".into(),
        };
        city.act("water", number, vec![back]).unwrap();
        let other = Step::Dispatch {
            unit: Some(city.unit("CLEAN")),
            basis: "三定方案".into(),
        };
        city.act("dispatcher", number, vec![other]).unwrap();
        let done = Step::ReportBack {
            result: "已更换".into(),
            attachments: Vec::new(),
        };
        city.act("clean", number, vec![Step::Sign, done]).unwrap();
        city.replays();
        let reference = Reference::new(zone());
        reference.refresh_blocking(&city.system()).unwrap();
        let day = zone().to_datetime(city.system().now()).date();
        for (by, key) in [(By::City, "city"), (By::Unit, "WATER"), (By::Matter, "")] {
            let asked = ByDefinition {
                set: "standard".into(),
                by,
                period: Period::days(day, day, &zone()).unwrap(),
            };
            let lead = city.ctx("water_lead");
            let found = ops::by_definition_blocking(&lead, &reference.current(), &asked);
            let rows = found.unwrap().1.rows;
            assert_eq!(rows.len(), 1, "{by:?}");
            let of = |rate: &str| rows[0].rates[rate].share();
            assert_eq!(of("back/dispatch"), Share::of(1, 1), "{by:?}");
            assert_eq!(of("dispose/need_dispose"), Share::of(0, 0), "{by:?}");
            let key = if key.is_empty() { &rows[0].key } else { key };
            let behind = |definition: &str| {
                let drill = Drill {
                    of: asked.clone(),
                    definition: definition.into(),
                    count: None,
                    denominator: false,
                    after_review: false,
                    key: key.to_owned(),
                    before: None,
                    limit: 50,
                };
                let found = ops::behind_blocking(&lead, &reference.current(), &drill);
                found.unwrap().iter().map(|c| c.number).collect::<Vec<_>>()
            };
            assert_eq!(behind("back/dispatch"), [number], "{by:?}");
            assert_eq!(behind("dispose/need_dispose"), [], "{by:?}");
        }
    }
);

testdb::both_engines!(
    repeated_rework_is_one_units_and_not_one_check_each_of_two,
    &through_ops::migrations(),
    |db| {
        let city = city::City::new(db);
        let number = city.case_at(cases::State::PendingSign).number;
        let act = |login: &str, steps: Vec<Step>| {
            city.act(login, number, steps).unwrap();
            // Written step by step, it is what the whole life adds up to.
            city.replays();
        };
        let done = || Step::ReportBack {
            result: "已更换".into(),
            attachments: Vec::new(),
        };
        let check = |passed: bool| Step::Check {
            passed,
            note: "井盖仍然松动".into(),
            attachments: Vec::new(),
        };
        let reference = Reference::new(zone());
        reference.refresh_blocking(&city.system()).unwrap();
        // Rework and repeated rework: of the city, of WATER, of CLEAN.
        let counted = || {
            let day = zone().to_datetime(city.system().now()).date();
            let of = |by: By, key: &str| {
                let asked = ByDefinition {
                    set: "standard".into(),
                    by,
                    period: Period::days(day, day, &zone()).unwrap(),
                };
                let found =
                    ops::by_definition_blocking(&city.system(), &reference.current(), &asked);
                let rows = found.unwrap().1.rows;
                let line = rows.into_iter().find(|l| l.key == key);
                let n = |rate: &str| line.as_ref().map_or(0, |l| l.rates[rate].numerator);
                (n("rework/need_archive"), n("multi_rework/need_archive"))
            };
            [
                of(By::City, "city"),
                of(By::Unit, "WATER"),
                of(By::Unit, "CLEAN"),
            ]
        };
        act("water", vec![Step::Sign, done()]);
        act("checker", vec![check(false)]);
        assert_eq!(counted(), [(1, 0), (1, 0), (0, 0)]);
        act("water", vec![done()]);
        act("checker", vec![check(false)]);
        assert_eq!(counted(), [(1, 1), (1, 1), (0, 0)]);
        let back = Step::Return {
            reason: "不属于我们".into(),
        };
        act("water", vec![back]);
        let other = Step::Dispatch {
            unit: Some(city.unit("CLEAN")),
            basis: "三定方案".into(),
        };
        act("dispatcher", vec![other]);
        act("clean", vec![Step::Sign, done()]);
        act("checker", vec![check(false)]);
        // The third failed check of the case, the first of CLEAN's work.
        assert_eq!(counted(), [(1, 0), (0, 0), (1, 0)]);
        act("clean", vec![done()]);
        act("checker", vec![check(false)]);
        assert_eq!(counted(), [(1, 1), (0, 0), (1, 1)]);
        act("clean", vec![done()]);
        act("checker", vec![check(true)]);
        assert_eq!(counted(), [(1, 1), (0, 0), (1, 1)]);
    }
);
