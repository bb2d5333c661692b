//! Statements and rows of cases. Nothing else in the program writes these tables.

use crate::measures::{self, Measures};
use crate::model::{By, Case, CaseEvent, CaseId, Fact, State};
use crate::period::{Closing, Span};
use crate::search::Find;
use crate::sql_search;
use crate::stage::Clocks;
use access::{Role, UnitId};
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DistrictCode};
use kernel::id::Id;
use matters::MatterId;
use store::{
    DecodeError, FromRow, FromValue, Read, Row, StoreError, StoreResult, ToValue, Value, ValueRef,
    Write, params, values,
};

/// The columns of `cases`, in the order of [`columns`].
pub const COLUMNS: &[&str] = &[
    "district",
    "id",
    "number",
    "version",
    "state",
    "channel",
    "matter_id",
    "unit_id",
    "handler_id",
    "reporter_id",
    "grid",
    "division",
    "lon",
    "lat",
    "source",
    "urgent",
    "reported_at",
    "accepted_at",
    "registered_at",
    "dispatched_at",
    "due_at",
    "soon_at",
    "stage_due_at",
    "stage_soon_at",
    "pressing",
    "asked",
    "provisional",
    "handled_at",
    "closed_at",
    "reworked_at",
    "extended_at",
    "task_kind",
    "task_assignee",
    "task_due_at",
    "updated_at",
    "merged_into",
    "call_at",
    "waits_for",
    "body",
];

/// The row of a case: its projection for lists, and the whole of it as `body`.
pub fn columns(case: &Case) -> Vec<Value> {
    let mut row = Vec::with_capacity(COLUMNS.len());
    row.extend(values![
        case.district,
        case.id,
        case.number,
        case.version,
        case.state,
        case.channel,
        case.matter,
        case.unit,
        case.handler,
        case.reporter,
        case.place.grid,
        case.place.division,
        case.place.point.map(|p| p.lon()),
        case.place.point.map(|p| p.lat()),
        case.source.as_ref().map(|s| &s.0),
        case.urgent,
        case.reported_at,
        case.accepted_at,
        case.registered_at,
        case.dispatched_at,
        case.counted_due(),
        case.handling_soon(),
        case.stage_due_at,
        case.stage_soon_at,
        case.pressing(),
        case.asked(),
        case.provisional,
        case.handled_at,
        case.closed_at,
        case.reworked_at,
        case.extended_at,
        case.timer().map(|(kind, _)| kind),
        case.task.as_ref().and_then(|t| t.assignee),
        case.timer().map(|(_, due_at)| due_at),
        case.updated_at,
        case.merged_into,
        case.call_at(),
        case.waits_for(),
    ]);
    row.push(json(case));
    row
}

/// The one column that holds all of it. Such texts are long: the value is made of the text itself, in one piece.
fn json(of: &impl serde::Serialize) -> Value {
    /// As long as most of them are.
    const LENGTH: usize = 1000;
    let mut text = Vec::with_capacity(LENGTH);
    serde_json::to_writer(&mut text, of).expect("cases and events are made of what JSON can hold");
    Value::Text(String::from_utf8(text).expect("JSON is written in UTF-8"))
}

/// The columns of `case_events`, in the order of [`event_columns`].
pub const EVENT_COLUMNS: &[&str] = &[
    "district",
    "case_id",
    "seq",
    "at",
    "actor_kind",
    "actor_id",
    "actor_role",
    "actor_unit",
    "actor_for",
    "fact",
    "done_at",
];

/// The row of an event.
pub fn event_columns(case: &Case, event: &CaseEvent) -> Vec<Value> {
    let mut row = Vec::with_capacity(EVENT_COLUMNS.len());
    row.extend(values![
        case.district,
        case.id,
        event.seq,
        event.at,
        event.by.kind,
        event.by.account,
        event.by.role.map(Role::as_str),
        event.by.unit,
        event.by.on_behalf,
    ]);
    row.push(json(&StoredRef {
        fact: &event.fact,
        clocks: event.clocks.as_deref(),
    }));
    row.push(event.done_at.to_value());
    row
}

/// A fact with what it says about clocks, as stored: one object.
#[derive(serde::Serialize)]
struct StoredRef<'a> {
    #[serde(flatten)]
    fact: &'a Fact,
    #[serde(skip_serializing_if = "Option::is_none")]
    clocks: Option<&'a Clocks>,
}

