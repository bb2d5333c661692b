//! For the tests of every crate with pages: sample readers, a check that a rendered page is sound, and a comparison of
//! the words used with the words there are.

use crate::flash::{Flash, Tone};
use crate::i18n::I18n;
use crate::lang::Lang;
use crate::look::{Look, Theme};
use crate::view::{Account, MenuItem, Site, Ui, Words};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

/// A deployment with the given words.
#[must_use]
pub fn site_with(words: I18n) -> Arc<Site> {
    let notice = Words::new(
        "这是示范城市：人物、案件和单位均为虚构。",
        "This is a sample city: people, cases and units are invented.",
    );
    Arc::new(Site {
        words,
        city: Words::new("示范市", "Sample City"),
        time_zone: TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC),
        notices: vec![(Tone::Info, notice)],
        base_map: None,
    })
}

/// A signed-in dispatcher with a menu and a message, in one language.
#[must_use]
pub fn ui_with(site: Arc<Site>, lang: Lang, now: Timestamp) -> Ui {
    let mut ui = Ui::new(
        site,
        Look {
            lang,
            theme: Theme::Auto,
            elder: false,
        },
        "/desk/inbox",
        now,
    );
    let said = |zh: &str, en: &str| Words::new(zh, en).in_lang(lang).to_owned();
    ui.csrf = "csrf-of-the-sample".to_owned();
    ui.account = Some(Account {
        id: "of-the-sample".to_owned(),
        name: said("林晓", "Lin Xiao"),
        role: said("派遣员", "dispatcher"),
        is_resident: false,
    });
    ui.menu = vec![
        MenuItem {
            count: Some(12),
            ..MenuItem::new(said("工作台", "Desk"), "/desk")
        },
        MenuItem::new(said("案件", "Cases"), "/cases"),
        MenuItem::new(said("考评", "Evaluation"), "/evaluation"),
    ];
    ui.flash = Some(Flash::new(
        Tone::Good,
        said(
            "已派遣给市政养护中心。",
            "Dispatched to the road maintenance centre.",
        ),
    ));
    ui
}

/// The same with the words of this crate alone.
///
/// # Panics
/// If the words of this crate are unsound, which its own tests exclude.
#[must_use]
pub fn sample_ui(lang: Lang, now: Timestamp) -> Ui {
    let words = I18n::builder()
        .build()
        .expect("the words of this crate are checked by its tests");
    ui_with(site_with(words), lang, now)
}

/// Fails if a rendered page could not be shown to people: see [`faults_of`].
///
/// # Panics
/// With the list of faults.
#[track_caller]
pub fn assert_sound(html: &str) {
    let faults = faults_of(html);
    assert!(
        faults.is_empty(),
        "the page is not sound:\n  {}",
        faults.join("\n  ")
    );
}

/// What a reader, a screen reader or the content security policy would stumble over: words that are missing, inline
/// style or script, an id twice, a label or description that points nowhere, a picture or button without a name,
/// a page without language, title or exactly one `h1`. Fragments (no `<html`) are checked for what applies to them.
#[must_use]
pub fn faults_of(html: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for part in html.split('⟦').skip(1) {
        faults.push(format!(
            "no word for {:?}",
            part.split('⟧').next().unwrap_or_default()
        ));
    }
    let elements = elements_of(html);
    let mut ids = BTreeSet::new();
    for id in elements.iter().filter_map(|element| element.get("id")) {
        if !ids.insert(id) {
            faults.push(format!("id {id:?} is there twice"));
        }
    }
    for element in &elements {
        element.check(&ids, &mut faults);
    }
    if html.contains("<html") {
        check_document(html, &elements, &mut faults);
    }
    faults
}

fn check_document(html: &str, elements: &[Element<'_>], faults: &mut Vec<String>) {
    // A drawing in the body has titles of its own: what a pointer over its dots says.
    let is_of_drawing = |at: usize, element: &Element<'_>| {
        element.name == "title" && elements[..at].iter().any(|e| e.name == "body")
    };
    let count = |name: &str| {
        elements
            .iter()
            .enumerate()
            .filter(|(at, element)| element.name == name && !is_of_drawing(*at, element))
            .count()
    };
    for (name, expected) in [("html", 1), ("title", 1), ("main", 1), ("h1", 1)] {
        if count(name) != expected {
            faults.push(format!("{} of <{name}> instead of {expected}", count(name)));
        }
    }
    if !elements.iter().any(|element| {
        element.name == "html" && element.get("lang").is_some_and(|lang| !lang.is_empty())
    }) {
        faults.push("<html> has no lang".to_owned());
    }
    let title = html
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next())
        .unwrap_or_default();
    if title
        .split('·')
        .next()
        .unwrap_or_default()
        .trim()
        .is_empty()
    {
        faults.push("the title is empty".to_owned());
    }
}

/// An opening tag with its attributes and the text up to its end tag (for names of buttons and links).
struct Element<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    inner: &'a str,
}

