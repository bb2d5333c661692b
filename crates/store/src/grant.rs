//! On whose behalf a transaction runs. Only `access` mints a [`Grant`] (clippy's disallowed methods and a test say so).

use jiff::Timestamp;
use kernel::id::Id;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What kind of principal acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// A staff account, in person or by one of its tokens.
    Staff,
    /// A resident with an account or a private link.
    Resident,
    /// Somebody without any account.
    Stranger,
    /// A named part of the program itself, such as the importer.
    System,
}

impl ActorKind {
    /// The word stored in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Resident => "resident",
            Self::Stranger => "stranger",
            Self::System => "system",
        }
    }
}

/// Who acts, as the audit trail names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The kind of principal.
    pub kind: ActorKind,
    /// The account, or the name of the system part hashed into an id; none for strangers.
    pub id: Option<Id>,
    /// 代理 — the account in whose place it acts.
    pub on_behalf: Option<Id>,
}

/// A permit to open the store: who, when, for which request and purpose. Counts the statements it pays for.
#[derive(Debug, Clone)]
pub struct Grant {
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
    pub(crate) request: Id,
    pub(crate) purpose: Option<String>,
    pub(crate) statements: Arc<AtomicU32>,
}

impl Grant {
    /// Makes a grant. Only `access` may call this: it has checked the permission first.
    pub fn mint(actor: Actor, now: Timestamp, request: Id, purpose: Option<String>) -> Self {
        Self {
            actor,
            now,
            request,
            purpose,
            statements: Arc::default(),
        }
    }
    /// The same request at a later moment (long work renews its time for each transaction).
    pub fn at(&self, now: Timestamp) -> Self {
        Self {
            now,
            ..self.clone()
        }
    }
    /// Who acts.
    pub fn actor(&self) -> Actor {
        self.actor
    }
    /// The moment of the request: every time written by it.
    pub fn now(&self) -> Timestamp {
        self.now
    }
    /// The request's id, the reference number shown to people when something fails.
    pub fn request(&self) -> Id {
        self.request
    }
    /// The stated purpose of looking at a person's data, if any.
    pub fn purpose(&self) -> Option<&str> {
        self.purpose.as_deref()
    }
    /// How many SQL statements ran on this grant so far (BEGIN, COMMIT and SAVEPOINT not counted).
    pub fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }
}
