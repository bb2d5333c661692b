//! The store's promises, each on both engines.

#![expect(
    clippy::unwrap_used,
    reason = "a test says what is wrong by failing there"
)]

mod dump;
mod outbox;
mod transactions;
mod values;
