//! Work that somebody asks for now and the program does later: under the rights the account has *then*. Who was closed,
//! or lost a role, in between does no more.

use crate::ctx::Ctx;
use crate::permission::Permission;
use crate::principal::{AccountId, Principal};
use crate::sql;
use crate::visit::{principal_of, standing_in};
use serde::{Deserialize, Serialize};
use store::StoreError;

/// Who asked: the account, in whose place it acted, and what its API token allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orderer {
    /// The account.
    pub account: AccountId,
    /// 代理 — the colleague on leave in whose place it acted.
    pub behalf: Option<AccountId>,
    /// The permissions of the token it came with; none = it came by a session.
    pub scope: Option<Vec<Permission>>,
}

impl Orderer {
    /// Who asks with this permit; none where no member of staff does.
    pub fn of(ctx: &Ctx) -> Option<Self> {
        let Principal::Staff(staff) = ctx.principal() else {
            return None;
        };
        Some(Self {
            account: staff.account,
            behalf: staff.behalf.as_ref().map(|b| b.account),
            scope: staff.token_scope.clone(),
        })
    }
}

/// The permit of work that was asked for earlier, as the rights of the account stand now. None where the account is closed,
/// no longer stands in for that colleague, or lacks the permission: then the work is not done. Only the program itself
/// gets one. One statement.
///
/// # Errors
/// `Misuse` for anybody but the program; the store's.
pub async fn permit(
    system: &Ctx,
    orderer: &Orderer,
    permission: Permission,
) -> Result<Option<Ctx>, StoreError> {
    if !matches!(system.principal(), Principal::System(_)) {
        return Err(StoreError::Misuse(
            "only the program does later what an account asked for".into(),
        ));
    }
    let system = system.renewed();
    let (account, behalf, now) = (orderer.account, orderer.behalf, system.now());
    let found = system
        .read::<_, StoreError, _>(move |r| sql::orderer(r, account, behalf, now))
        .await?;
    let Some((own, away)) = found else {
        return Ok(None);
    };
    let mut principal = match (behalf, away) {
        (None, _) => principal_of(own, orderer.scope.clone()),
        (Some(_), Some(away)) => standing_in(own, away),
        (Some(_), None) => return Ok(None),
    };
    if let Principal::Staff(staff) = &mut principal {
        staff.token_scope.clone_from(&orderer.scope);
    }
    Ok(system.as_principal(principal, permission).ok())
}
