//! More time, a clock that stands still, a question to the requester: asked for by the unit, decided by others, never hiding
//! that a case was late.

use crate::city::{City, migrations};
use cases::State;
use cases::ops::{self, Step};
use cases::rules::{self, Actor, CityRules, ClockCommand as Clock, Command, Facts, FairCommand};
use kernel::codes::CaseNumber;
use serde_json::{Value, json};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// One act by a call; answers status, code of a refusal, and the case.
fn act(city: &City, login: &str, number: CaseNumber, act: Value) -> (u16, String, Value) {
    let path = format!("/api/v1/cases/{number}/acts");
    let reply = city.post(login, &path, &json!({ "acts": [act] }));
    let code = reply.body["code"].as_str().unwrap_or_default().to_owned();
    (reply.status, code, reply.body)
}

fn done(city: &City, login: &str, number: CaseNumber, what: Value) -> Value {
    let (status, code, case) = act(city, login, number, what);
    assert_eq!((status, code.as_str()), (200, ""), "{case}");
    case
}

fn refused(city: &City, login: &str, number: CaseNumber, what: Value) -> (u16, String) {
    let (status, code, body) = act(city, login, number, what);
    assert!(status >= 400, "{body}");
    (status, code)
}

fn said(text: &str) -> (u16, String) {
    let (status, code) = text.split_once(' ').unwrap();
    (status.parse().unwrap(), code.to_owned())
}

testdb::both_engines!(
    an_extension_adds_the_original_limit_and_takes_two_people_before_the_deadline,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::Handling).number;
        let ask = || json!({ "act": "request_extension", "reason": "要等配件到货" });
        let (endorse, grant) = (
            || json!({ "act": "endorse_extension" }),
            || json!({ "act": "grant_extension" }),
        );
        assert_eq!(
            refused(&city, "clean", number, ask()).0,
            404,
            "another unit does not see it"
        );
        assert_eq!(
            refused(&city, "dispatcher", number, ask()),
            said("403 access.refused")
        );
        assert_eq!(
            refused(&city, "dispatcher", number, endorse()),
            said("409 cases.not_asked")
        );
        let empty = json!({ "act": "request_extension", "reason": " " });
        assert_eq!(
            refused(&city, "water", number, empty),
            said("422 cases.missing")
        );
        done(&city, "water", number, ask());
        assert_eq!(
            refused(&city, "water", number, ask()),
            said("409 cases.already_asked")
        );
        assert_eq!(
            refused(&city, "shift_leader", number, grant()),
            said("409 cases.not_endorsed")
        );
        done(&city, "desk", number, endorse());
        assert_eq!(
            refused(&city, "desk", number, grant()),
            said("403 cases.same_person")
        );
        // 4 working hours from Monday nine o'clock end at three; eight of them on Tuesday at nine.
        let case = done(&city, "shift_leader", number, grant());
        assert_eq!(case["due_at"], "2026-03-17T09:00:00+08:00");
        done(&city, "water", number, ask());
        done(&city, "dispatcher", number, endorse());
        let case = done(&city, "leader", number, grant());
        assert_eq!(case["due_at"], "2026-03-17T15:00:00+08:00");
        assert_eq!(
            refused(&city, "water", number, ask()),
            said("409 cases.used_up")
        );
        city.check_life(number);
        assert_eq!(
            city.count("SELECT count(*) FROM cases WHERE extended_at IS NOT NULL"),
            1
        );
    }
);

