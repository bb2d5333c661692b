//! What the use cases and calls of dispatch promise, on both engines.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

mod city;
mod claims;
mod desk;
mod pages;
mod reorganise;
mod whistles;
mod words;
