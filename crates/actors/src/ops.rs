//! Use cases of units: import a sheet, get or make the unit that an import of cases met.

use crate::import::{self, UnitRow};
use crate::model::{Unit, UnitId, UnitKind};
use crate::{rules, sql};
use access::Ctx;
use grid::Part;
use grid::batch::{Plan, Writer, lay_over};
use grid::report::{ImportError, Remark, Report, fingerprint};
use kernel::id::Id;
use std::collections::{BTreeMap, BTreeSet};
use store::{AuditEvent, StoreError, StoreResult, Write};

fn writer(file: String) -> Writer<Unit> {
    Writer {
        action: "unit.import",
        kind: "unit",
        part: Part::Units,
        file,
        insert: sql::insert,
        update: sql::update,
        name: |u| u.code.clone(),
    }
}

/// Brings in units from a sheet.
///
/// # Errors
/// An unusable file (nothing is written), or the store's.
pub fn import_units(ctx: &Ctx, bytes: &[u8], source: &str) -> Result<Report, ImportError> {
    plan_units(ctx, bytes, source)?.carry_out(ctx, &mut |_| ())
}

/// What [`import_units`] would do.
///
/// # Errors
/// As [`import_units`].
pub fn plan_units(ctx: &Ctx, bytes: &[u8], source: &str) -> Result<Plan, ImportError> {
    ctx.require(access::Permission::ReferenceManage)?;
    let rows = import::units(bytes)?;
    let known: BTreeMap<String, Unit> = ctx
        .read_blocking::<_, StoreError, _>(sql::all)?
        .into_iter()
        .map(|u| (u.code.clone(), u))
        .collect();
    let parents: Vec<String> = rows
        .iter()
        .flatten()
        .filter_map(|r| r.parent().map(str::to_owned))
        .collect();
    let mut report = Report::default();
    let lay = |row: &UnitRow, before: Option<&Unit>| {
        row.lay_over(before, source, || {
            UnitId(Id::new(ctx.now(), rand::random()))
        })
    };
    let name = |u: &Unit| format!("{} {}", u.code, u.name_zh);
    let changes = lay_over(rows, &known, "code", name, lay, &mut report);
    let codes: BTreeSet<&str> = known
        .keys()
        .map(String::as_str)
        .chain(changes.new.iter().map(|u| u.code.as_str()))
        .collect();
    for parent in parents.iter().filter(|p| !codes.contains(p.as_str())) {
        let text = format!("the unit above, {parent:?}, is not in the register");
        report.warn(Remark::new("no_unit_above", text).with("unit", parent));
    }
    report.ignored_columns = import::ignored(bytes);
    Ok(Plan::new(report).write(writer(fingerprint(bytes)), changes))
}

/// The units an import of cases met, made where they are not known yet: not reviewed, of kind government until a person
/// says otherwise. Answers the id for each name. Call it once a batch with all its names; refresh the snapshot after.
///
/// # Errors
/// The store's.
pub fn get_or_make_imported(
    ctx: &Ctx,
    source: &str,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, UnitId>, StoreError> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    match try_make_imported(ctx, source, names) {
        // Another import made the same unit first: look again.
        Err(StoreError::Unique(_)) => try_make_imported(ctx, source, names),
        other => other,
    }
}

fn try_make_imported(
    ctx: &Ctx,
    source: &str,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, UnitId>, StoreError> {
    let (source, names) = (source.to_owned(), names.clone());
    ctx.renewed().write_blocking(move |mut w| {
        let found = make_imported(&mut w, &source, &names)?;
        if found.made.is_empty() {
            return w.unchanged(found.ids);
        }
        let detail = serde_json::json!({ "source": source, "units": found.made.len() });
        let event =
            AuditEvent::done("unit.import", "unit", found.made[0].code.clone()).detail(detail);
        w.commit(event, found.ids)
    })
}

struct Found {
    ids: BTreeMap<String, UnitId>,
    made: Vec<Unit>,
}

fn make_imported(w: &mut Write<'_>, source: &str, names: &BTreeSet<String>) -> StoreResult<Found> {
    let mut found = Found {
        ids: BTreeMap::new(),
        made: Vec::new(),
    };
    for name in names {
        let key = rules::imported(source, name);
        let code = key.code();
        // Two spellings that differ in blanks only are one unit.
        let twin = found.made.iter().find(|u| u.code == code).map(|u| u.id);
        let id = match twin {
            Some(id) => id,
            None => match sql::by_code(w, &code)? {
                Some(unit) => unit.id,
                None => {
                    let id = UnitId(Id::new(w.now(), rand::random()));
                    found.made.push(imported_unit(id, code, &key));
                    id
                }
            },
        };
        found.ids.insert(name.clone(), id);
    }
    if !found.made.is_empty() {
        sql::insert(w, &found.made)?;
        grid::sql::bump(w, Part::Units)?;
    }
    Ok(found)
}

fn imported_unit(id: UnitId, code: String, key: &crate::ImportedUnit) -> Unit {
    Unit {
        id,
        code,
        name_zh: key.name.clone(),
        name_en: None,
        kind: UnitKind::Government,
        parent: None,
        division: None,
        phone: None,
        valid_from: None,
        valid_to: None,
        source: key.source.clone(),
        reviewed: false,
    }
}

/// Writes one unit as a person has entered or reviewed it.
///
/// # Errors
/// The store's; a code that another unit has is [`StoreError::Unique`].
pub async fn save(ctx: &Ctx, unit: Unit) -> Result<(), StoreError> {
    ctx.write(move |mut w| {
        let before = sql::get(&mut w, unit.id)?;
        match before {
            Some(_) => sql::update(&mut w, &unit)?,
            None => sql::insert(&mut w, std::slice::from_ref(&unit))?,
        }
        grid::sql::bump(&mut w, Part::Units)?;
        let detail = serde_json::json!({ "before": before, "after": unit });
        let event = AuditEvent::done("unit.save", "unit", unit.code.clone());
        w.commit(event.detail(detail), ())
    })
    .await
}