testdb::both_engines!(
    what_is_used_up_or_too_late_is_not_offered_and_said_to_be_so,
    &migrations(),
    |db| {
        let city = City::new(db);
        // Whether an act is offered to an account: by the call, and as a form of the page; and what the page says of it.
        let offered = |login: &str, number: CaseNumber, act: &str| {
            let path = format!("/api/v1/cases/{number}");
            let case = city.get(login, &path).body;
            let in_the_call = case["allowed"].as_array().unwrap().contains(&json!(act));
            let page = city.get(login, &format!("/cases/{number}")).text;
            let form = format!("action=\"/cases/{number}/{}\"", act.replace('_', "-"));
            assert_eq!(page.contains(&form), in_the_call, "{act}: {page}");
            (in_the_call, page)
        };
        let number = city.case_at(State::Handling).number;
        let ask = || json!({ "act": "request_extension", "reason": "要等配件到货" });
        for _ in 0..2 {
            assert!(offered("water", number, "request_extension").0);
            done(&city, "water", number, ask());
            done(
                &city,
                "dispatcher",
                number,
                json!({ "act": "endorse_extension" }),
            );
            done(&city, "leader", number, json!({ "act": "grant_extension" }));
        }
        let (is_offered, page) = offered("water", number, "request_extension");
        assert!(
            !is_offered && page.contains("申请延期：最多 2 次，已经用完。"),
            "{page}"
        );
        // Suspended once.
        assert!(offered("water", number, "request_suspension").0);
        let suspend =
            json!({ "act": "request_suspension", "reason": "等汛期过去", "until": "2026-03-17" });
        done(&city, "water", number, suspend);
        done(&city, "dispatcher", number, json!({ "act": "suspend" }));
        done(&city, "water_lead", number, json!({ "act": "resume" }));
        let (is_offered, page) = offered("water", number, "request_suspension");
        assert!(
            !is_offered && page.contains("申请挂账：最多 1 次"),
            "{page}"
        );
        // The question to the requester, as often as the city says.
        let mut new = city.cover("web");
        new.contact.phone = Some("13800138000".into());
        let asked = city.report("stranger", new).case.number;
        let looked = json!({ "act": "verify", "outcome": "yes" });
        done(&city, "collector", asked, looked);
        for what in ["accept", "register", "dispatch"] {
            done(&city, "desk", asked, json!({ "act": what }));
        }
        done(&city, "water", asked, json!({ "act": "sign" }));
        city.rule("cases.most_questions", "1");
        assert!(offered("water", asked, "ask_requester").0);
        done(
            &city,
            "water",
            asked,
            json!({ "act": "ask_requester", "question": "是哪一个井盖？" }),
        );
        done(
            &city,
            "water",
            asked,
            json!({ "act": "answer", "text": "东边那个", "how": "电话" }),
        );
        assert!(!offered("water", asked, "ask_requester").0);
        // The unit that has signed leads, where the city says so; and nobody is offered more time when it is too late.
        assert!(offered("water", asked, "return").0);
        city.rule("cases.first_receiver_leads", "yes");
        let (is_offered, page) = offered("water", asked, "return");
        assert!(!is_offered && page.contains("首接负责"), "{page}");
        city.clock.advance(20 * HOUR);
        let (is_offered, page) = offered("water", asked, "request_extension");
        assert!(!is_offered && page.contains("申请延期：时限已过"), "{page}");
        city.check_life(number);
        city.check_life(asked);
    }
);

testdb::both_engines!(
    no_extension_hides_that_a_case_was_late,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::Handling).number;
        let ask = || json!({ "act": "request_extension", "reason": "要等配件到货" });
        done(&city, "water", number, ask());
        city.clock.advance(6 * HOUR);
        for (login, what) in [
            ("dispatcher", "endorse_extension"),
            ("water", "request_extension"),
        ] {
            let what = json!({ "act": what });
            let what = if login == "water" { ask() } else { what };
            let (status, code) = refused(&city, login, number, what);
            let late = (409, "cases.too_late".to_owned());
            let asked = (409, "cases.already_asked".to_owned());
            assert!([late, asked].contains(&(status, code)));
        }
        done(
            &city,
            "dispatcher",
            number,
            json!({ "act": "refuse_extension", "reason": "已经超期" }),
        );
        assert_eq!(
            refused(&city, "water", number, ask()),
            said("409 cases.too_late")
        );
        let case = city.get("desk", &format!("/api/v1/cases/{number}"));
        assert_eq!(case.body["due_at"], "2026-03-16T15:00:00+08:00");
    }
);

