//! Background work: following what people decide, learning each night, looking for hot topics each day; and the same when
//! somebody asks for it.

use crate::adviser::Advisers;
use crate::ops::{self, Look, SuggestionError};
use access::Ctx;
use cases::service::Cases;
use jiff::civil::{Date, Time, time};
use matters::{City, Reference};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::AuditEvent;

/// How often it is looked what is due.
const EVERY: Duration = Duration::from_secs(10);
/// The night's work begins at this local time …
const NIGHT_FROM: Time = time(2, 30, 0, 0);
/// … and is no longer begun after this one: by day the machine belongs to people.
const NIGHT_TO: Time = time(5, 30, 0, 0);

/// One training at a time in a process.
static TRAINING: AtomicBool = AtomicBool::new(false);

/// Frees the place of a training when it is over, however it ended.
struct Turn;

impl Turn {
    fn take() -> Option<Self> {
        // No turn is made in vain: dropped, it would free the place of the one that has it.
        if TRAINING.swap(true, Ordering::AcqRel) {
            None
        } else {
            Some(Self)
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TRAINING.store(false, Ordering::Release);
    }
}

/// Does what is due until the task is dropped. Failures are logged; the work of a night is tried once.
pub async fn run(system: Ctx, reference: Arc<Reference>) {
    let mut tried: Option<Date> = None;
    loop {
        if let Err(error) = ops::refresh(&system.renewed()).await {
            tracing::warn!(%error, "suggestion could not be brought up to date");
        }
        let (ctx, city) = (system.renewed(), reference.current());
        let local = city.timezone.to_datetime(ctx.clock().now());
        let is_night = (NIGHT_FROM..NIGHT_TO).contains(&local.time());
        let is_due = is_night && tried != Some(local.date());
        if is_due {
            tried = Some(local.date());
        }
        let work = tokio::task::spawn_blocking(move || {
            follow(&ctx, &city);
            if is_due {
                tonight(&ctx, &city);
            }
        });
        if let Err(error) = work.await {
            tracing::warn!(%error, "the work of suggestion ended");
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn follow(ctx: &Ctx, city: &Arc<City>) {
    loop {
        match ops::advance(ctx, city) {
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "what people decided could not be kept");
                return;
            }
        }
    }
}

fn tonight(ctx: &Ctx, city: &Arc<City>) {
    if let Some(_turn) = Turn::take() {
        match ops::train_if_due(ctx, city, NIGHT_FROM) {
            Ok(done) => done.iter().flatten().for_each(told),
            Err(error) => tracing::warn!(%error, "nothing could be learned from the record"),
        }
    }
    if ctx.service::<Advisers>().is_stopping() {
        return;
    }
    match ops::look_if_due(ctx, city, NIGHT_FROM) {
        Ok(Some(look)) => {
            tracing::info!(
                reports = look.reports,
                topics = look.topics,
                "looked for hot topics"
            );
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "hot topics could not be looked for"),
    }
}

fn told(trained: &ops::Trained) {
    tracing::info!(kind = %trained.kind, model = trained.model, messages = trained.messages, accuracy = trained.accuracy, seconds = trained.seconds, "learned from the record");
}

/// Begins to learn from the record beside the request: whoever asked may leave. Answers the seed.
///
/// # Errors
/// The lack of the permission; a training that is running.
pub async fn begin_training(ctx: &Ctx) -> Result<u64, SuggestionError> {
    ctx.require(access::Permission::SuggestionManage)?;
    let Some(turn) = Turn::take() else {
        return Err(SuggestionError::Running);
    };
    let seed: u64 = rand::random::<u64>() >> 12;
    ctx.write::<_, SuggestionError, _>(move |w| {
        let event = AuditEvent::done("suggestion.train_begin", "suggestion", "models")
            .detail(serde_json::json!({ "seed": seed }));
        Ok(w.commit(event, ())?)
    })
    .await?;
    let city = ctx.service::<Cases>().city();
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let (working, of) = (ctx.clone(), city.clone());
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            ops::train(&working, &of, seed)
        });
        match done.await {
            Ok(Ok(done)) => done.iter().for_each(told),
            Ok(Err(error)) => tracing::warn!(%error, "nothing could be learned from the record"),
            Err(error) => tracing::warn!(%error, "a training ended"),
        }
        if let Err(error) = ops::refresh(&ctx.renewed()).await {
            tracing::warn!(%error, "suggestion could not be brought up to date");
        }
    });
    Ok(seed)
}

/// Whether a training is running in this process.
pub fn is_training() -> bool {
    TRAINING.load(Ordering::Acquire)
}

/// Looks for hot topics now.
///
/// # Errors
/// [`SuggestionError`].
pub async fn look_now(ctx: &Ctx) -> Result<Look, SuggestionError> {
    let city = ctx.service::<Cases>().city();
    let ctx = ctx.clone();
    tokio::task::spawn_blocking(move || ops::look(&ctx, &city))
        .await
        .map_err(|e| SuggestionError::Store(store::StoreError::Engine(e.to_string())))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_for_a_turn_in_vain_leaves_it_to_the_one_that_has_it() {
        let turn = Turn::take();
        assert!(turn.is_some() && is_training());
        for _ in 0..3 {
            assert!(Turn::take().is_none());
            assert!(is_training());
        }
        drop(turn);
        assert!(!is_training());
        assert!(Turn::take().is_some());
    }
}
