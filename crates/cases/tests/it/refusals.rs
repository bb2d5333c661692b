//! Who may not, what does not fit: refused by its code and field, recorded, and nothing changed.

use crate::city::{City, migrations};
use access::Problem;
use cases::State;
use cases::ops::{self, CaseError, Contact, NewPlace, NewReport, Step};

fn code(outcome: Result<cases::Case, CaseError>) -> (&'static str, Option<String>, u16) {
    let error = outcome.unwrap_err();
    (error.code(), error.field(), error.status().as_u16())
}

testdb::both_engines!(
    moves_that_may_not_be_made_are_refused_and_recorded,
    &migrations(),
    |db| {
        let city = City::new(db);
        let handling = city.case_at(State::Handling).number;
        let check = city.case_at(State::PendingCheck).number;
        let done = || Step::ReportBack {
            result: "好了".into(),
            attachments: Vec::new(),
        };
        let pass = || Step::Check {
            passed: true,
            note: String::new(),
            attachments: Vec::new(),
        };
        let close = || Step::Close {
            closing: "更换".into(),
        };
        let refused = [
            (
                "acceptor",
                handling,
                Step::Accept {
                    matter: None,
                    urgent: false,
                },
                "cases.not_now",
                409,
                "case.accept",
            ),
            (
                "collector",
                check,
                close(),
                "access.refused",
                403,
                "case.close",
            ),
            (
                "clean",
                handling,
                done(),
                "cases.not_found",
                404,
                "case.report_back",
            ),
            ("water", check, pass(), "access.refused", 403, "case.check"),
            (
                "water_checker",
                check,
                pass(),
                "cases.own_unit",
                403,
                "case.check",
            ),
            (
                "desk",
                handling,
                done(),
                "access.refused",
                403,
                "case.report_back",
            ),
            (
                "elsewhere",
                handling,
                Step::Note {
                    text: "看看".into(),
                    attachments: Vec::new(),
                },
                "cases.not_found",
                404,
                "case.note",
            ),
            (
                "auditor",
                handling,
                Step::Note {
                    text: "看看".into(),
                    attachments: Vec::new(),
                },
                "cases.wrong_role",
                403,
                "case.note",
            ),
            (
                "analyst",
                handling,
                Step::Sign,
                "access.refused",
                403,
                "case.sign",
            ),
            (
                "stranger",
                handling,
                Step::Sign,
                "access.refused",
                403,
                "case.sign",
            ),
            (
                "shift_leader",
                handling,
                Step::RefuseVoid {
                    reason: "不".into(),
                },
                "cases.no_void_request",
                409,
                "case.refuse_void",
            ),
        ];
        for (login, number, step, wanted, status, act) in refused {
            let before = (
                city.audited(act, "refused"),
                city.count("SELECT count(*) FROM case_events"),
            );
            let (code, _, found_status) = code(city.act(login, number, vec![step]));
            assert_eq!((code, found_status), (wanted, status), "{login} {act}");
            assert_eq!(
                (
                    city.audited(act, "refused"),
                    city.count("SELECT count(*) FROM case_events")
                ),
                (before.0 + 1, before.1),
                "{login} {act}"
            );
        }
        city.check_life(handling);
        city.check_life(check);
    }
);

testdb::both_engines!(
    the_handling_unit_never_closes_checks_or_calls_back,
    &migrations(),
    |db| {
        let city = City::new(db);
        let close = || Step::Close {
            closing: "更换".into(),
        };
        let to_close = city.case_at(State::PendingClose).number;
        assert_eq!(
            code(city.act("water_checker", to_close, vec![close()])).0,
            "cases.own_unit"
        );
        let closed = city.case_at(State::Closed).number;
        let call = Step::CallBack {
            contacted: Some(true),
            solved: Some(true),
            satisfaction: cases::model::Satisfaction::Satisfied,
            missing: Vec::new(),
            note: String::new(),
        };
        assert_eq!(
            code(city.act("water_checker", closed, vec![call.clone()])).0,
            "cases.own_unit"
        );
        assert!(
            city.act("checker", closed, vec![call])
                .unwrap()
                .call_back
                .is_some()
        );
    }
);

