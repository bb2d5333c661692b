//! Why a use case of topics was not done, in a form a visitor can be told.

use crate::model::Refusal;
use access::{Problem, Refused, Word};
use axum::http::StatusCode;
use facts::FiguresError;
use store::StoreError;
use suggestion::ops::SuggestionError;

/// Why a use case was not done.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// There is no such topic, or the reader may not know of it.
    #[error("no topic {0}")]
    NotFound(String),
    /// Somebody else was faster.
    #[error("the topic was changed by somebody else at the same time")]
    Changed,
    /// The move is not allowed as it stands.
    #[error("refused: {0:?}")]
    Rule(Refusal),
    /// Another unit answers for it.
    #[error("another unit answers for this topic")]
    NotOurs,
    /// The input does not fit.
    #[error("{field}: {reason}")]
    Field {
        /// Which field.
        field: &'static str,
        /// A stable code.
        code: &'static str,
        /// What is wrong with it, in English.
        reason: String,
        /// What its sentence names.
        args: Vec<(&'static str, Word)>,
    },
    /// The hot topic it is made of.
    #[error(transparent)]
    Hot(#[from] SuggestionError),
    /// The figures.
    #[error(transparent)]
    Figures(FiguresError),
    /// The permission is lacking.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store.
    #[error(transparent)]
    Store(StoreError),
}

impl TopicError {
    /// Input that does not fit.
    pub fn field(field: &'static str, code: &'static str, reason: impl Into<String>) -> Self {
        Self::Field {
            field,
            code,
            reason: reason.into(),
            args: Vec::new(),
        }
    }
    /// Because there is more than so much.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        self.with("most", i64::try_from(most).unwrap_or(i64::MAX))
    }
    /// Because what was given so is not there.
    #[must_use]
    pub fn unknown(field: &'static str, given: impl std::fmt::Display) -> Self {
        let given: String = given.to_string().chars().take(40).collect();
        let error = Self::field(field, "topics.unknown", format!("there is no {given:?}"));
        error.with("given", given)
    }
    fn with(mut self, name: &'static str, value: impl Into<Word>) -> Self {
        if let Self::Field { args, .. } = &mut self {
            args.push((name, value.into()));
        }
        self
    }
}

impl From<StoreError> for TopicError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Changed,
            other => Self::Store(other),
        }
    }
}

impl From<FiguresError> for TopicError {
    fn from(error: FiguresError) -> Self {
        match error {
            FiguresError::Store(error) => error.into(),
            other => Self::Figures(other),
        }
    }
}

impl Problem for TopicError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Changed | Self::Rule(_) => StatusCode::CONFLICT,
            Self::NotOurs => StatusCode::FORBIDDEN,
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Figures(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Hot(error) => error.status(),
            Self::Refused(error) => error.status(),
            Self::Store(error) => error.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "topics.not_found",
            Self::Changed => "topics.changed",
            Self::Rule(Refusal::Standing) => "topics.standing",
            Self::Rule(Refusal::NoUnit) => "topics.no_unit",
            Self::Rule(Refusal::Backward) => "topics.backward",
            Self::Rule(Refusal::NoWords) => "topics.no_words",
            Self::NotOurs => "topics.not_ours",
            Self::Field { code, .. } => code,
            Self::Figures(_) => "access.internal",
            Self::Hot(error) => error.code(),
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some((*field).to_owned()),
            Self::Rule(Refusal::NoUnit) => Some("unit".to_owned()),
            Self::Rule(Refusal::Backward) => Some("day".to_owned()),
            Self::Rule(Refusal::NoWords) => Some("result".to_owned()),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Field { args, .. } => args.clone(),
            Self::Hot(error) => error.args(),
            Self::Refused(error) => error.args(),
            Self::Store(error) => error.args(),
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Hot(error) => error.retry_after_s(),
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}
