//! GET /hot-topics, GET /hot-topics/{id} — what many reports are about; POST /hot-topics looks now.

use super::{class_name, place_name, span};
use crate::jobs;
use crate::model::HotTopicId;
use crate::ops;
use crate::sql_hot::HotTopic;
use access::{Ctx, Fault, Go, Path, Permission, show as show_page};
use askama::Template;
use axum::response::{IntoResponse, Response};
use cases::Case;
use cases::service::Cases;
use cases::words::state_key;
use jiff::civil::Date;
use matters::City;
use ui::chart::{Bar, BarChart, LineChart, Series};
use ui::{Crumb, Html, Tone, Ui};

/// Streets and classes drawn at most.
const MOST_BARS: usize = 8;

/// A hot topic of the list.
pub(super) struct Row {
    href: String,
    name: String,
    class: String,
    place: String,
    incidents: u64,
    voices: u64,
    span: String,
}

#[derive(Template)]
#[template(path = "suggestion_hot.html")]
pub(super) struct ListPage {
    pub ui: Ui,
    rows: Vec<Row>,
    last: String,
    may_manage: bool,
}

fn row(ui: &Ui, city: &City, topic: &HotTopic) -> Row {
    Row {
        href: format!("/hot-topics/{}", topic.id),
        name: topic.name.clone(),
        class: topic
            .matter
            .map(|m| class_name(ui, city, m))
            .unwrap_or_default(),
        place: place_name(ui, city, &topic.place),
        incidents: topic.incidents.unsigned_abs(),
        voices: topic.voices.unsigned_abs(),
        span: span(ui, topic.first_day, topic.last_day),
    }
}

pub(super) fn list_of(
    ui: Ui,
    city: &City,
    topics: &[HotTopic],
    last: Option<Date>,
    may_manage: bool,
) -> ListPage {
    ListPage {
        rows: topics.iter().map(|t| row(&ui, city, t)).collect(),
        last: last.map(|d| ui.date_text(d)).unwrap_or_default(),
        may_manage,
        ui,
    }
}

pub(super) async fn list(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let topics = ops::hot_topics(&ctx).await?;
    let last = ops::last_look(&ctx).await?;
    let city = ctx.service::<Cases>().city();
    let may_manage = ctx.require(Permission::SuggestionManage).is_ok();
    show_page(&list_of(ui, &city, &topics, last, may_manage))
}

pub(super) async fn look(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let look = jobs::look_now(&ctx).await?;
    let sentence = ui.t2(
        "suggestion-done-look",
        "reports",
        look.reports as u64,
        "topics",
        look.topics as u64,
    );
    Ok(Go::to("/hot-topics")
        .saying(Tone::Good, sentence)
        .into_response())
}

/// A case behind a topic.
pub(super) struct CaseRow {
    href: String,
    number: String,
    class: String,
    state: String,
    reported: Html,
}

#[derive(Template)]
#[template(path = "suggestion_hot_one.html")]
pub(super) struct OnePage {
    pub ui: Ui,
    crumbs: Vec<Crumb>,
    row: Row,
    terms: String,
    chart: LineChart,
    classes: BarChart,
    streets: BarChart,
    cases: Vec<CaseRow>,
    may_cases: bool,
    /// Where a topic (每月一题) is made of it; empty where the reader may not.
    make: String,
}

pub(super) async fn show(ctx: Ctx, ui: Ui, Path(id): Path<HotTopicId>) -> Result<Response, Fault> {
    let topic = ops::hot_topic(&ctx, id).await?;
    let behind = ops::behind(&ctx, &topic).await?;
    let city = ctx.service::<Cases>().city();
    let may_cases = ctx.require(Permission::CaseRead).is_ok();
    let may_make = ctx.require(Permission::TopicManage).is_ok();
    show_page(&one_of(ui, &city, &topic, &behind, may_cases, may_make))
}

pub(super) fn one_of(
    ui: Ui,
    city: &City,
    topic: &HotTopic,
    behind: &[Case],
    may_cases: bool,
    may_make: bool,
) -> OnePage {
    OnePage {
        crumbs: vec![Crumb {
            label: ui.t("suggestion-hot"),
            href: "/hot-topics".to_owned(),
        }],
        row: row(&ui, city, topic),
        terms: topic.body.terms.join(" · "),
        chart: chart(&ui, topic),
        classes: BarChart {
            title: ui.t("suggestion-hot-classes"),
            bars: topic
                .body
                .classes
                .iter()
                .take(MOST_BARS)
                .map(|(id, n)| bar(class_name(&ui, city, *id), *n))
                .collect(),
        },
        streets: BarChart {
            title: ui.t("suggestion-hot-streets"),
            bars: topic
                .body
                .streets
                .iter()
                .take(MOST_BARS)
                .map(|(code, n)| bar(place_name(&ui, city, code), *n))
                .collect(),
        },
        cases: behind.iter().map(|c| case_row(&ui, city, c)).collect(),
        may_cases,
        make: if may_make {
            format!("/topics/new?hot={}", topic.id)
        } else {
            String::new()
        },
        ui,
    }
}

fn bar(name: String, n: u32) -> Bar {
    Bar {
        label: name,
        value: f64::from(n),
        note: String::new(),
        tone: "",
    }
}

fn case_row(ui: &Ui, city: &City, case: &Case) -> CaseRow {
    CaseRow {
        href: format!("/cases/{}", case.number),
        number: case.number.to_string(),
        class: case
            .matter
            .map(|m| class_name(ui, city, m))
            .unwrap_or_default(),
        state: ui.t(state_key(case.state)),
        reported: ui.time(case.reported_at),
    }
}

fn chart(ui: &Ui, topic: &HotTopic) -> LineChart {
    let days = &topic.body.curve;
    let line = |name: String, of: fn(&(Date, u32, u32)) -> u32, comparison| Series {
        name,
        values: days.iter().map(|d| Some(f64::from(of(d)))).collect(),
        comparison,
    };
    LineChart {
        title: ui.t("suggestion-hot-curve"),
        across: days
            .iter()
            .map(|(d, _, _)| format!("{:02}-{:02}", d.month(), d.day()))
            .collect(),
        series: vec![
            line(ui.t("suggestion-incidents"), |d| d.1, false),
            line(ui.t("suggestion-voices"), |d| d.2, true),
        ],
        ..LineChart::default()
    }
}
