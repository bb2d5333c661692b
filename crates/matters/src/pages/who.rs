//! GET /who — who is responsible here, for this? A press on the map, a cell or a division; a class; a day.

use super::duties::{matter_words, offers, place_words, unit_name};
use super::{class_label, places, today};
use crate::http::{Asked, named_class};
use crate::model::MatterClass;
use crate::reference::{City, Reference};
use crate::rules::{Place, Reason, Responsible, candidates};
use access::{Ctx, Fault, Fields, UnitId, show as show_page, show_as};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use grid::{TileSet, Tiles};
use jiff::civil::Date;
use kernel::geo::Point;
use ui::{Choice, FormState, Html, Pin, Ui};

struct UnitRow {
    role: String,
    name: String,
    phone: String,
    is_first: bool,
}

struct LineRow {
    matter: String,
    place: String,
    handling: String,
    basis: String,
    counts: bool,
}

pub(super) struct Answer {
    matter: String,
    place: String,
    day: String,
    why: String,
    law: String,
    units: Vec<UnitRow>,
    lines: Vec<LineRow>,
    /// Nobody is named: the answer is a rule of the city.
    is_fallback: bool,
    /// The point lies outside the territory.
    is_outside: bool,
}

#[derive(Template)]
#[template(path = "matters_who.html")]
pub(super) struct WhoPage {
    ui: Ui,
    form: FormState,
    map: Html,
    matters: Vec<String>,
    places: Vec<Choice>,
    answer: Option<Answer>,
}

fn why(ui: &Ui, city: &City, found: &Responsible) -> (String, String) {
    match &found.reason {
        Reason::Duty {
            place, legal_basis, ..
        } => (
            // words: matters-why-at-*
            ui.t(&format!("matters-why-at-{place}")),
            legal_basis.clone().unwrap_or_default(),
        ),
        Reason::FirstReceiver => (ui.t("matters-why-first"), String::new()),
        Reason::Territory { division } => {
            let name = city.territory.name_in(*division, ui.lang);
            (
                ui.tn("matters-why-territory", "place", name.as_str()),
                String::new(),
            )
        }
        Reason::City => (ui.t("matters-why-city"), String::new()),
    }
}

fn answer(
    ui: &Ui,
    city: &City,
    class: Option<&MatterClass>,
    asked: Asked,
    on: Date,
) -> Result<Answer, String> {
    let (grid, division) = asked.located(city);
    let found = city
        .who(class.map(|c| c.id), grid, division, on)
        .map_err(|_| ui.t("matters-error-no-unit"))?;
    let (why, law) = why(ui, city, &found);
    let row = |key: &str, id: Option<UnitId>, is_first: bool| {
        let id = id?;
        Some(UnitRow {
            role: ui.t(key),
            name: unit_name(ui, city, Some(id)),
            phone: city
                .unit(id)
                .and_then(|u| u.phone.clone())
                .unwrap_or_default(),
            is_first,
        })
    };
    let units = [
        row("matters-handling", Some(found.handling), true),
        row("matters-competent", found.competent, false),
        row("matters-owning", found.owning, false),
        row("matters-maintaining", found.maintaining, false),
    ];
    let place = Place::of(&city.territory, grid, division);
    let lines = candidates(&city.duties, &city.units, class, place, on);
    let lines = lines.iter().take(10).enumerate().map(|(at, d)| LineRow {
        matter: matter_words(ui, city, d),
        place: place_words(ui, city, d),
        handling: unit_name(ui, city, Some(d.handling)),
        basis: d.legal_basis.clone().unwrap_or_default(),
        counts: at == 0,
    });
    Ok(Answer {
        matter: class.map_or_else(|| ui.t("matters-any-matter"), |c| class_label(c, ui.lang)),
        place: match (grid, place.division) {
            (Some(grid), Some(division)) => {
                format!("{} · {grid}", city.territory.name_in(division, ui.lang))
            }
            (None, Some(division)) => city.territory.name_in(division, ui.lang),
            _ if asked.is_outside(city) => ui.t("matters-place-outside"),
            _ => ui.t("matters-place-unknown"),
        },
        day: ui.date_long(on),
        why,
        law,
        units: units.into_iter().flatten().collect(),
        lines: lines.collect(),
        is_fallback: !matches!(found.reason, Reason::Duty { .. }),
        is_outside: asked.is_outside(city),
    })
}

