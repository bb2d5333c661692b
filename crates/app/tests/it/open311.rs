//! Open311 GeoReport v2 by bare requests and by a reader's client, unchanged from PyPI.

use crate::place::{Place, on_both};
use crate::python::python_with;
use crate::serving::{Serving, ask};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

const CLASSES: &str = "kind,major,minor,name_zh,verify,public,confidential,rule_no,condition,limit,closing,code\n\
    component,01,01,上水井盖,1,1,0,1,缺失,4WH,更换,C0101\n\
    component,01,01,上水井盖,1,1,0,2,破损,2WD,更换,C0101\n\
    event,09,01,举报店铺,1,0,1,1,举报,5WD,答复,E0901\n";
const UNITS: &str = "code,name,kind\nWATER,水务局,政府\n";

struct Reply {
    status: u16,
    media_type: String,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
    /// The first of the list that every answer is.
    fn first(&self) -> Value {
        self.json()
            .as_array()
            .unwrap_or_else(|| panic!("no list: {}", self.text))[0]
            .clone()
    }
}

fn send(addr: SocketAddr, method: &str, path: &str, form: &str) -> Reply {
    let media = "application/x-www-form-urlencoded; charset=utf-8";
    send_as(addr, method, path, media, form)
}

fn send_as(addr: SocketAddr, method: &str, path: &str, media: &str, form: &str) -> Reply {
    let mut stream = TcpStream::connect_timeout(&addr, Duration::from_secs(5)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {addr}\r\ncontent-type: {media}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let media = head.lines().find_map(|l| l.strip_prefix("content-type: "));
    let is_chunked = head.contains("transfer-encoding: chunked");
    assert!(!is_chunked, "small answers say their length");
    Reply {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        media_type: media.unwrap_or_default().to_owned(),
        text: body.to_owned(),
    }
}

/// A city with two classes, and the key of an application.
fn city(place: &Place) -> String {
    let (classes, units) = (place.file("c.csv", CLASSES), place.file("u.csv", UNITS));
    place.run(&["import", "units", &units]).done();
    let options = ["--catalogue", "test", "--catalogue-version", "1"];
    let mut args = vec!["import", "matters", &classes];
    args.extend(options);
    let done = place.run(&args).done();
    assert_eq!(done["rejected"], 0, "{done}");
    place
        .run(&[
            "user",
            "add",
            "app",
            "--name",
            "应用",
            "--role",
            "collector",
        ])
        .done();
    let token = place
        .run(&["user", "token", "app", "--name", "open311"])
        .done();
    token["token"].as_str().unwrap().to_owned()
}

on_both!(
    a_report_goes_in_and_only_what_is_public_comes_out,
    |place| {
        let key = city(place);
        let serving = Serving::start(place);
        let addr = serving.addr;
        let get = |path: &str| send(addr, "GET", &format!("/open311/v2/{path}"), "");
        let post = |form: &str| send(addr, "POST", "/open311/v2/requests.json", form);

        let services = get("services.json").json();
        let codes: Vec<&str> = services
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["service_code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, ["C0101", "E0901"]);
        assert_eq!(
            (&services[0]["metadata"], &services[0]["type"]),
            (&Value::Bool(true), &Value::from("realtime"))
        );
        let xml = get("services.xml");
        assert_eq!(
            (xml.status, xml.media_type.as_str()),
            (200, "text/xml; charset=utf-8")
        );
        assert!(
            xml.text
                .contains("<services><service><service_code>C0101</service_code>"),
            "{}",
            xml.text
        );
        let definition = get("services/C0101.json").json();
        assert_eq!(definition["attributes"][0]["values"][1]["name"], "破损");
        let discovery = get("discovery.json").json();
        assert_eq!(
            discovery["endpoints"][0]["specification"],
            "http://wiki.open311.org/GeoReport_v2"
        );

        // What is wrong is said in the standard's statuses, as a list of errors that names the parameter.
        let at = "lat=30.245&long=120.165";
        let for_places = [
            "user",
            "token",
            "app",
            "--name",
            "r",
            "--scope",
            "reference.read",
        ];
        let places_only = place.run(&for_places).done();
        let places_only = places_only["token"].as_str().unwrap();
        for (form, status, named) in [
            (
                format!("api_key={places_only}&service_code=C0101&{at}"),
                403,
                "api_key",
            ),
            (format!("service_code=C0101&{at}"), 403, "api_key"),
            (format!("api_key=x&service_code=C0101&{at}"), 403, "api_key"),
            (format!("api_key={key}&{at}"), 400, "service_code"),
            (
                format!("api_key={key}&service_code=nothing&{at}"),
                404,
                "service_code",
            ),
            (
                format!("api_key={key}&service_code=C0101"),
                400,
                "address_string",
            ),
            (
                format!("api_key={key}&service_code=C0101&lat=30.245"),
                400,
                "lat",
            ),
            (
                format!("api_key={key}&service_code=C0101&lat=north&long=1"),
                400,
                "lat",
            ),
            (
                format!("api_key={key}&service_code=C0101&lat=130&long=120"),
                400,
                "lat",
            ),
            (
                format!("api_key={key}&service_code=C0101&{at}&attribute[condition]=9"),
                400,
                "attribute",
            ),
            (
                format!(
                    "api_key={key}&service_code=C0101&{at}&description={}",
                    "x".repeat(4001)
                ),
                400,
                "description",
            ),
        ] {
            let reply = post(&form);
            let said = reply.first();
            assert_eq!(
                (reply.status, said["code"].as_u64()),
                (status, Some(u64::from(status))),
                "{form}: {}",
                reply.text
            );
            assert!(
                said["description"].as_str().unwrap().contains(named),
                "{form}: {said}"
            );
        }
        assert_eq!(
            place.count("SELECT count(*) FROM cases"),
            0,
            "nothing was half taken in"
        );
        for path in ["requests.json?start_date=soon", "requests.json?status=lost"] {
            assert_eq!(get(path).status, 400, "{path}");
        }
        for path in [
            "services/nothing.json",
            "requests/990001-20260316-00001.json",
            "tokens/x.xml",
            "requests/x",
        ] {
            assert_eq!(get(path).status, 404, "{path}");
        }

        let words = "description=%E4%BA%95%E7%9B%96%E6%B2%A1%E4%BA%86%EF%BC%8C13800138000&first_name=%E5%B0%8F%E4%BA%8C&last_name=%E7%8E%8B&phone=13800138000";
        let made = post(&format!(
            "api_key={key}&service_code=C0101&{at}&{words}&attribute[condition]=1"
        ));
        assert_eq!(made.status, 201, "{}", made.text);
        let number = made.first()["service_request_id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            number.contains('-'),
            "a public class is known by its number"
        );
        let secret = post(&format!("api_key={key}&service_code=E0901&{at}&{words}"));
        let private = secret.first()["service_request_id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            private.len(),
            64,
            "any other by a private id: {}",
            secret.text
        );

        let listed = get("requests.json").json();
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(
            (
                &listed[0]["service_request_id"],
                &listed[0]["status"],
                &listed[0]["description"]
            ),
            (
                &Value::from(number.as_str()),
                &Value::from("open"),
                &Value::from("")
            )
        );
        let own = get(&format!("requests/{private}.json")).first();
        assert_eq!(
            (own["status"].as_str(), own["service_code"].as_str()),
            (Some("open"), Some("E0901"))
        );
        assert_eq!(
            get(&format!("tokens/{private}.json")).first()["service_request_id"],
            private.as_str()
        );
        for path in [
            "requests.json".to_owned(),
            format!("requests/{number}.json"),
            format!("requests/{number}.xml"),
            format!("requests/{private}.json"),
        ] {
            let text = get(&path).text;
            for personal in ["13800138000", "王", "小二"] {
                assert!(!text.contains(personal), "{path} shows {personal}: {text}");
            }
        }
        let none = get("requests.json?service_code=E0901").json();
        assert_eq!(
            none,
            serde_json::json!([]),
            "confidential reports are in no list"
        );
        assert_eq!(
            get(&format!("requests.json?service_request_id={number},x"))
                .json()
                .as_array()
                .unwrap()
                .len(),
            1
        );
        assert_eq!(
            get("requests.json?status=closed").json(),
            serde_json::json!([])
        );
        assert_eq!(place.check_record(), 2);
    }
);

on_both!(
    what_is_refused_is_refused_as_the_standard_says_and_nothing_is_dropped,
    |place| {
        let key = city(place);
        let serving = Serving::start(place);
        let addr = serving.addr;
        let get = |path: &str| send(addr, "GET", &format!("/open311/v2/{path}"), "");
        let post = |form: &str| send(addr, "POST", "/open311/v2/requests.json", form);
        let at = "service_code=C0101&lat=30.245&long=120.165";

        // One jurisdiction, by the name of its host or the digits of its city; any other is not there.
        for path in ["services.json", "services/C0101.json", "requests.json"] {
            for known in ["", "127.0.0.1"] {
                let reply = get(&format!("{path}?jurisdiction_id={known}"));
                assert_eq!(reply.status, 200, "{path} {known}: {}", reply.text);
            }
            let reply = get(&format!("{path}?jurisdiction_id=other.gov"));
            assert_eq!(reply.status, 404, "{path}");
            assert!(
                reply.first()["description"]
                    .as_str()
                    .unwrap()
                    .contains("jurisdiction_id")
            );
        }
        let elsewhere = post(&format!("api_key={key}&{at}&jurisdiction_id=other.gov"));
        assert_eq!(elsewhere.status, 404, "{}", elsewhere.text);

        // The house's own refusals have the standard's form, in the format of the address.
        let wrong = send(addr, "PUT", "/open311/v2/requests.xml", "");
        assert_eq!(
            (wrong.status, wrong.media_type.as_str()),
            (405, "text/xml; charset=utf-8")
        );
        assert!(
            wrong.text.contains("<errors><error><code>405</code>"),
            "{}",
            wrong.text
        );
        let other = send_as(
            addr,
            "POST",
            "/open311/v2/requests.json",
            "application/json",
            "{}",
        );
        // §8.1 of the standard knows 400, 403 and 404; what is no form does not fit.
        assert_eq!(
            (other.status, other.first()["code"].as_u64()),
            (400, Some(400))
        );
        let nothing = send_as(addr, "POST", "/open311/v2/requests.json", "", "");
        assert_eq!(nothing.status, 400, "{}", nothing.text);
        let lost = get("nothing.xml");
        assert_eq!(
            (lost.status, lost.media_type.as_str()),
            (404, "text/xml; charset=utf-8")
        );

        // What a report says beside the known entries is answered or refused, by the names of the standard, each once.
        for (more, named, says) in [
            ("attribute[colour]=red", "attribute[colour]", "没有这个属性"),
            (
                "attribute[condition][]=1&attribute[condition][]=2",
                "attribute[condition][]",
                "一个值",
            ),
            ("phone=138", "phone", "电话号码"),
            ("email=x", "email", "邮箱"),
            ("long=520.165&lat=30&service_code=C0101", "long", "坐标"),
        ] {
            let form = if more.starts_with("long") {
                format!("api_key={key}&{more}")
            } else {
                format!("api_key={key}&{at}&{more}")
            };
            let reply = post(&form);
            let said = reply.first()["description"].as_str().unwrap().to_owned();
            assert_eq!(reply.status, 400, "{more}: {said}");
            assert_eq!(said.matches(named).count(), 1, "{more}: {said}");
            assert!(said.contains(says), "{more}: {said}");
        }
        assert_eq!(place.count("SELECT count(*) FROM cases"), 0);
        let made = post(&format!(
            "api_key={key}&{at}&account_id=reader-seven&device_id=phone-nine&attribute[condition][]=2"
        ));
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.first()["account_id"], "reader-seven");
        assert!(
            made.first()["service_notice"]
                .as_str()
                .unwrap()
                .contains("设备编号不予保存")
        );
        let all = "SELECT count(*) FROM cases WHERE body LIKE '%reader-seven%' OR body LIKE '%phone-nine%'";
        assert_eq!(place.count(all), 0, "neither is kept");

        // Ids override all else, also where it does not read; one's own is known by its private id.
        let number = made.first()["service_request_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let secret = post(&format!(
            "api_key={key}&service_code=E0901&lat=30.245&long=120.165&description=x"
        ));
        let private = secret.first()["service_request_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let found = get(&format!(
            "requests.json?service_request_id={number},{private}&start_date=foo&status=lost&page=-1"
        ));
        assert_eq!(found.status, 200, "{}", found.text);
        let ids: Vec<String> = found
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["service_request_id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids, [number, private]);
        let wrong = "0".repeat(64);
        assert_eq!(
            get(&format!("requests.json?service_request_id={wrong}")).json(),
            serde_json::json!([])
        );

        // Whoever says that it is the same is one voice more: nobody is sent to look a second time.
        let tasks = || place.count("SELECT count(*) FROM cases WHERE task_kind = 'verify'");
        let report = |body: Value| {
            let (status, receipt) = ask(addr, "POST", "/api/v1/reports", &key, &body).unwrap();
            assert_eq!(status, 201, "{receipt}");
            assert!(
                receipt["link"].is_string(),
                "each voice has its own link: {receipt}"
            );
            receipt["case"]["state"].as_str().unwrap().to_owned()
        };
        let before = tasks();
        let same = serde_json::json!({ "description": "我也遇到了", "same_as": ids[0] });
        assert_eq!(report(same), "pending_accept");
        assert_eq!(tasks(), before);
        assert_eq!(
            report(serde_json::json!({ "description": "另一件" })),
            "pending_verify"
        );
        assert_eq!(tasks(), before + 1);

        // The address of the interface is the one it answers at.
        let discovery = get("discovery.json").json();
        assert_eq!(
            discovery["endpoints"][0]["url"],
            format!("http://{addr}/open311/v2").as_str()
        );
    }
);

