//! The figures of a running program: kept up while it serves, made anew, and compared with the record.

use crate::place::{Place, on_both};
use crate::serving::Serving;
use std::time::{Duration, Instant};

const MAP: &str = "source = \"test\"\ntimezone = \"Asia/Shanghai\"\ncrs = \"wgs84\"\ndistrict = \"990001\"\n\
    [columns]\nid = \"id\"\nreported_at = \"at\"\nclosed_at = \"end\"\nmatter = \"class\"\n\
    [time]\nformats = [\"%Y-%m-%d %H:%M\"]\n";

fn rows(from: u32, to: u32) -> String {
    let mut text = "id,at,end,class\n".to_owned();
    for n in from..to {
        let (month, day) = (n % 12 + 1, n % 28 + 1);
        let end = if n % 3 == 0 {
            String::new()
        } else {
            format!("2024-{month:02}-{day:02} 23:30")
        };
        text.push_str(&format!(
            "{n},2024-{month:02}-{day:02} 08:15,{end},class {}\n",
            n % 7
        ));
    }
    text
}

fn import(place: &Place, from: u32, to: u32) {
    let map = place.file("map.toml", MAP);
    let file = place.file("rows.csv", rows(from, to));
    let done = place.run(&["import", "cases", &file, "--map", &map]).done();
    assert_eq!(done["imported"], to - from);
}

const REPORTED: &str =
    "SELECT coalesce(CAST(sum(reported) AS BIGINT), 0) FROM facts_rollups WHERE cube = 1";

const BEHIND: &str =
    "SELECT count(*) FROM outbox_readers WHERE seq < (SELECT max(seq) FROM outbox)";

on_both!(figures_are_kept_up_while_serving, |place| {
    let mut serving = Serving::start(place);
    import(place, 0, 1200);
    let began = Instant::now();
    while place.count(REPORTED) < 1200 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the figures do not follow"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    // While it serves: compared with a fresh count, and made anew.
    let checked = place.run(&["facts", "rebuild", "--check"]).done();
    assert_eq!(
        (checked["cases"].as_i64(), checked["differences"].as_i64()),
        (Some(1200), Some(0)),
        "{checked}"
    );
    let rebuilt = place.run(&["facts", "rebuild"]).done();
    assert_eq!(rebuilt["cases"], 1200);
    assert_eq!(place.count(REPORTED), 1200);
    // A killed program leaves figures that the next one brings up to date.
    serving.kill();
    import(place, 1200, 1500);
    assert_eq!(place.count(REPORTED), 1200);
    let checked = place.run(&["facts", "rebuild", "--check"]).done();
    assert_eq!(checked["cases"], 1500);
    assert_eq!(place.count(REPORTED), 1500);
    // What every reader has read is not kept, and every reader comes to its end once the program serves again.
    let _serving = Serving::start(place);
    let began = Instant::now();
    while place.count("SELECT count(*) FROM outbox") >= 3 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} readers are behind, and the outbox is kept for them",
            place.count(BEHIND)
        );
        std::thread::sleep(Duration::from_millis(100));
    }
});

on_both!(wrong_figures_are_told_and_mended, |place| {
    import(place, 0, 50);
    place.run(&["facts", "rebuild"]).done();
    let ctx = place.program().system(access::SystemRole::Operator);
    ctx.write_blocking::<_, store::StoreError, _>(|mut w| {
        w.derive(
            "UPDATE facts_rollups SET closed = closed + 1 WHERE cube = 4",
            &[],
        )?;
        w.unchanged(())
    })
    .unwrap();
    let error = place.run(&["facts", "rebuild", "--check"]).error(1);
    assert_eq!(error["code"], "figures_differ");
    assert!(error["message"].as_str().unwrap().contains("facts_rollups"));
    place.run(&["facts", "rebuild"]).done();
    place.run(&["facts", "rebuild", "--check"]).done();
});

