//! The two faces of a transaction: [`Read`] asks, [`Write`] changes and must seal what it did with an audit event.

use crate::audit::{self, AuditEvent};
use crate::db::Engine;
use crate::grant::Grant;
use crate::{FromRow, Row, StoreError, StoreResult, Value, params};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};

/// What an engine's connection can do. The only trait the two engines share.
pub(crate) trait Conn {
    fn engine(&self) -> Engine;
    /// Runs a query and hands over row by row until `each` says `false`.
    fn query(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> StoreResult<bool>,
    ) -> StoreResult<()>;
    /// Runs a statement; answers how many rows changed.
    fn exec(&mut self, sql: &str, params: &[Value]) -> StoreResult<u64>;
    /// Writes many rows by the engine's bulk path.
    fn bulk<'r>(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &mut (dyn Iterator<Item = Cow<'r, [Value]>> + 'r),
    ) -> StoreResult<()>;
    /// Runs one statement for each row. Its places are `$1`, `$2` … in their order, each once.
    fn many<'r>(
        &mut self,
        sql: &str,
        rows: &mut (dyn Iterator<Item = Cow<'r, [Value]>> + 'r),
    ) -> StoreResult<()> {
        for row in rows {
            self.exec(sql, &row)?;
        }
        Ok(())
    }
    /// Makes sure that the partitions of `year` exist.
    fn ensure_year(&mut self, year: i16) -> StoreResult<()>;
}

/// Rows that stand ready, as [`Conn::bulk`] takes them.
pub(crate) fn borrowed(rows: &[Vec<Value>]) -> impl Iterator<Item = Cow<'_, [Value]>> {
    rows.iter().map(|row| Cow::Borrowed(row.as_slice()))
}

/// The number of a turn: the same in every process that works on the database. Two names of one number only wait for each
/// other.
fn turn_of(what: &str) -> i64 {
    let digest = Sha256::digest(what.as_bytes());
    i64::from_be_bytes(std::array::from_fn(|i| digest[i]))
}

/// A running transaction or snapshot that only looks.
pub struct Read<'t> {
    pub(crate) conn: &'t mut dyn Conn,
    pub(crate) tally: &'t AtomicU32,
}

impl Read<'_> {
    /// Which engine runs this; only `dialect`-like code should care.
    pub fn engine(&self) -> Engine {
        self.conn.engine()
    }
    /// All rows of a query. The caller bounds the number of rows by the statement.
    pub fn all<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> StoreResult<Vec<T>> {
        let mut rows = Vec::new();
        self.each(sql, params, |row| {
            rows.push(T::from_row(row)?);
            Ok(true)
        })?;
        Ok(rows)
    }
    /// The first row, if there is one.
    pub fn opt<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> StoreResult<Option<T>> {
        let mut found = None;
        self.each(sql, params, |row| {
            found = Some(T::from_row(row)?);
            Ok(false)
        })?;
        Ok(found)
    }
    /// The one row a query always has, such as a count.
    pub fn one<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> StoreResult<T> {
        self.opt(sql, params)?
            .ok_or_else(|| StoreError::Misuse(format!("no row from `{sql}`")))
    }
    /// Streams rows in bounded memory until `each` answers `false`.
    pub fn each(
        &mut self,
        sql: &str,
        params: &[Value],
        mut each: impl FnMut(&Row<'_>) -> StoreResult<bool>,
    ) -> StoreResult<()> {
        self.tally.fetch_add(1, Ordering::Relaxed);
        self.conn.query(sql, params, &mut each)
    }
}

/// A running transaction that may change rows. It ends with [`Write::commit`], or rolls back when dropped.
pub struct Write<'t> {
    read: Read<'t>,
    grant: &'t Grant,
    changed: bool,
}

impl<'t> Deref for Write<'t> {
    type Target = Read<'t>;
    fn deref(&self) -> &Self::Target {
        &self.read
    }
}
impl DerefMut for Write<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.read
    }
}

/// The proof that a write was recorded. Its value comes out only after the COMMIT that holds it.
#[derive(Debug)]
pub struct Sealed<T> {
    pub(crate) value: T,
}

