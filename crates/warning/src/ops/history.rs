//! Back-tests: long work that can be left and looked at later.

use super::{Grounds, WarningError};
use crate::backtest::{self, Known, Outcome, Plan};
use crate::counts::{day_after, days_between};
use crate::detect::Ground;
use crate::model::Detector;
use crate::sql::{self, BacktestRow};
use access::{Ctx, Permission};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kernel::id::Id;
use matters::City;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{AuditEvent, Read};

/// The longest stretch of days that is tested at once.
const LONGEST_DAYS: i64 = 731;
/// A back-test that has not moved for so long was left behind by a program that ended.
const STALE: SignedDuration = SignedDuration::from_mins(10);
/// How often the progress is written.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// What is to be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The seed of simulation and chance.
    pub seed: u64,
}

impl Ask {
    /// A stretch of days that are over.
    ///
    /// # Errors
    /// [`WarningError`] naming the field: backwards, too long, not over yet.
    pub fn new(from: Date, to: Date, seed: u64, today: Date) -> Result<Self, WarningError> {
        let refuse = |field, code, reason: String| Err(WarningError::field(field, code, reason));
        if to < from {
            return refuse("to", "warning.backward", format!("{to} lies before {from}"));
        }
        if to >= today {
            return refuse("to", "warning.not_over", format!("{to} is not over yet"));
        }
        if days_between(from, to) >= LONGEST_DAYS {
            let reason = format!("more than {LONGEST_DAYS} days are not tested at once");
            return refuse("from", "warning.too_many_days", reason);
        }
        Ok(Self { from, to, seed })
    }
}

/// How far a back-test is.
#[derive(Debug, Clone, PartialEq)]
pub enum Stand {
    /// It is running: steps done.
    Running(i64),
    /// It ended.
    Done(Box<Outcome>),
    /// It failed, with the reason.
    Failed(String),
    /// The program ended while it ran.
    Left,
}

impl BacktestRow {
    /// How far it is at a moment.
    pub fn stand(&self, now: Timestamp) -> Stand {
        match (&self.outcome, &self.failure) {
            (_, Some(failure)) => Stand::Failed(failure.clone()),
            (Some(text), None) => match serde_json::from_str(text) {
                Ok(outcome) => Stand::Done(Box::new(outcome)),
                Err(error) => Stand::Failed(format!("its outcome cannot be read: {error}")),
            },
            (None, None) if now.duration_since(self.moved_at) > STALE => Stand::Left,
            (None, None) => Stand::Running(self.steps_done),
        }
    }
}

/// What the test needs from the store.
struct Material {
    detectors: Vec<Detector>,
    counts: crate::counts::Counts,
    known: Vec<Known>,
}

fn material(
    r: &mut Read<'_>,
    grounds: &Grounds,
    ask: Ask,
    now: Timestamp,
) -> Result<Material, WarningError> {
    if facts::figures::freshness(r, now)?.is_none() {
        return Err(WarningError::NoFigures);
    }
    let detectors = sql::detectors(r)?;
    let reach = detectors
        .iter()
        .filter(|d| d.enabled)
        .map(Detector::reach_days)
        .max()
        .unwrap_or(1);
    let counts = grounds.counts(r, day_after(ask.from, 1 - i64::from(reach)), ask.to)?;
    let known = sql::ongoing(r, ask.from, ask.to)?
        .into_iter()
        .filter_map(|w| {
            Some(Known {
                category: w.track.category,
                from: w.track.began,
                to: w.track.last_seen,
                verdict: w.verdict?,
                places: w.track.places,
            })
        })
        .collect();
    Ok(Material {
        detectors,
        counts,
        known,
    })
}

/// Tests a stretch of the past at once (command line). `progress` is told steps done and all, and answers whether to go
/// on. Must not be called on an async thread.
///
/// # Errors
/// [`WarningError`]; none where it was stopped.
pub fn run_backtest(
    ctx: &Ctx,
    city: Arc<City>,
    ask: Ask,
    mut progress: impl FnMut(u32, u32) -> bool,
) -> Result<Option<Outcome>, WarningError> {
    ctx.require(Permission::WarningManage)?;
    ctx.write_blocking::<_, WarningError, _>(move |w| {
        let object = format!("{}/{}", ask.from, ask.to);
        let event = AuditEvent::done("warning.backtest", "warning_backtest", object)
            .detail(serde_json::json!({ "from": ask.from, "to": ask.to, "seed": ask.seed }));
        Ok(w.commit(event, ())?)
    })?;
    let grounds = Grounds::of(city);
    let (asked, now) = (grounds.clone(), ctx.now());
    let material =
        ctx.read_blocking::<_, WarningError, _>(move |r| material(r, &asked, ask, now))?;
    let calendar = grounds.city.calendar.clone();
    let ground = Ground {
        counts: &material.counts,
        places: &grounds.places,
        categories: &grounds.categories,
        is_off: &|date| !calendar.is_workday(date),
    };
    let plan = Plan {
        detectors: &material.detectors,
        from: ask.from,
        to: ask.to,
        seed: ask.seed,
        known: &material.known,
    };
    let steps = plan.steps();
    Ok(backtest::run(&ground, &plan, |done| progress(done, steps)))
}

