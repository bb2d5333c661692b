//! A cold start: suggestions from the catalogue's keywords, before a city has a record to train on.
//!
//! Every label of the catalogue brings its keywords. A letter of the text that stands in a keyword counts one, shared
//! among the labels whose keywords it stands in. The confidence is a rule of thumb, not a calibrated probability: the
//! label's part of all letters found, with a doubt of two. So the keywords speak where a label has at least two letters
//! more than all others together: a word of two letters that is one label's alone is enough; a single letter is not, and
//! labels that match equally keep each other silent.

use super::explain::MAX_WORDS;
use super::model::{Message, Model, Suggestion};
use super::segment::{bounded, fold};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Letters of doubt: the weight that stands against everything found.
const DOUBT: f64 = 2.0;
/// Below this confidence the keywords are silent: what is more likely wrong than right is not said.
const SPEAK: f64 = 0.5;
/// The longest keyword, in letters; longer ones are sentences that no message repeats.
const MAX_LETTERS: usize = 32;

/// Words as written in the text, each with its weight.
type Words = Vec<(String, f64)>;
/// A keyword in a text: the letters it stands at, as written there, the labels that have it.
type Found<'a> = (Range<usize>, &'a str, &'a [usize]);

/// The keywords of a catalogue, ready to be looked for.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    labels: Vec<String>,
    /// Folded keyword → labels that have it, ascending.
    owners: BTreeMap<Vec<char>, Vec<usize>>,
    longest: usize,
}

impl Keywords {
    /// Takes labels with their keywords. Keywords without a letter or digit, or with more than 32, are left out;
    /// a label named twice gets both lists.
    pub fn new<'a>(catalogue: impl IntoIterator<Item = (&'a str, &'a [&'a str])>) -> Self {
        let mut of_label: BTreeMap<&str, Vec<Vec<char>>> = BTreeMap::new();
        for (label, keywords) in catalogue {
            let folded = keywords
                .iter()
                .map(|k| k.chars().filter_map(fold).collect::<Vec<char>>());
            of_label
                .entry(label)
                .or_default()
                .extend(folded.filter(|k| (1..=MAX_LETTERS).contains(&k.len())));
        }
        let mut out = Self::default();
        for (label, keywords) in of_label {
            let number = out.labels.len();
            out.labels.push(label.to_owned());
            for keyword in keywords {
                out.longest = out.longest.max(keyword.len());
                let owners = out.owners.entry(keyword).or_default();
                if owners.last() != Some(&number) {
                    owners.push(number);
                }
            }
        }
        out
    }

    /// What the keywords suggest, the likeliest first, at most `most`; empty when they do not say enough.
    pub fn suggest(&self, text: &str, most: usize) -> Vec<Suggestion> {
        let found = self.found(text);
        let mut claims: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (at, _, owners) in &found {
            for letter in at.clone() {
                claims.entry(letter).or_default().extend(owners.iter());
            }
        }
        let all = claims.len() as f64;
        let mut of_label: BTreeMap<usize, (f64, Words)> = BTreeMap::new();
        // Keywords of one label that overlap (路灯 and 灯不亮) count each letter once.
        let mut counted: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, written, owners) in &found {
            for label in *owners {
                let end = counted.entry(*label).or_default();
                let each: f64 = (at.start.max(*end)..at.end)
                    .map(|letter| 1.0 / claims[&letter].len() as f64)
                    .sum();
                *end = at.end;
                let (weight, words) = of_label.entry(*label).or_default();
                *weight += each;
                words.push(((*written).to_owned(), each));
            }
        }
        let mut ranked: Vec<(usize, f64, Words)> = of_label
            .into_iter()
            .map(|(label, (weight, words))| (label, weight / (all + DOUBT), words))
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        if ranked.first().is_none_or(|first| first.1 < SPEAK) {
            return Vec::new();
        }
        ranked.truncate(most);
        ranked
            .into_iter()
            .map(|(label, confidence, mut words)| {
                words.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                words.truncate(MAX_WORDS);
                let (words, weights) = words.into_iter().unzip();
                Suggestion {
                    label: self.labels[label].clone(),
                    confidence,
                    words,
                    weights,
                }
            })
            .collect()
    }

    /// Every keyword of the text once, with the letters it stands at, how it is written there, and whose it is. One that
    /// lies inside a longer one (井盖 in 雨水井盖) is not found: the longer one says more.
    fn found<'a>(&'a self, text: &'a str) -> Vec<Found<'a>> {
        let text = bounded(text);
        let letters: Vec<(usize, char, usize)> = text
            .char_indices()
            .filter_map(|(at, c)| Some((at, fold(c)?, at + c.len_utf8())))
            .collect();
        let folded: Vec<char> = letters.iter().map(|(_, c, _)| *c).collect();
        let (mut out, mut seen, mut end) = (Vec::new(), BTreeSet::new(), 0);
        for from in 0..folded.len() {
            let longest = self.longest.min(folded.len() - from);
            let Some((keyword, owners)) = (1..=longest)
                .rev()
                .find_map(|n| self.owners.get_key_value(&folded[from..from + n]))
            else {
                continue;
            };
            let to = from + keyword.len();
            if to <= end {
                continue;
            }
            end = to;
            if seen.insert(keyword) {
                let written = &text[letters[from].0..letters[to - 1].2];
                out.push((from..to, written, owners.as_slice()));
            }
        }
        out
    }
}

