//! The calls of GeoReport v2 under `/open311/v2`, each as XML and as JSON.

use crate::model::{
    Accepted, Discovery, Endpoint, FaultKind, GeoReportError, GeoReportFault, Service,
    ServiceDefinition, ServiceRequest, TokenAnswer, Wanted, bad,
};
use crate::ops::{self, Notices, Open311Error, Teller};
use crate::wire::{self, Format};
use access::{AppState, Ctx, Fault, Fields, Operation, Path, Permission, Routes, Visit};
use axum::extract::{RawQuery, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use cases::model::State as CaseState;
use cases::service::Cases;
use cases::words::state_key;
use ui::Ui;

/// The specification.
const SPECIFICATION: &str = "http://wiki.open311.org/GeoReport_v2";
/// When this door last changed.
const CHANGESET: &str = "2026-11-30T00:00:00+08:00";
/// About the parameter that endpoints of several jurisdictions need.
const JURISDICTION: &str =
    "the host of this address or the six digits of its city; may be left out, any other is a 404";

/// The calls.
pub fn routes() -> Routes {
    let mut routes = Routes::new("open311");
    for (ending, format) in [("json", Format::Json), ("xml", Format::Xml)] {
        routes = of_format(routes, ending, format);
    }
    routes
        .on_api(
            Method::GET,
            "/open311/v2/services/{code}",
            Permission::Public,
            definition,
            Operation::new("GeoReport v2: what may be said about requests of a service")
                .about("The address ends in .json or .xml.")
                .in_xml(None)
                .answers::<ServiceDefinition>(200)
                .faults_as::<Vec<GeoReportError>>(),
        )
        .on_api(
            Method::GET,
            "/open311/v2/requests/{id}",
            Permission::CaseTrack,
            request,
            Operation::new(
                "GeoReport v2: one request, by the number of a public case or one's own private id",
            )
            .about("The address ends in .json or .xml.")
            .in_xml(None)
            .answers::<Vec<ServiceRequest>>(200)
            .faults_as::<Vec<GeoReportError>>(),
        )
        .on_api(
            Method::GET,
            "/open311/v2/tokens/{token}",
            Permission::CaseTrack,
            token,
            Operation::new(
                "GeoReport v2: the id behind a token, which here is the private id itself",
            )
            .about("The address ends in .json or .xml.")
            .in_xml(None)
            .answers::<Vec<TokenAnswer>>(200)
            .faults_as::<Vec<GeoReportError>>(),
        )
}

/// Addresses that are known beforehand, in one format.
fn of_format(routes: Routes, ending: &str, format: Format) -> Routes {
    let is_xml = matches!(format, Format::Xml);
    let path = |name: &str| -> &'static str {
        // Routes live as long as the program; there are eight of these.
        Box::leak(format!("/open311/v2/{name}.{ending}").into_boxed_str())
    };
    routes
        .on_api(
            Method::GET,
            path("discovery"),
            Permission::Public,
            move |State(state): State<AppState>, ui: Ui| async move {
                discovery(&state, &ui, format)
            },
            Operation::new("GeoReport v2: where this interface is")
                .in_xml(Some(is_xml))
                .answers::<Discovery>(200),
        )
        .on_api(
            Method::GET,
            path("services"),
            Permission::Public,
            move |ctx: Ctx, ui: Ui, State(state): State<AppState>, query: RawQuery| async move {
                let found = asked(&ctx, &state, query).map(|_| {
                    let city = ctx.service::<Cases>().city();
                    ops::services(&city, ui.lang.tag())
                });
                said(format, "services", StatusCode::OK, found)
            },
            Operation::new("GeoReport v2: the services")
                .query::<String>("jurisdiction_id", JURISDICTION)
                .in_xml(Some(is_xml))
                .answers::<Vec<Service>>(200)
                .faults_as::<Vec<GeoReportError>>(),
        )
        .on_api(
            Method::GET,
            path("requests"),
            Permission::CaseTrack,
            move |ctx: Ctx, ui: Ui, visit: Visit, State(state): State<AppState>, query: RawQuery| async move {
                let found = list(&ctx, &ui, &visit, &state, query).await;
                said(format, "service_requests", StatusCode::OK, found)
            },
            Operation::new("GeoReport v2: public requests, newest first")
                .query::<String>("jurisdiction_id", JURISDICTION)
                .query::<String>("service_request_id", "only these, also one's own by their private ids, separated by commas; overrides all else")
                .query::<String>("service_code", "only of these services, separated by commas")
                .query::<String>("start_date", "reported at or after this time; at most 90 days in one answer")
                .query::<String>("end_date", "reported before this time")
                .query::<String>("status", "open, closed or open,closed")
                .query::<u32>("page", "which page, from 1")
                .query::<u32>("page_size", "requests of a page, at most 1000")
                .answers::<Vec<ServiceRequest>>(200)
                .in_xml(Some(is_xml))
                .faults_as::<Vec<GeoReportError>>(),
        )
        .on_api(
            Method::POST,
            path("requests"),
            Permission::CaseTrack,
            move |ctx: Ctx, ui: Ui, State(state): State<AppState>, query: RawQuery, fields: Result<Fields, Fault>| async move {
                let done = match fields {
                    Ok(fields) => report(&ctx, &ui, &state, query, &fields).await,
                    Err(fault) if fault.code() == "access.media_type" => Err(not_a_form()),
                    Err(fault) => return fault.into_response(),
                };
                said(format, "service_requests", StatusCode::CREATED, done)
            },
            Operation::new("GeoReport v2: reports something; needs an api_key")
                .about("The key is an API token of the program. A request of a public class is known by its number, any other by a private id that nobody else learns.")
                .body_of::<ReportForm>("application/x-www-form-urlencoded")
                .answers::<Vec<Accepted>>(201)
                .in_xml(Some(is_xml))
                .faults_as::<Vec<GeoReportError>>(),
        )
}

