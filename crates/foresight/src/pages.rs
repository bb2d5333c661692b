//! GET /forecast — the next two weeks with their limits; GET /under-reporting — where to go and ask ([`reach`]);
//! GET /forecast/lights — the lights as a piece of other pages ([`lights`]).

mod lights;
mod reach;

use crate::ops::{self, ForesightError, Part, Prospect, Question};
use crate::outlook::{Light, Line};
use access::{Capability, Ctx, Fault, Fields, Permission, Problem, Routes, Word, show_as};
use analysis::forecast::ForecastPoint;
use askama::Template;
use axum::extract::RawQuery;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use cases::service::Cases;
use facts::Place;
use jiff::ToSpan;
use kernel::codes::{DivisionCode, DivisionLevel};
use matters::{City, MatterId};
use ui::{Choice, FormState, LineChart, Series, Ui};

/// Days of the past that the chart shows.
const SHOWN_DAYS: usize = 56;
/// Seconds after which a page that waits for the work asks again.
const AGAIN_S: u32 = 3;

/// What foresight brings to the program: its pages, its words.
pub fn capability() -> Capability {
    let routes = Routes::new("foresight")
        .on(
            Method::GET,
            "/forecast",
            Permission::EvaluationRead,
            forecast,
        )
        .on(
            Method::GET,
            "/forecast/lights",
            Permission::EvaluationRead,
            lights::lights,
        )
        .for_a_wall()
        .on(
            Method::GET,
            "/under-reporting",
            Permission::Public,
            reach::under_reporting,
        );
    Capability::new("foresight", routes)
        .locales(
            include_str!("../locales/zh-CN.ftl"),
            include_str!("../locales/en.ftl"),
        )
        .menu(
            "foresight-menu",
            "/forecast",
            Permission::EvaluationRead,
            62,
        )
        .menu(
            "foresight-reach-menu",
            "/under-reporting",
            Permission::EvaluationRead,
            63,
        )
}

impl Problem for ForesightError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(error) => error.status(),
            Self::Store(error) | Self::Figures(facts::FiguresError::Store(error)) => error.status(),
            Self::Working => StatusCode::SERVICE_UNAVAILABLE,
            Self::Figures(_) | Self::BrokenOff => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Store(error) | Self::Figures(facts::FiguresError::Store(error)) => error.code(),
            Self::Working => "foresight.working",
            Self::Figures(_) | Self::BrokenOff => "internal",
        }
    }
    fn args(&self) -> Vec<(&'static str, Word)> {
        match self {
            Self::Refused(error) => error.args(),
            Self::Store(error) | Self::Figures(facts::FiguresError::Store(error)) => error.args(),
            Self::Figures(_) | Self::Working | Self::BrokenOff => Vec::new(),
        }
    }
    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Store(error) | Self::Figures(facts::FiguresError::Store(error)) => {
                error.retry_after_s()
            }
            Self::Working => Some(AGAIN_S),
            Self::Refused(_) | Self::Figures(_) | Self::BrokenOff => None,
        }
    }
}

/// One sum in a table.
struct Row {
    name: String,
    last_week: String,
    expected: String,
    light: String,
    tone: &'static str,
    next_week: String,
}

/// One day ahead.
struct Day {
    date: String,
    mean: String,
    inner: String,
    outer: String,
}

#[derive(Template)]
#[template(path = "foresight_forecast.html")]
struct ForecastPage {
    ui: Ui,
    form: FormState,
    places: Vec<Choice>,
    classes: Vec<Choice>,
    /// What is wrong with the feed; empty where nothing is.
    feed: String,
    whole: Option<Row>,
    /// How the model did; or why there is none.
    trust: String,
    chart: Option<LineChart>,
    days: Vec<Day>,
    /// By place and by class.
    tables: Vec<Parts>,
}

/// The work goes on: the page asks again by itself.
#[derive(Template)]
#[template(path = "foresight_working.html")]
struct WorkingPage {
    ui: Ui,
    again_s: u32,
}

/// The parts of a sum.
struct Parts {
    caption: String,
    head: String,
    rows: Vec<Row>,
}

/// A mean as people read it: whole, or with one decimal where it is small.
fn mean_of(ui: &Ui, mean: f64) -> String {
    if mean < 9.95 {
        format!("{mean:.1}")
    } else {
        ui.num(mean.round().min(9e15) as i64)
    }
}

