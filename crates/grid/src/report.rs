//! What an import of reference data did, line by line, and why a file cannot be used at all.

use serde::Serialize;
use sha2::{Digest, Sha256};
use store::StoreError;

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// The physical line of a sheet, or the place of a feature in a collection, from 1.
    pub line: u64,
    /// The column or property at fault.
    pub field: String,
    /// What stood there, cut to 80 characters; empty where it may not be repeated.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Reject {
    /// A row refused for one field.
    pub fn new(line: u64, field: &str, value: &str, reason: impl ToString) -> Self {
        Self {
            line,
            field: field.to_owned(),
            value: value.chars().take(80).collect(),
            reason: reason.to_string(),
        }
    }
}

/// The sums of an import: `read = imported + unchanged + updated + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows or features in the file.
    pub read: u64,
    /// New ones.
    pub imported: u64,
    /// Those that were there with the same content.
    pub unchanged: u64,
    /// Those that were there with other content.
    pub updated: u64,
    /// Those refused.
    pub rejected: u64,
    /// Each refusal, at most [`Report::MAX_NOTES`].
    pub rejects: Vec<Reject>,
    /// What a person should look at although it was taken, at most [`Report::MAX_NOTES`].
    pub warnings: Vec<String>,
    /// Refusals and warnings beyond those listed.
    pub not_listed: u64,
}

impl Report {
    /// How many refusals and how many warnings are listed; the sums count all.
    pub const MAX_NOTES: usize = 10_000;

    /// Counts and lists a refusal.
    pub fn reject(&mut self, reject: Reject) {
        self.rejected += 1;
        if self.rejects.len() < Self::MAX_NOTES {
            self.rejects.push(reject);
        } else {
            self.not_listed += 1;
        }
    }
    /// Lists a warning.
    pub fn warn(&mut self, warning: impl ToString) {
        if self.warnings.len() < Self::MAX_NOTES {
            self.warnings.push(warning.to_string());
        } else {
            self.not_listed += 1;
        }
    }
    /// Whether every row is accounted for once.
    pub fn adds_up(&self) -> bool {
        self.read == self.imported + self.unchanged + self.updated + self.rejected
    }
}

/// Why an import did nothing, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file or the options cannot be used; nothing was written.
    #[error("{message}")]
    Unusable {
        /// A stable word for scripts.
        code: &'static str,
        /// What is wrong.
        message: String,
        /// The column or option at fault, where there is one.
        field: Option<String>,
        /// The line, where there is one.
        line: Option<u64>,
    },
    /// The principal may not change reference data.
    #[error(transparent)]
    Refused(#[from] access::Refused),
    /// The store failed; batches before that are kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// The file or the options cannot be used.
    pub fn unusable(code: &'static str, message: impl ToString) -> Self {
        Self::Unusable {
            code,
            message: message.to_string(),
            field: None,
            line: None,
        }
    }
    /// Names the column or option at fault.
    pub fn at(mut self, name: &str) -> Self {
        if let Self::Unusable { field, .. } = &mut self {
            *field = Some(name.to_owned());
        }
        self
    }
    /// Names the line at fault.
    pub fn on_line(mut self, number: u64) -> Self {
        if let Self::Unusable { line, .. } = &mut self {
            *line = Some(number);
        }
        self
    }
}

/// The file as the audit trail names it: its SHA-256 in hexadecimal.
pub fn fingerprint(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
