//! An ongoing cluster is one finding that grows: which signal continues which finding.
//!
//! A signal continues a finding of the same class when their windows touch (or at most [`QUIET_DAYS`] lie between) and a
//! third of the places of the smaller one are shared. A street holds its unit grids, so that what a scan finds and what a
//! series of the street shows become one finding. Pure.

use crate::counts::days_between;
use crate::model::{Level, Signal};
use jiff::civil::Date;
use kernel::codes::DivisionCode;
use matters::MatterId;
use serde::{Deserialize, Serialize};

/// So many days without anything unusual do not end a finding.
pub const QUIET_DAYS: i64 = 3;
/// The share of the smaller one's places that two sightings of one cluster have in common.
const LEAST_SHARE: f64 = 1.0 / 3.0;

/// How a finding looked to one detector on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// The day that was looked at.
    pub day: Date,
    /// The detector.
    pub detector: String,
    /// Its version.
    pub version: u32,
    /// First day of the window.
    pub from: Date,
    /// Last day of the window.
    pub to: Date,
    /// Incidents in the window.
    pub observed: u32,
    /// Reports about them.
    pub voices: u32,
    /// Incidents that the past lets expect.
    pub expected: f64,
    /// The chance of as much if nothing is unusual.
    pub p: f64,
    /// In how many days chance alone shows as much once.
    pub recurrence_days: f64,
    /// How many places it covered.
    pub places: u32,
}

impl Sight {
    fn of(day: Date, signal: &Signal) -> Self {
        Self {
            day,
            detector: signal.detector.clone(),
            version: signal.version,
            from: signal.from,
            to: signal.to,
            observed: signal.observed,
            voices: signal.voices,
            expected: signal.expected,
            p: signal.p,
            recurrence_days: signal.recurrence_days,
            places: u32::try_from(signal.places.len()).unwrap_or(u32::MAX),
        }
    }
}

/// A cluster for as long as it lasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// The class.
    pub category: MatterId,
    /// What kind of places these are.
    pub level: Level,
    /// Where it was last seen, by the finest detector.
    pub places: Vec<String>,
    /// The first day of its first window.
    pub began: Date,
    /// The day on which it was first seen.
    pub first_seen: Date,
    /// The day on which it was last seen.
    pub last_seen: Date,
    /// The sight that speaks for it now: the last day's, of the finest detector.
    pub now: Sight,
}

impl Track {
    /// A finding that begins.
    pub fn begun(day: Date, signal: &Signal) -> Self {
        Self {
            category: signal.category,
            level: signal.level,
            places: signal.places.clone(),
            began: signal.from,
            first_seen: day,
            last_seen: day,
            now: Sight::of(day, signal),
        }
    }

    /// How much of the smaller one's places both have, where the signal may continue this finding; else none.
    pub fn shares(&self, signal: &Signal) -> Option<f64> {
        let touch = days_between(self.last_seen, signal.from) <= QUIET_DAYS
            && days_between(signal.to, self.began) <= QUIET_DAYS;
        if self.category != signal.category || !touch {
            return None;
        }
        let share = shared(&self.places, &signal.places);
        (share >= LEAST_SHARE).then_some(share)
    }

    /// Takes a signal in. Sights of a coarser detector do not blur where the finding lies, and of one day the finest,
    /// then the rarest sight speaks for it.
    pub fn grow(&mut self, day: Date, signal: &Signal) -> Sight {
        let sight = Sight::of(day, signal);
        let is_newer = day > self.now.day;
        let is_as_fine = signal.level <= self.level;
        let is_finer = signal.level < self.level;
        let is_better = day == self.now.day && is_as_fine && (is_finer || sight.p <= self.now.p);
        // A coarser detector keeps a finding alive; it speaks for it only once the finer ones are silent.
        let is_silent = days_between(self.now.day, day) > QUIET_DAYS;
        if (is_newer && (is_as_fine || is_silent)) || is_better {
            self.now = sight.clone();
        }
        if (is_newer && is_as_fine) || is_better {
            self.level = signal.level;
            self.places.clone_from(&signal.places);
        }
        self.began = self.began.min(signal.from);
        self.first_seen = self.first_seen.min(day);
        self.last_seen = self.last_seen.max(day);
        sight
    }
}

/// The digits that a place and everything in it begin with.
fn prefix(code: &str) -> String {
    code.parse::<DivisionCode>()
        .map_or_else(|_| code.to_owned(), |division| division.prefix().to_owned())
}

