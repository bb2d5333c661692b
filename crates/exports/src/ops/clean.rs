//! Removing what is kept no longer.

use super::{aside, remove_as};
use crate::files::{Exports, FileKey};
use crate::model::{Export, ExportError, Why};
use crate::sql;
use access::{Ctx, Permission};
use jiff::{SignedDuration, Timestamp};
use store::{AuditEvent, Read};

/// Exports whose time is over removed in one look.
const MOST_EXPIRED: i64 = 100;
/// Erasures looked at in one page.
const ERASURES: u16 = 200;
/// What is left of an export without its file is shown for so long; the audit trail keeps it for good.
const SHOWN: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What a look at the kept files removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Exports whose time was over.
    pub expired: usize,
    /// Exports that named somebody who was erased.
    pub erased: usize,
    /// Exports without a file that are shown no more.
    pub forgotten: u64,
    /// Files that belonged to no export.
    pub stray: usize,
}

/// Removes what is kept no longer: files past their time or naming somebody who was erased, files that a dead run left, and
/// what is left of exports without a file.
///
/// # Errors
/// The store's, the folder's.
pub async fn clean(system: &Ctx) -> Result<Cleaned, ExportError> {
    let system = system.renewed();
    system.require(Permission::SystemManage)?;
    let now = system.now();
    let expired = system
        .read::<_, ExportError, _>(move |r| Ok(sql::expired(r, now, MOST_EXPIRED)?))
        .await?;
    let mut cleaned = Cleaned::default();
    for export in &expired {
        remove_as(&system, export, Why::ByTime).await?;
        cleaned.expired += 1;
    }
    let kept = system.read::<_, ExportError, _>(naming_the_erased).await?;
    for export in &kept {
        remove_as(&system, export, Why::ByErasure).await?;
        cleaned.erased += 1;
    }
    let before = now.checked_sub(SHOWN).unwrap_or(Timestamp::MIN);
    cleaned.forgotten = system
        .write::<_, ExportError, _>(move |mut w| {
            // Looked for first: a look that finds nothing leaves no event.
            let gone = sql::how_many_over(&mut w, before)?;
            if gone == 0 {
                return Ok(w.unchanged(0)?);
            }
            let gone = sql::forget(&mut w, before)?;
            let event = AuditEvent::done("export.forget", "export", "over");
            Ok(w.commit(event.detail(serde_json::json!({ "exports": gone })), gone)?)
        })
        .await?;
    cleaned.stray = sweep(&system).await?;
    Ok(cleaned)
}

/// The kept exports that name somebody who was erased since they were begun.
fn naming_the_erased(r: &mut Read<'_>) -> Result<Vec<Export>, ExportError> {
    let kept = sql::kept(r)?;
    let mut with_people: Vec<Export> = kept
        .into_iter()
        .filter(|export| export.asked.purpose.is_some())
        .collect();
    // Nobody is looked at before the export was asked for.
    let Some(since) = with_people.iter().map(|export| export.asked_at).min() else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = vault::ops::erasures_since(r, since, after.as_ref(), ERASURES)?;
        for erasure in &page {
            let mut rest = Vec::new();
            for export in with_people {
                let names = match export.run {
                    Some(run) if erasure.at >= export.asked_at => {
                        sql::looked_at(r, run, erasure.subject)?
                    }
                    _ => false,
                };
                if names { &mut found } else { &mut rest }.push(export);
            }
            with_people = rest;
        }
        if page.len() < usize::from(ERASURES) || with_people.is_empty() {
            return Ok(found);
        }
        after = page.into_iter().next_back();
    }
}

/// Removes files that belong to no export as it stands: what a run left that died.
async fn sweep(system: &Ctx) -> Result<usize, ExportError> {
    // The folder first: a file that is begun after this look is none of those found.
    let files = system.service::<Exports>();
    let folder = files.clone();
    let there = aside(move || folder.all()).await;
    let there = there.map_err(ExportError::Folder)?;
    if there.is_empty() {
        return Ok(0);
    }
    let living = system
        .read::<_, ExportError, _>(|r| Ok(sql::living(r)?))
        .await?;
    let stray: Vec<FileKey> = there
        .into_iter()
        .filter(|key| !living.contains(&(key.id, key.run)))
        .collect();
    let gone = stray.len();
    aside(move || stray.into_iter().try_for_each(|key| files.remove(key)))
        .await
        .map_err(ExportError::Folder)?;
    Ok(gone)
}
