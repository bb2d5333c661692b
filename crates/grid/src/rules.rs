//! Decisions about the territory: who is on duty, and whether a set of cells fits together.

use crate::area::Bounds;
use crate::model::{Shift, UnitGrid};
use crate::territory::SpatialHash;
use access::AccountId;
use jiff::civil::DateTime;
use kernel::GridCode;
use serde::Serialize;
use std::collections::BTreeMap;

/// The most cells a community can number with three digits (`domain.md` §1.2).
pub const MAX_CELLS_PER_COMMUNITY: usize = 999;

/// Who is on duty at a local time: the first shift that holds it.
///
/// A shift that ends at or before its beginning runs over midnight and ends on the next day.
pub fn on_duty(shifts: &[Shift], at: DateTime) -> Option<AccountId> {
    let today = at.weekday().to_monday_one_offset();
    let yesterday = at.weekday().previous().to_monday_one_offset();
    let minute = at.hour() as u16 * 60 + at.minute() as u16;
    let holds = |s: &Shift| {
        let over_midnight = s.to_min <= s.from_min;
        let begun_today =
            s.weekday == today && s.from_min <= minute && (over_midnight || minute < s.to_min);
        let begun_yesterday = over_midnight && s.weekday == yesterday && minute < s.to_min;
        begun_today || begun_yesterday
    };
    shifts.iter().find(|s| holds(s)).map(|s| s.worker)
}

/// Something about a set of cells that a surveyor should look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// Two cells cover the same ground.
    Overlap {
        /// The lower code.
        first: GridCode,
        /// The higher code.
        second: GridCode,
    },
    /// Ground enclosed by cells that belongs to none, or an edge without a neighbour inside the set.
    Gap {
        /// The cell on whose border it was seen.
        beside: GridCode,
        /// Degrees east of the place.
        lon: f64,
        /// Degrees north of the place.
        lat: f64,
    },
    /// More cells than a community can number.
    TooMany {
        /// The community.
        community: kernel::DivisionCode,
        /// How many cells it has.
        cells: usize,
    },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Overlap { first, second } => write!(f, "grids {first} and {second} overlap"),
            Self::Gap { beside, lon, lat } => {
                write!(f, "a gap beside grid {beside} at {lon:.6}, {lat:.6}")
            }
            Self::TooMany { community, cells } => {
                write!(
                    f,
                    "community {community} has {cells} grids, at most {MAX_CELLS_PER_COMMUNITY} can be numbered"
                )
            }
        }
    }
}

/// Looks for overlaps and for gaps narrower than `gap_m` metres between the cells of a set, and for communities with too
/// many. A gap wider than that is taken for the outside of the city. The answer is in order of code.
///
/// Each border is walked with two probes a short step off it, one to each side: ground that two cells hold is an
/// overlap; ground just outside a cell that no cell holds, while a cell is met again within `gap_m`, is a gap.
pub fn check_fit(grids: &[UnitGrid], gap_m: f64) -> Vec<Finding> {
    let mut findings = Vec::new();
    let boxes: Vec<Bounds> = grids.iter().map(|g| g.shape.bounds()).collect();
    let index = SpatialHash::new(boxes.iter().copied());
    for (a, b) in index.neighbours(&boxes) {
        if boxes[a].overlaps(&boxes[b]) && areas_overlap(&grids[a], &grids[b]) {
            let (x, y) = (grids[a].code, grids[b].code);
            findings.push(Finding::Overlap {
                first: x.min(y),
                second: x.max(y),
            });
        }
    }
    findings.extend(gaps(grids, &index, gap_m));
    let mut per_community = BTreeMap::<_, usize>::new();
    for grid in grids {
        *per_community.entry(grid.code.community()).or_default() += 1;
    }
    let crowded = per_community
        .into_iter()
        .filter(|(_, n)| *n > MAX_CELLS_PER_COMMUNITY);
    findings.extend(crowded.map(|(community, cells)| Finding::TooMany { community, cells }));
    findings
}

/// How far off a border the probes stand: 2e-7 degrees, two centimetres. Smaller misfits are noise of the survey.
const PROBE_DEG: f64 = 2e-7;

/// Whether two cells share ground: borders that cross for real, or ground just inside one that the other holds.
fn areas_overlap(a: &UnitGrid, b: &UnitGrid) -> bool {
    let inside = |from: &UnitGrid, other: &UnitGrid| {
        from.shape.edges().any(|edge| {
            let [left, right] = probes(edge, PROBE_DEG);
            [left, right]
                .into_iter()
                .flatten()
                .any(|p| from.shape.contains(p) && other.shape.contains(p))
        })
    };
    inside(a, b)
        || inside(b, a)
        || a.shape
            .edges()
            .any(|x| b.shape.edges().any(|y| cross_deeply(x, y)))
}

/// The points a distance to the left and to the right of the middle of an edge.
fn probes((a, b): ([f64; 2], [f64; 2]), distance_deg: f64) -> [Option<kernel::Point>; 2] {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length = dx.hypot(dy);
    let (nx, ny) = (-dy / length * distance_deg, dx / length * distance_deg);
    let middle = [a[0] + dx / 2.0, a[1] + dy / 2.0];
    [1.0, -1.0].map(|side| kernel::Point::new(middle[0] + side * nx, middle[1] + side * ny).ok())
}

/// Whether two edges cross with every end farther than a probe's step from the other edge's line.
fn cross_deeply(x: ([f64; 2], [f64; 2]), y: ([f64; 2], [f64; 2])) -> bool {
    let off = |line: ([f64; 2], [f64; 2]), p: [f64; 2]| {
        let (dx, dy) = (line.1[0] - line.0[0], line.1[1] - line.0[1]);
        (dx * (p[1] - line.0[1]) - dy * (p[0] - line.0[0])) / dx.hypot(dy)
    };
    let apart = |line, (p, q)| {
        let (p, q) = (off(line, p), off(line, q));
        p.abs() > PROBE_DEG && q.abs() > PROBE_DEG && (p > 0.0) != (q > 0.0)
    };
    apart(x, y) && apart(y, x)
}

fn gaps(grids: &[UnitGrid], index: &SpatialHash, gap_m: f64) -> Vec<Finding> {
    const STEPS: u32 = 8;
    const METRES_PER_DEGREE: f64 = 111_195.0;
    let holder = |p| index.holder(p, |i| &grids[i].shape);
    let reach_deg = gap_m / METRES_PER_DEGREE;
    let mut findings = Vec::new();
    for (at, grid) in grids.iter().enumerate() {
        let gap_beside = grid.shape.edges().find_map(|edge| {
            let sides = probes(edge, PROBE_DEG);
            let outside = sides
                .iter()
                .position(|p| p.is_some_and(|p| !grid.shape.contains(p)))?;
            let near = sides[outside].filter(|p| holder(*p).is_none())?;
            let met_again = (1..=STEPS).any(|step| {
                let far = reach_deg * f64::from(step) / f64::from(STEPS);
                probes(edge, far)[outside]
                    .and_then(holder)
                    .is_some_and(|other| other != at)
            });
            met_again.then_some(near)
        });
        if let Some(p) = gap_beside {
            findings.push(Finding::Gap {
                beside: grid.code,
                lon: p.lon(),
                lat: p.lat(),
            });
        }
    }
    findings
}
