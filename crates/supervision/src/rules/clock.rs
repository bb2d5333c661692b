//! Which clocks of a case run, and when one reaches a rung.

use crate::model::{Ladder, Rung, RungAt};
use cases::{Case, Stage, State};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::Calendar;
use kernel::deadline::{ClockKind, Due as DueAt, Light, Pause, Thresholds, deadline, light};
use std::collections::BTreeSet;

/// A clock that runs: that of handling, or that of the stage a case is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Of which stage.
    pub stage: Stage,
    /// Which of its runs it is.
    pub arming: String,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub due: Timestamp,
    kind: ClockKind,
    pauses: Vec<Pause>,
    is_provisional: bool,
}

impl Running {
    /// The key of a rung of this clock in the file of the case.
    pub fn entry(&self, level: i64) -> String {
        format!("{}/{level}", self.arming)
    }
}

/// Which run of the clock of handling a case is in. A dispatch, an extension, a rework and a reopening each begin a new one; a
/// suspension, a wait for the requester and a new calendar do not, since they move a deadline without giving the unit another.
pub fn arming(case: &Case) -> String {
    let round = of_round(case);
    format!(
        "d{}e{}w{}{round}",
        case.dispatches, case.extensions, case.reworks
    )
}

/// The part of a key that tells the rounds of a case apart: empty until it is reopened.
pub fn of_round(case: &Case) -> String {
    match case.record.rounds.len() {
        0 => String::new(),
        reopened => format!("o{reopened}"),
    }
}

/// Whether the clock of handling runs: the unit has the case, and nothing holds the clock.
pub fn is_running(case: &Case) -> bool {
    handling(case).is_some()
}

fn handling(case: &Case) -> Option<Running> {
    let is_with_unit = matches!(case.state, State::PendingSign | State::Handling);
    let due = case
        .due_at
        .filter(|_| is_with_unit && case.paused_until.is_none())?;
    Some(Running {
        stage: Stage::Handle,
        arming: arming(case),
        from: case.due_from.unwrap_or(case.reported_at),
        due,
        kind: case.clock_of_handling(),
        pauses: case.pauses.clone(),
        is_provisional: case.provisional,
    })
}

/// The clock of the stage a case is in, if that has one of its own and began when the city had a ladder for it. Each time a
/// case comes into a stage is a run of its own.
fn of_stage(case: &Case, since: Option<Timestamp>) -> Option<Running> {
    let stage = Stage::of(case).filter(|stage| *stage != Stage::Handle)?;
    let from = case.stage_from.filter(|from| Some(*from) >= since)?;
    since?;
    Some(Running {
        stage,
        arming: format!("{stage}@{}", from.as_microsecond()),
        from,
        due: case.stage_due_at?,
        kind: case
            .stage_limit
            .map_or(ClockKind::UrgentHours, |l| l.clock()),
        pauses: Vec::new(),
        is_provisional: case.stage_provisional,
    })
}

/// The clocks of a case that run: while it waits to be signed for there are two.
pub fn running(case: &Case, stages_since: Option<Timestamp>) -> Vec<Running> {
    handling(case)
        .into_iter()
        .chain(of_stage(case, stages_since))
        .collect()
}

/// When the clock of handling reaches a rung, to the second; none where it does not run or cannot be told.
pub fn moment(case: &Case, at: RungAt, calendar: &Calendar, tz: &TimeZone) -> Option<Timestamp> {
    reaches(&handling(case)?, at, calendar, tz)
}

/// When a running clock reaches a rung, to the second; none where it cannot be told.
fn reaches(clock: &Running, at: RungAt, calendar: &Calendar, tz: &TimeZone) -> Option<Timestamp> {
    let (start, due) = (clock.from, clock.due);
    match at {
        RungAt::Percent(100) => Some(due),
        RungAt::After(limit) => deadline(due, limit, calendar, tz, &clock.pauses)
            .ok()
            .map(|d| d.at),
        RungAt::Percent(percent) => {
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
                    clock.kind,
                    calendar,
                    tz,
                    &clock.pauses,
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

/// What a look at the clocks of a case finds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due<'a> {
    /// Rungs that are reached and have not fired in this arming, the lowest first, each with its clock.
    pub rungs: Vec<(Running, &'a Rung)>,
    /// When the next one is reached.
    pub next: Option<Timestamp>,
}

/// The rungs of a stage for a class: its own where it has any in force, else those for all.
fn ladder_of<'a>(ladder: &'a Ladder, stage: Stage, code: Option<&str>) -> Vec<&'a Rung> {
    let of = |matter: &str| -> Vec<&'a Rung> {
        ladder
            .rungs
            .iter()
            .filter(|r| r.enabled && r.stage == stage && r.matter == matter)
            .collect()
    };
    let own = code.map(of).unwrap_or_default();
    if own.is_empty() { of("*") } else { own }
}

/// Which rungs of the ladder are due at `now`, and when the next is. Nothing while a clock stands still. `fired` are the keys
/// of those that fired.
pub fn due_rungs<'a>(
    case: &Case,
    ladder: &'a Ladder,
    fired: &BTreeSet<String>,
    now: Timestamp,
    calendar: &Calendar,
    tz: &TimeZone,
) -> Due<'a> {
    let mut due = Due::default();
    let code = case.standard.as_ref().map(|s| s.code.as_str());
    for clock in running(case, ladder.stages_since) {
        let mut rungs = ladder_of(ladder, clock.stage, code);
        rungs.sort_by_key(|r| r.level);
        for rung in rungs {
            if fired.contains(&clock.entry(rung.level)) {
                continue;
            }
            let Some(at) = reaches(&clock, rung.at, calendar, tz) else {
                continue;
            };
            if at <= now {
                due.rungs.push((clock.clone(), rung));
                continue;
            }
            // A provisional deadline may move when the calendar comes: it is looked at again once a day.
            let tomorrow = now + SignedDuration::from_hours(24);
            let look = if clock.is_provisional {
                at.min(tomorrow)
            } else {
                at
            };
            due.next = Some(due.next.map_or(look, |next| next.min(look)));
        }
    }
    due
}

/// When the clocks of a case are looked at next; none = never. That of handling stays in the list when it has passed its last
/// rung, since a city may add one; of a stage only what is still to come counts, since a call-back may wait for ever.
pub fn next_look(case: &Case, due: &Due<'_>) -> Option<Timestamp> {
    due.next.or(is_running(case).then_some(Timestamp::MAX))
}
