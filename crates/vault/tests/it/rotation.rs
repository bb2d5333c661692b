//! Changing the master key while people work.

use crate::stage::{Stage, district, master, migrations, run, zhang};
use access::Role;
use testdb::both_engines;
use vault::model::ErasureCause;
use vault::ops::{erase, look, open_keys, rotate, search, versions_behind};
use vault::{Field, MasterKeys, VaultError};

both_engines!(
    after_a_rotation_the_old_key_is_not_needed,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let d = district("330102");
        // More than one batch.
        let people: Vec<_> = (0..210).map(|_| stage.put(zhang())).collect();
        run(erase(
            &stage.system(),
            d,
            people[7],
            ErasureCause::Requested,
        ))
        .unwrap();

        let both = run(open_keys(&stage.system(), master(2))).unwrap();
        let shown = |keys, id| {
            run(look(
                &stage.system(),
                keys,
                d,
                id,
                &[Field::Name],
                "handling",
            ))
        };
        assert_eq!(shown(&both, people[0]).unwrap()[0].1, "张三");
        assert!(run(versions_behind(&stage.system(), &both)).unwrap());
        // 209 people and the key of the index.
        assert_eq!(run(rotate(&stage.system(), &both)).unwrap().rewrapped, 210);
        assert!(!run(versions_behind(&stage.system(), &both)).unwrap());
        assert_eq!(run(rotate(&stage.system(), &both)).unwrap().rewrapped, 0);

        let text = format!("2:{}", {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode([2; 32])
        });
        let only_new = run(open_keys(
            &stage.system(),
            MasterKeys::parse(&text, "test").unwrap(),
        ))
        .unwrap();
        assert_eq!(shown(&only_new, people[209]).unwrap()[0].1, "张三");
        let found = run(search(
            &stage.system(),
            &only_new,
            Field::Phone,
            "13812341234",
            "handling",
        ))
        .unwrap();
        assert_eq!(found.len(), 20);
        assert!(matches!(
            shown(&only_new, people[7]),
            Err(VaultError::Erased)
        ));
        assert!(matches!(
            shown(&stage.keys, people[0]),
            Err(VaultError::KeyVersion(2))
        ));
        assert!(matches!(
            run(open_keys(&stage.system(), master(1))),
            Err(VaultError::KeyVersion(2))
        ));
    }
);

both_engines!(only_who_manages_the_system_rotates, &migrations(), |db| {
    let stage = Stage::new(db);
    let acceptor = stage.ctx(&[Role::Acceptor], &[]);
    assert!(matches!(
        run(rotate(&acceptor, &stage.keys)),
        Err(VaultError::Refused(_))
    ));
    let admin = stage.ctx(&[Role::SystemAdmin], &[]);
    assert_eq!(run(rotate(&admin, &stage.keys)).unwrap().rewrapped, 0);
});
