//! The brute-force twin: every zone and window enumerated naively, ratios straight from their definitions.

use super::super::prepare::Prepared;
use super::super::windows::{Growing, highest_ratio};
use super::super::{Data, Neighbours, Null, Options, Point, Tally, Zones, scan};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A random small study.
#[derive(Clone, Debug)]
struct Small {
    points: Vec<Point>,
    units: usize,
    cases: Vec<Tally>,
    controls: Vec<Tally>,
    expected: Vec<f64>,
    span: Span,
    longest: usize,
    neighbours: Option<usize>,
    share: f64,
}

fn small() -> impl Strategy<Value = Small> {
    (2usize..7, 1usize..6).prop_flat_map(|(places, units)| {
        let tally = move |most| {
            (0..places as u32, 0..units as u32, 0u32..2, 0u32..most).prop_map(
                |(place, unit, group, count)| Tally {
                    place,
                    unit,
                    group,
                    count,
                },
            )
        };
        (
            prop::collection::vec([-5i8..5, -5i8..5].prop_map(|p| p.map(f64::from)), places),
            prop::collection::vec(tally(6), 0..25),
            prop::collection::vec(tally(6), 0..25),
            prop::collection::vec(0.1f64..4.0, places * units),
            prop::sample::select(vec![Span::Retrospective, Span::Prospective]),
            1usize..6,
            prop::option::of(1usize..6),
            prop::sample::select(vec![0.5, 0.8, 1.0]),
        )
            .prop_map(
                move |(points, cases, controls, expected, span, longest, neighbours, share)| {
                    Small {
                        points,
                        units,
                        cases,
                        controls,
                        expected,
                        span,
                        longest,
                        neighbours,
                        share,
                    }
                },
            )
    })
}

impl Small {
    fn data(&self, null: Null) -> Data {
        Data {
            places: self.points.len(),
            units: self.units,
            cases: self.cases.clone(),
            null,
        }
    }

    fn options(&self) -> Options {
        Options {
            span: self.span,
            longest: self.longest,
            replicates: 0,
            ..Options::default()
        }
    }

    fn weights(&self) -> Vec<f64> {
        (0..self.points.len())
            .map(|p| {
                self.expected[p * self.units..(p + 1) * self.units]
                    .iter()
                    .sum()
            })
            .collect()
    }

    fn zones(&self) -> Zones {
        let neighbours =
            Neighbours::nearest(&self.points, Coordinates::Cartesian, self.neighbours).unwrap();
        Zones::within(&neighbours, &self.weights(), self.share).unwrap()
    }

    /// All zones as sets, by the definition.
    fn all_zones(&self) -> BTreeSet<BTreeSet<usize>> {
        let weights = self.weights();
        let limit = weights.iter().sum::<f64>() * self.share + 1e-9;
        let mut zones = BTreeSet::new();
        for [x, y] in self.points.iter().copied() {
            let mut order: Vec<usize> = (0..self.points.len()).collect();
            order.sort_by_key(|&p| {
                ((self.points[p][0] - x).powi(2) + (self.points[p][1] - y).powi(2)) as i64
            });
            for size in 1..=self.neighbours.unwrap_or(order.len()).min(order.len()) {
                let zone: BTreeSet<usize> = order[..size].iter().copied().collect();
                if zone.iter().map(|&p| weights[p]).sum::<f64>() <= limit {
                    zones.insert(zone);
                }
            }
        }
        zones
    }

    /// All windows `start..end`, by the definition.
    fn all_windows(&self) -> Vec<(usize, usize)> {
        let all =
            (0..self.units).flat_map(|start| (start + 1..=self.units).map(move |end| (start, end)));
        all.filter(|&(start, end)| {
            end - start <= self.longest && (self.span == Span::Retrospective || end == self.units)
        })
        .collect()
    }

    /// The sum of tallies in a zone and a window.
    fn count(tallies: &[Tally], zone: &BTreeSet<usize>, (start, end): (usize, usize)) -> f64 {
        let inside = |t: &&Tally| {
            zone.contains(&(t.place as usize)) && (start..end).contains(&(t.unit as usize))
        };
        tallies
            .iter()
            .filter(inside)
            .map(|t| f64::from(t.count))
            .sum()
    }

    fn expected_in(&self, zone: &BTreeSet<usize>, (start, end): (usize, usize)) -> f64 {
        zone.iter()
            .flat_map(|&p| (start..end).map(move |u| (p, u)))
            .map(|(p, u)| self.expected[p * self.units + u])
            .sum()
    }

