//! Exports on both engines, over the city of the tests of cases.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

mod asking;
#[allow(
    dead_code,
    reason = "the city of the tests of cases has more than these tests use"
)]
#[path = "../../../cases/tests/it/city.rs"]
mod city;
mod keeping;
mod people;
mod rows;
mod stage;
