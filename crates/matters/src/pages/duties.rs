//! GET /duties — the register of duties. GET and POST /duties/new — a line, perhaps in the place of another. POST
//! /duties/{id}/end. GET and POST /duties/rules — what counts where nobody is named.

use super::{places, seen, today, told, unit_label, units};
use crate::error::MatterError;
use crate::model::{Duty, DutyId};
use crate::ops::{self, NewDuty};
use crate::reference::{City, Reference};
use crate::rules::{DutyFilter, DutyRules, Fallback};
use access::{Ctx, Fault, Fields, Go, Path, Permission, Query, UnitId, show as show_page, show_as};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use grid::model::in_force;
use jiff::civil::Date;
use kernel::DivisionCode;
use serde::Deserialize;
use ui::{Choice, Crumb, FormState, Pager, Tone, Ui};

/// Lines on one page.
const PAGE: usize = 100;

/// Where a line holds, in words.
pub(super) fn place_words(ui: &Ui, city: &City, duty: &Duty) -> String {
    if !duty.beat.is_empty() {
        let beat = city.territory.beat(&duty.beat);
        let name = beat.map_or(duty.beat.as_str(), |b| b.name.as_str());
        return ui.tn("matters-in-beat", "name", name);
    }
    match duty.division {
        None => ui.t("matters-anywhere"),
        Some(division) => city.territory.name_in(division, ui.lang),
    }
}

/// What a line is about, in words.
pub(super) fn matter_words(ui: &Ui, city: &City, duty: &Duty) -> String {
    if duty.matter.is_empty() {
        return ui.t("matters-any-matter");
    }
    let fits = |c: &&crate::MatterClass| {
        c.code.starts_with(&duty.matter)
            && (duty.catalogue.is_empty() || duty.catalogue == c.catalogue)
    };
    let mut found = city.matters.classes().iter().filter(fits);
    match (found.next(), found.count()) {
        (Some(class), more) if more == 0 || class.code == duty.matter => {
            format!("{} {}", class.code, class.name(ui.lang.tag()))
        }
        (_, more) => ui.t2(
            "matters-all-of",
            "code",
            duty.matter.as_str(),
            "n",
            more as u64 + 1,
        ),
    }
}

pub(super) fn unit_name(ui: &Ui, city: &City, id: Option<UnitId>) -> String {
    id.map_or_else(
        || "—".to_owned(),
        |id| {
            city.unit(id)
                .map_or_else(|| id.to_string(), |u| u.name(ui.lang.tag()).to_owned())
        },
    )
}

struct Row {
    id: String,
    matter: String,
    place: String,
    handling: String,
    competent: String,
    basis: String,
    valid: String,
    is_over: bool,
    is_dead: bool,
}

#[derive(Deserialize, Default)]
pub(super) struct ListQuery {
    matter: Option<String>,
    division: Option<DivisionCode>,
    unit: Option<UnitId>,
    all: Option<String>,
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "matters_duties.html")]
pub(super) struct DutiesPage {
    ui: Ui,
    form: FormState,
    places: Vec<Choice>,
    units: Vec<Choice>,
    rows: Vec<Row>,
    pager: Pager,
    may_manage: bool,
    yesterday: String,
}

pub(super) fn page_of(
    ui: Ui,
    city: &City,
    query: &ListQuery,
    on: Date,
    may_manage: bool,
) -> DutiesPage {
    let matter = query.matter.clone().unwrap_or_default();
    let code = matter.split_whitespace().next().unwrap_or_default();
    let all = query.all.is_some();
    let filter = DutyFilter {
        matter: code.to_owned(),
        division: query.division,
        unit: query.unit,
        ended: all,
    };
    let found = city.duties.iter().filter(|d| filter.lets(d, on));
    let found: Vec<&Duty> = found.collect();
    let number = query.page.unwrap_or(1).clamp(1, 10_000);
    let rows: Vec<Row> = found
        .iter()
        .skip((number - 1) * PAGE)
        .take(PAGE)
        .map(|d| Row {
            id: d.id.to_string(),
            matter: matter_words(&ui, city, d),
            place: place_words(&ui, city, d),
            handling: unit_name(&ui, city, Some(d.handling)),
            competent: unit_name(&ui, city, d.competent),
            basis: d.legal_basis.clone().unwrap_or_default(),
            valid: super::class::days(&ui, d.valid_from, d.valid_to),
            is_over: !in_force(d.valid_from, d.valid_to, on),
            is_dead: !city.units.was_in_force(d.handling, on),
        })
        .collect();
    let text = |value: Option<String>| value.unwrap_or_default();
    let link = |n: usize| {
        let mut link = form_urlencoded::Serializer::new("/duties?".to_owned());
        for (name, value) in [
            ("matter", matter.clone()),
            ("division", text(query.division.map(|d| d.to_string()))),
            ("unit", text(query.unit.map(|u| u.to_string()))),
            ("all", text(query.all.clone())),
        ] {
            if !value.is_empty() {
                link.append_pair(name, &value);
            }
        }
        link.append_pair("page", &n.to_string()).finish()
    };
    let mut form = FormState::new()
        .with("matter", matter.clone())
        .with("division", text(query.division.map(|d| d.to_string())))
        .with("unit", text(query.unit.map(|u| u.to_string())));
    if all {
        form = form.with("all", "1");
    }
    DutiesPage {
        pager: Pager {
            previous: (number > 1).then(|| link(number - 1)),
            next: (number * PAGE < found.len()).then(|| link(number + 1)),
            shown: rows.len() as u64,
            total: Some(found.len() as u64),
        },
        places: places(&ui, city),
        units: units(&ui, city),
        yesterday: on.to_string(),
        rows,
        form,
        may_manage,
        ui,
    }
}

