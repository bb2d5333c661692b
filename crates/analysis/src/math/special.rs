//! Distribution functions of the normal, Poisson and negative binomial laws, and their quantiles.
//!
//! Accurate to about 1e-12 in the ranges counts live in. The incomplete gamma and beta functions follow
//! the classical series and continued fractions (Abramowitz & Stegun 1964, §6.5 and §26.5; Lentz 1976).

use std::f64::consts::{PI, SQRT_2};

/// Terms after which a series or continued fraction gives up; the largest means in use need far fewer.
const MOST_TERMS: usize = 200_000;
/// Below this overdispersion a negative binomial is the Poisson law to six digits, and its own formulas lose digits.
const POISSON_BELOW: f64 = 1e-6;
/// Largest mean of a law of counts: beyond it the series here would need too many terms, and no place counts so much.
const LARGEST_MEAN: f64 = 1e9;
/// Where the search for a quantile gives up; no law within the bounds above reaches it.
const LARGEST_COUNT: f64 = 1e18;
/// Keeps quantiles left-continuous: a probability is reached when it is reached up to rounding.
const FUZZ: f64 = 64.0 * f64::EPSILON;

/// P(Z ≤ z) of the standard normal law.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// P(Z > z) of the standard normal law, accurate far out in the tail.
pub fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z / SQRT_2)
}

/// The z with P(Z ≤ z) = `p`; minus or plus infinity at 0 and 1, not a number outside.
///
/// Abramowitz & Stegun 26.2.23 as the start (error below 5e-4), then Halley's method on the exact
/// distribution function, which triples the digits each time.
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p > 0.5 {
        // 1 − p is exact for p in [0.5, 1].
        return -normal_quantile(1.0 - p);
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    let t = (-2.0 * p.ln()).sqrt();
    let mut z = (2.515517 + t * (0.802853 + t * 0.010328))
        / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
        - t;
    for _ in 0..4 {
        let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let step = (normal_cdf(z) - p) / density;
        if !step.is_finite() {
            break;
        }
        z -= step / (1.0 + 0.5 * z * step);
    }
    z
}

/// ln n! for a whole or fractional `n` ≥ 0.
pub fn ln_factorial(n: f64) -> f64 {
    libm::lgamma(n + 1.0)
}

/// What Stirling's formula for ln Γ(x) leaves out, for x ≥ 10 (error below 1e-13).
fn stirling_rest(x: f64) -> f64 {
    let s = 1.0 / (x * x);
    (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s / 1188.0)))) / x
}

/// ln B(a, b) without the cancellation that three separate ln Γ would have for large arguments.
fn ln_beta(a: f64, b: f64) -> f64 {
    let (p, q) = if a < b { (a, b) } else { (b, a) };
    let log_rest = libm::log1p(-p / (p + q));
    if p >= 10.0 {
        let rest = stirling_rest(p) + stirling_rest(q) - stirling_rest(p + q);
        0.5 * (2.0 * PI).ln() - 0.5 * q.ln() + rest + (p - 0.5) * (p / (p + q)).ln() + q * log_rest
    } else if q >= 10.0 {
        let rest = stirling_rest(q) - stirling_rest(p + q);
        libm::lgamma(p) + rest + p - p * (p + q).ln() + (q - 0.5) * log_rest
    } else {
        libm::lgamma(p) + libm::lgamma(q) - libm::lgamma(p + q)
    }
}

