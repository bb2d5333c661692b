//! A program small enough for these tests: accounts with API tokens, and one route whose handler hands out its permit.

use access::{
    AccountDraft, AccountId, AppParts, AppState, Capability, Ctx, NewAccount, Permission, Role,
    Routes, Services, Settings,
};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use kernel::id::Id;
use kernel::{Clock, DistrictCode, ManualClock};
use std::sync::{Arc, Mutex};
use store::AuditEvent;
use testdb::TestDb;
use tower::ServiceExt as _;
use vault::model::purpose;
use vault::{Field, Keys, MasterKeys, NewSubject, VaultError, crypto::SecretKey};

/// The tables these tests need.
pub fn migrations() -> Vec<store::Migration> {
    let parts = [store::MIGRATIONS, access::MIGRATIONS, vault::MIGRATIONS];
    parts.concat()
}

/// Runs a future to its end.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(future)
}

pub fn district(text: &str) -> DistrictCode {
    text.parse().expect("a district")
}

/// A database with an open vault.
pub struct Stage<'d> {
    pub db: &'d TestDb,
    pub clock: Arc<ManualClock>,
    pub system: Ctx,
    pub keys: Keys,
}

impl<'d> Stage<'d> {
    pub fn new(db: &'d TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let system = db.system(&clock);
        let keys = run(vault::ops::open_keys(&system, master(1))).expect("the vault opens");
        Self {
            db,
            clock,
            system,
            keys,
        }
    }
    /// The permit of the program itself, now.
    pub fn system(&self) -> Ctx {
        self.system.renewed()
    }
    /// The permit that the route guard gives somebody: staff with these roles and districts, or a stranger without roles.
    pub fn ctx(&self, roles: &[Role], districts: &[&str]) -> Ctx {
        let token = (!roles.is_empty()).then(|| self.token(roles, districts));
        let held = Arc::new(Mutex::new(None));
        let seen = held.clone();
        let handler = move |ctx: Ctx| {
            let seen = seen.clone();
            async move {
                *seen.lock().expect("nobody panics here") = Some(ctx);
                StatusCode::NO_CONTENT
            }
        };
        let routes = Routes::new("stage").on(Method::GET, "/permit", Permission::Public, handler);
        let router = access::router(&self.state(), vec![Capability::new("stage", routes)]);
        let mut request = Request::get("/permit");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).expect("a request");
        let status = run(async { router.oneshot(request).await.expect("an answer").status() });
        assert_eq!(status, StatusCode::NO_CONTENT);
        let ctx = held.lock().expect("nobody panics here").take();
        ctx.expect("the handler ran")
    }
    fn state(&self) -> AppState {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let site = ui::Site {
            words: access::words_of(&[access::capability(), vault::capability()])
                .expect("the words are complete"),
            city: ui::Words::new("示范市", "Sample City"),
            time_zone: jiff::tz::TimeZone::UTC,
            notices: Vec::new(),
            base_map: None,
        };
        AppState::new(AppParts {
            db: (**self.db).clone(),
            clock,
            services: Services::default(),
            site: Arc::new(site),
            settings: Settings::default(),
            cookie_key: [1; 32],
            menu: Vec::new(),
        })
    }
    fn token(&self, roles: &[Role], districts: &[&str]) -> String {
        let now = self.clock.now();
        let id = Id::new(now, rand::random());
        let new = NewAccount {
            id: AccountId(id),
            login: format!("u{}", id.to_string().replace('-', "")),
            draft: AccountDraft {
                name: "某人".into(),
                roles: roles.to_vec(),
                unit: None,
                districts: districts.iter().map(|d| district(d)).collect(),
            },
            password_hash: "none".into(),
            must_change: false,
        };
        let made = new.clone();
        self.system()
            .write_blocking(move |w| access::ops::accounts::add(w, &made))
            .expect("an account is made");
        let account = self
            .system()
            .read_blocking(move |r| access::ops::accounts::find(r, AccountId(id)))
            .expect("the account is there");
        let token = access::ops::accounts::new_token(&account, "test", &[], 7, now)
            .expect("a token is made");
        let text = token.text.clone();
        self.system()
            .write_blocking(move |w| access::ops::accounts::add_token(w, AccountId(id), &token))
            .expect("the token is kept");
        text
    }
    /// Puts somebody in.
    pub fn put(&self, new: NewSubject) -> Id {
        let keys = self.keys.clone();
        self.system()
            .write_blocking::<_, VaultError, _>(move |mut w| {
                let id = vault::ops::put(&mut w, &keys, &new)?;
                Ok(w.commit(AuditEvent::done("test.put", "subject", id.to_string()), id)?)
            })
            .expect("a person is put in")
    }
    /// One number of the database.
    pub fn count(&self, sql: &'static str) -> i64 {
        self.system()
            .read_blocking::<_, VaultError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
            .expect("a count")
    }
    /// The looks at somebody: role, purpose, outcome, fields. Sorted, because looks of one millisecond have no order.
    pub fn looks(
        &self,
        district: DistrictCode,
        subject: Id,
    ) -> Vec<(String, String, String, String)> {
        let looks = self
            .system()
            .read_blocking::<_, VaultError, _>(move |r| {
                Ok(vault::ops::looks_of(r, district, subject)?)
            })
            .expect("the looks")
            .into_iter()
            .map(|l| (l.role, l.purpose, l.outcome.to_string(), l.fields));
        let mut looks: Vec<_> = looks.collect();
        looks.sort();
        looks
    }
}

/// A master key of so many versions.
pub fn master(versions: u8) -> MasterKeys {
    use base64::Engine as _;
    let line = |v| {
        format!(
            "{v}:{}",
            base64::engine::general_purpose::STANDARD.encode([v; 32])
        )
    };
    let text: Vec<String> = (1..=versions).map(line).collect();
    MasterKeys::parse(&text.join("\n"), "test").expect("a master key")
}

/// Zhang San of Shangcheng, who wrote something.
pub fn zhang() -> NewSubject {
    let basis = vault::model::REPORT_BASIS;
    NewSubject::new(district("330102"))
        .with(Field::Name, "张三", purpose::HANDLING, basis)
        .and_then(|s| s.with(Field::Phone, "138 1234 1234", purpose::CALL_BACK, basis))
        .and_then(|s| {
            s.with(
                Field::Text,
                "我是张三，电话13812341234",
                purpose::HANDLING,
                basis,
            )
        })
        .expect("a person")
}

/// A key of no use.
pub fn other_key() -> MasterKeys {
    MasterKeys::single(SecretKey::new([99; 32]))
}
