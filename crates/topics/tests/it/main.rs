//! Topics as a whole: made, worked on, ended; who may; what never changes.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot use")]

mod city;
mod topics;
