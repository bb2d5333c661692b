//! SQLite: one writer thread with group commit, a few readers.
//!
//! A group is what is waiting when the writer turns to it: each job runs in a SAVEPOINT of one transaction, and all are
//! acknowledged after the COMMIT. A job that fails is undone alone; an error that ends the whole transaction fails all.

use crate::db::{BoxJob, DbOptions, Engine, Ran};
use crate::lanes::Lanes;
use crate::tx::Conn;
use crate::value::{DecodeError, Row, RowInner};
use crate::{StoreError, StoreResult, Value, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, types};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The most jobs one COMMIT holds.
const GROUP: usize = 256;
/// How long to wait for a writer in another process.
const BUSY: Duration = Duration::from_secs(20);
/// Readers on one machine; more threads than this only share the same cores.
const READERS: usize = 3;
/// Statements that a connection keeps ready …
const STATEMENTS: usize = 256;
/// … and texts of which it knows the places of their values.
const MOST_TEXTS: usize = 4 * STATEMENTS;
/// So far back a connection looks at how much it had to do …
const LOOKED_BACK: Duration = Duration::from_secs(3);
/// … and with fewer jobs than this it was at rest.
const BUSY_JOBS: u32 = 30;

pub(crate) struct Sqlite {
    conn: Connection,
    /// The places of values by text ([`Sqlite::places`]).
    places: RefCell<HashMap<Box<str>, Arc<[usize]>>>,
}

pub(crate) fn start(
    path: &Path,
    options: &DbOptions,
    writes: &Arc<Lanes<BoxJob>>,
    reads: &Arc<Lanes<BoxJob>>,
) -> StoreResult<Vec<JoinHandle<()>>> {
    let failed = |reason: String| StoreError::Open {
        url: format!("sqlite:{}", path.display()),
        reason,
    };
    if options.create {
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| failed(e.to_string()))?;
        }
    } else if !path.exists() {
        return Err(StoreError::Uninitialised);
    }
    let writer = Sqlite::open(path, options.create).map_err(|e| failed(e.to_string()))?;
    let mut threads = vec![spawn("store-writer", {
        let lanes = writes.clone();
        move || write_loop(writer, &lanes)
    })];
    for n in 0..options.readers.clamp(1, READERS) {
        let reader = Sqlite::open(path, false).map_err(|e| failed(e.to_string()))?;
        let lanes = reads.clone();
        threads.push(spawn(&format!("store-reader-{n}"), move || {
            read_loop(reader, &lanes)
        }));
    }
    Ok(threads)
}

pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .expect("the machine can start a handful of threads")
}

impl Sqlite {
    pub(crate) fn open(path: &Path, create: bool) -> rusqlite::Result<Self> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let conn = Connection::open_with_flags(path, flags)?;
        // The default handler sleeps up to 100 ms between tries, which starves people while another process imports.
        conn.busy_handler(Some(|tries| {
            let wait = Duration::from_millis(2);
            std::thread::sleep(wait);
            wait.saturating_mul(u32::try_from(tries).unwrap_or(u32::MAX)) < BUSY
        }))?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "foreign_keys", "ON")?;
        // Erasing a person destroys a wrapped key: its bytes must not stay in a free page.
        conn.pragma_update(None, "secure_delete", "ON")?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.pragma_update(None, "cache_size", -16_000)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        let places = RefCell::default();
        Ok(Self { conn, places })
    }

    fn control(&self, sql: &str) -> StoreResult<()> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut s| s.raw_execute())
            .map(|_| ())
            .map_err(|e| error(&e))
    }

    /// Runs a script of many statements, outside any queue: migrations, backup and restore.
    pub(crate) fn script(&self, sql: &str) -> StoreResult<()> {
        self.conn.execute_batch(sql).map_err(|e| error(&e))
    }

    fn statement(
        &self,
        sql: &str,
        params: &[Value],
    ) -> rusqlite::Result<rusqlite::CachedStatement<'_>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let places = self.places(sql, &statement)?;
        // A value without a place would leave a NULL in another: PostgreSQL refuses that too.
        if params.len() > places.len() {
            let name = format!("${}", places.len() + 1);
            return Err(rusqlite::Error::InvalidParameterName(name));
        }
        if params.len() < places.len() {
            return Err(rusqlite::Error::InvalidParameterCount(
                params.len(),
                places.len(),
            ));
        }
        for (value, place) in params.iter().zip(places.iter()) {
            bind(&mut statement, *place, value)?;
        }
        Ok(statement)
    }

    /// The place of each value of a statement. `$1` is a named parameter here, and the engine numbers names as it meets them: which
    /// number each has is asked once a text, since the engine looks a name up by comparing it with all of them.
    fn places(
        &self,
        sql: &str,
        statement: &rusqlite::Statement<'_>,
    ) -> rusqlite::Result<Arc<[usize]>> {
        let mut known = self.places.borrow_mut();
        if let Some(places) = known.get(sql) {
            return Ok(places.clone());
        }
        let mut places = vec![0; statement.parameter_count()];
        for index in 1..=places.len() {
            let name = statement.parameter_name(index).unwrap_or_default();
            let number = name.strip_prefix('$').and_then(|n| n.parse::<usize>().ok());
            match number.and_then(|n| places.get_mut(n.checked_sub(1)?)) {
                Some(place) => *place = index,
                None => return Err(rusqlite::Error::InvalidParameterName(name.to_owned())),
            }
        }
        if let Some(missing) = places.iter().position(|place| *place == 0) {
            let name = format!("${}", missing + 1);
            return Err(rusqlite::Error::InvalidParameterName(name));
        }
        if known.len() >= MOST_TEXTS {
            known.clear();
        }
        let places: Arc<[usize]> = places.into();
        known.insert(sql.into(), places.clone());
        Ok(places)
    }
}

