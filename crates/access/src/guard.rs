//! What stands before every handler: a place in the house, who asks, whether they may, whether the form is ours.
//!
//! Invariant: no handler can forget one of these, because none is mounted without the guard, and only the guard puts a
//! [`Ctx`] into a request.

use crate::body::{self, Peeked};
use crate::cookies;
use crate::ctx::{Ctx, Refused};
use crate::fault::Fault;
use crate::front::{Arrival, Handled};
use crate::kept::{self, Kept};
use crate::ops;
use crate::parts::FormParts;
use crate::permission::Permission;
use crate::principal::Principal;
use crate::routes::{RouteInfo, RouteKind};
use crate::secret;
use crate::state::AppState;
use crate::visit::{self, Via, Visit};
use axum::body::Body;
use axum::extract::{FromRequest as _, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The header that carries the form token where there is no form.
const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
/// Marks a request that a page makes by itself.
const BACKGROUND_HEADER: HeaderName = HeaderName::from_static("x-background");
/// The hidden field that carries it in a form.
pub(crate) const CSRF_FIELD: &str = "csrf";
/// The stated purpose of looking at a person's data (percent-encoded UTF-8).
const PURPOSE_HEADER: HeaderName = HeaderName::from_static("x-purpose");
/// An upload may take so many times as long as any other request.
const SLOW_UPLOAD: u32 = 4;
/// A purpose is a phrase, not a letter.
const LONGEST_PURPOSE: usize = 200;

/// The guard of one route.
#[derive(Clone)]
pub(crate) struct Guard {
    pub state: AppState,
    pub route: Arc<RouteInfo>,
    /// As far as there an address of this route leads to a page; none = it is a page itself.
    pub found_again: Option<usize>,
}

/// The middleware itself.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (mut response, visit) = match guard.route.kind {
        RouteKind::Bare => (guard.run(request, next).await, None),
        RouteKind::Page | RouteKind::Api => guard.visited(request, next).await,
    };
    response.extensions_mut().insert(Handled {
        route: guard.route,
        visit,
    });
    response
}

impl Guard {
    async fn visited(&self, request: Request, next: Next) -> (Response, Option<Visit>) {
        let _place = match self.state.gates().enter() {
            Ok(place) => place,
            Err(fault) => return (fault.into_response(), None),
        };
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_background = request.headers().contains_key(&BACKGROUND_HEADER);
        let (parts, body) = request.into_parts();
        let visit = match visit::resolve(&self.state, &parts, self).await {
            Ok(visit) => visit,
            Err(fault) => return (self.unknown(fault), None),
        };
        let mut response = match self.admit(parts, body, &visit).await {
            Ok((request, ctx)) if self.route.is_idempotent => {
                let guard = self.clone();
                crate::idempotency::once(ctx, request, self.limit(), move |request| async move {
                    guard.run(request, next).await
                })
                .await
            }
            Ok((request, _)) => self.run(request, next).await,
            Err(response) => response,
        };
        if self.route.kind == RouteKind::Page {
            self.keep_cookies(&visit, is_get, is_background, &mut response);
        }
        (response, Some(visit))
    }

    /// The most bytes a body may have here.
    fn limit(&self) -> usize {
        self.route
            .body_limit
            .unwrap_or(self.state.settings().limits.body)
    }

    /// How long a request may take here; an upload from a phone takes longer to arrive.
    fn time(&self) -> std::time::Duration {
        let usual = self.state.settings().limits.request;
        if self.route.body_limit.is_some() {
            usual * SLOW_UPLOAD
        } else {
            usual
        }
    }

