//! What pages and detectors ask for most: daily series, comparisons with an earlier period, stocks, the cases behind a
//! count, and how fresh all of it is.

use super::{Ask, Figure, FiguresError, Filter, Step, figures, of_case};
use crate::model::{Day, Level, Measure, Place, date_of, day_of};
use crate::sql;
use crate::upkeep::{CaseKey, reader};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::id::Id;
use serde::Serialize;
use store::{FromRow, Read, Row, StoreResult, ToValue, params};

/// Which reports a series counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counted {
    /// Voices: everything reported.
    Reported,
    /// Incidents: merged voices and voided cases left out.
    Incidents,
    /// Incidents that no patrol of the administration found.
    #[default]
    Signal,
}

impl Counted {
    /// As a measure.
    pub fn measure(self) -> Measure {
        match self {
            Self::Reported => Measure::Reported,
            Self::Incidents => Measure::Incidents,
            Self::Signal => Measure::Signal,
        }
    }
}

/// Asks for daily counts of reports by place and perhaps class.
#[derive(Debug, Clone)]
pub struct SeriesQuery {
    /// The first local day.
    pub from: Date,
    /// The last local day, included.
    pub to: Date,
    /// How places are told apart, down to the unit grid.
    pub level: Level,
    /// Whether classes are told apart.
    pub by_matter: bool,
    /// Which reports.
    pub counted: Counted,
    /// What of them.
    pub filter: Filter,
}

/// One count of a series. Days without any are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The day.
    pub day: Date,
    /// The place; what is known less exactly than was asked stands under its shorter code.
    pub place: Place,
    /// The class, where they are told apart.
    pub matter: Option<Id>,
    /// How many.
    pub n: i64,
}

/// Daily counts of reports, by day, place and class.
///
/// # Errors
/// [`FiguresError`].
pub fn series(r: &mut Read<'_>, query: &SeriesQuery) -> Result<Vec<Count>, FiguresError> {
    let ask = Ask {
        step: Step::Day,
        level: query.level,
        by_matter: query.by_matter,
        filter: query.filter.clone(),
        ..Ask::new(query.from, query.to, &[query.counted.measure()])
    };
    let counts = figures(r, &ask)?.into_iter().map(|f| Count {
        day: f.day.unwrap_or(query.from),
        place: f.place,
        matter: f.matter,
        n: f.n[0],
    });
    Ok(counts.collect())
}

/// A figure beside the same of an earlier period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The figure; its `n` are zeros where there is nothing in the period.
    pub now: Figure,
    /// The measures of the earlier period.
    pub before: Vec<i64>,
}

/// Figures of a period beside those of the equally long period before it, or of the same dates a year before.
///
/// # Errors
/// [`FiguresError`].
pub fn compared(
    r: &mut Read<'_>,
    ask: &Ask,
    earlier: Earlier,
) -> Result<Vec<Compared>, FiguresError> {
    let whole = Ask {
        step: Step::Whole,
        ..ask.clone()
    };
    let now = figures(r, &whole)?;
    let (from, to) = earlier.period(ask.from, ask.to);
    let before = figures(r, &Ask { from, to, ..whole })?;
    let key = |f: &Figure| (f.place, f.matter, f.unit, f.word.clone());
    let mut rows: std::collections::BTreeMap<_, Compared> = now
        .into_iter()
        .map(|f| {
            let before = vec![0; f.n.len()];
            (key(&f), Compared { now: f, before })
        })
        .collect();
    for f in before {
        let n = f.n.clone();
        let row = rows.entry(key(&f)).or_insert_with(|| Compared {
            now: Figure {
                n: vec![0; f.n.len()],
                ..f
            },
            before: Vec::new(),
        });
        row.before = n;
    }
    Ok(rows.into_values().collect())
}

/// Which earlier period a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// 环比 — as many days, right before.
    Before,
    /// 同比 — the same dates a year before.
    YearBefore,
}

impl Earlier {
    /// The first and last day of the earlier period.
    pub fn period(self, from: Date, to: Date) -> (Date, Date) {
        match self {
            Self::Before => {
                let (from, to) = (day_of(from), day_of(to));
                (date_of(from - (to - from + 1)), date_of(from - 1))
            }
            Self::YearBefore => {
                let year = jiff::Span::new().years(1);
                (from.saturating_sub(year), to.saturating_sub(year))
            }
        }
    }
}

