//! Forms that come back: with all that is wrong at once, and with what was typed where they are not taken now.

use crate::city::{City, Reply, migrations};
use axum::body::Body;
use axum::http::{Request, header};

/// The fields that the list of faults leads to, in its order.
fn led_to(text: &str) -> Vec<&str> {
    let list = text
        .split("class=\"alert alert-bad\"")
        .nth(1)
        .unwrap_or_default();
    let list = list.split("</ul>").next().unwrap();
    list.split("href=\"#f-")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

/// A browser of nobody in particular, without script.
struct Browser<'c> {
    city: &'c City,
    cookies: Vec<String>,
}

impl Browser<'_> {
    fn send(&mut self, path: &str, words: Option<&[(&str, &str)]>) -> Reply {
        let mut request = match words {
            None => Request::get(path),
            Some(_) => Request::post(path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
        }
        .header(header::ACCEPT_LANGUAGE, "en");
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, self.cookies.join("; "));
        }
        let body = words.map_or_else(Body::empty, |words| {
            let mut body = form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(words);
            Body::from(body.finish())
        });
        let reply = self.city.raw(request.body(body).unwrap());
        if !reply.cookies.is_empty() {
            self.cookies = reply.cookies.clone();
        }
        reply
    }
}

/// What a hidden field of a page holds.
fn hidden(text: &str, name: &str) -> String {
    let at = format!("name=\"{name}\" value=\"");
    let rest = text
        .split(&at)
        .nth(1)
        .unwrap_or_else(|| panic!("no {name}: {text}"));
    rest.split('"').next().unwrap().to_owned()
}

testdb::both_engines!(
    a_form_names_all_its_faults_at_once_each_at_its_field,
    &migrations(),
    |db| {
        let city = City::new(db);
        let wrong = [
            ("description", ""),
            ("matter", "no such class"),
            ("division", "990000000000"),
            ("lon", "120.165"),
            ("phone", "by heart"),
            ("email", "at home"),
            ("name", "Li Ming"),
        ];
        let fields = ["description", "matter", "division", "lat", "phone", "email"];
        let reply = city.form("desk", "/report", &wrong, &[]);
        assert_eq!(reply.status, 422, "{}", reply.text);
        assert_eq!(led_to(&reply.text), fields, "in the order of the form");
        let intake = [&wrong[..], &[("channel", "by pigeon")]].concat();
        let of_desk = city.form("desk", "/intake", &intake, &[]);
        assert_eq!(of_desk.status, 422, "{}", of_desk.text);
        let order = [
            "channel",
            "description",
            "phone",
            "matter",
            "division",
            "lat",
            "email",
        ];
        assert_eq!(led_to(&of_desk.text), order);
        for field in fields {
            for text in [&reply.text, &of_desk.text] {
                assert!(text.contains(&format!("id=\"f-{field}\"")), "{field}");
                assert!(text.contains(&format!("id=\"e-{field}\"")), "{field}");
            }
        }
        assert!(
            reply.text.contains("value=\"Li Ming\""),
            "what was typed stays"
        );
        assert_eq!(city.count("SELECT count(*) FROM cases"), 0);
        // Whoever wants to be told and leaves no way hears it beside the other faults.
        let notify = [("description", ""), ("notify", "1")];
        let reply = city.form("desk", "/report", &notify, &[]);
        assert_eq!(led_to(&reply.text), ["description", "notify"]);
    }
);

