//! 机构调整: preview, order, duties that end and begin on the day, cases that move when it has come, history that stays.

use crate::city::{City, migrations};
use serde_json::json;
use std::time::Duration;

testdb::both_engines!(
    units_merge_on_a_day_and_open_cases_move_when_it_has_come,
    &migrations(),
    |db| {
        let city = City::new(db);
        let before = city.handling("E0113");
        let done = city.handling("E0113").number;
        city.acts(
            "desk",
            done,
            json!([{ "act": "request_void", "reason": "误报" }]),
        );
        let void = json!([{ "act": "void", "reason": "误报" }]);
        assert_eq!(city.acts("desk2", done, void).status, 200);
        let (old, new) = (city.unit("CITYMGMT"), city.unit("STREET"));
        let order = |dry_run: bool| {
            json!({ "on": "2026-03-18", "why": "机构改革 1 号", "dry_run": dry_run,
                    "rows": [{ "from": "CITYMGMT", "to": "STREET" }] })
        };
        assert_eq!(
            city.post("desk", "/api/v1/reorganisations", &order(true))
                .status,
            403
        );
        let preview = city.post("admin", "/api/v1/reorganisations", &order(true));
        assert_eq!(preview.status, 200, "{preview:?}");
        assert_eq!(
            preview.body["cases"],
            json!([{ "from": "CITYMGMT", "to": "STREET", "cases": 1 }])
        );
        assert_eq!(
            (&preview.body["duties_ended"], &preview.body["duties_begun"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(preview.body["accounts"], json!(1));
        assert_eq!(
            city.count("SELECT count(*) FROM reorganisations"),
            0,
            "a preview writes nothing"
        );
        assert_eq!(
            city.post("admin", "/api/v1/reorganisations", &order(false))
                .status,
            200
        );
        city.keep_up();
        assert_eq!(
            city.case(before.number).unit,
            Some(old),
            "the day has not come"
        );
        city.clock.advance(Duration::from_secs(48 * 3600));
        city.keep_up();
        assert_eq!(
            city.early.0.lock().unwrap().first(),
            Some(&(2, 1)),
            "rooms that follow the cases were asked while both of them were with the old unit"
        );
        let moved = city.case(before.number);
        assert_eq!(
            (moved.unit, moved.due_at, moved.state),
            (Some(new), before.due_at, before.state)
        );
        assert_eq!(city.case(done).unit, Some(old), "what is over stays");
        let life = city.get("desk", &format!("/api/v1/cases/{}/events", before.number));
        assert!(
            life.text.contains("unit_changed") && life.text.contains("机构改革 1 号"),
            "{life:?}"
        );
        assert_eq!(
            city.count("SELECT cases FROM reorganisations WHERE done_at IS NOT NULL"),
            1
        );
        // The next case goes to the new unit, and the old one is out of force.
        assert!(!city.cases.city().units.is_in_force(old));
        let found = city
            .cases
            .city()
            .who(
                Some(city.class("E0113")),
                moved.place.grid,
                None,
                jiff::civil::date(2026, 3, 18),
            )
            .unwrap();
        assert_eq!(found.handling, new);
        city.check_life(before.number);
    }
);

testdb::both_engines!(
    an_order_with_a_gap_or_an_unknown_unit_changes_nothing,
    &migrations(),
    |db| {
        let city = City::new(db);
        let send = |rows: serde_json::Value| {
            let body = json!({ "on": "2026-03-18", "why": "x", "rows": rows });
            city.post("admin", "/api/v1/reorganisations", &body)
        };
        let gap = send(json!([{ "from": "CITYMGMT", "to": "STREET", "matter": "E02" }]));
        assert_eq!(
            (gap.status, &gap.body["code"]),
            (422, &json!("dispatch.gap")),
            "{gap:?}"
        );
        let unknown = send(json!([{ "from": "CITYMGMT", "to": "NOWHERE" }]));
        assert_eq!(unknown.body["code"], json!("dispatch.row_without_unit"));
        let circle = send(
            json!([{ "from": "CITYMGMT", "to": "WATER" }, { "from": "WATER", "to": "CITYMGMT" }]),
        );
        assert_eq!(
            (circle.status, &circle.body["code"]),
            (422, &json!("dispatch.chained")),
            "{circle:?}"
        );
        assert_eq!(city.count("SELECT count(*) FROM reorganisations"), 0);
    }
);

fn subscribe(city: &City, login: &str) {
    let body = json!({ "matter": "E01", "division": "330102000000" });
    assert_eq!(city.post(login, "/api/v1/subscriptions", &body).status, 200);
}

fn order(city: &City, on: &str, rows: serde_json::Value) -> crate::city::Reply {
    let body = json!({ "on": on, "why": "机构改革 2 号", "rows": rows });
    city.post("admin", "/api/v1/reorganisations", &body)
}

testdb::both_engines!(
    of_orders_that_contradict_each_other_the_first_holds_also_when_they_come_at_once,
    &migrations(),
    |db| {
        let city = City::new(db);
        let merge = |from: &str, to: &str| json!([{ "from": from, "to": to }]);
        // Four times the same, as a double click sends it.
        let statuses: Vec<u16> = std::thread::scope(|s| {
            let sent: Vec<_> = (0..4)
                .map(|_| s.spawn(|| order(&city, "2026-03-18", merge("CITYMGMT", "STREET")).status))
                .collect();
            sent.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(
            statuses.iter().filter(|s| **s == 200).count(),
            1,
            "{statuses:?}"
        );
        assert_eq!(city.count("SELECT count(*) FROM reorganisations"), 1);
        let begun = "SELECT count(*) FROM duties WHERE valid_from = '2026-03-18'";
        assert_eq!(city.count(begun), 2, "each duty once");
        let refused = |on: &str, from: &str, to: &str| {
            let reply = order(&city, on, merge(from, to));
            assert_eq!(reply.status, 422, "{reply:?}");
            reply.body["code"].as_str().unwrap().to_owned()
        };
        // Back again, on to a third, and work for a unit that is over by then.
        assert_eq!(
            refused("2026-03-19", "STREET", "CITYMGMT"),
            "dispatch.unit_ends_before"
        );
        assert_eq!(
            refused("2026-03-20", "CITYMGMT", "WATER"),
            "dispatch.unit_ends_before"
        );
        // Earlier than its end: what it took over would soon be with nobody.
        assert_eq!(
            refused("2026-03-17", "WATER", "CITYMGMT"),
            "dispatch.unit_ends_later"
        );
        // On with it on the same day.
        assert_eq!(
            refused("2026-03-18", "STREET", "WATER"),
            "dispatch.chained_orders"
        );
        assert_eq!(city.count("SELECT count(*) FROM reorganisations"), 1);
        assert_eq!(
            order(&city, "2026-03-19", merge("STREET", "WATER")).status,
            200
        );
    }
);

testdb::both_engines!(
    what_is_open_beside_cases_moves_with_them_and_the_successor_goes_on,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (old, new) = (city.unit("CITYMGMT"), city.unit("WATER"));
        // The old unit is called to a place, and to a case that is another's.
        let body = json!({ "units": [old.to_string()], "ask": "请到场" });
        let blown = city.post("street", "/api/v1/whistles", &body);
        let whistle = format!("/api/v1/whistles/{}", blown.body["id"].as_str().unwrap());
        assert_eq!(city.get("water", &whistle).status, 404);
        // An organisation that merges into another claims a matter.
        subscribe(&city, "green");
        let claimed = city.handling("E0113").number;
        let claim = format!("/api/v1/open-matters/{claimed}/claim");
        assert_eq!(city.post("green", &claim, &json!({})).status, 200);
        city.keep_up();
        let rows =
            json!([{ "from": "CITYMGMT", "to": "WATER" }, { "from": "GREEN", "to": "PARTY" }]);
        let entered = order(&city, "2026-03-16", rows);
        assert_eq!(entered.status, 200, "{entered:?}");
        // The whistle and the subscription.
        assert_eq!(entered.body["beside"], json!(2), "{entered:?}");
        city.keep_up();
        let now = city.get("water", &whistle);
        assert_eq!(now.status, 200, "{now:?}");
        let call = &now.body["calls"][0];
        assert_eq!(
            (&call["unit"]["id"], &call["was_unit"]["id"]),
            (&json!(new.to_string()), &json!(old.to_string()))
        );
        let page = city.page("water", &whistle.replace("/api/v1", ""), "zh");
        assert!(page.text.contains("由城管局转来"), "{}", page.text);
        let answer = json!({ "answer": "respond" });
        assert_eq!(
            city.post("water", &format!("{whistle}/answer"), &answer)
                .status,
            200
        );
        // The claim goes on as the successor's, in the case, in its list and for its people.
        let party = city.unit("PARTY");
        assert_eq!(city.case(claimed).joint.claim.map(|c| c.unit), Some(party));
        let own = city.get("party", "/api/v1/claims");
        assert_eq!(
            own.body["items"][0]["matter"]["number"],
            json!(claimed.to_string()),
            "{own:?}"
        );
        assert_eq!(
            city.get("party", "/api/v1/subscriptions").body["items"]
                .as_array()
                .map(Vec::len),
            Some(1)
        );
        assert!(
            city.count("SELECT count(*) FROM audit WHERE action = 'unit.reorganise_move'") >= 2,
            "each leaves a trace"
        );
        city.check_life(claimed);
        // Twice is once.
        city.keep_up();
        assert_eq!(
            city.count("SELECT count(*) FROM reorganisations WHERE done_at IS NOT NULL"),
            1
        );
    }
);

testdb::both_engines!(
    a_whistle_of_a_unit_that_ends_is_ended_by_the_one_that_takes_over,
    &migrations(),
    |db| {
        let city = City::new(db);
        let body = json!({ "units": [city.unit("WATER").to_string(), city.unit("CITYMGMT").to_string()], "ask": "请到场" });
        let blown = city.post("street", "/api/v1/whistles", &body);
        let whistle = format!("/api/v1/whistles/{}", blown.body["id"].as_str().unwrap());
        let end = |login: &str| {
            city.post(login, &format!("{whistle}/end"), &json!({}))
                .status
        };
        assert_eq!(end("water"), 404);
        // The street goes into a unit that it has called: nobody answers the own whistle.
        assert_eq!(
            order(
                &city,
                "2026-03-16",
                json!([{ "from": "STREET", "to": "WATER" }])
            )
            .status,
            200
        );
        city.keep_up();
        let now = city.get("water", &whistle);
        assert_eq!(
            now.body["unit"]["id"],
            json!(city.unit("WATER").to_string())
        );
        let calls = now.body["calls"].as_array().unwrap();
        assert_eq!(calls.len(), 1, "{now:?}");
        assert_eq!(
            calls[0]["unit"]["id"],
            json!(city.unit("CITYMGMT").to_string())
        );
        assert_eq!(end("water"), 200);
    }
);

testdb::both_engines!(
    people_go_along_where_all_the_work_goes_to_one_unit_and_else_act_for_none,
    &migrations(),
    |db| {
        let city = City::new(db);
        let unit_of = |login: &str| {
            let id = city.accounts[login];
            let found = city
                .system()
                .read_blocking::<_, access::AccountError, _>(move |r| {
                    access::ops::accounts::find(r, id)
                })
                .unwrap();
            found.unit
        };
        let rows = json!([
            { "from": "CITYMGMT", "to": "WATER" },
            { "from": "STREET", "to": "WATER" }, { "from": "STREET", "to": "CLEAN", "matter": "E02" },
        ]);
        let entered = order(&city, "2026-03-16", rows);
        assert_eq!(
            (&entered.body["accounts"], &entered.body["accounts_moved"]),
            (&json!(2), &json!(1)),
            "{entered:?}"
        );
        city.keep_up();
        assert_eq!(unit_of("citymgmt"), Some(city.unit("WATER")));
        // The street's work went two ways: its account waits for the security administrator, is told so, and acts for none.
        assert_eq!(unit_of("street"), Some(city.unit("STREET")));
        city.clock.advance(Duration::from_secs(24 * 3600));
        city.reference.refresh_blocking(&city.system()).unwrap();
        let body = json!({ "units": [city.unit("WATER").to_string()], "ask": "请到场" });
        let refused = city.post("street", "/api/v1/whistles", &body);
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("dispatch.unit_ended")),
            "{refused:?}"
        );
        let page = city.page("street", "/for-me", "zh");
        assert!(page.text.contains("您的单位已终止"), "{}", page.text);
    }
);

testdb::both_engines!(
    nobody_who_belonged_to_a_unit_nor_its_heirs_judge_what_it_handled,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        let judge = [
            access::Role::Checker,
            access::Role::Acceptor,
            access::Role::ShiftLeader,
        ];
        city.add("judge", &judge, Some("CITYMGMT"), &[]);
        city.add("heir_judge", &judge, Some("WATER"), &[]);
        city.add("other_judge", &judge, Some("STREET"), &[]);
        let said = |reply: &crate::city::Reply| {
            let code = reply.body["code"].as_str().unwrap_or_default();
            (reply.status, code.to_owned())
        };
        let own = (403, "cases.own_unit".to_owned());
        let back = json!([{ "act": "report_back", "result": "已清理" }]);
        let check = json!([{ "act": "check", "passed": true }]);
        let call = json!([{ "act": "call_back", "satisfaction": "satisfied" }]);
        // One case waits for its check, another is closed: the unit that ends handled both.
        let [pending, closed] = [(); 2].map(|()| city.handling("E0113").number);
        for number in [pending, closed] {
            let done = city.acts("citymgmt", number, back.clone());
            assert_eq!(done.status, 200, "{done:?}");
        }
        let ends =
            json!([{ "act": "check", "passed": true }, { "act": "close", "closing": "清除" }]);
        assert_eq!(city.acts("other_judge", closed, ends).status, 200);
        // What it had gives to one unit, what it was for to another: its people stay behind.
        let rows = json!([{ "from": "CITYMGMT", "to": "WATER" }, { "from": "CITYMGMT", "to": "CLEAN", "matter": "E01" }]);
        assert_eq!(order(&city, "2026-03-16", rows).status, 200);
        city.keep_up();
        city.reference.refresh_blocking(&city.system()).unwrap();
        assert_eq!(city.case(pending).unit, Some(city.unit("CLEAN")));
        assert_eq!(city.case(closed).unit, Some(city.unit("CITYMGMT")));
        let refused = |login: &str| {
            assert_eq!(
                said(&city.acts(login, pending, check.clone())),
                own,
                "{login}"
            );
            assert_eq!(
                said(&city.acts(login, closed, call.clone())),
                own,
                "{login}"
            );
            let seen = city.get(login, &format!("/api/v1/cases/{pending}"));
            let allowed = seen.body["allowed"].as_array().unwrap();
            assert!(!allowed.contains(&json!("check")), "{login}: {seen:?}");
        };
        // Neither who is left behind, nor in the heir's own ranks, nor who has gone elsewhere since.
        refused("judge");
        refused("heir_judge");
        city.move_account("judge", "WATER");
        refused("judge");
        city.move_account("judge", "STREET");
        refused("judge");
        // Who never belonged to any of them does; and what was dispatched since is nobody's old work.
        assert_eq!(city.acts("other_judge", pending, check.clone()).status, 200);
        city.clock.advance(Duration::from_secs(60));
        let later = city.handling_by_unit("E0113", "clean").number;
        assert_eq!(city.acts("clean", later, back).status, 200);
        assert_eq!(city.acts("judge", later, check).status, 200);
        city.check_life(pending);
        city.check_life(later);
    }
);

testdb::both_engines!(
    the_heir_of_a_unit_that_ended_sees_what_it_had_closed_and_appeals_once_for_it,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        let desk = [
            access::Role::Acceptor,
            access::Role::ShiftLeader,
            access::Role::Dispatcher,
        ];
        city.add("heir_desk", &desk, Some("WATER"), &[]);
        let said = |reply: &crate::city::Reply| {
            let code = reply.body["code"].as_str().unwrap_or_default();
            (reply.status, code.to_owned())
        };
        let appeal = || json!([{ "act": "lodge_appeal", "count": "late", "reason": "停水抢修", "evidence": "停水公告" }]);
        // Two cases that the unit had late, one of them closed; it ends before it appealed.
        let [closed, open] = [(); 2].map(|()| city.handling("E0113").number);
        city.clock.advance(Duration::from_secs(20 * 24 * 3600));
        let back = json!([{ "act": "report_back", "result": "已清理" }]);
        assert_eq!(city.acts("citymgmt", closed, back).status, 200);
        let ends =
            json!([{ "act": "check", "passed": true }, { "act": "close", "closing": "清除" }]);
        assert_eq!(city.acts("checker", closed, ends).status, 200);
        let path = format!("/api/v1/cases/{closed}");
        let listed = |login: &str| {
            let list = city.get(login, "/api/v1/cases");
            assert_eq!(list.status, 200, "{list:?}");
            list.text.contains(&closed.to_string())
        };
        assert_eq!(city.get("water", &path).status, 404, "not its heir yet");
        assert!(!listed("water"));
        assert_eq!(said(&city.acts("water", closed, appeal())).0, 404);
        let today = "2026-04-05";
        let rows = json!([{ "from": "CITYMGMT", "to": "WATER" }]);
        let made = order(&city, today, rows);
        assert_eq!(made.status, 200, "{made:?}");
        city.keep_up();
        city.reference.refresh_blocking(&city.system()).unwrap();
        let (old, new) = (city.unit("CITYMGMT"), city.unit("WATER"));
        assert_eq!(
            (city.case(closed).unit, city.case(open).unit),
            (Some(old), Some(new))
        );
        // The heir finds it, reads it and is offered the appeal; others are not.
        assert!(listed("water") && !listed("clean"));
        assert_eq!(city.get("clean", &path).status, 404);
        let seen = city.get("water", &path);
        assert_eq!(seen.status, 200, "{seen:?}");
        let allowed = seen.body["allowed"].as_array().unwrap();
        assert!(allowed.contains(&json!("lodge_appeal")), "{seen:?}");
        assert_eq!(
            city.page("water", &format!("/cases/{closed}"), "zh").status,
            200
        );
        let lodged = city.acts("water", closed, appeal());
        assert_eq!(lodged.status, 200, "{lodged:?}");
        // Reviewed by two others, and by nobody of the heir: it is that one's own work now.
        let endorse = || json!([{ "act": "endorse_appeal" }]);
        let own = (403, "cases.own_unit".to_owned());
        assert_eq!(said(&city.acts("heir_desk", closed, endorse())), own);
        assert_eq!(city.acts("desk", closed, endorse()).status, 200);
        let grant = || json!([{ "act": "grant_appeal" }]);
        assert_eq!(said(&city.acts("heir_desk", closed, grant())), own);
        assert_eq!(
            said(&city.acts("desk", closed, grant())),
            (403, "cases.same_person".to_owned())
        );
        let granted = city.acts("desk2", closed, grant());
        assert_eq!(granted.body["exempt"], json!(["late"]), "{granted:?}");
        assert_eq!(granted.body["is_late"], true, "the fact stays");
        assert_eq!(
            said(&city.acts("water", closed, appeal())),
            (409, "cases.used_up".to_owned()),
            "once, whoever asks"
        );
        city.check_life(closed);
    }
);

