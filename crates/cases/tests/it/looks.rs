//! Who sees what: scope in every list, pages by key, tasks, tracking by code and link, suspected duplicates.

use crate::city::{City, ELSEWHERE, migrations};
use cases::State;
use cases::ops::{self, CaseError, ListQuery, NewPlace, NewReport, Step};
use kernel::PageSize;
use kernel::codes::CaseNumber;
use kernel::geo::Point;
use std::time::Duration;

fn query() -> ListQuery {
    ListQuery::default()
}

testdb::both_engines!(lists_carry_the_readers_scope, &migrations(), |db| {
    let city = City::new(db);
    let handling = city.case_at(State::Handling).number;
    city.case_at(State::PendingAccept);
    let there = NewReport {
        place: NewPlace {
            division: Some("330104000000".parse().unwrap()),
            ..NewPlace::default()
        },
        ..city.cover("patrol")
    };
    let there = city.report("collector", there).case.number;
    let seen = |login: &str, query: ListQuery| {
        let ctx = city.ctx(login);
        let page = city.run(ops::list(&ctx, query)).unwrap();
        assert!(ctx.statements() <= 1, "a list is one statement");
        page.items.into_iter().map(|c| c.number).collect::<Vec<_>>()
    };
    assert_eq!(seen("desk", query()).len(), 3);
    assert_eq!(seen("water", query()), [handling]);
    assert_eq!(seen("clean", query()), []);
    assert_eq!(seen("elsewhere", query()), [there]);
    assert_eq!(
        seen(
            "elsewhere",
            ListQuery {
                district: Some("330102".parse().unwrap()),
                ..query()
            }
        ),
        []
    );
    assert_eq!(
        seen(
            "desk",
            ListQuery {
                district: Some(ELSEWHERE.parse().unwrap()),
                ..query()
            }
        ),
        [there]
    );
    assert_eq!(
        seen(
            "water",
            ListQuery {
                unit: Some(city.unit("CLEAN")),
                ..query()
            }
        ),
        []
    );
    assert_eq!(
        seen(
            "collector",
            ListQuery {
                own: true,
                ..query()
            }
        )
        .len(),
        3
    );
    assert_eq!(
        seen(
            "desk",
            ListQuery {
                own: true,
                ..query()
            }
        ),
        []
    );
    for login in ["analyst", "stranger"] {
        let ctx = city.ctx(login);
        assert!(
            matches!(
                city.run(ops::list(&ctx, query())),
                Err(CaseError::Refused(_))
            ),
            "{login}"
        );
        assert!(
            matches!(
                city.run(ops::find(&ctx, handling)),
                Err(CaseError::Refused(_))
            ),
            "{login}"
        );
        assert!(
            matches!(
                city.run(ops::counts_by_state(&ctx, query())),
                Err(CaseError::Refused(_))
            ),
            "{login}"
        );
    }
    let ctx = city.ctx("elsewhere");
    assert_eq!(
        city.run(ops::counts_by_state(&ctx, query())).unwrap(),
        [(State::PendingAccept, 1)]
    );
    assert!(matches!(
        city.run(ops::find(&ctx, handling)),
        Err(CaseError::NotFound {
            is_hidden: true,
            ..
        })
    ));
    assert_eq!(
        city.audited("case.look", "refused"),
        1,
        "a look beyond the scope is recorded"
    );
    let ctx = city.ctx("water");
    assert_eq!(
        city.run(ops::my_unit(&ctx, query())).unwrap().items.len(),
        1
    );
});

