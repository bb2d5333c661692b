//! Use cases of cases: authorise, look, decide by `rules`, write, tell. Handlers, pages and the command line call these.
//!
//! Invariants: what is out of the reader's scope is not there (404, and recorded); lists carry the scope in their WHERE;
//! every refusal of a move is in the audit trail; no answer holds a person's data.

mod act;
mod alike;
pub mod bulk;
mod by_link;
pub mod clocks;
pub mod desk;
mod error;
mod files;
pub mod filters;
pub mod joint;
mod lists;
mod own;
mod recompute;
mod record;
mod report;
pub mod requester;
pub mod search;
mod show;
mod timers;
pub(crate) mod track;
mod unclear;
pub mod view;
mod words;

pub use act::{Acts, Step, act, act_done, act_with, acts_of, allowed, note};
pub(crate) use alike::public_by_number;
pub use alike::{alike, alike_public, is_public};
pub use by_link::{Proof, add_message, answer, rate, reopen};
pub use error::{CaseError, Change};
pub use files::may_read;
pub use lists::{
    Likeness, ListQuery, Suspect, counts_by_state, events, find, list, my_unit, similar, tasks,
    within_scope,
};
pub use own::{own_case, own_cases};
pub use recompute::{Run, last_run, recompute};
pub(crate) use record::missing;
pub use record::{
    Called, Tracked, calls, drop_template, parts_in, put_channel, put_list_entry, put_template,
    reviews, tracked, unknown_channel, voices,
};
pub use report::{
    Contact, NewPlace, NewReport, PREVENTIVE, Receipt, entry_faults, locate, receipt, report,
    report_with,
};
pub use show::{list_json, show_json, states_of};
pub use timers::run_timers;
pub use track::{track, track_link};
pub use unclear::{Return, ReturnedCase, Unclear, unclear};
pub use words::answer_of_closing;

use crate::model::Case;
use crate::moves::Act;
use crate::rules::{Actor, Ties};
use crate::service::Cases;
use access::{Ctx, LeftUnit, Permission, Principal, Role, UnitId};
use actors::Units;
use kernel::codes::DistrictCode;
use kernel::id::Id;

/// The word in the audit trail of an act that came with an own moment, since it was recorded later than it was done, such as a
/// report made without a network: however short that was. It stands beside the act's own word.
pub const LATE_RECORD: &str = "case.late_record";

/// Who acts, as the rules see it, by the register of units. The program itself holds no role of people: it makes the moves of
/// timers and imports.
pub fn actor_of(principal: &Principal, units: &Units) -> Actor {
    let (roles, unit) = match principal {
        Principal::Staff(staff) => (staff.roles.clone(), staff.unit),
        Principal::Resident { .. } => (vec![Role::Resident], None),
        Principal::Stranger | Principal::System(_) => (Vec::new(), None),
    };
    let actor = principal.actor();
    let ties = match principal {
        Principal::Staff(staff) => {
            let own = staff.behalf.as_ref().and_then(|b| b.own_unit);
            Ties {
                inherited: unit.map(|u| units.took_over(u)).unwrap_or_default(),
                ..ties_of(units, unit.into_iter().chain(own), &staff.left)
            }
        }
        _ => Ties::default(),
    };
    Actor {
        ties,
        kind: actor.kind.as_str(),
        account: actor.id,
        roles,
        unit,
        is_program: matches!(principal, Principal::System(_)),
        behalf: match principal {
            Principal::Staff(staff) => staff.behalf.as_ref().map(|b| crate::rules::Behalf {
                account: b.account.0,
                own_unit: b.own_unit,
            }),
            _ => None,
        },
    }
}

/// What ties people of these units, who belonged to others before, to the work of units that they are not of.
fn ties_of(units: &Units, own: impl Iterator<Item = UnitId>, left: &[LeftUnit]) -> Ties {
    let before = left.iter().flat_map(|l| {
        let took_over = units.took_over(l.unit).into_iter();
        let until = l.until;
        std::iter::once(*l).chain(took_over.map(move |unit| LeftUnit { unit, until }))
    });
    Ties {
        took_over: own.flat_map(|unit| units.took_over(unit)).collect(),
        inherited: Vec::new(),
        left: before.collect(),
    }
}

