//! One act for several cases: it waits and can be stopped, each case is decided by itself, nothing is done twice; and the
//! lists an account keeps under a name.

use crate::city::{City, migrations};
use access::ops::accounts;
use access::{AccountDraft, AccountError, Role};
use cases::bulk::{BulkState, BulkStep, MOST_CASES, Outcome};
use cases::ops::{self, CaseError, NewReport, Step, bulk, filters};
use cases::sql_bulk::NewBulk;
use cases::{Case, State};
use kernel::id::Id;
use std::time::Duration;

fn new_id(city: &City) -> Id {
    Id::new(city.system().now(), rand::random())
}

fn asked(city: &City, login: &str, step: BulkStep, cases: &[&Case], waits: bool) -> Id {
    let id = new_id(city);
    let new = NewBulk {
        id,
        step,
        cases: cases.iter().map(|c| (c.number, c.version)).collect(),
    };
    let ctx = city.ctx(login);
    city.run(bulk::ask(&ctx, new, waits)).unwrap();
    id
}

fn run_due(city: &City) -> usize {
    let system = city.system();
    city.run(bulk::run_due(&system)).unwrap()
}

fn state(city: &City, case: &Case) -> State {
    let ctx = city.ctx("desk");
    city.run(ops::find(&ctx, case.number)).unwrap().state
}

fn outcomes(city: &City, login: &str, id: Id) -> (BulkState, Vec<String>) {
    let ctx = city.ctx(login);
    let (bulk, cases) = city.run(bulk::with_cases(&ctx, id)).unwrap();
    let words = cases.into_iter().map(|c| match c.outcome {
        Outcome::Open => "open".to_owned(),
        Outcome::Done => "done".to_owned(),
        Outcome::Left(reason) => reason.code,
    });
    (bulk.state, words.collect())
}

fn waiting(city: &City, how_many: usize) -> Vec<Case> {
    (0..how_many)
        .map(|_| city.case_at(State::PendingAccept))
        .collect()
}

testdb::both_engines!(
    a_bulk_act_waits_twenty_seconds_and_is_then_carried_out_by_the_program,
    &migrations(),
    |db| {
        let city = City::new(db);
        let cases = waiting(&city, 3);
        let all: Vec<&Case> = cases.iter().collect();
        let id = asked(&city, "acceptor", BulkStep::Accept, &all, true);
        assert_eq!(run_due(&city), 0, "it waits");
        city.clock.advance(Duration::from_secs(19));
        assert_eq!(run_due(&city), 0, "it still waits");
        assert_eq!(state(&city, all[0]), State::PendingAccept);
        city.clock.advance(Duration::from_secs(1));
        assert_eq!(run_due(&city), 1);
        for case in &all {
            assert_eq!(state(&city, case), State::PendingRegister);
            city.check_life(case.number);
        }
        let done = ["done"; 3].map(String::from).to_vec();
        assert_eq!(outcomes(&city, "acceptor", id), (BulkState::Done, done));
        assert_eq!(run_due(&city), 0, "once");
        assert_eq!(city.audited("case.accept", "done"), 3);
        assert_eq!(city.audited("desk.bulk", "done"), 1);
        assert_eq!(city.audited("desk.bulk_end", "done"), 1);
        // The record names the person, not the program.
        let by = "SELECT count(*) FROM case_events WHERE fact LIKE '{\"event\":\"accepted\"%' AND actor_kind = 'staff' AND actor_role = 'acceptor'";
        assert_eq!(city.count(by), 3);
        // It is nobody else's.
        let ctx = city.ctx("desk");
        let foreign = city.run(bulk::one(&ctx, id));
        assert!(matches!(foreign, Err(CaseError::NotFound { .. })));
    }
);

