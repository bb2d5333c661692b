//! No change without an audit event, and no acknowledgement without a COMMIT.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::{AuditEvent, Lane, MIGRATIONS, Sealed, StoreError, Write, params};
use testdb::{TestDb, grant, monday};

fn set(mut w: Write<'_>, name: &str, value: &str) -> Result<Sealed<()>, StoreError> {
    let now = w.now();
    w.exec(
        "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3)",
        params![name, value, now],
    )?;
    w.commit(AuditEvent::done("setting.set", "setting", name), ())
}

fn count(db: &TestDb, sql: &'static str) -> i64 {
    db.read_blocking::<_, StoreError, _>(&grant(monday()), move |r| r.one::<(i64,)>(sql, &[]))
        .unwrap()
        .0
}

testdb::every_engine!(a_write_leaves_its_audit_event, MIGRATIONS, |db| {
    db.write_blocking(&grant(monday()), Lane::People, |w| set(w, "city", "示范市"))
        .unwrap();
    assert_eq!(count(db, "SELECT count(*) FROM settings"), 1);
    assert_eq!(
        count(
            db,
            "SELECT count(*) FROM audit WHERE action = 'setting.set' AND outcome = 'done'"
        ),
        1
    );
});

testdb::every_engine!(a_closure_that_fails_leaves_nothing, MIGRATIONS, |db| {
    let refused =
        db.write_blocking::<(), StoreError, _>(&grant(monday()), Lane::People, |mut w| {
            w.exec(
                "INSERT INTO settings (name, value, updated_at) VALUES ('a', 'b', 0)",
                &[],
            )?;
            Err(StoreError::Misuse("changed my mind".into()))
        });
    assert!(matches!(refused, Err(StoreError::Misuse(_))));
    assert_eq!(count(db, "SELECT count(*) FROM settings"), 0);
});

testdb::every_engine!(
    a_change_without_an_audit_event_is_refused,
    MIGRATIONS,
    |db| {
        let refused =
            db.write_blocking::<(), StoreError, _>(&grant(monday()), Lane::People, |mut w| {
                w.exec(
                    "INSERT INTO settings (name, value, updated_at) VALUES ('a', 'b', 0)",
                    &[],
                )?;
                w.unchanged(())
            });
        assert!(matches!(refused, Err(StoreError::Misuse(_))));
        assert_eq!(count(db, "SELECT count(*) FROM settings"), 0);
    }
);

testdb::every_engine!(
    a_panic_in_a_closure_undoes_it_and_the_store_goes_on,
    MIGRATIONS,
    |db| {
        let broken =
            db.write_blocking::<(), StoreError, _>(&grant(monday()), Lane::People, |mut w| {
                w.exec(
                    "INSERT INTO settings (name, value, updated_at) VALUES ('a', 'b', 0)",
                    &[],
                )?;
                panic!("on purpose");
            });
        assert!(matches!(broken, Err(StoreError::Misuse(_))));
        db.write_blocking(&grant(monday()), Lane::People, |w| set(w, "after", "1"))
            .unwrap();
        assert_eq!(count(db, "SELECT count(*) FROM settings"), 1);
    }
);

testdb::every_engine!(one_bad_job_among_many_fails_alone, MIGRATIONS, |db| {
    let outcomes: Vec<bool> = std::thread::scope(|s| {
        let handles: Vec<_> = (0..40)
            .map(|n| {
                s.spawn(move || {
                    db.write_blocking(&grant(monday()), Lane::People, move |w| {
                        if n % 4 == 0 {
                            return Err(StoreError::Misuse("bad".into()));
                        }
                        set(w, &format!("key {n}"), "x")
                    })
                    .is_ok()
                })
            })
            .collect();
        handles.into_iter().map(|h| h.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|ok| **ok).count(), 30);
    assert_eq!(count(db, "SELECT count(*) FROM settings"), 30);
    assert_eq!(count(db, "SELECT count(*) FROM audit"), 30);
});

testdb::every_engine!(
    who_looks_alone_finds_what_the_one_before_wrote,
    MIGRATIONS,
    |db| {
        // Each looks whether there is one, takes its time, and writes one: only the first may.
        let open = |turn: &'static str, n: u32| {
            db.write_blocking(&grant(monday()), Lane::People, move |mut w| {
                w.alone(&format!("test/{turn}"))?;
                let sql = "SELECT count(*) FROM settings WHERE value = $1";
                let (there,) = w.one::<(i64,)>(sql, params![turn])?;
                std::thread::sleep(std::time::Duration::from_millis(50));
                if there > 0 {
                    return Err(StoreError::Conflict);
                }
                set(w, &format!("{turn} {n}"), turn)
            })
        };
        let opened: Vec<&str> = std::thread::scope(|s| {
            let handles: Vec<_> = (0..6)
                .map(|n| {
                    let turn = if n % 2 == 0 { "a" } else { "b" };
                    s.spawn(move || open(turn, n).is_ok().then_some(turn))
                })
                .collect();
            let outcomes = handles.into_iter().map(|h| h.join().unwrap());
            outcomes.flatten().collect()
        });
        let of = |turn: &str| opened.iter().filter(|o| **o == turn).count();
        assert_eq!((of("a"), of("b")), (1, 1), "{opened:?}");
        assert_eq!(count(db, "SELECT count(*) FROM settings"), 2);
    }
);

testdb::every_engine!(
    a_second_value_for_a_unique_key_is_told_apart,
    MIGRATIONS,
    |db| {
        db.write_blocking(&grant(monday()), Lane::People, |w| set(w, "a", "1"))
            .unwrap();
        let second = db.write_blocking(&grant(monday()), Lane::People, |w| set(w, "a", "2"));
        assert!(matches!(second, Err(StoreError::Unique(_))), "{second:?}");
    }
);