#[test]
fn the_client_georeport_reads_it_unchanged() {
    let name = "open311::the_client_georeport_reads_it_unchanged";
    let Some(python) = python_with("georeport", "0.3.1") else {
        testkit::skip(
            name,
            "the PyPI package georeport 0.3.1 cannot be installed here (needs python3-venv and PyPI)",
        );
        return;
    };
    let place = Place::sqlite().ready();
    let key = city(&place);
    let serving = Serving::start(&place);
    let script = "
import sys, json, requests
from georeport import GeoReport
root, key, out = sys.argv[1], sys.argv[2], {}
one_of = lambda found: found[0] if isinstance(found, list) else found
for form in ('json', 'xml'):
    report = dict(api_key=key, service_code='C0101', lat=30.245, long=120.165, description='hole')
    made = requests.post(root + '/requests.json', data=report).json()[0]['service_request_id']
    client = GeoReport(root, output_format=form)
    service = one_of(client.get_service_list())
    definition = client.get_service_definition('C0101')
    listed = client.get_service_requests()
    one = client.get_service_request(made)
    listed = len(listed) if isinstance(listed, list) else 1
    out[form] = [service['service_code'], definition['service_code'], made, listed, one['service_request_id'], one['status']]
print(json.dumps(out))
";
    let file = place.file("client.py", script);
    let root = format!("http://{}/open311/v2", serving.addr);
    let output = Command::new(python)
        .args([&file, &root, &key])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (n, form) in ["json", "xml"].into_iter().enumerate() {
        let got = &read[form];
        assert_eq!(
            (got[0].as_str(), got[1].as_str(), got[5].as_str()),
            (Some("C0101"), Some("C0101"), Some("open")),
            "{read}"
        );
        assert_eq!(got[2], got[4], "{read}");
        assert_eq!(got[3].as_u64(), Some(n as u64 + 1), "{read}");
    }
}

on_both!(an_address_id_that_was_handed_out_is_a_place, |place| {
    let key = city(place);
    let csv = "code,name\n990101,甲区\n990101001,柳湾街道\n990101001001,荷风社区\n";
    place
        .run(&["import", "divisions", &place.file("d.csv", csv)])
        .done();
    let serving = Serving::start(place);
    let post = |form: &str| send(serving.addr, "POST", "/open311/v2/requests.json", form);
    let of = format!("api_key={key}&service_code=C0101");
    for given in ["990101001001", "nowhere"] {
        let made = post(&format!("{of}&address_id={given}"));
        assert_eq!(made.status, 201, "{}", made.text);
    }
    // The one is where it says, in its district; of the other only the words are known.
    let placed =
        "SELECT count(*) FROM cases WHERE division = '990101001001' AND district = '990101'";
    let worded = "SELECT count(*) FROM cases WHERE division IS NULL AND body LIKE '%nowhere%'";
    assert_eq!((place.count(placed), place.count(worded)), (1, 1));
});
