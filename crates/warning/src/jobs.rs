//! Background work: yesterday is looked at once a local day; back-tests run beside whoever asked for them.

use crate::ops::{self, Ask, WarningError};
use access::{Ctx, Services, SystemRole};
use jiff::civil::Time;
use kernel::id::Id;
use matters::{City, Reference};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether the day is due.
const EVERY: Duration = Duration::from_secs(60);

/// Looks at each day once it is over and `not_before` has come, until the task is dropped. Failures are logged and tried
/// again.
pub async fn daily(system: Ctx, reference: Arc<Reference>, not_before: Time) {
    loop {
        tokio::time::sleep(EVERY).await;
        let (ctx, city) = (system.renewed(), reference.current());
        let looked =
            tokio::task::spawn_blocking(move || ops::run_if_due(&ctx, city, not_before)).await;
        match looked {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(run))) => tracing::info!(
                day = %run.day,
                begun = run.begun.len(),
                going_on = run.going_on.len(),
                seconds = run.seconds,
                "looked for what is unusual"
            ),
            // Before the first figures are made there is nothing to look at.
            Ok(Err(WarningError::NoFigures)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a day could not be looked at"),
            Err(error) => tracing::warn!(%error, "looking at a day ended"),
        }
    }
}

/// Begins a back-test and lets it run beside the request: whoever asked may leave.
///
/// # Errors
/// [`WarningError`].
pub async fn begin_backtest(ctx: &Ctx, city: Arc<City>, ask: Ask) -> Result<Id, WarningError> {
    let id = ops::begin_backtest(ctx, ask).await?;
    let system = Ctx::system(
        ctx.db().clone(),
        ctx.clock().clone(),
        Services::default(),
        SystemRole::Keeper,
    );
    tokio::task::spawn_blocking(move || {
        if let Err(error) = ops::work_backtest(&system, city, id, ask) {
            tracing::warn!(%error, %id, "a back-test could not be kept");
        }
    });
    Ok(id)
}
