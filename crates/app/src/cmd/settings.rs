//! `shiyu settings show|set|import|export`: the rules of the city, as the pages under /rules set them.

use super::import_reference::read_file;
use crate::compose::{Program, rules_of_the_city};
use crate::config::Common;
use crate::output::{Done, Failure, write_file};
use access::SystemRole;
use access::city_settings::{SettingsList, Values};
use access::ops::settings::{SettingError, in_force, set_blocking};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::StoreError;

/// Work on the rules of the city.
#[derive(Args)]
pub struct Settings {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Every rule with its value and its default, or one of them.
    Show {
        /// The rule, such as cases.most_extensions.
        key: Option<String>,
    },
    /// Set one rule.
    Set {
        /// The rule, such as cases.most_extensions.
        key: String,
        /// The new value; left out, the default.
        value: Option<String>,
        /// Why; it stays in the record.
        #[arg(long)]
        reason: String,
    },
    /// Set the rules of a file, all or none: {"cases.most_extensions": "1", …}; null = the default.
    Import {
        /// The file, JSON.
        file: PathBuf,
        /// Why; it stays in the record.
        #[arg(long)]
        reason: String,
    },
    /// Write the rules the city has set into a file that `import` reads.
    Export {
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

impl Settings {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let program = Program::open(common)?;
        let ctx = program.ready(SystemRole::Operator)?;
        let list = rules_of_the_city();
        let values = || ctx.read_blocking::<_, StoreError, _>(in_force);
        match self.what {
            What::Show { key } => show(&list, &values()?, key.as_deref()),
            What::Set { key, value, reason } => {
                let wanted = BTreeMap::from([(key.clone(), value)]);
                set_blocking(&ctx, &list, &wanted, &reason).map_err(failure)?;
                show(&list, &values()?, Some(&key))
            }
            What::Import { file, reason } => {
                let wanted = read(&read_file(&file)?)?;
                let changed = set_blocking(&ctx, &list, &wanted, &reason).map_err(failure)?;
                let json = json!({ "read": wanted.len(), "changed": changed });
                Done::new(
                    &json,
                    format!("{} rules read, {changed} changed", wanted.len()),
                )
            }
            What::Export { out } => {
                let values = values()?;
                let known: BTreeMap<&String, &String> = values
                    .iter()
                    .filter(|(key, _)| list.get(key).is_some())
                    .collect();
                let text = serde_json::to_string_pretty(&known)
                    .map_err(|e| Failure::other("json", e.to_string()))?;
                write_file(&out, (text + "\n").as_bytes())?;
                let json = json!({ "file": out.display().to_string(), "rows": known.len() });
                Done::new(&json, format!("{} rules written", known.len()))
            }
        }
    }
}

fn show(list: &SettingsList, values: &Values, key: Option<&str>) -> Result<Done, Failure> {
    if let Some(key) = key.filter(|key| list.get(key).is_none()) {
        return Err(failure(SettingError::Unknown(key.to_owned())));
    }
    let (mut rows, mut text) = (Vec::<Value>::new(), String::new());
    for setting in list
        .all()
        .iter()
        .filter(|s| key.is_none_or(|k| s.key() == k))
    {
        let value = setting.value(values);
        rows.push(json!({ "key": setting.key(), "value": value, "default": setting.default }));
        let note = if value == setting.default {
            ""
        } else {
            "   (set by the city)"
        };
        text.push_str(&format!("{:<36} {value}{note}\n", setting.key()));
    }
    Done::new(&json!({ "rules": rows }), text.trim_end().to_owned())
}

fn read(bytes: &[u8]) -> Result<BTreeMap<String, Option<String>>, Failure> {
    let wrong = |reason: String| Failure::unusable("unreadable_file", reason).field("file");
    let read: BTreeMap<String, Value> =
        serde_json::from_slice(bytes).map_err(|e| wrong(e.to_string()))?;
    read.into_iter()
        .map(|(key, value)| match value {
            Value::Null => Ok((key, None)),
            Value::String(text) => Ok((key, Some(text))),
            Value::Number(n) => Ok((key, Some(n.to_string()))),
            Value::Bool(yes) => Ok((key, Some(yes.to_string()))),
            _ => Err(wrong(format!(
                "{key:?} is neither a text nor a number nor null"
            ))),
        })
        .collect()
}

fn failure(error: SettingError) -> Failure {
    let message = error.to_string();
    match error {
        SettingError::Unknown(_) => Failure::unusable("unknown_rule", message).field("key"),
        SettingError::Value { key, .. } | SettingError::Names { key, .. } => {
            Failure::unusable("bad_value", message).field(key)
        }
        SettingError::Reason => Failure::unusable("no_reason", message).field("reason"),
        SettingError::NothingBefore(_) | SettingError::Refused(_) => {
            Failure::other("refused", message)
        }
        SettingError::Store(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_rules_is_read_or_refused_with_the_key() {
        let read_text = |text: &str| read(text.as_bytes());
        let found = read_text(r#"{"a.b": 3, "a.c": "2工作时", "a.d": null, "a.e": true}"#).unwrap();
        assert_eq!(found["a.b"].as_deref(), Some("3"));
        assert_eq!(found["a.d"], None);
        for garbage in ["", "[]", "{", r#"{"a":[1]}"#, "\u{0}"] {
            assert!(read_text(garbage).is_err(), "{garbage:?}");
        }
        assert!(
            read_text(r#"{"a.b":{}}"#)
                .unwrap_err()
                .message
                .contains("a.b")
        );
    }
}
