//! Opening a database, and handing closures to the threads that hold its connections.

use crate::grant::Grant;
pub use crate::lanes::Lane;
use crate::lanes::Lanes;
use crate::tx::{Conn, Read, Sealed, Write};
use crate::{StoreError, StoreResult};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Which engine stands behind a [`Db`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite in WAL mode, one file.
    Sqlite,
    /// PostgreSQL 15 or later (or Citus).
    Postgres,
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// Make the SQLite file (and its folder) if there is none.
    pub create: bool,
    /// Connections that write (PostgreSQL) — SQLite always has one.
    pub writers: usize,
    /// Connections that read.
    pub readers: usize,
    /// How many transactions may wait before the next is told to come back later.
    pub queue: usize,
    /// How long a statement may take on PostgreSQL, and a wait in the queue anywhere.
    pub time_limit: Duration,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self {
            create: false,
            writers: 6,
            readers: 3,
            queue: 512,
            time_limit: Duration::from_secs(30),
        }
    }
}

/// An open database. Cheap to clone; the last clone closes it.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    url: String,
    writes: Arc<Lanes<BoxJob>>,
    reads: Arc<Lanes<BoxJob>>,
    time_limit: Duration,
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
}

/// How a job's closure ended, as far as the transaction around it is concerned.
pub(crate) enum Ran {
    /// Keep its changes.
    Keep,
    /// Undo its changes; the answer has been given.
    Undone,
}

/// A queued transaction. `run` may be called again after a conflict.
pub(crate) trait Job: Send {
    /// Runs the closure. `last` means that no further try will follow.
    fn run(&mut self, conn: &mut dyn Conn) -> Ran;
    /// Gives the answer of the last run, after its COMMIT, or the reason why there was none.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
    /// Whether nobody waits for the answer any more, or has waited too long.
    fn is_stale(&self) -> bool;
    /// Whether all its statements must see one state of the database, however long it takes.
    fn wants_snapshot(&self) -> bool {
        false
    }
}

pub(crate) type BoxJob = Box<dyn Job>;

struct WriteJob<T, E, F> {
    closure: F,
    grant: Grant,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    give_up_at: Instant,
}

impl<T, E, F> Job for WriteJob<T, E, F>
where
    F: FnMut(Write<'_>) -> Result<Sealed<T>, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, conn: &mut dyn Conn) -> Ran {
        let Self { closure, grant, .. } = self;
        let result = catch_unwind(AssertUnwindSafe(|| closure(Write::new(conn, grant))))
            .unwrap_or_else(|_| Err(StoreError::Misuse("a write closure panicked".into()).into()));
        let keep = result.is_ok();
        self.result = Some(result.map(|sealed| sealed.value));
        if keep { Ran::Keep } else { Ran::Undone }
    }
    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Timeout.into()),
            (Err(error), _) => Err(error.into()),
        };
        let _ = self.reply.send(result);
    }
    fn is_stale(&self) -> bool {
        self.reply.is_closed() || Instant::now() > self.give_up_at
    }
}

struct ReadJob<T, E, F> {
    closure: F,
    snapshot: bool,
    grant: Grant,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    give_up_at: Instant,
}

