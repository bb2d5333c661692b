//! Why a label was suggested: the words of the message that moved the score most.
//!
//! Hash numbers tell a person nothing, so the message's own features are computed again, with the place
//! in the text each of them covers. What a feature adds to the label, beyond what it adds to labels on
//! average, is shared out evenly over the letters it covers; a word weighs what its letters were given.

use super::calibrate::{best, softmax};
use super::grams::visit;
use super::model::{Message, Model, Scratch, Suggestion};
use super::segment::{Word, fold, words};
use std::collections::HashMap;

/// How many words explain a suggestion, at most.
pub const MAX_WORDS: usize = 8;
/// Particles and pronouns weigh in the score, but tell the reader nothing.
const PARTICLES: [&str; 24] = [
    "的", "了", "是", "在", "我", "你", "他", "我们", "和", "与", "及", "就", "都", "而", "着",
    "也", "有", "这", "那", "被", "把", "a", "of", "the",
];
/// Labels below this confidence are not worth a line beside the first.
const LEAST_CONFIDENCE: f64 = 0.05;

impl Model {
    /// What to show to the person who decides: up to `most` labels, the likeliest first, each with its
    /// reasons. Empty when the model is not sure enough of the first, or the message too strange, to speak at all.
    pub fn suggest(&self, message: &Message<'_>, most: usize) -> Vec<Suggestion> {
        let mut scratch = Scratch::default();
        self.score(message, &mut scratch);
        if scratch.features.is_empty() {
            return Vec::new();
        }
        let mut confidences = Vec::new();
        softmax(
            &scratch.scores,
            self.calibration.sharpness,
            &mut confidences,
        );
        let first = best(&scratch.scores);
        if !self.may_speak(confidences[first], scratch.familiar) {
            return Vec::new();
        }
        let mut order: Vec<usize> = (0..self.labels.len())
            .filter(|l| *l == first || confidences[*l] >= LEAST_CONFIDENCE)
            .collect();
        order.sort_by(|a, b| confidences[*b].total_cmp(&confidences[*a]).then(a.cmp(b)));
        order.truncate(most);
        let explanation = Explanation::new(self, message, &scratch.features);
        order
            .into_iter()
            .map(|label| {
                let (words, weights) = explanation.heaviest(self, label).into_iter().unzip();
                Suggestion {
                    label: self.labels[label].clone(),
                    confidence: confidences[label],
                    words,
                    weights,
                }
            })
            .collect()
    }
}

/// The features of one message with what they cover.
struct Explanation<'m> {
    message: &'m Message<'m>,
    /// Cut with guessing, so that names read as names.
    words: Vec<Word>,
    /// (row, value of one occurrence, first byte, byte after the last); facts cover nothing.
    occurrences: Vec<(u32, f32, u32, u32)>,
    /// Fact → row and value.
    facts: Vec<(&'m str, u32, f32)>,
}

impl<'m> Explanation<'m> {
    fn new(model: &Model, message: &'m Message<'m>, features: &[(u32, f32)]) -> Self {
        let value: HashMap<u32, f32> = features.iter().copied().collect();
        let mut counts: HashMap<u32, f32> = HashMap::new();
        let mut found = Vec::new();
        visit(message.text, &words(message.text, false), &[], |gram| {
            if let Some(row) = model.vocabulary.row(gram.bucket) {
                *counts.entry(row).or_default() += gram.times as f32;
                found.push((row, gram.times as f32, gram.start, gram.end));
            }
        });
        let mut facts = Vec::new();
        for fact in message.facts {
            visit("", &[], &[fact], |gram| {
                if let Some((row, value)) = model
                    .vocabulary
                    .row(gram.bucket)
                    .and_then(|row| Some((row, *value.get(&row)?)))
                {
                    facts.push((*fact, row, value));
                }
            });
        }
        let occurrences = found
            .into_iter()
            .map(|(row, times, start, end)| {
                (
                    row,
                    value.get(&row).copied().unwrap_or(0.0) * times / counts[&row],
                    start,
                    end,
                )
            })
            .collect();
        Self {
            message,
            words: words(message.text, true),
            occurrences,
            facts,
        }
    }

