//! What can be wrong with a line or a field of a calendar: data, so that whoever shows it can say it in the reader's language.

use super::{Range, WorkPeriod, short};
use jiff::civil::Date;

/// What is wrong. Shown as it is, it is the English of programs and logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarFlaw {
    /// A text that is no date.
    #[error("{0:?} is not a date of the form 2026-01-31")]
    NoDate(String),
    /// A text that is no day of the year.
    #[error("{0:?} is not of the form 06-01")]
    NoMonthDay(String),
    /// A text that is no time from day to day.
    #[error("{0:?} is not of the form 2026-06-01..2026-09-30")]
    NoRange(String),
    /// A text that is no part of the year.
    #[error("{0:?} is not of the form 06-01..09-30")]
    NoSeason(String),
    /// A text that is no working period.
    #[error("{0:?} is not of the form 08:00-12:00")]
    NoPeriod(String),
    /// A working period that ends before it begins.
    #[error("{}a working period must end after it begins", before(.0))]
    BackwardPeriod(String),
    /// A working period that goes on after midnight.
    #[error("{}a working period must end by 24:00", before(.0))]
    LatePeriod(String),
    /// Hours without a period.
    #[error("no working period")]
    NoPeriods,
    /// Two periods of a day that share time.
    #[error("{0} and {1} overlap")]
    Overlap(WorkPeriod, WorkPeriod),
    /// Two lines that both say the usual hours.
    #[error("line {0} says the usual hours already; hours of a time are a line `hours DATE..DATE`")]
    PeriodsTwice(usize),
    /// Two entries that both say the usual hours.
    #[error("the usual hours are said already; hours of a time need `from` or `to`")]
    HoursTwice,
    /// A text that is no year.
    #[error("{0:?} is not a year in 1900..=2200")]
    NoYear(String),
    /// An end before its beginning.
    #[error("{}..{} ends before it begins", end(.0.0), end(.0.1))]
    Backward(Range),
    /// More days in a row than any holiday has.
    #[error("{}..{} is longer than {} days", end(.0.0), end(.0.1), .1)]
    Long(Range, usize),
    /// A day of which nobody said whose notice it is.
    #[error("a day before the first `year` line")]
    NoYearYet,
    /// A line that begins with a word of no meaning.
    #[error("unknown word {0:?}")]
    UnknownWord(String),
    /// A version that is not named.
    #[error("version without a name")]
    NoVersion,
    /// A validity that would not hold for what stands before it.
    #[error("the validity stands before days and hours")]
    LateValidity,
    /// A day that this notice does not speak of.
    #[error("{0} does not belong to the notice of {1}")]
    OtherYear(Date, i16),
    /// A day that the calendar says it does not speak about.
    #[error("{} lies outside the validity {}..{}", .0, end(.1.0), end(.1.1))]
    OutsideValidity(Date, Range),
    /// A name that would make two lines.
    #[error("the name of {0} has a line break")]
    LineBreak(Date),
    /// A day that is said to be both.
    #[error("{0} is named both off and work")]
    TwoKinds(Date),
    /// A document that names no year.
    #[error("missing: a calendar needs years, or a year and its days")]
    NoYears,
    /// A file that names no day.
    #[error("the file names no day")]
    NoDays,
    /// A file that names more days than forty years of notices.
    #[error("the file names more than {0} days")]
    ManyDays(usize),
    /// A text that is no date of an iCalendar file.
    #[error("{0:?} is not a date of the form 20260131")]
    NoIcsDate(String),
    /// Part of a day in an iCalendar file.
    #[error("{0:?} has a time: only whole days can be off or worked")]
    HasTime(String),
    /// A rule in an iCalendar file.
    #[error("a rule that repeats cannot say which days are shifted (调休): name each day")]
    Repeats,
    /// An iCalendar file without its end.
    #[error("the file is cut off: END:VCALENDAR is missing")]
    CutOff,
    /// An event of an iCalendar file that does not say when.
    #[error("an event without DTSTART")]
    NoStart,
    /// A column that has to be there.
    #[error("the column {0} is missing")]
    NoColumn(&'static str),
    /// A word that says neither off nor worked.
    #[error("unknown kind {0:?}: expected off 休 or work 班")]
    UnknownKind(String),
    /// What a reader that is not ours says about JSON or CSV.
    #[error("{0}")]
    Reader(String),
}

/// A period as it was written, before what is wrong with it; nothing where it was not written.
fn before(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{text:?}: ")
    }
}

fn end(date: Option<Date>) -> String {
    date.map(|d| d.to_string()).unwrap_or_default()
}

impl CalendarFlaw {
    /// The same about a period that was written so.
    pub(super) fn written(self, text: &str) -> Self {
        match self {
            Self::BackwardPeriod(_) => Self::BackwardPeriod(short(text)),
            Self::LatePeriod(_) => Self::LatePeriod(short(text)),
            other => other,
        }
    }
}
