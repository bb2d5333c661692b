//! The guides and how their Markdown becomes HTML. Pure.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use ui::{Html, Lang};

/// A guide: its name in addresses, its text in Chinese and in English.
#[derive(Debug, Clone, Copy)]
pub struct Guide {
    /// The name in addresses, such as `grid-worker`.
    pub name: &'static str,
    zh: &'static str,
    en: &'static str,
}

macro_rules! guides {
    ($($name:literal),* $(,)?) => {
        /// All of them, in the order shown.
        pub const GUIDES: &[Guide] = &[$(Guide {
            name: $name,
            zh: include_str!(concat!("../../../docs/guide/zh-CN/", $name, ".md")),
            en: include_str!(concat!("../../../docs/guide/en/", $name, ".md")),
        }),*];
    };
}
guides!(
    "resident",
    "grid-worker",
    "desk",
    "department",
    "leader",
    "auditor",
    "administrator"
);

impl Guide {
    /// The guide of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        GUIDES.iter().find(|guide| guide.name == name)
    }
    /// Its text in a language.
    pub fn text(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
    /// Its title: the first line.
    pub fn title(&self, lang: Lang) -> &'static str {
        let first = self.text(lang).lines().next().unwrap_or_default();
        first.trim_start_matches('#').trim()
    }
    /// Its body as HTML, without the title. A picture is shown where `picture` knows its address, and left out elsewhere.
    pub fn body(&self, lang: Lang, picture: impl Fn(&str) -> Option<String>) -> Html {
        let text = self.text(lang);
        let body = text.split_once('\n').map_or("", |(_, rest)| rest);
        let mut hidden = false;
        let events = Parser::new_ext(body, Options::ENABLE_TABLES).filter_map(|event| {
            match event {
                Event::Start(Tag::Image {
                    link_type,
                    dest_url,
                    title,
                    id,
                }) => match picture(&dest_url) {
                    Some(address) => Some(Event::Start(Tag::Image {
                        link_type,
                        dest_url: CowStr::from(address),
                        title,
                        id,
                    })),
                    None => {
                        hidden = true;
                        None
                    }
                },
                Event::End(TagEnd::Image) if hidden => {
                    hidden = false;
                    None
                }
                // The guides are ours, and yet nothing in them is markup of their own.
                Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
                _ if hidden => None,
                other => Some(other),
            }
        });
        let mut out = String::with_capacity(body.len() * 2);
        html::push_html(&mut out, events);
        Html::from_markup(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guide_has_a_title_and_the_same_parts_in_both_languages() {
        for guide in GUIDES {
            let parts = |lang| {
                let marks = guide.text(lang).lines().map(|line| {
                    line.chars()
                        .take_while(|c| matches!(c, '#' | '-' | '!' | '0'..='9'))
                        .collect::<String>()
                });
                marks.filter(|mark| !mark.is_empty()).collect::<Vec<_>>()
            };
            assert_eq!(parts(Lang::Zh), parts(Lang::En), "{}", guide.name);
            for lang in Lang::ALL {
                assert!(!guide.title(lang).is_empty(), "{}", guide.name);
                assert!(guide.text(lang).starts_with("# "), "{}", guide.name);
            }
        }
    }

    #[test]
    fn a_picture_that_is_not_there_leaves_no_trace() {
        let guide = Guide {
            name: "x",
            zh: "# t\n\n![alt <b>](one) after <script>x</script>\n",
            en: "",
        };
        let without = guide.body(Lang::Zh, |_| None);
        assert!(!without.as_str().contains("img") && !without.as_str().contains("alt"));
        assert!(!without.as_str().contains("<script>") && without.as_str().contains("after"));
        let with = guide.body(Lang::Zh, |name| Some(format!("/help/pictures/{name}.png")));
        assert!(with.as_str().contains("src=\"/help/pictures/one.png\""));
    }
}
