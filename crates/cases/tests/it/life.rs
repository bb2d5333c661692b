//! The main path and its branches, by use cases, with the number of statements each call costs.

use crate::city::{CELL, City, DISTRICT, migrations};
use cases::State;
use cases::model::{TaskKind, VerifyOutcome};
use cases::ops::{self, CaseError, Contact, NewPlace, Step};
use cases::rules::{self, Actor, CityRules, Command, Facts, Refusal};
use std::time::Duration;

fn step_accept() -> Step {
    Step::Accept {
        matter: None,
        urgent: false,
    }
}

testdb::both_engines!(
    a_life_in_four_calls_costs_at_most_six_statements_a_write,
    &migrations(),
    |db| {
        let city = City::new(db);
        // The first report also takes a block of numbers and loads the channels.
        city.report("collector", city.cover("patrol"));
        let ctx = city.ctx("collector");
        let case = city
            .run(ops::report(&ctx, city.cover("patrol")))
            .unwrap()
            .case;
        assert_eq!(
            ctx.statements(),
            6,
            "case, event, outbox, measures, code, audit"
        );
        assert_eq!(
            (case.state, case.place.grid.map(|g| g.to_string())),
            (State::PendingAccept, Some(CELL.into()))
        );
        assert_eq!(
            (case.district.as_str(), case.number.to_string().as_str()),
            (DISTRICT, "330102-20260316-00002")
        );

        let ctx = city.ctx("desk");
        let steps = vec![
            step_accept(),
            Step::Register { rule: None },
            Step::Dispatch {
                unit: None,
                basis: String::new(),
            },
        ];
        let case = city
            .run(ops::act(&ctx, case.number, Some(case.version), steps))
            .unwrap();
        assert_eq!(
            ctx.statements(),
            6,
            "load, row, events, outbox, measures, audit"
        );
        assert_eq!(
            (case.state, case.unit),
            (State::PendingSign, Some(city.unit("WATER")))
        );
        // 4 working hours from Monday 9:00 fill the morning (3 h) and an hour of the afternoon.
        assert_eq!(
            case.due_at,
            Some("2026-03-16T15:00:00+08:00".parse().unwrap())
        );

        let ctx = city.ctx("water");
        let done = Step::ReportBack {
            result: "已更换".into(),
            attachments: Vec::new(),
        };
        let case = city
            .run(ops::act(
                &ctx,
                case.number,
                Some(case.version),
                vec![Step::Sign, done],
            ))
            .unwrap();
        assert_eq!((case.state, ctx.statements()), (State::PendingCheck, 6));

        let ctx = city.ctx("checker");
        let check = Step::Check {
            passed: true,
            note: String::new(),
            attachments: Vec::new(),
        };
        let case = city
            .run(ops::act(
                &ctx,
                case.number,
                None,
                vec![
                    check,
                    Step::Close {
                        closing: "更换".into(),
                    },
                ],
            ))
            .unwrap();
        assert_eq!((case.state, ctx.statements()), (State::Closed, 6));
        city.check_life(case.number);
        for act in [
            "case.report",
            "case.accept",
            "case.register",
            "case.dispatch",
            "case.sign",
            "case.report_back",
            "case.check",
            "case.close",
        ] {
            assert!(city.audited(act, "done") >= 1, "{act}");
        }
    }
);

testdb::both_engines!(
    a_public_report_is_verified_masked_and_its_contact_is_in_the_vault,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut new = city.cover("web");
        new.description = "我叫王小二，电话 13800138000，井盖没了".into();
        new.contact = Contact {
            name: Some("王小二".into()),
            phone: Some("13800138000".into()),
            email: None,
        };
        let receipt = city.report("stranger", new);
        let case = receipt.case;
        assert_eq!(
            (case.state, case.task.as_ref().map(|t| t.kind)),
            (State::PendingVerify, Some(TaskKind::Verify))
        );
        assert!(case.subject.is_some());
        assert_eq!(
            city.count("SELECT count(*) FROM vault_fields"),
            3,
            "name, phone, the words as written"
        );
        let stored = city.count(
            "SELECT count(*) FROM cases WHERE body LIKE '%13800138000%' OR body LIKE '%王小二%'",
        );
        assert_eq!(
            (
                stored,
                city.count("SELECT count(*) FROM case_events WHERE fact LIKE '%13800138000%'")
            ),
            (0, 0)
        );
        assert_eq!((receipt.code.len(), receipt.link.len()), (6, 64));

        let yes = Step::Verify {
            outcome: VerifyOutcome::Yes,
            note: "确实缺失".into(),
            attachments: Vec::new(),
        };
        let case = city
            .act(
                "collector",
                case.number,
                vec![Step::TakeTask { to: None }, yes],
            )
            .unwrap();
        assert_eq!(
            (case.state, case.verified),
            (State::PendingAccept, Some(VerifyOutcome::Yes))
        );
        city.check_life(case.number);
    }
);