testdb::both_engines!(
    what_is_stopped_in_time_changes_nothing_and_too_late_takes_nothing_back,
    &migrations(),
    |db| {
        let city = City::new(db);
        let cases = waiting(&city, 2);
        let all: Vec<&Case> = cases.iter().collect();
        let id = asked(&city, "acceptor", BulkStep::Accept, &all, true);
        let ctx = city.ctx("acceptor");
        assert!(city.run(bulk::stop(&ctx, id)).unwrap());
        city.clock.advance(Duration::from_secs(60));
        assert_eq!(run_due(&city), 0);
        assert_eq!(state(&city, all[0]), State::PendingAccept);
        assert!(!city.run(bulk::stop(&ctx, id)).unwrap(), "twice is once");
        assert_eq!(city.audited("desk.bulk_stop", "done"), 1);
        let late = asked(&city, "acceptor", BulkStep::Accept, &all, true);
        city.clock.advance(Duration::from_secs(21));
        assert_eq!(run_due(&city), 1);
        let ctx = city.ctx("acceptor");
        assert!(!city.run(bulk::stop(&ctx, late)).unwrap());
        assert_eq!(state(&city, all[0]), State::PendingRegister);
        // Somebody else stops nothing.
        let own = asked(&city, "desk", BulkStep::Register, &[all[0]], true);
        assert!(city.run(bulk::stop(&ctx, own)).is_err());
    }
);

testdb::both_engines!(
    what_is_held_waits_for_its_person_however_long_that_takes,
    &migrations(),
    |db| {
        let city = City::new(db);
        let cases = waiting(&city, 2);
        let all: Vec<&Case> = cases.iter().collect();
        let at_desk = || city.get("acceptor", "/desk?state=pending_accept").text;
        let press = |id: Id, what: &str| {
            let path = format!("/desk/bulk/{id}/{what}");
            let reply = city.urlencoded("acceptor", &path, &[("back", "/desk")]);
            assert_eq!(
                (reply.status, reply.location.as_str()),
                (303, "/desk"),
                "{what}"
            );
        };
        let id = asked(&city, "acceptor", BulkStep::Accept, &all[..1], true);
        assert!(at_desk().contains(&format!("action=\"/desk/bulk/{id}/hold\"")));
        press(id, "hold");
        press(id, "hold");
        assert_eq!(city.audited("desk.bulk_hold", "done"), 1, "twice is once");
        city.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(run_due(&city), 0, "it is held");
        assert_eq!(state(&city, all[0]), State::PendingAccept);
        // It says so at the desk, where it is let begin or stopped; nothing counts down.
        let desk = at_desk();
        assert!(
            desk.contains("先不办") && !desk.contains("bulk-rest"),
            "{desk}"
        );
        assert!(!desk.contains(&format!("/desk/bulk/{id}/hold")));
        assert!(!desk.contains(&format!("/desk/bulk/{id}/seen")));
        press(id, "begin");
        assert_eq!(run_due(&city), 1);
        assert_eq!(state(&city, all[0]), State::PendingRegister);
        // Held and then stopped, it changes nothing, and cannot be let begin any more.
        let other = asked(&city, "acceptor", BulkStep::Accept, &all[1..], true);
        press(other, "hold");
        press(other, "stop");
        press(other, "begin");
        city.clock.advance(Duration::from_secs(60));
        assert_eq!(run_due(&city), 0);
        assert_eq!(state(&city, all[1]), State::PendingAccept);
        // What has begun is held by nobody; and nobody holds what is another's.
        press(id, "hold");
        assert_eq!(outcomes(&city, "acceptor", id).0, BulkState::Done);
        let theirs = asked(&city, "desk", BulkStep::Accept, &all[1..], true);
        let reply = city.urlencoded("acceptor", &format!("/desk/bulk/{theirs}/hold"), &[]);
        assert_eq!(reply.status, 404);
    }
);

