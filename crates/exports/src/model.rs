//! The words of exports. Plain data.

use access::ops::orders::Orderer;
use access::{AccountId, Problem, Refused, Word};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use store::StoreError;
use vault::VaultError;

kernel::typed_id! {
    /// One export.
    ExportId
}
store::id_value!(ExportId);

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them, in the order shown to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in forms, in the store and in the API.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().copied().find(|w| w.as_str() == text);
                found.ok_or_else(|| format!("unknown word {text:?}"))
            }
        }
        store::text_value!($name);
    };
}

words! {
    /// What stands in a file, and in which form.
    Kind {
        /// 案件 — a row a case, for spreadsheets.
        CasesCsv = "cases.csv",
        /// 案件 — a feature a case, for maps.
        CasesGeojson = "cases.geojson",
        /// 计量明细 — what each case counts as, without number, text and person.
        FactsParquet = "facts.parquet",
    }
}

impl Kind {
    /// Whether its rows are cases, which have a period and requesters.
    pub fn is_of_cases(self) -> bool {
        self != Self::FactsParquet
    }
    /// The name of its files and their ending.
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::CasesCsv => ("cases", "csv"),
            Self::CasesGeojson => ("cases", "geojson"),
            Self::FactsParquet => ("facts", "parquet"),
        }
    }
    /// The media type of its files.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::CasesCsv => "text/csv; charset=utf-8",
            Self::CasesGeojson => "application/geo+json",
            Self::FactsParquet => "application/vnd.apache.parquet",
        }
    }
}

words! {
    /// How far an export is.
    State {
        /// The program has not begun it.
        Waiting = "waiting",
        /// It is being written.
        Running = "running",
        /// The file is there.
        Done = "done",
        /// There is no file.
        Failed = "failed",
        /// There was one, or was to be; it is gone.
        Removed = "removed",
    }
}

impl State {
    /// Whether the program still has something to do.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

words! {
    /// Why an export failed, or its file is gone.
    Why {
        /// The account may no longer do this.
        NoRights = "no_rights",
        /// There are more rows than a file holds.
        TooMany = "too_many",
        /// There are more requesters than a file with names and phones holds.
        TooManyPeople = "too_many_people",
        /// The program was stopped each time it was at it.
        Interrupted = "interrupted",
        /// The file could not be written.
        Disk = "disk",
        /// Something that no reader can mend; the log says what.
        Fault = "fault",
        /// Its owner removed it.
        ByOwner = "by_owner",
        /// Its time was over.
        ByTime = "by_time",
        /// Somebody it names was erased.
        ByErasure = "by_erasure",
    }
}

/// What somebody wants to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which rows, in which form.
    pub kind: Kind,
    /// Only reported on or after this local date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Only reported on or before this local date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    /// With the requesters' names and phones, for this purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// One export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// Whose it is.
    pub account: AccountId,
    /// The name of the account.
    pub name: String,
    /// Under which rights it was asked for.
    pub orderer: Orderer,
    /// What was asked for.
    pub asked: Asked,
    /// How far it is.
    pub state: State,
    /// Why it failed or is gone.
    pub why: Option<Why>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// How often the program began it.
    pub begun: i64,
    /// The request under which it is being written, or was.
    pub run: Option<Id>,
    /// Rows there will be, as far as is known.
    pub expected: Option<i64>,
    /// Rows written.
    pub written: i64,
    /// The size of the file.
    pub bytes: Option<i64>,
    /// The hash of the file, 64 hexadecimal digits.
    pub sha256: Option<String>,
    /// When it was finished, failed or removed.
    pub ended_at: Option<Timestamp>,
    /// Until when the file is kept.
    pub kept_to: Option<Timestamp>,
}

impl Export {
    /// The name of the file: what it is and the head of its hash; none while there is no file.
    pub fn file_name(&self) -> Option<String> {
        let hash = self.sha256.as_deref()?;
        let (what, ending) = self.asked.kind.name();
        Some(format!("{what}-{}.{ending}", hash.get(..12)?))
    }
}

/// Why a use case of exports was not done.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A permission is lacking.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no such export, or the reader may not know of it.
    #[error("there is no such export")]
    NotFound,
    /// A field cannot be used.
    #[error("{field}: {reason}")]
    Field {
        /// Which.
        field: &'static str,
        /// The code of the sentence.
        code: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// So many are enough.
    #[error("{code}: at most {most}")]
    Enough {
        /// The code of the sentence.
        code: &'static str,
        /// How many there may be.
        most: i64,
    },
    /// It is not in a state in which this can be done.
    #[error("the export is not in a state in which this can be done")]
    NotNow,
    /// The file is not there any more.
    #[error("the file is not there any more")]
    Gone,
    /// The folder of the files.
    #[error("the file of an export: {0}")]
    Folder(#[source] std::io::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ExportError {
    /// A field that cannot be used.
    pub fn field(field: &'static str, code: &'static str, reason: impl Into<String>) -> Self {
        Self::Field {
            field,
            code,
            reason: reason.into(),
        }
    }
}

impl Problem for ExportError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(error) => error.status(),
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Enough { .. } | Self::NotNow => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::Folder(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Vault(error) => error.status(),
            Self::Store(error) => error.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::NotFound => "access.not_found",
            Self::Field { code, .. } | Self::Enough { code, .. } => code,
            Self::NotNow => "exports.not_now",
            Self::Gone => "exports.gone",
            Self::Folder(_) => "access.internal",
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
            Self::Refused(error) => error.args(),
            Self::Field { field, .. } => vec![("field", Word::from(*field))],
            Self::Enough { most, .. } => vec![("most", Word::from(*most))],
            Self::Vault(error) => error.args(),
            Self::Store(error) => error.args(),
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Vault(error) => error.retry_after_s(),
            Self::Store(error) => error.retry_after_s(),
            _ => None,
        }
    }
}
