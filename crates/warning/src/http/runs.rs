//! POST /api/v1/warning-runs — looking at a day now.

use super::backtests::day;
use super::views::DayRunView;
use crate::ops;
use access::{Ctx, Fault, Json};
use cases::service::Cases;
use serde::Deserialize;
use utoipa::ToSchema;

/// Which day to look at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DayWanted {
    /// The local date, over; the last day that is over where it is not given.
    day: Option<String>,
}

pub(super) async fn look(
    ctx: Ctx,
    Json(wanted): Json<DayWanted>,
) -> Result<Json<DayRunView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let day = match &wanted.day {
        Some(text) => day("day", text)?,
        None => ops::day_to_look_at(&city, ctx.now()),
    };
    let run = ops::look_at(&ctx, city, day).await?;
    Ok(Json(DayRunView::of(&run)))
}
