//! A CSV file read whole, with the physical line of every row, for commands that work on one table.
//!
//! UTF-8 with or without byte order mark, lines ending in LF or CRLF, one header row. Every error names line and field.

use crate::output::Failure;
use jiff::civil::Date;
use std::path::Path;

/// Largest file read; far more than any series or list of incidents needs.
const MOST_BYTES: u64 = 1 << 30;
/// The largest count that no larger one is rounded to: 2^53 − 1.
const LARGEST_COUNT: f64 = 9_007_199_254_740_991.0;
/// Why a count that is not there is refused.
const MISSING: &str = "a count is missing; write 0 where there was no case";
/// How dates may be written.
const DATE_FORMATS: [&str; 3] = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"];

/// A table of text.
#[derive(Debug)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    line: u64,
    fields: Vec<String>,
}

impl Table {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let cannot = |why: String| {
            Failure::unusable(
                "unreadable_file",
                format!("cannot read {}: {why}", path.display()),
            )
        };
        let size = std::fs::metadata(path)
            .map_err(|e| cannot(e.to_string()))?
            .len();
        if size > MOST_BYTES {
            return Err(cannot(format!(
                "it has {size} bytes, more than {MOST_BYTES}"
            )));
        }
        Self::parse(&std::fs::read(path).map_err(|e| cannot(e.to_string()))?)
    }

    /// Reads a text.
    pub fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let line = 1 + count_lines(&bytes[..e.valid_up_to()]);
            Failure::unusable("unreadable_file", "the file is not UTF-8").line(line)
        })?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut lines = Lines {
            bytes,
            at: 0,
            line: 1,
        };
        let mut table: Option<Self> = None;
        let mut record = csv::StringRecord::new();
        // Where the next record begins if no line between is empty.
        let mut due = 1;
        loop {
            let start = reader.position().byte() as usize;
            let more = reader.read_record(&mut record).map_err(|e| {
                Failure::unusable("unreadable_file", e.to_string()).line(lines.of(start))
            })?;
            if !more {
                break;
            }
            let (line, fields) = (
                lines.of(start),
                record.iter().map(str::to_owned).collect::<Vec<_>>(),
            );
            let empty = (line > due).then_some(due);
            let inside: u64 = fields.iter().map(|f| count_lines(f.as_bytes())).sum();
            due = line + 1 + inside;
            match &mut table {
                None => {
                    table = Some(Self {
                        header: fields.iter().map(|f| f.trim().to_owned()).collect(),
                        rows: Vec::new(),
                    })
                }
                Some(table) if fields.len() == table.header.len() => {
                    // In a single column an empty line is a value, and skipping it would move all that follow.
                    if let ([column], Some(empty)) = (table.header.as_slice(), empty) {
                        return Err(bad_value(column, empty, "", MISSING));
                    }
                    table.rows.push(Row { line, fields })
                }
                Some(table) => {
                    let message = format!(
                        "the row has {} fields, the header {}",
                        fields.len(),
                        table.header.len()
                    );
                    return Err(Failure::unusable("bad_row", message).line(line));
                }
            }
        }
        match table {
            None => Err(Failure::unusable("empty_file", "the file is empty")),
            Some(table) if table.rows.is_empty() => Err(Failure::unusable(
                "empty_file",
                "the file has a header but no rows",
            )),
            Some(table) => Ok(table),
        }
    }

    /// Column names in order.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The physical line of row `i` (from 0).
    pub fn line(&self, i: usize) -> Option<u64> {
        self.rows.get(i).map(|r| r.line)
    }

    /// The place of a column that must be there, once.
    pub fn column(&self, name: &str) -> Result<usize, Failure> {
        let mut found = (0..self.header.len()).filter(|i| self.header[*i] == name);
        match (found.next(), found.next()) {
            (Some(i), None) => Ok(i),
            (Some(_), Some(_)) => Err(Failure::unusable(
                "doubled_column",
                format!("there are two columns {name:?}"),
            )
            .field(name)
            .line(1)),
            (None, _) => {
                let names = self.header.join(", ");
                Err(Failure::unusable(
                    "missing_column",
                    format!("there is no column {name:?}; the file has {names}"),
                )
                .field(name)
                .line(1))
            }
        }
    }

    /// The trimmed texts of a column, each with its line.
    pub fn texts(&self, column: usize) -> impl Iterator<Item = (u64, &str)> {
        self.rows
            .iter()
            .map(move |r| (r.line, r.fields[column].trim()))
    }

    /// A column of whole numbers, 0 or more. An empty field is refused: no cases is written 0.
    pub fn counts(&self, name: &str) -> Result<Vec<f64>, Failure> {
        let one = |(line, text): (u64, &str)| {
            let bad = |why: &str| Err(bad_value(name, line, text, why));
            match text.parse::<f64>() {
                _ if is_missing(text) => bad(MISSING),
                Ok(v) if v.is_finite() && v < 0.0 => bad("a count is not negative"),
                Ok(v) if v.is_finite() && v.fract() != 0.0 => bad("a count is a whole number"),
                Ok(v) if v.is_finite() && v > LARGEST_COUNT => {
                    bad("a count above 2^53 - 1 is not kept exactly")
                }
                Ok(v) if v.is_finite() => Ok(v.abs()),
                _ => bad("a count is a whole number, 0 or more"),
            }
        };
        self.texts(self.column(name)?).map(one).collect()
    }

    /// A column of numbers above 0.
    pub fn positive(&self, name: &str) -> Result<Vec<f64>, Failure> {
        let one = |(line, text): (u64, &str)| match text.parse::<f64>() {
            Ok(v) if v.is_finite() && v > 0.0 => Ok(v),
            _ => Err(bad_value(name, line, text, "a number above 0 is needed")),
        };
        self.texts(self.column(name)?).map(one).collect()
    }

    /// The dates of the column `date`, if there is one.
    pub fn dates(&self) -> Result<Option<Vec<Date>>, Failure> {
        if !self.header.iter().any(|h| h == "date") {
            return Ok(None);
        }
        let one = |(line, text): (u64, &str)| {
            let day = text.split_once(['T', ' ']).map_or(text, |(day, _)| day);
            let read = DATE_FORMATS
                .iter()
                .find_map(|f| Date::strptime(f, day).ok());
            read.ok_or_else(|| bad_value("date", line, text, "a date is written as 2024-03-31"))
        };
        self.texts(self.column("date")?)
            .map(one)
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

/// Refuses a column that is asked for twice.
pub fn check_once(columns: &[String]) -> Result<(), Failure> {
    let again = columns
        .iter()
        .enumerate()
        .find(|(i, c)| columns[..*i].contains(c));
    match again {
        Some((_, column)) => Err(Failure::unusable(
            "unusable_argument",
            format!("--column {column} is given twice"),
        )
        .field("column")),
        None => Ok(()),
    }
}

/// Whether a field says that its value is not known, in the words of R, SQL and spreadsheets.
fn is_missing(text: &str) -> bool {
    let words = ["", "na", "n/a", "nan", "null", "none", "-", "."];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The error for one unusable value.
pub fn bad_value(field: &str, line: u64, text: &str, why: &str) -> Failure {
    let shown: String = text.chars().take(60).collect();
    Failure::unusable("bad_value", format!("{shown:?} in column {field:?}: {why}"))
        .field(field)
        .line(line)
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').count() as u64
}

/// Physical lines of rising byte positions.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which the record that begins at or after `start` begins; line ends before it belong to the record before.
    fn of(&mut self, start: usize) -> u64 {
        let blank = self.bytes[start..]
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        let start = start + blank;
        self.line += count_lines(&self.bytes[self.at..start]);
        self.at = start;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(text: &str, read: impl Fn(&Table) -> Result<Vec<f64>, Failure>) -> Failure {
        Table::parse(text.as_bytes())
            .and_then(|t| read(&t))
            .unwrap_err()
    }

    #[test]
    fn byte_order_mark_crlf_and_quotes_are_understood() {
        let table = Table::parse(b"\xef\xbb\xbfdate,observed\r\n2024-01-01,3\r\n\r\n\"2024/1/2\",\" 4 \"\r\n20240103,5.0").unwrap();
        assert_eq!(table.counts("observed").unwrap(), [3.0, 4.0, 5.0]);
        let dates = table.dates().unwrap().unwrap();
        assert_eq!(
            dates.iter().map(Date::to_string).collect::<Vec<_>>(),
            ["2024-01-01", "2024-01-02", "2024-01-03"]
        );
        assert_eq!(
            (0..3).map(|i| table.line(i).unwrap()).collect::<Vec<_>>(),
            [2, 4, 5]
        );
    }

    #[test]
    fn a_value_over_several_lines_is_counted() {
        let table = Table::parse(b"note,observed\n\"a\nb\nc\",1\nx,2\n").unwrap();
        assert_eq!((table.line(0), table.line(1)), (Some(2), Some(5)));
    }

    #[test]
    fn every_unusable_count_names_line_and_field() {
        for bad in ["-1", "1.5", "x", "", "NaN", "inf", "1e300", "1,", "三"] {
            let text = format!("observed\r\n7\r\n\"{bad}\"\r\n");
            let f = failure(&text, |t| t.counts("observed"));
            assert_eq!(
                (f.field.as_deref(), f.line),
                (Some("observed"), Some(3)),
                "{bad:?}: {}",
                f.message
            );
        }
        let f = failure("a,b\n1,2\n", |t| t.counts("observed"));
        assert_eq!(
            (f.code.as_str(), f.field.as_deref()),
            ("missing_column", Some("observed"))
        );
        let f = failure("a,a\n1,2\n", |t| t.counts("a"));
        assert_eq!(f.code, "doubled_column");
        let f = failure("days\n1\n0\n", |t| t.positive("days"));
        assert_eq!((f.field.as_deref(), f.line), (Some("days"), Some(3)));
    }

    #[test]
    fn a_missing_count_is_called_missing() {
        for missing in ["", "NA", "n/a", "NaN", "null", "-"] {
            let text = format!("observed,x\n7,1\n{missing},1\n");
            let f = failure(&text, |t| t.counts("observed"));
            assert!(f.message.contains("missing"), "{missing:?}: {}", f.message);
            assert_eq!(f.line, Some(3));
        }
    }

    #[test]
    fn an_empty_line_of_a_single_column_is_a_missing_count() {
        for (text, line) in [
            ("observed\n1\n\n3\n", 3),
            ("observed\r\n1\r\n2\r\n\r\n\r\n3\r\n", 4),
            ("observed\n\n1\n", 2),
        ] {
            let f = Table::parse(text.as_bytes()).unwrap_err();
            assert_eq!((f.field.as_deref(), f.line), (Some("observed"), Some(line)));
            assert!(f.message.contains("missing"), "{}", f.message);
        }
        for text in [
            "observed\n1\n3\n\n",
            "\nobserved\r\n1\r\n3\r\n\r\n",
            "observed\n\"1\n\"\n3\n",
        ] {
            let table = Table::parse(text.as_bytes()).unwrap();
            assert_eq!(table.counts("observed").unwrap(), [1.0, 3.0], "{text:?}");
        }
    }

    #[test]
    fn a_count_that_would_be_rounded_is_refused() {
        let last = Table::parse(b"observed\n9007199254740991\n").unwrap();
        assert_eq!(last.counts("observed").unwrap(), [9_007_199_254_740_991.0]);
        for rounded in ["9007199254740992", "9007199254740993", "1e300"] {
            let text = format!("observed\n{rounded}\n");
            let f = failure(&text, |t| t.counts("observed"));
            assert_eq!((f.field.as_deref(), f.line), (Some("observed"), Some(2)));
            assert!(f.message.contains("2^53"), "{}", f.message);
        }
    }

    #[test]
    fn garbage_is_refused_with_its_line() {
        assert_eq!(Table::parse(b"").unwrap_err().code, "empty_file");
        assert_eq!(Table::parse(b"observed\n").unwrap_err().code, "empty_file");
        let ragged = Table::parse(b"a,b\n1,2\n3\n").unwrap_err();
        assert_eq!((ragged.code.as_str(), ragged.line), ("bad_row", Some(3)));
        let latin = Table::parse(b"a\n1\n\xff\n").unwrap_err();
        assert_eq!(
            (latin.code.as_str(), latin.line),
            ("unreadable_file", Some(3))
        );
        let date = Table::parse(b"date,observed\n2024-02-30,1\n")
            .unwrap()
            .dates()
            .unwrap_err();
        assert_eq!((date.field.as_deref(), date.line), (Some("date"), Some(2)));
        // Arbitrary bytes never panic.
        let mut state = 1u32;
        for length in 0..400 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    b"a,\"\n\r1;\xef\xbb\xbf\x00-"[(state >> 24) as usize % 12]
                })
                .collect();
            if let Ok(table) = Table::parse(&bytes) {
                let _ = (table.counts("a"), table.dates(), table.positive("1"));
            }
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let f = Table::read(Path::new("no/such/file.csv")).unwrap_err();
        assert!(f.message.contains("no/such/file.csv"));
    }
}
