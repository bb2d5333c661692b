//! The ground floor: ids, codes, clocks, calendars, deadlines, coordinates, paging.
//!
//! Pure: no I/O, no async, and no clock of its own (time and randomness are arguments).

pub mod calendar;
pub mod clock;
pub mod codes;
pub mod contact;
pub mod deadline;
pub mod geo;
pub mod id;
pub mod mask;
pub mod paging;
pub mod sheet;

pub use calendar::Calendar;
pub use clock::{Clock, ManualClock, SystemClock};
pub use codes::{CaseNumber, CodeError, DistrictCode, DivisionCode, DivisionLevel, GridCode};
pub use deadline::{ClockKind, Due, Light, Limit, Pause};
pub use geo::{Crs, Point};
pub use jiff::Timestamp;
pub use paging::{Cursor, Page, PageSize};
