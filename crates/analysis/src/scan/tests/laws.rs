//! Laws that hold whatever the data.

use super::super::{Cluster, Data, Neighbours, Null, Options, Span, Tally, Zones, scan};
use super::*;

/// A grid of side × side places over some days with two cases in each cell, and a bump of so many more.
fn lattice(side: u32, units: u32, bump: u32) -> (Zones, Vec<Tally>) {
    let points: Vec<[f64; 2]> = (0..side * side)
        .map(|p| [f64::from(p % side), f64::from(p / side)])
        .collect();
    let neighbours = Neighbours::nearest(&points, Coordinates::Cartesian, Some(12)).unwrap();
    let zones = Zones::within(&neighbours, &vec![1.0; points.len()], 0.5).unwrap();
    let cell = |place, unit| Tally {
        place,
        unit,
        group: 0,
        count: 2 + if place == 0 && unit + 2 >= units {
            bump
        } else {
            0
        },
    };
    (
        zones,
        (0..side * side)
            .flat_map(|place| (0..units).map(move |unit| cell(place, unit)))
            .collect(),
    )
}

fn nulls(places: u32, units: u32) -> [Null; 4] {
    let cells = (places * units) as usize;
    let controls = (0..places)
        .flat_map(|place| {
            (0..units).map(move |unit| Tally {
                place,
                unit,
                group: 0,
                count: 3,
            })
        })
        .collect();
    [
        Null::Permutation,
        Null::Poisson {
            expected: vec![1.0; cells],
        },
        Null::ExpectationBased {
            expected: vec![2.0; cells],
        },
        Null::Bernoulli { controls },
    ]
}

fn clusters(null: &Null, bump: u32, options: &Options) -> Vec<Cluster> {
    let (zones, cases) = lattice(6, 8, bump);
    scan(
        &zones,
        &Data {
            places: 36,
            units: 8,
            cases,
            null: null.clone(),
        },
        options,
    )
    .unwrap()
    .clusters
}

