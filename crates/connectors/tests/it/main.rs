//! Connectors on both engines, with a real system on this machine that is called.
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
mod handing;
#[allow(dead_code, reason = "these tests send no mail")]
#[path = "../../../notices/tests/it/sinks.rs"]
mod sinks;
mod stage;
