//! Over everything the program is composed of: strangers stay outside, roles get what the matrix says, garbage gets an
//! answer, what changes something leaves an audit row.

use crate::place::{Place, on_both};
use access::ops::accounts;
use access::{
    AccountDraft, AppState, Ctx, Permission, Role, RouteInfo, RouteKind, SystemRole, UnitId,
};
use app::compose::{Program, capabilities};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, header};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use tower::ServiceExt as _;

const PASSWORD: &str = "a quiet morning";

/// The composed program as `shiyu serve` makes it, asked inside the test.
pub(crate) struct City {
    router: Router,
    program: Program,
    runtime: tokio::runtime::Runtime,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text))
    }
    fn csrf(&self) -> String {
        let rest = self.text.split("name=\"csrf\" value=\"").nth(1);
        let rest = rest.unwrap_or_else(|| panic!("no form: {}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }
}

/// Somebody signed in: cookies and the token of forms.
pub(crate) struct Visitor {
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl City {
    pub(crate) fn new(place: &Place) -> Self {
        let mut program = place.program();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let state: AppState =
            app::serve::state_of(&mut program, &runtime, "http://127.0.0.1".into())
                .unwrap_or_else(|e| panic!("{e:?}"));
        // What open desks listen to goes on for minutes; here every answer is read to its end.
        let system = program.system(SystemRole::Operator);
        system.service::<cases::service::Cases>().hang_up();
        Self {
            router: access::router(&state, capabilities()),
            program,
            runtime,
        }
    }
    pub(crate) fn system(&self) -> Ctx {
        self.program.system(SystemRole::Operator)
    }
    fn send(&self, request: Request<Body>) -> Reply {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, 16 << 20).await.unwrap();
            Reply {
                status: parts.status.as_u16(),
                headers: parts.headers,
                text: String::from_utf8_lossy(&bytes).into_owned(),
            }
        })
    }
    pub(crate) fn account(
        &self,
        login: &str,
        roles: &[Role],
        unit: Option<UnitId>,
    ) -> access::AccountId {
        static HASH: LazyLock<String> =
            LazyLock::new(|| access::password::hash_blocking(PASSWORD).unwrap());
        let ctx = self.system();
        let draft = AccountDraft {
            name: login.into(),
            roles: roles.to_vec(),
            unit,
            districts: Vec::new(),
        };
        let new = accounts::new_account(login, draft, HASH.clone(), false, ctx.now()).unwrap();
        ctx.write_blocking(move |w| accounts::add(w, &new)).unwrap()
    }
    /// An API token of a new account.
    fn token(&self, login: &str, roles: &[Role], unit: Option<UnitId>) -> String {
        self.token_for(login, roles, unit, &[])
    }
    /// A token with these permissions; none = all the roles hold but those on the own account.
    fn token_for(
        &self,
        login: &str,
        roles: &[Role],
        unit: Option<UnitId>,
        scopes: &[access::Permission],
    ) -> String {
        let id = self.account(login, roles, unit);
        let ctx = self.system();
        let account = ctx.read_blocking(move |r| accounts::find(r, id)).unwrap();
        let token = accounts::new_token(&account, "test", scopes, 30, ctx.now()).unwrap();
        let text = token.text.clone();
        ctx.write_blocking(move |w| accounts::add_token(w, id, &token))
            .unwrap();
        text
    }
    pub(crate) fn sign_in(&self, login: &str) -> Visitor {
        let mut visitor = Visitor {
            cookies: BTreeMap::new(),
            csrf: String::new(),
        };
        let form = self.visit(&mut visitor, Method::GET, "/sign-in", "", Vec::new());
        let body = format!(
            "csrf={}&login={login}&password={}",
            form.csrf(),
            PASSWORD.replace(' ', "+")
        );
        let form_type = "application/x-www-form-urlencoded";
        let done = self.visit(
            &mut visitor,
            Method::POST,
            "/sign-in",
            form_type,
            body.into_bytes(),
        );
        assert_eq!(done.status, 303, "{login}: {}", done.text);
        visitor.csrf = self
            .visit(&mut visitor, Method::GET, "/account", "", Vec::new())
            .csrf();
        visitor
    }
    pub(crate) fn visit(
        &self,
        visitor: &mut Visitor,
        method: Method,
        path: &str,
        media: &str,
        body: Vec<u8>,
    ) -> Reply {
        let jar: Vec<String> = visitor
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let mut request = Request::builder().method(method).uri(path);
        if !jar.is_empty() {
            request = request.header(header::COOKIE, jar.join("; "));
        }
        // Forms without a session carry their token in a field.
        if !visitor.csrf.is_empty() {
            request = request.header("x-csrf-token", &visitor.csrf);
        }
        if !media.is_empty() {
            request = request.header(header::CONTENT_TYPE, media);
        }
        let reply = self.send(request.body(Body::from(body)).unwrap());
        for line in reply.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                visitor.cookies.remove(name);
            } else {
                let value = rest.split(';').next().unwrap();
                visitor.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }
    pub(crate) fn count(&self, sql: &'static str) -> i64 {
        self.system()
            .read_blocking::<_, store::StoreError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
            .unwrap()
    }
}

fn table() -> Vec<RouteInfo> {
    let table = access::table_of(&capabilities());
    assert!(table.len() > 30, "only {} routes", table.len());
    table
}

/// A path with something in every place that varies, none of which is there.
fn filled(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((head, tail)) = rest.split_once('{') {
        let (name, after) = tail.split_once('}').unwrap();
        out.push_str(head);
        out.push_str(match name.trim_start_matches('*') {
            "number" => "990001-20260316-00001",
            "id" => "018f0000-0000-7000-8000-000000000000",
            _ => "x",
        });
        rest = after;
    }
    out + rest
}

on_both!(
    a_stranger_stays_outside_every_route_that_is_not_open,
    |place| {
        let city = City::new(place);
        let before = city.count("SELECT count(*) FROM outbox");
        for route in table() {
            let path = filled(route.path);
            for query in ["", "?limit=1&purpose=x"] {
                let request = Request::builder()
                    .method(&route.method)
                    .uri(format!("{path}{query}"))
                    .body(Body::empty());
                let reply = city.send(request.unwrap());
                let at = format!("{} {path}: {} {}", route.method, reply.status, reply.text);
                if route.permission.is_open() {
                    assert!(reply.status < 500 && reply.status != 401, "{at}");
                } else if route.kind == RouteKind::Api {
                    assert_eq!(reply.status, 401, "{at}");
                    assert_eq!(
                        reply.header("content-type"),
                        "application/problem+json",
                        "{at}"
                    );
                } else {
                    assert_eq!(reply.status, 303, "{at}");
                    assert!(reply.header("location").starts_with("/sign-in"), "{at}");
                    assert!(reply.text.is_empty(), "{at}");
                }
            }
        }
        assert_eq!(city.count("SELECT count(*) FROM outbox"), before);
        assert_eq!(city.count("SELECT count(*) FROM cases"), 0);
    }
);

