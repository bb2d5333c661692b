//! The same API post sent twice is done once.

use crate::city::{City, Reply};
use access::{
    AccountError, Capability, Ctx, Fault, Json, MIGRATIONS, Operation, Permission, Role, Routes,
    Settings,
};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use store::AuditEvent;
use testdb::both_engines;

fn migrations() -> Vec<store::Migration> {
    store::MIGRATIONS
        .iter()
        .chain(MIGRATIONS)
        .copied()
        .collect()
}

/// POST /api/v1/notes writes one audit entry, which stands for any change; `{"refuse":true}` is refused by the rule.
async fn note(ctx: Ctx, Json(body): Json<serde_json::Value>) -> Result<Response, Fault> {
    if body["refuse"] == true {
        return Err(AccountError::NameShape.into());
    }
    let text = body["text"].as_str().unwrap_or_default().to_owned();
    let answer = ctx
        .write(move |w| -> Result<_, store::StoreError> {
            let at = w.now().to_string();
            w.commit(AuditEvent::done("note.add", "note", text.clone()), at)
        })
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(serde_json::json!({ "at": answer })),
    )
        .into_response())
}

fn notes() -> Vec<Capability> {
    let operation = Operation::new("adds a note").answers_empty(201, "added");
    let routes = Routes::new("notes").on_api(
        Method::POST,
        "/api/v1/notes",
        Permission::CaseReport,
        note,
        operation,
    );
    vec![Capability::new("notes", routes)]
}

fn city(db: &store::Db) -> City {
    City::with(db, Settings::default(), notes())
}

fn request(key: Option<&str>, body: &str) -> Request<Body> {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/notes")
        .header("content-type", "application/json");
    let request = match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    };
    request.body(Body::from(body.to_owned())).unwrap()
}

fn post(city: &City, key: Option<&str>, body: &str) -> Reply {
    city.send(request(key, body))
}

both_engines!(
    a_repeat_gets_the_same_answer_and_changes_nothing,
    &migrations(),
    |db| {
        let city = city(db);
        let first = post(&city, Some("k1"), r#"{"text":"a"}"#);
        assert_eq!(first.status, 201, "{}", first.text);
        city.clock.advance(Duration::from_secs(3600));
        let again = post(&city, Some("k1"), r#"{"text":"a"}"#);
        assert_eq!(
            (again.status, &again.text, again.header("content-type")),
            (201, &first.text, "application/json")
        );
        assert_eq!(
            (
                first.header("idempotency-replayed"),
                again.header("idempotency-replayed")
            ),
            ("", "true")
        );
        assert_eq!(city.audited("note.add", "done"), 1);
        // What is kept can be opened by nobody who has only the database.
        let kept = city.ask(|r| {
            let sql = "SELECT body FROM idempotency";
            Ok(r.one::<(Vec<u8>,)>(sql, &[])?.0)
        });
        let answer = first.json()["at"].as_str().unwrap().to_owned();
        assert!(kept.len() > first.text.len());
        assert!(!kept.windows(answer.len()).any(|w| w == answer.as_bytes()));
        let other = post(&city, Some("k1"), r#"{"text":"b"}"#);
        assert_eq!(
            (other.status, other.json()["code"].as_str()),
            (422, Some("access.key_reused"))
        );
        // Without a key, and with another one, it is another post.
        assert_eq!(post(&city, None, r#"{"text":"a"}"#).status, 201);
        assert_eq!(post(&city, Some("k2"), r#"{"text":"a"}"#).status, 201);
        assert_eq!(city.audited("note.add", "done"), 3);
        // A day later the key is free again.
        city.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(post(&city, Some("k1"), r#"{"text":"b"}"#).status, 201);
        assert_eq!(city.audited("note.add", "done"), 4);
    }
);

both_engines!(
    a_refused_post_may_be_corrected_under_the_same_key,
    &migrations(),
    |db| {
        let city = city(db);
        assert_eq!(post(&city, Some("k"), r#"{"refuse":true}"#).status, 422);
        assert_eq!(post(&city, Some("k"), "not json").status, 400);
        assert_eq!(post(&city, Some("k"), r#"{"text":"a"}"#).status, 201);
    }
);

both_engines!(of_many_at_the_same_time_one_is_done, &migrations(), |db| {
    let city = city(db);
    let requests = (0..12)
        .map(|_| request(Some("race"), r#"{"text":"a"}"#))
        .collect();
    let replies = city.send_all(requests);
    let done = replies.iter().filter(|r| r.status == 201).count();
    assert!(done >= 1, "{replies:?}");
    for reply in replies.iter().filter(|r| r.status != 201) {
        assert_eq!(
            (reply.status, reply.json()["code"].as_str()),
            (409, Some("access.key_running")),
            "{reply:?}"
        );
    }
    assert_eq!(city.audited("note.add", "done"), 1);
});

both_engines!(
    a_change_whose_answer_was_lost_is_not_made_again,
    &migrations(),
    |db| {
        let city = city(db);
        post(&city, Some("k"), r#"{"text":"a"}"#);
        // As if the process had died between the commit and the answer.
        city.system()
            .write_blocking(|mut w| -> Result<_, store::StoreError> {
                w.exec("UPDATE idempotency SET status = NULL, body = NULL", &[])?;
                w.commit(AuditEvent::done("test.lose", "test", "answer"), ())
            })
            .unwrap();
        assert_eq!(
            post(&city, Some("k"), r#"{"text":"a"}"#).json()["code"],
            "access.key_running"
        );
        city.clock.advance(Duration::from_secs(180));
        assert_eq!(
            post(&city, Some("k"), r#"{"text":"a"}"#).json()["code"],
            "access.key_lost"
        );
        assert_eq!(city.audited("note.add", "done"), 1);
    }
);

#[test]
fn a_key_is_bounded_and_belongs_to_whoever_used_it() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = city(&db);
    for key in ["", " ", "ä", &"k".repeat(201)] {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/api/v1/notes")
            .header("content-type", "application/json");
        let request = request
            .header("idempotency-key", key.as_bytes())
            .body(Body::from("{}"))
            .unwrap();
        assert_eq!(city.send(request).status, 400, "{key:?}");
    }
    assert_eq!(post(&city, Some("k"), r#"{"text":"a"}"#).status, 201);
    let mut staff = city.role(Role::Acceptor);
    let csrf = staff.get("/account").csrf();
    let request = staff
        .request(Method::POST, "/api/v1/notes")
        .header("content-type", "application/json")
        .header("x-csrf-token", csrf)
        .header("idempotency-key", "k")
        .body(Body::from(r#"{"text":"other"}"#))
        .unwrap();
    assert_eq!(staff.send(request).status, 201);
    assert_eq!(city.audited("note.add", "done"), 2);
}
