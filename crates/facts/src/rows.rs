//! The contributions themselves, one row a case, for programs that count by themselves (Parquet export). No number, no id,
//! no word and no person: what is left are dimensions, days and durations.

use crate::model::{Day, Kind, Place};
use crate::sql;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use store::{FromRow, Read, Row, StoreResult, params};

/// What one case counts as, with codes and names instead of ids.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRow {
    /// The district of record.
    pub district: DistrictCode,
    /// Where, as exactly as is known.
    pub place: Place,
    /// The class as `catalogue/code`.
    pub matter: Option<String>,
    /// Its name.
    pub matter_name: Option<String>,
    /// The code of the handling unit.
    pub unit: Option<String>,
    /// Its name.
    pub unit_name: Option<String>,
    /// The channel.
    pub channel: String,
    /// The state.
    pub state: String,
    /// Incident, further voice or void.
    pub kind: Kind,
    /// Found by a patrol.
    pub patrol: bool,
    /// Closed, and handled by the deadline.
    pub on_time: bool,
    /// Days since 1970-01-01, in the order of [`DAYS`].
    pub days: [Option<Day>; DAYS.len()],
    /// Seconds, in the order of [`SPANS`].
    pub spans: [Option<i64>; SPANS.len()],
}

/// The days of a row.
pub const DAYS: [&str; 11] = [
    "reported_day",
    "accepted_day",
    "registered_day",
    "dispatched_day",
    "handled_day",
    "closed_day",
    "reworked_day",
    "extended_day",
    "ended_day",
    "due_day",
    "overdue_from",
];
/// The durations of a row.
pub const SPANS: [&str; 3] = ["accept_s", "handle_s", "close_s"];

struct Keyed(Id, CaseRow);
impl FromRow for Keyed {
    fn from_row(row: &Row<'_>) -> StoreResult<Self> {
        let (mut days, mut spans) = ([None; DAYS.len()], [None; SPANS.len()]);
        for (n, day) in days.iter_mut().enumerate() {
            *day = row.get(12 + n)?;
        }
        for (n, span) in spans.iter_mut().enumerate() {
            *span = row.get(12 + DAYS.len() + n)?;
        }
        let case = CaseRow {
            district: row.get(1)?,
            place: row.get(2)?,
            matter: row.get(3)?,
            matter_name: row.get(4)?,
            unit: row.get(5)?,
            unit_name: row.get(6)?,
            channel: row.get(7)?,
            state: row.get(8)?,
            kind: row.get(9)?,
            patrol: row.get(10)?,
            on_time: row.get(11)?,
            days,
            spans,
        };
        Ok(Self(row.get(0)?, case))
    }
}

/// How many cases the current figures have, of these districts of record (empty: of all).
///
/// # Errors
/// The store's.
pub fn count(r: &mut Read<'_>, districts: &[DistrictCode]) -> StoreResult<i64> {
    let Some(current) = sql::current(r)? else {
        return Ok(0);
    };
    let mut cases = 0;
    for district in within(sql::districts(r, current.number)?, districts) {
        let sql = "SELECT count(*) FROM facts_cases WHERE district = $1 AND generation = $2";
        cases += r.one::<(i64,)>(sql, params![district, current.number])?.0;
    }
    Ok(cases)
}

fn within(all: Vec<DistrictCode>, wanted: &[DistrictCode]) -> Vec<DistrictCode> {
    let is_wanted = |d: &DistrictCode| wanted.is_empty() || wanted.contains(d);
    all.into_iter().filter(is_wanted).collect()
}

/// Hands over the cases of the current figures, of these districts of record (empty: of all), `at_once` at a time; answers
/// how many. All pages must see one state of the database, so it wants a snapshot.
///
/// # Errors
/// The store's, and whatever `each` answers.
pub fn each<E: From<store::StoreError>>(
    r: &mut Read<'_>,
    districts: &[DistrictCode],
    at_once: u32,
    mut each: impl FnMut(Vec<CaseRow>) -> Result<(), E>,
) -> Result<u64, E> {
    let Some(current) = sql::current(r)? else {
        return Ok(0);
    };
    let mut cases = 0;
    for district in within(sql::districts(r, current.number)?, districts) {
        let mut after = Id::from_bytes([0; 16]);
        let sql = format!(
            "SELECT f.case_id, f.district, f.place, m.catalogue || '/' || m.code, m.name_zh, u.code, u.name_zh, f.channel, f.state, \
             f.kind, f.patrol, f.on_time, f.{}, f.{} FROM facts_cases f LEFT JOIN matter_classes m ON m.id = f.matter \
             LEFT JOIN units u ON u.id = f.unit \
             WHERE f.district = $1 AND f.generation = $2 AND f.case_id > $3 ORDER BY f.case_id LIMIT $4",
            DAYS.join(", f."),
            SPANS.join(", f.")
        );
        loop {
            let page: Vec<Keyed> =
                r.all(&sql, params![district, current.number, after, at_once])?;
            let Some(last) = page.last() else { break };
            after = last.0;
            cases += page.len() as u64;
            each(page.into_iter().map(|k| k.1).collect())?;
        }
    }
    Ok(cases)
}
