//! Every stage has a limit of its own: what is due when, what turned in a minute, which requests wait.

use crate::city::{City, migrations};
use cases::ops::clocks::{Clock, turned_since};
use cases::ops::{self, Step};
use cases::sql_desk::Clock as Lit;
use cases::stage::Stage;
use cases::{Case, State};
use jiff::{SignedDuration, Timestamp};
use kernel::codes::CaseNumber;
use kernel::deadline::Light;
use serde_json::json;
use std::time::Duration;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn found(city: &City, number: CaseNumber) -> Case {
    city.run(ops::find(&city.ctx("auditor"), number)).unwrap()
}

testdb::both_engines!(each_stage_begins_with_its_own_limit, &migrations(), |db| {
    let city = City::new(db);
    // Monday nine o'clock: two working hours to accept, register, dispatch; a working day to sign.
    let number = city.report("collector", city.cover("patrol")).case.number;
    let stage = |number| {
        let case = found(&city, number);
        (Stage::of(&case), case.stage_due())
    };
    let (nine, eleven) = (
        at("2026-03-16T09:00:00+08:00"),
        at("2026-03-16T11:00:00+08:00"),
    );
    assert_eq!(stage(number), (Some(Stage::Accept), Some(eleven)));
    assert_eq!(found(&city, number).stage_from, Some(nine));
    city.clock.advance(Duration::from_secs(3600));
    let accept = || Step::Accept {
        matter: None,
        urgent: false,
    };
    city.act("acceptor", number, vec![accept()]).unwrap();
    // Ten o'clock: two working hours end at noon.
    let noon = at("2026-03-16T12:00:00+08:00");
    assert_eq!(stage(number), (Some(Stage::Register), Some(noon)));
    let register = Step::Register { rule: None };
    city.act("shift_leader", number, vec![register]).unwrap();
    assert_eq!(stage(number), (Some(Stage::Dispatch), Some(noon)));
    let dispatch = Step::Dispatch {
        unit: None,
        basis: String::new(),
    };
    city.act("dispatcher", number, vec![dispatch]).unwrap();
    let tomorrow = at("2026-03-17T10:00:00+08:00");
    assert_eq!(stage(number), (Some(Stage::Sign), Some(tomorrow)));
    city.act("water", number, vec![Step::Sign]).unwrap();
    let case = found(&city, number);
    assert_eq!(stage(number), (Some(Stage::Handle), case.due_at));
    assert_eq!(case.due_at, Some(at("2026-03-16T16:00:00+08:00")));
    // 3 h 12 min of four working hours from ten.
    assert_eq!(case.handling_soon(), Some(at("2026-03-16T15:12:00+08:00")));
    let report_back = Step::ReportBack {
        result: "已更换".into(),
        attachments: Vec::new(),
    };
    city.act("water", number, vec![report_back]).unwrap();
    assert_eq!(stage(number), (Some(Stage::Check), Some(noon)));
    city.check_life(number);
    // A report of a resident with a name is called back after the end.
    let reply = city.get("auditor", &format!("/api/v1/cases/{number}"));
    let told = &reply.body["stage"];
    assert_eq!(
        (&told["stage"], &told["limit"], &told["light"]),
        (&json!("check"), &json!("2紧急工作时"), &json!("in_time")),
        "{}",
        reply.text
    );
});