testdb::both_engines!(
    the_place_decides_the_district_of_record,
    &migrations(),
    |db| {
        let city = City::new(db);
        let at = |place| cases::ops::NewReport {
            place,
            ..city.cover("patrol")
        };
        let by_division = NewPlace {
            division: Some("330104000000".parse().unwrap()),
            ..NewPlace::default()
        };
        assert_eq!(
            city.report("collector", at(by_division))
                .case
                .district
                .as_str(),
            "330104"
        );
        assert_eq!(
            city.report("collector", at(NewPlace::default()))
                .case
                .district
                .as_str(),
            "339999"
        );
        let gcj = NewPlace {
            lon_lat: Some((120.1697, 30.2426)),
            crs: kernel::geo::Crs::Gcj02,
            ..NewPlace::default()
        };
        let case = city.report("collector", at(gcj)).case;
        assert_eq!(
            (case.district.as_str(), case.place.given.map(|g| g.0)),
            ("330102", Some(kernel::geo::Crs::Gcj02))
        );
        assert!(
            case.place.point.unwrap().lon() < 120.168,
            "shifted back by some hundred metres"
        );
    }
);

testdb::both_engines!(
    verification_is_for_public_reports_of_classes_that_want_it,
    &migrations(),
    |db| {
        let city = City::new(db);
        let states: Vec<State> = [
            ("stranger", "web", "C0101"),
            ("stranger", "web", "E0201"),
            ("acceptor", "hotline", "C0101"),
            ("collector", "patrol", "C0101"),
            ("acceptor", "leader", "C0101"),
        ]
        .into_iter()
        .map(|(login, channel, class)| {
            let new = cases::ops::NewReport {
                matter: Some(city.class(class)),
                ..city.cover(channel)
            };
            city.report(login, new).case.state
        })
        .collect();
        use State::{PendingAccept as Accept, PendingVerify as Verify};
        assert_eq!(states, [Verify, Accept, Verify, Accept, Accept]);
    }
);

testdb::both_engines!(put_right_on_the_spot, &migrations(), |db| {
    let city = City::new(db);
    let new = cases::ops::NewReport {
        self_handled: Some("已扶正".into()),
        ..city.cover("patrol")
    };
    let case = city.report("collector", new).case;
    assert_eq!(case.state, State::SelfHandledAudit);
    let case = city
        .act("acceptor", case.number, vec![Step::ConfirmSelfHandling])
        .unwrap();
    assert_eq!(case.state, State::SelfHandled);
    city.check_life(case.number);
});

