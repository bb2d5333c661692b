//! Figures over many cases: making them anew, keeping them up, and reading them as pages do.
//!
//! The cases are rows made for this bench, with the dimensions of a large city (2,000 unit grids, 60 classes, 40 units, two
//! years); their bodies are empty, because figures never read them.

use crate::measure::cost_of;
use crate::report::{Line, Wanted};
use crate::server::Postgres;
use access::{Ctx, Services, SystemRole};
use anyhow::{Context as _, ensure};
use cases::facts::CaseFacts;
use facts::figures::{self, Ask, Counted, Earlier, Filter, SeriesQuery, Step};
use facts::model::{Level, Measure, Span};
use facts::{FiguresError, Source, rebuild, standing, upkeep};
use jiff::{Timestamp, ToSpan as _};
use kernel::SystemClock;
use kernel::id::Id;
use std::sync::Arc;
use std::time::Instant;
use store::{AuditEvent, Db, DbOptions, Migration, Read, StoreError, Value, params};
use testkit::rng::Rng;
use testkit::temp::Dir;

/// Making figures of a million cases may take so long, in seconds.
const REBUILD_S: f64 = 60.0;
const MILLION: f64 = 1e6;
/// Changes a second that must be kept up with.
const EVENTS: f64 = 1000.0;
/// A figure on a page may take so long, in milliseconds.
const FIGURE_MS: f64 = 100.0;
/// Changes made for the second part.
const MOVES: u32 = 20_000;
/// How often each figure is read; the middle one counts.
const READS: usize = 5;

const DISTRICTS: u64 = 6;
const STREETS: u64 = 60;
const GRIDS: u64 = 2000;
const MATTERS: u64 = 60;
const UNITS: u64 = 40;
/// Units of one district; the others are the city's.
const UNITS_EACH: u64 = 6;
const DAYS: i64 = 730;
const CHANNELS: [&str; 8] = [
    "patrol", "web", "hotline", "visit", "media", "video", "sensor", "open311",
];
/// The state of a case that is going on, by turns.
const GOING: [&str; 4] = [
    "pending_accept",
    "pending_dispatch",
    "handling",
    "pending_check",
];
const COLUMNS: [&str; 31] = [
    "district",
    "id",
    "number",
    "version",
    "state",
    "channel",
    "matter_id",
    "unit_id",
    "handler_id",
    "reporter_id",
    "grid",
    "division",
    "lon",
    "lat",
    "source",
    "urgent",
    "reported_at",
    "accepted_at",
    "registered_at",
    "dispatched_at",
    "due_at",
    "provisional",
    "handled_at",
    "closed_at",
    "reworked_at",
    "extended_at",
    "task_kind",
    "task_assignee",
    "task_due_at",
    "updated_at",
    "body",
];
const AT_ONCE: usize = 2_000;

fn migrations() -> Vec<Migration> {
    [store::MIGRATIONS, facts::MIGRATIONS, cases::MIGRATIONS].concat()
}

/// Measures on SQLite.
///
/// # Errors
/// The store's, and when a figure is wrong.
pub fn on_sqlite(cases: u32, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let folder = Dir::new("bench-facts")?;
    let url = format!("sqlite:{}", folder.join("facts.db").display());
    run("sqlite", &url, cases, say)
}

/// Measures on a PostgreSQL of its own.
///
/// # Errors
/// As [`on_sqlite`].
pub fn on_postgres(cases: u32, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let postgres = Postgres::start()?;
    run("postgres", postgres.database()?.url(), cases, say)
}

/// Measures on the database at `url`, which holds nothing yet.
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
    let source = CaseFacts::source(zone);
    fill(&ctx, cases, now)?;

    let (rebuilt, cost) = cost_of(None, || Ok(rebuild::rebuild(&ctx, &source, |_| {})?))?;
    ensure!(
        rebuilt.cases == u64::from(cases),
        "{} cases counted",
        rebuilt.cases
    );
    let share = cost.wall_s / REBUILD_S * MILLION / f64::from(cases);
    say(
        Line::new("facts", engine, "rebuild / 60 s a million cases", share)
            .wanted(Wanted::AtMost(1.0))
            .detail(format!(
                "{cases} cases, elapsed time; CPU of the program {:.2} of it",
                cost.cpu_s / cost.wall_s
            )),
    );
    // Keeping up closes the newest cases; what is open is read before.
    reading(engine, &ctx, now, cases, say)?;
    keeping_up(engine, &ctx, &source, cases, say)
}

