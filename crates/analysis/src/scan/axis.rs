//! Between the units of a study and those of a scan: the same, or one for space alone.

use super::files::CountRow;
use super::periods::{Periods, Stamp};
use super::{ScanError, Tally};

/// The units of the scan: those of the study, or one for space alone.
pub(super) struct Axis<'a> {
    pub periods: Option<&'a Periods>,
    pub spatial: bool,
}

impl Axis<'_> {
    pub fn units(&self) -> usize {
        if self.spatial {
            1
        } else {
            self.periods.map_or(1, Periods::len)
        }
    }

    /// The unit of the scan in which a stated time counts; `None` outside the study.
    pub fn unit_of(&self, time: Option<Stamp>) -> Option<usize> {
        match (self.periods, time) {
            (Some(periods), Some(stamp)) => periods
                .index_of(stamp)
                .map(|unit| if self.spatial { 0 } else { unit }),
            _ => Some(0),
        }
    }

    pub fn tallies(&self, rows: &[CountRow]) -> Vec<Tally> {
        let tally = |row: &CountRow| {
            let unit = self.unit_of(row.time)?;
            Some(Tally {
                place: row.place,
                unit: u32::try_from(unit).expect("at most MAX_UNITS"),
                group: row.stratum,
                count: row.count,
            })
        };
        rows.iter()
            .filter(|row| row.count > 0)
            .filter_map(tally)
            .collect()
    }

    /// The units of the study with the unit of the scan, the middle and the weight of each.
    pub fn moments(
        &self,
        census: impl FnOnce() -> Result<f64, ScanError>,
    ) -> Result<Vec<Moment>, ScanError> {
        match self.periods {
            Some(periods) => Ok(moments_of(periods, self.spatial)),
            None => Ok(vec![Moment {
                unit: 0,
                middle: census()?,
                weight: 1.0,
            }]),
        }
    }
}

/// A unit of the study as the population sees it.
pub(super) struct Moment {
    /// Its unit in the scan.
    pub unit: usize,
    /// Its middle in years.
    pub middle: f64,
    /// How much time it holds.
    pub weight: f64,
}

/// The units of a study as the population sees them; all one unit of the scan where it is of space alone.
pub(super) fn moments_of(periods: &Periods, spatial: bool) -> Vec<Moment> {
    let moment = |unit| Moment {
        unit: if spatial { 0 } else { unit },
        middle: periods.middle(unit),
        weight: periods.weight(unit),
    };
    (0..periods.len()).map(moment).collect()
}
