//! The one statement of an evaluation: a pass over the cases that were alive in the period.

use crate::model::{By, Counts, Period};
use access::Scope;
use jiff::Timestamp;
use store::{FromRow, Read, Row, StoreResult, ToValue, Value, params};

/// Counts of one group.
pub struct Group {
    /// The group's key as stored; none = not known.
    pub key: Option<String>,
    /// The same for keys that are ids.
    pub id: Option<kernel::id::Id>,
    /// The counts.
    pub counts: Counts,
}

impl FromRow for Group {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let counts = Counts {
            reported: row.get(2)?,
            accepted: row.get(3)?,
            registered: row.get(4)?,
            dispatched: row.get(5)?,
            due_closing: row.get(6)?,
            due_closing_with_limit: row.get(7)?,
            due_closing_without_limit: row.get::<i64>(6)? - row.get::<i64>(7)?,
            closed: row.get(8)?,
            closed_on_time: row.get(9)?,
            reworked: row.get(10)?,
            extended: row.get(11)?,
        };
        Ok(Self {
            key: row.get(0)?,
            id: row.get(1)?,
            counts,
        })
    }
}

/// 应结案 — handled in the period, or unhandled at its end ($2, or now if that is earlier: $3) with the deadline passed.
/// On-the-spot handling by the finder is not a unit's work; cases that had ended otherwise by then (void, merged, left
/// the system) are not due, whether handled before or not.
const DUE: &str = "(dispatched_at IS NOT NULL OR source IS NOT NULL) AND \
    ((handled_at >= $1 AND handled_at < $2 \
      AND (state NOT IN ('voided', 'merged', 'transferred') OR closed_at >= $2)) \
     OR (due_at < $3 AND reported_at < $3 AND \
         (handled_at >= $2 \
          OR (handled_at IS NULL AND closed_at >= $2) \
          OR (handled_at IS NULL AND closed_at IS NULL \
              AND state NOT IN ('closed', 'voided', 'merged', 'transferred')))))";

/// Counts by group, within the reader's scope. One statement.
pub fn groups(
    r: &mut Read<'_>,
    by: By,
    period: Period,
    now: Timestamp,
    scope: &Scope,
) -> StoreResult<Vec<Group>> {
    let (key, id) = match by {
        By::City => ("'city'", "CAST(NULL AS BYTEA)"),
        By::Division => (
            "coalesce(substr(division, 1, 6), district)",
            "CAST(NULL AS BYTEA)",
        ),
        By::Unit => ("CAST(NULL AS TEXT)", "unit_id"),
        By::Matter => ("CAST(NULL AS TEXT)", "matter_id"),
        By::Channel => ("channel", "CAST(NULL AS BYTEA)"),
    };
    let sum = |what: &str| format!("CAST(sum(CASE WHEN {what} THEN 1 ELSE 0 END) AS BIGINT)");
    let within = |column: &str| sum(&format!("{column} >= $1 AND {column} < $2"));
    let columns = [
        within("reported_at"),
        within("accepted_at"),
        within("registered_at"),
        within("dispatched_at"),
        sum(DUE),
        sum(&format!("due_at IS NOT NULL AND {DUE}")),
        sum("state = 'closed' AND closed_at >= $1 AND closed_at < $2"),
        sum(
            "state = 'closed' AND closed_at >= $1 AND closed_at < $2 AND due_at IS NOT NULL AND handled_at <= due_at",
        ),
        within("reworked_at"),
        within("extended_at"),
    ];
    let mut values: Vec<Value> = params![period.start, period.end, period.end.min(now)].to_vec();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut wheres = vec!["reported_at < $2".to_owned()];
    if let Some(unit) = scope.unit {
        wheres.push(format!("unit_id = {}", bind(unit.to_value())));
    }
    if !scope.districts.is_empty() {
        let districts: Vec<String> = scope.districts.iter().map(|d| bind(d.to_value())).collect();
        wheres.push(format!("district IN ({})", districts.join(", ")));
    }
    let sql = format!(
        "SELECT {key}, {id}, {} FROM cases WHERE {} GROUP BY 1, 2 ORDER BY 1, 2",
        columns.join(", "),
        wheres.join(" AND ")
    );
    r.all(&sql, &values)
}