/// A token on a wall lasts for weeks, so what it opens is written down here, and a new page of a wall is a decision.
#[test]
fn a_wall_shows_these_pages_and_no_others() {
    let routes = table();
    let shown: BTreeSet<&str> = routes
        .iter()
        .filter(|route| route.is_for_a_wall)
        .map(|route| route.path)
        .collect();
    let expected = [
        "/city-map",
        "/command",
        "/forecast/lights",
        "/tiles/cases/{z}/{x}/{file}",
        "/tiles/divisions/{z}/{x}/{file}",
        "/tiles/grids/{z}/{x}/{file}",
    ];
    assert_eq!(shown, BTreeSet::from(expected));
    let only_looks = |route: &&RouteInfo| route.method == Method::GET;
    assert!(
        routes
            .iter()
            .filter(|r| r.is_for_a_wall)
            .all(|r| only_looks(&r))
    );
}

#[test]
fn each_role_gets_what_the_table_says() {
    let place = Place::sqlite().ready();
    let city = City::new(&place);
    let unit = UnitId(kernel::id::Id::new(city.system().now(), rand::random()));
    let mut refused = 0;
    for role in Role::ALL {
        city.account(role.as_str(), &[*role], Some(unit));
        let mut somebody = city.sign_in(role.as_str());
        for route in table() {
            if ["/sign-out", "/wall"].contains(&route.path) {
                continue; // would end the session under test
            }
            let reply = city.visit(
                &mut somebody,
                route.method.clone(),
                &filled(route.path),
                "",
                Vec::new(),
            );
            let may = route.permission.is_open() || role.permissions().contains(&route.permission);
            let at = format!("{role} {} {}: {}", route.method, route.path, reply.status);
            assert_eq!(reply.status != 403, may, "{at} {}", reply.text);
            assert!(reply.status < 500, "{at} {}", reply.text);
            refused += u32::from(!may);
        }
    }
    assert!(refused > 100, "only {refused} refusals");
    let holders = |p: Permission| {
        Role::ALL
            .iter()
            .filter(|r| r.permissions().contains(&p))
            .count()
    };
    for route in table() {
        let open = route.permission.is_open();
        assert!(
            open || holders(route.permission) > 0,
            "nobody may {} {}",
            route.method,
            route.path
        );
    }
}

#[test]
fn garbage_gets_an_answer_in_words_everywhere() {
    let place = Place::sqlite().ready();
    let city = City::new(&place);
    let unit = UnitId(kernel::id::Id::new(city.system().now(), rand::random()));
    // The three administrators are kept apart; everybody else together may do everything else.
    let desk: Vec<Role> = Role::ALL
        .iter()
        .copied()
        .filter(|r| {
            !matches!(
                r,
                Role::SystemAdmin | Role::SecurityAdmin | Role::Auditor | Role::Resident
            )
        })
        .collect();
    let bodies: [&[u8]; 9] = [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe\x00",
        b"{\"acts\":[{\"act\":\"\\u0000\"}],\"description\":7}",
        b"a=%zz&b=%&csrf=",
        b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\xff\r\n--b",
        &[b'['; 5000],
    ];
    let types = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
    ];
    let mut answered = 0;
    for (login, roles) in [
        ("desk", desk),
        ("sysadmin", vec![Role::SystemAdmin]),
        ("secadmin", vec![Role::SecurityAdmin]),
        ("auditor", vec![Role::Auditor]),
    ] {
        city.account(login, &roles, Some(unit));
        let mut somebody = city.sign_in(login);
        let held = |p: Permission| roles.iter().any(|r| r.permissions().contains(&p));
        for route in table() {
            if route.path == "/sign-out" || route.path == "/account/password" && login != "desk" {
                continue;
            }
            if !(held(route.permission) || route.permission.is_open() && login == "desk") {
                continue;
            }
            let wild = route.path.replace(['{', '}', '*'], "%ff");
            for path in [filled(route.path), wild] {
                let path = format!(
                    "{path}?after=%ff&limit=-1&purpose=%00&from=x&to=%F0&state=%27&code=&district=1&by=x"
                );
                for (body, media) in bodies
                    .iter()
                    .flat_map(|b| types.iter().map(move |m| (b, m)))
                {
                    if route.method == Method::GET && (body.len() > 4 || !media.ends_with("json")) {
                        continue; // a body says nothing there
                    }
                    let reply = city.visit(
                        &mut somebody,
                        route.method.clone(),
                        &path,
                        media,
                        body.to_vec(),
                    );
                    let at = format!("{} {path} {media} {body:?}: {}", route.method, reply.status);
                    assert!(reply.status < 500, "{at} {}", reply.text);
                    if reply.status >= 400 {
                        let media = reply.header("content-type");
                        // Open311 has a form of its own for whatever is refused: a list of errors.
                        let is_known = if path.starts_with("/open311/") {
                            media == "text/xml; charset=utf-8"
                                && reply.text.contains("<errors><error><code>")
                                || media == "application/json; charset=utf-8"
                                    && reply.text.starts_with("[{\"code\":")
                        } else {
                            media.starts_with("text/html") || media == "application/problem+json"
                        };
                        assert!(is_known, "{at}: {media} {}", reply.text);
                    }
                    answered += 1;
                }
            }
        }
    }
    assert!(answered > 500, "only {answered} answers");
    assert_eq!(city.count("SELECT count(*) FROM cases"), 0);
}

const CLASSES: &str = "kind,major,minor,name_zh,verify,rule_no,condition,limit,closing,code\n\
    component,01,01,上水井盖,1,1,缺失,4WH,恢复;更换,C0101\n";
const UNITS: &str = "code,name,kind\nWATER,水务局,政府\n";
const PICTURE: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\
    \x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0d\x49\x44\x41\x54\x78\xda\x63\x64\xf8\xcf\x50\
    \x0f\x00\x03\x86\x01\x80\x5a\x34\x7d\x6b\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// Every API route that changes something, driven once with success: each leaves at least one audit row `done`.
