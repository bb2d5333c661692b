//! Killed under load: after a restart every acknowledged write is there, and the record agrees with itself.

use crate::import::{MAP, many};
use crate::place::{Place, on_both};
use crate::serving::{Serving, ask, token};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::postgres::{Cluster, Durability};

/// What the program said it did: cases with the version last acknowledged.
type Acknowledged = Vec<(String, u64)>;

/// Reports and adds notes until told to stop, or until nobody answers. Refusals by a full queue are no errors.
fn load(addr: SocketAddr, token: &str, stop: &AtomicBool) -> Acknowledged {
    let mut done: Acknowledged = Vec::new();
    let report = json!({ "channel": "patrol", "description": "井盖缺失", "place": { "lon": 120.1, "lat": 30.2 } });
    let note = json!({ "acts": [{ "act": "note", "text": "已到现场" }] });
    while !stop.load(Ordering::Relaxed) {
        match ask(addr, "POST", "/api/v1/cases", token, &report) {
            Ok((201, answer)) => done.push((answer["number"].as_str().unwrap().to_owned(), 1)),
            Ok((429 | 503, _)) => continue,
            Ok(other) => panic!("a report was answered {other:?}"),
            Err(_) => break,
        }
        let last = done.last_mut().unwrap();
        match ask(
            addr,
            "POST",
            &format!("/api/v1/cases/{}/acts", last.0),
            token,
            &note,
        ) {
            Ok((200, answer)) => last.1 = answer["version"].as_u64().unwrap(),
            Ok((429 | 503, _)) => {}
            Ok(other) => panic!("a note was answered {other:?}"),
            Err(_) => break,
        }
    }
    done
}

/// Runs four writers, calls `fault` while they write, and answers what was acknowledged.
fn under_load(addr: SocketAddr, token: &str, fault: impl FnOnce()) -> Acknowledged {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| load(addr, token, &stop)))
            .collect();
        std::thread::sleep(Duration::from_millis(1500));
        fault();
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
        writers
            .into_iter()
            .flat_map(|w| w.join().unwrap())
            .collect()
    })
}

/// Every acknowledged case is there with at least the acknowledged version, and replay finds no mismatch.
#[track_caller]
fn check(place: &Place, acknowledged: &Acknowledged) {
    assert!(
        acknowledged.len() >= 20,
        "only {} writes were acknowledged",
        acknowledged.len()
    );
    assert!(
        acknowledged.iter().any(|a| a.1 >= 2),
        "no note was acknowledged"
    );
    let ctx = place.program().system(access::SystemRole::Operator);
    for (number, version) in acknowledged.clone() {
        let number: kernel::codes::CaseNumber = number.parse().unwrap();
        let case = ctx
            .read_blocking::<_, store::StoreError, _>(move |r| cases::sql::by_number(r, &number))
            .unwrap();
        let case = case.unwrap_or_else(|| panic!("{number} was acknowledged and is lost"));
        assert!(
            u64::from(case.version) >= version,
            "{number}: version {} after {version}",
            case.version
        );
    }
    let cases = place.check_record();
    assert!(cases >= acknowledged.len() as u64);
    // What is there without having been acknowledged is at most what four writers had in flight.
    assert!(
        cases <= acknowledged.len() as u64 + 4,
        "{cases} cases of {} acknowledged",
        acknowledged.len()
    );
}

on_both!(the_program_killed_under_load_loses_nothing, |place| {
    let token = token(place, "collector", "collector");
    let mut serving = Serving::start(place);
    let addr = serving.addr;
    let first = under_load(addr, &token, || serving.kill());
    check(place, &first);
    // It starts again on what was left, and takes the next reports.
    let serving = Serving::start(place);
    let (status, case) = ask(
        serving.addr,
        "GET",
        &format!("/api/v1/cases/{}", first[0].0),
        &token,
        &Value::Null,
    )
    .unwrap();
    assert_eq!(
        (status, case["number"].as_str()),
        (200, Some(first[0].0.as_str()))
    );
    let report = json!({ "channel": "patrol", "description": "路灯不亮" });
    let (status, answer) = ask(serving.addr, "POST", "/api/v1/cases", &token, &report).unwrap();
    assert_eq!(status, 201, "{answer}");
    let new = answer["number"].as_str().unwrap();
    assert!(
        first.iter().all(|(number, _)| number != new),
        "the number {new} was given twice"
    );
});

