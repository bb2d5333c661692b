//! The zero-inflated model: some incidents are never reported again however long they stand.
//!
//! P(M = 0) = π + (1 − π) e^{−λT}, otherwise (1 − π) times the Poisson law (Lambert 1992; Liu, Bhandaram & Garg
//! 2024). Fitted by expectation–maximisation; limits from the observed information of all parameters together.

use super::{CONFIDENCE, Effect, Interval, effect};
use crate::math::regression::{Design, Factor, PoissonFit, fit_poisson_from};
use crate::math::special::{ln_factorial, normal_quantile, normal_tail};

/// Rounds of expectation and maximisation, at most.
const MOST_ROUNDS: usize = 2_000;
/// Gain in log-likelihood, relative to its size, at which the fit has settled.
const SETTLED: f64 = 1e-11;
/// The zero-inflated model is preferred when chance explains its gain with less than this probability.
const PREFERRED_BELOW: f64 = 0.05;

/// The zero-inflated model of repeated reports.
#[derive(Debug, Clone, PartialEq)]
pub struct ZeroInflated {
    /// Share of incidents that are never reported again.
    pub share: f64,
    /// Its 95 % limits, on the logit scale.
    pub interval: Interval,
    /// Reports a day of the other incidents.
    pub rate: f64,
    /// Log-likelihood.
    pub loglik: f64,
    /// Chance of a gain as large as this over the plain model if no incident is of the silent kind
    /// (half a chi-squared law, because a share of 0 is at the edge; Self & Liang 1987).
    pub p_value: f64,
    /// Effects on the rate of the other incidents.
    pub effects: Vec<Effect>,
}

/// The parameters while they are sought.
struct State {
    coefficients: Vec<f64>,
    means: Vec<f64>,
    share: f64,
}

impl State {
    /// The chance that incident `i`, seen with `m` duplicates, is of the silent kind.
    fn silent(&self, i: usize, m: f64) -> f64 {
        if m > 0.0 {
            0.0
        } else {
            self.share / (self.share + (1.0 - self.share) * (-self.means[i]).exp())
        }
    }

    fn loglik(&self, duplicates: &[f64]) -> f64 {
        let one = |(m, mean): (&f64, &f64)| {
            if *m > 0.0 {
                (1.0 - self.share).ln() + m * mean.ln() - mean - ln_factorial(*m)
            } else {
                (self.share + (1.0 - self.share) * (-mean).exp()).ln()
            }
        };
        duplicates.iter().zip(&self.means).map(one).sum()
    }
}

/// The zero-inflated model if it is preferred to the plain fit by a likelihood-ratio test.
pub(super) fn preferred(
    design: &Design,
    duplicates: &[f64],
    offset: &[f64],
    plain: &PoissonFit,
    names: &[String],
) -> Option<ZeroInflated> {
    let n = duplicates.len() as f64;
    let zeros = duplicates.iter().filter(|m| **m == 0.0).count() as f64;
    if zeros == 0.0 || zeros == n {
        return None;
    }
    let mut state = State {
        coefficients: plain.coefficients.clone(),
        means: plain.fitted.clone(),
        share: 0.5 * zeros / n,
    };
    let mut loglik = state.loglik(duplicates);
    for _ in 0..MOST_ROUNDS {
        let silent: Vec<f64> = duplicates
            .iter()
            .enumerate()
            .map(|(i, m)| state.silent(i, *m))
            .collect();
        state.share = silent.iter().sum::<f64>() / n;
        let heard: Vec<f64> = silent.iter().map(|s| 1.0 - s).collect();
        let fit = fit_poisson_from(
            design,
            duplicates,
            offset,
            &heard,
            Some(&state.coefficients),
        )
        .ok()?;
        state.coefficients = fit.coefficients;
        state.means = fit.fitted;
        let next = state.loglik(duplicates);
        let gain = next - loglik;
        loglik = next;
        if gain.abs() < SETTLED * (1.0 + next.abs()) {
            break;
        }
    }
    let gain = (loglik - plain.log_likelihood).max(0.0);
    // Half of P(χ²₁ > 2 gain) is the normal tail beyond √(2 gain).
    let p_value = normal_tail((2.0 * gain).sqrt());
    if p_value >= PREFERRED_BELOW {
        return None;
    }
    let exposed: f64 = (0..duplicates.len())
        .map(|i| (1.0 - state.silent(i, duplicates[i])) * offset[i].exp())
        .sum();
    let errors = standard_errors(design, duplicates, &state);
    let error = |j: usize| errors.as_ref().map_or(f64::INFINITY, |e| e[j]);
    let last = design.columns();
    let effects = names
        .iter()
        .enumerate()
        .map(|(j, name)| effect(name, state.coefficients[j + 1], error(j + 1)))
        .collect();
    Some(ZeroInflated {
        share: state.share,
        interval: share_limits(state.share, error(last)),
        rate: duplicates.iter().sum::<f64>() / exposed,
        loglik,
        p_value,
        effects,
    })
}

