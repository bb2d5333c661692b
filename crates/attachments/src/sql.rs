//! Statements and rows of attachments.

use crate::model::{Attachment, AttachmentKind, Upload};
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use store::{Read, StoreResult, Value, Write, params};

const INSERT_UPLOAD: &str = "INSERT INTO uploads (id, sha256, media_type, bytes, width, height, made_at, by_kind, by_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Adds an upload.
pub(crate) fn insert_upload(w: &mut Write<'_>, upload: &Upload) -> StoreResult<()> {
    let Upload {
        id,
        sha256,
        media_type,
        bytes,
        width,
        height,
        made_at,
        by_kind,
        by_id,
    } = upload;
    w.exec(
        INSERT_UPLOAD,
        params![
            id, sha256, media_type, bytes, width, height, made_at, by_kind, by_id
        ],
    )
    .map(|_| ())
}

macro_rules! upload_columns {
    () => {
        "id, sha256, media_type, bytes, width, height, made_at, by_kind, by_id"
    };
}

/// The uploads of these ids that are still there.
pub(crate) fn uploads(r: &mut Read<'_>, ids: &[Id]) -> StoreResult<Vec<Upload>> {
    let places: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        concat!(
            "SELECT ",
            upload_columns!(),
            " FROM uploads WHERE id IN ({}) ORDER BY id"
        ),
        places.join(", ")
    );
    let values: Vec<Value> = ids.iter().map(store::ToValue::to_value).collect();
    r.all(&sql, &values)
}

/// Takes uploads away; answers how many were there.
pub(crate) fn remove_uploads(w: &mut Write<'_>, ids: &[Id]) -> StoreResult<u64> {
    let places: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let sql = format!("DELETE FROM uploads WHERE id IN ({})", places.join(", "));
    let values: Vec<Value> = ids.iter().map(store::ToValue::to_value).collect();
    w.exec(&sql, &values)
}

const ORPHANS: &str = concat!(
    "SELECT ",
    upload_columns!(),
    " FROM uploads WHERE id < $1 ORDER BY id LIMIT $2"
);

/// The oldest uploads made before a moment; the id carries the time.
pub(crate) fn orphans(r: &mut Read<'_>, before: Timestamp, limit: i64) -> StoreResult<Vec<Upload>> {
    r.all(ORPHANS, params![Id::floor(before), limit])
}

/// Adds attachments to a case in one statement, in the order given.
pub(crate) fn insert(
    w: &mut Write<'_>,
    district: DistrictCode,
    case_id: Id,
    kind: AttachmentKind,
    uploads: &[Upload],
) -> StoreResult<()> {
    let now = w.now();
    let rows: Vec<Vec<Value>> = uploads
        .iter()
        .enumerate()
        .map(|(at, u)| {
            let position = i64::try_from(at).expect("few attachments at once");
            params![
                district,
                u.id,
                case_id,
                kind,
                position,
                u.sha256,
                u.media_type,
                u.bytes,
                u.width,
                u.height,
                u.made_at,
                now,
                u.by_kind,
                u.by_id
            ]
            .to_vec()
        })
        .collect();
    let columns = [
        "district",
        "id",
        "case_id",
        "kind",
        "position",
        "sha256",
        "media_type",
        "bytes",
        "width",
        "height",
        "made_at",
        "attached_at",
        "by_kind",
        "by_id",
    ];
    w.bulk("attachments", &columns, &rows)
}

macro_rules! attachment_columns {
    () => {
        "district, id, case_id, kind, sha256, media_type, bytes, width, height, made_at, attached_at"
    };
}

const OF_CASE: &str = concat!(
    "SELECT ",
    attachment_columns!(),
    " FROM attachments WHERE district = $1 AND case_id = $2 ORDER BY attached_at, position LIMIT $3"
);
const BY_ID: &str = concat!(
    "SELECT ",
    attachment_columns!(),
    " FROM attachments WHERE id = $1"
);
const COUNT: &str = "SELECT count(*) FROM attachments WHERE district = $1 AND case_id = $2";

/// The attachments of a case, in the order they were added.
pub(crate) fn of_case(
    r: &mut Read<'_>,
    district: DistrictCode,
    case_id: Id,
    limit: i64,
) -> StoreResult<Vec<Attachment>> {
    r.all(OF_CASE, params![district, case_id, limit])
}
/// One attachment.
pub(crate) fn find(r: &mut Read<'_>, id: Id) -> StoreResult<Option<Attachment>> {
    r.opt(BY_ID, params![id])
}
/// How many attachments a case has.
pub(crate) fn count(r: &mut Read<'_>, district: DistrictCode, case_id: Id) -> StoreResult<i64> {
    Ok(r.one::<(i64,)>(COUNT, params![district, case_id])?.0)
}
