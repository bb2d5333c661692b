//! Files that state working days: holiday-cn's JSON and the program's own forms ([`Calendar::parse`]), iCalendar (ICS) and CSV.
//!
//! ICS and CSV only name days. A year counts as known when the file says so (`options.years`) or when it names the National
//! Day of that year as off, which the State Council's notice of a year always does; else its days are local ones. The other
//! forms say themselves which years they know; of a year that is not known yet the same is asked ([`not_announced`]).

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use kernel::Calendar;
use kernel::calendar::{CalendarError, CalendarFlaw, DayKind};
use std::collections::BTreeSet;

/// What a person says about a file.
#[derive(Debug, Clone, Default)]
pub struct FileOptions {
    /// The version under which the calendar is kept; by default the one of the file, else its years.
    pub version: Option<String>,
    /// Years that the file knows whole, besides those it shows to know.
    pub years: Vec<i16>,
    /// Where it comes from.
    pub source: Option<String>,
}

/// Days at most in one event or line: no holiday is longer.
const LONGEST_RUN: i32 = 62;
/// Days at most in one file: forty years of notices.
const MOST_DAYS: usize = 4000;

/// Reads a calendar in any of the forms.
///
/// # Errors
/// [`CalendarError`] names the line or the field, and the reason.
pub fn read(text: &str, options: &FileOptions) -> Result<Calendar, CalendarError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let begins = |word: &str| {
        let head = text.trim_start().get(..word.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    let calendar = if begins("BEGIN:VCALENDAR") {
        of_days(ics(text)?, options)?
    } else if begins("date,") || begins("日期,") {
        of_days(csv_days(text)?, options)?
    } else {
        Calendar::parse(text)?
    };
    Ok(match &options.version {
        Some(version) => calendar.named(version),
        None => calendar,
    })
}

/// The first year that a calendar claims to know although it has no notice of it: nobody knows it already (`is_known`),
/// and its National Day is not named as off. Sources publish an empty file for a year that is not announced yet; taken as a
/// notice, it would make every deadline of that year firm, and wrong.
pub fn not_announced(calendar: &Calendar, is_known: impl Fn(i16) -> bool) -> Option<i16> {
    calendar.years().find(|year| {
        let national = date(*year, 10, 1);
        let names_it = calendar
            .days()
            .any(|(day, kind, _)| day == national && kind == DayKind::Off);
        !names_it && !is_known(*year)
    })
}

type Day = (Date, DayKind, String);

fn of_days(days: Vec<Day>, options: &FileOptions) -> Result<Calendar, CalendarError> {
    if days.is_empty() {
        return Err(refuse(1, CalendarFlaw::NoDays));
    }
    if days.len() > MOST_DAYS {
        return Err(refuse(1, CalendarFlaw::ManyDays(MOST_DAYS)));
    }
    let mut years: BTreeSet<i16> = options.years.iter().copied().collect();
    let national = |day: &&Day| day.1 == DayKind::Off && day.0 == date(day.0.year(), 10, 1);
    years.extend(days.iter().filter(national).map(|day| day.0.year()));
    let years: Vec<i16> = years.into_iter().collect();
    let version = match (&options.version, years.is_empty()) {
        (Some(version), _) => version.clone(),
        (None, false) => String::new(),
        (None, true) => format!("local-{}", days[0].0),
    };
    let source = options.source.as_deref().unwrap_or("file");
    Calendar::from_days(&version, source, &years, days)
}

fn refuse(line: usize, reason: CalendarFlaw) -> CalendarError {
    CalendarError::Line { line, reason }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// 休 or 班, off or work: at the end of a name in brackets, or by itself.
fn kind_of(word: &str) -> Option<DayKind> {
    match word.trim().to_ascii_lowercase().as_str() {
        "off" | "休" | "holiday" | "放假" | "1" | "true" => Some(DayKind::Off),
        "work" | "班" | "workday" | "上班" | "补班" | "调休上班" | "0" | "false" => {
            Some(DayKind::Work)
        }
        _ => None,
    }
}

/// A name and what its end says: `春节（班）` is a working day of 春节. Without such an end the day is off.
fn name_and_kind(summary: &str) -> (String, DayKind) {
    let summary = summary.trim();
    let inner = summary
        .strip_suffix(['）', ')'])
        .and_then(|rest| rest.rsplit_once(['（', '(']));
    match inner {
        Some((name, word)) => match kind_of(word) {
            Some(kind) => (name.trim().to_owned(), kind),
            None => (summary.to_owned(), DayKind::Off),
        },
        None if summary.ends_with("上班") || summary.ends_with("补班") => {
            (summary.to_owned(), DayKind::Work)
        }
        None => (summary.to_owned(), DayKind::Off),
    }
}

/// The lines of a calendar as RFC 5545 folds them: one that begins with a space goes on with the line before.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, before))) => before.push_str(rest),
            _ => lines.push((at + 1, line.to_owned())),
        }
    }
    lines
}

