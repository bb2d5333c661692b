//! Farrington flexible: each count against a quasi-Poisson model of the same season in earlier years.
//!
//! Farrington et al. 1996; Noufaily et al. 2013 (Stat. Med. 32, 1206–1222). Conventions of R
//! `surveillance::farringtonFlexible` with `pThresholdTrend = 1`: the trend is kept whatever its significance,
//! and left out, as there, with fewer than three years of past or when it predicts more than was ever counted.
//! No alarm is raised on fewer than 5 cases in 4 points, the judged one included.

use super::glm::{Fit, Row, fit, reweight};
use super::threshold::{Power, Threshold, delta_bounds, negative_binomial_bounds};
use super::{DetectError, Point, check_alpha, positions, setting};
use crate::series::{Step, check_counts, days_between};
use jiff::civil::{Date, Weekday};
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// Fewest cases in the last [`RECENT`] points for an alarm.
const FEWEST_CASES: f64 = 5.0;
/// How many points, the judged one included, must hold them.
const RECENT: usize = 4;
/// Fewest years of past for a trend.
const TREND_YEARS: usize = 3;

/// Settings of Farrington flexible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Farrington {
    /// Years of past (`b`).
    pub years: usize,
    /// Half width of the window around each reference point (`w`).
    pub half_window: usize,
    /// Parts into which a year is cut for the season, the window being one; 1 uses the windows alone.
    pub periods: usize,
    /// Points just before the judged one that are left out, so that a beginning outbreak does not hide itself.
    pub left_out: usize,
    /// Residual above which a past count is weighed down.
    pub weights_threshold: f64,
    /// One-sided level.
    pub alpha: f64,
    /// How the upper limit is found.
    pub threshold: Threshold,
}

impl Default for Farrington {
    /// The settings of Noufaily et al. with four years: w 3, ten periods, 26 weeks left out, 2.58, alpha 0.05, delta.
    fn default() -> Self {
        Self {
            years: 4,
            half_window: 3,
            periods: 10,
            left_out: 26,
            weights_threshold: 2.58,
            alpha: 0.05,
            threshold: Threshold::Delta,
        }
    }
}

/// How time runs along a series: which points are a year apart, and how far.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// Time of each point in steps, from the first.
    times: Vec<f64>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Index {
        per_year: usize,
    },
    Dates {
        dates: Vec<Date>,
        positions: HashMap<Date, usize>,
        weekly: bool,
    },
}

impl Timeline {
    /// Points without dates, `per_year` of them a year (52 for weeks).
    pub fn by_index(length: usize, per_year: usize) -> Self {
        Self {
            times: (0..length).map(|i| i as f64).collect(),
            kind: Kind::Index { per_year },
        }
    }

    /// Points with daily, weekly or monthly dates. A year before a week is the week whose day of the week lies nearest the same date.
    ///
    /// # Errors
    /// [`DetectError::Series`] if the dates are not even.
    pub fn by_date(dates: &[Date]) -> Result<Self, DetectError> {
        let step = Step::of(dates)?;
        // The unit is the first distance, also for months, whose distances vary.
        let unit = days_between(dates[0], dates[1]) as f64;
        let times = dates
            .iter()
            .map(|d| days_between(dates[0], *d) as f64 / unit)
            .collect();
        let kind = match step {
            // Even months are a year apart when they are twelve apart.
            Step::Month => Kind::Index {
                per_year: step.per_year(),
            },
            Step::Day | Step::Week => {
                let positions = dates.iter().enumerate().map(|(i, d)| (*d, i)).collect();
                Kind::Dates {
                    dates: dates.to_vec(),
                    positions,
                    weekly: step == Step::Week,
                }
            }
        };
        Ok(Self { times, kind })
    }

    /// The positions (from 0) of the point `at` and of the same season in the `years` before it, latest first; none if one is missing.
    fn references(&self, at: usize, years: usize) -> Option<Vec<usize>> {
        match &self.kind {
            Kind::Index { per_year } => (0..=years).map(|y| at.checked_sub(y * per_year)).collect(),
            Kind::Dates {
                dates,
                positions,
                weekly,
            } => (0..=years)
                .map(|y| {
                    let same = year_before(dates[at], y)?;
                    let wanted = if *weekly {
                        nearest_weekday(same, dates[at].weekday())
                    } else {
                        Some(same)
                    };
                    positions.get(&wanted?).copied()
                })
                .collect(),
        }
    }
}

