//! PostgreSQL: worker threads, each with one connection and its prepared statements.
//!
//! READ COMMITTED; a conflict the engine reports (serialization, deadlock) runs the closure again, a broken connection
//! is opened anew. A write whose COMMIT broke is not retried: nobody can know whether it happened.

use crate::db::{BoxJob, DbOptions, Engine, Ran, redact};
use crate::dialect;
use crate::lanes::Lanes;
use crate::sqlite::spawn;
use crate::tx::Conn;
use crate::value::{DecodeError, Row, RowInner};
use crate::{StoreError, StoreResult, Value, ValueRef};
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, IsNull, ToSql, Type};
use postgres::{Client, Config, NoTls, Statement};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::error::Error as StdError;
use std::io::Write as _;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Begins a transaction all of whose statements see one state, however long it takes.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
/// How often a closure is run again after a conflict.
const TRIES: u32 = 6;
/// Prepared statements kept by a connection; dynamic filters make a bounded number of texts.
const STATEMENTS: usize = 400;

pub(crate) struct Postgres {
    client: Client,
    config: Config,
    statements: HashMap<String, Statement>,
    partitions: Arc<Partitions>,
    new_years: Vec<i16>,
}

/// Which partitions exist, shared by the connections of one program.
#[derive(Default)]
struct Partitions {
    tables: Mutex<Vec<String>>,
    years: Mutex<HashSet<i16>>,
}

pub(crate) fn start(
    url: &str,
    options: &DbOptions,
    writes: &Arc<Lanes<BoxJob>>,
    reads: &Arc<Lanes<BoxJob>>,
) -> StoreResult<Vec<JoinHandle<()>>> {
    let config = config(url, Some(options.time_limit))?;
    let partitions = Arc::new(Partitions::default());
    let mut threads = Vec::new();
    let roles = std::iter::repeat_n((true, writes), options.writers.max(1))
        .chain(std::iter::repeat_n((false, reads), options.readers.max(1)));
    for (n, (is_writer, lanes)) in roles.enumerate() {
        let conn = Postgres::open(&config, partitions.clone()).map_err(|e| StoreError::Open {
            url: redact(url),
            reason: e.to_string(),
        })?;
        let lanes = lanes.clone();
        threads.push(spawn(&format!("store-pg-{n}"), move || {
            work_loop(conn, &lanes, is_writer)
        }));
    }
    Ok(threads)
}

pub(crate) fn config(url: &str, time_limit: Option<Duration>) -> StoreResult<Config> {
    let mut config = Config::from_str(url).map_err(|e| StoreError::Open {
        url: redact(url),
        reason: e.to_string(),
    })?;
    if config.get_application_name().is_none() {
        config.application_name("shiyu");
    }
    config.connect_timeout(Duration::from_secs(10));
    if let Some(limit) = time_limit {
        let ms = limit.as_millis();
        let options = config.get_options().unwrap_or_default().to_owned();
        config.options(
            format!(
                "{options} -c statement_timeout={ms} -c idle_in_transaction_session_timeout={ms}"
            )
            .trim(),
        );
    }
    Ok(config)
}

fn connect(config: &Config) -> Result<Client, postgres::Error> {
    let by_socket = config
        .get_hosts()
        .iter()
        .all(|h| matches!(h, postgres::config::Host::Unix(_)));
    if by_socket || config.get_ssl_mode() == postgres::config::SslMode::Disable {
        return config.connect(NoTls);
    }
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.connect(tokio_postgres_rustls::MakeRustlsConnect::new(tls))
}

/// A connection for one fenced statement (`sandbox`), of which nothing is kept.
pub(crate) fn bare(url: &str, time_limit: Duration) -> StoreResult<Client> {
    connect(&config(url, Some(time_limit))?).map_err(|e| error(&e))
}

impl Postgres {
    fn open(config: &Config, partitions: Arc<Partitions>) -> StoreResult<Self> {
        let client = connect(config).map_err(|e| error(&e))?;
        Ok(Self {
            client,
            config: config.clone(),
            statements: HashMap::new(),
            partitions,
            new_years: Vec::new(),
        })
    }

