//! Use cases of Open311: what may be shown, taking a report in, and reading words before they become public.

use crate::model::{
    Accepted, Attribute, AttributeValue, FaultKind, GeoReportFault, LONGEST_DESCRIPTION, Service,
    ServiceDefinition, ServiceRequest, Wanted, bad,
};
use crate::place::{middle_of, street_of};
use crate::sql::{self, Filter, Shown};
use access::{Ctx, Fault, Fields, Permission, Problem, Refused, Visit, Word};
use axum::http::StatusCode;
use cases::Case;
use cases::model::{CaseId, State};
use cases::ops::{CaseError, Contact, NewPlace, NewReport};
use cases::service::Cases;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::codes::{CaseNumber, DivisionCode};
use kernel::mask::mask_free_text;
use kernel::paging::{Cursor, Page, PageSize};
use matters::{City, Condition, MatterClass, MatterId};
use std::sync::Arc;
use store::{AuditEvent, StoreError};
use ui::Lang;

/// Reports of one key in an hour, and how many of them at once.
pub const PER_HOUR: u32 = 600;
/// See [`PER_HOUR`].
pub const BURST: u32 = 60;
/// The attribute by which a reporter says which registration condition it is.
const CONDITION: &str = "condition";
/// The longest public text.
const LONGEST_TEXT: usize = 4000;
/// How often a page is filled up where cases turned out not to be public.
const MOST_STRETCHES: usize = 20;
/// How many cases wait on one page of words to be read.
const PAGE: u64 = 20;

/// How often each key may report.
pub type KeyRates = access::Buckets;

