//! The ground: a warped lattice whose cells share their vertices, cut into districts, streets and communities.
//!
//! Every border is drawn once: a vertex or a point halfway along an edge is computed from its place in the lattice and used by
//! every cell around it, and the border of a division is what is left when the edges inside it cancel. So cells and
//! divisions fit to the last bit. The city lies on open water off the coast, where no real city is.

use crate::SampleError;
use crate::luck::Luck;
use crate::names;
use grid::{Area, Division, UnitGrid};
use jiff::civil::Date;
use kernel::geo::{Crs, LocalPlane};
use kernel::{DistrictCode, DivisionCode, GridCode, Point};
use std::collections::{BTreeMap, BTreeSet};

/// Where rows of this program's own making come from.
pub const SOURCE: &str = "sample city (synthetic)";

const ROWS: usize = 34;
const COLUMNS: usize = 44;
/// The row along which the river runs, between the two river roads.
const RIVER: usize = 19;
const MIDDLE: (f64, f64) = (123.2, 30.2);
const DISTRICT_CODES: [&str; 3] = ["990101", "990102", "990103"];
/// The division that stands for the whole city.
pub(crate) const CITY_CODE: &str = "990100000000";

/// What the ground is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// 居住
    Homes,
    /// 商业
    Shops,
    /// 工业仓储
    Works,
    /// 绿地
    Green,
    /// 水域
    Water,
    /// 公共服务
    Campus,
}

impl Ground {
    fn word(self) -> &'static str {
        match self {
            Self::Homes => "居住",
            Self::Shops => "商业",
            Self::Works => "工业仓储",
            Self::Green => "绿地",
            Self::Water => "水域",
            Self::Campus => "公共服务",
        }
    }
    /// People living on a square kilometre of it.
    fn density(self) -> f64 {
        match self {
            Self::Homes => 11_500.0,
            Self::Shops => 7_000.0,
            Self::Works => 900.0,
            Self::Campus => 1_800.0,
            Self::Green | Self::Water => 0.0,
        }
    }
    /// How much there is to report from a square kilometre of it, compared with homes.
    pub(crate) fn bustle(self) -> f64 {
        match self {
            Self::Homes => 1.0,
            Self::Shops => 2.6,
            Self::Works => 0.45,
            Self::Campus => 1.1,
            Self::Green => 0.4,
            Self::Water => 0.15,
        }
    }
    /// What a report may name as near.
    pub(crate) fn landmarks(self) -> &'static [&'static str] {
        match self {
            Self::Homes => &names::HOMES,
            Self::Shops => &names::SHOPS,
            Self::Works => &names::WORKS,
            Self::Green => &names::GREEN,
            Self::Water => &names::WATER,
            Self::Campus => &names::CAMPUS,
        }
    }
}

/// A unit grid with what the maker of cases knows of it.
#[derive(Debug, Clone)]
pub struct Spot {
    /// Its code.
    pub grid: GridCode,
    /// What its ground is used for.
    pub ground: Ground,
    /// Its size in square kilometres.
    pub km2: f64,
    /// The positions of the spots it shares a border with.
    pub neighbours: Vec<usize>,
    /// The roads it lies on: north to south, west to east; names in both languages.
    pub roads: [(&'static str, &'static str); 2],
}

/// The territory of the sample city.
#[derive(Debug)]
pub(crate) struct Land {
    pub divisions: Vec<Division>,
    pub grids: Vec<UnitGrid>,
    /// One for each of `grids`, in the same order.
    pub spots: Vec<Spot>,
}

impl Land {
    /// A point inside a unit grid.
    pub(crate) fn point_in(&self, spot: usize, luck: &mut Luck) -> Point {
        let shape = &self.grids[spot].shape;
        let b = shape.bounds();
        for _ in 0..64 {
            let point = Point::new(
                micro(luck.between(b.west, b.east)),
                micro(luck.between(b.south, b.north)),
            );
            if let Some(point) = point.ok().filter(|p| shape.contains(*p)) {
                return point;
            }
        }
        shape.label_point()
    }
}

