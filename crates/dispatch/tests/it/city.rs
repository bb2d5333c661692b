//! A small city with a street, departments and organisations; calls and permits of each account.

use access::ops::accounts;
use access::{
    AccountDraft, AccountError, AccountId, AppParts, AppState, Capability, Ctx, Permission, Role,
    Routes, Services, Settings, SystemRole, UnitId,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use cases::ops::{NewPlace, NewReport, Step};
use cases::service::{Cases, CasesConfig};
use cases::{Case, ops};
use grid::Part;
use grid::model::{Division, UnitGrid};
use jiff::tz::TimeZone;
use kernel::codes::{CaseNumber, DistrictCode, GridCode};
use kernel::geo::Crs;
use kernel::{Clock, ManualClock};
use matters::ops::CatalogueOptions;
use matters::{MatterId, Reference};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use store::{AuditEvent, Db, Migration, StoreError};
use testdb::TestDb;
use tower::ServiceExt as _;

const CLASSES: &str = "kind,major,minor,name_zh,public,default_nature,rule_no,condition,limit,closing,code\n\
    event,01,13,暴露垃圾,1,,1,散落,2WD,清除,E0113\n\
    event,01,14,孤老求助,1,求助,1,求助,2WD,办结,E0114\n\
    event,01,15,绿化带积存垃圾,1,求决,1,积存,2WD,清除,E0115\n\
    event,02,01,占道堆物,0,,1,堆物,4WH,清除,E0201\n";
const UNITS: &str = "code,name,kind,parent,division\n\
    STREET,清波街道办,政府,,330102001000\n\
    WATER,水务局,政府,,\n\
    CITYMGMT,城管局,政府,,\n\
    CLEAN,环卫公司,企业,CITYMGMT,\n\
    OWNER,市场公司,企业,,\n\
    OWNERSHOP,市场公司门店,企业,OWNER,\n\
    GREEN,绿色志愿者协会,社会组织,,\n\
    PARTY,餐饮公司,企业,,\n";
const DUTIES: &str = "matter,division,handling,owning,maintaining,competent\n\
    E0113,330102000000,CITYMGMT,OWNER,CLEAN,CITYMGMT\n\
    E0114,,WATER,,,\n\
    E0115,330102000000,CITYMGMT,,,\n\
    E0201,330102000000,WATER,,,\n";

/// The tables these tests need.
pub fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        vault::MIGRATIONS,
        attachments::MIGRATIONS,
        cases::MIGRATIONS,
        dispatch::MIGRATIONS,
    ]
    .concat()
}

/// A running deployment; `clock` is moved by hand.
pub struct City {
    pub clock: Arc<ManualClock>,
    pub cases: Arc<Cases>,
    pub accounts: HashMap<&'static str, AccountId>,
    pub reference: Arc<Reference>,
    db: Db,
    services: Services,
    router: Router,
    runtime: tokio::runtime::Runtime,
    tokens: HashMap<&'static str, String>,
    caught: Arc<Mutex<Option<Ctx>>>,
    /// What a room above saw before cases moved.
    pub early: Arc<Early>,
    _files: testkit::temp::Dir,
}

/// A room that has to move before the cases: it notes how many cases the first unit that ends still had when it was asked,
/// and how many of the units have one heir.
#[derive(Default)]
pub struct Early(pub Mutex<Vec<(i64, usize)>>);

impl cases::rooms::Room for Early {
    fn before_cases<'a>(
        &'a self,
        ctx: &'a Ctx,
        order: &'a cases::rooms::Reorganised,
    ) -> cases::rooms::Doing<'a, u64> {
        Box::pin(async move {
            let ended = order.ended[0];
            let left = ctx.read::<_, StoreError, _>(move |r| {
                let sql = "SELECT count(*) FROM cases WHERE unit_id = $1";
                Ok(r.one::<(i64,)>(sql, store::params![ended])?.0)
            });
            let left = left.await?;
            self.0.lock().unwrap().push((left, order.only_heirs.len()));
            Ok(0)
        })
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub text: String,
}

