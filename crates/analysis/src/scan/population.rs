//! People by place, covariates and time, and the cases expected among them.
//!
//! Expected counts of the Poisson model come by indirect standardisation: a stratum of covariates (age,
//! sex) has one rate, its cases over its person-time in the whole study, and a place and unit of time
//! expects the sum over strata of rate × person-time. Population is linear in time between censuses,
//! constant before the first and after the last, and taken at the middle of each unit.

use super::axis::{Axis, Moment, moments_of};
use super::baseline::{Past, Trend};
use super::files::{self, CountRow, FileKind, Places, Strata};
use super::periods::Periods;
use super::{ScanError, Tally};
use std::collections::BTreeMap;

/// (place, stratum) → (time in years, people), oldest first.
type Series = BTreeMap<(u32, u32), Vec<(f64, f64)>>;

/// The time of the population where the study has no dates: there must be only one.
fn the_only_census(series: &Series) -> Result<f64, ScanError> {
    let mut times = series.values().flatten().map(|&(time, _)| time);
    let first = times.next().unwrap_or_default();
    if times.any(|time| time != first) {
        return Err(ScanError::option(
            "from",
            "the population file has several times, so --from and --to must say when the cases were counted",
        ));
    }
    Ok(first)
}

/// The population by place and stratum.
pub(super) struct Population {
    series: Series,
    moments: Vec<Moment>,
    places: usize,
}

/// People at a time: linear between censuses, constant beyond them.
fn people_at(census: &[(f64, f64)], time: f64) -> f64 {
    let after = census.partition_point(|&(at, _)| at < time);
    match (
        after.checked_sub(1).map(|before| census[before]),
        census.get(after),
    ) {
        (Some((t0, p0)), Some(&(t1, p1))) => {
            if time == t1 {
                return p1;
            }
            p0 + (p1 - p0) * ((time - t0) / (t1 - t0))
        }
        (Some((_, people)), None) | (None, Some(&(_, people))) => people,
        (None, None) => 0.0,
    }
}

impl Population {
    /// Reads a population file; `century` is a year of the study, near which years of two digits lie.
    pub fn read(
        text: &str,
        places: &Places,
        strata: &mut Strata,
        century: i16,
        axis: &Axis<'_>,
    ) -> Result<Self, ScanError> {
        let covariates = files::covariates_of(text).unwrap_or(0);
        let mut series = Series::new();
        for row in files::read_population(text, places, century, covariates, strata)? {
            let census = series.entry((row.place, row.stratum)).or_default();
            let time = row.time.middle();
            match census.iter_mut().find(|(at, _)| *at == time) {
                Some((_, people)) => *people += row.population,
                None => census.push((time, row.population)),
            }
        }
        for census in series.values_mut() {
            census.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let moments = axis.moments(|| the_only_census(&series))?;
        Ok(Self {
            series,
            moments,
            places: places.len(),
        })
    }

    /// Person-time of one series over the study.
    fn person_time(&self, census: &[(f64, f64)]) -> f64 {
        self.moments
            .iter()
            .map(|m| people_at(census, m.middle) * m.weight)
            .sum()
    }

    /// Person-time of each place over the study.
    pub fn by_place(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.places];
        for ((place, _), census) in &self.series {
            sums[*place as usize] += self.person_time(census);
        }
        sums
    }

