//! Scan statistics in space and time (时空扫描统计): where and when were there more cases than chance explains?
//!
//! A scan lays every circle over the map and every window over the time, compares the cases inside with
//! what is expected there, keeps the window whose likelihood ratio is greatest, and finds by simulation
//! how often chance alone reaches as high. Four models:
//!
//! | model | needs | expected in zone Z and window W | statistic |
//! |---|---|---|---|
//! | [`Null::Poisson`] | expected counts (population) | Σ μ scaled to the C cases | c ln(c/μ) + (C−c) ln((C−c)/(C−μ)) |
//! | [`Null::Permutation`] | cases only | c(Z)·c(W)/C, summed over strata | the same |
//! | [`Null::ExpectationBased`] | expected counts | Σ μ as given | c ln(c/μ) + μ − c |
//! | [`Null::Bernoulli`] | controls | n·C/N | Kulldorff's binomial ratio |
//!
//! Sources: Kulldorff, *Comm. Stat. Theory Meth.* 26 (1997) 1481 (Poisson, Bernoulli); Kulldorff, *JRSS A*
//! 164 (2001) 61 (prospective, recurrence interval); Kulldorff et al., *PLoS Med.* 2 (2005) e59
//! (permutation); Neill et al., *KDD* 2005 (expectation-based). Only excess is looked for.
//!
//! [`scan`] is the method on plain numbers; [`study`] builds its input from SaTScan's files.
//! The unit of analysis is a place and a time; nothing here knows a person.
//!
//! ```
//! use analysis::scan::{Coordinates, Data, Neighbours, Null, Options, Span, Tally, Zones, scan};
//! // Four places in a row, two days; three cases a day, but five on the second day in the first place.
//! let points = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]];
//! let neighbours = Neighbours::nearest(&points, Coordinates::Cartesian, None).unwrap();
//! let zones = Zones::within(&neighbours, &[1.0; 4], 0.5).unwrap();
//! let cases = (0..4).flat_map(|place| (0..2).map(move |unit| Tally { place, unit, group: 0, count: 3 + 2 * u32::from(place == 0 && unit == 1) }));
//! let data = Data { places: 4, units: 2, cases: cases.collect(), null: Null::Poisson { expected: vec![1.0; 8] } };
//! let found = scan(&zones, &data, &Options { span: Span::Prospective, longest: 1, ..Options::default() }).unwrap();
//! assert_eq!((found.clusters[0].places.as_slice(), found.clusters[0].observed), ([0].as_slice(), 5));
//! assert!((found.clusters[0].expected - 26.0 / 8.0).abs() < 1e-12);
//! ```

mod axis;
pub mod baseline;
pub mod files;
mod inference;
pub mod periods;
mod population;
mod prepare;
mod sampling;
pub mod study;
#[cfg(test)]
mod tests;
mod windows;
pub mod zones;

use files::FileKind;
use inference::{Lots, Maxima};
use prepare::Prepared;
use std::ops::Range;
use windows::{Candidate, Growing, accumulate, highest_ratio};
pub use zones::{Coordinates, Neighbours, Point, Zones};

/// The most replicates that may be asked for.
pub const MAX_REPLICATES: u32 = 999_999;

/// The most cases and controls together (a table of least measures has an entry for each).
pub const MAX_PEOPLE: u64 = 50_000_000;

/// Why a scan cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScanError {
    /// A line of a file cannot be used.
    #[error("cannot use the {kind}: {reason}")]
    Line {
        /// Which file.
        kind: FileKind,
        /// The physical line, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// An option is missing or has a value that cannot be used.
    #[error("--{option}: {reason}")]
    Option {
        /// Its name, without dashes.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There are cases where none can be: the expected count (or the population) is zero.
    #[error("place {place} has cases in unit {unit}, but nothing is expected there")]
    NothingExpected {
        /// The place's position.
        place: usize,
        /// The unit's position.
        unit: usize,
    },
    /// The numbers do not fit together.
    #[error("{0}")]
    Data(String),
}

impl ScanError {
    pub(crate) fn option(option: &'static str, reason: impl Into<String>) -> Self {
        Self::Option {
            option,
            reason: reason.into(),
        }
    }
}

/// So many cases (or controls) at a place in a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Position of the place.
    pub place: u32,
    /// Position of the unit of time.
    pub unit: u32,
    /// Stratum of covariates; the permutation model exchanges times within it, the others ignore it.
    pub group: u32,
    /// How many.
    pub count: u32,
}

