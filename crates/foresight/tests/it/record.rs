//! Cases as they are stored, and what is read from them.

use access::Ctx;
use cases::facts::CaseFacts;
use cases::model::{Case, ImportStatus, Imported, Place, State};
use cases::rules::{self, Actor, CityRules, Command, Facts};
use cases::sql;
use foresight::ops::{self, Part, Question};
use foresight::outlook::Light;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::id::Id;
use kernel::{Calendar, ManualClock};
use matters::{MatterId, Reference};
use std::sync::Arc;
use store::{AuditEvent, Migration, StoreError, Value};
use testdb::TestDb;

fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        facts::MIGRATIONS,
        cases::MIGRATIONS,
    ]
    .concat()
}

const DISTRICT: &str = "350203";
const STREETS: [&str; 2] = ["350203001", "350203002"];

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

fn class(n: u8) -> MatterId {
    MatterId(Id::from_bytes([n; 16]))
}

/// A record that is being written.
struct Record {
    ctx: Ctx,
    clock: Arc<ManualClock>,
    cases: Vec<Case>,
}

impl Record {
    /// With two classes, of which the second may not raise warnings.
    fn new(db: &TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let ctx = db.system(&clock);
        ctx.write_blocking::<_, StoreError, _>(|mut w| {
            let catalogue = matters::rules::imported_catalogue("test", "test");
            matters::sql::save_catalogue(&mut w, &catalogue)?;
            let mut classes = [1, 2]
                .map(|n| matters::rules::imported_class(class(n), "test", &format!("class {n}")));
            classes[0].flags.warnable = true;
            matters::sql::insert_classes(&mut w, &classes)?;
            grid::sql::bump(&mut w, grid::Part::Catalogue)?;
            w.commit(AuditEvent::done("test.fill", "matter", "test"), ())
        })
        .unwrap();
        Self {
            ctx,
            clock,
            cases: Vec::new(),
        }
    }

    fn ago(&self, days: f64) -> Timestamp {
        use kernel::Clock as _;
        self.clock.now() - SignedDuration::from_secs_f64(days * 86_400.0)
    }

    /// A case reported so many days ago, which stood for so many days.
    fn case(&mut self, street: usize, matter: u8, days_ago: f64, stood: f64) -> CaseNumber {
        let reported_at = self.ago(days_ago);
        let district: DistrictCode = DISTRICT.parse().unwrap();
        let date = zone().to_datetime(reported_at).date();
        let sequence = u32::try_from(self.cases.len() + 1).unwrap();
        let number = CaseNumber::new(district, date, sequence).unwrap();
        let import = Imported {
            district,
            number,
            source: "test".into(),
            row_id: sequence.to_string(),
            reported_at,
            closed_at: Some(self.ago(days_ago - stood)),
            due_at: None,
            status: ImportStatus::Closed,
            matter: Some(class(matter)),
            unit: None,
            channel: "hotline".into(),
            description: "secret".into(),
            place: Place {
                division: Some(format!("{}000", STREETS[street]).parse().unwrap()),
                ..Place::default()
            },
            notes: Vec::new(),
        };
        let actor = Actor {
            kind: "system",
            account: None,
            roles: Vec::new(),
            unit: None,
            is_program: true,
            behalf: None,
            ties: cases::rules::Ties::default(),
        };
        let facts = Facts {
            now: self.ago(0.0),
            actor: &actor,
            calendar: Calendar::cn(),
            tz: &zone(),
            rules: &CityRules::default(),
            on_duty: None,
        };
        let events = rules::decide(None, Command::Import(Box::new(import)), &facts).unwrap();
        let mut case = events.iter().fold(None, rules::apply).unwrap();
        let mut tail = [0; 10];
        tail[6..].copy_from_slice(&sequence.to_be_bytes());
        case.id = rules::new_case_id(reported_at, tail);
        self.cases.push(case);
        number
    }

    fn last(&mut self) -> &mut Case {
        self.cases.last_mut().unwrap()
    }

