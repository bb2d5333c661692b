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
    /// The words of the audit trail that belong to it.
    pub actions: &'static [&'static str],
}

/// The kinds, in the order shown.
pub const SPECIALS: &[Special] = &[
    Special {
        code: "void",
        actions: &[
            Act::RequestVoid.audit(),
            Act::RefuseVoid.audit(),
            Act::Void.audit(),
        ],
    },
    Special {
        code: "merge",
        actions: &[Act::Merge.audit(), Act::Unmerge.audit()],
    },
    Special {
        code: "late",
        actions: &[LATE_RECORD],
    },
    Special {
        code: "clock",
        actions: &[
            Act::GrantExtension.audit(),
            Act::Suspend.audit(),
            Act::Resume.audit(),
        ],
    },
    Special {
        code: "exemption",
        actions: &[
            Act::LodgeAppeal.audit(),
            Act::EndorseAppeal.audit(),
            Act::GrantAppeal.audit(),
            Act::RefuseAppeal.audit(),
        ],
    },
    Special {
        code: "exclusion",
        actions: &[
            Act::AskExclusion.audit(),
            Act::GrantExclusion.audit(),
            Act::RefuseExclusion.audit(),
        ],
    },
    Special {
        code: "ruling",
        actions: &[Act::Rule.audit()],
    },
];

/// The acts of a kind; of all kinds when none is named. `None` = there is no such kind.
pub fn actions_of(kind: &str) -> Option<Vec<String>> {
    let wanted: Vec<&Special> = SPECIALS
        .iter()
        .filter(|special| kind.is_empty() || special.code == kind)
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let actions = wanted.iter().flat_map(|special| special.actions);
    Some(actions.map(|&action| action.to_owned()).collect())
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
        let mut all: Vec<&str> = SPECIALS.iter().flat_map(|s| s.actions).copied().collect();
        assert!(SPECIALS.iter().all(|s| !s.actions.is_empty()));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(actions_of("").map(|a| a.len()), Some(count));
        assert_eq!(actions_of("merge").map(|a| a.len()), Some(2));
        assert_eq!(actions_of("'; DROP TABLE audit"), None);
    }
}
