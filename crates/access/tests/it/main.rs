//! What access promises, seen from outside: requests into the whole router, on both engines where SQL is concerned.
#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped here is the failure a test looks for"
)]

mod accounts;
mod audit;
mod city;
mod city_rules;
mod deputies;
mod door;
mod idempotency;
mod inventory;
mod orders;
mod sign_in;
mod tokens;
mod wall;
