//! Reading figures: series, totals, comparisons with an earlier period, durations, freshness.
//!
//! Every figure is read from the smallest cube that has all it asks for ([`crate::cubes`]); a combination that is not
//! kept is refused, never guessed and never counted from the record while somebody waits.

mod durations;
mod series;

pub use durations::{Durations, durations};
pub use series::{
    Compared, Count, Counted, Earlier, Freshness, MOST_WAITING, SeriesQuery, cases_behind,
    compared, freshness, open, overdue, series,
};

use crate::cubes::{self, Cube, MONTHS, STREET_MATTER, Word};
use crate::model::{Day, Level, Measure, OF_PLACES, OF_REPORTS, Place, date_of, day_of, month_of};
use crate::sql;
use jiff::civil::Date;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use store::{Read, StoreError, StoreResult, ToValue, Value};

/// Why a figure cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FiguresError {
    /// The period ends before it begins.
    #[error("the period ends ({to}) before it begins ({from})")]
    Backward {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
    /// This combination of dimensions is not kept added up.
    #[error("figures are not kept by {0} together")]
    NotKept(String),
    /// This measure is not kept that finely.
    #[error("{measure} is not kept by {by}")]
    TooFine {
        /// Which measure.
        measure: &'static str,
        /// By what it was asked for.
        by: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How the days of a period are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Step {
    /// Not at all: one sum.
    #[default]
    Whole,
    /// Month by month.
    Month,
    /// Day by day.
    Day,
}

/// What is counted of all that there is.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these districts of record (a reader's scope); empty means all.
    pub districts: Vec<DistrictCode>,
    /// Only in this division or unit grid.
    pub within: Option<Place>,
    /// Only these classes (`matters::MatterId`); empty means all.
    pub matters: Vec<Id>,
    /// Only handled by this unit.
    pub unit: Option<Id>,
    /// Only by this channel.
    pub channel: Option<String>,
    /// Only in these states; empty means all.
    pub states: Vec<String>,
}

/// A question.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The first local day.
    pub from: Date,
    /// The last local day, included.
    pub to: Date,
    /// How days are told apart.
    pub step: Step,
    /// How places are told apart; [`Level::City`] means not at all.
    pub level: Level,
    /// Whether classes are told apart.
    pub by_matter: bool,
    /// Whether units are told apart.
    pub by_unit: bool,
    /// Whether channels are told apart.
    pub by_channel: bool,
    /// Whether present states are told apart (reports only, by the day of the report).
    pub by_state: bool,
    /// What is counted.
    pub filter: Filter,
    /// Which measures, in the order of the answer.
    pub measures: Vec<Measure>,
}

impl Ask {
    /// The sum over the whole city of a period.
    pub fn new(from: Date, to: Date, measures: &[Measure]) -> Self {
        Self {
            from,
            to,
            step: Step::Whole,
            level: Level::City,
            by_matter: false,
            by_unit: false,
            by_channel: false,
            by_state: false,
            filter: Filter::default(),
            measures: measures.to_vec(),
        }
    }
    /// Everything from the beginning of time to the end of a day: for stocks ([`open`], [`overdue`]).
    pub fn until(to: Date, measures: &[Measure]) -> Self {
        Self::new(date_of(Day::MIN), to, measures)
    }
    fn dimensions(&self) -> String {
        let filter = &self.filter;
        let mut found = vec![self.level.as_str()];
        let within = filter.within.map_or(0, Place::len);
        if within > self.level.digits() {
            found = vec!["exact place"];
        }
        for (is_asked, word) in [
            (self.by_matter || !filter.matters.is_empty(), "matter"),
            (self.by_unit || filter.unit.is_some(), "unit"),
            (self.by_channel || filter.channel.is_some(), "channel"),
            (self.by_state || !filter.states.is_empty(), "state"),
        ] {
            if is_asked {
                found.push(word);
            }
        }
        found.join(", ")
    }
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The day, or the first day of the month; none where days are not told apart.
    pub day: Option<Date>,
    /// The place, at most as exact as was asked; what is known less exactly stands under its shorter code.
    pub place: Place,
    /// The class; none where classes are not told apart, or none is known.
    pub matter: Option<Id>,
    /// The unit; none where units are not told apart, or there is none yet.
    pub unit: Option<Id>,
    /// The channel or the state; empty where neither is told apart.
    pub word: String,
    /// The measures in the order asked.
    pub n: Vec<i64>,
}

