//! A reader of the outbox never skips a row that commits late.

use kernel::id::Id;
use store::{AuditEvent, Lane, MIGRATIONS, StoreError};
use testdb::{grant, monday};

testdb::every_engine!(a_late_commit_is_not_skipped, MIGRATIONS, |db| {
    let write = move |topic: &'static str, wait_ms: u64| {
        db.write_blocking::<(), StoreError, _>(&grant(monday()), Lane::People, move |mut w| {
            w.outbox(topic, "990001", Id::new(monday(), [7; 10]), "{}")?;
            std::thread::sleep(std::time::Duration::from_millis(wait_ms));
            w.commit(AuditEvent::done("test.write", "thing", topic), ())
        })
        .unwrap();
    };
    let read = |after: i64| {
        db.read_blocking::<_, StoreError, _>(&grant(monday()), move |r| r.outbox_after(after, 100))
            .unwrap()
    };
    let mut seen = Vec::new();
    std::thread::scope(|s| {
        s.spawn(|| write("slow", 400));
        std::thread::sleep(std::time::Duration::from_millis(100));
        s.spawn(|| write("fast", 0));
        let mut last = 0;
        for _ in 0..40 {
            for row in read(last) {
                last = row.seq;
                seen.push(row.topic);
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
    });
    seen.sort();
    assert_eq!(seen, ["fast", "slow"]);
});

testdb::every_engine!(what_every_reader_has_read_may_go, MIGRATIONS, |db| {
    let add = || {
        db.write_blocking::<(), StoreError, _>(&grant(monday()), Lane::People, |mut w| {
            w.outbox("thing.made", "990001", Id::new(monday(), [7; 10]), "{}")?;
            w.commit(AuditEvent::done("test.write", "thing", "1"), ())
        })
        .unwrap();
    };
    // Every row, also such as a writer of another database of the server still holds back.
    let seqs = || -> Vec<i64> {
        db.read_blocking::<_, StoreError, _>(&grant(monday()), |r| {
            r.all::<(i64,)>("SELECT seq FROM outbox ORDER BY seq", &[])
        })
        .unwrap()
        .into_iter()
        .map(|row| row.0)
        .collect()
    };
    let trim_for = |needed: &'static [&'static str]| {
        db.write_blocking::<_, StoreError, _>(&grant(monday()), Lane::Background, |mut w| {
            let gone = w.outbox_trim(needed)?;
            w.unchanged(gone)
        })
        .unwrap()
    };
    let trim = || trim_for(&[]);
    let enter = |name: &'static str, after: i64| {
        db.write_blocking::<(), StoreError, _>(&grant(monday()), Lane::Background, move |mut w| {
            w.outbox_enter(name, after)?;
            w.unchanged(())
        })
        .unwrap();
    };
    let advance = |name: &'static str, from: i64, to: i64| {
        db.write_blocking::<_, StoreError, _>(&grant(monday()), Lane::Background, move |mut w| {
            let moved = w.outbox_advance(name, from, to)?;
            w.unchanged(moved)
        })
        .unwrap()
    };
    (0..4).for_each(|_| add());
    let all = seqs();
    assert_eq!((trim(), all.len()), (0, 4), "nobody reads, nothing goes");
    enter("one", all[2]);
    enter("two", all[0]);
    assert_eq!(
        (trim_for(&["one", "late/%"]), seqs()),
        (0, all.clone()),
        "who begins with the first row has not entered yet"
    );
    assert_eq!((trim_for(&["o%", "two"]), seqs()), (1, all[1..].to_vec()));
    assert!(!advance("two", all[1], all[3]), "somebody else moved it");
    assert!(advance("two", all[0], all[3]) && advance("one", all[2], all[3]));
    assert_eq!(
        (trim(), seqs()),
        (2, all[3..].to_vec()),
        "the last one stays"
    );
    add();
    assert!(seqs()[1] > all[3], "numbers are never given twice");
});

testdb::every_engine!(
    only_derived_tables_change_without_an_audit_event,
    MIGRATIONS,
    |db| {
        let refused = db
            .write_blocking::<(), StoreError, _>(&grant(monday()), Lane::People, |mut w| {
                w.derive("DELETE FROM settings", &[])?;
                w.unchanged(())
            })
            .unwrap_err();
        assert!(matches!(refused, StoreError::Misuse(_)), "{refused}");
        let refused = db
            .write_blocking::<(), StoreError, _>(&grant(monday()), Lane::People, |mut w| {
                w.derive_bulk("settings", &["name"], &[])?;
                w.unchanged(())
            })
            .unwrap_err();
        assert!(matches!(refused, StoreError::Misuse(_)), "{refused}");
    }
);
