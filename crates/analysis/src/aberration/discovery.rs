//! Control of the false discovery rate when many series are looked at on one day.
//!
//! Benjamini & Hochberg 1995 (J. R. Statist. Soc. B 57, 289–300): of the series reported at rate q, at most
//! the share q is false on average, if the series are independent or positively dependent.

/// Adjusted p-values in the order given: series `i` is reported at every rate q ≥ `adjusted[i]`.
///
/// Values that are not numbers stay so and do not count as tests.
pub fn adjusted_p_values(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len())
        .filter(|i| !p_values[*i].is_nan())
        .collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let tests = order.len() as f64;
    let mut adjusted = vec![f64::NAN; p_values.len()];
    let mut least = 1.0f64;
    for (rank, i) in order.iter().enumerate().rev() {
        least = least.min(p_values[*i] * tests / (rank + 1) as f64);
        adjusted[*i] = least;
    }
    adjusted
}

/// Which series to report at false discovery rate `q`.
pub fn discoveries(p_values: &[f64], q: f64) -> Vec<bool> {
    adjusted_p_values(p_values)
        .into_iter()
        .map(|p| p <= q)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_paper() {
        // Benjamini & Hochberg 1995, §3.1: fifteen p-values, q = 0.05 rejects the four smallest, Bonferroni three.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        assert_eq!(discoveries(&p, 0.05).iter().filter(|d| **d).count(), 4);
    }

    #[test]
    fn values_that_are_not_numbers_are_left_out() {
        let adjusted = adjusted_p_values(&[0.01, f64::NAN, 0.04]);
        assert!(
            (adjusted[0] - 0.02).abs() < 1e-15
                && adjusted[1].is_nan()
                && (adjusted[2] - 0.04).abs() < 1e-15
        );
        assert!(!discoveries(&[f64::NAN], 1.0)[0] && discoveries(&[], 0.1).is_empty());
    }

    proptest! {
        /// The step-up rule as the paper words it.
        #[test]
        fn agrees_with_the_step_up_rule(p in prop::collection::vec(0.0f64..1.0, 1..40), q in 0.001f64..0.5) {
            let mut sorted = p.clone();
            sorted.sort_by(f64::total_cmp);
            let m = p.len() as f64;
            let largest = (1..=p.len()).rev().find(|k| sorted[k - 1] <= *k as f64 / m * q).map(|k| sorted[k - 1]);
            let by_rule: Vec<bool> = p.iter().map(|v| largest.is_some_and(|l| *v <= l)).collect();
            prop_assert_eq!(discoveries(&p, q), by_rule);
        }
    }
}
