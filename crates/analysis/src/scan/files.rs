//! SaTScan's text files: places (`.geo`), cases (`.cas`), controls (`.ctl`), population (`.pop`), and our
//! own expected counts (`.exp`: place, time if any, expected).
//!
//! Columns are parted by any number of blanks and tabs; there is no header; an empty line is skipped;
//! an identifier with blanks stands in double quotes. Layouts after the SaTScan User Guide 10.1,
//! "Data requirements": `.geo` place latitude longitude, or place x y; `.cas` and `.ctl` place count
//! [time] [covariates …]; `.pop` place time population [covariates …].

use super::periods::Stamp;
use super::zones::{Coordinates, Point};
use super::{MAX_PEOPLE, ScanError};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Which file a line stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `.geo`
    Places,
    /// `.cas`
    Cases,
    /// `.ctl`
    Controls,
    /// `.pop`
    Population,
    /// `.exp`
    Expected,
}

impl FileKind {
    /// The option of the command line that names the file.
    pub fn option(self) -> &'static str {
        match self {
            FileKind::Places => "geo",
            FileKind::Cases => "cases",
            FileKind::Controls => "controls",
            FileKind::Population => "pop",
            FileKind::Expected => "expected",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::Places => "coordinates file (.geo)",
            FileKind::Cases => "case file (.cas)",
            FileKind::Controls => "control file (.ctl)",
            FileKind::Population => "population file (.pop)",
            FileKind::Expected => "file of expected counts (.exp)",
        })
    }
}

/// One line cut into columns.
struct Line<'a> {
    kind: FileKind,
    number: u64,
    columns: Vec<Cow<'a, str>>,
}

impl Line<'_> {
    fn error(&self, reason: impl Into<String>) -> ScanError {
        ScanError::Line {
            kind: self.kind,
            line: self.number,
            reason: reason.into(),
        }
    }

    /// A column, or an error that says what should stand there.
    fn column(&self, at: usize, what: &str) -> Result<&str, ScanError> {
        self.columns.get(at).map(|c| c.as_ref()).ok_or_else(|| {
            self.error(format!(
                "column {} ({what}) is missing; the line has {}",
                at + 1,
                self.columns.len()
            ))
        })
    }

    /// A finite number.
    fn number(&self, at: usize, what: &str) -> Result<f64, ScanError> {
        let text = self.column(at, what)?;
        let number: f64 = text
            .parse()
            .map_err(|_| self.error(format!("{what} \"{text}\" is not a number")))?;
        if number.is_finite() {
            Ok(number)
        } else {
            Err(self.error(format!("{what} \"{text}\" is not a finite number")))
        }
    }

    /// A number that may not be negative.
    fn amount(&self, at: usize, what: &str) -> Result<f64, ScanError> {
        let number = self.number(at, what)?;
        if number >= 0.0 {
            Ok(number)
        } else {
            Err(self.error(format!("{what} {number} is negative")))
        }
    }

    fn stamp(&self, at: usize, century: Option<i16>) -> Result<Stamp, ScanError> {
        Stamp::parse(self.column(at, "time")?, century).map_err(|reason| self.error(reason))
    }

    fn place(&self, places: &Places) -> Result<u32, ScanError> {
        let id = self.column(0, "place")?;
        places
            .find(id)
            .ok_or_else(|| self.error(format!("place \"{id}\" is not in the coordinates file")))
    }
}

/// Cuts a text into its non-empty lines and their columns.
fn lines(kind: FileKind, text: &str) -> impl Iterator<Item = Result<Line<'_>, ScanError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    (1u64..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(move |(number, line)| {
            let columns = columns(line).map_err(|reason| ScanError::Line {
                kind,
                line: number,
                reason,
            })?;
            Ok(Line {
                kind,
                number,
                columns,
            })
        })
}

/// Cuts a line at blanks outside double quotes.
fn columns(line: &str) -> Result<Vec<Cow<'_, str>>, String> {
    let mut columns = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (column, after) = if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').ok_or("a double quote is not closed")?;
            (&quoted[..end], &quoted[end + 1..])
        } else {
            rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()))
        };
        if column.contains('\0') {
            return Err("it holds a zero byte; is this a text file?".into());
        }
        columns.push(Cow::Borrowed(column));
        rest = after.trim_start();
    }
    Ok(columns)
}

