//! What a command says of a sheet, a calendar, a month and its bulletin, the API says too: the same words on the same input.

use crate::place::Place;
use crate::serving::{Serving, ask, token};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const SHEET: &str = "kind,major,minor,name_zh,rule_no,condition,limit,closing,code\n\
    component,01,01,上水井盖,1,缺失,4WH,更换,C0101\n\
    component,01,02,污水井盖,1,破损,2天,更换,C0102\n";
/// A calendar of a place that no notice knows.
const CALENDAR: &str = "date,kind,name\n2031-07-03,off,高温\n2031-07-05,work,补班\n";

/// Sends a form with one file; answers status and JSON.
fn send(
    addr: SocketAddr,
    path: &str,
    token: &str,
    file: (&str, &str),
    fields: &[(&str, &str)],
) -> (u16, Value) {
    let mut form = String::new();
    for (name, value) in fields {
        form.push_str(&format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    let (name, content) = file;
    form.push_str(&format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--b--\r\n"
    ));
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer {token}\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        form.len()
    );
    let (status, _, body) = exchange(addr, &(head + &form));
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// One request; answers status, head and body.
fn exchange(addr: SocketAddr, request: &str) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let at = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&all[..at]).to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, all[at + 4..].to_vec())
}

#[test]
fn the_api_checks_a_sheet_and_brings_in_a_calendar_as_the_commands_do() {
    let place = Place::sqlite().ready();
    let admin = token(&place, "admin", "system_admin");
    let clerk = token(&place, "clerk", "acceptor");
    let serving = Serving::start(&place);
    let addr = serving.addr;

    let sheet = place.file("sheet.csv", SHEET);
    for options in [vec![], vec![("bare_days", "wd")]] {
        let mut args = vec!["matters", "check", sheet.as_str()];
        if !options.is_empty() {
            args.extend(["--bare-days", "wd"]);
        }
        let said = place.run(&args).done();
        let file = ("sheet.csv", SHEET);
        let (status, answer) = send(addr, "/api/v1/matters/check", &admin, file, &options);
        assert_eq!((status, &answer), (200, &said));
        assert_eq!(answer["rejected"], u64::from(options.is_empty()));
    }
    let wrong = [("bare_days", "wh")];
    let (status, answer) = send(
        addr,
        "/api/v1/matters/check",
        &admin,
        ("sheet.csv", SHEET),
        &wrong,
    );
    assert_eq!((status, &answer["field"]), (422, &json!("bare_days")));
    let (status, answer) = send(
        addr,
        "/api/v1/matters/check",
        &admin,
        ("x.csv", "\u{0}"),
        &[],
    );
    assert_eq!(
        (status, &answer["code"]),
        (422, &json!("grid.unusable_file"))
    );

    let calendar = place.file("heat.csv", CALENDAR);
    let file = ("heat.csv", CALENDAR);
    let said = place
        .run(&["calendar", "import", &calendar, "--dry-run"])
        .done();
    let looked = send(addr, "/api/v1/calendar", &admin, file, &[("dry_run", "1")]);
    assert_eq!(looked, (200, said));
    assert_eq!(looked.1["total"], 2);
    let year = "/api/v1/calendar?year=2031";
    let (_, before) = ask(addr, "GET", year, &clerk, &Value::Null).unwrap();
    assert_eq!(before["versions"], json!([]), "a look changes nothing");
    let (status, done) = send(
        addr,
        "/api/v1/calendar",
        &admin,
        file,
        &[("reason", "高温")],
    );
    assert_eq!((status, &done["dry_run"]), (200, &json!(false)));
    let (_, after) = ask(addr, "GET", year, &clerk, &Value::Null).unwrap();
    assert_eq!(after["versions"][0]["reason"], "高温");
    assert_eq!(after["version"], done["version"]);
    let day = after["days"].as_array().unwrap();
    let day = day.iter().find(|d| d["date"] == "2031-07-03").unwrap();
    assert_eq!(
        (&day["is_worked"], &day["name"]),
        (&json!(false), &json!("高温"))
    );
    let (status, again) = send(addr, "/api/v1/calendar", &admin, file, &[]);
    assert_eq!((status, &again["unchanged"]), (200, &json!(true)));
    let (status, _) = send(addr, "/api/v1/calendar", &clerk, file, &[]);
    assert_eq!(status, 403);
}

