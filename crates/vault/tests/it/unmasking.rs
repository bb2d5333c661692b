//! Confidential reports: two people, a reason, and the reporter can read it.

use crate::stage::{Stage, district, migrations, run, zhang};
use access::Role;
use std::time::Duration;
use testdb::both_engines;
use vault::ops::{ask_unmasking, decide_unmasking, look, masked, search};
use vault::{Field, VaultError};

both_engines!(
    a_confidential_reporter_is_shown_only_after_two_people_agreed,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (d, id) = (district("330102"), stage.put(zhang().confidential(true)));
        let asker = stage.ctx(&[Role::Acceptor], &[]);
        let leader = stage.ctx(&[Role::ShiftLeader], &[]);
        let shown = |ctx| run(look(ctx, &stage.keys, d, id, &[Field::Name], "duty"));

        assert!(matches!(shown(&asker), Err(VaultError::Confidential)));
        assert!(matches!(shown(&leader), Err(VaultError::Confidential)));
        let hidden = run(masked(&leader, &stage.keys, d, id)).unwrap();
        assert_eq!(
            (
                hidden.is_confidential,
                hidden.name.as_str(),
                hidden.phone.as_str()
            ),
            (true, "", "")
        );
        assert_eq!(
            run(search(
                &leader,
                &stage.keys,
                Field::Phone,
                "13812341234",
                "duty"
            ))
            .unwrap(),
            []
        );

        assert!(matches!(
            run(ask_unmasking(&asker, d, id, " ")),
            Err(VaultError::Field { .. })
        ));
        let asked = run(ask_unmasking(&asker, d, id, "报案人需作证")).unwrap();
        assert!(matches!(
            run(decide_unmasking(&asker, d, asked.id, true)),
            Err(VaultError::Unmasking(_))
        ));
        assert!(matches!(shown(&asker), Err(VaultError::Confidential)));
        run(decide_unmasking(&leader, d, asked.id, true)).unwrap();
        assert!(matches!(
            run(decide_unmasking(&leader, d, asked.id, false)),
            Err(VaultError::Unmasking(_))
        ));
        assert_eq!(shown(&asker).unwrap()[0].1, "张三");
        // Only the one who asked, and only for a day.
        assert!(matches!(shown(&leader), Err(VaultError::Confidential)));
        stage.clock.advance(Duration::from_secs(24 * 3600 + 1));
        assert!(matches!(
            shown(&asker.renewed()),
            Err(VaultError::Confidential)
        ));

        let outcomes: Vec<String> = stage.looks(d, id).into_iter().map(|l| l.2).collect();
        for word in ["unmasking_asked", "unmasking_granted", "seen", "refused"] {
            assert!(outcomes.iter().any(|o| o == word), "{word} in {outcomes:?}");
        }
    }
);

both_engines!(
    one_person_with_both_roles_is_still_one_person,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (d, id) = (district("330102"), stage.put(zhang().confidential(true)));
        let alone = stage.ctx(&[Role::Acceptor, Role::ShiftLeader], &[]);
        let asked = run(ask_unmasking(&alone, d, id, "报案人需作证")).unwrap();
        assert!(matches!(
            run(decide_unmasking(&alone, d, asked.id, true)),
            Err(VaultError::Unmasking(_))
        ));
        let other = stage.ctx(&[Role::ShiftLeader], &[]);
        run(decide_unmasking(&other, d, asked.id, false)).unwrap();
        let looked = run(look(&alone, &stage.keys, d, id, &[Field::Name], "duty"));
        assert!(matches!(looked, Err(VaultError::Confidential)));
    }
);

both_engines!(
    a_request_lapses_and_the_program_cannot_ask,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (d, id) = (district("330102"), stage.put(zhang().confidential(true)));
        let open = stage.put(zhang());
        assert!(matches!(
            run(ask_unmasking(&stage.system(), d, id, "no person asks")),
            Err(VaultError::Unmasking(_))
        ));
        let asker = stage.ctx(&[Role::Acceptor], &[]);
        assert!(matches!(
            run(ask_unmasking(&asker, d, open, "不必申请")),
            Err(VaultError::Unmasking(_))
        ));
        let asked = run(ask_unmasking(&asker, d, id, "报案人需作证")).unwrap();
        stage.clock.advance(Duration::from_secs(73 * 3600));
        let leader = stage.ctx(&[Role::ShiftLeader], &[]);
        assert!(matches!(
            run(decide_unmasking(&leader, d, asked.id, true)),
            Err(VaultError::Unmasking(_))
        ));
    }
);
