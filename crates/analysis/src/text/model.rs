//! The model at work: which class a message belongs to, and how sure that is.

use super::calibrate::{Calibration, best, softmax};
use super::fast::{Fast, FastScratch};
use super::grams::{Counter, Familiar, Vocabulary, visit};
use super::segment::words;
use rayon::prelude::*;
use serde::Serialize;

/// A message to judge.
#[derive(Clone, Copy, Debug, Default)]
pub struct Message<'a> {
    /// Its words: title first, then the text, one line each.
    pub text: &'a str,
    /// What else is known, as `name=value`: the district, the street, the hour. A model uses the facts
    /// it was trained with; others change nothing.
    pub facts: &'a [&'a str],
}

impl<'a> From<&'a str> for Message<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, facts: &[] }
    }
}

/// The model's best guess for one message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Place of the label in [`Model::labels`].
    pub label: usize,
    /// Calibrated probability that it is right; 0 where the model knows no word of the message.
    pub confidence: f64,
    /// Whether the confidence reaches the model's threshold and the message is familiar enough to be judged. Otherwise
    /// the guess is for statistics only and must not be shown.
    pub answered: bool,
}

/// What is shown to the person who decides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// The suggested label.
    pub label: String,
    /// Calibrated probability that it is right.
    pub confidence: f64,
    /// The words of the message that weighed most for it, the heaviest first.
    pub words: Vec<String>,
    /// How much each of those words moved the score, in the same order.
    pub weights: Vec<f64>,
}

/// A trained model. Make one with [`train`](super::train()) or [`Model::from_bytes`].
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(super) labels: Vec<String>,
    pub(super) vocabulary: Vocabulary,
    pub(super) weights: Weights,
    pub(super) calibration: Calibration,
    pub(super) seed: u64,
    pub(super) trained_on: u64,
}

/// The weights of every row of the vocabulary and the intercepts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weights {
    pub intercepts: Vec<f32>,
    pub table: Table,
}

/// Weights by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Table {
    /// Few labels: one weight a row and label, row after row, so that a row lies in one or two cache lines.
    Full(Vec<f32>),
    /// Many labels: only the weights that matter.
    // INVARIANT: `starts` ascends from 0 to the number of weights, one more entry than rows; labels ascend within a row.
    Picked {
        starts: Vec<u32>,
        labels: Vec<u16>,
        values: Vec<f32>,
    },
}

impl Weights {
    /// Calls `f` with each label that has a weight in a row, in order.
    #[inline]
    pub fn row(&self, row: u32, mut f: impl FnMut(usize, f32)) {
        let row = row as usize;
        match &self.table {
            Table::Full(values) => {
                let labels = self.intercepts.len();
                values[row * labels..(row + 1) * labels]
                    .iter()
                    .enumerate()
                    .for_each(|(label, weight)| f(label, *weight));
            }
            Table::Picked {
                starts,
                labels,
                values,
            } => {
                let range = starts[row] as usize..starts[row + 1] as usize;
                labels[range.clone()]
                    .iter()
                    .zip(&values[range])
                    .for_each(|(label, weight)| f(usize::from(*label), *weight));
            }
        }
    }

    /// Scores of all labels for weighted features.
    pub fn score(&self, features: &[(u32, f32)], scores: &mut Vec<f32>) {
        scores.clear();
        scores.extend_from_slice(&self.intercepts);
        for (row, value) in features {
            self.row(*row, |label, weight| scores[label] += weight * value);
        }
    }
}

impl Table {
    /// Puts columns of weights, one a label, together by row; with more than `most` weights in all, only
    /// the largest of each label.
    pub fn new(rows: usize, columns: &[Vec<f32>], most: usize) -> Self {
        if rows * columns.len() <= most {
            return Self::Full(
                (0..rows)
                    .flat_map(|row| columns.iter().map(move |column| column[row]))
                    .collect(),
            );
        }
        let picked: Vec<Vec<u32>> = columns
            .iter()
            .map(|column| heaviest(column, most / columns.len()))
            .collect();
        let mut starts = vec![0u32; rows + 1];
        for row in picked.iter().flatten() {
            starts[*row as usize + 1] += 1;
        }
        for i in 0..rows {
            starts[i + 1] += starts[i];
        }
        let total = starts[rows] as usize;
        let (mut labels, mut values) = (vec![0u16; total], vec![0f32; total]);
        let mut next = starts.clone();
        for (label, list) in picked.iter().enumerate() {
            for row in list {
                let at = next[*row as usize] as usize;
                next[*row as usize] += 1;
                labels[at] = label as u16;
                values[at] = columns[label][*row as usize];
            }
        }
        Self::Picked {
            starts,
            labels,
            values,
        }
    }
}

/// The rows of the `keep` largest weights that are not zero.
fn heaviest(weights: &[f32], keep: usize) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..weights.len() as u32)
        .filter(|row| weights[*row as usize] != 0.0)
        .collect();
    rows.sort_by(|a, b| {
        weights[*b as usize]
            .abs()
            .total_cmp(&weights[*a as usize].abs())
            .then(a.cmp(b))
    });
    rows.truncate(keep);
    rows
}

