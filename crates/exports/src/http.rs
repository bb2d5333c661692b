//! Exports under `/api/v1/exports`: ask for a file, see how far it is, fetch it. The same use cases as behind the pages.

use crate::files::Source;
use crate::model::{Asked, Export, ExportId, Kind};
use crate::{ops, pages};
use access::{Capability, Ctx, Fault, Json, Listing, Operation, Path, Permission, Query, Routes};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use std::io;
use utoipa::ToSchema;

/// Pieces of a file that are read ahead of the reader.
const AHEAD: usize = 4;

/// Pages, calls, table and words.
pub fn capability() -> Capability {
    let export = Permission::CaseExport;
    let routes = pages::add(Routes::new("exports"))
        .on_api(
            Method::GET,
            "/api/v1/exports",
            export,
            list,
            Operation::new("lists one's own exports, the newest first")
                .about("Whoever reads the audit trail sees everybody's, without their files.")
                .query::<u16>("limit", "1 to 200, by default 50")
                .answers::<Listing<ExportView>>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/exports",
            export,
            ask,
            Operation::new("asks for a file of cases, or of what cases count as")
                .about("It is written by the program itself; ask for the export until its state is `done` or `failed`. A kind of `facts.parquet` needs `facts.query` besides and takes no other field; a purpose needs `personal.read`, puts the requesters' names and phones into the file and makes each of them a look that the person can read.")
                .body::<NewExport>()
                .answers::<ExportView>(202),
        )
        .on_api(
            Method::GET,
            "/api/v1/exports/{id}",
            export,
            one,
            Operation::new("shows how far an export is, or the size and the hash of its file")
                .answers::<ExportView>(200),
        )
        .on_api(
            Method::GET,
            "/api/v1/exports/{id}/file",
            export,
            file,
            Operation::new("the file of an export")
                .about("Only to whoever asked for it. Its SHA-256 stands in `repr-digest`, and with this download in the audit trail.")
                .answers_file(
                    200,
                    &["text/csv", "application/geo+json", "application/vnd.apache.parquet"],
                ),
        )
        .on_api(
            Method::POST,
            "/api/v1/exports/{id}/again",
            export,
            again,
            Operation::new("begins an export anew that failed").answers::<ExportView>(202),
        )
        .on_api(
            Method::POST,
            "/api/v1/exports/{id}/remove",
            export,
            remove,
            Operation::new("removes the file of an export, or an export that is not finished")
                .answers::<ExportView>(200),
        );
    Capability::new("exports", routes)
        .migrations(crate::MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu("exports-menu", "/exports", export, 640)
}

/// What is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewExport {
    /// Which rows, in which form: `cases.csv`, `cases.geojson` or `facts.parquet`.
    kind: String,
    /// Only cases reported on or after this local date.
    from: Option<Date>,
    /// Only cases reported on or before this local date.
    to: Option<Date>,
    /// With the requesters' names and phones, for this purpose (a code of the table of purposes).
    purpose: Option<String>,
}

/// An export.
#[derive(Debug, Serialize, ToSchema)]
struct ExportView {
    /// Its id.
    id: String,
    /// Which rows, in which form: `cases.csv`, `cases.geojson` or `facts.parquet`.
    kind: String,
    /// Only cases reported on or after this local date.
    from: Option<Date>,
    /// Only cases reported on or before this local date.
    to: Option<Date>,
    /// The purpose for which it has names and phones.
    purpose: Option<String>,
    /// Who asked for it.
    by: String,
    /// When.
    asked_at: Timestamp,
    /// waiting, running, done, failed or removed.
    state: String,
    /// Why it failed (no_rights, too_many, too_many_people, interrupted, disk, fault), or its file is gone (by_owner,
    /// by_time, by_erasure).
    why: Option<String>,
    /// Rows written.
    rows: i64,
    /// Rows there will be, as far as is known.
    expected: Option<i64>,
    /// The name of the file.
    file: Option<String>,
    /// Its size in bytes.
    bytes: Option<i64>,
    /// Its SHA-256, 64 hexadecimal digits.
    sha256: Option<String>,
    /// When it was finished, failed or removed.
    ended_at: Option<Timestamp>,
    /// Until when the file is kept.
    kept_to: Option<Timestamp>,
}