testdb::both_engines!(
    the_third_return_goes_to_the_coordinator_whose_ruling_binds,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::PendingSign).number;
        let back = || Step::Return {
            reason: "不是我单位职责".into(),
        };
        let again = || Step::Dispatch {
            unit: Some(city.unit("WATER")),
            basis: "再派".into(),
        };
        for _ in 0..2 {
            assert_eq!(
                city.act("water", number, vec![back()]).unwrap().state,
                State::PendingDispatch
            );
            city.act("dispatcher", number, vec![again()]).unwrap();
        }
        assert_eq!(
            city.act("water", number, vec![back()]).unwrap().state,
            State::Coordinating
        );
        // The reason that stands in the form is kept and quoted to others: it is in the language of the record, whoever reads.
        let offered = |lang: &str| {
            let page = city.get_in("leader", lang, &format!("/cases/{number}"));
            assert_eq!(page.status, 200);
            assert!(page.text.contains(&format!("<html lang=\"{lang}\"")));
            let form = page.text.split("/rule\"").nth(1).unwrap().to_owned();
            let area = form.split("<textarea").nth(1).unwrap();
            let value = area.split("</textarea>").next().unwrap();
            value.split_once('>').unwrap().1.trim().to_owned()
        };
        let reason = offered("zh-CN");
        assert!(reason.contains("清单"), "{reason}");
        assert_eq!(offered("en"), reason);
        let clean = city.unit("CLEAN");
        city.act(
            "leader",
            number,
            vec![Step::Rule {
                unit: clean,
                reason: "权属在环卫".into(),
            }],
        )
        .unwrap();
        let against = city.act("dispatcher", number, vec![again()]).unwrap_err();
        assert!(
            matches!(
                against,
                CaseError::Rule {
                    refusal: Refusal::AgainstRuling,
                    ..
                }
            ),
            "{against}"
        );
        // Without a unit the ruled one is meant, not the one in the register of duties.
        let case = city
            .act(
                "dispatcher",
                number,
                vec![Step::Dispatch {
                    unit: None,
                    basis: String::new(),
                }],
            )
            .unwrap();
        assert_eq!((case.unit, case.dispatches), (Some(clean), 4));
        let ruled = city.act("clean", number, vec![back()]).unwrap_err();
        assert!(
            matches!(
                ruled,
                CaseError::Rule {
                    refusal: Refusal::Ruled,
                    ..
                }
            ),
            "{ruled}"
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_failed_check_is_rework_on_the_old_deadline,
    &migrations(),
    |db| {
        let city = City::new(db);
        let before = city.case_at(State::PendingCheck);
        let failed = Step::Check {
            passed: false,
            note: "还在冒水".into(),
            attachments: Vec::new(),
        };
        let case = city.act("checker", before.number, vec![failed]).unwrap();
        assert_eq!(
            (case.state, case.reworks, case.due_at, case.handled_at),
            (State::Handling, 1, before.due_at, None)
        );
        city.check_life(case.number);
    }
);

testdb::both_engines!(
    merging_needs_a_living_target_and_can_be_undone,
    &migrations(),
    |db| {
        let city = City::new(db);
        let (first, second) = (
            city.case_at(State::PendingRegister),
            city.case_at(State::PendingAccept),
        );
        let into = |n| vec![Step::Merge { into: n }];
        let missing = city
            .act(
                "acceptor",
                second.number,
                into("330102-20260316-09999".parse().unwrap()),
            )
            .unwrap_err();
        assert!(
            matches!(
                missing,
                CaseError::Rule {
                    refusal: Refusal::MergeTarget { .. },
                    ..
                }
            ),
            "{missing}"
        );
        let case = city
            .act("acceptor", second.number, into(first.number))
            .unwrap();
        assert_eq!(
            (case.state, case.merged_into),
            (State::Merged, Some(first.number))
        );
        let chain = city
            .act("acceptor", first.number, into(second.number))
            .unwrap_err();
        assert!(
            matches!(
                chain,
                CaseError::Rule {
                    refusal: Refusal::MergeCycle { .. },
                    ..
                }
            ),
            "{chain}"
        );
        let case = city
            .act("shift_leader", second.number, vec![Step::Unmerge])
            .unwrap();
        assert_eq!((case.state, case.merged_into), (State::PendingAccept, None));
        city.check_life(second.number);
    }
);

testdb::both_engines!(
    an_undone_merge_goes_on_with_the_clock_of_its_stage,
    &migrations(),
    |db| {
        let city = City::new(db);
        let main = city.case_at(State::PendingRegister).number;
        let before = city.case_at(State::PendingAccept);
        let there_and_back = || {
            city.clock.advance(Duration::from_secs(1800));
            let merge = vec![Step::Merge { into: main }];
            let merged = city.act("acceptor", before.number, merge).unwrap();
            assert_eq!((merged.stage_from, merged.stage_due_at), (None, None));
            city.clock.advance(Duration::from_secs(1800));
            let undo = vec![Step::Unmerge];
            (merged, city.act("acceptor", before.number, undo).unwrap())
        };
        // However often it is done: the limit of acceptance began when the case was reported.
        for _ in 0..2 {
            let (_, after) = there_and_back();
            assert_eq!(
                (after.stage_from, after.stage_limit, after.stage_due_at),
                (before.stage_from, before.stage_limit, before.stage_due_at)
            );
            assert_eq!(
                (after.stage_soon_at, after.stage_calendar),
                (before.stage_soon_at, before.stage_calendar.clone())
            );
        }
        // Another calendar that came meanwhile is taken in: the day is off, so its two working hours end at ten on the next.
        city.calendar("version typhoon\nlocal\noff 2026-03-16 台风\n");
        let (merged, after) = there_and_back();
        assert_eq!(after.stage_from, before.stage_from);
        let due = "2026-03-17T10:00:00+08:00".parse::<jiff::Timestamp>();
        assert_eq!(after.stage_due_at, due.ok());
        city.check_life(before.number);
        city.replays();

        // One that was merged before its clock was kept begins its stage anew, as it did.
        let merged = cases::Case {
            held: None,
            ..merged
        };
        let place = city.cases.city();
        let facts = Facts {
            now: merged.updated_at + Duration::from_secs(1800),
            actor: &Actor {
                kind: "staff",
                account: None,
                roles: access::Role::ALL.to_vec(),
                unit: None,
                is_program: false,
                behalf: None,
                ties: cases::rules::Ties::default(),
            },
            calendar: place.calendar_at(None),
            tz: &place.timezone,
            rules: &CityRules::default(),
            on_duty: None,
        };
        let undone = rules::decide(Some(&merged), Command::Unmerge, &facts).unwrap();
        let after = undone.iter().fold(Some(merged), rules::apply).unwrap();
        assert_eq!(after.stage_from, Some(facts.now));
    }
);

