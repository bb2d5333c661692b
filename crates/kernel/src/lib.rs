//! The ground floor: ids, codes, clocks, calendars, deadlines, coordinates, paging.
//!
//! Pure: no I/O, no async, and no clock of its own (time and randomness are arguments).

pub mod clock;
pub mod id;

pub use clock::{Clock, ManualClock, SystemClock};
pub use jiff::Timestamp;
