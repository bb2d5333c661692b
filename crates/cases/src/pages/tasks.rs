//! GET and POST /tasks — a worker's verifications and checks: the own first, then those of the pool. Where the worker stands
//! comes in the body of a POST, and orders that one answer: no address, no history and no log has it.

use super::forms::{ActForm, Maker};
use super::line::{Line, is_mine};
use super::offline::sync_line;
use super::pictures::{Shot, shots_of};
use crate::lists::Lists;
use crate::model::{Case, State};
use crate::moves::Act;
use crate::ops::desk::moments;
use crate::ops::{self, allowed};
use crate::service::Cases;
use crate::sql_desk::Moments;
use crate::walk;
use access::{AccountId, Ctx, Fault, Form, Permission, Query, show as show_page};
use askama::Template;
use axum::response::Response;
use grid::tiles::{TileSet, Tiles};
use kernel::geo::Point;
use kernel::{Cursor, PageSize};
use matters::City;
use serde::Deserialize;
use ui::{Html, MapPoint, Pager, Ui};

/// One task.
pub struct TaskCard {
    /// The case.
    pub line: Line,
    /// The pictures of the case.
    pub shots: Vec<Shot>,
    /// What is asked: look whether it is so, or whether it is fixed.
    pub asked: String,
    /// What may be done.
    pub forms: Vec<ActForm>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    after: Option<Cursor>,
}

/// Where the walk begins: kept nowhere, and no finer than the page sends it.
#[derive(Deserialize)]
pub(super) struct Here {
    lon: f64,
    lat: f64,
}

#[derive(Template)]
#[template(path = "cases_tasks.html")]
pub(super) struct TasksPage {
    pub ui: Ui,
    pub mine: Vec<TaskCard>,
    pub pool: Vec<TaskCard>,
    /// Cases that could be called back.
    pub call_backs: Vec<Line>,
    pub pager: Pager,
    /// How the own tasks are ordered, in words.
    pub walk: String,
    /// The own tasks on a map.
    pub map: Option<Html>,
    /// The line of what waits to be sent.
    pub sync: Html,
}

/// Cases to call back that stand here; the list of all has the others.
const CALL_BACKS: u64 = 10;

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    list(ctx, ui, wanted, None).await
}

/// The same from where the worker stands.
pub(super) async fn from_here(
    ctx: Ctx,
    ui: Ui,
    Form(Here { lon, lat }): Form<Here>,
) -> Result<Response, Fault> {
    let here = Point::new(lon, lat)
        .map_err(|e| Fault::invalid("lon", "cases.bad_point", e.to_string()))?;
    list(ctx, ui, Wanted { after: None }, Some(here)).await
}

async fn list(ctx: Ctx, ui: Ui, wanted: Wanted, here: Option<Point>) -> Result<Response, Fault> {
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let lists = cases.lists(&ctx).await?;
    let at = moments(&cases, &city, ui.now);
    let page = ops::tasks(&ctx, PageSize::default(), wanted.after.as_ref()).await?;
    let me = ctx.principal().actor().id.map(AccountId);
    let shown = page.items.len() as u64;
    let mut shots = shots_of(&ctx, &ui, &page.items.iter().collect::<Vec<_>>()).await?;
    let (mine, pool): (Vec<&Case>, Vec<&Case>) =
        page.items.iter().partition(|case| is_mine(case, me));
    let mine = in_walking_order(mine, here);
    let map = walk_map(&ctx, &ui, &city, &at, &mine);
    let mut cards = |list: Vec<&Case>| {
        list.into_iter()
            .map(|case| TaskCard {
                shots: shots.remove(&case.id).unwrap_or_default(),
                ..card(&ctx, &ui, (&city, &lists), &at, case)
            })
            .collect::<Vec<_>>()
    };
    let (mine, pool) = (cards(mine), cards(pool));
    let call_backs = if ctx.principal().may(Permission::CaseCallBack) && wanted.after.is_none() {
        let size = PageSize::new(CALL_BACKS).unwrap_or_default();
        let due = ops::calls(&ctx, size, None).await?;
        due.items
            .iter()
            .map(|c| Line::of(&ui, &city, &at, c))
            .collect()
    } else {
        Vec::new()
    };
    let pager = Pager {
        previous: wanted.after.is_some().then(|| "/tasks".to_owned()),
        next: page.next.map(|after| format!("/tasks?after={after}")),
        shown,
        total: None,
    };
    show_page(&TasksPage {
        // words: cases-walk-from-*
        walk: ui.t(if here.is_some() {
            "cases-walk-from-here"
        } else {
            "cases-walk-from-first"
        }),
        map,
        sync: sync_line(&ctx, &ui, &[]),
        ui,
        mine,
        pool,
        call_backs,
        pager,
    })
}

/// The tasks in the order in which they are walked to: from a point, or from the most pressing one. Tasks without a point
/// come last, as they were.
fn in_walking_order(tasks: Vec<&Case>, start: Option<Point>) -> Vec<&Case> {
    let (placed, rest): (Vec<&Case>, Vec<&Case>) = tasks
        .into_iter()
        .partition(|case| case.place.point.is_some());
    let points: Vec<Point> = placed.iter().filter_map(|case| case.place.point).collect();
    let mut ordered: Vec<&Case> = walk::order(&points, start)
        .into_iter()
        .map(|i| placed[i])
        .collect();
    ordered.extend(rest);
    ordered
}

/// The own tasks on a map, numbered as they are walked.
fn walk_map(ctx: &Ctx, ui: &Ui, city: &City, at: &Moments, tasks: &[&Case]) -> Option<Html> {
    let mut map = ctx
        .service_if_any::<Tiles>()?
        .map(ui.t("cases-walk-map"), &TileSet::ALL);
    map.points = tasks
        .iter()
        .enumerate()
        .filter_map(|(i, case)| {
            let point = case.place.point?;
            let line = Line::of(ui, city, at, case);
            Some(MapPoint {
                lon: point.lon(),
                lat: point.lat(),
                n: 1,
                light: None,
                text: format!("{}. {} {}", i + 1, line.matter, line.place),
                href: line.href,
            })
        })
        .collect();
    let (first, rest) = map.points.split_first()?;
    let mut bounds = [first.lon, first.lat, first.lon, first.lat];
    for point in rest {
        bounds = [
            bounds[0].min(point.lon),
            bounds[1].min(point.lat),
            bounds[2].max(point.lon),
            bounds[3].max(point.lat),
        ];
    }
    map.bounds = Some(bounds);
    Some(map.show(ui))
}

fn card(ctx: &Ctx, ui: &Ui, (city, lists): (&City, &Lists), at: &Moments, case: &Case) -> TaskCard {
    let maker = Maker {
        ui,
        city,
        lists,
        case,
        handlers: &[],
        workers: &[],
        may_go_on: false,
        back: "/tasks",
        sent: None,
    };
    let may = allowed(ctx, case);
    let asked = if case.state == State::PendingVerify {
        ui.t("cases-task-verify")
    } else {
        ui.t("cases-task-check")
    };
    let is_taken = case.task.as_ref().is_some_and(|t| t.assignee.is_some());
    let forms = [Act::Verify, Act::Check, Act::TakeTask]
        .iter()
        .filter(|act| may.contains(act) && (**act != Act::TakeTask || !is_taken))
        .map(|act| ActForm {
            is_open: false,
            key: "",
            ..maker.form(*act)
        })
        .collect();
    TaskCard {
        line: Line::of_task(ui, city, at, case),
        shots: Vec::new(),
        asked,
        forms,
    }
}
