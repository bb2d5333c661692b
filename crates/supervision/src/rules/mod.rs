//! The rules of supervision, pure: when a rung is reached, which are due, who is told of an event, and who
//! decides on a supervised matter.

mod clock;
mod decide;
mod tell;

pub use clock::{Due, Running, arming, due_rungs, is_running, moment, next_look, running};
pub use decide::{Opener, may_decide};
pub use tell::{Names, holder, step_key, tell, tell_unmasking};
