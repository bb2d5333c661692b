//! The words of matters: catalogue, class, condition, duty. Plain data.

use access::{AccountId, UnitId};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{DivisionCode, Limit};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

kernel::typed_id! {
    /// 类别 — one class of one catalogue version.
    MatterId
}
kernel::typed_id! {
    /// 权责 — one line of the register of duties.
    DutyId
}
store::id_value!(MatterId, DutyId);

/// Component, event or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatterKind {
    /// 部件 — a public facility.
    Component,
    /// 事件 — a behaviour or occurrence.
    Event,
    /// Anything else a city adds: services, requests, social matters.
    Other,
}

impl MatterKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Component, Self::Event, Self::Other];
    /// The word in the store and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Event => "event",
            Self::Other => "other",
        }
    }
    /// The Chinese word, also read from files.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Component => "部件",
            Self::Event => "事件",
            Self::Other => "其他",
        }
    }
    /// The letter class codes begin with.
    pub fn letter(self) -> char {
        match self {
            Self::Component => 'C',
            Self::Event => 'E',
            Self::Other => 'O',
        }
    }
}

impl fmt::Display for MatterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for MatterKind {
    type Err = String;
    /// Reads the English word in any case or the Chinese one.
    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.trim();
        Self::ALL
            .into_iter()
            .find(|k| k.as_str().eq_ignore_ascii_case(word) || k.zh() == word)
            .ok_or_else(|| {
                let word: String = word.chars().take(40).collect();
                format!("unknown kind {word:?}: expected component 部件, event 事件 or other 其他")
            })
    }
}

store::text_value!(MatterKind);

store::record! {
    /// 事项目录 — a catalogue in one version.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Catalogue {
        /// A short word chosen by the city, such as `yuncheng-2020`; `local:SOURCE` for classes that an import made.
        pub id: String,
        /// The standard it follows.
        pub standard: String,
        /// Its version.
        pub version: String,
        /// First day in force.
        pub valid_from: Option<Date>,
        /// Last day in force.
        pub valid_to: Option<Date>,
        /// Where it comes from.
        pub source: String,
        /// Whether a person has looked at it.
        pub reviewed: bool,
    }
}

/// What may be done with the cases of a class (`rights.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Shown on the public map.
    pub public: bool,
    /// May raise warnings and preventive work; never conduct of persons.
    pub warnable: bool,
    /// 举报 — the unit gets the facts, never the person.
    pub confidential: bool,
    /// A public report is verified before it is accepted.
    pub verify: bool,
    /// 认领 — an enterprise, organisation or residents' group that subscribed to it may claim a case.
    #[serde(default)]
    pub claimable: bool,
}

/// 立案条件 — one registration condition of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its number in the class, from 1.
    pub rule_no: u32,
    /// When it applies.
    pub text: String,
    /// How long handling may take; none means without limit.
    pub limit: Option<Limit>,
    /// The limit as the sheet writes it, remarks included.
    pub limit_text: String,
    /// What must be true to close (恢复, 清除 …); any of them.
    pub closing: Vec<String>,
    /// What has to be shown.
    pub evidence: Option<String>,
    /// Law, clause.
    pub legal_basis: Option<String>,
    /// Must be registered when it applies.
    pub mandatory: bool,
}

/// 类别 — one class with its conditions, in one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatterClass {
    /// Its id in the store.
    pub id: MatterId,
    /// The catalogue it belongs to.
    pub catalogue: String,
    /// Unique within the catalogue: `C0101`, `E0113`, or the source's own word.
    pub code: String,
    /// Component, event or other.
    pub kind: MatterKind,
    /// 大类, two digits, where the catalogue has them.
    pub major: Option<String>,
    /// 小类, two digits, where the catalogue has them.
    pub minor: Option<String>,
    /// The name of the major class.
    pub major_name: Option<String>,
    /// Its name in Chinese, or in the language of its source.
    pub name_zh: String,
    /// Its name in English, where one is known.
    pub name_en: Option<String>,
    /// A local extension of the standard.
    pub local: bool,
    /// Words by which people find it.
    pub keywords: Vec<String>,
    /// What may be done with its cases.
    pub flags: Flags,
    /// 诉求性质 assumed where the reporter states none.
    pub default_nature: Option<String>,
    /// Whether a person has looked at it.
    pub reviewed: bool,
    /// Which version of the class this is, from 1.
    pub version: u32,
    /// First day of this version; none for a first version that counts since ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// Last day of the class, whatever its version: after it nobody chooses it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// Its registration conditions, ascending by number.
    pub conditions: Vec<Condition>,
}

impl MatterClass {
    /// Its name in a language (`en`, else Chinese).
    pub fn name(&self, lang: &str) -> &str {
        match &self.name_en {
            Some(name) if lang.starts_with("en") => name,
            _ => &self.name_zh,
        }
    }
    /// Whether it speaks of what people do rather than of a thing ([`crate::rules::is_conduct`]).
    pub fn is_conduct(&self) -> bool {
        let names = [Some(&self.name_zh), self.name_en.as_ref()];
        crate::rules::is_conduct(self.kind, names.into_iter().flatten().map(String::as_str))
    }
    /// The condition of this number.
    pub fn condition(&self, rule_no: u32) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.rule_no == rule_no)
    }
}

store::record! {
    /// A published version of a class without its content.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct VersionNote {
        /// The number, from 1.
        pub version: u32,
        /// First day in force; none for since ever.
        pub valid_from: Option<Date>,
        /// Why it was made.
        pub note: String,
        /// When it was made.
        pub made_at: Timestamp,
        /// By which account; none for the program itself.
        pub made_by: Option<AccountId>,
    }
}

/// 草稿 — what a class shall say next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// The class as it shall be; `version` is the one it would become.
    pub class: MatterClass,
    /// The version it was begun from; 0 for a class that is not there yet.
    pub base: u32,
    /// Why.
    pub note: String,
    /// When it was last edited.
    pub edited_at: Timestamp,
    /// By which account.
    pub edited_by: Option<AccountId>,
}

store::record! {
    /// 权责 — who answers for some matters in some place.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Duty {
        /// Its id in the store.
        pub id: DutyId,
        /// Only classes of this catalogue; empty for any.
        pub catalogue: String,
        /// Only classes whose code is this or begins with it; empty for any.
        pub matter: String,
        /// Only in this division; none for anywhere.
        pub division: Option<DivisionCode>,
        /// Only in this beat; empty for any.
        pub beat: String,
        /// First day in force.
        pub valid_from: Option<Date>,
        /// Last day in force.
        pub valid_to: Option<Date>,
        /// 主管部门
        pub competent: Option<UnitId>,
        /// 权属单位
        pub owning: Option<UnitId>,
        /// 养护单位
        pub maintaining: Option<UnitId>,
        /// 处置单位
        pub handling: UnitId,
        /// Law, clause.
        pub legal_basis: Option<String>,
        /// Where the row comes from.
        pub source: String,
    }
}

/// Where a duty comes from that a coordinator ruled on a case: the source of its row.
pub fn ruling_source(number: &str) -> String {
    format!("ruling:{number}")
}

/// The number of the case on which a coordinator ruled so, if a duty's source says that.
pub fn ruling_of(source: &str) -> Option<&str> {
    source.strip_prefix("ruling:")
}
