//! Lives made by the rules of cases, told as "who did what when", and a city that holds many copies of them.

use access::{Role, UnitId};
use cases::measures::{self, Measures};
use cases::model::{
    Case, CaseEvent, ImportStatus, Imported, Place, Reported, Satisfaction, Standard, VerifyOutcome,
};
use cases::record::AnswerParts;
use cases::rules::{
    self, Actor, AnswerCommand, CityRules, ClockCommand, Command, Facts, FairCommand,
};
use cases::sql;
use evaluation::{By, Counts, Evaluation, Period};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::codes::{CaseNumber, DistrictCode, DivisionCode};
use kernel::id::Id;
use kernel::{Calendar, ManualClock};
use matters::{MatterId, Reference};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{AuditEvent, Migration, StoreError, Value};
use testdb::TestDb;

/// The tables these tests need.
pub fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        cases::MIGRATIONS,
        evaluation::MIGRATIONS,
    ]
    .concat()
}

fn id(n: u8) -> Id {
    Id::from_bytes([n; 16])
}

pub fn unit(n: u8) -> UnitId {
    UnitId(id(100 + n))
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

/// A local time of the city, such as `04-09 10:00` of 2019.
pub fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap();
    format!("2019-{day}T{time}:00+08:00").parse().unwrap()
}

/// One step of a life.
#[derive(Debug, Clone, Copy)]
pub enum Did {
    Report,
    ReportPutRight,
    ReportAsking,
    /// To be looked at by a worker before it is accepted.
    ReportToVerify,
    Verify,
    /// Nobody looked in time.
    LapseVerify,
    ConfirmPutRight,
    /// At the desk.
    AnswerDirectly,
    Accept,
    /// With a limit of 48 hours on the continuous clock.
    Register,
    RegisterWithoutLimit,
    Dispatch,
    /// To the second unit.
    DispatchOther,
    Sign,
    Return,
    Rule,
    AskMoreTime,
    EndorseMoreTime,
    GrantMoreTime,
    ReportBack,
    Pass,
    Fail,
    Close,
    CallBack,
    RateAnew,
    Reopen,
    /// Not to the unit that had handled it.
    ReopenElsewhere,
    Void,
    Merge,
}

impl Did {
    /// Whether the unit does it.
    fn is_of_unit(self) -> bool {
        matches!(
            self,
            Did::Sign | Did::Return | Did::ReportBack | Did::AskMoreTime
        )
    }
    /// Who does it: more time takes three people.
    fn account(self) -> Id {
        id(match self {
            Did::EndorseMoreTime | Did::ConfirmPutRight => 2,
            Did::GrantMoreTime => 3,
            _ => 1,
        })
    }
}

fn command(did: Did, when: Timestamp) -> Command {
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
    let report = |how: Option<&str>, asking: bool| {
        let verify = matches!(did, Did::ReportToVerify);
        Command::Report(Box::new(Reported {
            district: district(),
            number: number(when, 1),
            reported_at: when,
            channel: "patrol".into(),
            matter: None,
            description: "井盖缺失".into(),
            place: Place::default(),
            subject: asking.then(|| id(70)),
            attachments: Vec::new(),
            verify,
            self_handled: how.map(str::to_owned),
            notify: false,
            confidential: false,
            same_as: None,
            nature: None,
            nature_assumed: false,
            askable: None,
            requested: asking,
        }))
    };
    let check = |passed: bool| Command::Check {
        passed,
        note: "看过".into(),
        attachments: Vec::new(),
    };
    match did {
        Did::Report => report(None, false),
        Did::ReportAsking | Did::ReportToVerify => report(None, true),
        Did::Verify => Command::Verify {
            outcome: VerifyOutcome::Yes,
            note: "看过".into(),
            attachments: Vec::new(),
        },
        Did::LapseVerify => Command::LapseVerify,
        Did::AnswerDirectly => Command::Reply(AnswerCommand::AnswerDirectly {
            parts: AnswerParts {
                done: "已说明".into(),
                ..AnswerParts::default()
            },
            direct: true,
        }),
        Did::ReportPutRight => report(Some("已扶正"), false),
        Did::ConfirmPutRight => Command::ConfirmSelfHandling,
        Did::Accept => Command::Accept {
            matter: Some(MatterId(id(50))),
            urgent: false,
        },
        Did::Register => Command::Register {
            standard: standard(Some("48UH")),
        },
        Did::RegisterWithoutLimit => Command::Register {
            standard: standard(None),
        },
        Did::Dispatch => Command::Dispatch {
            unit: unit(0),
            basis: String::new(),
        },
        Did::DispatchOther => Command::Dispatch {
            unit: unit(1),
            basis: String::new(),
        },
        Did::Sign => Command::Sign,
        Did::Return => Command::Return {
            reason: "不属于我们".into(),
        },
        Did::Rule => Command::Rule {
            unit: unit(0),
            reason: "三定方案".into(),
        },
        Did::AskMoreTime => Command::Clock(ClockCommand::RequestExtension {
            reason: "要等配件到货".into(),
        }),
        Did::EndorseMoreTime => Command::Clock(ClockCommand::EndorseExtension),
        Did::GrantMoreTime => Command::Clock(ClockCommand::GrantExtension),
        Did::ReportBack => Command::ReportBack {
            result: "已更换".into(),
            attachments: Vec::new(),
        },
        Did::Pass => check(true),
        Did::Fail => check(false),
        Did::Close => Command::Close {
            closing: "更换".into(),
        },
        Did::CallBack => Command::CallBack {
            contacted: Some(true),
            solved: Some(true),
            satisfaction: Satisfaction::Satisfied,
            missing: Vec::new(),
            note: String::new(),
        },
        Did::RateAnew => Command::Fair(FairCommand::Rate {
            contacted: Some(true),
            solved: Some(false),
            satisfaction: Satisfaction::Dissatisfied,
            missing: Vec::new(),
            note: String::new(),
        }),
        Did::Reopen => Command::Fair(FairCommand::Reopen {
            reason: "又坏了".into(),
            to_dispatch: false,
        }),
        Did::ReopenElsewhere => Command::Fair(FairCommand::Reopen {
            reason: "又坏了".into(),
            to_dispatch: true,
        }),
        Did::Void => Command::Void {
            reason: "重复登记".into(),
        },
        Did::Merge => Command::Merge {
            into: number(when, 99_999),
        },
    }
}

