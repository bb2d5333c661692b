//! The territory in memory: an immutable index that tells in which cell a point lies and how divisions hang together.
//!
//! `locate` is exact and pure. Cells that share a border share every point of it out by the border rule of
//! [`crate::area`]. Where borders do not fit to the last bit (a vertex of one cell on the edge of another), a point that
//! no cell holds but that lies within [`BORDER_REACH_DEG`] of some belongs to the one with the lowest code; so does a
//! point that several hold.

use crate::area::{Area, Bounds};
use crate::model::{Beat, Division, UnitGrid, in_force};
use access::AccountId;
use jiff::civil::{Date, DateTime};
use kernel::{DivisionCode, DivisionLevel, GridCode, Point};
use std::collections::{BTreeMap, HashMap};

/// How close to a border a point counts as on it: 1e-9 degrees, a tenth of a millimetre.
pub const BORDER_REACH_DEG: f64 = 1e-9;

/// Divisions, cells and beats as they stand on one day.
#[derive(Debug)]
pub struct Territory {
    divisions: BTreeMap<DivisionCode, Division>,
    children: BTreeMap<DivisionCode, Vec<DivisionCode>>,
    /// In force, ascending by code.
    grids: Vec<UnitGrid>,
    grid_index: SpatialHash,
    /// Divisions with a border, deepest first, then by code.
    shaped: Vec<DivisionCode>,
    shape_index: SpatialHash,
    beats: BTreeMap<String, Beat>,
    beat_of_grid: HashMap<GridCode, String>,
}

impl Default for Territory {
    fn default() -> Self {
        Self::build(
            Vec::new(),
            Vec::new(),
            Vec::new(),
            Date::constant(1970, 1, 1),
        )
    }
}

impl Territory {
    /// Builds the index of what is in force on a day. Divisions out of force keep their names but hold no point.
    pub fn build(
        divisions: Vec<Division>,
        grids: Vec<UnitGrid>,
        beats: Vec<Beat>,
        on: Date,
    ) -> Self {
        let divisions: BTreeMap<_, _> = divisions.into_iter().map(|d| (d.code, d)).collect();
        let mut children = BTreeMap::<_, Vec<_>>::new();
        for division in divisions.values() {
            if let Some(parent) = division.parent {
                children.entry(parent).or_default().push(division.code);
            }
        }
        let mut grids: Vec<UnitGrid> = grids
            .into_iter()
            .filter(|g| in_force(g.valid_from, g.valid_to, on))
            .collect();
        grids.sort_unstable_by_key(|g| g.code);
        grids.dedup_by_key(|g| g.code);
        let grid_index = SpatialHash::new(grids.iter().map(|g| g.shape.bounds()));
        let mut shaped: Vec<DivisionCode> = divisions
            .values()
            .filter(|d| d.shape.is_some() && in_force(d.valid_from, d.valid_to, on))
            .map(|d| d.code)
            .collect();
        shaped.sort_unstable_by_key(|code| (std::cmp::Reverse(code.level()), *code));
        let shape_index = SpatialHash::new(
            shaped
                .iter()
                .filter_map(|code| divisions[code].shape.as_ref())
                .map(Area::bounds),
        );
        let beats: BTreeMap<_, _> = beats
            .into_iter()
            .filter(|b| in_force(b.valid_from, b.valid_to, on))
            .map(|b| (b.code.clone(), b))
            .collect();
        let mut beat_of_grid = HashMap::new();
        for beat in beats.values() {
            for grid in &beat.grids {
                beat_of_grid
                    .entry(*grid)
                    .or_insert_with(|| beat.code.clone());
            }
        }
        Self {
            divisions,
            children,
            grids,
            grid_index,
            shaped,
            shape_index,
            beats,
            beat_of_grid,
        }
    }

