//! The store's promises, each on both engines.

mod dump;
mod outbox;
mod transactions;
mod values;
