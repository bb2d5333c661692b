//! Randomness for tests that one printed number repeats.

/// The seed of a random test: `SHIYU_SEED` if set, else a new one; printed either way, so that the
/// output of a failing test says how to repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// Takes the seed for the test `name` and prints it.
    ///
    /// # Panics
    /// When `SHIYU_SEED` is set and is not a whole number: the run would not repeat what was asked for.
    pub fn of(name: &str) -> Self {
        let seed = match std::env::var("SHIYU_SEED") {
            Ok(text) => parse(&text).unwrap_or_else(|reason| panic!("{reason}")),
            Err(_) => crate::temp::random(),
        };
        println!("seed: {name}: SHIYU_SEED={seed} repeats this run");
        Self(seed)
    }

    /// The number, for other generators (`StdRng::seed_from_u64(seed.value())`).
    pub fn value(self) -> u64 {
        self.0
    }

    /// A generator that starts here.
    pub fn rng(self) -> Rng {
        Rng { state: self.0 }
    }
}

/// Decimal, or hexadecimal with `0x`.
fn parse(text: &str) -> Result<u64, String> {
    let digits = text.trim();
    let number = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    number.map_err(|e| format!("cannot parse SHIYU_SEED \"{text}\": {e}"))
}

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): small,
/// the same on every machine, good enough to choose test cases with. Not for secrets.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A generator that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number in `0..bound`, all equally likely but for `bound` parts in 2^64.
    ///
    /// # Panics
    /// When `bound` is 0: there is no such number.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a random number below 0 was asked for");
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A fraction in `0.0..1.0`.
    pub fn fraction(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.fraction() < p
    }

    /// One of `items`.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// Puts `items` into a random order (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs for seed 1234567, as published with the reference implementation.
    #[test]
    fn the_sequence_is_the_published_one() {
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn numbers_stay_below_their_bound_and_reach_all_below_it() {
        let mut rng = Rng::new(7);
        let mut seen = [false; 5];
        for _ in 0..1000 {
            seen[rng.below(5) as usize] = true;
        }
        assert_eq!(seen, [true; 5]);
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<u32> = (0..50).collect();
        Rng::new(3).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_seed_is_decimal_or_hexadecimal_and_nothing_else() {
        assert_eq!(parse(" 42 "), Ok(42));
        assert_eq!(parse("0xff"), Ok(255));
        for garbage in ["", "-1", "abc", "0x", "1e3", "99999999999999999999999"] {
            assert!(parse(garbage).unwrap_err().contains(garbage), "{garbage}");
        }
    }
}
