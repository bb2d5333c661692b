//! Making all figures again from the record, while the program serves: the next generation grows beside the current one,
//! catches up with the outbox and takes its place in one transaction.
//!
//! Nothing is locked and nothing is read in one piece. A case that changes while its page is read is in the outbox after
//! the position at which the making began, and is looked at again; looking twice changes nothing.

use crate::cubes::MONTHS;
use crate::delta::Delta;
use crate::model::{Day, month_of};
use crate::sql::{self, Rows};
use crate::upkeep::{Record, Source, UpkeepError, reader, step};
use access::Ctx;
use jiff::SignedDuration;
use kernel::codes::DistrictCode;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use store::{AuditEvent, Engine, StoreError, Value};

/// Cases read at once.
const PAGE: i64 = 10_000;
/// Rows written in one transaction: some tens of milliseconds, so that people's writes get in between.
const WRITE: usize = 8_000;
/// Rows of sums kept in memory: beyond it those that are done are written.
const MOST: usize = 400_000;
/// Batches that may wait to be written.
const WAITING: usize = 8;
/// Writers at the same time, where the engine has several.
const WRITERS: usize = 2;
/// Rows removed in one transaction.
const CLEAR: i64 = 4_000;
/// A making that wrote nothing for so long has been killed.
const SILENCE: SignedDuration = SignedDuration::from_secs(120);
/// How often two makings are brought level before they are compared, and how long is waited in between: on PostgreSQL a
/// writer that is still running holds back what came after it.
const TRIES: usize = 100;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// What a rebuild did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Rebuilt {
    /// Cases that were counted.
    pub cases: u64,
    /// The generation that readers now see.
    pub generation: i64,
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    /// Cases that were counted afresh.
    pub cases: u64,
    /// In how many rows the figures differ from a fresh count.
    pub differences: i64,
    /// The same, table by table.
    pub tables: Vec<(&'static str, i64)>,
}

/// Makes all figures again and lets readers see them. `progress` gets the number of cases counted so far. Must not be
/// called on an async thread.
///
/// # Errors
/// [`UpkeepError`]; what readers see is then as before.
pub fn rebuild(
    ctx: &Ctx,
    source: &Arc<dyn Source>,
    progress: impl FnMut(u64),
) -> Result<Rebuilt, UpkeepError> {
    let (generation, cases) = make(ctx, source, progress)?;
    ctx.renewed()
        .write_blocking::<_, StoreError, _>(move |mut w| {
            sql::make_current(&mut w, generation)?;
            let detail = serde_json::json!({ "cases": cases });
            w.commit(
                AuditEvent::done("facts.rebuild", "facts", generation.to_string()).detail(detail),
                (),
            )
        })?;
    clear_others(ctx, Some(generation))?;
    ctx.renewed().analyze_blocking()?;
    Ok(Rebuilt { cases, generation })
}

/// Counts everything afresh beside the current figures, compares the two and drops the fresh count. Must not be called on
/// an async thread.
///
/// # Errors
/// [`UpkeepError`].
pub fn check(
    ctx: &Ctx,
    source: &Arc<dyn Source>,
    progress: impl FnMut(u64),
) -> Result<Checked, UpkeepError> {
    crate::upkeep::catch_up(ctx, source)?;
    let (fresh, cases) = make(ctx, source, progress)?;
    let compared = compare(ctx, source, fresh);
    let current = ctx.read_blocking::<_, StoreError, _>(sql::current)?;
    clear_others(ctx, current.map(|g| g.number))?;
    let tables = compared?;
    Ok(Checked {
        cases,
        differences: tables.iter().map(|t| t.1).sum(),
        tables,
    })
}

fn compare(
    ctx: &Ctx,
    source: &Arc<dyn Source>,
    fresh: i64,
) -> Result<Vec<(&'static str, i64)>, UpkeepError> {
    for _ in 0..TRIES {
        crate::upkeep::catch_up(ctx, source)?;
        while step(&ctx.renewed(), source, fresh)?.is_some() {}
        let tables = ctx.snapshot_blocking::<_, StoreError, _>(move |r| {
            let Some(current) = sql::current(r)? else {
                return Ok(None);
            };
            let end = Some(r.outbox_end()?);
            let is_level = r.outbox_position(&reader(current.number))? == end
                && r.outbox_position(&reader(fresh))? == end;
            // An empty outbox has no end that a position could stand at.
            if !is_level && end != Some(0) {
                return Ok(None);
            }
            sql::differences(r, current.number, fresh).map(Some)
        })?;
        if let Some(tables) = tables {
            return Ok(tables);
        }
        std::thread::sleep(PAUSE);
    }
    Err(UpkeepError::Unquiet)
}

