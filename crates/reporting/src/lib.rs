//! How likely a problem is to be reported, from the repeated reports of one incident.
//!
//! Liu, Bhandaram & Garg 2024 (*Quantifying spatial under-reporting disparities in resident crowdsourcing*,
//! Nature Computational Science 4): what was never reported is never seen, but after the first report of an
//! incident its further reports until it is dealt with are. If reports arrive at random at a rate λ, the number M of
//! duplicates in the T days between the first report and the end is Poisson(λT), so that ΣM/ΣT estimates λ and
//! 1/λ is the mean delay until a first report, without knowing when any incident began.
//!
//! Places with a low rate are places to go and ask. Rates are of places and categories, never of reporters.

mod zero_inflated;

pub use zero_inflated::ZeroInflated;

use analysis::math::regression::{Design, Factor, PoissonFit, RegressionError, fit_poisson};
use analysis::math::special::{CountLaw, ln_factorial, normal_quantile};
use thiserror::Error;

/// Confidence of every interval here.
pub const CONFIDENCE: f64 = 0.95;
/// A standard error of a logarithm of a rate above this means that the data set no limit (a group without any duplicate).
const NO_LIMIT: f64 = 20.0;

/// Why a rate cannot be estimated.
#[derive(Debug, Error, PartialEq)]
pub enum ReportingError {
    /// No incident.
    #[error("there is no incident to estimate a rate from")]
    Empty,
    /// The parts do not have the same number of rows.
    #[error("{what} has {got} rows, but there are {expected} incidents")]
    Shape {
        /// Which part.
        what: &'static str,
        /// Its rows.
        got: usize,
        /// Incidents.
        expected: usize,
    },
    /// A number of duplicates that is none.
    #[error("incident {index} has {value} duplicates; that must be a whole number, 0 or more")]
    Duplicates {
        /// Position, from 1.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A time of observation that is none.
    #[error("incident {index} was observed for {value} days; that must be a number above 0")]
    Days {
        /// Position, from 1.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A covariate says nothing that the others do not say.
    #[error("the covariate {0} is constant or a combination of the covariates before it")]
    Dependent(String),
    /// All duplicates stand at one end of a covariate, so that the further its effect goes, the likelier they are.
    #[error(
        "every repeated report was seen where the covariate {name} has its {end} value and none where it has another, so its effect has no limit"
    )]
    Unlimited {
        /// The covariate.
        name: String,
        /// Which end: lowest or highest.
        end: &'static str,
    },
    /// As [`ReportingError::Unlimited`], by several covariates together, of which this is the last.
    #[error(
        "no repeated report was seen in a group that the covariate {0} makes with those before it, so its effect has no limit"
    )]
    UnlimitedTogether(String),
    /// Effects need at least one duplicate.
    #[error("no incident has a duplicate, so no effect of a covariate can be estimated")]
    NoDuplicates,
    /// The regression on covariates failed otherwise.
    #[error("the rates cannot be regressed on the covariates: {0}")]
    Regression(RegressionError),
}

/// An estimate between its limits; a limit is `None` where the data set none.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Interval {
    /// Lower limit.
    pub lo: Option<f64>,
    /// Upper limit.
    pub hi: Option<f64>,
}

/// A rate from counts alone.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Rate {
    /// Reports a day while an incident stands: ΣM/ΣT.
    pub rate: f64,
    /// 95 % limits of the rate, exact for the Poisson law (Garwood 1936).
    pub interval: Interval,
    /// Mean days until a first report, 1/rate; none for a rate of 0.
    pub mean_delay_days: Option<f64>,
    /// Σ [M ln(λT) − λT − ln M!].
    pub loglik: f64,
}

impl Rate {
    /// The chance that an incident is reported within `days` of its beginning.
    pub fn reported_within(&self, days: f64) -> f64 {
        -(-self.rate * days.max(0.0)).exp_m1()
    }
}

/// The effect of one covariate on the rate.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Effect {
    /// The covariate, or `column=value` for one of its values against the one that has no effect of its own.
    pub name: String,
    /// Change of the logarithm of the rate for one unit more.
    pub coefficient: f64,
    /// Its standard error; none where the data set no limit.
    pub standard_error: Option<f64>,
    /// The rate is multiplied by this for one unit more.
    pub rate_ratio: f64,
    /// 95 % limits of the rate ratio (Wald).
    pub interval: Interval,
}

