//! Looking at a day: the counts, the detectors, and the findings that begin or go on.

use super::{Grounds, WarningError};
use crate::counts::{Counts, day_after, positions};
use crate::detect::{self, Ground, Look};
use crate::model::{Signal, Standing, WarningId};
use crate::sql::{self, Curve, Run, Warning};
use crate::track::{self, QUIET_DAYS, Sight, Track};
use access::{Ctx, Permission};
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan as _};
use kernel::codes::DistrictCode;
use kernel::id::Id;
use matters::City;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{AuditEvent, StoreError};

/// So many days are drawn as the curve of a finding.
const CURVE_DAYS: u32 = 56;
/// The reach of what a signal may continue, in days: the longest window, and the quiet days.
const ONGOING_DAYS: i64 = 30 + QUIET_DAYS;

/// What came of looking at a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayRun {
    /// The day.
    pub day: Date,
    /// The seed of the simulations.
    pub seed: u64,
    /// What each detector did.
    pub detectors: Vec<Looked>,
    /// Findings that began.
    pub begun: Vec<WarningId>,
    /// Findings that go on.
    pub going_on: Vec<WarningId>,
    /// How long it took.
    pub seconds: f64,
}

/// What one detector did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Looked {
    /// The detector.
    pub detector: String,
    /// Series it judged.
    pub series: usize,
    /// Series without enough past.
    pub too_short: usize,
    /// Signals it gave.
    pub signals: usize,
}

/// The last day that is over.
pub fn day_to_look_at(city: &City, now: Timestamp) -> Date {
    day_after(city.local_date(now), -1)
}

/// Days that are made up for at most.
const MOST_MISSED: i64 = 14;

/// Looks once at each day up to yesterday, after a local time of day: at the first day after the last that was looked at, so
/// that a program that was away for some days makes up for them, though for no more than [`MOST_MISSED`]. Answers what came
/// of it, or nothing where it is too early, all is done, or another process is doing it. Must not be called on an async
/// thread.
///
/// # Errors
/// [`WarningError`].
pub fn run_if_due(
    ctx: &Ctx,
    city: Arc<City>,
    not_before: Time,
) -> Result<Option<DayRun>, WarningError> {
    let local = city.timezone.to_datetime(ctx.now());
    if local.time() < not_before {
        return Ok(None);
    }
    let yesterday = day_to_look_at(&city, ctx.now());
    let day = match ctx.read_blocking::<_, WarningError, _>(|r| Ok(sql::last_day(r)?))? {
        None => yesterday,
        Some(last) if last >= yesterday => return Ok(None),
        Some(last) => {
            let first = yesterday.saturating_sub((MOST_MISSED - 1).days());
            last.saturating_add(1.day()).max(first)
        }
    };
    match run_day(ctx, city, day, None, false) {
        // The row of the run was taken: another process was faster.
        Err(WarningError::Store(StoreError::Unique(_))) => Ok(None),
        other => other.map(Some),
    }
}

/// Looks at a day because somebody asks for it, in the asker's name. What was found before stays; looking again at a day
/// with the same record changes nothing.
///
/// # Errors
/// [`WarningError`]; `Field` of `day` where it is not over yet.
pub async fn look_at(ctx: &Ctx, city: Arc<City>, day: Date) -> Result<DayRun, WarningError> {
    ctx.require(Permission::WarningManage)?;
    if day >= city.local_date(ctx.now()) {
        let reason = format!("{day} is not over yet");
        return Err(WarningError::field("day", "warning.not_over", reason));
    }
    let ctx = ctx.renewed();
    tokio::task::spawn_blocking(move || run_day(&ctx, city, day, None, true))
        .await
        .map_err(|_| WarningError::BrokenOff)?
}

/// Looks at a day. The same day, counts and seed give the same findings; looking at a day again changes nothing but the
/// time of the run. Without a seed the day is one. Must not be called on an async thread.
///
/// # Errors
/// [`WarningError`]; `Unique` of the store where the day was looked at before and `again` is not wanted.
pub fn run_day(
    ctx: &Ctx,
    city: Arc<City>,
    day: Date,
    seed: Option<u64>,
    again: bool,
) -> Result<DayRun, WarningError> {
    let began = ctx.clock().now();
    let seed = seed.unwrap_or_else(|| seed_of(day));
    let grounds = Grounds::of(city);
    let now = ctx.now();
    let asked = grounds.clone();
    let (detectors, counts, ongoing) = ctx.read_blocking::<_, WarningError, _>(move |r| {
        if facts::figures::freshness(r, now)?.is_none() {
            return Err(WarningError::NoFigures);
        }
        let detectors = sql::detectors(r)?;
        let reach = detectors
            .iter()
            .filter(|d| d.enabled)
            .map(|d| d.reach_days())
            .max()
            .unwrap_or(1)
            .max(CURVE_DAYS);
        let from = day_after(day, 1 - i64::from(reach));
        let counts = asked.counts(r, from, day)?;
        let ongoing = sql::ongoing(r, day_after(day, -ONGOING_DAYS), day_after(day, QUIET_DAYS))?;
        Ok((detectors, counts, ongoing))
    })?;
    let calendar = grounds.city.calendar.clone();
    let ground = Ground {
        counts: &counts,
        places: &grounds.places,
        categories: &grounds.categories,
        is_off: &|date| !calendar.is_workday(date),
    };
    let looks = detect::run(&ground, &detectors, day, seed);
    let changes = changes(&grounds, &counts, day, &looks, ongoing, ctx.now());
    let kept = Kept {
        day,
        seed,
        again,
        looks: looks.iter().map(looked).collect(),
        changes,
    };
    let (begun, going_on): (Vec<_>, Vec<_>) = kept.changes.iter().partition(|c| c.is_new);
    let ids = |list: Vec<&Change>| list.into_iter().map(|c| c.warning.id).collect();
    let run = DayRun {
        day,
        seed,
        detectors: kept.looks.clone(),
        begun: ids(begun),
        going_on: ids(going_on),
        seconds: ctx.clock().now().duration_since(began).as_secs_f64(),
    };
    ctx.renewed()
        .write_blocking::<_, WarningError, _>(move |w| keep(w, &kept))?;
    Ok(run)
}

