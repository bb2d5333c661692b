//! What is backed up comes back, on either engine; what is damaged, half or in the way is refused.

use crate::shiyu::Shiyu;
use access::{Ctx, Services, SystemRole};
use kernel::id::Id;
use kernel::{DistrictCode, SystemClock};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use store::dump::{Dump, DumpError};
use store::{AuditEvent, Db, DbOptions, StoreError};
use testkit::temp::Dir;
use vault::MasterKeys;
use vault::model::{Field, NewSubject, REPORT_BASIS, purpose};

/// The rows of each table of a backup, sorted, without what the restore itself wrote into the trail.
fn contents(dir: &Path) -> Vec<(String, u64)> {
    let manifest = Dump::open(dir).unwrap().manifest;
    manifest
        .tables
        .into_iter()
        .map(|t| (t.name, t.rows))
        .filter(|t| t.0 != "audit")
        .collect()
}

fn replayed(shiyu: &Shiyu<'_>, cases: usize) {
    let found = shiyu.run(&["replay"]);
    assert_eq!(found["cases"], cases);
    assert_eq!(found["mismatches"], 0);
}

#[test]
fn a_backup_of_one_engine_restores_into_the_other_and_back() {
    let dir = Dir::new("backup").unwrap();
    let folders = ["a", "b", "c"].map(|name| dir.join(name));
    folders
        .iter()
        .for_each(|f| std::fs::create_dir_all(f).unwrap());
    let first = Shiyu::sqlite(&folders[0]);
    first.fill(80);
    first.run(&["user", "add", "li", "--name", "李", "--role", "acceptor"]);
    let backup = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let made = first.run(&["backup", &backup("one")]);
    assert_eq!(made["engine"], "sqlite");
    let evaluated = |shiyu: &Shiyu<'_>| {
        shiyu.run(&[
            "evaluate",
            "--from",
            "2023-01-01",
            "--to",
            "2026-12-31",
            "--by",
            "matter",
        ])
    };
    let Some(database) = testkit::postgres::database_for(
        "operate::a_backup_of_one_engine_restores_into_the_other_and_back",
    ) else {
        return;
    };
    let second = Shiyu::postgres(database.url(), &folders[1]);
    let restored = second.run(&["restore", &backup("one")]);
    assert_eq!(
        (&restored["cases"], &restored["mismatches"]),
        (&Value::from(80), &Value::from(0))
    );
    assert_eq!(evaluated(&second)["rows"], evaluated(&first)["rows"]);
    assert_eq!(
        second.run(&["backup", &backup("two")])["engine"],
        "postgres"
    );
    let third = Shiyu::sqlite(&folders[2]);
    third.run(&["restore", &backup("two")]);
    replayed(&third, 80);
    third.run(&["backup", &backup("three")]);
    assert_eq!(contents(&dir.join("one")), contents(&dir.join("two")));
    assert_eq!(contents(&dir.join("one")), contents(&dir.join("three")));
    // Rows are written as they are found, so the events, which nobody touched, are the same bytes all the way round.
    let events =
        |name: &str| std::fs::read(dir.join(name).join("tables/matter_classes.rows")).unwrap();
    assert_eq!(events("one"), events("three"));
    // Work goes on: what was imported is known, what is new comes in.
    let again = third.run(&[
        "import",
        "cases",
        folders[0].join("cases.csv").to_str().unwrap(),
        "--map",
        folders[0].join("map.toml").to_str().unwrap(),
    ]);
    assert_eq!(
        (&again["unchanged"], &again["imported"]),
        (&Value::from(80), &Value::from(0))
    );
}

