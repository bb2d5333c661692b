//! Use cases of matters: import and check catalogues, import duties and calendars, get or make the classes that an import
//! of cases met.

pub use crate::ops_calendar::{
    CalendarOptions, CalendarReport, DayChange, DayError, LONGEST_REASON, change_day,
    import_calendar, import_calendar_file,
};

use crate::import::{self, DUTY_UNITS, DutyRow};
use crate::model::{Catalogue, Duty, DutyId, MatterClass, MatterId, MatterKind};
use crate::{rules, sql};
use access::{Ctx, Permission, UnitId};
use actors::Unit;
use grid::Part;
use grid::batch::{Changes, Keyed, Writer, lay_over};
use grid::report::{ImportError, Reject, Report, fingerprint};
use jiff::civil::Date;
use kernel::DivisionCode;
use kernel::deadline::ParseOptions;
use kernel::id::Id;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{AuditEvent, StoreError};

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
}

/// What a check of a sheet found; no database is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// Each refusal with line, field and reason.
    pub errors: Vec<Reject>,
}

/// Checks a sheet of matters without storing it.
///
/// # Errors
/// A file that cannot be used at all.
pub fn check(bytes: &[u8], limits: ParseOptions) -> Result<Check, ImportError> {
    let sheet = import::matters(bytes, limits)?;
    let nowhere = MatterId(Id::from_bytes([0; 16]));
    let classes: Vec<MatterClass> = sheet.classes.iter().map(|c| c.class(nowhere, "")).collect();
    let of_kind = |kind| classes.iter().filter(|c| c.kind == kind).count() as u64;
    let conditions = classes.iter().flat_map(|c| &c.conditions);
    Ok(Check {
        rows: sheet.read,
        classes: classes.len() as u64,
        components: of_kind(MatterKind::Component),
        events: of_kind(MatterKind::Event),
        conditions: sheet.conditions(),
        without_limit: conditions.filter(|c| c.limit.is_none()).count() as u64,
        rejected: sheet.rejects.len() as u64,
        errors: sheet.rejects,
    })
}

fn class_writer(file: String) -> Writer<MatterClass> {
    Writer {
        action: "matter.import",
        kind: "matter",
        part: Part::Catalogue,
        file,
        insert: sql::insert_classes,
        update: sql::update_class,
        name: |c| format!("{}/{}", c.catalogue, c.code),
    }
}

/// Brings in a catalogue from a sheet. Sums count lines; a class whose lines changed is rewritten under its own id.
///
/// # Errors
/// An unusable file or catalogue word (nothing is written), or the store's.
pub fn import_matters(
    ctx: &Ctx,
    bytes: &[u8],
    options: &CatalogueOptions,
) -> Result<Report, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    let catalogue = catalogue_of(options)?;
    let sheet = import::matters(bytes, options.limits)?;
    let id = catalogue.id.clone();
    let (before, stored) = ctx.read_blocking::<_, StoreError, _>(move |r| {
        Ok((sql::catalogue(r, &id)?, sql::classes_of(r, &id)?))
    })?;
    let known: BTreeMap<String, MatterClass> =
        stored.into_iter().map(|c| (c.code.clone(), c)).collect();
    let mut report = Report {
        read: sheet.read,
        unchanged: sheet.repeated,
        ..Report::default()
    };
    let mut changes = Changes {
        new: Vec::new(),
        changed: Vec::new(),
    };
    for class in &sheet.classes {
        let lines = class.conditions().max(1) as u64;
        match known.get(class.code()) {
            None => {
                let id = MatterId(Id::new(ctx.now(), rand::random()));
                changes.new.push(class.class(id, &catalogue.id));
                report.imported += lines;
            }
            Some(old) => {
                let new = kept(class.class(old.id, &catalogue.id), old);
                if new == *old {
                    report.unchanged += lines;
                } else {
                    changes.changed.push(new);
                    report.updated += lines;
                }
            }
        }
    }
    // A line that only names a class whose conditions stand on other lines says nothing new.
    let told = report.imported + report.unchanged + report.updated + sheet.rejects.len() as u64;
    report.unchanged += report.read.saturating_sub(told);
    sheet.rejects.into_iter().for_each(|r| report.reject(r));
    if before.as_ref() != Some(&catalogue) {
        save_catalogue(ctx, catalogue, fingerprint(bytes))?;
    }
    class_writer(fingerprint(bytes)).write(ctx, &changes)?;
    Ok(report)
}

/// Conditions that the sheet does not have (any more, or because their lines were refused) stay: cases refer to them.
/// A catalogue that drops conditions is another version.
fn kept(mut new: MatterClass, old: &MatterClass) -> MatterClass {
    let missing = old
        .conditions
        .iter()
        .filter(|c| new.condition(c.rule_no).is_none());
    let missing: Vec<_> = missing.cloned().collect();
    new.conditions.extend(missing);
    new.conditions.sort_by_key(|c| c.rule_no);
    new
}

