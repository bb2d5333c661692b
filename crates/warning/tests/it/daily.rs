//! Looking at a day: what is found is kept, grows, and is the same when looked at again; the city's own findings are none.

use crate::city::{BURST, City, cell, migrations};
use jiff::civil::Time;
use serde_json::json;
use store::StoreError;
use testdb::both_engines;
use warning::model::{Level, Standing};
use warning::ops::{self, WarningError};

both_engines!(
    a_burst_becomes_one_finding_that_grows,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.ordinary();
        city.burst("hotline", 1, 3);
        city.count();
        let run = |back: i64| {
            ops::run_day(
                &city.system(),
                city.reference(),
                city.day(back),
                None,
                false,
            )
            .unwrap()
        };
        let before = run(4);
        assert_eq!(
            (before.begun.len(), before.going_on.len()),
            (0, 0),
            "{before:?}"
        );
        let scan = before
            .detectors
            .iter()
            .find(|d| d.detector == "scan")
            .unwrap();
        assert_eq!(
            (scan.series, scan.signals),
            (2, 0),
            "two classes are warnable, conduct is not"
        );
        // Four months are no past for a season: that is said, and not taken for a quiet one.
        let season = before.detectors.iter().find(|d| d.detector == "season");
        assert!(
            season.is_some_and(|s| s.series == 0 && s.too_short > 0),
            "{before:?}"
        );
        let first = run(2);
        assert_eq!(first.begun.len(), 1, "{first:?}");
        let second = run(1);
        assert_eq!(
            (second.begun.len(), second.going_on.clone()),
            (0, first.begun.clone())
        );
        // The same day again: refused, or without any change but the run's time.
        let again = ops::run_day(&city.system(), city.reference(), city.day(1), None, false);
        assert!(matches!(
            again,
            Err(WarningError::Store(StoreError::Unique(_)))
        ));
        let again =
            ops::run_day(&city.system(), city.reference(), city.day(1), None, true).unwrap();
        assert_eq!((again.begun.len(), &again.going_on), (0, &first.begun));
        assert_eq!(city.rows("SELECT count(*) FROM warnings"), 1);
        assert_eq!(
            city.rows("SELECT count(*) FROM warning_runs"),
            9,
            "three days of three detectors"
        );
        let id = first.begun[0];
        let details = city
            .runtime
            .block_on(ops::details(&city.system(), id))
            .unwrap();
        let warning = &details.warning;
        assert_eq!((warning.standing, warning.verdict), (Standing::New, None));
        assert_eq!(
            (warning.track.first_seen, warning.track.last_seen),
            (city.day(2), city.day(1))
        );
        assert_eq!(warning.track.level, Level::Grid);
        let burst: Vec<String> = BURST.iter().map(|n| cell(1, *n).to_string()).collect();
        assert!(
            warning
                .track
                .places
                .iter()
                .filter(|p| burst.contains(p))
                .count()
                >= 4
        );
        assert!(details.sights.len() >= 2, "{:?}", details.sights);
        assert!(
            details
                .sights
                .iter()
                .all(|s| s.observed >= 5 && s.voices >= s.observed)
        );
        let peak = warning.curve.days.iter().map(|d| d.1).max().unwrap();
        assert!(
            peak >= 5 && warning.curve.usual < 1.0,
            "{:?}",
            warning.curve
        );
        // The cases behind it are those of the burst, and an odd one that lay there anyway.
        let behind = city
            .runtime
            .block_on(ops::behind(&city.system(), &city.reference(), warning))
            .unwrap();
        assert!((15..=18).contains(&behind.len()), "{}", behind.len());
        assert_eq!(
            city.rows("SELECT count(*) FROM audit WHERE action = 'warning.run'"),
            4
        );
    }
);

both_engines!(
    what_patrols_and_preventive_work_find_is_no_signal,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.ordinary();
        city.burst("patrol", 1, 3);
        city.burst("preventive", 1, 3);
        city.count();
        let run = ops::run_day(&city.system(), city.reference(), city.day(1), None, false).unwrap();
        assert_eq!(run.begun.len(), 0, "{run:?}");
    }
);

both_engines!(conduct_of_persons_raises_nothing, &migrations(), |db| {
    let city = City::new(db);
    city.ordinary();
    for n in 1..4 {
        city.report("E0201", "hotline", n, &BURST.map(|n| cell(1, n)));
    }
    city.count();
    let run = ops::run_day(&city.system(), city.reference(), city.day(1), None, false).unwrap();
    assert_eq!(run.begun.len(), 0, "{run:?}");
});

