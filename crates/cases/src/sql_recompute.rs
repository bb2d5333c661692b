//! Statements of the job that computes open deadlines again: which clocks are open, a batch of moved cases, how far it is.

use crate::measures;
use crate::model::{Case, CaseEvent, CaseId, Fact, TaskKind};
use crate::sql;
use crate::sql_lists::CaseBody;
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use serde::Serialize;
use store::{Read, StoreError, StoreResult, ToValue, Value, Write, params};

/// A case with a clock that runs.
pub type Key = (DistrictCode, CaseId);

/// The cases with an open clock, in the order of their keys, after one of them. One statement along the indexes of clocks
/// and of states: a wait for the requester has a clock, and a case without a limit may have parts that have one.
pub fn open_clocks(r: &mut Read<'_>, after: Option<Key>) -> StoreResult<Vec<Key>> {
    let (district, id) = after.map_or((String::new(), Id::from_bytes([0; 16])), |(d, id)| {
        (d.to_string(), id.0)
    });
    r.all(
        "SELECT district, id FROM (SELECT district, id FROM cases WHERE stage_due_at IS NOT NULL \
         UNION SELECT district, id FROM cases WHERE pressing IS NOT NULL AND handled_at IS NULL AND due_at IS NOT NULL \
         UNION SELECT district, id FROM cases WHERE state = 'waiting' \
         UNION SELECT district, id FROM cases WHERE state = 'handling' AND due_at IS NULL) AS c \
         WHERE (district, id) > ($1, $2) ORDER BY district, id",
        params![district, id],
    )
}

/// These cases of one district.
pub fn bodies(r: &mut Read<'_>, district: DistrictCode, ids: &[CaseId]) -> StoreResult<Vec<Case>> {
    let Some(last) = ids.last() else {
        return Ok(Vec::new());
    };
    // Filled up by repeating the last, so that one statement is prepared for every batch.
    let mut values = params![district].to_vec();
    let filled = ids.iter().chain(std::iter::repeat(last)).take(BATCH);
    values.extend(filled.map(ToValue::to_value));
    let list: Vec<String> = (2..=BATCH + 1).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT body FROM cases WHERE district = $1 AND id IN ({})",
        list.join(", ")
    );
    Ok(r.all::<CaseBody>(&sql, &values)?
        .into_iter()
        .map(|b| b.0)
        .collect())
}

/// Cases in one transaction at most: it is over in some ten milliseconds, and people go first.
pub const BATCH: usize = 100;

/// What another calendar changes in the row of a case.
const MOVED: [&str; 10] = [
    "version",
    "due_at",
    "soon_at",
    "stage_due_at",
    "stage_soon_at",
    "task_due_at",
    "pressing",
    "provisional",
    "updated_at",
    "body",
];

/// PostgreSQL takes a parameter for a text where nothing says what it is.
fn kind_of(column: &str) -> &'static str {
    if column == "body" { "TEXT" } else { "BIGINT" }
}

/// What the outbox says of a batch.
#[derive(Serialize)]
struct Touched {
    cases: Vec<Key>,
    /// Those of them in which the clock of a part or a claim moved, so that lists of these look at no other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    joint: Vec<Key>,
}

/// Stores moved cases of one district with the event of each. Somebody else's change in between is a conflict, and then
/// nothing of the batch is stored. Four statements, and one for each kind of task that moved.
pub fn save(
    w: &mut Write<'_>,
    run: Id,
    district: DistrictCode,
    moved: &[(Case, CaseEvent)],
) -> StoreResult<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let at: Vec<usize> = MOVED
        .iter()
        .map(|name| {
            let at = sql::COLUMNS.iter().position(|c| c == name);
            at.expect("each of these is a column of cases")
        })
        .collect();
    let mut values = params![district].to_vec();
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut cases = vec![String::new(); MOVED.len()];
    let (mut ids, mut versions) = (Vec::new(), String::new());
    for (case, event) in moved {
        let id = bind(case.id.to_value());
        let row = sql::columns(case);
        for ((text, at), name) in cases.iter_mut().zip(&at).zip(MOVED) {
            let value = format!("CAST({} AS {})", bind(row[*at].clone()), kind_of(name));
            text.push_str(&format!(" WHEN {id} THEN {value}"));
        }
        let before = bind((event.seq - 1).to_value());
        versions.push_str(&format!(" WHEN {id} THEN CAST({before} AS BIGINT)"));
        ids.push(id);
    }
    let set: Vec<String> = MOVED
        .iter()
        .zip(&cases)
        .map(|(name, whens)| format!("{name} = CASE id{whens} END"))
        .collect();
    let sql = format!(
        "UPDATE cases SET {} WHERE district = $1 AND id IN ({}) AND version = CASE id{versions} END",
        set.join(", "),
        ids.join(", ")
    );
    if w.exec(&sql, &values)? != moved.len() as u64 {
        return Err(StoreError::Conflict);
    }
    w.bulk_each(
        "case_events",
        sql::EVENT_COLUMNS,
        moved
            .iter()
            .map(|(case, event)| sql::event_columns(case, event)),
    )?;
    let mut of = params![district].to_vec();
    of.extend(moved.iter().map(|(case, _)| case.id.to_value()));
    let marks: Vec<String> = (2..=of.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "UPDATE case_measures SET due_at = (SELECT c.due_at FROM cases c WHERE c.district = case_measures.district \
         AND c.id = case_measures.case_id), {} WHERE district = $1 AND case_id IN ({})",
        measures::set_moved_dues(),
        marks.join(", ")
    );
    w.exec(&sql, &of)?;
    for kind in TaskKind::ALL {
        move_tasks(w, district, moved, *kind)?;
    }
    let key = |(case, _): &(Case, CaseEvent)| (case.district, case.id);
    let is_joint = |(_, event): &&(Case, CaseEvent)| matches!(&event.fact, Fact::Recomputed(said) if said.claim.is_some() || !said.parts.is_empty());
    let touched = Touched {
        cases: moved.iter().map(key).collect(),
        joint: moved.iter().filter(is_joint).map(key).collect(),
    };
    let body = serde_json::to_string(&touched).map_err(|e| StoreError::Misuse(e.to_string()))?;
    w.outbox("case.recomputed", district.as_str(), run, &body)
}