testdb::both_engines!(
    what_turned_in_a_minute_is_found_by_clock_and_colour,
    &migrations(),
    |db| {
        let city = City::new(db);
        let waiting = city.report("collector", city.cover("patrol")).case.number;
        let signing = city.case_at(State::PendingSign).number;
        let handling = city.case_at(State::Handling).number;
        let done = city.case_at(State::PendingClose).number;
        let turned = |from: &str, to: &str| {
            let ctx = city.system();
            let before = ctx.statements();
            let found = city.run(turned_since(&ctx, at(from), at(to))).unwrap();
            assert_eq!(ctx.statements() - before, 1);
            found
                .into_iter()
                .map(|t| (t.number, t.clock, t.light))
                .collect::<Vec<_>>()
        };
        // Acceptance has two working hours from nine: yellow at 10:36, red at 11:00.
        let yellow = turned("2026-03-16T10:35:00+08:00", "2026-03-16T10:36:00+08:00");
        assert_eq!(yellow, [(waiting, Clock::Stage, Light::Soon)]);
        assert!(turned("2026-03-16T10:36:00+08:00", "2026-03-16T10:37:00+08:00").is_empty());
        let red = turned("2026-03-16T10:59:00+08:00", "2026-03-16T11:00:00+08:00");
        assert_eq!(red, [(waiting, Clock::Stage, Light::Late)]);
        // Handling has four from nine, whether it was signed for or not; what is handled has no such clock any more.
        let mut both = turned("2026-03-16T14:11:00+08:00", "2026-03-16T14:12:00+08:00");
        both.sort_unstable_by_key(|t| t.0);
        let soon = |number| (number, Clock::Handling, Light::Soon);
        assert_eq!(both, [soon(signing), soon(handling)]);
        assert_eq!(
            turned("2026-03-16T14:59:00+08:00", "2026-03-16T15:00:00+08:00").len(),
            2
        );
        // The whole week: acceptance, two handlings, a signature, the closing of the one that is done, twice each.
        let week = turned("2026-03-16T09:00:00+08:00", "2026-03-23T09:00:00+08:00");
        assert_eq!(week.len(), 10, "{week:?}");
        assert!(week.iter().any(|t| t.0 == done && t.1 == Clock::Stage));
        // A unit sees its own, a stranger nothing.
        let water = city.run(turned_since(
            &city.ctx("water"),
            at("2026-03-16T09:00:00+08:00"),
            at("2026-03-16T12:00:00+08:00"),
        ));
        assert!(water.unwrap().is_empty());
        let stranger = city.ctx("stranger");
        let nobody = city.run(turned_since(&stranger, Timestamp::MIN, Timestamp::MAX));
        assert!(nobody.is_err());
    }
);

testdb::both_engines!(
    queues_count_what_the_lights_of_their_cases_say,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.report("collector", city.cover("patrol"));
        city.report("stranger", city.cover("web"));
        for state in [
            State::PendingRegister,
            State::PendingDispatch,
            State::PendingSign,
        ] {
            city.case_at(state);
        }
        for state in [State::Handling, State::PendingCheck, State::PendingClose] {
            city.case_at(state);
        }
        for _ in 0..60 {
            city.clock.advance(Duration::from_secs(1733));
            let ctx = city.ctx("desk");
            let now = ctx.now();
            for standing in city.run(ops::desk::queues(&ctx)).unwrap() {
                let size = kernel::PageSize::new(100).unwrap();
                let page = ops::desk::queue(&ctx, vec![standing.state], size, None);
                let cases = city.run(page).unwrap().items;
                let count = |light: Light| {
                    cases.iter().filter(|c| c.light(now) == Some(light)).count() as i64
                };
                assert_eq!(
                    (standing.total, standing.late, standing.soon),
                    (cases.len() as i64, count(Light::Late), count(Light::Soon)),
                    "{} at {now}",
                    standing.state
                );
            }
        }
    }
);

