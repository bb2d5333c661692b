//! When the clocks of a case turn: what an event says of them ([`clocks`]), and what that makes of the case ([`change`]).

use super::{Facts, Refusal};
use crate::model::{Case, CaseEvent, Fact};
use crate::stage::{Clocks, HandlingClock, HeldStage, Stage, StageClock, StageLimit};
use jiff::Timestamp;
use kernel::deadline::{ClockKind, Light, Limit, deadline, soon_at};

/// What the clock of handling rests on; whatever changes one of these moves the moment at which it turns yellow.
fn ground(case: &Case) -> (Option<Timestamp>, Option<Timestamp>, usize, bool, u32) {
    let stands = case.paused_until.is_some();
    (
        case.due_from,
        case.due_at,
        case.pauses.len(),
        stands,
        case.granted,
    )
}

/// What the event that made `after` of `before` says about clocks; none when it sets none going. What a file said is left
/// as it is: it knows nothing of our clocks.
pub(super) fn clocks(
    before: Option<&Case>,
    after: &Case,
    fact: &Fact,
    facts: &Facts<'_>,
) -> Result<Option<Clocks>, Refusal> {
    // And what another calendar makes of clocks stands in the fact itself.
    let is_told = matches!(
        fact,
        Fact::Imported(_) | Fact::ImportUpdated { .. } | Fact::Recomputed(_)
    );
    if is_told {
        return Ok(None);
    }
    // A merge that is undone begins no stage: the one it stood in goes on, and its limit with it.
    if let (Fact::Unmerged, Some(held)) = (fact, before.and_then(|case| case.held.as_deref())) {
        return Ok(Some(Clocks {
            begins: None,
            stage: Some(goes_on(held, facts)?),
            handling: None,
            calendar: facts.calendar.version().to_owned(),
        }));
    }
    let begins = Stage::of(after).filter(|stage| before.and_then(Stage::of) != Some(*stage));
    let stage = begins
        .map(|stage| stage_clock(facts.now, limit_of(stage, after, facts), facts))
        .transpose()?;
    let moved = before.map(ground) != Some(ground(after));
    let handling = (moved && after.due_from.is_some())
        .then(|| soon_of_handling(after, facts).map(|soon_at| HandlingClock { soon_at }))
        .transpose()?;
    Ok((stage.is_some() || handling.is_some()).then(|| Clocks {
        begins,
        stage,
        handling,
        calendar: facts.calendar.version().to_owned(),
    }))
}

/// The clock of the stage a case is in, to be kept while the case rests in another.
pub(super) fn held(case: &Case) -> Option<Box<HeldStage>> {
    let held = case.stage_from.map(|from| HeldStage {
        from,
        clock: StageClock {
            limit: case.stage_limit,
            due_at: case.stage_due_at,
            soon_at: case.stage_soon_at,
            provisional: case.stage_provisional,
        },
        calendar: case.stage_calendar.clone(),
    });
    held.map(Box::new)
}

/// The clock of a stage in which a case was merged. It went on meanwhile: whoever merged it had the choice, nobody who could
/// act on it was waited for, and a limit that stood still would make every merge a pause. Another calendar is taken in now.
fn goes_on(held: &HeldStage, facts: &Facts<'_>) -> Result<StageClock, Refusal> {
    if held.calendar.as_deref() == Some(facts.calendar.version()) {
        return Ok(held.clock.clone());
    }
    stage_clock(held.from, held.clock.limit, facts)
}

fn limit_of(stage: Stage, case: &Case, facts: &Facts<'_>) -> Option<Limit> {
    facts
        .rules
        .stage_limit(stage)
        .and_then(|limit: &StageLimit| limit.of(&case.channel, case.urgent))
}

/// The clock of a stage that begins at `from` under a limit.
pub(super) fn stage_clock(
    from: Timestamp,
    limit: Option<Limit>,
    facts: &Facts<'_>,
) -> Result<StageClock, Refusal> {
    let Some(limit) = limit else {
        return Ok(StageClock::default());
    };
    let wrong = |e: kernel::deadline::DeadlineError| Refusal::Deadline(e.to_string());
    let due = deadline(from, limit, facts.calendar, facts.tz, &[]).map_err(wrong)?;
    let soon = soon_at(
        from,
        due.at,
        limit.clock(),
        facts.calendar,
        facts.tz,
        &[],
        facts.rules.soon_percent,
    );
    Ok(StageClock {
        limit: Some(limit),
        due_at: Some(due.at),
        // The share of an uncertain limit would only look exact.
        soon_at: soon.map_err(wrong)?.filter(|_| !due.provisional),
        provisional: due.provisional,
    })
}

/// When the clock of handling turns yellow; none without a deadline and while it stands still.
pub(super) fn soon_of_handling(
    case: &Case,
    facts: &Facts<'_>,
) -> Result<Option<Timestamp>, Refusal> {
    let (Some(from), Some(due)) = (case.due_from, case.due_at) else {
        return Ok(None);
    };
    if case.paused_until.is_some() || case.provisional {
        return Ok(None);
    }
    soon_at(
        from,
        due,
        case.clock_of_handling(),
        facts.calendar,
        facts.tz,
        &case.pauses,
        facts.rules.soon_percent,
    )
    .map_err(|e| Refusal::Deadline(e.to_string()))
}