fn catalogue_of(options: &CatalogueOptions) -> Result<Catalogue, ImportError> {
    let id = options.id.trim();
    if id.is_empty() || id.chars().count() > 60 || id.starts_with("local:") {
        let message = format!(
            "catalogue {id:?}: the word must have 1..=60 characters and not begin with local:"
        );
        return Err(ImportError::unusable("bad_catalogue", message).at("catalogue"));
    }
    if options
        .valid_from
        .zip(options.valid_to)
        .is_some_and(|(from, to)| to < from)
    {
        return Err(
            ImportError::unusable("bad_validity", "the validity ends before it begins")
                .at("valid_to"),
        );
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

fn save_catalogue(ctx: &Ctx, catalogue: Catalogue, file: String) -> Result<(), StoreError> {
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

/// A duty is found again by what it selects and since when.
type DutyKey = (String, String, Option<DivisionCode>, String, Option<Date>);

struct ReadyDuty {
    row: DutyRow,
    units: [Option<UnitId>; 4],
    handling: UnitId,
}

impl Keyed for ReadyDuty {
    type Key = DutyKey;
    fn key(&self) -> DutyKey {
        let r = &self.row;
        (
            r.catalogue.clone(),
            r.matter.clone(),
            r.division,
            r.beat.clone(),
            r.validity.0,
        )
    }
    fn line(&self) -> u64 {
        self.row.line
    }
}

impl ReadyDuty {
    fn lay_over(&self, known: Option<&Duty>, source: &str, id: impl FnOnce() -> DutyId) -> Duty {
        let r = &self.row;
        Duty {
            id: known.map_or_else(id, |d| d.id),
            catalogue: r.catalogue.clone(),
            matter: r.matter.clone(),
            division: r.division,
            beat: r.beat.clone(),
            valid_from: r.validity.0,
            valid_to: r.validity.1,
            competent: self.units[0],
            owning: self.units[1],
            maintaining: self.units[2],
            handling: self.handling,
            legal_basis: r.legal_basis.clone(),
            source: known.map_or_else(|| source.to_owned(), |d| d.source.clone()),
        }
    }
}

/// Brings in duties from a sheet; units are named by their codes, matters by class codes or their beginnings.
///
/// # Errors
/// An unusable file (nothing is written), or the store's.
pub fn import_duties(ctx: &Ctx, bytes: &[u8], source: &str) -> Result<Report, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    let rows = import::duties(bytes)?;
    let (stored, units, classes, beats) = ctx.read_blocking::<_, StoreError, _>(|r| {
        let beats = grid::sql::all_beats(r)?;
        Ok((
            sql::all_duties(r)?,
            actors::sql::all(r)?,
            sql::all_classes(r)?,
            beats,
        ))
    })?;
    let units: BTreeMap<String, Unit> = units.into_iter().map(|u| (u.code.clone(), u)).collect();
    let beats: BTreeSet<String> = beats.into_iter().map(|b| b.code).collect();
    let known_matter = |row: &DutyRow| {
        row.matter.is_empty()
            || classes.iter().any(|c| {
                c.code.starts_with(&row.matter)
                    && (row.catalogue.is_empty() || row.catalogue == c.catalogue)
            })
    };
    let ready = rows.into_iter().map(|row| {
        let row = row?;
        if !known_matter(&row) {
            return Err(Reject::new(
                row.line,
                "matter",
                &row.matter,
                "no class of the catalogue begins with this",
            ));
        }
        if !row.beat.is_empty() && !beats.contains(&row.beat) {
            return Err(Reject::new(row.line, "beat", &row.beat, "no such beat"));
        }
        named_units(row, &units)
    });
    let known: BTreeMap<DutyKey, Duty> = stored
        .into_iter()
        .map(|d| {
            (
                (
                    d.catalogue.clone(),
                    d.matter.clone(),
                    d.division,
                    d.beat.clone(),
                    d.valid_from,
                ),
                d,
            )
        })
        .collect();
    let mut report = Report::default();
    let lay = |row: &ReadyDuty, before: Option<&Duty>| {
        row.lay_over(before, source, || {
            DutyId(Id::new(ctx.now(), rand::random()))
        })
    };
    let changes = lay_over(ready, &known, "matter", lay, &mut report);
    let writer = Writer {
        action: "duty.import",
        kind: "duty",
        part: Part::Duties,
        file: fingerprint(bytes),
        insert: sql::insert_duties,
        update: sql::update_duty,
        name: |d: &Duty| d.id.to_string(),
    };
    writer.write(ctx, &changes)?;
    Ok(report)
}

fn named_units(row: DutyRow, units: &BTreeMap<String, Unit>) -> Result<ReadyDuty, Reject> {
    let mut ids = [None; 4];
    for ((id, code), field) in ids.iter_mut().zip(&row.units).zip(DUTY_UNITS) {
        let Some(code) = code else { continue };
        let unit = units.get(code);
        *id = Some(
            unit.ok_or_else(|| Reject::new(row.line, field, code, "no unit has this code"))?
                .id,
        );
    }
    let handling = ids[3].ok_or_else(|| Reject::new(row.line, "handling", "", "is empty"))?;
    Ok(ReadyDuty {
        row,
        units: ids,
        handling,
    })
}