/// Reads figures. Rows come by day, place, class, unit and word; rows of nothing but zeros are left out.
///
/// # Errors
/// [`FiguresError`].
pub fn figures(r: &mut Read<'_>, ask: &Ask) -> Result<Vec<Figure>, FiguresError> {
    if ask.to < ask.from {
        return Err(FiguresError::Backward {
            from: ask.from,
            to: ask.to,
        });
    }
    let table = table_for(ask)?;
    let mut values = Vec::new();
    let arms: Vec<String> = periods(ask, &table)
        .into_iter()
        .map(|period| arm(ask, &table, period, &mut values))
        .collect();
    let sums: Vec<String> = (0..ask.measures.len())
        .map(|n| format!("CAST(sum(m{n}) AS BIGINT)"))
        .collect();
    let some: Vec<String> = (0..ask.measures.len())
        .map(|n| format!("sum(m{n}) <> 0"))
        .collect();
    if sums.is_empty() || arms.is_empty() {
        return Ok(Vec::new());
    }
    // What is not told apart is the same in every row: it is neither carried along nor sorted by.
    let told = [
        ("d", "d", true),
        ("p", "''", ask.level != Level::City),
        ("a", "CAST(NULL AS BYTEA)", ask.by_matter),
        ("u", "CAST(NULL AS BYTEA)", ask.by_unit),
        ("w", "''", ask.by_channel || ask.by_state),
    ];
    let shown = told.map(|(key, none, is_told)| if is_told { key } else { none });
    let keys: Vec<&str> = told.iter().filter(|t| t.2).map(|t| t.0).collect();
    let keys = keys.join(", ");
    let sql = format!(
        "SELECT {}, {} FROM ({}) x GROUP BY {keys} HAVING {} ORDER BY {keys}",
        shown.join(", "),
        sums.join(", "),
        arms.join(" UNION ALL "),
        some.join(" OR ")
    );
    let mut found = Vec::new();
    r.each(&sql, &values, |row| {
        let day: i64 = row.get(0)?;
        found.push(Figure {
            day: (ask.step != Step::Whole).then(|| date_of(day)),
            place: row.get(1)?,
            matter: sql::id_of(row, 2)?,
            unit: sql::id_of(row, 3)?,
            word: row.get(4)?,
            n: (0..ask.measures.len())
                .map(|n| row.get(5 + n))
                .collect::<StoreResult<_>>()?,
        });
        Ok(true)
    })?;
    Ok(found)
}

/// Where a figure is read from.
enum Table {
    Cube(Cube),
    /// Reports by exact place and matter.
    Spots,
    /// Reports and closings by exact place.
    Places,
    /// The contributions themselves: one unit grid or community has few cases.
    Cases,
}

fn table_for(ask: &Ask) -> Result<Table, FiguresError> {
    let filter = &ask.filter;
    let within = filter.within.map_or(0, Place::len);
    let needed = ask.level.digits().max(within);
    let level = Level::ALL
        .into_iter()
        .find(|l| l.digits() >= needed)
        .unwrap_or(Level::Grid);
    let matter = ask.by_matter || !filter.matters.is_empty();
    let unit = ask.by_unit || filter.unit.is_some();
    let channel = ask.by_channel || filter.channel.is_some();
    let state = ask.by_state || !filter.states.is_empty();
    let not_kept = || FiguresError::NotKept(ask.dimensions());
    let word = match (channel, state) {
        (false, false) => Word::None,
        (true, false) => Word::Channel,
        (false, true) => Word::State,
        (true, true) => return Err(not_kept()),
    };
    let of_reports = |m: &&Measure| (**m as usize) < OF_REPORTS;
    let too_fine = ask.measures.iter().find(|m| !of_reports(m));
    let only_reports = |by: String| match too_fine {
        Some(measure) => Err(FiguresError::TooFine {
            measure: measure.as_str(),
            by,
        }),
        None => Ok(()),
    };
    if let Some(cube) = cubes::smallest(level, matter, unit, word, false) {
        if word == Word::State {
            only_reports("state".into())?;
        }
        return Ok(Table::Cube(cube));
    }
    // A small place has so few cases that its figures are counted when they are asked for.
    if within >= Level::Community.digits() {
        if state {
            only_reports("state".into())?;
        }
        return Ok(Table::Cases);
    }
    if unit || word != Word::None {
        return Err(not_kept());
    }
    if !matter && ask.measures.iter().all(|m| OF_PLACES.contains(m)) {
        return Ok(Table::Places);
    }
    only_reports(ask.dimensions())?;
    Ok(Table::Spots)
}

/// A stretch of days that is read from one grain.
struct Period {
    from: Day,
    to: Day,
    is_months: bool,
    /// What stands in the answer for all its days, where they are not told apart.
    label: Option<Day>,
}

