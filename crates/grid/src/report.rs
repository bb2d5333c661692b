//! What an import of reference data did, line by line, and why a file cannot be used at all.

use crate::rules::{Finding, MAX_CELLS_PER_COMMUNITY};
use crate::why::Why;
use access::{Saying, Word};
use axum::http::StatusCode;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use store::StoreError;
use ui::{Arg, I18n, Lang};

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Reject {
    /// The physical line of a sheet, or the place of a feature in a collection, from 1.
    pub line: u64,
    /// The column or property at fault.
    pub field: String,
    /// What stood there, cut to 80 characters; empty where it may not be repeated.
    pub value: String,
    /// What is wrong with it, in English.
    pub reason: String,
    /// The same as a stable word.
    #[serde(flatten)]
    pub coded: Box<Coded>,
    /// The worksheet, where a workbook has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

/// A reason as a stable word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Coded {
    /// The word; empty in imports of before there were words.
    #[serde(default)]
    pub code: String,
    /// What its sentence names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}

impl Reject {
    /// A row refused for one field.
    pub fn new(line: u64, field: &str, value: &str, why: impl Into<Why>) -> Self {
        let Why { code, args, text } = why.into();
        Self {
            line,
            field: field.to_owned(),
            value: value.chars().take(80).collect(),
            reason: text,
            coded: Box::new(Coded {
                code: code.to_owned(),
                names: args.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
            }),
            sheet: None,
        }
    }
    // words: grid-reject-*
    /// The reason in a language; in English where its words are not there.
    pub fn sentence(&self, words: &I18n, lang: Lang) -> String {
        self.coded
            .sentence("grid-reject-", words, lang)
            .unwrap_or_else(|| self.reason.clone())
    }
    // words: grid-reject-*
    /// The reason as a part of another sentence, in the language of that one.
    pub fn word(&self) -> Word {
        let Coded { code, names } = &*self.coded;
        let args = names.iter();
        let args = args.map(|(name, text)| (name.clone().into(), text.as_str().into()));
        Word::Sayings(vec![Saying {
            key: format!("grid-reject-{}", code.replace('_', "-")),
            args: args.collect(),
        }])
    }
    // words: grid-column-*
    /// The column in a language; as it stands in the file where nobody named it.
    pub fn column(&self, words: &I18n, lang: Lang) -> String {
        let key = format!("grid-column-{}", self.field.replace('_', "-"));
        if words.has(&key) {
            words.text(lang, &key, &[])
        } else {
            self.field.clone()
        }
    }
    /// In the words of a language, such as for a file that a person reads.
    #[must_use]
    pub fn told(&self, words: &I18n, lang: Lang) -> Self {
        Self {
            field: self.column(words, lang),
            reason: self.sentence(words, lang),
            ..self.clone()
        }
    }
    /// In this worksheet.
    #[must_use]
    pub fn within(self, sheet: Option<&str>) -> Self {
        Self {
            sheet: sheet.map(str::to_owned),
            ..self
        }
    }
}

/// What a person should look at although it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(from = "KeptRemark")]
pub struct Remark {
    /// In English.
    pub text: String,
    /// The same as a stable word.
    #[serde(flatten)]
    pub coded: Box<Coded>,
}

/// A remark as imports keep it: of before there were words, only its English.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum KeptRemark {
    Text(String),
    Coded {
        text: String,
        #[serde(flatten)]
        coded: Box<Coded>,
    },
}

impl From<KeptRemark> for Remark {
    fn from(kept: KeptRemark) -> Self {
        match kept {
            KeptRemark::Text(text) => Self {
                text,
                coded: Box::default(),
            },
            KeptRemark::Coded { text, coded } => Self { text, coded },
        }
    }
}

impl Remark {
    /// A remark by its word, and in English.
    pub fn new(code: &str, text: impl ToString) -> Self {
        let coded = Coded {
            code: code.to_owned(),
            names: BTreeMap::new(),
        };
        Self {
            text: text.to_string(),
            coded: Box::new(coded),
        }
    }
    /// With something that the sentence names, cut to 80 characters.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        let value = value.to_string().chars().take(80).collect();
        self.coded.names.insert(name.to_owned(), value);
        self
    }
    // words: grid-remark-*
    /// It in a language; in English where its words are not there.
    pub fn sentence(&self, words: &I18n, lang: Lang) -> String {
        self.coded
            .sentence("grid-remark-", words, lang)
            .unwrap_or_else(|| self.text.clone())
    }
}

