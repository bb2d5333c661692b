//! The zero-inflated model: some incidents are never reported again however long they stand.
//!
//! P(M = 0) = π + (1 − π) e^{−λT}, otherwise (1 − π) times the Poisson law (Lambert 1992; Liu, Bhandaram & Garg
//! 2024). Fitted by expectation–maximisation; limits from the observed information of all parameters together
//! (Lambert 1992, *Technometrics* 34:1, section 3; Louis 1982, *JRSS B* 44:226, for information under missing labels).

use super::{CONFIDENCE, Effect, Interval, NO_LIMIT, effect};
use analysis::math::regression::{Design, Factor, PoissonFit, fit_poisson_from};
use analysis::math::special::{ln_factorial, normal_quantile, normal_tail};

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
    /// Its 95 % limits, on the scale of the logarithm; with covariates those of the mean rate over these incidents.
    pub rate_interval: Interval,
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
    let rate = duplicates.iter().sum::<f64>() / exposed;
    let covariance = covariance(design, duplicates, &state);
    let size = design.columns() + 1;
    let error = |j: usize| {
        let variance = covariance.as_ref().map(|c| c[j * size + j]);
        variance.map_or(f64::INFINITY, f64::sqrt)
    };
    let last = design.columns();
    let rate_error = covariance.as_ref().map_or(f64::INFINITY, |c| {
        log_rate_error(design, duplicates, &state, c)
    });
    let effects = names
        .iter()
        .enumerate()
        .map(|(j, name)| effect(name, state.coefficients[j + 1], error(j + 1)))
        .collect();
    Some(ZeroInflated {
        share: state.share,
        interval: share_limits(state.share, error(last)),
        rate,
        rate_interval: rate_limits(rate, rate_error),
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

fn rate_limits(rate: f64, error: f64) -> Interval {
    let z = normal_quantile(0.5 + CONFIDENCE / 2.0);
    let limit = |sign: f64| (error < NO_LIMIT).then(|| rate * (sign * z * error).exp());
    Interval {
        lo: limit(-1.0),
        hi: limit(1.0),
    }
}

/// The standard error of the logarithm of the mean rate, by the delta method.
///
/// At the maximum ΣM = Σ (1 − s) λT, so that the rate shown is the mean of the rates λ of the incidents, each weighed by
/// its chance (1 − s) of not being silent and its time. With those weights held, its logarithm changes with a coefficient
/// by the mean of that covariate, weighed by (1 − s) λT; without covariates it *is* the only coefficient.
fn log_rate_error(design: &Design, duplicates: &[f64], state: &State, covariance: &[f64]) -> f64 {
    let p = design.columns();
    let (mut slope, mut all) = (vec![0.0; p], 0.0);
    for (i, m) in duplicates.iter().enumerate() {
        let weight = (1.0 - state.silent(i, *m)) * state.means[i];
        all += weight;
        for (sum, x) in slope.iter_mut().zip(design.row(i)) {
            *sum += weight * x;
        }
    }
    let mut variance = 0.0;
    for a in 0..p {
        for b in 0..p {
            variance += slope[a] / all * covariance[a * (p + 1) + b] * slope[b] / all;
        }
    }
    variance.sqrt()
}

/// The covariance of the coefficients and, last, of the logit of the share, row by row; none if the information is not
/// positive.
fn covariance(design: &Design, duplicates: &[f64], state: &State) -> Option<Vec<f64>> {
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
    (0..size)
        .all(|j| inverse[j * size + j] > 0.0)
        .then_some(inverse)
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
        let state = at(eta, logit);
        let found = covariance(&design, &m, &state).unwrap();
        let agree = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 1e-3;
        assert!(agree(found[0], bb / determinant) && agree(found[3], aa / determinant));
        assert!(agree(found[1], -ab / determinant) && agree(found[2], -ab / determinant));
        // Without covariates the logarithm of the rate is the only coefficient.
        let error = log_rate_error(&design, &m, &state, &found);
        assert!(agree(error, (bb / determinant).sqrt()));
    }

    /// The limits of the likelihood itself, by brute force: for each rate the best share of a fine grid, and the rates
    /// at which that falls 3.8415 / 2 below the best (profile likelihood; Venzon & Moolgavkar 1988, *Appl. Stat.* 37:87).
    #[test]
    fn limits_of_the_rate_agree_with_the_profile_of_the_likelihood() {
        let (m, t, _) = simulated(11, 0.3, 1.0);
        let zero = reporting(&m, &t, &Covariates::default())
            .unwrap()
            .zero_inflated
            .expect("three in ten are silent");
        let profile = |rate: f64| -> f64 {
            let means: Vec<f64> = t.iter().map(|t| rate * t).collect();
            let state = |share| State {
                coefficients: vec![rate.ln()],
                means: means.clone(),
                share,
            };
            (150..450)
                .map(|k| state(f64::from(k) / 1000.0).loglik(&m))
                .fold(f64::NEG_INFINITY, f64::max)
        };
        let wanted = zero.loglik - 3.841_459 / 2.0;
        let edge = |mut outside: f64, mut inside: f64| {
            for _ in 0..20 {
                let middle = 0.5 * (outside + inside);
                if profile(middle) < wanted {
                    outside = middle;
                } else {
                    inside = middle;
                }
            }
            inside
        };
        let (lo, hi) = (
            edge(zero.rate * 0.8, zero.rate),
            edge(zero.rate * 1.25, zero.rate),
        );
        let width = hi - lo;
        let near = |found: Option<f64>, wanted: f64| (found.unwrap() - wanted).abs() < 0.05 * width;
        assert!(
            near(zero.rate_interval.lo, lo) && near(zero.rate_interval.hi, hi),
            "{:?}, profile {lo} to {hi}",
            zero.rate_interval
        );
    }

    #[test]
    fn limits_of_the_rate_hold_the_truth_nineteen_times_in_twenty() {
        let (mut inside, mut all) = (0, 0);
        for seed in 0..300 {
            let (m, t, _) = simulated(1_000 + seed, 0.3, 1.0);
            let (m, t) = (&m[..400], &t[..400]);
            let found = reporting(m, t, &Covariates::default()).unwrap();
            // The share is so large that the model is preferred in every sample.
            let zero = found.zero_inflated.expect("three in ten are silent");
            let limits = zero.rate_interval.lo.unwrap()..=zero.rate_interval.hi.unwrap();
            inside += u32::from(limits.contains(&0.08));
            all += 1;
        }
        // 95 % ± three standard errors of 300 samples.
        let share = f64::from(inside) / f64::from(all);
        assert!((0.912..=0.988).contains(&share), "{share}");
    }

    #[test]
    fn with_covariates_the_limits_hold_the_mean_rate() {
        let (m, t, x) = simulated(7, 0.3, 2.0);
        let zero = reporting(&m, &t, &x).unwrap().zero_inflated.unwrap();
        // Half of the incidents are reported at 0.08 and half at 0.16 a day.
        let (lo, hi) = (
            zero.rate_interval.lo.unwrap(),
            zero.rate_interval.hi.unwrap(),
        );
        assert!(
            lo < 0.12 && 0.12 < hi && lo < zero.rate && zero.rate < hi,
            "{zero:?}"
        );
    }
}
