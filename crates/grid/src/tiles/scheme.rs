//! The scheme of tiles: squares of the Web Mercator map, `z` doublings from the one that holds the world, counted from
//! the west (`x`) and the north (`y`); and how a border on the ground becomes a ring in a tile.

use super::mvt::{EXTENT, Ring, Spot};
use crate::area::{Area, Bounds, Vertex};
use crate::clip;
use kernel::Point;
use std::f64::consts::PI;

/// From this zoom on a tile says all that is known: our map asks for none deeper and enlarges these. A unit of such a tile is
/// about 0.3 m.
pub const DEEPEST: u8 = 15;

/// The deepest tiles there are, for maps that go on asking.
pub const LAST: u8 = 22;

/// Borders go on so far past the edge of a tile, in its units, so that lines along it are drawn whole.
const BUFFER: f64 = 64.0;

/// A map shows a tile 512 pixels wide: so many units are a pixel.
pub const UNITS_PER_PIXEL: f64 = EXTENT as f64 / 512.0;

/// Where the square map of the world ends, north and south.
const MAP_EDGE_DEG: f64 = 85.051_128_779_806_59;

/// The address of a tile that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileId {
    z: u8,
    x: u32,
    y: u32,
}

impl TileId {
    /// The tile of this address; none past [`LAST`] or outside the world.
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        let exists = z <= LAST && x < 1 << z && y < 1 << z;
        exists.then_some(Self { z, x, y })
    }

    /// Reads the three last parts of an address: `12`, `3370`, `1750.mvt`.
    pub fn parse(z: &str, x: &str, file: &str) -> Option<Self> {
        let number = |text: &str| -> Option<u32> {
            let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            is_plain.then(|| text.parse().ok()).flatten()
        };
        let z = u8::try_from(number(z)?).ok()?;
        Self::new(z, number(x)?, number(file.strip_suffix(".mvt")?)?)
    }

    /// How deep it lies.
    pub fn zoom(self) -> u8 {
        self.z
    }

    fn side(self) -> f64 {
        f64::from(1_u32 << self.z)
    }

    /// The ground it shows, with the buffer around it.
    pub(crate) fn reach(self) -> Bounds {
        let units = |at: u32, past: f64| (f64::from(at) + past) / self.side();
        let past = BUFFER / f64::from(EXTENT);
        Bounds {
            west: units(self.x, -past) * 360.0 - 180.0,
            east: units(self.x, 1.0 + past) * 360.0 - 180.0,
            north: latitude(units(self.y, -past)),
            south: latitude(units(self.y, 1.0 + past)),
        }
    }

    /// A vertex in this tile's units, not yet rounded.
    fn place(self, [lon, lat]: Vertex) -> [f64; 2] {
        let extent = f64::from(EXTENT);
        [
            ((lon + 180.0) / 360.0 * self.side() - f64::from(self.x)) * extent,
            (down(lat) * self.side() - f64::from(self.y)) * extent,
        ]
    }

    /// Where a point lies in this tile; none outside of it. On the edge between two it belongs to the right or lower one.
    pub(crate) fn spot(self, p: Point) -> Option<Spot> {
        let [x, y] = self.place([p.lon(), p.lat()]).map(f64::floor);
        let inside = |v: f64| (0.0..f64::from(EXTENT)).contains(&v);
        (inside(x) && inside(y)).then_some([x as i32, y as i32])
    }

    /// An area as the rings of polygons in this tile; none where it does not reach.
    ///
    /// Vertices are snapped to a lattice of half a pixel (the deepest tiles: of their own units). Neighbours that share a
    /// border still share it afterwards, because each vertex is snapped by itself.
    pub(crate) fn rings(self, area: &Area) -> Option<Vec<Vec<Ring>>> {
        let reach = self.reach();
        let own = area.bounds();
        if !own.overlaps(&reach) {
            return None;
        }
        let lies_inside = own.west >= reach.west
            && own.east <= reach.east
            && own.south >= reach.south
            && own.north <= reach.north;
        let cut = if lies_inside {
            None
        } else {
            Some(clip::to_box(area, reach)?)
        };
        let step = if self.z >= DEEPEST {
            1.0
        } else {
            UNITS_PER_PIXEL / 2.0
        };
        let ring = |vertices: &Vec<Vertex>| -> Option<Ring> {
            let snapped = vertices
                .iter()
                .map(|v| self.place(*v).map(|at| ((at / step).round() * step) as i32));
            without_needless(snapped)
        };
        let polygons = cut.as_ref().unwrap_or(area).polygons();
        let rings: Vec<Vec<Ring>> = polygons
            .iter()
            .filter_map(|polygon| {
                let mut rings = vec![ring(&polygon.outer)?];
                rings.extend(polygon.holes.iter().filter_map(ring));
                Some(rings)
            })
            .collect();
        (!rings.is_empty()).then_some(rings)
    }
}