/// Whether an account has work of its own in a case, by the register of units: then it judges nothing of it, and is not told what
/// its unit is not told.
#[must_use]
pub fn has_own_work(units: &Units, account: &access::Account, case: &crate::model::Case) -> bool {
    let ties = ties_of(units, account.unit.into_iter(), &account.left.0);
    crate::rules::is_work_of(case, account.unit.into_iter(), &ties)
}

/// Which permissions open an act: any one of them. A role that may make a move holds one; an API token may lack it.
pub fn permissions_of(act: Act) -> &'static [Permission] {
    use Permission as P;
    match act {
        Act::Report => &[P::CaseReport],
        Act::Import | Act::UpdateImport => &[P::ImportRun],
        Act::LapseVerify
        | Act::LapseCheck
        | Act::LapseSuspension
        | Act::LapseWaiting
        | Act::Recompute => &[P::SystemManage],
        Act::Verify | Act::Check => &[P::CaseInspect],
        Act::TakeTask => &[P::CaseInspect, P::CaseAccept, P::CaseRegister],
        Act::Accept | Act::NotAccept => &[P::CaseAccept],
        Act::Correct | Act::ConfirmSelfHandling => &[P::CaseAccept, P::CaseRegister],
        Act::Register | Act::NotRegister => &[P::CaseRegister],
        Act::Dispatch => &[P::CaseDispatch],
        Act::Sign
        | Act::Return
        | Act::Assign
        | Act::ReportBack
        | Act::RequestExtension
        | Act::RequestSuspension
        | Act::AskRequester => &[P::CaseHandle],
        Act::EndorseExtension
        | Act::GrantExtension
        | Act::RefuseExtension
        | Act::Suspend
        | Act::RefuseSuspension => &[P::CaseGrant],
        Act::Resume => &[P::CaseHandle, P::CaseGrant],
        Act::Answer => &[P::CaseHandle, P::CaseAccept],
        Act::Rule => &[P::CaseCoordinate],
        Act::Close => &[P::CaseClose],
        Act::CallBack => &[P::CaseCallBack],
        Act::RequestVoid => &[P::CaseVoid, P::CaseDispatch],
        Act::RefuseVoid | Act::Void => &[P::CaseVoid],
        Act::Merge | Act::Unmerge => &[P::CaseMerge],
        Act::Note => &[P::CaseRead],
        Act::SetNature | Act::AnswerDirectly => &[P::CaseAccept, P::CaseRegister],
        Act::DraftAnswer => &[P::CaseHandle, P::CaseAccept, P::CaseRegister],
        Act::LodgeAppeal => &[P::CaseHandle],
        Act::ApproveAnswer | Act::ReturnAnswer => &[P::CaseHandle, P::CaseRegister],
        Act::EndorseAppeal => &[P::CaseDispatch],
        Act::GrantAppeal => &[P::CaseAccept, P::CaseRegister],
        Act::RefuseAppeal => &[P::CaseDispatch, P::CaseAccept, P::CaseRegister],
        Act::AskExclusion => &[P::CaseHandle, P::CaseCallBack, P::CaseDispatch],
        Act::GrantExclusion | Act::RefuseExclusion => &[P::CaseGrant],
        // By the link; the rules refuse it to staff.
        Act::Rate => &[P::CaseTrack],
        Act::Reopen | Act::AddMessage => &[P::CaseAccept, P::CaseCallBack, P::CaseRegister],
        Act::Join | Act::Part => &[P::CaseMerge],
        // The other side of a reopening, which anybody may ask for by the link.
        Act::RenewCall => &[P::CaseTrack],
        Act::AskHelp | Act::Split | Act::RecallPart => &[P::CaseHandle, P::CaseDispatch],
        Act::AnswerPart | Act::Whistle => &[P::CaseHandle],
        Act::NameFirst => &[P::CaseDispatch],
        Act::NameParty => &[P::CaseAccept, P::CaseRegister, P::CaseDispatch],
        Act::Claim | Act::ShowClaim => &[P::CaseClaim],
        Act::DropClaim => &[P::CaseClaim, P::CaseDispatch],
        Act::LapseClaim | Act::ChangeUnit => &[P::SystemManage],
    }
}