fn drive(city: &City) -> BTreeSet<(Method, &'static str)> {
    let ctx = city.system();
    actors::ops::import_units(&ctx, UNITS.as_bytes(), "test").unwrap();
    let options = matters::ops::CatalogueOptions {
        id: "test".into(),
        standard: "test".into(),
        version: "1".into(),
        valid_from: None,
        valid_to: None,
        source: "test".into(),
        limits: kernel::deadline::ParseOptions::default(),
        effective: None,
        kind: None,
    };
    let classes = matters::ops::import_matters(&ctx, CLASSES.as_bytes(), &options).unwrap();
    assert_eq!(classes.rejected, 0, "{classes:?}");
    city.program.reference.refresh_blocking(&ctx).unwrap();
    let current = city.program.reference.current();
    let class = current
        .matters
        .by_code("test", "C0101")
        .unwrap()
        .id
        .to_string();
    let water = current.units.by_code("WATER").unwrap().id;
    let desk = [Role::Acceptor, Role::ShiftLeader, Role::Dispatcher];
    let collector = city.token("collector", &[Role::Collector], None);
    let checker = city.token("checker", &[Role::Checker], None);
    let handler = city.token("handler", &[Role::Handler], Some(water));
    let second = city.token("second", &[Role::ShiftLeader], None);
    let desk = city.token("desk", &desk, None);

    let mut driven = BTreeSet::new();
    let mut post =
        |route: &'static str, token: &str, path: &str, media: &str, body: Vec<u8>| -> Value {
            let before = city.count("SELECT count(*) FROM audit WHERE outcome = 'done'");
            let mut request = Request::post(path).header(header::CONTENT_TYPE, media);
            if !token.is_empty() {
                request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
            }
            let reply = city.send(request.body(Body::from(body)).unwrap());
            assert!(
                (200..300).contains(&reply.status),
                "{path}: {} {}",
                reply.status,
                reply.text
            );
            let after = city.count("SELECT count(*) FROM audit WHERE outcome = 'done'");
            assert!(
                after > before,
                "POST {route} changed something and left no audit row"
            );
            driven.insert((Method::POST, route));
            // Nothing, or XML, where the call answers so.
            serde_json::from_str(&reply.text).unwrap_or(Value::Null)
        };
    let json_type = "application/json";
    let mut upload =
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\n\r\n"
            .to_vec();
    upload.extend_from_slice(PICTURE);
    upload.extend_from_slice(b"\r\n--b--\r\n");
    let picture = post(
        "/api/v1/attachments",
        "",
        "/api/v1/attachments",
        "multipart/form-data; boundary=b",
        upload,
    );
    let body =
        json!({ "description": "井盖缺失", "matter": class, "attachments": [picture["id"]] });
    let receipt = post(
        "/api/v1/reports",
        "",
        "/api/v1/reports",
        json_type,
        body.to_string().into(),
    );
    let own = json!({ "channel": "patrol", "description": "井盖缺失", "matter": class });
    post(
        "/api/v1/cases",
        &collector,
        "/api/v1/cases",
        json_type,
        own.to_string().into(),
    );
    let path = format!("/api/v1/cases/{}/acts", receipt["number"].as_str().unwrap());
    for (token, acts) in [
        (&collector, json!([{ "act": "take_task" }])),
        (&collector, json!([{ "act": "verify", "outcome": "yes" }])),
        (&desk, json!([{ "act": "accept" }])),
        (&desk, json!([{ "act": "register" }])),
        (
            &desk,
            json!([{ "act": "dispatch", "unit": water.to_string(), "basis": "职责" }]),
        ),
        (&handler, json!([{ "act": "sign" }])),
        (
            &handler,
            json!([{ "act": "report_back", "result": "已更换" }]),
        ),
        (&checker, json!([{ "act": "check", "passed": true }])),
        (&desk, json!([{ "act": "close", "closing": "更换" }])),
        (
            &desk,
            json!([{ "act": "call_back", "satisfaction": "satisfied", "solved": true }]),
        ),
    ] {
        let body = json!({ "acts": acts }).to_string();
        post(
            "/api/v1/cases/{number}/acts",
            token,
            &path,
            json_type,
            body.into(),
        );
    }
    let secret = json!({ "description": "井盖缺失", "matter": class, "confidential": true, "contact": { "name": "王小二" } });
    let secret = post(
        "/api/v1/reports",
        "",
        "/api/v1/reports",
        json_type,
        secret.to_string().into(),
    );
    let at = format!(
        "/api/v1/cases/{}/requester",
        secret["number"].as_str().unwrap()
    );
    let asked = post(
        "/api/v1/cases/{number}/requester/unmaskings",
        &desk,
        &format!("{at}/unmaskings"),
        json_type,
        json!({ "reason": "须当面核实" }).to_string().into(),
    );
    let request = format!("{at}/unmaskings/{}", asked["id"].as_str().unwrap());
    for (route, token, path, body) in [
        (
            "/api/v1/cases/{number}/requester/unmaskings/{id}",
            &second,
            request,
            json!({ "granted": true }),
        ),
        (
            "/api/v1/cases/{number}/requester/look",
            &desk,
            format!("{at}/look"),
            json!({ "purpose": "duty" }),
        ),
        (
            "/api/v1/cases/{number}/requester/erase",
            &desk,
            format!("{at}/erase"),
            json!({ "cause": "mistake" }),
        ),
    ] {
        post(route, token, &path, json_type, body.to_string().into());
    }
    for route in ["/open311/v2/requests.json", "/open311/v2/requests.xml"] {
        let form = format!("api_key={collector}&service_code=C0101&address_string=x");
        let media = "application/x-www-form-urlencoded";
        post(route, "", route, media, form.into());
    }
    let source = cases::facts::CaseFacts::source(city.program.config.timezone.clone());
    facts::catch_up(&city.system(), &source).unwrap();
    for (route, token, path, body) in warning_calls(city, &desk) {
        post(route, &token, &path, json_type, body.to_string().into());
    }
    for (route, token, path, body) in together_calls(city, &desk) {
        post(route, &token, &path, json_type, body.to_string().into());
    }
    drive_supervision(
        city,
        &mut post,
        [&collector, &desk, &handler],
        &class,
        water,
    );
    let leader = city.token("leader", &[Role::Leader], None);
    keep_models(city);
    let settings = json!({ "version": 1, "enabled": true, "nightly": false, "target": 0.9 });
    for (route, path, body) in [
        (
            "/api/v1/suggestion-settings",
            "/api/v1/suggestion-settings",
            settings,
        ),
        (
            "/api/v1/suggestion-models/{number}/use",
            "/api/v1/suggestion-models/1/use",
            json!({}),
        ),
        (
            "/api/v1/suggestion-models",
            "/api/v1/suggestion-models",
            json!({}),
        ),
        ("/api/v1/hot-topics", "/api/v1/hot-topics", json!({})),
    ] {
        post(route, &leader, path, json_type, body.to_string().into());
    }
    let about = json!({ "title": "井盖", "matters": [class], "unit": "WATER" });
    let topics = "/api/v1/topics";
    let made = post(topics, &leader, topics, json_type, about.to_string().into());
    let topic = format!("{topics}/{}", made["id"].as_str().unwrap());
    let edited = json!({ "version": 1, "title": "井盖", "matters": [class], "unit": "WATER" });
    for (route, path, body) in [
        ("/api/v1/topics/{id}", topic.clone(), edited),
        (
            "/api/v1/topics/{id}/moves",
            format!("{topic}/moves"),
            json!({ "version": 2, "to": "start" }),
        ),
        (
            "/api/v1/topics/{id}/cases",
            format!("{topic}/cases"),
            json!({}),
        ),
        (
            "/api/v1/topics/{id}/measures",
            format!("{topic}/measures"),
            json!({ "words": "更换" }),
        ),
    ] {
        post(route, &leader, &path, json_type, body.to_string().into());
    }
    let admin = city.token("rules", &[Role::SystemAdmin], None);
    let rules = "/api/v1/rules";
    let body = json!({ "rules": { "cases.most_extensions": "3" }, "reason": "试行" });
    post(rules, &admin, rules, json_type, body.to_string().into());
    let months = "/api/v1/evaluation/months";
    let body = json!({ "month": "2024-01" });
    post(months, &leader, months, json_type, body.to_string().into());
    drive_reference(city, &mut post, &admin);
    drive_own(city, &mut post, [&collector, &desk, &handler], &class);
    let auditor = city.token("auditor", &[Role::Auditor], None);
    let sample = "/api/v1/audit/sample";
    let body = json!({ "from": "2020-01-01T00:00:00Z", "to": "2199-01-01T00:00:00Z", "size": 3, "seed": "lot" });
    post(sample, &auditor, sample, json_type, body.to_string().into());
    let shown = Request::get(format!(
        "/api/v1/cases/{}",
        receipt["number"].as_str().unwrap()
    ))
    .header(header::AUTHORIZATION, format!("Bearer {desk}"))
    .body(Body::empty());
    assert_eq!(city.send(shown.unwrap()).json()["state"], "closed");
    // What the requester still does by the private link.
    let link = receipt["link"].as_str().unwrap();
    let link = link.rsplit('/').next().unwrap();
    for (route, what, body) in [
        (
            "/api/v1/track/link/{token}/rate",
            "rate",
            json!({ "satisfaction": "dissatisfied" }),
        ),
        (
            "/api/v1/track/link/{token}/reopen",
            "reopen",
            json!({ "reason": "又松了" }),
        ),
        (
            "/api/v1/track/link/{token}/messages",
            "messages",
            json!({ "text": "就在路口" }),
        ),
    ] {
        let path = format!("/api/v1/track/link/{link}/{what}");
        post(route, "", &path, json_type, body.to_string().into());
    }
    let stop = format!("/near/stop/{}", keep_subscription(city));
    let one_click = b"List-Unsubscribe=One-Click".to_vec();
    let media = "application/x-www-form-urlencoded";
    post("/near/stop/{link}", "", &stop, media, one_click);
    driven
}

