//! What the desk asks for: a queue in the order of its clocks, how many of each queue are late, and a unit's table.

use crate::model::{Case, CaseId, State};
use crate::period::Span;
use crate::search::Find;
use crate::sql_lists::CaseBody;
use crate::sql_search;
use ::facts::Place;
use access::{AccountId, UnitId};
use jiff::Timestamp;
use kernel::codes::{DistrictCode, DivisionCode, GridCode};
use kernel::id::Id;
use matters::MatterId;
use store::{FromRow, Read, Row, StoreResult, ToValue, Value};

/// Whose cases, and in which states.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Only in these states; empty means all open ones.
    pub states: Vec<State>,
    /// Only in these districts of record; empty means all.
    pub districts: Vec<DistrictCode>,
    /// Only handled by this unit.
    pub unit: Option<UnitId>,
    /// Only with a request about the clock that waits for a decision.
    pub clock_asked: bool,
    /// Only of this class.
    pub matter: Option<MatterId>,
    /// Only in this division or unit grid.
    pub place: Option<Place>,
    /// Only reported then.
    pub reported: Span,
    /// Only what a unit has and has not handled, and whose handling is due then.
    pub due: Span,
    /// Only what last failed its check then.
    pub reworked: Span,
    /// Only with this light, as of a moment.
    pub light: Option<(Clock, Timestamp)>,
    /// Only what is found by this.
    pub find: Option<Find>,
}

/// How the clocks of a case stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// ■ The limit of its stage, or of handling, is passed.
    Late,
    /// ▲ Not late, and most of one of these is used.
    Soon,
    /// ● Neither.
    InTime,
}

impl Clock {
    /// All of them, the most pressing first.
    pub const ALL: [Self; 3] = [Self::Late, Self::Soon, Self::InTime];
    /// The word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Soon => "soon",
            Self::InTime => "in_time",
        }
    }
}

/// The clock is late at the moment of a placeholder; unknown, not false, where there is no clock. A stage whose clock stands
/// still has no such moment in its columns, and neither has handling that is done.
fn passed(now: &str) -> String {
    format!("(stage_due_at < {now} OR handled_at IS NULL AND due_at < {now})")
}

/// Most of a clock is used at that moment, or all of it; unknown where there is no clock.
fn used(now: &str) -> String {
    format!("(stage_soon_at <= {now} OR soon_at <= {now})")
}

/// The same as conditions that are false where there is no clock, so that they can be denied.
fn late(now: &str) -> String {
    format!("coalesce({}, 1 = 0)", passed(now))
}
fn soon(now: &str) -> String {
    format!("coalesce({}, 1 = 0)", used(now))
}

/// The condition that the clocks of a case stand so, at the moment that a parameter names.
fn stand(clock: Clock, now: &str) -> String {
    match clock {
        Clock::Late => passed(now),
        Clock::Soon => format!("(NOT {} AND {})", late(now), soon(now)),
        Clock::InTime => format!("(NOT {} AND NOT {})", late(now), soon(now)),
    }
}

fn wheres_of(asked: &Asked) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let mut list = |column: &str, of: Vec<Value>| {
        let places: Vec<String> = of
            .into_iter()
            .map(|value| {
                values.push(value);
                format!("${}", values.len())
            })
            .collect();
        format!(" AND {column} IN ({})", places.join(", "))
    };
    // What is over presses nobody; the index `cases_by_pressing` has the same words.
    let mut wheres = "pressing IS NOT NULL".to_owned();
    if !asked.states.is_empty() {
        wheres += &list(
            "state",
            asked.states.iter().map(ToValue::to_value).collect(),
        );
    }
    if !asked.districts.is_empty() {
        wheres += &list(
            "district",
            asked.districts.iter().map(ToValue::to_value).collect(),
        );
    }
    if let Some(unit) = asked.unit {
        wheres += &list("unit_id", vec![unit.to_value()]);
    }
    if let Some(matter) = asked.matter {
        wheres += &list("matter_id", vec![matter.to_value()]);
    }
    if let Some(place) = asked.place.filter(|place| !place.is_empty()) {
        // As `Place` has it: the unit grid, else the division; the digits at which a code begins are its place.
        values.push(place.to_value());
        wheres += &format!(
            " AND substr(coalesce(grid, division), 1, {}) = ${}",
            place.len(),
            values.len()
        );
    }
    if asked.clock_asked {
        wheres += " AND asked IS NOT NULL";
    }
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    // The head of an id is the time of the report.
    if let Some(from) = asked.reported.from {
        wheres += &format!(" AND id >= {}", bind(Id::floor(from).to_value()));
    }
    if let Some(to) = asked.reported.to {
        wheres += &format!(" AND id < {}", bind(Id::floor(to).to_value()));
    }
    if !asked.due.is_open() {
        // What figures count as overdue (`crate::facts`) when the last of the days is over.
        wheres += " AND handled_at IS NULL AND closed_at IS NULL AND (dispatched_at IS NOT NULL OR source IS NOT NULL)";
        if let Some(from) = asked.due.from {
            wheres += &format!(" AND due_at >= {}", bind(from.to_value()));
        }
        if let Some(to) = asked.due.to {
            wheres += &format!(" AND due_at < {}", bind(to.to_value()));
        }
    }
    if let Some(from) = asked.reworked.from {
        wheres += &format!(" AND reworked_at >= {}", bind(from.to_value()));
    }
    if let Some(to) = asked.reworked.to {
        wheres += &format!(" AND reworked_at < {}", bind(to.to_value()));
    }
    if let Some((clock, now)) = asked.light {
        values.push(now.to_value());
        let now = format!("${}", values.len());
        wheres += &format!(" AND {}", stand(clock, &now));
    }
    if let Some(find) = &asked.find {
        wheres += &format!(" AND {}", sql_search::is_found(find, &mut values));
    }
    (wheres, values)
}