/// The same, read.
#[derive(serde::Deserialize)]
struct Stored {
    #[serde(flatten)]
    fact: Fact,
    #[serde(default)]
    clocks: Option<Box<Clocks>>,
}

/// A JSON text column read into a type.
struct Json<T>(T);

impl<T: serde::de::DeserializeOwned> FromValue for Json<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        match value {
            ValueRef::Text(text) => serde_json::from_str(text)
                .map(Json)
                .map_err(|e| DecodeError(e.to_string())),
            other => Err(DecodeError(format!("found {other:?}, expected JSON"))),
        }
    }
}

struct Body(Case);
impl FromRow for Body {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        row.get::<Json<Case>>(0).map(|j| Self(j.0))
    }
}

/// What reading an event asks for, in the order of its fields.
pub(crate) const READ_EVENT: &str =
    "SELECT seq, at, actor_kind, actor_id, actor_role, actor_unit, actor_for, fact, done_at";

impl FromRow for CaseEvent {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let role: Option<String> = row.get(4)?;
        let role = role
            .map(|r| r.parse::<Role>().map_err(StoreError::Engine))
            .transpose()?;
        let by = By {
            kind: row.get(2)?,
            account: row.get(3)?,
            role,
            unit: row.get(5)?,
            on_behalf: row.get(6)?,
        };
        let Stored { fact, clocks } = row.get::<Json<Stored>>(7)?.0;
        Ok(Self {
            seq: row.get(0)?,
            at: row.get(1)?,
            by,
            fact,
            clocks,
            done_at: row.get(8)?,
        })
    }
}

/// The ids that a number's date allows: the key to the right partition. A day of slack on either side covers every zone.
fn id_range(number: &CaseNumber) -> (Id, Id) {
    use jiff::ToSpan;
    let at = |days: i64| {
        let day = number.day().saturating_add(days.days());
        day.to_zoned(jiff::tz::TimeZone::UTC)
            .map_or(Timestamp::MAX, |z| z.timestamp())
    };
    (Id::floor(at(-2)), Id::floor(at(3)))
}

/// The case with this number, if there is one.
pub fn by_number(r: &mut Read<'_>, number: &CaseNumber) -> StoreResult<Option<Case>> {
    let (sql, values) = by_number_statement(number);
    Ok(r.opt::<Body>(sql, &values)?.map(|b| b.0))
}

/// The statement of [`by_number`] with its values, whose plan a test looks at.
pub fn by_number_statement(number: &CaseNumber) -> (&'static str, [Value; 4]) {
    let (from, to) = id_range(number);
    let sql = "SELECT body FROM cases WHERE district = $1 AND number = $2 AND id >= $3 AND id < $4";
    (sql, values![number.district(), number, from, to])
}

/// The case with this id.
pub fn by_id(r: &mut Read<'_>, district: DistrictCode, id: CaseId) -> StoreResult<Option<Case>> {
    Ok(r.opt::<Body>(
        "SELECT body FROM cases WHERE district = $1 AND id = $2",
        params![district, id],
    )?
    .map(|b| b.0))
}

/// The life of a case, in order.
pub fn events(r: &mut Read<'_>, district: DistrictCode, id: CaseId) -> StoreResult<Vec<CaseEvent>> {
    let sql =
        format!("{READ_EVENT} FROM case_events WHERE district = $1 AND case_id = $2 ORDER BY seq");
    r.all(&sql, params![district, id])
}

/// Stores a new case with its first events.
pub fn insert(w: &mut Write<'_>, case: &Case, events: &[CaseEvent]) -> StoreResult<()> {
    w.ensure_year_of(case.reported_at)?;
    w.exec(&insert_text("cases", COLUMNS, 1), &columns(case))?;
    insert_events(w, case, events)?;
    insert_measures(w, &Measures::of(case, events))
}

/// The row of measures of a case that has none yet.
fn insert_measures(w: &mut Write<'_>, row: &Measures) -> StoreResult<()> {
    static TEXT: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| insert_text("case_measures", measures::COLUMNS, 1));
    w.exec(&TEXT, &row.values()).map(|_| ())
}