impl From<Finding> for Remark {
    fn from(finding: Finding) -> Self {
        let text = finding.to_string();
        match finding {
            Finding::Overlap { first, second } => Remark::new("overlap", text)
                .with("first", first)
                .with("second", second),
            Finding::Gap { beside, lon, lat } => Remark::new("gap", text)
                .with("grid", beside)
                .with("lon", format!("{lon:.6}"))
                .with("lat", format!("{lat:.6}")),
            Finding::TooMany { community, cells } => Remark::new("many_grids", text)
                .with("community", community)
                .with("cells", cells)
                .with("most", MAX_CELLS_PER_COMMUNITY),
        }
    }
}

impl Coded {
    /// The sentence of the word, under the keys that begin so.
    fn sentence(&self, prefix: &str, words: &I18n, lang: Lang) -> Option<String> {
        let key = format!("{prefix}{}", self.code.replace('_', "-"));
        if self.code.is_empty() || !words.has(&key) {
            return None;
        }
        let names: Vec<(&str, &dyn Arg)> = self
            .names
            .iter()
            .map(|(k, v)| (k.as_str(), v as &dyn Arg))
            .collect();
        Some(words.text(lang, &key, &names))
    }
}

/// Remarks as programs read them.
fn texts<S: serde::Serializer>(remarks: &[Remark], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(remarks.iter().map(|remark| &remark.text))
}

/// Refused rows as CSV with `line,field,value,reason` (and `sheet` first where a workbook was read). Cells that a
/// spreadsheet would take for a formula begin with an apostrophe.
pub fn rejects_csv(rejects: &[Reject]) -> String {
    let with_sheet = rejects.iter().any(|r| r.sheet.is_some());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut put = |sheet: &str, cells: [&str; 4]| {
        let sheet = with_sheet.then_some(sheet);
        let safe = |cell: &str| kernel::sheet::guarded(cell).into_owned();
        // Writing into memory does not fail.
        let _ = writer.write_record(sheet.into_iter().chain(cells).map(safe));
    };
    put("sheet", ["line", "field", "value", "reason"]);
    for r in rejects {
        let line = r.line.to_string();
        put(
            r.sheet.as_deref().unwrap_or_default(),
            [&line, &r.field, &r.value, &r.reason],
        );
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// The sums of an import: `read = imported + unchanged + updated + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows or features in the file.
    pub read: u64,
    /// New ones.
    pub imported: u64,
    /// Those that were there with the same content.
    pub unchanged: u64,
    /// Those that were there with other content.
    pub updated: u64,
    /// Those refused.
    pub rejected: u64,
    /// Each refusal, at most [`Report::MAX_NOTES`].
    pub rejects: Vec<Reject>,
    /// What a person should look at although it was taken, at most [`Report::MAX_NOTES`].
    #[serde(serialize_with = "texts")]
    pub warnings: Vec<Remark>,
    /// Refusals and warnings beyond those listed.
    pub not_listed: u64,
    /// Headers of columns that nobody asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored_columns: Vec<String>,
    /// The first rows that would be written, for a preview.
    #[serde(skip)]
    pub shown: Vec<ShownRow>,
}

/// A row of a file as a preview shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct ShownRow {
    /// Its line.
    pub line: u64,
    /// It is not known yet; else it is known with other content.
    pub is_new: bool,
    /// What it is about.
    pub name: String,
}

impl Report {
    /// How many rows a preview shows.
    pub const MAX_SHOWN: usize = 50;

    /// Keeps a row for the preview, if there is room.
    pub fn show(&mut self, line: u64, is_new: bool, name: impl FnOnce() -> String) {
        if self.shown.len() < Self::MAX_SHOWN {
            self.shown.push(ShownRow {
                line,
                is_new,
                name: name(),
            });
        }
    }

    /// How many refusals and how many warnings are listed; the sums count all.
    pub const MAX_NOTES: usize = 10_000;

