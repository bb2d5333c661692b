//! Writing Parquet files (<https://parquet.apache.org/docs/file-format/>): the few parts of the format that a flat table
//! of texts, days, integers and booleans needs, so that an export costs no library.
//!
//! One data page a column and row group; texts by a dictionary (`RLE_DICTIONARY`), everything else `PLAIN`; not compressed.
//! Metadata is Thrift in its compact protocol. Every reader of Parquet 1.0 reads it.

use std::collections::HashMap;
use std::io::{self, Write};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Days since 1970-01-01.
    Date,
    /// 64 bits.
    Integer,
    /// True or false.
    Boolean,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// The values of one column in one row group; every value may be absent.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Of a [`Kind::Text`].
    Text(Vec<Option<String>>),
    /// Of a [`Kind::Date`].
    Date(Vec<Option<i32>>),
    /// Of a [`Kind::Integer`].
    Integer(Vec<Option<i64>>),
    /// Of a [`Kind::Boolean`].
    Boolean(Vec<Option<bool>>),
}

impl Values {
    fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Date(_) => Kind::Date,
            Self::Integer(_) => Kind::Integer,
            Self::Boolean(_) => Kind::Boolean,
        }
    }
    fn present(&self) -> Vec<bool> {
        match self {
            Self::Text(v) => v.iter().map(Option::is_some).collect(),
            Self::Date(v) => v.iter().map(Option::is_some).collect(),
            Self::Integer(v) => v.iter().map(Option::is_some).collect(),
            Self::Boolean(v) => v.iter().map(Option::is_some).collect(),
        }
    }
}

const MAGIC: &[u8; 4] = b"PAR1";
// Numbers of parquet.thrift.
const DATA_PAGE: i64 = 0;
const DICTIONARY_PAGE: i64 = 2;
const PLAIN: i64 = 0;
const RLE: i64 = 3;
const RLE_DICTIONARY: i64 = 8;
const OPTIONAL: i64 = 1;

impl Kind {
    fn physical(self) -> i64 {
        match self {
            Self::Boolean => 0,
            Self::Date => 1,
            Self::Integer => 2,
            Self::Text => 6,
        }
    }
    /// UTF8 or DATE, where the physical type does not say all.
    fn converted(self) -> Option<i64> {
        match self {
            Self::Text => Some(0),
            Self::Date => Some(6),
            Self::Integer | Self::Boolean => None,
        }
    }
}

/// Where a column of a row group is.
struct Chunk {
    rows: i64,
    dictionary_at: Option<i64>,
    data_at: i64,
    bytes: i64,
}

/// A file that is being written. Without [`Writer::finish`] it is none.
pub struct Writer<W: Write> {
    out: W,
    at: i64,
    columns: Vec<Column>,
    groups: Vec<Vec<Chunk>>,
}

