//! Pages that belong to no capability: the error page.

use crate::view::Ui;
use askama::Template;

/// What went wrong, what was kept, what to do: every refusal and fault a person sees has this form.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The reader.
    pub ui: Ui,
    /// What happened, a short phrase (没有找到这一页).
    pub title: String,
    /// One or two sentences on it.
    pub happened: String,
    /// What was kept of what the person did; may be empty.
    pub kept: String,
    /// What to do now.
    pub advice: String,
    /// The number under which the log has the fault; empty for plain refusals.
    pub reference: String,
    /// Where to go from here; empty = the first page.
    pub back: String,
}

impl ErrorPage {
    /// The page for a status: 400, 401, 403, 404, 405, 409, 413, 422, 429, 503; everything else reads as a fault of ours.
    #[must_use]
    pub fn for_status(ui: Ui, status: u16, reference: impl Into<String>) -> Self {
        let kind = match status {
            400 | 422 => "bad-input",
            401 => "sign-in",
            403 => "forbidden",
            404 | 405 | 410 => "not-found",
            409 => "conflict",
            413 => "too-large",
            429 => "too-many",
            503 => "busy",
            _ => "fault",
        };
        let mut page = Self {
            title: String::new(),
            happened: String::new(),
            kept: String::new(),
            advice: String::new(),
            reference: reference.into(),
            back: String::new(),
            ui,
        };
        page.say(kind);
        page
    }

    // words: ui-error-*
    /// Speaks of a kind of refusal: one of those of [`Self::for_status`], or `stale`, a form that is too old.
    pub fn say(&mut self, kind: &str) {
        let word = |part: &str| self.ui.t(&format!("ui-error-{kind}-{part}"));
        let words = [
            word("title"),
            word("happened"),
            word("kept"),
            word("advice"),
        ];
        [self.title, self.happened, self.kept, self.advice] = words;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lang, testing};

    #[test]
    fn every_status_has_words_in_both_languages() {
        for lang in Lang::ALL {
            for status in [400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503, 599] {
                let ui = testing::sample_ui(lang, jiff::Timestamp::UNIX_EPOCH);
                let page = ErrorPage::for_status(ui, status, "01J9").render().unwrap();
                testing::assert_sound(&page);
                assert!(page.contains("01J9"), "{status}");
                // What is typed is given back on the page that the refusal leads to.
                assert!(page.contains("data-fault"), "{status}");
            }
            let ui = testing::sample_ui(lang, jiff::Timestamp::UNIX_EPOCH);
            let mut page = ErrorPage::for_status(ui, 403, "");
            let role = page.title.clone();
            page.say("stale");
            assert_ne!(page.title, role, "an old form is no matter of a role");
            testing::assert_sound(&page.render().unwrap());
        }
    }
}
