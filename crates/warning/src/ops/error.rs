//! Why a use case of warnings was not done, in a form a visitor can be told.

use crate::model::SettingError;
use access::{Problem, Refused, Word};
use axum::http::StatusCode;
use cases::ops::CaseError;
use facts::FiguresError;
use store::StoreError;

/// Why a use case was not done.
#[derive(Debug, thiserror::Error)]
pub enum WarningError {
    /// There is no such finding, or the reader may not know of it.
    #[error("no warning {0}")]
    NotFound(String),
    /// There is no such back-test.
    #[error("no back-test {0}")]
    NoBacktest(String),
    /// Somebody else was faster.
    #[error("the warning was changed by somebody else at the same time")]
    Changed,
    /// Preventive work was opened before.
    #[error("preventive work was opened before")]
    AlreadyOpened,
    /// It stands so that this is no longer of use.
    #[error("a warning that is {0} is not changed in this way")]
    Decided(&'static str),
    /// No unit grid of it lies in a beat or community that is known.
    #[error("no beat or community of the warning's places is known")]
    NoBeat,
    /// A back-test is running.
    #[error("a back-test is running")]
    Running,
    /// The figures are not there yet, or far behind.
    #[error(
        "there are no figures yet: they are made while the program serves, or by `shiyu facts rebuild`"
    )]
    NoFigures,
    /// The work was broken off, as when the program stops.
    #[error("the work was broken off")]
    BrokenOff,
    /// The input does not fit.
    #[error("{field}: {reason}")]
    Field {
        /// Which field.
        field: String,
        /// A stable code, such as `warning.bad_day`.
        code: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The figures.
    #[error(transparent)]
    Figures(FiguresError),
    /// The case of preventive work was refused.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The permission is lacking.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store.
    #[error(transparent)]
    Store(StoreError),
}

impl WarningError {
    /// Input that does not fit.
    pub fn field(field: &str, code: &'static str, reason: impl Into<String>) -> Self {
        Self::Field {
            field: field.to_owned(),
            code,
            reason: reason.into(),
        }
    }
}

impl From<StoreError> for WarningError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Changed,
            other => Self::Store(other),
        }
    }
}

impl From<FiguresError> for WarningError {
    fn from(error: FiguresError) -> Self {
        match error {
            FiguresError::Store(error) => error.into(),
            other => Self::Figures(other),
        }
    }
}

impl From<SettingError> for WarningError {
    fn from(error: SettingError) -> Self {
        Self::Field {
            field: error.field,
            code: "warning.bad_setting",
            reason: error.reason,
        }
    }
}

impl Problem for WarningError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) | Self::NoBacktest(_) => StatusCode::NOT_FOUND,
            Self::Changed
            | Self::AlreadyOpened
            | Self::Decided(_)
            | Self::NoBeat
            | Self::Running
            | Self::NoFigures => StatusCode::CONFLICT,
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Figures(_) | Self::BrokenOff => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Case(error) => error.status(),
            Self::Refused(error) => error.status(),
            Self::Store(error) => error.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "warning.not_found",
            Self::NoBacktest(_) => "warning.no_backtest",
            Self::Changed => "warning.changed",
            Self::AlreadyOpened => "warning.already_opened",
            Self::Decided(_) => "warning.decided",
            Self::NoBeat => "warning.no_beat",
            Self::Running => "warning.running",
            Self::NoFigures => "warning.no_figures",
            Self::Field { code, .. } => code,
            Self::Figures(_) | Self::BrokenOff => "access.internal",
            Self::Case(error) => error.code(),
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some(field.clone()),
            Self::Case(error) => error.field(),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Field { reason, .. } => vec![("reason", Word::Text(reason.clone()))],
            Self::Case(error) => error.args(),
            Self::Refused(error) => error.args(),
            Self::Store(error) => error.args(),
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Case(error) => error.retry_after_s(),
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}