both_engines!(merged_voices_make_no_burst, &migrations(), |db| {
    let city = City::new(db);
    city.ordinary();
    for back in 1..4 {
        let cells = [cell(1, 15); 8];
        city.report("C0101", "hotline", back, &cells);
    }
    // All but one of each day are voices about the same matter.
    city.system()
        .write_blocking::<_, StoreError, _>(|mut w| {
            let sql = "UPDATE cases SET state = 'merged' WHERE grid = $1 AND id NOT IN (SELECT min(id) FROM cases WHERE grid = $1 GROUP BY reported_at)";
            let sql = if w.engine() == store::Engine::Postgres {
                // PostgreSQL has no least of bytes.
                "UPDATE cases SET state = 'merged' WHERE grid = $1 AND number NOT IN (SELECT min(number) FROM cases WHERE grid = $1 GROUP BY reported_at)"
            } else {
                sql
            };
            let grid = cell(1, 15);
            w.exec(sql, store::params![grid])?;
            w.commit(store::AuditEvent::done("test.setup", "test", ""), ())
        })
        .unwrap();
    city.count();
    let run = ops::run_day(&city.system(), city.reference(), city.day(1), None, false).unwrap();
    assert_eq!(run.begun.len(), 0, "{run:?}");
});

both_engines!(
    yesterday_is_looked_at_once_after_its_hour,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.report("C0101", "hotline", 3, &[cell(1, 1)]);
        let due = |at: i8| {
            ops::run_if_due(
                &city.system(),
                city.reference(),
                Time::constant(at, 0, 0, 0),
            )
        };
        assert!(
            matches!(due(6), Err(WarningError::NoFigures)),
            "nothing is looked at before the figures are there"
        );
        city.count();
        // It is nine in the morning.
        assert_eq!(due(10).unwrap(), None);
        let run = due(6).unwrap().unwrap();
        assert_eq!(run.day, city.day(1));
        assert_eq!(due(6).unwrap(), None);
        city.clock
            .advance(std::time::Duration::from_secs(24 * 3600));
        assert_eq!(due(6).unwrap().unwrap().day, city.day(1));
        // Days on which nothing served are made up for, the first one first; but not for ever.
        city.clock
            .advance(std::time::Duration::from_secs(3 * 24 * 3600));
        for back in [3, 2, 1] {
            assert_eq!(due(6).unwrap().unwrap().day, city.day(back));
        }
        assert_eq!(due(6).unwrap(), None);
        city.clock
            .advance(std::time::Duration::from_secs(60 * 24 * 3600));
        assert_eq!(due(6).unwrap().unwrap().day, city.day(14));
    }
);

both_engines!(settings_are_what_the_city_says, &migrations(), |db| {
    let city = City::new(db);
    city.ordinary();
    city.burst("hotline", 1, 3);
    city.count();
    let (status, body) = city.get("analyst", "/api/v1/warning-detectors");
    assert_eq!((status, body.as_array().unwrap().len()), (200, 4));
    assert_eq!(body[0]["settings"]["neighbours"], json!(30.0));
    let put = |who: &str, code: &str, body| {
        city.post(who, &format!("/api/v1/warning-detectors/{code}"), body)
    };
    for (code, wanted, field) in [
        (
            "scan",
            json!({"method": "scan", "level": "grid", "settings": {"neighbours": 1}}),
            "neighbours",
        ),
        (
            "scan",
            json!({"method": "scan", "level": "grid", "settings": {"colour": 1}}),
            "colour",
        ),
        (
            "scan",
            json!({"method": "oracle", "level": "grid"}),
            "method",
        ),
        ("scan", json!({"method": "scan", "level": "moon"}), "level"),
        (
            "scan",
            json!({"method": "scan", "level": "district"}),
            "level",
        ),
        ("UPPER", json!({"method": "scan", "level": "grid"}), "code"),
    ] {
        let (status, body) = put("analyst", code, wanted);
        assert_eq!(
            (status, body["field"].as_str()),
            (422, Some(field)),
            "{body}"
        );
    }
    assert_eq!(
        put("shift", "scan", json!({"method": "scan", "level": "grid"})).0,
        403
    );
    let off = json!({"method": "scan", "level": "grid", "enabled": false});
    let (status, body) = put("analyst", "scan", off);
    assert_eq!((status, &body["version"]), (200, &json!(2)));
    let off = json!({"method": "ears-c2", "level": "street", "settings": {"least_cases": 40}});
    assert_eq!(put("analyst", "surge", off).0, 200);
    let new = json!({"method": "scan", "level": "community", "settings": {"least_cases": 4}});
    assert_eq!(put("analyst", "wide", new).0, 200);
    let run = ops::run_day(&city.system(), city.reference(), city.day(1), None, false).unwrap();
    let ran: Vec<&str> = run.detectors.iter().map(|d| d.detector.as_str()).collect();
    assert_eq!(ran, ["surge", "season", "wide"]);
});
