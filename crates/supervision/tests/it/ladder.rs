//! Rungs fire exactly once per case, arming and level, and never while the clock stands still.

use crate::city::City;
use crate::stage::{act, city, count, fire, follow, migrations, told, wait};
use cases::ops::Step;
use cases::rules::{ClockCommand as Clock, FairCommand};
use cases::{Case, State};
use jiff::{SignedDuration, Timestamp};
use kernel::Clock as _;
use proptest::prelude::*;
use store::StoreError;
use testdb::both_engines;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn entries(city: &City, case: &Case) -> Vec<String> {
    let (district, id) = (case.district, case.id.0);
    city.system()
        .read_blocking::<_, StoreError, _>(move |r| {
            let sql = "SELECT entry FROM supervision_entries WHERE district = $1 AND case_id = $2 ORDER BY at, level, entry";
            Ok(r.all::<(String,)>(sql, store::params![district, id])?.into_iter().map(|e| e.0).collect())
        })
        .unwrap()
}

// 4 working hours from Monday 09:00: until 12:00 three hours, from 14:00 one: due 15:00. 80 % are 3 h 12 min: 14:12.
both_engines!(each_rung_fires_once_at_its_time, &migrations(), |db| {
    let city = city(db);
    let case = city.case_at(State::Handling);
    assert_eq!(case.due_at, Some(at("2026-03-16T15:00:00+08:00")));
    follow(&city);
    let (due,) = city
        .system()
        .read_blocking::<_, StoreError, _>(|r| {
            r.one::<(Timestamp,)>("SELECT fire_at FROM facts_supervision_clocks", &[])
        })
        .unwrap();
    assert_eq!(due, at("2026-03-16T14:12:00+08:00"));
    city.clock.set(at("2026-03-16T14:11:59+08:00"));
    assert_eq!(fire(&city), 0);
    city.clock.set(at("2026-03-16T14:12:00+08:00"));
    assert_eq!((fire(&city), fire(&city)), (1, 0));
    assert_eq!(entries(&city, &case), ["d1e0w0/1"]);
    assert!(told(&city, "water_lead").contains(&"supervision.warning".into()));
    city.clock.set(at("2026-03-16T15:00:00+08:00"));
    assert_eq!((fire(&city), fire(&city)), (1, 0));
    // A working day later the leaders, five later the notice of criticism (Monday the 23rd).
    city.clock.set(at("2026-03-17T15:00:00+08:00"));
    assert_eq!((fire(&city), fire(&city)), (1, 0));
    assert!(told(&city, "leader").contains(&"supervision.overdue".into()));
    city.clock.set(at("2026-03-23T14:59:59+08:00"));
    assert_eq!(fire(&city), 0);
    city.clock.set(at("2026-03-23T15:00:00+08:00"));
    assert_eq!((fire(&city), fire(&city)), (1, 0));
    assert_eq!(entries(&city, &case).len(), 4);
    assert_eq!(
        told(&city, "leader")
            .iter()
            .filter(|k| *k == "supervision.criticism")
            .count(),
        1
    );
    wait(&city, 60 * 24 * 30);
    assert_eq!(fire(&city), 0);
});

// The street works through noon: 4 working hours from Monday 09:00 are due 13:00, and 80 % of them are used at 12:12. By the
// hours of the city three quarters of the share would be over at noon and nothing more before 14:00.
both_engines!(
    the_ladder_of_a_case_climbs_by_the_hours_of_its_street,
    &migrations(),
    |db| {
        let city = city(db);
        city.day("2026-03-16", "08:00-18:00", Some("330102001000"));
        let case = city.case_at(State::Handling);
        assert_eq!(case.due_at, Some(at("2026-03-16T13:00:00+08:00")));
        follow(&city);
        city.clock.set(at("2026-03-16T12:11:59+08:00"));
        assert_eq!(fire(&city), 0);
        city.clock.set(at("2026-03-16T12:12:00+08:00"));
        assert_eq!(fire(&city), 1);
        assert_eq!(entries(&city, &case), ["d1e0w0/1"]);
    }
);

