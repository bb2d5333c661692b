//! GET /city-map — the city by place: what is open and late as points, one rate as shades, and the same as a list.
//!
//! All numbers are counted on the server for each place: from the sums of `facts`; what is open in unit grids, or in one state,
//! from what each case counts as there; what has a light at this moment from the record itself.
//! With `wall=1` the page renews itself each minute, for a screen that nobody touches.

use crate::lights;
use access::{Ctx, Fault, Fields, Permission, show as show_page};
use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;
use cases::State;
use cases::ops::CaseError;
use cases::service::Cases;
use cases::sql_desk::Clock;
use facts::figures::{self, Ask, Figure, FiguresError, Filter};
use facts::standing::{self, Closed, Standing};
use facts::{Level, Measure, Place};
use grid::tiles::DEEPEST;
use grid::{Territory, TileSet, Tiles};
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::DivisionLevel;
use matters::{City, MatterId};
use std::collections::BTreeMap;
use ui::{Choice, FormState, Html, MapTiles, Shade, Shading, Ui};

/// How many days, today included, the counts of a period span.
const DAYS: i32 = 28;

/// A rate of fewer cases than this is not shown as a shade.
const LEAST: u64 = 10;

/// The most places of the list; the map has them all.
const MOST_LINES: usize = 300;

/// How places are told apart; without a level of divisions: the unit grids.
const LEVELS: [(&str, Level, Option<DivisionLevel>); 4] = [
    ("district", Level::District, Some(DivisionLevel::District)),
    ("street", Level::Street, Some(DivisionLevel::Street)),
    (
        "community",
        Level::Community,
        Some(DivisionLevel::Community),
    ),
    ("grid", Level::Grid, None),
];

/// What the shades show.
const SHOWN: [&str; 3] = ["overdue", "on-time", "reports"];

/// What is known of a place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Numbers {
    open: u64,
    /// Past their deadline; where a light is asked for, those with this light.
    overdue: u64,
    reported: u64,
    closed: u64,
    on_time: u64,
}

/// A line of the list.
struct Line {
    name: Html,
    /// The list of its open cases; empty for whoever may not read cases.
    href: String,
    n: Numbers,
    overdue: Html,
    on_time: Html,
    residents: Option<u64>,
}

#[derive(Template)]
#[template(path = "evaluation_map.html")]
struct MapPage {
    ui: Ui,
    form: FormState,
    levels: Vec<Choice>,
    shown: Vec<Choice>,
    map: Html,
    lines: Vec<Line>,
    /// In words, where the list is cut.
    rest: String,
    classes: Vec<Choice>,
    states: Vec<Choice>,
    lights: Vec<Choice>,
    /// What the share of the open cases is of: the overdue ones, or those with a light.
    share: String,
    /// The same page for a screen that nobody touches.
    wall: String,
    /// Up to when everything is counted; empty while the figures are being made.
    fresh: String,
    /// Changes since then that are still to be counted.
    waiting: u64,
    is_wall: bool,
    /// Whether reports and closings of the period are shown.
    has_period: bool,
}

/// What the reader asked for.
#[derive(Clone, Copy)]
struct Asked {
    level: usize,
    shown: usize,
    class: Option<MatterId>,
    /// Only cases that are in this state now.
    state: Option<State>,
    /// Those with this light now, as a share of the open ones.
    light: Option<Clock>,
    is_wall: bool,
}

impl Asked {
    /// Whether reports and closings of the last weeks are shown: what is in a state now, or late, tells nothing of them.
    fn has_period(self) -> bool {
        self.state.is_none() && self.light.is_none()
    }

    /// Reads the form. What does not read is the default: the list says what is shown.
    fn read(fields: &Fields, is_of_unit: bool) -> Self {
        let level = LEVELS
            .iter()
            .position(|(word, ..)| *word == fields.get("by"));
        let state = open_state(fields.get("state"));
        let light = lights::light(fields.get("light"));
        let shown = SHOWN.iter().position(|word| *word == fields.get("show"));
        Self {
            // The sums of a unit tell districts apart, no smaller places.
            level: if is_of_unit { 0 } else { level.unwrap_or(1) },
            // What is in a state or has a light now tells nothing of what was reported or closed.
            shown: if state.is_some() || light.is_some() {
                0
            } else {
                shown.unwrap_or(0)
            },
            // Nor are they kept by class and district together.
            class: if is_of_unit {
                None
            } else {
                fields.get("class").parse().ok().map(MatterId)
            },
            state,
            light,
            is_wall: fields.get("wall") == "1",
        }
    }
}

