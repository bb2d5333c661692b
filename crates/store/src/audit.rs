//! 审计 — the trail of what was done and what was refused. Written in the same transaction as the change.

use crate::grant::Grant;
use crate::{StoreResult, Value, Write};
use kernel::id::Id;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused by a rule or a permission.
    Refused,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// One entry of the audit trail. `detail` is a JSON object and never holds a person's data.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    /// The district the object belongs to; `000000` for what belongs to the whole city.
    pub district: String,
    /// A dotted word of the event catalogue, such as `case.dispatch`.
    pub action: &'static str,
    /// Done or refused.
    pub outcome: Outcome,
    /// What kind of thing was acted on.
    pub object_kind: &'static str,
    /// Its number, code or id in text.
    pub object_id: String,
    /// More facts, as a JSON object.
    pub detail: serde_json::Value,
}

/// The district of what belongs to the whole city.
pub const CITY: &str = "000000";

impl AuditEvent {
    /// An act that was done on an object of the whole city.
    pub fn done(
        action: &'static str,
        object_kind: &'static str,
        object_id: impl Into<String>,
    ) -> Self {
        Self {
            district: CITY.into(),
            action,
            outcome: Outcome::Done,
            object_kind,
            object_id: object_id.into(),
            detail: serde_json::json!({}),
        }
    }
    /// The same, for an attempt that was refused.
    pub fn refused(
        action: &'static str,
        object_kind: &'static str,
        object_id: impl Into<String>,
    ) -> Self {
        Self {
            outcome: Outcome::Refused,
            ..Self::done(action, object_kind, object_id)
        }
    }
    /// In which district.
    pub fn district(mut self, district: impl Into<String>) -> Self {
        self.district = district.into();
        self
    }
    /// With more facts.
    pub fn detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail;
        self
    }
}

/// What one audit row holds, in the order of its values.
const COLUMNS: &str = "district, id, at, actor_kind, actor_id, action, outcome, object_kind, object_id, purpose, detail, request";
const COLUMN_COUNT: usize = 12;
/// So many rows stay below the bound of both engines on placeholders in a statement.
const MOST_AT_ONCE: usize = 500;

/// Writes the events of one transaction, many rows a statement.
pub(crate) fn append(w: &mut Write<'_>, grant: &Grant, events: &[AuditEvent]) -> StoreResult<()> {
    w.ensure_year_of(grant.now)?;
    for events in events.chunks(MOST_AT_ONCE) {
        let mut values: Vec<Value> = Vec::with_capacity(events.len() * COLUMN_COUNT);
        for event in events {
            let detail = detail_of(event, grant);
            values.extend(crate::values![
                event.district,
                Id::new(grant.now, rand::random()),
                grant.now,
                grant.actor.kind.as_str(),
                grant.actor.id,
                event.action,
                event.outcome.as_str(),
                event.object_kind,
                event.object_id,
                grant.purpose,
                detail,
                grant.request
            ]);
        }
        w.exec(&insert_text(events.len()), &values)?;
    }
    Ok(())
}

/// The facts of an event; an act of a deputy names the colleague in whose place it was done.
fn detail_of(event: &AuditEvent, grant: &Grant) -> String {
    let mut detail = event.detail.clone();
    if let (Some(away), Some(facts)) = (grant.actor.on_behalf, detail.as_object_mut()) {
        facts.insert("on_behalf".into(), away.to_string().into());
    }
    detail.to_string()
}

fn insert_text(rows: usize) -> String {
    let row = |n: usize| {
        let places: Vec<String> = (1..=COLUMN_COUNT)
            .map(|c| format!("${}", n * COLUMN_COUNT + c))
            .collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO audit ({COLUMNS}) VALUES {}", rows.join(", "))
}
