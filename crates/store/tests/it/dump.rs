//! A dump holds everything, crosses from engine to engine, and is whole or refused.

use jiff::Timestamp;
use kernel::id::Id;
use std::collections::BTreeMap;
use std::path::Path;
use store::dump::{About, Dump, DumpError, Folder, Manifest};
use store::{AuditEvent, Db, Lane, MIGRATIONS, Migration, StoreError, Value};
use testdb::TestDb;
use testkit::temp::Dir;

/// A schema with every kind of column, a reference, and two partitioned tables.
const SCHEMA: &[Migration] = &[
    MIGRATIONS[0],
    Migration {
        number: 9000,
        name: "things",
        sql: "CREATE TABLE a_parts (
    thing BYTEA  NOT NULL,
    part  BIGINT NOT NULL,
    PRIMARY KEY (thing, part),
    FOREIGN KEY (thing) REFERENCES things (id)
) /* partitioned by thing */;",
    },
    Migration {
        number: 8999,
        name: "wholes",
        sql: "CREATE TABLE things (
    id     BYTEA  NOT NULL,
    name   TEXT   NOT NULL,
    weight DOUBLE PRECISION,
    count  BIGINT,
    secret BYTEA,
    PRIMARY KEY (id)
) /* partitioned by id */;",
    },
];

fn about() -> About<'static> {
    About {
        program: "0.0.0-test",
        now: testdb::monday(),
    }
}

fn dump(db: &Db, dir: &Path) -> Result<Manifest, DumpError> {
    db.dump(dir, &about(), SCHEMA, &[], &mut |_| {})
}

fn load(db: &Db, dir: &Path) -> Result<(), DumpError> {
    db.load(
        &Dump::open(dir)?,
        SCHEMA,
        &["things"],
        testdb::monday(),
        &mut |_| {},
    )
}

/// Things of three years, with texts, doubles and bytes that are hard to carry, and changes in the outbox.
fn fill(db: &Db, things: usize) {
    let grant = testdb::grant(testdb::monday());
    let filled: Result<(), StoreError> =
        db.write_blocking(&grant, Lane::Background, move |mut w| {
            let mut rows = Vec::new();
            let mut parts = Vec::new();
            for n in 0..things {
                let year = ["1969-05-05", "2019-12-31", "2026-03-01"][n % 3];
                let at: Timestamp = format!("{year}T23:59:59Z").parse().expect("a time");
                w.ensure_year_of(at)?;
                let mut random = [0; 10];
                random[..8].copy_from_slice(&(n as u64).to_be_bytes());
                let id = Value::Blob(Id::new(at, random).bytes().to_vec());
                let text = ["井盖\t\\N \\ \r\n 'x' \"y\"", "", "𠀀"][n % 3];
                let weight =
                    [Value::Real(0.1 + 0.2), Value::Null, Value::Real(-3.0)][n % 3].clone();
                let count = [Value::Int(i64::MIN), Value::Int(0), Value::Null][n % 3].clone();
                let secret = [
                    Value::Blob(vec![0, 92, 255, 10]),
                    Value::Null,
                    Value::Blob(Vec::new()),
                ][n % 3]
                    .clone();
                rows.push(vec![
                    id.clone(),
                    Value::Text(text.into()),
                    weight,
                    count,
                    secret,
                ]);
                parts.push(vec![id, Value::Int(n as i64)]);
            }
            w.bulk(
                "things",
                &["id", "name", "weight", "count", "secret"],
                &rows,
            )?;
            w.bulk("a_parts", &["thing", "part"], &parts)?;
            w.outbox("thing.made", "990001", Id::from_bytes([1; 16]), "{}")?;
            w.commit(AuditEvent::done("thing.make", "thing", "all"), ())
        });
    filled.expect("the things go in");
}

/// Every row of every table, sorted, as the dump's own files say.
fn contents(db: &Db) -> BTreeMap<String, Vec<String>> {
    let grant = testdb::grant(testdb::monday());
    let read: Result<_, StoreError> = db.read_blocking(&grant, |r| {
        let mut all = BTreeMap::new();
        for (table, columns) in [
            ("things", &["id", "name", "weight", "count", "secret"][..]),
            ("a_parts", &["thing", "part"]),
            (
                "outbox",
                &["seq", "district", "topic", "object_id", "at", "body"],
            ),
            (
                "audit",
                &[
                    "district",
                    "id",
                    "at",
                    "actor_kind",
                    "action",
                    "detail",
                    "request",
                ],
            ),
        ] {
            let mut rows = Vec::new();
            r.each(
                &format!("SELECT {} FROM {table}", columns.join(", ")),
                &[],
                |row| {
                    let values: Result<Vec<Value>, _> =
                        (0..columns.len()).map(|n| row.get(n)).collect();
                    rows.push(format!("{:?}", values?));
                    Ok(true)
                },
            )?;
            rows.sort_unstable();
            all.insert(table.to_owned(), rows);
        }
        Ok(all)
    });
    read.expect("the tables read")
}

/// Copies a dump file by file, so that a test can damage the copy.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

