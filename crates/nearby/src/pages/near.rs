//! GET /near — what happens at a place, or which place; GET /near/matters/{number} — one public matter; POST
//! /near/subscribe — to hear of a place by e-mail.

use super::place_name;
use crate::http::{feed_path, read_open};
use crate::model::{Entry, NearError, Wanted};
use crate::ops;
use crate::rules;
use access::{Ctx, Fault, Fields, Go, Path, Visit, show as show_page, show_as};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cases::service::Cases;
use grid::{Bounds, TileSet, Tiles};
use kernel::codes::{CaseNumber, DivisionCode, DivisionLevel};
use kernel::paging::{Cursor, Page, PageSize};
use matters::City;
use std::collections::BTreeMap;
use ui::{Choice, Crumb, FormState, Html, MapPoint, Pager, Pin, Queue, Tone, Ui};

/// Entries of one page.
const ROWS: u64 = 20;

/// A place to go to.
pub(super) struct PlaceLink {
    pub name: Html,
    pub href: String,
}

/// Which place.
#[derive(Template)]
#[template(path = "nearby_choose.html")]
pub(super) struct ChoosePage {
    pub ui: Ui,
    pub form: FormState,
    /// Sets the point by a press, or by the device's position.
    pub map: Html,
    pub places: Vec<PlaceLink>,
}

/// An entry as it is shown.
pub(super) struct Item {
    number: String,
    href: String,
    matter: String,
    place: String,
    stand: String,
    tone: &'static str,
    reported: Html,
    due: Option<Html>,
    is_late: bool,
    ended: Option<Html>,
    words: String,
    is_open: bool,
    /// Where somebody says the same, or something like it.
    again: String,
}

/// What happens at a place.
#[derive(Template)]
#[template(path = "nearby_near.html")]
pub(super) struct NearPage {
    pub ui: Ui,
    place: String,
    code: String,
    crumbs: Vec<Crumb>,
    /// All, those that go on, those that are over.
    shown: Vec<Queue>,
    /// What is shown of them, for the filter to keep.
    show: String,
    form: FormState,
    classes: Vec<Choice>,
    map: Html,
    items: Vec<Item>,
    pager: Pager,
    /// The places below this one.
    narrower: Vec<PlaceLink>,
    feed: String,
    /// Whether letters can be had.
    has_letters: bool,
}

/// One public matter.
#[derive(Template)]
#[template(path = "nearby_one.html")]
pub(super) struct OnePage {
    pub ui: Ui,
    item: Item,
    near: String,
}

fn path_of(place: DivisionCode, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("place", place.as_str());
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    query.extend_pairs(given);
    format!("/near?{}", query.finish())
}

fn item(ui: &Ui, city: &City, entry: &Entry, viewed: Option<DivisionCode>) -> Item {
    let number = entry.number.to_string();
    let class = city.matter(entry.matter);
    let mut again = form_urlencoded::Serializer::new(String::new());
    if entry.is_open {
        again.append_pair("same_as", &number);
    }
    // The form begins with the class; the place of a matter that is the same is taken over by its number.
    if let Some(class) = class {
        again.append_pair("matter", &class.code);
    }
    let community = viewed.filter(|place| place.level() == DivisionLevel::Community);
    if let Some(community) = community {
        again.append_pair("division", community.as_str());
    }
    Item {
        href: format!("/near/matters/{number}"),
        matter: class
            .map(|c| c.name(ui.lang.tag()).to_owned())
            .unwrap_or_default(),
        place: entry.place.map(|p| name(ui, city, p)).unwrap_or_default(),
        stand: ui.t(entry.stand.key()),
        tone: entry.stand.tone(),
        reported: ui.day(entry.reported_at),
        due: entry.due_at.map(|at| ui.time(at)),
        is_late: entry.is_late(ui.now),
        ended: entry.ended_at.map(|at| ui.day(at)),
        words: entry.words.clone(),
        is_open: entry.is_open,
        again: format!("/report?{}", again.finish()),
        number,
    }
}

/// A division without those above it.
fn name(ui: &Ui, city: &City, place: DivisionCode) -> String {
    let division = city.territory.division(place);
    division.map_or_else(|| place.to_string(), |d| d.name_in(ui.lang).to_owned())
}

impl ChoosePage {
    pub(super) fn new(ui: Ui, city: &City, form: FormState, map: Html) -> Self {
        let districts = rules::choices(&city.territory, None, city.on());
        Self {
            places: links(&ui, &districts),
            form,
            map,
            ui,
        }
    }
}

fn links(ui: &Ui, divisions: &[&grid::Division]) -> Vec<PlaceLink> {
    let link = |d: &&grid::Division| PlaceLink {
        name: grid::division_name(ui, d),
        href: path_of(d.code, &[]),
    };
    divisions.iter().map(link).collect()
}

