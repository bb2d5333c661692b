//! The Early Aberration Reporting System's C1, C2 and C3: a count against the mean and spread of a short past.
//!
//! Hutwagner et al. 2003 (J. Urban Health 80, i89–i96); conventions of R `surveillance::earsC`:
//! C1 looks at the `baseline` points just before, C2 leaves out the two nearest, C3 adds up how far the last two
//! points exceeded their own C2 by more than one deviation. The spread is the sample standard deviation.

use super::{DetectError, Point, check_alpha, positions, setting};
use crate::math::special::{normal_quantile, normal_tail};
use crate::series::check_counts;
use std::ops::RangeInclusive;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarsMethod {
    /// The points just before.
    C1,
    /// The points up to three before.
    C2,
    /// Sum of the two preceding exceedances of C2.
    C3,
}

impl EarsMethod {
    /// Points left out between the judged one and its baseline.
    fn gap(self) -> usize {
        match self {
            EarsMethod::C1 => 0,
            EarsMethod::C2 | EarsMethod::C3 => 2,
        }
    }

    /// The customary level: 0.001 for C1 and C2 (three deviations), 0.025 for C3 (two).
    pub fn usual_alpha(self) -> f64 {
        match self {
            EarsMethod::C1 | EarsMethod::C2 => 0.001,
            EarsMethod::C3 => 0.025,
        }
    }
}

/// Settings of EARS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ears {
    /// Which method.
    pub method: EarsMethod,
    /// One-sided level: the limit is the mean plus z(1 − alpha) deviations.
    pub alpha: f64,
    /// Points in the baseline, at least 3.
    pub baseline: usize,
    /// A floor for the deviation, so that a quiet past does not make every count an alarm; 0 for none.
    pub least_deviation: f64,
}

impl Ears {
    /// The method with its customary level, a baseline of 7 and no floor.
    pub fn new(method: EarsMethod) -> Self {
        Self {
            method,
            alpha: method.usual_alpha(),
            baseline: 7,
            least_deviation: 0.0,
        }
    }
}

/// Mean and deviation of a baseline.
#[derive(Clone, Copy)]
struct Past {
    mean: f64,
    deviation: f64,
}

impl Past {
    fn of(counts: &[f64], floor: f64) -> Self {
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let squares: f64 = counts.iter().map(|c| (c - mean).powi(2)).sum();
        Self {
            mean,
            deviation: (squares / (n - 1.0)).sqrt().max(floor),
        }
    }

    /// How many deviations a count lies above the mean; not a number for a count at the mean of a constant past.
    fn standard(&self, count: f64) -> f64 {
        (count - self.mean) / self.deviation
    }
}

