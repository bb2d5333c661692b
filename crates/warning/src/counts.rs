//! What detectors count: incidents by class, place and day, with the reports behind them.
//!
//! An *incident* is one matter after merging; *voices* are the reports about it. Detectors count incidents, so that one
//! crowd does not make a cluster; both numbers are shown (`rights.md`, statistics).

use crate::model::Level;
use crate::places::{Places, Spot};
use jiff::civil::Date;
use matters::MatterId;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// Incidents of one class in one place on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// The day, counted from [`Counts::first`].
    pub day: u32,
    /// Where.
    pub spot: Spot,
    /// How many incidents were reported that day.
    pub incidents: u32,
    /// How many reports came in that day, repeated ones included.
    pub voices: u32,
}

/// Counts over a stretch of days.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// The first local date.
    pub first: Date,
    /// How many days.
    pub days: u32,
    by_category: BTreeMap<MatterId, Vec<Tally>>,
}

/// Days from one date to another.
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// A date so many days after another.
///
/// # Panics
/// Beyond the years that dates have, which a stretch of counts never reaches.
pub fn day_after(date: Date, days: i64) -> Date {
    date.checked_add(jiff::Span::new().days(days))
        .expect("counts lie within the years that dates have")
}

impl Counts {
    /// No count yet, for these days.
    pub fn new(first: Date, last: Date) -> Self {
        let days = u32::try_from(days_between(first, last) + 1).unwrap_or(0);
        Self {
            first,
            days,
            by_category: BTreeMap::new(),
        }
    }
    /// The last local date.
    pub fn last(&self) -> Date {
        day_after(self.first, i64::from(self.days) - 1)
    }
    /// The position of a date among the days; none outside.
    pub fn day_of(&self, date: Date) -> Option<u32> {
        u32::try_from(days_between(self.first, date))
            .ok()
            .filter(|day| *day < self.days)
    }
    /// Adds incidents of a class at a place; days outside are left out.
    pub fn add(&mut self, category: MatterId, day: Date, spot: Spot, incidents: u32, voices: u32) {
        if let Some(day) = self.day_of(day) {
            self.by_category.entry(category).or_default().push(Tally {
                day,
                spot,
                incidents,
                voices,
            });
        }
    }
    /// Puts the counts of each class in order of days; to be called when all are added.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        for tallies in self.by_category.values_mut() {
            tallies.sort_by_key(|t| t.day);
        }
        self
    }
    /// The classes that have a count.
    pub fn categories(&self) -> impl Iterator<Item = MatterId> + '_ {
        self.by_category.keys().copied()
    }
    /// The counts of a class on some days.
    pub fn on(&self, category: MatterId, days: RangeInclusive<u32>) -> &[Tally] {
        let all = self
            .by_category
            .get(&category)
            .map_or(&[][..], Vec::as_slice);
        let from = all.partition_point(|t| t.day < *days.start());
        let to = all.partition_point(|t| t.day <= *days.end());
        &all[from..to.max(from)]
    }
    /// Incidents and voices in some places on some days.
    pub fn within(
        &self,
        category: MatterId,
        level: Level,
        places: &BTreeSet<u32>,
        days: RangeInclusive<u32>,
    ) -> (u32, u32) {
        self.on(category, days)
            .iter()
            .filter(|t| t.spot.at(level).is_some_and(|at| places.contains(&at)))
            .fold((0, 0), |(i, v), t| (i + t.incidents, v + t.voices))
    }
    /// Incidents of each day in some places.
    pub fn curve(
        &self,
        category: MatterId,
        level: Level,
        places: &BTreeSet<u32>,
        days: RangeInclusive<u32>,
    ) -> Vec<(Date, u32)> {
        let mut counts: Vec<(Date, u32)> = days
            .clone()
            .map(|day| (day_after(self.first, i64::from(day)), 0))
            .collect();
        for tally in self.on(category, days.clone()) {
            if tally.spot.at(level).is_some_and(|at| places.contains(&at)) {
                counts[(tally.day - days.start()) as usize].1 += tally.incidents;
            }
        }
        counts
    }
    /// The same counts with the days of each class dealt out anew: what is left of places and days, without what binds
    /// them together. `draw(n)` answers a number below n. Chance alone makes the warnings of such a history.
    #[must_use]
    pub fn shuffled(&self, mut draw: impl FnMut(u32) -> u32) -> Self {
        let mut by_category = BTreeMap::new();
        for (category, tallies) in &self.by_category {
            // One entry an incident, so that an incident moves by itself and the counts of days and places stay.
            let mut single: Vec<Tally> = tallies
                .iter()
                .flat_map(|t| {
                    let voices = t.voices / t.incidents.max(1);
                    (0..t.incidents).map(move |_| Tally {
                        incidents: 1,
                        voices,
                        ..*t
                    })
                })
                .collect();
            for last in (1..single.len()).rev() {
                let other = draw(u32::try_from(last + 1).unwrap_or(u32::MAX)) as usize;
                let day = single[last].day;
                single[last].day = single[other].day;
                single[other].day = day;
            }
            single.sort_by_key(|t| t.day);
            by_category.insert(*category, single);
        }
        Self {
            by_category,
            ..*self
        }
    }
}