/// How far down the map of the world a latitude lies, 0 its northern edge, 1 its southern.
fn down(lat: f64) -> f64 {
    let lat = lat.clamp(-MAP_EDGE_DEG, MAP_EDGE_DEG).to_radians();
    0.5 - lat.tan().asinh() / (2.0 * PI)
}

/// The latitude that lies so far down the map.
fn latitude(down: f64) -> f64 {
    (PI * (1.0 - 2.0 * down)).sinh().atan().to_degrees()
}

/// The ring without vertices that say nothing: repeated ones, and those in the middle of a straight line or at the end of
/// a spike. None when it encloses nothing.
fn without_needless(spots: impl Iterator<Item = Spot>) -> Option<Ring> {
    let mut ring: Ring = Vec::new();
    for spot in spots {
        while let [.., a, b] = ring[..]
            && is_straight(a, b, spot)
        {
            ring.pop();
        }
        if ring.last() != Some(&spot) {
            ring.push(spot);
        }
    }
    // The ends meet: the same again across the seam, until nothing changes.
    while ring.len() >= 3 {
        let n = ring.len();
        if ring[0] == ring[n - 1] || is_straight(ring[n - 2], ring[n - 1], ring[0]) {
            ring.pop();
        } else if is_straight(ring[n - 1], ring[0], ring[1]) {
            ring.remove(0);
        } else {
            return Some(ring);
        }
    }
    None
}

