//! GET and POST /found — a worker of the street reports what was found, also what was put right on the spot.

use super::Offers;
use super::read::{self, Wrong};
use super::report::{places, refused};
use crate::ops::{self, NewReport, Receipt};
use crate::service::Cases;
use access::{Ctx, Fault, Fields, Go, show, show_as};
use askama::Template;
use axum::response::{IntoResponse, Response};
use matters::City;
use ui::{Choice, FormState, Tone, Ui};

#[derive(Template)]
#[template(path = "cases_found.html")]
pub(super) struct FoundPage {
    pub ui: Ui,
    pub form: FormState,
    pub matters: Vec<String>,
    pub places: Vec<Choice>,
}

impl FoundPage {
    pub fn new(ui: Ui, city: &City, form: FormState) -> Self {
        Self {
            matters: Offers::of_matters(&ui, city),
            places: places(city),
            ui,
            form,
        }
    }
}

pub(super) async fn blank(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    show(&FoundPage::new(
        ui,
        &ctx.service::<Cases>().city(),
        FormState::new(),
    ))
}

pub(super) async fn send(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    match take(&ctx, &ui, &city, &fields).await {
        Ok(receipt) => {
            let number = receipt.case.number.to_string();
            Ok(Go::to(format!("/cases/{number}"))
                .saying(
                    Tone::Good,
                    ui.tn("cases-found-done", "number", number.as_str()),
                )
                .into_response())
        }
        Err(Wrong::Case(error @ (ops::CaseError::Store(_) | ops::CaseError::Refused(_)))) => {
            Err(error.into())
        }
        Err(wrong) => show_as(
            wrong.status(),
            &FoundPage::new(ui.clone(), &city, refused(&ui, &fields, &wrong)),
        ),
    }
}

async fn take(ctx: &Ctx, ui: &Ui, city: &City, fields: &Fields) -> Result<Receipt, Wrong> {
    let how = fields.get("self_handled");
    let new = NewReport {
        channel: "patrol".into(),
        description: fields.get("description").to_owned(),
        matter: read::matter(ui, city, fields.get("matter"))?,
        place: read::place(ui, fields)?,
        self_handled: (!how.is_empty()).then(|| how.to_owned()),
        ..NewReport::default()
    };
    Ok(ops::report(ctx, new).await?)
}
