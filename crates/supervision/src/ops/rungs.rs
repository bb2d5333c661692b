//! The ladder as data of the city.

use crate::model::{Ladder, Rung, SupervisionError};
use crate::sql;
use access::{Ctx, Permission};
use cases::Stage;
use cases::service::Cases;
use store::AuditEvent;

/// The most rungs of a class.
const MOST_LEVELS: i64 = 20;

/// The whole ladder.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn ladder(ctx: &Ctx) -> Result<Ladder, SupervisionError> {
    ctx.require(Permission::ReferenceRead)?;
    ctx.read::<_, SupervisionError, _>(|r| Ok(sql::ladder(r)?))
        .await
}

/// Adds a rung (version 0) or changes one. Every running clock is looked at again; what fired stays fired.
///
/// # Errors
/// A field that cannot be used; `Store(Conflict)` when somebody changed it meanwhile.
pub async fn change_rung(ctx: &Ctx, mut rung: Rung) -> Result<(), SupervisionError> {
    ctx.require(Permission::ReferenceManage)?;
    let bad = |field, reason: &str| {
        Err(SupervisionError::field(
            field,
            "supervision.bad_rung",
            reason,
        ))
    };
    if !(1..=MOST_LEVELS).contains(&rung.level) {
        return bad("level", "1 to 20");
    }
    let city = ctx.service::<Cases>().city();
    rung.matter = rung.matter.trim().to_owned();
    if rung.matter != "*" && city.matters.classes().iter().all(|c| c.code != rung.matter) {
        return bad("matter", "* or the code of a class in the catalogue");
    }
    // What a case is about is not sure before it is accepted, and who is to call back does not depend on it.
    if rung.stage != Stage::Handle && rung.matter != "*" {
        return bad(
            "matter",
            "only the ladder of handling has rungs for a class",
        );
    }
    if rung.tell.is_empty() {
        return bad("tell", "name at least one");
    }
    rung.tell.sort_unstable();
    rung.tell.dedup();
    for (field, name) in [
        ("name_zh", &mut rung.name_zh),
        ("name_en", &mut rung.name_en),
    ] {
        *name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 60 || name.contains(char::is_control) {
            return bad(field, "1 to 60 characters");
        }
    }
    ctx.write::<_, SupervisionError, _>(move |mut w| {
        sql::set_rung(&mut w, &rung)?;
        sql::look_at_all(&mut w)?;
        let event = AuditEvent::done("supervision.ladder", "rung", format!("{}/{}", rung.matter, rung.level)).detail(
            serde_json::json!({ "stage": rung.stage, "at": rung.at.to_string(), "act": rung.act, "tell": rung.tell, "enabled": rung.enabled }),
        );
        Ok(w.commit(event, ())?)
    })
    .await
}
