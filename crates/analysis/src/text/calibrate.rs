//! How sure the model may be, and from where on it may speak.
//!
//! The scores of messages that a model has not seen (the held-out folds of the training set) are turned
//! into confidences by a softmax with one parameter, its sharpness, fitted by maximum likelihood
//! (temperature scaling: Guo, Pleiss, Sun, Weinberger, *On Calibration of Modern Neural Networks*, ICML 2017,
//! §4.2; here on the margins of a linear model). From the same confidences follows the threshold: the lowest
//! one above which the share of right answers reaches the target. Below it the model is silent.

/// The share of right answers a model must reach where it speaks, unless told otherwise.
pub const DEFAULT_TARGET: f64 = 0.95;
/// A threshold needs at least this many answers above it (and one in a hundred): fewer prove nothing.
const MIN_ANSWERED: usize = 5;

/// What was learned from the held-out folds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Factor on the scores before the softmax.
    pub sharpness: f64,
    /// The model speaks at this confidence or above. Above 1 where it may never speak.
    pub threshold: f64,
    /// The share of right answers the threshold was chosen for.
    pub target: f64,
    /// Share of held-out messages at or above the threshold.
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

/// Fits sharpness and threshold to held-out `scores` (`classes` a message) and the true class of each.
pub fn fit(scores: &[f32], truth: &[u16], classes: usize, target: f64) -> Calibration {
    assert_eq!(
        scores.len(),
        truth.len() * classes,
        "one score a class and message"
    );
    let sharpness = fit_sharpness(scores, truth, classes);
    let mut confidences = Vec::new();
    let mut answers: Vec<(f64, bool)> = scores
        .chunks_exact(classes)
        .zip(truth)
        .map(|(row, class)| {
            softmax(row, sharpness, &mut confidences);
            let at = best(row);
            (confidences[at], at == usize::from(*class))
        })
        .collect();
    let threshold = threshold(&mut answers, target);
    let answered = answers.iter().filter(|(c, _)| *c >= threshold).count();
    let right = answers
        .iter()
        .filter(|(c, ok)| *c >= threshold && *ok)
        .count();
    Calibration {
        sharpness,
        threshold,
        target,
        coverage: answered as f64 / truth.len().max(1) as f64,
        accuracy_when_answered: right as f64 / answered.max(1) as f64,
    }
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
        let found = fit(&scores, &truth, classes, 0.8);
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
