//! Workbooks of spreadsheets (`.xlsx`) as rows of text, within bounds.
//!
//! A merged region means that each of its cells says what its first one says. Numbers lose the `.0` that spreadsheets
//! keep, dates become `yyyy-mm-dd`. Everything that grows with the file is bounded before it is read, because a small
//! archive can unfold into a large one.
//!
//! A cell that shows an error (`#REF!`), or a formula nobody has worked out yet, is not an empty cell: it is kept as a
//! [`Worksheet::faults`], and whoever reads its column refuses the row.

use crate::formulas;
use crate::report::ImportError;
use calamine::{Data, DataRef, Dimensions, Reader as _, Xlsx};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

/// The largest workbook that is read, 16 MiB packed.
pub const MAX_PACKED_BYTES: usize = 16 << 20;
/// The most bytes it may unfold into, 256 MiB.
const MAX_UNPACKED_BYTES: u64 = 256 << 20;
/// The most cells of one worksheet, those of merged regions included.
pub(crate) const MAX_CELLS: usize = 2_000_000;
/// The most columns that are looked at; what stands further right is not read.
pub(crate) const MAX_COLUMNS: u32 = 200;
/// The most worksheets.
const MAX_WORKSHEETS: usize = 50;

/// One worksheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worksheet {
    /// Its name.
    pub name: String,
    /// Its rows with content: the number of the row, from 1, and its cells from the first column on.
    pub rows: Vec<(u64, Vec<String>)>,
    /// Cells that say nothing although something stands in them, by the number of the row and the column from 0: the error
    /// as the spreadsheet shows it, or the formula that has no result.
    pub faults: BTreeMap<(u64, usize), String>,
}

/// Whether a file is a workbook: a ZIP archive, or a workbook of the old binary kind.
pub fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || is_old(bytes)
}

fn is_old(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
}

pub(crate) fn unreadable(reason: impl std::fmt::Display) -> ImportError {
    let message = format!("cannot read the workbook: {reason}");
    ImportError::unusable("unreadable_workbook", message)
}

/// Refuses an archive that unfolds into more than is good for this machine, whatever it claims about itself.
fn check_size(bytes: &[u8]) -> Result<(), ImportError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let mut left = MAX_UNPACKED_BYTES;
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(unreadable)?;
        let size = std::io::copy(&mut file.take(left + 1), &mut std::io::sink());
        left = left.checked_sub(size.map_err(unreadable)?).ok_or_else(|| {
            unreadable(format!(
                "it unfolds into more than {MAX_UNPACKED_BYTES} bytes"
            ))
        })?;
    }
    Ok(())
}

/// Whether its days count from 1904 on, as some old machines did.
fn counts_from_1904(bytes: &[u8]) -> bool {
    let read = || -> Option<String> {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
        let mut text = String::new();
        let mut file = archive.by_name("xl/workbook.xml").ok()?;
        file.read_to_string(&mut text).ok()?;
        Some(text)
    };
    let told = ["date1904=\"1\"", "date1904=\"true\""];
    read().is_some_and(|text| told.iter().any(|t| text.contains(t)))
}

/// Reads every worksheet that has content.
///
/// # Errors
/// `old_workbook` for the binary kind, `too_large`, `unreadable_workbook`.
pub fn worksheets(bytes: &[u8]) -> Result<Vec<Worksheet>, ImportError> {
    if is_old(bytes) {
        let message = "a workbook of the old kind (.xls): save it as .xlsx";
        return Err(ImportError::unusable("old_workbook", message));
    }
    if bytes.len() > MAX_PACKED_BYTES {
        let message = format!("the workbook has more than {MAX_PACKED_BYTES} bytes");
        return Err(ImportError::unusable("too_large", message));
    }
    check_size(bytes)?;
    // The reader is not ours, and what it is given comes from outside.
    std::panic::catch_unwind(|| read(bytes))
        .unwrap_or_else(|_| Err(unreadable("its parts do not fit together")))
}

fn read(bytes: &[u8]) -> Result<Vec<Worksheet>, ImportError> {
    let epoch = if counts_from_1904(bytes) {
        date(1904, 1, 1)
    } else {
        date(1899, 12, 30)
    };
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let names = book.sheet_names();
    if names.len() > MAX_WORKSHEETS {
        return Err(unreadable(format!(
            "it has more than {MAX_WORKSHEETS} worksheets"
        )));
    }
    let mut unknown = formulas::without_value(bytes)?;
    let mut found = Vec::new();
    for name in names {
        // Pages of charts are no worksheets.
        let Some(Ok(merged)) = book.worksheet_merge_cells(&name) else {
            continue;
        };
        let mut cells = read_cells(&mut book, &name, epoch)?;
        for ((row, column), formula) in unknown.remove(&name).unwrap_or_default() {
            let place = cells.entry(row).or_default();
            place.insert(column, Cell::Fault(formula));
        }
        merged
            .iter()
            .try_for_each(|region| fill(&mut cells, region))?;
        let sheet = worksheet(name, cells);
        if !sheet.rows.is_empty() {
            found.push(sheet);
        }
    }
    Ok(found)
}

