//! The common way of an import: rows are laid over what is known, and what is new or changed is written in small batches,
//! each with its audit event, so that people working at the same time are not kept waiting.

use crate::report::{ImportError, Reject, Report};
use crate::sql::{Part, bump};
use crate::why::Why;
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

/// What an import would do: found out without writing anything, so that a person can look at it first.
#[must_use = "nothing is written until it is carried out"]
pub struct Plan {
    /// The sums, refusals and warnings.
    pub report: Report,
    steps: Vec<Step>,
    needs: Permission,
    /// How many rows there are to write.
    pub to_write: u64,
}

type Progress<'p> = &'p mut dyn FnMut(u64);
type Step = Box<dyn FnOnce(&Ctx, Progress<'_>) -> Result<(), ImportError> + Send>;

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("report", &self.report)
            .field("to_write", &self.to_write)
            .finish_non_exhaustive()
    }
}

impl Plan {
    /// A plan that writes nothing yet.
    pub fn new(report: Report) -> Self {
        Self {
            report,
            steps: Vec::new(),
            needs: Permission::ReferenceManage,
            to_write: 0,
        }
    }
    /// Of data that is not reference data: who carries it out needs this instead.
    pub fn needing(self, needs: Permission) -> Self {
        Self { needs, ..self }
    }
    /// With changes written by a writer.
    pub fn write<T: Clone + Send + 'static>(
        mut self,
        writer: Writer<T>,
        changes: Changes<T>,
    ) -> Self {
        self.to_write += (changes.new.len() + changes.changed.len()) as u64;
        self.then(move |ctx, progress| writer.write_telling(ctx, &changes, progress))
    }
    /// With one more step.
    pub fn then(
        mut self,
        step: impl FnOnce(&Ctx, Progress<'_>) -> Result<(), ImportError> + Send + 'static,
    ) -> Self {
        self.steps.push(Box::new(step));
        self
    }
    /// Writes it, batch by batch; `progress` is told how many rows are written. What was written before a failure stays,
    /// and the same file goes on from there.
    ///
    /// # Errors
    /// The principal may not change such data, or the store failed.
    pub fn carry_out(self, ctx: &Ctx, progress: Progress<'_>) -> Result<Report, ImportError> {
        ctx.require(self.needs)?;
        let mut before = 0;
        for step in self.steps {
            let mut last = 0;
            step(ctx, &mut |rows| {
                last = rows;
                progress(before + rows);
            })?;
            before += last;
        }
        Ok(self.report)
    }
}

/// Lays the rows of a file over what is known, and counts. The first row of a key stands; a repeat with the same content
/// is unchanged, with other content rejected. `lay` makes the thing a row and what was known come to; `name` is what the
/// thing is called in a preview.
pub fn lay_over<R: Keyed, T: Clone + PartialEq>(
    rows: impl IntoIterator<Item = Result<R, Reject>>,
    known: &BTreeMap<R::Key, T>,
    key_field: &str,
    name: fn(&T) -> String,
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
                let why = Why::new("twice", format!("stands on line {line} with other content"));
                let why = why.with("line", line);
                report.reject(Reject::new(row.line(), key_field, "", why));
            }
            continue;
        }
        let before = known.get(&key);
        let after = lay(&row, before);
        first_of.insert(key, (row.line(), after.clone()));
        match before {
            None => {
                report.imported += 1;
                report.show(row.line(), true, || name(&after));
                changes.new.push(after);
            }
            Some(before) if *before == after => report.unchanged += 1,
            Some(_) => {
                report.updated += 1;
                report.show(row.line(), false, || name(&after));
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
        self.write_telling(ctx, changes, &mut |_| ())
    }
    fn write_telling(
        &self,
        ctx: &Ctx,
        changes: &Changes<T>,
        progress: Progress<'_>,
    ) -> Result<(), ImportError> {
        ctx.require(Permission::ReferenceManage)?;
        let mut written = 0;
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
                written += batch.len() as u64;
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
                progress(written);
            }
        }
        Ok(())
    }
}