fn share_limits(share: f64, error: f64) -> Interval {
    let z = normal_quantile(0.5 + CONFIDENCE / 2.0);
    let logit = (share / (1.0 - share)).ln();
    let limit = |sign: f64| {
        error
            .is_finite()
            .then(|| 1.0 / (1.0 + (-(logit + sign * z * error)).exp()))
    };
    Interval {
        lo: limit(-1.0),
        hi: limit(1.0),
    }
}

/// Standard errors of the coefficients and, last, of the logit of the share; none if the information is not positive.
fn standard_errors(design: &Design, duplicates: &[f64], state: &State) -> Option<Vec<f64>> {
    let p = design.columns();
    let size = p + 1;
    let mut information = vec![0.0; size * size];
    for (i, m) in duplicates.iter().enumerate() {
        let (row, mean, s) = (design.row(i), state.means[i], state.silent(i, *m));
        // Second derivatives of the log-likelihood by the linear predictor, by both, and by the logit.
        let by_predictor = if *m > 0.0 {
            mean
        } else {
            (1.0 - s) * mean - s * (1.0 - s) * mean * mean
        };
        let by_both = -s * (1.0 - s) * mean;
        for a in 0..p {
            for b in 0..=a {
                information[a * size + b] += by_predictor * row[a] * row[b];
            }
            information[p * size + a] += by_both * row[a];
        }
        information[p * size + p] += state.share * (1.0 - state.share) - s * (1.0 - s);
    }
    let inverse = Factor::of(&information, size).ok()?.inverse();
    Some((0..size).map(|j| inverse[j * size + j].sqrt()).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Covariates, reporting};
    use super::*;
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    fn poisson(mean: f64, random: &mut SmallRng) -> f64 {
        let (mut k, mut product) = (0.0, random.random::<f64>());
        while product > (-mean).exp() {
            product *= random.random::<f64>();
            k += 1.0;
        }
        k
    }

    fn simulated(seed: u64, share: f64, ratio: f64) -> (Vec<f64>, Vec<f64>, Covariates) {
        let mut random = SmallRng::seed_from_u64(seed);
        let (mut m, mut t, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..3000 {
            let x = f64::from(i % 2);
            let days = 5.0 + 40.0 * random.random::<f64>();
            let rate = 0.08 * ratio.powf(x);
            m.push(if random.random::<f64>() < share {
                0.0
            } else {
                poisson(rate * days, &mut random)
            });
            t.push(days);
            rows.push(vec![x]);
        }
        (
            m,
            t,
            Covariates {
                names: vec!["x".into()],
                rows,
            },
        )
    }

    #[test]
    fn the_silent_share_is_found_again() {
        let (m, t, x) = simulated(7, 0.3, 2.0);
        let found = reporting(&m, &t, &x).unwrap();
        let zero = found.zero_inflated.expect("three in ten are silent");
        assert!(
            zero.interval.lo.unwrap() < 0.3 && 0.3 < zero.interval.hi.unwrap(),
            "{zero:?}"
        );
        assert!(
            (zero.share - 0.3).abs() < 0.04 && zero.p_value < 1e-6 && zero.loglik > found.loglik
        );
        let effect = &zero.effects[0];
        assert!(
            effect.interval.lo.unwrap() < 2.0 && 2.0 < effect.interval.hi.unwrap(),
            "{effect:?}"
        );
        // The plain rate mixes both kinds; the rate of those that are heard of is higher.
        assert!(zero.rate > found.overall.rate * 1.2);
    }

    #[test]
    fn a_plain_sample_is_left_plain() {
        let preferred = (0..20).filter(|seed| {
            let (m, t, x) = simulated(*seed, 0.0, 1.0);
            reporting(&m, &t, &x).unwrap().zero_inflated.is_some()
        });
        assert!(preferred.count() <= 4, "one in twenty is expected");
    }

    /// Differences of the log-likelihood stand in for the second derivatives.
    #[test]
    fn standard_errors_agree_with_numerical_curvature() {
        let (m, t, _) = simulated(3, 0.2, 1.0);
        let mut design = Design::new(1);
        m.iter().for_each(|_| design.push(&[1.0]));
        let at = |eta: f64, logit: f64| State {
            coefficients: vec![eta],
            means: t.iter().map(|t| eta.exp() * t).collect(),
            share: 1.0 / (1.0 + (-logit).exp()),
        };
        let (eta, logit, h) = (-2.6, -1.4, 1e-3);
        let l = |a: f64, b: f64| at(eta + a * h, logit + b * h).loglik(&m);
        let centre = l(0.0, 0.0);
        let aa = -(l(1.0, 0.0) - 2.0 * centre + l(-1.0, 0.0)) / (h * h);
        let bb = -(l(0.0, 1.0) - 2.0 * centre + l(0.0, -1.0)) / (h * h);
        let ab = -(l(1.0, 1.0) - l(1.0, -1.0) - l(-1.0, 1.0) + l(-1.0, -1.0)) / (4.0 * h * h);
        let determinant = aa * bb - ab * ab;
        let errors = standard_errors(&design, &m, &at(eta, logit)).unwrap();
        assert!((errors[0] / (bb / determinant).sqrt() - 1.0).abs() < 1e-3);
        assert!((errors[1] / (aa / determinant).sqrt() - 1.0).abs() < 1e-3);
    }
}
