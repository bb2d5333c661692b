//! 附件 — pictures and documents of a case.
//!
//! An *upload* comes first and belongs to nobody; within a day the transaction of a report or of a step *attaches* it to
//! its case ([`ops::attach`]); an upload that no case took is an *orphan* and goes with its files, one that was taken
//! leaves the list of uploads at the same time ([`ops::clean_orphans`]).
//!
//! Invariants:
//! - nothing is stored that was not cleaned by [`process`]: pictures are pixels only, documents do not act;
//! - the name and the media type that a sender claims are never used;
//! - an attachment is read only by whom the case's own rule lets in ([`MayRead`]), and only if its bytes still have the
//!   hash they were stored with.

pub mod files;
mod http;
pub mod model;
pub mod ops;
pub mod process;
pub mod sql;

pub use files::Files;
pub use model::{Attachment, AttachmentError, AttachmentKind, Uploaded};
pub use ops::{Attachments, MayRead};
pub use process::Offered;

/// The tables of attachments.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 55,
        name: "attachments",
        sql: include_str!("../migrations/0055_attachments.sql"),
    },
    store::Migration {
        number: 56,
        name: "attached_once",
        sql: include_str!("../migrations/0056_attached_once.sql"),
    },
    store::Migration {
        number: 74,
        name: "attached_marks",
        sql: include_str!("../migrations/0074_attached_marks.sql"),
    },
];

/// What attachments bring to the program. An [`Attachments`] must be among the services.
pub fn capability() -> access::Capability {
    access::Capability::new("attachments", http::routes())
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
}
