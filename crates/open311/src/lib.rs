//! Open311 GeoReport v2 — a city's services and public requests in the words other programs know (`domain.md` §8.1;
//! <https://wiki.open311.org/GeoReport_v2/>).
//!
//! What is public: cases of classes flagged `public`, unless their requester asked for confidence; their state, class, unit
//! and dates; their place as the middle of their street ([`place`]); their words only after a person has read them
//! ([`ops::publish`]). A report of any other class is known by the private link of its requester alone, never by its
//! number. No picture is published.
//!
//! Invariants: nothing of a person leaves by this door; a key is needed to report, and each key has its own rate; every
//! answer exists as XML and as JSON, made from one value.

pub mod http;
pub mod model;
pub mod ops;
mod pages;
pub mod place;
pub mod sql;
pub mod wire;

/// The tables of Open311.
pub const MIGRATIONS: &[store::Migration] = &[store::Migration {
    number: 60,
    name: "open311",
    sql: include_str!("../migrations/0060_open311.sql"),
}];

/// What Open311 brings to the program: its calls, the page of public words, its table, its words.
pub fn capability() -> access::Capability {
    access::Capability::new("open311", pages::add(http::routes()))
        .refusals("/open311/", wire::refusal)
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu(
            "open311-menu", // word
            "/public-texts",
            access::Permission::CaseAccept,
            45,
        )
}
