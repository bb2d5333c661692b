//! 指标定义 — a set of definitions: rates and composite scores as data, read from TOML or JSON, versioned.
//!
//! A rate is a sum of [words](crate::vocabulary) over another sum, each perhaps narrowed by a filter. A composite adds
//! rates and bands by weight. Cities use different denominators under one name: a variant is a further definition with an
//! id of its own, and every answer names the id.

use crate::guards::objections;
use crate::vocabulary::{Word, word};
use grid::Why;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The most definitions, and the most composites, of a set.
const MOST: usize = 200;
/// The largest file that is read.
pub const MOST_BYTES: usize = 1 << 20;

/// A set of definitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionSet {
    /// Its id, such as `standard`.
    pub id: String,
    /// Its version, from 1. A version never changes; the next one is added.
    pub version: u32,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// An example to start from; no city has decided it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub example: bool,
    /// The rates.
    #[serde(default, rename = "definition")]
    pub definitions: Vec<Definition>,
    /// The composite scores.
    #[serde(default, rename = "composite", skip_serializing_if = "Vec::is_empty")]
    pub composites: Vec<Composite>,
    /// The grades, the best first.
    #[serde(default, rename = "grade", skip_serializing_if = "Vec::is_empty")]
    pub grades: Vec<Grade>,
}

/// What a figure is told in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FigureUnit)]
pub enum Unit {
    /// A share of the denominator.
    #[default]
    Share,
    /// Seconds of the numerator over the denominator, told in hours.
    Hours,
    /// A number over a number.
    Times,
}

impl Unit {
    /// A numerator over its denominator in this unit.
    pub fn told(self, quotient: f64) -> f64 {
        match self {
            Self::Share | Self::Times => quotient,
            Self::Hours => quotient / 3600.0,
        }
    }
    /// What the numerator of such a figure counts; its denominator counts cases.
    pub const fn of_numerator(self) -> &'static str {
        match self {
            Self::Share => "cases",
            Self::Hours => "seconds",
            Self::Times => "times",
        }
    }
}

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FigureBetter)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: it describes.
    #[default]
    Neither,
}

/// One rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RateDefinition)]
pub struct Definition {
    /// Its id: name and denominator, such as `closing/need_archive`.
    pub id: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// What is counted.
    pub numerator: Vec<Term>,
    /// Over what.
    pub denominator: Vec<Term>,
    /// Only these cases, above and below.
    #[serde(default, skip_serializing_if = "Filter::is_all")]
    pub filter: Filter,
    /// What it is told in.
    #[serde(default)]
    pub unit: Unit,
    /// Which way it is better.
    #[serde(default)]
    pub better: Better,
    /// What has to be known about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note_zh: String,
    /// The same in English.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note_en: String,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// One summand: a word, perhaps with a filter of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = RateTerm)]
pub enum Term {
    /// A word.
    Word(String),
    /// A word of some cases only.
    Of {
        /// The word.
        word: String,
        /// Which cases.
        filter: Filter,
    },
}

impl Term {
    /// The name of its word.
    pub fn name(&self) -> &str {
        match self {
            Self::Word(name) | Self::Of { word: name, .. } => name,
        }
    }
    /// Its own filter.
    pub fn filter(&self) -> Option<&Filter> {
        match self {
            Self::Word(_) => None,
            Self::Of { filter, .. } => Some(filter),
        }
    }
    /// Its word. A set that was [checked](DefinitionSet::check) names only words that there are.
    pub fn word(&self) -> Option<&'static Word> {
        word(self.name())
    }
}

/// Which cases a definition is about.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(deny_unknown_fields, default)]
#[schema(as = RateFilter)]
pub struct Filter {
    /// Found by the administration itself, or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patrol: Option<bool>,
    /// Urgent, or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent: Option<bool>,
    /// From a file of another system, or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported: Option<bool>,
    /// Only these channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Only these natures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub natures: Vec<String>,
}

