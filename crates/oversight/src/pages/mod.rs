//! The auditor's pages and calls.

pub(crate) mod sample;
pub(crate) mod special;
#[cfg(test)]
mod tests;
pub(crate) mod trail;

use access::{Fault, Fields};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use kernel::sheet::guarded;
use ui::Ui;

/// The first moment of a local day.
fn begin(ui: &Ui, day: Date) -> Result<Timestamp, Fault> {
    let zoned = day.to_zoned(ui.site.time_zone.clone());
    zoned.map(|z| z.timestamp()).map_err(|e| {
        Fault::invalid("from", "access.invalid_field", e.to_string()).arg("field", "from")
    })
}

/// A period of local days; the last one is included.
fn period(ui: &Ui, fields: &Fields) -> Result<(Option<Timestamp>, Option<Timestamp>), Fault> {
    let from = fields.read::<Date>("from")?;
    let to = fields.read::<Date>("to")?;
    Ok((
        from.map(|day| begin(ui, day)).transpose()?,
        to.map(|day| begin(ui, day.saturating_add(1.day())))
            .transpose()?,
    ))
}

/// The media type of the files.
const CSV: &str = "text/csv; charset=utf-8";

/// A CSV file of these lines; a cell that a spreadsheet would take for a formula is kept from being one.
fn csv<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory cannot fail, and every row has as many cells as the head.
    let _ = writer.write_record(head);
    for row in rows {
        let _ = writer.write_record(row.iter().map(|cell| guarded(cell).into_owned()));
    }
    writer.into_inner().unwrap_or_default()
}
