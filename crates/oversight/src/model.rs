//! What an auditor looks at. Plain types.

use cases::moves::Act;
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::id::Id;

/// The word in the audit trail of a record made later than what it tells, such as an act done without a network.
pub use cases::ops::LATE_RECORD;

/// 特殊操作 — a kind of act that an auditor wants to see whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Special {
    /// Its word in addresses and files.
    pub code: &'static str,
    /// The acts that belong to it, each with the head of the fact that the record holds of it.
    pub acts: &'static [(Act, &'static str)],
}

/// The word of the kind of acts that were recorded later than they were done.
pub const LATE: &str = "late";

/// So many characters of a fact, from the word of its event on, tell which event it is (`{"event":"merged","into":…`).
/// Migration 0124 keeps an index over them.
pub const HEAD: usize = 11;

/// The kinds, in the order shown.
pub const SPECIALS: &[Special] = &[
    Special {
        code: "void",
        acts: &[
            (Act::RequestVoid, "void_reques"),
            (Act::RefuseVoid, "void_refuse"),
            (Act::Void, "voided\",\"re"),
        ],
    },
    Special {
        code: "merge",
        // A taken-apart merge stands alone, or with what it says about clocks behind it.
        acts: &[
            (Act::Merge, "merged\",\"in"),
            (Act::Unmerge, "unmerged\"}"),
            (Act::Unmerge, "unmerged\",\""),
        ],
    },
    Special {
        code: LATE,
        acts: &[],
    },
    Special {
        code: "clock",
        acts: &[
            (Act::GrantExtension, "extended\",\""),
            (Act::Suspend, "suspended\","),
            (Act::Resume, "resumed\",\"d"),
        ],
    },
    Special {
        code: "exemption",
        acts: &[
            (Act::LodgeAppeal, "appeal_lodg"),
            (Act::EndorseAppeal, "appeal_endo"),
            (Act::GrantAppeal, "appeal_gran"),
            (Act::RefuseAppeal, "appeal_refu"),
        ],
    },
    Special {
        code: "exclusion",
        acts: &[
            (Act::AskExclusion, "exclusion_a"),
            (Act::GrantExclusion, "exclusion_g"),
            (Act::RefuseExclusion, "exclusion_r"),
        ],
    },
    Special {
        code: "ruling",
        acts: &[(Act::Rule, "ruled\",\"uni")],
    },
];

/// The heads of all kinds.
pub fn heads() -> impl Iterator<Item = &'static str> {
    SPECIALS
        .iter()
        .flat_map(|special| special.acts.iter().map(|(_, head)| *head))
}

/// The kind and the act of a head; none of one that is not special.
pub fn by_head(head: &str) -> Option<(&'static str, Act)> {
    SPECIALS.iter().find_map(|special| {
        let found = special.acts.iter().find(|(_, h)| *h == head);
        found.map(|(act, _)| (special.code, *act))
    })
}

/// Which acts are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Acts with these heads.
    pub heads: Vec<&'static str>,
    /// Acts recorded late.
    pub late: bool,
}

/// What a kind asks for; all kinds when none is named. `None` = there is no such kind.
pub fn wanted(kind: &str) -> Option<Wanted> {
    if kind.is_empty() {
        return Some(Wanted {
            heads: heads().collect(),
            late: true,
        });
    }
    let special = SPECIALS.iter().find(|special| special.code == kind)?;
    Some(Wanted {
        heads: special.acts.iter().map(|(_, head)| *head).collect(),
        late: kind == LATE,
    })
}

/// Where a page of special acts ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When the act was recorded.
    pub at: Timestamp,
    /// Of which case; of a late report, which entry of the trail.
    pub key: Id,
    /// Which of its events.
    pub seq: i64,
}

store::record! {
    /// A special act, as the record of the case tells it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct SpecialAct {
        /// The district of the case.
        pub district: String,
        /// The case; of a late report, the entry of the trail.
        pub key: Id,
        /// Which event of its life.
        pub seq: i64,
        /// When it was recorded.
        pub at: Timestamp,
        /// When it was done, where it was recorded later.
        pub done_at: Option<Timestamp>,
        /// `staff`, `resident`, `stranger` or `system`.
        pub actor_kind: String,
        /// Which one.
        pub actor_id: Option<Id>,
        /// The fact, or what the trail says of a late report: a JSON object.
        pub fact: String,
        /// The number of the case.
        pub number: String,
        /// The login, where it is an account.
        pub login: Option<String>,
        /// The name, where it is an account.
        pub name: Option<String>,
    }
}

