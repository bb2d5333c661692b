//! A place from a list, for whoever has no map: the community, then its unit grid (单元网格). Without script a button of the form
//! lists the cells of the community that was chosen; POST /report/cells is the same part of the page while somebody chooses.

use super::read::Wrong;
use crate::service::Cases;
use access::{Ctx, Fault, Fields, show};
use askama::Template;
use axum::response::Response;
use grid::Bounds;
use kernel::codes::{DivisionCode, DivisionLevel, GridCode};
use matters::City;
use ui::{Choice, FormState, Ui};

/// The button that lists them without script.
pub(super) const LIST: &str = "cells";

/// What there is to choose from below the division that a form holds.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// The communities of a street; empty where a community is chosen at once.
    pub communities: Vec<Choice>,
    /// The unit grids of the community.
    pub grids: Vec<Choice>,
    /// A division is chosen and nothing lies below it.
    pub is_bare: bool,
}

#[derive(Template)]
#[template(path = "cases_cells_part.html")]
struct CellsPart {
    ui: Ui,
    form: FormState,
    cells: Cells,
}

/// The community that a form names: by itself, or below the street that was chosen.
fn community(form: &FormState) -> Option<DivisionCode> {
    let read = |name: &str| form.value(name).parse::<DivisionCode>().ok();
    let division = read("division")?;
    if division.level() == DivisionLevel::Community {
        return Some(division);
    }
    read("community").filter(|c| division.contains(c) && c.level() == DivisionLevel::Community)
}

/// Where in its community a cell lies, as a point of the compass in words; a map says it better, and not everybody has one.
fn side(ui: &Ui, around: Bounds, cell: Bounds) -> String {
    let third = |from: f64, to: f64, low: f64, high: f64| {
        let share = (f64::midpoint(low, high) - from) / (to - from);
        // Nothing over nothing is the middle.
        match share {
            s if s < 1.0 / 3.0 => 0,
            s if s > 2.0 / 3.0 => 2,
            _ => 1,
        }
    };
    let column = third(around.west, around.east, cell.west, cell.east);
    let row = third(around.south, around.north, cell.south, cell.north);
    // words: cases-side-*
    let sides = [["sw", "s", "se"], ["w", "middle", "e"], ["nw", "n", "ne"]];
    ui.t(&format!("cases-side-{}", sides[row][column]))
}

fn cell(ui: &Ui, city: &City, around: Option<Bounds>, code: GridCode, own: Bounds) -> Choice {
    let number = &code.as_str()[12..];
    let side = side(ui, around.unwrap_or(own), own);
    let label = match city.territory.beat_of(code) {
        Some(beat) => ui.ta(
            "cases-cell-in-beat",
            &[
                ("number", &number),
                ("side", &side.as_str()),
                ("beat", &beat.name.as_str()),
            ],
        ),
        None => ui.t2("cases-cell", "number", number, "side", side.as_str()),
    };
    Choice::new(code.to_string(), label)
}

impl Cells {
    /// What a form may choose from.
    pub fn of(ui: &Ui, city: &City, form: &FormState) -> Self {
        let territory = &city.territory;
        let Ok(division) = form.value("division").parse::<DivisionCode>() else {
            return Self::default();
        };
        let below = territory.children(division).filter(|d| {
            d.level() == DivisionLevel::Community && !territory.grids_in(d.code).is_empty()
        });
        let communities: Vec<Choice> = below
            .map(|d| Choice::new(d.code.to_string(), d.name_in(ui.lang)))
            .collect();
        let grids: Vec<Choice> = community(form).map_or_else(Vec::new, |community| {
            let around = territory.bounds_of(community);
            let all = territory.grids_in(community).iter();
            all.map(|g| cell(ui, city, around, g.code, g.shape.bounds()))
                .collect()
        });
        Self {
            is_bare: communities.is_empty() && grids.is_empty(),
            communities,
            grids,
        }
    }
}

/// The division and the cell that a form names; a cell, or a community, that does not lie in what was chosen above it is told
/// beside its field.
pub(super) fn chosen(
    ui: &Ui,
    division: Option<DivisionCode>,
    community: Option<DivisionCode>,
    grid: Option<GridCode>,
    wrongs: &mut Vec<Wrong>,
) -> (Option<DivisionCode>, Option<GridCode>) {
    if let (Some(above), Some(community)) = (division, community)
        && !above.contains(&community)
    {
        wrongs.push(Wrong::entry("community", ui.t("cases-community-elsewhere")));
        return (division, None);
    }
    let division = community.or(division);
    if let (Some(above), Some(grid)) = (division, grid)
        && !above.contains(&grid.community())
    {
        wrongs.push(Wrong::entry("grid", ui.t("cases-grid-elsewhere")));
        return (division, None);
    }
    (division, grid)
}

/// The part of the page while somebody chooses. It is public, and so is the form.
pub(super) async fn part(ctx: Ctx, ui: Ui, fields: Fields) -> Result<Response, Fault> {
    let city = ctx.service::<Cases>().city();
    let form = fields.form();
    let cells = Cells::of(&ui, &city, &form);
    show(&CellsPart { ui, form, cells })
}
