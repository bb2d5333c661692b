//! Lists, pages and back-tests as people and programs ask for them.

use crate::city::{City, migrations};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testdb::both_engines;
use warning::ops;

both_engines!(
    the_list_keeps_to_the_readers_districts_and_names_nobody,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.ordinary();
        city.burst("hotline", 1, 3);
        city.count();
        ops::run_day(&city.system(), city.reference(), city.day(1), None, false).unwrap();
        let list = |who: &str, query: &str| city.get(who, &format!("/api/v1/warnings{query}"));
        assert_eq!(list("", "").0, 401);
        assert_eq!(list("checker", "").0, 403);
        let (status, body) = list("leader", "");
        assert_eq!((status, body["items"].as_array().unwrap().len()), (200, 1));
        let one = &body["items"][0];
        let said = one["sentence"]["en"].as_str().unwrap();
        assert!(
            said.contains("上水井盖 in ") && said.contains("expected") && said.contains("once in"),
            "{said}"
        );
        assert!(
            one["sentence"]["zh"]
                .as_str()
                .unwrap()
                .contains("按比例应约")
        );
        assert!(one["now"]["voices"].as_u64() >= one["now"]["observed"].as_u64());
        for (query, n) in [
            ("?standing=new", 1),
            ("?standing=seen,task", 0),
            ("?district=330102", 1),
            ("?district=330104", 0),
            ("?seen_from=2099-01-01", 0),
            ("?limit=1", 1),
        ] {
            let (status, body) = list("analyst", query);
            assert_eq!(
                (status, body["items"].as_array().unwrap().len()),
                (200, n),
                "{query}"
            );
        }
        assert_eq!(list("elsewhere", "").1["items"], json!([]));
        for (query, field) in [
            ("?standing=gone", "standing"),
            ("?matter=x", "matter"),
            ("?seen_from=yesterday", "seen_from"),
            ("?after=%00", "after"),
            ("?limit=0", "limit"),
        ] {
            let (status, body) = list("analyst", query);
            assert_eq!(
                (status, body["field"].as_str()),
                (422, Some(field)),
                "{query} {body}"
            );
        }
        let id = one["id"].as_str().unwrap();
        // Whoever may not see cases sees none of them.
        let none = city.get("analyst", &format!("/api/v1/warnings/{id}/cases"));
        assert_eq!((none.0, &none.1["cases"]), (200, &json!([])));
        assert_eq!(
            city.get("checker", &format!("/api/v1/warnings/{id}/cases"))
                .0,
            403
        );
        let (status, cases) = city.get("shift", &format!("/api/v1/warnings/{id}/cases"));
        assert_eq!(status, 200);
        assert!(cases["cases"].as_array().unwrap().len() >= 15);
        for garbage in ["x", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(
                city.get("leader", &format!("/api/v1/warnings/{garbage}")).0,
                404
            );
        }
        for page in [
            "/warnings",
            "/warnings?standing=new",
            &format!("/warnings/{id}"),
            "/warnings/detectors",
            "/warnings/backtests",
        ] {
            let (status, html) = city.get("analyst", page);
            assert_eq!(status, 200, "{page}");
            ui::testing::assert_sound(html.as_str().unwrap());
        }
        let (_, html) = city.get("analyst", &format!("/warnings/{id}"));
        assert!(
            !html.as_str().unwrap().contains("/cases/330102"),
            "an analyst sees no case"
        );
    }
);

both_engines!(
    a_back_test_runs_beside_whoever_asked_and_is_there_later,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.ordinary();
        city.burst("hotline", 5, 3);
        city.count();
        let begin = |who: &str, from: i64, to: i64| {
            let body = json!({"from": city.day(from).to_string(), "to": city.day(to).to_string(), "seed": 3});
            city.post(who, "/api/v1/warning-backtests", body)
        };
        assert_eq!(begin("leader", 12, 2).0, 403);
        for (from, to, field) in [(2, 12, "to"), (5, 0, "to"), (2000, 1, "from")] {
            let (status, body) = begin("analyst", from, to);
            assert_eq!(
                (status, body["field"].as_str()),
                (422, Some(field)),
                "{body}"
            );
        }
        let (status, _) = city.post(
            "analyst",
            "/api/v1/warning-backtests",
            json!({"from": "x", "to": "y"}),
        );
        assert_eq!(status, 422);
        let (status, body) = begin("analyst", 12, 2);
        assert_eq!(status, 202, "{body}");
        let path = format!("/api/v1/warning-backtests/{}", body["id"].as_str().unwrap());
        let asked = Instant::now();
        let done: Value = loop {
            let (status, body) = city.get("leader", &path);
            assert_eq!(status, 200);
            match body["stand"].as_str().unwrap() {
                "running" if asked.elapsed() < Duration::from_secs(120) => {
                    std::thread::sleep(Duration::from_millis(50))
                }
                "done" => break body,
                other => panic!("{other}: {body}"),
            }
        };
        let outcome = &done["outcome"];
        let warnings = outcome["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 1, "{outcome}");
        let first_seen: jiff::civil::Date =
            warnings[0]["first_seen"].as_str().unwrap().parse().unwrap();
        assert!(
            (city.day(7)..=city.day(5)).contains(&first_seen),
            "{first_seen}"
        );
        assert_eq!(outcome["days_judged"]["scan"], json!(11));
        assert!(
            outcome["by_chance"]
                .as_object()
                .unwrap()
                .values()
                .all(|n| n.as_u64() <= Some(1))
        );
        assert_eq!(
            city.rows("SELECT count(*) FROM warnings"),
            0,
            "a back-test makes no finding"
        );
        let (status, html) = city.get("leader", &path.replace("/api/v1/warning-", "/warnings/"));
        assert_eq!(status, 200);
        assert!(html.as_str().unwrap().contains("上水井盖"));
        assert_eq!(
            city.get(
                "leader",
                "/api/v1/warning-backtests/00000000-0000-0000-0000-000000000000"
            )
            .0,
            404
        );
    }
);

both_engines!(
    whoever_sets_detectors_may_have_a_day_looked_at_now,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.ordinary();
        city.burst("hotline", 1, 3);
        city.count();
        let look = |who: &str, body: Value| city.post(who, "/api/v1/warning-runs", body);
        let day = city.day(1).to_string();
        assert_eq!(look("leader", json!({"day": day})).0, 403);
        for wrong in [
            json!("x"),
            json!(city.day(0).to_string()),
            json!("2026-02-30"),
        ] {
            let (status, body) = look("analyst", json!({"day": wrong}));
            assert_eq!(
                (status, body["field"].as_str()),
                (422, Some("day")),
                "{body}"
            );
        }
        assert_eq!(city.rows("SELECT count(*) FROM warnings"), 0);
        let (status, body) = look("analyst", json!({"day": day}));
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["begun"].as_array().unwrap().len(), 1, "{body}");
        // The look is in the trail under the name of whoever asked.
        let named =
            "SELECT count(*) FROM audit WHERE action = 'warning.run' AND actor_id IS NOT NULL";
        assert_eq!(city.rows(named), 1);
        let (_, again) = look("analyst", json!({}));
        assert_eq!(
            again["begun"],
            json!([]),
            "the same day, asked for as yesterday"
        );
        assert_eq!(again["going_on"], body["begun"]);
        assert_eq!(city.rows("SELECT count(*) FROM warnings"), 1);
    }
);