/// A case of this city. The same number gives the same case.
fn row(n: u64, of: u64, now: Timestamp) -> Vec<Value> {
    let mut rng = Rng::new(n);
    let start = now
        .saturating_sub(jiff::SignedDuration::from_hours(24 * DAYS))
        .expect("a duration");
    // Cases come in the order of their time, as they do.
    let seconds =
        DAYS * 86_400 * i64::try_from(n).expect("small") / i64::try_from(of).expect("small");
    let at = |s: i64| {
        start
            .saturating_add(jiff::SignedDuration::from_secs(s))
            .expect("a duration")
    };
    let reported = at(seconds);
    let grid = rng.below(GRIDS);
    let street = grid % STREETS;
    let district = format!("3301{:02}", street % DISTRICTS + 1);
    let code = format!(
        "{district}{:03}{:03}{:03}",
        street / DISTRICTS + 1,
        grid / STREETS / 8 + 1,
        grid / STREETS % 8 + 1
    );
    let id_of = |kind: u8, n: u64| {
        Id::from_bytes([
            kind,
            u8::try_from(n).expect("few"),
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            1,
        ])
    };
    let hours = |rng: &mut Rng, most: u64| i64::try_from(rng.below(most * 3600)).expect("small");
    let accepted = seconds + hours(&mut rng, 4);
    let dispatched = accepted + hours(&mut rng, 8);
    let handled = dispatched + hours(&mut rng, 140);
    let closed = handled + hours(&mut rng, 30);
    let due = dispatched + 72 * 3600;
    let is_over = at(closed) < now;
    let state = match rng.below(30) {
        0 if is_over => "merged",
        1 if is_over => "voided",
        _ if is_over => "closed",
        turn => GOING[usize::try_from(turn).expect("small") % GOING.len()],
    };
    let was = |s: i64| (at(s) < now && is_over).then(|| at(s));
    let (channel, matter) = (rng.below(8), rng.below(MATTERS));
    // What a unit is responsible for follows from class and district; one case in ten is given to another.
    let unit = match (rng.below(10), matter % 10) {
        (0, _) => rng.below(UNITS),
        (_, 0) => DISTRICTS * UNITS_EACH + matter / 10 % (UNITS - DISTRICTS * UNITS_EACH),
        _ => street % DISTRICTS * UNITS_EACH + matter % UNITS_EACH,
    };
    let random: [u8; 10] = std::array::from_fn(|_| u8::try_from(rng.below(256)).expect("a byte"));
    let none = Value::Null;
    params![
        district,
        Id::new(reported, random),
        format!("{district}-{n:08}"),
        1,
        state,
        CHANNELS[usize::try_from(channel).expect("small")],
        id_of(1, matter),
        was(dispatched).map(|_| id_of(2, unit)),
        none,
        none,
        code,
        format!("{}000", &code[..9]),
        none,
        none,
        none,
        0,
        reported,
        was(accepted),
        was(accepted),
        was(dispatched),
        was(dispatched).map(|_| at(due)),
        0,
        was(handled),
        was(closed),
        none,
        none,
        none,
        none,
        none,
        reported,
        "{}"
    ]
    .to_vec()
}

fn fill(ctx: &Ctx, cases: u32, now: Timestamp) -> anyhow::Result<()> {
    let of = u64::from(cases);
    for first in (0..of).step_by(AT_ONCE) {
        let rows: Vec<Vec<Value>> = (first..of.min(first + AT_ONCE as u64))
            .map(|n| row(n, of, now))
            .collect();
        ctx.renewed()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                for days in [0, DAYS / 2, DAYS] {
                    w.ensure_year_of(now.saturating_sub((24 * days).hours()).unwrap_or(now))?;
                }
                w.bulk("cases", &COLUMNS, &rows)?;
                w.commit(AuditEvent::done("bench.fill", "case", ""), ())
            })?;
    }
    ctx.analyze_blocking()?;
    Ok(())
}

