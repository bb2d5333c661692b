//! SaTScan's text files: places (`.geo`), cases (`.cas`), controls (`.ctl`), population (`.pop`), and our
//! own expected counts (`.exp`: place, time if any, expected).
//!
//! Columns are parted by any number of blanks and tabs; there is no header; an empty line is skipped;
//! an identifier with blanks stands in double quotes. Layouts after the SaTScan User Guide 10.1,
//! "Data requirements": `.geo` place latitude longitude, or place x y [z …]; `.cas` and `.ctl` place count
//! [time] [covariates …]; `.pop` place time population [covariates …].
//!
//! A comment begins with `//`, or with `#` where the second column is no number (so `#12 5 2001/1/2` is a place
//! named `#12`). Lines end as on Unix, Windows or old Macs; the end-of-file mark of DOS is passed over.

use super::periods::Stamp;
use super::zones::Coordinates;
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

/// Cuts a text into its lines that are neither empty nor comments, and their columns.
fn lines(kind: FileKind, text: &str) -> impl Iterator<Item = Result<Line<'_>, ScanError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The end-of-file mark of DOS.
    let text = text.trim_end_matches('\u{1a}');
    let end = if text.contains('\n') { '\n' } else { '\r' };
    (1u64..)
        .zip(text.split(end))
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
        .filter_map(move |(number, line)| {
            let error = |reason| ScanError::Line {
                kind,
                line: number,
                reason,
            };
            let columns = match columns(line) {
                Ok(columns) => columns,
                Err(_) if line.trim_start().starts_with('#') => return None,
                Err(reason) => return Some(Err(error(reason))),
            };
            if is_comment(&columns) {
                return None;
            }
            if let [one] = columns.as_slice()
                && one.contains([',', ';'])
            {
                let reason = "columns are parted by blanks or tabs, not by commas or semicolons";
                return Some(Err(error(reason.to_owned())));
            }
            Some(Ok(Line {
                kind,
                number,
                columns,
            }))
        })
}

