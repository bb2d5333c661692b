//! Plain types of supervision; no I/O.

use access::{AccountId, Problem, Refused, Role, UnitId, Word};
use axum::http::StatusCode;
use cases::Stage;
use cases::ops::CaseError;
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::deadline::{Limit, ParseOptions};
use kernel::id::Id;
use serde::{Deserialize, Serialize};
use store::StoreError;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// All of them, in the order shown to people.
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
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("{:?} is not one of {}", text.chars().take(40).collect::<String>(),
                        Self::ALL.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(", "))),
                }
            }
        }
        store::text_value!($name);
    };
}

words! {
    /// What a rung says.
    RungAct {
        /// 时限将至
        Warn = "warn",
        /// 超期
        Overdue = "overdue",
        /// 通报批评
        Criticism = "criticism",
    }
}

words! {
    /// Whom a rung tells.
    Tell {
        /// The handler, where one was named.
        Handler = "handler",
        /// The heads of the unit.
        Lead = "lead",
        /// Whoever dispatched it, else the dispatchers.
        Dispatcher = "dispatcher",
        /// The shift leaders.
        ShiftLeader = "shift_leader",
        /// 分管领导 — the leaders of the district.
        Leader = "leader",
        /// 本环节责任人 — whoever the stage waits for: a worker, the desk, the unit, the coordinator.
        Holder = "holder",
    }
}

words! {
    /// Why a matter is supervised.
    Origin {
        /// 批示 — a leader's written instruction.
        Instruction = "instruction",
        /// 拒不受理
        Refused = "refused",
        /// 超期未办
        Overdue = "overdue",
        /// 应解决而未解决
        Unsolved = "unsolved",
        /// 影响较大
        Effect = "effect",
    }
}

words! {
    /// Where a supervised matter stands.
    Standing {
        /// 督办中
        Open = "open",
        /// 已报告
        Reported = "reported",
        /// 签结
        SignedOff = "signed_off",
        /// 撤销
        Withdrawn = "withdrawn",
    }
}

/// When a rung is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RungAt {
    /// At this share of the limit, 1 to 100.
    Percent(u32),
    /// So long after the deadline.
    After(Limit),
}

impl std::fmt::Display for RungAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Percent(n) => write!(f, "{n}%"),
            Self::After(limit) => write!(f, "+{limit}"),
        }
    }
}

impl std::str::FromStr for RungAt {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(limit) = text.strip_prefix(['+', '＋']) {
            return Limit::parse(limit, ParseOptions::default())
                .map(Self::After)
                .map_err(|e| e.to_string());
        }
        let percent = text.strip_suffix(['%', '％']).map(str::trim);
        percent
            .and_then(|n| n.parse().ok())
            .filter(|n| (1..=100).contains(n))
            .map(Self::Percent)
            .ok_or_else(|| "80% of the limit, or +1工作日 after it".to_owned())
    }
}
store::text_value!(RungAt);

/// The ladder of a city.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ladder {
    /// Its rungs.
    pub rungs: Vec<Rung>,
    /// Since when it has rungs for the stages beside handling: what was in a stage before climbs none.
    pub stages_since: Option<Timestamp>,
}

/// A rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Of which stage's clock; those beside handling have rungs for all classes only.
    pub stage: Stage,
    /// The code of the class, or `*` for all others.
    pub matter: String,
    /// Its place, from 1.
    pub level: i64,
    /// When it is reached.
    pub at: RungAt,
    /// What it says.
    pub act: RungAct,
    /// To whom.
    pub tell: Vec<Tell>,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// Counts changes.
    pub version: i64,
}

store::record! {
    /// What was said to whoever has a case.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct EntryRow {
        /// Its key.
        pub entry: String,
        /// When.
        pub at: Timestamp,
        /// `rung`, `passed` or `person`.
        pub kind: String,
        /// The level of a rung.
        pub level: Option<i64>,
        /// The rung's name in Chinese.
        pub name_zh: String,
        /// The rung's name in English.
        pub name_en: String,
        /// Who reminded.
        pub account: Option<AccountId>,
        /// In which role.
        pub role: Option<String>,
        /// In words, masked.
        pub words: String,
    }
}

store::record! {
    /// 督办 — a supervised matter.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Supervised {
        /// The district of record.
        pub district: DistrictCode,
        /// Its id.
        pub id: Id,
        /// Counts changes.
        pub version: i64,
        /// The case, if it is about one.
        pub case: Option<Id>,
        /// The number of that case.
        pub case_no: Option<String>,
        /// Who is to act.
        pub unit: UnitId,
        /// Why.
        pub origin: Origin,
        /// What is asked, masked.
        pub instruction: String,
        /// How long, such as `3工作日`.
        pub limit_text: String,
        /// Who opened it.
        pub opened_by: Option<AccountId>,
        /// In which role.
        pub opened_role: String,
        /// When.
        pub opened_at: Timestamp,
        /// When the report is due.
        pub due_at: Timestamp,
        /// The calendar does not reach that far yet.
        pub provisional: bool,
        /// Where it stands.
        pub state: Standing,
        /// What the unit reported last, masked.
        pub report: String,
        /// When.
        pub reported_at: Option<Timestamp>,
        /// When it was signed off or withdrawn.
        pub decided_at: Option<Timestamp>,
        /// That it is late was told.
        pub told_late: bool,
        /// Since when the limit runs: since it was opened, or sent back; none where that was not kept.
        pub due_from: Option<Timestamp>,
        /// The limit that runs: the first, or the one it was sent back with.
        pub due_limit: Option<String>,
        /// The calendar version by which the report is due.
        pub calendar: Option<String>,
    }
}