testdb::both_engines!(
    a_suspension_stops_the_clock_once_and_ends_by_itself,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::Handling).number;
        let ask = |until: &str| json!({ "act": "request_suspension", "reason": "权属不清", "until": until });
        for until in ["2026-03-16", "2025-01-01", "2027-03-17"] {
            assert_eq!(
                refused(&city, "water", number, ask(until)),
                said("422 cases.out_of_range"),
                "{until}"
            );
        }
        assert_eq!(refused(&city, "water", number, ask("soon")).0, 422);
        city.clock.advance(HOUR);
        done(&city, "water", number, ask("2026-03-20"));
        assert_eq!(
            refused(&city, "water", number, json!({ "act": "suspend" })).0,
            403
        );
        let case = done(&city, "dispatcher", number, json!({ "act": "suspend" }));
        assert_eq!(
            (case["state"].as_str(), case["light"].as_str()),
            (Some("suspended"), Some("parked"))
        );
        assert_eq!(
            case["remaining"],
            json!({ "clock": "working_hours", "seconds": 3 * 3600 }),
            "what was left when it stopped"
        );
        let nothing_due = "SELECT count(*) FROM cases WHERE due_at IS NULL AND state = 'suspended'";
        assert_eq!(city.count(nothing_due), 1, "what stands still is not late");
        let early = json!({ "act": "report_back", "result": "已更换" });
        assert_eq!(
            refused(&city, "water", number, early),
            said("409 cases.not_now")
        );

        let run = || city.run(ops::run_timers(&city.system())).unwrap();
        city.clock.advance(85 * HOUR);
        assert_eq!(run(), 0, "Thursday eleven in the evening");
        city.clock.advance(2 * HOUR);
        assert_eq!((run(), run()), (1, 0));
        let case = city.get("desk", &format!("/api/v1/cases/{number}")).body;
        // One hour was used on Monday; three are left, from Friday eight o'clock.
        assert_eq!(
            (case["state"].as_str(), case["due_at"].as_str()),
            (Some("handling"), Some("2026-03-20T11:00:00+08:00"))
        );
        assert_eq!(
            refused(&city, "water", number, ask("2026-04-01")),
            said("409 cases.used_up")
        );
        city.check_life(number);
        assert_eq!(city.audited("case.lapse_suspension", "done"), 1);
    }
);

testdb::both_engines!(
    who_was_late_when_the_clock_was_stopped_stays_late,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::Handling).number;
        let asked = city.asked_case_at(State::Handling).number;
        city.clock.advance(7 * HOUR);
        let ask =
            json!({ "act": "request_suspension", "reason": "权属不清", "until": "2026-03-20" });
        done(&city, "water", number, ask);
        let suspended = done(&city, "dispatcher", number, json!({ "act": "suspend" }));
        assert_eq!(suspended["light"], "late");
        let question = json!({ "act": "ask_requester", "question": "是哪一个井盖？" });
        assert_eq!(done(&city, "water", asked, question)["light"], "late");
        // Nor does it leave the lists, the counts and the evaluation of what is late.
        let late = city.get("desk", "/desk?light=late").text;
        for number in [number, asked] {
            assert!(late.contains(&number.to_string()), "{number}");
        }
        let stopped = city.run(ops::desk::queues(&city.ctx("desk"))).unwrap();
        let stopped = stopped.iter().map(|s| (s.state, s.late));
        assert_eq!(
            stopped.collect::<Vec<_>>(),
            [(State::Suspended, 1), (State::Waiting, 1)]
        );
        let measured = "SELECT count(*) FROM case_measures WHERE due_at IS NOT NULL";
        assert_eq!(city.count(measured), 2);
        // And it is not made good when the clock goes on.
        let resumed = done(&city, "dispatcher", number, json!({ "act": "resume" }));
        assert_eq!(
            (resumed["due_at"].as_str(), resumed["light"].as_str()),
            (Some("2026-03-16T15:00:00+08:00"), Some("late"))
        );
        city.check_life(number);
        city.check_life(asked);
    }
);

testdb::both_engines!(
    a_question_to_nobody_stops_no_clock_and_an_answer_by_staff_says_how_it_was_said,
    &migrations(),
    |db| {
        let city = City::new(db);
        let ask = || json!({ "act": "ask_requester", "question": "是哪一个井盖？" });
        // Found on patrol; and taken on the phone from somebody who left no number. Words that had to be masked make nobody.
        let patrol = city.case_at(State::Handling).number;
        let mut new = city.cover("hotline");
        new.description = "井盖缺失，回电13912345678".into();
        let nobody = city.report("acceptor", new).case.number;
        done(
            &city,
            "collector",
            nobody,
            json!({ "act": "verify", "outcome": "yes" }),
        );
        for what in ["accept", "register", "dispatch"] {
            done(&city, "desk", nobody, json!({ "act": what }));
        }
        done(&city, "water", nobody, json!({ "act": "sign" }));
        for number in [patrol, nobody] {
            assert_eq!(
                refused(&city, "water", number, ask()),
                said("409 cases.no_requester")
            );
            let seen = city.get("water", &format!("/api/v1/cases/{number}"));
            let allowed = seen.body["allowed"].as_array().unwrap();
            assert!(!allowed.contains(&json!("ask_requester")), "{seen:?}");
        }
        let number = city.asked_case_at(State::Handling).number;
        done(&city, "water", number, ask());
        let bare = json!({ "act": "answer", "text": "东门" });
        let refusal = city.post(
            "water",
            &format!("/api/v1/cases/{number}/acts"),
            &json!({ "acts": [bare] }),
        );
        assert_eq!(
            (refusal.status, &refusal.body["field"]),
            (422, &json!("how")),
            "{refusal:?}"
        );
        let told = json!({ "act": "answer", "text": "东门", "how": "3月16日9时电话" });
        assert_eq!(done(&city, "water", number, told)["state"], "handling");
        let life = city.get("desk", &format!("/api/v1/cases/{number}/events"));
        assert!(life.text.contains("3月16日9时电话"), "{life:?}");
        city.check_life(number);
    }
);