testdb::both_engines!(
    orders_of_before_heirs_were_noted_are_noted_with_the_next_run,
    &migrations(),
    |db| {
        let city = City::new(db);
        let rows = json!([{ "from": "CITYMGMT", "to": "WATER" }]);
        assert_eq!(order(&city, "2026-03-16", rows).status, 200);
        city.keep_up();
        city.exec("DELETE FROM unit_heirs");
        city.exec("UPDATE reorganisations SET heirs_noted = 0");
        city.keep_up();
        city.reference.refresh_blocking(&city.system()).unwrap();
        let (old, new) = (city.unit("CITYMGMT"), city.unit("WATER"));
        assert_eq!(city.cases.city().units.took_over(new), [old]);
        city.keep_up();
        assert_eq!(city.count("SELECT count(*) FROM unit_heirs"), 1);
        assert_eq!(
            city.count("SELECT count(*) FROM audit WHERE action = 'unit.reorganise_heirs'"),
            2,
            "each run once"
        );
    }
);

testdb::both_engines!(
    an_order_of_a_past_day_is_refused_naming_the_day,
    &migrations(),
    |db| {
        let city = City::new(db);
        for dry_run in [true, false] {
            let body = json!({ "on": "2026-03-15", "why": "x", "dry_run": dry_run,
                               "rows": [{ "from": "CITYMGMT", "to": "STREET" }] });
            let refused = city.post("admin", "/api/v1/reorganisations", &body);
            assert_eq!(
                (
                    refused.status,
                    &refused.body["code"],
                    &refused.body["field"]
                ),
                (422, &json!("dispatch.past_day"), &json!("on")),
                "{refused:?}"
            );
        }
        let found = city.cases.city().who(
            Some(city.class("E0113")),
            None,
            Some("330102001000".parse().unwrap()),
            jiff::civil::date(2026, 3, 15),
        );
        assert_eq!(found.unwrap().handling, city.unit("CITYMGMT"));
        assert_eq!(city.count("SELECT count(*) FROM reorganisations"), 0);
    }
);

