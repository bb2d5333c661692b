//! GET and POST /topics/new, /topics/{id}/edit — what a topic is about.

use super::crumbs;
use crate::model::{Topic, TopicId};
use crate::ops::{self, Draft, TopicError};
use access::{Ctx, Fault, Fields, Go, Path, Query, UnitId, show as show_page, show_as};
use askama::Template;
use axum::response::{IntoResponse, Response};
use cases::service::Cases;
use kernel::codes::DivisionLevel;
use kernel::id::Id;
use matters::{City, MatterClass, MatterId};
use serde::Deserialize;
use suggestion::model::HotTopicId;
use ui::{Choice, Crumb, FormState, Tone, Ui};

/// Classes offered at most.
const MOST_CLASSES: usize = 600;

#[derive(Deserialize)]
pub(super) struct Wanted {
    hot: Option<String>,
}

#[derive(Template)]
#[template(path = "topics_form.html")]
pub(super) struct FormPage {
    pub ui: Ui,
    crumbs: Vec<Crumb>,
    heading: String,
    form: FormState,
    action: String,
    /// The version that is changed; empty for a new one.
    version: String,
    /// The hot topic it is made of; empty if none.
    hot: String,
    /// Labels of classes.
    matters: Vec<String>,
    places: Vec<Choice>,
    units: Vec<Choice>,
}

fn label(class: &MatterClass, ui: &Ui) -> String {
    format!("{} {}", class.code, class.name(ui.lang.tag()))
}

/// Districts and streets, nothing smaller.
fn places(city: &City, lang: ui::Lang) -> Vec<Choice> {
    let divisions = city.territory.divisions();
    divisions
        .filter(|d| matches!(d.level(), DivisionLevel::District | DivisionLevel::Street))
        .map(|d| {
            let district = city.territory.name_in(d.code.district().division(), lang);
            let name = if d.level() == DivisionLevel::District {
                d.name_in(lang).to_owned()
            } else {
                format!("{district} {}", d.name_in(lang))
            };
            Choice::new(d.code.to_string(), name)
        })
        .collect()
}

fn units(ui: &Ui, city: &City) -> Vec<Choice> {
    let units = city.units.in_force().filter(|u| u.reviewed);
    units
        .map(|u| Choice::new(u.code.clone(), u.name(ui.lang.tag()).to_owned()))
        .collect()
}

pub(super) fn page_of(
    ui: Ui,
    city: &City,
    form: FormState,
    of: Option<(TopicId, i64)>,
    hot: String,
) -> FormPage {
    let (heading, action) = match of {
        Some((id, _)) => (ui.t("topics-edit"), format!("/topics/{id}/edit")),
        None => (ui.t("topics-new"), "/topics/new".to_owned()),
    };
    // A form that came back without a title has nothing to call the topic by.
    let named = of.filter(|_| !form.value("title").is_empty());
    let topic = named.map(|(id, _)| Crumb {
        label: form.value("title").to_owned(),
        href: format!("/topics/{id}"),
    });
    FormPage {
        crumbs: crumbs(&ui).into_iter().chain(topic).collect(),
        heading,
        action,
        version: of
            .map(|(_, version)| version.to_string())
            .unwrap_or_default(),
        hot,
        matters: city
            .matters
            .choices()
            .take(MOST_CLASSES)
            .map(|c| label(c, &ui))
            .collect(),
        places: places(city, ui.lang),
        units: units(&ui, city),
        form,
        ui,
    }
}

/// The form as a draft fills it.
fn filled(ui: &Ui, city: &City, draft: &Draft) -> FormState {
    let labels: Vec<String> = draft
        .matters
        .iter()
        .filter_map(|id| city.matter(*id))
        .map(|c| label(c, ui))
        .collect();
    FormState::new()
        .with("title", draft.title.clone())
        .with("question", draft.question.clone())
        .with("matters", labels.join("; "))
        .with(
            "place",
            draft.place.map(|p| p.to_string()).unwrap_or_default(),
        )
        .with("words", draft.words.clone())
        .with(
            "unit",
            draft
                .unit
                .and_then(|u| city.unit(u))
                .map(|u| u.code.clone())
                .unwrap_or_default(),
        )
}

