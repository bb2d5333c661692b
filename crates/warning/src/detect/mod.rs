//! One day's look at the counts: every enabled detector over every admitted class, with control of false discoveries.
//!
//! A detector looks at many series on one day. Of what it would report, at most the share `false_discovery` is false on
//! average (Benjamini & Hochberg 1995, over all classes of a scan and all class × place series of the others); on top of
//! that a signal must be as rare as `least_recurrence_days`. Pure: the same counts, day and seed give the same signals.

mod scan;
mod series;

use crate::counts::{Counts, day_after};
use crate::guard::{self, Category};
use crate::model::{Detector, Level, Method, Signal};
use crate::places::Places;
use analysis::aberration::adjusted_p_values;
use jiff::civil::Date;
use matters::MatterId;
use std::collections::BTreeMap;

/// The rarest recurrence that is said: beyond a thousand years nothing is known.
pub const LONGEST_RECURRENCE_DAYS: f64 = 365_250.0;

/// What is looked at.
pub struct Ground<'a> {
    /// The counts.
    pub counts: &'a Counts,
    /// The places.
    pub places: &'a Places,
    /// The classes that may raise warnings ([`guard::admitted`]).
    pub categories: &'a BTreeMap<MatterId, Category>,
    /// Whether the working calendar has a date off.
    pub is_off: &'a (dyn Fn(Date) -> bool + Sync),
}

/// What one detector did on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// The detector.
    pub detector: String,
    /// How many series it could judge: classes of a scan, class × place series of the others.
    pub series: usize,
    /// How many it could not, for want of past.
    pub too_short: usize,
    /// What it found, the rarest first.
    pub signals: Vec<Signal>,
}

/// A signal before false discoveries are controlled. A series has at most one that `leads`; those that follow are
/// further clusters of the same scan and pass with it if they are as rare as what passes.
#[derive(Debug, Clone)]
struct Candidate {
    signal: Signal,
    leads: bool,
}

/// What came of a set of series.
#[derive(Debug, Default)]
struct Judged {
    series: usize,
    too_short: usize,
    candidates: Vec<Candidate>,
}

impl Judged {
    fn joined(mut self, other: Self) -> Self {
        self.series += other.series;
        self.too_short += other.too_short;
        self.candidates.extend(other.candidates);
        self
    }
}

/// Looks at a day with each enabled detector.
pub fn run(ground: &Ground<'_>, detectors: &[Detector], today: Date, seed: u64) -> Vec<Look> {
    let enabled = detectors.iter().filter(|d| d.enabled);
    enabled
        .map(|detector| look(ground, detector, today, seed))
        .collect()
}

fn look(ground: &Ground<'_>, detector: &Detector, today: Date, seed: u64) -> Look {
    let judged = match (detector.method, ground.counts.day_of(today)) {
        (_, None) => Judged::default(),
        (Method::Scan, Some(day)) => scan::judge(ground, detector, day, seed),
        (Method::EarsC2, Some(day)) => series::judge_days(ground, detector, day),
        (Method::Farrington, Some(day)) => series::judge_weeks(ground, detector, day),
        (Method::Cusum, Some(day)) => series::judge_rises(ground, detector, day),
    };
    Look {
        detector: detector.code.clone(),
        series: judged.series,
        too_short: judged.too_short,
        signals: passed(judged, detector),
    }
}

/// The candidates that pass the control of false discoveries and are rare enough.
fn passed(judged: Judged, detector: &Detector) -> Vec<Signal> {
    let leading: Vec<f64> = judged
        .candidates
        .iter()
        .filter(|c| c.leads)
        .map(|c| c.signal.p)
        .collect();
    // A series without a candidate was tested as well: nothing unusual, p = 1.
    let mut tested = leading.clone();
    tested.resize(judged.series.max(leading.len()), 1.0);
    let limit = adjusted_p_values(&tested)
        .iter()
        .zip(&tested)
        .filter(|(adjusted, _)| **adjusted <= detector.get("false_discovery"))
        .map(|(_, p)| *p)
        .fold(0.0, f64::max);
    let is_rare = |s: &Signal| {
        s.p <= limit
            && s.recurrence_days >= detector.get("least_recurrence_days")
            && s.observed >= detector.whole("least_cases")
    };
    let mut signals: Vec<Signal> = judged
        .candidates
        .into_iter()
        .map(|c| c.signal)
        .filter(is_rare)
        .collect();
    signals.sort_by(|a, b| a.p.total_cmp(&b.p).then(a.places.cmp(&b.places)));
    signals
}

/// How rare a p-value is if looked at daily.
fn recurrence_days(p: f64) -> f64 {
    (1.0 / p).min(LONGEST_RECURRENCE_DAYS)
}

/// A signal of a class in some places on some days, if these places may be pointed at.
struct Sighting<'a> {
    category: MatterId,
    level: Level,
    /// Positions, the centre first.
    places: &'a [u32],
    /// Days of the counts, both included.
    from: u32,
    to: u32,
    observed: u32,
    expected: f64,
    p: f64,
}

impl Sighting<'_> {
    /// The last gate: whatever a detector does, nothing too small gets past here.
    fn signal(&self, ground: &Ground<'_>, detector: &Detector) -> Option<Signal> {
        let all = ground.places.at(self.level);
        let places: Vec<_> = self.places.iter().map(|at| &all[*at as usize]).collect();
        if !guard::is_wide_enough(places.iter().copied()) {
            return None;
        }
        let counts = ground.counts;
        let positions = self.places.iter().copied().collect();
        let (_, voices) = counts.within(self.category, self.level, &positions, self.from..=self.to);
        Some(Signal {
            detector: detector.code.clone(),
            version: detector.version,
            category: self.category,
            level: self.level,
            places: places.iter().map(|p| p.code.clone()).collect(),
            from: day_after(counts.first, i64::from(self.from)),
            to: day_after(counts.first, i64::from(self.to)),
            observed: self.observed,
            voices,
            expected: self.expected,
            p: self.p,
            recurrence_days: recurrence_days(self.p),
        })
    }
}

#[cfg(test)]
mod tests;
