//! 吹哨报到: who whistles, who answers until when, both sides assessed, figures of units; on a case and on a place.

use crate::city::{City, migrations};
use cases::ops::Step;
use serde_json::json;
use std::time::Duration;

testdb::both_engines!(
    a_whistle_that_ended_at_once_counts_for_nobody_and_nobody_answers_it_any_more,
    &migrations(),
    |db| {
        let city = City::new(db);
        let [water, mgmt] = ["WATER", "CITYMGMT"].map(|code| city.unit(code).to_string());
        let body = json!({ "units": [water, mgmt], "ask": "请到场" });
        let blown = city.post("street", "/api/v1/whistles", &body);
        let whistle = format!("/api/v1/whistles/{}", blown.body["id"].as_str().unwrap());
        let answer = |login: &str, answer: &str| {
            let body = json!({ "answer": answer });
            city.post(login, &format!("{whistle}/answer"), &body)
        };
        // One is under way, the other has said nothing, when the street takes it back.
        assert_eq!(answer("water", "respond").status, 200);
        let end = city.post("street", &format!("{whistle}/end"), &json!({}));
        assert_eq!(end.status, 200, "{end:?}");
        for (login, word) in [
            ("water", "arrive"),
            ("citymgmt", "arrive"),
            ("citymgmt", "respond"),
        ] {
            let after = answer(login, word);
            assert_eq!(
                (after.status, &after.body["code"]),
                (409, &json!("dispatch.ended")),
                "{login} {word}"
            );
        }
        let page = city.page("citymgmt", &whistle.replace("/api/v1", ""), "zh");
        assert!(!page.text.contains("value=\"arrive\""), "{}", page.text);
        // Nor does it wait among what the unit has to do.
        let waits = city.page("citymgmt", "/for-me", "zh");
        assert!(
            !waits.text.contains(&whistle.replace("/api/v1", "")),
            "{}",
            waits.text
        );
        city.clock.advance(Duration::from_secs(48 * 3600));
        for unit in [&water, &mgmt] {
            let poor = json!({ "unit": unit, "mark": "poor", "why": "没到" });
            let judged = city.post("street", &format!("{whistle}/assess"), &poor);
            assert_eq!(
                (judged.status, &judged.body["code"]),
                (409, &json!("dispatch.was_under_way")),
                "{judged:?}"
            );
        }
        let figures = "/api/v1/whistles/figures?from=2026-03-01&to=2026-03-31";
        let rows = city.get("desk", figures).body["rows"].clone();
        let of = |unit: &str| {
            let row = rows.as_array().unwrap().iter();
            row.clone()
                .find(|r| r["unit"]["id"] == json!(unit))
                .cloned()
        };
        assert_eq!(of(&mgmt), None, "it had no time to come: {rows}");
        assert_eq!(of(&water).unwrap()["in_time"], json!(1), "it had answered");
    }
);

testdb::both_engines!(
    of_two_answers_at_one_moment_one_is_taken,
    &migrations(),
    |db| {
        let city = City::new(db);
        let body = json!({ "units": [city.unit("WATER").to_string()], "ask": "请到场" });
        for _ in 0..8 {
            let blown = city.post("street", "/api/v1/whistles", &body);
            let id = blown.body["id"].as_str().unwrap();
            let path = format!("/api/v1/whistles/{id}/answer");
            let (respond, decline) = std::thread::scope(|s| {
                let answer = |word: &'static str| {
                    let (city, path) = (&city, &path);
                    let body = json!({ "answer": word, "words": "已在途中" });
                    s.spawn(move || city.post("water", path, &body))
                };
                let (respond, decline) = (answer("respond"), answer("decline"));
                (respond.join().unwrap(), decline.join().unwrap())
            });
            let (taken, lost, standing) = if respond.status == 200 {
                (&respond, &decline, "responded")
            } else {
                (&decline, &respond, "declined")
            };
            assert_eq!(
                (taken.status, lost.status, &lost.body["code"]),
                (200, 409, &json!("dispatch.answered")),
                "{lost:?}"
            );
            let after = city.get("water", &format!("/api/v1/whistles/{id}"));
            assert!(after.text.contains(&format!("\"{standing}\"")), "{after:?}");
        }
    }
);

