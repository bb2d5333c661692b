//! POST /api/v1/warning-backtests, GET /api/v1/warning-backtests/{id} — long work: it is begun, left, and looked at later.

use super::views::{BacktestView, RunView};
use crate::control;
use crate::jobs;
use crate::ops::{self, Ask, WarningError};
use access::{Ctx, Fault, Json, Path};
use axum::http::StatusCode;
use cases::service::Cases;
use jiff::civil::Date;
use kernel::id::Id;
use serde::Deserialize;
use utoipa::ToSchema;

/// The stretch of days to be tested.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BacktestWanted)]
pub(super) struct Wanted {
    /// First day (local date).
    from: String,
    /// Last day, over.
    to: String,
    /// The seed of simulation and chance, at most 2⁵³; drawn where it is not given.
    seed: Option<u64>,
}

/// Reads a local date.
pub(crate) fn day(field: &'static str, text: &str) -> Result<Date, WarningError> {
    text.parse().map_err(|_| {
        let text: String = text.chars().take(40).collect();
        let reason = format!("cannot read the date {text:?}: expected YYYY-MM-DD");
        WarningError::field(field, "warning.bad_day", reason)
    })
}

pub(super) async fn begin(
    ctx: Ctx,
    Json(wanted): Json<Wanted>,
) -> Result<(StatusCode, Json<RunView>), Fault> {
    let city = ctx.service::<Cases>().city();
    let (from, to) = (day("from", &wanted.from)?, day("to", &wanted.to)?);
    let seed = wanted.seed.unwrap_or_else(control::new_seed);
    if seed >= 1 << 53 {
        let reason = format!("{seed} is not below 2^53");
        return Err(WarningError::field("seed", "warning.bad_setting", reason).into());
    }
    let ask = Ask::new(from, to, seed, city.local_date(ctx.now()))?;
    let id = jobs::begin_backtest(&ctx, city, ask).await?;
    Ok((StatusCode::ACCEPTED, Json(RunView { id: id.to_string() })))
}

pub(super) async fn show(ctx: Ctx, Path(id): Path<Id>) -> Result<Json<BacktestView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let row = ops::backtest(&ctx, id).await?;
    Ok(Json(BacktestView::of(&city, &row, ctx.now())))
}
