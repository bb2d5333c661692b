//! 催办 by a person: once for each step of a case, told to whoever has it.

use super::{actor, text};
use crate::model::{EntryRow, Holder, SupervisionError};
use crate::rules::{self, Names};
use crate::sql;
use access::{Ctx, Permission, Role};
use cases::Case;
use cases::service::Cases;
use kernel::codes::CaseNumber;
use notices::{NewNotice, Notices, Place, To};
use store::AuditEvent;

/// Reminds whoever has a case. A second reminder of the same step is refused with the time of the first.
///
/// # Errors
/// The case's; `NothingToRemind` where nobody has it; `Reminded`; a text that is too long.
pub async fn remind(ctx: &Ctx, number: CaseNumber, words: &str) -> Result<(), SupervisionError> {
    ctx.require(Permission::CaseRemind)?;
    let words = text("words", words, true)?;
    let seen = cases::ops::find(ctx, number).await?;
    let city = ctx.service::<Cases>().city();
    let notices = ctx.service::<Notices>();
    let (account, role) = actor(ctx, Permission::CaseRemind);
    ctx.write::<_, SupervisionError, _>(move |mut w| {
        let case =
            cases::sql::by_id(&mut w, seen.district, seen.id)?.ok_or(SupervisionError::NotFound)?;
        let to = match rules::holder(&case).ok_or(SupervisionError::NothingToRemind)? {
            Holder::Account(account) => To::Account(account),
            Holder::Role(role) => To::Role(role),
            Holder::Unit(unit) => To::Unit {
                unit,
                roles: vec![Role::DepartmentLead, Role::Handler],
            },
        };
        let row = EntryRow {
            entry: format!("person/{}", rules::step_key(&case)),
            at: w.now(),
            kind: "person".into(),
            level: None,
            name_zh: String::new(),
            name_en: String::new(),
            account,
            role: Some(role.clone()),
            words: words.clone(),
        };
        if !sql::add_entry(&mut w, case.district, case.id.0, &row)? {
            let first = sql::entry(&mut w, case.district, case.id.0, &row.entry)?;
            return Err(SupervisionError::Reminded(first.map_or(row.at, |e| e.at)));
        }
        let new = NewNotice::new(
            format!("remind/{}/{}", case.id, row.entry),
            "supervision.reminder",
            to,
            case.district,
            format!("/cases/{}", case.number),
        )
        .with("number", case.number.to_string())
        .with("matter", Names(&city).matter(&case))
        .with(
            "due",
            case.due_at.map_or_else(|| Place::from("—"), Place::Time),
        );
        let told = notices::ops::post(&mut w, &notices, &new)?;
        let event = AuditEvent::done("supervision.remind", "case", case.number.to_string())
            .district(case.district.as_str())
            .detail(serde_json::json!({ "step": rules::step_key(&case), "told": told }));
        Ok(w.commit(event, ())?)
    })
    .await
}

/// What was said about a case, newest first. The caller has checked that its reader may see the case.
///
/// # Errors
/// The store's.
pub async fn entries_of(ctx: &Ctx, case: &Case) -> Result<Vec<EntryRow>, SupervisionError> {
    let (district, id) = (case.district, case.id.0);
    ctx.read::<_, SupervisionError, _>(move |r| Ok(sql::entries(r, district, id)?))
        .await
}
