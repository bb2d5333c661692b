//! GET and POST /sign-in, POST /sign-out.

use crate::answer::{Go, show, show_as};
use crate::cookies;
use crate::ctx::Ctx;
use crate::extract::{Fields, Query};
use crate::fault::Fault;
use crate::kept::Kept;
use crate::ops::sessions;
use crate::secret;
use crate::state::AppState;
use crate::visit::Visit;
use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use ui::{FormState, Tone, Ui};

#[derive(Template)]
#[template(path = "access_sign_in.html")]
struct SignInPage {
    ui: Ui,
    form: FormState,
    next: String,
    failed: String,
    /// What was typed before the session ended.
    kept: Vec<(&'static str, String)>,
}

/// What was typed before the session ended, once its person is back.
#[derive(Template)]
#[template(path = "access_kept.html")]
struct KeptPage {
    ui: Ui,
    kept: Kept,
    back: String,
}

/// The sign-in page in answer to a form of a session that ended.
pub(crate) fn again(ui: Ui, next: String, kept: Kept) -> Result<Response, Fault> {
    let page = SignInPage {
        ui,
        form: FormState::new(),
        next: way_on(&next).to_owned(),
        failed: String::new(),
        kept: kept.hidden(),
    };
    show_as(StatusCode::FORBIDDEN, &page)
}

#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

/// Where to go afterwards: a path of this site, and not the sign-in page again.
fn way_on(next: &str) -> &str {
    let path = ui::look::own_path(next);
    if path.starts_with("/sign-") {
        "/"
    } else {
        path
    }
}

pub(super) async fn form(ui: Ui, Query(query): Query<Next>) -> Result<Response, Fault> {
    let next = query.next.unwrap_or_default();
    show(&SignInPage {
        ui,
        form: FormState::new(),
        next: way_on(&next).to_owned(),
        failed: String::new(),
        kept: Vec::new(),
    })
}

pub(super) async fn send(
    ctx: Ctx,
    visit: Visit,
    ui: Ui,
    State(state): State<AppState>,
    fields: Fields,
) -> Result<Response, Fault> {
    let next = way_on(fields.get("next")).to_owned();
    let kept = Kept::carried(&fields);
    match sessions::sign_in(
        &ctx,
        &state,
        &visit,
        fields.get("login"),
        fields.raw("password"),
    )
    .await
    {
        Ok(begun) => {
            // What somebody typed is nobody else's.
            let own = kept.filter(|kept| kept.whose == begun.account && !begun.must_change);
            if let Some(kept) = own {
                let ui = Ui {
                    csrf: secret::mask(&begun.csrf, rand::random()),
                    ..ui
                };
                let back = next;
                let page = show(&KeptPage { ui, kept, back })?;
                return Ok(with_session(&state, page, &begun.token));
            }
            let to = if begun.must_change { "/account" } else { &next };
            Ok(with_session(
                &state,
                Go::to(to).into_response(),
                &begun.token,
            ))
        }
        Err(fault) if fault.code() == "access.sign_in_failed" => {
            let failed = fault.sentence(&ui.site.words, ui.lang).unwrap_or_default();
            let form = FormState::new().with("login", fields.get("login"));
            show_as(
                fault.status(),
                &SignInPage {
                    ui,
                    form,
                    next,
                    failed,
                    kept: kept.map(|kept| kept.hidden()).unwrap_or_default(),
                },
            )
        }
        Err(fault) => Err(fault),
    }
}

/// The answer with the new session's cookie; the visitor's one has done its work.
pub(super) fn with_session(state: &AppState, mut response: Response, token: &str) -> Response {
    let is_https = state.settings().is_https();
    let headers = response.headers_mut();
    headers.append(
        header::SET_COOKIE,
        cookies::set(cookies::SESSION, token, is_https),
    );
    headers.append(
        header::SET_COOKIE,
        cookies::forget(cookies::VISITOR, is_https),
    );
    response
}

pub(super) async fn out(
    ctx: Ctx,
    visit: Visit,
    ui: Ui,
    State(state): State<AppState>,
) -> Result<Response, Fault> {
    if let Some(session) = visit.session() {
        sessions::sign_out(&ctx, session).await?;
    }
    let mut response = Go::to("/")
        .saying(Tone::Good, ui.t("access-signed-out"))
        .into_response();
    let cookie = cookies::forget(cookies::SESSION, state.settings().is_https());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}
