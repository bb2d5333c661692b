//! Working-day calendars: which days are worked, in which years that is known, and during which hours.
//!
//! China shifts working days by notice (调休): a Monday may be off and a Sunday worked, and no rule foretells it. So a
//! calendar is a table by year. A day of a year that is not loaded falls back to Monday to Friday, and whoever asked
//! learns from [`Calendar::is_loaded`] that the answer is provisional (`domain.md` §8.5).
//!
//! Loaded means: the notice *of that year* is in the calendar. The notice for 2019 also names 2018-12-30; that day is
//! then known to be off, but it does not make 2018 loaded.

use jiff::civil::{Date, Weekday};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::LazyLock;

mod flaw;

pub use flaw::CalendarFlaw;

/// First and last day, both included; an open end is none.
type Range = (Option<Date>, Option<Date>);

/// Why a calendar cannot be read. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A line of the text form.
    #[error("cannot read calendar, line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: CalendarFlaw,
    },
    /// A field of the JSON form.
    #[error("cannot read calendar, {field}: {reason}")]
    Field {
        /// Where in the document.
        field: String,
        /// What is wrong.
        reason: CalendarFlaw,
    },
}

/// What a notice says about one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayKind {
    /// A holiday, or a day off that makes up for one.
    Off,
    /// A working day, mostly a weekend day worked for a bridge (调休上班).
    Work,
}

/// A stretch of working time within one day, from before to (24:00 allowed).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkPeriod {
    from_min: u16,
    to_min: u16,
}

impl WorkPeriod {
    /// A period in minutes after midnight.
    ///
    /// # Errors
    /// An end that is not after the beginning, or after 24:00.
    pub fn new(from_min: u16, to_min: u16) -> Result<Self, CalendarFlaw> {
        if from_min >= to_min {
            return Err(CalendarFlaw::BackwardPeriod(String::new()));
        }
        if to_min > 24 * 60 {
            return Err(CalendarFlaw::LatePeriod(String::new()));
        }
        Ok(Self { from_min, to_min })
    }
    /// Minutes after midnight at which it begins.
    pub fn from_min(self) -> u16 {
        self.from_min
    }
    /// Minutes after midnight at which it ends, at most 1440.
    pub fn to_min(self) -> u16 {
        self.to_min
    }
}

impl FromStr for WorkPeriod {
    type Err = CalendarFlaw;
    /// Reads `08:00-12:00`.
    fn from_str(text: &str) -> Result<Self, CalendarFlaw> {
        let minutes = |part: &str| -> Option<u16> {
            let (h, m) = part.trim().split_once(':')?;
            let (h, m) = (two_digits(h)?, two_digits(m)?);
            (m < 60 && h <= 24).then_some(h * 60 + m)
        };
        let refuse = || CalendarFlaw::NoPeriod(short(text));
        let (from, to) = text.split_once('-').ok_or_else(refuse)?;
        match (minutes(from), minutes(to)) {
            (Some(from), Some(to)) => Self::new(from, to).map_err(|flaw| flaw.written(text)),
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for WorkPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (a, b) = (self.from_min, self.to_min);
        write!(f, "{:02}:{:02}-{:02}:{:02}", a / 60, a % 60, b / 60, b % 60)
    }
}

/// A number of one or two ASCII digits.
fn two_digits(text: &str) -> Option<u16> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Working hours, from a day to a day (both included; an open end is none), with other hours in seasons of the year.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hours {
    from: Option<Date>,
    to: Option<Date>,
    /// Sorted, without overlap, never empty.
    periods: Vec<WorkPeriod>,
    seasons: Vec<Season>,
}

impl Hours {
    fn holds(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to)
    }
    fn is_always(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }
    fn on(&self, date: Date) -> &[WorkPeriod] {
        let season = self.seasons.iter().find(|season| season.holds(date));
        season.map_or(&self.periods, |season| &season.periods)
    }
}

/// Working hours of a part of the year, such as summer hours.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Season {
    /// First and last (month, day), both included; may run over New Year.
    from: (i8, i8),
    to: (i8, i8),
    periods: Vec<WorkPeriod>,
}

