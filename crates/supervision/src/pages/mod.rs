//! The pages of supervision: the list with counts by unit, opening, one matter, the ladder; and a panel on the page of a case.

mod ladder;
mod list;
mod one;
mod open;
mod panel;

pub use panel::CasePanel;

use crate::model::{Standing, Supervised, SupervisionError};
use access::{Fault, Permission, Routes};
use axum::http::Method;
use matters::City;
use ui::{Html, Ui};

/// Adds the pages to the calls.
pub(crate) fn add(routes: Routes) -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, supervise) = (Permission::CaseRead, Permission::CaseSupervise);
    routes
        .on(get(), "/supervision", read, list::show)
        .on(get(), "/supervision/new", supervise, open::blank)
        .on(post(), "/supervision/new", supervise, open::send)
        .on(
            get(),
            "/supervision/ladder",
            Permission::ReferenceRead,
            ladder::show,
        )
        .on(
            post(),
            "/supervision/ladder",
            Permission::ReferenceManage,
            ladder::change,
        )
        .on(get(), "/supervision/{id}", read, one::show)
        .on(
            post(),
            "/supervision/{id}/report",
            Permission::CaseHandle,
            one::report,
        )
        .on(post(), "/supervision/{id}/decide", supervise, one::decide)
        .on(
            post(),
            "/cases/{number}/remind",
            Permission::CaseRemind,
            panel::remind,
        )
}

// words: supervision-standing-* supervision-origin-* supervision-tell-* supervision-act-* supervision-mark-*

/// The word of a standing, with how it is meant.
fn standing(ui: &Ui, s: &Supervised) -> (String, &'static str) {
    let tone = match s.state {
        Standing::Open => "warn",
        Standing::Reported => "info",
        Standing::SignedOff => "good",
        Standing::Withdrawn => "info",
    };
    (
        ui.t(&format!(
            "supervision-standing-{}",
            s.state.as_str().replace('_', "-")
        )),
        tone,
    )
}

fn unit_name(ui: &Ui, city: &City, unit: access::UnitId) -> Html {
    match city.unit(unit) {
        Some(u) => ui.named(&u.name_zh, u.name_en.as_deref()),
        None => Html::from_text("—"),
    }
}

/// The light of what is owed, with its word.
fn light(ui: &Ui, s: &Supervised) -> Html {
    use kernel::deadline::Light;
    match s.state {
        Standing::Open if s.is_late(ui.now) => ui.light(Light::Late),
        Standing::Open if s.provisional => ui.light(Light::Provisional),
        Standing::Open => ui.light(Light::InTime),
        _ => Html::default(),
    }
}

/// The sentence of an error in the reader's language.
// words: supervision-field-*
fn sentence(ui: &Ui, error: SupervisionError) -> (Fault, String) {
    let fault = Fault::from(error);
    // What is missing is named as its field is, so that the list of faults can be understood by itself.
    if fault.code() == "supervision.missing" {
        let field = fault.field_name().unwrap_or_default().replace('_', "-");
        let key = format!("supervision-field-{field}");
        if ui.site.words.has(&key) {
            let said = ui.tn(
                "supervision-error-missing-named",
                "field",
                ui.t(&key).as_str(),
            );
            return (fault, said);
        }
    }
    let said = fault
        .sentence(&ui.site.words, ui.lang)
        .unwrap_or_else(|| fault.detail().to_owned());
    (fault, said)
}

#[cfg(test)]
mod tests;
