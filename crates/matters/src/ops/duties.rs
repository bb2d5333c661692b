//! Use cases: one line of the register of duties begins, ends, or takes the place of another.
//!
//! A line is never rewritten: what was true on a day stays findable. Whoever has a transaction of their own (a ruling on
//! a disputed duty) calls [`checked_duty`], then [`put_duty`] and perhaps [`end_duty_in`] inside it, and answers for the
//! permission and the audit event.

use crate::error::MatterError;
use crate::model::{Duty, DutyId};
use crate::reference::City;
use crate::rules::DutyRules;
use crate::sql;
use access::{Ctx, Permission, UnitId};
use grid::{Part, guard};
use jiff::civil::Date;
use kernel::DivisionCode;
use kernel::id::Id;
use store::{AuditEvent, StoreError, StoreResult, Write, params};

/// A line of the register as somebody enters it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDuty {
    /// Only classes of this catalogue; empty for any.
    pub catalogue: String,
    /// A class code or the beginning of several; empty for any.
    pub matter: String,
    /// Only in this division; none for anywhere.
    pub division: Option<DivisionCode>,
    /// Only in this beat; empty for any.
    pub beat: String,
    /// First day in force.
    pub valid_from: Option<Date>,
    /// Last day in force.
    pub valid_to: Option<Date>,
    /// 主管部门
    pub competent: Option<UnitId>,
    /// 权属单位
    pub owning: Option<UnitId>,
    /// 养护单位
    pub maintaining: Option<UnitId>,
    /// 处置单位
    pub handling: UnitId,
    /// Law, clause, or the ruling it comes from.
    pub legal_basis: Option<String>,
    /// Where the line comes from: `editor`, `ruling`, a file.
    pub source: String,
}

impl NewDuty {
    /// A line for one class in one division from a day on, with only a handling unit.
    pub fn of(matter: &str, division: Option<DivisionCode>, handling: UnitId, from: Date) -> Self {
        Self {
            catalogue: String::new(),
            matter: matter.to_owned(),
            division,
            beat: String::new(),
            valid_from: Some(from),
            valid_to: None,
            competent: None,
            owning: None,
            maintaining: None,
            handling,
            legal_basis: None,
            source: "editor".into(),
        }
    }
}

/// The longest words of a basis.
const MAX_BASIS: usize = 500;

/// The line as the register would hold it, if it can be: its class, place and units are known, its days in order.
///
/// # Errors
/// The field that cannot be.
pub fn checked_duty(city: &City, id: DutyId, new: &NewDuty) -> Result<Duty, MatterError> {
    let known = |c: &crate::MatterClass| {
        c.code.starts_with(&new.matter)
            && (new.catalogue.is_empty() || new.catalogue == c.catalogue)
    };
    if !new.matter.is_empty() && !city.matters.classes().iter().any(known) {
        let reason = format!("no class begins with {:?}", new.matter);
        return Err(MatterError::field(
            "matter",
            "matters.unknown_class",
            reason,
        ));
    }
    if !new.catalogue.is_empty() && city.matters.catalogue(&new.catalogue).is_none() {
        let reason = format!("no catalogue {:?}", new.catalogue);
        return Err(MatterError::field(
            "catalogue",
            "matters.unknown_catalogue",
            reason,
        ));
    }
    if !new.beat.is_empty() && city.territory.beat(&new.beat).is_none() {
        let reason = format!("no beat {:?}", new.beat);
        return Err(MatterError::field("beat", "matters.unknown_beat", reason));
    }
    if new.division.is_some() && !new.beat.is_empty() {
        let reason = "a duty names a division or a beat, not both";
        return Err(MatterError::field("beat", "matters.two_places", reason));
    }
    if let Some(division) = new
        .division
        .filter(|d| city.territory.division(*d).is_none())
    {
        let reason = format!("no division {division}");
        return Err(MatterError::field(
            "division",
            "matters.unknown_division",
            reason,
        ));
    }
    let units = [
        ("competent", new.competent),
        ("owning", new.owning),
        ("maintaining", new.maintaining),
        ("handling", Some(new.handling)),
    ];
    for (field, unit) in units {
        let begins = new.valid_from.unwrap_or(city.on());
        let day = begins.max(city.on());
        if let Some(unit) = unit.filter(|u| !city.units.was_in_force(*u, day)) {
            let reason = format!("unit {unit} is not in force on {day}");
            return Err(MatterError::field(field, "matters.unknown_unit", reason));
        }
    }
    if new
        .valid_from
        .zip(new.valid_to)
        .is_some_and(|(from, to)| to < from)
    {
        return Err(MatterError::field(
            "valid_to",
            "matters.backward",
            "ends before it begins",
        ));
    }
    let basis = new.legal_basis.as_deref().unwrap_or_default();
    if basis.chars().count() > MAX_BASIS {
        return Err(MatterError::too_long("legal_basis", MAX_BASIS));
    }
    guard::check_text(basis)
        .map_err(|e| MatterError::field("legal_basis", "matters.person_number", e))?;
    Ok(Duty {
        id,
        catalogue: new.catalogue.clone(),
        matter: new.matter.clone(),
        division: new.division,
        beat: new.beat.clone(),
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        competent: new.competent,
        owning: new.owning,
        maintaining: new.maintaining,
        handling: new.handling,
        legal_basis: new.legal_basis.clone(),
        source: new.source.clone(),
    })
}