impl City {
    pub fn new(db: &TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let system = db.system(&clock);
        lay_reference(&system);
        let reference = Arc::new(Reference::new(TimeZone::get("Asia/Shanghai").unwrap()));
        reference.refresh_blocking(&system).unwrap();
        let config = CasesConfig::new("339999".parse::<DistrictCode>().unwrap());
        let dir = testkit::temp::Dir::new("dispatch-files").unwrap();
        let may_read: attachments::MayRead = Arc::new(|ctx, district, case| {
            Box::pin(async move { ops::may_read(&ctx, district, case).await })
        });
        let files = Arc::new(attachments::Attachments::new(
            attachments::Files::folder(dir.path()).unwrap(),
            TimeZone::get("Asia/Shanghai").unwrap(),
            may_read,
        ));
        let cases = Cases::new(reference.clone(), config).with_attachments(files.clone());
        let cases = Arc::new(cases);
        let mut services = Services::default();
        services.add(files);
        services.add(cases.clone());
        let panels: Vec<Arc<dyn cases::pages::Panel>> = vec![Arc::new(dispatch::CasePanel)];
        services.add(Arc::new(cases::pages::Panels(panels)));
        let whistles: Arc<dyn cases::rooms::Room> = Arc::new(dispatch::Whistles);
        let early = Arc::new(Early::default());
        services.add(Arc::new(cases::rooms::Rooms(vec![whistles, early.clone()])));
        let caught = Arc::new(Mutex::new(None));
        let sink = caught.clone();
        let catch = move |ctx: Ctx| {
            let sink = sink.clone();
            async move {
                *sink.lock().unwrap() = Some(ctx);
                StatusCode::NO_CONTENT
            }
        };
        let probe = Capability::new(
            "probe",
            Routes::new("probe").on(Method::GET, "/probe", Permission::Public, catch),
        );
        let capabilities = vec![
            access::capability(),
            grid::http::capability(),
            attachments::capability(),
            matters::http::capability(),
            cases::http::capability(),
            dispatch::capability(),
            probe,
        ];
        let state = AppState::new(AppParts {
            db: (*db).clone(),
            clock: clock.clone(),
            services: services.clone(),
            site: ui::testing::site_with(access::words_of(&capabilities).unwrap()),
            settings: Settings::default(),
            cookie_key: access::ops::cookie_key(&system).unwrap(),
            menu: access::menu_of(&capabilities),
        });
        let router = access::router(&state, capabilities);
        let mut city = Self {
            clock,
            cases,
            accounts: HashMap::new(),
            reference,
            db: (*db).clone(),
            services,
            router,
            runtime,
            tokens: HashMap::new(),
            caught,
            early,
            _files: dir,
        };
        let desk = [Role::Acceptor, Role::ShiftLeader, Role::Dispatcher];
        for (login, roles, unit) in [
            ("desk", &desk[..], None),
            ("desk2", &desk, None),
            ("collector", &[Role::Collector], None),
            ("checker", &[Role::Checker], None),
            ("leader", &[Role::Leader], None),
            ("admin", &[Role::SystemAdmin], None),
            ("street", &[Role::DepartmentLead], Some("STREET")),
            (
                "water",
                &[Role::DepartmentLead, Role::Handler],
                Some("WATER"),
            ),
            (
                "citymgmt",
                &[Role::DepartmentLead, Role::Handler],
                Some("CITYMGMT"),
            ),
            ("clean", &[Role::Handler], Some("CLEAN")),
            ("owner", &[Role::Handler], Some("OWNER")),
            ("ownershop", &[Role::Handler], Some("OWNERSHOP")),
            ("green", &[Role::Handler], Some("GREEN")),
            ("green_checker", &[Role::Checker], Some("GREEN")),
            ("party", &[Role::Handler], Some("PARTY")),
        ] {
            city.add(login, roles, unit, &[]);
        }
        let elsewhere = [Role::Dispatcher];
        city.add("dispatcher_elsewhere", &elsewhere, None, &["339999"]);
        city
    }
    pub fn add(
        &mut self,
        login: &'static str,
        roles: &[Role],
        unit: Option<&str>,
        districts: &[&str],
    ) {
        let ctx = self.system();
        let draft = AccountDraft {
            name: login.into(),
            roles: roles.to_vec(),
            unit: unit.map(|code| self.unit(code)),
            districts: districts.iter().map(|d| d.parse().unwrap()).collect(),
        };
        let new =
            accounts::new_account(login, draft, "no password".into(), false, ctx.now()).unwrap();
        let id = ctx.write_blocking(move |w| accounts::add(w, &new)).unwrap();
        let account = ctx
            .read_blocking::<_, AccountError, _>(move |r| accounts::find(r, id))
            .unwrap();
        // All that the roles may do, their own account too, as after signing in.
        let all: Vec<_> = roles
            .iter()
            .flat_map(|r| r.permissions())
            .copied()
            .collect();
        let token = accounts::new_token(&account, "test", &all, 365, ctx.now()).unwrap();
        self.tokens.insert(login, token.text.clone());
        self.accounts.insert(login, id);
        ctx.write_blocking(move |w| accounts::add_token(w, id, &token))
            .unwrap();
    }
    /// The program itself, in the background.
    pub fn system(&self) -> Ctx {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Ctx::system(
            self.db.clone(),
            clock,
            self.services.clone(),
            SystemRole::Keeper,
        )
    }
    /// Lists follow the record, claims run out, cases move.
    pub fn keep_up(&self) {
        let system = self.system();
        self.follow();
        self.run(dispatch::ops::follow::lapse_claims(&system))
            .unwrap();
        self.reference.refresh_blocking(&system).unwrap();
        self.run(dispatch::ops::reorganise::move_cases(&system))
            .unwrap();
        self.follow();
    }
    /// Reads the outbox to its end. PostgreSQL hands a row over when no writer that began before it is left, and a test
    /// may share its server with others.
    fn follow(&self) {
        let system = self.system();
        for _ in 0..1200 {
            dispatch::ops::follow::catch_up(&system).unwrap();
            let (read, end) = system
                .read_blocking::<_, StoreError, _>(|r| {
                    Ok((r.outbox_position("dispatch/1")?, r.outbox_end()?))
                })
                .unwrap();
            if read == Some(end) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the outbox could not be read to its end");
    }
    pub fn ctx(&self, login: &str) -> Ctx {
        let reply = self.send(self.request(login, Method::GET, "/probe", None));
        assert_eq!(reply.status, 204, "{reply:?}");
        self.caught.lock().unwrap().take().unwrap()
    }
    fn request(
        &self,
        login: &str,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = self.tokens.get(login) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(text) = &body {
            let media = if text.starts_with('{') {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            };
            request = request.header(header::CONTENT_TYPE, media);
        }
        request
            .body(body.map_or_else(Body::empty, Body::from))
            .unwrap()
    }
    fn send(&self, request: Request<Body>) -> Reply {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
            Reply {
                status,
                body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
                text: String::from_utf8_lossy(&bytes).into_owned(),
            }
        })
    }
    pub fn get(&self, login: &str, path: &str) -> Reply {
        self.send(self.request(login, Method::GET, path, None))
    }
    /// GET of a page in a language.
    pub fn page(&self, login: &str, path: &str, lang: &str) -> Reply {
        let mut request = self.request(login, Method::GET, path, None);
        request
            .headers_mut()
            .insert(header::ACCEPT_LANGUAGE, lang.parse().unwrap());
        self.send(request)
    }
    /// POST of JSON as an account.
    pub fn post(&self, login: &str, path: &str, body: &Value) -> Reply {
        self.send(self.request(login, Method::POST, path, Some(body.to_string())))
    }
    /// POST of a form as an account.
    pub fn form(&self, login: &str, path: &str, body: &str) -> Reply {
        self.send(self.request(login, Method::POST, path, Some(body.to_owned())))
    }
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
    pub fn unit(&self, code: &str) -> UnitId {
        self.cases.city().units.by_code(code).unwrap().id
    }
    pub fn class(&self, code: &str) -> MatterId {
        self.cases.city().matters.by_code("test", code).unwrap().id
    }
    pub fn act(
        &self,
        login: &str,
        number: CaseNumber,
        steps: Vec<Step>,
    ) -> Result<Case, ops::CaseError> {
        let ctx = self.ctx(login);
        self.run(ops::act(&ctx, number, None, steps))
    }
    pub fn acts(&self, login: &str, number: CaseNumber, acts: Value) -> Reply {
        let path = format!("/api/v1/cases/{number}/acts");
        self.post(login, &path, &json!({ "acts": acts }))
    }
    /// The security administrator gives an account to another unit.
    pub fn move_account(&self, login: &str, unit: &str) {
        let (id, unit) = (self.accounts[login], Some(self.unit(unit)));
        self.system()
            .write_blocking(move |mut w| {
                let account = accounts::find(&mut w, id)?;
                let draft = AccountDraft {
                    name: account.name,
                    roles: account.roles.0,
                    unit,
                    districts: account.districts.0,
                };
                accounts::edit(w, id, account.version, &draft)
            })
            .unwrap();
    }
    /// A case of a class that its unit is handling.
    pub fn handling(&self, class: &str) -> Case {
        let number = self.dispatched(class);
        let login = if self.case(number).unit == Some(self.unit("WATER")) {
            "water"
        } else {
            "citymgmt"
        };
        self.act(login, number, vec![Step::Sign]).unwrap()
    }
    /// The same, signed for by an account.
    pub fn handling_by_unit(&self, class: &str, login: &str) -> Case {
        let number = self.dispatched(class);
        self.act(login, number, vec![Step::Sign]).unwrap()
    }
    fn dispatched(&self, class: &str) -> CaseNumber {
        let ctx = self.ctx("collector");
        let new = NewReport {
            channel: "patrol".into(),
            description: "3栋201室张女士门口有垃圾，物业王建国主任知道".into(),
            matter: Some(self.class(class)),
            place: NewPlace {
                lon_lat: Some((120.165, 30.245)),
                ..NewPlace::default()
            },
            ..NewReport::default()
        };
        let number = self.run(ops::report(&ctx, new)).unwrap().case.number;
        let steps = vec![
            Step::Accept {
                matter: None,
                urgent: false,
            },
            Step::Register { rule: None },
            Step::Dispatch {
                unit: None,
                basis: String::new(),
            },
        ];
        self.act("desk", number, steps).unwrap().number
    }
    pub fn case(&self, number: CaseNumber) -> Case {
        self.system()
            .read_blocking::<_, StoreError, _>(move |r| {
                Ok(cases::sql::by_number(r, &number)?.unwrap())
            })
            .unwrap()
    }
    /// The row and the life of a case agree.
    pub fn check_life(&self, number: CaseNumber) {
        let (case, events) = self
            .system()
            .read_blocking::<_, StoreError, _>(move |r| {
                let case = cases::sql::by_number(r, &number)?.unwrap();
                let events = cases::sql::events(r, case.district, case.id)?;
                Ok((case, events))
            })
            .unwrap();
        assert_eq!(cases::rules::replay(case.id, &events).as_ref(), Some(&case));
    }
    /// Loads a version of the calendar, and lets open limits follow it.
    pub fn calendar(&self, text: &str) -> cases::ops::Run {
        let system = self.system();
        matters::ops::import_calendar(&system, text.as_bytes()).unwrap();
        self.reference.refresh_blocking(&system).unwrap();
        let done = self.run(ops::recompute(&system, |_| {})).unwrap().unwrap();
        self.follow();
        done
    }
    /// Changes the database behind the program's back.
    pub fn exec(&self, sql: &'static str) {
        self.system()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                w.exec(sql, &[])?;
                w.commit(AuditEvent::done("test", "test", "1"), ())
            })
            .unwrap();
    }
    pub fn count(&self, sql: &'static str) -> i64 {
        self.system()
            .read_blocking::<_, StoreError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
            .unwrap()
    }
    /// An uploaded picture of an account.
    pub fn picture(&self, login: &str) -> String {
        let token = &self.tokens[login];
        let mut body = b"--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nafter\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n".to_vec();
        body.extend_from_slice(b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");
        body.extend_from_slice(b"\r\n--b--\r\n");
        let request = Request::post("/api/v1/attachments")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(Body::from(body));
        let reply = self.send(request.unwrap());
        assert!(reply.status < 300, "{reply:?}");
        let of = |v: &Value| v["id"].as_str().map(str::to_owned);
        of(&reply.body)
            .or_else(|| of(&reply.body["items"][0]))
            .or_else(|| of(&reply.body["uploads"][0]))
            .unwrap_or_else(|| panic!("no id in {}", reply.text))
    }
}

