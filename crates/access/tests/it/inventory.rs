//! The whole table of routes: strangers stay outside, roles get what the matrix says, garbage gets an answer, every
//! code has its words, and the matrix is the committed one.

use crate::city::{City, capabilities};
use access::{MIGRATIONS, Permission, Role, RouteKind, Settings, table_of};
use axum::body::Body;
use axum::http::{Method, Request};
use std::fmt::Write as _;
use std::path::Path;

fn migrations() -> Vec<store::Migration> {
    store::MIGRATIONS
        .iter()
        .chain(MIGRATIONS)
        .copied()
        .collect()
}

fn filled(path: &str) -> String {
    path.replace("{id}", "018f0000-0000-7000-8000-000000000000")
        .replace("{*path}", "x")
}

#[test]
fn a_stranger_stays_outside_every_route_that_is_not_open() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = City::new(&db);
    for route in table_of(&capabilities(Vec::new())) {
        let path = filled(route.path);
        let reply = city.send(
            Request::builder()
                .method(&route.method)
                .uri(&path)
                .body(Body::empty())
                .unwrap(),
        );
        let at = format!("{} {path}: {}", route.method, reply.status);
        if route.permission.is_open() {
            assert!(reply.status < 500, "{at}");
        } else if route.kind == RouteKind::Api {
            assert_eq!(reply.status, 401, "{at}");
        } else {
            assert_eq!(reply.status, 303, "{at}");
            assert!(reply.header("location").starts_with("/sign-in"), "{at}");
        }
    }
}

#[test]
fn each_role_gets_what_the_table_says() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = City::with(&db, Settings::default(), Vec::new());
    for role in Role::ALL {
        let mut somebody = city.role(*role);
        let csrf = somebody.get("/account").csrf();
        for route in table_of(&capabilities(Vec::new())) {
            // Signing out would end the session under test; it has its own test.
            if route.path == "/sign-out" {
                continue;
            }
            let request = somebody
                .request(route.method.clone(), &filled(route.path))
                .header("x-csrf-token", &csrf);
            let reply = somebody.send(request.body(Body::empty()).unwrap());
            let may = route.permission.is_open() || role.permissions().contains(&route.permission);
            assert_eq!(
                reply.status != 403,
                may,
                "{role} {} {}: {}",
                route.method,
                route.path,
                reply.status
            );
            assert!(
                reply.status < 500,
                "{role} {} {}: {}",
                route.method,
                route.path,
                reply.text
            );
        }
    }
}

#[test]
fn garbage_gets_an_answer_in_words() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = City::new(&db);
    let bodies: [&[u8]; 6] = [
        b"",
        b"\xff\xfe\x00",
        b"{\"a\":",
        b"a=%zz&b=%",
        b"--b\r\n\r\n",
        &[b'['; 5000],
    ];
    let types = [
        "",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "x\u{1}/y",
    ];
    for role in [Role::SecurityAdmin, Role::Auditor] {
        let mut somebody = city.role(role);
        let csrf = somebody.get("/account").csrf();
        for route in table_of(&capabilities(Vec::new())) {
            if route.path == "/sign-out" || route.permission.is_open() {
                continue;
            }
            for (body, media) in bodies
                .iter()
                .flat_map(|body| types.iter().map(move |media| (*body, *media)))
            {
                let path = format!("{}?after=%ff&limit=-1&purpose=%00", filled(route.path));
                let request = somebody
                    .request(route.method.clone(), &path)
                    .header("x-csrf-token", &csrf);
                let request = if media.is_empty() {
                    request
                } else {
                    request.header("content-type", media.as_bytes())
                };
                let Ok(request) = request.body(Body::from(body.to_vec())) else {
                    continue;
                };
                let reply = somebody.send(request);
                let at = format!(
                    "{} {} {media} {body:?}: {}",
                    route.method, route.path, reply.status
                );
                assert!(reply.status < 500, "{at}");
                if reply.status >= 400 {
                    let media = reply.header("content-type");
                    assert!(
                        media.starts_with("text/html") || media == "application/problem+json",
                        "{at}: {media}"
                    );
                }
            }
        }
    }
}

