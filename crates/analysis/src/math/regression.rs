//! Poisson regression with logarithmic link: counts from covariates, an exposure and weights.
//!
//! Fitted by iteratively reweighted least squares (Nelder & Wedderburn 1972; McCullagh & Nelder 1989, §2.5).
//! Columns are scaled before the normal equations are solved, so that years and rates may stand side by side.

use super::special::ln_factorial;
use thiserror::Error;

/// Iterations after which a fit that has not settled is given up.
const MOST_ITERATIONS: usize = 100;
/// Relative change of the deviance at which a fit has settled.
const SETTLED: f64 = 1e-11;
/// A column whose share not explained by the columns before it is below this is a combination of them.
const DEPENDENT_BELOW: f64 = 1e-10;

/// Why a regression could not be fitted.
#[derive(Debug, Error, PartialEq)]
pub enum RegressionError {
    /// The parts do not have the same number of rows.
    #[error("{what} has {got} rows, the counts have {expected}")]
    Shape {
        /// Which part.
        what: &'static str,
        /// Its rows.
        got: usize,
        /// The rows there should be.
        expected: usize,
    },
    /// A value that cannot be used.
    #[error("{what} in row {row} is {value}, which cannot be used")]
    Value {
        /// Which part.
        what: &'static str,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// There are no more rows than coefficients wanted.
    #[error("{rows} rows are too few for {columns} coefficients")]
    TooFewRows {
        /// Rows given.
        rows: usize,
        /// Coefficients wanted.
        columns: usize,
    },
    /// A column says nothing that the columns before it do not say.
    #[error("column {0} is a combination of the columns before it")]
    Dependent(usize),
    /// The iterations did not settle.
    #[error("the regression did not settle in {MOST_ITERATIONS} iterations")]
    Unsettled,
}

/// A design matrix, row by row. A column of ones is the caller's to add.
#[derive(Debug, Clone, Default)]
pub struct Design {
    columns: usize,
    values: Vec<f64>,
}

impl Design {
    /// An empty matrix with `columns` columns.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            values: Vec::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If the row does not have as many values as the matrix has columns.
    pub fn push(&mut self, row: &[f64]) {
        assert_eq!(
            row.len(),
            self.columns,
            "a row of a design matrix has one value a column"
        );
        self.values.extend_from_slice(row);
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    /// Columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.columns..(i + 1) * self.columns]
    }

    fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns.max(1))
    }
}

/// A fitted Poisson regression.
#[derive(Debug, Clone)]
pub struct PoissonFit {
    /// One coefficient a column, on the logarithmic scale.
    pub coefficients: Vec<f64>,
    /// Their covariance (inverse Fisher information, dispersion 1), row by row.
    pub covariance: Vec<f64>,
    /// Fitted means, one a row.
    pub fitted: Vec<f64>,
    /// Σ w (y ln μ − μ − ln y!).
    pub log_likelihood: f64,
    /// Pearson's X² over the degrees of freedom; about 1 when the counts are Poisson.
    pub dispersion: f64,
}

impl PoissonFit {
    /// The standard error of coefficient `j`.
    pub fn standard_error(&self, j: usize) -> f64 {
        self.covariance[j * self.coefficients.len() + j].sqrt()
    }

