//! Limits from the errors made before: a new error is as likely to fall anywhere among them as they were.

use super::ForecastPoint;
use std::ops::RangeInclusive;

/// A count of this much is added under the root that makes errors comparable, so that small means do not blow them up.
const SOFTENING: f64 = 1.0;
/// Errors of neighbouring horizons are taken together until there are so many.
const ENOUGH: usize = 120;

/// One standardised error: (came − predicted)/√(predicted + 1).
#[derive(Debug, Clone, Copy)]
struct Error {
    /// The point of the series it was made on, from 1.
    point: usize,
    value: f64,
}

/// Standardised errors by horizon.
pub(super) struct Errors {
    by_horizon: Vec<Vec<Error>>,
}

/// Errors to take limits from, in rising order.
pub(super) struct Pool {
    sorted: Vec<f64>,
}

fn scale(predicted: f64) -> f64 {
    (predicted.max(0.0) + SOFTENING).sqrt()
}

impl Errors {
    /// From (points known, predicted, came) of every origin.
    pub(super) fn gather<'a>(origins: impl Iterator<Item = (usize, &'a [f64], &'a [f64])>) -> Self {
        let mut by_horizon: Vec<Vec<Error>> = Vec::new();
        for (known, predicted, came) in origins {
            for (h, (p, c)) in predicted.iter().zip(came).enumerate() {
                if by_horizon.len() <= h {
                    by_horizon.resize_with(h + 1, Vec::new);
                }
                by_horizon[h].push(Error {
                    point: known + h + 1,
                    value: (c - p) / scale(*p),
                });
            }
        }
        Self { by_horizon }
    }

    /// The errors at horizon `h` (from 0), with those of the nearest horizons until there are enough;
    /// those made on the points `without` are left out.
    pub(super) fn pool(&self, h: usize, without: Option<&RangeInclusive<usize>>) -> Pool {
        let mut sorted = Vec::with_capacity(2 * ENOUGH);
        let mut take = |h: usize| {
            let usable = self
                .by_horizon
                .get(h)
                .into_iter()
                .flatten()
                .filter(|e| !without.is_some_and(|w| w.contains(&e.point)));
            sorted.extend(usable.map(|e| e.value));
            sorted.len()
        };
        let mut number = take(h);
        for away in 1..self.by_horizon.len() {
            if number >= ENOUGH {
                break;
            }
            if away <= h {
                take(h - away);
            }
            number = take(h + away);
        }
        sorted.sort_unstable_by(f64::total_cmp);
        Pool { sorted }
    }
}

impl Pool {
    /// Whether the outermost errors are rare enough for limits of this confidence.
    pub(super) fn is_enough_for(&self, confidence: f64) -> bool {
        (self.sorted.len() + 1) as f64 * (1.0 - confidence) / 2.0 >= 1.0
    }

    /// A mean with its limits.
    pub(super) fn point(&self, mean: f64) -> ForecastPoint {
        let ((lo80, hi80), (lo95, hi95)) = (self.limits(mean, 0.8), self.limits(mean, 0.95));
        ForecastPoint {
            mean,
            lo80,
            hi80,
            lo95,
            hi95,
        }
    }