/// Somebody's subscription to a place; answers its link.
fn keep_subscription(city: &City) -> String {
    let (ctx, link) = (city.system(), "0f".repeat(32));
    let (keys, hash) = (
        ctx.service::<vault::Keys>(),
        nearby::rules::link_hash(&link).unwrap(),
    );
    ctx.write_blocking::<_, nearby::model::NearError, _>(move |mut w| {
        let district = "330102".parse().unwrap();
        let person = vault::NewSubject::new(district).with(
            vault::Field::Email,
            "li@city.example",
            "near",
            "consent",
        )?;
        let one = nearby::model::Subscription {
            district,
            id: kernel::id::Id::new(w.now(), rand::random()),
            subject: vault::ops::put(&mut w, &keys, &person)?,
            place: district.division(),
            classes: String::new(),
            lang: "en".into(),
            confirmed_at: None,
            told_until: w.now(),
        };
        nearby::sql::insert(&mut w, &one, &hash, jiff::civil::date(2026, 3, 16))?;
        let event = store::AuditEvent::done("test.setup", "test", "");
        Ok(w.commit(event, ())?)
    })
    .unwrap();
    link
}

/// A call of `drive`: route, token, path, media type, body; answers what came back.
type Post<'a> = dyn FnMut(&'static str, &str, &str, &str, Vec<u8>) -> Value + 'a;

/// A form with one file and these fields.
fn form_with(file: (&str, &str), fields: &[(&str, &str)]) -> Vec<u8> {
    let part = |name: &str, rest: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{value}\r\n")
    };
    let mut body: String = fields.iter().map(|(n, v)| part(n, "", v)).collect();
    let named = format!("; filename=\"{}\"", file.0);
    body.push_str(&part("file", &named, file.1));
    body.push_str("--b--\r\n");
    body.into_bytes()
}

