//! A scan asked for in the words of its files: from texts and a request to data, and from positions back
//! to identifiers and dates.

use super::axis::Axis;
use super::files::{self, CountRow, FileKind, Layout, Places, Strata, TimeColumn};
use super::periods::{Periods, Unit};
use super::population::Population;
use super::{
    Cluster, Coordinates, Data, Neighbours, Null, Options, ScanError, Span, Tally, Zones, scan,
};
use jiff::civil::Date;
use serde::Serialize;

/// Which model; what each needs is said at [`Null`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Discrete Poisson: `.pop` or `.exp`.
    Poisson,
    /// Space-time permutation: cases alone; covariates in the case file are adjusted for.
    Permutation,
    /// Expectation-based Poisson: `.exp`; or `.pop` with cases before the study begins, from which a
    /// trend is fitted (see [`Study::read`]).
    ExpectationBased,
    /// Bernoulli: `.ctl`.
    Bernoulli,
}

/// The texts of the files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files<'a> {
    /// `.cas`
    pub cases: &'a str,
    /// `.geo`
    pub places: &'a str,
    /// `.pop`
    pub population: Option<&'a str>,
    /// `.ctl`
    pub controls: Option<&'a str>,
    /// `.exp`
    pub expected: Option<&'a str>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The model.
    pub model: Model,
    /// What the numbers in `.geo` mean.
    pub coordinates: Coordinates,
    /// Which windows.
    pub span: Span,
    /// The unit of time; of no account for [`Span::Spatial`].
    pub unit: Unit,
    /// First day; else that of the earliest case or control.
    pub from: Option<Date>,
    /// Last day; else that of the latest case or control.
    pub to: Option<Date>,
    /// The largest zone as a share of the population at risk. With `.pop` or `.exp` alone that is the
    /// expected count (the population adjusted for covariates, as SaTScan has it), with both it is the
    /// population; for Bernoulli it is cases and controls, and for the permutation model, which has no
    /// population, it is cases. `None` is one half; but the expectation-based model, which compares a
    /// zone with its own baseline and not with the rest of the map, is not bound where
    /// `max_neighbours` is given.
    pub max_population: Option<f64>,
    /// The most places in a zone.
    pub max_neighbours: Option<usize>,
    /// The longest window in units of time. `None` is half of the study, for the expectation-based
    /// model all of it.
    pub max_length: Option<usize>,
    /// Monte Carlo replicates.
    pub replicates: u32,
    /// Where the random numbers begin.
    pub seed: u64,
    /// See [`Options::stop_after`].
    pub stop_after: Option<u32>,
    /// See [`Options::min_cases`].
    pub min_cases: u32,
}

/// A request with its data, ready to be scanned.
#[derive(Clone, Debug)]
pub struct Study {
    places: Places,
    periods: Option<Periods>,
    zones: Zones,
    data: Data,
    options: Options,
    unit: Unit,
    case_rows: Vec<CountRow>,
}

/// A cluster with names and dates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedCluster {
    /// Identifiers of its places, the centre first, then by distance; those at one point stand together.
    pub locations: Vec<String>,
    /// First day; `None` for a scan of space alone.
    pub from: Option<Date>,
    /// Last day; `None` for a scan of space alone.
    pub to: Option<Date>,
    /// See [`Cluster::observed`].
    pub observed: u32,
    /// See [`Cluster::expected`].
    pub expected: f64,
    /// See [`Cluster::relative_risk`].
    pub relative_risk: f64,
    /// See [`Cluster::llr`].
    pub llr: f64,
    /// See [`Cluster::p_value`].
    pub p_value: Option<f64>,
    /// See [`Cluster::p_gumbel`].
    pub p_gumbel: Option<f64>,
    /// Repeating the scan once in each unit of time, one such cluster is met by chance once in so many
    /// days: days of the unit / Monte Carlo p-value. Only for prospective scans.
    pub recurrence_days: Option<f64>,
}

/// What was found, in the shape the contract gives it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// See [`super::Findings::clusters`].
    pub clusters: Vec<NamedCluster>,
    /// Zones looked at.
    pub zones: usize,
    /// Windows looked at.
    pub windows: u64,
}

