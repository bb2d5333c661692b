//! The feed: well-formed, the same facts, stable ids, nothing sent twice to who has it.

use crate::city::{BASE, City, cell, closed, migrations, street};
use axum::body::Body;
use axum::http::Request;
use quick_xml::Reader;
use quick_xml::events::Event;
use testdb::both_engines;

/// The texts of the elements with a name, in order; panics where the document is not well-formed.
fn texts(document: &str, name: &str) -> Vec<String> {
    let mut reader = Reader::from_str(document);
    let (mut found, mut inside) = (Vec::new(), false);
    loop {
        match reader
            .read_event()
            .unwrap_or_else(|e| panic!("{e}: {document}"))
        {
            Event::Start(tag) if tag.name().as_ref() == name => {
                inside = true;
                found.push(String::new());
            }
            Event::End(tag) if tag.name().as_ref() == name => inside = false,
            Event::Text(text) if inside => {
                found.last_mut().unwrap().push_str(&text);
            }
            Event::GeneralRef(entity) if inside => {
                let resolved = quick_xml::escape::resolve_predefined_entity(&entity);
                found.last_mut().unwrap().push_str(resolved.unwrap());
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

both_engines!(
    a_feed_holds_the_public_facts_and_its_ids_stay,
    &migrations(),
    |db| {
        let city = City::new(db);
        let path = format!("/near.atom?place={}&lang=zh-CN", street(1));
        let empty = city.get(&path);
        assert_eq!(empty.status, 200, "{}", empty.text);
        assert!(
            empty
                .header("content-type")
                .starts_with("application/atom+xml")
        );
        assert_eq!(texts(&empty.text, "updated"), ["1970-01-01T00:00:00Z"]);
        let number = city.cover();
        city.publish(number, "井盖 <没了> & \"碎\"");
        city.public(cell(2, 1), |_| {});
        let first = city.get(&path);
        let ids = texts(&first.text, "id");
        assert_eq!(
            ids,
            [
                format!("urn:shiyu:near:{}", street(1)),
                format!("urn:shiyu:case:{number}")
            ]
        );
        let summary = &texts(&first.text, "summary")[0];
        assert!(
            summary.contains("井盖 <没了> & \"碎\"") && summary.contains("已收到"),
            "{summary}"
        );
        for link in [
            format!(
                "rel=\"self\" type=\"application/atom+xml\" href=\"{BASE}/near.atom?place={}&amp;lang=zh-CN\"",
                street(1)
            ),
            format!("href=\"{BASE}/near/matters/{number}\""),
        ] {
            assert!(first.text.contains(&link), "{link}: {}", first.text);
        }
        // Its time is that of the last public change, which here is the reading of the words.
        assert_eq!(texts(&first.text, "updated")[1], "2026-03-16T01:00:00Z");
        // In the other language it is the same feed.
        let english = city.get(&format!("/near.atom?place={}&lang=en", street(1)));
        assert_eq!(texts(&english.text, "id"), ids);
        assert!(texts(&english.text, "summary")[0].contains("Received"));
        // The page names it.
        let page = city.get(&format!("/near?place={}", street(1))).text;
        assert!(
            page.contains("<link rel=\"alternate\" type=\"application/atom+xml\""),
            "{page}"
        );
        // By class.
        let path = format!("/near.atom?place={}&class=E0113", street(1));
        assert_eq!(texts(&city.get(&path).text, "id").len(), 1);
    }
);

both_engines!(
    who_has_the_feed_is_told_so_until_something_changes,
    &migrations(),
    |db| {
        let city = City::new(db);
        city.cover();
        let path = format!("/near.atom?place={}", street(1));
        let first = city.get(&path);
        let (tag, at) = (
            first.header("etag").to_owned(),
            first.header("last-modified").to_owned(),
        );
        assert_eq!(at, "Mon, 16 Mar 2026 01:00:00 GMT");
        assert!(first.header("cache-control").contains("public"));
        assert_eq!(first.header("set-cookie"), "", "a reader gets no cookie");
        let again = |name: &str, value: &str| {
            let request = Request::get(&path).header(name, value).body(Body::empty());
            city.send(request.unwrap())
        };
        for (name, value) in [("if-none-match", &tag), ("if-modified-since", &at)] {
            let reply = again(name, value);
            assert_eq!((reply.status, reply.text.as_str()), (304, ""), "{name}");
            assert_eq!(reply.header("etag"), tag);
        }
        city.wait(60);
        city.public(cell(1, 2), closed(city.now()));
        for (name, value) in [("if-none-match", &tag), ("if-modified-since", &at)] {
            assert_eq!(again(name, value).status, 200, "{name}");
        }
        assert_eq!(again("if-none-match", "\"garbage").status, 200);
        assert_eq!(again("if-modified-since", "soon").status, 200);
    }
);
