//! The sample city without cases, one account for each role, and the life of a case in four calls.

use crate::load::{ApiLife, Call};
use access::ops::accounts;
use access::{
    AccountDraft, AccountError, AppParts, AppState, Capability, Ctx, Permission, Role, Routes,
    Services, Settings, SystemRole, UnitId,
};
use anyhow::{Context as _, bail, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use cases::ops::{self, NewPlace, NewReport, Step};
use cases::service::{Cases, CasesConfig};
use cases::{Case, State};
use jiff::tz::TimeZone;
use kernel::Clock;
use kernel::codes::{CaseNumber, DistrictCode};
use matters::{MatterId, Reference};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use store::{AuditEvent, Db, DbOptions, StoreError};
use tower::ServiceExt as _;

/// The seed of the sample city.
const SEED: u64 = 20_261_123;
/// The largest answer that is read.
const LARGEST_ANSWER: usize = 8 << 20;

/// Rows for a table: its name, its columns, their values.
pub type TableRows = (
    &'static str,
    &'static [&'static str],
    Vec<Vec<store::Value>>,
);

/// What is done in every life.
#[derive(Debug, Clone)]
struct Plan {
    report: NewReport,
    rule: u32,
    unit: UnitId,
    closing: String,
}

/// The API tokens of those who act in a life.
#[derive(Debug, Clone)]
struct Tokens {
    collector: String,
    desk: String,
    handler: String,
    checker: String,
}

/// A deployment with the reference data of the sample city.
pub struct City {
    /// The program itself, in the background.
    pub system: Ctx,
    runtime: tokio::runtime::Runtime,
    router: Router,
    collector: Ctx,
    /// One person with the three roles of the desk.
    pub desk: Ctx,
    handler: Ctx,
    checker: Ctx,
    tokens: Tokens,
    district: DistrictCode,
    plan: Plan,
}

/// What a call of the program cost in statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statements {
    /// Which call.
    pub call: &'static str,
    /// How many.
    pub count: u32,
}

impl City {
    /// Lays the city into the database at `url`, which `shiyu init` has made.
    ///
    /// # Errors
    /// The store's, and those of the sample city.
    pub fn new(url: &str, clock: Arc<dyn Clock>, options: &DbOptions) -> anyhow::Result<Self> {
        let db = Db::open(url, options)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        let installer = Ctx::system(
            db.clone(),
            clock.clone(),
            Services::default(),
            SystemRole::Installer,
        );
        let mut sample = sample::generate_cases(SEED, installer.now(), 500)?;
        let lives = std::mem::take(&mut sample.lives);
        // Without shifts nobody is on duty, so that the check stands open to the one checker, whatever the hour.
        sample.beats.clear();
        sample::ops::install(&installer, &sample, |_| {})?;

        let reference = Arc::new(Reference::new(
            TimeZone::get(sample::TIMEZONE).context("no time zone data")?,
        ));
        reference.refresh_blocking(&installer)?;
        let plan = lives
            .iter()
            .find_map(|life| plan_of(&life.case))
            .context("the sample city has no closed case to take as an example")?;
        let district = sample
            .grids
            .first()
            .context("the sample city has no cells")?
            .code
            .district();
        let cases = Arc::new(Cases::new(reference, CasesConfig::new(district)));
        let mut services = Services::default();
        services.add(cases);

        let caught: Arc<Mutex<Option<Ctx>>> = Arc::default();
        let sink = caught.clone();
        // The permit of whoever asks: only a granted request has one.
        let catch = move |ctx: Ctx| {
            let sink = sink.clone();
            async move {
                *sink.lock().unwrap_or_else(PoisonError::into_inner) = Some(ctx);
                StatusCode::NO_CONTENT
            }
        };
        let probe = Capability::new(
            "probe",
            Routes::new("probe").on(Method::GET, "/probe", Permission::Public, catch),
        );
        let capabilities = vec![access::capability(), cases::http::capability(), probe];
        let words = access::words_of(&capabilities).map_err(|e| anyhow::anyhow!("words: {e}"))?;
        let state = AppState::new(AppParts {
            db: db.clone(),
            clock: clock.clone(),
            services: services.clone(),
            site: ui::testing::site_with(words),
            settings: Settings::default(),
            cookie_key: access::ops::cookie_key(&installer)?,
            menu: Vec::new(),
        });
        let router = access::router(&state, capabilities);
        let permit =
            |login: &str, roles: &[Role], unit: Option<UnitId>| -> anyhow::Result<(Ctx, String)> {
                let token = add_account(&installer, login, roles, unit)?;
                let (status, _) = get(&runtime, &router, &token, "/probe")?;
                ensure!(
                    status == StatusCode::NO_CONTENT,
                    "{login} is not let in: {status}"
                );
                let ctx = caught.lock().unwrap_or_else(PoisonError::into_inner).take();
                Ok((ctx.context("the probe saw nobody")?, token))
            };
        let (collector, collector_token) = permit("bench_collector", &[Role::Collector], None)?;
        let (desk, desk_token) = permit(
            "bench_desk",
            &[Role::Acceptor, Role::ShiftLeader, Role::Dispatcher],
            None,
        )?;
        let (handler, handler_token) = permit("bench_handler", &[Role::Handler], Some(plan.unit))?;
        let (checker, checker_token) = permit("bench_checker", &[Role::Checker], None)?;
        let system = Ctx::system(db.clone(), clock, services, SystemRole::Keeper);
        let tokens = Tokens {
            collector: collector_token,
            desk: desk_token,
            handler: handler_token,
            checker: checker_token,
        };
        Ok(Self {
            system,
            runtime,
            router,
            collector,
            desk,
            handler,
            checker,
            tokens,
            district,
            plan,
        })
    }

