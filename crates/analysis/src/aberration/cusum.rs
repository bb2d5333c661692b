//! CUSUM: small excesses that last, added up until they are too many.
//!
//! C_t = max(0, C_{t−1} + z_t − k), an alarm where C_t ≥ h (Page 1954; Rossi, Lampugnani & Marchi 1999, Stat. Med. 18,
//! 2111–2122; conventions of R `surveillance::algo.cusum`, no reset after an alarm). z is the count made standard
//! against its expected value by a [`Transform`].

use super::{DetectError, Point, positions, setting};
use crate::series::check_counts;
use std::ops::RangeInclusive;

/// Points a reference mean is taken from, at least.
const FEWEST_BEFORE: usize = 7;

/// How a count x with mean m becomes standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transform {
    /// (x − m)/√m.
    #[default]
    Standard,
    /// (x − 3m + 2√(xm))/(2√m), nearer normal for small means.
    Rossi,
    /// 3/2 (x^⅔ − m^⅔)/m^⅙, even in skewness.
    Anscombe,
}

impl Transform {
    fn standard(self, x: f64, m: f64) -> f64 {
        match self {
            Transform::Standard => (x - m) / m.sqrt(),
            Transform::Rossi => (x - 3.0 * m + 2.0 * (x * m).sqrt()) / (2.0 * m.sqrt()),
            Transform::Anscombe => {
                1.5 * (x.powf(2.0 / 3.0) - m.powf(2.0 / 3.0)) / m.powf(1.0 / 6.0)
            }
        }
    }

    /// The count whose standard value is `v`; 0 where even no case at all lies above it.
    fn count(self, v: f64, m: f64) -> f64 {
        let count = match self {
            Transform::Standard => m + v * m.sqrt(),
            // A quadratic equation in √x.
            Transform::Rossi => {
                let root = (4.0 * m + 2.0 * m.sqrt() * v).max(0.0).sqrt() - m.sqrt();
                if root > 0.0 { root * root } else { 0.0 }
            }
            Transform::Anscombe => (m.powf(2.0 / 3.0) + 2.0 / 3.0 * v * m.powf(1.0 / 6.0))
                .max(0.0)
                .powf(1.5),
        };
        count.max(0.0)
    }
}

/// What the counts are held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reference<'a> {
    /// The mean of everything before the range.
    MeanBefore,
    /// An expected value for each point of the series, each above 0.
    Expected(&'a [f64]),
}

/// Settings of CUSUM.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cusum<'a> {
    /// Reference value: how much excess, in deviations, is let pass at each point. Customary: 1.04.
    pub k: f64,
    /// Decision limit for the sum. Customary: 2.26.
    pub h: f64,
    /// How counts become standard.
    pub transform: Transform,
    /// What they are held against.
    pub reference: Reference<'a>,
}

impl Default for Cusum<'_> {
    fn default() -> Self {
        Self {
            k: 1.04,
            h: 2.26,
            transform: Transform::Standard,
            reference: Reference::MeanBefore,
        }
    }
}

/// Judges `range`. Without one, the first quarter of the series (at least 7 points) sets the mean and the rest is judged.
///
/// `upper` is the count at which the sum reaches its limit, given the sum so far: a count below it raises no alarm.
/// It is 0 where the sum is so high that no count could bring it down.
///
/// ```
/// use analysis::aberration::{Cusum, cusum};
/// // Two counts of 4 set the mean; (6 − 4)/2 − 0.5 = 0.5 twice, then (8 − 4)/2 − 0.5 more is 2.5.
/// let points = cusum(&[4.0, 4.0, 6.0, 6.0, 8.0], &Cusum { k: 0.5, h: 2.0, ..Cusum::default() }, Some(3..=5))?;
/// assert_eq!(points.iter().map(|p| p.alarm).collect::<Vec<_>>(), [false, false, true]);
/// # Ok::<(), analysis::aberration::DetectError>(())
/// ```
///
/// # Errors
/// [`DetectError`] for unusable counts, settings or ranges, and where the expected count is not above 0.
pub fn cusum(
    counts: &[f64],
    settings: &Cusum<'_>,
    range: Option<RangeInclusive<usize>>,
) -> Result<Vec<Point>, DetectError> {
    let step = |s: Step| Point {
        index: s.index,
        observed: s.observed,
        expected: Some(s.expected),
        upper: Some(s.upper),
        alarm: s.sum >= settings.h,
        p_value: None,
    };
    Ok(walk(counts, settings, range)?
        .into_iter()
        .map(step)
        .collect())
}