/// What is held to be true where nothing is unusual.
#[derive(Clone, Debug, PartialEq)]
pub enum Null {
    /// Cases fall in proportion to the expected counts (place after place, each with all its units);
    /// they are scaled to the number of cases.
    Poisson {
        /// places × units.
        expected: Vec<f64>,
    },
    /// Where a case falls says nothing about when. Needs no population; a place or a day that always
    /// reports more does not disturb it.
    Permutation,
    /// Each cell is Poisson with its expected count, taken as it is.
    ExpectationBased {
        /// places × units.
        expected: Vec<f64>,
    },
    /// Cases are a random choice from cases and controls.
    Bernoulli {
        /// The controls.
        controls: Vec<Tally>,
    },
}

/// What is scanned.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Number of places.
    pub places: usize,
    /// Number of units of time; 1 for a scan of space alone.
    pub units: usize,
    /// The cases; a cell may be given in parts.
    pub cases: Vec<Tally>,
    /// The model.
    pub null: Null,
}

/// Which windows of time are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// All windows within the study.
    Retrospective,
    /// Only windows that end with the study: what is going on now.
    Prospective,
    /// The whole study as one window: clusters in space alone. The data must have one unit.
    Spatial,
}

/// How to scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Which windows.
    pub span: Span,
    /// The longest window in units; cut to the length of the study.
    pub longest: usize,
    /// Monte Carlo replicates; with 0 no p-value is given.
    pub replicates: u32,
    /// Where the random numbers begin; the same seed gives the same answer on any number of cores.
    pub seed: u64,
    /// Stops when so many replicates have reached the greatest ratio observed (Besag & Clifford): quick
    /// where nothing is unusual, the same where something is. `None` makes all replicates.
    pub stop_after: Option<u32>,
    /// Windows with fewer cases are passed over, in the data and in the replicates.
    pub min_cases: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            span: Span::Retrospective,
            longest: usize::MAX,
            replicates: 999,
            seed: 1,
            stop_after: None,
            min_cases: 1,
        }
    }
}

/// A zone and a window with more cases than expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Positions of its places, the centre first, then by distance.
    pub places: Vec<u32>,
    /// Positions of its units of time.
    pub units: Range<usize>,
    /// Cases in it.
    pub observed: u32,
    /// Cases expected in it.
    pub expected: f64,
    /// Risk inside over risk outside; for the permutation and the expectation-based model, observed
    /// over expected. Infinite where no case lies outside.
    pub relative_risk: f64,
    /// The log-likelihood ratio (natural logarithm).
    pub llr: f64,
    /// Monte Carlo p-value, ties decided by lot; `None` without replicates. For all but the first cluster it is
    /// conservative: they too are held against the replicates' greatest ratios.
    pub p_value: Option<f64>,
    /// p-value by the Gumbel approximation; `None` with fewer than two replicates.
    pub p_gumbel: Option<f64>,
}

/// What a scan found.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// The cluster with the greatest ratio whatever its p-value, then those that share no place with one
    /// before, by their ratio. Empty only where no window has an excess.
    pub clusters: Vec<Cluster>,
    /// Zones looked at.
    pub zones: usize,
    /// Windows looked at: zones × windows of time.
    pub windows: u64,
    /// Replicates made; fewer than asked for after an early stop.
    pub replicates: usize,
}

