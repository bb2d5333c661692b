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
use std::sync::Arc;
use store::{AuditEvent, StoreError, Value};

/// Cases read at once.
const PAGE: i64 = 10_000;
/// Rows written in one transaction, so that people's writes get in between.
const WRITE: usize = 4_000;
/// Rows of sums kept in memory: beyond it those that are done are written.
const MOST: usize = 400_000;
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
    let mut making = Making {
        ctx,
        generation: number,
        sums: Delta::default(),
        written: HashMap::new(),
    };
    let (mut after, mut cases) = (None, 0);
    loop {
        let from = source.clone();
        let page = ctx
            .renewed()
            .read_blocking::<_, StoreError, _>(move |r| from.page(r, after, PAGE))?;
        let Some(last) = page.last().map(|r| r.key) else {
            break;
        };
        after = Some(last);
        cases += page.len() as u64;
        making.take(page)?;
        progress(cases);
    }
    making.write_sums(|_, _, _| true)?;
    while step(&ctx.renewed(), source, number)?.is_some() {}
    let position =
        ctx.read_blocking::<_, StoreError, _>(move |r| r.outbox_position(&reader(number)))?;
    if position.is_none() {
        return Err(UpkeepError::GivenUp);
    }
    Ok((number, cases))
}

/// A generation in the making.
struct Making<'c> {
    ctx: &'c Ctx,
    generation: i64,
    sums: Delta,
    /// The first day of each district of which no row of sums was written yet.
    written: HashMap<DistrictCode, Day>,
}

/// The first row day that is not done when everything before `day` is: of days the day itself, of months its month.
fn open_from(day: Day, is_month: bool) -> Day {
    if is_month { month_of(day) } else { day }
}

impl Making<'_> {
    fn take(&mut self, page: Vec<Record>) -> Result<(), UpkeepError> {
        let Some(last) = page.last() else {
            return Ok(());
        };
        let (district, day) = (last.key.district, last.contribution.reported);
        for record in &page {
            self.sums.add(record.key.district, &record.contribution, 1);
        }
        let districts: BTreeSet<DistrictCode> = page.iter().map(|r| r.key.district).collect();
        let rows: Vec<Vec<Value>> = page
            .iter()
            .map(|r| sql::case_row(self.generation, r))
            .collect();
        self.write_bulk(Rows {
            table: "facts_cases",
            columns: sql::CASE_COLUMNS.to_vec(),
            key: 3,
            rows,
        })?;
        let generation = self.generation;
        self.ctx
            .renewed()
            .write_blocking::<_, StoreError, _>(move |mut w| {
                sql::add_districts(&mut w, generation, districts.iter().copied())?;
                let now = w.now();
                sql::set_as_of(&mut w, generation, now)?;
                w.unchanged(())
            })?;
        if self.sums.len() > MOST {
            // Cases come by district and, within it, by the time of their report: what lies before is mostly done.
            self.write_sums(|d, is_month, at| d != district || at < open_from(day, is_month))?;
            self.written.insert(district, day);
        }
        if self.sums.len() > MOST {
            self.write_sums(|_, _, _| true)?;
            self.written.insert(district, Day::MAX);
        }
        Ok(())
    }

    /// Writes the sums that are done. A row that was written before, and is met again, is added to.
    fn write_sums(
        &mut self,
        is_done: impl Fn(DistrictCode, bool, Day) -> bool,
    ) -> Result<(), UpkeepError> {
        let done = self.sums.take(is_done);
        let written = &self.written;
        let (fresh, met_again) = sql::rows_of(self.generation, &done, |district, cube, at| {
            written
                .get(&district)
                .is_none_or(|day| *day != Day::MAX && at >= open_from(*day, cube > MONTHS))
        });
        drop(done);
        fresh
            .into_iter()
            .try_for_each(|rows| self.write_bulk(rows))?;
        for mut rows in met_again {
            while !rows.rows.is_empty() {
                let rest = rows.rows.split_off(rows.rows.len().min(WRITE));
                let now = Rows {
                    table: rows.table,
                    columns: rows.columns.clone(),
                    key: rows.key,
                    rows: std::mem::replace(&mut rows.rows, rest),
                };
                self.ctx
                    .renewed()
                    .write_blocking::<_, StoreError, _>(move |mut w| {
                        sql::merge(&mut w, std::slice::from_ref(&now))?;
                        w.unchanged(())
                    })?;
            }
        }
        Ok(())
    }

    fn write_bulk(&self, rows: Rows) -> Result<(), UpkeepError> {
        let Rows {
            table,
            columns,
            mut rows,
            ..
        } = rows;
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(WRITE));
            let now = std::mem::replace(&mut rows, rest);
            let columns = columns.clone();
            self.ctx
                .renewed()
                .write_blocking::<_, StoreError, _>(move |mut w| {
                    w.derive_bulk(table, &columns, &now)?;
                    w.unchanged(())
                })?;
        }
        Ok(())
    }
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
