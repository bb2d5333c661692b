//! 导出 — records taken out as files: what a row of a file says, and files that somebody asks for by the pages.
//!
//! Words: an *export* is one file, from the asking to its removal; *told by the street* is a case of which nothing below its
//! street is said ([`cases_file::is_told_by_street`]).
//!
//! The command line and the pages write the same rows: [`cases_file`] and [`facts_file`] say what stands in them, [`write`]
//! reads the record and hands it over. The command writes where it is told; an export asked for by a page is written by the
//! program itself ([`jobs`]) under the rights the account has *then*, and waits for its owner.
//!
//! Invariants:
//! - a file is there whole or not at all, and lies sealed under a key of its own: whoever removes it destroys the key, so
//!   that no copy of the folder can be read afterwards;
//! - no personal field stands in a file without a purpose, each look is recorded, and the reporter of a confidential matter
//!   is in no file;
//! - a file goes when its time is over, and before that when somebody is erased whom it names;
//! - its SHA-256 is in the audit trail when it is finished and each time it leaves.

pub mod cases_file;
pub mod facts_file;
pub mod files;
mod http;
pub mod jobs;
pub mod model;
pub mod ops;
mod pages;
pub mod people;
pub mod rules;
mod sql;
pub mod write;

pub use files::Exports;
pub use http::capability;
pub use people::People;
pub use write::WriteError;

/// The table of exports and the words of their notices.
pub const MIGRATIONS: &[store::Migration] = &[store::Migration {
    number: 114,
    name: "exports",
    sql: include_str!("../migrations/0114_exports.sql"),
}];
