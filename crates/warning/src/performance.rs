//! What a detector has been worth: precision, how early it warned, how often it was wrong. Pure.
//!
//! - *precision*: findings judged real, of those judged at all. A known cause is a true rise but no news, so it counts
//!   against precision and is shown by itself.
//! - *false alarms*: findings judged false, in thirty days of looking.
//! - *delay*: days from the first day of the cluster's window to the detector's first warning (median, of real ones).
//! - *lead*: days from the detector's first warning to the last day the cluster was seen (median, of real ones): the time
//!   in which something could still be done.

use crate::counts::days_between;
use crate::model::Verdict;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A finding as far as this needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// The first day of its first window.
    pub began: Date,
    /// The last day it was seen.
    pub last_seen: Date,
    /// What a person found out, if anybody did.
    pub verdict: Option<Verdict>,
    /// Each detector that saw it, with its first day.
    pub seen_by: Vec<(String, Date)>,
}

/// What one detector has been worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Performance {
    /// The detector.
    pub detector: String,
    /// Days it looked at.
    pub days: u32,
    /// Findings it saw.
    pub findings: u32,
    /// Of these, judged real.
    pub real: u32,
    /// Of these, judged to have a cause known before.
    pub known_cause: u32,
    /// Of these, judged false.
    pub false_alarms: u32,
    /// Of these, not judged.
    pub unjudged: u32,
    /// Real of judged; none where nothing was judged.
    pub precision: Option<f64>,
    /// False alarms in thirty days; none where it never looked.
    pub false_per_30_days: Option<f64>,
    /// Median days from the beginning of a real cluster to the first warning.
    pub delay_days: Option<f64>,
    /// Median days from the first warning of a real cluster to its last day.
    pub lead_days: Option<f64>,
}

/// The performance of each detector, by its code. `days` says how many days each looked at.
pub fn of(lives: &[Life], days: &BTreeMap<String, u32>) -> Vec<Performance> {
    let mut codes: Vec<&String> = days.keys().collect();
    codes.extend(
        lives
            .iter()
            .flat_map(|l| l.seen_by.iter().map(|(code, _)| code)),
    );
    codes.sort();
    codes.dedup();
    codes
        .into_iter()
        .map(|code| one(code, lives, days.get(code).copied().unwrap_or(0)))
        .collect()
}

fn one(code: &str, lives: &[Life], days: u32) -> Performance {
    let seen: Vec<(&Life, Date)> = lives
        .iter()
        .filter_map(|life| {
            let first = life.seen_by.iter().find(|(c, _)| c == code)?.1;
            Some((life, first))
        })
        .collect();
    let judged = |verdict| {
        let n = seen.iter().filter(|(l, _)| l.verdict == verdict).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    };
    let (real, known_cause, false_alarms) = (
        judged(Some(Verdict::Real)),
        judged(Some(Verdict::KnownCause)),
        judged(Some(Verdict::False)),
    );
    let all = real + known_cause + false_alarms;
    let of_real = |days: &dyn Fn(&Life, Date) -> i64| {
        let real = seen
            .iter()
            .filter(|(l, _)| l.verdict == Some(Verdict::Real));
        median(real.map(|(l, first)| days(l, *first) as f64).collect())
    };
    Performance {
        detector: code.to_owned(),
        days,
        findings: u32::try_from(seen.len()).unwrap_or(u32::MAX),
        real,
        known_cause,
        false_alarms,
        unjudged: judged(None),
        precision: (all > 0).then(|| f64::from(real) / f64::from(all)),
        false_per_30_days: (days > 0).then(|| f64::from(false_alarms) * 30.0 / f64::from(days)),
        delay_days: of_real(&|life, first| days_between(life.began, first)),
        lead_days: of_real(&|life, first| days_between(first, life.last_seen)),
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::day_after;
    use jiff::civil::date;

    const DAY: Date = date(2026, 3, 1);

    fn life(verdict: Option<Verdict>, warned: i64, last: i64, seen_by: &[&str]) -> Life {
        Life {
            began: DAY,
            last_seen: day_after(DAY, last),
            verdict,
            seen_by: seen_by
                .iter()
                .map(|c| ((*c).to_owned(), day_after(DAY, warned)))
                .collect(),
        }
    }

    #[test]
    fn precision_false_alarms_delay_and_lead_by_hand() {
        let lives = [
            life(Some(Verdict::Real), 1, 5, &["scan", "surge"]),
            life(Some(Verdict::Real), 2, 3, &["scan"]),
            life(Some(Verdict::False), 0, 9, &["scan"]),
            life(Some(Verdict::KnownCause), 0, 9, &["scan"]),
            life(None, 0, 1, &["surge"]),
        ];
        let days = BTreeMap::from([("scan".to_owned(), 60), ("season".to_owned(), 0)]);
        let all = of(&lives, &days);
        let codes: Vec<&str> = all.iter().map(|p| p.detector.as_str()).collect();
        assert_eq!(codes, ["scan", "season", "surge"]);
        let scan = &all[0];
        assert_eq!(
            (
                scan.findings,
                scan.real,
                scan.known_cause,
                scan.false_alarms,
                scan.unjudged
            ),
            (4, 2, 1, 1, 0)
        );
        assert_eq!(
            (scan.precision, scan.false_per_30_days),
            (Some(0.5), Some(0.5))
        );
        // Delays 1 and 2, leads 4 and 1.
        assert_eq!((scan.delay_days, scan.lead_days), (Some(1.5), Some(2.5)));
        let season = &all[1];
        assert_eq!(
            (
                season.findings,
                season.precision,
                season.false_per_30_days,
                season.lead_days
            ),
            (0, None, None, None)
        );
        let surge = &all[2];
        assert_eq!(
            (surge.findings, surge.unjudged, surge.precision),
            (2, 1, Some(1.0))
        );
    }
}