fn crosses(from: &TestDb, to: &TestDb) {
    let dir = Dir::new("dump").unwrap();
    fill(from, 1_700);
    let manifest = dump(from, &dir.join("backup")).unwrap();
    assert_eq!(manifest.rows(), 1_700 * 2 + 2);
    load(to, &dir.join("backup")).unwrap();
    assert_eq!(contents(to), contents(from));
    // The outbox counts on after what came.
    let grant = testdb::grant(testdb::monday());
    let written: Result<(), StoreError> = to.write_blocking(&grant, Lane::Background, |mut w| {
        w.outbox("thing.made", "990001", Id::from_bytes([2; 16]), "{}")?;
        w.commit(AuditEvent::done("thing.make", "thing", "more"), ())
    });
    written.unwrap();
    let last: Result<Vec<(i64,)>, StoreError> = to.read_blocking(&grant, |r| {
        r.all("SELECT seq FROM outbox ORDER BY seq", &[])
    });
    assert_eq!(last.unwrap(), [(1,), (2,)]);
}

#[test]
fn a_dump_crosses_between_the_engines_with_every_value() {
    crosses(&TestDb::sqlite(SCHEMA), &TestDb::sqlite(SCHEMA));
    let postgres = || TestDb::postgres("dump::crosses", SCHEMA);
    if let (Some(first), Some(second), Some(third), Some(fourth)) =
        (postgres(), postgres(), postgres(), postgres())
    {
        crosses(&TestDb::sqlite(SCHEMA), &first);
        crosses(&second, &TestDb::sqlite(SCHEMA));
        crosses(&third, &fourth);
    }
}

testdb::both_engines!(a_dump_is_one_snapshot_while_others_write, SCHEMA, |db| {
    let dir = Dir::new("dump").unwrap();
    fill(db, 10);
    let mut is_first = true;
    let writer: &Db = db;
    let manifest = writer
        .dump(&dir.join("backup"), &about(), SCHEMA, &[], &mut |_| {
            // SQLite's snapshot began with the catalogue that was read before the first table; so did PostgreSQL's.
            if std::mem::take(&mut is_first) {
                let grant = testdb::grant(testdb::monday());
                let id = Value::Blob(Id::new(testdb::monday(), [9; 10]).bytes().to_vec());
                let late: Result<(), StoreError> =
                    writer.write_blocking(&grant, Lane::Background, move |mut w| {
                        let late = vec![id.clone(), Value::Text("late".into())];
                        w.bulk("things", &["id", "name"], &[late])?;
                        w.commit(AuditEvent::done("thing.make", "thing", "late"), ())
                    });
                late.unwrap();
            }
        })
        .unwrap();
    let things = manifest.tables.iter().find(|t| t.name == "things").unwrap();
    assert_eq!(things.rows, 10);
    assert_eq!(contents(db)["things"].len(), 11);
});

testdb::both_engines!(a_database_in_use_is_not_restored_into, SCHEMA, |db| {
    let dir = Dir::new("dump").unwrap();
    fill(db, 5);
    dump(db, &dir.join("backup")).unwrap();
    let before = contents(db);
    assert!(
        matches!(load(db, &dir.join("backup")), Err(DumpError::InUse(table)) if table == "things")
    );
    assert_eq!(contents(db), before);
});

#[test]
fn a_dump_damaged_anywhere_is_refused_before_anything_is_written() {
    let dir = Dir::new("dump").unwrap();
    let pictures = dir.join("pictures");
    std::fs::create_dir_all(pictures.join("ab")).unwrap();
    std::fs::write(pictures.join("ab/one"), b"picture").unwrap();
    std::fs::write(pictures.join("ab/two.part"), b"unfinished").unwrap();
    let folder = Folder {
        name: "pictures",
        path: pictures,
    };
    let db = TestDb::sqlite(SCHEMA);
    fill(&db, 7);
    let whole = dir.join("whole");
    let manifest = db
        .dump(
            &whole,
            &about(),
            SCHEMA,
            std::slice::from_ref(&folder),
            &mut |_| {},
        )
        .unwrap();
    assert_eq!(manifest.files.len(), 1);
    let target = TestDb::sqlite(SCHEMA);
    for (n, file) in files(&whole).into_iter().enumerate() {
        let name = file.strip_prefix(&whole).unwrap();
        let bytes = std::fs::read(&file).unwrap();
        let mut flipped = bytes.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        let cut = &bytes[..bytes.len() - 1];
        for (m, damaged) in [flipped.as_slice(), cut, &[]].into_iter().enumerate() {
            // The checksum's own name is not covered by it, and the newline at its end says nothing.
            if name == Path::new("manifest.sha256") && m < 2 {
                continue;
            }
            let copied = dir.join(format!("copy-{n}-{m}"));
            copy(&whole, &copied);
            std::fs::write(copied.join(name), damaged).unwrap();
            let refused = Dump::open(&copied).unwrap_err();
            assert!(
                matches!(refused, DumpError::Damaged { .. }),
                "{}: {refused}",
                name.display()
            );
        }
        let copied = dir.join(format!("without-{n}"));
        copy(&whole, &copied);
        std::fs::remove_file(copied.join(name)).unwrap();
        assert!(
            matches!(Dump::open(&copied), Err(DumpError::Io { .. })),
            "{}",
            name.display()
        );
    }
    // Damage between the look and the load: the transaction is rolled back.
    let opened = Dump::open(&whole).unwrap();
    let path = whole.join("tables/things.rows");
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len() - 1;
    bytes[end] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let before = contents(&target);
    assert!(
        target
            .load(&opened, SCHEMA, &["things"], testdb::monday(), &mut |_| {})
            .is_err()
    );
    assert_eq!(contents(&target), before);
    let back = Folder {
        name: "pictures",
        path: dir.join("back"),
    };
    assert_eq!(opened.copy_out(&back).unwrap(), 1);
    assert_eq!(std::fs::read(dir.join("back/ab/one")).unwrap(), b"picture");
}