/// The state of this word, if cases in it are going on.
pub(crate) fn open_state(word: &str) -> Option<State> {
    open_states().find(|state| state.as_str() == word)
}

/// What a unit grid is called: its community's name and its code.
pub(crate) fn cell_name(ui: &Ui, community: &str, code: &str) -> String {
    ui.t2("evaluation-map-cell", "community", community, "code", code)
}

/// The states of cases that are going on.
fn open_states() -> impl Iterator<Item = State> {
    State::ALL.iter().copied().filter(|state| !state.is_final())
}

fn count(n: i64) -> u64 {
    n.max(0).unsigned_abs()
}

/// What stands by place; what is known less exactly than asked belongs to no place of the list.
fn by_place(level: Level, open: &[Figure], overdue: &[Figure]) -> BTreeMap<Place, Numbers> {
    let mut numbers = BTreeMap::new();
    add(level, &mut numbers, open, |n, of| n.open = count(of[0]));
    add(level, &mut numbers, overdue, |n, of| {
        n.overdue = count(of[0]);
    });
    numbers
}

fn add(
    level: Level,
    numbers: &mut BTreeMap<Place, Numbers>,
    figures: &[Figure],
    to: fn(&mut Numbers, &[i64]),
) {
    for figure in figures.iter().filter(|f| f.place.len() == level.digits()) {
        to(numbers.entry(figure.place).or_default(), &figure.n);
    }
}

/// What is counted over a period.
const OF_PERIOD: [Measure; 3] = [Measure::Reported, Measure::Closed, Measure::ClosedOnTime];

/// Takes over what was counted of [`OF_PERIOD`].
fn in_period(n: &mut Numbers, of: &[i64]) {
    (n.reported, n.closed, n.on_time) = (count(of[0]), count(of[1]), count(of[2]));
}

/// What stands, as it was counted by case.
fn by_standing(level: Level, standing: &[Standing]) -> BTreeMap<Place, Numbers> {
    let of_level = standing.iter().filter(|s| s.place.len() == level.digits());
    let numbers = of_level.map(|s| {
        let n = Numbers {
            open: count(s.open),
            overdue: count(s.overdue),
            ..Numbers::default()
        };
        (s.place, n)
    });
    numbers.collect()
}

fn add_closed(level: Level, numbers: &mut BTreeMap<Place, Numbers>, closed: &[Closed]) {
    for of in closed.iter().filter(|c| c.place.len() == level.digits()) {
        let n = numbers.entry(of.place).or_default();
        (n.closed, n.on_time) = (count(of.closed), count(of.on_time));
    }
}

/// A division or a unit grid on the map.
struct Spot {
    code: String,
    name: String,
    /// The name with its language.
    shown: Html,
    residents: Option<u64>,
    /// The list of its open cases; empty where there is none.
    href: String,
    n: Numbers,
}

/// The places of a level that have numbers.
fn spots(
    ui: &Ui,
    territory: &Territory,
    level: Option<DivisionLevel>,
    numbers: &BTreeMap<Place, Numbers>,
    list: impl Fn(Place) -> String,
) -> Vec<Spot> {
    let of = |place: Place| numbers.get(&place).copied();
    let Some(level) = level else {
        let cells = territory.grids().iter().filter_map(|cell| {
            let place = Place::of(Some(cell.code), None);
            let n = of(place)?;
            let community = territory.community_of(cell.code);
            let community = community.map_or("", |c| c.name_in(ui.lang));
            let name = cell_name(ui, community, cell.code.as_str());
            Some(Spot {
                code: cell.code.to_string(),
                shown: Html::from_text(&name),
                name,
                residents: None,
                href: list(place),
                n,
            })
        });
        return cells.collect();
    };
    let divisions = territory.divisions().filter(|d| d.level() == level);
    let spots = divisions.filter_map(|division| {
        let place = Place::of(None, Some(division.code));
        let n = of(place)?;
        Some(Spot {
            code: division.code.to_string(),
            name: division.name_in(ui.lang).to_owned(),
            shown: grid::division_name(ui, division),
            residents: division.residents.map(count),
            href: list(place),
            n,
        })
    });
    spots.collect()
}

