//! GET /api/v1/near — what is public at a place, for programs.

use super::read_open;
use crate::model::{Entry, NearError, Wanted};
use crate::{ops, rules};
use access::{Ctx, Fault, Fields, Json};
use axum::extract::RawQuery;
use cases::ops::view::stamp;
use cases::service::Cases;
use kernel::paging::{Cursor, PageSize};
use matters::City;
use serde::Serialize;
use ui::{Lang, Ui};
use utoipa::ToSchema;

/// What everybody may know of a case.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NearView {
    /// The number of the case.
    pub number: String,
    /// The code of its class.
    pub class: String,
    /// The name of its class, in the reader's language where it has one.
    pub class_name: String,
    /// received, assigned, under_way, paused, checked, settled, not_taken, joined or passed.
    pub stand: &'static str,
    /// The same in words.
    pub stand_text: String,
    /// Whether it goes on.
    pub open: bool,
    /// The code of the street, or of the smallest larger division that is known.
    pub place: Option<String>,
    /// Its name.
    pub place_name: Option<String>,
    /// The middle of the street, degrees east, WGS 84; never finer.
    pub lon: Option<f64>,
    /// The same, degrees north.
    pub lat: Option<f64>,
    /// When it was reported.
    pub reported_at: String,
    /// When it is promised.
    pub due_at: Option<String>,
    /// Whether that moment has passed and the work is not done.
    pub late: bool,
    /// When it was over.
    pub ended_at: Option<String>,
    /// When something of this last changed.
    pub changed_at: String,
    /// The words that a person has read and found fit to be public; empty if there are none.
    pub words: String,
}

/// A page of them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NearList {
    /// The place they are at.
    pub place: String,
    /// Its name.
    pub place_name: String,
    /// The matters, the newest first.
    pub items: Vec<NearView>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

fn name_of(city: &City, lang: Lang, place: kernel::DivisionCode) -> String {
    let division = city.territory.division(place);
    division.map_or_else(|| place.to_string(), |d| d.name_in(lang).to_owned())
}

fn view(city: &City, ui: &Ui, entry: &Entry) -> NearView {
    let tz = &city.timezone;
    let class = city.matter(entry.matter);
    let middle = entry
        .place
        .and_then(|street| open311::place::middle_of(&city.territory, street));
    NearView {
        number: entry.number.to_string(),
        class: class.map(|c| c.code.clone()).unwrap_or_default(),
        class_name: class
            .map(|c| c.name(ui.lang.tag()).to_owned())
            .unwrap_or_default(),
        stand: entry.stand.as_str(),
        stand_text: ui.t(entry.stand.key()),
        open: entry.is_open,
        place: entry.place.map(|p| p.to_string()),
        place_name: entry.place.map(|p| name_of(city, ui.lang, p)),
        lon: middle.map(|p| p.lon()),
        lat: middle.map(|p| p.lat()),
        reported_at: stamp(entry.reported_at, tz),
        due_at: entry.due_at.map(|at| stamp(at, tz)),
        late: entry.is_late(ui.now),
        ended_at: entry.ended_at.map(|at| stamp(at, tz)),
        changed_at: stamp(entry.changed_at, tz),
        words: entry.words.clone(),
    }
}

fn wanted(city: &City, fields: &Fields) -> Result<Wanted, NearError> {
    let (lon, lat) = (fields.get("lon"), fields.get("lat"));
    let place = match fields.get("place") {
        "" if !lon.is_empty() || !lat.is_empty() => rules::place_at(&city.territory, lon, lat)?,
        text => rules::place(&city.territory, text)?,
    };
    Ok(Wanted {
        place,
        class: Some(fields.get("class").to_owned()).filter(|c| !c.is_empty()),
        open: read_open(fields.get("show"))?,
        after: match fields.get("after") {
            "" => None,
            text => Some(text.parse::<Cursor>()?.part(0)?),
        },
        size: match fields.get("limit") {
            "" => PageSize::default(),
            text => text.parse()?,
        },
    })
}

pub(super) async fn list(
    ctx: Ctx,
    ui: Ui,
    RawQuery(query): RawQuery,
) -> Result<Json<NearList>, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let city = ctx.service::<Cases>().city();
    let wanted = wanted(&city, &fields)?;
    let page = ops::list(&ctx, &wanted).await?;
    Ok(Json(NearList {
        place: wanted.place.to_string(),
        place_name: name_of(&city, ui.lang, wanted.place),
        next: page.next.map(|cursor| cursor.to_string()),
        items: page.items.iter().map(|e| view(&city, &ui, e)).collect(),
    }))
}
