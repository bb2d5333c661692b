//! Use cases: upload, attach, read, clean up.

use crate::files::{FileKey, Files, sha256};
use crate::model::{Attachment, AttachmentError, AttachmentKind, Upload, Uploaded};
use crate::process::{self, MOST_BYTES};
use crate::sql;
use access::{Ctx, Permission};
use bytes::Bytes;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use kernel::DistrictCode;
use kernel::id::Id;
use std::pin::Pin;
use std::sync::Arc;
use store::{AuditEvent, Read, StoreError, StoreResult, Write};
use tokio::sync::Semaphore;

/// An upload can be attached for so long.
pub const TAKEN_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// An orphan goes an hour later, so that no clock that is a little off loses an upload that is just being attached.
const ORPHAN_AFTER: SignedDuration = SignedDuration::from_hours(25);
/// The most attachments taken at once.
pub const MOST_AT_ONCE: usize = 9;
/// The most attachments of one case.
pub const MOST_OF_CASE: i64 = 100;
/// The most attachments of all cases of a list.
const MOST_OF_LIST: i64 = 1000;
/// Orphans removed in one call.
const ORPHANS: i64 = 100;
/// Pictures opened at the same time: each may fill 256 MiB.
const OPENED_AT_ONCE: usize = 2;
/// Uploads that may wait for that.
const WAITING: usize = 16;

/// Whether whoever asks may see a case: the case's own rule, handed over when the program is composed.
pub type MayRead = Arc<
    dyn Fn(Ctx, DistrictCode, Id) -> Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send>>
        + Send
        + Sync,
>;

