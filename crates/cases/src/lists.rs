//! Lists of the record that a city changes: natures of contacts, counts that may be appealed against, reasons
//! to leave a call-back out, what a dissatisfied requester misses, doors open after a refusal, and the sentences of answers.
//!
//! Read from the store now and then ([`crate::service::Cases::lists`]); a snapshot, so that one request decides on one.

use crate::model::Case;
use crate::record::{Answer, AnswerKind, AnswerParts};
use crate::rules::CityRules;
use access::city_settings::{SettingKind, SettingValue};
use matters::MatterClass;
use std::sync::Arc;

/// Which list an entry is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListKind {
    /// 诉求性质
    Nature,
    /// Counts that may be appealed against (申诉).
    Appeal,
    /// Reasons to leave a call-back out of the rates (剔除).
    Exclusion,
    /// What a dissatisfied requester misses.
    Missing,
    /// 可走的其他渠道 — doors still open after a refusal.
    Door,
}

impl ListKind {
    /// All of them, in the order shown.
    pub const ALL: &'static [Self] = &[
        Self::Nature,
        Self::Appeal,
        Self::Exclusion,
        Self::Missing,
        Self::Door,
    ];
    /// The word in the store and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nature => "nature",
            Self::Appeal => "appeal",
            Self::Exclusion => "exclusion",
            Self::Missing => "missing",
            Self::Door => "door",
        }
    }
}

/// The code of a nature as a rule of the city names it; empty for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatureCode(pub String);

impl SettingValue for NatureCode {
    fn kind(bounds: Option<(f64, f64)>) -> SettingKind {
        String::kind(bounds)
    }
    fn read(text: &str) -> Result<Self, String> {
        String::read(text).map(Self)
    }
    fn write(&self) -> String {
        self.0.clone()
    }
    // words: cases-nature-code-*
    fn say(&self, ui: &ui::Ui) -> String {
        let key = format!("cases-nature-code-{}", self.0);
        if ui.site.words.has(&key) {
            let name = ui.t(&key);
            ui.t2("cases-nature-coded", "name", name, "code", self.0.as_str())
        } else {
            self.0.clone()
        }
    }
}

store::record! {
    /// One entry of a list.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ListEntry {
        /// Which list.
        pub kind: String,
        /// Its code, kept with cases.
        pub code: String,
        /// Its name in Chinese.
        pub name_zh: String,
        /// Its name in English.
        pub name_en: String,
        /// What it is called elsewhere, such as in a catalogue; several with `;`.
        pub also: String,
        /// A nature that may be answered at the desk (直接办结).
        pub direct: bool,
        /// A nature that is confidential (举报).
        pub confidential: bool,
        /// May be chosen. One that may not still has its name in old cases.
        pub active: bool,
        /// Its place in the list.
        pub position: i64,
    }
}

impl ListEntry {
    /// Its name in a language (`en`, else Chinese).
    pub fn name(&self, lang: &str) -> &str {
        if lang.starts_with("en") {
            &self.name_en
        } else {
            &self.name_zh
        }
    }
}

/// The sentences of answers of a kind, for the classes whose code begins with `matter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// `handled`, `direct`, `refused`, `ended`.
    pub kind: String,
    /// The beginning of the class code; empty for all.
    pub matter: String,
    /// In Chinese.
    pub zh: AnswerParts,
    /// In English.
    pub en: AnswerParts,
}

/// What a sentence of a template may name between braces.
pub const PLACEHOLDERS: &[&str] = &[
    "number",
    "matter",
    "place",
    "unit",
    "condition",
    "standard",
    "law",
    "limit",
    "result",
    "closing",
    "reason",
    "doors",
    "days",
    "date",
];

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its counterpart.
    #[error("a brace is not closed, or closes nothing")]
    Brace,
    /// A name that means nothing.
    #[error("{{{0}}} is not one of the placeholders")]
    Unknown(String),
}

/// One piece of a sentence: words, or a placeholder.
enum Piece<'a> {
    Words(&'a str),
    Name(&'a str),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        if rest[at..].starts_with('}') {
            return Err(TemplateError::Brace);
        }
        if at > 0 {
            found.push(Piece::Words(&rest[..at]));
        }
        let after = &rest[at + 1..];
        let end = after.find(['{', '}']).ok_or(TemplateError::Brace)?;
        if !after[end..].starts_with('}') {
            return Err(TemplateError::Brace);
        }
        let name = after[..end].trim();
        if !PLACEHOLDERS.contains(&name) {
            return Err(TemplateError::Unknown(name.chars().take(40).collect()));
        }
        found.push(Piece::Name(name));
        rest = &after[end + 1..];
    }
    if !rest.is_empty() {
        found.push(Piece::Words(rest));
    }
    Ok(found)
}

/// Whether a sentence of a template can be used.
///
/// # Errors
/// [`TemplateError`] names the flaw.
pub fn check(text: &str) -> Result<(), TemplateError> {
    pieces(text).map(|_| ())
}

/// A sentence with its placeholders filled in. Where all that it names is empty, so is the sentence: a template says nothing
/// that the record does not. What a template no longer means (it was checked when it was stored) stays out.
pub fn fill<'v>(text: &str, value: impl Fn(&str) -> &'v str) -> String {
    let Ok(pieces) = pieces(text) else {
        return String::new();
    };
    let mut filled = String::new();
    let (mut names, mut empty) = (0, 0);
    for piece in &pieces {
        match piece {
            Piece::Words(words) => filled.push_str(words),
            Piece::Name(name) => {
                let value = value(name);
                names += 1;
                empty += usize::from(value.is_empty());
                filled.push_str(value);
            }
        }
    }
    if names > 0 && names == empty {
        return String::new();
    }
    filled
}

