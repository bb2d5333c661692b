//! GET and POST /api/v1/topics, /{id}, /{id}/moves, /{id}/cases, /{id}/measures.

use super::views::{AddedView, MeasureView, TopicFullView, TopicView};
use crate::model::{Measure, MeasureStanding, Move, Standing, TopicId};
use crate::ops::{self, Draft, NewMeasure, TopicError, TopicQuery};
use access::{Ctx, Fault, Json, Path, Query, UnitId};
use axum::http::StatusCode;
use cases::service::Cases;
use jiff::civil::Date;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use matters::{City, MatterId};
use serde::Deserialize;
use std::str::FromStr;
use utoipa::ToSchema;

/// What a list may be asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    standing: Option<String>,
    month: Option<String>,
}

/// What a topic is to be about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TopicWanted)]
pub(super) struct Wanted {
    /// The version that was seen, for a change of what is there; nothing for a new one.
    version: Option<i64>,
    title: String,
    #[serde(default)]
    question: String,
    /// Ids of classes.
    #[serde(default)]
    matters: Vec<String>,
    /// The code of a district or street.
    place: Option<String>,
    /// Words for a query, set apart by blanks: cases hold one of them.
    #[serde(default)]
    words: String,
    /// The code of the unit that answers for it.
    unit: Option<String>,
    /// The id of the hot topic it is made of.
    hot: Option<String>,
}

/// A move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Moved {
    /// The version that was seen.
    version: i64,
    /// choose, start, end, drop or reopen.
    to: String,
    /// choose: the month (YYYY-MM).
    month: Option<String>,
    /// start, end: the day; today where it is not given.
    day: Option<String>,
    /// end: what came of it; drop: why.
    #[serde(default)]
    words: String,
}

/// Cases by number; none means by query.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbers {
    #[serde(default)]
    numbers: Vec<String>,
}

/// A measure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MeasureWanted {
    /// Its number; none adds one.
    seq: Option<i64>,
    words: String,
    /// The code of the unit.
    unit: Option<String>,
    due_on: Option<String>,
    /// planned, under_way, done or dropped.
    standing: Option<String>,
}

fn wrong(field: &'static str, reason: impl Into<String>) -> TopicError {
    TopicError::field(field, "topics.bad_query", reason)
}

fn part<T: FromStr>(field: &'static str, text: Option<&str>) -> Result<Option<T>, TopicError>
where
    T::Err: std::fmt::Display,
{
    match text.map(str::trim).filter(|t| !t.is_empty()) {
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|e: T::Err| wrong(field, e.to_string())),
        None => Ok(None),
    }
}

fn unit(city: &City, code: Option<&str>) -> Result<Option<UnitId>, TopicError> {
    match code.map(str::trim).filter(|c| !c.is_empty()) {
        Some(code) => match city.units.by_code(code) {
            Some(unit) => Ok(Some(unit.id)),
            None => {
                let code: String = code.chars().take(40).collect();
                Err(wrong("unit", format!("no unit {code:?}")))
            }
        },
        None => Ok(None),
    }
}

fn draft(city: &City, wanted: Wanted) -> Result<Draft, TopicError> {
    let matters = wanted.matters.iter().map(|id| {
        id.parse::<Id>()
            .map(MatterId)
            .map_err(|_| wrong("matters", "is no id"))
    });
    Ok(Draft {
        matters: matters.collect::<Result<_, _>>()?,
        place: part("place", wanted.place.as_deref())?,
        unit: unit(city, wanted.unit.as_deref())?,
        hot: part("hot", wanted.hot.as_deref())?,
        title: wanted.title,
        question: wanted.question,
        words: wanted.words,
    })
}

pub(super) async fn list(
    ctx: Ctx,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<TopicView>>, Fault> {
    let standings: Result<Vec<Standing>, String> = asked
        .standing
        .as_deref()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|w| !w.is_empty())
        .map(str::parse)
        .collect();
    let query = TopicQuery {
        standings: standings.map_err(|e| wrong("standing", e))?,
        month: asked.month,
    };
    let city = ctx.service::<Cases>().city();
    let topics = ops::list(&ctx, query).await?;
    let view = |(topic, n): &(crate::model::Topic, i64)| TopicView::of(&city, topic, Some(*n));
    Ok(Json(topics.iter().map(view).collect()))
}

