//! Signing in and out, and the life of sessions.

use crate::ctx::Ctx;
use crate::fault::Fault;
use crate::model::Account;
use crate::password;
use crate::principal::AccountId;
use crate::rules::{self, AccountError, Standing, Verdict};
use crate::secret;
use crate::sql;
use crate::state::{AppState, Settings};
use crate::visit::{SessionSeen, Visit};
use jiff::SignedDuration;
use store::{AuditEvent, Sealed, StoreError, StoreResult, Write, params};

/// A session that has just begun; the token goes into the cookie and is kept nowhere else.
pub(crate) struct Begun {
    /// For the cookie.
    pub token: String,
    /// Whose it is.
    pub account: AccountId,
    /// What its form tokens are made of.
    pub csrf: [u8; 32],
    /// The one-time password has to be replaced first.
    pub must_change: bool,
}

/// The secrets of a session to be; made outside the transaction, which may run twice.
#[derive(Clone)]
struct Fresh {
    token: String,
    hash: [u8; 32],
    csrf: [u8; 32],
}

impl Fresh {
    fn new() -> Self {
        let token = secret::token_text(rand::random());
        let hash = secret::token_hash(&token).expect("a token made here is one");
        Self {
            token,
            hash,
            csrf: rand::random(),
        }
    }
}

/// Tries to sign in. A wrong password, an unknown login, a locked and a closed account get the same answer at the same
/// cost: one hash and one transaction.
///
/// # Errors
/// `access.sign_in_failed`; 429 when too many are signing in at once; a store error.
pub(crate) async fn sign_in(
    ctx: &Ctx,
    state: &AppState,
    visit: &Visit,
    login: &str,
    password: &str,
) -> Result<Begun, Fault> {
    let login = rules::login(login).ok();
    let wanted = login.clone().unwrap_or_default();
    let found: Option<(Account, String)> = ctx
        .read(move |r| -> StoreResult<_> {
            let Some(account) = sql::account_by_login(r, &wanted)? else {
                return Ok(None);
            };
            let hash = sql::password(r, account.id)?;
            Ok(hash.map(|hash| (account, hash)))
        })
        .await?;
    let (id, hash) = found.map_or((None, None), |(account, hash)| {
        (Some(account.id), Some(hash))
    });
    let is_right = password::verify(state.gates(), password.to_owned(), hash).await?;
    let fresh = Fresh::new();
    let settings = state.settings().clone();
    let before = visit.session();
    let begun = {
        let fresh = fresh.clone();
        ctx.write(move |w| settle(w, id, is_right, &fresh, &settings, before))
            .await?
    };
    let Some(account) = begun else {
        return Err(Fault::new(
            axum::http::StatusCode::UNPROCESSABLE_ENTITY,
            "access.sign_in_failed",
            "login or password is not right, or the account is shut for now",
        ));
    };
    Ok(Begun {
        token: fresh.token,
        account: account.id,
        csrf: fresh.csrf,
        must_change: account.must_change,
    })
}

/// The transaction of a try: judges it by the account as it stands now, and records what it came to.
fn settle(
    mut w: Write<'_>,
    id: Option<AccountId>,
    is_right: bool,
    fresh: &Fresh,
    settings: &Settings,
    before: Option<SessionSeen>,
) -> StoreResult<Sealed<Option<Account>>> {
    let account = match id {
        Some(id) => sql::hold_account(&mut w, id)?,
        None => None,
    };
    let Some(account) = account else {
        // What was typed is not kept: it may be a password in the wrong field.
        return w.commit(
            AuditEvent::refused("session.begin", "account", "unknown"),
            None,
        );
    };
    let standing = Standing {
        failed_tries: account.failed_tries,
        locked_until: account.locked_until,
        is_disabled: account.is_disabled,
    };
    let now = w.now();
    match rules::judge(standing, is_right, now, settings.tries, settings.locked_for) {
        Verdict::Welcome => {
            if account.failed_tries > 0 || account.locked_until.is_some() {
                sql::set_standing(&mut w, account.id, 0, None)?;
            }
            if let Some(before) = before {
                sql::end_session(&mut w, &before.hash)?;
            }
            sql::insert_session(
                &mut w,
                &fresh.hash,
                account.id,
                &fresh.csrf,
                now + settings.session_absolute,
            )?;
            let event = AuditEvent::done("session.begin", "account", account.id.to_string());
            w.commit(event, Some(account))
        }
        Verdict::Wrong {
            failed_tries,
            locked_until,
        } => {
            sql::set_standing(&mut w, account.id, failed_tries, locked_until)?;
            let tried = AuditEvent::refused("session.begin", "account", account.id.to_string())
                .detail(serde_json::json!({ "failed_tries": failed_tries }));
            let mut events = vec![tried];
            if let Some(until) = locked_until {
                let detail = serde_json::json!({ "until": until.to_string() });
                events.push(
                    AuditEvent::done("account.lock", "account", account.id.to_string())
                        .detail(detail),
                );
            }
            w.commit_all(&events, None)
        }
        Verdict::Shut => {
            let detail = serde_json::json!({ "shut": true });
            w.commit(
                AuditEvent::refused("session.begin", "account", account.id.to_string())
                    .detail(detail),
                None,
            )
        }
    }
}

