//! Use cases of the editor: a draft of a class, its publication from a day on, taking a version back, retiring a class.

use crate::error::MatterError;
use crate::model::{Catalogue, Draft, MatterClass, MatterId, VersionNote};
use crate::rules::{changes, first_flaw};
use crate::{sql, sql_versions};
use access::{Ctx, Permission};
use grid::Part;
use jiff::civil::Date;
use store::{AuditEvent, Read, StoreResult, Write};

/// The longest reason of a change.
const MAX_NOTE: usize = 300;

/// What there is of a class beside what counts today.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Its published versions, ascending; at least one for a class that is there.
    pub versions: Vec<VersionNote>,
    /// What it shall say next.
    pub draft: Option<Draft>,
}

/// The versions and the draft of a class.
///
/// # Errors
/// The store's.
pub fn history(r: &mut Read<'_>, id: MatterId) -> StoreResult<History> {
    Ok(History {
        versions: sql_versions::notes(r, id)?,
        draft: sql_versions::draft(r, id)?,
    })
}

/// What a class says in a version; its row where it never changed.
///
/// # Errors
/// No such class or version, or the store's.
pub fn version_of(
    r: &mut Read<'_>,
    id: MatterId,
    version: u32,
) -> Result<MatterClass, MatterError> {
    if let Some(found) = sql_versions::version(r, id, version)? {
        return Ok(found);
    }
    sql::class(r, id)?
        .filter(|row| row.version == version)
        .ok_or(MatterError::NotFound("version"))
}

/// Keeps what a class shall say next. A draft may be incomplete; what is published may not.
///
/// # Errors
/// A reason that is too long, or the store's.
pub async fn save_draft(
    ctx: &Ctx,
    class: MatterClass,
    base: u32,
    note: String,
) -> Result<(), MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    if note.chars().count() > MAX_NOTE {
        return Err(MatterError::too_long("note", MAX_NOTE));
    }
    ctx.write(move |mut w| {
        sql_versions::save_draft(&mut w, &class, base, &note)?;
        let name = format!("{}/{}", class.catalogue, class.code);
        let event = AuditEvent::done("matter.draft", "matter", name);
        Ok(w.commit(event.detail(serde_json::json!({ "base": base })), ())?)
    })
    .await
}

/// Undoes a draft.
///
/// # Errors
/// There is none, or the store's.
pub async fn drop_draft(ctx: &Ctx, id: MatterId) -> Result<(), MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    ctx.write(move |mut w| {
        if !sql_versions::drop_draft(&mut w, id)? {
            return Err(MatterError::NotFound("draft"));
        }
        let event = AuditEvent::done("matter.draft_drop", "matter", id.to_string());
        Ok(w.commit(event, ())?)
    })
    .await
}

/// Publishes a draft: it counts from `from` on, today at the earliest. Cases keep the standard they were registered
/// under. Answers the number of the version.
///
/// # Errors
/// No draft, a flaw, a day that is over, another version published meanwhile, or the store's.
pub async fn publish(ctx: &Ctx, id: MatterId, from: Date, today: Date) -> Result<u32, MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    if from < today {
        let reason = format!("{from} is over: a version begins today at the earliest");
        return Err(MatterError::field("valid_from", "matters.past", reason));
    }
    ctx.write(move |mut w| {
        let draft = sql_versions::draft(&mut w, id)?.ok_or(MatterError::NotFound("draft"))?;
        first_flaw(&draft.class)?;
        let class = MatterClass {
            valid_from: Some(from),
            reviewed: true,
            ..draft.class
        };
        let (published, differing) = if draft.base == 0 {
            (begin(&mut w, class, &draft.note)?, 0)
        } else {
            follow(&mut w, class, draft.base, &draft.note, today)?
        };
        sql_versions::drop_draft(&mut w, id)?;
        grid::sql::bump(&mut w, Part::Catalogue)?;
        let name = format!("{}/{}", published.catalogue, published.code);
        let detail = serde_json::json!({
            "version": published.version, "from": from, "note": draft.note, "changes": differing,
        });
        let event = AuditEvent::done("matter.publish", "matter", name);
        Ok(w.commit(event.detail(detail), published.version)?)
    })
    .await
}

/// The first version of a class that is not there yet.
fn begin(w: &mut Write<'_>, class: MatterClass, note: &str) -> Result<MatterClass, MatterError> {
    let class = MatterClass {
        version: 1,
        ..class
    };
    if sql::catalogue(w, &class.catalogue)?.is_none() {
        let reason = format!("no catalogue {:?}", class.catalogue);
        return Err(MatterError::field(
            "catalogue",
            "matters.unknown_catalogue",
            reason,
        ));
    }
    if sql::class_by_code(w, &class.catalogue, &class.code)?.is_some() {
        let reason = format!("catalogue {} has a class {}", class.catalogue, class.code);
        return Err(MatterError::field("code", "matters.code_taken", reason));
    }
    sql::insert_classes(w, std::slice::from_ref(&class))?;
    sql_versions::insert(w, &class, note)?;
    Ok(class)
}