/// The places of a coordinates file, in its order.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Identifiers.
    pub ids: Vec<String>,
    /// One point for each.
    pub points: Vec<Point>,
    index: HashMap<String, u32>,
}

impl Places {
    /// Reads a coordinates file. A repeated line is accepted where it says the same.
    ///
    /// # Errors
    /// Names the first line that cannot be used and why; an empty file is an error too.
    pub fn read(text: &str, coordinates: Coordinates) -> Result<Self, ScanError> {
        let mut places = Self::default();
        for line in lines(FileKind::Places, text) {
            places.add(&line?, coordinates)?;
        }
        if places.ids.is_empty() {
            return Err(ScanError::option(
                FileKind::Places.option(),
                "the coordinates file names no place",
            ));
        }
        Ok(places)
    }

    fn add(&mut self, line: &Line<'_>, coordinates: Coordinates) -> Result<(), ScanError> {
        let id = line.column(0, "place")?;
        let (names, limits) = match coordinates {
            Coordinates::LatLon => (["latitude", "longitude"], [90.0, 180.0]),
            Coordinates::Cartesian => (["x", "y"], [f64::MAX, f64::MAX]),
        };
        let mut point = [0.0; 2];
        for axis in 0..2 {
            point[axis] = line.number(axis + 1, names[axis])?;
            if point[axis].abs() > limits[axis] {
                return Err(line.error(format!(
                    "{} {} is not between -{} and {}",
                    names[axis], point[axis], limits[axis], limits[axis]
                )));
            }
        }
        if line.columns.len() > 3 {
            return Err(line.error(format!(
                "3 columns are expected, {} are there",
                line.columns.len()
            )));
        }
        match self.find(id) {
            Some(known) if self.points[known as usize] == point => Ok(()),
            Some(_) => Err(line.error(format!(
                "place \"{id}\" is given twice with different coordinates"
            ))),
            None => {
                let at = u32::try_from(self.ids.len())
                    .map_err(|_| line.error("there are too many places"))?;
                self.index.insert(id.to_owned(), at);
                self.ids.push(id.to_owned());
                self.points.push(point);
                Ok(())
            }
        }
    }

    /// The position of an identifier.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.index.get(id).copied()
    }
}

/// The combinations of covariates met so far, numbered in order of appearance.
#[derive(Clone, Debug, Default)]
pub struct Strata(HashMap<String, u32>);

impl Strata {
    /// The number of a combination, new if it was not met before.
    fn number(&mut self, covariates: &[Cow<'_, str>]) -> u32 {
        // A column holds no line break, so joining with one keeps combinations apart.
        let key = covariates.join("\n");
        let next =
            u32::try_from(self.0.len()).expect("fewer combinations than lines, and lines fit");
        *self.0.entry(key).or_insert(next)
    }

    /// How many combinations there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// One line of a case or control file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountRow {
    /// The physical line.
    pub line: u64,
    /// Position in [`Places`].
    pub place: u32,
    /// How many.
    pub count: u32,
    /// When, where the file says so.
    pub time: Option<Stamp>,
    /// The combination of covariates, numbered by [`Strata`].
    pub stratum: u32,
}

/// What a case or control file is read against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeColumn {
    /// The third column is a time.
    Present,
    /// There is none: the third column is a covariate already.
    Absent,
    /// Present where the third column of the first line reads as a time.
    AsFirstLine,
}

