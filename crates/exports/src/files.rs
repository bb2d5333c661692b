//! Where the files lie: a folder, each file sealed under a key of its own, in pieces, so that neither writing nor reading
//! holds a whole file in memory.
//!
//! A file is a row of pieces: one byte that says whether it is the last, the length of the sealed piece (four bytes, little
//! end first), the sealed piece. A piece is bound to its export, its place in the row and whether it is the last: pieces
//! that were dropped, moved or added do not open. A file is written beside its place and renamed when it is on the disk.

use crate::model::ExportId;
use kernel::id::Id;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use vault::crypto::{self, NONCE_BYTES, Place, SecretKey, TAG_BYTES};

/// The bytes of a piece before it is sealed.
const PIECE: usize = 64 << 10;
/// What stands before each piece.
const HEAD: usize = 5;
/// How a file ends that is being written.
const PART: &str = "part";

/// The folder of the files.
#[derive(Debug, Clone)]
pub struct Exports {
    folder: PathBuf,
}

/// Names a file: the export and the run that wrote it. Two runs of one export never write into the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKey {
    /// The export.
    pub id: ExportId,
    /// The run.
    pub run: Id,
}

impl FileKey {
    fn name(self) -> String {
        format!("{}_{}", self.id, self.run)
    }
    fn parse(name: &str) -> Option<Self> {
        let (id, run) = name.split_once('_')?;
        Some(Self {
            id: id.parse().ok()?,
            run: run.parse().ok()?,
        })
    }
}

/// What was written: the size and the hash of what was put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

impl Exports {
    /// Keeps files in this folder, which is made when the first one is written; only its owner may enter.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }
    fn path(&self, key: FileKey) -> PathBuf {
        self.folder.join(key.name())
    }
    /// Begins a file.
    ///
    /// # Errors
    /// The system's.
    pub fn begin(&self, key: FileKey, secret: SecretKey) -> io::Result<Sink> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&self.folder)?;
        let path = self.path(key);
        let part = path.with_extension(PART);
        Ok(Sink {
            file: Some(File::create(&part)?),
            part,
            path,
            id: key.id,
            secret,
            hash: Sha256::new(),
            bytes: 0,
            piece: Vec::with_capacity(PIECE),
            place: 0,
        })
    }
    /// Opens a finished file; the first piece is opened at once, so that a wrong key is noticed before anything leaves.
    ///
    /// # Errors
    /// The system's; `InvalidData` for another key or a changed file.
    pub fn open(&self, key: FileKey, secret: SecretKey) -> io::Result<Source> {
        let file = BufReader::with_capacity(PIECE, File::open(self.path(key))?);
        let mut source = Source {
            file,
            id: key.id,
            secret,
            place: 0,
            is_over: false,
            first: None,
        };
        source.first = source.read()?;
        Ok(source)
    }
    /// Removes a file; what is not there is no error.
    ///
    /// # Errors
    /// The system's.
    pub fn remove(&self, key: FileKey) -> io::Result<()> {
        let path = self.path(key);
        for path in [path.with_extension(PART), path] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
    /// Every file in the folder that is one of ours, finished or not.
    ///
    /// # Errors
    /// The system's.
    pub fn all(&self) -> io::Result<Vec<FileKey>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut keys = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let stem = Path::new(&name).file_stem().and_then(|stem| stem.to_str());
            keys.extend(stem.and_then(FileKey::parse));
        }
        Ok(keys)
    }
}

fn seal_place(id: ExportId, field: &str) -> Place<'_> {
    Place {
        kind: "export",
        district: store::audit::CITY,
        subject: id.0.bytes(),
        field,
    }
}

fn place_word(place: u64, is_last: bool) -> String {
    format!("{place}{}", if is_last { " last" } else { "" })
}

/// A file that is being written. Dropped without [`Sink::finish`], it leaves nothing.
pub struct Sink {
    file: Option<File>,
    part: PathBuf,
    path: PathBuf,
    id: ExportId,
    secret: SecretKey,
    hash: Sha256,
    bytes: u64,
    piece: Vec<u8>,
    place: u64,
}

impl Sink {
    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Err(io::Error::other("the file is finished"));
        };
        let word = place_word(self.place, is_last);
        let place = seal_place(self.id, &word);
        let sealed = crypto::seal(&self.secret, place, rand::random(), &self.piece);
        let length = u32::try_from(sealed.len()).expect("a piece is bounded");
        file.write_all(&[u8::from(is_last)])?;
        file.write_all(&length.to_le_bytes())?;
        file.write_all(&sealed)?;
        self.piece.clear();
        self.place += 1;
        Ok(())
    }

    /// Ends the file: it is on the disk under its name when this answers.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(mut self) -> io::Result<Written> {
        self.seal(true)?;
        let file = self.file.take().expect("taken only here");
        let moved = file
            .sync_all()
            .and_then(|()| fs::rename(&self.part, &self.path));
        if let Err(error) = moved {
            let _ = fs::remove_file(&self.part);
            return Err(error);
        }
        // The name of a new file is on the disk only when its folder is.
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Written {
            bytes: self.bytes,
            sha256: hex::encode(std::mem::take(&mut self.hash).finalize()),
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            self.seal(false)?;
        }
        let taken = bytes.len().min(PIECE - self.piece.len());
        let bytes = &bytes[..taken];
        self.piece.extend_from_slice(bytes);
        self.hash.update(bytes);
        self.bytes += taken as u64;
        Ok(taken)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// A finished file, piece by piece.
