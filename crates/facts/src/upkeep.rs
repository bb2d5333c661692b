//! Keeping the figures up: what the outbox says has changed is looked at again, and the difference is added to the sums.

use crate::delta::Delta;
use crate::model::Contribution;
use crate::sql::{self, Generation};
use access::Ctx;
use jiff::SignedDuration;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{OutboxRow, Read, StoreError, StoreResult, Write};

/// Rows of the outbox looked at in one step.
const ROWS: u32 = 2_000;
/// Cases of one step at most (a single row of an import may name more).
const CASES: usize = 2_000;

/// A case: its district of record and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseKey {
    /// The district of record.
    pub district: DistrictCode,
    /// The id.
    pub id: Id,
}

/// What a case counts as, as of one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which case.
    pub key: CaseKey,
    /// How many events it had.
    pub version: i64,
    /// What it counts as.
    pub contribution: Contribution,
}

/// Whoever knows the record of cases. Facts stand below it and see only this.
pub trait Source: Send + Sync + 'static {
    /// The time zone of the days, by its name.
    fn zone(&self) -> &str;
    /// Which cases a row of the outbox says have changed; none where it is about something else.
    ///
    /// # Errors
    /// A row that does not read.
    fn touched(&self, row: &OutboxRow) -> StoreResult<Vec<CaseKey>>;
    /// What these cases count as at present; keys come in order, and those of no case are left out.
    ///
    /// # Errors
    /// The store's.
    fn present(&self, r: &mut Read<'_>, keys: &[CaseKey]) -> StoreResult<Vec<Record>>;
    /// All cases in the order of their keys: the next `limit` after `after`.
    ///
    /// # Errors
    /// The store's.
    fn page(
        &self,
        r: &mut Read<'_>,
        after: Option<CaseKey>,
        limit: i64,
    ) -> StoreResult<Vec<Record>>;
}

/// Why the figures could not be kept up.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The days were counted in another time zone.
    #[error(
        "the figures were made for the time zone {kept}, the program is set to {set}: run `shiyu facts rebuild`"
    )]
    Zone {
        /// The zone of the figures.
        kept: String,
        /// The zone that is set.
        set: String,
    },
    /// What came before is no longer in the outbox.
    #[error(
        "there are no figures yet, and the outbox no longer has everything: run `shiyu facts rebuild`"
    )]
    NeedsRebuild,
    /// Another rebuild is running.
    #[error("another rebuild is running; it last wrote at {0}")]
    Running(jiff::Timestamp),
    /// The making was silent for so long that it was given up.
    #[error("the rebuild was silent for so long that it was given up; run it again")]
    GivenUp,
    /// The record changes faster than two makings of the figures can be compared.
    #[error("the record is changing all the time; compare when it is quieter")]
    Unquiet,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was brought up to date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows of the outbox that were passed.
    pub rows: u64,
    /// Cases that were looked at again.
    pub cases: u64,
}

/// The name of a generation as a reader of the outbox.
pub(crate) fn reader(generation: i64) -> String {
    format!("facts/{generation}")
}

/// Brings the current figures up to date. Must not be called on an async thread.
///
/// # Errors
/// [`UpkeepError`].
pub fn catch_up(ctx: &Ctx, source: &Arc<dyn Source>) -> Result<Progress, UpkeepError> {
    let mut total = Progress::default();
    while let Some(step) = advance(ctx, source)? {
        total.rows += step.rows;
        total.cases += step.cases;
    }
    Ok(total)
}

/// Passes the next rows of the outbox, some thousands at most; none when there is nothing to pass. The first call of a database begins the figures. Several processes may call it at the
/// same time: each step is made by one of them. Must not be called on an async thread.
///
/// # Errors
/// [`UpkeepError`].
pub fn advance(ctx: &Ctx, source: &Arc<dyn Source>) -> Result<Option<Progress>, UpkeepError> {
    let ctx = ctx.renewed();
    let generation = begin(&ctx, source)?;
    if generation.zone != source.zone() {
        return Err(UpkeepError::Zone {
            kept: generation.zone,
            set: source.zone().to_owned(),
        });
    }
    let Some(progress) = step(&ctx, source, generation.number)? else {
        return Ok(None);
    };
    ctx.write_blocking::<_, StoreError, _>(|mut w| {
        give_up_killed(&mut w)?;
        w.unchanged(())
    })?;
    Ok(Some(progress))
}

/// A making that wrote nothing for so long was killed: the outbox keeps nothing for it any more.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(1);

fn give_up_killed(w: &mut Write<'_>) -> StoreResult<()> {
    let now = w.now();
    for generation in sql::generations(w)? {
        let is_made = generation.is_current || generation.ready_at.is_some();
        if !is_made && now.duration_since(generation.as_of) > GIVEN_UP_AFTER {
            w.outbox_leave(&reader(generation.number))?;
        }
    }
    Ok(())
}

