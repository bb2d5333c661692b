//! Learning from the record: each night, or when somebody asks.

use super::SuggestionError;
use crate::adviser::Advisers;
use crate::model::{Kind, ModelRow, Standing};
use crate::rules::{self, Learned, Lesson, MOST_MESSAGES, NoModel};
use crate::sql;
use access::{Ctx, Permission};
use analysis::text::TrainError;
use cases::CaseId;
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use matters::{City, MatterId};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{AuditEvent, StoreError};

/// Cases read in one step.
const STEP: i64 = 2_000;
/// Cases looked at, at most: a record that is long, and says little, is not read for ever.
const MOST_READ: usize = 400_000;
/// The weights of models that no longer suggest are kept so long, to be put into force again and to judge decisions.
const KEEP_WEIGHTS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What came of learning one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trained {
    /// What it suggests.
    pub kind: Kind,
    /// The number of the model; none where there was too little to learn from.
    pub model: Option<i64>,
    /// Messages it learned from.
    pub messages: usize,
    /// Classes or units it tells apart.
    pub classes: usize,
    /// Messages held back to measure.
    pub held_back: usize,
    /// Share of right best guesses among those.
    pub accuracy: Option<f64>,
    /// Mean F1 over classes.
    pub macro_f1: Option<f64>,
    /// Share of them that it answered.
    pub coverage: Option<f64>,
    /// Share of right answers among the answered.
    pub accuracy_when_answered: Option<f64>,
    /// Where it stands; none where there is no model.
    pub standing: Option<Standing>,
    /// Why there is no model.
    pub reason: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

/// Learned from the record, and not kept yet.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What it suggests.
    pub kind: Kind,
    /// What was learned.
    pub learned: Learned,
}

/// Reads the lessons of the record, the newest first. Must not be called on an async thread.
fn lessons(ctx: &Ctx, city: &Arc<City>, kind: Kind) -> Result<Vec<Lesson>, StoreError> {
    let choices: BTreeSet<MatterId> = city.matters.choices().map(|c| c.id).collect();
    let mut found = Vec::new();
    let mut before: Option<CaseId> = None;
    let mut read = 0;
    let advisers = ctx.service::<Advisers>();
    while !advisers.is_stopping() {
        let page = ctx
            .renewed()
            .read_blocking::<_, StoreError, _>(move |r| sql::cases_before(r, before, STEP))?;
        let Some(last) = page.last() else {
            break;
        };
        before = Some(last.id);
        read += page.len();
        found.extend(
            page.iter()
                .filter_map(|case| rules::lesson(city, case, kind, &choices)),
        );
        if found.len() >= MOST_MESSAGES || read >= MOST_READ {
            break;
        }
    }
    Ok(found)
}

/// Learns from the record without keeping anything. Must not be called on an async thread.
///
/// # Errors
/// [`SuggestionError`]; too little to learn from is one.
pub fn try_out(
    ctx: &Ctx,
    city: &Arc<City>,
    kind: Kind,
    seed: u64,
) -> Result<Trial, SuggestionError> {
    ctx.require(Permission::SuggestionManage)?;
    let settings = ctx.read_blocking::<_, SuggestionError, _>(|r| Ok(sql::settings(r)?))?;
    let advisers = ctx.service::<Advisers>();
    let is_stopped = || advisers.is_stopping();
    let lessons = lessons(ctx, city, kind)?;
    if is_stopped() {
        return Err(NoModel::Train(TrainError::Stopped).into());
    }
    let learned = rules::learn(lessons, &settings, seed, &is_stopped)?;
    Ok(Trial { kind, learned })
}

/// Learns both kinds from the record and keeps what came of it; a model that is worth enough suggests from now on. The
/// same record and seed give the same models. Gives up soon after [`Advisers::stop`]. Must not be called on an async thread.
///
/// # Errors
/// [`SuggestionError`]; too little to learn from is none: it is told in the answer.
pub fn train(ctx: &Ctx, city: &Arc<City>, seed: u64) -> Result<Vec<Trained>, SuggestionError> {
    ctx.require(Permission::SuggestionManage)?;
    let mut done = Vec::new();
    for kind in Kind::ALL {
        let begun = ctx.clock().now();
        let trained = match try_out(ctx, city, *kind, seed) {
            Ok(trial) => keep(ctx, &trial, seed)?,
            // Nothing is said of a record that was not read to its end.
            Err(error @ SuggestionError::NoModel(NoModel::Train(TrainError::Stopped))) => {
                return Err(error);
            }
            Err(SuggestionError::NoModel(reason)) => nothing(*kind, &reason),
            Err(error) => return Err(error),
        };
        let seconds = ctx.clock().now().duration_since(begun).as_secs_f64();
        done.push(Trained { seconds, ..trained });
    }
    Ok(done)
}

