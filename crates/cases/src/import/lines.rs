//! Cutting a CSV file (RFC 4180) into records, each with the physical line on which it starts.
//!
//! The `csv` crate counts a line late after CRLF and blank lines; `csv-core`, on which it stands, leaves counting to us.

use csv_core::{ReadRecordResult, Reader};
use std::io::{self, BufRead};

/// The largest record in bytes; a longer one is most likely a quote that was never closed.
pub const MAX_RECORD: usize = 1 << 20;

/// A record: its first physical line, counted from 1, and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line on which it starts.
    pub line: u64,
    /// The fields, unquoted.
    pub fields: Vec<String>,
}

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    /// The file could not be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A record without an end in sight.
    #[error("the record is longer than {MAX_RECORD} bytes: is a quotation mark missing?")]
    TooLong {
        /// Where it starts.
        line: u64,
    },
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8 {
        /// The line at fault.
        line: u64,
    },
}

impl LinesError {
    /// The line at fault, where there is one.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Io(_) => None,
            Self::TooLong { line } | Self::NotUtf8 { line } => Some(*line),
        }
    }
}

/// Where a record that has been cut lies.
struct Cut {
    line: u64,
    /// How many bytes its fields have together.
    filled: usize,
    /// How many fields it has.
    fields: usize,
}

/// Reads records one by one in bounded memory.
pub struct Records<R> {
    input: R,
    reader: Reader,
    line: u64,
    at_start: bool,
    /// The fields of the present record one after the other, and where each ends: kept from record to record.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Records<R> {
    /// Over an input that begins with the first line of the file.
    pub fn new(input: R) -> Self {
        Self {
            input,
            reader: Reader::new(),
            line: 1,
            at_start: true,
            bytes: vec![0; 1024],
            ends: vec![0; 64],
        }
    }

    /// The next record, or none at the end.
    ///
    /// # Errors
    /// [`LinesError`]; after one, reading stops.
    pub fn next_record(&mut self) -> Result<Option<Record>, LinesError> {
        match self.cut()? {
            Some(Cut {
                line,
                filled,
                fields,
            }) => record(line, &self.bytes[..filled], &self.ends[..fields]).map(Some),
            None => Ok(None),
        }
    }

    /// Passes over the next record; false at the end.
    ///
    /// # Errors
    /// [`LinesError`]; after one, reading stops.
    pub fn pass_record(&mut self) -> Result<bool, LinesError> {
        Ok(self.cut()?.is_some())
    }

    /// Cuts the next record out of the input, into `bytes` and `ends`.
    fn cut(&mut self) -> Result<Option<Cut>, LinesError> {
        if self.at_start {
            self.at_start = false;
            if self.input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
                self.input.consume(3);
            }
        }
        self.skip_blank_lines()?;
        let line = self.line;
        let (mut filled, mut fields) = (0, 0);
        loop {
            let buffer = self.input.fill_buf()?;
            let (result, read, wrote, ended) = self.reader.read_record(
                buffer,
                &mut self.bytes[filled..],
                &mut self.ends[fields..],
            );
            self.line += newlines(&buffer[..read]);
            self.input.consume(read);
            filled += wrote;
            fields += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.bytes.resize(self.bytes.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    return Ok(Some(Cut {
                        line,
                        filled,
                        fields,
                    }));
                }
                ReadRecordResult::End => return Ok(None),
            }
            if filled > MAX_RECORD {
                return Err(LinesError::TooLong { line });
            }
        }
    }

    fn skip_blank_lines(&mut self) -> Result<(), LinesError> {
        loop {
            let buffer = self.input.fill_buf()?;
            let blank = buffer
                .iter()
                .take_while(|b| matches!(b, b'\r' | b'\n'))
                .count();
            if blank == 0 {
                return Ok(());
            }
            self.line += newlines(&buffer[..blank]);
            self.input.consume(blank);
        }
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').count() as u64
}