/// Reads a case or control file. `covariates` is the number of columns of covariates there must be,
/// where a population file fixes it.
///
/// # Errors
/// Names the first line that cannot be used and why.
pub fn read_counts(
    kind: FileKind,
    text: &str,
    places: &Places,
    mut time: TimeColumn,
    covariates: Option<usize>,
    strata: &mut Strata,
) -> Result<Vec<CountRow>, ScanError> {
    let mut rows = Vec::new();
    let mut total = 0u64;
    for line in lines(kind, text) {
        let line = line?;
        if time == TimeColumn::AsFirstLine {
            let timed = line
                .columns
                .get(2)
                .is_some_and(|c| Stamp::parse(c, None).is_ok());
            // With a population file the number of covariates decides, so a covariate "1977" is none the worse.
            let timed = covariates.map_or(timed, |n| line.columns.len() == n + 3);
            time = if timed {
                TimeColumn::Present
            } else {
                TimeColumn::Absent
            };
        }
        let row = count_row(&line, places, time, covariates, strata)?;
        total += u64::from(row.count);
        if total > MAX_PEOPLE {
            return Err(line.error(format!(
                "the counts up to here add up to {total}, more than can be scanned"
            )));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn count_row(
    line: &Line<'_>,
    places: &Places,
    time: TimeColumn,
    covariates: Option<usize>,
    strata: &mut Strata,
) -> Result<CountRow, ScanError> {
    let place = line.place(places)?;
    let text = line.column(1, "count")?;
    let count = text.parse().map_err(|_| {
        line.error(format!(
            "count \"{text}\" is not a whole number of 0 or more"
        ))
    })?;
    let (time, head) = match time {
        TimeColumn::Present => (Some(line.stamp(2, None)?), 3),
        TimeColumn::Absent | TimeColumn::AsFirstLine => (None, 2),
    };
    let rest = line.columns.get(head..).unwrap_or_default();
    if let Some(wanted) = covariates.filter(|&n| n != rest.len()) {
        return Err(line.error(format!(
            "the population file has {wanted} columns of covariates, this line has {}",
            rest.len()
        )));
    }
    Ok(CountRow {
        line: line.number,
        place,
        count,
        time,
        stratum: strata.number(rest),
    })
}

/// One line of a population file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PopulationRow {
    /// Position in [`Places`].
    pub place: u32,
    /// When people were counted.
    pub time: Stamp,
    /// How many.
    pub population: f64,
    /// The combination of covariates, numbered by [`Strata`].
    pub stratum: u32,
}

/// How many columns of covariates a population file has, by its first line; `None` for an empty file.
pub fn covariates_of(population: &str) -> Option<usize> {
    lines(FileKind::Population, population)
        .next()?
        .ok()
        .map(|line| line.columns.len().saturating_sub(3))
}

/// Reads a population file with so many columns of covariates; `century` is a year of the study, near
/// which years of two digits lie.
///
/// # Errors
/// Names the first line that cannot be used and why; an empty file is an error too.
pub fn read_population(
    text: &str,
    places: &Places,
    century: i16,
    covariates: usize,
    strata: &mut Strata,
) -> Result<Vec<PopulationRow>, ScanError> {
    let kind = FileKind::Population;
    let mut rows = Vec::new();
    for line in lines(kind, text) {
        let line = line?;
        let place = line.place(places)?;
        let time = line.stamp(1, Some(century))?;
        let population = line.amount(2, "population")?;
        let rest = &line.columns[3..];
        if rest.len() != covariates {
            return Err(line.error(format!(
                "{covariates} columns of covariates are wanted as on the first line, {} are there",
                rest.len()
            )));
        }
        rows.push(PopulationRow {
            place,
            time,
            population,
            stratum: strata.number(rest),
        });
    }
    if rows.is_empty() {
        return Err(ScanError::option(
            kind.option(),
            "the population file has no lines",
        ));
    }
    Ok(rows)
}

/// One line of a file of expected counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpectedRow {
    /// The physical line.
    pub line: u64,
    /// Position in [`Places`].
    pub place: u32,
    /// When; `None` means over the whole study.
    pub time: Option<Stamp>,
    /// The expected number of cases.
    pub expected: f64,
}

/// Reads a file of expected counts, whose lines all have a time or all have none.
///
/// # Errors
/// Names the first line that cannot be used and why; an empty file is an error too.
pub fn read_expected(text: &str, places: &Places) -> Result<Vec<ExpectedRow>, ScanError> {
    let kind = FileKind::Expected;
    let mut rows = Vec::new();
    let mut width = None;
    for line in lines(kind, text) {
        let line = line?;
        let columns = line.columns.len();
        if !(2..=3).contains(&columns) || *width.get_or_insert(columns) != columns {
            return Err(line.error(format!("place, time if any, and expected count are wanted alike on every line; {columns} columns are there")));
        }
        let place = line.place(places)?;
        let time = (columns == 3).then(|| line.stamp(1, None)).transpose()?;
        rows.push(ExpectedRow {
            line: line.number,
            place,
            time,
            expected: line.amount(columns - 1, "expected count")?,
        });
    }
    if rows.is_empty() {
        return Err(ScanError::option(
            kind.option(),
            "the file of expected counts has no lines",
        ));
    }
    Ok(rows)
}
