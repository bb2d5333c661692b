//! Migrations: one number, one name, one text for both engines. An applied text never changes; the next one is added.

use crate::db::{Db, Engine};
use crate::tx::Conn;
use crate::{StoreError, StoreResult, Value, dialect};
use jiff::Timestamp;

/// One step of the schema. Capabilities list theirs; the program puts them in order.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its place; unique over the whole program.
    pub number: u32,
    /// What it does, in one word or two.
    pub name: &'static str,
    /// PostgreSQL's text with the markers of [`dialect::ddl`].
    pub sql: &'static str,
}

impl Migration {
    /// What an applied migration is recognised by.
    pub fn fingerprint(&self) -> String {
        fingerprint(self.sql)
    }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, fingerprint TEXT NOT NULL, applied_at BIGINT NOT NULL)";

impl Db {
    /// Brings the schema up to date; answers the numbers that were applied now. Safe to run by several processes.
    pub fn migrate(&self, migrations: &[Migration], now: Timestamp) -> StoreResult<Vec<u32>> {
        match self.engine() {
            Engine::Sqlite => {
                let path = self.raw_url().trim_start_matches("sqlite:").into();
                let mut conn = crate::sqlite::Sqlite::open(
                    std::path::Path::new::<std::ffi::OsString>(&path),
                    false,
                )
                .map_err(|e| crate::sqlite::error(&e))?;
                conn.script("BEGIN IMMEDIATE")?;
                let outcome = apply(&mut conn, migrations, now, |c, sql| c.script(sql));
                conn.script(if outcome.is_ok() {
                    "COMMIT"
                } else {
                    "ROLLBACK"
                })?;
                outcome
            }
            Engine::Postgres => {
                let mut conn = crate::postgres::Postgres::alone(self.raw_url())?;
                // One migrator at a time; the lock goes with the transaction.
                conn.script("BEGIN; SELECT pg_advisory_xact_lock(5324311)")?;
                let outcome =
                    apply(&mut conn, migrations, now, |c, sql| c.script(sql)).and_then(|applied| {
                        let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
                        conn.ensure_year(year)?;
                        conn.ensure_year(year + 1)?;
                        Ok(applied)
                    });
                conn.script(if outcome.is_ok() {
                    "COMMIT"
                } else {
                    "ROLLBACK"
                })?;
                outcome
            }
        }
    }

    /// Whether the schema is the one this program knows.
    ///
    /// # Errors
    /// `Uninitialised` when there is none or an older one, `Engine` when a newer program has been here.
    pub fn check_schema(&self, migrations: &[Migration]) -> StoreResult<()> {
        let applied = match self.engine() {
            Engine::Sqlite => {
                let path = self.raw_url().trim_start_matches("sqlite:").to_owned();
                let mut conn = crate::sqlite::Sqlite::open(std::path::Path::new(&path), false)
                    .map_err(|e| crate::sqlite::error(&e))?;
                applied(&mut conn)
            }
            Engine::Postgres => applied(&mut crate::postgres::Postgres::alone(self.raw_url())?),
        };
        let applied = applied.map_err(|_| StoreError::Uninitialised)?;
        if migrations
            .iter()
            .any(|m| !applied.iter().any(|a| a.0 == i64::from(m.number)))
        {
            return Err(StoreError::Uninitialised);
        }
        match applied
            .iter()
            .find(|a| !migrations.iter().any(|m| i64::from(m.number) == a.0))
        {
            Some((number, name)) => Err(StoreError::Engine(format!(
                "the database has migration {number} ({name}), which this program does not know: use a newer one"
            ))),
            None => Ok(()),
        }
    }
}

fn applied(conn: &mut dyn Conn) -> StoreResult<Vec<(i64, String)>> {
    let mut rows = Vec::new();
    conn.query(
        "SELECT number, name FROM schema_migrations ORDER BY number",
        &[],
        &mut |row| {
            rows.push((row.get(0)?, row.get(1)?));
            Ok(true)
        },
    )?;
    Ok(rows)
}

fn apply<C: Conn>(
    conn: &mut C,
    migrations: &[Migration],
    now: Timestamp,
    script: impl Fn(&mut C, &str) -> StoreResult<()>,
) -> StoreResult<Vec<u32>> {
    script(conn, TABLE)?;
    let mut known = Vec::<(i64, String)>::new();
    conn.query(
        "SELECT number, fingerprint FROM schema_migrations",
        &[],
        &mut |row| {
            known.push((row.get(0)?, row.get(1)?));
            Ok(true)
        },
    )?;
    let mut ordered: Vec<&Migration> = migrations.iter().collect();
    ordered.sort_by_key(|m| m.number);
    if ordered.windows(2).any(|w| w[0].number == w[1].number) {
        return Err(StoreError::Misuse(
            "two migrations have the same number".into(),
        ));
    }
    let mut done = Vec::new();
    for migration in ordered {
        let fingerprint = migration.fingerprint();
        match known.iter().find(|k| k.0 == i64::from(migration.number)) {
            Some((_, before)) if *before == fingerprint => {}
            Some(_) => {
                return Err(StoreError::Misuse(format!(
                    "migration {} ({}) was changed after it was applied",
                    migration.number, migration.name
                )));
            }
            None => {
                script(conn, &dialect::ddl(conn.engine(), migration.sql))?;
                conn.exec(
                    "INSERT INTO schema_migrations (number, name, fingerprint, applied_at) VALUES ($1, $2, $3, $4)",
                    &[
                        Value::Int(migration.number.into()),
                        Value::Text(migration.name.into()),
                        Value::Text(fingerprint),
                        Value::Int(now.as_microsecond()),
                    ],
                )?;
                done.push(migration.number);
            }
        }
    }
    Ok(done)
}

/// FNV-1a over the text: enough to notice an edit, no cryptography wanted.
fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
