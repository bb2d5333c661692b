//! What supervision keeps beside cases: its limits follow the calendar, and what is open follows a unit that is reorganised.
//! Both leave a mark in the file of the matter.

use crate::model::{Mark, Standing, Supervised, SupervisionError};
use crate::ops::{due_by, heads, notice, place_of};
use crate::rules::Names;
use crate::sql::{self, Filter};
use access::{Ctx, UnitId};
use cases::ops::CaseError;
use cases::rooms::{Doing, Recounted, Reorganised, Room};
use cases::service::Cases;
use cases::{Case, CaseId};
use kernel::Due;
use kernel::id::Id;
use matters::City;
use notices::Notices;
use store::{AuditEvent, Read, StoreError, StoreResult};

/// Matters looked at in one statement.
const PAGE: i64 = 200;
/// Tries of one that people change at the same time.
const TRIES: usize = 5;
/// Matters of a unit that a reorganisation moves in one run.
const MOST: i64 = 1000;

/// Supervised matters, as the jobs of calendars and reorganisations know them.
pub struct Matters;

impl Room for Matters {
    fn recompute<'a>(&'a self, ctx: &'a Ctx) -> Doing<'a, Recounted> {
        Box::pin(async { recompute(ctx).await.map_err(case_error) })
    }
    fn count<'a>(&'a self, ctx: &'a Ctx, order: &'a Reorganised) -> Doing<'a, u64> {
        Box::pin(async { Ok(going(ctx, order).await.map_err(case_error)?.len() as u64) })
    }
    fn reorganise<'a>(&'a self, ctx: &'a Ctx, order: &'a Reorganised) -> Doing<'a, u64> {
        Box::pin(async { reorganise(ctx, order).await.map_err(case_error) })
    }
}

fn case_error(error: SupervisionError) -> CaseError {
    match error {
        SupervisionError::Case(error) => error,
        SupervisionError::Store(error) => error.into(),
        other => StoreError::Engine(other.to_string()).into(),
    }
}

fn case_of(r: &mut Read<'_>, s: &Supervised) -> StoreResult<Option<Case>> {
    match s.case {
        Some(id) => cases::sql::by_id(r, s.district, CaseId(id)),
        None => Ok(None),
    }
}

/// When the report is due by the calendar of the place now, and the version of that; none when nothing moves.
fn due_now(
    city: &City,
    s: &Supervised,
    case: Option<&Case>,
) -> Result<Option<(Due, String)>, String> {
    let (Some(from), Some(limit)) = (s.due_from, &s.due_limit) else {
        return Ok(None);
    };
    let calendar = city.calendar_at(place_of(city, case, s.unit));
    if s.calendar.as_deref() == Some(calendar.version()) {
        return Ok(None);
    }
    let (_, due) = due_by(city, calendar, limit, from).map_err(|e| e.to_string())?;
    let is_same = (due.at, due.provisional) == (s.due_at, s.provisional);
    Ok((!is_same).then(|| (due, calendar.version().to_owned())))
}

async fn recompute(ctx: &Ctx) -> Result<Recounted, SupervisionError> {
    let city = ctx.service::<Cases>().city();
    let mut done = Recounted::default();
    let mut after = Id::from_bytes([0; 16]);
    loop {
        let page = ctx
            .renewed()
            .read::<_, SupervisionError, _>(move |r| Ok(sql::open_limits(r, after, PAGE)?))
            .await?;
        let Some(last) = page.last() else {
            return Ok(done);
        };
        after = last.id;
        for s in page {
            done.seen += 1;
            let id = s.id;
            let mut tries = 0;
            let moved = loop {
                tries += 1;
                match one(ctx, &city, s.id).await {
                    Err(SupervisionError::Store(StoreError::Conflict)) if tries < TRIES => {}
                    other => break other,
                }
            };
            match moved {
                Ok(is_moved) => done.moved += i64::from(is_moved),
                Err(error) => {
                    done.failed += 1;
                    tracing::warn!(supervised = %id, %error, "the limit of the supervised matter {id} could not be computed again");
                }
            }
        }
    }
}

