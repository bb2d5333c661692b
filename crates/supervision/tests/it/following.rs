//! Those concerned are told of each event, once, though the follower is killed and repeats itself.

use crate::stage::{act, city, count, follow, migrations, told, wait, wordings};
use cases::State;
use cases::ops::Step;
use cases::rules::{ClockCommand as Clock, JointCommand};
use serde_json::{Value, json};
use store::StoreError;
use testdb::both_engines;

both_engines!(
    those_concerned_are_told_of_each_event,
    &migrations(),
    |db| {
        let city = city(db);
        let case = city.case_at(State::PendingSign);
        assert!(follow(&city) > 0);
        assert_eq!(told(&city, "water_lead"), ["case.dispatched"]);
        assert_eq!(told(&city, "water"), ["case.dispatched"]);
        assert!(told(&city, "clean").is_empty() && told(&city, "dispatcher").is_empty());
        // Returned: whoever dispatched it is told, not every dispatcher (desk is one too).
        act(
            &city,
            "water_lead",
            &case,
            Step::Return {
                reason: "不属本单位".into(),
            },
        );
        follow(&city);
        assert_eq!(told(&city, "dispatcher"), ["case.returned"]);
        assert!(told(&city, "desk").is_empty());
        act(
            &city,
            "dispatcher",
            &case,
            Step::Dispatch {
                unit: Some(city.unit("WATER")),
                basis: "核实".into(),
            },
        );
        act(&city, "water", &case, Step::Sign);
        wait(&city, 1);
        act(
            &city,
            "water",
            &case,
            Step::Clock(Clock::RequestExtension {
                reason: "配件未到".into(),
            }),
        );
        follow(&city);
        assert!(told(&city, "dispatcher").contains(&"case.extension_asked".into()));
        act(
            &city,
            "dispatcher",
            &case,
            Step::Clock(Clock::EndorseExtension),
        );
        follow(&city);
        assert!(told(&city, "shift_leader").contains(&"case.extension_endorsed".into()));
        act(
            &city,
            "shift_leader",
            &case,
            Step::Clock(Clock::GrantExtension),
        );
        follow(&city);
        assert!(told(&city, "water").contains(&"case.extended".into()));
        // A task that was given; whoever takes one from the pool knows.
        act(
            &city,
            "water",
            &case,
            Step::ReportBack {
                result: "已更换".into(),
                attachments: Vec::new(),
            },
        );
        act(
            &city,
            "shift_leader",
            &case,
            Step::TakeTask {
                to: Some(city.accounts["checker"]),
            },
        );
        follow(&city);
        assert_eq!(told(&city, "checker"), ["case.task"]);
        act(
            &city,
            "checker",
            &case,
            Step::Check {
                passed: false,
                note: "未修好".into(),
                attachments: Vec::new(),
            },
        );
        follow(&city);
        assert!(told(&city, "water").contains(&"case.rework".into()));
    }
);

both_engines!(
    a_requester_is_told_only_with_a_contact_and_consent,
    &migrations(),
    |db| {
        let city = city(db);
        // Who wants to be told says where.
        let mut nowhere = city.cover("hotline");
        nowhere.notify = true;
        let ctx = city.ctx("acceptor");
        let refused = city.run(cases::ops::report(&ctx, nowhere)).unwrap_err();
        assert!(
            matches!(&refused, cases::ops::CaseError::Field { field, .. } if field == "notify"),
            "{refused:?}"
        );
        for (agreed, phone) in [
            (true, Some("13912345678")),
            (false, Some("13912345678")),
            (false, None),
        ] {
            let mut new = city.cover("hotline");
            new.contact.phone = phone.map(str::to_owned);
            new.notify = agreed;
            let case = city.report("acceptor", new).case;
            assert_eq!(case.notify, agreed);
            act(
                &city,
                "acceptor",
                &case,
                Step::NotAccept {
                    reason: "不属受理范围".into(),
                    doors: Vec::new(),
                },
            );
        }
        follow(&city);
        assert_eq!(count(&city, "requester.refused"), 1);
        // The link lies sealed in the vault for who agreed, and for nobody else.
        assert_eq!(
            city.count("SELECT count(*) FROM vault_fields WHERE field = 'link'"),
            1
        );
    }
);

