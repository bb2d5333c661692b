//! 增量 — what a change of contributions changes in the sums. Pure, exact, free of order: deltas add up.

use crate::cubes::{CUBES, MONTHS, Word};
use crate::model::{
    BUCKETS, Contribution, Day, MEASURES, OF_PLACES, OF_REPORTS, Place, Span, bucket, month_of,
};
use kernel::codes::DistrictCode;
use kernel::id::Id;
use rustc_hash::FxHashMap;
use std::collections::HashMap;

/// A row of the rollups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    pub district: DistrictCode,
    pub cube: i64,
    pub day: Day,
    pub place: Place,
    pub matter: Option<Id>,
    pub unit: Option<Id>,
    /// A number of [`Words`].
    pub word: u32,
}

/// A row of the reports by place and matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    pub district: DistrictCode,
    pub day: Day,
    pub place: Place,
    pub matter: Option<Id>,
}

/// A row of what was reported and closed by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PlaceDay {
    pub district: DistrictCode,
    pub day: Day,
    pub place: Place,
}

/// A row of the histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SpanCell {
    pub cell: Cell,
    pub span: Span,
}

/// A histogram, and all its seconds together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub buckets: [i64; BUCKETS],
    pub seconds: i64,
}

/// Channels and states, each by a number: there are few, and cells are many. Number 0 is the empty word.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    numbers: HashMap<String, u32>,
    words: Vec<String>,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            numbers: HashMap::from([(String::new(), 0)]),
            words: vec![String::new()],
        }
    }
}

impl Words {
    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).expect("a city has few channels and states");
        self.numbers.insert(word.to_owned(), number);
        self.words.push(word.to_owned());
        number
    }
    pub fn word(&self, number: u32) -> &str {
        &self.words[number as usize]
    }
}

pub(crate) type Counts = [i64; MEASURES];

/// How sums change.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    pub(crate) words: Words,
    // Keys are codes and numbers of ours, and a case touches more than a hundred rows: the plain hash is the fastest.
    pub(crate) cells: FxHashMap<Cell, Counts>,
    pub(crate) spots: FxHashMap<Spot, [i64; OF_REPORTS]>,
    /// In the order of [`OF_PLACES`].
    pub(crate) places: FxHashMap<PlaceDay, [i64; OF_PLACES.len()]>,
    pub(crate) spans: FxHashMap<SpanCell, Lengths>,
}

/// What is counted on one day or in one month.
struct Moment {
    at: Day,
    counts: Counts,
}

fn moment(moments: &mut Vec<Moment>, at: Day) -> &mut Counts {
    let found = moments.iter().position(|m| m.at == at);
    let index = found.unwrap_or_else(|| {
        moments.push(Moment {
            at,
            counts: [0; MEASURES],
        });
        moments.len() - 1
    });
    &mut moments[index].counts
}

