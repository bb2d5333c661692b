//! Faults of an import, seen from outside: killed half-way, run twice at once, files that cannot be used.

use crate::place::{Place, on_both};
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

pub const MAP: &str = "source = 't'\ntimezone = 'Asia/Shanghai'\n[columns]\nid = 'id'\nreported_at = 'at'\nclosed_at = 'end'\n\
    matter = 'kind'\ndescription = 'words'\nlat = 'lat'\nlon = 'lon'\n[time]\nformats = ['%Y-%m-%d %H:%M']\n";

/// Rows of one spring with three classes; every third is still open.
pub fn many(rows: u32) -> String {
    let mut text = "id,at,end,kind,words,lat,lon\n".to_owned();
    for n in 0..rows {
        let (month, day, hour) = (1 + n % 5, 1 + n % 28, n % 24);
        let end = if n % 3 == 0 {
            String::new()
        } else {
            format!("2026-{month:02}-{:02} 23:59", day.max(2))
        };
        let kind = ["井盖", "垃圾", "路灯"][n as usize % 3];
        let at = format!("2026-{month:02}-{day:02} {hour:02}:30");
        let _ = writeln!(
            text,
            "r{n},{at},{end},{kind},第 {n} 件,30.{:05},120.{:05}",
            n % 30_000,
            n % 30_000
        );
    }
    text
}

fn import<'a>(file: &'a str, map: &'a str) -> [&'a str; 5] {
    ["import", "cases", file, "--map", map]
}

