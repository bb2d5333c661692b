//! A limit: an amount in one of the five clocks, read from what catalogues write (`4工作时`, `5WD`).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Which clock counts a limit down (`domain.md` §1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClockKind {
    /// 紧急工作时: hours on the continuous clock.
    #[serde(rename = "UH")]
    UrgentHours,
    /// 紧急工作日: days of 24 hours on the continuous clock.
    #[serde(rename = "UD")]
    UrgentDays,
    /// 工作时: hours inside working periods.
    #[serde(rename = "WH")]
    WorkingHours,
    /// 工作日: working days.
    #[serde(rename = "WD")]
    WorkingDays,
    /// 自然日: calendar days.
    #[serde(rename = "CD")]
    CalendarDays,
}

impl ClockKind {
    /// All clocks, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::UrgentHours,
        Self::UrgentDays,
        Self::WorkingHours,
        Self::WorkingDays,
        Self::CalendarDays,
    ];

    /// The two-letter code: UH, UD, WH, WD, CD.
    pub fn code(self) -> &'static str {
        match self {
            Self::UrgentHours => "UH",
            Self::UrgentDays => "UD",
            Self::WorkingHours => "WH",
            Self::WorkingDays => "WD",
            Self::CalendarDays => "CD",
        }
    }
    /// The Chinese name.
    pub fn zh(self) -> &'static str {
        match self {
            Self::UrgentHours => "紧急工作时",
            Self::UrgentDays => "紧急工作日",
            Self::WorkingHours => "工作时",
            Self::WorkingDays => "工作日",
            Self::CalendarDays => "自然日",
        }
    }
    /// Whether it counts days rather than hours.
    pub fn counts_days(self) -> bool {
        matches!(
            self,
            Self::UrgentDays | Self::WorkingDays | Self::CalendarDays
        )
    }
    /// Whether its answer depends on the working-day calendar.
    pub fn reads_calendar(self) -> bool {
        matches!(self, Self::WorkingHours | Self::WorkingDays)
    }
    /// Seconds of the clock's own measure in one unit.
    pub fn unit_seconds(self) -> i64 {
        if self.counts_days() { 86_400 } else { 3_600 }
    }
}

impl fmt::Display for ClockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.zh())
    }
}

impl FromStr for ClockKind {
    type Err = LimitError;
    /// Reads a code in any case (`wd`) or a Chinese name (`工作日`).
    fn from_str(text: &str) -> Result<Self, LimitError> {
        Self::ALL
            .into_iter()
            .find(|clock| clock.code().eq_ignore_ascii_case(text) || clock.zh() == text)
            .ok_or_else(|| LimitError::Clock {
                input: text.chars().take(40).collect(),
            })
    }
}

/// Why a text is not a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No number in front.
    #[error("cannot parse limit {input:?}: no amount in front of the clock")]
    Amount {
        /// What was given, cut to 40 characters.
        input: String,
    },
    /// A number outside the bounds.
    #[error("cannot parse limit {input:?}: the amount is outside 1..={max}", max = Limit::MAX_AMOUNT)]
    Bounds {
        /// What was given, cut to 40 characters.
        input: String,
    },
    /// A part of a unit.
    #[error(
        "cannot parse limit {input:?}: the amount is a whole number; write part of a day in hours"
    )]
    Fraction {
        /// What was given, cut to 40 characters.
        input: String,
    },
    /// An unknown clock.
    #[error(
        "cannot parse limit {input:?}: expected UH 紧急工作时, UD 紧急工作日, WH 工作时, WD 工作日 or CD 自然日"
    )]
    Clock {
        /// What was given, cut to 40 characters.
        input: String,
    },
    /// Days or hours that do not say of which clock.
    #[error(
        "cannot parse limit {input:?}: {unit} does not say which clock it means; write one of {choices}"
    )]
    Bare {
        /// What was given, cut to 40 characters.
        input: String,
        /// The unit as written.
        unit: String,
        /// The clocks it could mean.
        choices: &'static str,
    },
}

/// What a bare 天 or 小时 means, where a city's catalogue leaves that open. Without it such limits are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParseOptions {
    /// The clock of 天, 日 and D.
    pub bare_days: Option<ClockKind>,
    /// The clock of 小时, 时 and h.
    pub bare_hours: Option<ClockKind>,
}

/// 时限 — an amount, 1..=100,000, in one of the clocks. Its text form is the Chinese one, `4工作时`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit {
    amount: u32,
    clock: ClockKind,
}

