//! What is kept of a requester: looked at for a purpose, told to the person, erased for good, unmasked by two people only.

use crate::city::{City, migrations};
use cases::ops::Step;
use serde_json::{Value, json};

/// A report with a contact; answers its number and its code.
fn reported(city: &City, is_confidential: bool) -> (String, String) {
    let body = json!({
        "description": "井盖没了",
        "matter": city.class("C0101").to_string(),
        "place": { "lon": 120.165, "lat": 30.245 },
        "contact": { "name": "王小二", "phone": "13800138000" },
        "confidential": is_confidential,
    });
    let receipt = city.post("stranger", "/api/v1/reports", &body);
    assert_eq!(receipt.status, 201, "{receipt:?}");
    let text = |name: &str| receipt.body[name].as_str().unwrap().to_owned();
    (text("number"), text("code"))
}

/// How the looks of a record ended, in the order of their words.
fn looks(record: &Value) -> Vec<&str> {
    let looks = record["looks"].as_array().unwrap();
    let mut outcomes: Vec<&str> = looks
        .iter()
        .map(|l| l["outcome"].as_str().unwrap())
        .collect();
    outcomes.sort_unstable();
    outcomes
}

testdb::both_engines!(
    the_person_reads_each_look_also_the_refused_one,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, code) = reported(&city, false);
        let at = |tail: &str| format!("/api/v1/cases/{number}/requester{tail}");
        let masked = city.get("desk", &at(""));
        assert_eq!(
            (masked.body["name"].as_str(), masked.body["phone"].as_str()),
            (Some("王**"), Some("138****8000")),
            "{masked:?}"
        );
        assert!(
            masked.body["record"]["looks"]
                .as_array()
                .unwrap()
                .is_empty(),
            "a masked display is no look"
        );
        let nothing = city.post("desk", &at("/look"), &json!({ "purpose": "curiosity" }));
        assert_eq!(
            (nothing.status, nothing.body["code"].as_str()),
            (422, Some("vault.purpose"))
        );
        let shown = city.post("desk", &at("/look"), &json!({ "purpose": "handling" }));
        assert_eq!(
            shown.body["fields"],
            json!([{ "field": "name", "value": "王小二" }, { "field": "phone", "value": "13800138000" }])
        );
        city.post(
            "collector",
            &format!("/api/v1/cases/{number}/acts"),
            &json!({ "acts": [{ "act": "verify", "outcome": "yes" }] }),
        );
        let sent =
            json!({ "acts": [{ "act": "accept" }, { "act": "register" }, { "act": "dispatch" }] });
        city.post("desk", &format!("/api/v1/cases/{number}/acts"), &sent);
        assert_eq!(
            city.post("water", &at("/look"), &json!({ "purpose": "handling" }))
                .status,
            403,
            "a department does not look, and its try is recorded"
        );

        let own = city.get(
            "stranger",
            &format!("/api/v1/track/{number}/record?code={code}"),
        );
        assert_eq!(own.status, 200);
        assert_eq!(looks(&own.body), ["refused", "refused", "seen"], "{own:?}");
        let held: Vec<&str> = own.body["held"]
            .as_array()
            .unwrap()
            .iter()
            .map(|h| h["field"].as_str().unwrap())
            .collect();
        assert_eq!(held, ["name", "phone"]);
        assert!(!own.body.to_string().contains("13800138000"));
        assert_eq!(
            city.get(
                "stranger",
                &format!("/api/v1/track/{number}/record?code=AAAAAA")
            )
            .status,
            404,
            "a number without its code tells nothing"
        );
    }
);

testdb::both_engines!(
    a_look_is_recorded_each_time_and_its_answer_is_kept_nowhere,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, _) = reported(&city, false);
        let path = format!("/api/v1/cases/{number}/requester/look");
        for _ in 0..2 {
            let shown = city.post_once("desk", &path, &json!({ "purpose": "handling" }), "same");
            assert_eq!(shown.status, 200);
        }
        assert_eq!(
            city.count("SELECT count(*) FROM vault_looks WHERE outcome = 'seen'"),
            2
        );
        assert_eq!(city.count("SELECT count(*) FROM idempotency"), 0);
    }
);

testdb::both_engines!(an_erased_person_stays_erased, &migrations(), |db| {
    let city = City::new(db);
    let (number, code) = reported(&city, false);
    let at = |tail: &str| format!("/api/v1/cases/{number}/requester{tail}");
    for cause in ["retention", "because", ""] {
        let refused = city.post("desk", &at("/erase"), &json!({ "cause": cause }));
        assert_eq!(
            (refused.status, refused.body["field"].as_str()),
            (422, Some("cause")),
            "{refused:?}"
        );
    }
    let erased = city.post("desk", &at("/erase"), &json!({ "cause": "requested" }));
    assert_eq!(erased.status, 204, "{erased:?}");
    let again = city.post("desk", &at("/erase"), &json!({ "cause": "requested" }));
    assert_eq!(again.status, 410);
    let look = city.post("desk", &at("/look"), &json!({ "purpose": "handling" }));
    assert_eq!(look.status, 410);
    assert_eq!(city.get("desk", &at("")).body["erased"], true);
    let own = city.get(
        "stranger",
        &format!("/api/v1/track/{number}/record?code={code}"),
    );
    assert_eq!(own.body["held"], json!([]));
    assert_eq!(looks(&own.body), ["erased"]);
    city.check_life(number.parse().unwrap());
});

