//! The two languages of the pages, and how a request says which one it wants.

use serde::{Deserialize, Serialize};

/// A language of the pages. Chinese is the first: it answers when nothing else was asked for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// 简体中文, `zh-CN`.
    #[default]
    Zh,
    /// English, `en`.
    En,
}

impl Lang {
    /// Both, Chinese first.
    pub const ALL: [Lang; 2] = [Lang::Zh, Lang::En];

    /// The BCP 47 tag, for the `lang` attribute and for file names.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        }
    }

    /// The language a tag names; the region does not matter (`en-GB` is English, `zh-Hant-TW` is Chinese).
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag
            .trim()
            .split(['-', '_'])
            .next()?
            .to_ascii_lowercase()
            .as_str()
        {
            "zh" => Some(Lang::Zh),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// What an `Accept-Language` header prefers among ours: the highest `q`, the earlier one where they are equal.
    #[must_use]
    pub fn from_header(accept_language: &str) -> Option<Self> {
        let mut best: Option<(Lang, f32)> = None;
        for part in accept_language.split(',').take(32) {
            let mut fields = part.split(';');
            let Some(lang) = fields.next().and_then(Lang::from_tag) else {
                continue;
            };
            let weight = fields
                .find_map(|field| field.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0));
            if weight > 0.0 && best.is_none_or(|(_, before)| weight > before) {
                best = Some((lang, weight));
            }
        }
        best.map(|(lang, _)| lang)
    }

    /// What the `Cookie` header says was chosen (`shiyu_lang`).
    #[must_use]
    pub fn from_cookie(cookie: &str) -> Option<Self> {
        crate::look::cookie_value(cookie, crate::look::LANG_COOKIE).and_then(Lang::from_tag)
    }

    /// What a query string asks for (`lang=en`).
    #[must_use]
    pub fn from_query(query: &str) -> Option<Self> {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix("lang="))
            .and_then(Lang::from_tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_with_the_highest_weight_wins() {
        assert_eq!(
            Lang::from_header("en-GB,en;q=0.8,zh-CN;q=0.9"),
            Some(Lang::En)
        );
        assert_eq!(
            Lang::from_header("fr, zh-TW;q=0.5, en;q=0.7"),
            Some(Lang::En)
        );
        assert_eq!(Lang::from_header("zh-Hans-CN, en"), Some(Lang::Zh));
        assert_eq!(Lang::from_header("en;q=0, zh;q=0.1"), Some(Lang::Zh));
    }

    #[test]
    fn nonsense_asks_for_nothing() {
        for header in ["", ",,,", ";;q=", "de", "q=1", "en;q=much", "\u{0}", "-"] {
            assert_eq!(Lang::from_header(header), None, "{header:?}");
        }
        assert_eq!(Lang::from_query("a=b&lang=xx"), None);
        assert_eq!(Lang::from_cookie("other=1; shiyu_lang=tlh"), None);
    }

    #[test]
    fn cookie_and_query_name_a_language() {
        assert_eq!(Lang::from_cookie("a=b; shiyu_lang=en; c=d"), Some(Lang::En));
        assert_eq!(Lang::from_query("page=2&lang=zh-CN"), Some(Lang::Zh));
    }
}
