//! Statistics that a city's records can be asked, as pure functions over plain data.
//!
//! The unit of analysis is a place, a category, a unit or a process, never a person.
//! Nothing here does I/O, reads a clock or makes its own randomness.

pub mod aberration;
pub mod forecast;
pub mod funnel;
pub mod math;
pub mod scan;
pub mod series;
pub mod text;