/// The server loses its power, the program stays: what was acknowledged is there, and writing goes on by itself.
#[test]
fn a_database_that_dies_under_load_loses_nothing() {
    if testkit::without("postgres") {
        return testkit::skip(
            "a_database_that_dies_under_load_loses_nothing",
            "without postgres",
        );
    }
    let cluster = Cluster::start(Durability::Durable).unwrap();
    let database = cluster.fresh_database().unwrap();
    let place = Place::on(database.url()).ready();
    let token = token(&place, "collector", "collector");
    let serving = Serving::start(&place);
    let addr = serving.addr;
    let stop = AtomicBool::new(false);
    let mut acknowledged: Acknowledged = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| load_through_faults(addr, &token, &stop)))
            .collect();
        std::thread::sleep(Duration::from_millis(1500));
        cluster.crash_and_restart().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        stop.store(true, Ordering::Relaxed);
        writers
            .into_iter()
            .flat_map(|w| w.join().unwrap())
            .collect()
    });
    let report = json!({ "channel": "patrol", "description": "路灯不亮" });
    let mut last = None;
    for _ in 0..60 {
        let answer = ask(addr, "POST", "/api/v1/cases", &token, &report);
        if let Ok((201, answer)) = answer {
            last = Some(answer["number"].as_str().unwrap().to_owned());
            break;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    acknowledged.push((
        last.expect("the program writes again within fifteen seconds"),
        1,
    ));
    assert!(
        acknowledged.len() >= 20,
        "only {} writes were acknowledged",
        acknowledged.len()
    );
    let ctx = place.program().system(access::SystemRole::Operator);
    for (number, version) in acknowledged {
        let number: kernel::codes::CaseNumber = number.parse().unwrap();
        let case = ctx
            .read_blocking::<_, store::StoreError, _>(move |r| cases::sql::by_number(r, &number))
            .unwrap();
        let case = case.unwrap_or_else(|| panic!("{number} was acknowledged and is lost"));
        assert!(u64::from(case.version) >= version, "{number}");
    }
    place.check_record();
}

/// As [`load`], but a fault of the database (5xx) is borne and tried again.
fn load_through_faults(addr: SocketAddr, token: &str, stop: &AtomicBool) -> Acknowledged {
    let report = json!({ "channel": "patrol", "description": "井盖缺失" });
    let mut done = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match ask(addr, "POST", "/api/v1/cases", token, &report) {
            Ok((201, answer)) => done.push((answer["number"].as_str().unwrap().to_owned(), 1)),
            Ok((429 | 500..=599, _)) | Err(_) => std::thread::sleep(Duration::from_millis(50)),
            Ok(other) => panic!("a report was answered {other:?}"),
        }
    }
    done
}

on_both!(people_write_while_an_import_runs, |place| {
    const ROWS: u32 = 12_000;
    let token = token(place, "collector", "collector");
    let (file, map) = (
        place.file("many.csv", many(ROWS)),
        place.file("map.toml", MAP),
    );
    let serving = Serving::start(place);
    let args = ["import", "cases", &file, "--map", &map];
    let mut child = place
        .command(&args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let report = json!({ "channel": "patrol", "description": "井盖缺失" });
    let (mut meanwhile, mut slowest) = (0, Duration::ZERO);
    let status = loop {
        let started = std::time::Instant::now();
        let (status, answer) = ask(serving.addr, "POST", "/api/v1/cases", &token, &report).unwrap();
        assert_eq!(status, 201, "{answer}");
        slowest = slowest.max(started.elapsed());
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        meanwhile += 1;
    };
    assert!(status.success(), "the import failed while people wrote");
    assert!(
        meanwhile >= 10,
        "only {meanwhile} reports were taken while the import ran"
    );
    assert!(
        slowest < Duration::from_secs(5),
        "a report waited {slowest:?} for the import"
    );
    assert_eq!(place.check_record(), u64::from(ROWS) + meanwhile + 1);
});
