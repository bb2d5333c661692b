//! 个人信息保险库 — people's data beside the case (`rights.md`, `domain.md` §6.1).
//!
//! A *subject* is a person as far as one matter needs to know them: a name, a phone number, the original of a text whose
//! public version is masked. Each *field* is sealed under the subject's own key, has a purpose and a legal basis, and
//! may have a date until which it is kept. A subject's key is wrapped under the *master key*, which never enters the
//! database. *Erasing* destroys the wrapped key: the case and its proof stay.
//!
//! Invariants:
//! - a field leaves this crate in the clear only through [`ops::look`], which records the look in the same write;
//! - a refused look of a member of staff or a resident is recorded as well; the person can read both ([`ops::looks_of`]);
//! - what pages show without a look is masked ([`ops::masked`]: 张*, 138****1234);
//! - a search needs a purpose, goes through a blind index, and is noted with everybody it found;
//! - the reporter of a confidential matter is shown to nobody unless two people agreed and wrote down why;
//! - nothing outside this crate joins a subject with a count, a score, a rank or a label ([`guard`]).
//!
//! Deliberately absent: any list of people, any count per person, any join of subjects of different matters.

pub mod crypto;
pub mod guard;
pub mod keys;
pub mod model;
pub mod ops;
pub mod sql;

pub use keys::{Keys, MasterKeys};
pub use model::{Field, Look, Masked, NewSubject, Purpose, VaultError};

/// The tables of the vault.
pub const MIGRATIONS: &[store::Migration] = &[store::Migration {
    number: 45,
    name: "vault",
    sql: include_str!("../migrations/0045_vault.sql"),
}];

/// What the vault brings to the program: its tables and the words of its refusals. It has no pages of its own.
pub fn capability() -> access::Capability {
    access::Capability::new("vault", access::Routes::new("vault"))
        .migrations(MIGRATIONS)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
}