/// Everything estimated from a table of incidents.
#[derive(Debug, Clone, PartialEq)]
pub struct Reporting {
    /// The rate over all incidents.
    pub overall: Rate,
    /// Log-likelihood of the Poisson model with its covariates; that of [`Reporting::overall`] without any.
    pub loglik: f64,
    /// Pearson's overdispersion; far above 1 the intervals are too narrow. None with fewer rows than coefficients.
    pub dispersion: Option<f64>,
    /// The rate where every covariate is 0; none without covariates.
    pub baseline: Option<f64>,
    /// Effects in the order of the covariates.
    pub effects: Vec<Effect>,
    /// The zero-inflated model, where it is preferred to the plain one.
    pub zero_inflated: Option<ZeroInflated>,
}

/// Covariates of incidents: facts of the place or the category, never of a person.
#[derive(Debug, Clone, Default)]
pub struct Covariates {
    /// A name a column.
    pub names: Vec<String>,
    /// A row an incident, without the column of ones.
    pub rows: Vec<Vec<f64>>,
}

/// The rate from counts alone, with an exact interval.
///
/// ```
/// use reporting::rate;
/// let found = rate(&[0.0, 1.0, 2.0, 0.0, 3.0], &[10.0, 5.0, 20.0, 100.0, 30.0])?;
/// assert_eq!(found.rate, 6.0 / 165.0);
/// assert!((found.loglik + 10.5655280733).abs() < 1e-9);
/// # Ok::<(), reporting::ReportingError>(())
/// ```
///
/// # Errors
/// [`ReportingError`] for no incident or an unusable one.
pub fn rate(duplicates: &[f64], days: &[f64]) -> Result<Rate, ReportingError> {
    check(duplicates, days)?;
    let (reports, time) = (duplicates.iter().sum::<f64>(), days.iter().sum::<f64>());
    let rate = reports / time;
    let one = |(m, t): (&f64, &f64)| {
        if *m > 0.0 {
            m * (rate * t).ln() - rate * t - ln_factorial(*m)
        } else {
            -rate * t
        }
    };
    let (lo, hi) = poisson_limits(reports);
    Ok(Rate {
        rate,
        interval: Interval {
            lo: Some(lo / time),
            hi: Some(hi / time),
        },
        mean_delay_days: (rate > 0.0).then(|| rate.recip()),
        loglik: duplicates.iter().zip(days).map(one).sum(),
    })
}

/// The rate, the effects of covariates on it, and whether more incidents than chance allows had no duplicate at all.
///
/// # Errors
/// [`ReportingError`] for unusable incidents or covariates.
pub fn reporting(
    duplicates: &[f64],
    days: &[f64],
    covariates: &Covariates,
) -> Result<Reporting, ReportingError> {
    let overall = rate(duplicates, days)?;
    let n = duplicates.len();
    let columns = covariates.names.len();
    if columns > 0 && covariates.rows.len() != n {
        return Err(ReportingError::Shape {
            what: "the table of covariates",
            got: covariates.rows.len(),
            expected: n,
        });
    }
    let mut design = Design::new(columns + 1);
    for i in 0..n {
        let given: &[f64] = if columns > 0 {
            &covariates.rows[i]
        } else {
            &[]
        };
        if given.len() != columns {
            return Err(ReportingError::Shape {
                what: "a row of covariates",
                got: given.len(),
                expected: columns,
            });
        }
        design.push(&[&[1.0], given].concat());
    }
    let mut result = Reporting {
        overall,
        loglik: overall.loglik,
        dispersion: None,
        baseline: None,
        effects: Vec::new(),
        zero_inflated: None,
    };
    if overall.rate == 0.0 {
        return if columns > 0 {
            Err(ReportingError::NoDuplicates)
        } else {
            Ok(result)
        };
    }
    if let Some(error) = unlimited(duplicates, covariates) {
        return Err(error);
    }
    let offset: Vec<f64> = days.iter().map(|t| t.ln()).collect();
    match fit_poisson(&design, duplicates, &offset, &[]) {
        Ok(fit) => {
            result.loglik = fit.log_likelihood;
            result.dispersion = Some(fit.dispersion);
            result.baseline = (columns > 0).then(|| fit.coefficients[0].exp());
            result.effects = effects(&covariates.names, &fit);
            result.zero_inflated =
                zero_inflated::preferred(&design, duplicates, &offset, &fit, &covariates.names);
            Ok(result)
        }
        // A single incident has a rate, but nothing more can be said.
        Err(RegressionError::TooFewRows { .. }) if columns == 0 => Ok(result),
        Err(RegressionError::Dependent(j)) if j > 0 => {
            let name = covariates.names[j - 1].clone();
            Err(if is_independent(&design) {
                ReportingError::UnlimitedTogether(name)
            } else {
                ReportingError::Dependent(name)
            })
        }
        Err(other) => Err(ReportingError::Regression(other)),
    }
}

