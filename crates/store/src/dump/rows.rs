//! A file of rows: a line that names the format, then one frame a row (its length, then its values), hashed on the way.
//!
//! A value is one byte for its kind and, all numbers little-endian, 8 bytes of an integer or a double, or 4 bytes of
//! length and so many bytes of text or bytes.

use super::{DumpError, DumpedTable};
use crate::value::{DecodeError, FromValue};
use crate::{Value, ValueRef};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

const MAGIC: &[u8] = b"shiyu rows 1\n";
/// The longest row; what claims to be longer is damaged. Nothing that people enter comes near it.
const LONGEST: usize = 64 << 20;

const NULL: u8 = 0;
const INT: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
const BLOB: u8 = 4;

impl FromValue for Value {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Int(n) => Self::Int(n),
            ValueRef::Real(x) => Self::Real(x),
            ValueRef::Text(s) => Self::Text(s.to_owned()),
            ValueRef::Blob(b) => Self::Blob(b.to_vec()),
        })
    }
}

fn encode(out: &mut Vec<u8>, values: &[Value]) {
    let long = |out: &mut Vec<u8>, kind: u8, bytes: &[u8]| {
        // A length beyond 32 bits cannot pass: the whole row is refused above LONGEST.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        out.push(kind);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(bytes);
    };
    for value in values {
        match value {
            Value::Null => out.push(NULL),
            Value::Int(n) => {
                out.push(INT);
                out.extend_from_slice(&n.to_le_bytes());
            }
            Value::Real(x) => {
                out.push(REAL);
                out.extend_from_slice(&x.to_le_bytes());
            }
            Value::Text(s) => long(out, TEXT, s.as_bytes()),
            Value::Blob(b) => long(out, BLOB, b),
        }
    }
}

fn decode(mut frame: &[u8], columns: usize) -> Result<Vec<Value>, String> {
    fn take<'f>(frame: &mut &'f [u8], n: usize) -> Result<&'f [u8], String> {
        let (head, rest) = frame.split_at_checked(n).ok_or("a row ends too early")?;
        *frame = rest;
        Ok(head)
    }
    fn eight(frame: &mut &[u8]) -> Result<[u8; 8], String> {
        Ok(take(frame, 8)?.try_into().expect("eight bytes were taken"))
    }
    fn long(frame: &mut &[u8]) -> Result<Vec<u8>, String> {
        let length = take(frame, 4)?.try_into().expect("four bytes were taken");
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(|e| e.to_string())?;
        take(frame, length).map(<[u8]>::to_vec)
    }
    let mut values = Vec::with_capacity(columns);
    while !frame.is_empty() {
        let kind = take(&mut frame, 1)?[0];
        values.push(match kind {
            NULL => Value::Null,
            INT => Value::Int(i64::from_le_bytes(eight(&mut frame)?)),
            REAL => Value::Real(f64::from_le_bytes(eight(&mut frame)?)),
            TEXT => Value::Text(String::from_utf8(long(&mut frame)?).map_err(|e| e.to_string())?),
            BLOB => Value::Blob(long(&mut frame)?),
            other => return Err(format!("no value is of kind {other}")),
        });
    }
    if values.len() != columns {
        return Err(format!(
            "a row has {} values, expected {columns}",
            values.len()
        ));
    }
    Ok(values)
}

/// A file of rows being written.
pub(super) struct RowFile {
    path: PathBuf,
    out: BufWriter<File>,
    hash: Sha256,
    rows: u64,
    frame: Vec<u8>,
}

impl RowFile {
    pub(super) fn create(path: &Path) -> Result<Self, DumpError> {
        let file = super::files::new_file(path).map_err(DumpError::io(path))?;
        let mut made = Self {
            path: path.to_owned(),
            out: BufWriter::with_capacity(1 << 16, file),
            hash: Sha256::new(),
            rows: 0,
            frame: Vec::new(),
        };
        made.write(MAGIC)?;
        Ok(made)
    }
    fn write(&mut self, bytes: &[u8]) -> Result<(), DumpError> {
        self.hash.update(bytes);
        self.out.write_all(bytes).map_err(DumpError::io(&self.path))
    }
    pub(super) fn push(&mut self, values: &[Value]) -> Result<(), DumpError> {
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        frame.extend_from_slice(&[0; 4]);
        encode(&mut frame, values);
        let length = frame.len() - 4;
        let Some(head) = u32::try_from(length).ok().filter(|_| length <= LONGEST) else {
            let too_long = io::Error::other(format!("a row of {length} bytes is too long"));
            return Err(DumpError::io(&self.path)(too_long));
        };
        frame[..4].copy_from_slice(&head.to_le_bytes());
        self.write(&frame)?;
        self.frame = frame;
        self.rows += 1;
        Ok(())
    }
    /// Brings it to the disk; answers the number of rows and the hash.
    pub(super) fn finish(mut self) -> Result<(u64, String), DumpError> {
        let done = self
            .out
            .flush()
            .and_then(|()| self.out.get_ref().sync_all());
        done.map_err(DumpError::io(&self.path))?;
        Ok((self.rows, hex::encode(self.hash.finalize())))
    }
}