impl Season {
    fn holds(&self, date: Date) -> bool {
        let day = (date.month(), date.day());
        if self.from <= self.to {
            (self.from..=self.to).contains(&day)
        } else {
            day >= self.from || day <= self.to
        }
    }
}

/// A working-day calendar with its working hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    version: String,
    source: String,
    years: BTreeSet<i16>,
    days: BTreeMap<Date, (DayKind, String)>,
    /// The last that holds a day rules it; where none does, [`DEFAULT_PERIODS`].
    hours: Vec<Hours>,
    /// First and last day that it speaks about; open ends say nothing.
    valid: (Option<Date>, Option<Date>),
}

/// 08:00–12:00 and 14:00–18:00: eight hours a day.
const DEFAULT_PERIODS: [WorkPeriod; 2] = [
    WorkPeriod {
        from_min: 480,
        to_min: 720,
    },
    WorkPeriod {
        from_min: 840,
        to_min: 1080,
    },
];

static CN: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::parse_text(include_str!("../data/calendar-cn.txt"))
        .expect("the calendar in the crate is tested to parse")
});

impl Calendar {
    /// The calendar the product carries: China 2007–2026, default hours. Parsed once.
    pub fn cn() -> &'static Self {
        &CN
    }
    /// Monday to Friday, nothing loaded: every answer is provisional.
    pub fn none() -> Self {
        Self {
            version: "none".into(),
            source: "Monday to Friday".into(),
            years: BTreeSet::new(),
            days: BTreeMap::new(),
            hours: Vec::new(),
            valid: (None, None),
        }
    }
    /// The version a deadline records, so that it can be recomputed.
    pub fn version(&self) -> &str {
        &self.version
    }
    /// Where the days come from.
    pub fn source(&self) -> &str {
        &self.source
    }
    /// The years whose notice is loaded, ascending.
    pub fn years(&self) -> impl Iterator<Item = i16> + '_ {
        self.years.iter().copied()
    }
    /// Every day a notice names, ascending: the date, what it is, and the holiday's name.
    pub fn days(&self) -> impl Iterator<Item = (Date, DayKind, &str)> + '_ {
        self.days
            .iter()
            .map(|(date, (kind, name))| (*date, *kind, name.as_str()))
    }
    /// Whether the notice of `year` is loaded.
    pub fn is_loaded(&self, year: i16) -> bool {
        self.years.contains(&year)
    }
    /// Whether `date` is worked: what a notice says, else Monday to Friday.
    pub fn is_workday(&self, date: Date) -> bool {
        match self.days.get(&date) {
            Some((kind, _)) => *kind == DayKind::Work,
            None => !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday),
        }
    }
    /// The working periods of `date`, in order; none on a day that is not worked.
    pub fn periods_on(&self, date: Date) -> &[WorkPeriod] {
        if !self.is_workday(date) {
            return &[];
        }
        let ruling = self.hours.iter().rev().find(|hours| hours.holds(date));
        ruling.map_or(&DEFAULT_PERIODS, |hours| hours.on(date))
    }
    /// First and last day that this calendar speaks about; open ends say nothing.
    pub fn valid(&self) -> (Option<Date>, Option<Date>) {
        self.valid
    }
    /// Whether it says anything about hours; one that repeats the default says nothing.
    pub fn states_hours(&self) -> bool {
        self.hours
            .iter()
            .any(|h| !(h.is_always() && h.seasons.is_empty() && h.periods == DEFAULT_PERIODS))
    }
    /// Days that it names without claiming to know their whole year: local holidays, emergency changes.
    pub fn local_days(&self) -> impl Iterator<Item = (Date, DayKind, &str)> + '_ {
        self.days()
            .filter(|(date, ..)| self.owner(date.year()).is_none())
    }
    /// A calendar that says one thing about one day: that it is off or worked, perhaps with hours of its own.
    ///
    /// # Errors
    /// Hours that overlap or are none.
    pub fn one_day(
        version: &str,
        source: &str,
        date: Date,
        kind: DayKind,
        name: &str,
        periods: Option<Vec<WorkPeriod>>,
    ) -> Result<Self, CalendarError> {
        let mut calendar = Self::none();
        calendar.version = version.to_owned();
        calendar.source = one_line(source);
        calendar.days.insert(date, (kind, one_line(name)));
        if let Some(periods) = periods {
            let periods = checked_periods(periods).map_err(|reason| field("periods", reason))?;
            calendar.hours.push(Hours {
                from: Some(date),
                to: Some(date),
                periods,
                seasons: Vec::new(),
            });
        }
        Ok(calendar)
    }
    /// The same under another version.
    #[must_use]
    pub fn named(mut self, version: &str) -> Self {
        self.version = version.to_owned();
        self
    }
    /// Days of a notice, put together by whoever read them from a file. `year` is the one whose notice it is; none for days
    /// that are named without claiming to know the year.
    ///
    /// # Errors
    /// A day named both off and work, or too far from the year.
    pub fn from_days(
        version: &str,
        source: &str,
        years: &[i16],
        days: impl IntoIterator<Item = (Date, DayKind, String)>,
    ) -> Result<Self, CalendarError> {
        let mut calendar = Self::none();
        calendar.source = one_line(source);
        calendar.years.extend(years);
        for (date, kind, name) in days {
            calendar
                .name_day(None, date, kind, &one_line(&name))
                .map_err(|reason| field(date.to_string(), reason))?;
        }
        calendar.version = if version.is_empty() {
            calendar.version_by_years()
        } else {
            one_line(version)
        };
        Ok(calendar)
    }
    /// The same days with other hours.
    ///
    /// # Errors
    /// No period, or two that overlap.
    pub fn with_periods(mut self, periods: Vec<WorkPeriod>) -> Result<Self, CalendarError> {
        let periods = checked_periods(periods).map_err(|reason| field("periods", reason))?;
        self.hours = vec![Hours {
            from: None,
            to: None,
            periods,
            seasons: Vec::new(),
        }];
        Ok(self)
    }
    /// This calendar with the days, years and hours of `other` laid over it (a new year's notice, a regional holiday, summer
    /// hours). Where both name a day, `other` stands; hours that `other` states rule the days they hold. `version` names
    /// the result.
    pub fn overlaid(mut self, other: &Self, version: &str) -> Self {
        self.years.extend(&other.years);
        self.days
            .extend(other.days.iter().map(|(date, day)| (*date, day.clone())));
        if other.states_hours() {
            if other.hours.iter().any(Hours::is_always) {
                self.hours.clear();
            }
            self.hours.extend(other.hours.iter().cloned());
        }
        if self.source != other.source {
            self.source = format!("{}; {}", self.source, other.source);
        }
        self.version = version.to_owned();
        self
    }

    /// Reads either form: JSON if the first character that is not a space is `{`, else text.
    ///
    /// # Errors
    /// Names the line or the field, and the reason.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_start().starts_with('{') {
            Self::parse_json(text)
        } else {
            Self::parse_text(text)
        }
    }

    /// Reads `{"source", "version"?, "years": {"2026": [{"date","off","name"?}]}, "periods"?: ["08:00-12:00"],
    /// "seasons"?: [{"from": "06-01", "to": "09-30", "periods": […]}], "hours"?: [{"from": "2026-06-01"?, "to": …?, "periods",
    /// "seasons"?}], "local"?: [{"date","off","name"?}], "valid_from"?, "valid_to"?}`. The form of holiday-cn's yearly files,
    /// `{"year", "days": [{"date","isOffDay","name"}]}`, is read too.
    ///
    /// # Errors
    /// Names the field and the reason.
    pub fn parse_json(text: &str) -> Result<Self, CalendarError> {
        let raw: RawCalendar = serde_json::from_str(text)
            .map_err(|e| field("json", CalendarFlaw::Reader(e.to_string())))?;
        let mut calendar = Self::none();
        calendar.source = raw.source.unwrap_or_else(|| "not stated".into());
        let mut years = raw.years;
        match (raw.year, raw.days) {
            (Some(year), Some(days)) => _ = years.insert(year.to_string(), days),
            (None, None) if !years.is_empty() => {}
            (None, None) if !raw.local.is_empty() || !raw.hours.is_empty() => {}
            _ => {
                return Err(field("years", CalendarFlaw::NoYears));
            }
        }
        let bound = |text: &Option<String>, name: &str| {
            text.as_deref()
                .map(parse_date)
                .transpose()
                .map_err(|reason| field(name, reason))
        };
        calendar.valid = (
            bound(&raw.valid_from, "valid_from")?,
            bound(&raw.valid_to, "valid_to")?,
        );
        for (year, days) in &years {
            let number = parse_year(year).map_err(|reason| field("years", reason))?;
            calendar.years.insert(number);
            for (at, day) in days.iter().enumerate() {
                let place = || format!("years.{year}[{at}].date");
                calendar
                    .name_raw(Some(number), day)
                    .map_err(|reason| field(place(), reason))?;
            }
        }
        for (at, day) in raw.local.iter().enumerate() {
            calendar
                .name_raw(None, day)
                .map_err(|reason| field(format!("local[{at}].date"), reason))?;
        }
        calendar.version = raw.version.unwrap_or_else(|| calendar.version_by_years());
        let all = RawHours {
            from: None,
            to: None,
            periods: raw.periods,
            seasons: raw.seasons,
        };
        if all.periods.is_some() || !all.seasons.is_empty() {
            calendar
                .add_hours(&all)
                .map_err(|(at, reason)| field(at, reason))?;
        }
        for (n, hours) in raw.hours.iter().enumerate() {
            calendar
                .add_hours(hours)
                .map_err(|(at, reason)| field(format!("hours[{n}].{at}"), reason))?;
        }
        Ok(calendar)
    }

    fn name_raw(&mut self, year: Option<i16>, day: &RawDay) -> Result<(), CalendarFlaw> {
        let date = parse_date(&day.date)?;
        let kind = if day.off { DayKind::Off } else { DayKind::Work };
        self.name_day(year, date, kind, &day.name)
    }

    fn add_hours(&mut self, raw: &RawHours) -> Result<(), (String, CalendarFlaw)> {
        let at = |name: &str| {
            let name = name.to_owned();
            move |reason: CalendarFlaw| (name, reason)
        };
        let day = |text: &Option<String>, name: &str| {
            text.as_deref()
                .map(parse_date)
                .transpose()
                .map_err(at(name))
        };
        let (from, to) = (day(&raw.from, "from")?, day(&raw.to, "to")?);
        // The last would stand, and nobody would see the first.
        if from.is_none() && to.is_none() && !self.hours.is_empty() {
            return Err(at("periods")(CalendarFlaw::HoursTwice));
        }
        let range = self.bounded(from, to).map_err(at("from"))?;
        let periods = match &raw.periods {
            Some(texts) => {
                parse_periods(texts.iter().map(String::as_str)).map_err(at("periods"))?
            }
            None => DEFAULT_PERIODS.to_vec(),
        };
        let mut seasons = Vec::with_capacity(raw.seasons.len());
        for (n, season) in raw.seasons.iter().enumerate() {
            let texts = season.periods.iter().map(String::as_str);
            let read = parse_season(&season.from, &season.to, texts);
            seasons.push(read.map_err(at(&format!("seasons[{n}]")))?);
        }
        self.hours.push(Hours {
            from: range.0,
            to: range.1,
            periods,
            seasons,
        });
        Ok(())
    }

    /// The part of a range that lies within the validity of the whole calendar.
    fn bounded(&self, from: Option<Date>, to: Option<Date>) -> Result<Range, CalendarFlaw> {
        let from = from.max(self.valid.0);
        let to = match (to, self.valid.1) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        match (from, to) {
            (Some(a), Some(b)) if a > b => Err(CalendarFlaw::Backward((from, to))),
            range => Ok(range),
        }
    }

    /// Reads the text form, one fact a line: `source …`, `version …`, `year 2026`, `off|work DATE[..DATE] [name]`,
    /// `periods 08:00-12:00 14:00-18:00`, `hours 2026-06-01..2026-09-30 07:30-13:30` for hours from a day to a day (an end may
    /// be left out), `season 06-01..09-30 08:30-12:00 15:00-18:00` for a part of each year under the hours before it,
    /// `local` before days of which the rest of the year is not known, `valid 2026-06-01..` for the validity of all of it;
    /// `#` begins a comment line.
    ///
    /// # Errors
    /// Names the line and the reason.
    pub fn parse_text(text: &str) -> Result<Self, CalendarError> {
        Self::read_text(text, true)
    }

    /// Reads the text form that the program keeps. What was kept before a second `periods` line was refused reads as ever:
    /// the last one rules, and deadlines refer to it.
    ///
    /// # Errors
    /// Names the line and the reason.
    pub fn parse_kept(text: &str) -> Result<Self, CalendarError> {
        Self::read_text(text, false)
    }

    fn read_text(text: &str, once: bool) -> Result<Self, CalendarError> {
        let mut calendar = Self::none();
        let (mut version, mut year, mut is_local) = (None, None, false);
        // The line that says the usual hours.
        let mut usual: Option<usize> = None;
        // Seasons that stand before the hours they belong to.
        let mut is_implied = false;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refuse = |reason: CalendarFlaw| CalendarError::Line {
                line: at + 1,
                reason,
            };
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let rest = rest.trim();
            match word {
                "source" => calendar.source = rest.to_owned(),
                "version" if rest.is_empty() => {
                    return Err(refuse(CalendarFlaw::NoVersion));
                }
                "version" => version = Some(rest.to_owned()),
                "year" => {
                    let number = parse_year(rest).map_err(refuse)?;
                    calendar.years.insert(number);
                    year = Some(number);
                    is_local = false;
                }
                "local" => is_local = true,
                "valid" => {
                    if !calendar.days.is_empty() || !calendar.hours.is_empty() {
                        return Err(refuse(CalendarFlaw::LateValidity));
                    }
                    calendar.valid = parse_range(rest).map_err(refuse)?;
                }
                "off" | "work" => {
                    let kind = if word == "off" {
                        DayKind::Off
                    } else {
                        DayKind::Work
                    };
                    if year.is_none() && !is_local {
                        return Err(refuse(CalendarFlaw::NoYearYet));
                    }
                    let year = year.filter(|_| !is_local);
                    calendar.name_run(year, kind, rest).map_err(refuse)?;
                }
                "periods" | "hours" => {
                    if word == "periods"
                        && let Some(first) = usual.replace(at + 1).filter(|_| once)
                    {
                        return Err(refuse(CalendarFlaw::PeriodsTwice(first)));
                    }
                    let (range, periods) = if word == "hours" {
                        let (range, periods) =
                            rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                        (parse_range(range).map_err(refuse)?, periods)
                    } else {
                        ((None, None), rest)
                    };
                    let periods = parse_periods(periods.split_whitespace()).map_err(refuse)?;
                    let (from, to) = calendar.bounded(range.0, range.1).map_err(refuse)?;
                    match calendar
                        .hours
                        .last_mut()
                        .filter(|_| is_implied && word == "periods")
                    {
                        Some(implied) => implied.periods = periods,
                        None => calendar.hours.push(Hours {
                            from,
                            to,
                            periods,
                            seasons: Vec::new(),
                        }),
                    }
                    is_implied = false;
                }
                "season" => {
                    let (range, periods) =
                        rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                    let (from, to) = range
                        .split_once("..")
                        .ok_or_else(|| refuse(CalendarFlaw::NoSeason(short(range))))?;
                    let season =
                        parse_season(from, to, periods.split_whitespace()).map_err(refuse)?;
                    if calendar.hours.is_empty() {
                        is_implied = true;
                        let (from, to) = calendar.valid;
                        calendar.hours.push(Hours {
                            from,
                            to,
                            periods: DEFAULT_PERIODS.to_vec(),
                            seasons: Vec::new(),
                        });
                    }
                    if let Some(hours) = calendar.hours.last_mut() {
                        hours.seasons.push(season);
                    }
                }
                _ => return Err(refuse(CalendarFlaw::UnknownWord(short(word)))),
            }
        }
        calendar.version = version.unwrap_or_else(|| calendar.version_by_years());
        Ok(calendar)
    }

    /// The text form, which [`Self::parse_text`] reads back to an equal calendar.
    pub fn to_text(&self) -> String {
        let mut out = format!("source {}\nversion {}\n", self.source, self.version);
        let periods = |p: &[WorkPeriod]| {
            p.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let mut line = |text: fmt::Arguments<'_>| {
            writeln!(out, "{text}").expect("writing to a String cannot fail")
        };
        if self.valid != (None, None) {
            line(format_args!("valid {}", range_text(self.valid)));
        }
        for hours in &self.hours {
            let range = (hours.from, hours.to);
            match range {
                (None, None) => line(format_args!("periods {}", periods(&hours.periods))),
                _ => line(format_args!(
                    "hours {} {}",
                    range_text(range),
                    periods(&hours.periods)
                )),
            }
            for s in &hours.seasons {
                let ((a, b), (c, d)) = (s.from, s.to);
                line(format_args!(
                    "season {a:02}-{b:02}..{c:02}-{d:02} {}",
                    periods(&s.periods)
                ));
            }
        }
        for year in &self.years {
            line(format_args!("year {year}"));
            let owns = |date: &Date| self.owner(date.year()) == Some(*year);
            for (date, (kind, name)) in self.days.iter().filter(|(date, _)| owns(date)) {
                let word = if *kind == DayKind::Off { "off" } else { "work" };
                line(format_args!(
                    "{}",
                    format!("{word} {date} {name}").trim_end()
                ));
            }
        }
        let mut is_first = true;
        for (date, kind, name) in self.local_days() {
            if std::mem::take(&mut is_first) {
                line(format_args!("local"));
            }
            let word = if kind == DayKind::Off { "off" } else { "work" };
            line(format_args!(
                "{}",
                format!("{word} {date} {name}").trim_end()
            ));
        }
        out
    }

    /// Under which `year` line a day of `year` is written: its own if loaded, else a loaded neighbour.
    fn owner(&self, year: i16) -> Option<i16> {
        [year, year + 1, year - 1]
            .into_iter()
            .find(|y| self.is_loaded(*y))
    }
    fn version_by_years(&self) -> String {
        match (self.years.first(), self.years.last()) {
            (Some(first), Some(last)) => format!("{first}-{last}"),
            _ => "none".into(),
        }
    }
    fn name_run(
        &mut self,
        year: Option<i16>,
        kind: DayKind,
        rest: &str,
    ) -> Result<(), CalendarFlaw> {
        const LONGEST_RUN: usize = 62;
        let (range, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (first, last) = range.split_once("..").unwrap_or((range, range));
        let (first, last) = (parse_date(first)?, parse_date(last)?);
        if first > last {
            return Err(CalendarFlaw::Backward((Some(first), Some(last))));
        }
        for (at, date) in first
            .series(jiff::Span::new().days(1))
            .take_while(|d| *d <= last)
            .enumerate()
        {
            if at == LONGEST_RUN {
                let run = (Some(first), Some(last));
                return Err(CalendarFlaw::Long(run, LONGEST_RUN));
            }
            self.name_day(year, date, kind, name.trim())?;
        }
        Ok(())
    }
    fn name_day(
        &mut self,
        year: Option<i16>,
        date: Date,
        kind: DayKind,
        name: &str,
    ) -> Result<(), CalendarFlaw> {
        if let Some(year) = year.filter(|year| (date.year() - year).abs() > 1) {
            return Err(CalendarFlaw::OtherYear(date, year));
        }
        let (from, to) = self.valid;
        if from.is_some_and(|from| date < from) || to.is_some_and(|to| date > to) {
            return Err(CalendarFlaw::OutsideValidity(date, self.valid));
        }
        if name.contains(['\n', '\r']) {
            return Err(CalendarFlaw::LineBreak(date));
        }
        match self.days.insert(date, (kind, name.trim().to_owned())) {
            Some((before, _)) if before != kind => Err(CalendarFlaw::TwoKinds(date)),
            _ => Ok(()),
        }
    }
}