    /// The words that speak for `label`, heaviest first, with their weights.
    fn heaviest(&self, model: &Model, label: usize) -> Vec<(String, f64)> {
        let text = self.message.text;
        let mut of_byte = vec![0.0f64; text.len()];
        for (row, value, start, end) in &self.occurrences {
            let covered = *start as usize..*end as usize;
            let letters = text[covered.clone()]
                .char_indices()
                .filter(|(_, c)| fold(*c).is_some());
            let each = f64::from(*value) * preference(model, *row, label)
                / letters.clone().count().max(1) as f64;
            letters.for_each(|(at, _)| of_byte[covered.start + at] += each);
        }
        let mut weights: Vec<(String, f64)> = Vec::new();
        let mut place: HashMap<&str, usize> = HashMap::new();
        for word in &self.words {
            let weight: f64 = of_byte[word.start..word.end].iter().sum();
            let at = *place.entry(word.of(text)).or_insert_with(|| {
                weights.push((word.of(text).to_owned(), 0.0));
                weights.len() - 1
            });
            weights[at].1 += weight;
        }
        weights.extend(self.facts.iter().map(|(fact, row, value)| {
            (
                (*fact).to_owned(),
                f64::from(*value) * preference(model, *row, label),
            )
        }));
        weights.retain(|(word, weight)| *weight > 0.0 && !PARTICLES.contains(&word.as_str()));
        weights.sort_by(|a, b| b.1.total_cmp(&a.1));
        weights.truncate(MAX_WORDS);
        weights
    }
}

/// How much more a feature speaks for `label` than for labels on average.
fn preference(model: &Model, row: u32, label: usize) -> f64 {
    let (mut own, mut all) = (0.0, 0.0);
    model.weights.row(row, |other, weight| {
        all += f64::from(weight);
        if other == label {
            own = f64::from(weight);
        }
    });
    own - all / model.labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::test_data::small_model;
    use super::*;

    #[test]
    fn the_words_that_weigh_are_words_of_the_message() {
        let model = small_model();
        let text = "我们小区门口的路灯坏了三天，晚上很黑";
        let found = model.suggest(&text.into(), 3);
        assert_eq!(found[0].label, "路灯", "{found:?}");
        assert_eq!(found[0].words[0], "路灯", "{found:?}");
        assert!(found[0].words.iter().all(|w| text.contains(w.as_str())));
        assert!(
            found[0].weights.windows(2).all(|w| w[0] >= w[1])
                && found[0].weights.iter().all(|w| *w > 0.0)
        );
        assert_eq!(found[0].words.len(), found[0].weights.len());
    }

    #[test]
    fn below_its_confidence_the_model_is_silent() {
        let model = small_model();
        for text in ["", "？？？", "zzz qqq", "你好"] {
            assert!(!model.judge(&text.into()).answered, "{text}");
            assert_eq!(model.suggest(&text.into(), 3), [], "{text}");
        }
        let mut strict = small_model();
        strict.calibration.threshold = super::super::calibrate::NEVER;
        assert_eq!(strict.suggest(&"路灯坏了路灯不亮".into(), 3), []);
    }

    #[test]
    fn letters_share_the_whole_preference_of_their_features() {
        // Law: with every word kept, the weights of the words add up to the label's score above the
        // average score, without the intercepts.
        let model = small_model();
        let message = Message::from("路灯 坏了 三天 没有 亮");
        let mut scratch = Scratch::default();
        model.score(&message, &mut scratch);
        let explanation = Explanation::new(&model, &message, &scratch.features);
        for label in 0..model.labels.len() {
            let expected: f64 = scratch
                .features
                .iter()
                .map(|(row, v)| f64::from(*v) * preference(&model, *row, label))
                .sum();
            let shared: f64 = explanation
                .occurrences
                .iter()
                .map(|(row, v, ..)| f64::from(*v) * preference(&model, *row, label))
                .sum();
            assert!((expected - shared).abs() < 1e-5, "{expected} {shared}");
        }
    }
}