/// Stores the next events of a case, which was `before` until them, and its new row; somebody else's change in between is a conflict.
pub fn update(
    w: &mut Write<'_>,
    case: &Case,
    before: &Case,
    events: &[CaseEvent],
) -> StoreResult<()> {
    // District, id and number never change; the first placeholders are the key.
    const KEY: usize = 3;
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let set: Vec<String> = COLUMNS
            .iter()
            .enumerate()
            .skip(KEY)
            .map(|(n, c)| format!("{c} = ${}", n + 1))
            .collect();
        format!(
            "UPDATE cases SET {} WHERE district = $1 AND id = $2 AND number = $3 AND version = ${}",
            set.join(", "),
            COLUMNS.len() + 1
        )
    });
    let mut values = columns(case);
    values.push(before.version.to_value());
    w.exec_one(&TEXT, &values)?;
    insert_events(w, case, events)?;
    let (text, values) = measures::update(case, before.unit, events);
    if w.exec(text, &values)? == 0 {
        // A case of before there were measures, met before `shiyu init` came to it: its whole life is folded once.
        let life = self::events(w, case.district, case.id)?;
        insert_measures(w, &Measures::of(case, &life))?;
    }
    Ok(())
}

fn insert_events(w: &mut Write<'_>, case: &Case, events: &[CaseEvent]) -> StoreResult<()> {
    let values: Vec<Value> = events.iter().flat_map(|e| event_columns(case, e)).collect();
    w.exec(
        &insert_text("case_events", EVENT_COLUMNS, events.len()),
        &values,
    )?;
    let last = events.last().map_or(case.version, |e| e.seq);
    // Whoever keeps the lists of several units, and of colleagues named in notes, reads only what concerns them.
    let is_joint = !case.joint.is_empty() || events.iter().any(names_others);
    let joint = if is_joint { ",\"joint\":true" } else { "" };
    let body = format!(
        "{{\"from\":{},\"to\":{last},\"state\":\"{}\"{joint}}}",
        last + 1 - u32::try_from(events.len()).unwrap_or(0),
        case.state
    );
    w.outbox("case.moved", case.district.as_str(), case.id.0, &body)
}

/// Whether an event concerns others than the unit: parts, whistles, claims, colleagues named in a note.
fn names_others(event: &CaseEvent) -> bool {
    match &event.fact {
        Fact::Joint(_) => true,
        Fact::Noted { mentions, .. } => !mentions.is_empty(),
        _ => false,
    }
}

fn insert_text(table: &str, columns: &[&str], rows: usize) -> String {
    let places: Vec<String> = (0..rows)
        .map(|r| {
            let row: Vec<String> = (1..=columns.len())
                .map(|c| format!("${}", r * columns.len() + c))
                .collect();
            format!("({})", row.join(", "))
        })
        .collect();
    format!(
        "INSERT INTO {table} ({}) VALUES {}",
        columns.join(", "),
        places.join(", ")
    )
}

/// Takes a block of case numbers; answers the first of them.
pub fn take_numbers(
    w: &mut Write<'_>,
    district: DistrictCode,
    day: jiff::civil::Date,
    how_many: u32,
) -> StoreResult<u32> {
    let sql = "INSERT INTO number_blocks (district, day, next) VALUES ($1, $2, 1 + $3) \
               ON CONFLICT (district, day) DO UPDATE SET next = number_blocks.next + $3 RETURNING next";
    let day = day.strftime("%Y%m%d").to_string();
    let next = w
        .returning::<(i64,)>(sql, params![district, day, how_many])?
        .0;
    u32::try_from(next - i64::from(how_many))
        .map_err(|_| StoreError::Engine(format!("no more case numbers on {day} in {district}")))
}

