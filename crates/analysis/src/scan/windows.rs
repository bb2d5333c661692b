//! The inner loop: every zone × every window, once for the data and once for each replicate.
//!
//! What makes it fast is that each statistic, for a fixed number of cases c, falls as the measure m
//! (expected cases, or people) grows. So a replicate needs no logarithm while it scans: it keeps, for
//! each c, the least m met, and takes logarithms once for each c at the end. And a zone grown by a
//! place without cases has the cases of the zone before it on a larger measure, window by window, so
//! it cannot win and is passed over (with all windows of it counted: the answer is the same).

use super::zones::Zones;

/// The statistic, with what it needs to know of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Score {
    /// Conditional on the total: m is expected cases (Kulldorff 1997; also the approximation of
    /// Kulldorff et al. 2005 for the space-time permutation, which reports c/m as its risk).
    Conditional { cases: f64, permutation: bool },
    /// Expected counts taken at their word (Neill et al. 2005): m is expected cases.
    ExpectationBased,
    /// m is people, cases and controls together (Kulldorff 1997).
    Bernoulli { cases: f64, people: f64 },
}

/// x · ln(x / y), 0 where x is.
fn x_ln_ratio(x: f64, y: f64) -> f64 {
    if x > 0.0 { x * (x / y).ln() } else { 0.0 }
}

impl Score {
    /// The log-likelihood ratio of `cases` on `measure`; 0 where there is no excess.
    pub fn ratio(self, count: u32, measure: f64) -> f64 {
        // A measure is a difference of sums: rounding may leave a tiny one at zero or below.
        let (c, measure) = (f64::from(count), measure.max(f64::MIN_POSITIVE));
        if !self.is_excess(count, measure) {
            return 0.0;
        }
        match self {
            Score::Conditional { cases, .. } => {
                x_ln_ratio(c, measure) + x_ln_ratio(cases - c, cases - measure)
            }
            Score::ExpectationBased => x_ln_ratio(c, measure) + measure - c,
            Score::Bernoulli { cases, people } => {
                let inside = x_ln_ratio(c, measure) + x_ln_ratio(measure - c, measure);
                let (outer_cases, outer_people) = (cases - c, people - measure);
                let outside = x_ln_ratio(outer_cases, outer_people)
                    + x_ln_ratio(outer_people - outer_cases, outer_people);
                inside + outside - x_ln_ratio(cases, people) - x_ln_ratio(people - cases, people)
            }
        }
        .max(0.0)
    }

    /// Whether there are more cases than expected, by more than sums of fractions are rounded.
    pub fn is_excess(self, count: u32, measure: f64) -> bool {
        const ROUNDING: f64 = 1e-10;
        f64::from(count) > self.expected(measure) * (1.0 + ROUNDING)
    }

    /// The number of cases expected on a measure when nothing is unusual.
    pub fn expected(self, measure: f64) -> f64 {
        match self {
            Score::Conditional { .. } | Score::ExpectationBased => measure,
            Score::Bernoulli { cases, people } => measure * (cases / people),
        }
    }

    /// Risk inside over risk outside; for the permutation and the expectation-based model, which know
    /// no outside, observed over expected. Infinite where there are no cases outside.
    pub fn relative_risk(self, count: u32, measure: f64) -> f64 {
        let c = f64::from(count);
        match self {
            Score::Conditional {
                cases,
                permutation: false,
            } => (c / measure) / ((cases - c) / (cases - measure)),
            Score::Conditional {
                permutation: true, ..
            }
            | Score::ExpectationBased => c / measure,
            Score::Bernoulli { cases, people } => {
                (c / measure) / ((cases - c) / (people - measure))
            }
        }
    }
}

/// The units a scan keeps and the windows it lays over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Units kept: all of them, or only the last ones when every window ends with the study.
    pub units: usize,
    /// The longest window in units.
    pub longest: usize,
    /// Whether every window ends with the study.
    pub only_last: bool,
}

impl Frame {
    /// Cells of one place in an array of running sums: one before each unit and one after the last.
    pub fn stride(self) -> usize {
        self.units + 1
    }

    /// The edges at which windows end.
    fn ends(self) -> std::ops::RangeInclusive<usize> {
        if self.only_last {
            self.units..=self.units
        } else {
            1..=self.units
        }
    }

    /// How many windows one zone has.
    pub fn windows(self) -> u64 {
        self.ends().map(|end| end.min(self.longest) as u64).sum()
    }
}

/// What a scan looks at: measures by place and edge of time, summed from the first edge on.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub zones: &'a Zones,
    pub frame: Frame,
    pub measures: &'a [f64],
}