both_engines!(
    a_follower_that_is_killed_or_repeats_itself_tells_nobody_twice,
    &migrations(),
    |db| {
        let city = city(db);
        for _ in 0..3 {
            city.case_at(State::Closed);
        }
        let before: Vec<u32> = (0..1).map(|_| follow(&city)).collect();
        assert!(before[0] >= 6);
        let all = city.count("SELECT count(*) FROM notices");
        let clocks = city.count("SELECT count(*) FROM facts_supervision_clocks");
        // The position was lost with the machine: everything is read again.
        for _ in 0..2 {
            city.system()
                .write_blocking::<_, StoreError, _>(|mut w| {
                    w.outbox_enter(supervision::READER, 0)?;
                    w.unchanged(())
                })
                .unwrap();
            assert_eq!(follow(&city), 0);
        }
        assert_eq!(city.count("SELECT count(*) FROM notices"), all);
        assert_eq!(
            city.count("SELECT count(*) FROM facts_supervision_clocks"),
            clocks
        );
        // Two processes at once: each row is one's.
        city.case_at(State::PendingSign);
        let (a, b) = (city.system(), city.system());
        let (one, two) =
            city.run(async { tokio::join!(supervision::follow(&a), supervision::follow(&b)) });
        assert_eq!(one.unwrap() + two.unwrap() + follow(&city), 2);
        // Killed inside the transaction: nothing was done, the position stands.
        city.case_at(State::PendingSign);
        let failed = city.system().write_blocking::<(), StoreError, _>(|mut w| {
            let from = w.outbox_position(supervision::READER)?.unwrap();
            assert!(w.outbox_advance(supervision::READER, from, from + 1)?);
            Err(StoreError::Lost("killed".into()))
        });
        assert!(failed.is_err());
        assert_eq!(follow(&city), 2);
    }
);

both_engines!(
    whoever_has_to_act_or_asked_is_told_of_every_turn,
    &migrations(),
    |db| {
        let city = city(db);
        let mut new = city.cover("hotline");
        new.contact.phone = Some("13912345678".into());
        new.notify = true;
        let case = city.report("acceptor", new).case;
        let does = |login: &str, acts: Value| {
            let path = format!("/api/v1/cases/{}/acts", case.number);
            let reply = city.post(login, &path, &json!({ "acts": acts }));
            assert_eq!(reply.status, 200, "{login}: {}", reply.text);
            follow(&city);
        };
        let hears = |login: &str, kind: &str| {
            let all = told(&city, login);
            assert!(all.contains(&kind.to_owned()), "{login}, {kind}: {all:?}");
        };
        does("collector", json!([{ "act": "verify", "outcome": "yes" }]));
        does(
            "desk",
            json!([{ "act": "accept" }, { "act": "register" }, { "act": "dispatch" }]),
        );
        does("water", json!([{ "act": "sign" }]));
        for (command, kind) in [
            (
                JointCommand::AskHelp {
                    unit: city.unit("CLEAN"),
                    ask: "请清理现场".into(),
                    limit: "4工作时".parse().unwrap(),
                },
                "case.help_asked",
            ),
            (
                JointCommand::RecallPart {
                    part: 1,
                    reason: "不再需要".into(),
                },
                "case.part_recalled",
            ),
        ] {
            act(&city, "water", &case, Step::Joint(command));
            follow(&city);
            hears("clean", kind);
        }
        does(
            "acceptor",
            json!([{ "act": "request_void", "reason": "重复" }]),
        );
        hears("shift_leader", "case.void_asked");
        does(
            "shift_leader",
            json!([{ "act": "refuse_void", "reason": "不重复" }]),
        );
        does(
            "water",
            json!([{ "act": "request_extension", "reason": "待配件" }]),
        );
        does("dispatcher", json!([{ "act": "endorse_extension" }]));
        does("shift_leader", json!([{ "act": "grant_extension" }]));
        assert_eq!(count(&city, "requester.extended"), 1);
        does(
            "acceptor",
            json!([{ "act": "add_message", "text": "还有一处" }]),
        );
        hears("water", "case.requester_added");
        does("water", json!([{ "act": "draft_answer", "done": "已换" }]));
        hears("water_lead", "case.answer_drafted");
        hears("shift_leader", "case.answer_drafted");
        does(
            "water_lead",
            json!([{ "act": "return_answer", "reason": "写明时间" }]),
        );
        hears("water", "case.answer_returned");
        // Three days later it is late, so that there is something to appeal against.
        wait(&city, 3 * 24 * 60);
        does(
            "water",
            json!([{ "act": "draft_answer", "done": "16 日已换" }, { "act": "report_back", "result": "已换" }]),
        );
        does("checker", json!([{ "act": "check", "passed": true }]));
        does(
            "shift_leader",
            json!([{ "act": "close", "closing": "更换" }]),
        );
        does(
            "water_lead",
            json!([{ "act": "lodge_appeal", "count": "late", "reason": "停水", "evidence": "公告" }]),
        );
        hears("dispatcher", "case.appeal_lodged");
        does("dispatcher", json!([{ "act": "endorse_appeal" }]));
        hears("acceptor", "case.appeal_endorsed");
        does("shift_leader", json!([{ "act": "grant_appeal" }]));
        hears("water_lead", "case.appeal_granted");
        does(
            "acceptor",
            json!([{ "act": "call_back", "solved": false, "satisfaction": "dissatisfied" }]),
        );
        does(
            "water_lead",
            json!([{ "act": "ask_exclusion", "reason": "no_legal_basis" }]),
        );
        hears("leader", "case.exclusion_asked");
        does(
            "leader",
            json!([{ "act": "refuse_exclusion", "reason": "有依据" }]),
        );
        hears("water_lead", "case.exclusion_refused");
        does("desk", json!([{ "act": "reopen", "reason": "又坏了" }]));
        hears("water", "case.reopened");
    }
);