testdb::both_engines!(
    a_street_whistles_for_a_place_and_both_sides_are_assessed,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (water, mgmt) = (
            city.unit("WATER").to_string(),
            city.unit("CITYMGMT").to_string(),
        );
        let body =
            json!({ "units": [water, mgmt], "ask": "路面塌陷，请到场", "address": "延安路 1 号" });
        let refused = city.post("water", "/api/v1/whistles", &body);
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (403, &json!("dispatch.not_a_street"))
        );
        let elsewhere = json!({ "units": [water], "ask": "请到场", "division": "330102002000" });
        let refused = city.post("street", "/api/v1/whistles", &elsewhere);
        assert_eq!(
            refused.body["code"],
            json!("dispatch.outside_street"),
            "{refused:?}"
        );
        let blown = city.post("street", "/api/v1/whistles", &body);
        assert_eq!(blown.status, 201, "{blown:?}");
        let id = blown.body["id"].as_str().unwrap().to_owned();
        let path = |what: &str| format!("/api/v1/whistles/{id}{what}");
        // Who is on neither side does not know of it; the desk sees all.
        assert_eq!(city.get("clean", &path("")).status, 404);
        assert_eq!(city.get("desk", &path("")).status, 200);
        // Of its districts: the desk of another one sees none of it.
        assert_eq!(city.get("dispatcher_elsewhere", &path("")).status, 404);
        let there = city.get("dispatcher_elsewhere", "/api/v1/whistles");
        assert_eq!((there.status, &there.body["items"]), (200, &json!([])));
        let figures = city.get(
            "dispatcher_elsewhere",
            "/api/v1/whistles/figures?from=2026-01-01&to=2026-12-31",
        );
        assert_eq!(figures.status, 200, "{figures:?}");
        assert!(!figures.text.contains(&water), "{figures:?}");
        assert_eq!(
            city.get("water", "/api/v1/whistles").body["items"][0]["id"],
            json!(id)
        );
        // One comes in time, the other stays silent and is late.
        assert_eq!(
            city.post("water", &path("/answer"), &json!({ "answer": "respond" }))
                .status,
            200
        );
        let silent = city.post(
            "citymgmt",
            &path("/answer"),
            &json!({ "answer": "decline" }),
        );
        assert_eq!(
            silent.body["code"],
            json!("dispatch.missing"),
            "a refusal says why: {silent:?}"
        );
        city.clock.advance(Duration::from_secs(10 * 3600));
        let late = city.get("street", &path(""));
        let calls = late.body["calls"].as_array().unwrap();
        let is_late = |unit: &str| {
            calls
                .iter()
                .find(|c| c["unit"]["id"] == json!(unit))
                .unwrap()["is_late"]
                .clone()
        };
        assert_eq!(
            (is_late(&water), is_late(&mgmt)),
            (json!(false), json!(true))
        );
        let early = city.post(
            "street",
            &path("/assess"),
            &json!({ "unit": water, "mark": "good" }),
        );
        assert_eq!(early.body["code"], json!("dispatch.not_ended"));
        assert_eq!(
            city.post("water", &path("/end"), &json!({})).status,
            404,
            "only the street ends it"
        );
        assert_eq!(city.post("street", &path("/end"), &json!({})).status, 200);
        assert_eq!(
            city.post(
                "street",
                &path("/assess"),
                &json!({ "unit": water, "mark": "good" })
            )
            .status,
            200
        );
        let poor = city.post(
            "street",
            &path("/assess"),
            &json!({ "unit": mgmt, "mark": "poor" }),
        );
        assert_eq!(
            poor.body["code"],
            json!("dispatch.missing"),
            "a poor mark says why"
        );
        assert_eq!(
            city.post("water", &path("/assess"), &json!({ "mark": "fair" }))
                .status,
            200
        );
        let twice = city.post("water", &path("/assess"), &json!({ "mark": "good" }));
        assert_eq!(twice.body["code"], json!("dispatch.assessed"));
        let other = city.post(
            "citymgmt",
            &path("/assess"),
            &json!({ "unit": water, "mark": "poor", "why": "x" }),
        );
        assert_eq!(other.status, 404, "only the street judges those it called");
        let figures = city.get(
            "desk",
            "/api/v1/whistles/figures?from=2026-03-01&to=2026-03-31",
        );
        let rows = figures.body["rows"].as_array().unwrap();
        let of = |unit: &str| {
            rows.iter()
                .find(|r| r["unit"]["id"] == json!(unit))
                .unwrap()
        };
        assert_eq!(
            (&of(&water)["in_time"], &of(&water)["judged"]),
            (&json!(1), &json!([1, 0, 0]))
        );
        assert_eq!(of(&mgmt)["late"], json!(1));
        let street = city.unit("STREET").to_string();
        assert_eq!(
            (&of(&street)["whistled"], &of(&street)["whistles_judged"]),
            (&json!(1), &json!([0, 1, 0]))
        );
        // A department sees its own figures only.
        let own = city.get(
            "water",
            "/api/v1/whistles/figures?from=2026-03-01&to=2026-03-31",
        );
        assert_eq!(own.body["rows"].as_array().unwrap().len(), 1);
    }
);

