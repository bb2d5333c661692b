//! Use cases: upload a file and see what it would do; carry it out, or not.

use crate::model::{Found, Import, ImportId, Kind, Options, State};
use crate::sql;
use access::{Ctx, Principal, Refused};
use cases::import::ImportMap;
use grid::ImportError;
use grid::batch::Plan;
use grid::ops::ImportOptions;
use jiff::{SignedDuration, Timestamp};
use kernel::Crs;
use kernel::deadline::ParseOptions;
use kernel::id::Id;
use matters::Reference;
use matters::calendar_file::FileOptions;
use matters::ops::{CalendarOptions, CatalogueOptions};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use store::{AuditEvent, StoreError};

/// The largest file that is taken, 64 MiB; larger ones are for the command line.
pub const MOST_BYTES: usize = 64 << 20;
/// A running import that has said nothing for so long has stopped with its process.
const LOST_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Where files lie until their import is over, and how far running imports of this process are.
#[derive(Debug)]
pub struct Imports {
    folder: PathBuf,
    progress: Mutex<HashMap<ImportId, (u64, u64)>>,
}

impl Imports {
    /// Keeps files in this folder, which is made when the first one comes.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            progress: Mutex::default(),
        }
    }
    fn path(&self, id: ImportId) -> PathBuf {
        self.folder.join(id.to_string())
    }
    fn store(&self, id: ImportId, bytes: &[u8]) -> std::io::Result<()> {
        let mut folder = std::fs::DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&self.folder)?;
        std::fs::write(self.path(id), bytes)
    }
    fn remove(&self, id: ImportId) {
        if let Err(error) = std::fs::remove_file(self.path(id)) {
            tracing::warn!(%error, %id, "the file of an import could not be removed");
        }
    }
    fn note(&self, id: ImportId, done: u64, of: u64) {
        let mut progress = self
            .progress
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        progress.insert(id, (done, of));
    }
    fn forget(&self, id: ImportId) {
        let mut progress = self
            .progress
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        progress.remove(&id);
    }
    /// Rows written and rows to write of an import that this process runs.
    pub fn progress(&self, id: ImportId) -> Option<(u64, u64)> {
        let progress = self
            .progress
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        progress.get(&id).copied()
    }
}

/// Whether a running import has stopped with its process and may be carried out again.
pub fn is_lost(import: &Import, imports: &Imports, now: Timestamp) -> bool {
    import.state == State::Running
        && imports.progress(import.id).is_none()
        && now.duration_since(import.updated_at) > LOST_AFTER
}

fn require(ctx: &Ctx, kind: Kind) -> Result<(), Refused> {
    kind.needs()
        .iter()
        .try_for_each(|p| ctx.require(*p).map(|_| ()))
}

fn file_fault(error: &std::io::Error) -> ImportError {
    ImportError::Store(StoreError::Lost(format!("the file of an import: {error}")))
}

/// What a file of reference data would do.
fn plan(ctx: &Ctx, kind: Kind, bytes: &[u8], o: &Options) -> Result<Plan, ImportError> {
    let territory = || ImportOptions {
        source: o.source.clone(),
        crs: o.crs.unwrap_or(Crs::Wgs84),
    };
    match kind {
        Kind::Divisions => grid::ops::plan_divisions(ctx, bytes, &territory()),
        Kind::Grid => grid::ops::plan_grids(ctx, bytes, &territory()),
        Kind::Drawing => {
            let metres = o.metres.ok_or_else(|| {
                ImportError::unusable("no_metres", "say how large a cell is").at("metres")
            })?;
            if o.over.is_empty() {
                grid::ops::plan_drawing(ctx, bytes, metres, &territory())
            } else {
                grid::ops::plan_drawing_over(ctx, &o.over, metres)
            }
        }
        Kind::Units => actors::ops::plan_units(ctx, bytes, &o.source),
        Kind::Duties => matters::ops::plan_duties(ctx, bytes, &o.source),
        Kind::GridItems => matters::items::plan(ctx, bytes),
        Kind::Definitions => evaluation::set_import::plan(ctx, bytes),
        Kind::Calendar => {
            let options = CalendarOptions {
                file: FileOptions {
                    version: o.calendar_version.clone(),
                    years: o.years.clone(),
                    source: Some(o.source.clone()),
                },
                division: o.division,
                reason: o.reason.clone(),
                dry_run: false,
            };
            matters::ops::plan_calendar(ctx, bytes, &options)
        }
        Kind::Matters => {
            let options = CatalogueOptions {
                id: o.catalogue.clone(),
                standard: o.standard.clone(),
                version: o.version.clone(),
                valid_from: o.valid_from,
                valid_to: None,
                source: o.source.clone(),
                limits: ParseOptions {
                    bare_days: o.bare_days,
                    bare_hours: o.bare_hours,
                },
                kind: o.kind,
                effective: o.effective,
            };
            matters::ops::plan_matters(ctx, bytes, &options)
        }
        Kind::Cases => Err(ImportError::unusable("kind", "cases are no reference data")),
    }
}

/// Looks at a file without writing anything.
fn preview(ctx: &Ctx, kind: Kind, path: &Path, options: &Options) -> Result<Found, ImportError> {
    if kind == Kind::Cases {
        let map = ImportMap::parse(&options.map)?;
        return Ok(cases::import::preview(ctx, &map, path)?.into());
    }
    let bytes = std::fs::read(path).map_err(|e| file_fault(&e))?;
    Ok(plan(ctx, kind, &bytes, options)?.report.into())
}