/// Which cases a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in these states; empty means all.
    pub states: Vec<State>,
    /// Only in these districts of record; empty means all.
    pub districts: Vec<DistrictCode>,
    /// Only handled by this unit.
    pub unit: Option<UnitId>,
    /// And, beside that unit's, what is over of these.
    pub inherited: Vec<UnitId>,
    /// Only with an open task, of this kind.
    pub task: Option<crate::model::TaskKind>,
    /// Only tasks of this account, or of the pool.
    pub task_for: Option<Id>,
    /// Only reported by this account.
    pub reporter: Option<Id>,
    /// Only of this class.
    pub matter: Option<MatterId>,
    /// Only reported at or after.
    pub from: Option<Timestamp>,
    /// Only reported before.
    pub to: Option<Timestamp>,
    /// Only closed, then; the last closed first.
    pub closing: Option<Closing>,
    /// Only what last failed its check then; the last first.
    pub reworked: Option<Span>,
    /// Only closed or reworked before this case (the key of the last row seen, where these are listed).
    pub before_moment: Option<(Timestamp, CaseId)>,
    /// Only older than this case (the key of the last row seen).
    pub before: Option<CaseId>,
    /// Only with a number below this one (the key of the last row seen, where numbers are looked for).
    pub below: Option<CaseNumber>,
    /// Only what is found by this.
    pub find: Option<Find>,
}

