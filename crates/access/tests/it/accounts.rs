//! The security administrator's pages, and who may do what with them.

use crate::city::City;
use access::{MIGRATIONS, Role};
use testdb::both_engines;

fn migrations() -> Vec<store::Migration> {
    store::MIGRATIONS
        .iter()
        .chain(MIGRATIONS)
        .copied()
        .collect()
}

/// The one-time password a page shows.
fn one_time(text: &str) -> String {
    let code = text
        .split("<dd><code>")
        .nth(1)
        .expect("the page shows a password");
    code.split('<').next().expect("a tag ends it").to_owned()
}

both_engines!(
    an_account_is_made_used_changed_closed_and_opened,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut admin = city.role(Role::SecurityAdmin);
        let made = admin.post_from(
            "/users/new",
            "/users/new",
            &[
                ("login", "Wang.Fang"),
                ("name", " 王芳 "),
                ("roles", "dispatcher"),
                ("roles", "acceptor"),
                ("districts", "330105，330102"),
            ],
        );
        assert_eq!(made.status, 200, "{}", made.text);
        ui::testing::assert_sound(&made.text);
        let password = one_time(&made.text);
        let list = admin.get("/users?q=王");
        assert!(
            list.text.contains("wang.fang")
                && list.text.contains("acceptor, dispatcher")
                && list.text.contains("one-time password")
        );
        assert!(!list.text.contains(">security_admin<"));
        ui::testing::assert_sound(&list.text);
        let page = list
            .text
            .split("href=\"/users/")
            .find(|part| part.contains(">wang.fang<"))
            .unwrap();
        let page = format!("/users/{}", page.split('"').next().unwrap());

        // A one-time password opens only the way to a new one.
        let mut wang = city.browser();
        let reply = wang.sign_in("wang.fang", &password);
        assert_eq!((reply.status, reply.header("location")), (303, "/account"));
        let account = wang.get("/account");
        assert!(account.text.contains("This password is for one use"));
        let changed = wang.post_from(
            "/account",
            "/account/password",
            &[
                ("current", &password),
                ("password", "a quiet evening"),
                ("repeat", "a quiet evening"),
            ],
        );
        assert_eq!(changed.status, 303, "{}", changed.text);

        // Another role ends the session; the edit of one who saw an older state is refused.
        let form = admin.get(&page);
        ui::testing::assert_sound(&form.text);
        let csrf = form.csrf();
        let version = form
            .text
            .split("name=\"version\" value=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        let fields = [
            ("csrf", csrf.as_str()),
            ("version", &version),
            ("name", "王芳"),
            ("roles", "leader"),
            ("districts", "330105"),
        ];
        assert_eq!(admin.post_raw(&page, &fields).status, 303);
        let stale = admin.post_raw(&page, &fields);
        assert_eq!(stale.status, 409);
        assert!(
            stale
                .text
                .contains("Somebody else has just changed this record")
        );
        assert_eq!(wang.get("/account").status, 303);
        assert_eq!(wang.sign_in("wang.fang", "a quiet evening").status, 303);

        assert_eq!(
            admin.post_from(&page, &format!("{page}/close"), &[]).status,
            303
        );
        assert_eq!(wang.get("/account").status, 303);
        assert_eq!(wang.sign_in("wang.fang", "a quiet evening").status, 422);
        assert_eq!(
            admin.post_from(&page, &format!("{page}/open"), &[]).status,
            303
        );
        assert_eq!(wang.sign_in("wang.fang", "a quiet evening").status, 303);

        let reset = admin.post_from(&page, &format!("{page}/reset"), &[]);
        assert_eq!(reset.status, 200);
        assert_eq!(wang.get("/account").status, 303);
        assert_eq!(wang.sign_in("wang.fang", "a quiet evening").status, 422);
        assert_eq!(
            wang.sign_in("wang.fang", &one_time(&reset.text)).status,
            303
        );
        for act in [
            "account.edit",
            "account.close",
            "account.open",
            "account.reset",
            "account.password",
        ] {
            assert_eq!(city.audited(act, "done"), 1, "{act}");
        }
        assert_eq!(city.audited("account.add", "done"), 2);
    }
);

