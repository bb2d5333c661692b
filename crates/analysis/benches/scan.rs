//! How fast the scan is, and whether its p-values mean what they say.
//!
//! `cargo bench -p shiyu-analysis --bench scan [-- speed|calibration]`. Speeds are printed beside their goals (the
//! machine may be busy with other things); a calibration outside its limits ends with an error.

use analysis::scan::{Coordinates, Data, Neighbours, Null, Options, Span, Tally, Zones, scan};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use rayon::prelude::*;
use std::time::Instant;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let asked = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    if asked("speed") {
        speed();
        daily();
    }
    if asked("calibration") {
        calibration();
        recurrence();
    }
}

/// Places on a square lattice.
fn square(places: u32) -> Vec<[f64; 2]> {
    let side = f64::from(places).sqrt().ceil() as u32;
    (0..places)
        .map(|p| [f64::from(p % side), f64::from(p / side)])
        .collect()
}

/// Zones on a square lattice, each of at most so many neighbours and half of the places.
fn lattice(places: u32, neighbours: usize) -> Zones {
    let points = square(places);
    let neighbours = Neighbours::nearest(&points, Coordinates::Cartesian, Some(neighbours))
        .expect("a lattice has neighbours");
    Zones::within(&neighbours, &vec![1.0; points.len()], 0.5).expect("all weights are alike")
}

/// So many cases (or controls), each at a place and in a unit by chance.
fn by_chance(seed: u64, places: u32, units: u32, count: u32) -> Vec<Tally> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut below = |bound: u32| ((u128::from(rng.next_u64()) * u128::from(bound)) >> 64) as u32;
    (0..count)
        .map(|_| Tally {
            place: below(places),
            unit: below(units),
            group: 0,
            count: 1,
        })
        .collect()
}

fn speed() {
    const PLACES: u32 = 2000;
    const UNITS: u32 = 365;
    let zones = lattice(PLACES, 100);
    let expected = vec![1.0; (PLACES * UNITS) as usize];
    let cases = by_chance(1, PLACES, UNITS, 73_000);
    let level = f64::from(73_000) / f64::from(PLACES * UNITS);
    let models = [
        (
            "poisson",
            100e6,
            Null::Poisson {
                expected: expected.clone(),
            },
        ),
        ("permutation", 50e6, Null::Permutation),
        (
            "expectation-based",
            100e6,
            Null::ExpectationBased {
                expected: expected.iter().map(|e| e * level).collect(),
            },
        ),
        (
            "bernoulli",
            100e6,
            Null::Bernoulli {
                controls: by_chance(2, PLACES, UNITS, 146_000),
            },
        ),
    ];
    let one_core = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("one thread");
    for (name, goal, null) in models {
        let data = Data {
            places: PLACES as usize,
            units: UNITS as usize,
            cases: cases.clone(),
            null,
        };
        let prospective = Options {
            span: Span::Prospective,
            longest: 30,
            replicates: 99,
            ..Options::default()
        };
        let retrospective = Options {
            span: Span::Retrospective,
            longest: 30,
            replicates: 3,
            ..Options::default()
        };
        for (span, options) in [
            ("prospective", prospective),
            ("retrospective", retrospective),
        ] {
            let started = Instant::now();
            let found = one_core
                .install(|| scan(&zones, &data, &options))
                .expect("the data are sound");
            let rate =
                found.windows as f64 * found.replicates as f64 / started.elapsed().as_secs_f64();
            println!(
                "{name:<18} {span:<14} {:>7.0} M windows/s on one core (goal {:.0})",
                rate / 1e6,
                goal / 1e6
            );
        }
        let started = Instant::now();
        let options = Options {
            span: Span::Prospective,
            longest: 30,
            replicates: 999,
            ..Options::default()
        };
        let found = scan(&zones, &data, &options).expect("the data are sound");
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{name:<18} 2,000 places, ≤ 100 neighbours, 30 days, {} replicates: {seconds:.1} s on all cores (goal 60)",
            found.replicates
        );
    }
}

/// The scans of a daily warning run: 60 categories over 2,000 grids, 7 windows, 99 replicates and Gumbel.
fn daily() {
    const PLACES: u32 = 2000;
    const BACK: u32 = 90;
    let points = square(PLACES);
    let started = Instant::now();
    let neighbours = Neighbours::nearest(&points, Coordinates::Cartesian, Some(30))
        .expect("a lattice has neighbours");
    let mut found = 0;
    for category in 0..60 {
        let cases = by_chance(category, PLACES, BACK, 1000 + 50 * category as u32);
        let mut weights = vec![0.0; PLACES as usize];
        for t in &cases {
            weights[t.place as usize] += f64::from(t.count);
        }
        let zones = Zones::within(&neighbours, &weights, 0.5).expect("weights are counts");
        let data = Data {
            places: PLACES as usize,
            units: BACK as usize,
            cases,
            null: Null::Permutation,
        };
        let options = Options {
            span: Span::Prospective,
            longest: 7,
            replicates: 99,
            min_cases: 3,
            ..Options::default()
        };
        found += scan(&zones, &data, &options)
            .expect("the data are sound")
            .clusters
            .len();
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "daily run: 60 categories over 2,000 places, {found} clusters: {seconds:.1} s on all cores (goal 120)"
    );
}