both_engines!(
    nothing_fires_while_the_clock_stands_still_and_an_extension_arms_anew,
    &migrations(),
    |db| {
        let city = city(db);
        let case = city.asked_case_at(State::Handling);
        follow(&city);
        // Ask more time at 80 %.
        city.clock.set(at("2026-03-16T14:20:00+08:00"));
        assert_eq!(fire(&city), 1);
        act(
            &city,
            "water",
            &case,
            Step::Clock(Clock::RequestExtension {
                reason: "配件".into(),
            }),
        );
        act(
            &city,
            "dispatcher",
            &case,
            Step::Clock(Clock::EndorseExtension),
        );
        let case = act(
            &city,
            "shift_leader",
            &case,
            Step::Clock(Clock::GrantExtension),
        );
        follow(&city);
        assert_eq!(fire(&city), 0, "half of the longer limit is used");
        // 8 working hours from Monday 09:00: three and four on Monday, due Tuesday 09:00; 80 % are 6 h 24 min: Monday 17:24.
        assert_eq!(case.due_at, Some(at("2026-03-17T09:00:00+08:00")));
        city.clock.set(at("2026-03-16T17:24:00+08:00"));
        assert_eq!(fire(&city), 1);
        assert_eq!(entries(&city, &case), ["d1e0w0/1", "d1e1w0/1"]);
        // A question waits for the requester: no clock runs, whatever the hour.
        act(
            &city,
            "water",
            &case,
            Step::Clock(Clock::AskRequester {
                question: "哪一个?".into(),
            }),
        );
        // The follower has not seen it yet, and still nothing fires.
        city.clock.set(at("2026-03-17T09:00:01+08:00"));
        assert_eq!(fire(&city), 0);
        follow(&city);
        assert_eq!(
            city.count("SELECT count(*) FROM facts_supervision_clocks"),
            0
        );
        act(
            &city,
            "acceptor",
            &case,
            Step::Clock(Clock::Answer {
                text: "左边".into(),
                how: "3月16日电话".into(),
            }),
        );
        follow(&city);
        assert_eq!(
            fire(&city),
            0,
            "the pause moved the deadline and fires nothing twice"
        );
        // Handled: over.
        act(
            &city,
            "water",
            &case,
            Step::ReportBack {
                result: "好".into(),
                attachments: Vec::new(),
            },
        );
        follow(&city);
        wait(&city, 60 * 24 * 30);
        // Of its handling nothing fires any more; that nobody checks it is another stage's rung.
        assert_eq!(fire(&city), 1);
        let all = entries(&city, &case);
        let (handling, check): (Vec<_>, Vec<_>) = all
            .iter()
            .partition(|e| e.starts_with("d1e1w0/") || e.starts_with("d1e0w0/"));
        assert_eq!(handling.len(), 2);
        assert!(
            check.len() == 1 && check[0].starts_with("check@"),
            "{all:?}"
        );
    }
);

both_engines!(
    a_reopened_case_climbs_the_ladder_and_may_be_reminded_of_anew,
    &migrations(),
    |db| {
        let city = city(db);
        let case = city.asked_case_at(State::Handling);
        follow(&city);
        wait(&city, 60 * 24 * 10);
        assert!(fire(&city) > 0);
        let first = entries(&city, &case);
        let step = supervision::rules::step_key(&case);
        let done = Step::ReportBack {
            result: "已换".into(),
            attachments: Vec::new(),
        };
        let good = Step::Check {
            passed: true,
            note: String::new(),
            attachments: Vec::new(),
        };
        let over = Step::Close {
            closing: "更换".into(),
        };
        let again = Step::Fair(FairCommand::Reopen {
            reason: "又坏了".into(),
            to_dispatch: false,
        });
        act(&city, "water", &case, done);
        act(&city, "checker", &case, good);
        act(&city, "shift_leader", &case, over);
        act(&city, "acceptor", &case, again);
        let case = act(&city, "water", &case, Step::Sign);
        assert_eq!(case.state, State::Handling);
        assert_ne!(supervision::rules::step_key(&case), step);
        follow(&city);
        wait(&city, 60 * 24 * 10);
        fire(&city);
        let all = entries(&city, &case);
        let anew = all.iter().filter(|e| e.starts_with("d1e0w0o1/"));
        let before = first.iter().filter(|e| e.starts_with("d1e0w0/"));
        assert_eq!(anew.count(), before.count(), "{all:?}");
    }
);

