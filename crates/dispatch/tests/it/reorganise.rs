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
        city.acts("desk", done, json!([{ "act": "request_void", "reason": "误报" }, { "act": "void", "reason": "误报" }]));
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
            (&json!(1), &json!(1))
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
        assert_eq!(unknown.body["code"], json!("dispatch.unknown_unit"));
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
