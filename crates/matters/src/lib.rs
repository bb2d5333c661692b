//! Matters: the versioned catalogue of what is a case, who is responsible for it where, and the snapshot of all
//! reference data on which cases are decided.
//!
//! Words: *catalogue* 事项目录 (a standard in one version), *class* 类别, *condition* 立案条件 (with its limit and closing
//! conditions), *duty* 权责 (matter × place → units), *city* (the snapshot).
//!
//! Invariants: a class keeps its id for good and belongs to one catalogue version, so a case keeps meaning what it meant;
//! a place and a matter always have somebody who answers while any unit is registered ([`rules::who`]); classes that an
//! import made have no limit and say that nobody has reviewed them.

pub mod calendar_file;
pub mod calendars;
mod error;
pub mod http;
pub mod import;
pub mod items;
pub mod model;
pub mod ops;
mod ops_calendar;
mod pages;
mod reference;
pub mod rules;
pub mod sql;
pub mod sql_items;
mod sql_versions;

pub use calendars::Calendars;
pub use error::MatterError;
pub use items::{GridItem, GridItems};
pub use model::{
    Catalogue, Condition, Draft, Duty, DutyId, Flags, MatterClass, MatterId, MatterKind,
    VersionNote,
};
pub use pages::{duty_link, duty_words};
pub use reference::{City, Reference};
pub use rules::{DutyRules, Matters, NoUnit, Place, Reason, Responsible};

/// The tables of catalogues, duties and calendars.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 40,
        name: "catalogue",
        sql: include_str!("../migrations/0040_catalogue.sql"),
    },
    store::Migration {
        number: 63,
        name: "grid_items",
        sql: include_str!("../migrations/0063_grid_items.sql"),
    },
    store::Migration {
        number: 44,
        name: "calendar_layers",
        sql: include_str!("../migrations/0044_calendar_layers.sql"),
    },
    store::Migration {
        number: 41,
        name: "versions",
        sql: include_str!("../migrations/0041_versions.sql"),
    },
];
