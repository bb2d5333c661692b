//! The contract of the command line: one JSON object, the shape of errors, exit codes, and what commands answer.

use crate::place::{Place, on_both};
use serde_json::Value;

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap_or_else(|| panic!("not an object: {value}"))
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

const MAP: &str = "source = 't'\ntimezone = 'Asia/Shanghai'\n[columns]\nid = 'id'\nreported_at = 'at'\nclosed_at = 'end'\n\
    due_at = 'due'\nmatter = 'kind'\nunit = 'unit'\nchannel = 'via'\n[time]\nformats = ['%Y-%m-%d %H:%M']\n";
const ROWS: &str = "id,at,end,due,kind,unit,via\n\
    1,2026-03-02 09:00,2026-03-03 10:00,2026-03-04 10:00,井盖,水务,热线\n\
    2,2026-03-02 09:30,2026-03-05 10:00,2026-03-04 10:00,井盖,水务,热线\n\
    3,2026-03-02 10:00,,,垃圾,环卫,网上\n";

fn fill(place: &Place) {
    let map = place.file("map.toml", MAP);
    let file = place.file("rows.csv", ROWS);
    let done = place.run(&["import", "cases", &file, "--map", &map]).done();
    assert_eq!(done["imported"], 3, "{done}");
}

on_both!(an_evaluation_has_the_shape_of_the_contract, |place| {
    fill(place);
    let period = ["evaluate", "--from", "2026-03-01", "--to", "2026-03-31"];
    for (by, rows) in [
        ("city", 1),
        ("division", 1),
        ("unit", 2),
        ("matter", 2),
        ("channel", 2),
    ] {
        let found = place.run(&[&period[..], &["--by", by]].concat()).done();
        assert_eq!(keys(&found), ["rows"]);
        assert_eq!(
            found["rows"].as_array().unwrap().len(),
            rows,
            "{by}: {found}"
        );
        for row in found["rows"].as_array().unwrap() {
            assert_eq!(keys(row), ["counts", "key", "name", "rates"]);
            for count in [
                "reported",
                "accepted",
                "registered",
                "dispatched",
                "due_closing",
                "closed",
                "closed_on_time",
                "reworked",
                "extended",
            ] {
                assert!(row["counts"][count].is_u64(), "{by} {count}: {row}");
            }
            assert_eq!(
                keys(&row["rates"]),
                [
                    "closing",
                    "closing_on_time",
                    "dispatch",
                    "extension",
                    "registration",
                    "rework"
                ]
            );
            for (name, rate) in row["rates"].as_object().unwrap() {
                assert_eq!(
                    keys(rate),
                    ["definition", "denominator", "numerator", "value"]
                );
                let (n, d) = (
                    rate["numerator"].as_f64().unwrap(),
                    rate["denominator"].as_f64().unwrap(),
                );
                let value = rate["value"].as_f64();
                assert_eq!(value, (d != 0.0).then(|| n / d), "{name}: {rate}");
                assert!(rate["definition"].as_str().unwrap().starts_with(name));
            }
        }
    }
    let city = place.run(&period).done()["rows"][0]["counts"].clone();
    assert_eq!(
        (&city["reported"], &city["closed"], &city["closed_on_time"]),
        (&3.into(), &2.into(), &1.into()),
        "{city}"
    );
    for (args, field) in [
        (
            ["evaluate", "--from", "2026-03-32", "--to", "2026-03-31"],
            "from",
        ),
        (["evaluate", "--from", "2026-03-01", "--to", "soon"], "to"),
        (
            ["evaluate", "--from", "2026-03-02", "--to", "2026-03-01"],
            "to",
        ),
    ] {
        assert_eq!(place.run(&args).error(2)["field"], field, "{args:?}");
    }
    assert_eq!(
        place
            .run(&[&period[..], &["--by", "person"]].concat())
            .error(2)["field"],
        "by"
    );
});

on_both!(cases_are_listed_and_shown_as_the_contract_says, |place| {
    fill(place);
    let first = place.run(&["case", "list", "--limit", "2"]).done();
    assert_eq!(keys(&first), ["cases", "next"]);
    assert_eq!(first["cases"].as_array().unwrap().len(), 2);
    let next = first["next"].as_str().unwrap();
    let rest = place
        .run(&["case", "list", "--limit", "2", "--after", next])
        .done();
    assert_eq!(
        (rest["cases"].as_array().unwrap().len(), &rest["next"]),
        (1, &Value::Null)
    );
    let open = place.run(&["case", "list", "--state", "open"]).done();
    assert_eq!(open["cases"].as_array().unwrap().len(), 1, "{open}");
    let elsewhere = place.run(&["case", "list", "--district", "330102"]).done();
    assert_eq!(elsewhere["cases"].as_array().unwrap().len(), 0);

    let number = open["cases"][0]["number"].as_str().unwrap();
    let shown = place.run(&["case", "show", number]).done();
    assert_eq!(keys(&shown), ["case", "events"]);
    assert_eq!(shown["case"]["number"], number);
    assert_eq!(shown["events"].as_array().unwrap().len(), 1);
    assert_eq!(shown["events"][0]["event"], "imported", "{shown}");
    assert_eq!(shown["case"]["reported_at"], "2026-03-02T10:00:00+08:00");

    let absent = place
        .run(&["case", "show", "990001-20260302-09999"])
        .error(1);
    assert_eq!(absent["code"], "not_found");
    for (args, field) in [
        (vec!["case", "show", "x"], "number"),
        (vec!["case", "list", "--state", "opened"], "state"),
        (vec!["case", "list", "--district", "33"], "district"),
        (vec!["case", "list", "--limit", "0"], "limit"),
        (vec!["case", "list", "--after", "?"], "after"),
    ] {
        assert_eq!(place.run(&args).error(2)["field"], field, "{args:?}");
    }
});

