//! The master key: 32 random bytes with a version, from a file that only its owner may read or from the environment.
//!
//! Both hold the same text: one `version:base64` a line (or separated by commas), `#` begins a comment; a bare base64 is
//! version 1. The highest version seals; the others stay to open what [`crate::ops::rotate`] has not yet reached.

use crate::crypto::SecretKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why a master key cannot be used. Never holds a part of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no key in it.
    #[error("{place} holds no master key")]
    Empty {
        /// The file or the variable.
        place: String,
    },
    /// One line does not read.
    #[error("{place}, line {line}: {reason}")]
    Unreadable {
        /// The file or the variable.
        place: String,
        /// Which entry, from 1.
        line: usize,
        /// What was expected.
        reason: &'static str,
    },
    /// Others on the machine may read the file.
    #[error("others may read {place} (mode {mode:03o}); run: chmod 600 {place}")]
    Exposed {
        /// The file.
        place: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The file system said no.
    #[error("cannot {act} the master key file {place}: {source}")]
    File {
        /// What was tried.
        act: &'static str,
        /// The file.
        place: String,
        /// The system's own words.
        source: std::io::Error,
    },
}

/// The master key in all versions that are still needed.
#[derive(Debug, Clone)]
pub struct MasterKeys {
    versions: BTreeMap<u32, SecretKey>,
}

impl MasterKeys {
    /// One key, version 1.
    pub fn single(key: SecretKey) -> Self {
        Self {
            versions: BTreeMap::from([(1, key)]),
        }
    }
    /// Reads the text of a key file or of the environment; `place` is named in errors.
    ///
    /// # Errors
    /// When there is no key or a line does not read.
    pub fn parse(text: &str, place: &str) -> Result<Self, KeyError> {
        let mut versions = BTreeMap::new();
        for (at, entry) in text.split(['\n', ',']).enumerate() {
            let entry = entry.trim();
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            let unreadable = |reason| KeyError::Unreadable {
                place: place.to_owned(),
                line: at + 1,
                reason,
            };
            let (version, key) = entry.split_once(':').unwrap_or(("1", entry));
            let version: u32 = version
                .trim()
                .parse()
                .ok()
                .filter(|v| *v > 0)
                .ok_or_else(|| unreadable("a version is a number from 1"))?;
            let bytes = Zeroizing::new(
                STANDARD
                    .decode(key.trim())
                    .map_err(|_| unreadable("a key is base64"))?,
            );
            let bytes = <[u8; 32]>::try_from(bytes.as_slice())
                .map_err(|_| unreadable("a key has 32 bytes"))?;
            if bytes == [0; 32] {
                return Err(unreadable("a key of zeros is none"));
            }
            if versions.insert(version, SecretKey::new(bytes)).is_some() {
                return Err(unreadable("this version stands above already"));
            }
        }
        if versions.is_empty() {
            return Err(KeyError::Empty {
                place: place.to_owned(),
            });
        }
        Ok(Self { versions })
    }
    /// Reads a key file.
    ///
    /// # Errors
    /// When it is not there, others may read it, or its text does not read.
    pub fn read_file(path: &Path) -> Result<Self, KeyError> {
        refuse_exposed(path)?;
        let text = std::fs::read_to_string(path).map_err(|e| file_error("read", path, e))?;
        Self::parse(&Zeroizing::new(text), &path.display().to_string())
    }
    /// Reads a key file, or makes it (mode 0600) with the key `random` if there is none.
    ///
    /// # Errors
    /// As [`MasterKeys::read_file`], and when it cannot be made.
    pub fn read_or_create(path: &Path, random: [u8; 32]) -> Result<Self, KeyError> {
        let keys = Self::single(SecretKey::new(random));
        match new_private_file(path) {
            Ok(file) => {
                keys.save(file, path)?;
                Ok(keys)
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Self::read_file(path),
            Err(e) => Err(file_error("make", path, e)),
        }
    }
    /// Adds the key `random` as the next version to a key file; what was there stays. Afterwards every process of the
    /// deployment must load it before [`crate::ops::rotate`] runs.
    ///
    /// # Errors
    /// As [`MasterKeys::read_file`], and when it cannot be written.
    pub fn add_version(path: &Path, random: [u8; 32]) -> Result<Self, KeyError> {
        let mut keys = Self::read_file(path)?;
        keys.versions
            .insert(keys.current_version() + 1, SecretKey::new(random));
        let beside = PathBuf::from(format!("{}.new", path.display()));
        let file = new_private_file(&beside).map_err(|e| file_error("make", &beside, e))?;
        keys.save(file, &beside)?;
        std::fs::rename(&beside, path).map_err(|e| file_error("replace", path, e))?;
        Ok(keys)
    }
    /// The version that seals now.
    pub fn current_version(&self) -> u32 {
        *self
            .versions
            .last_key_value()
            .expect("a master key has at least one version")
            .0
    }
    /// The key that seals now, with its version.
    pub(crate) fn current(&self) -> (u32, &SecretKey) {
        let (version, key) = self
            .versions
            .last_key_value()
            .expect("a master key has at least one version");
        (*version, key)
    }
    /// The key of a version.
    pub(crate) fn version(&self, version: u32) -> Option<&SecretKey> {
        self.versions.get(&version)
    }

    fn save(&self, mut file: std::fs::File, path: &Path) -> Result<(), KeyError> {
        let mut text = Zeroizing::new(String::from(
            "# The master key of the people's data. Without it the data cannot be read; whoever has it can read all.\n\
             # Keep a copy apart from the backups of the database.\n",
        ));
        for (version, key) in &self.versions {
            writeln!(text, "{version}:{}", STANDARD.encode(key.bytes()))
                .expect("writing into a string");
        }
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|e| file_error("write", path, e))
    }
}

