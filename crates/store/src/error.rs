//! What can go wrong in the store, told apart where a caller does something different.

/// A store operation's result.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why a statement or a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another transaction changed the same rows first; the caller may look again and retry.
    #[error("the record was changed by somebody else at the same time")]
    Conflict,
    /// A unique or primary key already holds this value.
    #[error("already exists: {0}")]
    Unique(String),
    /// A row refers to something that does not exist, or is still referred to.
    #[error("refers to something that does not exist: {0}")]
    ForeignKey(String),
    /// The queue in front of the store is full; try again after the given seconds.
    #[error("too busy, try again in {retry_after_s} s")]
    Busy {
        /// When to come back.
        retry_after_s: u32,
    },
    /// The statement or the wait took longer than allowed.
    #[error("took longer than allowed")]
    Timeout,
    /// The connection broke; whether the last write happened is unknown only if it broke during COMMIT.
    #[error("lost the database: {0}")]
    Lost(String),
    /// The URL or the database behind it cannot be used.
    #[error("cannot open the database {url}: {reason}")]
    Open {
        /// The URL without its password.
        url: String,
        /// What was wrong.
        reason: String,
    },
    /// The database has not been prepared for this program.
    #[error("the database is not initialised: run `shiyu init`")]
    Uninitialised,
    /// A value in the database is not what the code expects.
    #[error("column {column} of `{sql}`: {reason}")]
    Decode {
        /// Position in the row, from 0.
        column: usize,
        /// The statement's beginning.
        sql: String,
        /// What was found and what was expected.
        reason: String,
    },
    /// The program broke a rule of this layer (a bug, not bad input).
    #[error("store misuse: {0}")]
    Misuse(String),
    /// Everything else, with the engine's own words.
    #[error("database: {0}")]
    Engine(String),
}

impl StoreError {
    /// Whether running the same closure again may succeed.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Conflict | Self::Lost(_))
    }
}
