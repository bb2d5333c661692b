//! Drawing square cells: where points lie that no cell holds ([`plan_for_points`]), or over whole areas
//! ([`plan_for_areas`]). Pure: the caller stores what comes out.
//!
//! *Numbers.* A code has three digits for the cell, three for the community, three for the street. So cells are taken in
//! blocks of 31 by 31 (961 ≤ 999): a block is a community, a block of blocks a street. For points a cell's number follows
//! from its place in its block, west to east, north to south; whatever is drawn later, it keeps its number. For areas,
//! which are drawn at once, cells are counted without leaving numbers out.

use crate::area::{Area, Bounds, rounded};
use crate::clip;
use crate::model::{Division, Lattice, UnitGrid};
use crate::rules::MAX_CELLS_PER_COMMUNITY;
use kernel::geo::LocalPlane;
use kernel::{DistrictCode, DivisionCode, DivisionLevel, GridCode, Point};
use std::collections::{BTreeMap, BTreeSet};

/// Cells a side of a block.
pub const BLOCK: i64 = 31;
/// How many rings of streets around the first can be numbered: (2 × 15 + 1)² = 961.
const RINGS: i64 = 15;
/// The smallest and the largest cell, in metres.
pub const METRES: std::ops::RangeInclusive<u32> = 10..=5_000;
/// The most cells one drawing may make.
pub const MAX_CELLS: usize = 2_000_000;
/// The source of what is drawn.
pub const SOURCE: &str = "drawn";

/// Why nothing can be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DrawError {
    /// A size outside [`METRES`].
    #[error("a cell of {0} m: the side must lie within 10..=5000 m")]
    Metres(u32),
    /// The district has cells of another size.
    #[error("district {district} has cells of {there} m; draw with the same size, not {wanted} m")]
    OtherSize {
        /// Which district.
        district: DistrictCode,
        /// The size that is there.
        there: u32,
        /// The size asked for.
        wanted: u32,
    },
    /// No street number is left.
    #[error("district {0} has no street number left to draw under")]
    NoStreetLeft(DistrictCode),
    /// More cells than [`MAX_CELLS`].
    #[error("more than {MAX_CELLS} cells: draw larger ones")]
    TooMany,
    /// More cells than the community can number.
    #[error(
        "{cells} cells in community {community}, at most {MAX_CELLS_PER_COMMUNITY} can be numbered: draw larger ones"
    )]
    TooManyInCommunity {
        /// Which community.
        community: DivisionCode,
        /// How many cells it would have.
        cells: usize,
    },
    /// More communities than the street or district can number.
    #[error("{communities} communities would be needed in {division}: draw larger cells")]
    TooManyCommunities {
        /// Where.
        division: DivisionCode,
        /// How many.
        communities: usize,
    },
    /// An area that is neither a district nor below one.
    #[error("{0} is above a district: draw districts, streets or communities")]
    TooHigh(DivisionCode),
}

/// A cell of a lattice: rows count southward, columns eastward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// The row.
    pub row: i64,
    /// The column.
    pub column: i64,
}

