//! Calendars and rules of the city on the command line: looked at before, brought in once, followed by open deadlines.

use crate::place::on_both;
use serde_json::json;

const ICS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270101\r\nDTEND;VALUE=DATE:20270104\r\n\
    SUMMARY:元旦（休）\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270109\r\nSUMMARY:元旦（班）\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20271001\r\nDTEND;VALUE=DATE:20271008\r\nSUMMARY:国庆节（休）\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

on_both!(a_calendar_is_looked_at_then_brought_in_once, |place| {
    let file = place.file("2027.ics", ICS);
    let import = ["calendar", "import", file.as_str()];
    let would = place.run(&[&import[..], &["--dry-run"]].concat()).done();
    assert_eq!(would["dry_run"], true);
    assert_eq!(would["years"], json!([2027]));
    // Friday the first; the ninth is a Saturday; of the seven days of October two are a weekend.
    assert_eq!(would["total"], 7, "{would}");
    assert_eq!(would["days"][0]["date"], "2027-01-01");
    assert_eq!(would["days"][0]["becomes"], "");
    assert_eq!(would["days"][1]["becomes"], "08:00-12:00 14:00-18:00");
    assert_eq!(place.count("SELECT count(*) FROM calendars"), 0);
    let done = place.run(&import).done();
    assert_eq!(
        (&done["unchanged"], &done["version"]),
        (&json!(false), &json!("2027-2027"))
    );
    assert_eq!(place.run(&import).done()["unchanged"], true);
    assert_eq!(place.count("SELECT count(*) FROM calendars"), 1);
    let other = place.file("other.ics", ICS.replace("20270109", "20270110"));
    assert_eq!(
        place.run(&["calendar", "import", &other]).error(2)["code"],
        "version_taken"
    );
    let named = [
        "calendar",
        "import",
        other.as_str(),
        "--calendar-version",
        "corrected",
        "--reason",
        "更正",
    ];
    // What an earlier version named stays until it is named otherwise.
    assert_eq!(place.run(&named).done()["total"], 1);
    let hours = place.file(
        "summer.txt",
        "version summer\nvalid 2027-06-01..2027-09-30\nperiods 07:30-13:30\n",
    );
    let local = [
        "calendar",
        "import",
        hours.as_str(),
        "--division",
        "330102000000",
    ];
    assert!(place.run(&local).done()["total"].as_u64().unwrap() > 80);
    for (name, garbage) in [
        ("a.ics", "BEGIN:VCALENDAR"),
        ("b.csv", "date,kind\nx,y\n"),
        ("c.json", "{"),
        ("d.txt", ""),
        ("e.json", r#"{"year":2028,"papers":[],"days":[]}"#),
    ] {
        let file = place.file(name, garbage);
        let refused = place.run(&["calendar", "import", &file]).error(2);
        assert!(!refused["message"].as_str().unwrap().is_empty(), "{name}");
    }
    assert_eq!(
        place.run(&["calendar", "status"]).done()["run"],
        json!(null)
    );
    let run = place.run(&["calendar", "recompute"]).done();
    assert_eq!(
        (&run["run"]["seen"], &run["run"]["failed"]),
        (&json!(0), &json!(0))
    );
    assert!(run["run"]["finished_at"].is_string());
    assert_eq!(place.run(&["calendar", "status"]).done(), run);
});

on_both!(
    rules_of_the_city_are_set_exported_and_brought_in_again,
    |place| {
        let all = place.run(&["settings", "show"]).done();
        assert!(all["rules"].as_array().unwrap().len() > 15);
        let set = |args: &[&str]| {
            place.run(&[&["settings", "set"], args, &["--reason", "红头文件"]].concat())
        };
        let done = set(&["cases.most_extensions", "1"]).done();
        assert_eq!(
            done["rules"][0],
            json!({ "key": "cases.most_extensions", "value": "1", "default": "2" })
        );
        assert_eq!(
            set(&["cases.most_extensions", "99"]).error(2)["code"],
            "bad_value"
        );
        assert_eq!(set(&["cases.never", "1"]).error(2)["code"], "unknown_rule");
        // A channel that is mistyped would never be met.
        let mistyped = set(&["cases.limit_accept", "2工作时; hotlne=1工作时"]).error(2);
        assert_eq!(
            (&mistyped["code"], &mistyped["field"]),
            (&json!("bad_value"), &json!("cases.limit_accept"))
        );
        assert!(mistyped["message"].as_str().unwrap().contains("hotlne"));
        set(&["cases.limit_accept", "1工作时；urgent=1紧急工作时"]).done();
        let out = place.path("rules.json").display().to_string();
        let exported = place.run(&["settings", "export", "--out", &out]).done();
        assert_eq!(exported["rows"], 2);
        set(&["cases.most_extensions"]).done();
        let show = ["settings", "show", "cases.most_extensions"];
        assert_eq!(place.run(&show).done()["rules"][0]["value"], "2");
        let back = place
            .run(&["settings", "import", &out, "--reason", "恢复"])
            .done();
        assert_eq!((&back["read"], &back["changed"]), (&json!(2), &json!(1)));
        assert_eq!(place.run(&show).done()["rules"][0]["value"], "1");
        for garbage in [
            "",
            "[]",
            r#"{"cases.most_extensions":[1]}"#,
            r#"{"cases.most_extensions":"many"}"#,
        ] {
            let file = place.file("bad.json", garbage);
            place
                .run(&["settings", "import", &file, "--reason", "r"])
                .error(2);
        }
        assert_eq!(place.count("SELECT count(*) FROM city_settings"), 4);
    }
);
