//! Request bodies: their bounds, and looking at the head of an upload without swallowing it.

use crate::fault::Fault;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError};
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The form token stands first in our forms; it must be found within so many bytes of an upload.
const PEEK: usize = 16 * 1024;

/// The length a client announces, if it does.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// 413, naming the bound.
pub(crate) fn too_large(limit: usize) -> Fault {
    let detail = format!("the body is larger than {limit} bytes");
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "access.too_large", detail)
        .arg("limit", ui::bytes(limit as u64))
}

/// What went wrong while a body was read: too large, or the connection broke.
pub(crate) fn broken(error: axum::Error, limit: usize) -> Fault {
    let mut source: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(cause) = source {
        if cause.is::<LengthLimitError>() {
            return too_large(limit);
        }
        source = cause.source();
    }
    Fault::new(
        StatusCode::BAD_REQUEST,
        "access.unreadable",
        format!("the body could not be read: {error}"),
    )
}

/// The whole body, at most `limit` bytes.
pub(crate) async fn collect(body: Body, limit: usize) -> Result<Bytes, Fault> {
    body.collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| broken(error, limit))
}

/// A body whose first bytes have been looked at and are handed on all the same.
pub(crate) struct Peeked {
    head: Option<Bytes>,
    rest: Body,
}

impl Peeked {
    /// Reads about the first 16 KiB.
    pub async fn read(mut body: Body, limit: usize) -> Result<(Bytes, Body), Fault> {
        let mut head = Vec::new();
        while head.len() < PEEK {
            match body.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        head.extend_from_slice(&data);
                    }
                }
                Some(Err(error)) => return Err(broken(error, limit)),
                None => break,
            }
        }
        Ok((head.into(), body))
    }
    /// Puts the two parts together again.
    pub fn join(head: Bytes, rest: Body) -> Self {
        Self {
            head: Some(head),
            rest,
        }
    }
}

impl HttpBody for Peeked {
    type Data = Bytes;
    type Error = axum::Error;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        match self.head.take() {
            Some(head) => Poll::Ready(Some(Ok(http_body::Frame::data(head)))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }
}

/// The text of a field in the head of a multipart body. Whoever can put the right token anywhere in it knows the token,
/// so a plain search is enough here; the parts themselves are parsed by the handler's extractor.
pub(crate) fn multipart_value<'a>(head: &'a [u8], field: &str) -> Option<&'a str> {
    let mark = format!("name=\"{field}\"\r\n\r\n");
    let start = head
        .windows(mark.len())
        .position(|w| w == mark.as_bytes())?
        + mark.len();
    let rest = &head[start..];
    let end = rest.windows(2).position(|w| w == b"\r\n")?;
    std::str::from_utf8(&rest[..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_found_in_the_head_of_an_upload() {
        let head = b"--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--x\r\n";
        assert_eq!(multipart_value(head, "csrf"), Some("abc"));
        assert_eq!(multipart_value(head, "other"), None);
        assert_eq!(multipart_value(&head[..53], "csrf"), None);
    }
}