/// From so many messages on it pays to lay the weights out for speed.
const JUDGED_FAST: usize = 256;
/// Messages one core takes at a time.
const JUDGED_TOGETHER: usize = 64;

/// Memory for reading one message after another.
#[derive(Default)]
pub(super) struct Scratch {
    pub counter: Counter,
    pub features: Vec<(u32, f32)>,
    pub scores: Vec<f32>,
    pub familiar: Familiar,
    pub confidences: Vec<f64>,
}

impl Model {
    /// The labels the model can suggest, in alphabetical order.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How the model's confidence was fitted and from where on it speaks.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// Number of messages it was trained on.
    pub fn trained_on(&self) -> u64 {
        self.trained_on
    }

    /// Number of features it knows.
    pub fn features(&self) -> usize {
        self.vocabulary.scale().len()
    }

    /// Judges one message.
    pub fn judge(&self, message: &Message<'_>) -> Verdict {
        self.judge_with(message, &mut Scratch::default())
    }

    /// Judges many messages on all cores; the answers come in the order of the messages.
    pub fn judge_all(&self, messages: &[Message<'_>]) -> Vec<Verdict> {
        let Some(fast) = Fast::of(self).filter(|_| messages.len() >= JUDGED_FAST) else {
            return self.judge_each(messages);
        };
        messages
            .par_chunks(JUDGED_TOGETHER)
            .map_init(FastScratch::default, |scratch, chunk| {
                let judged = chunk.iter().map(|m| fast.judge(self, m, scratch));
                judged.collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
            .concat()
    }

    fn judge_each(&self, messages: &[Message<'_>]) -> Vec<Verdict> {
        messages
            .par_chunks(JUDGED_TOGETHER)
            .map_init(Scratch::default, |scratch, chunk| {
                chunk
                    .iter()
                    .map(|m| self.judge_with(m, scratch))
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
            .concat()
    }

    fn judge_with(&self, message: &Message<'_>, scratch: &mut Scratch) -> Verdict {
        self.score(message, scratch);
        let is_known = !scratch.features.is_empty();
        let familiar = is_known.then_some(scratch.familiar);
        self.verdict(&scratch.scores, familiar, &mut scratch.confidences)
    }

    /// The verdict that scores come to; `familiar`: how much the model knows of the message, none where it knows nothing.
    pub(super) fn verdict(
        &self,
        scores: &[f32],
        familiar: Option<Familiar>,
        confidences: &mut Vec<f64>,
    ) -> Verdict {
        let label = best(scores);
        let Some(familiar) = familiar else {
            return Verdict {
                label,
                confidence: 0.0,
                answered: false,
            };
        };
        softmax(scores, self.calibration.sharpness, confidences);
        let confidence = confidences[label];
        Verdict {
            label,
            confidence,
            answered: self.may_speak(confidence, familiar),
        }
    }

    /// Whether the model may say what it is that sure of, about a message it knows that well.
    pub(super) fn may_speak(&self, confidence: f64, familiar: Familiar) -> bool {
        confidence >= self.calibration.threshold && familiar.share() >= self.calibration.familiarity
    }

    /// Fills features, scores and familiarity of the scratch.
    pub(super) fn score(&self, message: &Message<'_>, scratch: &mut Scratch) {
        let cut = words(message.text, false);
        let Scratch {
            counter,
            features,
            scores,
            familiar,
            ..
        } = scratch;
        *familiar = Familiar::default();
        visit(message.text, &cut, message.facts, |gram| {
            let row = self.vocabulary.row(gram.bucket);
            familiar.add(gram.block, gram.times, row.is_some());
            if let Some(row) = row {
                counter.add(row, gram.block, gram.times);
            }
        });
        counter.weigh(self.vocabulary.scale(), features);
        self.weights.score(features, scores);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_room_for_few_keeps_the_largest_of_each_label() {
        let columns = [vec![0.1, -5.0, 2.0], vec![0.0, 0.5, -0.4]];
        let full = Weights {
            intercepts: vec![1.0, 2.0],
            table: Table::new(3, &columns, 6),
        };
        let picked = Weights {
            intercepts: vec![1.0, 2.0],
            table: Table::new(3, &columns, 4),
        };
        assert!(
            matches!(full.table, Table::Full(_)) && matches!(picked.table, Table::Picked { .. })
        );
        let score = |w: &Weights, row| {
            let mut out = Vec::new();
            w.score(&[(row, 2.0)], &mut out);
            out
        };
        assert_eq!(
            (score(&full, 0), score(&picked, 0)),
            (vec![1.2, 2.0], vec![1.0, 2.0]),
            "0.1 falls away"
        );
        for row in 1..3 {
            assert_eq!(score(&full, row), score(&picked, row), "row {row}");
        }
    }
}
