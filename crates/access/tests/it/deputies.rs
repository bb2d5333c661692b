//! Leave and deputies: who may enter one, what the deputy may do, what the record says, and that it ends by itself.

use crate::city::City;
use access::{MIGRATIONS, Role, Settings};
use jiff::SignedDuration;
use serde_json::json;
use std::time::Duration;
use testdb::both_engines;

fn migrations() -> Vec<store::Migration> {
    store::MIGRATIONS
        .iter()
        .chain(MIGRATIONS)
        .copied()
        .collect()
}

/// Sessions that outlive the leave.
fn patient() -> Settings {
    Settings {
        session_idle: SignedDuration::from_hours(100),
        session_absolute: SignedDuration::from_hours(200),
        ..Settings::default()
    }
}

fn leave<'a>(deputy: &'a str, from: &'a str, to: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("deputy", deputy),
        ("from", from),
        ("to", to),
        ("reason", "年休"),
    ]
}

both_engines!(
    a_deputy_acts_in_the_place_and_it_ends_by_itself,
    &migrations(),
    |db| {
        let city = City::with(db, patient(), Vec::new());
        city.account("lead", &[Role::Leader]);
        city.account("clerk", &[Role::Acceptor]);
        let mut lead = city.signed_in("lead");
        let mut clerk = city.signed_in("clerk");
        let entry = leave("clerk", "2026-03-16", "2026-03-17");
        let done = lead.post_from("/deputies", "/deputies", &entry);
        assert_eq!(done.status, 303, "{}", done.text);
        let page = clerk.get("/deputies").text;
        let (before, _) = page.split_once("/act\"").unwrap();
        let (_, id) = before.rsplit_once("/deputies/").unwrap();
        let act = format!("/deputies/{id}/act");
        let roles = |browser: &mut crate::city::Browser<'_>| {
            browser.get("/api/v1/account").json()["roles"].clone()
        };
        assert_eq!(roles(&mut clerk), json!(["acceptor"]));
        assert_eq!(
            lead.post_from("/deputies", &act, &[]).status,
            404,
            "only the deputy"
        );
        assert_eq!(clerk.post_from("/deputies", &act, &[]).status, 303);
        assert_eq!(roles(&mut clerk), json!(["leader"]));
        let name = clerk.get("/api/v1/account").json()["name"].clone();
        assert_eq!(name, json!("名 clerk"), "the deputy stays who acts");
        // What is done in the place is recorded under both.
        assert_eq!(
            clerk.post_from("/deputies", "/deputies/back", &[]).status,
            303
        );
        let both = city.ask(|r| {
            let sql = "SELECT count(*) FROM audit WHERE action = 'session.act_for' AND detail LIKE '%on_behalf%'";
            Ok(r.one::<(i64,)>(sql, &[])?.0)
        });
        assert_eq!(both, 1);
        assert_eq!(roles(&mut clerk), json!(["acceptor"]));
        // Once more, and then the last day is over.
        assert_eq!(clerk.post_from("/deputies", &act, &[]).status, 303);
        assert_eq!(roles(&mut clerk), json!(["leader"]));
        city.clock.advance(Duration::from_secs(48 * 3600));
        assert_eq!(roles(&mut clerk), json!(["acceptor"]), "it ends by itself");
    }
);

both_engines!(
    a_leave_is_entered_by_whoever_may_and_never_twice_nor_in_a_chain,
    &migrations(),
    |db| {
        let city = City::with(db, patient(), Vec::new());
        city.account("lead", &[Role::Leader]);
        city.account("clerk", &[Role::Acceptor]);
        city.account("admin", &[Role::SystemAdmin]);
        let mut lead = city.signed_in("lead");
        let mut clerk = city.signed_in("clerk");
        let entry = leave("clerk", "2026-03-16", "2026-03-17");
        assert_eq!(lead.post_from("/deputies", "/deputies", &entry).status, 303);
        let again = lead.post_from("/deputies", "/deputies", &entry);
        assert_eq!(again.status, 409, "one deputy at a time: {}", again.text);
        for wrong in [
            leave("lead", "2026-04-01", "2026-04-02"),
            leave("nobody", "2026-04-01", "2026-04-02"),
            leave("clerk", "2026-04-03", "2026-04-02"),
            leave("clerk", "2025-04-01", "2025-04-02"),
            leave("clerk", "2026-04-01", "2027-04-02"),
            leave("clerk", "x", ""),
        ] {
            let refused = lead.post_from("/deputies", "/deputies", &wrong);
            assert_eq!(refused.status, 422, "{wrong:?}: {}", refused.text);
        }
        // The administrators stay apart, also for a week.
        let apart = lead.post_from(
            "/deputies",
            "/deputies",
            &leave("admin", "2026-04-01", "2026-04-02"),
        );
        assert_eq!(apart.status, 422, "{}", apart.text);
        // Nobody sends a colleague on leave but whoever gives roles.
        let mut others = leave("clerk", "2026-05-01", "2026-05-02").to_vec();
        others.push(("account", "lead"));
        assert_eq!(
            clerk.post_from("/deputies", "/deputies", &others).status,
            403
        );
        // A deputy appoints no deputy.
        let page = clerk.get("/deputies").text;
        let (before, _) = page.split_once("/act\"").unwrap();
        let (_, id) = before.rsplit_once("/deputies/").unwrap();
        let act = format!("/deputies/{id}/act");
        assert_eq!(clerk.post_from("/deputies", &act, &[]).status, 303);
        let chain = clerk.post_from(
            "/account",
            "/deputies",
            &leave("lead", "2026-06-01", "2026-06-02"),
        );
        assert_eq!(chain.status, 403, "{}", chain.text);
    }
);

both_engines!(
    a_resident_is_not_led_to_leave_and_deputies,
    &migrations(),
    |db| {
        let city = City::with(db, patient(), Vec::new());
        city.account("clerk", &[Role::Acceptor]);
        city.account("neighbour", &[Role::Resident]);
        let of_staff = city.signed_in("clerk").get("/account").text;
        assert!(of_staff.contains("href=\"/deputies\""), "{of_staff}");
        let of_resident = city.signed_in("neighbour").get("/account").text;
        assert!(of_resident.contains("href=\"/account\""), "{of_resident}");
        assert!(!of_resident.contains("href=\"/deputies\""));
    }
);