testdb::both_engines!(
    pages_follow_each_other_without_gap_or_repeat,
    &migrations(),
    |db| {
        let city = City::new(db);
        // The collector's need no verification: the two states take turns.
        let mut all: Vec<String> = (0..7)
            .map(|n| {
                city.clock.advance(Duration::from_secs(1));
                let (login, channel) = [("collector", "patrol"), ("stranger", "web")][n % 2];
                city.report(login, city.cover(channel))
                    .case
                    .number
                    .to_string()
            })
            .collect();
        all.reverse();
        let ctx = city.ctx("desk");
        let pages_of = |states: &[State], matter| {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = city
                    .run(ops::list(
                        &ctx,
                        ListQuery {
                            states: states.to_vec(),
                            matter,
                            size: PageSize::new(3).unwrap(),
                            after,
                            ..query()
                        },
                    ))
                    .unwrap();
                seen.extend(page.items.iter().map(|c| c.number.to_string()));
                after = page.next;
                if after.is_none() {
                    return seen;
                }
            }
        };
        let pages = |states: &[State]| pages_of(states, None);
        let accepted: Vec<String> = all.iter().step_by(2).cloned().collect();
        assert_eq!(pages(&[]), all);
        assert_eq!(pages(&[State::PendingAccept]), accepted);
        let both = [
            State::PendingVerify,
            State::PendingAccept,
            State::Closed,
            State::PendingVerify,
        ];
        assert_eq!(pages(&both), all);
        assert_eq!(pages(&[State::Closed, State::Voided]), [""; 0]);
        let newest = city.run(ops::list(&ctx, query())).unwrap().items.remove(0);
        let matter = newest.matter.expect("the report names a class");
        assert_eq!(pages_of(&[], Some(matter)), all);
        assert_eq!(pages_of(&both[..1], Some(matter)).len(), 3);
        let other = matters::MatterId(kernel::id::Id::from_bytes([7; 16]));
        assert_eq!(pages_of(&[], Some(other)), [""; 0]);
        let foreign = Some(kernel::Cursor::new(["x"]));
        assert!(
            matches!(city.run(ops::list(&ctx, ListQuery { after: foreign, ..query() })), Err(CaseError::Field { field, .. }) if field == "after")
        );
    }
);

testdb::both_engines!(tasks_are_ones_own_and_the_pools, &migrations(), |db| {
    let city = City::new(db);
    let pool = city.report("stranger", city.cover("web")).case.number;
    let check = city.case_at(State::PendingCheck).number;
    let tasks = |login: &str, size: u64| {
        let ctx = city.ctx(login);
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = city
                .run(ops::tasks(
                    &ctx,
                    PageSize::new(size).unwrap(),
                    after.as_ref(),
                ))
                .unwrap();
            seen.extend(page.items.iter().map(|c| c.number));
            after = page.next;
            if after.is_none() {
                return seen;
            }
        }
    };
    assert_eq!(
        tasks("collector", 50),
        [check, pool],
        "the check is due in two hours, the verification tomorrow"
    );
    assert_eq!(tasks("collector", 1), [check, pool]);
    assert_eq!(
        tasks("water_checker", 50),
        [pool],
        "nobody checks the own unit"
    );
    city.act("checker", check, vec![Step::TakeTask { to: None }])
        .unwrap();
    assert_eq!(
        (tasks("collector", 50), tasks("checker", 50)),
        (vec![pool], vec![check, pool])
    );
    let ctx = city.ctx("desk");
    assert!(matches!(
        city.run(ops::tasks(&ctx, PageSize::default(), None)),
        Err(CaseError::Refused(_))
    ));
});