both_engines!(
    a_unit_is_told_of_the_ruling_that_names_it,
    &migrations(),
    |db| {
        let city = city(db);
        let case = city.case_at(State::PendingSign);
        let back = || Step::Return {
            reason: "不属本单位".into(),
        };
        let again = || Step::Dispatch {
            unit: Some(city.unit("WATER")),
            basis: "核实".into(),
        };
        for _ in 0..2 {
            act(&city, "water_lead", &case, back());
            act(&city, "dispatcher", &case, again());
        }
        let now = act(&city, "water_lead", &case, back());
        assert_eq!(now.state, State::Coordinating);
        act(
            &city,
            "leader",
            &case,
            Step::Rule {
                unit: city.unit("CLEAN"),
                reason: "属环卫职责".into(),
            },
        );
        follow(&city);
        assert_eq!(told(&city, "clean"), ["case.ruled"]);
    }
);

both_engines!(
    every_kind_that_is_told_has_words_in_both_languages,
    &migrations(),
    |db| {
        let city = city(db);
        let source = include_str!("../../src/rules/tell.rs");
        let quoted = source.split('"').skip(1).step_by(2);
        let kinds: std::collections::BTreeSet<&str> = quoted
            .filter(|word| word.starts_with("case.") || word.starts_with("requester."))
            .collect();
        assert!(kinds.len() > 30, "{kinds:?}");
        for kind in kinds {
            assert_eq!(wordings(&city, kind), 2, "{kind}");
        }
    }
);

both_engines!(
    a_request_to_see_a_confidential_reporter_is_told_to_those_who_may_decide_and_its_end_to_whoever_asked,
    &migrations(),
    |db| {
        let mut city = city(db);
        city.add_two_hats();
        let mut new = city.cover("web");
        new.contact.phone = Some("13800138000".into());
        new.confidential = true;
        let case = city.report("stranger", new).case;
        let looked = Step::Verify {
            outcome: cases::model::VerifyOutcome::Yes,
            note: String::new(),
            attachments: Vec::new(),
        };
        act(&city, "collector", &case, looked);
        let steps = vec![
            Step::Accept {
                matter: None,
                urgent: false,
            },
            Step::Register { rule: None },
            Step::Dispatch {
                unit: Some(city.unit("WATER")),
                basis: "职责表".into(),
            },
        ];
        city.act("desk", case.number, steps).unwrap();
        follow(&city);
        let before = told(&city, "two_hats");
        let path = format!("/api/v1/cases/{}/requester/unmaskings", case.number);
        let ask = || {
            let reason = json!({ "reason": "须当面核实" });
            let asked = city.post("shift_leader", &path, &reason);
            assert_eq!(asked.status, 201, "{asked:?}");
            asked.body["id"].as_str().unwrap().to_owned()
        };
        let asked = ask();
        follow(&city);
        // The other shift leader is told; not whoever asked, nor somebody of the handling unit, whatever hats that one wears.
        assert_eq!(told(&city, "desk"), ["case.unmask_asked"]);
        assert!(!told(&city, "shift_leader").contains(&"case.unmask_asked".into()));
        assert_eq!(told(&city, "two_hats"), before);
        assert!(told(&city, "acceptor").is_empty(), "an acceptor does not decide");
        let notice = city
            .system()
            .read_blocking::<_, StoreError, _>(|r| {
                let sql = "SELECT path, places FROM notices WHERE kind = 'case.unmask_asked'";
                let (path, places): (String, String) = r.one(sql, &[])?;
                Ok(format!("{path} {places}"))
            })
            .unwrap();
        assert!(
            notice.contains(&format!("/cases/{}/requester", case.number)),
            "{notice}"
        );
        // Nothing of the person, of the reason, of the class.
        for hidden in ["13800138000", "须当面核实", "井盖"] {
            assert!(!notice.contains(hidden), "{hidden}: {notice}");
        }
        let decide = |id: &str, is_granted: bool| {
            let path = format!("{path}/{id}");
            let granted = json!({ "granted": is_granted });
            assert_eq!(city.post("desk", &path, &granted).status, 204);
            follow(&city);
        };
        decide(&asked, true);
        let of_the_asker = || {
            let all = told(&city, "shift_leader");
            let is_one = |kind: &String| kind.starts_with("case.unmask");
            all.into_iter().filter(is_one).collect::<Vec<_>>()
        };
        assert_eq!(of_the_asker(), ["case.unmask_granted"]);
        wait(&city, 1);
        let again = ask();
        decide(&again, false);
        assert_eq!(
            of_the_asker(),
            ["case.unmask_granted", "case.unmask_refused"]
        );
        // Whoever reported is told nothing by message.
        assert_eq!(count(&city, "case.unmask_asked"), 2);
        let to_the_reporter = city
            .system()
            .read_blocking::<_, StoreError, _>(|r| {
                let sql = "SELECT count(*) FROM notices WHERE subject_id IS NOT NULL AND kind LIKE 'case.unmask%'";
                Ok(r.one::<(i64,)>(sql, &[])?.0)
            })
            .unwrap();
        assert_eq!(to_the_reporter, 0);
        for kind in ["asked", "granted", "refused"] {
            assert_eq!(wordings(&city, &format!("case.unmask_{kind}")), 2);
        }
    }
);
