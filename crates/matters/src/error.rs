//! Why something about the catalogue or the duties was not done.

use crate::rules::Wrong;
use access::{Problem, Refused, Word};
use axum::http::StatusCode;
use store::StoreError;

/// Why something about the catalogue or the duties was not done.
#[derive(Debug, thiserror::Error)]
pub enum MatterError {
    /// There is no such class, draft, version or duty.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// An entry that cannot be.
    #[error("{field}: {reason}")]
    Field {
        /// The field of the form or of the body.
        field: String,
        /// A stable word, `matters.…`.
        code: &'static str,
        /// In English.
        reason: String,
        /// What its sentence names besides.
        args: Vec<(&'static str, Word)>,
    },
    /// Somebody else published meanwhile: the draft was begun from an older version.
    #[error("the class has version {latest} by now, and the draft was begun from {base}")]
    Outdated {
        /// The newest version.
        latest: u32,
        /// The version the draft was begun from.
        base: u32,
    },
    /// The principal may not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MatterError {
    /// An entry that cannot be.
    pub fn field(field: &str, code: &'static str, reason: impl ToString) -> Self {
        Self::Field {
            field: field.to_owned(),
            code,
            reason: reason.to_string(),
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
    /// A text of more than so many characters.
    pub fn too_long(field: &str, most: usize) -> Self {
        let reason = format!("longer than {most} characters");
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        Self::field(field, "matters.too_long", reason).with("most", most)
    }
}

/// The code of a flaw, under which its words stand.
fn code_of(wrong: &Wrong) -> &'static str {
    match wrong.code {
        "bad_code" => "matters.bad_code",
        "code_mismatch" => "matters.code_mismatch",
        "too_long" => "matters.too_long",
        "person_number" => "matters.person_number",
        "empty_condition" => "matters.empty_condition",
        "conduct_warnable" => "matters.conduct_warnable",
        "confidential_public" => "matters.confidential_public",
        "person_claimable" => "matters.person_claimable",
        "empty_name" => "matters.empty_name",
        "forbidden_class" => "matters.forbidden_class",
        "too_many" => "matters.too_many",
        "no_condition" => "matters.no_condition",
        "same_number" => "matters.same_number",
        _ => "matters.invalid",
    }
}

impl From<Wrong> for MatterError {
    fn from(wrong: Wrong) -> Self {
        Self::Field {
            code: code_of(&wrong),
            field: wrong.field,
            reason: wrong.reason,
            args: wrong
                .most
                .map(|most| ("most", i64::try_from(most).unwrap_or(i64::MAX).into()))
                .into_iter()
                .collect(),
        }
    }
}

impl Problem for MatterError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Outdated { .. } => StatusCode::CONFLICT,
            Self::Refused(e) => e.status(),
            Self::Store(e) => e.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "access.not_found",
            Self::Field { code, .. } => code,
            Self::Outdated { .. } => "matters.outdated",
            Self::Refused(e) => e.code(),
            Self::Store(e) => e.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some(field.clone()),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Field { field, args, .. } => {
                let mut all = vec![("field", Word::Text(field.clone()))];
                all.extend(args.iter().cloned());
                all
            }
            Self::Outdated { latest, base } => vec![
                ("latest", Word::Text(latest.to_string())),
                ("base", Word::Text(base.to_string())),
            ],
            Self::Refused(e) => e.args(),
            Self::NotFound(_) | Self::Store(_) => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(e) => e.retry_after_s(),
            _ => None,
        }
    }
}