/// Where the rise that stands at the end of `range` began: the position (from 1) of the first point since the sum was
/// last 0. None where it is 0 at the end. This is the change point as Page (1954) estimates it.
///
/// ```
/// use analysis::aberration::{Cusum, Reference, risen_since};
/// let rise = Cusum { k: 0.5, reference: Reference::Expected(&[4.0; 5]), ..Cusum::default() };
/// assert_eq!(risen_since(&[4.0, 9.0, 1.0, 6.0, 7.0], &rise, None)?, Some(4));
/// # Ok::<(), analysis::aberration::DetectError>(())
/// ```
///
/// # Errors
/// As [`cusum`].
pub fn risen_since(
    counts: &[f64],
    settings: &Cusum<'_>,
    range: Option<RangeInclusive<usize>>,
) -> Result<Option<usize>, DetectError> {
    let steps = walk(counts, settings, range)?;
    let quiet = steps.iter().rposition(|s| s.sum == 0.0);
    let first = quiet.map_or(0, |at| at + 1);
    Ok(steps.get(first).map(|s| s.index))
}

/// A point on the way of the sum.
struct Step {
    index: usize,
    observed: f64,
    expected: f64,
    /// The count at which the sum reaches its limit.
    upper: f64,
    /// The sum with this point.
    sum: f64,
}

