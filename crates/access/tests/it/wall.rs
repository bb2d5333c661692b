//! A screen on a wall: it shows its pages for weeks, and is nobody everywhere else.

use crate::city::City;
use access::{Capability, MIGRATIONS, Permission, Role, Routes, Settings};
use axum::http::{Method, StatusCode};
use std::time::Duration;

async fn shown() -> StatusCode {
    StatusCode::OK
}

fn pages() -> Vec<Capability> {
    let (evaluation, cases) = (Permission::EvaluationRead, Permission::CaseRead);
    let routes = Routes::new("screens")
        .on(Method::GET, "/command", evaluation, shown)
        .for_a_wall()
        .on(Method::POST, "/command", evaluation, shown)
        .on(
            Method::GET,
            "/tiles/grids",
            Permission::ReferenceRead,
            shown,
        )
        .for_a_wall()
        .on(Method::GET, "/desk", cases, shown);
    vec![Capability::new("screens", routes)]
}

testdb::both_engines!(
    a_wall_shows_its_pages_for_weeks_and_is_nobody_elsewhere,
    &[store::MIGRATIONS, MIGRATIONS].concat(),
    |db| {
        let city = City::with(db, Settings::default(), pages());
        let mut screen = city.role(Role::Leader);
        assert_eq!(screen.get("/desk").status, 200);
        let hung = screen.post_from("/account", "/wall", &[]);
        assert_eq!(
            (hung.status, hung.header("location")),
            (303, "/command?wall=1")
        );
        // Whoever set it up is signed out here.
        assert!(!screen.cookies.contains_key("shiyu_session"));
        for _ in 0..2 {
            for path in ["/command", "/command?wall=1", "/tiles/grids"] {
                assert_eq!(screen.get(path).status, 200, "{path}");
            }
            for path in ["/desk", "/account", "/audit", "/commander"] {
                assert_ne!(screen.get(path).status, 200, "{path}");
            }
            assert_ne!(
                screen.post_raw("/command", &[]).status,
                200,
                "it only looks"
            );
            // Far longer than any session.
            city.clock.advance(Duration::from_secs(80 * 24 * 3600));
        }
        // After ninety days somebody sets it up again.
        assert_ne!(screen.get("/command").status, 200);
        assert_eq!(city.audited("token.add", "done"), 1);
    }
);

testdb::both_engines!(
    a_wall_shows_no_more_than_who_hung_it_may_see,
    &[store::MIGRATIONS, MIGRATIONS].concat(),
    |db| {
        let city = City::with(db, Settings::default(), pages());
        let mut handler = city.role(Role::Handler);
        assert_ne!(handler.post_from("/account", "/wall", &[]).status, 303);
        assert_eq!(city.audited("token.add", "done"), 0);
    }
);
