//! What waits for one person: notes that name them, parts and whistles of their unit, desks to take over.

use super::{DispatchError, own_account};
use crate::model::{Call, Mention, UnitPart};
use crate::sql;
use access::{AccountId, Ctx, Permission};
use cases::{Case, CaseEvent, CaseId, Fact};
use std::collections::HashMap;
use store::{AuditEvent, StoreError};

/// Shown of each list.
const MOST: i64 = 50;

/// A note that names the reader.
#[derive(Debug, Clone)]
pub struct Named {
    /// The mention.
    pub mention: Mention,
    /// The case; none when the reader may no longer see it.
    pub case: Option<Case>,
    /// The note; empty when the reader may no longer see the case.
    pub text: String,
    /// Who wrote it.
    pub by: String,
}

/// Notes that name the reader, newest first. Three statements and one more for the texts.
///
/// # Errors
/// [`DispatchError`].
pub async fn mentions(ctx: &Ctx) -> Result<Vec<Named>, DispatchError> {
    ctx.require(Permission::CaseRead)?;
    let me = own_account(ctx)?;
    let (found, cases, names, texts) = ctx
        .read(move |r| -> Result<_, StoreError> {
            let found = sql::mentions_of(r, me, MOST)?;
            let keys: Vec<_> = found.iter().map(|m| (m.district, m.case)).collect();
            let cases = cases::sql_lists::by_keys(r, &keys)?;
            let by: Vec<AccountId> = found.iter().filter_map(|m| m.by).collect();
            let names = access::ops::accounts::names(r, &by)?;
            let wanted: Vec<_> = found.iter().map(|m| (m.district, m.case, m.seq)).collect();
            let texts: HashMap<(CaseId, u32), CaseEvent> = cases::sql_lists::events_of(r, &wanted)?;
            Ok((found, cases, names, texts))
        })
        .await?;
    Ok(found
        .into_iter()
        .map(|mention| {
            let case = cases
                .get(&mention.case)
                .filter(|case| cases::ops::sees(ctx, case));
            let text = match texts.get(&(mention.case, mention.seq)).map(|e| &e.fact) {
                Some(Fact::Noted { text, .. }) if case.is_some() => text.clone(),
                _ => String::new(),
            };
            Named {
                case: case.cloned(),
                text,
                by: mention
                    .by
                    .and_then(|a| names.get(&a).cloned())
                    .unwrap_or_default(),
                mention,
            }
        })
        .collect())
}

/// Notes that the reader has read the notes up to now.
///
/// # Errors
/// [`DispatchError`].
pub async fn see_mentions(ctx: &Ctx) -> Result<(), DispatchError> {
    let me = own_account(ctx)?;
    ctx.write(move |mut w| -> Result<_, StoreError> {
        let now = w.now();
        sql::see_mentions(&mut w, me, now)?;
        let event = AuditEvent::done("mention.see", "account", me.to_string());
        w.commit(event, ())
    })
    .await?;
    Ok(())
}

/// The parts that the reader's unit owes, the most pressing first; none for whoever belongs to no unit. One statement.
///
/// # Errors
/// [`DispatchError`].
pub async fn parts(ctx: &Ctx, is_open: bool) -> Result<Vec<UnitPart>, DispatchError> {
    ctx.require(Permission::CaseHandle)?;
    let Some(unit) = ctx.principal().unit() else {
        return Ok(Vec::new());
    };
    Ok(ctx
        .read(move |r| sql::parts_of(r, unit, is_open, MOST))
        .await?)
}

/// Whistles that the reader's unit has not answered, the most pressing first.
///
/// # Errors
/// [`DispatchError`].
pub async fn calls(ctx: &Ctx) -> Result<Vec<Call>, DispatchError> {
    let Some(unit) = ctx.principal().unit() else {
        return Ok(Vec::new());
    };
    if ctx.require(Permission::CaseHandle).is_err() {
        return Ok(Vec::new());
    }
    Ok(ctx.read(move |r| sql::open_calls(r, unit, MOST)).await?)
}