testdb::both_engines!(
    what_a_unit_had_is_merged_into_a_duplicate_or_by_two_people,
    &migrations(),
    |db| {
        let city = City::new(db);
        let returned = || {
            let number = city.case_at(State::PendingSign).number;
            let reason = "不属于我单位".to_owned();
            city.act("water", number, vec![Step::Return { reason }])
                .unwrap()
                .number
        };
        let (number, other) = (returned(), returned());
        let report = |class: &str, lon: f64| {
            let mut new = city.cover("patrol");
            new.matter = Some(city.class(class));
            new.place.lon_lat = Some((lon, 30.245));
            city.report("collector", new).case.number
        };
        let refused =
            |login, number, into| match city.act(login, number, vec![Step::Merge { into }]) {
                Err(CaseError::Rule { refusal, .. }) => refusal.code(),
                other => panic!("{other:?}"),
            };
        // Another class, or the same some three hundred metres away, or much later.
        let (class, far) = (report("E0201", 120.165), report("C0101", 120.168));
        for into in [class, far] {
            assert_eq!(refused("acceptor", number, into), "not_alike");
        }
        city.clock.advance(Duration::from_secs(25 * 3600));
        let later = report("C0101", 120.165);
        assert_eq!(refused("shift_leader", number, later), "not_alike");
        // Nor by way of a case that is alike: where it would end counts.
        let between = city.report("collector", city.cover("patrol")).case.number;
        city.act("acceptor", between, vec![Step::Merge { into: class }])
            .unwrap();
        assert_eq!(refused("acceptor", number, between), "not_alike");
        // The refusal names its field.
        let words = city.post(
            "acceptor",
            &format!("/api/v1/cases/{number}/acts"),
            &serde_json::json!({ "acts": [{ "act": "merge", "into": class.to_string() }] }),
        );
        assert_eq!(
            (words.status, &words.body["code"], &words.body["field"]),
            (422, &"cases.not_alike".into(), &"into".into()),
            "{words:?}"
        );
        // One of its class, near and of that time: the city's rule for duplicates.
        let same = city.act("acceptor", other, vec![Step::Merge { into: number }]);
        assert_eq!(same.unwrap().state, State::Merged);
        // Anything else takes another person, who asked for a void before.
        let reason = "登记错了".to_owned();
        city.act("acceptor", number, vec![Step::RequestVoid { reason }])
            .unwrap();
        assert_eq!(refused("acceptor", number, class), "same_person");
        let case = city.act("shift_leader", number, vec![Step::Merge { into: class }]);
        assert_eq!(case.unwrap().merged_into, Some(class));
        city.check_life(number);
        city.replays();
    }
);