fn record(line: u64, bytes: &[u8], ends: &[usize]) -> Result<Record, LinesError> {
    let mut from = 0;
    let mut fields = Vec::with_capacity(ends.len());
    for end in ends {
        let field =
            std::str::from_utf8(&bytes[from..*end]).map_err(|_| LinesError::NotUtf8 { line })?;
        fields.push(field.to_owned());
        from = *end;
    }
    Ok(Record { line, fields })
}

/// Reads the whole input once: is it UTF-8? Each chunk also goes to `see`, for the file's hash.
///
/// # Errors
/// [`LinesError::NotUtf8`] with the line of the first byte that is not.
pub fn check_utf8(mut input: impl BufRead, mut see: impl FnMut(&[u8])) -> Result<(), LinesError> {
    let mut line = 1;
    let mut carry: Vec<u8> = Vec::new();
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return if carry.is_empty() {
                Ok(())
            } else {
                Err(LinesError::NotUtf8 { line })
            };
        }
        see(buffer);
        carry.extend_from_slice(buffer);
        let read = buffer.len();
        input.consume(read);
        let rest = match std::str::from_utf8(&carry) {
            Ok(_) => 0,
            // A character may be cut by the end of the buffer, and then has at most three bytes here.
            Err(e) if e.error_len().is_none() => carry.len() - e.valid_up_to(),
            Err(e) => {
                return Err(LinesError::NotUtf8 {
                    line: line + newlines(&carry[..e.valid_up_to()]),
                });
            }
        };
        let whole = carry.len() - rest;
        line += newlines(&carry[..whole]);
        carry.drain(..whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(io::BufReader::with_capacity(3, text.as_bytes()));
        let mut found = Vec::new();
        while let Some(r) = records.next_record().unwrap() {
            found.push((r.line, r.fields));
        }
        found
    }

    fn starts(text: &str) -> Vec<u64> {
        lines(text).into_iter().map(|l| l.0).collect()
    }

    #[test]
    fn a_record_knows_its_first_line() {
        assert_eq!(starts("a,b\n1,2\n3,4\n"), [1, 2, 3]);
        assert_eq!(starts("a,b\r\n1,2\r\n3,4"), [1, 2, 3]);
        assert_eq!(starts("a,b\n\n\n1,2\r\n\r\n3,4\n"), [1, 4, 6]);
        assert_eq!(starts("a,b\n1,\"x\ny\r\nz\"\n3,4\n"), [1, 2, 5]);
        assert_eq!(starts("\u{feff}a,b\n1,2\n"), [1, 2]);
    }

    #[test]
    fn a_quote_inside_a_bare_field_is_a_letter() {
        assert_eq!(
            lines("a\n5\" pipe\nb\n")[1],
            (2, vec!["5\" pipe".to_owned()])
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_is_named_by_its_line() {
        let text = format!("a\nb\n\"{}", "x".repeat(MAX_RECORD * 2));
        let mut records = Records::new(text.as_bytes());
        records.next_record().unwrap();
        records.next_record().unwrap();
        assert_eq!(records.next_record().unwrap_err().line(), Some(3));
    }

    #[test]
    fn what_is_not_utf8_is_named_by_its_line() {
        assert_eq!(
            check_utf8(&b"a\nb\n\xc4\xe3,1\n"[..], |_| ())
                .unwrap_err()
                .line(),
            Some(3)
        );
        assert_eq!(
            check_utf8(&b"a\nb\n\xe4\xbd"[..], |_| ())
                .unwrap_err()
                .line(),
            Some(3)
        );
        check_utf8(
            io::BufReader::with_capacity(2, "市域\n社会".as_bytes()),
            |_| (),
        )
        .unwrap();
    }

    proptest! {
        #[test]
        fn records_are_those_of_the_csv_crate(text in "[a,\"\r\n]{0,60}") {
            let mut theirs = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> = theirs.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            let ours: Vec<Vec<String>> = lines(&text).into_iter().map(|l| l.1).collect();
            prop_assert_eq!(ours, theirs);
        }
    }
}