/// Gives deadlines of tasks of one kind that moved to the measures of their cases, where the task is still the one that is
/// measured: what [`measures::Measures`] makes of the event, in SQL. One statement, or none.
fn move_tasks(
    w: &mut Write<'_>,
    district: DistrictCode,
    moved: &[(Case, CaseEvent)],
    kind: TaskKind,
) -> StoreResult<()> {
    let tasks = moved.iter().filter_map(|(case, event)| match &event.fact {
        Fact::Recomputed(said) => Some((case.id, said.task.as_ref().filter(|t| t.task == kind)?)),
        _ => None,
    });
    let mut values = params![district].to_vec();
    let (mut whens, mut ids) = (String::new(), Vec::new());
    for (id, of) in tasks {
        let at = values.len();
        values.extend([
            id.to_value(),
            of.moved.was_due_at.to_value(),
            of.moved.due_at.to_value(),
        ]);
        let (id, was, now) = (at + 1, at + 2, at + 3);
        whens.push_str(&format!(
            " WHEN case_id = ${id} AND {{due}} = ${was} THEN CAST(${now} AS BIGINT)"
        ));
        ids.push(format!("${id}"));
    }
    if ids.is_empty() {
        return Ok(());
    }
    let due = measures::task_due_of(kind).name();
    let sql = format!(
        "UPDATE case_measures SET {due} = CASE{} ELSE {due} END WHERE district = $1 AND case_id IN ({})",
        whens.replace("{due}", due),
        ids.join(", ")
    );
    w.exec(&sql, &values).map(|_| ())
}

store::record! {
    /// One run of the job: which calendars, how far it is.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Run {
        /// Its id; its head is when it began.
        pub id: Id,
        /// The state of the calendars it computes with.
        pub calendars: String,
        /// When it began.
        pub started_at: Timestamp,
        /// When it last got on.
        pub updated_at: Timestamp,
        /// When it was done.
        pub finished_at: Option<Timestamp>,
        /// Open clocks there were when it began.
        pub total: i64,
        /// Looked at.
        pub seen: i64,
        /// Moved, or made firm.
        pub moved: i64,
        /// Could not be computed; the log says why.
        pub failed: i64,
        /// The last case looked at.
        pub after_district: Option<DistrictCode>,
        /// The last case looked at.
        pub after_id: Option<Id>,
    }
}

const RUN: &str = "SELECT id, calendars, started_at, updated_at, finished_at, total, seen, moved, failed, after_district, after_id FROM clock_runs";

/// The latest run, if there was one.
pub fn latest_run(r: &mut Read<'_>) -> StoreResult<Option<Run>> {
    r.opt(&format!("{RUN} ORDER BY id DESC LIMIT 1"), &[])
}

/// The run that computes with this state of the calendars, if it has begun.
pub fn run_of(r: &mut Read<'_>, calendars: &str) -> StoreResult<Option<Run>> {
    r.opt(
        &format!("{RUN} WHERE calendars = $1 ORDER BY id DESC LIMIT 1"),
        params![calendars],
    )
}

/// Keeps a run.
pub fn save_run(w: &mut Write<'_>, district: DistrictCode, run: &Run) -> StoreResult<()> {
    w.exec(
        "INSERT INTO clock_runs (district, id, calendars, started_at, updated_at, finished_at, total, seen, moved, failed, after_district, after_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (district, id) DO UPDATE SET \
         updated_at = $5, finished_at = $6, total = $7, seen = $8, moved = $9, failed = $10, after_district = $11, after_id = $12",
        params![
            district, run.id, run.calendars, run.started_at, run.updated_at, run.finished_at, run.total, run.seen, run.moved,
            run.failed, run.after_district, run.after_id
        ],
    )
    .map(|_| ())
}
