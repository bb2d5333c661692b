//! Names and phones: only for a purpose, only by a right, each a look; never of a confidential reporter.

use crate::stage::{Stage, column, migrations, rows};
use access::Role;
use kernel::DistrictCode;
use kernel::id::Id;
use serde_json::json;
use store::StoreError;
use vault::model::ErasureCause;

const WITH: &str = "handling";

testdb::both_engines!(
    names_and_phones_need_a_purpose_and_a_right_and_each_is_a_look,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.of("王小二", "13800138000", false);
        stage.of("李四", "13900139000", true);
        stage.case_at(cases::State::PendingAccept);
        let looks = |outcome| stage.audited("vault.look", outcome);
        let (done, bytes) = stage.made(
            "shift_leader",
            &json!({ "kind": "cases.csv", "purpose": WITH }),
        );
        let file = rows(&bytes);
        let mut names = column(&file, "name");
        names.sort_unstable();
        assert_eq!(names, ["", "", "王小二"], "nobody confidential");
        let mut phones = column(&file, "phone");
        phones.sort_unstable();
        assert_eq!(phones, ["", "", "13800138000"]);
        assert_eq!(done["purpose"], WITH);
        assert_eq!((looks("done"), looks("refused")), (1, 1));
        let seen =
            "SELECT count(*) FROM vault_looks WHERE purpose = 'handling' AND role = 'shift_leader'";
        assert_eq!(stage.count(seen), 2, "the persons read who looked");
        // Fetching it again is no new look.
        stage.fetched("shift_leader", &done);
        assert_eq!(looks("done"), 1);
        // Nothing of it lies in the clear, nor in the trail.
        let lies = std::fs::read_dir(stage.folder()).unwrap().next().unwrap();
        let lies = std::fs::read(lies.unwrap().path()).unwrap();
        let has =
            |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
        assert!(has(&bytes, "13800138000") && !has(&lies, "13800138000"));
        for act in [
            "export.ask",
            "export.begin",
            "export.end",
            "export.download",
        ] {
            for detail in stage.trail(act) {
                assert!(!detail.to_string().contains("138"), "{detail}");
            }
        }
        // Without a purpose there is no column, and no look.
        let (_, bytes) = stage.made("shift_leader", &json!({ "kind": "cases.csv" }));
        assert!(!has(&bytes, "13800138000") && rows(&bytes)[0].get("phone").is_none());
        assert_eq!(looks("done"), 1);
        // Not for whoever may not look at people's data, nor for a purpose that is none of a file.
        let body = json!({ "kind": "cases.csv", "purpose": WITH });
        for login in ["auditor", "analyst", "water_lead"] {
            let reply = stage.post(login, "/api/v1/exports", &body);
            assert_eq!(reply.status, 403, "{login}: {reply:?}");
        }
        for purpose in ["curiosity", "notice", "own", " "] {
            let body = json!({ "kind": "cases.csv", "purpose": purpose });
            let reply = stage.post("shift_leader", "/api/v1/exports", &body);
            assert_eq!(
                (reply.status, &reply.body["field"]),
                (422, &json!("purpose")),
                "{purpose}: {reply:?}"
            );
        }
        assert_eq!(stage.write(), 0);
    }
);

testdb::both_engines!(
    who_was_shown_a_confidential_reporter_does_not_take_the_name_out,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let case = stage.of("李四", "13900139000", true);
        let (district, subject) = (case.district, case.subject.unwrap());
        let ask = stage.ctx("shift_leader");
        let request = stage
            .run(vault::ops::ask_unmasking(
                &ask,
                district,
                subject,
                case.id.0,
                "追究打击报复",
            ))
            .unwrap();
        let other = stage.ctx("desk");
        stage
            .run(vault::ops::decide_unmasking(
                &other, district, request.id, case.id.0, true,
            ))
            .unwrap();
        // The one look is allowed, the file is not.
        let (_, bytes) = stage.made(
            "shift_leader",
            &json!({ "kind": "cases.csv", "purpose": WITH }),
        );
        let file = rows(&bytes);
        assert_eq!(
            stage.audited("vault.look", "done"),
            1,
            "the look was allowed"
        );
        assert_eq!(
            (column(&file, "name"), column(&file, "phone")),
            (vec![""], vec![""])
        );
    }
);

fn erase(stage: &Stage, district: DistrictCode, subject: Id) {
    let ctx = stage.ctx("shift_leader");
    stage
        .run(vault::ops::erase(
            &ctx,
            district,
            subject,
            ErasureCause::Requested,
        ))
        .unwrap();
}