    fn store(&self) {
        let rows: Vec<Vec<Value>> = self.cases.iter().map(sql::columns).collect();
        let years = [2024, 2025, 2026, 2027];
        self.ctx
            .write_blocking::<_, StoreError, _>(move |mut w| {
                for year in years {
                    w.ensure_year(year)?;
                }
                for part in rows.chunks(500) {
                    w.bulk("cases", sql::COLUMNS, part)?;
                }
                w.commit(AuditEvent::done("test.fill", "case", "test"), ())
            })
            .unwrap();
    }

    fn city(&self) -> Arc<matters::City> {
        let reference = Reference::new(zone());
        reference.refresh_blocking(&self.ctx).unwrap();
        reference.current()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

testdb::both_engines!(
    repeated_reports_are_counted_while_a_problem_stands,
    &migrations(),
    |db| {
        let mut record = Record::new(db);
        // Twelve problems on each street, which stood for two days each.
        for n in 0..12 {
            for street in 0..2 {
                let number = record.case(street, 1, 20.0 + f64::from(n), 2.0);
                // Reported again while it stood: thrice as often on the first street. After its end: does not count.
                let times: &[f64] = if street == 0 {
                    &[0.5, 1.0, 1.5, 3.0]
                } else {
                    &[0.5, 3.0]
                };
                for after in times {
                    record.case(street, 1, 20.0 + f64::from(n) - after, 0.0);
                    let again = record.last();
                    again.state = State::Merged;
                    again.merged_into = Some(number);
                }
            }
        }
        // None of these counts: found by a patrol, of a class that may not raise warnings, too long ago, voided.
        record.case(0, 1, 9.0, 5.0);
        record.last().channel = "patrol".into();
        record.case(0, 2, 9.0, 5.0);
        record.case(0, 1, 400.0, 5.0);
        record.case(0, 1, 9.0, 5.0);
        record.last().state = State::Voided;
        record.store();
        let found = block_on(ops::reached(&record.ctx, &record.city())).unwrap();
        let reach = found.reach.as_ref().unwrap();
        assert_eq!((reach.incidents, reach.again), (24, 48));
        assert!((reach.rate.ratio - 1.0).abs() < 1e-9, "48 in 48 days");
        let low = &reach.streets[0];
        assert_eq!(
            found.streets[low.street.unwrap()].to_string(),
            "350203002000"
        );
        assert!((low.ratio.ratio - 0.5).abs() < 1e-9 && low.is_low);
        assert!(!reach.streets[1].is_low);
    }
);

testdb::both_engines!(
    incidents_of_a_place_and_a_class_are_foreseen_from_figures,
    &migrations(),
    |db| {
        let mut record = Record::new(db);
        for day in 1..=120_u32 {
            for street in 0..2 {
                let usual = [6, 5, 5, 4, 4, 2, 1][(day % 7) as usize];
                for n in 0..usual + day * day % 3 {
                    let at = f64::from(day) + 0.01 * f64::from(n);
                    record.case(street, 1, at, 0.5);
                }
            }
        }
        record.store();
        let source = CaseFacts::source(zone());
        facts::rebuild::rebuild(&record.ctx, &source, |_| ()).unwrap();
        let city = record.city();
        let question = Question {
            within: Some(DISTRICT.parse().unwrap()),
            ..Question::default()
        };
        let found = block_on(ops::forecast(&record.ctx, &city, question)).unwrap();
        assert_eq!(found.places.len(), 2);
        assert_eq!(found.classes, [Part::One(Some(class(1)))]);
        assert!(found.has_feed);
        let outlook = &found.outlook;
        let daily = outlook.daily.as_ref().unwrap();
        assert!(daily.beats_the_yardstick(), "{}", daily.mase);
        assert_eq!(outlook.whole.light, Light::Usual);
        let mean = outlook.whole.next_week.unwrap().mean;
        let parts: f64 = outlook
            .places
            .iter()
            .filter_map(|l| l.next_week)
            .map(|p| p.mean)
            .sum();
        assert!(
            (mean - parts).abs() < 1e-6 && (60.0..85.0).contains(&mean),
            "{mean}"
        );
        let none = Question {
            within: Some("350206".parse().unwrap()),
            ..Question::default()
        };
        let none = block_on(ops::forecast(&record.ctx, &city, none)).unwrap();
        assert!(none.places.is_empty() && none.outlook.whole.next_week.is_none());
    }
);
