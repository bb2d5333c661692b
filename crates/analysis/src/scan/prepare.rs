//! From data and options to the arrays the inner loop runs over.

use super::sampling::{Alias, Group, Sampler};
use super::windows::{Field, Frame, Score, accumulate};
use super::{Data, MAX_PEOPLE, Null, Options, ScanError, Span, Tally, Zones};
use std::collections::BTreeMap;

/// The most cells (places × edges of time) that are kept.
const MAX_CELLS: usize = 200_000_000;

/// Running sums of what was observed and of what is expected, and how to draw replicates.
pub(super) struct Prepared {
    pub score: Score,
    pub frame: Frame,
    /// Units at the beginning of the study that no window reaches.
    pub skipped: usize,
    pub observed: Vec<u32>,
    pub measures: Vec<f64>,
    pub sampler: Sampler,
    places: usize,
}

impl Prepared {
    /// # Errors
    /// When the data contradict themselves; see [`super::scan`].
    pub fn new(data: &Data, options: &Options) -> Result<Self, ScanError> {
        let grid = Grid::new(data, options)?;
        let cases = grid.total(&data.cases, "cases")?;
        let mut observed = grid.counts(&data.cases);
        let (score, mut measures, sampler) = match &data.null {
            Null::Poisson { expected } => grid.poisson(&data.cases, cases, expected)?,
            Null::ExpectationBased { expected } => grid.expectation_based(&data.cases, expected)?,
            Null::Permutation => grid.permutation(&data.cases, cases)?,
            Null::Bernoulli { controls } => grid.bernoulli(&data.cases, cases, controls)?,
        };
        let stride = grid.frame.stride();
        observed.pop();
        accumulate(&mut observed, stride);
        accumulate(&mut measures, stride);
        Ok(Self {
            score,
            frame: grid.frame,
            skipped: grid.skipped,
            observed,
            measures,
            sampler,
            places: data.places,
        })
    }

    /// Entries of an array of running sums.
    pub fn cells(&self) -> usize {
        self.places * self.frame.stride()
    }

    pub fn field<'a>(&'a self, zones: &'a Zones) -> Field<'a> {
        Field {
            zones,
            frame: self.frame,
            measures: &self.measures,
        }
    }
}

/// Score, measures by cell (not yet summed) and sampler of one model.
type Parts = (Score, Vec<f64>, Sampler);

/// Places × units, and where the units kept lie in an array by place and edge.
struct Grid {
    places: usize,
    units: usize,
    skipped: usize,
    frame: Frame,
}

impl Grid {
    fn new(data: &Data, options: &Options) -> Result<Self, ScanError> {
        if data.places == 0 || data.units == 0 {
            return Err(ScanError::Data(
                "there are no places or no units of time".into(),
            ));
        }
        if options.span == Span::Spatial && data.units != 1 {
            return Err(ScanError::Data(format!(
                "a scan of space alone has one unit of time, not {}",
                data.units
            )));
        }
        let longest = options.longest.clamp(1, data.units);
        let only_last = options.span == Span::Prospective;
        let frame = Frame {
            units: if only_last { longest } else { data.units },
            longest,
            only_last,
        };
        if data.places.saturating_mul(frame.stride()) > MAX_CELLS {
            return Err(ScanError::Data(format!(
                "{} places × {} units of time is more than {MAX_CELLS} cells",
                data.places, frame.units
            )));
        }
        Ok(Self {
            places: data.places,
            units: data.units,
            skipped: data.units - frame.units,
            frame,
        })
    }

    fn cells(&self) -> usize {
        self.places * self.frame.stride()
    }

    /// Checks every tally and adds them up.
    fn total(&self, tallies: &[Tally], what: &str) -> Result<u32, ScanError> {
        let mut total = 0;
        for t in tallies {
            if t.place as usize >= self.places || t.unit as usize >= self.units {
                return Err(ScanError::Data(format!(
                    "{what} at place {} in unit {}: there are {} places and {} units",
                    t.place, t.unit, self.places, self.units
                )));
            }
            total += u64::from(t.count);
        }
        u32::try_from(total)
            .ok()
            .filter(|_| total <= MAX_PEOPLE)
            .ok_or_else(|| ScanError::Data(format!("{total} {what} are more than {MAX_PEOPLE}")))
    }

    /// The edge after a unit among the units kept; `None` for a unit before them.
    fn edge(&self, unit: usize) -> Option<usize> {
        (unit + 1)
            .checked_sub(self.skipped)
            .filter(|&edge| edge > 0)
    }

    /// The cell of a tally; for what lies before the units kept, the entry behind the last cell.
    fn cell(&self, t: &Tally) -> usize {
        self.edge(t.unit as usize).map_or(self.cells(), |edge| {
            t.place as usize * self.frame.stride() + edge
        })
    }

    /// Counts by cell, with one more entry for what lies before the units kept.
    fn counts(&self, tallies: &[Tally]) -> Vec<u32> {
        let mut counts = vec![0; self.cells() + 1];
        for t in tallies {
            counts[self.cell(t)] += t.count;
        }
        counts
    }

    /// Checks expected counts and multiplies them by `scale`; the last entry is what is expected before
    /// the units kept.
    fn measures(
        &self,
        cases: &[Tally],
        expected: &[f64],
        scale: f64,
    ) -> Result<Vec<f64>, ScanError> {
        if let Some(t) = cases.iter().find(|t| {
            t.count > 0 && expected[t.place as usize * self.units + t.unit as usize] <= 0.0
        }) {
            return Err(ScanError::NothingExpected {
                place: t.place as usize,
                unit: t.unit as usize,
            });
        }
        let mut measures = vec![0.0; self.cells() + 1];
        for (place, row) in expected.chunks_exact(self.units).enumerate() {
            for (unit, mu) in row.iter().enumerate() {
                let cell = self
                    .edge(unit)
                    .map_or(self.cells(), |edge| place * self.frame.stride() + edge);
                measures[cell] += mu * scale;
            }
        }
        Ok(measures)
    }