fn ics_date(line: usize, value: &str) -> Result<Date, CalendarError> {
    let day = value.get(..8).unwrap_or_default();
    let wrong = || refuse(line, CalendarFlaw::NoIcsDate(short(value)));
    if !day.bytes().all(|b| b.is_ascii_digit()) || day.len() != 8 {
        return Err(wrong());
    }
    // A time behind the date would make a day of part of one.
    if !matches!(&value[8..], "" | "T000000" | "T000000Z") {
        return Err(refuse(line, CalendarFlaw::HasTime(short(value))));
    }
    format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..])
        .parse()
        .map_err(|_| wrong())
}

#[derive(Default)]
struct Event {
    line: usize,
    from: Option<Date>,
    to: Option<Date>,
    summary: String,
}

/// The days of the VEVENTs of an iCalendar file; their end is the day after.
fn ics(text: &str) -> Result<Vec<Day>, CalendarError> {
    let mut days = Vec::new();
    let mut event: Option<Event> = None;
    let mut is_ended = false;
    for (line, content) in unfolded(text) {
        let Some((name, value)) = content.split_once(':') else {
            continue;
        };
        let name = name.split(';').next().unwrap_or_default().trim();
        match (name.to_ascii_uppercase().as_str(), &mut event) {
            ("BEGIN", _) if value.trim().eq_ignore_ascii_case("VEVENT") => {
                event = Some(Event {
                    line,
                    ..Event::default()
                });
            }
            ("END", Some(_)) if value.trim().eq_ignore_ascii_case("VEVENT") => {
                if let Some(event) = event.take() {
                    push_run(&mut days, event)?;
                }
            }
            ("END", _) if value.trim().eq_ignore_ascii_case("VCALENDAR") => is_ended = true,
            ("DTSTART", Some(event)) => event.from = Some(ics_date(line, value.trim())?),
            ("DTEND", Some(event)) => event.to = Some(ics_date(line, value.trim())?),
            ("SUMMARY", Some(event)) => {
                event.summary = value.replace("\\,", ",").replace("\\n", " ")
            }
            ("RRULE" | "RDATE", Some(_)) => {
                return Err(refuse(line, CalendarFlaw::Repeats));
            }
            _ => {}
        }
    }
    if !is_ended || event.is_some() {
        return Err(refuse(text.lines().count().max(1), CalendarFlaw::CutOff));
    }
    Ok(days)
}

fn push_run(days: &mut Vec<Day>, event: Event) -> Result<(), CalendarError> {
    let from = event
        .from
        .ok_or_else(|| refuse(event.line, CalendarFlaw::NoStart))?;
    let after = match event.to {
        Some(to) if to <= from => {
            return Err(refuse(
                event.line,
                CalendarFlaw::Backward((Some(from), Some(to))),
            ));
        }
        Some(to) => to,
        None => from.saturating_add(1.day()),
    };
    let (name, kind) = name_and_kind(&event.summary);
    let run: Vec<Date> = from
        .series(1.day())
        .take_while(|d| *d < after)
        .take(LONGEST_RUN as usize + 1)
        .collect();
    if run.len() > LONGEST_RUN as usize {
        return Err(refuse(
            event.line,
            CalendarFlaw::Long((Some(from), Some(after)), LONGEST_RUN as usize),
        ));
    }
    days.extend(run.into_iter().map(|d| (d, kind, name.clone())));
    Ok(())
}