/// The open cases of a place as the desk lists them, narrowed as the map is.
pub(crate) fn list_of(
    place: Place,
    class: Option<MatterId>,
    state: Option<State>,
    light: Option<Clock>,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", state.map_or("open", State::as_str));
    if let Some(class) = class {
        query.append_pair("matter", &class.to_string());
    }
    query.append_pair("place", &place.to_string());
    if let Some(light) = light {
        query.append_pair("light", light.as_str());
    }
    format!("/desk?{}", query.finish())
}

/// Whether the reader gets links to lists of cases: whoever may read cases. Before a screen on a wall there is nobody.
pub(crate) fn has_lists(ctx: &Ctx, ui: &Ui) -> bool {
    ui.account.is_some() && ctx.require(Permission::CaseRead).is_ok()
}

/// The shade of a place, with its n.
fn shade(ui: &Ui, shown: &str, spot: &Spot) -> Shade {
    let (code, name, n) = (spot.code.clone(), spot.name.as_str(), spot.n);
    match shown {
        "on-time" => Shade::rate(ui, code, name, n.on_time, n.closed, LEAST),
        "reports" => {
            let residents = spot.residents.filter(|r| *r > 0);
            let per_1000 = residents
                .filter(|_| n.reported >= LEAST)
                .map(|r| n.reported as f64 * 1000.0 / r as f64);
            let told = match (per_1000, residents) {
                (Some(value), Some(residents)) => ui.ta(
                    "evaluation-map-per-1000",
                    &[
                        ("value", &format!("{value:.1}").as_str()),
                        ("n", &n.reported),
                        ("residents", &residents),
                    ],
                ),
                _ => ui.tn("ui-map-few", "n", n.reported),
            };
            Shade {
                code,
                value: per_1000,
                text: ui.t2("ui-map-shade", "name", name, "value", told),
                href: String::new(),
            }
        }
        _ => Shade::rate(ui, code, name, n.overdue, n.open, LEAST),
    }
}

fn line(ui: &Ui, spot: &Spot) -> Line {
    let n = spot.n;
    Line {
        name: spot.shown.clone(),
        href: spot.href.clone(),
        overdue: ui.rate(n.overdue, n.open),
        on_time: ui.rate(n.on_time, n.closed),
        residents: spot.residents,
        n,
    }
}

/// What the page is made of, and how fresh it is.
struct Read {
    numbers: BTreeMap<Place, Numbers>,
    as_of: jiff::Timestamp,
    waiting: u64,
}

async fn read(ctx: &Ctx, asked: Asked, today: Date) -> Result<Option<Read>, FiguresError> {
    let scope = ctx.scope();
    let (level, now) = (LEVELS[asked.level].1, ctx.now());
    ctx.read::<_, FiguresError, _>(move |r| {
        let Some(fresh) = figures::freshness(r, now)? else {
            return Ok(None);
        };
        let from = today.saturating_sub((DAYS - 1).days());
        let filter = Filter {
            districts: scope.districts.clone(),
            unit: scope.unit.map(|unit| unit.0),
            matters: asked.class.iter().map(|class| class.0).collect(),
            states: asked.state.iter().map(|s| s.as_str().to_owned()).collect(),
            ..Filter::default()
        };
        let ask = |measures: &[Measure]| Ask {
            level,
            filter: filter.clone(),
            ..Ask::new(from, today, measures)
        };
        // What stands is summed down to communities, with classes down to streets; what is finer is counted by case.
        let is_fine_class = asked.class.is_some() && level > Level::Street;
        let mut numbers = if level == Level::Grid || asked.state.is_some() || is_fine_class {
            by_standing(level, &standing::standing(r, level, &filter, today)?)
        } else {
            let open = figures::open(r, &ask(&[]), today)?;
            let overdue = figures::overdue(r, &ask(&[]), today)?;
            by_place(level, &open, &overdue)
        };
        if asked.has_period() && is_fine_class {
            let reported = figures::figures(r, &ask(&[Measure::Reported]))?;
            add(level, &mut numbers, &reported, |n, of| {
                n.reported = count(of[0]);
            });
            let closed = standing::closed(r, level, &filter, (from, today))?;
            add_closed(level, &mut numbers, &closed);
        } else if asked.has_period() {
            let period = figures::figures(r, &ask(&OF_PERIOD))?;
            add(level, &mut numbers, &period, in_period);
        }
        Ok(Some(Read {
            numbers,
            as_of: fresh.as_of,
            waiting: count(fresh.waiting),
        }))
    })
    .await
}

