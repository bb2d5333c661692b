//! What handlers answer with: a page, or a way to go on after a form.

use crate::fault::Fault;
use askama::Template;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use serde::Serialize;
use sha2::{Digest, Sha256};
use ui::{Flash, Tone};

/// Renders a page.
///
/// # Errors
/// When the template fails, which is a fault of ours.
pub fn show(page: &impl Template) -> Result<Response, Fault> {
    show_as(StatusCode::OK, page)
}

/// Renders a page with another status, such as 422 for a form that comes back.
///
/// # Errors
/// As [`show`].
pub fn show_as(status: StatusCode, page: &impl Template) -> Result<Response, Fault> {
    let html = page
        .render()
        .map_err(|e| Fault::internal(format!("a page could not be made: {e}")))?;
    Ok((status, Html(ui::label_fields(html))).into_response())
}

/// After a form: go to a page of this site (303), perhaps with a sentence about what was done.
#[derive(Debug, Clone)]
pub struct Go {
    to: String,
    flash: Option<Flash>,
}

impl Go {
    /// To a path of this site; anything else leads to the first page.
    pub fn to(path: impl AsRef<str>) -> Self {
        Self {
            to: ui::look::own_path(path.as_ref()).to_owned(),
            flash: None,
        }
    }
    /// With a sentence, already in the reader's language and without personal data. A [`ui::field_name`] in it becomes what the
    /// page that it goes to calls the field.
    #[must_use]
    pub fn saying(mut self, tone: Tone, sentence: impl Into<String>) -> Self {
        self.flash = Some(Flash::new(tone, sentence));
        self
    }
}

impl IntoResponse for Go {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let headers = response.headers_mut();
        // Not ASCII: whoever built the path forgot to encode it; the first page is better than a broken header.
        let to = HeaderValue::from_str(&self.to)
            .ok()
            .filter(|_| self.to.is_ascii());
        headers.insert(
            header::LOCATION,
            to.unwrap_or(HeaderValue::from_static("/")),
        );
        if let Some(cookie) = self
            .flash
            .and_then(|flash| HeaderValue::from_str(&flash.set_cookie()).ok())
        {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// A file that leaves the program with its hash. Whoever hands it out writes the hash into the audit trail first, so that a
/// copy that was changed is known from one that was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOut {
    /// Its content.
    pub bytes: Vec<u8>,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

impl FileOut {
    /// A file of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        let sha256 = hex::encode(Sha256::digest(&bytes));
        Self { bytes, sha256 }
    }
    /// The file as an answer, named by what it is and the head of its hash; the whole hash stands in a header of RFC 9530.
    pub fn download(self, what: &str, ending: &str, media: &'static str) -> Response {
        let head = &self.sha256[..12];
        let name = format!("attachment; filename=\"{what}-{head}.{ending}\"");
        let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&self.bytes));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        let named = [
            (header::CONTENT_DISPOSITION, name),
            (
                HeaderName::from_static("repr-digest"),
                format!("sha-256=:{digest}:"),
            ),
        ];
        for (key, value) in named {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(key, value);
            }
        }
        (headers, self.bytes).into_response()
    }
}

/// One page of a list in the API: the rows, and the cursor of the next page if there is one.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Listing<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give it as `after` to get the next page; null on the last.
    pub next: Option<String>,
}

impl<T> From<kernel::Page<T>> for Listing<T> {
    fn from(page: kernel::Page<T>) -> Self {
        Self {
            items: page.items,
            next: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_named_on_the_way_is_still_marked_for_the_page_it_goes_to() {
        let said = format!("请填写“{}”。", ui::field_name("why"));
        let answer = Go::to("/whistles").saying(Tone::Bad, &said).into_response();
        let cookie = answer.headers()[header::SET_COOKIE].to_str();
        let cookie = cookie.expect("plain ASCII").split(';').next();
        let flash = Flash::from_cookie(cookie.expect("a first part"));
        assert_eq!(flash.map(|flash| flash.text), Some(said));
    }

    #[test]
    fn a_file_carries_the_published_hash_of_its_bytes() {
        // FIPS 180-4, the example of "abc".
        let file = FileOut::new(b"abc".to_vec());
        assert_eq!(
            file.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let answer = file.download("special", "csv", "text/csv; charset=utf-8");
        let told = |name: &str| answer.headers()[name].to_str().expect("plain ASCII");
        assert_eq!(
            told("content-disposition"),
            "attachment; filename=\"special-ba7816bf8f01.csv\""
        );
        assert_eq!(
            told("repr-digest"),
            "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"
        );
    }
}