/// The current generation; the first one is made when there is none.
fn begin(ctx: &Ctx, source: &Arc<dyn Source>) -> Result<Generation, UpkeepError> {
    if let Some(generation) = ctx.read_blocking::<_, StoreError, _>(sql::current)? {
        return Ok(generation);
    }
    let zone = source.zone().to_owned();
    let begun = ctx.write_blocking::<_, StoreError, _>(move |mut w| {
        if let Some(generation) = sql::current(&mut w)? {
            return w.unchanged(Some(generation));
        }
        // The first reader finds everything that ever happened; figures made before may have let some of it go (nobody
        // else lets anything go).
        let others = w
            .one::<(i64,)>(
                "SELECT count(*) FROM outbox_readers WHERE name LIKE 'facts/%'",
                &[],
            )?
            .0;
        if others > 0 {
            return w.unchanged(None);
        }
        sql::add_generation(&mut w, 1, &zone, true)?;
        w.outbox_enter(&reader(1), 0)?;
        let generation = sql::current(&mut w)?;
        w.unchanged(generation)
    });
    match begun {
        Ok(Some(generation)) => Ok(generation),
        Ok(None) => Err(UpkeepError::NeedsRebuild),
        // Another process was faster.
        Err(StoreError::Unique(_)) => ctx
            .read_blocking::<_, StoreError, _>(sql::current)?
            .ok_or(UpkeepError::NeedsRebuild),
        Err(error) => Err(error.into()),
    }
}

/// What one step found to do.
struct Found {
    from: i64,
    to: i64,
    rows: u64,
    as_of: jiff::Timestamp,
    changed: Vec<Record>,
    gone: Vec<CaseKey>,
    cases: u64,
    delta: Delta,
}

/// Passes some rows of the outbox for one generation; none when there is nothing to pass.
pub(crate) fn step(
    ctx: &Ctx,
    source: &Arc<dyn Source>,
    generation: i64,
) -> Result<Option<Progress>, StoreError> {
    let looking = source.clone();
    let found = ctx.read_blocking::<_, StoreError, _>(move |r| look(r, &*looking, generation))?;
    let Some(mut found) = found else {
        return Ok(None);
    };
    found.delta.settle();
    let progress = Progress {
        rows: found.rows,
        cases: found.cases,
    };
    ctx.write_blocking::<_, StoreError, _>(move |mut w| {
        // Whoever moves the position makes the delta: what was read above is as of `from`.
        if !w.outbox_advance(&reader(generation), found.from, found.to)? {
            return w.unchanged(());
        }
        sql::keep(&mut w, generation, &found.changed)?;
        for key in &found.gone {
            sql::forget(&mut w, generation, *key)?;
        }
        let districts: BTreeSet<DistrictCode> =
            found.changed.iter().map(|r| r.key.district).collect();
        sql::add_districts(&mut w, generation, districts)?;
        let (_, rows) = sql::rows_of(generation, &found.delta, |_, _, _| false);
        sql::merge(&mut w, &rows)?;
        sql::set_as_of(&mut w, generation, found.as_of)?;
        w.unchanged(())
    })?;
    Ok(Some(progress))
}

fn look(r: &mut Read<'_>, source: &dyn Source, generation: i64) -> StoreResult<Option<Found>> {
    let Some(from) = r.outbox_position(&reader(generation))? else {
        return Ok(None);
    };
    let (mut keys, mut to, mut rows) = (BTreeSet::new(), from, 0);
    let mut as_of = None;
    for row in r.outbox_after(from, ROWS)? {
        keys.extend(source.touched(&row)?);
        (to, rows, as_of) = (row.seq, rows + 1, Some(row.at));
        if keys.len() >= CASES {
            break;
        }
    }
    let Some(as_of) = as_of else {
        return Ok(None);
    };
    let keys: Vec<CaseKey> = keys.into_iter().collect();
    // What was kept is read before what is: nobody but the holder of `from` may have written it meanwhile.
    let kept = sql::kept(r, generation, &keys)?;
    let mut delta = Delta::default();
    let mut changed = Vec::new();
    let mut gone: BTreeSet<CaseKey> = kept.keys().copied().collect();
    for record in source.present(r, &keys)? {
        gone.remove(&record.key);
        let old = kept.get(&record.key);
        if old != Some(&record.contribution) {
            delta.change(record.key.district, old, Some(&record.contribution));
            changed.push(record);
        }
    }
    for key in &gone {
        delta.change(key.district, kept.get(key), None);
    }
    Ok(Some(Found {
        from,
        to,
        rows,
        as_of,
        cases: keys.len() as u64,
        changed,
        gone: gone.into_iter().collect(),
        delta,
    }))
}