/// The same of what has a light now, which is asked of the record and not of the figures.
async fn read_lit(ctx: &Ctx, asked: Asked, clock: Clock) -> Result<Read, CaseError> {
    let level = LEVELS[asked.level].1;
    let standing = lights::standing(ctx, level, asked.class, asked.state, clock).await?;
    Ok(Read {
        numbers: by_standing(level, &standing),
        as_of: ctx.now(),
        waiting: 0,
    })
}

/// What the reader may see and do.
#[derive(Debug, Clone, Copy)]
struct Reader {
    /// A department sees its own unit.
    is_of_unit: bool,
    /// See [`has_lists`].
    has_lists: bool,
}

/// The page of the places of `tiles`, with the classes of `city`.
fn page(
    ui: Ui,
    asked: Asked,
    Reader {
        is_of_unit,
        has_lists,
    }: Reader,
    (tiles, city): (Option<&Tiles>, Option<&City>),
    found: Option<&Read>,
) -> MapPage {
    let (by, _, at) = LEVELS[asked.level];
    let shown = SHOWN[asked.shown];
    let none = BTreeMap::new();
    let numbers = found.map_or(&none, |f| &f.numbers);
    let territory = tiles.map(Tiles::territory).unwrap_or_default();
    let list = |place| {
        if has_lists && !asked.is_wall {
            list_of(place, asked.class, asked.state, asked.light)
        } else {
            String::new()
        }
    };
    let mut spots = spots(&ui, &territory, at, numbers, list);
    spots.sort_by_key(|s| std::cmp::Reverse((s.n.overdue, s.n.open)));
    let lines: Vec<Line> = spots
        .iter()
        .take(MOST_LINES)
        .map(|spot| line(&ui, spot))
        .collect();
    let rest = if spots.len() > MOST_LINES {
        ui.t2("evaluation-map-cut", "shown", MOST_LINES, "n", spots.len())
    } else {
        String::new()
    };
    let form = form_of(asked);
    let query = ["by", "show", "class", "state", "light"]
        .iter()
        .fold(
            form_urlencoded::Serializer::new(String::new()),
            |mut query, name| {
                query.append_pair(name, form.value(name));
                query
            },
        )
        .append_pair("wall", "1")
        .finish();
    let cases = cases_of(&form, found.map(|f| f.as_of));
    let levels = LEVELS
        .iter()
        .take(if is_of_unit { 1 } else { LEVELS.len() });
    // words: evaluation-map-show-* evaluation-map-by-* cases-state-*
    let state_word = |s: State| ui.t(&format!("cases-state-{}", s.as_str().replace('_', "-")));
    let light_word = |c: Clock| ui.t(cases::words::light_key(c));
    let share = match asked.light {
        Some(clock) => ui.tn("evaluation-map-lit", "light", light_word(clock)),
        None => ui.t("evaluation-map-show-overdue"),
    };
    let shades = match asked.light {
        Some(_) => share.clone(),
        None => ui.t(&format!("evaluation-map-show-{shown}")),
    };
    MapPage {
        form,
        levels: levels
            .map(|(word, ..)| Choice::new(*word, ui.t(&format!("evaluation-map-by-{word}"))))
            .collect(),
        shown: SHOWN
            .iter()
            .map(|word| Choice::new(*word, ui.t(&format!("evaluation-map-show-{word}"))))
            .collect(),
        classes: city.filter(|_| !is_of_unit).map_or_else(Vec::new, |city| {
            let classes = city.matters.choices();
            classes
                .map(|c| Choice::new(c.id.0.to_string(), c.name(ui.lang.tag())))
                .collect()
        }),
        states: open_states()
            .map(|s| Choice::new(s.as_str(), state_word(s)))
            .collect(),
        lights: Clock::ALL
            .into_iter()
            .map(|c| Choice::new(c.as_str(), light_word(c)))
            .collect(),
        share,
        wall: format!("/city-map?{query}"),
        fresh: found.map_or_else(String::new, |f| ui.time_text(f.as_of)),
        waiting: found.map_or(0, |f| f.waiting),
        is_wall: asked.is_wall,
        has_period: asked.has_period(),
        map: tiles.map_or_else(Html::default, |tiles| {
            map_of(&ui, tiles, by == "grid", (shown, shades), (&spots, &cases))
        }),
        lines,
        rest,
        ui,
    }
}