fn refuses_without_tables(place: &Place) {
    let map = place.file("map.toml", MAP);
    let file = place.file("rows.csv", ROWS);
    for args in [
        vec!["replay"],
        vec!["case", "list"],
        vec!["case", "show", "990001-20260302-00001"],
        vec!["evaluate", "--from", "2026-03-01", "--to", "2026-03-02"],
        vec!["import", "cases", &file, "--map", &map],
        vec!["user", "list"],
        vec!["serve", "--addr", "127.0.0.1:0"],
    ] {
        let error = place.run(&args).error(2);
        assert!(
            error["message"].as_str().unwrap().contains("shiyu init"),
            "{args:?}: {error}"
        );
    }
}

#[test]
fn without_tables_every_command_names_init_on_sqlite() {
    let place = Place::sqlite();
    refuses_without_tables(&place);
    assert!(
        !place.path("shiyu.db").exists(),
        "a refused command made a database"
    );
}

#[test]
fn without_tables_every_command_names_init_on_postgres() {
    if let Some(place) = Place::postgres("without_tables_every_command_names_init_on_postgres") {
        refuses_without_tables(&place);
    }
}

on_both!(init_may_be_run_again, |place| {
    let again = place.run(&["init"]).done();
    assert_eq!(again["applied"], Value::Array(Vec::new()));
    fill(place);
    let sample = place.run(&["init", "--sample"]).error(2);
    assert_eq!(
        (&sample["code"], place.check_record()),
        (&"not_empty".into(), 3)
    );
});

/// The worked examples of the domain facts, §8.5, and one of a year that is not loaded.
#[test]
fn deadlines_come_out_as_worked_by_hand() {
    let place = Place::sqlite();
    for (start, limit, due, provisional) in [
        (
            "2026-02-13T17:00",
            "4工作时",
            "2026-02-14T11:00:00+08:00",
            false,
        ),
        (
            "2026-09-30T15:00",
            "2工作日",
            "2026-10-09T15:00:00+08:00",
            false,
        ),
        (
            "2026-10-01T03:00",
            "2紧急工作时",
            "2026-10-01T05:00:00+08:00",
            false,
        ),
        (
            "2026-06-21T10:00",
            "4工作时",
            "2026-06-22T12:00:00+08:00",
            false,
        ),
        (
            "2026-10-01T03:00:00+08:00",
            "1紧急工作日",
            "2026-10-02T03:00:00+08:00",
            false,
        ),
        (
            "2026-10-01T03:00",
            "7CD",
            "2026-10-08T03:00:00+08:00",
            false,
        ),
        ("2031-03-03T10:00", "2WD", "2031-03-05T10:00:00+08:00", true),
    ] {
        let found = place
            .run(&["deadline", "--start", start, "--limit", limit])
            .done();
        assert_eq!(keys(&found), ["due", "provisional"]);
        assert_eq!(
            (&found["due"], &found["provisional"]),
            (&due.into(), &provisional.into()),
            "{start} {limit}"
        );
    }
    for (start, limit, field) in [
        ("2026-10-01T03:00", "2天", "limit"),
        ("2026-10-01T03:00", "4小时", "limit"),
        ("2026-10-01T03:00", "soon", "limit"),
        ("2026-10-01", "2WD", "start"),
        ("2026-13-01T00:00", "2WD", "start"),
    ] {
        let error = place
            .run(&["deadline", "--start", start, "--limit", limit])
            .error(2);
        assert_eq!(error["field"], field, "{start} {limit}");
    }
    let bare = place.run(&[
        "deadline",
        "--start",
        "2026-10-01T03:00",
        "--limit",
        "2天",
        "--bare-days",
        "cd",
    ]);
    assert_eq!(bare.done()["due"], "2026-10-03T03:00:00+08:00");
    assert!(!place.path("shiyu.db").exists(), "deadline made a database");
}

#[test]
fn arguments_nobody_understands_end_with_two() {
    let place = Place::sqlite();
    for args in [
        vec![],
        vec!["nonsense"],
        vec!["replay", "--colour"],
        vec!["evaluate"],
        vec!["import", "cases"],
        vec!["deadline", "--start"],
        vec!["case", "show"],
        vec!["\u{1}"],
    ] {
        let answer = place.run(&args);
        assert_eq!(answer.code, Some(2), "{args:?}: {answer:?}");
        assert_eq!(answer.error(2)["code"], "usage", "{args:?}");
    }
}

