//! What becomes of an export: runs that die or fail, files past their time, what is left afterwards.

use crate::stage::{Stage, migrations, path};
use cases::State;
use exports::ops::Cleaned;
use serde_json::json;

testdb::both_engines!(
    one_that_failed_says_why_leaves_no_file_and_can_be_begun_again,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.case_at(State::PendingAccept);
        // A file where the folder should be.
        std::fs::write(stage.folder(), b"x").unwrap();
        let asked = stage.ask("shift_leader", &json!({ "kind": "cases.csv" }));
        assert_eq!(stage.write(), 1);
        let failed = stage.shown("shift_leader", &asked);
        assert_eq!(
            (&failed["state"], &failed["why"]),
            (&json!("failed"), &json!("disk"))
        );
        assert!(failed["sha256"].is_null() && failed["kept_to"].is_null());
        assert_eq!(
            stage.count("SELECT count(*) FROM vault_keys WHERE name LIKE 'export/%'"),
            0
        );
        assert_eq!(stage.told("shift_leader"), ["export.failed"]);
        assert_eq!(stage.trail("export.fail")[0]["why"], "disk");
        let page = stage.get(
            "shift_leader",
            &format!("/exports/{}", asked["id"].as_str().unwrap()),
        );
        assert!(page.text.contains("/again"), "{}", page.text);
        assert_eq!(stage.write(), 0, "not by itself");
        std::fs::remove_file(stage.folder()).unwrap();
        let again = format!("{}/again", path(&asked));
        assert_eq!(stage.post_text("shift_leader", &again, "").status, 202);
        assert_eq!(
            stage.post_text("shift_leader", &again, "").status,
            409,
            "once"
        );
        assert_eq!(stage.write(), 1);
        let done = stage.shown("shift_leader", &asked);
        assert_eq!(
            (&done["state"], &done["why"]),
            (&json!("done"), &json!(null))
        );
        assert_eq!(stage.fetched("shift_leader", &asked).0.written, 1);
        assert_eq!(stage.told("shift_leader"), ["export.done", "export.failed"]);
    }
);

testdb::both_engines!(
    a_run_that_died_is_begun_anew_and_half_a_file_is_none,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.case_at(State::PendingAccept);
        let asked = stage.ask("shift_leader", &json!({ "kind": "cases.csv" }));
        // As a process leaves it that was killed: taken, held for a while, half a file beside its place.
        stage.exec("UPDATE exports SET state = 'running', begun = 1, written = 0, run = id, leased_to = 1773622860000000");
        let id = asked["id"].as_str().unwrap();
        std::fs::create_dir_all(stage.folder()).unwrap();
        std::fs::write(stage.folder().join(format!("{id}_{id}.part")), b"half").unwrap();
        assert_eq!(stage.write(), 0, "somebody may still be at it");
        assert_eq!(stage.clean(), Cleaned::default(), "and writing");
        assert_eq!(stage.shown("shift_leader", &asked)["state"], "running");
        stage.wait(1);
        assert_eq!(stage.write(), 1);
        assert_eq!(stage.shown("shift_leader", &asked)["state"], "done");
        assert_eq!(stage.fetched("shift_leader", &asked).0.written, 1);
        assert_eq!(
            (stage.files(), stage.clean().stray, stage.files()),
            (2, 1, 1)
        );
        // A program that dies over it three times does not begin a fourth time.
        let asked = stage.ask("shift_leader", &json!({ "kind": "cases.geojson" }));
        stage.exec("UPDATE exports SET state = 'running', begun = 3, run = id, leased_to = 0 WHERE state = 'waiting'");
        assert_eq!(stage.write(), 1);
        let failed = stage.shown("shift_leader", &asked);
        assert_eq!(
            (&failed["state"], &failed["why"]),
            (&json!("failed"), &json!("interrupted"))
        );
        assert_eq!(stage.files(), 1);
    }
);

testdb::both_engines!(
    a_file_goes_when_its_time_is_over_and_what_is_left_a_month_later,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.of("王小二", "13800138000", false);
        let (plain, _) = stage.made("shift_leader", &json!({ "kind": "cases.csv" }));
        let with = json!({ "kind": "cases.csv", "purpose": "handling" });
        let (people, _) = stage.made("shift_leader", &with);
        let state = |export| {
            let shown = stage.shown("shift_leader", export);
            (shown["state"].clone(), shown["why"].clone())
        };
        stage.wait(23);
        assert_eq!(stage.clean(), Cleaned::default());
        stage.wait(2);
        // Over is over, also before anybody cleaned up.
        let file = format!("{}/file", path(&people));
        assert_eq!(stage.get("shift_leader", &file).status, 410);
        assert_eq!(
            (stage.clean().expired, stage.files()),
            (1, 1),
            "names go after a day"
        );
        assert_eq!(state(&people), (json!("removed"), json!("by_time")));
        assert_eq!(state(&plain), (json!("done"), json!(null)));
        stage.wait(6 * 24);
        assert_eq!(
            (stage.clean().expired, stage.files()),
            (1, 0),
            "after a week"
        );
        assert_eq!(
            stage.count("SELECT count(*) FROM vault_keys WHERE name LIKE 'export/%'"),
            0
        );
        let trail = stage.trail("export.remove");
        assert_eq!(trail.len(), 2);
        assert_eq!(
            (&trail[1]["why"], &trail[1]["sha256"]),
            (&json!("by_time"), &plain["sha256"])
        );
        stage.wait(32 * 24);
        assert_eq!(stage.clean().forgotten, 2);
        assert_eq!(stage.clean(), Cleaned::default());
        assert_eq!(stage.get("shift_leader", &path(&plain)).status, 404);
        assert_eq!(stage.trail("export.end").len(), 2, "the trail keeps both");
    }
);

testdb::both_engines!(
    a_file_that_is_not_on_this_machine_any_more_is_gone_and_a_changed_one_does_not_leave,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.case_at(State::PendingAccept);
        let (done, _) = stage.made("shift_leader", &json!({ "kind": "cases.csv" }));
        let file = format!("{}/file", path(&done));
        let lies = std::fs::read_dir(stage.folder()).unwrap().next().unwrap();
        let lies = lies.unwrap().path();
        let mut sealed = std::fs::read(&lies).unwrap();
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        std::fs::write(&lies, &sealed).unwrap();
        assert_eq!(stage.get("shift_leader", &file).status, 500);
        std::fs::remove_file(&lies).unwrap();
        assert_eq!(stage.get("shift_leader", &file).status, 410);
        assert_eq!(stage.trail("export.download").len(), 1, "the one that left");
    }
);
