//! The background work of supervision: those concerned are told, rungs fire, late reports are told.

use crate::model::SupervisionError;
use crate::{follow, ladder, ops};
use access::Ctx;
use std::time::Duration;

/// How often the outbox and the clocks are looked at when nothing waits.
const EVERY: Duration = Duration::from_secs(1);
/// How long is waited after a failure, which is logged each time.
const AFTER_FAILURE: Duration = Duration::from_secs(15);

async fn round(system: &Ctx) -> Result<bool, SupervisionError> {
    let told = follow::step(system).await?;
    let fired = ladder::fire_due(system).await?;
    let late = ops::tell_late(&system.renewed()).await?;
    Ok(told.is_some() || fired > 0 || late > 0)
}

/// Works until the task is dropped. Several processes may do so at once.
pub async fn run(system: Ctx) {
    loop {
        match follow::begin(&system.renewed()).await {
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(%error, "supervision could not begin");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
    loop {
        let wait = match round(&system.renewed()).await {
            Ok(true) => continue,
            Ok(false) => EVERY,
            Err(error) => {
                tracing::warn!(%error, "supervision could not go on");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(wait).await;
    }
}