impl Lattice {
    /// A lattice over points: its corner lies north-west of nearly all of them, its cells are square at their middle.
    ///
    /// One point in two hundred may lie outside on each side, so that a few bad coordinates do not move the corner.
    pub fn over(
        district: DistrictCode,
        metres: u32,
        points: &[Point],
        first_street: u16,
    ) -> Result<Self, DrawError> {
        if !METRES.contains(&metres) {
            return Err(DrawError::Metres(metres));
        }
        let quantile = |mut values: Vec<f64>, share: f64| -> f64 {
            values.sort_unstable_by(f64::total_cmp);
            let last = values.len().saturating_sub(1);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place in the list"
            )]
            let at = (last as f64 * share).round() as usize;
            values.get(at).copied().unwrap_or_default()
        };
        let (lons, lats): (Vec<f64>, Vec<f64>) = points.iter().map(|p| (p.lon(), p.lat())).unzip();
        let middle = quantile(lats.clone(), 0.5);
        let (west, north) = (quantile(lons, 0.005), quantile(lats, 0.995));
        // Rounded outward to a thousandth of a degree: the corner is readable and no point lies on it.
        let (west, north) = (
            (west * 1000.0).floor() / 1000.0,
            (north * 1000.0).floor() / 1000.0 + 0.001,
        );
        let (step_lon, step_lat) = steps(metres, middle);
        Ok(Self {
            district,
            metres,
            west,
            north,
            step_lon,
            step_lat,
            first_street,
        })
    }

    /// The cell in which a point lies: west and south borders belong to it, as everywhere.
    pub fn cell(&self, p: Point) -> Cell {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "360 degrees by cells of ten metres stay far below 2^53"
        )]
        let index = |v: f64| v.floor() as i64;
        let mut column = index((p.lon() - self.west) / self.step_lon);
        let mut row = index((self.north - p.lat()) / self.step_lat);
        // The division may round across a border; the border as drawn decides.
        while p.lon() < self.lon(column) {
            column -= 1;
        }
        while p.lon() >= self.lon(column + 1) {
            column += 1;
        }
        while p.lat() >= self.lat(row) {
            row -= 1;
        }
        while p.lat() < self.lat(row + 1) {
            row += 1;
        }
        Cell { row, column }
    }
    /// The meridian on which a column begins.
    #[expect(clippy::cast_precision_loss, reason = "columns stay far below 2^53")]
    fn lon(&self, column: i64) -> f64 {
        rounded(self.west + column as f64 * self.step_lon)
    }
    /// The parallel on which a row begins.
    #[expect(clippy::cast_precision_loss, reason = "rows stay far below 2^53")]
    fn lat(&self, row: i64) -> f64 {
        rounded(self.north - row as f64 * self.step_lat)
    }
    /// The box of a cell. Neighbours share their borders to the last bit.
    pub fn bounds(&self, cell: Cell) -> Bounds {
        Bounds {
            west: self.lon(cell.column),
            south: self.lat(cell.row + 1),
            east: self.lon(cell.column + 1),
            north: self.lat(cell.row),
        }
    }
    /// The code of a cell by its place alone, or none where the numbers do not reach.
    pub fn code(&self, cell: Cell) -> Option<GridCode> {
        let side = |v: i64| (v.div_euclid(BLOCK), v.rem_euclid(BLOCK));
        let ((block_row, row), (block_column, column)) = (side(cell.row), side(cell.column));
        let ((street_row, block_row), (street_column, block_column)) =
            (side(block_row), side(block_column));
        let street = ring_number(street_row, street_column)? + i64::from(self.first_street) - 1;
        let street = u16::try_from(street).ok().filter(|n| *n <= 999)?;
        let street = DivisionCode::street(self.district, street).ok()?;
        let community = DivisionCode::community(street, number(block_row, block_column)).ok()?;
        GridCode::new(community, number(row, column)).ok()
    }
}

/// Degrees of longitude and latitude of a cell of `metres` at a latitude.
fn steps(metres: u32, latitude: f64) -> (f64, f64) {
    let origin = Point::new(0.0, latitude.clamp(-85.0, 85.0)).expect("a latitude in range");
    let corner = LocalPlane::at(origin)
        .point(f64::from(metres), 0.0)
        .expect("metres from longitude 0");
    let equator = LocalPlane::at(Point::new(0.0, 0.0).expect("the origin"));
    let north = equator
        .point(0.0, f64::from(metres))
        .expect("metres from latitude 0");
    (corner.lon(), north.lat())
}

/// The number of a place in a block: 1..=961, row by row from the north-west.
fn number(row: i64, column: i64) -> u16 {
    u16::try_from(row * BLOCK + column + 1).expect("a block has 31 rows and columns")
}

