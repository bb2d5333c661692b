//! GET and POST /intake — 来电来访登记: the desk types in what somebody says on the telephone or at the counter. GET
//! /intake/told/{number}/{sealed} — what the clerk tells the caller, a page of its own that may be loaded again.
//!
//! The requester's private link is the requester's alone; the clerk reads out the code, which stands sealed in the address and
//! opens in the clerk's own session only.
//!
//! The fields come in the order in which people tell them, and Enter sends from any of them.

use super::advice::{self, Hints};
use super::again::Again;
use super::cells::{self, Cells};
use super::pictures::{self, Entry, FILES, ONCE, Offer, PictureField, fresh_key};
use super::read::{self, Wrong};
use super::report::{self, natures, place_map, places, refused};
use super::{Offers, way_back};
use crate::ops;
use crate::ops::{NewReport, Receipt};
use crate::service::Cases;
use access::{Ctx, Fault, FormParts, Go, NotNow, Path, Visit, show, show_as};
use askama::Template;
use axum::response::{IntoResponse as _, Response};
use kernel::codes::CaseNumber;
use matters::City;
use ui::{Choice, Crumb, FormState, Html, Ui};

/// The channels by which people speak to the desk, the usual one first.
const CHANNELS: [&str; 5] = ["hotline", "visit", "media", "leader", "inspection"];

#[derive(Template)]
#[template(path = "cases_intake.html")]
pub(super) struct IntakePage {
    pub ui: Ui,
    pub crumbs: Vec<Crumb>,
    pub form: FormState,
    pub channels: Vec<Choice>,
    pub matters: Vec<String>,
    pub places: Vec<Choice>,
    /// What lies below the division that was chosen.
    pub cells: Cells,
    pub map: Html,
    pub files: PictureField,
    pub natures: Vec<Choice>,
    /// What a photo says that the form does not.
    pub offer: Offer,
    /// What the machine makes of it.
    pub hints: Hints,
    /// Why it was not taken now and stands here again; empty for a fresh form.
    pub again: Vec<String>,
}

/// The fields in the order of the form.
const ORDER: [&str; 14] = [
    "channel",
    "description",
    "address",
    "phone",
    "notify",
    "matter",
    "nature",
    "division",
    "community",
    "grid",
    "lon",
    "lat",
    "email",
    "files",
];

impl IntakePage {
    pub fn new(ui: Ui, city: &City, form: FormState, entry: &Entry) -> Self {
        Self {
            crumbs: Vec::new(),
            channels: Vec::new(),
            matters: Offers::of_matters(&ui, city),
            places: places(city, ui.lang),
            cells: Cells::of(&ui, city, &form),
            map: Html::default(),
            files: PictureField::new(&ui, "f", FILES, ui.t("cases-files-report")).sent(entry),
            natures: Vec::new(),
            offer: Offer::of(&ui, city, entry, true),
            hints: Hints::default(),
            again: Vec::new(),
            ui,
            form,
        }
    }
    async fn furnished(self, ctx: &Ctx) -> Result<Self, Fault> {
        let known = ctx.service::<Cases>().load_channels(ctx).await?;
        let lang = self.ui.lang.tag();
        let channels = CHANNELS.iter().filter_map(|code| known.get(*code));
        Ok(Self {
            crumbs: way_back(ctx.principal(), &self.ui),
            channels: channels
                .map(|c| Choice::new(c.code.clone(), c.name(lang)))
                .collect(),
            map: place_map(ctx, &self.ui),
            natures: natures(ctx, &self.ui).await?,
            ..self
        })
    }
}

/// What the clerk tells whoever called.
#[derive(Template)]
#[template(path = "cases_intake_done.html")]
pub(super) struct DonePage {
    pub ui: Ui,
    pub crumbs: Vec<Crumb>,
    pub number: String,
    /// Empty in any session but the one in which it was taken in.
    pub code: String,
    /// What happens next, and by when; empty where there is no code.
    pub next: String,
}

fn blank_form() -> FormState {
    FormState::new()
        .with("channel", CHANNELS[0])
        .with(ONCE, fresh_key())
}