fn file_error(act: &'static str, path: &Path, source: std::io::Error) -> KeyError {
    KeyError::File {
        act,
        place: path.display().to_string(),
        source,
    }
}

/// A new file that only its owner may read, from its first moment.
fn new_private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn refuse_exposed(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)
        .map_err(|e| file_error("read", path, e))?
        .permissions()
        .mode()
        & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed {
            place: path.display().to_string(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path) -> Result<(), KeyError> {
    Ok(())
}

/// What opens the vault while the program runs: the master key and the key of the blind index. Made by
/// [`crate::ops::open_keys`].
#[derive(Debug, Clone)]
pub struct Keys {
    pub(crate) master: MasterKeys,
    pub(crate) index: SecretKey,
}

impl Keys {
    /// The version of the master key that seals now.
    pub fn current_version(&self) -> u32 {
        self.master.current_version()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(byte: u8) -> String {
        STANDARD.encode([byte; 32])
    }

    #[test]
    fn a_key_reads_from_a_bare_line_or_from_versions() {
        let bare = MasterKeys::parse(&text(1), "SHIYU_MASTER_KEY").unwrap();
        assert_eq!(bare.current_version(), 1);
        let both = format!("# comment\n2:{}\n\n 1 : {} \n", text(2), text(1));
        let keys = MasterKeys::parse(&both, "file").unwrap();
        assert_eq!(keys.current_version(), 2);
        assert_eq!(keys.version(1), bare.version(1));
        assert!(MasterKeys::parse(&format!("1:{},2:{}", text(1), text(2)), "env").is_ok());
    }

    #[test]
    fn a_bad_key_is_refused_by_its_line_and_never_repeated() {
        let twice = format!("1:{}\n1:{}", text(1), text(2));
        let cases: [(&str, Option<usize>); 9] = [
            ("", None),
            ("# only a comment", None),
            ("not base64!", Some(1)),
            ("c2hvcnQ=", Some(1)),
            ("\nx:c2hvcnQ=", Some(2)),
            ("0:c2hvcnQ=", Some(1)),
            ("-1:c2hvcnQ=", Some(1)),
            (&twice, Some(2)),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Some(1)),
        ];
        for (input, at) in cases {
            let error = MasterKeys::parse(input, "K").unwrap_err();
            assert!(!error.to_string().contains("c2hvcnQ="), "{error}");
            match (&error, at) {
                (KeyError::Empty { .. }, None) => {}
                (KeyError::Unreadable { line, .. }, Some(at)) => assert_eq!(*line, at, "{input}"),
                _ => panic!("{input:?}: {error}"),
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_is_made_once_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = testkit::temp::Dir::new("master-key").unwrap();
        let path = dir.join("master.key");
        assert!(matches!(
            MasterKeys::read_file(&path),
            Err(KeyError::File { .. })
        ));
        let first = MasterKeys::read_or_create(&path, [1; 32]).unwrap();
        let again = MasterKeys::read_or_create(&path, [2; 32]).unwrap();
        assert_eq!(first.version(1), again.version(1));
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);

        let added = MasterKeys::add_version(&path, [3; 32]).unwrap();
        assert_eq!((added.current_version(), mode()), (2, 0o600));
        assert_eq!(
            MasterKeys::read_file(&path).unwrap().version(1),
            first.version(1)
        );

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = MasterKeys::read_file(&path).unwrap_err();
        assert!(
            matches!(refused, KeyError::Exposed { mode: 0o640, .. }),
            "{refused}"
        );
    }
}
