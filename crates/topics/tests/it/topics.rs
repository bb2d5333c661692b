//! A topic's life through the API and the pages.

use crate::city::{City, cell, migrations};
use access::UnitId;
use cases::rooms::{Reorganised, Room as _};
use kernel::id::Id;
use serde_json::{Value, json};
use testdb::both_engines;

fn made(city: &City, more: Value) -> Value {
    let mut body = json!({
        "title": "井盖",
        "matters": [city.class("C0101").to_string()],
        "place": "330102001000",
        "words": "井盖 盖子",
    });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let (status, topic) = city.post("leader", "/api/v1/topics", body);
    assert_eq!(status, 201, "{topic}");
    topic
}

/// Weeks before today with so many incidents each, in the first street.
fn weeks(city: &City, counts: &[(i64, u16)]) {
    for (back, n) in counts {
        for i in 0..*n {
            city.accepted("C0101", "井盖坏了", back * 7 + 1, cell(1, 1 + i % 36));
        }
    }
}

both_engines!(
    a_topic_is_made_chosen_worked_on_and_ended,
    &migrations(),
    |db| {
        let city = City::new(db);
        // Twelve weeks of ten, then four of three.
        let counts: Vec<(i64, u16)> = (1..=16).map(|w| (w, if w > 4 { 10 } else { 3 })).collect();
        weeks(&city, &counts);
        city.accepted("C0101", "井盖坏了", 3, cell(2, 1));
        city.accepted("E0113", "垃圾", 3, cell(1, 1));
        city.count();
        let topic = made(&city, json!({}));
        let (id, path) = (topic["id"].as_str().unwrap().to_owned(), |end: &str| {
            format!("/api/v1/topics/{}{end}", topic["id"].as_str().unwrap())
        });
        // By query: the class, the street, one of the words.
        let (status, added) = city.post("leader", &path("/cases"), json!({}));
        assert_eq!((status, &added["added"]), (200, &json!(132)), "{added}");
        let (_, again) = city.post("leader", &path("/cases"), json!({}));
        assert_eq!(again["added"], 0, "what is in it stays");
        // Chosen only with a unit that answers.
        let move_to = |version: i64, body: Value| {
            let mut body = body;
            body["version"] = json!(version);
            city.post("leader", &path("/moves"), body)
        };
        let (status, refused) = move_to(1, json!({ "to": "choose", "month": "2026-03" }));
        assert_eq!(
            (status, &refused["code"]),
            (409, &json!("topics.no_unit")),
            "{refused}"
        );
        let (status, _) = move_to(1, json!({ "to": "fly" }));
        assert_eq!(status, 422);
        let unit = city.unit();
        let edited = json!({ "version": 1, "title": "井盖", "matters": [city.class("C0101").to_string()], "place": "330102001000", "unit": unit });
        let (status, changed) = city.post("leader", &path(""), edited.clone());
        assert_eq!((status, &changed["unit"]), (200, &json!(unit)), "{changed}");
        assert_eq!(
            city.post("leader", &path(""), edited).0,
            409,
            "somebody else was faster"
        );
        assert_eq!(
            move_to(2, json!({ "to": "choose", "month": "2026-3" })).0,
            422
        );
        assert_eq!(
            move_to(2, json!({ "to": "choose", "month": "2026-03" })).0,
            200
        );
        let start = city.day(5 * 7).to_string();
        assert_eq!(move_to(3, json!({ "to": "start", "day": start })).0, 200);
        // The effect, with its limits.
        let (_, full) = city.get("leader", &path(""));
        assert_eq!(
            (&full["change"]["verdict"], &full["incidents"]),
            (&json!("fewer"), &json!(132)),
            "{full}"
        );
        assert!(full["change"]["hi95"].as_f64().unwrap() < 1.0);
        let (status, ended) = move_to(4, json!({ "to": "end", "words": "换了三百个井盖" }));
        assert_eq!(
            (status, &ended["standing"]),
            (200, &json!("ended")),
            "{ended}"
        );
        let (_, list) = city.get("leader", "/api/v1/topics?month=2026-03");
        assert_eq!(
            (list[0]["id"].as_str(), &list[0]["cases"]),
            (Some(id.as_str()), &json!(132))
        );
        assert_eq!(
            city.rows("SELECT count(*) FROM audit WHERE action = 'topic.move'"),
            3
        );
        for who in ["leader", "auditor"] {
            let (status, page) = city.get(who, &format!("/topics/{id}"));
            assert_eq!(status, 200, "{page}");
        }
    }
);