/// Names the first covariate at one end of which all duplicates stand (separation; Albert & Anderson 1984, *Biometrika*
/// 71:1). Where that end is 0, the baseline still has its limits, and the effect is told without any.
fn unlimited(duplicates: &[f64], covariates: &Covariates) -> Option<ReportingError> {
    let of_column = |(j, name): (usize, &String)| {
        let values = || covariates.rows.iter().map(move |row| row[j]);
        let lowest = values().fold(f64::INFINITY, f64::min);
        let highest = values().fold(f64::NEG_INFINITY, f64::max);
        let holds_all = |end: f64| {
            let mut seen = values().zip(duplicates).filter(|(_, m)| **m > 0.0);
            end != 0.0 && seen.all(|(value, _)| value == end)
        };
        let end = if lowest == highest {
            return None;
        } else if holds_all(lowest) {
            "lowest"
        } else if holds_all(highest) {
            "highest"
        } else {
            return None;
        };
        Some(ReportingError::Unlimited {
            name: name.clone(),
            end,
        })
    };
    covariates.names.iter().enumerate().find_map(of_column)
}

/// Whether no column of the design is a combination of others, before the fit weighs its rows.
fn is_independent(design: &Design) -> bool {
    let p = design.columns();
    let mut products = vec![0.0; p * p];
    for i in 0..design.rows() {
        let row = design.row(i);
        for a in 0..p {
            for b in 0..=a {
                products[a * p + b] += row[a] * row[b];
            }
        }
    }
    Factor::of(&products, p).is_ok()
}

/// How often incidents of one place (or category) are reported again, over what is expected of them.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Relative {
    /// Repeated reports over expected ones; 1 is as elsewhere.
    pub ratio: f64,
    /// 95 % limits of the ratio.
    pub lo: f64,
    /// 95 % limits of the ratio.
    pub hi: f64,
}

/// Repeated reports against the number that would be expected if incidents were reported as elsewhere (indirect
/// standardisation: Σ of the rate of each category × the days its incidents were open).
///
/// Limits are Garwood's (1936) where reports are as even as chance; where their `dispersion` (Pearson's X² over degrees
/// of freedom) is above 1 the counts say as much as `reports / dispersion` even ones, and the limits are Byar's for those
/// (Breslow & Day 1987, *Statistical Methods in Cancer Research* II, eq. 2.10), which hold for fractions too.
///
/// ```
/// use reporting::relative;
/// let even = relative(6.0, 12.0, 1.0).unwrap();
/// assert!(even.ratio == 0.5 && (even.hi - 13.0595 / 12.0).abs() < 1e-4);
/// assert!(relative(6.0, 12.0, 2.0).unwrap().hi > even.hi);
/// ```
///
/// `None` where nothing is expected, or a number is negative or not finite.
pub fn relative(reports: f64, expected: f64, dispersion: f64) -> Option<Relative> {
    let usable = |v: f64| v.is_finite() && v >= 0.0;
    if !usable(reports) || !usable(expected) || !dispersion.is_finite() || expected == 0.0 {
        return None;
    }
    let (lo, hi) = if dispersion <= 1.0 {
        poisson_limits(reports)
    } else {
        let (lo, hi) = byar_limits(reports / dispersion);
        (lo * dispersion, hi * dispersion)
    };
    Some(Relative {
        ratio: reports / expected,
        lo: lo / expected,
        hi: hi / expected,
    })
}

