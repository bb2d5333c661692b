//! 联动 — several units and people on one matter: parts of helpers and of a split, whistles, hand-over between shifts,
//! colleagues named in notes, claims by enterprises and organisations, rulings that become duties, reorganisation.
//!
//! Words: a *part* is what another unit answers of a case ([`model::UnitPart`]); a *whistle* calls units to a case or a place
//! and each *call* has its answer and its marks ([`model::Whistle`], [`model::Call`]); a *claim* is an offer from society
//! ([`model::ClaimRow`]); an *order* moves work between units on a day ([`ops::reorganise`]).
//!
//! Invariants:
//! - the life of a case is decided in `cases`; here are the lists, the pages and what stands beside it;
//! - lists of parts, whistles and mentions follow the outbox and cost a step of a case nothing;
//! - figures are of units, never of people; a claimant sees place, class and redacted text and nothing else.

pub mod http;
pub mod jobs;
pub mod model;
pub mod ops;
pub mod pages;
mod redact;
mod room;
pub mod rules;
pub mod sql;
pub mod sql_desk;
mod sql_keep;

pub use pages::CasePanel;
pub use room::Whistles;

/// The tables of this capability.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 61,
        name: "dispatch",
        sql: include_str!("../migrations/0061_dispatch.sql"),
    },
    store::Migration {
        number: 118,
        name: "whistle_limits",
        sql: include_str!("../migrations/0118_whistle_limits.sql"),
    },
    store::Migration {
        number: 148,
        name: "reorganisation_heirs",
        sql: include_str!("../migrations/0148_reorganisation_heirs.sql"),
    },
];

/// What dispatch brings to the program: its calls, its pages, its tables, its words.
pub fn capability() -> access::Capability {
    let capability = access::Capability::new("dispatch", pages::add(http::routes()))
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        );
    pages::menu(capability)
}