    /// A connection of its own, outside any queue: migrations, backup and restore.
    pub(crate) fn alone(url: &str) -> StoreResult<Self> {
        Self::open(&config(url, None)?, Arc::default()).map_err(|e| StoreError::Open {
            url: redact(url),
            reason: e.to_string(),
        })
    }

    pub(crate) fn script(&mut self, sql: &str) -> StoreResult<()> {
        self.client.batch_execute(sql).map_err(|e| error(&e))
    }

    fn statement(&mut self, sql: &str) -> StoreResult<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).map_err(|e| error(&e))?;
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn reopen(&mut self) -> StoreResult<()> {
        self.statements.clear();
        self.client = connect(&self.config).map_err(|e| error(&e))?;
        Ok(())
    }

    fn partitioned_tables(&mut self) -> StoreResult<Vec<String>> {
        let known = lock(&self.partitions.tables).clone();
        if !known.is_empty() {
            return Ok(known);
        }
        let sql = "SELECT CAST(c.relname AS TEXT) FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid \
                   JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() ORDER BY 1";
        let rows = self.client.query(sql, &[]).map_err(|e| error(&e))?;
        let tables: Vec<String> = rows.iter().map(|r| r.get(0)).collect();
        lock(&self.partitions.tables).clone_from(&tables);
        Ok(tables)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Conn for Postgres {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }
    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> StoreResult<bool>,
    ) -> StoreResult<()> {
        let statement = self.statement(sql)?;
        let mut rows = self
            .client
            .query_raw(&statement, params.iter())
            .map_err(|e| error(&e))?;
        while let Some(row) = rows.next().map_err(|e| error(&e))? {
            if !each(&Row {
                inner: RowInner::Postgres(&row),
                sql,
            })? {
                break;
            }
        }
        Ok(())
    }
    fn exec(&mut self, sql: &str, params: &[Value]) -> StoreResult<u64> {
        let statement = self.statement(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as _).collect();
        self.client
            .execute(&statement, &params)
            .map_err(|e| error(&e))
    }
    fn bulk<'r>(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &mut (dyn Iterator<Item = Cow<'r, [Value]>> + 'r),
    ) -> StoreResult<()> {
        let sql = format!("COPY {table} ({}) FROM STDIN", columns.join(", "));
        let mut text = String::with_capacity(1 << 16);
        for row in rows {
            copy_line(&mut text, &row);
        }
        let mut writer = self.client.copy_in(&sql).map_err(|e| error(&e))?;
        writer
            .write_all(text.as_bytes())
            .map_err(|e| StoreError::Engine(e.to_string()))?;
        writer.finish().map_err(|e| error(&e)).map(|_| ())
    }
    fn ensure_year(&mut self, year: i16) -> StoreResult<()> {
        let year = year.max(1970);
        if lock(&self.partitions.years).contains(&year) || self.new_years.contains(&year) {
            return Ok(());
        }
        for table in self.partitioned_tables()? {
            let exists = self
                .client
                .query_one(
                    "SELECT to_regclass($1) IS NOT NULL",
                    &[&format!("{table}_y{year}")],
                )
                .map_err(|e| error(&e))?
                .get::<_, bool>(0);
            if !exists {
                self.client
                    .batch_execute(&dialect::year_partition(&table, year))
                    .map_err(|e| error(&e))?;
            }
        }
        self.new_years.push(year);
        Ok(())
    }
}

/// One line of COPY's text format (PostgreSQL manual, COPY, "Text Format").
fn copy_line(out: &mut String, row: &[Value]) {
    use std::fmt::Write as _;
    for (n, value) in row.iter().enumerate() {
        if n > 0 {
            out.push('\t');
        }
        match value {
            Value::Null => out.push_str("\\N"),
            Value::Int(v) => write!(out, "{v}").expect("a string takes every write"),
            Value::Real(v) => write!(out, "{v}").expect("a string takes every write"),
            Value::Text(v) => copy_text(out, v),
            Value::Blob(v) => copy_bytes(out, v),
        }
    }
    out.push('\n');
}

