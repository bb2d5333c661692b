//! How unusual a maximum is: ranks among replicates, and a Gumbel distribution fitted to them.
//!
//! Where cases are few the ratio takes few values and many replicates equal the one observed. Each tie is decided by lot,
//! drawn from the seed, so that under no cluster every rank is equally likely (Dufour 2006, *J. Econometrics* 133:443);
//! counting all ties against the data would make p too large.
//!
//! Sources: Dwass 1957 (Monte Carlo rank test); Besag & Clifford 1991 (stopping early);
//! Abrams, Kulldorff & Kleinman 2010 (Gumbel approximation, fitted by moments).

use super::mix;
use rayon::prelude::*;

/// Replicates made between two looks at an early stop.
const BATCH: u32 = 64;

/// The maxima of the replicates, in their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Maxima {
    values: Vec<f64>,
    lots: Lots,
    /// Whether replication ended because enough maxima had reached the one observed.
    stopped: bool,
}

/// The lots by which ties are decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lots {
    seed: u64,
}

impl Lots {
    /// Those of a scan with this seed. They have nothing in common with the replicates' random numbers.
    pub fn of(seed: u64) -> Self {
        Self {
            seed: mix(seed ^ 0x10_75_10_75_10_75_10_75),
        }
    }

    /// Whether replicate `at` (from 0) wins a tie: its lot is above that of the data.
    fn wins(self, at: usize) -> bool {
        mix(self.seed ^ mix(at as u64 + 1)) > mix(self.seed)
    }

    /// Whether a replicate reaches the value observed. Ratios that differ by no more than sums in another order do
    /// are equal.
    fn reaches(self, at: usize, replicate: f64, observed: f64) -> bool {
        let rounding = 1e-9 * observed.max(1.0);
        replicate > observed + rounding || (replicate >= observed - rounding && self.wins(at))
    }
}

impl Maxima {
    /// Makes `replicates` maxima on all cores. With `stop_after` it ends at the replicate at which so
    /// many have reached `observed`; which one that is does not depend on the number of cores.
    pub fn simulate<W, F>(
        replicates: u32,
        stop_after: Option<u32>,
        observed: f64,
        lots: Lots,
        workspace: impl Fn() -> W + Sync + Send,
        maximum: F,
    ) -> Self
    where
        W: Send,
        F: Fn(&mut W, u64) -> f64 + Sync + Send,
    {
        let batch = if stop_after.is_some() {
            BATCH
        } else {
            replicates.max(1)
        };
        let (mut values, mut reached) = (Vec::new(), 0);
        let mut start = 0;
        while start < replicates {
            let end = start.saturating_add(batch).min(replicates);
            let made: Vec<f64> = (start..end)
                .into_par_iter()
                .map_init(&workspace, |w, at| maximum(w, u64::from(at)))
                .collect();
            for value in made {
                reached += u32::from(lots.reaches(values.len(), value, observed));
                values.push(value);
                if stop_after == Some(reached) {
                    return Self {
                        values,
                        lots,
                        stopped: true,
                    };
                }
            }
            start = end;
        }
        Self {
            values,
            lots,
            stopped: false,
        }
    }

    /// How many replicates were made.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The Monte Carlo p-value of a ratio: its rank among the maxima over their number plus one; after
    /// an early stop the share that reached it. `None` without replicates.
    pub fn p_value(&self, ratio: f64) -> Option<f64> {
        if self.values.is_empty() {
            return None;
        }
        let reaches = |(at, value): &(usize, &f64)| self.lots.reaches(*at, **value, ratio);
        let reached = self.values.iter().enumerate().filter(reaches).count() as f64;
        let made = self.values.len() as f64;
        Some(if self.stopped {
            (reached / made).max(1.0 / (made + 1.0))
        } else {
            (reached + 1.0) / (made + 1.0)
        })
    }

    /// The p-value under the Gumbel distribution with the mean and variance of the maxima: it goes
    /// below 1/(replicates + 1). `None` where fewer than two maxima differ.
    pub fn p_gumbel(&self, ratio: f64) -> Option<f64> {
        const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
        let made = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / made;
        let variance = self.values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (made - 1.0);
        // With fewer than two replicates it is not a number.
        if variance.is_nan() || variance <= 0.0 {
            return None;
        }
        let scale = variance.sqrt() * 6f64.sqrt() / std::f64::consts::PI;
        let location = mean - EULER_GAMMA * scale;
        Some(-(-(-(ratio - location) / scale).exp()).exp_m1())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maxima(values: &[f64]) -> Maxima {
        Maxima {
            values: values.to_vec(),
            lots: Lots::of(1),
            stopped: false,
        }
    }

    #[test]
    fn the_p_value_is_the_rank_over_replicates_plus_one() {
        let maxima = maxima(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(maxima.p_value(2.5), Some(3.0 / 5.0));
        assert_eq!(maxima.p_value(9.0), Some(1.0 / 5.0));
        assert_eq!(maxima.p_value(0.0), Some(1.0));
    }

    #[test]
    fn ties_are_decided_by_lot_so_that_every_rank_is_equally_likely() {
        // All replicates equal the data: p is any of 1/20 … 20/20.
        let p = |seed| {
            let tied = Maxima {
                lots: Lots::of(seed),
                ..maxima(&[2.0; 19])
            };
            assert_eq!(tied.p_value(2.0 + 1e-12), tied.p_value(2.0));
            (tied.p_value(2.0).unwrap() * 20.0).round() as usize
        };
        let mut seen = [0u32; 21];
        (0..4_000).for_each(|seed| seen[p(seed)] += 1);
        assert_eq!(seen[0], 0);
        // 200 of each: five standard deviations are 69.
        assert!(seen[1..].iter().all(|n| n.abs_diff(200) < 69), "{seen:?}");
        // What is clearly above or below is no tie.
        assert_eq!(maxima(&[2.0; 19]).p_value(1.9), Some(1.0));
        assert_eq!(maxima(&[2.0; 19]).p_value(2.1), Some(1.0 / 20.0));
    }

    #[test]
    fn gumbel_agrees_with_its_quantiles() {
        // Quantiles of the standard Gumbel distribution: −ln(−ln u) at u = (i − ½)/n.
        let values: Vec<f64> = (1..=9999)
            .map(|i| -(-((f64::from(i) - 0.5) / 9999.0).ln()).ln())
            .collect();
        let p = maxima(&values).p_gumbel(-(-(0.999f64.ln())).ln()).unwrap();
        assert!((p - 0.001).abs() < 2e-5, "{p}");
    }

    #[test]
    fn without_replicates_nothing_is_said() {
        assert_eq!(maxima(&[]).p_value(1.0), None);
        assert_eq!(maxima(&[]).p_gumbel(1.0), None);
        assert_eq!(maxima(&[2.0]).p_gumbel(1.0), None);
        assert_eq!(maxima(&[2.0, 2.0]).p_gumbel(1.0), None);
    }

    #[test]
    fn an_early_stop_ends_at_the_same_replicate_on_any_number_of_threads() {
        let run = || {
            Maxima::simulate(
                999,
                Some(10),
                0.5,
                Lots::of(1),
                || (),
                |(), at| if at % 7 == 0 { 1.0 } else { 0.0 },
            )
        };
        let one = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap()
            .install(run);
        assert_eq!(one, run());
        // The tenth multiple of seven is 63, the sixty-fourth replicate.
        assert_eq!((one.len(), one.p_value(0.5)), (64, Some(10.0 / 64.0)));
    }
}
