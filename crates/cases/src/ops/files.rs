//! Whether whoever asks may see a case: the rule under which its pictures and documents are shown.

use super::Reach;
use crate::model::CaseId;
use crate::sql;
use access::Ctx;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use store::StoreError;

/// Whether the principal of a request may see this case; somebody without the permission may not.
///
/// # Errors
/// The store's.
pub async fn may_read(ctx: &Ctx, district: DistrictCode, case: Id) -> Result<bool, StoreError> {
    let Ok(reach) = Reach::of(ctx) else {
        return Ok(false);
    };
    let found = ctx
        .read::<_, StoreError, _>(move |r| sql::by_id(r, district, CaseId(case)))
        .await?;
    Ok(found.is_some_and(|case| reach.holds(&case)))
}
