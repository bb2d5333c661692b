//! The job that computes open deadlines again after a calendar changed: in batches, while people work.
//!
//! A run belongs to one state of the calendars. It walks the cases with an open clock by key and keeps how far it is, so a
//! run that was killed goes on where it stopped; a case looked at twice moves once, since what is computed the second time is
//! what stands there already. Another change of the calendars during a run begins a new one. After the cases come the rooms
//! above that keep limits beside cases ([`crate::rooms`]); the run is done when all of them are.

use super::{CaseError, actor_of};
use crate::lists::Lists;
use crate::model::{Case, CaseEvent, CaseId};
use crate::rooms::Rooms;
use crate::rules::{self, Actor, ClockCommand, Command, Facts, Refusal};
use crate::service::Cases;
use crate::sql_recompute::{self, BATCH};
use access::Ctx;
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use matters::City;
use std::sync::Arc;
use store::{AuditEvent, StoreError};

pub use crate::sql_recompute::Run;

/// Tries of a batch in which people change cases at the same time.
const TRIES: usize = 5;
/// Batches in which nothing moves are kept in mind this often.
const KEEP_EVERY: usize = 20;

/// Computes open deadlines again if the calendars changed since the last run, or goes on with one that was stopped. Answers
/// the run, or none when there was nothing to do. `tell` hears after every batch how far it is.
///
/// # Errors
/// The store's. A single case that cannot be computed is logged, counted and left as it is.
pub async fn recompute(
    ctx: &Ctx,
    mut tell: impl FnMut(&Run) + Send,
) -> Result<Option<Run>, CaseError> {
    let cases = ctx.service::<Cases>();
    let (city, lists) = (cases.city(), cases.lists(ctx).await?);
    let state = city.state_of_calendars();
    let wanted = state.clone();
    let begun = ctx
        .read::<_, CaseError, _>(move |r| Ok(sql_recompute::run_of(r, &wanted)?))
        .await?;
    if begun.as_ref().is_some_and(|run| run.finished_at.is_some()) {
        return Ok(None);
    }
    let now = ctx.renewed().now();
    let mut run = begun.unwrap_or_else(|| Run {
        id: Id::new(now, rand::random()),
        calendars: state.clone(),
        started_at: now,
        updated_at: now,
        finished_at: None,
        total: 0,
        seen: 0,
        moved: 0,
        failed: 0,
        after_district: None,
        after_id: None,
    });
    let after = run.after_district.zip(run.after_id.map(CaseId));
    let keys = ctx
        .read::<_, CaseError, _>(move |r| Ok(sql_recompute::open_clocks(r, after)?))
        .await?;
    run.total = run.seen + i64::try_from(keys.len()).unwrap_or(i64::MAX);
    let job = Arc::new(Job {
        actor: actor_of(ctx.principal(), &city.units),
        district: cases.config().default_district,
        city,
        lists,
    });
    let batches: Vec<&[(DistrictCode, CaseId)]> = keys
        .chunk_by(|a, b| a.0 == b.0)
        .flat_map(|of_one| of_one.chunks(BATCH))
        .collect();
    for (n, batch) in batches.into_iter().enumerate() {
        // Another change came: what is left belongs to the next run.
        if cases.city().state_of_calendars() != state {
            return Ok(Some(run));
        }
        let keep = n % KEEP_EVERY == 0;
        run = job.batch(&ctx.renewed(), run, batch, keep).await?;
        tell(&run);
    }
    for room in Rooms::of(ctx) {
        if cases.city().state_of_calendars() != state {
            return Ok(Some(run));
        }
        let beside = room.recompute(&ctx.renewed()).await?;
        run.total += beside.seen;
        run.seen += beside.seen;
        run.moved += beside.moved;
        run.failed += beside.failed;
        tell(&run);
    }
    let done = ctx.renewed().now();
    run.finished_at = Some(done);
    run.updated_at = done;
    let (district, kept) = (job.district, run.clone());
    ctx.renewed()
        .write::<_, CaseError, _>(move |mut w| {
            sql_recompute::save_run(&mut w, district, &kept)?;
            Ok(w.commit(audit(&kept, "clocks.recomputed"), ())?)
        })
        .await?;
    Ok(Some(run))
}

/// The latest run, done or not: for the page that shows how far it is.
///
/// # Errors
/// The store's.
pub async fn last_run(ctx: &Ctx) -> Result<Option<Run>, CaseError> {
    ctx.read(|r| Ok(sql_recompute::latest_run(r)?)).await
}

fn audit(run: &Run, action: &'static str) -> AuditEvent {
    AuditEvent::done(action, "clock_run", run.id.to_string()).detail(serde_json::json!({
        "calendars": run.calendars, "seen": run.seen, "moved": run.moved, "failed": run.failed,
    }))
}

struct Job {
    actor: Actor,
    district: DistrictCode,
    city: Arc<City>,
    lists: Arc<Lists>,
}

impl Job {
    /// One batch of one district: read, computed, and what moved stored in one transaction. With a conflict it is read again.
    async fn batch(
        self: &Arc<Self>,
        ctx: &Ctx,
        run: Run,
        batch: &[(DistrictCode, CaseId)],
        keep: bool,
    ) -> Result<Run, CaseError> {
        let Some((district, last)) = batch.last().copied() else {
            return Ok(run);
        };
        let ids: Vec<CaseId> = batch.iter().map(|(_, id)| *id).collect();
        let mut tries = 0;
        loop {
            tries += 1;
            let (wanted, now) = (ids.clone(), ctx.renewed().now());
            let read = ctx
                .read::<_, CaseError, _>(move |r| Ok(sql_recompute::bodies(r, district, &wanted)?))
                .await?;
            let (moved, failed) = self.compute(read, now);
            let next = Run {
                updated_at: now,
                seen: run.seen + i64::try_from(ids.len()).unwrap_or_default(),
                moved: run.moved + i64::try_from(moved.len()).unwrap_or_default(),
                failed: run.failed + failed,
                after_district: Some(district),
                after_id: Some(last.0),
                ..run.clone()
            };
            if moved.is_empty() && !keep {
                return Ok(next);
            }
            let (home, kept) = (self.district, next.clone());
            let stored = ctx
                .renewed()
                .write::<_, StoreError, _>(move |mut w| {
                    sql_recompute::save(&mut w, kept.id, district, &moved)?;
                    sql_recompute::save_run(&mut w, home, &kept)?;
                    w.commit(audit(&kept, "clocks.recompute"), ())
                })
                .await;
            match stored {
                Ok(()) => return Ok(next),
                Err(StoreError::Conflict) if tries < TRIES => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn compute(&self, read: Vec<Case>, now: Timestamp) -> (Vec<(Case, CaseEvent)>, i64) {
        let (mut moved, mut failed) = (Vec::new(), 0);
        for before in read {
            let facts = Facts {
                now,
                actor: &self.actor,
                calendar: self.city.calendar_at(before.place.here()),
                tz: &self.city.timezone,
                rules: &self.lists.rules,
                on_duty: None,
            };
            let command = Command::Clock(ClockCommand::Recompute);
            match rules::decide(Some(&before), command, &facts) {
                Ok(events) => {
                    let after = events.iter().fold(Some(before), rules::apply);
                    moved.extend(after.into_iter().zip(events));
                }
                // Nothing moves, or the case is over since the list was read.
                Err(Refusal::NotAsked | Refusal::NotNow { .. }) => {}
                Err(error) => {
                    failed += 1;
                    tracing::warn!(number = %before.number, %error, "the deadline of case {} could not be computed again", before.number);
                }
            }
        }
        (moved, failed)
    }
}