    /// The cell in which the point lies.
    pub fn locate(&self, p: Point) -> Option<GridCode> {
        let at = self.grid_index.first(p, |i| &self.grids[i].shape)?;
        Some(self.grids[at].code)
    }
    /// The deepest division in which the point lies: the community of its cell, else the deepest one whose border is
    /// known and holds it.
    pub fn division_at(&self, p: Point) -> Option<DivisionCode> {
        if let Some(grid) = self.locate(p) {
            return Some(grid.community());
        }
        let shape = |i: usize| {
            let shape = self.divisions[&self.shaped[i]].shape.as_ref();
            shape.expect("only divisions with a border are in this index")
        };
        self.shape_index.first(p, shape).map(|at| self.shaped[at])
    }
    /// A division, in force or not.
    pub fn division(&self, code: DivisionCode) -> Option<&Division> {
        self.divisions.get(&code)
    }
    /// All divisions, ascending by code.
    pub fn divisions(&self) -> impl Iterator<Item = &Division> {
        self.divisions.values()
    }
    /// The divisions in force with a border, and it: the deepest first, then by code.
    pub fn bordered(&self) -> impl Iterator<Item = (&Division, &Area)> {
        let both = |code: &DivisionCode| {
            let division = &self.divisions[code];
            Some((division, division.shape.as_ref()?))
        };
        self.shaped.iter().filter_map(both)
    }
    /// The divisions right below one, ascending.
    pub fn children(&self, code: DivisionCode) -> impl Iterator<Item = &Division> {
        let codes = self.children.get(&code).map_or(&[][..], Vec::as_slice);
        codes.iter().map(|code| &self.divisions[code])
    }
    /// The divisions above one that are known, from the nearest up. Where a level is missing the next one counts.
    pub fn ancestors(&self, code: DivisionCode) -> Vec<&Division> {
        // A parent that is not above by level would run in circles: go by level then.
        let mut out: Vec<&Division> = Vec::new();
        let mut at = code;
        loop {
            let stated = self.divisions.get(&at).and_then(|d| d.parent);
            let up = stated
                .filter(|up| up.level() < at.level())
                .or_else(|| at.parent());
            let Some(up) = up else { return out };
            out.extend(self.divisions.get(&up));
            at = up;
        }
    }
    /// The division itself or the nearest one above it that has this level.
    pub fn at_level(&self, code: DivisionCode, level: DivisionLevel) -> Option<&Division> {
        let own = self.divisions.get(&code).filter(|d| d.level() == level);
        own.or_else(|| {
            self.ancestors(code)
                .into_iter()
                .find(|d| d.level() == level)
        })
    }
    /// The name of a division, or its code where no name is known.
    pub fn name(&self, code: DivisionCode) -> String {
        self.divisions
            .get(&code)
            .map_or_else(|| code.to_string(), |d| d.name.clone())
    }
    /// The name of a division in a reader's language, or its code where no name is known.
    pub fn name_in(&self, code: DivisionCode, lang: ui::Lang) -> String {
        self.divisions
            .get(&code)
            .map_or_else(|| code.to_string(), |d| d.name_in(lang).to_owned())
    }
    /// A cell in force.
    pub fn grid(&self, code: GridCode) -> Option<&UnitGrid> {
        let at = self.grids.binary_search_by_key(&code, |g| g.code).ok()?;
        Some(&self.grids[at])
    }
    /// The community a cell belongs to, by its code.
    pub fn community_of(&self, grid: GridCode) -> Option<&Division> {
        self.divisions.get(&grid.community())
    }
    /// All cells in force, ascending by code.
    pub fn grids(&self) -> &[UnitGrid] {
        &self.grids
    }
    /// The cells in a division, ascending by code.
    pub fn grids_in(&self, division: DivisionCode) -> &[UnitGrid] {
        let prefix = division.prefix();
        let from = self.grids.partition_point(|g| g.code.as_str() < prefix);
        let len = self.grids[from..].partition_point(|g| g.code.as_str().starts_with(prefix));
        &self.grids[from..from + len]
    }
    /// The box around a division: its own border's, else that of its cells.
    pub fn bounds_of(&self, division: DivisionCode) -> Option<Bounds> {
        let own = self
            .divisions
            .get(&division)
            .and_then(|d| d.shape.as_ref())
            .map(Area::bounds);
        own.or_else(|| joined(self.grids_in(division).iter().map(|g| g.shape.bounds())))
    }
    /// The box around everything with a border.
    pub fn bounds(&self) -> Option<Bounds> {
        let shapes = self
            .shaped
            .iter()
            .filter_map(|code| self.divisions[code].shape.as_ref());
        joined(
            shapes
                .map(Area::bounds)
                .chain(self.grids.iter().map(|g| g.shape.bounds())),
        )
    }
    /// A beat in force.
    pub fn beat(&self, code: &str) -> Option<&Beat> {
        self.beats.get(code)
    }
    /// All beats in force, ascending by code.
    pub fn beats(&self) -> impl Iterator<Item = &Beat> {
        self.beats.values()
    }
    /// The beat a cell belongs to; the lowest code if several claim it.
    pub fn beat_of(&self, grid: GridCode) -> Option<&Beat> {
        self.beats.get(self.beat_of_grid.get(&grid)?)
    }
    /// Who is on duty for a cell at a local time; none means that work goes to the pool.
    pub fn worker_on_duty(&self, grid: GridCode, at: DateTime) -> Option<AccountId> {
        crate::rules::on_duty(&self.beat_of(grid)?.shifts, at)
    }
}

