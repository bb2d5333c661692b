//! POST /api/v1/reports — anybody reports; POST /api/v1/cases — staff take a report in.

use super::input::{PublicReport, StaffReport};
use crate::ops::view::{TrackView, Viewer};
use crate::ops::{NewReport, report};
use crate::service::Cases;
use access::{Ctx, Fault, Json};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What whoever reports takes away. Code and link are shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReceiptView {
    /// The case's number.
    number: String,
    /// Six characters that go with the number.
    code: String,
    /// The private link, a path of this site.
    link: String,
    /// The case as its requester sees it.
    case: TrackView,
}

pub(super) async fn public(
    ctx: Ctx,
    Json(body): Json<PublicReport>,
) -> Result<(StatusCode, Json<ReceiptView>), Fault> {
    take(&ctx, body.into_report()?).await
}

pub(super) async fn staff(
    ctx: Ctx,
    Json(body): Json<StaffReport>,
) -> Result<(StatusCode, Json<ReceiptView>), Fault> {
    let city = ctx.service::<Cases>().city();
    take(&ctx, body.into_report(&city)?).await
}

async fn take(ctx: &Ctx, new: NewReport) -> Result<(StatusCode, Json<ReceiptView>), Fault> {
    let receipt = report(ctx, new).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now());
    let view = ReceiptView {
        number: receipt.case.number.to_string(),
        link: format!("/track/link/{}", receipt.link),
        code: receipt.code,
        case: viewer.track(&receipt.case),
    };
    Ok((StatusCode::CREATED, Json(view)))
}