testdb::both_engines!(
    the_queue_of_all_states_is_their_queues_put_together,
    &migrations(),
    |db| {
        let city = City::new(db);
        let states = [
            State::PendingRegister,
            State::PendingDispatch,
            State::PendingSign,
            State::Handling,
            State::PendingCheck,
            State::PendingClose,
        ];
        for state in states {
            city.case_at(state);
            city.clock.advance(Duration::from_secs(5000));
        }
        city.case_at(State::Handling);
        let ctx = city.ctx("desk");
        let walk = |states: &[State], light| {
            let size = kernel::PageSize::new(2).unwrap();
            let narrow = ops::desk::Narrow {
                light,
                ..Default::default()
            };
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = ops::desk::narrowed(
                    &ctx,
                    states.to_vec(),
                    narrow.clone(),
                    size,
                    after.as_ref(),
                );
                let page = city.run(page).unwrap();
                found.extend(page.items);
                after = page.next;
                if after.is_none() {
                    return found;
                }
            }
        };
        let sorted = |mut cases: Vec<Case>| {
            cases.sort_by_key(|c| (c.pressing(), c.id));
            cases.iter().map(|c| c.number).collect::<Vec<_>>()
        };
        let numbers = |cases: &[Case]| cases.iter().map(|c| c.number).collect::<Vec<_>>();
        let all = walk(&[], None);
        assert_eq!(all.len(), states.len() + 1);
        assert_eq!(numbers(&all), sorted(all.clone()));
        let each = states.iter().flat_map(|state| walk(&[*state], None));
        assert_eq!(numbers(&all), sorted(each.collect()));
        // What is over is in no queue, whatever is asked for beside it.
        let mixed = [State::Closed, State::Handling, State::SelfHandled];
        assert_eq!(numbers(&walk(&mixed, None)).len(), 2);
        assert!(walk(&[State::Closed, State::SelfHandled], Some(Lit::Late)).is_empty());
        let now = ctx.now();
        let mut told = 0;
        for (clock, light) in [
            (Lit::Late, Light::Late),
            (Lit::Soon, Light::Soon),
            (Lit::InTime, Light::InTime),
        ] {
            let found = walk(&[], Some(clock));
            let expected = all
                .iter()
                .filter(|c| c.light(now).unwrap_or(Light::InTime) == light);
            assert_eq!(
                numbers(&found),
                expected.map(|c| c.number).collect::<Vec<_>>()
            );
            told += found.len();
        }
        assert_eq!(told, all.len());
    }
);

testdb::both_engines!(
    requests_about_the_clock_have_a_queue_of_their_own,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::Handling).number;
        city.case_at(State::Handling);
        let desk = |login: &str| city.get(login, "/desk?state=asked");
        assert!(!desk("dispatcher").text.contains(&number.to_string()));
        let ask = json!({ "acts": [{ "act": "request_extension", "reason": "要等配件" }] });
        let asked = city.post("water", &format!("/api/v1/cases/{number}/acts"), &ask);
        assert_eq!(asked.body["asked"], "extension");
        for login in ["dispatcher", "shift_leader", "leader"] {
            assert!(desk(login).text.contains(&number.to_string()), "{login}");
        }
        assert!(!desk("clean").text.contains(&number.to_string()));
        let ctx = city.ctx("dispatcher");
        let size = kernel::PageSize::default();
        let page = city
            .run(ops::desk::asked(
                &ctx,
                ops::desk::Narrow::default(),
                size,
                None,
            ))
            .unwrap();
        assert_eq!(
            page.items.iter().map(|c| c.number).collect::<Vec<_>>(),
            [number]
        );
        let endorse = json!({ "acts": [{ "act": "endorse_extension" }] });
        let path = format!("/api/v1/cases/{number}/acts");
        assert_eq!(
            city.post("dispatcher", &path, &endorse).body["asked"],
            "endorsed"
        );
        let grant = json!({ "acts": [{ "act": "grant_extension" }] });
        assert_eq!(
            city.post("leader", &path, &grant).body["asked"],
            json!(null)
        );
        assert!(!desk("dispatcher").text.contains(&number.to_string()));
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_case_with_a_requester_is_to_be_called_back_after_its_end,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut new = city.cover("web");
        new.contact = ops::Contact {
            name: Some("张三".into()),
            phone: Some("13800138000".into()),
            ..ops::Contact::default()
        };
        let number = city.report("stranger", new).case.number;
        let refuse = Step::NotAccept {
            reason: "不属受理范围".into(),
            doors: Vec::new(),
        };
        city.act("acceptor", number, vec![refuse]).unwrap();
        let case = found(&city, number);
        assert_eq!(Stage::of(&case), Some(Stage::CallBack));
        // Three working days from Monday nine o'clock.
        assert_eq!(case.stage_due(), Some(at("2026-03-19T09:00:00+08:00")));
        assert_eq!(
            case.stage_light(at("2026-03-19T09:00:00+08:00") + SignedDuration::from_secs(1)),
            Some(Light::Late)
        );
        let call = Step::CallBack {
            contacted: Some(true),
            solved: Some(false),
            satisfaction: cases::model::Satisfaction::Acceptable,
            note: String::new(),
            missing: Vec::new(),
        };
        city.act("acceptor", number, vec![call]).unwrap();
        assert_eq!(Stage::of(&found(&city, number)), None);
        assert_eq!(found(&city, number).stage_due_at, None);
        city.check_life(number);
    }
);

