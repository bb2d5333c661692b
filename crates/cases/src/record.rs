//! What a case holds of nature, answer, call-back and fairness: plain types, no I/O. They are part of [`crate::model::Case`]
//! and of [`crate::model::Fact`]; the rules that fill them are [`crate::rules::answer`] and [`crate::rules::fairness`].
//!
//! **Raw facts and flags.** An appeal that was granted puts a count (`late`, `rework` …) into [`Record::exempt`]; the times,
//! the number of reworks and all else stay as they were. Whoever counts uses both: the raw figure, and how many of it are
//! exempt. The same holds for [`Exclusion`]: the rating stays, and an exclusion that was granted leaves it out of the rates.

use crate::model::CallBack;
use access::UnitId;
use jiff::Timestamp;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use serde::{Deserialize, Serialize};

/// 答复 in its five parts: what was found, what was done, by which rule, by whom, what next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerParts {
    /// What was found.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found: String,
    /// What was done. The one part that must not be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub done: String,
    /// By which rule.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// By whom.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// What next, and which doors are still open.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next: String,
}

impl AnswerParts {
    /// The parts with their names, in the order they are read.
    pub fn named(&self) -> [(&'static str, &str); 5] {
        [
            ("found", &self.found),
            ("done", &self.done),
            ("rule", &self.rule),
            ("by", &self.by),
            ("next", &self.next),
        ]
    }
}

/// What an answer is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// The matter was handled.
    #[default]
    Handled,
    /// 直接办结 — the desk answered it.
    Direct,
    /// 不予受理、不予立案 — it names the reason and the doors still open.
    Refused,
    /// It ended otherwise: void.
    Ended,
}

impl AnswerKind {
    /// The word in templates and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Direct => "direct",
            Self::Refused => "refused",
            Self::Ended => "ended",
        }
    }
}

/// 答复 — a written answer to the requester.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it is about.
    #[serde(default)]
    pub kind: AnswerKind,
    /// Its words: in Chinese, or in the language of whoever wrote it.
    pub parts: AnswerParts,
    /// The same in English, where it was made from the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<AnswerParts>,
    /// Nobody wrote it: it was made from what the record says when the case ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_record: bool,
    /// 可走的其他渠道 — codes of the doors still open after a refusal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doors: Vec<String>,
}

/// An answer that is being written: draft, then agreed to by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The words.
    pub answer: Answer,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Id>,
    /// A head, another person, agreed to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approved: bool,
    /// Why a head gave it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<String>,
}

/// An answer that went out. It goes out once for each time the case ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentAnswer {
    /// When.
    pub at: Timestamp,
    /// The words.
    pub answer: Answer,
}

/// How far an appeal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealStage {
    /// It waits for the dispatcher, the first of two reviewers.
    Lodged,
    /// It waits for the second reviewer.
    Endorsed,
    /// The count is exempt.
    Granted,
    /// It is not.
    Refused,
}

impl AppealStage {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lodged => "lodged",
            Self::Endorsed => "endorsed",
            Self::Granted => "granted",
            Self::Refused => "refused",
        }
    }
    /// Whether somebody still has to decide.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Lodged | Self::Endorsed)
    }
}

/// 申诉 — the handling unit asks that a count against it be exempt. Once in the life of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    /// Against which count: a code of the city's list, such as `late`.
    pub count: String,
    /// Why.
    pub reason: String,
    /// What proves it, in words; pictures and documents are with the event.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// Who lodged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Id>,
    /// Who endorsed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endorsed_by: Option<Id>,
    /// How far it has come.
    pub stage: AppealStage,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The round it is about: how many reopenings came before.
    #[serde(default)]
    pub round: usize,
}

/// 剔除 — a call-back that shall not count in the rates, and how that was reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Why: a code of the city's list, such as `no_legal_basis`.
    pub reason: String,
    /// In words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Id>,
    /// How another person decided; none = not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<bool>,
}

/// One round of a case that a reopening (重新办理) ended: how it stood then, never changed afterwards. What the case itself
/// says is the round that goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// When the requester reopened it.
    pub reopened_at: Timestamp,
    /// Why.
    pub reason: String,
    /// The unit that had handled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// When handling had been due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it had been handled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handled_at: Option<Timestamp>,
    /// When it had been closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// What closing had been called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
    /// What the requester had said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_back: Option<CallBack>,
    /// Whether that was left out of the rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusion: Option<Exclusion>,
    /// The answer that had gone out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<SentAnswer>,
    /// Which counts of it are exempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<String>,
}

impl Round {
    /// Whether it had been handled after its deadline: the raw fact, whatever was exempted.
    pub fn is_late(&self) -> bool {
        matches!((self.handled_at, self.due_at), (Some(handled), Some(due)) if handled > due)
    }
}

/// A case that was merged into this one (并案): its requester stays a requester.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Its number.
    pub number: CaseNumber,
    /// An answer is owed to its requester, or to one of those merged into it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owed: bool,
}

/// What the record of a case keeps beside its way through the offices. Empty for imported cases.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// 诉求性质 — a code of the city's list, such as `complaint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nature: Option<String>,
    /// Nobody named that nature: it is the city's usual one, until a person of the desk sets it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub nature_assumed: bool,
    /// Somebody beside the city's own staff asked for it: an answer is owed, and a call-back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requested: bool,
    /// Whether whoever asked can be asked back; none in lives of before it was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub askable: Option<bool>,
    /// What the unit last said it did, of a case to which an answer is owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The answer that is being written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// The answer that went out when the case last ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<SentAnswer>,
    /// The one appeal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appeal: Option<Appeal>,
    /// Counts of the present round that do not count against the unit. The raw facts stay beside them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<String>,
    /// Whether the present call-back is left out of the rates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusion: Option<Exclusion>,
    /// Rounds that reopenings ended, in order: how often it was reopened is their number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Round>,
    /// Cases that were merged into this one, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<Joined>,
    /// In which round a unit last returned it: how many reopenings came before. What an appeal made exempt in an earlier one is
    /// not about that return.
    #[serde(skip_serializing_if = "is_first")]
    pub returned_in: usize,
    /// How often the requester rated by the link since it last ended: a bound, not a figure.
    #[serde(skip_serializing_if = "is_zero")]
    pub ratings_used: u32,
    /// How many messages came by the link: a bound, not a figure.
    #[serde(skip_serializing_if = "is_zero")]
    pub messages_used: u32,
}

impl Record {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
    /// In which round something happened: how many reopenings came before.
    pub fn round_at(&self, at: Timestamp) -> usize {
        let before = self.rounds.iter().take_while(|r| r.reopened_at <= at);
        before.count()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_first(round: &usize) -> bool {
    *round == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}
