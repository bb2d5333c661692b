//! Shares compared with chance in mind: funnel limits, intervals and ranks that are shared where differences are noise.
//!
//! Funnel plot: D. J. Spiegelhalter, "Funnel plots for comparing institutional performance", Statistics in Medicine 24
//! (2005), 1185–1202; exact binomial limits with interpolation as in its appendix A.1.1. Interval: E. B. Wilson, "Probable
//! inference, the law of succession, and statistical inference", JASA 22 (1927), 209–212.

/// A share below this many cases gets no rank: chance alone would decide.
pub const LEAST_FOR_RANK: u64 = 30;
/// The two-sided 95 % point of the normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

/// The lower and upper limit within which an institution of `n` cases lies with probability `1 − alpha`, if its true share
/// is `target`. Exact binomial, interpolated so that the limits are smooth in `n`. None without cases, or when `target`
/// or `alpha` is not inside (0, 1).
///
/// ```
/// // 100 cases at 50 %: the exact 95 % limits lie near 0.5 ± 1.96 · 0.05.
/// let (low, high) = analysis::funnel::limits(0.5, 100, 0.05).unwrap();
/// assert!((low - 0.40).abs() < 0.01 && (high - 0.60).abs() < 0.01);
/// ```
pub fn limits(target: f64, n: u64, alpha: f64) -> Option<(f64, f64)> {
    let is_inside = |x: f64| x > 0.0 && x < 1.0;
    if n == 0 || !is_inside(target) || !is_inside(alpha) {
        return None;
    }
    Some((
        interpolated(target, n, alpha / 2.0),
        interpolated(target, n, 1.0 - alpha / 2.0),
    ))
}

/// The least and the greatest share that an institution of `n` cases can have without lying outside: whatever lies beyond has a
/// probability of less than `alpha / 2` on its side, if the true share is `target`. The steps that [`limits`] smooths for
/// drawing: a share of all cases is never outside where chance alone makes it often. None as there.
///
/// ```
/// // 7 of 7 where 87 % are usual happens in more than a third of all cases.
/// let (_, high) = analysis::funnel::exact_limits(0.87, 7, 0.05).unwrap();
/// assert_eq!(high, 1.0);
/// ```
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of cases stay far below 2^53"
)]
pub fn exact_limits(target: f64, n: u64, alpha: f64) -> Option<(f64, f64)> {
    limits(target, n, alpha)?;
    let share = |p: f64| quantile(target, n, p).0 as f64 / n as f64;
    Some((share(alpha / 2.0), share(1.0 - alpha / 2.0)))
}

/// The `p`-quantile of the share: r is the least number with P(R ≤ r) ≥ p, and the limit is (r − a)/n with
/// a = (P(R ≤ r) − p) / P(R = r).
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of cases stay far below 2^53"
)]
fn interpolated(target: f64, n: u64, p: f64) -> f64 {
    let (r, part) = quantile(target, n, p);
    ((r as f64 - part) / n as f64).clamp(0.0, 1.0)
}

/// The least r with P(R ≤ r) ≥ p, and (P(R ≤ r) − p) / P(R = r).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of cases stay far below 2^53"
)]
fn quantile(target: f64, n: u64, p: f64) -> (u64, f64) {
    let cases = n as f64;
    let (mean, deviation) = (cases * target, (cases * target * (1.0 - target)).sqrt());
    // What lies ten deviations below weighs less than 1e-20.
    let mut r = (mean - 10.0 * deviation - 10.0).floor().max(0.0) as u64;
    let odds = target / (1.0 - target);
    let mut point = log_point(target, n, r).exp();
    let mut sum = point;
    while sum < p && r < n {
        point *= (n - r) as f64 / (r + 1) as f64 * odds;
        r += 1;
        sum += point;
    }
    let part = if point > 0.0 {
        ((sum - p) / point).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (r, part)
}

/// The logarithm of P(R = r).
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of cases stay far below 2^53"
)]
fn log_point(target: f64, n: u64, r: u64) -> f64 {
    let log_factorial = |k: u64| libm::lgamma(k as f64 + 1.0);
    log_factorial(n) - log_factorial(r) - log_factorial(n - r)
        + r as f64 * target.ln()
        + (n - r) as f64 * (1.0 - target).ln()
}

/// Wilson's interval of a share at 95 %. None without cases.
///
/// ```
/// let (low, high) = analysis::funnel::wilson(8, 10).unwrap();
/// assert!((low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4);
/// ```
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of cases stay far below 2^53"
)]
pub fn wilson(hits: u64, n: u64) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let (cases, share) = (n as f64, hits.min(n) as f64 / n as f64);
    let z2 = Z95 * Z95;
    let middle = share + z2 / (2.0 * cases);
    let half = Z95 * (share * (1.0 - share) / cases + z2 / (4.0 * cases * cases)).sqrt();
    let whole = 1.0 + z2 / cases;
    Some((
        ((middle - half) / whole).max(0.0),
        ((middle + half) / whole).min(1.0),
    ))
}