impl<T, E, F> Job for ReadJob<T, E, F>
where
    F: FnMut(&mut Read<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, conn: &mut dyn Conn) -> Ran {
        let Self { closure, grant, .. } = self;
        let mut read = Read {
            conn,
            tally: &grant.statements,
        };
        let result = catch_unwind(AssertUnwindSafe(|| closure(&mut read)))
            .unwrap_or_else(|_| Err(StoreError::Misuse("a read closure panicked".into()).into()));
        self.result = Some(result);
        Ran::Keep
    }
    fn answer(self: Box<Self>, done: Result<(), StoreError>) {
        let result = match (done, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Timeout.into()),
            (Err(error), _) => Err(error.into()),
        };
        let _ = self.reply.send(result);
    }
    fn is_stale(&self) -> bool {
        self.reply.is_closed() || Instant::now() > self.give_up_at
    }
    fn wants_snapshot(&self) -> bool {
        self.snapshot
    }
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`.
    pub fn open(url: &str, options: &DbOptions) -> StoreResult<Self> {
        let writes = Arc::new(Lanes::new(options.queue));
        let reads = Arc::new(Lanes::new(options.queue));
        let (engine, threads) = if let Some(path) = url.strip_prefix("sqlite:") {
            // SQLite takes these for a database of this connection alone, gone with it.
            if path.is_empty() || path == ":memory:" {
                return Err(StoreError::Open {
                    url: url.to_owned(),
                    reason: "sqlite: needs the path of a file".into(),
                });
            }
            (
                Engine::Sqlite,
                crate::sqlite::start(&PathBuf::from(path), options, &writes, &reads)?,
            )
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            (
                Engine::Postgres,
                crate::postgres::start(url, options, &writes, &reads)?,
            )
        } else {
            return Err(StoreError::Open {
                url: redact(url),
                reason: "a database URL begins with sqlite: or postgres://".into(),
            });
        };
        let inner = Inner {
            engine,
            url: url.to_owned(),
            writes,
            reads,
            time_limit: options.time_limit,
            threads: Mutex::new(threads),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        self.inner.engine
    }
    /// The URL it was opened by, without a password.
    pub fn url(&self) -> String {
        redact(&self.inner.url)
    }
    pub(crate) fn raw_url(&self) -> &str {
        &self.inner.url
    }
    /// How many people's writes are waiting now.
    pub fn waiting(&self) -> usize {
        self.inner.writes.waiting()
    }

    /// Runs a closure in a transaction; answers after the COMMIT.
    pub async fn write<T, E, F>(&self, grant: &Grant, lane: Lane, closure: F) -> Result<T, E>
    where
        F: FnMut(Write<'_>) -> Result<Sealed<T>, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        received(self.queue_write(grant, lane, closure)?.await)
    }
    /// The same for callers that are not async. Must not be called on an async thread.
    pub fn write_blocking<T, E, F>(&self, grant: &Grant, lane: Lane, closure: F) -> Result<T, E>
    where
        F: FnMut(Write<'_>) -> Result<Sealed<T>, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        received(self.queue_write(grant, lane, closure)?.blocking_recv())
    }
    /// Runs a closure over one consistent snapshot (SQLite) or statement by statement (PostgreSQL).
    pub async fn read<T, E, F>(&self, grant: &Grant, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Read<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        received(self.queue_read(grant, Lane::People, false, closure)?.await)
    }
    /// The same for callers that are not async.
    pub fn read_blocking<T, E, F>(&self, grant: &Grant, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Read<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        received(
            self.queue_read(grant, Lane::Background, false, closure)?
                .blocking_recv(),
        )
    }

    /// Runs a closure all of whose statements see one state of the database, without a time limit: replay, exports.
    pub fn snapshot_blocking<T, E, F>(&self, grant: &Grant, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Read<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        received(
            self.queue_read(grant, Lane::Background, true, closure)?
                .blocking_recv(),
        )
    }

    fn queue_write<T, E, F>(
        &self,
        grant: &Grant,
        lane: Lane,
        closure: F,
    ) -> Result<oneshot::Receiver<Result<T, E>>, E>
    where
        F: FnMut(Write<'_>) -> Result<Sealed<T>, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = WriteJob {
            closure,
            grant: grant.clone(),
            result: None,
            reply,
            give_up_at: self.give_up_at(lane),
        };
        self.inner.writes.push(lane, Box::new(job))?;
        Ok(answer)
    }
    fn queue_read<T, E, F>(
        &self,
        grant: &Grant,
        lane: Lane,
        snapshot: bool,
        closure: F,
    ) -> Result<oneshot::Receiver<Result<T, E>>, E>
    where
        F: FnMut(&mut Read<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = ReadJob {
            closure,
            snapshot,
            grant: grant.clone(),
            result: None,
            reply,
            give_up_at: self.give_up_at(lane),
        };
        self.inner.reads.push(lane, Box::new(job))?;
        Ok(answer)
    }
    /// Background work waits as long as it takes; nobody sits in front of it.
    fn give_up_at(&self, lane: Lane) -> Instant {
        let patience = match lane {
            Lane::People => self.inner.time_limit,
            Lane::Background => Duration::from_secs(24 * 3600),
        };
        Instant::now() + patience
    }
}

fn received<T, E: From<StoreError>>(
    answer: Result<Result<T, E>, oneshot::error::RecvError>,
) -> Result<T, E> {
    answer.unwrap_or_else(|_| Err(StoreError::Lost("the store is closing".into()).into()))
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
        let threads = std::mem::take(
            &mut *self
                .threads
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        for thread in threads {
            // The last clone may be dropped by a job on one of these very threads.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// The URL without its password, for messages and logs.
pub(crate) fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let Some((user, host)) = rest.split_once('@') else {
        return url.to_owned();
    };
    let user = user.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}@{host}")
}
