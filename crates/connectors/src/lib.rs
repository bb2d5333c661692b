//! 系统对接 — other systems: a unit's own pulls its orders, or gets them by signed webhook, and acts on them through the API;
//! subscribers hear of events; an order can be printed.
//!
//! Words: a *connector* is another system ([`model::Connector`]); a *hand-over* is one event of a case on its way to it
//! ([`model::Handover`]); it is *stuck* when it failed or was not acknowledged in time.
//!
//! Invariants:
//! - an order is handed over at least once, and every message of it carries the same id;
//! - what is stuck stands in a list of the administrator and of the unit until it is taken or somebody looked; people are told
//!   once of what is the matter with a connector, and once when it is over;
//! - a unit's system sees what its unit may see, never the person who reported;
//! - a unit's system goes where all the work of its unit goes ([`Systems`]); where that is not one unit, people are told why;
//! - the program calls no host that the operator did not name.

mod follow;
mod http;
pub mod jobs;
pub mod model;
pub mod ops;
mod order;
mod pages;
mod push;
mod room;
mod rules;
pub mod sql;

pub use follow::{READER, begin, follow, step};
pub use push::{Claimed, claim, push_due, send_one, settle, tell_stuck};
pub use room::Systems;

/// The tables of connectors.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 67,
        name: "connectors",
        sql: include_str!("../migrations/0067_connectors.sql"),
    },
    store::Migration {
        number: 125,
        name: "connector_troubles",
        sql: include_str!("../migrations/0125_connector_troubles.sql"),
    },
    store::Migration {
        number: 135,
        name: "connectors_follow",
        sql: include_str!("../migrations/0135_connectors_follow.sql"),
    },
];

/// What connectors bring to the program: calls, pages, tables, words.
pub fn capability() -> access::Capability {
    use access::Permission as P;
    access::Capability::new("connectors", pages::add(http::routes()))
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu("connectors-menu", "/connectors", P::SystemManage, 835)
        .menu(
            "connectors-menu-keys",
            "/connectors/keys",
            P::AccountManage,
            836,
        )
}