/// The same date `years` earlier; 29 February becomes 1 March.
fn year_before(date: Date, years: usize) -> Option<Date> {
    let year = date.year().checked_sub(i16::try_from(years).ok()?)?;
    date.with()
        .year(year)
        .build()
        .or_else(|_| Date::new(year, 3, 1))
        .ok()
}

/// The date nearest `date` on that day of the week. With seven days there are no ties.
fn nearest_weekday(date: Date, weekday: Weekday) -> Option<Date> {
    let ahead = i64::from(date.weekday().until(weekday));
    let by = if ahead > 3 { ahead - 7 } else { ahead };
    date.checked_add(jiff::Span::new().days(by)).ok()
}

/// Judges `range` (all positions with enough past if none is given), one point independent of the next, in parallel.
///
/// Where no model can be fitted, `expected` and `upper` are `None` and there is no alarm. With fewer than five
/// cases in the last four points only `upper` is.
///
/// ```
/// use analysis::aberration::{Farrington, Timeline, farrington};
/// let mut counts: Vec<f64> = (0..300).map(|week| 10.0 + f64::from(week % 5)).collect();
/// counts[299] = 40.0;
/// let points = farrington(&counts, &Timeline::by_index(300, 52), &Farrington::default(), Some(299..=300))?;
/// assert!(!points[0].alarm && points[1].alarm);
/// # Ok::<(), analysis::aberration::DetectError>(())
/// ```
///
/// # Errors
/// [`DetectError`] for unusable counts, settings or ranges.
pub fn farrington(
    counts: &[f64],
    timeline: &Timeline,
    settings: &Farrington,
    range: Option<RangeInclusive<usize>>,
) -> Result<Vec<Point>, DetectError> {
    check_counts(counts)?;
    settings.check()?;
    if timeline.times.len() != counts.len() {
        return Err(crate::series::SeriesError::Length {
            dates: timeline.times.len(),
            counts: counts.len(),
        }
        .into());
    }
    let why = format!(
        "{} years of past and {} points before the earliest reference point",
        settings.years, settings.half_window
    );
    let has_past = |index: usize| {
        index > settings.left_out && settings.reference_positions(timeline, index - 1).is_some()
    };
    let first = (1..=counts.len())
        .find(|i| has_past(*i))
        .unwrap_or(counts.len() + 1);
    let range = positions(range, counts.len(), first, &why)?;
    let judge = |index: usize| {
        let references = settings
            .reference_positions(timeline, index - 1)
            .ok_or_else(|| DetectError::History {
                index,
                why: why.clone(),
            })?;
        settings.judge(counts, timeline, index - 1, &references)
    };
    range.into_par_iter().map(judge).collect()
}

/// What the model predicts for one point.
struct Prediction {
    log_mean: f64,
    log_mean_error: f64,
    dispersion: f64,
}

impl Farrington {
    fn check(&self) -> Result<(), DetectError> {
        check_alpha(self.alpha)?;
        setting(
            "b",
            self.years as f64,
            (1..=100).contains(&self.years),
            "between 1 and 100 years",
        )?;
        setting(
            "no-periods",
            self.periods as f64,
            self.periods >= 1,
            "at least 1",
        )?;
        setting(
            "w",
            self.half_window as f64,
            self.half_window <= 1000,
            "at most 1000",
        )?;
        let finite = self.weights_threshold.is_finite() && self.weights_threshold >= 0.0;
        setting(
            "weights-threshold",
            self.weights_threshold,
            finite,
            "a finite number that is not negative",
        )
    }

    /// Reference positions of a point, if the whole window around the earliest lies in the series.
    pub(super) fn reference_positions(&self, timeline: &Timeline, at: usize) -> Option<Vec<usize>> {
        let references = timeline.references(at, self.years)?;
        let earliest = *references.last()?;
        // A window that would begin one point before the series begins with it, as in R, where position 0 is nothing.
        (earliest + 1 >= self.half_window && at >= self.half_window).then_some(references)
    }

