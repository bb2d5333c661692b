//! The numbers of the day, and what they are compared with. Pure.

use facts::figures::Figure;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// How many days the curve spans, today included.
pub const DAYS: i32 = 28;

/// The counts of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// 上报
    pub reported: u64,
    /// 受理
    pub accepted: u64,
    /// 结案
    pub closed: u64,
    /// Of these, handled by the deadline.
    pub on_time: u64,
    /// 返工
    pub reworked: u64,
}

/// What the pages are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// The days of the curve and the week before them, the oldest first, without gaps.
    pub days: Vec<Day>,
    /// The reports of the same days 52 weeks ago, so that Mondays meet Mondays; empty where there is no record of them.
    pub year_before: Vec<u64>,
    /// Open now.
    pub open: u64,
    /// Of these, past their deadline.
    pub overdue: u64,
    /// Up to when everything is counted.
    pub as_of: Timestamp,
    /// Changes since then that are still to be counted.
    pub waiting: u64,
}

/// A count that is never negative.
pub fn count(n: i64) -> u64 {
    n.max(0).unsigned_abs()
}

/// The days from `first` to `last` out of figures by day; a day without a figure counts nothing.
pub fn days(first: Date, last: Date, figures: &[Figure]) -> Vec<Day> {
    let on = |date: Date, i: usize| {
        figures
            .iter()
            .filter(|f| f.day == Some(date))
            .filter_map(|f| f.n.get(i))
            .map(|n| count(*n))
            .sum()
    };
    let mut found = Vec::new();
    let mut date = first;
    while date <= last {
        found.push(Day {
            date,
            reported: on(date, 0),
            accepted: on(date, 1),
            closed: on(date, 2),
            on_time: on(date, 3),
            reworked: on(date, 4),
        });
        date = date.saturating_add(1.day());
    }
    found
}

impl Numbers {
    /// The days of the curve.
    pub fn curve(&self) -> &[Day] {
        let from = self.days.len().saturating_sub(DAYS.unsigned_abs() as usize);
        &self.days[from..]
    }
    /// Today, or `back` days ago.
    pub fn day(&self, back: usize) -> Option<&Day> {
        self.days.len().checked_sub(back + 1).map(|i| &self.days[i])
    }
    /// The sum over the seven days that end `back` days ago.
    pub fn week(&self, back: usize, of: impl Fn(&Day) -> u64) -> u64 {
        (back..back + 7).filter_map(|b| self.day(b)).map(of).sum()
    }
}

/// By how many per cent `now` lies above `before`, rounded; none where there is nothing to compare with.
pub fn change(now: u64, before: u64) -> Option<i64> {
    if before == 0 {
        return None;
    }
    let (now, before) = (now as f64, before as f64);
    Some(((now - before) / before * 100.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::Place;

    fn figure(day: Date, n: [i64; 5]) -> Figure {
        Figure {
            day: Some(day),
            place: Place::UNKNOWN,
            matter: None,
            unit: None,
            word: String::new(),
            n: n.to_vec(),
        }
    }

    #[test]
    fn days_have_no_gaps_and_weeks_end_where_asked() {
        let (first, last) = (
            jiff::civil::date(2026, 2, 27),
            jiff::civil::date(2026, 3, 16),
        );
        let figures = [
            figure(first, [5, 4, 3, 2, 1]),
            figure(last, [7, 0, -1, 0, 0]),
        ];
        let numbers = Numbers {
            days: days(first, last, &figures),
            year_before: vec![],
            open: 0,
            overdue: 0,
            as_of: Timestamp::UNIX_EPOCH,
            waiting: 0,
        };
        assert_eq!(numbers.days.len(), 18);
        assert_eq!(numbers.day(0).map(|d| (d.reported, d.closed)), Some((7, 0)));
        assert_eq!(numbers.day(17).map(|d| d.on_time), Some(2));
        assert_eq!(numbers.day(18), None);
        assert_eq!(numbers.week(0, |d| d.reported), 7);
        assert_eq!(numbers.week(11, |d| d.reported), 5);
        assert_eq!(
            numbers.curve().len(),
            18,
            "a short record has a short curve"
        );
    }

    #[test]
    fn a_change_needs_something_to_compare_with() {
        assert_eq!(change(108, 100), Some(8));
        assert_eq!(change(0, 3), Some(-100));
        assert_eq!(change(5, 0), None);
    }
}
