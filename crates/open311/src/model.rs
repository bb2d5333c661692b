//! The documents of GeoReport v2, and what is asked of its lists. Field names are the standard's.

use access::{Problem, Word};
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// The longest span of a list, and what is shown when nobody says: 90 days.
pub const SPAN: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The most requests of one answer.
pub const MOST: u32 = 1000;
/// The most requests asked for by their ids at once.
pub const MOST_IDS: usize = 100;
/// The longest description.
pub const LONGEST_DESCRIPTION: usize = 4000;

/// A kind of request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Service {
    /// Its code.
    pub service_code: String,
    /// Its name.
    pub service_name: String,
    /// What it is about.
    pub description: String,
    /// Whether `services/{service_code}` says more.
    pub metadata: bool,
    /// `realtime`: a request has its id at once.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Words by which it is found, separated by commas.
    pub keywords: String,
    /// The group it belongs to.
    pub group: String,
}

/// One of the answers to an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttributeValue {
    /// What is sent.
    pub key: String,
    /// What people read.
    pub name: String,
}

/// Something more to say about a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Attribute {
    /// Whether people fill it in.
    pub variable: bool,
    /// Its code, as in `attribute[CODE]`.
    pub code: String,
    /// `singlevaluelist`.
    pub datatype: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// How to fill it in.
    pub datatype_description: String,
    /// Its place on the form.
    pub order: u32,
    /// What it asks.
    pub description: String,
    /// Its answers.
    pub values: Vec<AttributeValue>,
}

/// What may be said about requests of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServiceDefinition {
    /// The service.
    pub service_code: String,
    /// What may be said.
    pub attributes: Vec<Attribute>,
}

/// A request as everybody may see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ServiceRequest {
    /// The number of a public case, or the private id of one's own.
    pub service_request_id: String,
    /// `open` or `closed`.
    pub status: &'static str,
    /// Where it stands, in words.
    pub status_notes: String,
    /// The service.
    pub service_name: String,
    /// Its code.
    pub service_code: String,
    /// The words, once a person has read them; empty until then.
    pub description: String,
    /// The unit that handles it.
    pub agency_responsible: String,
    /// When it was reported.
    pub requested_datetime: String,
    /// When it last changed; of a closed one, when it was closed.
    pub updated_datetime: String,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_datetime: Option<String>,
    /// The street, never the typed address.
    pub address: String,
    /// The code of the street (12 digits), where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_id: Option<String>,
    /// The middle of the street, degrees north, WGS 84: nothing finer is public.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// The same, degrees east.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long: Option<f64>,
}

/// What a new request is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Accepted {
    /// The number of a public case, or a private id to be kept.
    pub service_request_id: String,
    /// What happens next.
    pub service_notice: String,
    /// The account of whoever reports, as the caller named it. The program keeps it not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// The id behind a token. This program gives ids at once, so a token is the private id itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// The id.
    pub service_request_id: String,
    /// The token.
    pub token: String,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GeoReportError {
    /// The HTTP status.
    pub code: u16,
    /// In words.
    pub description: String,
}

/// Where one version of the interface is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Endpoint {
    /// The specification.
    pub specification: &'static str,
    /// Its address.
    pub url: String,
    /// When it last changed.
    pub changeset: String,
    /// `production`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The media types.
    pub formats: Vec<&'static str>,
}

/// Service discovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Discovery {
    /// When it last changed.
    pub changeset: String,
    /// Whom to ask.
    pub contact: String,
    /// How to get a key.
    pub key_service: String,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// The standard's statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// 404: a service, a request, a token or a jurisdiction that is not there.
    NotFound,
    /// 403: the key is missing, not valid, or not for reporting.
    Key,
    /// 400: everything else that the caller can mend.
    Bad,
    /// 429: too many of one key; after so many seconds again.
    TooMany(u32),
}

/// Why a call is not answered. Its sentence stands in the words under its code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} {reason}")]
pub struct GeoReportFault {
    /// Its status.
    pub kind: FaultKind,
    /// The parameter at fault, by the standard's name.
    pub parameter: String,
    /// The code of the sentence.
    pub code: &'static str,
    /// What is wrong with it, in English.
    pub reason: String,
}

