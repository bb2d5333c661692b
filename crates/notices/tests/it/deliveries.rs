//! Sending: signed, retried, given up where it cannot help, never lost, never to whom it is not for.

use crate::sinks::Got;
use crate::stage::{SECRET, Stage, district, migrations};
use access::Role;
use notices::To;
use notices::outgoing::{CallError, Caller, Policy, Secret, SignatureError, Signed, verify};
use testdb::both_engines;
use vault::model::{REPORT_BASIS, purpose};
use vault::{Field, NewSubject};

fn signed(got: &Got) -> Signed {
    Signed {
        id: got.header("webhook-id").into(),
        timestamp: got.header("webhook-timestamp").into(),
        signature: got.header("webhook-signature").into(),
    }
}

fn person(confidential: bool) -> NewSubject {
    NewSubject::new(district())
        .confidential(confidential)
        .with(Field::Name, "张三", purpose::HANDLING, REPORT_BASIS)
        .and_then(|s| s.with(Field::Phone, "13912345678", purpose::HANDLING, REPORT_BASIS))
        .and_then(|s| {
            s.with(
                Field::Link,
                &"a".repeat(64),
                purpose::HANDLING,
                REPORT_BASIS,
            )
        })
        .unwrap()
}

both_engines!(
    a_notice_is_told_once_however_often_it_is_posted,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let li = To::Account(stage.accounts["li"]);
        assert_eq!(stage.tell(stage.notice("x", li.clone())), 1);
        assert_eq!(stage.tell(stage.notice("x", li.clone())), 0);
        assert_eq!(stage.tell(stage.notice("y", li)), 1);
        // A role tells each of its holders once; who was told under the key before is not told again.
        assert_eq!(
            stage.tell(stage.notice("x", To::Role(access::Role::Dispatcher))),
            1
        );
        assert_eq!(stage.count("SELECT count(*) FROM notices"), 3);
        // Nobody gave an address: nothing leaves the program.
        assert_eq!(stage.count("SELECT count(*) FROM notice_deliveries"), 0);
    }
);

both_engines!(
    mail_and_text_message_arrive_signed_and_are_retried,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.reachable("li");
        stage.post.refuse(&[451]);
        stage.web.answer(&[503]);
        assert_eq!(
            stage.tell(stage.notice("x", To::Account(stage.accounts["li"]))),
            1
        );
        assert_eq!(stage.deliver(), 2);
        assert!(stage.post.got().is_empty());
        assert_eq!(stage.deliver(), 0, "it waits before it tries again");
        stage.wait(40);
        assert_eq!(stage.deliver(), 2);
        assert_eq!(
            stage.count(
                "SELECT count(*) FROM notice_deliveries WHERE state = 'sent' AND attempts = 2"
            ),
            2
        );
        let mail = stage.post.got().pop().unwrap();
        assert!(
            mail.contains("To: li@city.example") && mail.contains("Message-ID: <"),
            "{mail}"
        );
        // The subject is in Chinese and coded; the link stands in the text.
        assert!(mail.contains("Subject: =?utf-8?"), "{mail}");
        let got = stage.web.got();
        assert_eq!(got.len(), 2, "refused once, taken once");
        assert_eq!(
            got[0].header("webhook-id"),
            got[1].header("webhook-id"),
            "a repetition is known by its id"
        );
        let secret = Secret::parse(SECRET).unwrap();
        let now = jiff::Timestamp::from_second(signed(&got[1]).timestamp.parse().unwrap()).unwrap();
        assert_eq!(verify(&secret, &signed(&got[1]), &got[1].body, now), Ok(()));
        let late = now + jiff::SignedDuration::from_mins(6);
        assert_eq!(
            verify(&secret, &signed(&got[1]), &got[1].body, late),
            Err(SignatureError::Stale)
        );
        let body = got[1].json();
        assert_eq!(body["to"], "13800138000");
        assert_eq!(
            body["link"],
            "https://city.example/cases/330102-20260316-00001"
        );
        assert_eq!(body["title"], "测试通知");
    }
);