testdb::both_engines!(
    another_calendar_moves_open_deadlines_once_and_keeps_the_old_ones,
    &migrations(),
    |db| {
        let city = City::new(db);
        let run = || city.run(ops::recompute(&city.system(), |_| {})).unwrap();
        let first = run().unwrap();
        assert_eq!(
            (first.total, first.moved),
            (0, 0),
            "the calendars as they are"
        );
        assert!(run().is_none(), "done is done");
        let accept = city.report("collector", city.cover("patrol")).case.number;
        let handling = city.case_at(State::Handling).number;
        let closed = city.case_at(State::Closed).number;
        let parked = city.case_at(State::Handling).number;
        let path = format!("/api/v1/cases/{parked}/acts");
        for (login, act) in [
            (
                "water",
                json!({ "act": "request_suspension", "reason": "等季节", "until": "2026-04-01" }),
            ),
            ("dispatcher", json!({ "act": "suspend" })),
        ] {
            let reply = city.post(login, &path, &json!({ "acts": [act] }));
            assert_eq!(reply.status, 200, "{}", reply.text);
        }
        // Monday afternoon is off: four working hours from nine end on Tuesday at nine.
        city.day("2026-03-16", "08:00-12:00", None);
        let done = run().unwrap();
        assert_eq!(
            (done.total, done.seen, done.moved, done.failed),
            (2, 2, 1, 0)
        );
        let case = found(&city, handling);
        assert_eq!(case.due_at, Some(at("2026-03-17T09:00:00+08:00")));
        assert_eq!(case.calendar.as_deref(), Some("day-2026-03-16-1"));
        let life = city.get("auditor", &format!("/api/v1/cases/{handling}/events"));
        for told in [
            "2026-03-16T15:00:00+08:00",
            "2026-03-17T09:00:00+08:00",
            "day-2026-03-16-1",
            "cn-2007-2026",
        ] {
            assert!(life.text.contains(told), "{told}: {}", life.text);
        }
        assert_eq!(found(&city, accept).version, 1, "11:00 is in the morning");
        assert_eq!(
            found(&city, closed).due_at,
            Some(at("2026-03-16T15:00:00+08:00"))
        );
        assert!(run().is_none());
        for number in [accept, handling, closed, parked] {
            city.check_life(number);
        }
        city.replays();
        assert!(city.audited("clocks.recompute", "done") >= 1);
    }
);

