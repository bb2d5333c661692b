//! 时段 — a stretch of the city's days by which a list is narrowed: when cases were reported, when they were closed, when
//! they failed their check, or when their handling is due. The numbers of a day are counted the same way, so each leads to the very cases it counts.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Which moment of a case has to lie in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// 上报 — it was reported.
    Reported,
    /// 结案 — it was closed.
    Closed,
    /// 返工 — its last failed check.
    Reworked,
    /// 处置到期 — its handling is due, and is not done.
    Due,
}

impl Moment {
    /// All of them, in the order shown.
    pub const ALL: [Self; 4] = [Self::Reported, Self::Closed, Self::Reworked, Self::Due];
    /// The word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Closed => "closed",
            Self::Reworked => "reworked",
            Self::Due => "due",
        }
    }
}

/// From one moment on, and before another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

impl Span {
    /// Whether it bounds nothing.
    pub const fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }
}

/// Days by a moment; both are included, and one of them is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Which moment.
    pub of: Moment,
    /// Not before this day.
    pub from: Option<Date>,
    /// Not after this day.
    pub to: Option<Date>,
}

impl Period {
    /// The moments that these days span in a zone.
    pub fn span(&self, tz: &TimeZone) -> Span {
        Span {
            from: self.from.and_then(|day| begin_of(day, tz)),
            to: self.to.and_then(|day| end_of(day, tz)),
        }
    }
}

/// When a day begins in a zone; none beyond the end of time.
pub fn begin_of(day: Date, tz: &TimeZone) -> Option<Timestamp> {
    Some(day.to_zoned(tz.clone()).ok()?.timestamp())
}

/// When a day is over in a zone: the first moment of the next.
pub fn end_of(day: Date, tz: &TimeZone) -> Option<Timestamp> {
    begin_of(day.checked_add(1.day()).ok()?, tz)
}

/// What was closed: when, and whether it was handled by its deadline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub span: Span,
    /// Only handled by the deadline, or only later; what had no deadline is neither.
    pub in_time: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_are_those_of_the_zone_and_both_ends_are_in_it() {
        let tz = TimeZone::get("Asia/Shanghai").unwrap();
        let period = Period {
            of: Moment::Reported,
            from: Some(date(2026, 3, 16)),
            to: Some(date(2026, 3, 17)),
        };
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let span = period.span(&tz);
        assert_eq!(span.from, at("2026-03-15T16:00:00Z"));
        assert_eq!(span.to, at("2026-03-17T16:00:00Z"));
        // A day of 23 hours ends where the next begins.
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let day = date(2026, 3, 29);
        assert_eq!(begin_of(day, &berlin), at("2026-03-28T23:00:00Z"));
        assert_eq!(end_of(day, &berlin), at("2026-03-29T22:00:00Z"));
        assert_eq!(end_of(Date::MAX, &tz), None);
    }
}
