//! Erasing: on request, when the time is over, and again after a backup was restored.

use super::look::is_in_scope;
use crate::model::{Erasure, ErasureCause, ErasureLog, VaultError};
use crate::sql;
use access::{Ctx, Permission};
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use store::{AuditEvent, Read, StoreResult, Write};

/// Erasures and fields handled in one transaction.
const BATCH: usize = 200;

/// Erases a person inside the caller's transaction: the key, the blind index and the sealed fields go, the id and the
/// list of looks stay. Answers whether there was anything to erase. The caller's own audit event stands for it.
///
/// # Errors
/// The store's.
pub fn erase_in(
    w: &mut Write<'_>,
    district: DistrictCode,
    subject: Id,
    cause: ErasureCause,
) -> StoreResult<bool> {
    let is_there = sql::subject(w, district, subject)?.is_some_and(|row| row.erased_at.is_none());
    if !is_there {
        return Ok(false);
    }
    let at = w.now();
    let cause = cause.as_str().to_owned();
    sql::erase(
        w,
        &Erasure {
            district,
            subject,
            at,
            cause,
        },
    )
}

/// [`erase_in`] by a member of staff, on the person's request or because it should not have been kept.
///
/// # Errors
/// `Refused` without [`Permission::PersonalRead`]; `NotFound` for an unknown person or one outside the principal's
/// districts; `Erased` when it was done before.
pub async fn erase(
    ctx: &Ctx,
    district: DistrictCode,
    subject: Id,
    cause: ErasureCause,
) -> Result<(), VaultError> {
    ctx.require(Permission::PersonalRead)?;
    if !is_in_scope(ctx, district) {
        return Err(VaultError::NotFound);
    }
    let at = ctx
        .write(move |mut w| {
            if sql::subject(&mut w, district, subject)?.is_none() {
                return Err(VaultError::NotFound);
            }
            if !erase_in(&mut w, district, subject, cause)? {
                return Err(VaultError::Erased);
            }
            let at = w.now();
            let event = AuditEvent::done("vault.erase", "subject", subject.to_string())
                .district(district.as_str())
                .detail(serde_json::json!({"cause": cause.as_str()}));
            Ok(w.commit(event, at)?)
        })
        .await?;
    if let Some(log) = ctx.service_if_any::<ErasureLog>() {
        let cause = cause.as_str().to_owned();
        let erasure = Erasure {
            district,
            subject,
            at,
            cause,
        };
        // It is done in the database whatever happens here; the next reconciling lists what is missing.
        if let Err(error) = log.list(&erasure) {
            tracing::warn!(%error, "an erasure could not be listed outside the database yet");
        }
    }
    Ok(())
}

/// One page of the list of erasures at or after `since`; `after` is the last one of the page before. A backup's restore
/// reads it from the database that is given up, and hands it to [`apply_erasures`] on the restored one.
///
/// # Errors
/// The store's.
pub fn erasures_since(
    r: &mut Read<'_>,
    since: Timestamp,
    after: Option<&Erasure>,
    limit: u16,
) -> StoreResult<Vec<Erasure>> {
    sql::erasures(r, since, after, i64::from(limit))
}

/// Applies erasures that were made after a backup to the database restored from it; answers how many people were in it
/// still. Doing it twice changes nothing.
///
/// # Errors
/// The store's.
pub async fn apply_erasures(ctx: &Ctx, erasures: &[Erasure]) -> Result<u64, VaultError> {
    ctx.require(Permission::SystemManage)?;
    let mut applied = 0;
    for chunk in erasures.chunks(BATCH) {
        let chunk = chunk.to_vec();
        applied += ctx
            .renewed()
            .write(move |mut w| {
                let mut applied = 0;
                for erasure in &chunk {
                    applied += u64::from(sql::erase(&mut w, erasure)?);
                }
                let event = AuditEvent::done("vault.erase_again", "vault", "restored")
                    .detail(serde_json::json!({"listed": chunk.len(), "erased": applied}));
                Ok::<_, VaultError>(w.commit(event, applied)?)
            })
            .await?;
    }
    Ok(applied)
}

/// Removes fields whose time is over, at most 200 in one call; who has no field left is erased. Answers how many fields
/// went; fewer than 200 means that none is left.
///
/// # Errors
/// The store's.
pub async fn forget_expired(ctx: &Ctx) -> Result<usize, VaultError> {
    ctx.require(Permission::SystemManage)?;
    ctx.write(|mut w| {
        let now = w.now();
        let expired = sql::expired(&mut w, now, BATCH as i64)?;
        if expired.is_empty() {
            return w.unchanged(0).map_err(VaultError::from);
        }
        let mut people: Vec<(DistrictCode, Id)> = Vec::new();
        for (district, subject, field) in &expired {
            sql::drop_field(&mut w, *district, *subject, *field)?;
            people.push((*district, *subject));
        }
        people.sort_unstable();
        people.dedup();
        for (district, subject) in people {
            if !sql::has_fields(&mut w, district, subject)? {
                erase_in(&mut w, district, subject, ErasureCause::Retention)?;
            }
        }
        let event = AuditEvent::done("vault.forget", "vault", "expired")
            .detail(serde_json::json!({"fields": expired.len()}));
        Ok(w.commit(event, expired.len())?)
    })
    .await
}