/// Byar's approximation to the limits of a Poisson mean.
fn byar_limits(total: f64) -> (f64, f64) {
    let z = normal_quantile(0.5 + CONFIDENCE / 2.0);
    let cube =
        |m: f64, sign: f64| m * (1.0 - 1.0 / (9.0 * m) + sign * z / (3.0 * m.sqrt())).powi(3);
    let lo = if total > 0.0 {
        cube(total, -1.0).max(0.0)
    } else {
        0.0
    };
    (lo, cube(total + 1.0, 1.0))
}

fn effects(names: &[String], fit: &PoissonFit) -> Vec<Effect> {
    let one = |(j, name): (usize, &String)| {
        effect(name, fit.coefficients[j + 1], fit.standard_error(j + 1))
    };
    names.iter().enumerate().map(one).collect()
}

fn effect(name: &str, coefficient: f64, standard_error: f64) -> Effect {
    let z = normal_quantile(0.5 + CONFIDENCE / 2.0);
    let standard_error = (standard_error < NO_LIMIT).then_some(standard_error);
    let limit = |sign: f64| standard_error.map(|s| (coefficient + sign * z * s).exp());
    Effect {
        name: name.to_owned(),
        coefficient,
        standard_error,
        rate_ratio: coefficient.exp(),
        interval: Interval {
            lo: limit(-1.0),
            hi: limit(1.0),
        },
    }
}

/// Above so many reports the tails of the Poisson law lose digits, and Byar's approximation is closer than they are.
const MANY: f64 = 1e6;

/// The means between which a Poisson count of `total` is not unusual, by halving (Garwood 1936).
fn poisson_limits(total: f64) -> (f64, f64) {
    if total > MANY {
        return byar_limits(total);
    }
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let solve = |too_high: &dyn Fn(CountLaw) -> bool, mut low: f64, mut high: f64| {
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if CountLaw::new(middle, 1.0).is_some_and(too_high) {
                high = middle
            } else {
                low = middle
            }
        }
        0.5 * (low + high)
    };
    let widest = total + 10.0 * total.sqrt() + 10.0;
    let lower = if total > 0.0 {
        solve(&|law| law.tail(total - 1.0) > tail, 0.0, total)
    } else {
        0.0
    };
    (lower, solve(&|law| law.cdf(total) < tail, total, widest))
}

