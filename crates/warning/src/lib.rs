//! 三预 — early warning: what is unusual about a class in a place, and the preventive work that follows.
//!
//! Words: a *detector* is a method with its numbers ([`model::Detector`]); a *signal* is what one detector found on one
//! day ([`model::Signal`]); a *finding* is a cluster for as long as it lasts ([`track::Track`]); a *verdict* is what a
//! person found out about it; the *control* are beats drawn at random that preventive work visits as well.
//!
//! Invariants:
//! - the unit of analysis is a place and a class, never a person; a finding covers at least three unit grids;
//! - what the city found by going to look (patrol, preventive work) is no signal;
//! - a finding opens preventive work only by the decision of a person.

pub mod backtest;
pub mod control;
pub mod counts;
pub mod detect;
pub mod guard;
pub mod hours;
pub mod http;
pub mod jobs;
pub mod model;
pub mod ops;
mod pages;
pub mod performance;
pub mod places;
pub mod sql;
#[cfg(test)]
mod testing;
pub mod track;
pub mod view;
pub mod words;

/// The tables of warnings, and the channel of preventive work.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 70,
        name: "warnings",
        sql: include_str!("../migrations/0070_warnings.sql"),
    },
    store::Migration {
        number: 95,
        name: "warning_drift",
        sql: include_str!("../migrations/0095_warning_drift.sql"),
    },
];
