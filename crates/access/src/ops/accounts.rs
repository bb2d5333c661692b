//! Making and changing accounts and API tokens. Each function is the body of one transaction, so that pages
//! (`ctx.write`) and the command line (`ctx.write_blocking`) share it; hashes and ids are made before it.

use crate::ctx::Ctx;
use crate::model::{Account, AccountDraft, ApiToken, NewAccount};
use crate::permission::{Permission, Role};
use crate::principal::{AccountId, LeftUnit, Principal, UnitId};
use crate::rules::{self, AccountError};
use crate::secret;
use crate::sql::{self, JsonList};
use jiff::{SignedDuration, Timestamp};
use kernel::codes::DistrictCode;
use kernel::id::Id;
use kernel::{Cursor, Page, PageSize};
use std::collections::HashMap;
use store::{AuditEvent, Read, Sealed, StoreError, StoreResult, Write};

/// The longest life of an API token, in days.
const LONGEST_TOKEN_DAYS: i64 = 366;
/// The most names looked up at once.
const MOST_NAMES: usize = 200;

/// A draft with its entries in the form they are kept.
///
/// # Errors
/// What is wrong with name or roles.
pub fn checked(draft: AccountDraft) -> Result<AccountDraft, AccountError> {
    let AccountDraft {
        name,
        roles,
        unit,
        mut districts,
    } = draft;
    districts.sort();
    districts.dedup();
    Ok(AccountDraft {
        name: rules::name(&name)?,
        roles: rules::roles(&roles, unit.is_some())?,
        unit,
        districts,
    })
}

/// A new account from what was entered; `random` makes its id.
///
/// # Errors
/// What is wrong with login, name or roles.
pub fn new_account(
    login: &str,
    draft: AccountDraft,
    password_hash: String,
    must_change: bool,
    now: Timestamp,
) -> Result<NewAccount, AccountError> {
    let id = AccountId(Id::new(now, rand::random()));
    Ok(NewAccount {
        id,
        login: rules::login(login)?,
        draft: checked(draft)?,
        password_hash,
        must_change,
    })
}

/// Adds an account.
///
/// # Errors
/// `LoginTaken`, or a store error.
pub fn add(mut w: Write<'_>, new: &NewAccount) -> Result<Sealed<AccountId>, AccountError> {
    let now = w.now();
    match sql::insert(&mut w, new, now) {
        Ok(()) => {}
        Err(StoreError::Unique(_)) => return Err(AccountError::LoginTaken(new.login.clone())),
        Err(other) => return Err(other.into()),
    }
    let event =
        AuditEvent::done("account.add", "account", new.id.to_string()).detail(rights(&new.draft));
    Ok(w.commit(event, new.id)?)
}

/// The rights of an account for the audit trail: no name, no login.
fn rights(draft: &AccountDraft) -> serde_json::Value {
    serde_json::json!({ "roles": draft.roles, "unit": draft.unit, "districts": draft.districts })
}

/// Changes name, roles, unit and districts, if nobody did since `version`. A change of rights ends the account's sessions,
/// so that it takes hold at once.
///
/// # Errors
/// `NotFound`, `Store(Conflict)`, or another store error.
pub fn edit(
    mut w: Write<'_>,
    id: AccountId,
    version: i64,
    draft: &AccountDraft,
) -> Result<Sealed<()>, AccountError> {
    let before = find(&mut w, id)?;
    if before.version != version {
        return Err(StoreError::Conflict.into());
    }
    // Whoever changes the unit takes along what the one before had handled.
    let mut left = before.left.0;
    if let Some(unit) = before.unit.filter(|unit| draft.unit != Some(*unit)) {
        let until = w.now();
        left.retain(|l| l.unit != unit);
        left.push(LeftUnit { unit, until });
    }
    let before = AccountDraft {
        name: before.name,
        roles: before.roles.0,
        unit: before.unit,
        districts: before.districts.0,
    };
    sql::edit(&mut w, id, version, draft, &left)?;
    if (&before.roles, before.unit, &before.districts)
        != (&draft.roles, draft.unit, &draft.districts)
    {
        sql::end_sessions(&mut w, id)?;
    }
    let detail = serde_json::json!({ "before": rights(&before), "after": rights(draft) });
    Ok(w.commit(
        AuditEvent::done("account.edit", "account", id.to_string()).detail(detail),
        (),
    )?)
}

