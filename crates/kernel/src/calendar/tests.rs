//! The carried calendar against two sources, and what the readers refuse.

use super::*;
use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;
use std::path::PathBuf;

/// Year, days off and make-up working days as the table of `domain.md` §8.5 writes them.
const TABLE: &[(i16, &str, &str)] = &[
    (
        2018,
        "01-01; 02-15..21; 04-05..07; 04-29..05-01; 06-18; 09-24; 10-01..07",
        "02-11 02-24 04-08 04-28 09-29 09-30",
    ),
    (
        2019,
        "2018-12-30..01-01; 02-04..10; 04-05; 05-01..04; 06-07; 09-13; 10-01..07",
        "2018-12-29 02-02 02-03 04-28 05-05 09-29 10-12",
    ),
    (
        2020,
        "01-01; 01-24..02-02; 04-04..06; 05-01..05; 06-25..27; 10-01..08",
        "01-19 04-26 05-09 06-28 09-27 10-10",
    ),
    (
        2021,
        "01-01..03; 02-11..17; 04-03..05; 05-01..05; 06-12..14; 09-19..21; 10-01..07",
        "02-07 02-20 04-25 05-08 09-18 09-26 10-09",
    ),
    (
        2022,
        "01-01..03; 01-31..02-06; 04-03..05; 04-30..05-04; 06-03..05; 09-10..12; 10-01..07",
        "01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    ),
    (
        2023,
        "2022-12-31..01-02; 01-21..27; 04-05; 04-29..05-03; 06-22..24; 09-29..10-06",
        "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    ),
    (
        2024,
        "01-01; 02-10..17; 04-04..06; 05-01..05; 06-10; 09-15..17; 10-01..07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    (
        2025,
        "01-01; 01-28..02-04; 04-04..06; 05-01..05; 05-31..06-02; 10-01..08",
        "01-26 02-08 04-27 09-28 10-11",
    ),
    (
        2026,
        "01-01..03; 02-15..23; 04-04..06; 05-01..05; 06-19..21; 09-25..27; 10-01..07",
        "01-04 02-14 02-28 05-09 09-20 10-10",
    ),
];

/// `05-04`, `2018-12-30`, or `04` after a `05-…` of the same month.
fn table_date(text: &str, year: i16, month: Option<i8>) -> Date {
    match text.len() {
        2 => date(year, month.unwrap(), text.parse().unwrap()),
        5 => format!("{year}-{text}").parse().unwrap(),
        _ => text.parse().unwrap(),
    }
}

fn table_run(text: &str, year: i16) -> Vec<Date> {
    let (first, last) = text
        .trim()
        .split_once("..")
        .unwrap_or((text.trim(), text.trim()));
    let first = table_date(first, year, None);
    let last = table_date(last, year, Some(first.month()));
    first.series(1.day()).take_while(|d| *d <= last).collect()
}

#[test]
fn the_carried_calendar_is_the_table_of_the_domain() {
    let cn = Calendar::cn();
    for (year, off, work) in TABLE {
        let off: BTreeSet<Date> = off
            .split(';')
            .flat_map(|run| table_run(run, *year))
            .collect();
        let work: BTreeSet<Date> = work
            .split(' ')
            .flat_map(|run| table_run(run, *year))
            .collect();
        // A weekend day that is named normal, or a weekday that is, changes nothing: compare what changes.
        let first = date(*year, 1, 1);
        for day in first.series(1.day()).take_while(|d| d.year() == *year) {
            let weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            // The notice of the year after also names the last days of December.
            let next = TABLE.iter().find(|row| row.0 == year + 1);
            let in_next = |text: &str, parts: char| {
                text.split(parts)
                    .flat_map(|run| table_run(run, year + 1))
                    .any(|d| d == day)
            };
            let off = off.contains(&day) || next.is_some_and(|row| in_next(row.1, ';'));
            let work = work.contains(&day) || next.is_some_and(|row| in_next(row.2, ' '));
            assert_eq!(cn.is_workday(day), work || (weekday && !off), "{day}");
        }
    }
}

#[test]
fn the_carried_calendar_is_the_reference_file() {
    let shared = std::env::var_os("SHIYU_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let file = shared.join("data/calendar-cn/holidays-cn-2007-2026.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!(
            "skipped: the_carried_calendar_is_the_reference_file (no {})",
            file.display()
        );
        return;
    };
    let reference = Calendar::parse(&text).unwrap();
    let cn = Calendar::cn();
    assert!(cn.days().eq(reference.days()));
    assert!(cn.years().eq(reference.years()));
    assert_eq!(cn.source(), reference.source());
    assert_eq!(cn.days().count(), 678);
}

#[test]
fn a_day_of_a_neighbouring_year_loads_no_year() {
    let cn = Calendar::cn();
    assert!(cn.is_loaded(2007) && cn.is_loaded(2026) && !cn.is_loaded(2006) && !cn.is_loaded(2027));
    assert!(cn.is_workday(date(2006, 12, 30))); // a Saturday worked, named by the notice for 2007
    assert!(!cn.is_workday(date(2018, 12, 31)));
    assert!(cn.is_workday(date(2027, 10, 1))); // nobody knows yet: Monday to Friday
    let only = Calendar::parse_text("year 2019\noff 2018-12-30..2019-01-01 元旦").unwrap();
    assert!(!only.is_loaded(2018) && only.is_loaded(2019) && !only.is_workday(date(2018, 12, 31)));
}

#[test]
fn the_text_form_reads_back() {
    assert_eq!(
        Calendar::parse_text(&Calendar::cn().to_text()).unwrap(),
        *Calendar::cn()
    );
    let text = "year 2026\noff 2026-01-01..2026-01-03 元旦\nwork 2026-01-04\nperiods 08:30-12:00 13:00-17:30\n\
                season 11-01..02-28 09:00-12:00 13:00-17:00\n";
    let calendar = Calendar::parse(text).unwrap();
    assert_eq!(Calendar::parse(&calendar.to_text()).unwrap(), calendar);
    assert_eq!(calendar.version(), "2026-2026");
    let hours = |d| {
        calendar
            .periods_on(d)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(hours(date(2026, 1, 4)), "09:00-12:00 13:00-17:00"); // a season that runs over New Year
    assert_eq!(hours(date(2026, 3, 2)), "08:30-12:00 13:00-17:30");
    assert_eq!(hours(date(2026, 1, 1)), "");
}

#[test]
fn both_forms_of_json_are_read() {
    let json = r#"{"source":"s","version":"v","years":{"2026":[{"date":"2026-01-01","off":true,"name":"元旦"}]},
        "periods":["09:00-17:00"],"seasons":[{"from":"06-01","to":"09-30","periods":["07:00-13:00"]}]}"#;
    let calendar = Calendar::parse(json).unwrap();
    assert_eq!((calendar.version(), calendar.source()), ("v", "s"));
    assert_eq!(calendar.periods_on(date(2026, 7, 1))[0].from_min(), 7 * 60);
    let yearly =
        r#"{"year":2026,"papers":[],"days":[{"name":"元旦","date":"2026-01-01","isOffDay":true}]}"#;
    assert!(
        !Calendar::parse(yearly)
            .unwrap()
            .is_workday(date(2026, 1, 1))
    );
}

#[test]
fn a_new_notice_is_laid_over() {
    let regional =
        Calendar::parse("source 广西\nyear 2026\noff 2026-04-20..2026-04-21 三月三").unwrap();
    let both = Calendar::cn().clone().overlaid(&regional, "cn+gx");
    assert!(!both.is_workday(date(2026, 4, 20)) && !both.is_workday(date(2026, 10, 1)));
    assert_eq!(both.version(), "cn+gx");
    assert!(both.source().ends_with("; 广西"));
}

#[test]
fn what_is_no_calendar_is_refused_with_its_place() {
    let refused = |text: &str, message: &str| {
        assert_eq!(
            Calendar::parse(text).unwrap_err().to_string(),
            format!("cannot read calendar, {message}")
        );
    };
    refused(
        "off 2026-01-01",
        "line 1: a day before the first `year` line",
    );
    refused(
        "year 2026\noff 2026-13-01",
        "line 2: \"2026-13-01\" is not a date of the form 2026-01-31",
    );
    refused(
        "year 2026\noff 2026-01-03..2026-01-01",
        "line 2: 2026-01-03..2026-01-01 ends before it begins",
    );
    refused(
        "year 2026\noff 2026-01-01..2026-12-31",
        "line 2: 2026-01-01..2026-12-31 is longer than 62 days",
    );
    refused(
        "year 2026\noff 2024-01-01",
        "line 2: 2024-01-01 does not belong to the notice of 2026",
    );
    refused(
        "year 2026\noff 2026-01-01\nwork 2026-01-01",
        "line 3: 2026-01-01 is named both off and work",
    );
    refused("year 26", "line 1: \"26\" is not a year in 1900..=2200");
    refused("periods", "line 1: no working period");
    refused(
        "periods 08:00-12:00 11:00-13:00",
        "line 1: 08:00-12:00 and 11:00-13:00 overlap",
    );
    refused(
        "periods 12:00-08:00",
        "line 1: \"12:00-08:00\": a working period must end after it begins",
    );
    refused(
        "periods 08:00-24:01",
        "line 1: \"08:00-24:01\": a working period must end by 24:00",
    );
    refused(
        "periods 08:00-12:00\nperiods 09:00-17:00",
        "line 2: line 1 says the usual hours already; hours of a time are a line `hours DATE..DATE`",
    );
    refused(
        "season 06-01..09-30 07:00-13:00\nperiods 08:00-12:00\nversion a\nperiods 09:00-17:00",
        "line 4: line 2 says the usual hours already; hours of a time are a line `hours DATE..DATE`",
    );
    refused(
        "valid 2026-06-01..2026-09-30\nperiods 08:00-12:00\nperiods 09:00-17:00",
        "line 3: line 2 says the usual hours already; hours of a time are a line `hours DATE..DATE`",
    );
    refused(
        r#"{"years":{"2026":[]},"periods":["08:00-12:00"],"hours":[{"periods":["09:00-17:00"]}]}"#,
        "hours[0].periods: the usual hours are said already; hours of a time need `from` or `to`",
    );
    refused(
        "periods 8-12",
        "line 1: \"8-12\" is not of the form 08:00-12:00",
    );
    refused(
        "season 06-31..07-01 08:00-12:00",
        "line 1: \"06-31\" is not of the form 06-01",
    );
    refused("holiday 2026-01-01", "line 1: unknown word \"holiday\"");
    refused(
        "{}",
        "years: missing: a calendar needs years, or a year and its days",
    );
    refused(
        r#"{"years":{"x":[]}}"#,
        "years: \"x\" is not a year in 1900..=2200",
    );
    refused(
        r#"{"years":{"2026":[{"date":"1.1.","off":true}]}}"#,
        "years.2026[0].date: \"1.1.\" is not a date of the form 2026-01-31",
    );
    refused(
        r#"{"years":{"2026":[]},"seasons":[{"from":"1","to":"2","periods":[]}]}"#,
        "seasons[0]: \"1\" is not of the form 06-01",
    );
    let message = Calendar::parse("{\"years\":3}").unwrap_err().to_string();
    assert!(
        message.starts_with("cannot read calendar, json: ") && message.contains("line 1"),
        "{message}"
    );
}

proptest! {
    #[test]
    fn garbage_never_panics(text in "\\PC{0,80}", words in "((year|off|work|periods|season|hours|valid|local|version) [0-9:. -]{0,36}\n){0,5}", json in "[{}\\[\\]\":,a-z0-9]{0,60}") {
        for text in [text, words, format!("{{{json}")] {
            if let Ok(calendar) = Calendar::parse(&text) {
                prop_assert!(!calendar.periods_on(date(2026, 3, 2)).is_empty() || !calendar.is_workday(date(2026, 3, 2)));
            }
        }
    }
}

#[test]
fn hours_between_two_days_stand_over_the_usual_ones_and_seasons_belong_to_the_hours_before_them() {
    let text = "year 2026\nperiods 09:00-17:00\nseason 11-01..02-28 10:00-16:00\nhours 2026-06-01..2026-09-30 07:30-13:30\n\
                season 07-01..07-31 06:00-12:00\nhours 2026-12-24..2026-12-24 09:00-12:00\n";
    let calendar = Calendar::parse_text(text).unwrap();
    let hours = |m, d| calendar.periods_on(date(2026, m, d))[0].to_string();
    assert_eq!(hours(3, 2), "09:00-17:00");
    assert_eq!(hours(11, 2), "10:00-16:00");
    assert_eq!(hours(6, 1), "07:30-13:30");
    assert_eq!(hours(7, 1), "06:00-12:00");
    assert_eq!(hours(12, 24), "09:00-12:00");
    assert_eq!(Calendar::parse_text(&calendar.to_text()).unwrap(), calendar);
    let json = r#"{"version":"s","valid_from":"2026-06-01","hours":[{"to":"2026-09-30","periods":["07:30-13:30"]}],
        "local":[{"date":"2026-06-05","off":true,"name":"龙舟"}]}"#;
    let layer = Calendar::parse(json).unwrap();
    let both = calendar.clone().overlaid(&layer, "both");
    assert!(!both.is_workday(date(2026, 6, 5)) && layer.local_days().count() == 1);
    assert_eq!(
        both.periods_on(date(2026, 7, 1))[0].to_string(),
        "07:30-13:30"
    );
    assert_eq!(Calendar::parse(&layer.to_text()).unwrap(), layer);
    // Hours for always take the place of all before them.
    let always = Calendar::parse_text("version a\nperiods 08:00-16:00\n").unwrap();
    let all = both.overlaid(&always, "all");
    assert_eq!(
        all.periods_on(date(2026, 7, 1))[0].to_string(),
        "08:00-16:00"
    );
}

#[test]
fn a_validity_bounds_hours_and_refuses_days_outside() {
    let text = "version v\nvalid 2026-06-01..2026-09-30\nperiods 07:30-13:30\n";
    let calendar = Calendar::parse_text(text).unwrap();
    assert_eq!(calendar.periods_on(date(2026, 6, 1)).len(), 1);
    assert_eq!(calendar.periods_on(date(2026, 10, 12)).len(), 2);
    for (wrong, why) in [
        (
            "valid 2026-06-01..2026-09-30\nlocal\noff 2026-10-01\n",
            "outside the validity",
        ),
        ("valid 2026-09-30..2026-06-01\n", "ends before it begins"),
        ("valid ..\n", "not of the form"),
        (
            "local\noff 2026-10-01\nvalid 2026-01-01..\n",
            "stands before days",
        ),
        ("hours 2026-10-01 08:00-12:00\n", "not of the form"),
        (
            "hours 2026-10-02..2026-10-01 08:00-12:00\n",
            "ends before it begins",
        ),
    ] {
        let found = Calendar::parse_text(wrong).unwrap_err().to_string();
        assert!(found.contains(why), "{wrong}: {found}");
    }
}

#[test]
fn a_calendar_kept_with_two_lines_of_usual_hours_reads_as_it_did() {
    let kept = "source x\nversion v\nperiods 08:00-12:00\nperiods 09:00-17:00\nyear 2026\n";
    let calendar = Calendar::parse_kept(kept).unwrap();
    let monday = date(2026, 3, 2);
    assert_eq!(calendar.periods_on(monday)[0].to_string(), "09:00-17:00");
    assert_eq!(calendar.to_text(), kept);
    assert!(Calendar::parse(kept).is_err());
}
