//! The background work of connectors: hand-overs are made, sent, and told of when they are stuck.

use crate::model::ConnectorError;
use crate::{follow, push};
use access::Ctx;
use std::time::Duration;

/// How often is looked when nothing waits.
const EVERY: Duration = Duration::from_secs(2);
/// How long is waited after a failure, which is logged each time.
const AFTER_FAILURE: Duration = Duration::from_secs(15);

async fn round(system: &Ctx) -> Result<bool, ConnectorError> {
    follow::begin(system).await?;
    let made = follow::step(system).await?;
    let pushed = push::push_due(system).await?;
    let told = push::tell_stuck(system).await?;
    Ok(made.is_some() || pushed > 0 || told > 0)
}

/// Works until the task is dropped. Several processes may do so at once.
pub async fn run(system: Ctx) {
    loop {
        let wait = match round(&system.renewed()).await {
            Ok(true) => continue,
            Ok(false) => EVERY,
            Err(error) => {
                tracing::warn!(%error, "connectors could not go on");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(wait).await;
    }
}
