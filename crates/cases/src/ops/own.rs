//! What a resident reported with an account: the list, and one of it. An account of staff has none here: what a worker finds
//! on patrol is no request of the worker's.

use super::act::recorded;
use super::lists::key;
use super::{CaseError, Tracked, tracked};
use crate::model::{Case, CaseId};
use crate::sql::{self, Filter};
use access::{Ctx, Permission, Principal};
use kernel::codes::CaseNumber;
use kernel::id::Id;
use kernel::{Cursor, Page, PageSize};

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

/// The cases that the resident who asks has reported, newest first, each with what may be done with it now.
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
    let rows: Result<Vec<Case>, CaseError> = ctx
        .read(move |r| Ok(sql::list(r, &filter, size.probe())?))
        .await;
    let page = Page::from_probe(rows?, size, |case| Cursor::new([case.id.to_string()]));
    let mut items = Vec::with_capacity(page.items.len());
    for case in page.items {
        items.push(tracked(ctx, case).await?);
    }
    Ok(Page {
        items,
        next: page.next,
    })
}
