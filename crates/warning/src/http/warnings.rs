//! GET /api/v1/warnings, /warnings/{id}, /warnings/{id}/cases; POST seen, dismiss, verdict, task.

use super::views::{CasesView, OpenedView, WarningFullView, WarningView, standings_of};
use crate::control;
use crate::model::{Verdict, WarningId};
use crate::ops::{self, WarningError, WarningQuery};
use access::{Ctx, Fault, Json, Listing, Path, Query};
use axum::http::StatusCode;
use cases::service::Cases;
use serde::Deserialize;
use utoipa::ToSchema;

/// What a list may be asked for. All as text, so that a fault names its field whatever the part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    standing: Option<String>,
    matter: Option<String>,
    district: Option<String>,
    seen_from: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

fn part<T: std::str::FromStr>(
    field: &'static str,
    text: Option<&String>,
) -> Result<Option<T>, WarningError>
where
    T::Err: std::fmt::Display,
{
    text.map(|t| t.parse())
        .transpose()
        .map_err(|e: T::Err| WarningError::field(field, "warning.bad_query", e.to_string()))
}

pub(super) async fn list(
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Listing<WarningView>>, Fault> {
    let standings = standings_of(wanted.standing.as_deref().unwrap_or_default())
        .map_err(|reason| WarningError::field("standing", "warning.bad_query", reason))?;
    let query = WarningQuery {
        standings,
        matter: part("matter", wanted.matter.as_ref())?,
        district: part("district", wanted.district.as_ref())?,
        seen_from: part("seen_from", wanted.seen_from.as_ref())?,
        size: part("limit", wanted.limit.as_ref())?.unwrap_or_default(),
        after: part("after", wanted.after.as_ref())?,
    };
    let city = ctx.service::<Cases>().city();
    let page = ops::list(&ctx, query).await?;
    Ok(Json(page.map(|w| WarningView::of(&city, &w)).into()))
}

pub(super) async fn show(
    ctx: Ctx,
    Path(id): Path<WarningId>,
) -> Result<Json<WarningFullView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let details = ops::details(&ctx, id).await?;
    Ok(Json(WarningFullView::of(&city, &details)))
}

pub(super) async fn behind(ctx: Ctx, Path(id): Path<WarningId>) -> Result<Json<CasesView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let warning = ops::find(&ctx, id).await?;
    let cases = ops::behind(&ctx, &city, &warning).await?;
    Ok(Json(CasesView::of(&cases)))
}

pub(super) async fn seen(ctx: Ctx, Path(id): Path<WarningId>) -> Result<Json<WarningView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let warning = ops::see(&ctx, id).await?;
    Ok(Json(WarningView::of(&city, &warning)))
}

/// Why nothing needs doing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    /// In words, at most 500 characters.
    reason: String,
}

pub(super) async fn dismiss(
    ctx: Ctx,
    Path(id): Path<WarningId>,
    Json(why): Json<Why>,
) -> Result<Json<WarningView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let warning = ops::dismiss(&ctx, id, &why.reason).await?;
    Ok(Json(WarningView::of(&city, &warning)))
}

/// What a finding was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Judged {
    /// real, known_cause or false.
    verdict: String,
    /// How that is known, at most 500 characters.
    reason: String,
}

pub(super) async fn verdict(
    ctx: Ctx,
    Path(id): Path<WarningId>,
    Json(judged): Json<Judged>,
) -> Result<Json<WarningView>, Fault> {
    let verdict: Verdict = judged
        .verdict
        .parse()
        .map_err(|reason: String| WarningError::field("verdict", "warning.bad_verdict", reason))?;
    let city = ctx.service::<Cases>().city();
    let warning = ops::judge(&ctx, id, verdict, &judged.reason).await?;
    Ok(Json(WarningView::of(&city, &warning)))
}

/// What is to be done.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Work {
    /// Words for the history of the finding, at most 500 characters.
    #[serde(default)]
    note: String,
}

pub(super) async fn task(
    ctx: Ctx,
    Path(id): Path<WarningId>,
    Json(work): Json<Work>,
) -> Result<(StatusCode, Json<OpenedView>), Fault> {
    let city = ctx.service::<Cases>().city();
    let opened = ops::open_task(&ctx, &city, id, &work.note, control::new_seed()).await?;
    Ok((StatusCode::CREATED, Json(OpenedView::of(&opened))))
}
