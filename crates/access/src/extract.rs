//! What handlers take from a request: JSON, forms, queries, paths and uploads, each bounded, each with a refusal that
//! names the field. Axum's own extractors are not used by handlers: their refusals are plain text.

use crate::body;
use crate::fault::Fault;
use crate::guard::CSRF_FIELD;
use crate::parts::MOST_PARTS;
use crate::state::AppState;
use crate::visit::header_text;
use axum::body::Bytes;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A JSON body as `T`; as an answer, `T` as JSON.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// A form (`application/x-www-form-urlencoded`) as `T`. Empty entries count as not given.
#[derive(Debug, Clone)]
pub struct Form<T>(pub T);

/// A query string as `T`. Empty entries count as not given.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

/// The `{name}` parts of the path as `T`: one value, a tuple, or a struct. What does not read as `T` is not there: 404.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

/// A form as it was sent: every entry in order, a name may come several times. For pages that show the form again.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

/// A form with files (`multipart/form-data`).
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// The entries that are text.
    pub fields: Fields,
    /// The files, in order; an input left empty is not there.
    pub files: Vec<UploadedFile>,
}

/// One file of an upload. Name and media type are what the browser claims: look at the bytes.
#[derive(Debug, Clone)]
pub struct UploadedFile {
    /// The name of the input.
    pub field: String,
    /// The file's name on the sender's device, without folders.
    pub name: String,
    /// What the sender says it is.
    pub media_type: String,
    /// Its content.
    pub bytes: Bytes,
}

impl Fields {
    /// A form of these entries.
    pub(crate) fn of(entries: Vec<(String, String)>) -> Self {
        Self(entries)
    }
    /// The entries in order.
    pub(crate) fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
    /// The entries in order, as they were sent.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
    /// The entries of an urlencoded text.
    pub fn parse(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes).filter(|(name, _)| name != CSRF_FIELD);
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }
    /// The first entry of this name without space around it; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value.trim())
    }
    /// The names of the entries, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
    /// All entries of this name that are not empty.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, v)| n == name && !v.trim().is_empty())
            .map(|(_, value)| value.trim())
    }
    /// The first entry of this name exactly as sent (passwords).
    pub fn raw(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value)
    }
    /// The entry read as a `T`, none if it is empty or not there.
    ///
    /// # Errors
    /// 422 naming the field.
    pub fn read<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Fault>
    where
        T::Err: std::fmt::Display,
    {
        match self.get(name) {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|e: T::Err| invalid(name, &e.to_string()).arg("given", shown(text))),
        }
    }
    /// Whether the entry says yes; an empty one or none says no.
    ///
    /// # Errors
    /// 422 naming the field, for what says neither.
    pub fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.get(name).to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "是" => Ok(true),
            "" | "0" | "false" | "no" | "off" | "否" => Ok(false),
            _ => {
                let why = "expected 1, true or yes, else 0, false or no";
                Err(invalid(name, why).arg("given", shown(self.get(name))))
            }
        }
    }
    /// The entry read as a `T`.
    ///
    /// # Errors
    /// 422 naming the field, also when it is empty.
    pub fn need<T: std::str::FromStr>(&self, name: &str) -> Result<T, Fault>
    where
        T::Err: std::fmt::Display,
    {
        self.read(name)?.ok_or_else(|| missing(name))
    }
    /// The form to show again, with what was typed.
    pub fn form(&self) -> ui::FormState {
        ui::FormState::from_pairs(
            self.0
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        )
    }
    /// The entries as a `T`.
    ///
    /// # Errors
    /// 422 naming the field.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let mut given = form_urlencoded::Serializer::new(String::new());
        given.extend_pairs(self.0.iter().filter(|(_, value)| !value.is_empty()));
        typed(given.finish().as_bytes()).map_err(|fault| {
            let text = fault.field_name().map_or("", |name| self.get(name));
            let is_typed = fault.code() == "access.invalid_field" && !text.is_empty();
            let text = shown(text);
            if is_typed {
                fault.arg("given", text)
            } else {
                fault
            }
        })
    }
}

fn typed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let pairs = form_urlencoded::parse(bytes);
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
        .map_err(|error| named(&error.path().to_string(), &error.inner().to_string()))
}

fn missing(field: &str) -> Fault {
    Fault::invalid(field, "access.missing_field", format!("{field} is missing")).arg("field", field)
}

pub(crate) fn invalid(field: &str, reason: &str) -> Fault {
    Fault::invalid(field, "access.invalid_field", format!("{field}: {reason}")).arg("field", field)
}

