//! The adviser of the running program: the models in force and the keywords of the catalogue, in memory.

use crate::guard;
use crate::model::{KEYWORDS, Kind};
use crate::rules::{facts_of, why_of};
use access::UnitId;
use analysis::text::{self, Closeness, Keywords, Message, Model, Reason, Report, Suggestion};
use cases::Case;
use cases::advice::{
    Advised, Adviser, Alike, Asked, Learned, Why, alike_by_rule, distance, hours_apart,
};
use kernel::geo::Point;
use kernel::id::Id;
use matters::{City, MatterId, Matters};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Suggestions of one kind at most.
const MOST: usize = 3;
/// Reports of other words are no reason below this share of common runs of three letters …
const LEAST_WORDS: f64 = 0.35;
/// … within this distance …
const WORDS_RADIUS_M: f64 = 500.0;
/// … and this time.
const WORDS_HOURS: f64 = 720.0;

/// A model in force.
#[derive(Debug)]
pub struct InForce {
    /// Its number.
    pub number: i64,
    /// It.
    pub model: Model,
}

#[derive(Default)]
struct State {
    enabled: bool,
    models: BTreeMap<Kind, Arc<InForce>>,
    keywords: Option<(Arc<Matters>, Arc<Keywords>)>,
}

/// Gives advice from what is in memory. One per process; see [`crate::ops::refresh`].
#[derive(Default)]
pub struct Advisers {
    state: RwLock<State>,
    is_stopping: AtomicBool,
}

impl Advisers {
    /// The program is about to end: a training that runs gives up, and none is begun.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }
    /// Whether the program is about to end.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }
    /// Takes over what is set and the models in force.
    pub fn set(&self, enabled: bool, models: BTreeMap<Kind, Arc<InForce>>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.enabled = enabled;
        state.models = models;
    }
    /// Whether anything is suggested.
    pub fn is_enabled(&self) -> bool {
        self.state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .enabled
    }
    /// The model in force.
    pub fn in_force(&self, kind: Kind) -> Option<Arc<InForce>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.models.get(&kind).cloned()
    }
    /// The keywords of the catalogue as it stands.
    fn keywords(&self, city: &City) -> Arc<Keywords> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, keywords)) = &state.keywords
            && Arc::ptr_eq(of, &city.matters)
        {
            return keywords.clone();
        }
        drop(state);
        let made = Arc::new(keywords_of(&city.matters));
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.keywords = Some((city.matters.clone(), made.clone()));
        made
    }
}

/// The keywords of the classes people choose from: their names, and the words the catalogue has for them.
fn keywords_of(matters: &Matters) -> Keywords {
    let classes: Vec<(String, Vec<&str>)> = matters
        .choices()
        .filter(|class| !class.flags.confidential)
        .map(|class| {
            let words = class.keywords.iter().map(String::as_str);
            (
                class.id.0.to_string(),
                words.chain([class.name_zh.as_str()]).collect(),
            )
        })
        .collect();
    Keywords::new(
        classes
            .iter()
            .map(|(label, words)| (label.as_str(), words.as_slice())),
    )
}

/// What a model says about a message, as ids.
pub fn advised<T: FromStr>(
    number: i64,
    found: Vec<Suggestion>,
    mut into: impl FnMut(Id) -> Option<T>,
) -> Vec<Advised<T>> {
    let learned = if number == KEYWORDS {
        Learned::Keywords
    } else {
        Learned::Record(number)
    };
    found
        .into_iter()
        .filter_map(|suggestion| {
            Some(Advised {
                what: into(suggestion.label.parse::<Id>().ok()?)?,
                confidence: suggestion.confidence,
                why: suggestion
                    .words
                    .iter()
                    .filter_map(|w| why_of(w))
                    .collect::<Vec<Why>>(),
                learned,
            })
        })
        .collect()
}

/// What a model suggests about a message; empty below its confidence.
pub fn by_model(model: &InForce, asked: &Asked<'_>, kind: Kind, city: &City) -> Vec<Suggestion> {
    let class = asked.matter.filter(|_| kind == Kind::Unit);
    let facts = facts_of(asked.place, asked.at, class, &city.timezone);
    let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
    let text = guard::readable_text(asked.text);
    let message = Message {
        text: &text,
        facts: &facts,
    };
    model.model.suggest(&message, MOST)
}

impl Adviser for Advisers {
    fn classes(&self, city: &City, asked: &Asked<'_>) -> Vec<Advised<MatterId>> {
        if !self.is_enabled() {
            return Vec::new();
        }
        // A class that is no longer in the catalogue is suggested to nobody.
        let known =
            |id: Id| Some(MatterId(id)).filter(|id| city.matters.choices().any(|c| c.id == *id));
        if let Some(model) = self.in_force(Kind::Class) {
            let found = advised(
                model.number,
                by_model(&model, asked, Kind::Class, city),
                known,
            );
            if !found.is_empty() {
                return found;
            }
        }
        let text = guard::readable_text(asked.text);
        advised(KEYWORDS, self.keywords(city).suggest(&text, MOST), known)
    }

    fn unit(&self, city: &City, asked: &Asked<'_>) -> Option<Advised<UnitId>> {
        if !self.is_enabled() {
            return None;
        }
        let model = self.in_force(Kind::Unit)?;
        let known =
            |id: Id| Some(UnitId(id)).filter(|id| city.units.in_force().any(|u| u.id == *id));
        advised(
            model.number,
            by_model(&model, asked, Kind::Unit, city),
            known,
        )
        .into_iter()
        .next()
    }

