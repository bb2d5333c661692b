//! A sketch of where findings lie, drawn on the server: the outlines around, the marked cells, a number at each finding.
//! The list beside it says the same in words. Pure.

use crate::model::Level;
use grid::area::Vertex;
use grid::{Area, Bounds, Territory};
use kernel::codes::{DivisionCode, DivisionLevel};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use ui::Html;

/// Width of the drawing in its own units.
const WIDTH: f64 = 480.0;
/// It is at most so high.
const HIGHEST: f64 = 480.0;
/// An outline has at most so many corners: more are not seen at this size, and weigh.
const MOST_CORNERS: usize = 120;
/// At most so many outlines around.
const MOST_AROUND: usize = 150;

/// One finding on the sketch.
pub struct Marked<'a> {
    /// Its number in the list.
    pub number: usize,
    /// What kind of places.
    pub level: Level,
    /// Their codes.
    pub codes: &'a [String],
}

/// Draws findings and what lies around them; empty where nothing has a shape.
///
/// `label` says what is drawn, for whoever does not see it.
pub fn draw(territory: &Territory, marked: &[Marked<'_>], label: &str) -> Html {
    let shapes: Vec<(usize, Vec<&Area>)> = marked
        .iter()
        .map(|m| (m.number, shapes(territory, m)))
        .collect();
    let boxes = shapes
        .iter()
        .flat_map(|(_, s)| s.iter().map(|a| a.bounds()));
    let Some(inner) = boxes.reduce(Bounds::joined) else {
        return Html::default();
    };
    let frame = Frame::around(inner);
    let mut svg = format!(
        "<svg class=\"sketch\" viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"{}\" focusable=\"false\">",
        frame.height,
        Html::from_text(label).as_str()
    );
    let around = around(territory, marked, &frame.bounds);
    let _ = write!(
        svg,
        "<g fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".35\" stroke-width=\"1\"><path d=\"{}\"/></g>",
        around.iter().map(|a| frame.path(a)).collect::<String>()
    );
    for (_, areas) in &shapes {
        let path: String = areas.iter().map(|a| frame.path(a)).collect();
        let _ = write!(
            svg,
            "<path d=\"{path}\" fill=\"currentColor\" fill-opacity=\".3\" stroke=\"currentColor\" stroke-width=\"1.5\"/>"
        );
    }
    for (number, areas) in &shapes {
        if let Some(first) = areas.first().filter(|_| *number > 0) {
            let middle = first.label_point();
            let [x, y] = frame.at([middle.lon(), middle.lat()]);
            let _ = write!(
                svg,
                "<text x=\"{x:.0}\" y=\"{y:.0}\" font-size=\"16\" font-weight=\"700\" text-anchor=\"middle\" dominant-baseline=\"central\" fill=\"currentColor\">{number}</text>"
            );
        }
    }
    svg.push_str("</svg>");
    Html::from_markup(svg)
}

fn shapes<'t>(territory: &'t Territory, marked: &Marked<'_>) -> Vec<&'t Area> {
    let codes = marked.codes.iter();
    if marked.level == Level::Grid {
        return codes
            .filter_map(|code| territory.grid(code.parse().ok()?))
            .map(|g| &g.shape)
            .collect();
    }
    codes
        .filter_map(|code| code.parse::<DivisionCode>().ok())
        .flat_map(|code| {
            let own = territory.division(code).and_then(|d| d.shape.as_ref());
            match own {
                Some(shape) => vec![shape],
                // A division without a border of its own is where its cells are.
                None => territory.grids_in(code).iter().map(|g| &g.shape).collect(),
            }
        })
        .collect()
}

/// What lies around: the cells nearby for one finding of cells, else the streets or districts of the whole frame.
fn around<'t>(territory: &'t Territory, marked: &[Marked<'_>], frame: &Bounds) -> Vec<&'t Area> {
    let is_one = matches!(marked, [only] if only.level == Level::Grid);
    if is_one {
        let communities: BTreeSet<DivisionCode> = marked[0]
            .codes
            .iter()
            .filter_map(|code| code.get(..12)?.parse().ok())
            .collect();
        return communities
            .into_iter()
            .flat_map(|c| territory.grids_in(c))
            .map(|g| &g.shape)
            .filter(|a| a.bounds().overlaps(frame))
            .take(MOST_AROUND)
            .collect();
    }
    let of_level = |level: DivisionLevel| -> Vec<&Area> {
        territory
            .divisions()
            .filter(|d| d.level() == level)
            .filter_map(|d| d.shape.as_ref())
            .filter(|a| a.bounds().overlaps(frame))
            .collect()
    };
    let streets = of_level(DivisionLevel::Street);
    if streets.is_empty() || streets.len() > MOST_AROUND {
        return of_level(DivisionLevel::District)
            .into_iter()
            .take(MOST_AROUND)
            .collect();
    }
    streets
}

/// From degrees to the drawing.
struct Frame {
    bounds: Bounds,
    scale: [f64; 2],
    height: f64,
}

impl Frame {
    fn around(inner: Bounds) -> Self {
        let margin = ((inner.east - inner.west).max(inner.north - inner.south) * 0.3).max(0.0005);
        let bounds = Bounds {
            west: inner.west - margin,
            south: inner.south - margin,
            east: inner.east + margin,
            north: inner.north + margin,
        };
        // A degree of longitude is shorter by the cosine of the latitude.
        let shrink = ((bounds.south + bounds.north) / 2.0)
            .to_radians()
            .cos()
            .max(0.01);
        let (width, height) = (
            (bounds.east - bounds.west) * shrink,
            bounds.north - bounds.south,
        );
        let unit = (WIDTH / width).min(HIGHEST / height);
        Self {
            bounds,
            scale: [unit * shrink, unit],
            height: (height * unit).max(1.0),
        }
    }
    fn at(&self, [lon, lat]: Vertex) -> [f64; 2] {
        let left = (WIDTH - (self.bounds.east - self.bounds.west) * self.scale[0]) / 2.0;
        [
            left + (lon - self.bounds.west) * self.scale[0],
            (self.bounds.north - lat) * self.scale[1],
        ]
    }
    fn path(&self, area: &Area) -> String {
        let mut path = String::new();
        for polygon in area.polygons() {
            let step = polygon.outer.len().div_ceil(MOST_CORNERS).max(1);
            for (n, corner) in polygon.outer.iter().step_by(step).enumerate() {
                let [x, y] = self.at(*corner);
                let _ = write!(path, "{}{x:.1} {y:.1}", if n == 0 { 'M' } else { 'L' });
            }
            path.push('Z');
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn cells_are_drawn_with_their_number_and_what_lies_around() {
        let territory = testing::territory(1, 2, 4, None);
        let codes: Vec<String> = territory.grids()[..3]
            .iter()
            .map(|g| g.code.to_string())
            .collect();
        let marked = [Marked {
            number: 7,
            level: Level::Grid,
            codes: &codes,
        }];
        let svg = draw(&territory, &marked, "a < b");
        let svg = svg.as_str();
        assert!(
            svg.contains("a &lt; b") && svg.contains(">7</text>"),
            "{svg}"
        );
        assert!(svg.matches('M').count() >= 3 + 8, "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn a_division_without_a_border_is_drawn_by_its_cells_and_garbage_not_at_all() {
        let territory = testing::territory(1, 2, 4, None);
        let draw = |code: &str| {
            let codes = [code.to_owned()];
            let marked = [Marked {
                number: 1,
                level: Level::Street,
                codes: &codes,
            }];
            draw(&territory, &marked, "")
        };
        assert_eq!(draw("330102001000").as_str().matches('M').count(), 16);
        for garbage in ["", "x", "999999999999", "330102001001001"] {
            assert!(draw(garbage).is_empty(), "{garbage}");
        }
    }
}