both_engines!(
    a_topic_never_touches_a_case_or_how_it_counts,
    &migrations(),
    |db| {
        let city = City::new(db);
        weeks(&city, &[(1, 5), (2, 5)]);
        city.count();
        let before = city.fingerprint();
        let topic = made(&city, json!({}));
        let path = format!("/api/v1/topics/{}/cases", topic["id"].as_str().unwrap());
        assert_eq!(city.post("leader", &path, json!({})).1["added"], 10);
        assert_eq!(
            city.fingerprint(),
            before,
            "rows of cases, events and figures are what they were"
        );
    }
);

both_engines!(
    nothing_below_the_street_and_bad_input_is_named,
    &migrations(),
    |db| {
        let city = City::new(db);
        let class = city.class("C0101").to_string();
        for (body, field) in [
            (
                json!({ "title": "x", "matters": [class], "place": "330102001001" }),
                "place",
            ),
            (json!({ "title": "x", "place": "330109001000" }), "place"),
            (json!({ "title": "x", "place": "abc" }), "place"),
            (json!({ "title": " ", "matters": [class] }), "title"),
            (
                json!({ "title": "x".repeat(61), "matters": [class] }),
                "title",
            ),
            (json!({ "title": "x" }), "matters"),
            (json!({ "title": "x", "matters": ["abc"] }), "matters"),
            (
                json!({ "title": "x", "matters": [class], "unit": "nobody" }),
                "unit",
            ),
        ] {
            let (status, answer) = city.post("leader", "/api/v1/topics", body.clone());
            assert_eq!(
                (status, &answer["field"]),
                (422, &json!(field)),
                "{body}: {answer}"
            );
        }
        assert_eq!(city.rows("SELECT count(*) FROM topics"), 0);
        let topic = made(&city, json!({}));
        let path = format!("/api/v1/topics/{}/cases", topic["id"].as_str().unwrap());
        let (status, answer) = city.post(
            "leader",
            &path,
            json!({ "numbers": ["330102-20260101-00001"] }),
        );
        assert_eq!(
            (status, &answer["field"]),
            (422, &json!("numbers")),
            "{answer}"
        );
    }
);

both_engines!(
    a_department_works_on_measures_of_its_own_topics_only,
    &migrations(),
    |db| {
        let city = City::new(db);
        let ours = made(&city, json!({ "unit": city.unit() }));
        let others = made(&city, json!({ "title": "别人的" }));
        let measure = |who: &str, topic: &Value, body: Value| {
            let path = format!("/api/v1/topics/{}/measures", topic["id"].as_str().unwrap());
            city.post(who, &path, body)
        };
        let new = json!({ "words": "更换破损井盖，电话13812345678", "due_on": "2026-05-01" });
        let (status, made) = measure("department", &ours, new.clone());
        assert_eq!(
            (status, &made["seq"], &made["standing"]),
            (200, &json!(1), &json!("planned")),
            "{made}"
        );
        assert!(
            !made["words"].as_str().unwrap().contains("13812345678"),
            "numbers of people are masked"
        );
        let done = json!({ "seq": 1, "words": "更换破损井盖", "standing": "done" });
        let (_, done) = measure("department", &ours, done);
        assert_eq!(
            (&done["standing"], &done["done_on"]),
            (&json!("done"), &json!(city.today().to_string()))
        );
        assert_eq!(measure("department", &others, new.clone()).0, 403);
        assert_eq!(measure("auditor", &ours, new.clone()).0, 403);
        assert_eq!(measure("checker", &ours, new).0, 403);
        assert_eq!(measure("leader", &ours, json!({ "words": " " })).0, 422);
        assert_eq!(
            measure("leader", &ours, json!({ "seq": 9, "words": "x" })).0,
            404
        );
        let (status, _) = city.post("department", "/api/v1/topics", json!({ "title": "x" }));
        assert_eq!(status, 403, "departments do not make topics");
    }
);

