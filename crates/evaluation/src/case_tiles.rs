//! GET /tiles/cases/{z}/{x}/{y}.mvt — open cases as vector tiles: what lies close together at a zoom is one circle with its
//! number, of these how many are overdue, and what it tells. `class`, `state` and `light` narrow it as on the map's page.
//!
//! A case is counted at its unit grid, else at the division it is known by: where it lies exactly is nobody's business on a
//! map. What is counted is read once for all tiles of a view and kept for some seconds.

use crate::{lights, map};
use access::{Ctx, Fault, Fields, Path, Scope};
use axum::extract::RawQuery;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use cases::sql_desk::Clock;
use facts::Place;
use facts::figures::Filter;
use facts::model::Level;
use facts::standing::{self, Standing};
use grid::tiles::{Circle, MEDIA_TYPE, Pile, TileId, Told, piles};
use grid::{Territory, Tiles};
use jiff::{SignedDuration, Timestamp};
use kernel::DivisionLevel;
use matters::MatterId;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use store::StoreError;
use ui::Ui;

/// What was counted is as good as new for so long; the figures themselves are some seconds old.
const FRESH: SignedDuration = SignedDuration::from_secs(15);
/// Ways of asking that are kept at once.
const MOST_KEPT: usize = 32;
/// From one zoom to the next a browser may keep a tile as long as what it shows is fresh.
const KEEP: &str = "private, max-age=15";

/// Whose map it is, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    scope: Scope,
    lang: &'static str,
    class: Option<MatterId>,
    state: Option<cases::State>,
    light: Option<Clock>,
}

struct Counted {
    key: Key,
    at: Timestamp,
    territory: Arc<Territory>,
    piles: Arc<Vec<Pile>>,
}

/// What was counted lately. One per process, among the services of a deployment.
#[derive(Default)]
pub struct Piles(Mutex<VecDeque<Counted>>);

impl Piles {
    fn known(
        &self,
        key: &Key,
        territory: &Arc<Territory>,
        now: Timestamp,
    ) -> Option<Arc<Vec<Pile>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |c: &&Counted| {
            c.key == *key
                && Arc::ptr_eq(&c.territory, territory)
                && now.duration_since(c.at) < FRESH
        };
        kept.iter().find(is_it).map(|c| c.piles.clone())
    }
    fn keep(&self, counted: Counted) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|c| c.key != counted.key);
        kept.truncate(MOST_KEPT - 1);
        kept.push_front(counted);
    }
}

/// GET /tiles/cases/{z}/{x}/{file}
pub(crate) async fn tile(
    ctx: Ctx,
    ui: Ui,
    Path((z, x, file)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let id = TileId::parse(&z, &x, &file).ok_or_else(Fault::not_found)?;
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let key = Key {
        scope: ctx.scope(),
        lang: ui.lang.tag(),
        class: fields.get("class").parse().ok().map(MatterId),
        state: map::open_state(fields.get("state")),
        light: lights::light(fields.get("light")),
    };
    let (class, state, light) = (key.class, key.state, key.light);
    let has_lists = map::has_lists(&ctx, &ui);
    let territory = ctx.service::<Tiles>().territory();
    let counted = counted(&ctx, &ui, key, territory).await?;
    let bytes = piles(id, &counted, |circle| Told {
        light: mark(light, circle),
        text: told(&ui, light, circle),
        // Of a place that is known less exactly, a list would hold all that lies in it.
        href: match circle.code.parse::<Place>() {
            Ok(place) if has_lists && circle.piles == 1 && place.grid().is_some() => {
                map::list_of(place, class, state, light)
            }
            _ => String::new(),
        },
    });
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEEP));
    Ok(response)
}