/// Waits until the import has written something; answers how many cases there are.
fn wait_for_cases(place: &Place, least: i64) -> i64 {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let cases = place.count("SELECT count(*) FROM cases");
        if cases >= least {
            return cases;
        }
        assert!(
            Instant::now() < end,
            "the import wrote only {cases} cases in a minute"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

on_both!(killed_half_way_it_goes_on_when_run_again, |place| {
    const ROWS: u32 = 20_000;
    let (file, map) = (
        place.file("many.csv", many(ROWS)),
        place.file("map.toml", MAP),
    );
    let args = import(&file, &map);
    let mut before = 0;
    for least in [1, 2_000] {
        let mut child = place
            .command(&args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for_cases(place, before + least);
        // SIGKILL: no handler runs, no buffer is flushed.
        child.kill().unwrap();
        child.wait().unwrap();
        before = place.count("SELECT count(*) FROM cases");
        assert!(
            before < i64::from(ROWS),
            "the import was done before it could be killed"
        );
        assert_eq!(i64::try_from(place.check_record()).unwrap(), before);
        assert_eq!(place.count("SELECT count(*) FROM import_keys"), before);
    }
    let done = place.run(&args).done();
    assert_eq!(
        (done["read"].as_u64(), done["unchanged"].as_i64()),
        (Some(u64::from(ROWS)), Some(before)),
        "{done}"
    );
    assert_eq!(
        done["imported"].as_i64(),
        Some(i64::from(ROWS) - before),
        "{done}"
    );
    assert_eq!(place.check_record(), u64::from(ROWS));
    let numbers = "SELECT count(*) - count(DISTINCT number) FROM cases";
    assert_eq!(place.count(numbers), 0, "two cases have one number");
    // Run once more, it finds nothing left to do.
    let again = place.run(&args).done();
    assert_eq!(
        (&again["imported"], &again["unchanged"]),
        (&0.into(), &ROWS.into())
    );
});

on_both!(
    two_imports_of_one_file_at_once_make_each_case_once,
    |place| {
        const ROWS: u32 = 6_000;
        let (file, map) = (
            place.file("many.csv", many(ROWS)),
            place.file("map.toml", MAP),
        );
        let args = import(&file, &map);
        let start = || {
            place
                .command(&args)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let both = [start(), start()].map(|child| child.wait_with_output().unwrap());
        let mut imported = 0;
        for output in &both {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{said}{complaint}");
            let done: serde_json::Value = serde_json::from_str(&said).unwrap();
            assert_eq!(
                done["imported"].as_u64().unwrap() + done["unchanged"].as_u64().unwrap(),
                u64::from(ROWS),
                "{done}"
            );
            imported += done["imported"].as_u64().unwrap();
        }
        assert_eq!(
            (imported, place.check_record()),
            (u64::from(ROWS), u64::from(ROWS))
        );
    }
);

on_both!(a_file_or_map_that_cannot_be_used_writes_nothing, |place| {
    let good = "id,at,end,kind,words,lat,lon\n1,2026-03-02 09:00,,井盖,x,,\n";
    let map = place.file("map.toml", MAP);
    let long = format!(
        "id,at,end,kind,words,lat,lon\n1,2026-03-02 09:00,,\"{}",
        "x".repeat(9_000_000)
    );
    // The fault stands behind thousands of good rows: whatever is written early would be seen.
    let mut late = many(3_000).into_bytes();
    late.extend_from_slice(b"r9,2026-03-02 09:00,,\xb5\xc4,x,,\n");
    let late_quote = format!(
        "{}r9,2026-03-02 09:00,,\"{}",
        many(3_000),
        "x".repeat(2_000_000)
    );
    for (name, content, field, line) in [
        (
            "gbk",
            b"id,at,end,kind,words,lat,lon\n1,2026-03-02 09:00,,\xbe\xae\xb8\xc7,x,,\n".to_vec(),
            None,
            Some(2),
        ),
        ("late", late, None, Some(3_002)),
        ("utf16", b"\xff\xfei\0d\0".to_vec(), None, Some(1)),
        ("empty", Vec::new(), None, None),
        (
            "other columns",
            b"number,at\n1,2026-03-02 09:00\n".to_vec(),
            Some("columns.closed_at"),
            None,
        ),
        (
            "twice",
            b"id,at,end,kind,words,lat,lon,id\n".to_vec(),
            Some("columns.id"),
            None,
        ),
        ("no end of quote", long.into_bytes(), None, Some(2)),
        ("late quote", late_quote.into_bytes(), None, Some(3_002)),
        (
            "a refused column",
            good.replace("words", "words,信用分").into_bytes(),
            Some("信用分"),
            None,
        ),
    ] {
        let file = place.file("file.csv", &content);
        let error = place.run(&import(&file, &map)).error(2);
        if let Some(field) = field {
            assert_eq!(error["field"], field, "{name}: {error}");
        }
        if let Some(line) = line {
            assert_eq!(error["line"], line, "{name}: {error}");
        }
    }
    let file = place.file("good.csv", good);
    for (from, to, field) in [
        ("id = 'id'", "", "columns.id"),
        ("Asia/Shanghai", "Mars/Olympus", "timezone"),
        ("%Y-%m-%d %H:%M", "%Q", "time.formats"),
        ("'kind'", "'信用分'", "columns.matter"),
        ("[time]", "[tim]", ""),
    ] {
        let map = place.file("bad.toml", MAP.replace(from, to));
        let error = place.run(&import(&file, &map)).error(2);
        assert!(field.is_empty() || error["field"] == field, "{to}: {error}");
    }
    assert_eq!(
        place.run(&import("none.csv", &map)).error(2)["field"],
        "file"
    );
    assert_eq!(
        place.run(&import(&file, "none.toml")).error(2)["field"],
        "map"
    );
    let rejects = [&import(&file, &map)[..], &["--rejects", "none/rejects.csv"]].concat();
    assert_eq!(place.run(&rejects).error(2)["field"], "rejects");
    // A list of rejects is never written over what is read.
    for read in [&file, &map] {
        let before = std::fs::read(place.path(read)).unwrap();
        let rejects = [&import(&file, &map)[..], &["--rejects", read]].concat();
        assert_eq!(place.run(&rejects).error(2)["field"], "rejects");
        assert_eq!(std::fs::read(place.path(read)).unwrap(), before);
    }
    for table in [
        "SELECT count(*) FROM cases",
        "SELECT count(*) FROM import_runs",
        "SELECT count(*) FROM import_keys",
        "SELECT count(*) FROM matter_classes",
        "SELECT count(*) FROM outbox",
    ] {
        assert_eq!(place.count(table), 0, "{table}");
    }
    assert_eq!(place.run(&import(&file, &map)).done()["imported"], 1);
});

#[test]
fn the_list_of_rejects_gives_its_reasons_in_the_language_of_the_command_line() {
    let place = Place::sqlite().ready();
    let map = place.file("map.toml", MAP);
    let rows = "id,at,end,kind,words,lat,lon\n,2026-03-02 09:00,,井盖,,,\n2,soon,,井盖,,,\n";
    let file = place.file("rows.csv", rows);
    let reasons = |lang: &[&str]| {
        let list = [&["--rejects", "rejects.csv"][..], lang].concat();
        let done = place
            .run(&[&import(&file, &map)[..], &list].concat())
            .done();
        assert_eq!(done["rejected"], 2, "{done}");
        std::fs::read_to_string(place.path("rejects.csv")).unwrap()
    };
    assert_eq!(
        reasons(&["--lang", "zh-CN"]),
        "line,id,field,value,reason\n2,,id,,没有编号\n3,2,reported_at,soon,对照表里没有能读懂它的时间格式\n"
    );
    assert_eq!(
        reasons(&["--lang", "en"]),
        "line,id,field,value,reason\n2,,id,,the row has no id\n3,2,reported_at,soon,no time format of the map reads this\n"
    );
    // What is wrong inside the map is told in the language as well, and to programs as ever.
    let bad = place.file("bad.toml", MAP.replace("Asia/Shanghai", "Mars/Olympus"));
    let answer = place.run(&[&import(&file, &bad)[..], &["--lang", "zh-CN"]].concat());
    assert!(
        answer
            .stderr
            .contains("对照表的“timezone”：没有“Mars/Olympus”这个时区"),
        "{}",
        answer.stderr
    );
    assert_eq!(answer.error(2)["field"], "timezone");
}