impl Delta {
    /// How many rows change at most.
    pub fn len(&self) -> usize {
        self.cells.len() + self.spots.len() + self.places.len() + self.spans.len()
    }
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// A case that counted as `old` counts as `new` from now on.
    pub fn change(
        &mut self,
        district: DistrictCode,
        old: Option<&Contribution>,
        new: Option<&Contribution>,
    ) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.add(district, old, -1);
        }
        if let Some(new) = new {
            self.add(district, new, 1);
        }
    }

    /// Adds a contribution `sign` times.
    pub(crate) fn add(&mut self, district: DistrictCode, case: &Contribution, sign: i64) {
        let (mut days, mut months) = (Vec::with_capacity(6), Vec::with_capacity(3));
        for (day, measure) in case.tallies() {
            moment(&mut days, day)[measure as usize] += sign;
            moment(&mut months, month_of(day))[measure as usize] += sign;
        }
        let channel = self.words.number(&case.channel);
        let state = self.words.number(&case.state);
        for cube in CUBES {
            let cell = Cell {
                district,
                cube: cube.number,
                day: 0,
                place: case.place.at(cube.level),
                matter: case.matter.filter(|_| cube.matter),
                unit: case.unit.filter(|_| cube.unit),
                word: match cube.word {
                    Word::None => 0,
                    Word::Channel => channel,
                    Word::State => state,
                },
            };
            // A state is the present one, whatever happened on other days: only reports are split by it.
            let most = if cube.word == Word::State {
                OF_REPORTS
            } else {
                MEASURES
            };
            for (offset, moments) in [(0, &days), (MONTHS, &months)] {
                for Moment { at, counts } in moments {
                    if counts[..most].iter().all(|n| *n == 0) {
                        continue;
                    }
                    let cell = Cell {
                        cube: cube.number + offset,
                        day: *at,
                        ..cell
                    };
                    let sums = self.cells.entry(cell).or_insert([0; MEASURES]);
                    for (sum, n) in sums.iter_mut().zip(&counts[..most]) {
                        *sum += n;
                    }
                }
            }
            if !cube.spans {
                continue;
            }
            for (span, day, seconds) in case.spans() {
                for (cube, day) in [(cube.number, day), (cube.number + MONTHS, month_of(day))] {
                    let key = SpanCell {
                        cell: Cell { cube, day, ..cell },
                        span,
                    };
                    let sums = self.spans.entry(key).or_default();
                    sums.buckets[bucket(seconds)] += sign;
                    sums.seconds += sign * seconds;
                }
            }
        }
        let spot = Spot {
            district,
            day: case.reported,
            place: case.place,
            matter: case.matter,
        };
        let counts = days.iter().find(|m| m.at == case.reported);
        let sums = self.spots.entry(spot).or_default();
        for (sum, n) in sums.iter_mut().zip(counts.iter().flat_map(|m| &m.counts)) {
            *sum += n;
        }
        for Moment { at, counts } in &days {
            let counts = OF_PLACES.map(|measure| counts[measure as usize]);
            if counts.iter().all(|n| *n == 0) {
                continue;
            }
            let key = PlaceDay {
                district,
                day: *at,
                place: case.place,
            };
            let sums = self.places.entry(key).or_default();
            for (sum, n) in sums.iter_mut().zip(counts) {
                *sum += n;
            }
        }
    }

    /// Drops what cancelled out.
    pub(crate) fn settle(&mut self) {
        self.cells.retain(|_, n| n.iter().any(|n| *n != 0));
        self.spots.retain(|_, n| n.iter().any(|n| *n != 0));
        self.places.retain(|_, n| n.iter().any(|n| *n != 0));
        self.spans.retain(|_, n| *n != Lengths::default());
    }

    /// Takes out all rows for which `is_done` says so of district, cube's grain and day.
    pub(crate) fn take(&mut self, is_done: impl Fn(DistrictCode, bool, Day) -> bool) -> Self {
        let of_cell = |c: &Cell| is_done(c.district, c.cube > MONTHS, c.day);
        Self {
            words: self.words.clone(),
            cells: self.cells.extract_if(|c, _| of_cell(c)).collect(),
            spots: self
                .spots
                .extract_if(|s, _| is_done(s.district, false, s.day))
                .collect(),
            places: self
                .places
                .extract_if(|p, _| is_done(p.district, false, p.day))
                .collect(),
            spans: self.spans.extract_if(|s, _| of_cell(&s.cell)).collect(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{Kind, Measure};
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;

    fn option_day(from: Day) -> impl Strategy<Value = Option<Day>> {
        prop::option::of(from..from + 60)
    }

    /// Any contribution, also such as no case leads to.
    pub(crate) fn contributions() -> impl Strategy<Value = Contribution> {
        let places = prop::sample::select(vec![
            "",
            "330102",
            "330102001",
            "330102001001",
            "330102001001001",
            "330102001001002",
            "330105002003004",
        ]);
        let ids = || prop::option::of((1_u8..4).prop_map(|n| Id::from_bytes([n; 16])));
        let dims = (
            places,
            ids(),
            ids(),
            prop::sample::select(vec!["patrol", "web"]),
            prop::sample::select(vec!["closed", "handling", "merged"]),
        );
        let days = (
            20_000_i64..20_050,
            option_day(20_000),
            option_day(20_010),
            option_day(20_020),
            option_day(20_020),
            prop::option::of(0_i64..9_000_000),
        );
        (dims, days, any::<bool>(), 0_i64..3).prop_map(
            |(
                (place, matter, unit, channel, state),
                (reported, accepted, handled, closed, due, seconds),
                on_time,
                kind,
            )| {
                Contribution {
                    place: place.parse().expect("a place"),
                    matter,
                    unit,
                    channel: channel.into(),
                    state: state.into(),
                    kind: [Kind::Incident, Kind::Voice, Kind::Void]
                        [usize::try_from(kind).expect("small")],
                    patrol: channel == "patrol",
                    reported,
                    accepted,
                    registered: accepted,
                    dispatched: accepted,
                    handled,
                    closed,
                    on_time: on_time && closed.is_some(),
                    reworked: None,
                    extended: None,
                    ended: closed,
                    due,
                    overdue_from: due.filter(|_| !on_time),
                    overdue_to: handled.filter(|_| !on_time && due.is_some()),
                    accept_s: seconds,
                    handle_s: seconds,
                    close_s: seconds,
                }
            },
        )
    }

    fn district() -> DistrictCode {
        "330102".parse().unwrap()
    }

    proptest! {
        #[test]
        fn what_is_added_and_taken_away_leaves_nothing(cases in prop::collection::vec(contributions(), 0..8)) {
            let mut delta = Delta::default();
            for pair in cases.windows(2) {
                delta.change(district(), Some(&pair[0]), Some(&pair[1]));
            }
            if let (Some(first), Some(last)) = (cases.first(), cases.last()) {
                delta.change(district(), Some(last), Some(first));
            }
            delta.settle();
            prop_assert!(delta.is_empty(), "{delta:?}");
        }
        #[test]
        fn every_cube_counts_every_report_once_by_day_and_by_month(cases in prop::collection::vec(contributions(), 1..12)) {
            let mut delta = Delta::default();
            for case in &cases {
                delta.change(district(), None, Some(case));
            }
            let n = i64::try_from(cases.len()).unwrap();
            for cube in CUBES.iter().flat_map(|c| [c.number, c.number + MONTHS]) {
                let reported: i64 = delta.cells.iter().filter(|(c, _)| c.cube == cube).map(|(_, n)| n[Measure::Reported as usize]).sum();
                prop_assert_eq!(reported, n, "cube {}", cube);
            }
            prop_assert_eq!(delta.spots.values().map(|n| n[0]).sum::<i64>(), n);
            prop_assert_eq!(delta.places.values().map(|n| n[0]).sum::<i64>(), n);
            let closed = cases.iter().filter(|c| c.closed.is_some()).count();
            prop_assert_eq!(delta.places.values().map(|n| n[3]).sum::<i64>(), i64::try_from(closed).unwrap());
        }
    }

    #[test]
    fn voices_and_patrols_are_reports_but_no_signals() {
        let mut delta = Delta::default();
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let case = contributions().new_tree(&mut runner).unwrap().current();
        for (kind, patrol) in [
            (Kind::Incident, false),
            (Kind::Incident, true),
            (Kind::Voice, false),
            (Kind::Void, false),
        ] {
            let case = Contribution {
                kind,
                patrol,
                ..case.clone()
            };
            delta.change(district(), None, Some(&case));
        }
        assert_eq!(delta.spots.values().next(), Some(&[4, 2, 1]));
    }
}
