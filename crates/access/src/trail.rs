//! The audit trail in words: what was done, to what, with the details one by one, and where the object has a page.
//!
//! The sentences stand with the auditor's door (`oversight-act-…`, `oversight-object-…`), which lies above all that write the
//! trail; the moves of a case have their words there already (`cases-act-…`). Without a sentence the word itself is shown.

use crate::ops::audit::AuditRow;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use serde_json::Value;
use ui::Ui;

/// The key of the sentence of an act of the trail, `case.late_record`.
#[must_use]
pub fn act_key(action: &str) -> String {
    format!("oversight-act-{}", action.replace(['.', '_'], "-"))
}

/// The key of the name of a kind of object, `warning_run`.
#[must_use]
pub fn object_key(kind: &str) -> String {
    format!("oversight-object-{}", kind.replace('_', "-"))
}

/// What was done, as a sentence; none where no capability at hand has one.
#[must_use]
pub fn act(ui: &Ui, action: &str) -> Option<String> {
    let key = act_key(action);
    if ui.site.words.has(&key) {
        return Some(ui.t(&key));
    }
    // A move of a case, by its word.
    let key = format!(
        "cases-act-{}",
        action.strip_prefix("case.")?.replace('_', "-")
    );
    ui.site
        .words
        .has(&key)
        .then(|| ui.tn("access-audit-move", "act", ui.t(&key)))
}

/// What an object of this kind is called.
#[must_use]
pub fn object(ui: &Ui, kind: &str) -> String {
    let key = object_key(kind);
    if ui.site.words.has(&key) {
        ui.t(&key)
    } else {
        kind.to_owned()
    }
}

/// The page of the object; none where it has none that an auditor may see.
#[must_use]
pub fn page_of(row: &AuditRow) -> Option<String> {
    let id = &row.object_id;
    let is_id = id.parse::<Id>().is_ok();
    match row.object_kind.as_str() {
        "case" => id
            .parse::<CaseNumber>()
            .is_ok()
            .then(|| format!("/cases/{id}")),
        "export" => is_id.then(|| format!("/exports/{id}")),
        "supervised" => is_id.then(|| format!("/supervision/{id}")),
        "topic" => is_id.then(|| format!("/topics/{id}")),
        "warning" => is_id.then(|| format!("/warnings/{id}")),
        _ => None,
    }
}

/// The key of the name of a detail, `done_at`.
#[must_use]
pub fn detail_key(name: &str) -> String {
    format!("oversight-detail-{}", name.replace('_', "-"))
}

/// What a detail of this name holds where it is a word of ours: the beginning of the keys that say it to people.
const WORDED: [(&str, &str); 8] = [
    ("state", "cases-state"),
    ("from", "cases-state"),
    ("to", "cases-state"),
    ("desk", "access-role"),
    ("act", "cases-act"),
    ("step", "cases-act"),
    ("role", "access-role"),
    ("roles", "access-role"),
];

/// The details of an entry one by one, in their order: name and value. A name has words where a capability at hand has
/// some, a moment is told in the city's time, and what holds details itself is told by each of them.
#[must_use]
pub fn details(ui: &Ui, detail: &str) -> Vec<(String, String)> {
    match serde_json::from_str::<Value>(detail) {
        Ok(Value::Object(fields)) => {
            let mut told = Vec::new();
            for (name, value) in fields {
                tell(ui, "", &name, value, &mut told);
            }
            told
        }
        // Written by an earlier version, or by hand: shown as it is.
        _ => vec![(String::new(), detail.to_owned())],
    }
}

/// One detail, under the words of those that hold it.
fn tell(ui: &Ui, under: &str, name: &str, value: Value, told: &mut Vec<(String, String)>) {
    let key = detail_key(name);
    let word = if ui.site.words.has(&key) {
        ui.t(&key)
    } else {
        name.to_owned()
    };
    let label = if under.is_empty() {
        word
    } else {
        format!("{under} · {word}")
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                tell(ui, &label, &name, value, told);
            }
        }
        value => told.push((label, text_of(ui, name, value))),
    }
}

