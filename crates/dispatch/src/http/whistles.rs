//! Whistles: list, one, blow, answer, end, assess, figures.

use super::views::{FiguresView, Teller, WhistleView};
use crate::model::Mark;
use crate::ops::whistle::{self, Answer, NewWhistle};
use crate::ops::{DispatchError, city};
use access::{Ctx, Fault, Json, Listing, Path, Query, UnitId};
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use kernel::codes::CaseNumber;
use kernel::deadline::Limit;
use kernel::id::Id;
use kernel::{Cursor, DivisionCode, PageSize};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    limit: Option<PageSize>,
    after: Option<Cursor>,
}

pub(super) async fn list(
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Listing<WhistleView>>, Fault> {
    let size = wanted.limit.unwrap_or_default();
    let page = whistle::list(&ctx, size, wanted.after.as_ref()).await?;
    let (city, now) = (city(&ctx), ctx.now());
    let teller = Teller { city: &city, now };
    Ok(Json(page.map(|b| WhistleView::of(&teller, &b)).into()))
}

async fn one(ctx: &Ctx, id: Id) -> Result<WhistleView, Fault> {
    let blown = whistle::find(ctx, id).await?;
    let (city, now) = (city(ctx), ctx.now());
    Ok(WhistleView::of(&Teller { city: &city, now }, &blown))
}

pub(super) async fn show(ctx: Ctx, Path(id): Path<Id>) -> Result<Json<WhistleView>, Fault> {
    Ok(Json(one(&ctx, id).await?))
}

/// A whistle for a place, or for a case.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WhistleInput {
    /// Who is called.
    #[schema(value_type = Vec<String>)]
    units: Vec<UnitId>,
    /// What for.
    ask: String,
    /// The number of a case that lies in the street, whoever handles it; then its place is that of the case.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    case: Option<CaseNumber>,
    /// Where, within the street: twelve digits; left out = the street.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    division: Option<DivisionCode>,
    /// Where, in words.
    #[serde(default)]
    address: String,
    /// How long they have to respond, with its clock; left out = what the city sets.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    limit: Option<Limit>,
}

pub(super) async fn blow(
    ctx: Ctx,
    Json(input): Json<WhistleInput>,
) -> Result<(StatusCode, Json<WhistleView>), Fault> {
    let new = NewWhistle {
        case: input.case,
        units: input.units,
        ask: input.ask,
        division: input.division,
        address: input.address,
        limit: input.limit,
    };
    let id = whistle::blow(&ctx, new).await?;
    Ok((StatusCode::CREATED, Json(one(&ctx, id).await?)))
}

/// What a unit answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WhistleAnswer)]
pub(super) struct AnswerInput {
    /// `respond`, `arrive` or `decline`.
    answer: String,
    /// In words; needed to decline.
    #[serde(default)]
    words: String,
}

/// An answer by its word.
pub(crate) fn answer_of(word: &str) -> Result<Answer, DispatchError> {
    match word {
        "respond" => Ok(Answer::Respond),
        "arrive" => Ok(Answer::Arrive),
        "decline" => Ok(Answer::Decline),
        other => {
            let other: String = other.chars().take(40).collect();
            let reason = format!("{other:?} is none of respond, arrive, decline");
            Err(DispatchError::field(
                "answer",
                "dispatch.bad_answer",
                reason,
            ))
        }
    }
}

pub(super) async fn answer(
    ctx: Ctx,
    Path(id): Path<Id>,
    Json(input): Json<AnswerInput>,
) -> Result<Json<WhistleView>, Fault> {
    let answer = answer_of(&input.answer)?;
    whistle::answer(&ctx, id, answer, &input.words).await?;
    show(ctx, Path(id)).await
}

pub(super) async fn end(ctx: Ctx, Path(id): Path<Id>) -> Result<Json<WhistleView>, Fault> {
    whistle::end(&ctx, id).await?;
    show(ctx, Path(id)).await
}

/// A mark of one side for the other.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssessInput {
    /// The unit that was called; left out = the whistle, judged by the caller's unit.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    unit: Option<UnitId>,
    /// `good`, `fair` or `poor`.
    #[schema(value_type = String)]
    mark: Mark,
    /// Why; needed for `poor`.
    #[serde(default)]
    why: String,
}

pub(super) async fn assess(
    ctx: Ctx,
    Path(id): Path<Id>,
    Json(input): Json<AssessInput>,
) -> Result<Json<WhistleView>, Fault> {
    whistle::assess(&ctx, id, input.unit, input.mark, &input.why).await?;
    show(ctx, Path(id)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    from: Date,
    to: Date,
}

/// The moments of whole local days.
pub(crate) fn moments(
    ctx: &Ctx,
    from: Date,
    to: Date,
) -> Result<(Timestamp, Timestamp), DispatchError> {
    let city = city(ctx);
    let bad = |e: jiff::Error| DispatchError::field("to", "dispatch.bad_query", e.to_string());
    let morning = |day: Date| day.to_zoned(city.timezone.clone()).map(|z| z.timestamp());
    let after = to.checked_add(1.day()).map_err(bad)?;
    Ok((morning(from).map_err(bad)?, morning(after).map_err(bad)?))
}

pub(super) async fn figures(
    ctx: Ctx,
    Query(span): Query<Span>,
) -> Result<Json<FiguresView>, Fault> {
    let (from, to) = moments(&ctx, span.from, span.to)?;
    let sums = whistle::figures_between(&ctx, from, to).await?;
    let (city, now) = (city(&ctx), ctx.now());
    Ok(Json(FiguresView::of(&Teller { city: &city, now }, sums)))
}