/// Cuts a period into whole months and the odd days at its ends.
fn periods(ask: &Ask, table: &Table) -> Vec<Period> {
    let (from, to) = (day_of(ask.from), day_of(ask.to));
    let days = |from: Day, to: Day, label: Option<Day>| Period {
        from,
        to,
        is_months: false,
        label,
    };
    if ask.step == Step::Day {
        return vec![days(from, to, None)];
    }
    if !matches!(table, Table::Cube(_)) {
        let label = (ask.step == Step::Whole).then_some(0);
        return vec![days(from, to, label)];
    }
    let next_month = |day: Day| month_of(month_of(day) + 31);
    let label_of = |day: Day| match ask.step {
        Step::Month => Some(month_of(day)),
        _ => Some(0),
    };
    let first = if month_of(from) == from {
        from
    } else {
        next_month(from)
    };
    // The month of `to` is whole when the day after is in the next one.
    let last = if month_of(to + 1) == to + 1 {
        to + 1
    } else {
        month_of(to)
    };
    if first > last {
        return vec![days(from, to, label_of(from))];
    }
    let mut found = Vec::new();
    if from < first {
        found.push(days(from, first - 1, label_of(from)));
    }
    if first < last {
        found.push(Period {
            from: first,
            to: last - 1,
            is_months: true,
            label: if ask.step == Step::Month {
                None
            } else {
                Some(0)
            },
        });
    }
    if last <= to {
        found.push(days(last, to, label_of(last)));
    }
    found
}

/// The conditions of a filter on a table `f`, joined by AND, in the generation of figures that is in force. `exact` is the
/// level of its places, where all are of one; `words` are its columns of channel and state.
pub(crate) fn conditions(
    filter: &Filter,
    exact: Option<Level>,
    words: (&str, &str),
    values: &mut Vec<Value>,
) -> String {
    let mut wheres = vec![if filter.districts.is_empty() {
        "f.district IN (SELECT district FROM facts_districts)".to_owned()
    } else {
        let list = sql::padded(values, filter.districts.iter().map(ToValue::to_value));
        format!("f.district IN ({list})")
    }];
    wheres.push(
        "f.generation = (SELECT generation FROM facts_generations WHERE is_current = 1)".into(),
    );
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    if let Some(within) = filter.within {
        let digits = within.to_string();
        if exact.is_some_and(|level| level.digits() == digits.len()) {
            wheres.push(format!("f.place = {}", bind(within.to_value())));
        } else {
            // The indexes by place want a range.
            wheres.push(format!("f.place >= {}", bind(within.to_value())));
            if let Some(end) = end_of(&digits) {
                wheres.push(format!("f.place < {}", bind(end.to_value())));
            }
        }
    }
    if let Some(unit) = filter.unit {
        wheres.push(format!("f.unit = {}", bind(unit.to_value())));
    }
    let (channel, state) = words;
    if let Some(wanted) = &filter.channel {
        wheres.push(format!("{channel} = {}", bind(wanted.to_value())));
    }
    if !filter.states.is_empty() {
        let list = sql::padded(values, filter.states.iter().map(ToValue::to_value));
        wheres.push(format!("{state} IN ({list})"));
    }
    if !filter.matters.is_empty() {
        let list = sql::padded(values, filter.matters.iter().map(ToValue::to_value));
        wheres.push(format!("f.matter IN ({list})"));
    }
    wheres.join(" AND ")
}

/// The place of a row, as exact as `level`.
pub(crate) fn place_as(level: Level) -> String {
    match level {
        Level::City => "''".to_owned(),
        Level::Grid => "f.place".to_owned(),
        level => format!("substr(f.place, 1, {})", level.digits()),
    }
}