// 受理 has two working hours: from Monday 09:00 until 11:00; a working day later it is Tuesday 11:00.
both_engines!(
    what_stays_lying_at_the_desk_climbs_a_ladder_too,
    &migrations(),
    |db| {
        let city = city(db);
        let case = city.report("collector", city.cover("patrol")).case;
        assert_eq!(case.stage_due_at, Some(at("2026-03-16T11:00:00+08:00")));
        follow(&city);
        city.clock.set(at("2026-03-16T10:59:59+08:00"));
        assert_eq!(fire(&city), 0);
        city.clock.set(at("2026-03-16T11:00:00+08:00"));
        assert_eq!((fire(&city), fire(&city)), (1, 0));
        assert_eq!(told(&city, "shift_leader"), ["supervision.stage_overdue"]);
        assert!(told(&city, "leader").is_empty());
        city.clock.set(at("2026-03-17T11:00:00+08:00"));
        assert_eq!((fire(&city), fire(&city)), (1, 0));
        assert_eq!(told(&city, "leader"), ["supervision.stage_overdue"]);
        // Both names of the rung come with the notice, each in the language of its wording.
        let inbox = |lang: ui::Lang| {
            let ctx = city.ctx("shift_leader");
            let found = city.run(notices::ops::inbox(
                &ctx,
                lang,
                false,
                kernel::PageSize::default(),
                None,
            ));
            found.unwrap().items.remove(0)
        };
        assert!(inbox(ui::Lang::Zh).title.contains("超期未受理"));
        assert!(inbox(ui::Lang::En).title.contains("Not accepted in time"));
        // Accepted: that stage is over, and the next has a clock of its own.
        let accept = Step::Accept {
            matter: None,
            urgent: false,
        };
        act(&city, "acceptor", &case, accept);
        follow(&city);
        assert_eq!(fire(&city), 0);
        wait(&city, 60 * 24 * 10);
        assert_eq!(fire(&city), 2, "two rungs of registering");
        let all = entries(&city, &case);
        let of = |stage: &str| all.iter().filter(|e| e.starts_with(stage)).count();
        assert_eq!((of("accept@"), of("register@")), (2, 2), "{all:?}");
        assert_eq!(
            city.count("SELECT count(*) FROM facts_supervision_clocks"),
            0,
            "nothing is to come"
        );
    }
);

both_engines!(
    signing_for_and_handling_climb_side_by_side,
    &migrations(),
    |db| {
        let city = city(db);
        // One working day to sign for it, four working hours to be done.
        let case = city.case_at(State::PendingSign);
        follow(&city);
        city.clock.set(at("2026-03-17T09:00:00+08:00"));
        assert_eq!(fire(&city), 3);
        let all = entries(&city, &case);
        assert!(
            all.contains(&"d1e0w0/1".to_owned()) && all.contains(&"d1e0w0/2".to_owned()),
            "{all:?}"
        );
        assert!(
            all.iter()
                .any(|e| e.starts_with("sign@") && e.ends_with("/1")),
            "{all:?}"
        );
        assert!(told(&city, "water_lead").contains(&"supervision.stage_overdue".to_owned()));
    }
);

