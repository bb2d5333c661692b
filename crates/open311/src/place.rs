//! Where everybody may know a case to be: its street, and a point in the middle of that street. The one home of the public
//! place, for these calls and for the pages and feeds of what is near.

use grid::{Bounds, Territory};
use kernel::codes::{DivisionCode, DivisionLevel};
use kernel::geo::Point;

/// The street in which a division lies; a larger division itself.
pub fn street_of(territory: &Territory, division: DivisionCode) -> Option<DivisionCode> {
    if division.level() < DivisionLevel::Street {
        return territory.division(division).map(|d| d.code);
    }
    let street = territory.at_level(division, DivisionLevel::Street);
    street.map(|d| d.code)
}

/// The middle of a street, which is the finest point that is shown of a matter, with five decimals (about a metre); none of
/// larger divisions.
pub fn middle_of(territory: &Territory, street: DivisionCode) -> Option<Point> {
    if street.level() != DivisionLevel::Street {
        return None;
    }
    let shape = territory.division(street).and_then(|d| d.shape.as_ref());
    let middle = shape
        .map(grid::Area::label_point)
        .or_else(|| territory.bounds_of(street).map(|b: Bounds| b.middle()))?;
    let rounded = |degrees: f64| (degrees * 1e5).round() / 1e5;
    Point::new(rounded(middle.lon()), rounded(middle.lat())).ok()
}
