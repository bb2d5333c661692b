//! The effect of a topic: the weeks after its start against what the weeks before let expect. Pure.
//!
//! Weeks before the start give a mean and a dispersion (Pearson's statistic over its degrees of freedom, at least 1). A
//! week after it is expected to lie between the 2.5 % and 97.5 % quantiles of a count law with that mean, wider by what the
//! mean itself is uncertain. All weeks together give a ratio of what came to what was expected; its 95 % limits follow from
//! the delta method on its logarithm, var = φ/observed + φ/counted before. It says how much less or more, not why: whatever
//! else changed at the same time is in it, which is why the same weeks of last year are drawn beside it.

use analysis::math::special::CountLaw;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::Serialize;
use std::collections::BTreeMap;

/// Weeks before the start that make the expectation, at most …
pub const MOST_BEFORE: usize = 26;
/// … and at least.
pub const LEAST_BEFORE: usize = 8;
/// Weeks after the start that must be over before anything is said.
pub const LEAST_AFTER: usize = 2;
/// Fewer cases before than this say nothing.
const LEAST_COUNTED: u32 = 10;
const Z95: f64 = 1.959_964;

/// The Monday of the week a day lies in.
pub fn week_of(day: Date) -> Date {
    let back = i64::from(day.weekday().since(Weekday::Monday));
    day.saturating_sub(back.days())
}

/// A week of the curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Week {
    /// Its Monday.
    pub monday: Date,
    /// Incidents.
    pub incidents: u32,
    /// Reports, repeated ones included.
    pub voices: u32,
    /// Incidents of the same week of last year; none where the record does not reach so far.
    pub last_year: Option<u32>,
    /// What the weeks before let expect: lower and upper 95 % limit; only after the start.
    pub expected: Option<(f64, f64)>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Weeks before that were looked at.
    pub weeks_before: usize,
    /// Incidents a week before.
    pub before: f64,
    /// Whole weeks after the start.
    pub weeks_after: usize,
    /// Incidents a week after.
    pub after: f64,
    /// What came over what was expected.
    pub ratio: f64,
    /// Its lower 95 % limit.
    pub lo: f64,
    /// Its upper 95 % limit.
    pub hi: f64,
    /// What the limits say.
    pub verdict: Verdict,
}

/// What the limits say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Clearly fewer.
    Fewer,
    /// Clearly more.
    More,
    /// No clear difference.
    Unclear,
}

/// Why nothing is said about the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// It has not begun.
    NotBegun,
    /// Too few weeks or cases before.
    TooLittleBefore,
    /// Too few weeks since.
    TooEarly,
}

/// The curve of a topic with what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// Weeks that are over, oldest first.
    pub weeks: Vec<Week>,
    /// The week in which it began.
    pub began: Option<Date>,
    /// What became of it, or why nothing is said.
    pub change: Result<Change, Silence>,
}

/// Counts of one day: incidents, voices.
pub type Daily = BTreeMap<Date, (u32, u32)>;