pub(super) async fn list(
    ctx: Ctx,
    ui: Ui,
    Query(query): Query<ListQuery>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let may_manage = ctx.principal().may(Permission::ReferenceManage);
    let on = today(&ctx, &city);
    show_page(&page_of(ui, &city, &query, on, may_manage))
}

#[derive(Template)]
#[template(path = "matters_duty_new.html")]
pub(super) struct NewPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
    matters: Vec<String>,
    places: Vec<Choice>,
    beats: Vec<Choice>,
    units: Vec<Choice>,
    /// The line that ends with this one, in words.
    replaces: String,
}

fn back(ui: &Ui) -> Vec<Crumb> {
    vec![Crumb {
        label: ui.t("matters-duties"),
        href: "/duties".into(),
    }]
}

/// At most so many classes are offered; typing finds the rest.
const MOST_OFFERS: usize = 600;

pub(super) fn offers(ui: &Ui, city: &City) -> Vec<String> {
    city.matters
        .choices()
        .take(MOST_OFFERS)
        .map(|c| super::class_label(c, ui.lang))
        .collect()
}

pub(super) fn new_page(ui: Ui, city: &City, form: FormState) -> NewPage {
    const MOST_BEATS: usize = 500;
    let replaced = form.value("replaces").parse::<DutyId>().ok();
    let replaced = replaced.and_then(|id| city.duties.iter().find(|d| d.id == id));
    NewPage {
        crumbs: back(&ui),
        matters: offers(&ui, city),
        places: places(&ui, city),
        beats: city
            .territory
            .beats()
            .take(MOST_BEATS)
            .map(|b| Choice::new(b.code.clone(), b.name.clone()))
            .collect(),
        units: units(&ui, city),
        replaces: replaced.map_or_else(String::new, |d| {
            ui.ta(
                "matters-replaces",
                &[
                    ("matter", &matter_words(&ui, city, d)),
                    ("place", &place_words(&ui, city, d)),
                    ("unit", &unit_name(&ui, city, Some(d.handling))),
                ],
            )
        }),
        form,
        ui,
    }
}

#[derive(Deserialize)]
pub(super) struct NewQuery {
    replaces: Option<DutyId>,
    matter: Option<String>,
    division: Option<DivisionCode>,
}

pub(super) async fn blank(
    ctx: Ctx,
    ui: Ui,
    Query(query): Query<NewQuery>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let text = |value: Option<String>| value.unwrap_or_default();
    let on = today(&ctx, &city);
    let mut form = FormState::new().with("valid_from", on.to_string());
    if let Some(old) = query.replaces {
        let old = city.duties.iter().find(|d| d.id == old);
        let old = old.ok_or_else(Fault::not_found)?;
        let unit = |u: Option<UnitId>| text(u.map(|u| u.to_string()));
        form = form
            .with("replaces", old.id.to_string())
            .with("matter", old.matter.clone())
            .with("division", text(old.division.map(|d| d.to_string())))
            .with("beat", old.beat.clone())
            .with("handling", unit(Some(old.handling)))
            .with("competent", unit(old.competent))
            .with("owning", unit(old.owning))
            .with("maintaining", unit(old.maintaining))
            .with("legal_basis", text(old.legal_basis.clone()));
    } else {
        form = form
            .with("matter", text(query.matter))
            .with("division", text(query.division.map(|d| d.to_string())));
    }
    show_page(&new_page(ui, &city, form))
}

/// The code of what was typed: a label `C0101 上水井盖`, a code, or its beginning.
fn code_of(text: &str) -> String {
    let code = text.split_whitespace().next().unwrap_or_default();
    code.trim_end_matches('*').to_owned()
}

