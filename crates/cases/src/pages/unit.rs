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
use crate::sql_desk::{Moments, Standing};
use access::{Account, AccountId, Ctx, Fault, UnitId, show as show_page};
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
    /// How many there are, shown or not.
    pub total: i64,
    /// Of these, late ones.
    pub late: i64,
    /// Not late, but soon.
    pub soon: i64,
    /// Where there are more than shown: the list of each state, in words.
    pub more: Vec<(String, String)>,
}

/// What one of the unit's people has in hand.
pub struct InHand {
    /// The name; of what is given to nobody, or to an account that is closed or has left, a word for that.
    pub name: String,
    /// So many open cases.
    pub n: i64,
}

#[derive(Template)]
#[template(path = "cases_unit.html")]
pub(super) struct UnitPage {
    pub ui: Ui,
    pub unit: String,
    pub columns: Vec<Column>,
    /// For a lead: who has room.
    pub in_hand: Vec<InHand>,
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
    let load = ops::desk::load(&ctx).await?;
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
                let all = states.iter().map(|s| {
                    let word = ui.t(&format!("cases-state-{}", s.as_str().replace('_', "-")));
                    (word, format!("/desk?state={s}"))
                });
                all.collect()
            } else {
                Vec::new()
            },
            total: sum(&load.queues, states, |q| q.total),
            late: sum(&load.queues, states, |q| q.late),
            soon: sum(&load.queues, states, |q| q.soon),
        })
        .collect();
    let handlers = people.iter().filter(|a| is_handler(a));
    let handlers = handlers.map(|a| (a.id, a.name.clone())).collect();
    let in_hand = in_hand(&ui, handlers, &load.in_hand);
    let unit = super::line::unit_name(&ui, &city, unit);
    show_page(&UnitPage {
        ui,
        unit,
        columns,
        in_hand,
    })
}

fn sum(queues: &[Standing], states: &[State], of: fn(&Standing) -> i64) -> i64 {
    let of_column = queues.iter().filter(|q| states.contains(&q.state));
    of_column.map(of).sum()
}

/// Everybody who may be given a case, by name, with what they have in hand: it is no order of merit. What is given to nobody, and
/// what lies with accounts that are closed or handle for the unit no more, stands below, so that the rows add up to the table.
fn in_hand(
    ui: &Ui,
    handlers: Vec<(AccountId, String)>,
    counts: &[(Option<AccountId>, i64)],
) -> Vec<InHand> {
    let of = |id| counts.iter().find(|(who, _)| *who == id).map_or(0, |c| c.1);
    let mut found: Vec<InHand> = handlers
        .into_iter()
        .map(|(id, name)| InHand {
            n: of(Some(id)),
            name,
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    if found.is_empty() {
        return found;
    }
    found.push(InHand {
        name: ui.t("cases-unit-nobody"),
        n: of(None),
    });
    let all: i64 = counts.iter().map(|(_, n)| n).sum();
    let gone = all - found.iter().map(|row| row.n).sum::<i64>();
    if gone > 0 {
        found.push(InHand {
            name: ui.t("cases-unit-gone"),
            n: gone,
        });
    }
    found
}

fn is_handler(account: &Account) -> bool {
    let roles = [access::Role::Handler, access::Role::DepartmentLead];
    account.roles.0.iter().any(|role| roles.contains(role))
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
    let handlers: Vec<Account> = people.iter().filter(|a| is_handler(a)).cloned().collect();
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
    let may = allowed(ctx, case);
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

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::id::Id;

    #[test]
    fn the_rows_of_the_load_add_up_to_what_the_table_holds() {
        let who = |n| AccountId(Id::from_bytes([n; 16]));
        let people = || vec![(who(2), "李".to_owned()), (who(1), "安".to_owned())];
        // 5 and 0 with two handlers, 21 with nobody, 24 with two accounts that were closed.
        let counts = [
            (Some(who(2)), 5),
            (None, 21),
            (Some(who(8)), 20),
            (Some(who(9)), 4),
        ];
        for lang in ui::Lang::ALL {
            let ui = crate::pages::tests::reader(lang);
            let rows = in_hand(&ui, people(), &counts);
            assert_eq!(rows.iter().map(|row| row.n).sum::<i64>(), 50);
            assert_eq!(rows.last().map(|row| row.n), Some(24));
            // Without such accounts there is no such row, and whoever assigns nothing sees none.
            assert_eq!(in_hand(&ui, people(), &counts[..2]).len(), 3);
            assert!(in_hand(&ui, Vec::new(), &counts).is_empty());
        }
    }
}