/// Works out the effect. `first` is the first day of the record: days before it are not days without cases. `ended` stops
/// the comparison; what comes later is drawn, not judged. Only weeks that are over on `today` are looked at.
pub fn effect(
    daily: &Daily,
    first: Date,
    started: Option<Date>,
    ended: Option<Date>,
    today: Date,
    weeks_shown: usize,
) -> Effect {
    let this_week = week_of(today);
    let first_week = week_of(first.saturating_add(6.days()));
    let of_week = |monday: Date| {
        monday
            .series(1.day())
            .take(7)
            .fold((0, 0), |sum: (u32, u32), day| {
                let (incidents, voices) = daily.get(&day).copied().unwrap_or_default();
                (sum.0 + incidents, sum.1 + voices)
            })
    };
    let began = started.map(week_of);
    let shown_from = this_week
        .saturating_sub(i64::try_from(weeks_shown * 7).unwrap_or(0).days())
        .max(first_week);
    // The time before the start is always shown as far as it is judged by.
    let before_from = began.map_or(shown_from, |b| {
        b.saturating_sub((MOST_BEFORE as i64 * 7).days())
            .max(first_week)
    });
    let mondays: Vec<Date> = shown_from
        .min(before_from)
        .series(7.days())
        .take_while(|monday| *monday < this_week)
        .collect();
    let before: Vec<u32> = mondays
        .iter()
        .filter(|m| began.is_some_and(|b| **m < b && **m >= before_from))
        .map(|m| of_week(*m).0)
        .collect();
    let base = Base::of(&before);
    let weeks: Vec<Week> = mondays
        .iter()
        .map(|monday| {
            let (incidents, voices) = of_week(*monday);
            let last_year = monday.saturating_sub(364.days());
            let is_after = began.is_some_and(|b| *monday > b);
            Week {
                monday: *monday,
                incidents,
                voices,
                last_year: (last_year >= first_week).then(|| of_week(last_year).0),
                expected: base.filter(|_| is_after).and_then(|b| b.limits()),
            }
        })
        .collect();
    // The week of the start belongs to neither side; that of the end is the last.
    let last = ended.map_or(this_week, week_of);
    let after: Vec<u32> = weeks
        .iter()
        .filter(|w| began.is_some_and(|b| w.monday > b) && w.monday <= last)
        .map(|w| w.incidents)
        .collect();
    let change = match (began, base) {
        (None, _) => Err(Silence::NotBegun),
        (Some(_), None) => Err(Silence::TooLittleBefore),
        (Some(_), Some(_)) if after.len() < LEAST_AFTER => Err(Silence::TooEarly),
        (Some(_), Some(base)) => Ok(base.change(&after)),
    };
    Effect {
        weeks,
        began,
        change,
    }
}

/// What the weeks before say.
#[derive(Debug, Clone, Copy)]
struct Base {
    weeks: f64,
    sum: f64,
    mean: f64,
    dispersion: f64,
}

impl Base {
    fn of(before: &[u32]) -> Option<Self> {
        let sum: u32 = before.iter().sum();
        if before.len() < LEAST_BEFORE || sum < LEAST_COUNTED {
            return None;
        }
        let weeks = before.len() as f64;
        let mean = f64::from(sum) / weeks;
        let pearson: f64 = before
            .iter()
            .map(|n| (f64::from(*n) - mean).powi(2) / mean)
            .sum();
        Some(Self {
            weeks,
            sum: f64::from(sum),
            mean,
            dispersion: (pearson / (weeks - 1.0)).max(1.0),
        })
    }

    /// Where 95 % of weeks like those before lie.
    fn limits(&self) -> Option<(f64, f64)> {
        let law = CountLaw::new(self.mean, self.dispersion * (1.0 + 1.0 / self.weeks))?;
        Some((law.quantile(0.025)?, law.quantile(0.975)?))
    }

