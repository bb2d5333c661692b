//! Signing in and out: sessions, cookies, locks, form tokens.

use crate::city::{City, PASSWORD};
use access::{MIGRATIONS, Role, Settings};
use axum::body::Body;
use axum::http::Method;
use std::time::Duration;
use testdb::both_engines;

const MINUTE: Duration = Duration::from_secs(60);

fn migrations() -> Vec<store::Migration> {
    store::MIGRATIONS
        .iter()
        .chain(MIGRATIONS)
        .copied()
        .collect()
}

both_engines!(
    a_sign_in_opens_the_pages_and_a_sign_out_closes_them,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.account("li.na", &[Role::Acceptor]);
        let mut browser = city.browser();
        let refused = browser.get("/account?x=1");
        assert_eq!(
            (refused.status, refused.header("location")),
            (303, "/sign-in?next=%2Faccount%3Fx%3D1")
        );
        let reply = browser.post_from(
            "/sign-in",
            "/sign-in",
            &[
                ("login", " Li.Na "),
                ("password", PASSWORD),
                ("next", "/account?x=1"),
            ],
        );
        assert_eq!(
            (reply.status, reply.header("location")),
            (303, "/account?x=1")
        );
        let page = browser.get("/account");
        assert_eq!(page.status, 200);
        assert!(page.text.contains("li.na") && page.text.contains("acceptor"));
        ui::testing::assert_sound(&page.text);
        let out = browser.post_raw("/sign-out", &[("csrf", &page.csrf())]);
        assert_eq!((out.status, out.header("location")), (303, "/"));
        assert_eq!(browser.get("/account").status, 303);
        assert_eq!(
            (
                city.audited("session.begin", "done"),
                city.audited("session.end", "done")
            ),
            (1, 1)
        );
    }
);

both_engines!(
    a_session_ends_when_idle_and_after_its_longest_time,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.account("li", &[Role::Acceptor]);
        let mut browser = city.signed_in("li");
        city.clock.advance(29 * MINUTE);
        assert_eq!(browser.get("/account").status, 200);
        city.clock.advance(29 * MINUTE);
        assert_eq!(browser.get("/account").status, 200);
        city.clock.advance(30 * MINUTE);
        assert_eq!(browser.get("/account").status, 303);
        // Used all the time, it still ends after twelve hours.
        let mut browser = city.signed_in("li");
        for _ in 0..35 {
            city.clock.advance(20 * MINUTE);
            assert_eq!(browser.get("/account").status, 200);
        }
        city.clock.advance(20 * MINUTE);
        assert_eq!(browser.get("/account").status, 303);
        let left = || city.ask(|r| Ok(r.one::<(i64,)>("SELECT count(*) FROM sessions", &[])?.0));
        assert_eq!(left(), 2);
        city.run(access::ops::forget(&city.system())).unwrap();
        assert_eq!(
            left(),
            1,
            "one session runs out at this very moment, the other was over before"
        );
        city.clock.advance(MINUTE);
        city.run(access::ops::forget(&city.system())).unwrap();
        assert_eq!(left(), 0);
    }
);

/// The hidden fields of a page, as a browser sends them.
fn hidden(page: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let text = text.replace("&#60;", "<").replace("&#62;", ">");
        text.replace("&#34;", "\"").replace("&#38;", "&")
    };
    page.split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").expect("a value");
            (
                name.to_owned(),
                plain(rest.split('"').next().unwrap_or_default()),
            )
        })
        .collect()
}

fn sent<'a>(
    hidden: &'a [(String, String)],
    typed: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let own = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    own.chain(typed.iter().copied()).collect()
}

