//! A subscription's life: asked for, confirmed, told once a day, ended; and who never gets a letter.

use crate::city::{BASE, City, cell, closed, migrations, street};
use axum::body::Body;
use axum::http::Request;
use nearby::ops;
use notices::channels::SendError;
use testdb::both_engines;

fn page() -> String {
    format!("/near?place={}", street(1))
}

fn ask(city: &City, email: &str, more: &str) -> crate::city::Reply {
    let email: String = email.replace('@', "%40").replace('+', "%2B");
    let body = format!("place={}&email={email}{more}", street(1));
    city.form(&page(), "/near/subscribe", &body)
}

fn deliver(city: &City) -> usize {
    city.run(ops::deliver_due(&city.system())).unwrap()
}

/// Puts up the digests of the day until there is nothing left to look at.
fn digest(city: &City) -> i64 {
    let before = city.rows("SELECT count(*) FROM near_letters");
    while city.run(ops::make_digests(&city.system())).unwrap() > 0 {}
    city.rows("SELECT count(*) FROM near_letters") - before
}

/// The path in the last letter.
fn path(city: &City) -> String {
    let letter = city.mail.got().pop().unwrap();
    letter.link.strip_prefix(BASE).unwrap().to_owned()
}

/// Subscribes an address and confirms it.
fn subscribed(city: &City, email: &str, more: &str) {
    assert_eq!(ask(city, email, more).status, 303);
    assert_eq!(deliver(city), 1);
    let link = path(city);
    assert_eq!(city.form(&link, &link, "").status, 200);
}

const ADDRESSES: &str = "SELECT count(*) FROM vault_fields WHERE purpose = 'near'";
const SUBSCRIPTIONS: &str = "SELECT count(*) FROM near_subscriptions";

both_engines!(
    nothing_but_one_letter_is_sent_until_it_is_confirmed,
    &migrations(),
    |db| {
        let city = City::new(db);
        let asked = ask(&city, "li@city.example", "");
        assert_eq!(asked.status, 303, "{}", asked.text);
        assert_eq!(deliver(&city), 1);
        let letters = city.mail.got();
        assert_eq!(
            (letters.len(), letters[0].to.as_str()),
            (1, "li@city.example")
        );
        assert!(
            letters[0]
                .link
                .starts_with(&format!("{BASE}/near/confirm/"))
        );
        assert_eq!(letters[0].ends_at, "");
        // The address lies in the vault under its own purpose; each opening is recorded there.
        assert_eq!(city.rows(ADDRESSES), 2);
        assert_eq!(
            city.rows(
                "SELECT count(*) FROM vault_looks WHERE purpose = 'near' AND outcome = 'seen'"
            ),
            1
        );
        for table in ["near_subscriptions", "near_letters", "audit", "outbox"] {
            let sql: &'static str = match table {
                "near_subscriptions" => {
                    "SELECT count(*) FROM near_subscriptions WHERE classes LIKE '%li@%' OR place LIKE '%li@%'"
                }
                "near_letters" => "SELECT count(*) FROM near_letters",
                "audit" => {
                    "SELECT count(*) FROM audit WHERE detail LIKE '%city.example%' OR object_id LIKE '%city.example%'"
                }
                _ => "SELECT count(*) FROM outbox WHERE body LIKE '%city.example%'",
            };
            assert_eq!(city.rows(sql), 0, "{table}");
        }
        // A case comes in, a day goes by: nothing is sent, and on the day after the wish is forgotten.
        city.cover();
        city.wait(23 * 3600);
        assert_eq!(digest(&city), 0);
        assert_eq!(
            city.run(ops::forget_unconfirmed(&city.system())).unwrap(),
            0
        );
        let link = path(&city);
        assert_eq!(
            city.get(&link).status,
            200,
            "the link still leads to its button"
        );
        assert_eq!(
            city.rows("SELECT count(*) FROM near_subscriptions WHERE confirmed_at IS NOT NULL"),
            0,
            "looking is no confirmation"
        );
        city.wait(2 * 3600);
        assert_eq!(
            city.run(ops::forget_unconfirmed(&city.system())).unwrap(),
            1
        );
        assert_eq!((city.rows(SUBSCRIPTIONS), city.rows(ADDRESSES)), (0, 0));
        assert_eq!(city.get(&link).status, 404);
        assert_eq!(deliver(&city), 0);
        assert_eq!(city.mail.got().len(), 1);
    }
);