/// In every file the second column of a line of data begins with a number: a coordinate, a count, a year.
fn is_comment(columns: &[Cow<'_, str>]) -> bool {
    let is_marked = columns.first().is_some_and(|c| c.starts_with('#'));
    let begins_a_number =
        |c: &Cow<'_, str>| c.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    is_marked && (columns[0] == "#" || !columns.get(1).is_some_and(begins_a_number))
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
///
/// Identifiers that stand at the same point are one place, which no circle can divide.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The identifiers of each place, in the order of the file; at least one.
    ids: Vec<Vec<String>>,
    points: Vec<Vec<f64>>,
    index: HashMap<String, u32>,
}

impl Places {
    /// Reads a coordinates file. A repeated line is accepted where it says the same. Cartesian coordinates
    /// may have more than two dimensions, as many on every line.
    ///
    /// # Errors
    /// Names the first line that cannot be used and why; an empty file is an error too.
    pub fn read(text: &str, coordinates: Coordinates) -> Result<Self, ScanError> {
        let mut places = Self::default();
        let mut at_point = HashMap::new();
        for line in lines(FileKind::Places, text) {
            places.add(&line?, coordinates, &mut at_point)?;
        }
        if places.ids.is_empty() {
            return Err(ScanError::option(
                FileKind::Places.option(),
                "the coordinates file names no place",
            ));
        }
        Ok(places)
    }

    fn add(
        &mut self,
        line: &Line<'_>,
        coordinates: Coordinates,
        at_point: &mut HashMap<Vec<u64>, u32>,
    ) -> Result<(), ScanError> {
        let id = line.column(0, "place")?;
        let point = self.point(line, coordinates)?;
        if let Some(known) = self.find(id) {
            return if self.points[known as usize] == point {
                Ok(())
            } else {
                Err(line.error(format!(
                    "place \"{id}\" is given twice with different coordinates"
                )))
            };
        }
        // Adding 0 makes −0 and 0 the same point.
        let key = point.iter().map(|x| (x + 0.0).to_bits()).collect();
        let next =
            u32::try_from(self.ids.len()).map_err(|_| line.error("there are too many places"))?;
        let at = *at_point.entry(key).or_insert(next);
        if at == next {
            self.ids.push(Vec::new());
            self.points.push(point);
        }
        self.ids[at as usize].push(id.to_owned());
        self.index.insert(id.to_owned(), at);
        Ok(())
    }

    /// The coordinates of one line, as many as on the first.
    fn point(&self, line: &Line<'_>, coordinates: Coordinates) -> Result<Vec<f64>, ScanError> {
        let (names, limits) = match coordinates {
            Coordinates::LatLon => (["latitude", "longitude"], [90.0, 180.0]),
            Coordinates::Cartesian => (["x", "y"], [f64::MAX, f64::MAX]),
        };
        let here = line.columns.len().saturating_sub(1).max(2);
        let wanted = match coordinates {
            Coordinates::LatLon => 2,
            Coordinates::Cartesian => self.points.first().map_or(here, Vec::len),
        };
        let mut point = Vec::with_capacity(wanted);
        for axis in 0..here.min(wanted) {
            let name = names.get(axis).copied().unwrap_or("a coordinate");
            let value = line.number(axis + 1, name)?;
            let limit = limits.get(axis).copied().unwrap_or(f64::MAX);
            if value.abs() > limit {
                return Err(line.error(format!(
                    "{name} {value} is not between -{limit} and {limit}"
                )));
            }
            point.push(value);
        }
        if here != wanted {
            return Err(line.error(format!(
                "{} columns are expected, {} are there",
                wanted + 1,
                line.columns.len()
            )));
        }
        Ok(point)
    }

    /// The position of an identifier.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.index.get(id).copied()
    }

    /// How many places there are; identifiers at the same point are one.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one place")]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The coordinates of each place.
    pub fn points(&self) -> &[Vec<f64>] {
        &self.points
    }

    /// The identifiers at a place.
    ///
    /// # Panics
    /// If there are not so many places.
    pub fn ids(&self, place: usize) -> &[String] {
        &self.ids[place]
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

/// What the lines of a case or control file must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Whether there is a time.
    pub time: TimeColumn,
    /// Columns of covariates, where a population file fixes them.
    pub covariates: Option<usize>,
    /// A year of the study, where it is known, near which years of two digits lie.
    pub century: Option<i16>,
}

/// Reads a case or control file.
///
/// # Errors
/// Names the first line that cannot be used and why.
pub fn read_counts(
    kind: FileKind,
    text: &str,
    places: &Places,
    mut layout: Layout,
    strata: &mut Strata,
) -> Result<Vec<CountRow>, ScanError> {
    let mut rows = Vec::new();
    let mut total = 0u64;
    let mut width = None;
    for line in lines(kind, text) {
        let line = line?;
        if layout.time == TimeColumn::AsFirstLine {
            let timed = line
                .columns
                .get(2)
                .is_some_and(|c| Stamp::parse(c, None).is_ok());
            // With a population file the number of covariates decides, so a covariate "1977" is none the worse.
            let timed = layout
                .covariates
                .map_or(timed, |n| line.columns.len() == n + 3);
            layout.time = if timed {
                TimeColumn::Present
            } else {
                TimeColumn::Absent
            };
        }
        let row = count_row(&line, places, layout, strata)?;
        let columns = line.columns.len();
        let first = *width.get_or_insert(columns);
        if columns != first {
            return Err(line.error(format!(
                "the first line has {first} columns, this one has {columns}; covariates stand alike on every line"
            )));
        }
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
    layout: Layout,
    strata: &mut Strata,
) -> Result<CountRow, ScanError> {
    let place = line.place(places)?;
    let text = line.column(1, "count")?;
    let count = whole(text).ok_or_else(|| {
        line.error(format!(
            "count \"{text}\" is not a whole number of 0 or more"
        ))
    })?;
    let (time, head) = match layout.time {
        TimeColumn::Present => (Some(line.stamp(2, layout.century)?), 3),
        TimeColumn::Absent | TimeColumn::AsFirstLine => (None, 2),
    };
    let rest = line.columns.get(head..).unwrap_or_default();
    if let Some(wanted) = layout.covariates.filter(|&n| n != rest.len()) {
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

/// A whole number, also written as 5.0 or 5e0, as tools that know only fractions do.
fn whole(text: &str) -> Option<u32> {
    let as_fraction = || {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number))
            .then_some(number as u32)
    };
    text.parse().ok().or_else(as_fraction)
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