testdb::both_engines!(
    a_whistle_for_a_case_shows_the_case_to_whom_it_calls,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.handling("E0113");
        let number = case.number;
        // The street gets the case.
        city.act(
            "citymgmt",
            number,
            vec![Step::Return {
                reason: "属地".into(),
            }],
        )
        .unwrap();
        let to = Step::Dispatch {
            unit: Some(city.unit("STREET")),
            basis: "属地".into(),
        };
        city.act("desk", number, vec![to]).unwrap();
        let page = format!("/api/v1/cases/{number}");
        assert_eq!(city.get("water", &page).status, 404);
        let whistle = json!([{ "act": "whistle", "units": [city.unit("WATER").to_string()], "ask": "请到场" }]);
        let done = city.acts("street", number, whistle);
        assert_eq!(done.status, 200, "{done:?}");
        assert_eq!(city.get("water", &page).status, 200);
        city.keep_up();
        city.keep_up();
        assert_eq!(
            city.count("SELECT count(*) FROM whistles"),
            1,
            "one event is one whistle"
        );
        let listed = city.get("water", "/api/v1/whistles");
        assert_eq!(listed.body["items"][0]["number"], json!(number.to_string()));
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_street_whistles_for_a_case_of_its_own_that_another_unit_handles,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.handling("E0113").number;
        let (page, water) = (
            format!("/api/v1/cases/{number}"),
            city.unit("WATER").to_string(),
        );
        assert_eq!(
            city.get("street", &page).status,
            404,
            "it is no case of the street's"
        );
        // Nothing else is open to it: a whistle with something beside it is not let through.
        let more = json!([{ "act": "whistle", "units": [water], "ask": "请到场" }, { "act": "note", "text": "x" }]);
        assert_eq!(city.acts("street", number, more).status, 404);
        assert_eq!(
            city.acts("street", number, json!([{ "act": "sign" }]))
                .status,
            404
        );
        let body = json!({ "units": [water], "ask": "请到场会商", "case": number });
        let refused = city.post("owner", "/api/v1/whistles", &body);
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (422, &json!("dispatch.no_case_here")),
            "{refused:?}"
        );
        let blown = city.post("street", "/api/v1/whistles", &body);
        assert_eq!(blown.status, 201, "{blown:?}");
        assert_eq!(blown.body["number"], json!(number.to_string()));
        city.keep_up();
        assert_eq!(
            city.count("SELECT count(*) FROM whistles"),
            1,
            "laid at once, and once"
        );
        // Both sides see the case now, and it stays with its unit.
        assert_eq!(city.get("street", &page).status, 200);
        assert_eq!(city.get("water", &page).status, 200);
        assert_eq!(city.case(number).unit, Some(city.unit("CITYMGMT")));
        assert_eq!(
            city.acts(
                "street",
                number,
                json!([{ "act": "report_back", "result": "x" }])
            )
            .status,
            403,
            "seeing is not handling"
        );
        let id = blown.body["id"].as_str().unwrap();
        let answer = json!({ "answer": "arrive" });
        assert_eq!(
            city.post("water", &format!("/api/v1/whistles/{id}/answer"), &answer)
                .status,
            200
        );
        // By the form as well, and again; a case that is over is not whistled for, and the form says so at its field.
        let form =
            format!("ask=%E5%86%8D%E6%9D%A5&case={number}&unit1=%E6%B0%B4%E5%8A%A1%E5%B1%80");
        let again = city.form("street", "/whistles", &form);
        assert_eq!(again.status, 303, "{}", again.text);
        let back = json!([{ "act": "report_back", "result": "已清理" }]);
        assert_eq!(city.acts("citymgmt", number, back).status, 200);
        let check = json!([{ "act": "check", "passed": true }]);
        assert_eq!(city.acts("checker", number, check).status, 200);
        let close = json!([{ "act": "close", "closing": "清除" }]);
        assert_eq!(city.acts("desk", number, close).status, 200);
        let over = city.form("street", "/whistles", &form);
        assert_eq!(over.status, 422, "{}", over.text);
        assert!(
            over.text.contains("name=\"case\"") && over.text.contains("form-fault"),
            "{}",
            over.text
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    another_calendar_moves_the_limit_of_a_whistle_for_those_who_have_not_answered,
    &migrations(),
    |db| {
        let city = City::new(db);
        let units = [
            city.unit("WATER").to_string(),
            city.unit("CITYMGMT").to_string(),
        ];
        let body = json!({ "units": units, "ask": "路面塌陷，请到场", "limit": "2工作日" });
        let blown = city.post("street", "/api/v1/whistles", &body);
        assert_eq!(blown.status, 201, "{blown:?}");
        let place = format!("/api/v1/whistles/{}", blown.body["id"].as_str().unwrap());
        assert_eq!(blown.body["due_at"], json!("2026-03-18T09:00:00+08:00"));
        let answer = json!({ "answer": "respond" });
        assert_eq!(
            city.post("water", &format!("{place}/answer"), &answer)
                .status,
            200
        );
        // One for a case, whose limit stands in the event of the case.
        let case = city.handling("E0201").number;
        let whistle = json!([{ "act": "whistle", "units": [units[1]], "ask": "到场会商", "limit": "2工作日" }]);
        assert_eq!(
            city.acts("clean", case, whistle).status,
            404,
            "whoever is no street has to have the case"
        );
        let done = city.calendar("version typhoon\nlocal\noff 2026-03-17 台风\n");
        assert_eq!(done.failed, 0);
        let now = city.get("street", &place);
        assert_eq!(
            now.body["due_at"],
            json!("2026-03-19T09:00:00+08:00"),
            "{now:?}"
        );
        assert_eq!(now.body["was_due_at"], json!("2026-03-18T09:00:00+08:00"));
        let dues: std::collections::BTreeMap<String, String> = now.body["calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| {
                let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
                (text(&c["unit"]["id"]), text(&c["due_at"]))
            })
            .collect();
        assert_eq!(
            dues[&units[0]], "2026-03-18T09:00:00+08:00",
            "what was answered is a fact"
        );
        assert_eq!(dues[&units[1]], "2026-03-19T09:00:00+08:00");
        // Silence is late when the limit of now is over, not the one of before.
        city.clock.advance(Duration::from_secs(49 * 3600));
        let is_late = |city: &City| {
            let now = city.get("street", &place);
            let calls = now.body["calls"].as_array().unwrap().clone();
            calls.iter().any(|c| c["is_late"] == json!(true))
        };
        assert!(!is_late(&city));
        city.clock.advance(Duration::from_secs(24 * 3600));
        assert!(is_late(&city));
        assert_eq!(
            city.count("SELECT count(*) FROM audit WHERE action = 'whistle.recompute'"),
            1
        );
        let page = city.page("street", &place.replace("/api/v1", ""), "zh");
        assert!(page.text.contains("日历变更前"), "{}", page.text);
    }
);