/// Suggests by the trained model where there is one and it is sure, and otherwise by the keywords.
pub fn suggest(
    model: Option<&Model>,
    keywords: &Keywords,
    message: &Message<'_>,
    most: usize,
) -> Vec<Suggestion> {
    let trained = model.map(|m| m.suggest(message, most)).unwrap_or_default();
    if trained.is_empty() {
        keywords.suggest(message.text, most)
    } else {
        trained
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_data::small_model;
    use super::*;

    fn catalogue() -> Keywords {
        Keywords::new([
            ("井盖", ["井盖丢失", "井盖", "ＫＴＶ井"].as_slice()),
            ("路灯", ["路灯不亮", "路灯", "灯杆", "损坏"].as_slice()),
            ("护栏", ["护栏", "损坏", "。", ""].as_slice()),
        ])
    }

    #[test]
    fn the_label_with_the_most_weight_by_hand() {
        let found = catalogue().suggest("门口路灯不亮，灯杆损坏", 3);
        // 路灯不亮 4 + 灯杆 2 + half of 损坏 1 = 7 of 4 + 2 + 2 found and 2 of doubt.
        assert_eq!(
            (found[0].label.as_str(), found[0].confidence),
            ("路灯", 0.7)
        );
        assert_eq!(found[0].words, ["路灯不亮", "灯杆", "损坏"]);
        assert_eq!(
            (found[1].label.as_str(), found[1].confidence),
            ("护栏", 0.1)
        );
    }

    #[test]
    fn width_case_and_punctuation_inside_do_not_hide_a_keyword() {
        let found = catalogue().suggest("ktv井，井盖", 1);
        assert_eq!(found[0].words, ["ktv井", "井盖"]);
    }

    #[test]
    fn keywords_that_say_too_little_are_silent() {
        for text in ["", "你好", "损坏", "井盖 护栏", "井盖 护栏 灯杆"] {
            assert_eq!(catalogue().suggest(text, 3), [], "{text}");
        }
        assert_eq!(Keywords::new([]).suggest("井盖丢失", 3), []);
    }

    #[test]
    fn one_word_of_one_label_alone_is_enough_and_a_single_letter_is_not() {
        let found = catalogue().suggest("小区护栏歪了", 3);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].label.as_str(), found[0].confidence),
            ("护栏", 0.5)
        );
        assert_eq!(found[0].words, ["护栏"]);
        let trees = Keywords::new([("树", ["树"].as_slice())]);
        assert_eq!(trees.suggest("树", 3), []);
    }

    #[test]
    fn overlapping_keywords_of_one_label_count_each_letter_once() {
        let lamps = Keywords::new([("路灯", ["路灯", "灯不亮"].as_slice())]);
        let found = lamps.suggest("路灯不亮了", 1);
        // 路灯不亮 is four letters, with two of doubt.
        assert_eq!(found[0].confidence, 4.0 / 6.0);
        assert_eq!(found[0].words, ["灯不亮", "路灯"].map(String::from));
        assert_eq!(found[0].weights, [2.0, 2.0]);
    }

    #[test]
    fn a_word_inside_a_longer_one_and_labels_that_match_equally_say_nothing() {
        let lids = Keywords::new([
            ("雨水", ["井盖", "雨水井盖"].as_slice()),
            ("污水", ["井盖"].as_slice()),
            ("工地", ["工地"].as_slice()),
            ("地砖", ["地砖"].as_slice()),
        ]);
        assert_eq!(lids.suggest("井盖丢了", 3), [], "both have it");
        assert_eq!(lids.suggest("雨水井盖丢了", 3)[0].words, ["雨水井盖"]);
        assert_eq!(lids.suggest("施工地砖", 3), [], "one letter is in both");
    }

    #[test]
    fn the_trained_model_speaks_first() {
        let model = small_model();
        let keywords = Keywords::new([
            ("照明", ["路灯不亮"].as_slice()),
            ("井盖", ["井盖丢失"].as_slice()),
        ]);
        let label = |model, text: &str| {
            suggest(model, &keywords, &text.into(), 1)
                .first()
                .map(|s| s.label.clone())
        };
        assert_eq!(
            label(Some(&model), "我们小区路灯不亮").as_deref(),
            Some("路灯")
        );
        assert_eq!(label(None, "我们小区路灯不亮").as_deref(), Some("照明"));
        assert_eq!(label(None, "今天天气很好"), None);
    }
}