    /// The linear predictor at a row of covariates, without offset.
    pub fn predictor(&self, row: &[f64]) -> f64 {
        dot(&self.coefficients, row)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Fits ln E(y) = offset + X β by maximum likelihood, each row counted `weights` times.
///
/// `offset` and `weights` may be empty (0 and 1 everywhere). Counts may be fractional, as expected counts are.
///
/// # Errors
/// [`RegressionError`] when the parts do not fit together, a value is unusable, a column depends on earlier ones,
/// or the iterations do not settle.
pub fn fit_poisson(
    design: &Design,
    counts: &[f64],
    offset: &[f64],
    weights: &[f64],
) -> Result<PoissonFit, RegressionError> {
    fit_poisson_from(design, counts, offset, weights, None)
}

/// As [`fit_poisson`], beginning at known coefficients: a fit of nearly the same data then settles in a step or two.
///
/// # Errors
/// As [`fit_poisson`].
pub fn fit_poisson_from(
    design: &Design,
    counts: &[f64],
    offset: &[f64],
    weights: &[f64],
    begin: Option<&[f64]>,
) -> Result<PoissonFit, RegressionError> {
    check(design, counts, offset, weights)?;
    let n = counts.len();
    let offset_of = |i: usize| offset.get(i).copied().unwrap_or(0.0);
    let weight_of = |i: usize| weights.get(i).copied().unwrap_or(1.0);
    let first = |i: usize| match begin {
        Some(known) => (offset_of(i) + dot(known, design.row(i))).clamp(-700.0, 700.0),
        None => start(counts[i], offset_of(i)),
    };
    let mut eta: Vec<f64> = (0..n).map(first).collect();
    let mut mu: Vec<f64> = eta.iter().map(|e| e.exp()).collect();
    let (mut deviance, mut beta) = (
        f64::INFINITY,
        begin.map_or_else(|| vec![0.0; design.columns], <[f64]>::to_vec),
    );
    let mut settled = false;
    for _ in 0..MOST_ITERATIONS {
        let rows = (0..n).map(|i| {
            (
                weight_of(i) * mu[i],
                eta[i] - offset_of(i) + (counts[i] - mu[i]) / mu[i],
            )
        });
        let normal = Normal::gather(design, rows);
        let factor = normal.factor()?;
        let mut next = factor.solve(&normal.right);
        // A full step can overshoot from a poor start: shorten it until the deviance is no worse.
        let mut reached = f64::INFINITY;
        for halving in 0..30 {
            for (i, row) in design.iter().enumerate() {
                eta[i] = (offset_of(i) + dot(&next, row)).clamp(-700.0, 700.0);
                mu[i] = eta[i].exp();
            }
            reached = total_deviance(counts, &mu, weight_of);
            if reached.is_finite() && (reached <= deviance * (1.0 + 1e-6) + 1e-9 || halving == 29) {
                break;
            }
            for (to, from) in next.iter_mut().zip(&beta) {
                *to = 0.5 * (*to + from);
            }
        }
        beta = next;
        let change = (deviance - reached).abs();
        deviance = reached;
        if change < SETTLED * (reached.abs() + 0.1) {
            settled = true;
            break;
        }
    }
    if !settled {
        return Err(RegressionError::Unsettled);
    }
    // The information belongs to the final means, one step after the last equations.
    let information = Normal::gather(design, (0..n).map(|i| (weight_of(i) * mu[i], 0.0)));
    let factor = information.factor()?;
    let log_likelihood = (0..n)
        .map(|i| weight_of(i) * (counts[i] * mu[i].ln() - mu[i] - ln_factorial(counts[i])))
        .sum();
    let pearson: f64 = (0..n)
        .map(|i| weight_of(i) * (counts[i] - mu[i]).powi(2) / mu[i])
        .sum();
    Ok(PoissonFit {
        covariance: factor.inverse(),
        dispersion: pearson / (n - design.columns) as f64,
        coefficients: beta,
        fitted: mu,
        log_likelihood,
    })
}

/// A first guess of the linear predictor: the count itself, kept off zero and inside what `exp` can hold.
fn start(count: f64, offset: f64) -> f64 {
    (count + 0.1).ln().max(offset.min(0.0) - 10.0)
}

fn total_deviance(counts: &[f64], mu: &[f64], weight_of: impl Fn(usize) -> f64) -> f64 {
    let one = |i: usize| {
        let (y, m) = (counts[i], mu[i]);
        let log_part = if y > 0.0 { y * (y / m).ln() } else { 0.0 };
        2.0 * weight_of(i) * (log_part - (y - m))
    };
    (0..counts.len()).map(one).sum()
}

fn check(
    design: &Design,
    counts: &[f64],
    offset: &[f64],
    weights: &[f64],
) -> Result<(), RegressionError> {
    let n = counts.len();
    for (what, got, may_be_empty) in [
        ("the design", design.rows(), false),
        ("the offset", offset.len(), true),
        ("the weights", weights.len(), true),
    ] {
        if got != n && !(may_be_empty && got == 0) {
            return Err(RegressionError::Shape {
                what,
                got,
                expected: n,
            });
        }
    }
    let bad = |what, values: &[f64], usable: fn(f64) -> bool| match values
        .iter()
        .position(|v| !usable(*v))
    {
        Some(row) => Err(RegressionError::Value {
            what,
            row,
            value: values[row],
        }),
        None => Ok(()),
    };
    bad("a count", counts, |v| v.is_finite() && v >= 0.0)?;
    bad("an offset", offset, |v| v.is_finite() && v.abs() < 500.0)?;
    bad("a weight", weights, |v| v.is_finite() && v >= 0.0)?;
    if let Some(at) = design.values.iter().position(|v| !v.is_finite()) {
        return Err(RegressionError::Value {
            what: "a covariate",
            row: at / design.columns,
            value: design.values[at],
        });
    }
    if n <= design.columns || design.columns == 0 {
        return Err(RegressionError::TooFewRows {
            rows: n,
            columns: design.columns,
        });
    }
    Ok(())
}

/// The normal equations of one weighted least-squares step.
struct Normal {
    matrix: Vec<f64>,
    right: Vec<f64>,
}

impl Normal {
    fn gather(design: &Design, rows: impl Iterator<Item = (f64, f64)>) -> Self {
        let p = design.columns;
        let (mut matrix, mut right) = (vec![0.0; p * p], vec![0.0; p]);
        for (row, (weight, response)) in design.iter().zip(rows) {
            for a in 0..p {
                let wx = weight * row[a];
                if wx == 0.0 {
                    continue;
                }
                right[a] += wx * response;
                for b in 0..=a {
                    matrix[a * p + b] += wx * row[b];
                }
            }
        }
        Self { matrix, right }
    }

    fn factor(&self) -> Result<Factor, RegressionError> {
        Factor::of(&self.matrix, self.right.len()).map_err(RegressionError::Dependent)
    }
}

/// Cholesky factor of a symmetric positive matrix, of which only the lower half is read, after scaling its diagonal to 1.
/// Matrices are `size` × `size`, row by row.
#[derive(Debug)]
pub struct Factor {
    size: usize,
    lower: Vec<f64>,
    scale: Vec<f64>,
}

impl Factor {
    /// The factor.
    ///
    /// # Errors
    /// The first column that depends on those before it.
    pub fn of(matrix: &[f64], size: usize) -> Result<Self, usize> {
        let mut scale = Vec::with_capacity(size);
        for j in 0..size {
            let diagonal = matrix[j * size + j];
            if !(diagonal > 0.0 && diagonal.is_finite()) {
                return Err(j);
            }
            scale.push(diagonal.sqrt().recip());
        }
        let mut lower = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..=i {
                let known: f64 = (0..j)
                    .map(|k| lower[i * size + k] * lower[j * size + k])
                    .sum();
                let rest = matrix[i * size + j] * scale[i] * scale[j] - known;
                lower[i * size + j] = if i > j {
                    rest / lower[j * size + j]
                } else if rest > DEPENDENT_BELOW {
                    rest.sqrt()
                } else {
                    return Err(i);
                };
            }
        }
        Ok(Self { size, lower, scale })
    }

    /// Solves for one right-hand side of `size` values.
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (p, l) = (self.size, &self.lower);
        let mut x: Vec<f64> = right.iter().zip(&self.scale).map(|(r, s)| r * s).collect();
        for i in 0..p {
            let known: f64 = (0..i).map(|k| l[i * p + k] * x[k]).sum();
            x[i] = (x[i] - known) / l[i * p + i];
        }
        for i in (0..p).rev() {
            let known: f64 = (i + 1..p).map(|k| l[k * p + i] * x[k]).sum();
            x[i] = (x[i] - known) / l[i * p + i];
        }
        x.iter().zip(&self.scale).map(|(v, s)| v * s).collect()
    }