pub(super) async fn blank(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let page = IntakePage::new(ui, &city, blank_form(), &Entry::default());
    show(&page.furnished(&ctx).await?)
}

pub(super) async fn send(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    NotNow(not_now): NotNow,
    form: FormParts,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    if let Some(fault) = not_now {
        let (entry, again) = Again::read(&ui, &fault, form).await?;
        let page = IntakePage::new(ui, &city, entry.fields.form(), &entry);
        return again.show(&IntakePage {
            again: again.sentences.clone(),
            ..page.furnished(&ctx).await?
        });
    }
    let entry = pictures::read(&ctx, &ui, form).await?;
    let offer = Offer::of(&ui, &city, &entry, true);
    let asks = !entry.fields.get(cells::LIST).is_empty();
    if asks || (entry.whole().is_ok() && offer.is_open(&entry.fields)) {
        let page = IntakePage::new(ui, &city, entry.fields.form(), &entry);
        return show(&page.furnished(&ctx).await?);
    }
    // Without script the clerk asks for the hints by a button of the form.
    if !entry.fields.get("look").is_empty() {
        let hints = advice::hints(&ctx, &ui, &entry.fields).await?;
        let page = IntakePage {
            hints: Hints {
                is_asked: true,
                ..hints
            },
            ..IntakePage::new(ui, &city, entry.fields.form(), &entry)
        };
        return show(&page.furnished(&ctx).await?);
    }
    let print = entry.print();
    let key = entry.fields.get(ONCE).to_owned();
    access::once_by_form(&ctx, &key, &print, move |ctx| async move {
        answer(&ctx, ui, &visit, &city, &entry, &offer).await
    })
    .await
}

/// The page of what is told, as the seal knows it.
fn told_of(number: CaseNumber) -> String {
    format!("intake {number}")
}

/// GET /intake/told/{number}/{sealed} — what the clerk tells whoever called.
pub(super) async fn told(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    Path((number, sealed)): Path<(CaseNumber, String)>,
) -> Result<Response, Fault> {
    let code = visit.open(&told_of(number), &sealed);
    // The code is what shows that the case may be told of: it may lie outside the clerk's own districts.
    let case = match &code {
        Some(code) => ops::track(&ctx, number, code, visit.address()).await.ok(),
        None => None,
    };
    show(&DonePage {
        crumbs: way_back(ctx.principal(), &ui),
        number: number.to_string(),
        code: code.unwrap_or_default(),
        next: case.map_or_else(String::new, |case| report::next_promise(&ui, &case)),
        ui,
    })
}

async fn answer(
    ctx: &Ctx,
    ui: Ui,
    visit: &Visit,
    city: &City,
    entry: &Entry,
    offer: &Offer,
) -> Result<Response, Fault> {
    match take(ctx, &ui, city, entry, offer).await {
        Ok(receipt) => {
            let number = receipt.case.number;
            let sealed = visit.seal(&told_of(number), &receipt.code);
            // A page of its own: a reload or a step back sends nothing again.
            Ok(Go::to(format!("/intake/told/{number}/{sealed}")).into_response())
        }
        Err(wrongs) => {
            let wrongs = report::of_entry(wrongs)?;
            let form = refused(&ui, &entry.fields, &wrongs, &ORDER);
            let page = IntakePage::new(ui, city, form, entry);
            show_as(report::status_of(&wrongs), &page.furnished(ctx).await?)
        }
    }
}

async fn take(
    ctx: &Ctx,
    ui: &Ui,
    city: &City,
    entry: &Entry,
    offer: &Offer,
) -> Result<Receipt, Vec<Wrong>> {
    let (told, mut wrongs) = report::told(ui, city, entry, offer);
    let channel = entry.fields.get("channel");
    // Only what people say to the desk is typed in here; patrols and machines report by ways of their own.
    let channel = CHANNELS.iter().find(|code| **code == channel);
    if channel.is_none() {
        wrongs.push(read::missing(ui, "channel"));
    }
    let new = NewReport {
        channel: channel.copied().unwrap_or_default().to_owned(),
        reported_at: offer.agreed_time(&entry.fields),
        ..told
    };
    report::take_in(ctx, city, new, wrongs).await
}
