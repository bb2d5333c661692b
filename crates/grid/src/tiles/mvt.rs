//! Vector tiles, written: layers of polygons and points with tags, as bytes.
//!
//! Source: *Mapbox Vector Tile Specification* 2.1 (protocol buffers, integer coordinates inside the tile, y downward). Only
//! what maps of a territory need: polygons, points, and tags that are texts or whole numbers.

use std::collections::HashMap;

/// How many units a tile has along each side.
pub const EXTENT: i32 = 4096;

/// A position in a tile: units to the right and downward from its upper left corner. Past the borders is allowed.
pub type Spot = [i32; 2];

/// A ring of positions that does not repeat its first; at least three.
pub type Ring = Vec<Spot>;

/// The value of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tag {
    /// A text.
    Text(String),
    /// A whole number.
    Number(u64),
}

impl From<&str> for Tag {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// What a feature's geometry is, by the numbers of the specification (§4.3.4).
#[derive(Clone, Copy)]
enum Kind {
    Point = 1,
    Polygon = 3,
}

/// One layer of a tile, filled feature by feature.
#[derive(Debug)]
pub struct Layer {
    name: &'static str,
    keys: Vec<&'static str>,
    values: Vec<Tag>,
    known: HashMap<Tag, u32>,
    features: Vec<Vec<u8>>,
}

impl Layer {
    /// An empty layer.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            keys: Vec::new(),
            values: Vec::new(),
            known: HashMap::new(),
            features: Vec::new(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// Adds a feature of one or more polygons: each an outer ring and the holes in it, turned either way. Rings that
    /// enclose nothing are left out; without any that encloses something there is no feature.
    pub fn polygons(&mut self, polygons: &[Vec<Ring>], tags: Vec<(&'static str, Tag)>) {
        let mut geometry = Geometry::default();
        for rings in polygons {
            for (at, ring) in rings.iter().enumerate() {
                // §4.3.4.4: the sum of the surveyor's formula is positive for an outer ring, negative for a hole.
                match (at == 0, twice_area(ring)) {
                    (true, 0) => break,
                    (false, 0) => {}
                    (is_outer, area) if (area > 0) == is_outer => geometry.ring(ring.iter()),
                    _ => geometry.ring(ring.iter().rev()),
                }
            }
        }
        if !geometry.commands.is_empty() {
            self.feature(Kind::Polygon, &geometry, tags);
        }
    }

    /// Adds a feature that is one point.
    pub fn point(&mut self, at: Spot, tags: Vec<(&'static str, Tag)>) {
        let mut geometry = Geometry::default();
        geometry.move_to(at);
        self.feature(Kind::Point, &geometry, tags);
    }

    fn feature(&mut self, kind: Kind, geometry: &Geometry, tags: Vec<(&'static str, Tag)>) {
        let mut indices = Vec::with_capacity(tags.len() * 2);
        for (key, value) in tags {
            indices.push(self.key(key));
            indices.push(self.value(value));
        }
        let mut feature = Vec::with_capacity(geometry.commands.len() + 16);
        packed(&mut feature, 2, &indices);
        number(&mut feature, 3, kind as u64);
        packed(&mut feature, 4, &geometry.commands);
        self.features.push(feature);
    }

    fn key(&mut self, key: &'static str) -> u32 {
        let at = self.keys.iter().position(|k| *k == key);
        let at = at.unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        });
        index(at)
    }

    fn value(&mut self, value: Tag) -> u32 {
        if let Some(at) = self.known.get(&value) {
            return *at;
        }
        let at = index(self.values.len());
        self.known.insert(value.clone(), at);
        self.values.push(value);
        at
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        bytes(&mut out, 1, self.name.as_bytes());
        for feature in &self.features {
            bytes(&mut out, 2, feature);
        }
        for key in &self.keys {
            bytes(&mut out, 3, key.as_bytes());
        }
        for value in &self.values {
            let mut one = Vec::new();
            match value {
                Tag::Text(text) => bytes(&mut one, 1, text.as_bytes()),
                Tag::Number(n) => number(&mut one, 5, *n),
            }
            bytes(&mut out, 4, &one);
        }
        number(&mut out, 5, EXTENT.unsigned_abs().into());
        number(&mut out, 15, 2);
        out
    }
}

/// A tile of these layers; those without a feature are left out, as §4.1 asks.
pub fn tile(layers: &[Layer]) -> Vec<u8> {
    let mut out = Vec::new();
    for layer in layers.iter().filter(|layer| !layer.is_empty()) {
        bytes(&mut out, 3, &layer.bytes());
    }
    out
}

/// Twice the area inside a ring by the surveyor's formula; positive where it runs clockwise as seen on a screen.
fn twice_area(ring: &[Spot]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1]))
        .sum()
}

/// Drawing commands (§4.3): each position is told from the one before.
#[derive(Default)]
struct Geometry {
    commands: Vec<u32>,
    pen: Spot,
}

impl Geometry {
    const MOVE_TO: u32 = 1;
    const LINE_TO: u32 = 2;
    const CLOSE_PATH: u32 = 7;