#[test]
fn a_dump_of_another_program_is_refused_and_an_older_one_is_brought_up_to_date() {
    let dir = Dir::new("dump").unwrap();
    let old = TestDb::sqlite(SCHEMA);
    fill(&old, 3);
    dump(&old, &dir.join("backup")).unwrap();
    let opened = Dump::open(&dir.join("backup")).unwrap();
    let fresh = |name: &str| {
        let url = format!("sqlite:{}", dir.join(name).display());
        let options = store::DbOptions {
            create: true,
            ..store::DbOptions::default()
        };
        Db::open(&url, &options).unwrap()
    };
    let go = |db: &Db, migrations: &[Migration]| {
        db.load(
            &opened,
            migrations,
            &["things"],
            testdb::monday(),
            &mut |_| {},
        )
    };
    let unknown = go(&fresh("a.db"), &SCHEMA[..2]).unwrap_err();
    assert!(unknown.to_string().contains("8999"), "{unknown}");
    let mut changed = SCHEMA.to_vec();
    changed[1].sql = "CREATE TABLE a_parts (thing BYTEA);";
    assert!(matches!(
        go(&fresh("b.db"), &changed),
        Err(DumpError::Foreign(_))
    ));
    let mut newer = SCHEMA.to_vec();
    newer.push(Migration {
        number: 9001,
        name: "colour",
        sql: "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey';",
    });
    let upgraded = fresh("c.db");
    go(&upgraded, &newer).unwrap();
    let grant = testdb::grant(testdb::monday());
    let grey: Result<(i64,), StoreError> = upgraded.read_blocking(&grant, |r| {
        r.one("SELECT count(*) FROM things WHERE colour = 'grey'", &[])
    });
    assert_eq!(grey.unwrap(), (3,));
    // A database that is ahead of the dump already cannot take it.
    let ahead = fresh("d.db");
    ahead.migrate(&newer, testdb::monday()).unwrap();
    assert!(matches!(go(&ahead, &newer), Err(DumpError::Foreign(_))));
}

/// The schema with an index that the program makes again by itself.
fn with_index() -> Vec<Migration> {
    let index = Migration {
        number: 9001,
        name: "search",
        sql: "CREATE TABLE facts_search_words (word TEXT NOT NULL PRIMARY KEY);",
    };
    [SCHEMA, &[index]].concat()
}

fn words(db: &Db) -> i64 {
    let grant = testdb::grant(testdb::monday());
    let count: Result<(i64,), StoreError> = db.read_blocking(&grant, |r| {
        r.one("SELECT count(*) FROM facts_search_words", &[])
    });
    count.unwrap().0
}

fn leaves_the_index_out(from: &TestDb, to: &TestDb) {
    let dir = Dir::new("dump").unwrap();
    fill(from, 3);
    for db in [from, to] {
        let grant = testdb::grant(testdb::monday());
        let word = vec![vec![Value::Text("井盖".into())]];
        let written: Result<(), StoreError> =
            db.write_blocking(&grant, Lane::Background, move |mut w| {
                w.derive_bulk("facts_search_words", &["word"], &word)?;
                w.unchanged(())
            });
        written.unwrap();
    }
    let schema = with_index();
    let manifest = from
        .dump(&dir.join("backup"), &about(), &schema, &[], &mut |_| {})
        .unwrap();
    assert!(
        manifest
            .tables
            .iter()
            .all(|t| !t.name.starts_with("facts_search_"))
    );
    let dump = Dump::open(&dir.join("backup")).unwrap();
    to.load(&dump, &schema, &["things"], testdb::monday(), &mut |_| {})
        .unwrap();
    assert_eq!(contents(to), contents(from));
    assert_eq!(
        (words(from), words(to)),
        (1, 0),
        "made of what was there before, it goes"
    );
}

#[test]
fn an_index_that_is_made_again_is_left_out_and_comes_back_empty() {
    let schema = with_index();
    leaves_the_index_out(&TestDb::sqlite(&schema), &TestDb::sqlite(&schema));
    let postgres = || TestDb::postgres("dump::index", &schema);
    if let (Some(from), Some(to)) = (postgres(), postgres()) {
        leaves_the_index_out(&from, &to);
    }
}
