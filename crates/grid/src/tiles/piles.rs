//! Things counted at points, as a tile: what lies close together at a zoom is one circle with their sum.
//!
//! A tile is cut into squares; what lies in one square is one circle, at the mean of its points weighed by what they count.
//! Squares do not cross the edges of tiles, so that each thing is counted in one circle whatever tile it is asked for.

use super::mvt::{EXTENT, Layer, Tag, tile};
use super::scheme::{DEEPEST, TileId};
use kernel::Point;
use std::collections::BTreeMap;

/// The name of the layer.
pub const LAYER: &str = "cases";
/// Squares along each side of a tile: a circle has 64 pixels to itself where a tile has 512.
const SQUARES: i32 = 8;
/// The same in the deepest tiles, which are drawn larger the nearer one looks.
const SQUARES_DEEPEST: i32 = 64;

/// What is counted at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Pile {
    /// Where.
    pub at: Point,
    /// How many.
    pub n: u64,
    /// Of these, late ones.
    pub late: u64,
    /// What it is called (its unit grid, its street).
    pub name: String,
    /// Its code.
    pub code: String,
}

/// A circle of a tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle<'a> {
    /// How many things.
    pub n: u64,
    /// Of these, late ones.
    pub late: u64,
    /// How many piles lie in it.
    pub piles: u64,
    /// The name of the only one; else of the largest.
    pub name: &'a str,
    /// The code of the same.
    pub code: &'a str,
}

/// What is told of a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its mark, by the word of a light: `late`, `soon`, `in-time`.
    pub light: &'static str,
    /// What it stands for, in words.
    pub text: String,
    /// Where a press leads; may be empty.
    pub href: String,
}

/// The circles of a tile as bytes, each with the tags `n`, `late`, `piles`, `light`, `text` and, where it leads somewhere,
/// `href`.
pub fn piles(id: TileId, of: &[Pile], told: impl Fn(&Circle<'_>) -> Told) -> Vec<u8> {
    let along = if id.zoom() >= DEEPEST {
        SQUARES_DEEPEST
    } else {
        SQUARES
    };
    let mut squares: BTreeMap<[i32; 2], (Circle<'_>, u64, [f64; 2])> = BTreeMap::new();
    for pile in of.iter().filter(|p| p.n > 0) {
        let Some(spot) = id.spot(pile.at) else {
            continue;
        };
        let square = spot.map(|units| units * along / EXTENT);
        let none = Circle {
            n: 0,
            late: 0,
            piles: 0,
            name: "",
            code: "",
        };
        let (circle, largest, at) = squares.entry(square).or_insert((none, 0, [0.0; 2]));
        circle.n += pile.n;
        circle.late += pile.late;
        circle.piles += 1;
        if pile.n > *largest {
            (*largest, circle.name, circle.code) = (pile.n, &pile.name, &pile.code);
        }
        for (sum, units) in at.iter_mut().zip(spot) {
            *sum += f64::from(units) * pile.n as f64;
        }
    }
    let mut layer = Layer::new(LAYER);
    for (circle, _, at) in squares.values() {
        let middle = at.map(|sum| (sum / circle.n as f64).round() as i32);
        let told = told(circle);
        let mut tags = vec![
            ("n", Tag::Number(circle.n)),
            ("late", Tag::Number(circle.late)),
            ("piles", Tag::Number(circle.piles)),
            ("light", told.light.into()),
            ("text", Tag::Text(told.text)),
        ];
        if !told.href.is_empty() {
            tags.push(("href", Tag::Text(told.href)));
        }
        layer.point(middle, tags);
    }
    if layer.is_empty() {
        Vec::new()
    } else {
        tile(&[layer])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn pile(lon: f64, lat: f64, n: u64, late: u64) -> Pile {
        Pile {
            at: Point::new(lon, lat).expect("a point"),
            n,
            late,
            name: format!("{lon},{lat}"),
            code: format!("{n}"),
        }
    }

    fn told(text: &str) -> Told {
        Told {
            light: "in-time",
            text: text.to_owned(),
            href: String::new(),
        }
    }

    /// The circles of all tiles of a zoom around the piles, and how many tiles had some.
    fn circles(z: u8, of: &[Pile]) -> Vec<(u64, u64, u64)> {
        let found = RefCell::new(Vec::new());
        let side = f64::from(1_u32 << z);
        let some = of.iter().filter(|p| p.n > 0);
        let tiles: std::collections::BTreeSet<(u32, u32)> = some
            .map(|p| {
                let down =
                    (1.0 - p.at.lat().to_radians().tan().asinh() / std::f64::consts::PI) / 2.0;
                (
                    ((p.at.lon() + 180.0) / 360.0 * side) as u32,
                    (down * side) as u32,
                )
            })
            .collect();
        for (x, y) in tiles {
            let bytes = piles(TileId::new(z, x, y).expect("a tile"), of, |c| {
                found.borrow_mut().push((c.n, c.late, c.piles));
                told(c.name)
            });
            assert!(!bytes.is_empty());
        }
        found.into_inner()
    }

    #[test]
    fn nothing_is_lost_or_counted_twice_at_any_zoom() {
        let of: Vec<Pile> = (0..200_i32)
            .map(|i| {
                let (i, n) = (f64::from(i), u64::from(i.unsigned_abs() % 7));
                pile(
                    118.0 + (i * 0.618).fract() * 0.3,
                    24.4 + (i * 0.414).fract() * 0.2,
                    n,
                    n / 3,
                )
            })
            .collect();
        let all: u64 = of.iter().map(|p| p.n).sum();
        let late: u64 = of.iter().map(|p| p.late).sum();
        let mut before = 0;
        for z in 6..=DEEPEST {
            let found = circles(z, &of);
            assert_eq!(found.iter().map(|c| c.0).sum::<u64>(), all, "zoom {z}");
            assert_eq!(found.iter().map(|c| c.1).sum::<u64>(), late, "zoom {z}");
            assert!(found.len() >= before, "circles part as the zoom grows");
            before = found.len();
        }
        assert!(
            circles(6, &of).len() <= 4,
            "far out, at most a square and its neighbours"
        );
        assert!(
            before > 150,
            "far in, nearly each pile has its circle: {before}"
        );
    }

    #[test]
    fn a_circle_is_named_by_its_largest_pile_and_stands_at_the_weighed_middle() {
        let of = [pile(118.0, 24.5, 1, 0), pile(118.001, 24.5, 9, 2)];
        let said = RefCell::new(String::new());
        let id = TileId::new(4, 13, 6).expect("a tile");
        piles(id, &of, |c| {
            *said.borrow_mut() = format!("{} {} {} {} {}", c.n, c.late, c.piles, c.name, c.code);
            told("")
        });
        assert_eq!(*said.borrow(), "10 2 2 118.001,24.5 9");
        let elsewhere = TileId::new(4, 0, 0).expect("a tile");
        assert!(piles(elsewhere, &of, |_| told("")).is_empty());
    }

    #[test]
    fn a_circle_has_an_address_only_where_it_leads_somewhere() {
        let of = [pile(118.0, 24.5, 1, 0)];
        let id = TileId::new(4, 13, 6).expect("a tile");
        let bytes = |href: &str| {
            let href = href.to_owned();
            piles(id, &of, |_| Told {
                href: href.clone(),
                ..told("")
            })
        };
        let has =
            |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        let (there, nowhere) = (bytes("/desk?place=1"), bytes(""));
        assert!(has(&there, "/desk?place=1") && has(&there, "href"));
        assert!(!has(&nowhere, "href"));
    }
}
