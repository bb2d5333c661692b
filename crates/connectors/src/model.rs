//! Plain types of connectors; no I/O.

use access::{AccountError, AccountId, Problem, Refused, UnitId, Word};
use axum::http::StatusCode;
use cases::model::JointFact;
use cases::ops::CaseError;
use cases::{Case, CaseEvent, Fact, State};
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use store::StoreError;
use vault::VaultError;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in the store and the API.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(format!(concat!("unknown ", stringify!($name), " {:?}"), text)) }
            }
        }
        store::text_value!($name);
    };
}

words! {
    /// What another system is to us.
    Kind {
        /// A unit's own: it gets the unit's orders and acknowledges them.
        Unit = "unit",
        /// A subscriber: it hears of events, in few words.
        Events = "events",
    }
}

words! {
    /// Where a hand-over stands.
    Standing {
        /// It waits to be sent or pulled.
        Waiting = "waiting",
        /// The other side has it and has not acknowledged it.
        Sent = "sent",
        /// Acknowledged.
        Taken = "taken",
        /// Given up.
        Failed = "failed",
        /// Somebody looked, and nothing more is to be done.
        Dropped = "dropped",
    }
}

words! {
    /// What is the matter with a connector.
    Trouble {
        /// What was handed over to it was not acknowledged in time.
        Late = "late",
        /// Calls to it were given up.
        Failed = "failed",
    }
}

store::record! {
    /// What people were told of a connector.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Told {
        /// The connector.
        pub connector: Id,
        /// What is the matter with it.
        pub trouble: Trouble,
        /// When they were told.
        pub since: Timestamp,
    }
}

store::record! {
    /// How a connector kept its time of late.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Pace {
        /// It took something in time that was made after people were told of trouble.
        pub in_time: bool,
        /// Something was not taken in time within the last hour.
        pub late_this_hour: bool,
        /// The same, within the last day.
        pub late_this_day: bool,
    }
}

store::record! {
    /// Another system.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Connector {
        /// Its id.
        pub id: Id,
        /// Counts changes.
        pub version: i64,
        /// What it is called.
        pub name: String,
        /// What it is to us.
        pub kind: Kind,
        /// Whose it is.
        pub unit: Option<UnitId>,
        /// The technical account by which it calls us.
        pub account: Option<AccountId>,
        /// Where it is called; empty = it pulls.
        pub url: String,
        /// Of which events a subscriber hears, words separated by spaces; `*` = all.
        pub topics: String,
        /// How long an order may stay without acknowledgement, in minutes.
        pub ack_minutes: i64,
        /// How long a call may take, in seconds.
        pub timeout_s: i64,
        /// Whether it is in use.
        pub enabled: bool,
        /// Why it did not go along when its unit ended, in a word; empty if it has its unit.
        pub stranded: String,
    }
}

words! {
    /// Why the system of a unit hears of nothing any more.
    Stranded {
        /// The work of its unit goes to several others.
        Several = "several",
        /// The unit that takes the work over has a system of its own.
        HasSystem = "has_system",
        /// Its unit has ended, and nobody said where its work goes.
        Ended = "ended",
    }
}