impl Filter {
    /// Whether it lets every case through.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// What a composite scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScoreObject)]
pub enum Object {
    /// 区域
    Region,
    /// 部门
    Unit,
    /// 岗位 — all holders of a role together.
    Post,
}

/// A composite score: at most 100 points, and just as many where it is graded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoreDefinition)]
pub struct Composite {
    /// Its id.
    pub id: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// What it scores.
    pub object: Object,
    /// Which post, as the word of a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// An example; no city has decided it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub example: bool,
    /// Made of the figures after review (免责、剔除); without it of those before. The other stands beside it either way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reviewed: bool,
    /// What has to be known about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note_zh: String,
    /// The same in English.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note_en: String,
    /// Where it comes from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// What is added.
    #[serde(rename = "part")]
    pub parts: Vec<Part>,
}

impl Composite {
    /// The points it has at most.
    pub fn points(&self) -> f64 {
        self.parts.iter().map(|p| p.weight).sum()
    }
    /// Whether these are a hundred, but for what decimals add (33.3 + 33.3 + 33.4).
    pub fn is_of_hundred(&self) -> bool {
        (self.points() - 100.0).abs() < 1e-6
    }
}

/// One part of a composite: a rate, or a count put into bands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScorePart)]
pub struct Part {
    /// The id of a rate of the same set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// A word whose count is put into bands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
    /// The points at most.
    pub weight: f64,
    /// The rate is turned round: (1 − rate).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inverted: bool,
    /// The count is divided by the number of unit grids of the region.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub per_grid: bool,
    /// Bands of the count or the rate, upwards; the last has no end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<Band>,
}

/// A band: up to this number, so many of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoreBand)]
pub struct Band {
    /// Its upper end, included; none for the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<f64>,
    /// 0 to 100.
    pub points: f64,
}

/// A grade: this name from so many points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoreGrade)]
pub struct Grade {
    /// Such as `A`.
    pub name: String,
    /// The least score.
    pub from: f64,
}

/// Why a set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {}", why.text)]
pub struct SetError {
    /// Where.
    pub field: String,
    /// Why.
    pub why: Why,
}

fn fault(field: impl Into<String>, why: Why) -> SetError {
    SetError {
        field: field.into(),
        why,
    }
}

/// A word that nobody counts by.
fn no_word(name: &str) -> Why {
    Why::new("set_no_word", format!("there is no word {name:?}")).with("name", name)
}

/// What a reader of TOML or JSON says of a text that it cannot read: where, and what.
fn unreadable(error: &impl ToString) -> Why {
    let text = error.to_string();
    Why::new("set_unreadable", &text).with("reason", text)
}

/// An id that stands twice.
fn twice() -> Why {
    Why::new("set_twice", "this id stands twice")
}

/// A piece of a set that may be at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// Its id, version, names and grades.
    Head,
    /// A definition, by its place in the set from 0.
    Definition(usize),
    /// A composite, by its place in the set from 0.
    Composite(usize),
}

impl Definition {
    fn check<'s>(&'s self, ids: &mut BTreeSet<&'s str>) -> Result<(), SetError> {
        let at = format!("definition {}", self.id);
        id(&at, &self.id)?;
        is_new(ids, at.clone(), &self.id)?;
        text(&at, &self.name_zh)?;
        text(&at, &self.name_en)?;
        terms(&format!("{at}, numerator"), &self.numerator)?;
        terms(&format!("{at}, denominator"), &self.denominator)
    }
}

impl DefinitionSet {
    /// Reads a set, as TOML or as JSON (which begins with a brace), that is sound.
    ///
    /// # Errors
    /// [`SetError`] with the field.
    pub fn parse(text: &str) -> Result<Self, SetError> {
        let set = Self::read(text)?;
        set.check()?;
        Ok(set)
    }

    /// Reads a set that was [checked](Self::check) when it came: everything it names is still there. What was taken before
    /// [points](Self::check_points) were bound is read as it was.
    ///
    /// # Errors
    /// [`SetError`] with the field.
    pub fn stored(text: &str) -> Result<Self, SetError> {
        let set = Self::read(text)?;
        if let Some((_, fault)) = set.told_faults(false).into_iter().next() {
            return Err(fault);
        }
        Ok(set)
    }

