//! Use cases of matters: import and check catalogues, import duties and calendars, get or make the classes that an import
//! of cases met; the editor of classes and of duties.

mod duties;
mod duty_import;
mod editor;
mod sheet_duties;

pub use crate::ops_calendar::{
    CalendarOptions, CalendarReport, DayChange, DayError, LONGEST_REASON, change_day,
    import_calendar, import_calendar_file, plan_calendar, unreadable_calendar,
};
pub use duties::{
    NewDuty, add_duty, checked_duty, duty_rules, end_duty, end_duty_in, put_duty, put_duty_rules,
    set_duty_rules,
};
pub use duty_import::{import_duties, plan_duties};
pub use editor::{
    History, drop_draft, history, publish, retire, save_catalogue, save_draft, take_back,
    version_of,
};

use crate::error::MatterError;
use crate::import::{self, SheetOptions};
use crate::model::{Catalogue, MatterClass, MatterId, MatterKind};
use crate::{rules, sql};
use access::{Ctx, Permission};
use grid::batch::{Changes, Plan, Writer};
use grid::report::{ImportError, Reject, Report, fingerprint};
use grid::{Part, Why};
use jiff::civil::Date;
use kernel::deadline::ParseOptions;
use kernel::id::Id;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{AuditEvent, StoreError, StoreResult, Write};

/// What a catalogue is and how its sheet is to be read.
#[derive(Debug, Clone)]
pub struct CatalogueOptions {
    /// The word by which the city knows this catalogue in this version.
    pub id: String,
    /// The standard it follows.
    pub standard: String,
    /// Its version.
    pub version: String,
    /// First day in force.
    pub valid_from: Option<Date>,
    /// Last day in force.
    pub valid_to: Option<Date>,
    /// Where it comes from.
    pub source: String,
    /// What bare days and hours mean.
    pub limits: ParseOptions,
    /// Component or event, where the sheet does not say.
    pub kind: Option<MatterKind>,
    /// From which day on a class that changed says the new; none for the day of the import (UTC).
    pub effective: Option<Date>,
}

/// What a check of a sheet found; no database is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Check {
    /// Lines with content.
    pub rows: u64,
    /// Classes found.
    pub classes: u64,
    /// Of which components.
    pub components: u64,
    /// Of which events.
    pub events: u64,
    /// Conditions found.
    pub conditions: u64,
    /// Conditions without a limit.
    pub without_limit: u64,
    /// Refused lines.
    pub rejected: u64,
    /// Conditions by clock, as the two-letter codes.
    pub clocks: BTreeMap<String, u64>,
    /// Headers of columns that nobody asked for.
    pub ignored_columns: Vec<String>,
    /// Each refusal with line, field and reason.
    pub errors: Vec<Reject>,
}

/// Checks a sheet of matters without storing it.
///
/// # Errors
/// A file that cannot be used at all.
pub fn check(bytes: &[u8], options: impl Into<SheetOptions>) -> Result<Check, ImportError> {
    let sheet = import::matters(bytes, options)?;
    let nowhere = MatterId(Id::from_bytes([0; 16]));
    let classes: Vec<MatterClass> = sheet.classes.iter().map(|c| c.class(nowhere, "")).collect();
    let of_kind = |kind| classes.iter().filter(|c| c.kind == kind).count() as u64;
    let conditions = classes.iter().flat_map(|c| &c.conditions);
    let mut clocks = BTreeMap::new();
    for limit in conditions.clone().filter_map(|c| c.limit) {
        *clocks.entry(limit.clock().code().to_owned()).or_default() += 1;
    }
    Ok(Check {
        rows: sheet.read,
        classes: classes.len() as u64,
        components: of_kind(MatterKind::Component),
        events: of_kind(MatterKind::Event),
        conditions: sheet.conditions(),
        without_limit: conditions.filter(|c| c.limit.is_none()).count() as u64,
        rejected: sheet.rejects.len() as u64,
        clocks,
        ignored_columns: sheet.ignored,
        errors: sheet.rejects,
    })
}