testdb::both_engines!(
    a_void_is_asked_for_and_decided_by_two,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::PendingDispatch).number;
        let reason = || "误报".to_owned();
        city.act(
            "dispatcher",
            number,
            vec![Step::RequestVoid { reason: reason() }],
        )
        .unwrap();
        let case = city
            .act(
                "shift_leader",
                number,
                vec![Step::RefuseVoid { reason: reason() }],
            )
            .unwrap();
        assert_eq!(
            (case.state, case.void_requested),
            (State::PendingDispatch, None)
        );
        assert_eq!(
            city.act(
                "shift_leader",
                number,
                vec![Step::Void { reason: reason() }]
            )
            .unwrap()
            .state,
            State::Voided
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    the_second_of_two_is_told_what_changed,
    &migrations(),
    |db| {
        let city = City::new(db);
        let seen = city.case_at(State::PendingAccept);
        city.act("desk", seen.number, vec![step_accept()]).unwrap();
        city.clock.advance(Duration::from_secs(60));
        let ctx = city.ctx("acceptor");
        let late = city
            .run(ops::act(
                &ctx,
                seen.number,
                Some(seen.version),
                vec![Step::NotAccept {
                    reason: "重复".into(),
                    doors: Vec::new(),
                }],
            ))
            .unwrap_err();
        let CaseError::Changed {
            expected,
            found,
            since,
            ..
        } = late
        else {
            panic!("{late}")
        };
        assert_eq!((expected, found, since.len()), (1, 2, 1));
        assert_eq!(
            (since[0].event.as_str(), since[0].role, since[0].account),
            (
                "accepted",
                Some(access::Role::Acceptor),
                Some(city.accounts["desk"].0)
            )
        );
        city.check_life(seen.number);
    }
);