fn long(n: usize) -> i64 {
    i64::try_from(n).expect("no buffer is longer than an i64 can say")
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what.into())
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(mut out: W, columns: &[Column]) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        Ok(Self {
            out,
            at: long(MAGIC.len()),
            columns: columns.to_vec(),
            groups: Vec::new(),
        })
    }

    /// Writes a row group: the values of all columns in their order, all of the same length.
    ///
    /// # Errors
    /// The writer's; `InvalidInput` for values that do not fit the columns.
    pub fn group(&mut self, values: &[Values]) -> io::Result<()> {
        let fits = values.len() == self.columns.len()
            && self
                .columns
                .iter()
                .zip(values)
                .all(|(c, v)| c.kind == v.kind());
        if !fits {
            return Err(wrong("the values are not those of the columns"));
        }
        let mut chunks = Vec::with_capacity(values.len());
        let mut rows = None;
        for values in values {
            let present = values.present();
            if *rows.get_or_insert(present.len()) != present.len() {
                return Err(wrong("the columns are not of the same length"));
            }
            chunks.push(self.chunk(values, &present)?);
        }
        self.groups.push(chunks);
        Ok(())
    }

    fn chunk(&mut self, values: &Values, present: &[bool]) -> io::Result<Chunk> {
        let begin = self.at;
        let (dictionary, encoding, body) = encode(values);
        let dictionary_at = dictionary.as_ref().map(|_| begin);
        if let Some((count, bytes)) = dictionary {
            let mut header = Thrift::default();
            header.int(1, I32, DICTIONARY_PAGE);
            header.int(2, I32, long(bytes.len()));
            header.int(3, I32, long(bytes.len()));
            header.open(7);
            header.int(1, I32, long(count));
            header.int(2, I32, PLAIN);
            header.close();
            self.put(&header.end())?;
            self.put(&bytes)?;
        }
        let data_at = self.at;
        let mut page = levels(present);
        page.extend(body);
        let mut header = Thrift::default();
        header.int(1, I32, DATA_PAGE);
        header.int(2, I32, long(page.len()));
        header.int(3, I32, long(page.len()));
        header.open(5);
        header.int(1, I32, long(present.len()));
        header.int(2, I32, encoding);
        header.int(3, I32, RLE);
        header.int(4, I32, RLE);
        header.close();
        self.put(&header.end())?;
        self.put(&page)?;
        Ok(Chunk {
            rows: long(present.len()),
            dictionary_at,
            data_at,
            bytes: self.at - begin,
        })
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += long(bytes.len());
        self.out.write_all(bytes)
    }

    /// Writes the end of the file and hands back the writer.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<W> {
        let rows_of = |chunks: &[Chunk]| chunks.first().map_or(0, |c| c.rows);
        let mut meta = Thrift::default();
        meta.int(1, I32, 1);
        meta.list(2, STRUCT, self.columns.len() + 1);
        meta.element();
        meta.text(4, "facts");
        meta.int(5, I32, long(self.columns.len()));
        meta.close();
        for column in &self.columns {
            meta.element();
            meta.int(1, I32, column.kind.physical());
            meta.int(3, I32, OPTIONAL);
            meta.text(4, column.name);
            if let Some(converted) = column.kind.converted() {
                meta.int(6, I32, converted);
            }
            meta.close();
        }
        meta.int(3, I64, self.groups.iter().map(|g| rows_of(g)).sum());
        meta.list(4, STRUCT, self.groups.len());
        for chunks in &self.groups {
            meta.element();
            meta.list(1, STRUCT, chunks.len());
            for (column, chunk) in self.columns.iter().zip(chunks) {
                meta.element();
                meta.int(2, I64, chunk.dictionary_at.unwrap_or(chunk.data_at));
                meta.open(3);
                meta.int(1, I32, column.kind.physical());
                let encodings: &[i64] = match chunk.dictionary_at {
                    Some(_) => &[PLAIN, RLE, RLE_DICTIONARY],
                    None => &[PLAIN, RLE],
                };
                meta.list(2, I32, encodings.len());
                encodings.iter().for_each(|e| meta.item_int(*e));
                meta.list(3, BINARY, 1);
                meta.item_text(column.name);
                meta.int(4, I32, 0);
                meta.int(5, I64, chunk.rows);
                meta.int(6, I64, chunk.bytes);
                meta.int(7, I64, chunk.bytes);
                meta.int(9, I64, chunk.data_at);
                if let Some(at) = chunk.dictionary_at {
                    meta.int(11, I64, at);
                }
                meta.close();
                meta.close();
            }
            meta.int(2, I64, chunks.iter().map(|c| c.bytes).sum());
            meta.int(3, I64, rows_of(chunks));
            meta.close();
        }
        meta.text(6, "shiyu");
        let meta = meta.end();
        let length = u32::try_from(meta.len()).map_err(|_| wrong("too many row groups"))?;
        self.put(&meta)?;
        self.put(&length.to_le_bytes())?;
        self.put(MAGIC)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A dictionary as the number of its entries and their bytes.
type Dictionary = Option<(usize, Vec<u8>)>;

