//! 每月一题 — topics: many cases of one kind taken together, with a unit that answers, measures, and what became of it.
//!
//! Words: a *topic* is a question that many cases put ([`model::Topic`]); a *measure* is something done about it; the
//! *effect* compares the weeks after its start with what the weeks before let expect ([`effect`]); a *mark* is something
//! that happened to the topic.
//!
//! Invariants:
//! - a topic never touches how a case counts: nothing here writes a table of another capability;
//! - the unit of analysis is a class and a place, never below the street, never a person;
//! - an effect is never shown without its limits, and incidents are counted, not voices.

pub mod effect;
pub mod http;
pub mod model;
pub mod ops;
mod pages;
mod room;
pub mod sql;

pub use pages::capability;
pub use room::Topics;

/// The tables of topics.
pub const MIGRATIONS: &[store::Migration] = &[store::Migration {
    number: 83,
    name: "topics",
    sql: include_str!("../migrations/0083_topics.sql"),
}];
