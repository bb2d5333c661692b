//! Statements and rows of definition sets and frozen months.

use jiff::Timestamp;
use store::{Read, StoreResult, Write, params};

/// The tables of this capability.
pub const MIGRATIONS: &[store::Migration] = &[
    store::Migration {
        number: 77,
        name: "definition_sets",
        sql: include_str!("../migrations/0077_definition_sets.sql"),
    },
    store::Migration {
        number: 78,
        name: "evaluation_snapshots",
        sql: include_str!("../migrations/0078_evaluation_snapshots.sql"),
    },
    store::Migration {
        number: 79,
        name: "measures_reviewed",
        sql: include_str!("../migrations/0079_measures_reviewed.sql"),
    },
    store::Migration {
        number: 128,
        name: "measures_reviewed_rounds",
        sql: include_str!("../migrations/0128_measures_reviewed.sql"),
    },
];

/// All stored sets, every version, in order: id, version, body.
pub fn sets(r: &mut Read<'_>) -> StoreResult<Vec<(String, i64, String)>> {
    r.all(
        "SELECT id, version, body FROM definition_sets ORDER BY id, version",
        &[],
    )
}

/// The body of one version.
pub fn set(r: &mut Read<'_>, id: &str, version: u32) -> StoreResult<Option<String>> {
    let sql = "SELECT body FROM definition_sets WHERE id = $1 AND version = $2";
    Ok(r.opt::<(String,)>(sql, params![id, version])?.map(|b| b.0))
}

/// Adds a version.
pub fn add_set(w: &mut Write<'_>, id: &str, version: u32, body: &str) -> StoreResult<()> {
    let now = w.now();
    let sql =
        "INSERT INTO definition_sets (id, version, body, imported_at) VALUES ($1, $2, $3, $4)";
    w.exec(sql, params![id, version, body, now]).map(|_| ())
}

store::record! {
    /// A frozen month, without its figures.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    pub struct Frozen {
        /// The set.
        pub set_id: String,
        /// YYYY-MM.
        pub month: String,
        /// The version of the set.
        pub version: u32,
        /// When.
        pub frozen_at: Timestamp,
        /// By whom, as colleagues know the name.
        pub frozen_by: String,
        /// SHA-256 of the figures as they are stored.
        pub digest: String,
    }
}

const FROZEN: &str = "set_id, month, version, frozen_at, frozen_by, digest";

/// The frozen months, the newest first.
pub fn frozen(r: &mut Read<'_>, limit: i64) -> StoreResult<Vec<Frozen>> {
    let sql =
        format!("SELECT {FROZEN} FROM evaluation_snapshots ORDER BY month DESC, set_id LIMIT $1");
    r.all(&sql, params![limit])
}

/// One frozen month.
pub fn frozen_month(r: &mut Read<'_>, set: &str, month: &str) -> StoreResult<Option<Frozen>> {
    let sql = format!("SELECT {FROZEN} FROM evaluation_snapshots WHERE set_id = $1 AND month = $2");
    r.opt(&sql, params![set, month])
}

/// The figures of a frozen month, byte for byte.
pub fn frozen_body(r: &mut Read<'_>, set: &str, month: &str) -> StoreResult<Option<String>> {
    let sql = "SELECT body FROM evaluation_snapshots WHERE set_id = $1 AND month = $2";
    Ok(r.opt::<(String,)>(sql, params![set, month])?.map(|b| b.0))
}

/// Freezes a month. A second time is refused by the key.
pub fn freeze(w: &mut Write<'_>, row: &Frozen, body: &str) -> StoreResult<()> {
    let sql = "INSERT INTO evaluation_snapshots (set_id, month, version, frozen_at, frozen_by, digest, body) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    w.exec(
        sql,
        params![
            row.set_id,
            row.month,
            row.version,
            row.frozen_at,
            row.frozen_by,
            row.digest,
            body
        ],
    )
    .map(|_| ())
}

/// How many open accounts hold each role, as the texts of their roles.
pub fn roles_held(r: &mut Read<'_>) -> StoreResult<Vec<(String, i64)>> {
    r.all(
        "SELECT roles, count(*) FROM accounts WHERE disabled = 0 GROUP BY roles ORDER BY roles",
        &[],
    )
}

/// What an account did in a period, by act. Asked by that account alone.
pub fn own_acts(
    r: &mut Read<'_>,
    account: kernel::id::Id,
    from: Timestamp,
    to: Timestamp,
) -> StoreResult<Vec<(String, i64)>> {
    use kernel::id::Id;
    let sql = "SELECT action, count(*) FROM audit WHERE actor_id = $1 AND id >= $2 AND id < $3 AND outcome = 'done' \
               AND object_kind = 'case' GROUP BY action ORDER BY action";
    r.all(sql, params![account, Id::floor(from), Id::floor(to)])
}