    fn command(&mut self, id: u32, count: usize) {
        self.commands.push((id & 7) | (index(count) << 3));
    }
    fn step(&mut self, to: Spot) {
        for (to, pen) in to.into_iter().zip(self.pen) {
            let by = to - pen;
            self.commands.push(((by << 1) ^ (by >> 31)).cast_unsigned());
        }
        self.pen = to;
    }
    fn move_to(&mut self, to: Spot) {
        self.command(Self::MOVE_TO, 1);
        self.step(to);
    }
    fn ring<'a>(&mut self, mut ring: impl ExactSizeIterator<Item = &'a Spot>) {
        let Some(first) = ring.next() else { return };
        self.move_to(*first);
        self.command(Self::LINE_TO, ring.len());
        for to in ring {
            self.step(*to);
        }
        self.command(Self::CLOSE_PATH, 1);
    }
}

fn index(n: usize) -> u32 {
    u32::try_from(n).expect("a tile has fewer than four billion of anything")
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn number(out: &mut Vec<u8>, field: u64, n: u64) {
    varint(out, field << 3);
    varint(out, n);
}

fn bytes(out: &mut Vec<u8>, field: u64, content: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn packed(out: &mut Vec<u8>, field: u64, numbers: &[u32]) {
    let mut content = Vec::with_capacity(numbers.len() * 2);
    for n in numbers {
        varint(&mut content, u64::from(*n));
    }
    bytes(out, field, &content);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(draw: impl FnOnce(&mut Geometry)) -> Vec<u32> {
        let mut geometry = Geometry::default();
        draw(&mut geometry);
        geometry.commands
    }

    #[test]
    fn geometries_are_those_of_the_specification() {
        // §4.3.5.1, a point; §4.3.5.5, a polygon.
        assert_eq!(commands(|g| g.move_to([25, 17])), [9, 50, 34]);
        let triangle = [[3, 6], [8, 12], [20, 34]];
        assert_eq!(
            commands(|g| g.ring(triangle.iter())),
            [9, 6, 12, 18, 10, 12, 24, 44, 15]
        );
        // §4.3.5.6, two polygons of which the second has a hole.
        let first = [[0, 0], [10, 0], [10, 10], [0, 10]];
        let second = [[11, 11], [20, 11], [20, 20], [11, 20]];
        let hole = [[13, 13], [13, 17], [17, 17], [17, 13]];
        let drawn = commands(|g| {
            for ring in [first, second, hole] {
                g.ring(ring.iter());
            }
        });
        assert_eq!(
            drawn,
            [
                9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4,
                13, 26, 0, 8, 8, 0, 0, 7, 15
            ]
        );
    }

    #[test]
    fn outer_rings_and_holes_are_turned_as_they_must_be() {
        let outer: Ring = vec![[0, 0], [10, 0], [10, 10], [0, 10]];
        let hole: Ring = vec![[2, 2], [2, 4], [4, 4], [4, 2]];
        let (mut turned_outer, mut turned_hole) = (outer.clone(), hole.clone());
        turned_outer.reverse();
        turned_hole.reverse();
        assert!(twice_area(&outer) > 0 && twice_area(&hole) < 0);
        let bytes_of = |outer: &Ring, hole: &Ring| {
            let mut layer = Layer::new("x");
            layer.polygons(&[vec![outer.clone(), hole.clone()]], Vec::new());
            assert_eq!(layer.features.len(), 1);
            tile(&[layer]).len()
        };
        let expected = bytes_of(&outer, &hole);
        assert_eq!(bytes_of(&turned_outer, &turned_hole), expected);
        let mut layer = Layer::new("x");
        layer.polygons(&[vec![turned_outer]], Vec::new());
        // The reversed ring begins at its last vertex and runs back to a clockwise one.
        assert!(layer.features[0].ends_with(&[9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15]));
    }

    #[test]
    fn what_encloses_nothing_is_left_out() {
        let mut layer = Layer::new("x");
        layer.polygons(&[vec![vec![[0, 0], [5, 0], [9, 0]]]], Vec::new());
        layer.polygons(&[], Vec::new());
        layer.polygons(&[vec![Vec::new()]], Vec::new());
        assert!(layer.is_empty());
        assert!(tile(&[layer]).is_empty());
    }

    #[test]
    fn a_tile_has_the_bytes_of_the_protocol() {
        let mut layer = Layer::new("n");
        layer.point([1, 2], vec![("a", "b".into()), ("l", Tag::Number(300))]);
        layer.point([1, 2], vec![("l", Tag::Number(300))]);
        #[rustfmt::skip]
        let expected = [
            0x1a, 47, // a layer
            0x0a, 1, b'n', // its name
            0x12, 13, 0x12, 4, 0, 0, 1, 1, 0x18, 1, 0x22, 3, 9, 2, 4, // tags, a point, its commands
            0x12, 11, 0x12, 2, 1, 1, 0x18, 1, 0x22, 3, 9, 2, 4, // shares key and value
            0x1a, 1, b'a', 0x1a, 1, b'l', // keys
            0x22, 3, 0x0a, 1, b'b', 0x22, 3, 0x28, 0xac, 0x02, // values
            0x28, 0x80, 0x20, 0x78, 2, // extent 4096, version 2
        ];
        let made = tile(&[layer]);
        assert_eq!(made[2..], expected[2..]);
        assert_eq!(usize::from(made[1]), made.len() - 2);
    }
}
