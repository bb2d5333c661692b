//! Plain types of attachments.

use crate::files::FileKey;
use crate::process::FileError;
use access::{Problem, Refused, Word};
use axum::http::StatusCode;
use jiff::Timestamp;
use kernel::DistrictCode;
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use store::StoreError;

/// What an attachment shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// 上报 — what the reporter saw.
    Report,
    /// 核实 — what a look on the spot found.
    Verify,
    /// 处置前
    Before,
    /// 处置后 — what the unit says is done.
    After,
    /// 核查 — whether it is really done.
    Check,
    /// 文书 — what belongs to a note in the file.
    Document,
}

impl AttachmentKind {
    /// All of them, in the order of a case's way.
    pub const ALL: [Self; 6] = [
        Self::Report,
        Self::Verify,
        Self::Before,
        Self::After,
        Self::Check,
        Self::Document,
    ];
    /// The word in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Verify => "verify",
            Self::Before => "before",
            Self::After => "after",
            Self::Check => "check",
            Self::Document => "document",
        }
    }
}

impl std::fmt::Display for AttachmentKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
impl std::str::FromStr for AttachmentKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                format!(
                    "unknown kind of attachment {:?}",
                    text.chars().take(40).collect::<String>()
                )
            })
    }
}
store::text_value!(AttachmentKind);

store::record! {
    /// An upload that no case has taken yet.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Upload {
        /// Its id, by which a report or a step takes it.
        pub id: Id,
        /// The hash of the stored bytes.
        pub sha256: [u8; 32],
        /// `image/jpeg` or `application/pdf`.
        pub media_type: String,
        /// How many bytes are stored.
        pub bytes: i64,
        /// Pixels across, of a picture.
        pub width: Option<u32>,
        /// Pixels down, of a picture.
        pub height: Option<u32>,
        /// When it was uploaded.
        pub made_at: Timestamp,
        /// The kind of principal that uploaded it.
        pub by_kind: String,
        /// Its account, if it has one.
        pub by_id: Option<Id>,
    }
}

store::record! {
    /// 附件 — a picture or a document of a case.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Attachment {
        /// The district of the case.
        pub district: DistrictCode,
        /// Its id.
        pub id: Id,
        /// The case.
        pub case_id: Id,
        /// What it shows.
        pub kind: AttachmentKind,
        /// The hash of the stored bytes.
        pub sha256: [u8; 32],
        /// `image/jpeg` or `application/pdf`.
        pub media_type: String,
        /// How many bytes are stored.
        pub bytes: i64,
        /// Pixels across, of a picture.
        pub width: Option<u32>,
        /// Pixels down, of a picture.
        pub height: Option<u32>,
        /// When it was uploaded.
        pub made_at: Timestamp,
        /// When the case took it.
        pub attached_at: Timestamp,
    }
}

impl Attachment {
    /// Whether it is a picture and so has a thumbnail.
    pub fn is_picture(&self) -> bool {
        self.width.is_some()
    }
    pub(crate) fn key(&self) -> FileKey {
        FileKey {
            sha256: self.sha256,
            id: self.id,
        }
    }
}

impl Upload {
    pub(crate) fn key(&self) -> FileKey {
        FileKey {
            sha256: self.sha256,
            id: self.id,
        }
    }
}

/// What an upload answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Uploaded {
    /// The upload.
    pub upload: Upload,
    /// Time and place from the picture, to be offered to whoever reports; they are not stored.
    pub offered: crate::process::Offered,
}

/// Why a file was not taken or not given.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// The permission.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no such attachment, or the reader may not know of it.
    #[error("there is no such attachment")]
    NotFound,
    /// An upload to attach is gone, taken, or somebody else's.
    #[error("the upload {0} is not there any more: upload the file again")]
    Gone(Id),
    /// More than a case takes at once.
    #[error("{given} attachments, at most {most} at once")]
    TooMany {
        /// How many were given.
        given: usize,
        /// How many are taken.
        most: usize,
    },
    /// As many pictures as the program opens at once are being opened, and enough wait.
    #[error("too many uploads at the same time, try again in {retry_after_s} s")]
    Busy {
        /// When to come back.
        retry_after_s: u32,
    },
    /// The stored bytes are not those that were stored.
    #[error("the stored file of attachment {0} was changed")]
    Changed(Id),
    /// The folder.
    #[error("cannot {act} a file of the attachments: {source}")]
    Folder {
        /// What was tried.
        act: &'static str,
        /// The system's own words.
        source: std::io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for AttachmentError {
    fn status(&self) -> StatusCode {
        match self {
            Self::File(FileError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::File(FileError::Kind) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::File(_) | Self::TooMany { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Refused(e) => e.status(),
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Changed(_) | Self::Folder { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Store(e) => e.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::File(FileError::Empty) => "attachments.empty",
            Self::File(FileError::TooLarge { .. }) => "attachments.too_large",
            Self::File(FileError::Kind) => "attachments.kind",
            Self::File(FileError::TooManyPixels { .. }) => "attachments.too_many_pixels",
            Self::File(FileError::Broken(_)) => "attachments.broken",
            Self::File(FileError::Document(_)) => "attachments.document",
            Self::Refused(e) => e.code(),
            Self::NotFound => "attachments.not_found",
            Self::Gone(_) => "attachments.gone",
            Self::TooMany { .. } => "attachments.too_many",
            Self::Busy { .. } => "attachments.busy",
            Self::Changed(_) | Self::Folder { .. } => "attachments.unavailable",
            Self::Store(e) => e.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::File(_) => Some("file".into()),
            Self::Gone(_) | Self::TooMany { .. } => Some("attachments".into()),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::File(FileError::TooLarge { .. }) => {
                vec![(
                    "megabytes",
                    Word::Number((crate::process::MOST_BYTES >> 20) as i64),
                )]
            }
            Self::TooMany { most, .. } => vec![("most", Word::Number(*most as i64))],
            Self::Refused(e) => e.args(),
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Busy { retry_after_s } => Some(*retry_after_s),
            Self::Store(e) => e.retry_after_s(),
            _ => None,
        }
    }
}
