//! GET /topics — topics by standing and month.

use super::{class_names, place_name, standing, unit_name};
use crate::model::{Standing, Topic, is_month};
use crate::ops::{self, TopicQuery};
use access::{Ctx, Fault, Permission, Query, show as show_page};
use askama::Template;
use axum::response::Response;
use cases::service::Cases;
use matters::City;
use serde::Deserialize;
use ui::{FormState, Html, Ui};

#[derive(Deserialize)]
pub(super) struct Wanted {
    month: Option<String>,
    over: Option<String>,
}

/// A topic of the list.
pub(super) struct Row {
    href: String,
    title: String,
    about: String,
    place: String,
    unit: String,
    standing: String,
    tone: &'static str,
    month: String,
    cases: u64,
    updated: Html,
}

#[derive(Template)]
#[template(path = "topics_list.html")]
pub(super) struct ListPage {
    pub ui: Ui,
    form: FormState,
    rows: Vec<Row>,
    is_over: bool,
    may_manage: bool,
}

fn row(ui: &Ui, city: &City, topic: &Topic, cases: i64) -> Row {
    let (word, tone) = standing(ui, topic.standing);
    Row {
        href: format!("/topics/{}", topic.id),
        title: topic.title.clone(),
        about: class_names(ui, city, &topic.matters),
        place: place_name(ui, city, topic.place),
        unit: unit_name(ui, city, topic.unit),
        standing: word,
        tone,
        month: topic.month.clone().unwrap_or_default(),
        cases: cases.unsigned_abs(),
        updated: ui.time(topic.updated_at),
    }
}

pub(super) fn page_of(
    ui: Ui,
    city: &City,
    topics: &[(Topic, i64)],
    form: FormState,
    is_over: bool,
    may_manage: bool,
) -> ListPage {
    ListPage {
        rows: topics.iter().map(|(t, n)| row(&ui, city, t, *n)).collect(),
        form,
        is_over,
        may_manage,
        ui,
    }
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let is_over = wanted.over.is_some();
    let month = wanted
        .month
        .map(|m| m.trim().to_owned())
        .filter(|m| !m.is_empty());
    let mut form = FormState::new();
    if let Some(month) = &month {
        form = form.with("month", month.clone());
        if !is_month(month) {
            form.fault("month", ui.t("topics-bad-month"));
        }
    }
    let standings = match (is_over, &month) {
        (true, _) => vec![Standing::Ended, Standing::Dropped],
        // A month shows all that was chosen for it, whatever became of it.
        (false, Some(_)) => Vec::new(),
        (false, None) => vec![Standing::Proposed, Standing::Chosen, Standing::UnderWay],
    };
    let query = TopicQuery {
        standings,
        month: month.filter(|m| is_month(m)),
    };
    let topics = ops::list(&ctx, query).await?;
    let city = ctx.service::<Cases>().city();
    let may_manage = ctx.require(Permission::TopicManage).is_ok();
    show_page(&page_of(ui, &city, &topics, form, is_over, may_manage))
}
