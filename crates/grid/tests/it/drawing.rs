//! Drawn cells: every point in its cell, numbers that stay, at most 999 in a community.

use crate::{at, operator};
use grid::draw::{Canvas, plan_for_areas, plan_for_points};
use grid::model::UnitGrid;
use grid::ops::{self, ImportOptions};
use grid::rules::check_fit;
use grid::{Lattice, Territory, sql};
use jiff::civil::date;
use kernel::geo::Crs;
use kernel::{DistrictCode, Point};
use proptest::prelude::*;
use std::collections::BTreeMap;
use store::StoreError;

fn district() -> DistrictCode {
    "990001".parse().unwrap()
}

fn points() -> impl Strategy<Value = Vec<Point>> {
    let cloud = (-0.25_f64..0.25, -0.25_f64..0.25).prop_map(|(x, y)| at(-87.6 + x, 41.8 + y));
    proptest::collection::vec(cloud, 1..400)
}

fn order_is_west_to_east_and_north_to_south(grids: &[UnitGrid]) {
    for pair in grids
        .windows(2)
        .filter(|p| p[0].code.community() == p[1].code.community())
    {
        let (a, b) = (pair[0].shape.bounds(), pair[1].shape.bounds());
        // Cells cut at a border may begin lower than their row does: their rows are told by the southern side.
        let later_row = b.north <= a.south + 1e-12;
        let later_column = b.west >= a.east - 1e-12;
        assert!(
            later_row || later_column,
            "{} {}",
            pair[0].code,
            pair[1].code
        );
    }
}

fn most_in_a_community(grids: &[UnitGrid]) -> usize {
    let mut count = BTreeMap::<_, usize>::new();
    grids
        .iter()
        .for_each(|g| *count.entry(g.code.community()).or_default() += 1);
    count.into_values().max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_point_lies_in_a_cell_and_more_points_only_add(first in points(), second in points(), metres in 200_u32..2000) {
        let lattice = Lattice::over(district(), metres, &first, 1).unwrap();
        let plan = plan_for_points(&lattice, &first).unwrap();
        prop_assert_eq!(plan.out_of_reach, 0);
        let territory = Territory::build(plan.divisions.clone(), plan.grids.clone(), Vec::new(), date(2026, 3, 16));
        for p in &first {
            prop_assert_eq!(territory.locate(*p), lattice.code(lattice.cell(*p)));
            prop_assert!(territory.division(territory.division_at(*p).unwrap()).unwrap().drawn);
        }
        prop_assert!(most_in_a_community(&plan.grids) <= 999);
        order_is_west_to_east_and_north_to_south(&plan.grids);
        prop_assert_eq!(check_fit(&plan.grids, 0.5), Vec::new());
        let again = plan_for_points(&lattice, &first).unwrap();
        prop_assert_eq!(&again, &plan);
        let both: Vec<Point> = first.iter().chain(&second).copied().collect();
        let more = plan_for_points(&lattice, &both).unwrap();
        for cell in &plan.grids {
            prop_assert!(more.grids.contains(cell));
        }
    }
}

#[test]
fn a_cell_is_as_large_as_asked_for_and_its_corners_belong_to_one() {
    let cloud = [at(118.1, 24.5), at(118.2, 24.6), at(118.15, 24.55)];
    let lattice = Lattice::over(district(), 100, &cloud, 1).unwrap();
    let plan = plan_for_points(&lattice, &cloud).unwrap();
    for cell in &plan.grids {
        assert!(
            (cell.area_m2 / 10_000.0 - 1.0).abs() < 0.01,
            "{}",
            cell.area_m2
        );
    }
    let bounds = plan.grids[0].shape.bounds();
    for (lon, lat) in [
        (bounds.west, bounds.south),
        (bounds.east, bounds.south),
        (bounds.west, bounds.north),
        (bounds.east, bounds.north),
    ] {
        let corner = at(lon, lat);
        let own = lattice.cell(corner);
        let b = lattice.bounds(own);
        assert!(b.west <= lon && lon < b.east && b.south <= lat && lat < b.north);
    }
}

#[test]
fn a_wild_coordinate_moves_nothing_and_is_counted() {
    let mut cloud: Vec<Point> = (0..500)
        .map(|i| {
            at(
                -87.6 + f64::from(i % 25) * 0.01,
                41.8 + f64::from(i / 25) * 0.01,
            )
        })
        .collect();
    let calm = Lattice::over(district(), 100, &cloud, 1).unwrap();
    cloud.push(at(0.0, 0.0));
    let lattice = Lattice::over(district(), 100, &cloud, 1).unwrap();
    assert_eq!((lattice.west, lattice.north), (calm.west, calm.north));
    assert_eq!(plan_for_points(&lattice, &cloud).unwrap().out_of_reach, 1);
}

const TWO_COMMUNITIES: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"adcode":"350203001001","name":"甲社区"},"geometry":{"type":"Polygon","coordinates":
  [[[118.10,24.50],[118.11,24.501],[118.112,24.51],[118.105,24.512],[118.10,24.508],[118.10,24.50]],
   [[118.104,24.504],[118.106,24.504],[118.105,24.506],[118.104,24.504]]]}},
 {"type":"Feature","properties":{"adcode":"350203001002","name":"乙社区"},"geometry":{"type":"Polygon","coordinates":
  [[[118.11,24.501],[118.12,24.50],[118.122,24.51],[118.112,24.51],[118.11,24.501]]]}}]}"#;

