//! What a class must be before it can be published.

use crate::model::{Condition, MatterClass, MatterKind};
use grid::guard;
use kernel::mask::looks_like_resident_id;

/// The longest name of a class, in characters.
pub const MAX_NAME: usize = 60;
/// The longest words of a condition, its evidence or its basis, in characters.
pub const MAX_WORDS: usize = 500;
/// The most conditions of one class.
pub const MAX_CONDITIONS: usize = 99;
/// The most keywords of one class.
pub const MAX_KEYWORDS: usize = 60;
/// The longest keyword or closing, in characters.
pub const MAX_KEYWORD: usize = 40;

/// One thing that is wrong with a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The field of the form: `name_zh`, `flags`, `condition-2` …
    pub field: String,
    /// A stable word; its sentence stands under `matters-wrong-…`.
    pub code: &'static str,
    /// In English, for logs and programs.
    pub reason: String,
    /// The most there may be, where that is what is wrong.
    pub most: Option<usize>,
}

fn wrong(field: impl Into<String>, code: &'static str, reason: impl ToString) -> Wrong {
    Wrong {
        field: field.into(),
        code,
        reason: reason.to_string(),
        most: None,
    }
}

impl Wrong {
    fn at_most(self, most: usize) -> Self {
        Self {
            most: Some(most),
            ..self
        }
    }
}

/// Whether a code is the letter of the kind and four digits, or another short word without blanks, for local catalogues.
fn check_code(class: &MatterClass) -> Result<(), Wrong> {
    let code = &class.code;
    let is_word = !code.is_empty()
        && code.len() <= 40
        && code
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !is_word {
        let reason = format!("code {code:?} has blanks or signs, or is too long");
        return Err(wrong("code", "bad_code", reason));
    }
    let fits = match (&class.major, &class.minor) {
        (Some(major), Some(minor)) => *code == format!("{}{major}{minor}", class.kind.letter()),
        _ => true,
    };
    if fits {
        Ok(())
    } else {
        let reason = format!("code {code:?} does not fit its kind, major and minor class");
        Err(wrong("code", "code_mismatch", reason))
    }
}

fn check_words(field: &str, text: &str, most: usize) -> Result<(), Wrong> {
    if text.chars().count() > most {
        return Err(
            wrong(field, "too_long", format!("longer than {most} characters")).at_most(most),
        );
    }
    if looks_like_resident_id(text) {
        return Err(wrong(
            field,
            "person_number",
            guard::Forbidden::PersonNumber,
        ));
    }
    Ok(())
}

fn check_condition(condition: &Condition) -> Result<(), Wrong> {
    let field = format!("condition-{}", condition.rule_no);
    if condition.text.trim().is_empty() {
        return Err(wrong(
            field,
            "empty_condition",
            "the condition has no words",
        ));
    }
    let words = [
        Some(condition.text.as_str()),
        condition.evidence.as_deref(),
        condition.legal_basis.as_deref(),
    ];
    for text in words.into_iter().flatten() {
        check_words(&field, text, MAX_WORDS)?;
    }
    condition
        .closing
        .iter()
        .try_for_each(|c| check_words(&field, c, MAX_KEYWORD))
}

fn check_flags(class: &MatterClass) -> Result<(), Wrong> {
    let flags = class.flags;
    if flags.warnable && class.is_conduct() {
        let reason = format!(
            "class {:?} is about the conduct of persons, which never raises warnings: {}",
            class.name_zh,
            guard::RULE
        );
        return Err(wrong("flags", "conduct_warnable", reason));
    }
    if flags.confidential && (flags.public || flags.claimable) {
        let reason = "a confidential class is neither shown in public nor claimed by others";
        return Err(wrong("flags", "confidential_public", reason));
    }
    if flags.claimable && class.kind == MatterKind::Other {
        let reason = "a person's request for help is never claimed by others";
        return Err(wrong("flags", "person_claimable", reason));
    }
    Ok(())
}