both_engines!(
    what_was_typed_when_the_session_ended_is_given_back_to_the_same_person,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.account("sec", &[Role::SecurityAdmin]);
        city.account("other", &[Role::SecurityAdmin]);
        let users = || city.ask(|r| Ok(r.one::<(i64,)>("SELECT count(*) FROM accounts", &[])?.0));
        let mut browser = city.signed_in("sec");
        let page = browser.get("/users/new");
        let csrf = page.csrf();
        let typed = [
            ("csrf", csrf.as_str()),
            ("login", "xin.ren"),
            ("name", "新 <b>人"),
            ("roles", "acceptor"),
        ];
        city.clock.advance(31 * MINUTE);
        let asked = browser.post_raw("/users/new", &typed);
        assert_eq!(asked.status, 403, "{}", asked.text);
        ui::testing::assert_sound(&asked.text);
        assert!(asked.text.contains("action=\"/sign-in\""), "{}", asked.text);
        assert!(!asked.text.contains("<b>"), "what was typed is escaped");
        assert_eq!(users(), 2, "nothing is done");
        // A wrong password loses nothing.
        let fields = hidden(&asked.text);
        let wrong = sent(&fields, &[("login", "sec"), ("password", "no")]);
        let again = browser.post_raw("/sign-in", &wrong);
        assert_eq!(again.status, 422, "{}", again.text);
        let fields = hidden(&again.text);
        // Somebody else is told nothing of it.
        let mut shared = city.browser();
        let foreign = shared.get("/sign-in");
        let mut carried: Vec<(String, String)> = hidden(&foreign.text);
        carried.retain(|(name, _)| name != "next");
        carried.extend(fields.iter().filter(|(name, _)| name != "csrf").cloned());
        let foreign = shared.post_raw(
            "/sign-in",
            &sent(&carried, &[("login", "other"), ("password", PASSWORD)]),
        );
        assert_eq!(foreign.status, 303, "{}", foreign.text);
        // Its person reads it, and sends it as it was.
        let right = sent(&fields, &[("login", "sec"), ("password", PASSWORD)]);
        let back = browser.post_raw("/sign-in", &right);
        assert_eq!(back.status, 200, "{}", back.text);
        ui::testing::assert_sound(&back.text);
        assert!(
            back.text.contains("新 &#60;b&#62;人</blockquote>"),
            "{}",
            back.text
        );
        assert!(back.text.contains("action=\"/users/new\""), "{}", back.text);
        let fields = hidden(&back.text);
        let done = browser.post_raw("/users/new", &sent(&fields, &[]));
        assert!(done.status < 400, "{}: {}", done.status, done.text);
        assert_eq!(users(), 3);
    }
);

both_engines!(
    only_what_the_own_session_sent_is_carried_through_the_sign_in,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.account("sec", &[Role::SecurityAdmin]);
        let mut browser = city.signed_in("sec");
        let csrf = browser.get("/users/new").csrf();
        city.clock.advance(31 * MINUTE);
        let post = |browser: &mut crate::city::Browser<'_>, typed: &[(&str, &str)]| {
            let reply = browser.post_raw("/users/new", typed);
            (reply.status, reply.text.contains("kept_to"))
        };
        let own = [("csrf", csrf.as_str()), ("name", "新人")];
        assert_eq!(post(&mut browser, &own), (403, true));
        // A form of another site, one with a password, one in which nothing was written: to sign in as ever.
        let forged = [("csrf", "x"), ("name", "新人")];
        let secret = [&own[..], &[("password", "秘密")]].concat();
        let empty = [("csrf", csrf.as_str()), ("login", "x")];
        for typed in [&forged[..], &secret, &empty] {
            assert_eq!(post(&mut browser, typed), (303, false), "{typed:?}");
        }
        // Long words are not carried.
        let long = "长".repeat(30_000);
        let long = [("csrf", csrf.as_str()), ("name", long.as_str())];
        assert_eq!(post(&mut browser, &long), (303, false));
        // Whoever never had a session has nothing to be given back.
        assert_eq!(post(&mut city.browser(), &own), (303, false));
    }
);

both_engines!(seen_is_written_at_most_once_a_minute, &migrations(), |db| {
    let city = City::new(db);
    city.account("li", &[Role::Acceptor]);
    let mut browser = city.signed_in("li");
    let seen = || {
        city.ask(|r| {
            Ok(
                r.one::<(jiff::Timestamp,)>("SELECT seen_at FROM sessions", &[])?
                    .0,
            )
        })
    };
    let begun = seen();
    city.clock.advance(Duration::from_secs(59));
    browser.get("/account");
    assert_eq!(seen(), begun);
    city.clock.advance(Duration::from_secs(1));
    browser.get("/account");
    assert_eq!(seen(), begun + jiff::SignedDuration::from_secs(60));
});