testdb::both_engines!(
    a_confidential_reporter_is_shown_after_two_people_agreed_and_no_sooner,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (number, code) = reported(&city, true);
        let at = |tail: &str| format!("/api/v1/cases/{number}/requester{tail}");
        let look = || city.post("shift_leader", &at("/look"), &json!({ "purpose": "duty" }));
        assert_eq!(look().status, 403);
        let asked = city.post(
            "shift_leader",
            &at("/unmaskings"),
            &json!({ "reason": "须当面核实" }),
        );
        assert_eq!(asked.status, 201, "{asked:?}");
        let request = asked.body["id"].as_str().unwrap();
        let decide = |login: &str, id: &str| {
            let path = at(&format!("/unmaskings/{id}"));
            city.post(login, &path, &json!({ "granted": true })).status
        };
        assert_eq!(
            decide("shift_leader", request),
            409,
            "nobody agrees with oneself"
        );
        let (other, _) = reported(&city, true);
        let elsewhere = format!("/api/v1/cases/{other}/requester/unmaskings/{request}");
        assert_eq!(
            city.post("desk", &elsewhere, &json!({ "granted": true }))
                .status,
            404,
            "a request belongs to its case"
        );
        assert_eq!(look().status, 403);
        assert_eq!(decide("desk", request), 204);
        assert_eq!(look().status, 200);
        let list = city.get("desk", &at("")).body["unmaskings"].clone();
        assert_eq!(
            (list[0]["granted"].as_bool(), list[0]["reason"].as_str()),
            (Some(true), Some("须当面核实"))
        );
        let own = city.get(
            "stranger",
            &format!("/api/v1/track/{number}/record?code={code}"),
        );
        assert_eq!(
            looks(&own.body),
            [
                "refused",
                "refused",
                "seen",
                "unmasking_asked",
                "unmasking_granted"
            ]
        );
    }
);

testdb::both_engines!(
    whoever_reported_in_confidence_is_told_on_top_of_the_own_page_that_somebody_asked_who_it_was,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut new = city.cover("web");
        new.contact.phone = Some("13800138000".into());
        new.confidential = true;
        let receipt = city.report("stranger", new);
        let (number, link) = (receipt.case.number, receipt.link);
        let own = || {
            let request = axum::http::Request::get(format!("/track/link/{link}"))
                .header(axum::http::header::ACCEPT_LANGUAGE, "en");
            let page = city.raw(request.body(axum::body::Body::empty()).unwrap());
            assert_eq!(page.status, 200, "{}", page.text);
            page.text
        };
        assert!(!own().contains("who you are"));
        let at = format!("/api/v1/cases/{number}/requester/unmaskings");
        let reason = json!({ "reason": "须当面核实" });
        let asked = city.post("shift_leader", &at, &reason).body;
        let page = own();
        assert!(page.contains("asked to see who you are"), "{page}");
        assert!(
            !page.contains("须当面核实"),
            "the reason is for the one who decides"
        );
        let decide = format!("{at}/{}", asked["id"].as_str().unwrap());
        let refused = json!({ "granted": false });
        // What came last stands on top: somebody decides later than another asked.
        city.clock.advance(std::time::Duration::from_secs(60));
        assert_eq!(city.post("desk", &decide, &refused).status, 204);
        assert!(own().contains("did not agree to a request to see who you are"));
    }
);

testdb::both_engines!(
    whoever_belongs_to_the_handling_unit_never_learns_who_reported_in_confidence,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add_two_hats();
        let (number, _) = reported(&city, true);
        let case = number.parse().unwrap();
        let at = |tail: &str| format!("/api/v1/cases/{number}/requester{tail}");
        let reason = json!({ "reason": "须当面核实" });
        let theirs = city.post("shift_leader", &at("/unmaskings"), &reason);
        let theirs = theirs.body["id"].as_str().unwrap().to_owned();
        let verified = Step::Verify {
            outcome: cases::model::VerifyOutcome::Yes,
            note: String::new(),
            attachments: Vec::new(),
        };
        city.act("collector", case, vec![verified]).unwrap();
        let accept = Step::Accept {
            matter: None,
            urgent: false,
        };
        let dispatch = Step::Dispatch {
            unit: Some(city.unit("WATER")),
            basis: "职责表".into(),
        };
        let steps = vec![accept, Step::Register { rule: None }, dispatch];
        city.act("desk", case, steps).unwrap();
        let asked = city.post("two_hats", &at("/unmaskings"), &reason);
        assert_eq!(
            (asked.status, asked.body["code"].as_str()),
            (409, Some("vault.unmasking")),
            "{asked:?}"
        );
        let granted = json!({ "granted": true });
        let path = at(&format!("/unmaskings/{theirs}"));
        assert_eq!(city.post("two_hats", &path, &granted).status, 409);
        let look = city.post("two_hats", &at("/look"), &json!({ "purpose": "duty" }));
        assert_eq!(look.status, 403);
        assert_eq!(city.post("desk", &path, &granted).status, 204);
    }
);
