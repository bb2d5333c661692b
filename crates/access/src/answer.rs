//! What handlers answer with: a page, or a way to go on after a form.

use crate::fault::Fault;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
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
    Ok((status, Html(html)).into_response())
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
    /// With a sentence, already in the reader's language and without personal data.
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
