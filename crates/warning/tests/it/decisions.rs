//! What people do about a finding: each by a person, with a reason, kept as a fact.

use crate::city::{City, migrations};
use serde_json::json;
use testdb::both_engines;
use warning::ops;

/// A city with one finding; answers its address.
fn with_finding(db: &testdb::TestDb) -> (City, String) {
    let city = City::new(db);
    city.ordinary();
    city.burst("hotline", 1, 3);
    city.count();
    let run = ops::run_day(&city.system(), city.reference(), city.day(1), None, false).unwrap();
    assert_eq!(run.begun.len(), 1, "{run:?}");
    let path = format!("/api/v1/warnings/{}", run.begun[0]);
    (city, path)
}

both_engines!(
    a_verdict_is_a_fact_and_a_second_one_another,
    &migrations(),
    |db| {
        let (city, path) = with_finding(db);
        let verdict = |who: &str, verdict: &str, reason: &str| {
            city.post(
                who,
                &format!("{path}/verdict"),
                json!({"verdict": verdict, "reason": reason}),
            )
        };
        assert_eq!(verdict("auditor", "real", "x").0, 403);
        assert_eq!(
            verdict("elsewhere", "real", "x").0,
            404,
            "a finding of another district is not there"
        );
        for (word, reason, field) in [("real", " ", "reason"), ("perhaps", "x", "verdict")] {
            let (status, body) = verdict("analyst", word, reason);
            assert_eq!(
                (status, body["field"].as_str()),
                (422, Some(field)),
                "{body}"
            );
        }
        assert_eq!(verdict("analyst", "real", &"长".repeat(501)).0, 422);
        let (status, body) = verdict("analyst", "false", "去看了，请打13800138000");
        assert_eq!(
            (status, &body["verdict"], &body["standing"]),
            (200, &json!("false"), &json!("seen"))
        );
        let (status, body) = verdict("leader", "real", "管道爆裂");
        assert_eq!((status, &body["verdict"]), (200, &json!("real")));
        let (_, full) = city.get("auditor", &path);
        let marks = full["marks"].as_array().unwrap();
        let told: Vec<&str> = marks
            .iter()
            .map(|m| m["verdict"].as_str().unwrap())
            .collect();
        assert_eq!(told, ["false", "real"]);
        assert!(
            !full.to_string().contains("13800138000"),
            "numbers of people are masked"
        );
        let (_, worth) = city.get("analyst", "/api/v1/warning-performance");
        let scan = worth["detectors"]
            .as_array()
            .unwrap()
            .iter()
            .find(|d| d["detector"] == "scan")
            .unwrap()
            .clone();
        assert_eq!(
            (&scan["findings"], &scan["real"], &scan["precision"]),
            (&json!(1), &json!(1), &json!(1.0))
        );
        assert_eq!(
            city.rows(
                "SELECT count(*) FROM audit WHERE action = 'warning.judge' AND outcome = 'done'"
            ),
            2
        );
    }
);

both_engines!(
    preventive_work_is_a_case_for_each_beat_with_control_by_lot,
    &migrations(),
    |db| {
        let (city, path) = with_finding(db);
        let task = |who: &str| city.post(who, &format!("{path}/task"), json!({"note": "请抓紧"}));
        for who in ["analyst", "auditor", "checker"] {
            assert_eq!(task(who).0, 403, "{who}");
        }
        let (status, body) = task("leader");
        assert_eq!(status, 201, "{body}");
        let (chosen, control) = (
            body["chosen"].as_array().unwrap(),
            body["control"].as_array().unwrap(),
        );
        assert!((1..=5).contains(&chosen.len()));
        assert_eq!(control.len(), 1, "a tenth at least is drawn by lot");
        let (_, full) = city.get("leader", &path);
        assert_eq!(full["standing"], "task");
        let beats = full["beats"].as_array().unwrap();
        assert_eq!(beats.len(), chosen.len() + control.len());
        let drawn = beats.iter().find(|b| b["is_control"] == true).unwrap();
        assert!(drawn["seed"].as_i64().unwrap() > 0, "the seed is kept");
        assert!(
            beats
                .iter()
                .filter(|b| b["is_control"] == false)
                .all(|b| b["beat"].as_str().unwrap().starts_with("B1"))
        );
        // Chosen and control are worded alike but for the beat, and come by the channel that is no signal.
        let cases = city.rows("SELECT count(*) FROM cases WHERE channel = 'preventive'");
        assert_eq!(cases, beats.len() as i64);
        let (_, case) = city.get(
            "leader",
            &format!("/api/v1/cases/{}", control[0].as_str().unwrap()),
        );
        assert!(
            case.to_string().contains("预防性查看") && !case.to_string().contains("对照"),
            "{case}"
        );
        // Once only, and not on a dismissed one.
        assert_eq!(task("shift").0, 409);
        let dismiss = city.post(
            "analyst",
            &format!("{path}/dismiss"),
            json!({"reason": "x"}),
        );
        assert_eq!(dismiss.0, 409);
        let opened = city.rows("SELECT count(*) FROM audit WHERE action = 'warning.open_task'");
        assert_eq!(opened, beats.len() as i64);
    }
);

both_engines!(
    a_dismissed_finding_opens_no_work_and_can_still_be_judged,
    &migrations(),
    |db| {
        let (city, path) = with_finding(db);
        let (status, body) = city.post("shift", &format!("{path}/seen"), json!({}));
        assert_eq!((status, &body["standing"]), (200, &json!("seen")));
        let (status, body) = city.post("shift", &format!("{path}/dismiss"), json!({"reason": ""}));
        assert_eq!((status, body["field"].as_str()), (422, Some("reason")));
        let (status, body) = city.post(
            "shift",
            &format!("{path}/dismiss"),
            json!({"reason": "施工已知"}),
        );
        assert_eq!((status, &body["standing"]), (200, &json!("dismissed")));
        assert_eq!(
            city.post("shift", &format!("{path}/task"), json!({})).0,
            409
        );
        let (status, body) = city.post(
            "shift",
            &format!("{path}/verdict"),
            json!({"verdict": "known_cause", "reason": "施工"}),
        );
        assert_eq!(
            (status, &body["standing"], &body["verdict"]),
            (200, &json!("dismissed"), &json!("known_cause"))
        );
    }
);