both_engines!(
    a_new_sign_in_has_a_new_token_and_ends_the_old_session,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.account("li", &[Role::Acceptor]);
        let mut browser = city.browser();
        // A token planted before the sign-in is worth nothing after it.
        browser
            .cookies
            .insert("shiyu_session".into(), "A".repeat(43));
        assert_eq!(browser.sign_in("li", PASSWORD).status, 303);
        let first = browser.cookies["shiyu_session"].clone();
        assert_ne!(first, "A".repeat(43));
        assert_eq!(browser.sign_in("li", PASSWORD).status, 303);
        assert_ne!(browser.cookies["shiyu_session"], first);
        let mut old = city.browser();
        old.cookies.insert("shiyu_session".into(), first);
        assert_eq!(old.get("/account").status, 303);
        let kept = city.ask(|r| Ok(r.one::<(Vec<u8>,)>("SELECT token FROM sessions", &[])?.0));
        assert!(
            !browser.cookies["shiyu_session"]
                .as_bytes()
                .windows(32)
                .any(|w| w == kept)
        );
    }
);

both_engines!(
    five_wrong_passwords_shut_the_account_for_a_quarter_of_an_hour,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.account("li", &[Role::Acceptor]);
        let mut browser = city.browser();
        let wrong: Vec<_> = (0..5)
            .map(|_| browser.sign_in("li", "not this one"))
            .collect();
        let unknown = browser.sign_in("nobody", PASSWORD);
        let shut = browser.sign_in("li", PASSWORD);
        for reply in wrong.iter().chain([&unknown, &shut]) {
            assert_eq!(reply.status, 422);
            assert!(
                reply.text.contains("Login or password is not right"),
                "{}",
                reply.text
            );
            assert!(!reply.text.contains("not this one"));
            ui::testing::assert_sound(&reply.text);
        }
        assert_eq!(city.audited("session.begin", "refused"), 7);
        assert_eq!(city.audited("account.lock", "done"), 1);
        city.clock.advance(14 * MINUTE);
        assert_eq!(browser.sign_in("li", PASSWORD).status, 422);
        city.clock.advance(MINUTE);
        assert_eq!(browser.sign_in("li", PASSWORD).status, 303);
        let kept = city.ask(|r| {
            r.one::<(i64, Option<i64>)>("SELECT failed_tries, locked_until FROM accounts", &[])
        });
        assert_eq!(kept, (0, None));
        // What was typed as a login may be a password: it is not in the trail.
        let typed = city.ask(|r| {
            Ok(r.one::<(i64,)>(
                "SELECT count(*) FROM audit WHERE object_id = 'nobody' OR detail LIKE '%nobody%'",
                &[],
            )?
            .0)
        });
        assert_eq!(typed, 0);
    }
);

both_engines!(
    tries_at_the_same_time_are_all_counted,
    &migrations(),
    |db| {
        let mut settings = Settings {
            tries: 100,
            ..Settings::default()
        };
        settings.limits.hashes = 4;
        let city = City::with(db, settings, Vec::new());
        city.account("li", &[Role::Acceptor]);
        let mut browser = city.browser();
        let csrf = browser.get("/sign-in").csrf();
        let requests = (0..8)
            .map(|_| {
                let form = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs([
                        ("csrf", csrf.as_str()),
                        ("login", "li"),
                        ("password", "not this one"),
                    ])
                    .finish();
                let request = browser
                    .request(Method::POST, "/sign-in")
                    .header("content-type", "application/x-www-form-urlencoded");
                request.body(Body::from(form)).unwrap()
            })
            .collect();
        let replies = city.send_all(requests);
        let statuses: Vec<u16> = replies.iter().map(|r| r.status).collect();
        assert_eq!(statuses, [422; 8]);
        let tries = city.ask(|r| Ok(r.one::<(i64,)>("SELECT failed_tries FROM accounts", &[])?.0));
        assert_eq!(tries, 8);
    }
);

