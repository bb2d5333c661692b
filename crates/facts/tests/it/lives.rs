//! Random lives of cases, made by the rules and stored as the use cases store them.

use access::{Ctx, Role, UnitId};
use cases::facts::CaseFacts;
use cases::model::{Case, ImportStatus, Imported, Place, Reported, Standard, VerifyOutcome};
use cases::rules::{self, Actor, CityRules, Command, Facts};
use cases::{CaseId, sql};
use facts::{Source, rebuild, upkeep};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::id::Id;
use kernel::{Calendar, ManualClock};
use matters::MatterId;
use std::sync::Arc;
use store::{AuditEvent, Migration, StoreError};
use testdb::TestDb;
use testkit::rng::Rng;

/// The tables these tests need.
pub fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        facts::ALL_MIGRATIONS,
        cases::MIGRATIONS,
    ]
    .concat()
}

pub fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

pub const DISTRICTS: [&str; 2] = ["330102", "330105"];
const GRIDS: [&str; 5] = [
    "330102001001001",
    "330102001001002",
    "330102002001001",
    "330105001001001",
    "",
];
const CHANNELS: [&str; 3] = ["patrol", "web", "hotline"];

/// A city whose cases are known both to the database and to the test.
pub struct Lives {
    pub clock: Arc<ManualClock>,
    pub ctx: Ctx,
    pub cases: Vec<Case>,
    pub source: Arc<dyn Source>,
    pub rng: Rng,
    pub tz: TimeZone,
}

