//! Counts, rates and their definitions. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the rows of an evaluation stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// One row for all.
    City,
    /// A row for each district.
    Division,
    /// A row for each handling unit.
    Unit,
    /// A row for each class.
    Matter,
    /// A row for each channel.
    Channel,
    /// A row for each street (街道): figures by definition only.
    Street,
    /// A row for each nature of a contact (诉求性质), and one for what is no contact: figures by definition only.
    Nature,
}

impl By {
    /// The groupings of counts and rates.
    pub const ALL: [Self; 5] = [
        Self::City,
        Self::Division,
        Self::Unit,
        Self::Matter,
        Self::Channel,
    ];
    /// The word on the command line and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::Division => "division",
            Self::Unit => "unit",
            Self::Matter => "matter",
            Self::Channel => "channel",
            Self::Street => "street",
            Self::Nature => "nature",
        }
    }
}

impl std::str::FromStr for By {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|by| by.as_str() == text)
            .ok_or_else(|| format!("unknown grouping {text:?}: expected one of {known}"))
    }
}

/// The groupings of figures by definition, two more than those of counts.
pub const GROUPINGS: [By; 7] = [
    By::City,
    By::Division,
    By::Street,
    By::Unit,
    By::Matter,
    By::Channel,
    By::Nature,
];

impl By {
    /// One of [`GROUPINGS`].
    ///
    /// # Errors
    /// In words.
    pub fn grouping(text: &str) -> Result<Self, String> {
        let known = GROUPINGS.map(Self::as_str).join(", ");
        GROUPINGS
            .into_iter()
            .find(|by| by.as_str() == text)
            .ok_or_else(|| format!("unknown grouping {text:?}: expected one of {known}"))
    }
}

/// 月份 — a calendar month of the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: Date,
}

impl Month {
    /// The month in which a day lies.
    pub fn of(day: Date) -> Self {
        Self {
            first: day.first_of_month(),
        }
    }
    /// Its first day.
    pub fn first(self) -> Date {
        self.first
    }
    /// Its last day.
    pub fn last(self) -> Date {
        self.first.last_of_month()
    }
    /// The month before.
    pub fn before(self) -> Self {
        Self::of(self.first.yesterday().unwrap_or(self.first))
    }
    /// Its days, in a zone.
    ///
    /// # Errors
    /// At the edge of time.
    pub fn period(self, tz: &TimeZone) -> Result<Period, PeriodError> {
        Period::days(self.first(), self.last(), tz)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

impl std::str::FromStr for Month {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let read = format!("{text}-01").parse::<Date>().ok().map(Self::of);
        read.filter(|month| month.to_string() == text)
            .ok_or_else(|| format!("cannot read the month {text:?}: expected YYYY-MM"))
    }
}

/// Why a period cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// It ends before it begins.
    #[error("the period ends ({to}) before it begins ({from})")]
    Backward {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
    /// It lies outside the range of time.
    #[error("the period lies outside the range of time")]
    OutOfRange,
}

/// A period of whole local days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

impl Period {
    /// The days from `from` to `to`, in a zone.
    ///
    /// # Errors
    /// [`PeriodError`].
    pub fn days(from: Date, to: Date, tz: &TimeZone) -> Result<Self, PeriodError> {
        if to < from {
            return Err(PeriodError::Backward { from, to });
        }
        let midnight = |day: Date| {
            day.to_zoned(tz.clone())
                .map(|z| z.timestamp())
                .map_err(|_| PeriodError::OutOfRange)
        };
        let after = to.tomorrow().map_err(|_| PeriodError::OutOfRange)?;
        Ok(Self {
            start: midnight(from)?,
            end: midnight(after)?,
        })
    }
}

/// How many cases of the period have what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// 上报 — reported in the period.
    pub reported: i64,
    /// 受理 — accepted in the period.
    pub accepted: i64,
    /// 立案 — registered in the period.
    pub registered: i64,
    /// 派遣 — first dispatched in the period.
    pub dispatched: i64,
    /// 应结案 — handled in the period, or unhandled at its end with the deadline passed.
    pub due_closing: i64,
    /// Of these, those with a deadline: the others are outside the on-time rate.
    pub due_closing_with_limit: i64,
    /// Of these, those without a deadline.
    pub due_closing_without_limit: i64,
    /// 结案 — closed in the period.
    pub closed: i64,
    /// 按期结案 — of these, handled by the deadline (judged by the end of handling, not by the clerk's closing).
    pub closed_on_time: i64,
    /// 返工 — a check failed in the period.
    pub reworked: i64,
    /// 延期 — extended in the period.
    pub extended: i64,
}

/// A rate's definition: which count over which.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The name of the rate.
    pub rate: &'static str,
    /// The definition's id: name, denominator, edition.
    pub id: &'static str,
    /// The numerator.
    pub numerator: fn(&Counts) -> i64,
    /// The denominator.
    pub denominator: fn(&Counts) -> i64,
}