testdb::both_engines!(
    the_hours_of_a_street_hold_for_its_whistle_and_an_unknown_year_is_provisional,
    &migrations(),
    |db| {
        let city = City::new(db);
        let hours = matters::ops::DayChange {
            date: "2026-03-16".parse().unwrap(),
            kind: kernel::calendar::DayKind::Work,
            periods: Some(vec!["08:00-18:00".parse().unwrap()]),
            division: Some("330102001000".parse().unwrap()),
            reason: "台风".into(),
        };
        city.run(matters::ops::change_day(&city.system(), hours))
            .unwrap();
        city.reference.refresh_blocking(&city.system()).unwrap();
        let water = city.unit("WATER").to_string();
        let blow = |limit: &str| {
            let body = json!({ "units": [water], "ask": "请到场", "limit": limit });
            let blown = city.post("street", "/api/v1/whistles", &body);
            assert_eq!(blown.status, 201, "{blown:?}");
            blown
        };
        let blown = blow("4工作时");
        assert_eq!(blown.body["due_at"], json!("2026-03-16T13:00:00+08:00"));
        assert_eq!(blown.body["provisional"], json!(false));
        city.clock.advance(Duration::from_secs(290 * 86_400));
        let blown = blow("2工作日");
        assert_eq!(blown.body["provisional"], json!(true));
        let path = format!("/whistles/{}", blown.body["id"].as_str().unwrap());
        assert!(city.page("street", &path, "zh").text.contains("暂定"));
        city.calendar("version cn-2027\nyear 2027\noff 2027-01-01..2027-01-03 元旦\noff 2027-10-01..2027-10-07 国庆节\n");
        assert!(!city.page("street", &path, "zh").text.contains("暂定"));
    }
);