/// The refusal for what serde says: it puts the name of a missing or unknown field into its text only.
fn named(path: &str, message: &str) -> Fault {
    let message = message.split(" at line ").next().unwrap_or(message);
    let parent = path.trim_matches('.');
    let full = |name: &str| {
        if parent.is_empty() || parent == "?" {
            name.to_owned()
        } else {
            format!("{parent}.{name}")
        }
    };
    if let Some(name) = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
    {
        return missing(&full(name));
    }
    if let Some(name) = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next())
    {
        // serde's path already ends in the unknown name.
        let field = if parent.ends_with(name) {
            parent.to_owned()
        } else {
            full(name)
        };
        return invalid(&field, "there is no such field");
    }
    invalid(
        if parent.is_empty() || parent == "?" {
            "body"
        } else {
            parent
        },
        message,
    )
}

/// What was typed, as a sentence repeats it.
fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = text.chars().take(MOST).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

pub(crate) fn media_type(headers: &axum::http::HeaderMap) -> String {
    let text = header_text(headers, header::CONTENT_TYPE).unwrap_or_default();
    text.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

fn wrong_media_type(wanted: &str) -> Fault {
    Fault::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "access.media_type",
        format!("the body is not {wanted}"),
    )
    .arg("wanted", wanted)
}

/// The body, which the guard has already bounded.
async fn bytes_of(request: Request, state: &AppState) -> Result<Bytes, Fault> {
    body::collect(request.into_body(), state.settings().limits.body).await
}

/// Reads a JSON text as `T`.
///
/// # Errors
/// 400 for what is not JSON, 422 naming the field.
///
/// A whole pass comes first, so that broken JSON is never called a wrong field; and a list is refused where a `T` is
/// wanted, because serde would take its entries for the fields of a struct in order.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).map_err(|error| not_json(&error))?;
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(invalid("body", "a JSON object is expected"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            named(&error.path().to_string(), &inner.to_string())
        } else {
            not_json(inner)
        }
    })?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

fn not_json(error: &serde_json::Error) -> Fault {
    Fault::new(
        StatusCode::BAD_REQUEST,
        "access.not_json",
        format!("the body is not JSON: {error}"),
    )
}

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Fault;
    async fn from_request(request: Request, state: &AppState) -> Result<Self, Fault> {
        let found = media_type(request.headers());
        if found != "application/json"
            && !(found.starts_with("application/") && found.ends_with("+json"))
        {
            return Err(wrong_media_type("application/json"));
        }
        from_json(&bytes_of(request, state).await?).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl FromRequest<AppState> for Fields {
    type Rejection = Fault;
    async fn from_request(request: Request, state: &AppState) -> Result<Self, Fault> {
        if media_type(request.headers()) != "application/x-www-form-urlencoded" {
            return Err(wrong_media_type("application/x-www-form-urlencoded"));
        }
        Ok(Self::parse(&bytes_of(request, state).await?))
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = Fault;
    async fn from_request(request: Request, state: &AppState) -> Result<Self, Fault> {
        Fields::from_request(request, state).await?.to().map(Self)
    }
}

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Fault> {
        Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .to()
            .map(Self)
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Path<T> {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Fault> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(no_such_path(error.into_kind()))
            }
            Err(other) => Err(Fault::internal(other)),
        }
    }
}

fn no_such_path(kind: ErrorKind) -> Fault {
    let detail = kind.to_string();
    let field = match kind {
        ErrorKind::ParseErrorAtKey { key, .. } | ErrorKind::InvalidUtf8InPathParam { key } => {
            Some(key)
        }
        ErrorKind::DeserializeError { key, .. } => Some(key),
        ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. } => {
            return Fault::internal(detail);
        }
        _ => None,
    };
    let fault = Fault::new(StatusCode::NOT_FOUND, "access.not_found", detail);
    match field {
        Some(field) => fault.field(field),
        None => fault,
    }
}

impl FromRequest<AppState> for Upload {
    type Rejection = Fault;
    async fn from_request(request: Request, state: &AppState) -> Result<Self, Fault> {
        if media_type(request.headers()) != "multipart/form-data" {
            return Err(wrong_media_type("multipart/form-data"));
        }
        let mut parts = Multipart::from_request(request, state)
            .await
            .map_err(|_| wrong_media_type("multipart/form-data"))?;
        let mut upload = Self::default();
        for _ in 0..MOST_PARTS {
            let Some(part) = parts.next_field().await.map_err(|e| broken_upload(&e))? else {
                return Ok(upload);
            };
            upload.take(part).await?;
        }
        Err(Fault::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "access.too_many_parts",
            format!("more than {MOST_PARTS} parts"),
        ))
    }
}

