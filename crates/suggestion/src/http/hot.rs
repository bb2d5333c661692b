//! GET and POST /api/v1/hot-topics, GET /api/v1/hot-topics/{id}.

use super::views::{HotLookView, HotTopicFullView, HotTopicView};
use crate::jobs;
use crate::model::HotTopicId;
use crate::ops;
use access::{Ctx, Fault, Json, Path};

pub(super) async fn list(ctx: Ctx) -> Result<Json<Vec<HotTopicView>>, Fault> {
    let topics = ops::hot_topics(&ctx).await?;
    Ok(Json(topics.iter().map(HotTopicView::of).collect()))
}

pub(super) async fn show(
    ctx: Ctx,
    Path(id): Path<HotTopicId>,
) -> Result<Json<HotTopicFullView>, Fault> {
    let topic = ops::hot_topic(&ctx, id).await?;
    let behind = ops::behind(&ctx, &topic).await?;
    Ok(Json(HotTopicFullView::of(&topic, &behind)))
}

pub(super) async fn look(ctx: Ctx) -> Result<Json<HotLookView>, Fault> {
    Ok(Json(jobs::look_now(&ctx).await?.into()))
}
