//! Statements over the rows of measures: sums by group, and the cases behind a sum.

use crate::condition::{Amount, Mode};
use crate::definitions::Filter;
use crate::model::{By, Counts, Period};
use crate::vocabulary;
use access::Scope;
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::id::Id;
use store::{Read, StoreResult, ToValue, Value, params};

/// Whose cases, grouped how, in which period, seen when.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What the groups stand for.
    pub by: By,
    /// The period.
    pub period: Period,
    /// The present moment: a deadline after it has not passed yet.
    pub now: Timestamp,
    /// The reader's scope.
    pub scope: Scope,
}

/// One thing to be summed: an amount, over these cases only.
#[derive(Debug, Clone)]
pub struct Summand {
    /// What.
    pub amount: Amount,
    /// Of which cases: every one of these filters.
    pub filters: Vec<Filter>,
}

/// The sums of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// The group's key as stored; none = not known.
    pub key: Option<String>,
    /// The same for keys that are ids.
    pub id: Option<Id>,
    /// The sums, in the order asked for.
    pub sums: Vec<i64>,
}

/// A statement under way: its values, each once.
struct Values(Vec<Value>);

impl Values {
    /// The bounds of the period come first: `$1`, `$2`, `$3` (see [`crate::condition`]).
    fn of(ask: &Ask) -> Self {
        let Period { start, end } = ask.period;
        Self(params![start, end, end.min(ask.now)].to_vec())
    }
    fn bind(&mut self, value: Value) -> String {
        let at = self.0.iter().position(|v| *v == value).unwrap_or_else(|| {
            self.0.push(value);
            self.0.len() - 1
        });
        format!("${}", at + 1)
    }
}

/// The group's key as a text and as an id.
fn key_columns(by: By) -> (&'static str, &'static str) {
    const NO_ID: &str = "CAST(NULL AS BYTEA)";
    const NO_TEXT: &str = "CAST(NULL AS TEXT)";
    match by {
        By::City => ("'city'", NO_ID),
        By::Division => ("coalesce(substr(m.division, 1, 6), m.district)", NO_ID),
        By::Street => (
            "CASE WHEN substr(m.division, 7, 3) <> '000' THEN substr(m.division, 1, 9) END",
            NO_ID,
        ),
        By::Unit => (NO_TEXT, "m.unit_id"),
        By::Matter => (NO_TEXT, "m.matter_id"),
        By::Channel => ("m.channel", NO_ID),
        By::Nature => ("m.nature", NO_ID),
    }
}

/// Cases that may count in the period, within the reader's scope.
fn wheres(ask: &Ask, values: &mut Values) -> Vec<String> {
    // A case counts from its report on until the last of its moments, so the rest need not be looked at.
    let mut wheres = vec!["m.reported_at < $2 AND m.counts_until >= $1".to_owned()];
    if let Some(unit) = ask.scope.unit {
        wheres.push(format!("m.unit_id = {}", values.bind(unit.to_value())));
    }
    if !ask.scope.districts.is_empty() {
        let districts: Vec<String> = ask
            .scope
            .districts
            .iter()
            .map(|d| values.bind(d.to_value()))
            .collect();
        wheres.push(format!("m.district IN ({})", districts.join(", ")));
    }
    wheres
}

