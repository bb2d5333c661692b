//! Published rates out of records that lead to them, and each count by hand-made lives, on both engines.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

#[allow(
    dead_code,
    reason = "the city of the tests of cases has more than these tests use"
)]
#[path = "../../../cases/tests/it/city.rs"]
mod city;
mod counts;
mod golden;
mod lives;
mod months;
mod random;
mod scope;
mod through_ops;
mod units;
