//! What a resident reported with an account is followed, answered, rated and reopened there, without the private link; by nobody
//! else, and never by a member of staff.

use crate::city::{City, migrations};
use cases::State;
use cases::ops;
use kernel::codes::CaseNumber;
use serde_json::{Value, json};

/// A report of an account; answers its number.
fn reported(city: &City, login: &str) -> CaseNumber {
    let body = json!({
        "description": "井盖没了",
        "matter": city.class("C0101").to_string(),
        "place": { "lon": 120.165, "lat": 30.245 },
    });
    let receipt = city.post(login, "/api/v1/reports", &body);
    assert_eq!(receipt.status, 201, "{receipt:?}");
    receipt.body["number"].as_str().unwrap().parse().unwrap()
}

fn done(city: &City, login: &str, number: CaseNumber, act: Value) {
    let path = format!("/api/v1/cases/{number}/acts");
    let reply = city.post(login, &path, &json!({ "acts": [act] }));
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Looked at, accepted, and in the hands of the water works.
fn dispatched(city: &City, number: CaseNumber) {
    let verified = json!({ "act": "verify", "outcome": "yes" });
    done(city, "collector", number, verified);
    for act in ["accept", "register", "dispatch"] {
        done(city, "desk", number, json!({ "act": act }));
    }
    done(city, "water", number, json!({ "act": "sign" }));
}

fn closed(city: &City, number: CaseNumber) {
    let back = json!({ "act": "report_back", "result": "已更换" });
    done(city, "water", number, back);
    done(
        city,
        "checker",
        number,
        json!({ "act": "check", "passed": true }),
    );
    done(
        city,
        "desk",
        number,
        json!({ "act": "close", "closing": "更换" }),
    );
}

testdb::both_engines!(
    a_resident_answers_rates_and_reopens_without_the_link,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add_residents();
        let number = reported(&city, "resident");
        let at = |what: &str| format!("/api/v1/my-reports/{number}{what}");
        let list = city.get("resident", "/api/v1/my-reports");
        assert_eq!(list.body["items"][0]["number"], number.to_string());
        assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
        // The promise of the receipt stands there and on the page of the case, until there is a deadline.
        let promised = |path: &str| {
            let page = city.get("resident", path);
            assert_eq!(page.status, 200);
            ["Somebody will look on the spot before", "到现场核实"]
                .iter()
                .any(|words| page.text.contains(words))
        };
        assert!(promised("/my-reports") && promised(&format!("/my-reports/{number}")));

        dispatched(&city, number);
        assert!(!promised("/my-reports"), "now there is a deadline");
        let ask = json!({ "act": "ask_requester", "question": "哪个门？" });
        done(&city, "water", number, ask);
        assert_eq!(city.get("resident", &at("")).body["question"], "哪个门？");
        let answered = city.post(
            "resident",
            &at("/answer"),
            &json!({ "text": "东门，13800138000" }),
        );
        assert_eq!(
            (answered.status, &answered.body["state"]),
            (200, &json!("handling"))
        );
        assert_eq!(answered.body["question"], Value::Null);
        let life = city.get("water", &format!("/api/v1/cases/{number}/events"));
        let life = life.body.to_string();
        assert!(
            life.contains("东门") && !life.contains("13800138000"),
            "{life}"
        );

        closed(&city, number);
        assert_eq!(city.get("resident", &at("")).body["may_rate"], true);
        let rating = json!({ "contacted": true, "solved": false, "satisfaction": "dissatisfied" });
        let rated = city.post("resident", &at("/rate"), &rating);
        assert_eq!(rated.status, 200, "{rated:?}");
        assert_eq!(rated.body["call_back"]["satisfaction"], "dissatisfied");
        let reopened = city.post("resident", &at("/reopen"), &json!({ "reason": "又松了" }));
        assert_eq!(reopened.status, 200, "{reopened:?}");
        assert_eq!(reopened.body["reopenings"], 1);
        let added = city.post("resident", &at("/messages"), &json!({ "text": "就在路口" }));
        assert_eq!(added.status, 200, "{added:?}");
        city.replays();
    }
);

testdb::both_engines!(
    nobody_else_reaches_a_report_by_its_number,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add_residents();
        let number = reported(&city, "resident");
        let path = format!("/api/v1/my-reports/{number}");
        assert_eq!(city.get("neighbour", &path).status, 404);
        assert_eq!(
            city.get("neighbour", &format!("/my-reports/{number}"))
                .status,
            404
        );
        let rating = json!({ "satisfaction": "satisfied" });
        let others = city.post("neighbour", &format!("{path}/rate"), &rating);
        assert_eq!(others.status, 404);
        assert_eq!(city.audited("case.look", "refused"), 3);
        assert_eq!(
            city.get("neighbour", "/api/v1/my-reports").body["items"],
            json!([])
        );
        // Staff has no such door, not even for what it found itself; a stranger is asked to sign in.
        let found = city.report("collector", city.cover("patrol")).case;
        assert_eq!(found.state, State::PendingAccept);
        for login in ["collector", "desk", "leader"] {
            let path = format!("/api/v1/my-reports/{}", found.number);
            assert_eq!(city.get(login, &path).status, 403, "{login}");
        }
        assert_eq!(city.get("stranger", &path).status, 401);
        let ctx = city.ctx("neighbour");
        let reopened = city.run(ops::reopen(&ctx, ops::Proof::Account(number), "我要"));
        assert!(reopened.is_err());
    }
);

testdb::both_engines!(
    a_list_of_merged_reports_is_two_statements_and_shows_where_they_go_on,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add_residents();
        let numbers: Vec<CaseNumber> = (0..4).map(|_| reported(&city, "resident")).collect();
        for number in &numbers {
            let verified = json!({ "act": "verify", "outcome": "yes" });
            done(&city, "collector", *number, verified);
        }
        for number in &numbers[1..] {
            let merge = json!({ "act": "merge", "into": numbers[0].to_string() });
            done(&city, "desk", *number, merge);
        }
        let ctx = city.ctx("resident");
        let before = ctx.statements();
        let page = city
            .run(ops::own_cases(&ctx, kernel::PageSize::default(), None))
            .unwrap();
        assert_eq!(ctx.statements() - before, 2);
        assert_eq!(page.items.len(), 4);
        assert!(page.items.iter().all(|t| t.end.number == numbers[0]));
    }
);
