//! The front door: the program's router with everything that holds for every request. It gives the request its
//! reference number and moment, puts faults into words, adds the security headers, counts, and writes the log.

use crate::again::Pages;
use crate::fault::Fault;
use crate::routes::{Capability, Refusal, Refusals, RouteInfo, RouteKind, Routes, panicked};
use crate::state::AppState;
use crate::visit::{Visit, header_text, look_of};
use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use kernel::id::Id;
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use ui::{ErrorPage, Look, Ui};

const REFERENCE_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// When a request came in and under which number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub now: Timestamp,
    pub reference: Id,
}

impl Arrival {
    pub fn new(state: &AppState) -> Self {
        let now = state.clock().now();
        Self {
            now,
            reference: Id::new(now, rand::random()),
        }
    }
    /// As the front door noted it.
    pub fn of(extensions: &Extensions, state: &AppState) -> Self {
        extensions
            .get::<Self>()
            .copied()
            .unwrap_or_else(|| Self::new(state))
    }
}

/// What the guard tells the front door about a request it let through or refused.
#[derive(Clone)]
pub(crate) struct Handled {
    pub route: Arc<RouteInfo>,
    pub visit: Option<Visit>,
}

/// The whole program's router.
///
/// # Panics
/// At start-up, when two capabilities mount the same method and path.
pub fn router(state: &AppState, capabilities: Vec<Capability>) -> Router {
    let mut router = Router::new();
    let pages = Pages::of(&capabilities);
    let description = Bytes::from(crate::openapi(&capabilities).to_string());
    let described = move || async move {
        ([(header::CONTENT_TYPE, "application/json")], description).into_response()
    };
    router = Routes::new("access")
        .bare("/api/v1/openapi.json", described)
        .mount_on(router, state, &pages);
    let forms: Arc<[Refusals]> = capabilities.iter().filter_map(|c| c.refusals).collect();
    for capability in capabilities {
        router = capability.routes.mount_on(router, state, &pages);
    }
    router
        .fallback(|| async { Fault::not_found().into_response() })
        .method_not_allowed_fallback(|| async {
            Fault::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "access.method",
                "this address does not take this method",
            )
            .into_response()
        })
        // The guard bounds bodies itself, route by route.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state((state.clone(), forms), front))
        .layer(CompressionLayer::new().gzip(true))
        .with_state(state.clone())
}

/// What is remembered of a request for the time after its answer.
struct Asked {
    method: Method,
    path: String,
    is_api: bool,
    look: Look,
}

async fn front(
    State((state, forms)): State<(AppState, Arc<[Refusals]>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let arrival = Arrival::new(&state);
    request.extensions_mut().insert(arrival);
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let asked = Asked {
        method: request.method().clone(),
        is_api: path.starts_with("/api/"),
        path: path.to_owned(),
        look: look_of(request.headers()),
    };
    let mut response = next.run(request).await;
    let handled = response.extensions_mut().remove::<Handled>();
    let fault = response
        .extensions_mut()
        .remove::<Fault>()
        .or_else(|| bare_refusal(&response));
    if let Some(fault) = &fault {
        let form = forms.iter().find(|form| asked.path.starts_with(form.below));
        response = told(
            &state,
            fault,
            &asked,
            form,
            handled.as_ref(),
            arrival,
            response,
        );
    }
    protect(&state, response.headers_mut(), arrival);
    note(
        &asked,
        handled.as_ref(),
        fault.as_ref(),
        arrival,
        response.status(),
        started,
    );
    response
}

/// A refusal that came without words, such as axum's own plain text: it gets words like every other.
fn bare_refusal(response: &Response) -> Option<Fault> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.headers().contains_key("hx-redirect")
    {
        return None;
    }
    let media_type = header_text(response.headers(), header::CONTENT_TYPE).unwrap_or_default();
    let has_words = !media_type.is_empty() && !media_type.starts_with("text/plain");
    let reason = status
        .canonical_reason()
        .unwrap_or("refused")
        .to_lowercase();
    (!has_words).then(|| match status {
        StatusCode::NOT_FOUND => Fault::not_found(),
        _ if status.is_server_error() => Fault::internal(reason),
        _ => Fault::new(status, "access.unreadable", reason),
    })
}

