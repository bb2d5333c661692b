//! Statements that read of cases what the reach of reporting needs: where, which class, when, and what was merged into it.
//! Nothing of people.

use cases::facts::PATROL_CHANNELS;
use cases::model::State;
use jiff::Timestamp;
use kernel::codes::{CaseNumber, DivisionCode, GridCode};
use kernel::id::Id;
use serde::Deserialize;
use std::collections::HashMap;
use store::{Read, StoreError, StoreResult, ToValue, Value};

store::record! {
    /// A real problem that somebody reported.
    pub struct StoodRow {
        pub number: CaseNumber,
        pub matter: Option<Id>,
        pub grid: Option<GridCode>,
        pub division: Option<DivisionCode>,
        pub state: State,
        pub reported_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

/// States of reports that are no problem of their own: doubles, mistakes, what turned out to be nothing.
const NO_PROBLEM: [State; 5] = [
    State::Merged,
    State::Voided,
    State::Transferred,
    State::NotAccepted,
    State::NotRegistered,
];

/// Problems first reported by people from a moment on, and until when they stood.
pub fn stood(r: &mut Read<'_>, from: Timestamp) -> StoreResult<Vec<StoodRow>> {
    let mut values: Vec<Value> = vec![from.to_value()];
    let mut list = |words: Vec<String>| {
        let marks: Vec<String> = words
            .into_iter()
            .map(|word| {
                values.push(word.to_value());
                format!("${}", values.len())
            })
            .collect();
        marks.join(", ")
    };
    let states = list(NO_PROBLEM.iter().map(|s| s.as_str().to_owned()).collect());
    let patrols = list(PATROL_CHANNELS.iter().map(|c| (*c).to_owned()).collect());
    let sql = format!(
        "SELECT number, matter_id, grid, division, state, reported_at, COALESCE(handled_at, closed_at) FROM cases \
         WHERE reported_at >= $1 AND state NOT IN ({states}) AND channel NOT IN ({patrols})"
    );
    r.all(&sql, &values)
}

/// Of the projection of a merged case, the only thing looked at.
#[derive(Deserialize)]
struct Merged {
    merged_into: Option<CaseNumber>,
}

/// When further reports came of problems that have a case of their own, by its number.
pub fn again(
    r: &mut Read<'_>,
    from: Timestamp,
) -> StoreResult<HashMap<CaseNumber, Vec<Timestamp>>> {
    let mut found: HashMap<CaseNumber, Vec<Timestamp>> = HashMap::new();
    let values = [
        State::Merged.as_str().to_owned().to_value(),
        from.to_value(),
    ];
    r.each(
        "SELECT reported_at, body FROM cases WHERE state = $1 AND reported_at >= $2",
        &values,
        |row| {
            let (at, body): (Timestamp, String) = (row.get(0)?, row.get(1)?);
            let merged: Merged = serde_json::from_str(&body)
                .map_err(|e| StoreError::Engine(format!("the body of a merged case: {e}")))?;
            if let Some(into) = merged.merged_into {
                found.entry(into).or_default().push(at);
            }
            Ok(true)
        },
    )?;
    Ok(found)
}