testdb::both_engines!(
    another_calendar_moves_the_tasks_of_workers_and_by_when_they_are_measured,
    &migrations(),
    |db| {
        let city = City::new(db);
        for limit in ["cases.limit_verify", "cases.limit_check"] {
            city.rule(limit, "4工作时");
        }
        let run = || city.run(ops::recompute(&city.system(), |_| {})).unwrap();
        run();
        let verify = city.report("stranger", city.cover("web")).case.number;
        let check = city.case_at(State::PendingCheck).number;
        let due = |number| found(&city, number).task.unwrap().due_at;
        let (was, is) = (
            at("2026-03-16T15:00:00+08:00"),
            at("2026-03-17T09:00:00+08:00"),
        );
        assert_eq!((due(verify), due(check)), (was, was));
        // Monday afternoon is off: four working hours from nine end on Tuesday at nine.
        city.day("2026-03-16", "08:00-12:00", None);
        let done = run().unwrap();
        assert_eq!((done.moved, done.failed), (2, 0));
        assert_eq!((due(verify), due(check)), (is, is));
        for (number, task, page) in [
            (verify, "verify", "核实任务："),
            (check, "check", "核查任务："),
        ] {
            let life = city.get("auditor", &format!("/api/v1/cases/{number}/events"));
            let last = life.body["events"].as_array().unwrap().last().unwrap();
            let said = &last["data"]["task"];
            assert_eq!(said["task"], task, "{last}");
            assert_eq!(said["was_calendar"], "cn-2007-2026", "old and new are kept");
            let (old, new) = (&said["was_due_at"], &said["due_at"]);
            let when = |v: &serde_json::Value| at(v.as_str().unwrap());
            assert_eq!((when(old), when(new)), (was, is));
            let shown = city.get("desk", &format!("/cases/{number}"));
            assert!(shown.text.contains(page), "{}", shown.text);
            city.check_life(number);
        }
        // Nobody is late who has time by the calendar of now: neither a timer nor a figure says so.
        city.clock.advance(Duration::from_secs(8 * 3600));
        assert_eq!(city.run(ops::run_timers(&city.system())).unwrap(), 0);
        let measured = "SELECT count(*) FROM case_measures WHERE coalesce(verify_due, check_due) = 1773709200000000";
        assert_eq!(is.as_microsecond(), 1_773_709_200_000_000);
        assert_eq!(city.count(measured), 2);
        city.replays();
        city.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(city.run(ops::run_timers(&city.system())).unwrap(), 2);
        // A task that begins later rests on the new calendar, and one run more moves nothing.
        assert!(run().is_none());
        city.replays();
    }
);

