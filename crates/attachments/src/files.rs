//! Where the bytes lie: a folder. Its paths come from the hash and the id, never from what a sender said.
//!
//! Two uploads of the same picture are two files: then erasing one of them cannot harm the other, and no count of
//! references has to be kept right across a crash. The functions block; callers stand on a thread that may.

use kernel::id::Id;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The hash of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A place for files.
#[derive(Debug, Clone)]
pub enum Files {
    /// A folder of this machine (or a mounted one).
    Folder(PathBuf),
}

/// Names one stored file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKey {
    /// The hash of the stored bytes.
    pub sha256: [u8; 32],
    /// The attachment.
    pub id: Id,
}

impl FileKey {
    /// `ab/cd/<hash>-<id>`, so that no folder becomes too long to list.
    fn path(&self, is_thumb: bool) -> PathBuf {
        let hash = hex::encode(self.sha256);
        let end = if is_thumb { ".thumb" } else { "" };
        Path::new(&hash[..2])
            .join(&hash[2..4])
            .join(format!("{hash}-{}{end}", self.id))
    }
}

impl Files {
    /// A folder, made if it is not there (only its owner may enter).
    ///
    /// # Errors
    /// The system's.
    pub fn folder(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        make_folder(&path)?;
        Ok(Self::Folder(path))
    }
    /// Stores a file whole or not at all; it is on the disk when this answers.
    ///
    /// # Errors
    /// The system's.
    pub fn store(&self, key: FileKey, is_thumb: bool, bytes: &[u8]) -> io::Result<()> {
        let Self::Folder(root) = self;
        let path = root.join(key.path(is_thumb));
        let folder = path.parent().expect("the path has two folders above it");
        make_folder(folder)?;
        let beside = path.with_extension("part");
        let written = write_synced(&beside, bytes).and_then(|()| fs::rename(&beside, &path));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written?;
        sync_folder(folder)
    }
    /// Reads a stored file, which may have at most `most` bytes.
    ///
    /// # Errors
    /// The system's; `InvalidData` when it is longer.
    pub fn read(&self, key: FileKey, is_thumb: bool, most: u64) -> io::Result<Vec<u8>> {
        let Self::Folder(root) = self;
        let mut bytes = Vec::new();
        fs::File::open(root.join(key.path(is_thumb)))?
            .take(most + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "longer than what was stored",
            ));
        }
        Ok(bytes)
    }
    /// Removes a file and its thumbnail; what is not there is no error.
    ///
    /// # Errors
    /// The system's.
    pub fn remove(&self, key: FileKey) -> io::Result<()> {
        let Self::Folder(root) = self;
        for is_thumb in [true, false] {
            match fs::remove_file(root.join(key.path(is_thumb))) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The name of a new file is on the disk only when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(bytes: &[u8]) -> FileKey {
        FileKey {
            sha256: sha256(bytes),
            id: Id::from_bytes([5; 16]),
        }
    }

    #[test]
    fn a_file_is_stored_read_and_removed() {
        let dir = testkit::temp::Dir::new("files").unwrap();
        let files = Files::folder(dir.join("made")).unwrap();
        let key = key(b"picture");
        files.store(key, false, b"picture").unwrap();
        files.store(key, true, b"small").unwrap();
        assert_eq!(files.read(key, false, 100).unwrap(), b"picture");
        assert_eq!(files.read(key, true, 5).unwrap(), b"small");
        assert_eq!(
            files.read(key, true, 4).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        files.remove(key).unwrap();
        files.remove(key).unwrap();
        assert_eq!(
            files.read(key, false, 100).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }

    #[test]
    fn a_path_comes_from_the_hash() {
        // SHA-256 of the empty text, FIPS 180-4.
        let path = key(b"").path(false).display().to_string();
        assert!(
            path.starts_with(
                "e3/b0/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855-05"
            ),
            "{path}"
        );
        assert!(
            key(b"")
                .path(true)
                .display()
                .to_string()
                .ends_with(".thumb")
        );
    }
}
