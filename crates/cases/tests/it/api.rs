//! The calls under `/api/v1`: the whole path by one client per role, what they never show, and garbage.

use crate::city::{City, migrations};
use cases::State;
use serde_json::{Value, json};

testdb::both_engines!(
    what_was_kept_without_a_network_has_its_moment_and_is_in_the_trail,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::PendingAccept).number;
        let note = |more: Value| {
            let mut body = json!({ "acts": [{ "act": "note", "text": "已到现场" }] });
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let path = format!("/api/v1/cases/{number}/acts");
            assert_eq!(city.post("desk", &path, &body).status, 200);
            let life = city.get("desk", &format!("/api/v1/cases/{number}/events"));
            let done_at =
                life.body["events"].as_array().unwrap().last().unwrap()["done_at"].clone();
            (done_at, city.audited("case.late_record", "done"))
        };
        assert_eq!(note(json!({})), (Value::Null, 0));
        let a_moment_ago = "2026-03-16T08:59:40+08:00";
        let online = json!({ "done_at": a_moment_ago, "online": true });
        assert_eq!(note(online), (Value::Null, 0));
        assert_eq!(
            note(json!({ "done_at": a_moment_ago })),
            (json!(a_moment_ago), 1)
        );
        // A report that names its own moment, and one that does not.
        let report = |reported_at: Option<&str>| {
            let body = json!({ "channel": "patrol", "description": "井盖缺失", "reported_at": reported_at });
            assert_eq!(city.post("collector", "/api/v1/cases", &body).status, 201);
            city.audited("case.late_record", "done")
        };
        assert_eq!((report(None), report(Some(a_moment_ago))), (1, 2));
    }
);

testdb::both_engines!(
    a_case_is_found_by_its_number_alone_however_many_its_district_had,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::PendingAccept).number;
        let (sql, values) = cases::sql::by_number_statement(&number);
        let plan = city.plan((sql.to_owned(), values.to_vec()));
        // PostgreSQL finds the partition by the bounds, and has too few rows here to care for an index.
        if db.engine() == store::Engine::Sqlite {
            assert!(
                plan.contains("cases_by_number (district=? AND number=? AND id>? AND id<?)"),
                "all of it on the index, not the ids of the days around: {plan}"
            );
        }
        let found = city.get("desk", &format!("/api/v1/cases/{number}"));
        assert_eq!(found.body["number"], json!(number.to_string()));
    }
);

testdb::both_engines!(a_life_by_calls, &migrations(), |db| {
    let city = City::new(db);
    let body = json!({
        "description": "我叫王小二，13800138000，井盖没了",
        "matter": city.class("C0101").to_string(),
        "place": { "lon": 120.165, "lat": 30.245, "address": "延安路 1 号" },
        "contact": { "name": "王小二", "phone": "13800138000" },
    });
    let receipt = city.post("stranger", "/api/v1/reports", &body);
    assert_eq!(receipt.status, 201, "{receipt:?}");
    let (number, code) = (
        receipt.body["number"].as_str().unwrap().to_owned(),
        receipt.body["code"].as_str().unwrap().to_owned(),
    );
    assert_eq!(receipt.body["case"]["state"], "pending_verify");

    let acts = |login: &str, acts: Value| {
        let reply = city.post(
            login,
            &format!("/api/v1/cases/{number}/acts"),
            &json!({ "acts": acts }),
        );
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    };
    acts("collector", json!([{ "act": "verify", "outcome": "yes" }]));
    let case = acts(
        "desk",
        json!([{ "act": "accept" }, { "act": "register" }, { "act": "dispatch" }]),
    );
    assert_eq!(
        (case["state"].as_str(), case["unit"]["name"].as_str()),
        (Some("pending_sign"), Some("水务局"))
    );
    assert_eq!(
        (case["due_at"].as_str(), case["light"].as_str()),
        (Some("2026-03-16T15:00:00+08:00"), Some("in_time"))
    );
    assert_eq!(
        case["remaining"],
        json!({ "clock": "working_hours", "seconds": 4 * 3600 })
    );
    let seen = city.get("water", &format!("/api/v1/cases/{number}"));
    assert_eq!(
        seen.body["allowed"],
        json!(["sign", "return", "note", "ask_help", "split"])
    );
    let case = acts(
        "water",
        json!([{ "act": "sign" }, { "act": "report_back", "result": "已更换" }]),
    );
    assert_eq!(case["allowed"], json!(["draft_answer", "note"]));
    let case = acts(
        "checker",
        json!([{ "act": "check", "passed": true }, { "act": "close", "closing": "更换" }]),
    );
    assert_eq!(
        (case["state"].as_str(), case["remaining"].is_null()),
        (Some("closed"), true)
    );

    let life = city.get("desk", &format!("/api/v1/cases/{number}/events"));
    let events = life.body["events"].as_array().unwrap();
    assert_eq!(
        (
            events.len(),
            events[0]["by"].as_str(),
            events[0]["event"].as_str()
        ),
        (12, Some("stranger"), Some("reported"))
    );
    assert_eq!(events[1]["data"]["due_at"], "2026-03-17T09:00:00+08:00");
    for (login, path) in [
        ("desk", format!("/api/v1/cases/{number}/events")),
        ("desk", "/api/v1/cases".into()),
        ("stranger", format!("/api/v1/track/{number}?code={code}")),
    ] {
        let text = city.get(login, &path).body.to_string();
        assert!(text.contains(&number), "{path}: {text}");
        for personal in ["王小二", "13800138000", "subject"] {
            assert!(!text.contains(personal), "{path} shows {personal}");
        }
    }
    let followed = city.get("stranger", &format!("/api/v1/track/{number}?code={code}"));
    assert_eq!(
        (
            followed.status,
            followed.body["state"].as_str(),
            followed.body["unit"].as_str()
        ),
        (200, Some("closed"), Some("水务局"))
    );
    let link = receipt.body["link"].as_str().unwrap();
    assert_eq!(
        city.get("stranger", &format!("/api/v1{link}")).body["number"],
        *number
    );
    city.check_life(number.parse().unwrap());
});

