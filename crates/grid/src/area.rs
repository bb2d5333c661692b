//! Areas on the ground: polygons with holes, in WGS 84 degrees.
//!
//! *The border rule.* A point on a border belongs to the area east and north of it: west and south borders are inside,
//! east and north ones are not. Two areas that share a border with the same vertices therefore never both hold a point
//! and never both miss it, to the last bit: the test of an edge does not depend on the direction it is walked.

use kernel::Point;
use kernel::geo::{Crs, EARTH_RADIUS_M, to_wgs84};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The largest number of vertices one area may have.
pub const MAX_VERTICES: usize = 200_000;

/// Why a geometry is not an area.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AreaError {
    /// Not a GeoJSON geometry, or not one of polygons.
    #[error("not a GeoJSON polygon or multipolygon: {0}")]
    NotAPolygon(String),
    /// Nothing in it.
    #[error("the polygon has no ring")]
    Empty,
    /// A ring that does not return to where it began.
    #[error("ring {ring} is not closed")]
    Open {
        /// Which ring, from 1.
        ring: usize,
    },
    /// A ring with fewer than three different vertices, or without extent.
    #[error("ring {ring} encloses nothing")]
    Flat {
        /// Which ring, from 1.
        ring: usize,
    },
    /// A coordinate that is missing, not a number or out of range.
    #[error("ring {ring}, vertex {vertex}: {reason}")]
    Vertex {
        /// Which ring, from 1.
        ring: usize,
        /// Which vertex, from 1.
        vertex: usize,
        /// What is wrong.
        reason: String,
    },
    /// More vertices than [`MAX_VERTICES`].
    #[error("more than {MAX_VERTICES} vertices")]
    TooLarge,
    /// Two edges that cross.
    #[error("the border crosses itself near {lon:.6}, {lat:.6}")]
    Crossing {
        /// Where, degrees east.
        lon: f64,
        /// Where, degrees north.
        lat: f64,
    },
}

/// A vertex: longitude, latitude; rounded to [`DECIMALS`].
pub type Vertex = [f64; 2];

/// Vertices are kept to nine decimals, a tenth of a millimetre: such numbers are written short and read back exactly.
pub const DECIMALS: i32 = 9;

/// A coordinate as vertices keep it.
pub(crate) fn rounded(degrees: f64) -> f64 {
    const UNITS: f64 = 1e9;
    (degrees * UNITS).round() / UNITS
}

/// A box in degrees, borders included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    /// Western border.
    pub west: f64,
    /// Southern border.
    pub south: f64,
    /// Eastern border.
    pub east: f64,
    /// Northern border.
    pub north: f64,
}

impl Bounds {
    /// The box around nothing: grows by the first vertex.
    pub(crate) const EMPTY: Self = Self {
        west: f64::INFINITY,
        south: f64::INFINITY,
        east: f64::NEG_INFINITY,
        north: f64::NEG_INFINITY,
    };
    pub(crate) fn grow(&mut self, [lon, lat]: Vertex) {
        self.west = self.west.min(lon);
        self.east = self.east.max(lon);
        self.south = self.south.min(lat);
        self.north = self.north.max(lat);
    }
    /// The box around both.
    pub fn joined(self, other: Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }
    /// Its middle.
    pub fn middle(&self) -> Point {
        point(
            self.west / 2.0 + self.east / 2.0,
            self.south / 2.0 + self.north / 2.0,
        )
    }
    /// Whether the point lies in the box, borders included.
    pub fn contains(&self, p: Point) -> bool {
        (self.west..=self.east).contains(&p.lon()) && (self.south..=self.north).contains(&p.lat())
    }
    /// Whether the boxes have more than a border in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.west < other.east
            && other.west < self.east
            && self.south < other.north
            && other.south < self.north
    }
}

/// One polygon: an outer ring and the holes in it. Rings do not repeat their first vertex.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    /// The outer border.
    pub outer: Vec<Vertex>,
    /// What is cut out.
    pub holes: Vec<Vec<Vertex>>,
}

/// An area of one or more polygons. Every coordinate is finite and in range; every ring has three vertices or more.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    polygons: Vec<Polygon>,
    bounds: Bounds,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Vec<Vec<f64>>>),
    MultiPolygon(Vec<Vec<Vec<Vec<f64>>>>),
}