/// Many cases move at once; how fast are they counted?
fn keeping_up(
    engine: &'static str,
    ctx: &Ctx,
    source: &Arc<dyn Source>,
    cases: u32,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let moves = MOVES.min(cases);
    let moved = ctx.read_blocking::<_, StoreError, _>(move |r| {
        r.all::<(String, Id)>(
            "SELECT district, id FROM cases ORDER BY id DESC LIMIT $1",
            params![moves],
        )
    })?;
    for some in moved.chunks(500) {
        let some = some.to_vec();
        ctx.renewed().write_blocking::<_, StoreError, _>(move |mut w| {
            let now = w.now();
            for (district, id) in &some {
                w.exec(
                    "UPDATE cases SET state = 'closed', version = version + 1, closed_at = $3 WHERE district = $1 AND id = $2",
                    params![district, id, now],
                )?;
                w.outbox("case.moved", district, *id, "{\"from\":2,\"to\":2,\"state\":\"closed\"}")?;
            }
            w.commit(AuditEvent::done("bench.move", "case", ""), ())
        })?;
    }
    let (progress, cost) = cost_of(None, || Ok(upkeep::catch_up(ctx, source)?))?;
    ensure!(
        progress.cases == u64::from(moves),
        "{} cases passed",
        progress.cases
    );
    say(Line::new(
        "facts",
        engine,
        "keeping up / 1,000 changes a second",
        f64::from(moves) / cost.wall_s / EVENTS,
    )
    .wanted(Wanted::AtLeast(1.0))
    .detail(format!(
        "{moves} changed cases over {cases}, elapsed time; CPU of the program {:.2} of it",
        cost.cpu_s / cost.wall_s
    )));
    Ok(())
}

