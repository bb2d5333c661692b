//! Use cases of supervision: reminders by people, supervised matters, the ladder.

mod late;
mod remind;
mod rungs;
mod supervise;

pub use late::tell_late;
pub use remind::{entries_of, remind};
pub use rungs::{change_rung, ladder};
pub use supervise::{Asked, Full, count, decide, details, list, of_case, open, report};
pub(crate) use supervise::{due_by, heads, notice, place_of};

use crate::model::SupervisionError;
use access::{AccountId, Ctx, Permission, Principal, Role, UnitId};
use kernel::codes::DistrictCode;
use kernel::id::Id;
use kernel::mask::mask_free_text;

/// The longest text, in characters.
pub(crate) const LONGEST: usize = 2000;

/// A text as it is kept: masked, neither empty (unless it may be) nor too long.
pub(crate) fn text(
    field: &'static str,
    given: &str,
    may_be_empty: bool,
) -> Result<String, SupervisionError> {
    let given = given.trim();
    if given.is_empty() && !may_be_empty {
        return Err(SupervisionError::field(
            field,
            "supervision.missing",
            "is needed",
        ));
    }
    if given.chars().count() > LONGEST {
        let reason = format!("has more than {LONGEST} characters");
        return Err(SupervisionError::field(
            field,
            "supervision.too_long",
            reason,
        ));
    }
    Ok(mask_free_text(given, &[]).0)
}

/// Who acts: the account, and the role that opens the act.
pub(crate) fn actor(ctx: &Ctx, by: Permission) -> (Option<AccountId>, String) {
    match ctx.principal() {
        Principal::Staff(staff) => {
            let role = staff.roles.iter().find(|r| r.permissions().contains(&by));
            (
                Some(staff.account),
                role.or(staff.roles.first())
                    .map_or("staff", |r| r.as_str())
                    .to_owned(),
            )
        }
        _ => (None, "system".to_owned()),
    }
}

/// The part of the lists a reader may see: districts, and the own unit where the reader belongs to departments only. A
/// department account without a unit sees nothing.
pub(crate) fn reach(ctx: &Ctx) -> Result<(Vec<DistrictCode>, Option<UnitId>), SupervisionError> {
    ctx.require(Permission::CaseRead)?;
    let scope = ctx.scope();
    let is_of_departments = match ctx.principal() {
        Principal::Staff(staff) => staff.roles.iter().all(|r: &Role| r.is_of_departments()),
        _ => false,
    };
    let unit = match (is_of_departments, scope.unit) {
        (true, None) => Some(UnitId(Id::from_bytes([0; 16]))),
        (_, unit) => unit,
    };
    Ok((scope.districts, unit))
}
