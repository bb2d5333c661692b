//! The list of erasures outside the database: `erasures.log` beside the data, which no backup holds and no restore undoes.
//!
//! Whoever asked to be forgotten after a backup was taken must be forgotten again when it is restored. The database that
//! knew about it may be lost, so the list is kept a second time in a file that only grows: one JSON object a line. An
//! erasure that somebody asks for stands in it before they are told that it is done.

use crate::output::Failure;
use access::Ctx;
use jiff::Timestamp;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::StoreError;
use vault::model::{Erasure, ErasureLog};

/// Erasures read from the database at once.
const PAGE: u16 = 500;
/// The longest line that is an entry.
const LONGEST_LINE: u64 = 4096;

/// Where the list is.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("erasures.log")
}

/// What [`reconcile`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Entries of the database that the list did not have yet.
    pub listed: u64,
    /// People of the list whose data the database still had.
    pub erased: u64,
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> Failure {
    let text = format!("cannot use {}: {reason}", path.display());
    Failure::unusable("unusable_erasures", text).field("erasures")
}

/// Reads a list. An absent file is an empty list; a last line cut by a crash was never acknowledged and is left out.
///
/// # Errors
/// Exit 2 naming the line that is no entry.
pub fn read(path: &Path) -> Result<Vec<Erasure>, Failure> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(unusable(path, e)),
    };
    let mut reader = BufReader::new(file);
    let mut entries = Vec::new();
    for number in 1.. {
        let mut line = Vec::new();
        let taken = reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line);
        if taken.map_err(|e| unusable(path, e))? == 0 {
            break;
        }
        let is_whole = line.ends_with(b"\n");
        match serde_json::from_slice(&line) {
            Ok(entry) if is_whole => entries.push(entry),
            _ if !is_whole && (line.len() as u64) < LONGEST_LINE => break,
            Ok(_) => return Err(unusable(path, "a line is too long").line(number)),
            Err(e) => return Err(unusable(path, e).line(number)),
        }
    }
    Ok(entries)
}

/// What lists each erasure in the file beside the data, for [`vault::ops::erase`].
pub fn log(data_dir: &Path) -> Arc<ErasureLog> {
    let path = path(data_dir);
    Arc::new(ErasureLog::new(move |erasure| {
        append(&path, std::slice::from_ref(erasure))
    }))
}

/// Adds entries to the list and brings them to the disk. One at a time: the file is locked, also against other processes.
fn append(path: &Path, entries: &[Erasure]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.lock()?;
    let mut text = Vec::new();
    // A line that a crash cut short is closed, so that it does not swallow the next.
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            let whole = cut_tail(path)?;
            file.set_len(whole)?;
        }
    }
    for entry in entries {
        serde_json::to_writer(&mut text, entry)?;
        text.push(b'\n');
    }
    file.write_all(&text)?;
    file.sync_all()
}

/// How long the file is without its unfinished last line.
fn cut_tail(path: &Path) -> std::io::Result<u64> {
    let bytes = std::fs::read(path)?;
    Ok(bytes
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |n| n as u64 + 1))
}

fn of_database(ctx: &Ctx) -> Result<Vec<Erasure>, StoreError> {
    let mut all: Vec<Erasure> = Vec::new();
    loop {
        let after = all.last().cloned();
        let page = ctx.read_blocking(move |r| {
            vault::ops::erasures_since(r, Timestamp::MIN, after.as_ref(), PAGE)
        })?;
        let is_last = page.len() < usize::from(PAGE);
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

/// Makes the database and the list agree: what the list has and the database has not is erased again, what the database
/// has and the list has not is added to it. `more` are further entries, from another list. Doing it twice changes nothing.
/// Must not be called on an async thread.
///
/// # Errors
/// A list that does not read, or cannot be written; the store's.
pub fn reconcile(ctx: &Ctx, data_dir: &Path, more: Vec<Erasure>) -> Result<Reconciled, Failure> {
    let path = path(data_dir);
    let key = |e: &Erasure| (e.district, e.subject);
    let of_list = read(&path)?;
    let of_database = of_database(ctx)?;
    let in_database: HashSet<_> = of_database.iter().map(key).collect();
    let in_list: HashSet<_> = of_list.iter().map(key).collect();
    let mut to_erase = Vec::new();
    let mut seen = in_database.clone();
    for entry in of_list.iter().chain(&more) {
        if seen.insert(key(entry)) {
            to_erase.push(entry.clone());
        }
    }
    let mut to_list = Vec::new();
    let mut seen = in_list;
    for entry in of_database.iter().chain(&more) {
        if seen.insert(key(entry)) {
            to_list.push(entry.clone());
        }
    }
    if !to_list.is_empty() {
        append(&path, &to_list).map_err(|e| unusable(&path, e))?;
    }
    let mut erased = 0;
    if !to_erase.is_empty() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::other("runtime", e.to_string()))?;
        erased = runtime
            .block_on(vault::ops::apply_erasures(ctx, &to_erase))
            .map_err(|e| Failure::other("erasures", e.to_string()))?;
    }
    Ok(Reconciled {
        listed: to_list.len() as u64,
        erased,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::id::Id;

    fn entry(n: u8) -> Erasure {
        Erasure {
            district: "990101".parse().unwrap(),
            subject: Id::from_bytes([n; 16]),
            at: "2026-03-16T09:00:00Z".parse().unwrap(),
            cause: "request".into(),
        }
    }

    #[test]
    fn a_line_cut_by_a_crash_is_left_out_and_does_not_swallow_the_next() {
        let dir = testkit::temp::Dir::new("erasures").unwrap();
        let path = dir.join("erasures.log");
        assert!(read(&path).unwrap().is_empty());
        append(&path, &[entry(1), entry(2)]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
        assert_eq!(read(&path).unwrap(), [entry(1)]);
        append(&path, &[entry(3)]).unwrap();
        assert_eq!(read(&path).unwrap(), [entry(1), entry(3)]);
    }

    #[test]
    fn many_who_list_at_once_lose_nothing() {
        let dir = testkit::temp::Dir::new("erasures").unwrap();
        let log = log(dir.path());
        std::thread::scope(|scope| {
            for n in 0..8 {
                let log = &log;
                scope.spawn(move || {
                    for m in 0..8 {
                        log.list(&entry(n * 8 + m)).unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&path(dir.path())).unwrap().len(), 64);
    }

    #[test]
    fn a_line_that_is_no_entry_is_named() {
        let dir = testkit::temp::Dir::new("erasures").unwrap();
        let path = dir.join("erasures.log");
        append(&path, &[entry(1)]).unwrap();
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"district\":\"99\"}\n");
        std::fs::write(&path, &text).unwrap();
        let failure = read(&path).unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.line),
            ("unusable_erasures", Some(2))
        );
        std::fs::write(&path, vec![b'x'; 9000]).unwrap();
        assert!(read(&path).is_err());
    }
}
