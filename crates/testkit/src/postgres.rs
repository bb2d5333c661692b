//! A throw-away PostgreSQL: found on the machine, set up in a temporary folder, gone with its owner.
//!
//! A test asks for [`database_for`]; whoever needs a server of his own settings (a bench, a test that
//! kills it) starts a [`Cluster`]. SQL is said through `psql`, which every server brings along, so that
//! this crate needs no driver.
//!
//! The server does not run as root: started by root it runs as `postgres` or `nobody`. It listens on
//! loopback and on a socket in its own folder, and asks for a random password. A small shell stands
//! between us and it and waits on a pipe: when the owner goes away, however it does, the pipe closes,
//! the server stops and its folder is removed.

mod programs;

pub use programs::{MIN_MAJOR, Programs};

use crate::{net, temp};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The environment variable with the URL of a server to use instead of starting one.
pub const SERVER: &str = "SHIYU_TEST_POSTGRES";

/// The role that owns everything in a cluster started here.
const ROLE: &str = "shiyu";

/// How often a server is tried that does not come up, because somebody else took its port meanwhile.
const TRIES: u32 = 4;

/// Why there is no server or no database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server programs on this machine.
    #[error(
        "no PostgreSQL server of version {MIN_MAJOR} or later on this machine: install one, or name one by {SERVER}"
    )]
    Missing,
    /// Started by root, and nobody else there to run it.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it"
    )]
    NoUser,
    /// The server's folder, its files or a port could not be had.
    #[error("cannot prepare a PostgreSQL server: {0}")]
    Prepare(#[from] io::Error),
    /// The server did not start; its log says why.
    #[error("PostgreSQL did not start in {folder}:\n{log}")]
    Start {
        /// Where it was to run.
        folder: PathBuf,
        /// What it said.
        log: String,
    },
    /// The URL is not one of a PostgreSQL database.
    #[error(
        "cannot use \"{0}\" as the URL of a PostgreSQL server: it must look like postgres://user@host:port/database"
    )]
    Url(String),
    /// A statement failed.
    #[error("psql failed on {sql:?}: {reason}")]
    Sql {
        /// What was to be done.
        sql: String,
        /// What psql said.
        reason: String,
    },
}

/// Whether what was written survives the death of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// No fsync: fast, for tests. Survives the death of a client, and of the server, not of the machine.
    Fast,
    /// As in operation (fsync, synchronous_commit): for benches and for tests that count on it.
    Durable,
}

/// A PostgreSQL server, ours or a given one. Ours stops on drop.
#[derive(Debug)]
pub struct Cluster {
    url: String,
    psql: PathBuf,
    keeper: Option<Mutex<Keeper>>,
}

/// The shell that stands between us and our server.
#[derive(Debug)]
struct Keeper {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Cluster {
    /// Starts a server of our own.
    ///
    /// # Errors
    /// When the machine has no server programs, or the server does not start.
    pub fn start(durability: Durability) -> Result<Self, Error> {
        Self::start_with(durability, &[])
    }

    /// Starts a server of our own with further settings of `postgresql.conf`, which win over ours.
    ///
    /// # Errors
    /// As [`Cluster::start`]; also when the server does not know a setting.
    pub fn start_with(durability: Durability, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let programs = Programs::find().ok_or(Error::Missing)?;
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::start_once(&programs, durability, settings) {
                // The log in English, as LC_MESSAGES is set below.
                Err(Error::Start { log, .. }) if tries < TRIES && log.contains("in use") => {}
                other => return other,
            }
        }
    }

    /// Uses the running server at `url`, whose role must be allowed to create databases.
    ///
    /// # Errors
    /// When the URL is not one of PostgreSQL, or there is no `psql` to speak to it.
    pub fn at(url: &str) -> Result<Self, Error> {
        with_database(url, "postgres")?;
        let psql = match Programs::find() {
            Some(programs) => programs.path("psql"),
            None => programs::in_path("psql").ok_or(Error::Missing)?,
        };
        Ok(Self {
            url: url.to_owned(),
            psql,
            keeper: None,
        })
    }

    /// The server every test of this process uses: the one named by `SHIYU_TEST_POSTGRES`, else one
    /// started at the first call, which stops with the process.
    ///
    /// # Errors
    /// As [`Cluster::at`] and [`Cluster::start`]; the same at each call.
    pub fn shared() -> Result<&'static Self, &'static Error> {
        static SHARED: OnceLock<Result<Cluster, Error>> = OnceLock::new();
        let start = || match std::env::var(SERVER) {
            Ok(url) => Self::at(&url),
            Err(_) => Self::start(Durability::Fast),
        };
        SHARED.get_or_init(start).as_ref()
    }