testdb::both_engines!(
    a_case_is_followed_by_number_and_code_or_by_the_link,
    &migrations(),
    |db| {
        let city = City::new(db);
        let receipt = city.report("stranger", city.cover("web"));
        let other = city.report("stranger", city.cover("web"));
        let ctx = city.ctx("stranger");
        let number = receipt.case.number;
        let home = Some([192, 0, 2, 1].into());
        let spoken = format!(
            "{} {}",
            &receipt.code[..3].to_lowercase(),
            &receipt.code[3..]
        );
        assert_eq!(
            city.run(ops::track(&ctx, number, &spoken, home)).unwrap(),
            receipt.case
        );
        assert_eq!(
            city.run(ops::track_link(&ctx, &receipt.link, home))
                .unwrap(),
            receipt.case
        );
        let wrong =
            |number, code: &str| city.run(ops::track(&ctx, number, code, home)).unwrap_err();
        assert!(matches!(wrong(number, &other.code), CaseError::WrongCode));
        assert!(matches!(wrong(number, ""), CaseError::WrongCode));
        assert!(
            matches!(
                wrong("330102-20200101-00001".parse().unwrap(), &receipt.code),
                CaseError::WrongCode
            ),
            "a number that is not there looks the same"
        );
        let upper = receipt.link.to_uppercase();
        for garbage in ["", "x", upper.as_str(), "../../etc/passwd"] {
            assert!(
                matches!(
                    city.run(ops::track_link(&ctx, garbage, home)),
                    Err(CaseError::WrongCode)
                ),
                "{garbage}"
            );
        }
        for _ in 0..3 {
            assert!(matches!(wrong(number, "AAAAAA"), CaseError::WrongCode));
        }
        assert!(
            matches!(
                wrong(number, &receipt.code),
                CaseError::TooManyTries { retry_after_s: 600 }
            ),
            "now even the right code waits"
        );
        assert_eq!(city.audited("case.track", "refused"), 1);
        assert_eq!(
            city.run(ops::track_link(&ctx, &receipt.link, home))
                .unwrap(),
            receipt.case,
            "the link is no guess"
        );
        city.clock.advance(Duration::from_secs(600));
        let ctx = city.ctx("stranger");
        assert_eq!(
            city.run(ops::track(&ctx, number, &receipt.code, home))
                .unwrap(),
            receipt.case
        );
    }
);

testdb::both_engines!(
    near_cases_of_a_class_are_suspected_to_be_one,
    &migrations(),
    |db| {
        let city = City::new(db);
        let at = |lon: f64, lat: f64, class: &str| {
            let place = NewPlace {
                lon_lat: Some((lon, lat)),
                ..NewPlace::default()
            };
            let new = NewReport {
                place,
                matter: Some(city.class(class)),
                ..city.cover("patrol")
            };
            city.report("collector", new).case.number
        };
        // A thousandth of a degree is about 96 m east and 111 m north here.
        let same = at(120.1650, 30.2450, "C0101");
        let near = at(120.1653, 30.2450, "C0101");
        at(120.1650, 30.2460, "C0101");
        at(120.1650, 30.2450, "E0113");
        let corner = at(120.1654, 30.2453, "C0101");
        let ctx = city.ctx("acceptor");
        let suspects = |at| {
            let point = Point::new(120.165, 30.245).unwrap();
            let found = city
                .run(ops::similar(
                    &ctx,
                    ops::Likeness {
                        point: Some(point),
                        grid: None,
                        matter: city.class("C0101"),
                        at,
                        text: "井盖缺失".into(),
                    },
                ))
                .unwrap();
            assert!(
                found
                    .iter()
                    .all(|s| s.words == ["井盖缺失"] && s.metres.is_some_and(|m| m <= 50.0))
            );
            found.into_iter().map(|s| s.case.number).collect::<Vec<_>>()
        };
        assert_eq!(
            suspects(testdb::monday()),
            [same, near],
            "{corner} lies in the box but not in the circle"
        );
        assert_eq!(
            suspects(testdb::monday() + jiff::SignedDuration::from_hours(25)),
            []
        );
        city.act("acceptor", near, vec![Step::Merge { into: same }])
            .unwrap();
        assert_eq!(suspects(testdb::monday()), [same]);
    }
);

