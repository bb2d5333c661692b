//! Asking: whose exports they are, what is refused and by which field, how many there may be; the pages.

use crate::stage::{Stage, migrations, path};
use cases::State;
use serde_json::{Value, json};

testdb::both_engines!(
    what_cannot_be_used_is_refused_by_its_field,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let day = "2026-03-16";
        for (login, body, field) in [
            ("analyst", json!({}), "kind"),
            ("analyst", json!({ "kind": "cases.xlsx" }), "kind"),
            ("analyst", json!({ "kind": 7 }), "kind"),
            (
                "analyst",
                json!({ "kind": "cases.csv", "from": "yesterday" }),
                "from",
            ),
            (
                "analyst",
                json!({ "kind": "cases.csv", "to": "2026-02-30" }),
                "to",
            ),
            (
                "analyst",
                json!({ "kind": "cases.csv", "to": "9999-12-31" }),
                "to",
            ),
            (
                "analyst",
                json!({ "kind": "cases.csv", "from": day, "to": "2026-03-15" }),
                "to",
            ),
            (
                "analyst",
                json!({ "kind": "facts.parquet", "from": day }),
                "from",
            ),
            (
                "analyst",
                json!({ "kind": "facts.parquet", "to": day }),
                "to",
            ),
            (
                "analyst",
                json!({ "kind": "cases.csv", "columns": "phone" }),
                "columns",
            ),
        ] {
            let reply = stage.post(login, "/api/v1/exports", &body);
            assert_eq!(
                (reply.status, reply.body["field"].as_str()),
                (422, Some(field)),
                "{body}: {reply:?}"
            );
        }
        for text in ["", "[]", "{", "null", "\"cases.csv\""] {
            let reply = stage.post_text("analyst", "/api/v1/exports", text);
            assert!((400..500).contains(&reply.status), "{text}: {reply:?}");
        }
        for id in ["x", "018f0000-0000-7000-8000-000000000000", "%00"] {
            for end in ["", "/file"] {
                let reply = stage.get("analyst", &format!("/api/v1/exports/{id}{end}"));
                assert_eq!(reply.status, 404, "{id}{end}: {reply:?}");
            }
        }
        assert_eq!(stage.count("SELECT count(*) FROM exports"), 0);
        assert_eq!(stage.write(), 0);
    }
);

testdb::both_engines!(
    an_export_is_whose_it_is_and_the_auditor_sees_all_without_their_files,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.case_at(State::PendingAccept);
        let (mine, _) = stage.made("shift_leader", &json!({ "kind": "cases.csv" }));
        let file = format!("{}/file", path(&mine));
        let ids = |login: &str| {
            let list = stage.get(login, "/api/v1/exports").body;
            let items = list["items"].as_array().unwrap().iter();
            items.map(|e| e["id"].clone()).collect::<Vec<Value>>()
        };
        assert_eq!(ids("shift_leader"), [mine["id"].clone()]);
        assert_eq!(ids("desk"), [] as [Value; 0]);
        for (end, post) in [
            ("", false),
            ("/file", false),
            ("/again", true),
            ("/remove", true),
        ] {
            let at = format!("{}{end}", path(&mine));
            let reply = match post {
                true => stage.post_text("desk", &at, ""),
                false => stage.get("desk", &at),
            };
            assert_eq!(reply.status, 404, "{end}: {reply:?}");
        }
        assert_eq!(ids("auditor"), [mine["id"].clone()]);
        let seen = stage.shown("auditor", &mine);
        assert_eq!(
            (&seen["by"], &seen["sha256"]),
            (&json!("shift_leader"), &mine["sha256"])
        );
        assert_eq!(stage.get("auditor", &file).status, 404);
        let remove = format!("{}/remove", path(&mine));
        assert_eq!(stage.post_text("auditor", &remove, "").status, 404);
        assert_eq!(stage.get("shift_leader", &file).status, 200);
        assert_eq!(stage.trail("export.download").len(), 2, "only what left");
    }
);