    /// The level of the seasonal factor (from 0; the last is the window) of every position from the earliest window to `at`.
    fn levels(
        &self,
        references: &[usize],
        at: usize,
    ) -> Result<(usize, Vec<Option<usize>>), DetectError> {
        let (w, window) = (self.half_window, self.periods - 1);
        let begin = references[references.len() - 1].saturating_sub(w);
        let mut levels = vec![None; at + 1 - begin];
        levels[at - w - begin..].fill(Some(window));
        for pair in references.windows(2) {
            let (later, earlier) = (pair[0], pair[1]);
            let (from, to) = (earlier.saturating_sub(w), earlier + w + 1);
            levels[from - begin..to.min(at + 1) - begin].fill(Some(window));
            if window == 0 {
                continue;
            }
            let between = (later - earlier).saturating_sub(2 * w + 1);
            setting(
                "no-periods",
                self.periods as f64,
                between >= window,
                "small enough to leave a point for every period of the year",
            )?;
            // The first periods take one point more where the year does not divide evenly.
            let (length, rest) = (between / window, between % window);
            let mut start = to - begin;
            for period in 0..window {
                let end = start + length + usize::from(period < rest);
                levels[start..end].fill(Some(period));
                start = end;
            }
        }
        Ok((begin, levels))
    }

    fn judge(
        &self,
        counts: &[f64],
        timeline: &Timeline,
        at: usize,
        references: &[usize],
    ) -> Result<Point, DetectError> {
        let (begin, levels) = self.levels(references, at)?;
        let end = at.saturating_sub(self.left_out);
        let now = timeline.times[at];
        let rows: Vec<Row> = (begin..end)
            .filter_map(|i| {
                levels[i - begin].map(|level| Row {
                    count: counts[i],
                    level,
                    time: timeline.times[i] - now,
                })
            })
            .collect();
        let observed = counts[at];
        let none = Point {
            index: at + 1,
            observed,
            expected: None,
            upper: None,
            alarm: false,
            p_value: None,
        };
        let Some(p) = self.predict(&rows) else {
            return Ok(none);
        };
        let mean = p.log_mean.exp();
        let bounds = match self.threshold {
            Threshold::Delta => delta_bounds(
                mean,
                p.log_mean_error * mean,
                p.dispersion,
                Power::TwoThirds,
                self.alpha,
                observed,
            ),
            Threshold::NbPlugin | Threshold::Muan => {
                let muan = self.threshold == Threshold::Muan;
                negative_binomial_bounds(
                    p.log_mean,
                    p.log_mean_error,
                    p.dispersion,
                    muan,
                    self.alpha,
                    observed,
                )
            }
        };
        let Some(bounds) = bounds else {
            return Ok(Point {
                expected: Some(mean).filter(|m| m.is_finite()),
                ..none
            });
        };
        let recent: f64 = counts[(at + 1).saturating_sub(RECENT)..=at].iter().sum();
        let upper = (recent >= FEWEST_CASES).then_some(bounds.upper);
        Ok(Point {
            expected: Some(mean),
            upper,
            alarm: upper.is_some_and(|u| observed > u),
            p_value: Some(bounds.p_value),
            ..none
        })
    }

    /// Fits the model, with the trend where it may stay, and predicts the judged point.
    fn predict(&self, rows: &[Row]) -> Option<Prediction> {
        let with_trend = if self.years >= TREND_YEARS {
            self.model(rows, true)
        } else {
            None
        };
        let highest = rows.iter().map(|r| r.count).fold(0.0, f64::max);
        with_trend
            .filter(|p| p.log_mean.exp() <= highest)
            .or_else(|| self.model(rows, false))
    }

    /// Fit, weigh past outbreaks down, fit again. Only the first fit has to settle, as in R.
    fn model(&self, rows: &[Row], trend: bool) -> Option<Prediction> {
        let equal = vec![1.0; rows.len()];
        let first: Fit = fit(rows, &equal, self.periods, trend).filter(|f| f.settled)?;
        let residuals = first.anscombe(rows, first.dispersion(rows).max(1.0));
        let weights = reweight(&residuals, self.weights_threshold);
        let second = fit(rows, &weights, self.periods, trend)?;
        let (log_mean, variance) = second.prediction(self.periods - 1);
        Some(Prediction {
            log_mean,
            log_mean_error: (variance * second.prediction_dispersion(rows, &weights)).sqrt(),
            dispersion: second.dispersion(rows).max(1.0),
        })
    }
}
