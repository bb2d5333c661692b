//! `shiyu suggest train --from-record` and `shiyu suggest topics`: learning from the city's own record, hot topics.

use crate::compose::Program;
use crate::config::Common;
use crate::output::{Done, Failure};
use access::{Ctx, SystemRole};
use matters::City;
use serde_json::json;
use std::fmt::Write as _;
use std::sync::Arc;
use suggestion::ops::{self, SuggestionError};

fn ready(common: &Common) -> Result<(Ctx, Arc<City>), Failure> {
    let program = Program::open(common)?;
    let ctx = program.ready(SystemRole::Operator)?;
    Ok((ctx.renewed(), program.reference.current()))
}

fn failed(error: SuggestionError) -> Failure {
    match error {
        SuggestionError::Store(error) => error.into(),
        SuggestionError::Field { field, reason, .. } => {
            Failure::unusable("unusable_option", reason).field(field)
        }
        other => Failure::other("suggest", other.to_string()),
    }
}

/// Learns class and unit from the record and keeps the models; what is good enough suggests from now on.
pub(super) fn train(common: &Common, seed: u64) -> Result<Done, Failure> {
    let (ctx, city) = ready(common)?;
    let done = ops::train(&ctx, &city, seed).map_err(failed)?;
    let mut text = String::new();
    for one in &done {
        let percent = |share: Option<f64>| {
            share.map_or_else(|| "–".to_owned(), |s| format!("{:.1} %", 100.0 * s))
        };
        match (one.model, &one.reason) {
            (None, reason) => {
                let reason = reason.as_deref().unwrap_or("nothing to learn from");
                let _ = writeln!(text, "{}: no model: {reason}", one.kind);
            }
            (Some(number), _) => {
                let _ = writeln!(
                    text,
                    "{}: model {number} of {} messages and {} classes, {}; on {} held back: {} right, answers {}, right in {} of those; {:.1} s",
                    one.kind,
                    one.messages,
                    one.classes,
                    one.standing.map_or("", |s| s.as_str()),
                    one.held_back,
                    percent(one.accuracy),
                    percent(one.coverage),
                    percent(one.accuracy_when_answered),
                    one.seconds
                );
            }
        }
    }
    let class = done
        .iter()
        .find(|t| t.kind == suggestion::model::Kind::Class);
    let json = json!({
        "rows": class.map_or(0, |t| t.messages),
        "classes": class.map_or(0, |t| t.classes),
        "seconds": done.iter().map(|t| t.seconds).sum::<f64>(),
        "models": done,
    });
    Done::new(&json, text)
}

/// Looks for hot topics now.
pub(super) fn topics(common: &Common) -> Result<Done, Failure> {
    let (ctx, city) = ready(common)?;
    let look = ops::look(&ctx, &city).map_err(failed)?;
    let text = format!(
        "{}: {} reports looked at, {} hot topics, {} of them going on",
        look.day, look.reports, look.topics, look.going_on
    );
    Done::new(&look, text)
}
