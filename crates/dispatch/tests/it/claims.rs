//! Claims: what a claimant sees, every guard of `rights.md`, the clock and the duty that stay with the unit, the lapse.

use crate::city::{City, migrations};
use cases::State;
use serde_json::json;

fn subscribe(city: &City, login: &str) {
    let body = json!({ "matter": "E01", "division": "330102000000" });
    let reply = city.post(login, "/api/v1/subscriptions", &body);
    assert_eq!(reply.status, 200, "{reply:?}");
}

fn open_numbers(city: &City, login: &str) -> Vec<String> {
    let reply = city.get(login, "/api/v1/open-matters");
    assert_eq!(reply.status, 200, "{reply:?}");
    let items = reply.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|i| i["number"].as_str().unwrap().to_owned())
        .collect()
}

testdb::both_engines!(
    a_claimant_sees_place_class_and_redacted_text_and_no_more,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.handling("E0113").number;
        subscribe(&city, "green");
        let reply = city.get("green", "/api/v1/open-matters");
        let item = &reply.body["items"][0];
        assert_eq!(item["number"], json!(number.to_string()));
        assert_eq!(item["place"], json!("清波门社区"));
        let text = item["text"].as_str().unwrap();
        assert!(
            text.contains("垃圾")
                && !["张", "201", "王", "建国"]
                    .iter()
                    .any(|word| text.contains(word)),
            "{text}"
        );
        let mut keys: Vec<&String> = item.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(
            keys,
            ["class", "due_at", "number", "place", "reported_at", "text"]
        );
        // The case itself stays hidden, before and after the claim.
        assert_eq!(
            city.get("green", &format!("/api/v1/cases/{number}")).status,
            404
        );
        let claimed = city.post(
            "green",
            &format!("/api/v1/open-matters/{number}/claim"),
            &json!({}),
        );
        assert_eq!(claimed.status, 200, "{claimed:?}");
        assert_eq!(
            city.get("green", &format!("/api/v1/cases/{number}")).status,
            404
        );
        assert!(open_numbers(&city, "green").is_empty(), "it is claimed");
    }
);

testdb::both_engines!(
    owner_maintainer_handler_their_kin_and_the_party_never_claim,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.handling("E0113");
        let number = case.number;
        let claim = |login: &str| {
            let path = format!("/api/v1/open-matters/{number}/claim");
            city.post(login, &path, &json!({}))
        };
        // Whoever did not subscribe does not know of it.
        assert_eq!(claim("green").status, 404);
        for login in ["clean", "owner", "ownershop", "party", "green"] {
            subscribe(&city, login);
        }
        // The owner, a shop of the owner (a unit below), the maintainer.
        for login in ["owner", "ownershop", "clean"] {
            let refused = claim(login);
            assert_eq!(
                (refused.status, &refused.body["code"]),
                (403, &json!("cases.interested")),
                "{login}: {refused:?}"
            );
            assert!(
                open_numbers(&city, login).is_empty(),
                "{login} is not even shown it"
            );
        }
        // The department that handles it is no organisation of society.
        let refused = city.post(
            "water",
            &format!("/api/v1/open-matters/{number}/claim"),
            &json!({}),
        );
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("dispatch.not_of_society"))
        );
        // The party complained of, once the desk has named it.
        assert_eq!(open_numbers(&city, "party"), [number.to_string()]);
        let named = city.acts(
            "desk",
            number,
            json!([{ "act": "name_party", "unit": city.unit("PARTY").to_string() }]),
        );
        assert_eq!(named.status, 200, "{named:?}");
        let refused = claim("party");
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (403, &json!("cases.interested")),
            "{refused:?}"
        );
        assert_eq!(claim("green").status, 200);
        let second = claim("green");
        assert_eq!(second.body["code"], json!("cases.claimed"), "{second:?}");
    }
);

testdb::both_engines!(
    a_persons_request_for_help_and_conduct_are_never_open_to_claims,
    &migrations(),
    |db| {
        let city = City::new(db);
        let help = city.handling("E0114").number;
        let conduct = city.handling("E0201").number;
        let all = city.post("green", "/api/v1/subscriptions", &json!({ "matter": "E" }));
        assert_eq!(all.status, 200, "{all:?}");
        assert!(open_numbers(&city, "green").is_empty());
        for number in [help, conduct] {
            let path = format!("/api/v1/open-matters/{number}/claim");
            assert_eq!(city.post("green", &path, &json!({})).status, 404);
            assert_eq!(city.case(number).joint.claim, None);
        }
    }
);

testdb::both_engines!(
    what_a_patrol_finds_is_no_contact_and_what_a_class_mostly_is_closes_nothing,
    &migrations(),
    |db| {
        let city = City::new(db);
        subscribe(&city, "green");
        // 求决 is what people want decided, and the city files it under its requests; a patrol wants nothing.
        let found = city.handling("E0115");
        assert_eq!(
            (found.record.nature, found.record.nature_assumed),
            (None, false)
        );
        assert_eq!(open_numbers(&city, "green"), [found.number.to_string()]);
    }
);

testdb::both_engines!(
    a_claim_leaves_clock_and_duty_lapses_after_a_day_and_is_shown_with_evidence,
    &migrations(),
    |db| {
        let city = City::new(db);
        let before = city.handling("E0113");
        let number = before.number;
        subscribe(&city, "green");
        let path = |what: &str| format!("/api/v1/open-matters/{number}/{what}");
        assert_eq!(city.post("green", &path("claim"), &json!({})).status, 200);
        let claimed = city.case(number);
        assert_eq!(
            (claimed.due_at, claimed.unit, claimed.state),
            (before.due_at, before.unit, State::Handling)
        );
        city.clock
            .advance(std::time::Duration::from_secs(25 * 3600));
        city.keep_up();
        assert_eq!(city.case(number).joint.claim, None);
        let own = city.get("green", "/api/v1/claims");
        assert_eq!(own.body["items"][0]["outcome"], json!("lapsed"), "{own:?}");
        // Again, and this time something is shown.
        assert_eq!(city.post("green", &path("claim"), &json!({})).status, 200);
        let bare = city.post("green", &path("show"), &json!({ "result": "已清理" }));
        assert_eq!(bare.body["code"], json!("cases.no_evidence"), "{bare:?}");
        let file = city.picture("green");
        let shown = city.post(
            "green",
            &path("show"),
            &json!({ "result": "已清理", "attachments": [file] }),
        );
        assert_eq!(shown.status, 200, "{shown:?}");
        city.clock
            .advance(std::time::Duration::from_secs(48 * 3600));
        city.keep_up();
        assert!(
            city.case(number).joint.claim.is_some(),
            "what was shown does not lapse"
        );
        // The unit reports back; the checker comes from elsewhere.
        let back = city.acts(
            "citymgmt",
            number,
            json!([{ "act": "report_back", "result": "志愿者已清理，已核实" }]),
        );
        assert_eq!(back.status, 200, "{back:?}");
        let check = json!([{ "act": "check", "passed": true }]);
        let own = city.acts("green_checker", number, check.clone());
        assert_eq!(
            (own.status, &own.body["code"]),
            (403, &json!("cases.own_unit")),
            "{own:?}"
        );
        assert_eq!(city.acts("checker", number, check).status, 200);
        city.keep_up();
        let own = city.get("green", "/api/v1/claims");
        assert_eq!(own.body["items"][0]["outcome"], json!("shown"), "{own:?}");
        city.check_life(number);
    }
);