/// One SELECT over one grain, with columns d, p, a, u, w, m0 …
fn arm(ask: &Ask, table: &Table, period: Period, values: &mut Vec<Value>) -> String {
    let filter = &ask.filter;
    let (exact, channel, state) = match table {
        Table::Cube(cube) => (Some(cube.level), "f.word", "f.word"),
        Table::Spots | Table::Places => (None, "f.word", "f.word"),
        Table::Cases => (None, "f.channel", "f.state"),
    };
    let wheres = conditions(filter, exact, (channel, state), values);
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let (from, to) = (bind(period.from.to_value()), bind(period.to.to_value()));
    let word = if ask.by_state || !filter.states.is_empty() {
        state
    } else {
        channel
    };
    let day = |column: &str| {
        period
            .label
            .map_or_else(|| column.to_owned(), |d| format!("CAST({d} AS BIGINT)"))
    };
    let place = place_as(ask.level);
    let none = "CAST(NULL AS BYTEA)";
    let columns = format!(
        "{place} AS p, {} AS a, {} AS u, {} AS w",
        if ask.by_matter { "f.matter" } else { none },
        if ask.by_unit { "f.unit" } else { none },
        if ask.by_channel || ask.by_state {
            word
        } else {
            "''"
        }
    );
    let measures = |column: &dyn Fn(Measure) -> String| -> String {
        let all: Vec<String> = ask
            .measures
            .iter()
            .enumerate()
            .map(|(n, m)| format!("{} AS m{n}", column(*m)))
            .collect();
        all.join(", ")
    };
    match table {
        Table::Cube(cube) => {
            let number = cube.number + if period.is_months { MONTHS } else { 0 };
            // PostgreSQL takes the partial index only where it reads its number in the text.
            debug_assert!(cube.number != STREET_MATTER || number % MONTHS == STREET_MATTER);
            format!(
                "SELECT {} AS d, {columns}, {} FROM facts_rollups f WHERE f.cube = {number} AND f.day >= {from} AND f.day <= {to} AND {wheres}",
                day("f.day"),
                measures(&|m| format!("f.{}", m.as_str()))
            )
        }
        Table::Spots | Table::Places => format!(
            "SELECT {} AS d, {columns}, {} FROM {} f WHERE f.day >= {from} AND f.day <= {to} AND {wheres}",
            day("f.day"),
            measures(&|m| format!("f.{}", m.as_str())),
            if matches!(table, Table::Places) {
                "facts_places"
            } else {
                "facts_spots"
            }
        ),
        Table::Cases => {
            let arms: Vec<String> = ask
                .measures
                .iter()
                .map(|wanted| {
                    let (column, condition) = of_case(*wanted);
                    format!(
                        "SELECT {} AS d, {columns}, {} FROM facts_cases f WHERE f.{column} >= {from} AND f.{column} <= {to} AND {condition} AND {wheres}",
                        day(&format!("f.{column}")),
                        measures(&|m| if m == *wanted { "1" } else { "0" }.to_owned())
                    )
                })
                .collect();
            arms.join(" UNION ALL ")
        }
    }
}

/// The first code after all that begin with these digits; none where there is none. Digits only, whose order is the same in
/// every collation.
fn end_of(digits: &str) -> Option<String> {
    let kept = digits.trim_end_matches('9');
    let (head, last) = kept.split_at_checked(kept.len().checked_sub(1)?)?;
    let next = last.parse::<u8>().ok()? + 1;
    Some(format!("{head}{next}"))
}

/// The day of a contribution on which a measure counts it, and what else must hold.
fn of_case(measure: Measure) -> (&'static str, &'static str) {
    match measure {
        Measure::Reported => ("reported_day", "1 = 1"),
        Measure::Incidents => ("reported_day", "f.kind = 0"),
        Measure::Signal => ("reported_day", "f.kind = 0 AND f.patrol = 0"),
        Measure::Accepted => ("accepted_day", "1 = 1"),
        Measure::Registered => ("registered_day", "1 = 1"),
        Measure::Dispatched => ("dispatched_day", "1 = 1"),
        Measure::Handled => ("handled_day", "1 = 1"),
        Measure::Closed => ("closed_day", "1 = 1"),
        Measure::ClosedOnTime => ("closed_day", "f.on_time = 1"),
        Measure::Reworked => ("reworked_day", "1 = 1"),
        Measure::Extended => ("extended_day", "1 = 1"),
        Measure::Ended => ("ended_day", "1 = 1"),
        Measure::Due => ("due_day", "1 = 1"),
        Measure::OverdueIn => ("overdue_from", "1 = 1"),
        Measure::OverdueOut => ("overdue_to", "1 = 1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_end_of_a_place_comes_after_all_that_lies_in_it() {
        assert_eq!(end_of("330102").as_deref(), Some("330103"));
        assert_eq!(end_of("990199").as_deref(), Some("9902"));
        assert_eq!(end_of("330109").as_deref(), Some("33011"));
        assert_eq!(end_of("99"), None);
    }

    proptest! {
        #[test]
        fn within_is_what_begins_with_the_digits(code in "[0-9]{15}", within in "[0-9]{2,12}") {
            let is_in = code.as_str() >= within.as_str() && end_of(&within).is_none_or(|end| code < end);
            prop_assert_eq!(is_in, code.starts_with(&within));
        }
    }
}
