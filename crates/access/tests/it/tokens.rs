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
