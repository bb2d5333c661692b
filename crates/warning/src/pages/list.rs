//! GET /warnings — the findings, with a sketch of where they lie. POST /warnings/runs — looking at a day now.

use super::sketch::{Marked, draw};
use super::{Row, day, map, standing};
use crate::http::backtests::day as read_day;
use crate::model::Standing;
use crate::ops::{self, Standings, WarningError, WarningQuery};
use crate::sql::Warning;
use access::{Ctx, Fault, Fields, Go, Permission, Query, show as show_page};
use askama::Template;
use axum::response::{IntoResponse, Response};
use cases::service::Cases;
use kernel::{Cursor, PageSize};
use matters::City;
use serde::Deserialize;
use ui::{FormState, Html, Pager, Queue, Tone, Ui};

#[derive(Deserialize)]
pub(super) struct Wanted {
    standing: Option<String>,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "warning_list.html")]
pub(super) struct ListPage {
    pub ui: Ui,
    pub queues: Vec<Queue>,
    pub rows: Vec<Row>,
    pub sketch: Html,
    /// It has the numbers of the list; a map has points that tell more.
    pub is_sketch: bool,
    /// The last day that was looked at; empty where none was.
    pub last_run: String,
    pub pager: Pager,
    /// The form that looks at a day now; none for whoever may not.
    pub look: Option<FormState>,
}

/// The tabs: what is open, then each standing, then all.
fn queues(ui: &Ui, counts: &Standings, shown: Option<&str>) -> Vec<Queue> {
    let of = |list: &[Standing]| Some(list.iter().filter_map(|s| counts.get(s)).sum());
    let queue = |label: String, href: String, count, current| Queue {
        label,
        href,
        count,
        late: 0,
        soon: 0,
        current,
    };
    let mut queues = vec![queue(
        ui.t("warning-open"),
        "/warnings".to_owned(),
        of(&[Standing::New, Standing::Seen]),
        shown.is_none(),
    )];
    for one in Standing::ALL {
        queues.push(queue(
            standing(ui, *one).0,
            format!("/warnings?standing={one}"),
            of(&[*one]),
            shown == Some(one.as_str()),
        ));
    }
    queues
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let standings = match wanted.standing.as_deref() {
        None => vec![Standing::New, Standing::Seen],
        Some(word) => vec![word.parse().map_err(|reason: String| {
            WarningError::field("standing", "warning.bad_query", reason)
        })?],
    };
    let after = wanted
        .after
        .as_deref()
        .map(str::parse::<Cursor>)
        .transpose()
        .map_err(|e| WarningError::field("after", "warning.bad_cursor", e.to_string()))?;
    let query = WarningQuery {
        standings,
        size: PageSize::default(),
        after,
        ..WarningQuery::default()
    };
    let page = ops::list(&ctx, query).await?;
    let counts = ops::standings(&ctx).await?;
    let last_run = ops::last_day(&ctx).await?;
    let base = match &wanted.standing {
        Some(word) => format!("/warnings?standing={word}&"),
        None => "/warnings?".to_owned(),
    };
    let first = base.trim_end_matches(['?', '&']).to_owned();
    let pager = Pager {
        previous: wanted.after.is_some().then_some(first),
        next: page
            .next
            .as_ref()
            .map(|after| format!("{base}after={after}")),
        shown: page.items.len() as u64,
        total: None,
    };
    let last_run = last_run.map_or_else(String::new, |date| day(&ui, date));
    let shown = wanted.standing.as_deref();
    let mut shown_page = page_of(ui, &city, &page.items, &counts, shown, last_run, pager);
    let map = map::draw(&ctx, &shown_page.ui, &city, &page.items);
    if !map.is_empty() {
        (shown_page.sketch, shown_page.is_sketch) = (map, false);
    }
    if ctx.principal().may(Permission::WarningManage) {
        let day = ops::day_to_look_at(&city, ctx.now()).to_string();
        shown_page.look = Some(FormState::new().with("day", day));
    }
    show_page(&shown_page)
}

/// POST /warnings/runs
pub(super) async fn look(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let looked = match read_day("day", fields.get("day")) {
        Ok(day) => ops::look_at(&ctx, city, day).await,
        Err(error) => Err(error),
    };
    let (tone, sentence) = match looked {
        Ok(run) => {
            let (on, begun, going) = (day(&ui, run.day), run.begun.len(), run.going_on.len());
            let sentence = ui.ta(
                "warning-done-look",
                &[("day", &on), ("begun", &begun), ("going", &going)],
            );
            (Tone::Good, sentence)
        }
        Err(error @ (WarningError::Field { .. } | WarningError::NoFigures)) => {
            let fault = Fault::from(error);
            let told = fault.sentence(&ui.site.words, ui.lang);
            (Tone::Bad, told.unwrap_or_else(|| fault.detail().to_owned()))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Go::to("/warnings").saying(tone, sentence).into_response())
}

pub(super) fn page_of(
    ui: Ui,
    city: &City,
    warnings: &[Warning],
    counts: &Standings,
    shown: Option<&str>,
    last_run: String,
    pager: Pager,
) -> ListPage {
    let marked: Vec<Marked<'_>> = warnings
        .iter()
        .enumerate()
        .map(|(at, w)| Marked {
            number: at + 1,
            level: w.track.level,
            codes: &w.track.places,
        })
        .collect();
    ListPage {
        queues: queues(&ui, counts, shown),
        rows: warnings
            .iter()
            .enumerate()
            .map(|(at, w)| Row::of(&ui, city, w, at + 1))
            .collect(),
        sketch: draw(&city.territory, &marked, &ui.t("warning-map")),
        is_sketch: true,
        last_run,
        pager,
        look: None,
        ui,
    }
}
