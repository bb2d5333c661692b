//! Workbooks for tests: a small `.xlsx` with texts, numbers and merged regions, put together by hand so that the developers'
//! entrance stays free of the crates a real writer needs.

use std::fmt::Write as _;

/// A worksheet in the making.
#[derive(Debug, Default)]
pub struct Sheet {
    name: String,
    /// Row, column, content as XML.
    cells: Vec<(u32, u32, String)>,
    merged: Vec<String>,
}

/// The name of a cell: `A1` for row 0, column 0.
fn name_of(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        letters.push(char::from(b'A' + ((left - 1) % 26) as u8));
        left = (left - 1) / 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", row + 1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

impl Sheet {
    /// An empty worksheet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
    /// With texts in a row, from a column on; an empty one is no cell. Rows and columns count from 0.
    #[must_use]
    pub fn row(mut self, row: u32, from: u32, texts: &[&str]) -> Self {
        for (column, text) in (from..).zip(texts).filter(|(_, t)| !t.is_empty()) {
            let cell = format!(
                "<c r=\"{}\" t=\"inlineStr\"><is><t>{}</t></is></c>",
                name_of(row, column),
                escaped(text)
            );
            self.cells.push((row, column, cell));
        }
        self
    }
    /// With a number.
    #[must_use]
    pub fn number(mut self, row: u32, column: u32, number: f64) -> Self {
        let cell = format!("<c r=\"{}\"><v>{number}</v></c>", name_of(row, column));
        self.cells.push((row, column, cell));
        self
    }
    /// With a cell of these attributes and this content, as a spreadsheet would write it: an error, a formula.
    #[must_use]
    pub fn raw(mut self, row: u32, column: u32, attributes: &str, content: &str) -> Self {
        let cell = format!(
            "<c r=\"{}\" {attributes}>{content}</c>",
            name_of(row, column)
        );
        self.cells.push((row, column, cell));
        self
    }
    /// With a date, as the days since 1899-12-30.
    #[must_use]
    pub fn date(mut self, row: u32, column: u32, days: u32) -> Self {
        let cell = format!(
            "<c r=\"{}\" s=\"1\"><v>{days}</v></c>",
            name_of(row, column)
        );
        self.cells.push((row, column, cell));
        self
    }
    /// With a merged region, first and last cell included.
    #[must_use]
    pub fn merge(mut self, first: (u32, u32), last: (u32, u32)) -> Self {
        self.merged.push(format!(
            "{}:{}",
            name_of(first.0, first.1),
            name_of(last.0, last.1)
        ));
        self
    }
    fn xml(&self) -> String {
        let mut cells: Vec<_> = self.cells.iter().collect();
        cells.sort_by_key(|(row, column, _)| (*row, *column));
        let mut rows = String::new();
        let mut at = None;
        for (row, _, cell) in cells {
            if at != Some(row) {
                rows += if at.is_some() { "</row>" } else { "" };
                let _ = write!(rows, "<row r=\"{}\">", row + 1);
                at = Some(row);
            }
            rows += cell;
        }
        rows += if at.is_some() { "</row>" } else { "" };
        let merged: String = self
            .merged
            .iter()
            .map(|m| format!("<mergeCell ref=\"{m}\"/>"))
            .collect();
        let merged = if merged.is_empty() {
            merged
        } else {
            format!(
                "<mergeCells count=\"{}\">{merged}</mergeCells>",
                self.merged.len()
            )
        };
        format!(
            "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData>{merged}</worksheet>"
        )
    }
}

/// The bytes of a workbook with these worksheets.
pub fn book(sheets: &[Sheet]) -> Vec<u8> {
    const NS: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let (mut list, mut rels, mut types) = (String::new(), String::new(), String::new());
    let mut files = Vec::new();
    for (n, sheet) in (1..).zip(sheets) {
        let name = escaped(&sheet.name);
        let _ = write!(
            list,
            "<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>"
        );
        let _ = write!(
            rels,
            "<Relationship Id=\"rId{n}\" Type=\"{REL}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
        );
        let _ = write!(
            types,
            "<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>"
        );
        files.push((format!("xl/worksheets/sheet{n}.xml"), sheet.xml()));
    }
    let styles = format!(
        "<styleSheet xmlns=\"{NS}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
    );
    let fixed = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>{types}</Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{REL}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{NS}\" xmlns:r=\"{REL}\"><sheets>{list}</sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\">{rels}<Relationship Id=\"rId99\" Type=\"{REL}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        ("xl/styles.xml", styles),
    ];
    let mut all: Vec<(String, String)> = fixed
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text))
        .collect();
    all.extend(files);
    archive(&all)
}

/// A ZIP archive of files that are stored as they are.
fn archive(files: &[(String, String)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let offset = out.len() as u32;
        let (crc, size) = (crc32(text.as_bytes()), text.len() as u32);
        // Version 2.0, no flags, stored, no time, 1980-01-01.
        let common = |to: &mut Vec<u8>| {
            to.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]);
            to.extend(crc.to_le_bytes());
            to.extend(size.to_le_bytes());
            to.extend(size.to_le_bytes());
            to.extend((name.len() as u16).to_le_bytes());
            to.extend(0_u16.to_le_bytes());
        };
        out.extend(b"PK\x03\x04");
        common(&mut out);
        out.extend(name.as_bytes());
        out.extend(text.as_bytes());
        directory.extend(b"PK\x01\x02");
        directory.extend([20, 0]);
        common(&mut directory);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, length) = (out.len() as u32, directory.len() as u32);
    out.extend(directory);
    let count = (files.len() as u16).to_le_bytes();
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        if crc & 1 == 1 {
            (crc >> 1) ^ 0xedb8_8320
        } else {
            crc >> 1
        }
    };
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_and_sums_are_right() {
        assert_eq!(name_of(0, 0), "A1");
        assert_eq!(name_of(9, 27), "AB10");
        // The check value of CRC-32 (IEEE 802.3).
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert!(book(&[Sheet::new("a")]).starts_with(b"PK\x03\x04"));
    }
}
