//! Backup and restore: one dump that either engine makes and either engine takes.
//!
//! A dump is a folder: `manifest.json` (what is in it, with checksums), `manifest.sha256`, one file of rows a table under
//! `tables/`, and copies of plain folders, such as pictures, under `files/`. It is taken in one snapshot while others go on
//! writing, under a name of its own, and gets its real name only when all of it is on the disk.
//!
//! Invariants:
//! - a folder with the name of a dump is whole: a killed backup leaves only `.NAME.partial`, which the next one clears;
//! - nothing is written to a database before every checksum of the dump was found right;
//! - a restore is one transaction: a killed one leaves the database as it was;
//! - rows and files pass through in bounded memory.
//!
//! Deliberately absent: keys. Whoever finds a dump can open nobody's personal data with it.

mod files;
mod rows;

use crate::db::{Db, Engine};
use crate::migrate::Migration;
use crate::tx::{Conn, borrowed};
use crate::{Read, StoreError, StoreResult, Value, dialect};
use files::Partial;
use jiff::Timestamp;
use rows::{RowFile, RowReader};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;

/// The format this code writes, and the only one it reads.
const FORMAT: u32 = 1;
/// Rows handed to the engine's bulk path at once: whichever comes first.
const BATCH_ROWS: usize = 500;
const BATCH_BYTES: usize = 4 << 20;
/// The table of applied migrations travels in the manifest, not as rows.
const SCHEMA: &str = "schema_migrations";
/// What the names of tables begin with that a dump leaves out: an index that the program makes again by itself, many times
/// as many rows as the record it is made of. A restore leaves them empty.
const REMADE: &str = "facts_search_";

/// Why a dump could not be made or taken.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The folder to write to is there and not empty.
    #[error("{} is there already and not empty", .0.display())]
    Exists(PathBuf),
    /// Another backup into the same folder is running.
    #[error("another backup into {} is running", .0.display())]
    Running(PathBuf),
    /// A file of the dump is not what was written.
    #[error("{} is damaged: {reason}", file.display())]
    Damaged {
        /// Which one.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The dump does not fit this program.
    #[error("{0}")]
    Foreign(String),
    /// The database to restore into holds records.
    #[error("the database is in use: its table {0} holds rows; restore into an empty one")]
    InUse(String),
    /// The system would not read or write a file.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DumpError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
    pub(crate) fn damaged(file: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged {
            file: file.to_owned(),
            reason: reason.into(),
        }
    }
}

/// A migration as the dumped database had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// The fingerprint of its text.
    pub fingerprint: String,
}

/// One table of a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DumpedTable {
    /// Its name; its rows are in `tables/NAME.rows`.
    pub name: String,
    /// Its columns, in the order of the values.
    pub columns: Vec<String>,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// One plain file of a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DumpedFile {
    /// Its path under `files/`, parted by `/`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256, in hex.
    pub sha256: String,
}

/// What is in a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The format of the dump.
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// The engine it was taken from; either engine takes it.
    pub engine: String,
    /// When the snapshot was taken.
    pub taken_at: Timestamp,
    /// The schema.
    pub migrations: Vec<Applied>,
    /// The years (UTC) of the rows of long tables, for which PostgreSQL needs partitions.
    pub years: BTreeSet<i16>,
    /// The tables.
    pub tables: Vec<DumpedTable>,
    /// The plain files.
    pub files: Vec<DumpedFile>,
}

impl Manifest {
    /// How many rows there are in all.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

/// What a dump says about itself.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The version of the program.
    pub program: &'a str,
    /// The present moment.
    pub now: Timestamp,
}

/// A plain folder that belongs to the records, such as that of the pictures.
#[derive(Debug, Clone)]
pub struct Folder<'a> {
    /// Its name under `files/`, one word.
    pub name: &'a str,
    /// Where it is; it may be absent.
    pub path: PathBuf,
}