    /// Counts and lists a refusal.
    pub fn reject(&mut self, reject: Reject) {
        self.rejected += 1;
        if self.rejects.len() < Self::MAX_NOTES {
            self.rejects.push(reject);
        } else {
            self.not_listed += 1;
        }
    }
    /// Lists a warning.
    pub fn warn(&mut self, warning: impl Into<Remark>) {
        if self.warnings.len() < Self::MAX_NOTES {
            self.warnings.push(warning.into());
        } else {
            self.not_listed += 1;
        }
    }
    /// Whether every row is accounted for once.
    pub fn adds_up(&self) -> bool {
        self.read == self.imported + self.unchanged + self.updated + self.rejected
    }
}

/// Why an import did nothing, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file or the options cannot be used; nothing was written.
    #[error("{message}")]
    Unusable {
        /// A stable word for scripts.
        code: &'static str,
        /// What is wrong.
        message: String,
        /// The column or option at fault, where there is one.
        field: Option<String>,
        /// The line, where there is one.
        line: Option<u64>,
        /// The same as a sentence of the language files; none where `code` says it all, or the words are not ours.
        why: Option<Box<Word>>,
    },
    /// The principal may not change reference data.
    #[error(transparent)]
    Refused(#[from] access::Refused),
    /// The store failed; batches before that are kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// The file or the options cannot be used.
    pub fn unusable(code: &'static str, message: impl ToString) -> Self {
        Self::Unusable {
            code,
            message: message.to_string(),
            field: None,
            line: None,
            why: None,
        }
    }
    /// The same for a reason that the language files have.
    pub fn because(code: &'static str, why: impl Into<Why>) -> Self {
        let why = why.into();
        Self::Unusable {
            code,
            message: why.text.clone(),
            field: None,
            line: None,
            why: Some(Box::new(why.word())),
        }
    }
    /// Tells people the reason so.
    #[must_use]
    pub fn telling(mut self, word: Word) -> Self {
        if let Self::Unusable { why, .. } = &mut self {
            *why = Some(Box::new(word));
        }
        self
    }
    /// What is wrong, in a language.
    pub fn sentence(&self, words: &I18n, lang: Lang) -> String {
        let key = access::word_key(access::Problem::code(self));
        if !words.has(&key) {
            return self.to_string();
        }
        access::said(words, lang, &key, &access::Problem::args(self))
    }
    /// What is wrong with the file, as a part of another sentence: its line and the reason, without what came of it.
    pub fn fault(&self) -> Word {
        let Self::Unusable {
            code,
            message,
            field,
            line,
            why,
        } = self
        else {
            return Word::Text(self.to_string());
        };
        let line = line.map_or(0, |n| i64::try_from(n).unwrap_or(i64::MAX));
        let reason = why.as_deref().cloned();
        let args = vec![
            ("what", (*code).into()),
            ("reason", reason.unwrap_or_else(|| message.as_str().into())),
            ("field", field.clone().unwrap_or_default().into()),
            ("line", line.into()),
        ];
        Saying::new("grid-file-fault", args).into() // word
    }
    /// Names the column or option at fault.
    pub fn at(mut self, name: &str) -> Self {
        if let Self::Unusable { field, .. } = &mut self {
            *field = Some(name.to_owned());
        }
        self
    }
    /// Names the line at fault.
    pub fn on_line(mut self, number: u64) -> Self {
        if let Self::Unusable { line, .. } = &mut self {
            *line = Some(number);
        }
        self
    }
}

// words: grid-error-*
impl access::Problem for ImportError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unusable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Refused(error) => error.status(),
            Self::Store(error) => error.status(),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Unusable { .. } => "grid.unusable_file",
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
    fn field(&self) -> Option<String> {
        match self {
            Self::Unusable { field, .. } => Some(field.as_deref().unwrap_or("file").to_owned()),
            Self::Refused(_) | Self::Store(_) => None,
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Unusable { .. } => vec![("fault", self.fault())],
            Self::Refused(error) => error.args(),
            Self::Store(error) => error.args(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) => error.retry_after_s(),
            Self::Unusable { .. } | Self::Refused(_) => None,
        }
    }
}

/// The file as the audit trail names it: its SHA-256 in hexadecimal.
pub fn fingerprint(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
