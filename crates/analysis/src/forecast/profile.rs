//! How many times the usual count each point of the season brings.
//!
//! A Poisson regression of the counts on the seasons (one effect a point for a short season, a few sine waves for a
//! long one) beside a trend of straight pieces, which takes up slow changes so that they are not mistaken for season.
//! Older seasons count less.

use crate::math::regression::{Design, fit_poisson};
use rayon::prelude::*;
use std::f64::consts::TAU;

/// A season up to this long has an effect a point.
const SHORT: usize = 8;
/// Sine waves of a season of up to 100 points, and of a longer one.
const WAVES: (usize, usize) = (3, 4);
/// Pieces of the trend, at most.
const MOST_PIECES: usize = 6;
/// No point of a season brings less than this share of the usual.
const LEAST: f64 = 1e-3;
/// After so many short seasons, and so many long ones, a count weighs half.
const HALF_LIFE: (f64, f64) = (26.0, 3.0);

/// A shape is estimated anew when the past has grown by this share since: it changes slowly, and estimating it is what
/// a forecast costs most.
const ANEW: f64 = 0.02;

/// The factors of the seasons at each point, as they were known at one time.
#[derive(Debug, Clone)]
pub(super) struct Shapes {
    /// No season.
    pub(super) flat: Vec<f64>,
    /// The shortest season.
    pub(super) shortest: Vec<f64>,
    /// All seasons.
    pub(super) all: Vec<f64>,
}

impl Shapes {
    /// Estimated from the past, for `length` points from its beginning. `seasons` are sorted, the shortest first.
    pub(super) fn of(past: &[f64], seasons: &[usize], length: usize) -> Self {
        let factors = |seasons: &[usize]| -> Vec<f64> {
            let profile = Profile::estimate(past, seasons);
            (0..length).map(|t| profile.factor(t)).collect()
        };
        let shortest = factors(&seasons[..seasons.len().min(1)]);
        let all = if seasons.len() > 1 {
            factors(seasons)
        } else {
            shortest.clone()
        };
        Self {
            flat: vec![1.0; length],
            shortest,
            all,
        }
    }
}

/// The shapes known at each of some rising numbers of points, and which of them each may use: never one of its future.
pub(super) fn shapes_along(
    counts: &[f64],
    known: &[usize],
    seasons: &[usize],
    length: usize,
) -> (Vec<Shapes>, Vec<usize>) {
    let mut anchors: Vec<usize> = Vec::new();
    let mut uses = Vec::with_capacity(known.len());
    for n in known {
        let is_due = |last: &usize| *n as f64 >= *last as f64 * (1.0 + ANEW);
        if anchors.last().is_none_or(is_due) {
            anchors.push(*n);
        }
        uses.push(anchors.len() - 1);
    }
    let shapes = anchors
        .par_iter()
        .map(|n| Shapes::of(&counts[..*n], seasons, length))
        .collect();
    (shapes, uses)
}

/// Seasonal factors of a series, averaging about 1.
#[derive(Debug, Clone)]
struct Profile {
    seasons: Vec<usize>,
    /// Coefficients of the seasonal columns; empty for a flat profile.
    coefficients: Vec<f64>,
    /// ln of the mean factor, taken off.
    level: f64,
}

impl Profile {
    /// No season.
    fn flat() -> Self {
        Self {
            seasons: Vec::new(),
            coefficients: Vec::new(),
            level: 0.0,
        }
    }

    /// Estimated from counts; seasons of which there are not two are left out, and a profile that cannot be estimated is flat.
    fn estimate(counts: &[f64], seasons: &[usize]) -> Self {
        let n = counts.len();
        let seasons: Vec<usize> = seasons.iter().copied().filter(|s| 2 * s <= n).collect();
        let Some(longest) = seasons.last().copied() else {
            return Self::flat();
        };
        if counts.iter().all(|c| *c == 0.0) {
            return Self::flat();
        }
        let pieces = (n / longest.max(28)).clamp(1, MOST_PIECES);
        let seasonal = seasonal_columns(&seasons);
        let mut design = Design::new(1 + pieces + seasonal);
        let mut row = Vec::with_capacity(design.columns());
        for t in 0..n {
            row.clear();
            row.push(1.0);
            let at = t as f64 / n as f64 * pieces as f64;
            row.extend((0..pieces).map(|k| (at - k as f64).max(0.0)));
            push_seasonal(&mut row, &seasons, t);
            design.push(&row);
        }
        let half_life = longest as f64
            * if longest <= SHORT {
                HALF_LIFE.0
            } else {
                HALF_LIFE.1
            };
        let weights: Vec<f64> = (0..n)
            .map(|t| (-((n - t) as f64) / half_life).exp2())
            .collect();
        let Ok(fit) = fit_poisson(&design, counts, &[], &weights) else {
            return Self::flat();
        };
        let mut profile = Self {
            seasons,
            coefficients: fit.coefficients[1 + pieces..].to_vec(),
            level: 0.0,
        };
        let mean = (n - longest..n).map(|t| profile.factor(t)).sum::<f64>() / longest as f64;
        if !(mean.is_finite() && mean > 0.0) {
            return Self::flat();
        }
        profile.level = mean.ln();
        profile
    }

    /// The factor at point `t` (from 0, also beyond the end).
    fn factor(&self, t: usize) -> f64 {
        if self.coefficients.is_empty() {
            return 1.0;
        }
        let mut row = Vec::with_capacity(self.coefficients.len());
        push_seasonal(&mut row, &self.seasons, t);
        let log: f64 = row.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum();
        (log - self.level).exp().max(LEAST)
    }
}

fn waves(season: usize) -> usize {
    let most = if season > 100 { WAVES.1 } else { WAVES.0 };
    most.min((season - 1) / 2)
}

fn seasonal_columns(seasons: &[usize]) -> usize {
    seasons
        .iter()
        .map(|s| if *s <= SHORT { s - 1 } else { 2 * waves(*s) })
        .sum()
}

fn push_seasonal(row: &mut Vec<f64>, seasons: &[usize], t: usize) {
    for season in seasons {
        let phase = t % season;
        if *season <= SHORT {
            row.extend((1..*season).map(|p| f64::from(u8::from(phase == p))));
        } else {
            let angle = TAU * phase as f64 / *season as f64;
            row.extend((1..=waves(*season)).flat_map(|k| {
                let (sine, cosine) = (angle * k as f64).sin_cos();
                [sine, cosine]
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_uses_a_shape_of_the_future_and_no_shape_is_much_older_than_its_user() {
        let counts: Vec<f64> = (0..400).map(|t| f64::from(t % 7)).collect();
        let known: Vec<usize> = (20..=390).step_by(3).collect();
        let (shapes, uses) = shapes_along(&counts, &known, &[7], 400);
        assert!(shapes.len() < known.len() && uses.windows(2).all(|w| w[0] <= w[1]));
        for (n, at) in known.iter().zip(&uses) {
            // Each shape is that of the first who uses it.
            let first = known[uses.iter().position(|u| u == at).unwrap()];
            assert!(
                first <= *n && (*n as f64) < 1.02 * first as f64 + 3.0,
                "{first} {n}"
            );
            let own = Shapes::of(&counts[..first], &[7], 400);
            assert_eq!(own.shortest, shapes[*at].shortest);
        }
        // A young series, that learns with each point, is looked at anew with each.
        let (young, _) = shapes_along(&counts, &[14, 15, 16, 17], &[7], 40);
        assert_eq!(young.len(), 4);
    }
}
