//! The few true differences between the engines, one function each.

use crate::db::Engine;

/// Rewrites one migration text for an engine.
///
/// The text is PostgreSQL's, with three markers in comments: `/* partitioned by id */` after a table's closing
/// parenthesis, `/* serial */` and `/* writer id */` as column types. SQLite has no partitions and one writer.
/// `/* clustered */` after a table's closing parenthesis keeps the rows of a derived table in its key (SQLite only).
/// Views write days as `(DATE '1970-01-01' + CAST(n AS INTEGER))` and moments as `to_timestamp(us / 1000000.0)`.
pub fn ddl(engine: Engine, text: &str) -> String {
    match engine {
        Engine::Sqlite => text
            .replace("BYTEA", "BLOB")
            .replace("DOUBLE PRECISION", "REAL")
            .replace("/* serial */", "INTEGER")
            .replace("/* writer id */", "INTEGER")
            .replace("/* partitioned by id */", "")
            .replace("/* partitioned by case_id */", "")
            .replace("/* clustered */", "WITHOUT ROWID")
            .replace("(DATE '1970-01-01' + CAST(", "date(86400 * (")
            .replace(" AS INTEGER))", "), 'unixepoch')")
            .replace("to_timestamp(", "strftime('%Y-%m-%dT%H:%M:%SZ', ")
            .replace(" / 1000000.0)", " / 1000000, 'unixepoch')"),
        Engine::Postgres => text
            .replace("/* serial */", "BIGINT GENERATED ALWAYS AS IDENTITY")
            .replace(
                "/* writer id */",
                "xid8 NOT NULL DEFAULT pg_current_xact_id()",
            )
            .replace("/* partitioned by id */", "PARTITION BY RANGE (id)")
            .replace(
                "/* partitioned by case_id */",
                "PARTITION BY RANGE (case_id)",
            ),
    }
}

/// The tables of a migration text that are partitioned on a UUIDv7.
pub fn partitioned_tables(text: &str) -> Vec<String> {
    partition_columns(text)
        .into_iter()
        .map(|found| found.0)
        .collect()
}

/// The same tables, each with the column that holds the UUIDv7.
pub fn partition_columns(text: &str) -> Vec<(String, String)> {
    let mut tables = Vec::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            current = rest.split([' ', '(']).next().map(str::to_owned);
        }
        if let Some((_, rest)) = line.split_once("/* partitioned by ")
            && let Some((column, _)) = rest.split_once(" */")
            && let Some(table) = current.take()
        {
            tables.push((table, column.to_owned()));
        }
    }
    tables
}

/// Columns that an engine fills by itself, as (table, column): a dump leaves them out.
pub const ENGINE_COLUMNS: &[(&str, &str)] = &[("outbox", "writer")];

/// Columns that count upwards by themselves (`/* serial */`), as (table, column).
pub const SERIAL_COLUMNS: &[(&str, &str)] = &[("outbox", "seq")];

/// Begins a transaction that sees one snapshot of everything and changes nothing.
pub fn begin_snapshot(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "BEGIN",
        Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    }
}

/// Begins a transaction that writes.
pub fn begin_write(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN",
    }
}

/// Lets a serial column go on after the highest number there is; nothing to do where the engine looks by itself.
pub fn reset_serial(engine: Engine, table: &str, column: &str) -> Option<String> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), COALESCE((SELECT max({column}) FROM {table}), 0) + 1, false)"
        )),
    }
}

/// Bytes written into a text.
pub fn bytes_literal(engine: Engine, bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    match engine {
        Engine::Sqlite => format!("X'{digits}'"),
        Engine::Postgres => format!("CAST('\\x{digits}' AS BYTEA)"),
    }
}

