//! GET /unit — the table of a handling unit: to sign for, being handled, reported back.

use super::forms::{ActForm, Maker};
use super::line::Line;
use super::pictures::{Shot, shots_of};
use crate::lists::Lists;
use crate::model::{Case, CaseId, State};
use crate::moves::Act;
use crate::ops::desk::moments;
use crate::ops::{self, allowed};
use crate::service::Cases;
use crate::sql_desk::Moments;
use access::{Account, Ctx, Fault, UnitId, show as show_page};
use askama::Template;
use axum::response::Response;
use kernel::PageSize;
use matters::City;
use std::collections::HashMap;
use store::StoreError;
use ui::Ui;

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

/// The columns: their words and their states.
const COLUMNS: [(&str, &str); 3] = [
    ("cases-unit-sign", "cases-unit-sign-empty"),
    ("cases-unit-handling", "cases-unit-handling-empty"),
    ("cases-unit-back", "cases-unit-back-empty"),
];
const STATES: [&[State]; 3] = [
    &[State::PendingSign],
    &[State::Handling, State::Suspended, State::Waiting],
    &[State::PendingCheck, State::PendingClose],
];
/// Cards in one column; the list of all has the others.
const MOST_CARDS: u64 = 30;

pub(super) async fn show(ctx: Ctx, ui: Ui) -> Result<Response, Fault> {
    let cases = ctx.service::<Cases>();
    let city = cases.city();
    let lists = cases.lists(&ctx).await?;
    let at = moments(&cases, &city, ui.now);
    let unit = ctx.principal().unit();
    let size = PageSize::new(MOST_CARDS).unwrap_or_default();
    let table = ops::desk::table(&ctx, &STATES, size).await?;
    let all: Vec<&Case> = table.iter().flat_map(|(items, _)| items).collect();
    let (mut shots, people) = beside_cards(&ctx, &ui, &all, unit).await?;
    // words: cases-unit-*
    let columns = COLUMNS
        .iter()
        .zip(STATES)
        .zip(&table)
        .map(|(((title, empty), states), (items, has_more))| Column {
            title: ui.t(title),
            empty: ui.t(empty),
            cards: items
                .iter()
                .map(|case| Card {
                    shots: shots.remove(&case.id).unwrap_or_default(),
                    ..card(&ctx, &ui, (&city, &lists), &at, case, &people)
                })
                .collect(),
            more: if *has_more {
                format!("/desk?state={}", states[0])
            } else {
                String::new()
            },
        })
        .collect();
    let unit = super::line::unit_name(&ui, &city, unit);
    show_page(&UnitPage { ui, unit, columns })
}

/// What the cards need besides their cases: pictures, and for a lead the people of the unit. Two statements.
async fn beside_cards(
    ctx: &Ctx,
    ui: &Ui,
    cases: &[&Case],
    unit: Option<UnitId>,
) -> Result<(HashMap<CaseId, Vec<Shot>>, Vec<Account>), Fault> {
    let shots = shots_of(ctx, ui, cases).await?;
    let people = match unit {
        Some(unit) if ctx.principal().has(access::Role::DepartmentLead) => {
            ctx.read(move |r| -> Result<_, StoreError> { access::ops::accounts::of_unit(r, unit) })
                .await?
        }
        _ => Vec::new(),
    };
    Ok((shots, people))
}

fn card(
    ctx: &Ctx,
    ui: &Ui,
    (city, lists): (&City, &Lists),
    at: &Moments,
    case: &Case,
    people: &[Account],
) -> Card {
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
        lists,
        case,
        handlers: &handlers,
        workers: &[],
        may_go_on: false,
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
        line: Line::of(ui, city, at, case),
        shots: Vec::new(),
        forms,
    }
}

impl Column {
    /// How many of the cases shown are late.
    pub fn late(&self) -> usize {
        self.cards.iter().filter(|c| c.line.is_late).count()
    }
    /// How many of the cases shown will be late soon.
    pub fn soon(&self) -> usize {
        self.cards.iter().filter(|c| c.line.is_soon).count()
    }
}
