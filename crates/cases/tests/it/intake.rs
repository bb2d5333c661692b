//! The desk takes a call in, and carries a routine case as far as its unit in one act.

use crate::city::{City, migrations};
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
        assert_eq!(done.status, 201, "{}", done.text);
        let number = told(&done.text, "number").parse().unwrap();
        assert!(
            !told(&done.text, "code").is_empty(),
            "the caller is told a code"
        );
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