/// A place in a queue: its moment that presses (microseconds; those without one stand behind all others), and the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InQueue {
    /// The moment.
    pub pressing: i64,
    /// The older first.
    pub case: CaseId,
}

/// A case of a queue with its place in it.
pub struct Queued {
    /// The case.
    pub case: Case,
    /// Its place.
    pub place: InQueue,
}

impl FromRow for Queued {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let case = row.get::<CaseBody>(0)?.0;
        let place = InQueue {
            pressing: row.get(1)?,
            case: case.id,
        };
        Ok(Self { case, place })
    }
}

/// A page of open cases, the most pressing first, then the oldest. One statement.
pub fn queue(
    r: &mut Read<'_>,
    asked: &Asked,
    after: Option<InQueue>,
    limit: i64,
) -> StoreResult<Vec<Queued>> {
    let (sql, values) = queue_statement(asked, after, limit);
    r.all(&sql, &values)
}

/// Each state is read off the index of the queues, in its order, and the parts are put together: asked for all at once, an
/// engine fetches every open case to sort them. What a unit has, what is of one class or is found by words is few, and has an
/// index of its own.
///
/// The limit stands in the text as in the lists of `sql`.
fn queue_statement(asked: &Asked, after: Option<InQueue>, limit: i64) -> (String, Vec<Value>) {
    let states = match asked.states.as_slice() {
        [] => State::ALL,
        some => some,
    };
    let mut open: Vec<State> = states.to_vec();
    open.retain(|state| !state.is_final());
    open.sort_unstable();
    open.dedup();
    let is_narrow = asked.unit.is_some() || asked.matter.is_some() || asked.clock_asked;
    let is_apart = open.len() > 1 && !is_narrow && asked.find.is_none();
    let of_all = Asked {
        states: Vec::new(),
        ..asked.clone()
    };
    let (mut wheres, mut values) = wheres_of(if is_apart { &of_all } else { asked });
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    if let Some(after) = after {
        let (moment, case) = (bind(after.pressing.to_value()), bind(after.case.to_value()));
        wheres.push_str(&format!(" AND (pressing, id) > ({moment}, {case})"));
    }
    if !is_apart {
        let sql = format!(
            "SELECT body, pressing FROM cases WHERE {wheres} ORDER BY pressing, id LIMIT {limit}"
        );
        return (sql, values);
    }
    let parts: Vec<String> = open
        .iter()
        .enumerate()
        .map(|(n, state)| {
            format!(
                "SELECT * FROM (SELECT district, id, pressing FROM cases WHERE {wheres} AND state = '{state}' ORDER BY pressing, id LIMIT {limit}) AS p{n}"
            )
        })
        .collect();
    let sql = format!(
        "SELECT c.body, k.pressing FROM (SELECT * FROM ({}) AS p ORDER BY pressing, id LIMIT {limit}) AS k \
         JOIN cases AS c ON c.district = k.district AND c.id = k.id ORDER BY k.pressing, k.id",
        parts.join(" UNION ALL ")
    );
    (sql, values)
}