/// Reads classes: labels, codes or names, set apart by semicolons.
fn read_matters(ui: &Ui, city: &City, text: &str) -> Result<Vec<MatterId>, TopicError> {
    let mut found = Vec::new();
    for part in text
        .split([';', '；', '\n'])
        .map(str::trim)
        .filter(|p| !p.is_empty())
    {
        let is_it = |c: &&MatterClass| {
            label(c, ui) == part
                || c.code.eq_ignore_ascii_case(part)
                || c.name_zh == part
                || c.name_en
                    .as_deref()
                    .is_some_and(|n| n.eq_ignore_ascii_case(part))
        };
        let Some(class) = city.matters.choices().find(is_it) else {
            return Err(TopicError::unknown("matters", part));
        };
        if !found.contains(&class.id) {
            found.push(class.id);
        }
    }
    Ok(found)
}

/// Reads a unit by its code.
pub(super) fn read_unit(city: &City, code: &str) -> Result<Option<UnitId>, TopicError> {
    if code.is_empty() {
        return Ok(None);
    }
    match city.units.by_code(code) {
        Some(unit) => Ok(Some(unit.id)),
        None => Err(TopicError::unknown("unit", code)),
    }
}

fn read(ui: &Ui, city: &City, fields: &Fields) -> Result<Draft, TopicError> {
    let place = match fields.get("place") {
        "" => None,
        code => Some(code.parse().map_err(|_| {
            TopicError::field("place", "topics.bad_query", "is no code of a division")
        })?),
    };
    Ok(Draft {
        title: fields.get("title").to_owned(),
        question: fields.get("question").to_owned(),
        matters: read_matters(ui, city, fields.get("matters"))?,
        place,
        words: fields.get("words").to_owned(),
        unit: read_unit(city, fields.get("unit"))?,
        hot: fields.get("hot").parse::<Id>().ok().map(HotTopicId),
    })
}

pub(super) async fn blank(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let hot = wanted.hot.as_deref().and_then(|id| id.parse::<Id>().ok());
    let (form, hot) = match hot {
        Some(id) => {
            let draft = ops::draft_of_hot(&ctx, HotTopicId(id)).await?;
            (filled(&ui, &city, &draft), id.to_string())
        }
        None => (FormState::new(), String::new()),
    };
    show_page(&page_of(ui, &city, form, None, hot))
}

/// The form again, with what is wrong beside its field.
fn again(
    ui: Ui,
    city: &City,
    fields: &Fields,
    of: Option<(TopicId, i64)>,
    error: TopicError,
) -> Result<Response, Fault> {
    let fault = Fault::from(error);
    let Some(field) = fault.field_name().map(str::to_owned) else {
        return Err(fault);
    };
    let sentence = fault
        .sentence(&ui.site.words, ui.lang)
        .unwrap_or_else(|| fault.detail().to_owned());
    let mut form = fields.form();
    form.fault(&field, sentence);
    let hot = fields.get("hot").to_owned();
    show_as(fault.status(), &page_of(ui, city, form, of, hot))
}

pub(super) async fn make(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let made = async { ops::make(&ctx, &city, read(&ui, &city, &fields)?).await };
    match made.await {
        Ok(topic) => Ok(Go::to(format!("/topics/{}", topic.id))
            .saying(Tone::Good, ui.t("topics-done-made"))
            .into_response()),
        Err(error) => again(ui, &city, &fields, None, error),
    }
}

pub(super) async fn edit(ctx: Ctx, ui: Ui, Path(id): Path<TopicId>) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let Topic {
        title,
        question,
        matters,
        place,
        words,
        unit,
        version,
        ..
    } = ops::find(&ctx, id).await?;
    let draft = Draft {
        title,
        question,
        matters,
        place,
        words,
        unit,
        hot: None,
    };
    let form = filled(&ui, &city, &draft);
    show_page(&page_of(
        ui,
        &city,
        form,
        Some((id, version)),
        String::new(),
    ))
}

pub(super) async fn change(
    ctx: Ctx,
    ui: Ui,
    Path(id): Path<TopicId>,
    fields: Fields,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let version = fields.get("version").parse().unwrap_or(0);
    let changed = async { ops::edit(&ctx, &city, id, version, read(&ui, &city, &fields)?).await };
    match changed.await {
        Ok(_) => Ok(Go::to(format!("/topics/{id}"))
            .saying(Tone::Good, ui.t("topics-done-edited"))
            .into_response()),
        Err(error) => again(ui, &city, &fields, Some((id, version)), error),
    }
}
