//! A city of two streets with a burst of water failures in its record, its figures made, and accounts for each role.

use access::ops::accounts;
use access::{AccountDraft, AppParts, AppState, Ctx, Role, Services, Settings, SystemRole};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use cases::facts::CaseFacts;
use cases::model::{Case, Place, Reported};
use cases::rules::{self, Actor, CityRules, Command, Facts};
use cases::service::{Cases, CasesConfig};
use grid::{Area, Beat, Division, Part, Shift, UnitGrid};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use kernel::codes::{CaseNumber, DistrictCode, DivisionCode, GridCode};
use kernel::geo::Crs;
use kernel::{Clock, ManualClock};
use matters::ops::CatalogueOptions;
use matters::{City as Reference_, MatterId, Reference};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use store::{AuditEvent, Db, Migration, StoreError};
use testdb::TestDb;
use tower::ServiceExt as _;

const CLASSES: &str = "kind,major,minor,name_zh,verify,rule_no,condition,limit,closing,code\n\
    component,01,01,上水井盖,1,1,缺失,4WH,恢复;更换,C0101\n\
    event,01,13,暴露垃圾,1,1,散落,2WD,清除,E0113\n\
    event,02,01,占道堆物,0,1,堆物,4WH,清除,E0201\n";

/// The cells of a street lie in a square of so many.
const SIDE: u16 = 6;
pub const DISTRICT: &str = "330102";
/// The neighbouring cells (of the first street) in which the burst lies.
pub const BURST: [u16; 5] = [15, 9, 14, 16, 21];

/// The tables these tests need.
pub fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        vault::MIGRATIONS,
        facts::MIGRATIONS,
        cases::MIGRATIONS,
        warning::MIGRATIONS,
    ]
    .concat()
}

/// Numbers that look random and are the same each time.
struct Luck(u64);

