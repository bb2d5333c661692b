//! Writing derived tables: read models that can be made again from the record, named `facts_…`.
//!
//! They need no audit event of their own, because what they count has one. Any other table is refused here, so that no
//! change of the record can hide behind them.

use crate::db::Engine;
use crate::{StoreError, StoreResult, Value, Write};

/// What the names of derived tables begin with.
pub(crate) const PREFIX: &str = "facts_";

/// What happens to a row whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// The columns after the key are added up.
    Add,
    /// The columns after the key are replaced.
    Replace,
}

/// Rows of one statement on PostgreSQL, largest first: few texts, few round trips.
const POSTGRES_ROWS: [usize; 3] = [128, 16, 1];

fn guard(table: &str) -> StoreResult<()> {
    let is_name = table.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if table.starts_with(PREFIX) && is_name {
        return Ok(());
    }
    Err(StoreError::Misuse(format!(
        "{table} is no derived table: a change of the record needs an audit event"
    )))
}

/// The table a statement changes, told by its first words.
fn target(sql: &str) -> Option<&str> {
    ["INSERT INTO ", "UPDATE ", "DELETE FROM "]
        .iter()
        .find_map(|verb| sql.strip_prefix(verb))
        .and_then(|rest| rest.split([' ', '(']).next())
}

impl Write<'_> {
    /// Runs an INSERT, UPDATE or DELETE on a derived table; answers how many rows changed.
    ///
    /// # Errors
    /// `Misuse` for any other table; the engine's.
    pub fn derive(&mut self, sql: &str, params: &[Value]) -> StoreResult<u64> {
        guard(target(sql).unwrap_or(sql))?;
        self.quietly(sql, params)
    }
    /// Writes new rows of a derived table by the engine's bulk path.
    ///
    /// # Errors
    /// As [`Write::derive`].
    pub fn derive_bulk(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value>],
    ) -> StoreResult<()> {
        guard(table)?;
        if rows.is_empty() {
            return Ok(());
        }
        self.quietly_bulk(table, columns, rows)
    }
    /// Writes rows of a derived table whose first `key` columns are its primary key, merging them into what is there.
    /// No two rows may have the same key.
    ///
    /// # Errors
    /// As [`Write::derive`].
    pub fn derive_merge(
        &mut self,
        table: &str,
        columns: &[&str],
        key: usize,
        merge: Merge,
        rows: &[Vec<Value>],
    ) -> StoreResult<()> {
        guard(table)?;
        // SQLite runs one statement many times: a long one costs more than it saves.
        if self.engine() == Engine::Sqlite {
            return self.quietly_many(&merge_text(table, columns, key, merge, 1), rows);
        }
        let mut rest = rows;
        for size in &POSTGRES_ROWS {
            if rest.len() < *size {
                continue;
            }
            let sql = merge_text(table, columns, key, merge, *size);
            while rest.len() >= *size {
                let (now, later) = rest.split_at(*size);
                self.quietly(&sql, &now.concat())?;
                rest = later;
            }
        }
        Ok(())
    }
}

fn merge_text(table: &str, columns: &[&str], key: usize, merge: Merge, rows: usize) -> String {
    let width = columns.len();
    let places: Vec<String> = (0..rows)
        .map(|r| {
            let row: Vec<String> = (1..=width).map(|c| format!("${}", r * width + c)).collect();
            format!("({})", row.join(", "))
        })
        .collect();
    let set: Vec<String> = columns[key..]
        .iter()
        .map(|c| match merge {
            Merge::Add => format!("{c} = {table}.{c} + excluded.{c}"),
            Merge::Replace => format!("{c} = excluded.{c}"),
        })
        .collect();
    let then = if set.is_empty() {
        "NOTHING".to_owned()
    } else {
        format!("UPDATE SET {}", set.join(", "))
    };
    format!(
        "INSERT INTO {table} ({}) VALUES {} ON CONFLICT ({}) DO {then}",
        columns.join(", "),
        places.join(", "),
        columns[..key].join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_derived_tables_pass() {
        for sql in [
            "DELETE FROM facts_cases WHERE district = $1",
            "UPDATE facts_generations SET ready_at = $1",
            "INSERT INTO facts_districts (district) VALUES ($1)",
        ] {
            guard(target(sql).unwrap()).unwrap();
        }
        for sql in [
            "DELETE FROM cases",
            "UPDATE audit SET detail = 'facts_'",
            "WITH x AS (SELECT 1) DELETE FROM cases",
            " DELETE FROM facts_cases",
            "INSERT INTO facts_cases; DROP TABLE cases",
            "",
            "DELETE FROM facts_x\"",
        ] {
            let refused = guard(target(sql).unwrap_or(sql)).is_err();
            // The second statement of a text never runs: both engines prepare one.
            assert!(
                refused || sql.starts_with("INSERT INTO facts_cases;"),
                "{sql}"
            );
        }
    }

    #[test]
    fn a_merge_names_its_key_and_adds_the_rest() {
        let text = merge_text("facts_x", &["a", "b", "n"], 2, Merge::Add, 2);
        assert_eq!(
            text,
            "INSERT INTO facts_x (a, b, n) VALUES ($1, $2, $3), ($4, $5, $6) ON CONFLICT (a, b) \
             DO UPDATE SET n = facts_x.n + excluded.n"
        );
    }
}
