//! 预测 — what to expect of a place and a category, and where problems are probably not reported.
//!
//! Words: an *outlook* is what the next days will bring, with its limits, and how the last week compares with what was
//! expected of it ([`outlook`]); the *reach* of reporting is how readily problems are reported again while they stand
//! ([`reach`]), from which follows how many are never reported at all.
//!
//! Invariants:
//! - the unit of analysis is a place and a category, never a person; nothing is finer than a street;
//! - a model that does not foresee better than last week's counts is not shown, and a missing feed is grey, never green;
//! - an estimate is never shown without its limits; a corrected number ([`reach::Correction`]) can be read by a person on
//!   the page it is made for and by nothing else.

pub mod ops;
pub mod outlook;
mod pages;
pub mod reach;
mod sql;

pub use ops::Kept;
pub use pages::capability;
