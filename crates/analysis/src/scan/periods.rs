//! The time axis of a scan: whole days, months or years, and the dates of its files.
//!
//! A study runs from one local date to another, both included. Months and years are those of the
//! calendar; the first and the last may be cut short by the study's ends. Positions in time are
//! fractional years, so that the middle of a year is the same distance from the middle of the next
//! whether or not a leap day lies between (census figures are interpolated along this axis).

use super::ScanError;
use jiff::civil::Date;

/// The most units a study may have; more is surely a mistyped date (273 years of days).
pub const MAX_UNITS: usize = 100_000;

/// The whole unit in which time is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// One local day.
    Day,
    /// One month of the calendar.
    Month,
    /// One year of the calendar.
    Year,
}

impl Unit {
    /// Mean length in days of the Gregorian calendar, for recurrence intervals.
    pub fn mean_days(self) -> f64 {
        match self {
            Unit::Day => 1.0,
            Unit::Month => 365.2425 / 12.0,
            Unit::Year => 365.2425,
        }
    }

    /// The word used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Day => "day",
            Unit::Month => "month",
            Unit::Year => "year",
        }
    }

    /// A running number of the unit that contains a date.
    fn number(self, date: Date) -> i64 {
        match self {
            Unit::Day => days_since_origin(date),
            Unit::Month => i64::from(date.year()) * 12 + i64::from(date.month()) - 1,
            Unit::Year => i64::from(date.year()),
        }
    }
}

/// Days since 1970-01-01.
fn days_since_origin(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// How exactly a file states a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// Only the year.
    Year,
    /// Year and month.
    Month,
    /// The day.
    Day,
}

/// A time as a file states it: its first day, and how exactly it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The first day the statement covers.
    pub first: Date,
    /// How exactly it was given.
    pub precision: Precision,
}

impl Stamp {
    /// Reads `y/m/d`, `y/m` or `y` with `/`, `-` or `.` between the numbers, `m/d/y` and `m/y`
    /// where the last number has four digits, or eight digits `yyyymmdd`. Years have four digits, unless `century` names a year
    /// near which a year of one or two digits is to be looked for (as SaTScan's population files
    /// allow): the nearest such year is taken, the earlier of two equally near.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the text.
    ///
    /// ```
    /// use analysis::scan::periods::{Precision, Stamp};
    /// let stamp = Stamp::parse("2001/11/2", None).unwrap();
    /// assert_eq!(stamp.first.to_string(), "2001-11-02");
    /// assert_eq!(Stamp::parse("73", Some(1980)).unwrap().first.year(), 1973);
    /// assert!(Stamp::parse("2001/13", None).is_err());
    /// ```
    pub fn parse(text: &str, century: Option<i16>) -> Result<Stamp, String> {
        let unreadable =
            || format!("time \"{text}\" is not a date such as 2001/11/24, 2001/11 or 2001");
        if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
            let parted = format!("{}/{}/{}", &text[..4], &text[4..6], &text[6..]);
            return Self::parse(&parted, century);
        }
        let separator = ['/', '-', '.']
            .into_iter()
            .find(|s| text.contains(*s))
            .unwrap_or('/');
        let mut numbers = Vec::with_capacity(3);
        for part in text.split(separator) {
            if part.is_empty()
                || part.len() > 4
                || !part.bytes().all(|b| b.is_ascii_digit())
                || numbers.len() == 3
            {
                return Err(unreadable());
            }
            numbers.push((part.parse::<i16>().map_err(|_| unreadable())?, part.len()));
        }
        let year_last = numbers.len() > 1 && numbers.last().is_some_and(|&(_, digits)| digits == 4);
        if year_last {
            numbers.rotate_right(1);
        }
        let (year, digits) = numbers[0];
        let year = match (digits, century) {
            (4, _) => year,
            (1 | 2, Some(near)) => nearest_year(year, near),
            _ => return Err(format!("time \"{text}\" needs a year of four digits")),
        };
        let number = |at: usize| {
            numbers
                .get(at)
                .map_or(Ok(1), |&(n, _)| i8::try_from(n).map_err(|_| unreadable()))
        };
        let first = Date::new(year, number(1)?, number(2)?)
            .map_err(|_| format!("time \"{text}\" names no day of the calendar"))?;
        let precision = match numbers.len() {
            1 => Precision::Year,
            2 => Precision::Month,
            _ => Precision::Day,
        };
        Ok(Stamp { first, precision })
    }

    /// The last day the statement covers.
    pub fn last(self) -> Date {
        match self.precision {
            Precision::Day => self.first,
            Precision::Month => self.first.last_of_month(),
            Precision::Year => self.first.last_of_year(),
        }
    }

    /// The middle of what it covers, in years.
    pub fn middle(self) -> f64 {
        (position(self.first) + position_after(self.last())) / 2.0
    }

    /// Whether it is exact enough to be counted in `unit`.
    pub fn fits(self, unit: Unit) -> bool {
        self.precision
            >= match unit {
                Unit::Day => Precision::Day,
                Unit::Month => Precision::Month,
                Unit::Year => Precision::Year,
            }
    }
}

