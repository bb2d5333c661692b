//! Advice in the API and the pages, what people decided, and turning it off.

use crate::city::{City, cell, migrations};
use crate::learning::record;
use serde_json::{Value, json};
use suggestion::ops;
use testdb::both_engines;

fn trained(city: &City) {
    record(city, 100);
    ops::train(&city.system(), &city.reference(), 7).unwrap();
    city.runtime.block_on(ops::refresh(&city.system())).unwrap();
}

fn ask(city: &City, who: &str, text: &str) -> Value {
    let (status, answer) = city.post(who, "/api/v1/suggestions", json!({ "text": text }));
    assert_eq!(status, 200, "{answer}");
    answer
}

/// Waits until a reader of the outbox would see all that was written so far.
fn settled(city: &City) {
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_secs(60) {
        let (seen, end) = city
            .system()
            .read_blocking::<_, store::StoreError, _>(|r| {
                Ok((r.outbox_horizon()?, r.outbox_end()?))
            })
            .unwrap();
        if seen == end {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Follows the outbox until so many decisions are kept. PostgreSQL holds back rows while any older transaction of the
/// whole cluster runs, so that it may take a while where tests share one.
fn followed(city: &City, wanted: usize) -> usize {
    let begun = std::time::Instant::now();
    let mut kept = 0;
    while kept < wanted && begun.elapsed() < std::time::Duration::from_secs(60) {
        match ops::advance(&city.system(), &city.reference()).unwrap() {
            Some(n) => kept += n,
            None => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    }
    kept
}

both_engines!(
    words_bring_a_class_with_its_reason_and_silence_below_the_confidence,
    &migrations(),
    |db| {
        let city = City::new(db);
        trained(&city);
        let answer = ask(&city, "", "菜市场旁雨水井盖破损，车过就响");
        let first = &answer["classes"][0];
        assert_eq!(first["code"], "C0101", "{answer}");
        assert!(first["confidence"].as_f64().unwrap() > 0.8);
        let words = first["words"].as_array().unwrap();
        assert!(
            words.iter().any(|w| w.as_str().unwrap().contains('盖')),
            "{answer}"
        );
        assert_eq!(
            (&first["model"], &answer["silent"]),
            (&json!(1), &json!(false))
        );
        for text in [
            "你好",
            "谢谢你们的工作",
            "zzz 123",
            "今天天气不错",
            "老板拖欠工资",
        ] {
            let silent = ask(&city, "", text);
            assert_eq!(silent["silent"], true, "{text}: {silent}");
        }
        for (body, field) in [
            (json!({ "text": "" }), "text"),
            (json!({ "text": "x".repeat(5000) }), "text"),
            (json!({ "text": "井盖", "lon": 120.0 }), "lat"),
            (json!({ "text": "井盖", "division": "abc" }), "division"),
            (json!({ "text": "井盖", "matter_id": "abc" }), "matter_id"),
        ] {
            let (status, answer) = city.post("", "/api/v1/suggestions", body);
            assert_eq!((status, &answer["field"]), (422, &json!(field)), "{answer}");
        }
    }
);

both_engines!(
    before_there_is_a_model_the_catalogue_speaks,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.runtime.block_on(ops::refresh(&city.system())).unwrap();
        let answer = ask(&city, "", "小区里到处是暴露垃圾");
        assert_eq!(
            (
                &answer["classes"][0]["code"],
                &answer["classes"][0]["model"]
            ),
            (&json!("E0113"), &json!(0)),
            "{answer}"
        );
    }
);

both_engines!(turned_off_nothing_is_suggested, &migrations(), |db| {
    let city = City::new(db);
    trained(&city);
    let set = |who: &str, version: i64, enabled: bool| {
        let body =
            json!({ "version": version, "enabled": enabled, "nightly": true, "target": 0.9 });
        city.post(who, "/api/v1/suggestion-settings", body)
    };
    assert_eq!(
        set("shift", 1, false).0,
        403,
        "only those who answer for it"
    );
    assert_eq!(set("leader", 1, false).0, 200);
    assert_eq!(ask(&city, "", "雨水井盖破损")["silent"], true);
    assert_eq!(set("leader", 1, true).0, 409, "somebody else was faster");
    assert_eq!(set("leader", 2, true).0, 200);
    assert_eq!(ask(&city, "", "雨水井盖破损")["silent"], false);
    let body = json!({ "version": 3, "enabled": true, "nightly": true, "target": 7.0 });
    let (status, answer) = city.post("leader", "/api/v1/suggestion-settings", body);
    assert_eq!((status, &answer["field"]), (422, &json!("target")));
    let body =
        json!({ "version": 3, "enabled": true, "nightly": true, "target": 0.9, "least": 1.0 });
    let (status, answer) = city.post("leader", "/api/v1/suggestion-settings", body);
    assert_eq!((status, &answer["field"]), (422, &json!("least")));
    assert_eq!(
        city.rows("SELECT count(*) FROM audit WHERE action = 'suggestion.set'"),
        2
    );
});

both_engines!(
    what_people_decide_is_kept_for_each_model,
    &migrations(),
    |db| {
        let city = City::new(db);
        trained(&city);
        city.count();
        settled(&city);
        // From here on decisions are followed.
        while ops::advance(&city.system(), &city.reference())
            .unwrap()
            .is_some()
        {}
        assert_eq!(
            city.rows("SELECT count(*) FROM suggestion_outcomes"),
            0,
            "the past is not judged"
        );
        let decide = |words: &str, class: &str| {
            let number = city.reported(None, words, 0, cell(1, 8));
            let body =
                json!({ "acts": [{ "act": "accept", "matter": city.class(class).to_string() }] });
            let (status, answer) = city.post("desk", &format!("/api/v1/cases/{number}/acts"), body);
            assert_eq!(status, 200, "{answer}");
        };
        decide("桥头雨水井盖破损", "C0101");
        decide("桥头井盖松动", "C0101");
        decide("公交站路边堆满垃圾", "E0201");
        decide("你好", "E0113");
        assert_eq!(followed(&city, 4), 4);
        assert_eq!(
            ops::advance(&city.system(), &city.reference()).unwrap(),
            None
        );
        let (status, answer) = city.get("auditor", "/api/v1/suggestion-models");
        assert_eq!(status, 200, "{answer}");
        let decided = &answer["models"][0]["decided"];
        assert_eq!(
            decided,
            &json!({ "accepted": 2, "overridden": 1, "silent": 1 }),
            "{answer}"
        );
        // Nothing in the table says who decided.
        let (status, _) = city.get("checker", "/api/v1/suggestion-models");
        assert_eq!(status, 403);
        let (status, page) = city.get("desk", "/suggestions");
        assert_eq!(status, 200);
        assert!(
            page.as_str()
                .is_some_and(|p| p.contains("suggestion") || p.contains("机器建议")),
            "{page}"
        );
    }
);

both_engines!(
    similar_reports_near_by_are_found_by_words_and_shown_without_them,
    &migrations(),
    |db| {
        let city = City::new(db);
        trained(&city);
        let known = city.reported(
            Some("C0101"),
            "海棠街口的雨水井盖破了一个大洞，很危险",
            2,
            cell(1, 8),
        );
        let far = city.reported(
            Some("C0101"),
            "海棠街口的雨水井盖破了一个大洞，很危险",
            2,
            cell(4, 36),
        );
        let point = city
            .reference()
            .territory
            .grid(cell(1, 8))
            .unwrap()
            .shape
            .label_point();
        let body = json!({ "text": "海棠街口的雨水井盖破了一个大洞", "lon": point.lon(), "lat": point.lat() });
        let (status, answer) = city.post("", "/api/v1/suggestions", body);
        assert_eq!(status, 200, "{answer}");
        let numbers: Vec<&str> = answer["alike"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|a| a["number"].as_str())
            .collect();
        assert!(numbers.contains(&known.to_string().as_str()), "{answer}");
        assert!(!numbers.contains(&far.to_string().as_str()), "{answer}");
        assert!(
            !answer["alike"].to_string().contains("海棠"),
            "no word of anybody: {answer}"
        );
        // A report that says it is the same carries the hint; one of no public case does not.
        for (same_as, kept) in [
            (known.to_string(), true),
            ("330102-20260101-99999".to_owned(), false),
        ] {
            let body = json!({ "description": "也是那个井盖", "same_as": same_as });
            let (status, receipt) = city.post("", "/api/v1/reports", body);
            assert_eq!(status, 201, "{receipt}");
            let body = format!("%\"same_as\":\"{same_as}\"%");
            let n = city
                .system()
                .read_blocking::<_, store::StoreError, _>(move |r| {
                    Ok(r.one::<(i64,)>(
                        "SELECT count(*) FROM cases WHERE body LIKE $1",
                        store::params![body],
                    )?
                    .0)
                })
                .unwrap();
            assert_eq!(n == 1, kept, "{same_as}");
        }
    }
);
