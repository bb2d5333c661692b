//! The figures kept up while serving: a small step after another, in the background lane, as long as anything waits.

use access::Ctx;
use cases::facts::CaseFacts;
use facts::{UpkeepError, upkeep};
use jiff::tz::TimeZone;
use std::time::Duration;

/// How often the outbox is looked at when nothing waits.
const EVERY: Duration = Duration::from_millis(500);
/// How long is waited after a failure, which is logged each time.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Keeps the figures up until the task is dropped. A step that has begun is finished; none takes long.
pub async fn keep_up(system: Ctx, timezone: TimeZone) {
    let source = CaseFacts::source(timezone);
    loop {
        let (ctx, from) = (system.renewed(), source.clone());
        let step = tokio::task::spawn_blocking(move || upkeep::advance(&ctx, &from)).await;
        let wait = match step {
            Ok(Ok(Some(progress))) => {
                metrics::counter!("facts_outbox_rows").increment(progress.rows);
                metrics::counter!("facts_cases_counted").increment(progress.cases);
                continue;
            }
            Ok(Ok(None)) => EVERY,
            Ok(Err(error @ UpkeepError::Store(_))) => {
                tracing::warn!(%error, "the figures could not be kept up");
                AFTER_FAILURE
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the figures are not kept up");
                AFTER_FAILURE
            }
            Err(error) => {
                tracing::warn!(%error, "keeping the figures up ended");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(wait).await;
    }
}
