//! GET /territory — the divisions and cells a member of staff works with, as lists and on a map beside them.

use crate::area::Area;
use crate::model::{Division, UnitGrid};
use crate::territory::Territory;
use crate::tiles::{TileSet, Tiles, corners};
use access::{Ctx, Fault, Fields, Permission, show as show_page};
use askama::Template;
use axum::extract::RawQuery;
use axum::response::Response;
use kernel::{DivisionCode, DivisionLevel};
use ui::html::escape;
use ui::{Crumb, Html, Lang, Ui};

/// A division in the list.
struct Row {
    name: Html,
    code: String,
    /// Where its own parts are; empty where it has none.
    href: String,
    level: String,
    cells: usize,
    /// Square metres, where a border is known.
    area_m2: Option<f64>,
    residents: Option<i64>,
    households: Option<i64>,
    /// Where cells are drawn in it: for whoever may, where its border is known and nothing is in it yet.
    draw: String,
}

/// A cell in the list.
struct Cell {
    code: String,
    area_m2: f64,
    land_use: String,
    beat: String,
    drawn: bool,
}

#[derive(Template)]
#[template(path = "grid_territory.html")]
struct TerritoryPage {
    ui: Ui,
    /// The division shown, or the whole.
    heading: Html,
    crumbs: Vec<Crumb>,
    map: Html,
    rows: Vec<Row>,
    cells: Vec<Cell>,
}

/// The name in the reader's language; a Chinese name on an English page is marked as Chinese.
pub fn division_name(ui: &Ui, division: &Division) -> Html {
    match (&division.name_en, ui.lang) {
        (Some(name), Lang::En) => Html::from_text(name),
        (None, Lang::En) => Html::from_markup(format!(
            "<span lang=\"zh-CN\">{}</span>",
            escape(&division.name)
        )),
        (_, Lang::Zh) => Html::from_text(&division.name),
    }
}

fn href(code: DivisionCode) -> String {
    format!("/territory?in={code}")
}

fn row(ui: &Ui, territory: &Territory, division: &Division, may_draw: bool) -> Row {
    let cells = territory.grids_in(division.code);
    let of_cells = || (!cells.is_empty()).then(|| cells.iter().map(|c| c.area_m2).sum());
    let has_parts = !cells.is_empty() || territory.children(division.code).next().is_some();
    // words: grid-level-*
    Row {
        name: division_name(ui, division),
        code: division.code.to_string(),
        href: if has_parts {
            href(division.code)
        } else {
            String::new()
        },
        level: ui.t(&format!("grid-level-{}", division.level())),
        cells: cells.len(),
        area_m2: division
            .shape
            .as_ref()
            .map(Area::square_metres)
            .or_else(of_cells),
        residents: division.residents,
        households: division.households,
        draw: if may_draw && !has_parts && division.shape.is_some() {
            format!("/admin/imports?kind=drawing&over={}", division.code)
        } else {
            String::new()
        },
    }
}

fn cell(territory: &Territory, grid: &UnitGrid) -> Cell {
    let beat = territory.beat_of(grid.code);
    Cell {
        code: grid.code.to_string(),
        area_m2: grid.area_m2,
        land_use: grid.land_use.clone().unwrap_or_default(),
        beat: beat.map_or_else(String::new, |b| b.name.clone()),
        drawn: grid.drawn,
    }
}

/// The divisions that have none above them in the register.
fn roots(territory: &Territory) -> Vec<&Division> {
    territory
        .divisions()
        .filter(|d| territory.ancestors(d.code).is_empty())
        .collect()
}

/// Where one division holds everything, the page begins there.
fn only_root(territory: &Territory) -> Option<&Division> {
    match roots(territory)[..] {
        [root] => Some(root),
        _ => None,
    }
}

/// The page of a division, or of the whole.
fn page(
    ui: Ui,
    territory: &Territory,
    tiles: &Tiles,
    of: Option<&Division>,
    may_draw: bool,
) -> TerritoryPage {
    let parts: Vec<&Division> = of.map_or_else(
        || roots(territory),
        |d| territory.children(d.code).collect(),
    );
    let mut map = tiles.map(ui.t("grid-map"), &TileSet::ALL);
    let mut crumbs = Vec::new();
    if let Some(division) = of {
        map.bounds = territory
            .bounds_of(division.code)
            .map(corners)
            .or(map.bounds);
        // A border around everything would mark nothing.
        if !territory.ancestors(division.code).is_empty() || only_root(territory).is_none() {
            map.marked = vec![division.code.to_string()];
        }
        let above = territory.ancestors(division.code);
        if only_root(territory).is_none() {
            crumbs.push(Crumb {
                label: ui.t("grid-all"),
                href: "/territory".into(),
            });
        }
        crumbs.extend(above.into_iter().rev().map(|d| Crumb {
            label: d.name_in(ui.lang).to_owned(),
            href: href(d.code),
        }));
    }
    let cells = of.filter(|d| d.level() == DivisionLevel::Community);
    let cells = cells.map_or(&[][..], |d| territory.grids_in(d.code));
    TerritoryPage {
        heading: of.map_or_else(
            || Html::from_text(&ui.t("grid-all")),
            |d| division_name(&ui, d),
        ),
        crumbs,
        map: if map.bounds.is_some() {
            map.show(&ui)
        } else {
            Html::default()
        },
        rows: parts
            .into_iter()
            .map(|d| row(&ui, territory, d, may_draw))
            .collect(),
        cells: cells.iter().map(|g| cell(territory, g)).collect(),
        ui,
    }
}

