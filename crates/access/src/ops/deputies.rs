//! 请假、代理 — a deputy acts in the place of a colleague on leave, for a span of time, with that colleague's roles, unit
//! and districts.
//!
//! Invariants: the deputy stays the person who acts (events and the audit trail name both); nobody is away without an end;
//! a colleague has one deputy at a time; a deputy appoints no deputy; the three administrators stay apart; a span that is
//! over or ended no longer counts, from the next request on, without anybody doing anything.

use crate::ctx::Ctx;
use crate::fault::{Problem, Word};
use crate::permission::Permission;
use crate::principal::{AccountId, Principal};
use crate::rules::{self, AccountError};
use crate::sql_deputies as sql;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use kernel::id::Id;
use store::{AuditEvent, Read, Sealed, StoreError, StoreResult, Write};

/// The longest leave that one entry covers.
pub const LONGEST_DAYS: i64 = 92;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

store::record! {
    /// 代理 — one span in which somebody acts in another's place.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Deputy {
        /// Its id.
        pub id: Id,
        /// Who is away.
        pub account: AccountId,
        /// That one's login.
        pub account_login: String,
        /// That one's name.
        pub account_name: String,
        /// Who acts.
        pub deputy: AccountId,
        /// That one's login.
        pub deputy_login: String,
        /// That one's name.
        pub deputy_name: String,
        /// From when.
        pub from: Timestamp,
        /// Until when; not included.
        pub to: Timestamp,
        /// Why, such as annual leave.
        pub reason: String,
        /// When it was ended before its time.
        pub ended_at: Option<Timestamp>,
    }
}

impl Deputy {
    /// Whether it counts at a moment.
    pub fn is_on(&self, at: Timestamp) -> bool {
        self.ended_at.is_none() && self.from <= at && at < self.to
    }
}

/// A span to be entered. The id is made by the caller, so that a closure that runs again makes the same row.
#[derive(Debug, Clone)]
pub struct NewDeputy {
    /// Its id.
    pub id: Id,
    /// Who is away.
    pub account: AccountId,
    /// Who acts.
    pub deputy: AccountId,
    /// From when.
    pub from: Timestamp,
    /// Until when; not included.
    pub to: Timestamp,
    /// Why.
    pub reason: String,
}

/// Why a deputy is not appointed.
#[derive(Debug, thiserror::Error)]
pub enum DeputyError {
    /// Nobody stands in for themselves.
    #[error("nobody is their own deputy")]
    Own,
    /// The span is empty, over, or too long.
    #[error(
        "a leave ends after it begins, lies not in the past and lasts at most {LONGEST_DAYS} days"
    )]
    Span,
    /// There is another deputy in that time.
    #[error("there is another deputy in that time")]
    Overlap,
    /// A deputy appoints no deputy.
    #[error("a deputy appoints no deputy; act in your own place first")]
    Chain,
    /// The account or the deputy is closed, or no account of staff.
    #[error("{0} is no open account of staff")]
    NotStaff(String),
    /// The span is not one of the reader's.
    #[error("there is no such deputy")]
    NotFound,
    /// Only by session.
    #[error("only a person who has signed in acts in another's place, not a token")]
    NoSession,
    /// Reason is missing or too long.
    #[error("a reason has 1 to {LONGEST_REASON} characters")]
    Reason,
    /// Roles that must stay apart.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The permission is lacking.
    #[error(transparent)]
    Refused(#[from] crate::ctx::Refused),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for DeputyError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Chain | Self::NoSession => StatusCode::FORBIDDEN,
            Self::Overlap => StatusCode::CONFLICT,
            Self::Account(error) => error.status(),
            Self::Refused(error) => error.status(),
            Self::Store(error) => error.status(),
            Self::Own | Self::Span | Self::NotStaff(_) | Self::Reason => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Own => "access.deputy_own",
            Self::Span => "access.deputy_span",
            Self::Overlap => "access.deputy_overlap",
            Self::Chain => "access.deputy_chain",
            Self::NotStaff(_) => "access.deputy_not_staff",
            Self::NotFound => "access.deputy_not_found",
            Self::NoSession => "access.deputy_no_session",
            Self::Reason => "access.deputy_reason",
            Self::Account(error) => error.code(),
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        let name = match self {
            Self::Own | Self::NotStaff(_) => "deputy",
            Self::Span | Self::Overlap => "to",
            Self::Reason => "reason",
            Self::Account(_) => "deputy",
            _ => return None,
        };
        Some(name.to_owned())
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Span => vec![("days", LONGEST_DAYS.into())],
            Self::NotStaff(login) => vec![("login", login.as_str().into())],
            Self::Reason => vec![("most", (LONGEST_REASON as i64).into())],
            Self::Account(error) => error.args(),
            Self::Refused(error) => error.args(),
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}

/// The account of whoever asks, in the own place.
fn own(ctx: &Ctx) -> Result<AccountId, DeputyError> {
    match ctx.principal() {
        Principal::Staff(staff) => Ok(staff.account),
        _ => Err(DeputyError::NotFound),
    }
}

/// Whether an account is on leave at a moment. One statement.
///
/// # Errors
/// The store's.
pub fn is_away(r: &mut Read<'_>, account: AccountId, at: Timestamp) -> StoreResult<bool> {
    let spans = sql::of(r, account, at)?;
    Ok(spans.iter().any(|d| d.account == account && d.is_on(at)))
}

