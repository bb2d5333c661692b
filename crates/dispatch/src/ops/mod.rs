//! Use cases of dispatch: authorise, look, decide by `rules`, write, tell.

pub mod claims;
pub mod follow;
pub mod for_me;
pub mod handover;
pub mod reorganise;
pub mod ruling;
pub mod whistle;

use access::{AccountId, Ctx, Principal, Problem, Refused, UnitId, Word};
use axum::http::StatusCode;
use cases::ops::CaseError;
use cases::service::Cases;
use matters::City;
use std::sync::Arc;
use store::StoreError;

/// The longest text of a whistle, an answer, a hand-over, in characters.
pub const MOST_TEXT: usize = 2000;

/// Why a use case of dispatch was not done.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// What is asked for is not there, or not for this reader.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The input does not fit.
    #[error("{field}: {reason}")]
    Field {
        /// Which field.
        field: &'static str,
        /// A stable code, such as `dispatch.no_unit`.
        code: &'static str,
        /// What is wrong with it, in English.
        reason: String,
        /// What its sentence names.
        args: Vec<(&'static str, Word)>,
    },
    /// As things stand: it is past, not yet time, or the unit is of another kind.
    #[error("{reason}")]
    NotNow {
        /// A stable code.
        code: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Not for this unit or person.
    #[error("{reason}")]
    NotYours {
        /// A stable code.
        code: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// The case refused.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The catalogue refused.
    #[error(transparent)]
    Matter(#[from] matters::MatterError),
    /// The permission is lacking.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DispatchError {
    /// Input that does not fit.
    pub fn field(field: &'static str, code: &'static str, reason: impl Into<String>) -> Self {
        Self::Field {
            field,
            code,
            reason: reason.into(),
            args: Vec::new(),
        }
    }
    /// With something that the sentence names.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Word>) -> Self {
        if let Self::Field { args, .. } = &mut self {
            args.push((name, value.into()));
        }
        self
    }
}

impl Problem for DispatchError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotNow { .. } => StatusCode::CONFLICT,
            Self::NotYours { .. } => StatusCode::FORBIDDEN,
            Self::Case(error) => error.status(),
            Self::Matter(error) => error.status(),
            Self::Refused(error) => error.status(),
            Self::Store(error) => error.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "dispatch.not_found",
            Self::Field { code, .. } | Self::NotNow { code, .. } | Self::NotYours { code, .. } => {
                code
            }
            Self::Case(error) => error.code(),
            Self::Matter(error) => error.code(),
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some((*field).to_owned()),
            Self::Case(error) => error.field(),
            Self::Matter(error) => error.field(),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Field { field, args, .. } => {
                let mut all = vec![("field", (*field).into())];
                all.extend(args.iter().cloned());
                all
            }
            Self::Case(error) => error.args(),
            Self::Matter(error) => error.args(),
            Self::Refused(error) => error.args(),
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Case(error) => error.retry_after_s(),
            Self::Matter(error) => error.retry_after_s(),
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}

/// The city as it is now.
pub(crate) fn city(ctx: &Ctx) -> Arc<City> {
    ctx.service::<Cases>().city()
}

/// The unit of whoever asks.
pub(crate) fn own_unit(ctx: &Ctx) -> Result<UnitId, DispatchError> {
    ctx.principal().unit().ok_or(DispatchError::NotYours {
        code: "dispatch.no_own_unit",
        reason: "this account belongs to no unit",
    })
}

/// The unit of whoever acts for it. One that has ended acts no longer: its work goes on in others.
pub(crate) fn acting_unit(ctx: &Ctx) -> Result<UnitId, DispatchError> {
    let unit = own_unit(ctx)?;
    if city(ctx).units.is_in_force(unit) {
        return Ok(unit);
    }
    Err(DispatchError::NotNow {
        code: "dispatch.unit_ended",
        reason: "this account belongs to a unit that has ended; the security administrator gives it another",
    })
}

/// The account of whoever asks. A deputy looks at the own list, not at the colleague's.
pub(crate) fn own_account(ctx: &Ctx) -> Result<AccountId, DispatchError> {
    match ctx.principal() {
        Principal::Staff(staff) => Ok(staff.account),
        _ => Err(DispatchError::NotFound("account")),
    }
}

/// A text that must be there, masked, and not too long.
pub(crate) fn needed(field: &'static str, text: &str) -> Result<String, DispatchError> {
    let text = optional(field, text)?;
    if text.is_empty() {
        return Err(DispatchError::field(
            field,
            "dispatch.missing",
            "must be filled in",
        ));
    }
    Ok(text)
}

/// A text that may be empty, masked, and not too long.
pub(crate) fn optional(field: &'static str, text: &str) -> Result<String, DispatchError> {
    let text = text.trim();
    if text.chars().count() > MOST_TEXT {
        let reason = format!("has more than {MOST_TEXT} characters");
        let most = i64::try_from(MOST_TEXT).unwrap_or(i64::MAX);
        return Err(DispatchError::field(field, "dispatch.too_long", reason).with("most", most));
    }
    Ok(kernel::mask::mask_free_text(text, &[]).0)
}
