//! The audit trail as the auditor reads it.

use crate::city::City;
use access::ops::audit::{self, AuditQuery};
use access::{MIGRATIONS, Role};
use kernel::PageSize;
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

/// `n` acts a second apart, in three districts by turns.
fn history(city: &City, n: usize) {
    for i in 0..n {
        let district = ["330102", "330105", "990001"][i % 3];
        city.clock.advance(Duration::from_secs(1));
        city.system()
            .write_blocking(move |w| -> Result<_, store::StoreError> {
                let event =
                    AuditEvent::done("case.note", "case", format!("c{}", i % 5)).district(district);
                w.commit(event.detail(serde_json::json!({ "i": i })), ())
            })
            .unwrap();
    }
}

fn numbers(city: &City, query: AuditQuery, size: u64) -> (Vec<i64>, Option<kernel::Cursor>) {
    let size = PageSize::new(size).unwrap();
    let page = city
        .system()
        .read_blocking(move |r| audit::search(r, &query, size))
        .unwrap();
    let number = |row: &audit::AuditRow| {
        serde_json::from_str::<serde_json::Value>(&row.detail).unwrap()["i"]
            .as_i64()
            .unwrap_or(-1)
    };
    (page.items.iter().map(number).collect(), page.next)
}

both_engines!(
    entries_of_all_districts_come_newest_first_page_by_page,
    &migrations(),
    |db| {
        let city = City::new(db);
        history(&city, 25);
        let query = || AuditQuery {
            actions: vec!["case.note".into()],
            ..AuditQuery::default()
        };
        let (mut seen, mut next) = numbers(&city, query(), 10);
        while let Some(cursor) = next {
            let (more, following) = numbers(
                &city,
                AuditQuery {
                    after: Some(cursor.part(0).unwrap()),
                    ..query()
                },
                10,
            );
            seen.extend(more);
            next = following;
        }
        assert_eq!(seen, (0..25).rev().collect::<Vec<i64>>());
        let of_object = AuditQuery {
            object_kind: Some("case".into()),
            object_id: Some("c3".into()),
            ..AuditQuery::default()
        };
        assert_eq!(numbers(&city, of_object, 10).0, [23, 18, 13, 8, 3]);
        let from = testdb::monday() + jiff::SignedDuration::from_secs(11);
        let window = AuditQuery {
            from: Some(from),
            to: Some(from + jiff::SignedDuration::from_secs(3)),
            ..query()
        };
        assert_eq!(numbers(&city, window, 10).0, [12, 11, 10]);
    }
);

both_engines!(the_auditor_finds_who_did_what, &migrations(), |db| {
    let city = City::new(db);
    let mut auditor = city.role(Role::Auditor);
    let mut stranger = city.browser();
    stranger.sign_in("auditor", "not this one");
    let mut desk = city.role(Role::Acceptor);
    let refused = desk.get("/audit");
    assert_eq!(refused.status, 403);
    ui::testing::assert_sound(&refused.text);
    let all = auditor.get("/audit");
    assert_eq!(all.status, 200, "{}", all.text);
    ui::testing::assert_sound(&all.text);
    assert!(all.text.contains("account.add") && all.text.contains("session.begin"));
    let of_desk = auditor.get("/audit?actor=acceptor");
    assert!(
        of_desk.text.contains("GET /audit") && of_desk.text.contains("refused"),
        "{}",
        of_desk.text
    );
    assert!(!of_desk.text.contains("account.add"));
    // By the name that the list shows, alone and with its login, the same is found.
    for shown in ["%E5%90%8D+acceptor", "%E5%90%8D+acceptor+%28acceptor%29"] {
        let found = auditor.get(&format!("/audit?actor={shown}"));
        assert!(found.text.contains("GET /audit"), "{shown}: {}", found.text);
        assert!(!found.text.contains("account.add"), "{shown}");
    }
    // A part of the program says what it does, and is found as it is shown.
    let operator = auditor.get("/audit?actor=operator");
    assert!(
        operator.text.contains("Operator (operator)"),
        "{}",
        operator.text
    );
    let shown = auditor.get("/audit?actor=Operator+%28operator%29");
    assert!(shown.text.contains("account.add"), "{}", shown.text);
    let reference = refused.header("x-request-id").to_owned();
    assert!(refused.text.contains(&reference));
    let one = auditor.get(&format!("/audit?reference={reference}"));
    assert!(one.text.contains("GET /audit") && !one.text.contains("session.begin"));
    assert!(
        auditor
            .get("/audit?actor=operator")
            .text
            .contains("account.add")
    );
    for nothing in [
        "actor=nobody",
        "actor=%00",
        "kind=case&object=none",
        "from=2030-01-01",
        "to=2020-01-01",
        "action=x",
    ] {
        let reply = auditor.get(&format!("/audit?{nothing}"));
        assert_eq!(reply.status, 200, "{nothing}");
        assert!(reply.text.contains("Nothing matches"), "{nothing}");
    }
    for broken in ["reference=x", "from=yesterday", "to=2026-02-30", "after=x"] {
        assert_eq!(
            auditor.get(&format!("/audit?{broken}")).status,
            422,
            "{broken}"
        );
    }
    // What is wrong stands at its field, and the other entries stay.
    let again = auditor.get("/audit?reference=x&kind=case&actor=somebody");
    assert!(again.text.contains("value=\"somebody\""), "{}", again.text);
    assert!(again.text.contains("id=\"f-reference\"") && again.text.contains("Reference"));
    assert!(!again.text.contains("Nothing matches"));
    let backwards = auditor.get("/audit?from=2026-03-02&to=2026-03-01");
    assert_eq!(backwards.status, 422);
    assert!(
        backwards
            .text
            .contains("The last day lies before the first.")
    );
});

both_engines!(
    refusals_of_strangers_are_summed_per_minute,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut stranger = city.browser();
        for _ in 0..7 {
            stranger.get("/users");
        }
        assert_eq!(city.audited("route.refused", "refused"), 0);
        city.clock.advance(Duration::from_secs(60));
        stranger.get("/audit");
        assert_eq!(city.audited("route.refused", "refused"), 1);
        let detail = city.ask(|r| {
            r.one::<(String, String)>(
                "SELECT object_id, detail FROM audit WHERE action = 'route.refused'",
                &[],
            )
        });
        assert_eq!(detail, ("GET /users".into(), "{\"count\":7}".into()));
        city.run(access::ops::flush(&city.state)).unwrap();
        assert_eq!(city.audited("route.refused", "refused"), 2);
    }
);