/// What stands in a cell.
#[derive(Debug, Clone)]
enum Cell {
    Text(String),
    /// An error, or a formula without a result.
    Fault(String),
}

type Cells = BTreeMap<u32, BTreeMap<u32, Cell>>;

fn worksheet(name: String, cells: Cells) -> Worksheet {
    let (mut rows, mut faults) = (Vec::new(), BTreeMap::new());
    for (row, cells) in cells {
        let number = u64::from(row) + 1;
        let width = cells.last_key_value().map_or(0, |(last, _)| *last + 1);
        let mut line = vec![String::new(); width as usize];
        for (column, cell) in cells {
            match cell {
                Cell::Text(text) => line[column as usize] = text,
                Cell::Fault(says) => _ = faults.insert((number, column as usize), says),
            }
        }
        rows.push((number, line));
    }
    Worksheet { name, rows, faults }
}

fn read_cells<R: std::io::Read + std::io::Seek>(
    book: &mut Xlsx<R>,
    name: &str,
    epoch: Date,
) -> Result<Cells, ImportError> {
    let mut reader = book.worksheet_cells_reader(name).map_err(unreadable)?;
    let (mut cells, mut count) = (Cells::new(), 0);
    while let Some(cell) = reader.next_cell().map_err(unreadable)? {
        let (row, column) = cell.get_position();
        let says = match cell.get_value() {
            DataRef::Error(error) => Cell::Fault(error.to_string()),
            value => Cell::Text(text_of(value, epoch)),
        };
        let is_blank = matches!(&says, Cell::Text(text) if text.trim().is_empty());
        if column >= MAX_COLUMNS || is_blank {
            continue;
        }
        count += 1;
        if count > MAX_CELLS {
            return Err(too_many(name));
        }
        cells.entry(row).or_default().insert(column, says);
    }
    Ok(cells)
}

pub(crate) fn too_many(name: &str) -> ImportError {
    let message = format!("worksheet {name:?} has more than {MAX_CELLS} cells");
    ImportError::unusable("too_large", message)
}

/// Lets every cell of a merged region say what its first one says; only rows that are there, so that a region over a whole
/// column makes no rows.
fn fill(cells: &mut Cells, region: &Dimensions) -> Result<(), ImportError> {
    let first = cells
        .get(&region.start.0)
        .and_then(|row| row.get(&region.start.1));
    let Some(says) = first.cloned() else {
        return Ok(());
    };
    let last_column = region.end.1.min(MAX_COLUMNS - 1);
    for (_, row) in cells.range_mut(region.start.0..=region.end.0) {
        for column in region.start.1..=last_column {
            row.entry(column).or_insert_with(|| says.clone());
        }
    }
    let count: usize = cells.values().map(BTreeMap::len).sum();
    if count > MAX_CELLS {
        return Err(too_many(""));
    }
    Ok(())
}

fn text_of(value: &DataRef<'_>, epoch: Date) -> String {
    match Data::from(value.clone()) {
        Data::Int(n) => n.to_string(),
        Data::Float(n) => number(n),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text,
        Data::Bool(is) => if is { "1" } else { "0" }.to_owned(),
        Data::DateTime(at) => day(at.as_f64(), epoch),
        _ => String::new(),
    }
}

/// A number as people write it: no `.0`, no exponent for codes of up to fifteen digits.
fn number(n: f64) -> String {
    if n.fract() == 0.0 && n.abs() < 1e15 {
        format!("{n:.0}")
    } else {
        n.to_string()
    }
}