fn form_of(asked: Asked) -> FormState {
    FormState::new()
        .with("by", LEVELS[asked.level].0)
        .with("show", SHOWN[asked.shown])
        .with(
            "class",
            asked.class.map_or_else(String::new, |c| c.0.to_string()),
        )
        .with("state", asked.state.map_or("", State::as_str))
        .with("light", asked.light.map_or("", Clock::as_str))
}

/// The tiles of open cases, narrowed as the page is. Their address names the moment the figures are from, so that a map
/// that renews itself gets new ones.
fn cases_of(form: &FormState, as_of: Option<jiff::Timestamp>) -> MapTiles {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("class", form.value("class"))
        .append_pair("state", form.value("state"))
        .append_pair("light", form.value("light"))
        .append_pair(
            "t",
            &as_of.map_or(0, jiff::Timestamp::as_second).to_string(),
        )
        .finish();
    MapTiles {
        set: "cases",
        url: format!("/tiles/cases/{{z}}/{{x}}/{{y}}.mvt?{query}"),
        from: 0,
        to: DEEPEST,
    }
}

/// The places shaded, and circles of open cases; empty where the city has no borders.
fn map_of(
    ui: &Ui,
    tiles: &Tiles,
    is_grid: bool,
    (shown, name): (&str, String),
    (spots, cases): (&[Spot], &MapTiles),
) -> Html {
    let (set, sets) = if is_grid {
        (TileSet::Grids, &[TileSet::Divisions, TileSet::Grids][..])
    } else {
        (TileSet::Divisions, &[TileSet::Divisions][..])
    };
    let mut map = tiles.map(name.clone(), sets);
    if map.bounds.is_none() {
        return Html::default();
    }
    map.shading = Some(Shading {
        set: set.as_str(),
        name,
        places: spots
            .iter()
            .map(|spot| shade(ui, shown, spot).to(spot.href.as_str()))
            .collect(),
        ..Shading::default()
    });
    map.tiles.push(cases.clone());
    map.show(ui)
}

/// The map as it stands first, for a page that shows it beside other things; empty where there is nothing to draw.
///
/// # Errors
/// The store's.
pub async fn drawn(ctx: &Ctx, ui: &Ui, is_wall: bool) -> Result<Html, Fault> {
    let asked = Asked {
        is_wall,
        ..Asked::read(&Fields::default(), ctx.scope().unit.is_some())
    };
    Ok(asked_page(ctx, ui.clone(), asked).await?.map)
}

/// GET /city-map
pub(crate) async fn show(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let asked = Asked::read(&fields, ctx.scope().unit.is_some());
    show_page(&asked_page(&ctx, ui, asked).await?)
}