type Reading = Box<dyn Fn(&mut Read<'_>) -> Result<usize, FiguresError> + Send + Sync>;

/// The figures of pages, each with its name.
fn readings(now: Timestamp) -> Vec<(&'static str, Reading)> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let back = |days: i64| today.saturating_sub(days.days());
    let ask = |days: i64, measures: &[Measure]| Ask::new(back(days), today, measures);
    let figure =
        |ask: Ask| -> Reading { Box::new(move |r| figures::figures(r, &ask).map(|f| f.len())) };
    let matter = || Filter {
        matters: vec![Id::from_bytes([
            1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
        ])],
        ..Filter::default()
    };
    let one_class = matter();
    let within = |place: &str| Filter {
        within: place.parse().ok(),
        ..Filter::default()
    };
    let series = |days: i64, level, filter: Filter| -> Reading {
        let query = SeriesQuery {
            from: back(days),
            to: today,
            level,
            by_matter: true,
            counted: Counted::Signal,
            filter,
        };
        Box::new(move |r| figures::series(r, &query).map(|f| f.len()))
    };
    let all = ask(0, &[]);
    let (open, overdue, compare, lengths) = (
        Ask {
            by_state: false,
            level: Level::Street,
            ..all.clone()
        },
        Ask {
            by_unit: true,
            ..all
        },
        Ask {
            by_matter: true,
            ..ask(29, Measure::ALL)
        },
        Ask {
            by_unit: true,
            ..ask(364, &[])
        },
    );
    vec![
        ("all measures of a year", figure(ask(364, Measure::ALL))),
        (
            "all measures by day, 90 days",
            figure(Ask {
                step: Step::Day,
                ..ask(89, Measure::ALL)
            }),
        ),
        (
            "a year by street",
            figure(Ask {
                level: Level::Street,
                ..ask(364, Measure::ALL)
            }),
        ),
        (
            "a year by community",
            figure(Ask {
                level: Level::Community,
                ..ask(364, &[Measure::Reported])
            }),
        ),
        (
            "a year by class",
            figure(Ask {
                by_matter: true,
                ..ask(364, Measure::ALL)
            }),
        ),
        (
            "a year by street and class",
            figure(Ask {
                by_matter: true,
                level: Level::Street,
                ..ask(364, &[Measure::Reported, Measure::Closed])
            }),
        ),
        (
            "a year by unit and class",
            figure(Ask {
                by_matter: true,
                by_unit: true,
                ..ask(364, Measure::ALL)
            }),
        ),
        (
            "a year by channel and month",
            figure(Ask {
                by_channel: true,
                step: Step::Month,
                ..ask(364, &[Measure::Reported])
            }),
        ),
        (
            "two years by state",
            figure(Ask {
                by_state: true,
                ..ask(DAYS, &[Measure::Reported])
            }),
        ),
        (
            "one class by day, two years",
            figure(Ask {
                step: Step::Day,
                filter: matter(),
                ..ask(DAYS, &[Measure::Signal])
            }),
        ),
        (
            "one class in one street by day, two years",
            figure(Ask {
                step: Step::Day,
                filter: Filter {
                    within: "330101001".parse().ok(),
                    ..matter()
                },
                ..ask(DAYS, &[Measure::Signal])
            }),
        ),
        (
            "one unit grid, all measures by day",
            figure(Ask {
                step: Step::Day,
                filter: within("330101001001001"),
                ..ask(364, Measure::ALL)
            }),
        ),
        (
            "open at the end of today by street",
            Box::new(move |r| figures::open(r, &open, today).map(|f| f.len())),
        ),
        (
            "overdue at the end of today by unit",
            Box::new(move |r| figures::overdue(r, &overdue, today).map(|f| f.len())),
        ),
        (
            "30 days by class beside those before",
            Box::new(move |r| figures::compared(r, &compare, Earlier::Before).map(|f| f.len())),
        ),
        (
            "durations of a year by unit",
            Box::new(move |r| figures::durations(r, &lengths, Span::Handle).map(|f| f.len())),
        ),
        (
            "open and overdue by unit grid",
            Box::new(move |r| {
                let found = standing::standing(r, Level::Grid, &Filter::default(), today);
                found.map(|f| f.len()).map_err(FiguresError::Store)
            }),
        ),
        (
            "reported and closed in 28 days by unit grid",
            figure(Ask {
                level: Level::Grid,
                ..ask(
                    27,
                    &[Measure::Reported, Measure::Closed, Measure::ClosedOnTime],
                )
            }),
        ),
        (
            "closed in 28 days by unit grid, one class",
            Box::new(move |r| {
                let days = (today.saturating_sub(27.days()), today);
                let found = standing::closed(r, Level::Grid, &one_class, days);
                found.map(|f| f.len()).map_err(FiguresError::Store)
            }),
        ),
        (
            "signals by grid and class, 7 days",
            series(6, Level::Grid, Filter::default()),
        ),
    ]
}

fn reading(
    engine: &'static str,
    ctx: &Ctx,
    now: Timestamp,
    cases: u32,
    say: &mut dyn FnMut(Line),
) -> anyhow::Result<()> {
    let mut worst = ("", 0.0_f64, 0.0_f64);
    for (name, reading) in readings(now) {
        let reading = Arc::new(reading);
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..READS {
            let read = reading.clone();
            let began = Instant::now();
            let rows = ctx.read_blocking::<_, FiguresError, _>(move |r| read(r))?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            found = found.max(rows);
        }
        if found == 0 {
            eprintln!("  {engine}: {name}: nothing to read, not measured");
            continue;
        }
        times.sort_by(f64::total_cmp);
        let (fastest, middle) = (times[0], times[READS / 2]);
        eprintln!(
            "  {engine}: {name}: {:.2} of the budget, the fastest {:.2}",
            middle / FIGURE_MS,
            fastest / FIGURE_MS
        );
        if middle > worst.1 {
            worst = (name, middle, fastest);
        }
    }
    say(Line::new(
        "facts",
        engine,
        "slowest figure of a page / 100 ms",
        worst.1 / FIGURE_MS,
    )
    .wanted(Wanted::AtMost(1.0))
    .detail(format!(
        "{cases} cases; {}, elapsed time; the fastest of {READS} readings {:.2}",
        worst.0,
        worst.2 / FIGURE_MS
    )));
    Ok(())
}
