//! Notices on both engines, with a real mail server and a real gateway on this machine.

mod deliveries;
mod inbox;
mod sinks;
mod stage;
