//! Foresight on a stored record, on both engines.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot use")]

mod record;