/// The values that are there: dictionary, encoding, bytes.
fn encode(values: &Values) -> (Dictionary, i64, Vec<u8>) {
    let mut body = Vec::new();
    match values {
        Values::Date(values) => {
            for n in values.iter().flatten() {
                body.extend(n.to_le_bytes());
            }
        }
        Values::Integer(values) => {
            for n in values.iter().flatten() {
                body.extend(n.to_le_bytes());
            }
        }
        Values::Boolean(values) => {
            let bits: Vec<u32> = values.iter().flatten().map(|b| u32::from(*b)).collect();
            pack(&mut body, &bits, 1);
        }
        Values::Text(values) => {
            let mut numbers: HashMap<&str, u32> = HashMap::new();
            let (mut entries, mut found) = (Vec::new(), Vec::new());
            for text in values.iter().flatten() {
                let next = u32::try_from(numbers.len()).expect("fewer texts than rows of a group");
                let number = *numbers.entry(text).or_insert_with(|| {
                    let length = u32::try_from(text.len()).expect("a name is short");
                    entries.extend(length.to_le_bytes());
                    entries.extend(text.bytes());
                    next
                });
                found.push(number);
            }
            let last = u32::try_from(numbers.len().max(1) - 1).expect("as above");
            let width = (32 - last.leading_zeros()).max(1);
            body.push(u8::try_from(width).expect("at most 32"));
            // One run of bit-packed groups of eight.
            varint(&mut body, (found.len().div_ceil(8) as u64) << 1 | 1);
            pack(&mut body, &found, width);
            return (Some((numbers.len(), entries)), RLE_DICTIONARY, body);
        }
    }
    (None, PLAIN, body)
}

/// Numbers of `width` bits one after another, the lowest bit first, filled up to groups of eight numbers where a group
/// has more than a byte (for one bit a group is a byte).
fn pack(out: &mut Vec<u8>, numbers: &[u32], width: u32) {
    let (mut held, mut bits) = (0_u64, 0);
    let padding = numbers.len().next_multiple_of(8) - numbers.len();
    for n in numbers
        .iter()
        .copied()
        .chain(std::iter::repeat_n(0, padding))
    {
        held |= u64::from(n) << bits;
        bits += width;
        while bits >= 8 {
            out.push((held & 0xff) as u8);
            held >>= 8;
            bits -= 8;
        }
    }
}

/// Definition levels: runs of 1 where a value is there and 0 where none is, their length in bytes before them.
fn levels(present: &[bool]) -> Vec<u8> {
    let mut runs = Vec::new();
    for run in present.chunk_by(|a, b| a == b) {
        varint(&mut runs, (run.len() as u64) << 1);
        runs.push(u8::from(run[0]));
    }
    let length = u32::try_from(runs.len()).expect("runs of a page fit");
    let mut out = length.to_le_bytes().to_vec();
    out.extend(runs);
    out
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

// Types of Thrift's compact protocol.
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Thrift's compact protocol: fields as the difference to the field before, integers as zigzag varints.
#[derive(Default)]
struct Thrift {
    out: Vec<u8>,
    last: u8,
    outer: Vec<u8>,
}

impl Thrift {
    fn field(&mut self, id: u8, kind: u8) {
        debug_assert!(id > self.last && id - self.last < 16);
        self.out.push((id - self.last) << 4 | kind);
        self.last = id;
    }
    fn int(&mut self, id: u8, kind: u8, n: i64) {
        self.field(id, kind);
        self.item_int(n);
    }
    fn text(&mut self, id: u8, text: &str) {
        self.field(id, BINARY);
        self.item_text(text);
    }
    fn list(&mut self, id: u8, of: u8, len: usize) {
        self.field(id, LIST);
        if len < 15 {
            self.out.push((len as u8) << 4 | of);
        } else {
            self.out.push(0xf0 | of);
            varint(&mut self.out, len as u64);
        }
    }
    fn item_int(&mut self, n: i64) {
        varint(&mut self.out, ((n << 1) ^ (n >> 63)) as u64);
    }
    fn item_text(&mut self, text: &str) {
        varint(&mut self.out, text.len() as u64);
        self.out.extend(text.bytes());
    }
    /// Begins a struct that is a field.
    fn open(&mut self, id: u8) {
        self.field(id, STRUCT);
        self.element();
    }
    /// Begins a struct that is an element of a list.
    fn element(&mut self) {
        self.outer.push(self.last);
        self.last = 0;
    }
    fn close(&mut self) {
        self.out.push(0);
        self.last = self.outer.pop().expect("as many are closed as were begun");
    }
    fn end(mut self) -> Vec<u8> {
        debug_assert!(self.outer.is_empty());
        self.out.push(0);
        self.out
    }
}

#[cfg(test)]
mod tests;