both_engines!(
    killed_between_sending_and_noting_nothing_is_lost_and_the_repetition_is_known,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.reachable("li");
        stage.tell(stage.notice("x", To::Account(stage.accounts["li"])));
        // The worker takes it, sends it, and dies before it notes that it did.
        let ctx = stage.system();
        let claimed = stage.run(notices::ops::claim_due(&ctx)).unwrap();
        assert_eq!(claimed.len(), 2);
        for at in 0..claimed.len() {
            stage.run(notices::ops::send_one(&ctx, &stage.notices, &claimed, at));
        }
        assert_eq!(stage.web.got().len(), 1);
        // Nobody else takes it while it may still be going on.
        assert_eq!(stage.deliver(), 0);
        stage.wait(100);
        assert_eq!(stage.deliver(), 2);
        assert_eq!(
            stage.count("SELECT count(*) FROM notice_deliveries WHERE state = 'sent'"),
            2
        );
        let got = stage.web.got();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
        assert_eq!(got[0].body, got[1].body);
        // The dead worker comes to life and notes its end: the later truth stays.
        stage
            .run(notices::ops::settle(&ctx, &claimed, 0, failed()))
            .unwrap();
        assert_eq!(
            stage.count("SELECT count(*) FROM notice_deliveries WHERE state = 'sent'"),
            2
        );
    }
);

fn failed() -> notices::ops::Outcome {
    notices::ops::Outcome::Failed(notices::channels::SendError::ForGood("late".into()))
}

both_engines!(
    what_is_given_up_is_seen_and_can_be_sent_again,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.reachable("li");
        stage.post.refuse(&[550]);
        stage.web.answer(&[500; 8]);
        stage.tell(stage.notice("x", To::Account(stage.accounts["li"])));
        stage.deliver();
        assert_eq!(stage.count("SELECT count(*) FROM notice_deliveries WHERE state = 'failed' AND channel = 'email'"), 1);
        for _ in 0..7 {
            stage.wait(16 * 3600);
            stage.deliver();
        }
        assert_eq!(stage.web.got().len(), 8);
        let reply = stage.get("admin", "/api/v1/notice-failures");
        assert_eq!(reply.status, 200, "{}", reply.text);
        let items = reply.body["items"].as_array().unwrap();
        assert_eq!(items.len(), 2, "{}", reply.text);
        // It names nobody, and repeats nothing that the other side said.
        assert!(
            !reply.text.contains("li@city") && !reply.text.contains("13800138000"),
            "{}",
            reply.text
        );
        assert!(stage.get("admin", "/notices/failed").text.contains("550"));
        assert_eq!(stage.get("li", "/api/v1/notice-failures").status, 403);
        let path = format!(
            "/api/v1/notice-failures/{}/again",
            items[0]["id"].as_str().unwrap()
        );
        let reply = stage.post_json("admin", &path, serde_json::json!({}));
        assert_eq!(
            (reply.status, &reply.body["changed"]),
            (200, &2.into()),
            "{}",
            reply.text
        );
        assert_eq!(stage.deliver(), 2);
        assert_eq!(
            stage.count("SELECT count(*) FROM notice_deliveries WHERE state = 'sent'"),
            2
        );
    }
);

both_engines!(
    what_failed_is_seen_from_the_first_try_on_and_can_be_sent_before_its_time,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.reachable("li");
        stage.web.answer(&[500; 4]);
        stage.tell(stage.notice("x", To::Account(stage.accounts["li"])));
        let seen = || {
            let reply = stage.get("admin", "/api/v1/notice-failures");
            reply.body["items"].as_array().unwrap().clone()
        };
        assert!(
            seen().is_empty(),
            "what waits for its first try has not failed"
        );
        stage.deliver();
        let items = seen();
        assert_eq!(
            (items.len(), &items[0]["attempts"]),
            (1, &1.into()),
            "{items:?}"
        );
        assert_eq!(
            items[0]["next_at"].as_str().unwrap().get(11..16),
            Some("09:00")
        );
        let page = stage.get("admin", "/notices/failed").text;
        assert!(page.contains("暂未送达，下次重发"), "{page}");
        let again = format!("/notices/failed/{}/again", items[0]["id"].as_str().unwrap());
        assert!(
            !page.contains(&again) && !page.contains("/dismiss"),
            "it comes soon by itself: {page}"
        );
        let health = || {
            let now = kernel::Clock::now(&*stage.clock);
            let found = stage
                .system()
                .read_blocking::<_, store::StoreError, _>(move |r| notices::ops::health(r, now));
            let failed = found.unwrap().failed;
            (failed.given_up, failed.tried_again)
        };
        assert_eq!(health(), (0, 1));
        // The longer it waits, the more a person who has mended the cause wants to send it now.
        for wait in [60, 180] {
            stage.wait(wait);
            stage.deliver();
        }
        assert_eq!(seen()[0]["attempts"], 3);
        assert!(stage.get("admin", "/notices/failed").text.contains(&again));
        let path = format!(
            "/api/v1{}",
            again.replace("/notices/failed", "/notice-failures")
        );
        let reply = stage.post_json("admin", &path, serde_json::json!({}));
        assert_eq!(
            (reply.status, &reply.body["changed"]),
            (200, &1.into()),
            "{}",
            reply.text
        );
        assert_eq!(
            (seen().len(), health()),
            (0, (0, 0)),
            "it has not failed since it was begun anew"
        );
        assert_eq!(stage.deliver(), 1);
        assert_eq!(seen()[0]["attempts"], 1);
        // Sent at last, it has not failed.
        stage.wait(60);
        stage.deliver();
        assert_eq!((seen().len(), stage.web.got().len()), (0, 5));
    }
);