/// One matter as it stands now; answers whether it moved.
async fn one(ctx: &Ctx, city: &std::sync::Arc<City>, id: Id) -> Result<bool, SupervisionError> {
    let city = city.clone();
    ctx.renewed()
        .write::<_, SupervisionError, _>(move |mut w| {
            let filter = Filter {
                states: vec![Standing::Open],
                id: Some(id),
                ..Filter::default()
            };
            let Some(before) = sql::list(&mut w, &filter, 1)?.into_iter().next() else {
                return Ok(w.unchanged(false)?);
            };
            let case = case_of(&mut w, &before)?;
            let found = due_now(&city, &before, case.as_ref())
                .map_err(|e| SupervisionError::Store(StoreError::Engine(e)))?;
            let Some((due, calendar)) = found else {
                return Ok(w.unchanged(false)?);
            };
            let after = Supervised {
                due_at: due.at,
                provisional: due.provisional,
                calendar: Some(calendar.clone()),
                // What is late anew is told anew.
                told_late: before.told_late && due.at <= w.now(),
                ..before.clone()
            };
            sql::update(&mut w, &after)?;
            let mark = Mark {
                was_due_at: Some(before.due_at),
                due_at: Some(due.at),
                calendar: Some(calendar.clone()),
                ..Mark::by_program(w.now(), "recomputed", String::new())
            };
            sql::add_mark(&mut w, &after, &mark)?;
            let event = AuditEvent::done("supervision.recompute", "supervised", id.to_string())
                .district(before.district.as_str())
                .detail(serde_json::json!({
                    "was_due_at": before.due_at.to_string(), "was_calendar": before.calendar,
                    "due_at": due.at.to_string(), "calendar": calendar, "provisional": due.provisional,
                }));
            Ok(w.commit(event, true)?)
        })
        .await
}

/// The open matters that an order moves, each with the unit it goes to.
async fn going(
    ctx: &Ctx,
    order: &Reorganised,
) -> Result<Vec<(Supervised, UnitId)>, SupervisionError> {
    let city = ctx.service::<Cases>().city();
    let order = order.clone();
    ctx.renewed()
        .read::<_, SupervisionError, _>(move |r| {
            let mut found = Vec::new();
            for from in &order.froms {
                let filter = Filter {
                    unit: Some(*from),
                    states: vec![Standing::Open, Standing::Reported],
                    ..Filter::default()
                };
                for s in sql::list(r, &filter, MOST)? {
                    let case = case_of(r, &s)?;
                    let code = case
                        .as_ref()
                        .and_then(|c| c.matter)
                        .and_then(|m| city.matter(m))
                        .map(|c| c.code.clone())
                        .unwrap_or_default();
                    let place = case.as_ref().and_then(|c| c.place.here());
                    if let Some(to) = order.goes_to(*from, &code, place) {
                        found.push((s, to));
                    }
                }
            }
            Ok(found)
        })
        .await
}

async fn reorganise(ctx: &Ctx, order: &Reorganised) -> Result<u64, SupervisionError> {
    let city = ctx.service::<Cases>().city();
    let notices = ctx.service_if_any::<Notices>();
    let mut moved = 0;
    for (before, to) in going(ctx, order).await? {
        let (city, notices, id) = (city.clone(), notices.clone(), order.order);
        let why = order.why.clone();
        let after = Supervised {
            unit: to,
            ..before.clone()
        };
        ctx.renewed()
            .write::<_, SupervisionError, _>(move |mut w| {
                sql::update(&mut w, &after)?;
                let mut now = after.clone();
                now.version += 1;
                let mark = Mark {
                    was_unit: Some(before.unit),
                    unit: Some(to),
                    ..Mark::by_program(w.now(), "unit_changed", why.clone())
                };
                sql::add_mark(&mut w, &now, &mark)?;
                if let Some(notices) = notices.as_ref().filter(|_| now.state == Standing::Open) {
                    let new = notice(&now, "supervised.opened", heads(to), &Names(&city));
                    notices::ops::post(&mut w, notices, &new)?;
                }
                let event = AuditEvent::done("supervision.move", "supervised", now.id.to_string())
                    .district(now.district.as_str())
                    .detail(serde_json::json!({ "order": id, "from": before.unit, "to": to }));
                Ok(w.commit(event, ())?)
            })
            .await?;
        moved += 1;
    }
    Ok(moved)
}