impl GeoReportFault {
    /// A fault of a parameter.
    pub fn new(
        kind: FaultKind,
        parameter: impl Into<String>,
        code: &'static str,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            parameter: parameter.into(),
            code,
            reason: reason.into(),
        }
    }
}

// words: open311-error-*
impl Problem for GeoReportFault {
    fn status(&self) -> StatusCode {
        match self.kind {
            FaultKind::NotFound => StatusCode::NOT_FOUND,
            FaultKind::Key => StatusCode::FORBIDDEN,
            FaultKind::Bad => StatusCode::BAD_REQUEST,
            FaultKind::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }
    fn code(&self) -> &'static str {
        self.code
    }
    fn field(&self) -> Option<String> {
        Some(self.parameter.clone())
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        vec![("parameter", self.parameter.as_str().into())]
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self.kind {
            FaultKind::TooMany(seconds) => Some(seconds),
            _ => None,
        }
    }
}

/// What is asked of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Only these; overrides all else.
    pub ids: Vec<String>,
    /// Only of these services.
    pub codes: Vec<String>,
    /// Reported at or after this.
    pub from: Timestamp,
    /// Reported before this.
    pub to: Timestamp,
    /// Only open or only closed ones.
    pub open: Option<bool>,
    /// How many to leave out.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
}

impl Wanted {
    /// Reads the query of a list; an empty parameter is none. Without dates, the last 90 days; with one, 90 days from or to it.
    ///
    /// # Errors
    /// A fault naming the parameter.
    pub fn read<'a>(
        get: impl Fn(&str) -> &'a str,
        now: Timestamp,
        tz: &TimeZone,
    ) -> Result<Self, GeoReportFault> {
        let list = |text: &str| -> Vec<String> {
            let parts = text.split(',').map(str::trim);
            parts.filter(|p| !p.is_empty()).map(str::to_owned).collect()
        };
        let ids = list(get("service_request_id"));
        if ids.len() > MOST_IDS {
            let reason = "names more than 100 requests";
            return Err(bad("service_request_id", "open311.many_ids", reason));
        }
        // The ids override all else, so that nothing beside them is even read.
        let is_by_id = !ids.is_empty();
        let get = |name: &str| if is_by_id { "" } else { get(name) };
        let (start, end) = (
            moment(get("start_date"), "start_date", tz, false)?,
            moment(get("end_date"), "end_date", tz, true)?,
        );
        let shifted = |at: Timestamp, by: SignedDuration| at.checked_add(by);
        let too_far = |_| bad("start_date", "open311.too_far", "lies too far away");
        let (from, to) = match (start, end) {
            (Some(from), Some(to)) if to < from => {
                return Err(bad(
                    "end_date",
                    "open311.backward",
                    "lies before start_date",
                ));
            }
            (Some(from), Some(to)) if to.duration_since(from) > SPAN => {
                return Err(bad(
                    "end_date",
                    "open311.too_long_span",
                    "lies more than 90 days after start_date",
                ));
            }
            (Some(from), Some(to)) => (from, to),
            (Some(from), None) => (from, shifted(from, SPAN).map_err(too_far)?),
            (None, Some(to)) => (shifted(to, -SPAN).map_err(too_far)?, to),
            (None, None) => (
                shifted(now, -SPAN).map_err(too_far)?,
                shifted(now, SignedDuration::from_secs(1)).map_err(too_far)?,
            ),
        };
        let mut states = list(get("status"));
        states.sort();
        states.dedup();
        let open = match states.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] | ["closed", "open"] => None,
            ["open"] => Some(true),
            ["closed"] => Some(false),
            _ => {
                return Err(bad(
                    "status",
                    "open311.status",
                    "is open, closed or open,closed",
                ));
            }
        };
        let limit = number(get("page_size"), "page_size", MOST)?.min(MOST);
        let page = number(get("page"), "page", 1)?;
        let offset = (page - 1)
            .checked_mul(limit)
            .ok_or_else(|| bad("page", "open311.too_far", "lies too far away"))?;
        Ok(Self {
            ids,
            codes: list(get("service_code")),
            from,
            to,
            open,
            offset,
            limit,
        })
    }
}

