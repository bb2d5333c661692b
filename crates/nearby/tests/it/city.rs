//! A city of four streets with cases of several classes, a mail server that keeps what it gets, and strangers.

use access::{AppParts, AppState, Ctx, Services, Settings, SystemRole};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, header};
use cases::model::{Case, Place, Reported, State};
use cases::rules::{self, Actor, CityRules, Command, Facts};
use cases::service::{Cases, CasesConfig};
use grid::{Area, Division, Part, UnitGrid};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{CaseNumber, DistrictCode, DivisionCode, GridCode};
use kernel::geo::Crs;
use kernel::{Clock, ManualClock};
use matters::ops::CatalogueOptions;
use matters::{City as Snapshot, MatterId, Reference};
use nearby::Nearby;
use notices::channels::{Channel, Message, SendError, Sending};
use notices::{Notices, NoticesConfig};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use store::{AuditEvent, Db, Migration, StoreError};
use testdb::TestDb;
use tower::ServiceExt as _;
use vault::MasterKeys;

const CLASSES: &str = "kind,major,minor,name_zh,verify,public,confidential,rule_no,condition,limit,closing,code\n\
    component,01,01,上水井盖,0,1,0,1,缺失,4WH,恢复,C0101\n\
    event,01,13,暴露垃圾,0,1,0,1,散落,2WD,清除,E0113\n\
    event,02,01,占道堆物,0,0,0,1,堆物,4WH,清除,E0201\n\
    event,09,01,举报店铺,0,1,1,1,举报,5WD,答复,E0901\n";

/// The cells of a street lie in a square of so many.
const SIDE: u16 = 4;
pub const BASE: &str = "https://city.example";

pub fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        vault::MIGRATIONS,
        attachments::MIGRATIONS,
        notices::MIGRATIONS,
        facts::MIGRATIONS,
        cases::MIGRATIONS,
        open311::MIGRATIONS,
        nearby::MIGRATIONS,
    ]
    .concat()
}

/// A mail server that keeps what it gets, and refuses as often as it was told.
#[derive(Clone, Default)]
pub struct Box_ {
    got: Arc<Mutex<Vec<Message>>>,
    refusals: Arc<Mutex<VecDeque<SendError>>>,
}

impl Box_ {
    pub fn got(&self) -> Vec<Message> {
        self.got.lock().unwrap().clone()
    }
    pub fn refuse(&self, with: SendError) {
        self.refusals.lock().unwrap().push_back(with);
    }
}

impl Channel for Box_ {
    fn name(&self) -> &'static str {
        "email"
    }
    fn field(&self) -> vault::Field {
        vault::Field::Email
    }
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            if let Some(refusal) = self.refusals.lock().unwrap().pop_front() {
                return Err(refusal);
            }
            self.got.lock().unwrap().push(message.clone());
            Ok(())
        })
    }
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

/// A city under test.
pub struct City {
    clock: Arc<ManualClock>,
    pub mail: Box_,
    services: Services,
    runtime: tokio::runtime::Runtime,
    reference: Arc<Reference>,
    db: Db,
    router: Router,
    next: AtomicU32,
}

/// A case to be kept.
pub struct New<'a> {
    pub class: &'a str,
    pub words: &'a str,
    pub grid: GridCode,
    pub confidential: bool,
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap()
}

pub fn district() -> DistrictCode {
    "330102".parse().unwrap()
}

pub fn street(n: u16) -> DivisionCode {
    DivisionCode::street(district(), n).unwrap()
}

pub fn community(of: u16, n: u16) -> DivisionCode {
    DivisionCode::community(street(of), n).unwrap()
}

