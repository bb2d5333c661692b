//! A small city with one account for each role, whose permits and calls a test may use.

use access::ops::accounts;
use access::{
    AccountDraft, AccountError, AccountId, AppParts, AppState, Capability, Ctx, Permission, Role,
    Routes, Services, Settings, SystemRole, UnitId,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use cases::ops::{NewPlace, NewReport, Receipt, Step};
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

const CLASSES: &str = "kind,major,minor,name_zh,verify,rule_no,condition,limit,closing,code,evidence,legal_basis\n\
    component,01,01,上水井盖,1,1,缺失,4WH,恢复;更换,C0101,更换前后照片,\n\
    event,01,13,暴露垃圾,1,1,散落,2WD,清除,E0113,清除后照片,市容条例第十条\n\
    event,01,13,暴露垃圾,1,2,成堆,4WH,清除,E0113,,\n\
    event,02,01,占道堆物,0,1,堆物,4WH,清除,E0201,,\n";
const UNITS: &str = "code,name,kind\nWATER,水务局,政府\nCLEAN,环卫公司,企业\nHALL,城管局,政府\n";
const DUTIES: &str =
    "matter,division,handling,legal_basis\nC0101,330102000000,WATER,城市供水条例\nE01,,CLEAN,\n";

/// The district of record of everything in the cell.
pub const DISTRICT: &str = "330102";
/// Another one, without any cell.
pub const ELSEWHERE: &str = "330104";
/// The only cell: about a kilometre around (120.165, 30.245).
pub const CELL: &str = "330102001001001";

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
    ]
    .concat()
}

/// A running deployment; `clock` is moved by hand.
pub struct City {
    pub clock: Arc<ManualClock>,
    pub cases: Arc<Cases>,
    reference: Arc<Reference>,
    pub accounts: HashMap<&'static str, AccountId>,
    db: Db,
    services: Services,
    router: Router,
    runtime: tokio::runtime::Runtime,
    tokens: HashMap<&'static str, String>,
    caught: Arc<Mutex<Option<Ctx>>>,
    /// Where the files lie.
    _files: testkit::temp::Dir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    /// The body as it came: a page.
    pub text: String,
    /// Where it leads; empty if nowhere.
    pub location: String,
    pub retry_after: Option<String>,
    /// The cookies that it sets, as the browser sends them back.
    pub cookies: Vec<String>,
}