/// Why a call is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Open311Error {
    /// In the standard's own words.
    #[error(transparent)]
    Fault(#[from] GeoReportFault),
    /// A report that a rule of the house refuses, by the names of this interface.
    #[error(transparent)]
    Report(#[from] RefusedReport),
    /// The program's own refusals and failures.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Open311Error> for Fault {
    fn from(error: Open311Error) -> Self {
        match error {
            Open311Error::Fault(error) => error.into(),
            Open311Error::Report(error) => error.into(),
            Open311Error::Case(error) => error.into(),
            Open311Error::Store(error) => error.into(),
        }
    }
}

/// A rule of the house about a report, in the standard's status and with the standard's name of the parameter.
#[derive(Debug, thiserror::Error)]
#[error("{}", reason_of(.0))]
pub struct RefusedReport(CaseError);

/// The reason without the name of the field, which stands beside it.
fn reason_of(error: &CaseError) -> String {
    match error {
        CaseError::Field { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

/// The standard's name of an entry of a report.
fn parameter_of(field: &str) -> &str {
    match field {
        "lon" => "long",
        "address" => "address_string",
        "name" => "last_name",
        "matter" => "service_code",
        other => other,
    }
}

impl Problem for RefusedReport {
    fn status(&self) -> StatusCode {
        match self.0.status() {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            other => other,
        }
    }
    fn code(&self) -> &'static str {
        self.0.code()
    }
    fn field(&self) -> Option<String> {
        self.0.field().map(|field| parameter_of(&field).to_owned())
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        let named = |(name, word)| match (name, word) {
            ("field", Word::Text(field)) => ("field", parameter_of(&field).into()),
            other => other,
        };
        self.0.args().into_iter().map(named).collect()
    }
    fn retry_after_s(&self) -> Option<u32> {
        self.0.retry_after_s()
    }
}

/// Refuses a jurisdiction that is not this one. An endpoint of one jurisdiction needs none; what is given has to be the
/// name of its host or the six digits of its city (GB/T 2260).
///
/// # Errors
/// `NotFound`, as the standard says.
pub fn jurisdiction(ctx: &Ctx, public_url: &str, given: &str) -> Result<(), GeoReportFault> {
    let host = public_url
        .split_once("://")
        .map_or(public_url, |(_, rest)| rest)
        .split(['/', ':'])
        .next()
        .unwrap_or_default();
    let district = ctx.service::<Cases>().config().default_district;
    let city_code = format!("{}00", &district.as_str()[..4]);
    if given.is_empty() || given.eq_ignore_ascii_case(host) || given == city_code {
        return Ok(());
    }
    Err(GeoReportFault::new(
        FaultKind::NotFound,
        "jurisdiction_id",
        "open311.jurisdiction",
        format!("{:?} is not served here", shortened(given)),
    ))
}

/// What a caller sent, as far as it belongs into an answer.
fn shortened(given: &str) -> String {
    given.chars().take(80).collect()
}

fn city(ctx: &Ctx) -> Arc<City> {
    ctx.service::<Cases>().city()
}

/// Whether everybody may see that a case is there, and it was not found to be void.
pub fn is_public(city: &City, case: &Case) -> bool {
    cases::ops::is_public(city, case) && case.state != State::Voided
}

/// The classes whose cases everybody may see.
pub fn public_classes(city: &City) -> Vec<MatterId> {
    let classes = city.matters.classes().iter();
    classes
        .filter(|c| c.flags.public && !c.flags.confidential)
        .map(|c| c.id)
        .collect()
}

/// Public cases, newest first, at most `wanted`: of the classes of the filter, or of all public ones where it names none.
/// One statement, and another for each stretch in which too many turned out not to be public, so that a short page never
/// tells that something was left out.
///
/// # Errors
/// The store's.
pub async fn public(
    ctx: &Ctx,
    city: &Arc<City>,
    mut filter: Filter,
    wanted: u32,
) -> Result<Vec<Shown>, StoreError> {
    let open_to_all = public_classes(city);
    if filter.classes.is_empty() {
        filter.classes = open_to_all;
    } else {
        filter.classes.retain(|class| open_to_all.contains(class));
    }
    if filter.classes.is_empty() {
        return Ok(Vec::new());
    }
    let city = city.clone();
    ctx.read(move |r| {
        let (mut filter, mut found) = (filter.clone(), Vec::new());
        let most = usize::try_from(wanted).unwrap_or(usize::MAX);
        for _ in 0..MOST_STRETCHES {
            let stretch = sql::page(r, &filter, wanted, 0)?;
            filter.after = stretch.last().map(|s| s.case.id);
            let is_last = stretch.len() < most;
            found.extend(stretch.into_iter().filter(|s| is_public(&city, &s.case)));
            if is_last || found.len() >= most {
                break;
            }
        }
        found.truncate(most);
        Ok(found)
    })
    .await
}

/// The classes that people choose from, as services.
pub fn services(city: &City, lang: &str) -> Vec<Service> {
    city.matters
        .choices()
        .map(|class| Service {
            service_code: class.code.clone(),
            service_name: class.name(lang).to_owned(),
            description: class
                .conditions
                .iter()
                .map(|c| c.text.as_str())
                .collect::<Vec<_>>()
                .join("；"),
            metadata: !class.conditions.is_empty(),
            kind: "realtime",
            keywords: class.keywords.join(","),
            group: class.major_name.clone().unwrap_or_default(),
        })
        .collect()
}

fn class<'a>(city: &'a City, code: &str) -> Result<&'a MatterClass, GeoReportFault> {
    let found = city.matters.choices().find(|c| c.code == code);
    found.ok_or_else(|| {
        GeoReportFault::new(
            FaultKind::NotFound,
            "service_code",
            "open311.no_service",
            format!("{:?} is not a service", shortened(code)),
        )
    })
}

/// What may be said about requests of a service: which of the registration conditions of the catalogue it is.
///
/// # Errors
/// `NotFound` for a code that is no service.
pub fn definition(
    city: &City,
    code: &str,
    words: (String, String),
) -> Result<ServiceDefinition, GeoReportFault> {
    let class = class(city, code)?;
    let values: Vec<AttributeValue> = class
        .conditions
        .iter()
        .map(|c| AttributeValue {
            key: c.rule_no.to_string(),
            name: c.text.clone(),
        })
        .collect();
    let (description, datatype_description) = words;
    let attribute = Attribute {
        variable: true,
        code: CONDITION.to_owned(),
        datatype: "singlevaluelist",
        required: false,
        datatype_description,
        order: 1,
        description,
        values,
    };
    Ok(ServiceDefinition {
        service_code: code.to_owned(),
        attributes: if class.conditions.is_empty() {
            Vec::new()
        } else {
            vec![attribute]
        },
    })
}

/// A moment to the second, as the examples of the standard have it: clients read no fractions.
fn stamp(at: Timestamp, tz: &TimeZone) -> String {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    cases::ops::view::stamp(whole, tz)
}

/// How requests are told: in one language, with the words of states.
pub struct Teller<'a> {
    /// The city.
    pub city: &'a City,
    /// The language.
    pub lang: Lang,
    /// The words of a state.
    pub state: &'a (dyn Fn(State) -> String + Sync),
}