/// A class by what was typed: its label, its code, its id, else the one that its words fit best.
fn class_of<'c>(ui: &Ui, city: &'c City, text: &str) -> Result<Option<&'c MatterClass>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let labelled = |c: &&MatterClass| ui::Lang::ALL.iter().any(|l| class_label(c, *l) == text);
    if let Some(class) = city.matters.choices().find(labelled) {
        return Ok(Some(class));
    }
    if let Ok(class) = named_class(city, text) {
        return Ok(Some(class));
    }
    const MOST: usize = 6;
    let found: Vec<&MatterClass> = city
        .matters
        .find(text)
        .map(|(c, _)| c)
        .filter(|c| city.matters.is_choice(c))
        .take(MOST)
        .collect();
    match found[..] {
        [] => Err(ui.tn("matters-class-none", "text", text)),
        [only] => Ok(Some(only)),
        _ => {
            let names: Vec<String> = found.iter().map(|c| class_label(c, ui.lang)).collect();
            Err(ui.tn("matters-class-several", "names", ui.list(&names).as_str()))
        }
    }
}

/// Reads the question; what is wrong with it is put beside its field.
fn read<'c>(
    ui: &Ui,
    city: &'c City,
    fields: &Fields,
    form: &mut FormState,
    on: Date,
) -> Option<(Option<&'c MatterClass>, Asked, Date)> {
    let class = class_of(ui, city, fields.get("matter"))
        .map_err(|sentence| form.fault("matter", sentence))
        .ok();
    let mut part = |name: &str, fault: Option<Fault>| {
        if let Some(fault) = fault {
            let sentence = fault.sentence(&ui.site.words, ui.lang);
            form.fault(name, sentence.unwrap_or_else(|| fault.detail().to_owned()));
        }
    };
    let (lon, lat) = (fields.read::<f64>("lon"), fields.read::<f64>("lat"));
    let (grid, division, day) = (
        fields.read("grid"),
        fields.read("division"),
        fields.read("on"),
    );
    part("lon", lon.as_ref().err().cloned());
    part("lat", lat.as_ref().err().cloned());
    part("grid", grid.as_ref().err().cloned());
    part("division", division.as_ref().err().cloned());
    part("on", day.as_ref().err().cloned());
    let point = match (lon.ok()?, lat.ok()?) {
        (Some(lon), Some(lat)) => match Point::new(lon, lat) {
            Ok(point) => Some(point),
            Err(_) => {
                form.fault("lon", ui.t("matters-point-bad"));
                return None;
            }
        },
        (None, None) => None,
        _ => {
            form.fault("lon", ui.t("matters-point-half"));
            return None;
        }
    };
    let asked = Asked {
        point,
        grid: grid.ok()?,
        division: division.ok()?,
    };
    Some((class?, asked, day.ok()?.unwrap_or(on)))
}

pub(super) fn page_of(ui: Ui, city: &City, fields: &Fields, map: Html, on: Date) -> WhoPage {
    let mut form = fields.form();
    let is_asked = ["matter", "lon", "lat", "grid", "division"]
        .iter()
        .any(|name| !fields.get(name).is_empty());
    let mut answered = None;
    if is_asked && let Some((class, asked, day)) = read(&ui, city, fields, &mut form, on) {
        match answer(&ui, city, class, asked, day) {
            Ok(answer) => answered = Some(answer),
            Err(sentence) => form.fault("matter", sentence),
        }
    }
    if form.value("on").is_empty() {
        form = form.with("on", on.to_string());
    }
    WhoPage {
        matters: offers(&ui, city),
        places: places(&ui, city),
        answer: answered,
        form,
        map,
        ui,
    }
}

fn map_of(ctx: &Ctx, ui: &Ui) -> Html {
    let Some(tiles) = ctx.service_if_any::<Tiles>() else {
        return Html::default();
    };
    let mut map = tiles.map(ui.t("matters-map"), &TileSet::ALL);
    if map.bounds.is_none() {
        return Html::default();
    }
    map.pin = Some(Pin {
        lon: "lon",
        lat: "lat",
    });
    map.show(ui)
}

pub(super) async fn show(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let city = ctx.service::<Reference>().current();
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let map = map_of(&ctx, &ui);
    let on = today(&ctx, &city);
    let page = page_of(ui, &city, &fields, map, on);
    if page.form.is_ok() {
        show_page(&page)
    } else {
        show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
    }
}