impl City {
    /// A city with reference data, units and accounts.
    pub fn new(db: &TestDb) -> Self {
        Self::composed(db, Vec::new, |_, _, _| {})
    }
    /// The same with rooms above cases: their capabilities, and what they put among the services.
    pub fn composed(
        db: &TestDb,
        more: impl Fn() -> Vec<Capability>,
        parts: impl FnOnce(&mut Services, &Arc<vault::Keys>, &Arc<dyn Clock>),
    ) -> Self {
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
        let master =
            vault::MasterKeys::parse(&format!("{}Bwc=", "BwcH".repeat(10)), "test").unwrap();
        let keys = runtime
            .block_on(vault::ops::open_keys(&system, master))
            .unwrap();
        let keys = Arc::new(keys);
        let config = CasesConfig::new("339999".parse::<DistrictCode>().unwrap());
        let (files, dir) = attachments();
        let cases = Cases::new(reference.clone(), config)
            .with_vault(keys.clone())
            .with_attachments(files.clone());
        let cases = Arc::new(cases);
        let mut services = Services::default();
        services.add(files);
        services.add(cases.clone());
        services.add(reference.clone());
        let as_clock: Arc<dyn Clock> = clock.clone();
        parts(&mut services, &keys, &as_clock);
        let caught = Arc::new(Mutex::new(None));
        let sink = caught.clone();
        // The permit of whoever asks, handed to the test: only a granted request has one.
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
        let mut capabilities = vec![
            access::capability(),
            attachments::capability(),
            cases::http::capability(),
            probe,
        ];
        capabilities.extend(more());
        let state = AppState::new(AppParts {
            db: (*db).clone(),
            clock: clock.clone(),
            services: services.clone(),
            site: ui::testing::site_with(access::words_of(&capabilities).unwrap()),
            settings: Settings::default(),
            cookie_key: access::ops::cookie_key(&system).unwrap(),
            menu: Vec::new(),
        });
        let router = access::router(&state, capabilities);
        let mut city = Self {
            clock,
            cases,
            reference,
            accounts: HashMap::new(),
            db: (*db).clone(),
            services,
            router,
            runtime,
            tokens: HashMap::new(),
            caught,
            _files: dir,
        };
        // Most lives of these tests are about something else than photographs; those that are about them say so.
        city.rule("cases.evidence_must_be_shown", "no");
        let desk = [Role::Acceptor, Role::ShiftLeader, Role::Dispatcher];
        for (login, roles, unit, districts) in [
            ("collector", &[Role::Collector][..], None, None),
            ("acceptor", &[Role::Acceptor], None, None),
            ("shift_leader", &[Role::ShiftLeader], None, None),
            ("dispatcher", &[Role::Dispatcher], None, None),
            ("desk", &desk, None, None),
            ("water_lead", &[Role::DepartmentLead], Some("WATER"), None),
            ("water", &[Role::Handler], Some("WATER"), None),
            ("water_checker", &[Role::Checker], Some("WATER"), None),
            ("clean", &[Role::Handler], Some("CLEAN"), None),
            ("checker", &[Role::Checker], None, None),
            ("leader", &[Role::Leader], None, None),
            ("auditor", &[Role::Auditor], None, None),
            ("analyst", &[Role::Analyst], None, None),
            ("elsewhere", &[Role::Acceptor], None, Some(ELSEWHERE)),
        ] {
            city.add(login, roles, unit, districts);
        }
        city
    }
    fn add(
        &mut self,
        login: &'static str,
        roles: &[Role],
        unit: Option<&str>,
        district: Option<&str>,
    ) {
        let ctx = self.system();
        let unit = unit.map(|code| self.unit(code));
        let districts = district.iter().map(|d| d.parse().unwrap()).collect();
        let draft = AccountDraft {
            name: login.into(),
            roles: roles.to_vec(),
            unit,
            districts,
        };
        let new =
            accounts::new_account(login, draft, "no password".into(), false, ctx.now()).unwrap();
        let id = ctx.write_blocking(move |w| accounts::add(w, &new)).unwrap();
        let account = ctx
            .read_blocking::<_, AccountError, _>(move |r| accounts::find(r, id))
            .unwrap();
        let token = accounts::new_token(&account, "test", &[], 366, ctx.now()).unwrap();
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
    /// The permit of an account, or of a stranger for an unknown login.
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
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request
            .body(body.map_or_else(Body::empty, Body::from))
            .unwrap()
    }
    fn send(&self, request: Request<Body>) -> Reply {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let retry_after = response
                .headers()
                .get(header::RETRY_AFTER)
                .map(|v| v.to_str().unwrap().to_owned());
            let cookies = response.headers().get_all(header::SET_COOKIE).iter();
            let cookies = cookies
                .map(|c| c.to_str().unwrap().split(';').next().unwrap().to_owned())
                .collect();
            let location = response.headers().get(header::LOCATION);
            let location = location.map_or("", |v| v.to_str().unwrap()).to_owned();
            let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
            Reply {
                status,
                body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
                text: String::from_utf8_lossy(&bytes).into_owned(),
                location,
                retry_after,
                cookies,
            }
        })
    }
    /// The body of an answer that goes on.
    pub fn stream(&self, login: &str, path: &str) -> axum::body::BodyDataStream {
        let request = self.request(login, Method::GET, path, None);
        let response = self.run(self.router.clone().oneshot(request)).unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().into_data_stream()
    }
    /// A request as it stands.
    #[allow(dead_code, reason = "rooms above cases ask as accounts")]
    pub fn raw(&self, request: Request<Body>) -> Reply {
        self.send(request)
    }
    /// GET as an account.
    pub fn get(&self, login: &str, path: &str) -> Reply {
        self.send(self.request(login, Method::GET, path, None))
    }
    /// GET as an account that reads in this language.
    #[allow(dead_code, reason = "rooms above cases share this city")]
    pub fn get_in(&self, login: &str, lang: &str, path: &str) -> Reply {
        let mut request = self.request(login, Method::GET, path, None);
        let cookie = format!("shiyu_lang={lang}");
        request
            .headers_mut()
            .insert(header::COOKIE, cookie.parse().unwrap());
        self.send(request)
    }
    /// POST of JSON as an account.
    pub fn post(&self, login: &str, path: &str, body: &Value) -> Reply {
        self.send(self.request(login, Method::POST, path, Some(body.to_string())))
    }
    /// POST of any text as an account.
    pub fn post_text(&self, login: &str, path: &str, body: &str) -> Reply {
        self.send(self.request(login, Method::POST, path, Some(body.to_owned())))
    }
    /// A form with files as an account: words by name, files by input, name and content.
    pub fn form(
        &self,
        login: &str,
        path: &str,
        words: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Reply {
        let mut body = Vec::new();
        for (name, value) in words {
            body.extend_from_slice(
                format!(
                    "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .as_bytes(),
            );
        }
        for (input, name, content) in files {
            body.extend_from_slice(
                format!("--b\r\nContent-Disposition: form-data; name=\"{input}\"; filename=\"{name}\"\r\n\r\n")
                    .as_bytes(),
            );
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b--\r\n");
        let token = &self.tokens[login];
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .header(header::ACCEPT_LANGUAGE, "en")
            .body(Body::from(body));
        self.send(request.unwrap())
    }
    /// POST of JSON with an idempotency key.
    pub fn post_once(&self, login: &str, path: &str, body: &Value, key: &str) -> Reply {
        let mut request = self.request(login, Method::POST, path, Some(body.to_string()));
        request
            .headers_mut()
            .insert("idempotency-key", key.parse().unwrap());
        self.send(request)
    }
    /// A call with an API key of its own.
    #[allow(dead_code, reason = "rooms above cases give out keys")]
    pub fn as_key(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        once: Option<&str>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(once) = once {
            request = request.header("idempotency-key", once);
        }
        let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
        self.send(request.body(body).unwrap())
    }
    /// Runs a future on the deployment's runtime.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
    /// A unit by its code.
    pub fn unit(&self, code: &str) -> UnitId {
        self.cases
            .city()
            .units
            .all()
            .iter()
            .find(|u| u.code == code)
            .unwrap()
            .id
    }
    /// A class by its code.
    pub fn class(&self, code: &str) -> MatterId {
        self.cases.city().matters.by_code("test", code).unwrap().id
    }
    /// A report about a manhole cover in the cell.
    pub fn cover(&self, channel: &str) -> NewReport {
        NewReport {
            channel: channel.into(),
            description: "井盖缺失，很危险".into(),
            matter: Some(self.class("C0101")),
            place: NewPlace {
                lon_lat: Some((120.165, 30.245)),
                address: Some("延安路 1 号".into()),
                ..NewPlace::default()
            },
            ..NewReport::default()
        }
    }
    /// Reports as an account.
    pub fn report(&self, login: &str, new: NewReport) -> Receipt {
        let ctx = self.ctx(login);
        self.run(ops::report(&ctx, new)).unwrap()
    }
    /// Acts as an account, whatever the version.
    pub fn act(
        &self,
        login: &str,
        number: CaseNumber,
        steps: Vec<Step>,
    ) -> Result<Case, ops::CaseError> {
        let ctx = self.ctx(login);
        self.run(ops::act(&ctx, number, None, steps))
    }
    /// A case of a collector's, moved on to a state of the main path by those who may.
    pub fn case_at(&self, state: cases::State) -> Case {
        self.brought_to(self.cover("patrol"), state)
    }
    /// The same of somebody who left a phone number and can be asked.
    pub fn asked_case_at(&self, state: cases::State) -> Case {
        let mut new = self.cover("patrol");
        new.contact.phone = Some("13800138000".into());
        self.brought_to(new, state)
    }
    fn brought_to(&self, new: NewReport, state: cases::State) -> Case {
        use cases::State as S;
        let mut case = self.report("collector", new).case;
        let path = [
            (
                S::PendingRegister,
                "acceptor",
                Step::Accept {
                    matter: None,
                    urgent: false,
                },
            ),
            (
                S::PendingDispatch,
                "shift_leader",
                Step::Register { rule: None },
            ),
            (
                S::PendingSign,
                "dispatcher",
                Step::Dispatch {
                    unit: None,
                    basis: String::new(),
                },
            ),
            (S::Handling, "water", Step::Sign),
            (
                S::PendingCheck,
                "water",
                Step::ReportBack {
                    result: "已更换".into(),
                    attachments: Vec::new(),
                },
            ),
            (
                S::PendingClose,
                "checker",
                Step::Check {
                    passed: true,
                    note: String::new(),
                    attachments: Vec::new(),
                },
            ),
            (
                S::Closed,
                "shift_leader",
                Step::Close {
                    closing: "更换".into(),
                },
            ),
        ];
        for (after, login, step) in path {
            if case.state == state {
                break;
            }
            case = self.act(login, case.number, vec![step]).unwrap();
            assert_eq!(case.state, after);
        }
        assert_eq!(case.state, state, "not on the main path");
        case
    }
    /// The row and the life of a case agree, and the versions count up.
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
        assert_eq!(
            events.iter().map(|e| e.seq).collect::<Vec<_>>(),
            (1..=case.version).collect::<Vec<_>>()
        );
    }
    /// How many audit entries there are of an act and an outcome.
    pub fn audited(&self, action: &'static str, outcome: &'static str) -> i64 {
        self.system()
            .read_blocking::<_, StoreError, _>(move |r| {
                Ok(r.one::<(i64,)>(
                    "SELECT count(*) FROM audit WHERE action = $1 AND outcome = $2",
                    store::params![action, outcome],
                )?
                .0)
            })
            .unwrap()
    }
    /// Changes one day of the calendar: worked with these hours, in a division or everywhere.
    pub fn day(&self, date: &str, hours: &str, division: Option<&str>) {
        let change = matters::ops::DayChange {
            date: date.parse().unwrap(),
            kind: kernel::calendar::DayKind::Work,
            periods: Some(hours.split(' ').map(|p| p.parse().unwrap()).collect()),
            division: division.map(|d| d.parse().unwrap()),
            reason: "台风".into(),
        };
        let ctx = self.system();
        self.run(matters::ops::change_day(&ctx, change)).unwrap();
        self.refresh();
    }
    /// Sets a rule of the city.
    pub fn rule(&self, key: &str, value: &str) {
        let list = access::city_settings::SettingsList::new(&[cases::rules::CityRules::SETTINGS])
            .naming(cases::ops::unknown_channel);
        let wanted = [(key.to_owned(), Some(value.to_owned()))].into();
        let ctx = self.system();
        access::ops::settings::set_blocking(&ctx, &list, &wanted, "test").unwrap();
        self.refresh();
    }
    /// Imports the catalogue anew with one thing said otherwise: a new version of whatever class that changes, from today on.
    #[allow(dead_code, reason = "rooms above cases leave the catalogue as it is")]
    pub fn revise(&self, what: &str, otherwise: &str) {
        let text = CLASSES.replace(what, otherwise);
        assert_ne!(text, CLASSES, "{what} is not in the catalogue");
        let options = CatalogueOptions {
            effective: Some("2026-03-16".parse().unwrap()),
            ..catalogue()
        };
        let done = matters::ops::import_matters(&self.system(), text.as_bytes(), &options).unwrap();
        assert_eq!(done.rejected, 0, "{done:?}");
        self.refresh();
    }
    /// Adds an account that manages reference data.
    pub fn add_admin(&mut self) {
        self.add("admin", &[Role::SystemAdmin], None, None);
    }
    /// Adds somebody of no unit who works in the street and holds every role of the desk.
    pub fn add_many_hats(&mut self) {
        let roles = [
            Role::Collector,
            Role::Acceptor,
            Role::ShiftLeader,
            Role::Dispatcher,
        ];
        self.add("many_hats", &roles, None, None);
    }
    /// Adds somebody of the unit WATER who holds every role of the desk as well.
    #[allow(dead_code, reason = "rooms above cases have nobody with two hats")]
    pub fn add_two_hats(&mut self) {
        let desk = [Role::Acceptor, Role::ShiftLeader, Role::Dispatcher];
        let roles = [&desk[..], &[Role::Handler]].concat();
        self.add("two_hats", &roles, Some("WATER"), None);
    }
    /// Adds somebody with every role of the desk whose unit is the bureau HALL, which handles nothing here.
    #[allow(
        dead_code,
        reason = "rooms above cases do not read whose desk answered"
    )]
    pub fn add_desk_of_hall(&mut self) {
        let desk = [Role::Acceptor, Role::ShiftLeader, Role::Dispatcher];
        self.add("hall_desk", &desk, Some("HALL"), None);
    }
    /// Adds two residents with accounts.
    #[allow(dead_code, reason = "rooms above cases have no residents")]
    pub fn add_residents(&mut self) {
        for login in ["resident", "neighbour"] {
            self.add(login, &[Role::Resident], None, None);
        }
    }
    /// POST of a form without files as an account.
    pub fn urlencoded(&self, login: &str, path: &str, words: &[(&str, &str)]) -> Reply {
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(words)
            .finish();
        let token = &self.tokens[login];
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT_LANGUAGE, "en")
            .body(Body::from(body));
        self.send(request.unwrap())
    }
    /// Loads a calendar.
    pub fn calendar(&self, text: &str) {
        let ctx = self.system();
        matters::ops::import_calendar(&ctx, text.as_bytes()).unwrap();
        self.refresh();
    }
    /// Reads the reference data again.
    pub fn refresh(&self) {
        self.reference.refresh_blocking(&self.system()).unwrap();
    }
    /// Every row is what its events add up to.
    pub fn replays(&self) {
        let found = cases::replay::replay(&self.system()).unwrap();
        assert_eq!((found.mismatches, found.differing), (0, Vec::new()));
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
    /// The day it is in the city.
    pub fn today(&self) -> jiff::civil::Date {
        self.cases.city().local_date(self.clock.now())
    }
    /// How the engine would answer a statement, a line a step.
    pub fn plan(&self, (sql, values): (String, Vec<store::Value>)) -> String {
        let lines = self.system().read_blocking::<_, StoreError, _>(move |r| {
            Ok(match r.engine() {
                store::Engine::Sqlite => r
                    .all::<(i64, i64, i64, String)>(&format!("EXPLAIN QUERY PLAN {sql}"), &values)?
                    .into_iter()
                    .map(|(.., line)| line)
                    .collect::<Vec<_>>(),
                store::Engine::Postgres => r
                    .all::<(String,)>(&format!("EXPLAIN {sql}"), &values)?
                    .into_iter()
                    .map(|(line,)| line)
                    .collect(),
            })
        });
        lines.unwrap().join("\n")
    }
    /// One number out of the database.
    pub fn count(&self, sql: &'static str) -> i64 {
        self.system()
            .read_blocking::<_, StoreError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
            .unwrap()
    }
}

