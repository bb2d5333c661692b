//! GET and POST /found — a worker of the street reports what was found, also what was put right on the spot.

use super::Offers;
use super::cells::{self, Cells};
use super::offline::sync_line;
use super::pictures::{self, AFTER, Entry, FILES, ONCE, Offer, PictureField, fresh_key};
use super::read::{self, Wrong};
use super::report::{offered_place, place_map, places, refused};
use crate::ops::{self, NewReport, Receipt};
use crate::service::Cases;
use access::{Ctx, Fault, FormParts, Go, show, show_as};
use askama::Template;
use axum::response::{IntoResponse, Response};
use matters::City;
use ui::{Choice, FormState, Html, Tone, Ui};

#[derive(Template)]
#[template(path = "cases_found.html")]
pub(super) struct FoundPage {
    pub ui: Ui,
    pub form: FormState,
    pub matters: Vec<String>,
    pub places: Vec<Choice>,
    /// What lies below the division that was chosen.
    pub cells: Cells,
    pub map: Html,
    pub files: PictureField,
    /// The pictures of afterwards, where it was put right on the spot.
    pub after: PictureField,
    /// What a photo says that the form does not.
    pub offer: Offer,
    /// The line of what waits to be sent.
    pub sync: Html,
}

impl FoundPage {
    pub fn new(ui: Ui, city: &City, form: FormState, entry: &Entry) -> Self {
        Self {
            matters: Offers::of_matters(&ui, city),
            places: places(city, ui.lang),
            cells: Cells::of(&ui, city, &form),
            map: Html::default(),
            sync: Html::default(),
            files: PictureField::new(&ui, "f", FILES, ui.t("cases-files-report")).sent(entry),
            after: PictureField::new(&ui, "f", AFTER, ui.t("cases-files-after")).sent(entry),
            offer: Offer::of(&ui, city, entry, true),
            ui,
            form,
        }
    }
    /// With a map to set the place on.
    pub fn with_map(self, ctx: &Ctx) -> Self {
        Self {
            map: place_map(ctx, &self.ui),
            sync: sync_line(
                ctx,
                &self.ui,
                &Offers::matter_ids(&self.ui, &ctx.service::<Cases>().city()),
            ),
            ..self
        }
    }
}

pub(super) async fn blank(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let form = FormState::new().with(ONCE, fresh_key());
    show(&FoundPage::new(ui, &city, form, &Entry::default()).with_map(&ctx))
}

pub(super) async fn send(ctx: Ctx, ui: Ui, form: FormParts) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let entry = pictures::read(&ctx, &ui, form).await?;
    let offer = Offer::of(&ui, &city, &entry, true);
    let asks = !entry.fields.get(cells::LIST).is_empty();
    if asks || (entry.whole().is_ok() && offer.is_open(&entry.fields)) {
        let page = FoundPage::new(ui, &city, entry.fields.form(), &entry);
        return show(&page.with_map(&ctx));
    }
    let print = entry.print();
    let key = entry.fields.get(ONCE).to_owned();
    access::once_by_form(&ctx, &key, &print, move |ctx| async move {
        answer(&ctx, ui, &city, &entry, &offer).await
    })
    .await
}

async fn answer(
    ctx: &Ctx,
    ui: Ui,
    city: &City,
    entry: &Entry,
    offer: &Offer,
) -> Result<Response, Fault> {
    match take(ctx, &ui, city, entry, offer).await {
        Ok(receipt) => {
            let number = receipt.case.number.to_string();
            // What lies outside their districts is for others to see.
            // words: cases-found-*
            let (there, key) = if ops::sees(ctx, &receipt.case) {
                (format!("/cases/{number}"), "cases-found-done")
            } else {
                ("/found".to_owned(), "cases-found-elsewhere")
            };
            let said = ui.tn(key, "number", number.as_str());
            Ok(Go::to(there).saying(Tone::Good, said).into_response())
        }
        Err(Wrong::Case(error @ (ops::CaseError::Store(_) | ops::CaseError::Refused(_)))) => {
            Err(error.into())
        }
        Err(wrong) => {
            let form = refused(&ui, &entry.fields, std::slice::from_ref(&wrong), &[]);
            show_as(
                wrong.status(),
                &FoundPage::new(ui, city, form, entry).with_map(ctx),
            )
        }
    }
}

async fn take(
    ctx: &Ctx,
    ui: &Ui,
    city: &City,
    entry: &Entry,
    offer: &Offer,
) -> Result<Receipt, Wrong> {
    entry.whole()?;
    let fields = &entry.fields;
    let how = fields.get("self_handled");
    let new = NewReport {
        channel: "patrol".into(),
        description: fields.get("description").to_owned(),
        matter: read::matter(ui, city, fields.get("matter"))?,
        place: offered_place(ui, fields, offer)?,
        reported_at: offer.agreed_time(fields),
        self_handled: (!how.is_empty()).then(|| how.to_owned()),
        attachments: entry.ids(FILES),
        after: entry.ids(AFTER),
        ..NewReport::default()
    };
    Ok(ops::report(ctx, new).await?)
}
