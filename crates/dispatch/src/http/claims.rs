//! Subscriptions, open matters and claims of enterprises, organisations and residents' groups.

use super::views::{ClaimsView, OpenMattersView, SubscriptionsView, Teller};
use crate::ops::{city, claims};
use access::{Ctx, Fault, Json, Path};
use kernel::DivisionCode;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) async fn subscriptions(ctx: Ctx) -> Result<Json<SubscriptionsView>, Fault> {
    Ok(Json(SubscriptionsView::of(
        claims::subscriptions(&ctx).await?,
    )))
}

/// What to subscribe to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubscribeInput {
    /// Classes whose code is this or begins with it; empty for any.
    #[serde(default)]
    matter: String,
    /// Only in this division: twelve digits; left out = anywhere.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    division: Option<DivisionCode>,
}

pub(super) async fn subscribe(
    ctx: Ctx,
    Json(input): Json<SubscribeInput>,
) -> Result<Json<SubscriptionsView>, Fault> {
    claims::subscribe(&ctx, &input.matter, input.division).await?;
    subscriptions(ctx).await
}

pub(super) async fn unsubscribe(
    ctx: Ctx,
    Path(id): Path<Id>,
) -> Result<Json<SubscriptionsView>, Fault> {
    claims::unsubscribe(&ctx, id).await?;
    subscriptions(ctx).await
}

pub(super) async fn open(ctx: Ctx) -> Result<Json<OpenMattersView>, Fault> {
    let found = claims::open(&ctx).await?;
    let (city, now) = (city(&ctx), ctx.now());
    Ok(Json(OpenMattersView::of(
        &Teller { city: &city, now },
        &found,
    )))
}

pub(super) async fn own(ctx: Ctx) -> Result<Json<ClaimsView>, Fault> {
    let found = claims::own(&ctx).await?;
    let (city, now) = (city(&ctx), ctx.now());
    Ok(Json(ClaimsView::of(&Teller { city: &city, now }, &found)))
}

pub(super) async fn claim(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
) -> Result<Json<ClaimsView>, Fault> {
    claims::claim(&ctx, number).await?;
    own(ctx).await
}

/// What was done under a claim.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowInput {
    /// In words.
    result: String,
    /// The ids of uploaded files; at least one.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    attachments: Vec<Id>,
}

pub(super) async fn show(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<ShowInput>,
) -> Result<Json<ClaimsView>, Fault> {
    claims::show(&ctx, number, input.result, input.attachments).await?;
    own(ctx).await
}

/// Why a claim is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DropInput {
    /// Why.
    reason: String,
}

pub(super) async fn drop(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<DropInput>,
) -> Result<Json<ClaimsView>, Fault> {
    claims::drop(&ctx, number, input.reason).await?;
    own(ctx).await
}
