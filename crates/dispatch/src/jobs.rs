//! The program's own work for dispatch: lists that follow the outbox, claims whose time is over, cases that move to new units.

use crate::ops::{follow, reorganise};
use access::Ctx;
use std::time::Duration;

/// How often the outbox is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How often the clocks of claims and the days of reorganisations are looked at.
const CLOCKS_EVERY: Duration = Duration::from_secs(20);

/// Does the work until the task is dropped. Each failure is logged and tried again.
pub async fn keep_up(system: Ctx) {
    let mut since_clocks = CLOCKS_EVERY;
    loop {
        let ctx = system.renewed();
        match tokio::task::spawn_blocking(move || follow::catch_up(&ctx)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the lists of dispatch could not be kept up"),
            Err(error) => tracing::warn!(%error, "keeping the lists of dispatch up ended"),
        }
        if since_clocks >= CLOCKS_EVERY {
            since_clocks = Duration::ZERO;
            match follow::lapse_claims(&system).await {
                Ok(0) => {}
                Ok(lapsed) => tracing::info!(lapsed, "claims ran out"),
                Err(error) => tracing::warn!(%error, "the clocks of claims could not be looked at"),
            }
            match reorganise::move_cases(&system).await {
                Ok(0) => {}
                Ok(moved) => tracing::info!(moved, "cases moved to their new units"),
                Err(error) => tracing::warn!(%error, "cases could not be moved to their new units"),
            }
        }
        tokio::time::sleep(EVERY).await;
        since_clocks += EVERY;
    }
}