/// Reference data and definitions that come in by the API.
fn drive_reference(city: &City, post: &mut Post<'_>, admin: &str) {
    let (json_type, form_type) = ("application/json", "multipart/form-data; boundary=b");
    let duties = "/api/v1/duties";
    let line = json!({ "matter": "C01", "handling": "WATER", "valid_from": "2026-03-01" });
    let line = post(duties, admin, duties, json_type, line.to_string().into());
    let end = format!("{duties}/{}/end", line["id"].as_str().unwrap());
    let last = json!({ "last": "2199-01-01" }).to_string();
    post(
        "/api/v1/duties/{id}/end",
        admin,
        &end,
        json_type,
        last.into(),
    );
    let items = "/api/v1/grid-items";
    let item = json!({ "list": "2026-1", "code": "1", "name": "核实", "approved_by": "政法委1号", "approved_on": "2026-01-01" });
    post(items, admin, items, json_type, item.to_string().into());
    let calendar = "/api/v1/calendar";
    let day = ("heat.txt", "version heat\nlocal\noff 2031-07-03 高温\n");
    let day = form_with(day, &[("reason", "高温")]);
    post(calendar, admin, calendar, form_type, day);
    let imports = "/api/v1/imports";
    let units = ("units.csv", "code,name,kind\nGAS,燃气集团,企业\n");
    for what in ["confirm", "cancel"] {
        let route = match what {
            "confirm" => "/api/v1/imports/{id}/confirm",
            _ => "/api/v1/imports/{id}/cancel",
        };
        let file = form_with(units, &[("kind", "units")]);
        let import = post(imports, admin, imports, form_type, file);
        let path = format!("{imports}/{}/{what}", import["id"].as_str().unwrap());
        post(route, admin, &path, json_type, b"{}".to_vec());
    }
    let analyst = city.token("definer", &[Role::Analyst], None);
    let sets = "/api/v1/evaluation/sets";
    let set = json!({ "id": "ours", "version": 1, "name_zh": "本市", "name_en": "Ours", "definition": [
        { "id": "closing/ours", "name_zh": "结案率", "name_en": "Closing", "numerator": ["archive"], "denominator": ["need_archive"] },
    ] });
    post(sets, &analyst, sets, json_type, set.to_string().into());
    let exports = "/api/v1/exports";
    let asked = json!({ "kind": "cases.csv" }).to_string();
    let export = post(exports, &analyst, exports, json_type, asked.into());
    let at = format!("{exports}/{}", export["id"].as_str().unwrap());
    // Nothing writes files here: it fails as one does whose disk is full.
    let failed = |mut w: store::Write<'_>| {
        w.exec("UPDATE exports SET state = 'failed', why = 'disk'", &[])?;
        w.commit(store::AuditEvent::done("test", "test", "1"), ())
    };
    city.system()
        .write_blocking::<_, store::StoreError, _>(failed)
        .unwrap();
    for (route, what) in [
        ("/api/v1/exports/{id}/again", "again"),
        ("/api/v1/exports/{id}/remove", "remove"),
    ] {
        let path = format!("{at}/{what}");
        post(route, &analyst, &path, json_type, b"{}".to_vec());
    }
}

/// What a resident does about an own report.
fn drive_own(city: &City, post: &mut Post<'_>, [collector, desk, handler]: [&str; 3], class: &str) {
    let resident = city.token("resident", &[Role::Resident], None);
    let checker = city.token("checker3", &[Role::Checker], None);
    let mut call = |route: &'static str, token: &str, path: &str, body: Value| {
        post(
            route,
            token,
            path,
            "application/json",
            body.to_string().into(),
        )
    };
    let reports = "/api/v1/reports";
    let report = json!({ "description": "井盖缺失", "matter": class });
    let receipt = call(reports, &resident, reports, report);
    let number = receipt["number"].as_str().unwrap();
    let water = city.program.reference.current();
    let water = water.units.by_code("WATER").unwrap().id.to_string();
    let mut act = |token: &str, act: Value| {
        let path = format!("/api/v1/cases/{number}/acts");
        call(
            "/api/v1/cases/{number}/acts",
            token,
            &path,
            json!({ "acts": [act] }),
        );
    };
    act(collector, json!({ "act": "take_task" }));
    act(collector, json!({ "act": "verify", "outcome": "yes" }));
    act(desk, json!({ "act": "accept" }));
    act(desk, json!({ "act": "register" }));
    act(desk, json!({ "act": "dispatch", "unit": water }));
    act(handler, json!({ "act": "sign" }));
    act(
        handler,
        json!({ "act": "ask_requester", "question": "哪个门？" }),
    );
    let own = |what: &str| format!("/api/v1/my-reports/{number}/{what}");
    call(
        "/api/v1/my-reports/{number}/answer",
        &resident,
        &own("answer"),
        json!({ "text": "东门" }),
    );
    let acts = "/api/v1/cases/{number}/acts";
    let path = format!("/api/v1/cases/{number}/acts");
    let ask = json!({ "acts": [{ "act": "ask_requester", "question": "哪一扇？" }] });
    call(acts, handler, &path, ask);
    let link = receipt["link"].as_str().unwrap();
    let link = link.rsplit('/').next().unwrap();
    call(
        "/api/v1/track/link/{token}/answer",
        "",
        &format!("/api/v1/track/link/{link}/answer"),
        json!({ "text": "左边" }),
    );
    let mut act = |token: &str, act: Value| {
        let path = format!("/api/v1/cases/{number}/acts");
        call(
            "/api/v1/cases/{number}/acts",
            token,
            &path,
            json!({ "acts": [act] }),
        );
    };
    act(handler, json!({ "act": "report_back", "result": "已更换" }));
    act(&checker, json!({ "act": "check", "passed": true }));
    act(desk, json!({ "act": "close", "closing": "更换" }));
    for (route, what, body) in [
        (
            "/api/v1/my-reports/{number}/rate",
            "rate",
            json!({ "satisfaction": "dissatisfied" }),
        ),
        (
            "/api/v1/my-reports/{number}/reopen",
            "reopen",
            json!({ "reason": "又松了" }),
        ),
        (
            "/api/v1/my-reports/{number}/messages",
            "messages",
            json!({ "text": "就在路口" }),
        ),
    ] {
        call(route, &resident, &own(what), body);
    }
}