impl Study {
    /// Reads the files as the request wants them.
    ///
    /// The expectation-based model without `.exp` takes its baseline from history: a Poisson regression
    /// of the count on the number of the unit with the population as offset, over all places and all
    /// units from the earliest case to the day before `from`.
    ///
    /// # Errors
    /// Names the option that is missing or unusable, or the file, line and reason.
    pub fn read(files: &Files<'_>, request: &Request) -> Result<Self, ScanError> {
        check_needs(files, request)?;
        let places = Places::read(files.places, request.coordinates)?;
        let mut reader = Reader {
            files,
            request,
            places: &places,
            strata: Strata::default(),
            covariates: None,
        };
        let case_rows = reader.cases()?;
        let control_rows = reader.controls()?;
        let periods = reader.periods(case_rows.iter().chain(&control_rows))?;
        let axis = Axis {
            periods: periods.as_ref(),
            spatial: request.span == Span::Spatial,
        };
        let cases = axis.tallies(&case_rows);
        let (null, weights) = reader.null(&axis, &case_rows, &cases, &control_rows)?;
        let neighbours =
            Neighbours::nearest(places.points(), request.coordinates, request.max_neighbours)?;
        let zones = Zones::within(&neighbours, &weights, share(request))?;
        let units = axis.units();
        let half = if request.model == Model::ExpectationBased {
            units
        } else {
            (units / 2).max(1)
        };
        let options = Options {
            span: request.span,
            longest: request.max_length.unwrap_or(half),
            replicates: request.replicates,
            seed: request.seed,
            stop_after: request.stop_after,
            min_cases: request.min_cases,
        };
        let data = Data {
            places: places.len(),
            units,
            cases,
            null,
        };
        Ok(Self {
            periods: periods.filter(|_| request.span != Span::Spatial),
            places,
            zones,
            data,
            options,
            unit: request.unit,
            case_rows,
        })
    }

    /// Scans.
    ///
    /// # Errors
    /// When there are cases where nothing is expected (named by file and line), or the numbers are too large.
    pub fn scan(&self) -> Result<Report, ScanError> {
        let findings =
            scan(&self.zones, &self.data, &self.options).map_err(|error| self.name(error))?;
        let clusters = findings
            .clusters
            .into_iter()
            .map(|cluster| self.named(cluster))
            .collect();
        Ok(Report {
            clusters,
            zones: findings.zones,
            windows: findings.windows,
        })
    }

    /// Cases of the file that lie outside the time of the study and are not looked at.
    pub fn left_out(&self) -> u64 {
        let read: u64 = self.case_rows.iter().map(|row| u64::from(row.count)).sum();
        let kept: u64 = self.data.cases.iter().map(|t| u64::from(t.count)).sum();
        read.saturating_sub(kept)
    }

    /// The data as scanned, for tests and benches.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The options as scanned.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The zones.
    pub fn zones(&self) -> &Zones {
        &self.zones
    }

    fn named(&self, cluster: Cluster) -> NamedCluster {
        let dates = self.periods.as_ref().map(|p| {
            (
                p.first_day(cluster.units.start),
                p.last_day(cluster.units.end - 1),
            )
        });
        let prospective = self.options.span == Span::Prospective;
        NamedCluster {
            locations: cluster
                .places
                .iter()
                .flat_map(|&p| self.places.ids(p as usize).iter().cloned())
                .collect(),
            from: dates.map(|d| d.0),
            to: dates.map(|d| d.1),
            observed: cluster.observed,
            expected: cluster.expected,
            relative_risk: cluster.relative_risk,
            llr: cluster.llr,
            p_value: cluster.p_value,
            p_gumbel: cluster.p_gumbel,
            recurrence_days: cluster
                .p_value
                .filter(|_| prospective)
                .map(|p| self.unit.mean_days() / p),
        }
    }

    /// Finds the line of the case file behind an error that knows only positions.
    fn name(&self, error: ScanError) -> ScanError {
        let ScanError::NothingExpected { place, unit } = error else {
            return error;
        };
        let axis = Axis {
            periods: self.periods.as_ref(),
            spatial: self.periods.is_none(),
        };
        let culprit = self.case_rows.iter().find(|row| {
            row.count > 0 && row.place as usize == place && axis.unit_of(row.time) == Some(unit)
        });
        let when = self
            .periods
            .as_ref()
            .map(|p| format!(" from {} to {}", p.first_day(unit), p.last_day(unit)))
            .unwrap_or_default();
        let reason = format!(
            "place \"{}\" has cases{when}, but no population or expected count",
            self.places.ids(place)[0]
        );
        ScanError::Line {
            kind: FileKind::Cases,
            line: culprit.map_or(0, |row| row.line),
            reason,
        }
    }
}