/// Judges `range` (all possible positions if none is given).
///
/// The upper bound is `None`, without alarm, where C3 would multiply nothing by infinity: a constant baseline after a constant baseline that was exceeded.
///
/// ```
/// use analysis::aberration::{Ears, EarsMethod, ears};
/// let counts = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
/// let points = ears(&counts, &Ears { alpha: 0.05, ..Ears::new(EarsMethod::C1) }, None)?;
/// // mean 4, sample deviation 2.160, z(0.95) = 1.645: the limit is 7.553
/// assert!(points[0].alarm && (points[0].upper.unwrap() - 7.553290).abs() < 1e-6);
/// # Ok::<(), analysis::aberration::DetectError>(())
/// ```
///
/// # Errors
/// [`DetectError`] for unusable counts, settings or ranges.
pub fn ears(
    counts: &[f64],
    settings: &Ears,
    range: Option<RangeInclusive<usize>>,
) -> Result<Vec<Point>, DetectError> {
    check_counts(counts)?;
    check_alpha(settings.alpha)?;
    setting(
        "baseline",
        settings.baseline as f64,
        settings.baseline >= 3,
        "at least 3",
    )?;
    let floor = settings.least_deviation;
    setting(
        "least deviation",
        floor,
        floor.is_finite() && floor >= 0.0,
        "a finite number that is not negative",
    )?;
    let z = normal_quantile(1.0 - settings.alpha);
    let lag = settings.baseline
        + if settings.method == EarsMethod::C3 {
            4
        } else {
            settings.method.gap()
        };
    let why = format!("the method looks {lag} points back");
    let range = positions(range, counts.len(), lag + 1, &why)?;
    // The baseline of the point at position `i` (from 0).
    let past = |i: usize| {
        let end = i - settings.method.gap();
        Past::of(&counts[end - settings.baseline..end], floor)
    };
    let judge = |index: usize| {
        let i = index - 1;
        let (observed, base) = (counts[i], past(i));
        let (upper, p_value) = match settings.method {
            EarsMethod::C1 | EarsMethod::C2 => {
                let standard = base.standard(observed);
                let p = if standard.is_nan() {
                    0.5
                } else {
                    normal_tail(standard)
                };
                (base.mean + z * base.deviation, Some(p))
            }
            EarsMethod::C3 => {
                // f64::max would turn "not a number" into 0, which is what R's pmax does not do.
                let exceedance = |back: usize| {
                    let over = past(i - back).standard(counts[i - back]) - 1.0;
                    if over < 0.0 { 0.0 } else { over }
                };
                let upper = observed + base.deviation * (z - exceedance(2) - exceedance(1));
                (if upper < 0.0 { 0.0 } else { upper }, None)
            }
        };
        let upper = (!upper.is_nan()).then_some(upper);
        Point {
            index,
            observed,
            expected: Some(base.mean),
            upper,
            alarm: upper.is_some_and(|u| observed > u),
            p_value,
        }
    };
    Ok(range.map(judge).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAST: [f64; 7] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];

    #[test]
    fn c1_by_hand() {
        // mean 4, sample deviation sqrt(28/6) = 2.160247, z(0.95) = 1.644854
        let counts = [&PAST[..], &[8.0, 20.0]].concat();
        let points = ears(
            &counts,
            &Ears {
                alpha: 0.05,
                ..Ears::new(EarsMethod::C1)
            },
            None,
        )
        .unwrap();
        assert_eq!(points.len(), 2);
        assert!(
            (points[0].upper.unwrap() - 7.553_290).abs() < 1e-6
                && points[0].alarm
                && points[0].index == 8
        );
        assert_eq!(points[0].expected, Some(4.0));
    }

    #[test]
    fn c2_leaves_two_points_out() {
        let counts = [&PAST[..], &[100.0, 100.0, 8.0]].concat();
        let points = ears(
            &counts,
            &Ears {
                alpha: 0.05,
                ..Ears::new(EarsMethod::C2)
            },
            None,
        )
        .unwrap();
        assert_eq!((points[0].index, points[0].expected), (10, Some(4.0)));
        assert!((points[0].upper.unwrap() - 7.553_290).abs() < 1e-6);
    }

    #[test]
    fn c3_adds_the_exceedances_of_the_two_points_before() {
        // Baselines of points 10 and 11 are 1..7 and 2..8, C2 of both: (12−4)/2.160247 = 3.703280 and (13−5)/2.160247.
        let counts = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 12.0, 13.0, 6.0];
        let point = ears(
            &counts,
            &Ears {
                alpha: 0.025,
                ..Ears::new(EarsMethod::C3)
            },
            None,
        )
        .unwrap()[0];
        let deviation = (28f64 / 6.0).sqrt();
        let sum = 2.0 * (8.0 / deviation - 1.0);
        let upper = (6.0 + deviation * (1.959_963_985 - sum)).max(0.0);
        assert_eq!((point.index, point.expected), (12, Some(6.0)));
        assert!((point.upper.unwrap() - upper).abs() < 1e-6 && point.alarm);
    }

    #[test]
    fn a_constant_past_is_exceeded_by_anything_above_it() {
        let counts = [2.0; 7].into_iter().chain([2.0, 3.0]).collect::<Vec<_>>();
        let points = ears(&counts, &Ears::new(EarsMethod::C1), None).unwrap();
        assert_eq!(
            points.iter().map(|p| p.alarm).collect::<Vec<_>>(),
            [false, true]
        );
        assert_eq!(
            (points[0].p_value, points[1].p_value),
            (Some(0.5), Some(0.0))
        );
        let quiet = [0.0; 20];
        let c3 = ears(&quiet, &Ears::new(EarsMethod::C3), None).unwrap();
        assert!(
            c3.iter().all(|p| p.upper.is_none() && !p.alarm),
            "0/0 has no bound"
        );
        let floor = ears(
            &quiet,
            &Ears {
                least_deviation: 0.5,
                ..Ears::new(EarsMethod::C3)
            },
            None,
        )
        .unwrap();
        assert!(floor.iter().all(|p| p.upper.is_some()));
    }

    #[test]
    fn unusable_input_is_refused() {
        let c1 = Ears::new(EarsMethod::C1);
        let e = |counts: &[f64], s: &Ears, r| ears(counts, s, r).unwrap_err();
        assert!(matches!(
            e(&[1.0; 7], &c1, None),
            DetectError::TooShort { length: 7, .. }
        ));
        assert!(matches!(
            e(&[1.0; 9], &c1, Some(7..=9)),
            DetectError::History { index: 7, .. }
        ));
        assert!(matches!(
            e(&[1.0; 9], &c1, Some(8..=10)),
            DetectError::Range { .. }
        ));
        assert!(matches!(
            e(&[1.0; 9], &c1, Some(0..=9)),
            DetectError::Range { .. }
        ));
        assert!(matches!(e(&[1.0, -1.0], &c1, None), DetectError::Series(_)));
        assert!(matches!(
            e(&[1.0; 9], &Ears { alpha: 1.0, ..c1 }, None),
            DetectError::Setting { name: "alpha", .. }
        ));
        assert!(matches!(
            e(
                &[1.0; 9],
                &Ears {
                    alpha: f64::NAN,
                    ..c1
                },
                None
            ),
            DetectError::Setting { .. }
        ));
        assert!(matches!(
            e(&[1.0; 9], &Ears { baseline: 2, ..c1 }, None),
            DetectError::Setting { .. }
        ));
    }

    /// The alarms in terms of the statistics C1 and C2, with every sum taken anew.
    fn twin(counts: &[f64], method: EarsMethod, z: f64) -> Vec<(usize, bool)> {
        let statistic = |t: usize, gap: usize| {
            let past: Vec<f64> = (t - gap - 7..t - gap).map(|i| counts[i]).collect();
            let mean = past.iter().sum::<f64>() / 7.0;
            let variance = past.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / 6.0;
            (counts[t] - mean) / variance.sqrt()
        };
        let gap = if method == EarsMethod::C1 { 0 } else { 2 };
        let first = if method == EarsMethod::C3 {
            11
        } else {
            7 + gap
        };
        let judged = (first..counts.len()).map(|t| {
            let excess = |t: usize| (statistic(t, 2) - 1.0).max(0.0);
            // C3 of `surveillance` looks at the two points before only.
            let is_alarm = match method {
                EarsMethod::C3 => excess(t - 1) + excess(t - 2) > z,
                _ => statistic(t, gap) > z,
            };
            (t + 1, is_alarm)
        });
        judged.collect()
    }

    proptest! {
        #[test]
        fn the_alarms_are_those_of_a_second_way_to_count(counts in prop::collection::vec(0u32..30, 12..50), c in 0usize..3) {
            let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
            let method = [EarsMethod::C1, EarsMethod::C2, EarsMethod::C3][c];
            // A constant past has no spread to speak of; its conventions have tests of their own.
            prop_assume!(counts.windows(7).all(|w| w.iter().any(|x| *x != w[0])));
            let settings = Ears::new(method);
            let z = normal_quantile(1.0 - settings.alpha);
            let found = ears(&counts, &settings, None).unwrap();
            let twin = twin(&counts, method, z);
            prop_assert_eq!(found.len(), twin.len());
            for (point, (index, alarm)) in found.iter().zip(twin) {
                prop_assert_eq!(point.index, index);
                let is_close = point.upper.is_some_and(|u| (point.observed - u).abs() < 1e-9);
                prop_assert!(is_close || point.alarm == alarm, "{:?}", point);
            }
        }

        #[test]
        fn more_caution_never_means_more_alarms(counts in prop::collection::vec(0u32..40, 15..60), c in 0usize..3) {
            let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
            let method = [EarsMethod::C1, EarsMethod::C2, EarsMethod::C3][c];
            let run = |alpha| ears(&counts, &Ears { alpha, ..Ears::new(method) }, None).unwrap();
            for (strict, loose) in run(0.001).iter().zip(run(0.05)) {
                prop_assert!(!strict.alarm || loose.alarm);
                prop_assert_eq!(strict.alarm, strict.upper.is_some_and(|u| strict.observed > u));
            }
        }

        #[test]
        fn a_shifted_series_has_shifted_bounds(counts in prop::collection::vec(0u32..40, 15..60), by in 1u32..50) {
            let low: Vec<f64> = counts.iter().map(|c| f64::from(*c)).collect();
            let high: Vec<f64> = counts.iter().map(|c| f64::from(*c + by)).collect();
            let run = |s: &[f64]| ears(s, &Ears::new(EarsMethod::C2), None).unwrap();
            for (a, b) in run(&low).iter().zip(run(&high)) {
                prop_assert!((a.upper.unwrap() + f64::from(by) - b.upper.unwrap()).abs() < 1e-9);
            }
        }
    }
}
