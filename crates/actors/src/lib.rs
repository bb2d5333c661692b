//! Actors: the units of eight kinds that can be responsible for a matter, help with it or claim it.
//!
//! Invariants: a unit keeps its id for good; its code is unique; a unit that an import made says so (`reviewed` is
//! false) until a person has looked at it, and it is never taken as the fallback of a territory before that.

pub mod import;
pub mod model;
pub mod ops;
mod pages;
pub mod rules;
pub mod sql;

pub use model::{ImportedUnit, Unit, UnitId, UnitKind};
pub use pages::{capability, source_words};
pub use rules::Units;

/// The table of units.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 30,
        name: "units",
        sql: include_str!("../migrations/0030_units.sql"),
    },
    store::Migration {
        number: 147,
        name: "unit_heirs",
        sql: include_str!("../migrations/0147_unit_heirs.sql"),
    },
];
