//! Erasing: on request, by date, and again after a restore.

use crate::stage::{Stage, district, migrations, run, zhang};
use std::time::Duration;
use testdb::both_engines;
use vault::model::{Erasure, ErasureCause, purpose};
use vault::ops::{apply_erasures, erase, erasures_since, forget_expired, look, masked, search};
use vault::{Field, NewSubject, VaultError};

fn listed(stage: &Stage<'_>, limit: u16) -> Vec<Erasure> {
    let mut all: Vec<Erasure> = Vec::new();
    loop {
        let after = all.last().cloned();
        let page = stage
            .system()
            .read_blocking::<_, VaultError, _>(move |r| {
                Ok(erasures_since(r, testdb::monday(), after.as_ref(), limit)?)
            })
            .unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

both_engines!(
    who_is_erased_cannot_be_shown_or_found_again,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (d, id) = (district("330102"), stage.put(zhang()));
        run(erase(&stage.system(), d, id, ErasureCause::Requested)).unwrap();
        let looked = run(look(
            &stage.system(),
            &stage.keys,
            d,
            id,
            &[Field::Name],
            "handling",
        ));
        assert!(matches!(looked, Err(VaultError::Erased)));
        assert_eq!(
            run(search(
                &stage.system(),
                &stage.keys,
                Field::Phone,
                "13812341234",
                "handling"
            ))
            .unwrap(),
            []
        );
        assert!(
            run(masked(&stage.system(), &stage.keys, d, id))
                .unwrap()
                .is_erased
        );
        for sql in [
            "SELECT count(*) FROM vault_subjects WHERE key_wrapped IS NOT NULL",
            "SELECT count(*) FROM vault_fields",
            "SELECT count(*) FROM vault_index",
        ] {
            assert_eq!(stage.count(sql), 0, "{sql}");
        }
        // The record of looks stays, and so does the fact that there was somebody.
        assert_eq!(stage.looks(d, id)[0].2, "erased");
        assert!(matches!(
            run(erase(&stage.system(), d, id, ErasureCause::Requested)),
            Err(VaultError::Erased)
        ));
        assert_eq!(stage.count("SELECT count(*) FROM vault_erasures"), 1);
    }
);

both_engines!(a_restored_backup_forgets_again, &migrations(), |db| {
    let stage = Stage::new(db);
    let d = district("330102");
    let erased: Vec<_> = (0..5).map(|_| stage.put(zhang())).collect();
    for id in &erased {
        run(erase(&stage.system(), d, *id, ErasureCause::Requested)).unwrap();
    }
    // Pages of the list meet without gap although all have the same time.
    let list = listed(&stage, 2);
    assert_eq!(list.len(), 5);

    // The restored database: one of the five is in it as before, another person too; the rest came after the backup.
    let (kept, back) = (stage.put(zhang()), stage.put(zhang()));
    let mut list = list;
    list.push(Erasure {
        district: d,
        subject: back,
        at: testdb::monday(),
        cause: "requested".into(),
    });
    assert_eq!(run(apply_erasures(&stage.system(), &list)).unwrap(), 1);
    assert!(
        run(masked(&stage.system(), &stage.keys, d, back))
            .unwrap()
            .is_erased
    );
    assert!(
        !run(masked(&stage.system(), &stage.keys, d, kept))
            .unwrap()
            .is_erased
    );
    assert_eq!(run(apply_erasures(&stage.system(), &list)).unwrap(), 0);
    assert_eq!(listed(&stage, 100).len(), 6);
});

both_engines!(what_may_be_kept_no_longer_goes, &migrations(), |db| {
    let stage = Stage::new(db);
    let (d, basis) = (district("330102"), "个人信息保护法第十九条");
    let at = |hours: i64| testdb::monday() + jiff::SignedDuration::from_hours(hours);
    let new = || NewSubject::new(d);
    let both = stage.put(
        new()
            .with(Field::Name, "李四", purpose::HANDLING, basis)
            .unwrap()
            .until(at(48))
            .with(Field::Phone, "13912341234", purpose::CALL_BACK, basis)
            .unwrap()
            .until(at(24)),
    );
    let for_good = stage.put(zhang());
    assert_eq!(run(forget_expired(&stage.system())).unwrap(), 0);
    stage.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(run(forget_expired(&stage.system())).unwrap(), 1);
    let left = run(masked(&stage.system(), &stage.keys, d, both)).unwrap();
    assert_eq!((left.name.as_str(), left.phone.as_str()), ("李*", ""));
    assert_eq!(
        run(search(
            &stage.system(),
            &stage.keys,
            Field::Phone,
            "13912341234",
            "handling"
        ))
        .unwrap(),
        []
    );
    stage.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(run(forget_expired(&stage.system())).unwrap(), 1);
    assert!(
        run(masked(&stage.system(), &stage.keys, d, both))
            .unwrap()
            .is_erased
    );
    assert_eq!(listed(&stage, 10)[0].cause, "retention");
    assert!(
        !run(masked(&stage.system(), &stage.keys, d, for_good))
            .unwrap()
            .is_erased
    );
});
