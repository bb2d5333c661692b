//! What one case counts as, and the words of figures. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::codes::{DivisionCode, GridCode};
use kernel::id::Id;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// Days since 1970-01-01 in the deployment's zone.
pub type Day = i64;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The number of a local date.
pub fn day_of(date: Date) -> Day {
    let days = EPOCH.until(date).map(|span| span.get_days());
    Day::from(days.expect("the days between two dates fit"))
}

/// The local date of a number; outside the range of dates, the nearest end of it.
pub fn date_of(day: Day) -> Date {
    EPOCH.saturating_add(jiff::Span::new().days(day.clamp(-4_371_587, 2_932_896)))
}

/// The first day of the month a day lies in.
pub fn month_of(day: Day) -> Day {
    day - Day::from(date_of(day).day() - 1)
}

/// The number of the local date of a moment.
pub fn day_at(at: Timestamp, tz: &TimeZone) -> Day {
    day_of(tz.to_datetime(at).date())
}

/// How coarse places are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 全市 — all in one.
    City,
    /// 县级
    District,
    /// 乡级
    Street,
    /// 村级
    Community,
    /// 单元网格
    Grid,
}

impl Level {
    /// All of them, coarse to fine.
    pub const ALL: [Self; 5] = [
        Self::City,
        Self::District,
        Self::Street,
        Self::Community,
        Self::Grid,
    ];
    /// How many leading digits of a place's code it keeps.
    pub fn digits(self) -> usize {
        match self {
            Self::City => 0,
            Self::District => 6,
            Self::Street => 9,
            Self::Community => 12,
            Self::Grid => 15,
        }
    }
    /// The word on the command line and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::District => "district",
            Self::Street => "street",
            Self::Community => "community",
            Self::Grid => "grid",
        }
    }
}

impl FromStr for Level {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| format!("unknown level {text:?}: expected one of {known}"))
    }
}

/// Where a case lies, as exactly as is known: the leading digits of its code, without the zeros of a division that is no
/// community. Fifteen digits are a unit grid; none mean that no place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    // The digits as a number behind a leading one, so that "0012" and "12" differ; 0 = no digits.
    packed: u64,
}

impl Place {
    /// No place known.
    pub const UNKNOWN: Self = Self { packed: 0 };

    /// The place of a case: its unit grid, else its division.
    pub fn of(grid: Option<GridCode>, division: Option<DivisionCode>) -> Self {
        match (grid, division) {
            (Some(grid), _) => Self::digits_of(grid.as_str()),
            (None, Some(division)) => Self::digits_of(division.prefix()),
            (None, None) => Self::UNKNOWN,
        }
    }
    fn digits_of(digits: &str) -> Self {
        if digits.is_empty() {
            return Self::UNKNOWN;
        }
        let packed = digits.bytes().fold(1, |n, d| n * 10 + u64::from(d - b'0'));
        Self { packed }
    }
    /// How many digits are known: 0, 2, 4, 6, 9, 12 or 15.
    pub fn len(self) -> usize {
        self.packed.checked_ilog10().unwrap_or(0) as usize
    }
    /// Whether no place is known.
    pub fn is_empty(self) -> bool {
        self.packed == 0
    }
    /// The place seen from a level: at most so many digits. What is known less exactly stays as it is.
    pub fn at(self, level: Level) -> Self {
        self.cut(level.digits())
    }
    pub(crate) fn cut(self, digits: usize) -> Self {
        let len = self.len();
        if digits == 0 {
            return Self::UNKNOWN;
        }
        if len <= digits {
            return self;
        }
        let over = u32::try_from(len - digits).expect("a place has at most fifteen digits");
        Self {
            packed: self.packed / 10_u64.pow(over),
        }
    }
    /// The unit grid, if the place is known that exactly.
    pub fn grid(self) -> Option<GridCode> {
        (self.len() == 15)
            .then(|| self.to_string().parse().ok())
            .flatten()
    }
    /// The division of these digits (of a unit grid: its community); none where no place is known.
    pub fn division(self) -> Option<DivisionCode> {
        if self.is_empty() {
            return None;
        }
        DivisionCode::padded(&self.cut(12).to_string()).ok()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.pad("");
        }
        f.pad(&self.packed.to_string()[1..])
    }
}

impl FromStr for Place {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let is_code = matches!(text.len(), 0 | 2 | 4 | 6 | 9 | 12 | 15)
            && text.bytes().all(|b| b.is_ascii_digit());
        if is_code {
            return Ok(Self::digits_of(text));
        }
        Err(format!(
            "cannot read the place {text:?}: expected the leading 2, 4, 6, 9, 12 or 15 digits of a code"
        ))
    }
}

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

store::text_value!(Place);

/// What a report is, for whoever counts things rather than voices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Something that happened, reported for the first time.
    Incident,
    /// 并案 — one more voice about an incident that has a case of its own.
    Voice,
    /// 作废 — a case that should never have been one.
    Void,
}

