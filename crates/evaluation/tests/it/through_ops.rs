//! Lives lived through `cases::ops`: each act is authorised, decided and stored at its time, by somebody who may. What was
//! carried over from before may come with a file of another system, which is a use case as well.

use crate::city;
use crate::lives::{Did, at};
use access::{Ctx, UnitId};
use cases::import::{ImportMap, Options};
use cases::ops::{self, Step};
use cases::rules::ClockCommand;
use evaluation::{By, Period, Row};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::CaseNumber;
use matters::ops::CatalogueOptions;
use matters::{MatterId, Reference};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::task::Poll;
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
fn step(did: Did, water: UnitId) -> (&'static str, Step) {
    let clock = |command| Step::Clock(command);
    let check = |passed| Step::Check {
        passed,
        note: "看过".into(),
        attachments: Vec::new(),
    };
    match did {
        Did::Accept => (
            "desk",
            Step::Accept {
                matter: None,
                urgent: false,
            },
        ),
        Did::Register => ("desk", Step::Register { rule: None }),
        Did::Dispatch => (
            "desk",
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
            "checker",
            Step::Close {
                closing: "更换".into(),
            },
        ),
        other => unreachable!("{other:?} is not lived here"),
    }
}

/// Cases of another system as its file tells them: how many, reported, due, and closed if they were.
pub type Brought<'t> = (u32, &'t str, &'t str, Option<&'t str>);

const MAP: &str = r#"
    source = "the system before"
    timezone = "Asia/Shanghai"
    crs = "wgs84"
    [columns]
    id = "id"
    reported_at = "from"
    due_at = "due"
    closed_at = "to"
    status = "state"
    matter = "kind"
    lat = "lat"
    lon = "lon"
    [time]
    formats = ["%Y-%m-%d %H:%M"]
    [status]
    "closed" = "closed"
    "open" = "open"
"#;

/// Brings a file in, with `shiyu import`'s own use case.
fn bring(system: &Ctx, reference: &Reference, brought: &[Brought<'_>]) {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let time = |text: &str| {
        let at = (at(text) + LATER).to_zoned(zone.clone());
        at.strftime("%Y-%m-%d %H:%M").to_string()
    };
    let mut file = "id,from,due,to,state,kind,lat,lon\n".to_owned();
    let mut id = 0;
    for (copies, from, due, to) in brought {
        let (from, due) = (time(from), time(due));
        let state = if to.is_some() { "closed" } else { "open" };
        let to = to.map(time).unwrap_or_default();
        for _ in 0..*copies {
            id += 1;
            writeln!(file, "{id},{from},{due},{to},{state},井盖,30.245,120.165").unwrap();
        }
    }
    let folder = testkit::temp::Dir::new("golden").unwrap();
    let options = Options {
        file: folder.join("cases.csv"),
        draw_grid_m: None,
        rejects: None,
        told: None,
    };
    std::fs::write(&options.file, file).unwrap();
    let map = ImportMap::parse(MAP).unwrap();
    let done = cases::import::run(system, reference, &map, &options, &mut |_| {}).unwrap();
    assert_eq!((done.imported, done.rejected), (id, 0), "{done:?}");
}

/// So many people act at the same moment, each on a case of their own.
const TOGETHER: usize = 64;

/// All of them, each as far as it comes while the others wait.
async fn side_by_side<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in &mut running {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *done = Some(value);
            }
        }
        match running.iter().all(|(_, done)| done.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    running.into_iter().filter_map(|(_, done)| done).collect()
}

/// What happens to one life at one moment; answers the number of its case.
async fn live(
    city: &city::City,
    permits: &HashMap<&str, Ctx>,
    class: MatterId,
    water: UnitId,
    mut number: Option<CaseNumber>,
    acts: Vec<Did>,
) -> CaseNumber {
    let mut acts = acts.into_iter().peekable();
    while let Some(did) = acts.next() {
        let Some(number) = number else {
            let mut new = city.cover("patrol");
            new.matter = Some(class);
            let receipt = ops::report(&permits["collector"].renewed(), new).await;
            number = Some(receipt.unwrap().case.number);
            continue;
        };
        // What one person does to a case at one moment is one call.
        let (login, first) = step(did, water);
        let mut steps = vec![first];
        while let Some(next) = acts.next_if(|next| step(*next, water).0 == login) {
            steps.push(step(next, water).1);
        }
        ops::act(&permits[login].renewed(), number, None, steps)
            .await
            .unwrap_or_else(|e| panic!("{did:?}: {e}"));
    }
    number.expect("a life begins with a report")
}

/// Lives every life as often as told, all acts of all lives in the order of their time, brings in what was carried over,
/// and evaluates the week from 8 to 14 April.
pub fn evaluated(db: &TestDb, lives: &[(u32, Vec<(&str, Did)>)], brought: &[Brought<'_>]) -> Row {
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
    let permits: HashMap<&str, Ctx> = ["collector", "shift_leader", "desk", "water", "checker"]
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
    // Stable: what happens to one life at one moment keeps its order, and stands together.
    acts.sort_by_key(|(when, ..)| *when);
    let mut numbers: Vec<Option<CaseNumber>> = vec![None; count];
    for moment in acts.chunk_by(|one, next| one.0 == next.0) {
        city.clock.set(moment[0].0);
        let turns: Vec<_> = moment.chunk_by(|one, next| one.1 == next.1).collect();
        for together in turns.chunks(TOGETHER) {
            let (city, permits) = (&city, &permits);
            let lived = city.run(side_by_side(together.iter().map(|turn| {
                let (life, known) = (turn[0].1, numbers[turn[0].1]);
                let acts: Vec<Did> = turn.iter().map(|(.., did)| *did).collect();
                async move { (life, live(city, permits, class, water, known, acts).await) }
            })));
            for (life, number) in lived {
                numbers[life] = Some(number);
            }
        }
    }
    if !brought.is_empty() {
        city.clock.set(at("04-18 12:00") + LATER);
        bring(&city.system(), &reference, brought);
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