    /// The inverse matrix, row by row.
    pub fn inverse(&self) -> Vec<f64> {
        let mut inverse = Vec::with_capacity(self.size * self.size);
        for j in 0..self.size {
            let mut unit = vec![0.0; self.size];
            unit[j] = 1.0;
            inverse.extend(self.solve(&unit));
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn design(rows: &[&[f64]]) -> Design {
        let mut d = Design::new(rows[0].len());
        rows.iter().for_each(|r| d.push(r));
        d
    }

    #[test]
    fn a_constant_rate_is_counts_over_exposure() {
        let ones = design(&[&[1.0], &[1.0], &[1.0]]);
        let fit = fit_poisson(
            &ones,
            &[2.0, 0.0, 7.0],
            &[1f64.ln(), 2f64.ln(), 6f64.ln()],
            &[],
        )
        .unwrap();
        assert!((fit.coefficients[0] - 1f64.ln()).abs() < 1e-10);
        assert!(
            (fit.standard_error(0) - 1.0 / 3.0).abs() < 1e-9,
            "the standard error of ln rate is 1/sqrt(total)"
        );
    }

    #[test]
    fn two_groups_have_their_own_means() {
        let two = design(&[&[1.0, 0.0], &[1.0, 0.0], &[1.0, 1.0], &[1.0, 1.0]]);
        let fit = fit_poisson(&two, &[1.0, 3.0, 10.0, 6.0], &[], &[]).unwrap();
        assert!(
            (fit.coefficients[0] - 2f64.ln()).abs() < 1e-10
                && (fit.coefficients[1] - 4f64.ln()).abs() < 1e-10
        );
        // var = 1/4 + 1/16 for a difference of logarithms of totals 4 and 16
        assert!((fit.standard_error(1) - (0.25f64 + 0.0625).sqrt()).abs() < 1e-9);
    }

    #[test]
    fn unusable_input_is_named() {
        let d = design(&[&[1.0, 2.0], &[1.0, 2.0], &[1.0, 2.0]]);
        assert_eq!(
            fit_poisson(&d, &[1.0, 2.0, 3.0], &[], &[]).unwrap_err(),
            RegressionError::Dependent(1)
        );
        assert!(matches!(
            fit_poisson(&d, &[1.0, -2.0, 3.0], &[], &[]),
            Err(RegressionError::Value { row: 1, .. })
        ));
        assert!(matches!(
            fit_poisson(&d, &[1.0, f64::NAN, 3.0], &[], &[]),
            Err(RegressionError::Value { row: 1, .. })
        ));
        assert!(matches!(
            fit_poisson(&d, &[1.0], &[], &[]),
            Err(RegressionError::Shape { .. })
        ));
        assert!(matches!(
            fit_poisson(&d, &[1.0, 1.0, 1.0], &[0.0], &[]),
            Err(RegressionError::Shape { .. })
        ));
        let bad = design(&[&[1.0, f64::NAN], &[1.0, 2.0], &[1.0, 2.0]]);
        assert!(matches!(
            fit_poisson(&bad, &[1.0, 2.0, 3.0], &[], &[]),
            Err(RegressionError::Value { row: 0, .. })
        ));
    }

    proptest! {
        /// The maximum of the likelihood is where X'W(y − μ) = 0.
        #[test]
        fn the_score_vanishes_at_the_fit(
            rows in prop::collection::vec((-2.0f64..2.0, 1990.0f64..2020.0, 0u32..30, 0.2f64..20.0, 0.1f64..3.0), 8..40)
        ) {
            let mut d = Design::new(3);
            rows.iter().for_each(|r| d.push(&[1.0, r.0, r.1]));
            let y: Vec<f64> = rows.iter().map(|r| f64::from(r.2)).collect();
            prop_assume!(y.iter().filter(|v| **v > 0.0).count() > 5);
            let offset: Vec<f64> = rows.iter().map(|r| r.3.ln()).collect();
            let weights: Vec<f64> = rows.iter().map(|r| r.4).collect();
            let fit = fit_poisson(&d, &y, &offset, &weights).unwrap();
            let total: f64 = y.iter().sum::<f64>() * 2020.0;
            for j in 0..3 {
                let score: f64 = (0..y.len()).map(|i| weights[i] * d.row(i)[j] * (y[i] - fit.fitted[i])).sum();
                prop_assert!(score.abs() < 1e-6 * total, "column {j}: {score}");
            }
        }
    }
}
