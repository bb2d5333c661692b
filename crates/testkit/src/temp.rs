//! Temporary folders that go away with their owner.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A folder of one's own under the system's temporary folder, removed on drop.
/// With `SHIYU_KEEP` set it stays, and its place is printed, so that a failure can be looked at.
#[derive(Debug)]
pub struct Dir {
    path: PathBuf,
}

impl Dir {
    /// Makes an empty folder that only the present user may enter. `label` is part of its name.
    ///
    /// # Errors
    /// The system's, when the folder cannot be made.
    pub fn new(label: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("shiyu-{label}-{}", unique()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets go of the folder: it stays, and somebody else removes it.
    pub fn release(mut self) -> PathBuf {
        std::mem::take(&mut self.path)
    }

    /// The path of something in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        if self.path.as_os_str().is_empty() {
            return; // released
        }
        if std::env::var_os("SHIYU_KEEP").is_some() {
            eprintln!("kept: {}", self.path.display());
        } else if let Err(error) = fs::remove_dir_all(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            eprintln!("cannot remove {}: {error}", self.path.display());
        }
    }
}

/// 64 bits from the system's randomness, without a crate for it: the standard library seeds its
/// hash maps from there. For names, ports and seeds; not for secrets.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A short text nobody else has: the process, and a random part.
pub(crate) fn unique() -> String {
    format!("{}-{:012x}", std::process::id(), random() >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_owner_and_is_nobody_elses() {
        let first = Dir::new("temp").unwrap();
        let second = Dir::new("temp").unwrap();
        assert_ne!(first.path(), second.path());
        fs::write(first.join("file"), "text").unwrap();
        let path = first.path().to_path_buf();
        drop(first);
        assert!(!path.exists());
        assert!(second.path().is_dir());
    }

    #[test]
    fn a_released_folder_stays() {
        let path = Dir::new("temp").unwrap().release();
        assert!(path.is_dir());
        fs::remove_dir(path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_enter() {
        use std::os::unix::fs::PermissionsExt;
        let dir = Dir::new("temp").unwrap();
        let mode = fs::metadata(dir.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