testdb::both_engines!(
    another_calendar_moves_parts_and_the_wait_for_the_requester_too,
    &migrations(),
    |db| {
        let city = City::new(db);
        let run = || city.run(ops::recompute(&city.system(), |_| {})).unwrap();
        let helped = city.case_at(State::Handling).number;
        let waiting = city.asked_case_at(State::Handling).number;
        let still = city.asked_case_at(State::Handling).number;
        let clean = city.unit("CLEAN").to_string();
        let help =
            || json!({ "act": "ask_help", "unit": clean, "ask": "清扫路面", "limit": "2工作日" });
        let ask = || json!({ "act": "ask_requester", "question": "是哪一个井盖？" });
        for (number, act) in [
            (helped, help()),
            (waiting, ask()),
            (still, help()),
            (still, ask()),
        ] {
            let path = format!("/api/v1/cases/{number}/acts");
            let reply = city.post("water", &path, &json!({ "acts": [act] }));
            assert_eq!(reply.status, 200, "{}", reply.text);
        }
        let part = |number| found(&city, number).joint.parts[0].clone();
        // Two working days from Monday nine, and five.
        assert_eq!(part(helped).due_at, at("2026-03-18T09:00:00+08:00"));
        assert_eq!(
            found(&city, waiting).paused_until,
            Some(at("2026-03-23T09:00:00+08:00"))
        );
        run();
        city.calendar("version typhoon\nlocal\noff 2026-03-17 台风\n");
        let done = run().unwrap();
        assert_eq!(
            (done.total, done.seen, done.moved, done.failed),
            (3, 3, 3, 0)
        );
        assert_eq!(part(helped).due_at, at("2026-03-19T09:00:00+08:00"));
        for number in [waiting, still] {
            assert_eq!(
                found(&city, number).paused_until,
                Some(at("2026-03-24T09:00:00+08:00"))
            );
        }
        assert_eq!(
            part(still).due_at,
            at("2026-03-18T09:00:00+08:00"),
            "what stands still is computed when it goes on"
        );
        // Old and new stand in the record, with both calendars.
        for (number, told) in [
            (helped, ["2026-03-18T09:00", "2026-03-19T09:00"]),
            (waiting, ["2026-03-23T09:00", "2026-03-24T09:00"]),
        ] {
            let life = city.get("auditor", &format!("/api/v1/cases/{number}/events"));
            let events = life.body["events"].as_array().unwrap();
            let said = events.last().unwrap().to_string();
            for word in told.iter().chain(&["typhoon", "cn-2007-2026"]) {
                assert!(said.contains(word), "{word}: {said}");
            }
            let page = city.get("shift_leader", &format!("/cases/{number}"));
            assert!(page.text.contains("typhoon"), "{number}");
        }
        assert!(run().is_none(), "done is done");
        // The wait ends when it ends now, and the part that stood still moves with it.
        city.clock.set(at("2026-03-23T09:00:01+08:00"));
        assert_eq!(city.run(ops::run_timers(&city.system())).unwrap(), 0);
        city.clock.set(at("2026-03-24T09:00:01+08:00"));
        assert_eq!(city.run(ops::run_timers(&city.system())).unwrap(), 2);
        assert_eq!(found(&city, still).state, State::Handling);
        // None of its two days had run when the clock stood still.
        assert_eq!(part(still).due_at, at("2026-03-26T09:00:01+08:00"));
        for number in [helped, waiting, still] {
            city.check_life(number);
        }
        city.replays();
    }
);