fn walk(
    counts: &[f64],
    settings: &Cusum<'_>,
    range: Option<RangeInclusive<usize>>,
) -> Result<Vec<Step>, DetectError> {
    check_counts(counts)?;
    setting(
        "k",
        settings.k,
        settings.k.is_finite() && settings.k >= 0.0,
        "a finite number that is not negative",
    )?;
    setting(
        "h",
        settings.h,
        settings.h.is_finite() && settings.h > 0.0,
        "a finite number above 0",
    )?;
    let range = match (range, settings.reference) {
        (None, Reference::MeanBefore) => {
            let first = (counts.len() / 4).max(FEWEST_BEFORE) + 1;
            positions(
                None,
                counts.len(),
                first,
                "the first quarter, at least 7 points, sets the mean",
            )?
        }
        (range, Reference::MeanBefore) => positions(
            range,
            counts.len(),
            2,
            "its mean is that of the points before the range",
        )?,
        (range, Reference::Expected(expected)) => {
            if expected.len() != counts.len() {
                return Err(crate::series::SeriesError::Length {
                    dates: expected.len(),
                    counts: counts.len(),
                }
                .into());
            }
            positions(range, counts.len(), 1, "the series is empty")?
        }
    };
    let before = &counts[..range.start() - 1];
    let mean = before.iter().sum::<f64>() / before.len() as f64;
    if settings.reference == Reference::MeanBefore && mean == 0.0 {
        return Err(DetectError::NothingBefore(*range.start()));
    }
    let expected = |i: usize| match settings.reference {
        Reference::MeanBefore => mean,
        Reference::Expected(all) => all[i],
    };
    let mut sum = 0.0f64;
    let mut steps = Vec::with_capacity(range.end() + 1 - range.start());
    for index in range {
        let (observed, m) = (counts[index - 1], expected(index - 1));
        setting(
            "the expected count",
            m,
            m.is_finite() && m > 0.0,
            "above 0: there is nothing to hold the counts against",
        )?;
        let upper = settings.transform.count(settings.h + settings.k - sum, m);
        sum = (sum + settings.transform.standard(observed, m) - settings.k).max(0.0);
        steps.push(Step {
            index,
            observed,
            expected: m,
            upper,
            sum,
        });
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sums_by_hand() {
        // mean 4; z = (x − 4)/2; with k = 0.5: 0.5, 1.0 (1), 2.5, 0.0
        let counts = [4.0, 4.0, 6.0, 6.0, 8.0, 0.0, 4.0];
        let points = cusum(
            &counts,
            &Cusum {
                k: 0.5,
                h: 2.0,
                ..Cusum::default()
            },
            Some(3..=7),
        )
        .unwrap();
        assert_eq!(
            points.iter().map(|p| p.alarm).collect::<Vec<_>>(),
            [false, false, true, false, false]
        );
        // before point 5 the sum is 1: the limit is 4 + 2 (2 + 0.5 − 1) = 7
        assert_eq!(
            (points[2].upper, points[2].expected),
            (Some(7.0), Some(4.0))
        );
    }

    #[test]
    fn an_expected_value_a_point_is_used() {
        let counts = [9.0, 4.0];
        let by = |e: &[f64]| {
            cusum(
                &counts,
                &Cusum {
                    k: 0.0,
                    h: 2.0,
                    reference: Reference::Expected(e),
                    ..Cusum::default()
                },
                None,
            )
        };
        assert_eq!(
            by(&[9.0, 1.0])
                .unwrap()
                .iter()
                .map(|p| p.alarm)
                .collect::<Vec<_>>(),
            [false, true]
        );
        assert!(matches!(by(&[9.0, 0.0]), Err(DetectError::Setting { .. })));
        assert!(by(&[9.0]).is_err());
    }

    #[test]
    fn a_rise_begins_after_the_last_sum_of_nothing() {
        let expected = [4.0; 7];
        let since = |counts: &[f64; 7], range| {
            let settings = Cusum {
                k: 0.5,
                reference: Reference::Expected(&expected),
                ..Cusum::default()
            };
            risen_since(counts, &settings, range).unwrap()
        };
        // z − k: 2, −2.5 (0), 0.5, 0.5, −0.5 (0.5), 0.5, 1
        let counts = [9.0, 0.0, 6.0, 6.0, 4.0, 6.0, 7.0];
        assert_eq!(since(&counts, None), Some(3));
        assert_eq!(since(&counts, Some(1..=2)), None);
        assert_eq!(since(&counts, Some(1..=1)), Some(1));
        assert_eq!(since(&counts, Some(6..=7)), Some(6));
        assert_eq!(since(&[4.0; 7], None), None);
    }

    #[test]
    fn unusable_input_is_refused() {
        let c = Cusum::default();
        assert_eq!(
            cusum(&[0.0; 20], &c, None),
            Err(DetectError::NothingBefore(8))
        );
        assert!(matches!(
            cusum(&[1.0; 20], &Cusum { h: 0.0, ..c }, None),
            Err(DetectError::Setting { name: "h", .. })
        ));
        assert!(matches!(
            cusum(&[1.0; 20], &Cusum { k: f64::NAN, ..c }, None),
            Err(DetectError::Setting { name: "k", .. })
        ));
        assert!(matches!(
            cusum(&[1.0; 20], &c, Some(1..=3)),
            Err(DetectError::History { .. })
        ));
        assert!(matches!(
            cusum(&[1.0; 7], &c, None),
            Err(DetectError::TooShort { .. })
        ));
        assert!(cusum(&[], &c, None).is_err());
        assert!(cusum(&[1.0, f64::INFINITY], &c, None).is_err());
    }

    proptest! {
        /// Page's other way to say it: the sum is the largest of all sums that end here, or nothing.
        #[test]
        fn the_sum_is_the_largest_that_ends_here(counts in prop::collection::vec(0u32..30, 30..60), t in 0usize..3) {
            prop_assume!(counts[..15].iter().any(|c| *c > 0));
            let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
            let transform = [Transform::Standard, Transform::Rossi, Transform::Anscombe][t];
            let settings = Cusum { transform, ..Cusum::default() };
            let first = 15;
            let mean = counts[..first].iter().sum::<f64>() / first as f64;
            let excess = |i: usize| transform.standard(counts[i], mean) - settings.k;
            let found = cusum(&counts, &settings, Some(first + 1..=counts.len())).unwrap();
            for (point, end) in found.iter().zip(first..) {
                let sums = (first..=end).map(|begin| (begin..=end).map(excess).sum::<f64>());
                let largest = sums.fold(0.0, f64::max);
                let is_close = (largest - settings.h).abs() < 1e-9;
                prop_assert!(is_close || point.alarm == (largest >= settings.h), "{:?} {}", point, largest);
            }
        }

        #[test]
        fn the_limit_is_where_the_sum_reaches_h(counts in prop::collection::vec(0u32..30, 30..60), t in 0usize..3) {
            prop_assume!(counts[..15].iter().any(|c| *c > 0));
            let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
            let transform = [Transform::Standard, Transform::Rossi, Transform::Anscombe][t];
            for p in cusum(&counts, &Cusum { transform, ..Cusum::default() }, None).unwrap() {
                let upper = p.upper.unwrap();
                prop_assume!((p.observed - upper).abs() > 1e-9);
                prop_assert_eq!(p.alarm, p.observed > upper, "{:?}", p);
            }
        }

        #[test]
        fn the_transforms_invert(x in 0.0f64..200.0, m in 0.1f64..150.0, t in 0usize..3) {
            let transform = [Transform::Standard, Transform::Rossi, Transform::Anscombe][t];
            prop_assert!((transform.count(transform.standard(x, m), m) - x).abs() < 1e-6 * (1.0 + x + m));
        }
    }
}