testdb::both_engines!(
    content_that_does_not_fit_is_refused_by_its_field,
    &migrations(),
    |db| {
        let city = City::new(db);
        let nobody = access::AccountId(kernel::id::Id::from_bytes([9; 16]));
        let no_unit = access::UnitId(kernel::id::Id::from_bytes([9; 16]));
        let no_class = matters::MatterId(kernel::id::Id::from_bytes([9; 16]));
        let long = "长".repeat(4001);
        let cases = [
            (
                "acceptor",
                State::PendingAccept,
                Step::NotAccept {
                    reason: " ".into(),
                    doors: Vec::new(),
                },
                "cases.missing",
                "reason",
            ),
            (
                "acceptor",
                State::PendingAccept,
                Step::NotAccept {
                    reason: long,
                    doors: Vec::new(),
                },
                "cases.too_long",
                "reason",
            ),
            (
                "acceptor",
                State::PendingAccept,
                Step::Accept {
                    matter: Some(no_class),
                    urgent: false,
                },
                "cases.unknown_matter",
                "matter",
            ),
            (
                "acceptor",
                State::PendingAccept,
                Step::TakeTask { to: None },
                "cases.not_now",
                "",
            ),
            (
                "shift_leader",
                State::PendingRegister,
                Step::Register { rule: Some(9) },
                "cases.unknown_rule",
                "rule",
            ),
            (
                "dispatcher",
                State::PendingDispatch,
                Step::Dispatch {
                    unit: Some(no_unit),
                    basis: String::new(),
                },
                "cases.unknown_unit",
                "unit",
            ),
            (
                "water_lead",
                State::Handling,
                Step::Assign { handler: nobody },
                "cases.unknown_handler",
                "handler",
            ),
            (
                "water_lead",
                State::Handling,
                Step::Assign {
                    handler: city.accounts["clean"],
                },
                "cases.unknown_handler",
                "handler",
            ),
            (
                "acceptor",
                State::PendingCheck,
                Step::TakeTask {
                    to: Some(city.accounts["water_checker"]),
                },
                "cases.unknown_worker",
                "to",
            ),
            (
                "shift_leader",
                State::PendingClose,
                Step::Close {
                    closing: "随便".into(),
                },
                "cases.unknown_closing",
                "closing",
            ),
            (
                "collector",
                State::PendingAccept,
                Step::Note {
                    text: "看".into(),
                    attachments: vec![nobody.0],
                },
                "cases.unknown_file",
                "attachments",
            ),
        ];
        for (login, state, step, wanted, field) in cases {
            let case = city.case_at(state);
            let (code, found, _) = code(city.act(login, case.number, vec![step]));
            assert_eq!(
                (code, found.as_deref().unwrap_or_default()),
                (wanted, field)
            );
        }
        let assigned = city.case_at(State::Handling).number;
        let case = city
            .act(
                "water_lead",
                assigned,
                vec![Step::Assign {
                    handler: city.accounts["water"],
                }],
            )
            .unwrap();
        assert_eq!(case.handler, Some(city.accounts["water"]));
    }
);

testdb::both_engines!(several_moves_are_all_or_none, &migrations(), |db| {
    let city = City::new(db);
    let before = city.case_at(State::PendingAccept);
    let steps = vec![
        Step::Accept {
            matter: None,
            urgent: true,
        },
        Step::Register { rule: Some(7) },
    ];
    assert_eq!(
        code(city.act("desk", before.number, steps)).0,
        "cases.unknown_rule"
    );
    let ctx = city.ctx("desk");
    assert_eq!(city.run(ops::find(&ctx, before.number)).unwrap(), before);
    assert_eq!(
        code(city.act("desk", before.number, Vec::new())).0,
        "cases.no_acts"
    );
    let many = vec![
        Step::Note {
            text: "a".into(),
            attachments: Vec::new()
        };
        9
    ];
    assert_eq!(
        code(city.act("desk", before.number, many)).0,
        "cases.many_acts"
    );
});