fn limits_of(ui: &Ui, lo: f64, hi: f64) -> String {
    let whole = |v: f64| ui.num(v.clamp(0.0, 9e15) as i64);
    format!("{}–{}", whole(lo), whole(hi))
}

/// A mean with its 95 % limits: never the one without the other.
fn point_of(ui: &Ui, point: Option<&ForecastPoint>) -> String {
    point.map_or_else(
        || ui.t("foresight-not-shown"),
        |p| {
            let limits = limits_of(ui, p.lo95, p.hi95);
            format!("{} ({limits})", mean_of(ui, p.mean))
        },
    )
}

fn row(ui: &Ui, name: String, line: &Line) -> Row {
    // words: foresight-light-*
    Row {
        name,
        last_week: ui.num(line.last_week.clamp(0.0, 9e15) as i64),
        expected: point_of(ui, line.expected.as_ref()),
        light: ui.t(&format!("foresight-light-{}", line.light.as_str())),
        tone: match line.light {
            Light::Usual => "good",
            Light::More | Light::Less => "warn",
            Light::MuchMore => "bad",
            Light::Unknown | Light::NoFeed => "info",
        },
        next_week: point_of(ui, line.next_week.as_ref()),
    }
}

/// The name of a division in the reader's language, or its code.
fn division_name(ui: &Ui, city: &City, code: DivisionCode) -> String {
    city.territory.name_in(code, ui.lang)
}

fn place_name(ui: &Ui, city: &City, part: Part<Place>) -> String {
    match part {
        Part::Others => ui.t("foresight-others"),
        Part::One(place) => place.division().map_or_else(
            || ui.t("foresight-no-place"),
            |code| division_name(ui, city, code),
        ),
    }
}

fn class_name(ui: &Ui, city: &City, part: Part<Option<MatterId>>) -> String {
    match part {
        Part::Others => ui.t("foresight-others"),
        Part::One(id) => id.and_then(|id| city.matter(id)).map_or_else(
            || ui.t("foresight-no-class"),
            |class| class.name(ui.lang.tag()).to_owned(),
        ),
    }
}

/// What the reader asked for; an entry that does not read is named, and left out.
fn asked(ui: &Ui, city: &City, fields: &Fields) -> (Question, FormState) {
    let mut form = fields.form();
    let mut question = Question::default();
    match fields.get("place") {
        "" => {}
        text => match text.parse::<Place>() {
            Ok(place) if matches!(place.len(), 6 | 9) => question.within = Some(place),
            _ => form.fault("place", ui.t("foresight-bad-place")),
        },
    }
    match fields.get("class") {
        "" => {}
        text => match text
            .parse()
            .ok()
            .map(MatterId)
            .and_then(|id| city.matter(id))
        {
            Some(class) => question.matter = Some(class.id),
            None => form.fault("class", ui.t("foresight-bad-class")),
        },
    }
    (question, form)
}

async fn forecast(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let city = ctx.service::<Cases>().city();
    let (question, form) = asked(&ui, &city, &fields);
    let status = if form.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    match ops::forecast(&ctx, &city, question).await {
        Err(ForesightError::Working) => {
            let again_s = AGAIN_S;
            show_as(StatusCode::ACCEPTED, &WorkingPage { ui, again_s })
        }
        found => show_as(status, &forecast_page(ui, form, &city, &*found?)),
    }
}

fn forecast_page(ui: Ui, form: FormState, city: &City, prospect: &Prospect) -> ForecastPage {
    let outlook = &prospect.outlook;
    let rows = |names: Vec<String>, lines: &[Line]| {
        let both = names.into_iter().zip(lines);
        both.map(|(name, line)| row(&ui, name, line)).collect()
    };
    let places = prospect.places.iter().map(|p| place_name(&ui, city, *p));
    let classes = prospect.classes.iter().map(|c| class_name(&ui, city, *c));
    let shown = outlook
        .daily
        .as_ref()
        .filter(|daily| daily.beats_the_yardstick());
    let is_empty = prospect.places.is_empty();
    ForecastPage {
        places: place_choices(&ui, city),
        classes: class_choices(&ui, city),
        feed: feed_words(&ui, prospect),
        whole: (!is_empty).then(|| row(&ui, ui.t("foresight-together"), &outlook.whole)),
        trust: match shown {
            Some(daily) => {
                let coverage = daily
                    .coverage95
                    .map_or_else(|| ui.t("foresight-no-limit"), |c| ui.percent(c));
                ui.ta(
                    "foresight-trust",
                    &[
                        ("error", &ui.percent(daily.mase)),
                        ("coverage", &coverage),
                        ("origins", &daily.origins),
                    ],
                )
            }
            None => ui.t("foresight-no-model"),
        },
        chart: (!is_empty).then(|| chart(&ui, prospect)),
        days: shown.map_or_else(Vec::new, |daily| {
            let day = |(n, p): (usize, &ForecastPoint)| Day {
                date: ui.date_long(ahead(prospect, n)),
                mean: mean_of(&ui, p.mean),
                inner: limits_of(&ui, p.lo80, p.hi80),
                outer: limits_of(&ui, p.lo95, p.hi95),
            };
            daily.points.iter().enumerate().map(day).collect()
        }),
        tables: vec![
            Parts {
                caption: ui.t("foresight-by-place"),
                head: ui.t("foresight-place"),
                rows: rows(places.collect(), &outlook.places),
            },
            Parts {
                caption: ui.t("foresight-by-class"),
                head: ui.t("foresight-class"),
                rows: rows(classes.collect(), &outlook.categories),
            },
        ],
        form,
        ui,
    }
}