    fn change(&self, after: &[u32]) -> Change {
        let observed: f64 = after.iter().map(|n| f64::from(*n)).sum();
        let expected = self.mean * after.len() as f64;
        // Half a case keeps the logarithm finite where none came.
        let counted = observed.max(0.5);
        let error = (self.dispersion / counted + self.dispersion / self.sum).sqrt();
        let (lo, hi) = (
            counted / expected * (-Z95 * error).exp(),
            counted / expected * (Z95 * error).exp(),
        );
        Change {
            weeks_before: self.weeks as usize,
            before: self.mean,
            weeks_after: after.len(),
            after: observed / after.len() as f64,
            ratio: observed / expected,
            lo,
            hi,
            verdict: if hi < 1.0 {
                Verdict::Fewer
            } else if lo > 1.0 {
                Verdict::More
            } else {
                Verdict::Unclear
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use rand::rngs::SmallRng;
    use rand::{RngExt as _, SeedableRng as _};

    const FIRST: Date = date(2025, 1, 6);

    /// So many incidents every Wednesday, from the first week on.
    fn weekly(counts: impl IntoIterator<Item = u32>) -> Daily {
        counts
            .into_iter()
            .enumerate()
            .map(|(week, n)| {
                let day = FIRST.saturating_add((week as i64 * 7 + 2).days());
                (day, (n, n * 2))
            })
            .collect()
    }

    fn monday(week: i64) -> Date {
        FIRST.saturating_add((week * 7).days())
    }

    #[test]
    fn half_as_many_by_hand() {
        // Twelve weeks of ten, the week of the start, six weeks of five: 5/10 with φ = 1,
        // error = √(1/30 + 1/120) = 0.2041, limits 0.5·e^±0.4001 = 0.335 and 0.746.
        let daily = weekly([vec![10; 12], vec![10], vec![5; 6]].concat());
        let found = effect(&daily, FIRST, Some(monday(12)), None, monday(19), 30);
        let change = found.change.expect("enough weeks");
        assert_eq!((change.weeks_before, change.weeks_after), (12, 6));
        assert!((change.ratio - 0.5).abs() < 1e-12);
        assert!(
            (change.lo - 0.335).abs() < 1e-3 && (change.hi - 0.746).abs() < 1e-3,
            "{change:?}"
        );
        assert_eq!(change.verdict, Verdict::Fewer);
        let last = found.weeks.last().expect("weeks");
        assert_eq!(
            (last.monday, last.incidents, last.voices),
            (monday(18), 5, 10)
        );
        assert!(
            last.expected
                .is_some_and(|(lo, hi)| lo < 10.0 && hi > 10.0 && lo > 2.0)
        );
        assert!(
            found.weeks[0].expected.is_none(),
            "before the start nothing is expected"
        );
    }

    #[test]
    fn a_week_that_is_not_over_and_what_comes_after_the_end_are_not_judged() {
        let daily = weekly([vec![10; 13], vec![2; 4], vec![30; 4]].concat());
        let found = effect(
            &daily,
            FIRST,
            Some(monday(12)),
            Some(monday(16)),
            monday(20),
            30,
        );
        let change = found.change.expect("enough weeks");
        assert_eq!(change.weeks_after, 4);
        assert!((change.after - 2.0).abs() < 1e-12);
        assert_eq!(found.weeks.last().map(|w| w.monday), Some(monday(19)));
    }

    #[test]
    fn too_little_says_nothing() {
        let said = |counts: Vec<u32>, start: Option<i64>, today: i64| {
            effect(
                &weekly(counts),
                FIRST,
                start.map(monday),
                None,
                monday(today),
                20,
            )
            .change
        };
        assert_eq!(said(vec![10; 20], None, 20), Err(Silence::NotBegun));
        assert_eq!(
            said(vec![10; 20], Some(5), 20),
            Err(Silence::TooLittleBefore)
        );
        assert_eq!(
            said(vec![1; 20], Some(8), 20),
            Err(Silence::TooLittleBefore)
        );
        assert_eq!(said(vec![10; 20], Some(18), 20), Err(Silence::TooEarly));
        assert_eq!(
            said(Vec::new(), Some(18), 20),
            Err(Silence::TooLittleBefore)
        );
    }

    #[test]
    fn days_before_the_record_are_not_days_without_cases() {
        let daily = weekly(vec![10; 60]);
        let found = effect(&daily, FIRST, Some(monday(30)), None, monday(60), 60);
        assert_eq!(found.weeks[0].monday, FIRST);
        assert_eq!(found.weeks[10].last_year, None);
        assert_eq!(found.weeks[55].last_year, Some(10));
    }

    /// Law: where nothing changed, the limits hold 1 about nineteen times in twenty.
    #[test]
    fn without_a_change_a_change_is_seldom_seen() {
        let mut random = SmallRng::seed_from_u64(20_261_129);
        let mut poisson = |mean: f64| {
            let (mut k, mut product) = (0, random.random::<f64>());
            while product > (-mean).exp() {
                product *= random.random::<f64>();
                k += 1;
            }
            k
        };
        let mut seen = 0;
        for _ in 0..1000 {
            let daily = weekly((0..40).map(|_| poisson(12.0)).collect::<Vec<u32>>());
            let found = effect(&daily, FIRST, Some(monday(26)), None, monday(40), 40);
            seen += u32::from(found.change.expect("enough").verdict != Verdict::Unclear);
        }
        assert!((20..=80).contains(&seen), "{seen} of 1000");
    }

    #[test]
    fn no_input_panics() {
        for (first, start, end, today) in [
            (Date::MIN, Some(Date::MIN), Some(Date::MAX), Date::MAX),
            (Date::MAX, Some(Date::MAX), None, Date::MIN),
            (FIRST, Some(Date::MAX), Some(Date::MIN), FIRST),
        ] {
            // A record of all time would be a long curve: only its weeks are bounded by what is shown.
            let today = today.min(date(2030, 1, 1));
            let first = first.max(date(2020, 1, 1));
            let _ = effect(&Daily::new(), first, start, end, today, 52);
        }
    }
}