fn city_on_sqlite(test: impl FnOnce(City)) {
    let db = testdb::TestDb::sqlite(&migrations());
    test(City::new(&db));
}

#[test]
fn nobody_is_sent_to_another_site_after_signing_in() {
    city_on_sqlite(|city| {
        city.account("li", &[Role::Acceptor]);
        for next in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/sign-out",
            "javascript:1",
            "\r\nx: y",
        ] {
            let mut browser = city.browser();
            let reply = browser.post_from(
                "/sign-in",
                "/sign-in",
                &[("login", "li"), ("password", PASSWORD), ("next", next)],
            );
            assert_eq!(
                (reply.status, reply.header("location")),
                (303, "/"),
                "{next}"
            );
        }
    });
}

#[test]
fn a_form_without_its_token_is_refused() {
    city_on_sqlite(|city| {
        city.account("li", &[Role::Acceptor]);
        let mut stranger = city.browser();
        let page = stranger.get("/sign-in");
        let fields = [("login", "li"), ("password", PASSWORD)];
        assert_eq!(stranger.post_raw("/sign-in", &fields).status, 403);
        // The token of another visitor does not help, nor does a visitor cookie we did not sign.
        let foreign = city.browser().get("/sign-in").csrf();
        let with = |csrf: &'static str| -> Vec<(&str, &str)> {
            vec![("csrf", csrf), fields[0], fields[1]]
        };
        assert_eq!(
            stranger.post_raw("/sign-in", &with(foreign.leak())).status,
            403
        );
        let own: &'static str = page.csrf().leak();
        let mut forged = city.browser();
        forged
            .cookies
            .insert("shiyu_visitor".into(), "A".repeat(86));
        assert_eq!(forged.post_raw("/sign-in", &with(own)).status, 403);
        assert_eq!(stranger.post_raw("/sign-in", &with(own)).status, 303);
        // Signed in: the visitor's token of before is worth nothing, the session's own is good, in the form or the header.
        assert_eq!(stranger.post_raw("/sign-out", &[("csrf", own)]).status, 403);
        assert_eq!(stranger.post_raw("/sign-out", &[]).status, 403);
        let token = stranger.get("/account").csrf();
        let request = stranger
            .request(Method::POST, "/sign-out")
            .header("x-csrf-token", &token)
            .body(Body::empty())
            .unwrap();
        assert_eq!(stranger.send(request).status, 303);
    });
}

#[test]
fn cookies_are_closed_to_scripts_and_bound_to_https() {
    city_on_sqlite(|city| {
        city.account("li", &[Role::Acceptor]);
        let reply = city.browser().sign_in("li", PASSWORD);
        let session = reply
            .cookies()
            .into_iter()
            .find(|c| c.starts_with("shiyu_session="))
            .unwrap()
            .to_owned();
        assert!(
            session.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
            "{session}"
        );
    });
    let db = testdb::TestDb::sqlite(&migrations());
    let settings = Settings {
        public_url: "https://city.example".into(),
        ..Settings::default()
    };
    let city = City::with(&db, settings, Vec::new());
    city.account("li", &[Role::Acceptor]);
    let mut browser = city.browser();
    let reply = browser.sign_in("li", PASSWORD);
    let session = reply
        .cookies()
        .into_iter()
        .find(|c| c.starts_with("__Host-shiyu_session="))
        .unwrap();
    assert!(
        session.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{session}"
    );
    assert!(
        reply
            .header("strict-transport-security")
            .starts_with("max-age=")
    );
    assert_eq!(browser.get("/account").status, 200);
}