testdb::both_engines!(
    a_case_that_goes_on_again_follows_the_unit_that_ended,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.handling("E0113").number;
        let rows = json!([{ "from": "CITYMGMT", "to": "WATER" }]);
        assert_eq!(order(&city, "2026-03-16", rows).status, 200);
        // As a reopening leaves it that comes when the order is done: a case that goes on, with a unit that has ended.
        city.exec("UPDATE reorganisations SET done_at = 1");
        assert_eq!(city.case(number).unit, Some(city.unit("CITYMGMT")));
        city.keep_up();
        assert_eq!(city.case(number).unit, Some(city.unit("WATER")));
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_part_asked_for_just_before_its_unit_ends_follows_too,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.handling("E0113").number;
        let help = json!([{ "act": "ask_help", "unit": city.unit("WATER").to_string(), "ask": "请查管线", "limit": "4工作时" }]);
        assert_eq!(city.acts("citymgmt", number, help).status, 200);
        // The list of parts has not heard of it when the order is entered and its cases are moved.
        let rows = json!([{ "from": "WATER", "to": "PARTY" }]);
        assert_eq!(order(&city, "2026-03-16", rows).status, 200);
        city.run(dispatch::ops::reorganise::move_cases(&city.system()))
            .unwrap();
        assert_eq!(city.case(number).joint.parts[0].unit, city.unit("WATER"));
        city.keep_up();
        assert_eq!(city.case(number).joint.parts[0].unit, city.unit("PARTY"));
        let mine = city.get("party", "/api/v1/parts").body;
        assert_eq!(mine["items"].as_array().map(Vec::len), Some(1), "{mine}");
        city.check_life(number);
    }
);
