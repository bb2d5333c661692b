//! The words of actors: a unit and its kind. Plain data.

use jiff::civil::Date;
use kernel::DivisionCode;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

pub use access::UnitId;

/// The eight kinds of actors in governance (杨安、刘逸帆, 治理主体).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// 党委
    Party,
    /// 政府, its departments and street offices
    Government,
    /// 企业
    Enterprise,
    /// 事业单位
    PublicInstitution,
    /// 社会组织
    SocialOrganisation,
    /// 群众团体
    MassOrganisation,
    /// 居民自治组织
    ResidentsCommittee,
    /// 个人 — a volunteer or contact person acting for themselves; never the subject of a score.
    Individual,
}

impl UnitKind {
    /// All kinds, in the order shown to people.
    pub const ALL: [Self; 8] = [
        Self::Party,
        Self::Government,
        Self::Enterprise,
        Self::PublicInstitution,
        Self::SocialOrganisation,
        Self::MassOrganisation,
        Self::ResidentsCommittee,
        Self::Individual,
    ];
    /// The word in the store, the API and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Party => "party",
            Self::Government => "government",
            Self::Enterprise => "enterprise",
            Self::PublicInstitution => "public_institution",
            Self::SocialOrganisation => "social_organisation",
            Self::MassOrganisation => "mass_organisation",
            Self::ResidentsCommittee => "residents_committee",
            Self::Individual => "individual",
        }
    }
    /// The Chinese word, also read from files.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Party => "党委",
            Self::Government => "政府",
            Self::Enterprise => "企业",
            Self::PublicInstitution => "事业单位",
            Self::SocialOrganisation => "社会组织",
            Self::MassOrganisation => "群众团体",
            Self::ResidentsCommittee => "居民自治组织",
            Self::Individual => "个人",
        }
    }
}

impl fmt::Display for UnitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for UnitKind {
    type Err = String;
    /// Reads the English word in any case or the Chinese one.
    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.trim();
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(word) || kind.zh() == word)
            .ok_or_else(|| {
                let known = Self::ALL.map(UnitKind::as_str).join(", ");
                let word: String = word.chars().take(40).collect();
                format!("unknown kind of unit {word:?}: expected one of {known}")
            })
    }
}

store::text_value!(UnitKind);

store::record! {
    /// 单位 — a department, enterprise, organisation or group that can be responsible for a matter.
    #[derive(Debug, Clone, PartialEq, Serialize)]
    pub struct Unit {
        /// Its id in the store.
        pub id: UnitId,
        /// The city's own code, or `source/name` for a unit that an import met first.
        pub code: String,
        /// Its name in Chinese, or in the language of its source.
        pub name_zh: String,
        /// Its name in English, where one is known.
        pub name_en: Option<String>,
        /// Which of the eight kinds.
        pub kind: UnitKind,
        /// The code of the unit it belongs to.
        pub parent: Option<String>,
        /// The territory it is in charge of or sits in; none for the whole city.
        pub division: Option<DivisionCode>,
        /// The phone of the office (never a person's).
        pub phone: Option<String>,
        /// First day in force.
        pub valid_from: Option<Date>,
        /// Last day in force.
        pub valid_to: Option<Date>,
        /// Where the row comes from.
        pub source: String,
        /// Whether a person has looked at it; imports make units that nobody has.
        pub reviewed: bool,
    }
}

impl Unit {
    /// Its name in a language (`en`, else Chinese).
    pub fn name(&self, lang: &str) -> &str {
        match &self.name_en {
            Some(name) if lang.starts_with("en") => name,
            _ => &self.name_zh,
        }
    }
}

/// What an import met: the name of a unit as its source writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportedUnit {
    /// The source of the import.
    pub source: String,
    /// The name, trimmed.
    pub name: String,
}

impl ImportedUnit {
    /// The code such a unit gets: the same for the same source and name, for ever.
    pub fn code(&self) -> String {
        format!("{}/{}", self.source, self.name)
    }
}
