//! Why a row of a file is not taken: a stable word with what its sentence names, for the words of the language files; and the
//! same in English, for files of rejects, for logs and for programs.
//!
//! The sentences are `grid-reject-…`, the names of columns `grid-column-…`. A word is never used for two things.

use crate::area::AreaError;
use crate::guard::Forbidden;
use kernel::CodeError;
use kernel::deadline::LimitError;

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The stable word.
    pub code: &'static str,
    /// What the sentence names.
    pub args: Vec<(&'static str, String)>,
    /// In English.
    pub text: String,
}

impl Why {
    /// A reason by its word, and in English.
    pub fn new(code: &'static str, text: impl ToString) -> Self {
        Self {
            code,
            args: Vec::new(),
            text: text.to_string(),
        }
    }
    /// With something that the sentence names, cut to 80 characters.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        let value: String = value.to_string().chars().take(80).collect();
        self.args.push((name, value));
        self
    }
    /// What has to be there is not.
    pub fn empty() -> Self {
        Self::new("empty", "is empty")
    }
    /// More than so many characters.
    pub fn too_long(most: usize) -> Self {
        Self::new("too_long", format!("longer than {most} characters")).with("most", most)
    }
    /// A text that is no date.
    pub fn no_date() -> Self {
        Self::new("no_date", "not a date of the form yyyy-mm-dd")
    }
    /// An end before its beginning.
    pub fn backward() -> Self {
        Self::new("backward", "ends before it begins")
    }
    /// A text that is no number of 0 or more.
    pub fn no_count() -> Self {
        Self::new("no_count", "not a whole number of 0 or more")
    }
}

impl From<Forbidden> for Why {
    fn from(error: Forbidden) -> Self {
        let text = error.to_string();
        match error {
            Forbidden::Column { name, word } => Self::new("forbidden_column", text)
                .with("name", name)
                .with("word", word),
            Forbidden::Class { name, word } => Self::new("forbidden_class", text)
                .with("name", name)
                .with("word", word),
            Forbidden::PersonNumber => Self::new("person_number", text),
        }
    }
}

impl From<CodeError> for Why {
    fn from(error: CodeError) -> Self {
        Self::new("bad_code", error.reason)
    }
}

impl From<AreaError> for Why {
    fn from(error: AreaError) -> Self {
        let text = error.to_string();
        match error {
            AreaError::NotAPolygon(_) => Self::new("no_polygon", text),
            AreaError::Empty => Self::new("no_ring", text),
            AreaError::Open { ring } => Self::new("open_ring", text).with("ring", ring),
            AreaError::Flat { ring } => Self::new("flat_ring", text).with("ring", ring),
            AreaError::Vertex { ring, vertex, .. } => Self::new("bad_vertex", text)
                .with("ring", ring)
                .with("vertex", vertex),
            AreaError::TooLarge => Self::new("many_vertices", text),
            AreaError::Crossing { lon, lat } => Self::new("crossing", text)
                .with("lon", format!("{lon:.6}"))
                .with("lat", format!("{lat:.6}")),
        }
    }
}

impl From<LimitError> for Why {
    fn from(error: LimitError) -> Self {
        let text = error.to_string();
        match error {
            LimitError::Amount { .. } => Self::new("limit_amount", text),
            LimitError::Bounds { .. } => {
                Self::new("limit_bounds", text).with("max", kernel::Limit::MAX_AMOUNT)
            }
            LimitError::Fraction { .. } => Self::new("limit_fraction", text),
            LimitError::Clock { .. } => Self::new("limit_clock", text),
            LimitError::Bare { unit, .. } => Self::new("limit_bare", text).with("unit", unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Every text that stands between `open` and the next quotation mark, blanks and line breaks before it aside.
    fn after(source: &str, open: &str, into: &mut BTreeSet<String>) {
        for rest in source.split(open).skip(1) {
            if let Some(rest) = rest.trim_start().strip_prefix('"')
                && let Some((word, _)) = rest.split_once('"')
            {
                into.insert(word.to_owned());
            }
        }
    }

    fn sources(at: &Path, into: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(at)
            .expect("a folder of sources")
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let source = std::fs::read_to_string(&path).expect("a source");
                after(&source, "Why::new(", into);
            }
        }
    }

    #[test]
    fn every_reason_of_every_importer_has_its_sentence_in_both_languages() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the folder of the crates");
        let mut codes = BTreeSet::new();
        for name in ["actors", "matters", "cases", "dispatch", "evaluation"] {
            sources(&crates.join(name).join("src"), &mut codes);
        }
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for file in ["why.rs", "sheet.rs", "import.rs", "batch.rs", "ops.rs"] {
            let source = std::fs::read_to_string(own.join(file)).expect("a source");
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            after(source, "Why::new(", &mut codes);
            if file == "why.rs" {
                after(source, "Self::new(", &mut codes);
            }
        }
        for by_parsing in ["bad_code", "unit_kind", "matter_kind", "no_rule_number"] {
            codes.insert(by_parsing.to_owned());
        }
        assert!(codes.len() > 50, "{codes:?}");
        for words in [
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        ] {
            for code in &codes {
                let key = format!("\ngrid-reject-{} = ", code.replace('_', "-"));
                assert!(words.contains(&key), "no sentence for {code}");
            }
        }
    }

    #[test]
    fn a_reason_is_one_word_and_names_what_its_sentence_needs() {
        let why = Why::from(LimitError::Bare {
            input: "2天".into(),
            unit: "天".into(),
            choices: "x",
        });
        assert_eq!(
            (why.code, why.args),
            ("limit_bare", vec![("unit", "天".to_owned())])
        );
        let why = Why::from(Forbidden::PersonNumber);
        assert_eq!((why.code, why.args), ("person_number", Vec::new()));
    }
}