testdb::both_engines!(
    each_case_is_decided_by_itself_and_those_left_out_say_why,
    &migrations(),
    |db| {
        let city = City::new(db);
        let [fine, changed, closed] = &waiting(&city, 3)[..] else {
            unreachable!("three")
        };
        let several = city.report(
            "collector",
            NewReport {
                matter: Some(city.class("E0113")),
                ..city.cover("patrol")
            },
        );
        let several = several.case;
        let all = [fine, changed, closed, &several];
        let id = asked(&city, "acceptor", BulkStep::Accept, &all, true);
        // Meanwhile somebody corrects one and refuses another.
        let correct = Step::Correct {
            matter: Some(city.class("E0201")),
            place: None,
        };
        city.act("desk", changed.number, vec![correct]).unwrap();
        let refuse = Step::NotAccept {
            reason: "重复".into(),
            doors: Vec::new(),
        };
        city.act("desk", closed.number, vec![refuse]).unwrap();
        city.clock.advance(Duration::from_secs(20));
        assert_eq!(run_due(&city), 1);
        let (_, words) = outcomes(&city, "acceptor", id);
        assert_eq!(words, ["done", "cases.changed", "cases.changed", "done"]);
        assert_eq!(state(&city, changed), State::PendingAccept);
        // Registered by the only condition; the class with two is left for a person to choose.
        let ctx = city.ctx("desk");
        let fresh = |case: &Case| city.run(ops::find(&ctx, case.number)).unwrap();
        let (fine, several, closed) = (fresh(fine), fresh(&several), fresh(closed));
        let all = [&fine, &several, &closed];
        let id = asked(&city, "shift_leader", BulkStep::Register, &all, false);
        assert_eq!(run_due(&city), 1, "asked once more, it does not wait");
        let (_, words) = outcomes(&city, "shift_leader", id);
        assert_eq!(words, ["done", "cases.unknown_rule", "cases.not_now"]);
        let fine = fresh(&fine);
        let id = asked(&city, "dispatcher", BulkStep::Dispatch, &[&fine], false);
        run_due(&city);
        assert_eq!(outcomes(&city, "dispatcher", id).1, ["done"]);
        assert_eq!(
            fresh(&fine).unit,
            Some(city.unit("WATER")),
            "the responsible one"
        );
        let fine = fresh(&fine);
        // A unit that may not know of a case learns nothing of it.
        let id = asked(&city, "clean", BulkStep::Sign, &[&fine], false);
        run_due(&city);
        assert_eq!(outcomes(&city, "clean", id).1, ["cases.not_found"]);
        let id = asked(&city, "water", BulkStep::Sign, &[&fine], false);
        run_due(&city);
        assert_eq!(outcomes(&city, "water", id).1, ["done"]);
    }
);

testdb::both_engines!(
    a_reason_a_class_a_task_are_set_for_all,
    &migrations(),
    |db| {
        let city = City::new(db);
        let cases = waiting(&city, 2);
        let all: Vec<&Case> = cases.iter().collect();
        let class = BulkStep::Correct {
            matter: city.class("E0201"),
        };
        asked(&city, "acceptor", class, &all, false);
        run_due(&city);
        let ctx = city.ctx("desk");
        let fresh: Vec<Case> = all
            .iter()
            .map(|c| city.run(ops::find(&ctx, c.number)).unwrap())
            .collect();
        assert!(fresh.iter().all(|c| c.matter == Some(city.class("E0201"))));
        let reason = BulkStep::NotAccept {
            reason: " 不在范围，电话13800138000 ".into(),
        };
        let fresh: Vec<&Case> = fresh.iter().collect();
        asked(&city, "acceptor", reason, &fresh, false);
        run_due(&city);
        assert!(fresh.iter().all(|c| state(&city, c) == State::NotAccepted));
        let kept = "SELECT count(*) FROM bulk_acts WHERE step LIKE '%13800138000%'";
        assert_eq!(city.count(kept), 0, "what people write is masked");
        let open = city.report("stranger", city.cover("web")).case;
        assert_eq!(open.state, State::PendingVerify);
        let to = Some(city.accounts["collector"]);
        let id = asked(
            &city,
            "acceptor",
            BulkStep::TakeTask { to },
            &[&open],
            false,
        );
        run_due(&city);
        assert_eq!(outcomes(&city, "acceptor", id).1, ["done"]);
        let case = city.run(ops::find(&ctx, open.number)).unwrap();
        assert_eq!(case.task.and_then(|t| t.assignee), to);
    }
);