/// A number for each street block, whatever is drawn first: the corner's is 1, then ring by ring around it, in a ring
/// from north to south and west to east.
fn ring_number(row: i64, column: i64) -> Option<i64> {
    let ring = row.abs().max(column.abs());
    if ring > RINGS {
        return None;
    }
    if ring == 0 {
        return Some(1);
    }
    let inner = (2 * ring - 1) * (2 * ring - 1);
    let width = 2 * ring + 1;
    let from_top = row + ring;
    let before = match from_top {
        0 => column + ring,
        _ if from_top == 2 * ring => width + 2 * (2 * ring - 1) + column + ring,
        _ => width + 2 * (from_top - 1) + i64::from(column == ring),
    };
    Some(inner + before + 1)
}

/// What a drawing makes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The streets and communities the cells lie under that were made up, ascending.
    pub divisions: Vec<Division>,
    /// The cells, ascending by code.
    pub grids: Vec<UnitGrid>,
    /// Points too far off to be numbered.
    pub out_of_reach: usize,
}

/// Square cells where points lie. The same lattice and points give the same codes, more points only add to them.
///
/// # Errors
/// [`DrawError::TooMany`].
pub fn plan_for_points(lattice: &Lattice, points: &[Point]) -> Result<Plan, DrawError> {
    let mut cells = BTreeSet::new();
    let mut out_of_reach = 0;
    for p in points {
        let cell = lattice.cell(*p);
        match lattice.code(cell) {
            Some(code) => _ = cells.insert((code, cell)),
            None => out_of_reach += 1,
        }
        if cells.len() > MAX_CELLS {
            return Err(DrawError::TooMany);
        }
    }
    let square = |(code, cell): (GridCode, Cell)| {
        UnitGrid::new(code, Area::rectangle(lattice.bounds(cell)), true, SOURCE)
    };
    let grids: Vec<UnitGrid> = cells.into_iter().map(square).collect();
    let divisions = made_up(grids.iter().map(|g| g.code.community()));
    Ok(Plan {
        divisions,
        grids,
        out_of_reach,
    })
}

/// The made-up streets and communities of drawn cells, ascending by code.
fn made_up(communities: impl Iterator<Item = DivisionCode>) -> Vec<Division> {
    let mut codes = BTreeSet::new();
    for community in communities {
        codes.insert(community);
        codes.extend(community.parent());
    }
    codes.into_iter().map(made_up_division).collect()
}

fn made_up_division(code: DivisionCode) -> Division {
    let digits = code.as_str();
    let (zh, en) = match code.level() {
        DivisionLevel::Community => (
            format!("绘制社区 {}-{}", &digits[6..9], &digits[9..]),
            format!("Drawn community {}-{}", &digits[6..9], &digits[9..]),
        ),
        _ => (
            format!("绘制街道 {}", &digits[6..9]),
            format!("Drawn street {}", &digits[6..9]),
        ),
    };
    Division {
        name_en: Some(en),
        drawn: true,
        ..Division::new(code, zh, SOURCE)
    }
}

/// An area to draw over.
#[derive(Debug, Clone)]
pub struct Canvas {
    /// The district, street or community it is.
    pub code: DivisionCode,
    /// Its border.
    pub shape: Area,
}

/// Square cells over areas, cut at their borders, on one lattice for all, so that neighbours fit.
///
/// A community's cells are numbered west to east, north to south. In a street or a district communities (and streets) are
/// made up, one for each block of cells.
///
/// # Errors
/// [`DrawError`] names the area.
pub fn plan_for_areas(canvases: &[Canvas], metres: u32) -> Result<Plan, DrawError> {
    if !METRES.contains(&metres) {
        return Err(DrawError::Metres(metres));
    }
    let mut boxes = canvases.iter().map(|c| c.shape.bounds());
    let Some(first) = boxes.next() else {
        return Ok(Plan::default());
    };
    let all = boxes.fold(first, Bounds::joined);
    let (step_lon, step_lat) = steps(metres, f64::midpoint(all.south, all.north));
    let district = canvases[0].code.district();
    let lattice = Lattice {
        district,
        metres,
        west: all.west,
        north: all.north,
        step_lon,
        step_lat,
        first_street: 1,
    };
    let mut plan = Plan::default();
    for canvas in canvases {
        if canvas.code.level() < DivisionLevel::District {
            return Err(DrawError::TooHigh(canvas.code));
        }
        let cells = cells_of(&canvas.shape, &lattice, MAX_CELLS - plan.grids.len())?;
        number_cells(canvas.code, cells, &mut plan)?;
    }
    plan.grids.sort_unstable_by_key(|g| g.code);
    plan.divisions.sort_unstable_by_key(|d| d.code);
    Ok(plan)
}

