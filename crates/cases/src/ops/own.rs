//! What a resident reported with an account: the list, and one of it. An account of staff has none here: what a worker finds
//! on patrol is no request of the worker's.

use super::act::recorded;
use super::lists::key;
use super::record::tracked_to;
use super::{CaseError, Tracked};
use crate::model::{Case, CaseId, State};
use crate::sql::{self, Filter};
use crate::sql_record;
use access::{Ctx, Permission, Principal};
use kernel::codes::CaseNumber;
use kernel::id::Id;
use kernel::{Cursor, Page, PageSize};
use std::collections::HashMap;

/// The resident who asks; none for anybody else.
fn resident(ctx: &Ctx) -> Result<Option<Id>, CaseError> {
    ctx.require(Permission::CaseOwn)?;
    Ok(match ctx.principal() {
        Principal::Resident { account, .. } => Some(account.0),
        _ => None,
    })
}

/// A case that the resident who asks has reported.
///
/// # Errors
/// `NotFound` for cases of others, and the try is recorded; the lack of the permission; the store's.
pub async fn own_case(ctx: &Ctx, number: CaseNumber) -> Result<Case, CaseError> {
    let account = resident(ctx)?;
    let found = ctx
        .read(move |r| -> Result<Case, CaseError> {
            match sql::by_number(r, &number)? {
                Some(case) if account.is_some() && case.reporter == account => Ok(case),
                found => Err(CaseError::NotFound {
                    number: number.to_string(),
                    is_hidden: found.is_some(),
                }),
            }
        })
        .await;
    recorded(ctx, &number, None, found).await
}

/// The cases that the resident who asks has reported, newest first, each with what may be done with it now. Two statements.
///
/// # Errors
/// A cursor of another list; the lack of the permission; the store's.
pub async fn own_cases(
    ctx: &Ctx,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Tracked>, CaseError> {
    let before = after.map(|cursor| key::<CaseId>(cursor, 0)).transpose()?;
    let Some(account) = resident(ctx)? else {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    };
    let filter = Filter {
        reporter: Some(account),
        before,
        ..Filter::default()
    };
    let read: Result<_, CaseError> = ctx
        .read(move |r| {
            let rows = sql::list(r, &filter, size.probe())?;
            let merged = rows.iter().filter(|case| case.state == State::Merged);
            let merged: Vec<CaseNumber> = merged.map(|case| case.number).collect();
            let ends: HashMap<_, _> = sql_record::ends(r, &merged)?.into_iter().collect();
            Ok((rows, ends))
        })
        .await;
    let (rows, mut ends) = read?;
    let page = Page::from_probe(rows, size, |case| Cursor::new([case.id.to_string()]));
    let tracked = page.items.into_iter().map(|case| {
        let end = ends.remove(&case.number.to_string());
        tracked_to(ctx, case, end)
    });
    Ok(Page {
        items: tracked.collect(),
        next: page.next,
    })
}
