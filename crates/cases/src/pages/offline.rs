//! The line at the bottom of a worker's pages: what was done without a network and waits to be sent. The island `field`
//! brings it to life; without script the pages work as any other. And GET /offline — what the service worker shows in the
//! place of a page that cannot be had without a network.

use access::{Ctx, Fault, show};
use askama::Template;
use axum::response::Response;
use ui::{Html, Ui};

#[derive(Template)]
#[template(path = "cases_offline.html")]
pub(super) struct OfflinePage {
    pub ui: Ui,
}

/// It is kept on the device, so it says nothing of who asked for it.
pub(super) async fn page(ui: Ui) -> Result<Response, Fault> {
    show(&OfflinePage {
        ui: Ui {
            account: None,
            menu: Vec::new(),
            flash: None,
            unread: None,
            ..ui
        },
    })
}

// words: cases-sync-*
// words: cases-walk-*
/// The words of the line, by the name the island knows them by.
const WORDS: [(&str, &str); 26] = [
    ("online", "cases-sync-online"),
    ("offline", "cases-sync-offline"),
    ("waiting", "cases-sync-waiting"),
    ("sending", "cases-sync-sending"),
    ("sent", "cases-sync-sent"),
    ("refused", "cases-sync-refused"),
    ("drop", "cases-sync-drop"),
    ("open", "cases-sync-open"),
    ("signIn", "cases-sync-sign-in"),
    ("others", "cases-sync-others"),
    ("kept", "cases-sync-kept"),
    ("taken", "cases-sync-taken"),
    ("took", "cases-sync-took"),
    ("report", "cases-sync-report"),
    ("failed", "cases-sync-failed"),
    ("again", "cases-sync-again"),
    ("held", "cases-sync-held"),
    ("photo", "cases-sync-photo"),
    ("written", "cases-sync-written"),
    ("walkFailed", "cases-walk-failed"),
    ("fileRemove", "cases-file-remove"),
    ("description", "cases-field-description"),
    ("note", "cases-field-note"),
    ("self_handled", "cases-field-self_handled"),
    ("address", "cases-field-address"),
    ("matter", "cases-field-matter"),
];

/// The element of the line. `matters` are the classes by what the form calls them: label and id.
pub(super) fn sync_line(ctx: &Ctx, ui: &Ui, matters: &[(String, String)]) -> Html {
    let Some(account) = ctx.principal().actor().id else {
        return Html::default();
    };
    line(ui, &account.to_string(), matters)
}

pub(super) fn line(ui: &Ui, account: &str, matters: &[(String, String)]) -> Html {
    let Some(script) = ui::assets::url("field.js") else {
        return Html::default();
    };
    let words: serde_json::Map<String, serde_json::Value> = WORDS
        .iter()
        .map(|(name, key)| ((*name).to_owned(), ui.t(key).into()))
        .collect();
    let matters: serde_json::Map<String, serde_json::Value> = matters
        .iter()
        .map(|(label, id)| (label.clone(), id.clone().into()))
        .collect();
    let attribute = ui::html::escape;
    Html::from_markup(format!(
        "<div class=\"sync\" id=\"field-sync\" data-island=\"{script}\" data-eager data-account=\"{}\" data-csrf=\"{}\" data-words=\"{}\" data-matters=\"{}\"></div>",
        attribute(account),
        attribute(&ui.csrf),
        attribute(&serde_json::Value::Object(words).to_string()),
        attribute(&serde_json::Value::Object(matters).to_string()),
    ))
}