/// Makes a generation beside the current one and catches up with the outbox. Answers its number and the number of cases.
fn make(
    ctx: &Ctx,
    source: &Arc<dyn Source>,
    mut progress: impl FnMut(u64),
) -> Result<(i64, u64), UpkeepError> {
    let now = ctx.clock().now();
    let known = ctx.read_blocking::<_, StoreError, _>(sql::generations)?;
    if let Some(other) = known
        .iter()
        .find(|g| !g.is_current && now.duration_since(g.as_of) < SILENCE && g.ready_at.is_none())
    {
        return Err(UpkeepError::Running(other.as_of));
    }
    clear_others(ctx, known.iter().find(|g| g.is_current).map(|g| g.number))?;
    let number = known.last().map_or(0, |g| g.number) + 1;
    let zone = source.zone().to_owned();
    ctx.renewed()
        .write_blocking::<_, StoreError, _>(move |mut w| {
            sql::add_generation(&mut w, number, &zone, false)?;
            let from = w.outbox_horizon()?;
            w.outbox_enter(&reader(number), from)?;
            w.unchanged(())
        })?;
    // One thread reads and adds up while this one, and others where the engine has several writers, write what is done.
    let beside = match ctx.db().engine() {
        Engine::Sqlite => 0,
        Engine::Postgres => WRITERS - 1,
    };
    let (send, batches) = std::sync::mpsc::sync_channel(WAITING);
    let shelf = Shelf::new(batches);
    let counted = AtomicU64::new(0);
    let cases = std::thread::scope(|scope| {
        let counting = Counting {
            ctx: ctx.renewed(),
            generation: number,
            sums: Delta::default(),
            written: HashMap::new(),
            counted: &counted,
            send,
        };
        let counting = scope.spawn(move || counting.all(source));
        let shelf = &shelf;
        let writers: Vec<_> = (0..beside)
            .map(|_| scope.spawn(move || shelf.write_all(ctx, number, || {})))
            .collect();
        let mut written = shelf.write_all(ctx, number, || progress(counted.load(Relaxed)));
        for writer in writers {
            written = written.and(joined(writer));
        }
        match (written, joined(counting)) {
            (Err(error), _) | (Ok(()), Err(Stopped::Failed(error))) => Err(error),
            (Ok(()), Ok(cases)) => Ok(cases),
            // Nobody took what was counted: whoever writes has said why.
            (Ok(()), Err(Stopped::Left)) => Err(UpkeepError::GivenUp),
        }
    })?;
    progress(cases);
    while step(&ctx.renewed(), source, number)?.is_some() {}
    let position =
        ctx.read_blocking::<_, StoreError, _>(move |r| r.outbox_position(&reader(number)))?;
    if position.is_none() {
        return Err(UpkeepError::GivenUp);
    }
    Ok((number, cases))
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What waits to be written. Several may take from it: they write beside each other, but what adds to rows that may be there
/// is written alone, after all that was taken before it.
struct Shelf {
    /// None once a writer has failed: then nobody takes what is counted, and the counting ends.
    batches: Mutex<Option<Receiver<Batch>>>,
    order: RwLock<()>,
}

/// How a batch is written.
enum Turn<'s> {
    Beside(
        #[expect(dead_code, reason = "held until the batch is written")] RwLockReadGuard<'s, ()>,
    ),
    Alone(
        #[expect(dead_code, reason = "held until the batch is written")] RwLockWriteGuard<'s, ()>,
    ),
}

impl Shelf {
    fn new(batches: Receiver<Batch>) -> Self {
        Self {
            batches: Mutex::new(Some(batches)),
            order: RwLock::new(()),
        }
    }
    /// The next batch, and the turn to write it, which is taken before anybody else takes a batch.
    fn next(&self) -> Option<(Batch, Turn<'_>)> {
        let batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = batches.as_ref()?.recv().ok()?;
        let turn = if matches!(batch, Batch::MetAgain(_)) {
            Turn::Alone(self.order.write().unwrap_or_else(PoisonError::into_inner))
        } else {
            Turn::Beside(self.order.read().unwrap_or_else(PoisonError::into_inner))
        };
        Some((batch, turn))
    }
    fn write_all(
        &self,
        ctx: &Ctx,
        generation: i64,
        mut after_each: impl FnMut(),
    ) -> Result<(), UpkeepError> {
        while let Some((batch, _turn)) = self.next() {
            if let Err(error) = write(ctx, generation, batch) {
                *self.batches.lock().unwrap_or_else(PoisonError::into_inner) = None;
                return Err(error);
            }
            after_each();
        }
        Ok(())
    }
}

/// What is ready to be written, in this order.
enum Batch {
    /// Cases with what they count as, and their districts.
    Cases(Vec<Vec<Value>>, BTreeSet<DistrictCode>),
    /// Rows of sums that cannot be there yet.
    Fresh(Rows),
    /// Rows of sums of which some may be there: they are added to.
    MetAgain(Rows),
}

/// Why the counting ended early.
enum Stopped {
    Failed(UpkeepError),
    /// Whoever writes has gone.
    Left,
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// The first row day that is not done when everything before `day` is: of days the day itself, of months its month.
fn open_from(day: Day, is_month: bool) -> Day {
    if is_month { month_of(day) } else { day }
}

/// A generation in the making: reads the record and hands over what can be written.
struct Counting<'c> {
    ctx: Ctx,
    generation: i64,
    sums: Delta,
    /// The first day of each district of which no row of sums was written yet.
    written: HashMap<DistrictCode, Day>,
    /// How many cases have been counted, for whoever tells of the progress.
    counted: &'c AtomicU64,
    send: SyncSender<Batch>,
}

