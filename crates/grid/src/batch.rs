//! The common way of an import: rows are laid over what is known, and what is new or changed is written in small batches,
//! each with its audit event, so that people working at the same time are not kept waiting.

use crate::report::{ImportError, Reject, Report};
use crate::sql::{Part, bump};
use access::{Ctx, Permission};
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use store::{AuditEvent, StoreError, StoreResult, Write};

/// How many rows one transaction writes.
pub const ROWS: usize = 500;

/// A row of a file that stands for one keyed thing.
pub trait Keyed {
    /// What it is found by.
    type Key: Ord + Hash + Clone;
    /// Its key.
    fn key(&self) -> Self::Key;
    /// Its line or place in the file.
    fn line(&self) -> u64;
}

/// What there is to write.
#[derive(Debug)]
pub struct Changes<T> {
    /// Not known before.
    pub new: Vec<T>,
    /// Known with other content.
    pub changed: Vec<T>,
}

/// Lays the rows of a file over what is known, and counts. The first row of a key stands; a repeat with the same content
/// is unchanged, with other content rejected. `lay` makes the thing a row and what was known come to.
pub fn lay_over<R: Keyed, T: Clone + PartialEq>(
    rows: impl IntoIterator<Item = Result<R, Reject>>,
    known: &BTreeMap<R::Key, T>,
    key_field: &str,
    mut lay: impl FnMut(&R, Option<&T>) -> T,
    report: &mut Report,
) -> Changes<T> {
    let mut changes = Changes {
        new: Vec::new(),
        changed: Vec::new(),
    };
    let mut first_of = HashMap::<R::Key, (u64, T)>::new();
    for row in rows {
        report.read += 1;
        let row = match row {
            Ok(row) => row,
            Err(reject) => {
                report.reject(reject);
                continue;
            }
        };
        let key = row.key();
        if let Some((line, first)) = first_of.get(&key) {
            if lay(&row, Some(first)) == *first {
                report.unchanged += 1;
            } else {
                let reason = format!("stands on line {line} with other content");
                report.reject(Reject::new(row.line(), key_field, "", reason));
            }
            continue;
        }
        let before = known.get(&key);
        let after = lay(&row, before);
        first_of.insert(key, (row.line(), after.clone()));
        match before {
            None => {
                report.imported += 1;
                changes.new.push(after);
            }
            Some(before) if *before == after => report.unchanged += 1,
            Some(_) => {
                report.updated += 1;
                changes.changed.push(after);
            }
        }
    }
    changes
}

/// How batches of one kind of thing are written and recorded.
pub struct Writer<T> {
    /// The audit word, such as `division.import`.
    pub action: &'static str,
    /// The kind of object in the audit trail.
    pub kind: &'static str,
    /// Which part of the reference data changes.
    pub part: Part,
    /// The file's fingerprint.
    pub file: String,
    /// Adds things.
    pub insert: fn(&mut Write<'_>, &[T]) -> StoreResult<()>,
    /// Rewrites one thing.
    pub update: fn(&mut Write<'_>, &T) -> StoreResult<()>,
    /// How the audit trail names a thing.
    pub name: fn(&T) -> String,
}

impl<T: Clone + Send + 'static> Writer<T> {
    /// Writes all changes; each batch is kept once it is written.
    ///
    /// # Errors
    /// The principal may not change reference data, or the store failed.
    pub fn write(&self, ctx: &Ctx, changes: &Changes<T>) -> Result<(), ImportError> {
        ctx.require(Permission::ReferenceManage)?;
        let Self {
            action,
            kind,
            part,
            insert,
            update,
            ..
        } = *self;
        for (rows, is_new) in [(&changes.new, true), (&changes.changed, false)] {
            for batch in rows.chunks(ROWS) {
                let batch = batch.to_vec();
                let first = batch.first().map(self.name).unwrap_or_default();
                let detail =
                    serde_json::json!({ "file": self.file, "rows": batch.len(), "new": is_new });
                ctx.renewed()
                    .write_blocking::<(), StoreError, _>(move |mut w| {
                        if is_new {
                            insert(&mut w, &batch)?;
                        } else {
                            batch.iter().try_for_each(|row| update(&mut w, row))?;
                        }
                        bump(&mut w, part)?;
                        let event =
                            AuditEvent::done(action, kind, first.clone()).detail(detail.clone());
                        w.commit(event, ())
                    })?;
            }
        }
        Ok(())
    }
}
