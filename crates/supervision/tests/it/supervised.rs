//! Reminders by people and supervised handling: who may, once, by whom it is signed off.

use crate::city::City;
use crate::stage::{act, city, count, follow, migrations, told, wait};
use access::AccountError;
use access::ops::{accounts, deputies};
use cases::State;
use cases::ops::Step;
use jiff::Timestamp;
use serde_json::Value;
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
    of_calls_at_one_moment_one_opens_a_supervision,
    &migrations(),
    |db| {
        let city = city(db);
        for _ in 0..6 {
            let case = city.case_at(State::Handling);
            let body =
                json!({ "case": case.number, "instruction": "限期恢复", "limit": "3工作日" });
            let mut statuses: Vec<u16> = std::thread::scope(|s| {
                let open = || city.post("leader", "/api/v1/supervised", &body).status;
                let calls: Vec<_> = (0..3).map(|_| s.spawn(open)).collect();
                calls.into_iter().map(|c| c.join().unwrap()).collect()
            });
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409, 409]);
        }
        assert_eq!(city.count("SELECT count(*) FROM supervised"), 6);
    }
);

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

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn supervise(city: &City, login: &str, body: &Value) -> String {
    let opened = city.post(login, "/api/v1/supervised", body);
    assert_eq!(opened.status, 201, "{}", opened.text);
    format!("/api/v1/supervised/{}", opened.body["id"].as_str().unwrap())
}

fn report(city: &City, path: &str) -> u16 {
    let body = json!({ "report": "已恢复" });
    city.post("water", &format!("{path}/report"), &body).status
}

fn decide(city: &City, login: &str, path: &str, word: &str) -> u16 {
    let body = json!({ "decision": word, "words": "请补充照片" });
    city.post(login, &format!("{path}/decide"), &body).status
}

both_engines!(
    another_calendar_moves_a_report_that_is_owed_and_its_file_keeps_both,
    &migrations(),
    |db| {
        let city = city(db);
        let unit = city.unit("WATER").to_string();
        let body = |limit: &str| json!({ "unit": unit, "instruction": "摸排井盖", "limit": limit });
        let owed = supervise(&city, "leader", &body("5工作日"));
        let given = supervise(&city, "leader", &body("5工作日"));
        let day = supervise(&city, "leader", &body("30自然日"));
        assert_eq!(report(&city, &given), 200);
        let due = |path: &str| city.get("leader", path).body["supervised"]["due_at"].clone();
        assert_eq!(due(&owed), "2026-03-23T09:00:00+08:00");
        let run = || {
            city.run(cases::ops::recompute(&city.system(), |_| {}))
                .unwrap()
        };
        run();
        city.calendar("version typhoon\nlocal\noff 2026-03-17 台风\n");
        let done = run().unwrap();
        // Two are owed; one of them is counted in calendar days.
        assert_eq!((done.seen, done.moved, done.failed), (2, 1, 0));
        assert_eq!(due(&owed), "2026-03-24T09:00:00+08:00");
        assert_eq!(
            due(&given),
            "2026-03-23T09:00:00+08:00",
            "its clock has ended"
        );
        assert_eq!(due(&day), "2026-04-15T09:00:00+08:00");
        let full = city.get("leader", &owed);
        let mark = &full.body["marks"][1];
        assert_eq!(
            (
                &mark["mark"],
                &mark["was_due_at"],
                &mark["due_at"],
                &mark["calendar"]
            ),
            (
                &json!("recomputed"),
                &json!("2026-03-23T09:00:00+08:00"),
                &json!("2026-03-24T09:00:00+08:00"),
                &json!("typhoon")
            ),
            "{}",
            full.text
        );
        let page = city.get(
            "leader",
            &owed.replace("/api/v1/supervised", "/supervision"),
        );
        assert!(page.text.contains("typhoon"), "{}", page.text);
        assert!(run().is_none());
        // Sent back, its limit begins anew by the calendar of now.
        assert_eq!(decide(&city, "leader", &given, "send_back"), 200);
        assert_eq!(due(&given), "2026-03-24T09:00:00+08:00");
        assert_eq!(city.audited("supervision.recompute", "done"), 1);
    }
);