testdb::both_engines!(
    a_form_that_is_not_taken_now_comes_back_with_what_was_typed,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut browser = Browser {
            city: &city,
            cookies: Vec::new(),
        };
        let words = [
            ("description", "The cover <rattles>"),
            ("lon", "120.165"),
            ("lat", "30.245"),
        ];
        let cases = || city.count("SELECT count(*) FROM cases");
        // The cookie of the page is gone: the form is stale.
        let stale = browser.send("/report", Some(&words));
        assert_eq!(stale.status, 403);
        assert!(
            stale
                .text
                .contains("The cover &#60;rattles&#62;</textarea>"),
            "{}",
            stale.text
        );
        assert!(stale.text.contains("stood open for too long"));
        assert_eq!(cases(), 0);
        // Sent again from there it arrives.
        let csrf = hidden(&stale.text, "csrf");
        let sent = [&words[..], &[("csrf", csrf.as_str())]].concat();
        let done = browser.send("/report", Some(&sent));
        assert_eq!(done.status, 303, "{}", done.text);
        assert_eq!(cases(), 1);
        // So many from one network, and then no more for a while.
        let mut taken = 1;
        let held = loop {
            let reply = browser.send("/report", Some(&sent));
            if reply.status == 429 {
                break reply;
            }
            taken += 1;
            assert!(taken < 1_000, "nothing bounds it");
        };
        assert_eq!(cases(), taken);
        assert!(held.retry_after.is_some());
        assert!(held.text.contains("The cover &#60;rattles&#62;</textarea>"));
        assert!(held.text.contains("Please send it again"));
        // A member of staff with a stale form of the desk gets it back as well; nothing is written by it.
        let reply = browser.send("/intake", Some(&words));
        assert_eq!(reply.status, 303, "a stranger signs in first");
        assert_eq!(cases(), taken);
    }
);

testdb::both_engines!(
    a_receipt_is_a_page_of_its_own_that_may_be_loaded_again,
    &migrations(),
    |db| {
        let city = City::new(db);
        let mut browser = Browser {
            city: &city,
            cookies: Vec::new(),
        };
        let form = browser.send("/report", None);
        let (csrf, once) = (hidden(&form.text, "csrf"), hidden(&form.text, "once"));
        let words = [
            ("csrf", csrf.as_str()),
            ("once", once.as_str()),
            ("description", "The cover rattles"),
            ("lon", "120.165"),
            ("lat", "30.245"),
        ];
        let sent = browser.send("/report", Some(&words));
        assert_eq!(sent.status, 303, "{}", sent.text);
        let token = sent
            .location
            .strip_prefix("/report/receipt/")
            .unwrap()
            .to_owned();
        let receipt = browser.send(&sent.location, None);
        assert_eq!(receipt.status, 200, "{}", receipt.text);
        let told = |id: &str| {
            let rest = receipt.text.split(&format!("id=\"{id}\">")).nth(1).unwrap();
            rest.split('<').next().unwrap().to_owned()
        };
        let (number, code) = (told("number"), told("code"));
        assert!(
            receipt
                .text
                .contains(&format!("href=\"/track/link/{token}\""))
        );
        // Loaded again it is the same, and so it is where the form is sent again.
        assert_eq!(
            browser
                .send(&sent.location, None)
                .text
                .matches(&code)
                .count(),
            1
        );
        assert_eq!(
            browser.send("/report", Some(&words)).location,
            sent.location
        );
        assert_eq!(city.count("SELECT count(*) FROM cases"), 1);
        // The code told is the one that opens the case beside its number.
        let csrf = hidden(&browser.send("/track", None).text, "csrf");
        let by_code = [
            ("csrf", csrf.as_str()),
            ("number", &number),
            ("code", &code),
        ];
        let progress = browser.send("/track", Some(&by_code));
        assert_eq!(progress.status, 200, "{}", progress.text);
        // A link of nobody leads to the page where one looks.
        let nobody = browser.send(&format!("/report/receipt/{}", "0".repeat(64)), None);
        assert_eq!((nobody.status, nobody.location.as_str()), (303, "/track"));
        // A case of before, whose code was drawn by itself: the page tells the rest.
        city.exec("UPDATE case_access SET code_hash = link_hash");
        let older = browser.send(&sent.location, None);
        assert!(older.text.contains(&number) && !older.text.contains("id=\"code\""));
    }
);
