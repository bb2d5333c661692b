//! GET /api/v1/warning-detectors, POST /api/v1/warning-detectors/{code}, GET /api/v1/warning-performance.

use super::views::{DetectorView, WorthView};
use crate::ops::{self, WarningError};
use access::{Ctx, Fault, Json, Path};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

pub(super) async fn list(ctx: Ctx) -> Result<Json<Vec<DetectorView>>, Fault> {
    let detectors = ops::detectors(&ctx).await?;
    Ok(Json(detectors.iter().map(DetectorView::of).collect()))
}

/// How a detector is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DetectorWanted)]
pub(super) struct Wanted {
    /// scan, ears-c2, farrington or cusum.
    method: String,
    /// grid, community, street or district.
    level: String,
    /// Whether it runs.
    #[serde(default = "yes")]
    enabled: bool,
    /// Numbers by name; what is not given is as usual.
    #[serde(default)]
    settings: BTreeMap<String, f64>,
}

fn yes() -> bool {
    true
}

pub(super) async fn change(
    ctx: Ctx,
    Path(code): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<DetectorView>, Fault> {
    let wrong = |field: &'static str| {
        move |reason: String| WarningError::field(field, "warning.bad_setting", reason)
    };
    let method = wanted.method.parse().map_err(wrong("method"))?;
    let level = wanted.level.parse().map_err(wrong("level"))?;
    let detector =
        ops::change_detector(&ctx, &code, method, level, wanted.enabled, wanted.settings).await?;
    Ok(Json(DetectorView::of(&detector)))
}

pub(super) async fn worth(ctx: Ctx) -> Result<Json<WorthView>, Fault> {
    Ok(Json(WorthView::of(ops::worth(&ctx).await?)))
}