/// Keeps a file and finds out what it would do. Blocks; for a thread that may.
///
/// # Errors
/// An unusable file or option (nothing is kept), the permission, or the store's.
pub fn upload(
    ctx: &Ctx,
    imports: &Imports,
    kind: Kind,
    file: &str,
    bytes: &[u8],
    options: Options,
) -> Result<ImportId, ImportError> {
    require(ctx, kind)?;
    let id = ImportId(Id::new(ctx.now(), rand::random()));
    imports.store(id, bytes).map_err(|e| file_fault(&e))?;
    let kept = preview(ctx, kind, &imports.path(id), &options).and_then(|found| {
        let import = Import {
            id,
            kind,
            file: file.chars().take(200).collect(),
            state: State::Ready,
            options,
            found,
            made_at: ctx.now(),
            made_by: match ctx.principal() {
                Principal::Staff(staff) => Some(staff.account),
                _ => None,
            },
            updated_at: ctx.now(),
        };
        ctx.write_blocking::<_, StoreError, _>(move |mut w| {
            sql::insert(&mut w, &import)?;
            let detail = serde_json::json!({
                "kind": import.kind.as_str(), "file": import.file, "read": import.found.read,
                "rejected": import.found.rejected,
            });
            let event = AuditEvent::done("import.upload", "import", import.id.to_string());
            w.commit(event.detail(detail), ())
        })?;
        Ok(id)
    });
    if kept.is_err() {
        imports.remove(id);
    }
    kept
}

fn moved(
    ctx: &Ctx,
    import: &Import,
    to: State,
    action: &'static str,
    found: Option<Found>,
) -> Result<Timestamp, StoreError> {
    let (id, seen, kind) = (import.id, (import.state, import.updated_at), import.kind);
    let ctx = ctx.renewed();
    let at = ctx.now();
    ctx.write_blocking(move |mut w| {
        sql::advance(&mut w, id, seen, to, found.as_ref())?;
        let mut detail = serde_json::json!({ "kind": kind.as_str() });
        if let Some(found) = &found {
            detail["imported"] = found.imported.into();
            detail["updated"] = found.updated.into();
            detail["rejected"] = found.rejected.into();
            detail["failure"] = found.failure.as_str().into();
        }
        let event = AuditEvent::done(action, "import", id.to_string());
        w.commit(event.detail(detail), at)
    })
}

/// Nobody wants it.
///
/// # Errors
/// It is not ready any more, or the store's.
pub fn cancel(ctx: &Ctx, imports: &Imports, import: &Import) -> Result<(), ImportError> {
    require(ctx, import.kind)?;
    if import.state != State::Ready {
        return Err(StoreError::Conflict.into());
    }
    moved(ctx, import, State::Cancelled, "import.cancel", None)?;
    imports.remove(import.id);
    Ok(())
}

/// Marks an import as running; answers it as it stands then. Whoever asks second gets a conflict.
///
/// # Errors
/// It is neither ready nor lost, the permission, or the store's.
pub fn begin(ctx: &Ctx, imports: &Imports, import: Import) -> Result<Import, ImportError> {
    require(ctx, import.kind)?;
    if import.state != State::Ready && !is_lost(&import, imports, ctx.now()) {
        return Err(StoreError::Conflict.into());
    }
    let at = moved(ctx, &import, State::Running, "import.begin", None)?;
    imports.note(import.id, 0, import.found.imported + import.found.updated);
    Ok(Import {
        state: State::Running,
        updated_at: at,
        ..import
    })
}

/// Carries a running import out. Blocks; nobody has to wait for it.
pub fn carry_out(ctx: &Ctx, reference: &Reference, imports: &Imports, import: &Import) {
    let of = import.found.imported + import.found.updated;
    let mut tell = |done: u64| imports.note(import.id, done, of);
    let done = write(ctx, reference, imports, import, &mut tell);
    let (state, found) = match done {
        Ok(found) => (State::Done, found),
        Err(error) => {
            tracing::warn!(%error, id = %import.id, "an import stopped");
            let found = Found {
                failure: error.to_string(),
                ..import.found.clone()
            };
            (State::Failed, found)
        }
    };
    if let Err(error) = reference.refresh_blocking(&ctx.renewed()) {
        tracing::warn!(%error, "reference data could not be refreshed");
    }
    if let Err(error) = moved(ctx, import, state, "import.end", Some(found)) {
        tracing::warn!(%error, id = %import.id, "the end of an import could not be noted");
    }
    imports.forget(import.id);
    imports.remove(import.id);
}

fn write(
    ctx: &Ctx,
    reference: &Reference,
    imports: &Imports,
    import: &Import,
    tell: &mut dyn FnMut(u64),
) -> Result<Found, ImportError> {
    let path = imports.path(import.id);
    let ctx = ctx.renewed();
    if import.kind == Kind::Cases {
        let map = ImportMap::parse(&import.options.map)?;
        let options = cases::import::Options {
            file: path,
            draw_grid_m: None,
            rejects: None,
            told: None,
        };
        let out = cases::import::run(&ctx, reference, &map, &options, &mut |so_far| {
            tell(so_far.imported + so_far.updated);
        })?;
        // The rows a preview refused are those the import refuses: both read them by the same code. The rows it showed are
        // those that were written, unless others came between.
        let looked = (import.found.imported, import.found.updated);
        let is_as_seen = looked == (out.imported, out.updated);
        return Ok(Found {
            shown: if is_as_seen {
                import.found.shown.clone()
            } else {
                Vec::new()
            },
            read: out.read,
            imported: out.imported,
            updated: out.updated,
            unchanged: out.unchanged,
            rejected: out.rejected,
            ..import.found.clone()
        });
    }
    let bytes = std::fs::read(&path).map_err(|e| file_fault(&e))?;
    let plan = plan(&ctx, import.kind, &bytes, &import.options)?;
    Ok(plan.carry_out(&ctx, tell)?.into())
}