/// What the caller can mend, by the name of its parameter.
pub fn bad(parameter: &str, code: &'static str, reason: &str) -> GeoReportFault {
    GeoReportFault::new(FaultKind::Bad, parameter, code, reason)
}

fn number(text: &str, name: &str, default: u32) -> Result<u32, GeoReportFault> {
    match text {
        "" => Ok(default),
        text => text
            .parse()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| bad(name, "open311.no_number", "is not a whole number above 0")),
    }
}

/// A time with a zone, or a whole local day, whose end is meant where `is_end`.
fn moment(
    text: &str,
    name: &str,
    tz: &TimeZone,
    is_end: bool,
) -> Result<Option<Timestamp>, GeoReportFault> {
    if text.is_empty() {
        return Ok(None);
    }
    // A plus sign in a query that nobody encoded arrives as a space.
    let text = text.replace(' ', "+");
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    let wrong = || {
        bad(
            name,
            "open311.no_time",
            "is no time such as 2026-03-16T00:00:00+08:00",
        )
    };
    let day: Date = text.parse().map_err(|_| wrong())?;
    let day = if is_end {
        day.tomorrow().map_err(|_| wrong())?
    } else {
        day
    };
    let at = day.to_zoned(tz.clone()).map_err(|_| wrong())?;
    Ok(Some(at.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &'static str)]) -> Result<Wanted, GeoReportFault> {
        let now = "2026-03-16T01:00:00Z".parse().unwrap();
        let tz = TimeZone::get("Asia/Shanghai").unwrap();
        let get = |name: &str| {
            let found = pairs.iter().find(|(n, _)| *n == name);
            found.map_or("", |(_, value)| *value)
        };
        Wanted::read(get, now, &tz)
    }

    #[test]
    fn without_a_word_the_last_ninety_days_are_meant() {
        let wanted = read(&[]).unwrap();
        assert_eq!(wanted.from.to_string(), "2025-12-16T01:00:00Z");
        assert!(wanted.to > "2026-03-16T01:00:00Z".parse().unwrap());
        assert_eq!((wanted.open, wanted.offset, wanted.limit), (None, 0, 1000));
    }

    #[test]
    fn dates_are_times_with_a_zone_or_whole_local_days() {
        let wanted = read(&[("start_date", "2026-03-01"), ("end_date", "2026-03-01")]).unwrap();
        assert_eq!(wanted.from.to_string(), "2026-02-28T16:00:00Z");
        assert_eq!(wanted.to.to_string(), "2026-03-01T16:00:00Z");
        let wanted = read(&[("start_date", "2026-03-01T00:00:00 08:00")]).unwrap();
        assert_eq!(wanted.from.to_string(), "2026-02-28T16:00:00Z");
        assert_eq!(wanted.to.duration_since(wanted.from), SPAN);
    }

    #[test]
    fn beside_ids_nothing_else_is_read() {
        let given = [
            ("service_request_id", "a, b"),
            ("start_date", "foo"),
            ("status", "lost"),
            ("service_code", "C0101"),
            ("page", "-1"),
        ];
        let wanted = read(&given).unwrap();
        assert_eq!(wanted.ids, ["a", "b"]);
        assert!(wanted.codes.is_empty() && wanted.open.is_none());
    }

    #[test]
    fn what_does_not_read_is_named() {
        for (name, value) in [
            ("start_date", "yesterday"),
            ("end_date", "9999-99-99"),
            ("status", "pending"),
            ("page", "-1"),
            ("page", "0"),
            ("page_size", "many"),
            ("page_size", "0"),
        ] {
            let fault = read(&[(name, value)]).unwrap_err();
            assert_eq!(
                (fault.kind, fault.parameter.as_str()),
                (FaultKind::Bad, name)
            );
            assert!(fault.to_string().starts_with(name), "{fault}");
        }
        let long = [("start_date", "2026-01-01"), ("end_date", "2026-06-01")];
        assert!(read(&long).is_err());
        let turned = [("start_date", "2026-03-02"), ("end_date", "2026-02-01")];
        assert!(read(&turned).is_err());
        assert!(read(&[("end_date", "-009999-01-01")]).is_err());
    }
}