/// A cell of the first community of a street by its number from 1.
pub fn cell(of: u16, n: u16) -> GridCode {
    GridCode::new(community(of, 1), n).unwrap()
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

/// Four streets of 4 × 4 cells side by side; the last two cells of each are a second community.
fn lay_reference(ctx: &Ctx) {
    let mut divisions = vec![Division::new(district().division(), "海沧区", "test")];
    let mut cells = Vec::new();
    for s in 1..=4 {
        divisions.push(Division::new(street(s), format!("{s}号街道"), "test"));
        for c in 1..=2 {
            let name = format!("{s}号街道{c}社区");
            divisions.push(Division::new(community(s, c), name, "test"));
        }
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
            let code = if n < SIDE * SIDE - 2 {
                cell(s, n + 1)
            } else {
                GridCode::new(community(s, 2), n + 1).unwrap()
            };
            cells.push(UnitGrid::new(code, shape, true, "test"));
        }
    }
    write(ctx, Part::Territory, move |w| {
        grid::sql::insert_divisions(w, &divisions)?;
        grid::sql::insert_grids(w, &cells)
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
    /// A city without cases that can send mail, on Monday 16 March 2026 at nine.
    pub fn new(db: &TestDb) -> Self {
        Self::made(db, true)
    }
    /// The same without a mail server.
    pub fn without_mail(db: &TestDb) -> Self {
        Self::made(db, false)
    }
    fn made(db: &TestDb, has_mail: bool) -> Self {
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
        let master = MasterKeys::parse(&format!("{}Bwc=", "BwcH".repeat(10)), "test").unwrap();
        let opened = runtime.block_on(vault::ops::open_keys(&system, master));
        let keys = Arc::new(opened.unwrap());
        let mail = Box_::default();
        let as_clock: Arc<dyn Clock> = clock.clone();
        let config = NoticesConfig::inside(BASE, zone(), district()).unwrap();
        let mut notices = Notices::new(config, Some(keys.clone()), &as_clock).unwrap();
        if has_mail {
            notices = notices.with_channel(Box::new(mail.clone()));
        }
        let territory = reference.clone();
        let tiles = grid::Tiles::new(move || territory.current().territory.clone());
        let mut services = Services::default();
        let config = CasesConfig::new("339999".parse().unwrap());
        services.add(Arc::new(Cases::new(reference.clone(), config)));
        services.add(Arc::new(notices));
        services.add(Arc::new(tiles));
        services.add(Arc::new(Nearby::new(zone(), [7; 32])));
        let capabilities = || {
            vec![
                access::capability(),
                vault::capability(),
                cases::http::capability(),
                open311::capability(),
                nearby::capability(),
            ]
        };
        let settings = Settings {
            public_url: BASE.into(),
            ..Settings::default()
        };
        let state = AppState::new(AppParts {
            db: (*db).clone(),
            clock: clock.clone(),
            services: services.clone(),
            site: ui::testing::site_with(access::words_of(&capabilities()).unwrap()),
            settings,
            cookie_key: access::ops::cookie_key(&system).unwrap(),
            menu: access::menu_of(&capabilities()),
        });
        Self {
            router: access::router(&state, capabilities()),
            clock,
            mail,
            services,
            runtime,
            reference,
            db: (*db).clone(),
            next: 1.into(),
        }
    }
    /// The program itself.
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
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.reference.current()
    }
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
    pub fn wait(&self, seconds: i64) {
        let later = self.clock.now() + SignedDuration::from_secs(seconds);
        self.clock.set(later);
    }
    /// At this hour of the next day.
    pub fn tomorrow_at(&self, hour: i8) {
        let local = self.clock.now().to_zoned(zone());
        let day = local.date().tomorrow().unwrap();
        let at = day.at(hour, 0, 0, 0).to_zoned(zone()).unwrap();
        self.clock.set(at.timestamp());
    }
    pub fn class(&self, code: &str) -> MatterId {
        let snapshot = self.snapshot();
        let found = snapshot.matters.classes().iter().find(|c| c.code == code);
        found.unwrap().id
    }
    /// A case that was reported now, changed as `change` says before it is kept.
    pub fn keep(&self, new: New<'_>, change: impl FnOnce(&mut Case)) -> CaseNumber {
        let now = self.clock.now();
        let sequence = self.next.fetch_add(1, Ordering::Relaxed);
        let day = now.to_zoned(zone()).date();
        let number = CaseNumber::new(district(), day, sequence).unwrap();
        let snapshot = self.snapshot();
        let report = Reported {
            district: district(),
            number,
            reported_at: now,
            channel: "web".into(),
            matter: Some(self.class(new.class)),
            description: new.words.into(),
            place: Place {
                point: snapshot
                    .territory
                    .grid(new.grid)
                    .map(|g| g.shape.label_point()),
                grid: Some(new.grid),
                division: Some(new.grid.community()),
                address: Some("海棠街12号".into()),
                ..Place::default()
            },
            subject: None,
            attachments: Vec::new(),
            verify: false,
            self_handled: None,
            confidential: new.confidential,
            notify: false,
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
        let facts = Facts {
            now,
            actor: &actor,
            calendar: &snapshot.calendar,
            tz: &snapshot.timezone,
            rules: &CityRules::default(),
            on_duty: None,
        };
        let events = rules::decide(None, Command::Report(Box::new(report)), &facts).unwrap();
        let id = rules::new_case_id(now, rand::random());
        let mut case = rules::replay(id, &events).unwrap();
        change(&mut case);
        self.system()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                cases::sql::insert(&mut w, &case, &events)?;
                w.commit(AuditEvent::done("test.setup", "test", ""), ())
            })
            .unwrap();
        number
    }
    /// An open case of a public class in the first street.
    pub fn cover(&self) -> CaseNumber {
        self.public(cell(1, 1), |_| {})
    }
    /// A case of a public class.
    pub fn public(&self, grid: GridCode, change: impl FnOnce(&mut Case)) -> CaseNumber {
        let new = New {
            class: "C0101",
            words: "井盖没了，王小二家门口",
            grid,
            confidential: false,
        };
        self.keep(new, change)
    }
    /// Says what words of a case are public.
    pub fn publish(&self, number: CaseNumber, words: &str) {
        let words = words.to_owned();
        self.system()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                let case = cases::sql::by_number(&mut w, &number)?.unwrap();
                open311::sql::save_text(&mut w, case.district, case.id.0, &words)?;
                w.commit(AuditEvent::done("test.setup", "test", ""), ())
            })
            .unwrap();
    }
    pub fn send(&self, request: Request<Body>) -> Reply {
        self.run(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, 8 << 20).await.unwrap();
            Reply {
                status: parts.status.as_u16(),
                headers: parts.headers,
                text: String::from_utf8_lossy(&bytes).into_owned(),
            }
        })
    }
    /// What a stranger sees.
    pub fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap())
    }
    /// What a stranger gets who opens a page and sends a form from it.
    pub fn form(&self, page: &str, to: &str, body: &str) -> Reply {
        let opened = self.get(page);
        let csrf = opened.text.split("name=\"csrf\" value=\"").nth(1);
        let csrf = csrf.unwrap_or_else(|| panic!("no form: {}", opened.text));
        let csrf = csrf.split('"').next().unwrap();
        let cookies: Vec<&str> = opened
            .headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|c| c.to_str().unwrap().split(';').next().unwrap())
            .collect();
        let request = Request::builder()
            .method(Method::POST)
            .uri(to)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={csrf}&{body}")));
        self.send(request.unwrap())
    }
    /// How many rows a query counts.
    pub fn rows(&self, sql: &'static str) -> i64 {
        self.system()
            .read_blocking::<_, StoreError, _>(move |r| Ok(r.one::<(i64,)>(sql, &[])?.0))
            .unwrap()
    }
}

/// The case is over since a moment.
pub fn closed(at: Timestamp) -> impl FnOnce(&mut Case) {
    move |case| {
        case.state = State::Closed;
        case.closed_at = Some(at);
        case.updated_at = at;
    }
}
