//! Use cases of Open311: what may be shown, taking a report in, and reading words before they become public.

use crate::model::{
    Accepted, Attribute, AttributeValue, GeoReportFault, LONGEST_DESCRIPTION, Service,
    ServiceDefinition, ServiceRequest, Wanted, bad,
};
use crate::sql::{self, Filter, Shown};
use access::{Ctx, Fields, Permission, Refused, Visit};
use cases::Case;
use cases::model::State;
use cases::ops::view::stamp;
use cases::ops::{CaseError, Contact, NewPlace, NewReport};
use cases::service::Cases;
use kernel::codes::{CaseNumber, DivisionLevel, GridCode};
use kernel::mask::mask_free_text;
use matters::{City, MatterClass, MatterId};
use std::sync::Arc;
use store::{AuditEvent, StoreError};

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
const PAGE: u32 = 20;

/// How often each key may report.
pub type KeyRates = access::Buckets;

/// Why a call is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Open311Error {
    /// In the standard's own words.
    #[error(transparent)]
    Fault(#[from] GeoReportFault),
    /// The program's own refusals and failures.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn city(ctx: &Ctx) -> Arc<City> {
    ctx.service::<Cases>().city()
}

/// Whether everybody may see that a case is there: its class is public and its requester asked for no confidence.
pub fn is_public(city: &City, case: &Case) -> bool {
    let class = case.matter.and_then(|id| city.matter(id));
    class.is_some_and(|c| c.flags.public && !c.flags.confidential)
        && !case.confidential
        && case.state != State::Voided
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
    found.ok_or_else(|| GeoReportFault::NotFound(format!("service_code {code:?} is not a service")))
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

/// How requests are told: in one language, with the words of states.
pub struct Teller<'a> {
    /// The city.
    pub city: &'a City,
    /// The language.
    pub lang: &'a str,
    /// The words of a state.
    pub state: &'a (dyn Fn(State) -> String + Sync),
}

impl Teller<'_> {
    /// A request under an id. Nothing of a person, no typed address, no exact point.
    pub fn request(&self, id: String, case: &Case, text: &str) -> ServiceRequest {
        let (city, tz) = (self.city, &self.city.timezone);
        let class = case.matter.and_then(|m| city.matter(m));
        let is_closed = case.state.is_final();
        let point = case.place.grid.and_then(|g| middle(city, g));
        ServiceRequest {
            service_request_id: id,
            status: if is_closed { "closed" } else { "open" },
            status_notes: (self.state)(case.state),
            service_name: class
                .map(|c| c.name(self.lang).to_owned())
                .unwrap_or_default(),
            service_code: class.map(|c| c.code.clone()).unwrap_or_default(),
            description: text.to_owned(),
            agency_responsible: case
                .unit
                .and_then(|u| city.unit(u))
                .map(|u| u.name(self.lang).to_owned())
                .unwrap_or_default(),
            requested_datetime: stamp(case.reported_at, tz),
            updated_datetime: stamp(
                case.closed_at
                    .filter(|_| is_closed)
                    .unwrap_or(case.updated_at),
                tz,
            ),
            expected_datetime: case.due_at.filter(|_| !is_closed).map(|at| stamp(at, tz)),
            address: street(city, case),
            lat: point.map(|p| p.0),
            long: point.map(|p| p.1),
        }
    }

    fn shown(&self, shown: &Shown) -> ServiceRequest {
        let text = shown.text.as_deref().unwrap_or_default();
        self.request(shown.case.number.to_string(), &shown.case, text)
    }
}

/// The middle of a unit grid, degrees north and east with five decimals (about a metre: it is no exact point anyway).
fn middle(city: &City, grid: GridCode) -> Option<(f64, f64)> {
    let point = city.territory.grid(grid)?.shape.label_point();
    let rounded = |x: f64| (x * 1e5).round() / 1e5;
    Some((rounded(point.lat()), rounded(point.lon())))
}

/// The street and the community of a case.
fn street(city: &City, case: &Case) -> String {
    let Some(division) = case.place.division else {
        return String::new();
    };
    let street = city.territory.at_level(division, DivisionLevel::Street);
    let own = city.territory.name(division);
    match street.map(|d| d.name.clone()) {
        Some(street) if street != own => format!("{street} {own}"),
        _ => own,
    }
}

