//! What the API answers about suggestion.

use crate::model::{KEYWORDS, Kind, ModelRow, Settings, Shares};
use crate::ops::{Look, Overview};
use crate::sql_hot::HotTopic;
use cases::Case;
use cases::advice::{Advised, Alike, Learned, Why};
use jiff::Timestamp;
use matters::{City, MatterId};
use serde::Serialize;
use utoipa::ToSchema;

/// A suggested class.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClassView {
    /// Its id.
    matter_id: String,
    /// Its code in the catalogue.
    code: String,
    /// Its name.
    name: String,
    #[serde(flatten)]
    reason: ReasonView,
}

/// A suggested unit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuggestedUnitView)]
pub struct UnitView {
    /// Its code.
    code: String,
    /// Its name.
    name: String,
    #[serde(flatten)]
    reason: ReasonView,
}

/// How sure a suggestion is, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonView {
    /// 0 to 1.
    confidence: f64,
    /// Words of the report that weighed, the heaviest first.
    words: Vec<String>,
    /// What else weighed: `street:CODE`, `class:ID`, `night`.
    facts: Vec<String>,
    /// The model; 0 = keywords of the catalogue.
    model: i64,
}

impl ReasonView {
    fn of<T>(advised: &Advised<T>) -> Self {
        let (mut words, mut facts) = (Vec::new(), Vec::new());
        for why in &advised.why {
            match why {
                Why::Word(word) => words.push(word.clone()),
                Why::Place(code) => facts.push(format!("street:{code}")),
                Why::Class(id) => facts.push(format!("class:{id}")),
                Why::Night => facts.push("night".to_owned()),
            }
        }
        Self {
            confidence: advised.confidence,
            words,
            facts,
            model: match advised.learned {
                Learned::Record(number) => number,
                Learned::Keywords => KEYWORDS,
            },
        }
    }
}

/// An open case that may be the same: what everybody may know of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlikeView {
    /// Its number.
    number: String,
    /// The id of its class.
    matter_id: Option<String>,
    /// 0 to 1.
    likeness: f64,
    /// Both have the same class.
    is_same_class: bool,
    /// Both lie in the same unit grid, and of one of them no more is known.
    is_same_grid: bool,
    /// Hours apart.
    hours: f64,
    /// The share of common runs of three letters, where it is a reason.
    words: Option<f64>,
}

/// What is suggested.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestionView {
    /// Classes, the likeliest first; empty where the machine is silent.
    classes: Vec<ClassView>,
    /// The unit; only for staff, only where a class is known, null where the machine is silent.
    unit: Option<UnitView>,
    /// Open cases of public classes near by that may be the same.
    alike: Vec<AlikeView>,
    /// Nothing at all is suggested.
    silent: bool,
}

impl SuggestionView {
    /// What is suggested.
    pub fn of(
        city: &City,
        lang: &str,
        classes: &[Advised<MatterId>],
        unit: Option<&Advised<access::UnitId>>,
        alike: &[(Case, Alike)],
    ) -> Self {
        let classes: Vec<ClassView> = classes
            .iter()
            .filter_map(|advised| {
                let class = city.matter(advised.what)?;
                Some(ClassView {
                    matter_id: advised.what.to_string(),
                    code: class.code.clone(),
                    name: class.name(lang).to_owned(),
                    reason: ReasonView::of(advised),
                })
            })
            .collect();
        let unit = unit.and_then(|advised| {
            let unit = city.unit(advised.what)?;
            Some(UnitView {
                code: unit.code.clone(),
                name: unit.name(lang).to_owned(),
                reason: ReasonView::of(advised),
            })
        });
        let alike: Vec<AlikeView> = alike
            .iter()
            .map(|(case, alike)| AlikeView {
                number: case.number.to_string(),
                matter_id: case.matter.map(|m| m.to_string()),
                likeness: alike.likeness,
                is_same_class: alike.is_same_class,
                is_same_grid: alike.is_same_grid,
                hours: alike.hours,
                words: alike.words,
            })
            .collect();
        Self {
            silent: classes.is_empty() && unit.is_none(),
            classes,
            unit,
            alike,
        }
    }
}

/// How suggestion is set.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// Give it back with a change.
    version: i64,
    /// Whether anything is suggested.
    enabled: bool,
    /// Whether a new model is trained each night.
    nightly: bool,
    /// The share of right answers wanted where a model speaks.
    target: f64,
    /// The least confidence at which a model speaks.
    least: f64,
}

