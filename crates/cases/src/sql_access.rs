//! What a requester follows a case by: the hashes of its code and of its private link.

use crate::model::{Case, CaseId};
use crate::sql_lists::CaseBody;
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use store::{Read, StoreResult, Write, params};

/// Keeps the hashes of a case's code and link.
pub fn insert(
    w: &mut Write<'_>,
    district: DistrictCode,
    case: CaseId,
    code_hash: &[u8; 32],
    link_hash: &[u8; 32],
) -> StoreResult<()> {
    let now: Timestamp = w.now();
    let sql = "INSERT INTO case_access (district, case_id, code_hash, link_hash, made_at) VALUES ($1, $2, $3, $4, $5)";
    w.exec(
        sql,
        params![district, case, code_hash.to_vec(), link_hash.to_vec(), now],
    )
    .map(|_| ())
}

/// The hash of a case's code; none for cases that nobody follows by code, such as imported ones.
pub fn code_hash(
    r: &mut Read<'_>,
    district: DistrictCode,
    case: CaseId,
) -> StoreResult<Option<Vec<u8>>> {
    let sql = "SELECT code_hash FROM case_access WHERE district = $1 AND case_id = $2";
    Ok(r.opt::<(Vec<u8>,)>(sql, params![district, case])?
        .map(|row| row.0))
}

/// The case behind a private link.
pub fn by_link(r: &mut Read<'_>, link_hash: &[u8; 32]) -> StoreResult<Option<Case>> {
    let sql = "SELECT c.body FROM case_access a JOIN cases c ON c.district = a.district AND c.id = a.case_id WHERE a.link_hash = $1";
    Ok(r.opt::<CaseBody>(sql, params![link_hash.to_vec()])?
        .map(|b| b.0))
}
