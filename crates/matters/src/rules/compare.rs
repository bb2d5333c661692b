//! What differs between two versions of a class, field by field.

use crate::model::{Condition, MatterClass};
use std::collections::BTreeSet;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// The number of the condition; none for the class itself.
    pub rule_no: Option<u32>,
    /// The field.
    pub field: &'static str,
    /// What it said; empty where there was nothing.
    pub before: String,
    /// What it says; empty where there is nothing.
    pub after: String,
}

fn or_empty(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn of_class(c: &MatterClass) -> Vec<(&'static str, String)> {
    vec![
        ("code", c.code.clone()),
        ("name_zh", c.name_zh.clone()),
        ("name_en", or_empty(&c.name_en)),
        ("major_name", or_empty(&c.major_name)),
        ("keywords", c.keywords.join("、")),
        ("default_nature", or_empty(&c.default_nature)),
        ("public", yes(c.flags.public)),
        ("warnable", yes(c.flags.warnable)),
        ("confidential", yes(c.flags.confidential)),
        ("verify", yes(c.flags.verify)),
        ("claimable", yes(c.flags.claimable)),
    ]
}

fn of_condition(c: Option<&Condition>) -> Vec<(&'static str, String)> {
    let get = |take: fn(&Condition) -> String| c.map(take).unwrap_or_default();
    vec![
        ("condition", get(|c| c.text.clone())),
        (
            "limit",
            get(|c| c.limit.map(|l| l.to_string()).unwrap_or_default()),
        ),
        ("closing", get(|c| c.closing.join("、"))),
        ("evidence", get(|c| or_empty(&c.evidence))),
        ("legal_basis", get(|c| or_empty(&c.legal_basis))),
        ("mandatory", c.map(|c| yes(c.mandatory)).unwrap_or_default()),
    ]
}

/// Everything that differs, the class first, then its conditions by number. Equal versions differ in nothing.
pub fn changes(before: &MatterClass, after: &MatterClass) -> Vec<Change> {
    let mut found = Vec::new();
    let mut lay = |rule_no, old: Vec<(&'static str, String)>, new: Vec<(&'static str, String)>| {
        let differing = old.into_iter().zip(new).filter(|(a, b)| a.1 != b.1);
        found.extend(differing.map(|((field, before), (_, after))| Change {
            rule_no,
            field,
            before,
            after,
        }));
    };
    lay(None, of_class(before), of_class(after));
    let numbers: BTreeSet<u32> = before
        .conditions
        .iter()
        .chain(&after.conditions)
        .map(|c| c.rule_no)
        .collect();
    for number in numbers {
        lay(
            Some(number),
            of_condition(before.condition(number)),
            of_condition(after.condition(number)),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MatterId;
    use kernel::id::Id;

    #[test]
    fn only_what_differs_is_told() {
        let old = crate::rules::imported_class(MatterId(Id::from_bytes([1; 16])), "t", "E1");
        assert_eq!(changes(&old, &old), []);
        let mut new = old.clone();
        new.flags.public = true;
        new.conditions.push(Condition {
            rule_no: 3,
            text: "散落".into(),
            limit: Some("4工作时".parse().expect("a limit")),
            limit_text: "4WH".into(),
            closing: vec!["清除".into(), "恢复".into()],
            evidence: None,
            legal_basis: None,
            mandatory: false,
        });
        let told: Vec<_> = changes(&old, &new)
            .into_iter()
            .map(|c| (c.rule_no, c.field, c.before, c.after))
            .collect();
        let expected = [
            (None, "public", "no", "yes"),
            (Some(3), "condition", "", "散落"),
            (Some(3), "limit", "", "4工作时"),
            (Some(3), "closing", "", "清除、恢复"),
            (Some(3), "mandatory", "", "no"),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(n, f, b, a)| (n, f, b.to_owned(), a.to_owned()))
            .collect();
        assert_eq!(told, expected);
    }
}