/// What a report may hold.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes a form; the entries are read by name")]
struct ReportForm {
    /// An API token.
    api_key: String,
    /// The service.
    service_code: String,
    /// Degrees north, WGS 84; with `long`, or an address instead.
    lat: Option<f64>,
    /// Degrees east.
    long: Option<f64>,
    /// The address in words.
    address_string: Option<String>,
    /// The address in the caller's own terms.
    address_id: Option<String>,
    /// What is the matter, at most 4,000 characters.
    description: Option<String>,
    /// Contact.
    email: Option<String>,
    /// Contact.
    first_name: Option<String>,
    /// Contact.
    last_name: Option<String>,
    /// Contact.
    phone: Option<String>,
    /// Where a picture is; it is written down, not fetched.
    media_url: Option<String>,
    /// The device that reports; it is not kept, and the answer says so.
    device_id: Option<String>,
    /// The account of whoever reports, in the caller's own terms; it is answered, and not kept.
    account_id: Option<String>,
    /// The host of this address or the six digits of its city; may be left out.
    jurisdiction_id: Option<String>,
}

/// An answer in its format. A fault goes out as every other of the house: the front door puts it into words, and
/// [`wire::refusal`] into the standard's form.
fn said<T: serde::Serialize>(
    format: Format,
    root: &str,
    status: StatusCode,
    result: Result<T, Open311Error>,
) -> Response {
    match result {
        Ok(document) => wire::answer(format, status, root, &document),
        Err(error) => Fault::from(error).into_response(),
    }
}

fn unknown_format() -> Response {
    let reason = "the address ends in .json or .xml";
    let fault = GeoReportFault::new(FaultKind::NotFound, "format", "open311.format", reason);
    Fault::from(fault).into_response()
}

/// The standard knows no 415 (§8.1): what is no form is a request that does not fit.
fn not_a_form() -> Open311Error {
    let reason = "is not application/x-www-form-urlencoded";
    bad("Content-Type", "open311.not_a_form", reason).into()
}

