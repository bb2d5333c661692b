//! What dispatch keeps beside cases and a calendar moves: the limits of whistles. (Parts and claims are of the case.)

use crate::model::Whistle;
use crate::sql_keep;
use access::Ctx;
use cases::ops::CaseError;
use cases::rooms::{Doing, Recounted, Room};
use cases::service::Cases;
use kernel::Due;
use kernel::deadline::{Limit, ParseOptions, deadline};
use kernel::id::Id;
use matters::City;
use store::{AuditEvent, StoreError};

/// Whistles looked at in one statement.
const PAGE: i64 = 200;

/// Whistles, as the job of the calendars knows them.
pub struct Whistles;

impl Room for Whistles {
    fn recompute<'a>(&'a self, ctx: &'a Ctx) -> Doing<'a, Recounted> {
        Box::pin(recompute(ctx))
    }
}

/// When those who are called have to have answered, by the calendar of the place now.
fn due_now(city: &City, whistle: &Whistle) -> Result<Option<Due>, String> {
    let Some(limit) = &whistle.limit_text else {
        return Ok(None);
    };
    let limit = Limit::parse(limit, ParseOptions::default()).map_err(|e| e.to_string())?;
    let calendar = city.calendar_at(whistle.division);
    if whistle.calendar.as_deref() == Some(calendar.version()) {
        return Ok(None);
    }
    let due =
        deadline(whistle.at, limit, calendar, &city.timezone, &[]).map_err(|e| e.to_string())?;
    let is_same = (due.at, due.provisional) == (whistle.due_at, whistle.provisional);
    Ok((!is_same).then_some(due))
}

async fn recompute(ctx: &Ctx) -> Result<Recounted, CaseError> {
    let city = ctx.service::<Cases>().city();
    let mut done = Recounted::default();
    let mut after = Id::from_bytes([0; 16]);
    loop {
        let page = ctx
            .renewed()
            .read::<_, CaseError, _>(move |r| Ok(sql_keep::open_limits(r, after, PAGE)?))
            .await?;
        let Some(last) = page.last() else {
            return Ok(done);
        };
        after = last.id;
        for whistle in page {
            done.seen += 1;
            match due_now(&city, &whistle) {
                Ok(None) => {}
                Ok(Some(due)) => {
                    let calendar = city.calendar_at(whistle.division).version().to_owned();
                    done.moved += i64::from(moved(ctx, whistle, due, calendar).await?);
                }
                Err(error) => {
                    done.failed += 1;
                    let id = whistle.id;
                    tracing::warn!(whistle = %id, %error, "the limit of whistle {id} could not be computed again");
                }
            }
        }
    }
}

async fn moved(
    ctx: &Ctx,
    whistle: Whistle,
    due: Due,
    calendar: String,
) -> Result<bool, StoreError> {
    ctx.renewed()
        .write(move |mut w| {
            if !sql_keep::move_limit(&mut w, &whistle, &due, &calendar)? {
                return w.unchanged(false);
            }
            let event = AuditEvent::done("whistle.recompute", "whistle", whistle.id.to_string())
                .district(whistle.district.as_str())
                .detail(serde_json::json!({
                    "was_due_at": whistle.due_at.to_string(), "was_calendar": whistle.calendar,
                    "due_at": due.at.to_string(), "calendar": calendar, "provisional": due.provisional,
                }));
            w.commit(event, true)
        })
        .await
}