impl Teller<'_> {
    /// A request under an id. Nothing of a person, no typed address, no exact point.
    pub fn request(&self, id: String, case: &Case, text: &str) -> ServiceRequest {
        let (city, tz) = (self.city, &self.city.timezone);
        let class = case.matter.and_then(|m| city.matter(m));
        let is_closed = case.state.is_final();
        let territory = &city.territory;
        let place = case.place.here().and_then(|d| street_of(territory, d));
        let point = place.and_then(|street| middle_of(territory, street));
        ServiceRequest {
            service_request_id: id,
            status: if is_closed { "closed" } else { "open" },
            status_notes: (self.state)(case.state),
            service_name: class
                .map(|c| c.name(self.lang.tag()).to_owned())
                .unwrap_or_default(),
            service_code: class.map(|c| c.code.clone()).unwrap_or_default(),
            description: text.to_owned(),
            agency_responsible: case
                .unit
                .and_then(|u| city.unit(u))
                .map(|u| u.name(self.lang.tag()).to_owned())
                .unwrap_or_default(),
            requested_datetime: stamp(case.reported_at, tz),
            updated_datetime: stamp(
                case.closed_at
                    .filter(|_| is_closed)
                    .unwrap_or(case.updated_at),
                tz,
            ),
            expected_datetime: case.due_at.filter(|_| !is_closed).map(|at| stamp(at, tz)),
            address: place
                .map(|d| territory.name_in(d, self.lang))
                .unwrap_or_default(),
            address_id: place.map(|d| d.to_string()),
            lat: point.map(|p| p.lat()),
            long: point.map(|p| p.lon()),
        }
    }

    fn shown(&self, shown: &Shown) -> ServiceRequest {
        let text = shown.text.as_deref().unwrap_or_default();
        self.request(shown.case.number.to_string(), &shown.case, text)
    }
}

/// Public requests, newest first; asked for by their ids, also one's own by its private id.
///
/// # Errors
/// The store's. Codes that are no services are no error: nothing is found.
pub async fn list(
    ctx: &Ctx,
    visit: &Visit,
    wanted: &Wanted,
    teller: &Teller<'_>,
) -> Result<Vec<ServiceRequest>, Open311Error> {
    let city = teller.city;
    let mut classes = public_classes(city);
    if !wanted.codes.is_empty() {
        classes.retain(|id| {
            city.matter(*id)
                .is_some_and(|c| wanted.codes.contains(&c.code))
        });
    }
    let numbers: Vec<String> = wanted
        .ids
        .iter()
        .filter_map(|id| Some(id.parse::<CaseNumber>().ok()?.to_string()))
        .collect();
    let mut told = Vec::new();
    if !classes.is_empty() && (wanted.ids.is_empty() || !numbers.is_empty()) {
        let filter = Filter {
            classes,
            span: numbers.is_empty().then_some((wanted.from, wanted.to)),
            numbers,
            open: wanted.open,
            ..Filter::default()
        };
        let (limit, offset) = (wanted.limit, wanted.offset);
        let found = ctx
            .read(move |r| -> Result<_, StoreError> { sql::page(r, &filter, limit, offset) })
            .await?;
        let public = found.iter().filter(|s| is_public(city, &s.case));
        told.extend(public.map(|s| teller.shown(s)));
    }
    for id in wanted.ids.iter().filter(|id| is_private_id(id)) {
        told.extend(own(ctx, visit, id, teller).await?);
    }
    Ok(told)
}