/// A connection of its own, outside the queues.
trait Alone: Conn {
    fn script(&mut self, sql: &str) -> StoreResult<()>;
}
impl Alone for crate::sqlite::Sqlite {
    fn script(&mut self, sql: &str) -> StoreResult<()> {
        Self::script(self, sql)
    }
}
impl Alone for crate::postgres::Postgres {
    fn script(&mut self, sql: &str) -> StoreResult<()> {
        Self::script(self, sql)
    }
}

fn alone(db: &Db) -> StoreResult<Box<dyn Alone>> {
    Ok(match db.engine() {
        Engine::Sqlite => {
            let path = db.raw_url().trim_start_matches("sqlite:");
            let conn = crate::sqlite::Sqlite::open(Path::new(path), false);
            Box::new(conn.map_err(|e| crate::sqlite::error(&e))?)
        }
        Engine::Postgres => Box::new(crate::postgres::Postgres::alone(db.raw_url())?),
    })
}

/// What the engine's catalogue says about the tables.
struct Catalogue {
    /// Names, referred-to tables before those that refer to them.
    tables: Vec<String>,
    /// Names of those that are left out and made again.
    remade: Vec<String>,
    /// The columns of each, without those that the engine fills.
    columns: BTreeMap<String, Vec<String>>,
    /// The column on which a long table is partitioned by year.
    partitioned: BTreeMap<String, String>,
}

impl Catalogue {
    fn read(conn: &mut dyn Conn, migrations: &[Migration]) -> StoreResult<Self> {
        let tally = AtomicU32::new(0);
        let engine = conn.engine();
        let mut r = Read {
            conn,
            tally: &tally,
        };
        let names: Vec<(String,)> = r.all(dialect::table_names(engine), &[])?;
        let (remade, names): (Vec<String>, Vec<String>) = names
            .into_iter()
            .map(|n| n.0)
            .filter(|n| n != SCHEMA)
            .partition(|n| n.starts_with(REMADE));
        let mut columns = BTreeMap::new();
        for name in &names {
            let found: Vec<(String, String)> =
                r.all(dialect::table_columns(engine), crate::params![name])?;
            let kept = found.into_iter().map(|c| c.0);
            let kept = kept.filter(|c| !dialect::ENGINE_COLUMNS.contains(&(name.as_str(), c)));
            columns.insert(name.clone(), kept.collect());
        }
        let references: Vec<(String, String)> = r.all(dialect::foreign_keys(engine), &[])?;
        let partitioned = migrations
            .iter()
            .flat_map(|m| dialect::partition_columns(m.sql))
            .collect();
        Ok(Self {
            tables: dependency_order(names, &references)?,
            remade,
            columns,
            partitioned,
        })
    }
}

/// Puts referred-to tables first; ties keep the order they came in.
fn dependency_order(
    names: Vec<String>,
    references: &[(String, String)],
) -> StoreResult<Vec<String>> {
    let mut waiting = names;
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let (ready, blocked): (Vec<_>, Vec<_>) = waiting.iter().cloned().partition(|name| {
            references
                .iter()
                .all(|(from, to)| from != name || to == name || !waiting.contains(to))
        });
        if ready.is_empty() {
            return Err(StoreError::Misuse(format!(
                "tables refer to each other in a circle: {}",
                blocked.join(", ")
            )));
        }
        ordered.extend(ready);
        waiting = blocked;
    }
    Ok(ordered)
}

fn applied(conn: &mut dyn Conn) -> StoreResult<Vec<Applied>> {
    let mut found = Vec::new();
    let sql = "SELECT number, name, fingerprint FROM schema_migrations ORDER BY number";
    conn.query(sql, &[], &mut |row| {
        found.push(Applied {
            number: row.get(0)?,
            name: row.get(1)?,
            fingerprint: row.get(2)?,
        });
        Ok(true)
    })?;
    Ok(found)
}

fn quoted(columns: &[String]) -> Vec<String> {
    columns.iter().map(|c| format!("\"{c}\"")).collect()
}

