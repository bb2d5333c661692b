//! GET /supervision — supervised matters, and how many each unit has.

use super::{light, standing, unit_name};
use crate::model::{Standing, Supervised};
use crate::ops::{self, Asked};
use crate::sql::UnitCount;
use access::{Ctx, Fault, Permission, Query, UnitId, show as show_page};
use askama::Template;
use axum::response::Response;
use cases::service::Cases;
use kernel::id::Id;
use kernel::{Cursor, PageSize};
use matters::City;
use serde::Deserialize;
use std::collections::BTreeMap;
use ui::{Html, Pager, Queue, Ui};

#[derive(Deserialize)]
pub(super) struct Wanted {
    state: Option<String>,
    unit: Option<Id>,
    after: Option<Cursor>,
}

/// A supervised matter in the list.
pub(crate) struct Line {
    pub href: String,
    pub instruction: String,
    pub case: String,
    pub unit: Html,
    pub origin: String,
    pub light: Html,
    pub due: Html,
    pub standing: String,
    pub tone: &'static str,
}

/// The counts of one unit.
pub(crate) struct UnitLine {
    pub href: String,
    pub name: Html,
    pub open: i64,
    pub late: i64,
    pub reported: i64,
    pub done: i64,
}

#[derive(Template)]
#[template(path = "supervision_list.html")]
pub(crate) struct ListPage {
    pub ui: Ui,
    pub queues: Vec<Queue>,
    pub rows: Vec<Line>,
    pub units: Vec<UnitLine>,
    /// The unit that the list is about; empty for all.
    pub only: Html,
    pub may_open: bool,
    pub pager: Pager,
}

pub(super) fn line(ui: &Ui, city: &City, s: &Supervised) -> Line {
    let (standing, tone) = standing(ui, s);
    Line {
        href: format!("/supervision/{}", s.id),
        instruction: s.instruction.clone(),
        case: s.case_no.clone().unwrap_or_default(),
        unit: unit_name(ui, city, s.unit),
        origin: ui.t(&format!("supervision-origin-{}", s.origin)),
        light: light(ui, s),
        due: ui.time(s.due_at),
        standing,
        tone,
    }
}

pub(super) fn units(ui: &Ui, city: &City, counts: &[UnitCount]) -> Vec<UnitLine> {
    let mut by_unit: BTreeMap<UnitId, UnitLine> = BTreeMap::new();
    for count in counts {
        let line = by_unit.entry(count.unit).or_insert_with(|| UnitLine {
            href: format!("/supervision?unit={}", count.unit),
            name: unit_name(ui, city, count.unit),
            open: 0,
            late: 0,
            reported: 0,
            done: 0,
        });
        match count.state {
            Standing::Open => (line.open, line.late) = (count.n, count.late),
            Standing::Reported => line.reported = count.n,
            Standing::SignedOff => line.done = count.n,
            Standing::Withdrawn => {}
        }
    }
    let mut lines: Vec<UnitLine> = by_unit.into_values().collect();
    lines.sort_by_key(|l| (std::cmp::Reverse(l.late), std::cmp::Reverse(l.open)));
    lines
}

fn queues(ui: &Ui, counts: &[UnitCount], shown: Option<&str>) -> Vec<Queue> {
    let of = |states: &[Standing]| {
        let n: i64 = counts
            .iter()
            .filter(|c| states.contains(&c.state))
            .map(|c| c.n)
            .sum();
        Some(u64::try_from(n).unwrap_or(0))
    };
    let late: i64 = counts.iter().map(|c| c.late).sum();
    let mut queues = vec![Queue {
        label: ui.t("supervision-going"),
        href: "/supervision".into(),
        count: of(&[Standing::Open, Standing::Reported]),
        late: u64::try_from(late).unwrap_or(0),
        soon: 0,
        current: shown.is_none(),
    }];
    for state in Standing::ALL {
        queues.push(Queue {
            label: ui.t(&format!(
                "supervision-standing-{}",
                state.as_str().replace('_', "-")
            )),
            href: format!("/supervision?state={state}"),
            count: of(&[*state]),
            late: 0,
            soon: 0,
            current: shown == Some(state.as_str()),
        });
    }
    queues
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let states = match wanted.state.as_deref() {
        None => vec![Standing::Open, Standing::Reported],
        Some(words) => crate::http::states_of(words)?,
    };
    let unit = wanted.unit.map(UnitId);
    let asked = Asked {
        states,
        unit,
        size: PageSize::default(),
        after: wanted.after.clone(),
    };
    let page = ops::list(&ctx, asked).await?;
    let counts = ops::count(&ctx).await?;
    let mut base = "/supervision?".to_owned();
    if let Some(state) = &wanted.state {
        base.push_str(&format!("state={state}&"));
    }
    if let Some(unit) = unit {
        base.push_str(&format!("unit={unit}&"));
    }
    show_page(&ListPage {
        queues: queues(&ui, &counts, wanted.state.as_deref()),
        pager: Pager {
            previous: wanted
                .after
                .is_some()
                .then(|| base.trim_end_matches(['?', '&']).to_owned()),
            next: page
                .next
                .as_ref()
                .map(|after| format!("{base}after={after}")),
            shown: page.items.len() as u64,
            total: None,
        },
        rows: page.items.iter().map(|s| line(&ui, &city, s)).collect(),
        units: units(&ui, &city, &counts),
        only: unit.map_or_else(Html::default, |u| unit_name(&ui, &city, u)),
        may_open: ctx.principal().may(Permission::CaseSupervise),
        ui,
    })
}
