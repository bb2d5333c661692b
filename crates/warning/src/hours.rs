//! Hours of patrol by street: who is looked after how much, so that warnings do not send everybody to the same corner.
//! Pure.
//!
//! A beat's hours of a week (its shifts) are shared out over the streets its cells lie in, by the number of cells.

use grid::Territory;
use grid::model::Shift;
use kernel::codes::{DivisionCode, DivisionLevel};
use std::collections::BTreeMap;

/// How much one street is patrolled.
#[derive(Debug, Clone, PartialEq)]
pub struct StreetHours {
    /// The street.
    pub street: DivisionCode,
    /// Hours of shifts in a week.
    pub hours: f64,
    /// People who live there, where known: its own figure, else that of its communities.
    pub residents: Option<i64>,
    /// Hours in a week for a thousand residents.
    pub per_thousand: Option<f64>,
}

/// Minutes of a shift; one that ends at or before its beginning ends on the next day.
fn minutes(shift: &Shift) -> u32 {
    let (from, to) = (u32::from(shift.from_min), u32::from(shift.to_min));
    if to > from {
        to - from
    } else {
        1440 - from + to
    }
}

fn residents(territory: &Territory, street: DivisionCode) -> Option<i64> {
    let own = territory.division(street).and_then(|d| d.residents);
    own.or_else(|| {
        let mut below = territory.children(street).peekable();
        below.peek()?;
        below.map(|d| d.residents).sum()
    })
}

/// The hours of every street that has a beat, the least patrolled first; streets whose residents are not known come last.
pub fn by_street(territory: &Territory) -> Vec<StreetHours> {
    let mut hours: BTreeMap<DivisionCode, f64> = BTreeMap::new();
    for beat in territory.beats() {
        let week = beat.shifts.iter().map(minutes).sum::<u32>() as f64 / 60.0;
        for grid in &beat.grids {
            let community = grid.community();
            if let Some(street) = territory.at_level(community, DivisionLevel::Street) {
                *hours.entry(street.code).or_default() += week / beat.grids.len() as f64;
            }
        }
    }
    let mut rows: Vec<StreetHours> = hours
        .into_iter()
        .map(|(street, hours)| {
            let residents = residents(territory, street);
            StreetHours {
                street,
                hours,
                residents,
                per_thousand: residents
                    .filter(|n| *n > 0)
                    .map(|n| hours * 1000.0 / n as f64),
            }
        })
        .collect();
    rows.sort_by(|a, b| {
        let key = |row: &StreetHours| row.per_thousand.unwrap_or(f64::INFINITY);
        key(a).total_cmp(&key(b)).then(a.street.cmp(&b.street))
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::AccountId;
    use grid::{Beat, Division};
    use jiff::civil::date;
    use kernel::codes::{DistrictCode, GridCode};
    use kernel::id::Id;

    fn shift(from_min: u16, to_min: u16) -> Shift {
        Shift {
            worker: AccountId(Id::from_bytes([1; 16])),
            weekday: 1,
            from_min,
            to_min,
        }
    }

    #[test]
    fn a_beat_over_two_streets_shares_its_hours_out() {
        let district: DistrictCode = "330102".parse().unwrap();
        let street = |n| DivisionCode::street(district, n).unwrap();
        let community = |n| DivisionCode::community(street(n), 1).unwrap();
        let of = |n: u16, residents: Option<i64>, own: bool| {
            let mut upper = Division::new(street(n), format!("{n}"), "test");
            let mut lower = Division::new(community(n), format!("{n}-1"), "test");
            if own {
                upper.residents = residents;
            } else {
                lower.residents = residents;
            }
            [upper, lower]
        };
        let divisions = [
            of(1, Some(2000), true),
            of(2, Some(500), false),
            of(3, None, true),
        ]
        .concat();
        let cell = |n| GridCode::new(community(n), 1).unwrap();
        let beat = |code: &str, grids: Vec<GridCode>, shifts| Beat {
            code: code.into(),
            name: code.into(),
            valid_from: None,
            valid_to: None,
            source: "test".into(),
            grids,
            shifts,
        };
        // Eight hours by day; six hours over midnight.
        let beats = vec![
            beat("A", vec![cell(1), cell(2)], vec![shift(480, 960)]),
            beat("B", vec![cell(3)], vec![shift(1320, 240)]),
        ];
        let territory = Territory::build(divisions, Vec::new(), beats, date(2026, 3, 16));
        let rows = by_street(&territory);
        let told: Vec<(f64, Option<f64>)> =
            rows.iter().map(|r| (r.hours, r.per_thousand)).collect();
        assert_eq!(told, [(4.0, Some(2.0)), (4.0, Some(8.0)), (6.0, None)]);
        assert_eq!(rows[1].residents, Some(500), "the sum of its communities");
    }
}
