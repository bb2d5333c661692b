//! What the use cases and calls of cases promise, on both engines.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

mod again;
mod api;
mod bulk;
mod calendars;
mod cells;
mod city;
mod clocks;
mod desk;
mod evidence;
mod histories;
mod import;
mod intake;
mod life;
#[allow(
    dead_code,
    reason = "the random lives of the tests of figures have more than these tests use"
)]
#[path = "../../../facts/tests/it/lives.rs"]
mod lives;
mod looks;
mod merges;
mod own;
mod pictures;
mod places;
mod record;
mod refusals;
mod requester;
mod search;
mod search_scale;
mod stages;
mod timers;
