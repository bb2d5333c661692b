//! 身边事 — what happens near a resident: the public matters of a place as a list with a map, as a feed, and by e-mail. No
//! account is needed for any of it.
//!
//! Words: a *place* is a division, from the district to the community ([`model::Wanted`]); an *entry* is what everybody may
//! know of a case ([`model::Entry`]); a *stand* is its state in words that need no explanation ([`model::Stand`]); a
//! *subscription* is somebody's wish to hear of a place; a *letter* is what is sent for it.
//!
//! Invariants:
//! - what is public is decided in one place, [`open311::ops::is_public`], and only words that a person has read are shown;
//! - no point is finer than the street: entries of one street stand on one point, its middle;
//! - the position of a device picks a place and is stored nowhere: not in a table, not in a log, not in a cookie;
//! - an address lies in the vault under a purpose of its own, is in no list, and is erased with its subscription;
//! - no answer tells whether an address is subscribed;
//! - until somebody confirmed by the link in the first letter, no second one is sent.
//!
//! Deliberately absent: joining subscriptions of one person. Whoever subscribes to two places gets two letters, each with its
//! own link that ends it.

pub mod http;
pub mod jobs;
pub mod letter;
pub mod model;
pub mod ops;
mod pages;
pub mod rules;
pub mod service;
pub mod sql;

pub use service::Nearby;

/// The index of streets, the purpose of the vault, and the tables of subscriptions.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 96,
        name: "near",
        sql: include_str!("../migrations/0096_near.sql"),
    },
    store::Migration {
        number: 97,
        name: "near_subscriptions",
        sql: include_str!("../migrations/0097_near_subscriptions.sql"),
    },
];

/// The words of the pages, the feed and the letters.
pub(crate) const LOCALES: (&str, &str) = (
    include_str!("../locales/zh-CN.ftl"),
    include_str!("../locales/en.ftl"),
);

/// What it brings to the program: pages, feed, calls, tables, words. A [`Nearby`] must be among the services.
pub fn capability() -> access::Capability {
    access::Capability::new("nearby", pages::add(http::routes()))
        .migrations(MIGRATIONS)
        .locales(LOCALES.0, LOCALES.1)
}
