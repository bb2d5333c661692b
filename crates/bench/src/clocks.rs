//! Clocks of many open cases: finding what turned yellow or red in the last minute, and computing all deadlines again after a
//! calendar changed, on both engines.
//!
//! The cases are lives decided by the rules: reported over two days, dispatched under four limits, signed for, and going on.

use crate::report::{Line, Wanted};
use crate::server::Postgres;
use access::{Ctx, Role, Services, SystemRole, UnitId};
use anyhow::{Context as _, ensure};
use cases::measures::{self, Measures};
use cases::model::{Place, Reported, Standard};
use cases::ops::clocks::turned_since;
use cases::rules::{self, Actor, CityRules, Command, Facts};
use cases::service::{Cases, CasesConfig};
use cases::{Case, CaseEvent, CaseId, sql};
use jiff::{SignedDuration, Timestamp};
use kernel::calendar::DayKind;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use kernel::{Calendar, ManualClock};
use matters::ops::{DayChange, change_day};
use matters::{MatterId, Reference};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use store::{AuditEvent, Db, DbOptions, Migration, StoreError};
use testkit::temp::Dir;

/// What turned in the last minute is found within so many milliseconds.
const FOUND_MS: f64 = 50.0;
/// All open deadlines are computed again within so many seconds.
const RECOMPUTED_S: f64 = 60.0;
/// The number of open clocks both budgets are for.
const CLOCKS: f64 = 200_000.0;
/// How often the last minute is asked for; the middle one counts.
const READS: usize = 21;
/// Lives that are decided; the others are copies with ids and numbers of their own.
const DECIDED: u32 = 2_000;
/// Cases in one transaction of the filling.
const AT_ONCE: usize = 1_000;
/// Wednesday, nine o'clock in Shanghai: two days after the first report.
const NOW: &str = "2026-03-18T01:00:00Z";
const DISTRICT: &str = "330102";

fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        cases::MIGRATIONS,
    ]
    .concat()
}

/// Measures on both engines.
///
/// # Errors
/// The store's, and when a clock is wrong.
pub fn on_both(cases: u32, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let folder = Dir::new("bench-clocks")?;
    let url = format!("sqlite:{}", folder.join("clocks.db").display());
    run("sqlite", &url, cases, say)?;
    drop(folder);
    let postgres = Postgres::start()?;
    run("postgres", postgres.database()?.url(), cases, say)
}