/// The first cases of several columns, each the most pressing first. One statement.
pub fn columns(
    r: &mut Read<'_>,
    asked: &Asked,
    columns: &[&[State]],
    limit: i64,
) -> StoreResult<Vec<Case>> {
    let (wheres, mut values) = wheres_of(asked);
    values.push(limit.to_value());
    let limit = format!("${}", values.len());
    let parts: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(n, states)| {
            // The words of states are ours; nothing a person sent stands in the text.
            let words: Vec<String> = states.iter().map(|s| format!("'{s}'")).collect();
            format!(
                "SELECT body, {n} AS part, pressing, id FROM cases WHERE {wheres} AND state IN ({}) ORDER BY pressing, id LIMIT {limit}",
                words.join(", ")
            )
        })
        .collect();
    let parts: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(n, part)| format!("SELECT * FROM ({part}) AS p{n}"))
        .collect();
    let sql = format!(
        "SELECT body FROM ({}) AS c ORDER BY part, pressing, id",
        parts.join(" UNION ALL ")
    );
    bodies(r, &sql, &values)
}

fn bodies(r: &mut Read<'_>, sql: &str, values: &[Value]) -> StoreResult<Vec<Case>> {
    Ok(r.all::<CaseBody>(sql, values)?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

/// How many stand in a queue, and how their clocks are: what [`Case::light`] says of each, added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The queue.
    pub state: State,
    /// All.
    pub total: i64,
    /// The limit of their stage, or of handling, is passed.
    pub late: i64,
    /// Not late, and most of one of these is used.
    pub soon: i64,
    /// A request about the clock waits for a decision.
    pub asked: i64,
}

impl FromRow for Standing {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        Ok(Self {
            state: row.get(0)?,
            total: row.get(1)?,
            late: row.get(2)?,
            soon: row.get::<i64>(3)? - row.get::<i64>(2)?,
            asked: row.get(4)?,
        })
    }
}

/// Open cases at one place, and how many of them have a light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtPlace {
    /// Where, as exactly as is known.
    pub place: Place,
    /// All.
    pub open: i64,
    /// Of these, those with the light asked for.
    pub lit: i64,
}

impl FromRow for AtPlace {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let (grid, division) = (
            row.get::<Option<GridCode>>(0)?,
            row.get::<Option<DivisionCode>>(1)?,
        );
        Ok(Self {
            place: Place::of(grid, division),
            open: row.get(2)?,
            lit: row.get(3)?,
        })
    }
}

/// The open cases by place, in no order; a place that is known by several divisions comes several times. What is counted
/// stands in the index of what presses. One statement.
pub fn by_place(
    r: &mut Read<'_>,
    asked: &Asked,
    (clock, now): (Clock, Timestamp),
) -> StoreResult<Vec<AtPlace>> {
    let (wheres, mut values) = wheres_of(asked);
    values.push(now.to_value());
    let lit = stand(clock, &format!("${}", values.len()));
    let sql = format!(
        "SELECT grid, division, count(*), count(*) FILTER (WHERE {lit}) \
         FROM cases WHERE {wheres} GROUP BY grid, division"
    );
    r.all(&sql, &values)
}

/// How many cases of a unit that are being handled are given to whom. One statement.
pub fn in_hand(r: &mut Read<'_>, asked: &Asked) -> StoreResult<Vec<(Option<AccountId>, i64)>> {
    let (wheres, values) = wheres_of(asked);
    let sql = format!(
        "SELECT handler_id, count(*) FROM cases WHERE {wheres} AND state IN ('pending_sign', 'handling', 'suspended', 'waiting') \
         GROUP BY handler_id"
    );
    r.all(&sql, &values)
}

/// The moments that divide the clocks of tasks.
#[derive(Debug, Clone, Copy)]
pub struct Moments {
    /// Now.
    pub now: Timestamp,
    /// A verification due until then is soon.
    pub verify_soon: Timestamp,
    /// A check due until then is soon.
    pub check_soon: Timestamp,
}

/// The open queues. One statement.
pub fn standings(r: &mut Read<'_>, asked: &Asked, now: Timestamp) -> StoreResult<Vec<Standing>> {
    let (wheres, mut values) = wheres_of(asked);
    values.push(now.to_value());
    let now = format!("${}", values.len());
    let (passed, used) = (passed(&now), used(&now));
    let sql = format!(
        "SELECT state, count(*), count(*) FILTER (WHERE {passed}), count(*) FILTER (WHERE {passed} OR {used}), count(asked) \
         FROM cases WHERE {wheres} GROUP BY state ORDER BY state"
    );
    r.all(&sql, &values)
}