/// A map to choose a place on; nothing where no borders are known.
fn choosing_map(ctx: &Ctx, ui: &Ui) -> Html {
    let Some(tiles) = ctx.service_if_any::<Tiles>() else {
        return Html::default();
    };
    let mut map = tiles.map(ui.t("nearby-map-choose"), &[TileSet::Divisions]);
    if map.bounds.is_none() {
        return Html::default();
    }
    map.pin = Some(Pin {
        lon: "lon",
        lat: "lat",
    });
    map.show(ui)
}

/// The box around a place, with a quarter as much around it.
fn around(b: Bounds) -> [f64; 4] {
    let margin = ((b.east - b.west).max(b.north - b.south)) / 4.0;
    [
        (b.west - margin).max(-180.0),
        (b.south - margin).max(-85.0),
        (b.east + margin).min(180.0),
        (b.north + margin).min(85.0),
    ]
}

/// The points of entries: one for each street, in its middle, with how many there are.
pub(super) fn points(ui: &Ui, city: &City, entries: &[Entry]) -> Vec<MapPoint> {
    let mut streets = BTreeMap::<DivisionCode, u64>::new();
    for street in entries.iter().filter_map(|e| e.place) {
        *streets.entry(street).or_default() += 1;
    }
    let point = |(street, n): (DivisionCode, u64)| {
        let middle = open311::place::middle_of(&city.territory, street)?;
        let name = place_name(ui, city, street);
        Some(MapPoint {
            lon: middle.lon(),
            lat: middle.lat(),
            n,
            light: None,
            text: ui.t2("nearby-map-point", "place", name, "n", n),
            href: path_of(street, &[]),
        })
    };
    streets.into_iter().filter_map(point).collect()
}

/// The entries on a map, the place with a strong border; nothing where no borders are known.
fn drawn(ctx: &Ctx, ui: &Ui, city: &City, place: DivisionCode, entries: &[Entry]) -> Html {
    let Some(tiles) = ctx.service_if_any::<Tiles>() else {
        return Html::default();
    };
    let mut map = tiles.map(ui.t("nearby-map"), &[TileSet::Divisions]);
    if map.bounds.is_none() {
        return Html::default();
    }
    map.bounds = city.territory.bounds_of(place).map(around).or(map.bounds);
    map.marked = vec![place.to_string()];
    map.points = points(ui, city, entries);
    map.show(ui)
}

/// What the page of a place is made of.
pub(super) struct Parts<'a> {
    pub city: &'a City,
    pub place: DivisionCode,
    pub class: &'a str,
    pub show: &'a str,
    pub form: FormState,
    pub map: Html,
    pub page: &'a Page<Entry>,
    pub has_letters: bool,
}

impl NearPage {
    pub(super) fn new(ui: Ui, parts: Parts<'_>) -> Self {
        let Parts {
            city, place, page, ..
        } = parts;
        let territory = &city.territory;
        let mut above = territory.ancestors(place);
        above.retain(|d| d.level() >= DivisionLevel::District);
        let crumb = |d: &&grid::Division| Crumb {
            label: d.name_in(ui.lang).to_owned(),
            href: path_of(d.code, &[]),
        };
        let mut crumbs = vec![Crumb {
            label: ui.t("nearby-title"),
            href: "/near".to_owned(),
        }];
        crumbs.extend(above.iter().rev().map(crumb));
        let tab = |key: &str, show: &str| Queue {
            label: ui.t(key),
            href: path_of(place, &[("class", parts.class), ("show", show)]),
            count: None,
            late: 0,
            soon: 0,
            current: parts.show == show,
        };
        let next = page.next.as_ref().map(|cursor| {
            let after = cursor.to_string();
            let pairs = [
                ("class", parts.class),
                ("show", parts.show),
                ("after", &after),
            ];
            path_of(place, &pairs)
        });
        let lang = ui.lang.tag();
        let choice =
            |c: &&matters::MatterClass| Choice::new(c.code.clone(), c.name(lang).to_owned());
        Self {
            place: name(&ui, city, place),
            code: place.to_string(),
            crumbs,
            // words: nearby-show-*
            shown: vec![
                tab("nearby-show-all", ""),
                tab("nearby-show-open", "open"),
                tab("nearby-show-settled", "settled"),
            ],
            show: parts.show.to_owned(),
            classes: rules::classes(city).iter().map(choice).collect(),
            items: page
                .items
                .iter()
                .map(|entry| item(&ui, city, entry, Some(place)))
                .collect(),
            pager: Pager {
                next,
                shown: page.items.len() as u64,
                ..Pager::default()
            },
            narrower: links(&ui, &rules::choices(territory, Some(place), city.on())),
            feed: feed_path(place, Some(parts.class).filter(|c| !c.is_empty()), ui.lang),
            has_letters: parts.has_letters,
            form: parts.form,
            map: parts.map,
            ui,
        }
    }
}