    /// Reads a set that may be at fault in what it says, for who is told every fault.
    ///
    /// # Errors
    /// [`SetError`] where the text is none of a set.
    pub fn read(text: &str) -> Result<Self, SetError> {
        if text.len() > MOST_BYTES {
            return Err(fault(
                "file",
                Why::new("set_too_long", format!("is longer than {MOST_BYTES} bytes")),
            ));
        }
        if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|e| fault("file", unreadable(&e)))
        } else {
            toml::from_str(text).map_err(|e| fault("file", unreadable(&e)))
        }
    }

    /// The set as TOML, for a person who changes it: read again, it says the same.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("numbers, texts and lists of tables, tables last")
    }

    /// The rate with this id.
    pub fn definition(&self, id: &str) -> Option<&Definition> {
        self.definitions.iter().find(|d| d.id == id)
    }

    /// The composite with this id.
    pub fn composite(&self, id: &str) -> Option<&Composite> {
        self.composites.iter().find(|c| c.id == id)
    }

    /// The grade of a score.
    pub fn grade(&self, score: f64) -> Option<&str> {
        self.grades
            .iter()
            .find(|g| score >= g.from)
            .map(|g| g.name.as_str())
    }

    /// Whether everything it names is there and says one thing, and its scores are told in a hundred points.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), SetError> {
        match self.faults().into_iter().next() {
            Some((_, fault)) => Err(fault),
            None => Ok(()),
        }
    }

    /// Every fault, of each piece the first: of the head, of each definition, of each composite, of the grades.
    pub fn faults(&self) -> Vec<(Piece, SetError)> {
        self.told_faults(true)
    }

    fn told_faults(&self, with_points: bool) -> Vec<(Piece, SetError)> {
        let mut ids = BTreeSet::new();
        let mut found = Vec::new();
        let mut note =
            |piece, said: Result<(), SetError>| found.extend(said.err().map(|e| (piece, e)));
        note(Piece::Head, self.check_head());
        for (at, definition) in self.definitions.iter().enumerate() {
            note(Piece::Definition(at), definition.check(&mut ids));
        }
        for (at, composite) in self.composites.iter().enumerate() {
            let sound = self.check_composite(composite).and_then(|()| {
                let place = format!("composite {}", composite.id);
                is_new(&mut ids, place, &composite.id)?;
                if with_points {
                    self.check_points(composite)?;
                }
                Ok(())
            });
            note(Piece::Composite(at), sound);
        }
        for grade in &self.grades {
            let place = format!("grade {}, from", grade.name);
            note(Piece::Head, finite(&place, grade.from));
        }
        if self.grades.windows(2).any(|w| w[0].from <= w[1].from) {
            let why = Why::new("set_grades", "the best stands first, each below the last");
            note(Piece::Head, Err(fault("grade", why)));
        }
        found
    }

    /// Grades begin at so many of a hundred points: what is graded adds up to that. What is only shown may have fewer, as a
    /// city that scores the rest by hand would have it; none has more.
    fn check_points(&self, composite: &Composite) -> Result<(), SetError> {
        let at = || format!("composite {}, weight", composite.id);
        let points = composite.points();
        if composite.is_of_hundred() {
            return Ok(());
        }
        if points > 100.0 {
            let why = Why::new(
                "set_sum_over",
                format!("the weights add up to {points}, to more than 100"),
            );
            return Err(fault(at(), why.with("points", points)));
        }
        if !self.grades.is_empty() && objections(self, composite).is_empty() {
            let why = Why::new(
                "set_sum",
                format!("the weights of what is graded add up to 100, not to {points}"),
            );
            return Err(fault(at(), why.with("points", points)));
        }
        Ok(())
    }

    fn check_head(&self) -> Result<(), SetError> {
        id("id", &self.id)?;
        if self.version == 0 {
            return Err(fault("version", Why::new("set_version", "counts from 1")));
        }
        text("name_zh", &self.name_zh)?;
        text("name_en", &self.name_en)?;
        if self.definitions.is_empty() {
            return Err(fault("definition", Why::new("set_empty", "there is none")));
        }
        if self.definitions.len() > MOST || self.composites.len() > MOST {
            let why = Why::new("set_too_many", format!("there are more than {MOST}"));
            return Err(fault("definition", why.with("most", MOST)));
        }
        Ok(())
    }

    fn check_composite(&self, composite: &Composite) -> Result<(), SetError> {
        let at = format!("composite {}", composite.id);
        id(&at, &composite.id)?;
        text(&at, &composite.name_zh)?;
        text(&at, &composite.name_en)?;
        let is_role = |post: &str| post.parse::<access::Role>().is_ok();
        match (&composite.post, composite.object) {
            (Some(post), Object::Post) if is_role(post) => {}
            (Some(post), Object::Post) => {
                return Err(fault(
                    at,
                    Why::new("set_post", format!("there is no post {post:?}")).with("name", post),
                ));
            }
            (None, Object::Post) => {
                return Err(fault(at, Why::new("set_no_post", "a post needs `post`")));
            }
            (Some(_), _) => {
                return Err(fault(
                    at,
                    Why::new("set_post_elsewhere", "`post` is for posts only"),
                ));
            }
            (None, _) => {}
        }
        if composite.parts.is_empty() {
            return Err(fault(at, Why::new("set_no_part", "it has no part")));
        }
        for part in &composite.parts {
            finite(&format!("{at}, weight"), part.weight)?;
            if !(part.weight > 0.0 && part.weight <= 100.0) {
                return Err(fault(
                    at,
                    Why::new("set_weight", "a weight lies between 0 and 100"),
                ));
            }
            match (&part.rate, &part.count) {
                (Some(rate), None) => match self.definition(rate) {
                    Some(d) if d.unit == Unit::Share => {}
                    Some(_) => {
                        return Err(fault(
                            at,
                            Why::new("set_no_share", format!("{rate:?} is not a share"))
                                .with("name", rate),
                        ));
                    }
                    None => {
                        return Err(fault(
                            at,
                            Why::new("set_no_rate", format!("there is no rate {rate:?}"))
                                .with("name", rate),
                        ));
                    }
                },
                (None, Some(count)) if word(count).is_none() => {
                    return Err(fault(at, no_word(count)));
                }
                (None, Some(_)) if part.bands.is_empty() => {
                    return Err(fault(at, Why::new("set_no_bands", "a count needs bands")));
                }
                (None, Some(_)) if part.inverted => {
                    return Err(fault(
                        at,
                        Why::new("set_inverted", "a count is turned round by its bands"),
                    ));
                }
                (None, Some(_)) => {}
                _ => {
                    return Err(fault(
                        at,
                        Why::new("set_part", "a part is either a rate or a count"),
                    ));
                }
            }
            if part.per_grid && (part.count.is_none() || composite.object != Object::Region) {
                return Err(fault(
                    at,
                    Why::new("set_per_grid", "`per_grid` is for counts of regions"),
                ));
            }
            bands(&at, &part.bands)?;
        }
        Ok(())
    }
}

