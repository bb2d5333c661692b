//! Random calendars of a city: holidays, weekend days that are worked (调休), hours of their own, seasons with other hours.

use kernel::Calendar;
use proptest::prelude::*;
use std::fmt::Write as _;

/// Working hours of a day.
const HOURS: [&str; 6] = [
    "08:00-12:00 14:00-18:00",
    "09:00-17:00",
    "07:30-13:30",
    "06:00-10:30 15:30-19:00",
    "00:00-24:00",
    "10:00-10:30",
];

fn hours() -> impl Strategy<Value = &'static str> {
    prop::sample::select(HOURS.to_vec())
}

/// A city's year around the days of the tests: each day from the middle of March on may be off or worked, and the hours
/// change with the season and in a week of their own.
pub fn calendar() -> impl Strategy<Value = Calendar> {
    let day = prop_oneof![5 => Just(None), 2 => Just(Some("off")), 1 => Just(Some("work"))];
    let days = prop::collection::vec(day, 45);
    let (season, week) = (
        prop::option::of((hours(), 1..29_u8, 1..29_u8)),
        prop::option::of((hours(), 16..29_u8)),
    );
    (days, hours(), season, week).prop_map(|(days, usual, season, week)| {
        let mut text = "version random\n".to_owned();
        let mut line = |line: String| _ = writeln!(text, "{line}");
        line(format!("periods {usual}"));
        if let Some((hours, from, to)) = season {
            line(format!("season 03-{from:02}..04-{to:02} {hours}"));
        }
        if let Some((hours, from)) = week {
            line(format!("hours 2026-03-{from:02}..2026-04-05 {hours}"));
        }
        line("year 2026".to_owned());
        let first = jiff::civil::date(2026, 3, 14);
        for (kind, n) in days.into_iter().zip(0_i64..) {
            if let Some(kind) = kind {
                line(format!("{kind} {}", first + jiff::Span::new().days(n)));
            }
        }
        Calendar::parse_text(&text).unwrap_or_else(|e| panic!("{text}: {e}"))
    })
}

/// Several of them, each under a name of its own.
pub fn calendars() -> impl Strategy<Value = Vec<Calendar>> {
    prop::collection::vec(calendar(), 2..4).prop_map(|all| {
        let named = all.into_iter().zip(0..);
        named
            .map(|(c, n)| c.named(&format!("random-{n}")))
            .collect()
    })
}
