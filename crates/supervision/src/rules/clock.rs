//! When a clock reaches a rung.

use crate::model::{Rung, RungAt};
use cases::{Case, State};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::deadline::{ClockKind, Due as DueAt, Light, Thresholds, deadline, light};
use kernel::{Calendar, Limit};
use std::collections::BTreeSet;

/// Which run of its clock a case is in. A dispatch, an extension and a rework each begin a new one; a suspension, a wait for
/// the requester and a new calendar do not, since they move a deadline without giving the unit another.
pub fn arming(case: &Case) -> String {
    format!("d{}e{}w{}", case.dispatches, case.extensions, case.reworks)
}

/// Whether the clock of handling runs: the unit has the case, and nothing holds the clock.
pub fn is_running(case: &Case) -> bool {
    matches!(case.state, State::PendingSign | State::Handling)
        && case.paused_until.is_none()
        && case.due_at.is_some()
}

fn clock_of(case: &Case) -> ClockKind {
    let limit: Option<Limit> = case.standard.as_ref().and_then(|s| s.limit);
    limit.map_or(ClockKind::UrgentHours, |l| l.clock())
}

/// When a running clock reaches a rung, to the second; none where it cannot be told.
pub fn moment(case: &Case, at: RungAt, calendar: &Calendar, tz: &TimeZone) -> Option<Timestamp> {
    let due = case.due_at?;
    match at {
        RungAt::Percent(100) => Some(due),
        RungAt::After(limit) => deadline(due, limit, calendar, tz, &case.pauses)
            .ok()
            .map(|d| d.at),
        RungAt::Percent(percent) => {
            let start = case.due_from.unwrap_or(case.reported_at);
            if start >= due {
                return Some(due);
            }
            let due_at = DueAt {
                at: due,
                provisional: false,
                parked: false,
            };
            let thresholds = Thresholds {
                soon_percent: percent,
                late_percent: 100,
            };
            let is_reached = |now: Timestamp| {
                let found = light(
                    now,
                    start,
                    &due_at,
                    clock_of(case),
                    calendar,
                    tz,
                    &case.pauses,
                    thresholds,
                );
                matches!(found, Ok(Light::Soon | Light::Late))
            };
            // The share used never falls while the clock runs, so the moment is found by halving.
            let (mut low, mut high) = (start.as_second(), due.as_second());
            while low < high {
                let middle = low + (high - low) / 2;
                if is_reached(Timestamp::from_second(middle).ok()?) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            Timestamp::from_second(high).ok()
        }
    }
}

/// What a look at a clock finds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due<'a> {
    /// Rungs that are reached and have not fired in this arming, the lowest first.
    pub rungs: Vec<&'a Rung>,
    /// When the next one is reached.
    pub next: Option<Timestamp>,
}

/// The rungs of a class: its own where it has any in force, else those for all.
fn ladder_of<'a>(ladder: &'a [Rung], code: Option<&str>) -> Vec<&'a Rung> {
    let of = |matter: &str| -> Vec<&'a Rung> {
        ladder
            .iter()
            .filter(|r| r.enabled && r.matter == matter)
            .collect()
    };
    let own = code.map(of).unwrap_or_default();
    if own.is_empty() { of("*") } else { own }
}

/// Which rungs of the ladder are due at `now`, and when the next is. Nothing while the clock stands still.
pub fn due_rungs<'a>(
    case: &Case,
    ladder: &'a [Rung],
    fired: &BTreeSet<i64>,
    now: Timestamp,
    calendar: &Calendar,
    tz: &TimeZone,
) -> Due<'a> {
    let mut due = Due::default();
    if !is_running(case) {
        return due;
    }
    let code = case.standard.as_ref().map(|s| s.code.as_str());
    let mut rungs = ladder_of(ladder, code);
    rungs.sort_by_key(|r| r.level);
    for rung in rungs.into_iter().filter(|r| !fired.contains(&r.level)) {
        let Some(at) = moment(case, rung.at, calendar, tz) else {
            continue;
        };
        if at <= now {
            due.rungs.push(rung);
        } else {
            due.next = Some(due.next.map_or(at, |next| next.min(at)));
        }
    }
    // A provisional deadline may move when the calendar comes: it is looked at again once a day.
    if case.provisional
        && due
            .next
            .is_some_and(|next| next > now + SignedDuration::from_hours(24))
    {
        due.next = Some(now + SignedDuration::from_hours(24));
    }
    due
}