/// Public requests, newest first.
///
/// # Errors
/// The store's. Codes that are no services are no error: nothing is found.
pub async fn list(
    ctx: &Ctx,
    wanted: &Wanted,
    teller: &Teller<'_>,
) -> Result<Vec<ServiceRequest>, Open311Error> {
    let city = teller.city;
    let mut classes = public_classes(city);
    if wanted.ids.is_empty() && !wanted.codes.is_empty() {
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
    if classes.is_empty() || (numbers.is_empty() && !wanted.ids.is_empty()) {
        return Ok(Vec::new());
    }
    let is_by_id = !numbers.is_empty();
    let filter = Filter {
        classes,
        span: (!is_by_id).then_some((wanted.from, wanted.to)),
        numbers,
        open: wanted.open.filter(|_| !is_by_id),
        ..Filter::default()
    };
    let (limit, offset) = (wanted.limit, wanted.offset);
    let found = ctx
        .read(move |r| -> Result<_, StoreError> { sql::page(r, &filter, limit, offset) })
        .await?;
    let public = found.iter().filter(|s| is_public(city, &s.case));
    Ok(public.map(|s| teller.shown(s)).collect())
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
    let not_there = || GeoReportFault::NotFound(format!("there is no public request {id:?}"));
    if let Ok(number) = id.parse::<CaseNumber>() {
        let filter = Filter {
            numbers: vec![number.to_string()],
            ..Filter::default()
        };
        let found = public(ctx, &city(ctx), filter, 1).await?;
        return Ok(teller.shown(found.first().ok_or_else(not_there)?));
    }
    match cases::ops::track_link(ctx, id, visit.address()).await {
        // Whoever holds the private id wrote the words.
        Ok(case) => Ok(teller.request(id.to_owned(), &case, &case.description)),
        Err(CaseError::WrongCode) => Err(not_there().into()),
        Err(CaseError::TooManyTries { retry_after_s }) => {
            Err(GeoReportFault::TooMany(retry_after_s).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes a report in for the holder of a key.
///
/// # Errors
/// `Key`, `TooMany`, `NotFound` for the service, `Bad` naming the parameter.
pub async fn report(ctx: &Ctx, fields: &Fields, notice: String) -> Result<Accepted, Open311Error> {
    let key = fields.get("api_key");
    let holder = match key {
        "" => None,
        key => access::ops::accounts::key_holder(ctx, key).await?,
    };
    let Some(holder) = holder else {
        return Err(GeoReportFault::Key("api_key is missing or not valid".into()).into());
    };
    if let Some(rates) = ctx.service_if_any::<KeyRates>() {
        rates
            .take_key(&holder.0.bytes(), ctx.now(), rand_salt(&holder.0.bytes()))
            .map_err(GeoReportFault::TooMany)?;
    }
    let city = city(ctx);
    let (new, is_public_class) = new_report(&city, fields)?;
    let receipt = cases::ops::report(ctx, new).await.map_err(told)?;
    let is_public = is_public_class && is_public(&city, &receipt.case);
    Ok(Accepted {
        service_request_id: if is_public {
            receipt.case.number.to_string()
        } else {
            receipt.link
        },
        service_notice: notice,
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
    match &error {
        CaseError::Field { .. } | CaseError::Rule { .. } => {
            GeoReportFault::Bad(error.to_string()).into()
        }
        _ => error.into(),
    }
}

fn degrees(fields: &Fields, name: &str) -> Result<Option<f64>, GeoReportFault> {
    match fields.get(name) {
        "" => Ok(None),
        text => match text.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(Some(x)),
            _ => Err(bad(name, "is not a number of degrees")),
        },
    }
}

/// The report of a form, and whether its class is public.
fn new_report(city: &City, fields: &Fields) -> Result<(NewReport, bool), GeoReportFault> {
    let code = fields.get("service_code");
    if code.is_empty() {
        return Err(bad("service_code", "is missing"));
    }
    let class = class(city, code)?;
    let (lat, long) = (degrees(fields, "lat")?, degrees(fields, "long")?);
    let lon_lat = match (long, lat) {
        (Some(long), Some(lat)) => Some((long, lat)),
        (None, None) => None,
        _ => return Err(bad("lat", "and long are given together")),
    };
    let address = [fields.get("address_string"), fields.get("address_id")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if lon_lat.is_none() && address.is_empty() {
        return Err(bad(
            "lat",
            "and long, address_string or address_id is needed",
        ));
    }
    let words = fields.get("description");
    if words.chars().count() > LONGEST_DESCRIPTION {
        return Err(bad("description", "has more than 4000 characters"));
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

/// The words of a report: its own, which condition it is, and where its picture is. The picture is not fetched: this
/// program calls no host outside the deployment.
fn described(class: &MatterClass, words: &str, fields: &Fields) -> Result<String, GeoReportFault> {
    let name = format!("attribute[{CONDITION}]");
    let condition = match fields.get(&name) {
        "" => None,
        text => {
            let found = text.parse().ok().and_then(|n: u32| class.condition(n));
            Some(found.ok_or_else(|| bad(&name, "is none of the values of the service"))?)
        }
    };
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
    /// Its words, with names, phone and ID numbers masked.
    pub text: String,
}

/// Public cases whose words wait to be read, newest first, at most 20.
///
/// # Errors
/// [`Refused`] without the permission to accept cases; the store's.
pub async fn unread(ctx: &Ctx) -> Result<Vec<Unread>, CaseError> {
    ctx.require(Permission::CaseAccept)?;
    let city = city(ctx);
    let filter = Filter {
        open: Some(true),
        unread: true,
        ..Filter::default()
    };
    let found = public(ctx, &city, filter, PAGE).await?;
    Ok(found
        .into_iter()
        .map(|s| Unread {
            number: s.case.number,
            matter: s.case.matter,
            text: s.case.description,
        })
        .collect())
}

/// Says which words about a case are public; empty = none. Names of the form, phone and ID numbers are masked once more.
///
/// # Errors
/// The case's; `Field` for a text that is too long or a case that is not public.
pub async fn publish(ctx: &Ctx, number: CaseNumber, text: &str) -> Result<(), CaseError> {
    let wanted = Permission::CaseAccept;
    ctx.require(wanted)
        .map_err(|_| Refused { permission: wanted })?;
    let case = cases::ops::find(ctx, number).await?;
    // words: open311-error-*
    let field = |reason: &str| CaseError::Field {
        field: "text".into(),
        code: "open311.text",
        reason: reason.into(),
    };
    if text.chars().count() > LONGEST_TEXT {
        return Err(field("has more than 4000 characters"));
    }
    if !is_public(&city(ctx), &case) {
        return Err(field("belongs to a case that is not public"));
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
