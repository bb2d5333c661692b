//! Templates: a text with places in braces, `案件 {number} 已派遣`. Pure; a template that asks for an unknown word is refused
//! when it is written, so that no notice goes out with a hole.

use crate::model::Place;
use access::{Saying, Word};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The most characters of a title: it is the subject of a mail and the first line of a text message.
pub const LONGEST_TITLE: usize = 80;
/// The most characters of a body.
pub const LONGEST_BODY: usize = 1000;

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is empty.
    #[error("is empty")]
    Empty,
    /// It is too long.
    #[error("has more than {0} characters")]
    TooLong(usize),
    /// It holds control characters.
    #[error("holds control characters")]
    Control,
    /// A brace without its other half.
    #[error("has a brace without its other half at character {0}")]
    Brace(usize),
    /// A place that no notice of this kind fills.
    #[error("asks for {{{name}}}, which notices of this kind do not have; there are: {known}")]
    Unknown {
        /// The place.
        name: String,
        /// Those there are.
        known: String,
    },
}

impl TemplateError {
    // words: notices-template-*
    /// The same in the reader's language.
    pub(crate) fn word(&self) -> Word {
        let number = |n: &usize| Word::Number(i64::try_from(*n).unwrap_or(i64::MAX));
        match self {
            Self::Empty => Word::Key("notices-template-empty".to_owned()),
            Self::Control => Word::Key("notices-template-control".to_owned()),
            Self::TooLong(most) => {
                Saying::new("notices-template-long", vec![("most", number(most))]).into()
            }
            Self::Brace(at) => {
                Saying::new("notices-template-brace", vec![("at", number(at))]).into()
            }
            Self::Unknown { name, known } => {
                let args = vec![
                    ("name", name.as_str().into()),
                    ("known", known.as_str().into()),
                ];
                Saying::new("notices-template-unknown", args).into()
            }
        }
    }
}

/// Pieces of a template: text, or the name of a place.
fn pieces(text: &str) -> Result<Vec<Result<&str, &str>>, TemplateError> {
    let mut found = Vec::new();
    let mut rest = text;
    let at = |rest: &str| text.chars().count() - rest.chars().count() + 1;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(open);
        found.push(Ok(before));
        let inner = from
            .strip_prefix('{')
            .ok_or(TemplateError::Brace(at(from)))?;
        let close = inner
            .find(['{', '}'])
            .filter(|n| inner[*n..].starts_with('}'))
            .ok_or(TemplateError::Brace(at(from)))?;
        found.push(Err(inner[..close].trim()));
        rest = &inner[close + 1..];
    }
    found.push(Ok(rest));
    Ok(found)
}

/// Whether a template may be used: its length, its braces, and that it asks only for words of `known` (separated by spaces).
///
/// # Errors
/// What is wrong with it.
pub fn check(text: &str, known: &str, longest: usize) -> Result<(), TemplateError> {
    if text.trim().is_empty() {
        return Err(TemplateError::Empty);
    }
    if text.chars().count() > longest {
        return Err(TemplateError::TooLong(longest));
    }
    let is_title = longest == LONGEST_TITLE;
    if text.contains(|c: char| c.is_control() && (is_title || c != '\n')) {
        return Err(TemplateError::Control);
    }
    for piece in pieces(text)? {
        if let Err(name) = piece
            && !known.split_whitespace().any(|k| k == name)
        {
            let (name, known) = (name.chars().take(40).collect(), known.to_owned());
            return Err(TemplateError::Unknown { name, known });
        }
    }
    Ok(())
}

/// The text, which is of a language, with its places filled; a place that is not there is left empty.
pub fn render(text: &str, lang: &str, places: &BTreeMap<String, Place>, tz: &TimeZone) -> String {
    let Ok(pieces) = pieces(text) else {
        // Checked when it was written.
        return text.to_owned();
    };
    let mut out = String::with_capacity(text.len() + 40);
    for piece in pieces {
        match piece {
            Ok(text) => out.push_str(text),
            Err(name) => match places.get(name) {
                Some(Place::Text(text)) => out.push_str(text),
                Some(Place::Named { en, .. }) if lang.starts_with("en") => out.push_str(en),
                Some(Place::Named { zh, .. }) => out.push_str(zh),
                Some(Place::Time(at)) => {
                    let at = at.to_zoned(tz.clone());
                    out.push_str(&at.strftime("%Y-%m-%d %H:%M").to_string());
                }
                None => {}
            },
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_are_filled_and_unknown_ones_refused() {
        let places = BTreeMap::from([
            (
                "number".to_owned(),
                Place::Text("330102-20260316-00001".into()),
            ),
            (
                "due".to_owned(),
                Place::Time("2026-03-16T06:20:00Z".parse().unwrap()),
            ),
        ]);
        let tz = TimeZone::get("Asia/Shanghai").unwrap();
        let text = "案件 {number} 应于 { due } 前办结{nothing}。";
        assert_eq!(
            render(text, "zh-CN", &places, &tz),
            "案件 330102-20260316-00001 应于 2026-03-16 14:20 前办结。"
        );
        assert!(check("案件 {number}", "number due", 80).is_ok());
        let unknown = check("{phone}", "number due", 80).unwrap_err();
        assert!(unknown.to_string().contains("{phone}"), "{unknown}");
        assert_eq!(
            check("井盖 {number", "number", 80),
            Err(TemplateError::Brace(4))
        );
        assert_eq!(check("}", "", 80), Err(TemplateError::Brace(1)));
        assert_eq!(check("{a{b}}", "a b", 80), Err(TemplateError::Brace(1)));
        assert_eq!(check(" ", "", 80), Err(TemplateError::Empty));
        assert_eq!(
            check("a\nb", "", LONGEST_TITLE),
            Err(TemplateError::Control)
        );
        assert!(check("a\nb", "", LONGEST_BODY).is_ok());
        assert_eq!(
            check(&"长".repeat(81), "", 80),
            Err(TemplateError::TooLong(80))
        );
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in "\\PC{0,60}|[{}a-z ]{0,20}") {
            let filled = render(&text, "en", &BTreeMap::new(), &TimeZone::UTC);
            if check(&text, "a b", LONGEST_BODY).is_ok() {
                let has_brace = filled.contains(['{', '}']);
                prop_assert!(!has_brace);
            }
        }
    }
}
