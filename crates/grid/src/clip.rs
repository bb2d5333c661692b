//! Cutting an area along a meridian or a parallel, so that both sides fit together to the last bit.
//!
//! Vertices are sorted to one side or the other by comparison alone (on the line counts as the upper side), so every
//! border that changes sides does so at one computed point, which both sides and every neighbour compute alike.

use crate::area::{Area, Bounds, Polygon, Vertex, rounded, signed_area};

/// Below this a piece is rounding dust: 1e-15 square degrees, about a tenth of a square centimetre.
const DUST_SQ_DEG: f64 = 1e-15;

/// Which coordinate a cut fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Along a meridian.
    Lon,
    /// Along a parallel.
    Lat,
}

/// Which side of the cut is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// What lies below the value.
    Below,
    /// The value itself and what lies above.
    Above,
}

/// The part of an area inside a box; none if nothing is left.
pub(crate) fn to_box(area: &Area, b: Bounds) -> Option<Area> {
    let west = cut(area, Axis::Lon, b.west, Keep::Above)?;
    let east = cut(&west, Axis::Lon, b.east, Keep::Below)?;
    strip(&east, b.south, b.north)
}

/// The part of an area between two parallels; none if nothing is left.
pub(crate) fn strip(area: &Area, south: f64, north: f64) -> Option<Area> {
    let upper = cut(area, Axis::Lat, south, Keep::Above)?;
    cut(&upper, Axis::Lat, north, Keep::Below)
}

/// The part of an area on one side of a line; none if nothing is left.
pub(crate) fn cut(area: &Area, axis: Axis, at: f64, keep: Keep) -> Option<Area> {
    let b = area.bounds();
    let (low, high) = match axis {
        Axis::Lon => (b.west, b.east),
        Axis::Lat => (b.south, b.north),
    };
    match keep {
        Keep::Below if high < at => return Some(area.clone()),
        Keep::Below if low >= at => return None,
        Keep::Above if low >= at => return Some(area.clone()),
        Keep::Above if high < at => return None,
        _ => {}
    }
    let line = Line {
        axis: usize::from(axis == Axis::Lat),
        at,
        keep,
    };
    let pieces = area
        .polygons()
        .iter()
        .flat_map(|p| line.cut_polygon(p))
        .collect();
    Area::of(pieces).ok()
}

struct Line {
    axis: usize,
    at: f64,
    keep: Keep,
}

/// A stretch of border on the kept side, with the points where it enters and leaves at its ends.
type Chain = Vec<Vertex>;

impl Line {
    fn keeps(&self, v: Vertex) -> bool {
        (v[self.axis] >= self.at) == (self.keep == Keep::Above)
    }
    /// Where an edge meets the line; the same to the last bit in whichever direction the edge is walked.
    fn meet(&self, a: Vertex, b: Vertex) -> Vertex {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        let other = 1 - self.axis;
        let t = (self.at - a[self.axis]) / (b[self.axis] - a[self.axis]);
        let mut v = [self.at; 2];
        v[other] = rounded(a[other] + t * (b[other] - a[other]));
        v
    }

    fn cut_polygon(&self, polygon: &Polygon) -> Vec<Polygon> {
        let (mut chains, mut whole_holes) = (Vec::new(), Vec::new());
        if polygon.outer.iter().all(|v| self.keeps(*v)) {
            return vec![polygon.clone()];
        }
        self.chains(&polygon.outer, &mut chains);
        for hole in &polygon.holes {
            if hole.iter().all(|v| self.keeps(*v)) {
                whole_holes.push(hole.clone());
            } else {
                self.chains(hole, &mut chains);
            }
        }
        let loops = self.close(chains);
        let mut pieces: Vec<Polygon> = loops
            .into_iter()
            .filter(|ring| ring.len() >= 3 && signed_area(ring).abs() > DUST_SQ_DEG)
            .map(|outer| Polygon {
                outer,
                holes: Vec::new(),
            })
            .collect();
        for hole in whole_holes {
            // A hole that met no cut lies wholly inside one piece.
            let home = pieces.iter_mut().find(|p| ring_holds(&p.outer, hole[0]));
            if let Some(piece) = home {
                piece.holes.push(hole);
            }
        }
        pieces
    }

    /// The stretches of a ring on the kept side.
    fn chains(&self, ring: &[Vertex], into: &mut Vec<Chain>) {
        let Some(start) = (0..ring.len()).find(|i| !self.keeps(ring[*i])) else {
            return;
        };
        let mut open: Option<Chain> = None;
        for step in 0..ring.len() {
            let (a, b) = (
                ring[(start + step) % ring.len()],
                ring[(start + step + 1) % ring.len()],
            );
            match (self.keeps(a), self.keeps(b)) {
                (false, true) => open = Some(vec![self.meet(a, b), b]),
                (true, true) => open.iter_mut().for_each(|chain| chain.push(b)),
                (true, false) => {
                    if let Some(mut chain) = open.take() {
                        chain.push(self.meet(a, b));
                        into.push(chain);
                    }
                }
                (false, false) => {}
            }
        }
    }