fn field(field: impl Into<String>, reason: CalendarFlaw) -> CalendarError {
    CalendarError::Field {
        field: field.into(),
        reason,
    }
}

/// A text without line breaks, as a line of the text form needs it.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `2026-06-01..2026-09-30`, either end may be left out but not both.
fn parse_range(text: &str) -> Result<Range, CalendarFlaw> {
    let refuse = || CalendarFlaw::NoRange(short(text));
    let (from, to) = text.trim().split_once("..").ok_or_else(refuse)?;
    let end = |text: &str| match text {
        "" => Ok(None),
        text => parse_date(text).map(Some),
    };
    match (end(from)?, end(to)?) {
        (None, None) => Err(refuse()),
        (Some(from), Some(to)) if from > to => Err(CalendarFlaw::Backward((Some(from), Some(to)))),
        range => Ok(range),
    }
}

fn range_text((from, to): Range) -> String {
    let text = |date: Option<Date>| date.map(|d| d.to_string()).unwrap_or_default();
    format!("{}..{}", text(from), text(to))
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn parse_year(text: &str) -> Result<i16, CalendarFlaw> {
    let plain = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(year @ 1900..=2200) if plain => Ok(year),
        _ => Err(CalendarFlaw::NoYear(short(text))),
    }
}

fn parse_date(text: &str) -> Result<Date, CalendarFlaw> {
    let refuse = || CalendarFlaw::NoDate(short(text));
    if text.len() != 10 {
        return Err(refuse());
    }
    text.parse().map_err(|_| refuse())
}

