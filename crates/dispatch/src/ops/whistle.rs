//! 吹哨报到 — a street calls departments to a place or to a case of its street, whoever handles it (by an act of the case);
//! they respond, arrive or decline within a limit; afterwards both sides are assessed. (北京市接诉即办工作条例 art. 16, 33.)

use super::{DispatchError, acting_unit, city, follow, needed, optional, own_unit};
use crate::model::{Call, Mark, Standing, Whistle, WhistleFigures};
use crate::sql::{self, Side};
use access::{Ctx, Permission, UnitId};
use cases::Case;
use cases::ops::{CaseError, Step};
use cases::rules::{JointCommand, MOST_SHARES};
use cases::service::Cases;
use jiff::Timestamp;
use kernel::DivisionCode;
use kernel::codes::CaseNumber;
use kernel::deadline::{Limit, deadline};
use kernel::id::Id;
use kernel::{Cursor, Page, PageSize};
use std::collections::BTreeMap;
use store::{AuditEvent, Read, StoreError, Write};

/// A whistle to be blown for a place or a case.
#[derive(Debug, Clone)]
pub struct NewWhistle {
    /// The case that it is about: then its place is the place of the case.
    pub case: Option<CaseNumber>,
    /// Who is called.
    pub units: Vec<UnitId>,
    /// What for.
    pub ask: String,
    /// Where, within the street.
    pub division: Option<DivisionCode>,
    /// Where, in words.
    pub address: String,
    /// How long they have to respond; none = what the city sets.
    pub limit: Option<Limit>,
}

/// A whistle with those it called.
#[derive(Debug, Clone)]
pub struct Blown {
    /// The whistle.
    pub whistle: Whistle,
    /// Those it called.
    pub calls: Vec<Call>,
    /// The number of its case.
    pub number: Option<String>,
}

/// Whistles for a case that lies in the street of the caller's unit: an act of the case, and its row in the lists at once.
async fn blow_for(ctx: &Ctx, number: CaseNumber, new: NewWhistle) -> Result<Id, DispatchError> {
    let command = JointCommand::Whistle {
        units: new.units,
        ask: new.ask,
        limit: new.limit,
        is_street: false,
    };
    let steps = vec![Step::Joint(command)];
    let done = cases::ops::act_with(
        ctx,
        number,
        None,
        steps,
        |w: &mut Write<'_>, case: &Case| {
            let before = case.version.saturating_sub(1);
            for event in cases::sql_lists::events_after(w, case.district, case.id, before)? {
                follow::whistled(w, case, &event)?;
            }
            Ok(Vec::new())
        },
    )
    .await;
    let case = done.map_err(|error| match error {
        CaseError::NotFound { .. } => {
            let reason = format!("no case {number} lies in the street of your unit");
            DispatchError::field("case", "dispatch.no_case_here", reason)
        }
        other => other.into(),
    })?;
    let (key, seq) = ((case.district, case.id), case.version);
    let blown = ctx.read(move |r| sql::whistles_of_case(r, key)).await?;
    let own = blown.iter().find(|w| w.seq == Some(seq));
    own.map(|w| w.id).ok_or(DispatchError::NotFound("whistle"))
}

