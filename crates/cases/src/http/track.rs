//! GET /api/v1/track/{number}?code= and GET /api/v1/track/link/{token} — follow one's own case without an account. POST under
//! the link: answer what the unit asks, rate, reopen, add a message.

use crate::model::{Case, Satisfaction};
use crate::ops::view::{TrackView, Viewer};
use crate::ops::{self, Proof, track, track_link};
use crate::rules::FairCommand;
use crate::service::Cases;
use access::{Ctx, Fault, Json, Path, Query, Visit};
use kernel::codes::CaseNumber;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeQuery {
    pub(super) code: String,
}

pub(super) async fn by_code(
    ctx: Ctx,
    visit: Visit,
    Path(number): Path<CaseNumber>,
    Query(query): Query<CodeQuery>,
) -> Result<Json<TrackView>, Fault> {
    let case = track(&ctx, number, &query.code, visit.address()).await?;
    view(&ctx, case).await
}

pub(super) async fn by_link(
    ctx: Ctx,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Json<TrackView>, Fault> {
    let case = track_link(&ctx, &token, visit.address()).await?;
    view(&ctx, case).await
}

pub(super) async fn view(ctx: &Ctx, case: Case) -> Result<Json<TrackView>, Fault> {
    let tracked = ops::tracked(ctx, case).await?;
    let viewer = Viewer::new(&ctx.service::<Cases>(), ctx.now());
    Ok(Json(viewer.tracked(&tracked)))
}

/// What the requester answers to the question of the unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnAnswerInput {
    /// In words; names and numbers are masked.
    pub(super) text: String,
}

pub(super) async fn answer(
    ctx: Ctx,
    visit: Visit,
    Path(token): Path<String>,
    Json(input): Json<OwnAnswerInput>,
) -> Result<Json<TrackView>, Fault> {
    let proof = proof(&token, &visit);
    ops::answer(&ctx, proof, &input.text).await?;
    view(&ctx, proof.case(&ctx).await?).await
}

/// What the requester says: a changed rating is a second one, and both are kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RatingInput {
    /// The unit got in touch.
    contacted: Option<bool>,
    /// It is solved.
    solved: Option<bool>,
    /// `satisfied`, `acceptable`, `dissatisfied`, `unknown`.
    #[schema(value_type = String)]
    satisfaction: Satisfaction,
    /// What is missing: codes of the city's list.
    #[serde(default)]
    missing: Vec<String>,
    /// In words; names and numbers are masked.
    #[serde(default)]
    note: String,
}

impl RatingInput {
    /// As the rules take it.
    pub(super) fn command(self) -> FairCommand {
        FairCommand::Rate {
            contacted: self.contacted,
            solved: self.solved,
            satisfaction: self.satisfaction,
            missing: self.missing,
            note: self.note,
        }
    }
}

fn proof<'t>(token: &'t str, visit: &Visit) -> Proof<'t> {
    Proof::Link {
        token,
        client: visit.address(),
    }
}

pub(super) async fn rate(
    ctx: Ctx,
    visit: Visit,
    Path(token): Path<String>,
    Json(input): Json<RatingInput>,
) -> Result<Json<TrackView>, Fault> {
    let proof = proof(&token, &visit);
    ops::rate(&ctx, proof, input.command()).await?;
    view(&ctx, proof.case(&ctx).await?).await
}

/// Why it has to be done again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReopeningInput {
    /// In words; names and numbers are masked.
    pub(super) reason: String,
}

pub(super) async fn reopen(
    ctx: Ctx,
    visit: Visit,
    Path(token): Path<String>,
    Json(input): Json<ReopeningInput>,
) -> Result<Json<TrackView>, Fault> {
    let proof = proof(&token, &visit);
    ops::reopen(&ctx, proof, &input.reason).await?;
    view(&ctx, proof.case(&ctx).await?).await
}

/// What the requester adds, or answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageInput {
    /// In words; names and numbers are masked.
    pub(super) text: String,
}

pub(super) async fn add_message(
    ctx: Ctx,
    visit: Visit,
    Path(token): Path<String>,
    Json(input): Json<MessageInput>,
) -> Result<Json<TrackView>, Fault> {
    let proof = proof(&token, &visit);
    ops::add_message(&ctx, proof, &input.text).await?;
    view(&ctx, proof.case(&ctx).await?).await
}
