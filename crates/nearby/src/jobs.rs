//! The background work: letters that are due, the digests of the day, subscriptions that nobody confirmed.

use crate::model::NearError;
use crate::ops;
use access::Ctx;
use std::time::Duration;

/// How often the store is asked for letters when nothing waits.
const EVERY: Duration = Duration::from_secs(5);
/// How often digests are put up and the unconfirmed are removed.
const DAILY_EVERY: Duration = Duration::from_secs(60);
/// How long is waited after a failure, which is logged each time.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

async fn daily(system: &Ctx) -> Result<(), NearError> {
    while ops::make_digests(&system.renewed()).await? > 0 {}
    while ops::forget_unconfirmed(&system.renewed()).await? > 0 {}
    Ok(())
}

/// Works until the task is dropped. Several processes may do so at once.
pub async fn run(system: Ctx) {
    let mut since_daily = DAILY_EVERY;
    loop {
        if since_daily >= DAILY_EVERY {
            since_daily = Duration::ZERO;
            if let Err(error) = daily(&system).await {
                tracing::warn!(%error, "the news of places could not be put up");
            }
        }
        let wait = match ops::deliver_due(&system).await {
            Ok(0) => EVERY,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "letters about places could not be sent");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(wait).await;
        since_daily += wait;
    }
}