impl From<Settings> for SettingsView {
    fn from(settings: Settings) -> Self {
        let Settings {
            version,
            enabled,
            nightly,
            target,
            least,
        } = settings;
        Self {
            version,
            enabled,
            nightly,
            target,
            least,
        }
    }
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelView {
    number: i64,
    /// class or unit.
    kind: String,
    #[schema(value_type = String)]
    made_at: Timestamp,
    seed: i64,
    /// Messages it learned from.
    messages: i64,
    #[schema(value_type = String)]
    first_at: Timestamp,
    #[schema(value_type = String)]
    last_at: Timestamp,
    /// Classes or units it tells apart.
    classes: i64,
    /// It speaks at this confidence or above.
    threshold: f64,
    /// Newest messages held back to measure it.
    held_back: i64,
    accuracy: Option<f64>,
    macro_f1: Option<f64>,
    coverage: Option<f64>,
    accuracy_when_answered: Option<f64>,
    /// in_force, replaced or weak.
    standing: String,
    /// What people decided.
    decided: Shares,
}

impl ModelView {
    fn of(row: &ModelRow, decided: Shares) -> Self {
        Self {
            number: row.number,
            kind: row.kind.to_string(),
            made_at: row.made_at,
            seed: row.seed,
            messages: row.messages,
            first_at: row.first_at,
            last_at: row.last_at,
            classes: row.classes,
            threshold: row.threshold,
            held_back: row.held_back,
            accuracy: row.accuracy,
            macro_f1: row.macro_f1,
            coverage: row.coverage,
            accuracy_when_answered: row.answered_right,
            standing: row.standing.to_string(),
            decided,
        }
    }
}

/// The models, and the keywords beside them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelsView {
    /// The newest first.
    models: Vec<ModelView>,
    /// What people decided where the keywords of the catalogue spoke, or nothing did before the first model.
    keywords: Shares,
}

impl ModelsView {
    /// The models with what people decided.
    pub fn of(overview: &Overview) -> Self {
        let shares = |number, kind| {
            overview
                .shares
                .get(&(number, kind))
                .copied()
                .unwrap_or_default()
        };
        Self {
            models: overview
                .models
                .iter()
                .map(|row| ModelView::of(row, shares(row.number, row.kind)))
                .collect(),
            keywords: shares(KEYWORDS, Kind::Class),
        }
    }
}

/// A training that was begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrainingView {
    /// The seed it was begun with.
    pub seed: u64,
}

/// What came of a look for hot topics.
#[derive(Debug, Serialize, ToSchema)]
pub struct HotLookView {
    day: String,
    /// Reports looked at.
    reports: usize,
    /// Topics found.
    topics: usize,
    /// Of these, how many went on.
    going_on: usize,
}

impl From<Look> for HotLookView {
    fn from(look: Look) -> Self {
        Self {
            day: look.day.to_string(),
            reports: look.reports,
            topics: look.topics,
            going_on: look.going_on,
        }
    }
}

/// A hot topic in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct HotTopicView {
    id: String,
    district: String,
    /// Its strongest words; never a person's name.
    name: String,
    /// The id of its most frequent class.
    matter_id: Option<String>,
    /// The street or district it lies in, never anything smaller; empty for the whole city.
    place: String,
    /// Incidents after merging.
    incidents: i64,
    /// Reports, repeated ones included.
    voices: i64,
    first_day: String,
    last_day: String,
    made_on: String,
}

impl HotTopicView {
    /// A hot topic.
    pub fn of(topic: &HotTopic) -> Self {
        Self {
            id: topic.id.to_string(),
            district: topic.district.to_string(),
            name: topic.name.clone(),
            matter_id: topic.matter.map(|m| m.to_string()),
            place: topic.place.clone(),
            incidents: topic.incidents,
            voices: topic.voices,
            first_day: topic.first_day.to_string(),
            last_day: topic.last_day.to_string(),
            made_on: topic.made_on.to_string(),
        }
    }
}

/// A day of a curve.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayView {
    day: String,
    incidents: u32,
    voices: u32,
}

/// A hot topic with its curve and cases.
#[derive(Debug, Serialize, ToSchema)]
pub struct HotTopicFullView {
    #[serde(flatten)]
    topic: HotTopicView,
    terms: Vec<String>,
    curve: Vec<DayView>,
    /// Numbers of its cases, the newest first, at most 200.
    cases: Vec<String>,
}

impl HotTopicFullView {
    /// A hot topic with its curve and cases.
    pub fn of(topic: &HotTopic, behind: &[Case]) -> Self {
        Self {
            topic: HotTopicView::of(topic),
            terms: topic.body.terms.clone(),
            curve: topic
                .body
                .curve
                .iter()
                .map(|(day, incidents, voices)| DayView {
                    day: day.to_string(),
                    incidents: *incidents,
                    voices: *voices,
                })
                .collect(),
            cases: behind.iter().map(|c| c.number.to_string()).collect(),
        }
    }
}