fn nothing(kind: Kind, reason: &NoModel) -> Trained {
    let found = match reason {
        NoModel::TooFew { found } => *found,
        NoModel::Train(_) => 0,
    };
    Trained {
        kind,
        model: None,
        messages: found,
        classes: 0,
        held_back: 0,
        accuracy: None,
        macro_f1: None,
        coverage: None,
        accuracy_when_answered: None,
        standing: None,
        reason: Some(reason.to_string()),
        seconds: 0.0,
    }
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Keeps what was learned under the next number.
fn keep(ctx: &Ctx, trial: &Trial, seed: u64) -> Result<Trained, SuggestionError> {
    let Learned {
        model,
        messages,
        first_at,
        last_at,
        quality,
        weakness,
    } = &trial.learned;
    let standing = if weakness.is_some() {
        Standing::Weak
    } else {
        Standing::InForce
    };
    let now = ctx.clock().now();
    let row = ModelRow {
        number: 0,
        kind: trial.kind,
        made_at: now,
        seed: i64::try_from(seed).unwrap_or(i64::MAX),
        messages: number(*messages),
        first_at: *first_at,
        last_at: *last_at,
        classes: number(model.labels().len()),
        features: number(model.features()),
        threshold: model.calibration().threshold,
        held_back: number(quality.n),
        accuracy: quality.accuracy,
        macro_f1: quality.macro_f1,
        coverage: quality.coverage,
        answered_right: quality.accuracy_when_answered,
        standing,
        from_at: (standing == Standing::InForce).then_some(now),
        to_at: None,
    };
    let body = model.to_bytes();
    let kept = row.clone();
    let made = ctx
        .renewed()
        .write_blocking::<_, SuggestionError, _>(move |mut w| {
            if kept.standing == Standing::InForce {
                sql::replace(&mut w, kept.kind, kept.made_at)?;
            }
            let made = sql::put_model(&mut w, &kept, &body)?;
            sql::forget_bodies(&mut w, kept.made_at - KEEP_WEIGHTS)?;
            let event = AuditEvent::done("suggestion.train", "suggestion_model", made.to_string())
                .detail(serde_json::json!({
                    "kind": kept.kind, "messages": kept.messages, "classes": kept.classes, "held_back": kept.held_back,
                    "accuracy": kept.accuracy, "coverage": kept.coverage, "standing": kept.standing, "seed": kept.seed,
                }));
            Ok(w.commit(event, made)?)
        });
    let made = match made {
        Err(SuggestionError::Store(StoreError::Unique(_))) => return Err(SuggestionError::Running),
        other => other?,
    };
    Ok(Trained {
        kind: trial.kind,
        model: Some(made),
        messages: *messages,
        classes: model.labels().len(),
        held_back: quality.n,
        accuracy: quality.accuracy,
        macro_f1: quality.macro_f1,
        coverage: quality.coverage,
        accuracy_when_answered: quality.accuracy_when_answered,
        standing: Some(standing),
        reason: weakness.map(|w| format!("{w:?}")),
        seconds: 0.0,
    })
}

/// Learns once a local day after `not_before`, where that is wanted and there is something new. Answers what came of it.
/// Must not be called on an async thread.
///
/// # Errors
/// [`SuggestionError`].
pub fn train_if_due(
    ctx: &Ctx,
    city: &Arc<City>,
    not_before: Time,
) -> Result<Option<Vec<Trained>>, SuggestionError> {
    let now = ctx.clock().now();
    if city.timezone.to_datetime(now).time() < not_before {
        return Ok(None);
    }
    let (settings, models) = ctx
        .renewed()
        .read_blocking::<_, SuggestionError, _>(|r| Ok((sql::settings(r)?, sql::models(r, 2)?)))?;
    let today = city.local_date(now);
    let is_done = models.iter().any(|m| city.local_date(m.made_at) >= today);
    if !settings.enabled || !settings.nightly || is_done {
        return Ok(None);
    }
    train(ctx, city, seed_of(now)).map(Some)
}

/// The day as a seed.
fn seed_of(now: Timestamp) -> u64 {
    now.as_second().unsigned_abs() / 86_400
}
