//! Looking and searching: who may, what it leaves behind, what the person can read of it.

use crate::stage::{Stage, district, migrations, run, zhang};
use access::Role;
use kernel::id::Id;
use testdb::both_engines;
use vault::ops::{look, masked, search};
use vault::{Field, VaultError};

fn line(
    role: &str,
    purpose: &str,
    outcome: &str,
    fields: &str,
) -> (String, String, String, String) {
    (role.into(), purpose.into(), outcome.into(), fields.into())
}

both_engines!(
    a_look_shows_the_fields_and_the_person_can_read_it,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (d, id) = (district("330102"), stage.put(zhang()));
        let acceptor = stage.ctx(&[Role::Acceptor], &[]);
        let wanted = [Field::Phone, Field::Name, Field::Email, Field::Phone];
        let shown = run(look(&acceptor, &stage.keys, d, id, &wanted, "call_back")).unwrap();
        assert_eq!(
            shown,
            [
                (Field::Name, "张三".to_owned()),
                (Field::Phone, "138 1234 1234".to_owned())
            ]
        );
        assert_eq!(
            stage.looks(d, id),
            [line("acceptor", "call_back", "seen", "name,phone,email")]
        );
        assert_eq!(stage.count("SELECT count(*) FROM audit WHERE action = 'vault.look' AND outcome = 'done' AND actor_kind = 'staff'"), 1);
    }
);

both_engines!(
    refused_looks_are_read_by_the_person_too,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (d, id) = (district("330102"), stage.put(zhang()));
        let of = |roles: &[Role], districts: &[&str], purpose: &str| {
            run(look(
                &stage.ctx(roles, districts),
                &stage.keys,
                d,
                id,
                &[Field::Phone],
                purpose,
            ))
            .unwrap_err()
        };
        assert!(matches!(
            of(&[Role::Handler], &[], "handling"),
            VaultError::Refused(_)
        ));
        assert!(matches!(
            of(&[Role::Acceptor], &["330108"], "handling"),
            VaultError::NotFound
        ));
        assert!(matches!(
            of(&[Role::Acceptor], &["330102"], "好奇"),
            VaultError::Purpose(_)
        ));
        assert_eq!(
            stage.looks(d, id),
            [
                line("acceptor", "handling", "refused", "phone"),
                line("acceptor", "好奇", "refused", "phone"),
                line("handler", "handling", "refused", "phone"),
            ]
        );
        assert_eq!(
            stage.count(
                "SELECT count(*) FROM audit WHERE action = 'vault.look' AND outcome = 'refused'"
            ),
            3
        );
    }
);

both_engines!(
    a_stranger_is_turned_away_and_fills_no_record,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (d, id) = (district("330102"), stage.put(zhang()));
        let stranger = stage.ctx(&[], &[]);
        let looked = run(look(&stranger, &stage.keys, d, id, &[Field::Phone], "own"));
        assert!(matches!(looked, Err(VaultError::Refused(_))));
        assert!(matches!(
            run(search(
                &stranger,
                &stage.keys,
                Field::Phone,
                "13812341234",
                "own"
            )),
            Err(VaultError::Refused(_))
        ));
        assert!(matches!(
            run(masked(&stranger, &stage.keys, d, id)),
            Err(VaultError::Refused(_))
        ));
        assert_eq!(stage.looks(d, id), []);
    }
);

both_engines!(nobody_is_found_where_there_is_nobody, &migrations(), |db| {
    let stage = Stage::new(db);
    let nobody = Id::new(testdb::monday(), [1; 10]);
    let looked = run(look(
        &stage.system(),
        &stage.keys,
        district("330102"),
        nobody,
        &[Field::Name],
        "handling",
    ));
    assert!(matches!(looked, Err(VaultError::NotFound)));
    // The right person, asked for in the wrong district.
    let id = stage.put(zhang());
    let looked = run(look(
        &stage.system(),
        &stage.keys,
        district("330108"),
        id,
        &[Field::Name],
        "handling",
    ));
    assert!(matches!(looked, Err(VaultError::NotFound)));
    assert!(matches!(
        run(look(
            &stage.system(),
            &stage.keys,
            district("330102"),
            id,
            &[],
            "handling"
        )),
        Err(VaultError::Field { .. })
    ));
});

both_engines!(
    a_search_needs_a_purpose_and_is_noted_with_whom_it_found,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (d, id) = (district("330102"), stage.put(zhang()));
        let acceptor = stage.ctx(&[Role::Acceptor], &["330102"]);
        let of = |kind, text: &str, purpose: &str| {
            run(search(&acceptor, &stage.keys, kind, text, purpose))
        };
        for text in ["+86 138-1234-1234", "１３８１２３４１２３４"] {
            assert_eq!(
                of(Field::Phone, text, "call_back").unwrap(),
                [(d, id)],
                "{text}"
            );
        }
        assert_eq!(of(Field::Name, " 张 三", "handling").unwrap(), [(d, id)]);
        assert_eq!(of(Field::Name, "张三丰", "handling").unwrap(), []);
        assert_eq!(
            stage.looks(d, id),
            [
                line("acceptor", "call_back", "found", "phone"),
                line("acceptor", "call_back", "found", "phone"),
                line("acceptor", "handling", "found", "name"),
            ]
        );
        assert!(matches!(
            of(Field::Phone, "13812341234", ""),
            Err(VaultError::Purpose(_))
        ));
        assert!(matches!(
            of(Field::Phone, "1234", "handling"),
            Err(VaultError::Field { .. })
        ));
        assert!(matches!(
            of(Field::Name, "张", "handling"),
            Err(VaultError::Field { .. })
        ));
        assert!(matches!(
            of(Field::Address, "张家巷", "handling"),
            Err(VaultError::Field { .. })
        ));
        let elsewhere = stage.ctx(&[Role::Acceptor], &["330108"]);
        assert_eq!(
            run(search(
                &elsewhere,
                &stage.keys,
                Field::Phone,
                "13812341234",
                "handling"
            ))
            .unwrap(),
            []
        );
        let handler = stage.ctx(&[Role::Handler], &[]);
        assert!(matches!(
            run(search(
                &handler,
                &stage.keys,
                Field::Phone,
                "13812341234",
                "handling"
            )),
            Err(VaultError::Refused(_))
        ));
        assert_eq!(
            stage.count(
                "SELECT count(*) FROM audit WHERE action = 'vault.search' AND outcome = 'refused'"
            ),
            2
        );
        // What was searched for is in no record.
        assert_eq!(
            stage.count(
                "SELECT count(*) FROM audit WHERE detail LIKE '%1381%' OR detail LIKE '%张三%'"
            ),
            0
        );
    }
);

both_engines!(a_masked_display_is_no_look, &migrations(), |db| {
    let stage = Stage::new(db);
    let (d, id) = (district("330102"), stage.put(zhang()));
    let handler = stage.ctx(&[Role::Handler], &["330102"]);
    assert_eq!(
        run(masked(&handler, &stage.keys, d, id)).unwrap().phone,
        "138****1234"
    );
    assert_eq!(stage.looks(d, id), []);
    let elsewhere = stage.ctx(&[Role::Handler], &["330108"]);
    assert!(matches!(
        run(masked(&elsewhere, &stage.keys, d, id)),
        Err(VaultError::NotFound)
    ));
});
