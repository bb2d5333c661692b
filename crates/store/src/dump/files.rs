//! The files of a dump: the folder that is not there until it is whole, the manifest, and copies of plain folders.

use super::{DumpError, DumpedFile, Folder, Manifest};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

/// The most a manifest may be long; one line a picture.
const LONGEST_MANIFEST: u64 = 256 << 20;

/// A new file that only its owner may read: a dump holds password hashes and sealed personal data.
pub(super) fn new_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn new_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The names in a folder are on the disk only when the folder itself is.
fn sync_folder(path: &Path) -> Result<(), DumpError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(DumpError::io(path))
}

/// A dump under way: `.NAME.partial` beside the folder it will be. Dropped unfinished, it goes.
#[derive(Debug)]
pub(super) struct Partial {
    wanted: PathBuf,
    folder: PathBuf,
    /// Held as long as the dump is under way; the system lets go of it when the process dies.
    lock: Option<File>,
}

impl Partial {
    pub(super) fn begin(wanted: &Path) -> Result<Self, DumpError> {
        match fs::read_dir(wanted) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(DumpError::Exists(wanted.to_owned()));
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) if e.kind() == io::ErrorKind::NotADirectory => {
                return Err(DumpError::Exists(wanted.to_owned()));
            }
            Err(e) => return Err(DumpError::io(wanted)(e)),
        }
        let Some(name) = wanted.file_name() else {
            return Err(DumpError::Exists(wanted.to_owned()));
        };
        let parent = parent(wanted);
        let folder = parent.join(format!(".{}.partial", name.to_string_lossy()));
        new_folder(&folder).map_err(DumpError::io(&folder))?;
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).map_err(DumpError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DumpError::Running(wanted.to_owned())),
            Err(TryLockError::Error(e)) => return Err(DumpError::io(&lock_path)(e)),
        }
        let partial = Self {
            wanted: wanted.to_owned(),
            folder,
            lock: Some(lock),
        };
        // What a killed backup left behind.
        for inner in ["tables", "files"] {
            let left = partial.folder.join(inner);
            match fs::remove_dir_all(&left) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(DumpError::io(&left)(e));
                }
                _ => {}
            }
        }
        for inner in ["manifest.json", "manifest.sha256"] {
            let left = partial.folder.join(inner);
            match fs::remove_file(&left) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(DumpError::io(&left)(e));
                }
                _ => {}
            }
        }
        let tables = partial.folder.join("tables");
        new_folder(&tables).map_err(DumpError::io(&tables))?;
        Ok(partial)
    }
    pub(super) fn table(&self, name: &str) -> PathBuf {
        self.folder.join("tables").join(format!("{name}.rows"))
    }
    /// Writes the manifest, brings everything to the disk and gives the folder its name.
    pub(super) fn finish(mut self, manifest: &Manifest) -> Result<(), DumpError> {
        let mut text = serde_json::to_vec_pretty(manifest).expect("a manifest is plain data");
        text.push(b'\n');
        let sum = format!("{}  manifest.json\n", hex::encode(Sha256::digest(&text)));
        for (name, bytes) in [
            ("manifest.json", text.as_slice()),
            ("manifest.sha256", sum.as_bytes()),
        ] {
            let path = self.folder.join(name);
            let written = new_file(&path).and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            });
            written.map_err(DumpError::io(&path))?;
        }
        let lock = self.folder.join("lock");
        fs::remove_file(&lock).map_err(DumpError::io(&lock))?;
        sync_folder(&self.folder.join("tables"))?;
        sync_folder(&self.folder)?;
        fs::rename(&self.folder, &self.wanted).map_err(DumpError::io(&self.wanted))?;
        self.lock = None;
        sync_folder(parent(&self.wanted))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.lock.is_some() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Reads the manifest and checks it against the checksum beside it.
pub(super) fn read_manifest(dir: &Path) -> Result<Manifest, DumpError> {
    let read = |name: &str| {
        let path = dir.join(name);
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(DumpError::io(&path))?;
        let read = file.take(LONGEST_MANIFEST + 1).read_to_end(&mut bytes);
        read.map_err(DumpError::io(&path))?;
        if bytes.len() as u64 > LONGEST_MANIFEST {
            return Err(DumpError::damaged(&path, "it is too long"));
        }
        Ok((path, bytes))
    };
    let (path, text) = read("manifest.json")?;
    let (sum_path, sum) = read("manifest.sha256")?;
    let sum = String::from_utf8_lossy(&sum).into_owned();
    let Some((sum, _)) = sum.split_once(' ') else {
        return Err(DumpError::damaged(&sum_path, "it holds no checksum"));
    };
    if sum != hex::encode(Sha256::digest(&text)) {
        return Err(DumpError::damaged(&path, "its checksum is another"));
    }
    serde_json::from_slice(&text).map_err(|e| DumpError::damaged(&path, e.to_string()))
}

/// Where a listed file lies. A path that leads out of the folder is refused.
fn place(root: &Path, listed: &str) -> Option<PathBuf> {
    let path = Path::new(listed);
    let is_plain = path.components().all(|c| matches!(c, Component::Normal(_)));
    (is_plain && !listed.is_empty()).then(|| root.join(path))
}

fn place_in(dir: &Path, file: &DumpedFile) -> Result<PathBuf, DumpError> {
    place(&dir.join("files"), &file.path).ok_or_else(|| {
        let reason = format!("{:?} is no path of a file", file.path);
        DumpError::damaged(&dir.join("manifest.json"), reason)
    })
}