impl Connector {
    /// The name of its secret among the keys of the vault.
    pub fn secret_name(&self) -> String {
        format!("connector/{}", self.id)
    }
    /// Why nothing reaches it any more; none while it is not in use, and while its unit is in force.
    pub fn is_stranded(&self, is_in_force: impl Fn(UnitId) -> bool) -> Option<Stranded> {
        let unit = self
            .unit
            .filter(|_| self.enabled && self.kind == Kind::Unit)?;
        (!is_in_force(unit)).then(|| self.stranded.parse().unwrap_or(Stranded::Ended))
    }
    /// Whether it hears of an event of a case, and by which word. `orders` are the [`order_events`] of it.
    pub fn hears(&self, orders: &[(&'static str, UnitId)], word: &str) -> Option<&'static str> {
        match self.kind {
            Kind::Unit => orders
                .iter()
                .find(|(_, unit)| Some(*unit) == self.unit)
                .map(|e| e.0),
            Kind::Events => {
                let is_wanted = self
                    .topics
                    .split_whitespace()
                    .any(|t| t == "*" || t == word);
                is_wanted.then_some("event")
            }
        }
    }
}

/// A hand-over by which a unit loses what it had: it carries no order.
pub const LOSSES: [&str; 2] = ["withdrawn", "part_withdrawn"];

/// What an event means to the systems of units, and to which unit, from the case as it was before it and as it is after it.
/// Everything else does not change what is to be done; what a unit did itself, its system knows. A system hears of an event
/// once: of the first that concerns its unit.
pub fn order_events(before: &Case, after: &Case, event: &CaseEvent) -> Vec<(&'static str, UnitId)> {
    let handling = match &event.fact {
        Fact::Dispatched { unit, .. } => vec![("dispatched", Some(*unit))],
        Fact::Checked { passed: false, .. } => vec![("rework", after.unit)],
        // Its unit has it again with a new deadline. One that has to be dispatched first comes with the dispatch.
        Fact::Reopened { .. } if is_to_be_handled(after) => vec![("reopened", after.unit)],
        Fact::Extended { .. } => vec![("extended", after.unit)],
        Fact::ExtensionRefused { .. } => vec![("extension_refused", after.unit)],
        Fact::Suspended { .. } => vec![("suspended", after.unit)],
        Fact::SuspensionRefused { .. } => vec![("suspension_refused", after.unit)],
        Fact::Resumed { .. } | Fact::WaitLapsed { .. } => vec![("resumed", after.unit)],
        Fact::RequesterAnswered { .. } => vec![("requester_answered", after.unit)],
        Fact::Voided { .. } | Fact::Merged { .. } => vec![("withdrawn", before.unit)],
        Fact::Unmerged if is_to_be_handled(after) => vec![("dispatched", after.unit)],
        // A reorganisation: what is over stays over.
        Fact::Joint(JointFact::UnitChanged { .. })
            if before.unit != after.unit && !after.state.is_final() =>
        {
            vec![("withdrawn", before.unit), ("dispatched", after.unit)]
        }
        _ => Vec::new(),
    };
    let handling = handling
        .into_iter()
        .filter_map(|(word, unit)| Some((word, unit?)));
    handling.chain(part_events(before, after)).collect()
}

/// Whether the work on a case is its unit's to do.
fn is_to_be_handled(case: &Case) -> bool {
    matches!(
        case.state,
        State::PendingSign | State::Handling | State::Suspended | State::Waiting
    )
}

/// The parts that a unit got or lost, whatever it was that gave or took them.
fn part_events(before: &Case, after: &Case) -> Vec<(&'static str, UnitId)> {
    let mut told = Vec::new();
    for part in &after.joint.parts {
        match before.joint.part(part.no).filter(|was| was.is_open()) {
            Some(was) if was.unit != part.unit => {
                told.extend([("part_withdrawn", was.unit), ("part_asked", part.unit)]);
            }
            Some(was) if part.recalled_at.is_some() => told.push(("part_withdrawn", was.unit)),
            None if part.is_open() => told.push(("part_asked", part.unit)),
            _ => {}
        }
    }
    told
}

store::record! {
    /// One event of a case on its way to another system.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Handover {
        /// The district of the case.
        pub district: DistrictCode,
        /// The other system.
        pub connector: Id,
        /// The case.
        pub case: Id,
        /// The event in its life.
        pub event_seq: u32,
        /// The place of its row in the outbox.
        pub place: i64,
        /// The number of the case.
        pub case_no: String,
        /// What it means, such as `dispatched`.
        pub event: String,
        /// When it was made.
        pub made_at: Timestamp,
        /// Where it stands.
        pub state: Standing,
        /// How often it was sent.
        pub attempts: u32,
        /// Until when it should have been acknowledged.
        pub ack_due_at: Timestamp,
        /// When it was sent.
        pub sent_at: Option<Timestamp>,
        /// When it was acknowledged.
        pub taken_at: Option<Timestamp>,
        /// Why it failed.
        pub failure: String,
    }
}

impl Handover {
    /// The id that every message of it carries.
    pub fn message_id(&self) -> String {
        format!("{}-{}-{}", self.case, self.event_seq, self.connector)
    }
    /// Whether somebody should look.
    pub fn is_stuck(&self, now: Timestamp) -> bool {
        match self.state {
            Standing::Failed => true,
            Standing::Waiting | Standing::Sent => self.ack_due_at < now,
            Standing::Taken | Standing::Dropped => false,
        }
    }
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// A permission is lacking.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The case is out of reach, or cannot be found.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// There is no such connector or hand-over for this reader.
    #[error("there is no such connector or hand-over")]
    NotFound,
    /// The caller's unit has no connector.
    #[error("the caller's unit has no connector in use")]
    NoConnector,
    /// A field cannot be used.
    #[error("{field}: {reason}")]
    Field {
        /// The field.
        field: &'static str,
        /// The code of the sentence.
        code: &'static str,
        /// In English.
        reason: String,
    },
    /// The technical account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ConnectorError {
    pub(crate) fn field(
        field: &'static str,
        code: &'static str,
        reason: impl Into<String>,
    ) -> Self {
        let reason = reason.into();
        Self::Field {
            field,
            code,
            reason,
        }
    }
}

impl Problem for ConnectorError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(e) => e.status(),
            Self::Case(e) => e.status(),
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NoConnector => StatusCode::CONFLICT,
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Account(e) => e.status(),
            Self::Vault(e) => e.status(),
            Self::Store(e) => e.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(e) => e.code(),
            Self::Case(e) => e.code(),
            Self::NotFound => "connectors.not_found",
            Self::NoConnector => "connectors.none_of_unit",
            Self::Field { code, .. } => code,
            Self::Account(e) => e.code(),
            Self::Vault(e) => e.code(),
            Self::Store(e) => e.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Field { field, .. } => Some((*field).to_owned()),
            Self::Case(e) => Problem::field(e),
            _ => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Refused(e) => e.args(),
            Self::Case(e) => e.args(),
            // words: connectors-bad-*
            Self::Field {
                field,
                code: "connectors.bad_field",
                ..
            } => {
                let key = match *field {
                    "name" => "connectors-bad-name",
                    "ack_minutes" => "connectors-bad-ack-minutes",
                    "timeout_s" => "connectors-bad-timeout",
                    "what" => "connectors-bad-what",
                    _ => "connectors-bad-value",
                };
                vec![("why", Word::Key(key.to_owned()))]
            }
            _ => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(e) => e.retry_after_s(),
            Self::Case(e) => e.retry_after_s(),
            _ => None,
        }
    }
}