pub fn district() -> DistrictCode {
    "410102".parse().unwrap()
}

fn number(when: Timestamp, sequence: u32) -> CaseNumber {
    CaseNumber::new(district(), zone().to_datetime(when).date(), sequence).unwrap()
}

/// What a life adds up to.
pub fn life(steps: &[(&str, Did)]) -> Case {
    told(steps).0
}

/// What a life adds up to, and its events. Each step is decided by the rules, so no life is told that cannot be.
pub fn told(steps: &[(&str, Did)]) -> (Case, Vec<CaseEvent>) {
    let (tz, city) = (zone(), CityRules::default());
    let mut case: Option<Case> = None;
    let mut events: Vec<CaseEvent> = Vec::new();
    for (when, did) in steps {
        let actor = Actor {
            kind: match did {
                Did::RateAnew => "stranger",
                Did::LapseVerify => "system",
                _ => "staff",
            },
            account: Some(did.account()),
            roles: Role::ALL.to_vec(),
            unit: case
                .as_ref()
                .and_then(|c| c.unit)
                .filter(|_| did.is_of_unit()),
            is_program: matches!(did, Did::LapseVerify),
            behalf: None,
            ties: cases::rules::Ties::default(),
        };
        let facts = Facts {
            now: at(when),
            actor: &actor,
            calendar: Calendar::cn(),
            tz: &tz,
            rules: &city,
            on_duty: None,
        };
        // What a unit had is void only when somebody else asked for it.
        if matches!(did, Did::Void) {
            let colleague = Actor {
                account: Some(kernel::id::Id::from_bytes([99; 16])),
                ..actor.clone()
            };
            let facts = Facts {
                actor: &colleague,
                ..facts.clone()
            };
            let ask = Command::RequestVoid {
                reason: "重复登记".into(),
            };
            let asked = rules::decide(case.as_ref(), ask, &facts).unwrap();
            case = asked.iter().fold(case, rules::apply);
            events.extend(asked);
        }
        let next = rules::decide(case.as_ref(), command(*did, at(when)), &facts);
        let next = next.unwrap_or_else(|e| panic!("{when}: {e}"));
        case = next.iter().fold(case, rules::apply);
        events.extend(next);
    }
    let case = case.unwrap();
    assert_eq!(rules::replay(case.id, &events).as_ref(), Some(&case));
    (case, events)
}

/// What a file of another system says: reported on 9 April, due on the 11th, and so ended (at no known time).
pub fn from_file(status: ImportStatus) -> Case {
    let when = at("04-09 10:00");
    let import = Imported {
        district: district(),
        number: number(when, 1),
        source: "elsewhere".into(),
        row_id: "1".into(),
        reported_at: when,
        closed_at: None,
        due_at: Some(at("04-11 10:00")),
        status,
        matter: None,
        unit: Some(unit(0)),
        channel: "import".into(),
        description: String::new(),
        place: Place::default(),
        notes: Vec::new(),
    };
    let program = Actor {
        kind: "system",
        account: None,
        roles: Vec::new(),
        unit: None,
        is_program: true,
        behalf: None,
        ties: cases::rules::Ties::default(),
    };
    let facts = Facts {
        now: when,
        actor: &program,
        calendar: Calendar::cn(),
        tz: &zone(),
        rules: &CityRules::default(),
        on_duty: None,
    };
    let events = rules::decide(None, Command::Import(Box::new(import)), &facts).unwrap();
    events.iter().fold(None, rules::apply).unwrap()
}

