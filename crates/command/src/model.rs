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
    /// Ended, in whatever way.
    pub ended: u64,
    /// Passed their deadline without being handled.
    pub fell_late: u64,
    /// Late ones that were handled or ended.
    pub no_longer_late: u64,
}

/// What there is at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    /// The day.
    pub date: Date,
    /// Open.
    pub open: u64,
    /// Of these, past their deadline.
    pub overdue: u64,
}

/// What the pages are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// The days of the curve and the week before them, the oldest first, without gaps.
    pub days: Vec<Day>,
    /// The reports of the same days 52 weeks ago, so that Mondays meet Mondays; empty where there is no record of them.
    pub year_before: Vec<u64>,
    /// What is open and late at the end of each of the same days as `days`; of today, now. Never empty.
    pub stocks: Vec<Stock>,
    /// The same of the days of the curve, 52 weeks ago; empty where there is no record of them.
    pub stocks_year_before: Vec<Stock>,
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
            ended: on(date, 5),
            fell_late: on(date, 6),
            no_longer_late: on(date, 7),
        });
        date = date.saturating_add(1.day());
    }
    found
}

/// What was open and late at the end of each of some days, from what is at the end of the last: the day before had less
/// what came in on it and more what ended.
pub fn stocks(days: &[Day], (open, overdue): (u64, u64)) -> Vec<Stock> {
    let back = |now: u64, came: u64, went: u64| (now + went).saturating_sub(came);
    let (mut open, mut overdue) = (open, overdue);
    let mut found: Vec<Stock> = days
        .iter()
        .rev()
        .map(|day| {
            let stock = Stock {
                date: day.date,
                open,
                overdue,
            };
            open = back(open, day.reported, day.ended);
            overdue = back(overdue, day.fell_late, day.no_longer_late);
            stock
        })
        .collect();
    found.reverse();
    found
}

/// The last of some days that the curves span.
fn last_days<T>(of: &[T]) -> &[T] {
    let from = of.len().saturating_sub(DAYS.unsigned_abs() as usize);
    &of[from..]
}

impl Numbers {
    /// The days of the curve.
    pub fn curve(&self) -> &[Day] {
        last_days(&self.days)
    }
    /// What was open and late on the days of the curve.
    pub fn stock_curve(&self) -> &[Stock] {
        last_days(&self.stocks)
    }
    /// Open now.
    pub fn open(&self) -> u64 {
        self.stock(0).map_or(0, |stock| stock.open)
    }
    /// Of these, past their deadline.
    pub fn overdue(&self) -> u64 {
        self.stock(0).map_or(0, |stock| stock.overdue)
    }
    /// What there is now, or was at the end of the day `back` days ago.
    pub fn stock(&self, back: usize) -> Option<Stock> {
        let at = self.stocks.len().checked_sub(back + 1)?;
        Some(self.stocks[at])
    }
    /// What there was 52 weeks ago.
    pub fn stock_year_before(&self) -> Option<Stock> {
        self.stocks_year_before.last().copied()
    }
    /// The last day counted.
    pub fn today(&self) -> Option<Date> {
        self.day(0).map(|day| day.date)
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

/// Where the cases are that a number counts: lists of the desk, narrowed to the very days of the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leads {
    /// Reported today.
    pub today: String,
    /// Reported yesterday.
    pub yesterday: String,
    /// Closed in the seven days to today.
    pub closed: String,
    /// Of these, handled by the deadline.
    pub on_time: String,
    /// Closed in the seven days to yesterday.
    pub closed_until_yesterday: String,
    /// Of these, handled by the deadline.
    pub on_time_until_yesterday: String,
    /// Failed their check in the seven days to yesterday.
    pub reworked_until_yesterday: String,
    /// Open.
    pub open: String,
    /// Of these, past their deadline, that of today included.
    pub overdue: String,
}

impl Leads {
    /// As of a day.
    pub fn of(today: Date) -> Self {
        let back = |n: i32| today.saturating_sub(n.days());
        let reported = |day: Date| format!("/desk?state=all&by=reported&from={day}&to={day}");
        let closed =
            |from: Date, to: Date| format!("/desk?state=closed&by=closed&from={from}&to={to}");
        let in_time = |list: &str| format!("{list}&light=in_time");
        let (week, week_before) = (closed(back(6), today), closed(back(7), back(1)));
        Self {
            today: reported(today),
            yesterday: reported(back(1)),
            on_time: in_time(&week),
            closed: week,
            on_time_until_yesterday: in_time(&week_before),
            closed_until_yesterday: week_before,
            reworked_until_yesterday: format!(
                "/desk?state=all&by=reworked&from={}&to={}",
                back(7),
                back(1)
            ),
            open: "/desk?state=open".into(),
            overdue: format!("/desk?state=open&by=due&to={today}"),
        }
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

    fn figure(day: Date, n: [i64; 8]) -> Figure {
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
            figure(first, [5, 4, 3, 2, 1, 0, 0, 0]),
            figure(last, [7, 0, -1, 0, 0, 3, 2, 5]),
        ];
        let numbers = Numbers {
            days: days(first, last, &figures),
            year_before: vec![],
            stocks: vec![],
            stocks_year_before: vec![],
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
    fn the_stock_of_a_day_is_what_came_and_went_until_then() {
        let on = |n| jiff::civil::date(2026, 3, n);
        let figures = [
            figure(on(14), [10, 0, 0, 0, 0, 4, 1, 0]),
            figure(on(15), [2, 0, 0, 0, 0, 0, 3, 1]),
            figure(on(16), [1, 0, 0, 0, 0, 5, 0, 2]),
        ];
        let days = days(on(13), on(16), &figures);
        let told: Vec<_> = stocks(&days, (104, 1))
            .iter()
            .map(|s| (s.date.day(), s.open, s.overdue))
            .collect();
        assert_eq!(
            told,
            [(13, 100, 0), (14, 106, 1), (15, 108, 3), (16, 104, 1)]
        );
        assert!(stocks(&[], (3, 2)).is_empty());
    }

    #[test]
    fn a_change_needs_something_to_compare_with() {
        assert_eq!(change(108, 100), Some(8));
        assert_eq!(change(0, 3), Some(-100));
        assert_eq!(change(5, 0), None);
    }
}
