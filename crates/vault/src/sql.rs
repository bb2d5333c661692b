//! Statements and rows of the vault.

use crate::model::{Erasure, Field, Held, Look, LookOutcome, Purpose};
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use store::{Read, StoreResult, ToValue as _, Value, Write, params};

store::record! {
    /// A subject's row.
    #[derive(Debug, Clone)]
    pub(crate) struct SubjectRow {
        pub key_wrapped: Option<Vec<u8>>,
        pub key_version: u32,
        pub is_confidential: bool,
        pub erased_at: Option<Timestamp>,
    }
}

const INSERT_SUBJECT: &str = "INSERT INTO vault_subjects (district, id, key_wrapped, key_version, confidential, created_at, erased_at) \
     VALUES ($1, $2, $3, $4, $5, $6, NULL)";

/// Adds a subject with its wrapped key.
pub(crate) fn insert_subject(
    w: &mut Write<'_>,
    district: DistrictCode,
    id: Id,
    wrapped: &[u8],
    version: u32,
    is_confidential: bool,
) -> StoreResult<()> {
    let now = w.now();
    w.exec(
        INSERT_SUBJECT,
        params![district, id, wrapped, version, is_confidential, now],
    )
    .map(|_| ())
}

/// From now on the reporter of a confidential matter. There is no way back: what was promised stays promised.
pub(crate) fn make_confidential(
    w: &mut Write<'_>,
    district: DistrictCode,
    id: Id,
) -> StoreResult<()> {
    w.exec(
        "UPDATE vault_subjects SET confidential = 1 WHERE district = $1 AND id = $2",
        params![district, id],
    )
    .map(|_| ())
}

/// One sealed field of a subject, to be written.
pub(crate) struct FieldRow {
    pub field: Field,
    pub purpose: String,
    pub basis: String,
    pub sealed: Vec<u8>,
    pub retention_until: Option<Timestamp>,
}

/// Adds sealed fields in one statement.
pub(crate) fn insert_fields(
    w: &mut Write<'_>,
    district: DistrictCode,
    subject: Id,
    fields: &[FieldRow],
) -> StoreResult<()> {
    let now = w.now();
    let rows: Vec<Vec<Value>> = fields
        .iter()
        .map(|f| {
            let FieldRow {
                field,
                purpose,
                basis,
                sealed,
                retention_until,
            } = f;
            params![
                district,
                subject,
                field,
                purpose,
                basis,
                sealed,
                retention_until,
                now
            ]
            .to_vec()
        })
        .collect();
    let columns = [
        "district",
        "subject_id",
        "field",
        "purpose",
        "basis",
        "sealed",
        "retention_until",
        "created_at",
    ];
    w.bulk("vault_fields", &columns, &rows)
}

/// Adds blind indexes in one statement.
pub(crate) fn insert_index(
    w: &mut Write<'_>,
    district: DistrictCode,
    subject: Id,
    hashes: &[(Field, [u8; 32])],
) -> StoreResult<()> {
    let rows: Vec<Vec<Value>> = hashes
        .iter()
        .map(|(field, hash)| params![district, hash, subject, field].to_vec())
        .collect();
    w.bulk(
        "vault_index",
        &["district", "index_hash", "subject_id", "field"],
        &rows,
    )
}

const SUBJECT: &str = "SELECT key_wrapped, key_version, confidential, erased_at FROM vault_subjects WHERE district = $1 AND id = $2";

/// A subject.
pub(crate) fn subject(
    r: &mut Read<'_>,
    district: DistrictCode,
    id: Id,
) -> StoreResult<Option<SubjectRow>> {
    r.opt(SUBJECT, params![district, id])
}

const FIELDS: &str =
    "SELECT field, sealed FROM vault_fields WHERE district = $1 AND subject_id = $2 ORDER BY field";

/// The sealed fields of a subject; there are at most as many as [`Field`] has words.
pub(crate) fn fields(
    r: &mut Read<'_>,
    district: DistrictCode,
    subject: Id,
) -> StoreResult<Vec<(Field, Vec<u8>)>> {
    r.all(FIELDS, params![district, subject])
}

const HELD: &str = "SELECT field, purpose, basis, retention_until, created_at FROM vault_fields WHERE district = $1 AND subject_id = $2 ORDER BY field";

/// What is kept of a subject, without the content.
pub(crate) fn held(
    r: &mut Read<'_>,
    district: DistrictCode,
    subject: Id,
) -> StoreResult<Vec<Held>> {
    r.all(HELD, params![district, subject])
}

const PURPOSES: &str =
    "SELECT code, name_zh, name_en, basis FROM vault_purposes ORDER BY position, code LIMIT 200";
const PURPOSE_KNOWN: &str = "SELECT 1 FROM vault_purposes WHERE code = $1";

/// All purposes.
pub(crate) fn purposes(r: &mut Read<'_>) -> StoreResult<Vec<Purpose>> {
    r.all(PURPOSES, &[])
}
/// Whether a purpose stands in the table.
pub(crate) fn is_purpose(r: &mut Read<'_>, code: &str) -> StoreResult<bool> {
    Ok(r.opt::<(i64,)>(PURPOSE_KNOWN, params![code])?.is_some())
}

