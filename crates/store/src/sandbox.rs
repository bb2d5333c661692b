//! Running a statement that somebody else wrote, over a few views and nothing else.
//!
//! Three fences stand one behind the other: the words of the statement ([`words`]: one SELECT, no comment, only known
//! functions, no name of a table), the engine's own (SQLite: a connection that only reads, with an authorizer that asks for
//! every column; PostgreSQL: a transaction that only reads, whose plan may touch nothing but what stands under the views),
//! and bounds on time, rows and bytes. The statement runs on a connection of its own, so that whatever it does to
//! it is gone with it.

mod words;

use crate::db::{Db, Engine};
use crate::grant::Grant;
use crate::{StoreError, Value, ValueRef, postgres, sqlite};
use std::time::{Duration, Instant};

/// What a statement may touch, and how much of it.
#[derive(Debug, Clone)]
pub struct Fence {
    /// The views it may name.
    pub views: &'static [&'static str],
    /// The tables that stand under the views: it may not name them.
    pub tables: &'static [&'static str],
    /// Statements that make views for this one run only, in place of others of the same name.
    pub own_views: Vec<String>,
    /// The most rows of an answer.
    pub rows: usize,
    /// The most bytes of an answer.
    pub bytes: usize,
    /// How long it may take.
    pub time: Duration,
}

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// There would have been more rows.
    pub is_cut: bool,
}

/// Why a statement is not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More bytes than this.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// Nothing was asked.
    #[error("it is empty")]
    Empty,
    /// It begins with another word.
    #[error("it begins with neither SELECT nor WITH")]
    NoQuestion,
    /// A word of the language that changes something, or reaches beyond the views.
    #[error("{0} has no place in it")]
    Word(String),
    /// A table, or what belongs to the engine.
    #[error("{0} is none of the views")]
    NoView(String),
    /// A function that is not among those that only compute.
    #[error("there is no function {0} here")]
    NoFunction(String),
    /// A WITH that takes the name of a view.
    #[error("{0} is the name of a view")]
    NameOfAView(String),
    /// A text with a letter before its quote.
    #[error("there is no text of kind {0} here")]
    KindOfText(String),
    /// A comment.
    #[error("comments are not allowed")]
    Comment,
    /// Something stands behind the semicolon.
    #[error("it is more than one statement")]
    SecondStatement,
    /// A sign the language has no use for.
    #[error("the sign {0:?} has no place in it")]
    Sign(char),
    /// A quote that is not closed.
    #[error("a {0} is opened and not closed")]
    NotClosed(char),
    /// A question mark or number that waits for a value.
    #[error("it has places for values")]
    Parameter,
    /// The engine says that something stands outside the views.
    #[error("it asks for something that is not in the views")]
    Outside,
    /// The engine says that it would write.
    #[error("it would change something")]
    Change,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The statement is not one that may be run.
    #[error("this query is not allowed: {0}")]
    Refused(#[from] Refusal),
    /// The engine does not understand it.
    #[error("the database does not understand this query: {0}")]
    Wrong(String),
    /// It took too long.
    #[error("the query took longer than {0} s")]
    TooLong(u64),
    /// The answer is too large.
    #[error("the answer has more than {0} bytes: ask for fewer columns")]
    TooLarge(usize),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fence {
    /// Asks the words of a statement alone: no engine is asked.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check<'s>(&self, sql: &'s str) -> Result<&'s str, Refusal> {
        words::check(sql, self)
    }
    fn too_long(&self) -> SandboxError {
        SandboxError::TooLong(self.time.as_secs())
    }
    /// Adds a row to an answer. Answers whether another one may follow.
    fn take(
        &self,
        answer: &mut Answer,
        bytes: &mut usize,
        row: Vec<Value>,
    ) -> Result<bool, SandboxError> {
        if answer.rows.len() >= self.rows {
            answer.is_cut = true;
            return Ok(false);
        }
        *bytes += row.iter().map(size).sum::<usize>();
        if *bytes > self.bytes {
            return Err(SandboxError::TooLarge(self.bytes));
        }
        answer.rows.push(row);
        Ok(true)
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        _ => 8,
    }
}

impl Db {
    /// Runs one statement inside a fence. Whoever holds a grant answers for having asked for the permission, and writes
    /// down what was asked.
    ///
    /// # Errors
    /// [`SandboxError`].
    pub fn run_fenced(
        &self,
        _grant: &Grant,
        sql: &str,
        fence: &Fence,
    ) -> Result<Answer, SandboxError> {
        let sql = fence.check(sql)?;
        match self.engine() {
            Engine::Sqlite => on_sqlite(self.raw_url(), sql, fence),
            Engine::Postgres => on_postgres(self.raw_url(), sql, fence),
        }
    }
}