/// Copies a stream in bounded memory; answers its length and hash.
fn copy(from: &mut dyn io::Read, to: &mut dyn io::Write) -> io::Result<(u64, String)> {
    let mut buffer = vec![0; 1 << 16];
    let mut hash = Sha256::new();
    let mut bytes = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hex::encode(hash.finalize()))),
            Ok(n) => {
                hash.update(&buffer[..n]);
                to.write_all(&buffer[..n])?;
                bytes += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

pub(super) fn verify(dir: &Path, file: &DumpedFile) -> Result<(), DumpError> {
    let path = place_in(dir, file)?;
    let mut from = File::open(&path).map_err(DumpError::io(&path))?;
    let found = copy(&mut from, &mut io::sink()).map_err(DumpError::io(&path))?;
    if found != (file.bytes, file.sha256.clone()) {
        return Err(DumpError::damaged(&path, "its checksum is another"));
    }
    Ok(())
}

/// Copies a folder into the dump. What goes while it is read was deleted, and is left out; unfinished files as well.
pub(super) fn copy_in(
    partial: &Partial,
    folder: &Folder<'_>,
    listed: &mut Vec<DumpedFile>,
) -> Result<(), DumpError> {
    let mut waiting = vec![(folder.path.clone(), folder.name.to_owned())];
    while let Some((from, name)) = waiting.pop() {
        let entries = match fs::read_dir(&from) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(DumpError::io(&from)(e)),
        };
        let to = partial.folder.join("files").join(&name);
        new_folder(&to).map_err(DumpError::io(&to))?;
        for entry in entries {
            let entry = entry.map_err(DumpError::io(&from))?;
            let kind = entry.file_type().map_err(DumpError::io(&from))?;
            let Ok(inner) = entry.file_name().into_string() else {
                continue;
            };
            let path = entry.path();
            if kind.is_dir() {
                waiting.push((path, format!("{name}/{inner}")));
            } else if kind.is_file() && !inner.ends_with(".part") {
                let mut source = match File::open(&path) {
                    Ok(source) => source,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                    Err(e) => return Err(DumpError::io(&path)(e)),
                };
                let target = to.join(&inner);
                let (bytes, sha256) = new_file(&target)
                    .and_then(|mut file| {
                        let copied = copy(&mut source, &mut file)?;
                        file.sync_all()?;
                        Ok(copied)
                    })
                    .map_err(DumpError::io(&target))?;
                listed.push(DumpedFile {
                    path: format!("{name}/{inner}"),
                    bytes,
                    sha256,
                });
            }
        }
        sync_folder(&to)?;
    }
    listed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(())
}

/// Copies the dump's copy of a folder to where it belongs; answers how many files came.
pub(super) fn copy_out(
    dir: &Path,
    folder: &Folder<'_>,
    listed: &[DumpedFile],
) -> Result<u64, DumpError> {
    let head = format!("{}/", folder.name);
    let mut count = 0;
    for file in listed {
        let Some(inner) = file.path.strip_prefix(&head) else {
            continue;
        };
        let from = place_in(dir, file)?;
        let to = folder.path.join(inner);
        let into = parent(&to);
        new_folder(into).map_err(DumpError::io(into))?;
        let beside = to.with_extension("part");
        match fs::remove_file(&beside) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(DumpError::io(&beside)(e)),
            _ => {}
        }
        let mut source = File::open(&from).map_err(DumpError::io(&from))?;
        let (bytes, sha256) = new_file(&beside)
            .and_then(|mut file| {
                let copied = copy(&mut source, &mut file)?;
                file.sync_all()?;
                Ok(copied)
            })
            .map_err(DumpError::io(&beside))?;
        if (bytes, &sha256) != (file.bytes, &file.sha256) {
            let _ = fs::remove_file(&beside);
            return Err(DumpError::damaged(&from, "its checksum is another"));
        }
        fs::rename(&beside, &to).map_err(DumpError::io(&to))?;
        sync_folder(into)?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_path_cannot_leave_its_folder() {
        let root = Path::new("root");
        assert_eq!(place(root, "a/b"), Some(root.join("a/b")));
        for bad in ["", "../a", "a/../../b", "/etc/passwd", "./../x"] {
            assert_eq!(place(root, bad), None, "{bad}");
        }
    }

    #[test]
    fn two_backups_into_one_folder_do_not_mix() {
        let dir = testkit::temp::Dir::new("partial").unwrap();
        let wanted = dir.join("backup");
        let first = Partial::begin(&wanted).unwrap();
        assert!(matches!(
            Partial::begin(&wanted),
            Err(DumpError::Running(_))
        ));
        drop(first);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        // A killed one leaves its folder, and nobody holds the lock in it.
        let killed = dir.join(".backup.partial");
        fs::create_dir_all(killed.join("tables")).unwrap();
        fs::write(killed.join("tables/old.rows"), "half").unwrap();
        fs::write(killed.join("manifest.json"), "{}").unwrap();
        let second = Partial::begin(&wanted).unwrap();
        assert!(!second.table("old").exists() && !killed.join("manifest.json").exists());
        assert!(!wanted.exists());
        drop(second);
        fs::create_dir(&wanted).unwrap();
        fs::write(wanted.join("mine"), "x").unwrap();
        assert!(matches!(Partial::begin(&wanted), Err(DumpError::Exists(_))));
        assert!(matches!(
            Partial::begin(&wanted.join("mine")),
            Err(DumpError::Exists(_))
        ));
    }
}