    /// Runs the handler within the time a request may take.
    async fn run(&self, request: Request, next: Next) -> Response {
        match tokio::time::timeout(self.time(), next.run(request)).await {
            Ok(response) => response,
            Err(_) => Fault::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "access.timeout",
                "the answer took longer than allowed",
            )
            .retry_after(5)
            .into_response(),
        }
    }

    /// Checks everything; answers the request with its permit in it, or the refusal.
    async fn admit(
        &self,
        mut parts: Parts,
        body: Body,
        visit: &Visit,
    ) -> Result<(Request, Ctx), Response> {
        let limit = self.limit();
        if body::declared_length(&parts.headers).is_some_and(|length| length > limit) {
            return Err(body::too_large(limit).into_response());
        }
        let body = Body::new(Limited::new(body, limit));
        let purpose = purpose_of(&parts).map_err(IntoResponse::into_response)?;
        let arrival = Arrival::of(&parts.extensions, &self.state);
        let principal = visit.principal().clone();
        let ctx = match Ctx::grant(
            self.state.parts(),
            principal,
            self.route.permission,
            purpose,
            arrival,
        ) {
            Ok(ctx) => ctx,
            Err(refused) => {
                if let Some(kept) = self.kept(&parts, body, visit, limit).await {
                    ops::record_refusal(&self.state, visit, &self.route).await;
                    return Err(self.sign_in_again(&parts, visit, kept));
                }
                return Err(self.refuse(&parts, visit, refused).await);
            }
        };
        if visit.must_change()
            && !self.route.permission.is_open()
            && self.route.permission != Permission::OwnAccount
        {
            return Err(self.change_password_first());
        }
        let mut not_now = None;
        let body = if self.needs_form_token(&parts.method, visit) {
            match check_form_token(&parts, body, visit.csrf_secret(), limit).await {
                Ok(body) => body,
                Err(Stale {
                    fault,
                    body: Some(body),
                }) if self.route.is_shown_again => {
                    not_now = Some(fault);
                    body
                }
                Err(Stale { fault, .. }) => return Err(fault.into_response()),
            }
        } else {
            body
        };
        if not_now.is_none()
            && let Err(fault) = self.not_too_often(&parts, visit, arrival)
        {
            if !self.route.is_shown_again {
                return Err(fault.into_response());
            }
            not_now = Some(fault);
        }
        let ctx = match &not_now {
            Some(_) => ctx.barred(),
            None => ctx,
        };
        parts.extensions.insert(NotNow(not_now));
        // A page that renews itself is nobody at work: an open desk does not keep its session alive.
        if let Some(session) = visit.session()
            && !parts.headers.contains_key(BACKGROUND_HEADER)
        {
            ops::sessions::touch_session(&ctx, session).await;
        }
        parts.extensions.insert(ctx.clone());
        parts.extensions.insert(visit.clone());
        Ok((Request::from_parts(parts, body), ctx))
    }

    /// Public reports are taken at a bounded rate from one network.
    fn not_too_often(&self, parts: &Parts, visit: &Visit, arrival: Arrival) -> Result<(), Fault> {
        let is_report = self.route.permission == Permission::CaseReport
            && parts.method != Method::GET
            && parts.method != Method::HEAD;
        if !is_report || matches!(visit.principal(), Principal::Staff(_)) {
            return Ok(());
        }
        // Where the address is not known, all such visitors share one bucket.
        let address = visit.address().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.state
            .gates()
            .reports
            .take(address, arrival.now, rand::random())
            .map_err(|wait_s| {
                Fault::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "access.too_often",
                    "too many reports from one network",
                )
                .retry_after(wait_s)
                .back(came_from(&parts.headers).unwrap_or_default())
            })
    }

    /// A browser sends its cookies whoever made the form, so a change asked for by cookie, or by a page's form, must
    /// show the token. A program that shows an API token, or nothing at all on an open API call, has no such power to abuse.
    fn needs_form_token(&self, method: &Method, visit: &Visit) -> bool {
        let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        changes
            && match visit.via() {
                Via::Session => true,
                Via::Nobody => self.route.kind == RouteKind::Page,
                Via::Token | Via::Wall => false,
            }
    }

    /// Says no, and records it: each refusal of a known account, the sums per minute of strangers.
    async fn refuse(&self, parts: &Parts, visit: &Visit, refused: Refused) -> Response {
        ops::record_refusal(&self.state, visit, &self.route).await;
        if !matches!(visit.principal(), Principal::Stranger) {
            return Fault::from(refused).into_response();
        }
        if self.route.kind == RouteKind::Api {
            return self.unknown(Fault::new(
                StatusCode::UNAUTHORIZED,
                "access.sign_in",
                "this call needs an API token or a session",
            ));
        }
        let is_get = matches!(parts.method, Method::GET | Method::HEAD);
        let wanted = if is_get {
            parts
                .uri
                .path_and_query()
                .map_or("/", |p| p.as_str())
                .to_owned()
        } else {
            came_from(&parts.headers).unwrap_or_else(|| "/".to_owned())
        };
        let to = format!(
            "/sign-in?next={}",
            form_urlencoded::byte_serialize(wanted.as_bytes()).collect::<String>()
        );
        let to = HeaderValue::from_str(&to).expect("a form-encoded path is plain ASCII");
        if parts.headers.contains_key("hx-request") {
            // A fragment cannot show the sign-in page in its place: htmx is told to go there.
            return (StatusCode::UNAUTHORIZED, [("hx-redirect", to)]).into_response();
        }
        (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
    }

    /// What somebody typed whose session ended meanwhile, where nothing but this answer can give it back.
    async fn kept(&self, parts: &Parts, body: Body, visit: &Visit, limit: usize) -> Option<Kept> {
        let is_form = self.route.kind == RouteKind::Page && parts.method == Method::POST;
        let is_lost = visit.via() == Via::Nobody
            && !parts.headers.contains_key("hx-request")
            && !kept::has_script(&parts.headers);
        if !is_form || !is_lost {
            return None;
        }
        let hash = kept::old_session(&parts.headers, self.state.settings().is_https())?;
        let (whose, secret) = visit::ended_session(&self.state, parts, hash).await?;
        // Only a form of that session: no other site puts words into anybody's mouth.
        let body = check_form_token(parts, body, &secret, limit).await.ok()?;
        let mut request = Request::new(body);
        let media_type = parts.headers.get(header::CONTENT_TYPE)?.clone();
        let in_parts = media_type
            .to_str()
            .is_ok_and(|text| text.starts_with("multipart/form-data"));
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type);
        let form = FormParts::from_request(request, &self.state).await.ok()?;
        let to = parts.uri.path_and_query()?.as_str().to_owned();
        Kept::read(to, whose, in_parts, form).await
    }

    /// The sign-in page, with what was typed in it.
    fn sign_in_again(&self, parts: &Parts, visit: &Visit, kept: Kept) -> Response {
        let ui = visit.ui(&self.state);
        let next = came_from(&parts.headers).unwrap_or_else(|| ui.path.clone());
        let mut response = crate::http::sign_in_again(ui, next, kept).into_response();
        response.extensions_mut().insert(WithForm);
        response
    }

    fn unknown(&self, fault: Fault) -> Response {
        let is_401 = fault.status() == StatusCode::UNAUTHORIZED;
        let mut response = fault.into_response();
        if is_401 {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    fn change_password_first(&self) -> Response {
        if self.route.kind == RouteKind::Api {
            return Fault::new(
                StatusCode::FORBIDDEN,
                "access.must_change",
                "the password must be changed first",
            )
            .into_response();
        }
        (StatusCode::SEE_OTHER, [(header::LOCATION, "/account")]).into_response()
    }

    /// Sends a new visitor its cookie, and forgets the message that this page has shown.
    fn keep_cookies(
        &self,
        visit: &Visit,
        is_get: bool,
        is_background: bool,
        response: &mut Response,
    ) {
        let is_https = self.state.settings().is_https();
        let is_shown = !response.status().is_redirection();
        let has_form = response.extensions().get::<WithForm>().is_some();
        let headers = response.headers_mut();
        // Also beside a form that is shown again: with the new token it can be sent.
        let is_asked = is_get || self.route.is_shown_again || has_form;
        if is_asked && is_shown && visit.is_new_visitor() && visit.via() == Via::Nobody {
            let value = secret::sign_visitor(visit.csrf_secret(), self.state.cookie_key());
            headers.append(
                header::SET_COOKIE,
                cookies::set(cookies::VISITOR, &value, is_https),
            );
        }
        // What a page asks for by itself shows nobody a message.
        if is_shown && visit.has_flash() && !is_background {
            let value = HeaderValue::from_str(&ui::Flash::clear_cookie())
                .expect("a constant of plain ASCII");
            headers.append(header::SET_COOKIE, value);
        }
    }
}

/// The page of this site that a form stands on: its path, where the browser says it.
fn came_from(headers: &HeaderMap) -> Option<String> {
    let page: Uri = visit::header_text(headers, header::REFERER)?.parse().ok()?;
    let host = visit::header_text(headers, header::HOST)?;
    let is_ours = page.authority().is_some_and(|a| a.as_str() == host);
    let path = page.path_and_query()?.as_str();
    // The sign-in page is no page to come back to.
    (is_ours && !path.starts_with("/sign-")).then(|| ui::look::own_path(path).to_owned())
}

/// Why a form is not taken now, for the handler of a route that shows it again ([`crate::Routes::shown_again`]); none where it is.
#[derive(Debug, Clone, Default)]
pub struct NotNow(pub Option<Fault>);

impl<S: Sync> FromRequestParts<S> for NotNow {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// The answer to a form holds another one, for whoever is nobody yet.
#[derive(Debug, Clone, Copy)]
struct WithForm;

/// A form without the token of this session, and its body where that can still be read.
struct Stale {
    fault: Fault,
    body: Option<Body>,
}

impl From<Fault> for Stale {
    fn from(fault: Fault) -> Self {
        Self { fault, body: None }
    }
}

/// Looks for the form token: in the header, else in the form, whose body is handed on unread.
async fn check_form_token(
    parts: &Parts,
    body: Body,
    secret: &[u8; 32],
    limit: usize,
) -> Result<Body, Stale> {
    let refused = |body| Stale {
        fault: Fault::new(
            StatusCode::FORBIDDEN,
            "access.csrf",
            "the form token is missing or not of this session",
        )
        .back(came_from(&parts.headers).unwrap_or_default()),
        body: Some(body),
    };
    if let Some(value) = parts.headers.get(CSRF_HEADER) {
        let is_ours = value
            .to_str()
            .is_ok_and(|text| secret::unmasks_to(text, secret));
        return if is_ours {
            Ok(body)
        } else {
            Err(refused(body))
        };
    }
    let media_type = visit::header_text(&parts.headers, header::CONTENT_TYPE).unwrap_or_default();
    if media_type.starts_with("application/x-www-form-urlencoded") {
        let bytes = body::collect(body, limit).await?;
        let is_ours = form_urlencoded::parse(&bytes)
            .any(|(name, value)| name == CSRF_FIELD && secret::unmasks_to(&value, secret));
        let body = Body::from(bytes);
        return if is_ours {
            Ok(body)
        } else {
            Err(refused(body))
        };
    }
    if media_type.starts_with("multipart/form-data") {
        let (head, rest) = Peeked::read(body, limit).await?;
        let is_ours = body::multipart_value(&head, CSRF_FIELD)
            .is_some_and(|text| secret::unmasks_to(text, secret));
        let body = Body::new(Peeked::join(head, rest));
        return if is_ours {
            Ok(body)
        } else {
            Err(refused(body))
        };
    }
    Err(refused(body))
}

/// The stated purpose, from the header or the query.
fn purpose_of(parts: &Parts) -> Result<Option<String>, Fault> {
    let in_header = parts.headers.get(PURPOSE_HEADER).map(|value| {
        let line = format!("p={}", value.to_str().unwrap_or("%FF").replace('+', "%2B"));
        form_urlencoded::parse(line.as_bytes())
            .next()
            .map(|(_, text)| text.into_owned())
            .unwrap_or_default()
    });
    let query = parts.uri.query().unwrap_or_default();
    let in_query = || {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "purpose")
            .map(|(_, text)| text.into_owned())
    };
    let Some(purpose) = in_header
        .or_else(in_query)
        .map(|text| text.trim().to_owned())
    else {
        return Ok(None);
    };
    if purpose.chars().count() > LONGEST_PURPOSE
        || purpose.contains('\u{FFFD}')
        || purpose.contains(char::is_control)
    {
        return Err(Fault::invalid(
            "purpose",
            "access.purpose",
            "a purpose is a phrase of at most 200 characters",
        ));
    }
    Ok((!purpose.is_empty()).then_some(purpose))
}
