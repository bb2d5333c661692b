//! POST /api/v1/matters/check — the sheet of a catalogue read and counted, nothing stored: what `shiyu matters check` says.

use crate::import::SheetOptions;
use crate::model::MatterKind;
use crate::ops::{self, Check};
use access::{Ctx, Fault, Fields, Json, Operation, Permission, Routes, Upload};
use axum::http::Method;
use grid::ImportError;
use kernel::ClockKind;
use kernel::deadline::ParseOptions;
use serde::Deserialize;
use utoipa::ToSchema;

/// The largest sheet that is read.
const MOST_BYTES: usize = 64 << 20;

/// The form: one sheet, and what it leaves open.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "the description of the form; its parts are read one by one"
)]
struct SheetForm {
    /// A CSV file in UTF-8, or a workbook (.xlsx).
    #[schema(format = Binary)]
    file: String,
    /// wd, cd or ud: which clock a bare 天 or D means; without it such a limit is refused.
    bare_days: Option<String>,
    /// wh or uh: which clock a bare 小时 or h means; without it such a limit is refused.
    bare_hours: Option<String>,
    /// component, event or other, where neither a column nor the name of the worksheet says so.
    kind: Option<String>,
}

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .on_api(
            Method::POST,
            "/api/v1/matters/check",
            Permission::ReferenceManage,
            check,
            Operation::new(
                "counts the classes and conditions of a sheet and lists the lines that would be refused",
            )
            .about("Nothing is stored. To bring the sheet in, upload it to `/api/v1/imports`.")
            .body_of::<SheetForm>("multipart/form-data")
            .answers::<Check>(200),
        )
        .takes(MOST_BYTES + (1 << 20))
        .each_time()
}

/// The clock that bare days or bare hours mean.
fn clock(fields: &Fields, name: &str, days: bool) -> Result<Option<ClockKind>, Fault> {
    let clock: Option<ClockKind> = fields.read(name)?;
    if clock.is_some_and(|c| c.counts_days() != days) {
        let expected = if days { "wd, cd or ud" } else { "wh or uh" };
        let detail = format!("{name}: expected {expected}");
        return Err(Fault::invalid(name, "access.invalid_field", detail).arg("field", name));
    }
    Ok(clock)
}

async fn check(_: Ctx, upload: Upload) -> Result<Json<Check>, Fault> {
    let Upload { fields, files } = upload;
    let options = SheetOptions {
        limits: ParseOptions {
            bare_days: clock(&fields, "bare_days", true)?,
            bare_hours: clock(&fields, "bare_hours", false)?,
        },
        kind: fields.read::<MatterKind>("kind")?,
    };
    let file = files.into_iter().find(|f| f.field == "file");
    let file =
        file.ok_or_else(|| ImportError::unusable("no_file", "no file in the field `file`"))?;
    let found = tokio::task::spawn_blocking(move || ops::check(&file.bytes, options))
        .await
        .map_err(|e| Fault::internal(format!("a sheet could not be read: {e}")))?;
    Ok(Json(found?))
}