testdb::both_engines!(
    whoever_dies_in_the_middle_is_followed_by_another_and_nothing_is_done_twice,
    &migrations(),
    |db| {
        let city = City::new(db);
        let cases = waiting(&city, 3);
        let all: Vec<&Case> = cases.iter().collect();
        let id = asked(&city, "acceptor", BulkStep::Accept, &all, true);
        city.clock.advance(Duration::from_secs(20));
        assert_eq!(run_due(&city), 1);
        // As it stands when a program dies after the first case: the act and its note are one transaction.
        city.exec("UPDATE bulk_acts SET state = 'running', finished_at = NULL");
        city.exec("UPDATE bulk_cases SET outcome = 'open' WHERE place = 2");
        assert_eq!(run_due(&city), 0, "somebody still holds it");
        city.clock.advance(Duration::from_secs(31));
        assert_eq!(run_due(&city), 1);
        let (state, words) = outcomes(&city, "acceptor", id);
        assert_eq!(state, BulkState::Done);
        assert_eq!(
            words,
            ["done", "done", "cases.changed"],
            "never a second time"
        );
        assert_eq!(city.audited("case.accept", "done"), 3);
        // Several processes at once: one does it.
        let more = waiting(&city, 4);
        let more: Vec<&Case> = more.iter().collect();
        asked(&city, "acceptor", BulkStep::Accept, &more, false);
        let (one, two) = (city.system(), city.system());
        let ended = city.run(async {
            let (a, b) = tokio::join!(bulk::run_due(&one), bulk::run_due(&two));
            a.unwrap() + b.unwrap()
        });
        assert_eq!(ended, 1);
        assert_eq!(city.audited("case.accept", "done"), 7);
        city.replays();
    }
);

testdb::both_engines!(rights_lost_meanwhile_are_lost, &migrations(), |db| {
    let city = City::new(db);
    let cases = waiting(&city, 2);
    let id = asked(&city, "acceptor", BulkStep::Accept, &[&cases[0]], true);
    let account = city.accounts["acceptor"];
    city.system()
        .write_blocking::<_, AccountError, _>(move |mut w| {
            let found = accounts::find(&mut w, account)?;
            let draft = AccountDraft {
                name: found.name,
                roles: vec![Role::Checker],
                unit: None,
                districts: Vec::new(),
            };
            accounts::edit(w, account, found.version, &draft)
        })
        .unwrap();
    city.clock.advance(Duration::from_secs(20));
    run_due(&city);
    let account_sees = |login: &str, id| outcomes(&city, login, id).1;
    assert_eq!(account_sees("acceptor", id), ["access.refused"]);
    let id = asked(&city, "desk", BulkStep::Accept, &[&cases[1]], true);
    let account = city.accounts["desk"];
    city.system()
        .write_blocking::<_, AccountError, _>(move |w| accounts::set_closed(w, account, true))
        .unwrap();
    city.clock.advance(Duration::from_secs(20));
    run_due(&city);
    let left = "SELECT count(*) FROM bulk_cases WHERE reason LIKE '%bulk_no_rights%'";
    assert_eq!(city.count(left), 1, "{id}");
    assert_eq!(city.audited("case.accept", "done"), 0);
});

