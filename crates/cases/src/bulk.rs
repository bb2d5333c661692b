//! 批量办理 — one act asked for several cases at once: what may be asked, and how each case came out.

use crate::model::Case;
use crate::moves::Act;
use crate::ops::Step;
use access::{AccountId, Problem, Word};
use jiff::Timestamp;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use matters::MatterId;
use serde::{Deserialize, Serialize};

/// The most cases of one bulk act.
pub const MOST_CASES: usize = 100;
/// The most bulk acts of one account that wait or are being carried out.
pub const MOST_AT_ONCE: i64 = 5;

/// What is asked for every case alike. What differs from case to case, such as the responsible unit, is found for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum BulkStep {
    /// 受理 — under the class each has, as urgent as each is.
    Accept,
    /// 立案 — by the only condition of its class; a case whose class has several is left out.
    Register,
    /// 派遣 — to the unit responsible for each.
    Dispatch,
    /// 签收
    Sign,
    /// 不予受理
    NotAccept {
        /// Why; the requesters read it.
        reason: String,
    },
    /// Gives the open tasks to a worker, or back to the pool.
    TakeTask {
        /// The worker; none = the pool.
        to: Option<AccountId>,
    },
    /// 内部指派
    Assign {
        /// Who handles them inside the unit.
        handler: AccountId,
    },
    /// Sets the class.
    Correct {
        /// The class.
        matter: MatterId,
    },
}

impl BulkStep {
    /// The acts that may be asked for several cases, in the order shown.
    pub const ACTS: [Act; 8] = [
        Act::Accept,
        Act::Register,
        Act::Dispatch,
        Act::Sign,
        Act::Assign,
        Act::TakeTask,
        Act::Correct,
        Act::NotAccept,
    ];
    /// Its row in the table of moves.
    pub fn act(&self) -> Act {
        match self {
            Self::Accept => Act::Accept,
            Self::Register => Act::Register,
            Self::Dispatch => Act::Dispatch,
            Self::Sign => Act::Sign,
            Self::NotAccept { .. } => Act::NotAccept,
            Self::TakeTask { .. } => Act::TakeTask,
            Self::Assign { .. } => Act::Assign,
            Self::Correct { .. } => Act::Correct,
        }
    }
    /// The step for one case.
    pub fn of(&self, case: &Case) -> Step {
        match self.clone() {
            Self::Accept => Step::Accept {
                matter: None,
                urgent: case.urgent,
            },
            Self::Register => Step::Register { rule: None },
            Self::Dispatch => Step::Dispatch {
                unit: None,
                basis: String::new(),
            },
            Self::Sign => Step::Sign,
            Self::NotAccept { reason } => Step::NotAccept {
                reason,
                doors: Vec::new(),
            },
            Self::TakeTask { to } => Step::TakeTask { to },
            Self::Assign { handler } => Step::Assign { handler },
            Self::Correct { matter } => Step::Correct {
                matter: Some(matter),
                place: None,
            },
        }
    }
}

/// Whether the act needs more than a press: a reason, a person, a class.
pub fn asks_more(act: Act) -> bool {
    matches!(
        act,
        Act::NotAccept | Act::TakeTask | Act::Assign | Act::Correct
    )
}

/// How far a bulk act is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkState {
    /// It waits and can be stopped.
    Waiting,
    /// Somebody holds it: nothing happens until they let it begin, or stop it.
    Held,
    /// It is being carried out.
    Running,
    /// Every case is done or left out.
    Done,
    /// Somebody stopped it before it began.
    Stopped,
}

impl BulkState {
    const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Held,
        Self::Running,
        Self::Done,
        Self::Stopped,
    ];
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }
    /// It has not begun, so that it can be stopped.
    pub fn is_stoppable(self) -> bool {
        matches!(self, Self::Waiting | Self::Held)
    }
    /// Nothing happens to it any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Stopped)
    }
}

impl std::fmt::Display for BulkState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for BulkState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no state of a bulk act"))
    }
}
store::text_value!(BulkState);

/// A bulk act as its account sees it, without its cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// Its id.
    pub id: Id,
    /// What is asked.
    pub step: BulkStep,
    /// How far it is.
    pub state: BulkState,
    /// When it is carried out.
    pub due_at: Timestamp,
    /// How many cases.
    pub cases: i64,
    /// How many of them are done.
    pub done: i64,
    /// How many were left out.
    pub left: i64,
}

/// How one case came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Not yet.
    Open,
    /// Done.
    Done,
    /// Left out.
    Left(Reason),
}

/// One case of a bulk act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkCase {
    /// Its number.
    pub number: CaseNumber,
    /// The version the person saw.
    pub version: u32,
    /// How it came out.
    pub outcome: Outcome,
}

/// Why a case was left out: kept so that it can be told in each language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The code of the refusal.
    pub code: String,
    /// What its sentence names.
    pub args: Vec<(String, ReasonWord)>,
    /// In the program's own words.
    pub text: String,
}

/// One value of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ReasonWord {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Words of the program, by their key.
    Said {
        /// The key in the language files.
        key: String,
        /// What it names.
        args: Vec<(String, ReasonWord)>,
    },
}

impl ReasonWord {
    fn of(word: Word) -> Self {
        let said = |key: String, args: Vec<(String, Self)>| Self::Said { key, args };
        match word {
            Word::Number(number) => Self::Number(number),
            Word::Key(key) => said(key, Vec::new()),
            Word::Sayings(mut all) if all.len() == 1 => {
                let one = all.remove(0);
                let args = one.args.into_iter();
                let args = args.map(|(name, word)| (name.into_owned(), Self::of(word)));
                said(one.key, args.collect())
            }
            other => Self::Text(other.plain()),
        }
    }
}

impl Reason {
    /// Of a refusal.
    pub fn of(problem: &dyn Problem) -> Self {
        let args = problem
            .args()
            .into_iter()
            .map(|(name, word)| (name.to_owned(), ReasonWord::of(word)));
        Self {
            code: problem.code().to_owned(),
            args: args.collect(),
            text: problem.to_string(),
        }
    }
    /// The account may no longer act.
    pub fn no_rights() -> Self {
        Self {
            code: "cases.bulk_no_rights".into(),
            args: Vec::new(),
            text: "the account may no longer act".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::CaseError;

    #[test]
    fn what_is_asked_survives_the_store() {
        let id = AccountId(Id::from_bytes([1; 16]));
        for step in [
            BulkStep::Accept,
            BulkStep::NotAccept {
                reason: "不在范围".into(),
            },
            BulkStep::TakeTask { to: None },
            BulkStep::TakeTask { to: Some(id) },
            BulkStep::Assign { handler: id },
        ] {
            let text = serde_json::to_string(&step).unwrap();
            assert_eq!(serde_json::from_str::<BulkStep>(&text).unwrap(), step);
            assert!(BulkStep::ACTS.contains(&step.act()));
        }
        assert!(serde_json::from_str::<BulkStep>(r#"{"act":"void"}"#).is_err());
    }

    #[test]
    fn a_reason_keeps_the_code_and_what_its_sentence_names() {
        let why = access::Saying::new("cases-rule-other", vec![("known", "1, 2".into())]);
        let error = CaseError::field("rule", "cases.unknown_rule", "class C has several")
            .with("why", why)
            .with("task", Word::Key("cases-off-task-verify".into()));
        let reason = Reason::of(&error);
        assert_eq!(reason.code, "cases.unknown_rule");
        let text = serde_json::to_string(&reason).unwrap();
        assert_eq!(serde_json::from_str::<Reason>(&text).unwrap(), reason);
    }
}