    /// Joins the chains along the line. Sorted along it, the ends bound the stretches that lie inside the area two by two.
    fn close(&self, chains: Vec<Chain>) -> Vec<Vec<Vertex>> {
        let other = 1 - self.axis;
        // Ends are numbered 2 * chain for where it enters and 2 * chain + 1 for where it leaves.
        let place = |end: usize| {
            let chain = &chains[end / 2];
            let v = if end.is_multiple_of(2) {
                chain.first()
            } else {
                chain.last()
            };
            v.expect("a chain has both its ends")[other]
        };
        let mut ends: Vec<usize> = (0..chains.len() * 2).collect();
        ends.sort_by(|a, b| place(*a).total_cmp(&place(*b)));
        let mut rank = vec![0; ends.len()];
        for (at, end) in ends.iter().enumerate() {
            rank[*end] = at;
        }
        let mut used = vec![false; chains.len()];
        let mut loops = Vec::new();
        for first in 0..chains.len() {
            let mut ring: Vec<Vertex> = Vec::new();
            let mut end = first * 2;
            while !std::mem::replace(&mut used[end / 2], true) {
                let chain = &chains[end / 2];
                let entered_in_front = end.is_multiple_of(2);
                if entered_in_front {
                    ring.extend(chain);
                } else {
                    ring.extend(chain.iter().rev());
                }
                let left_by = end ^ 1;
                end = ends[rank[left_by] ^ 1];
            }
            ring.dedup();
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            if !ring.is_empty() {
                loops.push(ring);
            }
        }
        loops
    }
}

fn ring_holds(ring: &[Vertex], v: Vertex) -> bool {
    let probe = Area::of(vec![Polygon {
        outer: ring.to_vec(),
        holes: Vec::new(),
    }]);
    let point = kernel::Point::new(v[0], v[1]);
    matches!((probe, point), (Ok(area), Ok(p)) if area.contains(p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Point;
    use proptest::prelude::*;

    fn area(json: &str) -> Area {
        json.parse().unwrap()
    }

    #[test]
    fn a_comb_falls_into_its_teeth_and_a_crossed_hole_opens() {
        let comb = area(
            r#"{"type":"Polygon","coordinates":[[[0,0],[5,0],[5,3],[4,3],[4,1],[3,1],[3,3],[2,3],[2,1],[1,1],[1,3],[0,3],[0,0]]]}"#,
        );
        let teeth = cut(&comb, Axis::Lat, 2.0, Keep::Above).unwrap();
        assert_eq!(teeth.polygons().len(), 3);
        let ring = area(
            r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]],[[1,1],[3,1],[3,3],[1,3],[1,1]]]}"#,
        );
        let half = cut(&ring, Axis::Lon, 2.0, Keep::Below).unwrap();
        assert_eq!(
            (half.polygons().len(), half.polygons()[0].holes.len()),
            (1, 0)
        );
        let most = cut(&ring, Axis::Lon, 3.5, Keep::Below).unwrap();
        assert_eq!(
            (most.polygons().len(), most.polygons()[0].holes.len()),
            (1, 1)
        );
    }

    #[test]
    fn a_cut_through_vertices_keeps_both_sides_whole() {
        let diamond =
            area(r#"{"type":"Polygon","coordinates":[[[0,-1],[1,0],[0,1],[-1,0],[0,-1]]]}"#);
        for axis in [Axis::Lon, Axis::Lat] {
            let below = cut(&diamond, axis, 0.0, Keep::Below).unwrap();
            let above = cut(&diamond, axis, 0.0, Keep::Above).unwrap();
            let (a, b) = (below.square_metres(), above.square_metres());
            assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        }
    }

    /// A star around the origin with a hole of the same kind: simple, not convex.
    fn stars() -> impl Strategy<Value = Area> {
        proptest::collection::vec(0.3_f64..1.0, 5..14).prop_map(|radii| {
            let n = radii.len() as f64;
            let ring = |scale: f64| -> Vec<Vertex> {
                let angle = |i: usize| i as f64 / n * std::f64::consts::TAU;
                radii
                    .iter()
                    .enumerate()
                    .map(|(i, r)| [scale * r * angle(i).cos(), scale * r * angle(i).sin()])
                    .collect()
            };
            Area::of(vec![Polygon {
                outer: ring(1.0),
                holes: vec![ring(0.4)],
            }])
            .unwrap()
        })
    }

    proptest! {
        #[test]
        fn every_point_is_on_one_side_of_a_cut(
            star in stars(), at in -1.0_f64..1.0, lon in any::<bool>(),
            points in proptest::collection::vec((-1.0_f64..1.0, -1.0_f64..1.0), 40),
        ) {
            let axis = if lon { Axis::Lon } else { Axis::Lat };
            let sides = [cut(&star, axis, at, Keep::Below), cut(&star, axis, at, Keep::Above)];
            for (x, y) in points {
                let p = Point::new(x, y).unwrap();
                let held = sides.iter().flatten().filter(|side| side.contains(p)).count();
                prop_assert_eq!(held, usize::from(star.contains(p)));
            }
            // Cutting a slanting edge changes its sphere's area a little: these stars are a hundred kilometres wide.
            let whole: f64 = sides.iter().flatten().map(Area::square_metres).sum();
            prop_assert!((whole / star.square_metres() - 1.0).abs() < 1e-4);
        }
    }
}