fn is_straight(a: Spot, b: Spot, c: Spot) -> bool {
    let by = |from: Spot, to: Spot| {
        let axis = |i: usize| i64::from(to[i]) - i64::from(from[i]);
        (axis(0), axis(1))
    };
    let ((ux, uy), (vx, vy)) = (by(a, b), by(b, c));
    ux * vy == uy * vx
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::geo::Crs;
    use proptest::prelude::*;

    fn area(ring: &[[f64; 2]]) -> Area {
        let mut ring = ring.to_vec();
        ring.push(ring[0]);
        let geometry = serde_json::json!({ "type": "Polygon", "coordinates": [ring] });
        Area::from_geojson(&geometry, Crs::Wgs84).unwrap()
    }

    #[test]
    fn only_tiles_that_exist_are_read() {
        let tile = TileId::parse("12", "3370", "1750.mvt");
        assert_eq!(tile, TileId::new(12, 3370, 1750));
        assert!(tile.is_some());
        for (z, x, file) in [
            ("12", "4096", "0.mvt"),
            ("0", "0", "1.mvt"),
            ("23", "0", "0.mvt"),
            ("300", "0", "0.mvt"),
            ("1", "0", "0"),
            ("1", "0", "0.pbf"),
            ("1", "0", ".mvt"),
            ("1", "-0", "0.mvt"),
            ("1", "+1", "0.mvt"),
            ("", "0", "0.mvt"),
            ("1", "99999999999999999999", "0.mvt"),
            ("一", "0", "0.mvt"),
        ] {
            assert_eq!(TileId::parse(z, x, file), None, "{z}/{x}/{file}");
        }
    }

    #[test]
    fn places_are_those_of_the_web_map() {
        // Bing's "Maps Tile System": the map's edge, and Null Island in the middle.
        let world = TileId::new(0, 0, 0).unwrap();
        assert_eq!(
            world.spot(Point::new(0.0, 0.0).unwrap()),
            Some([EXTENT / 2; 2])
        );
        assert!((latitude(0.0) - MAP_EDGE_DEG).abs() < 1e-9);
        assert!((down(-MAP_EDGE_DEG) - 1.0).abs() < 1e-12);
        // OpenStreetMap's wiki gives tile 18/232798/103246 for 35.6590699 N, 139.7006793 E: halve it thrice.
        let tokyo = Point::new(139.700_679_3, 35.659_069_9).unwrap();
        let tile = TileId::new(15, 232_798 >> 3, 103_246 >> 3).unwrap();
        assert!(tile.spot(tokyo).is_some());
        let next = TileId::new(15, (232_798 >> 3) + 1, 103_246 >> 3).unwrap();
        assert_eq!(next.spot(tokyo), None);
        // A map that goes on asking finds it in the tile itself, and in those below.
        let own = TileId::new(18, 232_798, 103_246).unwrap();
        assert!(own.spot(tokyo).is_some());
        let below = (0..2).flat_map(|x| (0..2).map(move |y| (x, y)));
        let holding = below.filter(|(x, y)| {
            let tile = TileId::new(19, (232_798 << 1) + x, (103_246 << 1) + y).unwrap();
            tile.spot(tokyo).is_some()
        });
        assert_eq!(holding.count(), 1);
    }

    #[test]
    fn a_square_across_a_tiles_edge_is_cut_and_both_parts_meet() {
        // The meridian 0 is an edge between tiles from zoom 1 on.
        let square = area(&[[-0.01, 0.01], [0.01, 0.01], [0.01, 0.02], [-0.01, 0.02]]);
        let (left, right) = (
            TileId::new(12, 2047, 2047).unwrap(),
            TileId::new(12, 2048, 2047).unwrap(),
        );
        let x_of = |tile: TileId| -> Vec<i32> {
            tile.rings(&square).unwrap()[0][0]
                .iter()
                .map(|s| s[0])
                .collect()
        };
        let buffer = BUFFER as i32;
        assert_eq!(x_of(left).into_iter().max(), Some(EXTENT + buffer));
        assert_eq!(x_of(right).into_iter().min(), Some(-buffer));
        assert!(TileId::new(12, 0, 0).unwrap().rings(&square).is_none());
    }

    #[test]
    fn what_shrinks_to_nothing_is_left_out() {
        let speck = area(&[[10.0, 10.0], [10.000_01, 10.0], [10.000_01, 10.000_01]]);
        assert!(TileId::new(0, 0, 0).unwrap().rings(&speck).is_none());
    }

    #[test]
    fn needless_vertices_go_also_across_the_seam() {
        let ring = |spots: &[Spot]| without_needless(spots.iter().copied());
        let square = vec![[0, 0], [4, 0], [4, 4], [0, 4]];
        let with_middles = [[2, 0], [4, 0], [4, 2], [4, 4], [4, 4], [0, 4], [0, 0]];
        let mut found = ring(&with_middles).unwrap();
        found.sort_unstable();
        let mut expected = square.clone();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(ring(&[[0, 0], [4, 0], [9, 0]]), None);
        assert_eq!(ring(&[[0, 0], [0, 0]]), None);
        assert_eq!(ring(&[]), None);
        assert_eq!(
            ring(&[[0, 0], [4, 0], [4, 4], [4, 9], [4, 4], [0, 4]]),
            Some(square)
        );
    }

    proptest! {
        #[test]
        fn no_ring_panics_or_keeps_a_straight_run(spots in proptest::collection::vec([-3..3_i32, -3..3_i32], 0..14)) {
            if let Some(ring) = without_needless(spots.into_iter()) {
                let n = ring.len();
                prop_assert!(n >= 3);
                for i in 0..n {
                    prop_assert!(!is_straight(ring[i], ring[(i + 1) % n], ring[(i + 2) % n]), "{ring:?}");
                }
            }
        }

        #[test]
        fn any_address_is_read_or_refused(z in "\\PC{0,4}", x in "[0-9-]{0,9}", y in "[0-9]{0,7}(\\.mvt)?") {
            let _ = TileId::parse(&z, &x, &y);
        }
    }
}