testdb::both_engines!(
    reports_that_do_not_fit_are_refused_by_their_field,
    &migrations(),
    |db| {
        let city = City::new(db);
        let now = testdb::monday();
        let place = |place| NewReport {
            place,
            ..city.cover("patrol")
        };
        let refused = [
            (
                "collector",
                NewReport {
                    description: " ".into(),
                    ..city.cover("patrol")
                },
                "cases.missing",
                "description",
            ),
            (
                "collector",
                NewReport {
                    description: "长".repeat(4001),
                    ..city.cover("patrol")
                },
                "cases.too_long",
                "description",
            ),
            (
                "collector",
                city.cover("pigeon"),
                "cases.unknown_channel",
                "channel",
            ),
            (
                "collector",
                NewReport {
                    matter: Some(matters::MatterId(kernel::id::Id::from_bytes([1; 16]))),
                    ..city.cover("patrol")
                },
                "cases.unknown_matter",
                "matter",
            ),
            (
                "collector",
                place(NewPlace {
                    lon_lat: Some((30.0, 120.0)),
                    ..NewPlace::default()
                }),
                "cases.bad_point",
                "lat",
            ),
            (
                "collector",
                place(NewPlace {
                    lon_lat: Some((f64::NAN, 30.0)),
                    ..NewPlace::default()
                }),
                "cases.bad_point",
                "lon",
            ),
            (
                "collector",
                place(NewPlace {
                    grid: Some("330102001001999".parse().unwrap()),
                    ..NewPlace::default()
                }),
                "cases.unknown_grid",
                "grid",
            ),
            (
                "collector",
                place(NewPlace {
                    division: Some("110101000000".parse().unwrap()),
                    ..NewPlace::default()
                }),
                "cases.unknown_division",
                "division",
            ),
            (
                "collector",
                place(NewPlace {
                    address: Some("长".repeat(301)),
                    ..NewPlace::default()
                }),
                "cases.too_long_address",
                "address",
            ),
            (
                "collector",
                NewReport {
                    reported_at: Some(now + jiff::SignedDuration::from_hours(1)),
                    ..city.cover("patrol")
                },
                "cases.bad_time",
                "reported_at",
            ),
            (
                "collector",
                NewReport {
                    reported_at: Some(now - jiff::SignedDuration::from_hours(32 * 24)),
                    ..city.cover("patrol")
                },
                "cases.bad_time",
                "reported_at",
            ),
            (
                "stranger",
                NewReport {
                    reported_at: Some(now),
                    ..city.cover("web")
                },
                "cases.bad_time",
                "reported_at",
            ),
            ("stranger", city.cover("patrol"), "access.refused", ""),
            (
                "stranger",
                NewReport {
                    self_handled: Some("好了".into()),
                    ..city.cover("web")
                },
                "access.refused",
                "",
            ),
            (
                "stranger",
                NewReport {
                    contact: Contact {
                        name: Some("长".repeat(300)),
                        ..Contact::default()
                    },
                    ..city.cover("web")
                },
                "cases.bad_contact",
                "name",
            ),
            (
                "stranger",
                NewReport {
                    attachments: vec![kernel::id::Id::from_bytes([1; 16])],
                    ..city.cover("web")
                },
                "cases.unknown_file",
                "attachments",
            ),
            ("water", city.cover("patrol"), "access.refused", ""),
        ];
        for (login, new, wanted, field) in refused {
            let ctx = city.ctx(login);
            let error = city.run(ops::report(&ctx, new)).unwrap_err();
            assert_eq!(
                (error.code(), error.field().as_deref().unwrap_or_default()),
                (wanted, field),
                "{login}: {error}"
            );
        }
        assert_eq!(city.count("SELECT count(*) FROM cases"), 0);
        let offline = NewReport {
            reported_at: Some(now - jiff::SignedDuration::from_hours(30)),
            ..city.cover("patrol")
        };
        let case = city.report("collector", offline).case;
        assert!(
            case.number.to_string().starts_with("330102-20260315-"),
            "the number carries the day of the finding: {}",
            case.number
        );
    }
);