fn entered(fields: &Fields) -> Result<NewDuty, Fault> {
    let basis = fields.get("legal_basis");
    Ok(NewDuty {
        catalogue: String::new(),
        matter: code_of(fields.get("matter")),
        division: fields.read("division")?,
        beat: fields.get("beat").to_owned(),
        valid_from: fields.read("valid_from")?,
        valid_to: fields.read("valid_to")?,
        competent: fields.read("competent")?,
        owning: fields.read("owning")?,
        maintaining: fields.read("maintaining")?,
        handling: fields.need("handling")?,
        legal_basis: (!basis.is_empty()).then(|| basis.to_owned()),
        source: "editor".into(),
    })
}

fn again(ui: Ui, city: &City, fields: &Fields, fault: &Fault) -> Result<Response, Fault> {
    let Some(field) = fault.field_name() else {
        return Err(fault.clone());
    };
    let mut form = fields.form();
    let sentence = fault.sentence(&ui.site.words, ui.lang);
    form.fault(field, sentence.unwrap_or_else(|| fault.detail().to_owned()));
    show_as(StatusCode::UNPROCESSABLE_ENTITY, &new_page(ui, city, form))
}

pub(super) async fn add(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let done = async {
        let new = entered(&fields)?;
        let replaces: Option<DutyId> = fields.read("replaces")?;
        Ok::<_, Fault>(ops::add_duty(&ctx, &city, &new, replaces).await?)
    };
    match done.await {
        Ok(_) => {
            seen(&ctx).await?;
            Ok(Go::to("/duties")
                .saying(Tone::Good, ui.t("matters-duty-added"))
                .into_response())
        }
        Err(fault) => again(ui, &city, &fields, &fault),
    }
}

pub(super) async fn end(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<DutyId>,
    fields: Fields,
) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let last: Date = fields.need("last")?;
    match ops::end_duty(&ctx, id, last, today(&ctx, &city)).await {
        Ok(()) => {
            seen(&ctx).await?;
            let sentence = ui.tn("matters-duty-ended", "last", ui.date_text(last).as_str());
            Ok(Go::to("/duties")
                .saying(Tone::Good, sentence)
                .into_response())
        }
        Err(error @ MatterError::Field { .. }) => {
            let fault = Fault::from(error);
            let sentence = fault.sentence(&ui.site.words, ui.lang);
            let sentence = sentence.unwrap_or_else(|| fault.detail().to_owned());
            Ok(Go::to("/duties")
                .saying(Tone::Bad, sentence)
                .into_response())
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "matters_rules.html")]
pub(super) struct RulesPage {
    ui: Ui,
    crumbs: Vec<Crumb>,
    form: FormState,
    fallbacks: Vec<Choice>,
    units: Vec<Choice>,
}

pub(super) fn rules_page(ui: Ui, city: &City, form: Option<FormState>) -> RulesPage {
    let rules = &city.duty_rules;
    let stands = || {
        let mut form = FormState::new()
            .with("fallback", rules.fallback.as_str())
            .with("coordinator", rules.coordinator.clone());
        if rules.first_receiver {
            form = form.with("first_receiver", "1");
        }
        form
    };
    RulesPage {
        crumbs: back(&ui),
        form: form.unwrap_or_else(stands),
        // words: matters-fallback-*
        fallbacks: Fallback::ALL
            .into_iter()
            .map(|f| {
                Choice::new(
                    f.as_str(),
                    ui.t(&format!("matters-fallback-{}", f.as_str())),
                )
            })
            .collect(),
        units: city
            .units
            .in_force()
            .filter(|u| u.reviewed)
            .map(|u| Choice::new(u.code.clone(), unit_label(u, ui.lang)))
            .collect(),
        ui,
    }
}

pub(super) async fn rules(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    show_page(&rules_page(ui, &city, None))
}

pub(super) async fn set_rules(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let rules = DutyRules {
        fallback: fields.need("fallback")?,
        coordinator: fields.get("coordinator").to_owned(),
        first_receiver: fields.get("first_receiver") == "1",
    };
    match ops::set_duty_rules(&ctx, &city, rules).await {
        Ok(()) => {
            seen(&ctx).await?;
            Ok(Go::to("/duties/rules")
                .saying(Tone::Good, ui.t("matters-rules-saved"))
                .into_response())
        }
        Err(error) => {
            let mut form = fields.form();
            told(&ui, &mut form, error)?;
            show_as(
                StatusCode::UNPROCESSABLE_ENTITY,
                &rules_page(ui, &city, Some(form)),
            )
        }
    }
}
