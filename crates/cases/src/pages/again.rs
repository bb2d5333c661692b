//! A form that is not taken now (it stood open too long, too many came from one network) is shown again with what was typed:
//! also without script nobody writes it twice.

use super::pictures::Entry;
use access::{Fault, FormParts, show_as};
use askama::Template;
use axum::http::header;
use axum::response::Response;
use ui::Ui;

/// Why a form stands there again.
#[derive(Debug)]
pub(super) struct Again {
    fault: Fault,
    /// What happened, and what was kept.
    pub sentences: Vec<String>,
}

impl Again {
    /// The words of a form that is not taken now. Its files are read and let go: nothing of it is kept here.
    pub async fn read(ui: &Ui, fault: &Fault, mut form: FormParts) -> Result<(Entry, Self), Fault> {
        let mut had_files = false;
        while form.next_file(0).await?.is_some() {
            had_files = true;
        }
        let happened = if fault.code() == "access.csrf" {
            ui.t("cases-again-stale")
        } else {
            let told = fault.sentence(&ui.site.words, ui.lang);
            told.unwrap_or_else(|| fault.detail().to_owned())
        };
        let files = had_files.then(|| ui.t("cases-again-files"));
        let sentences = [happened, ui.t("cases-again-kept")]
            .into_iter()
            .chain(files);
        let again = Self {
            sentences: sentences.collect(),
            fault: fault.clone(),
        };
        Ok((Entry::of(form.into_fields()), again))
    }
    /// The form with its status, and when to come back.
    pub fn show(&self, page: &impl Template) -> Result<Response, Fault> {
        let mut response = show_as(self.fault.status(), page)?;
        if let Some(seconds) = self.fault.retry_after_s() {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        Ok(response)
    }
}