both_engines!(
    a_topic_of_the_whole_city_is_everybodys_and_one_of_a_street_its_districts,
    &migrations(),
    |db| {
        let city = City::new(db);
        let local = made(&city, json!({}));
        let wide = made(&city, json!({ "title": "全市井盖", "place": null }));
        let (status, found) = city.get("elsewhere", "/api/v1/topics");
        assert_eq!(status, 200, "{found}");
        let ids: Vec<&Value> = found.as_array().unwrap().iter().map(|t| &t["id"]).collect();
        assert_eq!(ids, [&wide["id"]], "{found}");
        let one = |topic: &Value| format!("/api/v1/topics/{}", topic["id"].as_str().unwrap());
        assert_eq!(city.get("elsewhere", &one(&wide)).0, 200);
        assert_eq!(city.get("elsewhere", &one(&local)).0, 404);
    }
);

both_engines!(
    a_topic_and_what_is_still_to_be_done_go_on_in_the_unit_that_takes_over,
    &migrations(),
    |db| {
        let city = City::new(db);
        let topic = made(&city, json!({ "unit": city.unit() }));
        let over = made(&city, json!({ "unit": city.unit(), "title": "路灯" }));
        let path =
            |of: &Value, end: &str| format!("/api/v1/topics/{}{end}", of["id"].as_str().unwrap());
        for standing in ["planned", "done"] {
            let measure = json!({ "words": "更换井盖", "standing": standing });
            let (status, body) = city.post("leader", &path(&topic, "/measures"), measure);
            assert!(status < 300, "{body}");
        }
        let drop = json!({ "version": 1, "to": "drop", "words": "重复" });
        assert_eq!(city.post("leader", &path(&over, "/moves"), drop).0, 200);
        let from = city.reference().units.in_force().next().unwrap().id;
        let to = UnitId(Id::from_bytes([8; 16]));
        let order = Reorganised::new(
            Id::from_bytes([9; 16]),
            "机构改革".into(),
            vec![from],
            vec![from],
            [(from, to)].into(),
            move |unit, code, _| (unit == from && code == "C0101").then_some(to),
        );
        let ctx = city.system();
        // The topic and the measure that is planned; neither what was done nor the topic that is over.
        assert_eq!(
            city.runtime
                .block_on(topics::Topics.count(&ctx, &order))
                .unwrap(),
            2
        );
        assert_eq!(
            city.runtime
                .block_on(topics::Topics.reorganise(&ctx, &order))
                .unwrap(),
            2
        );
        assert_eq!(
            city.runtime
                .block_on(topics::Topics.reorganise(&ctx, &order))
                .unwrap(),
            0
        );
        let kept = city
            .system()
            .read_blocking::<_, store::StoreError, _>(move |r| {
                let topics = "SELECT count(*) FROM topics WHERE unit_id = $1";
                let measures = "SELECT count(*) FROM topic_measures WHERE unit_id = $1";
                let of = |r: &mut store::Read<'_>, sql: &str, unit: UnitId| {
                    Ok::<_, store::StoreError>(r.one::<(i64,)>(sql, store::params![unit])?.0)
                };
                Ok([
                    of(r, topics, from)?,
                    of(r, topics, to)?,
                    of(r, measures, from)?,
                    of(r, measures, to)?,
                ])
            })
            .unwrap();
        assert_eq!(kept, [1, 1, 1, 1]);
        let marks = "SELECT count(*) FROM topic_marks WHERE mark = 'unit' AND note = '机构改革'";
        assert_eq!(city.rows(marks), 1);
        let page = path(&topic, "").replace("/api/v1", "");
        assert_eq!(city.get("leader", &page).0, 200);
    }
);
