//! Lives lived through `cases::ops`: each act is authorised, decided and stored at its time, by somebody who may.

use crate::city;
use crate::lives::{Did, at};
use access::Ctx;
use cases::ops::{self, Step};
use cases::rules::ClockCommand;
use evaluation::{By, Period, Row};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::CaseNumber;
use matters::Reference;
use matters::ops::CatalogueOptions;
use std::collections::HashMap;
use testdb::TestDb;

/// What is told of 2019 happens so many days later, on the same day of the week and after the city was set up.
const LATER: SignedDuration = SignedDuration::from_hours(24 * 7 * 366);
const CLASS: &str = "kind,major,minor,name_zh,rule_no,condition,limit,closing,code\n\
    event,02,09,乱堆乱放,1,成堆,48UH,更换,E0209\n";

/// The tables of cases, and of evaluation.
pub fn migrations() -> Vec<store::Migration> {
    [city::migrations(), evaluation::MIGRATIONS.to_vec()].concat()
}

fn lay_class(system: &Ctx) {
    let options = CatalogueOptions {
        id: "golden".into(),
        standard: "golden".into(),
        version: "1".into(),
        valid_from: None,
        valid_to: None,
        source: "golden".into(),
        limits: kernel::deadline::ParseOptions::default(),
        effective: None,
        kind: None,
    };
    let done = matters::ops::import_matters(system, CLASS.as_bytes(), &options).unwrap();
    assert_eq!(done.rejected, 0, "{done:?}");
}

/// Who does it, and what.
fn step(did: Did, water: access::UnitId) -> (&'static str, Step) {
    let clock = |command| Step::Clock(command);
    let check = |passed| Step::Check {
        passed,
        note: "看过".into(),
        attachments: Vec::new(),
    };
    match did {
        Did::Accept => (
            "acceptor",
            Step::Accept {
                matter: None,
                urgent: false,
            },
        ),
        Did::Register => ("shift_leader", Step::Register { rule: None }),
        Did::Dispatch => (
            "dispatcher",
            Step::Dispatch {
                unit: Some(water),
                basis: "三定方案".into(),
            },
        ),
        Did::Sign => ("water", Step::Sign),
        Did::AskMoreTime => (
            "water",
            clock(ClockCommand::RequestExtension {
                reason: "要等配件到货".into(),
            }),
        ),
        Did::EndorseMoreTime => ("desk", clock(ClockCommand::EndorseExtension)),
        Did::GrantMoreTime => ("shift_leader", clock(ClockCommand::GrantExtension)),
        Did::ReportBack => (
            "water",
            Step::ReportBack {
                result: "已更换".into(),
                attachments: Vec::new(),
            },
        ),
        Did::Pass => ("checker", check(true)),
        Did::Fail => ("checker", check(false)),
        Did::Close => (
            "shift_leader",
            Step::Close {
                closing: "更换".into(),
            },
        ),
        other => unreachable!("{other:?} is not lived here"),
    }
}

/// Lives every life as often as told, all acts of all lives in the order of their time, and evaluates the week from 8 to
/// 14 April.
pub fn evaluated(db: &TestDb, lives: &[(u32, Vec<(&str, Did)>)]) -> Row {
    let city = city::City::new(db);
    lay_class(&city.system());
    city.refresh();
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let reference = Reference::new(zone.clone());
    reference.refresh_blocking(&city.system()).unwrap();
    let classes = reference.current();
    let class = classes.matters.classes().iter().find(|c| c.code == "E0209");
    let class = class.unwrap().id;
    let water = city.unit("WATER");
    let permits: HashMap<&str, Ctx> = [
        "collector",
        "acceptor",
        "shift_leader",
        "dispatcher",
        "desk",
        "water",
        "checker",
    ]
    .map(|login| (login, city.ctx(login)))
    .into();
    let mut acts: Vec<(Timestamp, usize, Did)> = Vec::new();
    let mut count = 0;
    for (copies, told) in lives {
        for _ in 0..*copies {
            acts.extend(
                told.iter()
                    .map(|(when, did)| (at(when) + LATER, count, *did)),
            );
            count += 1;
        }
    }
    // Stable: what happens to one life at one moment keeps its order.
    acts.sort_by_key(|(when, ..)| *when);
    let mut numbers: Vec<Option<CaseNumber>> = vec![None; count];
    for (when, life, did) in acts {
        city.clock.set(when);
        match numbers[life] {
            None => {
                let mut new = city.cover("patrol");
                new.matter = Some(class);
                let receipt = city.run(ops::report(&permits["collector"].renewed(), new));
                numbers[life] = Some(receipt.unwrap().case.number);
            }
            Some(number) => {
                let (login, step) = step(did, water);
                let permit = permits[login].renewed();
                city.run(ops::act(&permit, number, None, vec![step]))
                    .unwrap_or_else(|e| panic!("{did:?} at {when}: {e}"));
            }
        }
    }
    city.replays();
    let day = |text: &str| zone.to_datetime(at(text) + LATER).date();
    let period = Period::days(day("04-08 12:00"), day("04-14 12:00"), &zone).unwrap();
    city.clock.set(at("12-01 12:00") + LATER);
    reference.refresh_blocking(&city.system()).unwrap();
    let found =
        evaluation::ops::evaluate_blocking(&city.system(), &reference.current(), By::City, period);
    found.unwrap().rows.remove(0)
}
