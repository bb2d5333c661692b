//! Sheets: CSV files and workbooks of reference data with named columns, read line by line with reasons.
//!
//! CSV is UTF-8 with or without a byte-order mark; anything else is refused whole. Workbooks are `.xlsx`
//! ([`crate::workbook`]). Headers are matched by name or alias in any case; columns nobody asked for are ignored, except
//! those that [`crate::guard`] refuses.

use crate::guard;
use crate::report::{ImportError, Reject};
use crate::why::Why;
use crate::workbook;

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
    /// Whether a row without a value in it is refused.
    pub filled: bool,
}

/// A required column.
pub const fn required(name: &'static str, aliases: &'static [&'static str]) -> Column {
    Column {
        name,
        aliases,
        required: true,
        filled: true,
    }
}
/// A column that must be there, although its cells may be empty.
pub const fn present(name: &'static str, aliases: &'static [&'static str]) -> Column {
    Column {
        name,
        aliases,
        required: true,
        filled: false,
    }
}
/// A column that may be absent.
pub const fn optional(name: &'static str, aliases: &'static [&'static str]) -> Column {
    Column {
        name,
        aliases,
        required: false,
        filled: false,
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

/// A sheet whose columns were found: of a CSV file, or one worksheet of a workbook.
#[derive(Debug)]
pub struct Sheet<'a> {
    source: Source<'a>,
    columns: &'a [Column],
    /// For each wanted column its place in the file.
    places: Vec<Option<usize>>,
    headers: Vec<String>,
    /// The name of the worksheet; none for a CSV file.
    name: Option<String>,
}

#[derive(Debug)]
enum Source<'a> {
    /// The text, and how many records stand down to the header.
    Csv(&'a str, usize),
    /// The rows below the header, and the cells that say nothing although something stands in them.
    Cells(
        Vec<(u64, Vec<String>)>,
        std::collections::BTreeMap<(u64, usize), String>,
    ),
}

/// One row of a sheet.
#[derive(Debug)]
pub struct SheetRow<'a> {
    /// The physical line on which it starts, or the number of the row in its worksheet, from 1.
    pub line: u64,
    columns: &'a [Column],
    values: Vec<Option<String>>,
}

/// A header is looked for in so many rows: titles stand above it.
const HEADER_WITHIN: usize = 10;

fn same_header(a: &str, b: &str) -> bool {
    let plain = |t: &str| t.trim().to_lowercase().replace([' ', '-', '\n'], "_");
    plain(a) == plain(b)
}

impl Column {
    fn is_header(&self, header: &str) -> bool {
        same_header(header, self.name) || self.aliases.iter().any(|a| same_header(header, a))
    }
}

/// Whether every required column is in a row of cells.
fn fits(cells: &[String], columns: &[Column]) -> bool {
    let holds = |c: &Column| cells.iter().any(|h| c.is_header(h));
    columns.iter().filter(|c| c.required).all(holds)
}

/// For each wanted column its place among the headers.
fn find(
    headers: &[String],
    columns: &[Column],
    line: u64,
) -> Result<Vec<Option<usize>>, ImportError> {
    if headers.iter().all(|h| h.trim().is_empty()) {
        let message = "the file has no header line";
        return Err(ImportError::unusable("no_header", message).on_line(line));
    }
    for header in headers {
        guard::check_column(header).map_err(|e| {
            ImportError::unusable("forbidden_column", e)
                .at(header)
                .on_line(line)
        })?;
    }
    let mut places = Vec::with_capacity(columns.len());
    for column in columns {
        let mut found = headers
            .iter()
            .enumerate()
            .filter(|(_, h)| column.is_header(h))
            .map(|(at, _)| at);
        let place = found.next();
        if let Some(second) = found.next() {
            let twice = format!(
                "two columns mean {:?}, the second is {:?}",
                column.name, &headers[second]
            );
            return Err(ImportError::unusable("column_twice", twice)
                .at(column.name)
                .on_line(line));
        }
        if place.is_none() && column.required {
            let names = column.aliases.join(", ");
            let missing = format!("the file has no column {:?} (or {names})", column.name);
            let why = Why::new("missing_column", missing)
                .with("name", column.name)
                .with("names", if names.is_empty() { "empty" } else { &names });
            return Err(ImportError::because("missing_column", why)
                .at(column.name)
                .on_line(line));
        }
        places.push(place);
    }
    Ok(places)
}

impl<'a> Sheet<'a> {
    /// Finds the columns by the header of a CSV file, or in the first worksheet of a workbook that has them; titles may stand
    /// above it.
    ///
    /// # Errors
    /// A file without a header, a required column that is missing, a column twice, or a forbidden one.
    pub fn open(bytes: &'a [u8], columns: &'a [Column]) -> Result<Self, ImportError> {
        let sheets = Self::open_all(bytes, columns)?;
        let first = sheets.into_iter().next();
        first.ok_or_else(|| ImportError::unusable("no_header", "the file has no header line"))
    }

    /// The same for every worksheet that has the required columns, at least one; a CSV file has one sheet.
    ///
    /// # Errors
    /// As [`Sheet::open`].
    pub fn open_all(bytes: &'a [u8], columns: &'a [Column]) -> Result<Vec<Self>, ImportError> {
        if workbook::is_workbook(bytes) {
            return Self::of_workbook(bytes, columns);
        }
        let text = text(bytes)?;
        let mut head: Vec<(u64, Vec<String>)> = Vec::new();
        for record in reader(text).records().take(HEADER_WITHIN) {
            let record = record.map_err(|e| {
                ImportError::unusable("unreadable_csv", format!("cannot read the header: {e}"))
                    .on_line(1)
            })?;
            let cells = record.iter().map(str::to_owned).collect();
            head.push((line_of(text, &record), cells));
            if head.last().is_some_and(|(_, cells)| fits(cells, columns)) {
                break;
            }
        }
        // Where no line fits, what is missing is told of the first one.
        let at = head.iter().position(|(_, cells)| fits(cells, columns));
        let at = at.unwrap_or(0);
        let (line, headers) = head.into_iter().nth(at).unwrap_or((1, Vec::new()));
        Ok(vec![Self {
            places: find(&headers, columns, line)?,
            source: Source::Csv(text, at + 1),
            columns,
            headers,
            name: None,
        }])
    }

    fn of_workbook(bytes: &[u8], columns: &'a [Column]) -> Result<Vec<Self>, ImportError> {
        let worksheets = workbook::worksheets(bytes)?;
        let (mut found, mut first_fault) = (Vec::new(), None);
        for sheet in worksheets {
            let head = sheet.rows.iter().take(HEADER_WITHIN);
            let at = head.into_iter().position(|(_, cells)| fits(cells, columns));
            let (line, headers) = sheet.rows[at.unwrap_or(0)].clone();
            match find(&headers, columns, line) {
                Ok(places) => found.push(Self {
                    source: Source::Cells(
                        sheet.rows.into_iter().skip(at.unwrap_or(0) + 1).collect(),
                        sheet.faults,
                    ),
                    columns,
                    places,
                    headers,
                    name: Some(sheet.name),
                }),
                // A forbidden column refuses the whole file, whichever worksheet it stands in.
                Err(
                    fault @ ImportError::Unusable {
                        code: "forbidden_column",
                        ..
                    },
                ) => return Err(fault),
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        if found.is_empty() {
            let empty =
                || ImportError::unusable("no_header", "the workbook has no worksheet with content");
            return Err(first_fault.unwrap_or_else(empty));
        }
        Ok(found)
    }

    /// The name of the worksheet; none for a CSV file.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether it is a worksheet, whose merged cells are known.
    pub fn is_worksheet(&self) -> bool {
        matches!(self.source, Source::Cells(..))
    }

    /// Whether the file has this column.
    pub fn has(&self, name: &str) -> bool {
        let at = self.columns.iter().position(|c| c.name == name);
        at.is_some_and(|at| self.places[at].is_some())
    }

    /// The headers of columns that nobody asked for.
    pub fn ignored(&self) -> Vec<String> {
        let asked = |at: &usize| self.places.contains(&Some(*at));
        let left = self
            .headers
            .iter()
            .enumerate()
            .filter(|(at, h)| !asked(at) && !h.trim().is_empty());
        left.map(|(_, h)| h.trim().to_owned()).collect()
    }

    /// The rows, or why a row cannot be read. Rows of blanks only are left out.
    pub fn rows(&self) -> Box<dyn Iterator<Item = Result<SheetRow<'a>, Reject>> + '_> {
        match &self.source {
            Source::Csv(text, head) => Box::new(self.csv_rows(text, *head)),
            Source::Cells(rows, faults) => Box::new(rows.iter().map(|(line, cells)| {
                self.whole(*line, faults)?;
                self.row(*line, |at| cells.get(at).map(String::as_str))
            })),
        }
    }

    /// Refuses a row in which a cell that is asked for shows an error, or a formula without a result: it is not known what
    /// the cell says.
    fn whole(
        &self,
        line: u64,
        faults: &std::collections::BTreeMap<(u64, usize), String>,
    ) -> Result<(), Reject> {
        if faults.is_empty() {
            return Ok(());
        }
        for (column, place) in self.columns.iter().zip(&self.places) {
            let says = place.and_then(|at| faults.get(&(line, at)));
            if let Some(says) = says {
                let why = if says.starts_with('=') {
                    Why::new(
                        "formula",
                        "is a formula without a result: let the spreadsheet work it out and save it, or write what it means",
                    )
                } else {
                    Why::new(
                        "cell_error",
                        "is an error of the spreadsheet: write what it means",
                    )
                };
                return Err(Reject::new(line, column.name, says, why));
            }
        }
        Ok(())
    }

    fn csv_rows<'s>(
        &'s self,
        text: &'s str,
        head: usize,
    ) -> impl Iterator<Item = Result<SheetRow<'a>, Reject>> + 's {
        let mut reader = reader(text);
        let mut record = csv::StringRecord::new();
        let mut header_left = head;
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
                            Why::new("unreadable_row", format!("cannot read the row: {e}")),
                        )));
                    }
                    Ok(true) => {}
                }
                if header_left > 0 {
                    header_left -= 1;
                    continue;
                }
                if record.iter().all(|v| v.trim().is_empty()) {
                    continue;
                }
                return Some(self.row(line_of(text, &record), |at| record.get(at)));
            }
        })
    }

    fn row<'v>(
        &self,
        line: u64,
        cell: impl Fn(usize) -> Option<&'v str>,
    ) -> Result<SheetRow<'a>, Reject> {
        let mut values = Vec::with_capacity(self.columns.len());
        for (column, place) in self.columns.iter().zip(&self.places) {
            let value = place
                .and_then(&cell)
                .map(str::trim)
                .filter(|v| !v.is_empty());
            if let Some(long) = value.filter(|v| v.chars().count() > MAX_VALUE_CHARS) {
                let why = Why::too_long(MAX_VALUE_CHARS);
                return Err(Reject::new(line, column.name, long, why));
            }
            if value.is_none() && column.required && column.filled {
                return Err(Reject::new(line, column.name, "", Why::empty()));
            }
            values.push(value.map(str::to_owned));
        }
        Ok(SheetRow {
            line,
            columns: self.columns,
            values,
        })
    }
}

