//! The words of suggestion: settings, models, outcomes. Plain types, no I/O.

use jiff::Timestamp;
use kernel::id::Id;
use serde::{Deserialize, Serialize};

kernel::typed_id! {
    /// 热点 — a hot topic.
    HotTopicId
}
store::id_value!(HotTopicId);

/// The share of right answers asked of a model where it speaks, unless a city sets another.
pub const USUAL_TARGET: f64 = 0.9;
/// The number that stands for the keywords of the catalogue among models.
pub const KEYWORDS: i64 = 0;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them, in the order shown to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in the store, the API and files.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("{:?} is not one of {}", text.chars().take(40).collect::<String>(), [$($word),*].join(", "))),
                }
            }
        }
        store::text_value!($name);
    };
}

words! {
    /// What a model suggests.
    Kind {
        /// 类别
        Class = "class",
        /// 承办单位
        Unit = "unit",
    }
}

words! {
    /// Where a model stands.
    Standing {
        /// It suggests.
        InForce = "in_force",
        /// A later one took its place.
        Replaced = "replaced",
        /// It was worth too little on what it had not seen, and never suggested.
        Weak = "weak",
    }
}

words! {
    /// What a person decided.
    Outcome {
        /// As was suggested.
        Accepted = "accepted",
        /// Otherwise.
        Overridden = "overridden",
        /// The machine had said nothing.
        Silent = "silent",
    }
}

store::record! {
    /// How suggestion is set.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Settings {
        /// Counts up with each change.
        pub version: i64,
        /// Whether anything is suggested at all.
        pub enabled: bool,
        /// Whether a new model is trained each night.
        pub nightly: bool,
        /// The share of right answers wanted where a model speaks.
        pub target: f64,
        /// The least confidence at which it speaks.
        pub least: f64,
    }
}

store::record! {
    /// A model as it is listed, without its weights.
    #[derive(Debug, Clone, PartialEq)]
    pub struct ModelRow {
        /// Its number, from 1.
        pub number: i64,
        /// What it suggests.
        pub kind: Kind,
        /// When it was made.
        pub made_at: Timestamp,
        /// The seed.
        pub seed: i64,
        /// Messages it learned from.
        pub messages: i64,
        /// The first of them.
        pub first_at: Timestamp,
        /// The last of them.
        pub last_at: Timestamp,
        /// Classes or units it tells apart.
        pub classes: i64,
        /// Features it knows.
        pub features: i64,
        /// It speaks at this confidence or above.
        pub threshold: f64,
        /// Newest messages held back to measure it.
        pub held_back: i64,
        /// Share of right best guesses among those.
        pub accuracy: Option<f64>,
        /// Mean F1 over classes.
        pub macro_f1: Option<f64>,
        /// Share of them that it answered.
        pub coverage: Option<f64>,
        /// Share of right answers among the answered.
        pub answered_right: Option<f64>,
        /// Where it stands.
        pub standing: Standing,
        /// Since when it suggests.
        pub from_at: Option<Timestamp>,
        /// Until when it suggested.
        pub to_at: Option<Timestamp>,
    }
}

/// What a person decided where a model was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeRow {
    /// The district of the case.
    pub district: kernel::codes::DistrictCode,
    /// The case.
    pub case: cases::CaseId,
    /// What was suggested: class or unit.
    pub kind: Kind,
    /// By which model; 0 for keywords.
    pub model: i64,
    /// When the person decided.
    pub at: Timestamp,
    /// What was suggested; none where the machine was silent.
    pub suggested: Option<Id>,
    /// How sure it was.
    pub confidence: Option<f64>,
    /// What the person decided.
    pub decided: Id,
    /// How the two compare.
    pub outcome: Outcome,
}

/// How often people decided as a model suggested.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Shares {
    /// As suggested.
    pub accepted: u64,
    /// Otherwise.
    pub overridden: u64,
    /// The machine had said nothing.
    pub silent: u64,
}

impl Shares {
    /// Decisions where something was suggested.
    pub fn suggested(self) -> u64 {
        self.accepted + self.overridden
    }
    /// All decisions.
    pub fn all(self) -> u64 {
        self.suggested() + self.silent
    }
    /// Adds decisions of one outcome.
    pub fn add(&mut self, outcome: Outcome, n: u64) {
        *match outcome {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Overridden => &mut self.overridden,
            Outcome::Silent => &mut self.silent,
        } += n;
    }
}
