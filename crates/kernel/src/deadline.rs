//! Deadlines: limits in five clocks, and the pure function from (start, limit, calendar, pauses) to a due time.
//!
//! # The five clocks
//! | clock | code | meaning |
//! |---|---|---|
//! | 紧急工作时 | UH | hours on the continuous clock |
//! | 紧急工作日 | UD | n × 24 hours on the continuous clock |
//! | 工作时 | WH | time inside the working periods of working days; used up at the end of a period, it is due there |
//! | 工作日 | WD | the same clock time n working days later, also from a start outside working time |
//! | 自然日 | CD | the same clock time n dates later |
//!
//! # Pauses
//! Each clock has a *measure* of time: WH counts the time inside working periods, WD counts working days from midnight
//! to midnight, the others count all time. Without pauses the due time is as in the table. With pauses **the due time
//! is the first moment, not before the one without pauses, at which as much measured time has run outside the pauses
//! as would have run without them.** So a pause over a weekend moves no WD or WH deadline, a pause of two working hours
//! moves a WH deadline by two working hours, and a pause that begins at or after the due time moves nothing.
//! A pause without an end has stopped the clock for now: the due time is then what it would be if the clock went on
//! the moment it stopped, the earliest it can be, and the answer is marked *parked*.
//!
//! # Provisional
//! An answer is provisional when a local date from the start to the due time, both included, lies in a year whose notice
//! is not loaded: whatever the clock. UH, UD and CD read no calendar and their time will not move, but nobody can tell yet
//! whether the day they end on is worked, so they are marked like the others.
//!
//! # Law
//! Later starts, larger limits and longer pauses never give an earlier due time — with two exceptions that follow from
//! "the same clock time": WD from a start on a day that is not worked, and local times that a time zone repeats. Local
//! times that do not exist or exist twice are resolved by jiff's compatible rule (forward by the gap; the earlier one).

mod light;
mod limit;

pub use light::{Light, Remaining, Thresholds, light, remaining, soon_at};
pub use limit::{ClockKind, Limit, LimitError, ParseOptions};

use crate::calendar::Calendar;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Why a due time cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// The answer lies beyond the year 9999.
    #[error("the deadline of {limit} from {start} lies outside the range of time")]
    OutOfRange {
        /// The start given.
        start: Timestamp,
        /// The limit given.
        limit: Limit,
    },
    /// A pause that ends before it begins.
    #[error("the pause from {from} ends before it begins, at {to}")]
    BackwardPause {
        /// Where the pause begins.
        from: Timestamp,
        /// Where it ends.
        to: Timestamp,
    },
}

/// A stretch during which the clock of a case stands still (挂账, 延期 pending, 缓办).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pause {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends; none while it lasts.
    pub to: Option<Timestamp>,
}

/// When something is due, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Due {
    /// The due time.
    pub at: Timestamp,
    /// A date it touches lies in a year whose calendar is not loaded.
    pub provisional: bool,
    /// A pause without an end stands before it: `at` is the earliest it can become.
    #[serde(default)]
    pub parked: bool,
}

/// The due time of `limit` from `start`. See the module for the rules.
///
/// ```
/// use kernel::deadline::{Limit, deadline};
/// let tz = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
/// let start = "2026-02-13T17:00:00+08:00".parse().unwrap();
/// let limit: Limit = "4工作时".parse().unwrap();
/// // One hour on Friday, three on the Saturday worked for the Spring Festival.
/// let due = deadline(start, limit, kernel::Calendar::cn(), &tz, &[]).unwrap();
/// assert_eq!(due.at, "2026-02-14T11:00:00+08:00".parse().unwrap());
/// ```
///
/// # Errors
/// [`DeadlineError`]: an answer beyond the year 9999, or a pause that ends before it begins.
pub fn deadline(
    start: Timestamp,
    limit: Limit,
    calendar: &Calendar,
    tz: &TimeZone,
    pauses: &[Pause],
) -> Result<Due, DeadlineError> {
    let stops = Stops::new(pauses)?;
    let ground = Ground {
        clock: limit.clock(),
        calendar,
        tz,
    };
    let at = ground
        .due(start, limit, &stops)
        .ok_or(DeadlineError::OutOfRange { start, limit })?;
    // The contract has no exception for a clock that never stops: "a date it touches lies in a year that is not loaded".
    let mut years = tz.to_datetime(start).year()..=tz.to_datetime(at).year();
    let provisional = years.any(|year| !calendar.is_loaded(year));
    Ok(Due {
        at,
        provisional,
        parked: stops.open_from.is_some_and(|from| from < at),
    })
}

