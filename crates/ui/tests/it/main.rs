//! Tests of the crate as pages use it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot render its page has failed"
)]

mod contrast;
mod gallery;
