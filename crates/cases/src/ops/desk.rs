//! The desk: queues in the order of their clocks, with how many are late or soon, and the table of a unit.

use super::lists::key;
use super::{CaseError, Reach};
use crate::model::{Case, State, TaskKind};
use crate::period::{Moment, Period, Span};
use crate::search::Find;
use crate::service::Cases;
use crate::sql_desk::{self, Asked, AtPlace, Clock, InQueue, Moments, Queued, Standing};
use ::facts::Place;
use access::{AccountId, Ctx, Permission};
use jiff::{SignedDuration, Timestamp};
use kernel::codes::DistrictCode;
use kernel::deadline::{ClockKind, Light, Limit, deadline};
use kernel::{Cursor, Page, PageSize};
use matters::{City, MatterId};

/// The share of its time after which a clock is soon: the rest is a fifth.
const REST: u32 = 5;
/// The moment until which what is due has less than a fifth of a limit left. Exact on a clock that never stops; on a
/// working clock the fifth is rounded up to whole hours or days.
fn soon_until(limit: Limit, city: &City, now: Timestamp) -> Timestamp {
    let hours = match limit.clock() {
        ClockKind::UrgentHours => Some(1),
        ClockKind::UrgentDays | ClockKind::CalendarDays => Some(24),
        ClockKind::WorkingHours | ClockKind::WorkingDays => None,
    };
    let until = match hours {
        Some(hours) => {
            let seconds = i64::from(limit.amount()) * hours * 3600 / i64::from(REST);
            now.checked_add(SignedDuration::from_secs(seconds)).ok()
        }
        None => Limit::new(limit.amount().div_ceil(REST), limit.clock())
            .ok()
            .and_then(|fifth| deadline(now, fifth, &city.calendar, &city.timezone, &[]).ok())
            .map(|due| due.at),
    };
    until.unwrap_or(now)
}

/// The moments by which the clocks of tasks are told, at `now`.
pub fn moments(cases: &Cases, city: &City, now: Timestamp) -> Moments {
    let rules = cases.rules();
    let soon = |kind| soon_until(rules.task_limit(kind, "", false), city, now);
    Moments {
        now,
        verify_soon: soon(TaskKind::Verify),
        check_soon: soon(TaskKind::Check),
    }
}

/// The light of a case's open task.
pub fn task_light(case: &Case, at: &Moments) -> Option<Light> {
    let soon = match case.state {
        State::PendingVerify => at.verify_soon,
        State::PendingCheck => at.check_soon,
        _ => return None,
    };
    let due_at = case.task.as_ref()?.due_at;
    Some(if due_at < at.now {
        Light::Late
    } else if due_at <= soon {
        Light::Soon
    } else {
        Light::InTime
    })
}

/// The open queues within the reader's scope with how many are late and soon, in no order; empty ones are not there. One
/// statement.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn queues(ctx: &Ctx) -> Result<Vec<Standing>, CaseError> {
    let Some(asked) = within(ctx, Vec::new(), Narrow::default())? else {
        return Ok(Vec::new());
    };
    let now = ctx.now();
    ctx.read(move |r| Ok(sql_desk::standings(r, &asked, now)?))
        .await
}

/// A page of the cases in which a request about the clock waits for a decision, the most pressing first. One statement.
///
/// # Errors
/// As [`queue`].
pub async fn asked(
    ctx: &Ctx,
    narrow: Narrow,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Case>, CaseError> {
    let asked = within(ctx, Vec::new(), narrow)?.map(|asked| Asked {
        clock_asked: true,
        ..asked
    });
    page(ctx, asked, size, after).await
}

/// What narrows a list of the desk.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// Only in this district of record.
    pub district: Option<DistrictCode>,
    /// Only of this class.
    pub matter: Option<MatterId>,
    /// Only in this division or unit grid.
    pub place: Option<Place>,
    /// Only in these days.
    pub period: Option<Period>,
    /// Only with this light.
    pub light: Option<Clock>,
    /// Only what is found by this.
    pub find: Option<Find>,
}

/// What the reader may see of these states; none where the district is not the reader's.
fn within(ctx: &Ctx, states: Vec<State>, narrow: Narrow) -> Result<Option<Asked>, CaseError> {
    Ok(within_reach(ctx, Reach::of(ctx)?, states, narrow))
}

fn within_reach(
    ctx: &Ctx,
    Reach {
        districts, unit, ..
    }: Reach,
    states: Vec<State>,
    narrow: Narrow,
) -> Option<Asked> {
    let districts = match narrow.district {
        Some(wanted) if districts.is_empty() || districts.contains(&wanted) => vec![wanted],
        Some(_) => return None,
        None => districts,
    };
    let tz = ctx.service::<Cases>().city().timezone.clone();
    let span = |of: Moment| {
        let period = narrow.period.filter(|period| period.of == of);
        period.map_or_else(Span::default, |period| period.span(&tz))
    };
    Some(Asked {
        reported: span(Moment::Reported),
        due: span(Moment::Due),
        reworked: span(Moment::Reworked),
        states,
        districts,
        unit,
        clock_asked: false,
        matter: narrow.matter,
        place: narrow.place,
        light: narrow.light.map(|clock| (clock, ctx.now())),
        find: narrow.find,
    })
}