/// Whistles for a place in the street of the caller's unit, or for a case there.
///
/// # Errors
/// [`DispatchError`].
pub async fn blow(ctx: &Ctx, new: NewWhistle) -> Result<Id, DispatchError> {
    ctx.require(Permission::CaseHandle)?;
    let unit = acting_unit(ctx)?;
    if let Some(number) = new.case {
        return blow_for(ctx, number, new).await;
    }
    let city = city(ctx);
    let street = cases::ops::joint::street_of(&city, unit).ok_or(DispatchError::NotYours {
        code: "dispatch.not_a_street",
        reason: "only the unit of a street whistles",
    })?;
    let division = new.division.unwrap_or(street);
    let is_inside = division == street
        || std::iter::successors(division.parent(), |up| up.parent()).any(|up| up == street);
    if !is_inside {
        return Err(DispatchError::field(
            "division",
            "dispatch.outside_street",
            format!("{division} does not lie in the street {street}"),
        ));
    }
    let mut units = new.units;
    units.sort_unstable();
    units.dedup();
    if units.is_empty() || units.len() > MOST_SHARES || units.contains(&unit) {
        return Err(DispatchError::field(
            "units",
            "dispatch.bad_units",
            format!("name 1 to {MOST_SHARES} other units"),
        ));
    }
    if let Some(unknown) = units.iter().find(|u| !city.units.is_in_force(**u)) {
        return Err(DispatchError::field(
            "units",
            "dispatch.unknown_unit",
            format!("no unit {unknown} is in force"),
        ));
    }
    let lists = ctx.service::<Cases>().lists(ctx).await?;
    let limit = new.limit.unwrap_or(lists.rules.whistle_limit);
    // The hours and days of the street hold for its whistle, as for its cases.
    let calendar = city.calendar_at(Some(division));
    let due = deadline(ctx.now(), limit, calendar, &city.timezone, &[])
        .map_err(|e| DispatchError::field("limit", "dispatch.bad_limit", e.to_string()))?;
    let whistle = Whistle {
        district: street.district(),
        id: Id::new(ctx.now(), rand::random()),
        case: None,
        seq: None,
        unit,
        division: Some(division),
        address: optional("address", &new.address)?,
        ask: needed("ask", &new.ask)?,
        at: ctx.now(),
        due_at: due.at,
        ended_at: None,
        limit_text: Some(limit.to_string()),
        provisional: due.provisional,
        calendar: Some(calendar.version().to_owned()),
        was_due_at: None,
        was_unit: None,
    };
    let id = whistle.id;
    ctx.write(move |mut w| -> Result<_, StoreError> {
        sql::insert_whistle(&mut w, &whistle, &units)?;
        let event = AuditEvent::done("whistle.blow", "whistle", whistle.id.to_string())
            .district(whistle.district.as_str())
            .detail(serde_json::json!({ "units": units.len() }));
        w.commit(event, ())
    })
    .await?;
    Ok(id)
}

/// Who sees which whistles: the two sides their own; the desk that dispatches, and leaders, all of their districts.
fn side(ctx: &Ctx) -> Result<Side, DispatchError> {
    ctx.require(Permission::CaseRead)?;
    if ctx.require(Permission::CaseCoordinate).is_ok() {
        return Ok(Side::Within(ctx.scope().districts));
    }
    Ok(Side::Of(own_unit(ctx)?))
}

/// A page of whistles, newest first. Three statements.
///
/// # Errors
/// [`DispatchError`].
pub async fn list(
    ctx: &Ctx,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Blown>, DispatchError> {
    let side = side(ctx)?;
    let bad = |e: kernel::paging::PagingError| {
        DispatchError::field("after", "dispatch.bad_cursor", e.to_string())
    };
    let before = match after {
        Some(cursor) => Some((
            cursor.part::<Timestamp>(0).map_err(bad)?,
            cursor.part::<Id>(1).map_err(bad)?,
        )),
        None => None,
    };
    let rows = ctx
        .read(move |r| -> Result<_, StoreError> {
            let found = sql::whistles(r, &side, before, size.probe())?;
            with_calls(r, found)
        })
        .await?;
    Ok(Page::from_probe(rows, size, |b| {
        Cursor::new([b.whistle.at.to_string(), b.whistle.id.to_string()])
    }))
}

/// Whistles with their calls and the numbers of their cases. Two statements.
pub(crate) fn with_calls(
    r: &mut Read<'_>,
    whistles: Vec<Whistle>,
) -> Result<Vec<Blown>, StoreError> {
    let ids: Vec<Id> = whistles.iter().map(|w| w.id).collect();
    let mut calls: BTreeMap<Id, Vec<Call>> = BTreeMap::new();
    for call in sql::calls(r, &ids)? {
        calls.entry(call.whistle).or_default().push(call);
    }
    let keys: Vec<_> = whistles
        .iter()
        .filter_map(|w| w.case.map(|case| (w.district, case)))
        .collect();
    let numbers = cases::sql_lists::numbers(r, &keys)?;
    Ok(whistles
        .into_iter()
        .map(|whistle| Blown {
            calls: calls.remove(&whistle.id).unwrap_or_default(),
            number: whistle.case.and_then(|c| numbers.get(&c).cloned()),
            whistle,
        })
        .collect())
}

/// One whistle.
///
/// # Errors
/// [`DispatchError::NotFound`], also for whoever is on neither side.
pub async fn find(ctx: &Ctx, id: Id) -> Result<Blown, DispatchError> {
    let side = side(ctx)?;
    let found = ctx
        .read(move |r| -> Result<_, StoreError> {
            let found = sql::whistle(r, id)?;
            with_calls(r, found.into_iter().collect())
        })
        .await?;
    let blown = found.into_iter().next();
    blown
        .filter(|b| match &side {
            Side::Within(districts) => {
                districts.is_empty() || districts.contains(&b.whistle.district)
            }
            Side::Of(unit) => b.whistle.unit == *unit || b.calls.iter().any(|c| c.unit == *unit),
        })
        .ok_or(DispatchError::NotFound("whistle"))
}

/// What a unit that was called answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It comes.
    Respond,
    /// It was there.
    Arrive,
    /// It does not come, and says why.
    Decline,
}