fn on_sqlite(url: &str, sql: &str, fence: &Fence) -> Result<Answer, SandboxError> {
    use rusqlite::limits::Limit;
    use rusqlite::{Connection, OpenFlags};
    let engine = |e: rusqlite::Error| SandboxError::Store(sqlite::error(&e));
    let path = url.trim_start_matches("sqlite:");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(engine)?;
    conn.busy_timeout(fence.time).map_err(engine)?;
    for view in &fence.own_views {
        conn.execute_batch(view).map_err(engine)?;
    }
    conn.pragma_update(None, "query_only", "ON")
        .map_err(engine)?;
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LENGTH, 1_000_000),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
    ] {
        conn.set_limit(limit, most).map_err(engine)?;
    }
    let (views, tables) = (fence.views, fence.tables);
    conn.authorizer(Some(move |asked: rusqlite::hooks::AuthContext<'_>| {
        authorize(&asked, views, tables)
    }))
    .map_err(engine)?;
    let deadline = deadline(fence);
    conn.progress_handler(1_000, Some(move || has_passed(deadline)))
        .map_err(engine)?;
    let failed = |e: rusqlite::Error| match e.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => fence.too_long(),
        Some(rusqlite::ErrorCode::AuthorizationForStatementDenied) => Refusal::Outside.into(),
        _ => SandboxError::Wrong(sqlite::error(&e).to_string()),
    };
    let mut statement = conn.prepare(sql).map_err(failed)?;
    if !statement.readonly() {
        return Err(Refusal::Change.into());
    }
    let mut answer = Answer {
        columns: statement
            .column_names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        rows: Vec::new(),
        is_cut: false,
    };
    let width = answer.columns.len();
    let mut bytes = 0;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(failed)? {
        let row: Result<Vec<Value>, _> = (0..width)
            .map(|n| {
                sqlite::column(row, n)
                    .map(owned)
                    .map_err(|e| SandboxError::Wrong(e.0))
            })
            .collect();
        if !fence.take(&mut answer, &mut bytes, row?)? {
            break;
        }
    }
    Ok(answer)
}

