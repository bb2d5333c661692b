//! The pages of dispatch: what waits for me, whistles, hand-over, claims, reorganisation, and panels on the page of a case.

mod claims;
mod for_me;
mod handover;
mod items;
mod panel;
mod reorganise;
mod whistles;

pub use panel::CasePanel;

use crate::ops::DispatchError;
use access::{Capability, Fault, Go, Permission, Problem as _, Routes, UnitId};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use cases::pages::pictures::FORM_BYTES;
use matters::City;
use ui::{FormState, Tone, Ui};

/// Adds the pages to the calls of dispatch.
pub fn add(routes: Routes) -> Routes {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (read, handle, claim) = (
        Permission::CaseRead,
        Permission::CaseHandle,
        Permission::CaseClaim,
    );
    routes
        .on(get(), "/for-me", read, for_me::show)
        .on(post(), "/for-me/seen", read, for_me::seen)
        .on(get(), "/whistles", read, whistles::list)
        .on(post(), "/whistles", handle, whistles::blow)
        .on(get(), "/whistles/figures", read, whistles::figures)
        .on(get(), "/whistles/{id}", read, whistles::one)
        .on(post(), "/whistles/{id}/answer", handle, whistles::answer)
        .on(post(), "/whistles/{id}/end", handle, whistles::end)
        .on(post(), "/whistles/{id}/assess", handle, whistles::assess)
        .on(get(), "/handover", read, handover::show)
        .on(post(), "/handover", read, handover::give)
        .on(post(), "/handover/{id}/take", read, handover::take)
        .on(get(), "/claims", claim, claims::show)
        .on(post(), "/claims/subscribe", claim, claims::subscribe)
        .on(
            post(),
            "/claims/unsubscribe/{id}",
            claim,
            claims::unsubscribe,
        )
        .on(post(), "/claims/{number}/claim", claim, claims::claim)
        .on(post(), "/claims/{number}/show", claim, claims::evidence)
        .takes(FORM_BYTES)
        .on(post(), "/claims/{number}/drop", claim, claims::drop)
        .on(
            post(),
            "/rulings/{number}",
            Permission::CaseCoordinate,
            panel::rule,
        )
        .on(get(), "/grid-items", Permission::ReferenceRead, items::show)
        .on(
            post(),
            "/grid-items",
            Permission::ReferenceManage,
            items::save,
        )
        .on(
            get(),
            "/reorganise",
            Permission::ReferenceManage,
            reorganise::blank,
        )
        .on(
            post(),
            "/reorganise",
            Permission::ReferenceManage,
            reorganise::send,
        )
}

/// Adds the links of the top bar.
pub fn menu(capability: Capability) -> Capability {
    capability
        .menu("dispatch-menu-for-me", "/for-me", Permission::CaseRead, 5)
        .menu(
            "dispatch-menu-whistles",
            "/whistles",
            Permission::CaseRead,
            46,
        )
        .menu(
            "dispatch-menu-handover",
            "/handover",
            Permission::CaseRead,
            47,
        )
        .menu("dispatch-menu-claims", "/claims", Permission::CaseClaim, 48)
        .menu(
            "dispatch-menu-items",
            "/grid-items",
            Permission::ReferenceManage,
            770,
        )
        .menu(
            "dispatch-menu-reorganise",
            "/reorganise",
            Permission::ReferenceManage,
            780,
        )
}

/// The name of a unit.
pub(crate) fn unit_name(ui: &Ui, city: &City, id: UnitId) -> String {
    let unit = city.unit(id);
    unit.map_or_else(String::new, |u| u.name(ui.lang.tag()).to_owned())
}

/// When something is due; where the calendar does not reach that far, with the sign and the word for it.
fn due_text(ui: &Ui, at: jiff::Timestamp, is_provisional: bool) -> String {
    if is_provisional {
        ui.tn("dispatch-due-provisional", "time", ui.time_text(at))
    } else {
        ui.time_text(at)
    }
}

/// After a form: back to a page with what was done, or with why it was not.
fn done(
    ui: &Ui,
    to: &str,
    result: Result<(), DispatchError>,
    said: &str,
) -> Result<Response, Fault> {
    match result {
        Ok(()) => Ok(Go::to(to).saying(Tone::Good, ui.t(said)).into_response()),
        // What is not there, or does not work at all, is a page of its own.
        Err(error) if error.status().as_u16() == 404 || error.status().is_server_error() => {
            Err(error.into())
        }
        Err(error) => {
            let why = sentence(ui, &error);
            Ok(Go::to(to).saying(Tone::Bad, why).into_response())
        }
    }
}

/// An error in the reader's words. What is missing is called as on the page that says so, so that the list of faults can be
/// understood by itself.
fn sentence(ui: &Ui, error: &DispatchError) -> String {
    match error.field() {
        Some(field) if matches!(error.code(), "dispatch.missing" | "cases.missing") => {
            let field = ui::field_name(&field);
            ui.tn("dispatch-error-missing-named", "field", field)
        }
        _ => cases::pages::told(ui, error),
    }
}

/// A form with the fault of an error beside its field; the error itself where it names none.
fn faulty(ui: &Ui, mut form: FormState, error: DispatchError) -> Result<FormState, Fault> {
    match error.field() {
        Some(field) => {
            form.fault(&field, sentence(ui, &error));
            Ok(form)
        }
        None => Err(error.into()),
    }
}
