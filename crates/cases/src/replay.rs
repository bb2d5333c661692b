//! Replay: every case rebuilt from its events and compared with its row and with its row of measures. The proof that the
//! record agrees with itself.

use crate::measures::{self, Measures};
use crate::{rules, sql};
use access::Ctx;
use serde::Serialize;
use store::{AuditEvent, StoreError, Value};

/// How many differing cases are named.
const NAMED: usize = 20;
/// How many cases of before there were measures get theirs in one transaction.
const AT_ONCE: i64 = 500;

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
        sql::each_life(r, |id, row, measured, events| {
            found.cases += 1;
            found.events += events.len() as u64;
            let differing = match rules::replay(id, events) {
                Some(case) => {
                    let mut all = differing(sql::COLUMNS, row, &sql::columns(&case));
                    let rebuilt = Measures::of(&case, events).values();
                    all.extend(match measured {
                        Some(stored) => differing(measures::COLUMNS, stored, &rebuilt),
                        None => vec!["measures"],
                    });
                    all
                }
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

/// Gives every case that has no row of measures the one that its life adds up to: those stored before there were
/// measures. Answers how many. Must not be called on an async thread.
///
/// # Errors
/// The store's; what was written before stays.
pub fn measure(ctx: &Ctx, mut progress: impl FnMut(u64)) -> Result<u64, StoreError> {
    let mut done = 0;
    loop {
        let written = ctx.renewed().write_blocking::<_, StoreError, _>(|mut w| {
            let cases = sql::unmeasured(&mut w, AT_ONCE)?;
            let Some(first) = cases.first() else {
                return w.unchanged(0);
            };
            let mut rows = Vec::with_capacity(cases.len());
            for case in &cases {
                // Most of them came with a file and have one event, which says nothing that the case does not.
                let is_imported = case.source.is_some() && case.version == 1;
                let life = if is_imported {
                    Vec::new()
                } else {
                    sql::events(&mut w, case.district, case.id)?
                };
                w.ensure_year_of(case.reported_at)?;
                rows.push(Measures::of(case, &life).values());
            }
            w.bulk("case_measures", measures::COLUMNS, &rows)?;
            let event = AuditEvent::done("case.measure", "case", first.number.to_string())
                .detail(serde_json::json!({ "cases": rows.len() }));
            w.commit(event, rows.len() as u64)
        })?;
        if written == 0 {
            return Ok(done);
        }
        done += written;
        progress(done);
    }
}

fn differing(columns: &[&'static str], stored: &[Value], rebuilt: &[Value]) -> Vec<&'static str> {
    columns
        .iter()
        .zip(stored.iter().zip(rebuilt))
        .filter(|(_, (a, b))| a != b)
        .map(|(name, _)| *name)
        .collect()
}