impl From<Export> for ExportView {
    fn from(export: Export) -> Self {
        Self {
            id: export.id.to_string(),
            file: export.file_name(),
            kind: export.asked.kind.to_string(),
            from: export.asked.from,
            to: export.asked.to,
            purpose: export.asked.purpose,
            by: export.name,
            asked_at: export.asked_at,
            state: export.state.to_string(),
            why: export.why.map(|why| why.to_string()),
            rows: export.written,
            expected: export.expected,
            bytes: export.bytes,
            sha256: export.sha256,
            ended_at: export.ended_at,
            kept_to: export.kept_to,
        }
    }
}

#[derive(Deserialize)]
struct ListQuery {
    limit: Option<i64>,
}

async fn list(
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Json<Listing<ExportView>>, Fault> {
    let most = query.limit.unwrap_or(50).clamp(1, 200);
    let items = ops::newest(&ctx, most).await?;
    Ok(Json(Listing {
        items: items.into_iter().map(ExportView::from).collect(),
        next: None,
    }))
}

async fn shown(ctx: &Ctx, id: ExportId) -> Result<Json<ExportView>, Fault> {
    let (export, _) = ops::one(ctx, id).await?;
    Ok(Json(export.into()))
}

async fn ask(
    ctx: Ctx,
    Json(new): Json<NewExport>,
) -> Result<(StatusCode, Json<ExportView>), Fault> {
    let id = ExportId(Id::new(ctx.now(), rand::random()));
    let kind = new
        .kind
        .parse::<Kind>()
        .map_err(|why| Fault::invalid("kind", "access.invalid_field", why).arg("field", "kind"))?;
    let asked = Asked {
        kind,
        from: new.from,
        to: new.to,
        purpose: new.purpose,
    };
    ops::ask(&ctx, id, asked).await?;
    Ok((StatusCode::ACCEPTED, shown(&ctx, id).await?))
}

async fn one(ctx: Ctx, Path(id): Path<ExportId>) -> Result<Json<ExportView>, Fault> {
    shown(&ctx, id).await
}

async fn again(
    ctx: Ctx,
    Path(id): Path<ExportId>,
) -> Result<(StatusCode, Json<ExportView>), Fault> {
    ops::again(&ctx, id).await?;
    Ok((StatusCode::ACCEPTED, shown(&ctx, id).await?))
}

async fn remove(ctx: Ctx, Path(id): Path<ExportId>) -> Result<Json<ExportView>, Fault> {
    ops::remove(&ctx, id).await?;
    shown(&ctx, id).await
}

pub(crate) async fn file(ctx: Ctx, Path(id): Path<ExportId>) -> Result<Response, Fault> {
    let (export, source) = ops::open(&ctx, id).await?;
    let mut headers = HeaderMap::new();
    let kind = export.asked.kind;
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(kind.media_type()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = export.file_name().unwrap_or_default();
    let digest = export
        .sha256
        .as_deref()
        .and_then(|hex| hex::decode(hex).ok());
    let digest = base64::engine::general_purpose::STANDARD.encode(digest.unwrap_or_default());
    let length = export.bytes.unwrap_or_default().to_string();
    for (key, value) in [
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CONTENT_LENGTH, length),
        // RFC 9530
        (
            HeaderName::from_static("repr-digest"),
            format!("sha-256=:{digest}:"),
        ),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(key, value);
        }
    }
    Ok((headers, body_of(source)).into_response())
}

/// The pieces of a file, opened on a thread that may block while the reader takes them; a reader that goes away ends it.
fn body_of(source: Source) -> Body {
    let (give, mut take) = tokio::sync::mpsc::channel::<io::Result<Bytes>>(AHEAD);
    tokio::task::spawn_blocking(move || {
        for piece in source {
            if let Err(error) = &piece {
                tracing::error!(%error, "the file of an export does not open to its end");
            }
            let is_broken = piece.is_err();
            if give.blocking_send(piece.map(Bytes::from)).is_err() || is_broken {
                return;
            }
        }
    });
    // Whoever compresses it asks once more after the end.
    Body::from_stream(futures_util::stream::poll_fn(move |cx| take.poll_recv(cx)))
}