/// The bound of the zones; see [`Request::max_population`].
fn share(request: &Request) -> f64 {
    let unbound = request.model == Model::ExpectationBased && request.max_neighbours.is_some();
    request
        .max_population
        .unwrap_or(if unbound { 1.0 } else { 0.5 })
}

/// Refuses a request whose model lacks what it needs.
fn check_needs(files: &Files<'_>, request: &Request) -> Result<(), ScanError> {
    if request.max_length == Some(0) {
        return Err(ScanError::option(
            "max-days",
            "a window has at least 1 unit of time",
        ));
    }
    if request.stop_after == Some(0) {
        return Err(ScanError::option(
            "stop-after",
            "simulation ends at the earliest after 1 data set as strong as the strongest found",
        ));
    }
    let counted = files.population.is_some() || files.expected.is_some();
    match request.model {
        Model::Poisson if !counted => Err(ScanError::option(
            "pop",
            "the poisson model needs a population file (--pop) or expected counts (--expected)",
        )),
        Model::ExpectationBased if !counted => Err(ScanError::option(
            "expected",
            "the ebp model needs expected counts (--expected), or a population file (--pop) and cases before --from",
        )),
        Model::ExpectationBased if files.expected.is_none() && request.from.is_none() => {
            Err(ScanError::option(
                "from",
                "the ebp model without --expected fits its baseline to the cases before --from",
            ))
        }
        Model::ExpectationBased if files.expected.is_none() && request.span == Span::Spatial => {
            Err(ScanError::option(
                "expected",
                "the ebp model over space alone needs expected counts",
            ))
        }
        Model::Bernoulli if files.controls.is_none() => Err(ScanError::option(
            "controls",
            "the bernoulli model needs a control file (--controls)",
        )),
        Model::Permutation if request.span == Span::Spatial => Err(ScanError::option(
            "time",
            "the permutation model compares places over time; it cannot scan space alone",
        )),
        _ => Ok(()),
    }
}

/// Reads the files one after another, each against those before.
struct Reader<'a> {
    files: &'a Files<'a>,
    request: &'a Request,
    places: &'a Places,
    strata: Strata,
    /// Columns of covariates in the population file, where the model uses it.
    covariates: Option<usize>,
}

