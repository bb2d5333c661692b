//! The figures against the record, on both engines: kept up, made anew, and counted by hand.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

mod figures;
mod histories;
mod lives;
mod queries;