/// The open cases of these states (of all, if none are named) by place, and how many of them have a light now. A count
/// tells of no case: whoever may read figures may ask, within the own scope. One statement.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn by_place(
    ctx: &Ctx,
    states: Vec<State>,
    narrow: Narrow,
    clock: Clock,
) -> Result<Vec<AtPlace>, CaseError> {
    let reach = Reach::by(ctx, Permission::EvaluationRead)?;
    let Some(asked) = within_reach(ctx, reach, states, narrow) else {
        return Ok(Vec::new());
    };
    let now = ctx.now();
    ctx.read(move |r| Ok(sql_desk::by_place(r, &asked, (clock, now))?))
        .await
}

/// A page of the open cases in some states, the most pressing first, then the oldest. One statement.
///
/// # Errors
/// The lack of the permission; a cursor of another list; the store's.
pub async fn queue(
    ctx: &Ctx,
    states: Vec<State>,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Case>, CaseError> {
    narrowed(ctx, states, Narrow::default(), size, after).await
}

/// [`queue`], narrowed. One statement.
///
/// # Errors
/// As [`queue`].
pub async fn narrowed(
    ctx: &Ctx,
    states: Vec<State>,
    narrow: Narrow,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Case>, CaseError> {
    let asked = within(ctx, states, narrow)?;
    page(ctx, asked, size, after).await
}

async fn page(
    ctx: &Ctx,
    asked: Option<Asked>,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Case>, CaseError> {
    let after = in_queue(after)?;
    let Some(asked) = asked else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    let rows: Result<Vec<Queued>, CaseError> = ctx
        .read(move |r| Ok(sql_desk::queue(r, &asked, after, size.probe())?))
        .await;
    let page = Page::from_probe(rows?, size, |Queued { place, .. }| {
        Cursor::new([place.pressing.to_string(), place.case.to_string()])
    });
    Ok(Page {
        items: page.items.into_iter().map(|q| q.case).collect(),
        next: page.next,
    })
}

fn in_queue(cursor: Option<&Cursor>) -> Result<Option<InQueue>, CaseError> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    Ok(Some(InQueue {
        pressing: key(cursor, 0)?,
        case: key(cursor, 1)?,
    }))
}

/// What the reader's own unit has on its table, column by column, each the most pressing first; at most `size` in each,
/// and whether there are more. One statement.
///
/// # Errors
/// A reader without a unit; else as [`queue`].
pub async fn table(
    ctx: &Ctx,
    columns: &'static [&'static [State]],
    size: PageSize,
) -> Result<Vec<(Vec<Case>, bool)>, CaseError> {
    let Some(unit) = ctx.principal().unit() else {
        return Err(CaseError::field(
            "unit",
            "cases.no_own_unit",
            "this account belongs to no unit",
        ));
    };
    let Some(asked) = within(ctx, Vec::new(), Narrow::default())? else {
        return Ok(columns.iter().map(|_| (Vec::new(), false)).collect());
    };
    let asked = Asked {
        unit: Some(unit),
        ..asked
    };
    let rows: Result<Vec<Case>, CaseError> = ctx
        .read(move |r| Ok(sql_desk::columns(r, &asked, columns, size.probe())?))
        .await;
    let rows = rows?;
    let most = size.rows();
    Ok(columns
        .iter()
        .map(|states| {
            let mut of_column: Vec<Case> = rows
                .iter()
                .filter(|c| states.contains(&c.state))
                .cloned()
                .collect();
            let has_more = of_column.len() > most;
            of_column.truncate(most);
            (of_column, has_more)
        })
        .collect())
}

/// What lies on the table of the reader's own unit: its queues with their lights, and how much each of its people has in
/// hand (what is given to nobody stands under none).
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// The queues, in no order.
    pub queues: Vec<Standing>,
    /// Open cases by the person they are given to.
    pub in_hand: Vec<(Option<AccountId>, i64)>,
}

/// See [`Load`]. Counts of this moment, kept nowhere: they say who has room for the next case. Two statements.
///
/// # Errors
/// As [`table`].
pub async fn load(ctx: &Ctx) -> Result<Load, CaseError> {
    let Some(unit) = ctx.principal().unit() else {
        return Ok(Load::default());
    };
    let Some(asked) = within(ctx, Vec::new(), Narrow::default())? else {
        return Ok(Load::default());
    };
    let asked = Asked {
        unit: Some(unit),
        ..asked
    };
    let now = ctx.now();
    ctx.read(move |r| {
        Ok(Load {
            queues: sql_desk::standings(r, &asked, now)?,
            in_hand: sql_desk::in_hand(r, &asked)?,
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn the_last_fifth_of_a_limit_is_soon() {
        let reference = matters::Reference::new(jiff::tz::TimeZone::UTC);
        let city = reference.current();
        let now = at("2026-03-16T08:00:00Z");
        let until = |amount, clock| {
            let limit = Limit::new(amount, clock).expect("a limit");
            soon_until(limit, &city, now).duration_since(now).as_secs()
        };
        // 24 h: the last 4.8 h; 2 h: the last 24 min; 5 days: the last one.
        assert_eq!(until(24, ClockKind::UrgentHours), 17_280);
        assert_eq!(until(2, ClockKind::UrgentHours), 1440);
        assert_eq!(until(5, ClockKind::CalendarDays), 86_400);
        assert_eq!(until(5, ClockKind::UrgentDays), 86_400);
        // Without a loaded calendar a working clock runs on weekdays; a fifth of 4 working hours is one.
        assert!(until(4, ClockKind::WorkingHours) >= 3600);
    }
}
