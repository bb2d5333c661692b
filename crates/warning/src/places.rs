//! The places of a city as detectors see them: at each level a list of places with a middle, their unit grids and, where
//! known, their households.

use crate::model::Level;
use analysis::scan::Point;
use grid::{Territory, UnitGrid};
use kernel::codes::{DivisionCode, GridCode};
use std::collections::HashMap;

/// No such place is known.
const NOWHERE: u32 = u32::MAX;

/// One place.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Fifteen digits of a unit grid or twelve of a division.
    pub code: String,
    /// Latitude and longitude of its middle.
    pub middle: Point,
    /// How many unit grids it has.
    pub grids: u32,
    /// Households, where known; those of a community are shared out over its unit grids by area.
    pub households: Option<f64>,
}

/// Where a case lies: its place at each level, as positions in [`Places::at`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot([u32; 4]);

impl Spot {
    /// The position at a level; none where it is not known so finely.
    pub fn at(self, level: Level) -> Option<u32> {
        Some(self.0[level as usize]).filter(|at| *at != NOWHERE)
    }
}

/// All places of a city, by level.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Places {
    levels: [Vec<Place>; 4],
    index: HashMap<String, (Level, u32)>,
    /// For each place of a level but the last, its place one level up.
    above: [Vec<u32>; 3],
}

/// The code of the division of a level in which a unit grid or a finer division lies.
fn above(code: &str, level: Level) -> Option<String> {
    let digits = match level {
        Level::Grid => return None,
        Level::Community => 12,
        Level::Street => 9,
        Level::District => 6,
    };
    code.get(..digits).map(|head| format!("{head:0<12}"))
}

impl Places {
    /// The places that have unit grids in force. A division without any is no place: nothing can be shown there.
    pub fn of(territory: &Territory) -> Self {
        let mut places = Self::default();
        for cell in territory.grids() {
            let middle = cell.shape.label_point();
            let place = Place {
                code: cell.code.to_string(),
                middle: [middle.lat(), middle.lon()],
                grids: 1,
                households: households_of_cell(territory, cell),
            };
            places.add(Level::Grid, place);
        }
        for level in [Level::Community, Level::Street, Level::District] {
            places.gather(level, territory);
        }
        for (n, (fine, coarse)) in [
            (Level::Grid, Level::Community),
            (Level::Community, Level::Street),
            (Level::Street, Level::District),
        ]
        .into_iter()
        .enumerate()
        {
            places.above[n] = places
                .at(fine)
                .iter()
                .map(|p| {
                    above(&p.code, coarse)
                        .and_then(|code| places.index.get(&code))
                        .map_or(NOWHERE, |found| found.1)
                })
                .collect();
        }
        places
    }

    fn add(&mut self, level: Level, place: Place) {
        let list = &mut self.levels[level as usize];
        let at =
            u32::try_from(list.len()).expect("a city has fewer cells than four thousand million");
        self.index.insert(place.code.clone(), (level, at));
        list.push(place);
    }

    /// Makes the places of a division level from the unit grids.
    fn gather(&mut self, level: Level, territory: &Territory) {
        let mut sums: Vec<(String, Point, u32)> = Vec::new();
        for cell in &self.levels[Level::Grid as usize] {
            let Some(code) = above(&cell.code, level) else {
                continue;
            };
            // Cells ascend by code, so that those of a division lie together.
            match sums.last_mut().filter(|s| s.0 == code) {
                Some((_, [lat, lon], n)) => {
                    (*lat, *lon, *n) = (*lat + cell.middle[0], *lon + cell.middle[1], *n + 1);
                }
                None => sums.push((code, cell.middle, 1)),
            }
        }
        for (code, [lat, lon], grids) in sums {
            let households = code
                .parse::<DivisionCode>()
                .ok()
                .and_then(|code| households_of(territory, code));
            let n = f64::from(grids);
            self.add(
                level,
                Place {
                    code,
                    middle: [lat / n, lon / n],
                    grids,
                    households,
                },
            );
        }
    }

    /// The places of a level.
    pub fn at(&self, level: Level) -> &[Place] {
        &self.levels[level as usize]
    }

    /// Where a case lies, by the code of its unit grid or else of its division.
    pub fn spot(&self, code: &str) -> Option<Spot> {
        let (level, mut at) = *self.index.get(code)?;
        let mut spot = [NOWHERE; 4];
        for level in &Level::ALL[level as usize..] {
            spot[*level as usize] = at;
            let Some(up) = self.above.get(*level as usize) else {
                break;
            };
            match up.get(at as usize) {
                Some(&next) if next != NOWHERE => at = next,
                _ => break,
            }
        }
        Some(Spot(spot))
    }
}

/// The households of a division: its own figure, else the sum over the divisions below where all are known.
fn households_of(territory: &Territory, code: DivisionCode) -> Option<f64> {
    let own = territory.division(code).and_then(|d| d.households);
    if let Some(own) = own {
        return Some(own.max(0) as f64);
    }
    let mut below = territory.children(code).peekable();
    below.peek()?;
    below.map(|d| d.households.map(|n| n.max(0) as f64)).sum()
}

/// A cell's share of its community's households, by area: an estimate where people live evenly.
fn households_of_cell(territory: &Territory, cell: &UnitGrid) -> Option<f64> {
    let community = GridCode::community(cell.code);
    let households = territory.division(community)?.households?;
    let area: f64 = territory
        .grids_in(community)
        .iter()
        .map(|g| g.area_m2)
        .sum();
    (area > 0.0).then(|| households.max(0) as f64 * cell.area_m2 / area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_cell_lies_in_its_community_street_and_district() {
        // Two districts of two streets of one community of 3 × 3 cells.
        let territory = testing::territory(2, 2, 3, Some(900));
        let places = Places::of(&territory);
        let sizes = Level::ALL
            .iter()
            .map(|level| places.at(*level).len())
            .collect::<Vec<_>>();
        assert_eq!(sizes, [36, 4, 4, 2]);
        let cell = &places.at(Level::Grid)[10];
        let spot = places.spot(&cell.code).unwrap();
        for level in Level::ALL {
            let place = &places.at(*level)[spot.at(*level).unwrap() as usize];
            let prefix = place.code.trim_end_matches('0');
            assert!(
                cell.code.starts_with(prefix),
                "{} {}",
                cell.code,
                place.code
            );
        }
        assert_eq!(places.at(Level::Street)[0].grids, 9);
        assert!((cell.households.unwrap() - 100.0).abs() < 1.0);
        // The district's households are those of its streets, which nobody gave: not known.
        assert_eq!(places.at(Level::District)[0].households, None);
    }

    #[test]
    fn a_division_is_a_spot_without_finer_places_and_garbage_is_none() {
        let places = Places::of(&testing::territory(1, 2, 3, None));
        let street = places.at(Level::Street)[1].code.clone();
        let spot = places.spot(&street).unwrap();
        assert_eq!(
            (spot.at(Level::Grid), spot.at(Level::Community)),
            (None, None)
        );
        assert_eq!(
            (spot.at(Level::Street), spot.at(Level::District)),
            (Some(1), Some(0))
        );
        for garbage in [
            "",
            "0",
            "海沧",
            "999999999999",
            "33010200100100",
            "330102001001999",
        ] {
            assert_eq!(places.spot(garbage), None, "{garbage}");
        }
    }
}