testdb::both_engines!(lists_inbox_and_tasks, &migrations(), |db| {
    let city = City::new(db);
    let number = city.case_at(State::PendingCheck).number.to_string();
    city.clock.advance(std::time::Duration::from_secs(1));
    city.case_at(State::PendingAccept);
    let page = city.get("desk", "/api/v1/cases?limit=1");
    assert_eq!(
        (
            page.body["items"].as_array().unwrap().len(),
            page.body["next"].is_string()
        ),
        (1, true)
    );
    let next = page.body["next"].as_str().unwrap();
    let page = city.get("desk", &format!("/api/v1/cases?limit=1&after={next}"));
    assert_eq!(
        (
            page.body["items"][0]["number"].as_str(),
            page.body["next"].is_null()
        ),
        (Some(number.as_str()), true)
    );
    assert_eq!(
        city.get("desk", "/api/v1/cases?state=open").body["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        city.get("desk", "/api/v1/cases?state=void").body["items"],
        json!([])
    );
    let inbox = city.get("desk", "/api/v1/inbox");
    assert_eq!(
        inbox.body["counts"],
        json!([{ "state": "pending_accept", "cases": 1 }, { "state": "pending_check", "cases": 1 }])
    );
    let tasks = city.get("collector", "/api/v1/tasks");
    assert_eq!(
        (
            tasks.body["items"][0]["number"].as_str(),
            tasks.body["items"][0]["task"]["kind"].as_str()
        ),
        (Some(number.as_str()), Some("check"))
    );
    for (path, field) in [
        ("/api/v1/cases?state=opened", "state"),
        ("/api/v1/cases?district=33", "district"),
        ("/api/v1/cases?unit=x", "unit"),
        ("/api/v1/cases?from=yesterday", "from"),
        ("/api/v1/cases?limit=0", "limit"),
        ("/api/v1/cases?after=%3F", "after"),
        ("/api/v1/cases?colour=red", "colour"),
        ("/api/v1/tasks?limit=1000", "limit"),
    ] {
        let reply = city.get("checker", path);
        assert_eq!(
            (reply.status, reply.body["field"].as_str()),
            (422, Some(field)),
            "{path}: {reply:?}"
        );
    }
});

testdb::both_engines!(
    strangers_see_nothing_and_unknown_numbers_are_not_there,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::Handling).number;
        for path in [
            "/api/v1/cases",
            "/api/v1/inbox",
            "/api/v1/tasks",
            &format!("/api/v1/cases/{number}"),
            &format!("/api/v1/cases/{number}/events"),
        ] {
            assert_eq!(city.get("stranger", path).status, 401, "{path}");
        }
        assert_eq!(
            city.post("stranger", "/api/v1/cases", &json!({})).status,
            401
        );
        assert_eq!(
            city.post(
                "stranger",
                &format!("/api/v1/cases/{number}/acts"),
                &json!({})
            )
            .status,
            401
        );
        let hidden = city.get("elsewhere", &format!("/api/v1/cases/{number}"));
        let absent = city.get("elsewhere", "/api/v1/cases/330102-20260316-09999");
        assert_eq!(
            (hidden.status, absent.status, &hidden.body["code"]),
            (404, 404, &absent.body["code"])
        );
        for path in [
            "/api/v1/cases/x",
            "/api/v1/cases/330102-20260230-00001",
            "/api/v1/track/x?code=1",
            "/api/v1/track/link/x",
        ] {
            assert_eq!(city.get("desk", path).status, 404, "{path}");
        }
        assert_eq!(
            city.get("stranger", &format!("/api/v1/track/{number}"))
                .status,
            422
        );
        let wrong = city.get("stranger", &format!("/api/v1/track/{number}?code=ABCDEF"));
        assert_eq!(
            (wrong.status, wrong.body["code"].as_str()),
            (404, Some("cases.wrong_code"))
        );
    }
);

