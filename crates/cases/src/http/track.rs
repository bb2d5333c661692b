//! GET /api/v1/track/{number}?code= and GET /api/v1/track/link/{token} — follow one's own case without an account.

use crate::ops::view::{TrackView, Viewer};
use crate::ops::{track, track_link};
use crate::service::Cases;
use access::{Ctx, Fault, Json, Path, Query, Visit};
use kernel::codes::CaseNumber;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeQuery {
    pub(super) code: String,
}

pub(super) async fn by_code(
    ctx: Ctx,
    visit: Visit,
    Path(number): Path<CaseNumber>,
    Query(query): Query<CodeQuery>,
) -> Result<Json<TrackView>, Fault> {
    let case = track(&ctx, number, &query.code, visit.address()).await?;
    Ok(Json(
        Viewer::new(&ctx.service::<Cases>(), ctx.now()).track(&case),
    ))
}

pub(super) async fn by_link(
    ctx: Ctx,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Json<TrackView>, Fault> {
    let case = track_link(&ctx, &token, visit.address()).await?;
    Ok(Json(
        Viewer::new(&ctx.service::<Cases>(), ctx.now()).track(&case),
    ))
}
