//! Plain types of notices; no I/O.

use access::{AccountId, Problem, Refused, Role, UnitId, Word};
use axum::http::StatusCode;
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::StoreError;
use vault::VaultError;

/// The most people told by one notice to a role or a unit.
pub const MOST_RECIPIENTS: usize = 50;

/// Why a notice to a unit did not arrive: nobody is there who could read it. Kept as it is; the page has words for it.
pub const NO_ACCOUNT: &str = "the unit has no account that could read it";

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// One account.
    Account(AccountId),
    /// The open accounts of a unit that have one of these roles; all of them where none has.
    Unit {
        /// The unit.
        unit: UnitId,
        /// Which of its people.
        roles: Vec<Role>,
    },
    /// The open accounts that hold a role and may see the district.
    Role(Role),
    /// A requester, by the contact in the vault.
    Requester(Id),
}

/// A word that a template asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Shown as it is: a number, a name of a unit or class.
    Text(String),
    /// A moment, shown in the zone of the city.
    Time(Timestamp),
    /// A name that the city gives in both languages, shown in that of the template.
    Named {
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
}

impl From<&str> for Place {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Place {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<Timestamp> for Place {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

/// A notice to be posted. Filled by name: [`NewNotice::new`], then [`NewNotice::with`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// The key that makes it once, such as `case/…/7/dispatched`; each recipient is told once under it.
    pub once: String,
    /// Which template words it.
    pub kind: &'static str,
    /// Whom it is for.
    pub to: To,
    /// The district of record of what it is about.
    pub district: DistrictCode,
    /// The page it leads to; a requester is led to the own private link instead.
    pub path: String,
    /// The words the template asks for. Never a person's data.
    pub places: BTreeMap<&'static str, Place>,
}

impl NewNotice {
    /// A notice without words yet.
    pub fn new(
        once: impl Into<String>,
        kind: &'static str,
        to: To,
        district: DistrictCode,
        path: impl Into<String>,
    ) -> Self {
        Self {
            once: once.into(),
            kind,
            to,
            district,
            path: path.into(),
            places: BTreeMap::new(),
        }
    }
    /// With a word.
    #[must_use]
    pub fn with(mut self, name: &'static str, place: impl Into<Place>) -> Self {
        self.places.insert(name, place.into());
        self
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in the store and the API.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(format!(concat!("unknown ", stringify!($name), " {:?}"), text)) }
            }
        }
        store::text_value!($name);
    };
}

words! {
    /// Where a delivery stands.
    DeliveryState {
        /// It will be tried at its time.
        Waiting = "waiting",
        /// The other side took it.
        Sent = "sent",
        /// It was given up; somebody should look.
        Failed = "failed",
        /// There is nothing to send it to, and nobody did wrong.
        Dropped = "dropped",
    }
}

store::record! {
    /// A notice as it is kept.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Notice {
        /// The district of record of what it is about.
        pub district: DistrictCode,
        /// Its id; the receiver of a message knows a repetition by it.
        pub id: Id,
        /// Which template words it.
        pub kind: String,
        /// The account it is for.
        pub account: Option<AccountId>,
        /// The requester it is for.
        pub subject: Option<Id>,
        /// The page it leads to.
        pub path: String,
        /// The words its template asks for, as JSON.
        pub places: String,
        /// When it was posted.
        pub at: Timestamp,
        /// When it was read.
        pub read_at: Option<Timestamp>,
    }
}

impl Notice {
    /// The words its template asks for; none where they do not read.
    pub fn words(&self) -> BTreeMap<String, Place> {
        serde_json::from_str(&self.places).unwrap_or_default()
    }
}

store::record! {
    /// A delivery that failed, for the list of failures. It names nobody.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Failure {
        /// The district of the notice.
        pub district: DistrictCode,
        /// The notice.
        pub notice: Id,
        /// Its kind.
        pub kind: String,
        /// What it is about.
        pub path: String,
        /// When it was posted.
        pub at: Timestamp,
        /// By which channel.
        pub channel: String,
        /// How often it was tried.
        pub attempts: u32,
        /// When it was last tried.
        pub tried_at: Option<Timestamp>,
        /// Why it failed, in words of the program.
        pub failure: String,
        /// When it is tried again; none = it was given up.
        pub next_at: Option<Timestamp>,
    }
}

store::record! {
    /// The wording of a kind in a language.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Template {
        /// The kind.
        pub kind: String,
        /// `zh-CN` or `en`.
        pub lang: String,
        /// One line.
        pub title: String,
        /// The text.
        pub body: String,
        /// The words it may ask for, separated by spaces.
        pub places: String,
        /// Counts changes.
        pub version: i64,
    }
}

/// Why something about notices was not done.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// A permission is lacking.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no such notice, kind or failure for this reader.
    #[error("there is no such notice")]
    NotFound,
    /// There is still nobody in the unit who could read it.
    #[error("the unit still has no account that could read it")]
    StillNobody,
    /// A field cannot be used.
    #[error("{field}: {reason}")]
    Field {
        /// The field.
        field: &'static str,
        /// The code of the sentence.
        code: &'static str,
        /// In English.
        reason: String,
        /// Why, where its sentence says so.
        why: Option<Word>,
    },
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NoticeError {
    pub(crate) fn field(
        field: &'static str,
        code: &'static str,
        reason: impl Into<String>,
    ) -> Self {
        Self::Field {
            field,
            code,
            reason: reason.into(),
            why: None,
        }
    }
    pub(crate) fn because(mut self, word: Word) -> Self {
        if let Self::Field { why, .. } = &mut self {
            *why = Some(word);
        }
        self
    }
}

impl Problem for NoticeError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(e) => e.status(),
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::StillNobody => StatusCode::CONFLICT,
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Vault(e) => e.status(),
            Self::Store(e) => e.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(e) => e.code(),
            Self::NotFound => "notices.not_found",
            Self::StillNobody => "notices.still_nobody",
            Self::Field { code, .. } => code,
            Self::Vault(e) => e.code(),
            Self::Store(e) => e.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some((*field).to_owned()),
            Self::Vault(e) => Problem::field(e),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Refused(e) => e.args(),
            Self::Field { why, .. } => {
                let most = i64::from(kernel::PageSize::MAX);
                let mut args = vec![("most", most.into())];
                args.extend(why.clone().map(|why| ("why", why)));
                args
            }
            Self::Vault(e) => e.args(),
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(e) => e.retry_after_s(),
            _ => None,
        }
    }
}
