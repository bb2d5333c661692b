//! Opening the vault when the program starts, and changing the master key while it runs.

use super::{key_place, subject_key};
use crate::crypto::{self, Place, SecretKey};
use crate::keys::{Keys, MasterKeys};
use crate::model::VaultError;
use crate::sql::{self, SubjectRow};
use access::{Ctx, Permission};
use store::AuditEvent;

/// The name of the blind index's key.
const INDEX_KEY: &str = "index";
/// Subjects whose key is rewrapped in one transaction.
const BATCH: i64 = 200;

const INDEX_PLACE: Place<'static> = Place {
    kind: "vault key",
    district: store::audit::CITY,
    subject: [0; 16],
    field: INDEX_KEY,
};

fn open_index(master: &MasterKeys, wrapped: &[u8], version: u32) -> Result<SecretKey, VaultError> {
    let key = master
        .version(version)
        .ok_or(VaultError::KeyVersion(version))?;
    crypto::unwrap(key, INDEX_PLACE, wrapped).map_err(|source| VaultError::Sealed {
        what: "the vault: this is not the master key that its data was sealed under".into(),
        source,
    })
}

/// Opens the vault with the master key, and makes the key of the blind index the first time.
///
/// # Errors
/// `Sealed` or `KeyVersion` when it is not the master key of this database, so that a wrong key is noticed when the
/// program starts and not when somebody calls.
pub async fn open_keys(ctx: &Ctx, master: MasterKeys) -> Result<Keys, VaultError> {
    let ours = master.clone();
    let index = ctx
        .write(move |mut w| {
            if let Some((wrapped, version)) = sql::vault_key(&mut w, INDEX_KEY)? {
                let key = open_index(&ours, &wrapped, version)?;
                return w.unchanged(key).map_err(VaultError::from);
            }
            let (version, key) = ours.current();
            let wrapped = crypto::wrap(
                key,
                INDEX_PLACE,
                rand::random(),
                &SecretKey::new(rand::random()),
            );
            sql::insert_vault_key(&mut w, INDEX_KEY, &wrapped, version)?;
            // Another process may have been first: its key is the one.
            let (wrapped, version) = sql::vault_key(&mut w, INDEX_KEY)?
                .expect("the row was inserted or stood there already");
            let key = open_index(&ours, &wrapped, version)?;
            Ok(w.commit(AuditEvent::done("vault.open", "vault_key", INDEX_KEY), key)?)
        })
        .await?;
    Ok(Keys { master, index })
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// Keys that were wrapped anew, those of subjects and those of the vault itself.
    pub rewrapped: u64,
}

/// Wraps all keys anew under the current version of the master key, in batches that each are a transaction of their own;
/// people go on working meanwhile, and a rotation that was interrupted goes on when run again. Afterwards
/// [`versions_behind`] answers none, and the older versions may leave the key file.
///
/// # Errors
/// `Refused` without the permission to manage the system; `KeyVersion` when an older version is not loaded.
pub async fn rotate(ctx: &Ctx, keys: &Keys) -> Result<Rotated, VaultError> {
    ctx.require(Permission::SystemManage)?;
    let mut rewrapped = rotate_index(ctx, keys).await?;
    loop {
        let now = rotate_batch(&ctx.renewed(), keys).await?;
        if now == 0 {
            return Ok(Rotated { rewrapped });
        }
        rewrapped += now;
    }
}

async fn rotate_index(ctx: &Ctx, keys: &Keys) -> Result<u64, VaultError> {
    let keys = keys.clone();
    ctx.write(move |mut w| {
        let (current, master) = keys.master.current();
        let found = sql::vault_key(&mut w, INDEX_KEY)?.filter(|(_, version)| *version < current);
        let Some((wrapped, version)) = found else {
            return w.unchanged(0).map_err(VaultError::from);
        };
        let key = open_index(&keys.master, &wrapped, version)?;
        let wrapped = crypto::wrap(master, INDEX_PLACE, rand::random(), &key);
        let n = sql::rewrap_vault_key(&mut w, INDEX_KEY, version, &wrapped, current)?;
        let event = AuditEvent::done("vault.rotate", "vault_key", INDEX_KEY)
            .detail(serde_json::json!({"to_version": current}));
        Ok(w.commit(event, n)?)
    })
    .await
}

async fn rotate_batch(ctx: &Ctx, keys: &Keys) -> Result<u64, VaultError> {
    let keys = keys.clone();
    ctx.write(move |mut w| {
        let (current, master) = keys.master.current();
        let old = sql::old_keys(&mut w, current, BATCH)?;
        if old.is_empty() {
            return w.unchanged(0).map_err(VaultError::from);
        }
        let mut rewrapped = 0;
        for key in old {
            let sql::OldKey {
                district,
                id,
                wrapped,
                version,
            } = key;
            let row = SubjectRow {
                key_wrapped: Some(wrapped),
                key_version: version,
                is_confidential: false,
                erased_at: None,
            };
            let key = subject_key(&keys, district, id, &row)?;
            let wrapped = crypto::wrap(master, key_place(&district, id), rand::random(), &key);
            rewrapped += sql::rewrap(&mut w, district, id, version, &wrapped, current)?;
        }
        let event = AuditEvent::done("vault.rotate", "vault_key", "subjects")
            .detail(serde_json::json!({"to_version": current, "keys": rewrapped}));
        Ok(w.commit(event, rewrapped)?)
    })
    .await
}

/// Whether any key is still wrapped under an older version than the current one.
///
/// # Errors
/// The store's.
pub async fn versions_behind(ctx: &Ctx, keys: &Keys) -> Result<bool, VaultError> {
    let current = keys.current_version();
    ctx.read(move |r| {
        let index_behind = sql::vault_key(r, INDEX_KEY)?.is_some_and(|(_, v)| v < current);
        Ok(index_behind || !sql::old_keys(r, current, 1)?.is_empty())
    })
    .await
}