both_engines!(
    a_supervised_matter_beyond_the_loaded_calendar_is_provisional_until_it_is_loaded,
    &migrations(),
    |db| {
        let city = city(db);
        // Thursday 2026-12-31, nine o'clock.
        wait(&city, 290 * 24 * 60);
        let unit = city.unit("WATER").to_string();
        let body = json!({ "unit": unit, "instruction": "摸排井盖", "limit": "2工作日" });
        let path = supervise(&city, "leader", &body);
        let shown = || {
            let full = city.get("leader", &path).body["supervised"].clone();
            let list = city.get("leader", "/supervision").text;
            (
                full["provisional"].clone(),
                full["due_at"].clone(),
                list.contains("暂定"),
            )
        };
        let (provisional, _, is_said) = shown();
        assert_eq!((provisional, is_said), (json!(true), true));
        city.calendar("version cn-2027\nyear 2027\noff 2027-01-01..2027-01-03 元旦\noff 2027-10-01..2027-10-07 国庆节\n");
        city.run(cases::ops::recompute(&city.system(), |_| {}))
            .unwrap();
        let firm = json!("2027-01-05T09:00:00+08:00");
        assert_eq!(shown(), (json!(false), firm, false));
    }
);

both_engines!(
    the_hours_of_a_street_hold_for_what_is_supervised_there,
    &migrations(),
    |db| {
        let city = city(db);
        // The street works through noon; the rest of the city does not.
        city.day("2026-03-16", "08:00-18:00", Some("330102001000"));
        let case = city.case_at(State::Handling);
        let unit = city.unit("WATER").to_string();
        let limit = "4工作时";
        let here = json!({ "case": case.number, "instruction": "恢复", "limit": limit });
        let there = json!({ "unit": unit, "instruction": "摸排", "limit": limit });
        let due = |path: &str| city.get("leader", path).body["supervised"]["due_at"].clone();
        let here = supervise(&city, "leader", &here);
        let there = supervise(&city, "leader", &there);
        assert_eq!(due(&here), "2026-03-16T13:00:00+08:00");
        assert_eq!(due(&there), "2026-03-16T15:00:00+08:00");
        assert_eq!(report(&city, &here), 200);
        assert_eq!(decide(&city, "leader", &here, "send_back"), 200);
        assert_eq!(due(&here), "2026-03-16T13:00:00+08:00");
    }
);

both_engines!(
    where_the_opener_is_closed_another_with_the_same_right_decides,
    &migrations(),
    |db| {
        let city = city(db);
        let unit = city.unit("WATER").to_string();
        let body = json!({ "unit": unit, "instruction": "摸排井盖", "limit": "5工作日" });
        let path = supervise(&city, "shift_leader", &body);
        assert_eq!(report(&city, &path), 200);
        for login in ["desk", "leader"] {
            assert_eq!(decide(&city, login, &path, "sign_off"), 403, "{login}");
        }
        let opener = city.accounts["shift_leader"];
        city.system()
            .write_blocking::<_, AccountError, _>(move |w| accounts::set_closed(w, opener, true))
            .unwrap();
        // The unit never, whoever opened it; a dispatcher has not the right.
        for login in ["water_lead", "water", "dispatcher"] {
            assert_eq!(decide(&city, login, &path, "sign_off"), 403, "{login}");
        }
        let page = path.replace("/api/v1/supervised", "/supervision");
        assert!(city.get("desk", &page).text.contains("sign_off"));
        assert_eq!(decide(&city, "desk", &path, "send_back"), 200);
        // Those who can decide are told of the next report.
        assert_eq!(report(&city, &path), 200);
        assert!(told(&city, "desk").contains(&"supervised.reported".to_owned()));
        assert_eq!(decide(&city, "leader", &path, "sign_off"), 200);
        // What a leader asked for is no shift leader's to sign off.
        let of_leader = supervise(&city, "leader", &body);
        let leader = city.accounts["leader"];
        city.system()
            .write_blocking::<_, AccountError, _>(move |w| accounts::set_closed(w, leader, true))
            .unwrap();
        assert_eq!(decide(&city, "desk", &of_leader, "withdraw"), 403);
    }
);

both_engines!(
    while_the_opener_is_on_leave_another_with_the_same_right_decides,
    &migrations(),
    |db| {
        let city = city(db);
        let unit = city.unit("WATER").to_string();
        let body = json!({ "unit": unit, "instruction": "摸排井盖", "limit": "5工作日" });
        let path = supervise(&city, "shift_leader", &body);
        assert_eq!(report(&city, &path), 200);
        assert_eq!(decide(&city, "desk", &path, "send_back"), 403);
        let span = (
            at("2026-03-16T00:00:00+08:00"),
            at("2026-03-18T00:00:00+08:00"),
        );
        let ctx = city.ctx("shift_leader");
        city.run(deputies::appoint(&ctx, "", "acceptor", span, "年假"))
            .unwrap();
        assert_eq!(decide(&city, "desk", &path, "send_back"), 200);
        assert_eq!(report(&city, &path), 200);
        // Back from leave, it is the opener's again.
        city.clock.set(at("2026-03-18T08:00:00+08:00"));
        assert_eq!(decide(&city, "desk", &path, "sign_off"), 403);
        assert_eq!(decide(&city, "shift_leader", &path, "sign_off"), 200);
    }
);