#[test]
fn a_seed_fixes_the_answer_on_any_number_of_threads() {
    for null in nulls(36, 8) {
        for stop_after in [None, Some(5)] {
            let options = Options {
                span: Span::Prospective,
                longest: 4,
                replicates: 99,
                stop_after,
                ..Options::default()
            };
            let run = || clusters(&null, 3, &options);
            let one = rayon::ThreadPoolBuilder::new()
                .num_threads(1)
                .build()
                .unwrap()
                .install(run);
            assert_eq!(one, run());
            assert_ne!(
                one.iter().map(|c| c.p_gumbel).collect::<Vec<_>>(),
                clusters(
                    &null,
                    3,
                    &Options {
                        seed: 2,
                        ..options.clone()
                    }
                )
                .iter()
                .map(|c| c.p_gumbel)
                .collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn a_planted_cluster_is_found_and_is_rare() {
    for null in nulls(36, 8) {
        for span in [Span::Prospective, Span::Retrospective] {
            let found = clusters(
                &null,
                14,
                &Options {
                    span,
                    longest: 4,
                    replicates: 199,
                    ..Options::default()
                },
            );
            assert_eq!(
                (
                    found[0].places.as_slice(),
                    found[0].units.clone(),
                    found[0].observed
                ),
                ([0].as_slice(), 6..8, 32),
                "{null:?}"
            );
            assert_eq!(found[0].p_value, Some(1.0 / 200.0), "{null:?}");
            assert!(found[0].p_gumbel.unwrap() < 1e-3, "{null:?}");
        }
    }
}

#[test]
fn an_even_map_is_not_alarming() {
    for null in nulls(36, 8) {
        let found = clusters(
            &null,
            0,
            &Options {
                replicates: 99,
                ..Options::default()
            },
        );
        assert!(
            found.first().is_none_or(|c| c.p_value.unwrap() > 0.9),
            "{null:?} {found:?}"
        );
    }
}

#[test]
fn stopping_early_changes_nothing_where_something_is_unusual() {
    for null in nulls(36, 8) {
        let options = Options {
            replicates: 199,
            ..Options::default()
        };
        assert_eq!(
            clusters(&null, 14, &options),
            clusters(
                &null,
                14,
                &Options {
                    stop_after: Some(10),
                    ..options
                }
            )
        );
    }
}

#[test]
fn windows_below_the_least_number_of_cases_are_passed_over() {
    for null in nulls(36, 8) {
        let found = clusters(
            &null,
            14,
            &Options {
                min_cases: 33,
                replicates: 9,
                ..Options::default()
            },
        );
        assert!(found.iter().all(|c| c.observed >= 33));
    }
}

#[test]
fn screened_zones_are_those_wide_enough_around_the_centres_asked_for() {
    let points: Vec<[f64; 2]> = (0..5).map(|x| [f64::from(x), 0.0]).collect();
    let neighbours = Neighbours::nearest(&points, Coordinates::Cartesian, Some(4)).unwrap();
    // Place 2 has no case: around place 1 the sets {1, 0, 2} and {1, 0, 2, 3} differ, {1, 0} is too narrow.
    let weights = [3.0, 2.0, 0.0, 1.0, 1.0];
    let wide = |places: &[u32]| places.len() >= 3;
    let zones = Zones::screened(&neighbours, &weights, 1.0, &[1], wide).unwrap();
    assert_eq!((zones.count(), zones.places()), (2, 5));
    // Around place 0: {0, 1, 2} holds the same cases as {1, 0, 2}, {0, 1, 2, 3} those of {1, 0, 2, 3}.
    let both = Zones::screened(&neighbours, &weights, 1.0, &[1, 0], wide).unwrap();
    assert_eq!(both.count(), 2);
    let refused = Zones::screened(&neighbours, &weights, 1.0, &[5], wide);
    assert!(refused.is_err_and(|e| e.to_string().contains("centre 5")));
    assert!(Zones::screened(&neighbours, &weights, 0.0, &[1], wide).is_err());
}

#[test]
fn a_cluster_of_screened_zones_is_never_narrower_than_the_screen() {
    let points: Vec<[f64; 2]> = (0..9).map(|x| [f64::from(x), 0.0]).collect();
    let neighbours = Neighbours::nearest(&points, Coordinates::Cartesian, Some(9)).unwrap();
    // Everything happens in place 4 on the last day.
    let case = |place, unit, count| Tally {
        place,
        unit,
        group: 0,
        count,
    };
    let cases: Vec<Tally> = (0..9)
        .flat_map(|place| (0..6).map(move |unit| case(place, unit, 1)))
        .chain([case(4, 5, 9)])
        .collect();
    let data = Data {
        places: 9,
        units: 6,
        cases,
        null: Null::Permutation,
    };
    let options = Options {
        span: Span::Prospective,
        longest: 3,
        replicates: 0,
        ..Options::default()
    };
    let centres: Vec<usize> = (0..9).collect();
    let weights = [7.0; 9];
    let screened = Zones::screened(&neighbours, &weights, 0.9, &centres, |p| p.len() >= 3).unwrap();
    let found = scan(&screened, &data, &options).unwrap();
    assert_eq!(found.clusters[0].places.len(), 3);
    let plain = Zones::within(&neighbours, &weights, 0.9).unwrap();
    assert_eq!(
        scan(&plain, &data, &options).unwrap().clusters[0].places,
        [4]
    );
}

#[test]
fn a_screened_zone_that_ends_with_places_without_recent_cases_is_not_passed_over() {
    let points: Vec<[f64; 2]> = (0..9).map(|x| [f64::from(x), 0.0]).collect();
    let neighbours = Neighbours::nearest(&points, Coordinates::Cartesian, Some(9)).unwrap();
    // All places have cases long ago; in the last days only place 4 has.
    let case = |place, unit, count| Tally {
        place,
        unit,
        group: 0,
        count,
    };
    let cases: Vec<Tally> = (0..9)
        .map(|place| case(place, 0, 5))
        .chain([case(4, 9, 6)])
        .collect();
    let data = Data {
        places: 9,
        units: 10,
        cases,
        null: Null::Permutation,
    };
    let options = Options {
        span: Span::Prospective,
        longest: 3,
        replicates: 0,
        ..Options::default()
    };
    let centres: Vec<usize> = (0..9).collect();
    let zones = Zones::screened(&neighbours, &[5.0; 9], 0.9, &centres, |p| p.len() >= 3).unwrap();
    let found = scan(&zones, &data, &options).unwrap();
    assert_eq!(
        (found.clusters[0].places.len(), found.clusters[0].observed),
        (3, 6)
    );
    assert!(found.clusters[0].places.contains(&4));
}
