//! What the API answers about topics.

use crate::effect::{Change, Effect, Verdict};
use crate::model::{Measure, Topic};
use crate::ops::Details;
use jiff::Timestamp;
use matters::City;
use serde::Serialize;
use utoipa::ToSchema;

/// A topic in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicView {
    id: String,
    district: String,
    /// Give it back with a change.
    version: i64,
    title: String,
    question: String,
    /// Ids of the classes its curve counts.
    matters: Vec<String>,
    /// The code of its district or street; null for the whole city.
    place: Option<String>,
    words: String,
    /// The code of the unit that answers for it.
    unit: Option<String>,
    /// The month it was chosen for.
    month: Option<String>,
    /// proposed, chosen, under_way, ended or dropped.
    standing: String,
    started_on: Option<String>,
    ended_on: Option<String>,
    result: String,
    #[schema(value_type = String)]
    updated_at: Timestamp,
    /// How many cases are in it.
    cases: Option<i64>,
}

impl TopicView {
    /// A topic, perhaps with the number of its cases.
    pub fn of(city: &City, topic: &Topic, cases: Option<i64>) -> Self {
        Self {
            id: topic.id.to_string(),
            district: topic.district.to_string(),
            version: topic.version,
            title: topic.title.clone(),
            question: topic.question.clone(),
            matters: topic.matters.iter().map(ToString::to_string).collect(),
            place: topic.place.map(|p| p.to_string()),
            words: topic.words.clone(),
            unit: topic
                .unit
                .and_then(|u| city.unit(u))
                .map(|u| u.code.clone()),
            month: topic.month.clone(),
            standing: topic.standing.to_string(),
            started_on: topic.started_on.map(|d| d.to_string()),
            ended_on: topic.ended_on.map(|d| d.to_string()),
            result: topic.result.clone(),
            updated_at: topic.updated_at,
            cases,
        }
    }
}

/// A measure.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasureView {
    seq: i64,
    words: String,
    /// The code of its unit.
    unit: Option<String>,
    due_on: Option<String>,
    /// planned, under_way, done or dropped.
    standing: String,
    done_on: Option<String>,
}

impl MeasureView {
    /// A measure.
    pub fn of(city: &City, measure: &Measure) -> Self {
        Self {
            seq: measure.seq,
            words: measure.words.clone(),
            unit: measure
                .unit
                .and_then(|u| city.unit(u))
                .map(|u| u.code.clone()),
            due_on: measure.due_on.map(|d| d.to_string()),
            standing: measure.standing.to_string(),
            done_on: measure.done_on.map(|d| d.to_string()),
        }
    }
}

/// A week of the curve.
#[derive(Debug, Serialize, ToSchema)]
pub struct WeekView {
    /// Its Monday.
    monday: String,
    incidents: u32,
    voices: u32,
    /// Incidents of the same week of last year.
    last_year: Option<u32>,
    /// What the weeks before let expect: lower and upper 95 % limit.
    expected: Option<[f64; 2]>,
}

/// What became of it, always with its limits.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeView {
    weeks_before: usize,
    /// Incidents a week before.
    before: f64,
    weeks_after: usize,
    /// Incidents a week after.
    after: f64,
    /// What came over what was expected.
    ratio: f64,
    /// Its lower 95 % limit.
    lo95: f64,
    /// Its upper 95 % limit.
    hi95: f64,
    /// fewer, more or unclear.
    verdict: String,
}

impl ChangeView {
    fn of(change: &Change) -> Self {
        Self {
            weeks_before: change.weeks_before,
            before: change.before,
            weeks_after: change.weeks_after,
            after: change.after,
            ratio: change.ratio,
            lo95: change.lo,
            hi95: change.hi,
            verdict: match change.verdict {
                Verdict::Fewer => "fewer",
                Verdict::More => "more",
                Verdict::Unclear => "unclear",
            }
            .to_owned(),
        }
    }
}

/// A topic with all that is known about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopicFullView {
    #[serde(flatten)]
    topic: TopicView,
    /// Reports of its cases, repeated ones included.
    voices: i64,
    /// Incidents after merging.
    incidents: i64,
    /// Of these, still open.
    open: i64,
    measures: Vec<MeasureView>,
    weeks: Vec<WeekView>,
    /// Null where nothing can be said.
    change: Option<ChangeView>,
    /// Numbers of its newest cases.
    case_numbers: Vec<String>,
}

impl TopicFullView {
    /// A topic with all that is known about it.
    pub fn of(city: &City, details: &Details) -> Self {
        let weeks = |effect: &Effect| {
            effect
                .weeks
                .iter()
                .map(|w| WeekView {
                    monday: w.monday.to_string(),
                    incidents: w.incidents,
                    voices: w.voices,
                    last_year: w.last_year,
                    expected: w.expected.map(|(lo, hi)| [lo, hi]),
                })
                .collect()
        };
        let change = details.effect.as_ref().and_then(|e| e.change.as_ref().ok());
        Self {
            topic: TopicView::of(city, &details.topic, None),
            voices: details.tally.voices,
            incidents: details.tally.incidents,
            open: details.tally.open,
            measures: details
                .measures
                .iter()
                .map(|m| MeasureView::of(city, m))
                .collect(),
            weeks: details.effect.as_ref().map(weeks).unwrap_or_default(),
            change: change.map(ChangeView::of),
            case_numbers: details.cases.iter().map(|c| c.number.to_string()).collect(),
        }
    }
}

/// How many cases are new in a topic.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddedView {
    /// How many.
    pub added: u64,
}