impl Element<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    }

    fn check(&self, ids: &BTreeSet<&str>, faults: &mut Vec<String>) {
        let name = self.name;
        for (key, value) in &self.attributes {
            if *key == "style" || key.starts_with("on") {
                faults.push(format!("<{name}> has the inline attribute {key}"));
            }
            if matches!(
                *key,
                "for" | "aria-describedby" | "aria-labelledby" | "aria-controls"
            ) {
                for id in value.split_whitespace().filter(|id| !ids.contains(id)) {
                    faults.push(format!(
                        "<{name} {key}> points to {id:?}, which is not there"
                    ));
                }
            }
            if matches!(*key, "href" | "src" | "action")
                && value
                    .trim_start()
                    .to_ascii_lowercase()
                    .starts_with("javascript:")
            {
                faults.push(format!("<{name} {key}> is a script"));
            }
        }
        if name == "style" || (name == "script" && self.get("src").is_none()) {
            faults.push(format!("<{name}> is inline"));
        }
        if name == "img" && self.get("alt").is_none() {
            faults.push("<img> has no alt".to_owned());
        }
        let named = || {
            self.get("aria-label").is_some()
                || !text_of(self.inner).trim().is_empty()
                || self.inner.contains("alt=\"")
        };
        if matches!(name, "button" | "a" | "summary" | "label" | "th" | "option") && !named() {
            faults.push(format!("<{name}> has no text: {:?}", self.attributes));
        }
    }
}

/// All opening tags. Made for markup that templates write (quoted attributes), not for the whole of HTML.
fn elements_of(html: &str) -> Vec<Element<'_>> {
    let mut elements = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let name_end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .unwrap_or(rest.len());
        let (name, tail) = rest.split_at(name_end);
        let (attributes, tail) = attributes_of(tail);
        let end = tail.find(&format!("</{name}")).unwrap_or(0);
        elements.push(Element {
            name,
            attributes,
            inner: &tail[..end],
        });
        rest = tail;
    }
    elements
}

/// The attributes up to `>`, and what follows it.
fn attributes_of(mut rest: &str) -> (Vec<(&str, &str)>, &str) {
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (attributes, after);
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .unwrap_or(rest.len());
        if end == 0 {
            return (attributes, rest);
        }
        let (key, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix('=') {
            None => ("", after),
            Some(quoted) if quoted.starts_with(['"', '\'']) => {
                let (quote, body) = quoted.split_at(1);
                body.split_once(quote).unwrap_or((body, ""))
            }
            Some(bare) => bare.split_at(
                bare.find(|c: char| c.is_whitespace() || c == '>')
                    .unwrap_or(bare.len()),
            ),
        };
        attributes.push((key, value));
        rest = after;
    }
}

/// What is left of markup when the tags are taken away.
fn text_of(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in markup.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

/// The keys used in templates and Rust sources, each with the first file it was found in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsedKeys {
    /// Literal keys: `ui.t("desk-title")`, `t2(`, `tn(`, `ta(`, and any other string on a line marked `// word`.
    pub keys: BTreeMap<String, PathBuf>,
    /// Beginnings of keys that are put together: `ui.t(&format!("ui-light-{name}"))`, or a comment `// words: case-state-*`.
    pub prefixes: BTreeMap<String, PathBuf>,
}

/// Looks through all `.html`, `.txt`, `.xml` and `.rs` files below the folders for keys.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn used_keys(folders: &[&Path]) -> io::Result<UsedKeys> {
    let mut used = UsedKeys::default();
    for folder in folders {
        visit(folder, &mut used)?;
    }
    Ok(used)
}

fn visit(folder: &Path, used: &mut UsedKeys) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = path
            .extension()
            .and_then(|kind| kind.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            visit(&path, used)?;
        } else if matches!(kind, "html" | "txt" | "xml" | "rs") {
            scan(&fs::read_to_string(&path)?, &path, used);
        }
    }
    Ok(())
}

fn scan(text: &str, path: &Path, used: &mut UsedKeys) {
    // What tests and comments in a source file say is no use of a word.
    let text = text.split("#[cfg(test)]\nmod tests {").next();
    let text = text.unwrap_or_default();
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    for name in ["t", "tn", "t2", "ta"] {
        for rest in code.split(&format!(".{name}(")).skip(1) {
            let rest = rest.trim_start();
            if let Some(key) = rest
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next())
            {
                used.keys
                    .entry(key.to_owned())
                    .or_insert_with(|| path.to_owned());
            } else if let Some(key) = rest
                .strip_prefix("&format!(\"")
                .and_then(|rest| rest.split(['{', '"']).next())
            {
                used.prefixes
                    .entry(key.to_owned())
                    .or_insert_with(|| path.to_owned());
            }
        }
    }
    for line in text.lines() {
        if let Some((_, list)) = line.split_once("// words:") {
            let prefixes = list
                .split([' ', ','])
                .filter_map(|word| word.strip_suffix('*'));
            used.prefixes
                .extend(prefixes.map(|prefix| (prefix.to_owned(), path.to_owned())));
        }
        if line.trim_end().ends_with("// word") {
            let strings = line.split('"').skip(1).step_by(2);
            used.keys
                .extend(strings.map(|key| (key.to_owned(), path.to_owned())));
        }
    }
}