testdb::both_engines!(of_many_at_once_exactly_one_wins, &migrations(), |db| {
    let city = City::new(db);
    let seen = city.case_at(State::PendingAccept);
    let permits: Vec<_> = (0..8).map(|_| city.ctx("acceptor")).collect();
    let outcomes = city.run(async {
        let running: Vec<_> = permits
            .into_iter()
            .map(|ctx| {
                tokio::spawn(async move {
                    ops::act(&ctx, seen.number, Some(seen.version), vec![step_accept()]).await
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for one in running {
            outcomes.push(one.await.unwrap());
        }
        outcomes
    });
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
    for error in outcomes.into_iter().filter_map(Result::err) {
        assert!(
            matches!(
                error,
                CaseError::Changed { .. } | CaseError::Store(store::StoreError::Conflict)
            ),
            "{error}"
        );
    }
    city.check_life(seen.number);
});

testdb::both_engines!(
    numbers_are_handed_out_once_to_many_reporters,
    &migrations(),
    |db| {
        let city = City::new(db);
        let permits: Vec<_> = (0..150)
            .map(|_| (city.ctx("collector"), city.cover("patrol")))
            .collect();
        let mut numbers = city.run(async {
            let running: Vec<_> = permits
                .into_iter()
                .map(|(ctx, new)| tokio::spawn(async move { ops::report(&ctx, new).await }))
                .collect();
            let mut numbers = Vec::new();
            for one in running {
                numbers.push(one.await.unwrap().unwrap().case.number.to_string());
            }
            numbers
        });
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), 150);
    }
);

testdb::both_engines!(
    a_class_that_has_ended_takes_nothing_new_in_and_its_cases_go_on,
    &migrations(),
    |db| {
        let city = City::new(db);
        let lid = city.class("C0101");
        let seen_before = city.system().now() - jiff::SignedDuration::from_hours(30);
        let registered = city.case_at(State::PendingSign).number;
        let accepted = city.case_at(State::PendingRegister).number;
        let waiting = city.report("collector", city.cover("patrol")).case.number;
        let other = city.report("collector", city.cover("patrol")).case.number;
        let today = city.cases.city().local_date(city.system().now());
        let retire = |last| {
            let system = city.system();
            city.run(matters::ops::retire(&system, lid, last, today))
                .unwrap();
            city.refresh();
        };
        retire(Some(today.yesterday().unwrap()));
        let code = |error: CaseError| match error {
            CaseError::Field { field, code, .. } => (field, code),
            other => panic!("{other}"),
        };
        let refused = ("matter".to_owned(), "cases.class_ended");
        let ctx = city.ctx("collector");
        let late = city.run(cases::ops::report(&ctx, city.cover("patrol")));
        assert_eq!(code(late.unwrap_err()), refused);
        let accept = |matter| Step::Accept {
            matter,
            urgent: false,
        };
        let correct = |matter, place| Step::Correct { matter, place };
        for (login, number, step) in [
            ("acceptor", waiting, accept(None)),
            ("acceptor", waiting, accept(Some(lid))),
            ("shift_leader", accepted, Step::Register { rule: None }),
        ] {
            let refusal = city.act(login, number, vec![step]).unwrap_err();
            assert_eq!(code(refusal), refused, "{login}");
        }
        // The desk names a class that counts; nobody gets the old one back.
        let heap = city.class("E0201");
        city.act("desk", other, vec![correct(Some(heap), None)])
            .unwrap();
        let back = city.act("desk", other, vec![correct(Some(lid), None)]);
        assert_eq!(code(back.unwrap_err()), refused);
        city.act("acceptor", waiting, vec![accept(Some(heap))])
            .unwrap();
        // A place is put right without choosing the class anew.
        let place = city.cover("patrol").place;
        city.act(
            "desk",
            accepted,
            vec![correct(Some(lid), Some(place.clone()))],
        )
        .unwrap();
        // By the API the refusal names its field, in words.
        let body = serde_json::json!({
            "description": "井盖缺失", "matter": lid.to_string(), "place": { "lon": 120.165, "lat": 30.245 },
        });
        let reply = city.post("stranger", "/api/v1/reports", &body);
        assert_eq!(
            (reply.status, &reply.body["field"], &reply.body["code"]),
            (422, &"matter".into(), &"cases.class_ended".into()),
            "{reply:?}"
        );
        // What was registered before keeps its version; what was seen before and arrives now is taken.
        let case = city.act("water", registered, vec![Step::Sign]).unwrap();
        assert_eq!(case.standard.unwrap().matter, lid);
        let new = cases::ops::NewReport {
            reported_at: Some(seen_before),
            ..city.cover("patrol")
        };
        city.report("collector", new);
        // Where the end is taken away, all goes on; a class ends with its last day, not before.
        retire(Some(today));
        city.act(
            "shift_leader",
            accepted,
            vec![Step::Register { rule: None }],
        )
        .unwrap();
    }
);

testdb::both_engines!(
    the_history_names_the_duty_by_which_a_unit_was_chosen_and_leads_to_its_line,
    &migrations(),
    |db| {
        let city = City::composed(db, || vec![matters::http::capability()], |_, _, _| {});
        let number = city.case_at(State::PendingSign).number;
        let life = city
            .get("desk", &format!("/api/v1/cases/{number}/events"))
            .text;
        assert!(
            life.contains("\"basis\":\"duty "),
            "the record has the line: {life}"
        );
        for login in ["desk", "water"] {
            let page = city.get(login, &format!("/cases/{number}")).text;
            assert!(
                page.contains("权责清单：C0101 上水井盖，") && page.contains("由水务局办理"),
                "{page}"
            );
            assert!(
                page.contains("城市供水条例"),
                "with its legal basis: {page}"
            );
            assert!(!page.contains("(district)"), "{page}");
            let link = page
                .split("href=\"/duties?")
                .nth(1)
                .expect("a link to the line");
            let link = link.split('"').next().unwrap().replace("&amp;", "&");
            let link = link.replace("&#38;", "&");
            let register = city.get(login, &format!("/duties?{link}"));
            assert_eq!(register.status, 200, "{link}");
            assert!(register.text.contains("城市供水条例"), "{}", register.text);
        }
        city.check_life(number);
    }
);

testdb::both_engines!(
    the_list_of_unclear_duties_comes_by_the_api_with_its_cases,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::PendingSign).number;
        let back = Step::Return {
            reason: "不是我单位职责".into(),
        };
        city.act("water", number, vec![back]).unwrap();
        let path = "/api/v1/duties/unclear";
        let reply = city.get("leader", path);
        assert_eq!(reply.status, 200, "{reply:?}");
        let duty = &reply.body["duties"][0];
        assert_eq!(
            (&duty["matter"]["code"], &duty["district"], &duty["returns"]),
            (&"C0101".into(), &"330102000000".into(), &1.into())
        );
        let case = &duty["cases"][0];
        assert_eq!(case["number"], number.to_string());
        assert_eq!(
            (
                &case["returns"][0]["unit_name"],
                &case["returns"][0]["reason"]
            ),
            (&"水务局".into(), &"不是我单位职责".into())
        );
        for (query, field) in [("days=0", "days"), ("days=x", "days"), ("dayz=3", "dayz")] {
            let refused = city.get("leader", &format!("{path}?{query}"));
            assert_eq!(
                (refused.status, &refused.body["field"]),
                (422, &field.into()),
                "{query}: {refused:?}"
            );
        }
        assert_eq!(city.get("water", path).status, 403);
    }
);
