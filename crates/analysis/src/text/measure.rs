//! How good suggestions were, against what people decided.

use serde::Serialize;
use std::collections::BTreeMap;

/// Measures over judged messages; the field names are those of `shiyu suggest eval`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// Number of messages.
    pub n: usize,
    /// Share of right best guesses over all messages, the silent ones included; `None` over 0.
    pub accuracy: Option<f64>,
    /// Mean over labels of F1 = 2·right / (guessed + true), over every label that was guessed or true.
    pub macro_f1: Option<f64>,
    /// Share of messages the model answered at its own confidence.
    pub coverage: Option<f64>,
    /// Share of right answers among the answered; `None` where none was answered.
    pub accuracy_when_answered: Option<f64>,
}

/// Adds up judged messages, one at a time.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    n: usize,
    right: usize,
    answered: usize,
    answered_right: usize,
    /// label → (right, guessed, true)
    labels: BTreeMap<String, (usize, usize, usize)>,
}

impl Tally {
    /// Adds one message: the guess, whether it would have been shown, and what people decided.
    pub fn add(&mut self, guess: &str, answered: bool, truth: &str) {
        let right = guess == truth;
        self.n += 1;
        self.right += usize::from(right);
        self.answered += usize::from(answered);
        self.answered_right += usize::from(answered && right);
        self.entry(guess).1 += 1;
        self.entry(truth).2 += 1;
        if right {
            self.entry(truth).0 += 1;
        }
    }

    fn entry(&mut self, label: &str) -> &mut (usize, usize, usize) {
        if !self.labels.contains_key(label) {
            self.labels.insert(label.to_owned(), (0, 0, 0));
        }
        self.labels.get_mut(label).expect("inserted above")
    }

    /// The measures of everything added so far.
    pub fn measures(&self) -> Measures {
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        let f1 = self
            .labels
            .values()
            .map(|(right, guessed, truth)| 2.0 * *right as f64 / (guessed + truth) as f64);
        Measures {
            n: self.n,
            accuracy: share(self.right, self.n),
            macro_f1: (self.n > 0).then(|| f1.sum::<f64>() / self.labels.len() as f64),
            coverage: share(self.answered, self.n),
            accuracy_when_answered: share(self.answered_right, self.answered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_by_hand() {
        let mut tally = Tally::default();
        for (guess, answered, truth) in [
            ("路", true, "路"),
            ("路", true, "水"),
            ("水", false, "水"),
            ("水", true, "水"),
        ] {
            tally.add(guess, answered, truth);
        }
        let m = tally.measures();
        assert_eq!(
            (m.n, m.accuracy, m.coverage, m.accuracy_when_answered),
            (4, Some(0.75), Some(0.75), Some(2.0 / 3.0))
        );
        // 路: 2·1/(2+1) = 2/3; 水: 2·2/(2+3) = 4/5.
        assert!((m.macro_f1.expect("some") - (2.0 / 3.0 + 0.8) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_label_the_model_does_not_know_counts_as_missed() {
        let mut tally = Tally::default();
        tally.add("路", true, "路");
        tally.add("路", true, "新");
        assert_eq!(tally.measures().accuracy, Some(0.5));
        assert!((tally.measures().macro_f1.expect("some") - (2.0 / 3.0) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_judged_has_no_measures() {
        let m = Tally::default().measures();
        assert_eq!(
            (
                m.n,
                m.accuracy,
                m.macro_f1,
                m.coverage,
                m.accuracy_when_answered
            ),
            (0, None, None, None, None)
        );
    }
}
