//! The prospective space-time permutation scan, class by class (Kulldorff et al., PLoS Med. 2 (2005) e59).
//!
//! Places are the unit grids, or the streets for classes that must not be looked at more finely. Zones are grown around
//! places with a case in the study; which places these are is the same in every permutation, so the p-values stay true.
//! Simulation stops early where nothing is unusual (Besag & Clifford 1991); what looks unusual after that is simulated
//! further, and its p-value taken from a Gumbel distribution fitted to the replicates (Abrams et al. 2010).

use super::{Candidate, Ground, Judged, Sighting};
use crate::guard;
use crate::model::{Detector, Level};
use analysis::scan::{
    Cluster, Coordinates, Data, Findings, Neighbours, Null, Options, ScanError, Span, Tally, Zones,
    scan,
};
use matters::MatterId;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A zone holds at most this share of the cases.
const LARGEST_SHARE: f64 = 0.5;
/// Replicates stop when so many have reached what was observed.
const ENOUGH: u32 = 10;
/// Below this p-value more replicates are made, for a truer one.
const PROMISING: f64 = 0.02;
/// So many times the first replicates.
const FURTHER: u32 = 5;
/// The past is at least so many times the longest window.
const LEAST_PAST: u32 = 4;

/// Judges every admitted class on a day.
pub(super) fn judge(ground: &Ground<'_>, detector: &Detector, today: u32, seed: u64) -> Judged {
    let mut neighbours = BTreeMap::new();
    for level in [detector.level, detector.level.max(Level::Street)] {
        if let Some(found) = nearest(ground, detector, level) {
            neighbours.insert(level, found);
        }
    }
    let categories: Vec<_> = ground.categories.iter().collect();
    categories
        .into_par_iter()
        .map(|(id, category)| {
            let level = category.level(detector.level);
            let Some(neighbours) = neighbours.get(&level) else {
                return Judged::default();
            };
            let study = Study {
                ground,
                detector,
                neighbours,
                level,
                category: *id,
                today,
                seed,
            };
            study.judge()
        })
        .reduce(Judged::default, Judged::joined)
}

/// The nearest places of each place; none where the city has too few.
fn nearest(ground: &Ground<'_>, detector: &Detector, level: Level) -> Option<Neighbours> {
    let points: Vec<_> = ground.places.at(level).iter().map(|p| p.middle).collect();
    let limit = detector.whole("neighbours") as usize;
    (points.len() >= 2)
        .then(|| Neighbours::nearest(&points, Coordinates::LatLon, Some(limit)).ok())
        .flatten()
}

/// One class on one day.
struct Study<'a> {
    ground: &'a Ground<'a>,
    detector: &'a Detector,
    neighbours: &'a Neighbours,
    level: Level,
    category: MatterId,
    today: u32,
    seed: u64,
}

impl Study<'_> {
    fn judge(&self) -> Judged {
        let longest = self.detector.whole("longest_days");
        let study = self.detector.whole("study_days");
        let from = (self.today + 1).saturating_sub(study);
        let units = self.today + 1 - from;
        if units < LEAST_PAST * longest {
            return Judged {
                too_short: 1,
                ..Judged::default()
            };
        }
        let cases = self.cases(from);
        let recent: u32 = cases
            .iter()
            .filter(|t| t.unit + longest >= units)
            .map(|t| t.count)
            .sum();
        let none = Judged {
            series: 1,
            ..Judged::default()
        };
        // Too few to be reported whatever the scan says; permutation does not change how many there are.
        if recent < self.detector.whole("least_cases") {
            return none;
        }
        let findings = self.scan(units, &cases);
        // The data are made here and fit together; should they not, this class is silent and counted as not judged.
        let Ok(Some(findings)) = findings else {
            return Judged {
                too_short: usize::from(findings.is_err()),
                series: usize::from(findings.is_ok()),
                ..Judged::default()
            };
        };
        let candidates = findings
            .clusters
            .iter()
            .enumerate()
            .filter_map(|(rank, cluster)| self.candidate(rank, cluster, from));
        Judged {
            candidates: candidates.collect(),
            ..none
        }
    }

    fn cases(&self, from: u32) -> Vec<Tally> {
        let tallies = self.ground.counts.on(self.category, from..=self.today);
        let tally = |t: &crate::counts::Tally| {
            Some(Tally {
                place: t.spot.at(self.level)?,
                unit: t.day - from,
                group: 0,
                count: t.incidents,
            })
        };
        tallies
            .iter()
            .filter_map(tally)
            .filter(|t| t.count > 0)
            .collect()
    }

    /// Scans; none where no place is wide enough to be pointed at.
    fn scan(&self, units: u32, cases: &[Tally]) -> Result<Option<Findings>, ScanError> {
        let places = self.ground.places.at(self.level);
        let mut weights = vec![0.0; places.len()];
        for tally in cases {
            weights[tally.place as usize] += f64::from(tally.count);
        }
        let centres: Vec<usize> = (0..places.len()).filter(|at| weights[*at] > 0.0).collect();
        let wide =
            |zone: &[u32]| guard::is_wide_enough(zone.iter().map(|at| &places[*at as usize]));
        let zones = Zones::screened(self.neighbours, &weights, LARGEST_SHARE, &centres, wide)?;
        if zones.count() == 0 {
            return Ok(None);
        }
        let data = Data {
            places: places.len(),
            units: units as usize,
            cases: cases.to_vec(),
            null: Null::Permutation,
        };
        let first = Options {
            span: Span::Prospective,
            longest: self.detector.whole("longest_days") as usize,
            replicates: self.detector.whole("replicates"),
            seed: self.own_seed(),
            stop_after: Some(ENOUGH),
            min_cases: 1,
        };
        let found = scan(&zones, &data, &first)?;
        if found.clusters.first().map_or(1.0, p_value) >= PROMISING {
            return Ok(Some(found));
        }
        let further = Options {
            replicates: first.replicates * FURTHER,
            stop_after: None,
            ..first
        };
        scan(&zones, &data, &further).map(Some)
    }

    /// A seed of the run's, the day's and the class's own, so that the order of work does not matter.
    fn own_seed(&self) -> u64 {
        let bytes = self.category.0.bytes();
        let (head, tail) = bytes.split_at(8);
        let number = |part: &[u8]| part.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        self.seed
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(u64::from(self.today))
            .wrapping_mul(0xbf58_476d_1ce4_e5b9)
            ^ number(head)
            ^ number(tail).rotate_left(32)
    }

    fn candidate(&self, rank: usize, cluster: &Cluster, from: u32) -> Option<Candidate> {
        let day = |unit: usize| from + u32::try_from(unit).expect("a study has at most 730 days");
        let sighting = Sighting {
            category: self.category,
            level: self.level,
            places: &cluster.places,
            from: day(cluster.units.start),
            to: day(cluster.units.end - 1),
            observed: cluster.observed,
            expected: cluster.expected,
            p: p_value(cluster),
        };
        let signal = sighting.signal(self.ground, self.detector)?;
        Some(Candidate {
            signal,
            leads: rank == 0,
        })
    }
}

/// The rank among the replicates where it says something, else the Gumbel approximation, which goes below it.
fn p_value(cluster: &Cluster) -> f64 {
    let by_rank = cluster.p_value.unwrap_or(1.0);
    match cluster.p_gumbel {
        Some(gumbel) if by_rank < 2.0 * PROMISING => gumbel.clamp(1e-9, 1.0),
        _ => by_rank,
    }
}