/// What was asked, of this jurisdiction.
fn asked(ctx: &Ctx, state: &AppState, RawQuery(query): RawQuery) -> Result<Fields, Open311Error> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let public_url = &state.settings().public_url;
    ops::jurisdiction(ctx, public_url, fields.get("jurisdiction_id"))?;
    Ok(fields)
}

async fn report(
    ctx: &Ctx,
    ui: &Ui,
    state: &AppState,
    query: RawQuery,
    fields: &Fields,
) -> Result<Vec<Accepted>, Open311Error> {
    asked(ctx, state, query)?;
    let public_url = &state.settings().public_url;
    ops::jurisdiction(ctx, public_url, fields.get("jurisdiction_id"))?;
    let notices = Notices {
        received: ui.t("open311-notice"),
        device: ui.t("open311-notice-device"),
    };
    Ok(vec![ops::report(ctx, fields, notices).await?])
}

fn discovery(state: &AppState, ui: &Ui, format: Format) -> Response {
    let base = state.settings().public_url.trim_end_matches('/');
    let document = Discovery {
        changeset: CHANGESET.into(),
        contact: ui.t("open311-contact"),
        key_service: ui.t("open311-key-service"),
        endpoints: vec![Endpoint {
            specification: SPECIFICATION,
            url: format!("{base}/open311/v2"),
            changeset: CHANGESET.into(),
            kind: "production",
            formats: vec!["text/xml", "application/json"],
        }],
    };
    wire::answer(format, StatusCode::OK, "discovery", &document)
}

/// The words of states in the reader's language.
fn words(ui: &Ui) -> impl Fn(CaseState) -> String + Sync + '_ {
    move |state| ui.t(state_key(state))
}

async fn list(
    ctx: &Ctx,
    ui: &Ui,
    visit: &Visit,
    state: &AppState,
    query: RawQuery,
) -> Result<Vec<ServiceRequest>, Open311Error> {
    let fields = asked(ctx, state, query)?;
    let city = ctx.service::<Cases>().city();
    let wanted = Wanted::read(|name| fields.get(name), ctx.now(), &city.timezone)?;
    let teller = Teller {
        city: &city,
        lang: ui.lang,
        state: &words(ui),
    };
    ops::list(ctx, visit, &wanted, &teller).await
}

async fn definition(
    ctx: Ctx,
    ui: Ui,
    State(state): State<AppState>,
    Path(code): Path<String>,
    query: RawQuery,
) -> Response {
    let Some((code, format)) = Format::split(&code) else {
        return unknown_format();
    };
    let city = ctx.service::<Cases>().city();
    let words = (ui.t("open311-condition"), ui.t("open311-condition-help"));
    let found = asked(&ctx, &state, query).and_then(|_| Ok(ops::definition(&city, code, words)?));
    said(format, "service_definition", StatusCode::OK, found)
}

/// The request of an id or of a token.
async fn one(
    ctx: &Ctx,
    ui: &Ui,
    visit: &Visit,
    state: &AppState,
    query: RawQuery,
    id: &str,
) -> Result<ServiceRequest, Open311Error> {
    asked(ctx, state, query)?;
    let city = ctx.service::<Cases>().city();
    let teller = Teller {
        city: &city,
        lang: ui.lang,
        state: &words(ui),
    };
    ops::show(ctx, visit, id, &teller).await
}

async fn request(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: RawQuery,
) -> Response {
    let Some((id, format)) = Format::split(&id) else {
        return unknown_format();
    };
    let found = one(&ctx, &ui, &visit, &state, query, id).await;
    let found = found.map(|one| vec![one]);
    said(format, "service_requests", StatusCode::OK, found)
}

async fn token(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    State(state): State<AppState>,
    Path(token): Path<String>,
    query: RawQuery,
) -> Response {
    let Some((token, format)) = Format::split(&token) else {
        return unknown_format();
    };
    let found = one(&ctx, &ui, &visit, &state, query, token).await;
    let found = found.map(|one| {
        vec![TokenAnswer {
            service_request_id: one.service_request_id,
            token: token.to_owned(),
        }]
    });
    said(format, "service_requests", StatusCode::OK, found)
}
