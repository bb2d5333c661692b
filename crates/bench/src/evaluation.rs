//! A month's evaluation and the cases behind its numbers, over many rows of measures.
//!
//! The rows are made for this bench: a year of a large city, 40 units, five in a hundred still open. The budgets are those of
//! the engine a city runs on (PostgreSQL); SQLite stands beside them for comparison.

use crate::measure::{cost_of, median};
use crate::report::{Line, Wanted};
use crate::server::Postgres;
use ::evaluation::ops::{self, ByDefinition, Drill};
use ::evaluation::{By, Month};
use access::{Ctx, Services, SystemRole};
use anyhow::{Context as _, ensure};
use cases::measures::COLUMNS;
use jiff::{Timestamp, ToSpan as _};
use kernel::SystemClock;
use kernel::id::Id;
use matters::{City, Reference};
use std::sync::Arc;
use store::{AuditEvent, Db, DbOptions, Migration, StoreError, Value};
use testkit::rng::Rng;
use testkit::temp::Dir;

/// A month's evaluation by unit may take so long, in milliseconds.
const EVALUATION_MS: f64 = 1000.0;
/// A page of the cases behind a number may take so long, in milliseconds.
const BEHIND_MS: f64 = 100.0;
/// How often each is asked; the middle one counts.
const READS: usize = 5;
const UNITS: u64 = 40;
const AT_ONCE: usize = 2_000;
/// Numbers whose cases are asked for: one that many cases count in, one that few do.
const BEHIND: [(&str, bool); 5] = [
    ("closing/need_archive", false),
    ("closing/need_archive", true),
    ("rework/need_archive", false),
    ("back/dispatch", false),
    ("overtime_to_dispose/need_dispose", false),
];

fn migrations() -> Vec<Migration> {
    [
        store::MIGRATIONS,
        access::MIGRATIONS,
        grid::MIGRATIONS,
        actors::MIGRATIONS,
        matters::MIGRATIONS,
        cases::MIGRATIONS,
        ::evaluation::MIGRATIONS,
    ]
    .concat()
}

/// Measures on both engines.
///
/// # Errors
/// The store's, and when a number's cases do not add up to it.
pub fn on_both(cases: u32, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let folder = Dir::new("bench-evaluation")?;
    let url = format!("sqlite:{}", folder.join("evaluation.db").display());
    run("sqlite", &url, cases, say)?;
    drop(folder);
    let postgres = Postgres::start()?;
    run("postgres", postgres.database()?.url(), cases, say)
}

fn run(
    engine: &'static str,
    url: &str,
    cases: u32,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let options = DbOptions {
        create: true,
        ..DbOptions::default()
    };
    let db = Db::open(url, &options)?;
    let clock = Arc::new(SystemClock);
    let now = kernel::Clock::now(&*clock);
    db.migrate(&migrations(), now)?;
    let ctx = Ctx::system(db, clock, Services::default(), SystemRole::Operator);
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").context("no time zone data")?;
    let reference = Reference::new(zone.clone());
    reference.refresh_blocking(&ctx)?;
    let city = reference.current();
    fill(&ctx, cases, now)?;
    let month = ops::last_month(now, &zone);
    evaluate(engine, &ctx, &city, month, cases, say)?;
    behind(engine, &ctx, &city, month, cases, say)
}

/// A budget of the engine of a city; elsewhere the figure stands for comparison.
fn budget(engine: &str, most: f64) -> Wanted {
    if engine == "postgres" {
        Wanted::AtMost(most)
    } else {
        Wanted::Nothing
    }
}

fn asked(city: &Arc<City>, month: Month) -> anyhow::Result<ByDefinition> {
    Ok(ByDefinition {
        set: "standard".into(),
        by: By::Unit,
        period: month.period(&city.timezone)?,
    })
}

fn evaluate(
    engine: &'static str,
    ctx: &Ctx,
    city: &Arc<City>,
    month: Month,
    cases: u32,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let asked = asked(city, month)?;
    let mut took = Vec::new();
    for _ in 0..READS {
        let ((_, figures), cost) = cost_of(None, || {
            Ok(ops::by_definition_blocking(&ctx.renewed(), city, &asked)?)
        })?;
        ensure!(
            figures.rows.len() as u64 == UNITS,
            "{} rows",
            figures.rows.len()
        );
        took.push(cost.wall_s * 1000.0);
    }
    let ms = median(took);
    say(Line::new(
        "evaluation",
        engine,
        "a month by unit, every rate and score / 1 s",
        ms / EVALUATION_MS,
    )
    .wanted(budget(engine, 1.0))
    .detail(format!(
        "{ms:.0} ms over {cases} cases of a year, elapsed time"
    )));
    Ok(())
}

fn behind(
    engine: &'static str,
    ctx: &Ctx,
    city: &Arc<City>,
    month: Month,
    cases: u32,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let of = asked(city, month)?;
    let rows = ops::by_definition_blocking(ctx, city, &of)?.1.rows;
    let row = rows.first().context("no row")?;
    for by in [By::Unit, By::City] {
        for (definition, denominator) in BEHIND {
            let key = if by == By::City {
                "city".to_owned()
            } else {
                row.key.clone()
            };
            let drill = Drill {
                of: ByDefinition { by, ..of.clone() },
                definition: definition.into(),
                count: None,
                denominator,
                after_review: false,
                key,
                before: None,
                limit: 50,
            };
            let mut took = Vec::new();
            let mut found = 0;
            for _ in 0..READS {
                let (page, cost) = cost_of(None, || {
                    Ok(ops::behind_blocking(&ctx.renewed(), city, &drill)?)
                })?;
                found = page.len();
                took.push(cost.wall_s * 1000.0);
            }
            let ms = median(took);
            let side = if denominator { "below" } else { "above" };
            say(Line::new(
                "evaluation",
                engine,
                format!(
                    "a page behind {definition}, {side}, by {} / 100 ms",
                    by.as_str()
                ),
                ms / BEHIND_MS,
            )
            .wanted(budget(engine, 1.0))
            .detail(format!("{ms:.1} ms, {found} cases of {cases}")));
        }
    }
    Ok(())
}