/// A summand's filters as SQL; none when they let everything through.
fn filter_sql(filters: &[Filter], values: &mut Values) -> Option<String> {
    let mut parts = Vec::new();
    for filter in filters {
        for (wanted, column) in [
            (filter.patrol, "patrol"),
            (filter.urgent, "urgent"),
            (filter.imported, "imported"),
        ] {
            match wanted {
                Some(true) => parts.push(format!("m.{column} IS NOT NULL")),
                Some(false) => parts.push(format!("m.{column} IS NULL")),
                None => {}
            }
        }
        for (list, column) in [(&filter.channels, "channel"), (&filter.natures, "nature")] {
            if !list.is_empty() {
                let list: Vec<String> = list.iter().map(|w| values.bind(w.to_value())).collect();
                parts.push(format!("m.{column} IN ({})", list.join(", ")));
            }
        }
    }
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

/// Sums by group. One statement. `reviewed` looks only at cases of which a review may have said something.
pub fn sums(
    r: &mut Read<'_>,
    ask: &Ask,
    summands: &[Summand],
    mode: Mode,
    reviewed: bool,
) -> StoreResult<Vec<Sums>> {
    let mut values = Values::of(ask);
    let (key, id) = key_columns(ask.by);
    let columns: Vec<String> = summands
        .iter()
        .map(|s| {
            let filter = filter_sql(&s.filters, &mut values);
            s.amount.sum_sql(mode, filter.as_deref())
        })
        .collect();
    let mut wheres = wheres(ask, &mut values);
    if reviewed {
        // In the words of the index `case_measures_reviewed`.
        wheres.push(
            "(m.exempt IS NOT NULL OR m.excluded IS NOT NULL OR m.forgiven IS NOT NULL OR m.late_before IS NOT NULL)".into(),
        );
    }
    let sql = format!(
        "SELECT {key}, {id}, {} FROM case_measures AS m WHERE {} AND CAST($3 AS BIGINT) = $3 GROUP BY 1, 2 ORDER BY 1, 2",
        columns.join(", "),
        wheres.join(" AND ")
    );
    let mut found = Vec::new();
    r.each(&sql, &values.0, |row| {
        found.push(Sums {
            key: row.get(0)?,
            id: row.get(1)?,
            sums: (0..summands.len())
                .map(|n| row.get(n + 2))
                .collect::<StoreResult<_>>()?,
        });
        Ok(true)
    })?;
    Ok(found)
}

/// Counts of one group.
pub struct Group {
    /// The group's key as stored; none = not known.
    pub key: Option<String>,
    /// The same for keys that are ids.
    pub id: Option<Id>,
    /// The counts.
    pub counts: Counts,
}

/// The words behind the [`Counts`], in their order.
const COUNTED: [&str; 10] = [
    "report",
    "accept",
    "register",
    "dispatch",
    "need_archive",
    "need_archive_with_limit",
    "archive",
    "in_time_archive",
    "rework",
    "extension",
];

/// Counts by group, within the reader's scope. One statement.
pub fn groups(r: &mut Read<'_>, ask: &Ask) -> StoreResult<Vec<Group>> {
    let summands: Vec<Summand> = COUNTED
        .iter()
        .filter_map(|name| vocabulary::word(name))
        .map(|word| Summand {
            amount: word.amount,
            filters: Vec::new(),
        })
        .collect();
    let found = sums(r, ask, &summands, Mode::Raw, false)?;
    Ok(found
        .into_iter()
        .map(|group| {
            let n = |at: usize| group.sums.get(at).copied().unwrap_or(0);
            Group {
                counts: Counts {
                    reported: n(0),
                    accepted: n(1),
                    registered: n(2),
                    dispatched: n(3),
                    due_closing: n(4),
                    due_closing_with_limit: n(5),
                    due_closing_without_limit: n(4) - n(5),
                    closed: n(6),
                    closed_on_time: n(7),
                    reworked: n(8),
                    extended: n(9),
                },
                key: group.key,
                id: group.id,
            }
        })
        .collect())
}

/// Which group of a grouping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// All of them.
    All,
    /// Where it is not known.
    Unknown,
    /// A text as stored.
    Text(String),
    /// An id.
    Id(Id),
}

store::record! {
    /// A case behind a figure.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[expect(missing_docs, reason = "the columns of the case, and what it counts")]
    pub struct Behind {
        pub district: DistrictCode,
        pub id: Id,
        pub number: CaseNumber,
        pub state: String,
        pub unit: Option<Id>,
        pub matter: Option<Id>,
        pub channel: String,
        pub reported_at: Timestamp,
        pub due_at: Option<Timestamp>,
        pub handled_at: Option<Timestamp>,
        pub closed_at: Option<Timestamp>,
        pub counts: i64,
    }
}

/// The cases behind a sum of one group, newest first: those to which `summands` add something, and how much. One statement.
pub fn behind(
    r: &mut Read<'_>,
    ask: &Ask,
    key: &Key,
    summands: &[Summand],
    mode: Mode,
    before: Option<Id>,
    limit: i64,
) -> StoreResult<Vec<Behind>> {
    let mut values = Values::of(ask);
    let mut adds = Vec::new();
    let mut conditions = Vec::new();
    for summand in summands {
        let filter = filter_sql(&summand.filters, &mut values);
        adds.push(summand.amount.row_sql(mode, filter.as_deref()));
        let condition = summand.amount.condition().sql(mode);
        conditions.push(match filter {
            Some(filter) => format!("({condition} AND {filter})"),
            None => format!("({condition})"),
        });
    }
    let mut wheres = wheres(ask, &mut values);
    let (text, id) = key_columns(ask.by);
    match key {
        Key::All => {}
        Key::Unknown if matches!(ask.by, By::Unit | By::Matter) => {
            wheres.push(format!("{id} IS NULL"));
        }
        Key::Unknown => wheres.push(format!("{text} IS NULL")),
        Key::Text(key) => wheres.push(format!("{text} = {}", values.bind(key.to_value()))),
        Key::Id(key) => wheres.push(format!("{id} = {}", values.bind(key.to_value()))),
    }
    if let Some(before) = before {
        wheres.push(format!("m.case_id < {}", values.bind(before.to_value())));
    }
    wheres.push(format!("({})", conditions.join(" OR ")));
    // The page is cut before the cases are looked up; the limit stands in the text so that the plan is kept.
    let sql = format!(
        "SELECT k.district, k.case_id, c.number, c.state, k.unit_id, k.matter_id, k.channel, k.reported_at, k.due_at, \
         k.handled_at, k.closed_at, k.adds FROM (SELECT m.district, m.case_id, m.unit_id, m.matter_id, m.channel, m.reported_at, \
         m.due_at, m.handled_at, m.closed_at, CAST({} AS BIGINT) AS adds FROM case_measures AS m WHERE {} AND CAST($3 AS BIGINT) = $3 \
         ORDER BY m.case_id DESC LIMIT {limit}) AS k \
         JOIN cases AS c ON c.district = k.district AND c.id = k.case_id ORDER BY k.case_id DESC",
        adds.join(" + "),
        wheres.join(" AND ")
    );
    r.all(&sql, &values.0)
}
