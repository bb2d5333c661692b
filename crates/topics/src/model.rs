//! The words of topics, and which move leads where. Plain types, no I/O.

use access::UnitId;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::codes::{DistrictCode, DivisionCode, DivisionLevel};
use kernel::id::Id;
use matters::MatterId;
use serde::{Deserialize, Serialize};

kernel::typed_id! {
    /// 专题 — a topic.
    TopicId
}
store::id_value!(TopicId);

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
    /// Where a topic stands.
    Standing {
        /// 拟定 — somebody thinks it is worth it.
        Proposed = "proposed",
        /// 选定 — chosen for a month.
        Chosen = "chosen",
        /// 推进中 — measures have begun.
        UnderWay = "under_way",
        /// 办结 — it ended, with a result in words.
        Ended = "ended",
        /// 不再办理 — dropped, with a reason.
        Dropped = "dropped",
    }
}

impl Standing {
    /// Whether nothing more is done about it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Dropped)
    }
}

words! {
    /// How a measure stands.
    MeasureStanding {
        /// 未开始
        Planned = "planned",
        /// 进行中
        UnderWay = "under_way",
        /// 完成
        Done = "done",
        /// 取消
        Dropped = "dropped",
    }
}

words! {
    /// How a case came into a topic.
    How {
        /// By its number.
        Hand = "hand",
        /// By a query of class, place and words.
        Query = "query",
        /// From a hot topic.
        Hot = "hot",
    }
}

/// What may be done with a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Chosen as a topic of this month (`YYYY-MM`).
    Choose(String),
    /// Measures begin on this day.
    Start(Date),
    /// It ends on this day, with a result.
    End(Date, String),
    /// It is dropped, with a reason.
    Drop(String),
    /// It is taken up again.
    Reopen,
}

/// Why a move is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not as it stands.
    Standing,
    /// A topic is chosen, or begins, with a unit that answers for it.
    NoUnit,
    /// The end lies before the start.
    Backward,
    /// Words are missing.
    NoWords,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The district that keeps it; `000000` for the whole city.
    pub district: DistrictCode,
    /// Its id.
    pub id: TopicId,
    /// Counts up with each change.
    pub version: i64,
    /// Its name.
    pub title: String,
    /// What is asked.
    pub question: String,
    /// Classes its curve counts.
    pub matters: Vec<MatterId>,
    /// The district or street its curve counts; none for the whole city. Never below the street.
    pub place: Option<DivisionCode>,
    /// Words that cases found by query hold, one of them; empty for any.
    pub words: String,
    /// The unit that answers for it.
    pub unit: Option<UnitId>,
    /// The month it was chosen for, `YYYY-MM`.
    pub month: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// When measures began.
    pub started_on: Option<Date>,
    /// When it ended.
    pub ended_on: Option<Date>,
    /// What came of it, or why it was dropped.
    pub result: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Topic {
    /// The topic after a move. The whole table of moves.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn moved(&self, to: &Move) -> Result<Self, Refusal> {
        use Standing as S;
        let mut next = self.clone();
        match (to, self.standing) {
            (Move::Choose(month), S::Proposed | S::Chosen) => {
                self.unit.ok_or(Refusal::NoUnit)?;
                next.month = Some(month.clone());
                next.standing = S::Chosen;
            }
            (Move::Start(day), S::Proposed | S::Chosen) => {
                self.unit.ok_or(Refusal::NoUnit)?;
                next.started_on = Some(*day);
                next.standing = S::UnderWay;
            }
            (Move::End(day, result), S::UnderWay) => {
                if self.started_on.is_some_and(|started| *day < started) {
                    return Err(Refusal::Backward);
                }
                if result.trim().is_empty() {
                    return Err(Refusal::NoWords);
                }
                next.ended_on = Some(*day);
                result.trim().clone_into(&mut next.result);
                next.standing = S::Ended;
            }
            (Move::Drop(reason), S::Proposed | S::Chosen | S::UnderWay) => {
                if reason.trim().is_empty() {
                    return Err(Refusal::NoWords);
                }
                reason.trim().clone_into(&mut next.result);
                next.standing = S::Dropped;
            }
            (Move::Reopen, S::Ended | S::Dropped) => {
                next.ended_on = None;
                next.result.clear();
                next.standing = if self.started_on.is_some() {
                    S::UnderWay
                } else {
                    S::Proposed
                };
            }
            _ => return Err(Refusal::Standing),
        }
        Ok(next)
    }
}