/// Which positions these place codes have at a level; unknown ones are left out.
pub fn positions(places: &Places, level: Level, codes: &[String]) -> BTreeSet<u32> {
    codes
        .iter()
        .filter_map(|code| places.spot(code)?.at(level))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, class};
    use jiff::civil::date;

    #[test]
    fn counts_are_found_by_class_place_and_day() {
        let places = Places::of(&testing::territory(1, 2, 3, None));
        let cell = |at: usize| places.spot(&places.at(Level::Grid)[at].code).unwrap();
        let mut counts = Counts::new(date(2026, 3, 1), date(2026, 3, 10));
        counts.add(class(1), date(2026, 3, 3), cell(0), 2, 5);
        counts.add(class(1), date(2026, 3, 1), cell(9), 1, 1);
        counts.add(class(2), date(2026, 3, 3), cell(0), 7, 7);
        for outside in [date(2026, 2, 28), date(2026, 3, 11), date(1900, 1, 1)] {
            counts.add(class(1), outside, cell(0), 9, 9);
        }
        let counts = counts.sorted();
        assert_eq!((counts.days, counts.last()), (10, date(2026, 3, 10)));
        let first = BTreeSet::from([0]);
        assert_eq!(counts.within(class(1), Level::Grid, &first, 0..=9), (2, 5));
        assert_eq!(
            counts.within(class(1), Level::District, &first, 0..=9),
            (3, 6)
        );
        assert_eq!(
            counts.within(class(1), Level::Street, &first, 0..=1),
            (0, 0)
        );
        let curve = counts.curve(class(1), Level::Grid, &first, 1..=3);
        assert_eq!(curve.iter().map(|c| c.1).collect::<Vec<_>>(), [0, 2, 0]);
        assert_eq!(counts.within(class(3), Level::Grid, &first, 0..=9), (0, 0));
    }

    #[test]
    fn dealing_days_out_anew_keeps_the_counts_of_days_and_places() {
        let places = Places::of(&testing::territory(1, 1, 3, None));
        let cell = |at: usize| places.spot(&places.at(Level::Grid)[at].code).unwrap();
        let mut counts = Counts::new(date(2026, 3, 1), date(2026, 3, 30));
        for n in 0..30 {
            let day = day_after(date(2026, 3, 1), n);
            counts.add(class(1), day, cell(n as usize % 9), 1 + (n as u32 % 3), 4);
        }
        let counts = counts.sorted();
        let mut luck = testing::Luck(7);
        let dealt = counts.shuffled(|n| luck.below(n));
        assert_ne!(counts, dealt);
        let all: BTreeSet<u32> = (0..9).collect();
        let curve = |c: &Counts| c.curve(class(1), Level::Grid, &all, 0..=29);
        assert_eq!(curve(&counts), curve(&dealt));
        for cell in 0..9 {
            let of = |c: &Counts| {
                c.within(class(1), Level::Grid, &BTreeSet::from([cell]), 0..=29)
                    .0
            };
            assert_eq!(of(&counts), of(&dealt));
        }
    }
}
