//! Evenly spaced series of counts: their dates, their step, and what may stand in them.

use jiff::ToSpan;
use jiff::civil::Date;
use thiserror::Error;

/// Why a series cannot be used.
#[derive(Debug, Error, PartialEq)]
pub enum SeriesError {
    /// A count that is none.
    #[error(
        "the count at index {index} is {value}; a count is a finite number that is not negative"
    )]
    Count {
        /// Position, from 1.
        index: usize,
        /// The value.
        value: f64,
    },
    /// The dates are not as many as the counts.
    #[error("{dates} dates stand beside {counts} counts")]
    Length {
        /// Number of dates.
        dates: usize,
        /// Number of counts.
        counts: usize,
    },
    /// The dates are not daily, weekly or monthly without gaps.
    #[error("the date {date} at index {index} does not follow {previous} by one {step}")]
    Uneven {
        /// Position of the later date, from 1.
        index: usize,
        /// The date.
        date: Date,
        /// The date before it.
        previous: Date,
        /// The step that the first two dates set.
        step: Step,
    },
    /// The first two dates set no step known here.
    #[error("the first dates are {first} and {second}; a series is daily, weekly or monthly")]
    Step {
        /// First date.
        first: Date,
        /// Second date.
        second: Date,
    },
    /// Too short to know the step.
    #[error("{0} dates are too few to know whether the series is daily, weekly or monthly")]
    TooShort(usize),
}

/// The distance between two neighbouring points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One day.
    Day,
    /// Seven days.
    Week,
    /// A calendar month, on the same day of the month or its last day.
    Month,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Step::Day => "day",
            Step::Week => "week",
            Step::Month => "month",
        })
    }
}

impl Step {
    /// The step of these dates, which must follow each other evenly.
    ///
    /// # Errors
    /// [`SeriesError::TooShort`], [`SeriesError::Step`] or [`SeriesError::Uneven`].
    pub fn of(dates: &[Date]) -> Result<Self, SeriesError> {
        let [first, second, ..] = dates else {
            return Err(SeriesError::TooShort(dates.len()));
        };
        let step = [Step::Day, Step::Week, Step::Month]
            .into_iter()
            .find(|s| s.joins(*first, *second, first.day()));
        let step = step.ok_or(SeriesError::Step {
            first: *first,
            second: *second,
        })?;
        // Month ends: the 31st stands for "the last day", whichever month begins the series.
        let day = dates.iter().take(12).map(|d| d.day()).max().unwrap_or(1);
        for (i, pair) in dates.windows(2).enumerate() {
            if !step.joins(pair[0], pair[1], day) {
                return Err(SeriesError::Uneven {
                    index: i + 2,
                    date: pair[1],
                    previous: pair[0],
                    step,
                });
            }
        }
        Ok(step)
    }

    fn joins(self, a: Date, b: Date, day: i8) -> bool {
        match self {
            Step::Day => days_between(a, b) == 1,
            Step::Week => days_between(a, b) == 7,
            Step::Month => {
                let months = i32::from(b.year()) * 12 + i32::from(b.month())
                    - i32::from(a.year()) * 12
                    - i32::from(a.month());
                let right_day = b.day() == day.min(b.days_in_month())
                    || b.day() == a.day()
                    || (a.last_of_month() == a && b.last_of_month() == b);
                months == 1 && right_day
            }
        }
    }

    /// The `n` dates after the last of `dates`; fewer if the calendar ends.
    pub fn after(self, dates: &[Date], n: usize) -> Vec<Date> {
        let Some(last) = dates.last() else {
            return Vec::new();
        };
        let ends = dates.iter().all(|d| d.last_of_month() == *d);
        let day = dates.iter().map(|d| d.day()).max().unwrap_or(1);
        let one = |i: i64| match self {
            Step::Day => last.checked_add(i.days()).ok(),
            Step::Week => last.checked_add((i * 7).days()).ok(),
            Step::Month => {
                let month = last.first_of_month().checked_add(i.months()).ok()?;
                let day = if ends {
                    month.days_in_month()
                } else {
                    day.min(month.days_in_month())
                };
                month.with().day(day).build().ok()
            }
        };
        (1..=n as i64).map_while(one).collect()
    }

    /// Points in a year: 365, 52 or 12.
    pub fn per_year(self) -> usize {
        match self {
            Step::Day => 365,
            Step::Week => 52,
            Step::Month => 12,
        }
    }
}

/// Days from `a` to `b`.
pub(crate) fn days_between(a: Date, b: Date) -> i64 {
    a.until(b)
        .map(|span| i64::from(span.get_days()))
        .unwrap_or(i64::MAX)
}

/// Refuses counts that are negative, infinite or not numbers.
///
/// # Errors
/// [`SeriesError::Count`] for the first such value.
pub fn check_counts(counts: &[f64]) -> Result<(), SeriesError> {
    match counts.iter().position(|c| !(c.is_finite() && *c >= 0.0)) {
        Some(i) => Err(SeriesError::Count {
            index: i + 1,
            value: counts[i],
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn steps_are_found_and_continued() {
        let days: Vec<Date> = (0..400)
            .map(|i| date(2023, 2, 20).checked_add(i.days()).unwrap())
            .collect();
        assert_eq!(Step::of(&days).unwrap(), Step::Day);
        let weeks: Vec<Date> = days.iter().copied().step_by(7).collect();
        assert_eq!(Step::of(&weeks).unwrap(), Step::Week);
        assert_eq!(
            Step::Week.after(&[date(2024, 2, 26)], 2),
            [date(2024, 3, 4), date(2024, 3, 11)]
        );
        let ends = [
            date(2023, 12, 31),
            date(2024, 1, 31),
            date(2024, 2, 29),
            date(2024, 3, 31),
        ];
        assert_eq!(Step::of(&ends).unwrap(), Step::Month);
        assert_eq!(
            Step::Month.after(&ends, 2),
            [date(2024, 4, 30), date(2024, 5, 31)]
        );
        assert_eq!(
            Step::Month.after(&[date(2024, 1, 15), date(2024, 2, 15)], 1),
            [date(2024, 3, 15)]
        );
    }

    #[test]
    fn gaps_and_odd_steps_are_named() {
        let gap = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 4)];
        assert_eq!(
            Step::of(&gap),
            Err(SeriesError::Uneven {
                index: 3,
                date: gap[2],
                previous: gap[1],
                step: Step::Day
            })
        );
        assert!(matches!(
            Step::of(&[date(2024, 1, 1), date(2024, 1, 3)]),
            Err(SeriesError::Step { .. })
        ));
        assert!(matches!(
            Step::of(&[date(2024, 1, 2), date(2024, 1, 1)]),
            Err(SeriesError::Step { .. })
        ));
        assert_eq!(Step::of(&[date(2024, 1, 1)]), Err(SeriesError::TooShort(1)));
    }

    #[test]
    fn counts_are_checked() {
        assert_eq!(check_counts(&[0.0, 3.0]), Ok(()));
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                check_counts(&[1.0, bad]),
                Err(SeriesError::Count { index: 2, .. })
            ));
        }
    }
}
