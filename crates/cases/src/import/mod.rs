//! Import of cases: a file of another system becomes cases that begin with one `Imported` event each.
//!
//! [`map`] says which column means what, [`lines`] cuts the file into records, [`row`] reads a record, [`run`] writes
//! small batches. The first three are pure.
//!
//! Invariants: `read = imported + unchanged + updated + rejected`; the same file again changes nothing; nothing is
//! written before the whole file has been found to be UTF-8.

pub mod lines;
pub mod map;
pub mod row;
pub mod run;
pub mod times;

pub use map::ImportMap;
pub use run::{Options, Outcome, preview, run};