fn joined(mut boxes: impl Iterator<Item = Bounds>) -> Option<Bounds> {
    let first = boxes.next()?;
    Some(boxes.fold(first, Bounds::joined))
}

/// Buckets of several sizes: an item lies on the level whose buckets are just larger than it, in at most nine of them. A
/// look-up costs one bucket a level, wherever on Earth the items lie and however unequal they are.
#[derive(Debug, Default)]
pub(crate) struct SpatialHash {
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    size: f64,
    buckets: HashMap<(i32, i32), Vec<u32>>,
}

impl Level {
    fn bucket(&self, lon: f64, lat: f64) -> (i32, i32) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "360 degrees by buckets of 0.0005 stay below a million"
        )]
        let cell = |v: f64| (v / self.size).floor() as i32;
        (cell(lon), cell(lat))
    }
}

impl SpatialHash {
    /// The smallest bucket in degrees, about 50 m.
    const SMALLEST: f64 = 0.0005;

    pub(crate) fn new(boxes: impl Iterator<Item = Bounds>) -> Self {
        let mut by_level = BTreeMap::<u32, Level>::new();
        for (item, b) in boxes.enumerate() {
            let extent = (b.east - b.west).max(b.north - b.south) + 2.0 * BORDER_REACH_DEG;
            let rank = (extent / Self::SMALLEST).log(4.0).ceil().max(0.0) as u32;
            let level = by_level.entry(rank).or_insert_with(|| Level {
                size: Self::SMALLEST * 4_f64.powi(rank as i32),
                buckets: HashMap::new(),
            });
            let (x0, y0) = level.bucket(b.west - BORDER_REACH_DEG, b.south - BORDER_REACH_DEG);
            let (x1, y1) = level.bucket(b.east + BORDER_REACH_DEG, b.north + BORDER_REACH_DEG);
            let item = u32::try_from(item).expect("fewer than four billion areas");
            for x in x0..=x1 {
                for y in y0..=y1 {
                    level.buckets.entry((x, y)).or_default().push(item);
                }
            }
        }
        Self {
            levels: by_level.into_values().collect(),
        }
    }

    fn candidates(&self, p: Point) -> impl Iterator<Item = usize> + '_ {
        self.levels
            .iter()
            .filter_map(move |level| level.buckets.get(&level.bucket(p.lon(), p.lat())))
            .flatten()
            .map(|item| *item as usize)
    }

    /// The lowest item that holds the point, else the lowest on whose border it lies.
    fn first<'a>(&self, p: Point, shape: impl Fn(usize) -> &'a Area) -> Option<usize> {
        self.holder(p, &shape).or_else(|| {
            self.candidates(p)
                .filter(|i| shape(*i).is_near_border(p, BORDER_REACH_DEG))
                .min()
        })
    }

    /// The lowest item that holds the point by the border rule.
    pub(crate) fn holder<'a>(&self, p: Point, shape: impl Fn(usize) -> &'a Area) -> Option<usize> {
        self.candidates(p).filter(|i| shape(*i).contains(p)).min()
    }

    /// Pairs of items whose buckets meet, each once, lower first.
    pub(crate) fn neighbours(&self, boxes: &[Bounds]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (at, b) in boxes.iter().enumerate() {
            for level in &self.levels {
                let (x0, y0) = level.bucket(b.west, b.south);
                let (x1, y1) = level.bucket(b.east, b.north);
                // A large item over many small buckets is met from the side of the small ones.
                if i64::from(x1 - x0 + 1) * i64::from(y1 - y0 + 1) > 64 {
                    continue;
                }
                for x in x0..=x1 {
                    for y in y0..=y1 {
                        let items = level.buckets.get(&(x, y)).into_iter().flatten();
                        pairs.extend(
                            items
                                .map(|other| *other as usize)
                                .filter(|o| *o != at)
                                .map(|o| (at.min(o), at.max(o))),
                        );
                    }
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}