#[test]
fn a_negative_number_is_told_by_its_option() {
    let place = Place::sqlite();
    for (args, field) in [
        (&["warn", "run", "--seed", "-1"][..], "seed"),
        (&["forecast", "x.csv", "--horizon", "-1"][..], "horizon"),
        (
            &["detect", "x.csv", "--method", "farrington", "--b", "-1"][..],
            "b",
        ),
    ] {
        assert_eq!(place.run(args).error(2)["field"], field, "{args:?}");
    }
}

#[test]
fn a_closed_account_gets_no_token() {
    let place = Place::sqlite().ready();
    let add = ["user", "add", "li", "--name", "Li", "--role", "acceptor"];
    place.run(&add).done();
    let token = ["user", "token", "li", "--name", "desk"];
    place.run(&["user", "close", "li"]).done();
    assert_eq!(place.run(&token).error(2)["code"], "account_closed");
    place.run(&["user", "open", "li"]).done();
    place.run(&token).done();
}

#[test]
fn what_is_no_backup_ends_with_two_and_makes_nothing() {
    let place = Place::sqlite();
    std::fs::create_dir(place.path("empty")).unwrap();
    place.file("file", "x");
    for dir in ["none", "empty", "file"] {
        let error = place.run(&["restore", dir]).error(2);
        assert_eq!(error["field"], "dir", "{dir}: {error}");
    }
    assert!(!place.path("shiyu.db").exists());
}

#[test]
fn a_configuration_nobody_can_use_ends_with_two_and_names_its_key() {
    let place = Place::sqlite();
    for (text, field) in [
        ("colour = 'red'", "config"),
        ("timezone = 'Mars'", "timezone"),
        ("district = '33'", "district"),
        ("= =", "config"),
    ] {
        place.file("shiyu.toml", text);
        assert_eq!(place.run(&["replay"]).error(2)["field"], field, "{text}");
    }
    place.file("shiyu.toml", "");
    for url in [
        "mysql://x",
        "sqlite:",
        "nothing",
        "postgres://shiyu@127.0.0.1:1/none",
    ] {
        let error = place.run(&["replay", "--db", url]).error(2);
        assert_eq!(error["field"], "db", "{url}: {error}");
    }
}

#[test]
fn a_document_with_json_needs_a_file_and_tells_its_rows() {
    let place = Place::sqlite();
    assert_eq!(place.run(&["openapi"]).error(2)["field"], "out");
    let out = place.path("api.json").display().to_string();
    let done = place.run(&["openapi", "--out", &out]).done();
    assert_eq!(keys(&done), ["file", "rows"]);
    let document: Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(
        done["rows"].as_u64().unwrap() as usize,
        document["paths"].as_object().unwrap().len()
    );
    let folder = place.path("none/api.json").display().to_string();
    assert_eq!(
        place.run(&["openapi", "--out", &folder]).error(2)["field"],
        "out"
    );
}

#[test]
fn without_json_people_read_text_and_failures_go_to_stderr() {
    let place = Place::sqlite();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_shiyu"));
    command
        .current_dir(place.path("."))
        .args(["replay", "--db", "sqlite:none.db"]);
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("shiyu init"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let place = Place::sqlite();
    for (args, code) in [
        (&["--help"][..], 0),
        (&["import", "--help"], 0),
        (&["--version"], 0),
        (
            &["deadline", "--start", "2026-03-02T09:00", "--limit", "4WH"],
            0,
        ),
        (&["no-such-command"], 2),
        (&["deadline", "--start", "never", "--limit", "4WH"], 2),
    ] {
        for shuts_err in [false, true] {
            let closed = || {
                let (reader, writer) = std::io::pipe().unwrap();
                drop(reader);
                writer
            };
            let mut command = place.command(args);
            command.stdout(closed());
            if shuts_err {
                command.stderr(closed());
            }
            let ended = command.output().unwrap();
            assert_eq!(ended.status.code(), Some(code), "{args:?}: {ended:?}");
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(!said.contains("panicked"), "{args:?}: {said}");
        }
    }
}

#[test]
fn a_reorganisation_is_refused_in_the_language_of_the_command_line() {
    let place = Place::sqlite().ready();
    let file = place.file("order.csv", "from,to\nNOBODY,NONE\n");
    let order = [
        "units",
        "reorganise",
        &file,
        "--on",
        "2099-01-01",
        "--dry-run",
    ];
    let answer = place.run(&[&order[..], &["--lang", "zh-CN"]].concat());
    assert!(
        answer.stderr.contains("第 2 行：没有单位使用编码“NONE”。"),
        "{answer:?}"
    );
    let error = answer.error(2);
    assert_eq!(
        error["message"],
        "to: line 2: no unit has the code \"NONE\""
    );
    let bad = place.file("bad.csv", "from,to,division\nA,B,33x\n");
    let order = [
        "units",
        "reorganise",
        &bad,
        "--on",
        "2099-01-01",
        "--lang",
        "zh-CN",
    ];
    let answer = place.run(&order);
    assert!(
        answer
            .stderr
            .contains("第 2 行：区划：编码的位数或数字不对"),
        "{answer:?}"
    );
}
