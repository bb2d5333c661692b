//! 导出 — records taken out as files: what a row of a file says ([`cases_file`], [`facts_file`]), and reading the record into
//! it ([`write`]).
//!
//! Words: a case that is *told by the street* is one of which nothing below its street is said
//! ([`cases_file::is_told_by_street`]).
//!
//! Invariant: no personal field stands in a file without a purpose, each look is recorded, and the reporter of a
//! confidential matter is in no file.

pub mod cases_file;
pub mod facts_file;
pub mod model;
pub mod people;
pub mod write;

pub use people::People;
pub use write::WriteError;