/// What an event says about clocks, put into the case. `before` is the stage it was in. Total, like all of `apply`: an
/// event of a time that knew no stages leaves a case without one.
pub(super) fn change(case: &mut Case, before: Option<Stage>, event: &CaseEvent) {
    let said = event.clocks.as_deref();
    if Stage::of(case) != before {
        case.stage_from = None;
        set_stage(case, StageClock::default());
        case.stage_calendar = None;
    }
    let held = match &event.fact {
        Fact::Unmerged => case.held.take(),
        _ => None,
    };
    let Some(said) = said else { return };
    if let Some(clock) = &said.stage {
        case.stage_from = Some(held.map_or(event.at, |held| held.from));
        set_stage(case, clock.clone());
        case.stage_calendar = clock.limit.is_some().then(|| said.calendar.clone());
    }
    if let Some(handling) = &said.handling {
        case.soon_at = handling.soon_at;
        case.calendar = case.due_at.is_some().then(|| said.calendar.clone());
    }
}

/// The clock of the stage that the case is in.
pub(super) fn set_stage(case: &mut Case, clock: StageClock) {
    case.stage_limit = clock.limit;
    case.stage_due_at = clock.due_at;
    case.stage_soon_at = clock.soon_at;
    case.stage_provisional = clock.provisional;
}

impl Case {
    /// The limit of handling that runs: that of its standard, or what a reopening gave the round it is in. Everything that
    /// computes a deadline of handling asks this.
    pub fn limit_of_handling(&self) -> Option<Limit> {
        let of_standard = self.standard.as_ref().and_then(|s| s.limit);
        self.round_limit.or(of_standard)
    }
    /// The clock that rules its handling; a deadline from a file says only a time.
    pub fn clock_of_handling(&self) -> ClockKind {
        self.limit_of_handling()
            .map_or(ClockKind::UrgentHours, |limit| limit.clock())
    }
    /// When the stage it is in is due; in the stage of handling that is the deadline of handling. None without a limit and
    /// while the clock stands still.
    pub fn stage_due(&self) -> Option<Timestamp> {
        match Stage::of(self)? {
            Stage::Handle => self.handling_due(),
            _ => self.stage_due_at,
        }
    }
    /// When handling is due, while that clock runs: it is not handled, not over, and the clock does not stand still.
    pub fn handling_due(&self) -> Option<Timestamp> {
        self.due_at.filter(|_| self.is_handling_open())
    }
    /// When handling turns yellow, while that clock runs. A deadline that a file stated is yellow after four fifths of the
    /// time from the report to it.
    pub fn handling_soon(&self) -> Option<Timestamp> {
        let due = self.handling_due()?;
        if self.source.is_some() && self.dispatched_at.is_none() {
            let (from, due) = (self.reported_at.as_microsecond(), due.as_microsecond());
            return Timestamp::from_microsecond(from + (due - from) / 5 * 4).ok();
        }
        self.soon_at
    }
    fn is_handling_open(&self) -> bool {
        self.handled_at.is_none() && self.paused_until.is_none() && !self.state.is_final()
    }
    /// The light of the stage it is in; none without a limit. While handling, that of [`Self::handling_light`].
    pub fn stage_light(&self, now: Timestamp) -> Option<Light> {
        match Stage::of(self)? {
            Stage::Handle => self.handling_light(now),
            _ => turned(
                now,
                self.stage_soon_at,
                self.stage_due_at?,
                self.stage_provisional,
            ),
        }
    }
    /// The light of handling while it is not handled; parked while its clock stands still, unless it was late before.
    pub fn handling_light(&self, now: Timestamp) -> Option<Light> {
        if self.handled_at.is_some() || self.state.is_final() {
            return None;
        }
        self.due_at?;
        match self.counted_due() {
            None => Some(Light::Parked),
            Some(due) => turned(now, self.handling_soon(), due, self.provisional),
        }
    }
    /// The deadline of handling as lists, figures and evaluations count it: none while the clock stands still. Whoever was late
    /// when it was stopped stays late: a suspension, or a question to the requester, hides nothing.
    pub fn counted_due(&self) -> Option<Timestamp> {
        let open = self.pauses.last().filter(|pause| pause.to.is_none());
        let is_before = |due: Timestamp| open.is_some_and(|pause| pause.from < due);
        self.due_at.filter(|due| !is_before(*due))
    }
    /// The light that presses most: of the stage or, while the case is with a unit, of handling.
    pub fn light(&self, now: Timestamp) -> Option<Light> {
        let (stage, handling) = (self.stage_light(now), self.handling_light(now));
        let is_worse = |a: Light, b: Light| weight(a) > weight(b);
        match (stage, handling) {
            (Some(a), Some(b)) => Some(if is_worse(b, a) { b } else { a }),
            (a, b) => a.or(b),
        }
    }
    /// The moment that presses: the first at which something of it is due. Those without one stand behind all others.
    /// None when nobody waits for anything any more.
    pub fn pressing(&self) -> Option<i64> {
        if self.state.is_final() {
            return None;
        }
        let timer = self.timer().map(|(_, at)| at);
        let moments = match self.state {
            crate::model::State::Suspended | crate::model::State::Waiting => [timer, None, None],
            _ => [timer, self.stage_due_at, self.handling_due()],
        };
        let first = moments.into_iter().flatten().min();
        Some(first.map_or(i64::MAX, Timestamp::as_microsecond))
    }
}

/// How much a light presses.
fn weight(light: Light) -> u8 {
    match light {
        Light::Late => 4,
        Light::Soon => 3,
        Light::Provisional => 2,
        Light::InTime => 1,
        Light::Parked => 0,
    }
}

fn turned(
    now: Timestamp,
    soon: Option<Timestamp>,
    due: Timestamp,
    provisional: bool,
) -> Option<Light> {
    Some(if now > due {
        Light::Late
    } else if provisional {
        Light::Provisional
    } else if soon.is_some_and(|soon| soon <= now) {
        Light::Soon
    } else {
        Light::InTime
    })
}