    /// The URL of its maintenance database, with user and password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Creates an empty database of a name nobody else has (UTF-8, from template0).
    ///
    /// # Errors
    /// When the server refuses.
    pub fn fresh_database(&self) -> Result<Database, Error> {
        let name = format!("test_{}", temp::unique().replace('-', "_"));
        self.sql(&format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
        ))?;
        let url = with_database(&self.url, &name)?;
        Ok(Database {
            url,
            name,
            admin: self.url.clone(),
            psql: self.psql.clone(),
        })
    }

    /// Runs statements in the maintenance database and returns the values of their rows, a line a row.
    ///
    /// # Errors
    /// When the server refuses one; the ones before it are done.
    pub fn sql(&self, sql: &str) -> Result<String, Error> {
        psql(&self.psql, &self.url, sql)
    }

    /// Kills our server as a power cut would end it, and starts it again on the same port and data:
    /// every connection is lost, every acknowledged write must be there.
    ///
    /// # Errors
    /// When it does not come up again, or the server is not ours to kill.
    pub fn crash_and_restart(&self) -> Result<(), Error> {
        let Some(keeper) = &self.keeper else {
            let reason = "this server was not started here and is not ours to kill";
            return Err(Error::Prepare(io::Error::other(reason)));
        };
        keeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .order("restart")
    }

    fn start_once(
        programs: &Programs,
        durability: Durability,
        settings: &[(&str, &str)],
    ) -> Result<Self, Error> {
        let port = net::free_port()?;
        let dir = temp::Dir::new("pg")?;
        let folder = dir.path();
        // The owner of a folder we just made is who we are.
        let user = if fs::metadata(folder)?.uid() == 0 {
            Some(programs::unprivileged().ok_or(Error::NoUser)?)
        } else {
            None
        };

        let password = format!("{:016x}{:016x}", temp::random(), temp::random());
        let own = [
            ("port", port.to_string()),
            ("listen_addresses", "'127.0.0.1'".into()),
            ("unix_socket_directories", format!("'{}'", folder.display())),
        ];
        let mut config = String::from("\n");
        for (name, value) in own
            .iter()
            .map(|(n, v)| (*n, v.as_str()))
            .chain(profile(durability).iter().copied())
            .chain(settings.iter().copied())
        {
            config.push_str(&format!("{name} = {value}\n"));
        }
        for (name, text) in [("password", &password), ("settings", &config)] {
            fs::write(folder.join(name), text)?;
            if let Some((uid, gid)) = user {
                std::os::unix::fs::chown(folder.join(name), Some(uid), Some(gid))?;
            }
        }
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(folder, Some(uid), Some(gid))?;
        }

        let mut keeper = Keeper::start(programs, dir, user)?;
        keeper.await_ready()?;
        Ok(Self {
            url: format!("postgres://{ROLE}:{password}@127.0.0.1:{port}/postgres"),
            psql: programs.path("psql"),
            keeper: Some(Mutex::new(keeper)),
        })
    }
}

/// What the keeper runs: `$1` the folder, `$2` where the programs are, `$3` the role. C.UTF-8 orders text
/// by code point and knows the letters of every script; where the system lacks it plain C has to do.
const KEEPER: &str = r#"
start() { if "$2/pg_ctl" -D "$1/data" -l "$1/log" -w -t 60 start >>"$1/log" 2>&1; then echo ready; else echo failed; fi; }
stop() { "$2/pg_ctl" -D "$1/data" -m immediate -w stop >>"$1/log" 2>&1; }
init() { "$2/initdb" -D "$1/data" -U "$3" --pwfile="$1/password" --auth=scram-sha-256 --encoding=UTF8 --locale="$4" --no-sync >>"$1/log" 2>&1; }
if init "$1" "$2" "$3" C.UTF-8 || { rm -rf "$1/data"; init "$1" "$2" "$3" C; }; then
  cat "$1/settings" >>"$1/data/postgresql.conf"
  start "$1" "$2"
  while read -r order; do
    case $order in restart) stop "$1" "$2"; start "$1" "$2" ;; esac
  done
  stop "$1" "$2"
else
  echo failed
  read -r order
fi
cd /
rm -rf "$1"
"#;

