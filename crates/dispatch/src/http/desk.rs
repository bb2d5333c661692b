//! Parts, mentions, hand-overs, rulings, reorganisations.

use super::views::{HandoversView, MentionsView, PartsView, PreviewView, Teller};
use crate::ops::reorganise::Line;
use crate::ops::{DispatchError, city, for_me, handover, reorganise as orders, ruling};
use access::{Ctx, Fault, Json, Path, Query, UnitId};
use cases::ops::allowed;
use cases::ops::view::{CaseView, Viewer};
use cases::service::Cases;
use jiff::civil::Date;
use kernel::DivisionCode;
use kernel::codes::{CaseNumber, DivisionLevel};
use kernel::id::Id;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartsWanted {
    standing: Option<String>,
}

pub(super) async fn parts(
    ctx: Ctx,
    Query(wanted): Query<PartsWanted>,
) -> Result<Json<PartsView>, Fault> {
    let is_open = match wanted.standing.as_deref() {
        None | Some("open") => true,
        Some("ended") => false,
        Some(other) => {
            let reason = format!("{other:?} is neither open nor ended");
            return Err(DispatchError::field("standing", "dispatch.bad_query", reason).into());
        }
    };
    let found = for_me::parts(&ctx, is_open).await?;
    let (city, now) = (city(&ctx), ctx.now());
    Ok(Json(PartsView::of(&Teller { city: &city, now }, &found)))
}

pub(super) async fn mentions(ctx: Ctx) -> Result<Json<MentionsView>, Fault> {
    let found = for_me::mentions(&ctx).await?;
    let (city, now) = (city(&ctx), ctx.now());
    Ok(Json(MentionsView::of(&Teller { city: &city, now }, found)))
}

pub(super) async fn see(ctx: Ctx) -> Result<Json<MentionsView>, Fault> {
    for_me::see_mentions(&ctx).await?;
    mentions(ctx).await
}

pub(super) async fn handovers(ctx: Ctx) -> Result<Json<HandoversView>, Fault> {
    let (found, names) = handover::list(&ctx).await?;
    let (city, now) = (city(&ctx), ctx.now());
    let teller = Teller { city: &city, now };
    Ok(Json(HandoversView::of(&teller, found, &names)))
}

/// A desk to hand over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GiveInput {
    /// `acceptor`, `shift_leader`, `dispatcher`, `checker` or `unit`.
    desk: String,
    /// What the next shift must know.
    words: String,
}

/// A few words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsInput {
    /// In words; may be empty.
    #[serde(default)]
    words: String,
}

pub(super) async fn give(
    ctx: Ctx,
    Json(input): Json<GiveInput>,
) -> Result<Json<HandoversView>, Fault> {
    handover::give(&ctx, &input.desk, &input.words).await?;
    handovers(ctx).await
}

pub(super) async fn take(
    ctx: Ctx,
    Path(id): Path<Id>,
    Json(input): Json<WordsInput>,
) -> Result<Json<HandoversView>, Fault> {
    handover::take(&ctx, id, &input.words).await?;
    handovers(ctx).await
}

/// A ruling that becomes a duty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RulingInput {
    /// The unit whose duty it is.
    #[schema(value_type = String)]
    unit: UnitId,
    /// Why.
    reason: String,
    /// For which territory around the case: `community`, `street` (default) or `district`.
    #[serde(default)]
    level: Option<String>,
    /// The version of the case as the caller saw it.
    #[serde(default)]
    expected_version: Option<u32>,
}

/// The territory for which a ruling holds.
pub(crate) fn level_of(text: &str) -> Result<DivisionLevel, DispatchError> {
    match text {
        "community" => Ok(DivisionLevel::Community),
        "" | "street" => Ok(DivisionLevel::Street),
        "district" => Ok(DivisionLevel::District),
        other => {
            let other: String = other.chars().take(40).collect();
            let reason = format!("{other:?} is none of community, street, district");
            Err(DispatchError::field("level", "dispatch.bad_level", reason))
        }
    }
}

pub(super) async fn rule(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<RulingInput>,
) -> Result<Json<CaseView>, Fault> {
    let level = level_of(input.level.as_deref().unwrap_or_default())?;
    let version = input.expected_version;
    let case = ruling::rule(&ctx, number, version, input.unit, &input.reason, level).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now());
    Ok(Json(viewer.case_with(&case, &allowed(&ctx, &case))))
}

/// A row of an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RowInput {
    /// The code of the unit until then.
    from: String,
    /// The code of the unit from then on.
    to: String,
    /// Only matters whose code begins so.
    #[serde(default)]
    matter: String,
    /// Only in this division: twelve digits.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    division: Option<DivisionCode>,
}

/// An order: units merge or split on a day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderInput {
    /// The first day under the new units.
    #[schema(value_type = String)]
    on: Date,
    /// What people call it; it stands in every case that moves.
    why: String,
    /// Who takes over what.
    rows: Vec<RowInput>,
    /// Only tell what it would do.
    #[serde(default)]
    dry_run: bool,
}

pub(super) async fn reorganise(
    ctx: Ctx,
    Json(input): Json<OrderInput>,
) -> Result<Json<PreviewView>, Fault> {
    let line = |(n, r): (u64, RowInput)| Line {
        line: n,
        from: r.from,
        to: r.to,
        matter: r.matter,
        division: r.division,
    };
    let lines = (1..).zip(input.rows).map(line).collect();
    let done = if input.dry_run {
        orders::preview(&ctx, lines, input.on).await?
    } else {
        orders::order(&ctx, lines, input.on, &input.why).await?
    };
    Ok(Json(PreviewView::of(done, input.dry_run)))
}