    /// The greatest ratio over everything, `ratio` given the zone, the window and the cases inside.
    fn greatest(&self, ratio: impl Fn(&BTreeSet<usize>, (usize, usize), f64) -> f64) -> f64 {
        let mut greatest: f64 = 0.0;
        for zone in self.all_zones() {
            for window in self.all_windows() {
                greatest = greatest.max(ratio(
                    &zone,
                    window,
                    Self::count(&self.cases, &zone, window),
                ));
            }
        }
        greatest
    }

    /// Compares the scan with the twin, and the replicates' way of finding the maximum with the scan's.
    fn check(&self, null: Null, twin: f64) -> Result<(), TestCaseError> {
        let (zones, data, options) = (self.zones(), self.data(null), self.options());
        prop_assert_eq!(zones.count(), self.all_zones().len());
        let found = scan(&zones, &data, &options).unwrap();
        prop_assert_eq!(
            found.windows,
            (zones.count() * self.all_windows().len()) as u64
        );
        let best = found.clusters.first().map_or(0.0, |c| c.llr);
        prop_assert!(
            (best - twin).abs() < 1e-9 * (1.0 + twin),
            "scan {} twin {}",
            best,
            twin
        );
        let prepared = Prepared::new(&data, &options).unwrap();
        let mut least = vec![0.0; 1 + data.cases.iter().map(|t| t.count as usize).sum::<usize>()];
        prepared.field(&zones).least_measures(
            &prepared.observed,
            &mut Growing::new(prepared.frame),
            &mut least,
        );
        let quick = highest_ratio(&least, prepared.score, 1);
        prop_assert!(
            (quick - twin).abs() < 1e-9 * (1.0 + twin),
            "replicates' way {} twin {}",
            quick,
            twin
        );
        if let Some(c) = found.clusters.first() {
            let zone: BTreeSet<usize> = c.places.iter().map(|&p| p as usize).collect();
            prop_assert!(
                self.all_zones().contains(&zone)
                    && self.all_windows().contains(&(c.units.start, c.units.end))
            );
            prop_assert_eq!(
                f64::from(c.observed),
                Self::count(&self.cases, &zone, (c.units.start, c.units.end))
            );
        }
        Ok(())
    }
}

/// x ln(x/y) with 0 ln 0 = 0.
fn part(x: f64, y: f64) -> f64 {
    if x == 0.0 {
        0.0
    } else {
        x * x.ln() - x * y.ln()
    }
}

fn conditional(c: f64, mu: f64, all: f64) -> f64 {
    if c > mu + 1e-12 {
        part(c, mu) + part(all - c, all - mu)
    } else {
        0.0
    }
}

proptest! {
    #[test]
    fn poisson(study in small()) {
        let all: f64 = study.cases.iter().map(|t| f64::from(t.count)).sum();
        let scale = all / study.expected.iter().sum::<f64>();
        let twin = study.greatest(|zone, window, c| conditional(c, study.expected_in(zone, window) * scale, all));
        study.check(Null::Poisson { expected: study.expected.clone() }, twin)?;
    }

    #[test]
    fn expectation_based(study in small()) {
        let twin = study.greatest(|zone, window, c| {
            let mu = study.expected_in(zone, window);
            if c > mu { part(c, mu) + mu - c } else { 0.0 }
        });
        study.check(Null::ExpectationBased { expected: study.expected.clone() }, twin)?;
    }

    #[test]
    fn permutation(study in small()) {
        let all: f64 = study.cases.iter().map(|t| f64::from(t.count)).sum();
        let everywhere: BTreeSet<usize> = (0..study.points.len()).collect();
        let twin = study.greatest(|zone, window, c| {
            let mut mu = 0.0;
            for group in 0..2 {
                let of: Vec<Tally> = study.cases.iter().filter(|t| t.group == group).copied().collect();
                let total = Small::count(&of, &everywhere, (0, study.units));
                if total > 0.0 {
                    mu += Small::count(&of, zone, (0, study.units)) * Small::count(&of, &everywhere, window) / total;
                }
            }
            conditional(c, mu, all)
        });
        study.check(Null::Permutation, twin)?;
    }

    #[test]
    fn bernoulli(study in small()) {
        let everywhere: BTreeSet<usize> = (0..study.points.len()).collect();
        let cases = Small::count(&study.cases, &everywhere, (0, study.units));
        let people = cases + Small::count(&study.controls, &everywhere, (0, study.units));
        let twin = study.greatest(|zone, window, c| {
            let n = c + Small::count(&study.controls, zone, window);
            // c/n > (C−c)/(N−n) in whole numbers.
            if c * people <= cases * n {
                return 0.0;
            }
            let inside = part(c, n) + part(n - c, n);
            let outside = part(cases - c, people - n) + part(people - n - cases + c, people - n);
            inside + outside - part(cases, people) - part(people - cases, people)
        });
        study.check(Null::Bernoulli { controls: study.controls.clone() }, twin)?;
    }
}
