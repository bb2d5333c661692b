//! From an expected count and its uncertainty to the limits of what is usual.
//!
//! *delta*: Farrington et al. 1996 (J. R. Statist. Soc. A 159, 547–563) — normal errors after a power transformation.
//! *nbplugin*: Noufaily et al. 2013 (Stat. Med. 32, 1206–1222) — a quantile of the negative binomial law at the expected count.
//! *muan*: the same law at the upper limit of the expected count, so that its uncertainty counts too.

use crate::math::special::{CountLaw, normal_quantile, normal_tail};

/// How the upper limit is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// Normal errors after the power transformation 2/3.
    Delta,
    /// Negative binomial quantile at the expected count.
    NbPlugin,
    /// Negative binomial quantile at the upper limit of the expected count.
    Muan,
}

/// The power that makes counts nearly normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// No transformation.
    One,
    /// Square root: even variance.
    Half,
    /// Two thirds: even skewness.
    TwoThirds,
}

impl Power {
    fn exponent(self) -> f64 {
        match self {
            Power::One => 1.0,
            Power::Half => 0.5,
            Power::TwoThirds => 2.0 / 3.0,
        }
    }
}

/// The usual counts around an expected one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Lower limit at level alpha, not below 0.
    pub lower: f64,
    /// Upper limit at level 1 − alpha.
    pub upper: f64,
    /// Chance of a count at least as high as the observed one.
    pub p_value: f64,
    /// (observed − prediction)/(upper − prediction), the prediction on the scale the method works on
    /// (for the negative binomial limits that is the logarithm, as in `surveillance`); above 1 is unusual.
    pub score: f64,
}

/// Limits by the delta method: `mean` is the expected count, `mean_error` its standard error, `dispersion` the variance over the mean.
///
/// None if the upper limit does not exist (an expected count of 0).
pub fn delta_bounds(
    mean: f64,
    mean_error: f64,
    dispersion: f64,
    power: Power,
    alpha: f64,
    observed: f64,
) -> Option<Bounds> {
    let tau = dispersion + mean_error * mean_error / mean;
    let e = power.exponent();
    // sd of Y^e about mean^e by the delta rule: e · mean^(e−1) · sqrt(mean · tau)
    let spread = e * mean.powf(e - 1.0) * (mean * tau).sqrt();
    let (centre, z) = (mean.powf(e), normal_quantile(1.0 - alpha));
    let back = |v: f64| if e == 1.0 { v } else { v.powf(1.0 / e) };
    let upper = back(centre + z * spread);
    let lower = back(centre - z * spread);
    (upper.is_finite()).then(|| Bounds {
        lower: if lower > 0.0 { lower } else { 0.0 },
        upper,
        p_value: normal_tail((observed.powf(e) - centre) / spread),
        score: (observed - mean) / (upper - mean),
    })
}

/// Limits by a quantile of the negative binomial law (Poisson for dispersion 1): `log_mean` is the logarithm of
/// the expected count, `log_mean_error` its standard error, which only [`Threshold::Muan`] uses.
///
/// None if the mean of the law is not finite.
pub fn negative_binomial_bounds(
    log_mean: f64,
    log_mean_error: f64,
    dispersion: f64,
    muan: bool,
    alpha: f64,
    observed: f64,
) -> Option<Bounds> {
    let shift = if muan {
        normal_quantile(1.0 - alpha) * log_mean_error
    } else {
        0.0
    };
    let law = CountLaw::new((log_mean + shift).exp(), dispersion)?;
    let upper = law.quantile(1.0 - alpha)?;
    Some(Bounds {
        lower: law.quantile(alpha)?,
        upper,
        p_value: law.tail(observed - 1.0),
        score: (observed - log_mean) / (upper - log_mean),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(got: Option<Bounds>, want: [f64; 4]) {
        let got = got.unwrap();
        for (g, w) in [got.lower, got.upper, got.p_value, got.score]
            .into_iter()
            .zip(want)
        {
            assert!((g - w).abs() < 1e-6, "{got:?} is not {want:?}");
        }
    }

    /// Vectors of `surveillance`, tests/testthat/test-farringtonFlexible.R.
    #[test]
    fn published_delta_limits() {
        let at = |power| delta_bounds(5.0, 0.2, 1.0, power, 0.05, 8.0);
        check(at(Power::One), [1.3073128, 8.6926872, 0.0907246, 0.8124165]);
        check(
            at(Power::Half),
            [1.9891097, 9.3744842, 0.1189986, 0.6857951],
        );
        check(
            at(Power::TwoThirds),
            [1.8084477, 9.1154825, 0.1094727, 0.7289546],
        );
    }

    /// Vectors of `surveillance`, tests/testthat/test-farringtonFlexible.R.
    #[test]
    fn published_negative_binomial_limits() {
        let at = |dispersion, muan| {
            negative_binomial_bounds(5f64.ln(), 2f64.ln(), dispersion, muan, 0.05, 11.0)
        };
        check(at(1.5, true), [8.0, 24.0, 0.8597797, 0.4193982]);
        check(at(1.0, true), [9.0, 22.0, 0.9093099, 0.4605347]);
        check(at(1.5, false), [1.0, 10.0, 0.03763657, 1.11918153]);
        check(at(1.0, false), [2.0, 9.0, 0.01369527, 1.27061541]);
    }

    #[test]
    fn there_is_no_limit_without_a_mean() {
        assert!(delta_bounds(0.0, 0.0, 1.0, Power::TwoThirds, 0.05, 1.0).is_none());
        assert!(negative_binomial_bounds(1e4, 0.0, 1.5, false, 0.05, 1.0).is_none());
        assert!(negative_binomial_bounds(f64::NAN, 0.0, 1.5, false, 0.05, 1.0).is_none());
    }
}