    /// Indirect standardisation: see the head of this file. `rows` are the lines behind the cases.
    pub fn standardise(
        &self,
        axis: &Axis<'_>,
        cases: &[Tally],
        rows: &[CountRow],
        strata: usize,
    ) -> Result<Vec<f64>, ScanError> {
        let (mut count, mut time) = (vec![0.0; strata], vec![0.0; strata]);
        for t in cases {
            count[t.group as usize] += f64::from(t.count);
        }
        for ((_, stratum), census) in &self.series {
            time[*stratum as usize] += self.person_time(census);
        }
        let without = |row: &&CountRow| {
            row.count > 0 && time[row.stratum as usize] <= 0.0 && axis.unit_of(row.time).is_some()
        };
        if let Some(row) = rows.iter().find(without) {
            let reason = if self.by_place()[row.place as usize] > 0.0 {
                "nobody in the population file has its covariates"
            } else {
                "the population of its place is 0"
            };
            return Err(ScanError::Line {
                kind: FileKind::Cases,
                line: row.line,
                reason: reason.to_owned(),
            });
        }
        let mut expected = vec![0.0; self.places * axis.units()];
        for ((place, stratum), census) in &self.series {
            let (count, time) = (count[*stratum as usize], time[*stratum as usize]);
            if count > 0.0 {
                for m in &self.moments {
                    expected[*place as usize * axis.units() + m.unit] +=
                        people_at(census, m.middle) * m.weight * count / time;
                }
            }
        }
        Ok(expected)
    }

    /// Person-time of each place in one unit, all strata together.
    fn exposures(&self, moment: &Moment) -> Vec<f64> {
        let mut exposures = vec![0.0; self.places];
        for ((place, _), census) in &self.series {
            exposures[*place as usize] += people_at(census, moment.middle) * moment.weight;
        }
        exposures
    }

    /// What a trend fitted to the time before `study` lets expect in it: one rate for all places that
    /// grows or shrinks by the same share in each unit, from the earliest case to the day before.
    ///
    /// # Errors
    /// When there are no cases before the study, or nothing can be fitted to them.
    pub fn trend(&self, study: &Periods, rows: &[CountRow]) -> Result<Vec<f64>, ScanError> {
        let bad = |reason: String| ScanError::option("from", reason);
        let from = study.from();
        let earliest = rows
            .iter()
            .filter_map(|row| row.time)
            .map(|t| t.first)
            .min()
            .filter(|&d| d < from);
        let none = || {
            bad(format!(
                "the ebp model without --expected fits its baseline to cases before {from}, and there are none"
            ))
        };
        let earliest = earliest.ok_or_else(none)?;
        let eve = from.yesterday().expect("a date before it was found");
        let history = Periods::new(study.unit(), earliest, eve)?;
        let past = self.past(&history, rows).ok_or_else(|| {
            bad(format!(
                "there are cases before {from} at a place without population"
            ))
        })?;
        let trend = Trend::fit(&past).map_err(|e| {
            bad(format!(
                "no baseline can be fitted to the cases from {earliest} to {eve}: {e}"
            ))
        })?;
        let mut expected = vec![0.0; self.places * study.len()];
        for moment in &self.moments {
            for (place, exposure) in self.exposures(moment).into_iter().enumerate() {
                expected[place * study.len() + moment.unit] =
                    trend.expected(moment.unit as f64, exposure);
            }
        }
        Ok(expected)
    }

    /// Counts and exposures before the study, whose units are numbered from 0, so that these are negative;
    /// `None` where there are cases at a place without population.
    fn past(&self, history: &Periods, rows: &[CountRow]) -> Option<Vec<Past>> {
        let mut counts = vec![0.0; self.places * history.len()];
        for t in (Axis {
            periods: Some(history),
            spatial: false,
        })
        .tallies(rows)
        {
            counts[t.unit as usize * self.places + t.place as usize] += f64::from(t.count);
        }
        let mut past = Vec::with_capacity(counts.len());
        for (moment, counts) in moments_of(history, false)
            .iter()
            .zip(counts.chunks_exact(self.places))
        {
            let time = moment.unit as f64 - history.len() as f64;
            for (exposure, &count) in self.exposures(moment).into_iter().zip(counts) {
                if exposure > 0.0 {
                    past.push(Past {
                        time,
                        exposure,
                        count,
                    });
                } else if count > 0.0 {
                    return None;
                }
            }
        }
        Some(past)
    }
}