/// Whether a text has the shape of a private id.
fn is_private_id(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// One's own request by its private id; none for an id that leads nowhere, which counts as a wrong try.
async fn own(
    ctx: &Ctx,
    visit: &Visit,
    id: &str,
    teller: &Teller<'_>,
) -> Result<Option<ServiceRequest>, Open311Error> {
    match cases::ops::track_link(ctx, id, visit.address()).await {
        // Whoever holds the private id wrote the words.
        Ok(case) => Ok(Some(teller.request(
            id.to_owned(),
            &case,
            &case.description,
        ))),
        Err(CaseError::WrongCode) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// One request: a public one by its number, one's own by its private id.
///
/// # Errors
/// `NotFound`; a wrong private id waits like any other wrong try.
pub async fn show(
    ctx: &Ctx,
    visit: &Visit,
    id: &str,
    teller: &Teller<'_>,
) -> Result<ServiceRequest, Open311Error> {
    let not_there = || {
        let reason = format!("{:?} is no public request", shortened(id));
        GeoReportFault::new(
            FaultKind::NotFound,
            "service_request_id",
            "open311.no_request",
            reason,
        )
    };
    if let Ok(number) = id.parse::<CaseNumber>() {
        let filter = Filter {
            numbers: vec![number.to_string()],
            ..Filter::default()
        };
        let found = public(ctx, &city(ctx), filter, 1).await?;
        return Ok(teller.shown(found.first().ok_or_else(not_there)?));
    }
    let found = own(ctx, visit, id, teller).await?;
    Ok(found.ok_or_else(not_there)?)
}

/// What the answer to a report says.
pub struct Notices {
    /// What happens next.
    pub received: String,
    /// That the id of a device is not kept.
    pub device: String,
}

/// The longest `account_id` that is answered.
const LONGEST_ACCOUNT: usize = 200;

/// Takes a report in for the holder of a key.
///
/// # Errors
/// `Key`, `TooMany`, `NotFound` for the service, `Bad` naming the parameter.
pub async fn report(
    ctx: &Ctx,
    fields: &Fields,
    notices: Notices,
) -> Result<Accepted, Open311Error> {
    let key = |code, reason: &str| GeoReportFault::new(FaultKind::Key, "api_key", code, reason);
    let holder = match fields.get("api_key") {
        "" => None,
        key => access::ops::accounts::key_holder(ctx, key, Permission::CaseReport).await?,
    };
    let Some(holder) = holder else {
        return Err(key("open311.key", "is missing, not valid, or not for reporting").into());
    };
    if let Some(rates) = ctx.service_if_any::<KeyRates>() {
        let account = holder.0.bytes();
        rates
            .take_key(&account, ctx.now(), rand_salt(&account))
            .map_err(|seconds| {
                GeoReportFault::new(
                    FaultKind::TooMany(seconds),
                    "api_key",
                    "open311.key_rate",
                    "reported too often",
                )
            })?;
    }
    let city = city(ctx);
    let account = fields.get("account_id");
    if account.chars().count() > LONGEST_ACCOUNT {
        let reason = "has more than 200 characters";
        return Err(bad("account_id", "open311.long_account", reason).into());
    }
    let (new, is_public_class) = new_report(&city, fields)?;
    let receipt = cases::ops::report(ctx, new).await.map_err(told)?;
    let is_public = is_public_class && is_public(&city, &receipt.case);
    let mut notice = notices.received;
    if !fields.get("device_id").is_empty() {
        notice = format!("{notice} {}", notices.device);
    }
    Ok(Accepted {
        service_request_id: if is_public {
            receipt.case.number.to_string()
        } else {
            receipt.link
        },
        service_notice: notice,
        account_id: (!account.is_empty()).then(|| account.to_owned()),
    })
}

/// A fresh salt for the marks of rates; they hold no address, so it need not be secret.
fn rand_salt(seed: &[u8; 16]) -> [u8; 32] {
    let mut salt = [0; 32];
    salt[..16].copy_from_slice(seed);
    salt
}

/// A refusal of the house in the standard's words: the caller can mend what is named.
fn told(error: CaseError) -> Open311Error {
    match error {
        CaseError::Field { .. } | CaseError::Rule { .. } => RefusedReport(error).into(),
        _ => error.into(),
    }
}

fn degrees(fields: &Fields, name: &str) -> Result<Option<f64>, GeoReportFault> {
    match fields.get(name) {
        "" => Ok(None),
        text => match text.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(Some(x)),
            _ => Err(bad(
                name,
                "open311.no_degrees",
                "is not a number of degrees",
            )),
        },
    }
}

/// The report of a form, and whether its class is public.
fn new_report(city: &City, fields: &Fields) -> Result<(NewReport, bool), GeoReportFault> {
    let code = fields.get("service_code");
    if code.is_empty() {
        return Err(bad("service_code", "open311.missing", "is missing"));
    }
    let class = class(city, code)?;
    let (lat, long) = (degrees(fields, "lat")?, degrees(fields, "long")?);
    let lon_lat = match (long, lat) {
        (Some(long), Some(lat)) => Some((long, lat)),
        (None, None) => None,
        _ => return Err(bad("lat", "open311.pair", "and long are given together")),
    };
    // The ids that the answers of this address hand out are codes of divisions; another register's stay what they are, a text.
    let id = fields.get("address_id");
    let division: Option<DivisionCode> = id
        .parse()
        .ok()
        .filter(|code| city.territory.division(*code).is_some());
    let address = [fields.get("address_string"), id]
        .into_iter()
        .filter(|part| !part.is_empty() && (*part != id || division.is_none()))
        .collect::<Vec<_>>()
        .join(" ");
    if lon_lat.is_none() && division.is_none() && address.is_empty() {
        return Err(bad(
            "lat",
            "open311.no_place",
            "and long, address_string or address_id is needed",
        ));
    }
    let words = fields.get("description");
    if words.chars().count() > LONGEST_DESCRIPTION {
        return Err(bad(
            "description",
            "open311.long_description",
            "has more than 4000 characters",
        ));
    }
    let name = [fields.get("last_name"), fields.get("first_name")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let new = NewReport {
        channel: "open311".into(),
        description: described(class, words, fields)?,
        matter: Some(class.id),
        place: NewPlace {
            lon_lat,
            division,
            address: given(&address),
            ..NewPlace::default()
        },
        contact: Contact {
            name: given(&name),
            phone: given(fields.get("phone")),
            email: given(fields.get("email")),
        },
        ..NewReport::default()
    };
    Ok((new, class.flags.public && !class.flags.confidential))
}

/// Which of the conditions of its class a report names. An attribute that the service has not is refused, not dropped; of a
/// list with one answer, one is taken.
fn condition<'a>(
    class: &'a MatterClass,
    fields: &Fields,
) -> Result<Option<&'a Condition>, GeoReportFault> {
    let mut given: Vec<(&str, &str)> = Vec::new();
    let mut names: Vec<&str> = fields
        .names()
        .filter(|n| n.starts_with("attribute"))
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let rest = name.strip_prefix("attribute[");
        let code = rest.and_then(|rest| rest.strip_suffix("[]").unwrap_or(rest).strip_suffix(']'));
        if code != Some(CONDITION) || class.conditions.is_empty() {
            let reason = "is no attribute of the service";
            return Err(bad(&shortened(name), "open311.no_attribute", reason));
        }
        given.extend(fields.all(name).map(|value| (name, value)));
    }
    let Some((name, value)) = given.first() else {
        return Ok(None);
    };
    if given.iter().any(|(_, other)| other != value) {
        return Err(bad(name, "open311.one_value", "takes one value"));
    }
    let found = value.parse().ok().and_then(|n: u32| class.condition(n));
    found.map(Some).ok_or_else(|| {
        bad(
            name,
            "open311.no_value",
            "is none of the values of the service",
        )
    })
}

