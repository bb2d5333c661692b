//! Queries of analysts: asked for the permission, run inside the fence of the views, written down whatever comes of them.

use crate::views;
use access::{Ctx, FileOut, Permission, Refused};
use store::sandbox::{Answer, SandboxError};
use store::{AuditEvent, StoreError, Value};
use tokio::sync::Semaphore;

/// Queries that run at the same time; the next one is told to come back.
static RUNNING: Semaphore = Semaphore::const_new(2);

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Lacks the permission.
    #[error(transparent)]
    Forbidden(#[from] Refused),
    /// Too many others ask at the same time.
    #[error("two other queries are running; try again in a moment")]
    Busy,
    /// Not allowed, not understood, too long or too large.
    #[error(transparent)]
    Query(#[from] SandboxError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is written down of a query, and of the file that its answer leaves in.
fn entry(
    ctx: &Ctx,
    sql: &str,
    outcome: &Result<Answer, SandboxError>,
    file: Option<&FileOut>,
) -> AuditEvent {
    let object = ctx.request().to_string();
    match outcome {
        Ok(answer) => {
            let mut detail = serde_json::json!({
                "sql": sql, "rows": answer.rows.len(), "cut": answer.is_cut,
            });
            if let Some(file) = file {
                detail["sha256"] = file.sha256.as_str().into();
            }
            AuditEvent::done("facts.query", "query", object).detail(detail)
        }
        Err(error) => AuditEvent::refused("facts.query", "query", object)
            .detail(serde_json::json!({ "sql": shortened(sql), "reason": error.to_string() })),
    }
}

/// A refused text may be anything: only its beginning is kept.
fn shortened(sql: &str) -> String {
    const MOST: usize = 2_000;
    sql.chars().take(MOST).collect()
}

fn run(ctx: &Ctx, sql: &str) -> Result<Answer, SandboxError> {
    let fence = views::fence(ctx.db().engine(), ctx.principal().unit());
    ctx.run_fenced(sql, &fence)
}

/// Runs a query of an analyst.
///
/// # Errors
/// [`QueryError`].
pub async fn query(ctx: &Ctx, sql: &str) -> Result<Answer, QueryError> {
    Ok(asked(ctx, sql, |_| None).await?.0)
}

/// The same as a CSV file, whose hash is written down before it leaves.
///
/// # Errors
/// [`QueryError`].
pub async fn query_file(ctx: &Ctx, sql: &str) -> Result<FileOut, QueryError> {
    let (_, file) = asked(ctx, sql, |answer| Some(FileOut::new(csv(answer)))).await?;
    Ok(file.expect("an answer was made into a file"))
}

async fn asked(
    ctx: &Ctx,
    sql: &str,
    file_of: fn(&Answer) -> Option<FileOut>,
) -> Result<(Answer, Option<FileOut>), QueryError> {
    ctx.require(Permission::FactsQuery)?;
    let _running = RUNNING.try_acquire().map_err(|_| QueryError::Busy)?;
    let (own, text) = (ctx.clone(), sql.to_owned());
    let outcome = tokio::task::spawn_blocking(move || run(&own, &text))
        .await
        .map_err(|e| StoreError::Engine(format!("a query ended without an answer: {e}")))?;
    let file = outcome.as_ref().ok().and_then(file_of);
    let event = entry(ctx, sql, &outcome, file.as_ref());
    ctx.write_beside::<_, StoreError, _>(move |w| w.commit(event.clone(), ()))
        .await?;
    Ok((outcome?, file))
}

/// [`query`] for the command line. Must not be called on an async thread.
///
/// # Errors
/// [`QueryError`].
pub fn query_blocking(ctx: &Ctx, sql: &str) -> Result<Answer, QueryError> {
    ctx.require(Permission::FactsQuery)?;
    let outcome = run(ctx, sql);
    let event = entry(ctx, sql, &outcome, None);
    ctx.write_blocking::<_, StoreError, _>(move |w| w.commit(event.clone(), ()))?;
    Ok(outcome?)
}

/// A value as a cell of a table or of a CSV file; nothing for NULL.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Int(n) => n.to_string(),
        Value::Real(x) => x.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => bytes.iter().map(|b| format!("{b:02x}")).collect(),
    }
}

/// A value as JSON.
pub fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Int(n) => (*n).into(),
        Value::Real(x) => (*x).into(),
        other => cell(other).into(),
    }
}

/// An answer as CSV (RFC 4180), its first row the names of the columns.
pub fn csv(answer: &Answer) -> Vec<u8> {
    let mut out = Vec::new();
    // Whoever asks names the columns.
    let names: Vec<_> = answer
        .columns
        .iter()
        .map(|c| kernel::sheet::guarded(c))
        .collect();
    write_line(&mut out, names.iter().map(AsRef::as_ref));
    for row in &answer.rows {
        // A number is no formula, whatever its sign.
        let text = |value: &Value| match value {
            Value::Text(text) => kernel::sheet::guarded(text).into_owned(),
            other => cell(other),
        };
        let cells: Vec<String> = row.iter().map(text).collect();
        write_line(&mut out, cells.iter().map(String::as_str));
    }
    out
}

fn write_line<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = &'a str>) {
    for (n, text) in cells.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        if text.contains([',', '"', '\n', '\r']) {
            out.extend(format!("\"{}\"", text.replace('"', "\"\"")).bytes());
        } else {
            out.extend(text.bytes());
        }
    }
    out.extend(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_parts_cells() {
        let answer = Answer {
            columns: vec!["a".into(), "b,c".into()],
            rows: vec![
                vec![Value::Text("x \"y\"\nz".into()), Value::Null],
                vec![Value::Int(-3), Value::Real(0.5)],
            ],
            is_cut: false,
        };
        let text = String::from_utf8(csv(&answer)).unwrap();
        assert_eq!(text, "a,\"b,c\"\r\n\"x \"\"y\"\"\nz\",\r\n-3,0.5\r\n");
        assert_eq!(json(&Value::Blob(vec![1, 255])), "01ff");
    }

    #[test]
    fn no_cell_of_a_file_is_run_as_a_formula() {
        let answer = Answer {
            columns: vec!["=1+1".into(), "n".into()],
            rows: vec![
                vec![Value::Text("@z".into()), Value::Int(-3)],
                vec![Value::Text("=1+1".into()), Value::Real(-0.5)],
            ],
            is_cut: false,
        };
        let text = String::from_utf8(csv(&answer)).unwrap();
        assert_eq!(text, "'=1+1,n\r\n'@z,-3\r\n'=1+1,-0.5\r\n");
    }
}