/// Whether a curve may be drawn of a place: the city, a district, a street; never anything smaller, because one building
/// is one family.
pub fn is_wide_enough(place: DivisionCode) -> bool {
    matches!(
        place.level(),
        DivisionLevel::City | DivisionLevel::District | DivisionLevel::Street
    )
}

/// Whether a text is a month.
pub fn is_month(text: &str) -> bool {
    text.len() == 7 && format!("{text}-01").parse::<Date>().is_ok()
}

store::record! {
    /// A measure.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Measure {
        /// Its number in the topic, from 1.
        pub seq: i64,
        /// What is done.
        pub words: String,
        /// By whom.
        pub unit: Option<UnitId>,
        /// Until when.
        pub due_on: Option<Date>,
        /// How it stands.
        pub standing: MeasureStanding,
        /// When it was done.
        pub done_on: Option<Date>,
    }
}

store::record! {
    /// Something that happened to a topic.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Mark {
        /// Its place in the history, from 1.
        pub seq: i64,
        /// When.
        pub at: Timestamp,
        /// Who.
        pub account: Option<access::AccountId>,
        /// What: made, edited, chosen, started, ended, dropped, reopened, cases, measure.
        pub mark: String,
        /// More, in words.
        pub note: String,
    }
}

/// A list of ids as it is kept.
pub fn ids_text(ids: &[MatterId]) -> String {
    ids.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

/// Reads a list of ids; what is no id is left out.
pub fn ids_of(text: &str) -> Vec<MatterId> {
    text.split(',')
        .filter_map(|id| id.trim().parse::<Id>().ok().map(MatterId))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn topic(standing: Standing) -> Topic {
        Topic {
            district: "990001".parse().unwrap(),
            id: TopicId(Id::from_bytes([1; 16])),
            version: 1,
            title: "井盖".into(),
            question: String::new(),
            matters: Vec::new(),
            place: None,
            words: String::new(),
            unit: Some(UnitId(Id::from_bytes([2; 16]))),
            month: None,
            standing,
            started_on: Some(date(2026, 3, 1)),
            ended_on: None,
            result: String::new(),
            made_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn moves() -> Vec<Move> {
        vec![
            Move::Choose("2026-04".into()),
            Move::Start(date(2026, 3, 2)),
            Move::End(date(2026, 4, 1), "修好".into()),
            Move::Drop("重复".into()),
            Move::Reopen,
        ]
    }

    #[test]
    fn every_standing_is_reached_and_has_a_way_out() {
        let mut reached = vec![Standing::Proposed];
        let mut at = 0;
        while let Some(standing) = reached.get(at).copied() {
            let nexts: Vec<Standing> = moves()
                .iter()
                .filter_map(|m| topic(standing).moved(m).ok())
                .map(|t| t.standing)
                .collect();
            assert!(
                nexts.iter().any(|n| *n != standing),
                "{standing} leads nowhere"
            );
            for next in nexts {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
            at += 1;
        }
        reached.sort_unstable();
        assert_eq!(reached, Standing::ALL);
    }

    #[test]
    fn nobody_answers_no_choice_and_no_end_before_the_start_or_without_words() {
        let nobody = Topic {
            unit: None,
            ..topic(Standing::Proposed)
        };
        assert_eq!(
            nobody.moved(&Move::Choose("2026-04".into())),
            Err(Refusal::NoUnit)
        );
        assert_eq!(
            nobody.moved(&Move::Start(date(2026, 4, 1))),
            Err(Refusal::NoUnit)
        );
        let under_way = topic(Standing::UnderWay);
        let end = |day, words: &str| under_way.moved(&Move::End(day, words.into()));
        assert_eq!(end(date(2026, 2, 1), "好"), Err(Refusal::Backward));
        assert_eq!(end(date(2026, 4, 1), " "), Err(Refusal::NoWords));
        assert_eq!(
            under_way.moved(&Move::Drop(String::new())),
            Err(Refusal::NoWords)
        );
    }

    #[test]
    fn nothing_below_the_street() {
        let wide = |code: &str| is_wide_enough(code.parse().expect("a code"));
        assert!(wide("330102000000") && wide("330102001000") && wide("330100000000"));
        assert!(!wide("330102001001"), "a community is too small");
    }

    #[test]
    fn months_are_months() {
        assert!(is_month("2026-04"));
        for text in ["", "2026-13", "2026-4", "2026-04-01", "四月", "20260-4"] {
            assert!(!is_month(text), "{text}");
        }
    }
}