/// A case that is reminded of, supervised and handed over, and what people do about notices.
fn drive_supervision(
    city: &City,
    post: &mut Post<'_>,
    [collector, desk, handler]: [&str; 3],
    class: &str,
    water: UnitId,
) {
    let admin = city.token("admin", &[Role::SystemAdmin], None);
    let security = city.token("security", &[Role::SecurityAdmin], None);
    let mut call = |route: &'static str, token: &str, path: &str, body: Value| -> Value {
        post(
            route,
            token,
            path,
            "application/json",
            body.to_string().into(),
        )
    };
    let connector =
        json!({ "name": "水务系统", "kind": "unit", "unit": water.to_string(), "enabled": true });
    let set = call(
        "/api/v1/connectors",
        &admin,
        "/api/v1/connectors",
        connector,
    );
    let connector = set["connector"]["id"].as_str().unwrap().to_owned();
    let of = |what: &str| format!("/api/v1/connectors/{connector}/{what}");
    call(
        "/api/v1/connectors/{id}/key",
        &security,
        &of("key"),
        json!({}),
    );
    call(
        "/api/v1/connectors/{id}/secret",
        &admin,
        &of("secret"),
        json!({}),
    );
    let ctx = city.system();
    city.runtime.block_on(connectors::begin(&ctx)).unwrap();
    city.runtime.block_on(supervision::begin(&ctx)).unwrap();
    let own = json!({ "channel": "patrol", "description": "井盖又缺失", "matter": class });
    let own = call("/api/v1/cases", collector, "/api/v1/cases", own);
    let number = own["number"].as_str().unwrap();
    let acts = json!({ "acts": [{ "act": "accept" }, { "act": "register" }, { "act": "dispatch", "unit": water.to_string(), "basis": "职责" }] });
    call(
        "/api/v1/cases/{number}/acts",
        desk,
        &format!("/api/v1/cases/{number}/acts"),
        acts,
    );
    // On PostgreSQL a row is read when no older transaction runs any more, those of other tests included.
    let mut made = 0;
    for _ in 0..200 {
        made += city
            .runtime
            .block_on(connectors::follow(&city.system()))
            .unwrap();
        if made > 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(made, 1);
    let stuck = json!({ "what": "again" });
    let orders =
        Request::get("/api/v1/orders").header(header::AUTHORIZATION, format!("Bearer {handler}"));
    let orders = city.send(orders.body(Body::empty()).unwrap()).json();
    let handover = orders["items"][0]["id"].as_str().unwrap();
    call(
        "/api/v1/connectors/stuck/{id}",
        &admin,
        &format!("/api/v1/connectors/stuck/{handover}"),
        stuck,
    );
    let path = format!("/api/v1/orders/{number}/acknowledge");
    call(
        "/api/v1/orders/{number}/acknowledge",
        handler,
        &path,
        json!({}),
    );
    let path = format!("/api/v1/cases/{number}/reminders");
    call(
        "/api/v1/cases/{number}/reminders",
        desk,
        &path,
        json!({ "words": "请尽快" }),
    );
    let opened = json!({ "case": number, "instruction": "三日内恢复", "limit": "3工作日" });
    let opened = call("/api/v1/supervised", desk, "/api/v1/supervised", opened);
    let of = |what: &str| {
        format!(
            "/api/v1/supervised/{}/{what}",
            opened["id"].as_str().unwrap()
        )
    };
    call(
        "/api/v1/supervised/{id}/report",
        handler,
        &of("report"),
        json!({ "report": "已恢复" }),
    );
    call(
        "/api/v1/supervised/{id}/decide",
        desk,
        &of("decide"),
        json!({ "decision": "sign_off" }),
    );
    let rung = json!({ "matter": "*", "level": 5, "at": "+10工作日", "act": "criticism", "tell": ["leader"],
        "name_zh": "超期十日", "name_en": "Ten days overdue", "enabled": true, "version": 0 });
    call(
        "/api/v1/supervision-ladder",
        &admin,
        "/api/v1/supervision-ladder",
        rung,
    );
    assert!(
        city.runtime
            .block_on(supervision::follow(&city.system()))
            .unwrap()
            > 0
    );
    call(
        "/api/v1/notices/read",
        handler,
        "/api/v1/notices/read",
        json!({}),
    );
    call(
        "/api/v1/notices/addresses",
        handler,
        "/api/v1/notices/addresses",
        json!({}),
    );
    let wording = json!({ "version": 1, "title": "测试", "body": "测试" });
    let path = "/api/v1/notice-templates/test/zh-CN";
    call(
        "/api/v1/notice-templates/{kind}/{lang}",
        &admin,
        path,
        wording,
    );
    // A delivery that was given up.
    let failed = ctx
        .write_blocking::<_, store::StoreError, _>(|mut w| {
            let (district, id): (String, kernel::id::Id) = w.one("SELECT district, id FROM notices LIMIT 1", &[])?;
            let sql = "INSERT INTO notice_deliveries (district, notice_id, channel, state, attempts, next_at, failure) VALUES ($1, $2, 'email', 'failed', 8, 0, 'x')";
            w.exec(sql, store::params![district, id])?;
            w.commit(store::AuditEvent::done("test.setup", "test", ""), id)
        })
        .unwrap();
    let of = |what: &str| format!("/api/v1/notice-failures/{failed}/{what}");
    let fail = || {
        ctx.write_blocking::<_, store::StoreError, _>(|mut w| {
            w.exec("UPDATE notice_deliveries SET state = 'failed'", &[])?;
            w.commit(store::AuditEvent::done("test.setup", "test", ""), ())
        })
        .unwrap();
    };
    call(
        "/api/v1/notice-failures/{id}/again",
        &admin,
        &of("again"),
        json!({}),
    );
    fail();
    call(
        "/api/v1/notice-failures/again",
        &admin,
        "/api/v1/notice-failures/again",
        json!({}),
    );
    fail();
    call(
        "/api/v1/notice-failures/{id}/dismiss",
        &admin,
        &of("dismiss"),
        json!({}),
    );
}

/// Two models, of which the first was replaced.
fn keep_models(city: &City) {
    use suggestion::model::{Kind, ModelRow, Standing};
    let ctx = city.system();
    let at = ctx.now();
    let row = move |standing| ModelRow {
        number: 0,
        kind: Kind::Class,
        made_at: at,
        seed: 1,
        messages: 300,
        first_at: at,
        last_at: at,
        classes: 2,
        features: 10,
        threshold: 0.9,
        held_back: 30,
        accuracy: None,
        macro_f1: None,
        coverage: None,
        answered_right: None,
        standing,
        from_at: Some(at),
        to_at: None,
    };
    ctx.write_blocking::<_, store::StoreError, _>(move |mut w| {
        for standing in [Standing::Replaced, Standing::InForce] {
            suggestion::sql::put_model(&mut w, &row(standing), b"no model")?;
        }
        w.commit(store::AuditEvent::done("test.setup", "test", ""), ())
    })
    .unwrap();
}

/// Calls that only ask, by a body that does not belong into an address: they keep nothing.
const ASKS: [&str; 2] = ["/api/v1/suggestions", "/api/v1/matters/check"];

