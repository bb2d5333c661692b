//! A report that is late is told once: to the unit, and to whoever asked for it or decides in that one's place.

use super::supervise::{notice, opener_of, told};
use crate::model::SupervisionError;
use crate::rules::Names;
use crate::sql;
use access::{Ctx, Role};
use cases::service::Cases;
use notices::{Notices, To};
use store::AuditEvent;

/// Late reports told in one round.
const MOST_AT_ONCE: i64 = 50;

/// Tells of late reports; answers of how many.
///
/// # Errors
/// The store's.
pub async fn tell_late(ctx: &Ctx) -> Result<usize, SupervisionError> {
    let now = ctx.now();
    let late = ctx
        .read::<_, SupervisionError, _>(move |r| Ok(sql::untold_late(r, now, MOST_AT_ONCE)?))
        .await?;
    if late.is_empty() {
        return Ok(0);
    }
    let city = ctx.service::<Cases>().city();
    let notices = ctx.service::<Notices>();
    ctx.write::<_, SupervisionError, _>(move |mut w| {
        let mut events = Vec::new();
        for s in &late {
            let mut next = s.clone();
            next.told_late = true;
            sql::update(&mut w, &next)?;
            let unit = To::Unit {
                unit: s.unit,
                roles: vec![Role::DepartmentLead],
            };
            let names = Names(&city);
            let opener = opener_of(&mut w, s, now)?;
            for to in std::iter::once(unit).chain(told(s, opener)) {
                notices::ops::post(&mut w, &notices, &notice(s, "supervised.late", to, &names))?;
            }
            events.push(
                AuditEvent::done("supervision.late", "supervised", s.id.to_string())
                    .district(s.district.as_str()),
            );
        }
        Ok(w.commit_all(&events, events.len())?)
    })
    .await
}
