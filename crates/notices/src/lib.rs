//! 通知 — telling people what concerns them: in the program, by e-mail, by a signed webhook to the city's gateway for text
//! messages, WeChat or DingTalk.
//!
//! Words: a *notice* is what one person is told ([`model::NewNotice`]); its *kind* has a *template* in each language, which
//! is data of the city; a *channel* ([`channels::Channel`]) carries it out of the program, and a *delivery* is its way by
//! one channel. Other capabilities post a notice inside their own transaction ([`ops::post`]); a worker delivers.
//!
//! Invariants:
//! - each notice once: the key `once` makes a repeated post change nothing;
//! - a notice that was posted is delivered, or stands in the list of failures until somebody looks; what was sent twice
//!   (the program was killed between sending and noting it) carries the same id twice;
//! - no table holds a contact in the clear: addresses lie in the vault, each opening of one is a recorded look;
//! - title and text hold no person's data, because no template has a place for it;
//! - the program calls no host that the operator did not name ([`outgoing`]).

pub mod channels;
mod http;
pub mod jobs;
pub mod model;
pub mod ops;
pub mod outgoing;
mod pages;
pub mod rules;
pub mod service;
pub mod sql;
pub mod template;

pub use model::{NewNotice, NoticeError, Place, To};
pub use service::{Notices, NoticesConfig};

/// The tables of notices.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 33,
        name: "notices",
        sql: include_str!("../migrations/0033_notices.sql"),
    },
    // Stands after the tables of the vault.
    store::Migration {
        number: 68,
        name: "notice_purpose",
        sql: include_str!("../migrations/0068_notice_purpose.sql"),
    },
    store::Migration {
        number: 121,
        name: "notice_troubles",
        sql: include_str!("../migrations/0121_notice_troubles.sql"),
    },
];

/// What notices bring to the program: calls, pages, tables, words. A [`Notices`] must be among the services.
pub fn capability() -> access::Capability {
    use access::Permission as P;
    access::Capability::new("notices", pages::add(http::routes()))
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu(
            "notices-menu-failed",
            "/notices/failed",
            P::NoticeManage,
            830,
        )
}