/// What an answer makes of a call: pure.
///
/// # Errors
/// An answer that comes after another one it does not follow.
pub fn answered(
    call: &Call,
    answer: Answer,
    words: &str,
    now: Timestamp,
) -> Result<Call, DispatchError> {
    let mut next = call.clone();
    match (answer, call.standing) {
        (Answer::Respond, Standing::Called) => {
            next.standing = Standing::Responded;
            next.words = optional("words", words)?;
        }
        (Answer::Decline, Standing::Called) => {
            next.standing = Standing::Declined;
            next.words = needed("words", words)?;
        }
        (Answer::Arrive, Standing::Called | Standing::Responded) => {
            next.standing = Standing::Arrived;
            next.arrived_at = Some(now);
            let words = optional("words", words)?;
            if !words.is_empty() {
                next.words = words;
            }
        }
        _ => return Err(answered_already()),
    }
    // The first answer is the one whose time counts.
    next.responded_at = call.responded_at.or(Some(now));
    Ok(next)
}

/// Whether the whistler may judge a unit that it called, after the end: it was there or declined, or its time was over when
/// the whistle ended. Whoever was still under way then is not judged for not having come.
pub fn may_be_judged(whistle: &Whistle, call: &Call) -> bool {
    let came = matches!(call.standing, Standing::Arrived | Standing::Declined);
    whistle
        .ended_at
        .is_some_and(|end| came || end > call.due_at)
}

/// Whether the whistle was taken back as far as a unit is concerned: it ended before the unit's time was over, and the unit had
/// not answered. Such a call counts for nobody.
pub fn is_taken_back(ended_at: Option<Timestamp>, call: &Call) -> bool {
    call.standing == Standing::Called && ended_at.is_some_and(|end| end <= call.due_at)
}

/// The caller's unit answers a whistle, while it lasts.
///
/// # Errors
/// [`DispatchError`].
pub async fn answer(ctx: &Ctx, id: Id, answer: Answer, words: &str) -> Result<(), DispatchError> {
    ctx.require(Permission::CaseHandle)?;
    let unit = acting_unit(ctx)?;
    let words = words.to_owned();
    ctx.write(move |mut w| {
        let not_there = || DispatchError::NotFound("whistle");
        let whistle = sql::whistle(&mut w, id)?.ok_or_else(not_there)?;
        let call = sql::call(&mut w, id, unit)?.ok_or_else(not_there)?;
        if whistle.ended_at.is_some() {
            return Err(ended());
        }
        let next = answered(&call, answer, &words, w.now())?;
        if !sql::answer_call(&mut w, &next, call.standing)? {
            return Err(answered_already());
        }
        let event = AuditEvent::done("whistle.answer", "whistle", id.to_string())
            .district(call.district.as_str())
            .detail(serde_json::json!({ "standing": next.standing.as_str() }));
        Ok(w.commit(event, ())?)
    })
    .await
}

fn answered_already() -> DispatchError {
    DispatchError::NotNow {
        code: "dispatch.answered",
        reason: "this unit has answered already",
    }
}

fn ended() -> DispatchError {
    DispatchError::NotNow {
        code: "dispatch.ended",
        reason: "the whistle has ended already",
    }
}

