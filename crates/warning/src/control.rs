//! 对照 — at least a tenth of the beats that preventive work visits are drawn at random.
//!
//! Reports feed patrols and patrols feed reports: what is found where one went to look says little unless one also looks
//! where nothing called for it. So preventive work visits, beside the beats of a finding, beats drawn by lot from all
//! others; the draw is made by a seed that is kept with it, so that anybody can draw again. Pure.

use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom as _;
use std::collections::BTreeSet;

/// One control beat for so many chosen ones makes a tenth of all.
const CHOSEN_FOR_ONE: u32 = 9;

/// How many control beats are wanting so that at least a tenth of all beats ever visited were drawn by lot.
pub fn wanting(chosen: u32, control: u32) -> u32 {
    chosen.div_ceil(CHOSEN_FOR_ONE).saturating_sub(control)
}

/// Draws so many beats by lot from all but some, in the order drawn. Fewer where the city has no more.
pub fn draw(all: &BTreeSet<String>, but: &BTreeSet<String>, n: u32, seed: u64) -> Vec<String> {
    let mut pool: Vec<&String> = all.difference(but).collect();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    pool.shuffle(&mut rng);
    pool.into_iter().take(n as usize).cloned().collect()
}

/// A fresh seed that fits the store's signed numbers and JavaScript's exact ones.
pub fn new_seed() -> u64 {
    rand::random::<u64>() >> 11
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn beats(range: std::ops::Range<u32>) -> BTreeSet<String> {
        range.map(|n| format!("B{n:03}")).collect()
    }

    #[test]
    fn a_tenth_of_all_beats_is_control() {
        assert_eq!(wanting(0, 0), 0);
        assert_eq!(wanting(1, 0), 1);
        assert_eq!(wanting(9, 1), 0);
        assert_eq!(wanting(10, 1), 1);
        assert_eq!(wanting(3, 5), 0);
    }

    #[test]
    fn a_seed_draws_the_same_beats_and_never_a_chosen_one() {
        let (all, chosen) = (beats(0..40), beats(0..5));
        let drawn = draw(&all, &chosen, 6, 7);
        assert_eq!(drawn, draw(&all, &chosen, 6, 7));
        assert_ne!(drawn, draw(&all, &chosen, 6, 8));
        assert_eq!(drawn.len(), 6);
        assert!(drawn.iter().all(|b| !chosen.contains(b)));
        assert_eq!(draw(&chosen, &chosen, 3, 1), Vec::<String>::new());
        assert_eq!(draw(&beats(0..7), &chosen, 5, 1).len(), 2);
    }

    #[test]
    fn every_beat_is_drawn_about_equally_often() {
        let all = beats(0..10);
        let mut times = std::collections::BTreeMap::<String, u32>::new();
        for seed in 0..2000 {
            for beat in draw(&all, &BTreeSet::new(), 2, seed) {
                *times.entry(beat).or_default() += 1;
            }
        }
        // 400 each on average; five standard deviations are 90.
        assert_eq!(times.len(), 10);
        assert!(times.values().all(|n| (310..=490).contains(n)), "{times:?}");
    }

    #[test]
    fn seeds_fit_where_they_are_kept() {
        assert!((0..100).all(|_| new_seed() < 1 << 53));
    }

    proptest! {
        #[test]
        fn the_share_is_kept_whatever_came_before(tasks in prop::collection::vec(1u32..30, 1..40)) {
            let (mut chosen, mut control) = (0, 0);
            for beats in tasks {
                chosen += beats;
                control += wanting(chosen, control);
                prop_assert!(f64::from(control) >= 0.1 * f64::from(chosen + control));
                prop_assert!(control <= chosen);
            }
        }
    }
}
