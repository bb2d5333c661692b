//! Handing over: pulled in order, pushed signed, acknowledged, stuck where it is not, never lost.

use crate::sinks::Web;
use crate::stage::{city, connect, follow, migrations, push, wait, wanted};
use access::UnitId;
use cases::model::JointFact;
use cases::ops::Step;
use cases::rooms::{Reorganised, Room as _};
use cases::rules::{self, JointCommand};
use cases::{Fact, State};
use connectors::model::{Kind, order_events};
use connectors::ops::{issue_key, set};
use kernel::id::Id;
use notices::outgoing::{Secret, Signed, verify};
use serde_json::json;
use store::{AuditEvent, StoreError};
use testdb::both_engines;

both_engines!(
    a_unit_pulls_its_orders_in_order_and_acknowledges_them,
    &migrations(),
    |db| {
        let city = city(db);
        assert_eq!(
            city.get("water", "/api/v1/orders").status,
            409,
            "there is no connector yet"
        );
        connect(&city, Kind::Unit, None);
        let first = city.case_at(State::PendingSign);
        let second = city.case_at(State::PendingSign);
        assert_eq!(follow(&city), 2);
        let page = city.get("water", "/api/v1/orders?limit=1");
        assert_eq!(
            page.body["items"][0]["number"],
            first.number.to_string(),
            "{}",
            page.text
        );
        assert_eq!(page.body["items"][0]["event"], "dispatched");
        let next = page.body["next"].as_str().unwrap();
        let page = city.get("water", &format!("/api/v1/orders?after={next}"));
        assert_eq!(page.body["items"].as_array().unwrap().len(), 1);
        assert_eq!(page.body["items"][0]["number"], second.number.to_string());
        // The last page has a cursor too: nothing new comes twice.
        let next = page.body["next"].as_str().unwrap().to_owned();
        assert!(
            city.get("water", &format!("/api/v1/orders?after={next}"))
                .body["items"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        let path = format!("/api/v1/orders/{}", first.number);
        let order = city.get("water", &path);
        assert_eq!(
            order.body["case"]["due_at"], "2026-03-16T15:00:00+08:00",
            "{}",
            order.text
        );
        assert_eq!(city.get("clean", &path).status, 404);
        let ack = |login: &str| city.post(login, &format!("{path}/acknowledge"), &json!({}));
        assert_eq!(ack("clean").status, 409);
        assert_eq!(ack("water").body["changed"], 1);
        assert_eq!(ack("water").body["changed"], 0, "twice changes nothing");
        // Signing acknowledges as well.
        city.act("water", second.number, vec![Step::Sign]).unwrap();
        follow(&city);
        assert_eq!(
            city.count("SELECT count(*) FROM connector_handovers WHERE state = 'taken'"),
            2
        );
        wait(&city, 600);
        assert!(
            city.get("water", "/api/v1/handovers/stuck")
                .body
                .as_array()
                .unwrap()
                .is_empty()
        );
        for bad in ["?after=x", "?limit=0", "?limit=999"] {
            assert_eq!(
                city.get("water", &format!("/api/v1/orders{bad}")).status,
                422,
                "{bad}"
            );
        }
    }
);

both_engines!(
    a_key_of_the_unit_acts_on_its_orders_and_a_repeated_act_is_done_once,
    &migrations(),
    |db| {
        let city = city(db);
        let (connector, _) = connect(&city, Kind::Unit, None);
        let key = city.run(issue_key(&city.system(), connector.id)).unwrap();
        let case = city.case_at(State::PendingSign);
        follow(&city);
        let path = format!("/api/v1/cases/{}/acts", case.number);
        let body =
            json!({ "acts": [{ "act": "sign" }, { "act": "report_back", "result": "已更换" }] });
        let once = |key: &str| city.as_key(key, "POST", &path, Some(&body), Some("done-1"));
        let (one, two) = (once(&key), once(&key));
        assert_eq!((one.status, two.status), (200, 200), "{}", one.text);
        assert_eq!(one.body, two.body);
        assert_eq!(one.body["state"], "pending_check");
        assert_eq!(
            city.as_key(&key, "GET", "/api/v1/orders", None, None)
                .status,
            200
        );
        // It sees and does nothing else.
        assert_eq!(
            city.as_key(&key, "GET", "/api/v1/notices", None, None)
                .status,
            403
        );
        assert_eq!(
            city.as_key(&key, "POST", "/api/v1/reports", Some(&json!({})), None)
                .status,
            422,
            "anybody may report"
        );
        // A new key takes the old one back.
        let newer = city.run(issue_key(&city.system(), connector.id)).unwrap();
        assert_eq!(
            city.as_key(&key, "GET", "/api/v1/orders", None, None)
                .status,
            401
        );
        assert_eq!(
            city.as_key(&newer, "GET", "/api/v1/orders", None, None)
                .status,
            200
        );
        assert_eq!(
            city.count("SELECT count(*) FROM accounts WHERE login LIKE 'connector-%'"),
            1
        );
    }
);

both_engines!(
    an_order_is_pushed_signed_and_told_when_nobody_takes_it,
    &migrations(),
    |db| {
        let city = city(db);
        let web = Web::start();
        let (_, secret) = connect(&city, Kind::Unit, Some(&web));
        let secret = Secret::parse(&secret.unwrap()).unwrap();
        web.answer(&[500]);
        let case = city.case_at(State::PendingSign);
        follow(&city);
        assert_eq!(push(&city), 1);
        assert_eq!(push(&city), 0);
        wait(&city, 1);
        assert_eq!(push(&city), 1);
        let got = web.got();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
        let signed = Signed {
            id: got[1].header("webhook-id").into(),
            timestamp: got[1].header("webhook-timestamp").into(),
            signature: got[1].header("webhook-signature").into(),
        };
        let now = jiff::Timestamp::from_second(signed.timestamp.parse().unwrap()).unwrap();
        assert_eq!(verify(&secret, &signed, &got[1].body, now), Ok(()));
        let body = got[1].json();
        assert_eq!(
            (&body["type"], &body["data"]["case"]["number"]),
            (&"order.dispatched".into(), &case.number.to_string().into())
        );
        assert_eq!(
            city.count("SELECT count(*) FROM connector_handovers WHERE state = 'sent'"),
            1
        );
        // Nobody acknowledges it: it stands in the list of the unit, and is told once.
        let stuck = || {
            city.get("water", "/api/v1/handovers/stuck")
                .body
                .as_array()
                .unwrap()
                .len()
        };
        assert_eq!(stuck(), 0);
        wait(&city, 31);
        assert_eq!(stuck(), 1);
        let tell = || city.run(connectors::tell_stuck(&city.system())).unwrap();
        assert_eq!((tell(), tell()), (1, 0));
        assert_eq!(
            city.count("SELECT count(*) FROM notices WHERE kind = 'connector.stuck'"),
            1
        );
        let page = city.get("water", "/unit/handovers");
        assert!(
            page.text.contains(&case.number.to_string()),
            "{}",
            page.text
        );
        assert_eq!(city.get("clean", "/unit/handovers").status, 200);
        // Handed over again, and taken.
        let id = got[1].header("webhook-id").to_owned();
        let mend = |what| {
            let (connector, case, seq) = parts(&id);
            city.run(connectors::ops::mend(
                &city.ctx("water"),
                connector,
                case,
                seq,
                what,
            ))
        };
        mend(connectors::ops::Mend::Again).unwrap();
        assert_eq!((stuck(), push(&city)), (0, 1));
        assert_eq!(web.got().len(), 3);
        city.post(
            "water",
            &format!("/api/v1/orders/{}/acknowledge", case.number),
            &json!({}),
        );
        wait(&city, 600);
        assert_eq!(stuck(), 0);
        assert!(mend(connectors::ops::Mend::Again).is_err(), "it is taken");
    }
);

both_engines!(
    of_a_slow_system_people_are_told_once_until_it_is_well_again,
    &migrations(),
    |db| {
        let city = city(db);
        let (connector, _) = connect(&city, Kind::Unit, None);
        let order = || {
            let number = city.case_at(State::PendingSign).number;
            follow(&city);
            number
        };
        let take = |number: kernel::codes::CaseNumber| {
            let path = format!("/api/v1/orders/{number}/acknowledge");
            assert_eq!(city.post("water", &path, &json!({})).body["changed"], 1);
        };
        let tell = || city.run(connectors::tell_stuck(&city.system())).unwrap();
        let stuck = || {
            let list = city.get("water", "/api/v1/handovers/stuck");
            list.body.as_array().unwrap().len()
        };
        let told = || {
            let of = |kind| {
                let found = city.system().read_blocking::<_, StoreError, _>(move |r| {
                    let sql = "SELECT count(*) FROM notices WHERE kind = $1";
                    Ok(r.one::<(i64,)>(sql, store::params![kind])?.0)
                });
                found.unwrap()
            };
            (
                of("connector.stuck"),
                of("connector.failed"),
                of("connector.well"),
            )
        };
        let mut late: Vec<_> = (0..3).map(|_| order()).collect();
        wait(&city, 31);
        assert_eq!((tell(), tell(), told()), (1, 0, (1, 0, 0)));
        late.push(order());
        wait(&city, 31);
        assert_eq!(
            (tell(), stuck()),
            (0, 4),
            "the list has what nobody is told of"
        );
        // It catches up, and is late again: that is how it is, and nothing new.
        late.into_iter().for_each(&take);
        assert_eq!((tell(), stuck()), (0, 0));
        let next = order();
        wait(&city, 31);
        assert_eq!((tell(), stuck()), (0, 1));
        take(next);
        // In time, and for an hour nothing else.
        let next = order();
        wait(&city, 5);
        take(next);
        assert_eq!(tell(), 0);
        wait(&city, 61);
        assert_eq!((tell(), tell(), told()), (1, 0, (1, 0, 1)));
        assert_eq!(city.audited("connector.well", "done"), 1);
        // What was given up is another trouble, told beside the first.
        order();
        wait(&city, 31);
        let second = order();
        city.exec("UPDATE connector_handovers SET state = 'failed' WHERE ack_due_at > (SELECT min(ack_due_at) FROM connector_handovers WHERE state = 'waiting') AND state = 'waiting'");
        assert_eq!((tell(), tell(), told()), (2, 0, (2, 1, 1)));
        take(second);
        assert_eq!((tell(), told()), (1, (2, 1, 2)));
        // Whoever took the last off the list is told of the next at once.
        let found = city.get("water", "/api/v1/handovers/stuck").body[0].clone();
        let (id, case, seq) = parts(found["id"].as_str().unwrap());
        assert_eq!(id, connector.id);
        let dismiss = connectors::ops::Mend::Dismiss;
        let water = city.ctx("water");
        city.run(connectors::ops::mend(&water, id, case, seq, dismiss))
            .unwrap();
        order();
        wait(&city, 31);
        assert_eq!((tell(), told()), (1, (3, 1, 2)));
        // After a quiet day it is well, although nothing was taken in time; out of use, nobody hears of it.
        city.exec("UPDATE connector_handovers SET state = 'taken', taken_at = ack_due_at + 1 WHERE state = 'waiting'");
        assert_eq!(tell(), 0);
        wait(&city, 24 * 60);
        assert_eq!((tell(), told()), (1, (3, 1, 3)));
        order();
        wait(&city, 31);
        assert_eq!(tell(), 1);
        city.exec("UPDATE connectors SET enabled = 0");
        city.exec("UPDATE connector_handovers SET state = 'dropped' WHERE state = 'waiting'");
        assert_eq!((tell(), told()), (0, (4, 1, 3)));
        assert_eq!(city.count("SELECT count(*) FROM connector_troubles"), 0);
    }
);

both_engines!(
    the_operator_is_told_of_systems_whose_units_have_ended,
    &migrations(),
    |db| {
        let city = city(db);
        connect(&city, Kind::Unit, None);
        let stranded = |is_in_force: bool| {
            let found = city.system().read_blocking::<_, StoreError, _>(move |r| {
                connectors::ops::stranded(r, |_| is_in_force)
            });
            found.unwrap()
        };
        assert_eq!(stranded(true), []);
        let told = stranded(false);
        assert_eq!(
            (told[0].0.name.as_str(), told[0].1),
            ("水务系统", connectors::model::Stranded::Ended)
        );
    }
);

fn parts(id: &str) -> (kernel::id::Id, kernel::id::Id, u32) {
    let (case, rest) = id.split_at(36);
    let (seq, connector) = rest[1..].split_once('-').unwrap();
    (
        connector.parse().unwrap(),
        case.parse().unwrap(),
        seq.parse().unwrap(),
    )
}

both_engines!(
    killed_between_sending_and_noting_the_order_comes_again_with_its_id,
    &migrations(),
    |db| {
        let city = city(db);
        let web = Web::start();
        connect(&city, Kind::Unit, Some(&web));
        city.case_at(State::PendingSign);
        follow(&city);
        let ctx = city.system();
        let claimed = city.run(connectors::claim(&ctx)).unwrap();
        assert_eq!(claimed.len(), 1);
        city.run(connectors::send_one(&ctx, &claimed, 0));
        assert_eq!(push(&city), 0, "it is somebody's");
        wait(&city, 2);
        assert_eq!(push(&city), 1);
        let got = web.got();
        assert_eq!(
            (got.len(), got[0].header("webhook-id")),
            (2, got[1].header("webhook-id"))
        );
        // Followed again from the beginning, nothing is handed over twice.
        city.system()
            .write_blocking::<_, StoreError, _>(|mut w| {
                w.outbox_enter(connectors::READER, 0)?;
                w.unchanged(())
            })
            .unwrap();
        follow(&city);
        assert_eq!(city.count("SELECT count(*) FROM connector_handovers"), 1);
        assert_eq!(push(&city), 0);
    }
);

/// What was pushed, as type and whether it carries the order.
fn pushed(city: &crate::city::City, web: &Web) -> Vec<(String, bool)> {
    follow(city);
    while push(city) > 0 {}
    let told = web.got().into_iter().map(|got| {
        let body = got.json();
        (
            body["type"].as_str().unwrap().to_owned(),
            body["data"].get("case").is_some(),
        )
    });
    told.collect()
}

both_engines!(
    a_reopened_case_is_an_order_again_and_a_lost_one_is_withdrawn,
    &migrations(),
    |db| {
        let city = city(db);
        let web = Web::start();
        connect(&city, Kind::Unit, Some(&web));
        let mut new = city.cover("hotline");
        new.contact.phone = Some("13912345678".into());
        let number = city.report("acceptor", new).case.number;
        let path = format!("/api/v1/cases/{number}/acts");
        let act = |login: &str, acts: serde_json::Value| {
            let reply = city.post(login, &path, &json!({ "acts": acts }));
            assert_eq!(reply.status, 200, "{}", reply.text);
        };
        act("collector", json!([{ "act": "verify", "outcome": "yes" }]));
        let on = [
            json!({ "act": "accept" }),
            json!({ "act": "register" }),
            json!({ "act": "dispatch" }),
        ];
        act("desk", json!(on));
        assert_eq!(pushed(&city, &web), [("order.dispatched".into(), true)]);
        act(
            "water",
            json!([{ "act": "sign" }, { "act": "report_back", "result": "已更换" }]),
        );
        act(
            "checker",
            json!([{ "act": "check", "passed": true }, { "act": "close", "closing": "更换" }]),
        );
        act("desk", json!([{ "act": "reopen", "reason": "又坏了" }]));
        assert_eq!(pushed(&city, &web)[1..], [("order.reopened".into(), true)]);
        act(
            "dispatcher",
            json!([{ "act": "request_void", "reason": "重复登记" }]),
        );
        act("desk", json!([{ "act": "void", "reason": "重复登记" }]));
        assert_eq!(
            pushed(&city, &web)[2..],
            [("order.withdrawn".into(), false)]
        );
        let taken = city.post(
            "water",
            &format!("/api/v1/orders/{number}/acknowledge"),
            &json!({}),
        );
        assert_eq!((taken.status, &taken.body["changed"]), (200, &2.into()));
        assert!(
            !String::from_utf8_lossy(&web.got()[2].body).contains("井盖"),
            "what is lost is told without its words"
        );
    }
);

both_engines!(
    a_helper_hears_of_its_part_and_a_reorganisation_moves_the_order,
    &migrations(),
    |db| {
        let city = city(db);
        let web = Web::start();
        let url = format!("http://127.0.0.1:{}/orders", web.port);
        let helper = connectors::ops::Wanted {
            unit: Some(city.unit("CLEAN")),
            ..wanted(&city, Kind::Unit, &url)
        };
        city.run(set(&city.system(), helper)).unwrap();
        let case = city.case_at(State::Handling);
        let joint = |command| {
            city.act("water", case.number, vec![Step::Joint(command)])
                .unwrap()
        };
        joint(JointCommand::AskHelp {
            unit: city.unit("CLEAN"),
            ask: "请清理现场".into(),
            limit: "4工作时".parse().unwrap(),
        });
        assert_eq!(pushed(&city, &web), [("order.part_asked".into(), true)]);
        let order = city.get("clean", &format!("/api/v1/orders/{}", case.number));
        assert_eq!(
            order.body["case"]["parts"][0]["ask"], "请清理现场",
            "{}",
            order.text
        );
        let now = joint(JointCommand::RecallPart {
            part: 1,
            reason: "不再需要".into(),
        });
        assert_eq!(
            pushed(&city, &web)[1..],
            [("order.part_withdrawn".into(), false)]
        );
        let acknowledge = format!("/api/v1/orders/{}/acknowledge", case.number);
        let taken = city.post("clean", &acknowledge, &json!({}));
        assert_eq!((taken.status, &taken.body["changed"]), (200, &2.into()));
        // The old unit loses the case, the new one gets an order; a case that is over stays where it was.
        let (from, to) = (city.unit("WATER"), city.unit("CLEAN"));
        let mut event = city
            .system()
            .read_blocking::<_, StoreError, _>(move |r| {
                cases::sql::events(r, case.district, case.id)
            })
            .unwrap()
            .remove(0);
        event.fact = Fact::Joint(JointFact::UnitChanged {
            from,
            to,
            why: "合并".into(),
            worked: false,
        });
        let moved = rules::apply(Some(now.clone()), &event).unwrap();
        assert_eq!(
            order_events(&now, &moved, &event),
            [("withdrawn", from), ("dispatched", to)]
        );
        let mut closed = now;
        closed.state = State::Closed;
        let moved = rules::apply(Some(closed.clone()), &event).unwrap();
        assert!(order_events(&closed, &moved, &event).is_empty());
    }
);

both_engines!(
    a_subscriber_hears_of_events_without_anybodys_words,
    &migrations(),
    |db| {
        let city = city(db);
        let web = Web::start();
        connect(&city, Kind::Events, Some(&web));
        city.case_at(State::Closed);
        follow(&city);
        while push(&city) > 0 {}
        let kinds: Vec<String> = web
            .got()
            .iter()
            .map(|g| g.json()["type"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(kinds.len(), 2, "{kinds:?}");
        assert!(kinds.contains(&"case.dispatched".into()) && kinds.contains(&"case.closed".into()));
        assert!(
            web.got()
                .iter()
                .all(|g| !String::from_utf8_lossy(&g.body).contains("井盖"))
        );
        wait(&city, 600);
        assert_eq!(
            city.run(connectors::tell_stuck(&city.system())).unwrap(),
            0,
            "a subscriber acknowledges by taking it"
        );
    }
);

both_engines!(
    a_subscriber_is_told_how_things_stood_at_the_event_however_late,
    &migrations(),
    |db| {
        let city = city(db);
        let web = Web::start();
        connect(&city, Kind::Events, Some(&web));
        let water = city.unit("WATER").to_string();
        let case = city.case_at(State::PendingSign);
        follow(&city);
        // Before it is sent the unit has signed for it, and is done.
        let done = Step::ReportBack {
            result: "已更换".into(),
            attachments: Vec::new(),
        };
        city.act("water", case.number, vec![Step::Sign, done])
            .unwrap();
        web.answer(&[500]);
        push(&city);
        wait(&city, 60);
        push(&city);
        let got = web.got();
        assert_eq!(got.len(), 2, "tried twice");
        let told = got[0].json();
        assert_eq!(told["type"], "case.dispatched");
        assert_eq!(
            (&told["data"]["state"], &told["data"]["unit"]),
            (&json!("pending_sign"), &json!(water)),
            "{told}"
        );
        assert_eq!(got[1].body, got[0].body, "a repetition says the same");
    }
);

both_engines!(
    a_system_goes_along_with_the_work_of_its_unit_and_loses_no_order,
    &migrations(),
    |db| {
        let mut city = city(db);
        city.add_admin();
        connect(&city, Kind::Unit, None);
        let case = city.case_at(State::PendingSign);
        follow(&city);
        let (from, to) = (city.unit("WATER"), city.unit("HALL"));
        let order = |heirs: &[(UnitId, UnitId)]| {
            let id = Id::from_bytes([9; 16]);
            let heirs = heirs.iter().copied().collect();
            Reorganised::new(
                id,
                "机构改革".into(),
                vec![from],
                vec![from],
                heirs,
                |_, _, _| None,
            )
        };
        let system = city.system();
        let go = |order: &Reorganised| {
            let count = city.run(connectors::Systems.count(&system, order)).unwrap();
            let moved = city
                .run(connectors::Systems.before_cases(&system, order))
                .unwrap();
            (count, moved)
        };
        // Where the work goes to several units it stays, and the administrator reads why once its unit is over.
        assert_eq!(go(&order(&[])), (0, 0));
        assert_eq!(go(&order(&[])), (0, 0), "twice is once");
        assert_eq!(city.audited("connector.strand", "done"), 1);
        let list = || city.get("admin", "/api/v1/connectors").body[0].clone();
        assert_eq!(list()["stranded"], json!(null), "its unit is in force yet");
        let ended = "code,name,kind,valid_to\nWATER,水务局,政府,2026-03-15\n";
        actors::ops::import_units(&system, ended.as_bytes(), "test").unwrap();
        city.refresh();
        assert_eq!(list()["stranded"], "several");
        let page = city.get("admin", "/connectors/stuck");
        assert!(
            page.text.contains("原单位的工作分给了几个单位") && page.text.contains("水务系统"),
            "{}",
            page.text
        );
        // Where it goes to one, the system goes first and the cases after it.
        assert_eq!(go(&order(&[(from, to)])), (1, 1));
        assert_eq!(go(&order(&[(from, to)])), (0, 0), "twice is once");
        assert_eq!(
            (&list()["unit"], &list()["stranded"]),
            (&json!(to.to_string()), &json!(null))
        );
        let change = JointCommand::ChangeUnit {
            from,
            to,
            why: "机构改革".into(),
        };
        let key = (case.district, case.id);
        let moved = cases::ops::joint::by_program(&system, key, change, |_, _| {
            Ok(vec![AuditEvent::done("test", "test", "1")])
        });
        assert_eq!(city.run(moved).unwrap().unwrap().unit, Some(to));
        follow(&city);
        assert_eq!(
            city.count("SELECT count(*) FROM connector_handovers WHERE event = 'dispatched'"),
            2,
            "its order again"
        );
        assert_eq!(
            city.count("SELECT count(*) FROM connector_handovers WHERE event = 'withdrawn'"),
            0,
            "and not that it has lost it"
        );
    }
);

both_engines!(
    a_connector_that_cannot_be_used_is_refused_by_its_field,
    &migrations(),
    |db| {
        let city = city(db);
        let refuse = |change: &dyn Fn(&mut connectors::ops::Wanted)| {
            let mut wanted = wanted(&city, Kind::Unit, "");
            change(&mut wanted);
            let error = city.run(set(&city.system(), wanted)).unwrap_err();
            access::Problem::field(&error).unwrap_or_default()
        };
        assert_eq!(refuse(&|w| w.name = " ".into()), "name");
        assert_eq!(refuse(&|w| w.unit = None), "unit");
        assert_eq!(refuse(&|w| w.ack_minutes = 0), "ack_minutes");
        assert_eq!(refuse(&|w| w.timeout_s = 61), "timeout_s");
        for url in [
            "x",
            "ftp://127.0.0.1/",
            "http://169.254.169.254/",
            "https://evil.example/",
            "http://u:p@127.0.0.1/",
        ] {
            assert_eq!(refuse(&|w| w.url = url.into()), "url", "{url}");
        }
        assert_eq!(
            refuse(&|w| (w.kind, w.url) = (Kind::Events, String::new())),
            "url"
        );
        assert_eq!(
            refuse(&|w| (w.kind, w.url, w.topics) =
                (Kind::Events, "http://127.0.0.1/".into(), "Closed!".into())),
            "topics"
        );
        assert_eq!(city.get("leader", "/api/v1/connectors").status, 403);
        assert_eq!(city.count("SELECT count(*) FROM connectors"), 0);
    }
);

both_engines!(
    the_printed_order_has_its_deadline_and_not_the_requester,
    &migrations(),
    |db| {
        let city = city(db);
        let mut new = city.cover("hotline");
        new.contact.name = Some("张小明".into());
        new.contact.phone = Some("13912345678".into());
        let case = city.report("acceptor", new).case;
        for (login, step) in [
            (
                "collector",
                Step::Verify {
                    outcome: cases::model::VerifyOutcome::Yes,
                    note: String::new(),
                    attachments: Vec::new(),
                },
            ),
            (
                "acceptor",
                Step::Accept {
                    matter: None,
                    urgent: true,
                },
            ),
            ("shift_leader", Step::Register { rule: None }),
            (
                "dispatcher",
                Step::Dispatch {
                    unit: None,
                    basis: String::new(),
                },
            ),
        ] {
            city.act(login, case.number, vec![step]).unwrap();
        }
        let page = city.get("water", &format!("/cases/{}/order", case.number));
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(
            page.text
                .contains(&format!("https://city.example/cases/{}", case.number))
                && page.text.contains("<svg")
        );
        assert!(
            page.text.contains("15:00")
                && page.text.contains("4 工作时")
                && page.text.contains("更换前后照片"),
            "{}",
            page.text
        );
        for secret in ["张小明", "张*", "13912345678"] {
            assert!(!page.text.contains(secret), "{secret}");
        }
        assert_eq!(
            city.get("clean", &format!("/cases/{}/order", case.number))
                .status,
            404
        );
    }
);