fn bind(
    statement: &mut rusqlite::Statement<'_>,
    place: usize,
    value: &Value,
) -> rusqlite::Result<()> {
    match value {
        Value::Null => statement.raw_bind_parameter(place, types::Null),
        Value::Int(v) => statement.raw_bind_parameter(place, v),
        Value::Real(v) => statement.raw_bind_parameter(place, v),
        Value::Text(v) => statement.raw_bind_parameter(place, v.as_str()),
        Value::Blob(v) => statement.raw_bind_parameter(place, v.as_slice()),
    }
}

impl Conn for Sqlite {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }
    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> StoreResult<bool>,
    ) -> StoreResult<()> {
        let mut statement = self.statement(sql, params).map_err(|e| error(&e))?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|e| error(&e))? {
            if !each(&Row {
                inner: RowInner::Sqlite(row),
                sql,
            })? {
                break;
            }
        }
        Ok(())
    }
    fn exec(&mut self, sql: &str, params: &[Value]) -> StoreResult<u64> {
        let mut statement = self.statement(sql, params).map_err(|e| error(&e))?;
        let changed = statement.raw_execute().map_err(|e| error(&e))?;
        Ok(changed as u64)
    }
    fn bulk<'r>(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &mut (dyn Iterator<Item = Cow<'r, [Value]>> + 'r),
    ) -> StoreResult<()> {
        let sql = format!(
            "INSERT INTO {table} ({}) VALUES ({})",
            columns.join(", "),
            vec!["?"; columns.len()].join(", ")
        );
        self.many(&sql, rows)
    }
    fn many<'r>(
        &mut self,
        sql: &str,
        rows: &mut (dyn Iterator<Item = Cow<'r, [Value]>> + 'r),
    ) -> StoreResult<()> {
        let mut statement = self.conn.prepare_cached(sql).map_err(|e| error(&e))?;
        let places = statement.parameter_count();
        for row in rows {
            if row.len() != places {
                return Err(StoreError::Misuse(format!(
                    "a row of {} values for the {places} places of `{sql}`",
                    row.len()
                )));
            }
            // By number: places come in their order, and need not be looked up by name row by row.
            for (n, value) in row.iter().enumerate() {
                bind(&mut statement, n + 1, value).map_err(|e| error(&e))?;
            }
            statement.raw_execute().map_err(|e| error(&e))?;
        }
        Ok(())
    }
    fn ensure_year(&mut self, _year: i16) -> StoreResult<()> {
        Ok(())
    }
}

pub(crate) fn column<'r>(
    row: &'r rusqlite::Row<'_>,
    index: usize,
) -> Result<ValueRef<'r>, DecodeError> {
    let value = row.get_ref(index).map_err(|e| DecodeError(e.to_string()))?;
    Ok(match value {
        types::ValueRef::Null => ValueRef::Null,
        types::ValueRef::Integer(n) => ValueRef::Int(n),
        types::ValueRef::Real(x) => ValueRef::Real(x),
        types::ValueRef::Text(t) => {
            ValueRef::Text(std::str::from_utf8(t).map_err(|e| DecodeError(e.to_string()))?)
        }
        types::ValueRef::Blob(b) => ValueRef::Blob(b),
    })
}