/// The date of a step ahead, from 0.
fn ahead(prospect: &Prospect, step: usize) -> jiff::civil::Date {
    let steps = i32::try_from(step + 1).unwrap_or(i32::MAX);
    prospect.last.saturating_add(steps.days())
}

fn feed_words(ui: &Ui, prospect: &Prospect) -> String {
    match prospect.as_of {
        _ if prospect.has_feed => String::new(),
        None => ui.t("foresight-no-figures"),
        Some(as_of) => ui.tn("foresight-feed-missing", "at", ui.time_text(as_of).as_str()),
    }
}

fn place_choices(ui: &Ui, city: &City) -> Vec<Choice> {
    let is_shown = |level| matches!(level, DivisionLevel::District | DivisionLevel::Street);
    let mut choices = vec![Choice::new("", ui.t("foresight-whole-city"))];
    let divisions = city.territory.divisions();
    choices.extend(divisions.filter(|d| is_shown(d.code.level())).map(|d| {
        let name = division_name(ui, city, d.code);
        let indent = if d.code.level() == DivisionLevel::Street {
            "\u{2003}"
        } else {
            ""
        };
        Choice::new(d.code.prefix(), format!("{indent}{name}"))
    }));
    choices
}

fn class_choices(ui: &Ui, city: &City) -> Vec<Choice> {
    let all = Choice::new("", ui.t("foresight-all-classes"));
    let classes = city
        .matters
        .choices()
        .map(|c| Choice::new(c.id.0.to_string(), c.name(ui.lang.tag())));
    std::iter::once(all).chain(classes).collect()
}

/// The last weeks, and, where a model is good enough, the next days with the 95 % band.
fn chart(ui: &Ui, prospect: &Prospect) -> LineChart {
    let outlook = &prospect.outlook;
    let points = outlook
        .daily
        .as_ref()
        .filter(|d| d.beats_the_yardstick())
        .map_or(&[][..], |d| &d.points);
    let begin = outlook.past.len().saturating_sub(SHOWN_DAYS);
    let past = &outlook.past[begin..];
    let past_days = (0..past.len()).map(|i| {
        let back = i32::try_from(past.len() - 1 - i).unwrap_or(0);
        prospect.last.saturating_sub(back.days())
    });
    let days = past_days.chain((0..points.len()).map(|n| ahead(prospect, n)));
    let gap = |n: usize| std::iter::repeat_n(None, n);
    let came = past.iter().map(|c| Some(*c)).chain(gap(points.len()));
    let foreseen = gap(past.len()).chain(points.iter().map(|p| Some(p.mean)));
    let band =
        std::iter::repeat_n(None, past.len()).chain(points.iter().map(|p| Some((p.lo95, p.hi95))));
    let mut series = vec![Series {
        name: ui.t("foresight-came"),
        values: came.collect(),
        comparison: false,
    }];
    if !points.is_empty() {
        series.push(Series {
            name: ui.t("foresight-foreseen"),
            values: foreseen.collect(),
            comparison: true,
        });
    }
    LineChart {
        title: ui.t("foresight-chart"),
        across: days.map(|d| d.strftime("%m-%d").to_string()).collect(),
        series,
        band: if points.is_empty() {
            Vec::new()
        } else {
            band.collect()
        },
        band_name: ui.t("foresight-band"),
    }
}

#[cfg(test)]
mod tests;
