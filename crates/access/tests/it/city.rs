//! A small deployment to send requests into, and clients that keep cookies like a browser.

use access::ops::accounts;
use access::{
    AccountDraft, AccountId, AppParts, AppState, Capability, Ctx, Permission, Role, Services,
    Settings, SystemRole, UnitId,
};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use kernel::{Clock, ManualClock};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Db, Read, StoreError};
use tower::ServiceExt as _;

/// The password of every account made here.
pub const PASSWORD: &str = "a quiet morning";

/// A running deployment over a database; `clock` is moved by hand.
pub struct City {
    pub state: AppState,
    pub clock: Arc<ManualClock>,
    pub db: Db,
    router: Router,
    runtime: tokio::runtime::Runtime,
}

/// Access alone, or with capabilities of a test.
pub fn capabilities(more: Vec<Capability>) -> Vec<Capability> {
    let mut all = vec![access::capability()];
    all.extend(more);
    all
}

impl City {
    /// Access alone.
    pub fn new(db: &Db) -> Self {
        Self::with(db, Settings::default(), Vec::new())
    }
    /// With other settings and with routes of the test.
    pub fn with(db: &Db, settings: Settings, more: Vec<Capability>) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let capabilities = capabilities(more);
        let words = access::words_of(&capabilities).expect("the words are sound");
        let system = Ctx::system(
            db.clone(),
            clock.clone(),
            Services::default(),
            SystemRole::Installer,
        );
        let state = AppState::new(AppParts {
            db: db.clone(),
            clock: clock.clone(),
            services: Services::default(),
            site: ui::testing::site_with(words),
            settings,
            cookie_key: access::ops::cookie_key(&system).expect("the key is made"),
            menu: access::menu_of(&capabilities),
        });
        let router = access::router(&state, capabilities);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        Self {
            state,
            clock,
            db: db.clone(),
            router,
            runtime,
        }
    }
    /// The program itself.
    pub fn system(&self) -> Ctx {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Ctx::system(
            self.db.clone(),
            clock,
            Services::default(),
            SystemRole::Operator,
        )
    }
    /// Makes an account with [`PASSWORD`].
    pub fn account(&self, login: &str, roles: &[Role]) -> AccountId {
        let ctx = self.system();
        let unit = UnitId(kernel::id::Id::new(ctx.now(), rand::random()));
        let draft = AccountDraft {
            name: format!("名 {login}"),
            roles: roles.to_vec(),
            unit: Some(unit),
            districts: vec![],
        };
        let hash = password_hash();
        let new =
            accounts::new_account(login, draft, hash, false, ctx.now()).expect("a sound account");
        ctx.write_blocking(move |w| accounts::add(w, &new))
            .expect("the account is added")
    }
    /// Somebody with a browser.
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            city: self,
            cookies: BTreeMap::new(),
            lang: "en",
        }
    }
    /// Somebody signed in.
    pub fn signed_in(&self, login: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let reply = browser.sign_in(login, PASSWORD);
        assert_eq!(reply.status, 303, "{}", reply.text);
        browser
    }
    /// Somebody who has just got an account with this role, signed in.
    pub fn role(&self, role: Role) -> Browser<'_> {
        let login = role.as_str();
        self.account(login, &[role]);
        self.signed_in(login)
    }
    /// Sends one request.
    pub fn send(&self, request: Request<Body>) -> Reply {
        self.runtime.block_on(async {
            Reply::of(
                self.router
                    .clone()
                    .oneshot(request)
                    .await
                    .expect("a router never fails"),
            )
            .await
        })
    }
    /// Sends several at the same time.
    pub fn send_all(&self, requests: Vec<Request<Body>>) -> Vec<Reply> {
        self.runtime.block_on(async {
            let running: Vec<_> = requests
                .into_iter()
                .map(|request| {
                    let router = self.router.clone();
                    tokio::spawn(async move {
                        Reply::of(router.oneshot(request).await.expect("a router never fails"))
                            .await
                    })
                })
                .collect();
            let mut replies = Vec::new();
            for one in running {
                replies.push(one.await.expect("no request panics"));
            }
            replies
        })
    }
    /// Runs a future on the deployment's runtime.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
    /// Asks the database.
    pub fn ask<T: Send + 'static>(
        &self,
        ask: impl Fn(&mut Read<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.system()
            .read_blocking(move |r| ask(r))
            .expect("the question is answered")
    }
    /// How many audit entries there are of an act and an outcome.
    pub fn audited(&self, action: &'static str, outcome: &'static str) -> i64 {
        self.ask(move |r| {
            let sql = "SELECT count(*) FROM audit WHERE action = $1 AND outcome = $2";
            Ok(r.one::<(i64,)>(sql, store::params![action, outcome])?.0)
        })
    }
}

/// Hashed once: argon2 takes its time.
fn password_hash() -> String {
    static HASH: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| access::password::hash_blocking(PASSWORD).expect("it hashes"));
    HASH.clone()
}

/// An answer, read to its end.
pub struct Reply {
    pub status: u16,
    pub headers: axum::http::HeaderMap,
    pub text: String,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let head: String = self.text.chars().take(200).collect();
        write!(f, "{} {head}", self.status)
    }
}

impl Reply {
    async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("the body is whole");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text,
        }
    }
    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text))
    }
    /// The value of the hidden field `csrf`.
    pub fn csrf(&self) -> String {
        let rest = self
            .text
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .expect("the page has a form");
        rest.split('"').next().expect("a quote ends it").to_owned()
    }
    /// All `Set-Cookie` lines.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .collect()
    }
}

/// Keeps cookies and knows where to find a form token.
pub struct Browser<'a> {
    city: &'a City,
    pub cookies: BTreeMap<String, String>,
    pub lang: &'static str,
}

impl Browser<'_> {
    /// A request with the cookies so far.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT_LANGUAGE, self.lang);
        if jar.is_empty() {
            request
        } else {
            request.header(header::COOKIE, jar.join("; "))
        }
    }
    /// Sends a request and keeps the cookies of its answer.
    pub fn send(&mut self, request: Request<Body>) -> Reply {
        let reply = self.city.send(request);
        for line in reply.cookies() {
            let (pair, flags) = line.split_once(';').expect("cookies have flags");
            let (name, value) = pair.split_once('=').expect("cookies have values");
            if flags.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }
    /// GET.
    pub fn get(&mut self, path: &str) -> Reply {
        let request = self
            .request(Method::GET, path)
            .body(Body::empty())
            .expect("a sound request");
        self.send(request)
    }
    /// POST of a form exactly as given.
    pub fn post_raw(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.finish()))
            .expect("a sound request");
        self.send(request)
    }
    /// POST of a form with the token of the page `from`.
    pub fn post_from(&mut self, from: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        let page = self.get(from);
        assert_eq!(page.status, 200, "{from}: {}", page.text);
        let csrf = page.csrf();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_raw(path, &all)
    }
    /// Signs in by the form.
    pub fn sign_in(&mut self, login: &str, password: &str) -> Reply {
        self.post_from(
            "/sign-in",
            "/sign-in",
            &[("login", login), ("password", password)],
        )
    }
}

/// A capability with one open API call that reports, for tests of limits.
pub fn sink(method: Method, path: &'static str, permission: Permission) -> Capability {
    async fn done() -> StatusCode {
        StatusCode::NO_CONTENT
    }
    let operation = access::Operation::new("does nothing").answers_empty(204, "nothing");
    Capability::new(
        "sink",
        access::Routes::new("sink").on_api(method, path, permission, done, operation),
    )
}
