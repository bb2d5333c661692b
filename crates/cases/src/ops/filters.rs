//! Lists of the desk that an account comes back to: saved under a name, renamed, removed. They are its own setting; nobody
//! else sees them.

use super::{CaseError, Reach};
use crate::sql_bulk::{self, SavedFilter};
use access::ops::orders::Orderer;
use access::{AccountId, Ctx, Permission, Refused};
use kernel::id::Id;
use store::{AuditEvent, StoreError};

/// The most filters of one account.
pub const MOST: usize = 20;
/// The longest name, in characters.
pub const MOST_CHARS: usize = 30;
/// The longest query of an address, in bytes.
const MOST_BYTES: usize = 1500;

/// Keeps a list under a name, behind the others. `asked` is the query of its address, which the page has read.
///
/// # Errors
/// A name that is empty, too long or taken; too many filters; the lack of the permission.
pub async fn save(ctx: &Ctx, name: &str, asked: &str) -> Result<(), CaseError> {
    let account = account(ctx)?;
    let filter = SavedFilter {
        id: Id::new(ctx.now(), rand::random()),
        name: checked(name)?,
        asked: asked.to_owned(),
    };
    if asked.is_empty() || asked.len() > MOST_BYTES {
        let reason = "choose what to list first";
        return Err(CaseError::field("name", "cases.filter_empty", reason));
    }
    ctx.write(move |mut w| {
        if sql_bulk::filters(&mut w, account)?.len() >= MOST {
            let reason = format!("at most {MOST} filters");
            return Err(CaseError::field("name", "cases.filter_many", reason));
        }
        sql_bulk::insert_filter(&mut w, account, &filter).map_err(taken)?;
        let event = AuditEvent::done("desk.filter_save", "desk_filter", filter.id.to_string());
        Ok(w.commit(event, ())?)
    })
    .await
}

/// Gives a filter another name; its place stays.
///
/// # Errors
/// A name that is empty, too long or taken; there is no such filter of this account.
pub async fn rename(ctx: &Ctx, id: Id, name: &str) -> Result<(), CaseError> {
    let account = account(ctx)?;
    let name = checked(name)?;
    ctx.write(move |mut w| {
        if !sql_bulk::rename_filter(&mut w, account, id, &name).map_err(taken)? {
            return Err(CaseError::not_found(id));
        }
        let event = AuditEvent::done("desk.filter_rename", "desk_filter", id.to_string());
        Ok(w.commit(event, ())?)
    })
    .await
}

/// Removes a filter.
///
/// # Errors
/// There is no such filter of this account.
pub async fn remove(ctx: &Ctx, id: Id) -> Result<(), CaseError> {
    let account = account(ctx)?;
    ctx.write(move |mut w| {
        if !sql_bulk::remove_filter(&mut w, account, id)? {
            return Err(CaseError::not_found(id));
        }
        let event = AuditEvent::done("desk.filter_remove", "desk_filter", id.to_string());
        Ok(w.commit(event, ())?)
    })
    .await
}

/// The filters of the reader's own account, in their order. One statement.
///
/// # Errors
/// The lack of the permission; the store's.
pub async fn all(ctx: &Ctx) -> Result<Vec<SavedFilter>, CaseError> {
    let account = account(ctx)?;
    ctx.read(move |r| Ok(sql_bulk::filters(r, account)?)).await
}

fn account(ctx: &Ctx) -> Result<AccountId, CaseError> {
    Reach::of(ctx)?;
    let orderer = Orderer::of(ctx).ok_or(Refused {
        permission: Permission::CaseRead,
    })?;
    Ok(orderer.account)
}

fn taken(error: StoreError) -> CaseError {
    match error {
        StoreError::Unique(_) => CaseError::field(
            "name",
            "cases.filter_taken",
            "there is a filter of this name",
        ),
        other => other.into(),
    }
}

fn checked(name: &str) -> Result<String, CaseError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_name = !name.is_empty()
        && name.chars().count() <= MOST_CHARS
        && !name.chars().any(char::is_control);
    if is_name {
        Ok(name)
    } else {
        let reason = format!("a name of one to {MOST_CHARS} characters");
        Err(CaseError::field("name", "cases.filter_name", reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_in_one_line() {
        assert_eq!(checked("  我的  超期 ").unwrap(), "我的 超期");
        for bad in ["", "   ", "a\u{0}b", &"井".repeat(31)] {
            assert!(checked(bad).is_err(), "{bad:?}");
        }
        assert!(checked(&"井".repeat(30)).is_ok());
    }
}
