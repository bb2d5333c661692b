//! Conditions over a row of measures and a period. Each is written once and read twice: as SQL, and on a row in memory,
//! which is the twin that tests compare with the engines.
//!
//! SQL has a third truth value; so there is no "not" here. A comparison with an empty column is not fulfilled, in both.

use crate::model::Period;
use cases::State;
use cases::measures::{Column, FORGIVABLE, Measures};
use jiff::Timestamp;

/// Whether a figure counts lateness that was forgiven, and call-backs that were taken out of the rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As it was: nothing is forgiven, nothing is left out.
    Raw,
    /// What is exempt (免责) is not late; a call-back that is excluded (剔除) is in no rate.
    AfterReview,
}

/// A condition. Column names are those of the row of measures.
#[derive(Debug, Clone, Copy)]
pub enum Is {
    /// The moment lies in the period.
    Within(Column),
    /// The moment lies before the end of the period.
    BeforeEnd(Column),
    /// The moment lies before the end of the period, or before now if that is earlier.
    Passed(Column),
    /// The moment lies in the period or after it.
    SinceStart(Column),
    /// The moment lies after the period.
    AfterEnd(Column),
    /// The first moment comes before the second.
    Before(Column, Column),
    /// Done by the deadline.
    InTime {
        /// When it was done.
        done: Column,
        /// By when it had to be.
        due: Column,
    },
    /// Done after the deadline.
    Late {
        /// When it was done.
        done: Column,
        /// By when it had to be.
        due: Column,
    },
    /// Not done, and the deadline has passed.
    Overdue(Column),
    /// The flag or number is at least this.
    AtLeast(Column, i64),
    /// The flag or number is this.
    Equals(Column, i64),
    /// The column is empty.
    Empty(Column),
    /// The column is not empty.
    Known(Column),
    /// The case stands in one of these states.
    In(&'static [State]),
    /// The case stands in none of these states.
    NotIn(&'static [State]),
    /// All of them.
    All(&'static [Is]),
    /// At least one of them.
    Any(&'static [Is]),
}

/// What a figure sums.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    /// Cases.
    Cases(Is),
    /// A number of the row, where the condition holds.
    Times(Column, Is),
    /// Seconds from one moment to another, where the condition holds.
    Seconds {
        /// The first moment.
        from: Column,
        /// The second.
        to: Column,
        /// Where.
        is: Is,
    },
}

impl Amount {
    /// Which rows it looks at.
    pub fn condition(&self) -> Is {
        match self {
            Self::Cases(is) | Self::Times(_, is) | Self::Seconds { is, .. } => *is,
        }
    }
}

/// Where the period's bounds stand among the values of a statement.
pub const START: &str = "$1";
/// The end of the period.
pub const END: &str = "$2";
/// The end of the period, or now if that is earlier.
pub const KNOWN_UNTIL: &str = "$3";

/// 免责 — an appeal of the unit forgives the unit's lateness, not that of whoever verified, checked, closed or called.
fn is_of_handling(due: &Column) -> bool {
    *due == Column::DueAt
}

/// The bit of the exemption that takes what a column counts out of the figures after review.
fn bit_of(column: &Column) -> Option<i64> {
    // A return that is forgiven is forgiven whenever it was made.
    let column = match column {
        Column::LateReturnedAt => &Column::ReturnedAt,
        other => other,
    };
    let found = FORGIVABLE.iter().find(|(_, _, counted)| counted == column);
    found.map(|(_, bit, _)| *bit)
}

impl Is {
    /// The condition as SQL over the alias `m`.
    pub fn sql(&self, mode: Mode) -> String {
        let forgiven = mode == Mode::AfterReview;
        let name = |column: &Column| format!("m.{}", column.name());
        let states = |states: &[State]| {
            let words: Vec<String> = states.iter().map(|s| format!("'{}'", s.as_str())).collect();
            words.join(", ")
        };
        let joined = |parts: &[Self], with: &str| {
            let parts: Vec<String> = parts.iter().map(|p| p.sql(mode)).collect();
            format!("({})", parts.join(with))
        };
        let guarded = |column: &Column, is: String| match bit_of(column).filter(|_| forgiven) {
            Some(bit) => format!("({is} AND coalesce(m.forgiven, 0) & {bit} = 0)"),
            None => is,
        };
        match self {
            // 剔除 leaves the call-back out of the rates, not the case.
            Self::Within(c @ (Column::CalledBackAt | Column::CallDone)) if forgiven => format!(
                "({0} >= {START} AND {0} < {END} AND m.excluded IS NULL)",
                name(c)
            ),
            Self::Within(c) => guarded(c, format!("({0} >= {START} AND {0} < {END})", name(c))),
            Self::BeforeEnd(c) => format!("{} < {END}", name(c)),
            Self::Passed(c) => format!("{} < {KNOWN_UNTIL}", name(c)),
            Self::SinceStart(c) => format!("{} >= {START}", name(c)),
            Self::AfterEnd(c) => format!("{} >= {END}", name(c)),
            Self::Before(a, b) => format!("{} < {}", name(a), name(b)),
            Self::InTime { done, due } if forgiven && is_of_handling(due) => {
                format!(
                    "(({} <= {} OR m.exempt = 1) AND coalesce(m.late_before, 2) = 2)",
                    name(done),
                    name(due)
                )
            }
            Self::InTime { done, due } if is_of_handling(due) => {
                format!(
                    "({} <= {} AND m.late_before IS NULL)",
                    name(done),
                    name(due)
                )
            }
            Self::InTime { done, due } => format!("{} <= {}", name(done), name(due)),
            Self::Late { done, due } if forgiven && is_of_handling(due) => {
                format!(
                    "({} > {} AND m.exempt IS NULL OR m.late_before = 1)",
                    name(done),
                    name(due)
                )
            }
            Self::Late { done, due } if is_of_handling(due) => format!(
                "({} > {} OR m.late_before IS NOT NULL)",
                name(done),
                name(due)
            ),
            Self::Late { done, due } => format!("{} > {}", name(done), name(due)),
            Self::Overdue(due) if forgiven && is_of_handling(due) => {
                format!("({} < {KNOWN_UNTIL} AND m.exempt IS NULL)", name(due))
            }
            Self::Overdue(due) => format!("{} < {KNOWN_UNTIL}", name(due)),
            Self::AtLeast(c, n) => guarded(c, format!("{} >= {n}", name(c))),
            Self::Equals(c, n) => guarded(c, format!("{} = {n}", name(c))),
            Self::Empty(c) => format!("{} IS NULL", name(c)),
            Self::Known(c) => guarded(c, format!("{} IS NOT NULL", name(c))),
            Self::In(list) => format!("m.state IN ({})", states(list)),
            Self::NotIn(list) => format!("m.state NOT IN ({})", states(list)),
            Self::All(parts) => joined(parts, " AND "),
            Self::Any(parts) => joined(parts, " OR "),
        }
    }

    /// The condition on a row in memory.
    pub fn holds(&self, row: &Measures, at: &Moment, mode: Mode) -> bool {
        let get = |column: &Column| row.get(*column);
        let is_out = mode == Mode::AfterReview && row.get(Column::Excluded).is_some();
        let is_exempt = mode == Mode::AfterReview && row.get(Column::Exempt) == Some(1);
        let is_forgiven = |column: &Column| {
            let bits = row.get(Column::Forgiven).unwrap_or(0);
            mode == Mode::AfterReview && bit_of(column).is_some_and(|bit| bits & bit != 0)
        };
        // Of the rounds before: late, and in which sense.
        let late_before = match (row.get(Column::LateBefore), mode) {
            (Some(1), _) | (Some(_), Mode::Raw) => true,
            (_, Mode::AfterReview) | (None, Mode::Raw) => false,
        };
        let stands = |states: &[State]| states.iter().any(|s| s.as_str() == row.state());
        let both = |a: &Column, b: &Column| Some((get(a)?, get(b)?));
        match self {
            Self::Within(Column::CalledBackAt | Column::CallDone) if is_out => false,
            Self::Within(c) => {
                get(c).is_some_and(|v| v >= at.start && v < at.end) && !is_forgiven(c)
            }
            Self::BeforeEnd(c) => get(c).is_some_and(|v| v < at.end),
            Self::Passed(c) => get(c).is_some_and(|v| v < at.known_until),
            Self::SinceStart(c) => get(c).is_some_and(|v| v >= at.start),
            Self::AfterEnd(c) => get(c).is_some_and(|v| v >= at.end),
            Self::Before(a, b) => both(a, b).is_some_and(|(a, b)| a < b),
            Self::InTime { done, due } => {
                let in_time = both(done, due).is_some_and(|(done, due)| done <= due);
                if is_of_handling(due) {
                    (in_time || is_exempt) && !late_before
                } else {
                    in_time
                }
            }
            Self::Late { done, due } => {
                let late = both(done, due).is_some_and(|(done, due)| done > due);
                if is_of_handling(due) {
                    late && !is_exempt || late_before
                } else {
                    late
                }
            }
            Self::Overdue(due) => {
                get(due).is_some_and(|v| v < at.known_until) && !(is_exempt && is_of_handling(due))
            }
            Self::AtLeast(c, n) => get(c).is_some_and(|v| v >= *n) && !is_forgiven(c),
            Self::Equals(c, n) => get(c) == Some(*n) && !is_forgiven(c),
            Self::Empty(c) => get(c).is_none(),
            Self::Known(c) => get(c).is_some() && !is_forgiven(c),
            Self::In(states) => stands(states),
            Self::NotIn(states) => !stands(states),
            Self::All(parts) => parts.iter().all(|p| p.holds(row, at, mode)),
            Self::Any(parts) => parts.iter().any(|p| p.holds(row, at, mode)),
        }
    }
}

/// The bounds of a period and what is known of it, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Its first moment.
    pub start: i64,
    /// The first moment after it.
    pub end: i64,
    /// The end, or now if that is earlier.
    pub known_until: i64,
}

impl Moment {
    /// Of a period, seen now.
    pub fn of(period: Period, now: Timestamp) -> Self {
        Self {
            start: period.start.as_microsecond(),
            end: period.end.as_microsecond(),
            known_until: period.end.min(now).as_microsecond(),
        }
    }
}

impl Amount {
    /// The sum over a group, as SQL over the alias `m`; `and` narrows it.
    pub fn sum_sql(&self, mode: Mode, and: Option<&str>) -> String {
        let mut wheres = vec![self.condition().sql(mode)];
        wheres.extend(and.map(str::to_owned));
        let wheres = wheres.join(" AND ");
        match self {
            Self::Cases(_) => format!("count(*) FILTER (WHERE {wheres})"),
            Self::Times(column, _) => format!(
                "CAST(coalesce(sum(m.{}) FILTER (WHERE {wheres}), 0) AS BIGINT)",
                column.name()
            ),
            Self::Seconds { from, to, .. } => format!(
                "CAST(coalesce(sum(m.{} / 1000000 - m.{} / 1000000) FILTER (WHERE {wheres}), 0) AS BIGINT)",
                to.name(),
                from.name()
            ),
        }
    }

    /// What one row adds, as SQL over the alias `m`.
    pub fn row_sql(&self, mode: Mode, and: Option<&str>) -> String {
        let mut wheres = vec![self.condition().sql(mode)];
        wheres.extend(and.map(str::to_owned));
        let what = match self {
            Self::Cases(_) => "1".to_owned(),
            Self::Times(column, _) => format!("coalesce(m.{}, 0)", column.name()),
            Self::Seconds { from, to, .. } => format!(
                "coalesce(m.{} / 1000000 - m.{} / 1000000, 0)",
                to.name(),
                from.name()
            ),
        };
        format!("CASE WHEN {} THEN {what} ELSE 0 END", wheres.join(" AND "))
    }

    /// What one row adds.
    pub fn of(&self, row: &Measures, at: &Moment, mode: Mode) -> i64 {
        if !self.condition().holds(row, at, mode) {
            return 0;
        }
        match self {
            Self::Cases(_) => 1,
            Self::Times(column, _) => row.get(*column).unwrap_or(0),
            Self::Seconds { from, to, .. } => match (row.get(*from), row.get(*to)) {
                (Some(from), Some(to)) => to / 1_000_000 - from / 1_000_000,
                _ => 0,
            },
        }
    }
}
