//! The statistics: how fast they are, and whether what they say about chance is true.

mod calibration;
mod simulated;
mod speed;
mod text;

pub use calibration::run as calibration;
pub use speed::run as speed;
