//! Why a use case of suggestion was not done, in a form a visitor can be told.

use crate::rules::NoModel;
use access::{Problem, Refused, Saying, Word};
use analysis::text::TrainError;
use axum::http::StatusCode;
use cases::ops::CaseError;
use store::StoreError;

/// Why a use case was not done.
#[derive(Debug, thiserror::Error)]
pub enum SuggestionError {
    /// There is no such model or topic, or the reader may not know of it.
    #[error("nothing found under {0}")]
    NotFound(String),
    /// Somebody else was faster.
    #[error("suggestion was changed by somebody else at the same time")]
    Changed,
    /// A model that cannot be put into force: its weights were let go, or it is in force.
    #[error("model {0} cannot be put into force")]
    NotUsable(i64),
    /// Another training is running.
    #[error("a training is running")]
    Running,
    /// There is not enough to learn from.
    #[error(transparent)]
    NoModel(#[from] NoModel),
    /// The input does not fit.
    #[error("{field}: {reason}")]
    Field {
        /// Which field.
        field: &'static str,
        /// A stable code.
        code: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The cases.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The permission is lacking.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store.
    #[error(transparent)]
    Store(StoreError),
}

impl SuggestionError {
    /// Input that does not fit.
    pub fn field(field: &'static str, code: &'static str, reason: impl Into<String>) -> Self {
        Self::Field {
            field,
            code,
            reason: reason.into(),
        }
    }
}

impl From<StoreError> for SuggestionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Changed,
            other => Self::Store(other),
        }
    }
}

// words: suggestion-train-*
/// Why nothing can be learned, in the reader's language.
fn untrainable(error: &TrainError) -> Word {
    let number = |n: &usize| Word::Number(i64::try_from(*n).unwrap_or(i64::MAX));
    let key = match error {
        TrainError::TooFewLabels(_) => "suggestion-train-few-labels",
        TrainError::NoFeatures => "suggestion-train-no-features",
        TrainError::Stopped => "suggestion-train-stopped",
        TrainError::TooManyLabels(found) => {
            return Saying::new(
                "suggestion-train-many-labels",
                vec![("found", number(found))],
            )
            .into();
        }
        TrainError::TooManyMessages(found) => {
            return Saying::new(
                "suggestion-train-many-messages",
                vec![("found", number(found))],
            )
            .into();
        }
        // What only a fault of the program brings about.
        TrainError::Unequal { .. } | TrainError::Option { .. } => "suggestion-train-fault",
    };
    Word::Key(key.to_owned())
}

impl Problem for SuggestionError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Changed | Self::NotUsable(_) | Self::Running | Self::NoModel(_) => {
                StatusCode::CONFLICT
            }
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Case(error) => error.status(),
            Self::Refused(error) => error.status(),
            Self::Store(error) => error.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "suggestion.not_found",
            Self::Changed => "suggestion.changed",
            Self::NotUsable(_) => "suggestion.not_usable",
            Self::Running => "suggestion.running",
            Self::NoModel(NoModel::TooFew { .. }) => "suggestion.too_few",
            Self::NoModel(NoModel::Train(_)) => "suggestion.untrainable",
            Self::Field { code, .. } => code,
            Self::Case(error) => error.code(),
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some((*field).to_owned()),
            Self::Case(error) => error.field(),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Field { reason, .. } => vec![("reason", Word::Text(reason.clone()))],
            Self::NotUsable(number) => vec![("model", Word::Text(number.to_string()))],
            Self::NoModel(NoModel::TooFew { found }) => vec![
                (
                    "found",
                    Word::Number(i64::try_from(*found).unwrap_or(i64::MAX)),
                ),
                ("least", Word::Number(crate::rules::LEAST_MESSAGES as i64)),
            ],
            Self::NoModel(NoModel::Train(error)) => vec![("why", untrainable(error))],
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
