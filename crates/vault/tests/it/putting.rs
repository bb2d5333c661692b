//! What the database holds of a person: nothing readable.

use crate::stage::{Stage, district, migrations, other_key, run, zhang};
use testdb::both_engines;
use vault::{Field, NewSubject, VaultError};

both_engines!(nothing_readable_lies_in_the_database, &migrations(), |db| {
    let stage = Stage::new(db);
    let id = stage.put(zhang());
    let rows: Vec<(String, Vec<u8>)> = stage
        .system()
        .read_blocking::<_, VaultError, _>(|r| {
            Ok(r.all("SELECT field, sealed FROM vault_fields ORDER BY field", &[])?)
        })
        .unwrap();
    let fields: Vec<&str> = rows.iter().map(|r| r.0.as_str()).collect();
    assert_eq!(fields, ["name", "phone", "text"]);
    for (field, sealed) in &rows {
        for clear in ["张三", "13812341234", "138 1234"] {
            assert!(
                !sealed.windows(clear.len()).any(|w| w == clear.as_bytes()),
                "{field}"
            );
        }
    }
    assert_eq!(stage.count("SELECT count(*) FROM vault_index"), 2);
    let masked = run(vault::ops::masked(
        &stage.system(),
        &stage.keys,
        district("330102"),
        id,
    ))
    .unwrap();
    assert_eq!(
        (masked.name.as_str(), masked.phone.as_str(), masked.has_more),
        ("张*", "138****1234", true)
    );
});

both_engines!(two_people_of_one_number_share_no_key, &migrations(), |db| {
    let stage = Stage::new(db);
    assert_ne!(stage.put(zhang()), stage.put(zhang()));
    assert_eq!(
        stage.count("SELECT count(DISTINCT key_wrapped) FROM vault_subjects"),
        2
    );
    assert_eq!(
        stage.count("SELECT count(DISTINCT sealed) FROM vault_fields"),
        6
    );
    assert_eq!(
        stage.count("SELECT count(DISTINCT index_hash) FROM vault_index"),
        2
    );
});

both_engines!(
    a_purpose_that_is_none_keeps_the_person_out,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let new = NewSubject::new(district("330102"))
            .with(Field::Name, "张三", "marketing", "consent")
            .unwrap();
        let keys = stage.keys.clone();
        let refused = stage
            .system()
            .write_blocking::<_, VaultError, _>(move |mut w| {
                let id = vault::ops::put(&mut w, &keys, &new)?;
                Ok(w.commit(
                    store::AuditEvent::done("test.put", "subject", id.to_string()),
                    id,
                )?)
            });
        assert!(
            matches!(
                refused,
                Err(VaultError::Store(store::StoreError::ForeignKey(_)))
            ),
            "{refused:?}"
        );
        assert_eq!(stage.count("SELECT count(*) FROM vault_subjects"), 0);
    }
);

both_engines!(
    a_wrong_master_key_is_noticed_at_the_start,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let wrong = run(vault::ops::open_keys(&stage.system(), other_key()));
        assert!(matches!(wrong, Err(VaultError::Sealed { .. })));
        // The right one opens again, with the same index.
        let again = run(vault::ops::open_keys(
            &stage.system(),
            crate::stage::master(1),
        ))
        .unwrap();
        let id = stage.put(zhang());
        let found = run(vault::ops::search(
            &stage.system(),
            &again,
            Field::Phone,
            "13812341234",
            "handling",
        ));
        assert_eq!(found.unwrap(), [(district("330102"), id)]);
    }
);

both_engines!(
    a_field_moved_to_another_person_does_not_open,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (a, b) = (stage.put(zhang()), stage.put(zhang()));
        stage
        .system()
        .write_blocking::<_, VaultError, _>(move |mut w| {
            let sql = "UPDATE vault_fields SET sealed = (SELECT f.sealed FROM vault_fields f WHERE f.subject_id = $1 AND f.field = 'name') \
                       WHERE subject_id = $2 AND field = 'name'";
            w.exec(sql, store::params![a, b])?;
            Ok(w.commit(store::AuditEvent::done("test.tamper", "subject", b.to_string()), ())?)
        })
        .unwrap();
        let of = |id| {
            run(vault::ops::look(
                &stage.system(),
                &stage.keys,
                district("330102"),
                id,
                &[Field::Name],
                "handling",
            ))
        };
        assert!(matches!(of(b), Err(VaultError::Sealed { .. })));
        assert_eq!(of(a).unwrap(), [(Field::Name, "张三".to_owned())]);
    }
);
