//! How a person wants to see the pages: language, theme, large type. Kept in cookies, changed by plain links to [`PATH`].
//!
//! No session is needed, so a resident without an account keeps the choice; nothing personal is stored.

use crate::lang::Lang;
use axum::extract::RawQuery;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Where [`change`] is to be mounted, with GET and open to everybody.
pub const PATH: &str = "/look";
pub(crate) const LANG_COOKIE: &str = "shiyu_lang";
const THEME_COOKIE: &str = "shiyu_theme";
const ELDER_COOKIE: &str = "shiyu_elder";
/// A choice is kept for a year.
const KEPT_S: u32 = 365 * 24 * 3600;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// All three, in the order shown.
    pub const ALL: [Theme; 3] = [Theme::Auto, Theme::Light, Theme::Dark];

    /// `auto`, `light`, `dark`: as in the cookie, the query and the `data-theme` attribute.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// The choices of one reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The language of the words.
    pub lang: Lang,
    /// Light or dark.
    pub theme: Theme,
    /// Elder mode (大字版): large type, one column.
    pub elder: bool,
}

impl Look {
    /// Reads the choices from the `Cookie` and `Accept-Language` headers; anything unreadable counts as not chosen.
    #[must_use]
    pub fn read(cookie: Option<&str>, accept_language: Option<&str>) -> Self {
        let cookie = cookie.unwrap_or_default();
        Self {
            lang: Lang::from_cookie(cookie)
                .or_else(|| accept_language.and_then(Lang::from_header))
                .unwrap_or_default(),
            theme: cookie_value(cookie, THEME_COOKIE)
                .and_then(Theme::from_name)
                .unwrap_or_default(),
            elder: cookie_value(cookie, ELDER_COOKIE) == Some("1"),
        }
    }
}

/// The value of one cookie in a `Cookie` header.
pub(crate) fn cookie_value<'a>(cookie: &'a str, name: &str) -> Option<&'a str> {
    cookie.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// GET `/look?lang=en&theme=dark&elder=1&back=/desk`: keeps what is named and goes back to the page.
pub async fn change(RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut reply = StatusCode::SEE_OTHER.into_response();
    let headers = reply.headers_mut();
    for (name, value) in choices(&query) {
        let cookie = format!("{name}={value}; Path=/; Max-Age={KEPT_S}; SameSite=Lax; HttpOnly");
        headers.append(
            header::SET_COOKIE,
            HeaderValue::from_str(&cookie).expect("name and value are ours, plain ASCII"),
        );
    }
    let back = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("back="))
        .and_then(percent_decode);
    let back = back.as_deref().map_or("/", own_path);
    headers.insert(
        header::LOCATION,
        HeaderValue::from_str(&crate::look::encode_path(back))
            .unwrap_or(HeaderValue::from_static("/")),
    );
    reply
}

/// The cookies a query asks for, only with values we know.
fn choices(query: &str) -> Vec<(&'static str, &'static str)> {
    let mut kept = Vec::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "lang" => kept.extend(Lang::from_tag(value).map(|lang| (LANG_COOKIE, lang.tag()))),
            "theme" => {
                kept.extend(Theme::from_name(value).map(|theme| (THEME_COOKIE, theme.name())))
            }
            "elder" => kept.push((ELDER_COOKIE, if value == "1" { "1" } else { "0" })),
            _ => {}
        }
    }
    kept
}

/// `path` if it is a path of this site, else `/`: a link must not send people to another host.
#[must_use]
pub fn own_path(path: &str) -> &str {
    let other_host =
        path.starts_with("//") || path.contains('\\') || path.contains(char::is_control);
    if path.starts_with('/') && !other_host {
        path
    } else {
        "/"
    }
}

/// Undoes `%xx` and `+`; `None` where the bytes are not UTF-8 or an escape is broken.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                out.push(
                    u8::try_from(high * 16 + low).expect("two hexadecimal digits make one byte"),
                );
            }
            b'+' => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

/// `text` with everything but letters, digits and `-._~` as `%xx`, for a query value or a cookie.
pub(crate) fn percent_encode(text: &str) -> String {
    encode(text, b"-._~")
}

/// A path with its query as it may stand in a header: only what cannot stand there is escaped.
pub(crate) fn encode_path(path: &str) -> String {
    encode(path, b"-._~/?&=%+,:@!$'()*;")
}

fn encode(text: &str, kept: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    async fn go(query: &str) -> (Vec<String>, String) {
        let reply = change(RawQuery(Some(query.to_owned()))).await;
        assert_eq!(reply.status(), StatusCode::SEE_OTHER);
        let cookies = reply.headers().get_all(header::SET_COOKIE).iter();
        let cookies = cookies
            .map(|value| {
                value
                    .to_str()
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        (
            cookies,
            reply.headers()[header::LOCATION]
                .to_str()
                .unwrap()
                .to_owned(),
        )
    }

    #[test]
    fn cookies_come_before_the_header() {
        let look = Look::read(
            Some("shiyu_lang=en; shiyu_theme=dark; shiyu_elder=1"),
            Some("zh-CN"),
        );
        assert_eq!(
            look,
            Look {
                lang: Lang::En,
                theme: Theme::Dark,
                elder: true
            }
        );
        assert_eq!(Look::read(None, Some("en")).lang, Lang::En);
        assert_eq!(
            Look::read(Some("shiyu_theme=neon; shiyu_elder=yes"), None),
            Look::default()
        );
    }

    #[tokio::test]
    async fn a_choice_is_kept_and_the_reader_goes_back() {
        let (cookies, to) = go("lang=en&theme=dark&elder=1&back=%2Fdesk%3Fpage%3D2").await;
        assert_eq!(
            cookies,
            ["shiyu_lang=en", "shiyu_theme=dark", "shiyu_elder=1"]
        );
        assert_eq!(to, "/desk?page=2");
    }

    #[tokio::test]
    async fn nobody_is_sent_to_another_host() {
        for back in [
            "https://evil.example",
            "//evil.example",
            "/%5Cevil.example",
            "%0d%0aSet-Cookie:x=1",
            "javascript:1",
            "%ff",
            "%2",
        ] {
            assert_eq!(go(&format!("back={back}")).await.1, "/", "{back}");
        }
    }

    #[tokio::test]
    async fn unknown_values_set_nothing() {
        assert_eq!(
            go("lang=tlh&theme=neon&x&=&&").await,
            (vec![], "/".to_owned())
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(text in ".*") {
            prop_assert_eq!(percent_decode(&percent_encode(&text)), Some(text));
        }

        #[test]
        fn no_query_panics(query in ".*") {
            let _ = choices(&query);
            let _ = own_path(&query);
            let _ = percent_decode(&query);
        }
    }
}