/// A snapshot of the lists, and of the rules that are decided by with them.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// Every entry, in the order shown.
    pub entries: Vec<ListEntry>,
    /// The sentences of answers.
    pub templates: Vec<Template>,
    /// The rules of the city: those of the program with its settings.
    pub rules: Arc<CityRules>,
}

impl Lists {
    /// What may be chosen of a list.
    pub fn active(&self, kind: ListKind) -> impl Iterator<Item = &ListEntry> {
        self.entries
            .iter()
            .filter(move |e| e.active && e.kind == kind.as_str())
    }
    /// An entry by its code, also one that may no longer be chosen.
    pub fn find(&self, kind: ListKind, code: &str) -> Option<&ListEntry> {
        self.entries
            .iter()
            .find(|e| e.kind == kind.as_str() && e.code == code)
    }
    /// The nature of a case on which a decision may rest: what somebody said it is, else what contacts about its class are;
    /// never what is merely usual in the city.
    pub fn nature_relied_on(&self, case: &Case, class: Option<&MatterClass>) -> Option<&ListEntry> {
        let named = case.record.nature.as_deref();
        match named.filter(|_| !case.record.nature_assumed) {
            Some(code) => self.find(ListKind::Nature, code),
            None => self.by_word(ListKind::Nature, class?.default_nature.as_deref()?),
        }
    }
    /// What may be chosen, by its code.
    pub fn choose(&self, kind: ListKind, code: &str) -> Option<&ListEntry> {
        self.find(kind, code).filter(|e| e.active)
    }
    /// An entry by a word of elsewhere: its code, its name, or what it is also called.
    pub fn by_word(&self, kind: ListKind, word: &str) -> Option<&ListEntry> {
        let word = word.trim();
        self.active(kind).find(|e| {
            !word.is_empty()
                && (e.code == word
                    || e.name_zh == word
                    || e.name_en.eq_ignore_ascii_case(word)
                    || e.also.split([';', '；']).any(|a| a.trim() == word))
        })
    }
    /// The name of an entry in a language; its code where the list no longer has it.
    pub fn name(&self, kind: ListKind, code: &str, lang: &str) -> String {
        self.find(kind, code)
            .map_or_else(|| code.to_owned(), |e| e.name(lang).to_owned())
    }
    /// The names of several, in the order given.
    pub fn names(&self, kind: ListKind, codes: &[String], lang: &str) -> Vec<String> {
        codes.iter().map(|c| self.name(kind, c, lang)).collect()
    }
    /// The template of a kind for a class code: the one with the longest beginning.
    pub fn template(&self, kind: AnswerKind, matter: &str) -> Option<&Template> {
        self.templates
            .iter()
            .filter(|t| t.kind == kind.as_str() && matter.starts_with(&t.matter))
            .max_by_key(|t| t.matter.len())
    }
}

/// The values of placeholders in the two languages: name, Chinese, English.
pub type Values = Vec<(&'static str, String, String)>;

/// The answer that a template makes of the record.
pub fn compose(
    template: &Template,
    kind: AnswerKind,
    values: &Values,
    doors: Vec<String>,
) -> Answer {
    let filled = |parts: &AnswerParts, english: bool| {
        let value = |name: &str| {
            values
                .iter()
                .find(|(n, ..)| *n == name)
                .map_or(
                    "",
                    |(_, zh, en)| if english { en.as_str() } else { zh.as_str() },
                )
        };
        AnswerParts {
            found: fill(&parts.found, value),
            done: fill(&parts.done, value),
            rule: fill(&parts.rule, value),
            by: fill(&parts.by, value),
            next: fill(&parts.next, value),
        }
    };
    Answer {
        kind,
        parts: filled(&template.zh, false),
        en: Some(filled(&template.en, true)),
        from_record: true,
        doors,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn placeholders_are_filled_and_a_sentence_about_nothing_is_left_out() {
        let value = |name: &str| if name == "unit" { "水务局" } else { "" };
        assert_eq!(fill("由{unit}办理。", value), "由水务局办理。");
        assert_eq!(fill("由{ unit }办理{number}。", value), "由水务局办理。");
        assert_eq!(fill("编号{number}。", value), "");
        assert_eq!(fill("谢谢。", value), "谢谢。");
        assert_eq!(fill("", value), "");
    }

    #[test]
    fn a_template_with_a_flaw_is_refused_with_its_name() {
        assert_eq!(check("{number} {matter}"), Ok(()));
        assert_eq!(
            check("{numbr}"),
            Err(TemplateError::Unknown("numbr".into()))
        );
        for bad in ["{", "}", "{number", "number}", "{{number}}", "a}b{", "{}"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_most_exact_template_is_used() {
        let of = |matter: &str| Template {
            kind: "handled".into(),
            matter: matter.into(),
            zh: AnswerParts::default(),
            en: AnswerParts::default(),
        };
        let lists = Lists {
            templates: vec![of(""), of("C01"), of("C0101")],
            ..Lists::default()
        };
        let used = |code| {
            lists
                .template(AnswerKind::Handled, code)
                .map(|t| t.matter.as_str())
        };
        assert_eq!(used("C0101"), Some("C0101"));
        assert_eq!(used("C0102"), Some("C01"));
        assert_eq!(used("E0101"), Some(""));
        assert_eq!(lists.template(AnswerKind::Direct, "C0101"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_checked_and_filled_without_a_panic(text in "\\PC{0,40}|[{}a-z ]{0,40}") {
            let filled = fill(&text, |_| "x");
            if check(&text).is_ok() && !text.contains('{') {
                prop_assert_eq!(filled, text);
            }
        }
    }
}
