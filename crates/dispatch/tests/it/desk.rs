//! Parts of helpers, mentions, hand-over, rulings that become duties, the published list for grid workers, deputies.

use crate::city::{City, migrations};
use cases::State;
use cases::ops::Step;
use serde_json::{Value, json};
use std::time::Duration;

fn unit(city: &City, code: &str) -> Value {
    json!(city.unit(code).to_string())
}

testdb::both_engines!(
    a_helper_sees_the_case_answers_its_part_and_lets_the_lead_go_on,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.handling("E0113").number;
        let page = format!("/api/v1/cases/{number}");
        assert_eq!(city.get("water", &page).status, 404);
        let help = json!([{ "act": "ask_help", "unit": unit(&city, "WATER"), "ask": "请查管线", "limit": "4工作时" }]);
        let asked = city.acts("citymgmt", number, help);
        assert_eq!(asked.status, 200, "{asked:?}");
        assert_eq!(
            city.get("water", &page).status,
            200,
            "a helper sees the case"
        );
        city.keep_up();
        let listed = city.get("water", "/api/v1/parts");
        assert_eq!(
            listed.body["items"][0]["number"],
            json!(number.to_string()),
            "{listed:?}"
        );
        assert_eq!(listed.body["items"][0]["is_late"], json!(false));
        city.clock.advance(Duration::from_secs(10 * 3600));
        assert_eq!(
            city.get("water", "/api/v1/parts").body["items"][0]["is_late"],
            json!(true)
        );
        let back = json!([{ "act": "report_back", "result": "已清理" }]);
        let refused = city.acts("citymgmt", number, back.clone());
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("cases.parts_open")),
            "{refused:?}"
        );
        let other = city.acts(
            "clean",
            number,
            json!([{ "act": "answer_part", "part": 1, "answer": "x" }]),
        );
        assert_eq!(other.status, 404, "who has no part does not see the case");
        let answered = city.acts(
            "water",
            number,
            json!([{ "act": "answer_part", "part": 1, "answer": "管线完好" }]),
        );
        assert_eq!(answered.status, 200, "{answered:?}");
        assert_eq!(city.acts("citymgmt", number, back).status, 200);
        city.keep_up();
        assert_eq!(city.get("water", "/api/v1/parts").body["items"], json!([]));
        let ended = city.get("water", "/api/v1/parts?standing=ended");
        assert_eq!(ended.body["items"][0]["part"], json!(1));
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_split_stays_one_case_with_one_clock_and_is_joined_by_itself,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.handling("E0113");
        let number = case.number;
        let share =
            |code: &str| json!({ "unit": unit(&city, code), "ask": "清一段", "limit": "1工作日" });
        let split = json!([{ "act": "split", "shares": [share("WATER"), share("CLEAN")] }]);
        let done = city.acts("citymgmt", number, split);
        assert_eq!(done.status, 200, "{done:?}");
        assert_eq!(
            city.count("SELECT count(*) FROM cases"),
            1,
            "a split makes no case"
        );
        for (login, part) in [("water", 1), ("clean", 2)] {
            let answer = json!([{ "act": "answer_part", "part": part, "answer": "已清" }]);
            assert_eq!(city.acts(login, number, answer).status, 200);
        }
        assert_eq!(city.case(number).due_at, case.due_at);
        let life = city.get("desk", &format!("/api/v1/cases/{number}/events"));
        assert!(life.text.contains("\"shares_joined\""), "{life:?}");
        assert_eq!(
            city.acts(
                "citymgmt",
                number,
                json!([{ "act": "report_back", "result": "全部清理" }])
            )
            .status,
            200
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_note_reaches_the_colleague_it_names_who_must_be_able_to_see_the_case,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.handling("E0113").number;
        let note = |text: &str| json!([{ "act": "note", "text": text }]);
        let blind = city.acts("citymgmt", number, note("@water 请看"));
        assert_eq!(
            (blind.status, &blind.body["code"]),
            (422, &json!("cases.blind_mention")),
            "{blind:?}"
        );
        let unknown = city.acts("citymgmt", number, note("@nobody 请看"));
        assert_eq!(unknown.body["code"], json!("cases.unknown_mention"));
        let done = city.acts(
            "citymgmt",
            number,
            note("请@leader 协调，电话13800138000，信li.wei@city.example"),
        );
        assert_eq!(done.status, 200, "{done:?}");
        city.keep_up();
        let mine = city.get("leader", "/api/v1/mentions");
        let first = &mine.body["items"][0];
        assert_eq!(
            (&first["number"], &first["by"]),
            (&json!(number.to_string()), &json!("citymgmt"))
        );
        assert_eq!(
            first["text"], "请@leader 协调，电话138****8000，信l***@city.example",
            "numbers and addresses are masked, the colleague is not"
        );
        assert_eq!(first["seen_at"], json!(null));
        let seen = city.post("leader", "/api/v1/mentions/seen", &json!({}));
        assert_ne!(seen.body["items"][0]["seen_at"], json!(null));
        assert_eq!(
            city.get("desk", "/api/v1/mentions").body["items"],
            json!([]),
            "nobody else's"
        );
    }
);