/// The rates, with the denominators of the published Zhengzhou figures (registration ÷ accepted, dispatch ÷ registered,
/// the others ÷ due for closing).
pub const RATES: [Definition; 6] = [
    Definition {
        rate: "registration",
        id: "registration/accepted/1",
        numerator: |c| c.registered,
        denominator: |c| c.accepted,
    },
    Definition {
        rate: "dispatch",
        id: "dispatch/registered/1",
        numerator: |c| c.dispatched,
        denominator: |c| c.registered,
    },
    Definition {
        rate: "closing",
        id: "closing/due_closing/1",
        numerator: |c| c.closed,
        denominator: |c| c.due_closing,
    },
    Definition {
        rate: "closing_on_time",
        id: "closing_on_time/due_closing_with_limit/1",
        numerator: |c| c.closed_on_time,
        denominator: |c| c.due_closing_with_limit,
    },
    Definition {
        rate: "rework",
        id: "rework/due_closing/1",
        numerator: |c| c.reworked,
        denominator: |c| c.due_closing,
    },
    Definition {
        rate: "extension",
        id: "extension/due_closing/1",
        numerator: |c| c.extended,
        denominator: |c| c.due_closing,
    },
];

/// A rate with what it was made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rate {
    /// The numerator.
    pub numerator: i64,
    /// The denominator.
    pub denominator: i64,
    /// The fraction, unrounded; none over zero.
    pub value: Option<f64>,
    /// Which definition.
    pub definition: &'static str,
}

/// A share with what it was made of, whatever its definition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, serde::Deserialize)]
pub struct Share {
    /// The numerator.
    pub numerator: i64,
    /// The denominator.
    pub denominator: i64,
    /// The fraction, unrounded; none over zero.
    pub value: Option<f64>,
}

impl Share {
    /// One number over another.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of cases stay far below 2^53"
    )]
    pub fn of(numerator: i64, denominator: i64) -> Self {
        let value = (denominator != 0).then(|| numerator as f64 / denominator as f64);
        Self {
            numerator,
            denominator,
            value,
        }
    }
}

/// The rates of some counts.
pub fn rates(counts: &Counts) -> BTreeMap<&'static str, Rate> {
    RATES
        .iter()
        .map(|d| {
            let (numerator, denominator) = ((d.numerator)(counts), (d.denominator)(counts));
            let value = Share::of(numerator, denominator).value;
            (
                d.rate,
                Rate {
                    numerator,
                    denominator,
                    value,
                    definition: d.id,
                },
            )
        })
        .collect()
}

/// One row of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The code or id of what the row stands for; `city` for all.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The counts.
    pub counts: Counts,
    /// The rates.
    pub rates: BTreeMap<&'static str, Rate>,
}

/// An evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The rows, by key.
    pub rows: Vec<Row>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures Zhengzhou published for 8 to 14 April 2019 (domain facts §1.8): all cases, and regular cases.
    #[test]
    fn published_rates_come_out_of_published_counts() {
        let all = Counts {
            accepted: 51_571,
            registered: 51_229,
            dispatched: 49_151,
            due_closing: 52_434,
            due_closing_with_limit: 52_434,
            closed: 43_523,
            closed_on_time: 40_394,
            reworked: 276,
            extended: 104,
            ..Counts::default()
        };
        let rates = rates(&all);
        let value = |name: &str| rates[name].value.unwrap();
        for (name, published) in [
            ("registration", 0.9934),
            ("dispatch", 0.9594),
            ("closing", 0.8301),
            ("closing_on_time", 0.7704),
            ("rework", 0.0053),
            ("extension", 0.0020),
        ] {
            assert!(
                (value(name) - published).abs() < 0.0001,
                "{name}: {} against {published}",
                value(name)
            );
        }
    }

    #[test]
    fn a_month_is_a_month_and_nothing_more() {
        let month: Month = "2024-02".parse().unwrap();
        assert_eq!(
            (month.last().to_string(), month.before().to_string()),
            ("2024-02-29".into(), "2024-01".into())
        );
        for garbage in [
            "",
            "2024",
            "2024-13",
            "2024-2",
            "2024-02-01",
            "20240-2",
            "-0001-02",
            "٢٠٢٤-٠٢",
            "2024-02 ",
        ] {
            assert!(garbage.parse::<Month>().is_err(), "{garbage:?}");
        }
    }

    #[test]
    fn a_rate_over_nothing_is_none() {
        assert!(
            rates(&Counts::default())
                .values()
                .all(|r| r.value.is_none())
        );
    }

    #[test]
    fn a_period_holds_both_its_days() {
        let tz = TimeZone::get("Asia/Shanghai").unwrap();
        let day = jiff::civil::date(2026, 3, 1);
        let period = Period::days(day, day, &tz).unwrap();
        assert_eq!(period.end.duration_since(period.start).as_hours(), 24);
        assert!(matches!(
            Period::days(day, jiff::civil::date(2026, 2, 28), &tz),
            Err(PeriodError::Backward { .. })
        ));
    }
}