testdb::both_engines!(
    a_file_that_names_somebody_goes_when_that_person_is_erased,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let named = stage.of("王小二", "13800138000", false);
        let with = json!({ "kind": "cases.csv", "purpose": WITH });
        let (naming, _) = stage.made("shift_leader", &with);
        let (without, _) = stage.made("shift_leader", &json!({ "kind": "cases.csv" }));
        let later = stage.of("赵六", "13700137000", false);
        // Somebody else's erasure touches neither.
        stage.clock.advance(std::time::Duration::from_secs(1));
        erase(&stage, later.district, later.subject.unwrap());
        assert_eq!(stage.clean(), Default::default());
        assert_eq!(stage.files(), 2);
        erase(&stage, named.district, named.subject.unwrap());
        assert_eq!(stage.clean().erased, 1);
        assert_eq!(stage.files(), 1);
        let gone = stage.shown("shift_leader", &naming);
        assert_eq!(
            (&gone["state"], &gone["why"]),
            (&json!("removed"), &json!("by_erasure"))
        );
        assert_eq!(gone["sha256"], naming["sha256"], "what it was stays known");
        let reply = stage.get(
            "shift_leader",
            &format!("{}/file", crate::stage::path(&naming)),
        );
        assert_eq!(reply.status, 410, "{reply:?}");
        assert_eq!(stage.shown("shift_leader", &without)["state"], "done");
        // A new file names nobody, and nothing is left of the key.
        let (_, bytes) = stage.made("shift_leader", &with);
        assert_eq!(column(&rows(&bytes), "name"), ["", ""]);
        assert_eq!(
            stage.count("SELECT count(*) FROM vault_keys WHERE name LIKE 'export/%'"),
            2
        );
        assert_eq!(stage.clean(), Default::default());
    }
);

testdb::both_engines!(
    who_lost_the_right_in_between_gets_no_file,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.of("王小二", "13800138000", false);
        let with = json!({ "kind": "cases.csv", "purpose": WITH });
        let asked = stage.ask("shift_leader", &with);
        // Still allowed to take cases out, but not to look at people's data.
        stage.change("shift_leader", &[Role::Auditor], &[]);
        assert_eq!(stage.write(), 1);
        assert_eq!(stage.audited("vault.look", "done"), 0);
        assert_eq!(stage.files(), 0);
        let failed = stage.shown("shift_leader", &asked);
        assert_eq!(
            (&failed["state"], &failed["why"]),
            (&json!("failed"), &json!("no_rights"))
        );
        let again = format!("{}/again", crate::stage::path(&asked));
        let reply = stage.post_text("shift_leader", &again, "");
        assert_eq!(reply.status, 403, "{reply:?}");
        // With the right back it can be begun again; and who loses it afterwards does not fetch it.
        stage.change("shift_leader", &[Role::ShiftLeader], &[]);
        assert_eq!(stage.post_text("shift_leader", &again, "").status, 202);
        assert_eq!(stage.write(), 1);
        assert_eq!(stage.fetched("shift_leader", &asked).0.written, 1);
        stage.change("shift_leader", &[Role::Auditor], &[]);
        let file = format!("{}/file", crate::stage::path(&asked));
        assert_eq!(stage.get("shift_leader", &file).status, 403);
        // A closed account gets nothing either.
        stage.change("shift_leader", &[Role::ShiftLeader], &[]);
        stage.ask("shift_leader", &json!({ "kind": "cases.csv" }));
        let account = stage.accounts["shift_leader"];
        stage
            .system()
            .write_blocking::<_, access::AccountError, _>(move |w| {
                access::ops::accounts::set_closed(w, account, true)
            })
            .unwrap();
        assert_eq!(stage.write(), 1);
        let failed: Result<_, StoreError> = stage.system().read_blocking(|r| {
            r.one::<(i64,)>("SELECT count(*) FROM exports WHERE why = 'no_rights'", &[])
        });
        assert_eq!(failed.unwrap().0, 1);
    }
);

testdb::both_engines!(
    who_loses_the_right_in_the_middle_of_a_file_gets_none_of_it,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        for n in 0..250 {
            stage.of("王小二", &format!("138{n:08}"), false);
        }
        let with = json!({ "kind": "cases.csv", "purpose": WITH });
        let asked = stage.ask("shift_leader", &with);
        let looks = || stage.count("SELECT count(*) FROM vault_looks");
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| stage.write());
            while looks() == 0 && !writing.is_finished() {
                std::thread::yield_now();
            }
            stage.change("shift_leader", &[Role::Auditor], &[]);
            assert_eq!(writing.join().unwrap(), 1);
        });
        let failed = stage.shown("shift_leader", &asked);
        assert_eq!(
            (&failed["state"], &failed["why"]),
            (&json!("failed"), &json!("no_rights"))
        );
        assert!(looks() < 250, "the rest was not looked at: {}", looks());
        assert_eq!(stage.files(), 0);
    }
);