/// Which table refers to which by a foreign key: from, to.
pub fn foreign_keys(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT DISTINCT m.name, f.\"table\" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f \
             WHERE m.type = 'table' ORDER BY 1, 2"
        }
        Engine::Postgres => {
            "SELECT DISTINCT CAST(a.relname AS TEXT), CAST(b.relname AS TEXT) FROM pg_constraint k \
             JOIN pg_class a ON a.oid = k.conrelid JOIN pg_class b ON b.oid = k.confrelid \
             JOIN pg_namespace n ON n.oid = a.relnamespace WHERE n.nspname = current_schema() AND k.contype = 'f' \
             AND NOT a.relispartition AND NOT b.relispartition ORDER BY 1, 2"
        }
    }
}

/// PostgreSQL: the partition of `table` for the UUIDv7 ids of one year (UTC).
pub fn year_partition(table: &str, year: i16) -> String {
    let bound = |y: i16| {
        let start = jiff::civil::date(y, 1, 1)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .expect("the first of January exists in UTC");
        kernel::id::Id::floor(start.timestamp())
            .bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    };
    // UUIDv7 cannot say a time before 1970: the first partition takes everything below 1971.
    let from = if year <= 1970 {
        "MINVALUE".to_owned()
    } else {
        format!("'\\x{}'", bound(year))
    };
    format!(
        "CREATE TABLE IF NOT EXISTS {table}_y{year} PARTITION OF {table} FOR VALUES FROM ({from}) TO ('\\x{}')",
        bound(year + 1)
    )
}

/// The condition that keeps outbox readers below every writer that is still running.
pub fn outbox_horizon(engine: Engine) -> &'static str {
    match engine {
        // One writer: rows become visible in the order of their numbers.
        Engine::Sqlite => "",
        // A transaction that took its number early may commit late; its rows would be skipped by `seq > last`.
        Engine::Postgres => "AND writer < pg_snapshot_xmin(pg_current_snapshot())",
    }
}

/// Refreshes the planner's statistics after a bulk load, so that PostgreSQL does not walk a key backwards.
pub fn analyze(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "PRAGMA optimize=0x10002",
        Engine::Postgres => "ANALYZE",
    }
}

/// The names of all ordinary tables, partitions left out.
pub fn table_names(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        }
        Engine::Postgres => {
            "SELECT CAST(c.relname AS TEXT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relkind IN ('r','p') AND NOT c.relispartition ORDER BY c.relname"
        }
    }
}

/// The columns of table `$1` in order: name and type.
pub fn table_columns(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT name, type FROM pragma_table_info($1) ORDER BY cid",
        Engine::Postgres => {
            "SELECT CAST(a.attname AS TEXT), CAST(format_type(a.atttypid, a.atttypmod) AS TEXT) FROM pg_attribute a \
             JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relname = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_bounds_meet_without_gap() {
        let this = year_partition("audit", 2026);
        let next = year_partition("audit", 2027);
        let upper = this.rsplit_once("TO (").expect("an upper bound").1;
        assert!(next.contains(upper.trim_end_matches(')')));
    }

    #[test]
    fn partitioned_tables_are_found_by_their_marker() {
        let text = include_str!("../migrations/0001_foundation.sql");
        assert_eq!(partitioned_tables(text), ["audit"]);
        assert_eq!(
            partition_columns(text),
            [("audit".to_owned(), "id".to_owned())]
        );
    }

    #[test]
    fn every_serial_and_engine_column_is_listed() {
        let text = include_str!("../migrations/0001_foundation.sql");
        let marked = |marker: &str| text.matches(marker).count();
        assert_eq!(marked("/* serial */"), SERIAL_COLUMNS.len());
        assert_eq!(marked("/* writer id */"), ENGINE_COLUMNS.len());
    }

    #[test]
    fn sqlite_gets_no_partition_and_no_foreign_type() {
        let sql = ddl(
            Engine::Sqlite,
            include_str!("../migrations/0001_foundation.sql"),
        );
        assert!(!sql.contains("BYTEA") && !sql.contains("/* partitioned"));
    }
}