impl Counting<'_> {
    /// Counts all cases; answers how many.
    fn all(mut self, source: &Arc<dyn Source>) -> Result<u64, Stopped> {
        let (mut after, mut cases) = (None, 0);
        loop {
            let from = source.clone();
            let page = self
                .ctx
                .renewed()
                .read_blocking::<_, StoreError, _>(move |r| from.page(r, after, PAGE))?;
            let Some(last) = page.last().map(|r| r.key) else {
                break;
            };
            after = Some(last);
            cases += page.len() as u64;
            self.take(page)?;
            self.counted.store(cases, Relaxed);
        }
        self.hand_over_sums(|_, _, _| true)?;
        Ok(cases)
    }

    fn hand_over(&self, batch: Batch) -> Result<(), Stopped> {
        self.send.send(batch).map_err(|_| Stopped::Left)
    }

    fn take(&mut self, page: Vec<Record>) -> Result<(), Stopped> {
        let Some(last) = page.last() else {
            return Ok(());
        };
        let (district, day) = (last.key.district, last.contribution.reported);
        for record in &page {
            self.sums.add(record.key.district, &record.contribution, 1);
        }
        for some in page.chunks(WRITE) {
            let rows = some.iter().map(|r| sql::case_row(self.generation, r));
            let districts = some.iter().map(|r| r.key.district).collect();
            self.hand_over(Batch::Cases(rows.collect(), districts))?;
        }
        if self.sums.len() > MOST {
            // Cases come by district and, within it, by the time of their report: what lies before is mostly done.
            self.hand_over_sums(|d, is_month, at| d != district || at < open_from(day, is_month))?;
            self.written.insert(district, day);
        }
        if self.sums.len() > MOST {
            self.hand_over_sums(|_, _, _| true)?;
            self.written.insert(district, Day::MAX);
        }
        Ok(())
    }

    /// Hands over the sums that are done. A row that was written before, and is met again, is added to.
    fn hand_over_sums(
        &mut self,
        is_done: impl Fn(DistrictCode, bool, Day) -> bool,
    ) -> Result<(), Stopped> {
        let done = self.sums.take(is_done);
        let written = &self.written;
        let (fresh, met_again) = sql::rows_of(self.generation, &done, |district, cube, at| {
            written
                .get(&district)
                .is_none_or(|day| *day != Day::MAX && at >= open_from(*day, cube > MONTHS))
        });
        drop(done);
        for rows in fresh {
            rows.in_parts(WRITE, |part| self.hand_over(Batch::Fresh(part)))?;
        }
        for rows in met_again {
            rows.in_parts(WRITE, |part| self.hand_over(Batch::MetAgain(part)))?;
        }
        Ok(())
    }
}

/// Writes a batch in a transaction of its own, so that people's writes get in between.
fn write(ctx: &Ctx, generation: i64, batch: Batch) -> Result<(), UpkeepError> {
    ctx.renewed()
        .write_blocking::<_, StoreError, _>(move |mut w| {
            match &batch {
                Batch::Cases(rows, districts) => {
                    w.derive_bulk("facts_cases", sql::CASE_COLUMNS, rows)?;
                    sql::add_districts(&mut w, generation, districts.iter().copied())?;
                }
                Batch::Fresh(rows) => w.derive_bulk(rows.table, &rows.columns, &rows.rows)?,
                Batch::MetAgain(rows) => sql::merge(&mut w, std::slice::from_ref(rows))?,
            }
            // A sign of life: a making that is silent for long is taken for killed.
            let now = w.now();
            sql::set_as_of(&mut w, generation, now)?;
            w.unchanged(())
        })?;
    Ok(())
}

/// Removes every generation but one, piece by piece.
fn clear_others(ctx: &Ctx, keep: Option<i64>) -> Result<(), UpkeepError> {
    let known = ctx.read_blocking::<_, StoreError, _>(sql::generations)?;
    for old in known.iter().map(|g| g.number).filter(|n| Some(*n) != keep) {
        ctx.renewed()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                w.outbox_leave(&reader(old))?;
                w.unchanged(())
            })?;
        let districts = ctx.read_blocking::<_, StoreError, _>(move |r| sql::districts(r, old))?;
        for district in districts {
            for table in sql::TABLES {
                loop {
                    let gone = ctx
                        .renewed()
                        .write_blocking::<_, StoreError, _>(move |mut w| {
                            let gone = sql::clear(&mut w, table, district, old, CLEAR)?;
                            w.unchanged(gone)
                        })?;
                    if gone == 0 {
                        break;
                    }
                }
            }
        }
        ctx.renewed()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                sql::drop_generation(&mut w, old)?;
                w.unchanged(())
            })?;
    }
    Ok(())
}
