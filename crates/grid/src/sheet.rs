//! Sheets: CSV files of reference data with named columns, read line by line with reasons.
//!
//! UTF-8 with or without a byte-order mark; anything else is refused whole. Headers are matched by name or alias in any
//! case; columns nobody asked for are ignored, except those that [`crate::guard`] refuses.

use crate::guard;
use crate::report::{ImportError, Reject};

/// The largest file of reference data that is read, 256 MiB.
pub const MAX_FILE_BYTES: usize = 256 << 20;
/// The longest value of one field, in characters.
pub const MAX_VALUE_CHARS: usize = 4000;

/// A column a reader asks for.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The name in code, in errors and as a header.
    pub name: &'static str,
    /// Other headers that mean the same.
    pub aliases: &'static [&'static str],
    /// Whether the file is unusable without it.
    pub required: bool,
}

/// A required column.
pub const fn required(name: &'static str, aliases: &'static [&'static str]) -> Column {
    Column {
        name,
        aliases,
        required: true,
    }
}
/// A column that may be absent.
pub const fn optional(name: &'static str, aliases: &'static [&'static str]) -> Column {
    Column {
        name,
        aliases,
        required: false,
    }
}

/// The text of a file: UTF-8, without its byte-order mark.
///
/// # Errors
/// `too_large` or `not_utf8` with the line.
pub fn text(bytes: &[u8]) -> Result<&str, ImportError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ImportError::unusable(
            "too_large",
            format!("the file has more than {MAX_FILE_BYTES} bytes"),
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()]
            .iter()
            .filter(|b| **b == b'\n')
            .count() as u64;
        ImportError::unusable(
            "not_utf8",
            format!(
                "the file is not UTF-8: byte {} is not text",
                e.valid_up_to() + 1
            ),
        )
        .on_line(line)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// A sheet whose columns were found.
#[derive(Debug)]
pub struct Sheet<'a> {
    text: &'a str,
    columns: &'a [Column],
    /// For each wanted column its place in the file.
    places: Vec<Option<usize>>,
}

/// One row of a sheet.
#[derive(Debug)]
pub struct SheetRow<'a> {
    /// The physical line on which it starts, from 1.
    pub line: u64,
    columns: &'a [Column],
    values: Vec<Option<String>>,
}

fn same_header(a: &str, b: &str) -> bool {
    let plain = |t: &str| t.trim().to_lowercase().replace([' ', '-'], "_");
    plain(a) == plain(b)
}

impl<'a> Sheet<'a> {
    /// Finds the columns by the first line.
    ///
    /// # Errors
    /// A file without a header, a required column that is missing, a column twice, or a forbidden one.
    pub fn open(bytes: &'a [u8], columns: &'a [Column]) -> Result<Self, ImportError> {
        let text = text(bytes)?;
        let mut reader = reader(text);
        let headers = reader.headers().map_err(|e| {
            ImportError::unusable("unreadable_csv", format!("cannot read the header: {e}"))
                .on_line(1)
        })?;
        if headers.iter().all(|h| h.trim().is_empty()) {
            return Err(
                ImportError::unusable("no_header", "the file has no header line").on_line(1),
            );
        }
        for header in headers {
            guard::check_column(header).map_err(|e| {
                ImportError::unusable("forbidden_column", e)
                    .at(header)
                    .on_line(1)
            })?;
        }
        let mut places = Vec::with_capacity(columns.len());
        for column in columns {
            let is_it = |h: &str| {
                same_header(h, column.name) || column.aliases.iter().any(|a| same_header(h, a))
            };
            let mut found = headers
                .iter()
                .enumerate()
                .filter(|(_, h)| is_it(h))
                .map(|(at, _)| at);
            let place = found.next();
            if let Some(second) = found.next() {
                let twice = format!(
                    "two columns mean {:?}, the second is {:?}",
                    column.name, &headers[second]
                );
                return Err(ImportError::unusable("column_twice", twice)
                    .at(column.name)
                    .on_line(1));
            }
            if place.is_none() && column.required {
                let missing = format!(
                    "the file has no column {:?} (or {})",
                    column.name,
                    column.aliases.join(", ")
                );
                return Err(ImportError::unusable("missing_column", missing)
                    .at(column.name)
                    .on_line(1));
            }
            places.push(place);
        }
        Ok(Self {
            text,
            columns,
            places,
        })
    }

