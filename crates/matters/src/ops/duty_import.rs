//! Use case: duties from a sheet.

use crate::import::{self, DUTY_UNITS, DutyRow};
use crate::model::{Duty, DutyId};
use crate::sql;
use access::{Ctx, Permission, UnitId};
use actors::Unit;
use grid::Part;
use grid::Why;
use grid::batch::{Keyed, Plan, Writer, lay_over};
use grid::report::{ImportError, Reject, Report, fingerprint};
use jiff::civil::Date;
use kernel::DivisionCode;
use kernel::id::Id;
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;

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

/// How duties of a file are written.
pub(super) fn writer(file: String) -> Writer<Duty> {
    Writer {
        action: "duty.import",
        kind: "duty",
        part: Part::Duties,
        file,
        insert: sql::insert_duties,
        update: sql::update_duty,
        name: |d: &Duty| d.id.to_string(),
    }
}

/// Brings in duties from a sheet; units are named by their codes, matters by class codes or their beginnings.
///
/// # Errors
/// An unusable file (nothing is written), or the store's.
pub fn import_duties(ctx: &Ctx, bytes: &[u8], source: &str) -> Result<Report, ImportError> {
    plan_duties(ctx, bytes, source)?.carry_out(ctx, &mut |_| ())
}

/// What [`import_duties`] would do.
///
/// # Errors
/// As [`import_duties`].
pub fn plan_duties(ctx: &Ctx, bytes: &[u8], source: &str) -> Result<Plan, ImportError> {
    ctx.require(Permission::ReferenceManage)?;
    let rows = import::duties(bytes)?;
    let (stored, register, classes, beats) = ctx.read_blocking::<_, StoreError, _>(|r| {
        let register = Register::new(actors::sql::all(r)?, &actors::sql::heirs(r)?);
        let beats = grid::sql::all_beats(r)?;
        Ok((sql::all_duties(r)?, register, sql::all_classes(r)?, beats))
    })?;
    let beats: BTreeSet<String> = beats.into_iter().map(|b| b.code).collect();
    let today = ctx.now().to_zoned(jiff::tz::TimeZone::UTC).date();
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
                Why::new(
                    "unknown_class",
                    "no class of the catalogue begins with this",
                ),
            ));
        }
        if !row.beat.is_empty() && !beats.contains(&row.beat) {
            return Err(Reject::new(
                row.line,
                "beat",
                &row.beat,
                Why::new("unknown_beat", "no such beat"),
            ));
        }
        named_units(row, &register, today)
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
    let name = |d: &Duty| {
        let place = d.division.map_or_else(|| d.beat.clone(), |d| d.to_string());
        format!("{} {place}", d.matter).trim().to_owned()
    };
    let changes = lay_over(ready, &known, "matter", name, lay, &mut report);
    report.ignored_columns = import::ignored_in_duties(bytes);
    Ok(Plan::new(report).write(writer(fingerprint(bytes)), changes))
}

/// The units by their codes, and which took over the work of those that ended.
struct Register {
    units: BTreeMap<String, Unit>,
    heirs: BTreeMap<UnitId, Vec<UnitId>>,
}

impl Register {
    fn new(units: Vec<Unit>, all: &[(UnitId, UnitId)]) -> Self {
        let mut heirs = BTreeMap::<UnitId, Vec<UnitId>>::new();
        for (unit, heir) in all {
            heirs.entry(*unit).or_default().push(*heir);
        }
        let units = units.into_iter().map(|u| (u.code.clone(), u)).collect();
        Self { units, heirs }
    }

    /// The one unit that took over all the work of another.
    fn only_heir(&self, unit: UnitId) -> Option<&Unit> {
        let [heir] = self.heirs.get(&unit)?[..] else {
            return None;
        };
        self.units.values().find(|u| u.id == heir)
    }

    /// Why a unit cannot have a duty until then: it has ended before. None where it can.
    fn over(&self, unit: &Unit, row: &DutyRow, today: Date) -> Option<Why> {
        let end = unit.valid_to.filter(|end| *end < today)?;
        // A line that ended with its unit says what was; for one that goes on after it nobody would answer.
        let goes_on = row.validity.1.is_none_or(|last| last > end);
        if !goes_on {
            return None;
        }
        let text = format!("the unit {} ended on {end}", unit.code);
        let why = match self.only_heir(unit.id) {
            Some(heir) => Why::new(
                "unit_over_heir",
                format!("{text}; its work went to {} {}", heir.code, heir.name_zh),
            )
            .with("heir", &heir.code)
            .with("name", &heir.name_zh),
            None => Why::new("unit_over", text),
        };
        Some(why.with("unit", &unit.code).with("end", end))
    }
}

fn named_units(row: DutyRow, register: &Register, today: Date) -> Result<ReadyDuty, Reject> {
    let mut ids = [None; 4];
    for ((id, code), field) in ids.iter_mut().zip(&row.units).zip(DUTY_UNITS) {
        let Some(code) = code else { continue };
        let unit = register.units.get(code).ok_or_else(|| {
            let why = Why::new("unknown_unit", "no unit has this code");
            Reject::new(row.line, field, code, why)
        })?;
        if let Some(why) = register.over(unit, &row, today) {
            return Err(Reject::new(row.line, field, code, why));
        }
        *id = Some(unit.id);
    }
    let handling = ids[3].ok_or_else(|| Reject::new(row.line, "handling", "", Why::empty()))?;
    Ok(ReadyDuty {
        row,
        units: ids,
        handling,
    })
}
