//! The guard over the schema (`rights.md`, first row): outside the vault nothing joins a person with a count, a score, a
//! rank or a label.
//!
//! A *person key* is a column that names a subject of the vault, or a staff account (another key, with a committed
//! allow-list). A *measure* is a column whose name says that it counts, scores, ranks, grades or labels. A table with both
//! is a violation unless the pair stands in the allow-list with a reason. The same is asked of the objects of the API.

use serde_json::Value;

/// A table of the schema with its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The names of its columns.
    pub columns: Vec<String>,
}

/// One pair that is allowed, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// The table (or API object).
    pub table: &'static str,
    /// The measure.
    pub column: &'static str,
    /// Why it is no measure of a person.
    pub reason: &'static str,
}

/// A person key and a measure in one table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{table}: {measure} stands beside the person key {key}: nothing outside the vault measures or labels people (rights.md)"
)]
pub struct Violation {
    /// The table (or API object).
    pub table: String,
    /// The person key.
    pub key: String,
    /// The column that measures or labels.
    pub measure: String,
}

/// Words of a column name that name a person of the vault.
const PEOPLE: &[&str] = &[
    "subject",
    "subjects",
    "person",
    "persons",
    "people",
    "reporter",
    "requester",
    "resident",
    "residents",
    "caller",
    "citizen",
    "contact",
    "complainant",
    "applicant",
    "visitor",
    "owner",
    "voter",
    "petitioner",
    "vault",
];
/// Words of a column name that name a staff account.
const STAFF: &[&str] = &[
    "account",
    "accounts",
    "staff",
    "worker",
    "workers",
    "actor",
    "handler",
    "assignee",
    "collector",
    "user",
];
/// Words that say what is kept about that person is a key and not something else.
const KEYS: &[&str] = &[
    "id", "ids", "key", "ref", "hash", "uuid", "subject", "account", "assignee",
];
/// Words that measure or label.
const MEASURES: &[&str] = &[
    "count",
    "counts",
    "total",
    "totals",
    "tally",
    "number",
    "times",
    "tries",
    "score",
    "scores",
    "points",
    "credit",
    "credits",
    "rank",
    "ranks",
    "ranking",
    "rating",
    "grade",
    "graded",
    "label",
    "labels",
    "tag",
    "tags",
    "risk",
    "risks",
    "flagged",
    "blacklist",
    "whitelist",
    "reputation",
    "trust",
    "weight",
    "frequency",
    "rate",
    "probability",
    "prediction",
    "sentiment",
    "profile",
    "category",
    "tier",
    "star",
    "stars",
    "merit",
    "penalty",
    "deduction",
    "honesty",
    "integrity",
    "jifen",
    "xinyong",
    "积分",
    "信用",
    "评分",
    "等级",
    "标签",
    "排名",
];

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['_', '-', '.']).filter(|w| !w.is_empty())
}

fn has(name: &str, list: &[&str]) -> bool {
    let lower = name.to_lowercase();
    words(&lower).any(|w| list.contains(&w))
}

/// Whether a column names one person: a subject of the vault or a staff account.
pub fn is_person_key(column: &str) -> bool {
    let lower = column.to_lowercase();
    let names_person = has(&lower, PEOPLE) || has(&lower, STAFF);
    // `account` alone is a key; `residents` alone is a number of people in a place.
    let is_key = has(&lower, KEYS)
        || matches!(
            lower.as_str(),
            "person" | "reporter" | "worker" | "handler" | "user"
        );
    names_person && is_key
}

/// Whether a column measures or labels.
pub fn is_measure(column: &str) -> bool {
    has(column, MEASURES)
}

/// The key of a table that is itself a register of people.
fn register_key(table: &str) -> Option<&'static str> {
    let is_register = matches!(
        words(&table.to_lowercase()).last(),
        Some(
            "accounts"
                | "people"
                | "persons"
                | "subjects"
                | "residents"
                | "workers"
                | "users"
                | "citizens"
        )
    );
    is_register.then_some("id")
}

fn violations_of(name: &str, columns: &[String], allowed: &[Allowed]) -> Vec<Violation> {
    let key = columns
        .iter()
        .find(|c| is_person_key(c))
        .map(String::as_str)
        .or_else(|| register_key(name).filter(|key| columns.iter().any(|c| c == key)));
    let Some(key) = key else { return Vec::new() };
    columns
        .iter()
        .filter(|c| c.as_str() != key && is_measure(c))
        .filter(|c| {
            !allowed
                .iter()
                .any(|a| a.table == name && a.column == c.as_str())
        })
        .map(|measure| Violation {
            table: name.to_owned(),
            key: key.to_owned(),
            measure: measure.clone(),
        })
        .collect()
}