    /// The rows, or why a row cannot be read. Rows of blanks only are left out.
    pub fn rows(&self) -> impl Iterator<Item = Result<SheetRow<'a>, Reject>> + '_ {
        let mut reader = reader(self.text);
        let mut record = csv::StringRecord::new();
        let mut header_left = true;
        std::iter::from_fn(move || {
            loop {
                match reader.read_record(&mut record) {
                    Ok(false) => return None,
                    Err(e) => {
                        let line = e.position().map_or(0, csv::Position::line);
                        return Some(Err(Reject::new(
                            line,
                            "",
                            "",
                            format!("cannot read the row: {e}"),
                        )));
                    }
                    Ok(true) => {}
                }
                if std::mem::take(&mut header_left) || record.iter().all(|v| v.trim().is_empty()) {
                    continue;
                }
                return Some(self.row(&record));
            }
        })
    }

    fn row(&self, record: &csv::StringRecord) -> Result<SheetRow<'a>, Reject> {
        let line = self.line_of(record);
        let mut values = Vec::with_capacity(self.columns.len());
        for (column, place) in self.columns.iter().zip(&self.places) {
            let value = place
                .and_then(|at| record.get(at))
                .map(str::trim)
                .filter(|v| !v.is_empty());
            if let Some(long) = value.filter(|v| v.chars().count() > MAX_VALUE_CHARS) {
                let reason = format!("longer than {MAX_VALUE_CHARS} characters");
                return Err(Reject::new(line, column.name, long, reason));
            }
            if value.is_none() && column.required {
                return Err(Reject::new(line, column.name, "", "is empty"));
            }
            values.push(value.map(str::to_owned));
        }
        Ok(SheetRow {
            line,
            columns: self.columns,
            values,
        })
    }

    /// The reader's position of a record stands before the blank lines it skipped.
    fn line_of(&self, record: &csv::StringRecord) -> u64 {
        let Some(position) = record.position() else {
            return 0;
        };
        let from = usize::try_from(position.byte())
            .unwrap_or(usize::MAX)
            .min(self.text.len());
        let skipped = self.text.as_bytes()[from..]
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'));
        position.line() + skipped.filter(|b| **b == b'\n').count() as u64
    }
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