impl Reader<'_> {
    /// The population file, where it says what is expected.
    fn denominator(&self) -> Option<&str> {
        let used = self.files.expected.is_none()
            && matches!(self.request.model, Model::Poisson | Model::ExpectationBased);
        self.files.population.filter(|_| used)
    }

    fn cases(&mut self) -> Result<Vec<CountRow>, ScanError> {
        self.covariates = self.denominator().and_then(files::covariates_of);
        self.counts(FileKind::Cases, self.files.cases)
    }

    fn controls(&mut self) -> Result<Vec<CountRow>, ScanError> {
        match self
            .files
            .controls
            .filter(|_| self.request.model == Model::Bernoulli)
        {
            Some(text) => self.counts(FileKind::Controls, text),
            None => Ok(Vec::new()),
        }
    }

    fn counts(&mut self, kind: FileKind, text: &str) -> Result<Vec<CountRow>, ScanError> {
        let spatial = self.request.span == Span::Spatial;
        let time = if spatial {
            TimeColumn::AsFirstLine
        } else {
            TimeColumn::Present
        };
        let layout = Layout {
            time,
            covariates: self.covariates,
            century: self.request.from.or(self.request.to).map(Date::year),
        };
        let rows = files::read_counts(kind, text, self.places, layout, &mut self.strata)?;
        let coarse = rows.iter().find_map(|row| {
            row.time
                .filter(|t| !spatial && !t.fits(self.request.unit))
                .map(|t| (row.line, t))
        });
        match coarse {
            Some((line, _)) => Err(ScanError::Line {
                kind,
                line,
                reason: too_coarse(self.request.unit),
            }),
            None => Ok(rows),
        }
    }

    /// The units of the study: from the request, else from the rows. `None` only for space alone
    /// without any time.
    fn periods<'r>(
        &self,
        rows: impl Iterator<Item = &'r CountRow>,
    ) -> Result<Option<Periods>, ScanError> {
        let spatial = self.request.span == Span::Spatial;
        let (mut first, mut last) = (None::<Date>, None::<Date>);
        for stamp in rows.filter_map(|row| row.time) {
            first = Some(first.map_or(stamp.first, |d| d.min(stamp.first)));
            last = Some(last.map_or(stamp.last(), |d| d.max(stamp.last())));
        }
        match (self.request.from.or(first), self.request.to.or(last)) {
            (Some(from), Some(to)) => Periods::new(
                if spatial {
                    Unit::Year
                } else {
                    self.request.unit
                },
                from,
                to,
            )
            .map(Some),
            _ if spatial => Ok(None),
            _ => Err(ScanError::option(
                "cases",
                "the case file is empty; without cases --from and --to must say when the study is",
            )),
        }
    }

    /// The model with its numbers, and the weights the bound of the zones counts.
    fn null(
        &mut self,
        axis: &Axis<'_>,
        case_rows: &[CountRow],
        cases: &[Tally],
        control_rows: &[CountRow],
    ) -> Result<(Null, Vec<f64>), ScanError> {
        let places = self.places.len();
        match self.request.model {
            Model::Permutation => Ok((Null::Permutation, counts_by_place(cases.iter(), places))),
            Model::Bernoulli => {
                let controls = axis.tallies(control_rows);
                let weights = counts_by_place(cases.iter().chain(&controls), places);
                Ok((Null::Bernoulli { controls }, weights))
            }
            Model::Poisson | Model::ExpectationBased => {
                let population = self.population(axis)?;
                let given = self
                    .files
                    .expected
                    .map(|text| self.given(text, axis))
                    .transpose()?;
                // Beside expected counts a population has no other use than to bound the zones.
                let bound = population
                    .as_ref()
                    .filter(|_| given.is_some())
                    .map(Population::by_place);
                let expected = match (given, &population, axis.periods) {
                    (Some(expected), ..) => expected,
                    (None, Some(p), _) if self.request.model == Model::Poisson => {
                        p.standardise(axis, cases, case_rows, self.strata.count())?
                    }
                    (None, Some(p), Some(periods)) => p.trend(periods, case_rows)?,
                    _ => unreachable!(
                        "check_needs wants expected counts or a population, and dates for a trend"
                    ),
                };
                let rows = expected.chunks_exact(axis.units());
                let weights = bound.unwrap_or_else(|| rows.map(|row| row.iter().sum()).collect());
                let null = if self.request.model == Model::Poisson {
                    Null::Poisson { expected }
                } else {
                    Null::ExpectationBased { expected }
                };
                Ok((null, weights))
            }
        }
    }

    fn population(&mut self, axis: &Axis<'_>) -> Result<Option<Population>, ScanError> {
        let Some(text) = self.files.population else {
            return Ok(None);
        };
        let century = axis
            .periods
            .map_or(2000, |p| i16::midpoint(p.from().year(), p.to().year()));
        Population::read(text, self.places, &mut self.strata, century, axis).map(Some)
    }

    /// Expected counts as a file gives them.
    fn given(&self, text: &str, axis: &Axis<'_>) -> Result<Vec<f64>, ScanError> {
        let kind = FileKind::Expected;
        let units = axis.units();
        let mut expected = vec![0.0; self.places.len() * units];
        // What is given for the whole study is spread evenly over its time.
        let moments = axis.moments(|| Ok(0.0))?;
        let time: f64 = moments.iter().map(|m| m.weight).sum();
        for row in files::read_expected(text, self.places)? {
            let start = row.place as usize * units;
            match row.time {
                Some(stamp) if !axis.spatial && !stamp.fits(self.request.unit) => {
                    return Err(ScanError::Line {
                        kind,
                        line: row.line,
                        reason: too_coarse(self.request.unit),
                    });
                }
                Some(stamp) => {
                    if let Some(unit) = axis.unit_of(Some(stamp)) {
                        expected[start + unit] += row.expected;
                    }
                }
                None => {
                    for m in &moments {
                        expected[start + m.unit] += row.expected * m.weight / time;
                    }
                }
            }
        }
        Ok(expected)
    }
}

/// The sum of tallies at each place.
fn counts_by_place<'t>(tallies: impl Iterator<Item = &'t Tally>, places: usize) -> Vec<f64> {
    let mut sums = vec![0.0; places];
    for t in tallies {
        sums[t.place as usize] += f64::from(t.count);
    }
    sums
}

fn too_coarse(unit: Unit) -> String {
    format!(
        "the time is not exact enough to be counted by {}; choose a larger --unit",
        unit.name()
    )
}