both_engines!(
    a_requester_is_told_with_the_private_link_unless_it_would_harm,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        let open = stage.put(person(false));
        let secret = stage.put(person(true));
        let gone = stage.put(person(false));
        stage
            .system()
            .write_blocking::<_, store::StoreError, _>(move |mut w| {
                vault::ops::erase_in(
                    &mut w,
                    district(),
                    gone,
                    vault::model::ErasureCause::Requested,
                )?;
                w.commit(store::AuditEvent::done("test.erase", "test", ""), ())
            })
            .unwrap();
        for (once, subject) in [("1", open), ("2", secret), ("3", gone)] {
            stage.tell(stage.notice(once, To::Requester(subject)));
        }
        assert_eq!(stage.deliver(), 6);
        let got = stage.web.got();
        assert_eq!(
            got.len(),
            1,
            "neither who reported in confidence nor who was erased"
        );
        let body = got[0].json();
        assert_eq!(body["to"], "13912345678");
        assert_eq!(
            body["link"],
            format!("https://city.example/track/link/{}", "a".repeat(64))
        );
        assert!(!body.to_string().contains("张三"));
        // No mail address was given: nothing is sent there, and nobody did wrong.
        assert_eq!(
            stage.count("SELECT count(*) FROM notice_deliveries WHERE state = 'dropped'"),
            5
        );
        assert!(stage.post.got().is_empty());
        // The person can read that the program looked, and why.
        assert_eq!(
            stage.count(
                "SELECT count(*) FROM vault_looks WHERE purpose = 'notice' AND outcome = 'seen'"
            ),
            2
        );
        // No table of notices holds the number.
        assert_eq!(
            stage.count(
                "SELECT count(*) FROM notices WHERE places LIKE '%139%' OR path LIKE '%139%'"
            ),
            0
        );
    }
);

both_engines!(
    a_unit_without_anybody_stands_in_the_list_until_somebody_can_read_it,
    &migrations(),
    |db| {
        let mut stage = Stage::new(db);
        let unit = access::UnitId(kernel::id::Id::from_bytes([9; 16]));
        let roles = || vec![Role::DepartmentLead];
        let to = To::Unit {
            unit,
            roles: roles(),
        };
        assert_eq!(stage.tell(stage.notice("x", to)), 1);
        let items = |stage: &Stage| {
            let reply = stage.get("admin", "/api/v1/notice-failures");
            reply.body["items"].as_array().unwrap().clone()
        };
        let failed = items(&stage);
        assert_eq!(failed[0]["channel"], "in_app", "{failed:?}");
        let id = failed[0]["id"].as_str().unwrap().to_owned();
        let again = format!("/api/v1/notice-failures/{id}/again?channel=in_app");
        let none = serde_json::json!({});
        // While there is nobody it says so, to a program and on the page, and it stays in the list.
        let refused = stage.post_json("admin", &again, none.clone());
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &"notices.still_nobody".into()),
            "{}",
            refused.text
        );
        assert!(
            refused.text.contains("仍没有可以阅读它的账号"),
            "{}",
            refused.text
        );
        let all = stage.post_json("admin", "/api/v1/notice-failures/again", none.clone());
        assert_eq!(all.body["changed"], 0, "{}", all.text);
        let page = stage.get("admin", "/notices/failed").text;
        assert!(
            page.contains(&format!("/notices/failed/{id}/again?channel=in_app")),
            "{page}"
        );
        assert_eq!(items(&stage).len(), 1);
        // Somebody joins the unit: the notice reaches that one, once, and leaves the list.
        stage.add("newcomer", &roles(), Some(unit));
        stage.add("other", &[Role::Handler], Some(unit));
        let sent = stage.post_json("admin", &again, none.clone());
        assert_eq!(
            (sent.status, &sent.body["changed"]),
            (200, &1.into()),
            "{}",
            sent.text
        );
        assert_eq!(items(&stage).len(), 0);
        let read = |login: &str| {
            let inbox = stage.get(login, "/api/v1/notices");
            inbox.body["items"].as_array().unwrap().len()
        };
        assert_eq!((read("newcomer"), read("other")), (1, 0));
        assert_eq!(stage.post_json("admin", &again, none).status, 404);
    }
);