    /// Whole limits around a mean: of n errors, the (n+1)q-th from either end, q being half of what may fall outside,
    /// and between two errors where that is no whole rank.
    ///
    /// A whole number lies inside exactly if it lies between the unrounded limits, so rounding changes no coverage;
    /// only where the mean itself would be outside are they widened to enclose it.
    pub(super) fn limits(&self, mean: f64, confidence: f64) -> (f64, f64) {
        let n = self.sorted.len();
        let rank = ((n + 1) as f64 * (1.0 - confidence) / 2.0).clamp(1.0, n.max(1) as f64);
        let (whole, part) = (rank.floor() as usize, rank.fract());
        let between =
            |outer: usize, inner: usize| match (self.sorted.get(outer), self.sorted.get(inner)) {
                (Some(o), Some(i)) => o + part * (i - o),
                (Some(o), None) => *o,
                (None, _) => 0.0,
            };
        let low = between(whole - 1, whole);
        let high = between(n.saturating_sub(whole), n.saturating_sub(whole + 1));
        let at = |error: f64| (mean + error * scale(mean)).max(0.0);
        // A hair's breadth keeps rounding errors from pushing a whole limit off itself.
        let lower = (at(low) - 1e-9).ceil().min(mean.floor()).max(0.0);
        let upper = (at(high) + 1e-9).floor().max(mean.ceil());
        (lower, upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_the_outer_errors() {
        // 39 errors −19..=19 (standardised by √(8 + 1) = 3): 95 % leaves the one outermost on each side as the limit.
        let came: Vec<Vec<f64>> = (0..39)
            .map(|i| vec![8.0 + 3.0 * (f64::from(i) - 19.0)])
            .collect();
        let predicted = [8.0];
        let errors = Errors::gather(
            came.iter()
                .enumerate()
                .map(|(i, c)| (i, &predicted[..], c.as_slice())),
        );
        let pool = errors.pool(0, None);
        assert!(pool.is_enough_for(0.95) && !pool.is_enough_for(0.96));
        assert_eq!(pool.limits(8.0, 0.95), (0.0, 65.0));
        // 80 %: the fourth from the end, error 16
        assert_eq!(pool.limits(8.0, 0.80), (0.0, 56.0));
        assert_eq!(pool.limits(99.0, 0.80), (0.0, 259.0));
        let others = errors.pool(0, Some(&(20..=24)));
        assert_eq!(others.sorted.len(), 34, "five points were left out");
    }

    proptest::proptest! {
        /// Twin: of all whole counts, those that fewer than the share of errors lie beyond are inside.
        #[test]
        fn a_count_is_inside_unless_too_few_errors_lie_beyond_it(
            errors in proptest::collection::vec(-40i32..40, 39..80), mean in 0u32..60, c in 0usize..2,
        ) {
            let mut sorted: Vec<f64> = errors.iter().map(|e| f64::from(*e) / 4.0).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let (n, mean, confidence) = (sorted.len(), f64::from(mean), [0.8, 0.95][c]);
            let pool = Pool { sorted: sorted.clone() };
            let (lower, upper) = pool.limits(mean, confidence);
            // Errors are between one another in equal steps of rank.
            let rank_of = |error: f64| {
                let below = sorted.iter().filter(|e| **e < error).count();
                let at = sorted.iter().filter(|e| **e == error).count();
                match (below, at) {
                    (0, 0) => 0.0,
                    (b, 0) if b == n => (n + 1) as f64,
                    (b, 0) => b as f64 + (error - sorted[b - 1]) / (sorted[b] - sorted[b - 1]),
                    (b, a) => b as f64 + if error < 0.0 { a as f64 } else { 1.0 },
                }
            };
            let rank = (n + 1) as f64 * (1.0 - confidence) / 2.0;
            for count in 0..200 {
                let error = (f64::from(count) - mean) / scale(mean);
                let (low, high) = (rank_of(error), (n + 1) as f64 - rank_of(error));
                let is_near = (low - rank).abs() < 1e-6 || (high - rank).abs() < 1e-6;
                let at_mean = f64::from(count) == mean;
                let is_inside = (lower..=upper).contains(&f64::from(count));
                if !is_near && !at_mean && sorted[0] < 0.0 && sorted[n - 1] > 0.0 {
                    let is_between = count as f64 > mean && high > rank || (count as f64) < mean && low > rank;
                    proptest::prop_assert_eq!(is_inside, is_between, "{} of {}..{} ({} {} {})", count, lower, upper, low, high, rank);
                }
            }
        }
    }

    #[test]
    fn limits_are_whole_and_hold_the_mean() {
        let none = Pool { sorted: vec![] };
        assert_eq!(none.limits(2.4, 0.95), (2.0, 3.0));
        let tight = Pool {
            sorted: vec![0.0; 100],
        };
        assert_eq!(tight.limits(7.0, 0.95), (7.0, 7.0));
        assert_eq!(tight.limits(0.2, 0.95), (0.0, 1.0));
    }
}
