//! Who decides on a supervised matter: whoever opened it; where that account cannot, another with the same right. Never the
//! unit that was asked, nor whoever wrote its report.

use crate::model::Supervised;
use access::{AccountId, Permission, Principal, Role, Staff};

/// What is known of the account that opened a supervised matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// It is there and has the right.
    There,
    /// It is closed, has the right no longer, is on leave, or is not known.
    Unable,
}

/// Whether a reader may decide on a supervised matter. `reporter` wrote the last report.
pub fn may_decide(
    reader: &Principal,
    s: &Supervised,
    opener: Opener,
    reporter: Option<AccountId>,
) -> bool {
    let Principal::Staff(staff) = reader else {
        return false;
    };
    reader.may(Permission::CaseSupervise)
        && !is_judge_in_own_matter(staff, s, reporter)
        && (is_opener(staff, s) || opener == Opener::Unable && has_same_right(staff, s))
}

/// The unit that was asked does not judge itself: not by its own people, not by one who acts in another's place, and not by
/// whoever reported for it and is elsewhere now.
fn is_judge_in_own_matter(staff: &Staff, s: &Supervised, reporter: Option<AccountId>) -> bool {
    let own_unit = staff.behalf.as_ref().and_then(|b| b.own_unit);
    [staff.unit, own_unit].contains(&Some(s.unit)) || reporter == Some(staff.account)
}

/// Whoever opened it, or who acts in that one's place.
fn is_opener(staff: &Staff, s: &Supervised) -> bool {
    let acts_for = staff.behalf.as_ref().map(|b| b.account);
    s.opened_by.is_some() && (s.opened_by == Some(staff.account) || s.opened_by == acts_for)
}

/// The role in which it was opened, or a leader's.
fn has_same_right(staff: &Staff, s: &Supervised) -> bool {
    staff
        .roles
        .iter()
        .any(|role| role.as_str() == s.opened_role || *role == Role::Leader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Standing};
    use access::{OnBehalf, UnitId};
    use kernel::id::Id;

    const ASKED: u8 = 3;

    fn id(n: u8) -> Id {
        Id::from_bytes([n; 16])
    }
    fn staff(account: u8, role: Role, unit: Option<u8>) -> Staff {
        Staff {
            account: AccountId(id(account)),
            name: "t".into(),
            roles: vec![role],
            unit: unit.map(|u| UnitId(id(u))),
            districts: Vec::new(),
            token_scope: None,
            behalf: None,
            left: Vec::new(),
        }
    }
    fn supervised() -> Supervised {
        let at = "2026-03-16T01:00:00Z".parse().unwrap();
        Supervised {
            district: "330102".parse().unwrap(),
            id: id(1),
            version: 1,
            case: None,
            case_no: None,
            unit: UnitId(id(ASKED)),
            origin: Origin::Instruction,
            instruction: "三日内报告".into(),
            limit_text: "3工作日".into(),
            opened_by: Some(AccountId(id(10))),
            opened_role: "shift_leader".into(),
            opened_at: at,
            due_at: at,
            provisional: false,
            state: Standing::Reported,
            report: "已办".into(),
            reported_at: Some(at),
            decided_at: None,
            told_late: false,
            due_from: Some(at),
            due_limit: Some("3工作日".into()),
            calendar: None,
        }
    }
    fn may(staff: Staff, opener: Opener) -> bool {
        let reporter = Some(AccountId(id(77)));
        may_decide(&Principal::Staff(staff), &supervised(), opener, reporter)
    }

    #[test]
    fn whoever_opened_it_decides_and_nobody_else_while_that_one_is_there() {
        assert!(may(staff(10, Role::ShiftLeader, None), Opener::There));
        for role in [Role::ShiftLeader, Role::Leader, Role::Dispatcher] {
            assert!(!may(staff(11, role, None), Opener::There), "{role}");
        }
    }

    #[test]
    fn another_with_the_same_right_decides_where_the_opener_cannot() {
        assert!(may(staff(11, Role::ShiftLeader, None), Opener::Unable));
        assert!(may(staff(11, Role::Leader, None), Opener::Unable));
        assert!(!may(staff(11, Role::Dispatcher, None), Opener::Unable));
        // What a leader asked is no shift leader's to sign off.
        let of_leader = Supervised {
            opened_role: "leader".into(),
            ..supervised()
        };
        let reader = Principal::Staff(staff(11, Role::ShiftLeader, None));
        assert!(!may_decide(&reader, &of_leader, Opener::Unable, None));
    }

    #[test]
    fn a_deputy_of_the_opener_decides() {
        let deputy = Staff {
            behalf: Some(OnBehalf {
                account: AccountId(id(10)),
                name: "t".into(),
                own_unit: None,
            }),
            ..staff(12, Role::ShiftLeader, None)
        };
        assert!(may(deputy.clone(), Opener::There));
        // But not one who belongs to the unit that was asked.
        let of_unit = Staff {
            behalf: deputy.behalf.map(|b| OnBehalf {
                own_unit: Some(UnitId(id(ASKED))),
                ..b
            }),
            ..staff(12, Role::ShiftLeader, None)
        };
        assert!(!may(of_unit, Opener::There));
    }

    #[test]
    fn the_unit_that_was_asked_and_whoever_reported_for_it_never_decide() {
        for opener in [Opener::There, Opener::Unable] {
            assert!(!may(staff(10, Role::ShiftLeader, Some(ASKED)), opener));
            assert!(!may(staff(77, Role::Leader, None), opener));
        }
    }
}
