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
        let word = |part: &str| ui.t(&format!("ui-error-{kind}-{part}"));
        let (title, happened, kept, advice) = (
            word("title"),
            word("happened"),
            word("kept"),
            word("advice"),
        );
        Self {
            title,
            happened,
            kept,
            advice,
            reference: reference.into(),
            back: String::new(),
            ui,
        }
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
            }
        }
    }
}