/// A finding in the only community there is, and what people do about it: route, token, path, body.
fn warning_calls(city: &City, desk: &str) -> Vec<(&'static str, String, String, Value)> {
    use grid::{Area, Division, Part, UnitGrid};
    let analyst = city.token("analyst", &[Role::Analyst], None);
    let ctx = city.system();
    let community = "330102001001".parse().unwrap();
    let code = "330102001001001".parse().unwrap();
    let ring = json!([[
        [120.1, 30.1],
        [120.2, 30.1],
        [120.2, 30.2],
        [120.1, 30.2],
        [120.1, 30.1]
    ]]);
    let square = json!({ "type": "Polygon", "coordinates": ring });
    let square = Area::from_geojson(&square, kernel::Crs::Wgs84).unwrap();
    let day = jiff::civil::date(2026, 3, 15);
    let category = city.program.reference.current().matters.classes()[0].id;
    let sight = warning::track::Sight {
        day,
        detector: "scan".into(),
        version: 1,
        from: day,
        to: day,
        observed: 9,
        voices: 9,
        expected: 1.0,
        p: 0.001,
        recurrence_days: 1000.0,
        places: 1,
    };
    let finding = || warning::sql::Warning {
        district: "330102".parse().unwrap(),
        id: warning::model::WarningId(kernel::id::Id::new(ctx.now(), rand::random())),
        version: 1,
        standing: warning::model::Standing::New,
        verdict: None,
        track: warning::track::Track {
            category,
            level: warning::model::Level::Grid,
            places: vec!["330102001001001".into()],
            began: day,
            first_seen: day,
            last_seen: day,
            now: sight.clone(),
        },
        curve: warning::sql::Curve::default(),
    };
    let findings = [finding(), finding()];
    let [path, other] = [0, 1].map(|n: usize| format!("/api/v1/warnings/{}", findings[n].id));
    ctx.write_blocking::<_, store::StoreError, _>(move |mut w| {
        grid::sql::insert_divisions(&mut w, &[Division::new(community, "一社区", "test")])?;
        grid::sql::insert_grids(&mut w, &[UnitGrid::new(code, square.clone(), true, "test")])?;
        grid::sql::bump(&mut w, Part::Territory)?;
        for finding in &findings {
            warning::sql::insert(&mut w, finding)?;
        }
        w.commit(store::AuditEvent::done("test.setup", "test", ""), ())
    })
    .unwrap();
    city.program.reference.refresh_blocking(&ctx).unwrap();
    let to = |what: &str| format!("{path}/{what}");
    let days = json!({ "from": "2026-03-01", "to": "2026-03-02" });
    vec![
        (
            "/api/v1/warnings/{id}/seen",
            desk.into(),
            to("seen"),
            json!({}),
        ),
        (
            "/api/v1/warnings/{id}/verdict",
            desk.into(),
            to("verdict"),
            json!({ "verdict": "real", "reason": "看过" }),
        ),
        (
            "/api/v1/warnings/{id}/task",
            desk.into(),
            to("task"),
            json!({}),
        ),
        (
            "/api/v1/warnings/{id}/dismiss",
            desk.into(),
            format!("{other}/dismiss"),
            json!({ "reason": "施工" }),
        ),
        (
            "/api/v1/warning-runs",
            analyst.clone(),
            "/api/v1/warning-runs".into(),
            json!({}),
        ),
        (
            "/api/v1/warning-detectors/{code}",
            analyst.clone(),
            "/api/v1/warning-detectors/scan".into(),
            json!({ "method": "scan", "level": "grid" }),
        ),
        (
            "/api/v1/warning-backtests",
            analyst,
            "/api/v1/warning-backtests".into(),
            days,
        ),
    ]
}