fn parse_month_day(text: &str) -> Result<(i8, i8), CalendarFlaw> {
    // 2024 is a leap year, so that 02-29 can bound a season.
    let date = parse_date(&format!("2024-{}", text.trim()));
    date.map(|d| (d.month(), d.day()))
        .map_err(|_| CalendarFlaw::NoMonthDay(short(text)))
}

fn parse_periods<'a>(
    texts: impl Iterator<Item = &'a str>,
) -> Result<Vec<WorkPeriod>, CalendarFlaw> {
    checked_periods(texts.map(str::parse).collect::<Result<_, _>>()?)
}

fn parse_season<'a>(
    from: &str,
    to: &str,
    texts: impl Iterator<Item = &'a str>,
) -> Result<Season, CalendarFlaw> {
    Ok(Season {
        from: parse_month_day(from)?,
        to: parse_month_day(to)?,
        periods: parse_periods(texts)?,
    })
}

fn checked_periods(mut periods: Vec<WorkPeriod>) -> Result<Vec<WorkPeriod>, CalendarFlaw> {
    periods.sort_unstable();
    if periods.is_empty() {
        return Err(CalendarFlaw::NoPeriods);
    }
    if let Some(pair) = periods
        .windows(2)
        .find(|pair| pair[0].to_min > pair[1].from_min)
    {
        return Err(CalendarFlaw::Overlap(pair[0], pair[1]));
    }
    Ok(periods)
}

#[derive(Deserialize)]
struct RawCalendar {
    source: Option<String>,
    version: Option<String>,
    #[serde(default)]
    years: BTreeMap<String, Vec<RawDay>>,
    year: Option<i16>,
    days: Option<Vec<RawDay>>,
    periods: Option<Vec<String>>,
    #[serde(default)]
    seasons: Vec<RawSeason>,
    #[serde(default)]
    hours: Vec<RawHours>,
    #[serde(default)]
    local: Vec<RawDay>,
    valid_from: Option<String>,
    valid_to: Option<String>,
}

#[derive(Deserialize)]
struct RawHours {
    from: Option<String>,
    to: Option<String>,
    periods: Option<Vec<String>>,
    #[serde(default)]
    seasons: Vec<RawSeason>,
}

#[derive(Deserialize)]
struct RawDay {
    date: String,
    #[serde(alias = "isOffDay")]
    off: bool,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct RawSeason {
    from: String,
    to: String,
    periods: Vec<String>,
}

#[cfg(test)]
mod tests;
