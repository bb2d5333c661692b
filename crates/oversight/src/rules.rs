//! Drawing by lot. Pure.

use kernel::id::Id;
use sha2::{Digest, Sha256};
use std::collections::BinaryHeap;

/// The lot of a case under a seed: SHA-256 of the seed's length, the seed and the id. Whoever has the ids can draw again.
pub fn lot(seed: &str, id: Id) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((seed.len() as u64).to_be_bytes());
    hash.update(seed.as_bytes());
    hash.update(id.bytes());
    hash.finalize().into()
}

/// Keeps those with the smallest lots: a simple random sample without replacement (bottom-k sampling), whatever the order
/// in which the cases come, in memory of the sample's size.
#[derive(Debug)]
pub struct Lottery<T> {
    seed: String,
    size: usize,
    seen: u64,
    kept: BinaryHeap<Ticket<T>>,
}

#[derive(Debug)]
struct Ticket<T> {
    lot: [u8; 32],
    what: T,
}

impl<T> PartialEq for Ticket<T> {
    fn eq(&self, other: &Self) -> bool {
        self.lot == other.lot
    }
}
impl<T> Eq for Ticket<T> {}
impl<T> PartialOrd for Ticket<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Ticket<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.lot.cmp(&other.lot)
    }
}

impl<T> Lottery<T> {
    /// A lottery of `size` winners.
    pub fn new(seed: &str, size: usize) -> Self {
        Self {
            seed: seed.to_owned(),
            size,
            seen: 0,
            kept: BinaryHeap::new(),
        }
    }
    /// One more case takes part.
    pub fn add(&mut self, id: Id, what: T) {
        self.seen += 1;
        let lot = lot(&self.seed, id);
        if self.kept.len() < self.size {
            self.kept.push(Ticket { lot, what });
        } else if self.kept.peek().is_some_and(|worst| lot < worst.lot) {
            self.kept.pop();
            self.kept.push(Ticket { lot, what });
        }
    }
    /// How many took part, and the winners in the order of their lots.
    pub fn close(self) -> (u64, Vec<T>) {
        let winners = self.kept.into_sorted_vec();
        (self.seen, winners.into_iter().map(|t| t.what).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(n: u64) -> Id {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&n.to_be_bytes());
        Id::from_bytes(bytes)
    }

    fn draw(seed: &str, size: usize, ids: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut lottery = Lottery::new(seed, size);
        for n in ids {
            lottery.add(id(n), n);
        }
        lottery.close().1
    }

    proptest! {
        #[test]
        fn the_sample_does_not_depend_on_the_order(seed in ".{0,12}", n in 0_u64..200, size in 0_usize..40) {
            let forward = draw(&seed, size, 0..n);
            prop_assert_eq!(&forward, &draw(&seed, size, (0..n).rev()));
            // The brute-force twin: sort all by their lots.
            let mut all: Vec<u64> = (0..n).collect();
            all.sort_by_key(|&n| lot(&seed, id(n)));
            all.truncate(size);
            prop_assert_eq!(forward, all);
        }
    }

    #[test]
    fn every_case_is_drawn_about_as_often() {
        // 2,000 draws of 10 from 100: each is expected 200 times with standard deviation 13.4; five of them are never exceeded.
        let mut times = [0_u32; 100];
        for seed in 0..2000 {
            for n in draw(&seed.to_string(), 10, 0..100) {
                times[usize::try_from(n).expect("below 100")] += 1;
            }
        }
        assert!(times.iter().all(|&n| (133..=267).contains(&n)), "{times:?}");
    }

    #[test]
    fn seed_and_id_cannot_run_into_one_another() {
        assert_ne!(lot("a", id(1)), lot("", id(1)));
        assert_ne!(draw("1", 20, 0..1000), draw("2", 20, 0..1000));
    }
}