fn check(duplicates: &[f64], days: &[f64]) -> Result<(), ReportingError> {
    if duplicates.is_empty() {
        return Err(ReportingError::Empty);
    }
    if days.len() != duplicates.len() {
        return Err(ReportingError::Shape {
            what: "the list of days",
            got: days.len(),
            expected: duplicates.len(),
        });
    }
    let usable_count = |m: f64| m.is_finite() && m >= 0.0 && m.fract() == 0.0;
    if let Some(i) = duplicates.iter().position(|m| !usable_count(*m)) {
        return Err(ReportingError::Duplicates {
            index: i + 1,
            value: duplicates[i],
        });
    }
    match days.iter().position(|t| !(t.is_finite() && *t > 0.0)) {
        Some(i) => Err(ReportingError::Days {
            index: i + 1,
            value: days[i],
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_published_example() {
        let found = rate(&[0.0, 1.0, 2.0, 0.0, 3.0], &[10.0, 5.0, 20.0, 100.0, 30.0]).unwrap();
        assert!((found.rate - 6.0 / 165.0).abs() < 1e-15);
        assert!(
            (found.loglik + 10.565_528_073_3).abs() < 1e-9,
            "{}",
            found.loglik
        );
        assert!((found.mean_delay_days.unwrap() - 27.5).abs() < 1e-12);
        // Garwood's limits for 6: 2.2019 and 13.0595
        assert!(
            (found.interval.lo.unwrap() * 165.0 - 2.2019).abs() < 1e-4
                && (found.interval.hi.unwrap() * 165.0 - 13.0595).abs() < 1e-4
        );
        let whole = reporting(
            &[0.0, 1.0, 2.0, 0.0, 3.0],
            &[10.0, 5.0, 20.0, 100.0, 30.0],
            &Covariates::default(),
        )
        .unwrap();
        assert_eq!(whole.overall, found);
        assert!((whole.loglik - found.loglik).abs() < 1e-9);
    }

    #[test]
    fn no_duplicate_means_no_rate_but_a_limit() {
        let none = rate(&[0.0, 0.0], &[4.0, 6.0]).unwrap();
        assert_eq!(
            (
                none.rate,
                none.mean_delay_days,
                none.loglik,
                none.interval.lo
            ),
            (0.0, None, 0.0, Some(0.0))
        );
        // −ln 0.025 = 3.6889
        assert!((none.interval.hi.unwrap() * 10.0 - 3.6889).abs() < 1e-4);
        assert_eq!(none.reported_within(30.0), 0.0);
        let with = Covariates {
            names: vec!["x".into()],
            rows: vec![vec![1.0], vec![2.0]],
        };
        assert_eq!(
            reporting(&[0.0, 0.0], &[4.0, 6.0], &with).unwrap_err(),
            ReportingError::NoDuplicates
        );
    }

    #[test]
    fn limits_of_very_many_reports_are_those_of_the_normal_law() {
        for total in [2e6, 1e15] {
            let (lo, hi) = poisson_limits(total);
            let width = 1.959_964 * total.sqrt();
            assert!(((total - lo) / width - 1.0).abs() < 0.002, "{total}: {lo}");
            assert!(((hi - total) / width - 1.0).abs() < 0.002, "{total}: {hi}");
        }
    }

    #[test]
    fn ratios_have_limits_that_widen_with_dispersion() {
        for reports in [1.0, 3.0, 10.0, 80.0] {
            let (lo, hi) = poisson_limits(reports);
            let (near_lo, near_hi) = byar_limits(reports);
            assert!(
                (lo - near_lo).abs() < 0.06 * reports.max(1.0),
                "{lo} {near_lo}"
            );
            assert!((hi - near_hi).abs() < 0.02 * hi, "{hi} {near_hi}");
            let (even, uneven) = (
                relative(reports, 8.0, 0.7).unwrap(),
                relative(reports, 8.0, 4.0).unwrap(),
            );
            assert_eq!(even.ratio, uneven.ratio);
            assert!(uneven.lo < even.lo && even.hi < uneven.hi);
        }
        let none = relative(0.0, 8.0, 2.0).unwrap();
        assert!(none.ratio == 0.0 && none.lo == 0.0 && none.hi > 0.4);
        for (reports, expected, dispersion) in [
            (1.0, 0.0, 1.0),
            (-1.0, 1.0, 1.0),
            (f64::NAN, 1.0, 1.0),
            (1.0, f64::INFINITY, 1.0),
            (1.0, 1.0, f64::NAN),
        ] {
            assert_eq!(relative(reports, expected, dispersion), None);
        }
    }

    #[test]
    fn two_districts_differ_by_their_ratio() {
        // 8 reports in 40 days and 2 in 40 days: ratio 1/4, se = sqrt(1/8 + 1/2)
        let district = Covariates {
            names: vec!["district=b".into()],
            rows: [0.0, 0.0, 1.0, 1.0].map(|x| vec![x]).to_vec(),
        };
        let found = reporting(&[3.0, 5.0, 1.0, 1.0], &[20.0; 4], &district).unwrap();
        let effect = &found.effects[0];
        assert!(
            (effect.rate_ratio - 0.25).abs() < 1e-9 && (found.baseline.unwrap() - 0.2).abs() < 1e-9
        );
        assert!((effect.standard_error.unwrap() - 0.625f64.sqrt()).abs() < 1e-6);
        assert!(effect.interval.lo.unwrap() < 0.25 && effect.interval.hi.unwrap() > 0.25);
        let rate_is_overall = found.overall.rate;
        assert!((rate_is_overall - 10.0 / 80.0).abs() < 1e-15);
    }

    #[test]
    fn a_group_without_duplicates_has_no_limits() {
        let group = Covariates {
            names: vec!["g".into()],
            rows: [0.0, 0.0, 1.0, 1.0].map(|x| vec![x]).to_vec(),
        };
        let found = reporting(&[3.0, 5.0, 0.0, 0.0], &[20.0; 4], &group).unwrap();
        assert_eq!(
            (found.effects[0].standard_error, found.effects[0].interval),
            (None, Interval { lo: None, hi: None })
        );
    }

    #[test]
    fn an_effect_without_limit_is_not_called_a_combination() {
        let by = |names: &[&str], rows: &[[f64; 2]], duplicates: &[f64]| {
            let covariates = Covariates {
                names: names.iter().map(|n| (*n).to_owned()).collect(),
                rows: rows.iter().map(|r| r[..names.len()].to_vec()).collect(),
            };
            reporting(duplicates, &[20.0].repeat(rows.len()), &covariates).unwrap_err()
        };
        let floors = [[3.0, 0.0], [4.0, 0.0], [6.0, 0.0], [6.0, 0.0]];
        for (duplicates, end) in [
            ([0.0, 0.0, 3.0, 5.0], "highest"),
            ([2.0, 0.0, 0.0, 0.0], "lowest"),
        ] {
            let name = "floors".to_owned();
            assert_eq!(
                by(&["floors"], &floors, &duplicates),
                ReportingError::Unlimited { name, end }
            );
        }
        let groups = [
            [0.0, 0.0],
            [0.0, 0.0],
            [1.0, 0.0],
            [1.0, 0.0],
            [0.0, 1.0],
            [0.0, 1.0],
        ];
        assert_eq!(
            by(&["b", "c"], &groups, &[0.0, 0.0, 3.0, 5.0, 1.0, 2.0]),
            ReportingError::UnlimitedTogether("c".into())
        );
        let doubled = [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [5.0, 10.0]];
        assert_eq!(
            by(&["x", "y"], &doubled, &[1.0, 0.0, 2.0, 1.0]),
            ReportingError::Dependent("y".into())
        );
    }

    #[test]
    fn unusable_input_is_named() {
        assert_eq!(rate(&[], &[]).unwrap_err(), ReportingError::Empty);
        assert!(matches!(
            rate(&[1.0, -1.0], &[1.0, 1.0]),
            Err(ReportingError::Duplicates { index: 2, .. })
        ));
        assert!(matches!(
            rate(&[1.0, 0.5], &[1.0, 1.0]),
            Err(ReportingError::Duplicates { index: 2, .. })
        ));
        assert!(matches!(
            rate(&[1.0, f64::NAN], &[1.0, 1.0]),
            Err(ReportingError::Duplicates { index: 2, .. })
        ));
        assert!(matches!(
            rate(&[1.0, 1.0], &[0.0, 1.0]),
            Err(ReportingError::Days { index: 1, .. })
        ));
        assert!(matches!(
            rate(&[1.0, 1.0], &[1.0, f64::INFINITY]),
            Err(ReportingError::Days { index: 2, .. })
        ));
        assert!(matches!(
            rate(&[1.0], &[1.0, 1.0]),
            Err(ReportingError::Shape { .. })
        ));
        let constant = Covariates {
            names: vec!["c".into()],
            rows: vec![vec![2.0]; 3],
        };
        assert_eq!(
            reporting(&[1.0, 2.0, 0.0], &[1.0; 3], &constant).unwrap_err(),
            ReportingError::Dependent("c".into())
        );
        let short = Covariates {
            names: vec!["c".into()],
            rows: vec![vec![2.0]],
        };
        assert!(matches!(
            reporting(&[1.0, 2.0, 0.0], &[1.0; 3], &short),
            Err(ReportingError::Shape { .. })
        ));
    }

    proptest! {
        #[test]
        fn no_other_rate_is_more_likely(rows in prop::collection::vec((0u32..6, 0.1f64..60.0), 1..40), other in 0.5f64..2.0) {
            let m: Vec<f64> = rows.iter().map(|r| f64::from(r.0)).collect();
            let t: Vec<f64> = rows.iter().map(|r| r.1).collect();
            let best = rate(&m, &t).unwrap();
            prop_assume!(best.rate > 0.0);
            let at = |l: f64| m.iter().zip(&t).map(|(m, t)| m * (l * t).ln() - l * t - ln_factorial(*m)).sum::<f64>();
            prop_assert!((at(best.rate) - best.loglik).abs() < 1e-9 * (1.0 + best.loglik.abs()));
            prop_assert!(at(best.rate * other) <= best.loglik + 1e-9);
            prop_assert!(best.interval.lo.unwrap() < best.rate && best.rate < best.interval.hi.unwrap());
        }
    }
}