/// A page of cases, newest first. One statement.
pub fn list(r: &mut Read<'_>, filter: &Filter, limit: i64) -> StoreResult<Vec<Case>> {
    if let Some(find) = &filter.find {
        return sql_search::list(r, filter, find, limit);
    }
    let (sql, values) = list_statement(filter, limit);
    Ok(r.all::<Body>(&sql, &values)?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

/// One state, or none in particular, is read off an index in its order. Several states are asked for one by one and put
/// together: asked for all at once, an engine walks past every newer case that is in none of them, which in an old city
/// are nearly all.
///
/// The limit, like the states of [`conditions`], stands in the text and is no parameter: PostgreSQL keeps the plan of a
/// statement only if it is good whatever the parameters are. With these known it is, and planning so many parts anew
/// would cost far more than running them.
pub fn list_statement(filter: &Filter, limit: i64) -> (String, Vec<Value>) {
    let mut values = Vec::new();
    let moment = match (filter.closing, filter.reworked) {
        (Some(_), _) => Some(("closed_at", &[][..])),
        (None, Some(_)) => Some(("reworked_at", filter.states.as_slice())),
        (None, None) => None,
    };
    if let Some((column, states)) = moment {
        let mut wheres = conditions(filter, states, &mut values);
        if let Some((at, id)) = filter.before_moment {
            values.extend([at.to_value(), id.to_value()]);
            let n = values.len();
            wheres += &format!(" AND ({column}, id) < (${}, ${n})", n - 1);
        }
        let sql = format!(
            "SELECT body FROM cases WHERE {wheres} ORDER BY {column} DESC, id DESC LIMIT {limit}"
        );
        return (sql, values);
    }
    // The index of classes has them by state.
    let states = match filter.matter {
        Some(_) if filter.states.is_empty() => State::ALL,
        _ => &filter.states,
    };
    if states.len() < 2 {
        let wheres = conditions(filter, states, &mut values);
        let sql = format!("SELECT body FROM cases WHERE {wheres} ORDER BY id DESC LIMIT {limit}");
        return (sql, values);
    }
    let mut parts = Vec::new();
    for (n, state) in states.iter().enumerate() {
        if states[..n].contains(state) {
            continue;
        }
        let wheres = conditions(filter, std::slice::from_ref(state), &mut values);
        parts.push(format!(
            "SELECT district, id FROM (SELECT district, id FROM cases WHERE {wheres} ORDER BY id DESC LIMIT {limit}) AS p{n}"
        ));
    }
    let sql = format!(
        "SELECT c.body FROM (SELECT district, id FROM ({}) AS p ORDER BY id DESC LIMIT {limit}) AS k \
         JOIN cases AS c ON c.district = k.district AND c.id = k.id ORDER BY k.id DESC",
        parts.join(" UNION ALL ")
    );
    (sql, values)
}

/// How many cases stand in each state. One statement.
pub fn count_by_state(r: &mut Read<'_>, filter: &Filter) -> StoreResult<Vec<(State, i64)>> {
    let mut values = Vec::new();
    let wheres = conditions(filter, &filter.states, &mut values);
    r.all(
        &format!("SELECT state, count(*) FROM cases WHERE {wheres} GROUP BY state ORDER BY state"),
        &values,
    )
}

/// The condition that every case meets.
pub(crate) const ALL: &str = "1 = 1";

/// What a filter asks for of a case, with these states instead of its own; what it is to be found by comes on top.
pub(crate) fn conditions(filter: &Filter, states: &[State], values: &mut Vec<Value>) -> String {
    let mut wheres = vec![ALL.to_owned()];
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    if !states.is_empty() {
        // Words of our own, of which there are few.
        let list: Vec<String> = states.iter().map(|s| format!("'{}'", s.as_str())).collect();
        wheres.push(format!("state IN ({})", list.join(", ")));
    }
    if !filter.districts.is_empty() {
        let list: Vec<String> = filter
            .districts
            .iter()
            .map(|d| bind(d.to_value()))
            .collect();
        wheres.push(format!("district IN ({})", list.join(", ")));
    }
    if let Some(unit) = filter.unit {
        let own = bind(unit.to_value());
        if filter.inherited.is_empty() {
            wheres.push(format!("unit_id = {own}"));
        } else {
            let others = filter.inherited.iter().map(|u| bind(u.to_value()));
            let all: Vec<String> = std::iter::once(own.clone()).chain(others).collect();
            let over = State::ALL.iter().filter(|s| s.is_final());
            let over: Vec<String> = over.map(|s| format!("'{}'", s.as_str())).collect();
            wheres.push(format!(
                "unit_id IN ({}) AND (unit_id = {own} OR state IN ({}))",
                all.join(", "),
                over.join(", ")
            ));
        }
    }
    if let Some(task) = filter.task {
        wheres.push(format!("task_kind = {}", bind(task.to_value())));
    }
    if let Some(account) = filter.task_for {
        wheres.push(format!(
            "(task_assignee = {} OR task_assignee IS NULL) AND task_kind IS NOT NULL",
            bind(account.to_value())
        ));
    }
    if let Some(account) = filter.reporter {
        wheres.push(format!("reporter_id = {}", bind(account.to_value())));
    }
    if let Some(matter) = filter.matter {
        wheres.push(format!("matter_id = {}", bind(matter.to_value())));
    }
    // The head of an id is the time of the report, so time filters walk the key and prune partitions.
    if let Some(from) = filter.from {
        wheres.push(format!("id >= {}", bind(Id::floor(from).to_value())));
    }
    if let Some(to) = filter.to {
        wheres.push(format!("id < {}", bind(Id::floor(to).to_value())));
    }
    if let Some(closing) = filter.closing {
        // The words of the index `cases_by_closing`.
        wheres.push("state = 'closed' AND closed_at IS NOT NULL".to_owned());
        if let Some(from) = closing.span.from {
            wheres.push(format!("closed_at >= {}", bind(from.to_value())));
        }
        if let Some(to) = closing.span.to {
            wheres.push(format!("closed_at < {}", bind(to.to_value())));
        }
        // As figures have it: handled by its deadline (`facts::Measure::ClosedOnTime`).
        match closing.in_time {
            Some(true) => wheres.push("handled_at <= due_at".to_owned()),
            Some(false) => wheres.push("handled_at > due_at".to_owned()),
            None => {}
        }
    }
    if let Some(span) = filter.reworked {
        // The words of the index `cases_by_rework`.
        wheres.push("reworked_at IS NOT NULL".to_owned());
        if let Some(from) = span.from {
            wheres.push(format!("reworked_at >= {}", bind(from.to_value())));
        }
        if let Some(to) = span.to {
            wheres.push(format!("reworked_at < {}", bind(to.to_value())));
        }
    }
    if let Some(before) = filter.before {
        wheres.push(format!("id < {}", bind(before.to_value())));
    }
    if let Some(below) = filter.below {
        wheres.push(format!("number < {}", bind(below.to_value())));
    }
    wheres.join(" AND ")
}

/// Cases whose timer has run out: an open task, a suspension, a wait for an answer.
pub fn lapsed_timers(r: &mut Read<'_>, now: Timestamp, limit: i64) -> StoreResult<Vec<Case>> {
    let sql = "SELECT body FROM cases WHERE task_kind IS NOT NULL AND task_due_at < $1 AND state IN ('pending_verify', 'pending_check', 'suspended', 'waiting') ORDER BY task_due_at LIMIT $2";
    Ok(r.all::<Body>(sql, params![now, limit])?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

/// Every case with its row's columns and its life, streamed in order of the key: for `replay`.
///
/// `each` gets the case's id, the stored row (all columns), the row of its measures if there is one, and its events.
pub fn each_life(
    r: &mut Read<'_>,
    mut each: impl FnMut(CaseId, &[Value], Option<&[Value]>, &[CaseEvent]) -> StoreResult<()>,
) -> StoreResult<()> {
    // Two cursors over the same key order would need two connections; pages of cases and their events need one.
    const PAGE: i64 = 2000;
    let mut after: Option<(String, Vec<u8>)> = None;
    loop {
        let (district, id) = after.clone().unwrap_or_default();
        let sql = format!(
            "SELECT {} FROM cases WHERE (district, id) > ($1, $2) ORDER BY district, id LIMIT $3",
            COLUMNS.join(", ")
        );
        let mut rows: Vec<Vec<Value>> = Vec::new();
        r.each(&sql, params![district, id, PAGE], |row| {
            rows.push(
                (0..COLUMNS.len())
                    .map(|n| row.get::<AnyValue>(n).map(|v| v.0))
                    .collect::<StoreResult<_>>()?,
            );
            Ok(true)
        })?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        let key = |row: &[Value]| match (&row[0], &row[1]) {
            (Value::Text(d), Value::Blob(i)) => (d.clone(), i.clone()),
            _ => (String::new(), Vec::new()),
        };
        let upper = key(last);
        let sql = format!(
            "{READ_EVENT}, district, case_id FROM case_events \
             WHERE (district, case_id) > ($1, $2) AND (district, case_id) <= ($3, $4) ORDER BY district, case_id, seq"
        );
        let mut lives: std::collections::HashMap<(String, Vec<u8>), Vec<CaseEvent>> =
            std::collections::HashMap::new();
        r.each(&sql, params![district, id, upper.0, upper.1], |row| {
            let event = CaseEvent::from_row(row)?;
            lives
                .entry((row.get(9)?, row.get(10)?))
                .or_default()
                .push(event);
            Ok(true)
        })?;
        let sql = format!(
            "SELECT {} FROM case_measures WHERE (district, case_id) > ($1, $2) AND (district, case_id) <= ($3, $4) ORDER BY district, case_id",
            measures::COLUMNS.join(", ")
        );
        let mut measured: std::collections::HashMap<(String, Vec<u8>), Vec<Value>> =
            std::collections::HashMap::new();
        r.each(&sql, params![district, id, upper.0, upper.1], |row| {
            let values = (0..measures::COLUMNS.len())
                .map(|n| row.get::<AnyValue>(n).map(|v| v.0))
                .collect::<StoreResult<Vec<_>>>()?;
            measured.insert(key(&values), values);
            Ok(true)
        })?;
        for row in &rows {
            let life = lives.remove(&key(row)).unwrap_or_default();
            let Value::Blob(id) = &row[1] else { continue };
            let id: [u8; 16] = id
                .as_slice()
                .try_into()
                .map_err(|_| StoreError::Engine("a case id has not 16 bytes".into()))?;
            let measured = measured.get(&key(row)).map(Vec::as_slice);
            each(CaseId(Id::from_bytes(id)), row, measured, &life)?;
        }
        if let Some(((district, id), _)) = lives.into_iter().next() {
            return Err(StoreError::Engine(format!(
                "events without a case in {district}: {id:02x?}"
            )));
        }
        after = Some(upper);
    }
}

/// Cases that have no row of measures yet, in the order of the key. One statement.
pub fn unmeasured(r: &mut Read<'_>, limit: i64) -> StoreResult<Vec<Case>> {
    let sql = "SELECT c.body FROM cases AS c LEFT JOIN case_measures AS m ON m.district = c.district AND m.case_id = c.id \
               WHERE m.case_id IS NULL ORDER BY c.district, c.id LIMIT $1";
    Ok(r.all::<Body>(sql, params![limit])?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

/// Any column as a value.
struct AnyValue(Value);
impl FromValue for AnyValue {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        Ok(Self(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Int(n) => Value::Int(n),
            ValueRef::Real(x) => Value::Real(x),
            ValueRef::Text(t) => Value::Text(t.to_owned()),
            ValueRef::Blob(b) => Value::Blob(b.to_vec()),
        }))
    }
}