/// Ends the visitor's own session.
pub(crate) async fn sign_out(ctx: &Ctx, session: SessionSeen) -> StoreResult<()> {
    let object = ctx
        .principal()
        .actor()
        .id
        .map(|id| id.to_string())
        .unwrap_or_default();
    ctx.write(move |mut w| {
        sql::end_session(&mut w, &session.hash)?;
        w.commit(
            AuditEvent::done("session.end", "account", object.clone()),
            (),
        )
    })
    .await
}

/// Replaces one's own password, ends all sessions of the account, and begins a new one.
///
/// # Errors
/// `AccountError` for what is wrong with the entries; 429 when too many passwords are being hashed.
pub(crate) async fn change_password(
    ctx: &Ctx,
    state: &AppState,
    id: AccountId,
    entry: PasswordEntry<'_>,
) -> Result<Begun, Fault> {
    let found: Option<(Account, Option<String>)> = ctx
        .read(move |r| -> StoreResult<_> {
            let Some(account) = sql::account(r, id)? else {
                return Ok(None);
            };
            let hash = sql::password(r, id)?;
            Ok(Some((account, hash)))
        })
        .await?;
    let (account, hash) = found.ok_or_else(|| AccountError::NotFound(id.to_string()))?;
    if entry.new != entry.repeat {
        return Err(AccountError::Repeat.into());
    }
    password::check_new(entry.new, &account.login).map_err(AccountError::from)?;
    if entry.new == entry.current {
        return Err(AccountError::from(password::PasswordError::TooPlain).into());
    }
    if !password::verify(state.gates(), entry.current.to_owned(), hash).await? {
        return Err(AccountError::WrongPassword.into());
    }
    let hash = password::hash(state.gates(), entry.new.to_owned()).await?;
    let fresh = Fresh::new();
    let absolute = state.settings().session_absolute;
    let kept = fresh.clone();
    ctx.write(move |mut w| -> StoreResult<_> {
        sql::set_password(&mut w, id, &hash, false)?;
        sql::end_sessions(&mut w, id)?;
        let expires_at = w.now() + absolute;
        sql::insert_session(&mut w, &kept.hash, id, &kept.csrf, expires_at)?;
        w.commit(
            AuditEvent::done("account.password", "account", id.to_string()),
            (),
        )
    })
    .await?;
    Ok(Begun {
        token: fresh.token,
        account: id,
        csrf: fresh.csrf,
        must_change: false,
    })
}

/// What the form of a new password holds.
#[derive(Clone, Copy)]
pub(crate) struct PasswordEntry<'a> {
    pub current: &'a str,
    pub new: &'a str,
    pub repeat: &'a str,
}

/// A session's row is told at most this often that it was seen.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

const TOUCH: &str = "UPDATE sessions SET seen_at = $2 WHERE token = $1 AND seen_at < $2";

/// Notes that a session was used. A store that is busy does not turn the request away for this.
#[expect(
    clippy::disallowed_methods,
    reason = "when a session was last seen is no part of the record"
)]
pub(crate) async fn touch_session(ctx: &Ctx, session: SessionSeen) {
    let now = ctx.now();
    if now.duration_since(session.seen_at) < SEEN_EVERY {
        return;
    }
    let done: Result<(), StoreError> = ctx
        .write(move |mut w| {
            w.aside(TOUCH, params![session.hash, now])?;
            w.unchanged(())
        })
        .await;
    if let Err(error) = done {
        tracing::warn!(%error, "the use of a session could not be noted");
    }
}