#[test]
fn garbage_cookies_are_strangers() {
    let db = testdb::TestDb::sqlite(&migrations());
    let city = City::new(&db);
    for cookie in [
        "",
        "=",
        ";;;",
        "shiyu_session",
        "shiyu_session=",
        "shiyu_session=%00; shiyu_visitor=x",
        "shiyu_flash=good.%ff",
        "shiyu_lang=\u{1}",
    ] {
        let Ok(request) = Request::get("/sign-in")
            .header("cookie", cookie.as_bytes())
            .body(Body::empty())
        else {
            continue;
        };
        assert_eq!(city.send(request).status, 200, "{cookie:?}");
    }
    let request = Request::get("/account")
        .header("cookie", &b"shiyu_session=\xff\xfe"[..])
        .body(Body::empty())
        .unwrap();
    assert_eq!(city.send(request).status, 303);
}

#[test]
fn a_route_has_one_place_in_the_table() {
    let table = table_of(&capabilities(Vec::new()));
    let mut seen: Vec<(&str, &str)> = table.iter().map(|r| (r.method.as_str(), r.path)).collect();
    let all = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), all);
    assert!(
        table
            .iter()
            .all(|r| r.kind != RouteKind::Api || r.path.starts_with("/api/"))
    );
    let changing_by_get = table.iter().find(|r| {
        r.method == Method::GET && (r.path.ends_with("/reset") || r.path.ends_with("/close"))
    });
    assert!(changing_by_get.is_none());
}

#[test]
fn words_used_and_words_defined_are_the_same() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = access::words_of(&capabilities(Vec::new())).unwrap();
    let used = ui::testing::used_keys(&[&here.join("templates"), &here.join("src")]).unwrap();
    let faults = ui::testing::word_faults(&words, &used, &["access"]);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_code_has_its_words() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = access::words_of(&capabilities(Vec::new())).unwrap();
    let mut codes = Vec::new();
    collect_codes(&here.join("src"), &mut codes);
    assert!(codes.len() > 40, "{codes:?}");
    // The page of a fault of ours has words of its own and never tells the reason.
    codes.retain(|code| code != "access.internal");
    let missing: Vec<&String> = codes
        .iter()
        .filter(|code| !words.has(&access::word_key(code)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let keys: Vec<String> = codes.iter().map(|code| access::word_key(code)).collect();
    let idle: Vec<&str> = words
        .keys()
        .map(|k| k.0)
        .filter(|k| k.starts_with("access-error-") && !keys.iter().any(|key| key == k))
        .collect();
    assert!(idle.is_empty(), "{idle:?}");
}

/// All texts `"access.…"` in the source but the name of the one setting.
fn collect_codes(folder: &Path, codes: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_codes(&path, codes);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for rest in text.split("\"access.").skip(1) {
            let code = format!("access.{}", rest.split('"').next().unwrap());
            if code != "access.cookie_key" && !codes.contains(&code) {
                codes.push(code);
            }
        }
    }
}

#[test]
fn the_permission_matrix_is_the_committed_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/permissions.md");
    let made = matrix();
    if std::env::var_os("SHIYU_BLESS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == made,
        "docs/permissions.md is not the table of the program: run `cargo xtask bless` and review it"
    );
}

fn matrix() -> String {
    let mut out = String::from(
        "# Who may do what\n\nGenerated from the table in `crates/access/src/permission.rs`; a test compares the two. \
         ● = holds it. What is open to all needs no account.\n\n| permission | all |",
    );
    for role in Role::ALL {
        let _ = write!(out, " {role} |");
    }
    out.push_str("\n|---|---|");
    out.push_str(&"---|".repeat(Role::ALL.len()));
    for permission in Permission::ALL {
        let open = if permission.is_open() { "●" } else { "" };
        let _ = write!(out, "\n| `{permission}` | {open} |");
        for role in Role::ALL {
            let mark = if role.permissions().contains(permission) {
                "●"
            } else {
                ""
            };
            let _ = write!(out, " {mark} |");
        }
    }
    out.push('\n');
    out
}
