//! Over every form of the program: what is wrong with an entry is told in the reader's language, by what the page calls the field.

use crate::inventory::{City, Reply, Visitor};
use crate::place::Place;
use access::{Role, RouteKind, UnitId};
use app::compose::capabilities;
use axum::http::Method;
use std::collections::BTreeSet;

/// A form of a page: how it is sent, and its fields, each with what it holds if it is hidden.
struct Form {
    method: Method,
    action: String,
    fields: Vec<(String, Option<String>)>,
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split('"').next()
}

fn forms_of(page: &str) -> Vec<Form> {
    let found = page.split("<form").skip(1).filter_map(|rest| {
        let (tag, body) = rest.split_once('>')?;
        let body = body.split("</form>").next()?;
        let method = match attribute(tag, "method")? {
            "post" => Method::POST,
            _ => Method::GET,
        };
        // Files are read before anything else is; they have their own tests.
        if attribute(tag, "enctype").is_some() {
            return None;
        }
        let tags = body.split('<').filter_map(|tag| {
            let tag = tag.split('>').next()?;
            let is_field = ["input", "select", "textarea"]
                .iter()
                .any(|kind| tag.starts_with(kind));
            let name = attribute(tag, "name").filter(|_| is_field)?;
            let is_hidden = attribute(tag, "type") == Some("hidden");
            let held = is_hidden.then(|| attribute(tag, "value").unwrap_or_default().to_owned());
            Some((name.to_owned(), held))
        });
        let mut fields: Vec<_> = tags.collect();
        fields.dedup();
        Some(Form {
            method,
            action: attribute(tag, "action")?.to_owned(),
            fields,
        })
    });
    found.collect()
}

fn send(city: &City, somebody: &mut Visitor, form: &Form, typed: &str) -> Reply {
    let mut body = form_urlencoded::Serializer::new(String::new());
    for (name, held) in &form.fields {
        body.append_pair(name, held.as_deref().unwrap_or(typed));
    }
    let body = body.finish();
    if form.method == Method::GET {
        let path = format!("{}?{body}", form.action);
        return city.visit(somebody, Method::GET, &path, "", Vec::new());
    }
    let media = "application/x-www-form-urlencoded";
    let body = body.into_bytes();
    city.visit(somebody, Method::POST, &form.action, media, body)
}

/// What a page says is wrong, without the markup.
fn faults(page: &str) -> Vec<&str> {
    let beside = page.split("class=\"form-fault\"").skip(1);
    let beside = beside.filter_map(|rest| rest.split_once("</span>")?.1.split('<').next());
    let above = page.split("<li><a href=\"#f-").skip(1);
    let above = above.filter_map(|rest| rest.split_once('>')?.1.split('<').next());
    let alone = page.split_once(" data-fault").map(|(_, body)| body);
    let alone = alone.and_then(|body| body.split_once("<dd>")?.1.split('<').next());
    beside.chain(above).chain(alone).map(str::trim).collect()
}

/// Three words of English in a row are a sentence that somebody wrote for programs.
fn is_english(sentence: &str) -> bool {
    let plain = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase());
    let words: Vec<&str> = sentence.split([' ', ':', ',', ';', '，', '：']).collect();
    words.windows(3).any(|three| three.iter().all(plain))
}

#[test]
fn every_form_says_what_is_wrong_in_the_readers_words() {
    let place = Place::sqlite().ready();
    let city = City::new(&place);
    let unit = UnitId(kernel::id::Id::new(city.system().now(), rand::random()));
    let table = access::table_of(&capabilities());
    let rules = app::compose::rules_of_the_city();
    let mut pages: Vec<String> = table
        .iter()
        .filter(|r| r.method == Method::GET && r.kind != RouteKind::Api && !r.path.contains('{'))
        .map(|r| r.path.to_owned())
        .collect();
    pages.extend(rules.all().iter().map(|s| format!("/rules/{}", s.key())));
    let (mut seen, mut told, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for role in Role::ALL {
        city.account(role.as_str(), &[*role], Some(unit));
        let mut somebody = city.sign_in(role.as_str());
        for page in &pages {
            let reply = city.visit(&mut somebody, Method::GET, page, "", Vec::new());
            if reply.status != 200 {
                continue;
            }
            for form in forms_of(&reply.text) {
                let is_end = ["/sign-out", "/sign-in", "/wall", "/look"]
                    .iter()
                    .any(|end| form.action.starts_with(end));
                let names: Vec<&String> = form.fields.iter().map(|(name, _)| name).collect();
                if is_end || !seen.insert(format!("{} {} {names:?}", form.method, form.action)) {
                    continue;
                }
                for typed in ["§§", "3天", "-1", ""] {
                    let reply = send(&city, &mut somebody, &form, typed);
                    let at = format!("{role} {} {} {typed:?}", form.method, form.action);
                    assert!(reply.status < 500, "{at}: {}", reply.status);
                    assert!(!reply.text.contains('\u{e0f1}'), "{at}: a mark is left");
                    for fault in faults(&reply.text) {
                        for (name, held) in &form.fields {
                            let is_raw = fault.contains(&format!("“{name}”"));
                            if held.is_none() && is_raw {
                                wrong.push(format!("{at}: {fault}"));
                            }
                        }
                        // Whoever writes a file in TOML is told in its reader's words, with the line.
                        let is_of_a_file = form.action == "/evaluation/sets/new";
                        if is_english(fault) && !is_of_a_file {
                            wrong.push(format!("{at}: {fault}"));
                        }
                        told.insert(format!("{} {fault}", form.action));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen.len() > 60, "only {} forms", seen.len());
    assert!(told.len() > 60, "only {} faults: {told:#?}", told.len());
}