/// A text with its few special characters escaped; what lies between them is copied whole.
fn copy_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '\n', '\r', '\t', '\0']) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            // PostgreSQL's text cannot hold NUL.
            _ => {}
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

fn copy_bytes(out: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    out.push_str("\\\\x");
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(n) => match *ty {
                Type::INT8 => n.to_sql(ty, out),
                Type::INT4 => i32::try_from(*n)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*n)?.to_sql(ty, out),
                Type::BOOL => (*n != 0).to_sql(ty, out),
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a count bound to a double column"
                )]
                Type::FLOAT8 => (*n as f64).to_sql(ty, out),
                _ => Err(format!("an integer cannot be bound as {ty}").into()),
            },
            Self::Real(x) => match *ty {
                Type::FLOAT8 => x.to_sql(ty, out),
                _ => Err(format!("a double cannot be bound as {ty}").into()),
            },
            // PostgreSQL's text cannot hold NUL; people's input is refused at the border, other files lose it here.
            Self::Text(s) if s.contains('\0') => s.replace('\0', "").to_sql(&Type::TEXT, out),
            Self::Text(s) => s.to_sql(&Type::TEXT, out),
            Self::Blob(b) => b.to_sql(ty, out),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    postgres::types::to_sql_checked!();
}

/// A column of any type this layer uses, borrowed from the row.
struct AnyColumn<'a>(ValueRef<'a>);

impl<'a> FromSql<'a> for AnyColumn<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(match *ty {
            Type::INT8 => ValueRef::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => ValueRef::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => ValueRef::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => ValueRef::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => ValueRef::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => ValueRef::Real(f32::from_sql(ty, raw)?.into()),
            Type::BYTEA => ValueRef::Blob(raw),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
                ValueRef::Text(std::str::from_utf8(raw)?)
            }
            _ => return Err(format!("type {ty} must be cast in the statement").into()),
        }))
    }
    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(ValueRef::Null))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

pub(crate) fn column(row: &postgres::Row, index: usize) -> Result<ValueRef<'_>, DecodeError> {
    row.try_get::<_, AnyColumn<'_>>(index)
        .map(|c| c.0)
        .map_err(|e| {
            DecodeError(
                e.source()
                    .map_or_else(|| e.to_string(), ToString::to_string),
            )
        })
}

pub(crate) fn error(error: &postgres::Error) -> StoreError {
    if error.is_closed() {
        return StoreError::Lost(error.to_string());
    }
    let Some(db) = error.as_db_error() else {
        let words = error
            .source()
            .map_or_else(|| error.to_string(), |s| format!("{error}: {s}"));
        // No answer from the server means that the connection is gone; a value that cannot be bound is our mistake.
        return if words.contains("error communicating") || words.contains("error connecting") {
            StoreError::Lost(words)
        } else {
            StoreError::Engine(words)
        };
    };
    let message = db.message().to_owned();
    let code = db.code();
    match () {
        () if *code == SqlState::UNIQUE_VIOLATION => StoreError::Unique(message),
        () if *code == SqlState::FOREIGN_KEY_VIOLATION => StoreError::ForeignKey(message),
        () if *code == SqlState::T_R_SERIALIZATION_FAILURE
            || *code == SqlState::T_R_DEADLOCK_DETECTED =>
        {
            StoreError::Conflict
        }
        () if *code == SqlState::QUERY_CANCELED => StoreError::Timeout,
        () if code.code().starts_with("57P") || code.code().starts_with("08") => {
            StoreError::Lost(message)
        }
        () => StoreError::Engine(format!("{message} ({})", code.code())),
    }
}

fn work_loop(mut conn: Postgres, lanes: &Lanes<BoxJob>, is_writer: bool) {
    while let Some(job) = lanes.pop() {
        if job.is_stale() {
            job.answer(Err(StoreError::Timeout));
        } else if is_writer {
            write_job(&mut conn, job);
        } else {
            read_job(&mut conn, job);
        }
    }
}