testdb::both_engines!(
    a_part_beyond_the_loaded_calendar_is_provisional_until_it_is_loaded,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.case_at(State::Handling);
        let number = case.number;
        // Thursday 2026-12-31, nine o'clock.
        city.clock.advance(Duration::from_secs(290 * 86_400));
        let clean = city.unit("CLEAN").to_string();
        let help =
            json!({ "act": "ask_help", "unit": clean, "ask": "清扫路面", "limit": "2工作日" });
        let path = format!("/api/v1/cases/{number}/acts");
        let reply = city.post("water", &path, &json!({ "acts": [help] }));
        assert_eq!(reply.status, 200, "{}", reply.text);
        let shown = || {
            let case = city.get("clean", &format!("/api/v1/cases/{number}"));
            let page = city.get("clean", &format!("/cases/{number}"));
            (
                case.body["parts"][0]["provisional"].clone(),
                page.text.contains("暂定"),
            )
        };
        assert_eq!(shown(), (json!(true), true));
        let notice = "version cn-2027\nyear 2027\noff 2027-01-01..2027-01-03 元旦\noff 2027-10-01..2027-10-07 国庆节\nwork 2027-01-09 元旦\n";
        city.calendar(notice);
        let done = city.run(ops::recompute(&city.system(), |_| {})).unwrap();
        assert_eq!(done.unwrap().moved, 1);
        assert_eq!(shown().0, json!(false));
        assert_eq!(
            found(&city, number).joint.parts[0].due_at,
            at("2027-01-05T09:00:00+08:00")
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_run_that_was_stopped_goes_on_and_moves_nothing_twice,
    &migrations(),
    |db| {
        let city = City::new(db);
        let numbers: Vec<CaseNumber> = (0..5)
            .map(|_| city.case_at(State::Handling).number)
            .collect();
        city.day("2026-03-16", "08:00-12:00", None);
        let whole = city
            .run(ops::recompute(&city.system(), |_| {}))
            .unwrap()
            .unwrap();
        assert_eq!((whole.seen, whole.moved), (5, 5));
        // As a kill leaves it whose last batch was stored, and the place it had come to was not.
        city.exec("UPDATE clock_runs SET finished_at = NULL, after_district = NULL, after_id = NULL, seen = 0, moved = 0");
        let again = city
            .run(ops::recompute(&city.system(), |_| {}))
            .unwrap()
            .unwrap();
        assert_eq!((again.seen, again.moved, again.id), (5, 0, whole.id));
        for number in numbers {
            let case = found(&city, number);
            assert_eq!(case.due_at, Some(at("2026-03-17T09:00:00+08:00")));
            city.check_life(number);
        }
        city.replays();
    }
);

testdb::both_engines!(
    a_division_has_hours_and_days_of_its_own,
    &migrations(),
    |db| {
        let city = City::new(db);
        // The street works through noon from today on; the rest of the city does not.
        city.day("2026-03-16", "08:00-18:00", Some("330102001000"));
        let here = city.case_at(State::Handling).number;
        assert_eq!(
            found(&city, here).due_at,
            Some(at("2026-03-16T13:00:00+08:00"))
        );
        let mut new = city.cover("patrol");
        new.place = ops::NewPlace {
            division: Some("330104000000".parse().unwrap()),
            ..ops::NewPlace::default()
        };
        let there = city.report("collector", new).case;
        assert_eq!(there.stage_due_at, Some(at("2026-03-16T11:00:00+08:00")));
        assert_eq!(there.stage_calendar.as_deref(), Some("cn-2007-2026"));
        assert_eq!(
            found(&city, here).calendar.as_deref(),
            Some("cn-2007-2026/day-2026-03-16-1")
        );
        city.check_life(here);
    }
);

testdb::both_engines!(
    a_provisional_deadline_becomes_firm_with_the_notice_of_its_year,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.clock.advance(Duration::from_secs(290 * 86_400));
        // Thursday 2026-12-31, nine o'clock: two working days reach into 2027, of which nothing is known.
        let new = ops::NewReport {
            matter: Some(city.class("E0113")),
            ..city.cover("patrol")
        };
        let number = city.report("collector", new).case.number;
        let steps = vec![
            Step::Accept {
                matter: None,
                urgent: false,
            },
            Step::Register { rule: Some(1) },
            Step::Dispatch {
                unit: Some(city.unit("WATER")),
                basis: "t".into(),
            },
        ];
        city.act("desk", number, steps).unwrap();
        let case = found(&city, number);
        assert!(case.provisional && case.soon_at.is_none());
        assert_eq!(
            case.handling_light(case.updated_at),
            Some(Light::Provisional)
        );
        let notice = "version cn-2027\nyear 2027\noff 2027-01-01..2027-01-03 元旦\noff 2027-10-01..2027-10-07 国庆节\nwork 2027-01-09 元旦\n";
        city.calendar(notice);
        let done = city
            .run(ops::recompute(&city.system(), |_| {}))
            .unwrap()
            .unwrap();
        assert_eq!(done.moved, 1);
        let case = found(&city, number);
        assert!(!case.provisional && case.soon_at.is_some());
        assert_eq!(case.calendar.as_deref(), Some("cn-2027"));
        city.check_life(number);
    }
);

