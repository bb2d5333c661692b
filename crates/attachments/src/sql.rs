//! Statements and rows of attachments.

use crate::model::{Attachment, AttachmentKind, Upload};
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use std::collections::BTreeSet;
use store::{FromRow, Read, Row, StoreResult, ToValue, Value, Write, params};

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

/// The district of the marks of taken uploads: none, and the same for all of them.
///
/// An upload has one id in the whole city and is attached once. The key of attachments begins with the district of the case,
/// so it cannot say that by itself; a second row under this district, written by the statement that takes the upload, can:
/// of two cases that take it at the same moment the second waits for the first and is refused by the key. No statement about
/// a case sees a mark. It is needed as long as the upload can be taken and goes with it.
const MARKS: &str = "000000";

/// Takes uploads away, with the marks of those that were taken; answers how many there were.
pub(crate) fn remove_uploads(w: &mut Write<'_>, ids: &[Id]) -> StoreResult<u64> {
    let places: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let places = places.join(", ");
    let values: Vec<Value> = ids.iter().map(store::ToValue::to_value).collect();
    let marks = format!("DELETE FROM attachments WHERE district = '{MARKS}' AND id IN ({places})");
    w.exec(&marks, &values)?;
    let sql = format!("DELETE FROM uploads WHERE id IN ({places})");
    w.exec(&sql, &values)
}

const OLD: &str = concat!(
    "SELECT ",
    upload_columns!(),
    ", CASE WHEN EXISTS (SELECT 1 FROM attachments a WHERE a.id = uploads.id) THEN 1 ELSE 0 END",
    " FROM uploads WHERE id < $1 ORDER BY id LIMIT $2"
);

/// An upload that is too old to be attached, and whether a case took it: then its files are the case's.
pub(crate) struct Old {
    /// The upload.
    pub upload: Upload,
    /// It became an attachment.
    pub is_taken: bool,
}

impl FromRow for Old {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self {
            upload: Upload::from_row(row)?,
            is_taken: row.get(9)?,
        })
    }
}

/// The oldest uploads made before a moment; the id carries the time.
pub(crate) fn old(r: &mut Read<'_>, before: Timestamp, limit: i64) -> StoreResult<Vec<Old>> {
    r.all(OLD, params![Id::floor(before), limit])
}

/// Whose uploads are taken, and until when they could be made.
pub(crate) struct Taker {
    /// The kind of principal.
    pub by_kind: &'static str,
    /// Its account, if it has one.
    pub by_id: Option<Id>,
    /// Uploads made later than this.
    pub made_after: Timestamp,
    /// The most attachments of the case afterwards.
    pub most: i64,
}

/// Adds uploads to a case in one statement, in the order given, those that are its taker's, young enough and in no case;
/// none when the case would have too many. Answers how many were added. The uploads stay until they are old, so that
/// taking them costs no second statement; the same statement writes their marks ([`MARKS`]), so that the key refuses whoever
/// takes one of them at the same moment.
pub(crate) fn take(
    w: &mut Write<'_>,
    district: DistrictCode,
    case_id: Id,
    files: &[(Id, AttachmentKind)],
    taker: &Taker,
) -> StoreResult<u64> {
    let now = w.now();
    let mut values: Vec<Value> = params![
        district,
        case_id,
        now,
        taker.by_kind,
        taker.made_after,
        taker.most - files.len() as i64
    ]
    .to_vec();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let by_id = match taker.by_id {
        Some(id) => format!("u.by_id = {}", bind(id.to_value())),
        None => "u.by_id IS NULL".to_owned(),
    };
    let ids: Vec<String> = files.iter().map(|(id, _)| bind(id.to_value())).collect();
    let each = |what: &dyn Fn(usize) -> String| {
        let whens = ids
            .iter()
            .enumerate()
            .map(|(at, id)| format!("WHEN {id} THEN {}", what(at)));
        format!("CASE u.id {} END", whens.collect::<Vec<_>>().join(" "))
    };
    // The words of the kinds are ours; nothing a person sent stands in the text.
    let (kind, position) = (
        each(&|at| format!("'{}'", files[at].1)),
        each(&|at| at.to_string()),
    );
    let sql = format!(
        "INSERT INTO attachments (district, id, case_id, kind, position, sha256, media_type, bytes, width, height, made_at, attached_at, by_kind, by_id) \
         SELECT t.district, u.id, $2, CASE t.district WHEN '{MARKS}' THEN 'mark' ELSE {kind} END, {position}, u.sha256, u.media_type, u.bytes, u.width, \
         u.height, u.made_at, $3, u.by_kind, u.by_id \
         FROM uploads u CROSS JOIN (SELECT CAST($1 AS TEXT) AS district UNION ALL SELECT '{MARKS}') t WHERE u.id IN ({}) AND u.by_kind = $4 AND {by_id} AND u.made_at > $5 \
         AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.id = u.id) \
         AND (SELECT count(*) FROM attachments c WHERE c.district = $1 AND c.case_id = $2) <= $6 ORDER BY u.id, t.district",
        ids.join(", ")
    );
    // Half of the rows are marks.
    Ok(w.exec(&sql, &values)? / 2)
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
    " FROM attachments WHERE id = $1 AND district <> $2"
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
/// The attachments of several cases, case by case.
pub(crate) fn of_cases(
    r: &mut Read<'_>,
    cases: &[(DistrictCode, Id)],
    limit: i64,
) -> StoreResult<Vec<Attachment>> {
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    // Ids of cases are unique all over the city; the districts are there for the key.
    let districts: BTreeSet<DistrictCode> = cases.iter().map(|c| c.0).collect();
    let districts: Vec<String> = districts.iter().map(|d| bind(d.to_value())).collect();
    let ids: Vec<String> = cases.iter().map(|c| bind(c.1.to_value())).collect();
    let sql = format!(
        concat!(
            "SELECT ",
            attachment_columns!(),
            " FROM attachments WHERE district IN ({}) AND case_id IN ({}) ORDER BY district, case_id, attached_at, position LIMIT {}"
        ),
        districts.join(", "),
        ids.join(", "),
        bind(limit.to_value())
    );
    r.all(&sql, &values)
}
/// One attachment.
pub(crate) fn find(r: &mut Read<'_>, id: Id) -> StoreResult<Option<Attachment>> {
    r.opt(BY_ID, params![id, MARKS])
}
/// How many attachments a case has.
pub(crate) fn count(r: &mut Read<'_>, district: DistrictCode, case_id: Id) -> StoreResult<i64> {
    Ok(r.one::<(i64,)>(COUNT, params![district, case_id])?.0)
}
