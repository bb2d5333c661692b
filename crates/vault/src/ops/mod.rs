//! Use cases of the vault. [`put`], [`masked_in`] and [`erase_in`] work inside another capability's transaction; the
//! others open their own through [`access::Ctx`].

mod erase;
mod keep;
mod look;
mod unmask;

pub use erase::{apply_erasures, erase, erase_in, erasures_since, forget_expired};
pub use keep::{Rotated, drop_secret, open_keys, put_secret, rotate, secret, versions_behind};
pub use look::{
    Known, held_of, is_confidential, look, looks_of, masked, masked_in, purposes, search,
};
pub use unmask::{
    UNMASKING, Unmasking, UnmaskingMove, UnmaskingRequest, UnmaskingStep, ask_unmasking,
    decide_unmasking, unmaskings_of,
};

use crate::crypto::{self, Place, SecretKey};
use crate::keys::Keys;
use crate::model::{Field, NewSubject, VaultError};
use crate::sql::{self, FieldRow, SubjectRow};
use kernel::DistrictCode;
use kernel::id::Id;
use store::{StoreResult, Write};

/// Puts a person into the vault, inside the caller's transaction; answers the id that the case keeps. Three statements
/// at most. The caller's own audit event stands for it.
///
/// # Errors
/// The store's; `ForeignKey` when a purpose is not in the table of purposes.
pub fn put(w: &mut Write<'_>, keys: &Keys, new: &NewSubject) -> StoreResult<Id> {
    let district = new.district;
    let id = Id::new(w.now(), rand::random());
    let key = SecretKey::new(rand::random());
    let (version, master) = keys.master.current();
    let wrapped = crypto::wrap(master, key_place(&district, id), rand::random(), &key);
    sql::insert_subject(w, district, id, &wrapped, version, new.is_confidential)?;
    let rows: Vec<FieldRow> = new
        .fields
        .iter()
        .map(|f| FieldRow {
            field: f.field,
            purpose: f.purpose.clone(),
            basis: f.basis.clone(),
            sealed: crypto::seal(
                &key,
                field_place(&district, id, f.field),
                rand::random(),
                f.text.as_bytes(),
            ),
            retention_until: f.retention_until,
        })
        .collect();
    sql::insert_fields(w, district, id, &rows)?;
    let hashes: Vec<(Field, [u8; 32])> = new
        .fields
        .iter()
        .filter_map(|f| Some((f.field, blind_of(keys, f.field, &f.text)?)))
        .collect();
    sql::insert_index(w, district, id, &hashes)?;
    Ok(id)
}

/// The matter of a person turned out to be confidential (举报): from now on nobody is shown who reported it, unless two people
/// agree. Inside the caller's transaction, whose audit event stands for it. One statement.
///
/// # Errors
/// The store's.
pub fn make_confidential(
    w: &mut Write<'_>,
    district: DistrictCode,
    subject: Id,
) -> StoreResult<()> {
    sql::make_confidential(w, district, subject)
}

/// The blind index of a text, for fields that have one.
fn blind_of(keys: &Keys, field: Field, text: &str) -> Option<[u8; 32]> {
    let normalised = field.normalise(text).filter(|_| field.is_indexed())?;
    Some(crypto::blind(&keys.index, field.as_str(), &normalised))
}

fn key_place(district: &DistrictCode, subject: Id) -> Place<'_> {
    Place {
        kind: "key",
        district: district.as_str(),
        subject: subject.bytes(),
        field: "",
    }
}

fn field_place(district: &DistrictCode, subject: Id, field: Field) -> Place<'_> {
    Place {
        kind: "field",
        district: district.as_str(),
        subject: subject.bytes(),
        field: field.as_str(),
    }
}

/// A subject's own key.
fn subject_key(
    keys: &Keys,
    district: DistrictCode,
    id: Id,
    row: &SubjectRow,
) -> Result<SecretKey, VaultError> {
    let wrapped = row.key_wrapped.as_deref().ok_or(VaultError::Erased)?;
    let master = keys
        .master
        .version(row.key_version)
        .ok_or(VaultError::KeyVersion(row.key_version))?;
    crypto::unwrap(master, key_place(&district, id), wrapped).map_err(|source| VaultError::Sealed {
        what: format!("the key of {district}/{id}"),
        source,
    })
}

/// A field in the clear.
fn open_field(
    key: &SecretKey,
    district: DistrictCode,
    id: Id,
    field: Field,
    sealed: &[u8],
) -> Result<String, VaultError> {
    let fail = |source| VaultError::Sealed {
        what: format!("{field} of {district}/{id}"),
        source,
    };
    let bytes = crypto::open(key, field_place(&district, id, field), sealed).map_err(fail)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| fail(crypto::CryptoError::Content("a text")))
}