fn bands(at: &str, bands: &[Band]) -> Result<(), SetError> {
    let Some((last, before)) = bands.split_last() else {
        return Ok(());
    };
    for band in bands {
        finite(&format!("{at}, points"), band.points)?;
        if let Some(end) = band.up_to {
            finite(&format!("{at}, up_to"), end)?;
        }
    }
    if last.up_to.is_some() || before.iter().any(|b| b.up_to.is_none()) {
        return Err(fault(
            at,
            Why::new("set_last_band", "the last band, and only that, has no end"),
        ));
    }
    let rises = before
        .windows(2)
        .all(|w| matches!((w[0].up_to, w[1].up_to), (Some(a), Some(b)) if a < b));
    if !rises {
        return Err(fault(at, Why::new("set_bands", "the bands go upwards")));
    }
    if bands.iter().any(|b| !(0.0..=100.0).contains(&b.points)) {
        return Err(fault(
            at,
            Why::new("set_points", "the points of a band lie between 0 and 100"),
        ));
    }
    Ok(())
}

/// TOML has `nan` and `inf`. Neither is a number of points, and JSON, in which sets are kept, has no word for them.
fn finite(at: &str, number: f64) -> Result<(), SetError> {
    if number.is_finite() {
        Ok(())
    } else {
        Err(fault(at, Why::new("set_finite", "is not a finite number")))
    }
}

/// An id goes into addresses and file names.
fn id(at: &str, id: &str) -> Result<(), SetError> {
    let is_fine = !id.is_empty()
        && id.len() <= 80
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-/".contains(&b));
    if is_fine {
        Ok(())
    } else {
        Err(fault(
            at,
            Why::new(
                "set_id",
                "an id has 1 to 80 of the characters a-z, 0-9, _, - and /",
            ),
        ))
    }
}