/// GET /territory, with `in` = the twelve digits of a division.
pub(crate) async fn show(ctx: Ctx, ui: Ui, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let tiles = ctx.service::<Tiles>();
    let territory = tiles.territory();
    let asked: Option<DivisionCode> = fields.read("in")?;
    let of = match asked {
        Some(code) => Some(territory.division(code).ok_or_else(Fault::not_found)?),
        None => only_root(&territory),
    };
    let may_draw = ctx.require(Permission::ReferenceManage).is_ok();
    show_page(&page(ui, &territory, &tiles, of, may_draw))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use kernel::geo::Crs;
    use std::sync::Arc;
    use ui::testing;

    fn reader(lang: Lang) -> Ui {
        let words = access::words_of(&[access::capability(), crate::http::capability()]);
        let site = testing::site_with(words.expect("sound words"));
        testing::ui_with(site, lang, jiff::Timestamp::UNIX_EPOCH)
    }

    fn city() -> Arc<Territory> {
        let square = |west: f64| {
            let ring = [
                [west, 25.0],
                [west + 0.01, 25.0],
                [west + 0.01, 25.01],
                [west, 25.01],
                [west, 25.0],
            ];
            let geometry = serde_json::json!({ "type": "Polygon", "coordinates": [ring] });
            Area::from_geojson(&geometry, Crs::Wgs84).unwrap()
        };
        let division = |code: &str, name: &str| Division {
            shape: Some(square(114.0)),
            residents: Some(3200),
            ..Division::new(code.parse().unwrap(), name, "test")
        };
        let divisions = vec![
            division("990101000000", "海棠区"),
            division("990101001000", "<b>街道"),
            Division {
                name_en: Some("Riverside".into()),
                ..division("990101001001", "河畔社区")
            },
        ];
        let cells = vec![UnitGrid::new(
            "990101001001001".parse().unwrap(),
            square(114.0),
            true,
            "test",
        )];
        Arc::new(Territory::build(
            divisions,
            cells,
            Vec::new(),
            date(2026, 3, 16),
        ))
    }

    #[test]
    fn every_division_has_a_sound_page_in_both_languages() {
        let territory = city();
        let tiles = Tiles::new({
            let territory = territory.clone();
            move || territory.clone()
        });
        for lang in Lang::ALL {
            let whole = page(reader(lang), &territory, &tiles, None, false);
            assert_eq!(whole.rows.len(), 1, "only the district has none above it");
            testing::assert_sound(&whole.render().unwrap());
            for division in territory.divisions() {
                let html = page(reader(lang), &territory, &tiles, Some(division), true).render();
                let html = html.unwrap();
                testing::assert_sound(&html);
                assert!(!html.contains("<b>"), "{html}");
            }
        }
        let code = "990101001001".parse().unwrap();
        let english = page(
            reader(Lang::En),
            &territory,
            &tiles,
            territory.division(code),
            false,
        );
        assert_eq!(english.cells.len(), 1);
        let html = english.render().unwrap();
        assert!(html.contains("Riverside") && html.contains("990101001001001"));
        assert!(
            html.contains("lang=\"zh-CN\""),
            "the names above it are Chinese"
        );
    }

    #[test]
    fn where_a_border_is_known_and_no_cell_is_there_whoever_may_can_draw() {
        let bare = Division {
            shape: city().divisions().next().unwrap().shape.clone(),
            ..Division::new("990101001002".parse().unwrap(), "新社区", "x")
        };
        let divisions = city().divisions().cloned().chain([bare]).collect();
        let cells = city().grids().to_vec();
        let territory = Territory::build(divisions, cells, Vec::new(), date(2026, 3, 16));
        let territory = Arc::new(territory);
        let tiles = Tiles::new({
            let territory = territory.clone();
            move || territory.clone()
        });
        let street = territory.division("990101001000".parse().unwrap());
        let links = |may_draw| -> Vec<String> {
            let page = page(reader(Lang::Zh), &territory, &tiles, street, may_draw);
            testing::assert_sound(&page.render().unwrap());
            page.rows.into_iter().map(|row| row.draw).collect()
        };
        let over = "/admin/imports?kind=drawing&over=990101001002";
        assert_eq!(links(true), ["", over]);
        assert_eq!(links(false), ["", ""]);
    }

    #[test]
    fn a_city_without_borders_has_its_lists() {
        let divisions = vec![Division::new(
            "990101000000".parse().unwrap(),
            "海棠区",
            "x",
        )];
        let territory = Arc::new(Territory::build(
            divisions,
            Vec::new(),
            Vec::new(),
            date(2026, 3, 16),
        ));
        let tiles = Tiles::new({
            let territory = territory.clone();
            move || territory.clone()
        });
        let found = page(reader(Lang::Zh), &territory, &tiles, None, true);
        assert!(found.map.is_empty());
        assert_eq!(found.rows[0].draw, "", "there is no border to draw over");
        assert_eq!(found.rows[0].href, "", "it has no parts");
        testing::assert_sound(&found.render().unwrap());
    }

    #[test]
    fn every_word_used_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let used =
            testing::used_keys(&[&root.join("templates"), &root.join("src")]).expect("sources");
        let words = ui::I18n::builder()
            .add(
                "grid",
                include_str!("../locales/zh-CN.ftl"),
                include_str!("../locales/en.ftl"),
            )
            .build()
            .expect("both languages have the same keys");
        let faults: Vec<String> = testing::word_faults(&words, &used, &["grid"])
            .into_iter()
            .filter(|fault| !fault.contains("grid-menu"))
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
