//! Who acts.

use crate::permission::{Permission, Role};
use kernel::codes::DistrictCode;
use kernel::id::Id;
use store::{Actor, ActorKind};

kernel::typed_id! {
    /// A staff or resident account.
    AccountId
}
kernel::typed_id! {
    /// 单位 — a department, enterprise, organisation or group that can be responsible for a matter.
    UnitId
}
store::id_value!(AccountId, UnitId);

/// A member of staff, as far as rules need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// The account.
    pub account: AccountId,
    /// The name shown to colleagues.
    pub name: String,
    /// What the account may be.
    pub roles: Vec<Role>,
    /// The unit it belongs to, if any.
    pub unit: Option<UnitId>,
    /// The districts it may see; empty means the whole city.
    pub districts: Vec<DistrictCode>,
    /// When it acts by an API token: only these permissions of its roles count.
    pub token_scope: Option<Vec<Permission>>,
    /// 代理 — in whose place it acts; then roles, unit and districts are that colleague's.
    pub behalf: Option<OnBehalf>,
    /// The units that it, or the colleague in whose place it acts, belonged to before.
    pub left: Vec<LeftUnit>,
}

/// A unit that an account belonged to until a moment. What that unit had handled by then the account does not judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LeftUnit {
    /// Which.
    pub unit: UnitId,
    /// Until when.
    pub until: jiff::Timestamp,
}

/// The colleague on leave in whose place somebody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnBehalf {
    /// The colleague's account.
    pub account: AccountId,
    /// The colleague's name.
    pub name: String,
    /// The unit of the deputy, whose work the deputy does not judge either.
    pub own_unit: Option<UnitId>,
}

/// A named part of the program that acts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemRole {
    /// `shiyu import …`
    Importer,
    /// `shiyu init`, migrations, the sample city.
    Installer,
    /// An operator at the command line of the machine.
    Operator,
    /// Timers, clean-ups, notices.
    Keeper,
}

impl SystemRole {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Importer,
        Self::Installer,
        Self::Operator,
        Self::Keeper,
    ];
    /// The word in the audit trail and in case events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Importer => "importer",
            Self::Installer => "installer",
            Self::Operator => "operator",
            Self::Keeper => "keeper",
        }
    }
    /// A fixed id, so that the audit trail can be searched by it.
    pub fn id(self) -> Id {
        let mut bytes = *b"shiyu-system-\0\0\0";
        bytes[15] = match self {
            Self::Importer => 1,
            Self::Installer => 2,
            Self::Operator => 3,
            Self::Keeper => 4,
        };
        Id::from_bytes(bytes)
    }
}

/// Somebody or something that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A member of staff.
    Staff(Staff),
    /// A resident with an account.
    Resident {
        /// The account.
        account: AccountId,
        /// The name the resident chose to be shown.
        name: String,
        /// What the token in use carries; none without a token.
        token_scope: Option<Vec<Permission>>,
    },
    /// Anybody.
    Stranger,
    /// The program itself.
    System(SystemRole),
}

/// Whether a token carries a permission; without a token all are carried. What is open to everybody needs no key.
fn carries(token_scope: Option<&Vec<Permission>>, permission: Permission) -> bool {
    permission.is_open() || token_scope.is_none_or(|scope| scope.contains(&permission))
}

impl Principal {
    /// Whether this principal holds the permission.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::Staff(staff) => {
                let by_role = permission.is_open()
                    || staff
                        .roles
                        .iter()
                        .any(|r| r.permissions().contains(&permission));
                by_role && carries(staff.token_scope.as_ref(), permission)
            }
            Self::Resident { token_scope, .. } => {
                let by_role =
                    permission.is_open() || Role::Resident.permissions().contains(&permission);
                by_role && carries(token_scope.as_ref(), permission)
            }
            Self::Stranger => permission.is_open(),
            Self::System(_) => true,
        }
    }
    /// Whether this principal has the role (the program itself has every role but leaves its own name).
    pub fn has(&self, role: Role) -> bool {
        match self {
            Self::Staff(staff) => staff.roles.contains(&role),
            Self::Resident { .. } => role == Role::Resident,
            Self::Stranger => false,
            Self::System(_) => true,
        }
    }
    /// As the audit trail names it.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Staff(s) => Actor {
                kind: ActorKind::Staff,
                id: Some(s.account.0),
                on_behalf: s.behalf.as_ref().map(|b| b.account.0),
            },
            Self::Resident { account, .. } => Actor {
                kind: ActorKind::Resident,
                id: Some(account.0),
                on_behalf: None,
            },
            Self::Stranger => Actor {
                kind: ActorKind::Stranger,
                id: None,
                on_behalf: None,
            },
            Self::System(role) => Actor {
                kind: ActorKind::System,
                id: Some(role.id()),
                on_behalf: None,
            },
        }
    }
    /// The unit of a member of staff.
    pub fn unit(&self) -> Option<UnitId> {
        match self {
            Self::Staff(s) => s.unit,
            _ => None,
        }
    }
}