pub(super) async fn make(
    ctx: Ctx,
    Json(wanted): Json<Wanted>,
) -> Result<(StatusCode, Json<TopicView>), Fault> {
    let city = ctx.service::<Cases>().city();
    let topic = ops::make(&ctx, &city, draft(&city, wanted)?).await?;
    Ok((
        StatusCode::CREATED,
        Json(TopicView::of(&city, &topic, None)),
    ))
}

pub(super) async fn show(ctx: Ctx, Path(id): Path<TopicId>) -> Result<Json<TopicFullView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let details = ops::details(&ctx, &city, id).await?;
    Ok(Json(TopicFullView::of(&city, &details)))
}

pub(super) async fn edit(
    ctx: Ctx,
    Path(id): Path<TopicId>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<TopicView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let version = wanted
        .version
        .ok_or_else(|| wrong("version", "is missing"))?;
    let draft = draft(&city, wanted)?;
    let topic = ops::edit(&ctx, &city, id, version, draft).await?;
    Ok(Json(TopicView::of(&city, &topic, None)))
}

/// A move as it is asked for by its word.
pub fn move_of(
    to: &str,
    month: Option<&str>,
    day: Option<&str>,
    words: &str,
    today: Date,
) -> Result<Move, TopicError> {
    let day = part::<Date>("day", day)?.unwrap_or(today);
    Ok(match to {
        "choose" => Move::Choose(month.unwrap_or_default().trim().to_owned()),
        "start" => Move::Start(day),
        "end" => Move::End(day, words.to_owned()),
        "drop" => Move::Drop(words.to_owned()),
        "reopen" => Move::Reopen,
        _ => return Err(wrong("to", "is not choose, start, end, drop or reopen")),
    })
}

pub(super) async fn move_to(
    ctx: Ctx,
    Path(id): Path<TopicId>,
    Json(moved): Json<Moved>,
) -> Result<Json<TopicView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let today = city.local_date(ctx.now());
    let (month, day) = (moved.month.as_deref(), moved.day.as_deref());
    let to = move_of(&moved.to, month, day, &moved.words, today)?;
    let topic = ops::move_to(&ctx, id, moved.version, to).await?;
    Ok(Json(TopicView::of(&city, &topic, None)))
}

pub(super) async fn cases(
    ctx: Ctx,
    Path(id): Path<TopicId>,
    Json(wanted): Json<Numbers>,
) -> Result<Json<AddedView>, Fault> {
    let added = if wanted.numbers.is_empty() {
        ops::gather(&ctx, id).await?
    } else {
        let numbers: Result<Vec<CaseNumber>, TopicError> = wanted
            .numbers
            .iter()
            .map(|n| {
                n.parse()
                    .map_err(|e: kernel::codes::CodeError| wrong("numbers", e.to_string()))
            })
            .collect();
        ops::add_cases(&ctx, id, &numbers?).await?
    };
    Ok(Json(AddedView { added }))
}

pub(super) async fn measure(
    ctx: Ctx,
    Path(id): Path<TopicId>,
    Json(wanted): Json<MeasureWanted>,
) -> Result<Json<MeasureView>, Fault> {
    let city = ctx.service::<Cases>().city();
    let standing = part("standing", wanted.standing.as_deref())?;
    let new = NewMeasure {
        seq: wanted.seq,
        words: wanted.words,
        unit: unit(&city, wanted.unit.as_deref())?,
        due_on: part("due_on", wanted.due_on.as_deref())?,
        standing: standing.unwrap_or(MeasureStanding::Planned),
    };
    let measure: Measure = ops::put_measure(&ctx, &city, id, new).await?;
    Ok(Json(MeasureView::of(&city, &measure)))
}
