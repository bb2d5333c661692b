//! Reading one record: what it says, or why it is rejected. Pure.

use crate::import::map::{FIELDS, ImportMap, Places};
use crate::import::times::Written;
use crate::model::ImportStatus;
use grid::Why;
use grid::report::Reject;
use jiff::Timestamp;
use kernel::geo::{self, Crs, Point};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The longest id of a row.
const MAX_ID: usize = 200;

/// The most characters of an address.
const MAX_ADDRESS: usize = 500;

/// What a record says, before its place, unit and class are looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedRow {
    /// The row's own id.
    pub id: String,
    /// When it was reported.
    pub reported_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// When it was due.
    pub due_at: Option<Timestamp>,
    /// Where it stands.
    pub status: ImportStatus,
    /// The class in the source's words; empty when not said.
    pub matter: String,
    /// The unit in the source's words.
    pub unit: String,
    /// The channel in the source's words.
    pub channel: String,
    /// The words, with phone and ID numbers and mail addresses masked.
    pub description: String,
    /// The address, masked likewise.
    pub address: String,
    /// The point in WGS 84.
    pub point: Option<Point>,
    /// The point as written, when in another system.
    pub given: Option<(Crs, f64, f64)>,
    /// What was odd and was kept.
    pub notes: Vec<String>,
    /// A digest of the mapped columns: what "the same content" compares.
    pub content: [u8; 16],
}

/// A digest of the mapped columns.
pub fn content(places: &Places, record: &[String]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for text in places.content(record) {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest[..16]
        .try_into()
        .expect("sixteen of thirty-two bytes")
}

/// Reads a record.
///
/// # Errors
/// A [`Reject`] naming the field, its value and the reason.
pub fn read(
    map: &ImportMap,
    places: &Places,
    line: u64,
    record: &[String],
) -> Result<ParsedRow, Reject> {
    if record.len() != places.width {
        let reason = format!(
            "the row has {} fields, the header {}",
            record.len(),
            places.width
        );
        let why = Why::new("fields", reason)
            .with("found", record.len())
            .with("header", places.width);
        return Err(Reject::new(line, "row", "", why));
    }
    let text = |field| places.text(field, record);
    let id = text("id");
    if id.is_empty() {
        return Err(Reject::new(
            line,
            "id",
            "",
            Why::new("no_id", "the row has no id"),
        ));
    }
    if id.chars().count() > MAX_ID {
        return Err(Reject::new(line, "id", id, Why::too_long(MAX_ID)));
    }
    // PostgreSQL holds no such character; dropped, two ids could become one.
    if let Some(field) = FIELDS.iter().find(|field| text(field).contains('\0')) {
        return Err(Reject::new(
            line,
            field,
            "",
            Why::new("nul", "the value has a NUL character"),
        ));
    }
    for field in ["id", "matter", "unit", "channel"] {
        // The value itself is not repeated: it would carry the number into the rejects file.
        grid::guard::check_text(text(field)).map_err(|e| Reject::new(line, field, "", e))?;
    }
    let time = |field: &'static str| read_time(map, line, field, text(field));
    let reported = time("reported_at")?.ok_or_else(|| {
        Reject::new(
            line,
            "reported_at",
            text("reported_at"),
            Why::new(
                "no_report_time",
                "the row does not say when it was reported",
            ),
        )
    })?;
    let reported_at = moment(map, line, "reported_at", text("reported_at"), &reported)?;
    let ended = time("closed_at")?;
    let closed_at = ended
        .map(|w| end_moment(map, line, text("closed_at"), &w, reported_at))
        .transpose()?;
    let due = time("due_at")?;
    let due_at = due
        .map(|w| moment(map, line, "due_at", text("due_at"), &w))
        .transpose()?;
    let status = match &map.status {
        Some(table) => *table.get(text("status")).ok_or_else(|| {
            let known: Vec<&str> = table.keys().map(String::as_str).collect();
            Reject::new(
                line,
                "status",
                text("status"),
                Why::new(
                    "unknown_status",
                    format!("not in the map's table of states: {}", known.join(", ")),
                )
                .with("known", known.join(", ")),
            )
        })?,
        None if closed_at.is_some() => ImportStatus::Closed,
        None => ImportStatus::Open,
    };
    let mut notes = Vec::new();
    if due_at.is_some_and(|due| due < reported_at) {
        notes.push("due_before_report".to_owned());
    }
    // The state wins over an end time on a row that is still open.
    let kept_end = match (status, closed_at) {
        (ImportStatus::Open, Some(end)) => {
            notes.push(format!("end_on_open_row={end}"));
            None
        }
        (ImportStatus::Closed, None) => {
            notes.push("unknown_end".to_owned());
            None
        }
        (_, end) => end,
    };
    let (point, given) = match read_point(map, text("lat"), text("lon")) {
        Ok(found) => found,
        Err(note) => {
            notes.push(note);
            (None, None)
        }
    };
    let (description, address) = (masked(text("description")), masked(text("address")));
    Ok(ParsedRow {
        id: id.to_owned(),
        reported_at,
        closed_at: kept_end,
        due_at,
        status,
        matter: text("matter").to_owned(),
        unit: text("unit").to_owned(),
        channel: text("channel").to_owned(),
        description: head(&description, crate::rules::MAX_TEXT),
        address: head(&address, MAX_ADDRESS),
        point,
        given,
        notes,
        content: content(places, record),
    })
}

/// The text with phone and ID numbers and mail addresses masked. A text with fewer digits than a number, and without the mark of
/// an address, passes untouched.
fn masked(text: &str) -> Cow<'_, str> {
    const FEWEST: usize = 7;
    let has_number = || {
        let mut digits = text.chars().filter(|c| c.is_numeric());
        digits.nth(FEWEST - 1).is_some()
    };
    if !text.contains(['@', '＠']) && !has_number() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(kernel::mask::mask_free_text(text, &[]).0)
}

