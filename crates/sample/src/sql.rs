//! Rows that no other room writes in bulk: staff accounts, the mark of a sample city; and whether a database is empty.

use crate::register::Person;
use access::Role;
use kernel::DistrictCode;
use store::{Read, StoreResult, Value, Write, params};

/// The name of the setting that says that this is a synthetic city.
pub const SETTING: &str = "sample_city";

const ACCOUNT_COLUMNS: &[&str] = &[
    "id",
    "login",
    "name",
    "password",
    "roles",
    "unit",
    "districts",
    "failed_tries",
    "locked_until",
    "disabled",
    "must_change",
    "created_at",
    "changed_at",
    "version",
];

/// Adds accounts with their password hashes. Who is not a demo account cannot sign in.
pub(crate) fn insert_accounts(w: &mut Write<'_>, people: &[(Person, String)]) -> StoreResult<()> {
    let now = w.now();
    let row = |(person, hash): &(Person, String)| {
        let roles: Vec<&str> = person
            .draft
            .roles
            .iter()
            .map(|r| Role::as_str(*r))
            .collect();
        let districts: Vec<&str> = person
            .draft
            .districts
            .iter()
            .map(DistrictCode::as_str)
            .collect();
        let json = |words: Vec<&str>| {
            serde_json::to_string(&words).expect("a list of words is always JSON")
        };
        params![
            person.id,
            person.login,
            person.draft.name,
            hash,
            json(roles),
            person.draft.unit,
            json(districts),
            0_i64,
            Value::Null,
            !person.is_demo,
            false,
            now,
            now,
            1_i64
        ]
        .to_vec()
    };
    let rows: Vec<Vec<Value>> = people.iter().map(row).collect();
    w.bulk("accounts", ACCOUNT_COLUMNS, &rows)
}

/// Marks the database as one of a sample city.
pub(crate) fn mark(w: &mut Write<'_>) -> StoreResult<()> {
    let now = w.now();
    w.exec(
        "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3)",
        params![SETTING, "1", now],
    )
    .map(|_| ())
}

/// The first table that holds rows where a sample city needs none.
pub(crate) fn occupied(r: &mut Read<'_>) -> StoreResult<Option<&'static str>> {
    const TABLES: [(&str, &str); 5] = [
        ("cases", "SELECT 1 FROM cases LIMIT 1"),
        ("unit grids", "SELECT 1 FROM unit_grids LIMIT 1"),
        ("divisions", "SELECT 1 FROM divisions LIMIT 1"),
        ("units", "SELECT 1 FROM units LIMIT 1"),
        ("catalogues", "SELECT 1 FROM catalogues LIMIT 1"),
    ];
    for (what, sql) in TABLES {
        if r.opt::<(i64,)>(sql, &[])?.is_some() {
            return Ok(Some(what));
        }
    }
    Ok(None)
}
