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
    /// Its body as HTML, without the title. A picture is shown where `picture` knows it, folded, so that it comes over the line
    /// only when somebody wants to see it; it is left out elsewhere. `label` words the fold.
    pub fn body(
        &self,
        lang: Lang,
        picture: impl Fn(&str) -> Option<Picture>,
        label: impl Fn(&str) -> String,
    ) -> Html {
        let text = self.text(lang);
        let body = text.split_once('\n').map_or("", |(_, rest)| rest);
        // The picture being read, if it is known, and what is said of it.
        let mut within: Option<(Option<Picture>, String)> = None;
        let events = Parser::new_ext(body, Options::ENABLE_TABLES).filter_map(|event| {
            match event {
                Event::Start(Tag::Image { dest_url, .. }) => {
                    within = Some((picture(&dest_url), String::new()));
                    None
                }
                Event::End(TagEnd::Image) => {
                    let (found, alt) = within.take()?;
                    let fold = found?.folded(&alt, &label(&alt));
                    // A fold stands between paragraphs, never in one.
                    Some(Event::InlineHtml(CowStr::from(format!("</p>{fold}<p>"))))
                }
                Event::Text(text) | Event::Code(text) if within.is_some() => {
                    if let Some((_, alt)) = &mut within {
                        alt.push_str(&text);
                    }
                    None
                }
                _ if within.is_some() => None,
                // The guides are ours, and yet nothing in them is markup of their own.
                Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
                other => Some(other),
            }
        });
        let mut out = String::with_capacity(body.len() * 2);
        html::push_html(&mut out, events);
        Html::from_markup(out.replace("<p></p>", ""))
    }
}

/// A picture of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Where it is.
    pub address: String,
    /// Its width and height in pixels, so that the page does not jump when it comes.
    pub size: (u32, u32),
}

impl Picture {
    /// A PNG under an address; none of bytes that are no PNG. Its size stands at the beginning (RFC 2083, 4.1.1).
    pub fn png(address: String, bytes: &[u8]) -> Option<Self> {
        let number = |from: usize| {
            let four: [u8; 4] = bytes.get(from..from + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(four))
        };
        if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return None;
        }
        let size = (number(16)?, number(20)?);
        Some(Self { address, size })
    }
    fn folded(&self, alt: &str, label: &str) -> String {
        let (alt, label) = (Html::from_text(alt), Html::from_text(label));
        let ((width, height), address) = (self.size, Html::from_text(&self.address));
        format!(
            "<details class=\"fold\"><summary>{}</summary><img src=\"{}\" alt=\"{}\" width=\"{width}\" height=\"{height}\" \
             loading=\"lazy\" decoding=\"async\"></details>",
            label.as_str(),
            address.as_str(),
            alt.as_str(),
        )
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
        let label = |alt: &str| format!("picture: {alt}");
        let without = guide.body(Lang::Zh, |_| None, label);
        assert!(!without.as_str().contains("img") && !without.as_str().contains("alt"));
        assert!(!without.as_str().contains("<script>") && without.as_str().contains("after"));
        let known = |name: &str| {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            bytes.extend([0, 0, 5, 160, 0, 0, 3, 132]);
            Picture::png(format!("/help/pictures/{name}.png"), &bytes)
        };
        let with = guide.body(Lang::Zh, known, label);
        // It waits behind a fold, and says how large it will be.
        for part in [
            "<details class=\"fold\"><summary>picture: alt ",
            "src=\"/help/pictures/one.png\"",
            "width=\"1440\" height=\"900\" loading=\"lazy\"",
        ] {
            assert!(with.as_str().contains(part), "{part}: {}", with.as_str());
        }
        assert!(!with.as_str().contains("<b>") && with.as_str().contains("after"));
        assert!(!with.as_str().contains("<p></p>"), "{}", with.as_str());
        assert_eq!(Picture::png(String::new(), b"GIF89a"), None);
    }
}