testdb::every_engine!(
    a_row_changed_by_somebody_else_is_a_conflict,
    MIGRATIONS,
    |db| {
        let lost =
            db.write_blocking::<(), StoreError, _>(&grant(monday()), Lane::People, |mut w| {
                w.exec_one(
                    "UPDATE settings SET value = 'x' WHERE name = $1 AND updated_at = $2",
                    params!["nobody", 0_i64],
                )?;
                w.commit(AuditEvent::done("setting.set", "setting", "nobody"), ())
            });
        assert!(matches!(lost, Err(StoreError::Conflict)));
    }
);

testdb::every_engine!(
    statements_are_counted_without_begin_and_commit,
    MIGRATIONS,
    |db| {
        let grant = grant(monday());
        db.write_blocking(&grant, Lane::People, |w| set(w, "a", "1"))
            .unwrap();
        assert_eq!(grant.statements(), 2, "one insert and one audit event");
    }
);

testdb::every_engine!(people_go_before_background_work, MIGRATIONS, |db| {
    let order = Arc::new(AtomicU32::new(0));
    std::thread::scope(|s| {
        // Keeps every writer busy while the others queue up behind it.
        for _ in 0..3 {
            s.spawn(|| {
                db.write_blocking::<(), StoreError, _>(&grant(monday()), Lane::Background, |w| {
                    std::thread::sleep(std::time::Duration::from_millis(300));
                    w.unchanged(())
                })
            });
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        let background: Vec<_> = (0..3)
            .map(|_| {
                let order = order.clone();
                s.spawn(move || {
                    db.write_blocking::<u32, StoreError, _>(
                        &grant(monday()),
                        Lane::Background,
                        move |w| {
                            std::thread::sleep(std::time::Duration::from_millis(30));
                            w.unchanged(order.fetch_add(1, Ordering::SeqCst))
                        },
                    )
                    .unwrap()
                })
            })
            .collect();
        std::thread::sleep(std::time::Duration::from_millis(50));
        let people = {
            let order = order.clone();
            s.spawn(move || {
                db.write_blocking::<u32, StoreError, _>(&grant(monday()), Lane::People, move |w| {
                    w.unchanged(order.fetch_add(1, Ordering::SeqCst))
                })
                .unwrap()
            })
        };
        let mine = people.join().unwrap();
        let theirs: Vec<u32> = background.into_iter().map(|h| h.join().unwrap()).collect();
        assert!(
            theirs.iter().filter(|n| **n < mine).count() < 3,
            "people waited behind all background work"
        );
    });
});

#[test]
fn a_full_queue_says_when_to_come_back() {
    let dir = testkit::temp::Dir::new("queue").unwrap();
    let options = store::DbOptions {
        create: true,
        queue: 1,
        ..Default::default()
    };
    let db = store::Db::open(&format!("sqlite:{}", dir.join("t.db").display()), &options).unwrap();
    db.migrate(MIGRATIONS, monday()).unwrap();
    let busy = std::thread::scope(|s| {
        let handles: Vec<_> = (0..8)
            .map(|_| {
                s.spawn(|| {
                    db.write_blocking::<(), StoreError, _>(&grant(monday()), Lane::People, |w| {
                        std::thread::sleep(std::time::Duration::from_millis(200));
                        w.unchanged(())
                    })
                })
            })
            .collect();
        handles
            .into_iter()
            .map(|h| h.join().unwrap())
            .filter(|r| matches!(r, Err(StoreError::Busy { .. })))
            .count()
    });
    assert!(
        busy > 0,
        "eight transactions do not fit into a queue of one"
    );
}

#[test]
fn an_absent_file_is_not_made_by_looking() {
    let dir = testkit::temp::Dir::new("absent").unwrap();
    let url = format!("sqlite:{}", dir.join("none.db").display());
    assert!(matches!(
        store::Db::open(&url, &store::DbOptions::default()),
        Err(StoreError::Uninitialised)
    ));
    assert!(!dir.join("none.db").exists());
}

#[test]
fn a_database_that_would_be_gone_at_once_is_refused() {
    let options = store::DbOptions {
        create: true,
        ..Default::default()
    };
    for url in ["sqlite:", "sqlite::memory:"] {
        let error = store::Db::open(url, &options).err().unwrap();
        assert!(matches!(error, StoreError::Open { .. }), "{url}: {error}");
    }
}

#[test]
fn a_password_never_reaches_a_message() {
    let error = store::Db::open(
        "postgres://shiyu:secret@127.0.0.1:1/none",
        &store::DbOptions::default(),
    )
    .err()
    .unwrap()
    .to_string();
    assert!(!error.contains("secret"), "{error}");
}

testdb::every_engine!(
    a_snapshot_does_not_see_what_is_written_meanwhile,
    MIGRATIONS,
    |db| {
        let seen = std::thread::scope(|s| {
            let reader = s.spawn(|| {
                db.snapshot_blocking::<_, StoreError, _>(&grant(monday()), |r| {
                    let before = r.one::<(i64,)>("SELECT count(*) FROM settings", &[])?.0;
                    std::thread::sleep(std::time::Duration::from_millis(400));
                    Ok((
                        before,
                        r.one::<(i64,)>("SELECT count(*) FROM settings", &[])?.0,
                    ))
                })
                .expect("a snapshot can be read")
            });
            std::thread::sleep(std::time::Duration::from_millis(100));
            db.write_blocking(&grant(monday()), Lane::People, |w| set(w, "meanwhile", "1"))
                .expect("a write goes on beside a snapshot");
            reader.join().expect("the reader ends")
        });
        assert_eq!(seen, (0, 0));
    }
);