fn read_job(conn: &mut Postgres, mut job: BoxJob) {
    if conn.client.is_closed()
        && let Err(error) = conn.reopen()
    {
        return job.answer(Err(error));
    }
    if !job.wants_snapshot() {
        job.run(conn);
        return job.answer(Ok(()));
    }
    if let Err(error) = conn.script(SNAPSHOT) {
        return job.answer(Err(error));
    }
    job.run(conn);
    let ended = conn.script("COMMIT");
    job.answer(ended);
}

fn write_job(conn: &mut Postgres, mut job: BoxJob) {
    for attempt in 1.. {
        if conn.client.is_closed()
            && let Err(error) = conn.reopen()
        {
            return job.answer(Err(error));
        }
        conn.new_years.clear();
        if let Err(error) = conn.script("BEGIN") {
            if attempt < TRIES && conn.client.is_closed() {
                continue;
            }
            return job.answer(Err(error));
        }
        let mut watched = Watched {
            conn,
            transient: false,
        };
        let ran = job.run(&mut watched);
        let transient = watched.transient;
        match ran {
            Ran::Keep => match conn.script("COMMIT") {
                Ok(()) => {
                    lock(&conn.partitions.years).extend(conn.new_years.drain(..));
                    return job.answer(Ok(()));
                }
                Err(StoreError::Conflict) if attempt < TRIES => pause(attempt),
                Err(error) => return job.answer(Err(error)),
            },
            Ran::Undone => {
                let _ = conn.script("ROLLBACK");
                if !(transient && attempt < TRIES) {
                    return job.answer(Ok(()));
                }
                pause(attempt);
            }
        }
    }
}

/// Waits a random moment, so that two that collided do not collide again.
fn pause(attempt: u32) {
    let ms = u64::from(rand::random::<u8>()) % (4 << attempt) + 1;
    std::thread::sleep(Duration::from_millis(ms));
}

/// Notices when a statement failed in a way that running the closure again may mend.
struct Watched<'c> {
    conn: &'c mut Postgres,
    transient: bool,
}

impl Watched<'_> {
    fn note<T>(&mut self, result: StoreResult<T>) -> StoreResult<T> {
        // Racing to make the same partition ends in a unique violation of the catalogue.
        let again = |e: &StoreError| {
            e.is_transient()
                || matches!(e, StoreError::Unique(m) if m.contains("pg_class") || m.contains("pg_type"))
        };
        self.transient |= result.as_ref().is_err_and(again);
        result
    }
}

impl Conn for Watched<'_> {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }
    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> StoreResult<bool>,
    ) -> StoreResult<()> {
        let result = self.conn.query(sql, params, each);
        self.note(result)
    }
    fn exec(&mut self, sql: &str, params: &[Value]) -> StoreResult<u64> {
        let result = self.conn.exec(sql, params);
        self.note(result)
    }
    fn bulk<'r>(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &mut (dyn Iterator<Item = Cow<'r, [Value]>> + 'r),
    ) -> StoreResult<()> {
        let result = self.conn.bulk(table, columns, rows);
        self.note(result)
    }
    fn ensure_year(&mut self, year: i16) -> StoreResult<()> {
        let result = self.conn.ensure_year(year);
        self.note(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_copy_escapes_what_parts_fields_and_rows() {
        let mut out = String::new();
        copy_line(
            &mut out,
            &[
                Value::Text("井盖\t\"a\\b\"\r\n\0".into()),
                Value::Text(String::new()),
                Value::Null,
                Value::Blob(vec![0, 0x1f, 0xff]),
                Value::Int(-7),
                Value::Real(0.5),
            ],
        );
        assert_eq!(
            out,
            "井盖\\t\"a\\\\b\"\\r\\n\t\t\\N\t\\\\x001fff\t-7\t0.5\n"
        );
    }
}