testdb::both_engines!(
    an_exception_for_a_channel_that_is_not_there_is_refused_by_its_name,
    &migrations(),
    |db| {
        use access::ops::settings::{SettingError, set_blocking};
        let city = City::new(db);
        let list = access::city_settings::SettingsList::new(&[cases::rules::CityRules::SETTINGS])
            .naming(ops::unknown_channel);
        let set = |key: &str, value: &str| {
            let wanted = [(key.to_owned(), Some(value.to_owned()))].into();
            set_blocking(&city.system(), &list, &wanted, "test")
        };
        for (value, wrong) in [
            ("2工作时; hotlne=1工作时", "hotlne"),
            ("2工作时; hotline=1工作时; app+urgent=1紧急工作时", "app"),
        ] {
            let refused = set("cases.limit_accept", value);
            let Err(SettingError::Names { key, name }) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!((&*key, &*name), ("cases.limit_accept", wrong));
        }
        let sound = "2工作时; urgent=1紧急工作时; hotline+urgent=1紧急工作时";
        assert_eq!(set("cases.limit_accept", sound).unwrap(), 1);
        // The city's own channels count.
        let app = cases::service::Channel {
            code: "app".into(),
            name_zh: "掌上城管".into(),
            name_en: "App".into(),
            verify: false,
            reviewed: true,
        };
        city.run(ops::put_channel(&city.system(), app)).unwrap();
        assert_eq!(
            set("cases.limit_accept", "2工作时; app=1工作时").unwrap(),
            1
        );
        // Text that happens to look so is no limit.
        assert_eq!(set("cases.usual_nature", "help").unwrap(), 0);
    }
);

testdb::both_engines!(
    a_rule_of_the_city_holds_for_new_steps_and_what_was_decided_stays,
    &migrations(),
    |db| {
        let city = City::new(db);
        let before = city.report("collector", city.cover("patrol")).case;
        let eleven = at("2026-03-16T11:00:00+08:00");
        assert_eq!(before.stage_due_at, Some(eleven));
        city.rule("cases.limit_accept", "1工作时; web=无; urgent=1紧急工作时");
        let after = city.report("collector", city.cover("patrol")).case;
        assert_eq!(after.stage_due_at, Some(at("2026-03-16T10:00:00+08:00")));
        assert_eq!(found(&city, before.number).stage_due_at, Some(eleven));
        city.rule("cases.soon_percent", "50");
        let half = city.report("collector", city.cover("patrol")).case;
        assert_eq!(half.stage_soon_at, Some(at("2026-03-16T09:30:00+08:00")));
        // The rules come with the snapshot: a step needs no more statements than before.
        let ctx = city.ctx("acceptor");
        let started = ctx.statements();
        let accept = Step::Accept {
            matter: None,
            urgent: true,
        };
        city.run(ops::act(&ctx, half.number, None, vec![accept]))
            .unwrap();
        assert!(ctx.statements() - started <= 6);
        for case in [before, after, half] {
            city.check_life(case.number);
        }
        city.replays();
    }
);

testdb::both_engines!(
    the_calendar_page_shows_a_year_and_lets_one_day_be_changed_with_a_reason,
    &migrations(),
    |db| {
        let mut city = City::new(db);
        city.add_admin();
        assert_eq!(city.get("acceptor", "/calendar?year=2026").status, 200);
        assert_eq!(city.get("acceptor", "/calendar/day/2026-03-17").status, 403);
        for odd in [
            "/calendar?year=99999",
            "/calendar?year=1",
            "/calendar?division=x",
        ] {
            assert!(
                [200, 404, 422].contains(&city.get("acceptor", odd).status),
                "{odd}"
            );
        }
        let send =
            |words: &[(&str, &str)]| city.urlencoded("admin", "/calendar/day/2026-03-17", words);
        assert_eq!(send(&[("kind", "off"), ("reason", " ")]).status, 422);
        assert_eq!(send(&[("kind", "maybe"), ("reason", "台风")]).status, 422);
        assert_eq!(
            send(&[("kind", "work"), ("hours", "12:00-8"), ("reason", "台风")]).status,
            422
        );
        let done = send(&[("kind", "off"), ("reason", "台风停工")]);
        assert_eq!(
            (done.status, done.location.as_str()),
            (303, "/calendar?year=2026"),
            "{}",
            done.text
        );
        let tuesday = jiff::civil::date(2026, 3, 17);
        assert!(!city.cases.city().calendar.is_workday(tuesday));
        let page = city.get("admin", "/calendar?year=2026");
        assert!(page.text.contains("台风停工") && page.text.contains("day-2026-03-17-1"));
    }
);
