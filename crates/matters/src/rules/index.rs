//! The keyword index of the catalogue: finds classes by words of people, Chinese and English.
//!
//! Chinese is indexed by pairs of letters, which needs no dictionary and finds 井盖 in 上水井盖; words of other scripts by
//! themselves. A pair that many classes share weighs little, one that stands in a name more than one in a condition.

use crate::model::MatterClass;
use std::collections::{BTreeMap, HashMap};

/// Results below this part of the best one's weight are noise.
const LEAST_PART: f32 = 0.25;
/// The longest question that is read, in characters.
const MAX_QUESTION: usize = 200;

/// Where a term stands and how much that says.
const CODE: f32 = 10.0;
const NAME: f32 = 8.0;
const KEYWORD: f32 = 6.0;
const ENGLISH: f32 = 4.0;
const MAJOR: f32 = 2.0;
const CONDITION: f32 = 1.0;
/// A law names many classes, and its words are those of none of them.
const BASIS: f32 = 1.0;

/// An index over a list of classes, by their places in that list.
#[derive(Debug, Default)]
pub struct Index {
    /// Term → places of the classes that have it, each with its weight.
    terms: HashMap<String, Vec<(u32, f32)>>,
    classes: usize,
}

/// A class that was found, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its place in the list.
    pub at: usize,
    /// How well it fits; only comparable within one answer.
    pub score: f32,
    /// The words that led to it, the weightiest first.
    pub words: Vec<String>,
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn fold(c: char) -> char {
    let half = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    };
    half.to_lowercase().next().unwrap_or(half)
}

/// The terms of a text in reading order: pairs of Chinese letters (one that stands alone by itself), other words whole.
fn terms(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut run = Vec::<char>::new();
    let mut was_han = false;
    let mut end = |run: &mut Vec<char>, han: bool| {
        match (han, run.len()) {
            (_, 0) => {}
            (true, 1) | (false, _) => out.push(run.iter().collect()),
            (true, _) => out.extend(run.windows(2).map(|pair| pair.iter().collect::<String>())),
        }
        run.clear();
    };
    for c in text.chars().map(fold) {
        let han = is_han(c);
        if !c.is_alphanumeric() || han != was_han {
            end(&mut run, was_han);
        }
        if c.is_alphanumeric() {
            run.push(c);
        }
        was_han = han;
    }
    end(&mut run, was_han);
    out
}

impl Index {
    /// Reads the words of classes. The list must keep its order as long as the index is used.
    pub fn build(classes: &[MatterClass]) -> Self {
        let mut index = Self {
            classes: classes.len(),
            ..Self::default()
        };
        for (at, class) in (0..).zip(classes) {
            let mut own = BTreeMap::<String, f32>::new();
            let mut add = |text: &str, weight: f32| {
                for term in terms(text) {
                    let best = own.entry(term).or_default();
                    *best = best.max(weight);
                }
            };
            add(&class.code, CODE);
            add(&class.name_zh, NAME);
            class.keywords.iter().for_each(|k| add(k, KEYWORD));
            add(class.name_en.as_deref().unwrap_or_default(), ENGLISH);
            add(class.major_name.as_deref().unwrap_or_default(), MAJOR);
            for condition in &class.conditions {
                add(&condition.text, CONDITION);
                add(condition.legal_basis.as_deref().unwrap_or_default(), BASIS);
            }
            for (term, weight) in own {
                index.terms.entry(term).or_default().push((at, weight));
            }
        }
        index
    }

    /// The classes that fit a text, the best first; equal ones in the order of the list. Nothing for a text without words.
    pub fn find(&self, text: &str) -> Vec<Found> {
        let bounded: String = text.chars().take(MAX_QUESTION).collect();
        let mut asked = terms(&bounded);
        asked.sort_unstable();
        asked.dedup();
        let mut scores = BTreeMap::<u32, Vec<(f32, &str)>>::new();
        for term in &asked {
            let Some((term, holders)) = self.terms.get_key_value(term) else {
                continue;
            };
            // 1 + ln(N / n): a term that every class has still counts a little.
            let rarity = 1.0 + (self.classes as f32 / holders.len() as f32).ln();
            for (at, weight) in holders {
                scores.entry(*at).or_default().push((weight * rarity, term));
            }
        }
        let mut found: Vec<Found> = scores
            .into_iter()
            .map(|(at, mut words)| {
                words.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
                Found {
                    at: at as usize,
                    score: words.iter().map(|(weight, _)| weight).sum(),
                    words: words.into_iter().map(|(_, w)| w.to_owned()).collect(),
                }
            })
            .collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.at.cmp(&b.at)));
        let least = found.first().map_or(0.0, |best| best.score * LEAST_PART);
        found.retain(|f| f.score >= least);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MatterId;
    use kernel::id::Id;

    fn class(name: &str, keywords: &[&str], condition: &str) -> MatterClass {
        let mut class = crate::rules::imported_class(MatterId(Id::from_bytes([1; 16])), "t", "X");
        class.code = format!("C{}", name.chars().count());
        class.name_zh = name.into();
        class.keywords = keywords.iter().map(|k| (*k).to_owned()).collect();
        if !condition.is_empty() {
            class.conditions.push(crate::model::Condition {
                rule_no: 1,
                text: condition.into(),
                limit: None,
                limit_text: String::new(),
                closing: Vec::new(),
                evidence: None,
                legal_basis: None,
                mandatory: false,
            });
        }
        class
    }

    #[test]
    fn words_of_people_find_the_class_and_say_why() {
        let classes = [
            class("上水井盖", &["自来水井盖"], "缺失"),
            class("暴露垃圾", &["垃圾成堆"], "路边散落"),
            class("路灯", &["灯不亮", "street lamp"], "夜间不亮"),
        ];
        let index = Index::build(&classes);
        let best = |text: &str| index.find(text).first().map(|f| f.at);
        assert_eq!(best("门口的井盖坏了，车过就响"), Some(0));
        assert_eq!(best("楼下垃圾没人收"), Some(1));
        assert_eq!(best("Street LAMP out"), Some(2));
        assert_eq!(best("Ｃ4"), Some(0));
        // Both words weigh the same; equal ones come in the order of their characters.
        assert_eq!(index.find("灯不亮")[0].words[0], "不亮");
        assert!(index.find("，。 !").is_empty() && index.find("").is_empty());
        assert!(index.find("zzz").is_empty());
    }

    #[test]
    fn the_law_it_rests_on_finds_a_class_too() {
        let based = |name: &str, basis: &str| {
            let mut class = class(name, &[], "缺失");
            class.conditions[0].legal_basis = Some(basis.into());
            class
        };
        let classes = [
            based("上水井盖", "城市供水条例第三十条"),
            based("暴露垃圾", "市容和环境卫生管理条例第十条"),
        ];
        let index = Index::build(&classes);
        let found = index.find("城市供水条例");
        assert_eq!(found[0].at, 0);
        assert!(found[0].words.contains(&"供水".to_owned()), "{found:?}");
        assert_eq!(index.find("环境卫生")[0].at, 1);
        // A name says more than a law.
        let classes = [based("垃圾箱", "水法"), based("井", "垃圾箱管理办法")];
        assert_eq!(Index::build(&classes).find("垃圾箱")[0].at, 0);
    }

    proptest::proptest! {
        #[test]
        fn any_question_gets_an_answer(text in "\\PC{0,400}") {
            let index = Index::build(&[class("暴露垃圾", &[], "")]);
            assert!(index.find(&text).len() <= 1);
        }
    }
}