testdb::both_engines!(
    the_clock_waits_while_the_requester_is_asked,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut new = city.cover("web");
        new.contact.name = Some("王小二".into());
        let receipt = city.report("stranger", new);
        let number = receipt.case.number;
        let silent = city.asked_case_at(State::Handling).number;
        let ask = || json!({ "act": "ask_requester", "question": "是哪一个井盖？" });
        let nobody = city.report("stranger", city.cover("web")).case.number;
        for number in [number, nobody] {
            done(
                &city,
                "collector",
                number,
                json!({ "act": "verify", "outcome": "yes" }),
            );
            for what in ["accept", "register", "dispatch"] {
                done(&city, "desk", number, json!({ "act": what }));
            }
            done(&city, "water", number, json!({ "act": "sign" }));
        }
        assert_eq!(
            refused(&city, "water", nobody, ask()),
            said("409 cases.no_requester")
        );
        let case = done(&city, "water", number, ask());
        assert_eq!(case["state"], "waiting");
        done(&city, "water", silent, ask());

        city.clock.advance(HOUR);
        let ctx = city.ctx("stranger");
        let by = |token| ops::Proof::Link {
            token,
            client: None,
        };
        let answered = city
            .run(ops::answer(
                &ctx,
                by(&receipt.link),
                "东门，我的电话 13800138000",
            ))
            .unwrap();
        assert_eq!(answered.state, State::Handling);
        assert_eq!(answered.due_at.unwrap().to_string(), "2026-03-16T08:00:00Z");
        let again = city.run(ops::answer(&ctx, by(&receipt.link), "东门"));
        assert!(again.is_err(), "nothing is being asked any more");
        let wrong = city.run(ops::answer(&ctx, by("00"), "东门"));
        assert!(wrong.is_err());
        let life = city
            .get("water", &format!("/api/v1/cases/{number}/events"))
            .body;
        let text = life.to_string();
        assert!(
            text.contains("东门") && !text.contains("13800138000"),
            "{text}"
        );

        // Five working days later the other one goes on without an answer: the limit has what it had.
        city.clock.advance(7 * 24 * HOUR);
        assert_eq!(city.run(ops::run_timers(&city.system())).unwrap(), 1);
        let case = city.get("desk", &format!("/api/v1/cases/{silent}")).body;
        assert_eq!(case["state"], "handling");
        // So many questions and no more: a clock is not held for ever by asking again.
        city.rule("cases.most_questions", "2");
        done(&city, "water", silent, ask());
        city.clock.advance(8 * 24 * HOUR);
        assert_eq!(city.run(ops::run_timers(&city.system())).unwrap(), 1);
        assert_eq!(
            refused(&city, "water", silent, ask()),
            said("409 cases.used_up")
        );
        city.check_life(number);
        city.check_life(silent);
    }
);

testdb::both_engines!(
    whoever_returns_a_case_takes_the_request_along,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.case_at(State::Handling).number;
        let ask = Step::Clock(Clock::RequestExtension {
            reason: "要等配件到货".into(),
        });
        city.act("water", number, vec![ask]).unwrap();
        let back = Step::Return {
            reason: "不属我单位".into(),
        };
        let case = city.act("water", number, vec![back]).unwrap();
        assert_eq!(case.extension, None);
    }
);