impl SpecialAct {
    /// Its place in the list.
    pub fn place(&self) -> Place {
        Place {
            at: self.at,
            key: self.key,
            seq: self.seq,
        }
    }
    /// Its kind and its act; none of one that is in the list for being late alone.
    pub fn special(&self) -> Option<(&'static str, Act)> {
        let rest = self.fact.strip_prefix("{\"event\":\"")?;
        let head: String = rest.chars().take(HEAD).collect();
        by_head(&head)
    }
    /// The word of its kind.
    pub fn kind(&self) -> &'static str {
        self.special().map_or(LATE, |(kind, _)| kind)
    }
    /// Whether it came with a moment of its own: it was recorded later than it was done.
    pub fn is_late(&self) -> bool {
        self.done_at.is_some() || self.special().is_none()
    }
}

/// What a sample is drawn from, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// Cases reported not before.
    pub from: Timestamp,
    /// Cases reported before.
    pub to: Timestamp,
    /// So many, at most [`MOST_DRAWN`].
    pub size: u32,
    /// The seed: same seed, same period, same record — same sample.
    pub seed: String,
}

/// The most cases of one sample: more than somebody reads.
pub const MOST_DRAWN: u32 = 500;

/// The longest seed, in characters.
pub const LONGEST_SEED: usize = 64;

store::record! {
    /// A case of a sample.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Drawn {
        /// The district that keeps its record.
        pub district: DistrictCode,
        /// Its id.
        pub id: Id,
        /// Its number.
        pub number: CaseNumber,
        /// Where it stands.
        pub state: String,
        /// By which channel it came.
        pub channel: String,
        /// When it was reported.
        pub reported_at: Timestamp,
        /// When it was over.
        pub closed_at: Option<Timestamp>,
    }
}

/// A sample with what it was drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// How many cases the period has.
    pub population: u64,
    /// The drawn ones, in the order of the lot.
    pub drawn: Vec<Drawn>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_acts_and_no_act_belongs_to_two() {
        let mut all: Vec<&str> = heads().collect();
        assert!(
            SPECIALS
                .iter()
                .all(|s| s.acts.is_empty() == (s.code == LATE))
        );
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(
            wanted("").map(|w| (w.heads.len(), w.late)),
            Some((count, true))
        );
        assert_eq!(wanted("merge").map(|w| w.heads.len()), Some(3));
        assert_eq!(wanted("'; DROP TABLE audit"), None);
    }

    #[test]
    fn the_heads_are_those_of_the_facts_as_they_are_stored_and_of_the_index() {
        use cases::model::Fact;
        let unit = access::UnitId(Id::from_bytes([1; 16]));
        let at = Timestamp::UNIX_EPOCH;
        let text = String::new;
        let facts = [
            Fact::VoidRequested {
                reason: text(),
                asked_by: None,
            },
            Fact::VoidRefused { reason: text() },
            Fact::Voided { reason: text() },
            Fact::Merged {
                into: "330102-20260316-00001".parse().expect("a number"),
                held: None,
            },
            Fact::Unmerged,
            Fact::Extended {
                due_at: at,
                provisional: false,
            },
            Fact::Suspended { until: at },
            Fact::Resumed {
                due_at: None,
                provisional: false,
            },
            Fact::AppealLodged {
                count: text(),
                reason: text(),
                evidence: text(),
                attachments: vec![],
                round: None,
            },
            Fact::AppealEndorsed,
            Fact::AppealGranted,
            Fact::AppealRefused { reason: text() },
            Fact::ExclusionAsked {
                reason: text(),
                words: text(),
            },
            Fact::ExclusionGranted,
            Fact::ExclusionRefused { reason: text() },
            Fact::Ruled {
                unit,
                reason: text(),
            },
        ];
        let index = include_str!("../../cases/migrations/0124_special_acts.sql");
        // As the record holds it: the fact alone, or with what it says about clocks behind it.
        #[derive(serde::Serialize)]
        struct Stored<'a> {
            #[serde(flatten)]
            fact: &'a Fact,
            #[serde(skip_serializing_if = "Option::is_none")]
            clocks: Option<u8>,
        }
        let head = |fact: &Fact, clocks| {
            let stored = serde_json::to_string(&Stored { fact, clocks }).expect("a fact is JSON");
            stored.chars().skip(10).take(HEAD).collect::<String>()
        };
        let mut stored: Vec<String> = facts
            .iter()
            .flat_map(|fact| [head(fact, None), head(fact, Some(1))])
            .collect();
        stored.dedup();
        assert_eq!(stored, heads().collect::<Vec<_>>());
        let listed: Vec<String> = heads().map(|head| format!("'{head}'")).collect();
        assert!(index.contains(&format!("IN ({})", listed.join(", "))));
    }
}