impl<'t> Write<'t> {
    pub(crate) fn new(conn: &'t mut dyn Conn, grant: &'t Grant) -> Self {
        Self {
            read: Read {
                conn,
                tally: &grant.statements,
            },
            grant,
            changed: false,
        }
    }
    /// The moment of this request: the only `now` a write closure knows.
    pub fn now(&self) -> Timestamp {
        self.grant.now
    }
    /// On whose behalf this runs.
    pub fn grant(&self) -> &Grant {
        self.grant
    }
    /// Runs an INSERT, UPDATE or DELETE; answers how many rows changed.
    pub fn exec(&mut self, sql: &str, params: &[Value]) -> StoreResult<u64> {
        self.changed = true;
        self.read.tally.fetch_add(1, Ordering::Relaxed);
        self.read.conn.exec(sql, params)
    }
    /// The same, for a statement that must change exactly one row: none means that somebody else changed it first.
    pub fn exec_one(&mut self, sql: &str, params: &[Value]) -> StoreResult<()> {
        match self.exec(sql, params)? {
            1 => Ok(()),
            0 => Err(StoreError::Conflict),
            n => Err(StoreError::Misuse(format!(
                "{n} rows changed by `{sql}`, expected one"
            ))),
        }
    }
    /// Waits until no other transaction has the turn of `what`, and has it until this one ends. Whoever looks whether there is
    /// one already, and then writes one, asks for the turn first: at READ COMMITTED two that look at the same time both find
    /// none. Names stand for themselves across the program, so they begin with the capability (`supervision/open/…`). A
    /// transaction that asks for several asks in one order everywhere. Where there is one writer, it has every turn.
    pub fn alone(&mut self, what: &str) -> StoreResult<()> {
        match self.read.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => {
                let sql = "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) AS turn";
                self.read.each(sql, params![turn_of(what)], |_| Ok(true))
            }
        }
    }
    /// Writes a row that belongs to the request and not to the record: it needs no audit event, and it is only there
    /// if the transaction commits. Only `access` keeps such books (idempotency keys, when a session was last seen).
    pub fn aside(&mut self, sql: &str, params: &[Value]) -> StoreResult<u64> {
        self.read.tally.fetch_add(1, Ordering::Relaxed);
        self.read.conn.exec(sql, params)
    }
    /// Runs a statement on books of the store itself or on a derived table, neither of which is the record.
    pub(crate) fn quietly(&mut self, sql: &str, params: &[Value]) -> StoreResult<u64> {
        self.read.tally.fetch_add(1, Ordering::Relaxed);
        self.read.conn.exec(sql, params)
    }
    /// The same by the engine's bulk path.
    pub(crate) fn quietly_bulk(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: &[Vec<Value>],
    ) -> StoreResult<()> {
        self.read.tally.fetch_add(1, Ordering::Relaxed);
        self.read.conn.bulk(table, columns, &mut borrowed(rows))
    }
    /// One statement of the same kind for each row ([`Conn::many`]).
    pub(crate) fn quietly_many(&mut self, sql: &str, rows: &[Vec<Value>]) -> StoreResult<()> {
        let number = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.read.tally.fetch_add(number, Ordering::Relaxed);
        self.read.conn.many(sql, &mut borrowed(rows))
    }
    /// Runs an INSERT, UPDATE or DELETE with RETURNING; answers the one row it returns.
    pub fn returning<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> StoreResult<T> {
        self.changed = true;
        self.read.one(sql, params)
    }
    /// Writes many rows by the engine's bulk path (COPY on PostgreSQL, one prepared INSERT on SQLite).
    pub fn bulk(&mut self, table: &str, columns: &[&str], rows: &[Vec<Value>]) -> StoreResult<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.changed = true;
        self.read.tally.fetch_add(1, Ordering::Relaxed);
        self.read.conn.bulk(table, columns, &mut borrowed(rows))
    }
    /// The same for rows that are made one by one, each of which is gone before the next is made: a long batch then costs
    /// little memory and stays in the processor's caches. At least one row.
    pub fn bulk_each(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: impl Iterator<Item = Vec<Value>>,
    ) -> StoreResult<()> {
        self.changed = true;
        self.read.tally.fetch_add(1, Ordering::Relaxed);
        self.read
            .conn
            .bulk(table, columns, &mut rows.map(Cow::Owned))
    }
    /// Makes sure that long tables can take rows whose id carries this time.
    pub fn ensure_year_of(&mut self, at: Timestamp) -> StoreResult<()> {
        self.ensure_year(at.to_zoned(jiff::tz::TimeZone::UTC).year())
    }
    /// The same for a year (UTC): one call a year spares a bulk load one call a row.
    pub fn ensure_year(&mut self, year: i16) -> StoreResult<()> {
        self.read.conn.ensure_year(year)
    }
    /// Puts a change into the outbox, for read models and notices.
    pub fn outbox(
        &mut self,
        topic: &str,
        district: &str,
        object: kernel::id::Id,
        body: &str,
    ) -> StoreResult<()> {
        let at = self.grant.now;
        self.exec(
            crate::outbox::INSERT,
            crate::params![district, topic, object, at, body],
        )
        .map(|_| ())
    }
    /// Records what was done and ends the transaction.
    pub fn commit<T>(mut self, event: AuditEvent, value: T) -> StoreResult<Sealed<T>> {
        let grant = self.grant;
        audit::append(&mut self, grant, &[event])?;
        Ok(Sealed { value })
    }
    /// Records several acts of one transaction, in one statement.
    pub fn commit_all<T>(mut self, events: &[AuditEvent], value: T) -> StoreResult<Sealed<T>> {
        if events.is_empty() {
            return Err(StoreError::Misuse(
                "a commit needs at least one audit event".into(),
            ));
        }
        let grant = self.grant;
        audit::append(&mut self, grant, events)?;
        Ok(Sealed { value })
    }
    /// Refreshes the planner's statistics after a bulk load; changes no record and needs no audit event.
    pub fn analyze(self) -> StoreResult<Sealed<()>> {
        self.read
            .conn
            .exec(crate::dialect::analyze(self.read.engine()), &[])?;
        Ok(Sealed { value: () })
    }
    /// Ends a transaction that changed no record: nothing at all, or only read models. Refused if a statement ran that
    /// needs an audit event.
    pub fn unchanged<T>(self, value: T) -> StoreResult<Sealed<T>> {
        if self.changed {
            return Err(StoreError::Misuse(
                "a transaction that changed rows needs an audit event".into(),
            ));
        }
        Ok(Sealed { value })
    }
}
