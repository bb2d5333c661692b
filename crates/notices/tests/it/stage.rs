//! A program small enough for these tests: accounts with API tokens, the vault, notices with their channels.

use crate::sinks::{Post, Web};
use access::ops::accounts;
use access::{
    AccountDraft, AccountError, AccountId, AppParts, AppState, Ctx, Role, Services, Settings,
    SystemRole, UnitId,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use jiff::tz::TimeZone;
use kernel::id::Id;
use kernel::{Clock, DistrictCode, ManualClock};
use notices::channels::MailConfig;
use notices::outgoing::{Caller, Policy, Secret};
use notices::{NewNotice, Notices, NoticesConfig, To};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use store::{AuditEvent, Db, StoreError};
use testdb::TestDb;
use tower::ServiceExt as _;
use vault::{Keys, MasterKeys, NewSubject, VaultError};

/// The secret shared with the gateway.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub fn migrations() -> Vec<store::Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        vault::MIGRATIONS,
        notices::MIGRATIONS,
    ]
    .concat()
}

pub fn district() -> DistrictCode {
    "330102".parse().unwrap()
}

pub struct Stage {
    pub clock: Arc<ManualClock>,
    pub keys: Arc<Keys>,
    pub notices: Arc<Notices>,
    pub post: Post,
    pub web: Web,
    db: Db,
    services: Services,
    router: Router,
    runtime: tokio::runtime::Runtime,
    tokens: HashMap<&'static str, String>,
    pub accounts: HashMap<&'static str, AccountId>,
}

pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub text: String,
}

impl Stage {
    pub fn new(db: &TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let system = db.system(&clock);
        let master = MasterKeys::parse(&format!("{}Bwc=", "BwcH".repeat(10)), "test").unwrap();
        let keys = Arc::new(
            runtime
                .block_on(vault::ops::open_keys(&system, master))
                .unwrap(),
        );
        let (post, web) = (Post::start(), Web::start());
        let policy = Policy::parse("127.0.0.1", "127.0.0.0/8").unwrap();
        let mut config = NoticesConfig::inside(
            "https://city.example",
            TimeZone::get("Asia/Shanghai").unwrap(),
            district(),
        )
        .unwrap();
        config.mail = Some(MailConfig {
            url: format!("smtp://127.0.0.1:{}", post.port),
            from: "City <noreply@city.example>".into(),
        });
        let endpoint = format!("http://127.0.0.1:{}/sms", web.port)
            .parse()
            .unwrap();
        config.gateway = Some((endpoint, Secret::parse(SECRET).unwrap()));
        config.caller = Caller::new(policy, None).unwrap();
        let as_clock: Arc<dyn Clock> = clock.clone();
        let notices = Arc::new(Notices::new(config, Some(keys.clone()), &as_clock).unwrap());
        let mut services = Services::default();
        services.add(notices.clone());
        let capabilities = || {
            vec![
                access::capability(),
                vault::capability(),
                notices::capability(),
            ]
        };
        let state = AppState::new(AppParts {
            db: (*db).clone(),
            clock: clock.clone(),
            services: services.clone(),
            site: ui::testing::site_with(access::words_of(&capabilities()).unwrap()),
            settings: Settings::default(),
            cookie_key: access::ops::cookie_key(&system).unwrap(),
            menu: Vec::new(),
        });
        let router = access::router(&state, capabilities());
        let mut stage = Self {
            clock,
            keys,
            notices,
            post,
            web,
            db: (*db).clone(),
            services,
            router,
            runtime,
            tokens: HashMap::new(),
            accounts: HashMap::new(),
        };
        stage.add("li", &[Role::Dispatcher], None);
        stage.add("wang", &[Role::Dispatcher], None);
        stage.add("admin", &[Role::SystemAdmin], None);
        stage
    }
    pub fn add(&mut self, login: &'static str, roles: &[Role], unit: Option<UnitId>) {
        let ctx = self.system();
        let draft = AccountDraft {
            name: login.into(),
            roles: roles.to_vec(),
            unit,
            districts: Vec::new(),
        };
        let new =
            accounts::new_account(login, draft, "no password".into(), false, ctx.now()).unwrap();
        let id = ctx.write_blocking(move |w| accounts::add(w, &new)).unwrap();
        let account = ctx
            .read_blocking::<_, AccountError, _>(move |r| accounts::find(r, id))
            .unwrap();
        let scopes: Vec<access::Permission> = Vec::new();
        let token = accounts::new_token(&account, "test", &scopes, 30, ctx.now()).unwrap();
        self.tokens.insert(login, token.text.clone());
        self.accounts.insert(login, id);
        ctx.write_blocking(move |w| accounts::add_token(w, id, &token))
            .unwrap();
    }
    pub fn system(&self) -> Ctx {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Ctx::system(
            self.db.clone(),
            clock,
            self.services.clone(),
            SystemRole::Keeper,
        )
    }
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
    pub fn send(&self, login: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = self.tokens.get(login) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(body.map_or_else(Body::empty, |b| Body::from(b.to_string())))
            .unwrap();
        self.run(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Reply {
                status,
                body: serde_json::from_str(&text).unwrap_or(Value::Null),
                text,
            }
        })
    }
    pub fn get(&self, login: &str, path: &str) -> Reply {
        self.send(login, Method::GET, path, None)
    }
    pub fn post_json(&self, login: &str, path: &str, body: Value) -> Reply {
        self.send(login, Method::POST, path, Some(body))
    }
    /// A notice of the kind `test`.
    pub fn notice(&self, once: &str, to: To) -> NewNotice {
        NewNotice::new(once, "test", to, district(), "/cases/330102-20260316-00001")
    }
    /// Posts a notice in a transaction of its own; answers how many were told.
    pub fn tell(&self, new: NewNotice) -> u32 {
        let notices = self.notices.clone();
        self.system()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                let n = notices::ops::post(&mut w, &notices, &new)?;
                w.commit(AuditEvent::done("test.tell", "test", ""), n)
            })
            .unwrap()
    }
    pub fn put(&self, person: NewSubject) -> Id {
        let keys = self.keys.clone();
        self.system()
            .write_blocking::<_, VaultError, _>(move |mut w| {
                let id = vault::ops::put(&mut w, &keys, &person)?;
                Ok(w.commit(AuditEvent::done("test.put", "subject", id.to_string()), id)?)
            })
            .unwrap()
    }
    pub fn deliver(&self) -> usize {
        self.run(notices::ops::deliver_due(&self.system())).unwrap()
    }
    pub fn count(&self, sql: &'static str) -> i64 {
        self.system()
            .read_blocking::<_, StoreError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
            .unwrap()
    }
    pub fn wait(&self, seconds: i64) {
        self.clock
            .set(self.clock.now() + jiff::SignedDuration::from_secs(seconds));
    }
    /// Lets an account be told by mail and text message.
    pub fn reachable(&self, login: &str) {
        let body = serde_json::json!({ "email": format!("{login}@city.example"), "phone": "13800138000", "by_email": true, "by_gateway": true });
        let reply = self.post_json(login, "/api/v1/notices/addresses", body);
        assert_eq!(reply.status, 204, "{}", reply.text);
    }
}
