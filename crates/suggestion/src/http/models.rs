//! GET and POST /api/v1/suggestion-models, POST …/{number}/use, GET and POST /api/v1/suggestion-settings.

use super::views::{ModelsView, SettingsView, TrainingView};
use crate::model::Settings;
use crate::{jobs, ops};
use access::{Ctx, Fault, Json, Path};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// How suggestion is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SuggestionWanted)]
pub(super) struct Wanted {
    /// The version that was seen.
    version: i64,
    /// Whether anything is suggested.
    enabled: bool,
    /// Whether a new model is trained each night.
    nightly: bool,
    /// The share of right answers wanted where a model speaks, 0.5 to 0.999.
    target: f64,
    /// The least confidence at which a model speaks, 0 to 0.999; 0.5 where it is not named.
    #[serde(default = "usual_least")]
    least: f64,
}

fn usual_least() -> f64 {
    analysis::text::DEFAULT_LEAST
}

pub(super) async fn list(ctx: Ctx) -> Result<Json<ModelsView>, Fault> {
    Ok(Json(ModelsView::of(&ops::overview(&ctx).await?)))
}

pub(super) async fn train(ctx: Ctx) -> Result<(StatusCode, Json<TrainingView>), Fault> {
    let seed = jobs::begin_training(&ctx).await?;
    Ok((StatusCode::ACCEPTED, Json(TrainingView { seed })))
}

pub(super) async fn use_again(
    ctx: Ctx,
    Path(number): Path<i64>,
) -> Result<Json<ModelsView>, Fault> {
    ops::use_model(&ctx, number).await?;
    Ok(Json(ModelsView::of(&ops::overview(&ctx).await?)))
}

pub(super) async fn settings(ctx: Ctx) -> Result<Json<SettingsView>, Fault> {
    Ok(Json(ops::settings_of(&ctx).await?.into()))
}

pub(super) async fn change(
    ctx: Ctx,
    Json(wanted): Json<Wanted>,
) -> Result<Json<SettingsView>, Fault> {
    let Wanted {
        version,
        enabled,
        nightly,
        target,
        least,
    } = wanted;
    let settings = Settings {
        version,
        enabled,
        nightly,
        target,
        least,
    };
    Ok(Json(ops::change(&ctx, settings).await?.into()))
}