impl Limit {
    /// The largest amount: 274 years of days, so that arithmetic stays far from its limits.
    pub const MAX_AMOUNT: u32 = 100_000;

    /// A limit in bounds.
    ///
    /// # Errors
    /// 0, or more than [`Self::MAX_AMOUNT`].
    pub fn new(amount: u32, clock: ClockKind) -> Result<Self, LimitError> {
        if (1..=Self::MAX_AMOUNT).contains(&amount) {
            Ok(Self { amount, clock })
        } else {
            Err(LimitError::Bounds {
                input: format!("{amount}{clock}"),
            })
        }
    }
    /// How many units.
    pub fn amount(self) -> u32 {
        self.amount
    }
    /// Of which clock.
    pub fn clock(self) -> ClockKind {
        self.clock
    }
    /// The short form, `4WH`.
    pub fn code(self) -> String {
        format!("{}{}", self.amount, self.clock.code())
    }

    /// Reads `4工作时`, `２ 工作日`, `三个工作日`, `4WH`; digits half or full width, Chinese numerals up to 九十九, spaces
    /// anywhere, 个 allowed. A bare 天 or 小时 needs `options` to say which clock it means.
    ///
    /// # Errors
    /// [`LimitError`] names the text and the reason.
    pub fn parse(text: &str, options: ParseOptions) -> Result<Self, LimitError> {
        let input = || text.chars().take(40).collect::<String>();
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(half_width)
            .collect();
        let (amount, unit) =
            split_amount(&plain).ok_or_else(|| LimitError::Amount { input: input() })?;
        let amount = amount.ok_or_else(|| LimitError::Bounds { input: input() })?;
        if unit.starts_with(['.', ',', '/', '半']) {
            return Err(LimitError::Fraction { input: input() });
        }
        let unit = unit.strip_prefix('个').unwrap_or(unit);
        let clock = clock_of(unit, options, input)?;
        Self::new(amount, clock).map_err(|_| LimitError::Bounds { input: input() })
    }
}

fn clock_of(
    unit: &str,
    options: ParseOptions,
    input: impl Fn() -> String,
) -> Result<ClockKind, LimitError> {
    if let Ok(clock) = unit.parse() {
        return Ok(clock);
    }
    let bare = |choice: Option<ClockKind>, days: bool, choices| match choice
        .filter(|c| c.counts_days() == days)
    {
        Some(clock) => Ok(clock),
        None => Err(LimitError::Bare {
            input: input(),
            unit: unit.to_owned(),
            choices,
        }),
    };
    match unit {
        "紧急工作小时" => Ok(ClockKind::UrgentHours),
        "工作小时" => Ok(ClockKind::WorkingHours),
        "天" | "日" | "d" | "D" => bare(options.bare_days, true, "工作日, 自然日, 紧急工作日"),
        "小时" | "时" | "h" | "H" => bare(options.bare_hours, false, "工作时, 紧急工作时"),
        _ => Err(LimitError::Clock { input: input() }),
    }
}

/// Full-width ASCII to half width.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Splits the number off the front; the inner `None` is a number too large to hold.
fn split_amount(text: &str) -> Option<(Option<u32>, &str)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    if digits > 0 {
        return Some((text[..digits].parse().ok(), &text[digits..]));
    }
    let end = text
        .find(|c: char| chinese_digit(c).is_none() && c != '十')
        .unwrap_or(text.len());
    Some((Some(chinese_number(&text[..end])?), &text[end..]))
}

fn chinese_digit(c: char) -> Option<u32> {
    let at = "一二三四五六七八九".chars().position(|d| d == c);
    at.map(|at| at as u32 + 1).or((c == '两').then_some(2))
}

/// 一 … 九十九.
fn chinese_number(text: &str) -> Option<u32> {
    let one = |part: &str| {
        let mut chars = part.chars();
        let digit = chars.next().and_then(chinese_digit);
        if chars.next().is_none() { digit } else { None }
    };
    match text.split_once('十') {
        None => one(text),
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { one(tens)? };
            let ones = if ones.is_empty() { 0 } else { one(ones)? };
            Some(tens * 10 + ones)
        }
    }
}

impl FromStr for Limit {
    type Err = LimitError;
    fn from_str(text: &str) -> Result<Self, LimitError> {
        Self::parse(text, ParseOptions::default())
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{}", self.amount, self.clock))
    }
}

crate::codes::serde_as_text!(Limit);