fn text_of(ui: &Ui, name: &str, value: Value) -> String {
    match value {
        Value::String(text) => match text.parse::<jiff::Timestamp>() {
            Ok(at) => ui.time_text(at),
            Err(_) => word_of(ui, name, &text).unwrap_or(text),
        },
        Value::Null => "–".to_owned(),
        Value::Bool(true) => ui.t("access-rules-yes"),
        Value::Bool(false) => ui.t("access-rules-no"),
        Value::Array(items)
            if items
                .iter()
                .all(|item| !item.is_object() && !item.is_array()) =>
        {
            let items = items.into_iter().map(|item| text_of(ui, name, item));
            ui.list(&items.collect::<Vec<_>>())
        }
        other => other.to_string(),
    }
}

/// A word of ours as people read it: by the detail that holds it, else one of those that the trail shares.
fn word_of(ui: &Ui, name: &str, text: &str) -> Option<String> {
    let of_detail = WORDED.iter().find(|(worded, _)| *worded == name);
    let said = of_detail.and_then(|(_, keys)| {
        let key = format!("{keys}-{}", text.replace('_', "-"));
        ui.site.words.has(&key).then(|| ui.t(&key))
    });
    said.or_else(|| value(ui, text))
}

/// A word that stands as a value or as the name of an object in the trail, in the reader's; none for any other text.
#[must_use]
pub fn value(ui: &Ui, text: &str) -> Option<String> {
    let key = format!("oversight-value-{}", text.replace('_', "-"));
    ui.site.words.has(&key).then(|| ui.t(&key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: &str, id: &str) -> AuditRow {
        AuditRow {
            district: "000000".into(),
            id: Id::from_bytes([1; 16]),
            at: jiff::Timestamp::UNIX_EPOCH,
            actor_kind: "staff".into(),
            actor_id: None,
            actor_login: None,
            actor_name: None,
            action: "case.void".into(),
            outcome: "done".into(),
            object_kind: kind.into(),
            object_id: id.into(),
            purpose: None,
            detail: "{}".into(),
            request: Id::from_bytes([2; 16]),
        }
    }

    #[test]
    fn an_object_has_a_page_only_under_a_name_that_reads() {
        let id = "018f0000-0000-7000-8000-000000000000";
        for (kind, object, page) in [
            (
                "case",
                "330102-20260316-00001",
                Some("/cases/330102-20260316-00001"),
            ),
            ("case", "../audit", None),
            ("case", "", None),
            (
                "topic",
                id,
                Some("/topics/018f0000-0000-7000-8000-000000000000"),
            ),
            ("warning", "x", None),
            ("account", id, None),
            ("route", "GET /audit", None),
        ] {
            assert_eq!(
                page_of(&row(kind, object)).as_deref(),
                page,
                "{kind} {object}"
            );
        }
    }

    #[test]
    fn words_of_the_program_are_told_in_those_of_the_reader() {
        let words = crate::words_of(&[crate::capability()]).expect("sound words");
        let now = "2026-03-16T02:00:00Z".parse().expect("a time");
        let ui = ui::testing::ui_with(ui::testing::site_with(words), ui::Lang::Zh, now);
        let told = details(
            &ui,
            r#"{"roles":["shift_leader","nobody"],"done":true,"late":false}"#,
        );
        let told: Vec<&str> = told.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(told.len(), 3);
        for value in ["值班长、nobody", "是", "否"] {
            assert!(told.contains(&value), "{value}: {told:?}");
        }
    }

    #[test]
    fn details_are_told_one_by_one_and_nothing_is_lost() {
        let now = "2026-03-16T02:00:00Z".parse().expect("a time");
        let ui = ui::testing::sample_ui(ui::Lang::En, now);
        let told = |text: &str| {
            let told = details(&ui, text);
            let mut told: Vec<String> = told
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            told.sort_unstable();
            told
        };
        assert_eq!(told("{}"), Vec::<String>::new());
        assert_eq!(
            told(r#"{"from":"open","n":3,"before":{"a":[1,"x"],"b":{}},"why":null}"#),
            [
                "before · a=1, x",
                "before · b={}",
                "from=open",
                "n=3",
                "why=–"
            ]
        );
        assert_eq!(told(r#"{"list":[{"a":1}]}"#), ["list=[{\"a\":1}]"]);
        for odd in ["", "x", "[1]", "{\"a\":", "null"] {
            assert_eq!(told(odd), [format!("={odd}")], "{odd:?}");
        }
    }
}
