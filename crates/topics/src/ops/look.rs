//! Looking at topics: the list, one with its cases, measures, history and effect.

use super::TopicError;
use super::work::within;
use crate::effect::{self, Daily, Effect};
use crate::model::{Mark, Measure, Standing, Topic, TopicId};
use crate::sql::{self, Filter, Tally};
use access::{AccountId, Ctx, Permission};
use cases::Case;
use facts::figures::{Counted, Filter as Figures, SeriesQuery, series};
use facts::{Level, Place};
use jiff::ToSpan;
use kernel::codes::DivisionLevel;
use matters::City;
use std::collections::HashMap;

/// Topics shown at most.
const MOST_TOPICS: i64 = 200;
/// Cases shown at most.
const MOST_SHOWN: i64 = 100;
/// Weeks drawn.
const WEEKS: usize = 60;

/// What a list is asked for.
#[derive(Debug, Clone, Default)]
pub struct TopicQuery {
    /// Only standing so; empty means any.
    pub standings: Vec<Standing>,
    /// Only chosen for this month.
    pub month: Option<String>,
}

/// Topics in the reader's districts and city-wide ones, the last changed first, with the number of their cases. One
/// statement.
///
/// # Errors
/// [`TopicError`].
pub async fn list(ctx: &Ctx, query: TopicQuery) -> Result<Vec<(Topic, i64)>, TopicError> {
    ctx.require(Permission::TopicRead)?;
    let filter = Filter {
        districts: ctx.scope().districts,
        standings: query.standings,
        month: query.month,
    };
    ctx.read::<_, TopicError, _>(move |r| Ok(sql::list(r, &filter, MOST_TOPICS)?))
        .await
}

/// A topic.
///
/// # Errors
/// [`TopicError`]; one of another district is not found.
pub async fn find(ctx: &Ctx, id: TopicId) -> Result<Topic, TopicError> {
    ctx.require(Permission::TopicRead)?;
    let districts = ctx.scope().districts;
    let found = ctx
        .read::<_, TopicError, _>(move |r| Ok(sql::find(r, id, &districts)?))
        .await?;
    found.ok_or_else(|| TopicError::NotFound(id.to_string()))
}

/// A topic with all that is known about it.
#[derive(Debug, Clone)]
pub struct Details {
    /// It.
    pub topic: Topic,
    /// What its cases come to.
    pub tally: Tally,
    /// The newest of its cases within the reader's scope; none for whoever may not see cases.
    pub cases: Vec<Case>,
    /// Its measures.
    pub measures: Vec<Measure>,
    /// What happened to it.
    pub marks: Vec<Mark>,
    /// Names of the people in its history.
    pub names: HashMap<AccountId, String>,
    /// Its curve and what became of it; none where there are no figures, or it has neither class nor place.
    pub effect: Option<Effect>,
}

/// A topic with all that is known about it.
///
/// # Errors
/// [`TopicError`].
pub async fn details(ctx: &Ctx, city: &City, id: TopicId) -> Result<Details, TopicError> {
    let topic = find(ctx, id).await?;
    let sees_cases = ctx.require(Permission::CaseRead).is_ok();
    let districts = ctx.scope().districts;
    let today = city.local_date(ctx.now());
    let now = ctx.now();
    let mut details = ctx
        .read::<_, TopicError, _>(move |r| {
            let marks = sql::marks(r, &topic)?;
            let mut people: Vec<AccountId> = marks.iter().filter_map(|m| m.account).collect();
            people.sort_unstable();
            people.dedup();
            let effect = if facts::figures::freshness(r, now)?.is_some() {
                curve(r, &topic, today)?
            } else {
                None
            };
            Ok(Details {
                tally: sql::tally(r, &topic)?,
                cases: if sees_cases {
                    sql::cases_of(r, &topic, &districts, MOST_SHOWN)?
                } else {
                    Vec::new()
                },
                measures: sql::measures(r, &topic)?,
                names: access::ops::accounts::names(r, &people)?,
                marks,
                effect,
                topic: topic.clone(),
            })
        })
        .await?;
    details.cases = within(ctx, details.cases);
    Ok(details)
}

/// The curve of a topic's classes in its place, from the figures: incidents and voices, the whole record back.
fn curve(
    r: &mut store::Read<'_>,
    topic: &Topic,
    today: jiff::civil::Date,
) -> Result<Option<Effect>, TopicError> {
    if topic.matters.is_empty() && topic.place.is_none() {
        return Ok(None);
    }
    let level = match topic.place.map(kernel::codes::DivisionCode::level) {
        Some(DivisionLevel::Street) => Level::Street,
        _ => Level::District,
    };
    let weeks = i64::try_from(WEEKS + effect::MOST_BEFORE + 53).unwrap_or(i64::MAX);
    let from = topic
        .started_on
        .unwrap_or(today)
        .min(today.saturating_sub((i64::try_from(WEEKS).unwrap_or(0) * 7).days()))
        .saturating_sub((weeks * 7).days());
    let query = |counted| SeriesQuery {
        from,
        to: today,
        level,
        by_matter: true,
        counted,
        filter: Figures {
            within: topic.place.map(|p| Place::of(None, Some(p))),
            matters: topic.matters.iter().map(|m| m.0).collect(),
            ..Figures::default()
        },
    };
    let mut daily = Daily::new();
    for count in series(r, &query(Counted::Incidents))? {
        daily.entry(count.day).or_default().0 += u32::try_from(count.n.max(0)).unwrap_or(u32::MAX);
    }
    for count in series(r, &query(Counted::Reported))? {
        daily.entry(count.day).or_default().1 += u32::try_from(count.n.max(0)).unwrap_or(u32::MAX);
    }
    // The record of these classes begins with its first report.
    let first = daily.keys().next().copied().unwrap_or(today);
    let (started, ended) = (topic.started_on, topic.ended_on);
    Ok(Some(effect::effect(
        &daily, first, started, ended, today, WEEKS,
    )))
}