/// Seven decimals of a degree are a centimetre, and a number that every reader of JSON reads back exactly.
fn micro(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

/// A cell of the lattice: row from the north, column from the west.
type Cell = (usize, usize);
/// A node of the doubled lattice: even, even is a vertex; one odd is halfway along an edge.
type Node = (usize, usize);

/// Makes the territory.
pub(crate) fn make(seed: u64, valid_from: Date) -> Result<Land, SampleError> {
    let mut luck = Luck::new(seed, "land", 0);
    let nodes = Nodes::draw(&mut luck)?;
    let cells = city_cells();
    let communities = cut(&cells);
    let grounds = lay_out(&cells, &mut luck);
    let parcels = join(&communities, &grounds, &mut luck);
    let mut land = Land {
        divisions: Vec::new(),
        grids: Vec::new(),
        spots: Vec::new(),
    };
    let codes = codes()?;
    let mut members: BTreeMap<DivisionCode, Vec<Cell>> = BTreeMap::new();
    let mut residents: BTreeMap<DivisionCode, f64> = BTreeMap::new();
    let mut spot_of: BTreeMap<Cell, usize> = BTreeMap::new();
    let mut parts: Vec<Vec<Cell>> = Vec::new();
    for (community, code) in codes.iter().enumerate() {
        // Numbered west to east, north to south inside a community (`domain.md` §1.2).
        let own: Vec<&Vec<Cell>> = parcels
            .iter()
            .filter(|p| communities[&p[0]] == community)
            .collect();
        for (sequence, parcel) in (1..).zip(own) {
            let grid = GridCode::new(*code, sequence)?;
            let ground = grounds[&parcel[0]];
            let shape = nodes.outline(parcel)?;
            let row = UnitGrid {
                land_use: Some(ground.word().to_owned()),
                valid_from: Some(valid_from),
                ..UnitGrid::new(grid, shape, false, SOURCE)
            };
            let km2 = row.area_m2 / 1e6;
            let (r, c) = parcel[0];
            spot_of.extend(parcel.iter().map(|cell| (*cell, land.spots.len())));
            let roads = [names::AVENUES[c / 2], names::CROSSROADS[r / 2]];
            land.spots.push(Spot {
                grid,
                ground,
                km2,
                neighbours: Vec::new(),
                roads,
            });
            land.grids.push(row);
            parts.push(parcel.clone());
            let people = ground.density() * km2 * luck.factor(0.2);
            for division in std::iter::successors(Some(*code), |d| d.parent()).take(4) {
                members.entry(division).or_default().extend(parcel);
                *residents.entry(division).or_default() += people;
            }
        }
    }
    for (at, parcel) in parts.iter().enumerate() {
        let around: BTreeSet<usize> = parcel
            .iter()
            .flat_map(|cell| sides(*cell))
            .filter_map(|cell| spot_of.get(&cell).copied())
            .collect();
        land.spots[at].neighbours = around.into_iter().filter(|other| *other != at).collect();
    }
    for (code, cells) in &members {
        let people = residents[code].round() as i64;
        let (name, name_en) = name_of(*code, &codes);
        land.divisions.push(Division {
            name_en,
            parent: code.parent().filter(|_| code.as_str() != CITY_CODE),
            valid_from: Some(valid_from),
            residents: Some(people),
            households: Some((residents[code] / 2.62).round() as i64),
            shape: Some(nodes.outline(cells)?),
            ..Division::new(*code, name, SOURCE)
        });
    }
    Ok(land)
}

/// The codes of the 48 communities in order.
fn codes() -> Result<Vec<DivisionCode>, SampleError> {
    let mut codes = Vec::with_capacity(48);
    for district in DISTRICT_CODES {
        let district: DistrictCode = district.parse()?;
        for street in 1..=4 {
            let street = DivisionCode::street(district, street)?;
            for community in 1..=4 {
                codes.push(DivisionCode::community(street, community)?);
            }
        }
    }
    Ok(codes)
}

fn name_of(code: DivisionCode, codes: &[DivisionCode]) -> (String, Option<String>) {
    let first = codes
        .iter()
        .position(|c| code.contains(c))
        .unwrap_or_default();
    let (street, street_en, communities) = names::STREETS[first / 4];
    match code.level() {
        kernel::DivisionLevel::Community => {
            let (name, en) = communities[first % 4];
            (format!("{name}社区"), Some(format!("{en} Community")))
        }
        kernel::DivisionLevel::Street => (street.to_owned(), Some(street_en.to_owned())),
        kernel::DivisionLevel::District => {
            let (name, en) = names::DISTRICTS[first / 16];
            (name.to_owned(), Some(en.to_owned()))
        }
        _ => (names::CITY.0.to_owned(), Some(names::CITY.1.to_owned())),
    }
}

/// The four cells beside a cell; those off the lattice come out as cells nobody has.
fn sides((r, c): Cell) -> [Cell; 4] {
    [
        (r.wrapping_sub(1), c),
        (r + 1, c),
        (r, c.wrapping_sub(1)),
        (r, c + 1),
    ]
}

/// The cells of the city: the lattice without its corners.
fn city_cells() -> BTreeSet<Cell> {
    let inside = |at: usize, of: usize| ((at as f64 + 0.5) / of as f64 * 2.0 - 1.0).abs();
    let all = (0..ROWS).flat_map(|r| (0..COLUMNS).map(move |c| (r, c)));
    all.filter(|(r, c)| {
        let (x, y) = (inside(*c, COLUMNS), inside(*r, ROWS));
        x * x * x + y * y * y <= 1.0
    })
    .collect()
}

/// Cuts the city into 3 × 4 × 4 communities of about the same number of cells.
fn cut(cells: &BTreeSet<Cell>) -> BTreeMap<Cell, usize> {
    let by_column = |part: Vec<Cell>, n: usize| split(part, n, |(r, c)| (c, r));
    let by_row = |part: Vec<Cell>, n: usize| split(part, n, |(r, c)| (r, c));
    let quarters = |part: Vec<Cell>| {
        by_row(part, 2)
            .into_iter()
            .flat_map(|half| by_column(half, 2))
            .collect::<Vec<_>>()
    };
    let mut labels = BTreeMap::new();
    let mut next = 0;
    for district in by_column(cells.iter().copied().collect(), 3) {
        for street in quarters(district) {
            for community in quarters(street) {
                labels.extend(community.into_iter().map(|cell| (cell, next)));
                next += 1;
            }
        }
    }
    keep_whole(&mut labels);
    labels
}

fn split(mut part: Vec<Cell>, n: usize, key: impl Fn(Cell) -> (usize, usize)) -> Vec<Vec<Cell>> {
    part.sort_unstable_by_key(|cell| key(*cell));
    let size = part.len().div_ceil(n);
    part.chunks(size).map(<[Cell]>::to_vec).collect()
}

/// Gives pieces that a cut has left apart from their community to the community around them.
fn keep_whole(labels: &mut BTreeMap<Cell, usize>) {
    let mut seen = BTreeSet::new();
    let mut pieces: BTreeMap<usize, Vec<Vec<Cell>>> = BTreeMap::new();
    for (start, label) in labels.iter() {
        if !seen.insert(*start) {
            continue;
        }
        let (mut piece, mut at) = (vec![*start], 0);
        while at < piece.len() {
            for side in sides(piece[at]) {
                if labels.get(&side) == Some(label) && seen.insert(side) {
                    piece.push(side);
                }
            }
            at += 1;
        }
        pieces.entry(*label).or_default().push(piece);
    }
    for (label, mut apart) in pieces {
        apart.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
        for piece in apart.into_iter().skip(1) {
            let around = piece
                .iter()
                .flat_map(|cell| sides(*cell))
                .filter_map(|side| labels.get(&side).copied());
            if let Some(other) = around.filter(|other| *other != label).min() {
                labels.extend(piece.into_iter().map(|cell| (cell, other)));
            }
        }
    }
}

/// What each cell is used for: a river, and places that grow around centres; homes are everywhere else.
fn lay_out(cells: &BTreeSet<Cell>, luck: &mut Luck) -> BTreeMap<Cell, Ground> {
    // How many centres of each use there are, and how far each reaches, in cells.
    const CENTRES: [(Ground, usize, f64); 4] = [
        (Ground::Shops, 9, 2.3),
        (Ground::Green, 7, 2.2),
        (Ground::Campus, 12, 1.2),
        (Ground::Works, 4, 3.4),
    ];
    let all: Vec<Cell> = cells.iter().copied().collect();
    // Works lie where the city ends in the east and south.
    let outer: Vec<Cell> = all
        .iter()
        .copied()
        .filter(|(r, c)| *c > COLUMNS * 3 / 4 || *r > ROWS * 3 / 4)
        .collect();
    let mut centres = Vec::new();
    for (ground, count, reach) in CENTRES {
        let choice = if ground == Ground::Works {
            &outer
        } else {
            &all
        };
        for _ in 0..count {
            centres.push((ground, *luck.pick(choice), reach * luck.between(0.8, 1.25)));
        }
    }
    let distance =
        |(r, c): Cell, (s, d): Cell| libm::hypot(r as f64 - s as f64, c as f64 - d as f64);
    let of = |cell: Cell| {
        if cell.0 == RIVER {
            return Ground::Water;
        }
        let near = centres
            .iter()
            .filter(|(_, centre, reach)| distance(cell, *centre) <= *reach);
        near.map(|(ground, _, _)| *ground)
            .next()
            .unwrap_or(Ground::Homes)
    };
    all.iter().map(|cell| (*cell, of(*cell))).collect()
}

/// Joins two cells side by side into one where water, parks, works and campuses are kept whole. In order of row and column.
fn join(
    communities: &BTreeMap<Cell, usize>,
    grounds: &BTreeMap<Cell, Ground>,
    luck: &mut Luck,
) -> Vec<Vec<Cell>> {
    let mut taken = BTreeSet::new();
    let mut parcels = Vec::new();
    for (cell, community) in communities {
        if !taken.insert(*cell) {
            continue;
        }
        let mut parcel = vec![*cell];
        let east = (cell.0, cell.1 + 1);
        let fits = communities.get(&east) == Some(community) && grounds[&east] == grounds[cell];
        let is_wide = matches!(
            grounds[cell],
            Ground::Water | Ground::Green | Ground::Works | Ground::Campus
        );
        if fits && is_wide && luck.chance(0.8) {
            taken.insert(east);
            parcel.push(east);
        }
        parcels.push(parcel);
    }
    parcels
}

/// The nodes of the lattice on the ground.
struct Nodes(BTreeMap<Node, [f64; 2]>);

impl Nodes {
    fn draw(luck: &mut Luck) -> Result<Self, SampleError> {
        let plane = LocalPlane::at(Point::new(MIDDLE.0, MIDDLE.1)?);
        let (xs, ys) = (ticks(COLUMNS), ticks(ROWS));
        let waves: Vec<f64> = (0..4)
            .map(|_| luck.between(0.0, std::f64::consts::TAU))
            .collect();
        // Streets of an old town bend: two long waves each way, and a little of its own at every corner.
        let bend = |x: f64, y: f64| {
            let east = x
                + 130.0 * libm::sin(y / 900.0 + waves[0])
                + 55.0 * libm::sin(x / 1300.0 + y / 700.0 + waves[1]);
            let north = y
                + 210.0 * libm::sin(x / 1000.0 + waves[2])
                + 50.0 * libm::sin(y / 1200.0 - x / 800.0 + waves[3]);
            (east, north)
        };
        let mut metres: BTreeMap<Node, (f64, f64)> = BTreeMap::new();
        for (r, north) in ys.iter().enumerate() {
            for (c, east) in xs.iter().enumerate() {
                let (x, y) = bend(*east, -north);
                metres.insert(
                    (2 * r, 2 * c),
                    (x + luck.between(-17.0, 17.0), y + luck.between(-17.0, 17.0)),
                );
            }
        }
        let mut halfway = BTreeMap::new();
        for ((r, c), a) in &metres {
            for other in [(*r, c + 2), (r + 2, *c)] {
                let Some(b) = metres.get(&other) else {
                    continue;
                };
                let node = ((r + other.0) / 2, (c + other.1) / 2);
                let at = (
                    a.0.midpoint(b.0) + luck.between(-5.0, 5.0),
                    a.1.midpoint(b.1) + luck.between(-5.0, 5.0),
                );
                halfway.insert(node, at);
            }
        }
        metres.append(&mut halfway);
        let place = |(node, (x, y)): (Node, (f64, f64))| {
            let point = plane.point(x, y)?;
            Ok((node, [micro(point.lon()), micro(point.lat())]))
        };
        metres
            .into_iter()
            .map(place)
            .collect::<Result<_, SampleError>>()
            .map(Self)
    }

    /// The border of a set of cells: the edges that only one of them has, walked with the inside to the left.
    fn outline(&self, cells: &[Cell]) -> Result<Area, SampleError> {
        let mut open: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
        for (r, c) in cells.iter().map(|(r, c)| (2 * r, 2 * c)) {
            let ring = [
                (r + 2, c),
                (r + 2, c + 1),
                (r + 2, c + 2),
                (r + 1, c + 2),
                (r, c + 2),
                (r, c + 1),
                (r, c),
                (r + 1, c),
            ];
            for (at, from) in ring.iter().enumerate() {
                let to = ring[(at + 1) % ring.len()];
                let back = open
                    .get(&to)
                    .and_then(|ends| ends.iter().position(|end| end == from));
                if let Some(back) = back {
                    // The neighbour walks this edge the other way: it lies inside.
                    let ends = open.entry(to).or_default();
                    ends.swap_remove(back);
                    if ends.is_empty() {
                        open.remove(&to);
                    }
                } else {
                    open.entry(*from).or_default().push(to);
                }
            }
        }
        let mut polygons = Vec::new();
        while let Some(start) = open.keys().next().copied() {
            polygons.push(vec![self.ring(start, &mut open)]);
        }
        let geometry = serde_json::json!({ "type": "MultiPolygon", "coordinates": polygons });
        let geometry = match &polygons[..] {
            [one] => serde_json::json!({ "type": "Polygon", "coordinates": one }),
            _ => geometry,
        };
        Ok(Area::from_geojson(&geometry, Crs::Wgs84)?)
    }

    fn ring(&self, start: Node, open: &mut BTreeMap<Node, Vec<Node>>) -> Vec<[f64; 2]> {
        let (mut ring, mut before, mut at) = (vec![self.0[&start]], None, start);
        while let Some(mut ends) = open.remove(&at) {
            // Where two corners touch, the sharper turn to the left stays with the same cell.
            let next = match before {
                Some(before) if ends.len() > 1 => {
                    let sharpest = (0..ends.len())
                        .max_by_key(|n| turn(before, at, ends[*n]))
                        .unwrap_or_default();
                    ends.swap_remove(sharpest)
                }
                _ => ends.swap_remove(0),
            };
            if !ends.is_empty() {
                open.insert(at, ends);
            }
            ring.push(self.0[&next]);
            (before, at) = (Some(at), next);
            if at == start {
                break;
            }
        }
        ring
    }
}

/// More than 0 for a turn to the left, seen with north (lower rows) above.
fn turn(a: Node, b: Node, c: Node) -> i64 {
    let step = |from: Node, to: Node| (to.1 as i64 - from.1 as i64, from.0 as i64 - to.0 as i64);
    let ((ax, ay), (bx, by)) = (step(a, b), step(b, c));
    ax * by - ay * bx
}

/// Where the lines of the lattice lie, in metres from the middle: close in the centre, wide outside.
fn ticks(cells: usize) -> Vec<f64> {
    let width = |at: usize| {
        let t = (at as f64 + 0.5) / cells as f64 * 2.0 - 1.0;
        108.0 + 150.0 * t * t
    };
    let total: f64 = (0..cells).map(width).sum();
    let mut ticks = vec![-total / 2.0];
    for at in 0..cells {
        ticks.push(ticks[at] + width(at));
    }
    ticks
}