    /// Runs a future on the deployment's runtime.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// The four calls of a life. Each permit is renewed, as a new request would be.
    ///
    /// # Errors
    /// A refusal, which would be a flaw of the plan; the store's.
    pub async fn life(&self) -> anyhow::Result<CaseNumber> {
        let receipt = ops::report(&self.collector.renewed(), self.plan.report.clone()).await?;
        let number = receipt.case.number;
        for (ctx, steps) in self.later_calls() {
            ops::act(&ctx.renewed(), number, None, steps).await?;
        }
        Ok(number)
    }

    fn later_calls(&self) -> [(&Ctx, Vec<Step>); 3] {
        let Plan {
            rule,
            unit,
            closing,
            ..
        } = self.plan.clone();
        let desk = vec![
            Step::Accept {
                matter: None,
                urgent: false,
            },
            Step::Register { rule: Some(rule) },
            Step::Dispatch {
                unit: Some(unit),
                basis: "权责清单".into(),
            },
        ];
        let handler = vec![
            Step::Sign,
            Step::ReportBack {
                result: "已处理完毕".into(),
                attachments: Vec::new(),
            },
        ];
        let checker = vec![
            Step::Check {
                passed: true,
                note: String::new(),
                attachments: Vec::new(),
            },
            Step::Close { closing },
        ];
        [
            (&self.desk, desk),
            (&self.handler, handler),
            (&self.checker, checker),
        ]
    }

    /// The same life as calls of the API.
    pub fn api_life(&self) -> ApiLife {
        let Plan {
            report,
            rule,
            unit,
            closing,
        } = &self.plan;
        let (lon, lat) = report.place.lon_lat.unzip();
        let call = |token: &str, body: serde_json::Value| Call {
            token: token.to_owned(),
            body: body.to_string(),
        };
        let acts = |token: &str, acts: serde_json::Value| call(token, json!({ "acts": acts }));
        ApiLife {
            report: call(
                &self.tokens.collector,
                json!({
                    "channel": report.channel,
                    "description": report.description,
                    "matter": report.matter,
                    "place": { "lon": lon, "lat": lat, "address": report.place.address },
                }),
            ),
            acts: vec![
                acts(
                    &self.tokens.desk,
                    json!([
                        { "act": "accept" },
                        { "act": "register", "rule": rule },
                        { "act": "dispatch", "unit": unit, "basis": "权责清单" },
                    ]),
                ),
                acts(
                    &self.tokens.handler,
                    json!([{ "act": "sign" }, { "act": "report_back", "result": "已处理完毕" }]),
                ),
                acts(
                    &self.tokens.checker,
                    json!([{ "act": "check", "passed": true }, { "act": "close", "closing": closing }]),
                ),
            ],
        }
    }

    /// `count` lives one after the other.
    ///
    /// # Errors
    /// As [`City::life`].
    pub async fn lives(&self, count: usize) -> anyhow::Result<()> {
        for _ in 0..count {
            self.life().await?;
        }
        Ok(())
    }

