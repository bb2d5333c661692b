//! Statements and rows of imports by the pages, and the sums of the home page.

use crate::model::{Door, Found, Import, ImportId, Kind, Options, State};
use access::AccountId;
use jiff::Timestamp;
use store::{Read, StoreError, StoreResult, Write, params};

const IMPORTS: &str =
    "SELECT id, kind, file, state, options, found, made_at, made_by, updated_at FROM admin_imports";

store::record! {
    struct Row {
        id: ImportId,
        kind: Kind,
        file: String,
        state: State,
        options: String,
        found: String,
        made_at: Timestamp,
        made_by: Option<AccountId>,
        updated_at: Timestamp,
    }
}

fn text(value: &impl serde::Serialize) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|e| StoreError::Misuse(format!("an import: {e}")))
}

impl Row {
    fn import(self) -> StoreResult<Import> {
        let wrong = |e: serde_json::Error| StoreError::Misuse(format!("stored import: {e}"));
        Ok(Import {
            id: self.id,
            kind: self.kind,
            file: self.file,
            state: self.state,
            options: serde_json::from_str::<Options>(&self.options).map_err(wrong)?,
            found: serde_json::from_str::<Found>(&self.found).map_err(wrong)?,
            made_at: self.made_at,
            made_by: self.made_by,
            updated_at: self.updated_at,
        })
    }
}

/// The newest imports of a door.
pub fn newest(r: &mut Read<'_>, door: Door, most: i64) -> StoreResult<Vec<Import>> {
    let of_it = match door {
        Door::Administration => "kind <> $2",
        Door::Evaluation => "kind = $2",
    };
    let sql = format!("{IMPORTS} WHERE {of_it} ORDER BY made_at DESC, id DESC LIMIT $1");
    let rows: Vec<Row> = r.all(&sql, params![most, Kind::Definitions])?;
    rows.into_iter().map(Row::import).collect()
}

/// One import.
pub fn one(r: &mut Read<'_>, id: ImportId) -> StoreResult<Option<Import>> {
    let row: Option<Row> = r.opt(&format!("{IMPORTS} WHERE id = $1"), params![id])?;
    row.map(Row::import).transpose()
}

/// Adds an import.
pub fn insert(w: &mut Write<'_>, i: &Import) -> StoreResult<()> {
    let (options, found) = (text(&i.options)?, text(&i.found)?);
    w.exec(
        "INSERT INTO admin_imports (id, kind, file, state, options, found, made_at, made_by, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![i.id, i.kind, i.file, i.state, options, found, i.made_at, i.made_by, i.updated_at],
    )
    .map(|_| ())
}

/// Moves an import on from the state and the moment somebody saw it in.
pub fn advance(
    w: &mut Write<'_>,
    id: ImportId,
    seen: (State, Timestamp),
    to: State,
    found: Option<&Found>,
) -> StoreResult<()> {
    let now = w.now();
    let found = found.map(text).transpose()?;
    w.exec_one(
        "UPDATE admin_imports SET state = $4, updated_at = $5, found = coalesce($6, found) \
         WHERE id = $1 AND state = $2 AND updated_at = $3",
        params![id, seen.0, seen.1, to, now, found],
    )
}

/// Channels: all, and those nobody has looked at.
pub fn channels(r: &mut Read<'_>) -> StoreResult<(i64, i64)> {
    r.one(
        "SELECT count(*), CAST(coalesce(sum(CASE WHEN reviewed = 0 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM channels",
        &[],
    )
}

/// Drafts of classes.
pub fn drafts(r: &mut Read<'_>) -> StoreResult<i64> {
    Ok(r.one::<(i64,)>("SELECT count(*) FROM matter_drafts", &[])?
        .0)
}
