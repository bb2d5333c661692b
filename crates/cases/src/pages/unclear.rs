//! GET /duties/unclear — the duties that units dispute, with the cases behind each.

use super::read::matter_label;
use crate::ops::{self, Unclear};
use crate::service::Cases;
use access::{Ctx, Fault, Permission, Query, show as show_page};
use askama::Template;
use axum::response::Response;
use matters::City;
use serde::Deserialize;
use ui::{Choice, FormState, Html, Ui};

/// The spans that can be chosen, in days.
const SPANS: [u32; 3] = [30, 90, 365];

struct ReturnRow {
    number: String,
    when: Html,
    unit: String,
    reason: String,
}

struct DutyCard {
    title: String,
    returns: u32,
    cases: usize,
    rows: Vec<ReturnRow>,
    /// Where a line for it is entered; empty where nobody here may.
    href: String,
}

#[derive(Template)]
#[template(path = "cases_unclear.html")]
pub(super) struct UnclearPage {
    pub ui: Ui,
    form: FormState,
    spans: Vec<Choice>,
    duties: Vec<DutyCard>,
}

pub(super) fn page_of(
    ui: Ui,
    city: &City,
    found: &[Unclear],
    days: u32,
    may_manage: bool,
) -> UnclearPage {
    let duties = found.iter().map(|duty| {
        let class = duty.matter.and_then(|id| city.matter(id));
        let matter = class.map_or_else(
            || ui.t("cases-unclear-no-class"),
            |c| matter_label(c, ui.lang),
        );
        let place = city.territory.name_in(duty.district, ui.lang);
        let rows = duty.cases.iter().flat_map(|returned| {
            returned.returns.iter().map(|r| ReturnRow {
                number: returned.case.number.to_string(),
                when: ui.time(r.at),
                unit: r
                    .unit
                    .and_then(|id| city.unit(id))
                    .map(|u| u.name(ui.lang.tag()).to_owned())
                    .unwrap_or_default(),
                reason: r.reason.clone(),
            })
        });
        DutyCard {
            title: ui.t2(
                "cases-unclear-duty",
                "matter",
                matter.as_str(),
                "place",
                place.as_str(),
            ),
            returns: duty.returns,
            cases: duty.cases.len(),
            rows: rows.collect(),
            href: match class {
                Some(class) if may_manage => format!(
                    "/duties/new?matter={}&division={}",
                    class.code, duty.district
                ),
                _ => String::new(),
            },
        }
    });
    UnclearPage {
        duties: duties.collect(),
        form: FormState::new().with("days", days.to_string()),
        spans: SPANS
            .into_iter()
            .map(|n| Choice::new(n.to_string(), ui.tn("cases-unclear-days", "n", n)))
            .collect(),
        ui,
    }
}

#[derive(Deserialize)]
pub(super) struct SpanQuery {
    days: Option<u32>,
}

pub(super) async fn show(
    ctx: Ctx,
    ui: Ui,
    Query(query): Query<SpanQuery>,
) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let days = query.days.filter(|d| SPANS.contains(d)).unwrap_or(SPANS[0]);
    let found = ops::unclear(&ctx, days).await?;
    let may_manage = ctx.principal().may(Permission::ReferenceManage);
    show_page(&page_of(ui, &city, &found, days, may_manage))
}
