//! `locate` against a brute-force twin, and the law that a border belongs to exactly one cell.

use crate::at;
use grid::model::{Beat, Division, Shift, UnitGrid};
use grid::{Area, Territory};
use jiff::civil::date;
use kernel::{GridCode, Point};
use proptest::prelude::*;

fn code(n: usize) -> GridCode {
    format!("990001001{:03}{:03}", n / 999 + 1, n % 999 + 1)
        .parse()
        .unwrap()
}

fn polygon(corners: &[[f64; 2]]) -> Area {
    let mut ring = corners.to_vec();
    ring.push(corners[0]);
    serde_json::json!({ "type": "Polygon", "coordinates": [ring] })
        .to_string()
        .parse()
        .unwrap()
}

/// A mesh of quadrilaterals over 118.0–118.1, 24.5–24.6 that share their shaken corners.
fn mesh(side: usize, shake: &[(f64, f64)]) -> (Vec<UnitGrid>, Vec<[f64; 2]>) {
    let step = 0.1 / side as f64;
    let corner = |row: usize, column: usize| {
        let (dx, dy) = shake[(row * (side + 1) + column) % shake.len()];
        // The outer border stays straight, so that "inside the mesh" is easy to tell.
        let move_x = if column == 0 || column == side {
            0.0
        } else {
            dx * step * 0.4
        };
        let move_y = if row == 0 || row == side {
            0.0
        } else {
            dy * step * 0.4
        };
        [
            118.0 + column as f64 * step + move_x,
            24.5 + row as f64 * step + move_y,
        ]
    };
    let mut grids = Vec::new();
    let mut corners = Vec::new();
    for row in 0..side {
        for column in 0..side {
            let ring = [
                corner(row, column),
                corner(row, column + 1),
                corner(row + 1, column + 1),
                corner(row + 1, column),
            ];
            corners.extend(ring);
            grids.push(UnitGrid::new(
                code(row * side + column),
                polygon(&ring),
                false,
                "test",
            ));
        }
    }
    (grids, corners)
}

fn brute_force(grids: &[UnitGrid], p: Point) -> Vec<GridCode> {
    grids
        .iter()
        .filter(|g| g.shape.contains(p))
        .map(|g| g.code)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_point_of_a_mesh_lies_in_exactly_one_cell_and_locate_finds_it(
        side in 1_usize..9,
        shake in proptest::collection::vec((-1.0_f64..1.0, -1.0_f64..1.0), 30),
        points in proptest::collection::vec((0.0_f64..0.0999, 0.0_f64..0.0999), 60),
    ) {
        let (grids, corners) = mesh(side, &shake);
        let territory = Territory::build(Vec::new(), grids.clone(), Vec::new(), date(2026, 3, 16));
        let inside = points.iter().map(|(x, y)| at(118.0 + x, 24.5 + y));
        // Corners shared by up to four cells are the hardest points.
        let shared = corners.iter().filter(|c| c[0] < 118.0999 && c[1] < 24.5999).map(|c| at(c[0], c[1]));
        for p in inside.chain(shared) {
            let held = brute_force(&grids, p);
            prop_assert_eq!(held.len(), 1, "{:?}", p);
            prop_assert_eq!(territory.locate(p), Some(held[0]));
        }
        prop_assert_eq!(territory.locate(at(117.9, 24.55)), None);
        prop_assert_eq!(territory.locate(at(118.05, 24.7)), None);
    }
}