impl Area {
    /// Reads a GeoJSON geometry whose coordinates are in `crs`.
    ///
    /// # Errors
    /// [`AreaError`] says what is wrong and where. Whether the border crosses itself is a question for
    /// [`Area::check_simple`].
    pub fn from_geojson(geometry: &serde_json::Value, crs: Crs) -> Result<Self, AreaError> {
        let parsed = Geometry::deserialize(geometry)
            .map_err(|e| AreaError::NotAPolygon(e.to_string().chars().take(160).collect()))?;
        let raw = match parsed {
            Geometry::Polygon(rings) => vec![rings],
            Geometry::MultiPolygon(polygons) => polygons,
        };
        let mut polygons = Vec::with_capacity(raw.len());
        let (mut ring_no, mut vertices) = (0, 0);
        for rings in raw {
            let mut read = Vec::with_capacity(rings.len());
            for ring in rings {
                ring_no += 1;
                vertices += ring.len();
                if vertices > MAX_VERTICES {
                    return Err(AreaError::TooLarge);
                }
                read.push(read_ring(&ring, ring_no, crs)?);
            }
            let mut read = read.into_iter();
            let outer = read.next().ok_or(AreaError::Empty)?;
            polygons.push(Polygon {
                outer,
                holes: read.collect(),
            });
        }
        Self::of(polygons)
    }

    /// An area of polygons whose coordinates are known to be good. Outer rings are turned counter-clockwise and holes
    /// clockwise, as RFC 7946 asks, so that what is stored reads back equal.
    pub(crate) fn of(mut polygons: Vec<Polygon>) -> Result<Self, AreaError> {
        if polygons.is_empty() {
            return Err(AreaError::Empty);
        }
        let turn = |ring: &mut Vec<Vertex>, counter_clockwise: bool| {
            if (signed_area(ring) > 0.0) != counter_clockwise {
                ring.reverse();
            }
        };
        for polygon in &mut polygons {
            turn(&mut polygon.outer, true);
            polygon.holes.iter_mut().for_each(|hole| turn(hole, false));
        }
        let mut bounds = Bounds::EMPTY;
        for vertex in polygons.iter().flat_map(|p| &p.outer) {
            bounds.grow(*vertex);
        }
        Ok(Self { polygons, bounds })
    }

    /// The rectangle between two corners, as drawn cells are.
    pub(crate) fn rectangle(bounds: Bounds) -> Self {
        let Bounds {
            west,
            south,
            east,
            north,
        } = bounds;
        let outer = vec![[west, south], [east, south], [east, north], [west, north]];
        Self {
            polygons: vec![Polygon {
                outer,
                holes: Vec::new(),
            }],
            bounds,
        }
    }