both_engines!(
    a_new_password_replaces_the_old_one_everywhere,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.account("li", &[Role::Acceptor]);
        let (mut here, mut elsewhere) = (city.signed_in("li"), city.signed_in("li"));
        let mut change = |current: &str, new: &str, repeat: &str| {
            here.post_from(
                "/account",
                "/account/password",
                &[("current", current), ("password", new), ("repeat", repeat)],
            )
        };
        for (current, new, repeat, says) in [
            (
                "wrong one here",
                "a quiet evening",
                "a quiet evening",
                "The present password is not right",
            ),
            (
                PASSWORD,
                "a quiet evening",
                "a quiet night!",
                "The two entries of the new password differ",
            ),
            (PASSWORD, "short", "short", "at least 10 characters"),
            (PASSWORD, PASSWORD, PASSWORD, "too plain"),
        ] {
            let reply = change(current, new, repeat);
            assert_eq!(reply.status, 422, "{says}");
            assert!(reply.text.contains(says), "{says}: {}", reply.text);
            ui::testing::assert_sound(&reply.text);
        }
        assert_eq!(
            change(PASSWORD, "a quiet evening", "a quiet evening").status,
            303
        );
        assert_eq!(here.get("/account").status, 200);
        assert_eq!(elsewhere.get("/account").status, 303);
        let mut browser = city.browser();
        assert_eq!(browser.sign_in("li", PASSWORD).status, 422);
        assert_eq!(browser.sign_in("li", "a quiet evening").status, 303);
    }
);

both_engines!(
    who_must_sign_in_again_comes_back_to_the_page_of_the_form,
    &migrations(),
    |db| {
        let city = City::new(db);
        let send = |referer: Option<&str>| {
            let request = axum::http::Request::builder()
                .method("POST")
                .uri("/account/password")
                .header("host", "shiyu.example")
                .header("content-type", "application/x-www-form-urlencoded");
            let request = match referer {
                Some(page) => request.header("referer", page),
                None => request,
            };
            let reply = city.send(request.body(axum::body::Body::empty()).unwrap());
            assert_eq!(reply.status, 303, "{}", reply.text);
            reply.header("location").to_owned()
        };
        let back = send(Some("https://shiyu.example/account?x=1"));
        assert_eq!(back, "/sign-in?next=%2Faccount%3Fx%3D1");
        // Another site does not say where to go, and a page that cannot be told leads to the first one.
        for page in [
            Some("https://other.example/account"),
            Some("https://shiyu.example/sign-in?next=/x"),
            Some("https://shiyu.example//other.example"),
            Some("nonsense"),
            None,
        ] {
            assert_eq!(send(page), "/sign-in?next=%2F", "{page:?}");
        }
    }
);

both_engines!(
    a_resident_has_the_layout_of_residents_on_every_page,
    &migrations(),
    |db| {
        let city = City::new(db);
        let page = city.role(Role::Resident).get("/account");
        assert_eq!(page.status, 200);
        assert!(page.text.contains("<body class=\"plain\""), "{}", page.text);
        assert!(page.text.contains("foot-own"), "the way out stands below");
        ui::testing::assert_sound(&page.text);
        let of_staff = city.role(Role::Acceptor).get("/account");
        assert!(of_staff.text.contains("<body class=\"desk\""));
    }
);

/// A form whose handler does not look whether it is taken now, and writes.
async fn careless(ctx: access::Ctx) -> Result<&'static str, access::Fault> {
    ctx.write::<_, store::StoreError, _>(|w| {
        w.commit(store::AuditEvent::done("test.careless", "test", "1"), ())
    })
    .await?;
    Ok("written")
}

both_engines!(
    a_form_that_is_shown_again_changes_nothing_whatever_its_handler_does,
    &migrations(),
    |db| {
        let again = access::Routes::new("again")
            .on(
                Method::POST,
                "/again",
                access::Permission::CaseReport,
                careless,
            )
            .shown_again();
        let pages = vec![access::Capability::new("again", again)];
        let city = City::with(db, Settings::default(), pages);
        let mut browser = city.browser();
        assert_eq!(browser.post_raw("/again", &[("words", "x")]).status, 500);
        assert_eq!(city.audited("test.careless", "done"), 0);
        // With the token of its page it is taken.
        let sent = browser.post_from("/sign-in", "/again", &[("words", "x")]);
        assert_eq!((sent.status, sent.text.as_str()), (200, "written"));
        assert_eq!(city.audited("test.careless", "done"), 1);
    }
);
