//! Opening the vault when the program starts, and changing the master key while it runs.

use super::{key_place, subject_key};
use crate::crypto::{self, Place, SecretKey};
use crate::keys::{Keys, MasterKeys};
use crate::model::VaultError;
use crate::sql::{self, SubjectRow};
use access::{Ctx, Permission};
use store::{AuditEvent, Read, Write};

/// The name of the blind index's key.
const INDEX_KEY: &str = "index";
/// Subjects whose key is rewrapped in one transaction.
const BATCH: i64 = 200;

/// Where a key of the vault itself stands.
fn place_of(name: &str) -> Place<'_> {
    Place {
        kind: "vault key",
        district: store::audit::CITY,
        subject: [0; 16],
        field: name,
    }
}

fn open_named(
    master: &MasterKeys,
    name: &str,
    wrapped: &[u8],
    version: u32,
) -> Result<SecretKey, VaultError> {
    let key = master
        .version(version)
        .ok_or(VaultError::KeyVersion(version))?;
    crypto::unwrap(key, place_of(name), wrapped).map_err(|source| VaultError::Sealed {
        what: "the vault: this is not the master key that its data was sealed under".into(),
        source,
    })
}

fn open_index(master: &MasterKeys, wrapped: &[u8], version: u32) -> Result<SecretKey, VaultError> {
    open_named(master, INDEX_KEY, wrapped, version)
}

/// Keeps a secret of the program itself (the key that signs what is sent to another system) under a name, inside the
/// caller's transaction, whose audit event stands for it. A secret of this name that is there already is replaced.
///
/// # Errors
/// `Field` for a name that is not the program's to give; the store's.
pub fn put_secret(
    w: &mut Write<'_>,
    keys: &Keys,
    name: &str,
    secret: &SecretKey,
) -> Result<(), VaultError> {
    if name == INDEX_KEY || name.is_empty() || name.len() > 100 {
        let reason = "is not the name of a secret";
        return Err(VaultError::field("name", "vault-bad-secret", reason));
    }
    let (version, master) = keys.master.current();
    let wrapped = crypto::wrap(master, place_of(name), rand::random(), secret);
    sql::replace_vault_key(w, name, &wrapped, version)?;
    Ok(())
}

/// A secret of the program itself; none where there is none of this name.
///
/// # Errors
/// `Sealed` or `KeyVersion` when the master key is not the right one; the store's.
pub fn secret(r: &mut Read<'_>, keys: &Keys, name: &str) -> Result<Option<SecretKey>, VaultError> {
    let found = sql::vault_key(r, name)?.filter(|_| name != INDEX_KEY);
    found
        .map(|(wrapped, version)| open_named(&keys.master, name, &wrapped, version))
        .transpose()
}

/// Destroys a secret of the program itself.
///
/// # Errors
/// The store's.
pub fn drop_secret(w: &mut Write<'_>, name: &str) -> Result<(), VaultError> {
    if name != INDEX_KEY {
        sql::delete_vault_key(w, name)?;
    }
    Ok(())
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
                place_of(INDEX_KEY),
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
    let mut rewrapped = rotate_named(ctx, keys).await?;
    loop {
        let now = rotate_batch(&ctx.renewed(), keys).await?;
        if now == 0 {
            return Ok(Rotated { rewrapped });
        }
        rewrapped += now;
    }
}

/// The keys of the vault itself: that of the blind index and the program's secrets, of which there are few.
async fn rotate_named(ctx: &Ctx, keys: &Keys) -> Result<u64, VaultError> {
    let keys = keys.clone();
    ctx.write(move |mut w| {
        let (current, master) = keys.master.current();
        let old = sql::old_vault_keys(&mut w, current)?;
        if old.is_empty() {
            return w.unchanged(0).map_err(VaultError::from);
        }
        let mut rewrapped = 0;
        for (name, wrapped, version) in old {
            let key = open_named(&keys.master, &name, &wrapped, version)?;
            let wrapped = crypto::wrap(master, place_of(&name), rand::random(), &key);
            rewrapped += sql::rewrap_vault_key(&mut w, &name, version, &wrapped, current)?;
        }
        let event = AuditEvent::done("vault.rotate", "vault_key", INDEX_KEY)
            .detail(serde_json::json!({"to_version": current, "keys": rewrapped}));
        Ok(w.commit(event, rewrapped)?)
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
        let named_behind = !sql::old_vault_keys(r, current)?.is_empty();
        Ok(named_behind || !sql::old_keys(r, current, 1)?.is_empty())
    })
    .await
}