pub(crate) fn error(error: &rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        return StoreError::Engine(error.to_string());
    };
    let message = message.clone().unwrap_or_else(|| code.to_string());
    match (code.code, code.extended_code) {
        (ErrorCode::ConstraintViolation, 2067 | 1555) => StoreError::Unique(message),
        (ErrorCode::ConstraintViolation, 787) => StoreError::ForeignKey(message),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => StoreError::Timeout,
        (ErrorCode::OperationInterrupted, _) => StoreError::Timeout,
        (ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen, _) => {
            StoreError::Lost(message)
        }
        _ => StoreError::Engine(message),
    }
}

fn write_loop(mut conn: Sqlite, lanes: &Lanes<BoxJob>) {
    let mut pace = Pace::new();
    while let Some(first) = lanes.pop() {
        let people_waiting = lanes.waiting() > 0;
        if let Err(error) = conn.control("BEGIN IMMEDIATE") {
            first.answer(Err(error));
            continue;
        }
        let group = run_group(&mut conn, lanes, first);
        let outcome = if conn.conn.is_autocommit() {
            Err(StoreError::Lost("the engine ended the transaction".into()))
        } else {
            conn.control("COMMIT")
        };
        if outcome.is_err() && !conn.conn.is_autocommit() {
            let _ = conn.control("ROLLBACK");
        }
        for job in group {
            job.answer(match &outcome {
                Ok(()) => Ok(()),
                Err(e) => Err(StoreError::Lost(e.to_string())),
            });
        }
        if !people_waiting && lanes.waiting() == 0 {
            // Leaves a gap in which a writer of another process finds the file unlocked.
            std::thread::yield_now();
        }
        pace.rest(&conn);
    }
}

/// Runs the first job and whatever people have queued meanwhile; answers those that failed, returns those to commit.
///
/// As long as nothing is to be kept the transaction itself is the savepoint: to undo the one job is to undo it all.
fn run_group(conn: &mut Sqlite, lanes: &Lanes<BoxJob>, first: BoxJob) -> Vec<BoxJob> {
    let mut kept = Vec::new();
    let mut next = Some(first);
    while let Some(mut job) = next.take() {
        let is_alone = kept.is_empty();
        if job.is_stale() {
            job.answer(Err(StoreError::Timeout));
        } else if !is_alone && conn.control("SAVEPOINT job").is_err() {
            job.answer(Err(StoreError::Lost(
                "the engine ended the transaction".into(),
            )));
            return kept;
        } else {
            let ran = job.run(conn);
            if conn.conn.is_autocommit() {
                // A full disk or an I/O error has ended the whole transaction, and with it everybody in the group.
                kept.push(job);
                return kept;
            }
            let closed = match (&ran, is_alone) {
                (Ran::Keep, true) => Ok(()),
                (Ran::Keep, false) => conn.control("RELEASE job"),
                (Ran::Undone, true) => conn
                    .control("ROLLBACK")
                    .and_then(|()| conn.control("BEGIN IMMEDIATE")),
                (Ran::Undone, false) => conn
                    .control("ROLLBACK TO job")
                    .and_then(|()| conn.control("RELEASE job")),
            };
            match (ran, closed) {
                (Ran::Keep, Ok(())) => kept.push(job),
                (Ran::Undone, Ok(())) => job.answer(Ok(())),
                (_, Err(error)) => {
                    job.answer(Err(error));
                    if conn.conn.is_autocommit() {
                        return kept;
                    }
                }
            }
        }
        if kept.len() < GROUP {
            next = lanes.try_pop_people();
        }
    }
    kept
}

/// How much a connection has had to do of late: one with little to do gives back the pages it keeps.
struct Pace {
    since: Instant,
    jobs: u32,
}

impl Pace {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            jobs: 0,
        }
    }
    /// After each job.
    fn rest(&mut self, conn: &Sqlite) {
        self.jobs += 1;
        if self.since.elapsed() < LOOKED_BACK {
            return;
        }
        if self.jobs < BUSY_JOBS {
            let _ = conn.control("PRAGMA shrink_memory");
        }
        *self = Self::new();
    }
}

fn read_loop(mut conn: Sqlite, lanes: &Lanes<BoxJob>) {
    let mut pace = Pace::new();
    while let Some(mut job) = lanes.pop() {
        if job.is_stale() {
            job.answer(Err(StoreError::Timeout));
            continue;
        }
        let done = conn.control("BEGIN").map(|()| {
            job.run(&mut conn);
        });
        let _ = conn.control("COMMIT");
        job.answer(done);
        pace.rest(&conn);
    }
}