/// The whistler ends its whistle: then both sides are assessed.
///
/// # Errors
/// [`DispatchError`].
pub async fn end(ctx: &Ctx, id: Id) -> Result<(), DispatchError> {
    ctx.require(Permission::CaseHandle)?;
    let unit = acting_unit(ctx)?;
    ctx.write(move |mut w| {
        let whistle = sql::whistle(&mut w, id)?
            .filter(|x| x.unit == unit)
            .ok_or(DispatchError::NotFound("whistle"))?;
        if whistle.ended_at.is_some() {
            return Err(ended());
        }
        sql::end_whistle(&mut w, &whistle)?;
        let event = AuditEvent::done("whistle.end", "whistle", id.to_string())
            .district(whistle.district.as_str());
        Ok(w.commit(event, ())?)
    })
    .await
}

/// 双向评价: the whistler judges a unit it called, or a unit that was called judges the whistle (then `of` is none). Once,
/// and after the whistle has ended; a poor mark says why.
///
/// # Errors
/// [`DispatchError`].
pub async fn assess(
    ctx: &Ctx,
    id: Id,
    of: Option<UnitId>,
    mark: Mark,
    why: &str,
) -> Result<(), DispatchError> {
    ctx.require(Permission::CaseHandle)?;
    let unit = acting_unit(ctx)?;
    let why = if mark == Mark::Poor {
        needed("why", why)?
    } else {
        optional("why", why)?
    };
    ctx.write(move |mut w| {
        let not_there = || DispatchError::NotFound("whistle");
        let whistle = sql::whistle(&mut w, id)?.ok_or_else(not_there)?;
        let judged = of.unwrap_or(unit);
        let call = sql::call(&mut w, id, judged)?.ok_or_else(not_there)?;
        if of.is_some() && whistle.unit != unit {
            return Err(not_there());
        }
        if whistle.ended_at.is_none() {
            return Err(DispatchError::NotNow {
                code: "dispatch.not_ended",
                reason: "both sides are assessed after the whistle has ended",
            });
        }
        let given = if of.is_some() {
            call.of_unit
        } else {
            call.of_whistle
        };
        if given.is_some() {
            return Err(DispatchError::NotNow {
                code: "dispatch.assessed",
                reason: "this was assessed already",
            });
        }
        if of.is_some() && !may_be_judged(&whistle, &call) {
            return Err(DispatchError::NotNow {
                code: "dispatch.was_under_way",
                reason: "the whistle ended before this unit had to be there",
            });
        }
        if of.is_some() {
            sql::mark_unit(&mut w, &call, mark, &why)?;
        } else {
            sql::mark_whistle(&mut w, &call, mark, &why)?;
        }
        let event = AuditEvent::done("whistle.assess", "whistle", id.to_string())
            .district(whistle.district.as_str())
            .detail(serde_json::json!({ "mark": mark.as_str(), "of": if of.is_some() { "unit" } else { "whistle" } }));
        Ok(w.commit(event, ())?)
    })
    .await
}

/// The figures of whistles by unit, from calls with their whistlers and when the whistle ended: pure. A call that was taken back counts for neither side.
pub fn figures(
    calls: &[(UnitId, Option<Timestamp>, Call)],
    now: Timestamp,
) -> BTreeMap<UnitId, WhistleFigures> {
    let mut sums: BTreeMap<UnitId, WhistleFigures> = BTreeMap::new();
    let mut counted: Vec<Id> = Vec::new();
    let place = |mark: Mark| Mark::ALL.iter().position(|m| *m == mark).unwrap_or(0);
    for (whistler, ended_at, call) in calls {
        if is_taken_back(*ended_at, call) {
            continue;
        }
        let of = sums.entry(call.unit).or_default();
        of.called += 1;
        if call.is_late(now) {
            of.late += 1;
        } else if call.responded_at.is_some() {
            of.in_time += 1;
        }
        of.arrived += i64::from(call.arrived_at.is_some());
        of.declined += i64::from(call.standing == Standing::Declined);
        if let Some(mark) = call.of_unit {
            of.judged[place(mark)] += 1;
        }
        let by = sums.entry(*whistler).or_default();
        if !counted.contains(&call.whistle) {
            counted.push(call.whistle);
            by.whistled += 1;
        }
        if let Some(mark) = call.of_whistle {
            by.whistles_judged[place(mark)] += 1;
        }
    }
    sums
}

