//! What the use cases and calls of cases promise, on both engines.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

mod api;
mod bulk;
mod calendars;
mod city;
mod clocks;
mod desk;
mod histories;
mod import;
mod intake;
mod life;
mod looks;
mod merges;
mod pictures;
mod record;
mod refusals;
mod requester;
mod search;
mod search_scale;
mod stages;
mod timers;
