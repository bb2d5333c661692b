//! How sure the model may be, and from where on it may speak.
//!
//! The scores of messages that a model has not seen (the held-out folds of the training set) are turned
//! into confidences by a softmax with one parameter, its sharpness, fitted by maximum likelihood
//! (temperature scaling: Guo, Pleiss, Sun, Weinberger, *On Calibration of Modern Neural Networks*, ICML 2017,
//! §4.2; here on the margins of a linear model). From the same confidences follows the threshold: the lowest
//! one above which the share of right answers reaches the target, and never less than what was set. Below it the model
//! is silent.
//!
//! A confidence only compares the labels with each other: of words it never read a linear model says something too, and
//! may be sure of it. So it is silent as well where it knows less than half as much of a message as of nearly all of the
//! held-out ones, measured by the share of its runs of letters that the model knows ([`Calibration::familiarity`]).

/// The share of right answers a model must reach where it speaks, unless told otherwise.
pub const DEFAULT_TARGET: f64 = 0.95;
/// The least confidence at which a model speaks, unless told otherwise: what is more likely wrong than right is not said.
pub const DEFAULT_LEAST: f64 = 0.5;
/// The share of held-out messages that may be called strange …
const STRANGE: f64 = 0.01;
/// … and which part of what is known of all others must be known: a small record is written in few words, and people
/// will say the same in others.
const KNOWN: f64 = 0.5;
/// A threshold needs at least this many answers above it (and one in a hundred): fewer prove nothing.
const MIN_ANSWERED: usize = 5;

/// What was learned from the held-out folds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Factor on the scores before the softmax.
    pub sharpness: f64,
    /// The model speaks at this confidence or above. Above 1 where it may never speak.
    pub threshold: f64,
    /// The model speaks about messages of which it knows at least this share of the runs of one to three letters (0 to 1):
    /// half of what all but one in a hundred of the held-out messages reach.
    pub familiarity: f64,
    /// The share of right answers the threshold was chosen for.
    pub target: f64,
    /// Share of held-out messages it would have answered.
    pub coverage: f64,
    /// Share of right answers among those; 0 where there are none.
    pub accuracy_when_answered: f64,
}

/// A threshold that no confidence reaches.
pub const NEVER: f64 = 2.0;

/// Turns scores into confidences that add up to 1.
pub fn softmax(scores: &[f32], sharpness: f64, out: &mut Vec<f64>) {
    out.clear();
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    out.extend(
        scores
            .iter()
            .map(|s| libm::exp(sharpness * f64::from(s - top))),
    );
    let sum: f64 = out.iter().sum();
    for p in out.iter_mut() {
        *p /= sum;
    }
}

/// The place of the largest score; the first of equals.
pub fn best(scores: &[f32]) -> usize {
    let mut at = 0;
    for (i, score) in scores.iter().enumerate() {
        if *score > scores[at] {
            at = i;
        }
    }
    at
}

/// What models say of messages they have not seen.
pub struct HeldOut {
    /// `classes` scores a message.
    pub scores: Vec<f32>,
    /// How familiar each message is (0 to 1).
    pub familiar: Vec<f64>,
}

/// Fits sharpness, threshold and familiarity to `held` messages and the true class of each. No confidence below `least`
/// is enough to speak.
pub fn fit(held: &HeldOut, truth: &[u16], classes: usize, target: f64, least: f64) -> Calibration {
    let scores = &held.scores;
    assert_eq!(
        (scores.len(), held.familiar.len()),
        (truth.len() * classes, truth.len()),
        "one score a class and message"
    );
    let sharpness = fit_sharpness(scores, truth, classes);
    let familiarity = enough(&held.familiar);
    let mut confidences = Vec::new();
    let mut answers: Vec<(f64, bool)> = scores
        .chunks_exact(classes)
        .zip(truth)
        .zip(&held.familiar)
        .filter(|(_, familiar)| **familiar >= familiarity)
        .map(|((row, class), _)| {
            softmax(row, sharpness, &mut confidences);
            let at = best(row);
            (confidences[at], at == usize::from(*class))
        })
        .collect();
    let threshold = threshold(&mut answers, target).max(least);
    let answered = answers.iter().filter(|(c, _)| *c >= threshold).count();
    let right = answers
        .iter()
        .filter(|(c, ok)| *c >= threshold && *ok)
        .count();
    Calibration {
        sharpness,
        threshold,
        familiarity,
        target,
        coverage: answered as f64 / truth.len().max(1) as f64,
        accuracy_when_answered: right as f64 / answered.max(1) as f64,
    }
}

/// Half the familiarity that all but one in a hundred reach.
fn enough(familiar: &[f64]) -> f64 {
    let mut sorted = familiar.to_vec();
    sorted.sort_by(f64::total_cmp);
    let strange = (sorted.len() as f64 * STRANGE) as usize;
    KNOWN * sorted.get(strange).copied().unwrap_or(0.0)
}

/// The sharpness of greatest likelihood, between 0.01 and 100. The logarithmic loss is convex in it, so
/// that halving the interval by the sign of the slope finds the minimum.
fn fit_sharpness(scores: &[f32], truth: &[u16], classes: usize) -> f64 {
    let (mut low, mut high) = (1e-2f64, 1e2f64);
    let mut confidences = Vec::new();
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        let mut slope = 0.0;
        for (row, class) in scores.chunks_exact(classes).zip(truth) {
            softmax(row, middle, &mut confidences);
            let expected: f64 = row
                .iter()
                .zip(&confidences)
                .map(|(s, p)| f64::from(*s) * p)
                .sum();
            slope += expected - f64::from(row[usize::from(*class)]);
        }
        if slope > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    (low * high).sqrt()
}