#[test]
fn areas_are_covered_without_gap_or_overlap_and_nothing_beyond() {
    let areas: Vec<Canvas> = grid::import::divisions(TWO_COMMUNITIES.as_bytes(), Crs::Wgs84)
        .unwrap()
        .into_iter()
        .flatten()
        .map(|row| Canvas {
            code: row.code(),
            shape: row.shape().unwrap().clone(),
        })
        .collect();
    let plan = plan_for_areas(&areas, 100).unwrap();
    assert!(plan.divisions.is_empty() && plan.grids.len() > 150);
    order_is_west_to_east_and_north_to_south(&plan.grids);
    assert_eq!(check_fit(&plan.grids, 0.5), []);
    let territory = Territory::build(
        Vec::new(),
        plan.grids.clone(),
        Vec::new(),
        date(2026, 3, 16),
    );
    for x in 0..150 {
        for y in 0..90 {
            let p = at(
                118.098_512_345 + f64::from(x) * 0.000_16,
                24.499_023_456 + f64::from(y) * 0.000_15,
            );
            let wanted = areas.iter().find(|a| a.shape.contains(p)).map(|a| a.code);
            assert_eq!(territory.locate(p).map(|g| g.community()), wanted, "{p:?}");
        }
    }
    let whole: f64 = areas.iter().map(|a| a.shape.square_metres()).sum();
    let cells: f64 = plan.grids.iter().map(|g| g.area_m2).sum();
    assert!((cells / whole - 1.0).abs() < 1e-6);
}

#[test]
fn a_district_is_divided_into_communities_that_can_be_numbered() {
    let shape = r#"{"type":"Polygon","coordinates":[[[118.0,24.5],[118.1,24.5],[118.1,24.6],[118.0,24.5]]]}"#.parse().unwrap();
    let canvas = Canvas {
        code: "350203000000".parse().unwrap(),
        shape,
    };
    let plan = plan_for_areas(std::slice::from_ref(&canvas), 100).unwrap();
    assert!(plan.grids.len() > 5000 && most_in_a_community(&plan.grids) <= 961);
    assert!(plan.divisions.iter().all(|d| d.drawn));
    let one = Canvas {
        code: "350203001001".parse().unwrap(),
        ..canvas.clone()
    };
    assert!(
        plan_for_areas(&[one], 100)
            .unwrap_err()
            .to_string()
            .contains("at most 999")
    );
    let city = Canvas {
        code: "350200000000".parse().unwrap(),
        ..canvas
    };
    assert!(plan_for_areas(&[city], 100).is_err());
}

#[test]
fn overlaps_and_gaps_are_reported() {
    let square = |code: &str, west: f64, east: f64| {
        let json = format!(
            r#"{{"type":"Polygon","coordinates":[[[{west},24.5],[{east},24.5],[{east},24.501],[{west},24.501],[{west},24.5]]]}}"#
        );
        UnitGrid::new(code.parse().unwrap(), json.parse().unwrap(), false, "test")
    };
    let fits = [
        square("350203001001001", 118.0, 118.001),
        square("350203001001002", 118.001, 118.002),
    ];
    assert_eq!(check_fit(&fits, 5.0), []);
    let overlap = [
        square("350203001001001", 118.0, 118.00101),
        square("350203001001002", 118.001, 118.002),
    ];
    assert!(matches!(
        check_fit(&overlap, 5.0)[..],
        [grid::rules::Finding::Overlap { .. }]
    ));
    let gap = [
        square("350203001001001", 118.0, 118.00099),
        square("350203001001002", 118.001, 118.002),
    ];
    assert!(
        check_fit(&gap, 5.0)
            .iter()
            .all(|f| matches!(f, grid::rules::Finding::Gap { .. }))
    );
    assert_eq!(check_fit(&gap, 5.0).len(), 2);
}

testdb::both_engines!(
    drawing_for_points_is_repeatable_and_only_adds,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let cloud: Vec<Point> = (0..900)
            .map(|i| {
                at(
                    -87.6 + f64::from(i % 30) * 0.004,
                    41.8 + f64::from(i / 30) * 0.004,
                )
            })
            .collect();
        let first = ops::draw_for_points(&ctx, district(), 300, &cloud).unwrap();
        assert!(first.cells > 800, "{first:?}");
        let read = || {
            ctx.read_blocking::<_, StoreError, _>(|r| {
                Ok((sql::all_grids(r)?, sql::all_divisions(r)?))
            })
            .unwrap()
        };
        let (cells, divisions) = read();
        assert_eq!(cells.len(), first.cells);
        assert!(divisions.iter().any(|d| d.code == district().division()));
        assert!(
            cells
                .iter()
                .all(|c| divisions.iter().any(|d| d.code == c.code.community()))
        );
        let again = ops::draw_for_points(&ctx, district(), 300, &cloud).unwrap();
        assert_eq!((again.cells, again.unchanged), (0, first.cells));
        let north_west = [at(-87.9, 42.1), at(-87.6, 41.8)];
        let more = ops::draw_for_points(&ctx, district(), 300, &north_west).unwrap();
        assert_eq!((more.cells, more.unchanged), (1, 1));
        let (after, _) = read();
        assert!(cells.iter().all(|c| after.contains(c)));
        let other = ops::draw_for_points(&ctx, district(), 200, &cloud).unwrap_err();
        assert!(other.to_string().contains("has cells of 300 m"), "{other}");
        assert!(ops::draw_for_points(&ctx, district(), 3, &cloud).is_err());
    }
);

