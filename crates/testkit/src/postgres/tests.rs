//! The server itself, started for real.

use super::*;
use std::time::{Duration, Instant};

/// Tests that start a server of their own; skipped by name where the run does without PostgreSQL.
fn cluster(test: &str, durability: Durability) -> Option<Cluster> {
    if crate::without("postgres") {
        crate::skip(test, "without postgres");
        return None;
    }
    Some(Cluster::start(durability).unwrap())
}

#[test]
fn a_database_is_empty_its_own_and_gone_afterwards() {
    let Some(first) = database_for("a_database_is_empty_its_own_and_gone_afterwards") else {
        return;
    };
    let cluster = Cluster::shared().unwrap();
    let second = cluster.fresh_database().unwrap();
    assert_ne!(first.url(), second.url());
    first
        .sql("CREATE TABLE t (v text); INSERT INTO t VALUES ('市域'), ('网格')")
        .unwrap();
    assert_eq!(
        first.sql("SELECT v, length(v) FROM t ORDER BY v").unwrap(),
        "市域|2\n网格|2"
    );
    assert!(second.sql("SELECT v FROM t").is_err());

    let name = first.name().to_owned();
    drop(first);
    let left = cluster.sql(&format!(
        "SELECT count(*) FROM pg_database WHERE datname = '{name}'"
    ));
    assert_eq!(left.unwrap(), "0");
}

#[test]
fn the_server_stops_and_its_folder_goes_when_its_owner_does() {
    let Some(cluster) = cluster(
        "the_server_stops_and_its_folder_goes_when_its_owner_does",
        Durability::Fast,
    ) else {
        return;
    };
    let folder = cluster
        .keeper
        .as_ref()
        .unwrap()
        .lock()
        .unwrap()
        .folder
        .clone();
    let url = cluster.url().to_owned();
    let psql_path = cluster.psql.clone();
    assert!(folder.join("data").is_dir());
    drop(cluster);
    assert!(!folder.exists());
    assert!(psql(&psql_path, &url, "SELECT 1").is_err());
}

#[test]
fn the_server_stops_when_its_owner_is_killed() {
    let Some(cluster) = cluster(
        "the_server_stops_when_its_owner_is_killed",
        Durability::Fast,
    ) else {
        return;
    };
    // A killed owner closes its end of the pipe and does nothing else.
    let mut keeper = cluster.keeper.unwrap().into_inner().unwrap();
    drop(keeper.orders.take());
    let end = Instant::now() + Duration::from_secs(20);
    while keeper.folder.exists() {
        assert!(
            Instant::now() < end,
            "{} is still there",
            keeper.folder.display()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash() {
    let Some(cluster) = cluster(
        "what_was_acknowledged_is_there_after_a_crash",
        Durability::Durable,
    ) else {
        return;
    };
    assert_eq!(cluster.sql("SHOW fsync").unwrap(), "on");
    let database = cluster.fresh_database().unwrap();
    database
        .sql("CREATE TABLE t (v int); INSERT INTO t VALUES (7)")
        .unwrap();
    cluster.crash_and_restart().unwrap();
    assert_eq!(database.sql("SELECT v FROM t").unwrap(), "7");
}

#[test]
fn a_setting_of_the_callers_wins_and_a_wrong_one_is_told() {
    if crate::without("postgres") {
        return crate::skip(
            "a_setting_of_the_callers_wins_and_a_wrong_one_is_told",
            "without postgres",
        );
    }
    let cluster = Cluster::start_with(Durability::Fast, &[("shared_buffers", "16MB")]).unwrap();
    assert_eq!(cluster.sql("SHOW shared_buffers").unwrap(), "16MB");
    let error = Cluster::start_with(Durability::Fast, &[("no_such_setting", "1")]).unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[test]
fn the_server_runs_as_somebody_other_than_root_and_asks_for_the_password() {
    let Some(cluster) = cluster(
        "the_server_runs_as_somebody_other_than_root_and_asks_for_the_password",
        Durability::Fast,
    ) else {
        return;
    };
    let folder = cluster
        .keeper
        .as_ref()
        .unwrap()
        .lock()
        .unwrap()
        .folder
        .clone();
    assert_ne!(
        fs::metadata(folder.join("data/postmaster.pid"))
            .unwrap()
            .uid(),
        0
    );
    let (before, after) = cluster.url().split_once('@').unwrap();
    let wrong = format!("{}:wrong@{after}", before.rsplit_once(':').unwrap().0);
    let error = psql(&cluster.psql, &wrong, "SELECT 1").unwrap_err();
    assert!(error.to_string().contains("password"), "{error}");
}

#[test]
fn another_database_takes_the_place_of_the_one_in_the_url() {
    let with = |url| with_database(url, "x").unwrap();
    assert_eq!(with("postgres://u:p@h:5/postgres"), "postgres://u:p@h:5/x");
    assert_eq!(with("postgresql://u@h"), "postgresql://u@h/x");
    assert_eq!(
        with("postgres://h/a?sslmode=disable"),
        "postgres://h/x?sslmode=disable"
    );
    for garbage in [
        "",
        "postgres",
        "postgres://",
        "sqlite:file.db",
        "http://h/a",
        "://",
    ] {
        assert!(
            with_database(garbage, "x")
                .unwrap_err()
                .to_string()
                .contains(garbage),
            "{garbage}"
        );
    }
}