both_engines!(
    a_digest_comes_once_a_day_and_only_with_news,
    &migrations(),
    |db| {
        let city = City::new(db);
        let old = city.cover();
        city.wait(60);
        subscribed(&city, "li@city.example", "");
        assert_eq!(
            digest(&city),
            0,
            "the day of the confirmation tells nothing"
        );
        city.tomorrow_at(7);
        let news = city.cover();
        city.publish(news, "井盖没了");
        city.public(cell(2, 1), |_| {});
        assert_eq!(digest(&city), 0, "not before eight");
        city.wait(2 * 3600);
        assert_eq!(digest(&city), 1);
        assert_eq!(digest(&city), 0, "once a day");
        assert_eq!(deliver(&city), 1);
        let letter = city.mail.got().pop().unwrap();
        let told = |number: &kernel::CaseNumber| letter.text.contains(&number.to_string());
        assert!(told(&news) && !told(&old), "{}", letter.text);
        assert!(
            letter.text.contains("井盖没了") && !letter.text.contains("王小二"),
            "{}",
            letter.text
        );
        assert!(!letter.text.contains("2号街道"), "{}", letter.text);
        assert!(letter.title.contains("1 件"), "{}", letter.title);
        assert!(letter.ends_at.starts_with(&format!("{BASE}/near/stop/")));
        assert_eq!(letter.link, letter.ends_at);
        // What is told is not told again; what changes is.
        city.tomorrow_at(9);
        assert_eq!(digest(&city), 0);
        let at = city.now();
        city.public(cell(1, 5), closed(at));
        city.tomorrow_at(9);
        assert_eq!(digest(&city), 1);
        assert_eq!(deliver(&city), 1);
        assert_eq!(city.mail.got().len(), 3);
        assert_eq!(city.rows("SELECT count(*) FROM near_letters"), 0);
    }
);

both_engines!(
    only_the_classes_that_were_asked_for_are_told,
    &migrations(),
    |db| {
        let city = City::new(db);
        subscribed(&city, "li@city.example", "&classes=E0113");
        city.tomorrow_at(7);
        city.cover();
        city.wait(2 * 3600);
        assert_eq!(digest(&city), 0);
        for wrong in ["E0201", "E0901", "x", "C0101%20E0113"] {
            let reply = ask(&city, "wang@city.example", &format!("&classes={wrong}"));
            assert_eq!(reply.status, 422, "{wrong}");
            assert!(reply.text.contains("id=\"e-classes\""), "{}", reply.text);
        }
        let many: String = (0..21).map(|n| format!("&classes=C{n}")).collect();
        assert_eq!(ask(&city, "wang@city.example", &many).status, 422);
    }
);

both_engines!(
    killed_between_sending_and_noting_the_letter_carries_the_same_id,
    &migrations(),
    |db| {
        let city = City::new(db);
        subscribed(&city, "li@city.example", "");
        city.tomorrow_at(7);
        city.cover();
        city.wait(2 * 3600);
        assert_eq!(digest(&city), 1);
        // The worker takes it, sends it, and dies before it notes that it did.
        let ctx = city.system();
        let claimed = city.run(ops::claim_due(&ctx)).unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(
            city.run(ops::send_one(&ctx, &claimed[0])),
            ops::Outcome::Sent
        );
        assert_eq!(
            deliver(&city),
            0,
            "nobody takes it while it may still go on"
        );
        assert_eq!(digest(&city), 0, "and no second one is put up");
        city.wait(100);
        assert_eq!(deliver(&city), 1);
        let letters = city.mail.got();
        assert_eq!(letters.len(), 3);
        assert_eq!(letters[1].id, letters[2].id);
        assert_eq!(letters[1].text, letters[2].text);
        assert_eq!(deliver(&city), 0);
        // Asked again on the same day, nothing more comes.
        assert_eq!(digest(&city), 0);
    }
);

both_engines!(
    a_refused_letter_waits_and_is_given_up_where_nothing_helps,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.mail.refuse(SendError::ForNow("busy".into()));
        ask(&city, "li@city.example", "");
        assert_eq!(deliver(&city), 1);
        assert!(city.mail.got().is_empty());
        assert_eq!(deliver(&city), 0);
        city.wait(60);
        assert_eq!(deliver(&city), 1);
        assert_eq!(city.mail.got().len(), 1);
        city.mail.refuse(SendError::ForGood("no such box".into()));
        ask(&city, "wang@city.example", "");
        assert_eq!(deliver(&city), 1);
        assert_eq!(city.rows("SELECT count(*) FROM near_letters"), 0);
        city.wait(25 * 3600);
        city.run(ops::forget_unconfirmed(&city.system())).unwrap();
        assert_eq!((city.rows(SUBSCRIPTIONS), city.rows(ADDRESSES)), (0, 0));
    }
);

