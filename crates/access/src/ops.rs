//! Use cases of access.

use crate::ctx::Ctx;
use crate::front::Arrival;
use crate::permission::Permission;
use crate::principal::Principal;
use crate::refusals::Sums;
use crate::routes::RouteInfo;
use crate::state::{AppState, Settings};
use crate::visit::{SessionSeen, Visit};
use jiff::SignedDuration;
use store::{AuditEvent, StoreError, params};

/// A session's row is told that it was seen only now and then: a tenth of the idle time, at least a minute apart.
fn seen_every(settings: &Settings) -> SignedDuration {
    (settings.session_idle / 10).max(SignedDuration::from_mins(1))
}

const TOUCH: &str = "UPDATE sessions SET seen_at = $2 WHERE token = $1 AND seen_at < $2";

/// Notes that a session was used. A store that is busy does not turn the request away for this.
pub(crate) async fn touch_session(ctx: &Ctx, settings: &Settings, session: SessionSeen) {
    let now = ctx.now();
    if now.duration_since(session.seen_at) < seen_every(settings) {
        return;
    }
    let done: Result<(), StoreError> = ctx
        .write(move |mut w| {
            w.exec(TOUCH, params![session.hash, now])?;
            w.commit(
                AuditEvent::done("session.seen", "session", hex::encode(&session.hash[..8])),
                (),
            )
        })
        .await;
    if let Err(error) = done {
        tracing::warn!(%error, "the use of a session could not be noted");
    }
}

/// Records that the guard refused a route: one event for a known account; strangers are summed per minute and route.
pub(crate) async fn record_refusal(state: &AppState, visit: &Visit, route: &RouteInfo) {
    let object = format!("{} {}", route.method, route.path);
    let arrival = Arrival {
        now: state.clock().now(),
        reference: visit.reference(),
    };
    let events = if matches!(visit.principal(), Principal::Stranger) {
        let Some(sums) = state.gates().refusals.note(arrival.now, object) else {
            return;
        };
        sums_events(&sums)
    } else {
        let detail = serde_json::json!({ "permission": route.permission.as_str() });
        vec![AuditEvent::refused("route.refused", "route", object).detail(detail)]
    };
    let ctx = Ctx::grant(
        state.parts(),
        visit.principal().clone(),
        Permission::Public,
        None,
        arrival,
    );
    let Ok(ctx) = ctx else {
        tracing::error!(
            "a token without the public permission was refused and could not be recorded"
        );
        return;
    };
    let done: Result<(), StoreError> = ctx.write(move |w| w.commit_all(&events, ())).await;
    if let Err(error) = done {
        tracing::error!(%error, "a refusal could not be recorded");
    }
}

fn sums_events(sums: &Sums) -> Vec<AuditEvent> {
    sums.iter()
        .map(|(route, count)| {
            AuditEvent::refused("route.refused", "route", route.clone())
                .detail(serde_json::json!({ "count": count }))
        })
        .collect()
}
