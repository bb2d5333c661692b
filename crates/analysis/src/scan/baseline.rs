//! Expected counts for the expectation-based scan, fitted to the time before the study: a Poisson
//! regression of the count on time with the exposure (population × time) as offset, one trend for all
//! places. This is the baseline of the reference results for New Mexico 1986–1989, which are fitted to
//! the years before.

use crate::math::regression::{Design, RegressionError, fit_poisson};

/// What was seen at one place in one unit of time before the study.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Past {
    /// When, in any unit and from any origin; the same for the expected counts.
    pub time: f64,
    /// What the rate is multiplied by (population × time); above zero.
    pub exposure: f64,
    /// The count; not negative.
    pub count: f64,
}

/// Why no trend could be fitted.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum TrendError {
    /// A rate of zero has no logarithm.
    #[error("there are no cases")]
    NoCases,
    /// There is only one time, or too little data.
    #[error("the regression cannot be fitted: {0}")]
    Regression(#[from] RegressionError),
}

/// A rate that grows or shrinks by the same share in each unit of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Logarithm of the rate at time 0.
    pub level: f64,
    /// Change of the logarithm in one unit of time.
    pub slope: f64,
}

impl Trend {
    /// Fits by maximum likelihood.
    ///
    /// # Errors
    /// See [`TrendError`].
    ///
    /// ```
    /// use analysis::scan::baseline::{Past, Trend};
    /// // A rate of 2, 4 and 8 in 100: it doubles in each unit of time.
    /// let past = [(0.0, 2.0), (1.0, 4.0), (2.0, 8.0)].map(|(time, count)| Past { time, exposure: 100.0, count });
    /// let trend = Trend::fit(&past).unwrap();
    /// assert!((trend.expected(3.0, 50.0) - 8.0).abs() < 1e-9);
    /// ```
    pub fn fit(past: &[Past]) -> Result<Self, TrendError> {
        if past.iter().all(|p| p.count == 0.0) {
            return Err(TrendError::NoCases);
        }
        let mut design = Design::new(2);
        for p in past {
            design.push(&[1.0, p.time]);
        }
        let counts: Vec<f64> = past.iter().map(|p| p.count).collect();
        let offset: Vec<f64> = past.iter().map(|p| p.exposure.ln()).collect();
        let fit = fit_poisson(&design, &counts, &offset, &[])?;
        Ok(Self {
            level: fit.coefficients[0],
            slope: fit.coefficients[1],
        })
    }

    /// The count expected at a time for an exposure.
    pub fn expected(self, time: f64, exposure: f64) -> f64 {
        exposure * (self.level + self.slope * time).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let past = |rows: &[(f64, f64, f64)]| {
            rows.iter()
                .map(|&(time, exposure, count)| Past {
                    time,
                    exposure,
                    count,
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(Trend::fit(&[]), Err(TrendError::NoCases));
        assert_eq!(
            Trend::fit(&past(&[(0.0, 1.0, 0.0), (1.0, 1.0, 0.0), (2.0, 1.0, 0.0)])),
            Err(TrendError::NoCases)
        );
        for rows in [
            &[(0.0, 1.0, 1.0)][..],
            &[(5.0, 1.0, 1.0), (5.0, 1.0, 2.0), (5.0, 1.0, 3.0)],
            &[(0.0, 0.0, 1.0), (1.0, 1.0, 2.0), (2.0, 1.0, 3.0)],
            &[(0.0, 1.0, -1.0), (1.0, 1.0, 2.0), (2.0, 1.0, 3.0)],
            &[(f64::NAN, 1.0, 1.0), (1.0, 1.0, 2.0), (2.0, 1.0, 3.0)],
        ] {
            assert!(
                matches!(Trend::fit(&past(rows)), Err(TrendError::Regression(_))),
                "{rows:?}"
            );
        }
    }
}