async fn asked_page(ctx: &Ctx, ui: Ui, asked: Asked) -> Result<MapPage, Fault> {
    let reader = Reader {
        is_of_unit: ctx.scope().unit.is_some(),
        has_lists: has_lists(ctx, &ui),
    };
    let today = ui.now.to_zoned(ui.site.time_zone.clone()).date();
    let found = match asked.light {
        Some(clock) => Some(read_lit(ctx, asked, clock).await?),
        None => match read(ctx, asked, today).await {
            Ok(found) => found,
            Err(FiguresError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(Fault::internal(error)),
        },
    };
    let tiles = ctx.service_if_any::<Tiles>();
    let city = ctx.service_if_any::<Cases>().map(|cases| cases.city());
    let of = (tiles.as_deref(), city.as_deref());
    Ok(page(ui, asked, reader, of, found.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use grid::{Area, Division, UnitGrid};
    use jiff::Timestamp;
    use kernel::DivisionCode;
    use kernel::geo::Crs;
    use std::sync::Arc;
    use ui::{Lang, testing};

    fn reader(lang: Lang) -> Ui {
        let words = access::words_of(&[
            access::capability(),
            cases::http::capability(),
            crate::capability(),
        ]);
        let now: Timestamp = "2026-03-16T02:00:00Z".parse().expect("a time");
        testing::ui_with(testing::site_with(words.expect("sound words")), lang, now)
    }

    fn division(code: &str, west: f64) -> Division {
        let (east, south, north) = (west + 0.01, 25.0, 25.01);
        let ring = [
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            [west, south],
        ];
        let geometry = serde_json::json!({ "type": "Polygon", "coordinates": [ring] });
        Division {
            shape: Some(Area::from_geojson(&geometry, Crs::Wgs84).expect("a square")),
            residents: Some(10_000),
            ..Division::new(code.parse().expect("a code"), "<b>海棠街道", "test")
        }
    }

    fn city() -> Tiles {
        let divisions = vec![
            division("990101001000", 114.0),
            division("990101002000", 114.01),
        ];
        let on = jiff::civil::date(2026, 3, 16);
        let square = division("990101001000", 114.0).shape.expect("a square");
        let cell = "990101001001001".parse().expect("a code");
        let cells = vec![UnitGrid::new(cell, square, false, "test")];
        let territory = Territory::build(divisions, cells, Vec::new(), on);
        let territory = Arc::new(territory);
        Tiles::new(move || territory.clone())
    }

    fn figure(place: &str, n: &[i64]) -> Figure {
        Figure {
            day: None,
            place: place.parse().expect("a place"),
            matter: None,
            unit: None,
            word: String::new(),
            n: n.to_vec(),
        }
    }

    fn found() -> Read {
        let open = [figure("990101", &[7]), figure("990101001", &[31])];
        let overdue = [figure("990101001", &[4])];
        let period = [
            figure("990101001", &[120, 100, 93]),
            figure("990101002", &[3, 2, 1]),
        ];
        let mut numbers = by_place(Level::Street, &open, &overdue);
        add(Level::Street, &mut numbers, &period, in_period);
        Read {
            numbers,
            as_of: "2026-03-16T01:59:00Z".parse().expect("a time"),
            waiting: 3,
        }
    }

    const READER: Reader = Reader {
        is_of_unit: false,
        has_lists: true,
    };

    fn asked(query: &str, is_of_unit: bool) -> Asked {
        Asked::read(&Fields::parse(query.as_bytes()), is_of_unit)
    }

    #[test]
    fn numbers_stand_at_the_place_that_is_known_exactly_enough() {
        let numbers = found().numbers;
        assert_eq!(
            numbers.len(),
            2,
            "what is known by district only has no street"
        );
        let place = Place::of(None, DivisionCode::padded("990101001").ok());
        let expected = Numbers {
            open: 31,
            overdue: 4,
            reported: 120,
            closed: 100,
            on_time: 93,
        };
        assert_eq!(numbers[&place], expected);
    }

    #[test]
    fn few_cases_are_hatched_whatever_is_shown() {
        let ui = reader(Lang::En);
        let place = |n| Spot {
            code: "990101001000".into(),
            name: "海棠街道".into(),
            shown: Html::default(),
            residents: Some(10_000),
            href: String::new(),
            n,
        };
        let few = Numbers {
            open: 9,
            overdue: 9,
            reported: 9,
            closed: 9,
            on_time: 9,
        };
        let enough = Numbers {
            open: 10,
            overdue: 1,
            reported: 20,
            closed: 10,
            on_time: 5,
        };
        for (shown, value) in SHOWN.into_iter().zip([10.0, 50.0, 2.0]) {
            assert_eq!(shade(&ui, shown, &place(few)).value, None, "{shown}");
            assert_eq!(
                shade(&ui, shown, &place(enough)).value,
                Some(value),
                "{shown}"
            );
        }
    }

    #[test]
    fn the_map_and_its_list_are_sound_in_both_languages() {
        let tiles = city();
        for lang in Lang::ALL {
            for query in ["", "by=street&show=on-time", "show=reports&wall=1"] {
                for found in [None, Some(found())] {
                    let page = page(
                        reader(lang),
                        asked(query, false),
                        READER,
                        (Some(&tiles), None),
                        found.as_ref(),
                    );
                    assert_eq!(page.lines.len(), if found.is_some() { 2 } else { 0 });
                    let html = page.render().expect("the template renders");
                    testing::assert_sound(&html);
                    assert!(!html.contains("<b>"), "names are escaped");
                    assert_eq!(html.contains("data-renew"), query.contains("wall"));
                }
            }
        }
    }

    #[test]
    fn unit_grids_are_shaded_by_their_own_tiles_and_named_by_their_community() {
        let tiles = city();
        let standing = |place: &str, open, overdue| Standing {
            place: place.parse().expect("a place"),
            open,
            overdue,
        };
        let standing = [
            standing("990101001001001", 12, 3),
            standing("990101001", 31, 0),
        ];
        let mut numbers = by_standing(Level::Grid, &standing);
        let place: Place = "990101001001001".parse().expect("a place");
        let closed = [Closed {
            place,
            closed: 5,
            on_time: 4,
        }];
        let reported = [figure("990101001001001", &[9])];
        let (level, to) = (Level::Grid, |n: &mut Numbers, of: &[i64]| {
            n.reported = count(of[0]);
        });
        add(level, &mut numbers, &reported, to);
        add_closed(level, &mut numbers, &closed);
        let expected = Numbers {
            open: 12,
            overdue: 3,
            reported: 9,
            closed: 5,
            on_time: 4,
        };
        assert_eq!(numbers[&place], expected);
        let found = Read { numbers, ..found() };
        for lang in Lang::ALL {
            let asked = asked("by=grid", false);
            let page = page(
                reader(lang),
                asked,
                READER,
                (Some(&tiles), None),
                Some(&found),
            );
            assert_eq!(
                page.lines.len(),
                1,
                "what is known by street only is in no cell"
            );
            let html = page.render().expect("the template renders");
            testing::assert_sound(&html);
            assert!(
                html.contains("990101001001001") && html.contains("/tiles/grids/"),
                "{html}"
            );
        }
    }

    #[test]
    fn a_light_is_a_share_of_the_open_cases_and_stays_in_the_addresses() {
        let tiles = city();
        for (light, words) in [
            (
                Clock::Late,
                ["■ 已超期占在办（%）", "■ Late, share of open cases (%)"],
            ),
            (
                Clock::Soon,
                ["▲ 快到期占在办（%）", "▲ Soon, share of open cases (%)"],
            ),
            (
                Clock::InTime,
                ["● 时限内占在办（%）", "● In time, share of open cases (%)"],
            ),
        ] {
            let word = light.as_str();
            let asked = asked(&format!("show=reports&state=handling&light={word}"), false);
            assert_eq!((asked.light, asked.shown), (Some(light), 0));
            assert!(!asked.has_period());
            for (lang, words) in Lang::ALL.into_iter().zip(words) {
                let found = found();
                let tiles = (Some(&tiles), None);
                let page = page(reader(lang), asked, READER, tiles, Some(&found));
                let html = page.render().expect("the template renders");
                testing::assert_sound(&html);
                assert!(html.contains(words), "{words} in {html}");
                let kept = format!("state=handling&light={word}");
                assert!(page.wall.contains(&kept), "{}", page.wall);
                let tiles = format!("class=&state=handling&light={word}&t=");
                let html = html.replace("&#38;", "&");
                assert!(html.contains(&tiles), "{tiles} in {html}");
            }
        }
    }

    #[test]
    fn a_place_leads_to_the_list_of_its_open_cases_for_whoever_may_read_them() {
        let tiles = city();
        let list = "/desk?state=handling&place=990101001&light=late";
        let shown = |query: &str, has_lists| {
            let who = Reader {
                has_lists,
                ..READER
            };
            let of = (Some(&tiles), None);
            let found = found();
            let page = page(reader(Lang::En), asked(query, false), who, of, Some(&found));
            let html = page.render().expect("the template renders");
            html.replace("&#38;", "&")
        };
        let html = shown("state=handling&light=late", true);
        assert!(
            html.contains(&format!("<th scope=\"row\"><a href=\"{list}\">")),
            "{html}"
        );
        // And the shade on the map.
        assert!(html.matches(list).count() >= 2, "{html}");
        assert!(!shown("state=handling&light=late", false).contains("/desk?"));
        assert!(
            !shown("wall=1", true).contains("/desk?"),
            "nobody stands before a wall"
        );
    }

    #[test]
    fn what_does_not_read_is_the_default_and_a_unit_sees_districts() {
        for garbage in [
            "by=x&show=%00",
            "by=&show=&class=&state=&light=",
            "wall=2&by=%f0&class=x&state=closed&light=green",
        ] {
            let asked = asked(garbage, false);
            assert_eq!((asked.level, asked.shown, asked.is_wall), (1, 0, false));
            assert_eq!((asked.class, asked.state, asked.light), (None, None, None));
        }
        let one = asked(
            "class=01020304050607080910111213141516&state=handling",
            false,
        );
        assert_eq!(one.state, Some(State::Handling));
        assert_eq!(asked("state=handling&show=reports", false).shown, 0);
        assert_eq!(
            asked("class=01020304050607080910111213141516", true).class,
            None
        );
        assert_eq!(asked("by=community", true).level, 0);
        assert_eq!(asked("by=community", false).level, 2);
    }
}
