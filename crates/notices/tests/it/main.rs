//! Notices on both engines, with a real mail server and a real gateway on this machine.
#![expect(
    clippy::unwrap_used,
    reason = "a test that unwraps nothing has failed, which is what it is for"
)]

mod deliveries;
mod inbox;
mod sinks;
mod stage;
