//! The mark of each light; its word is in the language files. State is never colour alone.

use kernel::deadline::{ClockKind, Light};

/// The mark before the word: ■ late, ▲ soon, ● in time, ◌ provisional, ‖ parked.
#[must_use]
pub fn mark(light: Light) -> &'static str {
    match light {
        Light::Late => "■",
        Light::Soon => "▲",
        Light::InTime => "●",
        Light::Provisional => "◌",
        Light::Parked => "‖",
    }
}

/// The ending of the CSS class (`light-late`) and of the word's key (`ui-light-late`).
pub(crate) fn name(light: Light) -> &'static str {
    match light {
        Light::Late => "late",
        Light::Soon => "soon",
        Light::InTime => "in-time",
        Light::Provisional => "provisional",
        Light::Parked => "parked",
    }
}

/// The ending of the key of what is left on a clock (`ui-left-working-hour`).
pub(crate) fn clock_name(clock: ClockKind) -> &'static str {
    match clock {
        ClockKind::UrgentHours => "urgent-hour",
        ClockKind::UrgentDays => "urgent-day",
        ClockKind::WorkingHours => "working-hour",
        ClockKind::WorkingDays => "working-day",
        ClockKind::CalendarDays => "calendar-day",
    }
}