testdb::both_engines!(
    two_people_one_case_and_a_key_sent_twice,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.case_at(State::PendingAccept);
        let path = format!("/api/v1/cases/{}/acts", case.number);
        let accept = json!({ "expected_version": case.version, "acts": [{ "act": "accept" }] });
        assert_eq!(city.post_once("acceptor", &path, &accept, "k1").status, 200);
        let again = city.post_once("acceptor", &path, &accept, "k1");
        assert_eq!(
            (again.status, again.body["version"].as_u64()),
            (200, Some(2)),
            "the same post again is the same answer: {again:?}"
        );
        let second = city.post("desk", &path, &accept);
        assert_eq!(
            (second.status, second.body["code"].as_str()),
            (409, Some("cases.changed"))
        );
        assert!(
            second.body["detail"]
                .as_str()
                .unwrap()
                .contains("accepted by acceptor"),
            "{second:?}"
        );
        // The phone shows the title: what happened meanwhile is told as people say it.
        let title = second.body["title"].as_str().unwrap();
        assert!(
            title.contains("受理员：受理") && !title.contains("accept") && !title.contains('Z'),
            "{title}"
        );
        // A refused post leaves its key unspent: put right, it may be sent again.
        let bad = json!({ "acts": [{ "act": "close", "closing": "更换" }] });
        let good = json!({ "acts": [{ "act": "register" }] });
        assert_eq!(
            city.post_once("shift_leader", &path, &bad, "k2").status,
            409
        );
        assert_eq!(
            city.post_once("shift_leader", &path, &good, "k2").status,
            200
        );
        // Blank words of how it was put right are refused after a block of numbers was taken.
        let report = json!({ "channel": "patrol", "description": "井盖", "self_handled": " " });
        assert_eq!(
            city.post_once("collector", "/api/v1/cases", &report, "k3")
                .status,
            422
        );
        let report = json!({ "channel": "patrol", "description": "井盖" });
        let first = city.post_once("collector", "/api/v1/cases", &report, "k3");
        assert_eq!(first.status, 201, "{first:?}");
        assert_eq!(
            city.post_once("collector", "/api/v1/cases", &report, "k3")
                .body["number"],
            first.body["number"]
        );
        city.check_life(case.number);
    }
);

testdb::both_engines!(
    what_names_no_place_is_found_again_by_whoever_reported_it,
    &migrations(),
    |db| {
        let city = City::new(db);
        let report = |words: &str| {
            let body =
                json!({ "channel": "hotline", "description": "路牌歪了", "matter_words": words });
            city.post("elsewhere", "/api/v1/cases", &body)
        };
        let class = city.class("C0101");
        let name = city.cases.city().matter(class).unwrap().name_zh.clone();
        for words in [name.as_str(), "c0101"] {
            let taken = report(words);
            assert_eq!(taken.status, 201, "{taken:?}");
            let number = taken.body["number"].as_str().unwrap();
            let seen = city.get("elsewhere", &format!("/api/v1/cases/{number}"));
            assert_eq!(
                (seen.status, seen.body["matter"]["id"].as_str()),
                (200, Some(class.to_string().as_str())),
                "{seen:?}"
            );
            let own = city.get("elsewhere", "/api/v1/cases?own=true").text;
            assert!(own.contains(number), "{number} is among their own");
        }
        let unknown = report("没有这样的类别");
        assert_eq!(
            (unknown.status, unknown.body["field"].as_str()),
            (422, Some("matter_words"))
        );
        let told = unknown.body["title"].as_str().unwrap();
        assert!(told.contains("没有这样的类别"), "{told}");
    }
);