/// Ranks that are shared where intervals overlap: the rank of each is one more than the number of those whose whole
/// interval is better. Those without an interval have no rank.
///
/// ```
/// let ranks = analysis::funnel::shared_ranks(&[Some((0.8, 0.9)), Some((0.85, 0.95)), Some((0.5, 0.6)), None], true);
/// assert_eq!(ranks, [Some(1), Some(1), Some(3), None]);
/// ```
pub fn shared_ranks(intervals: &[Option<(f64, f64)>], higher_is_better: bool) -> Vec<Option<u32>> {
    let is_better = |(low, high): (f64, f64), than: (f64, f64)| {
        if higher_is_better {
            low > than.1
        } else {
            high < than.0
        }
    };
    let rank = |own: (f64, f64)| {
        let better = intervals.iter().flatten().filter(|o| is_better(**o, own));
        u32::try_from(better.count())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    };
    intervals.iter().map(|own| own.map(rank)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(R ≤ r) by plain summation of Pascal's triangle: the twin of small cases.
    fn cumulative(n: u64, p: f64) -> Vec<f64> {
        let mut points = vec![1.0];
        for _ in 0..n {
            let mut next = vec![0.0; points.len() + 1];
            for (k, x) in points.iter().enumerate() {
                next[k] += x * (1.0 - p);
                next[k + 1] += x * p;
            }
            points = next;
        }
        let mut sum = 0.0;
        points
            .into_iter()
            .map(|x| {
                sum += x;
                sum
            })
            .collect()
    }

    #[test]
    fn what_lies_outside_is_rarer_than_asked_and_nothing_rarer_lies_inside() {
        for n in [1, 2, 7, 8, 30, 60] {
            for target in [0.03, 0.2, 0.5, 0.87, 0.99] {
                for alpha in [0.05, 0.002] {
                    let (low, high) = exact_limits(target, n, alpha).unwrap();
                    let cumulated = cumulative(n, target);
                    for hits in 0..=n {
                        let at = usize::try_from(hits).unwrap();
                        let below = cumulated[at];
                        let above = 1.0 - if at == 0 { 0.0 } else { cumulated[at - 1] };
                        let share = hits as f64 / n as f64;
                        assert_eq!(share > high, above < alpha / 2.0, "{hits} of {n}, {target}");
                        assert_eq!(share < low, below < alpha / 2.0, "{hits} of {n}, {target}");
                    }
                }
            }
        }
    }

    #[test]
    fn limits_are_those_of_plain_summation() {
        for n in [1, 2, 5, 17, 60] {
            for target in [0.03, 0.2, 0.5, 0.83, 0.99] {
                let sums = cumulative(n, target);
                for alpha in [0.05, 0.002] {
                    let (low, high) = limits(target, n, alpha).unwrap();
                    for (limit, p) in [(low, alpha / 2.0), (high, 1.0 - alpha / 2.0)] {
                        let r = sums.iter().position(|s| *s >= p).unwrap_or(n as usize);
                        let before = if r == 0 { 0.0 } else { sums[r - 1] };
                        let part = ((sums[r] - p) / (sums[r] - before)).clamp(0.0, 1.0);
                        let expected = ((r as f64 - part) / n as f64).clamp(0.0, 1.0);
                        assert!(
                            (limit - expected).abs() < 1e-9,
                            "{n} {target} {p}: {limit} {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_funnel_narrows_and_holds_its_target() {
        let mut width = f64::INFINITY;
        for n in [30, 100, 1_000, 52_434, 2_000_000] {
            let (low, high) = limits(0.83, n, 0.002).unwrap();
            assert!(low < 0.83 && 0.83 < high && high - low < width, "{n}");
            width = high - low;
        }
        assert_eq!(limits(0.5, 0, 0.05), None);
        for wrong in [0.0, 1.0, -1.0, f64::NAN] {
            assert_eq!(limits(wrong, 10, 0.05), None);
            assert_eq!(limits(0.5, 10, wrong), None);
        }
    }

    #[test]
    fn units_of_one_true_share_mostly_share_a_rank() {
        // 20 units of 200 cases at 80 %, moved by at most two deviations: none stands out.
        let intervals: Vec<_> = (0..20).map(|n| wilson(154 + n % 12, 200)).collect();
        let ranks = shared_ranks(&intervals, true);
        assert!(ranks.iter().all(|r| *r == Some(1)), "{ranks:?}");
        let lower = shared_ranks(&[Some((0.1, 0.2)), Some((0.3, 0.4))], false);
        assert_eq!(lower, [Some(1), Some(2)]);
    }
}
