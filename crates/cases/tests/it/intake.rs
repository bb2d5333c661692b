//! The desk takes a call in, and carries a routine case as far as its unit in one act.

use crate::city::{City, Reply, migrations};
use cases::{Case, State};
use kernel::codes::CaseNumber;
use store::StoreError;

/// The number between two marks of a page.
fn told<'p>(page: &'p str, id: &str) -> &'p str {
    let begin = page.find(&format!("id=\"{id}\">")).unwrap();
    let rest = &page[begin..];
    let rest = &rest[rest.find('>').unwrap() + 1..];
    &rest[..rest.find('<').unwrap()]
}

/// The page that a call was taken in to: what the clerk tells.
fn receipt(city: &City, done: &Reply) -> String {
    assert_eq!(done.status, 303, "{}", done.text);
    assert!(
        done.location.starts_with("/intake/told/"),
        "{}",
        done.location
    );
    let page = city.get("acceptor", &done.location);
    assert_eq!(page.status, 200, "{}", page.text);
    page.text
}

fn case(city: &City, number: CaseNumber) -> Case {
    city.system()
        .read_blocking::<_, StoreError, _>(move |r| Ok(cases::sql::by_number(r, &number)?.unwrap()))
        .unwrap()
}

const CALL: [(&str, &str); 6] = [
    ("channel", "hotline"),
    ("description", "井盖没了，我姓王"),
    ("matter", "C0101 上水井盖"),
    ("lon", "120.165"),
    ("lat", "30.245"),
    ("phone", "13800138000"),
];