/// The first `most` characters.
fn head(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

fn read_time(
    map: &ImportMap,
    line: u64,
    field: &'static str,
    text: &str,
) -> Result<Option<Written>, Reject> {
    if text.is_empty() {
        return Ok(None);
    }
    let written = map.formats.read(text).ok_or_else(|| {
        let why = Why::new("no_time", "no time format of the map reads this");
        Reject::new(line, field, text, why)
    })?;
    Ok(Some(written).filter(|w| !map.missing_times.contains(&w.wall(&map.timezone))))
}

fn moment(
    map: &ImportMap,
    line: u64,
    field: &'static str,
    text: &str,
    written: &Written,
) -> Result<Timestamp, Reject> {
    written.moment(&map.timezone).ok_or_else(|| {
        let why = Why::new("time_range", "outside the range of time");
        Reject::new(line, field, text, why)
    })
}

/// An end that falls before the beginning only because its local time is doubled takes the later reading.
fn end_moment(
    map: &ImportMap,
    line: u64,
    text: &str,
    written: &Written,
    start: Timestamp,
) -> Result<Timestamp, Reject> {
    let end = moment(map, line, "closed_at", text, written)?;
    if end >= start {
        return Ok(end);
    }
    match written.later(&map.timezone) {
        Some(later) if later >= start => Ok(later),
        _ => Err(Reject::new(
            line,
            "closed_at",
            text,
            Why::new("backward", "it ends before it begins"),
        )),
    }
}

type Where = (Option<Point>, Option<(Crs, f64, f64)>);

/// The point, if there is one; what cannot be read as a point is noted, never a reason to reject.
fn read_point(map: &ImportMap, lat: &str, lon: &str) -> Result<Where, String> {
    if lat.is_empty() || lon.is_empty() {
        return Ok((None, None));
    }
    let (Ok(y), Ok(x)) = (lat.parse::<f64>(), lon.parse::<f64>()) else {
        return Err("unreadable_point".to_owned());
    };
    if map.missing_points.contains(&[y, x]) {
        return Ok((None, None));
    }
    let point = Point::new(x, y).map_err(|_| "impossible_point".to_owned())?;
    let given = (!matches!(map.crs, Crs::Wgs84 | Crs::Cgcs2000)).then_some((map.crs, x, y));
    Ok((Some(geo::to_wgs84(point, map.crs)), given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAP: &str = r#"
        source = "t"
        timezone = "America/New_York"
        [columns]
        id = "id"
        reported_at = "from"
        closed_at = "to"
        due_at = "due"
        status = "status"
        lat = "lat"
        lon = "lon"
        [time]
        formats = ["%Y-%m-%d %H:%M"]
        [status]
        "Done" = "closed"
        "Open" = "open"
        [missing]
        time = ["1900-01-01"]
        point = [[0.0, 0.0]]
    "#;
    const HEADER: [&str; 7] = ["id", "from", "to", "due", "status", "lat", "lon"];

    fn parse(fields: [&str; 7]) -> Result<ParsedRow, Reject> {
        let map = ImportMap::parse(MAP).unwrap();
        let places = map.places(&HEADER.map(str::to_owned)).unwrap();
        read(&map, &places, 2, &fields.map(str::to_owned))
    }
    fn field(fields: [&str; 7]) -> String {
        parse(fields).unwrap_err().field
    }
    const GOOD: [&str; 7] = [
        "1",
        "2024-05-01 10:00",
        "2024-05-02 10:00",
        "",
        "Done",
        "40.7",
        "-73.9",
    ];

    #[test]
    fn what_cannot_be_read_is_rejected_by_its_field() {
        parse(GOOD).unwrap();
        let with = |n: usize, text: &'static str| {
            let mut fields = GOOD;
            fields[n] = text;
            field(fields)
        };
        assert_eq!(with(0, ""), "id");
        assert_eq!(with(1, ""), "reported_at");
        assert_eq!(with(1, "1900-01-01 00:00"), "reported_at");
        assert_eq!(with(1, "soon"), "reported_at");
        assert_eq!(with(2, "later"), "closed_at");
        assert_eq!(with(2, "2024-04-30 10:00"), "closed_at");
        assert_eq!(with(3, "whenever"), "due_at");
        assert_eq!(with(4, "Perhaps"), "status");
        assert_eq!(with(0, "11010519491231002X"), "id");
        assert_eq!(with(0, "1\0"), "id");
        assert_eq!(with(5, "40\0"), "lat");
    }

    #[test]
    fn a_missing_end_is_not_known_and_an_open_row_stays_open() {
        let row = parse([
            "1",
            "2024-05-01 10:00",
            "1900-01-01 00:00",
            "",
            "Done",
            "",
            "",
        ])
        .unwrap();
        assert_eq!(
            (row.closed_at, row.notes),
            (None, vec!["unknown_end".to_owned()])
        );
        let row = parse([
            "1",
            "2024-05-01 10:00",
            "2024-05-02 10:00",
            "",
            "Open",
            "",
            "",
        ])
        .unwrap();
        assert_eq!((row.status, row.closed_at), (ImportStatus::Open, None));
        assert!(row.notes[0].starts_with("end_on_open_row="));
    }

    #[test]
    fn a_due_time_before_the_report_is_kept_and_flagged() {
        let row = parse([
            "1",
            "2024-05-01 10:00",
            "",
            "2024-04-01 10:00",
            "Open",
            "",
            "",
        ])
        .unwrap();
        assert!(row.due_at.is_some());
        assert_eq!(row.notes, ["due_before_report"]);
    }

    #[test]
    fn a_doubled_end_is_read_so_that_it_does_not_precede_the_start() {
        // 01:50 (first time round) to 01:10 (second time round) on the night the clocks go back.
        let row = parse([
            "1",
            "2024-11-03 01:50",
            "2024-11-03 01:10",
            "",
            "Done",
            "",
            "",
        ])
        .unwrap();
        assert_eq!(row.closed_at.unwrap().to_string(), "2024-11-03T06:10:00Z");
    }

    #[test]
    fn numbers_of_people_are_masked() {
        for text in [
            "call 13800138000",
            "ID 11010519491231002X",
            "电话１３８００１３８０００",
            "86-13800138000",
            "0571-87654321",
            "write to li@city.example",
            "邮箱li＠city.example",
        ] {
            assert_eq!(masked(text), kernel::mask::mask_free_text(text, &[]).0);
            assert_ne!(masked(text), text);
        }
        for text in ["", "12 Main St, 60601", "延安路 1 号", "meet @ noon"] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn a_point_that_is_none_never_rejects() {
        for (lat, lon) in [
            ("", "-73"),
            ("0.0", "0"),
            ("abc", "1"),
            ("95", "10"),
            ("NaN", "1"),
        ] {
            let row = parse(["1", "2024-05-01 10:00", "", "", "Open", lat, lon]).unwrap();
            assert_eq!(row.point, None, "{lat} {lon}");
        }
    }

    proptest! {
        #[test]
        fn no_record_makes_it_panic(fields in proptest::array::uniform7("\\PC{0,24}")) {
            let map = ImportMap::parse(MAP).unwrap();
            let places = map.places(&HEADER.map(str::to_owned)).unwrap();
            let _ = read(&map, &places, 1, &fields);
        }
    }
}