impl Kind {
    /// The number in the store.
    pub fn number(self) -> i64 {
        match self {
            Self::Incident => 0,
            Self::Voice => 1,
            Self::Void => 2,
        }
    }
}

impl store::ToValue for Kind {
    fn to_value(&self) -> store::Value {
        store::Value::Int(self.number())
    }
}

impl store::FromValue for Kind {
    fn from_value(value: store::ValueRef<'_>) -> Result<Self, store::DecodeError> {
        let number = i64::from_value(value)?;
        [Self::Incident, Self::Voice, Self::Void]
            .into_iter()
            .find(|kind| kind.number() == number)
            .ok_or_else(|| store::DecodeError(format!("{number} is no kind of report")))
    }
}

/// What one case counts as at present: its dimensions, and the days on which it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Where, as exactly as is known.
    pub place: Place,
    /// The class (`matters::MatterId`).
    pub matter: Option<Id>,
    /// The handling unit.
    pub unit: Option<Id>,
    /// The channel's code.
    pub channel: String,
    /// The state's word.
    pub state: String,
    /// Incident, further voice or void.
    pub kind: Kind,
    /// Found by a patrol of the administration itself: left out of signals, because reports would feed patrols that feed
    /// reports.
    pub patrol: bool,
    /// The day it was reported.
    pub reported: Day,
    /// The day it was accepted.
    pub accepted: Option<Day>,
    /// The day it was registered.
    pub registered: Option<Day>,
    /// The day it was first dispatched.
    pub dispatched: Option<Day>,
    /// The day the unit last said it was done.
    pub handled: Option<Day>,
    /// The day it was closed (结案, not ended otherwise).
    pub closed: Option<Day>,
    /// Closed, and handled by its deadline.
    pub on_time: bool,
    /// The day a check last failed.
    pub reworked: Option<Day>,
    /// The day its limit was last extended.
    pub extended: Option<Day>,
    /// The day it was over, however it ended; for one that ended at an unknown time, the day it was reported.
    pub ended: Option<Day>,
    /// The day its deadline falls on.
    pub due: Option<Day>,
    /// The day its deadline passed without its being handled, perhaps in the future.
    pub overdue_from: Option<Day>,
    /// The day it was handled, or ended, after its deadline.
    pub overdue_to: Option<Day>,
    /// Seconds from report to acceptance.
    pub accept_s: Option<i64>,
    /// Seconds from the first dispatch to the end of handling.
    pub handle_s: Option<i64>,
    /// Seconds from report to closing.
    pub close_s: Option<i64>,
}

macro_rules! measures {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)?) => {
        /// What is counted. The order is that of the columns in the store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Measure { $($(#[$doc])* $variant),* }
        impl Measure {
            /// All of them, in the order of their columns.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The column, and the word in documents.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
    };
}
measures! {
    /// 上报 — voices: everything that was reported on the day.
    Reported = "reported",
    /// Of these, incidents: merged voices and voided cases left out.
    Incidents = "incidents",
    /// Of these, what no patrol of the administration found: what detectors count.
    Signal = "signal",
    /// 受理
    Accepted = "accepted",
    /// 立案
    Registered = "registered",
    /// 派遣 — first dispatched.
    Dispatched = "dispatched",
    /// 处置完成 — the unit said it was done.
    Handled = "handled",
    /// 结案
    Closed = "closed",
    /// 按期结案 — closed on the day, and handled by the deadline.
    ClosedOnTime = "closed_on_time",
    /// 返工 — a check failed.
    Reworked = "reworked",
    /// 延期
    Extended = "extended",
    /// Over, however it ended. Reported less ended, from the beginning, is what is open.
    Ended = "ended",
    /// The deadline falls on the day.
    Due = "due",
    /// The deadline passed on the day without the case being handled.
    OverdueIn = "overdue_in",
    /// Handled or ended after the deadline. In less out, from the beginning, is what is overdue.
    OverdueOut = "overdue_out",
}

/// How many measures there are.
pub const MEASURES: usize = Measure::ALL.len();
/// The first of them are counted on the day of the report, and so can be split by state.
pub(crate) const OF_REPORTS: usize = 3;
/// What is kept by place as exact as known, whatever the class.
pub(crate) const OF_PLACES: [Measure; 5] = [
    Measure::Reported,
    Measure::Incidents,
    Measure::Signal,
    Measure::Closed,
    Measure::ClosedOnTime,
];

/// A step whose length is kept as a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// From report to acceptance.
    Accept,
    /// From the first dispatch to the end of handling.
    Handle,
    /// From report to closing.
    Close,
}

impl Span {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Accept, Self::Handle, Self::Close];
    /// The number in the store.
    pub fn number(self) -> i64 {
        match self {
            Self::Accept => 0,
            Self::Handle => 1,
            Self::Close => 2,
        }
    }
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Handle => "handle",
            Self::Close => "close",
        }
    }
}