/// The words of a report: its own, which condition it is, and where its picture is. The picture is not fetched: this
/// program calls no host outside the deployment.
fn described(class: &MatterClass, words: &str, fields: &Fields) -> Result<String, GeoReportFault> {
    let condition = condition(class, fields)?;
    let words = if words.is_empty() {
        &class.name_zh
    } else {
        words
    };
    let mut text = words.to_owned();
    if let Some(condition) = condition {
        text.push_str(&format!("\n（{}）", condition.text));
    }
    let media = fields.get("media_url");
    if !media.is_empty() {
        text.push_str(&format!("\n{media}"));
    }
    Ok(text.chars().take(cases::rules::MAX_TEXT).collect())
}

/// A public case whose words nobody has read yet.
#[derive(Debug, Clone)]
pub struct Unread {
    /// Its number.
    pub number: CaseNumber,
    /// Its class.
    pub matter: Option<MatterId>,
    /// Its words, with names, phone and ID numbers and mail addresses masked.
    pub text: String,
}

/// A page of public cases whose words wait to be read, newest first, whether they are open or over.
///
/// # Errors
/// [`Refused`] without the permission to accept cases; the store's.
pub async fn unread(ctx: &Ctx, after: Option<CaseId>) -> Result<Page<Unread>, CaseError> {
    ctx.require(Permission::CaseAccept)?;
    let city = city(ctx);
    let filter = Filter {
        unread: true,
        after,
        ..Filter::default()
    };
    let size = PageSize::new(PAGE).unwrap_or_default();
    let probe = u32::try_from(size.probe()).unwrap_or(u32::MAX);
    let found = public(ctx, &city, filter, probe).await?;
    let page = Page::from_probe(found, size, |s| Cursor::new([s.case.id.to_string()]));
    Ok(page.map(|s| Unread {
        number: s.case.number,
        matter: s.case.matter,
        text: s.case.description,
    }))
}