/// Asked by SQLite for every table, column and function of a statement while it is prepared.
fn authorize(
    asked: &rusqlite::hooks::AuthContext<'_>,
    views: &[&str],
    tables: &[&str],
) -> rusqlite::hooks::Authorization {
    use rusqlite::hooks::{AuthAction, Authorization};
    let in_view = asked.accessor.is_some_and(|view| views.contains(&view));
    let may = match asked.action {
        AuthAction::Select => true,
        AuthAction::Read { table_name, .. } => {
            views.contains(&table_name) || in_view && tables.contains(&table_name)
        }
        AuthAction::Function { function_name } => words::is_function(&function_name.to_lowercase()),
        _ => false,
    };
    if may {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Int(n) => Value::Int(n),
        ValueRef::Real(x) => Value::Real(x),
        ValueRef::Text(text) => Value::Text(text.to_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

fn deadline(fence: &Fence) -> Instant {
    Instant::now() + fence.time
}
fn has_passed(deadline: Instant) -> bool {
    Instant::now() > deadline
}

fn on_postgres(url: &str, sql: &str, fence: &Fence) -> Result<Answer, SandboxError> {
    let mut client = postgres::bare(url, fence.time)?;
    let engine = |e: &::postgres::Error| SandboxError::Store(postgres::error(e));
    let failed = |e: &::postgres::Error| match postgres::error(e) {
        StoreError::Timeout => fence.too_long(),
        StoreError::Engine(words) => SandboxError::Wrong(words),
        other => SandboxError::Store(other),
    };
    for view in &fence.own_views {
        client.batch_execute(view).map_err(|e| engine(&e))?;
    }
    let ms = fence.time.as_millis();
    let begin = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {ms}; \
         SET LOCAL idle_in_transaction_session_timeout = {ms}; SET LOCAL lock_timeout = {ms}"
    );
    client.batch_execute(&begin).map_err(|e| engine(&e))?;
    // Preparing takes one statement and no more, and tells the columns.
    let statement = client.prepare(sql).map_err(|e| failed(&e))?;
    if !statement.params().is_empty() {
        return Err(Refusal::Parameter.into());
    }
    let columns: Vec<String> = statement
        .columns()
        .iter()
        .map(|c| c.name().to_owned())
        .collect();
    let types: Vec<::postgres::types::Type> = statement
        .columns()
        .iter()
        .map(|c| c.type_().clone())
        .collect();
    check_plan(&mut client, sql, fence)?;
    let mut answer = Answer {
        columns,
        rows: Vec::new(),
        is_cut: false,
    };
    if types.is_empty() {
        return Ok(answer);
    }
    // Whatever types there are, they come as text; one row more than allowed tells that there would be more.
    let name = |n: usize| format!("c{n}");
    let names: Vec<String> = (0..types.len()).map(name).collect();
    let texts: Vec<String> = names.iter().map(|c| format!("CAST({c} AS TEXT)")).collect();
    let wrapped = format!(
        "SELECT {} FROM (\n{sql}\n) q ({}) LIMIT {}",
        texts.join(", "),
        names.join(", "),
        fence.rows + 1
    );
    let found = client.query(&wrapped, &[]).map_err(|e| failed(&e))?;
    let mut bytes = 0;
    for row in &found {
        let row = types
            .iter()
            .enumerate()
            .map(|(n, ty)| row.try_get::<_, Option<String>>(n).map(|v| typed(ty, v)))
            .collect::<Result<Vec<Value>, _>>()
            .map_err(|e| failed(&e))?;
        if !fence.take(&mut answer, &mut bytes, row)? {
            break;
        }
    }
    Ok(answer)
}

/// A text of PostgreSQL as the value it stands for.
fn typed(ty: &::postgres::types::Type, text: Option<String>) -> Value {
    use ::postgres::types::Type;
    let Some(text) = text else {
        return Value::Null;
    };
    match *ty {
        Type::INT2 | Type::INT4 | Type::INT8 => {
            text.parse().map_or_else(|_| Value::Text(text), Value::Int)
        }
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => {
            text.parse().map_or_else(|_| Value::Text(text), Value::Real)
        }
        _ => Value::Text(text),
    }
}

/// What a plan touches must stand under the views, and must be a table: no function makes rows.
fn check_plan(
    client: &mut ::postgres::Client,
    sql: &str,
    fence: &Fence,
) -> Result<(), SandboxError> {
    let failed = |e: ::postgres::Error| match postgres::error(&e) {
        StoreError::Timeout => fence.too_long(),
        other => SandboxError::Store(other),
    };
    let answer = client
        .simple_query(&format!("EXPLAIN (FORMAT JSON, VERBOSE) {sql}"))
        .map_err(failed)?;
    let text: String = answer
        .iter()
        .filter_map(|message| match message {
            ::postgres::SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    let schema: String = client
        .query_one("SELECT CAST(current_schema() AS TEXT)", &[])
        .and_then(|row| row.try_get(0))
        .map_err(failed)?;
    let plan: serde_json::Value = serde_json::from_str(&text)
        .map_err(|e| SandboxError::Wrong(format!("its plan does not read: {e}")))?;
    Ok(touched(&plan, &schema, fence.tables)?)
}

fn touched(plan: &serde_json::Value, schema: &str, tables: &[&str]) -> Result<(), Refusal> {
    use serde_json::Value as Json;
    match plan {
        Json::Array(list) => list.iter().try_for_each(|p| touched(p, schema, tables)),
        Json::Object(node) => {
            let word = |key: &str| node.get(key).and_then(Json::as_str);
            let is_foreign = word("Relation Name").is_some_and(|name| {
                !tables.contains(&name) || word("Schema").is_some_and(|s| s != schema)
            });
            let makes_rows = ["Function Name", "Table Function Name"]
                .iter()
                .any(|key| node.contains_key(*key));
            let changes = word("Node Type") == Some("ModifyTable");
            if is_foreign || makes_rows || changes {
                return Err(Refusal::Outside);
            }
            node.values().try_for_each(|p| touched(p, schema, tables))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_touches_another_table_is_refused() {
        let plan = |relation: &str, schema: &str| {
            serde_json::json!([{ "Plan": { "Node Type": "Limit", "Plans": [
                { "Node Type": "Seq Scan", "Relation Name": relation, "Schema": schema, "Filter": "x = 'accounts'" }
            ] } }])
        };
        let tables = ["facts_rollups"];
        touched(&plan("facts_rollups", "public"), "public", &tables).unwrap();
        for (relation, schema) in [
            ("accounts", "public"),
            ("facts_rollups", "pg_temp_3"),
            ("pg_authid", "pg_catalog"),
        ] {
            touched(&plan(relation, schema), "public", &tables).unwrap_err();
        }
        let function =
            serde_json::json!({ "Node Type": "Function Scan", "Function Name": "pg_ls_dir" });
        touched(&function, "public", &tables).unwrap_err();
        let change = serde_json::json!({ "Node Type": "ModifyTable", "Operation": "Update" });
        touched(&change, "public", &tables).unwrap_err();
    }
}