#[test]
fn cells_of_very_different_size_and_place_are_all_found() {
    let square = |west: f64, south: f64, side: f64| {
        polygon(&[
            [west, south],
            [west + side, south],
            [west + side, south + side],
            [west, south + side],
        ])
    };
    let places = [
        (-87.6, 41.8, 0.001),
        (-74.0, 40.7, 0.0001),
        (118.0, 24.5, 0.01),
        (0.0, 0.0, 20.0),
        (179.0, -89.0, 0.5),
    ];
    let grids: Vec<UnitGrid> = (0..)
        .zip(places)
        .map(|(n, (w, s, side))| UnitGrid::new(code(n), square(w, s, side), false, "test"))
        .collect();
    let territory = Territory::build(Vec::new(), grids, Vec::new(), date(2026, 3, 16));
    for (n, (w, s, side)) in (0..).zip(places) {
        assert_eq!(
            territory.locate(at(w + side / 2.0, s + side / 2.0)),
            Some(code(n))
        );
        // The outer north-eastern corner has no other neighbour, so it belongs to the cell all the same.
        assert_eq!(territory.locate(at(w + side, s + side)), Some(code(n)));
        assert_eq!(territory.locate(at(w - 0.00001, s + side / 2.0)), None);
    }
}

#[test]
fn overlapping_cells_give_the_lowest_code_and_a_cell_that_ended_gives_none() {
    let square = polygon(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
    let ended = UnitGrid {
        valid_to: Some(date(2025, 12, 31)),
        ..UnitGrid::new(code(0), square.clone(), false, "test")
    };
    let grids = vec![
        UnitGrid::new(code(5), square.clone(), false, "test"),
        ended,
        UnitGrid::new(code(3), square, false, "test"),
    ];
    let on =
        |day| Territory::build(Vec::new(), grids.clone(), Vec::new(), day).locate(at(0.5, 0.5));
    assert_eq!(on(date(2026, 3, 16)), Some(code(3)));
    assert_eq!(on(date(2025, 12, 31)), Some(code(0)));
}

#[test]
fn divisions_hang_together_even_where_a_level_is_missing() {
    let named = |code: &str, name: &str| Division::new(code.parse().unwrap(), name, "test");
    let divisions = vec![
        named("350000000000", "福建省"),
        named("350203000000", "思明区"),
        named("350203001000", "厦港街道"),
    ];
    let territory = Territory::build(divisions, Vec::new(), Vec::new(), date(2026, 3, 16));
    let community = "350203001003".parse().unwrap();
    let above: Vec<_> = territory
        .ancestors(community)
        .iter()
        .map(|d| d.name.as_str())
        .collect();
    assert_eq!(above, ["厦港街道", "思明区", "福建省"]);
    let below: Vec<_> = territory
        .children("350203000000".parse().unwrap())
        .map(|d| d.name.as_str())
        .collect();
    assert_eq!(below, ["厦港街道"]);
}

#[test]
fn the_worker_of_the_first_shift_that_holds_the_time_is_on_duty() {
    let worker = |n: u8| access::AccountId(kernel::id::Id::from_bytes([n; 16]));
    let shift = |n, weekday, from_min, to_min| Shift {
        worker: worker(n),
        weekday,
        from_min,
        to_min,
    };
    let beat = Beat {
        code: "B1".into(),
        name: "一号".into(),
        valid_from: None,
        valid_to: None,
        source: "test".into(),
        grids: vec![code(0)],
        // Monday by day, Monday night into Tuesday, Tuesday morning.
        shifts: vec![
            shift(1, 1, 480, 1080),
            shift(2, 1, 1080, 480),
            shift(3, 2, 420, 720),
        ],
    };
    let territory = Territory::build(Vec::new(), Vec::new(), vec![beat], date(2026, 3, 16));
    let on =
        |day: i8, hour: i8| territory.worker_on_duty(code(0), date(2026, 3, day).at(hour, 0, 0, 0));
    // 2026-03-16 is a Monday.
    assert_eq!(on(16, 8), Some(worker(1)));
    assert_eq!(on(16, 18), Some(worker(2)));
    assert_eq!(on(17, 7), Some(worker(2)));
    assert_eq!(on(17, 8), Some(worker(3)));
    assert_eq!(on(17, 12), None);
    assert_eq!(on(16, 7), None);
    assert_eq!(
        territory.worker_on_duty(code(1), date(2026, 3, 16).at(9, 0, 0, 0)),
        None
    );
}
