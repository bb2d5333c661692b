//! GET /healthz — whether this process can answer and reach its database. Says nothing else: it is open to everybody.

use crate::ctx::Ctx;
use crate::principal::SystemRole;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use store::{StoreError, params};

/// A database that takes longer is as good as away.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn healthz(State(state): State<AppState>) -> Response {
    let parts = state.parts().clone();
    let ctx = Ctx::system(parts.db, parts.clock, parts.services, SystemRole::Keeper);
    let asked = ctx
        .read(|r| -> Result<(i64,), StoreError> { r.one("SELECT CAST(1 AS BIGINT)", params![]) });
    let (status, text) = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => (StatusCode::OK, "{\"status\":\"ok\"}"),
        Ok(Err(error)) => {
            tracing::error!(%error, "the database does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "{\"status\":\"no database\"}",
            )
        }
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "{\"status\":\"slow database\"}",
        ),
    };
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
