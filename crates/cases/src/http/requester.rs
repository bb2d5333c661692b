//! /api/v1/cases/{number}/requester — who a case came from, in the vault's terms: masked, looked at for a purpose, erased,
//! unmasked by two people. /api/v1/track/…/record — what is kept of the person who follows the own case, and who looked.

use super::track::CodeQuery;
use crate::ops::requester::{self, Kept};
use crate::ops::view::stamp;
use crate::ops::{CaseError, track, track_link};
use crate::service::Cases;
use access::{Ctx, Fault, Json, Path, Query, Visit};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::model::ErasureCause;

/// A field that is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HeldView {
    /// `name`, `phone`, `email`, `address` or `text`.
    field: String,
    /// What it was collected for.
    purpose: String,
    /// The legal basis.
    basis: String,
    /// Until when; absent = as long as the matter is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_until: Option<String>,
    /// Since when.
    since: String,
}

/// One look, also a refused one. Who it was is named by role.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LookView {
    /// When.
    at: String,
    /// The role under which it was done.
    role: String,
    /// The purpose that was stated.
    purpose: String,
    /// `seen`, `found`, `refused`, `erased`, `unmasking_asked`, `unmasking_granted` or `unmasking_refused`.
    outcome: String,
    /// Which fields.
    fields: Vec<String>,
}

/// What is kept of a person and who looked at it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordView {
    /// What is kept; the content is not shown.
    held: Vec<HeldView>,
    /// Who looked, newest first, at most 200.
    looks: Vec<LookView>,
}

impl RecordView {
    fn new(kept: Kept, tz: &TimeZone) -> Self {
        let held = kept.held.into_iter().map(|h| HeldView {
            field: h.field.to_string(),
            purpose: h.purpose,
            basis: h.basis,
            retention_until: h.retention_until.map(|at| stamp(at, tz)),
            since: stamp(h.created_at, tz),
        });
        let looks = kept.looks.into_iter().map(|l| LookView {
            at: stamp(l.at, tz),
            role: l.role,
            purpose: l.purpose,
            outcome: l.outcome.to_string(),
            fields: l
                .fields
                .split(',')
                .filter(|f| !f.is_empty())
                .map(str::to_owned)
                .collect(),
        });
        Self {
            held: held.collect(),
            looks: looks.collect(),
        }
    }
}

/// A request to be shown who made a confidential report.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnmaskingView {
    /// Its id.
    id: String,
    /// When it was asked for.
    asked_at: String,
    /// Who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<String>,
    /// Why.
    reason: String,
    /// How it was decided; absent = not yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    granted: Option<bool>,
    /// Until when the one who asked may look.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
}

/// The requester of a case, without a look.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RequesterView {
    /// The masked name; empty if none is kept or the report is confidential.
    name: String,
    /// The masked phone number; empty if none is kept or the report is confidential.
    phone: String,
    /// 举报: nothing is shown unless two people agree.
    confidential: bool,
    /// Erased: there is nothing to show.
    erased: bool,
    /// What is kept and who looked.
    record: RecordView,
    /// Requests to be shown who made a confidential report, newest first.
    unmaskings: Vec<UnmaskingView>,
}

fn zone_of(ctx: &Ctx) -> TimeZone {
    ctx.service::<Cases>().city().timezone.clone()
}

pub(super) async fn show(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
) -> Result<Json<RequesterView>, Fault> {
    let found = requester::requester(&ctx, number).await?;
    let zone = zone_of(&ctx);
    let tell = |at: Timestamp| stamp(at, &zone);
    let unmaskings = found.unmaskings.into_iter().map(|u| UnmaskingView {
        id: u.id.to_string(),
        asked_at: tell(u.asked_at),
        asked_by: u.asked_by,
        reason: u.reason,
        granted: u.granted,
        valid_until: u.valid_until.map(tell),
    });
    Ok(Json(RequesterView {
        name: found.masked.name,
        phone: found.masked.phone,
        confidential: found.masked.is_confidential,
        erased: found.masked.is_erased,
        record: RecordView::new(found.kept, &zone),
        unmaskings: unmaskings.collect(),
    }))
}

/// Why somebody looks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LookInput {
    /// A code of the table of purposes: handling, call_back, emergency, duty, own.
    purpose: String,
}

/// A field in the clear.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShownField {
    /// Which one.
    field: String,
    /// What it holds.
    value: String,
}

/// What a look showed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Shown {
    /// The fields that are kept.
    fields: Vec<ShownField>,
}

pub(super) async fn look(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<LookInput>,
) -> Result<Json<Shown>, Fault> {
    let shown = requester::look_at(&ctx, number, &input.purpose).await?;
    let fields = shown.into_iter().map(|(field, value)| ShownField {
        field: field.to_string(),
        value,
    });
    Ok(Json(Shown {
        fields: fields.collect(),
    }))
}

/// Why somebody is erased.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ErasureInput {
    /// `requested`: the person asked for it; `mistake`: it should not have been collected.
    cause: String,
}

pub(super) async fn erase(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<ErasureInput>,
) -> Result<StatusCode, Fault> {
    let cause: ErasureCause = input
        .cause
        .parse()
        .map_err(|reason: String| CaseError::field("cause", "cases.bad_query", reason))?;
    requester::erase(&ctx, number, cause).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why a confidential reporter should be shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnmaskingInput {
    /// 4 to 500 characters.
    reason: String,
}

/// A request that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Asked {
    /// Its id.
    id: String,
    /// It lapses then.
    lapses_at: String,
}

pub(super) async fn ask(
    ctx: Ctx,
    Path(number): Path<CaseNumber>,
    Json(input): Json<UnmaskingInput>,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    let asked = requester::ask_unmasking(&ctx, number, &input.reason).await?;
    let view = Asked {
        id: asked.id.to_string(),
        lapses_at: stamp(asked.lapses_at, &zone_of(&ctx)),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// A second person's decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionInput {
    /// Whether the one who asked may look, for 24 hours.
    granted: bool,
}

pub(super) async fn decide(
    ctx: Ctx,
    Path((number, request)): Path<(CaseNumber, Id)>,
    Json(input): Json<DecisionInput>,
) -> Result<StatusCode, Fault> {
    requester::decide_unmasking(&ctx, number, request, input.granted).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn record_by_code(
    ctx: Ctx,
    visit: Visit,
    Path(number): Path<CaseNumber>,
    Query(query): Query<CodeQuery>,
) -> Result<Json<RecordView>, Fault> {
    let case = track(&ctx, number, &query.code, visit.address()).await?;
    let kept = requester::kept_of(&ctx, &case).await?;
    Ok(Json(RecordView::new(kept, &zone_of(&ctx))))
}

pub(super) async fn record_by_link(
    ctx: Ctx,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Json<RecordView>, Fault> {
    let case = track_link(&ctx, &token, visit.address()).await?;
    let kept = requester::kept_of(&ctx, &case).await?;
    Ok(Json(RecordView::new(kept, &zone_of(&ctx))))
}