testdb::both_engines!(
    a_shift_hands_over_what_is_open_and_another_person_takes_it,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.handling("E0113");
        city.act(
            "citymgmt",
            case.number,
            vec![Step::Return {
                reason: "非职责".into(),
            }],
        )
        .unwrap();
        let given = city.post(
            "desk",
            "/api/v1/handovers",
            &json!({ "desk": "dispatcher", "words": "有一件退单" }),
        );
        assert_eq!(given.status, 200, "{given:?}");
        let row = &given.body["items"][0];
        assert_eq!(row["open"]["states"], json!([["pending_dispatch", 1]]));
        assert_eq!(row["open"]["pressing"], json!([case.number.to_string()]));
        let id = row["id"].as_str().unwrap();
        let take = |login: &str| {
            city.post(
                login,
                &format!("/api/v1/handovers/{id}/take"),
                &json!({ "words": "收到" }),
            )
        };
        let own = take("desk");
        assert_eq!(
            (own.status, &own.body["code"]),
            (403, &json!("dispatch.own_handover"))
        );
        assert_eq!(take("checker").status, 404, "another desk");
        let taken = take("desk2");
        assert_eq!(
            (taken.status, &taken.body["items"][0]["taken_by"]),
            (200, &json!("desk2"))
        );
        assert_eq!(take("desk2").body["code"], json!("dispatch.taken"));
        let other = city.post(
            "water",
            "/api/v1/handovers",
            &json!({ "desk": "dispatcher", "words": "x" }),
        );
        assert_eq!(other.body["code"], json!("dispatch.not_your_desk"));
    }
);

testdb::both_engines!(
    a_ruling_becomes_a_duty_and_is_quoted_at_the_next_dispatch,
    &migrations(),
    |db| {
        let city = City::new(db);
        let disputed = |mut case: cases::Case, login: &str, code: &str| {
            for n in 0..3 {
                let back = Step::Return {
                    reason: format!("非职责 {n}"),
                };
                case = city.act(login, case.number, vec![back]).unwrap();
                if case.state == State::PendingDispatch {
                    let to = Step::Dispatch {
                        unit: Some(city.unit(code)),
                        basis: "test".into(),
                    };
                    case = city.act("desk", case.number, vec![to]).unwrap();
                }
            }
            assert_eq!(case.state, State::Coordinating);
            case
        };
        // Two of one matter and place, both handed out before anybody ruled.
        let (first, second) = (city.handling("E0113"), city.handling("E0113"));
        let case = disputed(first, "citymgmt", "CITYMGMT");
        let again = disputed(second, "citymgmt", "CITYMGMT");
        let body = json!({ "unit": unit(&city, "WATER"), "reason": "管线上方由水务负责" });
        let path = format!("/api/v1/cases/{}/ruling", case.number);
        assert_eq!(city.post("citymgmt", &path, &body).status, 403);
        let ruled = city.post("leader", &path, &body);
        assert_eq!(ruled.status, 200, "{ruled:?}");
        assert_eq!(
            city.count("SELECT count(*) FROM duties WHERE source LIKE 'ruling:%'"),
            1
        );
        // At once, without waiting for the next look at the register.
        let next = city.handling("E0113");
        assert_eq!(next.unit, Some(city.unit("WATER")));
        let life = city.get("desk", &format!("/api/v1/cases/{}/events", next.number));
        let quoted = format!("ruling {} (street)；管线上方由水务负责", case.number);
        assert!(life.text.contains(&quoted), "{life:?}");
        // Ruled otherwise on the same day: the later ruling counts.
        city.clock.advance(std::time::Duration::from_secs(60));
        let body = json!({ "unit": unit(&city, "CITYMGMT"), "reason": "改由城管负责" });
        let path = format!("/api/v1/cases/{}/ruling", again.number);
        assert_eq!(city.post("leader", &path, &body).status, 200);
        assert_eq!(
            city.handling("E0113").unit,
            Some(city.unit("CITYMGMT")),
            "the ruling before it does not count any more"
        );
        city.check_life(case.number);
    }
);