/// The year ending in `digits` (0–99) that lies nearest to `near`.
fn nearest_year(digits: i16, near: i16) -> i16 {
    let base = near - near.rem_euclid(100) + digits;
    [base - 100, base, base + 100]
        .into_iter()
        .min_by_key(|y| (y - near).abs())
        .unwrap_or(base)
}

/// The beginning of a day, in years.
fn position(date: Date) -> f64 {
    f64::from(date.year()) + f64::from(date.day_of_year() - 1) / f64::from(date.days_in_year())
}

/// The end of a day, in years.
fn position_after(date: Date) -> f64 {
    f64::from(date.year()) + f64::from(date.day_of_year()) / f64::from(date.days_in_year())
}

/// The units of a study, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    unit: Unit,
    from: Date,
    to: Date,
    length: usize,
}

impl Periods {
    /// Divides the days `from..=to` into units.
    ///
    /// # Errors
    /// When `to` lies before `from`, or there are more than [`MAX_UNITS`].
    pub fn new(unit: Unit, from: Date, to: Date) -> Result<Self, ScanError> {
        if to < from {
            return Err(ScanError::option(
                "to",
                format!("the study ends on {to}, before it begins on {from}"),
            ));
        }
        let length = usize::try_from(unit.number(to) - unit.number(from) + 1)
            .expect("to is not before from");
        if length > MAX_UNITS {
            return Err(ScanError::option(
                "unit",
                format!(
                    "{from} to {to} is {length} units of a {}; at most {MAX_UNITS} are allowed",
                    unit.name()
                ),
            ));
        }
        Ok(Self {
            unit,
            from,
            to,
            length,
        })
    }

    /// How many units there are; never none.
    #[expect(clippy::len_without_is_empty, reason = "a study has at least one unit")]
    pub fn len(&self) -> usize {
        self.length
    }

    /// The unit of time.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The first day of the study.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day of the study.
    pub fn to(&self) -> Date {
        self.to
    }

    /// The unit a stated time falls in; `None` outside the study. A time less exact than the unit
    /// falls in the unit of its first day, so ask [`Stamp::fits`] first.
    pub fn index_of(&self, stamp: Stamp) -> Option<usize> {
        if stamp.last() < self.from || stamp.first > self.to {
            return None;
        }
        let index = self.unit.number(stamp.first) - self.unit.number(self.from);
        // A coarse statement may begin before the study and reach into it.
        usize::try_from(index.max(0))
            .ok()
            .filter(|&i| i < self.length)
    }

    /// The first day of a unit, not before the study begins.
    pub fn first_day(&self, index: usize) -> Date {
        if index == 0 {
            return self.from;
        }
        let number = self.unit.number(self.from) + i64::try_from(index).expect("at most MAX_UNITS");
        let calendar = |year: i64, month: i64| {
            let year = i16::try_from(year).expect("the unit lies between two dates");
            let month = i8::try_from(month).expect("1 to 12");
            Date::new(year, month, 1).expect("the unit lies between two dates")
        };
        match self.unit {
            Unit::Day => self.from.saturating_add(
                jiff::Span::new().days(i64::try_from(index).expect("at most MAX_UNITS")),
            ),
            Unit::Month => calendar(number.div_euclid(12), number.rem_euclid(12) + 1),
            Unit::Year => calendar(number, 1),
        }
    }

    /// The last day of a unit, not after the study ends.
    pub fn last_day(&self, index: usize) -> Date {
        if index + 1 >= self.length {
            return self.to;
        }
        self.first_day(index + 1)
            .yesterday()
            .expect("a day before the next unit of the same study")
    }

    /// The middle of a unit, in years.
    pub fn middle(&self, index: usize) -> f64 {
        (position(self.first_day(index)) + position_after(self.last_day(index))) / 2.0
    }

    /// How much time a unit holds: days, or for years the part of the year that lies in the study
    /// (so that a leap year weighs no more than another).
    pub fn weight(&self, index: usize) -> f64 {
        let (first, last) = (self.first_day(index), self.last_day(index));
        let days = (days_since_origin(last) - days_since_origin(first) + 1) as f64;
        match self.unit {
            Unit::Year => days / f64::from(first.days_in_year()),
            Unit::Month | Unit::Day => days,
        }
    }
}
