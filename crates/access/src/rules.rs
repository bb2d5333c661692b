//! Pure rules of accounts: what a login and a set of roles may be, and what a try to sign in comes to.

use crate::fault::{Problem, Word};
use crate::password::PasswordError;
use crate::permission::Role;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use store::StoreError;

/// Why something about an account was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Another account has this login.
    #[error("the login {0:?} is taken")]
    LoginTaken(String),
    /// A login is 2 to 64 of `a-z 0-9 . _ @ -`.
    #[error("the login {0:?} is not 2 to 64 of the characters a-z, 0-9, . _ @ -")]
    LoginShape(String),
    /// A name is 1 to 60 characters without line breaks.
    #[error("a name has 1 to 60 characters")]
    NameShape,
    /// An account is something.
    #[error("an account has at least one role")]
    NoRoles,
    /// System, security and audit are three people.
    #[error("{0} and {1} must not be one account: the three administrators watch each other")]
    Separation(Role, Role),
    /// Handling and checking the same case must be two people.
    #[error("a handler or department lead belongs to a unit")]
    UnitNeeded,
    /// No such account.
    #[error("no account {0}")]
    NotFound(String),
    /// Nobody changes the rights of the account they are signed in with, nor closes it.
    #[error("an account's own rights are changed by somebody else")]
    Own,
    /// The new password will not do.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The present password was not right.
    #[error("the present password is not right")]
    WrongPassword,
    /// The two new passwords differ.
    #[error("the two entries of the new password differ")]
    Repeat,
    /// A token's scopes must be among the account's permissions.
    #[error("the account does not hold the permission {0}")]
    Scope(crate::Permission),
    /// A token lives from a day to a year.
    #[error("a token lives 1 to 366 days, not {0}")]
    TokenDays(i64),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for AccountError {
    fn status(&self) -> StatusCode {
        match self {
            Self::LoginTaken(_) => StatusCode::CONFLICT,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Own => StatusCode::FORBIDDEN,
            Self::Store(error) => error.status(),
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::LoginTaken(_) => "access.login_taken",
            Self::LoginShape(_) => "access.login_shape",
            Self::NameShape => "access.name_shape",
            Self::NoRoles => "access.no_roles",
            Self::Separation(..) => "access.separation",
            Self::UnitNeeded => "access.unit_needed",
            Self::NotFound(_) => "access.no_account",
            Self::Own => "access.own_account",
            Self::Password(PasswordError::TooShort) => "access.password_short",
            Self::Password(PasswordError::TooLong) => "access.password_long",
            Self::Password(PasswordError::TooPlain) => "access.password_plain",
            Self::WrongPassword => "access.wrong_password",
            Self::Repeat => "access.password_repeat",
            Self::Scope(_) => "access.scope",
            Self::TokenDays(_) => "access.token_days",
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        let name = match self {
            Self::LoginTaken(_) | Self::LoginShape(_) => "login",
            Self::NameShape => "name",
            Self::NoRoles | Self::Separation(..) => "roles",
            Self::UnitNeeded => "unit",
            Self::Password(_) => "password",
            Self::WrongPassword => "current",
            Self::Repeat => "repeat",
            Self::Scope(_) => "scopes",
            Self::TokenDays(_) => "days",
            Self::NotFound(_) | Self::Own | Self::Store(_) => return None,
        };
        Some(name.to_owned())
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::LoginTaken(login) => vec![("login", login.as_str().into())],
            Self::Password(PasswordError::TooShort) => {
                vec![("n", (crate::password::SHORTEST as i64).into())]
            }
            Self::Password(PasswordError::TooLong) => {
                vec![("n", (crate::password::LONGEST as i64).into())]
            }
            Self::Scope(permission) => vec![("permission", permission.as_str().into())],
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

/// A login as it is kept: lowercase, without space around it.
///
/// # Errors
/// `LoginShape`.
pub fn login(text: &str) -> Result<String, AccountError> {
    let login = text.trim().to_lowercase();
    let is_sound = (2..=64).contains(&login.len())
        && login
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._@-".contains(&b));
    if is_sound {
        Ok(login)
    } else {
        Err(AccountError::LoginShape(login.chars().take(64).collect()))
    }
}

/// A name as it is kept.
///
/// # Errors
/// `NameShape`.
pub fn name(text: &str) -> Result<String, AccountError> {
    let name = text.trim();
    let is_sound = (1..=60).contains(&name.chars().count()) && !name.contains(char::is_control);
    if is_sound {
        Ok(name.to_owned())
    } else {
        Err(AccountError::NameShape)
    }
}

/// The roles an account may have together, in the order of the table and each once.
///
/// # Errors
/// `NoRoles`; `Separation` where two of the three administrators, or an administrator of security or audit and any
/// other post, would be one account; `UnitNeeded`.
pub fn roles(wanted: &[Role], has_unit: bool) -> Result<Vec<Role>, AccountError> {
    let roles: Vec<Role> = Role::ALL
        .iter()
        .copied()
        .filter(|role| wanted.contains(role))
        .collect();
    if roles.is_empty() {
        return Err(AccountError::NoRoles);
    }
    const APART: [Role; 3] = [Role::SystemAdmin, Role::SecurityAdmin, Role::Auditor];
    if let (Some(&administrator), true) = (
        roles.iter().find(|role| APART.contains(role)),
        roles.len() > 1,
    ) {
        let other = roles
            .iter()
            .copied()
            .find(|role| *role != administrator)
            .unwrap_or(administrator);
        return Err(AccountError::Separation(administrator, other));
    }
    let works_for_unit = roles
        .iter()
        .any(|role| matches!(role, Role::Handler | Role::DepartmentLead));
    if works_for_unit && !has_unit {
        return Err(AccountError::UnitNeeded);
    }
    Ok(roles)
}

/// What is known of an account when somebody tries to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Wrong passwords since the last right one.
    pub failed_tries: u32,
    /// Shut for a while.
    pub locked_until: Option<Timestamp>,
    /// Closed.
    pub is_disabled: bool,
}

/// What a try comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Come in.
    Welcome,
    /// No: one more wrong try, and perhaps shut from now on.
    Wrong {
        /// Wrong passwords since the last right one, this one included.
        failed_tries: u32,
        /// Until when it is now shut.
        locked_until: Option<Timestamp>,
    },
    /// No, whatever the password: shut or closed. It is not counted, so that a lock ends.
    Shut,
}

/// Judges a try. A lock that is over begins the count anew.
pub fn judge(
    standing: Standing,
    is_right: bool,
    now: Timestamp,
    tries: u32,
    locked_for: SignedDuration,
) -> Verdict {
    let is_locked = standing.locked_until.is_some_and(|until| until > now);
    if standing.is_disabled || is_locked {
        return Verdict::Shut;
    }
    if is_right {
        return Verdict::Welcome;
    }
    let before = if standing.locked_until.is_some() {
        0
    } else {
        standing.failed_tries
    };
    let failed_tries = before.saturating_add(1);
    let locked_until = (failed_tries >= tries).then(|| now + locked_for);
    Verdict::Wrong {
        failed_tries,
        locked_until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: SignedDuration = SignedDuration::from_mins(15);

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    #[test]
    fn five_wrong_tries_shut_for_a_quarter_of_an_hour() {
        let mut standing = Standing {
            failed_tries: 0,
            locked_until: None,
            is_disabled: false,
        };
        for n in 1..=5 {
            let Verdict::Wrong {
                failed_tries,
                locked_until,
            } = judge(standing, false, at(0), 5, QUARTER)
            else {
                panic!("try {n} is judged wrong");
            };
            assert_eq!((failed_tries, locked_until.is_some()), (n, n == 5));
            standing = Standing {
                failed_tries,
                locked_until,
                is_disabled: false,
            };
        }
        assert_eq!(judge(standing, true, at(14), 5, QUARTER), Verdict::Shut);
        assert_eq!(judge(standing, true, at(15), 5, QUARTER), Verdict::Welcome);
        assert_eq!(
            judge(standing, false, at(15), 5, QUARTER),
            Verdict::Wrong {
                failed_tries: 1,
                locked_until: None
            }
        );
    }

    #[test]
    fn a_closed_account_stays_closed() {
        let standing = Standing {
            failed_tries: 0,
            locked_until: None,
            is_disabled: true,
        };
        assert_eq!(judge(standing, true, at(0), 5, QUARTER), Verdict::Shut);
    }

    #[test]
    fn administrators_are_apart() {
        assert!(matches!(
            roles(&[Role::Auditor, Role::SecurityAdmin], false),
            Err(AccountError::Separation(..))
        ));
        assert!(matches!(
            roles(&[Role::Acceptor, Role::SystemAdmin], false),
            Err(AccountError::Separation(..))
        ));
        assert_eq!(roles(&[Role::Auditor], false).unwrap(), [Role::Auditor]);
        assert!(matches!(roles(&[], false), Err(AccountError::NoRoles)));
        assert!(matches!(
            roles(&[Role::Handler], false),
            Err(AccountError::UnitNeeded)
        ));
        let desk = roles(&[Role::Dispatcher, Role::Acceptor, Role::Dispatcher], false).unwrap();
        assert_eq!(desk, [Role::Acceptor, Role::Dispatcher]);
    }

    #[test]
    fn logins_and_names_are_kept_in_one_form() {
        assert_eq!(login(" Li.Na@desk ").unwrap(), "li.na@desk");
        for garbage in ["", "a", "li na", "李娜", "a\u{0}b", &"a".repeat(65)] {
            assert!(login(garbage).is_err(), "{garbage:?}");
        }
        assert_eq!(name(" 李娜 ").unwrap(), "李娜");
        assert!(name("a\nb").is_err() && name(" ").is_err() && name(&"名".repeat(61)).is_err());
    }
}