both_engines!(
    one_press_ends_it_and_erases_the_address_at_once,
    &migrations(),
    |db| {
        let city = City::new(db);
        subscribed(&city, "li@city.example", "");
        subscribed(&city, "wang@city.example", "");
        city.tomorrow_at(7);
        city.cover();
        city.wait(2 * 3600);
        assert_eq!(digest(&city), 2);
        assert_eq!(deliver(&city), 2);
        let letters = city.mail.got();
        let of = |who: &str| {
            let letter = letters.iter().rfind(|l| l.to.starts_with(who)).unwrap();
            letter.link.strip_prefix(BASE).unwrap().to_owned()
        };
        // A mail program looks at the link: that ends nothing. By its own press it does, without any form token.
        let link = of("li");
        assert_eq!(city.get(&link).status, 200);
        assert_eq!((city.rows(SUBSCRIPTIONS), city.rows(ADDRESSES)), (2, 4));
        let press = || {
            let request = Request::post(&link)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::from("List-Unsubscribe=One-Click"));
            city.send(request.unwrap())
        };
        let ended = press();
        assert_eq!(ended.status, 200, "{}", ended.text);
        assert_eq!((city.rows(SUBSCRIPTIONS), city.rows(ADDRESSES)), (1, 2));
        assert_eq!(
            city.rows("SELECT count(*) FROM vault_erasures WHERE cause = 'requested'"),
            1
        );
        assert_eq!(press().status, 200, "ended is ended");
        // A person presses the button of the page.
        let link = of("wang");
        assert_eq!(city.form(&link, &link, "").status, 200);
        assert_eq!((city.rows(SUBSCRIPTIONS), city.rows(ADDRESSES)), (0, 0));
        // A link of nobody looks and answers the same.
        for link in ["0f".repeat(32), "x".into()] {
            let path = format!("/near/stop/{link}");
            assert_eq!(city.get(&path).status, 200);
            assert_eq!(city.form(&path, &path, "").status, 200);
        }
        city.tomorrow_at(9);
        city.cover();
        city.tomorrow_at(9);
        assert_eq!((digest(&city), deliver(&city)), (0, 0));
    }
);

both_engines!(
    an_erased_person_gets_no_letter_and_the_wish_goes_with_them,
    &migrations(),
    |db| {
        let city = City::new(db);
        subscribed(&city, "li@city.example", "");
        city.tomorrow_at(7);
        city.cover();
        city.wait(2 * 3600);
        assert_eq!(digest(&city), 1);
        city.system()
            .write_blocking::<_, store::StoreError, _>(|mut w| {
                let (district, subject): (kernel::DistrictCode, kernel::id::Id) =
                    w.one("SELECT district, subject_id FROM near_subscriptions", &[])?;
                let cause = vault::model::ErasureCause::Requested;
                vault::ops::erase_in(&mut w, district, subject, cause)?;
                w.commit(store::AuditEvent::done("test.erase", "test", ""), ())
            })
            .unwrap();
        assert_eq!(deliver(&city), 1);
        assert_eq!(city.mail.got().len(), 1, "only the first letter");
        assert_eq!(city.rows(SUBSCRIPTIONS), 0);
    }
);

both_engines!(
    the_answer_never_tells_who_is_subscribed_and_boxes_are_not_filled,
    &migrations(),
    |db| {
        let city = City::new(db);
        subscribed(&city, "li@city.example", "");
        let (known, unknown) = (
            ask(&city, "LI@city.example", ""),
            ask(&city, "wang@city.example", ""),
        );
        let told = |reply: &crate::city::Reply| {
            let flash = reply.header("set-cookie").to_owned();
            (reply.status, reply.header("location").to_owned(), flash)
        };
        assert_eq!(told(&known), told(&unknown));
        // The third of one address is the last for a while; the answer stays the same.
        let third = ask(&city, "li@city.example", "");
        let fourth = ask(&city, "li@city.example", "");
        assert_eq!(told(&third), told(&fourth));
        deliver(&city);
        let to_li = |city: &City| {
            let is_li = |to: &str| to.eq_ignore_ascii_case("li@city.example");
            city.mail.got().iter().filter(|l| is_li(&l.to)).count()
        };
        assert_eq!(to_li(&city), 3);
        // One network is told to wait.
        let mut last = 0;
        for n in 0..6 {
            last = ask(&city, &format!("n{n}@city.example"), "").status;
        }
        assert_eq!(last, 429);
        for wrong in ["", "li", "li@city", "li@a.b,wang@c.d", "a b@c.d"] {
            let reply = ask(&city, wrong, "");
            assert_eq!(reply.status, 422, "{wrong}");
            assert!(reply.text.contains("id=\"e-email\""), "{}", reply.text);
        }
        // A form of somebody else's page is not taken.
        let request = Request::post("/near/subscribe")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("place=330102001000&email=x%40y.example"));
        assert_eq!(city.send(request.unwrap()).status, 403);
    }
);

both_engines!(
    without_a_mail_server_the_feed_is_offered_instead,
    &migrations(),
    |db| {
        let city = City::without_mail(db);
        let shown = city.get(&page()).text;
        assert!(!shown.contains("/near/subscribe") && shown.contains("/near.atom?place="));
        let body = format!("place={}&email=li%40city.example", street(1));
        // The token of any form of ours.
        let reply = city.form("/report", "/near/subscribe", &body);
        assert_eq!(reply.status, 404, "{}", reply.text);
        assert_eq!(city.rows(SUBSCRIPTIONS), 0);
    }
);
