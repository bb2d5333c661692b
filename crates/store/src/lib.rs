//! The record store: one thin layer over SQLite and PostgreSQL.
//!
//! A transaction is a synchronous closure: `db.write(grant, |mut w| { …; w.commit(event, value) })`. One SQL text with
//! `$1` serves both engines; the few true differences stand in [`dialect`]. Database drivers live only in this crate.
//!
//! Words: a *lane* is one of two queues (people first, background after); a [`Grant`] says on whose behalf a
//! transaction runs, and only `access` mints one; [`Sealed`] is the proof that an audit event was written.
//!
//! Invariants:
//! - no change without an audit event: a write closure must return [`Sealed`], which only [`Write::commit`] makes (read
//!   models, which can be made again from the record, are written by [`Write::derive`] and its kin, and by nothing else);
//! - a write is acknowledged only after the COMMIT that holds it;
//! - a closure may run again after a conflict, so it owns its input and has no side effects.

pub mod audit;
mod db;
mod derive;
pub mod dialect;
pub mod dump;
mod error;
mod grant;
mod lanes;
pub mod migrate;
mod outbox;
mod postgres;
pub mod sandbox;
mod sqlite;
mod tx;
mod value;

pub use audit::{AuditEvent, Outcome};
pub use db::{Db, DbOptions, Engine, Lane};
pub use derive::Merge;
pub use error::{StoreError, StoreResult};
pub use grant::{Actor, ActorKind, Grant};
pub use migrate::Migration;
pub use outbox::OutboxRow;
pub use tx::{Read, Sealed, Write};
pub use value::{DecodeError, FromRow, FromValue, Row, ToValue, Value, ValueRef};

/// The tables that every capability stands on: audit, outbox, settings.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "foundation",
        sql: include_str!("../migrations/0001_foundation.sql"),
    },
    Migration {
        number: 2,
        name: "outbox_readers",
        sql: include_str!("../migrations/0002_outbox_readers.sql"),
    },
];