pub struct Source {
    file: BufReader<File>,
    id: ExportId,
    secret: SecretKey,
    place: u64,
    is_over: bool,
    first: Option<Vec<u8>>,
}

fn changed(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

impl Source {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.is_over {
            return Ok(None);
        }
        let mut head = [0; HEAD];
        self.file.read_exact(&mut head)?;
        let is_last = head[0] == 1;
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > PIECE + NONCE_BYTES + TAG_BYTES {
            return Err(changed("a piece is longer than any that was written"));
        }
        let mut sealed = vec![0; length];
        self.file.read_exact(&mut sealed)?;
        let word = place_word(self.place, is_last);
        let piece = crypto::open(&self.secret, seal_place(self.id, &word), &sealed)
            .map_err(|error| changed(&error.to_string()))?;
        self.place += 1;
        self.is_over = is_last;
        Ok(Some(piece.to_vec()))
    }
}

impl Iterator for Source {
    type Item = io::Result<Vec<u8>>;
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        match self.read() {
            Ok(piece) => piece.map(Ok),
            Err(error) => {
                self.is_over = true;
                Some(Err(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> FileKey {
        FileKey {
            id: ExportId(Id::from_bytes([n; 16])),
            run: Id::from_bytes([9; 16]),
        }
    }
    fn secret(n: u8) -> SecretKey {
        SecretKey::new([n; 32])
    }
    fn folder() -> (testkit::temp::Dir, Exports) {
        let dir = testkit::temp::Dir::new("exports").expect("a folder");
        let exports = Exports::new(dir.join("made"));
        (dir, exports)
    }
    fn whole(source: Source) -> io::Result<Vec<u8>> {
        source.collect::<io::Result<Vec<_>>>().map(|p| p.concat())
    }
    fn put(exports: &Exports, text: &[u8]) -> Written {
        let mut sink = exports.begin(key(1), secret(1)).expect("it begins");
        sink.write_all(text).expect("it is written");
        sink.finish().expect("it ends")
    }

    #[test]
    fn what_was_put_in_comes_out_with_its_published_hash() {
        let (_dir, exports) = folder();
        // FIPS 180-4, the example of "abc".
        let written = put(&exports, b"abc");
        assert_eq!(
            (written.bytes, written.sha256.as_str()),
            (
                3,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            )
        );
        let source = exports.open(key(1), secret(1)).expect("it opens");
        assert_eq!(whole(source).expect("it reads"), b"abc");
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let text: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            put(&exports, &text);
            let source = exports.open(key(1), secret(1)).expect("it opens");
            assert!(whole(source).expect("it reads") == text, "{length}");
        }
        assert_eq!(exports.all().expect("a list"), [key(1)]);
        exports.remove(key(1)).expect("it goes");
        exports.remove(key(1)).expect("twice is once");
        assert_eq!(exports.all().expect("a list"), []);
    }

    #[test]
    fn a_file_says_nothing_without_its_key_and_a_changed_one_does_not_open() {
        let (_dir, exports) = folder();
        let text = "井盖缺失 ".repeat(20_000);
        put(&exports, text.as_bytes());
        let path = exports.path(key(1));
        let sealed = fs::read(&path).expect("the file");
        let word = "井盖".as_bytes();
        assert!(!sealed.windows(word.len()).any(|w| w == word));
        assert!(exports.open(key(1), secret(2)).is_err(), "another key");
        let piece = HEAD + PIECE + NONCE_BYTES + TAG_BYTES;
        let wrong: [(&str, Vec<u8>); 4] = [
            ("cut at a piece", sealed[..piece].to_vec()),
            ("cut anywhere", sealed[..sealed.len() - 1].to_vec()),
            ("without the first piece", sealed[piece..].to_vec()),
            (
                "two pieces changed places",
                [
                    &sealed[piece..2 * piece],
                    &sealed[..piece],
                    &sealed[2 * piece..],
                ]
                .concat(),
            ),
        ];
        for (what, bytes) in wrong {
            fs::write(&path, bytes).expect("a changed file");
            let read = exports.open(key(1), secret(1)).and_then(whole);
            assert!(read.is_err(), "{what}");
        }
        fs::write(&path, [0xff; 40]).expect("garbage");
        assert!(exports.open(key(1), secret(1)).is_err());
    }

    #[test]
    fn a_file_that_was_not_ended_leaves_nothing() {
        let (_dir, exports) = folder();
        let mut sink = exports.begin(key(1), secret(1)).expect("it begins");
        sink.write_all(&[7; 3 * PIECE]).expect("it is written");
        assert_eq!(exports.all().expect("a list"), [key(1)], "beside its place");
        assert!(
            exports.open(key(1), secret(1)).is_err(),
            "not under its name"
        );
        drop(sink);
        assert_eq!(exports.all().expect("a list"), []);
    }
}
