//! The 74,401 records of Chicago through the program, against a count made here by other code.

use crate::place::{Answer, Place, example_map, on_both};
use flate2::read::GzDecoder;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;

const FILES: &str = "data/service-requests";

fn unpacked(test: &str, name: &str) -> Option<Vec<u8>> {
    let path = testkit::shared::need(test, format!("{FILES}/{name}.csv.gz"))?;
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    Some(bytes)
}

/// Cuts a file into records, knowing nothing but commas, quotation marks and line ends.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut record, mut field, mut is_quoted) = (vec![], vec![], String::new(), false);
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(std::mem::take(&mut field)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                record.push(std::mem::take(&mut field));
                all.push(std::mem::take(&mut record));
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        all.push(record);
    }
    all
}

/// Days since 1 January 1970 of a date written as 2012-03-01, by counting years and months.
fn day_number(date: &str) -> i64 {
    let mut parts = date.split('-').map(|p| p.parse::<i64>().unwrap());
    let (year, month, day) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    let is_leap = |y: i64| y % 4 == 0 && y % 100 != 0 || y % 400 == 0;
    let years: i64 = (1970..year)
        .map(|y| if is_leap(y) { 366 } else { 365 })
        .sum();
    let february = if is_leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    years + lengths.iter().take(month as usize - 1).sum::<i64>() + day - 1
}

#[derive(Debug, Default, PartialEq)]
struct Counted {
    states: BTreeMap<String, i64>,
    /// Days of handling → how many completed rows, duplicates included.
    days: BTreeMap<i64, i64>,
    standing: i64,
    repeated: i64,
    contradicting: i64,
    without_point: i64,
}

/// What the file says by itself: the first row of an id stands.
fn counted(text: &str) -> Counted {
    let records = records(text);
    let place = |name: &str| records[0].iter().position(|h| h == name).unwrap();
    let mapped = [
        "Service_Request_Number",
        "Creation_Date",
        "Completion_Date",
        "Status",
        "Type_of_Service_Request",
        "What_is_the_Nature_of_this_Code_Violation",
        "Street_Address",
        "Latitude",
        "Longitude",
    ]
    .map(place);
    let [id, created, completed, status, .., lat, _] = mapped;
    let mut first: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut found = Counted::default();
    for row in &records[1..] {
        let content: Vec<&str> = mapped.iter().map(|n| row[*n].trim()).collect();
        if let Some(stands) = first.get(row[id].trim()) {
            if *stands == content {
                found.repeated += 1;
            } else {
                found.contradicting += 1;
            }
            continue;
        }
        first.insert(row[id].trim(), content);
        found.standing += 1;
        let state = match row[status].as_str() {
            "Completed" => "closed",
            "Open" => "pending_accept",
            "Completed - Dup" | "Open - Dup" => "merged",
            other => panic!("status {other:?}"),
        };
        *found.states.entry(state.to_owned()).or_default() += 1;
        if row[status].starts_with("Completed") && !row[completed].trim().is_empty() {
            let days = day_number(row[completed].trim()) - day_number(row[created].trim());
            *found.days.entry(days).or_default() += 1;
        }
        if row[lat].trim().is_empty() {
            found.without_point += 1;
        }
    }
    found
}

fn median(days: &BTreeMap<i64, i64>) -> i64 {
    let half = days.values().sum::<i64>() / 2;
    let mut seen = 0;
    for (day, rows) in days {
        seen += rows;
        if seen > half {
            return *day;
        }
    }
    panic!("no days")
}

/// What the record says: states, and days between two midnights of Chicago (which summer time shifts by an hour).
fn stored(place: &Place) -> Counted {
    let ctx = place.program().system(access::SystemRole::Operator);
    let rows = ctx
        .read_blocking::<_, store::StoreError, _>(|r| {
            r.all::<(String, i64, Option<i64>, Option<f64>)>(
                "SELECT state, reported_at, closed_at, lat FROM cases",
                &[],
            )
        })
        .unwrap();
    let mut found = Counted::default();
    for (state, reported, closed, lat) in rows {
        found.standing += 1;
        *found.states.entry(state).or_default() += 1;
        if let Some(closed) = closed {
            let hours = (closed - reported) / 3_600_000_000;
            *found.days.entry((hours + 12) / 24).or_default() += 1;
        }
        found.without_point += i64::from(lat.is_none());
    }
    found
}

fn import(place: &Place, file: &str, map: &str, more: &[&str]) -> Answer {
    let map = example_map(map);
    let args = [&["import", "cases", file, "--map", map.as_str()], more].concat();
    place.run(&args)
}

#[test]
fn the_small_parts_of_the_independent_count_are_right() {
    assert_eq!(day_number("1970-01-01"), 0);
    assert_eq!(day_number("2012-03-01") - day_number("2012-02-28"), 2);
    assert_eq!(day_number("2000-03-01") - day_number("1999-03-01"), 366);
    assert_eq!(
        records("a,\"b\"\"\nc\"\r\n1,2"),
        [["a", "b\"\nc"], ["1", "2"]]
    );
    assert_eq!(median(&BTreeMap::from([(1, 2), (3, 1), (9, 2)])), 3);
}

