//! The words of imports by the pages. Plain data.

use access::{AccountId, Permission};
use grid::report::{Report, ShownRow};
use grid::{Reject, Remark};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{ClockKind, Crs, DivisionCode};
use matters::MatterKind;
use serde::{Deserialize, Serialize};

kernel::typed_id! {
    /// One import.
    ImportId
}
store::id_value!(ImportId);

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant),* }
        impl $name {
            /// All of them, in the order shown to people.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word in forms and in the store.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().copied().find(|w| w.as_str() == text);
                found.ok_or_else(|| format!("unknown word {text:?}"))
            }
        }
        store::text_value!($name);
    };
}

words! {
    /// What a file holds.
    Kind {
        /// 区划
        Divisions = "divisions",
        /// 单元网格、责任网格
        Grid = "grid",
        /// 方格 — square cells to be drawn over areas
        Drawing = "drawing",
        /// 单位
        Units = "units",
        /// 事项目录
        Matters = "matters",
        /// 权责
        Duties = "duties",
        /// 网格事项清单 — what grid workers may be asked to do
        GridItems = "grid-items",
        /// 工作日历
        Calendar = "calendar",
        /// 指标定义 — a set of definitions of rates and scores
        Definitions = "definitions",
        /// 案件
        Cases = "cases",
    }
}

impl Kind {
    /// What somebody needs who brings such a file in, or sees what one would do.
    pub fn needs(self) -> &'static [Permission] {
        match self {
            Self::Cases => &[Permission::ReferenceManage, Permission::ImportRun],
            Self::Definitions => &[Permission::EvaluationManage],
            _ => &[Permission::ReferenceManage],
        }
    }
}

/// Where files come in: the same pages, for who has different data in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The administrator's: reference data and cases.
    Administration,
    /// The analysts': sets of definitions.
    Evaluation,
}

impl Door {
    /// Its address.
    pub fn path(self) -> &'static str {
        match self {
            Self::Administration => "/admin/imports",
            Self::Evaluation => "/evaluation/sets/imports",
        }
    }
    /// Whether such files come in by it.
    pub fn takes(self, kind: Kind) -> bool {
        (kind == Kind::Definitions) == (self == Self::Evaluation)
    }
}

words! {
    /// How far an import is.
    State {
        /// Looked at, waits for a person.
        Ready = "ready",
        /// Being written.
        Running = "running",
        /// Over.
        Done = "done",
        /// Stopped before its end; what was written stays.
        Failed = "failed",
        /// Nobody wanted it.
        Cancelled = "cancelled",
    }
}

/// How a file is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Where the rows come from.
    pub source: String,
    /// The system of coordinates.
    pub crs: Option<Crs>,
    /// The word for a catalogue in this version.
    pub catalogue: String,
    /// The standard it follows.
    pub standard: String,
    /// Its version.
    pub version: String,
    /// First day of a catalogue.
    pub valid_from: Option<Date>,
    /// From which day on classes that changed say the new.
    pub effective: Option<Date>,
    /// What bare days mean.
    pub bare_days: Option<ClockKind>,
    /// What bare hours mean.
    pub bare_hours: Option<ClockKind>,
    /// Component or event.
    pub kind: Option<MatterKind>,
    /// The map of a file of cases.
    pub map: String,
    /// The side of a cell that is drawn.
    pub metres: Option<u32>,
    /// The divisions to draw over, where their borders are known; else those of the file.
    pub over: Vec<DivisionCode>,
    /// The version a calendar is kept under; none: the one of the file, else its years.
    pub calendar_version: Option<String>,
    /// Years that a calendar knows whole.
    pub years: Vec<i16>,
    /// Only in this division.
    pub division: Option<DivisionCode>,
    /// Why it is loaded.
    pub reason: Option<String>,
}

/// What a file would do, or did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Rows in the file.
    pub read: u64,
    /// New ones.
    pub imported: u64,
    /// Those with other content.
    pub updated: u64,
    /// Those with the same content.
    pub unchanged: u64,
    /// Refused ones.
    pub rejected: u64,
    /// The first rows that would be written.
    pub shown: Vec<ShownRow>,
    /// Each refusal.
    pub rejects: Vec<Reject>,
    /// What a person should look at.
    pub warnings: Vec<Remark>,
    /// Refusals and warnings beyond those listed.
    pub not_listed: u64,
    /// Headers of columns that nobody asked for.
    pub ignored_columns: Vec<String>,
    /// Why it stopped, in English; empty when it did not.
    pub failure: String,
}

impl From<Report> for Found {
    fn from(r: Report) -> Self {
        Self {
            read: r.read,
            imported: r.imported,
            updated: r.updated,
            unchanged: r.unchanged,
            rejected: r.rejected,
            shown: r.shown,
            rejects: r.rejects,
            warnings: r.warnings,
            not_listed: r.not_listed,
            ignored_columns: r.ignored_columns,
            failure: String::new(),
        }
    }
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// What the file holds.
    pub kind: Kind,
    /// The name of the file.
    pub file: String,
    /// How far it is.
    pub state: State,
    /// How it is read.
    pub options: Options,
    /// What it would do, or did.
    pub found: Found,
    /// When it was uploaded.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: Option<AccountId>,
    /// When it last changed.
    pub updated_at: Timestamp,
}