/// What is wrong between the words used and the words there are: keys that are used but not defined, prefixes under
/// which there is nothing, and keys of the named capabilities that nobody uses.
#[must_use]
pub fn word_faults(words: &I18n, used: &UsedKeys, capabilities: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, path) in &used.keys {
        if !words.has(key) {
            faults.push(format!("{}: no word for {key:?}", path.display()));
        }
    }
    for (prefix, path) in &used.prefixes {
        if !words
            .keys()
            .any(|(key, _, _)| key.starts_with(prefix.as_str()))
        {
            faults.push(format!(
                "{}: no word begins with {prefix:?}",
                path.display()
            ));
        }
    }
    for (prefix, path) in &used.prefixes {
        if capabilities
            .iter()
            .any(|name| prefix.trim_end_matches('-').len() <= name.len())
        {
            faults.push(format!(
                "{}: {prefix:?} would cover every word: name a longer beginning",
                path.display()
            ));
        }
    }
    for (key, capability, _) in words
        .keys()
        .filter(|(_, capability, _)| capabilities.contains(capability))
    {
        let put_together = used
            .prefixes
            .keys()
            .any(|prefix| key.starts_with(prefix.as_str()));
        if !put_together && !used.keys.contains_key(key) {
            faults.push(format!("{capability}: {key:?} is not used by any page"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOUND: &str = "<!doctype html><html lang=\"en\"><head><title>a · b</title></head><body><main><h1>x</h1><label for=\"i\">l</label><input id=\"i\"></main></body></html>";

    #[test]
    fn a_sound_page_passes() {
        assert_eq!(faults_of(SOUND), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_found() {
        for (from, to, fault) in [
            ("<h1>x</h1>", "<h1>⟦a-b⟧</h1>", "no word for \"a-b\""),
            (
                "<main>",
                "<main style=\"color:red\">",
                "inline attribute style",
            ),
            ("<main>", "<main onclick='x()'>", "inline attribute onclick"),
            ("<main>", "<main><script>1</script>", "<script> is inline"),
            (
                "<main>",
                "<main><p id=\"i\"></p>",
                "id \"i\" is there twice",
            ),
            ("for=\"i\"", "for=\"j\"", "points to \"j\""),
            (
                "<main>",
                "<main><button class=x><span></span></button>",
                "<button> has no text",
            ),
            ("<main>", "<main><img src=\"x\">", "<img> has no alt"),
            (
                "<main>",
                "<main><a href=\"JavaScript:1\">x</a>",
                "is a script",
            ),
            ("<h1>x</h1>", "", "0 of <h1>"),
            (" lang=\"en\"", "", "has no lang"),
            ("a · b", " · b", "the title is empty"),
        ] {
            let page = SOUND.replace(from, to);
            let faults = faults_of(&page);
            assert!(
                faults.iter().any(|found| found.contains(fault)),
                "{fault}: {faults:?}"
            );
        }
    }

    #[test]
    fn keys_are_found_where_they_are_used() {
        let mut used = UsedKeys::default();
        let source = "{{ ui.t(\"a-b\") }} {{ ui.tn( \"a-n\", \"n\", 1) }}\nui.t(&format!(\"a-state-{x}\")) // words: a-role-*, a-kind-*\n\
                      #[cfg(test)]\nmod tests;\n(Tone::Bad, \"a-marked\"), // word\n#[cfg(test)]\nmod tests { ui.t(\"not-this\") }";
        scan(source, Path::new("x.html"), &mut used);
        assert_eq!(
            used.keys.keys().collect::<Vec<_>>(),
            ["a-b", "a-marked", "a-n"]
        );
        assert_eq!(
            used.prefixes.keys().collect::<Vec<_>>(),
            ["a-kind-", "a-role-", "a-state-"]
        );
        let words = I18n::builder()
            .add(
                "a",
                "a-b = x\na-old = y\na-kind-x = z",
                "a-b = x\na-old = y\na-kind-x = z",
            )
            .build()
            .unwrap();
        let faults = word_faults(&words, &used, &["a"]);
        assert_eq!(faults.len(), 5, "{faults:?}");
        assert!(faults.contains(&"a: \"a-old\" is not used by any page".to_owned()));
        used.prefixes.insert("a-".to_owned(), PathBuf::from("x.rs"));
        let faults = word_faults(&words, &used, &["a"]);
        assert!(
            faults
                .iter()
                .any(|fault| fault.contains("would cover every word"))
        );
    }

    #[test]
    fn the_words_of_this_crate_are_all_used_and_all_there() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let used = used_keys(&[&here.join("templates"), &here.join("src")]).unwrap();
        let words = I18n::builder().build().unwrap();
        let faults = word_faults(&words, &used, &["ui"]);
        assert_eq!(faults, Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn no_markup_panics(html in "[<>a-z\"'= /⟦⟧中]{0,120}") {
            let _ = faults_of(&html);
        }
    }
}