#[test]
fn an_import_of_the_api_is_looked_at_before_it_is_carried_out() {
    let place = Place::sqlite().ready();
    let admin = token(&place, "admin", "system_admin");
    let serving = Serving::start(&place);
    let addr = serving.addr;
    let units = ("units.csv", "code,name,kind\nWATER,水务局,政府\nX,,政府\n");
    let (status, import) = send(addr, "/api/v1/imports", &admin, units, &[("kind", "units")]);
    assert_eq!(status, 201, "{import}");
    let sums = |import: &Value| {
        ["read", "imported", "rejected"].map(|name| import[name].as_u64().unwrap())
    };
    assert_eq!(
        (&import["state"], sums(&import)),
        (&json!("ready"), [2, 1, 1])
    );
    assert_eq!(import["rejects"][0]["line"], 3);
    assert_eq!(place.count("SELECT count(*) FROM units"), 0);
    let path = format!("/api/v1/imports/{}", import["id"].as_str().unwrap());
    let (status, begun) =
        ask(addr, "POST", &format!("{path}/confirm"), &admin, &json!({})).unwrap();
    assert_eq!((status, &begun["state"]), (202, &json!("running")));
    let done = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let (_, import) = ask(addr, "GET", &path, &admin, &Value::Null).unwrap();
        (import["state"] == "done").then_some(import)
    });
    assert_eq!(sums(&done.unwrap()), [2, 1, 1]);
    assert_eq!(place.count("SELECT count(*) FROM units"), 1);
    let (status, _) = ask(addr, "POST", &format!("{path}/cancel"), &admin, &json!({})).unwrap();
    assert_eq!(status, 409, "what is over is not dropped");

    // The unit answers for a class by a line of the register, until the line ends.
    let classes = [
        ("kind", "matters"),
        ("catalogue", "test"),
        ("bare_days", "wd"),
    ];
    let (status, import) = send(
        addr,
        "/api/v1/imports",
        &admin,
        ("sheet.csv", SHEET),
        &classes,
    );
    assert_eq!(status, 201, "{import}");
    let path = format!("/api/v1/imports/{}", import["id"].as_str().unwrap());
    ask(addr, "POST", &format!("{path}/confirm"), &admin, &json!({})).unwrap();
    let line = json!({ "matter": "C0101", "handling": "WATER", "legal_basis": "三定方案" });
    let added = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let (status, added) = ask(addr, "POST", "/api/v1/duties", &admin, &line).unwrap();
        (status == 201).then_some(added)
    });
    let added = added.unwrap();
    assert_eq!(
        (&added["handling"]["code"], &added["in_force"]),
        (&json!("WATER"), &json!(true))
    );
    let listed = |query: &str| {
        let path = format!("/api/v1/duties{query}");
        let (status, list) = ask(addr, "GET", &path, &admin, &Value::Null).unwrap();
        assert_eq!(status, 200, "{list}");
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(
        (
            listed("?unit=WATER"),
            listed("?matter=C0101"),
            listed("?matter=C0102")
        ),
        (1, 1, 0)
    );
    // Classes of one catalogue; a filter that nobody knows is not passed over.
    let (_, classes) = ask(
        addr,
        "GET",
        "/api/v1/matters?catalogue=test",
        &admin,
        &Value::Null,
    )
    .unwrap();
    assert_eq!(classes["items"].as_array().unwrap().len(), 2);
    for (query, field) in [("catalogue=oddx", "catalogue"), ("colour=red", "colour")] {
        let path = format!("/api/v1/matters?{query}");
        let (status, why) = ask(addr, "GET", &path, &admin, &Value::Null).unwrap();
        assert_eq!((status, &why["field"]), (422, &json!(field)), "{why}");
    }
    // The published list of tasks for grid workers: entered, changed, read.
    let items = "/api/v1/grid-items";
    let mut item = json!({ "list": "2026-1", "code": "1", "name": "核实", "task": "verify", "approved_by": "政法委1号", "approved_on": "2026-01-01" });
    let (status, made) = ask(addr, "POST", items, &admin, &item).unwrap();
    assert_eq!((status, &made["in_force"]), (201, &json!(true)), "{made}");
    item["valid_to"] = json!("2026-01-31");
    let (status, ended) = ask(addr, "POST", items, &admin, &item).unwrap();
    assert_eq!((status, &ended["in_force"]), (200, &json!(false)));
    for (query, most) in [("", 0), ("?ended=true", 1), ("?ended=true&list=other", 0)] {
        let path = format!("{items}{query}");
        let (_, list) = ask(addr, "GET", &path, &admin, &Value::Null).unwrap();
        assert_eq!(list["items"].as_array().unwrap().len(), most, "{query}");
    }
    for (field, value) in [
        ("approved_by", " "),
        ("task", "arrest"),
        ("valid_to", "2000-01-01"),
    ] {
        let mut wrong = item.clone();
        wrong["valid_from"] = json!("2026-01-01");
        wrong[field] = json!(value);
        let (status, why) = ask(addr, "POST", items, &admin, &wrong).unwrap();
        assert_eq!((status, &why["field"]), (422, &json!(field)), "{why}");
    }
    let refused = json!({ "matter": "9999", "handling": "WATER" });
    let (status, why) = ask(addr, "POST", "/api/v1/duties", &admin, &refused).unwrap();
    assert_eq!((status, &why["field"]), (422, &json!("matter")));
    let refused = json!({ "handling": "NOBODY" });
    let (status, why) = ask(addr, "POST", "/api/v1/duties", &admin, &refused).unwrap();
    assert_eq!((status, &why["field"]), (422, &json!("handling")));
    let end = format!("/api/v1/duties/{}/end", added["id"].as_str().unwrap());
    let (_, year) = ask(addr, "GET", "/api/v1/calendar", &admin, &Value::Null).unwrap();
    let past = json!({ "last": format!("{}-01-01", year["year"].as_i64().unwrap() - 2) });
    let (status, why) = ask(addr, "POST", &end, &admin, &past).unwrap();
    assert_eq!(
        (status, &why["field"]),
        (422, &json!("last")),
        "nothing ends in the past"
    );
    let last = json!({ "last": "2199-12-31" });
    let (status, ended) = ask(addr, "POST", &end, &admin, &last).unwrap();
    assert_eq!((status, &ended["valid_to"]), (200, &json!("2199-12-31")));
}

