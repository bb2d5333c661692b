//! Background work: what was asked for is written, also what was left while no program ran.

use crate::ops;
use access::Ctx;
use std::time::Duration;

/// How often it is looked whether anything waits.
const EVERY: Duration = Duration::from_millis(500);
/// How long is waited after a failure, which is logged each time.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Writes exports until the task is dropped.
pub async fn run(system: Ctx) {
    loop {
        let wait = match ops::run_due(&system).await {
            Ok(0) => EVERY,
            Ok(ended) => {
                tracing::info!(ended, "exports were written");
                EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "exports could not be looked at");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// Removes what is kept no longer. A failure is logged and tried again at the next look.
pub async fn clean(system: &Ctx) {
    match ops::clean(&system.renewed()).await {
        Ok(cleaned) if cleaned == ops::Cleaned::default() => {}
        Ok(cleaned) => tracing::info!(?cleaned, "files of exports were removed"),
        Err(error) => tracing::warn!(%error, "files of exports could not be removed"),
    }
}