    /// The box around it.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }
    /// Its polygons.
    pub fn polygons(&self) -> &[Polygon] {
        &self.polygons
    }
    pub(crate) fn rings(&self) -> impl Iterator<Item = &Vec<Vertex>> {
        self.polygons
            .iter()
            .flat_map(|p| std::iter::once(&p.outer).chain(&p.holes))
    }
    /// Every edge, each ring closed.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (Vertex, Vertex)> + '_ {
        self.rings().flat_map(|ring| ring_edges(ring))
    }

    /// Whether the point lies in the area, by the border rule of this module.
    pub fn contains(&self, p: Point) -> bool {
        if !self.bounds.contains(p) {
            return false;
        }
        let mut inside = false;
        for (a, b) in self.edges() {
            inside ^= lies_west_of(p, a, b);
        }
        inside
    }

    /// Whether the point lies within `reach` degrees of the border.
    pub(crate) fn is_near_border(&self, p: Point, reach: f64) -> bool {
        self.edges()
            .any(|(a, b)| distance_sq(p, a, b) <= reach * reach)
    }

    /// Its size in square metres, on the mean sphere (within 0.5 % of the ellipsoid).
    pub fn square_metres(&self) -> f64 {
        self.polygons
            .iter()
            .map(|p| ring_area(&p.outer) - p.holes.iter().map(|h| ring_area(h)).sum::<f64>())
            .sum::<f64>()
            .max(0.0)
    }

    /// A point that stands for the area on a map: the middle of its box if that is inside, else the middle of the widest
    /// stretch inside along a line through the box.
    pub fn label_point(&self) -> Point {
        let Bounds {
            west,
            south,
            east,
            north,
        } = self.bounds;
        let middle = point(west / 2.0 + east / 2.0, south / 2.0 + north / 2.0);
        if self.contains(middle) {
            return middle;
        }
        let mut widest = (0.0, middle);
        for step in 1..16 {
            let lat = south + (north - south) * f64::from(step) / 16.0;
            let mut cuts: Vec<f64> = self
                .edges()
                .filter_map(|(a, b)| cut_at(lat, a, b))
                .collect();
            cuts.sort_unstable_by(f64::total_cmp);
            for pair in cuts.chunks_exact(2) {
                if pair[1] - pair[0] > widest.0 {
                    widest = (pair[1] - pair[0], point(pair[0] / 2.0 + pair[1] / 2.0, lat));
                }
            }
        }
        widest.1
    }

    /// Refuses an area whose border crosses or touches itself along an edge.
    ///
    /// # Errors
    /// [`AreaError::Crossing`] with the first place found.
    pub fn check_simple(&self) -> Result<(), AreaError> {
        // Sweep from west to east: only edges whose spans of longitude meet are compared.
        let mut edges: Vec<(Vertex, Vertex)> = self.edges().collect();
        edges.sort_unstable_by(|x, y| west_end(x).total_cmp(&west_end(y)));
        for (i, first) in edges.iter().enumerate() {
            let east = first.0[0].max(first.1[0]);
            for second in edges[i + 1..].iter().take_while(|e| west_end(e) <= east) {
                if let Some([lon, lat]) = crossing(*first, *second) {
                    return Err(AreaError::Crossing { lon, lat });
                }
            }
        }
        Ok(())
    }

    /// As a GeoJSON geometry, rings closed again.
    pub fn to_geojson(&self) -> serde_json::Value {
        let closed = |ring: &Vec<Vertex>| -> Vec<Vec<f64>> {
            ring.iter()
                .chain(ring.first())
                .map(|v| v.to_vec())
                .collect()
        };
        let rings = |p: &Polygon| -> Vec<Vec<Vec<f64>>> {
            std::iter::once(&p.outer)
                .chain(&p.holes)
                .map(closed)
                .collect()
        };
        let geometry = match &self.polygons[..] {
            [one] => Geometry::Polygon(rings(one)),
            many => Geometry::MultiPolygon(many.iter().map(rings).collect()),
        };
        serde_json::to_value(geometry).expect("finite numbers are JSON")
    }
}

/// The text form is the GeoJSON geometry in WGS 84, which is what the store keeps.
impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_geojson())
    }
}

impl FromStr for Area {
    type Err = AreaError;
    fn from_str(text: &str) -> Result<Self, AreaError> {
        let value =
            serde_json::from_str(text).map_err(|e| AreaError::NotAPolygon(e.to_string()))?;
        Self::from_geojson(&value, Crs::Wgs84)
    }
}

impl Serialize for Area {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.to_geojson().serialize(to)
    }
}

store::text_value!(Area);

fn read_ring(ring: &[Vec<f64>], number: usize, crs: Crs) -> Result<Vec<Vertex>, AreaError> {
    let mut out: Vec<Vertex> = Vec::with_capacity(ring.len());
    if ring.len() < 4 {
        return Err(AreaError::Flat { ring: number });
    }
    if ring.first() != ring.last() {
        return Err(AreaError::Open { ring: number });
    }
    for (at, position) in ring[..ring.len() - 1].iter().enumerate() {
        let refuse = |reason: String| AreaError::Vertex {
            ring: number,
            vertex: at + 1,
            reason,
        };
        let [lon, lat, ..] = position[..] else {
            return Err(refuse("fewer than two numbers".into()));
        };
        let p = Point::new(lon, lat).map_err(|e| refuse(e.to_string()))?;
        let p = to_wgs84(p, crs);
        let vertex = [rounded(p.lon()), rounded(p.lat())];
        // A repeated vertex adds nothing and would look like a crossing.
        if out.last() != Some(&vertex) {
            out.push(vertex);
        }
    }
    if out.len() > 1 && out.first() == out.last() {
        out.pop();
    }
    if out.len() < 3 || signed_area(&out) == 0.0 {
        return Err(AreaError::Flat { ring: number });
    }
    Ok(out)
}