/// The day as a seed: anybody who looks at it again draws the same numbers.
fn seed_of(day: Date) -> u64 {
    let number = |n: i16| u64::try_from(n).unwrap_or(0);
    number(day.year()) * 10_000
        + number(i16::from(day.month())) * 100
        + number(i16::from(day.day()))
}

fn looked(look: &Look) -> Looked {
    Looked {
        detector: look.detector.clone(),
        series: look.series,
        too_short: look.too_short,
        signals: look.signals.len(),
    }
}

/// A finding that began or went on.
#[derive(Debug, Clone)]
struct Change {
    warning: Warning,
    is_new: bool,
    sights: Vec<Sight>,
}

/// What the transaction writes; it may run more than once.
struct Kept {
    day: Date,
    seed: u64,
    again: bool,
    looks: Vec<Looked>,
    changes: Vec<Change>,
}

/// Takes the signals of a day into the findings.
fn changes(
    grounds: &Grounds,
    counts: &Counts,
    day: Date,
    looks: &[Look],
    ongoing: Vec<Warning>,
    now: Timestamp,
) -> Vec<Change> {
    let signals: Vec<Signal> = looks.iter().flat_map(|l| l.signals.clone()).collect();
    let mut tracks: Vec<Track> = ongoing.iter().map(|w| w.track.clone()).collect();
    let mut sights: BTreeMap<usize, Vec<Sight>> = BTreeMap::new();
    for step in track::follow(&mut tracks, day, &signals) {
        sights.entry(step.track).or_default().push(step.sight);
    }
    sights
        .into_iter()
        .filter_map(|(at, sights)| {
            let track = tracks[at].clone();
            let curve = match ongoing.get(at) {
                // An earlier day is looked at again: what was drawn since stays.
                Some(known) if known.track.last_seen > day => known.curve.clone(),
                _ => curve(grounds, counts, &track, day),
            };
            let (warning, is_new) = match ongoing.get(at) {
                Some(known) => (
                    Warning {
                        track,
                        curve,
                        ..known.clone()
                    },
                    false,
                ),
                None => (
                    Warning {
                        district: district_of(&track)?,
                        id: WarningId(Id::new(now, rand::random())),
                        version: 1,
                        standing: Standing::New,
                        verdict: None,
                        track,
                        curve,
                    },
                    true,
                ),
            };
            Some(Change {
                warning,
                is_new,
                sights,
            })
        })
        .collect()
}

/// The district of the first place.
fn district_of(track: &Track) -> Option<DistrictCode> {
    track.places.first()?.get(..6)?.parse().ok()
}

fn curve(grounds: &Grounds, counts: &Counts, track: &Track, day: Date) -> Curve {
    let Some(last) = counts.day_of(day) else {
        return Curve::default();
    };
    let places = positions(&grounds.places, track.level, &track.places);
    let days = counts.curve(
        track.category,
        track.level,
        &places,
        (last + 1).saturating_sub(CURVE_DAYS)..=last,
    );
    let before: Vec<u32> = days
        .iter()
        .filter(|(date, _)| *date < track.began)
        .map(|(_, n)| *n)
        .collect();
    let usual = before.iter().sum::<u32>() as f64 / before.len().max(1) as f64;
    Curve { days, usual }
}

fn keep(mut w: store::Write<'_>, kept: &Kept) -> Result<store::Sealed<()>, WarningError> {
    if kept.again {
        sql::forget_run(&mut w, kept.day)?;
    }
    let at = w.now();
    for look in &kept.looks {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let run = Run {
            day: kept.day,
            detector: look.detector.clone(),
            at,
            seed: i64::try_from(kept.seed).unwrap_or(i64::MAX),
            series: number(look.series),
            too_short: number(look.too_short),
            signals: number(look.signals),
        };
        sql::put_run(&mut w, &run)?;
    }
    for change in &kept.changes {
        let warning = &change.warning;
        if change.is_new {
            sql::insert(&mut w, warning)?;
        } else {
            sql::update_track(&mut w, warning)?;
        }
        for sight in &change.sights {
            sql::put_sight(&mut w, warning.district, warning.id, sight)?;
        }
    }
    let begun = kept.changes.iter().filter(|c| c.is_new).count();
    let event = AuditEvent::done("warning.run", "warning_run", kept.day.to_string()).detail(
        serde_json::json!({ "seed": kept.seed, "detectors": kept.looks, "begun": begun, "going_on": kept.changes.len() - begun }),
    );
    Ok(w.commit(event, ())?)
}
