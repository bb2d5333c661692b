//! Plain types: what is asked for, what is shown, what a subscription is; no I/O.

use access::{Problem, Word};
use axum::http::StatusCode;
use cases::model::CaseId;
pub use cases::stand::Stand;
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DistrictCode, DivisionCode};
use kernel::id::Id;
use kernel::paging::{PageSize, PagingError};
use matters::MatterId;
use store::StoreError;
use vault::VaultError;

/// What everybody may know of a case. Nothing of a person, no typed address, no point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The case, for the cursor of a list.
    pub id: CaseId,
    /// Its number.
    pub number: CaseNumber,
    /// Its class.
    pub matter: MatterId,
    /// Where it stands.
    pub stand: Stand,
    /// Whether it goes on.
    pub is_open: bool,
    /// The street, or the smallest larger division that is known.
    pub place: Option<DivisionCode>,
    /// When it was reported.
    pub reported_at: Timestamp,
    /// When it is promised; none of what is over or has no limit.
    pub due_at: Option<Timestamp>,
    /// From when on the promise is broken, should the work not be done by then; none where it was kept, and while the clock
    /// stands still.
    pub broken_from: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// The words a person has read and found fit to be public; empty if there are none.
    pub words: String,
    /// When something of the above last changed.
    pub changed_at: Timestamp,
}

impl Entry {
    /// Whether what was promised has not been kept.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.broken_from.is_some_and(|due| due < now)
    }
}

/// What is asked of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The place.
    pub place: DivisionCode,
    /// Only of the class with this code.
    pub class: Option<String>,
    /// Only those that go on, or only those that are over.
    pub open: Option<bool>,
    /// After this one.
    pub after: Option<CaseId>,
    /// How many.
    pub size: PageSize,
}

store::record! {
    /// A subscription.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Subscription {
        /// The district of its place.
        pub district: DistrictCode,
        /// Its id.
        pub id: Id,
        /// Whose address lies in the vault.
        pub subject: Id,
        /// The place.
        pub place: DivisionCode,
        /// Codes of classes, separated by spaces; empty = all.
        pub classes: String,
        /// The language of the letters.
        pub lang: String,
        /// When it was confirmed.
        pub confirmed_at: Option<Timestamp>,
        /// Up to when changes were told.
        pub told_until: Timestamp,
    }
}

impl Subscription {
    /// Whether it asks for the class with this code.
    pub fn wants(&self, code: &str) -> bool {
        self.classes.is_empty() || self.classes.split(' ').any(|class| class == code)
    }
}

/// What a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterKind {
    /// The first: it asks whether the subscription is wanted.
    Confirm,
    /// What is new.
    Digest,
}

impl LetterKind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Digest => "digest",
        }
    }
}

impl std::fmt::Display for LetterKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for LetterKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Confirm, Self::Digest]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("unknown letter {text:?}"))
    }
}
store::text_value!(LetterKind);

store::record! {
    /// A letter that waits to be sent.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Letter {
        /// The district of the subscription.
        pub district: DistrictCode,
        /// Its id; the mail carries it.
        pub id: Id,
        /// For which subscription.
        pub subscription: Id,
        /// What it is.
        pub kind: LetterKind,
        /// It tells what changed at or after this.
        pub since: Timestamp,
        /// And before this.
        pub until: Timestamp,
        /// How often it was tried.
        pub attempts: u32,
        /// When it is tried next.
        pub next_at: Timestamp,
    }
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum NearError {
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
    /// There is no such public matter, or no subscription under this link.
    #[error("not found")]
    NotFound,
    /// The deployment has no mail server.
    #[error("this city sends no mail")]
    NoMail,
    /// Too many subscriptions of one network.
    #[error("too many subscriptions of one network")]
    TooOften {
        /// Seconds until the next one is taken.
        retry_after_s: u32,
    },
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NearError {
    /// Input that does not fit.
    pub fn field(field: &'static str, code: &'static str, reason: impl Into<String>) -> Self {
        Self::Field {
            field,
            code,
            reason: reason.into(),
        }
    }
}

impl From<PagingError> for NearError {
    fn from(error: PagingError) -> Self {
        let field = match error {
            PagingError::Size(_) => "limit",
            PagingError::Cursor { .. } => "after",
        };
        Self::field(field, "nearby.page", error.to_string())
    }
}

// words: nearby-error-*
impl Problem for NearError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound | Self::NoMail => StatusCode::NOT_FOUND,
            Self::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Vault(error) => error.status(),
            Self::Store(error) => error.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Field { code, .. } => code,
            Self::NotFound => "nearby.not_found",
            Self::NoMail => "nearby.no_mail",
            Self::TooOften { .. } => "nearby.too_often",
            Self::Vault(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some((*field).to_owned()),
            Self::Vault(error) => error.field(),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Vault(error) => error.args(),
            Self::Store(error) => error.args(),
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::TooOften { retry_after_s } => Some(*retry_after_s),
            Self::Vault(error) => error.retry_after_s(),
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}