/// A number of days as a date; one that no calendar has stays a number.
fn day(days: f64, epoch: Date) -> String {
    // `as` saturates, and no date is that far away.
    let whole = (days.floor() as i64).days();
    match epoch.checked_add(whole) {
        Ok(date) if (0.0..3e6).contains(&days) => date.to_string(),
        _ => number(days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::xlsx::{Sheet, book};

    #[test]
    fn merged_cells_say_the_same_and_numbers_stay_plain() {
        let bytes = book(&[
            Sheet::new("部件")
                .row(0, 0, &["大类代码", "名称", "时限"])
                .number(1, 0, 1.0)
                .merge((1, 0), (2, 0))
                .row(1, 1, &["缺失"])
                .row(2, 1, &["破损"])
                .number(4, 0, 350_203_001_001_001.0)
                .number(4, 1, 2.5)
                // 2026-03-16
                .date(4, 2, 46_097),
            Sheet::new("空"),
        ]);
        assert!(is_workbook(&bytes));
        let sheets = worksheets(&bytes).unwrap();
        assert_eq!(sheets.len(), 1, "an empty worksheet is left out");
        assert_eq!(sheets[0].name, "部件");
        let row = |n: u64, cells: &[&str]| (n, cells.iter().map(|c| (*c).to_owned()).collect());
        assert_eq!(
            sheets[0].rows,
            [
                row(1, &["大类代码", "名称", "时限"]),
                row(2, &["1", "缺失"]),
                row(3, &["1", "破损"]),
                row(5, &["350203001001001", "2.5", "2026-03-16"]),
            ]
        );
    }

    #[test]
    fn an_error_and_a_formula_without_a_result_are_no_empty_cells() {
        let sheet = Sheet::new("部件 & 事件")
            .row(0, 0, &["名称", "时限", "结案"])
            .row(1, 0, &["甲"])
            .raw(1, 1, "t=\"e\"", "<f>A9</f><v>#REF!</v>")
            // As writers leave it that compute nothing: no value at all, an empty one, and one of a shared formula.
            .raw(2, 0, "", "<f>1&amp;2</f>")
            .raw(2, 1, "", "<f>1/0</f><v></v>")
            .raw(2, 2, "", "<f t=\"shared\" si=\"4294967295\"/>")
            // A formula whose result is nothing, and one with a result, are as they look.
            .raw(3, 0, "t=\"str\"", "<f>\"\"</f><v></v>")
            .raw(3, 1, "t=\"str\"", "<f>1</f><v>2工作日</v>")
            // An error that is merged stands in each of its cells.
            .raw(4, 2, "t=\"e\"", "<v>#N/A</v>")
            .row(5, 0, &["乙"])
            .merge((4, 2), (5, 2));
        let sheets = worksheets(&book(&[Sheet::new("空"), sheet])).unwrap();
        let faults: Vec<_> = sheets[0]
            .faults
            .iter()
            .map(|((row, column), says)| (*row, *column, says.as_str()))
            .collect();
        assert_eq!(
            faults,
            [
                (2, 1, "#REF!"),
                (3, 0, "=1&2"),
                (3, 1, "=1/0"),
                (3, 2, "="),
                (5, 2, "#N/A"),
                (6, 2, "#N/A"),
            ]
        );
        assert_eq!(sheets[0].rows[3].1, ["", "2工作日"]);
    }

    #[test]
    fn a_cell_far_away_costs_nothing() {
        let far = Sheet::new("x")
            .row(0, 0, &["a"])
            .row(1_048_575, 16_383, &["far"])
            .row(1_048_575, 1, &["low"])
            .merge((0, 0), (1_048_575, 16_383));
        let sheets = worksheets(&book(&[far])).unwrap();
        assert_eq!(sheets[0].rows.len(), 2);
        let low = &sheets[0].rows[1];
        assert_eq!((low.0, low.1[1].as_str()), (1_048_576, "low"));
        assert_eq!(low.1.len(), MAX_COLUMNS as usize);
    }

    #[test]
    fn what_is_no_workbook_is_refused_by_name() {
        let code = |bytes: &[u8]| match worksheets(bytes).unwrap_err() {
            ImportError::Unusable { code, .. } => code,
            other => panic!("{other}"),
        };
        assert_eq!(code(b"PK\x03\x04garbage"), "unreadable_workbook");
        assert_eq!(
            code(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]),
            "old_workbook"
        );
    }

    #[test]
    fn an_archive_that_unfolds_without_end_is_refused() {
        use std::io::Write as _;
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("xl/workbook.xml", options).unwrap();
        let zeros = vec![0_u8; 1 << 20];
        for _ in 0..300 {
            archive.write_all(&zeros).unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        assert!(bytes.len() < 1 << 20, "{}", bytes.len());
        let error = worksheets(&bytes).unwrap_err().to_string();
        assert!(error.contains("unfolds"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = worksheets(&bytes);
            let _ = worksheets(&[b"PK\x03\x04".to_vec(), bytes].concat());
        }
        #[test]
        fn a_damaged_workbook_never_panics(at in 0_usize..4000, with in proptest::num::u8::ANY) {
            let mut bytes = book(&[Sheet::new("x").row(0, 0, &["a", "b"]).date(1, 0, 5)]);
            let at = at % bytes.len();
            bytes[at] = with;
            let _ = worksheets(&bytes);
        }
    }
}