/// Counts until so many cases are counted. On PostgreSQL nothing is counted past the oldest transaction that is open on the
/// server, and other tests have theirs open on the same one.
fn counted(place: &Place, cases: i64) {
    let program = place.program();
    let ctx = program.system(access::SystemRole::Operator);
    let source = cases::facts::CaseFacts::source(program.config.timezone.clone());
    let began = Instant::now();
    loop {
        facts::catch_up(&ctx.renewed(), &source).unwrap();
        if place.count(REPORTED) == cases {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "not all are counted"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

on_both!(figures_are_asked_for_by_sql, |place| {
    import(place, 0, 600);
    counted(place, 600);
    let sql = "SELECT sum(reported) AS n, count(*) AS days FROM v_days";
    let answer = place.run(&["facts", "query", sql]).done();
    assert_eq!(
        answer["columns"],
        serde_json::json!(["n", "days"]),
        "{answer}"
    );
    // 600 cases on 84 days: none has as many as ten, so all are hidden, and their number is not.
    assert_eq!(answer["rows"], serde_json::json!([[null, 84]]), "{answer}");
    let sql = "SELECT month, reported FROM v_months ORDER BY month";
    let answer = place.run(&["facts", "query", sql]).done();
    assert_eq!(
        answer["rows"][0],
        serde_json::json!(["2024-01-01", 50]),
        "{answer}"
    );
    for wrong in [
        "SELECT * FROM cases",
        "SELECT nothing FROM v_days",
        "DROP TABLE cases",
        "",
    ] {
        let error = place.run(&["facts", "query", wrong]).error(2);
        assert_eq!(
            (&error["code"], &error["field"]),
            (&"unusable_query".into(), &"sql".into()),
            "{wrong}"
        );
    }
    assert_eq!(
        place.count("SELECT count(*) FROM audit WHERE action = 'facts.query'"),
        6
    );
});

on_both!(an_answer_is_written_to_a_file, |place| {
    import(place, 0, 600);
    counted(place, 600);
    let sql = "SELECT month, reported FROM v_months ORDER BY month";
    let out = place.path("months.csv").display().to_string();
    let query = ["facts", "query", sql, "--csv"];
    assert_eq!(place.run(&query).error(2)["field"], "out");
    for csv in [&["--csv"][..], &[][..]] {
        let args = [&query[..3], csv, &["--out", out.as_str()]].concat();
        let done = place.run(&args).done();
        assert_eq!(
            (&done["file"], &done["rows"]),
            (&out.as_str().into(), &12.into()),
            "{done}"
        );
        let text = std::fs::read_to_string(&out).unwrap();
        assert_eq!(text.lines().count(), 13);
        assert!(text.starts_with("month,reported\r\n2024-01-01,"));
    }
});

#[test]
fn what_is_sensitive_or_not_classed_yet_is_exported_by_street() {
    let place = Place::sqlite();
    place.run(&["init", "--sample"]).done();
    let out = place.path("facts.parquet").display().to_string();
    let done = place
        .run(&["export", "facts", "--format", "parquet", "--out", &out])
        .done();
    let unclassed = place.count("SELECT count(*) FROM cases WHERE matter_id IS NULL");
    let confidential = place.count(
        "SELECT count(*) FROM cases WHERE matter_id IN (SELECT id FROM matter_classes WHERE confidential = 1)",
    );
    let by_street = done["by_street"].as_i64().unwrap();
    assert!(
        unclassed > 0 && by_street > unclassed + confidential,
        "{done}: {unclassed} {confidential}"
    );
    assert!(by_street < done["rows"].as_i64().unwrap() / 2, "{done}");
}

on_both!(what_cases_count_as_is_exported_without_people, |place| {
    import(place, 0, 600);
    counted(place, 600);
    let out = place.path("facts.parquet").display().to_string();
    let export = |out: &str| place.run(&["export", "facts", "--format", "parquet", "--out", out]);
    let done = export(&out).done();
    assert_eq!(
        (done["rows"].as_i64(), done["file"].as_str()),
        (Some(600), Some(out.as_str()))
    );
    assert_eq!(
        done["by_street"], 600,
        "of classes that an import brought nobody knows yet what they speak of"
    );
    let file = std::fs::read(&out).unwrap();
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    let has = |word: &str| file.windows(word.len()).any(|w| w == word.as_bytes());
    for there in [
        "reported_day",
        "matter_name",
        "close_s",
        "990001",
        "class 3",
        "pending_accept",
    ] {
        assert!(has(there), "{there}");
    }
    for gone in [
        "case_id",
        "number",
        "description",
        "reporter",
        "subject",
        "990001-2024",
    ] {
        assert!(!has(gone), "{gone}");
    }
    assert_eq!(export("/nowhere/x.parquet").error(2)["field"], "out");
    assert_eq!(
        place.count("SELECT count(*) FROM audit WHERE action = 'facts.export'"),
        1
    );
});
