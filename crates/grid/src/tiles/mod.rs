//! Vector tiles of the territory, made from the snapshot in memory and kept while it stays the same.
//!
//! Two sets: `divisions` (every level from the zoom at which it can be told apart) and `grids` (the cells). Each tile has a
//! layer `areas` of polygons and a layer `names` of the points where names stand, both with the tag `code`. No database is
//! asked, and every process makes the same tiles.

mod mvt;
mod piles;
mod scheme;

pub use piles::{Circle, LAYER, Pile, Told, piles};
pub use scheme::{DEEPEST, TileId};

use crate::area::{Area, Bounds};
use crate::model::Division;
use crate::territory::Territory;
use flate2::Compression;
use flate2::write::GzEncoder;
use kernel::DivisionLevel;
use mvt::{Layer, Tag};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ui::MapTiles;

/// The media type of vector tiles.
pub const MEDIA_TYPE: &str = "application/vnd.mapbox-vector-tile";

/// What a tile shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TileSet {
    /// Divisions with a border.
    Divisions,
    /// Unit grids.
    Grids,
}

impl TileSet {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Divisions, Self::Grids];

    /// Its word in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Divisions => "divisions",
            Self::Grids => "grids",
        }
    }
}

const LEVELS: [DivisionLevel; 5] = [
    DivisionLevel::Province,
    DivisionLevel::City,
    DivisionLevel::District,
    DivisionLevel::Street,
    DivisionLevel::Community,
];

/// A level of division is drawn from the zoom at which its middle one is so many pixels wide; likewise the cells.
const DIVISION_PIXELS: f64 = 3.0;
const GRID_PIXELS: f64 = 4.0;

/// Tiles are kept up to so many bytes, the oldest go first.
const KEPT_BYTES: usize = 16 << 20;

/// A tile, ready to be sent.
#[derive(Debug)]
pub struct Tile {
    /// Its bytes; empty where there is nothing to show.
    pub bytes: Vec<u8>,
    /// The same, packed with gzip.
    pub gzip: Vec<u8>,
    /// A mark of its content, quoted as HTTP wants it.
    pub etag: String,
}

impl Tile {
    fn new(bytes: Vec<u8>) -> Self {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer
            .write_all(&bytes)
            .expect("a vector takes every write");
        let gzip = packer.finish().expect("a vector takes every write");
        let hash = Sha256::digest(&bytes);
        Self {
            gzip,
            etag: format!("\"{}\"", hex::encode(&hash[..12])),
            bytes,
        }
    }
    fn size(&self) -> usize {
        self.bytes.len() + self.gzip.len()
    }
}

/// The territory as it was looked at last, with what follows from it.
#[derive(Debug, Clone)]
struct View {
    territory: Arc<Territory>,
    version: String,
    /// The first zoom of each level of division that has borders.
    levels: Vec<(DivisionLevel, u8)>,
    /// The first zoom of the cells.
    grids: u8,
}

impl View {
    fn of(territory: Arc<Territory>) -> Self {
        let with_border = |level: DivisionLevel| {
            territory
                .bordered()
                .filter(move |(d, _)| d.level() == level)
                .map(|(_, shape)| shape.bounds())
        };
        let levels = LEVELS
            .into_iter()
            .filter_map(|level| Some((level, from_zoom(with_border(level), DIVISION_PIXELS)?)))
            .collect();
        let cells = territory.grids().iter().map(|g| g.shape.bounds());
        Self {
            version: version(&territory),
            levels,
            grids: from_zoom(cells, GRID_PIXELS).unwrap_or(DEEPEST),
            territory,
        }
    }

    fn bytes(&self, set: TileSet, tile: TileId) -> Vec<u8> {
        let (mut areas, mut names) = (Layer::new("areas"), Layer::new("names"));
        let mut add = |shape: &Area, named: bool, tags: Vec<(&'static str, Tag)>| {
            let Some(rings) = tile.rings(shape) else {
                return;
            };
            if let Some(at) = named.then(|| tile.spot(shape.label_point())).flatten() {
                names.point(at, tags.clone());
            }
            areas.polygons(&rings, tags);
        };
        match set {
            TileSet::Divisions => {
                for (division, shape) in self.territory.bordered() {
                    let is_shown = |(level, from): &(DivisionLevel, u8)| {
                        *level == division.level() && *from <= tile.zoom()
                    };
                    if self.levels.iter().any(is_shown) {
                        add(shape, true, tags_of(division));
                    }
                }
            }
            TileSet::Grids if tile.zoom() >= self.grids => {
                for grid in self.territory.grids() {
                    let is_named = tile.zoom() >= DEEPEST;
                    add(
                        &grid.shape,
                        is_named,
                        vec![("code", grid.code.as_str().into())],
                    );
                }
            }
            TileSet::Grids => {}
        }
        mvt::tile(&[areas, names])
    }
}

/// A box as a map takes it.
pub(crate) fn corners(b: Bounds) -> [f64; 4] {
    [b.west, b.south, b.east, b.north]
}

fn tags_of(division: &Division) -> Vec<(&'static str, Tag)> {
    let mut tags = vec![
        ("code", division.code.as_str().into()),
        ("name", division.name.as_str().into()),
        ("level", Tag::Number(division.level().digits() as u64)),
    ];
    if let Some(name) = &division.name_en {
        tags.push(("en", name.as_str().into()));
    }
    tags
}

