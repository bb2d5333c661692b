//! One's own notices, one's own addresses, and the wording.

use crate::stage::{Stage, migrations};
use notices::To;
use serde_json::json;
use testdb::both_engines;

both_engines!(
    everybody_reads_the_own_notices_and_nobody_elses,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let li = To::Account(stage.accounts["li"]);
        for n in 0..3 {
            stage.tell(stage.notice(&n.to_string(), li.clone()));
        }
        let own = stage.get("li", "/api/v1/notices?unread=true&lang=en");
        assert_eq!(
            own.body["items"].as_array().unwrap().len(),
            3,
            "{}",
            own.text
        );
        assert_eq!(own.body["items"][0]["title"], "Test notice");
        assert!(
            stage.get("wang", "/api/v1/notices").body["items"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        let id = own.body["items"][0]["id"].as_str().unwrap();
        let other = stage.post_json("wang", "/api/v1/notices/read", json!({ "ids": [id] }));
        assert_eq!(other.body["changed"], 0);
        let marked = stage.post_json("li", "/api/v1/notices/read", json!({ "ids": [id] }));
        assert_eq!(marked.body["changed"], 1, "{}", marked.text);
        assert_eq!(
            stage
                .post_json("li", "/api/v1/notices/read", json!({}))
                .body["changed"],
            2
        );
        assert!(stage.get("li", "/notices").text.contains("没有新的通知"));
        assert_eq!(stage.get("", "/api/v1/notices").status, 401);
        for bad in ["?after=x", "?limit=0", "?limit=x"] {
            assert_eq!(
                stage.get("li", &format!("/api/v1/notices{bad}")).status,
                422,
                "{bad}"
            );
        }
    }
);

both_engines!(
    addresses_lie_sealed_in_the_vault_and_the_old_ones_are_erased,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        for (bad, field) in [
            (json!({ "email": "nobody" }), "email"),
            (json!({ "by_email": true }), "email"),
            (json!({ "by_gateway": true, "email": "a@b.c" }), "phone"),
            (json!({ "phone": "no number" }), "phone"),
        ] {
            let reply = stage.post_json("li", "/api/v1/notices/addresses", bad);
            assert_eq!(
                (reply.status, &reply.body["field"]),
                (422, &field.into()),
                "{}",
                reply.text
            );
        }
        stage.reachable("li");
        stage.reachable("li");
        let shown = stage.get("li", "/api/v1/notices/addresses");
        assert_eq!(shown.body["by_email"], true);
        assert!(
            !shown.text.contains("13800138000") && !shown.text.contains("li@"),
            "{}",
            shown.text
        );
        assert_eq!(
            stage.count("SELECT count(*) FROM vault_subjects WHERE erased_at IS NOT NULL"),
            1
        );
        assert_eq!(stage.count("SELECT count(*) FROM notice_addresses"), 1);
    }
);

both_engines!(
    the_city_words_its_notices_and_a_place_there_is_not_is_refused,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let path = "/api/v1/notice-templates/test/zh-CN";
        let say = |version: i64, title: &str| {
            stage.post_json(
                "admin",
                path,
                json!({ "version": version, "title": title, "body": "好" }),
            )
        };
        assert_eq!(say(1, "{phone}").status, 422);
        assert_eq!(say(1, "").body["field"], "title");
        assert_eq!(say(1, "市里的话").status, 204);
        assert_eq!(say(1, "晚了").status, 409, "somebody was faster");
        assert_eq!(
            stage
                .post_json(
                    "li",
                    path,
                    json!({ "version": 2, "title": "a", "body": "b" })
                )
                .status,
            403
        );
        let unknown = stage.post_json(
            "admin",
            "/api/v1/notice-templates/none/en",
            json!({ "version": 1, "title": "a", "body": "b" }),
        );
        assert_eq!(unknown.status, 404);
        stage.tell(stage.notice("x", To::Account(stage.accounts["li"])));
        assert_eq!(
            stage.get("li", "/api/v1/notices").body["items"][0]["title"],
            "市里的话"
        );
    }
);

both_engines!(notices_past_their_time_are_removed, &migrations(), |db| {
    let stage = Stage::new(db);
    stage.reachable("li");
    stage.tell(stage.notice("x", To::Account(stage.accounts["li"])));
    stage.wait(179 * 86_400);
    assert_eq!(
        stage
            .run(notices::ops::forget_old(&stage.system()))
            .unwrap(),
        0
    );
    stage.wait(2 * 86_400);
    assert_eq!(
        stage
            .run(notices::ops::forget_old(&stage.system()))
            .unwrap(),
        1
    );
    assert_eq!(
        stage.count("SELECT count(*) FROM notices")
            + stage.count("SELECT count(*) FROM notice_deliveries"),
        0
    );
});