    /// The sum of expected counts of the right number and sign.
    fn sum(&self, expected: &[f64]) -> Result<f64, ScanError> {
        if expected.len() != self.places * self.units {
            return Err(ScanError::Data(format!(
                "{} expected counts for {} places × {} units",
                expected.len(),
                self.places,
                self.units
            )));
        }
        if let Some(at) = expected
            .iter()
            .position(|mu| !(mu.is_finite() && *mu >= 0.0))
        {
            return Err(ScanError::Data(format!(
                "the expected count {} of place {} in unit {} is not a number of 0 or more",
                expected[at],
                at / self.units,
                at % self.units
            )));
        }
        Ok(expected.iter().sum())
    }

    fn poisson(&self, cases: &[Tally], total: u32, expected: &[f64]) -> Result<Parts, ScanError> {
        let sum = self.sum(expected)?;
        let scale = if sum > 0.0 {
            f64::from(total) / sum
        } else {
            0.0
        };
        let mut measures = self.measures(cases, expected, scale)?;
        let sampler = match total {
            0 => Sampler::Nothing,
            _ => Sampler::Multinomial {
                cases: total as usize,
                cells: Alias::new((0u32..).zip(measures.iter().copied())),
            },
        };
        measures.pop();
        Ok((
            Score::Conditional {
                cases: f64::from(total),
                permutation: false,
            },
            measures,
            sampler,
        ))
    }

    fn expectation_based(&self, cases: &[Tally], expected: &[f64]) -> Result<Parts, ScanError> {
        self.sum(expected)?;
        let mut measures = self.measures(cases, expected, 1.0)?;
        measures.pop();
        let mean: f64 = measures.iter().sum();
        if mean > MAX_PEOPLE as f64 {
            return Err(ScanError::Data(format!(
                "{mean} expected cases are more than {MAX_PEOPLE}"
            )));
        }
        let sampler = if mean > 0.0 {
            Sampler::Poisson {
                mean,
                cells: Alias::new((0u32..).zip(measures.iter().copied())),
            }
        } else {
            Sampler::Nothing
        };
        Ok((Score::ExpectationBased, measures, sampler))
    }

    fn permutation(&self, cases: &[Tally], total: u32) -> Result<Parts, ScanError> {
        // Put in order, so that replicates do not depend on the order of the rows.
        let mut cases: Vec<&Tally> = cases.iter().filter(|t| t.count > 0).collect();
        cases.sort_unstable_by_key(|t| (t.place, t.unit));
        let mut by_group: BTreeMap<u32, Vec<&Tally>> = BTreeMap::new();
        for t in cases {
            by_group.entry(t.group).or_default().push(t);
        }
        let mut measures = vec![0.0; self.cells()];
        let mut groups = Vec::with_capacity(by_group.len());
        for tallies in by_group.values() {
            self.add_product_of_margins(tallies, &mut measures);
            let each = |t: &&Tally, value: usize| {
                std::iter::repeat_n(
                    u32::try_from(value).expect("positions fit"),
                    t.count as usize,
                )
            };
            groups.push(Group {
                places: tallies
                    .iter()
                    .flat_map(|t| each(t, t.place as usize))
                    .collect(),
                edges: tallies
                    .iter()
                    .filter_map(|t| self.edge(t.unit as usize).map(|edge| each(t, edge)))
                    .flatten()
                    .collect(),
            });
        }
        Ok((
            Score::Conditional {
                cases: f64::from(total),
                permutation: true,
            },
            measures,
            Sampler::Permutation { groups },
        ))
    }

    /// Adds, for one stratum, cases of the place × cases of the unit / cases to each cell.
    fn add_product_of_margins(&self, tallies: &[&Tally], measures: &mut [f64]) {
        let mut by_place: BTreeMap<u32, f64> = BTreeMap::new();
        let mut by_edge = vec![0.0; self.frame.stride()];
        let mut all = 0.0;
        for t in tallies {
            *by_place.entry(t.place).or_default() += f64::from(t.count);
            all += f64::from(t.count);
            if let Some(edge) = self.edge(t.unit as usize) {
                by_edge[edge] += f64::from(t.count);
            }
        }
        for (place, here) in by_place {
            let start = place as usize * self.frame.stride();
            for (measure, then) in measures[start..].iter_mut().zip(&by_edge) {
                *measure += here * then / all;
            }
        }
    }

    fn bernoulli(
        &self,
        cases: &[Tally],
        total: u32,
        controls: &[Tally],
    ) -> Result<Parts, ScanError> {
        let people = u64::from(total) + u64::from(self.total(controls, "controls")?);
        if people > MAX_PEOPLE {
            return Err(ScanError::Data(format!(
                "{people} cases and controls are more than {MAX_PEOPLE}"
            )));
        }
        let mut counts = self.counts(cases);
        for t in controls {
            counts[self.cell(t)] += t.count;
        }
        let each = (0u32..)
            .zip(&counts)
            .flat_map(|(cell, &n)| std::iter::repeat_n(cell, n as usize))
            .collect();
        counts.pop();
        let measures = counts.into_iter().map(f64::from).collect();
        let score = Score::Bernoulli {
            cases: f64::from(total),
            people: people as f64,
        };
        Ok((
            score,
            measures,
            Sampler::Bernoulli {
                people: each,
                cases: total as usize,
            },
        ))
    }
}
