//! The detectors of a city: how they are set, and what they have been worth.

use super::WarningError;
use crate::model::{Detector, Level, Method};
use crate::performance::{self, Life, Performance};
use crate::sql::{self, Run, SeenBy};
use access::{Ctx, Permission};
use std::collections::BTreeMap;
use store::AuditEvent;

/// The detectors, in their order.
///
/// # Errors
/// [`WarningError`].
pub async fn detectors(ctx: &Ctx) -> Result<Vec<Detector>, WarningError> {
    ctx.require(Permission::WarningRead)?;
    ctx.read::<_, WarningError, _>(|r| Ok(sql::detectors(r)?))
        .await
}

/// Sets a detector anew, or adds one. What is not given is as usual. Findings keep the version they were made with.
///
/// # Errors
/// [`WarningError`] naming the field.
pub async fn change_detector(
    ctx: &Ctx,
    code: &str,
    method: Method,
    level: Level,
    enabled: bool,
    settings: BTreeMap<String, f64>,
) -> Result<Detector, WarningError> {
    ctx.require(Permission::WarningManage)?;
    let detector = Detector::new(code, method, level, settings)?.as_kept(enabled, 1);
    let kept = detector.clone();
    let version = ctx
        .write::<_, WarningError, _>(move |mut w| {
            let version = sql::put_detector(&mut w, &kept)?;
            let event = AuditEvent::done("warning.set_detector", "warning_detector", &*kept.code)
                .detail(serde_json::json!({ "version": version, "detector": kept }));
            Ok(w.commit(event, version)?)
        })
        .await?;
    Ok(detector.as_kept(enabled, version))
}

/// What detectors and preventive work have been worth so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Worth {
    /// By detector.
    pub detectors: Vec<Performance>,
    /// The last days that were looked at.
    pub runs: Vec<Run>,
    /// Preventive beats: drawn by lot or not, opened, over, with nothing there.
    pub beats: Vec<(bool, i64, i64, i64)>,
}

/// What detectors and preventive work have been worth so far.
///
/// # Errors
/// [`WarningError`].
pub async fn worth(ctx: &Ctx) -> Result<Worth, WarningError> {
    ctx.require(Permission::WarningRead)?;
    ctx.read::<_, WarningError, _>(|r| {
        let days = sql::days_run(r)?;
        Ok(Worth {
            detectors: performance::of(&lives(sql::seen_by(r)?), &days),
            runs: sql::last_runs(r, 30)?,
            beats: sql::beat_outcomes(r)?,
        })
    })
    .await
}

/// The rows of one finding belong together.
fn lives(rows: Vec<SeenBy>) -> Vec<Life> {
    let mut by_id = BTreeMap::new();
    for row in rows {
        let life = by_id.entry(row.id).or_insert_with(|| Life {
            began: row.began,
            last_seen: row.last_seen,
            verdict: row.verdict,
            seen_by: Vec::new(),
        });
        life.seen_by.push((row.detector, row.first));
    }
    by_id.into_values().collect()
}