/// A class that an import changes gets another version, so that what it said before stays readable.
fn another_version(w: &mut Write<'_>, class: &MatterClass) -> StoreResult<()> {
    let Some(row) = sql::class(w, class.id)? else {
        return Err(StoreError::Conflict);
    };
    let today = w.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let today = class.valid_from.unwrap_or(today).max(today);
    editor::add_version(w, &row, class.clone(), "import", today)
        .map(|_| ())
        .map_err(|e| match e {
            MatterError::Store(e) => e,
            other => StoreError::Misuse(other.to_string()),
        })
}

fn class_writer(file: String) -> Writer<MatterClass> {
    Writer {
        action: "matter.import",
        kind: "matter",
        part: Part::Catalogue,
        file,
        insert: sql::insert_classes,
        update: another_version,
        name: |c| format!("{}/{}", c.catalogue, c.code),
    }
}

/// Brings in a catalogue from a sheet. Sums count lines; a class whose lines changed gets another version under its own
/// id. Where the sheet names units that are registered, each class without a duty of its own in the whole city gets one.
///
/// # Errors
/// An unusable file or catalogue word (nothing is written), or the store's.
pub fn import_matters(
    ctx: &Ctx,
    bytes: &[u8],
    options: &CatalogueOptions,
) -> Result<Report, ImportError> {
    plan_matters(ctx, bytes, options)?.carry_out(ctx, &mut |_| ())
}

/// What [`import_matters`] would do.
///
/// # Errors
/// As [`import_matters`].
pub fn plan_matters(
    ctx: &Ctx,
    bytes: &[u8],
    options: &CatalogueOptions,
) -> Result<Plan, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    let catalogue = catalogue_of(options)?;
    let how = SheetOptions {
        limits: options.limits,
        kind: options.kind,
    };
    let sheet = import::matters(bytes, how)?;
    let today = ctx.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let effective = options.effective.unwrap_or(today);
    let id = catalogue.id.clone();
    let (before, stored, units, duties) = ctx.read_blocking::<_, StoreError, _>(move |r| {
        Ok((
            sql::catalogue(r, &id)?,
            sql::classes_of(r, &id)?,
            actors::sql::all(r)?,
            sql::all_duties(r)?,
        ))
    })?;
    let known: BTreeMap<String, MatterClass> =
        stored.into_iter().map(|c| (c.code.clone(), c)).collect();
    let mut report = Report {
        read: sheet.read,
        unchanged: sheet.repeated,
        ignored_columns: sheet.ignored.clone(),
        ..Report::default()
    };
    let mut changes = Changes {
        new: Vec::new(),
        changed: Vec::new(),
    };
    for class in &sheet.classes {
        let lines = class.conditions().max(1) as u64;
        let name = || format!("{} {}", class.code(), class.name());
        match known.get(class.code()) {
            None => {
                let id = MatterId(Id::new(ctx.now(), rand::random()));
                changes.new.push(class.class(id, &catalogue.id));
                report.imported += lines;
                report.show(class.line(), true, name);
            }
            Some(old) => {
                let new = kept(class.class(old.id, &catalogue.id), old);
                if new == *old {
                    report.unchanged += lines;
                } else {
                    changes.changed.push(MatterClass {
                        valid_from: Some(effective),
                        ..new
                    });
                    report.updated += lines;
                    report.show(class.line(), false, name);
                }
            }
        }
    }
    // A line that only names a class whose conditions stand on other lines says nothing new.
    let told = report.imported + report.unchanged + report.updated + sheet.rejects.len() as u64;
    report.unchanged += report.read.saturating_sub(told);
    let named = sheet_duties::duties(ctx, &sheet, &catalogue, &units, &duties, effective);
    named.warnings.into_iter().for_each(|w| report.warn(w));
    sheet.rejects.into_iter().for_each(|r| report.reject(r));
    let file = fingerprint(bytes);
    let mut plan = Plan::new(report);
    if before.as_ref() != Some(&catalogue) {
        let file = file.clone();
        plan = plan.then(move |ctx, _| Ok(save_catalogue_row(ctx, catalogue, file)?));
    }
    plan = plan.write(class_writer(file.clone()), changes);
    let duties = Changes {
        new: named.duties,
        changed: Vec::new(),
    };
    Ok(plan.write(duty_import::writer(file), duties))
}