impl SheetRow<'_> {
    /// The value of a column, blanks trimmed; none where it is empty or the file has no such column.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.columns.iter().position(|c| c.name == name)?;
        self.values[at].as_deref()
    }
    /// The value of a required column.
    pub fn need(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
    /// The value of a column as free text, refused when it has the shape of a resident's ID number.
    ///
    /// # Errors
    /// A [`Reject`] without the value.
    pub fn words(&self, name: &str) -> Result<Option<String>, Reject> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        guard::check_text(value).map_err(|e| Reject::new(self.line, name, "", e))?;
        Ok(Some(value.to_owned()))
    }
    /// The value of a column as anything that parses from text.
    ///
    /// # Errors
    /// A [`Reject`] with the value and the reason.
    pub fn parse<T>(&self, name: &str) -> Result<Option<T>, Reject>
    where
        T: std::str::FromStr,
        T::Err: ToString,
    {
        let parsed = self.get(name).map(str::parse).transpose();
        parsed.map_err(|e: T::Err| Reject::new(self.line, name, self.need(name), e.to_string()))
    }
    /// The value of a column as a date `yyyy-mm-dd`.
    ///
    /// # Errors
    /// A [`Reject`] with the value.
    pub fn date(&self, name: &str) -> Result<Option<jiff::civil::Date>, Reject> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let date = jiff::civil::Date::strptime("%Y-%m-%d", value);
        date.map(Some)
            .map_err(|_| Reject::new(self.line, name, value, "not a date of the form yyyy-mm-dd"))
    }
    /// The value of a column as a count, 0 or more.
    ///
    /// # Errors
    /// A [`Reject`] with the value.
    pub fn count(&self, name: &str) -> Result<Option<i64>, Reject> {
        let number = self.parse::<i64>(name).map_err(|r| Reject {
            reason: "not a whole number".into(),
            ..r
        })?;
        match number {
            Some(n) if n < 0 => Err(Reject::new(self.line, name, self.need(name), "less than 0")),
            other => Ok(other),
        }
    }
    /// The value of a column as yes or no: 1/0, true/false, yes/no, 是/否.
    ///
    /// # Errors
    /// A [`Reject`] with the value.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Reject> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.to_lowercase().as_str() {
            "1" | "true" | "yes" | "y" | "是" => Ok(Some(true)),
            "0" | "false" | "no" | "n" | "否" => Ok(Some(false)),
            _ => Err(Reject::new(
                self.line,
                name,
                value,
                "neither yes nor no (1, 0, true, false, 是, 否)",
            )),
        }
    }
    /// The value of a column as several, separated by `、`, `;`, `；` or `|`.
    pub fn list(&self, name: &str) -> Vec<String> {
        let parts = self.need(name).split(['、', ';', '；', '|']).map(str::trim);
        parts.filter(|p| !p.is_empty()).map(str::to_owned).collect()
    }
    /// Both ends of a validity, in order.
    ///
    /// # Errors
    /// A [`Reject`] for a text that is no date or an end before its beginning.
    pub fn validity(
        &self,
    ) -> Result<(Option<jiff::civil::Date>, Option<jiff::civil::Date>), Reject> {
        let (from, to) = (self.date("valid_from")?, self.date("valid_to")?);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(Reject::new(
                self.line,
                "valid_to",
                self.need("valid_to"),
                "ends before it begins",
            ));
        }
        Ok((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] = [required("code", &["编码"]), optional("name", &[])];

    #[test]
    fn rows_know_their_physical_line_past_blank_lines_and_quoted_breaks() {
        let csv = "\u{feff}编码,Name\r\n\r\n1,\"a\nb\"\n\n\n2,c\n,\n3";
        let sheet = Sheet::open(csv.as_bytes(), &COLUMNS).unwrap();
        let rows: Vec<_> = sheet.rows().map(|r| r.unwrap()).collect();
        let seen: Vec<_> = rows
            .iter()
            .map(|r| (r.line, r.need("code"), r.get("name")))
            .collect();
        assert_eq!(
            seen,
            [(3, "1", Some("a\nb")), (7, "2", Some("c")), (9, "3", None)]
        );
    }

    #[test]
    fn a_file_that_cannot_be_used_says_why_and_where() {
        let code = |bytes: &[u8]| match Sheet::open(bytes, &COLUMNS).unwrap_err() {
            ImportError::Unusable { code, line, .. } => (code, line),
            other => panic!("{other}"),
        };
        assert_eq!(code(b""), ("no_header", Some(1)));
        assert_eq!(code(b"name\nx"), ("missing_column", Some(1)));
        assert_eq!(code("code,编码\n1,2".as_bytes()), ("column_twice", Some(1)));
        assert_eq!(
            code("code,信用分\n1,2".as_bytes()),
            ("forbidden_column", Some(1))
        );
        assert_eq!(code(b"code\n1\n\xff\xfe"), ("not_utf8", Some(3)));
    }

    #[test]
    fn an_empty_required_field_and_an_overlong_one_are_rejected() {
        let csv = format!("code,name\n,x\n1,{}\n", "y".repeat(5000));
        let sheet = Sheet::open(csv.as_bytes(), &COLUMNS).unwrap();
        let rejects: Vec<_> = sheet.rows().map(|r| r.unwrap_err()).collect();
        assert_eq!((rejects[0].line, rejects[0].field.as_str()), (2, "code"));
        assert_eq!((rejects[1].line, rejects[1].field.as_str()), (3, "name"));
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            if let Ok(sheet) = Sheet::open(&bytes, &COLUMNS) {
                for row in sheet.rows().flatten() {
                    let _ = (row.date("name"), row.count("name"), row.flag("name"), row.list("name"), row.words("code"));
                }
            }
        }
    }
}
