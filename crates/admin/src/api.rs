//! Imports under `/api/v1/imports`: upload a file and see what it would do, then carry it out or not. The same use cases as
//! behind the pages.

use crate::imports::{find, kind_of, options};
use crate::model::{Door, Import, ImportId, Kind, State};
use crate::ops::{self, Imports, is_lost};
use crate::sql;
use access::{Ctx, Fault, Json, Listing, Operation, Path, Permission, Query, Routes, Upload};
use axum::http::{Method, StatusCode};
use grid::report::ShownRow;
use grid::{ImportError, Reject};
use jiff::Timestamp;
use matters::Reference;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) fn add(routes: Routes) -> Routes {
    let manage = Permission::ReferenceManage;
    routes
        .on_api(
            Method::GET,
            "/api/v1/imports",
            manage,
            list,
            Operation::new("lists the files that were brought in or looked at, the newest first")
                .query::<u16>("limit", "1 to 200, by default 50")
                .answers::<Listing<ImportView>>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/imports",
            manage,
            upload,
            Operation::new("uploads a file of reference data or cases and tells what it would do")
                .about("Nothing is written until the import is confirmed. Cases need `import.run` besides. Files above 64 MiB are for the command line.")
                .body_of::<ImportForm>("multipart/form-data")
                .answers::<ImportView>(201),
        )
        .takes(ops::MOST_BYTES + (1 << 20))
        .on_api(
            Method::GET,
            "/api/v1/imports/{id}",
            manage,
            one,
            Operation::new("shows what an import would do, or did, with its refused rows")
                .answers::<ImportView>(200),
        )
        .on_api(
            Method::POST,
            "/api/v1/imports/{id}/confirm",
            manage,
            confirm,
            Operation::new("carries an import out")
                .about("It goes on by itself; ask for the import until its state is `done` or `failed`.")
                .answers::<ImportView>(202),
        )
        .on_api(
            Method::POST,
            "/api/v1/imports/{id}/cancel",
            manage,
            cancel,
            Operation::new("drops an import that waits to be confirmed").answers::<ImportView>(200),
        )
}