testdb::both_engines!(
    where_only_the_unit_grid_is_known_cases_of_the_class_in_it_are_suspected_to_be_one,
    &migrations(),
    |db| {
        let city = City::new(db);
        let placed = |place: NewPlace, class: &str| {
            let new = NewReport {
                place,
                matter: Some(city.class(class)),
                ..city.cover("patrol")
            };
            city.report("collector", new).case.number
        };
        let in_cell = || NewPlace {
            grid: Some(crate::city::CELL.parse().unwrap()),
            ..NewPlace::default()
        };
        let at = |lon_lat| NewPlace {
            lon_lat: Some(lon_lat),
            ..NewPlace::default()
        };
        let first = placed(in_cell(), "C0101");
        // In the same cell, 1.2 km away from its middle: nobody knows where in the cell the others are.
        let pointed = placed(at((120.1605, 30.2405)), "C0101");
        placed(in_cell(), "E0113");
        city.clock.advance(Duration::from_secs(2 * 3600));
        let second = placed(in_cell(), "C0101");
        let apart = placed(at((120.1695, 30.2495)), "C0101");
        let ctx = city.ctx("acceptor");
        let of = |number| {
            let case = city.run(ops::find(&ctx, number)).unwrap();
            let before = ctx.statements();
            let found = city.run(ops::alike(&ctx, &case)).unwrap();
            assert_eq!(ctx.statements() - before, 1, "one statement");
            let mut told: Vec<_> = found
                .into_iter()
                .map(|(case, alike)| (case.number, alike.is_same_grid, alike.metres.is_some()))
                .collect();
            told.sort();
            told
        };
        let by_grid = |numbers: &[CaseNumber]| {
            let mut all: Vec<_> = numbers.iter().map(|n| (*n, true, false)).collect();
            all.sort();
            all
        };
        assert_eq!(of(second), by_grid(&[first, pointed, apart]));
        // Two with a point are told apart by their distance; one with a point is not from one without.
        assert_eq!(of(pointed), by_grid(&[first, second]));
        let suspects = |number| -> Vec<(String, bool)> {
            let path = format!("/api/v1/cases/{number}/suspects");
            let found = city.get("acceptor", &path).body;
            let list = found["suspects"].as_array().unwrap();
            let mut told: Vec<_> = list
                .iter()
                .map(|s| {
                    assert_eq!(s["metres"].is_null(), s["same_grid"] == true, "{s}");
                    (
                        s["number"].as_str().unwrap().to_owned(),
                        s["same_grid"] == true,
                    )
                })
                .collect();
            told.sort();
            told
        };
        let named = |numbers: &[CaseNumber]| {
            let mut all: Vec<_> = numbers.iter().map(|n| (n.to_string(), true)).collect();
            all.sort();
            all
        };
        assert_eq!(suspects(second), named(&[first, pointed, apart]));
        assert_eq!(suspects(pointed), named(&[first, second]));
        let page = city.get("acceptor", &format!("/cases/{second}")).text;
        assert!(page.contains("同一单元网格"), "the reason is told");
        // The hours of the city hold here as well, and a city may leave it out.
        city.rule("cases.duplicate_hours", "1");
        assert_eq!(of(second), by_grid(&[apart]));
        assert_eq!(suspects(second), named(&[apart]));
        city.rule("cases.duplicate_hours", "24");
        city.rule("cases.duplicate_same_grid", "no");
        assert_eq!(of(second), []);
        assert_eq!(suspects(second), []);
    }
);

