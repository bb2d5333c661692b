//! GET /attachments/{id} and /attachments/{id}/thumb — a file of a case.

use crate::model::Attachment;
use crate::ops::{self, Attachments};
use access::{Ctx, Fault, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::id::Id;

pub(crate) async fn whole(
    ctx: Ctx,
    Path(id): Path<Id>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    serve(&ctx, id, false, &headers).await
}

pub(crate) async fn thumb(
    ctx: Ctx,
    Path(id): Path<Id>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    serve(&ctx, id, true, &headers).await
}

async fn serve(ctx: &Ctx, id: Id, is_thumb: bool, headers: &HeaderMap) -> Result<Response, Fault> {
    let service = ctx.service::<Attachments>();
    let (attachment, bytes) = ops::read(ctx, &service, id, is_thumb).await?;
    Ok(answer(&attachment, is_thumb, bytes, headers))
}

/// A file never changes under its id, so its hash is its tag; but each time the reader's right is asked again, and no
/// cache between keeps it. Nothing in it may run: documents are handed out for saving, and the page policy forbids all.
fn answer(
    attachment: &Attachment,
    is_thumb: bool,
    bytes: Vec<u8>,
    request: &HeaderMap,
) -> Response {
    let hash: String = attachment.sha256[..16]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let tag = format!("\"{hash}{}\"", if is_thumb { "-thumb" } else { "" });
    let is_known = request
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        bytes.into_response()
    };
    let (media_type, disposition) = match attachment.media_type.as_str() {
        "image/jpeg" => ("image/jpeg", "inline"),
        "application/pdf" => ("application/pdf", "attachment; filename=\"document.pdf\""),
        _ => ("application/octet-stream", "attachment"),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static(disposition),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    headers.insert(
        header::ETAG,
        HeaderValue::from_str(&tag).expect("hexadecimal digits are ASCII"),
    );
    response
}