/// The zoom from which the middle one of these boxes is at least so many pixels wide or high; none without boxes.
fn from_zoom(boxes: impl Iterator<Item = Bounds>, pixels: f64) -> Option<u8> {
    let mut extents: Vec<f64> = boxes
        .map(|b| (b.east - b.west).max(b.north - b.south))
        .collect();
    extents.sort_unstable_by(f64::total_cmp);
    let middle = extents.get(extents.len() / 2)?;
    let wide = |zoom: &u8| middle / 360.0 * 512.0 * f64::from(1_u32 << *zoom) >= pixels;
    Some((0..DEEPEST).find(wide).unwrap_or(DEEPEST))
}

/// A mark of everything the tiles show: the same territory has the same mark in every process.
fn version(territory: &Territory) -> String {
    let mut hash = Sha256::new();
    // So that tiles of a program that draws them otherwise are not taken for these.
    hash.update(env!("CARGO_PKG_VERSION"));
    let mut shape = |code: &str, names: [&str; 2], area: &Area| {
        for text in [code, names[0], names[1]] {
            hash.update(text);
            hash.update([0]);
        }
        for ring in area.rings() {
            for [lon, lat] in ring {
                hash.update(lon.to_le_bytes());
                hash.update(lat.to_le_bytes());
            }
            hash.update([1]);
        }
    };
    for (division, area) in territory.bordered() {
        let en = division.name_en.as_deref().unwrap_or_default();
        shape(division.code.as_str(), [&division.name, en], area);
    }
    for grid in territory.grids() {
        shape(grid.code.as_str(), ["", ""], &grid.shape);
    }
    hex::encode(&hash.finalize()[..8])
}

/// The tiles that are kept, oldest first.
#[derive(Debug, Default)]
struct Kept {
    tiles: HashMap<(TileSet, TileId), Arc<Tile>>,
    order: VecDeque<(TileSet, TileId)>,
    size: usize,
}

impl Kept {
    fn put(&mut self, key: (TileSet, TileId), tile: Arc<Tile>) {
        if self.tiles.contains_key(&key) || tile.size() > KEPT_BYTES {
            return;
        }
        self.size += tile.size();
        self.tiles.insert(key, tile);
        self.order.push_back(key);
        while self.size > KEPT_BYTES
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some(tile) = self.tiles.remove(&oldest) {
                self.size -= tile.size();
            }
        }
    }
}

#[derive(Debug, Default)]
struct Held {
    view: Option<View>,
    kept: Kept,
}

/// The tiles of a running program. Put one into its services.
pub struct Tiles {
    territory: Box<dyn Fn() -> Arc<Territory> + Send + Sync>,
    held: Mutex<Held>,
}

impl std::fmt::Debug for Tiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tiles").finish_non_exhaustive()
    }
}

impl Tiles {
    /// Tiles of the territory that `territory` answers with, asked anew for each tile.
    pub fn new(territory: impl Fn() -> Arc<Territory> + Send + Sync + 'static) -> Self {
        Self {
            territory: Box::new(territory),
            held: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self) -> View {
        let now = (self.territory)();
        let known = self.held().view.clone();
        if let Some(view) = known.filter(|view| Arc::ptr_eq(&view.territory, &now)) {
            return view;
        }
        // Outside the lock: a large territory takes some milliseconds, and tiles that are kept need not wait.
        let view = View::of(now);
        let mut held = self.held();
        if held.view.as_ref().map(|v| &v.version) != Some(&view.version) {
            held.kept = Kept::default();
        }
        held.view = Some(view.clone());
        view
    }

    /// A map of the whole territory that draws these sets. Their addresses name the version, so that a browser may keep
    /// the tiles for ever.
    pub fn map(&self, title: impl Into<String>, sets: &[TileSet]) -> ui::Map {
        let view = self.view();
        let tiles = sets.iter().map(|set| MapTiles {
            set: set.as_str(),
            url: format!(
                "/tiles/{}/{{z}}/{{x}}/{{y}}.mvt?v={}",
                set.as_str(),
                view.version
            ),
            from: match set {
                TileSet::Divisions => view.levels.iter().map(|(_, from)| *from).min(),
                TileSet::Grids => Some(view.grids),
            }
            .unwrap_or(0),
            to: DEEPEST,
        });
        ui::Map {
            title: title.into(),
            bounds: view.territory.bounds().map(corners),
            tiles: tiles.collect(),
            ..ui::Map::default()
        }
    }

    /// The territory the tiles are made of.
    pub fn territory(&self) -> Arc<Territory> {
        self.view().territory
    }

    /// The version of the tiles as they are now.
    pub fn version(&self) -> String {
        self.view().version
    }

    /// A tile, made or kept. Making one of ten thousand cells takes some tens of milliseconds.
    pub fn tile(&self, set: TileSet, tile: TileId) -> Arc<Tile> {
        let view = self.view();
        if let Some(kept) = self.held().kept.tiles.get(&(set, tile)) {
            return kept.clone();
        }
        let made = Arc::new(Tile::new(view.bytes(set, tile)));
        let mut held = self.held();
        if held.view.as_ref().map(|v| &v.version) == Some(&view.version) {
            held.kept.put((set, tile), made.clone());
        }
        made
    }
}
