//! Reminders by people and supervised handling: who may, once, by whom it is signed off.

use crate::stage::{act, city, count, follow, migrations, told, wait};
use cases::State;
use cases::ops::Step;
use serde_json::json;
use testdb::both_engines;

both_engines!(a_step_is_reminded_of_once, &migrations(), |db| {
    let city = city(db);
    let case = city.case_at(State::PendingSign);
    let path = format!("/api/v1/cases/{}/reminders", case.number);
    assert_eq!(city.post("water", &path, &json!({})).status, 403);
    assert_eq!(
        city.post(
            "shift_leader",
            &path,
            &json!({ "words": "请尽快，电话13800138000" })
        )
        .status,
        204
    );
    assert_eq!(told(&city, "water_lead"), ["supervision.reminder"]);
    assert_eq!(city.post("leader", &path, &json!({})).status, 409);
    // What people write is masked, and it stands in the file.
    let said = city.get("shift_leader", &path);
    assert_eq!(said.body[0]["kind"], "person", "{}", said.text);
    assert!(!said.text.contains("13800138000"));
    assert!(
        city.get("shift_leader", &format!("/cases/{}", case.number))
            .status
            == 200
    );
    act(&city, "water", &case, Step::Sign);
    assert_eq!(
        city.post("leader", &path, &json!({})).status,
        204,
        "another step"
    );
    assert_eq!(city.get("clean", &path).status, 404, "not this unit's case");
    assert_eq!(
        city.post(
            "shift_leader",
            "/api/v1/cases/330102-20260316-09999/reminders",
            &json!({})
        )
        .status,
        404
    );
});

both_engines!(
    a_supervision_is_reported_on_and_signed_off_by_whoever_opened_it,
    &migrations(),
    |db| {
        let city = city(db);
        let case = city.case_at(State::Handling);
        let open = |login: &str, limit: &str| {
            city.post(
                login,
                "/api/v1/supervised",
                &json!({ "case": case.number, "instruction": "三日内恢复并报告", "limit": limit }),
            )
        };
        assert_eq!(open("dispatcher", "3工作日").status, 403);
        for (limit, status) in [("", 422), ("3天", 422), ("x", 422)] {
            assert_eq!((open("leader", limit).status, limit), (status, limit));
        }
        let opened = open("leader", "3工作日");
        assert_eq!(opened.status, 201, "{}", opened.text);
        assert_eq!(opened.body["due_at"], "2026-03-19T09:00:00+08:00");
        assert_eq!(open("leader", "3工作日").status, 409);
        assert_eq!(told(&city, "water_lead"), ["supervised.opened"]);
        let path = format!("/api/v1/supervised/{}", opened.body["id"].as_str().unwrap());
        let report = |login: &str| {
            city.post(
                login,
                &format!("{path}/report"),
                &json!({ "report": "已恢复" }),
            )
        };
        let decide = |login: &str, word: &str| {
            city.post(
                login,
                &format!("{path}/decide"),
                &json!({ "decision": word, "words": "请补充照片" }),
            )
        };
        assert_eq!(
            decide("leader", "sign_off").status,
            409,
            "there is no report yet"
        );
        assert_eq!(
            report("clean").status,
            404,
            "another unit does not know of it"
        );
        assert_eq!(report("water").status, 200);
        assert_eq!(told(&city, "leader"), ["supervised.reported"]);
        // The guard: neither another leader nor the unit signs it off.
        assert_eq!(decide("shift_leader", "sign_off").status, 403);
        assert_eq!(decide("water_lead", "sign_off").status, 403);
        assert_eq!(decide("leader", "send_back").body["state"], "open");
        assert_eq!(report("water_lead").status, 200);
        assert_eq!(decide("leader", "sign_off").body["state"], "signed_off");
        assert_eq!(decide("leader", "withdraw").status, 409);
        let full = city.get("leader", &path);
        let marks: Vec<&str> = full.body["marks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["mark"].as_str().unwrap())
            .collect();
        assert_eq!(
            marks,
            ["opened", "reported", "sent_back", "reported", "signed_off"]
        );
        for login in ["leader", "water", "auditor"] {
            assert_eq!(city.get(login, &path).status, 200, "{login}");
        }
        assert_eq!(city.get("clean", &path).status, 404);
        assert_eq!(city.audited("supervision.sign_off", "done"), 1);
    }
);

both_engines!(
    an_instruction_without_a_case_and_counts_by_unit_and_a_late_report_is_told_once,
    &migrations(),
    |db| {
        let city = city(db);
        let unit = city.unit("WATER").to_string();
        let without = city.post(
            "leader",
            "/api/v1/supervised",
            &json!({ "instruction": "摸排井盖", "limit": "1工作日" }),
        );
        assert_eq!(
            (without.status, &without.body["field"]),
            (422, &"unit".into()),
            "{}",
            without.text
        );
        let opened = city.post(
            "leader",
            "/api/v1/supervised",
            &json!({ "unit": unit, "instruction": "摸排井盖", "limit": "1工作日" }),
        );
        assert_eq!(opened.status, 201, "{}", opened.text);
        city.post(
            "shift_leader",
            "/api/v1/supervised",
            &json!({ "unit": unit, "instruction": "再查", "limit": "5工作日", "origin": "effect" }),
        );
        let listed = city.get("leader", "/api/v1/supervised?limit=1");
        assert_eq!(
            listed.body["items"][0]["instruction"], "摸排井盖",
            "{}",
            listed.text
        );
        let after = listed.body["next"].as_str().unwrap();
        let second = city.get(
            "leader",
            &format!("/api/v1/supervised?limit=1&after={after}"),
        );
        assert_eq!(
            second.body["items"][0]["instruction"], "再查",
            "{}",
            second.text
        );
        assert!(second.body["next"].is_null());
        wait(&city, 60 * 24 * 2);
        assert_eq!(
            city.run(supervision::ops::tell_late(&city.system()))
                .unwrap(),
            1
        );
        assert_eq!(
            city.run(supervision::ops::tell_late(&city.system()))
                .unwrap(),
            0
        );
        assert_eq!(count(&city, "supervised.late"), 2);
        let counts = city.get("leader", "/api/v1/supervised/counts");
        assert_eq!(
            (
                counts.body[0]["count"].as_i64(),
                counts.body[0]["late"].as_i64()
            ),
            (Some(2), Some(1)),
            "{}",
            counts.text
        );
        assert!(
            city.get("clean", "/api/v1/supervised/counts")
                .body
                .as_array()
                .unwrap()
                .is_empty()
        );
        for bad in ["?state=x", "?unit=x", "?after=x", "?limit=0"] {
            assert_eq!(
                city.get("leader", &format!("/api/v1/supervised{bad}"))
                    .status,
                422,
                "{bad}"
            );
        }
        for page in [
            "/supervision",
            "/supervision?state=open",
            "/supervision/new",
            "/supervision/ladder",
            "/supervision/ladder?level=0",
        ] {
            assert_eq!(city.get("leader", page).status, 200, "{page}");
        }
        follow(&city);
    }
);
