//! What stands now, and what was closed lately, by any dimensions together: what stands in the unit grids, or of one class or
//! one state in them, which no sum is kept for. Read from what each case counts as, by indexes that hold only what is open and only what
//! was closed, so that the cost follows these and not all that ever was.

use crate::figures::{Filter, conditions, place_as};
use crate::model::{Level, Place, day_of};
use jiff::civil::Date;
use store::{Read, StoreResult, ToValue, Value};

/// Open cases of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The place, at most as exact as was asked.
    pub place: Place,
    /// Cases that are going on.
    pub open: i64,
    /// Of these, those whose deadline has passed without their being handled.
    pub overdue: i64,
}

/// Closed cases of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// The place, at most as exact as was asked.
    pub place: Place,
    /// Closed in the period.
    pub closed: i64,
    /// Of these, those handled by their deadline.
    pub on_time: i64,
}

/// What is open at the end of `today`, by places of a level. The same numbers as [`crate::figures::open`] and
/// [`crate::figures::overdue`] on that day, for any filter. One statement.
///
/// # Errors
/// The store's.
pub fn standing(
    r: &mut Read<'_>,
    level: Level,
    filter: &Filter,
    today: Date,
) -> StoreResult<Vec<Standing>> {
    let mut values: Vec<Value> = vec![day_of(today).to_value()];
    let wheres = conditions(filter, None, ("f.channel", "f.state"), &mut values);
    let sql = format!(
        "SELECT {} AS p, count(*), CAST(sum(CASE WHEN f.overdue_from <= $1 AND f.overdue_to IS NULL THEN 1 ELSE 0 END) AS BIGINT) \
         FROM facts_cases f WHERE f.ended_day IS NULL AND {wheres} GROUP BY p ORDER BY p",
        place_as(level)
    );
    let rows = r.all::<(Place, i64, i64)>(&sql, &values)?;
    let of = |(place, open, overdue)| Standing {
        place,
        open,
        overdue,
    };
    Ok(rows.into_iter().map(of).collect())
}

/// What was closed from one day to another, both included, by places of a level. One statement.
///
/// # Errors
/// The store's.
pub fn closed(
    r: &mut Read<'_>,
    level: Level,
    filter: &Filter,
    (from, to): (Date, Date),
) -> StoreResult<Vec<Closed>> {
    let mut values: Vec<Value> = vec![day_of(from).to_value(), day_of(to).to_value()];
    let wheres = conditions(filter, None, ("f.channel", "f.state"), &mut values);
    let sql = format!(
        "SELECT {} AS p, count(*), CAST(sum(f.on_time) AS BIGINT) \
         FROM facts_cases f WHERE f.closed_day >= $1 AND f.closed_day <= $2 AND {wheres} GROUP BY p ORDER BY p",
        place_as(level)
    );
    let rows = r.all::<(Place, i64, i64)>(&sql, &values)?;
    let of = |(place, closed, on_time)| Closed {
        place,
        closed,
        on_time,
    };
    Ok(rows.into_iter().map(of).collect())
}