/// The reader's position of a record stands before the blank lines it skipped.
fn line_of(text: &str, record: &csv::StringRecord) -> u64 {
    let Some(position) = record.position() else {
        return 0;
    };
    let from = usize::try_from(position.byte())
        .unwrap_or(usize::MAX)
        .min(text.len());
    let skipped = text.as_bytes()[from..]
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'));
    position.line() + skipped.filter(|b| **b == b'\n').count() as u64
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

impl SheetRow<'_> {
    /// Puts a value where the row has none: what a merged cell above says.
    pub fn fill(&mut self, name: &str, value: Option<&str>) {
        let at = self.columns.iter().position(|c| c.name == name);
        if let Some(slot) = at
            .map(|at| &mut self.values[at])
            .filter(|slot| slot.is_none())
        {
            *slot = value.map(str::to_owned);
        }
    }
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
    /// The value of a column as anything that parses from text; `code` is the word for one that does not.
    ///
    /// # Errors
    /// A [`Reject`] with the value and the reason.
    pub fn parse<T>(&self, name: &str, code: &'static str) -> Result<Option<T>, Reject>
    where
        T: std::str::FromStr,
        T::Err: ToString,
    {
        let parsed = self.get(name).map(str::parse).transpose();
        parsed.map_err(|e: T::Err| {
            Reject::new(
                self.line,
                name,
                self.need(name),
                Why::new(code, e.to_string()),
            )
        })
    }
    /// The value of a column as the code of a division, padded to its twelve digits.
    ///
    /// # Errors
    /// A [`Reject`] with the value and the reason.
    pub fn division(&self, name: &str) -> Result<Option<kernel::DivisionCode>, Reject> {
        let padded = self.get(name).map(kernel::DivisionCode::padded).transpose();
        padded.map_err(|e| Reject::new(self.line, name, self.need(name), e))
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
            .map_err(|_| Reject::new(self.line, name, value, Why::no_date()))
    }
    /// The value of a column as a count, 0 or more.
    ///
    /// # Errors
    /// A [`Reject`] with the value.
    pub fn count(&self, name: &str) -> Result<Option<i64>, Reject> {
        match self.parse::<i64>(name, "no_count") {
            Ok(number) if number.is_none_or(|n| n >= 0) => Ok(number),
            _ => Err(Reject::new(
                self.line,
                name,
                self.need(name),
                Why::no_count(),
            )),
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
                Why::new("no_flag", "neither yes nor no (1, 0, true, false, 是, 否)"),
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
                Why::backward(),
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
    fn a_csv_file_is_read_below_its_title_too() {
        let csv = "\u{feff}某市清单（2026年版）,,\r\n\r\n制表：,城管局\r\nName,编码,备注\r\n甲,1,x\r\n\r\n乙,,y\r\n";
        let sheet = Sheet::open(csv.as_bytes(), &COLUMNS).unwrap();
        assert_eq!(sheet.ignored(), ["备注"]);
        let rows: Vec<_> = sheet.rows().collect();
        let first = rows[0].as_ref().unwrap();
        assert_eq!(
            (first.line, first.need("code"), first.get("name")),
            (5, "1", Some("甲"))
        );
        let bad = rows[1].as_ref().unwrap_err();
        assert_eq!((rows.len(), bad.line, bad.field.as_str()), (2, 7, "code"));
        // A column that is refused is named by the line of the header.
        let forbidden = "清单,\n编码,信用分\n1,2\n";
        match Sheet::open(forbidden.as_bytes(), &COLUMNS).unwrap_err() {
            ImportError::Unusable { code, line, .. } => {
                assert_eq!((code, line), ("forbidden_column", Some(2)));
            }
            other => panic!("{other}"),
        }
        // A title is not looked past for ever.
        let far = format!("{}code\n1\n", "x\n".repeat(HEADER_WITHIN));
        assert!(Sheet::open(far.as_bytes(), &COLUMNS).is_err());
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
    fn a_worksheet_is_found_by_its_columns_below_its_title() {
        use testkit::xlsx;
        let bytes = xlsx::book(&[
            xlsx::Sheet::new("Sheet1").row(0, 0, &["说明"]),
            xlsx::Sheet::new("Sheet2")
                .row(0, 0, &["某市清单"])
                .row(2, 1, &["名称", "编码", "name"])
                .row(3, 1, &["x", "1", "甲"])
                .row(5, 1, &["y", "", "乙"]),
        ]);
        let sheet = Sheet::open(&bytes, &COLUMNS).unwrap();
        assert_eq!(sheet.name(), Some("Sheet2"));
        assert_eq!(sheet.ignored(), ["名称"]);
        let rows: Vec<_> = sheet.rows().collect();
        let first = rows[0].as_ref().unwrap();
        assert_eq!(
            (first.line, first.need("code"), first.get("name")),
            (4, "1", Some("甲"))
        );
        let bad = rows[1].as_ref().unwrap_err();
        assert_eq!((bad.line, bad.field.as_str()), (6, "code"));
    }

    #[test]
    fn a_forbidden_column_refuses_a_workbook_in_whichever_worksheet_it_stands() {
        use testkit::xlsx;
        let fault = |second: &[&str]| {
            let bytes = xlsx::book(&[
                xlsx::Sheet::new("1").row(0, 0, &["编码", "name"]),
                xlsx::Sheet::new("2").row(0, 0, second),
            ]);
            Sheet::open(&bytes, &COLUMNS)
                .map(|_| ())
                .map_err(|e| e.to_string())
        };
        for forbidden in [["编码", "信用分"], ["别的", "信用分"]] {
            assert!(fault(&forbidden).unwrap_err().contains(guard::RULE));
        }
        assert_eq!(fault(&["别的", "y"]), Ok(()));
        let none = xlsx::book(&[xlsx::Sheet::new("1").row(0, 0, &["a", "b"])]);
        let error = Sheet::open(&none, &COLUMNS).unwrap_err().to_string();
        assert!(error.contains("code"), "{error}");
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
