//! The rules of supervision, pure: when a rung is reached, which are due, and who is told of an event.

mod clock;
mod tell;

pub use clock::{Due, Running, arming, due_rungs, is_running, moment, next_look, running};
pub use tell::{Names, holder, step_key, tell};