/// Says which words about a case are public; empty = none. Names of the form, phone and ID numbers and mail addresses are
/// masked once more.
///
/// # Errors
/// The case's; `Field` for a text that is too long or a case that is not public.
pub async fn publish(ctx: &Ctx, number: CaseNumber, text: &str) -> Result<(), CaseError> {
    let wanted = Permission::CaseAccept;
    ctx.require(wanted)
        .map_err(|_| Refused { permission: wanted })?;
    let case = cases::ops::find(ctx, number).await?;
    // words: open311-error-*
    let field = |reason: &str, why: &str| {
        CaseError::field("text", "open311.text", reason).with("why", access::Word::Key(why.into()))
    };
    // words: open311-text-*
    if text.chars().count() > LONGEST_TEXT {
        return Err(field("has more than 4000 characters", "open311-text-long"));
    }
    if !is_public(&city(ctx), &case) {
        let reason = "belongs to a case that is not public";
        return Err(field(reason, "open311-text-not-public"));
    }
    let (text, _) = mask_free_text(text.trim(), &[]);
    let (district, id) = (case.district, case.id.0);
    ctx.write(move |mut w| {
        sql::save_text(&mut w, district, id, &text)?;
        let event = AuditEvent::done("open311.publish", "case", number.to_string())
            .district(district.as_str())
            .detail(serde_json::json!({ "characters": text.chars().count() }));
        Ok(w.commit(event, ())?)
    })
    .await
}
