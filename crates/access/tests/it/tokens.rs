//! API tokens: what they open, and when they stop.

use crate::city::City;
use access::ops::accounts;
use access::{MIGRATIONS, Permission, Role};
use axum::body::Body;
use axum::http::{Method, Request};
use std::time::Duration;
use testdb::both_engines;

fn migrations() -> Vec<store::Migration> {
    store::MIGRATIONS
        .iter()
        .chain(MIGRATIONS)
        .copied()
        .collect()
}

fn give(
    city: &City,
    id: access::AccountId,
    scopes: &[Permission],
    days: i64,
) -> (kernel::id::Id, String) {
    let ctx = city.system();
    let account = ctx.read_blocking(move |r| accounts::find(r, id)).unwrap();
    let new = accounts::new_token(&account, "test", scopes, days, ctx.now()).unwrap();
    let kept = new.clone();
    ctx.write_blocking(move |w| accounts::add_token(w, id, &kept))
        .unwrap();
    (new.token.id, new.text)
}

fn ask(city: &City, path: &str, token: &str) -> crate::city::Reply {
    let request = Request::builder()
        .method(Method::GET)
        .uri(path)
        .header("authorization", format!("Bearer {token}"));
    city.send(request.body(Body::empty()).unwrap())
}

both_engines!(
    a_token_acts_for_its_account_within_its_scopes,
    &migrations(),
    |db| {
        let city = City::new(db);
        let id = city.account("bot", &[Role::SecurityAdmin]);
        let (_, text) = give(
            &city,
            id,
            &[Permission::OwnAccount, Permission::ReferenceRead],
            30,
        );
        assert!(text.starts_with("shiyu_"));
        let me = ask(&city, "/api/v1/account", &text);
        assert_eq!(me.status, 200, "{}", me.text);
        let permissions = me.json()["permissions"].to_string();
        assert!(
            permissions.contains("reference.read") && !permissions.contains("account.manage"),
            "{permissions}"
        );
        // The account's role would allow it, the token's scopes do not; the refusal is on record.
        assert_eq!(ask(&city, "/users", &text).status, 403);
        assert_eq!(city.audited("route.refused", "refused"), 1);
        // The text itself is nowhere in the database.
        let kept = city.ask(|r| Ok(r.one::<(Vec<u8>,)>("SELECT token FROM api_tokens", &[])?.0));
        assert_eq!(kept.len(), 32);
        assert!(
            !text
                .as_bytes()
                .windows(8)
                .any(|w| kept.windows(8).any(|k| k == w))
        );
    }
);

both_engines!(
    a_token_stops_when_it_is_over_taken_back_or_its_account_closed,
    &migrations(),
    |db| {
        let city = City::new(db);
        let id = city.account("bot", &[Role::Acceptor]);
        let scopes = [Permission::OwnAccount];
        let (_, short) = give(&city, id, &scopes, 1);
        let (back, taken) = give(&city, id, &scopes, 9);
        let (_, lasting) = give(&city, id, &scopes, 9);
        let status = |token: &str| ask(&city, "/api/v1/account", token).status;
        assert_eq!(
            (status(&short), status(&taken), status(&lasting)),
            (200, 200, 200)
        );
        city.clock.advance(Duration::from_secs(24 * 3600));
        city.system()
            .write_blocking(move |w| accounts::revoke(w, id, back))
            .unwrap();
        assert_eq!(
            (status(&short), status(&taken), status(&lasting)),
            (401, 401, 200)
        );
        assert!(
            city.system()
                .write_blocking(move |w| accounts::revoke(w, id, back))
                .is_err()
        );
        city.system()
            .write_blocking(move |w| accounts::set_closed(w, id, true))
            .unwrap();
        assert_eq!(status(&lasting), 401);
        let listed = city
            .system()
            .read_blocking(move |r| accounts::tokens(r, id))
            .unwrap();
        assert_eq!(listed.iter().filter(|t| t.revoked_at.is_some()).count(), 1);
    }
);

#[test]
fn a_wrong_token_is_never_a_stranger() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = City::new(&db);
    for header in [
        "Bearer shiyu_x",
        "Bearer ",
        "Basic YTpi",
        "nonsense",
        &format!("Bearer {}", "A".repeat(43)),
        "Bearer \u{7f}",
    ] {
        let request = Request::builder()
            .uri("/sign-in")
            .header("authorization", header.as_bytes());
        let Ok(request) = request.body(Body::empty()) else {
            continue;
        };
        let reply = city.send(request);
        assert_eq!(reply.status, 401, "{header}");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
}