testdb::both_engines!(
    drawing_over_areas_is_repeatable_and_respects_what_is_there,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let options = ImportOptions {
            source: "test".into(),
            crs: Crs::Wgs84,
        };
        let first = ops::draw_for_areas(&ctx, TWO_COMMUNITIES.as_bytes(), 100, &options).unwrap();
        assert!(first.imported > 150 && first.adds_up(), "{first:?}");
        let again = ops::draw_for_areas(&ctx, TWO_COMMUNITIES.as_bytes(), 100, &options).unwrap();
        assert_eq!((again.imported, again.unchanged), (0, first.imported));
        let coarser =
            ops::draw_for_areas(&ctx, TWO_COMMUNITIES.as_bytes(), 150, &options).unwrap_err();
        assert!(coarser.to_string().contains("already has"), "{coarser}");
        let over_the_district = TWO_COMMUNITIES.replace("350203001001", "350203");
        let refused =
            ops::draw_for_areas(&ctx, over_the_district.as_bytes(), 100, &options).unwrap_err();
        assert!(
            refused.to_string().contains("draw over its communities"),
            "{refused}"
        );
    }
);

testdb::both_engines!(
    what_a_drawing_would_do_is_told_before_and_then_done,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let options = ImportOptions {
            source: "test".into(),
            crs: Crs::Wgs84,
        };
        let bytes = TWO_COMMUNITIES.as_bytes();
        let stored = || {
            let ctx = ctx.renewed();
            let read = ctx.read_blocking::<_, StoreError, _>(|r| {
                Ok((sql::all_divisions(r)?.len(), sql::all_grids(r)?))
            });
            read.unwrap()
        };
        let plan = ops::plan_drawing(&ctx, bytes, 100, &options).unwrap();
        let told = plan.report.clone();
        assert!(told.imported > 150 && told.adds_up(), "{told:?}");
        // Each area with its cells; together they are all.
        let by_area = told.shown.iter().map(|row| {
            let (_, cells) = row.name.rsplit_once(" + ").unwrap();
            cells.parse::<u64>().unwrap()
        });
        assert_eq!((by_area.sum::<u64>(), told.shown.len()), (told.imported, 2));
        assert_eq!(stored(), (0, Vec::new()), "nothing is written by looking");
        let mut last = 0;
        let of = plan.to_write;
        let done = plan.carry_out(&ctx, &mut |rows| last = rows).unwrap();
        assert_eq!((&done, last), (&told, of));
        let (_, cells) = stored();
        assert_eq!(cells.len() as u64, told.imported);
        // Over the same communities, whose borders are known now, nothing is new; over one without a border nothing goes.
        let code = |text: &str| text.parse::<kernel::DivisionCode>().unwrap();
        let known = [code("350203001001"), code("350203001002")];
        let again = ops::plan_drawing_over(&ctx, &known, 100).unwrap().report;
        assert_eq!((again.imported, again.unchanged), (0, told.imported));
        let other = ops::plan_drawing_over(&ctx, &known, 150).unwrap_err();
        assert!(other.to_string().contains("already has"), "{other}");
        let nowhere = ops::plan_drawing_over(&ctx, &[code("350203009009")], 100).unwrap_err();
        assert!(nowhere.to_string().contains("no border"), "{nowhere}");
        assert!(ops::plan_drawing_over(&ctx, &known[..1], 3).is_err());
    }
);

testdb::both_engines!(
    cells_are_drawn_over_a_border_that_is_known,
    &crate::migrations(),
    |db| {
        let ctx = operator(db);
        let options = ImportOptions {
            source: "test".into(),
            crs: Crs::Wgs84,
        };
        ops::import_divisions(&ctx, TWO_COMMUNITIES.as_bytes(), &options).unwrap();
        let one: kernel::DivisionCode = "350203001001".parse().unwrap();
        let plan = ops::plan_drawing_over(&ctx, &[one, one], 100).unwrap();
        let told = plan.report.clone();
        assert!(told.imported > 50 && told.adds_up(), "{told:?}");
        plan.carry_out(&ctx, &mut |_| ()).unwrap();
        let cells = ctx
            .read_blocking::<_, StoreError, _>(sql::all_grids)
            .unwrap();
        assert_eq!(cells.len() as u64, told.imported);
        assert!(cells.iter().all(|c| c.code.community() == one && c.drawn));
        assert_eq!(check_fit(&cells, 0.5), Vec::new());
    }
);