both_engines!(
    a_city_changes_the_ladder_of_a_stage_and_what_lay_there_before_climbs_none,
    &migrations(),
    |db| {
        let mut city = city(db);
        city.add_admin();
        let rung = |stage: &str, matter: &str, level: i64, at: &str, version: i64| {
            serde_json::json!({ "stage": stage, "matter": matter, "level": level, "at": at, "act": "warn", "tell": ["holder"],
            "name_zh": "快到受理时限", "name_en": "Soon to be accepted", "enabled": true, "version": version })
        };
        let set = |body: &serde_json::Value| city.post("admin", "/api/v1/supervision-ladder", body);
        assert_eq!(set(&rung("accept", "*", 3, "50%", 0)).status, 204);
        assert_eq!(
            set(&rung("accept", "*", 3, "60%", 0)).status,
            409,
            "it is there already"
        );
        assert_eq!(set(&rung("accept", "*", 3, "60%", 1)).status, 204);
        assert_eq!(set(&rung("accept", "C0101", 4, "60%", 0)).status, 422);
        assert_eq!(set(&rung("nothing", "*", 4, "60%", 0)).status, 422);
        let shown = city.get("admin", "/api/v1/supervision-ladder").text;
        assert!(shown.contains("快到受理时限"), "{shown}");
        let page = city
            .get(
                "admin",
                "/supervision/ladder?stage=accept&matter=%2A&level=3",
            )
            .text;
        assert!(
            page.contains("快到受理时限") || page.contains("Soon to be accepted"),
            "{page}"
        );
        // 60 % of two working hours.
        let case = city.report("collector", city.cover("patrol")).case;
        follow(&city);
        city.clock.set(at("2026-03-16T10:12:00+08:00"));
        assert_eq!(fire(&city), 1);
        assert_eq!(told(&city, "acceptor"), ["supervision.stage_warning"]);
        assert!(entries(&city, &case)[0].ends_with("/3"));
        // As in a city whose stages had no ladder when this case came in.
        let old = city.report("collector", city.cover("patrol")).case;
        city.exec("UPDATE settings SET updated_at = updated_at + 86400000000 WHERE name = 'supervision_stages_since'");
        follow(&city);
        wait(&city, 60 * 24 * 10);
        assert_eq!(fire(&city), 0);
        assert!(entries(&city, &old).is_empty());
    }
);

both_engines!(
    a_city_sets_its_own_ladder_for_a_class,
    &migrations(),
    |db| {
        let city = city(db);
        let case = city.case_at(State::Handling);
        follow(&city);
        let rung = |matter: &str, level: i64, at: &str, version: i64| {
            serde_json::json!({ "matter": matter, "level": level, "at": at, "act": "overdue", "tell": ["leader"],
            "name_zh": "半程", "name_en": "Half way", "enabled": true, "version": version })
        };
        // Only whoever keeps reference data may; the city of these tests has no such account, so the rules are asked themselves.
        assert_eq!(
            city.post(
                "leader",
                "/api/v1/supervision-ladder",
                &rung("*", 9, "50%", 0)
            )
            .status,
            403
        );
        let system = city.system();
        let set = |matter: &str, level: i64, at: &str, version: i64| {
            city.run(supervision::ops::change_rung(
                &system,
                supervision::model::Rung {
                    stage: cases::Stage::Handle,
                    matter: matter.into(),
                    level,
                    at: at.parse().unwrap(),
                    act: supervision::model::RungAct::Overdue,
                    tell: vec![supervision::model::Tell::Leader],
                    name_zh: "半程".into(),
                    name_en: "Half way".into(),
                    enabled: true,
                    version,
                },
            ))
        };
        set("C0101", 1, "50%", 0).unwrap();
        assert!(set("C0101", 1, "60%", 0).is_err(), "it is there already");
        assert!(set("X9999", 1, "50%", 0).is_err(), "no such class");
        assert!(set("C0101", 21, "50%", 0).is_err());
        // The running clock is looked at again: half of four working hours is at 11:00.
        fire(&city);
        city.clock.set(at("2026-03-16T11:00:00+08:00"));
        assert_eq!(fire(&city), 1);
        city.clock.set(at("2026-03-30T11:00:00+08:00"));
        assert_eq!(
            fire(&city),
            0,
            "a class with rungs of its own does not use those for all"
        );
        assert_eq!(entries(&city, &case).len(), 1);
    }
);

both_engines!(
    what_lay_behind_at_the_first_look_is_told_to_nobody,
    &migrations(),
    |db| {
        let city = City::composed(db, Vec::new, |services, keys, clock| {
            let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
            let config = notices::NoticesConfig::inside(
                "https://city.example",
                zone,
                "339999".parse().unwrap(),
            )
            .unwrap();
            services.add(std::sync::Arc::new(
                notices::Notices::new(config, Some(keys.clone()), clock).unwrap(),
            ));
        });
        let case = city.case_at(State::Handling);
        city.clock.set(at("2026-03-17T09:00:00+08:00"));
        city.run(supervision::begin(&city.system())).unwrap();
        assert_eq!(city.count("SELECT count(*) FROM notices"), 0);
        assert_eq!(entries(&city, &case), ["d1e0w0/1", "d1e0w0/2"]);
        city.clock.set(at("2026-03-17T15:00:00+08:00"));
        assert_eq!(fire(&city), 1);
        assert!(count(&city, "supervision.overdue") > 0);
    }
);

