//! What is learned from a record, and how a decision compares with a suggestion. Pure.

use crate::guard;
use crate::model::{Kind, Outcome, Settings};
use analysis::text::{Message, Model, Options, Stop, Tally, TrainError, train_until};
use cases::Case;
use cases::advice::Why;
use cases::model::{Place, State};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::codes::{DivisionCode, DivisionLevel};
use kernel::id::Id;
use matters::{City, MatterId};
use std::collections::{BTreeMap, BTreeSet};

/// Fewer messages teach nothing.
pub const LEAST_MESSAGES: usize = 200;
/// A class or unit with fewer messages is left out: the machine is silent about it.
pub const LEAST_OF_LABEL: usize = 8;
/// The newest messages one model learns from, at most.
pub const MOST_MESSAGES: usize = 40_000;
/// One in so many, the newest, is held back to measure.
const HELD_BACK: usize = 10;
/// A model whose answers on what it had not seen are right less often than was asked of it, by more than this, is weak.
const SHORT_OF_TARGET: f64 = 0.05;
/// And so is one that would hardly ever answer.
const LEAST_COVERAGE: f64 = 0.1;

/// One message of the record with what people decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The words, masked.
    pub text: String,
    /// What is known of place, time and class, as `name=value`.
    pub facts: Vec<String>,
    /// What was decided: the id of a class or unit.
    pub label: String,
    /// When it was reported.
    pub at: Timestamp,
}

/// What is known beside the words: street, night, and for units the class.
pub fn facts_of(
    place: &Place,
    at: Timestamp,
    class: Option<MatterId>,
    tz: &TimeZone,
) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(street) = street_of(place) {
        facts.push(format!("street={street}"));
    }
    let hour = tz.to_datetime(at).hour();
    if !(6..22).contains(&hour) {
        facts.push("night".to_owned());
    }
    if let Some(class) = class {
        facts.push(format!("class={class}"));
    }
    facts
}

/// The street a place lies in.
pub fn street_of(place: &Place) -> Option<DivisionCode> {
    let division = place
        .grid
        .map(kernel::codes::GridCode::community)
        .or(place.division)?;
    let digits = division.prefix();
    let wanted = DivisionLevel::Street.digits();
    (digits.len() >= wanted).then(|| DivisionCode::padded(&digits[..wanted]).ok())?
}

/// A reason as it is told: a word of the text, or one of the facts.
pub fn why_of(word: &str) -> Option<Why> {
    if word == "night" {
        return Some(Why::Night);
    }
    if let Some(code) = word.strip_prefix("street=") {
        return code.parse().ok().map(Why::Place);
    }
    if let Some(id) = word.strip_prefix("class=") {
        return id.parse::<Id>().ok().map(|id| Why::Class(MatterId(id)));
    }
    Some(Why::Word(word.to_owned()))
}

/// The class a person gave a case.
fn class_of(case: &Case) -> Option<MatterId> {
    let decided = case.accepted_at.is_some() || case.source.is_some();
    case.standard
        .as_ref()
        .map(|s| s.matter)
        .or(case.matter.filter(|_| decided))
}

/// What a case teaches: nothing where nobody has decided, where its words may not be read, or where its class can no
/// longer be chosen (`choices`).
pub fn lesson(
    city: &City,
    case: &Case,
    kind: Kind,
    choices: &BTreeSet<MatterId>,
) -> Option<Lesson> {
    let refused = matches!(case.state, State::NotAccepted | State::NotRegistered);
    if refused || !guard::is_readable(city, case) {
        return None;
    }
    let class = class_of(case)?;
    let (label, known) = match kind {
        Kind::Class => {
            if !choices.contains(&class) {
                return None;
            }
            (class.0.to_string(), None)
        }
        // Whoever handled it to the end: a unit that returned it was the wrong one.
        Kind::Unit => {
            case.handled_at?;
            (case.unit?.0.to_string(), Some(class))
        }
    };
    let text = guard::readable_text(&case.description);
    if text.is_empty() {
        return None;
    }
    Some(Lesson {
        facts: facts_of(&case.place, case.reported_at, known, &city.timezone),
        text,
        label,
        at: case.reported_at,
    })
}

/// A model that was learned, with what it is worth.
#[derive(Debug, Clone)]
pub struct Learned {
    /// The model: of all lessons, those held back included.
    pub model: Model,
    /// Lessons it learned from.
    pub messages: usize,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
    /// What a model of the older lessons was worth on the newest ones.
    pub quality: analysis::text::Measures,
    /// Why it must not suggest; none where it may.
    pub weakness: Option<Weakness>,
}