/// The figures of a stretch of time by unit, within what the reader may see: one's own unit, or all.
///
/// # Errors
/// [`DispatchError`].
pub async fn figures_between(
    ctx: &Ctx,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeMap<UnitId, WhistleFigures>, DispatchError> {
    let side = side(ctx)?;
    let mut calls = ctx.read(move |r| sql::calls_between(r, from, to)).await?;
    if let Side::Within(districts) = &side
        && !districts.is_empty()
    {
        calls.retain(|(_, _, call)| districts.contains(&call.district));
    }
    let mut sums = figures(&calls, ctx.now());
    if let Side::Of(unit) = side {
        sums.retain(|u, _| *u == unit);
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }
    fn unit(n: u8) -> UnitId {
        UnitId(Id::from_bytes([n; 16]))
    }
    fn called(whistle: u8, of: u8) -> Call {
        Call {
            district: "330102".parse().unwrap(),
            whistle: Id::from_bytes([whistle; 16]),
            unit: unit(of),
            due_at: at("2026-03-16T12:00+08:00"),
            standing: Standing::Called,
            responded_at: None,
            arrived_at: None,
            words: String::new(),
            of_unit: None,
            of_unit_why: String::new(),
            of_whistle: None,
            of_whistle_why: String::new(),
            was_unit: None,
        }
    }

    #[test]
    fn a_unit_answers_once_and_then_only_arrives() {
        let now = at("2026-03-16T11:00+08:00");
        let call = called(1, 2);
        let responded = answered(&call, Answer::Respond, "", now).unwrap();
        assert_eq!(responded.standing, Standing::Responded);
        assert!(answered(&responded, Answer::Respond, "", now).is_err());
        assert!(answered(&responded, Answer::Decline, "不去", now).is_err());
        let later = at("2026-03-16T13:00+08:00");
        let there = answered(&responded, Answer::Arrive, "", later).unwrap();
        assert_eq!(there.responded_at, Some(now), "the first answer counts");
        assert!(!there.is_late(later));
        assert!(answered(&there, Answer::Arrive, "", later).is_err());
    }

    #[test]
    fn declining_needs_a_reason() {
        let now = at("2026-03-16T11:00+08:00");
        assert!(answered(&called(1, 2), Answer::Decline, "  ", now).is_err());
        let declined = answered(&called(1, 2), Answer::Decline, "非职责", now).unwrap();
        assert_eq!(declined.standing, Standing::Declined);
    }

    #[test]
    fn silence_is_late_once_the_time_is_over() {
        assert!(!called(1, 2).is_late(at("2026-03-16T12:00+08:00")));
        assert!(called(1, 2).is_late(at("2026-03-16T12:00:01+08:00")));
    }

    #[test]
    fn figures_are_of_units_and_add_up() {
        let now = at("2026-03-17T08:00+08:00");
        let in_time = Call {
            of_unit: Some(Mark::Good),
            of_whistle: Some(Mark::Poor),
            ..answered(
                &called(1, 2),
                Answer::Arrive,
                "",
                at("2026-03-16T09:00+08:00"),
            )
            .unwrap()
        };
        // One was taken back at once: it counts for nobody, and no longer once its time had passed before the end.
        let soon = at("2026-03-16T08:30+08:00");
        let after = at("2026-03-16T12:30+08:00");
        let calls = [
            (unit(9), Some(after), in_time),
            (unit(9), Some(after), called(1, 3)),
            (unit(8), Some(soon), called(2, 4)),
        ];
        let sums = figures(&calls, now);
        let two = sums[&unit(2)];
        assert_eq!(
            (two.called, two.in_time, two.late, two.arrived),
            (1, 1, 0, 1)
        );
        assert_eq!(two.judged, [1, 0, 0]);
        let three = sums[&unit(3)];
        assert_eq!((three.called, three.in_time, three.late), (1, 0, 1));
        let nine = sums[&unit(9)];
        assert_eq!((nine.whistled, nine.called), (1, 0));
        assert_eq!(nine.whistles_judged, [0, 0, 1]);
        assert!(!sums.contains_key(&unit(4)) && !sums.contains_key(&unit(8)));
    }
}
