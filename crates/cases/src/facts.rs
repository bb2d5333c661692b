//! What a case counts as: the record of cases as a source of figures ([`::facts::Source`]).
//!
//! Only columns of the row are read, never the body: there is no word of a person in a figure.

use crate::model::State;
use crate::sql_facts::{self, FactRow};
use ::facts::model::{Contribution, Kind, Place, day_at};
use ::facts::upkeep::{CaseKey, Record, Source};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use serde::Deserialize;
use std::sync::Arc;
use store::{OutboxRow, Read, StoreError, StoreResult};

/// Channels by which the administration finds things itself. Left out of signals (`rights.md`: patrols would feed
/// reports that feed patrols).
pub const PATROL_CHANNELS: [&str; 2] = ["patrol", "preventive"];

/// The record of cases, seen by figures.
pub struct CaseFacts {
    timezone: TimeZone,
    zone: String,
}

impl CaseFacts {
    /// With the time zone in which days begin.
    pub fn new(timezone: TimeZone) -> Self {
        let zone = timezone.iana_name().unwrap_or("UTC").to_owned();
        Self { timezone, zone }
    }
    /// The same, as figures want it.
    pub fn source(timezone: TimeZone) -> Arc<dyn Source> {
        Arc::new(Self::new(timezone))
    }
    fn record(&self, row: FactRow) -> Record {
        Record {
            key: CaseKey {
                district: row.district,
                id: row.id,
            },
            version: row.version,
            contribution: contribution(row, &self.timezone),
        }
    }
}

/// What a row counts as.
fn contribution(row: FactRow, tz: &TimeZone) -> Contribution {
    let day = |at: Timestamp| day_at(at, tz);
    let seconds = |from: Option<Timestamp>, to: Option<Timestamp>| {
        Some(to?.duration_since(from?).as_secs()).filter(|s| *s >= 0)
    };
    let FactRow {
        reported_at,
        due_at,
        handled_at,
        closed_at,
        ..
    } = row;
    let is_closed = row.state == State::Closed;
    let closing = closed_at.filter(|_| is_closed);
    let is_unit_work = row.dispatched_at.is_some() || row.is_imported;
    let over = handled_at.or(closed_at);
    let is_overdue = is_unit_work
        && due_at.is_some_and(|due| match over {
            Some(over) => over > due,
            None => !row.state.is_final(),
        });
    Contribution {
        place: Place::of(row.grid, row.division),
        matter: row.matter,
        unit: row.unit,
        patrol: PATROL_CHANNELS.contains(&row.channel.as_str()),
        channel: row.channel,
        state: row.state.as_str().to_owned(),
        kind: match row.state {
            State::Merged => Kind::Voice,
            State::Voided => Kind::Void,
            _ => Kind::Incident,
        },
        reported: day(reported_at),
        accepted: row.accepted_at.map(day),
        registered: row.registered_at.map(day),
        dispatched: row.dispatched_at.map(day),
        handled: handled_at.map(day),
        closed: closing.map(day),
        on_time: closing.is_some()
            && matches!((handled_at, due_at), (Some(handled), Some(due)) if handled <= due),
        reworked: row.reworked_at.map(day),
        extended: row.extended_at.map(day),
        ended: row
            .state
            .is_final()
            .then(|| day(closed_at.unwrap_or(reported_at))),
        due: due_at.map(day),
        // A file may say that a case was due before it was reported: it is overdue from its report on.
        overdue_from: due_at
            .filter(|_| is_overdue)
            .map(|due| day(due.max(reported_at))),
        overdue_to: over
            .filter(|_| is_overdue)
            .map(|over| day(over.max(reported_at))),
        accept_s: seconds(Some(reported_at), row.accepted_at),
        handle_s: seconds(row.dispatched_at, handled_at),
        close_s: seconds(Some(reported_at), closing),
    }
}

/// The body of the one row that a batch leaves.
#[derive(Deserialize)]
struct Imported {
    cases: Vec<(String, Id)>,
}

/// Which cases a row of the outbox says have changed; none where it is about something else.
pub(crate) fn touched(row: &OutboxRow) -> StoreResult<Vec<CaseKey>> {
    let wrong =
        |reason: String| StoreError::Engine(format!("row {} of the outbox: {reason}", row.seq));
    let key = |district: &str, id: Id| -> StoreResult<CaseKey> {
        let district: DistrictCode = district
            .parse()
            .map_err(|e: kernel::codes::CodeError| wrong(e.to_string()))?;
        Ok(CaseKey { district, id })
    };
    match row.topic.as_str() {
        "case.moved" => Ok(vec![key(&row.district, row.object_id)?]),
        // A batch of an import, or of deadlines that another calendar moved.
        "case.imported" | "case.recomputed" => serde_json::from_str::<Imported>(&row.body)
            .map_err(|e| wrong(e.to_string()))?
            .cases
            .iter()
            .map(|(district, id)| key(district, *id))
            .collect(),
        _ => Ok(Vec::new()),
    }
}

impl Source for CaseFacts {
    fn zone(&self) -> &str {
        &self.zone
    }
    fn touched(&self, row: &OutboxRow) -> StoreResult<Vec<CaseKey>> {
        touched(row)
    }
    fn present(&self, r: &mut Read<'_>, keys: &[CaseKey]) -> StoreResult<Vec<Record>> {
        let rows = sql_facts::rows(r, keys)?;
        Ok(rows.into_iter().map(|row| self.record(row)).collect())
    }
    fn page(
        &self,
        r: &mut Read<'_>,
        after: Option<CaseKey>,
        limit: i64,
    ) -> StoreResult<Vec<Record>> {
        let rows = sql_facts::page(r, after, limit)?;
        Ok(rows.into_iter().map(|row| self.record(row)).collect())
    }
}
