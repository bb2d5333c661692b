//! What counts to expect next, with limits, and only by a model that has shown itself better than last season's counts.
//!
//! Every model is tried at many origins of the past: fitted on what was known then, held against what came. The
//! yardstick is *seasonal-naive*, the count one season earlier (Hyndman & Athanasopoulos 2021, ch. 5). The model
//! with the smallest mean absolute error is shown if it beats the yardstick, else the yardstick is. The limits are
//! quantiles of the errors made at those origins, by horizon (conformal prediction; Vovk, Gammerman & Shafer 2005;
//! Stankevičiūtė, Alaa & van der Schaar 2021), so they hold whatever the law of the counts.
//!
//! A forecast of a sum is the sum of the forecasts, over places and categories ([`bottom_up`]) and over steps
//! ([`Evaluation::total`]); its limits come from the summed errors.

mod conformal;
mod models;
mod profile;

pub use models::Model;

use crate::series::{SeriesError, check_counts};
use conformal::Errors;
use profile::{Shapes, shapes_along};
use rayon::prelude::*;
use std::ops::RangeInclusive;
use thiserror::Error;

/// Origins at which models are tried, about; more cost time and add little.
const ORIGINS: usize = 150;
/// Origins a forecast needs at its farthest horizon, if the series allows.
const WANTED_AT_END: usize = 40;
/// Longest horizon.
const FARTHEST: usize = 1_000;
/// Fewest points to learn from, and two of the shortest season at least.
const FEWEST_POINTS: usize = 8;
/// Horizons at which coverage is measured, about.
const COVERED_HORIZONS: usize = 30;
/// Fewest limits held against what came for a coverage to be told.
const FEWEST_COVERED: usize = 20;

/// Why nothing can be foreseen.
#[derive(Debug, Error, PartialEq)]
pub enum ForecastError {
    /// The series itself.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// A horizon out of bounds.
    #[error("the horizon is {0}, but must be between 1 and {FARTHEST}")]
    Horizon(usize),
    /// A season out of bounds.
    #[error("a season of {0} points is none; it must be at least 2")]
    Season(usize),
    /// Not enough past to try a model on this horizon.
    #[error(
        "{points} points are too few for a horizon of {horizon} with a season of {season}: at least {needed} are needed"
    )]
    TooShort {
        /// Points in the series.
        points: usize,
        /// Horizon asked for.
        horizon: usize,
        /// Shortest season.
        season: usize,
        /// Fewest points.
        needed: usize,
    },
    /// Parts of a sum that were not tried at the same origins.
    #[error("part {0} does not span the same time and horizon as the first")]
    Unlike(usize),
    /// A sum of nothing.
    #[error("there is no part to add up")]
    NoParts,
}

/// The expected count at one horizon, and limits. Limits are whole numbers that a count can take, and enclose the mean.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ForecastPoint {
    /// Expected count.
    pub mean: f64,
    /// Lower limit of the 80 % interval.
    pub lo80: f64,
    /// Upper limit of the 80 % interval.
    pub hi80: f64,
    /// Lower limit of the 95 % interval.
    pub lo95: f64,
    /// Upper limit of the 95 % interval.
    pub hi95: f64,
}

/// A forecast and how far to trust it.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// The model shown.
    pub model: Model,
    /// One point a step ahead.
    pub points: Vec<ForecastPoint>,
    /// Mean absolute error at the origins over that of seasonal-naive there: below 1 for any other model, 1 for itself.
    pub mase: f64,
    /// Mean absolute error at the origins, in counts.
    pub mae: f64,
    /// Share of counts that fell inside 95 % limits made of the errors of other times, at all origins; none if too few
    /// could be held against them.
    pub coverage95: Option<f64>,
    /// Number of origins.
    pub origins: usize,
}

impl Forecast {
    /// Whether the model foresaw the past better than last season's counts did. One that did not is not shown to people.
    pub fn beats_the_yardstick(&self) -> bool {
        self.model != Model::SeasonalNaive && self.mase < 1.0
    }
}

/// What was foreseen at one origin of the past, and what came.
#[derive(Debug, Clone, PartialEq)]
struct Origin {
    /// Points known.
    known: usize,
    predicted: Vec<f64>,
    yardstick: Vec<f64>,
    came: Vec<f64>,
}

/// A model with its record: what [`Evaluation::forecast`] tells, and what sums are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    model: Model,
    /// Seasons the series was long enough for, shortest first.
    pub seasons: Vec<usize>,
    origins: Vec<Origin>,
    means: Vec<f64>,
}