fn point(lon: f64, lat: f64) -> Point {
    Point::new(lon, lat).expect("between coordinates that are in range")
}

fn ring_edges(ring: &[Vertex]) -> impl Iterator<Item = (Vertex, Vertex)> + '_ {
    let next = ring.iter().cycle().skip(1);
    ring.iter().copied().zip(next.copied())
}

/// Whether a ray from `p` to the east crosses the edge. The lower end of the edge counts, the upper does not; a point on
/// the edge does not lie west of it. The edge is always looked at from its southern end.
fn lies_west_of(p: Point, a: Vertex, b: Vertex) -> bool {
    let (a, b) = if a[1] <= b[1] { (a, b) } else { (b, a) };
    if !(a[1] <= p.lat() && p.lat() < b[1]) {
        return false;
    }
    let cross = (b[0] - a[0]) * (p.lat() - a[1]) - (b[1] - a[1]) * (p.lon() - a[0]);
    cross > 0.0
}

/// Where the edge crosses a parallel, by the same half-open rule.
fn cut_at(lat: f64, a: Vertex, b: Vertex) -> Option<f64> {
    let (a, b) = if a[1] <= b[1] { (a, b) } else { (b, a) };
    (a[1] <= lat && lat < b[1]).then(|| a[0] + (b[0] - a[0]) * (lat - a[1]) / (b[1] - a[1]))
}

fn distance_sq(p: Point, a: Vertex, b: Vertex) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let (px, py) = (p.lon() - a[0], p.lat() - a[1]);
    let length_sq = dx * dx + dy * dy;
    let t = if length_sq > 0.0 {
        ((px * dx + py * dy) / length_sq).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (px - t * dx).powi(2) + (py - t * dy).powi(2)
}

/// Twice-signed area in square degrees, counter-clockwise positive; relative to the first vertex to keep digits.
pub(crate) fn signed_area(ring: &[Vertex]) -> f64 {
    let Some(&[x0, y0]) = ring.first() else {
        return 0.0;
    };
    ring_edges(ring)
        .map(|(a, b)| (a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0))
        .sum::<f64>()
        / 2.0
}

/// Square metres inside a ring on the sphere: the sum of the strips between each edge and the equator
/// (Chamberlain & Duquette 2007, "Some algorithms for polygons on a sphere"), taken from the ring's own south.
fn ring_area(ring: &[Vertex]) -> f64 {
    let sum: f64 = ring_edges(ring)
        .map(|(a, b)| {
            (b[0] - a[0]).to_radians() * (a[1].to_radians().sin() + b[1].to_radians().sin())
        })
        .sum();
    (sum * EARTH_RADIUS_M * EARTH_RADIUS_M / 2.0).abs()
}

fn west_end(edge: &(Vertex, Vertex)) -> f64 {
    edge.0[0].min(edge.1[0])
}

fn turn(a: Vertex, b: Vertex, c: Vertex) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Where two edges cross inside both, or lie on each other; none where they only share an end or touch with an end.
fn crossing(first: (Vertex, Vertex), second: (Vertex, Vertex)) -> Option<Vertex> {
    let ((a, b), (c, d)) = (first, second);
    let apart = a[1].max(b[1]) < c[1].min(d[1]) || c[1].max(d[1]) < a[1].min(b[1]);
    if apart {
        return None;
    }
    let (c_side, d_side) = (turn(a, b, c), turn(a, b, d));
    let (a_side, b_side) = (turn(c, d, a), turn(c, d, b));
    if c_side * d_side < 0.0 && a_side * b_side < 0.0 {
        let t = a_side / (a_side - b_side);
        return Some([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]);
    }
    let on_one_line = c_side == 0.0 && d_side == 0.0;
    (on_one_line && overlap_length(a, b, c, d) > 0.0).then_some(c)
}