testdb::both_engines!(
    without_a_duty_a_case_falls_to_the_territory,
    &migrations(),
    |db| {
        let city = City::new(db);
        // The duty of E0201 ends: nobody is named any more.
        city.system()
            .write_blocking::<_, store::StoreError, _>(|mut w| {
                w.exec(
                    "UPDATE duties SET valid_to = '2026-01-01' WHERE matter = 'E0201'",
                    &[],
                )?;
                grid::sql::bump(&mut w, grid::Part::Duties)?;
                w.commit(store::AuditEvent::done("test.lay", "duty", "test"), ())
            })
            .unwrap();
        city.reference.refresh_blocking(&city.system()).unwrap();
        let ctx = city.ctx("collector");
        let new = cases::ops::NewReport {
            channel: "patrol".into(),
            description: "堆物".into(),
            matter: Some(city.class("E0201")),
            place: cases::ops::NewPlace {
                lon_lat: Some((120.165, 30.245)),
                ..Default::default()
            },
            ..Default::default()
        };
        let number = city.run(cases::ops::report(&ctx, new)).unwrap().case.number;
        let steps = vec![
            Step::Accept {
                matter: None,
                urgent: false,
            },
            Step::Register { rule: None },
            Step::Dispatch {
                unit: None,
                basis: String::new(),
            },
        ];
        let case = city.act("desk", number, steps).unwrap();
        assert_eq!(case.unit, Some(city.unit("STREET")));
    }
);

testdb::both_engines!(
    a_task_off_the_published_list_is_refused_by_the_lists_name,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.handling("E0113").number;
        city.acts(
            "citymgmt",
            number,
            json!([{ "act": "report_back", "result": "已清理" }]),
        );
        let check = json!([{ "act": "check", "passed": true }]);
        let list = "list,code,name,task,matter,approved_by,approved_on\n\
                    网格事项清单2026-1,1,核实,verify,,政法委1号,2026-01-01\n\
                    网格事项清单2026-1,2,堆物核查,check,E02,政法委1号,2026-01-01\n\
                    x,3,无依据,check,,,2026-01-01\n";
        let report = matters::items::import(&city.system(), list.as_bytes()).unwrap();
        assert_eq!(
            (report.imported, report.rejected),
            (2, 1),
            "an item without admission is refused: {report:?}"
        );
        city.reference.refresh_blocking(&city.system()).unwrap();
        let refused = city.acts("collector", number, check.clone());
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (422, &json!("cases.off_list")),
            "{refused:?}"
        );
        assert!(refused.text.contains("网格事项清单2026-1"), "{refused:?}");
        let collector = city.accounts["collector"].to_string();
        let given = city.acts(
            "desk",
            number,
            json!([{ "act": "take_task", "to": collector }]),
        );
        assert_eq!(given.body["code"], json!("cases.off_list"));
        assert_eq!(
            city.acts("checker", number, check).status,
            200,
            "a checker is no grid worker"
        );
    }
);

testdb::both_engines!(
    lists_of_parts_and_claims_follow_another_calendar,
    &migrations(),
    |db| {
        let city = City::new(db);
        let case = city.handling("E0113").number;
        let help = json!([{ "act": "ask_help", "unit": city.unit("WATER").to_string(), "ask": "请查管线", "limit": "2工作日" }]);
        assert_eq!(city.acts("citymgmt", case, help).status, 200);
        city.keep_up();
        let due = || city.get("water", "/api/v1/parts").body["items"][0]["due_at"].clone();
        assert_eq!(due(), json!("2026-03-18T09:00:00+08:00"));
        let done = city.calendar("version typhoon\nlocal\noff 2026-03-17 台风\n");
        assert!(done.moved >= 1, "{done:?}");
        assert_eq!(due(), json!("2026-03-19T09:00:00+08:00"));
        city.check_life(case);
    }
);