/// Rows of cases and of measures, a year of them in order of time.
fn fill(ctx: &Ctx, cases: u32, now: Timestamp) -> anyhow::Result<()> {
    const YEAR_S: i64 = 365 * 86_400;
    let mut rng = Rng::new(20_261_129);
    let step = YEAR_S * 1_000_000 / i64::from(cases.max(1));
    let first = now.as_microsecond() - YEAR_S * 1_000_000;
    let rows = (0..cases).map(|n| {
        row(
            &mut rng,
            n,
            first + step * i64::from(n),
            now.as_microsecond(),
        )
    });
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let (of_cases, measures): (Vec<Vec<Value>>, Vec<Vec<Value>>) =
            rows.by_ref().take(AT_ONCE).unzip();
        ctx.renewed()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                for days in [0, 366] {
                    w.ensure_year_of(now.saturating_sub((24 * days).hours()).unwrap_or(now))?;
                }
                w.bulk("cases", CASE, &of_cases)?;
                w.bulk("case_measures", COLUMNS, &measures)?;
                w.commit(AuditEvent::done("bench.fill", "case", ""), ())
            })?;
    }
    ctx.analyze_blocking()?;
    Ok(())
}

/// The columns of a case that have no default.
const CASE: &[&str] = &[
    "district",
    "id",
    "number",
    "version",
    "state",
    "channel",
    "urgent",
    "reported_at",
    "provisional",
    "updated_at",
    "body",
];

fn row(rng: &mut Rng, n: u32, reported: i64, now: i64) -> (Vec<Value>, Vec<Value>) {
    const HOUR: i64 = 3_600_000_000;
    let at = |hours: u64| Value::Int(reported + i64::try_from(hours).unwrap_or(0) * HOUR);
    let mut random = [0; 10];
    random[6..].copy_from_slice(&n.to_be_bytes());
    let reported_at = Timestamp::from_microsecond(reported).unwrap_or(Timestamp::UNIX_EPOCH);
    let id = Value::Blob(Id::new(reported_at, random).bytes().to_vec());
    let district = Value::Text(format!("3301{:02}", 1 + rng.below(6)));
    let (took, limit) = (4 + rng.below(120), 96);
    let is_open = rng.chance(0.05) || reported + i64::try_from(took + 24).unwrap_or(0) * HOUR > now;
    let is_reworked = rng.chance(0.01);
    // Some go on to another unit, which is not the one that returned them.
    let is_returned = rng.chance(0.03);
    let state = if is_open { "handling" } else { "closed" };
    let mut random_unit = [7; 16];
    random_unit[15] = u8::try_from(rng.below(UNITS)).unwrap_or(0);
    let unit = Value::Blob(random_unit.to_vec());
    let mut first = random_unit;
    if is_returned {
        first[15] = (first[15] + 1) % u8::try_from(UNITS).unwrap_or(u8::MAX);
    }
    let first = Value::Blob(first.to_vec());
    let channel = *rng.pick(&["patrol", "web", "hotline", "open311"]);
    let division = Value::Text(format!(
        "3301{:02}{:03}001",
        1 + rng.below(6),
        1 + rng.below(20)
    ));
    let case = vec![
        district.clone(),
        id.clone(),
        Value::Text(format!("330101-20260101-{:05}", n + 1)),
        Value::Int(9),
        Value::Text(state.into()),
        Value::Text(channel.into()),
        Value::Int(0),
        Value::Int(reported),
        Value::Int(0),
        Value::Int(reported),
        Value::Text("{}".into()),
    ];
    let closed = |value: Value| if is_open { Value::Null } else { value };
    let measures = COLUMNS
        .iter()
        .map(|column| match *column {
            "district" => district.clone(),
            "case_id" => id.clone(),
            "unit_id" => unit.clone(),
            "first_unit" => first.clone(),
            "returned_unit" if is_returned => first.clone(),
            "returned_at" if is_returned => at(4),
            "apart" if is_returned => Value::Int(1),
            "channel" => Value::Text(channel.into()),
            "division" => division.clone(),
            "state" => Value::Text(state.into()),
            "reported_at" | "accept_from" => at(0),
            "counts_until" if is_open => Value::Int(i64::MAX),
            "accepted_at" | "accept_done" | "register_from" => at(1),
            "registered_at" | "register_done" | "dispatch_from" => at(2),
            "dispatched_at" => at(3),
            "due_at" => at(3 + limit),
            "patrol" if channel == "patrol" => Value::Int(1),
            "dispatches" | "handlings" => Value::Int(1),
            "handled_at" | "first_handled_at" | "check_from" => closed(at(3 + took)),
            "check_due" => closed(at(5 + took)),
            "checked_at" | "close_from" => closed(at(4 + took)),
            "closed_at" | "counts_until" => closed(at(8 + took)),
            "reworked_at" if is_reworked => closed(at(2 + took)),
            "reworks" | "unit_reworks" if is_reworked => closed(Value::Int(1)),
            _ => Value::Null,
        })
        .collect();
    (case, measures)
}
