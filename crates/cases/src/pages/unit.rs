//! GET /unit — the table of a handling unit: to sign for, being handled, reported back.

use super::forms::{ActForm, Maker};
use super::line::Line;
use super::pictures::{Shot, shots_of};
use crate::model::{Case, State};
use crate::moves::Act;
use crate::ops::{self, ListQuery, allowed};
use crate::service::Cases;
use access::{Account, Ctx, Fault, show as show_page};
use askama::Template;
use axum::response::Response;
use matters::City;
use store::StoreError;
use ui::{Light, Ui};

/// One case on the table.
pub struct Card {
    /// The case.
    pub line: Line,
    /// Its pictures.
    pub shots: Vec<Shot>,
    /// What may be done with it here.
    pub forms: Vec<ActForm>,
}

/// One column of the table.
pub struct Column {
    /// Its name.
    pub title: String,
    /// What would stand here.
    pub empty: String,
    /// Its cases, the most pressing first.
    pub cards: Vec<Card>,
    /// Whether there are more than shown; then the list of all.
    pub more: String,
}

#[derive(Template)]
#[template(path = "cases_unit.html")]
pub(super) struct UnitPage {
    pub ui: Ui,
    pub unit: String,
    pub columns: Vec<Column>,
}

/// What is done at the table; everything else on the case's own page.
const AT_THE_TABLE: [Act; 4] = [Act::Sign, Act::ReportBack, Act::Return, Act::Assign];

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let unit = ctx.principal().unit();
    let people = match unit {
        Some(unit) if ctx.principal().has(access::Role::DepartmentLead) => {
            ctx.read(move |r| -> Result<_, StoreError> { access::ops::accounts::of_unit(r, unit) })
                .await?
        }
        _ => Vec::new(),
    };
    // words: cases-unit-*
    let table: [(&str, &str, &[State]); 3] = [
        (
            "cases-unit-sign",
            "cases-unit-sign-empty",
            &[State::PendingSign],
        ),
        (
            "cases-unit-handling",
            "cases-unit-handling-empty",
            &[State::Handling, State::Suspended, State::Waiting],
        ),
        (
            "cases-unit-back",
            "cases-unit-back-empty",
            &[State::PendingCheck, State::PendingClose],
        ),
    ];
    let mut columns = Vec::with_capacity(table.len());
    for (title, empty, states) in table {
        let page = ops::my_unit(
            &ctx,
            ListQuery {
                states: states.to_vec(),
                ..ListQuery::default()
            },
        )
        .await?;
        let mut items = page.items;
        items.sort_by_key(|c| (c.due_at.is_none(), c.due_at, c.id));
        let mut shots = shots_of(&ctx, &ui, &items).await?;
        let cards = items
            .iter()
            .map(|case| Card {
                shots: shots.remove(&case.id).unwrap_or_default(),
                ..card(&ctx, &ui, &city, case, &people)
            })
            .collect();
        let more = page
            .next
            .map(|_| format!("/desk?state={}", states[0]))
            .unwrap_or_default();
        columns.push(Column {
            title: ui.t(title),
            empty: ui.t(empty),
            cards,
            more,
        });
    }
    let unit = super::line::unit_name(&ui, &city, unit);
    show_page(&UnitPage { ui, unit, columns })
}

fn card(ctx: &Ctx, ui: &Ui, city: &City, case: &Case, people: &[Account]) -> Card {
    let handlers: Vec<Account> = people
        .iter()
        .filter(|a| {
            a.roles
                .0
                .iter()
                .any(|r| matches!(r, access::Role::Handler | access::Role::DepartmentLead))
        })
        .cloned()
        .collect();
    let maker = Maker {
        ui,
        city,
        case,
        handlers: &handlers,
        workers: &[],
        back: "/unit",
        sent: None,
    };
    let may = allowed(ctx.principal(), case);
    let forms = AT_THE_TABLE
        .iter()
        .filter(|act| may.contains(act))
        // Keys belong to one case on a page; on a table they would press the first.
        .map(|act| ActForm {
            is_open: *act == Act::Sign,
            key: "",
            ..maker.form(*act)
        })
        .collect();
    Card {
        line: Line::of(ui, city, case),
        shots: Vec::new(),
        forms,
    }
}

impl Column {
    /// How many of the cases shown are late.
    pub fn late_mark(&self, ui: &Ui) -> ui::Html {
        if self
            .cards
            .iter()
            .any(|c| c.line.mark == ui.light_mark(Light::Late))
        {
            ui.light_mark(Light::Late)
        } else {
            ui::Html::default()
        }
    }
}
