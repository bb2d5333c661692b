//! Seeded chance: the same seed and the same stream give the same draws on every machine.

use jiff::Timestamp;
use kernel::id::Id;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// One stream of draws. Every part of the city, and every case, has a stream of its own, so that a change in one part
/// leaves the others as they were.
#[derive(Debug)]
pub(crate) struct Luck(Xoshiro256PlusPlus);

impl Luck {
    /// The stream of this name and number under a seed.
    pub(crate) fn new(seed: u64, stream: &str, number: u64) -> Self {
        // FNV-1a over the name keeps streams apart; `seed_from_u64` scrambles the rest.
        let name = stream.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(Xoshiro256PlusPlus::seed_from_u64(
            seed ^ name ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        ))
    }
    /// A number from 0 up to, not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
    /// A number between two others.
    pub(crate) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }
    /// A whole number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }
    /// Whether something of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
    /// One of a list that is not empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
    /// A position in a list of weights, each as likely as it weighs.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (at, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return at;
            }
        }
        weights.len() - 1
    }
    /// A waiting time with this mean, most of them shorter.
    pub(crate) fn wait(&mut self, mean: f64) -> f64 {
        -libm::log(1.0 - self.unit()) * mean
    }
    /// About 1, rarely below a half or above two: for what varies by a factor.
    pub(crate) fn factor(&mut self, spread: f64) -> f64 {
        // The sum of twelve uniforms less six is near enough to normal.
        let normal: f64 = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        libm::exp(spread * normal)
    }
    /// An id of something that came to be at `at`.
    pub(crate) fn id(&mut self, at: Timestamp) -> Id {
        let mut random = [0; 10];
        self.0.fill_bytes(&mut random);
        Id::new(at, random)
    }
}