const HOUR: i64 = 3600;
const DAY_S: i64 = 24 * HOUR;
/// The upper ends of the histogram's buckets in seconds, each included; one more bucket holds what took longer.
pub const BOUNDS_S: [i64; 16] = [
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    12 * HOUR,
    DAY_S,
    2 * DAY_S,
    3 * DAY_S,
    5 * DAY_S,
    7 * DAY_S,
    10 * DAY_S,
    15 * DAY_S,
    20 * DAY_S,
    30 * DAY_S,
    60 * DAY_S,
    90 * DAY_S,
];
/// How many buckets there are.
pub const BUCKETS: usize = BOUNDS_S.len() + 1;

/// The bucket of a duration.
pub fn bucket(seconds: i64) -> usize {
    BOUNDS_S.partition_point(|bound| *bound < seconds)
}

impl Contribution {
    /// The days on which the case is counted, each with what it is counted as.
    pub(crate) fn tallies(&self) -> impl Iterator<Item = (Day, Measure)> {
        let is_incident = self.kind == Kind::Incident;
        let on = |when: bool, measure: Measure, day: Option<Day>| {
            day.filter(|_| when).map(|day| (day, measure))
        };
        let reported = Some(self.reported);
        [
            on(true, Measure::Reported, reported),
            on(is_incident, Measure::Incidents, reported),
            on(is_incident && !self.patrol, Measure::Signal, reported),
            on(true, Measure::Accepted, self.accepted),
            on(true, Measure::Registered, self.registered),
            on(true, Measure::Dispatched, self.dispatched),
            on(true, Measure::Handled, self.handled),
            on(true, Measure::Closed, self.closed),
            on(self.on_time, Measure::ClosedOnTime, self.closed),
            on(true, Measure::Reworked, self.reworked),
            on(true, Measure::Extended, self.extended),
            on(true, Measure::Ended, self.ended),
            on(true, Measure::Due, self.due),
            on(true, Measure::OverdueIn, self.overdue_from),
            on(true, Measure::OverdueOut, self.overdue_to),
        ]
        .into_iter()
        .flatten()
    }
    /// The steps that are over: which, the day it ended, how many seconds it took.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (Span, Day, i64)> {
        let over = |span, day: Option<Day>, seconds: Option<i64>| Some((span, day?, seconds?));
        [
            over(Span::Accept, self.accepted, self.accept_s),
            over(Span::Handle, self.handled, self.handle_s),
            over(Span::Close, self.closed, self.close_s),
        ]
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_keep_their_digits_and_lose_those_below_a_level() {
        let place: Place = "330102001001017".parse().unwrap();
        assert_eq!(place.to_string(), "330102001001017");
        for (level, digits) in [
            (Level::Grid, "330102001001017"),
            (Level::Community, "330102001001"),
            (Level::Street, "330102001"),
            (Level::District, "330102"),
            (Level::City, ""),
        ] {
            assert_eq!(place.at(level).to_string(), digits);
        }
        assert!(place.grid().is_some());
        assert_eq!(
            place.division().unwrap().as_str(),
            "330102001001",
            "the community of a grid"
        );
        let street = Place::of(None, "330102001000".parse().ok());
        assert_eq!(street.to_string(), "330102001");
        assert_eq!(street.at(Level::Community), street);
        assert!(Place::UNKNOWN.at(Level::Grid).is_empty() && Place::UNKNOWN.division().is_none());
    }

    #[test]
    fn garbage_is_no_place_and_no_level() {
        for text in [
            "x",
            "1",
            "123",
            "33010２",
            "330102001001017x",
            "-30102",
            " ",
        ] {
            assert!(text.parse::<Place>().is_err(), "{text}");
            assert!(text.parse::<Level>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_bucket_holds_its_upper_end() {
        assert_eq!((bucket(0), bucket(HOUR), bucket(HOUR + 1)), (0, 0, 1));
        assert_eq!(bucket(90 * DAY_S), BUCKETS - 2);
        assert_eq!(bucket(i64::MAX), BUCKETS - 1);
        assert!(BOUNDS_S.is_sorted());
    }

    proptest! {
        #[test]
        fn days_and_dates_are_the_same_thing(day in -700_000_i64..2_900_000) {
            prop_assert_eq!(day_of(date_of(day)), day);
            let first = date_of(month_of(day));
            prop_assert_eq!((first.day(), first.month(), first.year()),
                (1, date_of(day).month(), date_of(day).year()));
        }
        #[test]
        fn places_read_what_they_write(digits in "[0-9]{15}", len in prop::sample::select(vec![0_usize, 2, 4, 6, 9, 12, 15])) {
            let place: Place = digits[..len].parse().unwrap();
            prop_assert_eq!(place.to_string(), &digits[..len]);
            prop_assert_eq!(place.len(), len);
        }
    }
}