both_engines!(
    what_cannot_be_an_account_comes_back_with_its_fault,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.account("li", &[Role::Acceptor]);
        let mut admin = city.role(Role::SecurityAdmin);
        let long = "名".repeat(61);
        type Entries<'a> = &'a [(&'a str, &'a str)];
        let cases: [(Entries<'_>, u16, &str); 9] = [
            (
                &[("login", "li"), ("name", "李"), ("roles", "acceptor")],
                409,
                "is taken",
            ),
            (
                &[("login", "l i"), ("name", "李"), ("roles", "acceptor")],
                422,
                "A login is 2 to 64",
            ),
            (
                &[("login", "li2"), ("name", " "), ("roles", "acceptor")],
                422,
                "A name has 1 to 60",
            ),
            (
                &[("login", "li2"), ("name", &long), ("roles", "acceptor")],
                422,
                "A name has 1 to 60",
            ),
            (
                &[("login", "li2"), ("name", "李")],
                422,
                "Choose at least one role",
            ),
            (
                &[("login", "li2"), ("name", "李"), ("roles", "emperor")],
                422,
                "“Roles” could not be read",
            ),
            (
                &[
                    ("login", "li2"),
                    ("name", "李"),
                    ("roles", "auditor"),
                    ("roles", "leader"),
                ],
                422,
                "has no other role",
            ),
            (
                &[("login", "li2"), ("name", "李"), ("roles", "handler")],
                422,
                "Choose a unit",
            ),
            (
                &[
                    ("login", "li2"),
                    ("name", "李"),
                    ("roles", "leader"),
                    ("districts", "33010x"),
                ],
                422,
                "“Districts” could not be read",
            ),
        ];
        for (fields, status, says) in cases {
            let reply = admin.post_from("/users/new", "/users/new", fields);
            assert_eq!(reply.status, status, "{says}: {}", reply.text);
            assert!(reply.text.contains(says), "{says}: {}", reply.text);
            ui::testing::assert_sound(&reply.text);
        }
        let count = city.ask(|r| Ok(r.one::<(i64,)>("SELECT count(*) FROM accounts", &[])?.0));
        assert_eq!(count, 2);
    }
);

both_engines!(accounts_are_listed_page_by_page, &migrations(), |db| {
    let city = City::new(db);
    let mut admin = city.role(Role::SecurityAdmin);
    for n in 0..60 {
        city.account(&format!("u{n:02}"), &[Role::Acceptor]);
    }
    let first = admin.get("/users?q=u");
    assert!(
        first.text.contains(">u00<") && first.text.contains(">u48<"),
        "{}",
        first.text
    );
    let next = first
        .text
        .split("rel=\"next\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let second = admin.get(&next.replace("&amp;", "&").replace("&#38;", "&"));
    assert!(second.text.contains(">u59<") && !second.text.contains(">u00<"));
    assert!(!second.text.contains("rel=\"next\""));
    assert_eq!(admin.get("/users?after=nonsense").status, 422);
    assert!(
        admin.get("/users?q=%25").text.contains(">u00<"),
        "a percent sign is not a pattern"
    );
});

#[test]
fn nobody_changes_the_rights_of_the_account_they_act_with() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = City::new(&db);
    let id = city.account("chief", &[Role::SecurityAdmin]);
    let mut admin = city.signed_in("chief");
    let page = format!("/users/{id}");
    let fields = [("version", "1"), ("name", "x"), ("roles", "leader")];
    assert_eq!(admin.post_from(&page, &page, &fields).status, 403);
    for act in ["close", "open", "reset"] {
        assert_eq!(
            admin.post_from(&page, &format!("{page}/{act}"), &[]).status,
            403,
            "{act}"
        );
    }
    assert_eq!(admin.get(&page).status, 200);
    assert_eq!(
        admin
            .get(&format!("/users/{}", kernel::id::Id::from_bytes([1; 16])))
            .status,
        404
    );
    assert_eq!(admin.get("/users/none").status, 404);
}

#[test]
fn every_page_is_sound_in_both_languages() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = City::new(&db);
    let id = city.account("li", &[Role::Acceptor]);
    let (mut admin, mut auditor) = (city.role(Role::SecurityAdmin), city.role(Role::Auditor));
    let mut stranger = city.browser();
    for (lang, tag) in [("zh-CN", "lang=\"zh-CN\""), ("en", "lang=\"en\"")] {
        for browser in [&mut admin, &mut auditor, &mut stranger] {
            browser.lang = lang;
        }
        let pages = [
            stranger.get("/sign-in"),
            admin.get("/account"),
            admin.get("/users"),
            admin.get("/users?q=none"),
            admin.get("/users/new"),
            admin.get(&format!("/users/{id}")),
            auditor.get("/audit"),
        ];
        for page in pages {
            assert_eq!(page.status, 200);
            assert!(page.text.contains(tag));
            ui::testing::assert_sound(&page.text);
        }
    }
}
