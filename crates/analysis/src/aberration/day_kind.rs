//! Adjustment for the kind of day: a quiet Sunday is not a decline, a busy Monday no outbreak.
//!
//! The working calendar says which dates are off; with the day of the week that makes nine kinds of day. A
//! quasi-Poisson model with a trend estimates how many times the usual count each kind brings; kinds seen rarely
//! are drawn towards 1. Counts divided by their factor can be given to any detector, and limits multiplied back.

use super::Point;
use super::glm::{Row, fit};
use jiff::civil::{Date, Weekday};

/// Cases of prior belief that a kind of day is like the others.
const PRIOR_CASES: f64 = 2.0;

/// What kind of day a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayKind {
    /// A working day on its ordinary day of the week, Monday to Friday.
    Working(Weekday),
    /// Saturday or Sunday, off.
    Weekend(Weekday),
    /// A weekday that is off: a public holiday.
    Holiday,
    /// A Saturday or Sunday that is worked (调休).
    MakeUp,
}

impl DayKind {
    /// The kind of a date, given whether the working calendar has it off.
    pub fn of(date: Date, off: bool) -> Self {
        let day = date.weekday();
        let weekend = matches!(day, Weekday::Saturday | Weekday::Sunday);
        match (weekend, off) {
            (false, false) => DayKind::Working(day),
            (false, true) => DayKind::Holiday,
            (true, true) => DayKind::Weekend(day),
            (true, false) => DayKind::MakeUp,
        }
    }

    fn slot(self) -> usize {
        match self {
            DayKind::Working(day) | DayKind::Weekend(day) => day.to_monday_zero_offset() as usize,
            DayKind::Holiday => 7,
            DayKind::MakeUp => 8,
        }
    }
}

/// How many times the usual count each kind of day brings.
#[derive(Debug, Clone, PartialEq)]
pub struct DayPattern {
    factors: [f64; 9],
}

impl DayPattern {
    /// Estimates the pattern from counts and their kinds of day (the shorter of the two ends the series).
    ///
    /// Factors average 1 over the days given. A pattern that cannot be estimated (fewer than four weeks, no case at
    /// all) is flat: nothing is adjusted.
    pub fn estimate(counts: &[f64], kinds: &[DayKind]) -> Self {
        let flat = Self { factors: [1.0; 9] };
        let days = counts.len().min(kinds.len());
        let total: f64 = counts[..days].iter().sum();
        if days < 28 || total <= 0.0 || !total.is_finite() {
            return flat;
        }
        // The usual count of each day: level and trend alone.
        let row = |i: usize| Row {
            count: counts[i],
            level: 0,
            time: i as f64 - days as f64,
        };
        let rows: Vec<Row> = (0..days).map(row).collect();
        let weights = vec![1.0; days];
        let usual = fit(&rows, &weights, 1, true).filter(|f| f.settled);
        let usual_of = |i: usize| {
            usual
                .as_ref()
                .map_or(total / days as f64, |f| f.fitted()[i])
        };
        let (mut seen, mut expected, mut number) = ([0.0; 9], [0.0; 9], [0.0; 9]);
        for i in 0..days {
            let slot = kinds[i].slot();
            seen[slot] += counts[i];
            expected[slot] += usual_of(i);
            number[slot] += 1.0;
        }
        let mut factors: [f64; 9] =
            std::array::from_fn(|s| (seen[s] + PRIOR_CASES) / (expected[s] + PRIOR_CASES));
        let mean = (0..9).map(|s| factors[s] * number[s]).sum::<f64>() / days as f64;
        factors.iter_mut().for_each(|f| *f /= mean);
        Self { factors }
    }

    /// The factor of a kind of day.
    pub fn factor(&self, kind: DayKind) -> f64 {
        self.factors[kind.slot()]
    }

    /// Counts as they would have been on a day of average kind.
    pub fn adjusted(&self, counts: &[f64], kinds: &[DayKind]) -> Vec<f64> {
        counts
            .iter()
            .zip(kinds)
            .map(|(c, k)| c / self.factor(*k))
            .collect()
    }