/// Tries every model on the past of a series and keeps the best.
///
/// `seasons` are lengths in points, such as 7 and 365 for days. A season of which the series does not hold two is
/// left out. Takes time in proportion to the length of the series; origins are tried in parallel.
///
/// ```
/// use analysis::forecast::evaluate;
/// let counts: Vec<f64> = (0..140).map(|day| [9.0, 8.0, 8.0, 7.0, 7.0, 3.0, 2.0][day % 7] + (day * day % 5) as f64).collect();
/// let forecast = evaluate(&counts, &[7], 7)?.forecast();
/// assert!(forecast.mase < 1.0 && forecast.points[6].mean < forecast.points[0].mean);
/// # Ok::<(), analysis::forecast::ForecastError>(())
/// ```
///
/// # Errors
/// [`ForecastError`] for unusable counts, horizon or seasons, or a series too short to try anything.
pub fn evaluate(
    counts: &[f64],
    seasons: &[usize],
    horizon: usize,
) -> Result<Evaluation, ForecastError> {
    check_counts(counts)?;
    if !(1..=FARTHEST).contains(&horizon) {
        return Err(ForecastError::Horizon(horizon));
    }
    if let Some(none) = seasons.iter().find(|s| **s < 2) {
        return Err(ForecastError::Season(*none));
    }
    let n = counts.len();
    let mut seasons: Vec<usize> = seasons.iter().copied().filter(|s| 2 * s <= n).collect();
    seasons.sort_unstable();
    seasons.dedup();
    let shortest = seasons.first().copied().unwrap_or(1);
    let fewest = (2 * shortest).max(FEWEST_POINTS);
    if n < fewest + horizon {
        return Err(ForecastError::TooShort {
            points: n,
            horizon,
            season: shortest,
            needed: fewest + horizon,
        });
    }
    let origins = origins(n, horizon, fewest, seasons.last().copied().unwrap_or(1));
    let candidates = Model::candidates(&seasons);
    let (shapes, uses) = shapes_along(counts, &origins, &seasons, n + horizon);
    // Each origin sees only the counts before it.
    let tries: Vec<(Vec<f64>, Vec<Vec<f64>>)> = origins
        .par_iter()
        .zip(&uses)
        .map(|(known, shape)| {
            let past = &counts[..*known];
            let predict = |m: &Model| m.predict(past, &shapes[*shape], shortest, horizon);
            (
                models::seasonal_naive(past, shortest, horizon),
                candidates.iter().map(predict).collect(),
            )
        })
        .collect();
    let error_of = |pick: &dyn Fn(usize) -> Vec<f64>| -> f64 {
        origins
            .iter()
            .enumerate()
            .map(|(i, known)| absolute_errors(&pick(i), &counts[*known..]))
            .sum()
    };
    let naive_error = error_of(&|i| tries[i].0.clone());
    let best = (0..candidates.len())
        .map(|c| (c, error_of(&|i| tries[i].1[c].clone())))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, error)| *error < naive_error);
    let model = best.map_or(Model::SeasonalNaive, |(c, _)| candidates[c]);
    let newest = Shapes::of(counts, &seasons, n + horizon);
    let means = model.predict(counts, &newest, shortest, horizon);
    let kept = |(known, (yardstick, all)): (&usize, (Vec<f64>, Vec<Vec<f64>>))| {
        let came = counts[*known..(*known + horizon).min(n)].to_vec();
        let predicted = best.map_or_else(|| yardstick.clone(), |(c, _)| all[c].clone());
        Origin {
            known: *known,
            predicted,
            yardstick,
            came,
        }
    };
    let origins = origins.iter().zip(tries).map(kept).collect();
    Ok(Evaluation {
        model,
        seasons,
        origins,
        means,
    })
}

/// Where to try: from a point with enough past, evenly to the last but one, leaving enough tries at the farthest horizon.
fn origins(n: usize, horizon: usize, fewest: usize, longest: usize) -> Vec<usize> {
    let comfortable = (2 * longest).min(2 * n / 3).max(n / 3);
    let latest = n.saturating_sub(horizon + WANTED_AT_END);
    let start = comfortable.min(latest).max(fewest).min(n - horizon);
    let step = (n - start).div_ceil(ORIGINS).max(1);
    // Counted back from the end, so that the newest outcomes are always used.
    let mut origins: Vec<usize> = (1..)
        .map(|i| i * step)
        .take_while(|back| n - start >= *back)
        .map(|back| n - back)
        .collect();
    origins.reverse();
    origins
}

fn absolute_errors(predicted: &[f64], came: &[f64]) -> f64 {
    predicted.iter().zip(came).map(|(p, c)| (p - c).abs()).sum()
}

impl Evaluation {
    /// The model kept.
    pub fn model(&self) -> Model {
        self.model
    }