/// A file of rows being read. Each row is checked for its shape; [`RowReader::check`] then says whether it was all right.
#[derive(Debug)]
pub(super) struct RowReader {
    path: PathBuf,
    file: BufReader<File>,
    hash: Sha256,
    columns: usize,
    rows: u64,
}

impl RowReader {
    pub(super) fn open(path: &Path, columns: usize) -> Result<Self, DumpError> {
        let file = File::open(path).map_err(DumpError::io(path))?;
        let mut reader = Self {
            path: path.to_owned(),
            file: BufReader::with_capacity(1 << 16, file),
            hash: Sha256::new(),
            columns,
            rows: 0,
        };
        let mut magic = [0; MAGIC.len()];
        if reader.fill(&mut magic)? != MAGIC.len() || magic != *MAGIC {
            return Err(reader.damaged("it does not begin as a file of rows does"));
        }
        Ok(reader)
    }
    fn damaged(&self, reason: impl Into<String>) -> DumpError {
        DumpError::damaged(&self.path, reason)
    }
    /// Reads until the buffer is full or the file at its end; answers how many bytes came.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, DumpError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(DumpError::io(&self.path)(e)),
            }
        }
        self.hash.update(&buffer[..filled]);
        Ok(filled)
    }
    /// The next row and its length in bytes; `None` at the end.
    pub(super) fn next_row(&mut self) -> Result<Option<(Vec<Value>, usize)>, DumpError> {
        let mut head = [0; 4];
        match self.fill(&mut head)? {
            0 => return Ok(None),
            4 => {}
            _ => return Err(self.damaged("it ends inside a row")),
        }
        let length = usize::try_from(u32::from_le_bytes(head)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(self.damaged(format!("a row claims {length} bytes")));
        }
        // Not allocated by what a damaged length says, but as far as the file goes.
        let mut frame = Vec::new();
        while frame.len() < length {
            let from = frame.len();
            frame.resize(length.min(from + (1 << 16)), 0);
            let wanted = frame.len() - from;
            if self.fill(&mut frame[from..])? != wanted {
                return Err(self.damaged("it ends inside a row"));
            }
        }
        let row = decode(&frame, self.columns).map_err(|reason| self.damaged(reason))?;
        self.rows += 1;
        Ok(Some((row, length)))
    }
    /// Whether the file, read to its end, is the one that was written.
    pub(super) fn check(self, table: &DumpedTable) -> Result<(), DumpError> {
        if self.rows != table.rows {
            let reason = format!("it has {} rows, expected {}", self.rows, table.rows);
            return Err(self.damaged(reason));
        }
        if hex::encode(self.hash.finalize()) != table.sha256 {
            return Err(DumpError::damaged(&self.path, "its checksum is another"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Vec<Value> {
        vec![
            Value::Null,
            Value::Int(i64::MIN),
            Value::Real(-0.1),
            Value::Text("井盖\n".into()),
            Value::Blob(vec![0, 255]),
        ]
    }

    #[test]
    fn a_row_comes_back_as_it_was() {
        let mut bytes = Vec::new();
        encode(&mut bytes, &row());
        assert_eq!(decode(&bytes, 5).unwrap(), row());
    }

    #[test]
    fn a_row_cut_anywhere_or_of_another_width_is_refused() {
        let mut bytes = Vec::new();
        encode(&mut bytes, &row());
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end], 5).is_err(), "cut at {end}");
        }
        assert!(decode(&bytes, 4).is_err());
        assert!(decode(&[9], 1).unwrap_err().contains("kind 9"));
        assert!(decode(&[TEXT, 1, 0, 0, 0, 0xff], 1).is_err());
        assert!(decode(&[BLOB, 255, 255, 255, 255], 1).is_err());
    }

    #[test]
    fn a_file_of_garbage_is_refused_without_a_panic() {
        let dir = testkit::temp::Dir::new("rows").unwrap();
        let path = dir.join("t.rows");
        let mut rng = testkit::Seed::of("rows").rng();
        for _ in 0..200 {
            let mut bytes = MAGIC.to_vec();
            bytes.extend((0..64).map(|_| (rng.next_u64() & 0xff) as u8));
            std::fs::write(&path, &bytes).unwrap();
            let mut reader = RowReader::open(&path, 3).unwrap();
            let refused = loop {
                match reader.next_row() {
                    Ok(Some(_)) => {}
                    Ok(None) => break false,
                    Err(_) => break true,
                }
            };
            assert!(refused);
        }
        std::fs::write(&path, b"something else").unwrap();
        assert!(matches!(
            RowReader::open(&path, 3),
            Err(DumpError::Damaged { .. })
        ));
    }
}
