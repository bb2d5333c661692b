//! The five lights of a deadline and the clock that rules it: a mark and a word, never colour alone.

/// How a case stands against its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Light {
    /// ■ past the deadline.
    Late,
    /// ▲ 80 % of the time is used.
    Soon,
    /// ● in time.
    InTime,
    /// ◌ the deadline lies in a year whose calendar is not loaded: it may still move.
    Provisional,
    /// ‖ the clock stands still (挂账).
    Parked,
}

impl Light {
    /// All of them, the one that needs a person first.
    pub const ALL: [Light; 5] = [
        Light::Late,
        Light::Soon,
        Light::InTime,
        Light::Provisional,
        Light::Parked,
    ];

    /// The mark before the word.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Light::Late => "■",
            Light::Soon => "▲",
            Light::InTime => "●",
            Light::Provisional => "◌",
            Light::Parked => "‖",
        }
    }

    /// The ending of the CSS class (`light-late`) and of the word's key (`ui-light-late`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Light::Late => "late",
            Light::Soon => "soon",
            Light::InTime => "in-time",
            Light::Provisional => "provisional",
            Light::Parked => "parked",
        }
    }
}

/// The clock a time limit runs on (domain.md §1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clock {
    /// 紧急工作时: hours on the continuous clock.
    UrgentHour,
    /// 紧急工作日: days of 24 hours on the continuous clock.
    UrgentDay,
    /// 工作时: hours inside working periods.
    WorkingHour,
    /// 工作日: working days.
    WorkingDay,
    /// 自然日: calendar days.
    CalendarDay,
}

impl Clock {
    /// The ending of the word's key (`ui-left-working-hour`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Clock::UrgentHour => "urgent-hour",
            Clock::UrgentDay => "urgent-day",
            Clock::WorkingHour => "working-hour",
            Clock::WorkingDay => "working-day",
            Clock::CalendarDay => "calendar-day",
        }
    }

    /// Whether its unit is the hour.
    #[must_use]
    pub fn counts_hours(self) -> bool {
        matches!(self, Clock::UrgentHour | Clock::WorkingHour)
    }
}

/// What is left until a deadline, measured on the clock that rules it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    /// The clock.
    pub clock: Clock,
    /// Hours or days of that clock; negative = that much over.
    pub amount: f64,
}