impl Keeper {
    fn start(programs: &Programs, dir: temp::Dir, user: Option<(u32, u32)>) -> Result<Self, Error> {
        let folder = dir.path();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(folder)
            .arg(programs.dir())
            .arg(ROLE);
        // A PGPORT or PGDATA of the developer's own must not reach this server.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG"))
        {
            command.env_remove(name);
        }
        command
            .env("LC_ALL", "C")
            .env("HOME", folder)
            .current_dir(folder);
        // A group of its own: a Ctrl-C is for us; the keeper then hears of it through the pipe.
        command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some((uid, gid)) = user {
            command.gid(gid).uid(uid);
        }
        let mut child = command.spawn()?;
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Ok(Self {
            child,
            orders,
            answers,
            // From here on the keeper removes it.
            folder: dir.release(),
        })
    }

    fn order(&mut self, order: &str) -> Result<(), Error> {
        let pipe = self
            .orders
            .as_mut()
            .expect("the pipe stays open until the keeper is dropped");
        writeln!(pipe, "{order}")?;
        self.await_ready()
    }

    fn await_ready(&mut self) -> Result<(), Error> {
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        if answer.trim() == "ready" {
            return Ok(());
        }
        let log = fs::read_to_string(self.folder.join("log"))
            .unwrap_or_else(|e| format!("(its log cannot be read: {e})"));
        Err(Error::Start {
            folder: self.folder.clone(),
            log,
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Err(error) = self.child.wait() {
            eprintln!(
                "cannot wait for PostgreSQL in {} to stop: {error}",
                self.folder.display()
            );
        }
    }
}

/// An empty database of one's own, dropped with this value.
#[derive(Debug)]
pub struct Database {
    url: String,
    name: String,
    admin: String,
    psql: PathBuf,
}

impl Database {
    /// Its URL, with user and password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements in it and returns the values of their rows, a line a row, fields parted by `|`.
    ///
    /// # Errors
    /// When the server refuses one; the ones before it are done.
    pub fn sql(&self, sql: &str) -> Result<String, Error> {
        psql(&self.psql, &self.url, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // WITH (FORCE) ends the connections a failed test left open.
        if let Err(error) = psql(
            &self.psql,
            &self.admin,
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        ) {
            eprintln!("cannot drop the test database {}: {error}", self.name);
        }
    }
}

/// A fresh database on the shared server for the test `name`; `None` after saying that it is skipped,
/// when this run was told to do without PostgreSQL.
///
/// # Panics
/// When there is no server and nobody said to do without: a missing engine fails the tests.
pub fn database_for(name: &str) -> Option<Database> {
    if crate::without("postgres") {
        crate::skip(name, "without postgres");
        return None;
    }
    let made = Cluster::shared().map(Cluster::fresh_database);
    match made {
        Ok(Ok(database)) => Some(database),
        Ok(Err(error)) => panic!("no database for {name}: {error}"),
        Err(error) => panic!("no database for {name}: {error}"),
    }
}

/// `url` with another database in it.
///
/// # Errors
/// When it is not the URL of a PostgreSQL database.
pub fn with_database(url: &str, database: &str) -> Result<String, Error> {
    let wrong = || Error::Url(url.to_owned());
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    if !matches!(scheme, "postgres" | "postgresql") || rest.is_empty() {
        return Err(wrong());
    }
    let (rest, query) = rest
        .split_once('?')
        .map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    let query = query.map(|q| format!("?{q}")).unwrap_or_default();
    Ok(format!("{scheme}://{host}/{database}{query}"))
}

fn psql(program: &Path, url: &str, sql: &str) -> Result<String, Error> {
    let output = Command::new(program)
        .args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            url,
            "-c",
            sql,
        ])
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Sql {
        sql: sql.to_owned(),
        reason,
    })
}

/// The settings of each kind of server. `max_connections` serves many test processes at once.
fn profile(durability: Durability) -> &'static [(&'static str, &'static str)] {
    match durability {
        Durability::Fast => &[
            ("max_connections", "300"),
            ("shared_buffers", "128MB"),
            ("fsync", "off"),
            ("synchronous_commit", "off"),
            ("full_page_writes", "off"),
            ("max_wal_size", "2GB"),
            ("timezone", "'UTC'"),
        ],
        Durability::Durable => &[
            ("max_connections", "300"),
            ("shared_buffers", "512MB"),
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),
            ("max_wal_size", "4GB"),
            ("timezone", "'UTC'"),
        ],
    }
}

#[cfg(test)]
mod tests;