/// The share of places that two lists have in common, of the list that has the larger such share. A place that lies in
/// one of the other list is shared.
pub fn shared(a: &[String], b: &[String]) -> f64 {
    let heads = |codes: &[String]| codes.iter().map(|c| prefix(c)).collect::<Vec<_>>();
    let (a, b) = (heads(a), heads(b));
    let of = |own: &[String], other: &[String]| {
        let is_shared = |code: &&String| {
            other
                .iter()
                .any(|o| o.starts_with(code.as_str()) || code.starts_with(o.as_str()))
        };
        let n = own.iter().filter(is_shared).count();
        n as f64 / own.len().max(1) as f64
    };
    of(&a, &b).max(of(&b, &a))
}

/// What happened to a list of findings on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its position in the list.
    pub track: usize,
    /// It began today.
    pub is_new: bool,
    /// What was seen.
    pub sight: Sight,
}

/// Takes the signals of a day into the findings: each continues the one it shares most with, or begins one.
///
/// Signals of finer levels go first, so that the finding is where they say.
pub fn follow(tracks: &mut Vec<Track>, day: Date, signals: &[Signal]) -> Vec<Step> {
    let mut order: Vec<&Signal> = signals.iter().collect();
    order.sort_by(|a, b| a.level.cmp(&b.level).then(a.p.total_cmp(&b.p)));
    let mut steps: Vec<Step> = Vec::new();
    for signal in order {
        let best = tracks
            .iter()
            .enumerate()
            .filter_map(|(at, track)| Some((at, track.shares(signal)?)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let (track, is_new, sight) = match best {
            Some((at, _)) => (at, false, tracks[at].grow(day, signal)),
            None => {
                tracks.push(Track::begun(day, signal));
                (tracks.len() - 1, true, Sight::of(day, signal))
            }
        };
        // Of two sights of one detector on one day the first, the rarer one, is kept.
        let is_known = steps
            .iter()
            .any(|s| s.track == track && s.sight.detector == sight.detector);
        if !is_known {
            steps.push(Step {
                track,
                is_new,
                sight,
            });
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::day_after;
    use crate::testing::class;
    use jiff::civil::date;
    use proptest::prelude::*;

    const DAY: Date = date(2026, 3, 10);

    fn codes(cells: &[u32]) -> Vec<String> {
        cells
            .iter()
            .map(|n| format!("330102001001{n:03}"))
            .collect()
    }

    fn signal(cells: &[u32], from: Date, to: Date) -> Signal {
        Signal {
            detector: "scan".into(),
            version: 1,
            category: class(1),
            level: Level::Grid,
            places: codes(cells),
            from,
            to,
            observed: 9,
            voices: 12,
            expected: 2.0,
            p: 1e-5,
            recurrence_days: 1e5,
        }
    }

    fn day(n: i64) -> Date {
        day_after(DAY, n)
    }

    #[test]
    fn a_cluster_that_grows_is_one_finding_with_its_history() {
        let mut tracks = Vec::new();
        let mut seen = Vec::new();
        for (n, cells) in [&[1, 2, 3][..], &[1, 2, 3, 4], &[2, 3, 4, 5, 6]]
            .iter()
            .enumerate()
        {
            let n = n as i64;
            let mut signal = signal(cells, day(-2), day(n));
            signal.observed += n as u32;
            seen.extend(follow(&mut tracks, day(n), &[signal]));
        }
        assert_eq!(tracks.len(), 1);
        assert_eq!(
            seen.iter().map(|s| s.is_new).collect::<Vec<_>>(),
            [true, false, false]
        );
        let track = &tracks[0];
        assert_eq!(
            (track.began, track.first_seen, track.last_seen),
            (day(-2), day(0), day(2))
        );
        assert_eq!(track.places, codes(&[2, 3, 4, 5, 6]));
        assert_eq!(track.now.observed, 11);
    }

    #[test]
    fn another_class_another_place_and_another_time_are_other_findings() {
        let mut tracks = vec![Track::begun(DAY, &signal(&[1, 2, 3, 4], day(-2), DAY))];
        let mut of_class = signal(&[1, 2, 3], DAY, DAY);
        of_class.category = class(2);
        let elsewhere = signal(&[4, 7, 8, 9], DAY, DAY);
        follow(&mut tracks, DAY, &[of_class, elsewhere]);
        assert_eq!(tracks.len(), 3);
        follow(&mut tracks, day(3), &[signal(&[1, 2, 3], day(3), day(3))]);
        assert_eq!(tracks.len(), 3, "three quiet days do not end it");
        follow(&mut tracks, day(9), &[signal(&[1, 2, 3], day(8), day(9))]);
        assert_eq!(tracks.len(), 4, "five quiet days do");
        follow(
            &mut tracks,
            day(-20),
            &[signal(&[1, 2, 3], day(-21), day(-20))],
        );
        assert_eq!(tracks.len(), 5, "what was long before is another one");
    }

    #[test]
    fn a_street_and_its_cells_are_one_finding_that_lies_where_the_cells_are() {
        let mut of_street = signal(&[], DAY, DAY);
        of_street.level = Level::Street;
        of_street.detector = "surge".into();
        of_street.places = vec!["330102001000".into()];
        let of_cells = signal(&[1, 2, 3], day(-1), DAY);
        let mut tracks = Vec::new();
        let steps = follow(&mut tracks, DAY, &[of_street.clone(), of_cells.clone()]);
        assert_eq!((tracks.len(), steps.len()), (1, 2));
        assert_eq!(
            (tracks[0].level, tracks[0].now.detector.as_str()),
            (Level::Grid, "scan")
        );
        // The next day only the street is seen: the finding goes on and stays where it was.
        of_street.to = day(1);
        let steps = follow(&mut tracks, day(1), &[of_street.clone()]);
        assert_eq!(
            (tracks.len(), steps[0].sight.detector.as_str()),
            (1, "surge")
        );
        assert_eq!(
            (tracks[0].level, tracks[0].last_seen),
            (Level::Grid, day(1))
        );
        assert_eq!(tracks[0].now.detector, "scan");
        // A finding that began with the street moves to the cells.
        let mut tracks = vec![Track::begun(day(-1), &of_street)];
        follow(&mut tracks, DAY, std::slice::from_ref(&of_cells));
        assert_eq!((tracks.len(), tracks[0].places.len()), (1, 3));
        // Seen by the street alone day after day, it stays one finding, for which in the end the street speaks.
        let mut tracks = vec![Track::begun(DAY, &of_cells)];
        for n in 1..8 {
            (of_street.from, of_street.to) = (day(n), day(n));
            follow(&mut tracks, day(n), &[of_street.clone()]);
        }
        assert_eq!(
            (tracks.len(), tracks[0].now.detector.as_str()),
            (1, "surge")
        );
        assert_eq!(tracks[0].level, Level::Grid);
        let mut elsewhere = of_street;
        elsewhere.places = vec!["330102002000".into()];
        assert_eq!(tracks[0].shares(&elsewhere), None);
    }

    #[test]
    fn looking_at_a_day_again_changes_nothing() {
        let signals = [
            signal(&[1, 2, 3], day(-2), DAY),
            signal(&[11, 12, 13], DAY, DAY),
        ];
        let mut tracks = Vec::new();
        follow(&mut tracks, DAY, &signals);
        let before = tracks.clone();
        let steps = follow(&mut tracks, DAY, &signals);
        assert_eq!(tracks, before);
        assert!(steps.iter().all(|s| !s.is_new));
    }

    proptest! {
        #[test]
        fn no_day_leaves_two_findings_for_one_signal(days in prop::collection::vec(prop::collection::vec((0u32..20, 1u32..5), 0..4), 1..12)) {
            let mut tracks = Vec::new();
            for (n, signals) in days.iter().enumerate() {
                let today = day(n as i64);
                let signals: Vec<Signal> = signals.iter().map(|(at, size)| signal(&(*at..*at + *size).collect::<Vec<_>>(), day(n as i64 - 1), today)).collect();
                let steps = follow(&mut tracks, today, &signals);
                prop_assert!(steps.len() <= signals.len());
                prop_assert_eq!(steps.is_empty(), signals.is_empty());
                for track in &tracks {
                    prop_assert!(track.began <= track.first_seen && track.first_seen <= track.last_seen);
                    prop_assert!(track.now.day <= track.last_seen);
                }
            }
        }
        #[test]
        fn sharing_is_even_and_at_most_all(a in prop::collection::vec("[0-9]{0,15}", 0..6), b in prop::collection::vec("[0-9]{0,15}", 0..6)) {
            let share = shared(&a, &b);
            prop_assert!((0.0..=1.0).contains(&share));
            prop_assert_eq!(share, shared(&b, &a));
        }
    }
}