/// Working time from `a` to `b` in minutes, whole ones, negative when `b` is earlier.
pub fn working_minutes_between(
    a: Timestamp,
    b: Timestamp,
    calendar: &Calendar,
    tz: &TimeZone,
) -> i64 {
    let ground = Ground {
        clock: ClockKind::WorkingHours,
        calendar,
        tz,
    };
    ground.measure(a, b, &Stops::default()).as_secs() / 60
}

/// Pauses in order, merged, each with a length; and where the clock stopped for good, if it did.
#[derive(Debug, Default)]
struct Stops {
    closed: Vec<(Timestamp, Timestamp)>,
    open_from: Option<Timestamp>,
}

impl Stops {
    fn new(pauses: &[Pause]) -> Result<Self, DeadlineError> {
        let mut stops = Self {
            closed: Vec::new(),
            open_from: None,
        };
        let mut spans: Vec<(Timestamp, Option<Timestamp>)> = Vec::with_capacity(pauses.len());
        for pause in pauses {
            match pause.to {
                Some(to) if to < pause.from => {
                    return Err(DeadlineError::BackwardPause {
                        from: pause.from,
                        to,
                    });
                }
                Some(to) if to == pause.from => {}
                to => spans.push((pause.from, to)),
            }
        }
        spans.sort_unstable_by_key(|span| span.0);
        for (from, to) in spans {
            let joins = stops.closed.last_mut().filter(|last| from <= last.1);
            match (joins, to) {
                (Some(last), Some(to)) => last.1 = last.1.max(to),
                (None, Some(to)) => stops.closed.push((from, to)),
                // Whatever follows, or overlaps, a stop without an end is part of it.
                (Some(_), None) => {
                    stops.open_from = stops.closed.pop().map(|last| last.0);
                    break;
                }
                (None, None) => {
                    stops.open_from = Some(from);
                    break;
                }
            }
        }
        Ok(stops)
    }
    /// Whether the clock stands still at `now`, and since when.
    fn standing_since(&self, now: Timestamp) -> Option<Timestamp> {
        let closed = self
            .closed
            .iter()
            .find(|(from, to)| *from <= now && now < *to)
            .map(|span| span.0);
        closed.or(self.open_from.filter(|from| *from <= now))
    }
    /// Calls `f` with each part of `from..to` outside the closed pauses, in order, until it answers `Some`.
    fn running<T>(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut f: impl FnMut(Timestamp, Timestamp) -> Option<T>,
    ) -> Option<T> {
        let mut cursor = from;
        let first = self.closed.partition_point(|stop| stop.1 <= from);
        for (stop, go) in &self.closed[first..] {
            if *stop >= to {
                break;
            }
            if cursor < *stop
                && let Some(answer) = f(cursor, *stop)
            {
                return Some(answer);
            }
            cursor = *go;
        }
        if cursor < to { f(cursor, to) } else { None }
    }
}

/// What a clock runs on.
#[derive(Clone, Copy)]
struct Ground<'a> {
    clock: ClockKind,
    calendar: &'a Calendar,
    tz: &'a TimeZone,
}

