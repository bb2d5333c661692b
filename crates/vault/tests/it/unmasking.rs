//! Confidential reports: two people, a reason, and the reporter can read it.

use crate::stage::{Stage, district, migrations, run, zhang};
use access::Role;
use kernel::id::Id;
use std::time::Duration;
use testdb::both_engines;
use vault::ops::{
    UNMASKING, UnmaskingMove, UnmaskingStep, ask_unmasking, decide_unmasking, look, masked, search,
};
use vault::{Field, VaultError};

/// What the person is kept for: the vault hands it on and knows nothing of it.
fn matter() -> Id {
    Id::from_bytes([7; 16])
}

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
            run(ask_unmasking(&asker, d, id, matter(), " ")),
            Err(VaultError::Field { .. })
        ));
        let asked = run(ask_unmasking(&asker, d, id, matter(), "报案人需作证")).unwrap();
        assert!(matches!(
            run(decide_unmasking(&asker, d, asked.id, matter(), true)),
            Err(VaultError::Unmasking(_))
        ));
        assert!(matches!(shown(&asker), Err(VaultError::Confidential)));
        run(decide_unmasking(&leader, d, asked.id, matter(), true)).unwrap();
        assert!(matches!(
            run(decide_unmasking(&leader, d, asked.id, matter(), false)),
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
        let asked = run(ask_unmasking(&alone, d, id, matter(), "报案人需作证")).unwrap();
        assert!(matches!(
            run(decide_unmasking(&alone, d, asked.id, matter(), true)),
            Err(VaultError::Unmasking(_))
        ));
        let other = stage.ctx(&[Role::ShiftLeader], &[]);
        run(decide_unmasking(&other, d, asked.id, matter(), false)).unwrap();
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
            run(ask_unmasking(
                &stage.system(),
                d,
                id,
                matter(),
                "no person asks"
            )),
            Err(VaultError::Unmasking(_))
        ));
        let asker = stage.ctx(&[Role::Acceptor], &[]);
        assert!(matches!(
            run(ask_unmasking(&asker, d, open, matter(), "不必申请")),
            Err(VaultError::Unmasking(_))
        ));
        let asked = run(ask_unmasking(&asker, d, id, matter(), "报案人需作证")).unwrap();
        stage.clock.advance(Duration::from_secs(73 * 3600));
        let leader = stage.ctx(&[Role::ShiftLeader], &[]);
        assert!(matches!(
            run(decide_unmasking(&leader, d, asked.id, matter(), true)),
            Err(VaultError::Unmasking(_))
        ));
    }
);

both_engines!(
    each_step_of_a_request_is_in_the_outbox_without_person_and_reason,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let (d, id) = (district("330102"), stage.put(zhang().confidential(true)));
        let asker = stage.ctx(&[Role::Acceptor], &[]);
        let leader = stage.ctx(&[Role::ShiftLeader], &[]);
        let steps = || {
            let rows = stage
                .system()
                .read_blocking::<_, store::StoreError, _>(|r| {
                    let sql = "SELECT object_id, body FROM outbox WHERE topic = $1 ORDER BY seq";
                    r.all::<(Id, String)>(sql, store::params![UNMASKING])
                })
                .unwrap();
            let step = |(about, body): (Id, String)| {
                assert_eq!(about, matter());
                assert!(
                    !body.contains("作证") && !body.contains(&id.to_string()),
                    "{body}"
                );
                serde_json::from_str::<UnmaskingStep>(&body).unwrap()
            };
            rows.into_iter().map(step).collect::<Vec<_>>()
        };
        let asked = run(ask_unmasking(&asker, d, id, matter(), "报案人需作证")).unwrap();
        let found = steps();
        let [first] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            (first.request, first.step),
            (asked.id, UnmaskingMove::Asked(asked.lapses_at))
        );
        // What is refused is no step.
        assert!(run(decide_unmasking(&asker, d, asked.id, matter(), true)).is_err());
        assert_eq!(steps().len(), 1);
        run(decide_unmasking(&leader, d, asked.id, matter(), true)).unwrap();
        let again = run(ask_unmasking(&asker, d, id, matter(), "报案人需作证")).unwrap();
        run(decide_unmasking(&leader, d, again.id, matter(), false)).unwrap();
        let found = steps();
        assert!(
            matches!(found[1].step, UnmaskingMove::Granted(_)),
            "{found:?}"
        );
        assert_eq!(found[3].step, UnmaskingMove::Refused);
        assert!(found.iter().all(|s| s.asked_by == first.asked_by));
    }
);