/// Ends with an error unless a share is 5 % ± 1.5.
fn check(what: &str, hits: usize, tries: usize) {
    let share = hits as f64 / tries as f64;
    println!("{what:<60} {:.2} % of {tries} (5 ± 1.5)", 100.0 * share);
    assert!(
        (share - 0.05).abs() <= 0.015,
        "{what}: p-values are not calibrated"
    );
}

/// Makes the model of one simulated data set from its seed and an even expectation.
type MakeNull = fn(u64, &[f64]) -> Null;

/// Under no cluster p is below 0.05 in one data set of twenty.
fn calibration() {
    const SETS: u64 = 2000;
    const PLACES: u32 = 49;
    const UNITS: u32 = 20;
    let zones = lattice(PLACES, 12);
    let even = vec![1.0; (PLACES * UNITS) as usize];
    let kinds: [(&str, MakeNull); 4] = [
        ("poisson", |_, even| Null::Poisson {
            expected: even.to_vec(),
        }),
        ("permutation", |_, _| Null::Permutation),
        ("expectation-based", |_, even| Null::ExpectationBased {
            expected: even.iter().map(|e| 0.5 * e).collect(),
        }),
        ("bernoulli", |seed, _| Null::Bernoulli {
            controls: by_chance(seed ^ 0xc0ff_ee00, PLACES, UNITS, 700),
        }),
    ];
    for (name, null) in kinds {
        for (span, longest) in [(Span::Prospective, 7), (Span::Retrospective, 5)] {
            let significant = |seed: u64| {
                let null = null(seed, &even);
                let count = if matches!(null, Null::ExpectationBased { .. }) {
                    poisson(seed, 490.0)
                } else {
                    490
                };
                let data = Data {
                    places: PLACES as usize,
                    units: UNITS as usize,
                    cases: by_chance(seed, PLACES, UNITS, count),
                    null,
                };
                let options = Options {
                    span,
                    longest,
                    replicates: 199,
                    seed,
                    ..Options::default()
                };
                let found = scan(&zones, &data, &options).expect("the data are sound");
                // With 199 replicates the ten least ranks of 200 are 5 %.
                found
                    .clusters
                    .first()
                    .is_some_and(|c| c.p_value.is_some_and(|p| p <= 0.05))
            };
            let hits = (0..SETS)
                .into_par_iter()
                .filter(|&seed| significant(seed))
                .count();
            check(
                &format!("{name}, {span:?}: p ≤ 0.05 where nothing is unusual"),
                hits,
                SETS as usize,
            );
        }
    }
}

/// A Poisson count, so that the total of an expectation-based data set is random as its model says.
fn poisson(seed: u64, mean: f64) -> u32 {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut time = 0.0;
    let mut count = 0;
    loop {
        let uniform = ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64;
        time -= uniform.ln();
        if time > mean {
            return count;
        }
        count += 1;
    }
}

/// Scanning every day of a year in which nothing is unusual, a recurrence interval of 20 days or more
/// is reported on one day of twenty.
fn recurrence() {
    const YEARS: u64 = 8;
    const PLACES: u32 = 49;
    const BACK: u32 = 28;
    let zones = lattice(PLACES, 12);
    let days: Vec<(u64, u32)> = (0..YEARS)
        .flat_map(|year| (0..365).map(move |day| (year, day)))
        .collect();
    let years: Vec<Vec<Tally>> = (0..YEARS)
        .map(|year| by_chance(77 + year, PLACES, 365 + BACK, 20 * (365 + BACK)))
        .collect();
    let rare = |&(year, day): &(u64, u32)| {
        let seen = years[year as usize]
            .iter()
            .filter(|t| (day..day + BACK).contains(&t.unit));
        let cases = seen
            .map(|t| Tally {
                unit: t.unit - day,
                ..*t
            })
            .collect();
        let data = Data {
            places: PLACES as usize,
            units: BACK as usize,
            cases,
            null: Null::Permutation,
        };
        let options = Options {
            span: Span::Prospective,
            longest: 7,
            replicates: 199,
            seed: u64::from(day) + 1000 * year,
            ..Options::default()
        };
        let found = scan(&zones, &data, &options).expect("the data are sound");
        found
            .clusters
            .first()
            .is_some_and(|c| c.p_value.is_some_and(|p| 1.0 / p >= 20.0))
    };
    let hits = days.par_iter().filter(|day| rare(day)).count();
    check(
        "permutation, daily over 365 days: once in 20 days or rarer",
        hits,
        days.len(),
    );
}