/// What concerns whoever asks; everything for whoever manages accounts.
///
/// # Errors
/// The store's.
pub async fn list(ctx: &Ctx) -> Result<Vec<Deputy>, DeputyError> {
    let (account, now) = (own(ctx)?, ctx.now());
    let is_all = ctx.require(Permission::AccountManage).is_ok();
    ctx.read(move |r| {
        Ok(if is_all {
            sql::all(r, now)?
        } else {
            sql::of(r, account, now)?
        })
    })
    .await
}

/// Enters a leave with its deputy: one's own, or another's for whoever gives roles. `login` names who is away; empty
/// means oneself.
///
/// # Errors
/// [`DeputyError`].
pub async fn appoint(
    ctx: &Ctx,
    login: &str,
    deputy: &str,
    span: (Timestamp, Timestamp),
    reason: &str,
) -> Result<NewDeputy, DeputyError> {
    let me = own(ctx)?;
    let is_acting = matches!(ctx.principal(), Principal::Staff(s) if s.behalf.is_some());
    if is_acting {
        return Err(DeputyError::Chain);
    }
    let (login, deputy) = (login.trim().to_lowercase(), deputy.trim().to_lowercase());
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(DeputyError::Reason);
    }
    let gives_roles = ctx.require(Permission::RoleManage).is_ok();
    let (from, to) = span;
    let now = ctx.now();
    let longest = SignedDuration::from_hours(24 * LONGEST_DAYS);
    if to <= from || to <= now || to.duration_since(from) > longest {
        return Err(DeputyError::Span);
    }
    let id = Id::new(now, rand::random());
    ctx.write(move |w| {
        let new = Entry {
            id,
            me,
            gives_roles,
            login: &login,
            deputy: &deputy,
            from,
            to,
            reason: &reason,
        };
        enter(w, &new)
    })
    .await
}

struct Entry<'a> {
    id: Id,
    me: AccountId,
    gives_roles: bool,
    login: &'a str,
    deputy: &'a str,
    from: Timestamp,
    to: Timestamp,
    reason: &'a str,
}

fn enter(mut w: Write<'_>, entry: &Entry<'_>) -> Result<Sealed<NewDeputy>, DeputyError> {
    let find = |w: &mut Write<'_>, login: &str| -> Result<crate::Account, DeputyError> {
        let found = crate::sql::account_by_login(w, login)?;
        found
            .filter(|a| !a.is_disabled && a.roles.0 != [crate::Role::Resident])
            .ok_or_else(|| DeputyError::NotStaff(login.chars().take(64).collect()))
    };
    let deputy = find(&mut w, entry.deputy)?;
    let away = if entry.login.is_empty() {
        crate::sql::account(&mut w, entry.me)?
            .ok_or_else(|| DeputyError::NotStaff(String::new()))?
    } else {
        find(&mut w, entry.login)?
    };
    if away.id != entry.me && !entry.gives_roles {
        return Err(crate::ctx::Refused {
            permission: Permission::RoleManage,
        }
        .into());
    }
    if away.id == deputy.id {
        return Err(DeputyError::Own);
    }
    // One person must not hold together, even for a week, what no account may hold.
    let both = [away.roles.0.as_slice(), deputy.roles.0.as_slice()].concat();
    rules::roles(&both, true)?;
    // The row of whoever is away is held, so that two entries at once do not both find the time free.
    crate::sql::hold_account(&mut w, away.id)?;
    if sql::overlaps(&mut w, away.id, entry.from, entry.to)? {
        return Err(DeputyError::Overlap);
    }
    let new = NewDeputy {
        id: entry.id,
        account: away.id,
        deputy: deputy.id,
        from: entry.from,
        to: entry.to,
        reason: entry.reason.to_owned(),
    };
    sql::insert(&mut w, &new, entry.me.0)?;
    let event = AuditEvent::done("account.deputy", "account", away.id.to_string()).detail(
        serde_json::json!({ "deputy": deputy.id.to_string(), "from": entry.from.to_string(), "to": entry.to.to_string() }),
    );
    Ok(w.commit(event, new)?)
}

/// Ends a span before its time: by whoever is away, the deputy, or whoever gives roles.
///
/// # Errors
/// [`DeputyError`].
pub async fn end(ctx: &Ctx, id: Id) -> Result<(), DeputyError> {
    let me = own(ctx)?;
    let gives_roles = ctx.require(Permission::RoleManage).is_ok();
    ctx.write(move |mut w| {
        let found = sql::one(&mut w, id)?
            .filter(|d| gives_roles || d.account == me || d.deputy == me)
            .filter(|d| d.ended_at.is_none())
            .ok_or(DeputyError::NotFound)?;
        sql::end(&mut w, id)?;
        let detail = serde_json::json!({ "deputy": found.deputy.to_string() });
        let event = AuditEvent::done("account.deputy_end", "account", found.account.to_string())
            .detail(detail);
        Ok(w.commit(event, ())?)
    })
    .await
}

/// From the next request on, a session acts in another's place; with none, in its own.
///
/// # Errors
/// [`DeputyError::NotFound`] for a span that is not the reader's to act under, or does not count now.
pub(crate) async fn act_under(
    ctx: &Ctx,
    session: [u8; 32],
    id: Option<Id>,
) -> Result<(), DeputyError> {
    let (me, now) = (own(ctx)?, ctx.now());
    ctx.write(move |mut w| {
        let found = match id {
            None => None,
            Some(id) => Some(
                sql::one(&mut w, id)?
                    .filter(|d| d.deputy == me && d.is_on(now))
                    .ok_or(DeputyError::NotFound)?,
            ),
        };
        sql::act_under(&mut w, &session, id)?;
        let place = found.map_or(me, |d| d.account);
        let event = AuditEvent::done("session.act_for", "account", place.to_string());
        Ok(w.commit(event, ())?)
    })
    .await
}
