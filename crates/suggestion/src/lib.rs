//! 机器建议 — class, unit and duplicates suggested from words, place and time, and what many reports are about.
//!
//! Words: a *model* is what was learned from the city's own record ([`model::ModelRow`]); its *quality* is measured on
//! messages it had not seen; an *outcome* is what a person decided where something was suggested; a *hot topic* is a matter
//! that many reports are about in other words.
//!
//! Invariants (`rights.md`, "automated suggestion"):
//! - a person decides; a suggestion shows its reason; below its confidence the machine is silent; it can be turned off;
//! - nothing here is about a person: confidential reports are not read, texts are masked before they are learned from, a
//!   topic is never named by a person, and no table joins a person with anything;
//! - what people decided is kept for each model and shown.

pub mod adviser;
pub mod guard;
pub mod http;
pub mod jobs;
pub mod model;
pub mod ops;
mod pages;
pub mod rules;
pub mod sql;
pub mod sql_hot;

pub use adviser::Advisers;
pub use pages::capability;

/// The tables of suggestion.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 80,
        name: "suggestion",
        sql: include_str!("../migrations/0080_suggestion.sql"),
    },
    store::Migration {
        number: 81,
        name: "hot_topics",
        sql: include_str!("../migrations/0081_hot_topics.sql"),
    },
    store::Migration {
        number: 151,
        name: "least_confidence",
        sql: include_str!("../migrations/0151_least_confidence.sql"),
    },
];
