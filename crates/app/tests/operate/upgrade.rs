//! A backup of an earlier schema restores with the present program: the next migration is tested as an upgrade.

use crate::shiyu::Shiyu;
use serde_json::Value;
use std::path::{Path, PathBuf};
use store::dump::Dump;
use testkit::temp::Dir;

/// Every fixture: one folder for each schema that was released.
fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders
        .filter(|path| path.join("manifest.json").is_file())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "there is no fixture");
    folders
}

fn upgrades(shiyu: &Shiyu<'_>, fixture: &Path) {
    let manifest = Dump::open(fixture).unwrap().manifest;
    let rows = |name: &str| {
        manifest
            .tables
            .iter()
            .find(|t| t.name == name)
            .map_or(0, |t| t.rows)
    };
    assert!(
        rows("cases") >= 50 && rows("case_events") >= rows("cases"),
        "the fixture is too thin"
    );
    let restored = shiyu.run(&["restore", fixture.to_str().unwrap()]);
    assert_eq!(restored["cases"], rows("cases"));
    assert_eq!(restored["events"], rows("case_events"));
    assert_eq!(restored["mismatches"], 0);
    // The schema is the present one now, and the record can be asked and added to.
    assert_eq!(shiyu.run(&["init"])["applied"], Value::Array(Vec::new()));
    let page = shiyu.run(&["case", "list", "--limit", "5"]);
    let number = page["cases"][0]["number"].as_str().unwrap();
    assert!(
        !shiyu.run(&["case", "show", number])["events"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    shiyu.run(&[
        "user",
        "add",
        "after-upgrade",
        "--name",
        "新",
        "--role",
        "auditor",
    ]);
    shiyu.run(&["evaluate", "--from", "2024-01-01", "--to", "2026-12-31"]);
    assert_eq!(shiyu.run(&["replay"])["mismatches"], 0);
}

#[test]
fn every_released_schema_is_brought_up_to_date_with_its_data() {
    for fixture in fixtures() {
        let dir = Dir::new("upgrade").unwrap();
        upgrades(&Shiyu::sqlite(dir.path()), &fixture);
        let name = "operate::every_released_schema_is_brought_up_to_date_with_its_data";
        if let Some(database) = testkit::postgres::database_for(name) {
            upgrades(
                &Shiyu::postgres(database.url(), &dir.join("postgres")),
                &fixture,
            );
        }
    }
}

#[test]
fn the_newest_fixture_has_the_present_schema() {
    let newest = fixtures().pop().unwrap();
    let manifest = Dump::open(&newest).unwrap().manifest;
    let of_fixture: Vec<u32> = manifest.migrations.iter().map(|m| m.number).collect();
    let mut of_program: Vec<u32> = app::compose::migrations()
        .iter()
        .map(|m| m.number)
        .collect();
    of_program.sort_unstable();
    let missing: Vec<_> = of_program
        .iter()
        .filter(|n| !of_fixture.contains(n))
        .collect();
    let known: Vec<_> = of_fixture
        .iter()
        .filter(|n| !of_program.contains(n))
        .collect();
    assert!(
        known.is_empty(),
        "migrations {known:?} of a fixture are gone from the program"
    );
    // A migration may be newer than the newest fixture: that is what the other test is for.
    println!("migrations tested as an upgrade: {missing:?}");
}