#[test]
fn a_citys_own_definitions_and_the_bulletin_come_by_the_api() {
    let place = Place::sqlite().ready();
    let analyst = token(&place, "analyst", "analyst");
    let leader = token(&place, "leader", "leader");
    let serving = Serving::start(&place);
    let addr = serving.addr;
    let sets = "/api/v1/evaluation/sets";
    let set = |below: &str| {
        json!({ "id": "ours", "version": 1, "name_zh": "本市", "name_en": "Ours", "definition": [
            { "id": "rework/ours", "name_zh": "返工率", "name_en": "Rework", "numerator": ["rework"], "denominator": [below] },
        ] })
    };
    let (status, _) = ask(addr, "POST", sets, &leader, &set("archive")).unwrap();
    assert_eq!(status, 403, "who reads figures does not define them");
    let (status, why) = ask(addr, "POST", sets, &analyst, &set("arrchive")).unwrap();
    assert_eq!(status, 422);
    assert!(
        why["field"].as_str().unwrap().contains("rework/ours"),
        "{why}"
    );
    let (status, made) = ask(addr, "POST", sets, &analyst, &set("archive")).unwrap();
    assert_eq!(status, 201, "{made}");
    let (status, _) = ask(addr, "POST", sets, &analyst, &set("archive")).unwrap();
    assert_eq!(status, 200, "the same again is no change");
    let (status, why) = ask(addr, "POST", sets, &analyst, &set("report")).unwrap();
    assert_eq!((status, &why["field"]), (409, &json!("version")));
    let (status, one) = ask(
        addr,
        "GET",
        &format!("{sets}/ours@1"),
        &leader,
        &Value::Null,
    )
    .unwrap();
    assert_eq!((status, one), (200, made));
    let month = place.run(&["evaluate", "--definition", "ours", "--month", "2026-01"]);
    assert_eq!(month.done()["set"], "ours");

    let get = |query: &str, accept: &str| {
        let request = format!(
            "GET /api/v1/evaluation/bulletin?{query} HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer {leader}\r\n\
             accept: {accept}\r\nconnection: close\r\n\r\n"
        );
        exchange(addr, &request)
    };
    let excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for (query, accept) in [
        ("month=2026-01&format=xlsx", "*/*"),
        ("month=2026-01", excel),
    ] {
        let (status, head, body) = get(query, accept);
        assert_eq!(status, 200, "{head}");
        assert!(head.contains(excel), "{head}");
        assert!(
            String::from_utf8_lossy(&body).contains("PK\u{3}\u{4}"),
            "a workbook is a zip"
        );
    }
    let (status, head, _) = get("month=2026-01&format=docx", "*/*");
    assert_eq!(status, 422, "{head}");
    // A month that has not begun has nothing to say, here and on the command line.
    let (status, head, body) = get("month=2199-01", "*/*");
    assert_eq!(status, 422, "{head}");
    assert!(String::from_utf8_lossy(&body).contains("\"month\""));
    let out = place.path("never.xlsx").display().to_string();
    for args in [
        &["bulletin", "--month", "2199-01", "--out", out.as_str()][..],
        &["evaluate", "--definition", "standard", "--month", "2199-01"],
    ] {
        let error = place.run(args).error(2);
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("not_begun"), &json!("month"))
        );
    }
    for more in [&[][..], &["--definition", "standard"]] {
        let days = ["evaluate", "--from", "2199-01-01", "--to", "2199-01-31"];
        let error = place.run(&[&days[..], more].concat()).error(2);
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("first_day_ahead"), &json!("from"))
        );
    }
    assert!(!std::path::Path::new(&out).exists());
    // Frozen at the command line, it says who runs it, as the audit trail does.
    let frozen = [
        "evaluate",
        "--definition",
        "standard",
        "--month",
        "2024-01",
        "--freeze",
    ];
    assert_eq!(place.run(&frozen).done()["frozen"]["frozen_by"], "operator");
    let (status, head, _) = get("month=2026-13", "*/*");
    assert_eq!(status, 422, "{head}");
    let (status, head, body) = get("month=2026-01&lang=en", "application/pdf");
    assert_eq!(status, 200, "{head}");
    let is_pdf = String::from_utf8_lossy(&body).contains("%PDF");
    assert!(head.contains("application/pdf") && is_pdf, "{head}");
}