/// Files in a folder of their own, shown to whoever may see their case.
fn attachments() -> (Arc<attachments::Attachments>, testkit::temp::Dir) {
    let dir = testkit::temp::Dir::new("cases-files").unwrap();
    let may_read: attachments::MayRead = Arc::new(|ctx, district, case| {
        Box::pin(async move { ops::may_read(&ctx, district, case).await })
    });
    let files = attachments::Files::folder(dir.path()).unwrap();
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    (
        Arc::new(attachments::Attachments::new(files, zone, may_read)),
        dir,
    )
}

fn catalogue() -> CatalogueOptions {
    CatalogueOptions {
        id: "test".into(),
        standard: "test".into(),
        version: "1".into(),
        valid_from: None,
        valid_to: None,
        source: "test".into(),
        limits: kernel::deadline::ParseOptions::default(),
        effective: None,
        kind: None,
    }
}

fn lay_reference(ctx: &Ctx) {
    ctx.write_blocking::<_, StoreError, _>(|mut w| {
        let division = |code: &str, name: &str| Division::new(code.parse().unwrap(), name, "test");
        let divisions = [
            division("330102000000", "上城区"),
            division("330104000000", "江干区"),
            division("330102001000", "清波街道"),
            division("330102001001", "清波门社区"),
        ];
        grid::sql::insert_divisions(&mut w, &divisions)?;
        let square = json!({ "type": "Polygon", "coordinates": [[[120.16, 30.24], [120.17, 30.24], [120.17, 30.25], [120.16, 30.25], [120.16, 30.24]]] });
        let shape = grid::area::Area::from_geojson(&square, Crs::Wgs84).unwrap();
        let cell: GridCode = CELL.parse().unwrap();
        grid::sql::insert_grids(&mut w, &[UnitGrid::new(cell, shape, false, "test")])?;
        grid::sql::bump(&mut w, Part::Territory)?;
        w.commit(AuditEvent::done("test.lay", "division", "test"), ())
    })
    .unwrap();
    actors::ops::import_units(ctx, UNITS.as_bytes(), "test").unwrap();
    let classes = matters::ops::import_matters(ctx, CLASSES.as_bytes(), &catalogue()).unwrap();
    assert_eq!(classes.rejected, 0, "{classes:?}");
    let duties = matters::ops::import_duties(ctx, DUTIES.as_bytes(), "test").unwrap();
    assert_eq!(duties.rejected, 0, "{duties:?}");
}