testdb::both_engines!(
    there_are_only_so_many_at_once_and_one_that_waits_can_be_dropped,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let body = json!({ "kind": "cases.csv" });
        let first = stage.ask("shift_leader", &body);
        stage.ask("shift_leader", &body);
        let third = stage.post("shift_leader", "/api/v1/exports", &body);
        assert_eq!(
            (third.status, &third.body["code"]),
            (409, &json!("exports.enough_open"))
        );
        let other = stage.ask("auditor", &body);
        let file = format!("{}/file", path(&first));
        assert_eq!(stage.get("shift_leader", &file).status, 409, "not yet");
        let remove = format!("{}/remove", path(&first));
        let dropped = stage.post_text("shift_leader", &remove, "");
        assert_eq!(
            (dropped.status, &dropped.body["why"]),
            (200, &json!("by_owner"))
        );
        assert_eq!(
            stage.post_text("shift_leader", &remove, "").status,
            409,
            "once"
        );
        assert_eq!(stage.write(), 2, "one of each");
        assert_eq!(stage.shown("auditor", &other)["state"], "done");
        assert_eq!(
            (stage.files(), stage.get("shift_leader", &file).status),
            (2, 410)
        );
        for _ in 0..9 {
            stage.ask("shift_leader", &body);
            assert_eq!(stage.write(), 1);
        }
        let full = stage.post("shift_leader", "/api/v1/exports", &body);
        assert_eq!(
            (full.status, &full.body["code"]),
            (409, &json!("exports.enough_kept"))
        );
    }
);

testdb::both_engines!(
    the_pages_lead_from_asking_to_the_file_without_script,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.case_at(State::PendingAccept);
        let id = "0195a000-0000-7000-8000-000000000001";
        let wrong = [("id", id), ("kind", "cases.csv"), ("from", "x")];
        let reply = stage.urlencoded("shift_leader", "/exports", &wrong);
        assert_eq!(reply.status, 422);
        assert!(
            reply.text.contains("href=\"#f-from\"") && reply.text.contains(id),
            "{}",
            reply.text
        );
        let backward = [
            ("kind", "cases.csv"),
            ("from", "2026-03-02"),
            ("to", "2026-03-01"),
        ];
        let reply = stage.urlencoded("shift_leader", "/exports", &backward);
        assert_eq!(reply.status, 422);
        assert!(
            reply.text.contains("The period ends before it begins"),
            "{}",
            reply.text
        );
        let form = [
            ("id", id),
            ("kind", "cases.csv"),
            ("from", ""),
            ("to", ""),
            ("purpose", ""),
        ];
        let at = format!("/exports/{id}");
        for _ in 0..2 {
            // Sent twice it is asked for once.
            let reply = stage.urlencoded("shift_leader", "/exports", &form);
            assert_eq!((reply.status, reply.location.as_str()), (303, at.as_str()));
        }
        assert_eq!(stage.count("SELECT count(*) FROM exports"), 1);
        let taken = stage.urlencoded("auditor", "/exports", &form);
        assert_eq!(taken.status, 422, "somebody else's id: {}", taken.text);
        let waits = stage.get("shift_leader", &at);
        assert!(
            waits.text.contains("http-equiv=\"refresh\""),
            "{}",
            waits.text
        );
        assert_eq!(stage.write(), 1);
        let done = stage.get("shift_leader", &at);
        assert!(!done.text.contains("http-equiv=\"refresh\""));
        let shown = stage.get("shift_leader", &format!("/api/v1{at}")).body;
        assert!(done.text.contains(shown["sha256"].as_str().unwrap()));
        let file = stage.get("shift_leader", &format!("{at}/file"));
        assert_eq!(crate::stage::hash(file.text.as_bytes()), shown["sha256"]);
        let list = stage.get("shift_leader", "/exports");
        assert!(list.text.contains(&at), "{}", list.text);
        assert_eq!(stage.get("acceptor", "/exports").status, 403);
    }
);