    /// Points judged on adjusted counts, back on the scale of the day they belong to; the alarms stay.
    ///
    /// `kinds` are those of the whole series.
    pub fn restored(&self, points: Vec<Point>, kinds: &[DayKind]) -> Vec<Point> {
        let back = |p: Point| {
            let factor = kinds.get(p.index - 1).map_or(1.0, |k| self.factor(*k));
            let scale = |v: Option<f64>| v.map(|v| v * factor);
            Point {
                observed: p.observed * factor,
                expected: scale(p.expected),
                upper: scale(p.upper),
                ..p
            }
        };
        points.into_iter().map(back).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ears, EarsMethod, ears};
    use super::*;
    use jiff::ToSpan;
    use jiff::civil::date;

    fn days(n: i64) -> Vec<Date> {
        (0..n)
            .map(|i| date(2024, 1, 1).checked_add(i.days()).unwrap())
            .collect()
    }

    #[test]
    fn kinds_follow_the_working_calendar() {
        // 2024: Saturday 28 September off as usual, Sunday 29 worked, Tuesday 1 October off
        assert_eq!(
            DayKind::of(date(2024, 9, 28), true),
            DayKind::Weekend(Weekday::Saturday)
        );
        assert_eq!(DayKind::of(date(2024, 9, 29), false), DayKind::MakeUp);
        assert_eq!(DayKind::of(date(2024, 10, 1), true), DayKind::Holiday);
        assert_eq!(
            DayKind::of(date(2024, 9, 30), false),
            DayKind::Working(Weekday::Monday)
        );
    }

    #[test]
    fn a_weekly_pattern_no_longer_raises_alarms() {
        let kinds: Vec<DayKind> = days(140)
            .iter()
            .map(|d| {
                DayKind::of(
                    *d,
                    matches!(d.weekday(), Weekday::Saturday | Weekday::Sunday),
                )
            })
            .collect();
        // Mondays three times the other days; a small ripple keeps the spread above 0.
        let counts: Vec<f64> = kinds
            .iter()
            .enumerate()
            .map(|(i, k)| {
                (if *k == DayKind::Working(Weekday::Monday) {
                    30.0
                } else {
                    10.0
                }) + (i % 3) as f64
            })
            .collect();
        let pattern = DayPattern::estimate(&counts, &kinds);
        let monday = pattern.factor(DayKind::Working(Weekday::Monday));
        let tuesday = pattern.factor(DayKind::Working(Weekday::Tuesday));
        assert!(
            (monday / tuesday - 31.0 / 11.0).abs() < 0.1,
            "{monday} {tuesday}"
        );
        let settings = Ears {
            alpha: 0.02,
            ..Ears::new(EarsMethod::C1)
        };
        let alarms = |points: &[Point]| points.iter().filter(|p| p.alarm).count();
        let plain = ears(&counts, &settings, None).unwrap();
        let adjusted = pattern.restored(
            ears(&pattern.adjusted(&counts, &kinds), &settings, None).unwrap(),
            &kinds,
        );
        assert!(
            alarms(&plain) > 10 && alarms(&adjusted) == 0,
            "{} {}",
            alarms(&plain),
            alarms(&adjusted)
        );
        assert!(
            (adjusted[0].observed - counts[7]).abs() < 1e-9,
            "counts come back as they were"
        );
    }

    #[test]
    fn a_kind_hardly_seen_is_hardly_adjusted_and_nothing_is_flat() {
        let kinds: Vec<DayKind> = days(56)
            .iter()
            .enumerate()
            .map(|(i, d)| DayKind::of(*d, i == 7 || d.weekday() == Weekday::Sunday))
            .collect();
        let mut counts = vec![1.0; 56];
        counts[7] = 0.0;
        let holiday = DayPattern::estimate(&counts, &kinds).factor(DayKind::Holiday);
        assert!(
            holiday > 0.5 && holiday < 1.0,
            "one quiet holiday proves little: {holiday}"
        );
        assert_eq!(
            DayPattern::estimate(&[0.0; 56], &kinds).factor(DayKind::Holiday),
            1.0
        );
        assert_eq!(
            DayPattern::estimate(&[f64::NAN; 56], &kinds).factor(DayKind::MakeUp),
            1.0
        );
        assert_eq!(DayPattern::estimate(&[], &[]).factor(DayKind::MakeUp), 1.0);
    }
}
