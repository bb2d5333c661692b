//! The store's promises, each on both engines.

mod outbox;
mod transactions;
mod values;
