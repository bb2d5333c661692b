//! Identifiers: UUID version 7 (RFC 9562), 16 bytes in the store, so that rows sort by the time they were made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A 16-byte identifier whose head is a time. The typed ids (`CaseId`, `UnitId` …) wrap it by [`crate::typed_id!`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(Uuid);

impl Id {
    /// Makes the id of something that came to be at `at`; `random` makes it unique.
    ///
    /// Imported rows pass the time they were reported, so that they land in the partition of that time.
    /// Times before 1970 cannot be written in UUIDv7 and count as 1970.
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
    /// The sixteen bytes the store keeps.
    pub fn bytes(self) -> [u8; 16] {
        *self.0.as_bytes()
    }
    /// Reads the sixteen bytes the store keeps.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
    /// The millisecond since 1970 in the id's head.
    pub fn millis(self) -> i64 {
        let b = self.bytes();
        i64::from_be_bytes([0, 0, b[0], b[1], b[2], b[3], b[4], b[5]])
    }
    /// The smallest id of a moment: the lower bound of a range by time.
    pub fn floor(at: Timestamp) -> Self {
        let millis = i64::max(at.as_millisecond(), 0).to_be_bytes();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&millis[2..]);
        Self::from_bytes(bytes)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot parse id {text:?}: {reason}")]
pub struct IdError {
    text: String,
    reason: String,
}

impl FromStr for Id {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self).map_err(|e| IdError {
            text: text.chars().take(40).collect(),
            reason: e.to_string(),
        })
    }
}

/// Declares a newtype over [`Id`], so that the compiler sorts arguments.
#[macro_export]
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $crate::id::Id);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::id::IdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map($name) }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let early = Id::new("2026-01-01T00:00:00Z".parse().unwrap(), [0xff; 10]);
        let late = Id::new("2026-01-01T00:00:00.001Z".parse().unwrap(), [0; 10]);
        assert!(early < late);
        assert!(Id::floor("2026-01-01T00:00:00Z".parse().unwrap()) < early);
        assert_eq!(late.millis() - early.millis(), 1);
    }
}