    /// Expected counts, one a step ahead.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// The forecast with its limits and its record.
    pub fn forecast(&self) -> Forecast {
        let errors = Errors::gather(
            self.origins
                .iter()
                .map(|o| (o.known, o.predicted.as_slice(), o.came.as_slice())),
        );
        let point = |(h, mean): (usize, &f64)| errors.pool(h, None).point(*mean);
        let (mut own, mut naive, mut number) = (0.0, 0.0, 0usize);
        for o in &self.origins {
            own += absolute_errors(&o.predicted, &o.came);
            naive += absolute_errors(&o.yardstick, &o.came);
            number += o.came.len();
        }
        Forecast {
            model: self.model,
            points: self.means.iter().enumerate().map(point).collect(),
            mase: if self.model == Model::SeasonalNaive || naive == 0.0 {
                1.0
            } else {
                own / naive
            },
            mae: own / number.max(1) as f64,
            coverage95: self.coverage(&errors, 0.95),
            origins: self.origins.len(),
        }
    }

    /// The sum over some steps ahead (counted from 1), such as a week of days, with its limits. `None` where the steps
    /// reach beyond the horizon, or too few origins saw all of them for limits of 95 %.
    ///
    /// ```
    /// use analysis::forecast::evaluate;
    /// let counts: Vec<f64> = (0..280).map(|day| (6 + day * day % 5) as f64).collect();
    /// let week = evaluate(&counts, &[7], 7)?.total(1..=7).unwrap();
    /// assert!(week.lo95 <= week.mean && week.mean <= week.hi95 && (week.mean - 56.0).abs() < 4.0);
    /// # Ok::<(), analysis::forecast::ForecastError>(())
    /// ```
    pub fn total(&self, steps: RangeInclusive<usize>) -> Option<ForecastPoint> {
        let (first, last) = (steps.start().checked_sub(1)?, *steps.end());
        let mean: f64 = self.means.get(first..last)?.iter().sum();
        let sums: Vec<(usize, [f64; 1], [f64; 1])> = self
            .origins
            .iter()
            .filter_map(|o| {
                let came: f64 = o.came.get(first..last)?.iter().sum();
                let predicted: f64 = o.predicted[first..last].iter().sum();
                Some((o.known, [predicted], [came]))
            })
            .collect();
        let errors = Errors::gather(sums.iter().map(|(known, p, c)| (*known, &p[..], &c[..])));
        let pool = errors.pool(0, None);
        pool.is_enough_for(0.95).then(|| pool.point(mean))
    }

    /// Share of counts inside limits that were made of the errors on other points than those foreseen from the same origin.
    fn coverage(&self, errors: &Errors, confidence: f64) -> Option<f64> {
        let stride = self.means.len().div_ceil(COVERED_HORIZONS).max(1);
        let (mut inside, mut all) = (0usize, 0usize);
        for origin in &self.origins {
            let window = origin.known + 1..=origin.known + origin.came.len();
            for h in (0..origin.came.len()).step_by(stride) {
                let pool = errors.pool(h, Some(&window));
                if !pool.is_enough_for(confidence) {
                    continue;
                }
                let (low, high) = pool.limits(origin.predicted[h], confidence);
                all += 1;
                inside += usize::from((low..=high).contains(&origin.came[h]));
            }
        }
        (all >= FEWEST_COVERED).then(|| inside as f64 / all as f64)
    }
}

/// The forecast of a sum as the sum of its parts' forecasts: places of a district, categories of a place.
///
/// Adding up in steps (grids to communities, communities to the district) gives the same as at once. The parts must
/// have been tried on series of one length with one horizon and the same seasons.
///
/// # Errors
/// [`ForecastError::NoParts`] or [`ForecastError::Unlike`].
pub fn bottom_up(parts: &[&Evaluation]) -> Result<Evaluation, ForecastError> {
    let (first, rest) = parts.split_first().ok_or(ForecastError::NoParts)?;
    let mut sum = Evaluation {
        model: if rest.is_empty() {
            first.model
        } else {
            Model::Sum
        },
        ..(*first).clone()
    };
    for (i, part) in rest.iter().enumerate() {
        let alike = sum.means.len() == part.means.len()
            && sum.origins.len() == part.origins.len()
            && sum
                .origins
                .iter()
                .zip(&part.origins)
                .all(|(a, b)| a.known == b.known && a.came.len() == b.came.len());
        if !alike {
            return Err(ForecastError::Unlike(i + 2));
        }
        add(&mut sum.means, &part.means);
        for (a, b) in sum.origins.iter_mut().zip(&part.origins) {
            add(&mut a.predicted, &b.predicted);
            add(&mut a.yardstick, &b.yardstick);
            add(&mut a.came, &b.came);
        }
    }
    Ok(sum)
}

fn add(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(a, b)| *a += b);
}

#[cfg(test)]
mod tests;