/// Why a model must not suggest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Its answers were right too seldom.
    TooOftenWrong,
    /// It would hardly ever answer.
    TooSilent,
}

/// Why nothing was learned.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum NoModel {
    /// Not enough to learn from.
    #[error("{found} messages to learn from, at least {LEAST_MESSAGES} are needed")]
    TooFew {
        /// How many there were.
        found: usize,
    },
    /// What was found cannot be told apart.
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// Learns from lessons. The newest tenth is held back to measure a model of the others; the model that is kept has
/// learned from all. The same lessons, settings and seed give the same model. Ends early, without one, once `is_stopped`.
///
/// # Errors
/// [`NoModel`].
pub fn learn(
    mut lessons: Vec<Lesson>,
    settings: &Settings,
    seed: u64,
    is_stopped: Stop<'_>,
) -> Result<Learned, NoModel> {
    lessons.sort_by(|a, b| (a.at, &a.text, &a.label).cmp(&(b.at, &b.text, &b.label)));
    let mut of_label: BTreeMap<String, usize> = BTreeMap::new();
    for lesson in &lessons {
        *of_label.entry(lesson.label.clone()).or_default() += 1;
    }
    lessons.retain(|l| of_label[&l.label] >= LEAST_OF_LABEL);
    if lessons.len() < LEAST_MESSAGES {
        return Err(NoModel::TooFew {
            found: lessons.len(),
        });
    }
    if lessons.len() > MOST_MESSAGES {
        lessons.drain(..lessons.len() - MOST_MESSAGES);
    }
    let options = Options {
        seed,
        target: settings.target,
        least: settings.least,
        ..Options::default()
    };
    let (older, newest) = lessons.split_at(lessons.len() - lessons.len() / HELD_BACK);
    let quality = measured(&train_on(older, &options, is_stopped)?, newest);
    let model = train_on(&lessons, &options, is_stopped)?;
    let weakness = weakness(&quality, settings.target);
    let (first_at, last_at) = (lessons[0].at, lessons[lessons.len() - 1].at);
    Ok(Learned {
        model,
        messages: lessons.len(),
        first_at,
        last_at,
        quality,
        weakness,
    })
}

fn weakness(quality: &analysis::text::Measures, target: f64) -> Option<Weakness> {
    let answered_right = quality.accuracy_when_answered.unwrap_or(0.0);
    if quality.coverage.unwrap_or(0.0) < LEAST_COVERAGE {
        Some(Weakness::TooSilent)
    } else if answered_right < target - SHORT_OF_TARGET {
        Some(Weakness::TooOftenWrong)
    } else {
        None
    }
}

fn train_on(
    lessons: &[Lesson],
    options: &Options,
    is_stopped: Stop<'_>,
) -> Result<Model, TrainError> {
    let facts: Vec<Vec<&str>> = borrowed(lessons);
    let messages = messages(lessons, &facts);
    let labels: Vec<&str> = lessons.iter().map(|l| l.label.as_str()).collect();
    train_until(&messages, &labels, options, is_stopped)
}

fn measured(model: &Model, lessons: &[Lesson]) -> analysis::text::Measures {
    let facts: Vec<Vec<&str>> = borrowed(lessons);
    let verdicts = model.judge_all(&messages(lessons, &facts));
    let mut tally = Tally::default();
    for (verdict, lesson) in verdicts.iter().zip(lessons) {
        tally.add(
            &model.labels()[verdict.label],
            verdict.answered,
            &lesson.label,
        );
    }
    tally.measures()
}

fn borrowed(lessons: &[Lesson]) -> Vec<Vec<&str>> {
    lessons
        .iter()
        .map(|l| l.facts.iter().map(String::as_str).collect())
        .collect()
}

fn messages<'a>(lessons: &'a [Lesson], facts: &'a [Vec<&'a str>]) -> Vec<Message<'a>> {
    lessons
        .iter()
        .zip(facts)
        .map(|(lesson, facts)| Message {
            text: &lesson.text,
            facts,
        })
        .collect()
}

/// How a decision compares with what was suggested.
pub fn outcome(suggested: Option<Id>, decided: Id) -> Outcome {
    match suggested {
        None => Outcome::Silent,
        Some(suggested) if suggested == decided => Outcome::Accepted,
        Some(_) => Outcome::Overridden,
    }
}
