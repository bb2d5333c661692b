//! Background work of cases: the index of the search, and bulk acts that are due.

use crate::ops::search::Step;
use crate::ops::{bulk, search};
use access::Ctx;
use std::time::Duration;

/// How often it is looked whether anything changed.
const INDEX_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether a bulk act is due.
const BULK_EVERY: Duration = Duration::from_millis(500);
/// How long is waited after a failure, which is logged each time.
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// Between two steps of filling the index people come first.
const BREATH: Duration = Duration::from_millis(20);
/// So often it is told how far the filling has come, in cases.
const TOLD_EVERY: i64 = 50_000;

/// Keeps the index of the search up until the task is dropped.
pub async fn index(system: Ctx) {
    let mut told = 0;
    loop {
        let wait = match search::keep_up(&system).await {
            Ok(Step::Idle) => INDEX_EVERY,
            Ok(Step::Followed) => BREATH,
            Ok(Step::Filled { seen, total }) => {
                if seen >= told + TOLD_EVERY || seen < told {
                    tracing::info!(seen, total, "cases of before are made ready to be searched");
                    told = seen;
                }
                BREATH
            }
            Err(error) => {
                tracing::warn!(%error, "the search could not be kept up");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// Carries bulk acts out until the task is dropped; also what was due while no program ran.
pub async fn bulk_acts(system: Ctx) {
    loop {
        let wait = match bulk::run_due(&system).await {
            Ok(0) => BULK_EVERY,
            Ok(ended) => {
                tracing::info!(ended, "bulk acts were carried out");
                BULK_EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "bulk acts could not be looked at");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(wait).await;
    }
}
