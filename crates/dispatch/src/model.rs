//! The words of dispatch: a unit's part, a whistle and its calls, a mention, a hand-over, a subscription, a claim. Plain data.

use access::{AccountId, UnitId};
use cases::{Case, CaseId};
use jiff::Timestamp;
use kernel::DivisionCode;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them, in the order shown to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in the store, the API and the language files.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => {
                        let text: String = text.chars().take(40).collect();
                        Err(format!("{text:?} is none of {}", [$($word),*].join(", ")))
                    }
                }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        store::text_value!($name);
    };
}

words! {
    /// How a unit that was called stands to the whistle.
    Standing {
        /// 待响应
        Called = "called",
        /// 已响应 — it comes.
        Responded = "responded",
        /// 已报到 — it was there.
        Arrived = "arrived",
        /// 不到场 — with its reason.
        Declined = "declined",
    }
}

words! {
    /// How one side of a whistle judges the other afterwards (双向评价). Of units, never of people.
    Mark {
        /// 好
        Good = "good",
        /// 一般
        Fair = "fair",
        /// 差
        Poor = "poor",
    }
}

words! {
    /// How a claim ended.
    ClaimOutcome {
        /// It stands.
        Open = "open",
        /// The unit reported back or took the case back while it stood.
        Past = "past",
        /// What was done was shown, and the unit went on with it.
        Shown = "shown",
        /// It was given up or ended.
        Dropped = "dropped",
        /// Nothing was shown in time.
        Lapsed = "lapsed",
    }
}

/// A part that a unit owes or owed an answer to, with its case.
#[derive(Debug, Clone)]
pub struct UnitPart {
    /// The number of the part.
    pub part: u32,
    /// Whose it is.
    pub unit: UnitId,
    /// When it is due.
    pub due_at: Timestamp,
    /// Whether the answer is still owed.
    pub is_open: bool,
    /// The case.
    pub case: Case,
}

/// The key of a case.
pub type CaseKey = (DistrictCode, CaseId);

store::record! {
    /// 吹哨 — a street calls departments.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Whistle {
        /// The district that keeps the record.
        pub district: DistrictCode,
        /// Its id.
        pub id: Id,
        /// The case it was whistled for.
        pub case: Option<CaseId>,
        /// The event of the case.
        pub seq: Option<u32>,
        /// Who whistles.
        pub unit: UnitId,
        /// Where: the division.
        pub division: Option<DivisionCode>,
        /// Where, in words.
        pub address: String,
        /// What for.
        pub ask: String,
        /// When.
        pub at: Timestamp,
        /// When each has to have responded.
        pub due_at: Timestamp,
        /// When the whistler ended it.
        pub ended_at: Option<Timestamp>,
        /// How long they have; none in whistles of before it was kept.
        pub limit_text: Option<String>,
        /// The calendar did not reach that far.
        pub provisional: bool,
        /// The calendar version by which it is due.
        pub calendar: Option<String>,
        /// When it was due before another calendar moved it.
        pub was_due_at: Option<Timestamp>,
        /// Who whistled before a reorganisation.
        pub was_unit: Option<UnitId>,
    }
}

store::record! {
    /// 报到 — a unit that was called.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Call {
        /// The district that keeps the record.
        pub district: DistrictCode,
        /// The whistle.
        pub whistle: Id,
        /// Who was called.
        pub unit: UnitId,
        /// When it has to have responded.
        pub due_at: Timestamp,
        /// How it stands.
        pub standing: Standing,
        /// When it answered, whatever it answered.
        pub responded_at: Option<Timestamp>,
        /// When it was there.
        pub arrived_at: Option<Timestamp>,
        /// What it answered.
        pub words: String,
        /// How the whistler judges it.
        pub of_unit: Option<Mark>,
        /// Why.
        pub of_unit_why: String,
        /// How it judges the whistle.
        pub of_whistle: Option<Mark>,
        /// Why.
        pub of_whistle_why: String,
        /// Who was called before a reorganisation.
        pub was_unit: Option<UnitId>,
    }
}

impl Call {
    /// Whether it answered too late, or has not answered and its time is over.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.responded_at.unwrap_or(now) > self.due_at
    }
}

store::record! {
    /// 提及 — somebody was named in a note.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Mention {
        /// The district of the case.
        pub district: DistrictCode,
        /// The case.
        pub case: CaseId,
        /// The note's event.
        pub seq: u32,
        /// When.
        pub at: Timestamp,
        /// By whom.
        pub by: Option<AccountId>,
        /// When it was read.
        pub seen_at: Option<Timestamp>,
    }
}

store::record! {
    /// 交接班 — what one shift left to the next.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Handover {
        /// Its id.
        pub id: Id,
        /// Which desk: the word of a role, or `unit`.
        pub desk: String,
        /// The unit, where the desk is a unit's.
        pub unit: Option<UnitId>,
        /// When it was given.
        pub given_at: Timestamp,
        /// By whom.
        pub given_by: AccountId,
        /// What was open, as JSON ([`OpenWork`]).
        pub open_work: String,
        /// What the next shift must know.
        pub words: String,
        /// When it was taken over.
        pub taken_at: Option<Timestamp>,
        /// By whom.
        pub taken_by: Option<AccountId>,
        /// What was said then.
        pub taken_words: String,
    }
}

/// What was open at a desk when a shift ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenWork {
    /// How many cases stand in each state.
    pub states: Vec<(String, i64)>,
    /// The most pressing of them, by number.
    pub pressing: Vec<String>,
    /// Parts of other units' cases that this unit owes.
    #[serde(default)]
    pub parts: i64,
    /// Whistles that this unit has not answered.
    #[serde(default)]
    pub calls: i64,
}

store::record! {
    /// 订阅 — what an enterprise, an organisation or a group wants to know of.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Subscription {
        /// Its id.
        pub id: Id,
        /// Whose it is.
        pub unit: UnitId,
        /// Only classes of this catalogue; empty for any.
        pub catalogue: String,
        /// Only classes whose code is this or begins with it; empty for any.
        pub matter: String,
        /// Only in this division; none for anywhere.
        pub division: Option<DivisionCode>,
        /// When it was made.
        pub made_at: Timestamp,
    }
}

store::record! {
    /// 认领 — a claim and how it ended.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ClaimRow {
        /// The district of the case.
        pub district: DistrictCode,
        /// The case.
        pub case: CaseId,
        /// When it was made.
        pub at: Timestamp,
        /// By whom.
        pub unit: UnitId,
        /// When it is over if nothing was shown.
        pub until: Timestamp,
        /// When something was shown.
        pub shown_at: Option<Timestamp>,
        /// When it ended.
        pub ended_at: Option<Timestamp>,
        /// How.
        pub outcome: ClaimOutcome,
    }
}

/// What a unit did and got by whistles in a stretch of time. By unit, never by person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct WhistleFigures {
    /// Times it was called.
    pub called: i64,
    /// Of these, answered in time.
    pub in_time: i64,
    /// Of these, answered late, or not answered with the time over.
    pub late: i64,
    /// Of these, it was there.
    pub arrived: i64,
    /// Of these, declined.
    pub declined: i64,
    /// Of these, judged good, fair, poor by the whistler.
    pub judged: [i64; 3],
    /// Times it whistled.
    pub whistled: i64,
    /// Answers of the units it called about its whistles: good, fair, poor.
    pub whistles_judged: [i64; 3],
}
