//! POST /api/v1/attachments — take one file.

use crate::model::Uploaded;
use crate::ops::{self, Attachments};
use access::{Ctx, Fault, Json, Upload};
use axum::http::StatusCode;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The form: one file.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "the description of the form; its parts are read one by one"
)]
pub(crate) struct FileForm {
    /// JPEG, PNG, WebP or PDF.
    #[schema(format = Binary)]
    file: String,
}

/// What was taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct UploadView {
    /// Give it to a report or a step within 24 hours.
    id: String,
    /// `image/jpeg` or `application/pdf`.
    media_type: String,
    /// Bytes stored.
    bytes: i64,
    /// Pixels across, of a picture.
    width: Option<u32>,
    /// Pixels down, of a picture.
    height: Option<u32>,
    /// What the picture said about itself; not stored.
    offered: OfferedView,
}

/// Time and place of a picture, for the form of the report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OfferedView {
    /// RFC 3339 with offset.
    time: Option<String>,
    /// WGS 84 degrees.
    lon: Option<f64>,
    /// WGS 84 degrees.
    lat: Option<f64>,
}

impl UploadView {
    fn new(uploaded: &Uploaded, zone: &TimeZone) -> Self {
        let Uploaded { upload, offered } = uploaded;
        let local = |at: jiff::Timestamp| {
            at.to_zoned(zone.clone())
                .strftime("%Y-%m-%dT%H:%M:%S%:z")
                .to_string()
        };
        Self {
            id: upload.id.to_string(),
            media_type: upload.media_type.clone(),
            bytes: upload.bytes,
            width: upload.width,
            height: upload.height,
            offered: OfferedView {
                time: offered.time.map(local),
                lon: offered.point.map(|p| p.lon()),
                lat: offered.point.map(|p| p.lat()),
            },
        }
    }
}

pub(crate) async fn upload(
    ctx: Ctx,
    form: Upload,
) -> Result<(StatusCode, Json<UploadView>), Fault> {
    let service = ctx.service::<Attachments>();
    let mut files = form.files.into_iter();
    let (Some(file), None) = (files.next().filter(|f| f.field == "file"), files.next()) else {
        let detail = "the form needs one file in the field `file`";
        return Err(Fault::invalid("file", "attachments.one_file", detail));
    };
    let uploaded = ops::upload(&ctx, &service, file.bytes).await?;
    Ok((
        StatusCode::CREATED,
        Json(UploadView::new(&uploaded, service.zone())),
    ))
}