impl Upload {
    async fn take(&mut self, part: axum::extract::multipart::Field<'_>) -> Result<(), Fault> {
        let field = part.name().unwrap_or_default().to_owned();
        let name = part.file_name().map(|name| {
            name.rsplit(['/', '\\'])
                .next()
                .unwrap_or_default()
                .to_owned()
        });
        let media_type = part
            .content_type()
            .unwrap_or("application/octet-stream")
            .to_owned();
        let bytes = part
            .bytes()
            .await
            .map_err(|e| broken_upload(&e).field(field.clone()))?;
        match name {
            // Browsers send an input left empty as a file without name and content.
            Some(name) if name.is_empty() && bytes.is_empty() => {}
            Some(name) => self.files.push(UploadedFile {
                field,
                name,
                media_type,
                bytes,
            }),
            None if field == CSRF_FIELD => {}
            None => {
                let text =
                    String::from_utf8(bytes.to_vec()).map_err(|_| invalid(&field, "not UTF-8"))?;
                self.fields.0.push((field, text));
            }
        }
        Ok(())
    }
}

pub(crate) fn broken_upload(error: &axum::extract::multipart::MultipartError) -> Fault {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Fault::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "access.too_large",
            "the upload is larger than allowed",
        )
        .arg("limit", "");
    }
    Fault::new(
        StatusCode::BAD_REQUEST,
        "access.unreadable",
        format!("the upload could not be read: {}", error.body_text()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[test]
    fn a_flag_says_yes_in_each_of_its_words_and_what_says_neither_is_refused_by_its_name() {
        let flag = |text: &str| Fields::parse(text.as_bytes()).flag("after_review");
        for yes in ["1", "true", "TRUE", "yes", "on", "%E6%98%AF"] {
            assert!(flag(&format!("after_review={yes}")).unwrap(), "{yes}");
        }
        for no in [
            "",
            "after_review=",
            "after_review=0",
            "after_review=no",
            "other=1",
        ] {
            assert!(!flag(no).unwrap(), "{no}");
        }
        let fault = flag("after_review=perhaps").unwrap_err();
        assert_eq!(
            (fault.status().as_u16(), fault.field_name()),
            (422, Some("after_review"))
        );
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Report {
        text: String,
        #[serde(default)]
        places: Vec<Place>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Place {
        lat: f64,
    }

    fn field_of(json: &str) -> (u16, Option<String>) {
        let fault = from_json::<Report>(json.as_bytes()).unwrap_err();
        (
            fault.status().as_u16(),
            fault.field_name().map(str::to_owned),
        )
    }

    #[test]
    fn a_refused_body_names_its_field() {
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(field_of(r#"{"text":1}"#), (422, some("text")));
        assert_eq!(field_of("{}"), (422, some("text")));
        assert_eq!(
            field_of(r#"{"text":"a","places":[{"lat":1.0},{"lat":"x"}]}"#),
            (422, some("places[1].lat"))
        );
        assert_eq!(
            field_of(r#"{"text":"a","places":[{}]}"#),
            (422, some("places[0].lat"))
        );
        assert_eq!(
            field_of(r#"{"text":"a","colour":1}"#),
            (422, some("colour"))
        );
        // A list is no object, even where its entries would fit the fields in order.
        for other in ["[]", r#"["a",[]]"#, "null", "3", "\"a\""] {
            assert_eq!(field_of(other), (422, some("body")), "{other}");
        }
        for garbage in [
            "",
            "{",
            "{\"colour\":",
            "\u{0}",
            "{\"text\":\"a\"} x",
            "nul",
        ] {
            assert_eq!(field_of(garbage), (400, None), "{garbage:?}");
        }
    }

    #[test]
    fn a_form_reads_and_refuses_by_field() {
        #[derive(Debug, Deserialize)]
        struct Filter {
            limit: Option<u16>,
        }
        let fields = Fields::parse(b"csrf=x&limit=&role=a&role=b&role=&name=+Li+");
        assert_eq!(fields.to::<Filter>().unwrap().limit, None);
        assert_eq!(fields.all("role").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(
            (fields.get("name"), fields.raw("name"), fields.get("csrf")),
            ("Li", " Li ", "")
        );
        let fault = Fields::parse(b"limit=many").to::<Filter>().unwrap_err();
        assert_eq!(
            (fault.status().as_u16(), fault.field_name()),
            (422, Some("limit"))
        );
        assert_eq!(
            fields.need::<u16>("none").unwrap_err().code(),
            "access.missing_field"
        );
        assert_eq!(
            fields.need::<u16>("name").unwrap_err().code(),
            "access.invalid_field"
        );
    }
}
