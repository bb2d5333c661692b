//! POST /wall — this browser becomes a screen on a wall: for weeks it shows the command centre and the map, and nothing
//! else. The session of whoever set it up ends, so that nobody finds a desk left open.

use super::account::own_id;
use crate::answer::Go;
use crate::cookies;
use crate::ctx::Ctx;
use crate::fault::Fault;
use crate::ops::accounts;
use crate::ops::sessions;
use crate::permission::Permission;
use crate::rules::AccountError;
use crate::state::AppState;
use crate::visit::Visit;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use ui::Ui;

/// So long a screen hangs before somebody sets it up again.
const DAYS: i64 = 90;
/// What its pages need, as far as whoever sets it up may do it.
const SCOPES: [Permission; 4] = [
    Permission::EvaluationRead,
    Permission::ReferenceRead,
    Permission::WarningRead,
    Permission::CaseRead,
];

pub(super) async fn begin(
    ctx: Ctx,
    visit: Visit,
    ui: Ui,
    State(state): State<AppState>,
) -> Result<Response, Fault> {
    let id = own_id(visit.principal())?;
    let account = ctx.read(move |r| accounts::find(r, id)).await?;
    let held = |p: &Permission| visit.principal().may(*p);
    let scopes: Vec<Permission> = SCOPES.into_iter().filter(held).collect();
    let new = accounts::new_token(&account, &ui.t("access-wall"), &scopes, DAYS, ctx.now())?;
    let token = new.text.clone();
    ctx.write::<_, AccountError, _>(move |w| accounts::add_token(w, id, &new))
        .await?;
    if let Some(session) = visit.session() {
        sessions::sign_out(&ctx, session).await?;
    }
    let is_https = state.settings().is_https();
    let mut response = Go::to("/command?wall=1").into_response();
    let headers = response.headers_mut();
    headers.append(
        header::SET_COOKIE,
        cookies::set_for(cookies::WALL, &token, DAYS, is_https),
    );
    headers.append(
        header::SET_COOKIE,
        cookies::forget(cookies::SESSION, is_https),
    );
    Ok(response)
}