/// The form: one file, what it holds, and what it leaves open.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "the description of the form; its parts are read one by one"
)]
struct ImportForm {
    /// divisions, grid, units, matters, duties, grid-items, calendar or cases.
    kind: String,
    /// The file.
    #[schema(format = Binary)]
    file: String,
    /// Where the rows come from; by default the file's name.
    source: Option<String>,
    /// divisions, grid: wgs84, cgcs2000, gcj02 or bd09.
    crs: Option<String>,
    /// matters: the word for the catalogue in this version; by default the file's name.
    catalogue: Option<String>,
    /// matters: the standard it follows.
    standard: Option<String>,
    /// matters: its version.
    version: Option<String>,
    /// matters: first day in force.
    valid_from: Option<String>,
    /// matters: from which day on classes that changed say the new.
    effective: Option<String>,
    /// matters: wd, cd or ud, which clock a bare 天 means.
    bare_days: Option<String>,
    /// matters: wh or uh, which clock a bare 小时 means.
    bare_hours: Option<String>,
    /// matters: component, event or other.
    matter_kind: Option<String>,
    /// cases: the map (TOML) that says which column means what.
    map: Option<String>,
    /// calendar: the version it is kept under.
    calendar_version: Option<String>,
    /// calendar: years that it knows whole, with commas.
    years: Option<String>,
    /// calendar: only in this division.
    division: Option<String>,
    /// calendar: why it is loaded.
    reason: Option<String>,
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
struct ImportView {
    /// Its id.
    id: String,
    /// What the file holds.
    kind: String,
    /// The name of the file.
    file: String,
    /// ready, running, done, failed or cancelled.
    state: String,
    /// It was running when its process ended; it may be confirmed again.
    is_lost: bool,
    /// Rows written of rows to write, while it runs in this process.
    written: Option<u64>,
    /// When it was uploaded.
    made_at: Timestamp,
    /// When it last changed.
    updated_at: Timestamp,
    /// Rows in the file.
    read: u64,
    /// New ones.
    imported: u64,
    /// Those with other content.
    updated: u64,
    /// Those with the same content.
    unchanged: u64,
    /// Refused ones.
    rejected: u64,
    /// The first rows that would be written.
    shown: Vec<ShownRow>,
    /// Each refusal; at most 10,000.
    rejects: Vec<Reject>,
    /// What a person should look at, in English.
    warnings: Vec<String>,
    /// Refusals and warnings beyond those listed.
    not_listed: u64,
    /// Headers of columns that nobody asked for.
    ignored_columns: Vec<String>,
    /// Why it stopped; empty when it did not.
    failure: String,
}

impl ImportView {
    fn new(import: Import, imports: &Imports, now: Timestamp) -> Self {
        let is_lost = is_lost(&import, imports, now);
        let found = import.found;
        Self {
            id: import.id.to_string(),
            kind: import.kind.to_string(),
            file: import.file,
            state: import.state.to_string(),
            is_lost,
            written: imports.progress(import.id).map(|(done, _)| done),
            made_at: import.made_at,
            updated_at: import.updated_at,
            read: found.read,
            imported: found.imported,
            updated: found.updated,
            unchanged: found.unchanged,
            rejected: found.rejected,
            shown: found.shown,
            rejects: found.rejects,
            warnings: found.warnings.into_iter().map(|w| w.text).collect(),
            not_listed: found.not_listed,
            ignored_columns: found.ignored_columns,
            failure: found.failure,
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
) -> Result<Json<Listing<ImportView>>, Fault> {
    let size = query.limit.unwrap_or(50).clamp(1, 200);
    let newest = ctx
        .read(move |r| sql::newest(r, Door::Administration, size))
        .await?;
    let (imports, now) = (ctx.service::<Imports>(), ctx.now());
    let items = newest.into_iter().map(|i| {
        // A list tells the sums; the rows stand with the import itself.
        let mut view = ImportView::new(i, &imports, now);
        view.shown.clear();
        view.rejects.clear();
        view.warnings.clear();
        view
    });
    Ok(Json(Listing {
        items: items.collect(),
        next: None,
    }))
}

async fn upload(ctx: Ctx, upload: Upload) -> Result<(StatusCode, Json<ImportView>), Fault> {
    let Upload { fields, files } = upload;
    let kind = kind_of(&fields, Door::Administration)?;
    let file = files.into_iter().find(|f| f.field == "file");
    let file =
        file.ok_or_else(|| ImportError::unusable("no_file", "no file in the field `file`"))?;
    let options = options(&fields, &file.name)?;
    if kind == Kind::Cases && options.map.trim().is_empty() {
        let why = "map: a file of cases needs a map";
        return Err(Fault::invalid("map", "access.missing_field", why).arg("field", "map"));
    }
    let (worker, imports) = (ctx.clone(), ctx.service::<Imports>());
    let books = imports.clone();
    let id = blocking(move || ops::upload(&worker, &books, kind, &file.name, &file.bytes, options))
        .await?;
    let import = find(&ctx, Door::Administration, id).await?;
    let view = ImportView::new(import, &imports, ctx.now());
    Ok((StatusCode::CREATED, Json(view)))
}

async fn one(ctx: Ctx, Path(id): Path<ImportId>) -> Result<Json<ImportView>, Fault> {
    let import = find(&ctx, Door::Administration, id).await?;
    Ok(Json(ImportView::new(
        import,
        &ctx.service::<Imports>(),
        ctx.now(),
    )))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImportError> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Fault::internal(format!("an import could not be moved on: {e}")))?
        .map_err(Fault::from)
}

async fn confirm(
    ctx: Ctx,
    Path(id): Path<ImportId>,
) -> Result<(StatusCode, Json<ImportView>), Fault> {
    let import = find(&ctx, Door::Administration, id).await?;
    let (imports, reference) = (ctx.service::<Imports>(), ctx.service::<Reference>());
    let (worker, books) = (ctx.clone(), imports.clone());
    let begun = blocking(move || ops::begin(&worker, &books, import)).await?;
    let view = ImportView::new(begun.clone(), &imports, ctx.now());
    // Whoever asked for it need not wait.
    tokio::task::spawn_blocking(move || ops::carry_out(&ctx, &reference, &imports, &begun));
    Ok((StatusCode::ACCEPTED, Json(view)))
}

async fn cancel(ctx: Ctx, Path(id): Path<ImportId>) -> Result<Json<ImportView>, Fault> {
    let import = find(&ctx, Door::Administration, id).await?;
    let imports = ctx.service::<Imports>();
    let (worker, books, dropped) = (ctx.clone(), imports.clone(), import.clone());
    blocking(move || ops::cancel(&worker, &books, &dropped)).await?;
    let import = Import {
        state: State::Cancelled,
        ..import
    };
    Ok(Json(ImportView::new(import, &imports, ctx.now())))
}