/// Scans the data.
///
/// # Errors
/// When the data contradict themselves: a tally outside places and units, expected counts of the wrong
/// number or sign, cases where nothing is expected, zones built for another number of places.
pub fn scan(zones: &Zones, data: &Data, options: &Options) -> Result<Findings, ScanError> {
    if zones.places() != data.places {
        return Err(ScanError::Data(format!(
            "the zones are of {} places, the data of {}",
            zones.places(),
            data.places
        )));
    }
    if options.replicates > MAX_REPLICATES {
        return Err(ScanError::option(
            "replicates",
            format!("at most {MAX_REPLICATES} are made"),
        ));
    }
    let min_cases = options.min_cases.max(1);
    let prepared = Prepared::new(data, options)?;
    let (score, field) = (prepared.score, prepared.field(zones));
    let mut candidates = field.best_windows(&prepared.observed, score, min_cases);
    // Ties fall to the smaller zone, then to the earlier centre: two runs agree.
    candidates.sort_by(|a, b| {
        b.ratio
            .total_cmp(&a.ratio)
            .then(a.size.cmp(&b.size))
            .then(a.centre.cmp(&b.centre))
    });
    let best = candidates.first().map_or(0.0, |c| c.ratio);
    let replicates = if candidates.is_empty() {
        0
    } else {
        options.replicates
    };
    let maxima = Maxima::simulate(
        replicates,
        options.stop_after,
        best,
        Lots::of(options.seed),
        || Workspace::new(&prepared),
        |workspace, replicate| {
            let Workspace {
                counts,
                scratch,
                growing,
                least,
            } = workspace;
            let mut rng = sampling::generator(options.seed, replicate);
            let drawn = prepared
                .sampler
                .draw(&mut rng, prepared.frame.stride(), scratch, counts);
            accumulate(&mut counts[..prepared.cells()], prepared.frame.stride());
            least.resize(drawn + 1, f64::INFINITY);
            field.least_measures(counts, growing, least);
            highest_ratio(least, score, min_cases)
        },
    );
    let clusters = apart(candidates, zones).into_iter().map(|c| {
        let places = zones.prefix(c.centre, c.size).to_vec();
        Cluster {
            places,
            units: prepared.skipped + c.start..prepared.skipped + c.end,
            observed: c.observed,
            expected: score.expected(c.measure),
            relative_risk: score.relative_risk(c.observed, c.measure),
            llr: c.ratio,
            p_value: maxima.p_value(c.ratio),
            p_gumbel: maxima.p_gumbel(c.ratio),
        }
    });
    Ok(Findings {
        clusters: clusters.collect(),
        zones: zones.count(),
        windows: zones.count() as u64 * prepared.frame.windows(),
        replicates: maxima.len(),
    })
}

/// What one thread needs for a replicate, kept from one to the next.
struct Workspace {
    counts: Vec<u32>,
    scratch: Vec<u32>,
    growing: Growing,
    least: Vec<f64>,
}

impl Workspace {
    fn new(prepared: &Prepared) -> Self {
        // One entry more than there are cells takes the cases outside the units kept.
        Self {
            counts: vec![0; prepared.cells() + 1],
            scratch: Vec::new(),
            growing: Growing::new(prepared.frame),
            least: Vec::new(),
        }
    }
}

/// Keeps from the candidates, best first, those that share no place with one kept before.
fn apart(candidates: Vec<Candidate>, zones: &Zones) -> Vec<Candidate> {
    let mut taken = vec![false; zones.places()];
    let mut kept = Vec::new();
    for candidate in candidates {
        let places = zones.prefix(candidate.centre, candidate.size);
        if places.iter().all(|&p| !taken[p as usize]) {
            for &place in places {
                taken[place as usize] = true;
            }
            kept.push(candidate);
        }
    }
    kept
}

/// Scrambles a number so that neighbours have nothing in common (the finaliser of SplitMix64,
/// Steele, Lea & Flood 2014).
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
