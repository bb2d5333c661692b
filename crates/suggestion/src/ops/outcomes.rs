//! What people decided where something was suggested: found by following the outbox, so that no step of a case costs a
//! statement more.
//!
//! A suggestion is a function of the model in force, the words, place and time of the report; so it can be computed again
//! right after the decision, by the model that was in force when it was made.

use super::SuggestionError;
use crate::adviser::{Advisers, InForce, advised, by_model};
use crate::model::{KEYWORDS, Kind, OutcomeRow};
use crate::{guard, rules, sql};
use access::Ctx;
use cases::advice::{Adviser as _, Asked, Learned};
use cases::model::{Fact, Place, State};
use cases::{Case, CaseEvent, CaseId};
use jiff::Timestamp;
use kernel::codes::DistrictCode;
use kernel::id::Id;
use matters::{City, MatterId};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{AuditEvent, OutboxRow, Read, StoreError};

/// The name under which the outbox is followed.
pub const READER: &str = "suggestion/outcomes";
/// Rows of the outbox looked at in one step.
const ROWS: u32 = 500;
/// States that a case is in right after it was accepted or dispatched.
const AFTER_DECISION: [State; 7] = [
    State::PendingRegister,
    State::NotRegistered,
    State::PendingDispatch,
    State::Coordinating,
    State::PendingSign,
    State::Handling,
    State::PendingCheck,
];

#[derive(Deserialize)]
struct Moved {
    state: State,
}

/// What is needed of a decision.
#[derive(Debug, Clone, PartialEq)]
struct Decision {
    kind: Kind,
    at: Timestamp,
    decided: Id,
    /// The class it had when a unit was decided.
    class: Option<MatterId>,
    /// Where it was when that was decided.
    place: Place,
}

/// The decisions in the life of a case: its first acceptance, its first dispatch. What the program itself did is none.
fn decisions(case: &Case, events: &[CaseEvent]) -> Vec<Decision> {
    let mut place = case.place.clone();
    let mut class = None;
    let mut found: Vec<Decision> = Vec::new();
    for event in events {
        match &event.fact {
            Fact::Reported(report) => {
                place = report.place.clone();
                class = report.matter;
            }
            Fact::Corrected { matter, place: to } => {
                if let Some(to) = to {
                    place = to.clone();
                }
                class = matter.or(class);
            }
            Fact::Accepted { matter, .. } => {
                class = Some(*matter);
                let is_first = !found.iter().any(|d| d.kind == Kind::Class);
                if is_first && event.by.kind == "staff" {
                    found.push(Decision {
                        kind: Kind::Class,
                        at: event.at,
                        decided: matter.0,
                        class: None,
                        place: place.clone(),
                    });
                }
            }
            Fact::Registered { standard } => class = Some(standard.matter),
            Fact::Dispatched { unit, .. } => {
                let is_first = !found.iter().any(|d| d.kind == Kind::Unit);
                if is_first && event.by.kind == "staff" {
                    found.push(Decision {
                        kind: Kind::Unit,
                        at: event.at,
                        decided: unit.0,
                        class,
                        place: place.clone(),
                    });
                }
            }
            _ => {}
        }
    }
    found
}

/// A decided case and what is not yet kept of it.
struct Decided {
    case: Case,
    decisions: Vec<(Decision, Option<i64>)>,
}

/// What one step found.
struct Found {
    from: i64,
    to: i64,
    decided: Vec<Decided>,
}

fn touched(rows: &[OutboxRow]) -> BTreeSet<(DistrictCode, CaseId)> {
    rows.iter()
        .filter(|row| row.topic == "case.moved")
        .filter(|row| {
            serde_json::from_str::<Moved>(&row.body)
                .is_ok_and(|moved| AFTER_DECISION.contains(&moved.state))
        })
        .filter_map(|row| Some((row.district.parse().ok()?, CaseId(row.object_id))))
        .collect()
}

fn look(r: &mut Read<'_>, city: &City) -> Result<Option<Found>, StoreError> {
    let Some(from) = r.outbox_position(READER)? else {
        return Ok(None);
    };
    let rows = r.outbox_after(from, ROWS)?;
    let Some(last) = rows.last() else {
        return Ok(None);
    };
    let to = last.seq;
    let mut decided = Vec::new();
    for (district, id) in touched(&rows) {
        let known = sql::outcomes_of(r, district, id)?;
        if known.len() == Kind::ALL.len() {
            continue;
        }
        let Some(case) = cases::sql::by_id(r, district, id)? else {
            continue;
        };
        // A confidential report is read by nobody here, and by no machine.
        if !guard::is_readable(city, &case) {
            continue;
        }
        let events = cases::sql::events(r, district, id)?;
        let mut decisions_of = Vec::new();
        for decision in decisions(&case, &events) {
            if !known.contains(&decision.kind) {
                let model = sql::in_force_at(r, decision.kind, decision.at)?;
                decisions_of.push((decision, model));
            }
        }
        decided.push(Decided {
            case,
            decisions: decisions_of,
        });
    }
    Ok(Some(Found { from, to, decided }))
}