#[test]
fn a_token_has_no_more_than_its_account() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = City::new(&db);
    let id = city.account("bot", &[Role::Acceptor]);
    let account = city
        .system()
        .read_blocking(move |r| accounts::find(r, id))
        .unwrap();
    let now = city.system().now();
    let make = |scopes: &[Permission], days| {
        accounts::new_token(&account, "t", scopes, days, now)
            .map(|t| t.token.scopes.0)
            .map_err(|e| e.to_string())
    };
    assert!(
        make(&[Permission::AuditRead], 1)
            .unwrap_err()
            .contains("audit.read")
    );
    assert!(make(&[], 0).is_err() && make(&[], 367).is_err());
    let all = make(&[], 1).unwrap();
    assert!(
        all.contains(&Permission::CaseAccept)
            && all.contains(&Permission::Public)
            && !all.contains(&Permission::OwnAccount)
    );
}

#[test]
fn a_key_is_for_what_it_was_given_for_and_keeps_nobody_from_what_is_open_to_everybody() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = City::new(&db);
    let id = city.account("bot", &[Role::Acceptor]);
    let ctx = city.system();
    let account = ctx.read_blocking(move |r| accounts::find(r, id)).unwrap();
    let new = accounts::new_token(&account, "t", &[Permission::NoticeRead], 1, ctx.now()).unwrap();
    assert_eq!(new.token.scopes.0, [Permission::NoticeRead]);
    let text = give(&city, id, &[Permission::NoticeRead], 1).1;
    let holder = |needed| city.run(accounts::key_holder(&ctx, &text, needed)).unwrap();
    assert_eq!(holder(Permission::NoticeRead), Some(id));
    // Where a key is asked for, one that was given out for something else is none.
    assert_eq!(holder(Permission::CaseReport), None);
    assert_eq!(ask(&city, "/sign-in", &text).status, 200);
    // Given out for all that programs need, it reports too.
    let all = accounts::new_token(&account, "t", &[], 1, ctx.now()).unwrap();
    let open = Permission::ALL.iter().filter(|p| p.is_open());
    assert!(open.into_iter().all(|p| all.token.scopes.0.contains(p)));
}

both_engines!(
    an_administrator_gives_a_key_out_once_and_takes_it_back,
    &migrations(),
    |db| {
        let city = City::new(db);
        let bot = city.account("bot", &[Role::Acceptor]);
        let mut admin = city.role(Role::SecurityAdmin);
        let page = format!("/users/{bot}/tokens");
        let empty = admin.get(&page);
        assert_eq!(empty.status, 200, "{}", empty.text);
        ui::testing::assert_sound(&empty.text);
        assert!(empty.text.contains("No keys yet"));
        assert!(
            !empty.text.contains("value=\"evaluation.read\""),
            "not held"
        );
        // Nothing ticked is refused at its field.
        let wrong = admin.post_from(&page, &page, &[("name", "app"), ("days", "30")]);
        assert_eq!(wrong.status, 422);
        assert!(
            wrong.text.contains("Tick at least one thing"),
            "{}",
            wrong.text
        );
        let ticked = [("name", "app"), ("days", "30"), ("scopes", "case.report")];
        let once = admin.post_from(&page, &page, &ticked);
        assert_eq!(once.status, 200, "{}", once.text);
        ui::testing::assert_sound(&once.text);
        let text = once
            .text
            .split("<dd><code>")
            .nth(1)
            .expect("the key is shown");
        let text = text.split('<').next().unwrap().to_owned();
        let ctx = city.system();
        let holder = || {
            let held = accounts::key_holder(&ctx, &text, Permission::CaseReport);
            city.run(held).unwrap()
        };
        assert_eq!(holder(), Some(bot));
        let listed = admin.get(&page);
        ui::testing::assert_sound(&listed.text);
        assert!(listed.text.contains("in force") && !listed.text.contains(&text));
        let back = listed.text.split("/revoke\"").next().unwrap();
        let back = back.rsplit('"').next().unwrap().to_owned() + "/revoke";
        assert_eq!(admin.post_from(&page, &back, &[]).status, 303);
        assert_eq!(holder(), None, "it stops at once");
        assert!(admin.get(&page).text.contains("taken back"));
        assert_eq!(
            (
                city.audited("token.add", "done"),
                city.audited("token.revoke", "done")
            ),
            (1, 1)
        );
        // Nobody gives a key of the own account, and nobody else gives any.
        let own = city.ask(|r| {
            Ok(r.one::<(access::AccountId,)>(
                "SELECT id FROM accounts WHERE login = 'security_admin'",
                &[],
            )?
            .0)
        });
        let own = format!("/users/{own}/tokens");
        assert!(admin.post_from(&own, &own, &ticked).status >= 400);
        let mut other = city.role(Role::SystemAdmin);
        assert_eq!(other.get(&page).status, 403);
        assert_eq!(city.audited("token.add", "done"), 1);
    }
);