/// The year (UTC) of a UUIDv7, by which long tables are partitioned.
fn year_of(id: &Value) -> Option<i16> {
    let Value::Blob(bytes) = id else { return None };
    let id = kernel::id::Id::from_bytes(bytes.as_slice().try_into().ok()?);
    let at = Timestamp::from_millisecond(id.millis()).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).year())
}

impl Db {
    /// Writes a dump of the whole database, and of plain folders, into `dir`, in one snapshot, while others go on
    /// working. `progress` hears of each table before its rows are read.
    ///
    /// # Errors
    /// `Exists` and `Running` before anything was written; else the system's or the engine's, and `dir` is not there.
    pub fn dump(
        &self,
        dir: &Path,
        about: &About<'_>,
        migrations: &[Migration],
        folders: &[Folder<'_>],
        progress: &mut dyn FnMut(&str),
    ) -> Result<Manifest, DumpError> {
        let partial = Partial::begin(dir)?;
        let mut conn = alone(self)?;
        conn.script(dialect::begin_snapshot(self.engine()))?;
        let mut manifest = Manifest {
            format: FORMAT,
            program: about.program.to_owned(),
            engine: format!("{:?}", self.engine()).to_lowercase(),
            taken_at: about.now,
            migrations: applied(&mut *conn).map_err(|_| StoreError::Uninitialised)?,
            years: BTreeSet::new(),
            tables: Vec::new(),
            files: Vec::new(),
        };
        let catalogue = Catalogue::read(&mut *conn, migrations)?;
        for name in &catalogue.tables {
            progress(name);
            let table = dump_table(&mut *conn, &catalogue, name, &partial, &mut manifest.years)?;
            manifest.tables.push(table);
        }
        conn.script("COMMIT")?;
        // After the snapshot: a file is stored before the row that names it is committed, so none is missed.
        for folder in folders {
            progress(folder.name);
            files::copy_in(&partial, folder, &mut manifest.files)?;
        }
        partial.finish(&manifest)?;
        Ok(manifest)
    }

    /// Refuses a database of which any of these tables holds a row; a table that is not there holds none.
    ///
    /// # Errors
    /// `InUse` naming the table.
    pub fn refuse_used(&self, tables: &[&str]) -> Result<(), DumpError> {
        refuse_used(&mut *alone(self)?, tables)
    }

    /// Fills an empty database from a dump: makes the schema the dump had, loads every row in one transaction, and then
    /// brings the schema up to date. `unused` are the tables that must hold no row; what the others hold (the rows a
    /// fresh schema begins with) is replaced.
    ///
    /// # Errors
    /// `InUse`, `Foreign` and `Damaged` leave the database's rows as they were, as does everything else.
    pub fn load(
        &self,
        dump: &Dump,
        migrations: &[Migration],
        unused: &[&str],
        now: Timestamp,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), DumpError> {
        let schema = dump.schema(migrations)?;
        self.refuse_used(unused)?;
        self.migrate(&schema, now)?;
        let mut conn = alone(self)?;
        if applied(&mut *conn)? != dump.manifest.migrations {
            return Err(DumpError::Foreign(
                "the database has a newer schema than the dump: restore into a database that is not there yet"
                    .into(),
            ));
        }
        conn.script(dialect::begin_write(self.engine()))?;
        let loaded = load_all(&mut *conn, dump, &schema, unused, progress);
        conn.script(if loaded.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        loaded?;
        self.migrate(migrations, now)?;
        conn.script(dialect::analyze(self.engine()))?;
        Ok(())
    }
}

fn dump_table(
    conn: &mut dyn Conn,
    catalogue: &Catalogue,
    name: &str,
    partial: &Partial,
    years: &mut BTreeSet<i16>,
) -> Result<DumpedTable, DumpError> {
    let columns = &catalogue.columns[name];
    let key = catalogue.partitioned.get(name);
    let key = key.and_then(|key| columns.iter().position(|c| c == key));
    let mut file = RowFile::create(&partial.table(name))?;
    let mut failed = None;
    let mut row_values = Vec::with_capacity(columns.len());
    let sql = format!("SELECT {} FROM \"{name}\"", quoted(columns).join(", "));
    conn.query(&sql, &[], &mut |row| {
        row_values.clear();
        for n in 0..columns.len() {
            row_values.push(row.get::<Value>(n)?);
        }
        if let Some(year) = key.and_then(|key| year_of(&row_values[key])) {
            years.insert(year);
        }
        match file.push(&row_values) {
            Ok(()) => Ok(true),
            Err(error) => {
                failed = Some(error);
                Ok(false)
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let (rows, sha256) = file.finish()?;
    Ok(DumpedTable {
        name: name.to_owned(),
        columns: columns.clone(),
        rows,
        sha256,
    })
}

fn refuse_used(conn: &mut dyn Conn, unused: &[&str]) -> Result<(), DumpError> {
    let tally = AtomicU32::new(0);
    let engine = conn.engine();
    let mut r = Read {
        conn,
        tally: &tally,
    };
    let names: Vec<(String,)> = r.all(dialect::table_names(engine), &[])?;
    for table in unused {
        let is_there = names.iter().any(|n| n.0 == *table);
        let sql = format!("SELECT 1 FROM \"{table}\" LIMIT 1");
        if is_there && r.opt::<(i64,)>(&sql, &[])?.is_some() {
            return Err(DumpError::InUse((*table).to_owned()));
        }
    }
    Ok(())
}

fn load_all(
    conn: &mut dyn Conn,
    dump: &Dump,
    schema: &[Migration],
    unused: &[&str],
    progress: &mut dyn FnMut(&str),
) -> Result<(), DumpError> {
    refuse_used(conn, unused)?;
    let catalogue = Catalogue::read(conn, schema)?;
    let of_dump: BTreeMap<&str, &DumpedTable> = dump
        .manifest
        .tables
        .iter()
        .map(|t| (t.name.as_str(), t))
        .collect();
    for name in &catalogue.tables {
        let mut here = catalogue.columns[name].clone();
        let mut there = of_dump
            .get(name.as_str())
            .map(|t| t.columns.clone())
            .unwrap_or_default();
        here.sort_unstable();
        there.sort_unstable();
        if here != there {
            return Err(DumpError::damaged(
                &dump.dir.join("manifest.json"),
                format!("the columns of table {name} are not those of its schema"),
            ));
        }
    }
    if of_dump.len() != catalogue.tables.len() {
        return Err(DumpError::damaged(
            &dump.dir.join("manifest.json"),
            "it lists tables that its schema does not have",
        ));
    }
    for name in catalogue.remade.iter().chain(catalogue.tables.iter().rev()) {
        conn.exec(&format!("DELETE FROM \"{name}\""), &[])?;
    }
    for year in &dump.manifest.years {
        conn.ensure_year(*year)?;
    }
    for name in &catalogue.tables {
        progress(name);
        load_table(conn, dump, of_dump[name.as_str()])?;
    }
    for (table, column) in dialect::SERIAL_COLUMNS {
        if catalogue.tables.iter().any(|name| name == table)
            && let Some(sql) = dialect::reset_serial(conn.engine(), table, column)
        {
            conn.query(&sql, &[], &mut |_| Ok(true))?;
        }
    }
    Ok(())
}

fn load_table(conn: &mut dyn Conn, dump: &Dump, table: &DumpedTable) -> Result<(), DumpError> {
    let path = dump.table(&table.name);
    let mut reader = RowReader::open(&path, table.columns.len())?;
    let columns = quoted(&table.columns);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    let mut bytes = 0;
    while let Some((row, length)) = reader.next_row()? {
        batch.push(row);
        bytes += length;
        if batch.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
            conn.bulk(
                &format!("\"{}\"", table.name),
                &columns,
                &mut borrowed(&batch),
            )?;
            batch.clear();
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        conn.bulk(
            &format!("\"{}\"", table.name),
            &columns,
            &mut borrowed(&batch),
        )?;
    }
    // Once more, for the file may have changed since it was verified; the transaction is still open.
    reader.check(table)
}

/// A dump whose every checksum was found right.
#[derive(Debug)]
pub struct Dump {
    dir: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
}

impl Dump {
    /// Opens a dump and verifies all of it. Writes nothing.
    ///
    /// # Errors
    /// `Damaged` naming the first file that is not what was written; `Foreign` for another format.
    pub fn open(dir: &Path) -> Result<Self, DumpError> {
        let manifest = files::read_manifest(dir)?;
        if manifest.format != FORMAT {
            return Err(DumpError::Foreign(format!(
                "{} has format {}, this program reads {FORMAT}",
                dir.display(),
                manifest.format
            )));
        }
        let dump = Self {
            dir: dir.to_owned(),
            manifest,
        };
        for table in &dump.manifest.tables {
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if table.name.is_empty() || !table.name.chars().all(is_plain) {
                return Err(DumpError::damaged(
                    &dir.join("manifest.json"),
                    format!("{:?} is no name of a table", table.name),
                ));
            }
            let mut reader = RowReader::open(&dump.table(&table.name), table.columns.len())?;
            while reader.next_row()?.is_some() {}
            reader.check(table)?;
        }
        for file in &dump.manifest.files {
            files::verify(dir, file)?;
        }
        Ok(dump)
    }

    /// Puts the dumped copy of a folder back, beside what is there. Doing it twice changes nothing.
    ///
    /// # Errors
    /// `Damaged` when a file changed since it was verified; the system's.
    pub fn copy_out(&self, folder: &Folder<'_>) -> Result<u64, DumpError> {
        files::copy_out(&self.dir, folder, &self.manifest.files)
    }

    fn table(&self, name: &str) -> PathBuf {
        self.dir.join("tables").join(format!("{name}.rows"))
    }

    /// The migrations of this program that make the dump's schema.
    fn schema(&self, migrations: &[Migration]) -> Result<Vec<Migration>, DumpError> {
        let mut schema = Vec::with_capacity(self.manifest.migrations.len());
        for applied in &self.manifest.migrations {
            let known = migrations.iter().find(|m| m.number == applied.number);
            let Some(migration) = known else {
                return Err(DumpError::Foreign(format!(
                    "the dump has migration {} ({}), which this program does not know: use a newer one",
                    applied.number, applied.name
                )));
            };
            if migration.fingerprint() != applied.fingerprint {
                return Err(DumpError::Foreign(format!(
                    "migration {} ({}) of the dump is not the one of this program",
                    applied.number, applied.name
                )));
            }
            schema.push(*migration);
        }
        Ok(schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn referred_to_tables_come_first() {
        let references = [
            ("a".to_owned(), "c".to_owned()),
            ("c".to_owned(), "b".to_owned()),
            ("b".to_owned(), "b".to_owned()),
        ];
        let order = dependency_order(names(&["a", "b", "c", "d"]), &references).unwrap();
        assert_eq!(order, ["b", "d", "c", "a"]);
    }

    #[test]
    fn a_circle_of_references_is_refused() {
        let references = [
            ("a".to_owned(), "b".to_owned()),
            ("b".to_owned(), "a".to_owned()),
        ];
        let refused = dependency_order(names(&["a", "b"]), &references).unwrap_err();
        assert!(refused.to_string().contains("a, b"));
    }

    #[test]
    fn the_year_of_a_row_is_that_of_its_id() {
        let id = kernel::id::Id::new("2019-12-31T23:59:59Z".parse().unwrap(), [7; 10]);
        assert_eq!(year_of(&Value::Blob(id.bytes().to_vec())), Some(2019));
        assert_eq!(year_of(&Value::Null), None);
    }
}