/// A street, an organisation and two cases, and what is done with them: route, token, path, body.
fn together_calls(city: &City, desk: &str) -> Vec<(&'static str, String, String, Value)> {
    use cases::ops::{NewPlace, NewReport};
    let ctx = city.system();
    let rows =
        "code,name,kind,division\nSTREET,街道办,政府,330102001000\nGREEN,志愿者协会,社会组织,\n";
    actors::ops::import_units(&ctx, rows.as_bytes(), "test").unwrap();
    ctx.write_blocking::<_, store::StoreError, _>(|mut w| {
        let street = grid::Division::new("330102001000".parse().unwrap(), "一街道", "test");
        grid::sql::insert_divisions(&mut w, &[street])?;
        w.exec("UPDATE matter_classes SET is_public = 1", &[])?;
        grid::sql::bump(&mut w, grid::Part::Territory)?;
        grid::sql::bump(&mut w, grid::Part::Catalogue)?;
        w.commit(store::AuditEvent::done("test.setup", "test", ""), ())
    })
    .unwrap();
    city.program.reference.refresh_blocking(&ctx).unwrap();
    let current = city.program.reference.current();
    let unit = |code: &str| current.units.by_code(code).unwrap().id;
    let street = city.token("street", &[Role::DepartmentLead], Some(unit("STREET")));
    let green = city.token("green", &[Role::Handler], Some(unit("GREEN")));
    let leader = city.token("leader2", &[Role::Leader], None);
    let admin = city.token("admin2", &[Role::SystemAdmin], None);
    let second = city.token("desk2", &[Role::Dispatcher], None);
    let water = city.token(
        "water2",
        &[Role::DepartmentLead, Role::Handler],
        Some(unit("WATER")),
    );
    let class = current.matters.by_code("test", "C0101").unwrap().id;
    let ask = |token: &str, path: &str, body: &Value| -> Value {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body.to_string()));
        let reply = city.send(request.unwrap());
        assert!(reply.status < 300, "{path}: {}", reply.text);
        serde_json::from_str(&reply.text).unwrap_or(Value::Null)
    };
    let new = || {
        let report = NewReport {
            channel: "patrol".into(),
            description: "井盖缺失".into(),
            matter: Some(class),
            place: NewPlace {
                division: Some("330102001001".parse().unwrap()),
                ..NewPlace::default()
            },
            ..NewReport::default()
        };
        let report = cases::ops::report(&ctx, report);
        city.runtime.block_on(report).unwrap().case.number
    };
    let (claimed, disputed) = (new(), new());
    let acts = |token: &str, number, acts: Value| {
        let path = format!("/api/v1/cases/{number}/acts");
        ask(token, &path, &json!({ "acts": acts }))
    };
    let dispatch = json!({ "act": "dispatch", "unit": unit("WATER").to_string() });
    for number in [claimed, disputed] {
        let to = json!([{ "act": "accept" }, { "act": "register" }, dispatch]);
        acts(desk, number, to);
    }
    for n in 0..3 {
        acts(
            &water,
            disputed,
            json!([{ "act": "return", "reason": "非职责" }]),
        );
        if n < 2 {
            acts(desk, disputed, json!([dispatch]));
        }
    }
    acts(
        &water,
        claimed,
        json!([{ "act": "note", "text": "@leader2 请看" }]),
    );
    dispatch::ops::follow::catch_up(&ctx).unwrap();
    let called = json!({ "units": [unit("WATER").to_string()], "ask": "请到场" });
    let whistle = |path: &str| {
        ask(&street, path, &called)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (answered, ended) = (whistle("/api/v1/whistles"), whistle("/api/v1/whistles"));
    ask(
        &street,
        &format!("/api/v1/whistles/{ended}/end"),
        &json!({}),
    );
    let given = json!({ "desk": "dispatcher", "words": "平安" });
    let given_row = ask(desk, "/api/v1/handovers", &given);
    let handover = given_row["items"][0]["id"].as_str().unwrap().to_owned();
    let subscribed = ask(&green, "/api/v1/subscriptions", &json!({ "matter": "C01" }));
    let subscription = subscribed["items"][0]["id"].as_str().unwrap().to_owned();
    ask(
        &green,
        "/api/v1/subscriptions",
        &json!({ "matter": "C0101" }),
    );
    let leave = json!({ "deputy": "desk2", "from": "2026-03-01T00:00:00+08:00", "to": "2199-01-01T00:00:00+08:00", "reason": "年休" });
    let now = ctx.now();
    let span = |from: i64, to: i64| {
        let at = |hours: i64| (now + jiff::SignedDuration::from_hours(hours)).to_string();
        let mut span = leave.clone();
        span["from"] = at(from).into();
        span["to"] = at(to).into();
        span
    };
    let own = [access::Permission::OwnAccount];
    let away = city.token_for("away", &[Role::Leader], None, &own);
    let entered = ask(&away, "/api/v1/deputies", &span(1, 2));
    let deputy = entered["deputies"][0]["id"].as_str().unwrap().to_owned();
    let keeping = [
        access::Permission::AccountManage,
        access::Permission::RoleManage,
    ];
    let keeper = city.token_for("keeper", &[Role::SecurityAdmin], None, &keeping);
    let machine = city.account("machine", &[Role::Acceptor], None);
    let keys = format!("/api/v1/accounts/{machine}/tokens");
    let wanted = json!({ "name": "app", "scopes": ["case.report"], "days": 30 });
    let key = ask(&keeper, &keys, &wanted);
    let key_id = key["token"]["id"].as_str().unwrap().to_owned();
    let open = |what: &str| format!("/api/v1/open-matters/{claimed}/{what}");
    let mut upload =
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\n\r\n"
            .to_vec();
    upload.extend_from_slice(PICTURE);
    upload.extend_from_slice(b"\r\n--b--\r\n");
    let request = Request::post("/api/v1/attachments")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .header(header::AUTHORIZATION, format!("Bearer {green}"))
        .body(Body::from(upload));
    let picture = city.send(request.unwrap()).json()["id"].clone();
    vec![
        (
            "/api/v1/mentions/seen",
            leader.clone(),
            "/api/v1/mentions/seen".into(),
            json!({}),
        ),
        (
            "/api/v1/handovers",
            desk.into(),
            "/api/v1/handovers".into(),
            given,
        ),
        (
            "/api/v1/handovers/{id}/take",
            second,
            format!("/api/v1/handovers/{handover}/take"),
            json!({}),
        ),
        (
            "/api/v1/cases/{number}/ruling",
            leader.clone(),
            format!("/api/v1/cases/{disputed}/ruling"),
            json!({ "unit": unit("WATER").to_string(), "reason": "管线" }),
        ),
        (
            "/api/v1/whistles",
            street.clone(),
            "/api/v1/whistles".into(),
            called,
        ),
        (
            "/api/v1/whistles/{id}/answer",
            water.clone(),
            format!("/api/v1/whistles/{answered}/answer"),
            json!({ "answer": "respond" }),
        ),
        (
            "/api/v1/whistles/{id}/end",
            street,
            format!("/api/v1/whistles/{answered}/end"),
            json!({}),
        ),
        (
            "/api/v1/whistles/{id}/assess",
            water,
            format!("/api/v1/whistles/{ended}/assess"),
            json!({ "mark": "good" }),
        ),
        (
            "/api/v1/subscriptions",
            green.clone(),
            "/api/v1/subscriptions".into(),
            json!({ "matter": "C" }),
        ),
        (
            "/api/v1/subscriptions/{id}/end",
            green.clone(),
            format!("/api/v1/subscriptions/{subscription}/end"),
            json!({}),
        ),
        (
            "/api/v1/open-matters/{number}/claim",
            green.clone(),
            open("claim"),
            json!({}),
        ),
        (
            "/api/v1/open-matters/{number}/show",
            green.clone(),
            open("show"),
            json!({ "result": "已围挡", "attachments": [picture] }),
        ),
        (
            "/api/v1/open-matters/{number}/drop",
            green,
            open("drop"),
            json!({ "reason": "做不了" }),
        ),
        (
            "/api/v1/deputies",
            away.clone(),
            "/api/v1/deputies".into(),
            span(3, 4),
        ),
        (
            "/api/v1/deputies/{id}/end",
            away,
            format!("/api/v1/deputies/{deputy}/end"),
            json!({}),
        ),
        (
            "/api/v1/accounts/{id}/tokens",
            keeper.clone(),
            keys.clone(),
            wanted,
        ),
        (
            "/api/v1/accounts/{id}/tokens/{token}/revoke",
            keeper,
            format!("{keys}/{key_id}/revoke"),
            json!({}),
        ),
        (
            "/api/v1/reorganisations",
            admin,
            "/api/v1/reorganisations".into(),
            json!({ "on": "2199-01-01", "why": "机构改革", "rows": [{ "from": "STREET", "to": "WATER" }] }),
        ),
    ]
}

on_both!(
    every_api_call_that_changes_something_leaves_an_audit_row,
    |place| {
        let city = City::new(place);
        let driven = drive(&city);
        let mutating: Vec<RouteInfo> = table()
            .into_iter()
            .filter(|r| r.kind == RouteKind::Api && r.method != Method::GET)
            .filter(|r| !ASKS.contains(&r.path))
            .collect();
        let before = city.count("SELECT count(*) FROM audit");
        let ask = Request::post(ASKS[0])
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(json!({ "text": "井盖缺失" }).to_string()));
        assert_eq!(city.send(ask.unwrap()).status, 200);
        assert_eq!(city.count("SELECT count(*) FROM audit"), before);
        assert!(mutating.len() >= 3);
        for route in mutating {
            assert!(
                driven.contains(&(route.method.clone(), route.path)),
                "this test does not drive {} {}: add a call that succeeds",
                route.method,
                route.path
            );
        }
        assert_eq!(place.check_record(), 10);
    }
);
