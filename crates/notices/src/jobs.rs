//! The worker that delivers, and the one that forgets.

use crate::ops;
use access::Ctx;
use std::time::Duration;

/// How often the store is asked for what is due when there was nothing.
const EVERY: Duration = Duration::from_secs(2);
/// How long is waited after a failure, which is logged each time.
const AFTER_FAILURE: Duration = Duration::from_secs(15);
/// How often notices past their time are removed.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

/// Delivers until the task is dropped. Several processes may do so at once.
pub async fn deliver(system: Ctx) {
    let mut since_forgetting = FORGET_EVERY;
    loop {
        let wait = match ops::deliver_due(&system.renewed()).await {
            Ok(0) => EVERY,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "notices could not be delivered");
                AFTER_FAILURE
            }
        };
        if since_forgetting >= FORGET_EVERY {
            since_forgetting = Duration::ZERO;
            if let Err(error) = ops::forget_old(&system.renewed()).await {
                tracing::warn!(%error, "notices past their time could not be removed");
            }
        }
        tokio::time::sleep(wait).await;
        since_forgetting += wait;
    }
}
