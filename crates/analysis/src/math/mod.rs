//! The few numerical tools the statistics share: distribution functions and a Poisson regression.

pub mod regression;
pub mod special;