fn is_new<'s>(ids: &mut BTreeSet<&'s str>, at: String, id: &'s str) -> Result<(), SetError> {
    if ids.insert(id) {
        Ok(())
    } else {
        Err(fault(at, twice()))
    }
}

fn text(at: &str, text: &str) -> Result<(), SetError> {
    let length = text.chars().count();
    if (1..=120).contains(&length) && !text.contains(char::is_control) {
        Ok(())
    } else {
        Err(fault(
            at,
            Why::new("set_name", "a name has 1 to 120 characters"),
        ))
    }
}

fn terms(at: &str, terms: &[Term]) -> Result<(), SetError> {
    if terms.is_empty() || terms.len() > 12 {
        return Err(fault(at, Why::new("set_terms", "1 to 12 words are summed")));
    }
    for term in terms {
        if term.word().is_none() {
            return Err(fault(at, no_word(term.name())));
        }
    }
    Ok(())
}

/// The sets that come with the program, in every version that ever did: a figure names the one it was made by. A city's own
/// stand beside them in the store.
pub fn built_in() -> Vec<DefinitionSet> {
    [
        include_str!("../data/standard.toml"),
        include_str!("../data/standard-2.toml"),
        include_str!("../data/standard-3.toml"),
    ]
    .into_iter()
    .map(|text| DefinitionSet::stored(text).expect("the sets that come with the program are sound"))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_that_come_with_the_program_are_sound() {
        let sets = built_in();
        for set in &sets {
            set.check().unwrap();
            assert!(set.composites.iter().all(Composite::is_of_hundred));
        }
        let standard = &sets[0];
        assert_eq!((standard.id.as_str(), standard.version), ("standard", 1));
        assert!(standard.definitions.len() >= 35);
        assert!(standard.composites.iter().all(|c| c.example));
        assert_eq!(standard.grade(90.0), Some("A"));
        assert_eq!(standard.grade(39.9), Some("E"));
        // The second version adds definitions and changes none.
        let second = &sets[1];
        assert_eq!((second.id.as_str(), second.version), ("standard", 2));
        for definition in &standard.definitions {
            assert!(second.definitions.contains(definition), "{}", definition.id);
        }
        assert_eq!(second.composites, standard.composites);
        let third = &sets[2];
        assert_eq!((third.id.as_str(), third.version), ("standard", 3));
        for definition in &second.definitions {
            assert!(third.definitions.contains(definition), "{}", definition.id);
        }
        assert_eq!(third.composites, second.composites);
        // What was written reads the same again.
        let json = serde_json::to_string(standard).unwrap();
        assert_eq!(DefinitionSet::parse(&json).as_ref(), Ok(standard));
        assert_eq!(
            DefinitionSet::parse(&standard.to_toml()).as_ref(),
            Ok(standard)
        );
    }

    fn standard_with(from: &str, to: &str) -> SetError {
        let text = include_str!("../data/standard.toml");
        assert!(text.contains(from), "{from}");
        DefinitionSet::parse(&text.replacen(from, to, 1)).unwrap_err()
    }

    #[test]
    fn a_fault_names_its_place_and_reason() {
        for (from, to, field, reason) in [
            ("version = 1", "version = 0", "version", "from 1"),
            (
                r#"numerator = ["archive"]"#,
                r#"numerator = ["arrchive"]"#,
                "closing/",
                "arrchive",
            ),
            (
                r#"numerator = ["archive"]"#,
                "numerator = []",
                "numerator",
                "1 to 12",
            ),
            (
                r#"rate = "closing/need_archive""#,
                r#"rate = "nothing""#,
                "composite",
                "nothing",
            ),
            (
                r#"post = "collector""#,
                r#"post = "mayor""#,
                "composite",
                "mayor",
            ),
            ("weight = 60", "weight = -1", "composite", "weight"),
            (
                r#"id = "standard""#,
                r#"id = "Stan dard""#,
                "id",
                "characters",
            ),
        ] {
            let fault = standard_with(from, to);
            assert!(fault.field.contains(field), "{fault}");
            assert!(fault.why.text.contains(reason), "{fault}");
        }
    }

    #[test]
    fn every_number_of_a_set_is_finite() {
        for no_number in ["nan", "-nan", "inf", "-inf"] {
            for (from, to, field) in [
                ("from = 90", "from = ", "grade A, from"),
                ("from = 0", "from = ", "grade E, from"),
                ("weight = 60", "weight = ", "composite unit/eg, weight"),
                ("up_to = 50,", "up_to = ", "composite unit/cu, up_to"),
                (
                    "bands = [{ up_to = 50, points = 100 }, { up_to = 100, points = 90 }, { up_to = 200, points = 75 }, { up_to = 500, points = 60 }, { up_to = 1000,",
                    "bands = [{ up_to = ",
                    "composite unit/cu, up_to",
                ),
                ("points = 100 }", "points = ", "composite unit/cu, points"),
            ] {
                let end = from.chars().last().filter(|c| matches!(c, ',' | '}'));
                let end = end.map(|c| format!(" {c}")).unwrap_or_default();
                let fault = standard_with(from, &format!("{to}{no_number}{end}"));
                assert_eq!(fault.field, field);
                assert_eq!(fault.why.text, "is not a finite number", "{from}");
            }
        }
    }

    #[test]
    fn a_score_is_told_in_a_hundred_points() {
        let of = |weights: &[f64], graded: bool| {
            let mut set = built_in().remove(0);
            let mut composite = set.composite("unit/fuzhou").unwrap().clone();
            let part = composite.parts[0].clone();
            let weighed = |weight: &f64| Part {
                weight: *weight,
                ..part.clone()
            };
            composite.parts = weights.iter().map(weighed).collect();
            set.composites = vec![composite];
            if !graded {
                set.grades.clear();
            }
            set
        };
        let sound: [(&[f64], bool); 6] = [
            (&[100.0], true),
            (&[33.3, 33.3, 33.4], true),
            (&[0.1, 0.2, 99.7], true),
            (&[100.0 / 3.0; 3], true),
            (&[70.0], false),
            (&[10.0, 90.0], false),
        ];
        for (weights, graded) in sound {
            assert_eq!(of(weights, graded).check(), Ok(()), "{weights:?}");
        }
        let refused: [(&[f64], bool); 6] = [
            (&[100.0, 100.0], true),
            (&[100.0, 100.0], false),
            (&[10.0], true),
            (&[100.0, 0.001], false),
            (&[99.9], true),
            (&[40.0, 40.0, 20.1], true),
        ];
        for (weights, graded) in refused {
            let set = of(weights, graded);
            let fault = set.check().unwrap_err();
            assert_eq!(fault.field, "composite unit/fuzhou, weight", "{weights:?}");
            assert!(fault.why.text.contains("add up to"), "{fault}");
            // A version that a city brought in before is still there.
            let kept = DefinitionSet::stored(&set.to_toml());
            assert_eq!(kept.as_ref(), Ok(&set));
        }
        // What may not be graded anyway may have fewer points, and no more.
        let text = include_str!("../data/standard.toml");
        let of_counts = |weight: &str| {
            let (before, after) = text.split_at(text.find("id = \"unit/cu\"").unwrap());
            let after = after.replacen("weight = 10", weight, 1);
            DefinitionSet::parse(&format!("{before}{after}"))
        };
        assert!(of_counts("weight = 5").is_ok());
        assert_eq!(
            of_counts("weight = 11").unwrap_err().field,
            "composite unit/cu, weight"
        );
    }

    #[test]
    fn garbage_is_refused_and_never_panics() {
        for text in [
            "",
            "{",
            "{}",
            "[]",
            "id = 1",
            "\u{0}",
            "id=\"x\"\nversion=99999999999999",
            "{\"id\":null}",
            "[[definition]]",
            "{\"id\":\"x\",\"version\":1,\"name_zh\":\"x\",\"name_en\":\"x\",\"definition\":[{}]}",
        ] {
            assert!(DefinitionSet::parse(text).is_err(), "{text:?}");
        }
        assert!(DefinitionSet::parse(&"#".repeat(MOST_BYTES + 1)).is_err());
    }
}