/// The pair (P(a, x), Q(a, x)) of the regularised incomplete gamma function, for a > 0 and x ≥ 0.
fn incomplete_gamma(a: f64, x: f64) -> (f64, f64) {
    if x == 0.0 {
        return (0.0, 1.0);
    }
    let front = (a * x.ln() - x - libm::lgamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..MOST_TERMS {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        let lower = (front * sum).min(1.0);
        (lower, 1.0 - lower)
    } else {
        // a_i = −i (i − a), b_i = x + 2i + 1 − a; modified Lentz.
        let fraction = lentz(x + 1.0 - a, |i| (-i * (i - a), x + 2.0 * i + 1.0 - a));
        let upper = (front / fraction).min(1.0);
        (1.0 - upper, upper)
    }
}

/// b0 + a1/(b1 + a2/(b2 + …)) by the modified Lentz method; `term` gives (a_i, b_i) for i = 1, 2, …
fn lentz(first: f64, term: impl Fn(f64) -> (f64, f64)) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut value = away_from_zero(first);
    let (mut c, mut d) = (value, 0.0);
    for i in 1..=MOST_TERMS {
        let (a, b) = term(i as f64);
        d = 1.0 / away_from_zero(b + a * d);
        c = away_from_zero(b + a / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() < 4.0 * f64::EPSILON {
            break;
        }
    }
    value
}

/// The pair (I_x(a, b), 1 − I_x(a, b)) of the regularised incomplete beta function, given x and 1 − x and their logarithms' sources.
fn incomplete_beta(a: f64, b: f64, x: f64, ln_x: f64, ln_1x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x >= 1.0 {
        return (1.0, 0.0);
    }
    let front = (a * ln_x + b * ln_1x - ln_beta(a, b)).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = (front / (a * beta_fraction(a, b, x))).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (front / (b * beta_fraction(b, a, 1.0 - x))).min(1.0);
        (1.0 - upper, upper)
    }
}

/// The continued fraction of Abramowitz & Stegun 26.5.8.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    lentz(1.0, |i| {
        let m = (i / 2.0).floor();
        let numerator = if (i as u64).is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        (numerator, 1.0)
    })
}

/// A law of counts with a mean and an overdispersion: variance = mean × dispersion.
///
/// Dispersion 1 is the Poisson law; above 1 the negative binomial with size = mean/(dispersion − 1) and
/// probability 1/dispersion (the parametrisation of Noufaily et al. 2013).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountLaw {
    mean: f64,
    dispersion: f64,
}

impl CountLaw {
    /// A law with this mean and dispersion; nothing if the mean is negative, not a number
    /// or above a thousand million. Dispersion below 1 counts as 1.
    pub fn new(mean: f64, dispersion: f64) -> Option<Self> {
        ((0.0..=LARGEST_MEAN).contains(&mean) && dispersion.is_finite()).then(|| Self {
            mean,
            dispersion: dispersion.max(1.0),
        })
    }

    /// (P(X ≤ k), P(X > k)).
    fn both(&self, k: f64) -> (f64, f64) {
        let k = k.floor();
        if k < 0.0 {
            return (0.0, 1.0);
        }
        if self.mean == 0.0 {
            return (1.0, 0.0);
        }
        let excess = self.dispersion - 1.0;
        if excess < POISSON_BELOW {
            let (more, at_most) = incomplete_gamma(k + 1.0, self.mean);
            (at_most, more)
        } else {
            let ln_p = -libm::log1p(excess);
            incomplete_beta(
                self.mean / excess,
                k + 1.0,
                1.0 / self.dispersion,
                ln_p,
                excess.ln() + ln_p,
            )
        }
    }

    /// P(X ≤ k).
    pub fn cdf(&self, k: f64) -> f64 {
        self.both(k).0
    }

    /// P(X > k), accurate when small.
    pub fn tail(&self, k: f64) -> f64 {
        self.both(k).1
    }