/// The part of the program that takes and gives files.
pub struct Attachments {
    files: Files,
    zone: TimeZone,
    may_read: MayRead,
    opening: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Attachments {
    /// Files in their place, the deployment's zone (for photo times without an offset), and the rule of reading.
    pub fn new(files: Files, zone: TimeZone, may_read: MayRead) -> Self {
        Self {
            files,
            zone,
            may_read,
            opening: Arc::new(Semaphore::new(OPENED_AT_ONCE)),
            waiting: Arc::new(Semaphore::new(OPENED_AT_ONCE + WAITING)),
        }
    }
    /// The deployment's zone.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

fn folder(act: &'static str) -> impl Fn(std::io::Error) -> AttachmentError {
    move |source| AttachmentError::Folder { act, source }
}

/// Runs what blocks on a thread that may.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AttachmentError> + Send + 'static,
) -> Result<T, AttachmentError> {
    let lost = |e: tokio::task::JoinError| AttachmentError::Folder {
        act: "handle",
        source: std::io::Error::other(e),
    };
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}

/// Cleans a file and keeps it until a case takes it. The row comes before the file and the answer after both: whatever
/// breaks in between leaves an upload that nobody knows of, which goes as an orphan with its file.
///
/// # Errors
/// `File` when it is not taken; `Busy` when enough uploads wait; `Folder`; the store's.
pub async fn upload(
    ctx: &Ctx,
    service: &Attachments,
    bytes: Bytes,
) -> Result<Uploaded, AttachmentError> {
    let busy = |_| AttachmentError::Busy { retry_after_s: 3 };
    let _waiting = service.waiting.clone().try_acquire_owned().map_err(busy)?;
    let opening = service.opening.clone().acquire_owned().await;
    let slot = opening.expect("nobody closes this semaphore");
    let (zone, now) = (service.zone.clone(), ctx.now());
    let clean = aside(move || {
        // Held by the work itself: a client that goes away does not free the slot while a picture is still open.
        let _slot = slot;
        Ok(process::process(&bytes, &zone, now)?)
    })
    .await?;
    let actor = ctx.principal().actor();
    let upload = Upload {
        id: Id::new(now, rand::random()),
        sha256: sha256(&clean.bytes),
        media_type: clean.media_type.to_owned(),
        bytes: clean.bytes.len() as i64,
        width: clean.width,
        height: clean.height,
        made_at: now,
        by_kind: actor.kind.as_str().to_owned(),
        by_id: actor.id,
    };
    let row = upload.clone();
    ctx.write::<_, AttachmentError, _>(move |mut w| {
        sql::insert_upload(&mut w, &row)?;
        let event = AuditEvent::done("attachment.upload", "upload", row.id.to_string())
            .detail(serde_json::json!({"media_type": row.media_type, "bytes": row.bytes}));
        Ok(w.commit(event, ())?)
    })
    .await?;
    let (files, key, offered) = (service.files.clone(), upload.key(), clean.offered);
    aside(move || {
        if let Some(thumb) = &clean.thumb {
            files.store(key, true, thumb).map_err(folder("store"))?;
        }
        files
            .store(key, false, &clean.bytes)
            .map_err(folder("store"))
    })
    .await?;
    Ok(Uploaded { upload, offered })
}

/// Gives uploads to a case, inside the transaction of its report or step, in the order given, each as what it shows. One
/// statement. Staff and residents attach only what they uploaded themselves; a stranger, whatever a stranger uploaded, by
/// the id nobody else was told. The caller's own audit event stands for it.
///
/// # Errors
/// `Gone` naming the first upload that is not there, was taken, is a day old or somebody else's; `TooMany`; the store's.
pub fn attach(
    w: &mut Write<'_>,
    district: DistrictCode,
    case_id: Id,
    files: &[(Id, AttachmentKind)],
) -> Result<(), AttachmentError> {
    if files.is_empty() {
        return Ok(());
    }
    let too_many = |given, most| Err(AttachmentError::TooMany { given, most });
    if files.len() > MOST_AT_ONCE {
        return too_many(files.len(), MOST_AT_ONCE);
    }
    let (now, actor) = (w.now(), w.grant().actor());
    let taker = sql::Taker {
        by_kind: actor.kind.as_str(),
        by_id: actor.id,
        made_after: now - TAKEN_WITHIN,
        most: MOST_OF_CASE,
    };
    let taken = match sql::take(w, district, case_id, files, &taker) {
        // Another case took one of them at the same moment.
        Err(StoreError::Unique(_)) => return Err(AttachmentError::Gone(files[0].0)),
        other => other?,
    };
    if taken == files.len() as u64 {
        return Ok(());
    }
    // Refused, so the transaction goes back: what was taken here counts as taken below as well.
    let before = sql::count(w, district, case_id)? - i64::try_from(taken).unwrap_or(0);
    if before + files.len() as i64 > MOST_OF_CASE {
        let left = usize::try_from(MOST_OF_CASE - before).unwrap_or(0);
        return too_many(files.len(), left);
    }
    let ids: Vec<Id> = files.iter().map(|(id, _)| *id).collect();
    Err(AttachmentError::Gone(first_unusable(w, case_id, &ids)?))
}

/// The first id that was not taken by this case: named twice, gone, too old or somebody else's.
fn first_unusable(r: &mut Read<'_>, case_id: Id, ids: &[Id]) -> StoreResult<Id> {
    for (at, id) in ids.iter().enumerate() {
        let is_taken_here = sql::find(r, *id)?.is_some_and(|a| a.case_id == case_id);
        if !is_taken_here || ids[..at].contains(id) {
            return Ok(*id);
        }
    }
    Ok(ids[0])
}

/// The attachments of a case in the order they were added, inside the caller's read. The caller has checked that its
/// reader may see the case.
///
/// # Errors
/// The store's.
pub fn of_case(
    r: &mut Read<'_>,
    district: DistrictCode,
    case_id: Id,
) -> StoreResult<Vec<Attachment>> {
    sql::of_case(r, district, case_id, MOST_OF_CASE)
}

/// The attachments of the cases of a list, each case's in the order they were added, inside the caller's read; at most
/// 1000. The caller has checked that its reader may see the cases.
///
/// # Errors
/// The store's.
pub fn of_cases(r: &mut Read<'_>, cases: &[(DistrictCode, Id)]) -> StoreResult<Vec<Attachment>> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    sql::of_cases(r, cases, MOST_OF_LIST)
}

/// The file (or the thumbnail) of an attachment, for whom the case's own rule lets in.
///
/// # Errors
/// `NotFound` also for those who may not see the case, and for the thumbnail of a document; `Changed` when the file is
/// not the one that was stored; `Folder`; the store's.
pub async fn read(
    ctx: &Ctx,
    service: &Attachments,
    id: Id,
    is_thumb: bool,
) -> Result<(Attachment, Vec<u8>), AttachmentError> {
    let attachment = ctx
        .read::<_, AttachmentError, _>(move |r| sql::find(r, id)?.ok_or(AttachmentError::NotFound))
        .await?;
    let may = (service.may_read)(ctx.clone(), attachment.district, attachment.case_id);
    if !may.await? {
        return Err(AttachmentError::NotFound);
    }
    let bytes = file_of(service, &attachment, is_thumb).await?;
    Ok((attachment, bytes))
}

/// The file (or the thumbnail) of an attachment whose reader the caller has checked, such as the person who follows the
/// case by its private link.
///
/// # Errors
/// As [`read`], but for the rule of reading.
pub async fn file_of(
    service: &Attachments,
    attachment: &Attachment,
    is_thumb: bool,
) -> Result<Vec<u8>, AttachmentError> {
    if is_thumb && !attachment.is_picture() {
        return Err(AttachmentError::NotFound);
    }
    let (files, key) = (service.files.clone(), attachment.key());
    aside(move || {
        // Encoding a small picture anew may make it larger, but never twice the bound.
        let bytes = files
            .read(key, is_thumb, 2 * MOST_BYTES as u64)
            .map_err(folder("read"))?;
        if !is_thumb && sha256(&bytes) != key.sha256 {
            return Err(AttachmentError::Changed(key.id));
        }
        Ok(bytes)
    })
    .await
}

/// Removes uploads of more than a day ago, at most 100 in one call: those that a case took leave only this list, the
/// others go with their files. Answers how many files nobody had taken. The files go first: an upload this old cannot be
/// attached any more, and a row without a file is found again.
///
/// # Errors
/// `Refused` without [`Permission::SystemManage`]; `Folder`; the store's.
pub async fn clean_orphans(ctx: &Ctx, service: &Attachments) -> Result<usize, AttachmentError> {
    ctx.require(Permission::SystemManage)?;
    let before = ctx.now() - ORPHAN_AFTER;
    let old = ctx
        .read::<_, AttachmentError, _>(move |r| Ok(sql::old(r, before, ORPHANS)?))
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let orphans: Vec<FileKey> = old
        .iter()
        .filter(|o| !o.is_taken)
        .map(|o| o.upload.key())
        .collect();
    let removed = orphans.len();
    let files = service.files.clone();
    aside(move || {
        let mut gone = orphans.iter().map(|key| files.remove(*key));
        gone.try_for_each(|one| one.map_err(folder("remove")))
    })
    .await?;
    let ids: Vec<Id> = old.iter().map(|o| o.upload.id).collect();
    ctx.write::<_, AttachmentError, _>(move |mut w| {
        sql::remove_uploads(&mut w, &ids)?;
        let event = AuditEvent::done("attachment.clean", "upload", "orphans")
            .detail(serde_json::json!({"removed": removed, "taken": ids.len() - removed}));
        Ok(w.commit(event, removed)?)
    })
    .await
}