impl Luck {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A city under test.
pub struct City {
    pub clock: Arc<ManualClock>,
    pub services: Services,
    pub runtime: tokio::runtime::Runtime,
    reference: Arc<Reference>,
    db: Db,
    router: Router,
    tokens: HashMap<&'static str, String>,
    next: std::sync::atomic::AtomicU32,
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

pub fn district() -> DistrictCode {
    DISTRICT.parse().unwrap()
}

pub fn street(n: u16) -> DivisionCode {
    DivisionCode::street(district(), n).unwrap()
}

/// A cell of a street by its number from 1.
pub fn cell(of: u16, n: u16) -> GridCode {
    GridCode::new(DivisionCode::community(street(of), 1).unwrap(), n).unwrap()
}

fn write<F>(ctx: &Ctx, part: Part, mut change: F)
where
    F: FnMut(&mut store::Write<'_>) -> Result<(), StoreError> + Send + 'static,
{
    ctx.write_blocking::<_, StoreError, _>(move |mut w| {
        change(&mut w)?;
        grid::sql::bump(&mut w, part)?;
        w.commit(AuditEvent::done("test.setup", "test", ""), ())
    })
    .unwrap();
}

/// Two streets of 6 × 6 cells of about a hundred metres side by side, each cut into three beats.
fn lay_reference(ctx: &Ctx) {
    let mut divisions = vec![Division::new(district().division(), "海沧区", "test")];
    let (mut cells, mut beats) = (Vec::new(), Vec::new());
    for s in 1..=4 {
        let community = DivisionCode::community(street(s), 1).unwrap();
        divisions.push(Division::new(street(s), format!("{s}号街道"), "test"));
        let mut of_street = Division::new(community, format!("{s}号街道一社区"), "test");
        of_street.residents = Some(8000);
        of_street.households = Some(3600);
        divisions.push(of_street);
        for n in 0..SIDE * SIDE {
            let step = 0.001;
            let west = 120.0 + f64::from((s - 1) * SIDE + n % SIDE) * step;
            let south = 30.0 + f64::from(n / SIDE) * step;
            let ring = serde_json::json!([[
                [west, south],
                [west + step, south],
                [west + step, south + step],
                [west, south + step],
                [west, south]
            ]]);
            let shape = serde_json::json!({ "type": "Polygon", "coordinates": ring });
            let shape = Area::from_geojson(&shape, Crs::Wgs84).unwrap();
            cells.push(UnitGrid::new(cell(s, n + 1), shape, true, "test"));
        }
        for third in 0..3 {
            let grids = (0..12).map(|n| cell(s, third * 12 + n + 1)).collect();
            beats.push(Beat {
                code: format!("B{s}{third}"),
                name: format!("{s}号街道第{}责任网格", third + 1),
                valid_from: None,
                valid_to: None,
                source: "test".into(),
                grids,
                shifts: Vec::<Shift>::new(),
            });
        }
    }
    write(ctx, Part::Territory, move |w| {
        grid::sql::insert_divisions(w, &divisions)?;
        grid::sql::insert_grids(w, &cells)?;
        for beat in &beats {
            grid::sql::save_beat(w, beat)?;
        }
        Ok(())
    });
    let options = CatalogueOptions {
        id: "test-2026".into(),
        standard: "test".into(),
        version: "1".into(),
        valid_from: None,
        valid_to: None,
        source: "test".into(),
        limits: kernel::deadline::ParseOptions::default(),
        effective: None,
        kind: None,
    };
    let report = matters::ops::import_matters(ctx, CLASSES.as_bytes(), &options).unwrap();
    assert_eq!(report.rejected, 0, "{report:?}");
}

impl City {
    /// A city without cases, on Monday 16 March 2026 at nine.
    pub fn new(db: &TestDb) -> Self {
        let clock = Arc::new(ManualClock::at(testdb::monday()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let system = db.system(&clock);
        lay_reference(&system);
        let reference = Arc::new(Reference::new(zone()));
        reference.refresh_blocking(&system).unwrap();
        let config = CasesConfig::new("339999".parse().unwrap());
        let mut services = Services::default();
        services.add(Arc::new(Cases::new(reference.clone(), config)));
        let capabilities = vec![
            access::capability(),
            cases::http::capability(),
            warning::http::capability(),
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
            services,
            runtime,
            reference,
            db: (*db).clone(),
            router,
            tokens: HashMap::new(),
            next: 1.into(),
        };
        for (name, roles) in [
            ("shift", &[Role::ShiftLeader][..]),
            ("leader", &[Role::Leader]),
            ("analyst", &[Role::Analyst]),
            ("auditor", &[Role::Auditor]),
            ("checker", &[Role::Checker]),
        ] {
            let token = city.token(name, roles, &[]);
            city.tokens.insert(name, token);
        }
        let elsewhere: DistrictCode = "330199".parse().unwrap();
        let token = city.token("elsewhere", &[Role::ShiftLeader], &[elsewhere]);
        city.tokens.insert("elsewhere", token);
        city
    }
    fn token(&self, login: &str, roles: &[Role], districts: &[DistrictCode]) -> String {
        let ctx = self.system();
        let draft = AccountDraft {
            name: login.into(),
            roles: roles.to_vec(),
            unit: None,
            districts: districts.to_vec(),
        };
        let hash = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA".to_owned();
        let new = accounts::new_account(login, draft, hash, false, ctx.now()).unwrap();
        let id = ctx.write_blocking(move |w| accounts::add(w, &new)).unwrap();
        let account = ctx.read_blocking(move |r| accounts::find(r, id)).unwrap();
        let token = accounts::new_token(&account, "test", &[], 30, ctx.now()).unwrap();
        let text = token.text.clone();
        ctx.write_blocking(move |w| accounts::add_token(w, id, &token))
            .unwrap();
        text
    }
    /// The program itself.
    pub fn system(&self) -> Ctx {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Ctx::system(
            self.db.clone(),
            clock,
            self.services.clone(),
            SystemRole::Operator,
        )
    }
    pub fn reference(&self) -> Arc<Reference_> {
        self.reference.current()
    }
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned(zone()).date()
    }
    /// So many days before today.
    pub fn day(&self, back: i64) -> Date {
        self.today().checked_sub(back.days()).unwrap()
    }
    pub fn class(&self, code: &str) -> MatterId {
        let reference = self.reference();
        let found = reference.matters.classes().iter().find(|c| c.code == code);
        found.unwrap().id
    }
    /// Cases of a class reported by a channel, one for each cell given, so many days ago.
    pub fn report(
        &self,
        class: &str,
        channel: &str,
        back: i64,
        cells: &[GridCode],
    ) -> Vec<CaseNumber> {
        let day = self.day(back);
        let at = day.at(10, 0, 0, 0).to_zoned(zone()).unwrap().timestamp();
        let matter = self.class(class);
        let reference = self.reference();
        let mut made = Vec::new();
        for grid in cells {
            let sequence = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let number = CaseNumber::new(district(), day, sequence).unwrap();
            made.push(born(&reference, number, at, matter, channel, *grid));
        }
        let numbers = made.iter().map(|(case, _)| case.number).collect();
        self.store(made);
        numbers
    }
    fn store(&self, made: Vec<(Case, Vec<cases::CaseEvent>)>) {
        for batch in made.chunks(200).map(<[_]>::to_vec) {
            self.system()
                .write_blocking::<_, StoreError, _>(move |mut w| {
                    for (case, events) in &batch {
                        cases::sql::insert(&mut w, case, events)?;
                    }
                    w.commit(AuditEvent::done("test.setup", "test", ""), ())
                })
                .unwrap();
        }
    }
    /// Four months of ordinary cases: about six a day, anywhere.
    pub fn ordinary(&self) {
        let mut luck = Luck(11);
        for back in 1..120 {
            let cells: Vec<GridCode> = (0..4 + luck.below(5))
                .map(|_| cell(1 + luck.below(4) as u16, 1 + luck.below(36) as u16))
                .collect();
            self.report("C0101", "hotline", back, &cells);
        }
    }
    /// Five incidents a day in neighbouring cells for some days up to `back` days ago.
    pub fn burst(&self, channel: &str, back: i64, days: i64) {
        let cells = BURST.map(|n| cell(1, n));
        for n in 0..days {
            self.report("C0101", channel, back + n, &cells);
        }
    }
    /// Makes the figures from the record.
    pub fn count(&self) {
        let source = CaseFacts::source(zone());
        facts::rebuild::rebuild(&self.system(), &source, |_| {}).unwrap();
    }
    /// One request with the token of an account (empty = a stranger).
    pub fn send(&self, who: &str, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if !who.is_empty() {
            request = request.header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.tokens[who]),
            );
        }
        let body = match body {
            Some(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(body).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = to_bytes(response.into_body(), 8 << 20).await.unwrap();
            let text = String::from_utf8_lossy(&bytes);
            (
                status,
                serde_json::from_str(&text).unwrap_or(Value::String(text.into_owned())),
            )
        })
    }
    pub fn get(&self, who: &str, path: &str) -> (u16, Value) {
        self.send(who, Method::GET, path, None)
    }
    pub fn post(&self, who: &str, path: &str, body: Value) -> (u16, Value) {
        self.send(who, Method::POST, path, Some(body))
    }
    /// How many rows a query counts.
    pub fn rows(&self, sql: &'static str) -> i64 {
        self.system()
            .read_blocking::<_, StoreError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
            .unwrap()
    }
}

/// A case as it stands after it was reported.
fn born(
    city: &Reference_,
    number: CaseNumber,
    at: Timestamp,
    matter: MatterId,
    channel: &str,
    grid: GridCode,
) -> (Case, Vec<cases::CaseEvent>) {
    let report = Reported {
        district: district(),
        number,
        reported_at: at,
        channel: channel.into(),
        matter: Some(matter),
        description: "井盖响".into(),
        place: Place {
            grid: Some(grid),
            division: Some(grid.community()),
            ..Place::default()
        },
        subject: None,
        attachments: Vec::new(),
        verify: false,
        self_handled: None,
        notify: false,
        confidential: false,
        same_as: None,
        nature: None,
        nature_assumed: false,
        askable: None,
        requested: false,
    };
    let actor = Actor {
        kind: "system",
        account: None,
        roles: Vec::new(),
        unit: None,
        is_program: true,
        behalf: None,
        ties: cases::rules::Ties::default(),
    };
    let rules = CityRules::default();
    let facts = Facts {
        now: at,
        actor: &actor,
        calendar: &city.calendar,
        tz: &city.timezone,
        rules: &rules,
        on_duty: None,
    };
    let events = rules::decide(None, Command::Report(Box::new(report)), &facts).unwrap();
    let id = rules::new_case_id(at, rand::random());
    (rules::replay(id, &events).unwrap(), events)
}