/// Turns counts (or measures) per unit, each at the edge after its unit, into running sums.
pub(super) fn accumulate<T: Copy + std::ops::AddAssign>(values: &mut [T], stride: usize) {
    for place in values.chunks_exact_mut(stride) {
        for edge in 1..stride {
            let before = place[edge - 1];
            place[edge] += before;
        }
    }
}

/// The running sums of the zone being grown; kept between replicates to save allocations.
pub(super) struct Growing {
    counts: Vec<u32>,
    measures: Vec<f64>,
}

impl Growing {
    pub fn new(frame: Frame) -> Self {
        Self {
            counts: vec![0; frame.stride()],
            measures: vec![0.0; frame.stride()],
        }
    }

    fn clear(&mut self) {
        self.counts.fill(0);
        self.measures.fill(0.0);
    }

    fn add(&mut self, counts: &[u32], measures: &[f64]) {
        for (sum, m) in self.measures.iter_mut().zip(measures) {
            *sum += m;
        }
        if counts.last().is_some_and(|&c| c > 0) {
            for (sum, c) in self.counts.iter_mut().zip(counts) {
                *sum += c;
            }
        }
    }
}

impl Field<'_> {
    /// Calls `visit` with each zone that may hold the maximum: its centre, its size, its running sums.
    fn each_zone(
        &self,
        counts: &[u32],
        growing: &mut Growing,
        mut visit: impl FnMut(usize, usize, &Growing),
    ) {
        let stride = self.frame.stride();
        for (centre, chain) in self.zones.chains().enumerate() {
            growing.clear();
            // Whether cases were added since the last prefix that is a zone. Prefixes before the first zone of the
            // chain may be too narrow to be one, so what they add is kept in mind.
            let (mut has_grown, mut has_begun) = (false, false);
            for (at, (place, distinct)) in chain.enumerate() {
                let cells = place * stride..(place + 1) * stride;
                let counts = &counts[cells.clone()];
                growing.add(counts, &self.measures[cells]);
                has_grown |= counts[self.frame.units] > 0;
                if distinct && has_grown {
                    visit(centre, at + 1, growing);
                }
                has_begun |= distinct;
                has_grown &= !has_begun;
            }
        }
    }

    /// The least measure over all windows for each number of cases; infinite where none has that many.
    /// `least` has one entry for each possible number of cases.
    pub fn least_measures(&self, counts: &[u32], growing: &mut Growing, least: &mut [f64]) {
        least.fill(f64::INFINITY);
        let frame = self.frame;
        self.each_zone(counts, growing, |_, _, zone| {
            for end in frame.ends() {
                let starts = end.saturating_sub(frame.longest)..end;
                let (count_end, measure_end) = (zone.counts[end], zone.measures[end]);
                for (count, measure) in zone.counts[starts.clone()]
                    .iter()
                    .zip(&zone.measures[starts])
                {
                    let measure = measure_end - measure;
                    // No window has more cases than there are, so `get_mut` always answers.
                    if let Some(least) = least.get_mut((count_end - count) as usize)
                        && measure < *least
                    {
                        *least = measure;
                    }
                }
            }
        });
    }

    /// The best window of each zone that has an excess of at least `min_cases` cases.
    pub fn best_windows(&self, counts: &[u32], score: Score, min_cases: u32) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        let mut growing = Growing::new(self.frame);
        let frame = self.frame;
        self.each_zone(counts, &mut growing, |centre, size, zone| {
            let mut best: Option<Candidate> = None;
            for end in frame.ends() {
                for start in (end.saturating_sub(frame.longest)..end).rev() {
                    let observed = zone.counts[end] - zone.counts[start];
                    let measure = zone.measures[end] - zone.measures[start];
                    if observed < min_cases || !score.is_excess(observed, measure) {
                        continue;
                    }
                    let ratio = score.ratio(observed, measure);
                    if ratio > best.map_or(0.0, |b| b.ratio) {
                        best = Some(Candidate {
                            centre,
                            size,
                            start,
                            end,
                            observed,
                            measure,
                            ratio,
                        });
                    }
                }
            }
            candidates.extend(best);
        });
        candidates
    }
}

/// The highest ratio that `least` holds.
pub(super) fn highest_ratio(least: &[f64], score: Score, min_cases: u32) -> f64 {
    (0u32..)
        .zip(least)
        .skip(min_cases as usize)
        .filter(|(_, measure)| measure.is_finite())
        .map(|(count, &measure)| score.ratio(count, measure))
        .fold(0.0, f64::max)
}

/// A zone with its best window: edges `start..end` of the units kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub centre: usize,
    pub size: usize,
    pub start: usize,
    pub end: usize,
    pub observed: u32,
    pub measure: f64,
    pub ratio: f64,
}