/// Replaces the password by one for one use, and ends the account's sessions.
///
/// # Errors
/// `NotFound`, or a store error.
pub fn reset(
    mut w: Write<'_>,
    id: AccountId,
    password_hash: &str,
) -> Result<Sealed<()>, AccountError> {
    find(&mut w, id)?;
    sql::set_password(&mut w, id, password_hash, true)?;
    sql::end_sessions(&mut w, id)?;
    Ok(w.commit(
        AuditEvent::done("account.reset", "account", id.to_string()),
        (),
    )?)
}

/// Closes an account (its sessions end, its tokens stop) or opens it again (a lock ends too).
///
/// # Errors
/// `NotFound`, or a store error.
pub fn set_closed(
    mut w: Write<'_>,
    id: AccountId,
    is_closed: bool,
) -> Result<Sealed<()>, AccountError> {
    find(&mut w, id)?;
    sql::set_disabled(&mut w, id, is_closed)?;
    if is_closed {
        sql::end_sessions(&mut w, id)?;
    }
    let action = if is_closed {
        "account.close"
    } else {
        "account.open"
    };
    Ok(w.commit(AuditEvent::done(action, "account", id.to_string()), ())?)
}

/// The account of an id.
///
/// # Errors
/// `NotFound`, or a store error.
pub fn find(r: &mut Read<'_>, id: AccountId) -> Result<Account, AccountError> {
    sql::account(r, id)?.ok_or_else(|| AccountError::NotFound(id.to_string()))
}

/// The account of a login.
///
/// # Errors
/// `NotFound`, or a store error.
pub fn find_login(r: &mut Read<'_>, login: &str) -> Result<Account, AccountError> {
    let login = rules::login(login)?;
    sql::account_by_login(r, &login)?.ok_or(AccountError::NotFound(login))
}

/// The names of accounts, for those who may read what these did; at most 200 are looked up. One statement.
///
/// # Errors
/// The store's.
pub fn names(r: &mut Read<'_>, ids: &[AccountId]) -> StoreResult<HashMap<AccountId, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let few = &ids[..ids.len().min(MOST_NAMES)];
    Ok(sql::names(r, few)?.into_iter().collect())
}

/// The open accounts of a unit, by name; at most 200. One statement.
///
/// # Errors
/// The store's.
pub fn of_unit(r: &mut Read<'_>, unit: UnitId) -> StoreResult<Vec<Account>> {
    sql::of_unit(r, unit)
}

/// The open accounts that hold a role and may see a district, the oldest first; at most `limit`. One statement.
///
/// # Errors
/// The store's.
pub fn of_role(
    r: &mut Read<'_>,
    role: Role,
    district: DistrictCode,
    limit: u16,
) -> StoreResult<Vec<Account>> {
    sql::of_role(r, role, district, i64::from(limit))
}

/// One page of accounts by login; `search` is part of a login or a name.
pub fn list(
    r: &mut Read<'_>,
    search: &str,
    after: Option<&str>,
    size: PageSize,
) -> StoreResult<Page<Account>> {
    let like = search.trim().to_lowercase().replace(['%', '_', '\\'], "");
    let like = (!like.is_empty()).then(|| format!("%{like}%"));
    let rows = sql::accounts(r, after.unwrap_or_default(), size.probe(), like.as_deref())?;
    Ok(Page::from_probe(rows, size, |account| {
        Cursor::new([account.login.clone()])
    }))
}

/// Nobody changes the rights of the account they act with.
///
/// # Errors
/// `Own`.
pub fn not_own(ctx: &Ctx, id: AccountId) -> Result<(), AccountError> {
    match ctx.principal() {
        Principal::Staff(staff) if staff.account == id => Err(AccountError::Own),
        _ => Ok(()),
    }
}