/// The lowest confidence at or above which at least `target` of the answers are right.
fn threshold(answers: &mut [(f64, bool)], target: f64) -> f64 {
    answers.sort_by(|a, b| b.0.total_cmp(&a.0));
    let enough = MIN_ANSWERED.max(answers.len() / 100);
    let mut chosen = NEVER;
    let mut right = 0;
    for (i, (confidence, ok)) in answers.iter().enumerate() {
        right += usize::from(*ok);
        // Equal confidences are answered together or not at all.
        let last_of_equals = answers.get(i + 1).is_none_or(|next| next.0 < *confidence);
        if last_of_equals && i + 1 >= enough && right as f64 >= target * (i + 1) as f64 {
            chosen = *confidence;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::super::solve::Shuffle;
    use super::*;

    #[test]
    fn confidences_by_hand() {
        let mut out = Vec::new();
        softmax(&[0.0, std::f32::consts::LN_2], 1.0, &mut out);
        assert!((out[1] - 2.0 / 3.0).abs() < 1e-6);
        softmax(&[3.0, 3.0, 3.0], 50.0, &mut out);
        assert!(out.iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-12));
    }

    #[test]
    fn the_lowest_threshold_that_keeps_the_target() {
        let mut answers = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
            .map(|c| (c, c > 0.45))
            .to_vec();
        assert_eq!(threshold(&mut answers, 0.95), 0.5);
        assert_eq!(threshold(&mut answers, 0.8), 0.4, "five of six are right");
        assert_eq!(threshold(&mut answers, 0.5), 0.3);
    }

    #[test]
    fn a_model_that_is_never_right_never_speaks() {
        let mut answers = vec![(0.99, false); 100];
        assert_eq!(threshold(&mut answers, 0.95), NEVER);
        assert_eq!(
            threshold(&mut [(0.99, true); 3], 0.95),
            NEVER,
            "three answers prove nothing"
        );
    }

    #[test]
    fn no_confidence_below_what_was_set_is_enough() {
        // Two classes, always right, and hardly ever sure.
        let truth: Vec<u16> = (0..100).map(|i| i % 2).collect();
        let scores: Vec<f32> = truth
            .iter()
            .flat_map(|t| [0.02, 0.01 + 0.02 * f32::from(*t)])
            .collect();
        let held = HeldOut {
            scores,
            familiar: vec![1.0; 100],
        };
        let free = fit(&held, &truth, 2, 0.9, 0.0);
        assert_eq!(
            (free.coverage, free.accuracy_when_answered),
            (1.0, 1.0),
            "{free:?}"
        );
        let set = fit(&held, &truth, 2, 0.9, 0.999);
        assert_eq!(set.threshold, 0.999f64.max(free.threshold));
    }

    #[test]
    fn one_in_a_hundred_may_be_strange() {
        let mut familiar: Vec<f64> = (0..200).map(|i| 0.5 + f64::from(i) / 400.0).collect();
        familiar.reverse();
        assert_eq!(
            enough(&familiar),
            0.2525,
            "half of the third of two hundred"
        );
        assert_eq!(enough(&[0.4, 0.9]), 0.2, "of few none is strange");
        assert_eq!(enough(&[]), 0.0);
    }

    /// Law: where labels are drawn with the very probabilities of a softmax, its sharpness is found again,
    /// and in every band of confidence the share of right answers is the confidence.
    #[test]
    fn drawn_labels_give_their_sharpness_back_and_confidence_is_frequency() {
        let mut random = Shuffle::new(20_261_123);
        let mut unit = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let (classes, true_sharpness) = (4, 2.5);
        let (mut scores, mut truth, mut p) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..20_000 {
            let row: Vec<f32> = (0..classes).map(|_| (unit() * 2.0 - 1.0) as f32).collect();
            softmax(&row, true_sharpness, &mut p);
            let mut draw = unit();
            let class = p
                .iter()
                .position(|q| {
                    draw -= q;
                    draw < 0.0
                })
                .unwrap_or(classes - 1);
            scores.extend(row);
            truth.push(class as u16);
        }
        let held = HeldOut {
            familiar: vec![1.0; truth.len()],
            scores,
        };
        let found = fit(&held, &truth, classes, 0.8, 0.0);
        let scores = held.scores;
        assert!((found.sharpness - true_sharpness).abs() < 0.1, "{found:?}");
        let mut bands = [(0.0f64, 0.0f64, 0.0f64); 10];
        for (row, class) in scores.chunks_exact(classes).zip(&truth) {
            softmax(row, found.sharpness, &mut p);
            let at = best(row);
            let band = &mut bands[(p[at] * 10.0).min(9.0) as usize];
            *band = (
                band.0 + 1.0,
                band.1 + p[at],
                band.2 + f64::from(at == usize::from(*class)),
            );
        }
        for (n, confidence, right) in bands.iter().filter(|b| b.0 > 300.0) {
            let tolerance = 4.0 * (0.25 / n).sqrt();
            assert!(
                (confidence - right).abs() / n < tolerance,
                "{confidence} said, {right} right of {n}"
            );
        }
        assert!(
            found.accuracy_when_answered >= 0.8 && found.coverage > 0.0 && found.coverage < 1.0
        );
    }
}