/// Conditions that the sheet does not have (any more, or because their lines were refused) stay: cases refer to them.
/// A catalogue that drops conditions is another version.
fn kept(mut new: MatterClass, old: &MatterClass) -> MatterClass {
    let missing = old
        .conditions
        .iter()
        .filter(|c| new.condition(c.rule_no).is_none());
    let missing: Vec<_> = missing.cloned().collect();
    (new.version, new.valid_from, new.valid_to) = (old.version, old.valid_from, old.valid_to);
    new.conditions.extend(missing);
    new.conditions.sort_by_key(|c| c.rule_no);
    new
}

fn catalogue_of(options: &CatalogueOptions) -> Result<Catalogue, ImportError> {
    let id = options.id.trim();
    if id.is_empty() || id.chars().count() > 60 || id.starts_with("local:") {
        let text = format!(
            "catalogue {id:?}: the word must have 1..=60 characters and not begin with local:"
        );
        let why = Why::new("bad_catalogue", text).with("id", id);
        return Err(ImportError::because("bad_catalogue", why).at("catalogue"));
    }
    if options
        .valid_from
        .zip(options.valid_to)
        .is_some_and(|(from, to)| to < from)
    {
        return Err(ImportError::because("bad_validity", Why::backward()).at("valid_to"));
    }
    Ok(Catalogue {
        id: id.to_owned(),
        standard: options.standard.clone(),
        version: options.version.clone(),
        valid_from: options.valid_from,
        valid_to: options.valid_to,
        source: options.source.clone(),
        reviewed: true,
    })
}

fn save_catalogue_row(ctx: &Ctx, catalogue: Catalogue, file: String) -> Result<(), StoreError> {
    ctx.renewed().write_blocking(move |mut w| {
        sql::save_catalogue(&mut w, &catalogue)?;
        grid::sql::bump(&mut w, Part::Catalogue)?;
        let event = AuditEvent::done("catalogue.import", "catalogue", catalogue.id.clone());
        w.commit(event.detail(serde_json::json!({ "file": file })), ())
    })
}

/// The classes an import of cases met, made where they are not known yet: local entries of the source, not reviewed,
/// without limit, not public, not warnable. Answers the id for each name. Call it once a batch with all its names;
/// refresh the snapshot after.
///
/// # Errors
/// The store's.
pub fn get_or_make_imported(
    ctx: &Ctx,
    source: &str,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, MatterId>, StoreError> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    match try_make_imported(ctx, source, names) {
        // Another import made the same entry first: look again.
        Err(StoreError::Unique(_)) => try_make_imported(ctx, source, names),
        other => other,
    }
}

fn try_make_imported(
    ctx: &Ctx,
    source: &str,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, MatterId>, StoreError> {
    let (source, names) = (source.to_owned(), names.clone());
    ctx.renewed().write_blocking(move |mut w| {
        let catalogue = rules::imported(&source, "").catalogue;
        let mut known: BTreeMap<String, MatterId> = sql::classes_of(&mut w, &catalogue)?
            .into_iter()
            .map(|c| (c.code, c.id))
            .collect();
        let (mut ids, mut made) = (BTreeMap::new(), Vec::new());
        for name in &names {
            let code = rules::imported(&source, name).code;
            let id = *known.entry(code.clone()).or_insert_with(|| {
                let id = MatterId(Id::new(w.now(), rand::random()));
                made.push(rules::imported_class(id, &catalogue, &code));
                id
            });
            ids.insert(name.clone(), id);
        }
        if made.is_empty() {
            return w.unchanged(ids);
        }
        if sql::catalogue(&mut w, &catalogue)?.is_none() {
            sql::save_catalogue(&mut w, &rules::imported_catalogue(&catalogue, &source))?;
        }
        sql::insert_classes(&mut w, &made)?;
        grid::sql::bump(&mut w, Part::Catalogue)?;
        let detail = serde_json::json!({ "source": source, "classes": made.len() });
        let event = AuditEvent::done(
            "matter.import",
            "matter",
            format!("{catalogue}/{}", made[0].code),
        );
        w.commit(event.detail(detail), ids)
    })
}
