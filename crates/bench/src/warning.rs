//! A daily look for what is unusual over a large city: 2,000 unit grids × 60 classes, all usual detectors, five years of
//! record, on all cores.

use crate::report::{Line, Wanted};
use anyhow::{Context as _, ensure};
use grid::{Area, Division, Territory, UnitGrid};
use jiff::civil::{Date, date};
use kernel::codes::{DistrictCode, DivisionCode, GridCode};
use kernel::geo::Crs;
use kernel::id::Id;
use matters::MatterId;
use std::collections::BTreeMap;
use std::time::Instant;
use testkit::rng::Rng;
use warning::counts::{Counts, day_after};
use warning::detect::{self, Ground};
use warning::guard::Category;
use warning::model::{Level, usual_detectors};
use warning::places::Places;

/// A daily look may take so long, in seconds.
const LOOK_S: f64 = 120.0;
const STREETS: u16 = 50;
/// Unit grids of a street: 5 × 8.
const SIDES: (u16, u16) = (5, 8);
const CLASSES: u8 = 60;
const TODAY: Date = date(2026, 3, 15);
/// Cells of the burst that must be found: the middle of a street, by rows of five.
const BURST: [u16; 5] = [18, 13, 17, 19, 23];

/// Measures one daily look. `quick` looks at a tenth of the cases.
pub fn run(quick: bool, say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let territory = territory()?;
    let places = Places::of(&territory);
    let cells = places.at(Level::Grid).len();
    let (years, per_day) = if quick { (1, 48) } else { (5, 480) };
    let counts = counts(&places, years, per_day)?;
    let categories: BTreeMap<MatterId, Category> = (1..=CLASSES)
        .map(|n| {
            let is_sensitive = false;
            (class(n), Category { is_sensitive })
        })
        .collect();
    let calendar = kernel::Calendar::cn();
    let ground = Ground {
        counts: &counts,
        places: &places,
        categories: &categories,
        is_off: &|day| !calendar.is_workday(day),
    };
    let detectors = usual_detectors();
    let began = Instant::now();
    let looks = detect::run(&ground, &detectors, TODAY, 1);
    let seconds = began.elapsed().as_secs_f64();
    let found = |code: &str| {
        let look = looks.iter().find(|l| l.detector == code);
        look.map_or(0, |l| l.signals.len())
    };
    ensure!(
        found("scan") > 0,
        "the burst laid into the counts was not found: {looks:?}"
    );
    let series: usize = looks.iter().map(|l| l.series).sum();
    let detail = format!(
        "{cells} unit grids, {CLASSES} classes, {series} series, {per_day} cases a day over {years} years; {} signals of scans, {} of days, {} of weeks",
        found("scan"),
        found("surge"),
        found("season"),
    );
    say(Line::new(
        "warning",
        "-",
        "seconds of a daily look on all cores",
        seconds,
    )
    .wanted(Wanted::AtMost(LOOK_S))
    .detail(detail));
    Ok(())
}

fn class(n: u8) -> MatterId {
    MatterId(Id::from_bytes([n; 16]))
}

/// Fifty streets side by side in two rows, 2,000 cells of about a hundred metres.
fn territory() -> anyhow::Result<Territory> {
    let district: DistrictCode = "330102".parse().context("a district")?;
    let (mut divisions, mut cells) = (Vec::new(), Vec::new());
    divisions.push(Division::new(district.division(), "bench", "bench"));
    for s in 0..STREETS {
        let street = DivisionCode::street(district, s + 1)?;
        let community = DivisionCode::community(street, 1)?;
        divisions.push(Division::new(street, format!("{s}"), "bench"));
        let mut lower = Division::new(community, format!("{s}-1"), "bench");
        lower.households = Some(6000);
        divisions.push(lower);
        for n in 0..SIDES.0 * SIDES.1 {
            let step = 0.001;
            let column = (s % 25) * SIDES.0 + n % SIDES.0;
            let row = (s / 25) * SIDES.1 + n / SIDES.0;
            let (west, south) = (
                120.0 + f64::from(column) * step,
                30.0 + f64::from(row) * step,
            );
            let ring = serde_json::json!([[
                [west, south],
                [west + step, south],
                [west + step, south + step],
                [west, south + step],
                [west, south]
            ]]);
            let shape = serde_json::json!({ "type": "Polygon", "coordinates": ring });
            let shape = Area::from_geojson(&shape, Crs::Wgs84)?;
            cells.push(UnitGrid::new(
                GridCode::new(community, n + 1)?,
                shape,
                true,
                "bench",
            ));
        }
    }
    Ok(Territory::build(divisions, cells, Vec::new(), TODAY))
}

/// So many cases a day, anywhere, with a burst of the first class at the end.
fn counts(places: &Places, years: i64, per_day: u32) -> anyhow::Result<Counts> {
    let first = day_after(TODAY, -years * 366 - 400);
    let mut counts = Counts::new(first, TODAY);
    let mut rng = Rng::new(1);
    let cells = places.at(Level::Grid);
    let spot = |code: &str| places.spot(code).context("a cell is a spot");
    for day in 0..i64::from(counts.days) {
        for _ in 0..per_day {
            let cell = &cells[rng.below(cells.len() as u64) as usize];
            let n = 1 + rng.below(u64::from(CLASSES)) as u8;
            counts.add(class(n), day_after(first, day), spot(&cell.code)?, 1, 1);
        }
    }
    for back in 0..3 {
        for n in BURST {
            let code = &cells[usize::from(n)].code;
            counts.add(class(1), day_after(TODAY, -back), spot(code)?, 2, 3);
        }
    }
    Ok(counts.sorted())
}
