//! Data as they would be if nothing were unusual: one draw for each replicate.
//!
//! A draw fills an array of counts by place and edge of time (each count at the edge after its unit);
//! its last entry takes what falls outside the units kept.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// The generator of one replicate: its stream depends on the seed and the replicate's number alone,
/// so that the answer is the same on any number of threads.
pub(super) fn generator(seed: u64, replicate: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(super::mix(seed ^ super::mix(replicate)))
}

/// A whole number below `bound`, by multiplication (the bias is below bound / 2⁶⁴); the low half is
/// uniform too and serves as the fraction of an alias table.
fn below(rng: &mut impl Rng, bound: usize) -> (usize, u64) {
    let product = u128::from(rng.next_u64()) * bound as u128;
    ((product >> 64) as usize, product as u64)
}

/// A uniform number above 0 and at most 1.
fn unit_interval(rng: &mut impl Rng) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// A Poisson number. Sums of independent Poisson numbers are Poisson, so a large mean is drawn in
/// pieces, each by multiplying uniforms (Knuth); exact, and linear in the mean as the scan itself is.
fn poisson(rng: &mut impl Rng, mut mean: f64) -> usize {
    const PIECE: f64 = 64.0;
    let mut count = 0;
    while mean > 0.0 {
        let limit = (-mean.min(PIECE)).exp();
        let mut product = unit_interval(rng);
        while product > limit {
            count += 1;
            product *= unit_interval(rng);
        }
        mean -= PIECE;
    }
    count
}

/// Draws a cell with probability in proportion to its weight in constant time (Walker 1977, table
/// built as by Vose 1991).
pub(super) struct Alias {
    /// Up to which fraction (of 2⁶⁴) a slot's own cell is meant, else the other; with both cells.
    slots: Vec<(u64, u32, u32)>,
}

impl Alias {
    /// Weights are not negative and not all zero; cells of weight zero are never drawn.
    pub fn new(weights: impl Iterator<Item = (u32, f64)>) -> Self {
        let cells: Vec<(u32, f64)> = weights.filter(|&(_, w)| w > 0.0).collect();
        let mean = cells.iter().map(|&(_, w)| w).sum::<f64>() / cells.len() as f64;
        let mut share: Vec<f64> = cells.iter().map(|&(_, w)| w / mean).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..cells.len()).partition(|&at| share[at] < 1.0);
        // Slots left over at the end are full but for rounding and keep themselves.
        let mut slots: Vec<(u64, u32, u32)> = cells
            .iter()
            .map(|&(cell, _)| (u64::MAX, cell, cell))
            .collect();
        while let (Some(&low), Some(&high)) = (small.last(), large.last()) {
            small.pop();
            slots[low] = (
                (share[low] * 2f64.powi(64)) as u64,
                cells[low].0,
                cells[high].0,
            );
            share[high] -= 1.0 - share[low];
            if share[high] < 1.0 {
                large.pop();
                small.push(high);
            }
        }
        Self { slots }
    }

    fn draw(&self, rng: &mut impl Rng) -> usize {
        let (slot, fraction) = below(rng, self.slots.len());
        let (limit, own, other) = self.slots[slot];
        if fraction < limit {
            own as usize
        } else {
            other as usize
        }
    }
}

/// The cases of one stratum of the permutation model.
pub(super) struct Group {
    /// The place of every case.
    pub places: Vec<u32>,
    /// The edge after the unit of every case within the units kept; at most as many as `places`.
    pub edges: Vec<u32>,
}

/// How a replicate's cases come about.
pub(super) enum Sampler {
    /// A fixed number of cases over cells in proportion to their expectation.
    Multinomial { cases: usize, cells: Alias },
    /// Independent Poisson counts: their sum is Poisson, and given the sum they are multinomial.
    Poisson { mean: f64, cells: Alias },
    /// The times of the cases change places, within each group.
    Permutation { groups: Vec<Group> },
    /// Which of the people (each given by its cell) are the cases.
    Bernoulli { people: Vec<u32>, cases: usize },
    /// There is nothing to draw.
    Nothing,
}

impl Sampler {
    /// Draws one replicate into `counts`, whose rows are `stride` long; `scratch` saves allocations.
    /// Answers how many cases were drawn.
    pub fn draw(
        &self,
        rng: &mut impl Rng,
        stride: usize,
        scratch: &mut Vec<u32>,
        counts: &mut [u32],
    ) -> usize {
        counts.fill(0);
        match self {
            Sampler::Multinomial { cases, cells } => {
                for _ in 0..*cases {
                    counts[cells.draw(rng)] += 1;
                }
                *cases
            }
            Sampler::Poisson { mean, cells } => {
                let cases = poisson(rng, *mean);
                for _ in 0..cases {
                    counts[cells.draw(rng)] += 1;
                }
                cases
            }
            Sampler::Permutation { groups } => {
                for group in groups {
                    scratch.clone_from(&group.places);
                    for (at, &edge) in group.edges.iter().enumerate() {
                        let other = at + below(rng, scratch.len() - at).0;
                        scratch.swap(at, other);
                        counts[scratch[at] as usize * stride + edge as usize] += 1;
                    }
                }
                groups.iter().map(|group| group.edges.len()).sum()
            }
            Sampler::Bernoulli { people, cases } => {
                scratch.clone_from(people);
                for at in 0..*cases {
                    let other = at + below(rng, scratch.len() - at).0;
                    scratch.swap(at, other);
                    counts[scratch[at] as usize] += 1;
                }
                *cases
            }
            Sampler::Nothing => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_drawn_in_proportion_to_their_weight() {
        let weights = [0.5, 0.0, 3.0, 1.5, 5.0];
        let cells = Alias::new((0u32..).zip(weights));
        let (mut rng, mut seen) = (generator(7, 0), [0u32; 5]);
        for _ in 0..100_000 {
            seen[cells.draw(&mut rng)] += 1;
        }
        assert_eq!(seen[1], 0);
        for (seen, weight) in seen.iter().zip(weights) {
            // Five standard deviations of a binomial count.
            let mean = 10_000.0 * weight;
            assert!(
                (f64::from(*seen) - mean).abs() <= 5.0 * (mean * (1.0 - weight / 10.0)).sqrt(),
                "{seen} for {mean}"
            );
        }
    }

    #[test]
    fn poisson_numbers_have_the_mean_and_the_variance_asked_for() {
        let mut rng = generator(11, 3);
        for mean in [0.3, 8.0, 200.0] {
            let draws: Vec<f64> = (0..20_000)
                .map(|_| poisson(&mut rng, mean) as f64)
                .collect();
            let average = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|d| (d - average).powi(2)).sum::<f64>() / 19_999.0;
            assert!(
                (average - mean).abs() < 5.0 * (mean / 20_000.0).sqrt(),
                "{average} for {mean}"
            );
            assert!((variance / mean - 1.0).abs() < 0.1, "{variance} for {mean}");
        }
    }

    #[test]
    fn streams_of_neighbouring_replicates_and_seeds_differ() {
        let first = |seed, replicate| generator(seed, replicate).next_u64();
        let all = [
            first(1, 0),
            first(1, 1),
            first(2, 0),
            first(2, 1),
            first(0, 0),
        ];
        let different: std::collections::HashSet<u64> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
