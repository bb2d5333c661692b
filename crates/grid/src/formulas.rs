//! Formulas of a workbook that have no result: a program that writes a spreadsheet without working it out leaves them, and a
//! reader of values alone takes their cells for empty ones.

use crate::report::ImportError;
use crate::workbook::{MAX_CELLS, MAX_COLUMNS, too_many, unreadable};
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read as _};

/// By row and column, both from 0, the formula as it stands.
type Formulas = BTreeMap<(u32, u32), String>;
/// The longest formula that is repeated, in characters.
const MOST_CHARS: usize = 80;

/// The formulas without a result of each worksheet, by its name; worksheets without any are left out. The archive's size was
/// checked before.
///
/// # Errors
/// `unreadable_workbook`, `too_large`.
pub(crate) fn without_value(bytes: &[u8]) -> Result<HashMap<String, Formulas>, ImportError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let mut part = |path: &str| -> Result<Option<String>, ImportError> {
        let Ok(mut file) = archive.by_name(path) else {
            return Ok(None);
        };
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(unreadable)?;
        Ok(Some(text))
    };
    let book = part("xl/workbook.xml")?.unwrap_or_default();
    let rels = part("xl/_rels/workbook.xml.rels")?.unwrap_or_default();
    let targets: HashMap<String, String> = pairs(&rels, "Relationship", "Id", "Target")?
        .into_iter()
        .collect();
    let mut found = HashMap::new();
    for (name, id) in pairs(&book, "sheet", "name", "id")? {
        let Some(target) = targets.get(&id) else {
            continue;
        };
        let path = match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("xl/{target}"),
        };
        let Some(text) = part(&path)? else { continue };
        // Most sheets have no formula at all, and then need not be read twice.
        if text.contains("<f") || text.contains(":f") {
            let formulas = scan(&text, &name)?;
            if !formulas.is_empty() {
                found.insert(name, formulas);
            }
        }
    }
    Ok(found)
}

fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    reader
}

/// An attribute by its name without prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element
        .attributes()
        .flatten()
        .find(|a| a.key.local_name().as_ref() == name)?;
    let value = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}

/// Two attributes of every element of a name.
fn pairs(
    text: &str,
    element: &str,
    first: &str,
    second: &str,
) -> Result<Vec<(String, String)>, ImportError> {
    let mut reader = reader(text);
    let mut found = Vec::new();
    loop {
        match reader.read_event().map_err(unreadable)? {
            Event::Start(e) | Event::Empty(e) if e.local_name().as_ref() == element => {
                found.extend(attribute(&e, first).zip(attribute(&e, second)));
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// A cell that is being read.
#[derive(Default)]
struct Open {
    at: (u32, u32),
    /// Its result is text, which may be empty.
    is_text: bool,
    formula: Option<String>,
    has_value: bool,
}

/// The row and the column that a name like `AB12` means, both from 0.
fn place(name: &str) -> Option<(u32, u32)> {
    let letters = name.find(|c: char| c.is_ascii_digit())?;
    let row: u32 = name[letters..].parse().ok()?;
    let column = name[..letters].bytes().try_fold(0_u32, |sum, b| {
        let letter = b.is_ascii_uppercase().then(|| u32::from(b - b'A') + 1)?;
        sum.checked_mul(26)?.checked_add(letter)
    })?;
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}

fn scan(text: &str, name: &str) -> Result<Formulas, ImportError> {
    let mut reader = reader(text);
    let (mut found, mut next) = (Formulas::new(), (0_u32, 0_u32));
    let mut cell = None::<Open>;
    // Which part of the cell the text belongs to.
    let mut inside = None::<bool>;
    loop {
        let event = reader.read_event().map_err(unreadable)?;
        match &event {
            Event::Start(e) | Event::Empty(e) => {
                let is_empty = matches!(event, Event::Empty(_));
                match (e.local_name().as_ref(), &mut cell) {
                    ("row", _) => {
                        let row = attribute(e, "r").and_then(|r| r.parse::<u32>().ok());
                        next = (row.map_or(next.0, |r| r.saturating_sub(1)), 0);
                    }
                    ("c", _) => {
                        let at = attribute(e, "r").and_then(|r| place(&r)).unwrap_or(next);
                        next = (at.0, at.1.saturating_add(1));
                        cell = (!is_empty).then(|| Open {
                            at,
                            is_text: attribute(e, "t").as_deref() == Some("str"),
                            ..Open::default()
                        });
                    }
                    ("f", Some(open)) => {
                        open.formula = Some("=".to_owned());
                        inside = (!is_empty).then_some(true);
                    }
                    ("v", Some(open)) => {
                        open.has_value |= open.is_text;
                        inside = (!is_empty).then_some(false);
                    }
                    ("is", Some(open)) => open.has_value = true,
                    _ => {}
                }
            }
            Event::Text(words) => told(words.xml10_content().as_ref(), inside, cell.as_mut()),
            Event::CData(words) => told(words.xml10_content().as_ref(), inside, cell.as_mut()),
            Event::GeneralRef(entity) => {
                let name = entity.xml10_content();
                let known = quick_xml::escape::resolve_predefined_entity(name.as_ref());
                told(known.unwrap_or("?"), inside, cell.as_mut());
            }
            Event::End(e) => match e.local_name().as_ref() {
                "row" => next = (next.0.saturating_add(1), 0),
                "f" | "v" => inside = None,
                "c" => {
                    let open = cell.take().unwrap_or_default();
                    let known = open.has_value || open.at.1 >= MAX_COLUMNS;
                    if let (Some(formula), false) = (open.formula, known) {
                        found.insert(open.at, formula);
                    }
                    if found.len() > MAX_CELLS {
                        return Err(too_many(name));
                    }
                }
                "sheetData" => return Ok(found),
                _ => {}
            },
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// Takes text into the part of the cell it stands in.
fn told(words: &str, inside: Option<bool>, cell: Option<&mut Open>) {
    let Some(open) = cell else { return };
    match (inside, &mut open.formula) {
        (Some(true), Some(formula)) => {
            let room = MOST_CHARS.saturating_sub(formula.chars().count());
            formula.extend(words.chars().take(room));
        }
        (Some(false), _) => open.has_value |= !words.trim().is_empty(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_cells_are_places() {
        assert_eq!(place("A1"), Some((0, 0)));
        assert_eq!(place("AB10"), Some((9, 27)));
        for garbage in [
            "",
            "1",
            "A",
            "A0",
            "a1",
            "AAAAAAAAAAAA1",
            "A99999999999",
            "é1",
        ] {
            assert_eq!(place(garbage), None, "{garbage}");
        }
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(text in "\\PC{0,200}", inner in "[<>/cfv=\"&;a-z0-9 ]{0,80}") {
            let _ = scan(&text, "x");
            let _ = scan(&format!("<sheetData><row><c r=\"A1\">{inner}</c></row></sheetData>"), "x");
        }
    }
}