/// The fault as a problem document or a page; cookies and hints of the bare answer are kept.
fn told(
    state: &AppState,
    fault: &Fault,
    asked: &Asked,
    form: Option<&Refusals>,
    handled: Option<&Handled>,
    arrival: Arrival,
    bare: Response,
) -> Response {
    let is_api = handled.map_or(asked.is_api, |h| h.route.kind == RouteKind::Api);
    let mut response = if let Some(form) = form {
        (form.write)(&Refusal {
            status: fault.status(),
            path: asked.path.split('?').next().unwrap_or_default(),
            field: fault.field_name(),
            sentence: &in_words(state, fault, asked.look, arrival),
        })
    } else if is_api {
        problem(state, fault, asked.look, arrival)
    } else {
        let ui = handled.and_then(|h| h.visit.as_ref()).map_or_else(
            || state.ui(asked.look, asked.path.clone(), arrival.now),
            |visit| visit.ui(state),
        );
        page(fault, ui, arrival)
    };
    for (name, value) in bare.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    if let Some(seconds) = fault.retry_after_s() {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// One sentence about a fault: in the reader's language where the program has words for it, else the English text; about a
/// fault of ours only what everybody may know.
fn in_words(state: &AppState, fault: &Fault, look: Look, arrival: Arrival) -> String {
    let ui = state.ui(look, "/", arrival.now);
    fault.lone_sentence(&ui).unwrap_or_else(|| {
        if fault.status().is_server_error() {
            ErrorPage::for_status(ui, fault.status().as_u16(), "").title
        } else {
            fault.detail().to_owned()
        }
    })
}

/// RFC 9457. The English detail of our own faults stays in the log.
fn problem(state: &AppState, fault: &Fault, look: Look, arrival: Arrival) -> Response {
    let ui = state.ui(look, "/", arrival.now);
    let sentence = fault.told(&ui);
    let title =
        sentence.unwrap_or_else(|| ErrorPage::for_status(ui, fault.status().as_u16(), "").title);
    let mut body = json!({
        "type": format!("urn:shiyu:problem:{}", fault.code()),
        "title": title,
        "status": fault.status().as_u16(),
        "code": fault.code(),
        "reference": arrival.reference.to_string(),
    });
    if !fault.status().is_server_error() {
        body["detail"] = fault.detail().into();
    }
    if let Some(field) = fault.field_name() {
        body["field"] = field.into();
    }
    (
        fault.status(),
        [(header::CONTENT_TYPE, "application/problem+json")],
        body.to_string(),
    )
        .into_response()
}

fn page(fault: &Fault, ui: Ui, arrival: Arrival) -> Response {
    let sentence = fault.lone_sentence(&ui);
    let mut page =
        ErrorPage::for_status(ui, fault.status().as_u16(), arrival.reference.to_string());
    if fault.code() == "access.csrf" {
        // Nobody's role is in question.
        page.say("stale");
    }
    page.back = fault.back_path().to_owned();
    if let Some(sentence) = sentence {
        page.happened = sentence;
    }
    match page.render() {
        Ok(html) => (fault.status(), Html(ui::label_fields(html))).into_response(),
        Err(error) => {
            tracing::error!(%error, "the error page itself could not be made");
            (
                fault.status(),
                format!("{} {}", fault.status(), arrival.reference),
            )
                .into_response()
        }
    }
}

/// Headers that every answer carries. What a handler set itself stays.
fn protect(state: &AppState, headers: &mut HeaderMap, arrival: Arrival) {
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert_with(|| state.content_policy().clone());
    let mut add = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::REFERRER_POLICY, "same-origin");
    add(
        HeaderName::from_static("permissions-policy"),
        "geolocation=(self), camera=(self), microphone=()",
    );
    add(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    // A page shows what one reader may see at one moment: nobody else's cache may keep it.
    add(header::CACHE_CONTROL, "no-store");
    if state.settings().is_https() {
        add(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    let reference =
        HeaderValue::from_str(&arrival.reference.to_string()).expect("an id is plain ASCII");
    headers.insert(REFERENCE_HEADER, reference);
}

/// Counts and logs; the only place where a fault is logged. The pattern of the route is logged and never the path,
/// which may hold a case's private code.
fn note(
    asked: &Asked,
    handled: Option<&Handled>,
    fault: Option<&Fault>,
    arrival: Arrival,
    status: StatusCode,
    started: Instant,
) {
    let route = handled.map_or("(none)", |h| h.route.path);
    let took = started.elapsed();
    let method = asked.method.as_str();
    let counted_method = handled.map_or("OTHER", |h| match h.route.method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    });
    let labels = [
        ("method", counted_method.to_owned()),
        ("route", route.to_owned()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels[..2]).record(took.as_secs_f64());
    let (reference, status, ms) = (arrival.reference, status.as_u16(), took.as_millis() as u64);
    match fault {
        Some(fault) if fault.status().is_server_error() => {
            tracing::error!(%reference, method, route, status, ms, code = fault.code(), "request {reference} failed: {}", fault.detail());
        }
        Some(fault) => {
            tracing::info!(%reference, method, route, status, ms, code = fault.code(), "request {reference} refused: {}", fault.detail());
        }
        None => tracing::debug!(%reference, method, route, status, ms, "request answered"),
    }
}
