//! A reader of the outbox never skips a row that commits late.

use kernel::id::Id;
use store::{AuditEvent, Lane, MIGRATIONS, StoreError};
use testdb::{grant, monday};

testdb::both_engines!(a_late_commit_is_not_skipped, MIGRATIONS, |db| {
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
