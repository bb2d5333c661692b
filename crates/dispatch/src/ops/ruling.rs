//! 裁定入目录 — a coordinator's ruling on a disputed duty becomes a line of the register of duties in the same step, and is
//! quoted at the next dispatch of the same matter at the same place.

use super::{DispatchError, needed};
use access::{Ctx, Permission, UnitId};
use cases::Case;
use cases::ops::{CaseError, Step, act_with};
use cases::service::Cases;
use grid::Part;
use kernel::codes::{CaseNumber, DivisionLevel};
use kernel::id::Id;
use matters::{Duty, DutyId};
use store::AuditEvent;

/// Rules whose duty a case is, and keeps the ruling as a duty: for the case's class, in its community, street or district,
/// from today on.
///
/// # Errors
/// [`DispatchError`].
pub async fn rule(
    ctx: &Ctx,
    number: CaseNumber,
    version: Option<u32>,
    unit: UnitId,
    reason: &str,
    level: DivisionLevel,
) -> Result<Case, DispatchError> {
    ctx.require(Permission::CaseCoordinate)?;
    let reason = needed("reason", reason)?;
    let city = super::city(ctx);
    let id = DutyId(Id::new(ctx.now(), rand::random()));
    let on = city.local_date(ctx.now());
    let words = reason.clone();
    let beside = move |w: &mut store::Write<'_>, case: &Case| {
        let class = case.matter.and_then(|m| city.matter(m)).ok_or_else(|| {
            CaseError::field("matter", "cases.unknown_matter", "the case has no class")
        })?;
        let place = case
            .place
            .grid
            .map(|g| g.community())
            .or(case.place.division);
        let above = std::iter::successors(place, |d| d.parent());
        let division = above
            .into_iter()
            .find(|d| d.level() == level)
            .ok_or_else(|| {
                let reason = "it is not known in which division the case lies";
                CaseError::field("level", "cases.no_unit", reason)
            })?;
        let duty = Duty {
            id,
            catalogue: class.catalogue.clone(),
            matter: class.code.clone(),
            division: Some(division),
            beat: String::new(),
            valid_from: Some(on),
            valid_to: None,
            competent: None,
            owning: None,
            maintaining: None,
            handling: unit,
            legal_basis: Some(words.clone()),
            source: matters::model::ruling_source(&case.number.to_string()),
        };
        // The ruling of today takes the place of what was ruled or imported for the same selector today.
        matters::sql::insert_duties(w, std::slice::from_ref(&duty))?;
        grid::sql::bump(w, Part::Duties)?;
        let detail = serde_json::json!({ "case": case.number.to_string(), "matter": duty.matter, "division": division.to_string() });
        Ok(vec![
            AuditEvent::done("duty.rule", "duty", id.to_string()).detail(detail),
        ])
    };
    let step = Step::Rule { unit, reason };
    let case = act_with(ctx, number, version, vec![step], beside).await?;
    // The next dispatch quotes it, however soon that is.
    ctx.service::<Cases>().refresh(&ctx.renewed()).await?;
    Ok(case)
}
