//! One sentence about what was just done, carried over a redirect in a cookie that is read once.

use crate::look::{cookie_value, percent_decode, percent_encode};

const COOKIE: &str = "shiyu_flash";
/// Longer sentences would not fit a cookie beside the others.
const MAX_CHARS: usize = 300;

/// How a message is meant; it has its own mark and word, never colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neutral.
    #[default]
    Info,
    /// It worked.
    Good,
    /// Look at this.
    Warn,
    /// It did not work.
    Bad,
}

impl Tone {
    const ALL: [Tone; 4] = [Tone::Info, Tone::Good, Tone::Warn, Tone::Bad];

    /// The ending of the CSS class (`alert-good`, `badge-bad`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Tone::Info => "info",
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
        }
    }

    /// The sign before the text.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Tone::Info => "ℹ",
            Tone::Good => "✓",
            Tone::Warn => "▲",
            Tone::Bad => "■",
        }
    }
}

/// A message on top of the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// How it is meant.
    pub tone: Tone,
    /// A whole sentence in the reader's language; no personal data, it travels in a cookie. The names of fields in it are marked
    /// ([`crate::field_name`]): the page that shows it knows what it calls them.
    pub text: String,
}

impl Flash {
    /// A message.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            tone,
            text: text.into(),
        }
    }

    /// The `Set-Cookie` value that carries the message to the next page. Text past 300 characters is cut.
    #[must_use]
    pub fn set_cookie(&self) -> String {
        let text: String = self.text.chars().take(MAX_CHARS).collect();
        let value = percent_encode(&text);
        format!(
            "{COOKIE}={}.{value}; Path=/; Max-Age=60; SameSite=Lax; HttpOnly",
            self.tone.name()
        )
    }

    /// The `Set-Cookie` value that forgets the message, to be sent with the page that shows it.
    #[must_use]
    pub fn clear_cookie() -> String {
        format!("{COOKIE}=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly")
    }

    /// The message in a `Cookie` header, if there is one.
    #[must_use]
    pub fn from_cookie(cookie: &str) -> Option<Self> {
        let (tone, text) = cookie_value(cookie, COOKIE)?.split_once('.')?;
        let tone = Tone::ALL.into_iter().find(|known| known.name() == tone)?;
        let text = percent_decode(text)?;
        (!text.is_empty()).then_some(Self { tone, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_survives_the_redirect() {
        let flash = Flash::new(Tone::Good, "案件 330105-20261123-00001 已受理; 100%");
        let cookie = flash.set_cookie();
        assert!(cookie.is_ascii());
        assert_eq!(
            Flash::from_cookie(cookie.split(';').next().unwrap()),
            Some(flash)
        );
        assert_eq!(
            Flash::from_cookie(Flash::clear_cookie().split(';').next().unwrap()),
            None
        );
    }

    #[test]
    fn a_field_named_in_a_message_is_called_as_on_the_page_that_shows_it() {
        let named = |name: &str| format!("请填写“{}”。", crate::field_name(name));
        let page = |flash: &Flash| {
            crate::label_fields(format!(
                "<p>{}</p><label class=\"form-label\" for=\"f-why\">原因</label>",
                flash.text
            ))
        };
        let over = |text: String| {
            let cookie = Flash::new(Tone::Bad, text).set_cookie();
            assert!(cookie.is_ascii());
            Flash::from_cookie(cookie.split(';').next().unwrap()).unwrap()
        };
        assert!(page(&over(named("why"))).contains("请填写“原因”。"));
        // Cut within a name, a message has no mark left.
        let cut = over(format!("{}{}", "长".repeat(MAX_CHARS - 6), named("why")));
        assert!(
            !page(&cut).contains(['\u{e0f1}', '\u{e0f2}']),
            "{}",
            page(&cut)
        );
    }

    proptest! {
        #[test]
        fn any_cookie_is_read_without_panic(text in ".*") {
            let _ = Flash::from_cookie(&text);
            let _ = Flash::from_cookie(&format!("shiyu_flash={text}"));
        }
    }
}