    /// One life, its statements counted; and those of looking at it and at a list.
    ///
    /// # Errors
    /// As [`City::life`]; when the life does not end closed.
    pub fn count_statements(&self) -> anyhow::Result<Vec<Statements>> {
        let mut counts = Vec::new();
        let mut add = |call, before: u32, after: u32| {
            counts.push(Statements {
                call,
                count: after - before,
            });
        };
        let ctx = &self.collector;
        let before = ctx.statements();
        let receipt = self.run(ops::report(&ctx.renewed(), self.plan.report.clone()))?;
        add("report", before, ctx.statements());
        let number = receipt.case.number;
        let names = [
            "accept, register, dispatch",
            "sign, report back",
            "check, close",
        ];
        for ((ctx, steps), name) in self.later_calls().into_iter().zip(names) {
            let before = ctx.statements();
            self.run(ops::act(&ctx.renewed(), number, None, steps))?;
            add(name, before, ctx.statements());
        }
        let ctx = &self.desk;
        let before = ctx.statements();
        let (case, _) = self.run(ops::events(&ctx.renewed(), number))?;
        add("show a case with its life", before, ctx.statements());
        ensure!(case.state == State::Closed, "{number} ended {}", case.state);
        let before = ctx.statements();
        self.run(ops::list(&ctx.renewed(), ops::ListQuery::default()))?;
        add("a page of the list", before, ctx.statements());
        Ok(counts)
    }

    /// Filters of the list, as the API takes them: in words, and what follows `limit=50`.
    pub fn list_filters(&self) -> Vec<(&'static str, String)> {
        let Plan { report, unit, .. } = &self.plan;
        let matter = report.matter.map(|m| m.to_string()).unwrap_or_default();
        vec![
            ("closed", "&state=closed".into()),
            ("open", "&state=open".into()),
            ("one state", "&state=pending_accept".into()),
            ("a class", format!("&matter={matter}")),
            ("a class, open", format!("&matter={matter}&state=open")),
            ("a unit", format!("&unit={unit}")),
            ("a unit, open", format!("&unit={unit}&state=open")),
            ("a district", format!("&district={}", self.district)),
        ]
    }

    /// A page of at most 50 cases as the desk gets it over the API, sign-in included; answers how many there are.
    ///
    /// # Errors
    /// When the call is refused.
    pub fn list_page(&self, filter: &str) -> anyhow::Result<usize> {
        let (status, body) = get(
            &self.runtime,
            &self.router,
            &self.tokens.desk,
            &format!("/api/v1/cases?limit=50{filter}"),
        )?;
        if status != StatusCode::OK {
            bail!(
                "the list answers {status}: {}",
                String::from_utf8_lossy(&body)
            );
        }
        let page: serde_json::Value = serde_json::from_slice(&body)?;
        Ok(page["items"].as_array().map_or(0, Vec::len))
    }

    /// Writes rows by the bulk path of the store, with their audit event.
    ///
    /// # Errors
    /// The store's.
    pub fn bulk(&self, tables: Vec<TableRows>) -> anyhow::Result<()> {
        self.system
            .renewed()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                for (table, columns, rows) in &tables {
                    w.bulk(table, columns, rows)?;
                }
                w.commit(AuditEvent::done("bench.fill", "bench", "lives"), ())
            })?;
        Ok(())
    }
}

/// What a closed case of the sample city teaches about closing one.
fn plan_of(case: &Case) -> Option<Plan> {
    let standard = case.standard.as_ref()?;
    let (matter, unit): (MatterId, UnitId) = (standard.matter, case.unit?);
    let (point, closing) = (case.place.point?, case.closing.clone()?);
    if case.state != State::Closed || case.confidential {
        return None;
    }
    Some(Plan {
        report: NewReport {
            channel: "patrol".into(),
            description: case.description.clone(),
            matter: Some(matter),
            place: NewPlace {
                lon_lat: Some((point.lon(), point.lat())),
                address: case.place.address.clone(),
                ..NewPlace::default()
            },
            ..NewReport::default()
        },
        rule: standard.rule,
        unit,
        closing,
    })
}

/// Adds an account and answers the text of a token for it.
fn add_account(
    ctx: &Ctx,
    login: &str,
    roles: &[Role],
    unit: Option<UnitId>,
) -> anyhow::Result<String> {
    let draft = AccountDraft {
        name: login.into(),
        roles: roles.to_vec(),
        unit,
        districts: Vec::new(),
    };
    let new = accounts::new_account(login, draft, "no password".into(), false, ctx.now())?;
    let id = ctx.write_blocking(move |w| accounts::add(w, &new))?;
    let account = ctx.read_blocking::<_, AccountError, _>(move |r| accounts::find(r, id))?;
    let token = accounts::new_token(&account, "bench", &[], 30, ctx.now())?;
    let text = token.text.clone();
    ctx.write_blocking(move |w| accounts::add_token(w, id, &token))?;
    Ok(text)
}

fn get(
    runtime: &tokio::runtime::Runtime,
    router: &Router,
    token: &str,
    path: &str,
) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    let request = Request::builder()
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .context("a request that cannot be sent")?;
    runtime.block_on(async {
        let Ok(response) = router.clone().oneshot(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), LARGEST_ANSWER)
            .await
            .context("an answer that cannot be read")?;
        Ok((status, bytes.to_vec()))
    })
}
