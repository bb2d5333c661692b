//! The territory: divisions, unit grids, beats, and the index that tells in which cell a point lies.
//!
//! It serves its own vector tiles ([`tiles`]) and the page on which people look through it.
//!
//! Words: *division* 区划 (12 digits), *unit grid* 单元网格 or cell (15 digits = 6+3+3+3), *beat* 责任网格 (cells looked
//! after together, with workers and shifts), *drawn* (a cell or division this program made up, not a surveyed one).
//!
//! Invariants:
//! - a point lies in at most one cell, and the same one on every machine ([`area`] has the border rule);
//! - points and borders are WGS 84 inside; other systems are converted where a file is read;
//! - a code keeps its row for good: what ends gets an end date.

pub mod area;
pub mod batch;
mod clip;
pub mod draw;
mod formulas;
pub mod guard;
pub mod http;
pub mod import;
pub mod model;
pub mod ops;
mod pages;
pub mod report;
pub mod rules;
pub mod sheet;
pub mod sql;
mod territory;
pub mod tiles;
pub mod why;
pub mod workbook;

pub use area::{Area, AreaError, Bounds};
pub use model::{Beat, Division, Lattice, Shift, UnitGrid};
pub use pages::division_name;
pub use report::{ImportError, Reject, Remark, Report};
pub use sql::Part;
pub use territory::{BORDER_REACH_DEG, Territory};
pub use tiles::{TileSet, Tiles};
pub use why::Why;

/// The tables of the territory, and the counter of reference changes.
pub const MIGRATIONS: &[store::Migration] = &[store::Migration {
    number: 20,
    name: "territory",
    sql: include_str!("../migrations/0020_territory.sql"),
}];
