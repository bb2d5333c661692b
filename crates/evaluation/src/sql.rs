//! Statements over the rows of measures: sums by group, and the cases behind a sum.

use crate::condition::{Amount, Mode};
use crate::definitions::Filter;
use crate::model::{By, Counts, Period};
use crate::vocabulary;
use access::{Scope, UnitId};
use cases::measures::UnitColumn;
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::id::Id;
use std::collections::BTreeSet;
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
    /// By unit it counts for the unit of this column, else for the one that has the case.
    pub of: Option<UnitColumn>,
}

impl Summand {
    /// The unit for which a row counts here, as SQL over the alias `m`.
    fn unit_sql(&self) -> String {
        match self.of {
            Some(column) => format!("coalesce(m.{}, m.unit_id)", column.name()),
            None => "m.unit_id".to_owned(),
        }
    }
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

/// Rows in which a unit did something and another has the case, and all others: there it is one unit, whatever is counted.
const APART: &str = "m.apart IS NOT NULL";
const TOGETHER: &str = "m.apart IS NULL";

/// Whether it matters whose act is counted: rows stand for units, or the reader counts one unit alone.
fn asks_whose(ask: &Ask, summands: &[Summand]) -> bool {
    (ask.by == By::Unit || ask.scope.unit.is_some()) && summands.iter().any(|s| s.of.is_some())
}

/// Cases that may count in the period, within the reader's scope, but for its unit.
fn wheres(ask: &Ask, values: &mut Values) -> Vec<String> {
    // A case counts from its report on until the last of its moments, so the rest need not be looked at.
    let mut wheres = vec!["m.reported_at < $2 AND m.counts_until >= $1".to_owned()];
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

/// Sums by group. `reviewed` looks only at cases of which a review may have said something.
///
/// One statement, or two where it matters whose act is counted: most rows have one unit, and the few whose units differ are
/// read once more, each summand with the unit whose act it is. Both add up to what one statement over all rows says.
pub fn sums(
    r: &mut Read<'_>,
    ask: &Ask,
    summands: &[Summand],
    mode: Mode,
    reviewed: bool,
) -> StoreResult<Vec<Sums>> {
    if !asks_whose(ask, summands) {
        return sums_of(r, ask, summands, mode, reviewed, &Rows::All);
    }
    let mut found = sums_of(r, ask, summands, mode, reviewed, &Rows::Together)?;
    let acts: BTreeSet<Option<UnitColumn>> = summands.iter().map(|s| s.of).collect();
    let apart = Rows::Apart(acts.into_iter().collect());
    for more in sums_of(r, ask, summands, mode, reviewed, &apart)? {
        let same = |s: &&mut Sums| s.key == more.key && s.id == more.id;
        match found.iter_mut().find(same) {
            Some(group) => {
                for (sum, n) in group.sums.iter_mut().zip(&more.sums) {
                    *sum += n;
                }
            }
            // Each row stands there once for every act, also where it adds nothing.
            None if more.sums.iter().all(|n| *n == 0) => {}
            None => found.push(more),
        }
    }
    Ok(found)
}

/// Which rows a statement sums.
enum Rows {
    /// All of them, for the unit that has the case.
    All,
    /// Those that name one unit.
    Together,
    /// Those that name several, once for each of these acts.
    Apart(Vec<Option<UnitColumn>>),
}

fn sums_of(
    r: &mut Read<'_>,
    ask: &Ask,
    summands: &[Summand],
    mode: Mode,
    reviewed: bool,
    rows: &Rows,
) -> StoreResult<Vec<Sums>> {
    let mut values = Values::of(ask);
    let (key, id) = key_columns(ask.by);
    let (from, unit) = match rows {
        Rows::All | Rows::Together => ("case_measures AS m".to_owned(), "m.unit_id"),
        Rows::Apart(acts) => (each_act(acts), "m.whose"),
    };
    let id = if ask.by == By::Unit { unit } else { id };
    let columns: Vec<String> = summands
        .iter()
        .map(|s| {
            let filter = filter_sql(&s.filters, &mut values);
            let act = match rows {
                Rows::Apart(acts) => acts.iter().position(|act| *act == s.of),
                Rows::All | Rows::Together => None,
            };
            let act = act.map(|n| format!("m.act = {n}"));
            let both: Vec<String> = filter.into_iter().chain(act).collect();
            let and = (!both.is_empty()).then(|| both.join(" AND "));
            s.amount.sum_sql(mode, and.as_deref())
        })
        .collect();
    let mut wheres = wheres(ask, &mut values);
    if let Some(of) = ask.scope.unit {
        wheres.push(format!("{unit} = {}", values.bind(of.to_value())));
    }
    match rows {
        Rows::All => {}
        Rows::Together => wheres.push(TOGETHER.to_owned()),
        Rows::Apart(_) => wheres.push(APART.to_owned()),
    }
    if reviewed {
        // In the words of the index `case_measures_reviewed`.
        wheres.push(
            "(m.exempt IS NOT NULL OR m.excluded IS NOT NULL OR m.forgiven IS NOT NULL OR m.late_before IS NOT NULL)".into(),
        );
    }
    let sql = format!(
        "SELECT {key}, {id}, {} FROM {from} WHERE {} AND CAST($3 AS BIGINT) = $3 GROUP BY 1, 2 ORDER BY 1, 2",
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

/// Rows of measures, each once for every act, with the number of the act and the unit whose it is.
fn each_act(acts: &[Option<UnitColumn>]) -> String {
    let numbers: Vec<String> = (0..acts.len())
        .map(|n| format!("SELECT {n} AS act"))
        .collect();
    let whose: Vec<String> = acts
        .iter()
        .enumerate()
        .map(|(n, act)| match act {
            Some(column) => format!("WHEN {n} THEN coalesce(m.{}, m.unit_id)", column.name()),
            None => format!("WHEN {n} THEN m.unit_id"),
        })
        .collect();
    format!(
        "(SELECT m.*, a.act, CASE a.act {} END AS whose FROM case_measures AS m CROSS JOIN ({}) AS a) AS m",
        whose.join(" "),
        numbers.join(" UNION ALL ")
    )
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

/// Counts by group, within the reader's scope.
pub fn groups(r: &mut Read<'_>, ask: &Ask) -> StoreResult<Vec<Group>> {
    let summands: Vec<Summand> = COUNTED
        .iter()
        .filter_map(|name| vocabulary::word(name))
        .map(|word| Summand {
            amount: word.amount,
            filters: Vec::new(),
            of: word.of,
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
    let mut wheres = wheres(ask, &mut values);
    let (text, id) = key_columns(ask.by);
    // The units for which a row must count; none = not known.
    let mut units: Vec<Option<String>> = Vec::new();
    if let Some(UnitId(unit)) = ask.scope.unit {
        units.push(Some(values.bind(unit.to_value())));
    }
    match (key, ask.by) {
        (Key::All, _) => {}
        (Key::Unknown, By::Unit) => units.push(None),
        (Key::Id(key), By::Unit) => units.push(Some(values.bind(key.to_value()))),
        (Key::Unknown, By::Matter) => wheres.push(format!("{id} IS NULL")),
        (Key::Unknown, _) => wheres.push(format!("{text} IS NULL")),
        (Key::Text(key), _) => wheres.push(format!("{text} = {}", values.bind(key.to_value()))),
        (Key::Id(key), _) => wheres.push(format!("{id} = {}", values.bind(key.to_value()))),
    }
    let is_theirs = |unit: &str| -> Vec<String> {
        let is = |wanted: &Option<String>| match wanted {
            Some(wanted) => format!("{unit} = {wanted}"),
            None => format!("{unit} IS NULL"),
        };
        units.iter().map(is).collect()
    };
    let is_split = !units.is_empty() && summands.iter().any(|s| s.of.is_some());
    let mut adds = Vec::new();
    let mut conditions = Vec::new();
    for summand in summands {
        let filter = filter_sql(&summand.filters, &mut values);
        let theirs = if is_split {
            is_theirs(&summand.unit_sql())
        } else {
            Vec::new()
        };
        let both: Vec<String> = filter.into_iter().chain(theirs).collect();
        let and = (!both.is_empty()).then(|| both.join(" AND "));
        adds.push(summand.amount.row_sql(mode, and.as_deref()));
        let condition = summand.amount.condition().sql(mode);
        conditions.push(match and {
            Some(and) => format!("({condition} AND {and})"),
            None => format!("({condition})"),
        });
    }
    if let Some(before) = before {
        wheres.push(format!("m.case_id < {}", values.bind(before.to_value())));
    }
    wheres.push(format!("({})", conditions.join(" OR ")));
    let (adds, wheres) = (adds.join(" + "), wheres.join(" AND "));
    // The page is cut before the cases are looked up; the limit stands in the text so that the plan is kept.
    let page = |and: &[String]| {
        let and: String = and.iter().map(|w| format!(" AND {w}")).collect();
        format!(
            "SELECT m.district, m.case_id, m.unit_id, m.matter_id, m.channel, m.reported_at, m.due_at, m.handled_at, m.closed_at, \
             CAST({adds} AS BIGINT) AS adds FROM case_measures AS m WHERE {wheres} AND CAST($3 AS BIGINT) = $3{and} \
             ORDER BY m.case_id DESC LIMIT {limit}"
        )
    };
    let of_holder = is_theirs("m.unit_id");
    let pages = if is_split {
        // Rows that name one unit are found by it; of the few others each says whose it counts for.
        let together = page(&[of_holder, vec![TOGETHER.to_owned()]].concat());
        let apart = page(&[APART.to_owned()]);
        format!("SELECT * FROM ({together}) AS t UNION ALL SELECT * FROM ({apart}) AS a")
    } else {
        page(&of_holder)
    };
    let sql = format!(
        "SELECT k.district, k.case_id, c.number, c.state, k.unit_id, k.matter_id, k.channel, k.reported_at, k.due_at, \
         k.handled_at, k.closed_at, k.adds FROM ({pages}) AS k \
         JOIN cases AS c ON c.district = k.district AND c.id = k.case_id ORDER BY k.case_id DESC LIMIT {limit}"
    );
    r.all(&sql, &values.0)
}