testdb::both_engines!(
    a_call_is_taken_in_with_its_channel_and_contact,
    &migrations(),
    |db| {
        let city = City::new(db);
        let page = city.get("acceptor", "/intake");
        assert_eq!(page.status, 200);
        assert!(page.text.contains("autofocus") && page.text.contains("value=\"visit\""));
        assert_eq!(
            city.get("water", "/intake").status,
            403,
            "the desk takes calls"
        );
        assert_eq!(city.get("collector", "/intake").status, 403);

        let done = city.form("acceptor", "/intake", &CALL, &[]);
        let page = receipt(&city, &done);
        let number = told(&page, "number").parse().unwrap();
        let code = told(&page, "code");
        assert!(!code.is_empty(), "the caller is told a code");
        assert!(
            !done.location.contains(code),
            "it stands sealed in the address"
        );
        assert!(
            !page.contains("/track/link/"),
            "the private link is the caller's alone"
        );
        // Loaded again it is the same page, and nobody else's.
        assert_eq!(told(&receipt(&city, &done), "code"), code);
        assert_eq!(city.count("SELECT count(*) FROM cases"), 1);
        let other = city.get("desk", &done.location);
        assert_eq!(other.status, 200, "{}", other.text);
        assert!(!other.text.contains(code) && !other.text.contains("id=\"code\""));
        let bent = format!("{}x", done.location);
        assert!(!city.get("acceptor", &bent).text.contains("id=\"code\""));
        // The code that was told works.
        let tracked = [("number", told(&page, "number")), ("code", code)];
        assert!(city.urlencoded("desk", "/track", &tracked).status < 400);
        let kept = case(&city, number);
        assert_eq!(
            (kept.channel.as_str(), kept.state),
            ("hotline", State::PendingVerify)
        );
        assert!(kept.subject.is_some(), "the contact lies in the vault");
        assert!(
            !serde_json::to_string(&kept)
                .unwrap()
                .contains("13800138000")
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    what_is_no_call_is_refused_beside_its_field,
    &migrations(),
    |db| {
        let city = City::new(db);
        for (name, value, status) in [
            ("channel", "patrol", 422),
            ("channel", "", 422),
            ("channel", "\u{0}", 422),
            ("description", "", 422),
            ("lon", "east", 422),
            ("matter", "no such class", 422),
        ] {
            let words = CALL.map(|(n, v)| if n == name { (n, value) } else { (n, v) });
            let reply = city.form("acceptor", "/intake", &words, &[]);
            assert_eq!(reply.status, status, "{name}={value:?}");
            assert!(reply.text.contains("form-fault"), "{name}={value:?}");
        }
        assert_eq!(city.count("SELECT count(*) FROM cases"), 0);
    }
);

testdb::both_engines!(
    a_routine_case_goes_from_its_acceptance_to_its_unit_in_one_act,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.report("collector", city.cover("patrol")).case.number;
        let path = format!("/cases/{number}");
        // Whoever may make all three moves is offered them at once, ticked where nothing is left to choose.
        let desk = city.get("desk", &path).text;
        assert!(
            desk.contains("name=\"onward\" value=\"1\" checked"),
            "{desk}"
        );
        assert!(!city.get("acceptor", &path).text.contains("name=\"onward\""));
        let words = [("version", "1"), ("matter", "C0101"), ("onward", "1")];
        // Ticked by somebody who may not: nothing happens.
        let refused = city.urlencoded("acceptor", &format!("{path}/accept"), &words);
        assert_eq!(refused.status, 403);
        assert_eq!(case(&city, number).state, State::PendingAccept);
        let done = city.urlencoded("desk", &format!("{path}/accept"), &words);
        assert_eq!((done.status, done.location.as_str()), (303, path.as_str()));
        let kept = case(&city, number);
        assert_eq!(
            (kept.state, kept.unit),
            (State::PendingSign, Some(city.unit("WATER")))
        );
        city.check_life(number);
    }
);

testdb::both_engines!(
    what_is_not_routine_stays_where_it_was_and_says_why,
    &migrations(),
    |db| {
        let city = City::new(db);
        let number = city.report("collector", city.cover("patrol")).case.number;
        let path = format!("/cases/{number}");
        // Two registration conditions: one must be chosen.
        let words = [("version", "1"), ("matter", "E0113"), ("onward", "1")];
        let refused = city.urlencoded("desk", &format!("{path}/accept"), &words);
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert_eq!(case(&city, number).state, State::PendingAccept);
        // Without the tick only the one move is made.
        let words = [("version", "1"), ("matter", "E0113")];
        let done = city.urlencoded("desk", &format!("{path}/accept"), &words);
        assert_eq!(done.status, 303);
        assert_eq!(case(&city, number).state, State::PendingRegister);
        // From there the rest goes at once when the condition is chosen.
        let words = [("version", "2"), ("rule", "2"), ("onward", "1")];
        let done = city.urlencoded("desk", &format!("{path}/register"), &words);
        assert_eq!(done.status, 303, "{}", done.text);
        assert_eq!(case(&city, number).state, State::PendingSign);
        city.check_life(number);
    }
);

testdb::both_engines!(
    a_form_that_is_sent_twice_is_one_case_with_one_receipt,
    &migrations(),
    |db| {
        let city = City::new(db);
        let count = || city.count("SELECT count(*) FROM cases");
        let blank = city.get("acceptor", "/intake");
        let at = blank
            .text
            .find("name=\"once\" value=\"")
            .expect("a key in the form");
        let key = &blank.text[at + 19..at + 51];
        assert!(key.bytes().all(|b| b.is_ascii_hexdigit()), "{key}");
        let with = |words: &[(&'static str, &'static str)], key: &str| {
            let mut form: Vec<(&str, String)> =
                words.iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
            form.push(("once", key.to_owned()));
            form
        };
        let send =
            |login: &str, path: &str, form: &[(&str, String)], files: &[(&str, &str, &[u8])]| {
                let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
                city.form(login, path, &form, files)
            };

        // What is refused may be mended: the key is not used up by it.
        let wrong = CALL.map(|(n, v)| {
            if n == "matter" {
                (n, "no such class")
            } else {
                (n, v)
            }
        });
        assert_eq!(
            send("acceptor", "/intake", &with(&wrong, key), &[]).status,
            422
        );
        let first = send("acceptor", "/intake", &with(&CALL, key), &[]);
        let of_first = receipt(&city, &first);
        let again = send("acceptor", "/intake", &with(&CALL, key), &[]);
        assert_eq!(
            (again.status, &again.location),
            (303, &first.location),
            "the same receipt, code and all"
        );
        assert_eq!(count(), 1);

        // Whoever goes back and writes something else has another matter.
        let other = CALL.map(|(n, v)| {
            if n == "description" {
                (n, "路灯不亮")
            } else {
                (n, v)
            }
        });
        let second = send("acceptor", "/intake", &with(&other, key), &[]);
        let of_second = receipt(&city, &second);
        assert_ne!(told(&of_second, "number"), told(&of_first, "number"));
        assert_eq!(
            send("acceptor", "/intake", &with(&other, key), &[]).location,
            second.location
        );
        assert_eq!(count(), 2);
        // And so has whoever opens a new form for the same words.
        let fresh = send("acceptor", "/intake", &with(&CALL, "another"), &[]);
        assert_ne!(
            told(&receipt(&city, &fresh), "number"),
            told(&of_first, "number")
        );
        assert_eq!(count(), 3);

        // What a worker finds: the answer is a way on, and so is that to the second sending.
        let found = with(&CALL[1..5], "found-1");
        let first = send("collector", "/found", &found, &[]);
        let again = send("collector", "/found", &found, &[]);
        assert_eq!((first.status, again.status), (303, 303), "{}", first.text);
        assert_eq!(first.location, again.location);
        assert!(first.location.starts_with("/cases/"), "{}", first.location);
        assert_eq!(count(), 4);
        // The phone, which got no answer, sends it by the API: it is told that it had arrived.
        let body = serde_json::json!({ "channel": "patrol", "description": "井盖没了" });
        let told = city.post_once("collector", "/api/v1/cases", &body, "found-1");
        assert_eq!(
            (told.status, told.body["code"].as_str()),
            (422, Some("access.key_reused"))
        );
        assert_eq!(count(), 4);
    }
);