/// How many cases are open at the end of a day (reported less ended), by whatever `ask` tells apart; its period, step and
/// measures do not matter.
///
/// # Errors
/// [`FiguresError`].
pub fn open(r: &mut Read<'_>, ask: &Ask, at_end_of: Date) -> Result<Vec<Figure>, FiguresError> {
    stock(r, ask, at_end_of, Measure::Reported, Measure::Ended)
}

/// How many cases are past their deadline and not handled at the end of a day.
///
/// # Errors
/// [`FiguresError`].
pub fn overdue(r: &mut Read<'_>, ask: &Ask, at_end_of: Date) -> Result<Vec<Figure>, FiguresError> {
    stock(r, ask, at_end_of, Measure::OverdueIn, Measure::OverdueOut)
}

fn stock(
    r: &mut Read<'_>,
    ask: &Ask,
    to: Date,
    into: Measure,
    out: Measure,
) -> Result<Vec<Figure>, FiguresError> {
    let ask = Ask {
        step: Step::Whole,
        measures: vec![into, out],
        from: date_of(Day::MIN),
        to,
        ..ask.clone()
    };
    let mut found = figures(r, &ask)?;
    for figure in &mut found {
        figure.n = vec![figure.n[0] - figure.n[1]];
    }
    found.retain(|f| f.n[0] != 0);
    Ok(found)
}

/// Which cases a count of reports is made of, oldest first.
///
/// # Errors
/// The store's.
pub fn cases_behind(
    r: &mut Read<'_>,
    within: Place,
    matter: Option<Id>,
    (from, to): (Date, Date),
    counted: Counted,
    limit: u32,
) -> StoreResult<Vec<CaseKey>> {
    struct Key(CaseKey);
    impl FromRow for Key {
        fn from_row(row: &Row<'_>) -> StoreResult<Self> {
            Ok(Self(CaseKey {
                district: row.get(0)?,
                id: row.get(1)?,
            }))
        }
    }
    let (_, condition) = of_case(counted.measure());
    let mut values = params![
        within,
        format!("{within}~"),
        day_of(from),
        day_of(to),
        limit
    ]
    .to_vec();
    let of_matter = match matter {
        Some(matter) => {
            values.push(matter.to_value());
            "AND f.matter = $6"
        }
        None => "",
    };
    let sql = format!(
        "SELECT f.district, f.case_id FROM facts_cases f WHERE f.district IN (SELECT district FROM facts_districts) \
         AND f.generation = (SELECT generation FROM facts_generations WHERE is_current = 1) \
         AND f.place >= $1 AND f.place < $2 AND f.reported_day >= $3 AND f.reported_day <= $4 AND {condition} {of_matter} \
         ORDER BY f.reported_day, f.case_id LIMIT $5"
    );
    Ok(r.all::<Key>(&sql, &values)?
        .into_iter()
        .map(|k| k.0)
        .collect())
}

/// How fresh the figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// They have everything that happened up to here.
    pub as_of: Timestamp,
    /// Changes that wait to be counted, at most [`MOST_WAITING`].
    pub waiting: i64,
    /// When they were last made anew, if ever.
    pub rebuilt_at: Option<Timestamp>,
}

/// More waiting changes than this are not counted.
pub const MOST_WAITING: i64 = 100_000;

/// How fresh the figures are; none where there are none yet. Two statements.
///
/// # Errors
/// The store's.
pub fn freshness(r: &mut Read<'_>, now: Timestamp) -> StoreResult<Option<Freshness>> {
    let Some(current) = sql::current(r)? else {
        return Ok(None);
    };
    let waiting = r.one::<(i64,)>(
        "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE seq > (SELECT seq FROM outbox_readers WHERE name = $1) LIMIT $2) x",
        params![reader(current.number), MOST_WAITING],
    )?.0;
    Ok(Some(Freshness {
        as_of: if waiting == 0 { now } else { current.as_of },
        waiting,
        rebuilt_at: current.ready_at,
    }))
}
