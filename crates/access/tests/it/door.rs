//! What holds for every request: headers, bounds, faults in words, load shedding.

use crate::city::{City, sink};
use access::{
    Capability, Ctx, Fault, Fields, Json, MIGRATIONS, Operation, Permission, Query, Role, Routes,
    Settings, Upload,
};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::time::Duration;

fn migrations() -> Vec<store::Migration> {
    store::MIGRATIONS
        .iter()
        .chain(MIGRATIONS)
        .copied()
        .collect()
}

fn with_city(settings: Settings, more: Vec<Capability>, test: impl FnOnce(City)) {
    let db = testdb::TestDb::sqlite(&migrations());
    test(City::with(&db, settings, more));
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn fall() -> StatusCode {
    panic!("on purpose")
}
async fn sleep() -> StatusCode {
    tokio::time::sleep(Duration::from_millis(400)).await;
    StatusCode::OK
}
async fn ours() -> Result<Response, Fault> {
    Err(Fault::internal("the secret reason"))
}
async fn plain() -> Response {
    (StatusCode::BAD_REQUEST, "bare words").into_response()
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
struct Thing {
    #[allow(dead_code, reason = "only whether it reads matters")]
    size: u16,
}
async fn take(_: Ctx, Json(_): Json<Thing>) -> StatusCode {
    StatusCode::NO_CONTENT
}
async fn take_query(Query(_): Query<Thing>) -> StatusCode {
    StatusCode::NO_CONTENT
}
async fn take_form(fields: Fields) -> Result<StatusCode, Fault> {
    fields.need::<u16>("size").map(|_| StatusCode::NO_CONTENT)
}
async fn take_files(upload: Upload) -> String {
    let files: Vec<String> = upload
        .files
        .iter()
        .map(|f| format!("{}:{}:{}", f.field, f.name, f.bytes.len()))
        .collect();
    format!("{} {}", upload.fields.get("about"), files.join(","))
}

fn odd() -> Vec<Capability> {
    let operation = || {
        Operation::new("takes a thing")
            .body::<Thing>()
            .answers_empty(204, "taken")
    };
    let routes = Routes::new("odd")
        .on(Method::GET, "/odd/fall", Permission::Public, fall)
        .on(Method::GET, "/odd/sleep", Permission::Public, sleep)
        .on(Method::GET, "/odd/ours", Permission::Public, ours)
        .on(Method::GET, "/odd/plain", Permission::Public, plain)
        .on(Method::POST, "/odd/form", Permission::Public, take_form)
        .on(Method::POST, "/odd/files", Permission::Public, take_files)
        .takes(4096)
        .on_api(
            Method::GET,
            "/api/v1/fall",
            Permission::Public,
            fall,
            Operation::new("falls"),
        )
        .on_api(
            Method::GET,
            "/api/v1/ours",
            Permission::Public,
            ours,
            Operation::new("fails"),
        )
        .on_api(
            Method::GET,
            "/api/v1/query",
            Permission::Public,
            take_query,
            Operation::new("takes").query::<u16>("size", "its size"),
        )
        .on_api(
            Method::POST,
            "/api/v1/things",
            Permission::Public,
            take,
            operation(),
        );
    vec![Capability::new("odd", routes)]
}

#[test]
fn every_answer_is_protected() {
    with_city(Settings::default(), odd(), |city| {
        for path in [
            "/sign-in",
            "/nowhere",
            "/odd/fall",
            "/api/v1/ours",
            "/healthz",
            "/account",
        ] {
            let reply = city.send(get(path));
            let policy = reply.header("content-security-policy");
            assert!(
                policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(!policy.contains("unsafe"), "{path}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(reply.header("referrer-policy"), "same-origin", "{path}");
            assert_eq!(reply.header("cache-control"), "no-store", "{path}");
            assert!(
                reply
                    .header("permissions-policy")
                    .contains("geolocation=(self)"),
                "{path}"
            );
            assert_eq!(reply.header("x-request-id").len(), 36, "{path}");
        }
        let asset = ui::assets::url("theme.css").unwrap();
        assert!(
            city.send(get(&asset))
                .header("cache-control")
                .contains("immutable")
        );
        assert!(
            city.send(get("/look?lang=en&back=/sign-in"))
                .header("set-cookie")
                .starts_with("shiyu_lang=en")
        );
    });
}

#[test]
fn a_fault_is_told_in_the_readers_language_with_its_number() {
    with_city(Settings::default(), odd(), |city| {
        let mut reader = city.browser();
        for (path, status) in [
            ("/nowhere", 404),
            ("/odd/ours", 500),
            ("/odd/fall", 500),
            ("/odd/plain", 400),
        ] {
            for (lang, tag) in [("en", "lang=\"en\""), ("zh-CN", "lang=\"zh-CN\"")] {
                reader.lang = lang;
                let page = reader.get(path);
                assert_eq!(page.status, status, "{path}");
                assert!(
                    page.text.contains(tag) && page.text.contains(page.header("x-request-id")),
                    "{path}: {}",
                    page.text
                );
                assert!(
                    !page.text.contains("secret reason")
                        && !page.text.contains("on purpose")
                        && !page.text.contains("bare words")
                );
                ui::testing::assert_sound(&page.text);
            }
        }
        let problem = city.send(get("/api/v1/ours"));
        assert_eq!(
            (problem.status, problem.header("content-type")),
            (500, "application/problem+json")
        );
        let json = problem.json();
        assert_eq!(json["type"], "urn:shiyu:problem:access.internal");
        assert_eq!(json["reference"], problem.header("x-request-id"));
        assert!(json.get("detail").is_none() && !problem.text.contains("secret"));
        assert_eq!(city.send(get("/api/v1/fall")).status, 500);
        assert_eq!(
            city.send(get("/api/v1/none")).json()["code"],
            "access.not_found"
        );
        let wrong_method = city.send(
            Request::delete("/api/v1/query")
                .body(Body::empty())
                .unwrap(),
        );
        assert_eq!(
            (wrong_method.status, wrong_method.json()["code"].as_str()),
            (405, Some("access.method"))
        );
    });
}

#[test]
fn what_does_not_read_names_its_field() {
    with_city(Settings::default(), odd(), |city| {
        let json = |body: &str, media: &str| {
            let request = Request::post("/api/v1/things")
                .header("content-type", media)
                .body(Body::from(body.to_owned()))
                .unwrap();
            let reply = city.send(request);
            (
                reply.status,
                reply.json()["field"].as_str().map(str::to_owned),
            )
        };
        let size = Some("size".to_owned());

        let sound = Request::post("/api/v1/things")
            .header("content-type", "application/json; charset=utf-8");
        assert_eq!(
            city.send(sound.body(Body::from("{\"size\":3}")).unwrap())
                .status,
            204
        );
        assert_eq!(json("{}", "application/json"), (422, size.clone()));
        assert_eq!(
            json("{\"size\":-1}", "application/json"),
            (422, size.clone())
        );
        assert_eq!(json("{\"size\":3}", "text/plain"), (415, None));
        assert_eq!(json("{\"size\"", "application/json"), (400, None));
        assert_eq!(
            json(
                &format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20)),
                "application/json"
            )
            .0,
            413
        );
        let query = city.send(get("/api/v1/query?size=many"));
        assert_eq!(
            (query.status, query.json()["field"].as_str()),
            (422, Some("size"))
        );
        assert_eq!(city.send(get("/api/v1/query?%ff=%")).status, 422);
    });
}

#[test]
fn an_upload_shows_its_token_first_and_keeps_within_its_bound() {
    with_city(Settings::default(), odd(), |city| {
        let mut browser = city.browser();
        let csrf = browser.get("/sign-in").csrf();
        let mut send = |csrf: &str, content: &str| {
            let part = |head: &str, body: &str| {
                format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
            };
            let body = [
                part("name=\"csrf\"", csrf),
                part("name=\"about\"", "井盖"),
                part(
                    "name=\"photo\"; filename=\"C:\\x\\a.jpg\"\r\nContent-Type: image/jpeg",
                    content,
                ),
                part("name=\"photo\"; filename=\"\"", ""),
                "--b--\r\n".to_owned(),
            ];
            let request = browser
                .request(Method::POST, "/odd/files")
                .header("content-type", "multipart/form-data; boundary=b");
            browser.send(request.body(Body::from(body.concat())).unwrap())
        };
        let reply = send(&csrf, &"x".repeat(2000));
        assert_eq!(
            (reply.status, reply.text.as_str()),
            (200, "井盖 photo:a.jpg:2000")
        );
        assert_eq!(send("no", "x").status, 403);
        assert_eq!(send(&csrf, &"x".repeat(5000)).status, 413);
        let request = browser
            .request(Method::POST, "/odd/files")
            .header("x-csrf-token", &csrf)
            .header("content-type", "multipart/form-data; boundary=b");
        assert_eq!(
            browser
                .send(request.body(Body::from("--b\r\ngarbage")).unwrap())
                .status,
            400
        );
        let fault = browser.post_raw("/odd/form", &[("csrf", &csrf), ("size", "big")]);
        assert_eq!(fault.status, 422);
        // A page without the form knows no label of the field: it says what was typed.
        assert!(fault.text.contains("“big”"), "{}", fault.text);
    });
}

#[test]
fn too_many_at_once_are_told_to_come_back() {
    let mut settings = Settings::default();
    settings.limits.in_flight = 2;
    with_city(settings, odd(), |city| {
        let replies = city.send_all((0..6).map(|_| get("/odd/sleep")).collect());
        let busy: Vec<_> = replies.iter().filter(|r| r.status == 429).collect();
        assert_eq!(busy.len(), 4, "{replies:?}");
        for reply in busy {
            assert_eq!(reply.header("retry-after"), "2");
            ui::testing::assert_sound(&reply.text);
        }
        assert_eq!(city.send(get("/odd/sleep")).status, 200);
        assert_eq!(city.send(get("/healthz")).status, 200);
    });
}

#[test]
fn a_request_that_takes_too_long_is_given_up() {
    let mut settings = Settings::default();
    settings.limits.request = Duration::from_millis(50);
    with_city(settings, odd(), |city| {
        let reply = city.send(get("/odd/sleep"));
        assert_eq!((reply.status, reply.header("retry-after")), (503, "5"));
    });
}

#[test]
fn public_reports_are_bounded_by_network() {
    let mut settings = Settings::default();
    settings.limits.report_burst = 3;
    let sink = sink(Method::POST, "/api/v1/reports", Permission::CaseReport);
    with_city(settings, vec![sink], |city| {
        let report = |from: &str| {
            let address: SocketAddr = from.parse().unwrap();
            let mut request = Request::post("/api/v1/reports")
                .body(Body::empty())
                .unwrap();
            request.extensions_mut().insert(ConnectInfo(address));
            city.send(request)
        };
        for n in 1..=3 {
            assert_eq!(report(&format!("192.0.2.{n}:5000")).status, 204);
        }
        let refused = report("192.0.2.77:5000");
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (429, Some("access.too_often"))
        );
        assert_eq!(refused.header("retry-after"), "60");
        assert_eq!(report("198.51.100.1:5000").status, 204);
        city.clock.advance(Duration::from_secs(60));
        assert_eq!(report("192.0.2.77:5000").status, 204);
        // Staff are not bounded by their network.
        let mut staff = city.role(Role::Acceptor);
        let csrf = staff.get("/account").csrf();
        for _ in 0..9 {
            let mut request = staff
                .request(Method::POST, "/api/v1/reports")
                .header("x-csrf-token", &csrf)
                .body(Body::empty())
                .unwrap();
            request
                .extensions_mut()
                .insert(ConnectInfo("192.0.2.1:5000".parse::<SocketAddr>().unwrap()));
            assert_eq!(staff.send(request).status, 204);
        }
    });
}

#[test]
fn pages_are_packed_for_whoever_understands_it() {
    with_city(Settings::default(), Vec::new(), |city| {
        let request = Request::get("/sign-in")
            .header("accept-encoding", "gzip")
            .body(Body::empty())
            .unwrap();
        assert_eq!(city.send(request).header("content-encoding"), "gzip");
        assert_eq!(city.send(get("/sign-in")).header("content-encoding"), "");
    });
}

#[test]
fn a_fragment_is_sent_to_the_sign_in_page_whole() {
    with_city(Settings::default(), Vec::new(), |city| {
        let request = Request::get("/users")
            .header("hx-request", "true")
            .body(Body::empty())
            .unwrap();
        let reply = city.send(request);
        assert_eq!(
            (reply.status, reply.header("hx-redirect")),
            (401, "/sign-in?next=%2Fusers")
        );
    });
}
