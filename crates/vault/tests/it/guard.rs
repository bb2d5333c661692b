//! The guard over a real schema: what the engine says, not what a migration's text says.

use crate::stage::{Stage, migrations};
use store::{Migration, dialect, params};
use testdb::both_engines;
use vault::VaultError;
use vault::guard::{Allowed, Table, check_schema};

const ALLOWED: &[Allowed] = &[Allowed {
    table: "accounts",
    column: "failed_tries",
    reason: "wrong passwords in a row lock an account",
}];

fn tables(stage: &Stage<'_>) -> Vec<Table> {
    stage
        .system()
        .read_blocking::<_, VaultError, _>(|r| {
            let engine = r.engine();
            let names: Vec<(String,)> = r.all(dialect::table_names(engine), &[])?;
            let mut tables = Vec::new();
            for (name,) in names {
                let columns: Vec<(String, String)> =
                    r.all(dialect::table_columns(engine), params![name])?;
                tables.push(Table {
                    name,
                    columns: columns.into_iter().map(|c| c.0).collect(),
                });
            }
            Ok(tables)
        })
        .unwrap()
}

both_engines!(the_schema_measures_nobody, &migrations(), |db| {
    let stage = Stage::new(db);
    let tables = tables(&stage);
    assert!(
        tables.iter().any(|t| t.name == "accounts") && tables.iter().any(|t| t.name == "audit")
    );
    assert_eq!(check_schema(&tables, ALLOWED), []);
});

fn with_a_score() -> Vec<Migration> {
    let mut all = migrations();
    all.push(Migration {
        number: 9999,
        name: "score",
        sql: "CREATE TABLE caller_marks (district TEXT NOT NULL, subject_id BYTEA NOT NULL, report_count BIGINT NOT NULL, PRIMARY KEY (district, subject_id));",
    });
    all
}

both_engines!(
    a_table_that_counts_a_persons_reports_is_found,
    &with_a_score(),
    |db| {
        let found = check_schema(&tables(&Stage::new(db)), ALLOWED);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].table.as_str(), found[0].measure.as_str()),
            ("caller_marks", "report_count")
        );
    }
);