testdb::both_engines!(
    why_an_act_was_refused_stands_on_top_and_leads_to_its_form,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.case_at(State::PendingAccept);
        let (number, version) = (case.number, case.version.to_string());
        let words = [("version", version.as_str()), ("reason", "")];
        let reply = city.form("desk", &format!("/cases/{number}/not-accept"), &words, &[]);
        assert_eq!(reply.status, 422, "{}", reply.text);
        let top = reply.text.split("id=\"refused\"").nth(1).unwrap();
        let top = top.split("class=\"split\"").next().unwrap();
        assert!(top.contains("is needed"), "why: {top}");
        let place = top.split("href=\"#").nth(1).unwrap().split('"').next();
        let place = format!("id=\"{}\"", place.unwrap());
        assert_eq!(reply.text.matches(&place).count(), 1, "{place}");
        // The switch of the language leads to the case, which can be asked for, and not to where the act was sent.
        assert!(reply.text.contains(&format!("back=%2Fcases%2F{number}\"")));
        // A page that shows nothing wrong says nothing of the kind.
        let page = city.get("desk", &format!("/cases/{number}")).text;
        assert!(!page.contains("id=\"refused\""));
    }
);

testdb::both_engines!(public_reports_are_bounded_by_network, &migrations(), |db| {
    let city = City::new(db);
    let body = json!({ "description": "井盖" });
    let burst: Vec<u16> = (0..21)
        .map(|_| city.post("stranger", "/api/v1/reports", &body).status)
        .collect();
    assert_eq!(burst.iter().filter(|s| **s == 201).count(), 20);
    let refused = city.post("stranger", "/api/v1/reports", &body);
    assert_eq!((refused.status, refused.retry_after.is_some()), (429, true));
});

testdb::both_engines!(
    garbage_is_refused_and_nothing_is_kept,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.case_at(State::Handling);
        let events = city.count("SELECT count(*) FROM case_events");
        let acts = format!("/api/v1/cases/{}/acts", case.number);
        for body in [
            "",
            "{",
            "null",
            "[]",
            "\u{0}",
            "{\"acts\":null}",
            "{\"acts\":[null]}",
            "{\"acts\":[{}]}",
            "{\"acts\":[{\"act\":7}]}",
            "{\"acts\":[{\"act\":\"sign\",\"x\":1}]}",
            "{\"acts\":[{\"act\":\"rule\",\"unit\":\"x\",\"reason\":\"y\"}]}",
            "{\"acts\":[{\"act\":\"merge\",\"into\":\"1-2-3\"}]}",
            "{\"expected_version\":1e99,\"acts\":[]}",
            "{\"acts\":[]}",
        ] {
            let reply = city.post_text("water", &acts, body);
            assert!(
                (400..500).contains(&reply.status) && reply.body["code"].is_string(),
                "{body:?}: {reply:?}"
            );
        }
        for body in [
            "",
            "{",
            "{}",
            "{\"description\":1}",
            "{\"description\":\"\"}",
            "{\"description\":\"a\",\"channel\":\"patrol\"}",
            "{\"description\":\"a\",\"place\":{\"lon\":1}}",
            "{\"description\":\"a\",\"place\":{\"lon\":1,\"lat\":91}}",
            "{\"description\":\"a\",\"place\":{\"crs\":\"moon\"}}",
            "{\"description\":\"a\",\"matter\":\"C0101\"}",
            "{\"description\":\"a\",\"place\":{\"grid\":\"3301\"}}",
            "{\"description\":\"a\",\"信用分\":1}",
            "{\"description\":\"a\",\"contact\":{\"id_number\":\"x\"}}",
        ] {
            let reply = city.post_text("stranger", "/api/v1/reports", body);
            assert!(
                (400..500).contains(&reply.status)
                    && reply.status != 429
                    && reply.body["code"].is_string(),
                "{body:?}: {reply:?}"
            );
        }
        assert_eq!(
            (
                city.count("SELECT count(*) FROM case_events"),
                city.count("SELECT count(*) FROM cases")
            ),
            (events, 1)
        );
    }
);