/// Passes the next rows of the outbox and keeps what people decided; answers how many decisions, none when there was
/// nothing to pass. While suggestion is turned off nothing is followed. Must not be called on an async thread.
///
/// # Errors
/// [`SuggestionError`].
pub fn advance(ctx: &Ctx, city: &Arc<City>) -> Result<Option<usize>, SuggestionError> {
    let ctx = ctx.renewed();
    let now = ctx.now();
    let (enabled, position, has_figures) = ctx.read_blocking::<_, StoreError, _>(move |r| {
        let figures = facts::figures::freshness(r, now)?;
        Ok((
            sql::settings(r)?.enabled,
            r.outbox_position(READER)?,
            figures.is_some(),
        ))
    })?;
    match (enabled, position) {
        (false, None) => return Ok(None),
        (false, Some(_)) => {
            ctx.write_blocking::<_, StoreError, _>(|mut w| {
                w.outbox_leave(READER)?;
                w.unchanged(())
            })?;
            return Ok(None);
        }
        // The figures are the outbox's first reader: they begin with everything that ever happened.
        (true, None) if !has_figures => return Ok(None),
        (true, None) => {
            ctx.write_blocking::<_, StoreError, _>(|mut w| {
                let from = w.outbox_horizon()?;
                w.outbox_enter(READER, from)?;
                w.unchanged(())
            })?;
        }
        (true, Some(_)) => {}
    }
    let looking = city.clone();
    let Some(found) = ctx.read_blocking::<_, StoreError, _>(move |r| look(r, &looking))? else {
        return Ok(None);
    };
    let rows = judged(&ctx, city, &found.decided)?;
    let (from, to, n) = (found.from, found.to, rows.len());
    ctx.write_blocking::<_, StoreError, _>(move |mut w| {
        // Whoever moves the position keeps the rows.
        if !w.outbox_advance(READER, from, to)? || rows.is_empty() {
            return w.unchanged(());
        }
        sql::put_outcomes(&mut w, &rows)?;
        let event = AuditEvent::done("suggestion.outcomes", "suggestion", to.to_string())
            .detail(serde_json::json!({ "decisions": rows.len() }));
        w.commit(event, ())
    })?;
    Ok(Some(n))
}

fn judged(
    ctx: &Ctx,
    city: &Arc<City>,
    decided: &[Decided],
) -> Result<Vec<OutcomeRow>, SuggestionError> {
    let advisers = ctx.service_if_any::<Advisers>().unwrap_or_default();
    let mut models: BTreeMap<i64, Option<Arc<InForce>>> = BTreeMap::new();
    for kind in Kind::ALL {
        if let Some(model) = advisers.in_force(*kind) {
            models.insert(model.number, Some(model));
        }
    }
    let keywords = Advisers::default();
    keywords.set(true, BTreeMap::new());
    let mut rows = Vec::new();
    for Decided { case, decisions } in decided {
        for (decision, number) in decisions {
            let model = match number {
                None => None,
                Some(number) => {
                    if !models.contains_key(number) {
                        models.insert(*number, load(ctx, *number)?);
                    }
                    match &models[number] {
                        Some(model) => Some(model.clone()),
                        // Its weights are gone: what it said is no longer known.
                        None => continue,
                    }
                }
            };
            let asked = Asked {
                text: &case.description,
                place: &decision.place,
                at: case.reported_at,
                matter: decision.class,
            };
            let Some((by, suggested)) =
                suggested(model.as_deref(), &keywords, &asked, decision.kind, city)
            else {
                continue;
            };
            rows.push(OutcomeRow {
                district: case.district,
                case: case.id,
                kind: decision.kind,
                model: by,
                at: decision.at,
                confidence: suggested.map(|s| s.1),
                suggested: suggested.map(|s| s.0),
                decided: decision.decided,
                outcome: rules::outcome(suggested.map(|s| s.0), decision.decided),
            });
        }
    }
    Ok(rows)
}

fn load(ctx: &Ctx, number: i64) -> Result<Option<Arc<InForce>>, SuggestionError> {
    let body = ctx.read_blocking::<_, StoreError, _>(move |r| sql::body(r, number))?;
    let model = body.and_then(|b| analysis::text::Model::from_bytes(&b).ok());
    Ok(model.map(|model| Arc::new(InForce { number, model })))
}

/// What was suggested first, and by which model: that in force, else the keywords. None where nothing could be: units are
/// suggested by models alone.
fn suggested(
    model: Option<&InForce>,
    keywords: &Advisers,
    asked: &Asked<'_>,
    kind: Kind,
    city: &City,
) -> Option<(i64, Option<(Id, f64)>)> {
    if let Some(model) = model {
        let found = by_model(model, asked, kind, city);
        let ids = advised::<Id>(model.number, found, Some);
        if let Some(first) = ids.first() {
            return Some((model.number, Some((first.what, first.confidence))));
        }
        if kind == Kind::Unit {
            return Some((model.number, None));
        }
    }
    if kind == Kind::Unit {
        return None;
    }
    match keywords.classes(city, asked).first() {
        Some(first) => {
            debug_assert_eq!(first.learned, Learned::Keywords);
            Some((KEYWORDS, Some((first.what.0, first.confidence))))
        }
        // Silent: what the model in force did not know, the keywords did not either.
        None => Some((model.map_or(KEYWORDS, |m| m.number), None)),
    }
}