testdb::both_engines!(
    what_is_asked_is_bounded_and_asked_once,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = &waiting(&city, 1)[0];
        let ctx = city.ctx("acceptor");
        let ask = |id: Id, step: BulkStep, cases: Vec<_>| {
            let new = NewBulk { id, step, cases };
            city.run(bulk::ask(&ctx, new, true))
        };
        let pick = (case.number, case.version);
        let code = |refused: Result<(), CaseError>| {
            let error = refused.unwrap_err();
            access::Problem::code(&error).to_owned()
        };
        let none = ask(new_id(&city), BulkStep::Accept, Vec::new());
        assert_eq!(code(none), "cases.bulk_none");
        let number = |n: usize| format!("330102-20260316-{n:05}").parse().unwrap();
        let many = (1..=MOST_CASES + 1).map(|n| (number(n), 1)).collect();
        assert_eq!(
            code(ask(new_id(&city), BulkStep::Accept, many)),
            "cases.bulk_many"
        );
        let empty = BulkStep::NotAccept {
            reason: "  ".into(),
        };
        assert_eq!(code(ask(new_id(&city), empty, vec![pick])), "cases.missing");
        let unknown = BulkStep::Correct {
            matter: matters::MatterId(new_id(&city)),
        };
        assert_eq!(
            code(ask(new_id(&city), unknown, vec![pick])),
            "cases.unknown_matter"
        );
        let refused = ask(new_id(&city), BulkStep::Register, vec![pick]);
        assert!(
            matches!(refused, Err(CaseError::Refused(_))),
            "not an acceptor's"
        );
        // Sent twice, it is there once, with each case once.
        let id = new_id(&city);
        ask(id, BulkStep::Accept, vec![pick, pick]).unwrap();
        ask(id, BulkStep::Accept, vec![pick]).unwrap();
        assert_eq!(city.count("SELECT count(*) FROM bulk_acts"), 1);
        assert_eq!(city.count("SELECT count(*) FROM bulk_cases"), 1);
        let other = city.ctx("desk");
        let stolen = NewBulk {
            id,
            step: BulkStep::Accept,
            cases: vec![pick],
        };
        assert!(city.run(bulk::ask(&other, stolen, true)).is_err());
        for _ in 0..4 {
            ask(new_id(&city), BulkStep::Accept, vec![pick]).unwrap();
        }
        let busy = ask(new_id(&city), BulkStep::Accept, vec![pick]);
        assert_eq!(code(busy), "cases.bulk_busy");
        for login in ["stranger", "analyst"] {
            let ctx = city.ctx(login);
            let new = NewBulk {
                id: new_id(&city),
                step: BulkStep::Accept,
                cases: vec![pick],
            };
            assert!(city.run(bulk::ask(&ctx, new, true)).is_err(), "{login}");
        }
        // Long after, what is over is let go with the next one asked for.
        city.clock.advance(Duration::from_secs(20));
        assert_eq!(run_due(&city), 5);
        city.clock.advance(Duration::from_secs(32 * 24 * 3600));
        let ctx = city.ctx("acceptor");
        let new = NewBulk {
            id: new_id(&city),
            step: BulkStep::Accept,
            cases: vec![pick],
        };
        city.run(bulk::ask(&ctx, new, true)).unwrap();
        assert_eq!(city.count("SELECT count(*) FROM bulk_acts"), 1);
        assert_eq!(city.count("SELECT count(*) FROM bulk_cases"), 1);
    }
);