/// One look, to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewLook {
    pub district: DistrictCode,
    pub subject: Id,
    pub role: String,
    pub purpose: String,
    pub outcome: LookOutcome,
    pub fields: String,
}

/// Records looks in one statement. The actor and the time are those of the transaction.
pub(crate) fn insert_looks(w: &mut Write<'_>, looks: &[NewLook]) -> StoreResult<()> {
    let now = w.now();
    let actor = w.grant().actor();
    w.ensure_year_of(now)?;
    let rows: Vec<Vec<Value>> = looks
        .iter()
        .map(|look| {
            let NewLook {
                district,
                subject,
                role,
                purpose,
                outcome,
                fields,
            } = look;
            let id = Id::new(now, rand::random());
            let kind = actor.kind.as_str();
            params![
                district, id, subject, now, kind, actor.id, role, purpose, outcome, fields
            ]
            .to_vec()
        })
        .collect();
    let columns = [
        "district",
        "id",
        "subject_id",
        "at",
        "actor_kind",
        "actor_id",
        "role",
        "purpose",
        "outcome",
        "fields",
    ];
    w.bulk("vault_looks", &columns, &rows)
}

const LOOKS: &str = "SELECT at, actor_kind, role, purpose, outcome, fields FROM vault_looks WHERE district = $1 AND subject_id = $2 ORDER BY id DESC LIMIT $3";

/// The latest looks at a subject.
pub(crate) fn looks(
    r: &mut Read<'_>,
    district: DistrictCode,
    subject: Id,
    limit: i64,
) -> StoreResult<Vec<Look>> {
    r.all(LOOKS, params![district, subject, limit])
}

/// Subjects that a hash stands for, newest first, within the reader's districts (all if there are none). Confidential
/// subjects are not found.
pub(crate) fn find(
    r: &mut Read<'_>,
    hash: &[u8; 32],
    field: Field,
    districts: &[DistrictCode],
    limit: i64,
) -> StoreResult<Vec<(DistrictCode, Id)>> {
    let mut sql = String::from(
        "SELECT i.district, i.subject_id FROM vault_index i JOIN vault_subjects s ON s.district = i.district AND s.id = i.subject_id \
         WHERE i.index_hash = $1 AND i.field = $2 AND s.confidential = 0",
    );
    let mut values = params![hash, field, limit].to_vec();
    if !districts.is_empty() {
        let places: Vec<String> = (0..districts.len())
            .map(|n| format!("${}", n + 4))
            .collect();
        sql.push_str(&format!(" AND i.district IN ({})", places.join(", ")));
        values.extend(districts.iter().map(|d| d.to_value()));
    }
    sql.push_str(" ORDER BY i.subject_id DESC, i.district LIMIT $3");
    r.all(&sql, &values)
}

const DESTROY_KEY: &str = "UPDATE vault_subjects SET key_wrapped = NULL, erased_at = $3 WHERE district = $1 AND id = $2 AND erased_at IS NULL";
const DROP_INDEX: &str = "DELETE FROM vault_index WHERE district = $1 AND subject_id = $2";
const DROP_FIELDS: &str = "DELETE FROM vault_fields WHERE district = $1 AND subject_id = $2";
const NOTE_ERASURE: &str = "INSERT INTO vault_erasures (district, subject_id, at, cause) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

/// Destroys the key, the index and the sealed fields of a subject, and notes it. Answers whether there was a key.
pub(crate) fn erase(w: &mut Write<'_>, erasure: &Erasure) -> StoreResult<bool> {
    let Erasure {
        district,
        subject,
        at,
        cause,
    } = erasure;
    let had_key = w.exec(DESTROY_KEY, params![district, subject, at])? == 1;
    w.exec(DROP_INDEX, params![district, subject])?;
    w.exec(DROP_FIELDS, params![district, subject])?;
    w.exec(NOTE_ERASURE, params![district, subject, at, cause])?;
    Ok(had_key)
}

const ERASURES: &str = "SELECT district, subject_id, at, cause FROM vault_erasures WHERE (at, district, subject_id) > ($1, $2, $3) \
     ORDER BY at, district, subject_id LIMIT $4";

/// Erasures at or after a time, or after the last one of the page before.
pub(crate) fn erasures(
    r: &mut Read<'_>,
    since: Timestamp,
    after: Option<&Erasure>,
    limit: i64,
) -> StoreResult<Vec<Erasure>> {
    match after {
        Some(last) => r.all(
            ERASURES,
            params![last.at, last.district, last.subject, limit],
        ),
        // No district is empty, so this is "at or after".
        None => r.all(ERASURES, params![since, "", Vec::<u8>::new(), limit]),
    }
}

const EXPIRED: &str = "SELECT district, subject_id, field FROM vault_fields WHERE retention_until <= $1 ORDER BY retention_until, district, subject_id, field LIMIT $2";
const DROP_FIELD: &str =
    "DELETE FROM vault_fields WHERE district = $1 AND subject_id = $2 AND field = $3";