/// Steps up to the hands of the unit, all at one moment.
pub fn dispatched(when: &str) -> Vec<(&str, Did)> {
    [
        Did::Report,
        Did::Accept,
        Did::Register,
        Did::Dispatch,
        Did::Sign,
    ]
    .map(|did| (when, did))
    .to_vec()
}

/// Handled at one moment, checked and closed at another.
pub fn closed<'t>(dispatch: &'t str, handled: &'t str, closed: &'t str) -> Vec<(&'t str, Did)> {
    let mut steps = dispatched(dispatch);
    steps.push((handled, Did::ReportBack));
    steps.extend([(closed, Did::Pass), (closed, Did::Close)]);
    steps
}

/// A city whose record holds copies of lives.
pub struct City<'d> {
    db: &'d TestDb,
    clock: Arc<ManualClock>,
    reference: Reference,
    rows: u32,
}

impl<'d> City<'d> {
    /// Long after everything told here.
    pub fn new(db: &'d TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let reference = Reference::new(zone());
        reference.refresh_blocking(&db.system(&clock)).unwrap();
        Self {
            db,
            clock,
            reference,
            rows: 0,
        }
    }
    /// The program itself, now.
    pub fn ctx(&self) -> access::Ctx {
        self.db.system(&self.clock)
    }
    /// The reference data, which is empty.
    pub fn reference(&self) -> Arc<matters::City> {
        self.reference.current()
    }
    /// The present is this moment of 2019.
    pub fn now(&self, text: &str) {
        self.clock.set(at(text));
    }
    /// Stores so many copies of a life, spread over two units, three channels, two classes and two divisions.
    pub fn add(&mut self, copies: u32, case: &Case) {
        self.add_told(copies, case, &[]);
    }
    /// The same with what the events of the life say for the measures.
    pub fn add_told(&mut self, copies: u32, case: &Case, events: &[CaseEvent]) {
        let first = self.rows;
        self.rows += copies;
        let copies: Vec<Case> = (first..self.rows).map(|n| copy(case, n)).collect();
        let rows: Vec<Vec<Value>> = copies.iter().map(sql::columns).collect();
        let measured: Vec<Vec<Value>> = copies
            .iter()
            .map(|case| Measures::of(case, events).values())
            .collect();
        let ctx = self.db.system(&self.clock);
        ctx.write_blocking::<_, StoreError, _>(move |mut w| {
            w.ensure_year(2019)?;
            for part in rows.chunks(5_000) {
                w.bulk("cases", sql::COLUMNS, part)?;
            }
            for part in measured.chunks(5_000) {
                w.bulk("case_measures", measures::COLUMNS, part)?;
            }
            w.commit(AuditEvent::done("test.fill", "case", "test"), ())
        })
        .unwrap();
    }
    /// The evaluation of these days of 2019, both included.
    pub fn evaluate(&self, by: By, from: &str, to: &str) -> Evaluation {
        let day = |text: &str| format!("2019-{text}").parse().unwrap();
        let period = Period::days(day(from), day(to), &zone()).unwrap();
        let ctx = self.db.system(&self.clock);
        evaluation::ops::evaluate_blocking(&ctx, &self.reference.current(), by, period).unwrap()
    }
    /// The counts of the city, after proving that every other grouping adds up to them.
    pub fn counts(&self, from: &str, to: &str) -> Counts {
        let city = self.evaluate(By::City, from, to);
        assert_eq!(city.rows.len(), 1);
        let whole = fields(&city.rows[0].counts);
        for by in [By::Division, By::Unit, By::Matter, By::Channel] {
            let mut sum: BTreeMap<String, i64> = whole.keys().map(|k| (k.clone(), 0)).collect();
            for row in self.evaluate(by, from, to).rows {
                for (key, count) in fields(&row.counts) {
                    *sum.get_mut(&key).unwrap() += count;
                }
            }
            assert_eq!(sum, whole, "by {}", by.as_str());
        }
        city.rows[0].counts
    }
}

fn copy(case: &Case, n: u32) -> Case {
    let mut tail = [0; 10];
    tail[6..].copy_from_slice(&n.to_be_bytes());
    let division = ["410102001001", "410103001001"][(n % 2) as usize];
    let mut copy = case.clone();
    copy.id = rules::new_case_id(case.reported_at, tail);
    copy.number = number(case.reported_at, n + 1);
    copy.place.division = Some(division.parse::<DivisionCode>().unwrap());
    copy.channel = ["patrol", "hotline", "web"][(n % 3) as usize].to_owned();
    copy.matter = case.matter.map(|_| MatterId(id(50 + (n % 2) as u8)));
    copy.unit = case.unit.map(|_| unit((n / 2 % 2) as u8));
    copy
}

/// Counts by name.
pub fn fields(counts: &Counts) -> BTreeMap<String, i64> {
    let json = serde_json::to_value(counts).unwrap();
    let fields = json.as_object().unwrap().iter();
    fields
        .map(|(k, v)| (k.clone(), v.as_i64().unwrap()))
        .collect()
}