testdb::both_engines!(
    the_command_line_shows_and_lists_as_the_contract_says,
    &migrations(),
    |db| {
        let city = City::new(db);
        let closed = city.case_at(State::Closed);
        let open = city.case_at(State::Handling);
        let ctx = city.system();
        let shown = ops::show_json(&ctx, closed.number).unwrap();
        assert_eq!(
            (
                shown["case"]["state"].as_str(),
                shown["case"]["reported_at"].as_str()
            ),
            (Some("closed"), Some("2026-03-16T09:00:00+08:00"))
        );
        let life: Vec<&str> = shown["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["event"].as_str().unwrap())
            .collect();
        assert_eq!(
            life,
            [
                "reported",
                "accepted",
                "registered",
                "dispatched",
                "signed",
                "reported_back",
                "task_given",
                "checked",
                "closed"
            ]
        );
        let numbers = |state: &str| {
            let listed = ops::list_json(&ctx, Some(state), None, None, None).unwrap();
            assert!(listed["next"].is_null());
            listed["cases"]
                .as_array()
                .unwrap()
                .iter()
                .map(|c| c["number"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (numbers("open"), numbers("closed")),
            (
                vec![open.number.to_string()],
                vec![closed.number.to_string()]
            )
        );
        assert_eq!(numbers("void"), [""; 0]);
        let first = ops::list_json(&ctx, None, None, Some(1), None).unwrap();
        let second = ops::list_json(&ctx, None, None, Some(1), first["next"].as_str()).unwrap();
        assert_ne!(first["cases"][0]["number"], second["cases"][0]["number"]);
        for (state, limit, after, field) in [
            (Some("opened"), None, None, "state"),
            (None, Some(0), None, "limit"),
            (None, Some(201), None, "limit"),
            (None, None, Some("?"), "after"),
        ] {
            let error = ops::list_json(&ctx, state, None, limit, after).unwrap_err();
            assert!(
                matches!(&error, CaseError::Field { field: f, .. } if f == field),
                "{error}"
            );
        }
        assert!(matches!(
            ops::show_json(&ctx, "330102-20200101-00001".parse().unwrap()),
            Err(CaseError::NotFound { .. })
        ));
    }
);

testdb::both_engines!(
    a_valid_link_never_waits_for_the_wrong_ones_of_its_network,
    &migrations(),
    |db| {
        let city = City::new(db);
        let receipt = city.report("stranger", city.cover("web"));
        let ctx = city.ctx("stranger");
        let home = Some([192, 0, 2, 1].into());
        let tried = |link: &str| city.run(ops::track_link(&ctx, link, home));
        let wrong = "0".repeat(64);
        for n in 0..20 {
            let refused = tried(&wrong);
            assert!(
                matches!(refused, Err(CaseError::WrongCode)),
                "{n}: {refused:?}"
            );
        }
        let waits = tried(&wrong).unwrap_err();
        let CaseError::TooManyTries { retry_after_s } = waits else {
            panic!("{waits:?}");
        };
        assert!(retry_after_s > 0);
        assert_eq!(
            tried(&receipt.link).unwrap(),
            receipt.case,
            "whoever has the link gets in"
        );
        assert!(tried(&wrong).is_err(), "and the wrong ones still wait");
    }
);

testdb::both_engines!(
    a_contact_by_which_nobody_is_reached_is_refused_at_its_field,
    &migrations(),
    |db| {
        let city = City::new(db);
        let ctx = city.ctx("stranger");
        let refused = |phone: Option<&str>, email: Option<&str>, notify: bool| {
            let new = ops::NewReport {
                contact: ops::Contact {
                    phone: phone.map(str::to_owned),
                    email: email.map(str::to_owned),
                    ..ops::Contact::default()
                },
                notify,
                ..city.cover("web")
            };
            match city.run(ops::report(&ctx, new)) {
                Err(CaseError::Field { field, .. }) => Some(field),
                Err(other) => panic!("{other:?}"),
                Ok(_) => None,
            }
        };
        let some = |field: &str| Some(field.to_owned());
        assert_eq!(refused(Some("138"), None, false), some("phone"));
        assert_eq!(refused(None, Some("x"), true), some("email"));
        assert_eq!(refused(None, None, true), some("notify"));
        assert_eq!(refused(Some(" "), Some(""), true), some("notify"));
        assert_eq!(refused(Some("0571-88886666"), None, true), None);
        assert_eq!(refused(None, Some("li@city.example"), true), None);
        assert_eq!(refused(None, None, false), None);
        assert_eq!(
            city.count("SELECT count(*) FROM cases"),
            3,
            "nothing of the refused was kept"
        );
    }
);