both_engines!(
    one_row_is_sent_again_by_its_channel_alone,
    &migrations(),
    |db| {
        let stage = Stage::new(db);
        stage.reachable("li");
        stage.tell(stage.notice("x", To::Account(stage.accounts["li"])));
        stage
            .system()
            .write_blocking::<_, store::StoreError, _>(move |mut w| {
                let sql =
                    "UPDATE notice_deliveries SET state = 'failed', failure = 'no connection'";
                assert_eq!(w.exec(sql, &[])?, 2);
                w.commit(store::AuditEvent::done("test.fail", "test", ""), ())
            })
            .unwrap();
        let failed = || {
            let reply = stage.get("admin", "/api/v1/notice-failures");
            let items = reply.body["items"].as_array().unwrap().clone();
            let of = |name: &str| {
                items
                    .iter()
                    .map(|i| i[name].as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
            };
            (of("id"), of("channel"))
        };
        let (ids, channels) = failed();
        assert_eq!(channels, ["email", "gateway"]);
        let again = |channel: &str| {
            let path = format!("/api/v1/notice-failures/{}/again{channel}", ids[0]);
            stage
                .post_json("admin", &path, serde_json::json!({}))
                .status
        };
        assert_eq!(again("?channel=pigeon"), 404);
        assert_eq!(again("?channel=gateway"), 200);
        assert_eq!(failed().1, ["email"], "the other way stays as it was");
        assert_eq!(again(""), 200);
        assert!(failed().1.is_empty());
    }
);

#[test]
fn only_named_hosts_and_public_addresses_are_called_and_no_redirect_is_followed() {
    let web = crate::sinks::Web::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let secret = Secret::parse(SECRET).unwrap();
    let call = |hosts: &str, networks: &str, to: &str| {
        let caller = Caller::new(Policy::parse(hosts, networks).unwrap(), None).unwrap();
        let signed = secret.sign("x", testdb::monday(), b"{}");
        let to = format!("http://{to}:{}/", web.port).parse().unwrap();
        runtime.block_on(caller.post(
            &to,
            &signed,
            b"{}".to_vec(),
            std::time::Duration::from_secs(5),
        ))
    };
    assert_eq!(
        call("", "127.0.0.0/8", "127.0.0.1"),
        Err(CallError::NotNamed("127.0.0.1".into()))
    );
    assert_eq!(
        call("127.0.0.1", "", "127.0.0.1"),
        Err(CallError::Address("127.0.0.1".into()))
    );
    assert_eq!(
        call("localhost", "", "localhost"),
        Err(CallError::Address("localhost".into()))
    );
    assert_eq!(
        call("127.0.0.1", "10.0.0.0/8", "127.0.0.1"),
        Err(CallError::Address("127.0.0.1".into()))
    );
    assert!(web.got().is_empty());
    assert_eq!(call("127.0.0.1", "127.0.0.0/8", "127.0.0.1"), Ok(()));
    web.answer(&[302]);
    assert_eq!(
        call("127.0.0.1", "127.0.0.0/8", "127.0.0.1"),
        Err(CallError::Status(302))
    );
    assert_eq!(web.got().len(), 2);
}

#[test]
fn a_letter_that_may_be_ended_says_so_where_mail_programs_look() {
    use notices::channels::{Channel as _, Mail, MailConfig, Message};
    let post = crate::sinks::Post::start();
    let config = MailConfig {
        url: format!("smtp://127.0.0.1:{}", post.port),
        from: "City <noreply@city.example>".into(),
    };
    let policy = Policy::parse("127.0.0.1", "127.0.0.0/8").unwrap();
    let mail = Mail::new(&config, policy).unwrap();
    let link = format!("https://city.example/near/stop/{}", "a".repeat(64));
    let mut message = Message {
        id: kernel::id::Id::from_bytes([7; 16]),
        kind: "near".into(),
        to: "li@city.example".into(),
        title: "News".into(),
        text: "Words".into(),
        link: link.clone(),
        lang: "en".into(),
        ends_at: link.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(mail.send(&message)).unwrap();
    message.ends_at = String::new();
    runtime.block_on(mail.send(&message)).unwrap();
    let [ended, plain] = &post.got()[..] else {
        panic!("two letters");
    };
    let unfolded = ended.replace("\r\n ", " ");
    let header = unfolded
        .lines()
        .find_map(|line| line.strip_prefix("List-Unsubscribe:"));
    assert_eq!(
        header.map(str::trim),
        Some(format!("<{link}>").as_str()),
        "{ended}"
    );
    assert!(
        ended.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
        "{ended}"
    );
    assert!(!plain.contains("List-Unsubscribe"), "{plain}");
}