fn run(
    engine: &'static str,
    url: &str,
    count: u32,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let options = DbOptions {
        create: true,
        ..DbOptions::default()
    };
    let db = Db::open(url, &options)?;
    let now: Timestamp = NOW.parse()?;
    let clock = Arc::new(ManualClock::at(now));
    db.migrate(&migrations(), now)?;
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").context("no time zone data")?;
    let reference = Arc::new(Reference::new(zone.clone()));
    let config = CasesConfig::new(DISTRICT.parse()?);
    let mut services = Services::default();
    services.add(Arc::new(Cases::new(reference.clone(), config)));
    let ctx = Ctx::system(db, clock, services, SystemRole::Keeper);
    reference.refresh_blocking(&ctx)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let lives = decided(now, &zone)?;
    fill(&ctx, &lives, count)?;
    ctx.analyze_blocking()?;
    // The calendars as they are: nothing moves, and the run is kept.
    let first = runtime
        .block_on(cases::ops::recompute(&ctx.renewed(), |_| {}))?
        .context("a first run")?;
    ensure!(first.moved == 0, "{} moved without a change", first.moved);
    let open = first.total as f64;

    let mut each_ms = Vec::with_capacity(READS);
    let mut found = 0;
    for n in 0..READS {
        let to = now + SignedDuration::from_mins(i64::try_from(n)?);
        let from = to - SignedDuration::from_mins(1);
        let started = Instant::now();
        let turned = runtime.block_on(turned_since(&ctx.renewed(), from, to))?;
        each_ms.push(started.elapsed().as_secs_f64() * 1e3);
        found += turned.len();
    }
    each_ms.sort_unstable_by(f64::total_cmp);
    let middle = each_ms[READS / 2];
    say(Line::new("clocks", engine, "what turned in a minute / 50 ms", middle / FOUND_MS)
        .wanted(Wanted::AtMost(1.0))
        .detail(format!(
            "{middle:.1} ms over {open} open clocks, slowest {:.1} ms, {found} turned in {READS} minutes",
            each_ms[READS - 1]
        )));

    let typhoon = DayChange {
        date: "2026-03-18".parse()?,
        kind: DayKind::Off,
        periods: None,
        division: None,
        reason: "typhoon".into(),
    };
    runtime.block_on(change_day(&ctx.renewed(), typhoon))?;
    reference.refresh_blocking(&ctx.renewed())?;
    let started = Instant::now();
    // People work meanwhile: every tenth of a second somebody looks at the queues.
    let desk = ctx.renewed();
    let looks = Arc::new(Mutex::new(Vec::new()));
    let seen = looks.clone();
    let done = runtime.block_on(async {
        let looking = tokio::spawn(async move {
            loop {
                let started = Instant::now();
                let _ = cases::ops::desk::queues(&desk.renewed()).await;
                let ms = started.elapsed().as_secs_f64() * 1e3;
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(ms);
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        });
        let done = cases::ops::recompute(&ctx.renewed(), |_| {}).await;
        looking.abort();
        done
    });
    let seconds = started.elapsed().as_secs_f64();
    let done = done?.context("the calendars changed")?;
    ensure!(done.failed == 0, "{} failed", done.failed);
    ensure!(done.moved > 0, "nothing moved");
    let mut looks = looks.lock().unwrap_or_else(PoisonError::into_inner).clone();
    looks.sort_unstable_by(f64::total_cmp);
    let look_ms = looks.get(looks.len() / 2).copied().unwrap_or_default();
    let share = seconds / RECOMPUTED_S * CLOCKS / open;
    say(Line::new("clocks", engine, "recomputing all / 60 s for 200,000", share)
        .wanted(Wanted::AtMost(1.0))
        .detail(format!(
            "{seconds:.1} s for {} clocks, {} moved; the queues of the desk meanwhile in {look_ms:.0} ms",
            done.seen, done.moved
        )));
    let again = runtime.block_on(cases::ops::recompute(&ctx.renewed(), |_| {}))?;
    ensure!(again.is_none(), "the run was kept");
    let replayed = cases::replay::replay(&ctx.renewed())?;
    ensure!(replayed.mismatches == 0, "{:?}", replayed.differing);
    Ok(())
}

type Life = (Case, Vec<CaseEvent>);

/// Lives reported over the last two days: one of four waits to be accepted, the others are being handled.
fn decided(now: Timestamp, zone: &jiff::tz::TimeZone) -> anyhow::Result<Vec<Life>> {
    let everybody = Actor {
        kind: "staff",
        account: Some(Id::from_bytes([1; 16])),
        roles: Role::ALL.to_vec(),
        unit: None,
        is_program: false,
        behalf: None,
        ties: cases::rules::Ties::default(),
    };
    let unit = UnitId(Id::from_bytes([2; 16]));
    let handler = Actor {
        unit: Some(unit),
        ..everybody.clone()
    };
    let rules_of_city = CityRules::default();
    let matter = MatterId(Id::from_bytes([3; 16]));
    let limits = ["4工作时", "8工作时", "2工作日", "5工作日"];
    let step = SignedDuration::from_secs(2 * 86_400) / i32::try_from(DECIDED)?;
    (0..DECIDED)
        .map(|n| {
            let at = now - step * i32::try_from(DECIDED - n)?;
            let facts = |actor| Facts {
                now: at,
                actor,
                calendar: Calendar::cn(),
                tz: zone,
                rules: &rules_of_city,
                on_duty: None,
            };
            let report = Reported {
                nature: None,
                nature_assumed: false,
                askable: None,
                requested: false,
                notify: false,
                district: DISTRICT.parse()?,
                number: number(0)?,
                reported_at: at,
                channel: "patrol".into(),
                matter: Some(matter),
                description: "井盖缺失，很危险".into(),
                place: Place::default(),
                subject: None,
                attachments: Vec::new(),
                verify: false,
                self_handled: None,
                confidential: false,
                same_as: None,
            };
            let standard = Standard {
                matter,
                code: "C0101".into(),
                catalogue: "bench".into(),
                rule: 1,
                condition: "缺失".into(),
                limit: Some(limits[n as usize % limits.len()].parse()?),
                closings: Vec::new(),
                evidence: None,
                legal_basis: None,
                edition: None,
            };
            let later = [
                (
                    &everybody,
                    Command::Accept {
                        matter: None,
                        urgent: false,
                    },
                ),
                (&everybody, Command::Register { standard }),
                (
                    &everybody,
                    Command::Dispatch {
                        unit,
                        basis: String::new(),
                    },
                ),
                (&handler, Command::Sign),
            ];
            let steps = if n % 4 == 0 { 0 } else { later.len() };
            let mut life =
                rules::decide(None, Command::Report(Box::new(report)), &facts(&everybody))?;
            for (actor, command) in later.into_iter().take(steps) {
                let case = rules::replay(CaseId(Id::floor(at)), &life);
                life.extend(rules::decide(case.as_ref(), command, &facts(actor))?);
            }
            let case =
                rules::replay(CaseId(Id::floor(at)), &life).context("a life makes a case")?;
            Ok((case, life))
        })
        .collect()
}

fn number(n: u32) -> anyhow::Result<CaseNumber> {
    let day = jiff::civil::date(2026, 3, 16);
    Ok(CaseNumber::new(DISTRICT.parse()?, day, n + 1)?)
}

/// Lays in `count` cases: the decided lives by turns, each with an id and a number of its own.
fn fill(ctx: &Ctx, lives: &[Life], count: u32) -> anyhow::Result<()> {
    let mut from = 0;
    while from < count {
        let to = count.min(from + AT_ONCE as u32);
        let mut rows = Vec::with_capacity(AT_ONCE);
        for n in from..to {
            let (case, events) = &lives[n as usize % lives.len()];
            let mut events = events.clone();
            if let Some(first) = events.first_mut()
                && let cases::Fact::Reported(report) = &mut first.fact
            {
                report.number = number(n)?;
            }
            let id = rules::new_case_id(case.reported_at, rand::random());
            let case = rules::replay(id, &events).context("a life makes a case")?;
            rows.push((case, events));
        }
        let rows = Arc::new(rows);
        ctx.renewed()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                w.ensure_year(2026)?;
                let cases = rows.iter().map(|(case, _)| sql::columns(case));
                w.bulk_each("cases", sql::COLUMNS, cases)?;
                let events = rows.iter().flat_map(|(case, events)| {
                    events.iter().map(move |e| sql::event_columns(case, e))
                });
                w.bulk_each("case_events", sql::EVENT_COLUMNS, events)?;
                let measured = rows
                    .iter()
                    .map(|(case, events)| Measures::of(case, events).values());
                w.bulk_each("case_measures", measures::COLUMNS, measured)?;
                w.commit(AuditEvent::done("bench.fill", "case", "all"), ())
            })?;
        from = to;
    }
    Ok(())
}
