//! The words of the territory: divisions, unit grids, beats and shifts. Plain data.

use crate::area::Area;
use access::AccountId;
use jiff::civil::Date;
use kernel::{DistrictCode, DivisionCode, DivisionLevel, GridCode};
use serde::Serialize;

/// Whether something with these (inclusive) ends is in force on a day; an open end never refuses.
pub fn in_force(from: Option<Date>, to: Option<Date>, on: Date) -> bool {
    from.is_none_or(|from| from <= on) && to.is_none_or(|to| on <= to)
}

store::record! {
    /// 区划 — a division of any level.
    #[derive(Debug, Clone, PartialEq, Serialize)]
    pub struct Division {
        /// The twelve digits.
        pub code: DivisionCode,
        /// Its name.
        pub name: String,
        /// Its name in English, where one is known.
        pub name_en: Option<String>,
        /// The division above.
        pub parent: Option<DivisionCode>,
        /// First day in force.
        pub valid_from: Option<Date>,
        /// Last day in force.
        pub valid_to: Option<Date>,
        /// People who live there, where known.
        pub residents: Option<i64>,
        /// Households there, where known.
        pub households: Option<i64>,
        /// Its border, where known.
        #[serde(skip)]
        pub shape: Option<Area>,
        /// Drawn by this program to hold drawn cells, not a real division.
        pub drawn: bool,
        /// Where the row comes from.
        pub source: String,
    }
}

impl Division {
    /// A division of which only code and name are known.
    pub fn new(code: DivisionCode, name: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            code,
            name: name.into(),
            name_en: None,
            parent: code.parent(),
            valid_from: None,
            valid_to: None,
            residents: None,
            households: None,
            shape: None,
            drawn: false,
            source: source.into(),
        }
    }
    /// Its name in a language; the Chinese one where no other is known.
    pub fn name_in(&self, lang: ui::Lang) -> &str {
        match (&self.name_en, lang) {
            (Some(name), ui::Lang::En) => name,
            _ => &self.name,
        }
    }
    /// How deep it lies.
    pub fn level(&self) -> DivisionLevel {
        self.code.level()
    }
}

store::record! {
    /// 单元网格 — a cell.
    #[derive(Debug, Clone, PartialEq, Serialize)]
    pub struct UnitGrid {
        /// The fifteen digits; the first twelve are its community.
        pub code: GridCode,
        /// Its border.
        #[serde(skip)]
        pub shape: Area,
        /// Its size in square metres.
        pub area_m2: f64,
        /// What the ground is used for, in the city's own code.
        pub land_use: Option<String>,
        /// First day in force.
        pub valid_from: Option<Date>,
        /// Last day in force.
        pub valid_to: Option<Date>,
        /// Drawn as a square by this program.
        pub drawn: bool,
        /// Where the row comes from.
        pub source: String,
    }
}

impl UnitGrid {
    /// A cell with this border, in force since ever.
    pub fn new(code: GridCode, shape: Area, drawn: bool, source: impl Into<String>) -> Self {
        Self {
            code,
            area_m2: shape.square_metres(),
            shape,
            land_use: None,
            valid_from: None,
            valid_to: None,
            drawn,
            source: source.into(),
        }
    }
}

/// A stretch of a week in which a worker looks after a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// Who.
    pub worker: AccountId,
    /// The weekday on which it begins: 1 Monday … 7 Sunday.
    pub weekday: i8,
    /// Minutes after midnight at which it begins, below 1440.
    pub from_min: u16,
    /// Minutes after midnight at which it ends, at most 1440; not after `from_min` means on the next day.
    pub to_min: u16,
}

/// 责任网格 — a beat: unit grids looked after together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Beat {
    /// The city's own code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// First day in force.
    pub valid_from: Option<Date>,
    /// Last day in force.
    pub valid_to: Option<Date>,
    /// Where the row comes from.
    pub source: String,
    /// Its cells, ascending.
    pub grids: Vec<GridCode>,
    /// Who is on duty when, the first that fits counts.
    pub shifts: Vec<Shift>,
}

store::record! {
    /// The lattice of the cells drawn for points in one district.
    ///
    /// Cell (row, column) spans `north - (row + 1) * step_lat ..= north - row * step_lat` and
    /// `west + column * step_lon ..= west + (column + 1) * step_lon`; rows count southward, columns eastward, both may
    /// be negative.
    #[derive(Debug, Clone, Copy, PartialEq, Serialize)]
    pub struct Lattice {
        /// Whose cells these are.
        pub district: DistrictCode,
        /// The side of a cell in metres.
        pub metres: u32,
        /// Longitude of the corner from which columns count.
        pub west: f64,
        /// Latitude of the corner from which rows count.
        pub north: f64,
        /// Degrees of longitude of a cell.
        pub step_lon: f64,
        /// Degrees of latitude of a cell.
        pub step_lat: f64,
        /// The number of the first drawn street, above every street that was there before.
        pub first_street: u16,
    }
}