testdb::both_engines!(
    the_desk_asks_once_more_without_script_and_waits_with_it,
    &migrations(),
    |db| {
        let city = City::new(db);
        let cases = waiting(&city, 2);
        let picks: Vec<String> = cases
            .iter()
            .map(|c| format!("{}@{}", c.number, c.version))
            .collect();
        let page = city.get("acceptor", "/desk");
        for pick in &picks {
            assert!(
                page.text.contains(&format!("value=\"{pick}\"")),
                "{}",
                page.text
            );
        }
        assert!(
            page.text.contains("value=\"accept\"") && !page.text.contains("value=\"register\"")
        );
        let id = new_id(&city).to_string();
        let base = [
            ("id", id.as_str()),
            ("case", &picks[0]),
            ("case", &picks[1]),
        ];
        let send = |more: &[(&str, &str)]| {
            let words: Vec<_> = base.iter().chain(more).copied().collect();
            city.urlencoded("acceptor", "/desk/bulk", &words)
        };
        // Without script it is asked once more, and nothing is kept.
        let sure = send(&[("act", "accept")]);
        assert_eq!(sure.status, 200);
        assert!(sure.text.contains("name=\"sure\"") && sure.text.contains(&picks[1]));
        assert_eq!(city.count("SELECT count(*) FROM bulk_acts"), 0);
        // An act that asks more is asked for also with script; what is missing is named.
        let reason = send(&[("act", "not_accept"), ("wait", "1")]);
        assert!(reason.status == 200 && reason.text.contains("name=\"reason\""));
        let missing = send(&[("act", "not_accept"), ("sure", "1"), ("reason", " ")]);
        assert!(
            missing.status == 422 && missing.text.contains("form-fault"),
            "{}",
            missing.text
        );
        let unknown = send(&[
            ("act", "correct"),
            ("sure", "1"),
            ("matter", "no such class"),
        ]);
        assert!(unknown.status == 422 && unknown.text.contains("form-fault"));
        let waits = send(&[
            ("act", "accept"),
            ("wait", "1"),
            ("back", "/desk?state=open"),
        ]);
        assert_eq!(
            (waits.status, waits.location.as_str()),
            (303, "/desk?state=open")
        );
        let desk = city.get("acceptor", "/desk?state=open").text;
        assert!(desk.contains(&format!("/desk/bulk/{id}/stop")), "{desk}");
        let part = city.get(
            "acceptor",
            &format!("/desk/bulk/{id}/part?back=%2Fdesk%3Fstate%3Dopen"),
        );
        assert!(part.text.contains("data-key=\"z\"") && !part.text.contains("<html"));
        assert!(part.text.contains("value=\"/desk?state=open\""));
        let stopped = city.urlencoded("acceptor", &format!("/desk/bulk/{id}/stop"), &[]);
        assert_eq!(stopped.status, 303);
        assert!(!city.get("acceptor", "/desk").text.contains(&id));
        // Sure without script: it is due at once, and its page says how each case came out.
        let id = new_id(&city).to_string();
        let words = [
            ("id", id.as_str()),
            ("case", &picks[0]),
            ("act", "accept"),
            ("sure", "1"),
        ];
        let done = city.urlencoded("acceptor", "/desk/bulk", &words);
        assert_eq!(done.location, format!("/desk/bulk/{id}"));
        run_due(&city);
        let result = city.get("acceptor", &done.location);
        assert!(result.text.contains(&cases[0].number.to_string()));
        assert_eq!(city.get("desk", &done.location).status, 404);
        let seen = city.urlencoded("acceptor", &format!("/desk/bulk/{id}/seen"), &[]);
        assert_eq!(seen.status, 303);
        assert!(!city.get("acceptor", "/desk").text.contains(&id));
        for odd in [
            vec![("act", "void")],
            vec![("act", "accept"), ("case", "x")],
            vec![
                ("act", "accept"),
                ("case", "330102-20260316-00001@x"),
                ("id", "x"),
            ],
            vec![],
        ] {
            let reply = city.urlencoded("acceptor", "/desk/bulk", &odd);
            assert!(
                (400..500).contains(&reply.status),
                "{odd:?}: {}",
                reply.status
            );
        }
        let away = [
            ("id", id.as_str()),
            ("act", "accept"),
            ("back", "https://elsewhere.example"),
        ];
        assert_eq!(
            city.urlencoded("acceptor", "/desk/bulk", &away).location,
            "/desk"
        );
    }
);