fn lay_reference(ctx: &Ctx) {
    ctx.write_blocking::<_, StoreError, _>(|mut w| {
        let division = |code: &str, name: &str| Division::new(code.parse().unwrap(), name, "test");
        let divisions = [
            division("330102000000", "上城区"),
            division("330102001000", "清波街道"),
            division("330102001001", "清波门社区"),
            division("330102002000", "湖滨街道"),
        ];
        grid::sql::insert_divisions(&mut w, &divisions)?;
        let square = json!({ "type": "Polygon", "coordinates": [[[120.16, 30.24], [120.17, 30.24], [120.17, 30.25], [120.16, 30.25], [120.16, 30.24]]] });
        let shape = grid::area::Area::from_geojson(&square, Crs::Wgs84).unwrap();
        let cell: GridCode = "330102001001001".parse().unwrap();
        grid::sql::insert_grids(&mut w, &[UnitGrid::new(cell, shape, false, "test")])?;
        grid::sql::bump(&mut w, Part::Territory)?;
        w.commit(AuditEvent::done("test.lay", "division", "test"), ())
    })
    .unwrap();
    let units = actors::ops::import_units(ctx, UNITS.as_bytes(), "test").unwrap();
    assert_eq!(units.rejected, 0, "{units:?}");
    let options = CatalogueOptions {
        id: "test".into(),
        standard: "test".into(),
        version: "1".into(),
        valid_from: None,
        valid_to: None,
        source: "test".into(),
        limits: kernel::deadline::ParseOptions::default(),
        kind: None,
        effective: None,
    };
    let classes = matters::ops::import_matters(ctx, CLASSES.as_bytes(), &options).unwrap();
    assert_eq!(classes.rejected, 0, "{classes:?}");
    let duties = matters::ops::import_duties(ctx, DUTIES.as_bytes(), "test").unwrap();
    assert_eq!(duties.rejected, 0, "{duties:?}");
}
