//! Reading times as other systems write them.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A time as a file writes it: local, or with an offset that settles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Without a zone: the map's zone says what it means.
    Local(DateTime),
    /// With an offset.
    Exact(Timestamp),
}

/// The formats of a map, tried in order.
#[derive(Debug, Clone)]
pub struct Formats {
    formats: Vec<String>,
}

impl Formats {
    /// Formats in strptime's words; `%z` takes an offset with or without a colon, and `Z`.
    pub fn new(formats: &[String]) -> Self {
        Self {
            formats: formats.to_vec(),
        }
    }

    /// Reads a time by the first format that matches.
    pub fn read(&self, text: &str) -> Option<Written> {
        self.formats
            .iter()
            .find_map(|format| read_one(format, text))
    }
}

fn read_one(format: &str, text: &str) -> Option<Written> {
    if format.contains("%z") {
        return offsets(text).iter().find_map(|text| {
            ["%z", "%:z"]
                .iter()
                .find_map(|z| parse(&format.replace("%z", z), text))
        });
    }
    parse(format, text)
}

/// The text itself, and with a final `Z` spelled as an offset.
fn offsets(text: &str) -> Vec<String> {
    let mut texts = vec![text.to_owned()];
    if let Some(head) = text.strip_suffix(['Z', 'z']) {
        texts.push(format!("{head}+0000"));
    }
    texts
}

fn parse(format: &str, text: &str) -> Option<Written> {
    let parts = BrokenDownTime::parse(format, text).ok()?;
    // `%Y` would read 24 as the year 24; a later format with `%y` may know better.
    if let Some(year) = parts.year().filter(|year| (0..1000).contains(year))
        && !text.contains(&format!("{year:04}"))
        && format.contains("%Y")
    {
        return None;
    }
    if parts.offset().is_some() {
        return parts.to_timestamp().ok().map(Written::Exact);
    }
    let date = parts.to_date().ok()?;
    // A format without hours means the beginning of the day; one with hours has read them.
    let time = parts.to_time().unwrap_or(Time::midnight());
    Some(Written::Local(date.to_datetime(time)))
}

impl Written {
    /// The wall clock in the zone, for comparing with the map's values for "not known".
    pub fn wall(&self, tz: &TimeZone) -> DateTime {
        match self {
            Self::Local(at) => *at,
            Self::Exact(at) => tz.to_datetime(*at),
        }
    }

    /// The moment it means. A local time that does not exist moves forward by the gap, a doubled one is the earlier.
    /// None before the year 1, which no case number can name.
    pub fn moment(&self, tz: &TimeZone) -> Option<Timestamp> {
        let at = match self {
            Self::Exact(at) => Some(*at),
            Self::Local(at) => tz.to_ambiguous_timestamp(*at).compatible().ok(),
        };
        at.filter(|at| {
            [tz, &TimeZone::UTC]
                .iter()
                .all(|tz| tz.to_datetime(*at).year() >= 1)
        })
    }

    /// The later reading of a doubled local time; none where there is only one.
    pub fn later(&self, tz: &TimeZone) -> Option<Timestamp> {
        let Self::Local(at) = self else { return None };
        let ambiguous = tz.to_ambiguous_timestamp(*at);
        match ambiguous.offset() {
            AmbiguousOffset::Fold { .. } => ambiguous.later().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, text: &str) -> Option<String> {
        let tz = TimeZone::get("America/New_York").unwrap();
        Formats::new(&[format.to_owned()])
            .read(text)
            .and_then(|w| w.moment(&tz))
            .map(|t| t.to_string())
    }

    #[test]
    fn times_are_read_as_the_cities_write_them() {
        let at = |s: &str| Some(s.to_owned());
        assert_eq!(
            read("%m/%d/%Y %I:%M:%S %p", "02/17/2020 12:19:00 PM"),
            at("2020-02-17T17:19:00Z")
        );
        assert_eq!(
            read("%m/%d/%Y %H:%M", "3/14/2025 1:20"),
            at("2025-03-14T05:20:00Z")
        );
        assert_eq!(
            read("%Y-%m-%dT%H:%M:%S%.f", "2024-05-27T02:08:51.000"),
            at("2024-05-27T06:08:51Z")
        );
        assert_eq!(
            read("%Y-%m-%dT%H:%M:%S%.f", "2024-05-27T02:08:51"),
            at("2024-05-27T06:08:51Z")
        );
        assert_eq!(read("%Y-%m-%d", "2012-03-01"), at("2012-03-01T05:00:00Z"));
        assert_eq!(
            read("%Y/%m/%d %H:%M:%S", "2019/2/28 11:25:05"),
            at("2019-02-28T16:25:05Z")
        );
        for text in [
            "2026-03-01T10:00:00-0500",
            "2026-03-01T10:00:00-05:00",
            "2026-03-01T15:00:00Z",
        ] {
            assert_eq!(
                read("%Y-%m-%dT%H:%M:%S%z", text),
                at("2026-03-01T15:00:00Z"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_year_of_two_digits_is_none_of_four() {
        let formats = ["%m/%d/%Y", "%m/%d/%y"].map(str::to_owned);
        let read = |text| Formats::new(&formats).read(text);
        let day = |year| {
            let date = jiff::civil::date(year, 3, 14);
            Some(Written::Local(date.to_datetime(Time::midnight())))
        };
        assert_eq!(read("3/14/24"), day(2024));
        assert_eq!(read("3/14/2024"), day(2024));
        assert_eq!(Formats::new(&formats[..1]).read("3/14/24"), None);
        // What some programs write for "not known" is read, to be compared with the map.
        assert_eq!(read("3/14/0001"), day(1));
    }

    #[test]
    fn before_the_year_one_there_is_no_moment() {
        assert_eq!(read("%Y-%m-%d", "-0005-01-01"), None);
        assert_eq!(
            read("%Y-%m-%dT%H:%M:%S%z", "0001-01-01T00:00:00+08:00"),
            None
        );
        assert_eq!(read("%s", "-99999999999"), None);
        assert_eq!(
            read("%Y-%m-%d", "1850-01-01"),
            Some("1850-01-01T04:56:02Z".into())
        );
    }

    #[test]
    fn what_is_left_over_makes_it_unreadable() {
        assert_eq!(read("%Y-%m-%d", "2012-03-01 10:00"), None);
        assert_eq!(read("%Y-%m-%d", "2012-02-30"), None);
        for garbage in [
            "",
            " ",
            "yesterday",
            "99/99/9999",
            "2012-03",
            "\u{0}",
            "２０１２-０３-０１",
        ] {
            assert_eq!(read("%Y-%m-%d", garbage), None, "{garbage:?}");
        }
    }

    #[test]
    fn a_time_that_does_not_exist_moves_forward_by_the_gap() {
        // 2024-03-10 02:30 does not exist in New York: clocks went from 02:00 EST to 03:00 EDT.
        assert_eq!(
            read("%Y-%m-%d %H:%M", "2024-03-10 02:30"),
            Some("2024-03-10T07:30:00Z".into())
        );
    }

    #[test]
    fn a_doubled_time_is_the_earlier_and_has_a_later() {
        let tz = TimeZone::get("America/New_York").unwrap();
        let doubled = Formats::new(&["%Y-%m-%d %H:%M".to_owned()])
            .read("2024-11-03 01:30")
            .unwrap();
        assert_eq!(
            doubled.moment(&tz).unwrap().to_string(),
            "2024-11-03T05:30:00Z"
        );
        assert_eq!(
            doubled.later(&tz).unwrap().to_string(),
            "2024-11-03T06:30:00Z"
        );
    }
}