/// Everything that is wrong with a class as it shall be published; empty when nothing is.
pub fn check_class(class: &MatterClass) -> Vec<Wrong> {
    let mut found: Vec<Wrong> = Vec::new();
    let mut note = |result: Result<(), Wrong>| found.extend(result.err());
    note(check_code(class));
    if class.name_zh.trim().is_empty() {
        note(Err(wrong("name_zh", "empty_name", "the class has no name")));
    }
    note(check_words("name_zh", &class.name_zh, MAX_NAME));
    note(check_words(
        "name_en",
        class.name_en.as_deref().unwrap_or_default(),
        MAX_WORDS,
    ));
    note(guard::check_class(&class.name_zh).map_err(|e| wrong("name_zh", "forbidden_class", e)));
    if class.keywords.len() > MAX_KEYWORDS {
        let reason = format!("more than {MAX_KEYWORDS} keywords");
        note(Err(
            wrong("keywords", "too_many", reason).at_most(MAX_KEYWORDS)
        ));
    }
    for keyword in &class.keywords {
        note(check_words("keywords", keyword, MAX_KEYWORD));
        note(guard::check_class(keyword).map_err(|e| wrong("keywords", "forbidden_class", e)));
    }
    if class.conditions.is_empty() {
        let reason = "a class without a registration condition cannot be registered under";
        note(Err(wrong("conditions", "no_condition", reason)));
    }
    if class.conditions.len() > MAX_CONDITIONS {
        let reason = format!("more than {MAX_CONDITIONS} conditions");
        note(Err(
            wrong("conditions", "too_many", reason).at_most(MAX_CONDITIONS)
        ));
    }
    let mut numbers: Vec<u32> = class.conditions.iter().map(|c| c.rule_no).collect();
    numbers.sort_unstable();
    if numbers.windows(2).any(|pair| pair[0] == pair[1]) {
        let reason = "two conditions have the same number";
        note(Err(wrong("conditions", "same_number", reason)));
    }
    for condition in &class.conditions {
        note(check_condition(condition));
    }
    note(check_flags(class));
    found
}

/// The first thing that is wrong with a class.
///
/// # Errors
/// [`Wrong`].
pub fn first_flaw(class: &MatterClass) -> Result<(), Wrong> {
    check_class(class).into_iter().next().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Flags, MatterId};
    use kernel::id::Id;

    fn class(name: &str) -> MatterClass {
        let id = MatterId(Id::from_bytes([1; 16]));
        let mut class = crate::rules::imported_class(id, "test", "E0401");
        class.kind = MatterKind::Event;
        (class.major, class.minor) = (Some("04".into()), Some("01".into()));
        class.name_zh = name.into();
        class.conditions = vec![Condition {
            rule_no: 1,
            text: "占道".into(),
            limit: None,
            limit_text: String::new(),
            closing: vec!["清除".into()],
            evidence: None,
            legal_basis: None,
            mandatory: false,
        }];
        class
    }

    fn codes(class: &MatterClass) -> Vec<&'static str> {
        check_class(class).iter().map(|w| w.code).collect()
    }

    #[test]
    fn a_sound_class_has_nothing_wrong() {
        assert_eq!(check_class(&class("占道经营")), []);
    }

    #[test]
    fn conduct_of_persons_never_warns_whoever_says_so() {
        let with = |flags: Flags| MatterClass {
            flags,
            ..class("占道经营")
        };
        let plain = class("占道经营").flags;
        let warnable = Flags {
            warnable: true,
            ..plain
        };
        assert_eq!(codes(&with(warnable)), ["conduct_warnable"]);
        let both = Flags {
            confidential: true,
            public: true,
            ..plain
        };
        assert_eq!(codes(&with(both)), ["confidential_public"]);
    }

    #[test]
    fn each_flaw_is_named_once() {
        let mut bad = class("重点人员管控");
        bad.code = "E 1".into();
        bad.keywords = vec!["11010519491231002X".into()];
        bad.conditions[0].text = " ".into();
        assert_eq!(
            codes(&bad),
            [
                "bad_code",
                "forbidden_class",
                "person_number",
                "empty_condition"
            ]
        );
        bad.conditions.clear();
        assert!(codes(&bad).contains(&"no_condition"));
        let twice = class("垃圾").conditions[0].clone();
        let mut bad = class("垃圾");
        bad.conditions.push(twice);
        bad.code = "E0402".into();
        assert_eq!(codes(&bad), ["code_mismatch", "same_number"]);
    }
}