/// The mark of a circle: the light it shows, else whether some are overdue.
fn mark(light: Option<Clock>, circle: &Circle<'_>) -> &'static str {
    match light {
        Some(Clock::Soon) => "soon",
        Some(Clock::Late) => "late",
        None if circle.late > 0 => "late",
        Some(Clock::InTime) | None => "in-time",
    }
}

// words: evaluation-map-lit-point-* evaluation-map-lit-circle-*
fn told(ui: &Ui, light: Option<Clock>, circle: &Circle<'_>) -> String {
    let (n, late) = (&circle.n, &circle.late);
    if let Some(clock) = light {
        let word = clock.as_str().replace('_', "-");
        let args: [(&str, &dyn ui::Arg); 3] =
            [("name", &circle.name), ("places", &circle.piles), ("n", n)];
        let kind = if circle.piles == 1 { "point" } else { "circle" };
        return ui.ta(&format!("evaluation-map-lit-{kind}-{word}"), &args);
    }
    if circle.piles == 1 {
        let args: [(&str, &dyn ui::Arg); 3] =
            [("name", &circle.name), ("open", n), ("overdue", late)];
        return ui.ta("evaluation-map-point", &args);
    }
    let args: [(&str, &dyn ui::Arg); 4] = [
        ("name", &circle.name),
        ("places", &circle.piles),
        ("open", n),
        ("overdue", late),
    ];
    ui.ta("evaluation-map-circle", &args)
}

async fn counted(
    ctx: &Ctx,
    ui: &Ui,
    key: Key,
    territory: Arc<Territory>,
) -> Result<Arc<Vec<Pile>>, Fault> {
    let kept = ctx.service_if_any::<Piles>();
    if let Some(known) = kept
        .as_ref()
        .and_then(|k| k.known(&key, &territory, ui.now))
    {
        return Ok(known);
    }
    let standing = match key.light {
        Some(clock) => lights::standing(ctx, Level::Grid, key.class, key.state, clock).await?,
        None => overdue(ctx, ui, &key).await?,
    };
    let made = Arc::new(placed(ui, &territory, &standing, key.light));
    if let Some(kept) = kept {
        kept.keep(Counted {
            key,
            at: ui.now,
            territory,
            piles: made.clone(),
        });
    }
    Ok(made)
}

/// The open cases, and of these the overdue ones, as the figures have them.
async fn overdue(ctx: &Ctx, ui: &Ui, key: &Key) -> Result<Vec<Standing>, StoreError> {
    let filter = Filter {
        districts: key.scope.districts.clone(),
        unit: key.scope.unit.map(|unit| unit.0),
        matters: key.class.iter().map(|class| class.0).collect(),
        states: key.state.iter().map(|s| s.as_str().to_owned()).collect(),
        ..Filter::default()
    };
    let today = ui.now.to_zoned(ui.site.time_zone.clone()).date();
    ctx.read(move |r| standing::standing(r, Level::Grid, &filter, today))
        .await
}

/// Each place where it stands on the ground; what no border is known of stands nowhere. Where a light is asked for, only
/// what has it is shown.
fn placed(
    ui: &Ui,
    territory: &Territory,
    standing: &[Standing],
    light: Option<Clock>,
) -> Vec<Pile> {
    let count = |n: i64| n.max(0).unsigned_abs();
    let placed = standing.iter().filter_map(|s| {
        let (at, name) = whereabouts(ui, territory, s.place)?;
        let (open, of_these) = (count(s.open), count(s.overdue));
        let (n, late) = match light {
            None => (open, of_these),
            Some(Clock::Late) => (of_these, of_these),
            Some(Clock::Soon | Clock::InTime) => (of_these, 0),
        };
        Some(Pile {
            at,
            n,
            late,
            name,
            code: s.place.to_string(),
        })
    });
    placed.collect()
}

fn whereabouts(ui: &Ui, territory: &Territory, place: Place) -> Option<(kernel::Point, String)> {
    if let Some(cell) = place.grid().and_then(|code| territory.grid(code)) {
        let community = territory.community_of(cell.code);
        let community = community.map_or("", |c| c.name_in(ui.lang));
        let name = map::cell_name(ui, community, cell.code.as_str());
        return Some((cell.shape.label_point(), name));
    }
    let division = territory.division(place.division()?)?;
    if division.level() < DivisionLevel::District {
        return None;
    }
    let at = match &division.shape {
        Some(shape) => shape.label_point(),
        None => territory.bounds_of(division.code)?.middle(),
    };
    Some((at, division.name_in(ui.lang).to_owned()))
}
