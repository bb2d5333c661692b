//! The bulletin as a spreadsheet: an overview with its charts, and a sheet for each table.

use super::{Bulletin, Cell, Table, share_text};
use rust_xlsxwriter::{Chart, ChartType, Format, FormatAlign, Workbook, Worksheet, XlsxError};

/// The longest name of a sheet.
const SHEET_NAME: usize = 31;

/// The spreadsheet's bytes.
///
/// # Errors
/// The library's.
pub fn write(bulletin: &Bulletin) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let title = Format::new().set_bold().set_font_size(16);
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name(0, &bulletin.title))?;
    sheet.set_column_width(0, 40)?;
    sheet.set_column_width(1, 16)?;
    sheet.write_with_format(0, 0, &bulletin.title, &title)?;
    let mut row = 1;
    for line in bulletin.lines.iter().chain(&bulletin.findings) {
        sheet.write(row, 0, line)?;
        row += 1;
    }
    row += 1;
    if let Some(bars) = &bulletin.bars {
        sheet.write_with_format(row, 0, &bars.title, &bold)?;
        let percent = Format::new().set_num_format("0.0%");
        let first = row + 1;
        row = first;
        for (name, share) in &bars.rows {
            sheet.write(row, 0, name)?;
            if let Some(value) = share.value {
                sheet.write_with_format(row, 1, value, &percent)?;
            }
            sheet.write(row, 2, share_text(share))?;
            row += 1;
        }
        let mut chart = Chart::new(ChartType::Bar);
        let name = sheet_name(0, &bulletin.title);
        chart
            .add_series()
            .set_categories((name.as_str(), first, 0, row - 1, 0))
            .set_values((name.as_str(), first, 1, row - 1, 1));
        chart.title().set_name(&bars.title);
        chart.legend().set_hidden();
        chart.x_axis().set_reverse();
        chart.y_axis().set_min(0.0).set_max(1.0);
        sheet.insert_chart(1, 5, &chart)?;
    }
    row += 1;
    sheet.write_with_format(row, 0, &bulletin.notes_title, &bold)?;
    for note in &bulletin.notes {
        row += 1;
        sheet.write_with_format(row, 0, note, &wrap)?;
    }
    for (n, table) in bulletin.tables.iter().enumerate() {
        let sheet = book.add_worksheet();
        sheet.set_name(sheet_name(n + 1, &table.title))?;
        write_table(sheet, table, &bold, &title)?;
    }
    book.save_to_buffer()
}

fn write_table(
    sheet: &mut Worksheet,
    table: &Table,
    bold: &Format,
    title: &Format,
) -> Result<(), XlsxError> {
    let percent = Format::new().set_num_format("0.00%");
    let points = Format::new().set_num_format("0.0");
    let change = Format::new().set_num_format("+0.00%;-0.00%;0.00%");
    sheet.write_with_format(0, 0, &table.title, title)?;
    sheet.set_column_width(0, 32)?;
    // A share takes three columns: value, numerator, denominator. Which columns hold shares is told by any row.
    let wide: Vec<bool> = (0..table.heads.len())
        .map(|n| {
            table
                .rows
                .iter()
                .any(|r| matches!(r.get(n), Some(Cell::Share(_) | Cell::Hours(_))))
        })
        .collect();
    let mut starts = Vec::new();
    let mut at: u16 = 0;
    for (head, wide) in table.heads.iter().zip(&wide) {
        starts.push(at);
        sheet.write_with_format(2, at, head, bold)?;
        if *wide {
            sheet.write_with_format(2, at + 1, "n", bold)?;
            sheet.write_with_format(2, at + 2, "/", bold)?;
        }
        at += if *wide { 3 } else { 1 };
    }
    sheet.set_freeze_panes(3, 1)?;
    for (row, cells) in (3..).zip(&table.rows) {
        for (cell, at) in cells.iter().zip(&starts) {
            match cell {
                Cell::Text(text) => {
                    sheet.write(row, *at, text)?;
                }
                Cell::Share(share) | Cell::Hours(share) => {
                    let is_hours = matches!(cell, Cell::Hours(_));
                    if let Some(value) = share.value {
                        let (value, format) = if is_hours {
                            (value / 3600.0, &points)
                        } else {
                            (value, &percent)
                        };
                        sheet.write_with_format(row, *at, value, format)?;
                    }
                    sheet.write(row, at + 1, share.numerator)?;
                    sheet.write(row, at + 2, share.denominator)?;
                }
                Cell::Points(Some(value)) => {
                    sheet.write_with_format(row, *at, *value, &points)?;
                }
                Cell::Change(Some(value)) => {
                    sheet.write_with_format(row, *at, *value, &change)?;
                }
                Cell::Points(None) | Cell::Change(None) => {
                    sheet.write(row, *at, "–")?;
                }
            }
        }
    }
    Ok(())
}

/// A name that a sheet may have, and that no other has: the number before it.
fn sheet_name(n: usize, title: &str) -> String {
    let clean: String = title
        .chars()
        .map(|c| if "[]:*?/\\'".contains(c) { ' ' } else { c })
        .collect();
    format!("{} {clean}", n + 1)
        .chars()
        .take(SHEET_NAME)
        .collect::<String>()
        .trim_end()
        .to_owned()
}
