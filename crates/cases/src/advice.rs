//! Advice: what a machine suggests before a person decides. The room above that learned it implements [`Adviser`]; cases
//! asks, shows the reason beside it, and goes on without it.
//!
//! An adviser sees words, place, time and class. It is never told who reports, and it decides nothing.

use crate::model::{Case, Place};
use access::UnitId;
use jiff::Timestamp;
use kernel::codes::DivisionCode;
use kernel::geo::Point;
use matters::{City, MatterId};

/// What advice is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The words of the report.
    pub text: &'a str,
    /// Where it is, as far as known.
    pub place: &'a Place,
    /// When it was reported.
    pub at: Timestamp,
    /// Its class, where a person has given one.
    pub matter: Option<MatterId>,
}

impl<'a> Asked<'a> {
    /// What a case says.
    pub fn of(case: &'a Case) -> Self {
        Self {
            text: &case.description,
            place: &case.place,
            at: case.reported_at,
            matter: case.matter,
        }
    }
}

/// Where a suggestion comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// From the city's own record: the number of the model.
    Record(i64),
    /// From the keywords of the catalogue: there was no record to learn from, or the model is silent.
    Keywords,
}

/// Something that weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A word of the report.
    Word(String),
    /// The street it lies in.
    Place(DivisionCode),
    /// The class it has.
    Class(MatterId),
    /// It was reported at night, between 22 and 6.
    Night,
}

/// One suggestion with its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Advised<T> {
    /// What is suggested.
    pub what: T,
    /// How sure that is, 0 to 1: calibrated where it was learned from the record, a rule of thumb for keywords.
    pub confidence: f64,
    /// What weighed most, the heaviest first: words of the report, place, time, class.
    pub why: Vec<Why>,
    /// Where it comes from.
    pub learned: Learned,
}

/// Why another case may be about the same thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Alike {
    /// 0 to 1, to show the likeliest first.
    pub likeness: f64,
    /// How far apart; none where a point is not known.
    pub metres: Option<f64>,
    /// How long apart, in hours.
    pub hours: f64,
    /// Both have the same class.
    pub is_same_class: bool,
    /// Both lie in the same unit grid, and of one of them no more is known.
    pub is_same_grid: bool,
    /// The share of common runs of three letters, where it is high enough to be a reason.
    pub words: Option<f64>,
    /// Whoever reported says that it is the same.
    pub is_said: bool,
}

/// Whoever gives advice. Called while a page is made: it works in memory and does not wait.
pub trait Adviser: Send + Sync + 'static {
    /// The class, the likeliest first; empty below its confidence.
    fn classes(&self, city: &City, asked: &Asked<'_>) -> Vec<Advised<MatterId>>;
    /// The unit that handles such a matter in such a place; none below its confidence.
    fn unit(&self, city: &City, asked: &Asked<'_>) -> Option<Advised<UnitId>>;
    /// Why `other` may be the same; none where nothing speaks for it. `radius_m` and `hours` are the city's rule for
    /// reports of one class.
    fn alike(&self, asked: &Asked<'_>, other: &Case, radius_m: f64, hours: f64) -> Option<Alike>;
}

/// The rule that needs no words: one class, near in place and time.
pub fn alike_by_rule(asked: &Asked<'_>, other: &Case, radius_m: f64, hours: f64) -> Option<Alike> {
    let metres = distance(asked.place.point, other.place.point);
    let apart = hours_apart(asked.at, other.reported_at);
    let is_same_class = asked.matter.is_some() && asked.matter == other.matter;
    let near = metres.filter(|m| *m <= radius_m)?;
    (is_same_class && apart <= hours).then(|| Alike {
        likeness: 1.0 - (part(near, radius_m) + part(apart, hours)) / 4.0,
        metres,
        hours: apart,
        is_same_class,
        is_same_grid: false,
        words: None,
        is_said: false,
    })
}

/// The same for a place of which only the unit grid is known: one class, one grid, near in time. Where both have a point the
/// distance says more.
pub fn alike_by_grid(asked: &Asked<'_>, other: &Case, hours: f64) -> Option<Alike> {
    let is_same_grid = asked.place.grid.is_some() && asked.place.grid == other.place.grid;
    let has_points = asked.place.point.is_some() && other.place.point.is_some();
    let apart = hours_apart(asked.at, other.reported_at);
    let is_same_class = asked.matter.is_some() && asked.matter == other.matter;
    (is_same_grid && !has_points && is_same_class && apart <= hours).then(|| Alike {
        // As for what is as far away as may be: a cell is about as wide.
        likeness: 1.0 - (1.0 + part(apart, hours)) / 4.0,
        metres: None,
        hours: apart,
        is_same_class,
        is_same_grid,
        words: None,
        is_said: false,
    })
}

fn part(value: f64, limit: f64) -> f64 {
    if limit > 0.0 { value / limit } else { 0.0 }
}

/// Metres between two points, where both are known.
pub fn distance(a: Option<Point>, b: Option<Point>) -> Option<f64> {
    Some(a?.distance_m(b?))
}

/// Hours between two moments.
pub fn hours_apart(a: Timestamp, b: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "seconds between two reports")]
    let seconds = a.as_second().abs_diff(b.as_second()) as f64;
    seconds / 3600.0
}