    /// The smallest whole x with P(X ≤ x) ≥ `p`, for 0 ≤ p < 1; nothing outside.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        if !(0.0..1.0).contains(&p) {
            return None;
        }
        let target = p * (1.0 - FUZZ);
        let reached = |x: f64| self.cdf(x) >= target;
        // A normal guess, then widening steps to bracket the answer, then halving.
        let deviation = (self.mean * self.dispersion).sqrt();
        let guess = (self.mean + normal_quantile(p.max(1e-300)) * deviation)
            .round()
            .max(0.0);
        let mut step = (deviation * 0.1).ceil().max(1.0);
        let (mut below, mut at_least);
        if reached(guess) {
            (below, at_least) = (guess - step, guess);
            while below >= 0.0 && reached(below) {
                step *= 2.0;
                (below, at_least) = (below - step, below);
            }
            below = below.max(-1.0);
        } else {
            (below, at_least) = (guess, guess + step);
            while !reached(at_least) {
                if at_least > LARGEST_COUNT {
                    return None;
                }
                step *= 2.0;
                (below, at_least) = (at_least, at_least + step);
            }
        }
        while at_least - below > 1.0 {
            let middle = ((at_least + below) / 2.0).floor();
            if reached(middle) {
                at_least = middle;
            } else {
                below = middle;
            }
        }
        Some(at_least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        // R: qnorm(c(0.5, 0.9, 0.95, 0.975, 0.999, 1e-10), 15 digits
        for (p, z) in [
            (0.5, 0.0),
            (0.9, 1.281_551_565_544_600_4),
            (0.95, 1.644_853_626_951_472_7),
            (0.975, 1.959_963_984_540_054),
            (0.999, 3.090_232_306_167_813),
            (1e-10, -6.361_340_902_404_056),
        ] {
            assert!(
                (normal_quantile(p) - z).abs() < 1e-12,
                "{p}: {} not {z}",
                normal_quantile(p)
            );
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert!(normal_quantile(-0.1).is_nan() && normal_quantile(f64::NAN).is_nan());
    }

    /// The mass function summed term by term.
    fn cdf_by_sum(mean: f64, dispersion: f64, k: u32) -> f64 {
        let mut mass = if dispersion == 1.0 {
            (-mean).exp()
        } else {
            dispersion.powf(-mean / (dispersion - 1.0))
        };
        let mut sum = mass;
        for x in 0..k {
            let x = f64::from(x);
            mass *= if dispersion == 1.0 {
                mean / (x + 1.0)
            } else {
                (mean / (dispersion - 1.0) + x) / (x + 1.0) * (1.0 - 1.0 / dispersion)
            };
            sum += mass;
        }
        sum
    }

    proptest! {
        #[test]
        fn the_law_agrees_with_its_summed_mass(mean in 0.01f64..120.0, dispersion in prop_oneof![Just(1.0), 1.001f64..6.0], k in 0u32..200) {
            let law = CountLaw::new(mean, dispersion).unwrap();
            let sum = cdf_by_sum(mean, dispersion, k);
            prop_assert!((law.cdf(f64::from(k)) - sum).abs() < 1e-9, "{} {}", law.cdf(f64::from(k)), sum);
            prop_assert!((law.cdf(f64::from(k)) + law.tail(f64::from(k)) - 1.0).abs() < 1e-12);
        }

        #[test]
        fn a_quantile_is_the_first_count_that_reaches_its_probability(mean in 0.0f64..5000.0, dispersion in 1.0f64..9.0, p in 0.0f64..0.9999) {
            let law = CountLaw::new(mean, dispersion).unwrap();
            let x = law.quantile(p).unwrap();
            prop_assert!(law.cdf(x) >= p - 1e-12);
            prop_assert!(x == 0.0 || law.cdf(x - 1.0) < p + 1e-12);
        }

        #[test]
        fn normal_quantile_inverts_the_distribution(p in 1e-12f64..0.999_999) {
            prop_assert!((normal_cdf(normal_quantile(p)) / p - 1.0).abs() < 1e-11);
        }
    }

    #[test]
    fn huge_and_empty_laws_answer() {
        assert_eq!(CountLaw::new(0.0, 1.0).unwrap().quantile(0.99), Some(0.0));
        let x = CountLaw::new(1e6, 3.0).unwrap().quantile(0.975).unwrap();
        assert!((x - (1e6 + 1.96 * 3e6f64.sqrt())).abs() < 10.0, "{x}");
        assert!(CountLaw::new(f64::INFINITY, 1.0).is_none() && CountLaw::new(-1.0, 1.0).is_none());
        assert_eq!(CountLaw::new(3.0, 1.0).unwrap().quantile(1.0), None);
        // The largest laws are still answered, and nothing beyond them is tried.
        for dispersion in [1.0, 1.0 + 1e-7, 1.0001, 2.0, 1e3, 1e8] {
            let law = CountLaw::new(LARGEST_MEAN, dispersion).unwrap();
            let x = law.quantile(0.999).unwrap();
            assert!(
                law.cdf(x) >= 0.999 - 1e-6 && law.cdf(x - 1.0) < 0.999 + 1e-6,
                "{dispersion}: {x}"
            );
        }
        assert!(CountLaw::new(1e200, 2.0).is_none());
    }
}