on_both!(chicago_is_imported_as_an_independent_count_says, |place| {
    let Some(bytes) = unpacked("chicago", "chicago_sanitation_2000-2014") else {
        return;
    };
    let says = counted(std::str::from_utf8(&bytes).unwrap());
    let file = place.file("chicago.csv", &bytes);
    let rejects = place.path("rejects.csv").display().to_string();
    let more = ["--draw-grid", "500", "--rejects", rejects.as_str()];
    let first = import(place, &file, "chicago-sanitation.toml", &more).done();
    for (key, count) in [
        ("read", 74_401),
        ("imported", 74_026),
        ("unchanged", 3),
        ("updated", 0),
        ("rejected", 372),
        ("placed", 74_002),
        ("unplaced", 24),
    ] {
        assert_eq!(first[key], count, "{key}: {first}");
    }
    assert!(first["seconds"].as_f64().unwrap() > 0.0);
    let rejected = std::fs::read_to_string(&rejects).unwrap();
    assert!(rejected.starts_with("line,id,field,value,reason\n"));
    assert_eq!(records(&rejected).len(), 1 + 372);
    assert_eq!(
        (says.standing, says.repeated, says.contradicting),
        (74_026, 3, 372)
    );
    let record = stored(place);
    assert_eq!(record.states, says.states);
    assert_eq!(
        record.states,
        BTreeMap::from([
            ("closed".into(), 70_192),
            ("merged".into(), 3_633),
            ("pending_accept".into(), 201)
        ])
    );
    assert_eq!((record.standing, record.without_point), (74_026, 24));
    assert_eq!(says.without_point, 24);
    assert_eq!(record.days, says.days);
    assert_eq!((median(&record.days), median(&says.days)), (3, 3));
    assert_eq!(place.check_record(), 74_026);

    let again = import(place, &file, "chicago-sanitation.toml", &more).done();
    for (key, count) in [
        ("imported", 0),
        ("unchanged", 74_029),
        ("updated", 0),
        ("rejected", 372),
    ] {
        assert_eq!(again[key], count, "{key}: {again}");
    }
    assert_eq!(std::fs::read_to_string(&rejects).unwrap(), rejected);
    assert_eq!(
        place.count("SELECT count(*) FROM case_events"),
        74_026,
        "the second run changed something"
    );
    let closed = place
        .run(&["evaluate", "--from", "2000-01-01", "--to", "2020-12-31"])
        .done();
    assert_eq!(closed["rows"][0]["counts"]["reported"], 74_026);
    assert_eq!(closed["rows"][0]["counts"]["closed"], 70_192);
});

/// The file, its map, its rows.
const NEW_YORK: [(&str, &str, u64); 5] = [
    ("nyc_animal_quality_2010s", "nyc-animal-quality.toml", 5_895),
    ("nyc_animal_abuse_2025", "nyc-animal-abuse.toml", 4_969),
    ("nyc_all_2024-04-16", "nyc-2024-04.toml", 1_000),
    ("nyc_all_2024-05-27", "nyc-2024-05.toml", 1_000),
    ("nyc_all_2025-06-12", "nyc-2025-06.toml", 1_091),
];

on_both!(the_files_of_new_york_are_imported, |place| {
    let mut imported = 0;
    for (name, map, rows) in NEW_YORK {
        let Some(bytes) = unpacked("new_york", name) else {
            return;
        };
        let text = std::str::from_utf8(&bytes).unwrap();
        assert_eq!(records(text).len() as u64 - 1, rows, "{name}");
        let file = place.file("nyc.csv", &bytes);
        let done = import(place, &file, map, &["--draw-grid", "500"]).done();
        let number = |key: &str| done[key].as_u64().unwrap();
        assert_eq!(number("read"), rows, "{name}: {done}");
        assert_eq!(
            number("imported") + number("unchanged") + number("updated") + number("rejected"),
            rows,
            "{name}: {done}"
        );
        assert_eq!(
            number("placed") + number("unplaced"),
            number("imported") + number("updated"),
            "{name}: {done}"
        );
        // Ids are unique in these files: whatever is not a case was refused for what it says.
        assert_eq!(number("unchanged"), 0, "{name}: {done}");
        assert!(number("imported") * 100 >= rows * 97, "{name}: {done}");
        imported += number("imported");
        let again = import(place, &file, map, &["--draw-grid", "500"]).done();
        assert_eq!(
            (&again["imported"], &again["updated"], &again["rejected"]),
            (&json!(0), &json!(0), &done["rejected"]),
            "{name}: {again}"
        );
    }
    assert_eq!(place.check_record(), imported);
});