/// How much two collinear edges overlap, along the axis in which the first is longer.
fn overlap_length(a: Vertex, b: Vertex, c: Vertex, d: Vertex) -> f64 {
    let axis = usize::from((b[1] - a[1]).abs() > (b[0] - a[0]).abs());
    let span = |u: Vertex, v: Vertex| (u[axis].min(v[axis]), u[axis].max(v[axis]));
    let ((lo, hi), (from, to)) = (span(a, b), span(c, d));
    hi.min(to) - lo.max(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(json: &str) -> Result<Area, AreaError> {
        json.parse()
    }
    fn at(lon: f64, lat: f64) -> Point {
        Point::new(lon, lat).unwrap()
    }

    #[test]
    fn a_hole_is_outside_and_its_west_border_too() {
        let a = area(r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]],[[1,1],[1,2],[2,2],[2,1],[1,1]]]}"#).unwrap();
        assert!(a.contains(at(0.5, 0.5)) && a.contains(at(0.0, 0.0)));
        assert!(!a.contains(at(1.5, 1.5)) && !a.contains(at(1.0, 1.0)));
        assert!(a.contains(at(2.0, 1.5)));
        assert!(!a.contains(at(4.0, 2.0)) && !a.contains(at(2.0, 4.0)));
    }

    #[test]
    fn what_is_not_an_area_is_refused_with_the_place() {
        let cases = [
            ("{}", "not a GeoJSON"),
            (r#"{"type":"Point","coordinates":[1,2]}"#, "not a GeoJSON"),
            (r#"{"type":"Polygon","coordinates":[]}"#, "no ring"),
            (r#"{"type":"MultiPolygon","coordinates":[]}"#, "no ring"),
            (
                r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#,
                "ring 1 is not closed",
            ),
            (
                r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[2,0],[0,0]]]}"#,
                "encloses nothing",
            ),
            (
                r#"{"type":"Polygon","coordinates":[[[0,0],[1],[1,1],[0,0]]]}"#,
                "vertex 2: fewer",
            ),
            (
                r#"{"type":"Polygon","coordinates":[[[0,0],[999,0],[1,1],[0,0]]]}"#,
                "vertex 2: longitude 999",
            ),
            ("nonsense", "not a GeoJSON"),
        ];
        for (json, reason) in cases {
            let error = area(json).unwrap_err().to_string();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }

    #[test]
    fn a_bow_tie_crosses_itself_and_a_ring_with_a_hole_does_not() {
        let bow =
            area(r#"{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,3],[0,0]]]}"#).unwrap();
        assert!(matches!(
            bow.check_simple(),
            Err(AreaError::Crossing { .. })
        ));
        let there_and_back = area(r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[2,0.5],[2,0],[3,0],[3,-1],[0,0]]]}"#).unwrap();
        assert!(there_and_back.check_simple().is_err());
        let fine = area(r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]],[[1,1],[1,2],[2,2],[2,1],[1,1]]]}"#).unwrap();
        assert_eq!(fine.check_simple(), Ok(()));
    }

    #[test]
    fn a_hundred_metre_square_has_a_hectare() {
        let plane = kernel::geo::LocalPlane::at(at(118.0, 24.5));
        let corner = |x, y| {
            let p = plane.point(x, y).unwrap();
            [p.lon(), p.lat()]
        };
        let outer = vec![
            corner(0.0, 0.0),
            corner(100.0, 0.0),
            corner(100.0, 100.0),
            corner(0.0, 100.0),
        ];
        let a = Area::of(vec![Polygon {
            outer,
            holes: vec![],
        }])
        .unwrap();
        assert!((a.square_metres() - 10_000.0).abs() < 10.0);
    }

    #[test]
    fn the_text_form_reads_back_equal() {
        let text = r#"{"type":"MultiPolygon","coordinates":[[[[0.0,0.0],[4.0,0.0],[4.0,4.0],[0.0,0.0]]],[[[5.0,5.0],[6.0,5.0],[6.0,6.0],[5.0,5.0]]]]}"#;
        let a = area(text).unwrap();
        assert_eq!(a.to_string(), text);
        assert_eq!(a.to_string().parse::<Area>().unwrap(), a);
    }

    #[test]
    fn a_label_lies_inside_even_a_crescent() {
        let a = area(r#"{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,8],[8,8],[8,1],[0,1],[0,0]]]}"#).unwrap();
        assert!(a.contains(a.label_point()));
    }
}