/// The pieces of an area by cell, north to south and west to east.
fn cells_of(shape: &Area, lattice: &Lattice, room: usize) -> Result<Vec<(Cell, Area)>, DrawError> {
    let b = shape.bounds();
    let expected = (b.east - b.west) / lattice.step_lon * ((b.north - b.south) / lattice.step_lat);
    if expected > room as f64 * 16.0 {
        return Err(DrawError::TooMany);
    }
    let corner = |lon, lat| lattice.cell(Point::new(lon, lat).expect("a corner of a box in range"));
    let (top, bottom) = (corner(b.west, b.north).row, corner(b.west, b.south).row);
    let mut out = Vec::new();
    for row in top..=bottom {
        let Some(strip) = clip::strip(shape, lattice.lat(row + 1), lattice.lat(row)) else {
            continue;
        };
        let s = strip.bounds();
        let (left, right) = (
            corner(s.west, s.south).column,
            corner(s.east, s.south).column,
        );
        for column in left..=right {
            let cell = Cell { row, column };
            if let Some(piece) = clip::to_box(&strip, lattice.bounds(cell)) {
                out.push((cell, piece));
            }
            if out.len() > room {
                return Err(DrawError::TooMany);
            }
        }
    }
    Ok(out)
}

fn number_cells(
    division: DivisionCode,
    cells: Vec<(Cell, Area)>,
    plan: &mut Plan,
) -> Result<(), DrawError> {
    if division.level() == DivisionLevel::Community {
        return push_cells(division, cells, plan);
    }
    // Blocks of cells become communities, in the order of the standard.
    let mut blocks = BTreeMap::<(i64, i64), Vec<(Cell, Area)>>::new();
    for (cell, piece) in cells {
        let block = (cell.row.div_euclid(BLOCK), cell.column.div_euclid(BLOCK));
        blocks.entry(block).or_default().push((cell, piece));
    }
    let communities = blocks.len();
    let too_many = || DrawError::TooManyCommunities {
        division,
        communities,
    };
    let in_street = division.level() == DivisionLevel::Street;
    let mut made = Vec::new();
    for (at, cells) in blocks.into_values().enumerate() {
        let (street_no, community_no) = (at / 999 + 1, at % 999 + 1);
        let number = |n: usize| u16::try_from(n).map_err(|_| too_many());
        let street = match in_street {
            true if street_no > 1 => return Err(too_many()),
            true => division,
            false => DivisionCode::street(division.district(), number(street_no)?)
                .map_err(|_| too_many())?,
        };
        let community =
            DivisionCode::community(street, number(community_no)?).map_err(|_| too_many())?;
        made.push(community);
        push_cells(community, cells, plan)?;
    }
    let own = |d: &Division| !(in_street && d.code == division);
    plan.divisions
        .extend(made_up(made.into_iter()).into_iter().filter(own));
    Ok(())
}

fn push_cells(
    community: DivisionCode,
    cells: Vec<(Cell, Area)>,
    plan: &mut Plan,
) -> Result<(), DrawError> {
    let too_many = DrawError::TooManyInCommunity {
        community,
        cells: cells.len(),
    };
    for (at, (_, piece)) in cells.into_iter().enumerate() {
        let sequence = u16::try_from(at + 1).map_err(|_| too_many.clone())?;
        let code = GridCode::new(community, sequence).map_err(|_| too_many.clone())?;
        plan.grids.push(UnitGrid::new(code, piece, true, SOURCE));
    }
    Ok(())
}
