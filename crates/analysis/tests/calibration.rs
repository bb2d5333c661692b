//! A small version of `cargo xtask bench --only calibration`, with fixed seeds: where nothing is unusual, p-values are
//! small as seldom as they say.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot use")]

use analysis::scan::{Coordinates, Data, Neighbours, Null, Options, Span, Tally, Zones, scan};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const PLACES: u32 = 25;
const UNITS: u32 = 10;
/// Data sets of each model: the standard error of a share of 5 % is 0.8 points.
const SETS: u64 = 700;

fn by_chance(count: usize, random: &mut SmallRng) -> Vec<Tally> {
    (0..count)
        .map(|_| Tally {
            place: random.random_range(0..PLACES),
            unit: random.random_range(0..UNITS),
            group: 0,
            count: 1,
        })
        .collect()
}

fn poisson(mean: f64, random: &mut SmallRng) -> usize {
    let (mut count, mut time) = (0, -random.random::<f64>().ln());
    while time < mean {
        count += 1;
        time -= random.random::<f64>().ln();
    }
    count
}

/// Shares of data sets in which p, and Gumbel's p, is at most 0.05.
fn shares(mean: f64, null: impl Fn(&mut SmallRng) -> Null) -> (f64, f64) {
    let points: Vec<[f64; 2]> = (0..PLACES)
        .map(|p| [f64::from(p % 5), f64::from(p / 5)])
        .collect();
    let neighbours = Neighbours::nearest(&points, Coordinates::Cartesian, Some(8)).unwrap();
    let zones = Zones::within(&neighbours, &[1.0; PLACES as usize], 0.5).unwrap();
    let (mut by_rank, mut by_gumbel) = (0.0, 0.0);
    for seed in 0..SETS {
        let mut random = SmallRng::seed_from_u64(1_000 + seed);
        let null = null(&mut random);
        let count = match null {
            Null::ExpectationBased { .. } => poisson(mean, &mut random),
            _ => mean as usize,
        };
        let data = Data {
            places: PLACES as usize,
            units: UNITS as usize,
            cases: by_chance(count, &mut random),
            null,
        };
        let options = Options {
            span: Span::Prospective,
            longest: 4,
            replicates: 99,
            seed,
            ..Options::default()
        };
        if let Some(best) = scan(&zones, &data, &options).unwrap().clusters.first() {
            by_rank += f64::from(u8::from(best.p_value.unwrap() <= 0.05));
            by_gumbel += f64::from(u8::from(best.p_gumbel.is_some_and(|p| p <= 0.05)));
        }
    }
    (by_rank / SETS as f64, by_gumbel / SETS as f64)
}

#[test]
fn where_nothing_is_unusual_one_p_value_in_twenty_is_below_five_per_cent() {
    let even = |mean: f64| vec![mean / f64::from(PLACES * UNITS); (PLACES * UNITS) as usize];
    for (mean, sparse) in [(250.0, false), (40.0, true)] {
        let made = [
            (
                "poisson",
                shares(mean, |_| Null::Poisson {
                    expected: even(mean),
                }),
            ),
            ("permutation", shares(mean, |_| Null::Permutation)),
            (
                "expectation-based",
                shares(mean, |_| Null::ExpectationBased {
                    expected: even(mean),
                }),
            ),
            (
                "bernoulli",
                shares(mean, |random| Null::Bernoulli {
                    controls: by_chance((1.5 * mean) as usize, random),
                }),
            ),
        ];
        for (model, (by_rank, by_gumbel)) in made {
            // Three standard errors.
            assert!(
                (by_rank - 0.05).abs() < 0.025,
                "{model}, sparse {sparse}: {by_rank}"
            );
            assert!(
                (by_gumbel - 0.05).abs() < 0.035,
                "{model}, sparse {sparse}: Gumbel {by_gumbel}"
            );
        }
    }
}