testdb::both_engines!(
    a_reopened_case_keeps_its_own_limit_whatever_moves_its_clock,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.rule("cases.reopen_limit", "1紧急工作时");
        let number = city.asked_case_at(State::Closed).number;
        let reopen = json!({ "act": "reopen", "reason": "又松了" });
        let due = |case: &Value| case["due_at"].as_str().unwrap_or_default().to_owned();
        let hour = |h: &str| format!("2026-03-16T{h}:00+08:00");
        assert_eq!(
            due(&done(&city, "desk", number, reopen.clone())),
            hour("10:00")
        );
        // A question that is answered at once, and a suspension that ends at once, take nothing and give nothing.
        done(&city, "water", number, json!({ "act": "sign" }));
        let ask = json!({ "act": "ask_requester", "question": "是哪一个井盖？" });
        done(&city, "water", number, ask);
        let answer = json!({ "act": "answer", "text": "东门", "how": "电话" });
        let case = done(&city, "water", number, answer);
        assert_eq!(due(&case), hour("10:00"));
        assert_eq!(case["stage"]["limit"], "1紧急工作时");
        let ask =
            json!({ "act": "request_suspension", "reason": "权属不清", "until": "2026-03-20" });
        done(&city, "water", number, ask);
        done(&city, "dispatcher", number, json!({ "act": "suspend" }));
        let case = done(&city, "dispatcher", number, json!({ "act": "resume" }));
        assert_eq!(due(&case), hour("10:00"));
        // More time is one limit more of the one that runs, and it turns yellow by the clock of that.
        let ask = json!({ "act": "request_extension", "reason": "要等配件到货" });
        done(&city, "water", number, ask);
        done(
            &city,
            "dispatcher",
            number,
            json!({ "act": "endorse_extension" }),
        );
        let grant = json!({ "act": "grant_extension" });
        assert_eq!(
            due(&done(&city, "shift_leader", number, grant)),
            hour("11:00")
        );
        let found = || city.run(ops::find(&city.ctx("desk"), number)).unwrap();
        let yellow = "2026-03-16T10:36:00+08:00".parse::<jiff::Timestamp>();
        assert_eq!(found().soon_at, yellow.ok());
        // Another calendar moves no urgent hours.
        city.calendar("version typhoon\nlocal\noff 2026-03-16 台风\n");
        city.run(ops::recompute(&city.system(), |_| {})).unwrap();
        let shown = || city.get("desk", &format!("/api/v1/cases/{number}")).body;
        assert_eq!(due(&shown()), hour("11:00"));
        // Whoever gets it next in this round has the same.
        let back = json!({ "act": "return", "reason": "不属于我单位" });
        done(&city, "water", number, back);
        city.clock.advance(HOUR);
        let case = done(&city, "desk", number, json!({ "act": "dispatch" }));
        assert_eq!(due(&case), hour("11:00"));
        city.check_life(number);

        // Also where its unit is gone and it waits to be dispatched; and the next round is not that of the one before.
        let closed = city.asked_case_at(State::Closed);
        let place = city.cases.city();
        let desk = Actor {
            kind: "staff",
            account: None,
            roles: access::Role::ALL.to_vec(),
            unit: None,
            is_program: false,
            behalf: None,
            ties: cases::rules::Ties::default(),
        };
        let round = |case: &cases::Case, limit: Option<&str>| {
            let rules = CityRules {
                reopen_limit: limit.map(|l| l.parse().unwrap()),
                ..CityRules::default()
            };
            let facts = Facts {
                now: closed.closed_at.unwrap(),
                actor: &desk,
                calendar: place.calendar_at(None),
                tz: &place.timezone,
                rules: &rules,
                on_duty: None,
            };
            let reopen = Command::Fair(FairCommand::Reopen {
                reason: "又松了".into(),
                to_dispatch: true,
            });
            let dispatch = Command::Dispatch {
                unit: closed.unit.unwrap(),
                basis: String::new(),
            };
            [reopen, dispatch]
                .into_iter()
                .fold(case.clone(), |case, command| {
                    let events = rules::decide(Some(&case), command, &facts).unwrap();
                    events.iter().fold(Some(case), rules::apply).unwrap()
                })
        };
        let after = closed.closed_at.unwrap();
        let once = round(&closed, Some("1紧急工作时"));
        assert_eq!(once.due_at, Some(after + HOUR));
        let again = cases::Case {
            state: State::Closed,
            closed_at: closed.closed_at,
            ..once
        };
        let again = round(&again, None);
        assert_eq!(
            again.limit_of_handling(),
            closed.standard.as_ref().unwrap().limit
        );
        assert_ne!(again.due_at, Some(after + HOUR));
    }
);