/// The next version of a class; answers how many fields differ from the one before.
fn follow(
    w: &mut Write<'_>,
    class: MatterClass,
    base: u32,
    note: &str,
    today: Date,
) -> Result<(MatterClass, usize), MatterError> {
    let row = sql::class(w, class.id)?.ok_or(MatterError::NotFound("class"))?;
    let latest = latest_of(w, &row)?;
    if latest.version != base {
        return Err(MatterError::Outdated {
            latest: latest.version,
            base,
        });
    }
    if latest.valid_from > class.valid_from {
        let reason = "a version that is published already begins later";
        return Err(MatterError::field(
            "valid_from",
            "matters.before_other",
            reason,
        ));
    }
    // Code and catalogue are what duties and files know a class by: they stay.
    let class = MatterClass {
        catalogue: row.catalogue.clone(),
        code: row.code.clone(),
        valid_to: row.valid_to,
        ..class
    };
    let differing = changes(&latest, &class).len();
    if differing == 0 {
        let reason = "the draft says what the class says already";
        return Err(MatterError::field("note", "matters.no_change", reason));
    }
    Ok((add_version(w, &row, class, note, today)?, differing))
}

fn latest_of(w: &mut Write<'_>, row: &MatterClass) -> Result<MatterClass, MatterError> {
    match sql_versions::notes(w, row.id)?.last() {
        Some(note) => version_of(w, row.id, note.version),
        None => Ok(row.clone()),
    }
}

/// Adds the next version of a class whose row is known, and brings the row up to date when it counts already.
pub(super) fn add_version(
    w: &mut Write<'_>,
    row: &MatterClass,
    class: MatterClass,
    note: &str,
    today: Date,
) -> Result<MatterClass, MatterError> {
    let notes = sql_versions::notes(w, row.id)?;
    let number = match notes.iter().map(|n| n.version).max() {
        Some(highest) => highest + 1,
        None => {
            // From now on there are several: the one that stood alone becomes the first of them.
            sql_versions::insert(w, row, "")?;
            row.version + 1
        }
    };
    let class = MatterClass {
        version: number,
        ..class
    };
    sql_versions::insert(w, &class, note)?;
    if class.valid_from.is_none_or(|from| from <= today) {
        sql::update_class(w, &class)?;
    }
    Ok(class)
}

/// Takes a version back that has not begun: it becomes the draft again, so that nothing is lost.
///
/// # Errors
/// No such version, one that has begun or is not the last, a draft in its way, or the store's.
pub async fn take_back(
    ctx: &Ctx,
    id: MatterId,
    version: u32,
    today: Date,
) -> Result<(), MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    ctx.write(move |mut w| {
        let notes = sql_versions::notes(&mut w, id)?;
        let last = notes.last().filter(|n| n.version == version);
        let note = last.ok_or(MatterError::NotFound("version"))?;
        if note.valid_from.is_none_or(|from| from <= today) || version < 2 {
            let reason = "a version that has begun is not taken back: publish another";
            return Err(MatterError::field("version", "matters.begun", reason));
        }
        if sql_versions::draft(&mut w, id)?.is_some() {
            let reason = "there is a draft already: publish or drop it first";
            return Err(MatterError::field("version", "matters.has_draft", reason));
        }
        let class = version_of(&mut w, id, version)?;
        sql_versions::remove(&mut w, id, version)?;
        sql_versions::save_draft(&mut w, &class, version - 1, &note.note)?;
        grid::sql::bump(&mut w, Part::Catalogue)?;
        let name = format!("{}/{}", class.catalogue, class.code);
        let event = AuditEvent::done("matter.take_back", "matter", name);
        let detail = serde_json::json!({ "version": version, "from": note.valid_from });
        Ok(w.commit(event.detail(detail), ())?)
    })
    .await
}

/// Retires a class: nobody chooses it after `last`; none takes the end away. Its cases stay what they are.
///
/// # Errors
/// No such class, a day before yesterday, or the store's.
pub async fn retire(
    ctx: &Ctx,
    id: MatterId,
    last: Option<Date>,
    today: Date,
) -> Result<(), MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    if let Some(last) = last.filter(|last| *last < today.yesterday().unwrap_or(today)) {
        let reason = format!("{last} is over: a class ends yesterday at the earliest");
        return Err(MatterError::field("last", "matters.past", reason));
    }
    ctx.write(move |mut w| {
        let class = sql::class(&mut w, id)?.ok_or(MatterError::NotFound("class"))?;
        sql::end_class(&mut w, id, last)?;
        grid::sql::bump(&mut w, Part::Catalogue)?;
        let name = format!("{}/{}", class.catalogue, class.code);
        let detail = serde_json::json!({ "before": class.valid_to, "after": last });
        let event = AuditEvent::done("matter.retire", "matter", name);
        Ok(w.commit(event.detail(detail), ())?)
    })
    .await
}

/// Writes what is said about a catalogue: standard, version, days in force, whether people choose from it.
///
/// # Errors
/// No such catalogue, days out of order, or the store's.
pub async fn save_catalogue(ctx: &Ctx, catalogue: Catalogue) -> Result<(), MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    let days = catalogue.valid_from.zip(catalogue.valid_to);
    if days.is_some_and(|(from, to)| to < from) {
        let reason = "ends before it begins";
        return Err(MatterError::field("valid_to", "matters.backward", reason));
    }
    ctx.write(move |mut w| {
        let before = sql::catalogue(&mut w, &catalogue.id)?;
        let before = before.ok_or(MatterError::NotFound("catalogue"))?;
        sql::save_catalogue(&mut w, &catalogue)?;
        grid::sql::bump(&mut w, Part::Catalogue)?;
        let detail = serde_json::json!({ "before": before, "after": catalogue });
        let event = AuditEvent::done("catalogue.edit", "catalogue", catalogue.id.clone());
        Ok(w.commit(event.detail(detail), ())?)
    })
    .await
}