    fn alike(&self, asked: &Asked<'_>, other: &Case, radius_m: f64, hours: f64) -> Option<Alike> {
        if !self.is_enabled() {
            return alike_by_rule(asked, other, radius_m, hours);
        }
        let of_asked = asked.matter.map(|m| m.0.to_string());
        let of_other = other.matter.map(|m| m.0.to_string());
        let closeness = Closeness {
            radius_m,
            window_h: hours,
            words: LEAST_WORDS,
            words_radius_m: WORDS_RADIUS_M,
            words_window_h: WORDS_HOURS,
        };
        let (likeness, reasons) = text::compare(
            &report(asked.text, of_asked.as_deref(), asked.place.point, asked.at),
            &report(
                &other.description,
                of_other.as_deref(),
                other.place.point,
                other.reported_at,
            ),
            &closeness,
        )?;
        Some(Alike {
            likeness,
            metres: distance(asked.place.point, other.place.point),
            hours: hours_apart(asked.at, other.reported_at),
            is_same_class: reasons.contains(&Reason::SameClass),
            is_same_grid: false,
            words: reasons.iter().find_map(|r| match r {
                Reason::SameWords(share) => Some(*share),
                _ => None,
            }),
            is_said: false,
        })
    }
}

fn report<'a>(
    text: &'a str,
    class: Option<&'a str>,
    point: Option<Point>,
    time: jiff::Timestamp,
) -> Report<'a> {
    Report {
        text,
        class,
        place: point.map(|p| text::Place {
            lon: p.lon(),
            lat: p.lat(),
        }),
        time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sample::SampleCity;
    use std::sync::LazyLock;

    /// The sample city, for its catalogue and the words in which its people report.
    static SAMPLE: LazyLock<SampleCity> = LazyLock::new(|| {
        let now = "2026-11-23T10:30:00+08:00".parse().unwrap();
        sample::generate_cases(20_261_123, now, 2000).unwrap()
    });

    fn register() -> Matters {
        let (catalogue, classes) = (SAMPLE.catalogue.clone(), SAMPLE.classes.clone());
        Matters::build(vec![catalogue], classes, jiff::civil::date(2026, 11, 23))
    }

    /// The name of the class suggested first; none where the keywords are silent.
    fn first(keywords: &Keywords, matters: &Matters, text: &str) -> Option<String> {
        let found = keywords.suggest(text, MOST).into_iter().next()?;
        let class = matters.get(MatterId(found.label.parse().unwrap())).unwrap();
        Some(class.name_zh.clone())
    }

    #[test]
    fn everyday_words_bring_the_class_whose_keyword_alone_they_hold() {
        let matters = register();
        let keywords = keywords_of(&matters);
        for (text, class) in [
            ("路灯不亮了", Some("路灯")),
            ("垃圾没人清", Some("暴露垃圾")),
            ("树倒了", Some("行道树")),
            ("违章停车", Some("机动车乱停放")),
            ("水管爆了", Some("供水管道破裂")),
            ("下水管堵了", Some("排水管道堵塞、破裂")),
            ("道路破损", Some("道路破损")),
            ("楼道里全是小广告", Some("非法小广告")),
            ("楼顶乱搭建", Some("私搭乱建")),
            ("店外经营", Some("店外经营")),
            ("雨水井盖丢了", Some("雨水井盖")),
            ("工地噪音扰民", Some("施工扰民")),
            // Many classes have such a lid, and two make noise: which one, only a person can tell.
            ("井盖丢了", None),
            ("噪音扰民", None),
            ("占道", None),
            ("今天天气很好", None),
            ("明天会下雨吗，要不要带伞", None),
            ("谢谢你们的工作", None),
            ("树很好看", None),
            ("", None),
        ] {
            assert_eq!(first(&keywords, &matters, text).as_deref(), class, "{text}");
        }
    }

    #[test]
    fn a_confidential_class_is_suggested_by_no_keyword() {
        let matters = register();
        let hidden = matters.choices().find(|c| c.flags.confidential).unwrap();
        let text = format!("{} {}", hidden.name_zh, hidden.keywords.join(" "));
        let found = keywords_of(&matters).suggest(&text, MOST);
        assert!(found.iter().all(|s| s.label != hidden.id.0.to_string()));
    }

    #[test]
    fn what_the_keywords_say_about_reports_is_three_times_as_often_right_as_wrong() {
        let matters = register();
        let keywords = keywords_of(&matters);
        let (mut right, mut wrong, mut silent) = (0_u32, 0_u32, 0_u32);
        for life in &SAMPLE.lives {
            let Some(class) = life.case.matter.and_then(|id| matters.get(id)) else {
                continue;
            };
            match first(&keywords, &matters, &life.case.description) {
                None => silent += 1,
                Some(name) if name == class.name_zh => right += 1,
                Some(_) => wrong += 1,
            }
        }
        // A rule of thumb: four in five where it speaks, and it speaks of nearly every second report.
        assert!(
            right > 3 * wrong && 3 * (right + wrong) > right + wrong + silent,
            "{right} right, {wrong} wrong, {silent} silent"
        );
    }
}