/// The page of a place, with a fault beside its field where there is one.
async fn place_page(
    ctx: &Ctx,
    ui: Ui,
    place: DivisionCode,
    fields: &Fields,
    fault: Option<NearError>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let mut status = StatusCode::OK;
    let mut form = fields.form();
    let mut show_fault = |form: &mut FormState, error: &NearError| {
        let field = access::Problem::field(error).unwrap_or_default();
        form.fault(&field, cases::pages::told(&ui, error));
        status = access::Problem::status(error);
    };
    if let Some(error) = &fault {
        show_fault(&mut form, error);
    }
    let mut wanted = Wanted {
        place,
        class: Some(fields.get("class").to_owned()).filter(|c| !c.is_empty()),
        open: read_open(fields.get("show"))?,
        after: after(fields)?,
        size: PageSize::new(ROWS).expect("twenty is a size in range"),
    };
    let page = match ops::list(ctx, &wanted).await {
        Err(error @ NearError::Field { field: "class", .. }) => {
            show_fault(&mut form, &error);
            wanted.class = None;
            ops::list(ctx, &wanted).await?
        }
        found => found?,
    };
    let map = drawn(ctx, &ui, &city, place, &page.items);
    let parts = Parts {
        city: &city,
        place,
        class: wanted.class.as_deref().unwrap_or_default(),
        show: fields.get("show"),
        form,
        map,
        page: &page,
        has_letters: ops::may_subscribe(ctx),
    };
    show_as(status, &NearPage::new(ui, parts))
}

/// Where the page before ended.
fn after(fields: &Fields) -> Result<Option<cases::CaseId>, NearError> {
    match fields.get("after") {
        "" => Ok(None),
        text => Ok(Some(text.parse::<Cursor>()?.part(0)?)),
    }
}

/// Asks for a place again, with what was wrong beside its field.
fn choose(
    ctx: &Ctx,
    ui: Ui,
    fields: &Fields,
    fault: Option<&NearError>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let mut form = fields.form();
    let mut status = StatusCode::OK;
    if let Some(error) = fault {
        let field = access::Problem::field(error).unwrap_or_default();
        form.fault(&field, cases::pages::told(&ui, error));
        status = access::Problem::status(error);
    }
    let map = choosing_map(ctx, &ui);
    show_as(status, &ChoosePage::new(ui, &city, form, map))
}

pub(super) async fn show(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let city = ctx.service::<Cases>().city();
    let territory = &city.territory;
    let (lon, lat) = (fields.get("lon"), fields.get("lat"));
    match fields.get("place") {
        "" if lon.is_empty() && lat.is_empty() => choose(&ctx, ui, &fields, None),
        // The point is forgotten here: what the address of the next page names is the place.
        "" => match rules::place_at(territory, lon, lat) {
            Ok(place) => Ok(Go::to(path_of(place, &[])).into_response()),
            Err(error) => choose(&ctx, ui, &fields, Some(&error)),
        },
        text => match rules::place(territory, text) {
            Ok(place) => place_page(&ctx, ui, place, &fields, None).await,
            Err(error) => choose(&ctx, ui, &fields, Some(&error)),
        },
    }
}

pub(super) async fn one(
    ctx: Ctx,
    ui: Ui,
    Path(number): Path<CaseNumber>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let entry = ops::one(&ctx, number).await?;
    show_page(&OnePage {
        near: entry
            .place
            .map_or_else(|| "/near".to_owned(), |p| path_of(p, &[])),
        item: item(&ui, &city, &entry, None),
        ui,
    })
}

pub(super) async fn subscribe(
    ctx: Ctx,
    ui: Ui,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let place = match rules::place(&city.territory, fields.get("place")) {
        Ok(place) => place,
        Err(error) => return choose(&ctx, ui, &fields, Some(&error)),
    };
    let new = ops::New {
        place,
        classes: fields.all("classes").map(str::to_owned).collect(),
        email: fields.get("email").to_owned(),
        lang: ui.lang,
    };
    match ops::subscribe(&ctx, visit.address(), new).await {
        Ok(()) => {
            let sentence = ui.t("nearby-asked");
            Ok(Go::to(path_of(place, &[]))
                .saying(Tone::Good, sentence)
                .into_response())
        }
        Err(error @ NearError::Field { .. }) => {
            place_page(&ctx, ui, place, &fields, Some(error)).await
        }
        Err(error) => Err(Fault::from(error).back(path_of(place, &[]))),
    }
}
