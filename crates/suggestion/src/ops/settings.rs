//! How suggestion is set, the models there are, and what people decided with each.

use super::SuggestionError;
use crate::adviser::{Advisers, InForce};
use crate::model::{KEYWORDS, Kind, ModelRow, Settings, Shares};
use crate::sql::{self, Confusion};
use access::{Ctx, Permission};
use analysis::text::Model;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{AuditEvent, StoreError};

/// Models listed at most.
const MOST_MODELS: i64 = 40;
/// Pairs of what was suggested and decided instead.
const MOST_CONFUSIONS: i64 = 8;

/// How suggestion is set.
///
/// # Errors
/// [`SuggestionError`].
pub async fn settings(ctx: &Ctx) -> Result<Settings, SuggestionError> {
    ctx.require(Permission::SuggestionRead)?;
    ctx.read::<_, SuggestionError, _>(|r| Ok(sql::settings(r)?))
        .await
}

/// Sets it anew: on or off, a new model each night or not, the share of right answers wanted, the least confidence.
///
/// # Errors
/// [`SuggestionError`] naming the field.
pub async fn change(ctx: &Ctx, wanted: Settings) -> Result<Settings, SuggestionError> {
    ctx.require(Permission::SuggestionManage)?;
    if !(0.5..=0.999).contains(&wanted.target) {
        return Err(SuggestionError::field(
            "target",
            "suggestion.bad_target",
            format!("{} is not between 0.5 and 0.999", wanted.target),
        ));
    }
    if !(0.0..=0.999).contains(&wanted.least) {
        return Err(SuggestionError::field(
            "least",
            "suggestion.bad_least",
            format!("{} is not between 0 and 0.999", wanted.least),
        ));
    }
    let changed = ctx
        .write::<_, SuggestionError, _>(move |mut w| {
            let before = sql::settings(&mut w)?;
            sql::put_settings(&mut w, &wanted)?;
            let event = AuditEvent::done("suggestion.set", "suggestion", "settings").detail(
                serde_json::json!({
                    "before": { "enabled": before.enabled, "nightly": before.nightly, "target": before.target, "least": before.least },
                    "after": { "enabled": wanted.enabled, "nightly": wanted.nightly, "target": wanted.target, "least": wanted.least },
                }),
            );
            Ok(w.commit(
                event,
                Settings {
                    version: wanted.version + 1,
                    ..wanted
                },
            )?)
        })
        .await?;
    refresh(ctx).await?;
    Ok(changed)
}

/// Puts a model into force again that a later one replaced.
///
/// # Errors
/// [`SuggestionError`].
pub async fn use_model(ctx: &Ctx, number: i64) -> Result<ModelRow, SuggestionError> {
    ctx.require(Permission::SuggestionManage)?;
    let row = ctx
        .write::<_, SuggestionError, _>(move |mut w| {
            let Some(row) = sql::model(&mut w, number)? else {
                return Err(SuggestionError::NotFound(number.to_string()));
            };
            let has_weights = sql::body(&mut w, number)?.is_some();
            if row.standing != crate::model::Standing::Replaced || !has_weights {
                return Err(SuggestionError::NotUsable(number));
            }
            let at = w.now();
            sql::replace(&mut w, row.kind, at)?;
            sql::put_in_force(&mut w, number, at)?;
            let event = AuditEvent::done("suggestion.use", "suggestion_model", number.to_string())
                .detail(serde_json::json!({ "kind": row.kind }));
            let row = sql::model(&mut w, number)?.unwrap_or(row);
            Ok(w.commit(event, row)?)
        })
        .await?;
    refresh(ctx).await?;
    Ok(row)
}

/// All that the page of suggestion shows.
#[derive(Debug, Clone)]
pub struct Overview {
    /// How it is set.
    pub settings: Settings,
    /// Models, the newest first.
    pub models: Vec<ModelRow>,
    /// What people decided, by model and kind; 0 = keywords.
    pub shares: BTreeMap<(i64, Kind), Shares>,
    /// By kind, what people most often decided instead of the model in force.
    pub confusions: BTreeMap<Kind, Vec<Confusion>>,
}

/// All that the page of suggestion shows.
///
/// # Errors
/// [`SuggestionError`].
pub async fn overview(ctx: &Ctx) -> Result<Overview, SuggestionError> {
    ctx.require(Permission::SuggestionRead)?;
    ctx.read::<_, SuggestionError, _>(|r| {
        let models = sql::models(r, MOST_MODELS)?;
        let in_force = sql::in_force(r)?;
        let mut confusions = BTreeMap::new();
        for kind in Kind::ALL {
            let number = in_force.get(kind).copied().unwrap_or(KEYWORDS);
            confusions.insert(*kind, sql::confusions(r, number, *kind, MOST_CONFUSIONS)?);
        }
        Ok(Overview {
            settings: sql::settings(r)?,
            shares: sql::shares(r)?,
            models,
            confusions,
        })
    })
    .await
}

/// Brings the adviser in memory up to date with the store: what is set, and the models in force. Two small statements
/// when nothing changed; other processes do the same within a minute.
///
/// # Errors
/// The store's; the adviser then stays as it was.
pub async fn refresh(ctx: &Ctx) -> Result<(), StoreError> {
    let Some(advisers) = ctx.service_if_any::<Advisers>() else {
        return Ok(());
    };
    let known: BTreeMap<Kind, Arc<InForce>> = Kind::ALL
        .iter()
        .filter_map(|kind| Some((*kind, advisers.in_force(*kind)?)))
        .collect();
    let (enabled, models) = ctx
        .read::<_, StoreError, _>(move |r| {
            let enabled = sql::settings(r)?.enabled;
            let mut models = BTreeMap::new();
            // Turned off it needs no memory.
            let wanted = if enabled {
                sql::in_force(r)?
            } else {
                BTreeMap::new()
            };
            for (kind, number) in wanted {
                if let Some(model) = known.get(&kind).filter(|m| m.number == number) {
                    models.insert(kind, model.clone());
                } else if let Some(body) = sql::body(r, number)? {
                    match Model::from_bytes(&body) {
                        Ok(model) => {
                            models.insert(kind, Arc::new(InForce { number, model }));
                        }
                        // A model of another version of the program is silent until it is trained again.
                        Err(error) => {
                            tracing::warn!(%error, number, "a suggestion model cannot be read");
                        }
                    }
                }
            }
            Ok((enabled, models))
        })
        .await?;
    advisers.set(enabled, models);
    Ok(())
}