impl Lives {
    pub fn new(db: &TestDb, seed: u64) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let tz = TimeZone::get("Asia/Shanghai").unwrap();
        Self {
            ctx: db.system(&clock),
            clock,
            cases: Vec::new(),
            source: CaseFacts::source(tz.clone()),
            rng: Rng::new(seed),
            tz,
        }
    }
    pub fn now(&self) -> Timestamp {
        kernel::Clock::now(&*self.clock)
    }
    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.rng.below(u64::try_from(n).unwrap())).unwrap()
    }
    /// Time goes on by up to two days.
    pub fn wait(&mut self) {
        let minutes = self.below(2 * 24 * 60) as u64;
        self.clock
            .advance(std::time::Duration::from_secs(60 * minutes));
    }
    fn actor(&self, account: u8, unit: Option<UnitId>, is_program: bool) -> Actor {
        Actor {
            kind: if is_program { "system" } else { "staff" },
            account: Some(id(account)),
            roles: Role::ALL.to_vec(),
            unit,
            is_program,
            behalf: None,
            ties: cases::rules::Ties::default(),
        }
    }
    fn decide(&self, case: Option<&Case>, command: Command) -> Option<Vec<cases::CaseEvent>> {
        let is_program = matches!(command, Command::Import(_) | Command::UpdateImport { .. });
        let own = matches!(
            command,
            Command::Sign | Command::Return { .. } | Command::ReportBack { .. }
        );
        let unit = case.and_then(|c| c.unit).filter(|_| own);
        // Two people make a void, and the confirmation of what was put right on the spot.
        let second = matches!(
            command,
            Command::RequestVoid { .. } | Command::ConfirmSelfHandling
        );
        let actor = self.actor(1 + u8::from(second), unit, is_program);
        let city = CityRules::default();
        let facts = Facts {
            now: self.now(),
            actor: &actor,
            calendar: Calendar::cn(),
            tz: &self.tz,
            rules: &city,
            on_duty: None,
        };
        rules::decide(case, command, &facts).ok()
    }
    fn place(&mut self) -> Place {
        let grid = *self.pick(&GRIDS);
        Place {
            grid: grid.parse().ok(),
            division: grid
                .get(..9)
                .and_then(|s| kernel::DivisionCode::padded(s).ok()),
            ..Place::default()
        }
    }
    fn number(&mut self, at: Timestamp) -> CaseNumber {
        let district: DistrictCode = self.pick(&DISTRICTS).parse().unwrap();
        let sequence = u32::try_from(self.cases.len()).unwrap() + 1;
        CaseNumber::new(district, self.tz.to_datetime(at).date(), sequence).unwrap()
    }
    fn import(&mut self, number: CaseNumber, reported_at: Timestamp) -> Imported {
        let later = |lives: &mut Self| {
            let hours = i64::try_from(lives.below(400)).unwrap();
            reported_at
                .checked_add(SignedDuration::from_hours(hours))
                .unwrap()
        };
        let status = *self.pick(ImportStatus::ALL);
        let closed_at = (self.below(4) > 0).then(|| later(self));
        Imported {
            district: number.district(),
            number,
            source: "elsewhere".into(),
            row_id: number.to_string(),
            reported_at,
            closed_at: closed_at.filter(|_| status != ImportStatus::Open),
            due_at: (self.below(3) > 0).then(|| later(self)),
            status,
            matter: Some(MatterId(id(50))),
            unit: (self.below(2) > 0).then(|| UnitId(id(101))),
            channel: "import".into(),
            description: String::new(),
            place: self.place(),
            notes: Vec::new(),
        }
    }
    /// A new case begins, by a report or out of a file.
    pub fn begin(&mut self) {
        let days = i64::try_from(self.below(90)).unwrap();
        let is_import = self.below(3) == 0;
        let reported_at = if is_import {
            self.now()
                .checked_sub(SignedDuration::from_hours(24 * days))
                .unwrap()
        } else {
            self.now()
        };
        let number = self.number(reported_at);
        let command = if is_import {
            Command::Import(Box::new(self.import(number, reported_at)))
        } else {
            Command::Report(Box::new(Reported {
                district: number.district(),
                number,
                reported_at,
                channel: (*self.pick(&CHANNELS)).into(),
                matter: (self.below(2) > 0).then(|| MatterId(id(50))),
                description: "井盖缺失".into(),
                place: self.place(),
                subject: None,
                attachments: Vec::new(),
                verify: self.below(3) == 0,
                self_handled: (self.below(8) == 0).then(|| "已扶正".to_owned()),
                notify: false,
                confidential: false,
                same_as: None,
                nature: None,
                nature_assumed: false,
                askable: None,
                requested: false,
            }))
        };
        let events = self.decide(None, command).unwrap();
        let case_id = CaseId(Id::new(
            reported_at,
            std::array::from_fn(|_| self.below(256) as u8),
        ));
        let case = rules::replay(case_id, &events).unwrap();
        let stored = case.clone();
        self.ctx
            .renewed()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                sql::insert(&mut w, &stored, &events)?;
                w.commit(AuditEvent::done("test.begin", "case", ""), ())
            })
            .unwrap();
        self.cases.push(case);
    }
    fn command(&mut self, case: &Case) -> Command {
        let because = || "因为".to_owned();
        let limit = self.below(4) > 0;
        let matter = case.matter.unwrap_or(MatterId(id(51)));
        match self.below(22) {
            0 => Command::Verify {
                outcome: VerifyOutcome::Yes,
                note: String::new(),
                attachments: Vec::new(),
            },
            1..=3 => Command::Accept {
                matter: Some(matter),
                urgent: false,
            },
            4 => Command::NotAccept { reason: because() },
            5 => Command::Correct {
                matter: Some(MatterId(id(52))),
                place: (self.below(2) == 0).then(|| self.place()),
            },
            6..=7 => Command::Register {
                standard: Standard {
                    matter,
                    code: "C0101".into(),
                    catalogue: "test".into(),
                    rule: 1,
                    condition: "缺失".into(),
                    limit: limit.then(|| "4工作时".parse().unwrap()),
                    closings: Vec::new(),
                    evidence: None,
                    legal_basis: None,
                    edition: None,
                },
            },
            8..=9 => Command::Dispatch {
                unit: UnitId(id(100 + u8::try_from(self.below(3)).unwrap())),
                basis: String::new(),
            },
            10..=11 => Command::Sign,
            12 => Command::Return { reason: because() },
            13..=14 => Command::ReportBack {
                result: because(),
                attachments: Vec::new(),
            },
            15..=16 => Command::Check {
                passed: self.below(3) > 0,
                note: because(),
                attachments: Vec::new(),
            },
            17 => Command::Close { closing: because() },
            18 if case.dispatched_at.is_some() && case.void_requested.is_none() => {
                Command::RequestVoid { reason: because() }
            }
            18 => Command::Void { reason: because() },
            19 => Command::Merge {
                into: "330102-20200101-99999".parse().unwrap(),
            },
            20 => Command::Unmerge,
            _ if case.source.is_some() => {
                let new = self.import(case.number, case.reported_at);
                Command::UpdateImport {
                    old: Box::new(new.clone()),
                    new: Box::new(new),
                }
            }
            _ => Command::ConfirmSelfHandling,
        }
    }
    /// Somebody does something to some case; most tries are refused by the rules.
    pub fn act(&mut self) {
        if self.cases.is_empty() {
            return self.begin();
        }
        let at = self.below(self.cases.len());
        self.act_on(at);
    }
    /// Something that may happen to this case.
    pub fn act_on(&mut self, at: usize) {
        let case = self.cases[at].clone();
        let events = (0..12).find_map(|_| {
            let command = self.command(&case);
            self.decide(Some(&case), command)
        });
        let Some(events) = events else { return };
        let after = events
            .iter()
            .fold(Some(case.clone()), rules::apply)
            .unwrap();
        let stored = after.clone();
        self.ctx
            .renewed()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                sql::update(&mut w, &stored, &case, &events)?;
                w.commit(AuditEvent::done("test.act", "case", ""), ())
            })
            .unwrap();
        self.cases[at] = after;
    }
    /// The figures are brought up to date, as far as running writers of other databases of the server allow now.
    pub fn catch_up_some(&self) -> upkeep::Progress {
        upkeep::catch_up(&self.ctx, &self.source).unwrap()
    }
    /// The figures are brought up to date.
    pub fn catch_up(&self) -> upkeep::Progress {
        let mut total = upkeep::Progress::default();
        for _ in 0..200 {
            let progress = self.catch_up_some();
            total.rows += progress.rows;
            total.cases += progress.cases;
            let now = self.now();
            let fresh = self
                .ctx
                .read_blocking::<_, StoreError, _>(move |r| facts::figures::freshness(r, now))
                .unwrap();
            if fresh.is_some_and(|f| f.waiting == 0) {
                return total;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the figures do not catch up");
    }
    /// In how many rows the figures differ from a fresh count.
    pub fn differences(&self) -> rebuild::Checked {
        rebuild::check(&self.ctx, &self.source, |_| {}).unwrap()
    }
    /// Some of everything but the passing of days.
    pub fn live_within_a_moment(&mut self, steps: usize) {
        for _ in 0..steps {
            match self.below(12) {
                0..=1 => self.begin(),
                2 => _ = self.catch_up_some(),
                _ => self.act(),
            }
        }
    }
    /// Some of everything.
    pub fn live(&mut self, steps: usize) {
        for _ in 0..steps {
            match self.below(12) {
                0..=1 => self.begin(),
                2 => self.wait(),
                3 => _ = self.catch_up_some(),
                _ => self.act(),
            }
        }
    }
}