// Finding what is due walks an index: among 200,000 clocks the few that are due are found in much less than 50 ms.
both_engines!(
    what_is_due_is_found_among_200_000_clocks,
    &migrations(),
    |db| {
        let city = city(db);
        let now = city.clock.now();
        city.system()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                let rows: Vec<Vec<store::Value>> = (0..200_000_i64)
                    .map(|n| {
                        let fire_at = now + SignedDuration::from_secs(n - 20);
                        let id = kernel::id::Id::new(
                            now,
                            (u128::try_from(n).unwrap()).to_be_bytes()[6..]
                                .try_into()
                                .unwrap(),
                        );
                        store::values!["330102", id, fire_at].into()
                    })
                    .collect();
                w.derive_bulk(
                    "facts_supervision_clocks",
                    &["district", "case_id", "fire_at"],
                    &rows,
                )?;
                w.unchanged(())
            })
            .unwrap();
        let find = || {
            city.system()
                .read_blocking::<_, StoreError, _>(move |r| {
                    supervision::sql::clocks_due(r, now, 200)
                })
                .unwrap()
                .len()
        };
        assert_eq!(find(), 21);
        let begun = std::time::Instant::now();
        for _ in 0..20 {
            find();
        }
        let each = begun.elapsed() / 20;
        println!("found among 200,000 clocks in {each:?}");
        assert!(each < std::time::Duration::from_millis(50), "{each:?}");
    }
);

proptest! {
    // Pure: whatever the limit and the share, the rung is reached within the limit, later for a larger share, and the share
    // that the light shows at that second has been reached while it had not a second before.
    #[test]
    fn the_moment_of_a_rung_is_where_the_light_turns(minutes in 0..20_000_i64, percent in 1..100_u32, limit in prop::sample::select(vec!["4工作时", "2工作日", "24紧急工作时", "3紧急工作日", "5自然日"])) {
        use kernel::deadline::{Due, Light, Thresholds, light};
        let tz = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        let calendar = kernel::Calendar::cn();
        let start = testdb::monday() + SignedDuration::from_mins(minutes);
        let limit: kernel::Limit = limit.parse().unwrap();
        let due = kernel::deadline::deadline(start, limit, calendar, &tz, &[]).unwrap().at;
        let mut case: Case = serde_json::from_value(serde_json::json!({
            "id": kernel::id::Id::from_bytes([1; 16]), "district": "330102", "number": "330102-20260316-00001", "version": 1,
            "state": "handling", "channel": "web", "reported_at": start.to_string(), "description": "", "place": {}, "updated_at": start.to_string(),
        })).unwrap();
        case.due_from = Some(start);
        case.due_at = Some(due);
        case.standard = Some(serde_json::from_value(serde_json::json!({
            "matter": kernel::id::Id::from_bytes([2; 16]), "code": "C0101", "catalogue": "t", "rule": 1, "condition": "", "limit": limit.to_string(),
        })).unwrap());
        let moment = |p: u32| supervision::rules::moment(&case, supervision::model::RungAt::Percent(p), calendar, &tz).unwrap();
        let found = moment(percent);
        prop_assert!(found >= start && found <= due);
        prop_assert!(percent == 99 || moment(percent + 1) >= found);
        let lit = |at: Timestamp| light(at, start, &Due { at: due, provisional: false, parked: false }, limit.clock(), calendar, &tz, &[],
            Thresholds { soon_percent: percent, late_percent: 100 }).unwrap();
        prop_assert!(matches!(lit(found), Light::Soon | Light::Late));
        prop_assert_eq!(lit(found - SignedDuration::from_secs(1)), Light::InTime);
    }
}