/// Whether the principal holds a permission that opens the act.
pub(crate) fn is_open_to(principal: &Principal, act: Act) -> Result<(), access::Refused> {
    let opening = permissions_of(act);
    if opening.iter().any(|p| principal.may(*p)) {
        Ok(())
    } else {
        Err(access::Refused {
            permission: opening[0],
        })
    }
}

/// The part of the record a reader may see, checked once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Only these districts; empty means all.
    pub districts: Vec<DistrictCode>,
    /// Only what this unit handles, has a part in, or was called to.
    pub unit: Option<UnitId>,
    /// And what is over of these units, which ended and whose work is that unit's now. What goes on moved to whoever has it.
    pub inherited: Vec<UnitId>,
}

impl Reach {
    /// What the principal of a request may see.
    ///
    /// # Errors
    /// Without the permission to read cases.
    pub fn of(ctx: &Ctx) -> Result<Self, CaseError> {
        Self::by(ctx, Permission::CaseRead)
    }
    /// The same for whoever may only count.
    ///
    /// # Errors
    /// Without this permission.
    pub fn by(ctx: &Ctx, permission: Permission) -> Result<Self, CaseError> {
        ctx.require(permission)?;
        let scope = ctx.scope();
        let unit = match ctx.principal() {
            // A department account that belongs to no unit handles nothing, so it sees nothing; no unit has this id.
            Principal::Staff(staff)
                if scope.unit.is_none() && is_of_departments_only(&staff.roles) =>
            {
                Some(UnitId(Id::from_bytes([0; 16])))
            }
            _ => scope.unit,
        };
        let inherited = match (unit, ctx.service_if_any::<Cases>()) {
            (Some(unit), Some(cases)) => cases.city().units.took_over(unit),
            _ => Vec::new(),
        };
        Ok(Self {
            districts: scope.districts,
            unit,
            inherited,
        })
    }
    /// Whether a case lies in one of its districts, whoever handles it.
    pub fn covers(&self, case: &Case) -> bool {
        self.districts.is_empty() || self.districts.contains(&case.district)
    }
    /// Whether a case lies within.
    pub fn holds(&self, case: &Case) -> bool {
        self.covers(case)
            && self.unit.is_none_or(|unit| {
                case.unit == Some(unit) || case.joint.shows_to(unit) || self.inherits(case)
            })
    }
    /// Whether a case is over and was one of a unit whose work the reader's took over.
    fn inherits(&self, case: &Case) -> bool {
        case.state.is_final() && case.unit.is_some_and(|unit| self.inherited.contains(&unit))
    }
    /// What an account may see, whoever asks.
    pub fn of_account(account: &access::Account, units: &Units) -> Option<Self> {
        let roles = &account.roles.0;
        let reads = roles
            .iter()
            .any(|r| r.permissions().contains(&Permission::CaseRead));
        let nowhere = UnitId(Id::from_bytes([0; 16]));
        let unit = is_of_departments_only(roles).then(|| account.unit.unwrap_or(nowhere));
        reads.then(|| Self {
            districts: account.districts.0.clone(),
            unit,
            inherited: unit.map(|u| units.took_over(u)).unwrap_or_default(),
        })
    }
}

/// Whether the reader of a request may see a case, for rooms above that found its number elsewhere.
#[must_use]
pub fn sees(ctx: &Ctx, case: &Case) -> bool {
    Reach::of(ctx).is_ok_and(|reach| reach.holds(case))
}

fn is_of_departments_only(roles: &[Role]) -> bool {
    roles.iter().all(|r| r.is_of_departments())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moves::{MOVES, Who};

    #[test]
    fn whoever_may_make_a_move_holds_a_permission_that_opens_it() {
        for row in MOVES {
            let Who::Roles(roles) = row.by else { continue };
            for role in roles {
                let opening = permissions_of(row.act);
                assert!(
                    role.permissions().iter().any(|p| opening.contains(p)),
                    "{role} may {} but holds none of {opening:?}",
                    row.act.as_str()
                );
            }
        }
    }

    #[test]
    fn the_program_holds_no_role_of_people() {
        let actor = actor_of(
            &Principal::System(access::SystemRole::Keeper),
            &Units::default(),
        );
        assert!(actor.is_program && actor.roles.is_empty());
        assert!(!actor_of(&Principal::Stranger, &Units::default()).is_program);
    }
}