/// Every pair of a person key and a measure in one table outside the vault that the allow-list does not name, and every
/// entry of the allow-list that is not needed (its table then stands with an empty key, so that the list only shrinks).
pub fn check_schema(tables: &[Table], allowed: &[Allowed]) -> Vec<Violation> {
    let outside: Vec<&Table> = tables
        .iter()
        .filter(|t| !t.name.starts_with("vault_"))
        .collect();
    let mut found: Vec<Violation> = outside
        .iter()
        .flat_map(|t| violations_of(&t.name, &t.columns, allowed))
        .collect();
    for entry in allowed {
        let is_needed = outside.iter().any(|t| {
            t.name == entry.table
                && violations_of(&t.name, &t.columns, &[])
                    .iter()
                    .any(|v| v.measure == entry.column)
        });
        if !is_needed {
            found.push(Violation {
                table: entry.table.into(),
                key: String::new(),
                measure: entry.column.into(),
            });
        }
    }
    found
}

/// The same for the objects of an OpenAPI document: every schema with `properties`, at any depth.
pub fn check_api(openapi: &Value, allowed: &[Allowed]) -> Vec<Violation> {
    let mut found = Vec::new();
    walk(openapi, "", allowed, &mut found);
    found
}

fn walk(value: &Value, name: &str, allowed: &[Allowed], found: &mut Vec<Violation>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                let columns: Vec<String> = properties.keys().cloned().collect();
                found.extend(violations_of(name, &columns, allowed));
            }
            for (key, inner) in object {
                walk(inner, key, allowed, found);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| walk(item, name, allowed, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(name: &str, columns: &[&str]) -> Table {
        Table {
            name: name.into(),
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
        }
    }

    #[test]
    fn a_person_with_a_measure_is_found() {
        for columns in [
            ["subject_id", "case_count"],
            ["reporter_id", "credit_score"],
            ["caller_hash", "risk"],
            ["resident_id", "积分"],
            ["account_id", "rank"],
            ["handler_id", "upload_total"],
            ["vault_subject", "label"],
        ] {
            let found = check_schema(&[table("t", &columns)], &[]);
            assert_eq!(found.len(), 1, "{columns:?}");
            assert_eq!(
                (found[0].key.as_str(), found[0].measure.as_str()),
                (columns[0], columns[1])
            );
        }
        assert_eq!(
            check_schema(&[table("accounts", &["id", "failed_tries"])], &[]).len(),
            1
        );
    }

    #[test]
    fn places_units_and_plain_links_are_left_alone() {
        let fine = [
            table("divisions", &["code", "residents", "households", "score"]),
            table("unit_grades", &["unit_id", "grade", "rank"]),
            table(
                "cases",
                &[
                    "district",
                    "id",
                    "reporter_id",
                    "state",
                    "version",
                    "urgent",
                ],
            ),
            table("vault_looks", &["subject_id", "count"]),
            table("sessions", &["token", "account", "seen_at"]),
        ];
        assert_eq!(check_schema(&fine, &[]), []);
    }

    #[test]
    fn the_allow_list_only_shrinks() {
        let entry = Allowed {
            table: "accounts",
            column: "failed_tries",
            reason: "wrong passwords lock an account",
        };
        let accounts = table("accounts", &["id", "failed_tries"]);
        assert_eq!(check_schema(&[accounts], &[entry]), []);
        let stale = check_schema(&[table("accounts", &["id"])], &[entry]);
        assert_eq!((stale.len(), stale[0].key.as_str()), (1, ""));
    }

    #[test]
    fn objects_of_the_api_are_asked_the_same() {
        let api = serde_json::json!({"components": {"schemas": {
            "CaseView": {"properties": {"reporter_id": {}, "state": {}}},
            "Caller": {"properties": {"reporter_id": {}, "cases": {"items": {"properties": {"caller_id": {}, "report_count": {}}}}}},
        }}});
        let found = check_api(&api, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].measure, "report_count");
    }

    proptest! {
        #[test]
        fn any_names_are_judged(name in ".{0,20}", columns in proptest::collection::vec(".{0,20}", 0..6)) {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let _ = check_schema(&[table(&name, &columns)], &[]);
        }
    }
}