testdb::both_engines!(
    an_account_keeps_lists_under_names_of_its_own,
    &migrations(),
    |db| {
        let city = City::new(db);
        let asked = "state=handling&light=late&find=%E4%BA%95%E7%9B%96";
        let save = |login: &str, name: &str, asked: &str| {
            city.urlencoded(login, "/desk/filters", &[("name", name), ("asked", asked)])
        };
        let saved = save("desk", "超期 井盖", asked);
        assert_eq!(
            (saved.status, saved.location),
            (303, format!("/desk?{asked}"))
        );
        assert_eq!(save("desk", "待受理", "state=pending_accept").status, 303);
        let chips = city.get("desk", "/desk").text;
        let (first, second) = (
            chips.find("超期 井盖"),
            chips.find("class=\"chip\" href=\"/desk?state=pending_accept\""),
        );
        assert!(first.is_some() && first < second, "in their order: {chips}");
        assert!(
            chips.contains("待受理 <span class=\"queue-count\">0<"),
            "a queue with its count"
        );
        assert!(
            !city.get("acceptor", "/desk").text.contains("超期 井盖"),
            "its own"
        );
        let ctx = city.ctx("desk");
        let all = || city.run(filters::all(&ctx)).unwrap();
        let id = all()[0].id;
        let to = |what: &str| format!("/desk/filters/{id}{what}");
        // Another name keeps the place; a name that is taken, empty or long is refused beside its field.
        assert_eq!(
            city.urlencoded("desk", &to(""), &[("name", "井盖")]).status,
            303
        );
        let names: Vec<String> = all().into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["井盖", "待受理"]);
        for bad in ["待受理", "", &"长".repeat(31)] {
            let refused = city.urlencoded("desk", &to(""), &[("name", bad)]);
            assert!(
                refused.status == 422 && refused.text.contains("form-fault"),
                "{bad}"
            );
        }
        for (name, asked) in [
            ("待受理", "state=open"),
            ("x", ""),
            ("x", "state=nowhere"),
            ("x", "light=odd"),
            ("x", "a=b"),
        ] {
            assert_eq!(save("desk", name, asked).status, 422, "{name} {asked}");
        }
        assert_eq!(
            city.urlencoded("acceptor", &to(""), &[("name", "x")])
                .status,
            404
        );
        assert_eq!(city.urlencoded("acceptor", &to("/remove"), &[]).status, 404);
        assert_eq!(city.urlencoded("desk", &to("/remove"), &[]).status, 303);
        assert_eq!(all().len(), 1);
        for n in 1..filters::MOST {
            assert_eq!(save("desk", &format!("n{n}"), "state=open").status, 303);
        }
        assert_eq!(save("desk", "one more", "state=open").status, 422);
        assert!(city.get("desk", "/desk/filters").text.contains("n19"));
        assert_eq!(city.audited("desk.filter_save", "done"), 21);
        assert_eq!(city.audited("desk.filter_rename", "done"), 1);
        assert_eq!(city.audited("desk.filter_remove", "done"), 1);
    }
);

testdb::both_engines!(
    the_desk_is_three_statements_with_all_that_is_an_accounts_own,
    &migrations(),
    |db| {
        let city = City::new(db);
        let cases = waiting(&city, 2);
        asked(&city, "acceptor", BulkStep::Accept, &[&cases[0]], true);
        let ctx = city.ctx("acceptor");
        city.run(filters::save(&ctx, "a", "state=open")).unwrap();
        let ctx = city.ctx("acceptor");
        let before = ctx.statements();
        city.run(ops::desk::queues(&ctx)).unwrap();
        let size = kernel::PageSize::default();
        let page = ops::desk::queue(&ctx, vec![State::PendingAccept], size, None);
        assert_eq!(city.run(page).unwrap().items.len(), 2);
        let own = city.run(bulk::own(&ctx)).unwrap();
        assert_eq!((own.filters.len(), own.bulks.len()), (1, 1));
        assert_eq!(ctx.statements() - before, 3);
    }
);