impl Supervised {
    /// Whether a report is owed and late.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.state == Standing::Open && now > self.due_at
    }
    /// What it is about, in few words: the number of the case, or the beginning of the instruction.
    pub fn about(&self) -> String {
        match &self.case_no {
            Some(number) => number.clone(),
            None => self.instruction.chars().take(20).collect(),
        }
    }
}

store::record! {
    /// What somebody did about a supervised matter.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Mark {
        /// When.
        pub at: Timestamp,
        /// Who.
        pub account: Option<AccountId>,
        /// In which role.
        pub role: String,
        /// `opened`, `reported`, `sent_back`, `signed_off`, `withdrawn`; by the program `recomputed`, `unit_changed`.
        pub mark: String,
        /// In words, masked.
        pub words: String,
        /// When the report was due, where another calendar moved it.
        pub was_due_at: Option<Timestamp>,
        /// When it is due since.
        pub due_at: Option<Timestamp>,
        /// The calendar version that says so.
        pub calendar: Option<String>,
        /// Who was to act, where a reorganisation moved it.
        pub was_unit: Option<UnitId>,
        /// Who is to act since.
        pub unit: Option<UnitId>,
    }
}

impl Mark {
    /// What somebody did.
    pub fn new(
        at: Timestamp,
        account: Option<AccountId>,
        role: String,
        mark: &str,
        words: String,
    ) -> Self {
        Self {
            at,
            account,
            role,
            mark: mark.to_owned(),
            words,
            was_due_at: None,
            due_at: None,
            calendar: None,
            was_unit: None,
            unit: None,
        }
    }
    /// What the program did.
    pub fn by_program(at: Timestamp, mark: &str, words: String) -> Self {
        Self::new(at, None, "system".to_owned(), mark, words)
    }
}

/// A supervision to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSupervised {
    /// The case; none for an instruction about something else, which then names a unit.
    pub number: Option<CaseNumber>,
    /// Who is to act; none = the unit that handles the case.
    pub unit: Option<UnitId>,
    /// Why.
    pub origin: Origin,
    /// What is asked.
    pub instruction: String,
    /// How long, such as `3工作日`.
    pub limit: String,
}

/// What whoever opened a supervision decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// 签结 — the report is enough.
    SignOff,
    /// 退回 — it is not; the limit begins anew.
    SendBack,
    /// 撤销 — nothing more is asked.
    Withdraw,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum SupervisionError {
    /// A permission is lacking.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The case is out of reach, or cannot be found.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// There is no such supervised matter for this reader.
    #[error("there is no such supervised matter")]
    NotFound,
    /// This step was reminded of already.
    #[error("this step was reminded of at {0}; a step is reminded of once")]
    Reminded(Timestamp),
    /// Nobody has the case whom one could remind.
    #[error("nobody has this case now")]
    NothingToRemind,
    /// Whoever asks opened a supervision of this case that is not decided.
    #[error("you supervise this case already")]
    AlreadyOpen,
    /// Not the unit that was asked.
    #[error("only the unit that was asked reports")]
    NotYourUnit,
    /// Not whoever opened it, nor one who may decide in that one's place.
    #[error(
        "whoever opened a supervision decides on it; another with the same right only where that one cannot"
    )]
    NotYours,
    /// It stands elsewhere by now.
    #[error("a supervised matter that is {0} does not allow this")]
    NotNow(Standing),
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
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SupervisionError {
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

impl Problem for SupervisionError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(e) => e.status(),
            Self::Case(e) => e.status(),
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotYourUnit | Self::NotYours => StatusCode::FORBIDDEN,
            Self::Reminded(_) | Self::NothingToRemind | Self::AlreadyOpen | Self::NotNow(_) => {
                StatusCode::CONFLICT
            }
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(e) => e.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(e) => e.code(),
            Self::Case(e) => e.code(),
            Self::NotFound => "supervision.not_found",
            Self::Reminded(_) => "supervision.reminded",
            Self::NothingToRemind => "supervision.nothing_to_remind",
            Self::AlreadyOpen => "supervision.already_open",
            Self::NotYourUnit => "supervision.not_your_unit",
            Self::NotYours => "supervision.not_yours",
            Self::NotNow(_) => "supervision.not_now",
            Self::Field { code, .. } => code,
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
            Self::Field { .. } => {
                let most = i64::try_from(crate::ops::LONGEST).unwrap_or(i64::MAX);
                vec![("most", most.into())]
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

/// Whom a step of a case waits for, as roles where no person is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// One person.
    Account(AccountId),
    /// The heads of a unit and its handlers.
    Unit(UnitId),
    /// Whoever has the role.
    Role(Role),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_of_rungs_are_read_or_refused() {
        for (text, kept) in [
            ("80%", "80%"),
            (" 100％ ", "100%"),
            ("+1工作日", "+1工作日"),
            ("＋5WD", "+5工作日"),
        ] {
            assert_eq!(text.parse::<RungAt>().unwrap().to_string(), kept, "{text}");
        }
        for garbage in [
            "",
            "80",
            "0%",
            "101%",
            "-1%",
            "+",
            "+1天",
            "+x",
            "%",
            "1工作日",
            "井盖",
        ] {
            assert!(garbage.parse::<RungAt>().is_err(), "{garbage:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            if let Ok(at) = text.parse::<RungAt>() {
                prop_assert_eq!(at.to_string().parse::<RungAt>(), Ok(at));
            }
        }
    }
}
