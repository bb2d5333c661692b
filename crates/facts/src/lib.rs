//! 统计底座 — the read model for figures: what happened by day, place, matter, unit, channel and state, added up.
//!
//! A case *contributes*: [`Contribution`] says what it counts as at present. The difference between what it counted as and
//! what it counts as is a [`Delta`]; late changes are negative deltas, and doing one twice changes nothing. So the sums
//! are exact at every moment, and [`rebuild`] makes the same ones again from the record.
//!
//! Words: a *cube* is a combination of dimensions that is kept added up, a *generation* one complete making of all of it, a
//! *source* whoever knows the record (`cases`). Facts stand below `cases` and know it only by the trait [`Source`].
//!
//! Invariants:
//! - a transaction that moves the position in the outbox makes the delta of what it passed, all of it or nothing;
//! - readers see one generation, complete, whatever is being rebuilt beside it;
//! - there is no person here: places, matters, units, channels and states, never a reporter or a worker.

pub mod cubes;
mod delta;
pub mod figures;
pub mod model;
pub mod ops;
mod pages;
pub mod parquet;
pub mod rebuild;
pub mod rows;
mod sql;
pub mod standing;
pub mod upkeep;
pub mod views;

pub use delta::Delta;
pub use figures::{Ask, Count, Counted, FiguresError, Freshness, SeriesQuery};
pub use model::{Contribution, Day, Kind, Level, Measure, Place, Span};
pub use pages::capability;
pub use upkeep::{CaseKey, Source, UpkeepError, catch_up};

const TABLES: store::Migration = store::Migration {
    number: 48,
    name: "facts",
    sql: include_str!("../migrations/0048_facts.sql"),
};

const DURATIONS: store::Migration = store::Migration {
    number: 100,
    name: "facts_durations",
    sql: include_str!("../migrations/0100_facts_durations.sql"),
};

const STANDING: store::Migration = store::Migration {
    number: 102,
    name: "facts_standing",
    sql: include_str!("../migrations/0102_facts_standing.sql"),
};

const PLACES: store::Migration = store::Migration {
    number: 105,
    name: "facts_places",
    sql: include_str!("../migrations/0105_facts_places.sql"),
};

/// The tables of facts, without the views, which stand on units, classes and divisions as well.
pub const MIGRATIONS: &[store::Migration] = &[TABLES, DURATIONS, STANDING, PLACES];

/// The tables and the views.
pub const ALL_MIGRATIONS: &[store::Migration] = &[
    TABLES,
    views::MIGRATIONS[0],
    views::MIGRATIONS[1],
    DURATIONS,
    views::MIGRATIONS[2],
    STANDING,
    PLACES,
];