const DROP_FIELD_INDEX: &str =
    "DELETE FROM vault_index WHERE district = $1 AND subject_id = $2 AND field = $3";
const ANY_FIELD: &str =
    "SELECT 1 FROM vault_fields WHERE district = $1 AND subject_id = $2 LIMIT 1";

/// Fields whose time is over.
pub(crate) fn expired(
    r: &mut Read<'_>,
    now: Timestamp,
    limit: i64,
) -> StoreResult<Vec<(DistrictCode, Id, Field)>> {
    r.all(EXPIRED, params![now, limit])
}
/// Removes one field with its index.
pub(crate) fn drop_field(
    w: &mut Write<'_>,
    district: DistrictCode,
    subject: Id,
    field: Field,
) -> StoreResult<()> {
    w.exec(DROP_FIELD, params![district, subject, field])?;
    w.exec(DROP_FIELD_INDEX, params![district, subject, field])
        .map(|_| ())
}
/// Whether anything is left of a subject.
pub(crate) fn has_fields(
    r: &mut Read<'_>,
    district: DistrictCode,
    subject: Id,
) -> StoreResult<bool> {
    Ok(r.opt::<(i64,)>(ANY_FIELD, params![district, subject])?
        .is_some())
}

store::record! {
    /// A key that is wrapped under an older master key.
    pub(crate) struct OldKey {
        pub district: DistrictCode,
        pub id: Id,
        pub wrapped: Vec<u8>,
        pub version: u32,
    }
}

const OLD_KEYS: &str = "SELECT district, id, key_wrapped, key_version FROM vault_subjects \
     WHERE erased_at IS NULL AND key_version < $1 ORDER BY key_version, district, id LIMIT $2";
const REWRAP: &str = "UPDATE vault_subjects SET key_wrapped = $4, key_version = $5 WHERE district = $1 AND id = $2 AND key_version = $3 AND erased_at IS NULL";

/// Subjects whose key is wrapped under an older master key.
pub(crate) fn old_keys(r: &mut Read<'_>, current: u32, limit: i64) -> StoreResult<Vec<OldKey>> {
    r.all(OLD_KEYS, params![current, limit])
}
/// Replaces a wrapped key; nothing happens if somebody erased or rewrapped it meanwhile.
pub(crate) fn rewrap(
    w: &mut Write<'_>,
    district: DistrictCode,
    id: Id,
    from: u32,
    wrapped: &[u8],
    to: u32,
) -> StoreResult<u64> {
    w.exec(REWRAP, params![district, id, from, wrapped, to])
}

const VAULT_KEY: &str = "SELECT key_wrapped, key_version FROM vault_keys WHERE name = $1";
const NEW_VAULT_KEY: &str = "INSERT INTO vault_keys (name, key_wrapped, key_version, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const REWRAP_VAULT_KEY: &str =
    "UPDATE vault_keys SET key_wrapped = $3, key_version = $4 WHERE name = $1 AND key_version = $2";

/// A key of the vault itself.
pub(crate) fn vault_key(r: &mut Read<'_>, name: &str) -> StoreResult<Option<(Vec<u8>, u32)>> {
    r.opt(VAULT_KEY, params![name])
}
/// Adds a key of the vault itself, unless another process was first.
pub(crate) fn insert_vault_key(
    w: &mut Write<'_>,
    name: &str,
    wrapped: &[u8],
    version: u32,
) -> StoreResult<()> {
    let now = w.now();
    w.exec(NEW_VAULT_KEY, params![name, wrapped, version, now])
        .map(|_| ())
}
/// Replaces the wrapping of a key of the vault itself.
pub(crate) fn rewrap_vault_key(
    w: &mut Write<'_>,
    name: &str,
    from: u32,
    wrapped: &[u8],
    to: u32,
) -> StoreResult<u64> {
    w.exec(REWRAP_VAULT_KEY, params![name, from, wrapped, to])
}

const PUT_VAULT_KEY: &str = "INSERT INTO vault_keys (name, key_wrapped, key_version, created_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (name) DO UPDATE SET key_wrapped = excluded.key_wrapped, key_version = excluded.key_version, created_at = excluded.created_at";

/// Adds or replaces a key of the vault itself.
pub(crate) fn replace_vault_key(
    w: &mut Write<'_>,
    name: &str,
    wrapped: &[u8],
    version: u32,
) -> StoreResult<()> {
    let now = w.now();
    w.exec(PUT_VAULT_KEY, params![name, wrapped, version, now])
        .map(|_| ())
}
/// Removes a key of the vault itself.
pub(crate) fn delete_vault_key(w: &mut Write<'_>, name: &str) -> StoreResult<()> {
    w.exec("DELETE FROM vault_keys WHERE name = $1", params![name])
        .map(|_| ())
}
/// The keys of the vault itself that are wrapped under an older master key, at most 200.
pub(crate) fn old_vault_keys(
    r: &mut Read<'_>,
    current: u32,
) -> StoreResult<Vec<(String, Vec<u8>, u32)>> {
    let sql = "SELECT name, key_wrapped, key_version FROM vault_keys WHERE key_version < $1 ORDER BY name LIMIT 200";
    r.all(sql, params![current])
}
