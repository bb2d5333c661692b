//! How long steps took: histograms with fixed bounds, added up.

use super::{Ask, FiguresError, Step, Table, arm, periods};
use crate::cubes::{self, Word};
use crate::model::{BOUNDS_S, BUCKETS, Level, Place, Span};
use crate::sql;
use kernel::id::Id;
use store::Read;

/// How long a step took, over some cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durations {
    /// Where.
    pub place: Place,
    /// The class, where they are told apart.
    pub matter: Option<Id>,
    /// The unit, where they are told apart.
    pub unit: Option<Id>,
    /// Cases in each bucket ([`BOUNDS_S`]).
    pub buckets: [i64; BUCKETS],
    /// All seconds together.
    pub seconds: i64,
}

impl Durations {
    /// How many cases.
    pub fn cases(&self) -> i64 {
        self.buckets.iter().sum()
    }
    /// The mean in seconds; none over no cases. Exact.
    pub fn mean_s(&self) -> Option<f64> {
        let cases = self.cases();
        #[expect(
            clippy::cast_precision_loss,
            reason = "seconds of all cases of a city stay below 2^53"
        )]
        (cases > 0).then(|| self.seconds as f64 / cases as f64)
    }
    /// The duration in seconds within which the given share (0 to 1) was done, to the width of a bucket: between the
    /// bounds of the bucket it falls into, straight. None over no cases, and where it lies above the last bound.
    pub fn within_share_s(&self, share: f64) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of cases stay far below 2^53"
        )]
        let wanted = share.clamp(0.0, 1.0) * self.cases() as f64;
        let (mut below, mut low) = (0.0, 0.0);
        for (bound, n) in BOUNDS_S.iter().zip(self.buckets) {
            #[expect(
                clippy::cast_precision_loss,
                reason = "counts and bounds stay far below 2^53"
            )]
            let (n, high) = (n as f64, *bound as f64);
            if n > 0.0 && below + n >= wanted {
                return Some(low + (high - low) * (wanted - below) / n);
            }
            below += n;
            low = high;
        }
        None
    }
}

/// How long a step took, for cases in which it ended in the period.
///
/// # Errors
/// [`FiguresError`]; kept by street, by district × class and by district × unit.
pub fn durations(r: &mut Read<'_>, ask: &Ask, span: Span) -> Result<Vec<Durations>, FiguresError> {
    if ask.to < ask.from {
        return Err(FiguresError::Backward {
            from: ask.from,
            to: ask.to,
        });
    }
    let filter = &ask.filter;
    let needed = ask.level.digits().max(filter.within.map_or(0, Place::len));
    let level = Level::ALL.into_iter().find(|l| l.digits() >= needed);
    let matter = ask.by_matter || !filter.matters.is_empty();
    let unit = ask.by_unit || filter.unit.is_some();
    let has_word =
        ask.by_channel || ask.by_state || filter.channel.is_some() || !filter.states.is_empty();
    let cube = level
        .filter(|_| !has_word)
        .and_then(|level| cubes::smallest(level, matter, unit, Word::None, true))
        .ok_or_else(|| FiguresError::NotKept(ask.dimensions()))?;
    let ask = Ask {
        step: Step::Whole,
        measures: Vec::new(),
        ..ask.clone()
    };
    let mut values = Vec::new();
    let number = span.number();
    let table = Table::Cube(cube);
    let arms: Vec<String> = periods(&ask, &table)
        .into_iter()
        .map(|period| {
            let arm = arm(&ask, &table, period, &mut values);
            let columns = sql::BUCKET_COLUMNS.map(|b| format!("f.{b}"));
            arm.replace(
                ",  FROM facts_rollups f WHERE",
                &format!(
                    ", {}, f.seconds FROM facts_durations f WHERE f.span = {number} AND",
                    columns.join(", ")
                ),
            )
        })
        .collect();
    let sum = |column: &str| format!("CAST(sum({column}) AS BIGINT)");
    let sql = format!(
        "SELECT p, a, u, {}, {} FROM ({}) x GROUP BY p, a, u ORDER BY p, a, u",
        sum("seconds"),
        sql::BUCKET_COLUMNS.map(sum).join(", "),
        arms.join(" UNION ALL ")
    );
    let mut found: Vec<Durations> = Vec::new();
    r.each(&sql, &values, |row| {
        let mut buckets = [0; BUCKETS];
        for (n, bucket) in buckets.iter_mut().enumerate() {
            *bucket = row.get(4 + n)?;
        }
        found.push(Durations {
            place: row.get(0)?,
            matter: sql::id_of(row, 1)?,
            unit: sql::id_of(row, 2)?,
            buckets,
            seconds: row.get(3)?,
        });
        Ok(true)
    })?;
    found.retain(|d| d.cases() != 0);
    Ok(found)
}
