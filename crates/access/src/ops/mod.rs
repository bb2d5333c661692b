//! Use cases of access: accounts, sessions, the audit trail, refusals, work done later, and what is done
//! once a minute.

pub mod accounts;
pub mod audit;
pub mod deputies;
pub mod orders;
pub(crate) mod sessions;
pub mod settings;

use crate::ctx::Ctx;
use crate::front::Arrival;
use crate::permission::Permission;
use crate::principal::{Principal, SystemRole};
use crate::refusals::Sums;
use crate::routes::RouteInfo;
use crate::sql;
use crate::state::AppState;
use crate::visit::Visit;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use store::{AuditEvent, StoreError, StoreResult, Write, params};

const READ_KEY: &str = "SELECT value FROM settings WHERE name = 'access.cookie_key'";
const KEEP_KEY: &str =
    "INSERT INTO settings (name, value, updated_at) VALUES ('access.cookie_key', $1, $2)";

/// The key under which cookies of visitors without a session are signed, the same for all processes of a deployment;
/// made at the first call. Must not be called on an async thread.
///
/// # Errors
/// A store error.
pub fn cookie_key(ctx: &Ctx) -> StoreResult<[u8; 32]> {
    let read = |ctx: &Ctx| -> StoreResult<Option<[u8; 32]>> {
        let kept: Option<(String,)> = ctx.read_blocking(|r| r.opt(READ_KEY, params![]))?;
        let Some((text,)) = kept else { return Ok(None) };
        let bytes = hex::decode(&text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map(Some).ok_or_else(|| {
            StoreError::Engine(
                "the setting access.cookie_key is not 32 bytes in hexadecimal".into(),
            )
        })
    };
    if let Some(key) = read(ctx)? {
        return Ok(key);
    }
    let fresh: [u8; 32] = rand::random();
    let kept = ctx.write_blocking(move |mut w| {
        let now = w.now();
        w.exec(KEEP_KEY, params![hex::encode(fresh), now])?;
        w.commit(
            AuditEvent::done("settings.cookie_key", "settings", "access.cookie_key"),
            (),
        )
    });
    match kept {
        Ok(()) => Ok(fresh),
        // Another process was first: its key holds for both.
        Err(StoreError::Unique(_)) => read(ctx)?.ok_or(StoreError::Conflict),
        Err(other) => Err(other),
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

/// Answers to idempotent posts are kept so long.
pub(crate) const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What has to be done now and then: writes the sums of refusals, and removes sessions and kept answers that are over.
/// The program runs it in the background until it stops.
pub async fn keep(state: AppState) {
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        minute.tick().await;
        let ctx = keeper(&state);
        let done = match state.gates().refusals.take(ctx.now()) {
            Some(sums) => record_sums(&ctx, &sums).await,
            None => Ok(()),
        };
        if let Err(error) = done.and(forget(&ctx).await) {
            tracing::warn!(%error, "the keeper of sessions could not do its work; it tries again in a minute");
        }
    }
}

/// Writes what is only in memory, before the program stops.
///
/// # Errors
/// A store error.
pub async fn flush(state: &AppState) -> StoreResult<()> {
    match state.gates().refusals.take_all() {
        Some(sums) => record_sums(&keeper(state), &sums).await,
        None => Ok(()),
    }
}

fn keeper(state: &AppState) -> Ctx {
    let parts = state.parts().clone();
    Ctx::system(parts.db, parts.clock, parts.services, SystemRole::Keeper)
}

async fn record_sums(ctx: &Ctx, sums: &Sums) -> StoreResult<()> {
    let events = sums_events(sums);
    ctx.write(move |w| w.commit_all(&events, ())).await
}

/// What came back with a restored backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revived {
    /// Sessions that were ended: everybody signs in again, also who was signed out since the backup.
    pub sessions_ended: u64,
    /// API tokens that work; one revoked since the backup is among them, because the backup cannot know.
    pub tokens: i64,
}

/// Ends the sessions that a restored backup brought back, inside the caller's transaction.
///
/// # Errors
/// The store's.
pub fn end_revived(w: &mut Write<'_>) -> StoreResult<Revived> {
    let now = w.now();
    Ok(Revived {
        sessions_ended: sql::forget_sessions(w, Timestamp::MAX)?,
        tokens: sql::live_tokens(w, now)?,
    })
}

/// Removes sessions and kept answers that are over, if there are any.
///
/// # Errors
/// A store error.
pub async fn forget(ctx: &Ctx) -> StoreResult<()> {
    let now = ctx.now();
    let answers_before = now - ANSWERS_KEPT;
    let is_any = ctx
        .read(move |r| sql::is_any_over(r, now, answers_before))
        .await?;
    if !is_any {
        return Ok(());
    }
    ctx.write(move |mut w| {
        let sessions = sql::forget_sessions(&mut w, now)?;
        let answers = sql::forget_answers(&mut w, answers_before)?;
        let detail = serde_json::json!({ "sessions": sessions, "answers": answers });
        w.commit(
            AuditEvent::done("session.forget", "session", "over").detail(detail),
            (),
        )
    })
    .await
}