/// A token about to be given out, with its text, which is shown once.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What is kept.
    pub token: ApiToken,
    /// What the program that uses it sends as `Authorization: Bearer …`.
    pub text: String,
    hash: [u8; 32],
}

/// Makes a token for `days` days with some permissions; an empty list means all that API programs usually need of the
/// account's roles: everything the account may do but its own account. What is open to everybody is open to every token, but
/// an interface that asks for a key asks for one that names it ([`key_holder`]).
///
/// # Errors
/// `TokenDays`, `Scope`, `NameShape`.
pub fn new_token(
    account: &Account,
    name: &str,
    scopes: &[Permission],
    days: i64,
    now: Timestamp,
) -> Result<NewToken, AccountError> {
    if !(1..=LONGEST_TOKEN_DAYS).contains(&days) {
        return Err(AccountError::TokenDays(days));
    }
    let held = |p: &Permission| {
        account
            .roles
            .0
            .iter()
            .any(|role| role.permissions().contains(p))
    };
    if let Some(beyond) = scopes.iter().find(|p| !held(p) && !p.is_open()) {
        return Err(AccountError::Scope(*beyond));
    }
    let wanted = Permission::ALL.iter().copied().filter(|p| {
        if scopes.is_empty() {
            p.is_open() || held(p) && *p != Permission::OwnAccount
        } else {
            scopes.contains(p)
        }
    });
    let text = format!(
        "{}{}",
        secret::API_TOKEN_PREFIX,
        secret::token_text(rand::random())
    );
    let hash = secret::token_hash(&text).expect("a token made here is one");
    let token = ApiToken {
        id: Id::new(now, rand::random()),
        name: rules::name(name)?,
        scopes: JsonList(wanted.collect()),
        created_at: now,
        expires_at: now + SignedDuration::from_hours(24 * days),
        revoked_at: None,
    };
    Ok(NewToken { token, text, hash })
}

/// Whose API token a text is, for interfaces that carry a key beside the request instead of in its head (Open311's
/// `api_key`); none for a text that is no token that works, or was not given out for what is `needed`.
///
/// # Errors
/// The store's.
pub async fn key_holder(
    ctx: &Ctx,
    key: &str,
    needed: Permission,
) -> StoreResult<Option<AccountId>> {
    let Some(hash) = secret::token_hash(key) else {
        return Ok(None);
    };
    let now = ctx.now();
    let found = ctx
        .read(move |r| -> StoreResult<_> { sql::token(r, &hash, now) })
        .await?;
    let found = found.filter(|(_, scopes)| scopes.0.contains(&needed));
    Ok(found.map(|(account, _)| account.id))
}

/// Gives out a token.
///
/// # Errors
/// A store error.
pub fn add_token(
    mut w: Write<'_>,
    account: AccountId,
    new: &NewToken,
) -> Result<Sealed<()>, AccountError> {
    sql::insert_token(&mut w, &new.token, &new.hash, account)?;
    let detail = serde_json::json!({ "account": account, "scopes": new.token.scopes.0, "until": new.token.expires_at.to_string() });
    Ok(w.commit(
        AuditEvent::done("token.add", "token", new.token.id.to_string()).detail(detail),
        (),
    )?)
}

/// The latest 200 tokens of an account.
pub fn tokens(r: &mut Read<'_>, account: AccountId) -> StoreResult<Vec<ApiToken>> {
    sql::tokens(r, account)
}

/// Takes a token back; taking it back twice changes nothing.
///
/// # Errors
/// `NotFound` when the account has no such token in force.
pub fn revoke(mut w: Write<'_>, account: AccountId, id: Id) -> Result<Sealed<()>, AccountError> {
    if sql::revoke_token(&mut w, id, account)? == 0 {
        return Err(AccountError::NotFound(id.to_string()));
    }
    Ok(w.commit(
        AuditEvent::done("token.revoke", "token", id.to_string()),
        (),
    )?)
}
