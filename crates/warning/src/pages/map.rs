//! The map beside the list: the cells of findings with a strong border, a point at each. It is drawn where the program
//! has tiles and the island was built; else the page has its sketch.

use super::in_lang;
use crate::model::Level;
use crate::sql::Warning;
use crate::view;
use access::Ctx;
use grid::{Territory, TileSet, Tiles};
use kernel::codes::DivisionCode;
use matters::City;
use ui::{Html, MapPoint, Ui};

/// The findings on the map of the territory; empty where it cannot be drawn.
pub fn draw(ctx: &Ctx, ui: &Ui, city: &City, warnings: &[Warning]) -> Html {
    let Some(tiles) = ctx.service_if_any::<Tiles>() else {
        return Html::default();
    };
    // The card around it says what it is.
    let mut map = tiles.map(String::new(), &[TileSet::Divisions, TileSet::Grids]);
    for warning in warnings {
        map.marked.extend(warning.track.places.iter().cloned());
        map.points.extend(point(ui, city, warning));
    }
    if let [only] = warnings {
        map.bounds = around(&city.territory, only).or(map.bounds);
    }
    map.show(ui)
}

/// A point in the middle of the first place, which is the centre of the finding.
fn point(ui: &Ui, city: &City, warning: &Warning) -> Option<MapPoint> {
    let code = warning.track.places.first()?;
    let middle = if warning.track.level == Level::Grid {
        city.territory.grid(code.parse().ok()?)?.shape.label_point()
    } else {
        let code: DivisionCode = code.parse().ok()?;
        let bounds = city.territory.bounds_of(code)?;
        let (lon, lat) = (
            (bounds.west + bounds.east) / 2.0,
            (bounds.south + bounds.north) / 2.0,
        );
        kernel::Point::new(lon, lat).ok()?
    };
    Some(MapPoint {
        lon: middle.lon(),
        lat: middle.lat(),
        n: 1,
        light: None,
        text: in_lang(ui, &view::sentence(city, &warning.track)),
        href: format!("/warnings/{}", warning.id),
    })
}

/// The box around the places of a finding, with as much again around them.
fn around(territory: &Territory, warning: &Warning) -> Option<[f64; 4]> {
    let boxes = warning.track.places.iter().filter_map(|code| {
        if warning.track.level == Level::Grid {
            Some(territory.grid(code.parse().ok()?)?.shape.bounds())
        } else {
            territory.bounds_of(code.parse().ok()?)
        }
    });
    let b = boxes.reduce(grid::Bounds::joined)?;
    let margin = ((b.east - b.west) / 2.0).max((b.north - b.south) / 2.0);
    Some([
        (b.west - margin).max(-180.0),
        (b.south - margin).max(-85.0),
        (b.east + margin).min(180.0),
        (b.north + margin).min(85.0),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Standing;
    use crate::pages::tests::{city, reader, warning};
    use ui::Lang;

    #[test]
    fn a_finding_has_a_point_in_its_first_cell_and_a_box_around_all() {
        let city = city();
        let mut warning = warning(&city, Standing::New, None);
        let ui = reader(Lang::En);
        let first = city
            .territory
            .grid(warning.track.places[0].parse().expect("a cell"));
        let bounds = first.expect("it is registered").shape.bounds();
        let point = point(&ui, &city, &warning).expect("the cell has a middle");
        assert!((bounds.west..bounds.east).contains(&point.lon));
        assert!((bounds.south..bounds.north).contains(&point.lat));
        assert!(point.text.contains("31 in 7 days") && point.href.starts_with("/warnings/"));
        let [west, south, east, north] = around(&city.territory, &warning).expect("a box");
        assert!(west < point.lon && point.lon < east && south < point.lat && point.lat < north);
        warning.track.level = Level::Street;
        warning.track.places = vec!["330102001000".into()];
        assert!(super::point(&ui, &city, &warning).is_some());
        warning.track.places = vec!["x".into(), "999999999999".into()];
        assert!(super::point(&ui, &city, &warning).is_none());
        assert!(around(&city.territory, &warning).is_none());
    }
}
