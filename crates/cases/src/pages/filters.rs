//! Lists of the desk under a name: GET and POST /desk/filters, POST /desk/filters/{id} (another name) and …/remove.

use super::bulk::desk;
use super::read;
use super::wanted::Wanted;
use crate::model::State;
use crate::ops::{CaseError, filters};
use crate::service::Cases;
use crate::sql_bulk::SavedFilter;
use access::{Ctx, Fault, Fields, Go, Path, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::id::Id;
use ui::{Crumb, FormState, Tone, Ui};

/// A kept list.
pub(super) struct FilterRow {
    pub id: String,
    pub name: String,
    pub href: String,
    /// What it asks, in words.
    pub about: String,
    /// Why its new name was refused; empty if it was not.
    pub fault: String,
}

#[derive(Template)]
#[template(path = "cases_filters.html")]
pub(super) struct FiltersPage {
    pub ui: Ui,
    pub crumbs: Vec<Crumb>,
    pub rows: Vec<FilterRow>,
    pub most: i64,
    /// The list that is to get a name; empty if none.
    pub asked: String,
    pub asked_about: String,
    pub form: FormState,
}

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let rows = filters::all(&ctx).await?;
    show_page(&page(
        &ctx,
        ui,
        &rows,
        None,
        String::new(),
        FormState::new(),
    ))
}

/// What a kept list asks, in words.
fn about(ctx: &Ctx, ui: &Ui, asked: &str) -> String {
    let city = ctx.service::<Cases>().city();
    let wanted = Wanted::read_query(asked)
        .and_then(|parts| Wanted::read(ui, &city, parts, State::PendingAccept).ok());
    let Some(wanted) = wanted else {
        return ui.t("cases-filter-stale");
    };
    let district = wanted
        .narrow
        .district
        .map(|d| city.territory.name_in(d.division(), ui.lang));
    let matter = wanted
        .narrow
        .matter
        .is_some()
        .then(|| wanted.matter_text.clone());
    // words: cases-desk-light-*
    let light = wanted.narrow.light.map(|l| {
        let word = l.as_str().replace('_', "-");
        ui.t(&format!("cases-desk-light-{word}"))
    });
    let find = wanted.narrow.find.is_some().then(|| {
        let words = wanted.find_text.as_str();
        ui.tn("cases-filter-words", "words", words)
    });
    let days = wanted
        .narrow
        .period
        .is_some()
        .then(|| wanted.period_words(ui));
    let parts = [Some(wanted.title(ui)), days, light, matter, district, find];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn page(
    ctx: &Ctx,
    ui: Ui,
    filters: &[SavedFilter],
    fault: Option<(Id, String)>,
    asked: String,
    form: FormState,
) -> FiltersPage {
    let rows = filters
        .iter()
        .map(|filter| FilterRow {
            id: filter.id.to_string(),
            name: filter.name.clone(),
            href: format!("/desk?{}", filter.asked),
            about: about(ctx, &ui, &filter.asked),
            fault: fault
                .as_ref()
                .filter(|(id, _)| *id == filter.id)
                .map(|(_, sentence)| sentence.clone())
                .unwrap_or_default(),
        })
        .collect();
    FiltersPage {
        crumbs: vec![Crumb {
            label: ui.t("cases-menu-desk"),
            href: "/desk".into(),
        }],
        rows,
        most: i64::try_from(filters::MOST).unwrap_or(i64::MAX),
        asked_about: if asked.is_empty() {
            String::new()
        } else {
            about(ctx, &ui, &asked)
        },
        asked,
        form,
        ui,
    }
}

/// The query to keep, in the one way it is written; empty where there is none or it does not read.
fn canonical(ctx: &Ctx, ui: &Ui, asked: &str) -> String {
    if asked.is_empty() {
        return String::new();
    }
    let city = ctx.service::<Cases>().city();
    Wanted::read_query(asked)
        .and_then(|parts| Wanted::read(ui, &city, parts, State::PendingAccept).ok())
        .filter(|wanted| wanted.faults.is_empty())
        .map(|wanted| wanted.query())
        .unwrap_or_default()
}

pub(super) async fn save(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let asked = canonical(&ctx, &ui, fields.get("asked"));
    match filters::save(&ctx, fields.get("name"), &asked).await {
        Ok(()) => {
            let there = desk(&format!("/desk?{asked}"));
            let told = ui.tn("cases-filter-saved", "name", fields.get("name"));
            Ok(Go::to(there).saying(Tone::Good, told).into_response())
        }
        Err(error @ CaseError::Field { .. }) => {
            let rows = filters::all(&ctx).await?;
            let mut form = fields.form();
            form.fault("name", read::told_of(&ui, &error));
            let page = page(&ctx, ui, &rows, None, asked, form);
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn rename(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<Id>,
    fields: Fields,
) -> Result<Response, Fault> {
    match filters::rename(&ctx, id, fields.get("name")).await {
        Ok(()) => Ok(Go::to("/desk/filters")
            .saying(Tone::Good, ui.t("cases-filter-renamed"))
            .into_response()),
        Err(error @ CaseError::Field { .. }) => {
            let rows = filters::all(&ctx).await?;
            let fault = Some((id, read::told_of(&ui, &error)));
            let page = page(&ctx, ui, &rows, fault, String::new(), FormState::new());
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn remove(ctx: Ctx, ui: Ui, Path(id): Path<Id>) -> Result<Response, Fault> {
    filters::remove(&ctx, id).await?;
    Ok(Go::to("/desk/filters")
        .saying(Tone::Good, ui.t("cases-filter-removed"))
        .into_response())
}