#[test]
fn a_backup_is_taken_while_the_program_serves() {
    let dir = Dir::new("backup").unwrap();
    let data = dir.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let shiyu = Shiyu::sqlite(&data);
    shiyu.fill(40);
    let port = testkit::net::free_port().unwrap();
    let mut server = shiyu
        .command(&["serve", "--addr", &format!("127.0.0.1:{port}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    testkit::net::wait_for_port(address, Duration::from_secs(30)).unwrap();
    let made = shiyu.output(&["backup", dir.join("b").to_str().unwrap()]);
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    assert!(Dump::open(&dir.join("b")).is_ok());
}

#[test]
fn what_is_damaged_or_in_the_way_is_refused_and_nothing_is_written() {
    let dir = Dir::new("backup").unwrap();
    let data = dir.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let shiyu = Shiyu::sqlite(&data);
    let backup = dir.join("b");
    let backup = backup.to_str().unwrap();
    assert_eq!(shiyu.refused(&["backup", backup]), "uninitialised");
    shiyu.fill(10);
    shiyu.run(&["backup", backup]);
    assert_eq!(shiyu.refused(&["backup", backup]), "not_empty");
    assert_eq!(shiyu.refused(&["restore", backup]), "database_in_use");
    let file = dir.join("b/tables/cases.rows");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    std::fs::write(&file, bytes).unwrap();
    let other = dir.join("other");
    let fresh = Shiyu::sqlite(&other);
    assert_eq!(fresh.refused(&["restore", backup]), "damaged_backup");
    assert!(!other.exists());
    let list = dir.join("no.log");
    assert_eq!(
        fresh.refused(&["restore", backup, "--erasures", list.to_str().unwrap()]),
        "unreadable_file"
    );
}

#[test]
fn a_killed_backup_leaves_nothing_that_looks_whole_and_the_next_one_succeeds() {
    let dir = Dir::new("backup").unwrap();
    let data = dir.join("data");
    std::fs::create_dir_all(&data).unwrap();
    let shiyu = Shiyu::sqlite(&data);
    shiyu.fill(3_000);
    let mut was_cut = false;
    for n in 0..12 {
        let target = dir.join(format!("b{n}"));
        let left = dir.join(format!(".b{n}.partial"));
        let mut child = shiyu
            .command(&["backup", target.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Every other is killed a little after it began to write, however busy the machine; the rest before that.
        while n % 2 == 0 && !left.exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(2 * n));
        child.kill().unwrap();
        child.wait().unwrap();
        was_cut |= left.exists();
        match Dump::open(&target) {
            Ok(dump) => assert!(dump.manifest.rows() > 3_000),
            Err(DumpError::Io { .. }) => assert!(!target.exists()),
            Err(other) => panic!("a folder that looks whole and is not: {other}"),
        }
        if !target.exists() {
            shiyu.run(&["backup", target.to_str().unwrap()]);
        }
        assert!(!left.exists() && Dump::open(&target).is_ok());
        std::fs::remove_dir_all(&target).unwrap();
    }
    assert!(
        was_cut,
        "no kill hit a backup under way: the waits are wrong"
    );
}

fn system(url: &str) -> Ctx {
    system_with(url, Services::default())
}

fn system_with(url: &str, services: Services) -> Ctx {
    let db = Db::open(url, &DbOptions::default()).unwrap();
    Ctx::system(db, Arc::new(SystemClock), services, SystemRole::Operator)
}

#[test]
fn whoever_is_forgotten_after_a_backup_is_forgotten_again_when_it_is_restored() {
    let dir = Dir::new("backup").unwrap();
    let (data, other) = (dir.join("data"), dir.join("other"));
    std::fs::create_dir_all(&data).unwrap();
    let shiyu = Shiyu::sqlite(&data);
    shiyu.run(&["init"]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let district: DistrictCode = "990101".parse().unwrap();
    let log = data.join("erasures.log");
    let mut services = Services::default();
    services.add(app::erasures::log(&data));
    let ctx = system_with(shiyu.url(), services);
    let keys = MasterKeys::read_or_create(&data.join("master.key"), [7; 32]).unwrap();
    let keys = runtime.block_on(vault::ops::open_keys(&ctx, keys)).unwrap();
    let put = |name: &str| -> Id {
        let person = NewSubject::new(district)
            .with(Field::Name, name, purpose::HANDLING, REPORT_BASIS)
            .unwrap();
        let keys = keys.clone();
        ctx.write_blocking::<_, StoreError, _>(move |mut w| {
            let id = vault::ops::put(&mut w, &keys, &person)?;
            w.commit(AuditEvent::done("vault.put", "subject", id.to_string()), id)
        })
        .unwrap()
    };
    let (kept, forgotten) = (put("张三"), put("李四"));
    let backup = dir.join("b");
    shiyu.run(&["backup", backup.to_str().unwrap()]);
    runtime
        .block_on(vault::ops::erase(
            &ctx,
            district,
            forgotten,
            vault::model::ErasureCause::Requested,
        ))
        .unwrap();
    // It stands beside the data before anybody is told that it is done; then the database is lost.
    assert!(
        std::fs::read_to_string(&log)
            .unwrap()
            .contains(&forgotten.to_string())
    );
    let fresh = Shiyu::sqlite(&other);
    let restored = fresh.run(&[
        "restore",
        backup.to_str().unwrap(),
        "--erasures",
        log.to_str().unwrap(),
    ]);
    assert_eq!(restored["erased_again"], 1);
    let ctx = system(fresh.url());
    let keyed: Result<Vec<(Vec<u8>,)>, StoreError> = ctx.read_blocking(|r| {
        r.all(
            "SELECT id FROM vault_subjects WHERE key_wrapped IS NOT NULL",
            &[],
        )
    });
    assert_eq!(keyed.unwrap(), [(kept.bytes().to_vec(),)]);
    // The list went along, so that the next restore on this machine needs no other.
    assert!(
        std::fs::read_to_string(other.join("erasures.log"))
            .unwrap()
            .contains(&forgotten.to_string())
    );
}