impl Ground<'_> {
    fn due(self, start: Timestamp, limit: Limit, stops: &Stops) -> Option<Timestamp> {
        let plain = self.due_without_stops(start, limit)?;
        if stops
            .closed
            .iter()
            .all(|(from, to)| *to <= start || *from >= plain)
        {
            return Some(plain);
        }
        let target = self.measure(start, plain, &Stops::default());
        Some(self.reach(start, target, stops)?.max(plain))
    }

    fn due_without_stops(self, start: Timestamp, limit: Limit) -> Option<Timestamp> {
        let n = i64::from(limit.amount());
        match self.clock {
            ClockKind::UrgentHours => start.checked_add(SignedDuration::from_hours(n)).ok(),
            ClockKind::UrgentDays => start.checked_add(SignedDuration::from_hours(24 * n)).ok(),
            ClockKind::WorkingHours => {
                self.reach(start, SignedDuration::from_hours(n), &Stops::default())
            }
            ClockKind::WorkingDays => self.same_time(start, |mut date| {
                for _ in 0..n {
                    date = date.tomorrow().ok()?;
                    while !self.calendar.is_workday(date) {
                        date = date.tomorrow().ok()?;
                    }
                }
                Some(date)
            }),
            ClockKind::CalendarDays => {
                self.same_time(start, |date| date.checked_add(n.days()).ok())
            }
        }
    }

    /// The clock time of `start` on the date that `to_date` makes of its date.
    fn same_time(
        self,
        start: Timestamp,
        to_date: impl FnOnce(Date) -> Option<Date>,
    ) -> Option<Timestamp> {
        let local = self.tz.to_datetime(start);
        self.tz
            .to_timestamp(to_date(local.date())?.to_datetime(local.time()))
            .ok()
    }

    /// The first moment from `start` at which `amount` (more than nothing) of measured time has run outside `stops`.
    fn reach(self, start: Timestamp, amount: SignedDuration, stops: &Stops) -> Option<Timestamp> {
        let mut left = amount;
        if left.is_zero() {
            return Some(start);
        }
        for (from, to) in self.stretches(start) {
            let found = stops.running(from.max(start), to, |from, to| {
                let length = to.duration_since(from);
                if length >= left {
                    return Some(from.checked_add(left));
                }
                left -= length;
                None
            });
            if let Some(at) = found {
                return at.ok();
            }
        }
        None
    }

    /// Measured time from `a` to `b` outside `stops`, negative when `b` is earlier.
    fn measure(self, a: Timestamp, b: Timestamp, stops: &Stops) -> SignedDuration {
        if b < a {
            return -self.measure(b, a, stops);
        }
        let mut sum = SignedDuration::ZERO;
        for (from, to) in self.stretches(a).take_while(|(from, _)| *from < b) {
            stops.running(from.max(a), to.min(b), |from, to| {
                sum += to.duration_since(from);
                None::<()>
            });
        }
        sum
    }

    /// The stretches during which the clock runs, in order, from the first that ends after `start`.
    fn stretches(self, start: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let whole = matches!(
            self.clock,
            ClockKind::UrgentHours | ClockKind::UrgentDays | ClockKind::CalendarDays
        )
        .then_some((start, Timestamp::MAX));
        let first = if whole.is_some() {
            None
        } else {
            Some(self.tz.to_datetime(start).date())
        };
        let days = std::iter::successors(first, |date| date.tomorrow().ok());
        let worked = days
            .flat_map(move |date| self.stretches_of(date))
            .filter(move |(_, to)| *to > start);
        whole.into_iter().chain(worked)
    }

    /// The stretches of one local date: its working periods, or for WD the whole of a day that is worked.
    fn stretches_of(self, date: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        const WHOLE_DAY: &[(u16, u16)] = &[(0, 24 * 60)];
        let periods = self.calendar.periods_on(date);
        let whole = if self.clock == ClockKind::WorkingDays && !periods.is_empty() {
            WHOLE_DAY
        } else {
            &[]
        };
        let parts = if self.clock == ClockKind::WorkingDays {
            &[]
        } else {
            periods
        };
        let parts = parts.iter().map(|p| (p.from_min(), p.to_min()));
        whole
            .iter()
            .copied()
            .chain(parts)
            .filter_map(move |(from, to)| {
                let stretch = (self.moment(date, from)?, self.moment(date, to)?);
                // A period that falls into a gap of the time zone has no length.
                (stretch.0 < stretch.1).then_some(stretch)
            })
    }

    /// The moment `minutes` after local midnight; none beyond the range of time.
    fn moment(self, date: Date, minutes: u16) -> Option<Timestamp> {
        let local: DateTime = if minutes == 24 * 60 {
            date.tomorrow()
                .ok()?
                .to_datetime(jiff::civil::Time::midnight())
        } else {
            let (hour, minute) = ((minutes / 60) as i8, (minutes % 60) as i8);
            date.at(hour, minute, 0, 0)
        };
        self.tz.to_timestamp(local).ok()
    }
}

#[cfg(test)]
mod tests;
