//! Statements and rows of versions and drafts of classes.

use crate::model::{Draft, MatterClass, MatterId, VersionNote};
use access::AccountId;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;
use store::{Read, StoreError, StoreResult, Write, params};

fn unreadable(what: &str, class: MatterId, e: &serde_json::Error) -> StoreError {
    StoreError::Misuse(format!("stored {what} of class {class}: {e}"))
}

fn body_of(class: &MatterClass) -> StoreResult<String> {
    serde_json::to_string(class)
        .map_err(|e| StoreError::Misuse(format!("class {} cannot be stored: {e}", class.id)))
}

/// The published versions of a class, ascending; empty for a class that never changed.
pub fn notes(r: &mut Read<'_>, class: MatterId) -> StoreResult<Vec<VersionNote>> {
    r.all(
        "SELECT version, valid_from, note, made_at, made_by FROM matter_versions WHERE class = $1 ORDER BY version",
        params![class],
    )
}

/// What a class says in one of its versions.
pub fn version(
    r: &mut Read<'_>,
    class: MatterId,
    version: u32,
) -> StoreResult<Option<MatterClass>> {
    let row: Option<(String,)> = r.opt(
        "SELECT body FROM matter_versions WHERE class = $1 AND version = $2",
        params![class, version],
    )?;
    row.map(|(body,)| serde_json::from_str(&body).map_err(|e| unreadable("version", class, &e)))
        .transpose()
}

/// For each class that has versions the one that counts on a day, if it is not the one its row holds.
pub fn overlays(
    r: &mut Read<'_>,
    rows: &[MatterClass],
    on: Date,
) -> StoreResult<HashMap<MatterId, MatterClass>> {
    let all: Vec<(MatterId, u32, Option<Date>)> = r.all(
        "SELECT class, version, valid_from FROM matter_versions ORDER BY class, version",
        &[],
    )?;
    let mut counting = HashMap::<MatterId, u32>::new();
    for (class, version, from) in all {
        if from.is_none_or(|from| from <= on) {
            counting.insert(class, version);
        }
    }
    let mut found = HashMap::new();
    for row in rows {
        let Some(number) = counting.get(&row.id).filter(|n| **n != row.version) else {
            continue;
        };
        if let Some(class) = version(r, row.id, *number)? {
            // The end of a class belongs to the class, not to a version.
            let valid_to = row.valid_to;
            found.insert(row.id, MatterClass { valid_to, ..class });
        }
    }
    Ok(found)
}

/// Adds a version. Its number is `class.version`, its first day `class.valid_from`.
pub fn insert(w: &mut Write<'_>, class: &MatterClass, note: &str) -> StoreResult<()> {
    let (at, by) = (w.now(), actor(w));
    let body = body_of(class)?;
    w.exec(
        "INSERT INTO matter_versions (class, version, valid_from, body, note, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![class.id, class.version, class.valid_from, body, note, at, by],
    )
    .map(|_| ())
}

/// Takes a version back that has not begun.
pub fn remove(w: &mut Write<'_>, class: MatterId, version: u32) -> StoreResult<()> {
    w.exec_one(
        "DELETE FROM matter_versions WHERE class = $1 AND version = $2",
        params![class, version],
    )
}

store::record! {
    struct DraftRow {
        class: MatterId,
        base: u32,
        body: String,
        note: String,
        edited_at: Timestamp,
        edited_by: Option<AccountId>,
    }
}

impl DraftRow {
    fn draft(self) -> StoreResult<Draft> {
        Ok(Draft {
            class: serde_json::from_str(&self.body)
                .map_err(|e| unreadable("draft", self.class, &e))?,
            base: self.base,
            note: self.note,
            edited_at: self.edited_at,
            edited_by: self.edited_by,
        })
    }
}

const DRAFTS: &str = "SELECT class, base, body, note, edited_at, edited_by FROM matter_drafts";

/// Every draft, the newest first.
pub fn drafts(r: &mut Read<'_>) -> StoreResult<Vec<Draft>> {
    let rows: Vec<DraftRow> = r.all(&format!("{DRAFTS} ORDER BY edited_at DESC, class"), &[])?;
    rows.into_iter().map(DraftRow::draft).collect()
}

/// The draft of a class.
pub fn draft(r: &mut Read<'_>, class: MatterId) -> StoreResult<Option<Draft>> {
    let row: Option<DraftRow> = r.opt(&format!("{DRAFTS} WHERE class = $1"), params![class])?;
    row.map(DraftRow::draft).transpose()
}

/// Keeps a draft in the place of the one before.
pub fn save_draft(
    w: &mut Write<'_>,
    class: &MatterClass,
    base: u32,
    note: &str,
) -> StoreResult<()> {
    let (at, by) = (w.now(), actor(w));
    let values = params![class.id, base, body_of(class)?, note, at, by].to_vec();
    let known = w.exec(
        "UPDATE matter_drafts SET base = $2, body = $3, note = $4, edited_at = $5, edited_by = $6 WHERE class = $1",
        &values,
    )?;
    if known == 0 {
        w.exec(
            "INSERT INTO matter_drafts (class, base, body, note, edited_at, edited_by) VALUES ($1, $2, $3, $4, $5, $6)",
            &values,
        )?;
    }
    Ok(())
}

/// Drops a draft; answers whether there was one.
pub fn drop_draft(w: &mut Write<'_>, class: MatterId) -> StoreResult<bool> {
    let sql = "DELETE FROM matter_drafts WHERE class = $1";
    Ok(w.exec(sql, params![class])? > 0)
}

/// The account that writes; none for the program itself.
fn actor(w: &Write<'_>) -> Option<AccountId> {
    let actor = w.grant().actor();
    let is_account = matches!(
        actor.kind,
        store::ActorKind::Staff | store::ActorKind::Resident
    );
    actor.id.filter(|_| is_account).map(AccountId)
}