/// Keeps a back-test that is to run; [`work_backtest`] does the work. One runs at a time.
///
/// # Errors
/// [`WarningError`].
pub async fn begin_backtest(ctx: &Ctx, ask: Ask) -> Result<Id, WarningError> {
    ctx.require(Permission::WarningManage)?;
    let id = Id::new(ctx.now(), rand::random());
    let now = ctx.now();
    let is_running = ctx
        .read::<_, WarningError, _>(move |r| {
            let last = sql::backtests(r, 5)?;
            Ok(last
                .iter()
                .any(|b| matches!(b.stand(now), Stand::Running(_))))
        })
        .await?;
    if is_running {
        return Err(WarningError::Running);
    }
    let row = BacktestRow {
        id,
        from: ask.from,
        to: ask.to,
        seed: i64::try_from(ask.seed).unwrap_or(i64::MAX),
        asked_at: now,
        moved_at: now,
        steps: 2 * (days_between(ask.from, ask.to) + 1),
        steps_done: 0,
        outcome: None,
        failure: None,
    };
    ctx.write::<_, WarningError, _>(move |mut w| {
        sql::insert_backtest(&mut w, &row)?;
        let event = AuditEvent::done("warning.backtest", "warning_backtest", id.to_string())
            .detail(serde_json::json!({ "from": row.from, "to": row.to, "seed": row.seed }));
        Ok(w.commit(event, ())?)
    })
    .await?;
    Ok(id)
}

/// Does the work of a back-test that was begun, writing its progress and its end. `system` is the program itself: whoever
/// asked may have left. Must not be called on an async thread.
///
/// # Errors
/// The store's, where not even the failure could be written.
pub fn work_backtest(system: &Ctx, city: Arc<City>, id: Id, ask: Ask) -> Result<(), WarningError> {
    let mut written = Instant::now();
    let mut failed = None;
    let outcome = run_backtest(&system.renewed(), city, ask, |done, _| {
        if written.elapsed() < WRITE_EVERY {
            return true;
        }
        written = Instant::now();
        match end(system, id, i64::from(done), None, None) {
            Ok(()) => true,
            Err(error) => {
                failed = Some(error);
                false
            }
        }
    });
    let steps = 2 * (days_between(ask.from, ask.to) + 1);
    match (outcome, failed) {
        (Ok(Some(outcome)), _) => {
            let text =
                serde_json::to_string(&outcome).expect("an outcome is made of what JSON can hold");
            end(system, id, steps, Some(text), None)
        }
        (Err(error), _) | (Ok(None), Some(error)) => {
            end(system, id, 0, None, Some(error.to_string()))
        }
        (Ok(None), None) => end(system, id, 0, None, Some("it was stopped".into())),
    }
}

fn end(
    system: &Ctx,
    id: Id,
    done: i64,
    outcome: Option<String>,
    failure: Option<String>,
) -> Result<(), WarningError> {
    system
        .renewed()
        .write_blocking::<_, WarningError, _>(move |mut w| {
            sql::update_backtest(&mut w, id, done, outcome.as_deref(), failure.as_deref())?;
            let is_over = outcome.is_some() || failure.is_some();
            let id = id.to_string();
            let event = if is_over {
                AuditEvent::done("warning.backtest_end", "warning_backtest", id)
            } else {
                AuditEvent::done("warning.backtest_step", "warning_backtest", id)
            };
            let event = event
                .detail(serde_json::json!({ "steps_done": done, "failure": failure.as_deref() }));
            Ok(w.commit(event, ())?)
        })
}

/// A back-test.
///
/// # Errors
/// [`WarningError`].
pub async fn backtest(ctx: &Ctx, id: Id) -> Result<BacktestRow, WarningError> {
    ctx.require(Permission::WarningRead)?;
    let found = ctx
        .read::<_, WarningError, _>(move |r| Ok(sql::backtest(r, id)?))
        .await?;
    found.ok_or_else(|| WarningError::NoBacktest(id.to_string()))
}

/// The last back-tests, newest first.
///
/// # Errors
/// [`WarningError`].
pub async fn backtests(ctx: &Ctx) -> Result<Vec<BacktestRow>, WarningError> {
    ctx.require(Permission::WarningRead)?;
    ctx.read::<_, WarningError, _>(|r| Ok(sql::backtests(r, 10)?))
        .await
}