/// Writes a checked line inside a transaction of the caller's.
///
/// # Errors
/// The store's.
pub fn put_duty(w: &mut Write<'_>, duty: &Duty) -> StoreResult<()> {
    sql::insert_duties(w, std::slice::from_ref(duty))?;
    grid::sql::bump(w, Part::Duties)
}

/// Ends a line inside a transaction of the caller's; `last` is its last day. Nothing ends further back than yesterday:
/// who answered on a day that is over stays as it was. A line that began today or later is undone by yesterday.
///
/// # Errors
/// No such line, a day that is over, or the store's.
pub fn end_duty_in(
    w: &mut Write<'_>,
    id: DutyId,
    last: Date,
    today: Date,
) -> Result<Duty, MatterError> {
    let duty = sql::duty(w, id)?.ok_or(MatterError::NotFound("duty"))?;
    if last < today.yesterday().unwrap_or(today) {
        let reason = format!("{last} is over: a duty ends yesterday at the earliest");
        return Err(MatterError::field("last", "matters.past", reason));
    }
    if duty.valid_to.is_some_and(|end| end <= last) {
        let reason = "it has ended by then";
        return Err(MatterError::field("last", "matters.ended", reason));
    }
    sql::end_duty(w, id, last)?;
    grid::sql::bump(w, Part::Duties)?;
    Ok(duty)
}

/// Adds a line; with `replaces` that line ends the day before, in the same step.
///
/// # Errors
/// The field that cannot be, no such line to replace, or the store's.
pub async fn add_duty(
    ctx: &Ctx,
    city: &City,
    new: &NewDuty,
    replaces: Option<DutyId>,
) -> Result<DutyId, MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    let id = DutyId(Id::new(ctx.now(), rand::random()));
    let duty = checked_duty(city, id, new)?;
    let today = city.local_date(ctx.now());
    let before = match (replaces, duty.valid_from) {
        (None, _) => None,
        (Some(old), Some(from)) => Some((old, from.yesterday().unwrap_or(from))),
        (Some(_), None) => {
            let reason = "a line that takes the place of another says from which day";
            return Err(MatterError::field("valid_from", "matters.no_day", reason));
        }
    };
    ctx.write(move |mut w| {
        if let Some((old, last)) = before {
            end_duty_in(&mut w, old, last, today).map_err(|e| match e {
                MatterError::Field {
                    code, reason, args, ..
                } => MatterError::Field {
                    field: "valid_from".to_owned(),
                    code,
                    reason,
                    args,
                },
                other => other,
            })?;
        }
        put_duty(&mut w, &duty)?;
        let detail = serde_json::json!({
            "matter": duty.matter, "division": duty.division, "beat": duty.beat, "handling": duty.handling,
            "from": duty.valid_from, "replaces": replaces,
        });
        let event = AuditEvent::done("duty.add", "duty", id.to_string());
        Ok(w.commit(event.detail(detail), id)?)
    })
    .await
}

/// Ends a line; `last` is its last day.
///
/// # Errors
/// As [`end_duty_in`].
pub async fn end_duty(ctx: &Ctx, id: DutyId, last: Date, today: Date) -> Result<(), MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    ctx.write(move |mut w| {
        end_duty_in(&mut w, id, last, today)?;
        let event = AuditEvent::done("duty.end", "duty", id.to_string());
        Ok(w.commit(event.detail(serde_json::json!({ "last": last })), ())?)
    })
    .await
}

/// The name under which the rules of the city are kept.
const RULES: &str = "matters.duty_rules";

/// The rules of the city for matters without a duty.
///
/// # Errors
/// The store's.
pub fn duty_rules(r: &mut store::Read<'_>) -> StoreResult<DutyRules> {
    let row: Option<(String,)> =
        r.opt("SELECT value FROM settings WHERE name = $1", params![RULES])?;
    match row {
        None => Ok(DutyRules::default()),
        Some((text,)) => serde_json::from_str(&text)
            .map_err(|e| StoreError::Misuse(format!("stored rules of duties: {e}"))),
    }
}

/// Keeps the rules of the city for matters without a duty. The caller audits.
///
/// # Errors
/// The store's.
pub fn put_duty_rules(w: &mut Write<'_>, rules: &DutyRules) -> StoreResult<()> {
    let text = serde_json::to_string(rules)
        .map_err(|e| StoreError::Misuse(format!("rules of duties: {e}")))?;
    let now = w.now();
    w.exec(
        "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        params![RULES, text, now],
    )?;
    grid::sql::bump(w, Part::Duties)
}

/// Sets the rules of the city for matters without a duty.
///
/// # Errors
/// A unit that is not in force, or the store's.
pub async fn set_duty_rules(ctx: &Ctx, city: &City, rules: DutyRules) -> Result<(), MatterError> {
    ctx.require(Permission::ReferenceManage)?;
    let in_force = |code: &str| {
        let unit = city.units.by_code(code);
        unit.is_some_and(|u| city.units.is_in_force(u.id))
    };
    if !rules.coordinator.is_empty() && !in_force(&rules.coordinator) {
        let reason = format!("no unit {:?} is in force", rules.coordinator);
        return Err(MatterError::field(
            "coordinator",
            "matters.unknown_unit",
            reason,
        ));
    }
    ctx.write(move |mut w| {
        let before = duty_rules(&mut w)?;
        put_duty_rules(&mut w, &rules)?;
        let event = AuditEvent::done("duty.rules", "settings", RULES);
        let detail = serde_json::json!({ "before": before, "after": rules });
        Ok(w.commit(event.detail(detail), ())?)
    })
    .await
}