/// `date,kind[,name]` with a head; kind is off or work, 休 or 班.
fn csv_days(text: &str) -> Result<Vec<Day>, CalendarError> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let wrong = |e: &csv::Error| {
        let line = e.position().map_or(1, |p| p.line());
        let line = usize::try_from(line).unwrap_or(1);
        refuse(line, CalendarFlaw::Reader(e.to_string()))
    };
    let head = reader.headers().map_err(|e| wrong(&e))?.clone();
    let column = |names: &[&str]| {
        head.iter()
            .position(|h| names.iter().any(|name| h.eq_ignore_ascii_case(name)))
    };
    let missing = |name| refuse(1, CalendarFlaw::NoColumn(name));
    let date_at = column(&["date", "日期"]).ok_or_else(|| missing("date"))?;
    let kind_at = column(&["kind", "类型", "off", "isOffDay"]).ok_or_else(|| missing("kind"))?;
    let name_at = column(&["name", "名称", "节日"]);
    let mut days = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| wrong(&e))?;
        let line = record.position().map_or(1, |p| p.line());
        let line = usize::try_from(line).unwrap_or(1);
        let cell = |at: usize| record.get(at).unwrap_or_default();
        if record.iter().all(str::is_empty) {
            continue;
        }
        let on: Date = cell(date_at)
            .parse()
            .ok()
            .filter(|_| cell(date_at).len() == 10)
            .ok_or_else(|| {
                let text = short(cell(date_at));
                refuse(line, CalendarFlaw::NoDate(text))
            })?;
        let kind = kind_of(cell(kind_at)).ok_or_else(|| {
            let text = short(cell(kind_at));
            refuse(line, CalendarFlaw::UnknownKind(text))
        })?;
        let name = name_at.map(cell).unwrap_or_default().to_owned();
        days.push((on, kind, name));
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reads(text: &str) -> Calendar {
        read(text, &FileOptions::default()).unwrap()
    }
    fn refused(text: &str) -> String {
        read(text, &FileOptions::default()).unwrap_err().to_string()
    }

    /// Days as another form of the same notice states them.
    fn days(calendar: &Calendar) -> Vec<(Date, DayKind, String)> {
        calendar
            .days()
            .map(|(d, kind, name)| (d, kind, name.to_owned()))
            .collect()
    }

    const ICS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:中国法定节假日\r\nBEGIN:VEVENT\r\n\
        DTSTART;VALUE=DATE:20260101\r\nDTEND;VALUE=DATE:20260104\r\nSUMMARY:元旦（休）\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n\
        DTSTART;VALUE=DATE:20260104\r\nDTEND;VALUE=DATE:20260105\r\nSUMMARY:元\r\n 旦（班）\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n\
        DTSTART;VALUE=DATE:20261001\r\nSUMMARY:国庆节（休）\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    #[test]
    fn the_forms_of_a_notice_say_the_same() {
        let ics = reads(ICS);
        let csv = reads(
            "date,kind,name\n2026-01-01,off,元旦\n2026-01-02,休,元旦\n2026-01-03,off,元旦\n2026-01-04,班,元旦\n2026-10-01,off,国庆节\n",
        );
        let json = reads(
            r#"{"year":2026,"days":[{"date":"2026-01-01","isOffDay":true,"name":"元旦"},{"date":"2026-01-02","isOffDay":true,"name":"元旦"},
            {"date":"2026-01-03","isOffDay":true,"name":"元旦"},{"date":"2026-01-04","isOffDay":false,"name":"元旦"},
            {"date":"2026-10-01","isOffDay":true,"name":"国庆节"}]}"#,
        );
        assert_eq!(days(&ics), days(&json));
        assert_eq!(days(&csv), days(&json));
        for calendar in [&ics, &csv, &json] {
            assert!(calendar.is_loaded(2026) && !calendar.is_loaded(2025));
            assert_eq!(calendar.version(), "2026-2026");
        }
    }

    #[test]
    fn a_local_holiday_does_not_make_a_year_known() {
        let local = reads("date,kind,name\n2027-04-15,off,泼水节\n");
        assert!(!local.is_loaded(2027) && !local.is_workday(date(2027, 4, 15)));
        assert_eq!(local.version(), "local-2027-04-15");
        // It keeps its days in the form the store keeps.
        let stored = Calendar::parse(&local.to_text()).unwrap();
        assert_eq!(days(&stored), days(&local));
        let options = FileOptions {
            version: Some("泼水节".into()),
            years: vec![2027],
            source: None,
        };
        let known = read("date,kind\n2027-04-15,off\n", &options).unwrap();
        assert!(known.is_loaded(2027) && known.version() == "泼水节");
    }

    #[test]
    fn a_year_without_its_national_day_is_not_announced() {
        let missing =
            |text: &str, known: &[i16]| not_announced(&reads(text), |y| known.contains(&y));
        let empty = [
            r#"{"year":2027,"papers":[],"days":[]}"#,
            r#"{"years":{"2027":[]}}"#,
            "year 2027\n",
            "year 2027\nperiods 09:00-17:00\n",
            "year 2027\noff 2027-01-01 元旦\n",
            "year 2027\nwork 2027-10-01 国庆节\n",
            "year 2026\noff 2026-10-01 国庆节\nyear 2027\n",
        ];
        for text in empty {
            assert_eq!(missing(text, &[]), Some(2027), "{text}");
            assert_eq!(missing(text, &[2026, 2027]), None, "{text}");
        }
        let announced = [
            "year 2027\noff 2027-10-01..2027-10-07 国庆节\n",
            r#"{"year":2027,"days":[{"date":"2027-10-01","isOffDay":true,"name":"国庆节"}]}"#,
            "local\noff 2027-04-15 泼水节\n",
            "periods 09:00-17:00\n",
        ];
        for text in announced {
            assert_eq!(missing(text, &[]), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where_and_why() {
        assert!(refused("date,kind\n2026-13-01,off\n").contains("line 2"));
        assert!(refused("date,kind\n2026-01-01,maybe\n").contains("off 休 or work 班"));
        assert!(refused("date,name\n2026-01-01,x\n").contains("column kind"));
        assert!(refused("date,kind\n").contains("names no day"));
        assert!(
            refused("date,kind\n2026-01-01,off\n2026-01-01,work\n").contains("both off and work")
        );
        assert!(
            refused(&ICS.replace("DTSTART;VALUE=DATE:20260101", "DTSTART:20260101T083000"))
                .contains("has a time")
        );
        assert!(
            refused(&ICS.replace("SUMMARY:国庆节（休）", "RRULE:FREQ=YEARLY")).contains("repeats")
        );
        assert!(refused(&ICS.replace("END:VCALENDAR\r\n", "")).contains("cut off"));
        assert!(
            refused(&ICS.replace("20260104\r\nSUMMARY:元旦", "20260101\r\nSUMMARY:元旦"))
                .contains("ends before")
        );
        assert!(
            refused(&ICS.replace("DTEND;VALUE=DATE:20260104", "DTEND;VALUE=DATE:20290104"))
                .contains("longer than")
        );
    }

    #[test]
    fn the_published_notices_are_read_from_the_shared_data() {
        const FILE: &str = "data/calendar-cn/holidays-cn-2007-2026.json";
        let Some(path) = testkit::shared::need("the published notices", FILE) else {
            return;
        };
        let text = std::fs::read_to_string(path).unwrap();
        let read = reads(&text);
        assert_eq!(days(&read), days(Calendar::cn()));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(
            text in "\\PC{0,60}",
            lines in "((BEGIN|END|DTSTART|DTEND|SUMMARY|RRULE)[:;=A-Z0-9]{0,20}\r?\n ?){0,8}",
            rows in "([0-9休班off,\"-]{0,14}\n){0,5}",
        ) {
            for text in [text, format!("BEGIN:VCALENDAR\n{lines}END:VCALENDAR"), format!("date,kind,name\n{rows}")] {
                if let Ok(read) = read(&text, &FileOptions::default()) {
                    prop_assert_eq!(days(&Calendar::parse(&read.to_text()).unwrap()), days(&read));
                }
            }
        }
    }
}
