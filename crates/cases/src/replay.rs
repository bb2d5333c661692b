//! Replay: every case rebuilt from its events and compared with its row. The proof that the record agrees with itself.

use crate::{rules, sql};
use access::Ctx;
use serde::Serialize;
use store::{StoreError, Value};

/// How many differing cases are named.
const NAMED: usize = 20;

/// What a replay found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Cases compared.
    pub cases: u64,
    /// Events they were rebuilt from.
    pub events: u64,
    /// Cases whose row is not what their events add up to.
    pub mismatches: u64,
    /// The first of them: number and the columns that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differing: Vec<String>,
}

/// Rebuilds every case. Must not be called on an async thread.
///
/// # Errors
/// The store's. A row that differs is counted, not an error.
pub fn replay(ctx: &Ctx) -> Result<Replayed, StoreError> {
    ctx.snapshot_blocking(|r| {
        let mut found = Replayed::default();
        sql::each_life(r, |id, row, events| {
            found.cases += 1;
            found.events += events.len() as u64;
            let differing = match rules::replay(id, events) {
                Some(case) => differing(row, &sql::columns(&case)),
                None => vec!["events"],
            };
            let unbroken = (1..).zip(events).all(|(seq, e)| e.seq == seq);
            if !differing.is_empty() || !unbroken {
                found.mismatches += 1;
                if found.differing.len() < NAMED {
                    let number = match row.get(2) {
                        Some(Value::Text(number)) => number.as_str(),
                        _ => "?",
                    };
                    found
                        .differing
                        .push(format!("{number}: {}", differing.join(", ")));
                }
            }
            Ok(())
        })?;
        Ok(found)
    })
}

fn differing(stored: &[Value], rebuilt: &[Value]) -> Vec<&'static str> {
    sql::COLUMNS
        .iter()
        .zip(stored.iter().zip(rebuilt))
        .filter(|(_, (a, b))| a != b)
        .map(|(name, _)| *name)
        .collect()
}
